/* SPDX-License-Identifier: Apache-2.0 */
/* recirc: translations that stopped half-way, to go on when the packet comes back from the fast
 * path: what to go on with, found by recirculation id. The same state always gets the same id, so
 * flows that stop at the same place share one. Threads: control lock. */
#pragma once
#include "base/hmap.h"
#include "base/list.h"
#include "base/uuid.h"
#include "packet/key.h"

struct pipeline;

struct frozen_state {
	struct uuid bridge;
	uint8_t table_id;
	bool conntracked;
	bool was_mpls;
	uint32_t mirrors; /* already done */
	uint32_t in_port; /* OpenFlow port number */
	struct tunnel_key tunnel;
	be64 metadata;
	uint32_t regs[KEY_N_REGS];
	uint8_t *stack; /* owned; as translate/stack.c has it */
	size_t stack_size;
	void *actions, *action_set; /* owned OpenFlow action lists */
	size_t actions_size, action_set_size;
	be64 rule_cookie;
	/* For packets to controllers. */
	uint8_t *userdata;
	size_t userdata_size;
	uint32_t actset_output;
};

struct recirc {
	struct hmap_node by_id, by_state;
	uint32_t id;
	int refs; /* flows that use it */
	int64_t unused_since_ns;
	struct list unused_node;
	struct frozen_state state;
};

struct recirc_table {
	struct hmap by_id, by_state;
	struct list unused;
	uint32_t next_id;
};

struct recirc_table *recirc_table_new(void);
void recirc_table_free(struct recirc_table *);
/* The id for this state, which is copied; a new reference. NULL: no ids left. */
struct recirc *recirc_get(struct recirc_table *, const struct frozen_state *);
struct recirc *recirc_ref(struct recirc *);
void recirc_unref(struct recirc_table *, struct recirc *);
struct recirc *recirc_lookup(const struct recirc_table *, uint32_t id); /* borrowed; NULL */
/* Ids without a reference stay for a while: a packet may be on its way. */
void recirc_table_expire(struct recirc_table *);
void recirc_table_forget(struct recirc_table *, const struct pipeline *);
