/* SPDX-License-Identifier: Apache-2.0 */
/* classifier_node: the tree inside a classifier, shared by the file that changes it (classifier.c,
 * which explains it) and the one that searches it (classifier_search.c). Private to both. */
#pragma once
#include "base/hash.h"
#include "pipeline/classifier.h"

enum { STAGE_ROOT, STAGE_META, STAGE_L2, STAGE_L3, STAGE_L4, N_STAGES };

#define PORTS_WORD (KEY_OFS(tp_src) / 8) /* tp_src and tp_dst are its first 4 bytes */
_Static_assert(KEY_OFS(nd_target) % 8 == 0 && KEY_OFS(tp_src) % 8 == 0 &&
		       KEY_OFS(tp_dst) == KEY_OFS(tp_src) + 2,
	       "");

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
	uint8_t plens[CLASSIFIER_MAX_TRIES]; /* length of the prefix in tries' fields here; 0: none
					      */
	be32 ports_mask;		     /* L4: of tp_src, tp_dst */
	struct prefix_trie ports;	     /* L4: their values */
	/* This mask itself, if rules end here (n_rules > 0): highest priority, how many have it,
	 * rank among masks of equal priority. */
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
	size_t refs;	  /* rules here and values below */
	uint64_t words[]; /* node->n_words, masked */
};

static inline be32 prefix_mask32(unsigned plen)
{
	return plen ? cpu_to_be32(~0u << (32 - plen)) : 0;
}

/* Is the mask (max, order) asked before (max2, order2) in a flat search? */
static inline bool before(int32_t max, int64_t order, int32_t max2, int64_t order2)
{
	return max > max2 || (max == max2 && order < order2);
}

static inline struct classifier_value *value_lookup(const struct classifier_node *n,
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

static inline struct classifier_value *root_value(const struct classifier *c)
{
	return CONTAINER_OF(hmap_first(&c->root->values), struct classifier_value, hmap_node);
}
