/* SPDX-License-Identifier: Apache-2.0 */
/* coalesce: makes one large TCP packet of consecutive segments, the inverse of packet_segment():
 * for segments that came out of a tunnel one by one, so that the guest gets them as one. */
#pragma once
#include "packet/packet.h"

/* Ethernet frames in the order of their arrival, at most PACKET_BATCH of them, each merged into an
 * earlier one where that changes nothing for the receiver. */
struct coalescer {
	unsigned n;
	struct packet *packets[PACKET_BATCH];
	struct {
		uint32_t next_seq; /* 0 sized payload is never merged, so it needs no flag */
		uint16_t payload_ofs, mss;
		bool open; /* takes more */
	} tail[PACKET_BATCH];
};

/* Merges 'frame' into one of the packets, if it continues it: same headers and tunnel, right
 * sequence, valid checksum. 'frame' may lie in the buffer of that very packet, behind its end. */
bool coalesce_merge(struct coalescer *, const uint8_t *frame, uint32_t size,
		    const struct tunnel_key *);
/* Adds a packet that starts anew; later ones may be merged into it. Room is needed: n <
 * PACKET_BATCH. */
void coalesce_add(struct coalescer *, struct packet *);
/* Sets the lengths and checksums of merged packets. They are the caller's then. */
void coalesce_finish(struct coalescer *);
