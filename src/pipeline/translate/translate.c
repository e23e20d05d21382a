/* SPDX-License-Identifier: Apache-2.0 */
/* Entry and exit of a translation: whose packet it is, what is known of it from the start, the
 * first table, and what must be right of the result. Read context.h first, then table.c, actions.c,
 * output.c, normal.c, commit.c. */
#include "base/log.h"
#include "base/mem.h"
#include "feature/tunnel/tunnel.h"
#include "pipeline/translate/context.h"

LOG_MODULE(translate);

enum { MAX_PROTOCOLS = 16 };
static const struct port_protocol *protocols[MAX_PROTOCOLS];
static unsigned n_protocols;

void port_protocol_register(const struct port_protocol *p)
{
	ASSERT(n_protocols < MAX_PROTOCOLS);
	protocols[n_protocols++] = p;
}

const char *xlate_error_to_str(enum xlate_error e)
{
	switch (e) {
	case XLATE_OK:
		return "OK";
	case XLATE_BRIDGE_NOT_FOUND:
		return "Bridge not found";
	case XLATE_RECURSION_TOO_DEEP:
		return "Recursion too deep";
	case XLATE_TOO_MANY_RESUBMITS:
		return "Too many resubmits";
	case XLATE_STACK_TOO_DEEP:
		return "Stack too deep";
	case XLATE_NO_RECIRCULATION_CONTEXT:
		return "No recirculation context";
	case XLATE_RECIRCULATION_CONFLICT:
		return "Recirculation conflict";
	case XLATE_TOO_MANY_MPLS_LABELS:
		return "Too many MPLS labels";
	case XLATE_INVALID_TUNNEL_METADATA:
		return "Invalid tunnel metadata";
	case XLATE_UNSUPPORTED_PACKET_TYPE:
		return "Unsupported packet type";
	case XLATE_CONGESTION_DROP:
		return "Congestion drop";
	case XLATE_FORWARDING_DISABLED:
		return "Forwarding is disabled";
	}
	return "unknown error";
}

void translation_fini(struct translation *t) { dp_actions_fini(&t->actions); }

static bool is_ip(const struct flow_key *k)
{
	return k->dl_type == BE16_C(0x0800) || k->dl_type == BE16_C(0x86dd);
}

/* Whose packet is it? Sets bridge, in_port and flow.in_port. False: nobody's. */
static bool find_bridge(struct xlate *x, struct flow_key *flow)
{
	const struct translate_request *rq = x->rq;
	if (rq->pipeline) {
		x->bridge = rq->pipeline;
		x->in_port = pipeline_port_lookup(x->bridge, flow->in_port);
		return true;
	}
	struct ofport *in;
	if (tunnel_key_is_set(&flow->tunnel)) {
		const struct tunnel *t = tunnel_lookup(flow, x->wc);
		in = t ? datapath_tunnel_lookup(rq->datapath, t) : NULL;
	} else {
		in = datapath_port_lookup(rq->datapath, flow->dp_port);
	}
	if (!in)
		return false;
	x->in_port = in;
	x->bridge = in->pipeline;
	flow->in_port = in->ofport;
	return true;
}

/* What every decision depends on. */
static void init_mask(struct xlate *x)
{
	struct flow_key *wc = x->wc;
	wc->in_port = UINT32_MAX;
	wc->dp_port = UINT32_MAX;
	wc->recirc_id = UINT32_MAX;
	wc->packet_type = UINT32_MAX;
	wc->dl_type = UINT16_MAX;
	if (is_ip(&x->flow))
		wc->nw_frag = FRAG_ANY | FRAG_LATER;
	if (tunnel_key_is_set(&x->flow.tunnel)) {
		/* Packets of different tunnels never share a flow; see tunnel_lookup(). */
		wc->tunnel.ip_src = wc->tunnel.ip_dst = UINT32_MAX;
		if (!x->flow.tunnel.ip_dst) {
			memset(&wc->tunnel.ipv6_src, 0xff, 16);
			memset(&wc->tunnel.ipv6_dst, 0xff, 16);
		}
		wc->tunnel.id = UINT64_MAX;
		wc->tunnel.tos = UINT8_MAX;
		wc->tunnel.flags = TUN_F_DF | TUN_F_CSUM | TUN_F_KEY;
		if (is_ip(&x->flow))
			wc->nw_tos |= 3; /* ECN meets the outer header's */
	}
}

static const struct port_protocol *find_protocol(struct xlate *x)
{
	for (unsigned i = 0; x->in_port && i < n_protocols; i++)
		if (protocols[i]->wants(x->in_port, &x->flow, x->wc))
			return protocols[i];
	return NULL;
}

bool ofport_stp_forwards(const struct ofport *o)
{
	return o->stp == OFPORT_STP_NONE || o->stp == OFPORT_STP_FORWARDING;
}

bool ofport_stp_learns(const struct ofport *o)
{
	return ofport_stp_forwards(o) || o->stp == OFPORT_STP_LEARNING;
}

static bool may_receive(const struct ofport *o, const struct flow_key *flow)
{
	static const struct eth_addr stp = { { 0x01, 0x80, 0xc2, 0, 0, 0 } };
	bool is_stp = !memcmp(&flow->dl_dst, &stp, sizeof stp);
	if (o->config & (is_stp ? OFPPC_NO_RECV_STP : OFPPC_NO_RECV))
		return false;
	/* A port that only learns lets packets in as far as NORMAL. */
	return ofport_stp_learns(o);
}

static void finish_mask(struct xlate *x)
{
	struct flow_key *wc = x->wc;
	/* What is ours, not the packet's. */
	wc->metadata = 0;
	memset(wc->regs, 0, sizeof wc->regs);
	wc->conj_id = 0;
	wc->actset_output = 0;
	/* Fields of protocols that the packet is not. */
	if (x->rq->key->dl_type != BE16_C(0x0800) && x->rq->key->dl_type != BE16_C(0x86dd) &&
	    x->rq->key->dl_type != BE16_C(0x0806) && x->rq->key->dl_type != BE16_C(0x8035))
		wc->nw_proto = wc->nw_frag = 0;
	key_mask_normalize(x->rq->key, wc);
	/* That there is no tag is part of the ethertype's match. */
	for (int i = 0; i < KEY_MAX_VLANS; i++) {
		if (!(x->rq->key->vlans[i].tci & BE16_C(VLAN_CFI)))
			memset(&wc->vlans[i], 0, sizeof wc->vlans[i]);
		else if (wc->vlans[i].tci)
			wc->vlans[i].tci |= BE16_C(VLAN_CFI);
	}
	/* ICMP types and codes have 8 bits. */
	bool icmp = x->rq->key->nw_proto == (x->rq->key->dl_type == BE16_C(0x86dd) ? 58 : 1);
	if (is_ip(x->rq->key) && icmp) {
		wc->tp_src &= BE16_C(0xff);
		wc->tp_dst &= BE16_C(0xff);
	}
}

static void run_tables(struct xlate *x)
{
	if (x->rq->with_actions) {
		xlate_actions(x, x->rq->actions, x->rq->actions_size, true, false);
	} else {
		xlate_mirror_ingress(x);
		xlate_table(x, x->flow.in_port, 0, true, false, true);
	}
}

static void drop_if_not_forwarding(struct xlate *x)
{
	if (x->error || (x->in_port && !ofport_stp_forwards(x->in_port) && !x->rq->with_actions))
		dp_actions_clear(&x->out->actions);
}

static void translate_in_bridge(struct xlate *x)
{
	struct trace_node *n = trace_put(x->trace, TRACE_BRIDGE, "bridge(\"%s\")", x->bridge->name);
	struct list *up = trace_enter(x->trace, n);
	const struct port_protocol *protocol =
		x->rq->with_actions || x->flow.recirc_id ? NULL : find_protocol(x);
	if (protocol) {
		x->out->slow |= protocol->slow; /* and nothing else is done with it */
		x->out->protocol = protocol;
		trace_put(x->trace, TRACE_DETAIL, "%s packet, handled by the switch",
			  protocol->name);
		if (x->rq->effects && x->rq->packet)
			protocol->receive(x->in_port, &x->flow, x->rq->packet);
	} else if (x->in_port && !x->rq->with_actions && !may_receive(x->in_port, &x->flow)) {
		trace_put(x->trace, TRACE_DETAIL, "port %u may not receive, dropping",
			  x->flow.in_port);
	} else if (x->in_port && x->in_port->tunnel && !x->flow.recirc_id &&
		   !tunnel_ecn_decap(&x->flow, x->wc)) {
		trace_put(x->trace, TRACE_DETAIL,
			  "dropping tunnel packet marked ECN CE but is not ECN capable");
		x->error = XLATE_CONGESTION_DROP;
	} else {
		run_tables(x);
		if (!x->freezing)
			xlate_action_set(x);
		if (x->freezing)
			xlate_finish_freezing(x);
		drop_if_not_forwarding(x);
	}
	trace_leave(x->trace, up);
}

/* An output through a tunnel works on a copy, for what follows it. Nothing follows the last one. */
static void unwrap_last_tunnel(struct dp_actions *acts)
{
	const struct dp_action *last = NULL;
	DP_ACTION_FOR_EACH(a, acts->data, acts->size)
	last = a;
	const struct dpa_nested *clone = (const struct dpa_nested *)last;
	if (!last || last->type != DPA_CLONE || !clone->nested_size ||
	    ((const struct dp_action *)clone->nested)->type != DPA_TUNNEL_PUSH)
		return;
	size_t size = clone->nested_size;
	uint8_t *to = acts->data + ((const uint8_t *)last - acts->data);
	memmove(to, clone->nested, size);
	acts->size = (size_t)(to - acts->data) + size;
}

void translate(const struct translate_request *rq, struct translation *ret)
{
	struct xlate *x = xzalloc(sizeof *x);
	x->rq = rq;
	x->out = ret;
	x->trace = rq->trace;
	x->wc = &ret->mask;
	x->acts = &ret->actions;
	x->output_port = OFPORT_NONE;
	x->rule_cookie = UINT64_MAX;
	x->in_packet_out = rq->with_actions;
	dp_actions_clear(&ret->actions);
	memset(&ret->mask, 0, sizeof ret->mask);
	ret->error = XLATE_OK;
	ret->slow = 0;
	ret->protocol = NULL;
	ret->pipeline = NULL;
	ret->in_port = NULL;
	ret->has_learned = ret->has_fin_timeout = false;

	x->flow = *rq->key;
	x->saved_priority = x->flow.skb_priority;
	const struct frozen_state *thaw = rq->resume;
	bool known = true;
	if (!thaw && rq->key->recirc_id) {
		struct recirc *r = recirc_lookup(rq->datapath->recircs, rq->key->recirc_id);
		if (r) {
			thaw = &r->state;
			struct credit *c = xlate_credit(x, CREDIT_RECIRC);
			if (c)
				c->recirc = recirc_ref(r);
		} else {
			x->error = XLATE_NO_RECIRCULATION_CONTEXT;
			known = false;
		}
	}
	if (known && !thaw) {
		known = find_bridge(x, &x->flow);
		if (!known)
			x->error = XLATE_BRIDGE_NOT_FOUND;
	}
	x->base = x->flow;
	init_mask(x);
	if (known && !thaw) {
		tun_table_current = x->bridge->tun_table;
		if (x->flow.tunnel.flags & TUN_F_OPTIONS) {
			uint8_t raw[KEY_TUN_OPTS_BYTES];
			memcpy(raw, x->flow.tun_opts, sizeof raw);
			tun_opts_to_key(x->bridge->tun_table, raw, x->flow.tunnel.opts_size,
					&x->flow);
		}
		x->flow.actset_output = OFPORT_UNSET;
		ret->pipeline = x->bridge;
		ret->in_port = x->in_port;
		if (x->in_port && !rq->with_actions) {
			struct credit *c = xlate_credit(x, CREDIT_RX);
			if (c)
				c->ofport = ofport_ref(x->in_port);
		}
		translate_in_bridge(x);
	} else if (known) {
		if (xlate_thaw(x, thaw)) {
			ret->pipeline = x->bridge;
			ret->in_port = x->in_port;
			if (!x->freezing)
				xlate_action_set(x);
			if (x->freezing)
				xlate_finish_freezing(x);
			drop_if_not_forwarding(x);
		}
	}
	if (x->error) {
		static struct log_limit limit = LOG_LIMIT(1, 5);
		if (x->error != XLATE_CONGESTION_DROP && rq->effects && known)
			log_warn_limited(
				&limit,
				"%s: %s while processing a packet of port %u; packet dropped",
				x->bridge ? x->bridge->name : rq->datapath->name,
				xlate_error_to_str(x->error), x->flow.in_port);
		dp_actions_clear(&ret->actions);
	}
	unwrap_last_tunnel(&ret->actions);
	finish_mask(x);
	ret->error = x->error;
	ret->final = x->flow;
	of_actions_fini(&x->action_set);
	of_actions_fini(&x->frozen);
	free(x->stack.bytes);
	free(x);
}

void translation_get_dp_mask(const struct translation *t, const struct flow_key *key,
			     struct flow_key *ret)
{
	*ret = t->mask;
	ret->in_port = 0;
	ret->metadata = 0;
	/* A tag is never out of sight: an ethertype behind one is not the same as one without. */
	for (int i = 0; i < KEY_MAX_VLANS; i++) {
		if (!key->vlans[i].tci) {
			ret->vlans[i].tci = UINT16_MAX;
			ret->vlans[i].tpid = UINT16_MAX;
			break;
		}
		ret->vlans[i].tci |= BE16_C(VLAN_CFI);
		ret->vlans[i].tpid = UINT16_MAX;
	}
	/* Tunnel options were matched at the places that the bridge's table gives; the fast path
	 * has them raw. */
	if ((key->tunnel.flags & TUN_F_OPTIONS) && ret->tunnel.opts_present) {
		memset(ret->tun_opts, 0xff, key->tunnel.opts_size);
		ret->tunnel.opts_size = UINT8_MAX;
		ret->tunnel.flags |= TUN_F_OPTIONS;
		ret->tunnel.opts_present = 0;
	} else {
		memset(ret->tun_opts, 0, sizeof ret->tun_opts);
		ret->tunnel.opts_present = 0;
		ret->tunnel.opts_size = 0;
	}
}
