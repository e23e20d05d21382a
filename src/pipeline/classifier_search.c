/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the rule, and what decided: the search of classifier.c's tree. The essay there says why.
 */
#include <string.h>
#include "base/mem.h"
#include "pipeline/classifier_node.h"

enum outcome {
	ASKED,	  /* the whole stage's mask decided */
	BY_TRIE,  /* a trie's first bits did */
	BY_PORTS, /* all of the stage's mask but the ports, and of them the first bits that told */
};

struct visit {
	const struct classifier_node *node;
	uint8_t outcome;
	uint8_t trie;
	uint8_t n_bits;
	uint8_t maybe; /* bits of tries that tell it too, if what they look at was looked at anyway
			*/
};

struct soft_match {
	struct classifier_rule *rule;
};

struct search {
	const struct classifier *c;
	uint64_t version;
	const struct flow_key *key;
	bool allow_conjunctions;
	bool log;

	struct classifier_rule *best;
	int32_t best_priority; /* -1: none */

	bool trie_asked[CLASSIFIER_MAX_TRIES];
	struct prefix_match trie_match[CLASSIFIER_MAX_TRIES];

	struct visit *visits, visits_[96];
	size_t n_visits, visits_allocated;
	struct soft_match *soft, soft_[32];
	size_t n_soft, soft_allocated;
};

static void search_init(struct search *s, const struct classifier *c, uint64_t version,
			const struct flow_key *key, bool log, bool allow_conjunctions)
{
	s->c = c;
	s->version = version;
	s->key = key;
	s->log = log;
	s->allow_conjunctions = allow_conjunctions;
	s->best = NULL;
	s->best_priority = -1;
	memset(s->trie_asked, 0, sizeof s->trie_asked);
	s->visits = s->visits_;
	s->n_visits = 0;
	s->visits_allocated = ARRAY_SIZE(s->visits_);
	s->soft = s->soft_;
	s->n_soft = 0;
	s->soft_allocated = ARRAY_SIZE(s->soft_);
}

static void search_fini(struct search *s)
{
	if (s->visits != s->visits_)
		free(s->visits);
	if (s->soft != s->soft_)
		free(s->soft);
}

static void *grow(void *p, const void *fixed, size_t n, size_t *allocated, size_t size)
{
	*allocated *= 2;
	if (p != fixed)
		return xrealloc(p, *allocated * size);
	void *q = xmalloc(*allocated * size);
	memcpy(q, fixed, n * size);
	return q;
}

static void log_visit(struct search *s, const struct classifier_node *n, enum outcome outcome,
		      unsigned trie, unsigned n_bits, unsigned maybe)
{
	if (!s->log)
		return;
	if (s->n_visits == s->visits_allocated)
		s->visits = grow(s->visits, s->visits_, s->n_visits, &s->visits_allocated,
				 sizeof s->visits[0]);
	s->visits[s->n_visits++] = (struct visit){ n, (uint8_t)outcome, (uint8_t)trie,
						   (uint8_t)n_bits, (uint8_t)maybe };
}

/* Would a flat search still ask some mask at or below 'n', knowing the best rule so far? */
static bool is_before_best(const struct search *s, const struct classifier_node *n)
{
	if (n->max != s->best_priority)
		return n->max > s->best_priority;
	if (!s->best)
		return false;
	const struct classifier_node *t = s->best->value->node;
	return before(n->max, n->order, t->own_max, t->own_order);
}

/* Can a trie tell that no rule of this node's prefix length matches? */
static bool tries_exclude(struct search *s, const struct classifier_node *n)
{
	unsigned maybe = 0;
	for (unsigned i = 0; i < s->c->n_tries; i++) {
		if (!n->plens[i])
			continue;
		const struct classifier_trie *t = &s->c->tries[i];
		struct prefix_match *m = &s->trie_match[i];
		if (t->field.dl_type && s->key->dl_type != t->field.dl_type)
			continue;
		if (!s->trie_asked[i]) {
			prefix_trie_lookup(&t->trie, (const uint8_t *)s->key + t->field.ofs,
					   t->field.n_bits, m);
			s->trie_asked[i] = true;
		}
		if (prefix_match_has(m, n->plens[i]))
			continue;
		/* The trie is the whole table's: other rules' longer prefixes may have made it look
		 * at more bits than this node's mask has. */
		if (m->n_bits <= n->plens[i]) {
			log_visit(s, n, BY_TRIE, i, m->n_bits, maybe);
			return true;
		}
		maybe |= 1u << i;
	}
	if (maybe)
		log_visit(s, n, ASKED, 0, 0, maybe);
	return maybe;
}

static void add_soft(struct search *s, struct classifier_rule *r)
{
	if (s->n_soft == s->soft_allocated)
		s->soft = grow(s->soft, s->soft_, s->n_soft, &s->soft_allocated, sizeof s->soft[0]);
	s->soft[s->n_soft++].rule = r;
}

static void consider(struct search *s, const struct classifier_value *v)
{
	struct classifier_rule *r;
	LIST_FOR_EACH(r, &v->rules, node) {
		if (!classifier_rule_is_visible(r, s->version))
			continue;
		if (r->n_conjunctions) {
			if (s->allow_conjunctions && r->priority > s->best_priority)
				add_soft(s, r);
			/* What lies behind it counts only if the conjunction fails. */
			return;
		}
		bool better = r->priority > s->best_priority;
		if (r->priority ==
		    s->best_priority) { /* OpenFlow does not say which: the flat search's */
			const struct classifier_node *a = v->node, *b = s->best->value->node;
			better = before(a->own_max, a->own_order, b->own_max, b->own_order);
		}
		if (better) {
			s->best = r;
			s->best_priority = r->priority;
		}
		return;
	}
}

static void search_below(struct search *s, const struct classifier_value *v)
{
	if (!list_is_empty(&v->rules))
		consider(s, v);
	for (uint32_t i = 0; i < v->n_branches; i++) {
		const struct classifier_node *n = v->branches[i].node;
		if (!is_before_best(s, n) || tries_exclude(s, n))
			continue;
		const struct classifier_value *next = value_lookup(n, v, s->key);
		if (next) {
			log_visit(s, n, ASKED, 0, 0, 0);
			search_below(s, next); /* at most N_STAGES deep */
		} else {
			log_visit(s, n, n->ports_mask ? BY_PORTS : ASKED, 0, 0, 0);
		}
	}
}

static bool prefix_bits_are_set(const struct flow_key *wc, const struct classifier_field *f,
				unsigned n_bits)
{
	const uint8_t *p = (const uint8_t *)wc + f->ofs;
	for (unsigned i = 0; i < n_bits; i++)
		if (!(p[i / 8] >> (7 - i % 8) & 1))
			return false;
	return true;
}

static void set_prefix_bits(struct flow_key *wc, const struct classifier_field *f, unsigned n_bits)
{
	uint8_t *p = (uint8_t *)wc + f->ofs;
	unsigned i = 0;
	for (; i + 8 <= n_bits; i += 8)
		p[i / 8] = 0xff;
	if (i < n_bits)
		p[i / 8] |= (uint8_t)(0xff << (8 - (n_bits - i)));
}

static void add_stage_mask(struct flow_key *wc, const struct classifier_node *n, bool but_ports)
{
	for (unsigned i = 0; i < n->n_words; i++) {
		uint64_t m = n->words[i].mask;
		if (but_ports && n->words[i].word == PORTS_WORD)
			memset(&m, 0, 4);
		key_words_rw(wc)[n->words[i].word] |= m;
	}
}

static bool is_on_path(const struct classifier_node *n, const struct classifier_node *end)
{
	for (; end; end = end->parent)
		if (end == n)
			return true;
	return false;
}

/* A miss in the last stage whose ports alone told, by their first bits. */
static void add_ports(const struct search *s, const struct classifier_node *n, struct flow_key *wc)
{
	be32 known, ports;
	add_stage_mask(wc, n, true);
	memcpy(&known, &wc->tp_src, 4);
	if ((known & n->ports_mask) == n->ports_mask)
		return;
	struct prefix_match m;
	memcpy(&ports, &s->key->tp_src, 4);
	ports &= n->ports_mask;
	prefix_trie_lookup(&n->ports, &ports, 32, &m);
	known |= n->ports_mask & prefix_mask32(m.n_bits);
	memcpy(&wc->tp_src, &known, 4);
}

struct adding {
	const struct search *s;
	struct flow_key *wc;
	/* Which visit was the first to look at all bits that the trie did: NULL and !known: none.
	 */
	const struct classifier_node *first[CLASSIFIER_MAX_TRIES];
	bool known[CLASSIFIER_MAX_TRIES];
};

static void add_visit(struct adding *a, const struct visit *v)
{
	const struct search *s = a->s;
	const struct classifier_node *n = v->node;
	switch ((enum outcome)v->outcome) {
	case BY_TRIE:
		set_prefix_bits(a->wc, &s->c->tries[v->trie].field, v->n_bits);
		break;
	case ASKED:
		add_stage_mask(a->wc, n, false);
		break;
	case BY_PORTS:
		add_ports(s, n, a->wc);
		break;
	}
	for (unsigned t = 0; t < s->c->n_tries; t++) {
		bool looks = v->outcome == BY_TRIE
				     ? v->trie == t
				     : s->trie_asked[t] && n->plens[t] >= s->trie_match[t].n_bits;
		const struct classifier_node *f = a->first[t];
		if (looks && (!f || before(n->max, n->order, f->max, f->order)))
			a->first[t] = n;
	}
}

static bool was_looked_at(const struct adding *a, const struct visit *v)
{
	for (unsigned t = 0; t < a->s->c->n_tries; t++) {
		const struct classifier_node *f = a->first[t], *n = v->node;
		if ((v->maybe >> t & 1) &&
		    (a->known[t] || (f && before(f->max, f->order, n->max, n->order))))
			return true;
	}
	return false;
}

static int compare_visits(const void *a_, const void *b_)
{
	const struct classifier_node *a = ((const struct visit *)a_)->node;
	const struct classifier_node *b = ((const struct visit *)b_)->node;
	if (a->max == b->max && a->order == b->order)
		return a->stage < b->stage ? -1 : a->stage > b->stage;
	return before(a->max, a->order, b->max, b->order) ? -1 : 1;
}

/* Adds the bits that decided, of all the masks that a flat search would have asked. What a trie
 * tells is used by that search if the bits it costs are no more than the mask's own, or were looked
 * at before: so visits for which that matters come last here, in its order. */
static void search_add_bits(struct search *s, struct flow_key *wc)
{
	struct adding a = { .s = s, .wc = wc };
	for (unsigned t = 0; t < s->c->n_tries; t++)
		a.known[t] = s->trie_asked[t] && prefix_bits_are_set(wc, &s->c->tries[t].field,
								     s->trie_match[t].n_bits);
	size_t n_maybe = 0;
	for (size_t i = 0; i < s->n_visits; i++) {
		const struct visit *v = &s->visits[i];
		/* The winner's own path counts whatever comes first. */
		if (!is_before_best(s, v->node) &&
		    !(s->best && is_on_path(v->node, s->best->value->node)))
			continue;
		if (v->maybe)
			s->visits[n_maybe++] = *v;
		else
			add_visit(&a, v);
	}
	if (n_maybe > 1)
		qsort(s->visits, n_maybe, sizeof s->visits[0], compare_visits);
	for (size_t i = 0; i < n_maybe; i++)
		if (!was_looked_at(&a, &s->visits[i]))
			add_visit(&a, &s->visits[i]);
}

/* ---- conjunctions ------------------------------------------------------------------------ */

struct clause_set {
	uint32_t id;
	uint64_t clauses;
	unsigned n_clauses;
};

/* Is some conjunction complete among the soft matches of 'priority'? Tries ids in 'from' order:
 * returns the rule of the first for which an acting rule exists. */
static struct classifier_rule *find_conjunction(const struct search *s, int32_t priority,
						struct flow_key *wc, uint32_t *conj_id)
{
	struct clause_set sets_[16], *sets = sets_;
	size_t n = 0, allocated = ARRAY_SIZE(sets_);
	struct classifier_rule *found = NULL;

	for (size_t i = 0; i < s->n_soft && !found; i++) {
		const struct classifier_rule *r = s->soft[i].rule;
		if (!r || r->priority != priority)
			continue;
		for (unsigned j = 0; j < r->n_conjunctions && !found; j++) {
			const struct conjunction *cj = &r->conjunctions[j];
			size_t k = 0;
			while (k < n &&
			       (sets[k].id != cj->id || sets[k].n_clauses != cj->n_clauses))
				k++;
			if (k == n) {
				if (n == allocated)
					sets = grow(sets, sets_, n, &allocated, sizeof sets[0]);
				sets[n++] = (struct clause_set){ cj->id, 0, cj->n_clauses };
			}
			sets[k].clauses |= 1ULL << cj->clause;
			uint64_t all =
				cj->n_clauses >= 64 ? UINT64_MAX : (1ULL << cj->n_clauses) - 1;
			if (sets[k].clauses != all)
				continue;
			struct flow_key with_id = *s->key;
			with_id.conj_id = cj->id;
			struct search again;
			search_init(&again, s->c, s->version, &with_id, wc != NULL, false);
			search_below(&again, root_value(s->c));
			if (again.best) {
				if (wc)
					search_add_bits(&again, wc);
				found = again.best;
				*conj_id = cj->id;
			}
			search_fini(&again);
		}
	}
	if (sets != sets_)
		free(sets);
	return found;
}

/* The next rule of the same match and lower priority. */
static struct classifier_rule *next_lower(const struct search *s, const struct classifier_rule *r)
{
	const struct list *head = &r->value->rules;
	for (struct list *p = r->node.next; p != head; p = p->next) {
		struct classifier_rule *next = LIST_ENTRY(p, struct classifier_rule, node);
		if (next->priority < r->priority && classifier_rule_is_visible(next, s->version))
			return next;
	}
	return NULL;
}

/* Decides between ordinary rules and conjunctions, from the highest priority down. */
static struct classifier_rule *resolve_conjunctions(struct search *s, struct flow_key *wc,
						    uint32_t *conj_id)
{
	for (;;) {
		int32_t top = -1;
		for (size_t i = 0; i < s->n_soft; i++)
			if (s->soft[i].rule && s->soft[i].rule->priority > s->best_priority)
				top = MAX(top, s->soft[i].rule->priority);
		if (top < 0)
			return s->best;
		struct classifier_rule *r = find_conjunction(s, top, wc, conj_id);
		if (r)
			return r;
		/* None: what they hid may count now. */
		for (size_t i = 0; i < s->n_soft; i++) {
			struct classifier_rule *soft = s->soft[i].rule;
			if (!soft || soft->priority != top)
				continue;
			struct classifier_rule *next = next_lower(s, soft);
			s->soft[i].rule = next && next->n_conjunctions ? next : NULL;
			if (next && !next->n_conjunctions && next->priority > s->best_priority) {
				s->best = next;
				s->best_priority = next->priority;
			}
		}
	}
}

struct classifier_rule *classifier_lookup(const struct classifier *c, uint64_t version,
					  const struct flow_key *key, struct flow_key *wc,
					  uint32_t *conj_id)
{
	struct search s;
	if (!c->n_rules)
		return NULL;
	search_init(&s, c, version, key, wc != NULL, true);
	search_below(&s, root_value(c));
	if (wc)
		search_add_bits(&s, wc);
	struct classifier_rule *found = s.best;
	if (s.n_soft) {
		uint32_t id = 0;
		found = resolve_conjunctions(&s, wc, &id);
		if (id && conj_id)
			*conj_id = id;
	}
	if (wc)
		wc->conj_id = 0; /* ours, not the packet's */
	search_fini(&s);
	return found;
}
