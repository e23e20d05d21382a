/* SPDX-License-Identifier: Apache-2.0 */
/* The programs alone, by BPF_PROG_TEST_RUN: a table of packet in, flow, verdict, packet out. No
 * device but lo is needed; redirects are not carried out, so the verdict says whether there was
 * one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "../../../bpf/abi.h"
#include "base/byteorder.h"
#include "switch.skel.h"

static struct switch_bpf *skel;

enum { LO = 1, MY_PORT = 7 };

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

static const uint8_t udp_packet[] = {
	0x02, 0,    0,	  0,	0, 2,  0x02, 0, 0,  0,	0,    1,    0x08, 0x00, /* Ethernet */
	0x45, 0,    0,	  32,	0, 1,  0,    0, 64, 17, 0x66, 0xca, 10,	  0,
	0,    1,    10,	  0,	0, 2,		/* IPv4 */
	0x03, 0xe8, 0x07, 0xd0, 0, 12, 0,    0, /* UDP 1000 -> 2000 */
	'w',  'e',  'f',  't',
};

static struct weft_mask mask_of_eth_dst(void)
{
	struct weft_mask m = { .id = 1 };
	m.key.in_port = UINT32_MAX;
	m.key.flags = UINT32_MAX;
	m.key.dl_type = UINT16_MAX;
	memset(m.key.dl_dst, 0xff, 6);
	return m;
}

static void put_flow(const struct weft_action *actions, unsigned n, unsigned flags,
		     uint32_t in_port, uint32_t key_flags)
{
	struct weft_mask m = mask_of_eth_dst();
	uint32_t zero = 0;
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.weft_masks), &zero, &m, 0), 0);
	struct weft_flow_key k = { .mask_id = 1 };
	k.key.in_port = in_port;
	k.key.flags = key_flags;
	k.key.dl_type = BE16_C(0x0800);
	memcpy(k.key.dl_dst, udp_packet, 6);
	struct weft_flow f = { .stats = 3, .n_actions = (uint16_t)n, .flags = (uint16_t)flags };
	memcpy(f.actions, actions, n * sizeof *actions);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.weft_flows), &k, &f, 0), 0);
}

static int run(struct bpf_program *prog, const void *in, size_t size, uint8_t *out,
	       size_t *out_size)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = (uint32_t)size,
		    .data_out = out, .data_size_out = 2048, .repeat = 1);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(prog), &opts), 0);
	*out_size = opts.data_size_out;
	return (int)opts.retval;
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

static uint16_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += get_be16(p + i);
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static int heard;
static struct weft_upcall last_upcall;
static uint8_t last_bytes[2048];
static int on_upcall(void *ctx, void *data, size_t size)
{
	heard++;
	memcpy(&last_upcall, data, sizeof last_upcall);
	assert_int_equal(size, sizeof last_upcall + last_upcall.size);
	memcpy(last_bytes, (uint8_t *)data + sizeof last_upcall, last_upcall.size);
	return 0;
}
static void drain_ring(void)
{
	heard = 0;
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(skel->maps.weft_ring), on_upcall, NULL, NULL);
	assert_non_null(ring);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
}

static void a_miss_goes_up_whole(void **state)
{
	uint8_t out[2048];
	size_t size;
	assert_int_equal(run(skel->progs.weft_port, udp_packet, sizeof udp_packet, out, &size),
			 TC_ACT_STOLEN);
	drain_ring();
	assert_int_equal(heard, 1);
	assert_int_equal(last_upcall.why, WEFT_WHY_MISS);
	assert_int_equal(last_upcall.dp_port, MY_PORT);
	assert_int_equal(last_upcall.size, sizeof udp_packet);
	assert_memory_equal(last_bytes, udp_packet, sizeof udp_packet);
}

static void large_packets_go_up_whole(void **state)
{
	static uint8_t in[3000], out[4096];
	for (size_t size_in = 100; size_in <= 1500; size_in += 100) {
		memset(in, 0xaa, sizeof in);
		memcpy(in, udp_packet, 12);
		put_be16(in + 12, 0x88b5);
		size_t size;
		run(skel->progs.weft_port, in, size_in, out, &size);
		drain_ring();
		assert_int_equal(heard, 1);
		assert_int_equal(last_upcall.size, size_in);
		assert_memory_equal(last_bytes, in, size_in);
	}
}

static void a_hit_is_redirected_and_counted(void **state)
{
	struct weft_action a[] = { { .type = WEFT_A_OUTPUT, .u32 = LO } };
	put_flow(a, 1, 0, MY_PORT, 0);
	uint8_t out[2048];
	size_t size;
	uint64_t hits = counter(WEFT_C_HIT);
	assert_int_equal(run(skel->progs.weft_port, udp_packet, sizeof udp_packet, out, &size),
			 TC_ACT_REDIRECT);
	assert_int_equal(counter(WEFT_C_HIT), hits + 1);
	drain_ring();
	assert_int_equal(heard, 0);
}

static void fields_are_set_and_checksums_follow(void **state)
{
	struct weft_action a[] = {
		{ .type = WEFT_A_SET_ETH, .u8 = 3, .mac = { 2, 9, 9, 9, 9, 9, 2, 8, 8, 8, 8, 8 } },
		{ .type = WEFT_A_SET_IP_SRC, .u32 = BE32_C(0xc0a80101) },
		{ .type = WEFT_A_SET_TTL, .u8 = 63 },
		{ .type = WEFT_A_SET_TOS, .u8 = 0x28, .u16 = 0xfc },
		{ .type = WEFT_A_SET_TP_DST, .u16 = BE16_C(53) },
		{ .type = WEFT_A_OUTPUT, .u32 = LO },
	};
	put_flow(a, 6, 0, MY_PORT, 0);
	uint8_t out[2048];
	size_t size;
	assert_int_equal(run(skel->progs.weft_port, udp_packet, sizeof udp_packet, out, &size),
			 TC_ACT_REDIRECT);
	assert_int_equal(size, sizeof udp_packet);
	assert_memory_equal(out + 6, a[0].mac, 6);
	assert_memory_equal(out, a[0].mac + 6, 6);
	assert_int_equal(get_be32(out + 26), 0xc0a80101);
	assert_int_equal(out[22], 63);
	assert_int_equal(out[15], 0x28);
	assert_int_equal(get_be16(out + 36), 53);
	assert_int_equal(sum16(out + 14, 20, 0), 0xffff);
	assert_int_equal(get_be16(out + 40), 0); /* no UDP checksum stays none */
}

static void vlans_are_pushed(void **state)
{
	struct weft_action a[] = {
		{ .type = WEFT_A_PUSH_VLAN, .u16 = 42, .u32 = BE16_C(0x8100) },
		{ .type = WEFT_A_SET_TTL, .u8 = 9 },
		{ .type = WEFT_A_POP_VLAN },
		{ .type = WEFT_A_OUTPUT, .u32 = LO },
	};
	put_flow(a, 4, 0, MY_PORT, 0);
	uint8_t out[2048];
	size_t size;
	assert_int_equal(run(skel->progs.weft_port, udp_packet, sizeof udp_packet, out, &size),
			 TC_ACT_REDIRECT);
	assert_int_equal(size, sizeof udp_packet);
	assert_int_equal(out[22], 9);
}

static size_t put_encap(uint32_t slot, bool gre)
{
	struct weft_encap e = { .ifindex = LO, .mtu = 1500, .l3_size = 20 };
	uint8_t *h = e.header;
	memcpy(h, (uint8_t[]){ 2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 2, 8, 0 }, 14);
	h[14] = 0x45;
	h[20] = 0x40;
	h[22] = 64;
	h[23] = e.proto = gre ? 47 : 17;
	put_be32(h + 26, 0xc0a87a01);
	put_be32(h + 30, 0xc0a87a02);
	if (gre) {
		put_be32(h + 34, 0x20006558);
		put_be32(h + 38, 77);
		e.size = 42;
	} else {
		put_be16(h + 36, 4789);
		put_be32(h + 42, 0x08000000);
		put_be32(h + 46, 77 << 8);
		e.size = 50;
	}
	e.l4_size = (uint16_t)(e.size - 34);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.weft_encaps), &slot, &e, 0), 0);
	return e.size;
}

static void tunnels_there_and_back(void **state)
{
	for (int gre = 0; gre < 2; gre++) {
		size_t outer = put_encap(5, gre), size;
		struct weft_action a[] = { { .type = WEFT_A_ENCAP, .u32 = 5 } };
		put_flow(a, 1, WEFT_F_ENCAP, MY_PORT, 0);
		uint8_t out[2048], back[2048];
		assert_int_equal(
			run(skel->progs.weft_port, udp_packet, sizeof udp_packet, out, &size),
			TC_ACT_REDIRECT);
		assert_int_equal(size, sizeof udp_packet + outer);
		assert_memory_equal(out + outer, udp_packet, sizeof udp_packet);
		assert_int_equal(get_be16(out + 16), size - 14);
		assert_int_equal(sum16(out + 14, 20, 0), 0xffff);
		if (!gre) {
			assert_int_equal(get_be16(out + 38), size - 34);
			assert_in_range(get_be16(out + 34), 32768, 60999);
		}

		/* The same bytes as received: lo's address is all zero. */
		memset(out, 0, 6);
		struct weft_tunnel_id id = { .proto = gre ? 47 : 17,
					     .port = gre ? 0 : BE16_C(4789) };
		struct weft_tunnel t = { .dp_port = 9 + (uint32_t)gre,
					 .type = gre ? WEFT_TUNNEL_GRE : WEFT_TUNNEL_VXLAN };
		struct weft_address address = { { 0, 0, 0, BE32_C(0xc0a87a02) } };
		uint32_t one = 1;
		bpf_map_update_elem(bpf_map__fd(skel->maps.weft_tunnels), &id, &t, 0);
		assert_int_equal(run(skel->progs.weft_underlay, out, size, back, &size),
				 TC_ACT_UNSPEC); /* not our address yet */
		bpf_map_update_elem(bpf_map__fd(skel->maps.weft_addresses), &address, &one, 0);

		assert_int_equal(
			run(skel->progs.weft_underlay, out, sizeof udp_packet + outer, back, &size),
			TC_ACT_STOLEN);
		drain_ring();
		assert_int_equal(heard, 1);
		assert_int_equal(last_upcall.why, WEFT_WHY_MISS);
		assert_int_equal(last_upcall.tun_id, 77);
		assert_int_equal(last_upcall.tun_src[3], BE32_C(0xc0a87a01));
		assert_int_equal(last_upcall.size, sizeof udp_packet);
		assert_memory_equal(last_bytes, udp_packet, sizeof udp_packet);

		struct weft_action b[] = { { .type = WEFT_A_SET_TTL, .u8 = 3 },
					   { .type = WEFT_A_OUTPUT, .u32 = LO } };
		put_flow(b, 2, 0, 9 + (uint32_t)gre, last_upcall.key_flags);
		assert_int_equal(
			run(skel->progs.weft_underlay, out, sizeof udp_packet + outer, back, &size),
			TC_ACT_REDIRECT);
		assert_int_equal(size, sizeof udp_packet);
		assert_int_equal(back[22], 3);
		assert_memory_equal(back + 26, udp_packet + 26, sizeof udp_packet - 26);
		bpf_map_delete_elem(bpf_map__fd(skel->maps.weft_addresses), &address);
	}
}

static void too_big_goes_up(void **state)
{
	put_encap(5, false);
	struct weft_action a[] = { { .type = WEFT_A_ENCAP, .u32 = 5 } };
	put_flow(a, 1, WEFT_F_ENCAP, MY_PORT, 0);
	uint8_t in[1514] = { 0 }, out[2048];
	size_t size;
	memcpy(in, udp_packet, sizeof udp_packet);
	put_be16(in + 16, 1500);
	assert_int_equal(run(skel->progs.weft_port, in, sizeof in, out, &size), TC_ACT_STOLEN);
	drain_ring();
	assert_int_equal(heard, 1);
	assert_int_equal(last_upcall.why, WEFT_WHY_ACTION);
	put_be16(in + 16, 1450);
	assert_int_equal(run(skel->progs.weft_port, in, 1464, out, &size), TC_ACT_REDIRECT);
}

static void what_is_not_understood_goes_up(void **state)
{
	struct {
		const char *what;
		size_t at;
		uint8_t value;
		size_t size;
	} cases[] = {
		{ "IP options", 14, 0x46, sizeof udp_packet },
		{ "IP version", 14, 0x65, sizeof udp_packet },
		{ "fragment", 20, 0x20, sizeof udp_packet },
		{ "longer than it is", 17, 200, sizeof udp_packet },
		{ "802.2", 12, 0x00, sizeof udp_packet },
		{ "no UDP header", 17, 24, sizeof udp_packet },
		{ "other protocol", 23, 200, sizeof udp_packet },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t in[sizeof udp_packet], out[2048];
		size_t size;
		memcpy(in, udp_packet, sizeof in);
		in[cases[i].at] = cases[i].value;
		assert_int_equal(run(skel->progs.weft_port, in, cases[i].size, out, &size),
				 TC_ACT_STOLEN);
		drain_ring();
		assert_int_equal(heard, 1);
		assert_int_equal(last_upcall.why, WEFT_WHY_COMPLEX);
	}
}

int main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # skipped: loading programs needs root\n");
		return 77;
	}
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_miss_goes_up_whole),
		T(large_packets_go_up_whole),
		T(a_hit_is_redirected_and_counted),
		T(fields_are_set_and_checksums_follow),
		T(vlans_are_pushed),
		T(tunnels_there_and_back),
		T(too_big_goes_up),
		T(what_is_not_understood_goes_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
