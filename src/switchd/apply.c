/* SPDX-License-Identifier: Apache-2.0 */
/* From what is to what is wanted, with the least that has to move. Nothing is ever reset: a change
 * to one port leaves the packets of all others alone.
 *
 * Order, and why: first everything goes that is not wanted any more, over all bridges, since its
 * device or number may be wanted elsewhere. Then bridges come, then interfaces (those whose number
 * is asked for, then those that had one, then new ones, so that numbers stay what they were), then
 * what refers to interfaces: ports, mirrors, the bridge's address. What fails says so in its row
 * and is tried again at the next change, and when a device of its name appears. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "io/tls.h"
#include "switchd/switchd.h"
#include "switchd/text.h"
#include "upcall/upcall.h"

LOG_MODULE(bridge);

enum { DEFAULT_MTU = 1500 };

struct bridge *bridge_by_name(const struct switchd *s, const char *name)
{
	struct bridge *b;
	LIST_FOR_EACH(b, &s->bridges, node) {
		if (!strcmp(b->name, name))
			return b;
	}
	return NULL;
}

struct iface *bridge_iface(const struct bridge *b, const char *name)
{
	struct iface *i;
	HMAP_FOR_EACH_WITH_HASH(i, &b->ifaces_by_name, hash_str(name, 0), by_name) {
		if (!strcmp(i->name, name))
			return i;
	}
	return NULL;
}

struct iface *bridge_iface_by_ofport(const struct bridge *b, uint32_t ofport)
{
	struct ofport *p = pipeline_port_lookup(b->pipeline, ofport);
	return p ? bridge_iface(b, p->name) : NULL;
}

static struct bridge_port *bridge_port(const struct bridge *b, const char *name)
{
	struct bridge_port *p;
	LIST_FOR_EACH(p, &b->ports, node) {
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

/* ---- bridges --------------------------------------------------------------------------------- */

static void port_free(struct bridge *b, struct bridge_port *p)
{
	if (p->in_pipeline)
		pipeline_bundle_del(b->pipeline, p->name);
	list_remove(&p->node);
	free(p->name);
	free(p);
}

static void bridge_free(struct bridge *b)
{
	struct bridge_port *p;
	struct iface *i;

	LIST_FOR_EACH_SAFE(p, &b->ports, node)
		port_free(b, p);
	LIST_FOR_EACH_SAFE(i, &b->ifaces, node)
		iface_free(i);
	wiring_bridge_del(b);
	pipeline_free(b->pipeline);
	list_remove(&b->node);
	b->backer->n_bridges--;
	hmap_fini(&b->ifaces_by_name);
	strmap_fini(&b->mirrors);
	free(b->name);
	free(b->type);
	free(b);
}

/* The address that a bridge has when no port lends it one: made of the row's identity, so that it
 * survives restarts of the daemon and of the host. */
static struct eth_addr own_mac(const struct uuid *uuid)
{
	struct eth_addr a;
	if (uuid_is_zero(uuid))
		random_bytes(a.b, sizeof a.b);
	else
		memcpy(a.b, uuid->b + 10, sizeof a.b);
	a.b[0] = (a.b[0] & ~1) | 2;
	return a;
}

static struct bridge *bridge_new(struct switchd *s, struct want_bridge *w)
{
	AUTO_ERR err = ERR_INIT;
	struct backer *k;
	int r = backer_get(s, w->type, &k, &err);
	if (r < 0) {
		log_warn("could not create datapath %s of type %s: %s", w->name, w->type,
			 err_text(&err));
		log_err("failed to create bridge %s: %s", w->name, err_name(r));
		return NULL;
	}
	struct bridge *b = xzalloc(sizeof *b);
	b->switchd = s;
	b->name = xstrdup(w->name);
	b->type = xstrdup(w->type);
	b->uuid = w->uuid;
	b->backer = k;
	b->own_mac = own_mac(&w->uuid);
	list_init(&b->ports);
	list_init(&b->ifaces);
	hmap_init(&b->ifaces_by_name);
	b->pipeline = pipeline_new(k->datapath, w->name);
	k->n_bridges++;

	struct bridge *after;
	LIST_FOR_EACH(after, &s->bridges, node) {
		if (strcmp(after->name, b->name) > 0)
			break;
	}
	list_insert_before(&after->node, &b->node);

	r = wiring_bridge_add(b, &err);
	if (r < 0) {
		log_err("failed to create bridge %s: %s", w->name, err_text(&err));
		bridge_free(b);
		return NULL;
	}
	return b;
}

/* ---- interfaces ------------------------------------------------------------------------------ */

/* Marks by walking the wanted ones once: a nested search would be quadratic in ports. */
static void remove_ifaces(struct bridge *b, const struct want_bridge *w)
{
	struct hmap wanted;
	struct iface *i;
	struct want_port *p;
	struct want_iface *wi;
	struct mark {
		struct hmap_node node;
		struct want_iface *want;
	} * marks;
	size_t n = 0;

	LIST_FOR_EACH(p, &w->ports, node)
		n += list_size(&p->ifaces);
	marks = xcalloc(n ? n : 1, sizeof *marks);
	hmap_init(&wanted);
	n = 0;
	LIST_FOR_EACH(p, &w->ports, node) {
		LIST_FOR_EACH(wi, &p->ifaces, node) {
			marks[n].want = wi;
			hmap_insert(&wanted, &marks[n++].node, hash_str(wi->name, 0));
		}
	}
	LIST_FOR_EACH_SAFE(i, &b->ifaces, node) {
		struct mark *m;
		struct want_iface *want = NULL;
		HMAP_FOR_EACH_WITH_HASH(m, &wanted, hash_str(i->name, 0), node) {
			if (!strcmp(m->want->name, i->name))
				want = m->want;
		}
		if (!want || iface_must_be_replaced(i, want)) {
			iface_free(i);
			continue;
		}
		if (i->device_lost)
			iface_detach(i);
		else if (!iface_reconfigure(i, want))
			iface_detach(i);
	}
	hmap_fini(&wanted);
	free(marks);
}

/* Returns true if the interface belongs to this round of numbering. */
static bool round_of(const struct want_iface *w, const struct iface *i, int round)
{
	int r = w->is_local || w->ofport_request ? 0 : w->ofport_before || (i && i->ofport) ? 1 : 2;
	return r == round;
}

static void add_ifaces(struct bridge *b, const struct want_bridge *w)
{
	for (int round = 0; round < 3; round++) {
		struct want_port *p;
		LIST_FOR_EACH(p, &w->ports, node) {
			struct want_iface *wi;
			LIST_FOR_EACH(wi, &p->ifaces, node) {
				struct iface *i = bridge_iface(b, wi->name);
				if (!round_of(wi, i, round))
					continue;
				if (!i)
					i = iface_new(b, wi);
				i->uuid = wi->uuid;
				iface_attach(i, wi);
				iface_set_device(i, wi);
			}
		}
	}
}

/* ---- ports (bundles) ------------------------------------------------------------------------- */

static bool link_is_up(const struct iface *i)
{
	struct port_state st;
	iface_get_state(i, &st);
	return i->attached && st.link_up;
}

/* Of several interfaces one is used: the active one while its link is up, else the first whose link
 * is. The others are no members, so nothing is forwarded to or from them. */
static struct iface *choose_member(struct bridge *b, struct bridge_port *p,
				   const struct want_port *w)
{
	struct want_iface *wi;
	struct iface *first = NULL, *up = NULL;
	bool active_is_member = false;
	LIST_FOR_EACH(wi, &w->ifaces, node) {
		struct iface *i = bridge_iface(b, wi->name);
		if (!i || !i->attached)
			continue;
		if (!first)
			first = i;
		if (!up && link_is_up(i))
			up = i;
		if (i == p->active)
			active_is_member = true;
	}
	if (p->active && active_is_member && link_is_up(p->active))
		return p->active;
	struct iface *chosen = up ? up : first;
	if (chosen && chosen != p->active)
		log_info("port %s: active interface is now %s", w->name, chosen->name);
	return chosen;
}

static void put_port(struct bridge *b, const struct want_port *w)
{
	struct bridge_port *p = bridge_port(b, w->name);
	if (!p) {
		p = xzalloc(sizeof *p);
		p->name = xstrdup(w->name);
		list_push_back(&b->ports, &p->node);
	}
	p->uuid = w->uuid;

	struct iface *member = NULL;
	if (list_size(&w->ifaces) > 1) {
		desired_tell_once("a bond other than active-backup", w->name);
		member = p->active = choose_member(b, p, w);
	} else if (!list_is_empty(&w->ifaces)) {
		struct want_iface *wi = LIST_ENTRY(w->ifaces.next, struct want_iface, node);
		member = bridge_iface(b, wi->name);
		if (member && !member->attached)
			member = NULL;
		p->active = NULL;
	}
	if (!member) {
		if (p->in_pipeline)
			pipeline_bundle_del(b->pipeline, p->name);
		p->in_pipeline = false;
		return;
	}
	struct bundle_config c = {
		.name = w->name,
		.ofports = &member->ofport,
		.n_ofports = 1,
		.vlan_mode = w->vlan_mode,
		.vlan = w->vlan,
		.trunks = w->trunks,
		.cvlans = w->cvlans,
		.qinq_ethertype = w->qinq_ethertype,
		.priority_tags = w->priority_tags,
		.is_protected = w->is_protected,
	};
	AUTO_ERR err = ERR_INIT;
	if (pipeline_bundle_put(b->pipeline, &c, &err) < 0)
		log_err("bridge %s: port %s: %s", b->name, w->name, err_text(&err));
	else
		p->in_pipeline = true;
}

static const struct want_port *wanted_port(const struct want_bridge *w, const char *name)
{
	struct want_port *p;
	LIST_FOR_EACH(p, &w->ports, node) {
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

static void put_ports(struct bridge *b, const struct want_bridge *w)
{
	struct bridge_port *p;
	struct want_port *wp;
	LIST_FOR_EACH_SAFE(p, &b->ports, node) {
		if (!wanted_port(w, p->name))
			port_free(b, p);
	}
	LIST_FOR_EACH(wp, &w->ports, node)
		put_port(b, wp);
}

/* ---- mirrors --------------------------------------------------------------------------------- */

static void put_mirrors(struct bridge *b, const struct want_bridge *w)
{
	struct strmap now = STRMAP_INIT;
	struct want_mirror *m;
	LIST_FOR_EACH(m, &w->mirrors, node) {
		AUTO_ERR err = ERR_INIT;
		struct mirror_config c = {
			.name = m->name,
			.uuid = m->uuid,
			.src = (const char *const *)m->src,
			.dst = (const char *const *)m->dst,
			.n_src = m->n_src,
			.n_dst = m->n_dst,
			.select_all = m->select_all,
			.vlans = m->vlans,
			.out_bundle = m->out_port,
			.out_vlan = m->out_vlan,
			.snaplen = m->snaplen,
		};
		if (!m->out_port && m->out_vlan < 0) {
			log_err("bridge %s: mirror %s does not specify output; ignoring", b->name,
				m->name);
			continue;
		}
		if (pipeline_mirror_put(b->pipeline, &c, &err) < 0) {
			log_err("bridge %s: mirror %s: %s", b->name, m->name, err_text(&err));
			continue;
		}
		strmap_put(&now, m->name, "");
	}
	STRMAP_FOR_EACH(e, &b->mirrors) {
		if (!strmap_get(&now, e->key))
			pipeline_mirror_del(b->pipeline, e->key);
	}
	strmap_fini(&b->mirrors);
	b->mirrors = now;
}

/* ---- addresses and MTU ----------------------------------------------------------------------- */

/* other_config:hwaddr; else the lowest universally administered address among the ports, so that a
 * bridge over a NIC has the NIC's; else its own. */
static struct eth_addr choose_mac(const struct bridge *b, const struct want_bridge *w)
{
	struct eth_addr best = b->own_mac;
	bool found = false;
	struct iface *i;

	if (w->has_hwaddr)
		return w->hwaddr;
	LIST_FOR_EACH(i, &b->ifaces, node) {
		struct port_state st;
		if (!i->attached || i->is_local || !i->port || i->tunnel)
			continue;
		i->port->ops->get_state(i->port, &st);
		static const struct eth_addr zero;
		if ((st.mac.b[0] & 3) || !memcmp(&st.mac, &zero, sizeof zero))
			continue; /* locally administered, or none */
		if (!found || memcmp(&st.mac, &best, sizeof best) < 0)
			best = st.mac;
		found = true;
	}
	return best;
}

static uint64_t mac_to_u64(struct eth_addr a)
{
	uint64_t v = 0;
	for (int i = 0; i < 6; i++)
		v = v << 8 | a.b[i];
	return v;
}

static void set_addresses(struct bridge *b, const struct want_bridge *w)
{
	struct iface *local = bridge_iface(b, b->name);
	struct eth_addr mac = choose_mac(b, w);
	AUTO_ERR err = ERR_INIT;

	if (local && local->attached && local->port) {
		struct port_state st;
		local->port->ops->get_state(local->port, &st);
		if (memcmp(&st.mac, &mac, sizeof mac) && local->port->ops->set_mac) {
			if (local->port->ops->set_mac(local->port, mac, &err) < 0)
				log_err("bridge %s: could not set its Ethernet address (%s)",
					b->name, err_text(&err));
			iface_update_pipeline(local);
		}
	}
	if (memcmp(&b->mac, &mac, sizeof mac)) {
		b->mac = mac;
		if (b->pipeline->loopguard)
			loopguard_set_mac(b->pipeline->loopguard, mac);
	}
	uint64_t id = w->datapath_id ? w->datapath_id : mac_to_u64(mac);
	if (id != b->datapath_id) {
		b->datapath_id = id;
		pipeline_set_datapath_id(b->pipeline, id);
		log_info("bridge %s: using datapath ID %016llx", b->name, (unsigned long long)id);
	}
}

/* Internal ports follow the smallest MTU of the bridge's devices, unless a row asks for one. */
static void set_internal_mtus(struct bridge *b)
{
	uint32_t mtu = 0;
	struct iface *i;
	LIST_FOR_EACH(i, &b->ifaces, node) {
		struct port_state st;
		if (!i->attached || !i->port || i->tunnel)
			continue;
		if (!strcmp(i->type, "internal") && !i->mtu_request)
			continue;
		i->port->ops->get_state(i->port, &st);
		if (st.mtu && (!mtu || st.mtu < mtu))
			mtu = st.mtu;
	}
	if (!mtu)
		mtu = DEFAULT_MTU;
	LIST_FOR_EACH(i, &b->ifaces, node) {
		struct port_state st;
		AUTO_ERR err = ERR_INIT;
		if (!i->attached || !i->port || strcmp(i->type, "internal") || i->mtu_request ||
		    !i->port->ops->set_mtu)
			continue;
		i->port->ops->get_state(i->port, &st);
		if (st.mtu == mtu)
			continue;
		if (i->port->ops->set_mtu(i->port, mtu, &err) < 0)
			log_warn("failed to set MTU for network device %s: %s", i->name,
				 err_text(&err));
		iface_update_pipeline(i);
	}
}

static void set_settings(struct bridge *b, const struct want_bridge *w)
{
	struct pipeline_settings st = {
		.fail_mode = w->fail_mode,
		.has_controllers = !list_is_empty(&w->controllers),
		.forward_bpdu = w->forward_bpdu,
		.loop_guard = w->loop_guard,
		.mac_idle_s = w->mac_idle_s,
		.mac_max = w->mac_max,
		.flood_vlans = w->flood_vlans,
		.max_flows_table0 = w->max_flows,
		.multicast_snooping = w->mcast_snooping,
	};
	pipeline_set_settings(b->pipeline, &st);

	/* Without controllers a bridge that may stand alone learns and forwards by itself. Flows go
	 * when controllers come or go, and when the fail mode of a bridge without any changes. */
	bool managed = st.has_controllers;
	if (!b->configured || managed != b->managed || (!managed && st.fail_mode != b->fail_mode))
		pipeline_flush_flows(b->pipeline, !managed && st.fail_mode == FAIL_STANDALONE);
	b->managed = managed;
	b->fail_mode = st.fail_mode;
}

static void apply_bridge(struct bridge *b, const struct want_bridge *w)
{
	b->uuid = w->uuid;
	set_settings(b, w);
	add_ifaces(b, w);
	put_ports(b, w);
	put_mirrors(b, w);
	set_addresses(b, w);
	set_internal_mtus(b);
	wiring_bridge_configure(b, w);
	b->configured = true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void index_ifaces(struct switchd *s)
{
	struct bridge *b;
	hmap_clear(&s->ifaces_by_uuid);
	LIST_FOR_EACH(b, &s->bridges, node) {
		struct iface *i;
		LIST_FOR_EACH(i, &b->ifaces, node) {
			if (!uuid_is_zero(&i->uuid))
				hmap_insert(&s->ifaces_by_uuid, &i->by_uuid, uuid_hash(&i->uuid));
		}
	}
}

static void reap_backers(struct switchd *s)
{
	struct backer *k;
	LIST_FOR_EACH_SAFE(k, &s->backers, node) {
		if (!k->n_bridges)
			backer_free(k);
	}
}

enum { EBPF_BY_DEFAULT = true };

/* Keys for "ssl:" controllers; without a row those of the command line hold. */
static void apply_tls(const struct desired *d)
{
	if (!d->ssl_key)
		return;
	tls_config_set_key(d->ssl_key);
	tls_config_set_cert(d->ssl_cert);
	tls_config_set_ca(d->ssl_ca, d->ssl_bootstrap);
}

void switchd_apply(struct switchd *s)
{
	struct desired *d = desired_read(s->idl);
	struct bridge *b;
	struct want_bridge *w;

	s->applied_seqno = idl_seqno(s->idl);
	if (!d->have_row) {
		/* Not our database yet, or emptied: changing nothing is safer than tearing down. */
		if (!s->row_missing_told)
			log_warn("the database has no row in table Open_vSwitch: run \"ovs-vsctl "
				 "init\"");
		s->row_missing_told = true;
		desired_free(d);
		return;
	}
	s->row_missing_told = false;
	apply_tls(d);
	upcall_configure(&(struct upcall_settings){
		.flow_limit = (unsigned)CLAMP(
			strmap_get_int(&d->other_config, "flow-limit", 200000), 0, UINT_MAX),
		.max_idle_ms = (unsigned)CLAMP(strmap_get_int(&d->other_config, "max-idle", 10000),
					       0, UINT_MAX),
	});
	if (list_is_empty(&s->backers))
		s->ebpf = strmap_get_bool(&d->other_config, "ebpf", EBPF_BY_DEFAULT);

	LIST_FOR_EACH_SAFE(b, &s->bridges, node) {
		w = desired_bridge(d, b->name);
		if (!w || w->error || strcmp(w->type, b->type))
			bridge_free(b);
	}
	LIST_FOR_EACH(b, &s->bridges, node)
		remove_ifaces(b, desired_bridge(d, b->name));
	LIST_FOR_EACH(w, &d->bridges, node) {
		if (w->error) {
			log_warn("failed to create bridge: %s", w->error);
			continue;
		}
		b = bridge_by_name(s, w->name);
		if (!b)
			b = bridge_new(s, w);
		if (b)
			apply_bridge(b, w);
	}
	reap_backers(s);
	index_ifaces(s);

	desired_free(s->desired);
	s->desired = d;
	s->applied_cfg = d->next_cfg;
	status_rearm_stats(s);
	status_changed(s);
	if (!s->ready) {
		port_sweep_devices();
		s->ready = true;
		if (s->on_ready)
			s->on_ready(s);
	}
}

void switchd_apply_soon(struct switchd *s) { deferred_put(&s->apply_soon, s->loop); }

void switchd_teardown(struct switchd *s)
{
	struct bridge *b;
	struct backer *k;
	deferred_cancel(&s->apply_soon);
	hmap_clear(&s->ifaces_by_uuid);
	LIST_FOR_EACH_SAFE(b, &s->bridges, node)
		bridge_free(b);
	LIST_FOR_EACH_SAFE(k, &s->backers, node)
		backer_free(k);
	desired_free(s->desired);
	s->desired = NULL;
}
