/* SPDX-License-Identifier: Apache-2.0 */
/* From a flow key to bytes. What a key cannot say (sequence numbers, ids, windows) is zero.
 * Fragments get the offset 800 bytes into the datagram for later ones; their IPv6 form has no
 * extension header, since a key does not say which. */
#include "packet/compose.h"

#include <string.h>

#include "packet/csum.h"
#include "wire/net.h"

static void *put_zero(struct packet *p, uint32_t n) { return memset(packet_put(p, n), 0, n); }

static void put_payload(struct packet *p, const void *bytes, uint32_t n)
{
	uint8_t *to = packet_put(p, n);
	if (bytes)
		memcpy(to, bytes, n);
	else
		for (uint32_t i = 0; i < n; i++)
			to[i] = (uint8_t)i;
}

/* The transport header. True: a payload makes sense behind it. */
static bool put_l4(struct packet *p, const struct flow_key *k, bool ip6)
{
	if (k->nw_frag & FRAG_LATER)
		return false;
	switch (k->nw_proto) {
	case IPPROTO_TCP: {
		struct tcp_hdr *h = put_zero(p, sizeof *h);
		h->src = k->tp_src;
		h->dst = k->tp_dst;
		h->ofs_flags = BE16_C(5 << 12) | (k->tcp_flags & BE16_C(0x0fff));
		return !(k->tcp_flags & BE16_C(TCP_SYN | TCP_FIN | TCP_RST));
	}
	case IPPROTO_UDP: {
		struct udp_hdr *h = put_zero(p, sizeof *h);
		h->src = k->tp_src;
		h->dst = k->tp_dst;
		return true;
	}
	case IPPROTO_SCTP: {
		struct sctp_hdr *h = put_zero(p, sizeof *h);
		h->src = k->tp_src;
		h->dst = k->tp_dst;
		return false;
	}
	case IPPROTO_ICMP:
	case IPPROTO_IGMP: {
		if (ip6)
			return false;
		struct icmp_hdr *h = put_zero(p, sizeof *h);
		h->type = (uint8_t)be16_to_cpu(k->tp_src);
		h->code = (uint8_t)be16_to_cpu(k->tp_dst);
		if (k->nw_proto == IPPROTO_IGMP)
			h->rest = k->igmp_group;
		return k->nw_proto == IPPROTO_ICMP && (h->type == 8 || h->type == 0);
	}
	case IPPROTO_ICMPV6: {
		if (!ip6)
			return false;
		struct icmp_hdr *h = put_zero(p, sizeof *h);
		uint8_t type = h->type = (uint8_t)be16_to_cpu(k->tp_src);
		h->code = (uint8_t)be16_to_cpu(k->tp_dst);
		if ((type == ICMP6_NS || type == ICMP6_NA) && !h->code) {
			static const struct eth_addr none;
			h->rest = k->igmp_group;
			memcpy(packet_put(p, 16), &k->nd_target, 16);
			const struct eth_addr *a = type == ICMP6_NS ? &k->arp_sha : &k->arp_tha;
			if (memcmp(a, &none, sizeof none)) {
				struct nd_opt_hdr *opt = put_zero(p, sizeof *opt);
				opt->type = type == ICMP6_NS ? ND_OPT_SLL : ND_OPT_TLL;
				opt->len8 = 1;
				memcpy(opt->addr, a, 6);
			}
			return false;
		}
		return type == 128 || type == 129;
	}
	default:
		return false;
	}
}

/* Lengths and checksums of everything from l3 on. */
static void finish(struct packet *p, const struct flow_key *k)
{
	if (p->l3_ofs == PACKET_NO_OFS)
		return;
	uint8_t *l3 = p->data + p->l3_ofs;
	uint32_t sum, size = p->size - p->l3_ofs, l4_size;
	bool ip6 = k->dl_type == BE16_C(ETH_TYPE_IPV6);
	if (k->dl_type == BE16_C(ETH_TYPE_IP)) {
		struct ip4_hdr *h = (void *)l3;
		if (size < sizeof *h)
			return;
		h->tot_len = cpu_to_be16((uint16_t)size);
		h->csum = 0;
		h->csum = csum(h, sizeof *h);
		l4_size = size - IP4_HLEN;
		sum = csum_pseudo4(h->src, h->dst, h->proto, l4_size);
	} else if (ip6) {
		struct ip6_hdr_wire *h = (void *)l3;
		if (size < sizeof *h)
			return;
		l4_size = size - IP6_HLEN;
		h->plen = cpu_to_be16((uint16_t)l4_size);
		sum = csum_pseudo6(h->src, h->dst, k->nw_proto, l4_size);
	} else {
		return;
	}
	if (k->nw_frag & FRAG_LATER)
		return;
	void *l4 = p->data + p->size - l4_size;
	switch (k->nw_proto) {
	case IPPROTO_TCP: {
		struct tcp_hdr *h = l4;
		if (l4_size < sizeof *h)
			return;
		h->csum = 0;
		h->csum = csum_fold(csum_add(sum, h, l4_size));
		break;
	}
	case IPPROTO_UDP: {
		struct udp_hdr *h = l4;
		if (l4_size < sizeof *h)
			return;
		h->len = cpu_to_be16((uint16_t)l4_size);
		h->csum = 0;
		h->csum = csum_fold(csum_add(sum, h, l4_size));
		if (!h->csum)
			h->csum = 0xffff;
		break;
	}
	case IPPROTO_ICMP:
	case IPPROTO_IGMP:
	case IPPROTO_ICMPV6: {
		struct icmp_hdr *h = l4;
		if (l4_size < sizeof *h || ip6 != (k->nw_proto == IPPROTO_ICMPV6))
			return;
		h->csum = 0;
		h->csum = csum_fold(csum_add(ip6 ? sum : 0, h, l4_size));
		break;
	}
	default:
		break;
	}
}

static void put_ethernet(struct packet *p, const struct flow_key *k)
{
	memcpy(packet_put(p, 12), &k->dl_dst, 12);
	for (unsigned i = 0; i < KEY_MAX_VLANS && k->vlans[i].tci & BE16_C(VLAN_CFI); i++) {
		be16 tag[2] = { k->vlans[i].tpid ? k->vlans[i].tpid : BE16_C(ETH_TYPE_VLAN),
				k->vlans[i].tci & ~BE16_C(VLAN_CFI) };
		memcpy(packet_put(p, 4), tag, 4);
	}
	memcpy(packet_put(p, 2), &k->dl_type, 2);
}

struct packet *packet_compose(const struct flow_key *k, const void *payload, uint32_t payload_size)
{
	struct packet *p = packet_new(512);
	bool may_carry = false;

	p->dp_port = k->dp_port;
	p->recirc_id = k->recirc_id;
	p->dp_hash = k->dp_hash;
	p->skb_priority = k->skb_priority;
	p->pkt_mark = k->pkt_mark;
	p->packet_type = k->packet_type;
	p->ct_state = k->ct_state;
	p->ct_mark = k->ct_mark;
	p->ct_zone = k->ct_zone;
	memcpy(p->ct_label, k->ct_label, sizeof p->ct_label);
	p->tunnel = k->tunnel;
	memcpy(p->tun_opts, k->tun_opts, k->tunnel.opts_size);

	bool ethernet = k->packet_type == PT_ETH;
	if (ethernet)
		put_ethernet(p, k);
	if (ethernet && k->dl_type == DL_TYPE_NONE) {
		/* 802.3: the type is a length */
		put_be16(p->data + p->size - 2, (uint16_t)p->size);
		if (payload_size && payload_size != COMPOSE_DEFAULT_PAYLOAD)
			put_payload(p, payload, payload_size);
		return p;
	}
	p->l3_ofs = (uint16_t)p->size;
	if (k->dl_type == BE16_C(ETH_TYPE_IP)) {
		struct ip4_hdr *h = put_zero(p, sizeof *h);
		h->ver_ihl = 0x45;
		h->tos = k->nw_tos;
		h->ttl = k->nw_ttl;
		h->proto = k->nw_proto;
		h->src = k->nw_src;
		h->dst = k->nw_dst;
		if (k->nw_frag & FRAG_ANY) {
			h->frag_off |= BE16_C(IP4_MF);
			if (k->nw_frag & FRAG_LATER)
				h->frag_off |= BE16_C(100);
		}
		may_carry = put_l4(p, k, false);
	} else if (k->dl_type == BE16_C(ETH_TYPE_IPV6)) {
		struct ip6_hdr_wire *h = put_zero(p, sizeof *h);
		h->flow = BE32_C(6u << 28) | cpu_to_be32((uint32_t)k->nw_tos << 20) | k->ipv6_label;
		h->next = k->nw_proto;
		h->hlim = k->nw_ttl;
		memcpy(h->src, &k->ipv6_src, 16);
		memcpy(h->dst, &k->ipv6_dst, 16);
		may_carry = put_l4(p, k, true);
	} else if (k->dl_type == BE16_C(ETH_TYPE_ARP) || k->dl_type == BE16_C(ETH_TYPE_RARP)) {
		struct arp_hdr *h = put_zero(p, sizeof *h);
		h->hrd = BE16_C(1);
		h->pro = BE16_C(ETH_TYPE_IP);
		h->hln = 6;
		h->pln = 4;
		h->op = cpu_to_be16(k->nw_proto);
		if (k->nw_proto == 1 || k->nw_proto == 2) {
			h->spa = k->nw_src;
			h->tpa = k->nw_dst;
			memcpy(h->sha, &k->arp_sha, 6);
			memcpy(h->tha, &k->arp_tha, 6);
		}
	} else if (k->dl_type == BE16_C(ETH_TYPE_MPLS) ||
		   k->dl_type == BE16_C(ETH_TYPE_MPLS_MCAST)) {
		p->l2_5_ofs = p->l3_ofs;
		for (unsigned i = 0; i < KEY_MAX_MPLS; i++) {
			memcpy(packet_put(p, 4), &k->mpls_lse[i], 4);
			if (k->mpls_lse[i] & BE32_C(MPLS_BOS))
				break;
		}
		p->l3_ofs = (uint16_t)p->size;
	} else if (k->dl_type == BE16_C(ETH_TYPE_NSH)) {
		unsigned size = k->nsh.mdtype == 1 ? NSH_MD1_HLEN : NSH_BASE_HLEN;
		struct nsh_hdr *h = put_zero(p, size);
		h->ver_flags_ttl_len =
			cpu_to_be16((uint16_t)((k->nsh.flags & 3u) << 12 |
					       (k->nsh.ttl & 0x3fu) << 6 | size / 4));
		h->mdtype = k->nsh.mdtype;
		h->np = k->nsh.np;
		h->path = k->nsh.path_hdr;
		if (k->nsh.mdtype == 1)
			memcpy(h->context, k->nsh.context, 16);
	}
	if (payload_size == COMPOSE_DEFAULT_PAYLOAD)
		payload_size = payload ? 0 : may_carry ? 64 : 0;
	put_payload(p, payload, payload_size);
	finish(p, k);
	packet_parse_offsets(p);
	return p;
}

void packet_compose_resize(struct packet *p, const struct flow_key *k, uint32_t size)
{
	if (size > p->size)
		put_zero(p, size - p->size);
	else
		p->size = size;
	if (k->packet_type == PT_ETH && k->dl_type == DL_TYPE_NONE && p->size >= ETH_HLEN)
		put_be16(p->data + ETH_HLEN - 2, (uint16_t)p->size);
	if (p->l3_ofs == PACKET_NO_OFS || p->l3_ofs >= p->size)
		return;
	finish(p, k);
	packet_parse_offsets(p);
}
