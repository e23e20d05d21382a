/* SPDX-License-Identifier: Apache-2.0 */
/* NORMAL: an IEEE 802.1Q bridge with learning (ovs-actions(7), "The OVS Normal Pipeline").
 *
 * in:  is the frame accepted on this bundle, and in which VLAN?   input_vlan(), admit()
 *      learn where its source is
 * out: the bundle where the destination was seen, or all that carry the VLAN: each with the tags
 * that its mode wants */
#include "base/mem.h"
#include "feature/loopguard/loopguard.h"
#include "pipeline/guard.h"
#include "pipeline/translate/context.h"

static bool bit(const uint64_t *map, uint16_t i) { return map[i / 64] >> (i % 64) & 1; }

bool bundle_carries_vlan(const struct bundle *b, uint16_t vlan, uint16_t inner)
{
	switch (b->vlan_mode) {
	case VLAN_ACCESS:
		return vlan == (b->vlan < 0 ? 0 : b->vlan) && !inner;
	case VLAN_DOT1Q_TUNNEL:
		return vlan == b->vlan && (!b->cvlans || bit(b->cvlans, inner));
	case VLAN_NATIVE_UNTAGGED:
	case VLAN_NATIVE_TAGGED:
		if (vlan == b->vlan)
			return true;
		if (!vlan)
			return false; /* untagged frames are of the native VLAN */
				      /* fall through */
	case VLAN_TRUNK:
		return !b->trunks || bit(b->trunks, vlan);
	}
	return false;
}

bool xlate_input_vlan(const struct xlate *x, const struct bundle *in, uint16_t *ret)
{
	const struct vlan_key *v = &x->flow.vlans[0];
	uint16_t vid = be16_to_cpu(v->tci) & VLAN_VID_MASK;
	uint16_t own = in->vlan < 0 ? 0 : (uint16_t)in->vlan;
	switch (in->vlan_mode) {
	case VLAN_ACCESS:
		if (vid) {
			trace_put(x->trace, TRACE_ERROR,
				  "dropping VLAN %u tagged packet received on port %s configured "
				  "as VLAN "
				  "%d access port",
				  vid, in->name, own);
			return false;
		}
		*ret = own;
		return true;
	case VLAN_DOT1Q_TUNNEL:
		if (in->cvlans && !bit(in->cvlans, vid)) {
			trace_put(x->trace, TRACE_ERROR,
				  "dropping VLAN %u packet received on dot1q-tunnel port %s that "
				  "excludes "
				  "this VLAN",
				  vid, in->name);
			return false;
		}
		*ret = own;
		return true;
	case VLAN_NATIVE_UNTAGGED:
	case VLAN_NATIVE_TAGGED:
		if (!vid) {
			*ret = own;
			return true;
		}
		/* fall through */
	case VLAN_TRUNK:
		if (!bundle_carries_vlan(in, vid, 0)) {
			trace_put(x->trace, TRACE_ERROR,
				  "dropping VLAN %u packet received on port %s not configured for "
				  "trunking "
				  "VLAN %u",
				  vid, in->name, vid);
			return false;
		}
		*ret = vid;
		return true;
	}
	return false;
}

/* ---- out --------------------------------------------------------------------------------- */

static void push_tag(struct xlate *x, be16 tpid, uint16_t tci)
{
	memmove(&x->flow.vlans[1], &x->flow.vlans[0],
		sizeof x->flow.vlans[0] * (KEY_MAX_VLANS - 1));
	x->flow.vlans[0].tpid = tpid;
	x->flow.vlans[0].tci = cpu_to_be16(tci | VLAN_CFI);
}

static void pop_tag(struct xlate *x)
{
	memmove(&x->flow.vlans[0], &x->flow.vlans[1],
		sizeof x->flow.vlans[0] * (KEY_MAX_VLANS - 1));
	memset(&x->flow.vlans[KEY_MAX_VLANS - 1], 0, sizeof x->flow.vlans[0]);
}

/* Makes the outer tag what 'out' sends for 'vlan'. */
static void retag(struct xlate *x, const struct bundle *in, const struct bundle *out, uint16_t vlan)
{
	struct vlan_key *v = &x->flow.vlans[0];
	bool tagged = v->tci & BE16_C(VLAN_CFI);
	uint16_t pcp = tagged ? be16_to_cpu(v->tci) & VLAN_PCP_MASK : 0;
	/* A service tag belongs to the tunnel's VLAN; what the customer tagged is payload. */
	bool own_tag = tagged && !(in && in->vlan_mode == VLAN_DOT1Q_TUNNEL);
	be16 tpid = own_tag ? v->tpid : BE16_C(0x8100);
	if (in && in->vlan_mode == VLAN_DOT1Q_TUNNEL)
		tpid = cpu_to_be16(in->qinq_ethertype);

	bool send_tagged;
	switch (out->vlan_mode) {
	case VLAN_ACCESS:
	case VLAN_DOT1Q_TUNNEL:
		send_tagged = false;
		break;
	case VLAN_NATIVE_UNTAGGED:
		send_tagged = vlan != out->vlan;
		break;
	default:
		send_tagged = vlan != 0;
		break;
	}
	if (own_tag)
		pop_tag(x);
	if (send_tagged)
		push_tag(x, tpid, (uint16_t)(vlan | pcp));
	else if (out->vlan_mode != VLAN_DOT1Q_TUNNEL && own_tag &&
		 ((pcp && out->priority_tags == PRIORITY_TAGS_IF_NONZERO) ||
		  out->priority_tags == PRIORITY_TAGS_ALWAYS))
		push_tag(x, tpid, pcp);
	else if (out->priority_tags == PRIORITY_TAGS_ALWAYS && out->vlan_mode != VLAN_DOT1Q_TUNNEL)
		push_tag(x, BE16_C(0x8100), 0);
}

void xlate_output_bundle(struct xlate *x, struct bundle *out, uint16_t vlan)
{
	struct vlan_key old[KEY_MAX_VLANS];
	if (list_is_empty(&out->ports))
		return;
	memcpy(old, x->flow.vlans, sizeof old);
	retag(x, x->in_port ? x->in_port->bundle : NULL, out, vlan);
	struct ofport *port = LIST_ENTRY(out->ports.next, struct ofport, bundle_node);
	if (out->bond) {
		port = out->bond->choose_output(out->bond_arg, &x->flow, x->wc, vlan);
		if (port) {
			struct credit *c = out->bond->account ? xlate_credit(x, CREDIT_BOND) : NULL;
			if (c) {
				c->ofport = ofport_ref(port);
				c->vlan = vlan;
			}
		}
	}
	if (port)
		xlate_output_port(x, port, false);
	memcpy(x->flow.vlans, old, sizeof old);
}

static bool is_flooded(const struct bundle *b)
{
	const struct ofport *o;
	LIST_FOR_EACH(o, &b->ports, bundle_node)
		if (o->config & OFPPC_NO_FLOOD)
			return false;
	return !list_is_empty(&b->ports);
}

static bool between_protected(const struct xlate *x, const struct bundle *in,
			      const struct bundle *out)
{
	if (!in->is_protected || !out->is_protected)
		return false;
	trace_put(x->trace, TRACE_WARN, "Flow is between protected ports, skipping output.");
	return true;
}

/* The tag behind the one that says the VLAN; 0: none. A customer's frame has it in front still. */
static uint16_t inner_vid(const struct xlate *x, const struct bundle *in)
{
	const struct vlan_key *v = &x->flow.vlans[in->vlan_mode == VLAN_DOT1Q_TUNNEL ? 0 : 1];
	return be16_to_cpu(v->tci) & VLAN_VID_MASK;
}

/* Tunnels of a loop are cut per VLAN; see feature/loopguard. */
static bool guard_allows(const struct xlate *x, const struct bundle *out, uint16_t vlan)
{
	const struct ofport *o = LIST_ENTRY(out->ports.next, struct ofport, bundle_node);
	return guard_may_pass(x->in_port, o, vlan);
}

static void flood(struct xlate *x, struct bundle *in, uint16_t vlan)
{
	uint16_t inner = inner_vid(x, in);
	struct bundle *b;
	LIST_FOR_EACH(b, &x->bridge->bundles_in_order, order_node)
		if (b != in && !b->mirror_out && bundle_carries_vlan(b, vlan, inner) &&
		    is_flooded(b) && !between_protected(x, in, b) && guard_allows(x, b, vlan))
			xlate_output_bundle(x, b, vlan);
	x->output_port = OFPORT_FLOOD;
}

/* ---- in ---------------------------------------------------------------------------------- */

/* 01:80:c2:00:00:0X and what vendors use likewise: never forwarded by a bridge, but for
 * forward-bpdu (ovs-vswitchd.conf.db(5)). */
static bool is_reserved(struct eth_addr a)
{
	static const uint8_t ieee[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x00 };
	static const struct eth_addr others[] = {
		{ { 0x00, 0xe0, 0x2b, 0x00, 0x00, 0x00 } }, /* Extreme EDP */
		{ { 0x00, 0xe0, 0x2b, 0x00, 0x00, 0x04 } },
		{ { 0x00, 0xe0, 0x2b, 0x00, 0x00, 0x06 } },
		{ { 0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc } }, /* CDP, VTP, DTP, PAgP, UDLD */
		{ { 0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd } }, /* PVST+ */
		{ { 0x01, 0x00, 0x0c, 0xcd, 0xcd, 0xcd } },
		{ { 0x01, 0x00, 0x0c, 0x00, 0x00, 0x00 } },
	};
	if (!memcmp(a.b, ieee, 5) && a.b[5] < 0x10)
		return true;
	if (a.b[0] == 0x01 && a.b[1] == 0 && a.b[2] == 0x0c && a.b[3] == 0xcc && a.b[4] == 0xcc &&
	    a.b[5] >= 0xc0 && a.b[5] <= 0xc7) /* Cisco CFM */
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!memcmp(&others[i], &a, sizeof a))
			return true;
	return false;
}

static bool is_gratuitous_arp(struct xlate *x)
{
	const struct flow_key *f = &x->flow;
	static const struct eth_addr broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	if (f->dl_type != BE16_C(0x0806))
		return false;
	if (memcmp(&f->dl_dst, &broadcast, sizeof broadcast))
		return false;
	x->wc->nw_proto = UINT8_MAX;
	if (f->nw_proto == 2)
		return true;
	if (f->nw_proto != 1)
		return false;
	x->wc->nw_src = x->wc->nw_dst = UINT32_MAX;
	return f->nw_src == f->nw_dst;
}

static void learn_source(struct xlate *x, struct bundle *in, uint16_t vlan)
{
	struct eth_addr src = x->flow.dl_src;
	if (eth_addr_is_multicast(src) || !bundle_carries_vlan(in, vlan, inner_vid(x, in)) ||
	    (x->bridge->flood_vlans[vlan / 64] >> (vlan % 64) & 1) ||
	    (x->bridge->mirrors->out_vlans[vlan / 64] >> (vlan % 64) & 1))
		return;
	if (x->in_port && x->bridge->loopguard && x->in_port->tunnel &&
	    loopguard_state(x->bridge->loopguard, x->in_port->ofport, vlan) == LOOPGUARD_CUT)
		return;
	bool reflected = in->bond != NULL, gratuitous = is_gratuitous_arp(x);
	struct credit *c = xlate_credit(x, CREDIT_MAC);
	if (c) {
		c->ofport = ofport_ref(x->in_port);
		c->mac = src;
		c->vlan = vlan;
		c->reflected = reflected;
		c->gratuitous = gratuitous;
	}
	if (x->rq->effects &&
	    mac_table_learn(x->bridge->macs, in, src, vlan, reflected, gratuitous)) {
		x->out->has_learned = true;
		trace_put(x->trace, TRACE_DETAIL,
			  "learned that %02x:%02x:%02x:%02x:%02x:%02x is on port %s in VLAN %u",
			  src.b[0], src.b[1], src.b[2], src.b[3], src.b[4], src.b[5], in->name,
			  vlan);
		datapath_touch(x->bridge->datapath);
	}
}

/* Is the frame to be processed at all? */
static bool admit(struct xlate *x, struct bundle *in, uint16_t vlan)
{
	if (!x->bridge->settings.forward_bpdu && is_reserved(x->flow.dl_dst)) {
		trace_put(x->trace, TRACE_DETAIL, "packet has reserved destination MAC, dropping");
		return false;
	}
	if (in->bond && !in->bond->admit(in->bond_arg, x->in_port, x->flow.dl_dst)) {
		trace_put(x->trace, TRACE_DETAIL, "bonding refused admissibility, dropping");
		return false;
	}
	if (x->in_port->tunnel && x->bridge->loopguard &&
	    loopguard_state(x->bridge->loopguard, x->in_port->ofport, vlan) == LOOPGUARD_CUT) {
		trace_put(x->trace, TRACE_DETAIL, "loop guard has cut port %s, dropping",
			  x->in_port->name);
		return false;
	}
	return true;
}

void xlate_normal(struct xlate *x)
{
	struct flow_key *f = &x->flow;
	memset(&x->wc->dl_src, 0xff, sizeof x->wc->dl_src);
	memset(&x->wc->dl_dst, 0xff, sizeof x->wc->dl_dst);
	x->wc->vlans[0].tci |= BE16_C(VLAN_VID_MASK | VLAN_CFI);

	struct bundle *in = x->in_port ? x->in_port->bundle : NULL;
	if (!in) {
		trace_put(x->trace, TRACE_WARN, "no input bundle, dropping");
		return;
	}
	/* Anything sent to the port of a mirror or of no VLAN is not ours to forward. */
	if (in->mirror_out) {
		trace_put(x->trace, TRACE_WARN,
			  "dropping packet received on port %s, which is reserved exclusively for "
			  "mirroring",
			  in->name);
		return;
	}
	if (f->dl_type == BE16_C(0x8100) && !(f->vlans[0].tci & BE16_C(VLAN_CFI))) {
		trace_put(x->trace, TRACE_WARN,
			  "dropping packet with partial VLAN tag received on port %s", in->name);
		return;
	}
	uint16_t vlan;
	if (!xlate_input_vlan(x, in, &vlan)) {
		trace_put(x->trace, TRACE_WARN,
			  "disallowed VLAN VID for this input port, dropping");
		return;
	}
	if (!admit(x, in, vlan))
		return;
	learn_source(x, in, vlan);
	if (!ofport_stp_forwards(x->in_port)) {
		trace_put(x->trace, TRACE_DETAIL, "port is learning only, dropping");
		return;
	}
	if (eth_addr_is_multicast(f->dl_dst)) {
		static const struct eth_addr broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
		bool is_broadcast = !memcmp(&f->dl_dst, &broadcast, sizeof broadcast);
		trace_put(x->trace, TRACE_DETAIL,
			  is_broadcast ? "no learned MAC for destination, flooding"
				       : "no learned MAC for destination, flooding");
		flood(x, in, vlan);
		return;
	}
	struct mac_entry *e = mac_table_lookup(x->bridge->macs, f->dl_dst, vlan);
	if (!e || (x->bridge->flood_vlans[vlan / 64] >> (vlan % 64) & 1)) {
		trace_put(x->trace, TRACE_DETAIL, "no learned MAC for destination, flooding");
		flood(x, in, vlan);
		return;
	}
	struct bundle *out = mac_entry_bundle(e);
	if (out == in) {
		trace_put(x->trace, TRACE_DETAIL, "learned port is input port, dropping");
	} else if (out->mirror_out || list_is_empty(&out->ports) ||
		   !bundle_carries_vlan(out, vlan, inner_vid(x, in)) ||
		   between_protected(x, in, out)) {
		trace_put(x->trace, TRACE_DETAIL, "learned port does not take it, dropping");
	} else if (!guard_allows(x, out, vlan)) {
		trace_put(x->trace, TRACE_DETAIL,
			  "loop guard holds frames between these tunnels, dropping");
	} else {
		trace_put(x->trace, TRACE_DETAIL, "forwarding to learned port");
		xlate_output_bundle(x, out, vlan);
	}
}
