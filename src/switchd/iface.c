/* SPDX-License-Identifier: Apache-2.0 */
/* One interface, from a row to an OpenFlow port and back.
 *
 * Three kinds meet here. A device (system, internal, tap, dummy) is opened by port/, gets a number
 * in the fast path and a number in the bridge. A tunnel has no device: feature/tunnel says which
 * shared port carries it, and that port is in the fast path as long as it has a user. A patch port
 * is a name pair in the pipeline and nothing else.
 *
 * attach() either does all of it or leaves nothing behind but iface->error; the OpenFlow number is
 * kept over a time without a device, so that flows that name it mean the same port afterwards. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "switchd/switchd.h"
#include "switchd/text.h"

LOG_MODULE(bridge);

/* A shared port of tunnels, in the fast path of one backer. */
struct tunnel_port {
	struct list node; /* in backer.tunnel_ports */
	struct port *port;
};

static struct tunnel_port *tunnel_port_of(struct backer *b, const struct port *port)
{
	struct tunnel_port *t;
	LIST_FOR_EACH(t, &b->tunnel_ports, node) {
		if (t->port == port)
			return t;
	}
	return NULL;
}

static bool is_patch(const char *type) { return !strcmp(type, "patch"); }

/* Interfaces without a device have an address all the same, which OpenFlow shows. */
static struct eth_addr made_up_mac(const struct iface *i)
{
	struct eth_addr a;
	uint32_t h1 = hash_str(i->name, hash_bytes(&i->uuid, sizeof i->uuid, 1));
	uint32_t h2 = hash_u32(h1, 2);
	memcpy(a.b, &h1, 4);
	memcpy(a.b + 4, &h2, 2);
	a.b[0] = (a.b[0] & ~1) | 2;
	return a;
}

struct iface *iface_new(struct bridge *b, const struct want_iface *w)
{
	struct iface *i = xzalloc(sizeof *i);
	i->bridge = b;
	i->name = xstrdup(w->name);
	i->type = xstrdup(w->type);
	i->uuid = w->uuid;
	i->is_local = w->is_local;
	strmap_copy(&i->options, &w->options);
	list_push_back(&b->ifaces, &i->node);
	hmap_insert(&b->ifaces_by_name, &i->by_name, hash_str(i->name, 0));
	return i;
}

void iface_free(struct iface *i)
{
	if (!i)
		return;
	iface_detach(i);
	list_remove(&i->node);
	hmap_remove(&i->bridge->ifaces_by_name, &i->by_name);
	struct bridge_port *p;
	LIST_FOR_EACH(p, &i->bridge->ports, node) {
		if (p->active == i)
			p->active = NULL;
	}
	free(i->name);
	free(i->type);
	free(i->peer);
	free(i->error);
	strmap_fini(&i->options);
	free(i);
}

bool iface_must_be_replaced(const struct iface *i, const struct want_iface *w)
{
	if (strcmp(i->type, w->type))
		return true;
	/* As OVS: a new request moves the port, unless it asks for what is there. */
	return i->attached && w->ofport_request && w->ofport_request != i->ofport_request &&
	       w->ofport_request != i->ofport && !i->is_local;
}

static void set_error(struct iface *i, const char *text)
{
	if (!i->error || strcmp(i->error, text))
		log_warn("%s", text);
	free(i->error);
	i->error = xstrdup(text);
	i->is_ofport_refused = true;
}

/* ---- the fast path --------------------------------------------------------------------------- */

/* Port numbers in a simulated datapath follow names, so that tests can say them: "p3" is 3, "br1"
 * 101, a tunnel's is its UDP port. */
static uint32_t wanted_dp_port(const struct iface *i)
{
	const char *name = i->port->name, *digits = name + strcspn(name, "0123456789");
	uint32_t n;
	if (!fastpath_is_simulated(i->bridge->type) || !str_to_u32(digits, 10, &n))
		return UINT32_MAX;
	return str_starts(name, "br") ? n + 100 : n;
}

static int add_to_fastpath(struct iface *i, struct err *err)
{
	struct backer *k = i->bridge->backer;
	if (i->tunnel) {
		struct tunnel_port *t = tunnel_port_of(k, i->port);
		if (t)
			return 0;
		if (i->port->dp_port != DP_PORT_NONE)
			return err_set(
				err, -EBUSY,
				"bridges of another datapath_type have tunnels on %s already",
				i->port->name);
	}
	uint32_t want = wanted_dp_port(i);
	int r = k->fastpath->ops->port_add(k->fastpath, i->port, want, err);
	if (r < 0 && want != UINT32_MAX)
		r = k->fastpath->ops->port_add(k->fastpath, i->port, UINT32_MAX, err);
	if (r < 0)
		return r;
	if (i->tunnel) {
		struct tunnel_port *t = xzalloc(sizeof *t);
		t->port = port_ref(i->port);
		list_push_back(&k->tunnel_ports, &t->node);
	}
	return 0;
}

static void remove_from_fastpath(struct iface *i)
{
	struct backer *k = i->bridge->backer;
	struct tunnel_port *t = NULL;
	AUTO_ERR err = ERR_INIT;

	if (i->tunnel) {
		t = tunnel_port_of(k, i->port);
		if (!t || tunnel_dp_port_users(i->tunnel) > 1)
			return;
	} else if (i->port->dp_port == DP_PORT_NONE) {
		return;
	}
	if (k->fastpath->ops->port_del(k->fastpath, i->port, &err) < 0)
		log_warn("%s: could not be taken out of the fast path (%s)", i->name,
			 err_text(&err));
	i->port->dp_port = DP_PORT_NONE;
	if (t) {
		list_remove(&t->node);
		port_unref(t->port);
		free(t);
	}
}

/* ---- the pipeline ---------------------------------------------------------------------------- */

void iface_get_state(const struct iface *i, struct port_state *ret)
{
	memset(ret, 0, sizeof *ret);
	if (i->port && !i->tunnel) {
		i->port->ops->get_state(i->port, ret);
		ret->link_up &= ret->admin_up; /* a device that is down has no carrier to show */
		return;
	}
	ret->admin_up = ret->link_up = true;
	ret->mac = i->mac;
}

static int put_in_pipeline(struct iface *i, struct err *err)
{
	struct port_state st;
	iface_get_state(i, &st);
	struct ofport_config c = {
		.name = i->name,
		.ofport = i->ofport,
		.port = i->port,
		.dp_port = i->port ? i->port->dp_port : DP_PORT_NONE,
		.peer = i->peer,
		.tunnel = i->tunnel,
		.internal = !strcmp(i->type, "internal"),
		.mac = st.mac,
		.mtu = st.mtu,
	};
	return pipeline_port_put(i->bridge->pipeline, &c, err);
}

void iface_update_pipeline(struct iface *i)
{
	if (!i->attached)
		return;
	struct port_state st;
	iface_get_state(i, &st);
	struct ofport *p = pipeline_port_lookup(i->bridge->pipeline, i->ofport);
	if (!p)
		return;
	AUTO_ERR err = ERR_INIT;
	if ((memcmp(&p->mac, &st.mac, sizeof st.mac) || p->mtu != st.mtu) &&
	    put_in_pipeline(i, &err) < 0)
		log_warn("%s: %s", i->name, err_text(&err));
	ofport_set_config(p, st.admin_up ? 0 : OFPPC_PORT_DOWN, OFPPC_PORT_DOWN);
	ofport_set_state(p, st.link_up ? OFPPS_LIVE : OFPPS_LINK_DOWN,
			 OFPPS_LINK_DOWN | OFPPS_LIVE);
}

/* Runs when link, MTU or address changed, or the device is gone. */
static void on_port_changed(struct port *port, void *arg)
{
	struct iface *i = arg;
	struct port_state st;
	port->ops->get_state(port, &st);
	if (!st.ifindex && port->ops->kind == PORT_SYSTEM) {
		i->device_lost = true;
		switchd_apply_soon(i->bridge->switchd);
		return;
	}
	iface_update_pipeline(i);
	status_changed(i->bridge->switchd);
	/* A member of a bond, the bridge's address and the MTU of internal ports may follow. */
	switchd_apply_soon(i->bridge->switchd);
}

/* ---- attach ---------------------------------------------------------------------------------- */

static int open_patch(struct iface *i, struct err *err)
{
	const char *peer = strmap_get(&i->options, "peer");
	if (!peer)
		return err_set(err, -EINVAL, "%s: patch type requires valid 'peer' argument",
			       i->name);
	if (i->options.n > 1)
		return err_set(err, -EINVAL, "%s: patch type takes only a 'peer' argument",
			       i->name);
	if (!strcmp(peer, i->name))
		return err_set(err, -EINVAL, "%s: patch peer must not be self", i->name);
	i->peer = xstrdup(peer);
	i->mac = made_up_mac(i);
	return 0;
}

static int open_tunnel(struct iface *i, struct err *err)
{
	AUTO_ERR why = ERR_INIT;
	int r = tunnel_add(i->name, i->type, &i->options, i, &i->tunnel, &why);
	if (r == -EEXIST || r == -EADDRINUSE) {
		if (!i->error)
			log_warn("%s: %s", i->name, err_text(&why));
		return err_set(err, r, "could not add network device %s to ofproto (%s)", i->name,
			       err_name(r));
	}
	if (r < 0) {
		err_move(err, &why);
		return r;
	}
	i->port = tunnel_dp_port(i->tunnel);
	i->mac = made_up_mac(i);
	return 0;
}

static int open_device(struct iface *i, struct err *err)
{
	AUTO_ERR why = ERR_INIT;
	struct port *port;
	const char *type = fastpath_port_type(i->bridge->type, i->type);
	const struct port_ops *ops = port_ops_lookup(type);
	int r;

	if (!ops) {
		if (!i->error)
			log_warn("could not create interface %s of unknown type %s", i->name,
				 i->type);
		r = -EAFNOSUPPORT;
	} else if (strlen(i->name) >= IFNAMSIZ && ops->kind == PORT_SYSTEM) {
		r = -ENODEV;
	} else {
		r = port_open(i->name, type, i->bridge->switchd->loop, &port, &why);
	}
	if (r < 0) {
		if (r != -ENODEV && r != -EAFNOSUPPORT && why.text && !i->error)
			log_warn("%s: %s", i->name, why.text);
		return err_set(err, r, "could not open network device %s (%s)", i->name,
			       err_name(r));
	}
	r = port->ops->configure ? port->ops->configure(port, &i->options, &why) : 0;
	if (r < 0) {
		port_unref(port);
		return err_set(err, r, "%s: %s", i->name, err_text(&why));
	}
	i->port = port;
	return 0;
}

static int give_number(struct iface *i, const struct want_iface *w, struct err *err)
{
	struct pipeline *pl = i->bridge->pipeline;
	uint32_t want = w->ofport_request  ? w->ofport_request
			: i->ofport	   ? i->ofport
			: w->ofport_before ? w->ofport_before
					   : UINT32_MAX;
	if (i->is_local) {
		i->ofport = OFPORT_LOCAL;
		return 0;
	}
	int r = pipeline_ofport_alloc(pl, i->name, want, &i->ofport);
	if (r < 0)
		return err_set(err, r, "could not add network device %s to ofproto (%s)", i->name,
			       err_name(r));
	return 0;
}

static int try_attach(struct iface *i, const struct want_iface *w, struct err *err)
{
	int r = is_patch(i->type)	  ? open_patch(i, err)
		: tunnel_is_type(i->type) ? open_tunnel(i, err)
					  : open_device(i, err);
	if (r < 0)
		return r;
	if (i->port) {
		AUTO_ERR why = ERR_INIT;
		r = add_to_fastpath(i, &why);
		if (r < 0) {
			log_warn("%s: %s", i->name, err_text(&why));
			return err_set(err, r, "could not add network device %s to ofproto (%s)",
				       i->name, err_name(r));
		}
	}
	r = give_number(i, w, err);
	if (r < 0)
		return r;
	AUTO_ERR why = ERR_INIT;
	r = put_in_pipeline(i, &why);
	if (r < 0)
		return err_set(err, r, "could not add network device %s to ofproto (%s)", i->name,
			       err_text(&why));
	return 0;
}

void iface_attach(struct iface *i, const struct want_iface *w)
{
	AUTO_ERR err = ERR_INIT;

	i->ofport_request = w->ofport_request;
	if (i->attached)
		return;
	strmap_copy(&i->options, &w->options);
	if (w->error || try_attach(i, w, &err) < 0) {
		iface_detach(i);
		set_error(i, w->error ? w->error : err_text(&err));
		return;
	}
	free(i->error);
	i->error = NULL;
	i->is_ofport_refused = false;
	i->attached = true;
	if (i->port && !i->tunnel) {
		i->port->changed = on_port_changed;
		i->port->changed_arg = i;
	}
	iface_update_pipeline(i);
	log_info("bridge %s: added interface %s on port %u", i->bridge->name, i->name, i->ofport);
}

void iface_detach(struct iface *i)
{
	if (i->attached) {
		log_info("bridge %s: deleted interface %s on port %u", i->bridge->name, i->name,
			 i->ofport);
		pipeline_port_del(i->bridge->pipeline, i->ofport);
	}
	i->attached = false;
	i->device_lost = false;
	if (i->port) {
		if (!i->tunnel)
			i->port->changed = NULL;
		remove_from_fastpath(i);
		if (!i->tunnel)
			port_unref(i->port);
		i->port = NULL;
	}
	tunnel_del(i->tunnel);
	i->tunnel = NULL;
	free(i->peer);
	i->peer = NULL;
}

/* ---- device settings ------------------------------------------------------------------------- */

void iface_set_device(struct iface *i, const struct want_iface *w)
{
	i->mtu_request = w->mtu_request;
	i->has_mac = w->has_mac;
	if (!i->attached || !i->port || i->tunnel)
		return;
	struct port_state st;
	AUTO_ERR err = ERR_INIT;
	iface_get_state(i, &st);
	if (w->mtu_request && st.mtu != w->mtu_request && i->port->ops->set_mtu) {
		if (i->port->ops->set_mtu(i->port, w->mtu_request, &err) < 0)
			log_warn("failed to set MTU for network device %s: %s", i->name,
				 err_text(&err));
	}
	if (w->has_mac && memcmp(&st.mac, &w->mac, sizeof st.mac) && i->port->ops->set_mac) {
		if (i->port->ops->set_mac(i->port, w->mac, &err) < 0)
			log_err("interface %s: setting MAC failed (%s)", i->name, err_text(&err));
	}
	iface_update_pipeline(i);
}

/* New options of an interface that works. Tunnels take them in place; a device's kind may as well.
 * False: it has to be made anew. */
bool iface_reconfigure(struct iface *i, const struct want_iface *w)
{
	if (!i->attached || strmap_equal(&i->options, &w->options))
		return true;
	if (i->port && !i->tunnel) {
		AUTO_ERR err = ERR_INIT;
		int r = i->port->ops->configure
				? i->port->ops->configure(i->port, &w->options, &err)
				: 0;
		if (r == 0) {
			strmap_copy(&i->options, &w->options);
			return true;
		}
	}
	return false;
}
