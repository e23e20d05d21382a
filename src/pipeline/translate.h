/* SPDX-License-Identifier: Apache-2.0 */
/* translate: what the OpenFlow tables of a datapath's bridges do with one packet, as fast-path
 * actions, and the bits of the packet that it depends on.
 *
 * Threads: control lock. */
#pragma once
#include "pipeline/credit.h"
#include "pipeline/pipeline.h"
#include "pipeline/trace.h"

enum xlate_error {
	XLATE_OK,
	XLATE_BRIDGE_NOT_FOUND,
	XLATE_RECURSION_TOO_DEEP,
	XLATE_TOO_MANY_RESUBMITS,
	XLATE_STACK_TOO_DEEP,
	XLATE_NO_RECIRCULATION_CONTEXT,
	XLATE_RECIRCULATION_CONFLICT,
	XLATE_TOO_MANY_MPLS_LABELS,
	XLATE_INVALID_TUNNEL_METADATA,
	XLATE_UNSUPPORTED_PACKET_TYPE,
	XLATE_CONGESTION_DROP,
	XLATE_FORWARDING_DISABLED,
};
const char *xlate_error_to_str(enum xlate_error); /* "Recursion too deep" */

struct frozen_state;

struct translate_request {
	struct datapath *datapath;
	/* The packet as the fast path sees it. For trace and packet-out by bridge: 'pipeline' is
	 * set and key->in_port says where. */
	const struct flow_key *key;
	const struct packet *packet; /* NULL: none at hand */
	struct pipeline *pipeline;   /* NULL: found by key->dp_port, tunnel or recirc_id */
	const void *actions;	     /* packet-out: instead of the tables */
	size_t actions_size;
	bool with_actions;
	bool effects;		 /* learn, tell controllers, hand to port protocols */
	struct credits *credits; /* NULL: not wanted */
	struct trace *trace;
	uint16_t tcp_flags;
	/* Continuation of a paused packet. */
	const struct frozen_state *resume;
};

struct translation {
	struct dp_actions actions;
	struct flow_key mask; /* always valid */
	enum xlate_error error;
	unsigned slow; /* DP_SLOW_*: each packet must be translated by itself */
	const struct port_protocol *protocol;
	struct pipeline *pipeline; /* where it began; NULL: nowhere */
	struct ofport *in_port;
	struct flow_key final; /* as actions left it */
	bool has_learned, has_fin_timeout;
};
#define TRANSLATION_INIT                                                                           \
	{                                                                                          \
		.actions = DP_ACTIONS_INIT                                                         \
	}
void translation_fini(struct translation *);

void translate(const struct translate_request *, struct translation *ret);

/* Makes of a translation's mask what a fast path needs: bits without which the key would be another
 * kind of packet, and none that are not the packet's. */
void translation_get_dp_mask(const struct translation *, const struct flow_key *key,
			     struct flow_key *ret);

/* Sends a packet out of a port as it is, past the tables; consumes it. */
void pipeline_send(struct ofport *, struct packet *);
/* The packet goes through the tables as if received on 'in'; consumes it. */
void pipeline_inject(struct ofport *in, struct packet *);
/* 0 or -enum of_error. */
MUST_CHECK int pipeline_packet_out(struct pipeline *, const struct packet_out *);
MUST_CHECK int pipeline_resume(struct pipeline *, const struct packet_in *);
/* A packet that came by a DPA_USERSPACE with reason DPU_CONTROLLER: tells the bridge's controllers.
 */
void pipeline_packet_in(struct datapath *, const struct packet *, const struct flow_key *,
			const struct userspace_cookie *);
