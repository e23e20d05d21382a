/* SPDX-License-Identifier: Apache-2.0 */
/* group: groups and their buckets. OpenFlow 1.3 5.6, 7.3.4.2; 1.5 7.3.4.3; Netronome's group
 * properties (selection_method) for 1.1 and later. */
#pragma once
#include "base/list.h"
#include "ofp/action.h"

enum of_group_type { OFPGT_ALL, OFPGT_SELECT, OFPGT_INDIRECT, OFPGT_FF };
enum of_group_command {
	OFPGC_ADD,
	OFPGC_MODIFY,
	OFPGC_DELETE,
	OFPGC_INSERT_BUCKET, /* 1.5, and by extension before */
	OFPGC_REMOVE_BUCKET,
	OFPGC_ADD_OR_MOD,
};
enum {
	OFPG_BUCKET_MAX = 0xffffff00,
	OFPG_BUCKET_FIRST = 0xfffffffd,
	OFPG_BUCKET_LAST,
	OFPG_BUCKET_ALL
};
enum { OF_GROUP_MAX = 0xffffff00 }; /* highest id of a group */

struct group_bucket {
	uint16_t weight;      /* select */
	uint32_t watch_port;  /* fast failover; OFPORT_NONE: none */
	uint32_t watch_group; /* OFPG_ANY */
	uint32_t bucket_id;
	void *actions; /* owned */
	size_t actions_size;
	uint64_t packet_count, byte_count;
};

#define OF_SELECTION_METHOD_SIZE 16
/* How a select group picks: "" is the default, "hash" by fields, "dp_hash" by the datapath. */
struct group_props {
	char selection_method[OF_SELECTION_METHOD_SIZE];
	uint64_t selection_method_param;
	/* Fields of "hash", in the order given, with masks. */
	size_t n_fields;
	struct group_hash_field {
		const struct field *field;
		uint8_t mask[16]; /* field->n_bytes are used; fields longer than that are refused */
	} * fields;		  /* owned */
};

struct group_mod {
	enum of_group_command command;
	uint8_t type; /* enum of_group_type */
	uint32_t group_id;
	uint32_t command_bucket_id;   /* OFPGC_INSERT_BUCKET, OFPGC_REMOVE_BUCKET */
	struct group_bucket *buckets; /* owned */
	size_t n_buckets;
	struct group_props props;
};
void group_mod_fini(struct group_mod *);

struct group_stats {
	uint32_t group_id, ref_count;
	uint64_t packet_count, byte_count;
	uint32_t duration_sec, duration_nsec;
	size_t n_buckets;
	struct group_bucket_stats {
		uint64_t packet_count, byte_count;
	} * buckets; /* owned */
};
struct group_desc {
	uint32_t group_id;
	uint8_t type;
	struct group_bucket *buckets;
	size_t n_buckets;
	struct group_props props;
};
void group_desc_fini(struct group_desc *);
struct group_features {
	uint32_t types; /* bit (1 << type) */
	uint32_t capabilities;
	uint32_t max_groups[4];
	uint64_t actions[4]; /* bit (1 << OFPAT of 1.3) */
};
enum {
	OFPGFC_SELECT_WEIGHT = 1,
	OFPGFC_SELECT_LIVENESS = 2,
	OFPGFC_CHAINING = 4,
	OFPGFC_CHAINING_CHECKS = 8
};

void group_buckets_free(struct group_bucket *, size_t n);
struct group_bucket *group_buckets_copy(const struct group_bucket *, size_t n);
void group_props_copy(struct group_props *dst, const struct group_props *src);
void group_props_fini(struct group_props *);

/* "group_id=1,type=all,bucket=output:1,bucket=output:2". command -1: in the text. */
MUST_CHECK int group_mod_from_str(const char *text, int command, const struct ofport_names *,
				  struct group_mod *ret, uint32_t *usable, struct err *err);
