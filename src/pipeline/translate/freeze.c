/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping and going on. Some actions need the packet to be looked at again (parsed after a header
 * went, hashed, seen by a controller): translation then keeps what it was about to do and the state
 * to do it in, under a recirculation id, and the fast path's action list ends in recirc(ID). A
 * packet with an id is a new translation that begins with xlate_thaw().
 *
 * When an action deep in a nest of tables stops, each level on the way out adds what it still had
 * to do; 'unroll' records between them say to which table and rule each part belongs. */
#include "base/mem.h"
#include "pipeline/translate/context.h"

void xlate_freeze(struct xlate *x, const void *rest, size_t rest_size)
{
	if (!x->freezing) {
		x->freezing = true;
		x->frozen.size = 0;
		x->frozen_table = x->table_id;
		x->frozen_cookie = x->rule_cookie;
	} else if (rest_size) {
		struct ofa_unroll *u = of_actions_put(&x->frozen, OFA_UNROLL, sizeof *u);
		u->rule_table = x->table_id;
		u->rule_cookie = x->rule_cookie;
	}
	if (rest_size)
		of_actions_copy(&x->frozen, rest, rest_size);
}

void xlate_frozen_state(struct xlate *x, struct frozen_state *s)
{
	memset(s, 0, sizeof *s);
	s->bridge = x->bridge->uuid;
	s->table_id = x->table_id;
	s->conntracked = x->conntracked;
	s->mirrors = x->mirrors;
	s->in_port = x->flow.in_port;
	s->tunnel = x->flow.tunnel;
	s->metadata = x->flow.metadata;
	memcpy(s->regs, x->flow.regs, sizeof s->regs);
	s->rule_cookie = x->rule_cookie;
	s->actset_output = x->flow.actset_output;
}

static void put_recirc(struct xlate *x, struct frozen_state *s)
{
	struct recirc *r = recirc_get(x->rq->datapath->recircs, s);
	if (!r) {
		xlate_error(x, XLATE_NO_RECIRCULATION_CONTEXT, "no recirculation id left");
		return;
	}
	if (x->recirc_has_hash) {
		struct dpa_hash *h = dp_actions_put(x->acts, DPA_HASH, sizeof *h);
		h->alg = x->recirc_hash_alg;
		h->basis = x->recirc_hash_basis;
		x->recirc_has_hash = false;
	}
	dp_actions_put_u32(x->acts, DPA_RECIRC, r->id);
	struct credit *c = xlate_credit(x, CREDIT_RECIRC);
	if (c)
		c->recirc = r;
	else
		recirc_unref(x->rq->datapath->recircs, r);
}

static void put_pause(struct xlate *x, struct frozen_state *s)
{
	const struct ofa_controller *a = x->pause;
	if (x->trace && !x->rq->effects)
		return; /* nobody will be asked */
	s->userdata = a->userdata_size ? xmemdup(a->userdata, a->userdata_size) : NULL;
	s->userdata_size = a->userdata_size;
	struct recirc *r = recirc_get(x->rq->datapath->recircs, s);
	free(s->userdata);
	s->userdata = NULL;
	if (!r) {
		xlate_error(x, XLATE_NO_RECIRCULATION_CONTEXT, "no recirculation id left");
		return;
	}
	struct userspace_cookie cookie = {
		.kind = DPU_CONTROLLER,
		.reason = a->reason,
		.table_id = x->frozen_table,
		.controller_id = a->controller_id,
		.max_len = a->max_len,
		.recirc_id = r->id,
		.ofport = x->flow.in_port,
		.rule_cookie = x->frozen_cookie,
		.continuation = true,
	};
	struct dpa_userspace *u = dp_actions_put(x->acts, DPA_USERSPACE, sizeof *u + sizeof cookie);
	u->reason = DPU_CONTROLLER;
	u->cookie_size = sizeof cookie;
	memcpy(u->cookie, &cookie, sizeof cookie);
	struct credit *c = xlate_credit(x, CREDIT_RECIRC);
	if (c)
		c->recirc = r;
	else
		recirc_unref(x->rq->datapath->recircs, r);
}

void xlate_finish_freezing(struct xlate *x)
{
	if (!x->freezing)
		return;
	x->freezing = false;
	if (x->error) {
		x->pause = NULL;
		return;
	}
	xlate_commit(x);
	struct frozen_state s;
	xlate_frozen_state(x, &s);
	s.table_id = x->frozen_table;
	s.rule_cookie = x->frozen_cookie;
	s.stack = x->stack.bytes;
	s.stack_size = x->stack.size;
	s.actions = x->frozen.data;
	s.actions_size = x->frozen.size;
	s.action_set = x->action_set.data;
	s.action_set_size = x->action_set.size;
	s.was_mpls = false;
	if (x->pause)
		put_pause(x, &s);
	else
		put_recirc(x, &s);
	x->pause = NULL;
	x->was_mpls = false;
	x->frozen.size = 0;
	x->action_set.size = 0; /* done when thawed */
}

bool xlate_thaw(struct xlate *x, const struct frozen_state *s)
{
	struct pipeline *p;
	LIST_FOR_EACH(p, &x->rq->datapath->pipelines, node)
		if (uuid_equal(&p->uuid, &s->bridge))
			x->bridge = p;
	if (!x->bridge) {
		x->error = XLATE_BRIDGE_NOT_FOUND;
		return false;
	}
	tun_table_current = x->bridge->tun_table;
	x->in_port = pipeline_port_lookup(x->bridge, s->in_port);
	x->flow.in_port = s->in_port;
	x->flow.tunnel = s->tunnel;
	x->flow.metadata = s->metadata;
	memcpy(x->flow.regs, s->regs, sizeof x->flow.regs);
	x->flow.actset_output = s->actset_output;
	x->base = x->flow;
	x->mirrors = s->mirrors;
	x->conntracked = s->conntracked;
	x->rule_cookie = s->rule_cookie;
	x->table_id = s->table_id;
	if (s->stack_size) {
		x->stack.bytes = xmemdup(s->stack, s->stack_size);
		x->stack.size = x->stack.allocated = s->stack_size;
	}
	of_actions_copy(&x->action_set, s->action_set, s->action_set_size);

	struct list *up = trace_enter(
		x->trace, trace_put(x->trace, TRACE_BRIDGE, "bridge(\"%s\")", x->bridge->name));
	struct list *up2 = trace_enter(x->trace, trace_put(x->trace, TRACE_THAW, "thaw"));
	trace_put(x->trace, TRACE_ACTION, "Resuming from table %u", s->table_id);
	/* What goes on is inside a table. */
	x->indent++;
	struct of_actions list = OF_ACTIONS_INIT; /* the state may go while we work */
	of_actions_copy(&list, s->actions, s->actions_size);
	xlate_actions(x, list.data, list.size, true, false);
	of_actions_fini(&list);
	x->indent--;
	trace_leave(x->trace, up2);
	trace_leave(x->trace, up);
	return true;
}
