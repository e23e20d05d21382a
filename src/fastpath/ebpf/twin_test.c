/* SPDX-License-Identifier: Apache-2.0 */
/* The programs and the user-space path on the same random packets, flows and actions: a flow made
 * from what user space parsed must match in the kernel, one that differs in a bit must not, and
 * both must write the same bytes. WEFT_TWIN_ROUNDS says how many (default 20000), WEFT_TWIN_SEED
 * which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "fastpath/ebpf/compile.h"
#include "fastpath/user/user.h"
#include "packet/csum.h"
#include "packet/packet.h"
#include "switch.skel.h"

static struct switch_bpf *skel;
enum { LO = 1, MY_PORT = 7, MAX_BYTES = 300 };

static int set_up(void **state)
{
	libbpf_set_print(NULL);
	skel = switch_bpf__open();
	if (!skel)
		return -1;
	skel->rodata->weft_has_kern_ctx = true;
	if (switch_bpf__load(skel) < 0)
		return -1;
	uint32_t ifindex = LO;
	struct weft_device device = { .dp_port = MY_PORT };
	return bpf_map_update_elem(bpf_map__fd(skel->maps.weft_devices), &ifindex, &device, 0);
}

static int tear_down(void **state)
{
	switch_bpf__destroy(skel);
	return 0;
}

/* Packets that are mostly well-formed, with a flaw now and then. */

static void fix_ipv4(uint8_t *ip, size_t size)
{
	put_be16(ip + 2, (uint16_t)size);
	put_be16(ip + 10, 0);
	be16 sum = csum(ip, 20);
	memcpy(ip + 10, &sum, 2);
}

static size_t random_packet(uint8_t *p)
{
	static const uint16_t types[] = { 0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd, 0x0806, 0x88cc,
					  0x8847, 0x8100, 0x88a8, 0x894f, 0x0050, 0x8035, 0x1234 };
	static const uint8_t protos[] = { 6, 6, 17, 17, 1, 58, 132, 2, 47, 0, 44, 59 };
	memset(p, 0, MAX_BYTES);
	for (int i = 0; i < 12; i++)
		p[i] = (uint8_t)random_u32();
	p[6] &= 0xfe;
	uint8_t *type = p + 12, *l3 = p + 14;
	if (!random_below(4)) {
		put_be16(type, random_below(4) ? 0x8100 : 0x88a8);
		put_be16(type + 2, (uint16_t)random_u32());
		type += 4;
		l3 += 4;
	}
	uint16_t t = types[random_below(ARRAY_SIZE(types))];
	put_be16(type, t);
	size_t l4_size = 20 + random_below(80);
	for (size_t i = 0; i < 120; i++)
		l3[i] = (uint8_t)random_u32();
	uint8_t proto = protos[random_below(ARRAY_SIZE(protos))];
	size_t size;
	if (t == 0x0800) {
		l3[0] = random_below(20) ? 0x45 : (uint8_t)random_u32();
		put_be16(l3 + 6, random_below(10) ? 0x4000 : (uint16_t)random_u32());
		l3[9] = proto;
		l3[8] = (uint8_t)(1 + random_below(255));
		fix_ipv4(l3, 20 + l4_size);
		size = (size_t)(l3 - p) + 20 + l4_size;
		l3 += 20;
	} else if (t == 0x86dd) {
		l3[0] = (uint8_t)(0x60 | (l3[0] & 15));
		put_be16(l3 + 4, (uint16_t)l4_size);
		l3[6] = proto;
		size = (size_t)(l3 - p) + 40 + l4_size;
		l3 += 40;
	} else {
		if (t == 0x0806 && random_below(8))
			memcpy(l3, (uint8_t[]){ 0, 1, 8, 0, 6, 4, 0, (uint8_t)random_below(4) }, 8);
		size = (size_t)(l3 - p) + 28 + l4_size;
	}
	if ((t == 0x0800 || t == 0x86dd) && proto == 6)
		l3[12] = (uint8_t)(0x50 | (l3[12] & 15)); /* data offset 5 */
	if (!random_below(10) && size > 15)
		size = 14 + random_below((uint32_t)size - 14); /* cut */
	return MAX(size, 14);
}

/* Any mask of those fields that both know. */
static void random_mask(struct flow_key *m)
{
	memset(m, 0, sizeof *m);
	m->dp_port = UINT32_MAX;
	m->packet_type = UINT32_MAX;
	m->recirc_id = UINT32_MAX;
	m->dl_type = UINT16_MAX;
	m->nw_frag = 0xff;
	if (random_below(2))
		memset(&m->dl_dst, 0xff, 6);
	if (random_below(2))
		memset(&m->dl_src, 0xff, 6);
	if (random_below(2))
		m->vlans[0] = (struct vlan_key){ UINT16_MAX, UINT16_MAX };
	if (random_below(2))
		m->nw_proto = 0xff;
	if (random_below(2))
		m->nw_tos = 0xff;
	if (random_below(2))
		m->nw_ttl = 0xff;
	if (random_below(2)) {
		m->nw_src = (be32)random_u32();
		m->nw_dst = UINT32_MAX;
		memset(&m->ipv6_src, 0xff, 8);
		memset(&m->ipv6_dst, 0xff, 16);
	}
	if (random_below(2)) {
		m->tp_src = UINT16_MAX;
		m->tp_dst = (be16)random_u32();
		m->tcp_flags = BE16_C(0x0fff);
	}
}

static bool any_port(uint32_t dp_port, uint32_t *ret_ifindex, enum weft_output *ret_kind, void *arg)
{
	*ret_ifindex = LO;
	*ret_kind = WEFT_OUT_DEVICE;
	return true;
}
static const struct compile_ops ops = { any_port, NULL };

static void put_set(struct dp_actions *out, enum dp_set_what what, const void *value,
		    const void *mask, size_t size)
{
	dp_actions_set(out, what, value, mask, size);
}

static void random_actions(const struct flow_key *k, struct dp_actions *out)
{
	unsigned n = random_below(4);
	for (unsigned i = 0; i < n; i++) {
		struct dps_eth eth = { .src = { { 2, 1 } } }, eth_m = { .src = { { 0 } } };
		struct dps_ipv4 ip = { .src = (be32)random_u32(),
				       .dst = (be32)random_u32(),
				       .tos = (uint8_t)random_u32(),
				       .ttl = (uint8_t)random_u32() },
				ip_m = { 0 };
		struct dps_ipv6 ip6 = { .tclass = (uint8_t)random_u32(),
					.hlimit = (uint8_t)random_u32() },
				ip6_m = { 0 };
		struct dps_ports l4 = { (be16)random_u32(), (be16)random_u32(), { 0 } },
				 l4_m = { 0 };
		switch (random_below(3)) {
		case 0:
			memset(random_below(2) ? &eth_m.src : &eth_m.dst, 0xff, 6);
			put_set(out, DPS_ETH, &eth, &eth_m, sizeof eth);
			break;
		case 1:
			if (k->dl_type == BE16_C(0x0800)) {
				ip_m.src = random_below(2) ? UINT32_MAX : 0;
				ip_m.dst = random_below(2) ? UINT32_MAX : 0;
				ip_m.tos = random_below(2) ? 0xfc : 0;
				ip_m.ttl = random_below(2) ? 0xff : 0;
				put_set(out, DPS_IPV4, &ip, &ip_m, sizeof ip);
			} else if (k->dl_type == BE16_C(0x86dd)) {
				ip6_m.tclass = random_below(2) ? 0xff : 0;
				ip6_m.hlimit = random_below(2) ? 0xff : 0;
				put_set(out, DPS_IPV6, &ip6, &ip6_m, sizeof ip6);
			}
			break;
		default:
			l4_m.src = random_below(2) ? UINT16_MAX : 0;
			l4_m.dst = random_below(2) ? UINT16_MAX : 0;
			if (k->nw_proto == 6 || k->nw_proto == 17)
				put_set(out, k->nw_proto == 6 ? DPS_TCP : DPS_UDP, &l4, &l4_m,
					sizeof l4);
		}
	}
	dp_actions_output(out, MY_PORT);
}

static void one_round(unsigned long round)
{
	uint8_t in[MAX_BYTES], out[2048];
	size_t size = random_packet(in);
	struct packet *p = packet_from_bytes(in, (uint32_t)size);
	p->dp_port = MY_PORT;
	struct flow_key key, mask;
	key_extract(p, &key);
	random_mask(&mask);
	key_mask_normalize(&key, &mask);

	struct weft_key w_key, w_mask;
	struct weft_flow flow;
	struct dp_actions actions = DP_ACTIONS_INIT;
	random_actions(&key, &actions);
	bool want_miss = !random_below(4);
	if (!compile_match(&key, &mask, &w_key, &w_mask) ||
	    !compile_actions(&key, &mask, actions.data, actions.size, &ops, NULL, &flow)) {
		dp_actions_fini(&actions);
		packet_free(p);
		return;
	}
	if (want_miss) {
		/* A bit that the mask looks at. */
		uint8_t *k = (uint8_t *)&w_key, *m = (uint8_t *)&w_mask;
		size_t i = random_below(sizeof w_key);
		while (!m[i])
			i = (i + 1) % sizeof w_key;
		k[i] ^= (uint8_t)(m[i] & (uint8_t)-m[i]);
	}
	struct weft_mask wm = { .key = w_mask, .id = 1 };
	struct weft_flow_key fk = { .mask_id = 1, .key = w_key };
	uint32_t zero = 0;
	int flows = bpf_map__fd(skel->maps.weft_flows);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.weft_masks), &zero, &wm, 0), 0);
	assert_int_equal(bpf_map_update_elem(flows, &fk, &flow, 0), 0);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = (uint32_t)size,
		    .data_out = out, .data_size_out = sizeof out, .repeat = 1);
	int r = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.weft_port), &opts);
	bpf_map_delete_elem(flows, &fk);
	if (r < 0) { /* shorter than the kernel takes */
		if (r != -EINVAL || size >= 60)
			fail_msg("round %lu: %zu bytes: %s", round, size, strerror(-r));
		goto done;
	}
	if (opts.retval != TC_ACT_REDIRECT)
		goto done; /* went up: always right */
	if (want_miss)
		fail_msg("round %lu: a flow that differs matched", round);

	DP_ACTION_FOR_EACH(a, actions.data, actions.size)
	{
		if (a->type == DPA_SET && !edit_set(p, (const struct dpa_set *)a))
			fail_msg("round %lu: user space cannot set what the kernel did", round);
	}
	if (opts.data_size_out != p->size || memcmp(out, p->data, p->size)) {
		for (size_t i = 0; i < p->size; i++) {
			if (i >= opts.data_size_out || out[i] != p->data[i])
				printf("byte %zu: kernel %02x user %02x was %02x\n", i, out[i],
				       p->data[i], in[i]);
		}
		fail_msg("round %lu: the packets differ", round);
	}
done:
	dp_actions_fini(&actions);
	packet_free(p);
}

static uint64_t counter(enum weft_counter which)
{
	uint64_t per_cpu[256] = { 0 }, sum = 0;
	uint32_t i = which;
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(skel->maps.weft_counters), &i, per_cpu),
			 0);
	for (int c = 0; c < libbpf_num_possible_cpus(); c++)
		sum += per_cpu[c];
	return sum;
}

static void same_in_the_kernel_and_in_user_space(void **state)
{
	const char *rounds = getenv("WEFT_TWIN_ROUNDS"), *seed = getenv("WEFT_TWIN_SEED");
	unsigned long n = rounds ? strtoul(rounds, NULL, 0) : 20000;
	uint64_t s = seed ? strtoull(seed, NULL, 0) : random_u64();
	printf("seed %#llx, %lu rounds\n", (unsigned long long)s, n);
	random_seed(s);
	for (unsigned long i = 0; i < n; i++)
		one_round(i);
	uint64_t hits = counter(WEFT_C_HIT);
	printf("%llu hits in the kernel\n", (unsigned long long)hits);
	assert_true(hits > n / 4);
}

int main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # skipped: loading programs needs root\n");
		return 77;
	}
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		same_in_the_kernel_and_in_user_space) };
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
