/* SPDX-License-Identifier: Apache-2.0 */
/* vsctl_zone: time-outs of conntrack zones, and what a datapath can do. Zones with the same
 * time-outs share one CT_Timeout_Policy row. */
#include <errno.h>
#include <inttypes.h>
#include "base/mem.h"
#include "ctl/vsctl.h"

static int prepare_zone(struct ctl_command *command, struct err *err)
{
	struct idl *idl = command->ctl->idl;
	idl_monitor_column(idl, &vsw_open_vswitch_table, VSW_OPEN_VSWITCH_DATAPATHS);
	idl_monitor_column(idl, &vsw_datapath_table, VSW_DATAPATH_CT_ZONES);
	idl_monitor_column(idl, &vsw_ct_zone_table, VSW_CT_ZONE_TIMEOUT_POLICY);
	idl_monitor_column(idl, &vsw_ct_timeout_policy_table, VSW_CT_TIMEOUT_POLICY_TIMEOUTS);
	return 0;
}

static const struct vsw_datapath *find_datapath(struct ctl *ctl, const char *type)
{
	return vsw_open_vswitch_datapaths(vsctl_root(ctl), type);
}

/* "DATAPATH zone=N" */
static int zone_args(struct ctl_command *command, const struct vsw_datapath **ret_datapath,
		     int64_t *ret_zone, struct err *err)
{
	const char *type = command->argv[1], *text = command->argv[2];
	*ret_datapath = find_datapath(command->ctl, type);
	if (!*ret_datapath)
		return err_set(err, -ENOENT, "datapath %s does not exist", type);
	if (!str_starts(text, "zone=") || !str_to_i64(text + strlen("zone="), 10, ret_zone))
		return err_set(err, -EINVAL, "%s: a zone is given as zone=N, N from 0 to 65535",
			       text);
	return 0;
}

/* "KEY=SECONDS" arguments as a datum of CT_Timeout_Policy.timeouts. */
static int policy_args(struct ctl_command *command, struct datum **ret, struct err *err)
{
	struct datum_build b = DATUM_BUILD(ATOM_STRING, ATOM_INTEGER);
	for (int i = 3; i < command->argc; i++) {
		const char *arg = command->argv[i], *equals = strchr(arg, '=');
		union atom key, seconds = { 0 };
		if (!equals || !str_to_i64(equals + 1, 10, &seconds.integer)) {
			datum_build_fini(&b);
			return err_set(err, -EINVAL,
				       "%s: a timeout is given as KEY=SECONDS, as in "
				       "icmp_first=30",
				       arg);
		}
		atom_init_string(&key, arg, equals - arg);
		datum_build_add(&b, key, &seconds);
	}
	*ret = datum_build_finish(&b);
	return 0;
}

static const struct vsw_ct_timeout_policy *find_policy(struct ctl *ctl, const struct datum *wanted)
{
	const struct vsw_ct_timeout_policy *policy;
	VSW_CT_TIMEOUT_POLICY_FOR_EACH(policy, ctl->idl)
	{
		if (datum_equal(idl_datum(idl_row(policy), VSW_CT_TIMEOUT_POLICY_TIMEOUTS), wanted))
			return policy;
	}
	return NULL;
}

static int run_add_zone_tp(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const struct vsw_datapath *datapath;
	int64_t id;
	int r = zone_args(command, &datapath, &id, err);
	if (r < 0)
		return r;
	const struct vsw_ct_zone *zone = vsw_datapath_ct_zones(datapath, id);
	if (zone && !ctl_has_option(command, "--may-exist"))
		return err_set(err, -EEXIST, "zone id %" PRId64 " already exists", id);
	if (zone)
		return 0;
	AUTO_DATUM *timeouts = NULL;
	r = policy_args(command, &timeouts, err);
	if (r < 0)
		return r;
	const struct vsw_ct_timeout_policy *policy = find_policy(ctl, timeouts);
	if (!policy) {
		policy = vsw_ct_timeout_policy_insert(ctl->txn);
		idl_set_datum(ctl->txn, idl_row(policy), VSW_CT_TIMEOUT_POLICY_TIMEOUTS,
			      datum_ref(timeouts));
	}
	zone = vsw_ct_zone_insert(ctl->txn);
	vsw_ct_zone_set_timeout_policy(ctl->txn, zone, policy);
	vsw_datapath_put_ct_zones(ctl->txn, datapath, id, zone);
	return 0;
}

static int run_del_zone_tp(struct ctl_command *command, struct err *err)
{
	const struct vsw_datapath *datapath;
	int64_t id;
	int r = zone_args(command, &datapath, &id, err);
	if (r < 0)
		return r;
	if (vsw_datapath_ct_zones(datapath, id))
		vsw_datapath_del_ct_zones(command->ctl->txn, datapath, id);
	else if (!ctl_has_option(command, "--if-exists"))
		return err_set(err, -ENOENT, "zone id %" PRId64 " does not exist", id);
	return 0;
}

static int run_list_zone_tp(struct ctl_command *command, struct err *err)
{
	struct str *out = &command->output;
	const struct vsw_datapath *datapath = find_datapath(command->ctl, command->argv[1]);
	if (!datapath)
		return err_set(err, -ENOENT, "datapath: %s record not found", command->argv[1]);
	for (size_t i = 0; i < vsw_datapath_n_ct_zones(datapath); i++) {
		const struct vsw_ct_zone *zone = vsw_datapath_ct_zones_value(datapath, i);
		const struct vsw_ct_timeout_policy *policy =
			zone ? vsw_ct_zone_timeout_policy(zone) : NULL;
		str_putf(out, "Zone:%" PRId64 ", Timeout Policies: ",
			 vsw_datapath_ct_zones_key(datapath, i));
		if (!policy)
			str_puts(out, "system default");
		for (size_t j = 0; policy && j < vsw_ct_timeout_policy_n_timeouts(policy); j++)
			str_putf(out, "%s%s=%" PRId64, j ? " " : "",
				 vsw_ct_timeout_policy_timeouts_key(policy, j),
				 vsw_ct_timeout_policy_timeouts_value(policy, j));
		str_putc(out, '\n');
	}
	return 0;
}

static int prepare_dp_cap(struct ctl_command *command, struct err *err)
{
	struct idl *idl = command->ctl->idl;
	idl_monitor_column(idl, &vsw_open_vswitch_table, VSW_OPEN_VSWITCH_DATAPATHS);
	idl_monitor_column(idl, &vsw_datapath_table, VSW_DATAPATH_CAPABILITIES);
	return 0;
}

static int run_list_dp_cap(struct ctl_command *command, struct err *err)
{
	const struct vsw_datapath *datapath = find_datapath(command->ctl, command->argv[1]);
	struct strmap capabilities = STRMAP_INIT;
	if (!datapath)
		return err_set(err, -ENOENT, "datapath \"%s\" record not found", command->argv[1]);
	vsw_datapath_capabilities_map(datapath, &capabilities);
	STRMAP_FOR_EACH(e, &capabilities)
		str_putf(&command->output, "%s%s=%s", command->output.len ? " " : "", e->key,
			 e->value);
	str_putc(&command->output, '\n');
	strmap_fini(&capabilities);
	return 0;
}

const struct ctl_command_def vsctl_zone_commands[] = {
	{ "add-zone-tp", 3, 18, "!DATAPATH !ZONE +KEY=VALUE", "--may-exist", true, prepare_zone,
	  run_add_zone_tp, NULL },
	{ "del-zone-tp", 2, 2, "!DATAPATH !ZONE", "--if-exists", true, prepare_zone,
	  run_del_zone_tp, NULL },
	{ "list-zone-tp", 1, 1, "!DATAPATH", "", false, prepare_zone, run_list_zone_tp, NULL },
	{ "list-dp-cap", 1, 1, "!DATAPATH", "", false, prepare_dp_cap, run_list_dp_cap, NULL },
	{ NULL },
};
