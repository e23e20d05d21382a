/* SPDX-License-Identifier: Apache-2.0 */
/* Programs on devices. They hang on clsact filters of a fixed handle and priority: a filter stays
 * when the daemon dies, and with it its program and maps, so that known flows go on; and the next
 * daemon, whichever mount of bpffs it sees, replaces the filter in one step with its own.
 *
 * Ports are attached at the end of the turn of the loop that added them: after a restart the whole
 * configuration is applied in one turn, and a miss must not be answered before all ports are known,
 * while the programs of the daemon before still forward. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "fastpath/ebpf/ebpf.h"
#include "io/daemon.h"
#include "io/netlink.h"
#include "switch.skel.h"

LOG_MODULE(ebpf_attach);

enum { FILTER_HANDLE = 1 };

/* Several switches may live in one network namespace: each knows its own filters by their priority.
 */
static uint32_t filter_priority(void)
{
	static uint32_t priority;
	if (!priority)
		priority = 33000 + hash_str(path_rundir(), 0) % 16000;
	return priority;
}

static struct attachment *find(const struct ebpf *e, uint32_t ifindex)
{
	struct attachment *a;
	LIST_FOR_EACH(a, &e->attachments, node) {
		if (a->ifindex == ifindex)
			return a;
	}
	return NULL;
}

static int put_filter(const struct ebpf *e, struct attachment *a)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)a->ifindex,
		    .attach_point = a->egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	int r = bpf_tc_hook_create(&hook);
	if (r < 0 && r != -EEXIST)
		return r;
	if (r == 0)
		a->made_qdisc = true;
	LIBBPF_OPTS(bpf_tc_opts, old, .handle = FILTER_HANDLE, .priority = filter_priority());
	if (r == -EEXIST && bpf_tc_query(&hook, &old) == 0)
		a->made_qdisc = true; /* by the daemon before us */
	struct bpf_program *prog =
		a->underlay ? e->skel->progs.weft_underlay : e->skel->progs.weft_port;
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(prog), .flags = BPF_TC_F_REPLACE,
		    .handle = FILTER_HANDLE, .priority = filter_priority());
	return bpf_tc_attach(&hook, &opts);
}

/* Others may have put filters beside ours: then the qdisc stays. */

static int on_filter(const struct nlmsghdr *nlh, void *arg)
{
	*(bool *)arg |= nlh->nlmsg_type == RTM_NEWTFILTER;
	return 0;
}

static bool has_filters(uint32_t ifindex, uint32_t parent)
{
	bool found = false;
	struct netlink *nl;
	char buf[NETLINK_REQUEST_BYTES];
	if (netlink_open(NETLINK_ROUTE, &nl, NULL) < 0)
		return true;
	struct nlmsghdr *nlh = netlink_header(buf, RTM_GETTFILTER, NLM_F_DUMP);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(nlh, sizeof *tc);
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = parent;
	if (netlink_request(nl, nlh, on_filter, &found, NULL) < 0)
		found = true;
	netlink_close(nl);
	return found;
}

static void remove_filter(struct attachment *a)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)a->ifindex,
		    .attach_point = a->egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = filter_priority());
	bpf_tc_detach(&hook, &opts);
	if (a->made_qdisc && !has_filters(a->ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)) &&
	    !has_filters(a->ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS))) {
		hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		bpf_tc_hook_destroy(&hook);
	}
}

static void drop_attachment(struct attachment *a, bool keep_filter)
{
	if (!keep_filter)
		remove_filter(a);
	list_remove(&a->node);
	free(a);
}

/* Ports. */

static uint32_t ifindex_of(const struct port *port)
{
	struct port_state state;
	port->ops->get_state(port, &state);
	return state.ifindex;
}

static bool has_device(const struct port *port)
{
	return port->ops->kind == PORT_SYSTEM || port->ops->kind == PORT_INTERNAL;
}

static void attach_one(struct ebpf *e, struct user_port *up)
{
	uint32_t ifindex = ifindex_of(up->port);
	struct attachment *a = ifindex ? find(e, ifindex) : NULL;
	if (!ifindex || (a && !a->underlay))
		return;
	if (a)
		drop_attachment(a, false); /* was underlay until now */
	struct weft_device device = { .dp_port = up->dp_port };
	int r = bpf_map_update_elem(bpf_map__fd(e->skel->maps.weft_devices), &ifindex, &device, 0);
	a = xzalloc(sizeof *a);
	a->ifindex = ifindex;
	a->egress = up->port->ops->kind == PORT_INTERNAL;
	if (r == 0)
		r = put_filter(e, a);
	if (r < 0) {
		free(a);
		AUTO_ERR err = ERR_INIT;
		log_warn("%s: no eBPF program on this device (%s): it is switched in user space",
			 up->port->name, err_name(r));
		if (up->port->ops->kind == PORT_SYSTEM && user_port_poll(e->user, up, &err) < 0)
			log_err("%s", err_text(&err));
		return;
	}
	list_push_back(&e->attachments, &a->node);
	e->devices[up->dp_port].ifindex = ifindex;
	e->devices[up->dp_port].kind = a->egress ? WEFT_OUT_HOST : WEFT_OUT_DEVICE;
}

/* Filters that an earlier daemon left on devices that are nothing to us now. Once. */
static void sweep(struct ebpf *e)
{
	struct if_nameindex *all = if_nameindex();
	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		if (find(e, i->if_index))
			continue;
		for (int egress = 0; egress < 2; egress++) {
			struct attachment left = { .ifindex = i->if_index,
						   .egress = egress,
						   .made_qdisc = true };
			LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)left.ifindex,
				    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
			LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE,
				    .priority = filter_priority());
			if (bpf_tc_query(&hook, &opts) == 0)
				remove_filter(&left);
		}
	}
	if_freenameindex(all);
}

static void attach_all(struct deferred *d)
{
	struct ebpf *e = CONTAINER_OF(d, struct ebpf, attach);
	for (uint32_t i = 0; i < MAX_DP_PORTS; i++) {
		struct user_port *up = e->user->ports[i];
		if (up && has_device(up->port))
			attach_one(e, up);
	}
	e->attached = true;
	deferred_put(&e->resync, e->loop);
	if (!e->swept)
		deferred_put(&e->underlay, e->loop);
}

void attach_port(struct ebpf *e, struct user_port *up UNUSED) { deferred_put(&e->attach, e->loop); }

void detach_port(struct ebpf *e, struct port *port)
{
	if (!has_device(port) || port->dp_port >= MAX_DP_PORTS)
		return;
	uint32_t ifindex = e->devices[port->dp_port].ifindex;
	e->devices[port->dp_port].ifindex = 0;
	struct attachment *a = ifindex ? find(e, ifindex) : NULL;
	if (!a)
		return;
	bpf_map_delete_elem(bpf_map__fd(e->skel->maps.weft_devices), &ifindex);
	flows_forget_device(e, ifindex);
	drop_attachment(a, false);
	deferred_put(&e->underlay, e->loop); /* it may be an ordinary device of the host again */
}

/* Underlay: all devices of the host with an address that are not ports. */

static void address_set(const struct sockaddr *sa, struct weft_address *ret)
{
	memset(ret, 0, sizeof *ret);
	if (sa->sa_family == AF_INET)
		ret->a[3] = ((const struct sockaddr_in *)sa)->sin_addr.s_addr;
	else
		memcpy(ret->a, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
}

static void sync_addresses(struct ebpf *e, const struct ifaddrs *all)
{
	int fd = bpf_map__fd(e->skel->maps.weft_addresses);
	static uint32_t round;
	round++;
	struct weft_address address, next;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		address_set(i->ifa_addr, &address);
		bpf_map_update_elem(fd, &address, &round, 0);
	}
	/* Those of rounds before are gone. */
	bool more = bpf_map_get_next_key(fd, NULL, &next) == 0;
	while (more) {
		address = next;
		more = bpf_map_get_next_key(fd, &address, &next) == 0;
		uint32_t seen;
		if (bpf_map_lookup_elem(fd, &address, &seen) == 0 && seen != round)
			bpf_map_delete_elem(fd, &address);
	}
}

static bool is_port_device(const struct ebpf *e, uint32_t ifindex)
{
	for (uint32_t i = 0; i < MAX_DP_PORTS; i++) {
		struct user_port *up = e->user->ports[i];
		if (up && has_device(up->port) && ifindex_of(up->port) == ifindex)
			return true;
	}
	return false;
}

static void attach_underlay(struct ebpf *e, const struct ifaddrs *all)
{
	sync_addresses(e, all);
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || (i->ifa_flags & IFF_LOOPBACK) ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		uint32_t ifindex = if_nametoindex(i->ifa_name);
		if (!ifindex || find(e, ifindex) || is_port_device(e, ifindex))
			continue;
		struct attachment *a = xzalloc(sizeof *a);
		a->ifindex = ifindex;
		a->underlay = true;
		int r = put_filter(e, a);
		if (r < 0) {
			log_warn("%s: no eBPF program on this device (%s): tunnels over it "
				 "end in user space",
				 i->ifa_name, err_name(r));
			free(a);
			continue;
		}
		list_push_back(&e->attachments, &a->node);
	}
	struct attachment *a;
	LIST_FOR_EACH_SAFE(a, &e->attachments, node) {
		char name[IF_NAMESIZE];
		if (a->underlay && !if_indextoname(a->ifindex, name))
			drop_attachment(a, true);
	}
}

static void sync_underlay(struct deferred *d)
{
	struct ebpf *e = CONTAINER_OF(d, struct ebpf, underlay);
	struct ifaddrs *all;
	if (e->has_tunnels && getifaddrs(&all) == 0) {
		attach_underlay(e, all);
		freeifaddrs(all);
	}
	if (e->attached && !e->swept) {
		sweep(e);
		e->swept = true;
	}
}

static void on_address_news(struct watch *w, unsigned events UNUSED)
{
	struct ebpf *e = CONTAINER_OF(w, struct ebpf, address_watch);
	char buf[8192];
	/* What changed does not matter: everything is read again, once. */
	for (int i = 0; i < 64 && recv(w->fd, buf, sizeof buf, MSG_DONTWAIT) > 0; i++)
		;
	deferred_put(&e->underlay, e->loop);
}

static int watch_addresses(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
				  .nl_groups =
					  RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	if (fd >= 0 && bind(fd, (struct sockaddr *)&nl, sizeof nl) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void tunnel_port_put(struct ebpf *e, const struct port *port, bool present)
{
	struct weft_tunnel_id id = { .proto = 17 };
	struct weft_tunnel t = { .dp_port = port->dp_port };
	unsigned udp_port = 0;
	if (sscanf(port->name, "vxlan_sys_%u", &udp_port) == 1) {
		t.type = WEFT_TUNNEL_VXLAN;
	} else if (sscanf(port->name, "genev_sys_%u", &udp_port) == 1) {
		t.type = WEFT_TUNNEL_GENEVE;
	} else if (!strcmp(port->name, "gre_sys") || !strcmp(port->name, "ip6gre_sys")) {
		t.type = WEFT_TUNNEL_GRE;
		id.proto = 47;
	} else {
		return; /* others end in user space */
	}
	id.port = cpu_to_be16((uint16_t)udp_port);
	int fd = bpf_map__fd(e->skel->maps.weft_tunnels);
	if (!present) {
		bpf_map_delete_elem(fd, &id);
		return;
	}
	if (bpf_map_update_elem(fd, &id, &t, 0) < 0)
		log_warn("%s: ends in user space: %s", port->name, err_name(errno));
	e->has_tunnels = true;
	deferred_put(&e->underlay, e->loop);
}

void attach_init(struct ebpf *e)
{
	list_init(&e->attachments);
	deferred_init(&e->attach, attach_all);
	deferred_init(&e->underlay, sync_underlay);
	watch_init(&e->address_watch, watch_addresses(), on_address_news);
	if (e->address_watch.fd >= 0)
		watch_start(&e->address_watch, e->loop, LOOP_READ);
}

void attach_fini(struct ebpf *e)
{
	deferred_cancel(&e->attach);
	deferred_cancel(&e->underlay);
	watch_stop(&e->address_watch);
	if (e->address_watch.fd >= 0)
		close(e->address_watch.fd);
	struct attachment *a;
	LIST_FOR_EACH_SAFE(a, &e->attachments, node)
		drop_attachment(a, port_keeps_devices());
}
