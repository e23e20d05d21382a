/* SPDX-License-Identifier: Apache-2.0 */
/* packet_io: packets between switch and controller. OpenFlow 1.0 5.3.6, 5.4.1; 1.5 7.3.6, 7.4.1;
 * Nicira's NXT_PACKET_IN, NXT_PACKET_IN2, NXT_RESUME. */
#pragma once
#include "base/uuid.h"
#include "ofp/action.h"
#include "ofp/flow.h"

enum of_packet_in_format { OFPIF_STANDARD, OFPIF_NXT, OFPIF_NXT2 };

struct packet_in {
	const void *packet; /* with its Ethernet header */
	size_t packet_size; /* bytes there */
	size_t total_size;  /* bytes of the packet received */
	uint32_t buffer_id;
	uint8_t reason; /* enum of_packet_in_reason */
	uint8_t table_id;
	be64 cookie;	       /* OF_COOKIE_UNKNOWN */
	struct match metadata; /* in_port, registers, tunnel, ..: what travels beside it */
	const uint8_t *userdata;
	size_t userdata_size;
	/* A pause()d packet: opaque to the controller, which gives it back with NXT_RESUME. */
	const uint8_t
		*continuation; /* built and parsed by the pipeline's side, ofp/continuation.h */
	size_t continuation_size;
};
#define OF_COOKIE_UNKNOWN UINT64_MAX

struct packet_out {
	const void *packet;
	size_t packet_size;
	uint32_t buffer_id;    /* OF_NO_BUFFER: 'packet' is it */
	struct match metadata; /* in_port; 1.5: the whole pipeline state */
	const void *actions;
	size_t actions_size;
};

/* State of translation that a continuation carries: NXT_PACKET_IN2's NXPINT_CONTINUATION. */
struct continuation {
	struct uuid bridge;
	uint8_t *stack; /* as the pipeline's stack has it: values, each followed by its size */
	size_t stack_size;
	uint32_t mirror_mask;
	bool conntracked;
	be32 odp_port;
	const void *actions, *action_set;
	size_t actions_size, action_set_size;
};
