/* SPDX-License-Identifier: Apache-2.0 */
#include "ofp/match.h"

#include <string.h>

#include "base/hash.h"

void match_init(struct match *m) { memset(m, 0, sizeof *m); }
void match_copy(struct match *dst, const struct match *src) { *dst = *src; }

bool match_equal(const struct match *a, const struct match *b)
{
	return key_equal(&a->key, &b->key) && key_equal(&a->mask, &b->mask);
}

uint32_t match_hash(const struct match *m, uint32_t seed)
{
	return key_hash(&m->mask, key_hash(&m->key, seed));
}

bool match_is_all(const struct match *m)
{
	const uint64_t *w = key_words(&m->mask);
	for (size_t i = 0; i < KEY_WORDS; i++) {
		if (w[i])
			return false;
	}
	return true;
}

bool match_is_subset(const struct match *a, const struct match *b)
{
	const uint64_t *am = key_words(&a->mask), *bm = key_words(&b->mask);
	const uint64_t *ak = key_words(&a->key), *bk = key_words(&b->key);
	for (size_t i = 0; i < KEY_WORDS; i++) {
		if ((bm[i] & ~am[i]) || ((ak[i] ^ bk[i]) & bm[i]))
			return false;
	}
	return true;
}

void match_set(struct match *m, const struct field *f, const union field_value *value,
	       const union field_value *mask)
{
	union field_value ones;
	if (!mask) {
		field_value_ones(f, &ones);
		mask = &ones;
	}
	field_match_set(f, value, mask, &m->key, &m->mask);
}

void match_unset(struct match *m, const struct field *f)
{
	field_match_clear(f, &m->key, &m->mask);
}

void match_set_in_port(struct match *m, uint32_t port)
{
	m->key.in_port = port;
	m->mask.in_port = UINT32_MAX;
}

void match_set_dl_type(struct match *m, uint16_t dl_type)
{
	m->key.dl_type = cpu_to_be16(dl_type);
	m->mask.dl_type = UINT16_MAX;
}

void match_set_reg(struct match *m, unsigned i, uint32_t value, uint32_t mask)
{
	m->key.regs[i] = value & mask;
	m->mask.regs[i] = mask;
}

void match_set_metadata(struct match *m, uint64_t value, uint64_t mask)
{
	m->key.metadata = cpu_to_be64(value & mask);
	m->mask.metadata = cpu_to_be64(mask);
}

void match_normalize(struct match *m)
{
	/* What a match says of tunnels has a meaning without a far end. */
	struct tunnel_key tunnel = m->mask.tunnel;
	uint8_t opts[sizeof m->mask.tun_opts];
	memcpy(opts, m->mask.tun_opts, sizeof opts);
	key_mask_normalize(&m->key, &m->mask);
	m->mask.tunnel = tunnel;
	memcpy(m->mask.tun_opts, opts, sizeof opts);
	key_mask(&m->key, &m->mask);
}

static void all(void *p, size_t n) { memset(p, 0xff, n); }

static void mask_l4(const struct flow_key *k, struct flow_key *m)
{
	uint8_t proto = k->nw_proto;
	bool v6 = k->dl_type == BE16_C(0x86dd);
	if (k->nw_frag & FRAG_LATER)
		return;
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_SCTP &&
	    proto != (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return;
	m->tp_src = m->tp_dst = UINT16_MAX;
	if (proto == IPPROTO_TCP)
		m->tcp_flags = BE16_C(0x0fff);
	if (v6 && proto == IPPROTO_ICMPV6 &&
	    (k->tp_src == BE16_C(135) || k->tp_src == BE16_C(136))) {
		all(&m->nd_target, sizeof m->nd_target);
		all(k->tp_src == BE16_C(135) ? &m->arp_sha : &m->arp_tha, sizeof m->arp_sha);
		if (k->igmp_group)
			m->igmp_group = UINT32_MAX;
		if (k->nd_options_type)
			m->nd_options_type = UINT8_MAX;
	}
}

void match_of_key(struct match *match)
{
	const struct flow_key *k = &match->key;
	struct flow_key *m = &match->mask;
	memset(m, 0, sizeof *m);
	if (k->packet_type == PT_ETH) {
		all(&m->dl_src, sizeof m->dl_src);
		all(&m->dl_dst, sizeof m->dl_dst);
		for (unsigned i = 0; i < KEY_MAX_VLANS; i++) {
			if (i == 0 || k->vlans[i].tci)
				m->vlans[i].tci = UINT16_MAX;
		}
	} else {
		m->packet_type = UINT32_MAX;
	}
	m->dl_type = UINT16_MAX;
	switch (be16_to_cpu(k->dl_type)) {
	case 0x0800:
		m->nw_src = m->nw_dst = UINT32_MAX;
		break;
	case 0x86dd:
		all(&m->ipv6_src, sizeof m->ipv6_src);
		all(&m->ipv6_dst, sizeof m->ipv6_dst);
		m->ipv6_label = BE32_C(0xfffff);
		break;
	case 0x0806:
	case 0x8035:
		m->nw_src = m->nw_dst = UINT32_MAX;
		m->nw_proto = UINT8_MAX;
		all(&m->arp_sha, sizeof m->arp_sha);
		all(&m->arp_tha, sizeof m->arp_tha);
		return;
	case 0x8847:
	case 0x8848:
		for (unsigned i = 0; i < KEY_MAX_MPLS; i++) {
			m->mpls_lse[i] = UINT32_MAX;
			if (k->mpls_lse[i] & BE32_C(0x100))
				break;
		}
		return;
	case 0x894f:
		all(&m->nsh, sizeof m->nsh);
		return;
	default:
		return;
	}
	m->nw_proto = m->nw_tos = m->nw_ttl = UINT8_MAX;
	m->nw_frag = FRAG_ANY | FRAG_LATER;
	mask_l4(k, m);
}
