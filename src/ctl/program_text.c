/* SPDX-License-Identifier: Apache-2.0 */
/* --help, made of the program's tables. Manual pages and shell completion are made of that text
 * (tools/manual, install/weft.bash-completion), so they cover programs without such tables too. */
#include <stdio.h>

#include "ctl/program.h"

#define HELP_COLUMN 30

static const struct program_option timeout_option = { "timeout", 0, "SECS",
						      "give up after about SECS seconds" };
static const struct program_option tls_options[] = {
	{ "private-key", 'p', "FILE", "file with private key" },
	{ "certificate", 'c', "FILE", "file with certificate for private key" },
	{ "ca-cert", 'C', "FILE", "file with certificate of the peer's authority" },
	{ "bootstrap-ca-cert", 0, "FILE", "as --ca-cert, and made from the first peer if missing" },
	{ "peer-ca-cert", 0, "FILE", "certificates to send to peers" },
	{ "ssl-protocols", 0, "PROTOS", "list of TLS protocols to enable" },
	{ "ssl-ciphers", 0, "CIPHERS", "list of TLS ciphers to enable" },
	{ 0 },
};
static const struct program_option daemon_options[] = {
	{ "detach", 0, NULL, "run in the background" },
	{ "no-chdir", 0, NULL, "do not change directory to /" },
	{ "pidfile", 0, "[FILE]", "write the process id to FILE" },
	{ "overwrite-pidfile", 0, NULL, "start even with the pidfile in use" },
	{ "monitor", 0, NULL, "start again after a crash" },
	{ "user", 0, "USER[:GROUP]", "run as USER" },
	{ "unixctl", 0, "SOCKET", "control socket" },
	{ 0 },
};
static const struct program_option log_options[] = {
	{ "verbose", 'v', "[SPEC]", "set logging levels" },
	{ "log-file", 0, "[FILE]", "log to FILE" },
	{ "syslog-method", 0, "METHOD", "libc, unix:FILE, udp:IP:PORT or null" },
	{ "syslog-target", 0, "IP:PORT", "also send syslog messages there" },
	{ 0 },
};
static const struct program_option other_options[] = {
	{ "help", 'h', NULL, "show this text" },
	{ "option", 'o', NULL, "list options, for completion" },
	{ "version", 'V', NULL, "show the version" },
	{ 0 },
};

typedef void option_cb(const struct program_option *, struct str *out);

static void for_each_group(const struct program *p, void (*heading)(const char *, struct str *),
			   option_cb *cb, struct str *out)
{
	const struct {
		const char *heading;
		const struct program_option *rows;
	} groups[] = {
		{ "Options", p->options },
		{ "TLS options", p->flags & PROGRAM_TLS ? tls_options : NULL },
		{ "Daemon options", p->flags & PROGRAM_DAEMON ? daemon_options : NULL },
		{ "Logging options", log_options },
		{ "Other options", other_options },
	};
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (!groups[i].rows || !groups[i].rows->name)
			continue;
		heading(groups[i].heading, out);
		for (const struct program_option *o = groups[i].rows; o->name; o++)
			cb(o, out);
		if (i == ARRAY_SIZE(groups) - 1 && p->flags & PROGRAM_TIMEOUT) {
			struct program_option o = timeout_option;
			o.letter = p->timeout_letter;
			cb(&o, out);
		}
	}
}

static const char *usage(const struct program *p)
{
	return p->usage ? p->usage : "[OPTIONS] COMMAND [ARG...]";
}

/* Help. */

static void pad_to(struct str *out, size_t start, size_t column)
{
	if (out->len - start + 2 > column) {
		str_putc(out, '\n');
		start = out->len;
	}
	str_putc_n(out, ' ', column - (out->len - start));
}

static void help_heading(const char *text, struct str *out) { str_putf(out, "\n%s:\n", text); }

static void put_option_name(const struct program_option *o, struct str *out)
{
	if (o->letter)
		str_putf(out, "-%c, ", o->letter);
	str_putf(out, "--%s", o->name);
	if (o->arg && *o->arg == '[')
		str_putf(out, "[=%s", o->arg + 1);
	else if (o->arg)
		str_putf(out, "=%s", o->arg);
}

static void help_option(const struct program_option *o, struct str *out)
{
	size_t start = out->len;
	str_puts(out, o->letter ? "  " : "      ");
	put_option_name(o, out);
	pad_to(out, start, HELP_COLUMN);
	str_putf(out, "%s\n", o->help);
}

void program_put_help(const struct program *p, struct str *out)
{
	str_putf(out, "%s: %s\nusage: %s %s\n", p->name, p->title, p->name, usage(p));
	const char *group = p->commands ? "Commands" : NULL;
	for (const struct program_command *c = p->commands; c && c->name; c++) {
		if (c->group)
			group = c->group;
		if (!c->help)
			continue;
		if (group)
			help_heading(group, out);
		group = NULL;
		size_t start = out->len;
		str_putf(out, "  %s%s%s", c->name, c->args ? " " : "", c->args ? c->args : "");
		pad_to(out, start, HELP_COLUMN);
		str_putf(out, "%s\n", c->help);
	}
	for_each_group(p, help_heading, help_option, out);
}
