/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "packet/coalesce.h"
#include "packet/compose.h"
#include "packet/csum.h"
#include "packet/key_text.h"
#include "wire/net.h"

enum { PAYLOAD = 10000, MSS = 1000 };
#define ETH "eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),"
static const struct tunnel_key no_tunnel;

static struct packet *whole(bool ip6, uint16_t port)
{
	struct flow_key key;
	int r = key_from_str(
		ip6 ? ETH "eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0,proto=6,tclass=0,"
			  "hlimit=64,frag=no),tcp(src=1,dst=2),tcp_flags(0x010)"
		    : ETH "eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ttl=64,"
			  "frag=no),tcp(src=1,dst=2),tcp_flags(0x010)",
		NULL, &key, NULL, NULL);
	assert_int_equal(r, 0);
	key.tp_dst = cpu_to_be16(port);
	struct packet *p = packet_compose(&key, NULL, PAYLOAD);
	key_extract(p, &key);
	be16 sum =
		csum_fold_raw(ip6 ? csum_pseudo6(&key.ipv6_src, &key.ipv6_dst, 6, packet_l4_size(p))
				  : csum_pseudo4(key.nw_src, key.nw_dst, 6, packet_l4_size(p)));
	memcpy(p->data + p->l4_ofs + 16, &sum, 2);
	p->csum_partial = true;
	p->csum_start = p->l4_ofs;
	p->csum_offset = 16;
	p->gso_type = ip6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4;
	p->gso_size = MSS;
	p->gso_hdr_size = (uint16_t)(p->l4_ofs + TCP_HLEN);
	return p;
}

static struct packet *pieces[64];
static unsigned n_pieces;
/* Into buffers as a socket fills them. */
static void keep(struct packet *p, void *arg)
{
	struct packet *big = packet_new(PACKET_MAX_BYTES);
	memcpy(packet_put(big, p->size), p->data, p->size);
	pieces[n_pieces++] = big;
	packet_free(p);
}

static void take(struct coalescer *c, struct packet *p)
{
	if (coalesce_merge(c, p->data, p->size, &no_tunnel))
		packet_free(p);
	else
		coalesce_add(c, p);
}

static void undoes_segmentation(void **state)
{
	for (int ip6 = 0; ip6 < 2; ip6++) {
		static struct coalescer c;
		struct packet *p = whole(ip6, 2), *before = packet_clone(p);
		n_pieces = 0;
		c.n = 0;
		packet_segment(p, keep, NULL);
		assert_int_equal(n_pieces, PAYLOAD / MSS);
		for (unsigned i = 0; i < n_pieces; i++)
			take(&c, pieces[i]);
		coalesce_finish(&c);
		assert_int_equal(c.n, 1);
		assert_int_equal(c.packets[0]->size, before->size);
		assert_memory_equal(c.packets[0]->data, before->data, before->size);
		assert_int_equal(c.packets[0]->gso_size, MSS);
		assert_int_equal(c.packets[0]->gso_type, before->gso_type);
		assert_int_equal(c.packets[0]->gso_hdr_size, before->gso_hdr_size);
		assert_int_equal(c.packets[0]->csum_start, before->csum_start);
		packet_free(before);
		packet_free(c.packets[0]);
	}
}

static void keeps_connections_apart(void **state)
{
	static struct coalescer c;
	n_pieces = 0;
	c.n = 0;
	packet_segment(whole(false, 2), keep, NULL);
	unsigned n = n_pieces;
	packet_segment(whole(false, 3), keep, NULL);
	for (unsigned i = 0; i < n; i++) {
		take(&c, pieces[i]);
		take(&c, pieces[n + i]);
	}
	coalesce_finish(&c);
	assert_int_equal(c.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		packet_parse_offsets(c.packets[i]);
		assert_int_equal(packet_n_segments(c.packets[i]), PAYLOAD / MSS);
		packet_free(c.packets[i]);
	}
}

/* A piece that is missing or damaged ends the merging, and nothing passes it. */
static void never_reorders(void **state)
{
	for (int damage = 0; damage < 2; damage++) {
		static struct coalescer c;
		n_pieces = 0;
		c.n = 0;
		packet_segment(whole(false, 2), keep, NULL);
		uint32_t last_seq = 0;
		for (unsigned i = 0; i < n_pieces; i++) {
			if (i == 4 && !damage) {
				packet_free(pieces[i]);
				continue;
			}
			if (i == 4)
				pieces[i]->data[200] ^= 1;
			take(&c, pieces[i]);
		}
		coalesce_finish(&c);
		assert_true(c.n >= 2);
		for (unsigned i = 0; i < c.n; i++) {
			struct flow_key key;
			key_extract(c.packets[i], &key);
			const struct tcp_hdr *t = packet_l4(c.packets[i]);
			uint32_t seq = be32_to_cpu(t->seq);
			assert_true(!i || seq > last_seq);
			last_seq = seq;
			packet_free(c.packets[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(undoes_segmentation),
		cmocka_unit_test(keeps_connections_apart),
		cmocka_unit_test(never_reorders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
