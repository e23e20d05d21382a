/* SPDX-License-Identifier: Apache-2.0 */
/* sim: simulated ports ("type=dummy"): no device; packets are injected by command, written to pcap
 * files, and carried over a socket to another simulated port. All that is needed to run a switch
 * without root.
 * Threads: main; sending also on datapath threads. */
#pragma once
#include "packet/packet.h"
#include "port/port.h"

/* Hands a packet to the switch as if it had arrived; consumes it. Dropped while the port is down.
 */
void sim_receive(struct port *, struct packet *);
/* Addresses set by netdev-dummy/ip4addr and ip6addr (IPv4 as v4-mapped), for tunnels over a bridge
 * of ours. Returns their number, at most 'max'. */
unsigned sim_addresses(const struct port *, struct in6_addr *addr, uint8_t *prefix_len,
		       unsigned max);
/* "disconnected", "connected", "unknown": no stream is configured. */
const char *sim_conn_state(const struct port *);
bool port_is_sim(const struct port *);
/* For commands: adds an address. */
void sim_add_address(struct port *, const struct in6_addr *, uint8_t prefix_len);
