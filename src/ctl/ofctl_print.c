/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_print: commands that print messages, and flows as messages, without a switch. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ctl/ofctl.h"
#include "ofp/error.h"
#include "ofp/nxm.h"

static int nibble(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10
					    : -1;
}

/* Takes pairs of digits, blanks between them; *ret_rest is what is left. */
static void hex_prefix(const char *s, struct bytes *ret, const char **ret_rest)
{
	for (;;) {
		s += strspn(s, " \t\r\n");
		if (nibble(s[0]) < 0 || nibble(s[1]) < 0)
			break;
		bytes_put_u8(ret, (uint8_t)(nibble(s[0]) << 4 | nibble(s[1])));
		s += 2;
	}
	*ret_rest = s;
}

void ofctl_hex(const char *text, struct bytes *ret)
{
	const char *rest;
	hex_prefix(text, ret, &rest);
	if (*rest)
		log_fatal("trailing garbage following hex data");
}

int ofctl_ofp_print(int argc, char **argv)
{
	AUTO_BYTES msg = BYTES_INIT;
	int verbosity = argc > 2 ? atoi(argv[2]) : 2;
	if (strcmp(argv[1], "-")) {
		ofctl_hex(argv[1], &msg);
		ofctl_print(msg.data, msg.size, NULL, verbosity);
		return 0;
	}
	/* Messages from standard input, one a block of lines ended by an empty one. */
	AUTO_FREE char *line = NULL;
	size_t allocated = 0;
	while (getline(&line, &allocated, stdin) >= 0) {
		char *hash = strchr(line, '#');
		if (hash)
			*hash = '\0';
		const char *rest;
		size_t before = msg.size;
		hex_prefix(line, &msg, &rest);
		if (*rest)
			log_fatal("trailing garbage following hex data");
		if (msg.size == before && msg.size) {
			ofctl_print(msg.data, msg.size, NULL, verbosity);
			msg.size = 0;
		}
	}
	if (msg.size)
		ofctl_print(msg.data, msg.size, NULL, verbosity);
	return 0;
}

int ofctl_ofp_parse(int argc, char **argv)
{
	FILE *f = strcmp(argv[1], "-") ? fopen(argv[1], "rb") : stdin;
	if (!f)
		log_fatal("%s: open failed (%s)", argv[1], err_name(errno));
	uint8_t header[OF_HEADER_SIZE];
	size_t n;
	while ((n = fread(header, 1, sizeof header, f)) == sizeof header) {
		size_t size = of_msg_size(header);
		if (size < sizeof header)
			log_fatal("%s: message length field %zu too small", argv[1], size);
		AUTO_FREE uint8_t *msg = xmalloc(size);
		memcpy(msg, header, sizeof header);
		if (fread(msg + sizeof header, 1, size - sizeof header, f) != size - sizeof header)
			log_fatal("%s: unexpected end of file in message", argv[1]);
		ofctl_print(msg, size, NULL, ofctl.verbosity + 2);
	}
	if (n)
		log_fatal("%s: unexpected end of file in message", argv[1]);
	if (f != stdin)
		fclose(f);
	return 0;
}

/* -- parse-flow, parse-flows. */

static void print_mods(struct flow_mod *fms, size_t n, uint32_t usable)
{
	AUTO_STR text = STR_INIT;
	of_protocols_put(usable, &text);
	printf("usable protocols: %s\n", str_cstr(&text));
	if (!(usable & ofctl_allowed()))
		log_fatal("no usable protocol");
	uint32_t protocol = 1;
	while (!(usable & ofctl_allowed() & protocol))
		protocol <<= 1;
	printf("chosen protocol: %s\n", of_protocol_name(protocol));
	for (size_t i = 0; i < n; i++) {
		AUTO_BYTES b = BYTES_INIT;
		if (flow_mod_build(&b, &fms[i], protocol, (uint32_t)i + 1) < 0)
			log_fatal("the flow is too long for an OpenFlow message");
		ofctl_print(b.data, b.size, NULL, ofctl.verbosity);
		free((void *)fms[i].actions);
	}
}

struct mods {
	struct flow_mod *fms;
	size_t n, allocated;
	int command;
	uint32_t usable;
};

static void add_mod(struct mods *m, const char *text, const char *where)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	m->fms = xgrow(m->fms, &m->allocated, m->n + 1, sizeof *m->fms);
	struct flow_mod *fm = &m->fms[m->n];
	if (flow_mod_from_str(text, m->command, NULL, fm, &acts, &m->usable, &err) < 0)
		log_fatal("%s%s", where, err_text(&err));
	fm->actions = fm->actions_size ? xmemdup(fm->actions, fm->actions_size) : NULL;
	m->n++;
}

static void add_line(const char *text, const char *file, int line, void *arg)
{
	AUTO_FREE char *where = xasprintf("%s:%d: ", file, line);
	add_mod(arg, text, where);
}

int ofctl_parse_flow(int argc, char **argv)
{
	struct mods m = { .command = OFPFC_ADD, .usable = OFPROTO_ANY };
	add_mod(&m, argv[1], "");
	print_mods(m.fms, m.n, m.usable);
	free(m.fms);
	return 0;
}

int ofctl_parse_flows(int argc, char **argv)
{
	struct mods m = { .command = OFPFC_ADD, .usable = OFPROTO_ANY };
	ofctl_for_each_line(argv[1], add_line, &m);
	print_mods(m.fms, m.n, m.usable);
	free(m.fms);
	return 0;
}

/* -- Hex on standard input, a line each. */

static void for_each_hex_line(void (*cb)(const uint8_t *, size_t, const char *line, void *),
			      void *arg)
{
	AUTO_FREE char *line = NULL;
	size_t allocated = 0;
	while (getline(&line, &allocated, stdin) >= 0) {
		char *hash = strchr(line, '#');
		if (hash)
			*hash = '\0';
		AUTO_BYTES b = BYTES_INIT;
		ofctl_hex(line, &b);
		if (b.size)
			cb(b.data, b.size, line, arg);
	}
}

static void print_differences(const char *prefix, const uint8_t *a, size_t a_size, const uint8_t *b,
			      size_t b_size)
{
	for (size_t i = 0; i < MIN(a_size, b_size); i++) {
		if (a[i] != b[i])
			printf("%s%2zu: %02x -> %02x\n", prefix, i, a[i], b[i]);
	}
	for (size_t i = a_size; i < b_size; i++)
		printf("%s%2zu: (none) -> %02x\n", prefix, i, b[i]);
	for (size_t i = b_size; i < a_size; i++)
		printf("%s%2zu: %02x -> (none)\n", prefix, i, a[i]);
}

static void print_match10(const uint8_t *p, size_t size, const char *line, void *arg)
{
	if (size != OF10_MATCH_SIZE)
		log_fatal("expected %d bytes, received %zu", OF10_MATCH_SIZE, size);
	struct match m;
	int r = match10_parse(p, &m);
	if (r) {
		printf("bad ofp10_match: %s\n\n", of_error_name(r));
		return;
	}
	AUTO_FREE char *text = match_to_str(&m, -1, NULL);
	puts(text);
	AUTO_BYTES again = BYTES_INIT;
	match10_build(&again, &m);
	print_differences("", p, size, again.data, again.size);
	putchar('\n');
}

static void print_match11(const uint8_t *p, size_t size, const char *line, void *arg)
{
	if (size != OF11_MATCH_SIZE)
		log_fatal("expected %d bytes, received %zu", OF11_MATCH_SIZE, size);
	struct match m;
	int r = match11_parse(p, &m);
	if (r) {
		printf("bad ofp11_match: %s\n\n", of_error_name(r));
		return;
	}
	AUTO_FREE char *text = match_to_str(&m, -1, NULL);
	puts(text);
	AUTO_BYTES again = BYTES_INIT;
	match11_build(&again, &m);
	print_differences("", p, size, again.data, again.size);
	putchar('\n');
}

int ofctl_parse_ofp10_match(int argc, char **argv)
{
	for_each_hex_line(print_match10, NULL);
	return 0;
}

int ofctl_parse_ofp11_match(int argc, char **argv)
{
	for_each_hex_line(print_match11, NULL);
	return 0;
}

/* -- Errors and hellos. */

int ofctl_encode_hello(int argc, char **argv)
{
	AUTO_BYTES b = BYTES_INIT;
	AUTO_STR out = STR_INIT;
	hello_build(&b, (uint32_t)strtoul(argv[1], NULL, 0), 1);
	hex_dump_put(b.data, b.size, 0, false, &out);
	fputs(str_cstr(&out), stdout);
	const struct print_options o = { .verbosity = 0 };
	str_clear(&out);
	of_print(b.data, b.size, &o, &out);
	fputs(str_cstr(&out), stdout);
	return 0;
}
