/* SPDX-License-Identifier: Apache-2.0 */
/* The problem: among N rules with M distinct masks and with priorities, find the best that matches a
 * packet, fast; change rules by the thousand per second; and tell which bits of the packet decided,
 * as few as possible, because they become the mask of a flow in the fast path's cache.
 *
 * Tuple space search (Srinivasan, Suri, Varghese, SIGCOMM 1999) keeps a hash table for each of the M
 * masks and asks all of them: updates are cheap, lookups linear in M. Decision trees (HyperCuts and its
 * children) look up faster, but rebuild on updates and give wide masks. This is a tuple space folded
 * into a tree, so that masks which cannot match are left out by the hundred:
 *
 *   - A key is cut into stages: metadata and tunnel, L2, L3, L4. A mask is a path in the tree of nodes,
 *     one for each stage that it has bits in; masks share the nodes of their common stages.
 *   - A node has one hash table from values (of its stage and, by identity, of the stages before) to
 *     'struct classifier_value'. A value lists the nodes of later stages in which rules with this very
 *     value go on. So a packet on port 5 walks only the masks that rules of port 5 use, and a table
 *     of many tenants, ports or registers costs what one tenant's rules cost.
 *   - Nodes know the highest priority below them; a search ends where nothing better can follow.
 *   - Address prefixes are kept in tries: a node for /24 need not be asked when no rule's /24 prefix
 *     fits the packet. This both saves the lookup and says how few bits told that.
 *
 * Bits that decided. A stage's bits are added when its table was asked, even if the answer was no;
 * stages after it are not looked at and stay wild. That is why stages begin with what packets of one
 * port have in common. A last-stage miss that only depends on ports is told by a trie of port values.
 *
 * Which masks count as asked is a convention: a flat tuple space, its masks sorted by their highest
 * priority and then by age, asks one after the other until no better rule can follow. We search in the
 * tree's order and often know sooner, but report what that flat search would have asked ('before'), so
 * that megaflows are the ones that OVS's documentation explains and its test-suite expects, and do not
 * depend on how the tree happened to be walked. To that end a search logs what it asked and adds up
 * bits at the end, when the winner is known.
 *
 * Conjunctions. A rule with conjunctions is one clause of a larger match and no match by itself. A
 * search collects them; if all clauses of an id are there at a priority above the best ordinary rule,
 * a second search, with conj_id set to the id, finds the rule that acts (ovs-fields(7)).
 *
 * Costs. Memory: a rule has a value per stage used, shared with all rules that agree on it, and holds
 * no mask and no key. A hostile table can still have M nodes on one path: then a lookup costs M probes,
 * as with any tuple space, but M short ones, since a probe hashes its own stage's words only.
 *
 * Rejected: a flat bitmap of masks per field value (best at thousands of masks, but every update
 * touches N bits), and one trie per value instead of per table (narrower still, at 3x the memory). */
#include "pipeline/classifier.h"
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"

enum { STAGE_ROOT, STAGE_META, STAGE_L2, STAGE_L3, STAGE_L4, N_STAGES };

#define W(member) (KEY_OFS(member) / 8)
/* The words of a stage; tunnel options lie at the end of the key, but belong with the metadata. */
static const struct stage_words {
	uint8_t from, to, from2, to2;
} stage_words[N_STAGES] = {
	[STAGE_META] = { 0, W(dl_dst), W(tun_opts), KEY_WORDS },
	[STAGE_L2] = { W(dl_dst), W(nw_src), 0, 0 },
	[STAGE_L3] = { W(nw_src), W(nd_target), 0, 0 },
	[STAGE_L4] = { W(nd_target), W(tun_opts), 0, 0 },
};
_Static_assert(KEY_WORDS < 256, "word numbers fit a byte");
#define PORTS_WORD W(tp_src) /* tp_src and tp_dst are its first 4 bytes */
_Static_assert(KEY_OFS(nd_target) % 8 == 0 && KEY_OFS(tp_src) % 8 == 0 && KEY_OFS(tp_dst) == KEY_OFS(tp_src) + 2, "");

struct mask_word {
	uint64_t mask;
	uint32_t word;
};

/* A mask up to and including one stage. */
struct classifier_node {
	struct classifier_node *parent; /* NULL: root */
	struct list sibling;
	struct list children;
	struct hmap_node by_mask; /* in parent's child_masks */
	struct hmap child_masks;
	struct hmap values;
	uint8_t stage;
	uint8_t n_words;
	uint8_t plens[CLASSIFIER_MAX_TRIES]; /* length of the prefix in tries' fields here; 0: none */
	be32 ports_mask;		     /* L4: of tp_src, tp_dst */
	struct prefix_trie ports;	     /* L4: their values */
	/* This mask itself, if rules end here (n_rules > 0): highest priority, how many have it, rank
	 * among masks of equal priority. */
	size_t n_rules;
	int32_t own_max;
	size_t n_own_max;
	int64_t own_order;
	/* The first mask in flat order at or below. */
	int32_t max;
	int64_t order;
	struct mask_word words[];
};

struct branch { /* rules of a value go on in 'node' */
	struct classifier_node *node;
	size_t n_values;
};

struct classifier_value {
	struct hmap_node hmap_node; /* hash covers the stages before */
	struct classifier_node *node;
	struct classifier_value *parent; /* NULL: root's */
	struct list rules;		 /* that end here */
	uint32_t n_branches, n_allocated;
	struct branch *branches;
	size_t refs;	   /* rules here and values below */
	uint64_t words[]; /* node->n_words, masked */
};

static unsigned stage_of_word(unsigned w)
{
	return w < W(dl_dst) || w >= W(tun_opts) ? STAGE_META
	       : w < W(nw_src)			 ? STAGE_L2
	       : w < W(nd_target)		 ? STAGE_L3
						 : STAGE_L4;
}

static unsigned ports_plen(be32 mask)
{
	uint32_t m = be32_to_cpu(mask);
	return m ? 32 - (unsigned)__builtin_ctz(m) : 0;
}

static be32 prefix_mask32(unsigned plen)
{
	return plen ? cpu_to_be32(~0u << (32 - plen)) : 0;
}

/* Length of the prefix mask that 'field' has in 'mask'; 0 if it is none. */
static unsigned field_plen(const struct classifier_field *field, const struct flow_key *mask)
{
	const uint8_t *p = (const uint8_t *)mask + field->ofs;
	unsigned n = 0;
	while (n < field->n_bits && (p[n / 8] >> (7 - n % 8) & 1))
		n++;
	for (unsigned i = n; i < field->n_bits; i++)
		if (p[i / 8] >> (7 - i % 8) & 1)
			return 0;
	return n;
}

static unsigned field_stage(const struct classifier_field *field)
{
	return stage_of_word(field->ofs / 8);
}

/* ---- nodes ------------------------------------------------------------------------------- */

static struct classifier_node *node_new(struct classifier_node *parent, unsigned stage,
					unsigned n_words)
{
	struct classifier_node *n =
		xzalloc(sizeof *n + n_words * sizeof n->words[0]);
	n->parent = parent;
	n->stage = (uint8_t)stage;
	n->n_words = (uint8_t)n_words;
	n->own_max = n->max = -1;
	list_init(&n->children);
	hmap_init(&n->child_masks);
	hmap_init(&n->values);
	if (parent)
		list_push_back(&parent->children, &n->sibling);
	return n;
}

static void node_free(struct classifier_node *n)
{
	if (n->parent) {
		list_remove(&n->sibling);
		hmap_remove(&n->parent->child_masks, &n->by_mask);
	}
	hmap_fini(&n->child_masks);
	hmap_fini(&n->values);
	prefix_trie_fini(&n->ports);
	free(n);
}

static void node_set_plens(const struct classifier *c, struct classifier_node *n)
{
	struct flow_key mask;
	memset(&mask, 0, sizeof mask);
	for (unsigned i = 0; i < n->n_words; i++)
		key_words_rw(&mask)[n->words[i].word] = n->words[i].mask;
	for (unsigned i = 0; i < CLASSIFIER_MAX_TRIES; i++)
		n->plens[i] = i < c->n_tries && field_stage(&c->tries[i].field) == n->stage ?
				      (uint8_t)field_plen(&c->tries[i].field, &mask) :
				      0;
}

/* The words of 'mask' in a stage. */
static unsigned stage_mask(unsigned stage, const struct flow_key *mask, struct mask_word *ret)
{
	const uint64_t *m = key_words(mask);
	const struct stage_words *s = &stage_words[stage];
	unsigned n = 0;
	for (unsigned w = s->from; w < s->to; w++)
		if (m[w])
			ret[n++] = (struct mask_word){ m[w], w };
	for (unsigned w = s->from2; w < s->to2; w++)
		if (m[w])
			ret[n++] = (struct mask_word){ m[w], w };
	return n;
}

static bool words_equal(const struct mask_word *a, const struct mask_word *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (a[i].mask != b[i].mask || a[i].word != b[i].word)
			return false;
	return true;
}

/* The node of a whole mask; with 'c', missing ones are made. */
static struct classifier_node *node_find(struct classifier_node *root, const struct flow_key *mask,
					 const struct classifier *make_in)
{
	struct classifier_node *n = root;
	struct mask_word words[KEY_WORDS];
	for (unsigned stage = STAGE_META; stage < N_STAGES; stage++) {
		unsigned n_words = stage_mask(stage, mask, words);
		if (!n_words)
			continue;
		struct classifier_node *child, *found = NULL;
		uint32_t hash = stage;
		for (unsigned i = 0; i < n_words; i++)
			hash = hash_add64(hash_add(hash, words[i].word), words[i].mask);
		hash = hash_finish(hash, n_words);
		HMAP_FOR_EACH_WITH_HASH(child, &n->child_masks, hash, by_mask) {
			if (child->stage == stage && child->n_words == n_words &&
			    words_equal(child->words, words, n_words)) {
				found = child;
				break;
			}
		}
		if (!found) {
			if (!make_in)
				return NULL;
			found = node_new(n, stage, n_words);
			memcpy(found->words, words, n_words * sizeof words[0]);
			hmap_insert(&n->child_masks, &found->by_mask, hash);
			node_set_plens(make_in, found);
			if (stage == STAGE_L4)
				memcpy(&found->ports_mask, &mask->tp_src, 4);
		}
		n = found;
	}
	return n;
}

/* Is the mask (max, order) asked before (max2, order2) in a flat search? */
static bool before(int32_t max, int64_t order, int32_t max2, int64_t order2)
{
	return max > max2 || (max == max2 && order < order2);
}

/* Brings 'max' and 'order' up to date, from 'n' to the root. */
static void node_update_max(struct classifier_node *n)
{
	for (; n; n = n->parent) {
		int32_t old_max = n->max;
		int64_t old_order = n->order;
		int32_t max = n->n_rules ? n->own_max : -1;
		int64_t order = n->own_order;
		struct classifier_node *child;
		LIST_FOR_EACH(child, &n->children, sibling) {
			if (child->max >= 0 && (max < 0 || before(child->max, child->order, max, order))) {
				max = child->max;
				order = child->order;
			}
		}
		if (n->max == max && n->order == order)
			return;
		n->max = max;
		n->order = order;
		/* The parent looks at all its children only if this one was its first. */
		struct classifier_node *p = n->parent;
		if (p && p->max >= 0 && (p->max != old_max || p->order != old_order)) {
			if (max >= 0 && before(max, order, p->max, p->order))
				continue;
			return;
		}
	}
}

/* As node_update_max(), when the first mask below can only have come forward: no scan of siblings. */
static void node_raise_max(struct classifier_node *n)
{
	int32_t max = n->own_max;
	int64_t order = n->own_order;
	for (; n; n = n->parent) {
		if (n->max >= 0 && !before(max, order, n->max, n->order))
			return;
		n->max = max;
		n->order = order;
	}
}

static void node_priority_added(struct classifier *c, struct classifier_node *n, int32_t priority)
{
	if (n->n_rules++ == 0) {
		c->n_masks++;
		n->own_max = -1;
	}
	if (priority == n->own_max) {
		n->n_own_max++;
	} else if (priority > n->own_max) {
		/* A mask that becomes more important goes behind those that are so already. */
		bool led = n->own_max >= 0 && n->max == n->own_max && n->order == n->own_order;
		n->own_max = priority;
		n->n_own_max = 1;
		n->own_order = c->next_order++;
		if (led) /* its old place may be an ancestor's first */
			node_update_max(n);
		else
			node_raise_max(n);
	}
}

static void node_priority_removed(struct classifier *c, struct classifier_node *n, int32_t priority)
{
	if (--n->n_rules == 0) {
		c->n_masks--;
		node_update_max(n);
		return;
	}
	if (priority != n->own_max || --n->n_own_max)
		return;
	struct classifier_value *v;
	n->own_max = -1;
	HMAP_FOR_EACH(v, &n->values, hmap_node) {
		struct classifier_rule *r;
		LIST_FOR_EACH(r, &v->rules, node) {
			if (r->priority < n->own_max)
				break; /* sorted */
			if (r->priority > n->own_max)
				n->n_own_max = 0;
			n->own_max = r->priority;
			n->n_own_max++;
		}
	}
	/* And one that loses importance stays in front of its new equals. */
	n->own_order = --c->prior_order;
	node_update_max(n);
}

/* Removes nodes that no rule needs, from 'n' up. */
static void node_prune(struct classifier_node *n)
{
	while (n->parent && hmap_is_empty(&n->values) && list_is_empty(&n->children)) {
		struct classifier_node *parent = n->parent;
		node_free(n);
		n = parent;
	}
}

/* ---- values ------------------------------------------------------------------------------ */

static struct classifier_value *value_lookup(const struct classifier_node *n,
					     const struct classifier_value *parent,
					     const struct flow_key *key)
{
	const uint64_t *k = key_words(key);
	uint32_t hash = parent->hmap_node.hash;
	unsigned n_words = n->n_words;
	for (unsigned i = 0; i < n_words; i++)
		hash = hash_add64(hash, k[n->words[i].word] & n->words[i].mask);
	hash = hash_finish(hash, n_words * 8);
	struct classifier_value *v;
	HMAP_FOR_EACH_WITH_HASH(v, &n->values, hash, hmap_node) {
		if (v->parent != parent)
			continue;
		unsigned i = 0;
		while (i < n_words && v->words[i] == (k[n->words[i].word] & n->words[i].mask))
			i++;
		if (i == n_words)
			return v;
	}
	return NULL;
}

static void value_branch_add(struct classifier_value *v, struct classifier_node *node)
{
	for (uint32_t i = v->n_branches; i-- > 0;) { /* new ones are often the last ones */
		if (v->branches[i].node == node) {
			v->branches[i].n_values++;
			return;
		}
	}
	if (v->n_branches == v->n_allocated) {
		v->n_allocated = v->n_allocated ? v->n_allocated * 2 : 1;
		v->branches = xrealloc(v->branches, v->n_allocated * sizeof v->branches[0]);
	}
	v->branches[v->n_branches++] = (struct branch){ node, 1 };
}

static void value_branch_del(struct classifier_value *v, const struct classifier_node *node)
{
	for (uint32_t i = v->n_branches; i-- > 0;) {
		if (v->branches[i].node != node)
			continue;
		if (--v->branches[i].n_values == 0)
			v->branches[i] = v->branches[--v->n_branches];
		return;
	}
	ASSERT(!"a value knows where its rules go on");
}

/* The value of 'key' in 'n', made, with those of the stages before, where it is missing. */
static struct classifier_value *value_get(struct classifier_node *n, const struct flow_key *key)
{
	if (!n->parent)
		return CONTAINER_OF(hmap_first(&n->values), struct classifier_value, hmap_node);
	struct classifier_value *parent = value_get(n->parent, key);
	struct classifier_value *v = value_lookup(n, parent, key);
	if (v)
		return v;
	v = xzalloc(sizeof *v + n->n_words * sizeof v->words[0]);
	v->node = n;
	v->parent = parent;
	list_init(&v->rules);
	uint32_t hash = parent->hmap_node.hash;
	for (unsigned i = 0; i < n->n_words; i++) {
		v->words[i] = key_words(key)[n->words[i].word] & n->words[i].mask;
		hash = hash_add64(hash, v->words[i]);
	}
	hmap_insert(&n->values, &v->hmap_node, hash_finish(hash, n->n_words * 8u));
	parent->refs++;
	value_branch_add(parent, n);
	return v;
}

static void value_unref(struct classifier_value *v)
{
	while (--v->refs == 0 && v->parent) {
		struct classifier_value *parent = v->parent;
		value_branch_del(parent, v->node);
		hmap_remove(&v->node->values, &v->hmap_node);
		free(v->branches);
		free(v);
		v = parent;
	}
}

static void value_get_match(const struct classifier_value *v, struct flow_key *key,
			    struct flow_key *mask)
{
	memset(key, 0, sizeof *key);
	memset(mask, 0, sizeof *mask);
	for (; v; v = v->parent) {
		for (unsigned i = 0; i < v->node->n_words; i++) {
			key_words_rw(key)[v->node->words[i].word] = v->words[i];
			key_words_rw(mask)[v->node->words[i].word] = v->node->words[i].mask;
		}
	}
}

/* ---- classifier -------------------------------------------------------------------------- */

void classifier_init(struct classifier *c)
{
	*c = (struct classifier){ .next_order = 1, .prior_order = 0 };
	c->root = node_new(NULL, STAGE_ROOT, 0);
	struct classifier_value *v = xzalloc(sizeof *v);
	v->node = c->root;
	v->refs = 1;
	list_init(&v->rules);
	hmap_insert(&c->root->values, &v->hmap_node, hash_secret());
}

static struct classifier_value *root_value(const struct classifier *c)
{
	return CONTAINER_OF(hmap_first(&c->root->values), struct classifier_value, hmap_node);
}

void classifier_fini(struct classifier *c)
{
	ASSERT(!c->n_rules && list_is_empty(&c->root->children));
	struct classifier_value *v = root_value(c);
	free(v->branches);
	free(v);
	node_free(c->root);
	for (unsigned i = 0; i < c->n_tries; i++)
		prefix_trie_fini(&c->tries[i].trie);
}

static void trie_update(struct classifier *c, unsigned i, const struct classifier_rule *r, bool add)
{
	struct classifier_trie *t = &c->tries[i];
	const struct classifier_value *v = r->value;
	while (v->node->stage > field_stage(&t->field))
		v = v->parent;
	if (v->node->stage != field_stage(&t->field) || !v->node->plens[i])
		return;
	/* The field's words of the value, put together: a field is at most 2 words and may begin
	 * anywhere in one. */
	uint8_t bytes[32] = { 0 };
	unsigned first = t->field.ofs / 8;
	for (unsigned w = 0; w < v->node->n_words; w++) {
		unsigned at = v->node->words[w].word - first;
		if (v->node->words[w].word >= first && at < sizeof bytes / 8)
			memcpy(bytes + at * 8, &v->words[w], 8);
	}
	if (add)
		prefix_trie_add(&t->trie, bytes + t->field.ofs % 8, v->node->plens[i]);
	else
		prefix_trie_del(&t->trie, bytes + t->field.ofs % 8, v->node->plens[i]);
}

static void ports_update(const struct classifier_rule *r, bool add)
{
	const struct classifier_value *v = r->value;
	struct classifier_node *n = v->node;
	if (n->stage != STAGE_L4 || !n->ports_mask)
		return;
	for (unsigned w = 0; w < n->n_words; w++) {
		if (n->words[w].word != PORTS_WORD)
			continue;
		if (add)
			prefix_trie_add(&n->ports, &v->words[w], ports_plen(n->ports_mask));
		else
			prefix_trie_del(&n->ports, &v->words[w], ports_plen(n->ports_mask));
	}
}

static void for_each_rule_below(const struct classifier_node *n,
				void (*cb)(struct classifier_rule *, void *), void *arg)
{
	const struct classifier_value *v;
	HMAP_FOR_EACH(v, &n->values, hmap_node) {
		struct classifier_rule *r;
		LIST_FOR_EACH(r, &v->rules, node)
			cb(r, arg);
	}
	const struct classifier_node *child;
	LIST_FOR_EACH(child, &n->children, sibling)
		for_each_rule_below(child, cb, arg); /* at most N_STAGES deep */
}

static void nodes_set_plens(const struct classifier *c, struct classifier_node *n)
{
	node_set_plens(c, n);
	struct classifier_node *child;
	LIST_FOR_EACH(child, &n->children, sibling)
		nodes_set_plens(c, child);
}

static void tries_add_rule(struct classifier_rule *r, void *c_)
{
	struct classifier *c = c_;
	for (unsigned i = 0; i < c->n_tries; i++)
		trie_update(c, i, r, true);
}

void classifier_set_prefix_fields(struct classifier *c, const struct classifier_field *fields,
				  unsigned n)
{
	for (unsigned i = 0; i < c->n_tries; i++)
		prefix_trie_fini(&c->tries[i].trie);
	c->n_tries = MIN(n, CLASSIFIER_MAX_TRIES);
	for (unsigned i = 0; i < c->n_tries; i++)
		c->tries[i] = (struct classifier_trie){ .field = fields[i] };
	nodes_set_plens(c, c->root);
	for_each_rule_below(c->root, tries_add_rule, c);
}

void classifier_insert(struct classifier *c, struct classifier_rule *r, const struct flow_key *key,
		       const struct flow_key *mask, int priority, uint64_t version)
{
	struct classifier_node *n = node_find(c->root, mask, c);
	struct classifier_value *v = value_get(n, key);
	r->value = v;
	r->priority = priority;
	r->add_version = version;
	r->remove_version = VERSION_NEVER;
	v->refs++;
	struct classifier_rule *pos;
	LIST_FOR_EACH(pos, &v->rules, node)
		if (pos->priority <= priority) /* newest first among versions of the same rule */
			break;
	list_insert_before(&pos->node, &r->node);
	node_priority_added(c, n, priority);
	for (unsigned i = 0; i < c->n_tries; i++)
		trie_update(c, i, r, true);
	ports_update(r, true);
	c->n_rules++;
}

void classifier_remove(struct classifier *c, struct classifier_rule *r)
{
	struct classifier_node *n = r->value->node;
	ports_update(r, false);
	for (unsigned i = 0; i < c->n_tries; i++)
		trie_update(c, i, r, false);
	list_remove(&r->node);
	node_priority_removed(c, n, r->priority);
	value_unref(r->value);
	node_prune(n);
	r->value = NULL;
	c->n_rules--;
}

/* ---- lookup ------------------------------------------------------------------------------ */

enum outcome {
	ASKED,	   /* the whole stage's mask decided */
	BY_TRIE,   /* a trie's first bits did */
	BY_PORTS,  /* all of the stage's mask but the ports, and of them the first bits that told */
};

struct visit {
	const struct classifier_node *node;
	uint8_t outcome;
	uint8_t trie;
	uint8_t n_bits;
	uint8_t maybe; /* bits of tries that tell it too, if what they look at was looked at anyway */
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
	s->visits[s->n_visits++] =
		(struct visit){ n, (uint8_t)outcome, (uint8_t)trie, (uint8_t)n_bits, (uint8_t)maybe };
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
		if (r->priority == s->best_priority) { /* OpenFlow does not say which: the flat search's */
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
	/* Which visit was the first to look at all bits that the trie did: NULL and !known: none. */
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
		bool looks = v->outcome == BY_TRIE ?
				     v->trie == t :
				     s->trie_asked[t] && n->plens[t] >= s->trie_match[t].n_bits;
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

/* Adds the bits that decided, of all the masks that a flat search would have asked. What a trie tells is
 * used by that search if the bits it costs are no more than the mask's own, or were looked at before:
 * so visits for which that matters come last here, in its order. */
static void search_add_bits(struct search *s, struct flow_key *wc)
{
	struct adding a = { .s = s, .wc = wc };
	for (unsigned t = 0; t < s->c->n_tries; t++)
		a.known[t] = s->trie_asked[t] &&
			     prefix_bits_are_set(wc, &s->c->tries[t].field, s->trie_match[t].n_bits);
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

/* Is some conjunction complete among the soft matches of 'priority'? Tries ids in 'from' order: returns
 * the rule of the first for which an acting rule exists. */
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
			while (k < n && (sets[k].id != cj->id || sets[k].n_clauses != cj->n_clauses))
				k++;
			if (k == n) {
				if (n == allocated)
					sets = grow(sets, sets_, n, &allocated, sizeof sets[0]);
				sets[n++] = (struct clause_set){ cj->id, 0, cj->n_clauses };
			}
			sets[k].clauses |= 1ULL << cj->clause;
			uint64_t all = cj->n_clauses >= 64 ? UINT64_MAX : (1ULL << cj->n_clauses) - 1;
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

/* ---- by match ---------------------------------------------------------------------------- */

struct classifier_rule *classifier_find(const struct classifier *c, const struct flow_key *key,
					const struct flow_key *mask, int priority, uint64_t version)
{
	const struct classifier_node *n = node_find(c->root, mask, NULL);
	if (!n)
		return NULL;
	const struct classifier_node *path[N_STAGES];
	unsigned depth = 0;
	for (; n->parent; n = n->parent)
		path[depth++] = n;
	const struct classifier_value *v = root_value(c);
	while (v && depth)
		v = value_lookup(path[--depth], v, key);
	if (!v)
		return NULL;
	struct classifier_rule *r;
	LIST_FOR_EACH(r, &v->rules, node)
		if (r->priority == priority && classifier_rule_is_visible(r, version))
			return r;
	return NULL;
}

static bool overlaps_below(const struct classifier_node *n, const struct flow_key *key,
			   const struct flow_key *mask, int priority, uint64_t version)
{
	if (n->max < priority)
		return false;
	const struct classifier_value *v;
	if (n->n_rules && n->own_max >= priority) {
		HMAP_FOR_EACH(v, &n->values, hmap_node) {
			bool differ = false;
			for (const struct classifier_value *p = v; p && !differ; p = p->parent)
				for (unsigned i = 0; i < p->node->n_words && !differ; i++) {
					const struct mask_word *w = &p->node->words[i];
					differ = (p->words[i] ^ key_words(key)[w->word]) & w->mask &
						 key_words(mask)[w->word];
				}
			struct classifier_rule *r;
			if (!differ)
				LIST_FOR_EACH(r, &v->rules, node)
					if (r->priority == priority &&
					    classifier_rule_is_visible(r, version))
						return true;
		}
	}
	const struct classifier_node *child;
	LIST_FOR_EACH(child, &n->children, sibling)
		if (overlaps_below(child, key, mask, priority, version))
			return true;
	return false;
}

bool classifier_overlaps(const struct classifier *c, const struct flow_key *key,
			 const struct flow_key *mask, int priority, uint64_t version)
{
	return c->n_rules && overlaps_below(c->root, key, mask, priority, version);
}

void classifier_rule_get_match(const struct classifier_rule *r, struct flow_key *ret_key,
			       struct flow_key *ret_mask)
{
	value_get_match(r->value, ret_key, ret_mask);
}

bool classifier_rule_is_catchall(const struct classifier_rule *r) { return !r->value->parent; }

static bool value_is_within(const struct classifier_value *v, const uint64_t *key,
			    const uint64_t *mask)
{
	for (; v; v = v->parent)
		for (unsigned i = 0; i < v->node->n_words; i++) {
			const struct mask_word *w = &v->node->words[i];
			if ((v->words[i] ^ key[w->word]) & mask[w->word])
				return false;
		}
	return true;
}

/* Words of 'mask' in a stage that must be covered by node n's. */
static bool stage_covers(const struct classifier_node *n, unsigned stage, const struct flow_key *mask)
{
	struct mask_word words[KEY_WORDS];
	unsigned n_words = stage_mask(stage, mask, words);
	for (unsigned i = 0; i < n_words; i++) {
		bool covered = false;
		for (unsigned j = 0; n && j < n->n_words && !covered; j++)
			covered = n->words[j].word == words[i].word && !(words[i].mask & ~n->words[j].mask);
		if (!covered)
			return false;
	}
	return true;
}

static bool node_covers(const struct classifier_node *n, const struct flow_key *mask)
{
	for (unsigned stage = N_STAGES - 1; stage > STAGE_ROOT; stage--) {
		if (n && n->stage == stage) {
			if (!stage_covers(n, stage, mask))
				return false;
			n = n->parent;
		} else if (!stage_covers(NULL, stage, mask)) {
			return false;
		}
	}
	return true;
}

bool classifier_rule_is_within(const struct classifier_rule *r, const struct flow_key *key,
			       const struct flow_key *mask)
{
	return node_covers(r->value->node, mask) &&
	       value_is_within(r->value, key_words(key), key_words(mask));
}

static void within_below(const struct classifier_node *n, const struct flow_key *key,
			 const struct flow_key *mask,
			 void (*cb)(struct classifier_rule *, void *), void *arg)
{
	if (n->n_rules && node_covers(n, mask)) {
		const struct classifier_value *v;
		HMAP_FOR_EACH(v, &n->values, hmap_node) {
			struct classifier_rule *r;
			if (list_is_empty(&v->rules) ||
			    !value_is_within(v, key_words(key), key_words(mask)))
				continue;
			LIST_FOR_EACH(r, &v->rules, node)
				cb(r, arg);
		}
	}
	const struct classifier_node *child;
	LIST_FOR_EACH(child, &n->children, sibling)
		within_below(child, key, mask, cb, arg);
}

void classifier_for_each_within(const struct classifier *c, const struct flow_key *key,
				const struct flow_key *mask,
				void (*cb)(struct classifier_rule *, void *arg), void *arg)
{
	within_below(c->root, key, mask, cb, arg);
}
