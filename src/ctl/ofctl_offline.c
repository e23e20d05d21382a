/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of ovs-ofctl for those who look at bytes. Their formats are those of OVS, which its own
 * tests and ours compare. */
#include "ctl/ofctl_offline.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "ofp/codec.h"
#include "ofp/nxm.h"
#include "packet/compose.h"
#include "pipeline/flow_text.h"

LOG_MODULE(ofctl);

bool ofctl_offline_strict;
enum of_version ofctl_offline_version = OF10;

/* "00000000  01 02 03 .. 08-09 ..", sixteen a line. */
static void hex_dump(const uint8_t *p, size_t size)
{
	for (size_t i = 0; i < size; i += 16) {
		size_t n = MIN(size - i, 16);
		printf("%08zx ", i);
		for (size_t k = 0; k < n; k++)
			printf("%c%02x", k == 8 ? '-' : ' ', p[i + k]);
		putchar('\n');
	}
}

/* Hex digits with any blanks between. -1: something else is among them. */
static ssize_t hex_bytes(const char *s, uint8_t *ret, size_t room)
{
	size_t n = 0;
	for (;;) {
		s += strspn(s, " \t\r\n");
		if (!*s)
			return (ssize_t)n;
		char two[3] = { s[0], s[1], 0 };
		if (!isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]) || n == room)
			return -1;
		ret[n++] = (uint8_t)strtoul(two, NULL, 16);
		s += 2;
	}
}

/* Lines of standard input without comments; false at the end. */
static bool next_line(char **line, size_t *room)
{
	if (getline(line, room, stdin) < 0)
		return false;
	char *comment = strchr(*line, '#');
	if (comment)
		*comment = '\0';
	size_t len = strlen(*line);
	while (len && isspace((unsigned char)(*line)[len - 1]))
		(*line)[--len] = '\0';
	return true;
}

/* ---- packets --------------------------------------------------------------------------------- */

/* A flow with no wildcard: fields that are not given are zero. */
static int exact_flow(const char *text, struct flow_key *ret, struct err *err)
{
	/* What names like "tcp" stand for is known to the match's parser; that no field is masked,
	 * that none is unknown and that prerequisites come first is looked at here. */
	struct match match;
	match_init(&match);
	AUTO_FREE char *copy = xstrdup(text);
	char *rest = copy;
	struct flow_key *key = &match.key;
	memset(key, 0, sizeof *key);
	for (char *word; (word = strsep(&rest, ", \t\r\n")) != NULL;) {
		if (!*word)
			continue;
		char *value = strchr(word, '=');
		AUTO_ERR why = ERR_INIT;
		if (!value) {
			struct match short_form;
			int priority;
			uint32_t usable = OFPROTO_ANY;
			if (match_from_str(word, NULL, &short_form, &priority, &usable, &why) < 0)
				return err_set(err, -EINVAL, "%s: unknown field %s", text, word);
			for (size_t i = 0; i < KEY_WORDS; i++)
				key_words_rw(key)[i] |= key_words(&short_form.key)[i];
			continue;
		}
		*value++ = '\0';
		const struct field *f = field_from_name(word, strlen(word));
		if (!f)
			return err_set(err, -EINVAL, "%s: unknown field %s", text, word);
		union field_value v = { 0 }, m = { 0 };
		if (field_value_from_str(f, value, NULL, &v, &m, &why) < 0)
			return err_set(err, -EINVAL, "%s: bad value for %s (%s)", text, word,
				       err_text(&why));
		if (!field_value_is_ones(f, &m))
			return err_set(err, -EINVAL,
				       "%s: bad value for %s (%s: wildcards not allowed here)",
				       text, word, value);
		if (!field_prereqs_ok(f, key, NULL))
			return err_set(err, -EINVAL, "%s: prerequisites not met for setting %s",
				       text, word);
		field_set(f, &v, key);
	}
	if (!key->in_port)
		key->in_port = OFPORT_NONE;
	*ret = *key;
	return 0;
}

int ofctl_compose_packet(int argc, char **argv)
{
	AUTO_ERR err = ERR_INIT;
	struct flow_key specified, extracted;
	uint8_t payload[PACKET_MAX_BYTES];
	ssize_t size = 0;
	if (exact_flow(argv[1], &specified, &err) < 0)
		log_fatal("%s", err_text(&err));
	if (argc > 2) {
		size = hex_bytes(argv[2], payload, 65536 - 256);
		if (size < 0)
			log_fatal("%s: trailing garbage in packet data", argv[2]);
	}
	struct packet *p = packet_compose(&specified, argc > 2 ? payload : NULL,
					  argc > 2 ? (uint32_t)size : COMPOSE_DEFAULT_PAYLOAD);
	packet_vlan_limit = KEY_MAX_VLANS;
	key_extract(p, &extracted);
	extracted.in_port = OFPORT_NONE;
	int status = 0;
	AUTO_STR a = STR_INIT;
	AUTO_STR b = STR_INIT;
	flow_put(&specified, NULL, &a);
	flow_put(&extracted, NULL, &b);
	if (strcmp(str_cstr(&a), str_cstr(&b))) {
		printf("specified and extracted flows differ:\nspecified: %s\nextracted: %s",
		       str_cstr(&a), str_cstr(&b));
		status = 1;
	}
	hex_dump(p->data, p->size);
	packet_free(p);
	return status;
}

static void print_packet(const uint8_t *bytes, uint32_t size, bool with_port)
{
	struct packet *p = packet_from_bytes(bytes, size);
	struct flow_key key;
	AUTO_STR out = STR_INIT;
	packet_vlan_limit = KEY_MAX_VLANS;
	key_extract(p, &key);
	key.in_port = OFPORT_NONE;
	flow_put(&key, NULL, &out);
	/* A packet by itself came in nowhere; a captured one did, by a port that nobody knows. */
	static const char port[] = "in_port=ANY,";
	char *at = with_port ? NULL : strstr(out.s, port);
	if (at)
		memmove(at, at + strlen(port), strlen(at + strlen(port)) + 1);
	puts(str_cstr(&out));
	packet_free(p);
}

int ofctl_parse_packet(int argc, char **argv)
{
	uint8_t bytes[65535];
	size_t n = fread(bytes, 1, sizeof bytes, stdin);
	if (ferror(stdin))
		log_fatal("failed to read packet from stdin (%s)", err_name(errno));
	print_packet(bytes, (uint32_t)n, false);
	return 0;
}

/* The classic format: 24 bytes, then 16 in front of each packet, in the writer's byte order. */
static int parse_pcap(const char *name)
{
	uint32_t head[6], record[4];
	FILE *f = fopen(name, "rb");
	if (!f)
		log_fatal("%s: open failed (%s)", name, err_name(errno));
	int r = 0;
	if (fread(head, sizeof head, 1, f) != 1)
		r = -EPROTO;
	bool swap = !r && (head[0] == 0xd4c3b2a1 || head[0] == 0x4d3cb2a1);
	if (!r && !swap && head[0] != 0xa1b2c3d4 && head[0] != 0xa1b23c4d)
		r = -EPROTO;
	if (r)
		log_fatal("%s: open failed (%s)", name, err_name(r));
	AUTO_FREE uint8_t *bytes = xmalloc(PACKET_MAX_BYTES);
	while (fread(record, sizeof record, 1, f) == 1) {
		uint32_t n = swap ? __builtin_bswap32(record[2]) : record[2];
		if (n > PACKET_MAX_BYTES || fread(bytes, 1, n, f) != n) {
			log_warn("%s: failed to read pcap packet", name);
			break;
		}
		print_packet(bytes, n, true);
	}
	fclose(f);
	return 0;
}

int ofctl_parse_pcap(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		parse_pcap(argv[i]);
	return 0;
}

/* ---- text -------------------------------------------------------------------------------------
 */

/* "a=b,c(d),e:f": keys with values behind '=' or ':', or in parentheses, which nest. */
int ofctl_parse_key_value(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *s = argv[i];
		bool first = true;
		for (;;) {
			s += strspn(s, ", \t\r\n");
			if (!*s)
				break;
			size_t key = strcspn(s, ":=(, \t\r\n");
			if (!key) { /* a value without a key says nothing */
				s++;
				continue;
			}
			const char *value = "", *end = s + key;
			size_t value_len = 0;
			if (*end == ':' || *end == '=') {
				value = end + 1;
				int depth = 0;
				for (end = value; *end && (depth || !strchr(", \t\r\n", *end));
				     end++)
					depth += *end == '(' ? 1 : *end == ')' ? -1 : 0;
				value_len = (size_t)(end - value);
			} else if (*end == '(') {
				value = end + 1;
				int depth = 1;
				for (end = value; *end && depth; end++)
					depth += *end == '(' ? 1 : *end == ')' ? -1 : 0;
				value_len = (size_t)(end - value) - (depth == 0);
			}
			printf("%s%.*s", first ? "" : ", ", (int)key, s);
			if (value_len)
				printf("=%.*s", (int)value_len, value);
			first = false;
			s = end;
		}
		putchar('\n');
	}
	return 0;
}

/* ---- bytes of OpenFlow ------------------------------------------------------------------------
 */

static enum of_version version_arg(const char *s)
{
	uint32_t set = of_versions_from_str(s);
	if (!set || set & (set - 1))
		log_fatal("%s: not a valid OpenFlow version", s);
	return (enum of_version)__builtin_ctz(set);
}

static int parse_lists(int argc, char **argv, bool instructions)
{
	enum of_version version = version_arg(argv[1]);
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	while (next_line(&line, &room)) {
		uint8_t bytes[8192];
		ssize_t n = hex_bytes(line, bytes, sizeof bytes);
		if (!line[strspn(line, " \t")])
			continue;
		if (n < 0)
			log_fatal("Trailing garbage in hex data");
		struct of_actions list = OF_ACTIONS_INIT;
		int r = n % 8	       ? -OFPERR_OFPBRC_BAD_LEN
			: instructions ? of_instructions_parse(bytes, (size_t)n, version, &list)
				       : of_actions_parse(bytes, (size_t)n, version, &list);
		if (r < 0) {
			printf("bad %s %s: %s\n\n", of_version_name(version),
			       instructions ? "instructions" : "actions", of_error_name(r));
			of_actions_fini(&list);
			continue;
		}
		AUTO_STR text = STR_INIT;
		of_actions_put_text(list.data, list.size, NULL, &text);
		printf("actions=%s\n", str_cstr(&text));
		/* Do we write what we read? */
		AUTO_BYTES back = BYTES_INIT;
		if (instructions)
			of_instructions_build(&back, list.data, list.size, version);
		else
			of_actions_build(&back, list.data, list.size, version);
		for (size_t i = 0; i < MAX((size_t)n, back.size); i++) {
			if (i < (size_t)n && i < back.size && bytes[i] != back.data[i])
				printf("%2zu: %02x -> %02x\n", i, bytes[i], back.data[i]);
			else if (i >= (size_t)n)
				printf("%2zu: (none) -> %02x\n", i, back.data[i]);
			else if (i >= back.size)
				printf("%2zu: %02x -> (none)\n", i, bytes[i]);
		}
		putchar('\n');
		of_actions_fini(&list);
	}
	return 0;
}

int ofctl_parse_actions(int argc, char **argv) { return parse_lists(argc, argv, false); }
int ofctl_parse_instructions(int argc, char **argv) { return parse_lists(argc, argv, true); }

static int parse_nxms(enum of_version version, bool oxm)
{
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, stdin) >= 0) {
		AUTO_BYTES in = BYTES_INIT;
		AUTO_ERR err = ERR_INIT;
		AUTO_STR out = STR_INIT;
		line[strcspn(line, "\n")] = '\0';
		char *comment = strchr(line, '#');
		if ((comment && comment == line + strspn(line, " ")) || !line[strspn(line, " ")]) {
			puts(line);
			continue;
		}
		if (nxm_from_text(line, version, &in, &err) < 0)
			log_fatal("%s", err_text(&err));
		struct match match;
		be64 cookie = 0, cookie_mask = 0;
		int r = nxm_parse(in.data, in.size, ofctl_offline_strict, &match,
				  oxm ? NULL : &cookie, oxm ? NULL : &cookie_mask);
		if (r < 0) {
			printf("nx_pull_match() returned error %s\n", of_error_name(r));
			continue;
		}
		AUTO_BYTES back = BYTES_INIT;
		size_t n = nxm_build(&back, &match, version, cookie, cookie_mask);
		nxm_put_text(back.data, n, &out);
		puts(str_cstr(&out));
	}
	return 0;
}

int ofctl_parse_nx_match(int argc, char **argv) { return parse_nxms(OF10, false); }

int ofctl_parse_oxm(int argc, char **argv)
{
	enum of_version version = version_arg(argv[1]);
	if (version < OF12)
		log_fatal("%s: not a valid version for OXM", argv[1]);
	return parse_nxms(version, true);
}

int ofctl_print_error(int argc, char **argv)
{
	enum of_error e = of_error_from_name(argv[1]);
	if (!e)
		log_fatal("unknown error \"%s\"", argv[1]);
	for (enum of_version v = OF10; v <= OF15; v++) {
		struct of_error_code c;
		if (!of_error_code_get(e, v, &c))
			continue;
		printf("OpenFlow 1.%d: vendor %s%x, type %d, code %d\n", v - 1,
		       c.vendor ? "0x" : "", c.vendor, c.type, c.code);
	}
	return 0;
}

int ofctl_encode_error_reply(int argc, char **argv)
{
	enum of_error e = of_error_from_name(argv[1]);
	uint8_t request[OF_MSG_MAX];
	ssize_t n = hex_bytes(argv[2], request, sizeof request);
	if (!e)
		log_fatal("unknown error \"%s\"", argv[1]);
	if (n < OF_HEADER_SIZE || (size_t)n != of_msg_size(request))
		log_fatal("Trailing garbage in hex data");
	AUTO_BYTES out = BYTES_INIT;
	error_build(&out, (int)e, request, (size_t)n);
	hex_dump(out.data, out.size);
	return 0;
}

/* ---- VLAN matches through every form of a match ------------------------------------------------
 */

static void print_tci(const struct match *m, const char *end)
{
	printf(" -> %04x/%04x%s", be16_to_cpu(m->key.vlans[0].tci),
	       be16_to_cpu(m->mask.vlans[0].tci), end);
}

int ofctl_check_vlan(int argc, char **argv)
{
	struct match match, back;
	uint64_t tci, mask;
	char *end;
	tci = strtoul(argv[1], &end, 16);
	if (*end || tci > 0xffff)
		log_fatal("%s: bad TCI", argv[1]);
	mask = strtoul(argv[2], &end, 16);
	if (*end || mask > 0xffff)
		log_fatal("%s: bad mask", argv[2]);
	match_init(&match);
	match.key.vlans[0].tci = cpu_to_be16((uint16_t)(tci & mask));
	match.mask.vlans[0].tci = cpu_to_be16((uint16_t)mask);

	/* Text and back. */
	AUTO_FREE char *text = match_to_str(&match, -1, NULL);
	int priority;
	uint32_t usable = OFPROTO_ANY;
	AUTO_ERR err = ERR_INIT;
	printf("%s", text);
	if (match_from_str(text, NULL, &back, &priority, &usable, &err) < 0)
		log_fatal("%s", err_text(&err));
	print_tci(&back, "\n");

	for (int oxm = 0; oxm < 2; oxm++) {
		AUTO_BYTES b = BYTES_INIT;
		AUTO_STR list = STR_INIT;
		size_t n = nxm_build(&b, &match, oxm ? OF12 : OF10, 0, 0);
		/* NXM says nothing of the packet type, OXM does not either where it is Ethernet. */
		nxm_put_text(b.data, n, &list);
		printf("%s: %s", oxm ? "OXM" : "NXM", str_cstr(&list));
		int r = nxm_parse(b.data, n, false, &back, NULL, NULL);
		if (r < 0) {
			printf(" nx_pull_match() failed: %s\n", of_error_name(r));
			return 2;
		}
		if (!oxm) {
			print_tci(&back, "\n");
			continue;
		}
		uint16_t t = be16_to_cpu(back.key.vlans[0].tci),
			 m = be16_to_cpu(back.mask.vlans[0].tci);
		printf(" -> %04x/%04x,", t & (VLAN_VID_MASK | VLAN_CFI),
		       m & (VLAN_VID_MASK | VLAN_CFI));
		if (m & VLAN_PCP_MASK)
			printf("%02x\n", t >> VLAN_PCP_SHIFT);
		else
			printf("--\n");
	}

	AUTO_BYTES b = BYTES_INIT;
	match10_build(&b, &match);
	/* wildcards 0..3, dl_vlan 18, pcp 20 */
	uint32_t wildcards = get_be32(b.data);
	printf("OF1.0: %04x/%d,%02x/%d", get_be16(b.data + 18), wildcards >> 1 & 1, b.data[20],
	       wildcards >> 20 & 1);
	if (match10_parse(b.data, &back) < 0)
		return 2;
	print_tci(&back, "\n");

	bytes_fini(&b);
	match11_build(&b, &match);
	/* type 2, length 2, in_port 4, wildcards 4, source 6 and mask, destination and mask, then
	 * vlan */
	wildcards = get_be32(b.data + 8);
	printf("OF1.1: %04x/%d,%02x/%d", get_be16(b.data + 36), wildcards >> 1 & 1, b.data[38],
	       wildcards >> 2 & 1);
	if (match11_parse(b.data, &back) < 0)
		return 2;
	print_tci(&back, "\n");
	return 0;
}
