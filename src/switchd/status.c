/* SPDX-License-Identifier: Apache-2.0 */
/* What is, told to the database: numbers, errors, states, addresses, statistics.
 *
 * One transaction at a time. What changes while one is under way waits for its answer; nothing is
 * queued, since the next transaction is always made from what is then true. Writing a value that is
 * there already sends nothing (ovsdb/idl/idl.h), so all columns are simply written each time.
 * Open_vSwitch.cur_cfg goes in the same transaction as the numbers and errors that the
 * configuration led to: ovs-vsctl waits for the former and then prints the latter.
 *
 * Statistics are written every stats-update-interval, and at once for an interface that is new. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "ovsdb/idl/vswitch.h"
#include "switchd/switchd.h"
#include "switchd/system_stats.h"
#include "switchd/text.h"

LOG_MODULE(status);

enum { STATS_INTERVAL_MS = 5000 };

/* ---- Open_vSwitch ---------------------------------------------------------------------------- */

static void write_root(struct switchd *s, struct idl_txn *t, const struct vsw_open_vswitch *row)
{
	const char *types[64];
	size_t n = wiring_datapath_types(s, types, ARRAY_SIZE(types));
	vsw_open_vswitch_set_datapath_types(t, row, types, n);
	n = wiring_iface_types(s, types, ARRAY_SIZE(types));
	vsw_open_vswitch_set_iface_types(t, row, types, n);
	vsw_open_vswitch_set_dpdk_initialized(t, row, false);
	/* Start scripts write the version of the installation; by hand there is ours. */
	if (!vsw_open_vswitch_ovs_version(row))
		vsw_open_vswitch_set_ovs_version(t, row, OVS_COMPATIBLE_VERSION);
	if (vsw_open_vswitch_cur_cfg(row) != s->applied_cfg)
		vsw_open_vswitch_set_cur_cfg(t, row, s->applied_cfg);
}

static void write_system_stats(struct switchd *s, struct idl_txn *t,
			       const struct vsw_open_vswitch *row)
{
	struct strmap stats = STRMAP_INIT;
	if (s->desired && strmap_get_bool(&s->desired->other_config, "enable-statistics", false))
		system_stats_read(&stats);
	vsw_open_vswitch_set_statistics(t, row, &stats);
	strmap_fini(&stats);
}

/* ---- bridges and ports ----------------------------------------------------------------------- */

static void write_bridge(const struct bridge *b, struct idl_txn *t, const struct vsw_bridge *row)
{
	char id[17];
	struct strmap status = STRMAP_INIT;
	snprintf(id, sizeof id, "%016" PRIx64, b->datapath_id);
	vsw_bridge_set_datapath_id(t, row, id);
	vsw_bridge_set_datapath_version(t, row, "<built-in>");
	if (b->backer->note)
		strmap_put(&status, "datapath", b->backer->note);
	vsw_bridge_set_status(t, row, &status);
	strmap_fini(&status);
}

static void write_port(const struct bridge *b, const struct bridge_port *p, struct idl_txn *t,
		       const struct vsw_port *row)
{
	struct strmap status = STRMAP_INIT;
	struct iface *i = p->active ? p->active : bridge_iface(b, p->name);
	AUTO_STR state = STR_INIT, reason = STR_INIT;
	const struct loopguard *guard = b->pipeline->loopguard;
	if (i && i->attached && guard && loopguard_port_status(guard, i->ofport, &state, &reason)) {
		strmap_put(&status, "loop_guard", str_cstr(&state));
		if (reason.len)
			strmap_put(&status, "loop_guard_reason", str_cstr(&reason));
	}
	vsw_port_set_status(t, row, &status);
	strmap_fini(&status);

	if (p->active && p->active->port) {
		struct port_state st;
		char mac[18];
		p->active->port->ops->get_state(p->active->port, &st);
		eth_addr_to_text(st.mac, mac);
		vsw_port_set_bond_active_slave(t, row, mac);
	} else {
		vsw_port_set_bond_active_slave(t, row, NULL);
	}
}

/* ---- interfaces ------------------------------------------------------------------------------ */

static void clear_interface(struct idl_txn *t, const struct vsw_interface *row)
{
	vsw_interface_set_admin_state(t, row, NULL);
	vsw_interface_set_link_state(t, row, NULL);
	vsw_interface_set_duplex(t, row, NULL);
	vsw_interface_clear_link_speed(t, row);
	vsw_interface_clear_link_resets(t, row);
	vsw_interface_clear_mtu(t, row);
	vsw_interface_set_mac_in_use(t, row, NULL);
	vsw_interface_clear_ifindex(t, row);
	vsw_interface_clear_status(t, row);
	vsw_interface_clear_statistics(t, row);
}

static void write_device(const struct iface *i, struct idl_txn *t, const struct vsw_interface *row)
{
	struct port_state st;
	struct strmap status = STRMAP_INIT;
	char mac[18];

	iface_get_state(i, &st);
	if (i->tunnel)
		tunnel_get_status(i->tunnel, &status);
	else if (i->port && i->port->ops->get_status)
		i->port->ops->get_status(i->port, &status);
	vsw_interface_set_admin_state(t, row, st.admin_up ? "up" : "down");
	vsw_interface_set_link_state(t, row, st.link_up ? "up" : "down");
	eth_addr_to_text(st.mac, mac);
	vsw_interface_set_mac_in_use(t, row, mac);
	vsw_interface_set_ifindex(t, row, st.ifindex);
	vsw_interface_set_link_resets(t, row, st.link_resets);
	if (st.mtu)
		vsw_interface_set_mtu(t, row, st.mtu);
	else
		vsw_interface_clear_mtu(t, row);
	if (st.speed_bps) {
		vsw_interface_set_link_speed(t, row, st.speed_bps);
		vsw_interface_set_duplex(t, row, st.full_duplex ? "full" : "half");
	} else {
		vsw_interface_clear_link_speed(t, row);
		vsw_interface_set_duplex(t, row, NULL);
	}
	vsw_interface_set_status(t, row, &status);
	strmap_fini(&status);
}

static void put_stat(const char *keys[], int64_t values[], size_t *n, const char *key, uint64_t v)
{
	if (v == UINT64_MAX) /* not counted */
		return;
	keys[*n] = key;
	values[(*n)++] = (int64_t)v;
}

/* Into the order of the column. */
static void sort_stats(const char *keys[], int64_t values[], size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const char *key = keys[i];
		int64_t value = values[i];
		size_t k = i;
		for (; k && strcmp(keys[k - 1], key) > 0; k--) {
			keys[k] = keys[k - 1];
			values[k] = values[k - 1];
		}
		keys[k] = key;
		values[k] = value;
	}
}

/* Keys are those of OVS. */
static void write_statistics(const struct iface *i, struct idl_txn *t,
			     const struct vsw_interface *row)
{
	const char *keys[16 + PORT_MAX_CUSTOM_STATS];
	int64_t values[16 + PORT_MAX_CUSTOM_STATS];
	size_t n = 0;

	if (i->port && !i->tunnel) {
		struct port_stats st;
		i->port->ops->get_stats(i->port, &st);
		put_stat(keys, values, &n, "collisions", st.collisions);
		put_stat(keys, values, &n, "rx_bytes", st.rx_bytes);
		put_stat(keys, values, &n, "rx_crc_err", st.rx_crc_errors);
		put_stat(keys, values, &n, "rx_dropped", st.rx_dropped);
		put_stat(keys, values, &n, "rx_errors", st.rx_errors);
		put_stat(keys, values, &n, "rx_frame_err", st.rx_frame_errors);
		put_stat(keys, values, &n, "rx_missed_errors", st.rx_missed_errors);
		put_stat(keys, values, &n, "rx_multicast_packets", st.multicast);
		put_stat(keys, values, &n, "rx_over_err", st.rx_over_errors);
		put_stat(keys, values, &n, "rx_packets", st.rx_packets);
		put_stat(keys, values, &n, "tx_bytes", st.tx_bytes);
		put_stat(keys, values, &n, "tx_dropped", st.tx_dropped);
		put_stat(keys, values, &n, "tx_errors", st.tx_errors);
		put_stat(keys, values, &n, "tx_packets", st.tx_packets);
		if (i->port->ops->get_custom_stats) {
			struct port_custom_stat c[PORT_MAX_CUSTOM_STATS];
			unsigned n_custom = i->port->ops->get_custom_stats(i->port, c);
			for (unsigned k = 0; k < n_custom; k++)
				put_stat(keys, values, &n, c[k].name, c[k].value);
		}
	} else if (i->tunnel) {
		const struct port_stats *st = tunnel_stats(i->tunnel);
		put_stat(keys, values, &n, "rx_bytes", st->rx_bytes);
		put_stat(keys, values, &n, "rx_packets", st->rx_packets);
		put_stat(keys, values, &n, "tx_bytes", st->tx_bytes);
		put_stat(keys, values, &n, "tx_packets", st->tx_packets);
	} else {
		const struct ofport *p = pipeline_port_lookup(i->bridge->pipeline, i->ofport);
		static const struct ofport_stats none;
		const struct ofport_stats *st = p ? &p->stats : &none;
		put_stat(keys, values, &n, "rx_bytes", st->rx_bytes);
		put_stat(keys, values, &n, "rx_packets", st->rx_packets);
		put_stat(keys, values, &n, "tx_bytes", st->tx_bytes);
		put_stat(keys, values, &n, "tx_packets", st->tx_packets);
	}
	sort_stats(keys, values, n);
	vsw_interface_set_statistics(t, row, keys, values, n);
}

/* A patch port without its other end works, but nothing passes. */
static void write_patch_error(const struct iface *i, struct idl_txn *t,
			      const struct vsw_interface *row)
{
	const struct ofport *p = pipeline_port_lookup(i->bridge->pipeline, i->ofport);
	if (p && ofport_peer(p)) {
		vsw_interface_set_error(t, row, NULL);
		return;
	}
	AUTO_FREE char *text =
		xasprintf("No usable peer '%s' exists in '%s' datapath.", i->peer, i->bridge->type);
	vsw_interface_set_error(t, row, text);
}

static void write_interface(struct iface *i, struct idl_txn *t, const struct vsw_interface *row,
			    bool with_stats)
{
	if (!i->attached) {
		clear_interface(t, row);
		vsw_interface_set_error(t, row, i->error);
		if (i->is_ofport_refused)
			vsw_interface_set_ofport(t, row, -1);
		else
			vsw_interface_clear_ofport(t, row);
		i->stats_written = false;
		return;
	}
	vsw_interface_set_ofport(t, row, i->ofport);
	if (i->peer)
		write_patch_error(i, t, row);
	else
		vsw_interface_set_error(t, row, NULL);
	write_device(i, t, row);
	if (with_stats || !i->stats_written)
		write_statistics(i, t, row);
	i->stats_written = true;
}

static struct iface *iface_of_row(const struct switchd *s, const struct uuid *uuid)
{
	struct iface *i;
	HMAP_FOR_EACH_WITH_HASH(i, &s->ifaces_by_uuid, uuid_hash(uuid), by_uuid) {
		if (uuid_equal(&i->uuid, uuid))
			return i;
	}
	return NULL;
}

/* ---- controllers and mirrors ----------------------------------------------------------------- */

struct controller_search {
	struct idl_txn *txn;
	const struct vsw_controller *row;
	bool found;
};

static void write_controller(const struct openflow_controller_status *st, void *arg)
{
	struct controller_search *c = arg;
	struct strmap status = STRMAP_INIT;
	if (c->found || strcmp(st->target, vsw_controller_target(c->row)))
		return;
	c->found = true;
	vsw_controller_set_is_connected(c->txn, c->row, st->is_connected);
	vsw_controller_set_role(c->txn, c->row, st->role);
	if (st->state)
		strmap_put(&status, "state", st->state);
	if (st->last_error)
		strmap_put(&status, "last_error", st->last_error);
	/* Seconds would change every time and wake every client that watches: told with statistics.
	 */
	vsw_controller_set_status(c->txn, c->row, &status);
	strmap_fini(&status);
}

static void write_controllers(const struct bridge *b, struct idl_txn *t,
			      const struct vsw_bridge *row)
{
	for (size_t i = 0; i < vsw_bridge_n_controller(row); i++) {
		struct controller_search c = { .txn = t, .row = vsw_bridge_controller(row, i) };
		if (!c.row)
			continue;
		openflow_server_for_each_controller(b->openflow, write_controller, &c);
		if (!c.found) {
			vsw_controller_set_is_connected(t, c.row, false);
			vsw_controller_set_role(t, c.row, NULL);
		}
	}
}

static void write_mirrors(const struct bridge *b, struct idl_txn *t, const struct vsw_bridge *row)
{
	for (size_t i = 0; i < vsw_bridge_n_mirrors(row); i++) {
		const struct vsw_mirror *m = vsw_bridge_mirrors(row, i);
		uint64_t packets, bytes;
		if (!m ||
		    pipeline_mirror_stats(b->pipeline, vsw_mirror_name(m), &packets, &bytes) < 0)
			continue;
		const char *keys[] = { "tx_bytes", "tx_packets" };
		int64_t values[] = { (int64_t)bytes, (int64_t)packets };
		vsw_mirror_set_statistics(t, m, keys, values, 2);
	}
}

/* ---- the transaction ------------------------------------------------------------------------- */

static void write_all(struct switchd *s, struct idl_txn *t, const struct vsw_open_vswitch *root)
{
	const struct vsw_interface *irow;
	struct bridge *b;

	write_root(s, t, root);
	if (s->stats_due)
		write_system_stats(s, t, root);
	LIST_FOR_EACH(b, &s->bridges, node) {
		const struct vsw_bridge *row = vsw_bridge_by_uuid(s->idl, &b->uuid);
		struct bridge_port *p;
		if (!row)
			continue;
		write_bridge(b, t, row);
		write_controllers(b, t, row);
		if (s->stats_due)
			write_mirrors(b, t, row);
		LIST_FOR_EACH(p, &b->ports, node) {
			const struct vsw_port *prow = vsw_port_by_uuid(s->idl, &p->uuid);
			if (prow)
				write_port(b, p, t, prow);
		}
	}
	VSW_INTERFACE_FOR_EACH(irow, s->idl)
	{
		struct iface *i = iface_of_row(s, vsw_interface_uuid(irow));
		if (i) {
			write_interface(i, t, irow, s->stats_due);
		} else {
			clear_interface(t, irow);
			vsw_interface_clear_ofport(t, irow);
		}
	}
}

static void on_done(struct idl_txn *t, void *arg)
{
	struct switchd *s = arg;
	enum idl_status st = idl_txn_status(t);
	if (st == IDL_ERROR)
		log_err("status update refused by the database: %s", idl_txn_error(t));
	/* TRY_AGAIN and NOT_LOCKED: the replica changes when there is a reason to try again. */
	if (st == IDL_TRY_AGAIN)
		s->status_dirty = true;
	idl_txn_free(t);
	s->status_txn = NULL;
	if (s->status_dirty)
		status_changed(s);
}

void status_run(struct switchd *s)
{
	if (!s->status_dirty || s->status_txn || !s->ready)
		return;
	if (!idl_is_ready(s->idl) || !idl_is_connected(s->idl) || !idl_has_lock(s->idl))
		return; /* tried again when that changes */
	if (idl_seqno(s->idl) != s->applied_seqno)
		return; /* an apply comes first, and then calls again */
	const struct vsw_open_vswitch *root = vsw_open_vswitch_first(s->idl);
	if (!root)
		return;
	s->status_dirty = false;
	struct idl_txn *t = idl_txn_new(s->idl);
	write_all(s, t, root);
	s->stats_due = false;
	enum idl_status st = idl_txn_commit(t);
	if (st == IDL_INCOMPLETE) {
		s->status_txn = t;
		idl_txn_on_done(t, on_done, s);
		return;
	}
	if (st == IDL_TRY_AGAIN)
		s->status_dirty = true;
	else if (st != IDL_UNCHANGED && st != IDL_SUCCESS)
		log_warn("status update: %s", idl_status_name(st));
	idl_txn_free(t);
}

static void on_status_soon(struct deferred *d)
{
	status_run(CONTAINER_OF(d, struct switchd, status_soon));
}

void status_changed(struct switchd *s)
{
	s->status_dirty = true;
	deferred_put(&s->status_soon, s->loop);
}

static int64_t stats_interval_ns(const struct switchd *s)
{
	int64_t ms = STATS_INTERVAL_MS;
	if (s->desired)
		ms = strmap_get_int(&s->desired->other_config, "stats-update-interval", ms);
	return MAX(ms, STATS_INTERVAL_MS) * NS_PER_MS;
}

static void on_stats(struct timer *t)
{
	struct switchd *s = CONTAINER_OF(t, struct switchd, stats);
	s->stats_due = true;
	status_changed(s);
	timer_arm_in(t, s->loop, stats_interval_ns(s));
}

void status_rearm_stats(struct switchd *s)
{
	int64_t latest = clock_mono_ns() + stats_interval_ns(s);
	if (!timer_is_armed(&s->stats) || s->stats.deadline_ns > latest)
		timer_arm_at(&s->stats, s->loop, latest);
}

void status_init(struct switchd *s)
{
	deferred_init(&s->status_soon, on_status_soon);
	timer_init(&s->stats, on_stats);
}

void status_stop(struct switchd *s)
{
	timer_disarm(&s->stats);
	deferred_cancel(&s->status_soon);
	idl_txn_free(s->status_txn);
	s->status_txn = NULL;
}
