/* SPDX-License-Identifier: Apache-2.0 */
/* What people read of a program, made of its tables. */
#include <stdio.h>

#include "base/version.h"
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
	if (out->len - start >= column) {
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

/* Manual page. */

static void put_troff(const char *s, struct str *out)
{
	for (; *s; s++) {
		if (*s == '\\')
			str_puts(out, "\\e");
		else if (*s == '-')
			str_puts(out, "\\-");
		else if (*s == '\'' || *s == '.')
			str_putf(out, "\\&%c", *s);
		else
			str_putc(out, *s);
	}
}

static void manual_heading(const char *text, struct str *out)
{
	str_putf(out, ".SS \"%s\"\n", text);
}

static void manual_option(const struct program_option *o, struct str *out)
{
	AUTO_STR name = STR_INIT;
	put_option_name(o, &name);
	str_puts(out, ".TP\n\\fB");
	put_troff(name.s, out);
	str_puts(out, "\\fR\n");
	put_troff(o->help, out);
	str_putc(out, '\n');
}

void program_put_manual(const struct program *p, struct str *out)
{
	str_putf(out, ".TH %s 8 \"weft %s\" \"weft\" \"weft manual\"\n.SH NAME\n", p->name,
		 WEFT_VERSION);
	put_troff(p->name, out);
	str_puts(out, " \\- ");
	put_troff(p->title, out);
	str_puts(out, "\n.SH SYNOPSIS\n\\fB");
	put_troff(p->name, out);
	str_puts(out, "\\fR ");
	put_troff(usage(p), out);
	str_puts(out, "\n");
	if (p->commands && p->commands->name)
		str_puts(out, ".SH COMMANDS\n");
	for (const struct program_command *c = p->commands; c && c->name; c++) {
		if (c->group)
			manual_heading(c->group, out);
		if (!c->help)
			continue;
		str_puts(out, ".TP\n\\fB");
		put_troff(c->name, out);
		str_puts(out, "\\fR ");
		put_troff(c->args ? c->args : "", out);
		str_putc(out, '\n');
		put_troff(c->help, out);
		str_putc(out, '\n');
	}
	str_puts(out, ".SH OPTIONS\n");
	for_each_group(p, manual_heading, manual_option, out);
	str_puts(out,
		 ".SH SEE ALSO\nweft(8), and the manual pages of Open vSwitch " OVS_COMPAT_VERSION
		 ", whose command of this name does the same.\n");
}

/* Completion. */

static void word_heading(const char *text UNUSED, struct str *out UNUSED) {}

static void word_option(const struct program_option *o, struct str *out)
{
	str_putf(out, "--%s%s\n", o->name, o->arg && *o->arg != '[' ? "=" : "");
}

void program_put_words(const struct program *p, struct str *out)
{
	for (const struct program_command *c = p->commands; c && c->name; c++)
		str_putf(out, "%s\n", c->name);
	for_each_group(p, word_heading, word_option, out);
}
