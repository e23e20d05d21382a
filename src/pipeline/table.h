/* SPDX-License-Identifier: Apache-2.0 */
/* table: the 255 OpenFlow tables of a bridge and their rules; adding, changing and removing them,
 * one by one or all of a bundle at once. OpenFlow 1.0 4.6, 1.4 6.4 and 6.5, 1.5 6.8.
 *
 * Threads:  control lock.
 * Lifetime: rules are counted: the table has one reference; decisions kept by the fast path's owner
 *           have others, so that they can credit packets to a rule that has just been removed. */
#pragma once
#include "base/hmap.h"
#include "base/list.h"
#include "ofp/switch.h"
#include "pipeline/classifier.h"

struct datapath;
struct pipeline;

enum { N_TABLES = 255, TABLE_INTERNAL = 254 };

/* A list of OpenFlow actions, shared by counting. */
struct rule_actions {
	int refs;
	uint32_t size;
	bool has_learn, has_meter, has_group;
	_Alignas(8) uint8_t data[];
};
struct rule_actions *rule_actions_new(const void *list, size_t size);
struct rule_actions *rule_actions_ref(struct rule_actions *);
void rule_actions_unref(struct rule_actions *);

struct rule {
	struct classifier_rule cr;
	struct list node;	/* in table.rules, oldest first */
	struct list timed_node; /* in table_set.timed, if it has a time-out */
	struct table_set *tables;
	struct rule_actions *actions;
	int refs;
	uint8_t table_id;
	bool removed;
	uint8_t removed_reason; /* OFPRR_* */
	uint16_t flags;		/* OFFF_* */
	uint16_t idle_timeout, hard_timeout, importance;
	be64 cookie;
	int64_t created_ns, modified_ns, used_ns;
	uint64_t n_packets, n_bytes;
};
static inline struct rule *rule_of(struct classifier_rule *cr)
{
	return cr ? CONTAINER_OF(cr, struct rule, cr) : NULL;
}
struct rule *rule_ref(struct rule *);
void rule_unref(struct rule *);
/* Counts packets that the rule handled; 'used_ns' 0: only counts. */
void rule_credit(struct rule *, uint64_t n_packets, uint64_t n_bytes, int64_t used_ns);
/* Shortens its time-outs (fin_timeout, learn); 0: as it is. */
void rule_reduce_timeouts(struct rule *, uint16_t idle, uint16_t hard);
static inline bool rule_is_hidden(const struct rule *r) { return r->flags & OFFF_HIDDEN_FIELDS; }

struct table {
	struct classifier classifier;
	struct list rules;
	char *name;    /* of the database's Flow_Table; or NULL */
	char *of_name; /* set by a table-features request; or NULL */
	size_t max_flows;
	bool evict_by_config, evict_by_of;
	uint8_t eviction_flags; /* OFPTMPEF_* */
	char *eviction_fields;
	enum of_table_miss miss;
	bool vacancy;
	uint8_t vacancy_down, vacancy_up;
	bool vacancy_is_down; /* last event */
	bool readonly, hidden;
	uint64_t n_matched, n_missed;
};

struct table_set {
	int refs;
	struct pipeline *pipeline; /* NULL once deleted */
	uint64_t version;	   /* what packets see */
	struct table tables[N_TABLES];
	struct list timed;
	size_t n_rules;
};

struct table_set *table_set_new(struct pipeline *);
void table_set_free(struct table_set *); /* rules first; the set itself lives while referenced */
struct table_set *table_set_ref(struct table_set *);
void table_set_unref(struct table_set *);

/* A change of rules that comes into force as one: begin, change, then commit or undo. */
struct transaction {
	struct table_set *tables;
	const struct of_origin *origin;
	struct list changes;
};
void transaction_begin(struct transaction *, struct table_set *, const struct of_origin *);
/* 0 or -enum of_error, with nothing changed by this flow_mod. */
MUST_CHECK int transaction_flow_mod(struct transaction *, const struct flow_mod *);
/* Tells listeners; in the order of the changes. */
void transaction_commit(struct transaction *);
void transaction_undo(struct transaction *);

MUST_CHECK int table_set_flow_mod(struct table_set *, const struct flow_mod *,
				  const struct of_origin *);
/* Rules that the request describes, hidden ones only if 'with_hidden'; cb may not change tables. */
MUST_CHECK int table_set_for_each(struct table_set *, const struct flow_stats_request *,
				  bool with_hidden, void (*cb)(struct rule *, void *arg),
				  void *arg);
/* Do groups and meters exist, is what the list needs there? 0 or -enum of_error. */
MUST_CHECK int flow_actions_check(const struct pipeline *, const void *list, size_t size);
void table_set_expire(struct table_set *);
/* Rules that use group 'id' (OFPG_ALL: any), or meter: removed because it was. */
void table_set_delete_users(struct table_set *, uint32_t group, uint32_t meter, uint8_t reason);
void transaction_delete_users(struct transaction *, uint32_t group, uint32_t meter, uint8_t reason);
void table_set_flush(struct table_set *, bool with_hidden);
void table_set_remove_rule(struct table_set *, struct rule *, uint8_t reason);
/* Takes rules out until the table is within its limit. */
void table_enforce_limit(struct table_set *, uint8_t table_id);
struct rule *table_lookup(struct table_set *, uint8_t table_id, const struct flow_key *,
			  struct flow_key *wc, uint32_t *conj_id);

void rule_get_stats(const struct rule *, struct flow_stats *ret); /* actions are borrowed */
/* "table=1, priority=5,ip,..."-style pieces for trace: match with priority. */
void rule_put_match(const struct rule *, const struct ofport_names *, struct str *out);
