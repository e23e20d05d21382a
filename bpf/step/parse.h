/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* parse: headers -> key. Only packets that it understands whole: Ethernet with at most one tag,
 * ARP, IPv4 without options, IPv6 without extension headers, no fragments. For all else it says so
 * and user space parses. What it does parse it must parse as key_extract() does
 * (src/packet/extract.c). */
#pragma once
#include "../maps.h"

struct eth_hdr {
	__u8 dst[6], src[6];
	__be16 type;
};
struct vlan_hdr {
	__be16 tci, type;
};
struct ipv4_hdr {
	__u8 vihl, tos;
	__be16 len, id, frag;
	__u8 ttl, proto;
	__be16 csum;
	__be32 src, dst;
};
struct ipv6_hdr {
	__be32 vtf;
	__be16 len;
	__u8 proto, hlim;
	__be32 src[4], dst[4];
};
struct arp_hdr {
	__be16 hrd, pro;
	__u8 hln, pln;
	__be16 op;
	__u8 sha[6];
	__u8 spa[4];
	__u8 tha[6];
	__u8 tpa[4];
};
struct tcp_hdr {
	__be16 src, dst;
	__be32 seq, ack;
	__be16 flags;
	__be16 window, csum, urg;
};
struct udp_hdr {
	__be16 src, dst, len, csum;
};

enum {
	PROTO_ICMP = 1,
	PROTO_IGMP = 2,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_GRE = 47,
	PROTO_ICMPV6 = 58,
	PROTO_SCTP = 132
};

/* Most that a parsed header chain takes: pulled into the linear part once. */
enum { PARSE_MAX_L2 = 14 + 40 + 8 + 8 + 4 * 64, PARSE_MAX_BYTES = 14 + 4 + 40 + 20 };

/* A header at 'ofs', or NULL if the packet ends before. The bound keeps the verifier content. */
static __always_inline void *header(struct __sk_buff *skb, __u32 ofs, __u32 size)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	if (ofs > 512)
		return NULL;
	void *p = data + ofs;
	return p + size > end ? NULL : p;
}

static __always_inline bool parse_l4(struct __sk_buff *skb, struct weft_key *key, __u32 l4,
				     __u32 l4_size)
{
	switch (key->nw_proto) {
	case PROTO_TCP: {
		struct tcp_hdr *tcp = header(skb, l4, sizeof *tcp);
		if (!tcp || l4_size < sizeof *tcp)
			return false;
		key->tp_src = tcp->src;
		key->tp_dst = tcp->dst;
		key->tcp_flags = tcp->flags & bpf_htons(0x0fff);
		return true;
	}
	case PROTO_UDP: {
		struct udp_hdr *udp = header(skb, l4, sizeof *udp);
		if (!udp || l4_size < sizeof *udp)
			return false;
		key->tp_src = udp->src;
		key->tp_dst = udp->dst;
		return true;
	}
	case PROTO_ICMP:
	case PROTO_ICMPV6: {
		__u8 *icmp = header(skb, l4, 8);
		if (!icmp || l4_size < 8)
			return false;
		/* The other protocol's number inside this version of IP is no ICMP. */
		if ((key->nw_proto == PROTO_ICMP) != (key->dl_type == ETH_P_IP_BE))
			return false;
		key->tp_src = bpf_htons(icmp[0]);
		key->tp_dst = bpf_htons(icmp[1]);
		return true;
	}
	default:
		return false;
	}
}

/* False: leave it to user space. */
static __always_inline bool parse(struct __sk_buff *skb, struct cursor *c, struct weft_key *key)
{
	struct eth_hdr *eth = header(skb, c->l2, sizeof *eth);
	if (!eth)
		return false;
	__builtin_memcpy(key->dl_dst, eth->dst, 6);
	__builtin_memcpy(key->dl_src, eth->src, 6);
	__be16 type = eth->type;
	__u32 ofs = c->l2 + sizeof *eth;
	if (c->l2 == 0 && skb->vlan_present) {
		c->accel_vlan = true;
		key->vlan_tpid = (__u16)skb->vlan_proto;
		key->vlan_tci = bpf_htons((__u16)skb->vlan_tci | 0x1000);
	} else if (type == ETH_P_8021Q_BE || type == ETH_P_8021AD_BE) {
		struct vlan_hdr *v = header(skb, ofs, sizeof *v);
		if (!v)
			return false;
		c->inband_vlan = true;
		key->vlan_tpid = type;
		key->vlan_tci = v->tci | bpf_htons(0x1000);
		type = v->type;
		ofs += sizeof *v;
	}
	if (type == ETH_P_8021Q_BE || type == ETH_P_8021AD_BE || bpf_ntohs(type) < 0x600)
		return false;
	key->dl_type = type;
	c->l3 = ofs;

	if (type == ETH_P_IP_BE) {
		struct ipv4_hdr *ip = header(skb, ofs, sizeof *ip);
		if (!ip || ip->vihl != 0x45 || (ip->frag & bpf_htons(0x3fff)))
			return false;
		__u32 len = bpf_ntohs(ip->len);
		if (len < sizeof *ip || (ofs + len > skb->len && !skb->gso_size))
			return false;
		key->nw_src[3] = ip->src;
		key->nw_dst[3] = ip->dst;
		key->nw_proto = ip->proto;
		key->nw_tos = ip->tos;
		key->nw_ttl = ip->ttl;
		c->l4 = ofs + sizeof *ip;
		return parse_l4(skb, key, c->l4, len - sizeof *ip);
	}
	if (type == ETH_P_IPV6_BE) {
		struct ipv6_hdr *ip = header(skb, ofs, sizeof *ip);
		if (!ip || (bpf_ntohl(ip->vtf) >> 28) != 6)
			return false;
		__u32 len = bpf_ntohs(ip->len);
		if (ofs + sizeof *ip + len > skb->len && !skb->gso_size)
			return false;
		__builtin_memcpy(key->nw_src, ip->src, 16);
		__builtin_memcpy(key->nw_dst, ip->dst, 16);
		key->nw_proto = ip->proto;
		key->nw_tos = (__u8)(bpf_ntohl(ip->vtf) >> 20);
		key->nw_ttl = ip->hlim;
		c->l4 = ofs + sizeof *ip;
		return parse_l4(skb, key, c->l4, skb->gso_size ? 65535 : len);
	}
	if (type == ETH_P_ARP_BE) {
		struct arp_hdr *arp = header(skb, ofs, sizeof *arp);
		if (!arp || arp->hrd != bpf_htons(1) || arp->pro != ETH_P_IP_BE || arp->hln != 6 ||
		    arp->pln != 4)
			return false;
		__builtin_memcpy(&key->nw_src[3], arp->spa, 4);
		__builtin_memcpy(&key->nw_dst[3], arp->tpa, 4);
		__u16 op = bpf_ntohs(arp->op);
		key->nw_proto = op < 256 ? (__u8)op : 0;
	}
	/* Labels and service headers are fields of the key in user space. */
	return type != bpf_htons(0x8847) && type != bpf_htons(0x8848) &&
	       type != bpf_htons(0x894f) && type != bpf_htons(0x8035);
}
