/* SPDX-License-Identifier: Apache-2.0 */
/* loopguard: finds loops made of tunnels and cuts each at one place, with nothing configured.
 *
 * One guard a bridge; its ports are the bridge's tunnels. loopguard.c opens with how it works.
 * Threads: under the control lock. Time: base/clock, monotonic nanoseconds. */
#pragma once
#include "base/str.h"
#include "io/loop.h"
#include "packet/key.h"

struct loopguard;

/* What a port may do with frames of one VLAN. */
enum loopguard_state {
	LOOPGUARD_PROBING,    /* new: to and from local ports, not between tunnels */
	LOOPGUARD_FORWARDING, /* proven harmless */
	LOOPGUARD_CUT,	      /* would close a loop: nothing in, nothing out */
};

enum { LOOPGUARD_MAX_FRAME_BYTES = 64 };
#define LOOPGUARD_ETHERTYPE BE16_C(0x88b5) /* IEEE 802 local experimental ethertype 1 */

/* Where the guard's work goes; all functions must be given. */
struct loopguard_ops {
	/* Sends a whole frame out of a port, tagged as the caller finds fit for 'vlan' (0:
	 * untagged). */
	void (*send)(uint32_t ofport, uint16_t vlan, const void *frame, size_t size, void *arg);
	/* States changed: decisions made before are stale. */
	void (*changed)(void *arg);
	/* Addresses learnt on tunnels other than 'except' (0: none) may be wrong now: forget them,
	 * and tell the neighbours where the local ones are. */
	void (*topology_changed)(uint32_t except_ofport, void *arg);
};

struct loopguard *loopguard_new(const char *bridge, struct eth_addr bridge_mac, struct loop *,
				const struct loopguard_ops *, void *arg);
void loopguard_free(struct loopguard *);
void loopguard_set_mac(struct loopguard *, struct eth_addr);

/* Adds a tunnel port or changes its VLAN: 'tag' > 0 is an access port of that VLAN; 0 a trunk that
 * carries 'trunks' (4096 bits; NULL: all VLANs). */
void loopguard_port_put(struct loopguard *, uint32_t ofport, const char *name, uint16_t tag,
			const uint64_t trunks[64]);
void loopguard_port_del(struct loopguard *, uint32_t ofport);
size_t loopguard_n_ports(const struct loopguard *);

/* A frame of LOOPGUARD_ETHERTYPE came in on a port of the guard, in 'vlan' as the port's mode has
 * it. False: it is not ours, treat it as any frame. */
bool loopguard_receive(struct loopguard *, uint32_t ofport, uint16_t vlan, const void *frame,
		       size_t size);

/* LOOPGUARD_FORWARDING for ports that are not the guard's. */
enum loopguard_state loopguard_state(const struct loopguard *, uint32_t ofport, uint16_t vlan);
/* The one question that forwarding asks. Local ports are those that the guard does not know. */
bool loopguard_may_pass(const struct loopguard *, uint32_t in_ofport, uint32_t out_ofport,
			uint16_t vlan);

const char *loopguard_state_to_str(enum loopguard_state);
/* For Port.status: the state, and why if cut; false if the port is not the guard's. */
bool loopguard_port_status(const struct loopguard *, uint32_t ofport, struct str *state,
			   struct str *reason);
/* The table of loopguard/show. */
void loopguard_show(const struct loopguard *, struct str *out);
