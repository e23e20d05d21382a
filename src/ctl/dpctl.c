/* SPDX-License-Identifier: Apache-2.0 */
/* ovs-dpctl: what the datapath does at this moment. In OVS it talks to the kernel module past the
 * daemon; there is no such module here and the daemon owns the datapath, so the commands are those
 * of ovs-appctl dpctl/..., asked of the running switch. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctl/applets.h"
#include "ctl/program.h"
#include "fastpath/action.h"
#include "io/control.h"

#define MAX_ARGS 64

static const struct program_option options[] = {
	{ "statistics", 's', NULL, "for show, mod-flow: with statistics" },
	{ "more", 'm', NULL, "for dump-flows: every field" },
	{ "names", 0, NULL, "for dump-flows: names of ports" },
	{ "no-names", 0, NULL, "for dump-flows: numbers of ports" },
	{ "clear", 0, NULL, "for mod-flow: statistics start at zero" },
	{ "may-create", 0, NULL, "for mod-flow: make the flow if it is not there" },
	{ "read-only", 0, NULL, "refuse commands that change anything" },
	{ 0 },
};

/* Handed on in front of the arguments. */
static const char *handed_on[MAX_ARGS];
static size_t n_handed_on;
static bool read_only;

static void take_option(size_t i, const char *arg UNUSED)
{
	static const char *const names[] = { "-s",	   "-m",      "--names",
					     "--no-names", "--clear", "--may-create" };
	if (i >= ARRAY_SIZE(names))
		read_only = true;
	else if (n_handed_on < MAX_ARGS / 2)
		handed_on[n_handed_on++] = names[i];
}

static int ask(int argc, char **argv)
{
	const char *words[MAX_ARGS + 1];
	AUTO_FREE char *command = xasprintf("dpctl/%s", argv[0]);
	AUTO_FREE char *reply = NULL;
	AUTO_ERR err = ERR_INIT;
	size_t n = 0;
	if (argc + n_handed_on > MAX_ARGS)
		log_fatal("'%s': more than %d arguments", argv[0], MAX_ARGS);
	words[n++] = command;
	for (size_t i = 0; i < n_handed_on; i++)
		words[n++] = handed_on[i];
	for (int i = 1; i < argc; i++)
		words[n++] = argv[i];
	int r = control_ask("ovs-vswitchd", (int)n, words, 0, &reply, &err);
	if (r == -EREMOTEIO) {
		fputs(err_text(&err), stderr);
		return 1;
	}
	if (r < 0)
		log_fatal("%s (is the switch running? 'weft status')", err_text(&err));
	fputs(reply, stdout);
	return 0;
}

static int change(int argc, char **argv)
{
	if (read_only)
		log_fatal("'%s' command does not work in read only mode", argv[0]);
	return ask(argc, argv);
}

/* The daemon reads the file, from another directory than ours. */
static int change_by_file(int argc, char **argv)
{
	if (argc < 2)
		return change(argc, argv);
	char *file = argv[argc - 1];
	if (!strcmp(file, "-"))
		log_fatal("'%s': the switch cannot read our standard input: name a file", argv[0]);
	AUTO_FREE char *full = realpath(file, NULL);
	if (full)
		argv[argc - 1] = full;
	return change(argc, argv);
}

static int parse_actions(int argc, char **argv)
{
	int status = 0;
	for (int i = 1; i < argc; i++) {
		struct dp_actions a = DP_ACTIONS_INIT;
		AUTO_ERR err = ERR_INIT;
		AUTO_STR out = STR_INIT;
		if (dp_actions_from_str(argv[i], &a, &err) < 0) {
			fprintf(stderr, "ovs-dpctl: parse-actions: %s\n", err_text(&err));
			status = 1;
		} else {
			dp_actions_to_str(a.data, a.size, NULL, NULL, &out);
			puts(str_cstr(&out));
		}
		dp_actions_fini(&a);
	}
	return status;
}

static const struct program_command commands[] = {
	{ "dump-dps", NULL, 0, 0, ask, "names of all datapaths", "Looking" },
	{ "show", "[DP...]", 0, INT_MAX, ask, "datapaths, their ports and counters" },
	{ "dump-flows", "[DP] [filter=FLOW] [type=TYPE]", 0, 6, ask,
	  "flows that the datapath has" },
	{ "get-flow", "[DP] ufid:UFID", 1, 2, ask, "one flow" },
	{ "cache-get-size", "[DP]", 0, 1, ask, "sizes of caches" },
	{ "dump-conntrack", "[DP] [zone=ZONE]", 0, 2, ask, "tracked connections" },
	{ "ct-stats-show", "[DP] [zone=ZONE] [verbose]", 0, 3, ask, "connections by protocol" },
	{ "ct-bkts", "[DP] [gt=N]", 0, 2, ask, "connections by bucket" },
	{ "parse-actions", "ACTIONS...", 1, INT_MAX, parse_actions,
	  "print datapath actions as they are read; needs no switch" },
	{ "add-flow", "[DP] FLOW ACTIONS", 2, 3, change, "add a flow, until it is revalidated",
	  "Changing" },
	{ "add-flows", "[DP] FILE", 1, 2, change_by_file, "add the flows of a file" },
	{ "mod-flow", "[DP] FLOW ACTIONS", 2, 3, change, "change the actions of a flow" },
	{ "mod-flows", "[DP] FILE", 1, 2, change_by_file, "change the flows of a file" },
	{ "del-flow", "[DP] FLOW", 1, 2, change, "delete a flow" },
	{ "del-flows", "[DP] [FILE]", 0, 2, change_by_file,
	  "delete all flows, or those of a file" },
	{ "cache-set-size", "DP CACHE SIZE", 3, 3, change, "set the size of a cache" },
	{ "flush-conntrack", "[DP] [zone=ZONE] [CT-TUPLE]", 0, 3, change, "forget connections" },
	{ "add-dp", "DP [IFACE...]", 1, INT_MAX, change, NULL },
	{ "del-dp", "DP", 1, 1, change, NULL },
	{ "add-if", "DP IFACE...", 2, INT_MAX, change, NULL },
	{ "set-if", "DP IFACE...", 2, INT_MAX, change, NULL },
	{ "del-if", "DP IFACE...", 2, INT_MAX, change, NULL },
	{ 0 },
};

static const struct program dpctl_program = {
	.name = "ovs-dpctl",
	.title = "shows the datapath's flows, ports and counters",
	.flags = PROGRAM_TIMEOUT,
	.timeout_letter = 't',
	.options = options,
	.option = take_option,
	.commands = commands,
};

int dpctl_main(int argc, char **argv) { return program_run(&dpctl_program, argc, argv); }
