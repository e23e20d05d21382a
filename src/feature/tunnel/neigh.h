/* SPDX-License-Identifier: Apache-2.0 */
/* neigh: link-layer addresses of next hops: the host's table (rtnetlink) for host devices; a table
 * of our own, filled by "tnl/neigh/set" and by what bridges forward, for bridges. Threads: main, or
 * with the control lock. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"
#include "packet/key.h"

MUST_CHECK int neigh_start(struct loop *, bool system, void (*changed)(void), struct err *err);
void neigh_stop(void);

/* On a host device: 0; -EAGAIN: not known, the kernel was told to ask, 'changed' will run;
 * -EHOSTUNREACH: it asked in vain a moment ago (and does again). */
MUST_CHECK int neigh_lookup_host(uint32_t ifindex, const struct in6_addr *, struct eth_addr *ret);
/* On a bridge. -EAGAIN: not known. */
MUST_CHECK int neigh_lookup_bridge(const char *bridge, const struct in6_addr *,
				   struct eth_addr *ret);
/* 'fixed': by command, never aged. */
void neigh_set(const char *bridge, const struct in6_addr *, struct eth_addr, bool fixed);
void neigh_flush(const char *bridge); /* NULL: all */
void neigh_show(struct str *out);
unsigned neigh_aging_s(void);
void neigh_set_aging_s(unsigned);
