/* SPDX-License-Identifier: Apache-2.0 */
/* table: what a flow table can do, is set to, has counted. OpenFlow 1.3 7.3.5.5, 1.4 7.3.4.1. */
#pragma once
#include "ofp/action.h"
#include "ofp/protocol.h"

enum of_table_miss { OFTM_DEFAULT, OFTM_CONTROLLER, OFTM_CONTINUE, OFTM_DROP };
enum of_table_eviction { OFTE_DEFAULT, OFTE_ON, OFTE_OFF };
enum of_table_vacancy { OFTV_DEFAULT, OFTV_ON, OFTV_OFF };
enum { OFPTMPEF_OTHER = 1, OFPTMPEF_IMPORTANCE = 2, OFPTMPEF_LIFETIME = 4 };

struct field_set { /* bit of field->id */
	uint64_t bits[4];
};

struct table_features {
	uint8_t table_id;
	int command; /* 1.5: replace, modify, enable, disable */
	char name[32];
	be64 metadata_match, metadata_write;
	enum of_table_miss miss;
	bool supports_eviction, supports_vacancy;
	uint32_t max_entries;
	/* Of a flow, and of a table-miss flow. */
	struct table_instruction_features {
		uint64_t next[4];      /* bit of table id: goto_table */
		uint32_t instructions; /* bit of OFPIT_* of 1.3 */
		struct table_action_features {
			uint64_t actions; /* bit of enum of_action_type */
			struct field_set set_fields;
		} write, apply;
	} nonmiss, miss_flow;
	struct field_set match, mask, wildcard;
};

struct table_desc {
	uint8_t table_id;
	enum of_table_eviction eviction;
	uint32_t eviction_flags; /* OFPTMPEF_* */
	enum of_table_vacancy vacancy;
	uint8_t vacancy_down, vacancy_up, vacancy_now; /* percent */
};
struct table_mod {
	uint8_t table_id;	 /* OFPTT_ALL */
	enum of_table_miss miss; /* before 1.4 */
	enum of_table_eviction eviction;
	uint32_t eviction_flags; /* UINT32_MAX: not given */
	enum of_table_vacancy vacancy;
	uint8_t vacancy_down, vacancy_up;
};
enum { OFPTR_VACANCY_DOWN = 3, OFPTR_VACANCY_UP = 4 };
struct table_status {
	uint8_t reason;
	struct table_desc desc;
};
struct table_stats {
	uint8_t table_id;
	uint64_t lookup_count, matched_count;
	uint32_t active_count;
};
/* "0,evict", "1,vacancy:20,80", "2,continue". */
MUST_CHECK int table_mod_from_str(const char *table, const char *setting, struct table_mod *ret,
				  uint32_t *usable, struct err *err);
