/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the control socket that concern the daemon as a whole; see ovs-vswitchd(8). Those of
 * a part are registered by that part: fdb/, ofproto/, dpif/, dpctl/, upcall/, tnl/, ovs/route/. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/control.h"
#include "io/memory.h"
#include "switchd/main.h"
#include "switchd/switchd.h"

LOG_MODULE(bridge_control);

static void cmd_exit(struct control_call *call, int argc, const char *argv[], void *arg)
{
	bool cleanup = argc == 2 && !strcmp(argv[1], "--cleanup");
	if (argc == 2 && !cleanup) {
		AUTO_FREE char *text = xasprintf(
			"\"%s\" is no option of exit: --cleanup is the only one", argv[1]);
		control_reply_error(call, text);
		return;
	}
	switchd_main_exit(cleanup, call);
}

static void cmd_reconnect(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct switchd *s = arg;
	struct bridge *b;
	if (argc == 2) {
		b = bridge_by_name(s, argv[1]);
		if (!b) {
			control_reply_error(call, "Unknown bridge");
			return;
		}
		openflow_server_reconnect(b->openflow);
	} else {
		LIST_FOR_EACH(b, &s->bridges, node)
			openflow_server_reconnect(b->openflow);
	}
	control_reply(call, NULL);
}

static void cmd_mdb_show(struct control_call *call, int argc, const char *argv[], void *arg)
{
	if (!bridge_by_name(arg, argv[1]))
		control_reply_error(call, "no such bridge");
	else
		control_reply_error(call, "multicast snooping is disabled");
}

static void cmd_guard_show(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct switchd *s = arg;
	struct bridge *b;
	AUTO_STR out = STR_INIT;
	if (argc == 2 && !bridge_by_name(s, argv[1])) {
		control_reply_error(call, "no such bridge");
		return;
	}
	LIST_FOR_EACH(b, &s->bridges, node) {
		if ((argc == 1 || !strcmp(b->name, argv[1])) && b->pipeline->loopguard)
			loopguard_show(b->pipeline->loopguard, &out);
	}
	control_reply(call, str_cstr(&out));
}

static const struct iface *find_iface(const struct switchd *s, const char *name)
{
	const struct bridge *b;
	LIST_FOR_EACH(b, &s->bridges, node) {
		const struct iface *i = bridge_iface(b, name);
		if (i && i->attached)
			return i;
	}
	return NULL;
}

static void cmd_qos_show(struct control_call *call, int argc, const char *argv[], void *arg)
{
	AUTO_STR out = STR_INIT;
	if (!find_iface(arg, argv[1])) {
		control_reply_error(call, "no such interface");
		return;
	}
	str_putf(&out, "QoS not configured on %s\n", argv[1]);
	control_reply(call, str_cstr(&out));
}

static void cmd_qos_types(struct control_call *call, int argc, const char *argv[], void *arg)
{
	if (!find_iface(arg, argv[1]))
		control_reply_error(call, "no such interface");
	else
		control_reply(call, "QoS type: linux-noop\n");
}

/* Protocols that are not built in yet: asked for a bridge or port they would have nothing to show,
 * and saying nothing is what OVS does as well where they are switched off. */
static void cmd_nothing(struct control_call *call, int argc, const char *argv[], void *arg)
{
	control_reply(call, NULL);
}

static void cmd_bond_list(struct control_call *call, int argc, const char *argv[], void *arg)
{
	control_reply(call, "bond\ttype\trecircID\tmembers\n");
}

static void cmd_refused(struct control_call *call, int argc, const char *argv[], void *arg)
{
	AUTO_FREE char *text = xasprintf("%s is not implemented yet", argv[0]);
	control_reply_error(call, text);
}

static void report_memory(struct memory_report *r, void *arg)
{
	const struct switchd *s = arg;
	const struct bridge *b;
	uint64_t n = 0;
	LIST_FOR_EACH(b, &s->bridges, node)
		n += list_size(&b->ifaces);
	memory_put(r, "ports", n);
}

void control_commands_register(struct switchd *s)
{
	static const struct {
		const char *name, *usage;
		int n_min, n_max;
		control_cb *cb;
	} rows[] = {
		{ "exit", "[--cleanup]", 0, 1, cmd_exit },
		{ "bridge/reconnect", "[bridge]", 0, 1, cmd_reconnect },
		{ "loopguard/show", "[bridge]", 0, 1, cmd_guard_show },
		{ "mdb/show", "bridge", 1, 1, cmd_mdb_show },
		{ "qos/show", "interface", 1, 1, cmd_qos_show },
		{ "qos/show-types", "interface", 1, 1, cmd_qos_types },
		{ "stp/show", "[bridge]", 0, 1, cmd_nothing },
		{ "rstp/show", "[bridge]", 0, 1, cmd_nothing },
		{ "bfd/show", "[interface]", 0, 1, cmd_nothing },
		{ "cfm/show", "[interface]", 0, 1, cmd_nothing },
		{ "lacp/show", "[port]", 0, 1, cmd_nothing },
		{ "bond/list", "", 0, 0, cmd_bond_list },
		{ "bond/show", "[port]", 0, 1, cmd_nothing },
		{ "stp/tcn", "[bridge]", 0, 1, cmd_refused },
		{ "rstp/tcn", "[bridge]", 0, 1, cmd_refused },
		{ "bfd/set-forwarding", "[interface] normal|false|true", 1, 2, cmd_refused },
		{ "cfm/set-fault", "[interface] normal|false|true", 1, 2, cmd_refused },
		{ "bond/migrate", "port hash member", 3, 3, cmd_refused },
		{ "bond/set-active-member", "port member", 2, 2, cmd_refused },
		{ "bond/enable-member", "port member", 2, 2, cmd_refused },
		{ "bond/disable-member", "port member", 2, 2, cmd_refused },
	};
	memory_register(report_memory, s);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		control_register(rows[i].name, rows[i].usage, rows[i].n_min, rows[i].n_max,
				 rows[i].cb, s);
}
