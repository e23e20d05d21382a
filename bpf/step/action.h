/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* action: what a flow does to a packet, in order; the last output moves the packet, those before it
 * copies. */
#pragma once
#include "../maps.h"
#include "parse.h"
#include "tunnel.h"

enum { TCP_CSUM = 16, UDP_CSUM = 6 };

static __always_inline bool set_eth(struct __sk_buff *skb, const struct weft_action *a)
{
	return (!(a->u8 & 1) || !bpf_skb_store_bytes(skb, 6, a->mac, 6, 0)) &&
	       (!(a->u8 & 2) || !bpf_skb_store_bytes(skb, 0, a->mac + 6, 6, 0));
}

/* Where the L4 checksum lies, 0: none. */
static __always_inline __u32 l4_csum(const struct cursor *c, __u8 proto)
{
	return proto == PROTO_TCP ? c->l4 + TCP_CSUM : proto == PROTO_UDP ? c->l4 + UDP_CSUM : 0;
}
static __always_inline __u64 l4_flags(__u8 proto)
{
	return proto == PROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
}

static __always_inline bool set_ipv4(struct __sk_buff *skb, const struct cursor *c, __u8 proto,
				     __u32 member, __be32 new)
{
	__be32 old;
	__u32 at = c->l3 + member, csum = l4_csum(c, proto);
	if (bpf_skb_load_bytes(skb, at, &old, 4))
		return false;
	if (csum &&
	    bpf_l4_csum_replace(skb, csum, old, new, BPF_F_PSEUDO_HDR | l4_flags(proto) | 4))
		return false;
	return !bpf_l3_csum_replace(skb, c->l3 + 10, old, new, 4) &&
	       !bpf_skb_store_bytes(skb, at, &new, 4, 0);
}

static __always_inline bool set_port(struct __sk_buff *skb, const struct cursor *c, __u8 proto,
				     __u32 member, __be16 new)
{
	__be16 old;
	__u32 at = c->l4 + member, csum = l4_csum(c, proto);
	if (!csum || bpf_skb_load_bytes(skb, at, &old, 2))
		return false;
	return !bpf_l4_csum_replace(skb, csum, old, new, l4_flags(proto) | 2) &&
	       !bpf_skb_store_bytes(skb, at, &new, 2, 0);
}

/* One byte of the IPv4 header that shares a 16-bit word with 'other'. */
static __always_inline bool set_ipv4_byte(struct __sk_buff *skb, const struct cursor *c, __u32 word,
					  bool low, __u8 value, __u8 mask)
{
	__be16 old, new;
	if (bpf_skb_load_bytes(skb, c->l3 + word, &old, 2))
		return false;
	__u16 h = bpf_ntohs(old);
	h = low ? (__u16)((h & ~mask) | (value & mask))
		: (__u16)((h & ~(mask << 8)) | ((value & mask) << 8));
	new = bpf_htons(h);
	return !bpf_l3_csum_replace(skb, c->l3 + 10, old, new, 2) &&
	       !bpf_skb_store_bytes(skb, c->l3 + word, &new, 2, 0);
}

static __always_inline bool set_tos(struct __sk_buff *skb, const struct cursor *c, __be16 type,
				    __u8 value, __u8 mask)
{
	if (type == ETH_P_IP_BE)
		return set_ipv4_byte(skb, c, 0, true, value, mask);
	__be32 vtf;
	if (bpf_skb_load_bytes(skb, c->l3, &vtf, 4))
		return false;
	vtf &= ~bpf_htonl((__u32)mask << 20);
	vtf |= bpf_htonl((__u32)(value & mask) << 20);
	return !bpf_skb_store_bytes(skb, c->l3, &vtf, 4, 0);
}

static __always_inline bool set_ttl(struct __sk_buff *skb, const struct cursor *c, __be16 type,
				    __u8 value)
{
	if (type == ETH_P_IP_BE)
		return set_ipv4_byte(skb, c, 8, false, value, 0xff);
	return !bpf_skb_store_bytes(skb, c->l3 + 7, &value, 1, 0);
}

/* A function of its own for the verifier's sake, like upcall(). The cursor is in the scratch. */
__noinline int act(struct __sk_buff *skb, struct weft_key *key, struct weft_flow *flow)
{
	struct weft_scratch *scratch = scratch_get();
	if (!key || !flow || !scratch)
		return TC_ACT_SHOT;
	struct cursor *c = &scratch->c;
	__u32 n = flow->n_actions;
	__u8 proto = key->nw_proto;
	for (__u32 i = 0; i < WEFT_MAX_ACTIONS; i++) {
		if (i >= n)
			break;
		const struct weft_action *a = &flow->actions[i];
		bool ok = true;
		switch (a->type) {
		case WEFT_A_OUTPUT: {
			__u64 flags = a->u8 == WEFT_OUT_HOST ? BPF_F_INGRESS : 0;
			if (i + 1 == n)
				return (int)bpf_redirect(a->u32, flags);
			if (bpf_clone_redirect(skb, a->u32, flags))
				count(WEFT_C_OUTPUT_FAILED, 1);
			break;
		}
		case WEFT_A_ENCAP: {
			__u32 slot = a->u32;
			struct weft_encap *e = bpf_map_lookup_elem(&weft_encaps, &slot);
			bool is_ip = key->dl_type == ETH_P_IP_BE || key->dl_type == ETH_P_IPV6_BE;
			if (e && tunnel_push(skb, c, is_ip, e, scratch->chunk))
				return (int)bpf_redirect(e->ifindex, 0);
			ok = false;
			break;
		}
		case WEFT_A_PUSH_VLAN:
			ok = !bpf_skb_vlan_push(skb, (__be16)a->u32, a->u16);
			if (c->accel_vlan) {
				c->inband_vlan = true;
				c->l3 += 4;
				c->l4 += c->l4 ? 4 : 0;
			}
			c->accel_vlan = true;
			break;
		case WEFT_A_POP_VLAN:
			ok = !bpf_skb_vlan_pop(skb);
			if (c->accel_vlan) {
				c->accel_vlan = false;
			} else {
				c->inband_vlan = false;
				c->l3 -= 4;
				c->l4 -= c->l4 ? 4 : 0;
			}
			break;
		case WEFT_A_SET_ETH:
			ok = set_eth(skb, a);
			break;
		case WEFT_A_SET_IP_SRC:
			ok = set_ipv4(skb, c, proto, 12, a->u32);
			break;
		case WEFT_A_SET_IP_DST:
			ok = set_ipv4(skb, c, proto, 16, a->u32);
			break;
		case WEFT_A_SET_TOS:
			ok = set_tos(skb, c, key->dl_type, a->u8, (__u8)a->u16);
			break;
		case WEFT_A_SET_TTL:
			ok = set_ttl(skb, c, key->dl_type, a->u8);
			break;
		case WEFT_A_SET_TP_SRC:
			ok = set_port(skb, c, proto, 0, a->u16);
			break;
		case WEFT_A_SET_TP_DST:
			ok = set_port(skb, c, proto, 2, a->u16);
			break;
		case WEFT_A_DROP:
			count(WEFT_C_DROP, 1);
			return TC_ACT_SHOT;
		default:
			return TC_ACT_SHOT;
		}
		if (!ok) {
			count(WEFT_C_OUTPUT_FAILED, 1);
			return TC_ACT_SHOT;
		}
	}
	if (!n)
		count(WEFT_C_DROP, 1);
	return TC_ACT_SHOT;
}
