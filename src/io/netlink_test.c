/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <cmocka.h>

#include "io/netlink.h"

static int find_lo(const struct nlmsghdr *nlh, void *found)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	if (nlh->nlmsg_type == RTM_NEWLINK && ifi->ifi_flags & IFF_LOOPBACK)
		*(int *)found = ifi->ifi_index;
	return 0;
}

static int lo_index(struct netlink *nl)
{
	char buf[NETLINK_REQUEST_BYTES];
	int index = 0;
	struct nlmsghdr *nlh = netlink_header(buf, RTM_GETLINK, NLM_F_DUMP);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	assert_int_equal(netlink_request(nl, nlh, find_lo, &index, NULL), 0);
	return index;
}

static void dumps_and_errors(void **state)
{
	struct netlink *nl;
	AUTO_ERR err = ERR_INIT;
	assert_int_equal(netlink_open(NETLINK_ROUTE, &nl, &err), 0);
	assert_true(lo_index(nl) > 0);
	char buf[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *nlh = netlink_header(buf, RTM_GETLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof *ifi);
	ifi->ifi_index = 1 << 30;
	assert_int_equal(netlink_request(nl, nlh, NULL, NULL, &err), -ENODEV);
	assert_true(strlen(err_text(&err)) > 0);
	netlink_close(nl);
}

static int n_news;
static void on_news(const struct nlmsghdr *nlh, void *arg) { n_news++; }

static void news_arrive(void **state)
{
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	struct netlink *nl;
	struct netlink_monitor *m;
	struct loop *loop = loop_new();
	static const unsigned groups[] = { RTNLGRP_LINK, 0 };
	assert_int_equal(netlink_open(NETLINK_ROUTE, &nl, NULL), 0);
	assert_int_equal(netlink_monitor_open(NETLINK_ROUTE, groups, loop, on_news, NULL, &m, NULL),
			 0);
	char buf[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *nlh = netlink_header(buf, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof *ifi);
	ifi->ifi_index = lo_index(nl);
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	assert_int_equal(netlink_request(nl, nlh, NULL, NULL, NULL), 0);
	loop_once(loop, 1000);
	assert_true(n_news > 0);
	netlink_monitor_close(m);
	netlink_close(nl);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dumps_and_errors),
		cmocka_unit_test(news_arrive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
