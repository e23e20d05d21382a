/* SPDX-License-Identifier: Apache-2.0 */
/* The MTU trap: two guests at MTU 1500 on switches whose underlay has 1500, too. Nobody on the
 * layer 2 network in between is a router that could tell the sender, so large packets would vanish,
 * and with them every TCP connection after its handshake. So the switch speaks for the far end. */
#include "fastpath/too_big.h"

#include <string.h>

#include "packet/csum.h"
#include "wire/net.h"

enum {
	ICMP4_QUOTE = 548,
	ICMP6_QUOTE = 1232,
	ICMP_UNREACH = 3,
	ICMP_FRAG_NEEDED = 4,
	ICMP6_TOO_BIG = 2
};

static bool is_icmp4_error(uint8_t type)
{
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* The Ethernet header with its tags, turned round. */
static struct packet *begin_answer(const struct packet *p, uint32_t room)
{
	struct packet *a = packet_new(p->l3_ofs + room);
	uint8_t *eth = packet_put(a, p->l3_ofs);
	memcpy(eth, p->data, p->l3_ofs);
	memcpy(eth, p->data + 6, 6);
	memcpy(eth + 6, p->data, 6);
	a->csum_valid = true;
	return a;
}

static struct packet *answer4(const struct packet *p, uint32_t mtu)
{
	const struct ip4_hdr *h = packet_l3(p);
	uint32_t hlen = (h->ver_ihl & 0xfu) * 4, left = p->size - p->l3_ofs;
	if (hlen < IP4_HLEN || left < hlen + 8 || (h->frag_off & BE16_C(IP4_OFF_MASK)))
		return NULL;
	const uint8_t *dst = (const void *)&h->dst, *src = (const void *)&h->src;
	if (dst[0] >= 224 || src[0] >= 224 || !src[0] ||
	    (h->proto == IPPROTO_ICMP && is_icmp4_error(((const uint8_t *)h)[hlen])))
		return NULL;
	uint32_t quote = MIN(left, ICMP4_QUOTE);
	struct packet *a = begin_answer(p, IP4_HLEN + ICMP_HLEN + quote);
	struct ip4_hdr *ip = packet_put(a, IP4_HLEN);
	*ip = (struct ip4_hdr){
		.ver_ihl = 0x45,
		.tos = 0xc0, /* internetwork control, as routers send it */
		.tot_len = cpu_to_be16((uint16_t)(IP4_HLEN + ICMP_HLEN + quote)),
		.ttl = 64,
		.proto = IPPROTO_ICMP,
		.src = h->dst,
		.dst = h->src,
	};
	ip->csum = csum(ip, IP4_HLEN);
	struct icmp_hdr *icmp = packet_put(a, ICMP_HLEN);
	*icmp = (struct icmp_hdr){ .type = ICMP_UNREACH,
				   .code = ICMP_FRAG_NEEDED,
				   .rest = cpu_to_be32(MIN(mtu, UINT16_MAX)) };
	memcpy(packet_put(a, quote), h, quote);
	icmp->csum = csum(icmp, ICMP_HLEN + quote);
	return a;
}

static struct packet *answer6(const struct packet *p, uint32_t mtu)
{
	const struct ip6_hdr_wire *h = packet_l3(p);
	uint32_t left = p->size - p->l3_ofs;
	static const uint8_t unspecified[16];
	if (left < IP6_HLEN + 8 || h->dst[0] == 0xff || h->src[0] == 0xff ||
	    !memcmp(h->src, unspecified, sizeof unspecified))
		return NULL;
	if (p->l4_ofs == PACKET_NO_OFS ||
	    (h->next == IPPROTO_ICMPV6 && p->l4_ofs < p->size && p->data[p->l4_ofs] < 128))
		return NULL;
	uint32_t quote = MIN(left, ICMP6_QUOTE);
	struct packet *a = begin_answer(p, IP6_HLEN + ICMP_HLEN + quote);
	struct ip6_hdr_wire *ip = packet_put(a, IP6_HLEN);
	ip->flow = cpu_to_be32(6u << 28);
	ip->plen = cpu_to_be16((uint16_t)(ICMP_HLEN + quote));
	ip->next = IPPROTO_ICMPV6;
	ip->hlim = 64;
	memcpy(ip->src, h->dst, 16);
	memcpy(ip->dst, h->src, 16);
	struct icmp_hdr *icmp = packet_put(a, ICMP_HLEN);
	*icmp = (struct icmp_hdr){ .type = ICMP6_TOO_BIG, .rest = cpu_to_be32(mtu) };
	memcpy(packet_put(a, quote), h, quote);
	uint32_t sum = csum_pseudo6(ip->src, ip->dst, IPPROTO_ICMPV6, ICMP_HLEN + quote);
	icmp->csum = csum_fold(csum_add(sum, icmp, ICMP_HLEN + quote));
	return a;
}

struct packet *too_big_answer(const struct packet *p, uint32_t mtu)
{
	if (p->packet_type != PT_ETH || p->l3_ofs == PACKET_NO_OFS || p->l3_ofs < ETH_HLEN ||
	    p->size < p->l3_ofs + (uint32_t)IP4_HLEN || (p->data[0] & 1) || (p->data[6] & 1))
		return NULL;
	uint16_t type = get_be16(p->data + p->l3_ofs - 2);
	return type == ETH_TYPE_IP     ? answer4(p, mtu)
	       : type == ETH_TYPE_IPV6 ? answer6(p, mtu)
				       : NULL;
}

struct packet *too_big_fragment(struct packet *p, uint32_t mtu)
{
	if (p->packet_type != PT_ETH || p->l3_ofs == PACKET_NO_OFS || p->l3_ofs < ETH_HLEN ||
	    p->size < p->l3_ofs + (uint32_t)IP4_HLEN || p->gso_type || p->csum_partial ||
	    get_be16(p->data + p->l3_ofs - 2) != ETH_TYPE_IP || mtu < IP4_HLEN + 8)
		return NULL;
	const struct ip4_hdr *h = packet_l3(p);
	uint32_t size = be16_to_cpu(h->tot_len);
	if (h->ver_ihl != 0x45 || (h->frag_off & BE16_C(IP4_DF)) || size <= IP4_HLEN ||
	    size > p->size - p->l3_ofs)
		return NULL;
	uint32_t payload = size - IP4_HLEN, step = (mtu - IP4_HLEN) & ~7u;
	uint16_t frag = be16_to_cpu(h->frag_off);
	struct packet *first = NULL, **last = &first;
	for (uint32_t at = 0; at < payload; at += step) {
		uint32_t n = MIN(step, payload - at), head = p->l3_ofs + (uint32_t)IP4_HLEN;
		struct packet *f = packet_new(head + n);
		memcpy(packet_put(f, head), p->data, head);
		memcpy(packet_put(f, n), p->data + head + at, n);
		struct ip4_hdr *ip = (void *)(f->data + p->l3_ofs);
		uint16_t more = at + n < payload ? IP4_MF : frag & IP4_MF;
		ip->tot_len = cpu_to_be16((uint16_t)(IP4_HLEN + n));
		ip->frag_off = cpu_to_be16((uint16_t)(((frag & IP4_OFF_MASK) + at / 8) | more));
		ip->csum = 0;
		ip->csum = csum(ip, IP4_HLEN);
		f->l3_ofs = p->l3_ofs;
		f->dp_port = p->dp_port;
		f->csum_valid = true;
		*last = f;
		last = &f->next;
	}
	packet_free(p);
	return first;
}
