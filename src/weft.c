/* SPDX-License-Identifier: Apache-2.0 */
/* weft: one binary, many names. A program is chosen by the name of the link it was called through
 * ("ovs-vsctl"), or by the first argument ("weft ovs-vsctl ..", "weft start"). */
#include <stdio.h>
#include <string.h>

#include "applet.h"
#include "base/log.h"
#include "ctl/applets.h"
#include "ovsdb/applets.h"
#include "switchd/main.h"

/* One row a program; the functions live in the folders that own them. */
const struct applet applets[] = {
	{ "start", weft_start_main, "starts the database server and the switch" },
	{ "stop", weft_stop_main, "stops both" },
	{ "restart", weft_restart_main, "stops and starts both; OpenFlow flows are kept" },
	{ "status", weft_status_main, "says whether they run" },
	{ "ovs-ctl", ovsctl_main, "the same for start scripts, with options" },
	{ "ovs-ofctl", ofctl_main, "shows and changes the flows of OpenFlow switches" },
	{ "ovs-appctl", appctl_main, "asks and controls running daemons" },
	{ "ovs-dpctl", dpctl_main, "shows the datapath's flows, ports and counters" },
	{ "ovs-vswitchd", switchd_main, "the switch: bridges, ports, tunnels, packets" },
	{ "ovsdb-client", ovsdb_client_main, "asks and changes databases over OVSDB" },
	{ "ovs-vsctl", vsctl_main, "shows and changes the configuration of the switch" },
	{ "ovsdb-server", ovsdb_server_main, "serves the databases" },
	{ "ovsdb-tool", ovsdb_tool_main, "makes, changes and shows database files" },
	{ NULL, NULL, NULL },
};

static const struct applet *find(const char *name)
{
	for (const struct applet *a = applets; a->name; a++) {
		if (!strcmp(a->name, name))
			return a;
	}
	return NULL;
}

static int usage(FILE *out)
{
	fprintf(out,
		"weft %s: a virtual switch that joins hosts into one network\n\n"
		"usage: weft PROGRAM [ARG...]\n\n",
		WEFT_VERSION);
	for (const struct applet *a = applets; a->name; a++)
		fprintf(out, "  %-13s %s\n", a->name, a->summary);
	return out == stdout ? 0 : 1;
}

static int run(const struct applet *a, int argc, char **argv)
{
	log_set_program(a->name);
	argv[0] = (char *)a->name; /* for getopt's messages */
	return a->main(argc, argv);
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *called = slash ? slash + 1 : argc ? argv[0] : "weft";
	const struct applet *a = find(called);
	if (a)
		return run(a, argc, argv);
	if (!strncmp(called, "ovs", 3)) {
		fprintf(stderr, "%s: not built into this weft (see 'weft help')\n", called);
		return 1;
	}
	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return usage(stdout);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("weft %s\n", WEFT_VERSION);
		return 0;
	}
	a = find(argv[1]);
	if (!a) {
		fprintf(stderr, "weft: no program '%s' (see 'weft help')\n", argv[1]);
		return 1;
	}
	return run(a, argc - 1, argv + 1);
}
