/* SPDX-License-Identifier: Apache-2.0 */
/* segment: the parts of packet_segment(), for who lays the pieces out otherwise (behind tunnel
 * headers, in one buffer). */
#pragma once
#include "packet/packet.h"

/* Bytes of all headers of a GSO packet, up to the payload; 0: it contradicts its GSO fields. */
uint32_t segment_header_size(const struct packet *);
/* Fills in what depends on the size and place of the piece 'frame', whose headers are copies of the
 * whole's. 'payload_ofs' is where its payload was in the whole's. */
void segment_finish(uint8_t *frame, uint32_t size, uint32_t l3, uint32_t l4, uint32_t nth,
		    uint32_t payload_ofs, bool last, bool tcp);
