/* SPDX-License-Identifier: Apache-2.0 */
/* context: one translation on its way. Private to translate/.
 *
 * 'flow' is the packet as actions have left it so far, 'base' the packet as the fast path has it so
 * far: what differs is written by commit() when the packet goes somewhere. 'wc' gathers the bits of
 * the packet received that decided anything. */
#pragma once
#include "base/hmap.h"
#include "ofp/action.h"
#include "packet/field.h"
#include "pipeline/group.h"
#include "pipeline/mac_table.h"
#include "pipeline/mirror.h"
#include "pipeline/recirc.h"
#include "pipeline/table.h"
#include "pipeline/translate.h"

enum { MAX_DEPTH = 64, MAX_RESUBMITS = 4096, MAX_STACK_BYTES = 65536 };

struct xlate_stack { /* values of push, each followed by its size in one byte */
	uint8_t *bytes;
	size_t size, allocated;
};

struct xlate {
	const struct translate_request *rq;
	struct translation *out;
	struct trace *trace;

	struct pipeline *bridge;
	struct ofport *in_port; /* of this bridge; NULL: none (controller) */
	struct flow_key flow, base;
	struct flow_key *wc;
	struct dp_actions *acts;
	enum xlate_error error;

	/* Where in the tables. */
	const struct rule *rule; /* NULL: packet-out, bucket .. */
	uint8_t table_id;
	be64 rule_cookie;
	unsigned depth, n_resubmits, indent;
	bool in_group, in_action_set, in_packet_out;
	bool exit;
	bool was_mpls; /* L3 headers of 'flow' are unknown since MPLS was popped */
	bool conntracked;

	struct of_actions action_set;
	struct xlate_stack stack;

	/* Stopping to go on after the fast path looked again: see freeze.c. */
	bool freezing;
	struct of_actions frozen; /* actions still to do */
	uint8_t frozen_table;
	be64 frozen_cookie;
	const struct ofa_controller *pause;
	bool recirc_has_hash;
	uint32_t recirc_hash_alg, recirc_hash_basis;

	uint32_t mirrors;     /* already done */
	uint32_t output_port; /* OpenFlow port of the last output; OFPORT_NONE */
	uint16_t truncate;    /* next outputs at most this many bytes; 0: whole */
	uint32_t saved_priority;
};

/* actions.c */
void xlate_actions(struct xlate *, const void *list, size_t size, bool last, bool group_bucket);
void xlate_action_set(struct xlate *);
/* The action set of a bucket: without a line of its own in the trace. */
void xlate_bucket_set(struct xlate *, bool last);
void xlate_error(struct xlate *, enum xlate_error, const char *fmt, ...) PRINTF_LIKE(3, 4);
void xlate_unhandled_mpls(struct xlate *);
/* Runs 'list' on a copy of the packet; all that it changed is undone after. */
void xlate_clone(struct xlate *, const void *list, size_t size, bool last);

/* Names for the trace's text. */
void xlate_names(const struct xlate *, struct ofport_names *ret);

/* table.c */
/* 'in_port' is for the lookup alone. */
void xlate_table(struct xlate *, uint32_t in_port, uint8_t table_id, bool honor_miss, bool with_ct,
		 bool last);
bool xlate_may_resubmit(struct xlate *);

/* output.c */
void xlate_output(struct xlate *, uint32_t port, uint16_t max_len, bool controller_too,
		  bool truncated, bool last);
/* To one port, without the checks of special numbers. */
void xlate_output_port(struct xlate *, struct ofport *out, bool last);
/* As above, also where STP does not forward (protocols, mirrors). */
void xlate_output_port_always(struct xlate *, struct ofport *out);
void xlate_controller(struct xlate *, uint16_t max_len, uint8_t reason, uint16_t controller_id,
		      uint32_t meter, const void *userdata, size_t userdata_size);
bool ofport_stp_forwards(const struct ofport *);
bool ofport_stp_learns(const struct ofport *);
struct ofport *xlate_port_in_use(const struct xlate *, uint32_t ofport);

/* normal.c */
void xlate_normal(struct xlate *);
/* The VLAN that NORMAL and mirrors see on the way in; false: not accepted there. */
bool xlate_input_vlan(const struct xlate *, const struct bundle *in, uint16_t *ret_vlan);
/* Tags as 'out' wants them and sends. */
void xlate_output_bundle(struct xlate *, struct bundle *out, uint16_t vlan);
/* 'inner': the tag behind, 0: none. */
bool bundle_carries_vlan(const struct bundle *, uint16_t vlan, uint16_t inner);

/* mirror.c */
void xlate_mirror(struct xlate *, const struct bundle *, uint32_t mirrors);
void xlate_mirror_ingress(struct xlate *);

/* commit.c: appends the actions that make the fast path's packet what 'flow' is. */
void xlate_commit(struct xlate *);

/* field.c: actions that change fields; false: not one of them. */
bool xlate_field_action(struct xlate *, const struct of_action *);
bool xlate_dec_ttl(struct xlate *, const struct ofa_dec_ttl *); /* true: TTL out, stop */
void xlate_report_subfield(struct xlate *, const struct subfield *);
void xlate_push_mpls(struct xlate *, uint16_t ethertype);
void xlate_pop_mpls(struct xlate *, uint16_t ethertype);

/* select.c: one out of several */
void xlate_multipath(struct xlate *, const struct ofa_multipath *);
void xlate_bundle_action(struct xlate *, const struct ofa_bundle *);
uint32_t hash_fields(const struct flow_key *, enum of_hash_fields, uint32_t basis);
void mask_hash_fields(const struct flow_key *, enum of_hash_fields, struct flow_key *wc);

/* group.c; true: the rest of the list must not be done now (freezing) */
void xlate_group(struct xlate *, uint32_t id, bool last);

/* learn.c */
void xlate_learn(struct xlate *, const struct ofa_learn *);

/* encap.c */
void xlate_encap(struct xlate *, const struct ofa_encap *);
bool xlate_decap(struct xlate *, const struct ofa_decap *); /* true: recirculates, stop */

/* freeze.c */
void xlate_freeze(struct xlate *, const void *rest, size_t rest_size);
void xlate_finish_freezing(struct xlate *);
bool xlate_thaw(struct xlate *, const struct frozen_state *);
/* State of now, as a controller packet or a recirculation needs it; free with frozen_fini(). */
void xlate_frozen_state(struct xlate *, struct frozen_state *ret);

static inline struct credit *xlate_credit(struct xlate *x, enum credit_kind kind)
{
	return x->rq->credits ? credits_put(x->rq->credits, kind) : NULL;
}
