/* SPDX-License-Identifier: Apache-2.0 */
/* compile: keys, masks and actions of the fast path -> the structs of bpf/abi.h. Pure.
 * Threads: any. */
#pragma once
#include "fastpath/action.h"

#include "../bpf/abi.h"

/* False: a bit of 'mask' decides about something that the programs do not look at. */
MUST_CHECK bool compile_match(const struct flow_key *key, const struct flow_key *mask,
			      struct weft_key *ret_key, struct weft_key *ret_mask);

/* What compile_actions() must know of the world. */
struct compile_ops {
	/* Device of a fast-path port; false: it has none, or packets for it need user space. */
	bool (*port)(uint32_t dp_port, uint32_t *ret_ifindex, enum weft_output *ret_kind,
		     void *arg);
	/* A slot that holds the header, one reference of which goes to the flow; false: no room. */
	bool (*encap)(const struct weft_encap *, uint32_t *ret_slot, void *arg);
};
/* False: an action that the programs do not have, or too many. 'key' is what the flow matches. */
MUST_CHECK bool compile_actions(const struct flow_key *key, const struct flow_key *mask,
				const void *actions, size_t size, const struct compile_ops *,
				void *arg, struct weft_flow *ret);

/* The tunnel part of a packet that came up. */
void compile_upcall_tunnel(const struct weft_upcall *, struct tunnel_key *ret);
