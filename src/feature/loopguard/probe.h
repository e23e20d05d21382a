/* SPDX-License-Identifier: Apache-2.0 */
/* probe: the frame that loop guards send each other; bytes <-> struct. The layout is in probe.c. */
#pragma once
#include "base/err.h"
#include "packet/key.h"

/* Who is root, how far, and who says so: the smaller, the better, in this order (IEEE 802.1D-2004,
 * 17.6, with hops as the cost). */
struct probe_vector {
	uint64_t root;
	uint32_t cost;
	uint64_t bridge;
	uint32_t port;
};

enum {
	PROBE_F_DESIGNATED =
		1, /* the sender offers to be the way to the root; else it only says hello */
	PROBE_F_TOPOLOGY_CHANGE = 2, /* addresses learnt may be wrong */
};
enum { PROBE_BYTES = 60, PROBE_VERSION = 1 };

struct probe {
	struct probe_vector v;
	uint8_t flags;
	uint8_t hops; /* from the root */
};

int probe_vector_cmp(const struct probe_vector *, const struct probe_vector *);
uint64_t probe_bridge_id(struct eth_addr);
/* A whole frame, Ethernet header included; returns its size. */
size_t probe_build(const struct probe *, uint8_t buf[PROBE_BYTES]);
/* -EPROTO: not a probe (another use of the ethertype). -EINVAL: a probe, but malformed or of
 * another version. VLAN tags before the ethertype are skipped. */
MUST_CHECK int probe_parse(const void *frame, size_t size, struct probe *ret);
