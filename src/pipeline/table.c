/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and tables at rest: lifetime, lookups, dumps, time-outs, eviction. Changes are in
 * flow_mod.c. */
#include "pipeline/table.h"
#include <errno.h>
#include <limits.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "packet/field.h"
#include "pipeline/pipeline.h"

LOG_MODULE(table);

struct rule_actions *rule_actions_new(const void *list, size_t size)
{
	struct rule_actions *a = xmalloc(sizeof *a + size);
	*a = (struct rule_actions){ .refs = 1, .size = (uint32_t)size };
	if (size)
		memcpy(a->data, list, size);
	const struct of_action *act;
	for (act = (const void *)a->data; (const uint8_t *)act < a->data + size;
	     act = (const void *)((const uint8_t *)act + act->size)) {
		a->has_learn |= act->type == OFA_LEARN;
		a->has_meter |= act->type == OFA_METER;
		a->has_group |= act->type == OFA_GROUP;
	}
	return a;
}

struct rule_actions *rule_actions_ref(struct rule_actions *a)
{
	a->refs++;
	return a;
}

void rule_actions_unref(struct rule_actions *a)
{
	if (a && --a->refs == 0)
		free(a);
}

struct rule *rule_ref(struct rule *r)
{
	r->refs++;
	return r;
}

void rule_unref(struct rule *r)
{
	if (!r || --r->refs)
		return;
	table_set_unref(r->tables);
	rule_actions_unref(r->actions);
	free(r->cr.conjunctions);
	free(r);
}

void rule_credit(struct rule *r, uint64_t n_packets, uint64_t n_bytes, int64_t used_ns)
{
	r->n_packets += n_packets;
	r->n_bytes += n_bytes;
	if (used_ns > r->used_ns)
		r->used_ns = used_ns;
}

static uint16_t shorter(uint16_t timeout, uint16_t limit)
{
	return limit && (!timeout || limit < timeout) ? limit : timeout;
}

void rule_reduce_timeouts(struct rule *r, uint16_t idle, uint16_t hard)
{
	if (r->removed)
		return;
	r->idle_timeout = shorter(r->idle_timeout, idle);
	r->hard_timeout = shorter(r->hard_timeout, hard);
	if ((r->idle_timeout || r->hard_timeout) && list_is_empty(&r->timed_node))
		list_push_back(&r->tables->timed, &r->timed_node);
}

/* ---- sets -------------------------------------------------------------------------------- */

static const struct classifier_field default_prefixes[] = {
	{ KEY_OFS(nw_dst), 32, BE16_C(0x0800) },
	{ KEY_OFS(nw_src), 32, BE16_C(0x0800) },
};

struct table_set *table_set_new(struct pipeline *p)
{
	struct table_set *s = xzalloc(sizeof *s);
	s->refs = 1;
	s->pipeline = p;
	s->version = VERSION_MIN;
	list_init(&s->timed);
	for (unsigned i = 0; i < N_TABLES; i++) {
		struct table *t = &s->tables[i];
		classifier_init(&t->classifier);
		classifier_set_prefix_fields(&t->classifier, default_prefixes,
					     ARRAY_SIZE(default_prefixes));
		list_init(&t->rules);
		t->max_flows = SIZE_MAX;
		t->miss = OFTM_DEFAULT;
	}
	s->tables[TABLE_INTERNAL].hidden = s->tables[TABLE_INTERNAL].readonly = true;
	return s;
}

struct table_set *table_set_ref(struct table_set *s)
{
	s->refs++;
	return s;
}

void table_set_unref(struct table_set *s)
{
	if (s && --s->refs == 0)
		free(s);
}

void table_set_free(struct table_set *s)
{
	if (!s)
		return;
	table_set_flush(s, true);
	for (unsigned i = 0; i < N_TABLES; i++) {
		classifier_fini(&s->tables[i].classifier);
		free(s->tables[i].name);
		free(s->tables[i].of_name);
		free(s->tables[i].eviction_fields);
	}
	s->pipeline = NULL;
	table_set_unref(s);
}

struct rule *table_lookup(struct table_set *s, uint8_t table_id, const struct flow_key *key,
			  struct flow_key *wc, uint32_t *conj_id)
{
	return rule_of(
		classifier_lookup(&s->tables[table_id].classifier, s->version, key, wc, conj_id));
}

/* ---- dumps ------------------------------------------------------------------------------- */

struct dump {
	struct table_set *tables;
	const struct flow_stats_request *rq;
	bool with_hidden;
	void (*cb)(struct rule *, void *);
	void *arg;
};

static void dump_rule(struct classifier_rule *cr, void *d_)
{
	struct dump *d = d_;
	struct rule *r = rule_of(cr);
	if (!classifier_rule_is_visible(cr, d->tables->version) ||
	    (rule_is_hidden(r) && !d->with_hidden) ||
	    ((r->cookie ^ d->rq->cookie) & d->rq->cookie_mask))
		return;
	if (d->rq->out_port != OFPORT_NONE &&
	    !of_actions_output_to(r->actions->data, r->actions->size, d->rq->out_port))
		return;
	if (d->rq->out_group != OFPG_ANY &&
	    !of_actions_output_to_group(r->actions->data, r->actions->size, d->rq->out_group))
		return;
	d->cb(r, d->arg);
}

int table_set_for_each(struct table_set *s, const struct flow_stats_request *rq, bool with_hidden,
		       void (*cb)(struct rule *, void *arg), void *arg)
{
	struct dump d = { s, rq, with_hidden, cb, arg };
	bool all = match_is_all(&rq->match);
	if (rq->table_id != OFPTT_ALL && rq->table_id >= N_TABLES)
		return -OFPERR_OFPBRC_BAD_TABLE_ID;
	for (unsigned i = 0; i < N_TABLES; i++) {
		struct table *t = &s->tables[i];
		if (rq->table_id == OFPTT_ALL ? t->hidden && !with_hidden : i != rq->table_id)
			continue;
		if (all) { /* in the order in which they were added */
			struct rule *r;
			LIST_FOR_EACH(r, &t->rules, node)
				dump_rule(&r->cr, &d);
		} else {
			classifier_for_each_within(&t->classifier, &rq->match.key, &rq->match.mask,
						   dump_rule, &d);
		}
	}
	return 0;
}

void rule_get_stats(const struct rule *r, struct flow_stats *ret)
{
	int64_t now = clock_mono_ns();
	memset(ret, 0, sizeof *ret);
	match_init(&ret->match);
	classifier_rule_get_match(&r->cr, &ret->match.key, &ret->match.mask);
	ret->cookie = r->cookie;
	ret->table_id = r->table_id;
	ret->priority = (uint16_t)r->cr.priority;
	ret->idle_timeout = r->idle_timeout;
	ret->hard_timeout = r->hard_timeout;
	int64_t age = now - r->created_ns;
	ret->duration_sec = (uint32_t)(age / NS_PER_SEC);
	ret->duration_nsec = (uint32_t)(age % NS_PER_SEC);
	ret->idle_age = (int)((now - r->used_ns) / NS_PER_SEC);
	ret->hard_age = (int)((now - r->modified_ns) / NS_PER_SEC);
	ret->packet_count = r->n_packets;
	ret->byte_count = r->n_bytes;
	ret->flags = r->flags;
	ret->importance = r->importance;
	ret->actions = r->actions->data;
	ret->actions_size = r->actions->size;
}

void rule_put_match(const struct rule *r, const struct ofport_names *names, struct str *out)
{
	struct match m;
	match_init(&m);
	classifier_rule_get_match(&r->cr, &m.key, &m.mask);
	match_put(&m, r->cr.priority, names, out);
}

/* ---- time-outs --------------------------------------------------------------------------- */

static int timeout_reason(const struct rule *r, int64_t now)
{
	if (r->hard_timeout && now >= r->modified_ns + r->hard_timeout * NS_PER_SEC)
		return OFPRR_HARD_TIMEOUT;
	if (r->idle_timeout && now >= r->used_ns + r->idle_timeout * NS_PER_SEC)
		return OFPRR_IDLE_TIMEOUT;
	return -1;
}

/* Reading counters and removing rules may change other rules (learnt ones are refreshed, or
 * evicted), so those to remove are gathered first. */
void table_set_expire(struct table_set *s)
{
	int64_t now = clock_mono_ns();
	struct rule *r, **gone = NULL;
	size_t n = 0, allocated = 0;
	bool any = false;
	LIST_FOR_EACH(r, &s->timed, timed_node)
		any |= timeout_reason(r, now) >= 0;
	if (!any)
		return;
	datapath_sync_stats(s->pipeline->datapath); /* what seems idle may not be */
	LIST_FOR_EACH(r, &s->timed, timed_node) {
		if (timeout_reason(r, now) < 0)
			continue;
		gone = xgrow(gone, &allocated, n + 1, sizeof *gone);
		gone[n++] = rule_ref(r);
	}
	for (size_t i = 0; i < n; i++) {
		if (!gone[i]->removed)
			table_set_remove_rule(s, gone[i], (uint8_t)timeout_reason(gone[i], now));
		rule_unref(gone[i]);
	}
	free(gone);
}

/* ---- settings ---------------------------------------------------------------------------- */

int pipeline_set_table(struct pipeline *p, uint8_t table_id,
		       const struct pipeline_table_settings *c, struct err *err)
{
	if (table_id >= TABLE_INTERNAL)
		return err_set(err, -EINVAL, "bridge %s has no table %u", p->name, table_id);
	struct classifier_field fields[CLASSIFIER_MAX_TRIES];
	unsigned n = 0;
	for (size_t i = 0; i < c->n_prefixes; i++) {
		const struct field *f = field_from_name(c->prefixes[i], strlen(c->prefixes[i]));
		bool fits = f && (f->n_bits == 32 || f->n_bits == 64 || f->n_bits == 128) &&
			    !field_is_tun_metadata(f) && !field_is_register(f);
		if (!fits)
			return err_set(err, -EINVAL, "%s is no field whose prefixes can be tracked",
				       c->prefixes[i]);
		if (n == ARRAY_SIZE(fields))
			return err_set(err, -EINVAL, "at most %d prefix fields",
				       CLASSIFIER_MAX_TRIES);
		be16 dl_type = f->prereq == FIELD_PRE_IP4   ? BE16_C(0x0800)
			       : f->prereq == FIELD_PRE_IP6 ? BE16_C(0x86dd)
							    : 0;
		fields[n++] = (struct classifier_field){ f->ofs, f->n_bits, dl_type };
	}
	struct table *t = &p->tables->tables[table_id];
	free(t->name);
	t->name = c->name && *c->name ? xstrdup(c->name) : NULL;
	t->max_flows = c->max_flows == UINT_MAX ? SIZE_MAX : c->max_flows;
	t->evict_by_config = c->evict;
	free(t->eviction_fields);
	t->eviction_fields = c->groups ? xstrdup(c->groups) : NULL;
	if (c->prefixes)
		classifier_set_prefix_fields(&t->classifier, fields, n);
	else
		classifier_set_prefix_fields(&t->classifier, default_prefixes,
					     ARRAY_SIZE(default_prefixes));
	table_enforce_limit(p->tables, table_id);
	datapath_touch(p->datapath);
	return 0;
}
