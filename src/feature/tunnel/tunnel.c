/* SPDX-License-Identifier: Apache-2.0 */
/* Configured tunnels, and which of them a packet belongs to.
 *
 * A tunnel is found by (vport, local address, remote address, key), where a tunnel may leave the
 * local address or the key or the remote address open. Each combination of what is open is a class
 * of its own; a lookup tries the classes that have members, most specific first, so its cost does
 * not depend on the number of tunnels. */
#include "feature/tunnel/tunnel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/hmap.h"
#include "base/log.h"
#include "base/mem.h"
#include "feature/tunnel/commands.h"
#include "feature/tunnel/config.h"
#include "feature/tunnel/neigh.h"
#include "feature/tunnel/output.h"
#include "feature/tunnel/route.h"
#include "feature/tunnel/vport.h"
#include "port/link.h"
#include "port/sim.h"
#include "wire/net.h"

LOG_MODULE(tunnel);

/* What packets are compared with. */
struct match {
	const struct vport *vport;
	struct in6_addr local, remote;
	be64 key;
	uint8_t class; /* IN_KEY_OPEN.. */
	uint8_t pad[7];
};
enum { LOCAL_OPEN = 1, KEY_OPEN = 2, REMOTE_OPEN = 4, LOCAL_FLOW = 8, N_CLASSES = 16 };

struct tunnel {
	struct hmap_node node;
	char *name;
	void *user;
	struct tunnel_config config;
	struct vport *vport;
	struct match match;
	struct port_stats stats;
};

static struct hmap tunnels;
static unsigned n_in_class[N_CLASSES];
static uint64_t change_seq = 1;
static bool system_routes = true;

void tunnel_disable_system_routes(void) { system_routes = false; }
uint64_t tunnel_change_seq(void) { return change_seq; }

static void on_change(void)
{
	change_seq++;
	vport_retry();
}

/* Simulated bridges have their addresses at their local ports (netdev-dummy/ip4addr). */
static void on_port(struct port *p, bool closing)
{
	struct route_address a[ROUTE_MAX_ADDRESSES];
	struct in6_addr addr[ROUTE_MAX_ADDRESSES];
	uint8_t len[ROUTE_MAX_ADDRESSES];
	struct port_state state;
	if (!port_is_sim(p))
		return;
	unsigned n = closing ? 0 : sim_addresses(p, addr, len, ROUTE_MAX_ADDRESSES);
	memset(a, 0, sizeof a);
	for (unsigned i = 0; i < n; i++) {
		a[i].addr = addr[i];
		a[i].prefix_len = len[i];
	}
	p->ops->get_state(p, &state);
	route_set_bridge(p->name, state.mac, a, n);
}

int tunnel_start(struct loop *loop, bool dummy, struct err *err)
{
	hmap_init(&tunnels);
	int r = route_start(loop, system_routes && !dummy, on_change, err);
	if (r == 0)
		r = neigh_start(loop, system_routes && !dummy, on_change, err);
	if (r < 0)
		return r;
	vport_start(loop, dummy);
	tunnel_commands_register();
	port_observe(on_port);
	return 0;
}

void tunnel_stop(void)
{
	port_observe(NULL);
	vport_stop();
	neigh_stop();
	route_stop();
	hmap_fini(&tunnels);
}

bool tunnel_is_type(const char *type) { return tunnel_type_from_str(type) != TUNNEL_NONE; }

int tunnel_check(const char *name, const char *type, const struct strmap *options, struct err *err)
{
	struct tunnel_config c;
	return tunnel_config_parse(name, type, options, &c, err);
}

static uint32_t match_hash(const struct match *m)
{
	return hash_bytes(m, sizeof *m, hash_secret());
}

static struct tunnel *find(const struct match *m)
{
	struct tunnel *t;
	HMAP_FOR_EACH_WITH_HASH(t, &tunnels, match_hash(m), node) {
		if (!memcmp(&t->match, m, sizeof *m))
			return t;
	}
	return NULL;
}

static void match_of_config(const struct tunnel_config *c, const struct vport *v, struct match *m)
{
	memset(m, 0, sizeof *m);
	m->vport = v;
	if (c->local_flow)
		m->class |= LOCAL_FLOW;
	else if (IN6_IS_ADDR_UNSPECIFIED(&c->local))
		m->class |= LOCAL_OPEN;
	else
		m->local = c->local;
	if (c->in_key_flow)
		m->class |= KEY_OPEN;
	else
		m->key = c->in_key;
	if (c->remote_flow)
		m->class |= REMOTE_OPEN;
	else
		m->remote = c->remote;
}

static void insert(struct tunnel *t)
{
	n_in_class[t->match.class]++;
	hmap_insert(&tunnels, &t->node, match_hash(&t->match));
}

static void take_out(struct tunnel *t)
{
	n_in_class[t->match.class]--;
	hmap_remove(&tunnels, &t->node);
}

/* -EEXIST, if another tunnel than 'self' matches the same packets. */
static int check_unique(const char *name, const struct tunnel *self, const struct tunnel_config *c,
			const struct match *m, struct err *err)
{
	static const char *const l3[] = { "legacy_l2", "legacy_l3", "ptap" };
	const struct tunnel *other = find(m);
	if (!other || other == self)
		return 0;
	char local[64] = "::", remote[64] = "flow", key[32] = "flow";
	if (c->local_flow)
		strcpy(local, "flow");
	else
		tunnel_addr_to_str(&c->local, local, sizeof local);
	if (!c->remote_flow)
		tunnel_addr_to_str(&c->remote, remote, sizeof remote);
	if (!c->in_key_flow)
		snprintf(key, sizeof key, c->in_key ? "0x%llx" : "%llu",
			 (unsigned long long)be64_to_cpu(c->in_key));
	log_warn("%s: attempting to add tunnel port with same config as port '%s' "
		 "(%s->%s, key=%s, %s, dp port=%u)",
		 name, other->name, local, remote, key, l3[c->l3], m->vport->port->dp_port);
	return err_set(err, -EEXIST, "could not add network device %s to ofproto (File exists)",
		       name);
}

int tunnel_add(const char *name, const char *type, const struct strmap *options, void *user,
	       struct tunnel **ret, struct err *err)
{
	struct tunnel_config c;
	struct vport *v;
	struct match m;
	int r = tunnel_config_parse(name, type, options, &c, err);
	if (r == 0)
		r = vport_get(name, &c, &v, err);
	if (r < 0)
		return r;
	match_of_config(&c, v, &m);
	r = check_unique(name, NULL, &c, &m, err);
	if (r < 0) {
		vport_put(v);
		return r;
	}
	struct tunnel *t = xzalloc(sizeof *t);
	t->name = xstrdup(name);
	t->user = user;
	t->config = c;
	t->vport = v;
	t->match = m;
	insert(t);
	change_seq++;
	*ret = t;
	return 0;
}

int tunnel_configure(struct tunnel *t, const struct strmap *options, struct err *err)
{
	struct tunnel_config c;
	struct vport *v;
	struct match m;
	int r = tunnel_config_parse(t->name, tunnel_type_to_str(t->config.type), options, &c, err);
	if (r < 0 || !memcmp(&c, &t->config, sizeof c))
		return r;
	r = vport_get(t->name, &c, &v, err);
	if (r < 0)
		return r;
	match_of_config(&c, v, &m);
	r = check_unique(t->name, t, &c, &m, err);
	if (r < 0) {
		vport_put(v);
		return r;
	}
	take_out(t);
	vport_put(t->vport);
	t->config = c;
	t->vport = v;
	t->match = m;
	insert(t);
	change_seq++;
	return 0;
}

void tunnel_del(struct tunnel *t)
{
	if (!t)
		return;
	take_out(t);
	vport_put(t->vport);
	free(t->name);
	free(t);
	change_seq++;
}

const char *tunnel_name(const struct tunnel *t) { return t->name; }
void *tunnel_user(const struct tunnel *t) { return t->user; }
struct port *tunnel_dp_port(const struct tunnel *t) { return t->vport->port; }
unsigned tunnel_dp_port_users(const struct tunnel *t) { return t->vport->users; }
struct port_stats *tunnel_stats(struct tunnel *t) { return &t->stats; }
bool tunnel_takes_l3(const struct tunnel *t) { return t->config.l3 != TUNNEL_LEGACY_L2; }

void tunnel_get_options(const struct tunnel *t, struct strmap *ret)
{
	tunnel_config_to_map(&t->config, ret);
}

bool tunnel_remote(const struct tunnel *t, struct in6_addr *ret)
{
	if (t->config.remote_flow)
		return false;
	*ret = t->config.remote;
	return true;
}

void tunnel_get_status(const struct tunnel *t, struct strmap *ret)
{
	char dev[16];
	if (t->config.remote_flow ||
	    output_egress(&t->config.remote, &t->config.local, t->config.mark, dev) < 0)
		return;
	const struct port *p = port_lookup(dev);
	struct link link;
	bool carrier = false;
	if (p) {
		struct port_state state;
		p->ops->get_state(p, &state);
		carrier = state.link_up;
	} else if (link_get(dev, &link) == 0) {
		carrier = link.carrier;
	}
	strmap_put(ret, "tunnel_egress_iface", dev);
	strmap_put(ret, "tunnel_egress_iface_carrier", carrier ? "up" : "down");
}

/* Inbound. */

static struct in6_addr v4_or_v6(be32 a4, const struct in6_addr *a6)
{
	struct in6_addr a = *a6;
	if (a4) {
		memset(&a, 0, 10);
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
		memcpy(a.s6_addr + 12, &a4, 4);
	}
	return a;
}

struct tunnel *tunnel_lookup(const struct flow_key *key, struct flow_key *mask)
{
	/* Most specific first. */
	static const uint8_t order[] = {
		0,
		LOCAL_OPEN,
		KEY_OPEN,
		KEY_OPEN | LOCAL_OPEN,
		LOCAL_FLOW,
		LOCAL_FLOW | KEY_OPEN,
		REMOTE_OPEN,
		REMOTE_OPEN | LOCAL_OPEN,
		REMOTE_OPEN | LOCAL_FLOW,
		REMOTE_OPEN | KEY_OPEN,
		REMOTE_OPEN | KEY_OPEN | LOCAL_OPEN,
		REMOTE_OPEN | KEY_OPEN | LOCAL_FLOW,
	};
	const struct tunnel_key *k = &key->tunnel;
	struct tunnel_key *w = &mask->tunnel;
	w->id = UINT64_MAX;
	w->flags |= TUN_F_DF | TUN_F_CSUM | TUN_F_KEY;
	w->tos = 0xff;
	if (k->ip_dst) {
		w->ip_src = w->ip_dst = UINT32_MAX;
	} else {
		memset(&w->ipv6_src, 0xff, 16);
		memset(&w->ipv6_dst, 0xff, 16);
	}
	const struct vport *v = vport_find(key->dp_port);
	if (!v)
		return NULL;
	struct in6_addr local = v4_or_v6(k->ip_dst, &k->ipv6_dst);
	struct in6_addr remote = v4_or_v6(k->ip_src, &k->ipv6_src);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		uint8_t class = order[i];
		if (!n_in_class[class])
			continue;
		struct match m;
		memset(&m, 0, sizeof m);
		m.vport = v;
		m.class = class;
		if (!(class & (LOCAL_OPEN | LOCAL_FLOW)))
			m.local = local;
		if (!(class & REMOTE_OPEN))
			m.remote = remote;
		if (!(class & KEY_OPEN))
			m.key = k->id;
		struct tunnel *t = find(&m);
		if (t)
			return t;
	}
	return NULL;
}

enum { ECN_MASK = 3, ECN_CE = 3, ECN_ECT0 = 2 };

static bool is_ip(const struct flow_key *k)
{
	return k->dl_type == BE16_C(ETH_TYPE_IP) || k->dl_type == BE16_C(ETH_TYPE_IPV6);
}

bool tunnel_ecn_decap(struct flow_key *key, struct flow_key *mask)
{
	if (!is_ip(key))
		return true;
	mask->nw_tos |= ECN_MASK;
	if ((key->tunnel.tos & ECN_MASK) != ECN_CE)
		return true;
	if (!(key->nw_tos & ECN_MASK))
		return false;
	key->nw_tos |= ECN_CE;
	return true;
}

/* Outbound. */

/* What the tunnel's options and the packet make of the outer header. */
static int request_of(const struct tunnel *t, const struct flow_key *key, struct flow_key *mask,
		      struct output_request *q)
{
	const struct tunnel_config *c = &t->config;
	*q = (struct output_request){
		.type = c->type,
		.dst_port = c->dst_port,
		.tunnel_port = t->vport->port->dp_port,
		.packet_type = key->packet_type,
		.mark = c->set_mark ? c->mark : key->pkt_mark,
		.in_id = c->in_key_flow ? key->tunnel.id : c->in_key,
		.in_flags = c->in_key_present || c->dst_port ? TUN_F_KEY : 0,
		.only_bridges = vport_is_simulated(t->vport),
	};
	struct tunnel_key *k = &q->key;
	struct in6_addr dst = c->remote, src = c->local;
	if (is_ip(key))
		mask->nw_tos |= ECN_MASK;
	if (c->remote_flow)
		dst = v4_or_v6(key->tunnel.ip_dst, &key->tunnel.ipv6_dst);
	if (c->local_flow)
		src = v4_or_v6(key->tunnel.ip_src, &key->tunnel.ipv6_src);
	if (IN6_IS_ADDR_UNSPECIFIED(&dst))
		return -EINVAL;
	if (tunnel_addr_is_v4(&dst)) {
		memcpy(&k->ip_dst, dst.s6_addr + 12, 4);
		memcpy(&k->ip_src, src.s6_addr + 12, 4);
	} else {
		k->ipv6_dst = dst;
		k->ipv6_src = src;
	}
	k->id = c->out_key_flow ? key->tunnel.id : c->out_key;
	k->tp_dst = cpu_to_be16(c->dst_port);
	k->flags =
		(uint16_t)((c->df ? TUN_F_DF : 0) | (c->csum ? TUN_F_CSUM : 0) |
			   (c->out_key_present ? TUN_F_KEY : 0) | (key->tunnel.flags & TUN_F_OAM));
	k->ttl = c->ttl ? c->ttl : 64;
	k->tos = c->tos;
	if (is_ip(key)) {
		if (c->ttl_inherit) {
			mask->nw_ttl = 0xff;
			k->ttl = key->nw_ttl;
		}
		if (c->tos_inherit) {
			mask->nw_tos = 0xff;
			k->tos = key->nw_tos & ~ECN_MASK;
		}
		/* RFC 6040 4.1: what is marked already inside is capable again outside. */
		uint8_t ecn = key->nw_tos & ECN_MASK;
		k->tos |= ecn == ECN_CE ? ECN_ECT0 : ecn;
	}
	if (c->gbp) {
		k->gbp_id = key->tunnel.gbp_id;
		k->gbp_flags = key->tunnel.gbp_flags;
	}
	if (c->type == TUNNEL_GENEVE && (key->tunnel.flags & TUN_F_OPTIONS)) {
		k->flags |= TUN_F_OPTIONS;
		k->opts_size = key->tunnel.opts_size;
		q->opts = key->tun_opts;
	}
	return 0;
}

static void put_set(const struct output_request *q, struct dp_actions *actions)
{
	struct dps_tunnel value, mask;
	memset(&value, 0, sizeof value);
	memset(&mask, 0xff, sizeof mask);
	value.tunnel = q->key;
	if (q->key.opts_size)
		memcpy(value.opts, q->opts, q->key.opts_size);
	dp_actions_set(actions, DPS_TUNNEL, &value, &mask, sizeof value);
	dp_actions_output(actions, q->tunnel_port);
}

int tunnel_output_set(struct tunnel *t, const struct flow_key *key, struct flow_key *mask,
		      struct dp_actions *actions)
{
	struct output_request q;
	int r = request_of(t, key, mask, &q);
	if (r == 0)
		put_set(&q, actions);
	return r;
}

int tunnel_output(struct tunnel *t, const struct flow_key *key, struct flow_key *mask,
		  struct dp_actions *actions, struct tunnel_underlay *ret)
{
	struct output_request q;
	int r = request_of(t, key, mask, &q);
	if (r < 0)
		return r;
	r = output_build(&q, actions, ret);
	if (r == -EAGAIN && !ret->bridge[0]) {
		put_set(&q, actions); /* the vport resolves it, and the flow is made anew then */
		return 0;
	}
	return r;
}

static bool listens(bool udp)
{
	for (const struct vport *v = vport_all; v; v = v->next) {
		if (v->port->dp_port != PORT_NO_DP && udp == !!v->dst_port)
			return true;
	}
	return false;
}

bool tunnel_terminate(const char *bridge, const struct flow_key *key, struct flow_key *mask,
		      uint32_t *ret_dp_port)
{
	struct eth_addr mac;
	if (!vport_all || !route_is_bridge(bridge) || !is_ip(key) || (key->nw_frag & FRAG_ANY))
		return false;
	struct in6_addr dst = v4_or_v6(key->nw_dst, &key->ipv6_dst);
	if (key->dl_type == BE16_C(ETH_TYPE_IP))
		mask->nw_dst = UINT32_MAX;
	else
		memset(&mask->ipv6_dst, 0xff, 16);
	mask->nw_proto = 0xff;
	mask->nw_frag = FRAG_ANY | FRAG_LATER;
	if (!route_bridge_has(bridge, &dst, &mac))
		return false;
	bool udp = key->nw_proto == IPPROTO_UDP;
	if ((!udp && key->nw_proto != IPPROTO_GRE) || !listens(udp))
		return false;
	if (udp)
		mask->tp_dst = UINT16_MAX;
	memset(&mask->dl_dst, 0xff, 6);
	if (memcmp(&key->dl_dst, &mac, 6))
		return false;
	for (const struct vport *v = vport_all; v; v = v->next) {
		if (v->port->dp_port != PORT_NO_DP &&
		    (udp ? v->dst_port && cpu_to_be16(v->dst_port) == key->tp_dst : !v->dst_port)) {
			*ret_dp_port = v->port->dp_port;
			return true;
		}
	}
	return false;
}

/* RFC 826 and 4861: answers that go to the bridge itself. */
void tunnel_snoop(const char *bridge, const struct flow_key *key, struct flow_key *mask, bool learn)
{
	enum { ARP_REPLY = 2 };
	struct in6_addr addr;
	struct eth_addr mac, own;
	static const struct eth_addr none;
	if (!vport_all || !route_is_bridge(bridge))
		return;
	if (key->dl_type == BE16_C(ETH_TYPE_ARP)) {
		mask->nw_proto = 0xff;
		if (key->nw_proto != ARP_REPLY || !key->nw_src)
			return;
		addr = v4_or_v6(key->nw_src, &in6addr_any);
		mac = key->arp_sha;
		mask->nw_src = mask->nw_dst = UINT32_MAX;
		memset(&mask->arp_sha, 0xff, 6);
	} else if (key->dl_type == BE16_C(ETH_TYPE_IPV6) && key->nw_proto == IPPROTO_ICMPV6 &&
		   key->tp_src == cpu_to_be16(ICMP6_NA) &&
		   !IN6_IS_ADDR_UNSPECIFIED(&key->nd_target)) {
		addr = key->nd_target;
		mac = memcmp(&key->arp_tha, &none, 6) ? key->arp_tha : key->dl_src;
		memset(&mask->ipv6_src, 0xff, 16);
		memset(&mask->ipv6_dst, 0xff, 16);
		memset(&mask->nd_target, 0xff, 16);
		memset(&mask->arp_tha, 0xff, 6);
		mask->nw_proto = 0xff;
		mask->tp_src = mask->tp_dst = UINT16_MAX;
	} else {
		return;
	}
	if (learn && !route_bridge_has(bridge, &addr, &own))
		neigh_set(bridge, &addr, mac, false);
}

void tunnel_bridge_addresses(const char *bridge, struct eth_addr mac, const struct in6_addr *addr,
			     const uint8_t *prefix_len, unsigned n)
{
	struct route_address a[ROUTE_MAX_ADDRESSES];
	n = MIN(n, ROUTE_MAX_ADDRESSES);
	for (unsigned i = 0; i < n; i++) {
		memset(&a[i], 0, sizeof a[i]);
		a[i].addr = addr[i];
		a[i].prefix_len = prefix_len[i];
	}
	route_set_bridge(bridge, mac, a, n);
}
