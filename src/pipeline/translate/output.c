/* SPDX-License-Identifier: Apache-2.0 */
/* Where packets go: ports, other bridges, tunnels, controllers. */
#include <errno.h>
#include "base/mem.h"
#include "feature/tunnel/tunnel.h"
#include "pipeline/guard.h"
#include "pipeline/translate/context.h"

/* ---- controllers ------------------------------------------------------------------------- */

/* What the action's plain reason becomes by where it is. */
static uint8_t reason_here(const struct xlate *x)
{
	if (x->in_packet_out)
		return OFPR_PACKET_OUT;
	if (x->in_group)
		return OFPR_GROUP;
	if (x->in_action_set)
		return OFPR_ACTION_SET;
	/* A flow of priority 0 that matches all is a table's miss flow (OpenFlow 1.3 5.4). */
	const struct rule *r = x->rule;
	if (r && !r->removed && !r->cr.priority && classifier_rule_is_catchall(&r->cr))
		return OFPR_EXPLICIT_MISS;
	return OFPR_ACTION;
}

void xlate_controller(struct xlate *x, uint16_t max_len, uint8_t reason, uint16_t controller_id,
		      uint32_t meter, const void *userdata, size_t userdata_size)
{
	if (reason == OFPR_ACTION)
		reason = reason_here(x);
	xlate_commit(x);
	struct frozen_state state;
	xlate_frozen_state(x, &state);
	state.userdata = userdata_size ? xmemdup(userdata, userdata_size) : NULL;
	state.userdata_size = userdata_size;
	struct recirc *r = recirc_get(x->rq->datapath->recircs, &state);
	free(state.userdata);
	if (!r) {
		trace_put(x->trace, TRACE_ERROR, "no recirculation id left");
		return;
	}
	struct userspace_cookie c = {
		.kind = DPU_CONTROLLER,
		.reason = reason,
		.table_id = x->table_id,
		.controller_id = controller_id,
		.max_len = max_len,
		.recirc_id = r->id,
		.ofport = x->flow.in_port,
		.rule_cookie = x->rule_cookie,
		.meter = meter,
		.dont_send = x->trace && !x->rq->effects,
	};
	struct dpa_userspace *u = dp_actions_put(x->acts, DPA_USERSPACE, sizeof *u + sizeof c);
	u->reason = DPU_CONTROLLER;
	u->cookie_size = sizeof c;
	memcpy(u->cookie, &c, sizeof c);
	/* The id lives as long as the flow that has it in its actions. */
	struct credit *credit = xlate_credit(x, CREDIT_RECIRC);
	if (credit)
		credit->recirc = r;
	else
		recirc_unref(x->rq->datapath->recircs, r);
}

/* ---- patch ports ------------------------------------------------------------------------- */

/* The packet goes on in the other bridge, as if received there; then this one goes on with the
 * packet as it was. */
static void output_patch(struct xlate *x, struct ofport *out, struct ofport *peer, bool last)
{
	if (!xlate_may_resubmit(x))
		return;
	struct flow_key *old_flow = xmemdup(&x->flow, sizeof x->flow);
	struct pipeline *old_bridge = x->bridge;
	struct ofport *old_in = x->in_port;
	struct of_actions old_set = x->action_set;
	struct xlate_stack old_stack = x->stack;
	uint32_t old_mirrors = x->mirrors;
	uint8_t old_table = x->table_id;
	const struct rule *old_rule = x->rule;
	be64 old_cookie = x->rule_cookie;
	bool old_exit = x->exit, old_mpls = x->was_mpls, old_in_set = x->in_action_set;
	struct list *old_trace = x->trace ? x->trace->current : NULL;

	struct credit *c = xlate_credit(x, CREDIT_TX);
	if (c)
		c->ofport = ofport_ref(out);
	c = xlate_credit(x, CREDIT_RX);
	if (c)
		c->ofport = ofport_ref(peer);

	x->bridge = peer->pipeline;
	x->in_port = peer;
	x->mirrors = 0;
	x->action_set = (struct of_actions)OF_ACTIONS_INIT;
	x->stack = (struct xlate_stack){ 0 };
	x->rule = NULL;
	x->rule_cookie = UINT64_MAX;
	x->table_id = 0;
	x->exit = false;
	x->in_action_set = false;
	x->flow.in_port = peer->ofport;
	x->flow.metadata = 0;
	memset(&x->flow.tunnel, 0, sizeof x->flow.tunnel);
	memset(x->flow.regs, 0, sizeof x->flow.regs);
	x->flow.actset_output = OFPORT_UNSET;
	tun_table_current = x->bridge->tun_table;
	trace_enter(x->trace, trace_put(x->trace, TRACE_BRIDGE, "bridge(\"%s\")", x->bridge->name));
	x->depth++;
	bool may_receive = !(peer->config & OFPPC_NO_RECV) && ofport_stp_learns(peer);
	if (may_receive && !x->was_mpls) {
		size_t ofs = x->acts->size;
		struct flow_key *old_base = xmemdup(&x->base, sizeof x->base);
		xlate_mirror_ingress(x);
		xlate_table(x, x->flow.in_port, 0, true, false, last);
		if (!x->freezing)
			xlate_action_set(x);
		if (x->freezing)
			xlate_finish_freezing(x);
		if (!ofport_stp_forwards(peer)) { /* learnt from, but not forwarded */
			x->acts->size = ofs;
			x->base = *old_base;
		}
		free(old_base);
	} else if (may_receive) {
		/* Parsed again, it goes on in the other bridge. */
		xlate_freeze(x, NULL, 0);
		x->frozen_table = 0;
		struct ofa_resubmit *r = of_actions_put(&x->frozen, OFA_RESUBMIT, sizeof *r);
		r->port = OFPORT_IN_PORT;
		r->table = 0;
		xlate_finish_freezing(x);
	}
	x->depth--;
	if (x->trace)
		x->trace->current = old_trace;
	of_actions_fini(&x->action_set);
	free(x->stack.bytes);
	x->bridge = old_bridge;
	x->in_port = old_in;
	x->mirrors = old_mirrors;
	x->action_set = old_set;
	x->stack = old_stack;
	x->rule = old_rule;
	x->rule_cookie = old_cookie;
	x->table_id = old_table;
	x->exit = old_exit;
	x->was_mpls = old_mpls;
	x->in_action_set = old_in_set;
	x->flow = *old_flow;
	tun_table_current = x->bridge->tun_table;
	free(old_flow);
}

/* ---- tunnels ----------------------------------------------------------------------------- */

/* The outer packet enters a bridge of ours: what happens to it there is part of this decision. */
static void output_underlay(struct xlate *x, const struct tunnel_underlay *u)
{
	struct pipeline *p = pipeline_lookup(u->bridge);
	if (!p || p->datapath != x->rq->datapath) {
		xlate_error(x, XLATE_BRIDGE_NOT_FOUND, "underlay bridge %s is gone", u->bridge);
		return;
	}
	struct ofport *local = pipeline_port_lookup(p, OFPORT_LOCAL);
	if (!local || !xlate_may_resubmit(x))
		return;
	struct flow_key *old_flow = xmemdup(&x->flow, sizeof x->flow);
	struct flow_key *old_base = xmemdup(&x->base, sizeof x->base);
	struct flow_key *old_wc = x->wc, ignored;
	struct pipeline *old_bridge = x->bridge;
	struct ofport *old_in = x->in_port;
	struct list *old_trace = x->trace ? x->trace->current : NULL;
	memset(&ignored, 0, sizeof ignored);
	/* The outer header is a constant of the decision: no bit of the packet decides here. */
	x->wc = &ignored;
	x->flow = x->base = u->outer;
	x->flow.in_port = OFPORT_LOCAL;
	x->flow.actset_output = OFPORT_UNSET;
	x->bridge = p;
	x->in_port = local;
	trace_enter(x->trace, trace_put(x->trace, TRACE_BRIDGE, "bridge(\"%s\")", p->name));
	struct of_actions old_set = x->action_set;
	x->action_set = (struct of_actions)OF_ACTIONS_INIT;
	x->depth++;
	xlate_table(x, OFPORT_LOCAL, 0, true, false, true);
	xlate_action_set(x);
	x->depth--;
	of_actions_fini(&x->action_set);
	x->action_set = old_set;
	if (x->trace)
		x->trace->current = old_trace;
	x->bridge = old_bridge;
	x->in_port = old_in;
	x->wc = old_wc;
	x->flow = *old_flow;
	x->base = *old_base;
	free(old_flow);
	free(old_base);
}

static void trace_tunnel(struct xlate *x, const struct tunnel_underlay *u, int result)
{
	char hop[INET6_ADDRSTRLEN], src[INET6_ADDRSTRLEN];
	trace_put(x->trace, TRACE_DETAIL, "output to native tunnel");
	if (!u->device[0])
		return;
	tunnel_addr_to_str(&u->hop, hop, sizeof hop);
	tunnel_addr_to_str(&u->src, src, sizeof src);
	trace_put(x->trace, TRACE_DETAIL, "tunneling to %s via %s", hop, u->device);
	if (result == -EAGAIN) {
		bool ip4 = IN6_IS_ADDR_V4MAPPED(&u->hop);
		trace_put(x->trace, TRACE_DETAIL,
			  "neighbor cache miss for %s on bridge %s, sending %s request", hop,
			  u->device, ip4 ? "ARP" : "ND");
	} else if (!result) {
		AUTO_STR from = STR_INIT;
		AUTO_STR to = STR_INIT;
		field_put_eth(&u->src_mac, &from);
		field_put_eth(&u->hop_mac, &to);
		trace_put(x->trace, TRACE_DETAIL, "tunneling from %s %s to %s %s", str_cstr(&from),
			  src, str_cstr(&to), hop);
	}
}

static void output_tunnel(struct xlate *x, struct ofport *out)
{
	struct tunnel_underlay *u = xzalloc(sizeof *u);
	struct flow_key key = x->flow;
	xlate_commit(x);
	/* Options by name become bytes on the wire. */
	if (key.tunnel.opts_present) {
		uint8_t raw[KEY_TUN_OPTS_BYTES];
		size_t n = tun_opts_from_key(x->bridge->tun_table, &key, raw);
		memset(key.tun_opts, 0, sizeof key.tun_opts);
		memcpy(key.tun_opts, raw, n);
		key.tunnel.opts_size = (uint8_t)n;
		key.tunnel.opts_present = 0;
		key.tunnel.flags |= TUN_F_OPTIONS;
	}
	size_t ofs = x->acts->size;
	int r = x->rq->datapath->features.tunnel_push
			? tunnel_output(out->tunnel, &key, x->wc, x->acts, u)
			: tunnel_output_set(out->tunnel, &key, x->wc, x->acts);
	if (x->trace && x->rq->datapath->features.tunnel_push)
		trace_tunnel(x, u, r);
	switch (r) {
	case 0:
		if (u->bridge[0]) {
			/* The header goes on inside a copy: what follows must see the inner packet.
			 */
			size_t n = x->acts->size - ofs;
			AUTO_FREE uint8_t *push = n ? xmemdup(x->acts->data + ofs, n) : NULL;
			x->acts->size = ofs;
			size_t clone = dp_actions_begin_nested(x->acts, DPA_CLONE, 0);
			const struct dp_action *a = (const struct dp_action *)push;
			for (size_t done = 0; done < n; done += a->size) {
				a = (const struct dp_action *)(push + done);
				memcpy(dp_actions_put(x->acts, a->type, a->size), a, a->size);
			}
			output_underlay(x, u);
			dp_actions_end_nested(x->acts, clone);
		}
		break;
	case -EAGAIN:
		x->out->slow |= DP_SLOW_NEIGHBOUR;
		if (u->request && x->rq->effects) {
			struct pipeline *p = pipeline_lookup(u->bridge);
			struct ofport *local = p ? pipeline_port_lookup(p, OFPORT_LOCAL) : NULL;
			if (local) {
				pipeline_inject(local, STEAL(u->request));
			}
		}
		packet_free(u->request);
		break;
	case -ENETUNREACH:
		trace_put(x->trace, TRACE_DETAIL, "native tunnel routing failed");
		break;
	case -EINVAL:
		trace_put(x->trace, TRACE_DETAIL, "Tunneling decided against output");
		break;
	default:
		trace_put(x->trace, TRACE_DETAIL, "tunnel output failed");
		break;
	}
	if (!r) {
		struct credit *c = xlate_credit(x, CREDIT_TX);
		if (c)
			c->ofport = ofport_ref(out);
	}
	free(u);
}

/* ---- ports ------------------------------------------------------------------------------- */

struct ofport *xlate_port_in_use(const struct xlate *x, uint32_t ofport)
{
	return pipeline_port_lookup(x->bridge, ofport);
}

/* A local port of an underlay bridge may be where a tunnel of ours ends. */
static bool output_is_tunnel_end(struct xlate *x, const struct ofport *out, uint32_t *ret)
{
	if (out->ofport != OFPORT_LOCAL || !x->rq->datapath->features.tunnel_push)
		return false;
	return tunnel_terminate(x->bridge->name, &x->flow, x->wc, ret);
}

/* False: the port does not send it. */
static bool send_out(struct xlate *x, struct ofport *out, bool check_stp, bool last)
{
	if (out->config & OFPPC_NO_FWD) {
		trace_put(x->trace, TRACE_DETAIL, "OFPPC_NO_FWD set, skipping output");
		return false;
	}
	if (check_stp && !ofport_stp_forwards(out)) {
		trace_put(x->trace, TRACE_DETAIL, "STP not in forwarding state, skipping output");
		return false;
	}
	if (x->in_port && x->in_port != out && x->in_port->pipeline == out->pipeline &&
	    out->tunnel && x->in_port->tunnel) {
		uint16_t vlan = be16_to_cpu(x->flow.vlans[0].tci) & VLAN_VID_MASK;
		if (!guard_may_pass(x->in_port, out, vlan)) {
			trace_put(x->trace, TRACE_DETAIL,
				  "loop guard: not from tunnel %s to tunnel %s", x->in_port->name,
				  out->name);
			return false;
		}
	}
	if (ofport_is_patch(out)) {
		struct ofport *peer = ofport_peer(out);
		if (peer)
			output_patch(x, out, peer, last);
		else
			trace_put(x->trace, TRACE_DETAIL, "patch port %s has no peer", out->name);
		return true;
	}
	if (x->truncate)
		dp_actions_put_u32(x->acts, DPA_TRUNC, x->truncate);
	if (out->tunnel) {
		output_tunnel(x, out);
		x->output_port = out->ofport;
		return true;
	}
	if (out->dp_port == DP_PORT_NONE)
		return false;
	xlate_commit(x);
	uint32_t tunnel_port;
	if (output_is_tunnel_end(x, out, &tunnel_port)) {
		dp_actions_put_u32(x->acts, DPA_TUNNEL_POP, tunnel_port);
	} else {
		if (out->ofport == OFPORT_LOCAL)
			tunnel_snoop(x->bridge->name, &x->flow, x->wc, x->rq->effects);
		dp_actions_output(x->acts, out->dp_port);
	}
	x->output_port = out->ofport;
	struct credit *c = xlate_credit(x, CREDIT_TX);
	if (c)
		c->ofport = ofport_ref(out);
	return true;
}

static void output_to(struct xlate *x, struct ofport *out, bool check_stp, bool last)
{
	const struct bundle *b = out->bundle;
	bool mirrored = b && (b->mirror_dst & ~x->mirrors);
	if (send_out(x, out, check_stp, last && !mirrored) && mirrored)
		xlate_mirror(x, b, b->mirror_dst);
}

void xlate_output_port(struct xlate *x, struct ofport *out, bool last)
{
	output_to(x, out, true, last);
}

void xlate_output_port_always(struct xlate *x, struct ofport *out)
{
	output_to(x, out, false, false);
}

static int compare_ports(const void *a_, const void *b_)
{
	const struct ofport *const *a = a_, *const *b = b_;
	/* LOCAL first, as in the order of creation. */
	uint32_t pa = (*a)->ofport == OFPORT_LOCAL ? 0 : (*a)->ofport;
	uint32_t pb = (*b)->ofport == OFPORT_LOCAL ? 0 : (*b)->ofport;
	return pa < pb ? -1 : pa > pb;
}

static void output_all(struct xlate *x, bool flood)
{
	size_t n = 0;
	AUTO_FREE struct ofport **all = xcalloc(hmap_count(&x->bridge->ports) + 1, sizeof *all);
	struct ofport *o;
	HMAP_FOR_EACH(o, &x->bridge->ports, by_number)
		if (o->ofport != x->flow.in_port && !(flood && (o->config & OFPPC_NO_FLOOD)))
			all[n++] = o;
	qsort(all, n, sizeof *all, compare_ports);
	for (size_t i = 0; i < n; i++)
		xlate_output_port(x, all[i], false);
}

void xlate_output(struct xlate *x, uint32_t port, uint16_t max_len, bool controller_too,
		  bool truncated, bool last)
{
	struct ofport *out;
	switch (port) {
	case OFPORT_IN_PORT:
		out = pipeline_port_lookup(x->bridge, x->flow.in_port);
		if (out)
			xlate_output_port(x, out, last);
		else
			trace_put(x->trace, TRACE_WARN, "Nonexistent output port");
		return;
	case OFPORT_TABLE:
		xlate_table(x, x->flow.in_port, 0, false, false, last);
		return;
	case OFPORT_NORMAL:
		xlate_normal(x);
		return;
	case OFPORT_FLOOD:
		output_all(x, true);
		return;
	case OFPORT_ALL:
		output_all(x, false);
		return;
	case OFPORT_CONTROLLER:
		if (truncated) {
			trace_put(x->trace, TRACE_WARN,
				  "output_trunc does not support port: CONTROLLER");
			return;
		}
		xlate_controller(x, max_len, OFPR_ACTION, 0, 0, NULL, 0);
		return;
	case OFPORT_NONE:
		return;
	default:
		if (port == x->flow.in_port) {
			trace_put(x->trace, TRACE_WARN, "skipping output to input port");
			return;
		}
		out = pipeline_port_lookup(x->bridge, port);
		if (!out) {
			trace_put(x->trace, TRACE_WARN, "Nonexistent output port");
			return;
		}
		xlate_output_port(x, out, last);
	}
}
