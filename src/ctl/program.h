/* SPDX-License-Identifier: Apache-2.0 */
/* program: the frame of a command-line program that runs one command ("ovs-ofctl show br0"):
 *options and commands are rows of tables, from which parsing, --help, --option, manual pages and
 *shell completion come. ovs-vsctl, whose command lines hold several commands, has ctl/command.h.
 *
 *	static const struct program program = {
 *		.name = "ovs-dpctl", .title = "..", .commands = commands, .options = options,
 *	};
 *	int dpctl_main(int argc, char **argv) { return program_run(&program, argc, argv); }
 *
 * Every program has: -h --help, -V --version, -o --option, -v --verbose, --log-file,
 * --syslog-method, --syslog-target; a bad command line is one line on standard error and status 1.
 * Threads: one. */
#pragma once
#include <limits.h>
#include "base/compiler.h"
#include "base/str.h"

struct program_option {
	const char *name; /* "strict"; NULL ends the table */
	char letter;	  /* 'F'; 0: none */
	const char *arg;  /* "FORMAT"; "[ORDER]": may be left out; NULL: none */
	const char *help;
};

struct program_command {
	const char *name;	/* NULL ends the table */
	const char *args;	/* "SWITCH [FLOW]" */
	int min_args, max_args; /* INT_MAX: any number */
	/* argv[0] is the command's name. Returns the exit status. */
	int (*run)(int argc, char **argv);
	const char *help;  /* one line; NULL: not shown (an old name) */
	const char *group; /* heading in --help; NULL: that of the row before */
};

enum {
	PROGRAM_TLS = 1,     /* has --private-key and so on */
	PROGRAM_DAEMON = 2,  /* has --detach, --pidfile, --unixctl and so on */
	PROGRAM_TIMEOUT = 4, /* has --timeout, and heeds OVS_CTL_TIMEOUT */
	PROGRAM_PERMUTE = 8, /* options may stand behind the command */
};

struct program {
	const char *name, *title;
	const char *usage;   /* behind the name; NULL: "[OPTIONS] COMMAND [ARG...]" */
	const char *version; /* more lines for --version; NULL: none */
	unsigned flags;
	char timeout_letter; /* 't' or 'T' */
	const struct program_option *options;
	/* Called for each of 'options' met; 'i' is its row. Ends the program if 'arg' is bad. */
	void (*option)(size_t i, const char *arg);
	const struct program_command *commands;
	/* Instead of a table: takes the whole rest of the line. */
	int (*run)(int argc, char **argv);
};

int program_run(const struct program *, int argc, char **argv);
/* For PROGRAM_DAEMON: what was asked for. */
struct daemon_options *program_daemon_options(void);

/* The text of --help. */
void program_put_help(const struct program *, struct str *out);
