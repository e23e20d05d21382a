/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/program.h"

#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "io/daemon.h"

static struct daemon_options daemon_opts;

struct daemon_options *program_daemon_options(void) { return &daemon_opts; }

enum { OPT_OWN = OPT_DAEMON_LAST + 1 }; /* + row of the program's table */

/* getopt's tables out of ours. */
struct getopt_tables {
	struct option *longs;
	size_t n, allocated;
	struct str letters;
};

static void add(struct getopt_tables *t, const char *name, char letter, int has_arg, int value)
{
	t->longs = xgrow(t->longs, &t->allocated, t->n + 2, sizeof *t->longs);
	t->longs[t->n++] = (struct option){ name, has_arg, NULL, value };
	t->longs[t->n] = (struct option){ 0 };
	if (letter) {
		str_putc(&t->letters, letter);
		str_puts(&t->letters, has_arg == required_argument ? ":" : has_arg ? "::" : "");
	}
}

static void add_all(struct getopt_tables *t, const struct option *o, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(t, o[i].name, 0, o[i].has_arg, o[i].val);
}

static int arg_kind(const struct program_option *o)
{
	return !o->arg ? no_argument : *o->arg == '[' ? optional_argument : required_argument;
}

static void build(const struct program *p, struct getopt_tables *t)
{
	static const struct option logs[] = { LOG_LONG_OPTIONS };
	static const struct option tls[] = { TLS_LONG_OPTIONS };
	static const struct option daemons[] = { DAEMON_LONG_OPTIONS };
	str_puts(&t->letters, p->flags & PROGRAM_PERMUTE ? "v::" : "+v::");
	for (size_t i = 0; p->options && p->options[i].name; i++)
		add(t, p->options[i].name, p->options[i].letter, arg_kind(&p->options[i]),
		    OPT_OWN + (int)i);
	add(t, "help", 'h', no_argument, 'h');
	add(t, "option", 'o', no_argument, 'o');
	add(t, "version", 'V', no_argument, 'V');
	if (p->flags & PROGRAM_TIMEOUT)
		add(t, "timeout", p->timeout_letter, required_argument, p->timeout_letter);
	if (p->flags & PROGRAM_DAEMON)
		add_all(t, daemons, ARRAY_SIZE(daemons));
	add_all(t, logs, ARRAY_SIZE(logs));
	if (p->flags & PROGRAM_TLS) {
		add_all(t, tls, ARRAY_SIZE(tls));
		str_puts(&t->letters, "p:c:C:");
	}
}

/* Letters of the program's own options that 'c' may be. */
static int own_row(const struct program *p, int c)
{
	if (c >= OPT_OWN)
		return c - OPT_OWN;
	for (int i = 0; c > 0 && p->options && p->options[i].name; i++) {
		if (p->options[i].letter == c)
			return i;
	}
	return -1;
}

static void set_timeout(const struct program *p, const char *arg)
{
	uint32_t secs;
	if (!str_to_u32(arg, 10, &secs) || !secs)
		log_fatal("value %s on -%c or --timeout is invalid", arg, p->timeout_letter);
	daemon_set_timeout(secs);
}

static void print_and_exit(void (*put)(const struct program *, struct str *),
			   const struct program *p)
{
	AUTO_STR out = STR_INIT;
	put(p, &out);
	fputs(str_cstr(&out), stdout);
	exit(fflush(stdout) ? 1 : 0);
}

static void print_options(const struct getopt_tables *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct option *o = &t->longs[i];
		const char *arg = o->has_arg == required_argument ? "ARG"
				  : o->has_arg			  ? "[ARG]"
								  : "";
		printf("--%s%s%s\n", o->name, *arg ? "=" : "", arg);
		if (o->val > 0 && o->val < 256)
			printf("-%c %s\n", o->val, arg);
	}
	exit(0);
}

static void put_version(const struct program *p, struct str *out)
{
	str_putf(out, VERSION_LINE("%s") "\n", p->name);
	if (p->version)
		str_putf(out, "%s\n", p->version);
	str_putf(out, "weft %s\n", WEFT_VERSION);
}

static void take_option(const struct program *p, const struct getopt_tables *t, int c,
			const char *arg)
{
	int row = own_row(p, c);
	if (row >= 0) {
		p->option((size_t)row, arg);
		return;
	}
	if (p->flags & PROGRAM_TIMEOUT && c == p->timeout_letter) {
		set_timeout(p, arg);
		return;
	}
	switch (c) {
	case 'h':
		print_and_exit(program_put_help, p);
		break;
	case 'V':
		print_and_exit(put_version, p);
		break;
	case 'o':
		print_options(t);
		break;
	case '?':
		exit(1);
	default:
		if (!daemon_option(&daemon_opts, c, arg))
			abort();
	}
}

static int run_command(const struct program *p, int argc, char **argv)
{
	if (!argc)
		log_fatal("missing command name; use --help for help");
	for (const struct program_command *c = p->commands; c->name; c++) {
		if (strcmp(c->name, argv[0]))
			continue;
		if (argc - 1 < c->min_args)
			log_fatal("'%s' command requires at least %d arguments", argv[0],
				  c->min_args);
		if (argc - 1 > c->max_args)
			log_fatal("'%s' command takes at most %d arguments", argv[0], c->max_args);
		return c->run(argc, argv);
	}
	log_fatal("unknown command '%s'; use --help for help", argv[0]);
}

int program_run(const struct program *p, int argc, char **argv)
{
	struct getopt_tables t = { .letters = STR_INIT };
	log_set_program(p->name);
	argv[0] = (char *)p->name; /* for getopt's own messages */
	/* A tool's log is of use when something is wrong. */
	int r = log_set_from_str("console:warn", NULL);
	ASSERT(r == 0);
	build(p, &t);
	const char *timeout = p->flags & PROGRAM_TIMEOUT ? getenv("OVS_CTL_TIMEOUT") : NULL;
	if (timeout && *timeout && strcmp(timeout, "0"))
		set_timeout(p, timeout);
	for (;;) {
		int c = getopt_long(argc, argv, t.letters.s, t.longs, NULL);
		if (c == -1)
			break;
		take_option(p, &t, c, optarg);
	}
	free(t.longs);
	str_fini(&t.letters);
	daemon_open_log();
	argc -= optind;
	argv += optind;
	int status = p->run ? p->run(argc, argv) : run_command(p, argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "%s: standard output: write failed\n", p->name);
		return 1;
	}
	return status;
}
