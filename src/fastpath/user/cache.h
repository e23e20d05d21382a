/* SPDX-License-Identifier: Apache-2.0 */
/* cache: megaflows, found by any number of threads at once without a lock, changed by one at a
 * time.
 *
 * Threads:  cache_lookup() and what it returns: RCU readers, until their next quiescent state. All
 *           else: under the control lock.
 * Lifetime: a deleted flow's memory lasts for a grace period.
 *
 * Flows of one cache must not contradict each other: where two match a packet, either may be used.
 */
#pragma once
#include "base/hmap.h"
#include "base/rcu.h"
#include "fastpath/fastpath.h"

/* Past this many masks a flow with yet another one is installed with an exact mask instead, so that
 * no traffic can make every lookup slow. */
enum { CACHE_MAX_MASKS = 128 };

struct mask_table;
struct mask_set {
	struct rcu_head rcu;
	uint32_t n;
	struct mask_table *tables[];
};

struct flow_actions {
	struct rcu_head rcu;
	size_t size;
	uint64_t data[];
};

/* What a flow does not match of the packet that it was made for: people want to see it, and a flow
 * that is looked at again is translated as that packet was. Words that are zero are left out. */
struct seen {
	uint64_t present[2]; /* bit i: word i of the key is there */
	uint64_t words[];
};
_Static_assert(KEY_WORDS <= 128, "struct seen has a bit a word");

struct megaflow {
	struct mask_table *table;
	struct flow_actions *actions; /* RCU */
	uint32_t hash;
	uint16_t tcp_flags; /* this and the next three: atomic */
	uint64_t n_packets, n_bytes;
	int64_t used_ns;
	/* Writers only. */
	struct flow_ufid ufid;
	struct hmap_node node;
	void *user;
	struct seen
		*seen; /* the rest of the first packet's key, for dumps; NULL: nothing but zeros */
	struct rcu_head rcu;
	uint64_t words[]; /* the key's words that the mask looks at, masked */
};

struct cache {
	struct mask_set *masks; /* RCU: tables, most hit first */
	uint32_t generation;	/* atomic: grows with every deletion; see front_lookup() */
	struct hmap flows;	/* by ufid */
};

void cache_init(struct cache *);
void cache_fini(struct cache *);
/* NULL: no flow matches. *n_tried grows by the number of masks looked at. */
struct megaflow *cache_lookup(const struct cache *, const struct flow_key *, uint64_t *n_tried);
static inline bool megaflow_matches(const struct megaflow *, const struct flow_key *);

struct megaflow *cache_find(const struct cache *, const struct flow_ufid *);
/* Adds a flow, or replaces the actions of the one with the same key and mask. */
struct megaflow *cache_put(struct cache *, const struct flow_key *, const struct flow_key *mask,
			   const void *actions, size_t size, void *user);
void cache_delete(struct cache *, struct megaflow *);
static inline void megaflow_credit(struct megaflow *f, uint64_t n_packets, uint64_t n_bytes,
				   uint16_t tcp_flags, int64_t now_ns)
{
	__atomic_fetch_add(&f->n_packets, n_packets, __ATOMIC_RELAXED);
	__atomic_fetch_add(&f->n_bytes, n_bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&f->used_ns, now_ns, __ATOMIC_RELAXED);
	if (tcp_flags & ~__atomic_load_n(&f->tcp_flags, __ATOMIC_RELAXED))
		__atomic_fetch_or(&f->tcp_flags, tcp_flags, __ATOMIC_RELAXED);
}
/* Key (masked) and mask of a flow. */
/* The key of the packet that the flow was made for, beyond what is matched, too. */
void megaflow_key(const struct megaflow *, struct flow_key *ret_key, struct flow_key *ret_mask);
void megaflow_stats(const struct megaflow *, struct dp_flow_stats *ret);
static inline uint64_t cache_n_flows(const struct cache *c) { return hmap_count(&c->flows); }
uint32_t cache_n_masks(const struct cache *);
/* Puts masks that were hit most since the last call first. Call about once a second. */
void cache_sort_masks(struct cache *);

/* The front cache of one thread: remembers which flow a hash of the packet's addresses found last
 * time, which saves trying one mask after the other. */
enum { FRONT_ENTRIES = 4096 };
struct front {
	struct {
		uint32_t hash, generation;
		struct megaflow *flow;
	} entries[FRONT_ENTRIES];
};
/* A hash of what tells connections apart; cheap, not a digest of the whole key. */
uint32_t front_hash(const struct flow_key *);
/* 'generation' is what cache_generation() said at the begin of this RCU section. */
static inline uint32_t cache_generation(const struct cache *c)
{
	return __atomic_load_n(&c->generation, __ATOMIC_ACQUIRE);
}
static inline struct megaflow *front_lookup(const struct front *, uint32_t generation,
					    uint32_t hash, const struct flow_key *);
static inline void front_insert(struct front *front, uint32_t generation, uint32_t hash,
				struct megaflow *f)
{
	uint32_t i = hash % FRONT_ENTRIES;
	front->entries[i].hash = hash;
	front->entries[i].generation = generation;
	front->entries[i].flow = f;
}

/* Private to cache.c, here for the inline functions. */
struct mask_table {
	uint64_t n_hits; /* relaxed, may lose some */
	uint64_t last_hits;
	struct slots *slots;	  /* RCU */
	uint32_t n_flows, n_used; /* used: flows and slots of deleted ones */
	struct rcu_head rcu;
	uint32_t n_words;
	uint32_t seed;
	uint16_t index[KEY_WORDS];
	uint64_t words[KEY_WORDS];
};

static inline bool megaflow_matches(const struct megaflow *f, const struct flow_key *key)
{
	const struct mask_table *t = f->table;
	const uint64_t *k = key_words(key);
	uint64_t diff = 0;
	for (uint32_t i = 0; i < t->n_words; i++)
		diff |= (k[t->index[i]] & t->words[i]) ^ f->words[i];
	return !diff;
}

static inline struct megaflow *front_lookup(const struct front *front, uint32_t generation,
					    uint32_t hash, const struct flow_key *key)
{
	uint32_t i = hash % FRONT_ENTRIES;
	struct megaflow *f = front->entries[i].flow;
	if (!f || front->entries[i].hash != hash || front->entries[i].generation != generation)
		return NULL;
	return megaflow_matches(f, key) ? f : NULL;
}

/* For hits that the front cache found: masks are sorted by all hits. */
static inline void mask_note_hit(struct mask_table *t)
{
	__atomic_store_n(&t->n_hits, __atomic_load_n(&t->n_hits, __ATOMIC_RELAXED) + 1,
			 __ATOMIC_RELAXED);
}
