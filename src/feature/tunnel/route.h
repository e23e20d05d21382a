/* SPDX-License-Identifier: Apache-2.0 */
/* route: which way packets to an address go. Two sources, asked in this order: routes of the user
 * ("ovs/route/add"), which lead out of bridges of ours, and the host's (rtnetlink), policy routing
 * included since the kernel itself is asked per destination.
 * Threads: main, or with the control lock. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"
#include "packet/key.h"

struct route {
	bool is_local;	/* the destination is this host itself */
	bool is_bridge; /* 'dev' is a bridge of ours that simulated or user routes name */
	char dev[16];
	uint32_t ifindex;	 /* of a host device */
	struct in6_addr src;	 /* to use as source; IPv4 as v4-mapped */
	struct in6_addr gateway; /* "::": on link */
	uint32_t mtu;		 /* of the path; 0: unknown */
	struct eth_addr mac;	 /* of 'dev' */
	bool no_arp;		 /* 'dev' needs no next hop's address */
};

/* 'system' false: the host's routes are not asked. 'changed' runs when answers may differ. */
MUST_CHECK int route_start(struct loop *, bool system, void (*changed)(void), struct err *err);
void route_stop(void);
/* 'src' may be NULL or "::". -ENETUNREACH. */
MUST_CHECK int route_lookup(const struct in6_addr *dst, const struct in6_addr *src, uint32_t mark,
			    struct route *ret);
/* Of user routes. 'prefix_len' counts from the v4-mapped form (96 + n) for IPv4. -EINVAL: there is
 * no such bridge, or it has no address that fits. */
MUST_CHECK int route_add(const struct in6_addr *dst, uint8_t prefix_len, const char *dev,
			 const struct in6_addr *gateway, uint32_t mark);
MUST_CHECK int route_del(const struct in6_addr *dst, uint8_t prefix_len, uint32_t mark);
/* What ovs/route/show prints. */
void route_show(struct str *out);

/* Addresses of a bridge's local port; 'n' 0: none any more. */
struct route_address {
	struct in6_addr addr;
	uint8_t prefix_len;
};
enum { ROUTE_MAX_ADDRESSES = 8 };
void route_set_bridge(const char *bridge, struct eth_addr mac, const struct route_address *,
		      unsigned n);
/* True if 'bridge' has any address. */
bool route_is_bridge(const char *bridge);
/* True if 'bridge' has this address. */
bool route_bridge_has(const char *bridge, const struct in6_addr *, struct eth_addr *ret_mac);
/* Calls 'cb' for each address of each bridge. */
void route_each_address(void (*cb)(const char *bridge, struct eth_addr mac, const struct in6_addr *,
				   void *arg),
			void *arg);
