/* SPDX-License-Identifier: Apache-2.0 */
/* encap: what all fast paths share of tunnels on the way out. */
#pragma once
#include "fastpath/action.h"

/* "tnl/egress_port_range": UDP source ports are chosen from it by a hash of the inner packet, so
 * that the underlay can spread flows (RFC 7348 5). Both ends included. */
struct egress_ports {
	uint16_t min, max;
};
extern struct egress_ports tunnel_egress_ports;
