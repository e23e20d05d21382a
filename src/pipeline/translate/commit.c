/* SPDX-License-Identifier: Apache-2.0 */
/* Turning field changes into fast-path actions: what 'flow' has and 'base' has not is written,
 * header by header, in the order in which the headers come into sight; then 'base' is 'flow'.
 *
 * A header's set action carries the members that differ, each with the bits that the translation
 * has looked at as its mask: those are the same for all packets of the flow, so writing them is
 * right for all of them, and other bits stay as each packet has them. */
#include "pipeline/translate/context.h"

/* One member: value and mask, or nothing if it is as it was. */
#define DIFF(x, val, mask, dst, member)                                                            \
	do {                                                                                       \
		if (memcmp(&(x)->flow.member, &(x)->base.member, sizeof(x)->flow.member)) {        \
			memcpy(&(val).dst, &(x)->flow.member, sizeof(val).dst);                    \
			memcpy(&(mask).dst, &(x)->wc->member, sizeof(mask).dst);                   \
			any = true;                                                                \
		}                                                                                  \
	} while (0)

static void put(struct xlate *x, enum dp_set_what what, void *value, void *mask, size_t size)
{
	/* Bits outside the mask are not part of the value. */
	for (size_t i = 0; i < size; i++)
		((uint8_t *)value)[i] &= ((uint8_t *)mask)[i];
	dp_actions_set(x->acts, what, value, mask, size);
}

static void commit_eth(struct xlate *x)
{
	struct dps_eth v = { 0 }, m = { 0 };
	bool any = false;
	if (x->flow.packet_type != PT_ETH)
		return;
	DIFF(x, v, m, src, dl_src);
	DIFF(x, v, m, dst, dl_dst);
	if (any)
		put(x, DPS_ETH, &v, &m, sizeof v);
}

static void commit_ipv4(struct xlate *x)
{
	struct dps_ipv4 v = { 0 }, m = { 0 };
	bool any = false;
	DIFF(x, v, m, src, nw_src);
	DIFF(x, v, m, dst, nw_dst);
	DIFF(x, v, m, tos, nw_tos);
	DIFF(x, v, m, ttl, nw_ttl);
	if (any)
		put(x, DPS_IPV4, &v, &m, sizeof v);
}

static void commit_ipv6(struct xlate *x)
{
	struct dps_ipv6 v = { 0 }, m = { 0 };
	bool any = false;
	DIFF(x, v, m, src, ipv6_src);
	DIFF(x, v, m, dst, ipv6_dst);
	DIFF(x, v, m, label, ipv6_label);
	DIFF(x, v, m, tclass, nw_tos);
	DIFF(x, v, m, hlimit, nw_ttl);
	if (any)
		put(x, DPS_IPV6, &v, &m, sizeof v);
}

static void commit_arp(struct xlate *x)
{
	struct dps_arp v = { 0 }, m = { 0 };
	bool any = false;
	DIFF(x, v, m, sip, nw_src);
	DIFF(x, v, m, tip, nw_dst);
	DIFF(x, v, m, sha, arp_sha);
	DIFF(x, v, m, tha, arp_tha);
	if (x->flow.nw_proto != x->base.nw_proto) {
		v.op = cpu_to_be16(x->flow.nw_proto);
		m.op = UINT16_MAX;
		any = true;
	}
	if (any) {
		put(x, DPS_ARP, &v, &m, sizeof v);
		x->out->slow |= DP_SLOW_ACTION; /* no kernel datapath has it; as in OVS */
	}
}

static void commit_nd(struct xlate *x)
{
	struct dps_nd v = { 0 }, m = { 0 };
	struct dps_nd_ext ve = { 0 }, me = { 0 };
	bool any = false;
	DIFF(x, v, m, target, nd_target);
	DIFF(x, v, m, sll, arp_sha);
	DIFF(x, v, m, tll, arp_tha);
	if (any) {
		put(x, DPS_ND, &v, &m, sizeof v);
		x->out->slow |= DP_SLOW_ACTION;
	}
	any = false;
	DIFF(x, ve, me, reserved, igmp_group);
	DIFF(x, ve, me, options_type, nd_options_type);
	if (any) {
		put(x, DPS_ND_EXT, &ve, &me, sizeof ve);
		x->out->slow |= DP_SLOW_ACTION;
	}
}

static void commit_ports(struct xlate *x)
{
	enum dp_set_what what;
	bool icmp = false;
	switch (x->flow.nw_proto) {
	case IPPROTO_TCP:
		what = DPS_TCP;
		break;
	case IPPROTO_UDP:
		what = DPS_UDP;
		break;
	case IPPROTO_SCTP:
		what = DPS_SCTP;
		break;
	case IPPROTO_ICMP:
		if (x->flow.dl_type != BE16_C(0x0800))
			return;
		what = DPS_ICMP;
		icmp = true;
		break;
	case IPPROTO_ICMPV6:
		if (x->flow.dl_type != BE16_C(0x86dd))
			return;
		what = DPS_ICMPV6;
		icmp = true;
		break;
	default:
		return;
	}
	if (x->flow.tp_src == x->base.tp_src && x->flow.tp_dst == x->base.tp_dst)
		return;
	struct dps_ports v = { 0 }, m = { 0 };
	bool any = false;
	if (icmp) { /* one field to the fast path: type and code together */
		x->wc->tp_src = x->wc->tp_dst = UINT16_MAX;
		v.src = x->flow.tp_src;
		v.dst = x->flow.tp_dst;
		m.src = m.dst = UINT16_MAX;
		any = true;
		x->out->slow |= DP_SLOW_ACTION;
	} else {
		DIFF(x, v, m, src, tp_src);
		DIFF(x, v, m, dst, tp_dst);
	}
	if (any)
		put(x, what, &v, &m, sizeof v);
}

static void commit_l3(struct xlate *x)
{
	if (x->flow.dl_type != x->base.dl_type)
		return; /* headers that came or went with MPLS: nothing is known of them */
	switch (x->flow.dl_type) {
	case BE16_C(0x0800):
		if (x->flow.nw_proto)
			commit_ipv4(x);
		break;
	case BE16_C(0x86dd):
		if (x->flow.nw_proto)
			commit_ipv6(x);
		commit_nd(x);
		break;
	case BE16_C(0x0806):
	case BE16_C(0x8035):
		commit_arp(x);
		return;
	default:
		return;
	}
	if (!(x->flow.nw_frag & FRAG_LATER))
		commit_ports(x);
}

static bool is_mpls(be16 dl_type) { return dl_type == BE16_C(0x8847) || dl_type == BE16_C(0x8848); }

static unsigned n_labels(const struct flow_key *k)
{
	unsigned n = 0;
	if (!is_mpls(k->dl_type))
		return 0;
	while (n < KEY_MAX_MPLS) {
		be32 lse = k->mpls_lse[n];
		if (!lse && n)
			break;
		n++;
		if (lse & BE32_C(0x100))
			break;
	}
	return n;
}

/* Labels that both have, counted from the bottom, stay; others are popped and pushed. */
static void commit_mpls(struct xlate *x)
{
	unsigned nb = n_labels(&x->base), nf = n_labels(&x->flow), same = 0;
	if (!nb && !nf)
		return;
	while (same < nb && same < nf &&
	       x->base.mpls_lse[nb - 1 - same] == x->flow.mpls_lse[nf - 1 - same])
		same++;
	/* The top label alone differs: rewrite it. */
	if (nb == nf && same == nb - 1) {
		struct dps_mpls v = { .lse = x->flow.mpls_lse[0] }, m = { .lse = UINT32_MAX };
		x->wc->mpls_lse[0] = UINT32_MAX;
		dp_actions_set(x->acts, DPS_MPLS, &v, &m, sizeof v);
		return;
	}
	for (unsigned i = nb; i > same; i--) {
		struct dpa_mpls *a = dp_actions_put(x->acts, DPA_POP_MPLS, sizeof *a);
		a->ethertype = i == 1 ? (nf ? BE16_C(0x8847) : x->flow.dl_type) : x->base.dl_type;
	}
	for (unsigned i = same; i < nf; i++) {
		struct dpa_mpls *a = dp_actions_put(x->acts, DPA_PUSH_MPLS, sizeof *a);
		a->ethertype = x->flow.dl_type;
		a->lse = x->flow.mpls_lse[nf - 1 - i];
	}
}

static unsigned n_tags(const struct flow_key *k)
{
	unsigned n = 0;
	while (n < KEY_MAX_VLANS && (k->vlans[n].tci & BE16_C(VLAN_CFI)))
		n++;
	return n;
}

static void commit_vlans(struct xlate *x)
{
	unsigned nb = n_tags(&x->base), nf = n_tags(&x->flow), same = 0;
	while (same < nb && same < nf &&
	       !memcmp(&x->base.vlans[nb - 1 - same], &x->flow.vlans[nf - 1 - same],
		       sizeof x->base.vlans[0]))
		same++;
	for (unsigned i = nb; i > same; i--) {
		x->wc->vlans[nb - i].tci = UINT16_MAX;
		dp_actions_put(x->acts, DPA_POP_VLAN, sizeof(struct dp_action));
	}
	for (unsigned i = same; i < nf; i++) {
		struct dpa_push_vlan *a = dp_actions_put(x->acts, DPA_PUSH_VLAN, sizeof *a);
		a->tpid = x->flow.vlans[nf - 1 - i].tpid;
		a->tci = x->flow.vlans[nf - 1 - i].tci;
	}
}

static void commit_nsh(struct xlate *x)
{
	if (x->flow.dl_type != BE16_C(0x894f) || x->base.dl_type != BE16_C(0x894f) ||
	    !memcmp(&x->flow.nsh, &x->base.nsh, sizeof x->flow.nsh))
		return;
	struct nsh_key v = x->flow.nsh, m;
	memset(&m, 0, sizeof m);
	bool any = false;
	struct nsh_key value = { 0 };
	DIFF(x, value, m, flags, nsh.flags);
	DIFF(x, value, m, ttl, nsh.ttl);
	DIFF(x, value, m, path_hdr, nsh.path_hdr);
	for (int i = 0; i < 4; i++)
		DIFF(x, value, m, context[i], nsh.context[i]);
	if (any) {
		value.mdtype = v.mdtype;
		value.np = v.np;
		m.mdtype = m.np = 0;
		dp_actions_set(x->acts, DPS_NSH, &value, &m, sizeof value);
	}
}

static void commit_u32(struct xlate *x, enum dp_set_what what, uint32_t flow, uint32_t base,
		       uint32_t *wc)
{
	if (flow == base)
		return;
	*wc = UINT32_MAX;
	struct dps_u32 v = { .value = flow }, m = { .value = UINT32_MAX };
	dp_actions_set(x->acts, what, &v, &m, sizeof v);
}

void xlate_commit(struct xlate *x)
{
	commit_nsh(x);
	commit_eth(x);
	commit_l3(x);
	commit_mpls(x);
	commit_vlans(x);
	commit_u32(x, DPS_PRIORITY, x->flow.skb_priority, x->base.skb_priority,
		   &x->wc->skb_priority);
	commit_u32(x, DPS_MARK, x->flow.pkt_mark, x->base.pkt_mark, &x->wc->pkt_mark);
	/* What is not the packet's is not compared next time either. */
	struct tunnel_key tunnel = x->base.tunnel;
	x->base = x->flow;
	x->base.tunnel = tunnel;
}
