/* SPDX-License-Identifier: Apache-2.0 */
/* classifier: finds the rule of highest priority that matches a packet, and the bits of the packet
 * that decided it. One classifier is one OpenFlow table; it knows nothing of actions.
 *
 * Rules are visible from version 'add_version' on, up to, not including, 'remove_version'.
 * Threads: none; the control lock is held.
 * Ownership: the caller embeds struct classifier_rule; the classifier owns the match. */
#pragma once
#include "base/hmap.h"
#include "base/list.h"
#include "packet/key.h"
#include "pipeline/prefix_trie.h"

enum { CLASSIFIER_MAX_TRIES = 3 };
#define VERSION_MIN UINT64_C(1)
#define VERSION_NEVER UINT64_MAX

struct classifier_value;
struct classifier_node;

/* One dimension of a conjunctive match: the rule stands for clause 'clause' of 'n_clauses' of 'id'.
 */
struct conjunction {
	uint32_t id;
	uint8_t clause, n_clauses;
};

struct classifier_rule {
	struct list node;		/* rules of one match, highest priority first */
	struct classifier_value *value; /* NULL: in no classifier */
	uint64_t add_version, remove_version;
	int32_t priority;
	uint16_t n_conjunctions;
	struct conjunction
		*conjunctions; /* borrowed; n_conjunctions > 0: never a match by itself */
};

/* Where a prefix field lies in a key: whole bytes in wire order. */
struct classifier_field {
	uint16_t ofs;
	uint16_t n_bits; /* 32, 64 or 128 */
	be16 dl_type; /* packets of others have something else there, such as ARP; 0: all have it */
};

struct classifier {
	struct classifier_node *root;
	size_t n_rules;
	size_t n_masks;
	int64_t next_order, prior_order; /* ranks of masks of the same priority */
	unsigned n_tries;
	struct classifier_trie {
		struct classifier_field field;
		struct prefix_trie trie;
	} tries[CLASSIFIER_MAX_TRIES];
};

void classifier_init(struct classifier *);
void classifier_fini(struct classifier *); /* no rules may be left */

/* Fields whose prefixes are tracked; replaces the ones before. */
void classifier_set_prefix_fields(struct classifier *, const struct classifier_field *, unsigned n);

/* 'key' must be zero where 'mask' is. add_version of the rule is set to 'version'. */
void classifier_insert(struct classifier *, struct classifier_rule *, const struct flow_key *key,
		       const struct flow_key *mask, int priority, uint64_t version);
void classifier_remove(struct classifier *, struct classifier_rule *);

static inline bool classifier_rule_is_visible(const struct classifier_rule *r, uint64_t version)
{
	return r->add_version <= version && version < r->remove_version;
}

/* NULL: none. 'wc' (may be NULL): bits that were looked at are added; only bits outside of them may
 * differ in another packet for the same answer. 'conj_id' (may be NULL) is set to the id by which a
 * conjunctive match was found, else it is untouched: the rule then matches this conj_id. */
struct classifier_rule *classifier_lookup(const struct classifier *, uint64_t version,
					  const struct flow_key *, struct flow_key *wc,
					  uint32_t *conj_id);

struct classifier_rule *classifier_find(const struct classifier *, const struct flow_key *key,
					const struct flow_key *mask, int priority,
					uint64_t version);
/* Is there a rule of this priority that some packet of (key, mask) matches as well? */
bool classifier_overlaps(const struct classifier *, const struct flow_key *key,
			 const struct flow_key *mask, int priority, uint64_t version);

/* The match of a rule that is in the classifier. */
void classifier_rule_get_match(const struct classifier_rule *, struct flow_key *ret_key,
			       struct flow_key *ret_mask);
/* Does the rule match every packet? */
bool classifier_rule_is_catchall(const struct classifier_rule *);
/* Is every packet of the rule one of (key, mask)? */
bool classifier_rule_is_within(const struct classifier_rule *, const struct flow_key *key,
			       const struct flow_key *mask);
/* Do both have the same match? They must be in one classifier. */
static inline bool classifier_rule_same_match(const struct classifier_rule *a,
					      const struct classifier_rule *b)
{
	return a->value == b->value;
}

/* Calls 'cb' for each rule that lies within (key, mask); masks that cannot have any are skipped
 * whole. cb may not change the classifier. */
void classifier_for_each_within(const struct classifier *, const struct flow_key *key,
				const struct flow_key *mask,
				void (*cb)(struct classifier_rule *, void *arg), void *arg);
