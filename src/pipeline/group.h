/* SPDX-License-Identifier: Apache-2.0 */
/* group: OpenFlow groups of a bridge. OpenFlow 1.3 5.6, 1.5 5.10; selection by Netronome's
 * selection_method. How one is carried out is in translate/group.c.
 * Threads: control lock. Groups are counted: cached decisions credit packets to buckets. */
#pragma once
#include "base/hmap.h"
#include "ofp/switch.h"

struct pipeline;

struct group {
	struct hmap_node node;
	int refs;
	bool removed;
	uint32_t id;
	uint8_t type;		      /* enum of_group_type */
	struct group_bucket *buckets; /* with counters */
	size_t n_buckets;
	struct group_props props;
	uint64_t n_packets, n_bytes;
	int64_t created_ns;
	/* Select by dp_hash: which bucket a value of (hash & hash_mask) goes to; NULL: not by
	 * dp_hash. */
	uint16_t *hash_map;
	uint32_t hash_mask;
	uint32_t hash_alg, hash_basis;
};

struct group_table {
	struct hmap groups;
};
struct group_table *group_table_new(void);
void group_table_free(struct group_table *);
struct group *group_lookup(const struct pipeline *, uint32_t id); /* NULL */
struct group *group_ref(struct group *);
void group_unref(struct group *);
/* 0 or -enum of_error. 't': flows that go with a deleted group go in this transaction; NULL: in one
 * of their own. */
struct transaction;
MUST_CHECK int group_mod_apply(struct pipeline *, const struct group_mod *,
			       const struct of_origin *, struct transaction *t);
/* A bundle's way back: the groups as they are now. Exactly one of the two must follow. */
struct group_undo;
struct group_undo *group_undo_begin(struct pipeline *);
void group_undo_rollback(struct group_undo *);
void group_undo_discard(struct group_undo *);
/* Does a bucket's watch port or group live? Buckets without one always do. */
bool bucket_is_alive(const struct pipeline *, const struct group_bucket *, unsigned depth);
