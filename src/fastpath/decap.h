/* SPDX-License-Identifier: Apache-2.0 */
/* decap: reading tunnel headers. RFC 7348 VXLAN (and draft-smith-vxlan-group-policy), 2784 and 2890
 * GRE, 8926 Geneve.
 * Threads: any. */
#pragma once
#include "fastpath/action.h"
#include "packet/packet.h"

struct tunnel_header {
	uint32_t size;	      /* up to the inner packet */
	uint32_t packet_type; /* of the inner packet */
	be64 id;
	uint16_t flags; /* TUN_F_KEY, TUN_F_CSUM (GRE), TUN_F_OAM, TUN_F_OPTIONS */
	be16 gbp_id;
	uint8_t gbp_flags;
	uint8_t opts_size;
	const uint8_t *opts;
};

/* 'p' points behind the UDP or IP header. -EINVAL: malformed, or of a kind we do not know. */
MUST_CHECK int tunnel_header_parse(enum tunnel_type, const uint8_t *p, uint32_t size,
				   struct tunnel_header *ret);
/* Takes header and options over to a packet's tunnel metadata. */
void tunnel_header_to_key(const struct tunnel_header *, struct packet *);

/* Takes a whole outer packet, which key_extract() has seen, apart: 'p' is the inner packet then,
 * with tunnel metadata. -EINVAL: not a packet of this type of tunnel, or a checksum is wrong. */
MUST_CHECK int tunnel_decap(struct packet *p, enum tunnel_type);
/* An inner packet may come with an unfinished checksum, when its sender is on this very host (a
 * kernel tunnel device over veth): then its field holds the pseudo header's sum. Marks it so; a
 * packet too large for any wire gets segmentation fields, too. */
void tunnel_inner_csum(struct packet *p);
