/* SPDX-License-Identifier: Apache-2.0 */
/* output: outer headers.
 * Threads: with the control lock. */
#pragma once
#include "feature/tunnel/tunnel.h"
#include "feature/tunnel/vport.h"

struct output_request {
	enum tunnel_type type;
	uint16_t dst_port;
	uint32_t tunnel_port; /* dp port of the vport */
	struct tunnel_key
		key; /* as it shall leave: flags, id, tos, ttl, addresses (source may be zero) */
	const uint8_t *opts;  /* Geneve, key.opts_size bytes */
	uint32_t packet_type; /* of the inner packet */
	uint32_t mark;
	be64 in_id;
	uint16_t in_flags;
	bool only_bridges; /* the switch is simulated: nothing may leave by a host device */
};
/* Appends TUNNEL_PUSH, and OUTPUT_DEV if the underlay is a host device. Errors as tunnel_output().
 */
MUST_CHECK int output_build(const struct output_request *, struct dp_actions *,
			    struct tunnel_underlay *ret);
/* Of a packet that carries its tunnel metadata. */
void output_request_of_packet(const struct vport *, const struct packet *,
			      struct output_request *ret);
/* The device that packets to this address leave by; NULL: no route. */
MUST_CHECK int output_egress(const struct in6_addr *dst, const struct in6_addr *src, uint32_t mark,
			     char ret_dev[16]);
