/* SPDX-License-Identifier: Apache-2.0 */
/* drop: why packets are dropped; every drop has a reason and a counter ("coverage/show"). */
#pragma once
#include "base/compiler.h"

#define DROP_REASONS(X)                                                                            \
	X(ACTION, "action_drop", "the flow's actions say so")                                      \
	X(NO_PORT, "no_port", "the flow's output port is gone")                                    \
	X(RECURSION, "recursion_too_deep", "recirculated or decapsulated too often")               \
	X(SLOW_FULL, "upcall_queue_full", "too many packets of one batch must go to user space")   \
	X(MALFORMED, "invalid_packet", "headers that the actions need are not there")              \
	X(METER, "meter", "a meter's rate is exceeded")                                            \
	X(TUNNEL_HEADER, "tunnel_header_invalid", "malformed tunnel header")                       \
	X(TUNNEL_PEER, "tunnel_no_port", "no tunnel has this sender and key")                      \
	X(TOO_BIG, "tunnel_too_big", "does not fit the underlay, and cannot be cut")               \
	X(NO_NEIGHBOUR, "tunnel_no_neighbour", "the next hop's address was not found in time")     \
	X(NO_ROUTE, "tunnel_no_route", "no route to the tunnel's far end")                         \
	X(TTL, "ttl_exceeded", "time to live is out")                                              \
	X(UNSUPPORTED, "unsupported_action", "an action that this fast path does not have")        \
	X(TX, "output_failed", "the device did not take it")

enum drop_reason {
#define DROP_ENUM(ID, NAME, TEXT) DROP_##ID,
	DROP_REASONS(DROP_ENUM)
#undef DROP_ENUM
		N_DROP_REASONS,
};

const char *drop_name(enum drop_reason);
const char *drop_text(enum drop_reason);
void drop_count(enum drop_reason, uint64_t n);
uint64_t drop_total(enum drop_reason);
