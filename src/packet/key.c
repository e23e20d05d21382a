/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/key.h"

#include <string.h>

#include "base/hash.h"
#include "wire/net.h"

bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return !memcmp(a, b, sizeof *a);
}

bool key_equal_masked(const struct flow_key *a, const struct flow_key *b,
		      const struct flow_key *mask)
{
	const uint64_t *x = key_words(a), *y = key_words(b), *m = key_words(mask);
	uint64_t diff = 0;
	for (size_t i = 0; i < KEY_WORDS; i++)
		diff |= (x[i] ^ y[i]) & m[i];
	return !diff;
}

void key_mask(struct flow_key *key, const struct flow_key *mask)
{
	uint64_t *k = key_words_rw(key);
	const uint64_t *m = key_words(mask);
	for (size_t i = 0; i < KEY_WORDS; i++)
		k[i] &= m[i];
}

uint32_t key_hash(const struct flow_key *key, uint32_t seed)
{
	const uint64_t *k = key_words(key);
	uint32_t h = seed;
	for (size_t i = 0; i < KEY_WORDS; i++)
		if (k[i])
			h = hash_add64(h ^ (uint32_t)i, k[i]);
	return hash_finish(h, sizeof *key);
}

static uint32_t hash_in6(const struct in6_addr *a, uint32_t h)
{
	for (int i = 0; i < 4; i++)
		h = hash_add(h, a->s6_addr32[i]);
	return h;
}

uint32_t key_hash_l4(const struct flow_key *k, uint32_t seed, bool symmetric)
{
	uint32_t h = hash_add(seed, (uint32_t)k->dl_type << 16 | k->nw_proto);
	bool ports = !(k->nw_frag & FRAG_ANY) &&
		     (k->nw_proto == IPPROTO_TCP || k->nw_proto == IPPROTO_UDP ||
		      k->nw_proto == IPPROTO_SCTP);
	if (k->dl_type == BE16_C(ETH_TYPE_IP)) {
		if (symmetric)
			h = hash_add(h, k->nw_src ^ k->nw_dst);
		else
			h = hash_add(hash_add(h, k->nw_src), k->nw_dst);
	} else if (k->dl_type == BE16_C(ETH_TYPE_IPV6)) {
		if (symmetric) {
			for (int i = 0; i < 4; i++)
				h = hash_add(h,
					     k->ipv6_src.s6_addr32[i] ^ k->ipv6_dst.s6_addr32[i]);
		} else {
			h = hash_in6(&k->ipv6_dst, hash_in6(&k->ipv6_src, h));
		}
	} else {
		/* Nothing above Ethernet: its addresses spread what there is. */
		uint64_t a = 0, b = 0;
		memcpy(&a, &k->dl_src, 6);
		memcpy(&b, &k->dl_dst, 6);
		if (symmetric)
			return hash_finish(hash_add64(h, a ^ b), 16);
		return hash_finish(hash_add64(hash_add64(h, a), b), 16);
	}
	if (ports) {
		if (symmetric)
			h = hash_add(h, k->tp_src ^ k->tp_dst);
		else
			h = hash_add(h, (uint32_t)k->tp_src << 16 | k->tp_dst);
	}
	return hash_finish(h, 42);
}

#define CLEAR(m) memset(&(m), 0, sizeof(m))

void key_mask_normalize(const struct flow_key *key, struct flow_key *mask)
{
	/* A packet that begins at layer 3 says by its packet type what it is. */
	be16 type = key->packet_type >> 16 == 1 ? cpu_to_be16((uint16_t)key->packet_type)
						: key->dl_type;
	bool ip4 = type == BE16_C(ETH_TYPE_IP), ip6 = type == BE16_C(ETH_TYPE_IPV6);
	bool arp = type == BE16_C(ETH_TYPE_ARP) || type == BE16_C(ETH_TYPE_RARP);
	bool ip = ip4 || ip6, l4 = ip && !(key->nw_frag & FRAG_LATER);
	uint8_t proto = key->nw_proto;

	if (key->packet_type != PT_ETH) {
		CLEAR(mask->dl_src);
		CLEAR(mask->dl_dst);
		CLEAR(mask->vlans);
	}
	for (unsigned i = 0; i + 1 < KEY_MAX_VLANS; i++)
		if (!(key->vlans[i].tci & BE16_C(VLAN_CFI)))
			CLEAR(mask->vlans[i + 1]);
	if (type != BE16_C(ETH_TYPE_MPLS) && type != BE16_C(ETH_TYPE_MPLS_MCAST))
		CLEAR(mask->mpls_lse);
	if (type != BE16_C(ETH_TYPE_NSH))
		CLEAR(mask->nsh);
	if (!ip4 && !arp) {
		CLEAR(mask->nw_src);
		CLEAR(mask->nw_dst);
	}
	if (!ip6) {
		CLEAR(mask->ipv6_src);
		CLEAR(mask->ipv6_dst);
		CLEAR(mask->ipv6_label);
	}
	if (!ip) {
		mask->nw_frag = mask->nw_tos = mask->nw_ttl = 0;
		if (!arp)
			mask->nw_proto = 0;
	}
	bool nd = l4 && ip6 && proto == IPPROTO_ICMPV6 && key->tp_dst == 0 &&
		  (key->tp_src == BE16_C(ICMP6_NS) || key->tp_src == BE16_C(ICMP6_NA));
	if (!nd) {
		CLEAR(mask->nd_target);
		mask->nd_options_type = 0;
		if (!arp) {
			CLEAR(mask->arp_sha);
			CLEAR(mask->arp_tha);
		}
		if (!(l4 && ip4 && proto == IPPROTO_IGMP))
			mask->igmp_group = 0;
	}
	if (!(l4 && proto == IPPROTO_TCP))
		mask->tcp_flags = 0;
	if (!(l4 && (proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
		     (ip4 && (proto == IPPROTO_ICMP || proto == IPPROTO_IGMP)) ||
		     (ip6 && proto == IPPROTO_ICMPV6))))
		mask->tp_src = mask->tp_dst = 0;
	if (!tunnel_key_is_set(&key->tunnel)) {
		CLEAR(mask->tunnel);
		CLEAR(mask->tun_opts);
	}
}
