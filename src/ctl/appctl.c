/* SPDX-License-Identifier: Apache-2.0 */
/* ovs-appctl: asks a running daemon over its control socket; see ovs-appctl(8). */
#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctl/applets.h"
#include "ctl/program.h"
#include "io/control.h"

static const char *target = "ovs-vswitchd";

enum { TARGET, EXECUTE };
static const struct program_option options[] = {
	[TARGET] = { "target", 't', "TARGET", "program name of a pidfile, or socket, to ask" },
	[EXECUTE] = { "execute", 'e', NULL, "accepted and needless" },
	{ 0 },
};

static void take_option(size_t i, const char *arg)
{
	if (i == TARGET)
		target = arg;
}

static void print_line(FILE *out, const char *text)
{
	size_t len = strlen(text);
	fputs(text, out);
	if (len && text[len - 1] != '\n')
		putc('\n', out);
}

static int ask(int argc, char **argv)
{
	if (!argc)
		log_fatal("at least one non-option argument is required (use --help for help)");
	AUTO_ERR err = ERR_INIT;
	AUTO_FREE char *reply = NULL;
	int r = control_ask(target, argc, (const char *const *)argv, 0, &reply, &err);
	if (r == -EREMOTEIO) {
		print_line(stderr, err_text(&err));
		fprintf(stderr, "ovs-appctl: %s: server returned an error\n", target);
		return 2;
	}
	if (r < 0)
		log_fatal("%s", err_text(&err));
	print_line(stdout, reply);
	return 0;
}

static const struct program appctl_program = {
	.name = "ovs-appctl",
	.title = "asks and controls running daemons",
	.usage = "[-t TARGET] COMMAND [ARG...]",
	.flags = PROGRAM_TIMEOUT,
	.timeout_letter = 'T',
	.options = options,
	.option = take_option,
	.run = ask,
};

int appctl_main(int argc, char **argv) { return program_run(&appctl_program, argc, argv); }
