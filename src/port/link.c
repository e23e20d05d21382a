/* SPDX-License-Identifier: Apache-2.0 */
/* News are only hints that something is different: when the
 * kernel had to drop some (ENOBUFS), all devices are read again and told as news, so watchers need
 * no second way of learning. */
#include "port/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/netlink.h"

LOG_MODULE(link);

static struct netlink *requests;
static struct netlink_monitor *news;
static struct list watchers = LIST_INIT(watchers);

static int request(struct nlmsghdr *nlh, netlink_message_cb *cb, void *arg)
{
	int r = requests ? 0 : netlink_open(NETLINK_ROUTE, &requests, NULL);
	return r < 0 ? r : netlink_request(requests, nlh, cb, arg, NULL);
}

struct parse {
	struct link link;
	struct port_stats *stats;
	bool found;
};

static void parse_stats(const struct nlattr *a, struct port_stats *s)
{
	struct rtnl_link_stats64 k = { 0 };
	memcpy(&k, mnl_attr_get_payload(a), MIN(sizeof k, (size_t)mnl_attr_get_payload_len(a)));
	*s = (struct port_stats){
		.rx_packets = k.rx_packets,
		.tx_packets = k.tx_packets,
		.rx_bytes = k.rx_bytes,
		.tx_bytes = k.tx_bytes,
		.rx_errors = k.rx_errors,
		.tx_errors = k.tx_errors,
		.rx_dropped = k.rx_dropped,
		.tx_dropped = k.tx_dropped,
		.collisions = k.collisions,
		.rx_over_errors = k.rx_over_errors,
		.rx_frame_errors = k.rx_frame_errors,
		.rx_crc_errors = k.rx_crc_errors,
		.rx_missed_errors = k.rx_missed_errors,
		.multicast = k.multicast,
	};
}

static void copy_text(const struct nlattr *a, char *dst, size_t size)
{
	size_t n = MIN((size_t)mnl_attr_get_payload_len(a), size - 1);
	memcpy(dst, mnl_attr_get_payload(a), n);
	dst[n] = '\0';
}

/* 0; -EINVAL: not a message about a device. */
static int parse_link(const struct nlmsghdr *nlh, struct link *l, struct port_stats *stats)
{
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifinfomsg))
		return -EINVAL;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	if (ifi->ifi_family != AF_UNSPEC)
		return -EINVAL; /* bridge port news and the like */
	*l = (struct link){
		.ifindex = (uint32_t)ifi->ifi_index,
		.admin_up = ifi->ifi_flags & IFF_UP,
		.carrier = ifi->ifi_flags & IFF_RUNNING,
		.no_arp = ifi->ifi_flags & IFF_NOARP,
	};
	const struct nlattr *a;
	mnl_attr_for_each(a, nlh, sizeof *ifi)
	{
		switch (mnl_attr_get_type(a)) {
		case IFLA_IFNAME:
			copy_text(a, l->name, sizeof l->name);
			break;
		case IFLA_IFALIAS:
			copy_text(a, l->alias, sizeof l->alias);
			break;
		case IFLA_MTU:
			if (mnl_attr_get_payload_len(a) == 4)
				l->mtu = mnl_attr_get_u32(a);
			break;
		case IFLA_CARRIER:
			if (mnl_attr_get_payload_len(a) == 1)
				l->carrier = mnl_attr_get_u8(a);
			break;
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(a) == sizeof l->mac)
				memcpy(&l->mac, mnl_attr_get_payload(a), sizeof l->mac);
			break;
		case IFLA_LINKINFO: {
			const struct nlattr *b;
			mnl_attr_for_each_nested(b, a) if (mnl_attr_get_type(b) == IFLA_INFO_KIND)
				copy_text(b, l->kind, sizeof l->kind);
			break;
		}
		case IFLA_STATS64:
			if (stats)
				parse_stats(a, stats);
			break;
		}
	}
	return l->name[0] ? 0 : -EINVAL;
}

static int parse_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct parse *p = arg;
	if (nlh->nlmsg_type == RTM_NEWLINK && parse_link(nlh, &p->link, p->stats) == 0)
		p->found = true;
	return 0;
}

static int get(const char *name, uint32_t ifindex, struct parse *p)
{
	char buf[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *nlh = netlink_header(buf, RTM_GETLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof *ifi);
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)ifindex;
	if (name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	int r = request(nlh, parse_cb, p);
	return r < 0 ? r : p->found ? 0 : -ENODEV;
}

int link_get(const char *name, struct link *ret)
{
	if (!name[0] || strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	struct parse p = { .stats = NULL };
	int r = get(name, 0, &p);
	if (r == 0)
		*ret = p.link;
	return r;
}

int link_get_by_index(uint32_t ifindex, struct link *ret)
{
	struct parse p = { .stats = NULL };
	int r = ifindex ? get(NULL, ifindex, &p) : -ENODEV;
	if (r == 0)
		*ret = p.link;
	return r;
}

int link_get_stats(uint32_t ifindex, struct port_stats *ret)
{
	struct port_stats s = { 0 };
	struct parse p = { .stats = &s };
	int r = ifindex ? get(NULL, ifindex, &p) : -ENODEV;
	if (r == 0)
		*ret = s;
	return r;
}

struct dump {
	bool (*cb)(const struct link *, void *arg);
	void *arg;
	bool stopped;
};

static int dump_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct dump *d = arg;
	struct link l;
	if (!d->stopped && nlh->nlmsg_type == RTM_NEWLINK && parse_link(nlh, &l, NULL) == 0)
		d->stopped = !d->cb(&l, d->arg);
	return 0;
}

int link_dump(bool (*cb)(const struct link *, void *arg), void *arg)
{
	char buf[NETLINK_REQUEST_BYTES];
	struct nlmsghdr *nlh = netlink_header(buf, RTM_GETLINK, NLM_F_DUMP);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof *ifi);
	ifi->ifi_family = AF_UNSPEC;
	struct dump d = { cb, arg, false };
	return request(nlh, dump_cb, &d);
}

/* Changes. */

static int ask_ioctl(const char *name, unsigned long op, struct ifreq *ifr)
{
	if (strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	str_copy(ifr->ifr_name, name, sizeof ifr->ifr_name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int r = ioctl(fd, op, ifr) < 0 ? -errno : 0;
	close(fd);
	return r;
}

int link_set_mtu(const char *name, uint32_t mtu)
{
	struct ifreq ifr = { .ifr_mtu = (int)mtu };
	return ask_ioctl(name, SIOCSIFMTU, &ifr);
}

int link_set_mac(const char *name, struct eth_addr mac)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };
	memcpy(ifr.ifr_hwaddr.sa_data, &mac, sizeof mac);
	return ask_ioctl(name, SIOCSIFHWADDR, &ifr);
}

int link_set_up(const char *name, bool up)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	int r = ask_ioctl(name, SIOCGIFFLAGS, &ifr);
	if (r < 0)
		return r;
	if (!!(ifr.ifr_flags & IFF_UP) == up)
		return 0;
	ifr.ifr_flags ^= IFF_UP;
	return ask_ioctl(name, SIOCSIFFLAGS, &ifr);
}

int link_set_alias(uint32_t ifindex, const char *alias)
{
	char buf[NETLINK_REQUEST_BYTES];
	if (strlen(alias) >= 256)
		return -EINVAL;
	struct nlmsghdr *nlh = netlink_header(buf, RTM_SETLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof *ifi);
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)ifindex;
	mnl_attr_put(nlh, IFLA_IFALIAS, strlen(alias), alias);
	return request(nlh, NULL, NULL);
}

void link_get_speed(const char *name, uint64_t *ret_bps, bool *ret_full_duplex)
{
	*ret_bps = 0;
	*ret_full_duplex = false;
	/* The settings end in masks, of a size that the first answer tells (negated). */
	uint32_t buf[(sizeof(struct ethtool_link_settings) / 4 + 3 * 128)] = { 0 };
	struct ethtool_link_settings *s = (struct ethtool_link_settings *)buf;
	struct ifreq ifr = { .ifr_data = (void *)buf };
	s->cmd = ETHTOOL_GLINKSETTINGS;
	if (ask_ioctl(name, SIOCETHTOOL, &ifr) < 0 || s->link_mode_masks_nwords >= 0)
		return;
	s->link_mode_masks_nwords = (int8_t)-s->link_mode_masks_nwords;
	s->cmd = ETHTOOL_GLINKSETTINGS;
	if (ask_ioctl(name, SIOCETHTOOL, &ifr) < 0)
		return;
	if (s->speed != (uint32_t)SPEED_UNKNOWN)
		*ret_bps = s->speed * 1000000ULL;
	*ret_full_duplex = s->duplex == DUPLEX_FULL;
}

void link_get_driver(const char *name, char driver[32], char version[32], char firmware[32])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (void *)&info };
	driver[0] = version[0] = firmware[0] = '\0';
	if (ask_ioctl(name, SIOCETHTOOL, &ifr) < 0)
		return;
	str_copy(driver, info.driver, 32);
	str_copy(version, info.version, 32);
	str_copy(firmware, info.fw_version, 32);
}

/* News. */

static void tell(const struct link *l, bool gone)
{
	struct link_watcher *w;
	LIST_FOR_EACH_SAFE(w, &watchers, node)
		w->cb(w, l, gone);
}

struct link_list {
	struct link *links;
	size_t n, allocated;
};

static bool collect(const struct link *l, void *arg)
{
	struct link_list *list = arg;
	list->links = xgrow(list->links, &list->allocated, list->n + 1, sizeof *list->links);
	list->links[list->n++] = *l;
	return true;
}

static void tell_all(void)
{
	struct link_list list = { NULL, 0, 0 };
	int r = link_dump(collect, &list); /* first all, then the callbacks: they make requests */
	if (r < 0)
		log_warn("cannot list network devices: %s", err_name(r));
	for (size_t i = 0; i < list.n; i++)
		tell(&list.links[i], false);
	free(list.links);
}

static void on_news(const struct nlmsghdr *nlh, void *arg UNUSED)
{
	struct link l;
	if (!nlh)
		tell_all();
	else if ((nlh->nlmsg_type == RTM_NEWLINK || nlh->nlmsg_type == RTM_DELLINK) &&
		 parse_link(nlh, &l, NULL) == 0)
		tell(&l, nlh->nlmsg_type == RTM_DELLINK);
}

int link_watch_start(struct loop *loop, struct err *err)
{
	static const unsigned groups[] = { RTNLGRP_LINK, 0 };
	if (news)
		return 0;
	return netlink_monitor_open(NETLINK_ROUTE, groups, loop, on_news, NULL, &news, err);
}

void link_watch_stop(void)
{
	netlink_monitor_close(news);
	netlink_close(requests);
	news = NULL;
	requests = NULL;
}

void link_watcher_add(struct link_watcher *w) { list_push_back(&watchers, &w->node); }
void link_watcher_remove(struct link_watcher *w) { list_remove(&w->node); }
