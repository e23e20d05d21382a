/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to a flow key. The cursor [p, end) only ever shrinks, and every header is asked for by
 * its size before it is read: pull() is the one place where bounds are checked. A header that is
 * cut short or contradicts itself ends the parse, and what lies behind it stays zero in the key:
 * then a flow that matches on it cannot match garbage. Nothing here depends on more than the
 * packet, so two parsers (this one and the eBPF one) can be held against each other byte by byte.
 *
 * What is taken and what is not was held against OVS 3.1, packet by packet: it does not look at the
 * IP version, wants a TCP header whole with its options, gives a later IPv6 fragment the protocol
 * number of the fragment header, and takes either link address option of either neighbour message.
 */
#include <string.h>

#include "packet/packet.h"
#include "wire/net.h"

struct cursor {
	const uint8_t *p, *end;
};

static inline size_t left(const struct cursor *c) { return (size_t)(c->end - c->p); }

static inline const void *pull(struct cursor *c, size_t size)
{
	if (left(c) < size)
		return NULL;
	const void *h = c->p;
	c->p += size;
	return h;
}

static inline bool is_vlan(be16 type)
{
	return type == BE16_C(ETH_TYPE_VLAN) || type == BE16_C(ETH_TYPE_QINQ);
}

/* Behind the addresses: tags and the ethertype. */
static be16 parse_vlans_and_type(struct cursor *c, struct flow_key *key)
{
	const be16 *t = pull(c, 2);
	if (unlikely(!t))
		return DL_TYPE_NONE;
	be16 type;
	memcpy(&type, t, 2);
	for (unsigned i = 0; i < packet_vlan_limit && unlikely(is_vlan(type)); i++) {
		/* A tag needs the type behind it. */
		const struct vlan_hdr *v = pull(c, sizeof *v);
		if (!v)
			break;
		key->vlans[i].tpid = type;
		key->vlans[i].tci = v->tci | BE16_C(VLAN_CFI);
		type = v->next_type;
	}
	if (likely(be16_to_cpu(type) >= ETH_TYPE_MIN))
		return type;
	if (left(c) >= sizeof(struct llc_snap_hdr)) {
		const struct llc_snap_hdr *s = (const void *)c->p;
		static const uint8_t snap[6] = { 0xaa, 0xaa, 3, 0, 0, 0 };
		if (!memcmp(s, snap, 6)) {
			c->p += sizeof *s;
			if (be16_to_cpu(s->type) >= ETH_TYPE_MIN)
				return s->type;
		}
	}
	return DL_TYPE_NONE;
}

static void parse_nd(struct cursor *c, const struct icmp_hdr *icmp, struct flow_key *key)
{
	const struct in6_addr *target = pull(c, sizeof *target);
	if (!target)
		return;
	memcpy(&key->nd_target, target, sizeof *target);
	memcpy(&key->igmp_group, &icmp->rest, 4);
	while (left(c) >= 8) {
		const struct nd_opt_hdr *opt = (const void *)c->p;
		size_t size = opt->len8 * 8u;
		if (!size || size > left(c))
			return;
		struct eth_addr *to = opt->type == ND_OPT_SLL	? &key->arp_sha
				      : opt->type == ND_OPT_TLL ? &key->arp_tha
								: NULL;
		if (to && opt->len8 == 1) {
			static const struct eth_addr zero;
			if (memcmp(to, &zero, sizeof zero))
				goto invalid; /* given twice */
			memcpy(to, opt->addr, 6);
			key->nd_options_type = opt->type;
		}
		c->p += size;
	}
	return;
invalid:
	memset(&key->nd_target, 0, sizeof key->nd_target);
	memset(&key->arp_sha, 0, 6);
	memset(&key->arp_tha, 0, 6);
	key->igmp_group = 0;
	key->nd_options_type = 0;
}

static inline void parse_l4(struct cursor *c, bool ip6, struct flow_key *key)
{
	switch (key->nw_proto) {
	case IPPROTO_TCP: {
		const struct tcp_hdr *h = pull(c, sizeof *h);
		size_t hlen = h ? (be16_to_cpu(h->ofs_flags) >> 12) * 4u : 0;
		if (likely(hlen >= sizeof *h && hlen - sizeof *h <= left(c))) {
			key->tp_src = h->src;
			key->tp_dst = h->dst;
			key->tcp_flags = h->ofs_flags & BE16_C(0x0fff);
		}
		break;
	}
	case IPPROTO_UDP: {
		const struct udp_hdr *h = pull(c, sizeof *h);
		if (likely(h)) {
			key->tp_src = h->src;
			key->tp_dst = h->dst;
		}
		break;
	}
	case IPPROTO_SCTP: {
		const struct sctp_hdr *h = pull(c, sizeof *h);
		if (h) {
			key->tp_src = h->src;
			key->tp_dst = h->dst;
		}
		break;
	}
	case IPPROTO_ICMP:
	case IPPROTO_IGMP:
		if (!ip6) {
			const struct icmp_hdr *h = pull(c, sizeof *h);
			if (h) {
				key->tp_src = cpu_to_be16(h->type);
				key->tp_dst = cpu_to_be16(h->code);
				if (key->nw_proto == IPPROTO_IGMP)
					key->igmp_group = h->rest;
			}
		}
		break;
	case IPPROTO_ICMPV6:
		if (ip6) {
			const struct icmp_hdr *h = pull(c, sizeof *h);
			if (h) {
				key->tp_src = cpu_to_be16(h->type);
				key->tp_dst = cpu_to_be16(h->code);
				if ((h->type == ICMP6_NS || h->type == ICMP6_NA) && !h->code)
					parse_nd(c, h, key);
			}
		}
		break;
	default:
		break;
	}
}

static inline bool parse_ip4(struct packet *p, struct cursor *c, struct flow_key *key)
{
	size_t have = left(c);
	const struct ip4_hdr *h = pull(c, sizeof *h);
	if (unlikely(!h))
		return false;
	size_t hlen = (h->ver_ihl & 0xfu) * 4, total = be16_to_cpu(h->tot_len);
	if (unlikely(hlen < sizeof *h || hlen > have || total > have || hlen > total))
		return false;
	p->l2_pad_size = (uint16_t)(have - total);
	c->p = (const uint8_t *)h + hlen;
	c->end = (const uint8_t *)h + total;
	memcpy(&key->nw_src, &h->src, 8);
	key->nw_proto = h->proto;
	key->nw_tos = h->tos;
	key->nw_ttl = h->ttl;
	if (unlikely(h->frag_off & BE16_C(IP4_MF | IP4_OFF_MASK))) {
		key->nw_frag = FRAG_ANY;
		if (h->frag_off & BE16_C(IP4_OFF_MASK))
			key->nw_frag |= FRAG_LATER;
	}
	return true;
}

/* False: malformed. The cursor ends up behind the last extension header. */
static bool parse_ip6_ext(struct cursor *c, uint8_t *next, uint8_t *frag)
{
	for (unsigned n = 0; n < 16; n++) { /* a longer chain is an attack */
		switch (*next) {
		case IP6_EXT_HOP:
		case IP6_EXT_ROUTING:
		case IP6_EXT_DST:
		case IP6_EXT_AH: {
			if (left(c) < 8)
				return false;
			const uint8_t *h = c->p;
			size_t size = *next == IP6_EXT_AH ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
			if (!pull(c, size))
				return false;
			*next = h[0];
			break;
		}
		case IP6_EXT_FRAGMENT: {
			const struct ip6_frag_hdr *h = pull(c, sizeof *h);
			if (!h)
				return false;
			*next = h->next;
			if (h->ofs_more & BE16_C(0xfff9)) {
				*frag = FRAG_ANY;
				if (h->ofs_more & BE16_C(0xfff8)) {
					/* What follows is not a header; the protocol is this one.
					 */
					*next = IP6_EXT_FRAGMENT;
					*frag |= FRAG_LATER;
					return true;
				}
			}
			break;
		}
		default:
			return true;
		}
	}
	return false;
}

static inline bool parse_ip6(struct packet *p, struct cursor *c, struct flow_key *key)
{
	const struct ip6_hdr_wire *h = pull(c, sizeof *h);
	if (unlikely(!h))
		return false;
	uint32_t flow = be32_to_cpu(h->flow);
	size_t plen = be16_to_cpu(h->plen);
	if (unlikely(plen > left(c)))
		return false;
	/* A GSO packet from a guest may be a jumbo whose length field cannot say so. */
	if (unlikely(!plen && p->gso_type == PACKET_GSO_TCP6))
		plen = left(c);
	p->l2_pad_size = (uint16_t)(left(c) - plen);
	c->end = c->p + plen;
	uint8_t next = h->next, frag = 0;
	if (!parse_ip6_ext(c, &next, &frag))
		return false;
	memcpy(&key->ipv6_src, h->src, 16);
	memcpy(&key->ipv6_dst, h->dst, 16);
	key->ipv6_label = h->flow & BE32_C(0xfffff);
	key->nw_tos = (uint8_t)(flow >> 20);
	key->nw_ttl = h->hlim;
	key->nw_proto = next;
	key->nw_frag = frag;
	return true;
}

static void parse_arp(struct cursor *c, struct flow_key *key)
{
	const struct arp_hdr *h = pull(c, sizeof *h);
	if (!h || h->hrd != BE16_C(1) || h->pro != BE16_C(ETH_TYPE_IP) || h->hln != 6 ||
	    h->pln != 4)
		return;
	key->nw_src = h->spa;
	key->nw_dst = h->tpa;
	if (be16_to_cpu(h->op) <= 0xff)
		key->nw_proto = (uint8_t)be16_to_cpu(h->op);
	memcpy(&key->arp_sha, h->sha, 6);
	memcpy(&key->arp_tha, h->tha, 6);
}

static void parse_mpls(struct packet *p, struct cursor *c, struct flow_key *key)
{
	p->l2_5_ofs = (uint16_t)(c->p - p->data);
	for (unsigned i = 0;; i++) {
		const be32 *l = pull(c, MPLS_HLEN);
		if (!l)
			return;
		be32 lse;
		memcpy(&lse, l, 4);
		if (i < KEY_MAX_MPLS)
			key->mpls_lse[i] = lse;
		if (lse & BE32_C(MPLS_BOS))
			return;
	}
}

static void parse_nsh(struct cursor *c, struct flow_key *key)
{
	if (left(c) < NSH_BASE_HLEN)
		return;
	const struct nsh_hdr *h = (const void *)c->p;
	uint16_t bits = be16_to_cpu(h->ver_flags_ttl_len);
	size_t size = (bits & 0x3fu) * 4;
	if (bits >> 14 || size < NSH_BASE_HLEN || size > left(c))
		return; /* another version, or cut short */
	if (h->mdtype == 1 ? size != NSH_MD1_HLEN : h->mdtype != 2)
		return;
	key->nsh.flags = (uint8_t)(bits >> 12 & 3);
	key->nsh.ttl = (uint8_t)(bits >> 6 & 0x3f);
	key->nsh.mdtype = h->mdtype;
	key->nsh.np = h->np;
	memcpy(&key->nsh.path_hdr, &h->path, 4);
	if (h->mdtype == 1)
		memcpy(key->nsh.context, h->context, 16);
}

static inline uint16_t ofs_of(const struct packet *p, const uint8_t *at)
{
	size_t ofs = (size_t)(at - p->data);
	return ofs < PACKET_NO_OFS ? (uint16_t)ofs : PACKET_NO_OFS;
}

static void parse(struct packet *p, struct flow_key *key)
{
	struct cursor c = { p->data, p->data + p->size };
	be16 type;

	p->l2_5_ofs = p->l3_ofs = p->l4_ofs = PACKET_NO_OFS;
	p->l2_pad_size = 0;
	if (likely(p->packet_type == PT_ETH)) {
		const struct eth_hdr *eth = pull(&c, 12);
		if (unlikely(!eth))
			return;
		memcpy(&key->dl_dst, eth, 12);
		key->dl_type = type = parse_vlans_and_type(&c, key);
	} else if (p->packet_type >> 16 == 1) {
		key->dl_type = type = cpu_to_be16((uint16_t)p->packet_type);
	} else {
		return;
	}

	if (unlikely(type == BE16_C(ETH_TYPE_MPLS) || type == BE16_C(ETH_TYPE_MPLS_MCAST))) {
		parse_mpls(p, &c, key);
		p->l3_ofs = ofs_of(p, c.p);
		return;
	}
	p->l3_ofs = ofs_of(p, c.p);
	bool ip6 = type == BE16_C(ETH_TYPE_IPV6);
	if (likely(type == BE16_C(ETH_TYPE_IP))) {
		if (!parse_ip4(p, &c, key))
			return;
	} else if (ip6) {
		if (!parse_ip6(p, &c, key))
			return;
	} else {
		if (type == BE16_C(ETH_TYPE_ARP) || type == BE16_C(ETH_TYPE_RARP))
			parse_arp(&c, key);
		else if (type == BE16_C(ETH_TYPE_NSH))
			parse_nsh(&c, key);
		return;
	}
	if (unlikely(key->nw_frag & FRAG_LATER))
		return;
	p->l4_ofs = ofs_of(p, c.p);
	parse_l4(&c, ip6, key);
}

void key_extract(struct packet *p, struct flow_key *key)
{
	memset(key, 0, sizeof *key);
	if (unlikely(tunnel_key_is_set(&p->tunnel))) {
		key->tunnel = p->tunnel;
		memcpy(key->tun_opts, p->tun_opts, p->tunnel.opts_size);
	}
	key->dp_port = p->dp_port;
	key->recirc_id = p->recirc_id;
	key->dp_hash = p->dp_hash;
	key->skb_priority = p->skb_priority;
	key->pkt_mark = p->pkt_mark;
	key->packet_type = p->packet_type;
	key->ct_state = p->ct_state;
	key->ct_mark = p->ct_mark;
	key->ct_zone = p->ct_zone;
	memcpy(key->ct_label, p->ct_label, sizeof key->ct_label);
	parse(p, key);
}

void packet_parse_offsets(struct packet *p)
{
	struct flow_key key;
	memset(&key.dl_dst, 0, sizeof key - offsetof(struct flow_key, dl_dst));
	parse(p, &key);
}
