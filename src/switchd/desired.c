/* SPDX-License-Identifier: Apache-2.0 */
/* The database lets through much that cannot be: two bridges that claim one port, a name that no
 * device can have, a bridge without the port that carries its own name. Here all of it is looked at
 * row by row, in the order of names so that the outcome never depends on the order of rows, and
 * what is wrong is written where the user looks. A port that two bridges claim goes to the bridge
 * whose name sorts first, always. */
#include "switchd/desired.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "ovsdb/idl/vswitch.h"
#include "switchd/text.h"

LOG_MODULE(bridge);

/* ---- told once ------------------------------------------------------------------------------- */

static struct strmap told = STRMAP_INIT;

void desired_tell_once(const char *what, const char *where)
{
	AUTO_FREE char *key = xasprintf("%s %s", what, where);
	if (strmap_get(&told, key))
		return;
	if (told.n > 1000) /* names come from outside: forget rather than grow */
		strmap_clear(&told);
	strmap_put(&told, key, "");
	log_warn("%s: %s is not implemented yet and has no effect", where, what);
}

/* Keys that OVS knows and nothing here looks at. "x-*" stands for all that begin with "x-". */
static void tell_unknown_keys(const struct strmap *map, const char *const keys[], size_t n,
			      const char *where)
{
	STRMAP_FOR_EACH(e, map) {
		for (size_t i = 0; i < n; i++) {
			size_t len = strlen(keys[i]);
			bool is_prefix = len && keys[i][len - 1] == '*';
			if (is_prefix ? strncmp(e->key, keys[i], len - 1) : strcmp(e->key, keys[i]))
				continue;
			AUTO_FREE char *what = xasprintf("other_config:%s", e->key);
			desired_tell_once(what, where);
		}
	}
}

static const char *const root_keys_unknown[] = {
	"dpdk-*",
	"pmd-*",
	"hw-offload",
	"tc-policy",
	"n-handler-threads",
	"n-revalidator-threads",
	"emc-insert-inv-prob",
	"smc-enable",
	"tx-flush-interval",
	"per-port-memory",
	"shared-mempool-config",
	"vhost-*",
	"vlan-limit",
	"bundle-idle-timeout",
	"offload-rebalance",
	"max-revalidator",
	"min-revalidate-pps",
	"ct-*",
	"signal-*",
};
static const char *const bridge_keys_unknown[] = {
	"mcast-snooping-*", "stp-*", "rstp-*", "dp-sn", "in-band-queue", "dscp",
};
static const char *const port_keys_unknown[] = {
	"lacp-*", "bond-*",	      "mcast-snooping-*",   "stp-*",
	"rstp-*", "lb-output-action", "all-members-active",
};

/* ---- sets of VLANs --------------------------------------------------------------------------- */

static uint64_t *vlan_bitmap(const struct idl_row *row, unsigned column)
{
	size_t n = idl_n(row, column);
	if (!n)
		return NULL;
	uint64_t *bits = xcalloc(64, sizeof *bits);
	for (size_t i = 0; i < n; i++) {
		int64_t v = idl_int_at(row, column, i);
		if (v >= 0 && v < 4096)
			bits[v / 64] |= 1ull << (v % 64);
	}
	return bits;
}

/* ---- interfaces ------------------------------------------------------------------------------ */

/* A bridge's own interface is an internal one whatever its row says. */
static const char *iface_type(const char *type, bool is_local)
{
	if (is_local)
		return "internal";
	return type && *type ? type : "system";
}

static struct want_iface *read_iface(const struct vsw_interface *row, const char *bridge)
{
	struct want_iface *w = xzalloc(sizeof *w);
	w->name = xstrdup(vsw_interface_name(row));
	w->uuid = *vsw_interface_uuid(row);
	w->is_local = !strcmp(w->name, bridge);
	w->type = xstrdup(iface_type(vsw_interface_type(row), w->is_local));
	vsw_interface_options_map(row, &w->options);
	vsw_interface_other_config_map(row, &w->other_config);

	int64_t n;
	if (vsw_interface_ofport_request(row, &n) && n > 0 && n < OFPORT_MAX)
		w->ofport_request = n;
	if (vsw_interface_ofport(row, &n) && n > 0 && n < OFPORT_MAX)
		w->ofport_before = n;
	if (vsw_interface_mtu_request(row, &n) && n > 0 && n <= UINT32_MAX)
		w->mtu_request = n;
	const char *mac = vsw_interface_mac(row);
	if (mac && w->is_local) {
		log_err("interface %s: ignoring mac in Interface record (use Bridge record to set "
			"local "
			"port's mac)",
			w->name);
	} else if (mac) {
		w->has_mac = eth_addr_from_text(mac, &w->mac);
		if (!w->has_mac || eth_addr_is_multicast_(w->mac)) {
			log_err("interface %s: mac \"%s\" is not an Ethernet address that a device "
				"can "
				"have",
				w->name, mac);
			w->has_mac = false;
		}
	}
	if (vsw_interface_ingress_policing_rate(row) > 0 ||
	    vsw_interface_ingress_policing_kpkts_rate(row) > 0)
		desired_tell_once("ingress policing", w->name);
	if (vsw_interface_bfd(row, "enable") &&
	    !strcasecmp(vsw_interface_bfd(row, "enable"), "true"))
		desired_tell_once("BFD (column bfd)", w->name);
	if (vsw_interface_cfm_mpid(row, &n))
		desired_tell_once("CFM (column cfm_mpid)", w->name);
	if (vsw_interface_lldp(row, "enable") &&
	    !strcasecmp(vsw_interface_lldp(row, "enable"), "true"))
		desired_tell_once("LLDP (column lldp)", w->name);
	return w;
}

static void iface_free(struct want_iface *w)
{
	free(w->name);
	free(w->type);
	strmap_fini(&w->options);
	strmap_fini(&w->other_config);
	free(w->error);
	free(w);
}

/* ---- ports ----------------------------------------------------------------------------------- */

/* Port.vlan_mode may be absent: then a tag makes an access port, else it is a trunk
 * (ovs-vswitchd.conf.db(5), "VLAN Configuration"). */
static void read_vlans(struct want_port *w, const struct vsw_port *row)
{
	const char *mode = vsw_port_vlan_mode(row);
	int64_t tag = -1;
	bool tagged = vsw_port_tag(row, &tag);

	w->trunks = vlan_bitmap(idl_row(row), VSW_PORT_TRUNKS);
	w->cvlans = vlan_bitmap(idl_row(row), VSW_PORT_CVLANS);
	w->vlan = tagged ? (int)tag : -1;
	if (!mode) {
		w->vlan_mode = tagged ? VLAN_ACCESS : VLAN_TRUNK;
		if (tagged && w->trunks)
			log_err("port %s: ignoring trunks in favor of implicit vlan", w->name);
	} else if (!strcmp(mode, "access")) {
		w->vlan_mode = VLAN_ACCESS;
	} else if (!strcmp(mode, "native-tagged")) {
		w->vlan_mode = VLAN_NATIVE_TAGGED;
	} else if (!strcmp(mode, "native-untagged")) {
		w->vlan_mode = VLAN_NATIVE_UNTAGGED;
	} else if (!strcmp(mode, "dot1q-tunnel")) {
		w->vlan_mode = VLAN_DOT1Q_TUNNEL;
	} else {
		w->vlan_mode = VLAN_TRUNK;
	}
	/* Modes with a VLAN of their own have VLAN 0 if none is given; a trunk has none. */
	if (w->vlan_mode == VLAN_TRUNK)
		w->vlan = -1;
	else if (w->vlan < 0)
		w->vlan = 0;
	if (w->vlan_mode == VLAN_ACCESS && w->trunks) {
		free(w->trunks);
		w->trunks = NULL;
	}
	if (w->vlan_mode == VLAN_NATIVE_TAGGED || w->vlan_mode == VLAN_NATIVE_UNTAGGED) {
		if (w->trunks) /* the native VLAN is carried even if 'trunks' leaves it out */
			w->trunks[w->vlan / 64] |= 1ull << (w->vlan % 64);
	}

	const char *ethtype = strmap_get(&w->other_config, "qinq-ethtype");
	w->qinq_ethertype = 0;
	if (ethtype && !strcasecmp(ethtype, "802.1q"))
		w->qinq_ethertype = 0x8100;
	const char *prio = strmap_get_def(&w->other_config, "priority-tags", "");
	if (!strcmp(prio, "if-nonzero") || !strcmp(prio, "true"))
		w->priority_tags = PRIORITY_TAGS_IF_NONZERO;
	else if (!strcmp(prio, "always"))
		w->priority_tags = PRIORITY_TAGS_ALWAYS;
	else
		w->priority_tags = PRIORITY_TAGS_NEVER;
}

static int by_iface_name(const void *a, const void *b)
{
	return strcmp(vsw_interface_name(*(const struct vsw_interface *const *)a),
		      vsw_interface_name(*(const struct vsw_interface *const *)b));
}

static struct want_port *read_port(const struct vsw_port *row, const char *bridge)
{
	struct want_port *w = xzalloc(sizeof *w);
	w->name = xstrdup(vsw_port_name(row));
	w->uuid = *vsw_port_uuid(row);
	list_init(&w->ifaces);
	vsw_port_other_config_map(row, &w->other_config);
	read_vlans(w, row);
	w->is_protected = vsw_port_protected(row);
	const char *bond_mode = vsw_port_bond_mode(row);
	w->bond_mode = bond_mode ? xstrdup(bond_mode) : NULL;

	size_t n = vsw_port_n_interfaces(row);
	AUTO_FREE const struct vsw_interface **rows = xcalloc(n ? n : 1, sizeof *rows);
	size_t n_rows = 0;
	for (size_t i = 0; i < n; i++) {
		const struct vsw_interface *r = vsw_port_interfaces(row, i);
		if (r)
			rows[n_rows++] = r;
	}
	qsort(rows, n_rows, sizeof *rows, by_iface_name);
	for (size_t i = 0; i < n_rows; i++)
		list_push_back(&w->ifaces, &read_iface(rows[i], bridge)->node);

	tell_unknown_keys(&w->other_config, port_keys_unknown, ARRAY_SIZE(port_keys_unknown),
			  w->name);
	const char *lacp = vsw_port_lacp(row);
	if (lacp && strcmp(lacp, "off"))
		desired_tell_once("LACP (column lacp)", w->name);
	if (vsw_port_bond_fake_iface(row))
		desired_tell_once("column bond_fake_iface", w->name);
	if (vsw_port_qos(row) && strcmp(vsw_qos_type(vsw_port_qos(row)), "linux-noop"))
		desired_tell_once("QoS (column qos)", w->name);
	return w;
}

static void port_free(struct want_port *w)
{
	struct want_iface *i;
	LIST_FOR_EACH_SAFE(i, &w->ifaces, node)
		iface_free(i);
	free(w->name);
	free(w->trunks);
	free(w->cvlans);
	free(w->bond_mode);
	strmap_fini(&w->other_config);
	free(w);
}

/* ---- mirrors, controllers -------------------------------------------------------------------- */

static char **port_names(const struct idl_row *row, unsigned column, size_t *ret_n)
{
	size_t n = idl_n(row, column);
	char **names = xcalloc(n ? n : 1, sizeof *names);
	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct idl_row *p = idl_ref_at(row, column, i);
		if (p)
			names[(*ret_n)++] = xstrdup(idl_str(p, VSW_PORT_NAME));
	}
	return names;
}

static struct want_mirror *read_mirror(const struct vsw_mirror *row)
{
	struct want_mirror *w = xzalloc(sizeof *w);
	int64_t n;
	w->name = xstrdup(vsw_mirror_name(row));
	w->uuid = *vsw_mirror_uuid(row);
	w->src = port_names(idl_row(row), VSW_MIRROR_SELECT_SRC_PORT, &w->n_src);
	w->dst = port_names(idl_row(row), VSW_MIRROR_SELECT_DST_PORT, &w->n_dst);
	w->select_all = vsw_mirror_select_all(row);
	w->vlans = vlan_bitmap(idl_row(row), VSW_MIRROR_SELECT_VLAN);
	const struct vsw_port *out = vsw_mirror_output_port(row);
	w->out_port = out ? xstrdup(vsw_port_name(out)) : NULL;
	w->out_vlan = vsw_mirror_output_vlan(row, &n) ? (int)n : -1;
	w->snaplen = vsw_mirror_snaplen(row, &n) ? (uint16_t)n : 0;
	return w;
}

static void mirror_free(struct want_mirror *w)
{
	for (size_t i = 0; i < w->n_src; i++)
		free(w->src[i]);
	for (size_t i = 0; i < w->n_dst; i++)
		free(w->dst[i]);
	free(w->src);
	free(w->dst);
	free(w->vlans);
	free(w->out_port);
	free(w->name);
	free(w);
}

static int opt_int(bool have, int64_t v)
{
	return !have || v < 0 ? -1 : v > INT_MAX ? INT_MAX : (int)v;
}

static struct want_controller *read_controller(const struct vsw_controller *row)
{
	struct want_controller *w = xzalloc(sizeof *w);
	int64_t n = 0;
	bool b = true;
	w->uuid = *vsw_controller_uuid(row);
	w->target = xstrdup(vsw_controller_target(row));
	bool have = vsw_controller_max_backoff(row, &n);
	w->max_backoff_ms = opt_int(have, n);
	have = vsw_controller_inactivity_probe(row, &n);
	w->probe_s = have && n == 0 ? 0 : opt_int(have, (n + 999) / 1000);
	have = vsw_controller_controller_rate_limit(row, &n);
	w->rate_limit = opt_int(have, n);
	have = vsw_controller_controller_burst_limit(row, &n);
	w->burst_limit = opt_int(have, n);
	have = vsw_controller_controller_queue_size(row, &n);
	w->queue_size = opt_int(have, n);
	w->enable_async = !vsw_controller_enable_async_messages(row, &b) || b;
	const char *mode = vsw_controller_connection_mode(row);
	w->in_band = !mode || strcmp(mode, "out-of-band");
	const char *type = vsw_controller_type(row);
	w->is_service = type && !strcmp(type, "service");
	vsw_controller_other_config_map(row, &w->other_config);
	return w;
}

static void controller_free(struct want_controller *w)
{
	free(w->target);
	strmap_fini(&w->other_config);
	free(w);
}

/* ---- bridges --------------------------------------------------------------------------------- */

static unsigned read_protocols(const struct vsw_bridge *row)
{
	static const struct {
		const char *name;
		unsigned version;
	} names[] = { { "OpenFlow10", 1 }, { "OpenFlow11", 2 }, { "OpenFlow12", 3 },
		      { "OpenFlow13", 4 }, { "OpenFlow14", 5 }, { "OpenFlow15", 6 } };
	unsigned bits = 0;
	for (size_t i = 0; i < vsw_bridge_n_protocols(row); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			if (!strcmp(vsw_bridge_protocols(row, i), names[j].name))
				bits |= 1u << names[j].version;
		}
	}
	return bits;
}

static int by_port_name(const void *a, const void *b)
{
	return strcmp(vsw_port_name(*(const struct vsw_port *const *)a),
		      vsw_port_name(*(const struct vsw_port *const *)b));
}

static void read_ports(struct want_bridge *w, const struct vsw_bridge *row)
{
	size_t n = vsw_bridge_n_ports(row), n_rows = 0;
	AUTO_FREE const struct vsw_port **rows = xcalloc(n ? n : 1, sizeof *rows);
	for (size_t i = 0; i < n; i++) {
		const struct vsw_port *p = vsw_bridge_ports(row, i);
		if (p)
			rows[n_rows++] = p;
	}
	qsort(rows, n_rows, sizeof *rows, by_port_name);

	bool have_local = false;
	for (size_t i = 0; i < n_rows; i++) {
		struct want_port *p = read_port(rows[i], w->name);
		have_local |= !strcmp(p->name, w->name);
		list_push_back(&w->ports, &p->node);
	}
	if (!have_local) {
		/* As OVS: a bridge has its local port also where no row says so. */
		struct want_port *p = xzalloc(sizeof *p);
		struct want_iface *i = xzalloc(sizeof *i);
		p->name = xstrdup(w->name);
		list_init(&p->ifaces);
		p->vlan_mode = VLAN_TRUNK;
		p->vlan = -1;
		i->name = xstrdup(w->name);
		i->type = xstrdup(iface_type("internal", true));
		i->is_local = true;
		list_push_back(&p->ifaces, &i->node);
		list_push_front(&w->ports, &p->node);
	}
}

static struct want_bridge *read_bridge(const struct vsw_bridge *row)
{
	struct want_bridge *w = xzalloc(sizeof *w);
	const char *s;

	w->name = xstrdup(vsw_bridge_name(row));
	w->uuid = *vsw_bridge_uuid(row);
	list_init(&w->ports);
	list_init(&w->mirrors);
	list_init(&w->controllers);
	s = vsw_bridge_datapath_type(row);
	w->type = xstrdup(s && *s ? s : "system");
	vsw_bridge_other_config_map(row, &w->other_config);

	s = strmap_get(&w->other_config, "hwaddr");
	if (s) {
		w->has_hwaddr = eth_addr_from_text(s, &w->hwaddr);
		if (!w->has_hwaddr || eth_addr_is_multicast_(w->hwaddr)) {
			log_err("bridge %s: other_config:hwaddr \"%s\" is not a unicast Ethernet "
				"address",
				w->name, s);
			w->has_hwaddr = false;
		}
	}
	s = strmap_get(&w->other_config, "datapath-id");
	if (s && !datapath_id_from_text(s, &w->datapath_id))
		log_err("bridge %s: other_config:datapath-id \"%s\" is not 16 hex digits (or 0x "
			"and up "
			"to 16), other than zero",
			w->name, s);

	s = vsw_bridge_fail_mode(row);
	w->fail_mode_given = s != NULL;
	w->fail_mode = s && !strcmp(s, "secure") ? FAIL_SECURE : FAIL_STANDALONE;
	w->forward_bpdu = strmap_get_bool(&w->other_config, "forward-bpdu", false);
	/* Simulated switches send nothing of their own accord: who injects packets counts packets.
	 */
	w->loop_guard =
		strmap_get_bool(&w->other_config, "loop-guard", !fastpath_is_simulated(w->type));
	w->disable_in_band = strmap_get_bool(&w->other_config, "disable-in-band", false);
	w->mac_idle_s = CLAMP(strmap_get_int(&w->other_config, "mac-aging-time", 300), 15, 3600);
	w->mac_max = CLAMP(strmap_get_int(&w->other_config, "mac-table-size", 8192), 10, 1000000);
	w->flood_vlans = vlan_bitmap(idl_row(row), VSW_BRIDGE_FLOOD_VLANS);
	w->protocols = read_protocols(row);
	w->mcast_snooping = vsw_bridge_mcast_snooping_enable(row);
	w->stp = vsw_bridge_stp_enable(row);
	w->rstp = vsw_bridge_rstp_enable(row);
	w->max_flows = UINT_MAX;
	const struct vsw_flow_table *t0 = vsw_bridge_flow_tables(row, 0);
	int64_t limit;
	if (t0 && vsw_flow_table_flow_limit(t0, &limit))
		w->max_flows = limit > UINT_MAX ? UINT_MAX : (unsigned)limit;

	read_ports(w, row);
	for (size_t i = 0; i < vsw_bridge_n_mirrors(row); i++) {
		const struct vsw_mirror *m = vsw_bridge_mirrors(row, i);
		if (m)
			list_push_back(&w->mirrors, &read_mirror(m)->node);
	}
	for (size_t i = 0; i < vsw_bridge_n_controller(row); i++) {
		const struct vsw_controller *c = vsw_bridge_controller(row, i);
		if (c)
			list_push_back(&w->controllers, &read_controller(c)->node);
	}

	tell_unknown_keys(&w->other_config, bridge_keys_unknown, ARRAY_SIZE(bridge_keys_unknown),
			  w->name);
	if (vsw_bridge_netflow(row))
		desired_tell_once("NetFlow", w->name);
	if (vsw_bridge_sflow(row))
		desired_tell_once("sFlow", w->name);
	if (vsw_bridge_ipfix(row))
		desired_tell_once("IPFIX", w->name);
	if (vsw_bridge_auto_attach(row))
		desired_tell_once("auto attach", w->name);
	if (w->mcast_snooping)
		desired_tell_once("multicast snooping", w->name);
	if (w->stp)
		desired_tell_once("STP (column stp_enable)", w->name);
	if (w->rstp)
		desired_tell_once("RSTP (column rstp_enable)", w->name);

	/* A name is a file in $OVS_RUNDIR and a device: a slash would leave both. */
	if (strchr(w->name, '/') || w->name[0] == '.' || strlen(w->name) >= IFNAMSIZ)
		w->error = xasprintf(
			"\"%s\" cannot be the name of a bridge: at most %d characters, no "
			"\"/\" and no \".\" in front",
			w->name, IFNAMSIZ - 1);
	return w;
}

static void bridge_free(struct want_bridge *w)
{
	struct want_port *p;
	struct want_mirror *m;
	struct want_controller *c;
	LIST_FOR_EACH_SAFE(p, &w->ports, node)
		port_free(p);
	LIST_FOR_EACH_SAFE(m, &w->mirrors, node)
		mirror_free(m);
	LIST_FOR_EACH_SAFE(c, &w->controllers, node)
		controller_free(c);
	free(w->name);
	free(w->type);
	free(w->flood_vlans);
	strmap_fini(&w->other_config);
	free(w->error);
	free(w);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int by_bridge_name(const void *a, const void *b)
{
	return strcmp(vsw_bridge_name(*(const struct vsw_bridge *const *)a),
		      vsw_bridge_name(*(const struct vsw_bridge *const *)b));
}

/* Interface names are unique in the database, ports and interfaces may still be referred to by two
 * bridges: the first keeps it, the others leave it out and say so. */
static void refuse_second_claims(struct desired *d)
{
	struct strmap owner = STRMAP_INIT;
	struct want_bridge *b;
	LIST_FOR_EACH(b, &d->bridges, node) {
		if (b->error)
			continue;
		/* A bridge's own device is claimed before any port of that name. */
		strmap_put(&owner, b->name, b->name);
	}
	LIST_FOR_EACH(b, &d->bridges, node) {
		struct want_port *p;
		if (b->error)
			continue;
		LIST_FOR_EACH_SAFE(p, &b->ports, node) {
			struct want_iface *i;
			LIST_FOR_EACH_SAFE(i, &p->ifaces, node) {
				const char *other = strmap_get(&owner, i->name);
				if (!other) {
					strmap_put(&owner, i->name, b->name);
					continue;
				}
				if (!strcmp(other, b->name) && i->is_local)
					continue;
				log_warn("bridge %s: interface %s is on bridge %s already; it is "
					 "left out "
					 "here",
					 b->name, i->name, other);
				list_remove(&i->node);
				iface_free(i);
			}
			if (list_is_empty(&p->ifaces)) {
				list_remove(&p->node);
				port_free(p);
			}
		}
	}
	strmap_fini(&owner);
}

struct desired *desired_read(const struct idl *idl)
{
	struct desired *d = xzalloc(sizeof *d);
	list_init(&d->bridges);
	const struct vsw_open_vswitch *cfg = vsw_open_vswitch_first(idl);
	if (!cfg)
		return d;
	d->have_row = true;
	d->uuid = *vsw_open_vswitch_uuid(cfg);
	d->next_cfg = vsw_open_vswitch_next_cfg(cfg);
	vsw_open_vswitch_other_config_map(cfg, &d->other_config);
	tell_unknown_keys(&d->other_config, root_keys_unknown, ARRAY_SIZE(root_keys_unknown),
			  "Open_vSwitch");
	const struct vsw_ssl *ssl = vsw_open_vswitch_ssl(cfg);
	if (ssl) {
		d->ssl_key = xstrdup(vsw_ssl_private_key(ssl));
		d->ssl_cert = xstrdup(vsw_ssl_certificate(ssl));
		d->ssl_ca = xstrdup(vsw_ssl_ca_cert(ssl));
		d->ssl_bootstrap = vsw_ssl_bootstrap_ca_cert(ssl);
	}

	size_t n = vsw_open_vswitch_n_bridges(cfg), n_rows = 0;
	AUTO_FREE const struct vsw_bridge **rows = xcalloc(n ? n : 1, sizeof *rows);
	for (size_t i = 0; i < n; i++) {
		const struct vsw_bridge *b = vsw_open_vswitch_bridges(cfg, i);
		if (b)
			rows[n_rows++] = b;
	}
	qsort(rows, n_rows, sizeof *rows, by_bridge_name);
	for (size_t i = 0; i < n_rows; i++)
		list_push_back(&d->bridges, &read_bridge(rows[i])->node);
	refuse_second_claims(d);
	return d;
}

void desired_free(struct desired *d)
{
	if (!d)
		return;
	struct want_bridge *b;
	LIST_FOR_EACH_SAFE(b, &d->bridges, node)
		bridge_free(b);
	strmap_fini(&d->other_config);
	free(d->ssl_key);
	free(d->ssl_cert);
	free(d->ssl_ca);
	free(d);
}

struct want_bridge *desired_bridge(const struct desired *d, const char *name)
{
	struct want_bridge *b;
	LIST_FOR_EACH(b, &d->bridges, node) {
		if (!strcmp(b->name, name))
			return b;
	}
	return NULL;
}
