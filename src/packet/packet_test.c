/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "packet/compose.h"
#include "packet/csum.h"
#include "packet/packet.h"
#include "wire/net.h"

static struct packet *from_hex(const char *hex)
{
	uint8_t b[2048];
	uint32_t n = 0;
	for (; hex[0] && hex[1]; hex += 2) {
		char two[3] = { hex[0], hex[1], 0 };
		b[n++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return packet_from_bytes(b, n);
}

#define ETH "000000000002000000000001"

static void extracts_tcp4(void **state)
{
	struct packet *p = from_hex(ETH "08004500002800000000"
					"40066abd0102030405060708"
					"000100020000000000000000501200009fbc0000"
					"0000");
	struct flow_key k;
	key_extract(p, &k);
	assert_int_equal(k.dl_src.b[5], 1);
	assert_int_equal(k.dl_dst.b[5], 2);
	assert_int_equal(be16_to_cpu(k.dl_type), 0x800);
	assert_int_equal(be32_to_cpu(k.nw_src), 0x01020304);
	assert_int_equal(be32_to_cpu(k.nw_dst), 0x05060708);
	assert_int_equal(k.nw_ttl, 64);
	assert_int_equal(k.nw_proto, 6);
	assert_int_equal(be16_to_cpu(k.tp_src), 1);
	assert_int_equal(be16_to_cpu(k.tp_dst), 2);
	assert_int_equal(be16_to_cpu(k.tcp_flags), 0x12);
	assert_int_equal(p->l3_ofs, 14);
	assert_int_equal(p->l4_ofs, 34);
	assert_int_equal(p->l2_pad_size, 2);
	packet_free(p);
}

/* Every prefix of a packet is taken without reading past its end (the sanitizers see to that), and
 * a header that is not whole gives zeros. */
static void cut_packets_give_zeros(void **state)
{
	static const char *const hex[] = {
		ETH "08004500002800000000"
		    "40066abd0102030405060708"
		    "000100020000000000000000501200009fbc0000",
		ETH "86dd6000000500203a400000000000000000000000000000000100000000000000000000000000"
		    "0000028700791600000000fe8000000000000000000000000000010101000000000009",
		ETH "8100600508004500002000000000"
		    "40846a470102030405060708"
		    "000100020000000000000000",
		ETH "88470006434000064140",
		ETH "894f0fc60101001234ff00000001000000020000000300000004",
		ETH "08060001080006040001000000000001010203040000000000000506"
		    "0708",
		ETH "86dd600000000030003f0000000000000000000000000000000100000000000000000000000000"
		    "0000022c0000000000000006000001000000002b00020000000000"
		    "11000000000000000001000200080000",
	};
	for (size_t i = 0; i < ARRAY_SIZE(hex); i++) {
		struct packet *whole = from_hex(hex[i]);
		for (uint32_t n = 0; n <= whole->size; n++) {
			uint8_t *exact = malloc(n ? n : 1);
			memcpy(exact, whole->data, n);
			struct packet *p = packet_from_bytes(exact, n);
			struct flow_key k;
			key_extract(p, &k);
			if (n < 12)
				assert_int_equal(k.dl_type, 0);
			packet_free(p);
			free(exact);
		}
		packet_free(whole);
	}
}

static void extracts_ipv6_extensions(void **state)
{
	/* hop-by-hop, then a first fragment of UDP */
	struct packet *p = from_hex(ETH "86dd6000000000180040"
					"00000000000000000000000000000001"
					"00000000000000000000000000000002"
					"2c00000000000000"
					"1100000100000000"
					"0001000200080000");
	struct flow_key k;
	key_extract(p, &k);
	assert_int_equal(k.nw_proto, 17);
	assert_int_equal(k.nw_frag, FRAG_ANY);
	assert_int_equal(be16_to_cpu(k.tp_dst), 2);
	assert_int_equal(p->l4_ofs, 70);
	packet_free(p);
	/* a later one has no ports */
	p = from_hex(ETH "86dd6000000000100040"
			 "00000000000000000000000000000001"
			 "00000000000000000000000000000002"
			 "1100000800000000"
			 "0001000200080000");
	p->data[20] = 44;
	key_extract(p, &k);
	assert_int_equal(k.nw_frag, FRAG_ANY | FRAG_LATER);
	assert_int_equal(k.tp_dst, 0);
	assert_int_equal(p->l4_ofs, PACKET_NO_OFS);
	packet_free(p);
}

static void vlan_limit_holds(void **state)
{
	struct packet *p = from_hex(ETH "88a80064810000c80800");
	struct flow_key k;
	key_extract(p, &k);
	assert_int_equal(be16_to_cpu(k.vlans[0].tpid), 0x88a8);
	assert_int_equal(be16_to_cpu(k.vlans[0].tci), 0x1064);
	assert_int_equal(be16_to_cpu(k.dl_type), 0x8100);
	packet_vlan_limit = 2;
	key_extract(p, &k);
	assert_int_equal(be16_to_cpu(k.vlans[1].tci), 0x10c8);
	assert_int_equal(be16_to_cpu(k.dl_type), 0x0800);
	packet_vlan_limit = 1;
	packet_free(p);
}

static void snap_and_802_3(void **state)
{
	struct flow_key k;
	struct packet *p = from_hex(ETH "0020"
					"aaaa03000000"
					"0806");
	key_extract(p, &k);
	assert_int_equal(be16_to_cpu(k.dl_type), 0x806);
	packet_free(p);
	p = from_hex(ETH "0020"
			 "424203000000"
			 "0806");
	key_extract(p, &k);
	assert_int_equal(k.dl_type, DL_TYPE_NONE);
	packet_free(p);
}

/* compose() and extract() are inverse, over random keys of every kind. */
static void composes_what_it_extracts(void **state)
{
	srand(1);
	for (int i = 0; i < 20000; i++) {
		struct flow_key k = { 0 }, back;
		for (int b = 0; b < 6; b++)
			k.dl_src.b[b] = (uint8_t)rand(), k.dl_dst.b[b] = (uint8_t)rand();
		if (rand() % 3 == 0) {
			k.vlans[0].tpid = BE16_C(ETH_TYPE_VLAN);
			k.vlans[0].tci = cpu_to_be16((uint16_t)rand()) | BE16_C(VLAN_CFI);
		}
		static const uint16_t types[] = { ETH_TYPE_IP,	 ETH_TYPE_IPV6, ETH_TYPE_ARP,
						  ETH_TYPE_MPLS, ETH_TYPE_NSH,	0x1234 };
		uint16_t type = types[rand() % 6];
		k.dl_type = cpu_to_be16(type);
		bool ip = type == ETH_TYPE_IP || type == ETH_TYPE_IPV6;
		if (type == ETH_TYPE_IP || type == ETH_TYPE_ARP)
			k.nw_src = (be32)rand(), k.nw_dst = (be32)rand();
		if (type == ETH_TYPE_IPV6) {
			for (int w = 0; w < 4; w++)
				k.ipv6_src.s6_addr32[w] = (be32)rand(),
				k.ipv6_dst.s6_addr32[w] = (be32)rand();
			k.ipv6_label = cpu_to_be32((uint32_t)rand() & 0xfffff);
		}
		if (ip) {
			static const uint8_t protos4[] = { 6, 17, 132, 1, 2, 99 },
					     protos6[] = { 6, 17, 132, 58, 58, 99 };
			k.nw_proto = (type == ETH_TYPE_IP ? protos4 : protos6)[rand() % 6];
			k.nw_tos = (uint8_t)rand();
			k.nw_ttl = (uint8_t)rand();
			if (type == ETH_TYPE_IP && rand() % 8 == 0)
				k.nw_frag = rand() % 2 ? FRAG_ANY : FRAG_ANY | FRAG_LATER;
			if (!(k.nw_frag & FRAG_LATER) && k.nw_proto != 99) {
				k.tp_src = (be16)rand(), k.tp_dst = (be16)rand();
				if (k.nw_proto < 3 || k.nw_proto == 58)
					k.tp_src &= BE16_C(0xff), k.tp_dst &= BE16_C(0xff);
				if (k.nw_proto == 6)
					k.tcp_flags = (be16)rand() & BE16_C(0xfff);
				if (k.nw_proto == 2)
					k.igmp_group = (be32)rand();
				if (k.nw_proto == 58 && rand() % 2) {
					k.tp_src = cpu_to_be16(rand() % 2 ? 135 : 136);
					k.tp_dst = 0;
					k.nd_target.s6_addr32[3] = (be32)rand() | 1;
					if (rand() % 2) {
						bool ns = k.tp_src == BE16_C(135);
						(ns ? &k.arp_sha : &k.arp_tha)->b[2] = 7;
						k.nd_options_type = ns ? 1 : 2;
					}
				}
			}
		}
		if (type == ETH_TYPE_ARP)
			k.nw_proto = 1 + rand() % 2, k.arp_sha.b[1] = (uint8_t)rand();
		if (type == ETH_TYPE_MPLS) {
			k.mpls_lse[0] = (be32)rand() & ~BE32_C(MPLS_BOS);
			k.mpls_lse[1] = (be32)rand() | BE32_C(MPLS_BOS);
		}
		if (type == ETH_TYPE_NSH) {
			k.nsh = (struct nsh_key){ 2, 63, 1 + rand() % 2, 3, (be32)rand(), { 0 } };
			if (k.nsh.mdtype == 1)
				k.nsh.context[2] = 5;
		}
		struct packet *p = packet_compose(&k, NULL, COMPOSE_DEFAULT_PAYLOAD);
		key_extract(p, &back);
		assert_memory_equal(&back, &k, sizeof k);
		packet_free(p);
	}
}

struct pieces {
	struct packet *p[100];
	unsigned n;
};

static void collect(struct packet *p, void *arg)
{
	struct pieces *to = arg;
	assert_true(to->n < 100);
	to->p[to->n++] = p;
}

static uint32_t l4_sum(const struct packet *p, bool ip6, uint8_t proto)
{
	uint32_t size = p->size - p->l4_ofs;
	const uint8_t *l3 = packet_l3(p);
	be32 src, dst;
	memcpy(&src, l3 + 12, 4);
	memcpy(&dst, l3 + 16, 4);
	uint32_t sum = ip6 ? csum_pseudo6(l3 + 8, l3 + 24, proto, size)
			   : csum_pseudo4(src, dst, proto, size);
	return csum_fold(csum_add(sum, packet_l4(p), size));
}

static void segments_are_whole_packets(void **state)
{
	for (int kind = PACKET_GSO_TCP4; kind <= PACKET_GSO_UDP_L4; kind++) {
		bool ip6 = kind == PACKET_GSO_TCP6, udp = kind == PACKET_GSO_UDP_L4;
		struct flow_key k = { .dl_type = cpu_to_be16(ip6 ? ETH_TYPE_IPV6 : ETH_TYPE_IP),
				      .nw_src = 1,
				      .nw_dst = 2,
				      .nw_ttl = 64,
				      .nw_proto = udp ? 17 : 6,
				      .tp_src = 3,
				      .tp_dst = 4,
				      .tcp_flags = udp ? 0 : BE16_C(TCP_ACK | TCP_PSH | TCP_CWR) };
		k.dl_src.b[0] = 2;
		if (ip6)
			k.nw_src = k.nw_dst = 0;
		struct packet *p = packet_compose(&k, NULL, 10001);
		p->gso_type = (uint8_t)kind;
		p->gso_size = 1400;
		p->csum_partial = true;
		p->csum_start = p->l4_ofs;
		p->csum_offset = udp ? 6 : 16;
		assert_int_equal(packet_n_segments(p), 8);
		struct pieces to = { .n = 0 };
		packet_segment(p, collect, &to);
		assert_int_equal(to.n, 8);
		uint32_t seq = 0, total = 0;
		for (unsigned i = 0; i < to.n; i++) {
			struct packet *s = to.p[i];
			struct flow_key back;
			key_extract(s, &back);
			assert_int_equal(s->l2_pad_size, 0);
			assert_int_equal(l4_sum(s, ip6, k.nw_proto), 0);
			if (!ip6)
				assert_int_equal(csum(packet_l3(s), 20), 0);
			const struct tcp_hdr *t = packet_l4(s);
			uint32_t hdr = udp ? 8 : 20;
			if (!udp) {
				assert_int_equal(be32_to_cpu(t->seq), seq);
				uint16_t f = be16_to_cpu(t->ofs_flags);
				assert_int_equal(!!(f & TCP_PSH), i == to.n - 1);
				assert_int_equal(!!(f & TCP_CWR), i == 0);
			}
			uint32_t n = packet_l4_size(s) - hdr;
			for (uint32_t b = 0; b < n; b++)
				assert_int_equal(((uint8_t *)packet_l4(s))[hdr + b],
						 (uint8_t)(total + b));
			seq += n;
			total += n;
			packet_free(s);
		}
		assert_int_equal(total, 10001);
	}
}

static void partial_checksums_are_finished(void **state)
{
	struct flow_key k = {
		.dl_type = BE16_C(ETH_TYPE_IP), .nw_src = 5, .nw_dst = 9, .nw_proto = 17
	};
	struct packet *p = packet_compose(&k, "abcdef", 7);
	struct udp_hdr *u = packet_l4(p);
	be16 good = u->csum;
	u->csum = csum_fold_raw(csum_pseudo4(5, 9, 17, packet_l4_size(p)));
	p->csum_partial = true;
	p->csum_start = p->l4_ofs;
	p->csum_offset = 6;
	packet_push(p, 4); /* the place moves along */
	packet_finish_csum(p);
	u = packet_l4(p);
	assert_int_equal(u->csum, good);
	packet_free(p);
}

static void incremental_equals_full(void **state)
{
	srand(3);
	uint8_t b[64];
	for (int i = 0; i < 1000; i++) {
		for (size_t k = 0; k < sizeof b; k++)
			b[k] = (uint8_t)rand();
		be16 before = csum(b, sizeof b);
		be32 old, new_ = (be32)rand();
		memcpy(&old, b + 12, 4);
		memcpy(b + 12, &new_, 4);
		be16 after = csum(b, sizeof b);
		assert_int_equal(csum_replace32(before, old, new_), after);
	}
	assert_int_equal(crc32c("123456789", 9), 0xe3069283);
}

static void grows_and_clones(void **state)
{
	struct packet *p = packet_from_bytes("hello", 5);
	memset(packet_push(p, 500), 1, 500);
	memset(packet_put(p, 70000), 2, 70000);
	assert_int_equal(p->size, 70505);
	assert_memory_equal(p->data + 500, "hello", 5);
	struct packet *c = packet_clone(p);
	assert_int_equal(c->size, 70505);
	assert_memory_equal(c->data, p->data, 70505);
	packet_free(p);
	packet_free(c);
	p = packet_new(100); /* out of the pool, with its own bytes again */
	assert_int_equal(packet_headroom(p), PACKET_HEADROOM);
	packet_free(p);
}

static void extraction_is_fast(void **state)
{
	struct flow_key k = { .dl_type = BE16_C(ETH_TYPE_IP),
			      .nw_src = 5,
			      .nw_dst = 9,
			      .nw_proto = 6 },
			r;
	struct packet *p = packet_compose(&k, NULL, 64);
	int64_t t0 = clock_mono_ns();
	for (int i = 0; i < 1000000; i++) {
		key_extract(p, &r);
		__asm__ volatile("" : : "r"(&r) : "memory");
	}
	print_message("key_extract: %.1f ns\n", (double)(clock_mono_ns() - t0) / 1e6);
	packet_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extracts_tcp4),
		cmocka_unit_test(cut_packets_give_zeros),
		cmocka_unit_test(extracts_ipv6_extensions),
		cmocka_unit_test(vlan_limit_holds),
		cmocka_unit_test(snap_and_802_3),
		cmocka_unit_test(composes_what_it_extracts),
		cmocka_unit_test(segments_are_whole_packets),
		cmocka_unit_test(partial_checksums_are_finished),
		cmocka_unit_test(incremental_equals_full),
		cmocka_unit_test(grows_and_clones),
		cmocka_unit_test(extraction_is_fast),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
