/* SPDX-License-Identifier: Apache-2.0 */
/* flow: messages about flows. OpenFlow 1.0 5.3.3, 5.3.5; 1.5 7.3.4.2, 7.3.5.2, 7.3.5.17; Nicira's
 * NXT_FLOW_MOD, NXST_FLOW, NXST_FLOW_MONITOR.
 *
 * 'actions' point to records of ofp/action.h; who owns them is said where a struct is filled. */
#pragma once
#include "ofp/action.h"
#include "ofp/match.h"
#include "ofp/protocol.h"
#include "ofp/version.h"

enum { OFPTT_ALL = 0xff };
enum { OFPG_ANY = 0xffffffff, OFPG_ALL = 0xfffffffc };

enum of_flow_mod_command {
	OFPFC_ADD,
	OFPFC_MODIFY,
	OFPFC_MODIFY_STRICT,
	OFPFC_DELETE,
	OFPFC_DELETE_STRICT,
};
enum { /* flow_mod.flags, flow_stats.flags: OpenFlow's bits where it has them */
       OFFF_SEND_FLOW_REM = 1 << 0,
       OFFF_CHECK_OVERLAP = 1 << 1,
       OFFF_RESET_COUNTS = 1 << 2,  /* 1.2+; implied by an add in 1.0 and 1.1 */
       OFFF_NO_PKT_COUNTS = 1 << 3, /* 1.3+ */
       OFFF_NO_BYT_COUNTS = 1 << 4,
       OFFF_EMERG = 1 << 5,	    /* 1.0 only: refused */
       OFFF_HIDDEN_FIELDS = 1 << 6, /* internal: the flow is the switch's own */
       OFFF_NO_READONLY = 1 << 7,   /* internal */
};
#define OF_NO_BUFFER UINT32_MAX

struct flow_mod {
	struct match match;
	int priority;
	/* Add: new_cookie. Modify and delete: flows with (cookie ^ flow's) & cookie_mask == 0;
	 * modify sets new_cookie if 'modify_cookie'. */
	be64 cookie, cookie_mask, new_cookie;
	bool modify_cookie;
	uint8_t table_id; /* OFPTT_ALL: any, or the switch chooses */
	enum of_flow_mod_command command;
	uint16_t idle_timeout, hard_timeout; /* seconds; 0: none */
	uint32_t buffer_id;
	uint32_t out_port;  /* delete: OFPORT_NONE: any */
	uint32_t out_group; /* OFPG_ANY */
	uint16_t flags;	    /* OFFF_* */
	uint16_t importance;
	const void *actions;
	size_t actions_size;
};

struct flow_stats_request {
	bool aggregate;
	struct match match;
	be64 cookie, cookie_mask;
	uint32_t out_port, out_group;
	uint8_t table_id; /* OFPTT_ALL */
};

struct flow_stats {
	struct match match;
	be64 cookie;
	uint8_t table_id;
	uint16_t priority;
	uint16_t idle_timeout, hard_timeout;
	uint32_t duration_sec, duration_nsec;
	int idle_age, hard_age;		   /* seconds; -1: unknown */
	uint64_t packet_count, byte_count; /* UINT64_MAX: not counted */
	uint16_t flags, importance;
	const void *actions;
	size_t actions_size;
};
struct aggregate_stats {
	uint64_t packet_count, byte_count;
	uint32_t flow_count;
};

enum of_flow_removed_reason {
	OFPRR_IDLE_TIMEOUT,
	OFPRR_HARD_TIMEOUT,
	OFPRR_DELETE,
	OFPRR_GROUP_DELETE,
	OFPRR_METER_DELETE,
	OFPRR_EVICTION,
};
struct flow_removed {
	struct match match;
	be64 cookie;
	uint16_t priority;
	uint8_t reason; /* enum of_flow_removed_reason */
	uint8_t table_id;
	uint32_t duration_sec, duration_nsec;
	uint16_t idle_timeout, hard_timeout;
	uint64_t packet_count, byte_count;
};

/* Flow monitors. */
enum of_flow_monitor_command { OFFMC_ADD, OFFMC_MODIFY, OFFMC_DELETE };
enum { /* flow_monitor_request.flags, Nicira's numbering */
       OFFMF_INITIAL = 1 << 0,
       OFFMF_ADD = 1 << 1,
       OFFMF_DELETE = 1 << 2,
       OFFMF_MODIFY = 1 << 3,
       OFFMF_ACTIONS = 1 << 4, /* send instructions */
       OFFMF_OWN = 1 << 5,     /* in full also what this controller did itself */
       OFFMF_ONLY_OWN = 1 << 6,
};
struct flow_monitor_request {
	uint32_t id;
	enum of_flow_monitor_command command;
	uint16_t flags;
	uint32_t out_port, out_group;
	uint8_t table_id;
	struct match match;
};
enum of_flow_update_event {
	OFFUE_ADDED,
	OFFUE_DELETED,
	OFFUE_MODIFIED,
	OFFUE_ABBREV, /* own change: xid only */
	OFFUE_INITIAL,
	OFFUE_PAUSED,
	OFFUE_RESUMED,
};
struct flow_update {
	enum of_flow_update_event event;
	uint32_t xid; /* OFFUE_ABBREV */
	enum of_flow_removed_reason reason;
	uint16_t idle_timeout, hard_timeout;
	uint8_t table_id;
	uint16_t priority;
	be64 cookie;
	struct match match;
	const void *actions;
	size_t actions_size;
};

/* Text of one flow as ovs-ofctl takes it: "table=0,priority=5,ip,actions=output:1". 'command' -1:
 * it is in the text ("add ..", "delete .."), add if not. The actions are put into 'acts' and
 * fm->actions points there. *usable loses the protocols (OFPROTO_*) that cannot carry it. */
struct of_actions;
MUST_CHECK int flow_mod_from_str(const char *text, int command, const struct ofport_names *,
				 struct flow_mod *fm, struct of_actions *acts, uint32_t *usable,
				 struct err *err);
MUST_CHECK int flow_stats_request_from_str(const char *text, const struct ofport_names *,
					   bool aggregate, struct flow_stats_request *ret,
					   uint32_t *usable, struct err *err);
/* A match alone: "tcp,nw_src=10.0.0.0/8"; *ret_priority -1: none given. For traces, dumps,
 * monitors. */
MUST_CHECK int match_from_str(const char *text, const struct ofport_names *, struct match *ret,
			      int *ret_priority, uint32_t *usable, struct err *err);
/* The line of dump-flows, without the end of line; 'with_stats' false: as --no-stats. */
void flow_stats_put(const struct flow_stats *, const struct ofport_names *, bool with_stats,
		    struct str *out);
/* Which protocols can carry a match on this field with this mask? */
uint32_t field_usable_protocols(const struct field *, const union field_value *mask);
uint32_t match_usable_protocols(const struct match *);
/* "18.39s". */
void of_duration_put(uint32_t sec, uint32_t nsec, struct str *out);
void flow_flags_put(uint16_t flags, struct str *out); /* "send_flow_rem " */
