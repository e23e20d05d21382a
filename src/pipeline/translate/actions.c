/* SPDX-License-Identifier: Apache-2.0 */
/* Doing a list of actions one after the other, the action set, copies. What an action does is in
 * the file of its family. */
#include "base/mem.h"
#include "pipeline/meter.h"
#include "pipeline/translate/context.h"

void xlate_error(struct xlate *x, enum xlate_error e, const char *fmt, ...)
{
	AUTO_STR s = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_putvf(&s, fmt, args);
	va_end(args);
	trace_put(x->trace, TRACE_ERROR, "%s", str_cstr(&s));
	if (!x->error)
		x->error = e;
}

void xlate_names(const struct xlate *x, struct ofport_names *ret)
{
	pipeline_port_names(x->bridge, x->trace && x->trace->names, ret);
}

/* What the action does is told below it. */
static struct list *report_action(struct xlate *x, const struct of_action *a)
{
	if (!x->trace)
		return NULL;
	AUTO_STR s = STR_INIT;
	struct ofport_names names;
	xlate_names(x, &names);
	of_actions_put_text(a, a->size, &names, &s);
	struct trace_node *n = trace_put(x->trace, TRACE_ACTION, "%s", str_cstr(&s));
	/* What these do is the same list going on. */
	if (a->type == OFA_CLONE || a->type == OFA_CHECK_PKT_LARGER)
		return NULL;
	return trace_enter(x->trace, n);
}

/* After MPLS was popped, what follows is known only once the packet was parsed again. Which actions
 * do not care? */
static bool is_fine_after_mpls(const struct of_action *a)
{
	switch (a->type) {
	case OFA_OUTPUT:
	case OFA_OUTPUT_TRUNC:
	case OFA_CONTROLLER:
	case OFA_ENQUEUE:
	case OFA_SET_QUEUE:
	case OFA_POP_QUEUE:
	case OFA_STRIP_VLAN:
	case OFA_PUSH_VLAN:
	case OFA_SET_VLAN_VID:
	case OFA_SET_VLAN_PCP:
	case OFA_SET_ETH_SRC:
	case OFA_SET_ETH_DST:
	case OFA_SET_TUNNEL:
	case OFA_NOTE:
	case OFA_EXIT:
	case OFA_WRITE_METADATA:
	case OFA_WRITE_ACTIONS:
	case OFA_CLEAR_ACTIONS:
	case OFA_CONJUNCTION:
	case OFA_SAMPLE:
	case OFA_METER:
	case OFA_UNROLL:
		return true;
	case OFA_SET_FIELD: {
		const struct field *f = ((const struct ofa_set_field *)a)->field;
		return field_is_register(f) || f->ofs < KEY_OFS(nw_src);
	}
	default:
		return false;
	}
}

/* ---- the action set ---------------------------------------------------------------------- */

/* Order of execution, ovs-actions(7), "Action Sets"; fields are done in the order of being added.
 */
static const uint8_t set_order[] = {
	OFA_STRIP_VLAN, OFA_POP_MPLS, OFA_DECAP,	OFA_ENCAP,	 OFA_PUSH_MPLS,
	OFA_PUSH_VLAN,	OFA_DEC_TTL,  OFA_DEC_MPLS_TTL, OFA_DEC_NSH_TTL,
};
static const uint8_t set_fields[] = {
	OFA_SET_FIELD,	 OFA_MOVE,	   OFA_SET_ETH_DST,  OFA_SET_ETH_SRC, OFA_SET_NW_DST,
	OFA_SET_NW_SRC,	 OFA_SET_NW_TOS,   OFA_SET_NW_ECN,   OFA_SET_NW_TTL,  OFA_SET_TP_DST,
	OFA_SET_TP_SRC,	 OFA_SET_VLAN_PCP, OFA_SET_VLAN_VID, OFA_SET_TUNNEL,  OFA_SET_MPLS_LABEL,
	OFA_SET_MPLS_TC, OFA_SET_MPLS_TTL,
};
static const uint8_t set_last[] = { OFA_GROUP, OFA_OUTPUT, OFA_RESUBMIT, OFA_CT, OFA_CT_CLEAR };

static const struct of_action *last_of_type(const struct of_actions *set, unsigned type)
{
	const struct of_action *found = NULL;
	OF_ACTION_FOR_EACH(a, set->data, set->size)
	if (a->type == type)
		found = a;
	return found;
}

static bool put_last(struct of_actions *to, const struct of_actions *set, unsigned type)
{
	const struct of_action *a = last_of_type(set, type);
	if (a)
		of_actions_copy(to, a, a->size);
	return a;
}

/* The set as it would be done. */
static void order_set(const struct of_actions *set, struct of_actions *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(set_order); i++)
		put_last(ret, set, set_order[i]);
	OF_ACTION_FOR_EACH(a, set->data, set->size)
	if (memchr(set_fields, a->type, sizeof set_fields))
		of_actions_copy(ret, a, a->size);
	put_last(ret, set, OFA_SET_QUEUE);
	for (size_t i = 0; i < ARRAY_SIZE(set_last); i++)
		if (put_last(ret, set, set_last[i]))
			break;
}

static void report_set(struct xlate *x)
{
	if (!x->trace)
		return;
	struct of_actions ordered = OF_ACTIONS_INIT;
	AUTO_STR s = STR_INIT;
	struct ofport_names names;
	xlate_names(x, &names);
	order_set(&x->action_set, &ordered);
	of_actions_put_text(ordered.data, ordered.size, &names, &s);
	trace_put(x->trace, TRACE_DETAIL, ordered.size ? "action set is: %s" : "action set is %s",
		  ordered.size ? str_cstr(&s) : "empty");
	of_actions_fini(&ordered);
}

static void write_actions(struct xlate *x, const struct ofa_nested *a)
{
	size_t size;
	const struct of_action *list = of_action_nested(&a->h, &size);
	OF_ACTION_FOR_EACH(w, list, size)
	{
		if (w->type == OFA_OUTPUT) {
			if (!last_of_type(&x->action_set, OFA_GROUP))
				x->flow.actset_output = ((const struct ofa_output *)w)->port;
		} else if (w->type == OFA_GROUP) {
			x->flow.actset_output = OFPORT_UNSET;
		}
	}
	of_actions_copy(&x->action_set, list, size);
	report_set(x);
}

static bool set_acts(const struct xlate *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(set_last); i++)
		if (last_of_type(&x->action_set, set_last[i]))
			return true;
	return false;
}

void xlate_bucket_set(struct xlate *x, bool last)
{
	struct of_actions list = OF_ACTIONS_INIT;
	if (!set_acts(x) || x->error)
		return;
	order_set(&x->action_set, &list);
	/* The set is empty while it runs: what it resubmits to may fill it again. */
	x->action_set.size = 0;
	xlate_actions(x, list.data, list.size, last, true);
	of_actions_fini(&list);
}

void xlate_action_set(struct xlate *x)
{
	if (!set_acts(x) || x->error)
		return;
	x->in_action_set = true;
	x->exit = false;
	struct list *up = trace_enter(
		x->trace, trace_put(x->trace, TRACE_TABLE, "--. Executing action set:"));
	xlate_bucket_set(x, true);
	trace_leave(x->trace, up);
	x->in_action_set = false;
}

/* ---- copies ------------------------------------------------------------------------------ */

static bool can_be_undone(const void *list, size_t size)
{
	OF_ACTION_FOR_EACH(a, list, size)
	{
		switch (a->type) {
		case OFA_METER:
		case OFA_CT:
		case OFA_NAT:
		case OFA_ENCAP:
		case OFA_DECAP:
		case OFA_DEC_NSH_TTL:
		case OFA_OUTPUT_TRUNC:
			return false;
		default:
			break;
		}
	}
	return true;
}

void xlate_clone(struct xlate *x, const void *list, size_t size, bool last)
{
	struct of_actions old_set = x->action_set;
	struct xlate_stack old_stack = x->stack;
	struct flow_key *old_flow = xmemdup(&x->flow, sizeof x->flow);
	bool old_mpls = x->was_mpls, old_ct = x->conntracked;
	x->action_set = (struct of_actions)OF_ACTIONS_INIT;
	of_actions_copy(&x->action_set, old_set.data, old_set.size);
	x->stack = (struct xlate_stack){ NULL, old_stack.size, old_stack.size };
	if (old_stack.size)
		x->stack.bytes = xmemdup(old_stack.bytes, old_stack.size);

	if (last || can_be_undone(list, size)) {
		xlate_actions(x, list, size, last, false);
		if (x->freezing)
			xlate_finish_freezing(x);
	} else {
		xlate_commit(x);
		struct flow_key *old_base = xmemdup(&x->base, sizeof x->base);
		size_t ofs = dp_actions_begin_nested(x->acts, DPA_CLONE, 0);
		xlate_actions(x, list, size, true, false);
		if (x->freezing)
			xlate_finish_freezing(x);
		dp_actions_end_nested(x->acts, ofs);
		x->base = *old_base;
		free(old_base);
	}
	of_actions_fini(&x->action_set);
	free(x->stack.bytes);
	x->action_set = old_set;
	x->stack = old_stack;
	x->flow = *old_flow;
	x->was_mpls = old_mpls;
	x->conntracked = old_ct;
	free(old_flow);
}

/* ---- lists ------------------------------------------------------------------------------- */

static void check_pkt_larger(struct xlate *x, const struct ofa_check_pkt_larger *a,
			     const void *rest, size_t rest_size)
{
	/* Both continuations are made, each with its own value of the bit. */
	xlate_commit(x);
	struct flow_key *base = xmemdup(&x->base, sizeof x->base);
	struct flow_key *flow = xmemdup(&x->flow, sizeof x->flow);
	struct dp_actions *acts = x->acts, branch[2] = { DP_ACTIONS_INIT, DP_ACTIONS_INIT };
	bool exit[2];
	for (int greater = 1; greater >= 0; greater--) {
		struct of_actions old_set = x->action_set;
		x->action_set = (struct of_actions)OF_ACTIONS_INIT;
		of_actions_copy(&x->action_set, old_set.data, old_set.size);
		x->acts = &branch[greater];
		x->base = *base;
		x->flow = *flow;
		subfield_set(&a->dst, (uint64_t)greater, &x->flow);
		x->exit = false;
		if (!rest_size)
			trace_put(x->trace, TRACE_ACTION, "drop");
		xlate_actions(x, rest, rest_size, true, false);
		if (!x->freezing)
			xlate_action_set(x);
		if (x->freezing)
			xlate_finish_freezing(x);
		exit[greater] = x->exit;
		of_actions_fini(&x->action_set);
		x->action_set = old_set;
	}
	x->acts = acts;
	struct dpa_check_pkt_len *c = dp_actions_put(acts, DPA_CHECK_PKT_LEN,
						     sizeof *c + branch[1].size + branch[0].size);
	c->len = a->pkt_len;
	c->greater_size = (uint32_t)branch[1].size;
	c->less_size = (uint32_t)branch[0].size;
	if (branch[1].size)
		memcpy(c->nested, branch[1].data, branch[1].size);
	if (branch[0].size)
		memcpy(c->nested + branch[1].size, branch[0].data, branch[0].size);
	dp_actions_fini(&branch[0]);
	dp_actions_fini(&branch[1]);
	x->base = *base;
	x->flow = *flow;
	x->exit = exit[0] && exit[1];
	free(base);
	free(flow);
}

static void sample(struct xlate *x, const struct ofa_sample *a)
{
	struct userspace_cookie c = {
		.kind = DPU_IPFIX,
		.ofport = a->sampling_port,
		.collector_set_id = a->collector_set_id,
		.obs_domain_id = a->obs_domain_id,
		.obs_point_id = a->obs_point_id,
		.probability = a->probability,
	};
	if (!x->bridge->has_sample_collectors)
		return; /* nobody asked for them in the database */
	xlate_commit(x);
	size_t ofs = dp_actions_begin_nested(
		x->acts, DPA_SAMPLE,
		(uint32_t)((uint64_t)a->probability * UINT32_MAX / UINT16_MAX));
	struct dpa_userspace *u = dp_actions_put(x->acts, DPA_USERSPACE, sizeof *u + sizeof c);
	u->reason = DPU_IPFIX;
	u->cookie_size = sizeof c;
	memcpy(u->cookie, &c, sizeof c);
	dp_actions_end_nested(x->acts, ofs);
}

static void fin_timeout(struct xlate *x, const struct ofa_fin_timeout *a)
{
	if ((x->flow.dl_type != BE16_C(0x0800) && x->flow.dl_type != BE16_C(0x86dd)) ||
	    x->flow.nw_proto != IPPROTO_TCP)
		return;
	x->wc->nw_proto = UINT8_MAX;
	x->out->has_fin_timeout = true;
	struct credit *c = x->rule ? xlate_credit(x, CREDIT_FIN) : NULL;
	if (c) {
		c->rule = rule_ref((struct rule *)x->rule);
		c->fin.idle = a->idle;
		c->fin.hard = a->hard;
	}
}

static void do_meter(struct xlate *x, uint32_t id)
{
	const struct meter *m = meter_lookup(x->bridge, id);
	if (m)
		dp_actions_put_u32(x->acts, DPA_METER, m->dp_meter);
}

/* An action that is not about fields or outputs of its own file. */
static void do_action(struct xlate *x, const struct of_action *a, bool last)
{
	const struct ofa_u32 *u = (const struct ofa_u32 *)a;
	size_t nested_size;
	const struct of_action *nested;
	switch (a->type) {
	case OFA_OUTPUT: {
		const struct ofa_output *o = (const struct ofa_output *)a;
		xlate_output(x, o->port, o->max_len, true, false, last);
		break;
	}
	case OFA_OUTPUT_REG: {
		const struct ofa_output_reg *o = (const struct ofa_output_reg *)a;
		uint64_t port = subfield_get(&o->src, &x->flow);
		subfield_mask_set(&o->src, x->wc);
		trace_put(x->trace, TRACE_DETAIL, "output port is %llu", (unsigned long long)port);
		if (port <= UINT16_MAX)
			xlate_output(x, (uint32_t)port, o->max_len, false, false, last);
		break;
	}
	case OFA_OUTPUT_TRUNC: {
		const struct ofa_output_trunc *o = (const struct ofa_output_trunc *)a;
		x->truncate = (uint16_t)MIN(o->max_len, UINT16_MAX);
		xlate_output(x, o->port, UINT16_MAX, false, true, last);
		x->truncate = 0;
		break;
	}
	case OFA_CONTROLLER: {
		const struct ofa_controller *c = (const struct ofa_controller *)a;
		if (c->pause) {
			x->pause = c;
			break; /* xlate_actions() freezes the rest */
		}
		xlate_controller(x, c->max_len, c->reason, c->controller_id, c->meter_id,
				 c->userdata, c->userdata_size);
		break;
	}
	case OFA_ENQUEUE: {
		const struct ofa_enqueue *e = (const struct ofa_enqueue *)a;
		uint32_t old = x->flow.skb_priority;
		x->wc->skb_priority = UINT32_MAX;
		x->flow.skb_priority = pipeline_queue_priority(x->bridge, e->queue);
		xlate_output(x, e->port == OFPORT_IN_PORT ? x->flow.in_port : e->port, UINT16_MAX,
			     false, false, last);
		x->flow.skb_priority = old;
		break;
	}
	case OFA_SET_QUEUE:
		x->wc->skb_priority = UINT32_MAX;
		x->flow.skb_priority = pipeline_queue_priority(x->bridge, u->value);
		break;
	case OFA_POP_QUEUE:
		x->wc->skb_priority = UINT32_MAX;
		x->flow.skb_priority = x->saved_priority;
		trace_put(x->trace, TRACE_DETAIL, "queue = %#x", x->flow.skb_priority);
		break;
	case OFA_GROUP:
		xlate_group(x, u->value, last);
		break;
	case OFA_BUNDLE:
		xlate_bundle_action(x, (const struct ofa_bundle *)a);
		break;
	case OFA_MULTIPATH:
		xlate_multipath(x, (const struct ofa_multipath *)a);
		break;
	case OFA_LEARN:
		xlate_learn(x, (const struct ofa_learn *)a);
		break;
	case OFA_RESUBMIT: {
		const struct ofa_resubmit *r = (const struct ofa_resubmit *)a;
		uint32_t in = r->port == OFPORT_IN_PORT ? x->flow.in_port : r->port;
		uint8_t table = r->table == 0xff ? x->table_id : r->table;
		/* A resubmit's miss is silent, but for tables that say otherwise. */
		xlate_table(x, in, table, false, r->with_ct, last);
		break;
	}
	case OFA_GOTO_TABLE:
		xlate_table(x, x->flow.in_port, (uint8_t)u->value, true, false, last);
		break;
	case OFA_EXIT:
		x->exit = true;
		break;
	case OFA_CLONE:
		nested = of_action_nested(a, &nested_size);
		xlate_clone(x, nested, nested_size, last);
		break;
	case OFA_SAMPLE:
		sample(x, (const struct ofa_sample *)a);
		break;
	case OFA_FIN_TIMEOUT:
		fin_timeout(x, (const struct ofa_fin_timeout *)a);
		break;
	case OFA_CLEAR_ACTIONS:
		if (x->trace) {
			AUTO_STR s = STR_INIT;
			struct of_actions ordered = OF_ACTIONS_INIT;
			struct ofport_names names;
			xlate_names(x, &names);
			order_set(&x->action_set, &ordered);
			of_actions_put_text(ordered.data, ordered.size, &names, &s);
			trace_put(x->trace, TRACE_DETAIL,
				  ordered.size ? "action set was: %s" : "action set was %s",
				  ordered.size ? str_cstr(&s) : "empty");
			of_actions_fini(&ordered);
		}
		x->action_set.size = 0;
		x->flow.actset_output = OFPORT_UNSET;
		break;
	case OFA_WRITE_ACTIONS:
		write_actions(x, (const struct ofa_nested *)a);
		break;
	case OFA_WRITE_METADATA: {
		const struct ofa_metadata *m = (const struct ofa_metadata *)a;
		be64 value = cpu_to_be64(m->value), mask = cpu_to_be64(m->mask);
		x->flow.metadata = (x->flow.metadata & ~mask) | (value & mask);
		break;
	}
	case OFA_METER:
		do_meter(x, u->value);
		break;
	case OFA_ENCAP:
		xlate_encap(x, (const struct ofa_encap *)a);
		break;
	case OFA_UNROLL: {
		const struct ofa_unroll *r = (const struct ofa_unroll *)a;
		x->table_id = r->rule_table;
		x->rule_cookie = r->rule_cookie;
		break;
	}
	case OFA_NOTE:
	case OFA_CONJUNCTION:
		break;
	case OFA_DEBUG_SLOW:
		x->out->slow |= DP_SLOW_ACTION;
		break;
	default:
		(void)xlate_field_action(x, a);
		break;
	}
}

/* True: 'a' and what follows must wait until the fast path has looked at the packet again. */
static bool must_freeze_before(struct xlate *x, const struct of_action *a)
{
	return x->was_mpls && !is_fine_after_mpls(a);
}

/* True: the rest of the list is done with, or frozen. */
static bool do_action_or_stop(struct xlate *x, const struct of_action *a, const void *rest,
			      size_t rest_size, bool last)
{
	switch (a->type) {
	case OFA_CHECK_PKT_LARGER:
		check_pkt_larger(x, (const struct ofa_check_pkt_larger *)a, rest, rest_size);
		return true;
	case OFA_DEC_TTL:
		return xlate_dec_ttl(x, (const struct ofa_dec_ttl *)a);
	case OFA_DECAP:
		if (!xlate_decap(x, (const struct ofa_decap *)a))
			return false;
		break;
	case OFA_DEBUG_RECIRC:
		break;
	default:
		do_action(x, a, last);
		/* Frozen in a table that this action went to, or to wait for a controller. */
		if (!x->pause && !x->freezing)
			return false;
	}
	xlate_freeze(x, rest, rest_size);
	return true;
}

void xlate_actions(struct xlate *x, const void *list, size_t size, bool last_in_list,
		   bool in_bucket)
{
	const uint8_t *end = (const uint8_t *)list + size;
	bool is_last_list = last_in_list && !x->action_set.size;
	(void)in_bucket;
	OF_ACTION_FOR_EACH(a, list, size)
	{
		const uint8_t *next = (const uint8_t *)a + a->size;
		bool last = is_last_list && next == end;
		if (x->error || x->exit)
			break;
		if (must_freeze_before(x, a)) {
			xlate_freeze(x, a, (size_t)(end - (const uint8_t *)a));
			break;
		}
		struct list *up = NULL;
		if (a->type != OFA_UNROLL)
			up = report_action(x, a);
		bool stop = do_action_or_stop(x, a, next, (size_t)(end - next), last);
		if (up)
			trace_leave(x->trace, up);
		if (stop)
			break;
	}
}
