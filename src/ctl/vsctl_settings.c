/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctl/vsctl.h"

LOG_MODULE(vsctl);

/* --- controllers -------------------------------------------------------------------------------
 */

static int prepare_controller(struct ctl_command *command, struct err *err)
{
	view_prepare(command->ctl);
	idl_monitor_column(command->ctl->idl, &vsw_bridge_table, VSW_BRIDGE_CONTROLLER);
	idl_monitor_column(command->ctl->idl, &vsw_controller_table, VSW_CONTROLLER_TARGET);
	return 0;
}

/* A mistyped target is stored all the same: a later version may know it. */
static void check_target(const char *target)
{
	static const char *const kinds[] = { "tcp:", "ssl:", "unix:", "ptcp:", "pssl:", "punix:" };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (str_starts(target, kinds[i]))
			return;
	}
	log_warn("target type \"%s\" is possibly erroneous", target);
}

/* The option --inactivity-probe, in milliseconds. */
static int probe_option(const struct ctl_command *command, bool *ret_given, int64_t *ret,
			struct err *err)
{
	const char *text = ctl_option(command, "--inactivity-probe");
	*ret_given = text != NULL;
	if (!text || str_to_i64(text, 10, ret))
		return 0;
	return err_set(err, -EINVAL,
		       "value \"%s\" on --inactivity-probe is not a number of "
		       "milliseconds",
		       text);
}

static int run_get_controller(struct ctl_command *command, struct err *err)
{
	struct view_bridge *bridge;
	int r = view_need_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r < 0)
		return r;
	size_t n = vsw_bridge_n_controller(bridge->row), n_targets = 0;
	const char **targets = xcalloc(n + 1, sizeof *targets);
	for (size_t i = 0; i < n; i++) {
		const struct vsw_controller *c = vsw_bridge_controller(bridge->row, i);
		if (c)
			targets[n_targets++] = vsw_controller_target(c);
	}
	vsctl_print_sorted(command, targets, n_targets);
	return 0;
}

static void delete_controllers(struct ctl *ctl, const struct vsw_bridge *bridge)
{
	for (size_t i = 0; i < vsw_bridge_n_controller(bridge); i++) {
		const struct vsw_controller *c = vsw_bridge_controller(bridge, i);
		if (c)
			vsw_controller_delete(ctl->txn, c);
	}
	vsw_bridge_set_controller(ctl->txn, bridge, NULL, 0);
}

static int run_del_controller(struct ctl_command *command, struct err *err)
{
	struct view_bridge *bridge;
	int r = view_need_real_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r == 0 && vsw_bridge_n_controller(bridge->row))
		delete_controllers(command->ctl, bridge->row);
	return r;
}

static int run_set_controller(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	struct view_bridge *bridge;
	bool has_probe;
	int64_t probe_ms;
	int n = command->argc - 2;
	int r = view_need_real_bridge(view_get(ctl), command->argv[1], &bridge, err);
	if (r < 0)
		return r;
	r = probe_option(command, &has_probe, &probe_ms, err);
	if (r < 0)
		return r;
	delete_controllers(ctl, bridge->row);
	AUTO_FREE const struct vsw_controller **rows = xcalloc(n + 1, sizeof *rows);
	for (int i = 0; i < n; i++) {
		check_target(command->argv[i + 2]);
		rows[i] = vsw_controller_insert(ctl->txn);
		vsw_controller_set_target(ctl->txn, rows[i], command->argv[i + 2]);
		if (has_probe)
			vsw_controller_set_inactivity_probe(ctl->txn, rows[i], probe_ms);
	}
	vsw_bridge_set_controller(ctl->txn, bridge->row, rows, n);
	return 0;
}

/* --- fail mode ---------------------------------------------------------------------------------
 */

static int prepare_fail_mode(struct ctl_command *command, struct err *err)
{
	view_prepare(command->ctl);
	idl_monitor_column(command->ctl->idl, &vsw_bridge_table, VSW_BRIDGE_FAIL_MODE);
	return 0;
}

static int run_get_fail_mode(struct ctl_command *command, struct err *err)
{
	struct view_bridge *bridge;
	int r = view_need_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r == 0 && vsw_bridge_fail_mode(bridge->row))
		str_putf(&command->output, "%s\n", vsw_bridge_fail_mode(bridge->row));
	return r;
}

static int run_del_fail_mode(struct ctl_command *command, struct err *err)
{
	struct view_bridge *bridge;
	int r = view_need_real_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r == 0)
		vsw_bridge_set_fail_mode(command->ctl->txn, bridge->row, NULL);
	return r;
}

static int run_set_fail_mode(struct ctl_command *command, struct err *err)
{
	const char *mode = command->argv[2];
	struct view_bridge *bridge;
	int r = view_need_real_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r < 0)
		return r;
	if (strcmp(mode, "standalone") && strcmp(mode, "secure"))
		return err_set(err, -EINVAL, "fail-mode must be \"standalone\" or \"secure\"");
	vsw_bridge_set_fail_mode(command->ctl->txn, bridge->row, mode);
	return 0;
}

/* --- managers ----------------------------------------------------------------------------------
 */

static int prepare_manager(struct ctl_command *command, struct err *err)
{
	struct idl *idl = command->ctl->idl;
	idl_monitor_column(idl, &vsw_open_vswitch_table, VSW_OPEN_VSWITCH_MANAGER_OPTIONS);
	idl_monitor_column(idl, &vsw_manager_table, VSW_MANAGER_TARGET);
	return 0;
}

static int run_get_manager(struct ctl_command *command, struct err *err)
{
	const struct vsw_open_vswitch *root = vsctl_root(command->ctl);
	size_t n = vsw_open_vswitch_n_manager_options(root), n_targets = 0;
	const char **targets = xcalloc(n + 1, sizeof *targets);
	idl_verify(command->ctl->txn, idl_row(root), VSW_OPEN_VSWITCH_MANAGER_OPTIONS);
	for (size_t i = 0; i < n; i++) {
		const struct vsw_manager *m = vsw_open_vswitch_manager_options(root, i);
		if (m)
			targets[n_targets++] = vsw_manager_target(m);
	}
	vsctl_print_sorted(command, targets, n_targets);
	return 0;
}

static void delete_managers(struct ctl *ctl)
{
	const struct vsw_open_vswitch *root = vsctl_root(ctl);
	idl_verify(ctl->txn, idl_row(root), VSW_OPEN_VSWITCH_MANAGER_OPTIONS);
	for (size_t i = 0; i < vsw_open_vswitch_n_manager_options(root); i++) {
		const struct vsw_manager *m = vsw_open_vswitch_manager_options(root, i);
		if (m)
			vsw_manager_delete(ctl->txn, m);
	}
	vsw_open_vswitch_set_manager_options(ctl->txn, root, NULL, 0);
}

static int run_del_manager(struct ctl_command *command, struct err *err)
{
	delete_managers(command->ctl);
	return 0;
}

static int run_set_manager(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	int n = command->argc - 1;
	bool has_probe;
	int64_t probe_ms;
	int r = probe_option(command, &has_probe, &probe_ms, err);
	if (r < 0)
		return r;
	delete_managers(ctl);
	AUTO_FREE const struct vsw_manager **rows = xcalloc(n + 1, sizeof *rows);
	for (int i = 0; i < n; i++) {
		check_target(command->argv[i + 1]);
		rows[i] = vsw_manager_insert(ctl->txn);
		vsw_manager_set_target(ctl->txn, rows[i], command->argv[i + 1]);
		if (has_probe)
			vsw_manager_set_inactivity_probe(ctl->txn, rows[i], probe_ms);
	}
	vsw_open_vswitch_set_manager_options(ctl->txn, vsctl_root(ctl), rows, n);
	return 0;
}

/* --- SSL ---------------------------------------------------------------------------------------
 */

static int prepare_ssl(struct ctl_command *command, struct err *err)
{
	struct idl *idl = command->ctl->idl;
	idl_monitor_column(idl, &vsw_open_vswitch_table, VSW_OPEN_VSWITCH_SSL);
	idl_monitor_table(idl, &vsw_ssl_table);
	return 0;
}

static int run_get_ssl(struct ctl_command *command, struct err *err)
{
	const struct vsw_ssl *ssl = vsw_open_vswitch_ssl(vsctl_root(command->ctl));
	if (!ssl)
		return 0;
	str_putf(&command->output, "Private key: %s\n", vsw_ssl_private_key(ssl));
	str_putf(&command->output, "Certificate: %s\n", vsw_ssl_certificate(ssl));
	str_putf(&command->output, "CA Certificate: %s\n", vsw_ssl_ca_cert(ssl));
	str_putf(&command->output, "Bootstrap: %s\n",
		 vsw_ssl_bootstrap_ca_cert(ssl) ? "true" : "false");
	return 0;
}

static void delete_ssl(struct ctl *ctl)
{
	const struct vsw_open_vswitch *root = vsctl_root(ctl);
	const struct vsw_ssl *ssl = vsw_open_vswitch_ssl(root);
	idl_verify(ctl->txn, idl_row(root), VSW_OPEN_VSWITCH_SSL);
	if (ssl)
		vsw_ssl_delete(ctl->txn, ssl);
	vsw_open_vswitch_set_ssl(ctl->txn, root, NULL);
}

static int run_del_ssl(struct ctl_command *command, struct err *err)
{
	delete_ssl(command->ctl);
	return 0;
}

static int run_set_ssl(struct ctl_command *command, struct err *err)
{
	struct idl_txn *txn = command->ctl->txn;
	delete_ssl(command->ctl);
	const struct vsw_ssl *ssl = vsw_ssl_insert(txn);
	vsw_ssl_set_private_key(txn, ssl, command->argv[1]);
	vsw_ssl_set_certificate(txn, ssl, command->argv[2]);
	vsw_ssl_set_ca_cert(txn, ssl, command->argv[3]);
	vsw_ssl_set_bootstrap_ca_cert(txn, ssl, ctl_has_option(command, "--bootstrap"));
	vsw_open_vswitch_set_ssl(txn, vsctl_root(command->ctl), ssl);
	return 0;
}

/* --- auto-attach -------------------------------------------------------------------------------
 */

static int prepare_aa(struct ctl_command *command, struct err *err)
{
	view_prepare(command->ctl);
	idl_monitor_column(command->ctl->idl, &vsw_bridge_table, VSW_BRIDGE_AUTO_ATTACH);
	idl_monitor_column(command->ctl->idl, &vsw_autoattach_table, VSW_AUTOATTACH_MAPPINGS);
	return 0;
}

/* "BRIDGE I-SID VLAN" */
static int aa_args(struct ctl_command *command, struct view_bridge **ret_bridge, int64_t *ret_isid,
		   int64_t *ret_vlan, struct err *err)
{
	int r = view_need_bridge(view_get(command->ctl), command->argv[1], ret_bridge, err);
	if (r < 0)
		return r;
	if (!str_to_i64(command->argv[2], 10, ret_isid))
		return err_set(err, -EINVAL, "Invalid argument %s", command->argv[2]);
	if (!str_to_i64(command->argv[3], 10, ret_vlan))
		return err_set(err, -EINVAL, "Invalid argument %s", command->argv[3]);
	return 0;
}

static int run_add_aa_mapping(struct ctl_command *command, struct err *err)
{
	struct idl_txn *txn = command->ctl->txn;
	struct view_bridge *bridge;
	int64_t isid, vlan, there;
	int r = aa_args(command, &bridge, &isid, &vlan, err);
	if (r < 0)
		return r;
	const struct vsw_autoattach *aa = vsw_bridge_auto_attach(bridge->row);
	if (!aa) {
		aa = vsw_autoattach_insert(txn);
		vsw_bridge_set_auto_attach(txn, bridge->row, aa);
	}
	if (!vsw_autoattach_mappings(aa, isid, &there))
		vsw_autoattach_put_mappings(txn, aa, isid, vlan);
	return 0;
}

static int run_del_aa_mapping(struct ctl_command *command, struct err *err)
{
	struct view_bridge *bridge;
	int64_t isid, vlan, there;
	int r = aa_args(command, &bridge, &isid, &vlan, err);
	if (r < 0)
		return r;
	const struct vsw_autoattach *aa = vsw_bridge_auto_attach(bridge->row);
	if (aa && vsw_autoattach_mappings(aa, isid, &there) && there == vlan)
		vsw_autoattach_del_mappings(command->ctl->txn, aa, isid);
	return 0;
}

static int run_get_aa_mapping(struct ctl_command *command, struct err *err)
{
	struct view_bridge *bridge;
	int r = view_need_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r < 0)
		return r;
	const struct vsw_autoattach *aa = vsw_bridge_auto_attach(bridge->row);
	for (size_t i = 0; aa && i < vsw_autoattach_n_mappings(aa); i++)
		str_putf(&command->output, "%" PRId64 " %" PRId64 "\n",
			 vsw_autoattach_mappings_key(aa, i), vsw_autoattach_mappings_value(aa, i));
	return 0;
}

/* --- init, emer-reset --------------------------------------------------------------------------
 */

/* The main loop has made the row already. */
static int run_init(struct ctl_command *command, struct err *err) { return 0; }

static int prepare_emer_reset(struct ctl_command *command, struct err *err)
{
	static const unsigned bridge_columns[] = {
		VSW_BRIDGE_CONTROLLER,	 VSW_BRIDGE_FAIL_MODE,	 VSW_BRIDGE_MIRRORS,
		VSW_BRIDGE_NETFLOW,	 VSW_BRIDGE_SFLOW,	 VSW_BRIDGE_IPFIX,
		VSW_BRIDGE_OTHER_CONFIG, VSW_BRIDGE_FLOOD_VLANS,
	};
	struct idl *idl = command->ctl->idl;
	view_prepare(command->ctl);
	for (size_t i = 0; i < ARRAY_SIZE(bridge_columns); i++)
		idl_monitor_column(idl, &vsw_bridge_table, bridge_columns[i]);
	idl_monitor_column(idl, &vsw_open_vswitch_table, VSW_OPEN_VSWITCH_MANAGER_OPTIONS);
	idl_monitor_column(idl, &vsw_open_vswitch_table, VSW_OPEN_VSWITCH_SSL);
	idl_monitor_column(idl, &vsw_port_table, VSW_PORT_OTHER_CONFIG);
	idl_monitor_column(idl, &vsw_interface_table, VSW_INTERFACE_INGRESS_POLICING_RATE);
	idl_monitor_column(idl, &vsw_interface_table, VSW_INTERFACE_INGRESS_POLICING_BURST);
	return 0;
}

static void reset_bridge(struct ctl *ctl, const struct vsw_bridge *bridge)
{
	struct strmap kept = STRMAP_INIT;
	const char *hwaddr = vsw_bridge_other_config(bridge, "hwaddr");
	if (hwaddr)
		strmap_put(&kept, "hwaddr", hwaddr);
	vsw_bridge_set_other_config(ctl->txn, bridge, &kept);
	strmap_fini(&kept);
	delete_controllers(ctl, bridge);
	vsw_bridge_set_fail_mode(ctl->txn, bridge, NULL);
	vsw_bridge_set_mirrors(ctl->txn, bridge, NULL, 0);
	vsw_bridge_set_flood_vlans(ctl->txn, bridge, NULL, 0);
	vsw_bridge_set_netflow(ctl->txn, bridge, NULL);
	vsw_bridge_set_sflow(ctl->txn, bridge, NULL);
	vsw_bridge_set_ipfix(ctl->txn, bridge, NULL);
}

static int run_emer_reset(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const struct vsw_bridge *bridge;
	const struct vsw_port *port;
	const struct vsw_interface *iface;
	VSW_BRIDGE_FOR_EACH(bridge, ctl->idl)
	reset_bridge(ctl, bridge);
	VSW_PORT_FOR_EACH(port, ctl->idl)
	idl_clear(ctl->txn, idl_row(port), VSW_PORT_OTHER_CONFIG);
	VSW_INTERFACE_FOR_EACH(iface, ctl->idl)
	{
		vsw_interface_set_ingress_policing_rate(ctl->txn, iface, 0);
		vsw_interface_set_ingress_policing_burst(ctl->txn, iface, 0);
	}
	delete_managers(ctl);
	delete_ssl(ctl);
	view_forget(ctl);
	return 0;
}

const struct ctl_command_def vsctl_settings_commands[] = {
	{ "init", 0, 0, "", "", true, vsctl_prepare_nothing, run_init, NULL },
	{ "emer-reset", 0, 0, "", "", true, prepare_emer_reset, run_emer_reset, NULL },
	{ "get-controller", 1, 1, "!BRIDGE", "", false, prepare_controller, run_get_controller,
	  NULL },
	{ "del-controller", 1, 1, "!BRIDGE", "", true, prepare_controller, run_del_controller,
	  NULL },
	{ "set-controller", 1, INT_MAX, "!BRIDGE +TARGET", "--inactivity-probe=", true,
	  prepare_controller, run_set_controller, NULL },
	{ "get-fail-mode", 1, 1, "!BRIDGE", "", false, prepare_fail_mode, run_get_fail_mode, NULL },
	{ "del-fail-mode", 1, 1, "!BRIDGE", "", true, prepare_fail_mode, run_del_fail_mode, NULL },
	{ "set-fail-mode", 2, 2, "!BRIDGE !MODE", "", true, prepare_fail_mode, run_set_fail_mode,
	  NULL },
	{ "get-manager", 0, 0, "", "", false, prepare_manager, run_get_manager, NULL },
	{ "del-manager", 0, 0, "", "", true, prepare_manager, run_del_manager, NULL },
	{ "set-manager", 1, INT_MAX, "+TARGET", "--inactivity-probe=", true, prepare_manager,
	  run_set_manager, NULL },
	{ "get-ssl", 0, 0, "", "", false, prepare_ssl, run_get_ssl, NULL },
	{ "del-ssl", 0, 0, "", "", true, prepare_ssl, run_del_ssl, NULL },
	{ "set-ssl", 3, 3, "!PRIVATE-KEY !CERTIFICATE !CA-CERT", "--bootstrap", true, prepare_ssl,
	  run_set_ssl, NULL },
	{ "add-aa-mapping", 3, 3, "!BRIDGE !ARG !ARG", "", true, prepare_aa, run_add_aa_mapping,
	  NULL },
	{ "del-aa-mapping", 3, 3, "!BRIDGE !ARG !ARG", "", true, prepare_aa, run_del_aa_mapping,
	  NULL },
	{ "get-aa-mapping", 1, 1, "!BRIDGE", "", false, prepare_aa, run_get_aa_mapping, NULL },
	{ NULL },
};
