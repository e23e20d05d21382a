/* SPDX-License-Identifier: Apache-2.0 */
/* The problem: among N rules with M distinct masks and with priorities, find the best that matches
 * a packet, fast; change rules by the thousand per second; and tell which bits of the packet
 * decided, as few as possible, because they become the mask of a flow in the fast path's cache.
 *
 * Tuple space search (Srinivasan, Suri, Varghese, SIGCOMM 1999) keeps a hash table for each of the
 * M masks and asks all of them: updates are cheap, lookups linear in M. Decision trees (HyperCuts
 * and its children) look up faster, but rebuild on updates and give wide masks. This is a tuple
 * space folded into a tree, so that masks which cannot match are left out by the hundred:
 *
 *   - A key is cut into stages: metadata and tunnel, L2, L3, L4. A mask is a path in the tree of
 * nodes, one for each stage that it has bits in; masks share the nodes of their common stages.
 *   - A node has one hash table from values (of its stage and, by identity, of the stages before)
 * to 'struct classifier_value'. A value lists the nodes of later stages in which rules with this
 * very value go on. So a packet on port 5 walks only the masks that rules of port 5 use, and a
 * table of many tenants, ports or registers costs what one tenant's rules cost.
 *   - Nodes know the highest priority below them; a search ends where nothing better can follow.
 *   - Address prefixes are kept in tries: a node for /24 need not be asked when no rule's /24
 * prefix fits the packet. This both saves the lookup and says how few bits told that.
 *
 * Bits that decided. A stage's bits are added when its table was asked, even if the answer was no;
 * stages after it are not looked at and stay wild. That is why stages begin with what packets of
 * one port have in common. A last-stage miss that only depends on ports is told by a trie of port
 * values.
 *
 * Which masks count as asked is a convention: a flat tuple space, its masks sorted by their highest
 * priority and then by age, asks one after the other until no better rule can follow. We search in
 * the tree's order and often know sooner, but report what that flat search would have asked
 * ('before'), so that megaflows are the ones that OVS's documentation explains and its test-suite
 * expects, and do not depend on how the tree happened to be walked. To that end a search logs what
 * it asked and adds up bits at the end, when the winner is known.
 *
 * Conjunctions. A rule with conjunctions is one clause of a larger match and no match by itself. A
 * search collects them; if all clauses of an id are there at a priority above the best ordinary
 * rule, a second search, with conj_id set to the id, finds the rule that acts (ovs-fields(7)).
 *
 * Costs. Memory: a rule has a value per stage used, shared with all rules that agree on it, and
 * holds no mask and no key. A hostile table can still have M nodes on one path: then a lookup costs
 * M probes, as with any tuple space, but M short ones, since a probe hashes its own stage's words
 * only.
 *
 * Rejected: a flat bitmap of masks per field value (best at thousands of masks, but every update
 * touches N bits), and one trie per value instead of per table (narrower still, at 3x the memory).
 */
#include "pipeline/classifier.h"
#include <string.h>
#include "base/mem.h"
#include "pipeline/classifier_node.h"

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
	struct classifier_node *n = xzalloc(sizeof *n + n_words * sizeof n->words[0]);
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
		n->plens[i] = i < c->n_tries && field_stage(&c->tries[i].field) == n->stage
				      ? (uint8_t)field_plen(&c->tries[i].field, &mask)
				      : 0;
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
			if (child->max >= 0 &&
			    (max < 0 || before(child->max, child->order, max, order))) {
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

/* As node_update_max(), when the first mask below can only have come forward: no scan of siblings.
 */
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
static bool stage_covers(const struct classifier_node *n, unsigned stage,
			 const struct flow_key *mask)
{
	struct mask_word words[KEY_WORDS];
	unsigned n_words = stage_mask(stage, mask, words);
	for (unsigned i = 0; i < n_words; i++) {
		bool covered = false;
		for (unsigned j = 0; n && j < n->n_words && !covered; j++)
			covered = n->words[j].word == words[i].word &&
				  !(words[i].mask & ~n->words[j].mask);
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
			 const struct flow_key *mask, void (*cb)(struct classifier_rule *, void *),
			 void *arg)
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
