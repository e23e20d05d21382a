/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* tunnel: outer headers on and off, without cutting super-packets. RFC 7348 (VXLAN), RFC 8926
 * (Geneve), RFC 2784 and 2890 (GRE). */
#pragma once
#include "../maps.h"
#include "parse.h"

/* Linux 6.3: the inner packet's protocol becomes the packet's. Older kernels refuse the flag, and
 * then think of an IPv6 packet as IPv4 until the next device looks at its Ethernet type. */
#ifndef BPF_F_ADJ_ROOM_DECAP_L3_IPV4
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV4 (1ULL << 7)
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)
#endif

struct gre_hdr {
	__be16 flags, proto;
};
enum { GRE_CSUM = 0x8000, GRE_KEY = 0x2000, GRE_SEQ = 0x1000 };

static __always_inline bool address_is_ours(const __u32 a[4])
{
	struct weft_address address;
	__builtin_memcpy(address.a, a, 16);
	return bpf_map_lookup_elem(&weft_addresses, &address) != NULL;
}

/* Is this packet of the underlay for a tunnel of ours? Then the key's tunnel part and c->l2, the
 * inner Ethernet header, are set. False: it is the host's business, or user space's sockets'. */
static __always_inline bool tunnel_parse(struct __sk_buff *skb, struct cursor *c,
					 struct weft_key *key)
{
	struct eth_hdr *eth = header(skb, 0, sizeof *eth);
	if (!eth || skb->vlan_present || skb->pkt_type != 0 /* PACKET_HOST */)
		return false;
	__u32 l4;
	__u8 proto;
	key->flags = WEFT_K_TUNNEL;
	if (eth->type == ETH_P_IP_BE) {
		struct ipv4_hdr *ip = header(skb, sizeof *eth, sizeof *ip);
		if (!ip || ip->vihl != 0x45 || (ip->frag & bpf_htons(0x3fff)))
			return false;
		proto = ip->proto;
		if (proto != PROTO_UDP && proto != PROTO_GRE)
			return false;
		key->tun_src[3] = ip->src;
		key->tun_dst[3] = ip->dst;
		key->tun_tos = ip->tos;
		key->tun_ttl = ip->ttl;
		if (ip->frag & bpf_htons(0x4000))
			key->flags |= WEFT_K_TUN_DF;
		l4 = sizeof *eth + sizeof *ip;
	} else if (eth->type == ETH_P_IPV6_BE) {
		struct ipv6_hdr *ip = header(skb, sizeof *eth, sizeof *ip);
		if (!ip)
			return false;
		proto = ip->proto;
		if (proto != PROTO_UDP && proto != PROTO_GRE)
			return false;
		__builtin_memcpy(key->tun_src, ip->src, 16);
		__builtin_memcpy(key->tun_dst, ip->dst, 16);
		key->tun_tos = (__u8)(bpf_ntohl(ip->vtf) >> 20);
		key->tun_ttl = ip->hlim;
		key->flags |= WEFT_K_TUN_V6;
		l4 = sizeof *eth + sizeof *ip;
	} else {
		return false;
	}

	struct weft_tunnel_id id = { .proto = proto };
	if (proto == PROTO_UDP) {
		struct udp_hdr *udp = header(skb, l4, sizeof *udp);
		if (!udp)
			return false;
		id.port = udp->dst;
		if (udp->csum)
			key->flags |= WEFT_K_TUN_CSUM;
		l4 += sizeof *udp;
	}
	struct weft_tunnel *tunnel = bpf_map_lookup_elem(&weft_tunnels, &id);
	if (!tunnel || !address_is_ours(key->tun_dst))
		return false;
	key->in_port = tunnel->dp_port;

	if (tunnel->type == WEFT_TUNNEL_VXLAN) {
		__be32 *vxlan = header(skb, l4, 8);
		/* Reserved bits and extensions: user space looks at them. */
		if (!vxlan || vxlan[0] != bpf_htonl(0x08000000) || (bpf_ntohl(vxlan[1]) & 0xff))
			return false;
		key->tun_id = bpf_ntohl(vxlan[1]) >> 8;
		key->flags |= WEFT_K_TUN_KEY;
		c->l2 = l4 + 8;
	} else if (tunnel->type == WEFT_TUNNEL_GENEVE) {
		__be32 *geneve = header(skb, l4, 8);
		/* Version 0, no options, not critical, Ethernet inside. */
		if (!geneve || geneve[0] != bpf_htonl(0x6558) || (bpf_ntohl(geneve[1]) & 0xff))
			return false;
		key->tun_id = bpf_ntohl(geneve[1]) >> 8;
		key->flags |= WEFT_K_TUN_KEY;
		c->l2 = l4 + 8;
	} else if (tunnel->type == WEFT_TUNNEL_GRE) {
		struct gre_hdr *gre = header(skb, l4, sizeof *gre);
		if (!gre || gre->proto != ETH_P_TEB_BE || (gre->flags & ~bpf_htons(GRE_KEY)))
			return false;
		l4 += sizeof *gre;
		if (gre->flags) {
			__be32 *id = header(skb, l4, 4);
			if (!id)
				return false;
			key->tun_id = bpf_ntohl(*id);
			key->flags |= WEFT_K_TUN_KEY;
			l4 += 4;
		}
		c->l2 = l4;
	} else {
		return false;
	}
	return true;
}

/* Takes the outer headers off: the inner Ethernet header becomes the first. */
static __always_inline bool tunnel_pop(struct __sk_buff *skb, struct cursor *c,
				       const struct weft_key *key)
{
	__u32 cut = c->l2 & 511;
	struct eth_hdr inner;
	if (bpf_skb_load_bytes(skb, cut, &inner, sizeof inner))
		return false;
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO, decap = 0;
	if (!c->inband_vlan && key->dl_type == ETH_P_IP_BE)
		decap = BPF_F_ADJ_ROOM_DECAP_L3_IPV4;
	else if (!c->inband_vlan && key->dl_type == ETH_P_IPV6_BE)
		decap = BPF_F_ADJ_ROOM_DECAP_L3_IPV6;
	long r = bpf_skb_adjust_room(skb, -(__s32)cut, BPF_ADJ_ROOM_MAC, flags | decap);
	if (r == -22 /* EINVAL */)
		r = bpf_skb_adjust_room(skb, -(__s32)cut, BPF_ADJ_ROOM_MAC, flags);
	if (r || bpf_skb_store_bytes(skb, 0, &inner, sizeof inner, 0))
		return false;
	c->l2 = 0;
	c->l3 -= cut;
	if (c->l4)
		c->l4 -= cut;
	return true;
}

/* Would the packet, with outer headers, fit the path? Super-packets: each of their segments. */
static __always_inline bool encap_fits(struct __sk_buff *skb, const struct cursor *c,
				       const struct weft_key *key, const struct weft_encap *e)
{
	__u32 inner = skb->len - c->l2 + (c->accel_vlan ? 4 : 0);
	if (skb->gso_size) {
		__u32 headers = c->l4 - c->l2 + 8;
		if (key->nw_proto == PROTO_TCP) {
			struct tcp_hdr *tcp = header(skb, c->l4, sizeof *tcp);
			if (!tcp)
				return false;
			headers = c->l4 - c->l2 + ((bpf_ntohs(tcp->flags) >> 12) * 4);
		}
		inner = headers + skb->gso_size;
	}
	return inner + e->size - 14 <= e->mtu;
}

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

/* Puts outer headers on. 'scratch' holds them while they are made. */
static __always_inline bool tunnel_push(struct __sk_buff *skb, struct cursor *c, bool is_ip,
					const struct weft_encap *e, __u8 *scratch)
{
	__u32 size = e->size;
	if (size < 14 + 20 + 4 || size > WEFT_ENCAP_BYTES)
		return false;
	__u32 hash = bpf_get_hash_recalc(skb);
	if (is_ip && !c->accel_vlan && !c->inband_vlan) {
		struct eth_hdr inner;
		if (bpf_skb_load_bytes(skb, 0, &inner, sizeof inner))
			return false;
		__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L2(14) |
			      BPF_F_ADJ_ROOM_ENCAP_L2_ETH;
		flags |= e->l3_size == 40 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6
					  : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4;
		flags |= e->proto == PROTO_UDP ? BPF_F_ADJ_ROOM_ENCAP_L4_UDP
					       : BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
		/* The kernel takes the inner Ethernet header for the last 14 bytes of the room. */
		if (bpf_skb_adjust_room(skb, (__s32)size, BPF_ADJ_ROOM_MAC, flags) ||
		    bpf_skb_store_bytes(skb, size, &inner, sizeof inner, 0))
			return false;
	} else {
		/* Not IP: no segments to make, so room in front is enough. */
		if (skb->gso_size)
			return false;
		if (c->accel_vlan &&
		    (bpf_skb_vlan_push(skb, ETH_P_8021Q_BE, 1) || bpf_skb_vlan_pop(skb)))
			return false;
		if (bpf_skb_change_head(skb, size, 0))
			return false;
	}

	__builtin_memcpy(scratch, e->header, WEFT_ENCAP_BYTES);
	__u32 ip_len = skb->len - 14;
	if (ip_len > 65535)
		ip_len = 65535;
	__u32 l4 = 14 + 20;
	if (e->l3_size == 40) {
		struct ipv6_hdr *ip = (void *)(scratch + 14);
		ip->len = bpf_htons((__u16)(ip_len - 40));
		l4 = 14 + 40;
	} else {
		struct ipv4_hdr *ip = (void *)(scratch + 14);
		ip->len = bpf_htons((__u16)ip_len);
		if (!(ip->frag & bpf_htons(0x4000))) /* may be cut on its way */
			ip->id = (__be16)bpf_get_prandom_u32();
		ip->csum = 0;
		__u64 sum = 0;
		__u16 *w = (__u16 *)ip;
#pragma unroll
		for (int i = 0; i < 10; i++)
			sum += w[i];
		ip->csum = fold(sum);
	}
	if (e->proto == PROTO_UDP) {
		struct udp_hdr *udp = (void *)(scratch + l4);
		hash ^= hash << 16;
		udp->src = bpf_htons((__u16)((((__u64)hash * (60999 - 32768)) >> 32) + 32768));
		udp->len = bpf_htons((__u16)(ip_len - (l4 - 14)));
	}
	return bpf_skb_store_bytes(skb, 0, scratch, size, 0) == 0;
}
