/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of rules. Every change is part of a transaction: it is made at once, visible from the
 * next version of the tables on, and noted so that it can be undone; commit moves the version and
 * tells listeners, undo goes back in reverse order. A single flow_mod is a transaction of one.
 *
 * An added rule that replaces one of the same match and priority, and a modified one, change the
 * rule in place: fast-path flows that credit packets to it stay valid. A removed rule stays in its
 * classifier, invisible, until commit. */
#include <errno.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "packet/field.h"
#include "pipeline/group.h"
#include "pipeline/meter.h"
#include "pipeline/pipeline.h"
#include "pipeline/table.h"

LOG_MODULE(flow_mod);

enum change_kind { CHANGE_ADDED, CHANGE_REMOVED, CHANGE_MODIFIED };

struct change {
	struct list node;
	enum change_kind kind;
	struct rule *rule; /* a reference */
	/* CHANGE_MODIFIED: as it was. */
	struct rule_actions *actions;
	be64 cookie;
	uint16_t flags, idle_timeout, hard_timeout, importance;
	int64_t created_ns, modified_ns;
	uint64_t n_packets, n_bytes;
};

static uint64_t next_version(const struct transaction *t) { return t->tables->version + 1; }

static struct change *change_put(struct transaction *t, enum change_kind kind, struct rule *r)
{
	struct change *c = xzalloc(sizeof *c);
	c->kind = kind;
	c->rule = rule_ref(r);
	list_push_back(&t->changes, &c->node);
	return c;
}

static void change_free(struct change *c)
{
	list_remove(&c->node);
	rule_actions_unref(c->actions);
	rule_unref(c->rule);
	free(c);
}

void transaction_begin(struct transaction *t, struct table_set *s, const struct of_origin *origin)
{
	t->tables = s;
	t->origin = origin;
	list_init(&t->changes);
}

/* ---- rules ------------------------------------------------------------------------------- */

static void rule_set_conjunctions(struct rule *r)
{
	unsigned n = 0;
	OF_ACTION_FOR_EACH(a, r->actions->data, r->actions->size)
	n += a->type == OFA_CONJUNCTION;
	free(r->cr.conjunctions);
	r->cr.conjunctions = n ? xcalloc(n, sizeof r->cr.conjunctions[0]) : NULL;
	r->cr.n_conjunctions = (uint16_t)n;
	n = 0;
	OF_ACTION_FOR_EACH(a, r->actions->data, r->actions->size)
	{
		if (a->type != OFA_CONJUNCTION)
			continue;
		const struct ofa_conjunction *c = (const struct ofa_conjunction *)a;
		r->cr.conjunctions[n++] = (struct conjunction){ c->id, c->clause, c->n_clauses };
	}
}

static void rule_update_timed(struct rule *r)
{
	bool timed = (r->idle_timeout || r->hard_timeout) && !r->removed;
	if (!timed)
		list_remove(&r->timed_node);
	else if (list_is_empty(&r->timed_node))
		list_push_back(&r->tables->timed, &r->timed_node);
}

static void rule_remove(struct transaction *t, struct rule *r, uint8_t reason)
{
	change_put(t, CHANGE_REMOVED, r);
	r->removed = true;
	r->removed_reason = reason;
	r->cr.remove_version = next_version(t);
	rule_update_timed(r);
	t->tables->n_rules--;
}

/* Out of the classifier and the lists; the table's reference is the caller's now. */
static void rule_unlink(struct rule *r)
{
	classifier_remove(&r->tables->tables[r->table_id].classifier, &r->cr);
	list_remove(&r->node);
	list_remove(&r->timed_node);
}

static struct change *rule_begin_modify(struct transaction *t, struct rule *r)
{
	struct change *c = change_put(t, CHANGE_MODIFIED, r);
	c->actions = rule_actions_ref(r->actions);
	c->cookie = r->cookie;
	c->flags = r->flags;
	c->idle_timeout = r->idle_timeout;
	c->hard_timeout = r->hard_timeout;
	c->importance = r->importance;
	c->created_ns = r->created_ns;
	c->modified_ns = r->modified_ns;
	c->n_packets = r->n_packets;
	c->n_bytes = r->n_bytes;
	return c;
}

static void rule_set_actions(struct rule *r, const struct flow_mod *fm)
{
	if (r->actions->size == fm->actions_size &&
	    (!fm->actions_size || !memcmp(r->actions->data, fm->actions, fm->actions_size)))
		return;
	rule_actions_unref(r->actions);
	r->actions = rule_actions_new(fm->actions, fm->actions_size);
	rule_set_conjunctions(r);
}

/* ---- eviction ---------------------------------------------------------------------------- */

/* What makes 'a' a better victim than 'b': less important, if that counts; then the one that would
 * go first by itself. Rules without time-outs are never evicted (OpenFlow 1.4 B.14.7 leaves it
 * open; OVS). */
static bool is_better_victim(const struct table *t, const struct rule *a, const struct rule *b)
{
	if (!b)
		return true;
	if ((t->eviction_flags & OFPTMPEF_IMPORTANCE) && a->importance != b->importance)
		return a->importance < b->importance;
	int64_t a_end = INT64_MAX, b_end = INT64_MAX;
	if (a->hard_timeout)
		a_end = a->modified_ns + a->hard_timeout * NS_PER_SEC;
	if (a->idle_timeout)
		a_end = MIN(a_end, a->used_ns + a->idle_timeout * NS_PER_SEC);
	if (b->hard_timeout)
		b_end = b->modified_ns + b->hard_timeout * NS_PER_SEC;
	if (b->idle_timeout)
		b_end = MIN(b_end, b->used_ns + b->idle_timeout * NS_PER_SEC);
	return a_end < b_end;
}

static struct rule *choose_victim(struct table *t, uint64_t version)
{
	struct rule *r, *best = NULL;
	LIST_FOR_EACH(r, &t->rules, node) {
		if (!classifier_rule_is_visible(&r->cr, version) || rule_is_hidden(r) ||
		    (!r->idle_timeout && !r->hard_timeout))
			continue;
		if (is_better_victim(t, r, best))
			best = r;
	}
	return best;
}

static size_t count_visible(const struct table *t, uint64_t version)
{
	if (t->max_flows >= t->classifier.n_rules && t->max_flows != 0)
		return t->classifier.n_rules; /* an upper bound that is low enough */
	size_t n = 0;
	const struct rule *r;
	LIST_FOR_EACH(r, &t->rules, node)
		n += classifier_rule_is_visible(&r->cr, version) && !rule_is_hidden(r);
	return n;
}

/* Makes room for one rule. */
static int make_room(struct transaction *t, uint8_t table_id)
{
	struct table *table = &t->tables->tables[table_id];
	if (table->max_flows == SIZE_MAX ||
	    count_visible(table, next_version(t)) < table->max_flows)
		return 0;
	if (!table->evict_by_config && !table->evict_by_of)
		return -OFPERR_OFPFMFC_TABLE_FULL;
	struct rule *victim = choose_victim(table, next_version(t));
	if (!victim)
		return -OFPERR_OFPFMFC_TABLE_FULL;
	rule_remove(t, victim, OFPRR_EVICTION);
	return 0;
}

void table_enforce_limit(struct table_set *s, uint8_t table_id)
{
	struct table *table = &s->tables[table_id];
	struct transaction t;
	if (!table->evict_by_config && !table->evict_by_of)
		return;
	transaction_begin(&t, s, NULL);
	while (table->max_flows != SIZE_MAX &&
	       count_visible(table, next_version(&t)) > table->max_flows) {
		struct rule *victim = choose_victim(table, next_version(&t));
		if (!victim)
			break;
		rule_remove(&t, victim, OFPRR_EVICTION);
	}
	transaction_commit(&t);
}

/* ---- checks ------------------------------------------------------------------------------ */

int flow_actions_check(const struct pipeline *p, const void *list, size_t size)
{
	OF_ACTION_FOR_EACH(a, list, size)
	{
		const struct ofa_u32 *u = (const struct ofa_u32 *)a;
		size_t nested_size;
		const struct of_action *nested;
		switch (a->type) {
		case OFA_GROUP:
			if (!group_lookup(p, u->value))
				return -OFPERR_OFPBAC_BAD_OUT_GROUP;
			break;
		case OFA_METER:
			if (!meter_lookup(p, u->value))
				return -OFPERR_OFPMMFC_INVALID_METER;
			break;
		case OFA_CT:
		case OFA_NAT:
			if (!p->datapath->features.ct) {
				static struct log_limit limit = LOG_LIMIT(5, 5);
				log_warn_limited(
					&limit,
					"%s: refused a flow with ct(): this datapath has no "
					"connection tracker yet",
					p->name);
				return -OFPERR_NXBAC_CT_DATAPATH_SUPPORT;
			}
			break;
		default:
			break;
		}
		nested = of_action_nested(a, &nested_size);
		if (nested && a->type != OFA_CT) {
			int r = flow_actions_check(p, nested, nested_size);
			if (r)
				return r;
		}
	}
	return 0;
}

/* ---- commands ---------------------------------------------------------------------------- */

static int do_add(struct transaction *t, const struct flow_mod *fm)
{
	struct table_set *s = t->tables;
	uint8_t table_id = fm->table_id == OFPTT_ALL ? 0 : fm->table_id;
	if (table_id >= N_TABLES)
		return -OFPERR_OFPBRC_BAD_TABLE_ID;
	struct table *table = &s->tables[table_id];
	if (table->readonly && !(fm->flags & OFFF_NO_READONLY))
		return -OFPERR_OFPBRC_EPERM;
	if (fm->flags & OFFF_EMERG)
		return -OFPERR_OFPFMFC_BAD_EMERG_TIMEOUT;

	const struct flow_key *key = &fm->match.key, *mask = &fm->match.mask;
	int64_t now = clock_mono_ns();
	struct classifier_rule *cr =
		classifier_find(&table->classifier, key, mask, fm->priority, next_version(t));
	if (!cr && (fm->flags & OFFF_CHECK_OVERLAP) &&
	    classifier_overlaps(&table->classifier, key, mask, fm->priority, next_version(t)))
		return -OFPERR_OFPFMFC_OVERLAP;
	if (cr) {
		struct rule *rule = rule_of(cr);
		rule_begin_modify(t, rule);
		rule_set_actions(rule, fm);
		rule->cookie = fm->new_cookie;
		rule->flags = fm->flags;
		rule->idle_timeout = fm->idle_timeout;
		rule->hard_timeout = fm->hard_timeout;
		rule->importance = fm->importance;
		rule->created_ns = rule->modified_ns = now;
		if (fm->flags & OFFF_RESET_COUNTS) {
			rule->n_packets = rule->n_bytes = 0;
			rule->used_ns = now;
		}
		rule_update_timed(rule);
		return 0;
	}
	int r = make_room(t, table_id);
	if (r)
		return r;
	struct rule *rule = xzalloc(sizeof *rule);
	rule->refs = 1;
	rule->tables = table_set_ref(s);
	rule->actions = rule_actions_new(fm->actions, fm->actions_size);
	rule->table_id = table_id;
	rule->flags = fm->flags;
	rule->idle_timeout = fm->idle_timeout;
	rule->hard_timeout = fm->hard_timeout;
	rule->importance = fm->importance;
	rule->cookie = fm->new_cookie;
	rule->created_ns = rule->modified_ns = rule->used_ns = now;
	list_init(&rule->timed_node);
	rule_set_conjunctions(rule);
	classifier_insert(&table->classifier, &rule->cr, key, mask, fm->priority, next_version(t));
	list_push_back(&table->rules, &rule->node);
	rule_update_timed(rule);
	s->n_rules++;
	change_put(t, CHANGE_ADDED, rule);
	return 0;
}

struct collect {
	const struct transaction *t;
	const struct flow_mod *fm;
	bool by_output; /* out_port, out_group count */
	struct rule **rules;
	size_t n, allocated;
	bool eperm;
};

static void collect_rule(struct classifier_rule *cr, void *c_)
{
	struct collect *c = c_;
	struct rule *r = rule_of(cr);
	const struct flow_mod *fm = c->fm;
	if (!classifier_rule_is_visible(cr, next_version(c->t)) ||
	    ((r->cookie ^ fm->cookie) & fm->cookie_mask))
		return;
	if (c->by_output && fm->out_port != OFPORT_NONE &&
	    !of_actions_output_to(r->actions->data, r->actions->size, fm->out_port))
		return;
	if (c->by_output && fm->out_group != OFPG_ANY &&
	    !of_actions_output_to_group(r->actions->data, r->actions->size, fm->out_group))
		return;
	if (rule_is_hidden(r) && !(fm->flags & OFFF_NO_READONLY))
		return;
	c->rules = xgrow(c->rules, &c->allocated, c->n + 1, sizeof c->rules[0]);
	c->rules[c->n++] = r;
}

static int collect(struct collect *c, bool strict)
{
	struct table_set *s = c->t->tables;
	const struct flow_mod *fm = c->fm;
	const struct flow_key *key = &fm->match.key, *mask = &fm->match.mask;
	if (fm->table_id != OFPTT_ALL && fm->table_id >= N_TABLES)
		return -OFPERR_OFPBRC_BAD_TABLE_ID;
	for (unsigned i = 0; i < N_TABLES; i++) {
		struct table *table = &s->tables[i];
		if (fm->table_id == OFPTT_ALL ? table->hidden : fm->table_id != i)
			continue;
		if (strict) {
			struct classifier_rule *cr = classifier_find(
				&table->classifier, key, mask, fm->priority, next_version(c->t));
			if (cr)
				collect_rule(cr, c);
		} else if (table->classifier.n_rules) {
			classifier_for_each_within(&table->classifier, key, mask, collect_rule, c);
		}
	}
	return 0;
}

/* Before OpenFlow 1.2, modifying nothing adds, unless a cookie chose the flows. */
static bool modify_may_add(const struct transaction *t, const struct flow_mod *fm)
{
	if (fm->cookie_mask)
		return false;
	return !t->origin || t->origin->version < OF12;
}

static int do_modify(struct transaction *t, const struct flow_mod *fm, bool strict)
{
	struct collect c = { .t = t, .fm = fm };
	int r = collect(&c, strict);
	if (!r && !c.n && modify_may_add(t, fm)) {
		free(c.rules);
		return do_add(t, fm);
	}
	int64_t now = clock_mono_ns();
	for (size_t i = 0; i < c.n; i++) {
		struct rule *rule = c.rules[i];
		rule_begin_modify(t, rule);
		rule_set_actions(rule, fm);
		if (fm->modify_cookie)
			rule->cookie = fm->new_cookie;
		rule->modified_ns = now;
		/* Before OpenFlow 1.2 the flag is how an add's own rule is told, not a wish. */
		if ((fm->flags & OFFF_RESET_COUNTS) && t->origin && t->origin->version >= OF12)
			rule->n_packets = rule->n_bytes = 0;
	}
	free(c.rules);
	return r;
}

static int do_delete(struct transaction *t, const struct flow_mod *fm, bool strict)
{
	struct collect c = { .t = t, .fm = fm, .by_output = true };
	int r = collect(&c, strict);
	for (size_t i = 0; i < c.n; i++)
		rule_remove(t, c.rules[i], OFPRR_DELETE);
	free(c.rules);
	return r;
}

int transaction_flow_mod(struct transaction *t, const struct flow_mod *fm)
{
	tun_table_current = t->tables->pipeline->tun_table;
	if (fm->command <= OFPFC_MODIFY_STRICT) {
		int r = flow_actions_check(t->tables->pipeline, fm->actions, fm->actions_size);
		if (r)
			return r;
	}
	switch (fm->command) {
	case OFPFC_ADD:
		return do_add(t, fm);
	case OFPFC_MODIFY:
	case OFPFC_MODIFY_STRICT:
		return do_modify(t, fm, fm->command == OFPFC_MODIFY_STRICT);
	case OFPFC_DELETE:
	case OFPFC_DELETE_STRICT:
		return do_delete(t, fm, fm->command == OFPFC_DELETE_STRICT);
	}
	return -OFPERR_OFPFMFC_BAD_COMMAND;
}

/* ---- telling ----------------------------------------------------------------------------- */

static void tell_update(struct pipeline *p, const struct rule *r, enum of_flow_update_event event,
			const struct of_origin *origin)
{
	if (!p->listener || !p->listener->flow_update || rule_is_hidden(r))
		return;
	struct flow_update u;
	memset(&u, 0, sizeof u);
	u.event = event;
	u.reason = r->removed_reason;
	u.idle_timeout = r->idle_timeout;
	u.hard_timeout = r->hard_timeout;
	u.table_id = r->table_id;
	u.priority = (uint16_t)r->cr.priority;
	u.cookie = r->cookie;
	match_init(&u.match);
	classifier_rule_get_match(&r->cr, &u.match.key, &u.match.mask);
	u.actions = r->actions->data;
	u.actions_size = r->actions->size;
	p->listener->flow_update(p->listener_arg, &u, origin);
}

static void tell_removed(struct pipeline *p, const struct rule *r)
{
	if (!p->listener || !p->listener->flow_removed || !(r->flags & OFFF_SEND_FLOW_REM) ||
	    rule_is_hidden(r))
		return;
	struct flow_stats s;
	rule_get_stats(r, &s);
	struct flow_removed m;
	memset(&m, 0, sizeof m);
	m.match = s.match;
	m.cookie = s.cookie;
	m.priority = s.priority;
	m.reason = r->removed_reason;
	m.table_id = r->table_id;
	m.duration_sec = s.duration_sec;
	m.duration_nsec = s.duration_nsec;
	m.idle_timeout = s.idle_timeout;
	m.hard_timeout = s.hard_timeout;
	m.packet_count = s.packet_count;
	m.byte_count = s.byte_count;
	p->listener->flow_removed(p->listener_arg, &m);
}

static bool removal_wants_stats(const struct transaction *t)
{
	const struct change *c;
	LIST_FOR_EACH(c, &t->changes, node)
		if (c->kind == CHANGE_REMOVED && (c->rule->flags & OFFF_SEND_FLOW_REM))
			return true;
	return false;
}

static void check_vacancy(struct table_set *s, uint8_t table_id)
{
	struct table *t = &s->tables[table_id];
	const struct of_listener_ops *l = s->pipeline->listener;
	if (!t->vacancy || t->max_flows == SIZE_MAX || !t->max_flows)
		return;
	size_t n = t->classifier.n_rules;
	uint8_t vacancy =
		n >= t->max_flows ? 0 : (uint8_t)((t->max_flows - n) * 100 / t->max_flows);
	bool down = t->vacancy_is_down ? vacancy <= t->vacancy_up : vacancy < t->vacancy_down;
	if (down == t->vacancy_is_down)
		return;
	t->vacancy_is_down = down;
	if (!l || !l->table_status)
		return;
	struct table_status status = {
		.reason = down ? OFPTR_VACANCY_DOWN : OFPTR_VACANCY_UP,
		.desc = { .table_id = table_id,
			  .eviction = t->evict_by_of ? OFTE_ON : OFTE_OFF,
			  .eviction_flags = t->eviction_flags,
			  .vacancy = OFTV_ON,
			  .vacancy_down = t->vacancy_down,
			  .vacancy_up = t->vacancy_up,
			  .vacancy_now = vacancy },
	};
	l->table_status(s->pipeline->listener_arg, &status);
}

void transaction_commit(struct transaction *t)
{
	struct table_set *s = t->tables;
	if (list_is_empty(&t->changes))
		return;
	if (removal_wants_stats(t))
		datapath_sync_stats(s->pipeline->datapath);
	s->version++;
	uint8_t touched[N_TABLES] = { 0 };
	struct change *c;
	LIST_FOR_EACH_SAFE(c, &t->changes, node) {
		struct rule *r = c->rule;
		touched[r->table_id] = 1;
		switch (c->kind) {
		case CHANGE_ADDED:
			if (!r->removed)
				tell_update(s->pipeline, r, OFFUE_ADDED, t->origin);
			break;
		case CHANGE_MODIFIED:
			if (!r->removed)
				tell_update(s->pipeline, r, OFFUE_MODIFIED, t->origin);
			break;
		case CHANGE_REMOVED:
			tell_update(s->pipeline, r, OFFUE_DELETED, t->origin);
			tell_removed(s->pipeline, r);
			rule_unlink(r);
			rule_unref(r); /* the table's */
			break;
		}
		change_free(c);
	}
	for (unsigned i = 0; i < N_TABLES; i++)
		if (touched[i])
			check_vacancy(s, (uint8_t)i);
	datapath_touch(s->pipeline->datapath);
}

void transaction_undo(struct transaction *t)
{
	while (!list_is_empty(&t->changes)) {
		struct change *c = LIST_ENTRY(t->changes.prev, struct change, node);
		struct rule *r = c->rule;
		switch (c->kind) {
		case CHANGE_ADDED:
			rule_unlink(r);
			r->removed = true;
			t->tables->n_rules--;
			rule_unref(r);
			break;
		case CHANGE_MODIFIED:
			rule_actions_unref(r->actions);
			r->actions = STEAL(c->actions);
			rule_set_conjunctions(r);
			r->cookie = c->cookie;
			r->flags = c->flags;
			r->idle_timeout = c->idle_timeout;
			r->hard_timeout = c->hard_timeout;
			r->importance = c->importance;
			r->created_ns = c->created_ns;
			r->modified_ns = c->modified_ns;
			r->n_packets = c->n_packets;
			r->n_bytes = c->n_bytes;
			rule_update_timed(r);
			break;
		case CHANGE_REMOVED:
			r->removed = false;
			r->cr.remove_version = VERSION_NEVER;
			t->tables->n_rules++;
			rule_update_timed(r);
			break;
		}
		change_free(c);
	}
}

int table_set_flow_mod(struct table_set *s, const struct flow_mod *fm,
		       const struct of_origin *origin)
{
	struct transaction t;
	transaction_begin(&t, s, origin);
	int r = transaction_flow_mod(&t, fm);
	if (r)
		transaction_undo(&t);
	else
		transaction_commit(&t);
	return r;
}

void table_set_remove_rule(struct table_set *s, struct rule *r, uint8_t reason)
{
	struct transaction t;
	transaction_begin(&t, s, NULL);
	rule_remove(&t, r, reason);
	transaction_commit(&t);
}

static bool uses_meter(const void *list, size_t size, uint32_t meter)
{
	OF_ACTION_FOR_EACH(a, list, size)
	{
		if (a->type == OFA_METER && ((const struct ofa_u32 *)a)->value == meter)
			return true;
		size_t nested_size;
		const struct of_action *nested = of_action_nested(a, &nested_size);
		if (nested && uses_meter(nested, nested_size, meter))
			return true;
	}
	return false;
}

static bool uses_any_group(const void *list, size_t size)
{
	OF_ACTION_FOR_EACH(a, list, size)
	{
		if (a->type == OFA_GROUP)
			return true;
		size_t nested_size;
		const struct of_action *nested = of_action_nested(a, &nested_size);
		if (nested && uses_any_group(nested, nested_size))
			return true;
	}
	return false;
}

void transaction_delete_users(struct transaction *t, uint32_t group, uint32_t meter, uint8_t reason)
{
	for (unsigned i = 0; i < N_TABLES; i++) {
		struct rule *r;
		LIST_FOR_EACH_SAFE(r, &t->tables->tables[i].rules, node) {
			const void *list = r->actions->data;
			size_t size = r->actions->size;
			bool uses = meter ? uses_meter(list, size, meter)
				    : group == OFPG_ALL
					    ? uses_any_group(list, size)
					    : of_actions_output_to_group(list, size, group);
			if (uses && classifier_rule_is_visible(&r->cr, next_version(t)))
				rule_remove(t, r, reason);
		}
	}
}

void table_set_delete_users(struct table_set *s, uint32_t group, uint32_t meter, uint8_t reason)
{
	struct transaction t;
	transaction_begin(&t, s, NULL);
	transaction_delete_users(&t, group, meter, reason);
	transaction_commit(&t);
}

void table_set_flush(struct table_set *s, bool with_hidden)
{
	struct transaction t;
	transaction_begin(&t, s, NULL);
	for (unsigned i = 0; i < N_TABLES; i++) {
		struct rule *r;
		LIST_FOR_EACH_SAFE(r, &s->tables[i].rules, node)
			if (with_hidden || !rule_is_hidden(r))
				rule_remove(&t, r, OFPRR_DELETE);
	}
	transaction_commit(&t);
}
