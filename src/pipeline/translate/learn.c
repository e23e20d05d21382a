/* SPDX-License-Identifier: Apache-2.0 */
/* learn: a flow made out of the packet (ovs-actions(7)). The flow_mod is made at translation;
 * packets that hit the cached flow only refresh the learnt one, through a credit. */
#include "base/mem.h"
#include "pipeline/translate/context.h"

static void read_source(struct xlate *x, const struct of_learn_spec *s, uint8_t *value,
			unsigned size)
{
	memset(value, 0, size);
	if (s->src_type == OFLS_IMMEDIATE) {
		unsigned n = DIV_ROUND_UP(s->n_bits, 8);
		if (n <= size)
			memcpy(value + size - n, s->imm, n);
		return;
	}
	subfield_mask_set(&s->src, x->wc);
	field_mask_prereqs(s->src.field, &x->flow, x->wc);
	subfield_read(&s->src, &x->flow, value, size);
}

static void put_match(struct match *m, const struct of_learn_spec *s, const uint8_t *value,
		      unsigned size)
{
	const struct field *f = s->dst.field;
	union field_value v, mask, old_v, old_mask;
	memset(&v, 0, sizeof v);
	memset(&mask, 0, sizeof mask);
	bits_copy(value, size, 0, v.b, f->n_bytes, s->dst.ofs, s->n_bits);
	bits_fill(mask.b, f->n_bytes, s->dst.ofs, s->n_bits, true);
	/* Several specs may each give a part of a field. */
	field_get(f, &m->key, &old_v);
	field_mask_get(f, &m->mask, &old_mask);
	for (unsigned i = 0; i < f->n_bytes; i++) {
		v.b[i] = (uint8_t)((old_v.b[i] & ~mask.b[i]) | v.b[i]);
		mask.b[i] |= old_mask.b[i];
	}
	match_set(m, f, &v, &mask);
}

static void put_load(struct of_actions *acts, const struct of_learn_spec *s, const uint8_t *value,
		     unsigned size)
{
	const struct field *f = s->dst.field;
	union field_value v, mask;
	memset(&v, 0, sizeof v);
	memset(&mask, 0, sizeof mask);
	bits_copy(value, size, 0, v.b, f->n_bytes, s->dst.ofs, s->n_bits);
	bits_fill(mask.b, f->n_bytes, s->dst.ofs, s->n_bits, true);
	struct ofa_set_field *a = of_actions_put_set_field(acts, f, &v, &mask);
	a->h.raw = OFRAW_REG_LOAD;
}

static void put_output(struct of_actions *acts, const uint8_t *value, unsigned size)
{
	uint64_t port = 0;
	for (unsigned i = 0; i < size; i++)
		port = port << 8 | value[i];
	if (port < OFPORT_MAX || port == OFPORT_IN_PORT || port == OFPORT_FLOOD ||
	    port == OFPORT_LOCAL || port == OFPORT_ALL)
		of_actions_put_output(acts, (uint32_t)port, 0);
}

static void make_flow_mod(struct xlate *x, const struct ofa_learn *a, struct flow_mod *fm,
			  struct of_actions *acts)
{
	memset(fm, 0, sizeof *fm);
	match_init(&fm->match);
	fm->command = OFPFC_MODIFY_STRICT; /* adds if there is none */
	fm->priority = a->priority;
	fm->table_id = a->table;
	fm->new_cookie = a->cookie;
	fm->modify_cookie = a->cookie != UINT64_MAX;
	fm->idle_timeout = a->idle_timeout;
	fm->hard_timeout = a->hard_timeout;
	fm->buffer_id = OF_NO_BUFFER;
	fm->out_port = OFPORT_NONE;
	fm->out_group = OFPG_ANY;
	fm->flags = a->flags & OFLEARN_SEND_FLOW_REM ? OFFF_SEND_FLOW_REM : 0;
	if (a->fin_idle_timeout || a->fin_hard_timeout) {
		struct ofa_fin_timeout *fin = of_actions_put(acts, OFA_FIN_TIMEOUT, sizeof *fin);
		fin->idle = a->fin_idle_timeout;
		fin->hard = a->fin_hard_timeout;
	}
	OF_LEARN_SPEC_FOR_EACH(s, a)
	{
		uint8_t value[FIELD_MAX_BYTES];
		unsigned size = DIV_ROUND_UP(s->n_bits, 8);
		if (size > sizeof value)
			continue;
		read_source(x, s, value, size);
		switch (s->dst_type) {
		case OFLD_MATCH:
			put_match(&fm->match, s, value, size);
			break;
		case OFLD_LOAD:
			put_load(acts, s, value, size);
			break;
		case OFLD_OUTPUT:
			put_output(acts, value, size);
			break;
		}
	}
	fm->actions = acts->data;
	fm->actions_size = acts->size;
}

void xlate_learn(struct xlate *x, const struct ofa_learn *a)
{
	struct credit_learn *l = xzalloc(sizeof *l);
	struct of_actions acts = OF_ACTIONS_INIT;
	make_flow_mod(x, a, &l->fm, &acts);
	if (x->trace) {
		if (!x->rq->effects)
			trace_put(x->trace, TRACE_WARN,
				  "suppressing side effects, so learn action ignored");
	}
	l->actions = rule_actions_new(acts.data, acts.size);
	of_actions_fini(&acts);
	l->fm.actions = l->actions->data;
	l->fm.actions_size = l->actions->size;
	l->limit = a->limit;
	bool ok = true;
	if (x->rq->effects)
		ok = learn_apply(x->bridge->tables, l);
	if (a->flags & OFLEARN_WRITE_RESULT) {
		subfield_set(&a->result_dst, ok, &x->flow);
		xlate_report_subfield(x, &a->result_dst);
	}
	struct credit *c = xlate_credit(x, CREDIT_LEARN);
	if (c) {
		c->learn = l;
		c->tables2 = table_set_ref(x->bridge->tables);
	} else {
		rule_actions_unref(l->actions);
		free(l);
	}
}
