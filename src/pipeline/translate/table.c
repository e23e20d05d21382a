/* SPDX-License-Identifier: Apache-2.0 */
/* Looking a packet up in a table, and what happens when nothing matches. */
#include "pipeline/translate/context.h"

bool xlate_may_resubmit(struct xlate *x)
{
	if (x->depth >= MAX_DEPTH) {
		xlate_error(x, XLATE_RECURSION_TOO_DEEP, "over max translation depth %d",
			    MAX_DEPTH);
	} else if (x->n_resubmits >= MAX_RESUBMITS) {
		xlate_error(x, XLATE_TOO_MANY_RESUBMITS, "over %d resubmit actions", MAX_RESUBMITS);
	} else if (x->stack.size > MAX_STACK_BYTES) {
		xlate_error(x, XLATE_STACK_TOO_DEEP, "resubmits yielded over 64 kB of stack");
	} else {
		return true;
	}
	return false;
}

static bool wants_miss(const struct xlate *x)
{
	const struct pipeline *p = x->bridge;
	return p->listener && p->listener->wants_packet_in &&
	       p->listener->wants_packet_in(p->listener_arg, OFPR_IMPLICIT_MISS, 0);
}

/* Is the controller told of a miss in this table? */
static bool miss_tells(const struct xlate *x, uint8_t table_id)
{
	const struct table *t = &x->bridge->tables->tables[table_id];
	if (x->in_port && (x->in_port->config & OFPPC_NO_PACKET_IN))
		return false;
	return t->miss == OFTM_CONTROLLER || (t->miss == OFTM_DEFAULT && wants_miss(x));
}

static void miss(struct xlate *x)
{
	trace_put(x->trace, TRACE_ACTION, "controller(reason=)");
	be64 cookie = x->rule_cookie;
	x->rule_cookie = 0;
	xlate_controller(x, UINT16_MAX, OFPR_IMPLICIT_MISS, 0, 0, NULL, 0);
	x->rule_cookie = cookie;
}

static void report_rule(struct xlate *x, uint8_t table_id, const struct rule *r, bool tells,
			struct list **up)
{
	if (!x->trace)
		return;
	AUTO_STR s = STR_INIT;
	struct table *t = &x->bridge->tables->tables[table_id];
	if (t->name || t->of_name)
		str_putf(&s, "%2d(%s). ", table_id, t->name ? t->name : t->of_name);
	else
		str_putf(&s, "%2d. ", table_id);
	if (r) {
		AUTO_STR m = STR_INIT;
		struct match match;
		match_init(&match);
		classifier_rule_get_match(&r->cr, &match.key, &match.mask);
		struct ofport_names names;
		xlate_names(x, &names);
		match_put(&match, -1, &names, &m);
		if (m.len)
			str_putf(&s, "%s, ", str_cstr(&m));
		str_putf(&s, "priority %d", r->cr.priority);
		if (r->cookie)
			str_putf(&s, ", cookie %#llx", (unsigned long long)be64_to_cpu(r->cookie));
	} else {
		str_puts(&s, tells ? "No match, and a \"packet-in\" is called for." : "No match.");
	}
	*up = trace_enter(x->trace, trace_put(x->trace, TRACE_TABLE, "%s", str_cstr(&s)));
}

/* The rule for the packet; NULL and *ret_drop: fragments are dropped here. */
static struct rule *lookup(struct xlate *x, uint32_t in_port, uint8_t table_id, bool *ret_drop)
{
	struct flow_key key = x->flow;
	*ret_drop = false;
	if ((key.nw_frag & FRAG_ANY) && x->bridge->frag_mode != OFPC_FRAG_NX_MATCH) {
		x->wc->nw_frag |= FRAG_ANY;
		if (x->bridge->frag_mode == OFPC_FRAG_DROP) {
			*ret_drop = true;
			return NULL;
		}
		/* All fragments of a packet must take the same way. */
		key.tp_src = key.tp_dst = 0;
	}
	key.in_port = in_port;
	key.conj_id = 0;
	struct flow_key wc;
	memset(&wc, 0, sizeof wc);
	struct rule *r = table_lookup(x->bridge->tables, table_id, &key, &wc, NULL);
	for (size_t w = 0; w < KEY_WORDS; w++)
		key_words_rw(x->wc)[w] |= key_words(&wc)[w];
	return r;
}

static void run_rule(struct xlate *x, const struct rule *r, bool last)
{
	const struct rule *old = x->rule;
	be64 old_cookie = x->rule_cookie;
	struct credit *c = xlate_credit(x, CREDIT_RULE);
	if (c)
		c->rule = rule_ref((struct rule *)r);
	x->rule = r;
	x->rule_cookie = r->cookie;
	/* The list may go away under us: a learn action can change its own rule. */
	struct rule_actions *actions = rule_actions_ref(r->actions);
	const struct bundle *in = x->in_port ? x->in_port->bundle : NULL;
	if (x->indent == 1 && in && in->mirror_out)
		trace_put(x->trace, TRACE_ERROR,
			  "dropping packet received on port %s, which is reserved exclusively for "
			  "mirroring",
			  in->name);
	else if (!actions->size)
		trace_put(x->trace, TRACE_ACTION, "drop");
	else
		xlate_actions(x, actions->data, actions->size, last, false);
	rule_actions_unref(actions);
	x->rule_cookie = old_cookie;
	x->rule = old;
}

void xlate_table(struct xlate *x, uint32_t in_port, uint8_t table_id, bool honor_miss, bool with_ct,
		 bool last)
{
	uint8_t old_table = x->table_id;
	bool deeper = x->indent && table_id <= old_table;
	(void)with_ct; /* needs the tracker's tuple; refused at flow_mod until there is one */

	if (x->indent && !xlate_may_resubmit(x))
		return;
	x->n_resubmits++;
	for (;;) {
		bool drop;
		struct rule *r;
		struct list *up = NULL;
		x->table_id = table_id;
		r = lookup(x, in_port, table_id, &drop);
		struct credit *c = xlate_credit(x, r ? CREDIT_TABLE_MATCH : CREDIT_TABLE_MISS);
		if (c) {
			c->tables = table_set_ref(x->bridge->tables);
			c->number = table_id;
		}
		if (!r && honor_miss && !drop &&
		    x->bridge->tables->tables[table_id].miss == OFTM_CONTINUE &&
		    table_id + 1 < TABLE_INTERNAL) {
			table_id++;
			continue;
		}
		bool tells = !r && honor_miss && !drop && miss_tells(x, table_id);
		report_rule(x, table_id, r, tells, &up);
		x->depth += deeper;
		x->indent++;
		if (drop)
			trace_put(x->trace, TRACE_ACTION, "drop all fragments");
		else if (r)
			run_rule(x, r, last);
		else if (tells)
			miss(x);
		else
			trace_put(x->trace, TRACE_ACTION, "drop");
		x->indent--;
		x->depth -= deeper;
		trace_leave(x->trace, up);
		break;
	}
	x->table_id = old_table;
}
