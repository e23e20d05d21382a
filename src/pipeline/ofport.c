/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of a bridge: numbers, names, what OpenFlow may set, and who is behind a fast-path port.
 *
 * A number once used is not given to another port while there are fresh ones: flows and controllers
 * that still speak of the old port must not hit the new one. */
#include <errno.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "feature/loopguard/loopguard.h"
#include "pipeline/guard.h"
#include "pipeline/pipeline.h"
#include "pipeline/port_desc.h"

struct ofport *ofport_ref(struct ofport *p)
{
	p->refs++;
	return p;
}

void ofport_unref(struct ofport *p)
{
	if (!p || --p->refs)
		return;
	free(p->name);
	free(p->peer_name);
	free(p);
}

struct ofport *pipeline_port_lookup(const struct pipeline *p, uint32_t ofport)
{
	struct ofport *o;
	HMAP_FOR_EACH_WITH_HASH(o, &p->ports, hash_u32(ofport, 0), by_number)
		if (o->ofport == ofport)
			return o;
	return NULL;
}

struct ofport *pipeline_port_lookup_name(const struct pipeline *p, const char *name)
{
	struct ofport *o;
	HMAP_FOR_EACH_WITH_HASH(o, &p->ports_by_name, hash_str(name, 0), by_name)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

struct ofport *datapath_port_lookup(const struct datapath *d, uint32_t dp_port)
{
	struct ofport *o;
	HMAP_FOR_EACH_WITH_HASH(o, &d->ports, hash_u32(dp_port, 0), by_dp_port)
		if (o->dp_port == dp_port)
			return o;
	return NULL;
}

struct ofport *datapath_tunnel_lookup(const struct datapath *d, const struct tunnel *t)
{
	struct ofport *o;
	HMAP_FOR_EACH_WITH_HASH(o, &d->tunnels, hash_ptr(t, 0), by_dp_port)
		if (o->tunnel == t)
			return o;
	return NULL;
}

int pipeline_ofport_alloc(struct pipeline *p, const char *name, uint32_t want, uint32_t *ret)
{
	struct ofport *o = pipeline_port_lookup_name(p, name);
	if (o) {
		*ret = o->ofport;
		return 0;
	}
	if (want != UINT32_MAX && want > 0 && (want < OFPORT_MAX || want == OFPORT_LOCAL) &&
	    !pipeline_port_lookup(p, want)) {
		*ret = want;
		return 0;
	}
	for (uint32_t i = 0; i < OFPORT_MAX; i++) {
		uint32_t next = p->last_ofport + 1;
		if (next >= OFPORT_MAX)
			next = 1;
		p->last_ofport = next;
		if (!pipeline_port_lookup(p, next)) {
			*ret = next;
			return 0;
		}
	}
	return -ENOSPC;
}

struct ofport *ofport_peer(const struct ofport *o)
{
	if (!o->peer_name || !o->pipeline)
		return NULL;
	struct pipeline *p;
	LIST_FOR_EACH(p, &o->pipeline->datapath->pipelines, node) {
		struct ofport *peer = pipeline_port_lookup_name(p, o->peer_name);
		if (peer)
			return peer->peer_name && !strcmp(peer->peer_name, o->name) ? peer : NULL;
	}
	return NULL;
}

static void tell(struct ofport *o, enum of_port_status_reason reason)
{
	struct pipeline *p = o->pipeline;
	if (!p->listener || !p->listener->port_status)
		return;
	struct of_port_status status = { .reason = reason };
	ofport_describe(o, &status.desc);
	p->listener->port_status(p->listener_arg, &status);
}

static void index_put(struct ofport *o)
{
	struct datapath *d = o->pipeline->datapath;
	if (o->tunnel)
		hmap_insert(&d->tunnels, &o->by_dp_port, hash_ptr(o->tunnel, 0));
	else if (o->dp_port != DP_PORT_NONE)
		hmap_insert(&d->ports, &o->by_dp_port, hash_u32(o->dp_port, 0));
}

static void index_del(struct ofport *o)
{
	struct datapath *d = o->pipeline->datapath;
	if (o->tunnel)
		hmap_remove(&d->tunnels, &o->by_dp_port);
	else if (o->dp_port != DP_PORT_NONE)
		hmap_remove(&d->ports, &o->by_dp_port);
}

static bool same_str(const char *a, const char *b) { return a && b ? !strcmp(a, b) : a == b; }

int pipeline_port_put(struct pipeline *p, const struct ofport_config *c, struct err *err)
{
	struct ofport *o = pipeline_port_lookup(p, c->ofport), *other;
	if (!c->ofport || (c->ofport >= OFPORT_MAX && c->ofport != OFPORT_LOCAL))
		return err_set(err, -EINVAL, "%u is no port number", c->ofport);
	if (o && strcmp(o->name, c->name))
		return err_set(err, -EEXIST, "port number %u is taken by %s", c->ofport, o->name);
	other = pipeline_port_lookup_name(p, c->name);
	if (other && other != o)
		return err_set(err, -EEXIST, "port %s has number %u", c->name, other->ofport);
	if (c->dp_port != DP_PORT_NONE && !c->tunnel) {
		other = datapath_port_lookup(p->datapath, c->dp_port);
		if (other && other != o)
			return err_set(err, -EEXIST, "datapath port %u is port %s of bridge %s",
				       c->dp_port, other->name, other->pipeline->name);
	}
	bool is_new = !o;
	if (is_new) {
		o = xzalloc(sizeof *o);
		o->refs = 1;
		o->pipeline = p;
		o->name = xstrdup(c->name);
		o->ofport = c->ofport;
		o->dp_port = DP_PORT_NONE;
		o->created_ns = clock_mono_ns();
		o->bond_may_enable = true;
		o->state = OFPPS_LIVE;
		list_init(&o->bundle_node);
		hmap_insert(&p->ports, &o->by_number, hash_u32(o->ofport, 0));
		hmap_insert(&p->ports_by_name, &o->by_name, hash_str(o->name, 0));
	} else {
		bool same = o->port == c->port && o->dp_port == c->dp_port &&
			    o->tunnel == c->tunnel && o->internal == c->internal &&
			    o->mtu == c->mtu && !memcmp(&o->mac, &c->mac, sizeof o->mac) &&
			    same_str(o->peer_name, c->peer);
		if (same)
			return 0;
		index_del(o);
	}
	if (o->port != c->port) {
		if (c->port)
			port_ref(c->port);
		port_unref(o->port);
		o->port = c->port;
	}
	o->dp_port = c->dp_port;
	o->tunnel = c->tunnel;
	o->internal = c->internal;
	o->mtu = c->mtu;
	bool mac_changed = memcmp(&o->mac, &c->mac, sizeof o->mac);
	o->mac = c->mac;
	if (!same_str(o->peer_name, c->peer)) {
		free(o->peer_name);
		o->peer_name = c->peer ? xstrdup(c->peer) : NULL;
	}
	index_put(o);
	guard_update_port(o);
	if (o->ofport == OFPORT_LOCAL && mac_changed && p->loopguard)
		loopguard_set_mac(p->loopguard, o->mac);
	tell(o, is_new ? OFPPR_ADD : OFPPR_MODIFY);
	datapath_touch(p->datapath);
	return 0;
}

void pipeline_port_del(struct pipeline *p, uint32_t ofport)
{
	struct ofport *o = pipeline_port_lookup(p, ofport);
	if (!o)
		return;
	guard_forget_port(o);
	tell(o, OFPPR_DELETE);
	index_del(o);
	hmap_remove(&p->ports, &o->by_number);
	hmap_remove(&p->ports_by_name, &o->by_name);
	list_remove(&o->bundle_node);
	o->bundle = NULL;
	port_unref(o->port);
	o->port = NULL;
	o->tunnel = NULL;
	o->pipeline = NULL;
	ofport_unref(o);
	datapath_touch(p->datapath);
}

void ofport_set_config(struct ofport *o, uint32_t config, uint32_t mask)
{
	uint32_t new = (o->config & ~mask) | (config & mask);
	if (new == o->config)
		return;
	o->config = new;
	tell(o, OFPPR_MODIFY);
	datapath_touch(o->pipeline->datapath);
}

void ofport_set_state(struct ofport *o, uint32_t state, uint32_t mask)
{
	uint32_t new = (o->state & ~mask) | (state & mask);
	if (new == o->state)
		return;
	o->state = new;
	tell(o, OFPPR_MODIFY);
	datapath_touch(o->pipeline->datapath);
}

void ofport_set_stp(struct ofport *o, enum ofport_stp stp)
{
	if (stp == o->stp)
		return;
	o->stp = stp;
	tell(o, OFPPR_MODIFY);
	datapath_touch(o->pipeline->datapath);
}

static const char *port_name(uint32_t port, void *p_)
{
	const struct ofport *o = pipeline_port_lookup(p_, port);
	return o ? o->name : NULL;
}

static bool port_number(const char *name, uint32_t *ret, void *p_)
{
	const struct ofport *o = pipeline_port_lookup_name(p_, name);
	if (o)
		*ret = o->ofport;
	return o;
}

void pipeline_port_names(struct pipeline *p, bool print, struct ofport_names *ret)
{
	*ret = (struct ofport_names){ port_name, port_number, p, print };
}
