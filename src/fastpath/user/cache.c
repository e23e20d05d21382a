/* SPDX-License-Identifier: Apache-2.0 */
/* The megaflow cache: tuple space search. Flows with the same mask lie in one hash table; a lookup
 * tries the tables, most hit first, until one has the masked key.
 *
 * - A mask is kept as the list of its non-zero 64-bit words, typically eight of a hundred, and a
 * flow as the values of just these words. Hashing and comparing touch nothing else.
 * - A table is an array of pointers with linear probing. Readers need no more than the array's own
 *   consistency: a slot goes from empty to a flow to deleted, never back to empty, so a probe that
 * ends at an empty slot has seen all there was. Growing makes a new array. A reader that races with
 * a writer may miss a new flow; the miss is then looked up again under the control lock.
 * - The front cache keeps pointers over quiescent states, which RCU does not protect. Each entry
 *   therefore has the cache's generation, which every deletion changes: an entry of another
 * generation than that at the begin of the reader's RCU section is as good as empty. Deletions come
 * in bursts (revalidation), hits in between are what counts. An entry is verified against its
 * flow's own mask: no full keys are stored or compared.
 * - Masks are bounded (CACHE_MAX_MASKS), so the cost of a lookup is, whatever guests send. */
#include "fastpath/user/cache.h"

#include "base/hash.h"
#include "base/mem.h"

struct slots {
	struct rcu_head rcu;
	uint32_t mask;
	struct slot {
		uint32_t hash;
		struct megaflow *flow; /* NULL: empty, and always was */
	} slot[];
};

#define DELETED ((struct megaflow *)1)
enum { MIN_SLOTS = 16 };

static inline uint32_t hash_words(const struct mask_table *t, const uint64_t *k)
{
	uint64_t h = t->seed;
	for (uint32_t i = 0; i < t->n_words; i++) {
		h ^= k[t->index[i]] & t->words[i];
		h *= 0xd6e8feb86659fd93ULL;
		h ^= h >> 32;
	}
	return (uint32_t)h;
}

static inline struct megaflow *table_lookup(const struct mask_table *t, const struct flow_key *key)
{
	uint32_t hash = hash_words(t, key_words(key));
	const struct slots *s = rcu_dereference(t->slots);
	for (uint32_t i = hash & s->mask;; i = (i + 1) & s->mask) {
		struct megaflow *f = rcu_dereference(s->slot[i].flow);
		if (!f)
			return NULL;
		if (f != DELETED && s->slot[i].hash == hash && megaflow_matches(f, key))
			return f;
	}
}

struct megaflow *cache_lookup(const struct cache *c, const struct flow_key *key, uint64_t *n_tried)
{
	const struct mask_set *set = rcu_dereference(c->masks);
	for (uint32_t i = 0; i < set->n; i++) {
		struct mask_table *t = set->tables[i];
		struct megaflow *f = table_lookup(t, key);
		if (f) {
			*n_tried += i + 1;
			mask_note_hit(t);
			return f;
		}
	}
	*n_tried += set->n;
	return NULL;
}

/* The front cache. */

uint32_t front_hash(const struct flow_key *k)
{
	const uint64_t m = 0xd6e8feb86659fd93ULL;
	uint64_t a, b;
	memcpy(&a, &k->dl_dst, 8);
	memcpy(&b, (const uint8_t *)&k->dl_dst + 6, 8); /* dl_src, dl_type */
	uint64_t h = ((uint64_t)k->dp_port << 32 | k->recirc_id) * m;
	h = (h ^ h >> 32 ^ a) * m;
	h = (h ^ h >> 32 ^ b) * m;
	memcpy(&a, &k->nw_src, 8); /* nw_src, nw_dst */
	h = (h ^ h >> 32 ^ a ^ k->vlans[0].tci) * m;
	h ^= (uint64_t)k->tp_src << 16 ^ (uint64_t)k->tp_dst << 32 ^ k->nw_proto;
	if (!a && k->nw_proto) {
		uint64_t w[4];
		memcpy(w, &k->ipv6_src, sizeof w);
		for (int i = 0; i < 4; i++)
			h = (h ^ h >> 32 ^ w[i]) * m;
	}
	if (tunnel_key_is_set(&k->tunnel))
		h = (h ^ h >> 32 ^ k->tunnel.id ^ k->tunnel.ip_src) * m;
	h = (h ^ h >> 32) * m;
	return (uint32_t)(h >> 32);
}

/* Writers. */

static void free_slots(struct rcu_head *h) { free(CONTAINER_OF(h, struct slots, rcu)); }
static void free_set(struct rcu_head *h) { free(CONTAINER_OF(h, struct mask_set, rcu)); }
static void free_actions(struct rcu_head *h) { free(CONTAINER_OF(h, struct flow_actions, rcu)); }

static void free_table(struct rcu_head *h)
{
	struct mask_table *t = CONTAINER_OF(h, struct mask_table, rcu);
	free(t->slots);
	free(t);
}

static void free_flow(struct rcu_head *h)
{
	struct megaflow *f = CONTAINER_OF(h, struct megaflow, rcu);
	free(f->actions);
	free(f->seen);
	free(f);
}

static struct slots *slots_new(uint32_t n)
{
	struct slots *s = xzalloc(sizeof *s + n * sizeof s->slot[0]);
	s->mask = n - 1;
	return s;
}

static void slots_put(struct slots *s, struct megaflow *f)
{
	uint32_t i = f->hash & s->mask;
	while (s->slot[i].flow)
		i = (i + 1) & s->mask;
	s->slot[i].hash = f->hash;
	rcu_assign_pointer(s->slot[i].flow, f);
}

/* Room for one more: at most half of the slots are in use. */
static void table_reserve(struct mask_table *t)
{
	struct slots *old = t->slots;
	if ((t->n_used + 1) * 2 <= old->mask + 1)
		return;
	uint32_t n = MIN_SLOTS;
	while (n < (t->n_flows + 1) * 4)
		n *= 2;
	struct slots *s = slots_new(n);
	for (uint32_t i = 0; i <= old->mask; i++) {
		struct megaflow *f = old->slot[i].flow;
		if (f && f != DELETED)
			slots_put(s, f);
	}
	t->n_used = t->n_flows;
	rcu_assign_pointer(t->slots, s);
	call_rcu(&old->rcu, free_slots);
}

static void set_publish(struct cache *c, struct mask_set *s)
{
	struct mask_set *old = c->masks;
	rcu_assign_pointer(c->masks, s);
	call_rcu(&old->rcu, free_set);
}

static struct mask_set *set_new(uint32_t n)
{
	struct mask_set *s = xzalloc(sizeof *s + n * sizeof s->tables[0]);
	s->n = n;
	return s;
}

static uint32_t compact(const struct flow_key *mask, uint16_t index[KEY_WORDS],
			uint64_t words[KEY_WORDS])
{
	const uint64_t *m = key_words(mask);
	uint32_t n = 0;
	for (size_t i = 0; i < KEY_WORDS; i++) {
		if (m[i]) {
			index[n] = (uint16_t)i;
			words[n++] = m[i];
		}
	}
	return n;
}

static struct mask_table *table_find(const struct cache *c, const struct flow_key *mask)
{
	uint16_t index[KEY_WORDS];
	uint64_t words[KEY_WORDS];
	uint32_t n = compact(mask, index, words);
	for (uint32_t i = 0; i < c->masks->n; i++) {
		struct mask_table *t = c->masks->tables[i];
		if (t->n_words == n && !memcmp(t->index, index, n * sizeof *index) &&
		    !memcmp(t->words, words, n * sizeof *words))
			return t;
	}
	return NULL;
}

static struct mask_table *table_add(struct cache *c, const struct flow_key *mask)
{
	struct mask_table *t = xzalloc(sizeof *t);
	t->n_words = compact(mask, t->index, t->words);
	t->seed = hash_secret();
	t->slots = slots_new(MIN_SLOTS);
	struct mask_set *s = set_new(c->masks->n + 1);
	memcpy(s->tables, c->masks->tables, c->masks->n * sizeof s->tables[0]);
	s->tables[c->masks->n] = t;
	set_publish(c, s);
	return t;
}

static void table_remove(struct cache *c, struct mask_table *t)
{
	struct mask_set *s = set_new(c->masks->n - 1);
	uint32_t n = 0;
	for (uint32_t i = 0; i < c->masks->n; i++) {
		if (c->masks->tables[i] != t)
			s->tables[n++] = c->masks->tables[i];
	}
	set_publish(c, s);
	call_rcu(&t->rcu, free_table);
}

static struct flow_actions *actions_new(const void *data, size_t size)
{
	struct flow_actions *a = xmalloc(sizeof *a + size);
	a->size = size;
	if (size)
		memcpy(a->data, data, size);
	return a;
}

static uint32_t ufid_hash(const struct flow_ufid *u) { return (uint32_t)u->w[0]; }

struct megaflow *cache_find(const struct cache *c, const struct flow_ufid *ufid)
{
	struct megaflow *f;
	HMAP_FOR_EACH_WITH_HASH(f, &c->flows, ufid_hash(ufid), node) {
		if (!memcmp(&f->ufid, ufid, sizeof *ufid))
			return f;
	}
	return NULL;
}

static void replace_actions(struct megaflow *f, const void *actions, size_t size)
{
	struct flow_actions *old = f->actions;
	if (old->size == size && !memcmp(old->data, actions, size))
		return;
	rcu_assign_pointer(f->actions, actions_new(actions, size));
	call_rcu(&old->rcu, free_actions);
}

/* All that a fast path can see of a packet like this one. */
static void exact_mask(const struct flow_key *key, struct flow_key *mask)
{
	size_t from = KEY_OFS(tunnel) / 8, opts = KEY_OFS(tun_opts) / 8;
	memset(mask, 0, sizeof *mask);
	memset(key_words_rw(mask) + from, 0xff, (opts - from) * 8);
	if (tunnel_key_is_set(&key->tunnel))
		memset(mask->tun_opts, 0xff, sizeof mask->tun_opts);
	else
		memset(&mask->tunnel, 0, sizeof mask->tunnel);
	key_mask_normalize(key, mask);
}

static struct seen *seen_new(const struct flow_key *key, const struct flow_key *mask)
{
	const uint64_t *k = key_words(key), *m = key_words(mask);
	size_t n = 0;
	for (size_t i = 0; i < KEY_WORDS; i++)
		n += (k[i] & ~m[i]) != 0;
	if (!n)
		return NULL;
	struct seen *s = xzalloc(sizeof *s + n * sizeof s->words[0]);
	uint64_t *to = s->words;
	for (size_t i = 0; i < KEY_WORDS; i++) {
		if (k[i] & ~m[i]) {
			s->present[i / 64] |= UINT64_C(1) << i % 64;
			*to++ = k[i] & ~m[i];
		}
	}
	return s;
}

struct megaflow *cache_put(struct cache *c, const struct flow_key *key, const struct flow_key *mask,
			   const void *actions, size_t size, void *user)
{
	struct flow_ufid ufid;
	flow_ufid_make(key, mask, &ufid);
	struct megaflow *f = cache_find(c, &ufid);
	if (f) {
		replace_actions(f, actions, size);
		f->user = user;
		return f;
	}
	struct flow_key exact;
	struct mask_table *t = table_find(c, mask);
	if (!t && c->masks->n >= CACHE_MAX_MASKS) {
		exact_mask(key, &exact);
		mask = &exact;
		t = table_find(c, mask);
	}
	if (!t)
		t = table_add(c, mask);
	f = xzalloc(sizeof *f + t->n_words * sizeof f->words[0]);
	f->table = t;
	f->actions = actions_new(actions, size);
	f->ufid = ufid;
	f->user = user;
	f->seen = seen_new(key, mask);
	for (uint32_t i = 0; i < t->n_words; i++)
		f->words[i] = key_words(key)[t->index[i]] & t->words[i];
	f->hash = hash_words(t, key_words(key));
	table_reserve(t);
	slots_put(t->slots, f);
	t->n_flows++;
	t->n_used++;
	hmap_insert(&c->flows, &f->node, ufid_hash(&ufid));
	return f;
}

void cache_delete(struct cache *c, struct megaflow *f)
{
	struct mask_table *t = f->table;
	struct slots *s = t->slots;
	for (uint32_t i = f->hash & s->mask;; i = (i + 1) & s->mask) {
		if (s->slot[i].flow == f) {
			rcu_assign_pointer(s->slot[i].flow, DELETED);
			break;
		}
	}
	__atomic_add_fetch(&c->generation, 1, __ATOMIC_RELEASE);
	hmap_remove(&c->flows, &f->node);
	t->n_flows--;
	/* The flow's grace period ends no later than the table's: it is queued first. */
	call_rcu(&f->rcu, free_flow);
	if (!t->n_flows)
		table_remove(c, t);
}

void megaflow_key(const struct megaflow *f, struct flow_key *ret_key, struct flow_key *ret_mask)
{
	memset(ret_key, 0, sizeof *ret_key);
	memset(ret_mask, 0, sizeof *ret_mask);
	for (uint32_t i = 0; i < f->table->n_words; i++) {
		key_words_rw(ret_key)[f->table->index[i]] = f->words[i];
		key_words_rw(ret_mask)[f->table->index[i]] = f->table->words[i];
	}
	if (!f->seen)
		return;
	const uint64_t *from = f->seen->words;
	for (size_t i = 0; i < KEY_WORDS; i++)
		if (f->seen->present[i / 64] >> i % 64 & 1)
			key_words_rw(ret_key)[i] |= *from++;
}

void megaflow_stats(const struct megaflow *f, struct dp_flow_stats *ret)
{
	ret->n_packets = __atomic_load_n(&f->n_packets, __ATOMIC_RELAXED);
	ret->n_bytes = __atomic_load_n(&f->n_bytes, __ATOMIC_RELAXED);
	ret->used_ns = __atomic_load_n(&f->used_ns, __ATOMIC_RELAXED);
	ret->tcp_flags = __atomic_load_n(&f->tcp_flags, __ATOMIC_RELAXED);
}

uint32_t cache_n_masks(const struct cache *c) { return c->masks->n; }

static int compare_hits(const void *a, const void *b)
{
	const struct mask_table *x = *(struct mask_table *const *)a;
	const struct mask_table *y = *(struct mask_table *const *)b;
	return x->last_hits < y->last_hits ? 1 : x->last_hits > y->last_hits ? -1 : 0;
}

void cache_sort_masks(struct cache *c)
{
	bool sorted = true;
	for (uint32_t i = 0; i < c->masks->n; i++) {
		struct mask_table *t = c->masks->tables[i];
		/* Half of the past counts, so that the order does not flap. */
		t->last_hits =
			t->last_hits / 2 + __atomic_exchange_n(&t->n_hits, 0, __ATOMIC_RELAXED);
		if (i && c->masks->tables[i - 1]->last_hits < t->last_hits)
			sorted = false;
	}
	if (sorted)
		return;
	struct mask_set *s = set_new(c->masks->n);
	memcpy(s->tables, c->masks->tables, c->masks->n * sizeof s->tables[0]);
	qsort(s->tables, s->n, sizeof s->tables[0], compare_hits);
	set_publish(c, s);
}

void cache_init(struct cache *c)
{
	c->masks = set_new(0);
	c->generation = 0;
	hmap_init(&c->flows);
}

void cache_fini(struct cache *c)
{
	struct megaflow *f;
	HMAP_FOR_EACH_SAFE(f, &c->flows, node)
		cache_delete(c, f);
	hmap_fini(&c->flows);
	call_rcu(&c->masks->rcu, free_set);
	c->masks = NULL;
}
