/* SPDX-License-Identifier: Apache-2.0 */
/* link: the host's network devices: what they are, changes to them, and news of them
 * (rtnetlink(7)). Threads: main. Requests block until the kernel answers, which it does at once. */
#pragma once
#include "base/err.h"
#include "base/list.h"
#include "io/loop.h"
#include "port/port.h"

struct link {
	char name[16];
	uint32_t ifindex;
	uint32_t mtu;
	struct eth_addr mac;
	bool admin_up, carrier;
	bool no_arp;	 /* neighbours have no link-layer addresses */
	char kind[16];	 /* "veth", "tun" ..; "" for hardware */
	char alias[128]; /* 'ip link set DEV alias ..', cut */
};

/* -ENODEV: there is none of that name, or number. */
MUST_CHECK int link_get(const char *name, struct link *ret);
MUST_CHECK int link_get_by_index(uint32_t ifindex, struct link *ret);
MUST_CHECK int link_get_stats(uint32_t ifindex, struct port_stats *ret);
/* Calls 'cb' for each device until it returns false. */
MUST_CHECK int link_dump(bool (*cb)(const struct link *, void *arg), void *arg);

MUST_CHECK int link_set_mtu(const char *name, uint32_t mtu);
MUST_CHECK int link_set_mac(const char *name, struct eth_addr);
MUST_CHECK int link_set_up(const char *name, bool up);
MUST_CHECK int link_set_alias(uint32_t ifindex, const char *alias);
/* Bits per second; 0 if the driver does not say. Name of the driver in 'driver', "" if unknown. */
void link_get_speed(const char *name, uint64_t *ret_bps, bool *ret_full_duplex);
void link_get_driver(const char *name, char driver[32], char version[32], char firmware[32]);

/* News of one device: it appeared, changed, or is gone. After a burst that was too much for the
 * socket, everything is told again. */
struct link_watcher {
	void (*cb)(struct link_watcher *, const struct link *, bool gone);
	struct list node;
};
MUST_CHECK int link_watch_start(struct loop *, struct err *);
void link_watch_stop(void);
void link_watcher_add(struct link_watcher *);
void link_watcher_remove(struct link_watcher *);
