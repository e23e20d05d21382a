/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tunnel headers, and what becomes of packets that are too big for a tunnel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fastpath/decap.h"
#include "fastpath/too_big.h"
#include "packet/compose.h"
#include "packet/csum.h"
#include "packet/key_text.h"
#include "wire/net.h"

static const struct {
	enum tunnel_type type;
	uint8_t bytes[24];
	uint32_t size;
	int result;
	uint32_t header; /* its size */
	uint64_t id;
	uint32_t packet_type;
} headers[] = {
	{ TUNNEL_VXLAN, { 8, 0, 0, 0, 0, 0, 0x7b, 0 }, 8, 0, 8, 0x7b, PT_ETH },
	{ TUNNEL_VXLAN, { 0, 0, 0, 0, 0, 0, 0x7b, 0 }, 8, -1, 0, 0, 0 }, /* no VNI */
	{ TUNNEL_VXLAN, { 8, 0, 0, 0, 0, 0, 0x7b }, 7, -1, 0, 0, 0 },
	{ TUNNEL_GRE, { 0, 0, 0x65, 0x58 }, 4, 0, 4, 0, PT_ETH },
	{ TUNNEL_GRE, { 0x20, 0, 0x65, 0x58, 0, 0, 1, 0xc8 }, 8, 0, 8, 0x1c8, PT_ETH },
	{ TUNNEL_GRE,
	  { 0x30, 0, 8, 0, 0, 0, 1, 0xc8, 0, 0, 0, 9 },
	  12,
	  0,
	  12,
	  0x1c8,
	  PT_OF(1, 0x800) },
	{ TUNNEL_GRE, { 0x20, 0, 0x65, 0x58, 0, 0, 1 }, 7, -1, 0, 0, 0 },
	{ TUNNEL_GRE, { 0x20, 1, 0x88, 0x0b, 0, 0, 1, 0 }, 8, -1, 0, 0, 0 }, /* version 1 */
	{ TUNNEL_GRE, { 0x40, 0, 0x65, 0x58, 0, 0, 0, 0 }, 8, -1, 0, 0, 0 }, /* source routes */
	{ TUNNEL_GRE, { 0x80, 0, 0x65, 0x58, 0x1a, 0xa7, 0, 0 }, 8, 0, 8, 0, PT_ETH },
	{ TUNNEL_GRE, { 0x80, 0, 0x65, 0x58, 0x1a, 0xa8, 0, 0 }, 8, -1, 0, 0, 0 }, /* bad checksum
										    */
	{ TUNNEL_GENEVE, { 0, 0, 0x65, 0x58, 0, 0, 5, 0 }, 8, 0, 8, 5, PT_ETH },
	{ TUNNEL_GENEVE,
	  { 2, 0x40, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 0x80, 1, 1, 2, 3, 4 },
	  16,
	  0,
	  16,
	  5,
	  PT_ETH },
	{ TUNNEL_GENEVE,
	  { 2, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 0x80, 2, 1, 2, 3, 4 },
	  16,
	  -1,
	  0,
	  0,
	  0 },
	{ TUNNEL_GENEVE, { 2, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2 }, 10, -1, 0, 0, 0 },
	{ TUNNEL_GENEVE, { 0x40, 0, 0x65, 0x58, 0, 0, 5, 0 }, 8, -1, 0, 0, 0 }, /* version 1 */
};

static void headers_parse(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		struct tunnel_header h;
		int r = tunnel_header_parse(headers[i].type, headers[i].bytes, headers[i].size, &h);
		if (!r != !headers[i].result)
			fail_msg("row %zu: %d", i, r);
		if (r < 0)
			continue;
		assert_int_equal(h.size, headers[i].header);
		assert_int_equal(be64_to_cpu(h.id), headers[i].id);
		assert_int_equal(h.packet_type, headers[i].packet_type);
	}
}

#define ETH "eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),"

static struct packet *packet_of(const char *flow, uint32_t payload)
{
	struct flow_key key;
	assert_int_equal(key_from_str(flow, NULL, &key, NULL, NULL), 0);
	struct packet *p = packet_compose(&key, NULL, payload);
	key_extract(p, &key);
	return p;
}

static void answers_ip4(void **state)
{
	struct packet *p =
		packet_of(ETH "eth_type(0x8100),vlan(vid=5,pcp=0),encap(eth_type(0x0800),"
			      "ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ttl=64,frag=no),"
			      "tcp(src=1,dst=2))",
			  1460);
	struct packet *a = too_big_answer(p, 1400);
	struct flow_key key;
	assert_non_null(a);
	key_extract(a, &key);
	assert_int_equal(key.dl_dst.b[5], 1);
	assert_int_equal(key.dl_src.b[5], 2);
	assert_int_equal(key.vlans[0].tci & BE16_C(VLAN_VID_MASK), BE16_C(5));
	assert_int_equal(be32_to_cpu(key.nw_src), 0x0a000002);
	assert_int_equal(be32_to_cpu(key.nw_dst), 0x0a000001);
	assert_int_equal(key.nw_proto, IPPROTO_ICMP);
	assert_int_equal(be16_to_cpu(key.tp_src), 3);
	assert_int_equal(be16_to_cpu(key.tp_dst), 4);
	const struct icmp_hdr *icmp = packet_l4(a);
	assert_int_equal(be32_to_cpu(icmp->rest), 1400);
	assert_int_equal(csum(icmp, packet_l4_size(a)), 0);
	assert_memory_equal(icmp + 1, packet_l3(p), 28);
	/* No answer to an answer. */
	assert_null(too_big_answer(a, 100));
	packet_free(a);
	packet_free(p);
}

static void answers_ip6(void **state)
{
	struct packet *p =
		packet_of(ETH "eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0,proto=17,"
			      "tclass=0,hlimit=64,frag=no),udp(src=1,dst=2)",
			  1440);
	struct packet *a = too_big_answer(p, 1400);
	struct flow_key key;
	assert_non_null(a);
	key_extract(a, &key);
	assert_int_equal(key.nw_proto, IPPROTO_ICMPV6);
	assert_int_equal(be16_to_cpu(key.tp_src), 2);
	assert_int_equal(key.ipv6_src.s6_addr[15], 2);
	const struct icmp_hdr *icmp = packet_l4(a);
	assert_int_equal(be32_to_cpu(icmp->rest), 1400);
	uint32_t sum =
		csum_pseudo6(&key.ipv6_src, &key.ipv6_dst, IPPROTO_ICMPV6, packet_l4_size(a));
	assert_int_equal(csum_fold(csum_add(sum, icmp, packet_l4_size(a))), 0);
	assert_in_range(a->size, 100, 14 + 1280);
	assert_null(too_big_answer(a, 100));
	packet_free(a);
	packet_free(p);
}

static void answers_no_multicast(void **state)
{
	struct packet *p =
		packet_of("eth(src=00:00:00:00:00:01,dst=01:00:5e:00:00:02),eth_type(0x0800),"
			  "ipv4(src=10.0.0.1,dst=224.0.0.2,proto=17,tos=0,ttl=64,frag=no),"
			  "udp(src=1,dst=2)",
			  1400);
	assert_null(too_big_answer(p, 1000));
	packet_free(p);
}

static void fragments(void **state)
{
	const char *flow =
		ETH "eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,"
		    "frag=no),udp(src=1,dst=2)";
	struct packet *p = packet_of(flow, 3000), *whole = packet_clone(p);
	((struct ip4_hdr *)packet_l3(p))->frag_off = BE16_C(IP4_DF);
	assert_null(too_big_fragment(p, 1450));
	((struct ip4_hdr *)packet_l3(p))->frag_off = 0;
	struct packet *f = too_big_fragment(p, 1450);
	uint32_t at = 0;
	bool more = true;
	while (f) {
		const struct ip4_hdr *h = (const void *)(f->data + 14);
		uint32_t n = f->size - 34;
		assert_true(f->size - 14 <= 1450 && more);
		assert_int_equal(csum(h, 20), 0);
		assert_int_equal((be16_to_cpu(h->frag_off) & IP4_OFF_MASK) * 8, at);
		assert_memory_equal(f->data + 34, whole->data + 34 + at, n);
		more = h->frag_off & BE16_C(IP4_MF);
		at += n;
		struct packet *next = f->next;
		packet_free(f);
		f = next;
	}
	assert_false(more);
	assert_int_equal(at, 3008);
	packet_free(whole);
}

/* A kernel tunnel device on the same host leaves inner checksums to a NIC that is not there. */
static void finds_unfinished_checksums(void **state)
{
	struct packet *p =
		packet_of(ETH "eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,"
			      "ttl=64,frag=no),tcp(src=1,dst=2)",
			  5000);
	tunnel_inner_csum(p);
	assert_false(p->csum_partial); /* it is finished */
	const struct ip4_hdr *h = packet_l3(p);
	be16 sum = csum_fold_raw(csum_pseudo4(h->src, h->dst, 6, packet_l4_size(p)));
	memcpy(p->data + p->l4_ofs + 16, &sum, 2);
	tunnel_inner_csum(p);
	assert_true(p->csum_partial);
	assert_int_equal(p->gso_type, PACKET_GSO_TCP4);
	assert_int_equal(p->gso_hdr_size, 54);
	assert_in_range(p->gso_size, 1000, 1460);
	packet_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_parse), cmocka_unit_test(answers_ip4),
		cmocka_unit_test(answers_ip6),	 cmocka_unit_test(answers_no_multicast),
		cmocka_unit_test(fragments),	 cmocka_unit_test(finds_unfinished_checksums),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
