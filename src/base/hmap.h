/* SPDX-License-Identifier: Apache-2.0 */
/* hmap: intrusive hash map for control code: chained, grows by doubling, shrinks on request.
 * The caller keeps the hash with the node and compares keys itself. Not for concurrent readers. */
#pragma once
#include "base/compiler.h"

struct hmap_node {
	struct hmap_node *next;
	uint32_t hash;
};

struct hmap {
	struct hmap_node **buckets; /* &one while n_mask is 0 */
	struct hmap_node *one;
	size_t mask;
	size_t n;
};

void hmap_init(struct hmap *);
/* Releases the bucket array; the nodes are the caller's. */
void hmap_fini(struct hmap *);
void hmap_clear(struct hmap *);
void hmap_reserve(struct hmap *, size_t n);
void hmap_insert(struct hmap *, struct hmap_node *, uint32_t hash);
void hmap_remove(struct hmap *, struct hmap_node *);
void hmap_swap(struct hmap *, struct hmap *);

static inline size_t hmap_count(const struct hmap *m) { return m->n; }
static inline bool hmap_is_empty(const struct hmap *m) { return m->n == 0; }

static inline struct hmap_node *hmap_next_with_hash_(struct hmap_node *node, uint32_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}
static inline struct hmap_node *hmap_first_with_hash(const struct hmap *m, uint32_t hash)
{
	return hmap_next_with_hash_(m->buckets[hash & m->mask], hash);
}
static inline struct hmap_node *hmap_next_with_hash(struct hmap_node *node)
{
	return hmap_next_with_hash_(node->next, node->hash);
}
struct hmap_node *hmap_first(const struct hmap *);
struct hmap_node *hmap_next(const struct hmap *, const struct hmap_node *);

#define HMAP_ENTRY_(node, var, member)                                                             \
	((node) ? CONTAINER_OF(node, __typeof__(*(var)), member) : NULL)

#define HMAP_FOR_EACH_WITH_HASH(var, map, hash, member)                                            \
	for (struct hmap_node *it_##var = hmap_first_with_hash(map, hash);                         \
	     (var = HMAP_ENTRY_(it_##var, var, member)) != NULL;                                   \
	     it_##var = hmap_next_with_hash(it_##var))
/* Order is that of the buckets: sort where people or peers see it. */
#define HMAP_FOR_EACH(var, map, member)                                                            \
	for (struct hmap_node *it_##var = hmap_first(map);                                         \
	     (var = HMAP_ENTRY_(it_##var, var, member)) != NULL;                                   \
	     it_##var = hmap_next(map, it_##var))
/* Allows removal and release of 'var' in the body. */
#define HMAP_FOR_EACH_SAFE(var, map, member)                                                       \
	for (struct hmap_node *it_##var = hmap_first(map), *next_##var;                            \
	     (var = HMAP_ENTRY_(it_##var, var, member)) != NULL &&                                 \
	     (next_##var = hmap_next(map, it_##var), true);                                        \
	     it_##var = next_##var)
