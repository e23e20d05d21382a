/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel is asked for each destination (RTM_GETROUTE), rather than its tables being copied and
 * searched here: it knows policy rules, metrics, source selection and learnt path MTUs, and is
 * right by definition. Answers are kept until anything about routes, addresses or links changes;
 * then what was asked before is asked again, and whoever depends on it hears only of real
 * differences. */
#include "feature/tunnel/route.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/hash.h"
#include "base/hmap.h"
#include "base/log.h"
#include "base/mem.h"
#include "feature/tunnel/config.h"
#include "io/netlink.h"
#include "port/link.h"

LOG_MODULE(route);

enum { MAX_CACHED = 1024, MAX_USER_ROUTES = 4096 };

struct cached {
	struct hmap_node node;
	struct in6_addr dst, src;
	uint32_t mark;
	int result;
	struct route route;
};

struct user_route {
	struct in6_addr dst, gateway, src;
	uint8_t prefix_len;
	uint32_t mark;
	char dev[16];
};

struct bridge {
	struct bridge *next;
	char name[16];
	struct eth_addr mac;
	struct route_address addr[ROUTE_MAX_ADDRESSES];
	unsigned n;
};

static struct netlink *nl;
static struct netlink_monitor *news;
static struct hmap cache;
static struct deferred recheck;
static struct loop *the_loop;
static void (*changed_cb)(void);
static struct user_route *user_routes;
static size_t n_user, n_user_allocated;
static struct bridge *bridges;

static bool in_prefix(const struct in6_addr *a, const struct in6_addr *prefix, unsigned len)
{
	unsigned bytes = len / 8, bits = len % 8;
	if (memcmp(a->s6_addr, prefix->s6_addr, bytes))
		return false;
	return !bits || !((a->s6_addr[bytes] ^ prefix->s6_addr[bytes]) >> (8 - bits));
}

static struct in6_addr prefix_of(const struct in6_addr *a, unsigned len)
{
	struct in6_addr p = { 0 };
	for (unsigned i = 0; i < 16; i++) {
		unsigned bits = len > i * 8 ? MIN(len - i * 8, 8) : 0;
		p.s6_addr[i] = (uint8_t)(a->s6_addr[i] & (0xff00 >> bits));
	}
	return p;
}

/* Bridges. */

static struct bridge *find_bridge(const char *name)
{
	struct bridge *b = bridges;
	while (b && strcmp(b->name, name))
		b = b->next;
	return b;
}

void route_set_bridge(const char *name, struct eth_addr mac, const struct route_address *addr,
		      unsigned n)
{
	struct bridge *b = find_bridge(name);
	if (!n) {
		for (struct bridge **p = &bridges; *p; p = &(*p)->next) {
			if (*p == b) {
				*p = b->next;
				free(b);
				changed_cb();
				break;
			}
		}
		return;
	}
	if (!b) {
		b = xzalloc(sizeof *b);
		strncpy(b->name, name, sizeof b->name - 1);
		b->next = bridges;
		bridges = b;
	}
	n = MIN(n, ROUTE_MAX_ADDRESSES);
	if (b->n == n && !memcmp(&b->mac, &mac, sizeof mac) &&
	    !memcmp(b->addr, addr, n * sizeof *addr))
		return;
	b->mac = mac;
	b->n = n;
	memcpy(b->addr, addr, n * sizeof *addr);
	changed_cb();
}

bool route_is_bridge(const char *name) { return find_bridge(name) != NULL; }

bool route_bridge_has(const char *name, const struct in6_addr *addr, struct eth_addr *ret_mac)
{
	const struct bridge *b = find_bridge(name);
	for (unsigned i = 0; b && i < b->n; i++) {
		if (!memcmp(&b->addr[i].addr, addr, sizeof *addr)) {
			*ret_mac = b->mac;
			return true;
		}
	}
	return false;
}

void route_each_address(void (*cb)(const char *bridge, struct eth_addr mac, const struct in6_addr *,
				   void *arg),
			void *arg)
{
	for (const struct bridge *b = bridges; b; b = b->next) {
		for (unsigned i = 0; i < b->n; i++)
			cb(b->name, b->mac, &b->addr[i].addr, arg);
	}
}

/* The bridge's address in the subnet of 'peer'. */
static bool choose_source(const struct bridge *b, const struct in6_addr *peer, struct in6_addr *ret)
{
	for (unsigned i = 0; i < b->n; i++) {
		const struct route_address *a = &b->addr[i];
		if (tunnel_addr_is_v4(&a->addr) == tunnel_addr_is_v4(peer) &&
		    in_prefix(peer, &a->addr, a->prefix_len)) {
			*ret = a->addr;
			return true;
		}
	}
	return false;
}

/* User routes, longest prefix first. */

int route_add(const struct in6_addr *dst, uint8_t len, const char *dev,
	      const struct in6_addr *gateway, uint32_t mark)
{
	struct bridge *b = find_bridge(dev);
	struct user_route r = { .prefix_len = len, .mark = mark, .dst = prefix_of(dst, len) };
	bool has_gateway = !IN6_IS_ADDR_UNSPECIFIED(gateway);
	if (!b || !choose_source(b, has_gateway ? gateway : dst, &r.src))
		return -EINVAL;
	r.gateway = *gateway;
	strncpy(r.dev, dev, sizeof r.dev - 1);
	(void)!route_del(dst, len, mark);
	if (n_user >= MAX_USER_ROUTES)
		return -ENOSPC;
	size_t at = 0;
	while (at < n_user && user_routes[at].prefix_len >= len)
		at++;
	user_routes = xgrow(user_routes, &n_user_allocated, n_user + 1, sizeof *user_routes);
	memmove(user_routes + at + 1, user_routes + at, (n_user - at) * sizeof *user_routes);
	user_routes[at] = r;
	n_user++;
	changed_cb();
	return 0;
}

int route_del(const struct in6_addr *dst, uint8_t len, uint32_t mark)
{
	struct in6_addr prefix = prefix_of(dst, len);
	for (size_t i = 0; i < n_user; i++) {
		const struct user_route *r = &user_routes[i];
		if (r->prefix_len == len && r->mark == mark &&
		    !memcmp(&r->dst, &prefix, sizeof prefix)) {
			n_user--;
			memmove(user_routes + i, user_routes + i + 1,
				(n_user - i) * sizeof *user_routes);
			changed_cb();
			return 0;
		}
	}
	return -ENOENT;
}

static bool lookup_user(const struct in6_addr *dst, const struct in6_addr *src, uint32_t mark,
			struct route *ret)
{
	for (size_t i = 0; i < n_user; i++) {
		const struct user_route *r = &user_routes[i];
		const struct bridge *b = find_bridge(r->dev);
		if (!b || r->mark != mark || !in_prefix(dst, &r->dst, r->prefix_len))
			continue;
		*ret = (struct route){
			.is_bridge = true,
			.src = IN6_IS_ADDR_UNSPECIFIED(src) ? r->src : *src,
			.gateway = r->gateway,
			.mac = b->mac,
		};
		memcpy(ret->dev, r->dev, sizeof ret->dev);
		struct eth_addr mac;
		ret->is_local = route_bridge_has(r->dev, dst, &mac);
		return true;
	}
	return false;
}

/* The host's routes. */

static struct in6_addr addr_of(const struct nlattr *a, uint8_t family)
{
	struct in6_addr r = { 0 };
	if (family == AF_INET && mnl_attr_get_payload_len(a) == 4) {
		r.s6_addr[10] = r.s6_addr[11] = 0xff;
		memcpy(r.s6_addr + 12, mnl_attr_get_payload(a), 4);
	} else if (family == AF_INET6 && mnl_attr_get_payload_len(a) == 16) {
		memcpy(&r, mnl_attr_get_payload(a), 16);
	}
	return r;
}

struct answer {
	struct route route;
	bool found;
	uint8_t type;
};

static int on_route(const struct nlmsghdr *nlh, void *arg)
{
	struct answer *ans = arg;
	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct rtmsg))
		return 0;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a, *b;
	ans->found = true;
	ans->type = rtm->rtm_type;
	mnl_attr_for_each(a, nlh, sizeof *rtm)
	{
		switch (mnl_attr_get_type(a)) {
		case RTA_OIF:
			if (mnl_attr_get_payload_len(a) == 4)
				ans->route.ifindex = mnl_attr_get_u32(a);
			break;
		case RTA_GATEWAY:
			ans->route.gateway = addr_of(a, rtm->rtm_family);
			break;
		case RTA_VIA:
			if (mnl_attr_get_payload_len(a) == 18) /* family, then an IPv6 address */
				memcpy(&ans->route.gateway,
				       (const uint8_t *)mnl_attr_get_payload(a) + 2, 16);
			break;
		case RTA_PREFSRC:
			ans->route.src = addr_of(a, rtm->rtm_family);
			break;
		case RTA_METRICS:
			mnl_attr_for_each_nested(b, a) if (mnl_attr_get_type(b) == RTAX_MTU &&
							   mnl_attr_get_payload_len(b) == 4)
				ans->route.mtu = mnl_attr_get_u32(b);
			break;
		}
	}
	return 0;
}

static void put_addr(struct nlmsghdr *nlh, uint16_t type, const struct in6_addr *a)
{
	if (tunnel_addr_is_v4(a))
		mnl_attr_put(nlh, type, 4, a->s6_addr + 12);
	else
		mnl_attr_put(nlh, type, 16, a);
}

static int ask_kernel(const struct in6_addr *dst, const struct in6_addr *src, uint32_t mark,
		      struct route *ret)
{
	char buf[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *nlh = netlink_header(buf, RTM_GETROUTE, 0);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof *rtm);
	bool v4 = tunnel_addr_is_v4(dst);
	rtm->rtm_family = v4 ? AF_INET : AF_INET6;
	rtm->rtm_dst_len = v4 ? 32 : 128;
	put_addr(nlh, RTA_DST, dst);
	if (!IN6_IS_ADDR_UNSPECIFIED(src)) {
		rtm->rtm_src_len = rtm->rtm_dst_len;
		put_addr(nlh, RTA_SRC, src);
	}
	if (mark)
		mnl_attr_put_u32(nlh, RTA_MARK, mark);
	struct answer ans = { .found = false };
	int r = netlink_request(nl, nlh, on_route, &ans, NULL);
	if (r < 0)
		return r;
	if (!ans.found || !ans.route.ifindex || (ans.type != RTN_UNICAST && ans.type != RTN_LOCAL))
		return -ENETUNREACH;
	struct link link;
	r = link_get_by_index(ans.route.ifindex, &link);
	if (r < 0)
		return r;
	ans.route.is_local = ans.type == RTN_LOCAL;
	if (!IN6_IS_ADDR_UNSPECIFIED(src))
		ans.route.src = *src;
	ans.route.mac = link.mac;
	ans.route.no_arp = link.no_arp;
	if (!ans.route.mtu || ans.route.mtu > link.mtu)
		ans.route.mtu = link.mtu;
	memcpy(ans.route.dev, link.name, sizeof ans.route.dev);
	*ret = ans.route;
	return 0;
}

static uint32_t hash_of(const struct in6_addr *dst, const struct in6_addr *src, uint32_t mark)
{
	return hash_bytes(src, 16, hash_bytes(dst, 16, mark ^ hash_secret()));
}

static void cache_clear(void)
{
	struct cached *c;
	HMAP_FOR_EACH_SAFE(c, &cache, node) {
		hmap_remove(&cache, &c->node);
		free(c);
	}
}

static int lookup_host(const struct in6_addr *dst, const struct in6_addr *src, uint32_t mark,
		       struct route *ret)
{
	uint32_t hash = hash_of(dst, src, mark);
	struct cached *c;
	HMAP_FOR_EACH_WITH_HASH(c, &cache, hash, node) {
		if (c->mark == mark && !memcmp(&c->dst, dst, 16) && !memcmp(&c->src, src, 16))
			break;
	}
	if (!c) {
		if (hmap_count(&cache) >= MAX_CACHED)
			cache_clear();
		c = xzalloc(sizeof *c);
		c->dst = *dst;
		c->src = *src;
		c->mark = mark;
		c->result = ask_kernel(dst, src, mark, &c->route);
		hmap_insert(&cache, &c->node, hash);
	}
	*ret = c->route;
	return c->result;
}

int route_lookup(const struct in6_addr *dst, const struct in6_addr *src, uint32_t mark,
		 struct route *ret)
{
	static const struct in6_addr any;
	if (!src)
		src = &any;
	if (lookup_user(dst, src, mark, ret))
		return 0;
	return nl ? lookup_host(dst, src, mark, ret) : -ENETUNREACH;
}

static void on_recheck(struct deferred *d UNUSED)
{
	struct cached *c;
	bool differs = false;
	HMAP_FOR_EACH(c, &cache, node) {
		struct route now = { .ifindex = 0 };
		int r = ask_kernel(&c->dst, &c->src, c->mark, &now);
		if (r != c->result || memcmp(&now, &c->route, sizeof now)) {
			c->result = r;
			c->route = now;
			differs = true;
		}
	}
	if (differs)
		changed_cb();
}

static void on_news(const struct nlmsghdr *nlh UNUSED, void *arg UNUSED)
{
	if (!hmap_is_empty(&cache))
		deferred_put(&recheck, the_loop);
}

int route_start(struct loop *loop, bool system, void (*changed)(void), struct err *err)
{
	static const unsigned groups[] = { RTNLGRP_LINK,	RTNLGRP_IPV4_ROUTE,
					   RTNLGRP_IPV6_ROUTE,	RTNLGRP_IPV4_IFADDR,
					   RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_RULE,
					   RTNLGRP_IPV6_RULE,	0 };
	changed_cb = changed;
	the_loop = loop;
	hmap_init(&cache);
	deferred_init(&recheck, on_recheck);
	if (!system)
		return 0;
	int r = netlink_open(NETLINK_ROUTE, &nl, err);
	if (r == 0)
		r = netlink_monitor_open(NETLINK_ROUTE, groups, loop, on_news, NULL, &news, err);
	return r;
}

void route_stop(void)
{
	netlink_monitor_close(news);
	netlink_close(nl);
	news = NULL;
	nl = NULL;
	deferred_cancel(&recheck);
	cache_clear();
	hmap_fini(&cache);
	free(user_routes);
	user_routes = NULL;
	n_user = n_user_allocated = 0;
	while (bridges) {
		struct bridge *b = bridges;
		bridges = b->next;
		free(b);
	}
}

/* ovs/route/show */

static void put_route(struct str *out, const char *kind, const struct in6_addr *dst, unsigned len,
		      uint32_t mark, const char *dev, const struct in6_addr *gateway,
		      const struct in6_addr *src, bool local)
{
	char text[64];
	tunnel_addr_to_str(dst, text, sizeof text);
	str_putf(out, "%s: %s/%u", kind, text, tunnel_addr_is_v4(dst) ? len - 96 : len);
	if (mark)
		str_putf(out, " MARK %u", mark);
	str_putf(out, " dev %s", dev);
	if (!IN6_IS_ADDR_UNSPECIFIED(gateway)) {
		tunnel_addr_to_str(gateway, text, sizeof text);
		str_putf(out, " GW %s", text);
	}
	tunnel_addr_to_str(src, text, sizeof text);
	str_putf(out, " SRC %s%s\n", text, local ? " local" : "");
}

static int show_one(const struct nlmsghdr *nlh, void *arg)
{
	struct str *out = arg;
	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct rtmsg))
		return 0;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	if ((rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) ||
	    (rtm->rtm_table != RT_TABLE_MAIN && rtm->rtm_table != RT_TABLE_LOCAL) ||
	    (rtm->rtm_type != RTN_UNICAST && rtm->rtm_type != RTN_LOCAL))
		return 0;
	struct in6_addr dst = { 0 }, gateway = { 0 }, src = { 0 };
	struct link link = { .name = "" };
	const struct nlattr *a;
	if (rtm->rtm_family == AF_INET)
		dst.s6_addr[10] = dst.s6_addr[11] = 0xff;
	mnl_attr_for_each(a, nlh, sizeof *rtm)
	{
		switch (mnl_attr_get_type(a)) {
		case RTA_DST:
			dst = addr_of(a, rtm->rtm_family);
			break;
		case RTA_GATEWAY:
			gateway = addr_of(a, rtm->rtm_family);
			break;
		case RTA_PREFSRC:
			src = addr_of(a, rtm->rtm_family);
			break;
		case RTA_OIF:
			if (link_get_by_index(mnl_attr_get_u32(a), &link) < 0)
				return 0;
			break;
		}
	}
	if (!link.name[0])
		return 0;
	if (IN6_IS_ADDR_UNSPECIFIED(&src)) {
		struct route r;
		if (route_lookup(IN6_IS_ADDR_UNSPECIFIED(&gateway) ? &dst : &gateway, NULL, 0, &r) <
		    0)
			return 0;
		src = r.src;
	}
	put_route(out, "Cached", &dst, rtm->rtm_dst_len + (rtm->rtm_family == AF_INET ? 96u : 0), 0,
		  link.name, &gateway, &src, rtm->rtm_type == RTN_LOCAL);
	return 0;
}

void route_show(struct str *out)
{
	for (size_t i = 0; i < n_user; i++) {
		const struct user_route *r = &user_routes[i];
		put_route(out, "User", &r->dst, r->prefix_len, r->mark, r->dev, &r->gateway,
			  &r->src, false);
	}
	if (!nl)
		return;
	char buf[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *nlh = netlink_header(buf, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof *rtm);
	rtm->rtm_family = AF_UNSPEC;
	/* A socket of its own: lines are completed by other requests meanwhile. */
	struct netlink *dump;
	if (netlink_open(NETLINK_ROUTE, &dump, NULL) < 0)
		return;
	(void)!netlink_request(dump, nlh, show_one, out, NULL);
	netlink_close(dump);
}
