/* SPDX-License-Identifier: Apache-2.0 */
/* too_big: what to do with a packet that does not fit a tunnel's underlay.
 * Threads: any. */
#pragma once
#include "packet/packet.h"

/* The answer that the packet's own destination would cause if it were a router: ICMP "fragmentation
 * needed" (RFC 792, 1191) or ICMPv6 "packet too big" (RFC 4443 3.2), MAC addresses swapped, VLAN
 * tags kept. 'mtu' is that of the inner IP packet. NULL: none may be sent (not IP, multicast, a
 * later fragment, itself an ICMP error: RFC 1122 3.2.2, 4443 2.4). 'p' has been extracted; it is
 * only read. */
struct packet *too_big_answer(const struct packet *p, uint32_t mtu);
/* Cuts an IPv4 packet that may be fragmented (no DF, no options) into fragments whose IP packets
 * have at most 'mtu' bytes, in order, linked by 'next'; consumes it. NULL, and 'p' untouched: it
 * must not or cannot be cut. */
struct packet *too_big_fragment(struct packet *p, uint32_t mtu);
