/* SPDX-License-Identifier: Apache-2.0 */
/* compose: a packet that key_extract() would give this key for, valid in lengths and checksums: for
 * ofctl compose-packet, netdev-dummy/receive FLOW, ofproto/trace --generate and tests. */
#pragma once
#include "packet/packet.h"

/* 'payload' (may be NULL) lies behind the transport header; with NULL, 'payload_size' bytes count
 * up from zero, and COMPOSE_DEFAULT_PAYLOAD means 64 of them where such a packet would carry data.
 * What is beside the packet (dp_port, tunnel, marks ..) is taken over too. */
enum { COMPOSE_DEFAULT_PAYLOAD = UINT32_MAX };
struct packet *packet_compose(const struct flow_key *, const void *payload, uint32_t payload_size);
/* Makes the packet 'size' bytes long by zeros behind the transport header (or by cutting), and its
 * lengths and checksums right again. */
void packet_compose_resize(struct packet *, const struct flow_key *, uint32_t size);
