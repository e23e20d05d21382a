/* SPDX-License-Identifier: Apache-2.0 */
/* Next hops on host devices are the kernel's business: it has the table, sends ARP and ND, and
 * notices when a neighbour is gone. What we send goes past it, so it must be told what is in use:
 * an entry that we use and that has gone stale is touched from time to time (NTF_USE), which makes
 * the kernel verify it. An unknown one is touched, too, which makes it ask.
 *
 * Only what was asked for is kept here. */
#include "feature/tunnel/neigh.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/hmap.h"
#include "base/log.h"
#include "base/mem.h"
#include "feature/tunnel/config.h"
#include "io/netlink.h"
#include "port/link.h"

LOG_MODULE(neigh);

enum { MAX_HOST = 4096, MAX_BRIDGE = 4096 };
#define REFRESH_NS (10 * NS_PER_SEC)
#define ASK_NS (NS_PER_SEC)

struct host_neigh {
	struct hmap_node node;
	uint32_t ifindex;
	struct in6_addr addr;
	struct eth_addr mac;
	uint16_t state;	  /* NUD_.. */
	int64_t asked_ns; /* last time the kernel was touched */
};

struct bridge_neigh {
	struct hmap_node node;
	char bridge[16];
	struct in6_addr addr;
	struct eth_addr mac;
	bool fixed;
	int64_t expires_ns;
};

static struct netlink *nl;
static struct netlink_monitor *news;
static struct hmap hosts, entries;
static struct timer refresh;
static struct loop *the_loop;
static void (*changed_cb)(void);
static unsigned aging_s = 900;

static uint32_t hash_of(uint32_t seed, const struct in6_addr *a)
{
	return hash_bytes(a, sizeof *a, seed ^ hash_secret());
}

/* Host devices. */

static bool is_valid(uint16_t state)
{
	return state &
	       (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP);
}

static struct host_neigh *host_find(uint32_t ifindex, const struct in6_addr *a)
{
	struct host_neigh *h;
	HMAP_FOR_EACH_WITH_HASH(h, &hosts, hash_of(ifindex, a), node) {
		if (h->ifindex == ifindex && !memcmp(&h->addr, a, sizeof *a))
			return h;
	}
	return NULL;
}

static void take_message(const struct nlmsghdr *nlh, bool tell)
{
	if ((nlh->nlmsg_type != RTM_NEWNEIGH && nlh->nlmsg_type != RTM_DELNEIGH) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ndmsg))
		return;
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct in6_addr addr = { 0 };
	struct eth_addr mac = { 0 };
	const struct nlattr *a;
	mnl_attr_for_each(a, nlh, sizeof *ndm)
	{
		uint16_t size = mnl_attr_get_payload_len(a);
		if (mnl_attr_get_type(a) == NDA_DST && ndm->ndm_family == AF_INET && size == 4) {
			addr.s6_addr[10] = addr.s6_addr[11] = 0xff;
			memcpy(addr.s6_addr + 12, mnl_attr_get_payload(a), 4);
		} else if (mnl_attr_get_type(a) == NDA_DST && ndm->ndm_family == AF_INET6 &&
			   size == 16) {
			memcpy(&addr, mnl_attr_get_payload(a), 16);
		} else if (mnl_attr_get_type(a) == NDA_LLADDR && size == 6) {
			memcpy(&mac, mnl_attr_get_payload(a), 6);
		}
	}
	struct host_neigh *h = host_find((uint32_t)ndm->ndm_ifindex, &addr);
	if (!h)
		return;
	uint16_t state = nlh->nlmsg_type == RTM_NEWNEIGH ? ndm->ndm_state : NUD_NONE;
	bool differs = is_valid(state) != is_valid(h->state) ||
		       (is_valid(state) && memcmp(&h->mac, &mac, sizeof mac));
	h->state = state;
	h->mac = mac;
	if (differs && tell)
		changed_cb();
}

static int on_answer(const struct nlmsghdr *nlh, void *arg UNUSED)
{
	take_message(nlh, false);
	return 0;
}

static void put_addr(struct nlmsghdr *nlh, const struct in6_addr *a)
{
	if (tunnel_addr_is_v4(a))
		mnl_attr_put(nlh, NDA_DST, 4, a->s6_addr + 12);
	else
		mnl_attr_put(nlh, NDA_DST, 16, a);
}

static void ask(const struct host_neigh *h, uint16_t type, uint16_t flags, uint8_t ndm_flags)
{
	char buf[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *nlh = netlink_header(buf, type, flags);
	struct ndmsg *ndm = mnl_nlmsg_put_extra_header(nlh, sizeof *ndm);
	ndm->ndm_family = tunnel_addr_is_v4(&h->addr) ? AF_INET : AF_INET6;
	ndm->ndm_ifindex = (int)h->ifindex;
	ndm->ndm_flags = ndm_flags;
	put_addr(nlh, &h->addr);
	int r = netlink_request(nl, nlh, on_answer, NULL, NULL);
	if (r < 0 && r != -ENOENT)
		log_dbg("neighbour request: %s", err_name(r));
}

static void touch(struct host_neigh *h)
{
	int64_t now = clock_mono_ns();
	if (h->asked_ns && now - h->asked_ns < ASK_NS)
		return;
	h->asked_ns = now;
	ask(h, RTM_NEWNEIGH, NLM_F_CREATE, NTF_USE);
}

int neigh_lookup_host(uint32_t ifindex, const struct in6_addr *addr, struct eth_addr *ret)
{
	if (!nl)
		return -EHOSTUNREACH;
	struct host_neigh *h = host_find(ifindex, addr);
	if (!h) {
		if (hmap_count(&hosts) >= MAX_HOST)
			return -EHOSTUNREACH;
		h = xzalloc(sizeof *h);
		h->ifindex = ifindex;
		h->addr = *addr;
		hmap_insert(&hosts, &h->node, hash_of(ifindex, addr));
		ask(h, RTM_GETNEIGH, 0, 0);
	}
	if (is_valid(h->state)) {
		*ret = h->mac;
		return 0;
	}
	touch(h);
	return h->state & NUD_FAILED ? -EHOSTUNREACH : -EAGAIN;
}

static void on_news(const struct nlmsghdr *nlh, void *arg UNUSED)
{
	if (nlh) {
		take_message(nlh, true);
		return;
	}
	struct host_neigh *h;
	HMAP_FOR_EACH(h, &hosts, node)
		ask(h, RTM_GETNEIGH, 0, 0);
	changed_cb();
}

/* Bridges of ours. */

static struct bridge_neigh *bridge_find(const char *bridge, const struct in6_addr *a)
{
	struct bridge_neigh *e;
	HMAP_FOR_EACH_WITH_HASH(e, &entries, hash_of(hash_str(bridge, 0), a), node) {
		if (!strcmp(e->bridge, bridge) && !memcmp(&e->addr, a, sizeof *a))
			return e;
	}
	return NULL;
}

int neigh_lookup_bridge(const char *bridge, const struct in6_addr *a, struct eth_addr *ret)
{
	struct bridge_neigh *e = bridge_find(bridge, a);
	if (!e)
		return -EAGAIN;
	*ret = e->mac;
	/* In use: it does not age. */
	e->expires_ns = clock_mono_ns() + aging_s * NS_PER_SEC;
	return 0;
}

static void entry_free(struct bridge_neigh *e)
{
	hmap_remove(&entries, &e->node);
	free(e);
}

void neigh_set(const char *bridge, const struct in6_addr *a, struct eth_addr mac, bool fixed)
{
	struct bridge_neigh *e = bridge_find(bridge, a);
	bool differs = !e || memcmp(&e->mac, &mac, sizeof mac);
	if (!e) {
		if (hmap_count(&entries) >= MAX_BRIDGE)
			return;
		e = xzalloc(sizeof *e);
		strncpy(e->bridge, bridge, sizeof e->bridge - 1);
		e->addr = *a;
		hmap_insert(&entries, &e->node, hash_of(hash_str(e->bridge, 0), a));
	}
	e->mac = mac;
	e->fixed = fixed;
	e->expires_ns = clock_mono_ns() + aging_s * NS_PER_SEC;
	if (differs)
		changed_cb();
}

void neigh_flush(const char *bridge)
{
	struct bridge_neigh *e;
	HMAP_FOR_EACH_SAFE(e, &entries, node) {
		if (!bridge || !strcmp(e->bridge, bridge))
			entry_free(e);
	}
	changed_cb();
}

static int compare(const void *a, const void *b)
{
	const struct bridge_neigh *x = *(struct bridge_neigh *const *)a;
	const struct bridge_neigh *y = *(struct bridge_neigh *const *)b;
	int r = strcmp(x->bridge, y->bridge);
	return r ? r : memcmp(&x->addr, &y->addr, sizeof x->addr);
}

static void put_entry(struct str *out, const struct in6_addr *addr, struct eth_addr mac,
		      const char *dev)
{
	char text[64];
	const uint8_t *m = mac.b;
	tunnel_addr_to_str(addr, text, sizeof text);
	str_putf(out, "%-45s %02x:%02x:%02x:%02x:%02x:%02x   %s\n", text, m[0], m[1], m[2], m[3],
		 m[4], m[5], dev);
}

/* Next hops on host devices that tunnels use, too. */
static void show_hosts(struct str *out)
{
	const struct host_neigh *h;
	struct link link;
	HMAP_FOR_EACH(h, &hosts, node) {
		if (is_valid(h->state) && link_get_by_index(h->ifindex, &link) == 0)
			put_entry(out, &h->addr, h->mac, link.name);
	}
}

void neigh_show(struct str *out)
{
	size_t n = 0;
	struct bridge_neigh *e, **all = xcalloc(hmap_count(&entries) + 1, sizeof *all);
	HMAP_FOR_EACH(e, &entries, node)
		all[n++] = e;
	qsort(all, n, sizeof *all, compare);
	str_puts(out,
		 "IP                                            MAC                 Bridge\n"
		 "==========================================================================\n");
	for (size_t i = 0; i < n; i++)
		put_entry(out, &all[i]->addr, all[i]->mac, all[i]->bridge);
	free(all);
	show_hosts(out);
}

unsigned neigh_aging_s(void) { return aging_s; }
void neigh_set_aging_s(unsigned s)
{
	struct bridge_neigh *e;
	aging_s = s;
	HMAP_FOR_EACH(e, &entries, node)
		e->expires_ns = clock_mono_ns() + aging_s * NS_PER_SEC;
}

static void on_refresh(struct timer *t)
{
	struct host_neigh *h;
	struct bridge_neigh *e;
	int64_t now = clock_mono_ns();
	bool gone = false;
	HMAP_FOR_EACH(h, &hosts, node) {
		if (h->state & NUD_STALE)
			touch(h);
	}
	HMAP_FOR_EACH_SAFE(e, &entries, node) {
		if (!e->fixed && e->expires_ns <= now) {
			entry_free(e);
			gone = true;
		}
	}
	if (gone)
		changed_cb();
	timer_arm_in(t, the_loop, REFRESH_NS);
}

int neigh_start(struct loop *loop, bool system, void (*changed)(void), struct err *err)
{
	static const unsigned groups[] = { RTNLGRP_NEIGH, 0 };
	changed_cb = changed;
	the_loop = loop;
	hmap_init(&hosts);
	hmap_init(&entries);
	timer_init(&refresh, on_refresh);
	timer_arm_in(&refresh, loop, REFRESH_NS);
	if (!system)
		return 0;
	int r = netlink_open(NETLINK_ROUTE, &nl, err);
	if (r == 0)
		r = netlink_monitor_open(NETLINK_ROUTE, groups, loop, on_news, NULL, &news, err);
	return r;
}

void neigh_stop(void)
{
	netlink_monitor_close(news);
	netlink_close(nl);
	news = NULL;
	nl = NULL;
	timer_disarm(&refresh);
	struct host_neigh *h;
	HMAP_FOR_EACH_SAFE(h, &hosts, node) {
		hmap_remove(&hosts, &h->node);
		free(h);
	}
	struct bridge_neigh *e;
	HMAP_FOR_EACH_SAFE(e, &entries, node)
		entry_free(e);
	hmap_fini(&hosts);
	hmap_fini(&entries);
}
