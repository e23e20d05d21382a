/* SPDX-License-Identifier: Apache-2.0 */
/* netlink: requests to the kernel and news from it, over libmnl.
 *
 *	char buf[NETLINK_REQUEST_BYTES];
 *	struct nlmsghdr *nlh = netlink_header(buf, RTM_GETROUTE, NLM_F_DUMP);
 *	mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtmsg));
 *	r = netlink_request(nl, nlh, on_message, arg, &err);
 *
 * Threads: a socket belongs to one thread. Requests wait for the kernel, which answers within the
 * system call; news arrive on the loop. */
#pragma once
#include <linux/netlink.h>
#include "base/err.h"
#include "io/loop.h"

#define NETLINK_REQUEST_BYTES 8192

struct netlink;
/* 'family': NETLINK_ROUTE, NETLINK_GENERIC, .. */
MUST_CHECK int netlink_open(int family, struct netlink **ret, struct err *err);
void netlink_close(struct netlink *);

/* A message in 'buf' (of NETLINK_REQUEST_BYTES), with NLM_F_REQUEST set. */
struct nlmsghdr *netlink_header(void *buf, uint16_t type, uint16_t flags);
/* Negative ends the request with that error; 0 goes on. */
typedef int netlink_message_cb(const struct nlmsghdr *, void *arg);
/* Sends and calls 'cb' (may be NULL) for each message of the answer until the acknowledgement or
 * the end of the dump. NLM_F_ACK is added to what is no dump. Returns 0 or -errno; the kernel's own
 * explanation (extended ack), if any, goes to 'err'. A dump that the kernel says was interrupted by
 * a change is taken again, so 'cb' may see an object twice. */
MUST_CHECK int netlink_request(struct netlink *, struct nlmsghdr *, netlink_message_cb *cb,
			       void *arg, struct err *err);

/* News of multicast groups (RTNLGRP_LINK ..; at most 16, 0 ends the list). 'cb' gets each message,
 * or NULL when some were lost: then dump all again. */
struct netlink_monitor;
typedef void netlink_news_cb(const struct nlmsghdr *, void *arg);
MUST_CHECK int netlink_monitor_open(int family, const unsigned *groups, struct loop *,
				    netlink_news_cb *cb, void *arg, struct netlink_monitor **ret,
				    struct err *err);
void netlink_monitor_close(struct netlink_monitor *);
