/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out groups. A bucket is an action set: it runs on a copy of the packet with an action
 * set of its own, and what it changes is undone after.
 *
 * Select groups pick by dp_hash where they can: the fast path hashes, the packet comes back with
 * the hash, and the flow of the second look matches the few bits of it that choose a bucket. So one
 * cached flow per bucket serves all connections, instead of one per connection. */
#include "base/hash.h"
#include "base/mem.h"
#include "pipeline/translate/context.h"

static void credit_bucket(struct xlate *x, struct group *g, const struct group_bucket *b)
{
	struct credit *c = xlate_credit(x, CREDIT_BUCKET);
	if (c) {
		c->group = group_ref(g);
		c->number = b ? (uint32_t)(b - g->buckets) : UINT32_MAX;
	}
}

/* The bucket's actions in the order of an action set. */
static void run_bucket(struct xlate *x, struct group *g, const struct group_bucket *b, bool last)
{
	struct of_actions old_set = x->action_set;
	struct xlate_stack old_stack = x->stack;
	struct flow_key *old_flow = xmemdup(&x->flow, sizeof x->flow);
	bool old_mpls = x->was_mpls, old_ct = x->conntracked, old_exit = x->exit,
	     old_group = x->in_group;
	bool old_in_set = x->in_action_set;

	x->action_set = (struct of_actions)OF_ACTIONS_INIT;
	of_actions_copy(&x->action_set, b->actions, b->actions_size);
	x->stack = (struct xlate_stack){ 0 };
	x->in_group = true;
	x->exit = false;
	x->depth++;
	enum xlate_error before = x->error;
	xlate_bucket_set(x, last);
	if (x->freezing)
		xlate_finish_freezing(x);
	/* Troubles of the packet end the bucket, not the pipeline (ovs-actions(7)). */
	if (!before &&
	    (x->error == XLATE_TOO_MANY_MPLS_LABELS || x->error == XLATE_UNSUPPORTED_PACKET_TYPE))
		x->error = XLATE_OK;
	x->depth--;
	of_actions_fini(&x->action_set);
	free(x->stack.bytes);
	x->action_set = old_set;
	x->stack = old_stack;
	x->in_group = old_group;
	x->in_action_set = old_in_set;
	x->exit = old_exit;
	x->was_mpls = old_mpls;
	x->conntracked = old_ct;
	x->flow = *old_flow;
	free(old_flow);
	credit_bucket(x, g, b);
}

static void do_bucket(struct xlate *x, struct group *g, const struct group_bucket *b, bool last)
{
	struct list *up = trace_enter(x->trace, trace_put(x->trace, TRACE_BUCKET, "bucket %u",
							  (unsigned)(b - g->buckets)));
	run_bucket(x, g, b, last);
	trace_leave(x->trace, up);
}

static bool is_alive(struct xlate *x, const struct group_bucket *b)
{
	return bucket_is_alive(x->bridge, b, 0);
}

static const struct group_bucket *first_alive(struct xlate *x, const struct group *g)
{
	for (size_t i = 0; i < g->n_buckets; i++)
		if (is_alive(x, &g->buckets[i]))
			return &g->buckets[i];
	return NULL;
}

/* Highest random weight, by the buckets' weights. */
static const struct group_bucket *best_alive(struct xlate *x, const struct group *g, uint32_t basis)
{
	const struct group_bucket *best = NULL;
	uint32_t best_score = 0;
	for (size_t i = 0; i < g->n_buckets; i++) {
		const struct group_bucket *b = &g->buckets[i];
		if (!is_alive(x, b))
			continue;
		uint32_t score = (hash_u32((uint32_t)i, basis) & 0xffff) * b->weight;
		trace_put(x->trace, TRACE_DETAIL, "bucket %u: score %u", (unsigned)i, score);
		if (score >= best_score) {
			best = b;
			best_score = score;
		}
	}
	return best;
}

static const struct group_bucket *select_by_addresses(struct xlate *x, const struct group *g)
{
	mask_hash_fields(&x->flow, OFHF_SYMMETRIC_L4, x->wc);
	return best_alive(x, g, hash_fields(&x->flow, OFHF_SYMMETRIC_L4, 0));
}

static const struct group_bucket *select_by_fields(struct xlate *x, const struct group *g)
{
	uint64_t param = g->props.selection_method_param;
	uint32_t basis = hash_u64(param, 0);
	for (size_t i = 0; i < g->props.n_fields; i++) {
		const struct group_hash_field *h = &g->props.fields[i];
		const struct field *f = h->field;
		if (!field_prereqs_ok(f, &x->flow, NULL))
			continue;
		field_mask_prereqs(f, &x->flow, x->wc);
		union field_value v;
		field_get(f, &x->flow, &v);
		for (unsigned b = 0; b < f->n_bytes; b++)
			v.b[b] &= h->mask[b];
		field_mask_set(f, x->wc);
		basis = hash_bytes(v.b, f->n_bytes, basis);
	}
	return best_alive(x, g, basis);
}

/* NULL with x->freezing: the packet must be hashed first. */
static const struct group_bucket *select_by_dp_hash(struct xlate *x, struct group *g,
						    bool *ret_hash_first)
{
	uint32_t hash = x->flow.dp_hash;
	*ret_hash_first = false;
	if (!hash) {
		*ret_hash_first = true;
		return NULL;
	}
	x->wc->dp_hash |= g->hash_mask;
	hash &= g->hash_mask;
	const struct group_bucket *b = &g->buckets[g->hash_map[hash]];
	if (is_alive(x, b))
		return b;
	return best_alive(x, g, hash);
}

static void do_select(struct xlate *x, struct group *g, bool last)
{
	const struct group_bucket *b = NULL;
	if (!strcmp(g->props.selection_method, "hash")) {
		b = select_by_fields(x, g);
	} else if (g->hash_map) {
		bool hash_first;
		b = select_by_dp_hash(x, g, &hash_first);
		if (hash_first) {
			struct ofa_u32 *a;
			trace_put(x->trace, TRACE_DETAIL, "no live bucket");
			x->recirc_has_hash = true;
			x->recirc_hash_alg = g->hash_alg;
			x->recirc_hash_basis = g->hash_basis;
			xlate_freeze(x, NULL, 0);
			a = of_actions_put(&x->frozen, OFA_GROUP, sizeof *a);
			a->value = g->id;
			return;
		}
	} else {
		b = select_by_addresses(x, g);
	}
	if (b) {
		if (x->trace)
			trace_put(x->trace, TRACE_DETAIL, "using bucket %u",
				  (unsigned)(b - g->buckets));
		do_bucket(x, g, b, last);
	} else {
		trace_put(x->trace, TRACE_DETAIL, "no live bucket");
		credit_bucket(x, g, NULL);
	}
}

void xlate_group(struct xlate *x, uint32_t id, bool last)
{
	struct group *g = group_lookup(x->bridge, id);
	if (!g) {
		trace_put(x->trace, TRACE_WARN, "output to nonexistent group %u", id);
		return;
	}
	if (!xlate_may_resubmit(x))
		return;
	group_ref(g);
	switch (g->type) {
	case OFPGT_ALL:
	case OFPGT_INDIRECT:
		for (size_t i = 0; i < g->n_buckets; i++)
			do_bucket(x, g, &g->buckets[i], last && i + 1 == g->n_buckets);
		break;
	case OFPGT_SELECT:
		do_select(x, g, last);
		break;
	case OFPGT_FF: {
		const struct group_bucket *b = first_alive(x, g);
		if (b) {
			if (x->trace)
				trace_put(x->trace, TRACE_DETAIL, "using bucket %u",
					  (unsigned)(b - g->buckets));
			do_bucket(x, g, b, last);
		} else {
			trace_put(x->trace, TRACE_DETAIL, "no live bucket");
			credit_bucket(x, g, NULL);
		}
		break;
	}
	}
	group_unref(g);
}
