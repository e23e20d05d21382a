/* SPDX-License-Identifier: Apache-2.0 */
/* action_parse: the text of ovs-actions(7) to records. A table has one row a word; each function
 * takes the argument between the parentheses or behind the colon. Error texts are those that
 * ovs-ofctl gives, since people search for them. */
#include "ofp/action_parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "base/mem.h"
#include "ofp/action_names.h"
#include "ofp/error.h"
#include "ofp/flow.h"

bool token_next(char **s, struct token *ret)
{
	static char empty[1];
	char *p = *s + strspn(*s, ", \t\r\n");
	if (!*p) {
		*s = p;
		return false;
	}
	char *key = p;
	p += strcspn(p, ":=(, \t\r\n");
	char delim = *p;
	*ret = (struct token){ key, empty, empty };
	if (delim == '(') {
		*p++ = '\0';
		ret->value = p;
		unsigned depth = 1;
		for (; *p; p++) {
			if (*p == '(')
				depth++;
			else if (*p == ')' && !--depth)
				break;
		}
		if (*p) {
			*p++ = '\0';
			ret->rest = p;
			/* "->FIELD" behind it belongs to the action. */
			p += strcspn(p, ", \t\r\n");
		}
	} else if (delim == ':' || delim == '=') {
		*p++ = '\0';
		ret->value = p;
		unsigned depth = 0;
		for (; *p; p++) {
			if (*p == '(')
				depth++;
			else if (*p == ')' && depth)
				depth--;
			else if (!depth && strchr(", \t\r\n", *p))
				break;
		}
	}
	if (*p)
		*p++ = '\0';
	*s = p;
	return true;
}

int parse_u8(const char *s, const char *what, uint8_t *ret, struct err *err)
{
	uint64_t v;
	if (!str_to_u64(s, 0, &v) || v > UINT8_MAX)
		return err_set(err, -EINVAL, "invalid %s \"%s\"", what, s);
	*ret = (uint8_t)v;
	return 0;
}

int parse_u16(const char *s, const char *what, uint16_t *ret, struct err *err)
{
	uint64_t v;
	if (!str_to_u64(s, 0, &v) || v > UINT16_MAX)
		return err_set(err, -EINVAL, "invalid %s \"%s\"", what, s);
	*ret = (uint16_t)v;
	return 0;
}

int parse_u64(const char *s, uint64_t *ret, struct err *err)
{
	int64_t negative;
	if (s[0] == '-' && str_to_i64(s, 0, &negative)) {
		*ret = (uint64_t)negative;
		return 0;
	}
	return str_to_u64(s, 0, ret) ? 0 : err_set(err, -EINVAL, "invalid numeric format %s", s);
}

int parse_u32(const char *s, uint32_t *ret, struct err *err)
{
	uint64_t v;
	if (!str_to_u64(s, 0, &v) || v > UINT32_MAX)
		return err_set(err, -EINVAL, "invalid numeric format %s", s);
	*ret = (uint32_t)v;
	return 0;
}

int parse_be64(const char *s, be64 *ret, struct err *err)
{
	uint64_t v;
	int r = parse_u64(s, &v, err);
	if (!r)
		*ret = cpu_to_be64(v);
	return r;
}

bool parse_table_id(const char *s, uint8_t *ret)
{
	uint64_t v;
	if (!str_to_u64(s, 0, &v) || v > UINT8_MAX)
		return false;
	*ret = (uint8_t)v;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int parse_wide(const char *s, uint8_t *ret, size_t n_bytes, unsigned n_bits, const char **ret_end)
{
	memset(ret, 0, n_bytes);
	if (s[0] == '0' && (s[1] | 0x20) == 'x' && hex_digit(s[2]) >= 0) {
		const char *end = s + 2;
		while (hex_digit(*end) >= 0)
			end++;
		size_t nibble = 0;
		for (const char *p = end; p-- > s + 2; nibble++) {
			int d = hex_digit(*p);
			if (!d)
				continue;
			if (nibble / 2 >= n_bytes)
				return -ERANGE;
			ret[n_bytes - 1 - nibble / 2] |= (uint8_t)(d << (nibble % 2 * 4));
		}
		*ret_end = end;
	} else {
		char *end;
		errno = 0;
		unsigned long long v = strtoull(s, &end, 0);
		if (end == s || !(isdigit((unsigned char)*s) || *s == '-'))
			return -EINVAL;
		if (errno)
			return -ERANGE;
		for (size_t i = n_bytes; i-- > 0; v >>= 8)
			ret[i] = (uint8_t)v;
		if (v)
			return -ERANGE;
		*ret_end = end;
	}
	for (size_t bit = n_bits; bit < n_bytes * 8; bit++) {
		if (ret[n_bytes - 1 - bit / 8] >> (bit % 8) & 1)
			return -ERANGE;
	}
	return 0;
}

/* A port: number in either numbering, reserved name, or known name. */
static bool parse_port(const struct action_parser *p, const char *s, uint32_t *ret)
{
	return ofport_from_str(s, p->names, ret);
}

static int put_u32(struct action_parser *p, enum of_action_type type, uint32_t value)
{
	struct ofa_u32 *a = of_actions_put(p->out, type, sizeof *a);
	a->value = value;
	return 0;
}

/* -- Output. */

static int parse_output_trunc(struct action_parser *p, char *arg)
{
	uint32_t port = OFPORT_NONE, max_len = 0;
	struct token t;
	while (token_next(&arg, &t)) {
		if (!strcmp(t.key, "port")) {
			if (!parse_port(p, t.value, &port))
				return err_set(p->err, -EINVAL,
					       "output to unknown truncate port: %s", t.value);
			if (port >= OFPORT_MAX && port != OFPORT_LOCAL && port != OFPORT_NONE &&
			    port != OFPORT_IN_PORT)
				return err_set(p->err, -EINVAL,
					       "output to unsupported truncate port: %s", t.value);
		} else if (!strcmp(t.key, "max_len")) {
			int r = parse_u32(t.value, &max_len, p->err);
			if (r)
				return r;
			if (max_len < 14)
				return err_set(p->err, -EINVAL,
					       "max_len %u is less than the minimum value %u",
					       max_len, 14);
		} else {
			return err_set(p->err, -EINVAL, "invalid key '%s' in output_trunc argument",
				       t.key);
		}
	}
	struct ofa_output_trunc *a = of_actions_put(p->out, OFA_OUTPUT_TRUNC, sizeof *a);
	a->port = port;
	a->max_len = max_len;
	return 0;
}

static int parse_output(struct action_parser *p, char *arg)
{
	uint32_t port;
	if (parse_port(p, arg, &port)) {
		of_actions_put_output(p->out, port, port == OFPORT_CONTROLLER ? UINT16_MAX : 0);
		return 0;
	}
	if (strstr(arg, "port") && strstr(arg, "max_len"))
		return parse_output_trunc(p, arg);
	struct subfield src;
	AUTO_ERR ignored = ERR_INIT;
	if (subfield_from_str(arg, &src, &ignored) < 0)
		return err_set(p->err, -EINVAL, "%s: output to unknown port", arg);
	struct ofa_output_reg *a = of_actions_put(p->out, OFA_OUTPUT_REG, sizeof *a);
	a->src = src;
	a->max_len = UINT16_MAX;
	return 0;
}

/* Bytes "01.02.03" or "010203", into 'out'. */
static int parse_hex_bytes(const char *s, struct of_actions *out, size_t *ret_n)
{
	size_t n = 0;
	while (*s) {
		if (*s == '.' && n) {
			s++;
			continue;
		}
		int hi = hex_digit(s[0]), lo = hi < 0 ? -1 : hex_digit(s[1]);
		if (lo < 0)
			return -EINVAL;
		if (out->size + 1 > out->allocated) {
			out->allocated = MAX(64, out->allocated * 2);
			out->data = xrealloc(out->data, out->allocated);
		}
		out->data[out->size++] = (uint8_t)(hi << 4 | lo);
		s += 2;
		n++;
	}
	*ret_n = n;
	return 0;
}

static int packet_in_reason_from_str(const char *s)
{
	for (int r = 0; r < OFPR_N_REASONS; r++) {
		const char *name = of_packet_in_reason_name(r);
		if (name && !strcasecmp(name, s))
			return r;
	}
	return -1;
}

static int parse_controller(struct action_parser *p, char *arg)
{
	int reason = OFPR_ACTION, r = 0;
	uint16_t id = 0, max_len = UINT16_MAX;
	uint32_t meter = OF_NO_METER;
	bool pause = false;
	AUTO_OF_ACTIONS userdata = OF_ACTIONS_INIT;
	size_t userdata_size = 0;

	if (!*arg) {
		max_len = UINT16_MAX;
	} else if (strspn(arg, "0123456789") == strlen(arg)) {
		r = parse_u16(arg, "max_len", &max_len, p->err);
	} else {
		struct token t;
		while (!r && token_next(&arg, &t)) {
			if (!strcmp(t.key, "reason")) {
				reason = packet_in_reason_from_str(t.value);
				if (reason < 0)
					return err_set(p->err, -EINVAL, "unknown reason \"%s\"",
						       t.value);
			} else if (!strcmp(t.key, "max_len")) {
				r = parse_u16(t.value, "max_len", &max_len, p->err);
			} else if (!strcmp(t.key, "id")) {
				r = parse_u16(t.value, "id", &id, p->err);
			} else if (!strcmp(t.key, "userdata")) {
				userdata.size = 0;
				if (parse_hex_bytes(t.value, &userdata, &userdata_size))
					return err_set(
						p->err, -EINVAL,
						"bad hex digit in `controller' action `userdata'");
			} else if (!strcmp(t.key, "pause")) {
				pause = true;
			} else if (!strcmp(t.key, "meter_id")) {
				r = parse_u32(t.value, &meter, p->err);
			} else {
				return err_set(p->err, -EINVAL,
					       "unknown key \"%s\" parsing controller action",
					       t.key);
			}
		}
	}
	if (r)
		return r;
	if (reason == OFPR_ACTION && !id && !userdata_size && !pause && meter == OF_NO_METER) {
		of_actions_put_output(p->out, OFPORT_CONTROLLER, max_len);
		return 0;
	}
	struct ofa_controller *a =
		of_actions_put(p->out, OFA_CONTROLLER, sizeof *a + userdata_size);
	a->max_len = max_len;
	a->controller_id = id;
	a->reason = (uint8_t)reason;
	a->pause = pause;
	a->meter_id = meter;
	a->userdata_size = (uint16_t)userdata_size;
	if (userdata_size)
		memcpy(a->userdata, userdata.data, userdata_size);
	return 0;
}

static int parse_enqueue(struct action_parser *p, char *arg)
{
	char *queue = arg + strcspn(arg, ":,=");
	if (!*arg || !*queue)
		return err_set(p->err, -EINVAL,
			       "\"enqueue\" syntax is \"enqueue:PORT:QUEUE\" or "
			       "\"enqueue(PORT,QUEUE)\"");
	*queue++ = '\0';
	uint32_t port, id;
	if (!parse_port(p, arg, &port))
		return err_set(p->err, -EINVAL, "%s: enqueue to unknown port", arg);
	int r = parse_u32(queue, &id, p->err);
	if (r)
		return r;
	struct ofa_enqueue *a = of_actions_put(p->out, OFA_ENQUEUE, sizeof *a);
	a->port = port;
	a->queue = id;
	return 0;
}

static int parse_group(struct action_parser *p, char *arg)
{
	uint32_t id;
	int r = parse_u32(arg, &id, p->err);
	return r ? r : put_u32(p, OFA_GROUP, id);
}

static int parse_bundle(struct action_parser *p, char *arg) { return bundle_parse(p, arg, false); }
static int parse_bundle_load(struct action_parser *p, char *arg)
{
	return bundle_parse(p, arg, true);
}

/* -- Fields. */

/* Splits "VALUE->FIELD". NULL, with the error set, if there is no arrow. */
static char *split_arrow(struct action_parser *p, char *arg)
{
	char *arrow = strstr(arg, "->");
	if (!arrow) {
		err_set(p->err, -EINVAL, "%s: missing `->'", arg);
		return NULL;
	}
	char *end = arrow;
	while (end > arg && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	char *field = arrow + 2;
	return field + strspn(field, " \t");
}

static int parse_set_field(struct action_parser *p, char *arg)
{
	char *name = split_arrow(p, arg);
	if (!name)
		return -EINVAL;
	size_t len = strlen(name);
	while (len && isspace((unsigned char)name[len - 1]))
		name[--len] = '\0';
	const struct field *f = field_from_name(name, len);
	if (!f)
		return err_set(p->err, -EINVAL, "%s is not a valid OXM field name", name);
	if (!f->writable)
		return err_set(p->err, -EINVAL, "%s is read-only", name);
	union field_value value, mask;
	memset(&value, 0, sizeof value);
	memset(&mask, 0, sizeof mask);
	int r = field_value_from_str(f, arg, p->names, &value, &mask, p->err);
	if (r < 0)
		return r;
	if (!field_value_ok(f, &value) || (f->id == FIELD_NW_TOS && value.u8 & 3))
		return err_set(p->err, -EINVAL, "%s is not a valid value for field %s", arg, name);
	p->usable &= field_usable_protocols(f, &mask);
	of_actions_put_set_field(p->out, f, &value, &mask);
	return 0;
}

static int parse_load(struct action_parser *p, char *arg)
{
	AUTO_FREE char *whole = xstrdup(arg);
	char *dst_text = split_arrow(p, arg);
	if (!dst_text)
		return -EINVAL;
	struct subfield dst;
	int r = subfield_from_str(dst_text, &dst, p->err);
	if (r < 0)
		return r;
	uint8_t value[FIELD_MAX_BYTES];
	const char *end = arg;
	size_t n = dst.field->n_bytes;
	r = parse_wide(arg, value, n, dst.n_bits, &end);
	if (r == -ERANGE && strlen(arg) <= 18)
		return err_set(p->err, -EINVAL, "%s: value 0x%llx does not fit into %d bits", whole,
			       strtoull(arg, NULL, 0), dst.n_bits);
	if (r == -ERANGE)
		return err_set(p->err, -EINVAL, "%s: value %s does not fit into %d bits", whole,
			       arg, dst.n_bits);
	if (r || *end)
		return err_set(p->err, -EINVAL, "%s: cannot parse integer value", whole);
	union field_value v = { .b = { 0 } }, mask = { .b = { 0 } };
	bits_copy(value, (unsigned)n, 0, v.b, (unsigned)n, dst.ofs, dst.n_bits);
	bits_fill(mask.b, (unsigned)n, dst.ofs, dst.n_bits, true);
	of_actions_put_set_field(p->out, dst.field, &v, &mask)->h.raw = OFRAW_REG_LOAD;
	return 0;
}

static int parse_move(struct action_parser *p, char *arg)
{
	struct subfield src, dst;
	const char *s;
	AUTO_ERR sub = ERR_INIT;
	if (subfield_parse(arg, &src, &s, &sub) < 0)
		return err_set(p->err, -EINVAL, "%s: %s", arg,
			       strstr(err_text(&sub), ": ") ? strstr(err_text(&sub), ": ") + 2
							    : err_text(&sub));
	s += strspn(s, " \t");
	if (s[0] != '-' || s[1] != '>')
		return err_set(p->err, -EINVAL, "%s: missing `->' following source", arg);
	s += 2;
	s += strspn(s, " \t");
	if (subfield_parse(s, &dst, &s, &sub) < 0)
		return err_set(p->err, -EINVAL, "%s: %s", arg,
			       strstr(err_text(&sub), ": ") ? strstr(err_text(&sub), ": ") + 2
							    : err_text(&sub));
	if (*s)
		return err_set(p->err, -EINVAL, "%s: trailing garbage following destination", arg);
	if (src.n_bits != dst.n_bits)
		return err_set(p->err, -EINVAL,
			       "%s: source field is %u bits wide but destination is %u bits wide",
			       arg, src.n_bits, dst.n_bits);
	struct ofa_move *a = of_actions_put(p->out, OFA_MOVE, sizeof *a);
	a->src = src;
	a->dst = dst;
	return 0;
}

static int parse_stack(struct action_parser *p, char *arg, enum of_action_type type)
{
	struct subfield sub;
	int r = subfield_from_str(arg, &sub, p->err);
	if (r < 0)
		return r;
	struct ofa_subfield *a = of_actions_put(p->out, type, sizeof *a);
	a->subfield = sub;
	return 0;
}
static int parse_push(struct action_parser *p, char *arg)
{
	return parse_stack(p, arg, OFA_STACK_PUSH);
}
static int parse_pop(struct action_parser *p, char *arg)
{
	return parse_stack(p, arg, OFA_STACK_POP);
}

static int parse_vlan(struct action_parser *p, char *arg, bool vid, bool push_if_none)
{
	uint16_t value;
	if (vid) {
		int r = parse_u16(arg, "VLAN VID", &value, p->err);
		if (r)
			return r;
		if (value & ~VLAN_VID_MASK)
			return err_set(p->err, -EINVAL, "%s: not a valid VLAN VID", arg);
	} else {
		uint8_t pcp;
		int r = parse_u8(arg, "VLAN PCP", &pcp, p->err);
		if (r)
			return r;
		if (pcp > 7)
			return err_set(p->err, -EINVAL, "%s: not a valid VLAN PCP", arg);
		value = pcp;
	}
	struct ofa_set_vlan *a =
		of_actions_put(p->out, vid ? OFA_SET_VLAN_VID : OFA_SET_VLAN_PCP, sizeof *a);
	a->value = value;
	a->push_if_none = push_if_none;
	return 0;
}
static int parse_mod_vid(struct action_parser *p, char *arg)
{
	return parse_vlan(p, arg, true, true);
}
static int parse_set_vid(struct action_parser *p, char *arg)
{
	return parse_vlan(p, arg, true, false);
}
static int parse_mod_pcp(struct action_parser *p, char *arg)
{
	return parse_vlan(p, arg, false, true);
}
static int parse_set_pcp(struct action_parser *p, char *arg)
{
	return parse_vlan(p, arg, false, false);
}

static int parse_push_vlan(struct action_parser *p, char *arg)
{
	uint16_t type;
	p->usable &= OFPROTO_OF11_UP;
	int r = parse_u16(arg, "ethertype", &type, p->err);
	if (r)
		return r;
	if (type != 0x8100 && type != 0x88a8)
		return err_set(p->err, -EINVAL, "%s: not a valid VLAN ethertype", arg);
	return put_u32(p, OFA_PUSH_VLAN, type);
}

static int parse_set_eth(struct action_parser *p, char *arg, enum of_action_type type)
{
	const struct field *f = &field_table[FIELD_ETH_SRC];
	union field_value v = { .b = { 0 } };
	AUTO_ERR ignored = ERR_INIT;
	if (field_value_from_str(f, arg, NULL, &v, NULL, &ignored) < 0)
		return err_set(p->err, -EINVAL, "invalid mac address %s", arg);
	struct ofa_set_eth *a = of_actions_put(p->out, type, sizeof *a);
	a->addr = v.eth;
	return 0;
}
static int parse_dl_src(struct action_parser *p, char *arg)
{
	return parse_set_eth(p, arg, OFA_SET_ETH_SRC);
}
static int parse_dl_dst(struct action_parser *p, char *arg)
{
	return parse_set_eth(p, arg, OFA_SET_ETH_DST);
}

static int parse_set_nw(struct action_parser *p, char *arg, enum of_action_type type)
{
	be32 addr;
	if (inet_pton(AF_INET, arg, &addr) != 1)
		return err_set(p->err, -EINVAL, "%s: could not convert to IP address", arg);
	struct ofa_set_nw *a = of_actions_put(p->out, type, sizeof *a);
	a->addr = addr;
	return 0;
}
static int parse_nw_src(struct action_parser *p, char *arg)
{
	return parse_set_nw(p, arg, OFA_SET_NW_SRC);
}
static int parse_nw_dst(struct action_parser *p, char *arg)
{
	return parse_set_nw(p, arg, OFA_SET_NW_DST);
}

static int parse_nw_tos(struct action_parser *p, char *arg)
{
	uint8_t tos;
	int r = parse_u8(arg, "TOS", &tos, p->err);
	if (r)
		return r;
	if (tos & 3)
		return err_set(p->err, -EINVAL, "%s: not a valid TOS", arg);
	return put_u32(p, OFA_SET_NW_TOS, tos);
}

static int parse_nw_ecn(struct action_parser *p, char *arg)
{
	uint8_t ecn;
	int r = parse_u8(arg, "ECN", &ecn, p->err);
	if (r)
		return r;
	if (ecn > 3)
		return err_set(p->err, -EINVAL, "%s: not a valid ECN", arg);
	return put_u32(p, OFA_SET_NW_ECN, ecn);
}

static int parse_nw_ttl(struct action_parser *p, char *arg)
{
	uint8_t ttl;
	int r = parse_u8(arg, "TTL", &ttl, p->err);
	return r ? r : put_u32(p, OFA_SET_NW_TTL, ttl);
}

static int parse_tp(struct action_parser *p, char *arg, bool src)
{
	uint16_t port;
	int r = parse_u16(arg, src ? "source port" : "destination port", &port, p->err);
	return r ? r : put_u32(p, src ? OFA_SET_TP_SRC : OFA_SET_TP_DST, port);
}
static int parse_tp_src(struct action_parser *p, char *arg) { return parse_tp(p, arg, true); }
static int parse_tp_dst(struct action_parser *p, char *arg) { return parse_tp(p, arg, false); }

static int parse_dec_ttl(struct action_parser *p, char *arg)
{
	uint16_t ids[256];
	size_t n = 0;
	bool given = *arg != '\0';
	for (char *save = NULL, *word = strtok_r(arg, ", ", &save); word;
	     word = strtok_r(NULL, ", ", &save)) {
		if (n == ARRAY_SIZE(ids))
			return err_set(p->err, -EINVAL, "dec_ttl: more than %zu controller ids",
				       ARRAY_SIZE(ids));
		ids[n++] = (uint16_t)strtoul(word, NULL, 10);
	}
	if (given && !n)
		return err_set(p->err, -EINVAL,
			       "dec_ttl_cnt_ids: expected at least one controller id.");
	if (!n)
		ids[n++] = 0;
	struct ofa_dec_ttl *a = of_actions_put(p->out, OFA_DEC_TTL, sizeof *a + n * sizeof ids[0]);
	a->h.raw = given ? OFRAW_DEC_TTL_IDS : OFRAW_DEFAULT;
	a->n_ids = (uint32_t)n;
	memcpy(a->ids, ids, n * sizeof ids[0]);
	return 0;
}

static int parse_mpls_label(struct action_parser *p, char *arg)
{
	uint32_t label;
	if (!*arg)
		return err_set(p->err, -EINVAL, "set_mpls_label: expected label.");
	label = (uint32_t)strtoul(arg, NULL, 0);
	if (label & ~0xfffffu)
		return err_set(p->err, -EINVAL, "%s: not a valid MPLS label", arg);
	return put_u32(p, OFA_SET_MPLS_LABEL, label);
}

static int parse_mpls_tc(struct action_parser *p, char *arg)
{
	if (!*arg)
		return err_set(p->err, -EINVAL, "set_mpls_tc: expected tc.");
	unsigned long tc = strtoul(arg, NULL, 0);
	if (tc > 7)
		return err_set(p->err, -EINVAL, "%s: not a valid MPLS TC", arg);
	return put_u32(p, OFA_SET_MPLS_TC, (uint32_t)tc);
}

static int parse_mpls_ttl(struct action_parser *p, char *arg)
{
	if (!*arg)
		return err_set(p->err, -EINVAL, "set_mpls_ttl: expected ttl.");
	uint8_t ttl;
	int r = parse_u8(arg, "MPLS TTL", &ttl, p->err);
	return r ? r : put_u32(p, OFA_SET_MPLS_TTL, ttl);
}

static int parse_push_mpls(struct action_parser *p, char *arg)
{
	uint16_t type;
	int r = parse_u16(arg, "push_mpls", &type, p->err);
	return r ? r : put_u32(p, OFA_PUSH_MPLS, type);
}

static int parse_pop_mpls(struct action_parser *p, char *arg)
{
	uint16_t type;
	int r = parse_u16(arg, "pop_mpls", &type, p->err);
	return r ? r : put_u32(p, OFA_POP_MPLS, type);
}

static int parse_delete_field(struct action_parser *p, char *arg)
{
	const struct field *f = field_from_name(arg, strlen(arg));
	if (!f)
		return err_set(p->err, -EINVAL, "unknown field `%s'", arg);
	struct ofa_field *a = of_actions_put(p->out, OFA_DELETE_FIELD, sizeof *a);
	a->field = f;
	return 0;
}

static int parse_packet_type_arg(char *text, uint32_t *ret)
{
	uint32_t ns = 0, id = 0;
	struct token t;
	while (token_next(&text, &t)) {
		uint64_t v;
		if (!str_to_u64(t.value, 0, &v) || v > UINT16_MAX)
			return -EINVAL;
		if (!strcmp(t.key, "ns"))
			ns = (uint32_t)v;
		else if (!strcmp(t.key, "type") || !strcmp(t.key, "id"))
			id = (uint32_t)v;
		else
			return -EINVAL;
	}
	*ret = PT_OF(ns, id);
	return 0;
}

static int parse_decap(struct action_parser *p, char *arg)
{
	uint32_t type = OF_DECAP_NEXT;
	AUTO_FREE char *whole = xstrdup(arg);
	struct token t;
	while (token_next(&arg, &t)) {
		if (strcmp(t.key, "packet_type"))
			return err_set(p->err, -EINVAL, "Invalid decap argument: %s", t.key);
		if (parse_packet_type_arg(t.value, &type))
			return err_set(p->err, -EINVAL, "Invalid packet_type in decap: %s", whole);
	}
	struct ofa_decap *a = of_actions_put(p->out, OFA_DECAP, sizeof *a);
	a->new_packet_type = type;
	return 0;
}

static int parse_set_tunnel(struct action_parser *p, char *arg, bool wide)
{
	uint64_t id;
	int r = parse_u64(arg, &id, p->err);
	if (r)
		return r;
	struct ofa_u64 *a = of_actions_put(p->out, OFA_SET_TUNNEL, sizeof *a);
	a->value = id;
	a->h.raw = wide ? OFRAW_SET_TUNNEL64 : OFRAW_DEFAULT;
	return 0;
}
static int parse_tunnel(struct action_parser *p, char *arg)
{
	return parse_set_tunnel(p, arg, false);
}
static int parse_tunnel64(struct action_parser *p, char *arg)
{
	return parse_set_tunnel(p, arg, true);
}

static int parse_set_queue(struct action_parser *p, char *arg)
{
	uint32_t id;
	int r = parse_u32(arg, &id, p->err);
	return r ? r : put_u32(p, OFA_SET_QUEUE, id);
}

static int parse_fin_timeout(struct action_parser *p, char *arg)
{
	uint16_t idle = 0, hard = 0;
	struct token t;
	int r = 0;
	while (!r && token_next(&arg, &t)) {
		if (!strcmp(t.key, "idle_timeout"))
			r = parse_u16(t.value, t.key, &idle, p->err);
		else if (!strcmp(t.key, "hard_timeout"))
			r = parse_u16(t.value, t.key, &hard, p->err);
		else
			return err_set(p->err, -EINVAL,
				       "invalid key '%s' in 'fin_timeout' argument", t.key);
	}
	if (r)
		return r;
	struct ofa_fin_timeout *a = of_actions_put(p->out, OFA_FIN_TIMEOUT, sizeof *a);
	a->idle = idle;
	a->hard = hard;
	return 0;
}

/* -- Control. */

static int parse_resubmit(struct action_parser *p, char *arg)
{
	uint32_t port = OFPORT_IN_PORT;
	uint8_t table = 0xff;
	bool with_ct = false;
	char *rest = arg;
	char *word = strsep(&rest, ",");
	if (word && *word && !parse_port(p, word, &port))
		return err_set(p->err, -EINVAL, "%s: resubmit to unknown port", word);
	word = strsep(&rest, ",");
	if (word && *word && !parse_table_id(word, &table))
		return err_set(p->err, -EINVAL, "%s: resubmit to unknown table", word);
	word = strsep(&rest, ",");
	if (word && *word) {
		if (strcmp(word, "ct"))
			return err_set(p->err, -EINVAL, "%s: unknown parameter", word);
		with_ct = true;
	}
	if (port == OFPORT_IN_PORT && table == 0xff)
		return err_set(
			p->err, -EINVAL,
			"at least one \"in_port\" or \"table\" must be specified on resubmit");
	struct ofa_resubmit *a = of_actions_put(p->out, OFA_RESUBMIT, sizeof *a);
	a->port = port;
	a->table = table;
	a->with_ct = with_ct;
	a->h.raw = with_ct	   ? OFRAW_RESUBMIT_CT
		   : table != 0xff ? OFRAW_RESUBMIT_TABLE
				   : OFRAW_DEFAULT;
	return 0;
}

static int parse_conjunction(struct action_parser *p, char *arg)
{
	uint32_t id;
	unsigned clause, n;
	int used = 0;
	if (sscanf(arg, "%" SCNi32 " , %u / %u %n", &id, &clause, &n, &used) != 3 || arg[used])
		return err_set(p->err, -EINVAL,
			       "\"conjunction\" syntax is \"conjunction(id,i/n)\"");
	if (n < 2)
		return err_set(p->err, -EINVAL, "conjunction must have at least 2 clauses");
	if (n > 64)
		return err_set(p->err, -EINVAL, "conjunction must have at most 64 clauses");
	if (clause < 1)
		return err_set(p->err, -EINVAL, "clause index must be positive");
	if (clause > n)
		return err_set(p->err, -EINVAL,
			       "clause index must be less than or equal to number of clauses");
	struct ofa_conjunction *a = of_actions_put(p->out, OFA_CONJUNCTION, sizeof *a);
	a->clause = (uint8_t)(clause - 1);
	a->n_clauses = (uint8_t)n;
	a->id = id;
	return 0;
}

static int parse_note(struct action_parser *p, char *arg)
{
	AUTO_OF_ACTIONS data = OF_ACTIONS_INIT;
	size_t n = 0;
	if (parse_hex_bytes(arg, &data, &n))
		return err_set(p->err, -EINVAL, "bad hex digit in `note' argument");
	struct ofa_note *a = of_actions_put(p->out, OFA_NOTE, sizeof *a + n);
	a->n_bytes = (uint32_t)n;
	if (n)
		memcpy(a->data, data.data, n);
	return 0;
}

static int parse_sample(struct action_parser *p, char *arg)
{
	struct ofa_sample s = { .sampling_port = OFPORT_NONE };
	struct token t;
	int r = 0;
	while (!r && token_next(&arg, &t)) {
		if (!strcmp(t.key, "probability")) {
			r = parse_u16(t.value, "probability", &s.probability, p->err);
			if (!r && !s.probability)
				return err_set(p->err, -EINVAL, "invalid probability value \"%s\"",
					       t.value);
		} else if (!strcmp(t.key, "collector_set_id")) {
			r = parse_u32(t.value, &s.collector_set_id, p->err);
		} else if (!strcmp(t.key, "obs_domain_id")) {
			r = parse_u32(t.value, &s.obs_domain_id, p->err);
		} else if (!strcmp(t.key, "obs_point_id")) {
			r = parse_u32(t.value, &s.obs_point_id, p->err);
		} else if (!strcmp(t.key, "sampling_port")) {
			if (!parse_port(p, t.value, &s.sampling_port))
				return err_set(p->err, -EINVAL, "%s: unknown port", t.value);
		} else if (!strcmp(t.key, "ingress")) {
			s.direction = OFSD_INGRESS;
		} else if (!strcmp(t.key, "egress")) {
			s.direction = OFSD_EGRESS;
		} else {
			return err_set(p->err, -EINVAL, "invalid key \"%s\" in \"sample\" argument",
				       t.key);
		}
	}
	if (r)
		return r;
	if (!s.probability)
		return err_set(p->err, -EINVAL,
			       "non-zero \"probability\" must be specified on sample");
	struct ofa_sample *a = of_actions_put(p->out, OFA_SAMPLE, sizeof *a);
	s.h = a->h;
	s.h.raw = s.direction != OFSD_DEFAULT	   ? OFRAW_SAMPLE3
		  : s.sampling_port != OFPORT_NONE ? OFRAW_SAMPLE2
						   : OFRAW_DEFAULT;
	*a = s;
	return 0;
}

/* A list within an action: 'fixed' bytes of it are there; its size is set when the list is done. */
static int parse_nested(struct action_parser *p, size_t start, char *text,
			enum of_action_type outer)
{
	if (p->depth >= OF_ACTIONS_MAX_DEPTH)
		return err_set(p->err, -EINVAL, "actions are nested too deeply");
	struct action_parser nested = *p;
	nested.depth++;
	nested.outer = outer;
	int r = actions_parse(&nested, text, true);
	p->usable = nested.usable;
	struct of_action *h = (void *)(p->out->data + start);
	h->size = (uint32_t)(p->out->size - start);
	return r;
}

static int parse_clone(struct action_parser *p, char *arg)
{
	size_t start = p->out->size;
	of_actions_put(p->out, OFA_CLONE, sizeof(struct ofa_nested));
	return parse_nested(p, start, arg, OFA_CLONE);
}

static int parse_check_pkt_larger(struct action_parser *p, char *arg, const char *rest)
{
	uint64_t len;
	if (rest[0] != '-' || rest[1] != '>')
		return err_set(p->err, -EINVAL, "%s: missing `->'", arg);
	if (!str_to_u64(arg, 0, &len) || len > UINT16_MAX)
		return err_set(p->err, -EINVAL, "invalid %s \"%s\"", "(null)", arg);
	struct subfield dst;
	int r = subfield_from_str(rest + 2, &dst, p->err);
	if (r < 0)
		return r;
	if (dst.n_bits != 1)
		return err_set(p->err, -EINVAL, "Only 1-bit destination field is allowed");
	struct ofa_check_pkt_larger *a = of_actions_put(p->out, OFA_CHECK_PKT_LARGER, sizeof *a);
	a->pkt_len = (uint16_t)len;
	a->dst = dst;
	return 0;
}

static int parse_ct(struct action_parser *p, char *arg)
{
	size_t start = p->out->size;
	struct ofa_ct ct = { .recirc_table = OFCT_NO_RECIRC };
	of_actions_put(p->out, OFA_CT, sizeof ct);
	/* nat is the first of the nested, wherever it stands. */
	char *exec = NULL, *nat = NULL;
	struct token t;
	while (token_next(&arg, &t)) {
		if (!strcmp(t.key, "commit")) {
			ct.flags |= OFCT_COMMIT;
		} else if (!strcmp(t.key, "force")) {
			ct.flags |= OFCT_FORCE;
		} else if (!strcmp(t.key, "table")) {
			if (!parse_table_id(t.value, &ct.recirc_table))
				return err_set(p->err, -EINVAL, "unknown table %s", t.value);
			if (ct.recirc_table == OFCT_NO_RECIRC)
				return err_set(p->err, -EINVAL, "invalid table %#x",
					       ct.recirc_table);
		} else if (!strcmp(t.key, "zone")) {
			uint64_t zone;
			if (str_to_u64(t.value, 0, &zone) && zone <= UINT16_MAX) {
				ct.zone_imm = (uint16_t)zone;
				continue;
			}
			int r = subfield_from_str(t.value, &ct.zone_src, p->err);
			if (r < 0)
				return r;
		} else if (!strcmp(t.key, "alg")) {
			if (!strcasecmp(t.value, "ftp"))
				ct.alg = 21;
			else if (!strcasecmp(t.value, "tftp"))
				ct.alg = 69;
			else
				return err_set(p->err, -EINVAL, "invalid conntrack helper \"%s\"",
					       t.value);
		} else if (!strcmp(t.key, "nat")) {
			nat = t.value;
		} else if (!strcmp(t.key, "exec")) {
			exec = t.value;
		} else {
			return err_set(p->err, -EINVAL, "invalid argument to \"ct\" action: `%s'",
				       t.key);
		}
	}
	if ((ct.flags & OFCT_FORCE) && !(ct.flags & OFCT_COMMIT))
		return err_set(p->err, -EINVAL, "\"force\" flag requires \"commit\" flag.");
	if (nat) {
		int r = nat_parse(p, nat);
		if (r)
			return r;
	}
	int r = exec ? parse_nested(p, start, exec, OFA_CT) : 0;
	struct ofa_ct *a = (void *)(p->out->data + start);
	ct.h = a->h;
	ct.h.size = (uint32_t)(p->out->size - start);
	*a = ct;
	return r;
}

/* -- Instructions. */

static int parse_meter(struct action_parser *p, char *arg)
{
	uint32_t id;
	p->usable &= OFPROTO_OF13_UP;
	int r = parse_u32(arg, &id, p->err);
	return r ? r : put_u32(p, OFA_METER, id);
}

static int parse_write_actions(struct action_parser *p, char *arg)
{
	size_t start = p->out->size;
	of_actions_put(p->out, OFA_WRITE_ACTIONS, sizeof(struct ofa_nested));
	return parse_nested(p, start, arg, OFA_WRITE_ACTIONS);
}

static int parse_write_metadata(struct action_parser *p, char *arg)
{
	uint64_t value, mask = UINT64_MAX;
	p->usable &= OFPROTO_NXM_ANY | OFPROTO_OF11_UP;
	char *slash = strchr(arg, '/');
	if (slash)
		*slash = '\0';
	int r = slash ? parse_u64(slash + 1, &mask, p->err) : 0;
	if (!r)
		r = parse_u64(arg, &value, p->err);
	if (r)
		return r;
	struct ofa_metadata *a = of_actions_put(p->out, OFA_WRITE_METADATA, sizeof *a);
	a->value = value & mask;
	a->mask = mask;
	return 0;
}

static int parse_goto_table(struct action_parser *p, char *arg)
{
	uint8_t table;
	if (!parse_table_id(arg, &table))
		return err_set(p->err, -EINVAL, "unknown table \"%s\"", arg);
	return put_u32(p, OFA_GOTO_TABLE, table);
}

static int parse_clear_actions(struct action_parser *p, char *arg)
{
	of_actions_put(p->out, OFA_CLEAR_ACTIONS, sizeof(struct of_action));
	return 0;
}

/* -- The table. */

struct word {
	const char *name;
	int (*parse)(struct action_parser *, char *arg);
	enum of_action_type type; /* without 'parse': a bare record of this type */
};

static const struct word words[] = {
	{ "output", parse_output, 0 },
	{ "controller", parse_controller, 0 },
	{ "enqueue", parse_enqueue, 0 },
	{ "bundle", parse_bundle, 0 },
	{ "bundle_load", parse_bundle_load, 0 },
	{ "group", parse_group, 0 },
	{ "set_field", parse_set_field, 0 },
	{ "load", parse_load, 0 },
	{ "move", parse_move, 0 },
	{ "push", parse_push, 0 },
	{ "pop", parse_pop, 0 },
	{ "mod_vlan_vid", parse_mod_vid, 0 },
	{ "set_vlan_vid", parse_set_vid, 0 },
	{ "mod_vlan_pcp", parse_mod_pcp, 0 },
	{ "set_vlan_pcp", parse_set_pcp, 0 },
	{ "strip_vlan", NULL, OFA_STRIP_VLAN },
	{ "pop_vlan", NULL, OFA_STRIP_VLAN },
	{ "push_vlan", parse_push_vlan, 0 },
	{ "mod_dl_src", parse_dl_src, 0 },
	{ "mod_dl_dst", parse_dl_dst, 0 },
	{ "mod_nw_src", parse_nw_src, 0 },
	{ "mod_nw_dst", parse_nw_dst, 0 },
	{ "mod_nw_tos", parse_nw_tos, 0 },
	{ "mod_nw_ecn", parse_nw_ecn, 0 },
	{ "mod_nw_ttl", parse_nw_ttl, 0 },
	{ "mod_tp_src", parse_tp_src, 0 },
	{ "mod_tp_dst", parse_tp_dst, 0 },
	{ "dec_ttl", parse_dec_ttl, 0 },
	{ "set_mpls_label", parse_mpls_label, 0 },
	{ "set_mpls_tc", parse_mpls_tc, 0 },
	{ "set_mpls_ttl", parse_mpls_ttl, 0 },
	{ "dec_mpls_ttl", NULL, OFA_DEC_MPLS_TTL },
	{ "push_mpls", parse_push_mpls, 0 },
	{ "pop_mpls", parse_pop_mpls, 0 },
	{ "dec_nsh_ttl", NULL, OFA_DEC_NSH_TTL },
	{ "delete_field", parse_delete_field, 0 },
	{ "encap", encap_parse, 0 },
	{ "decap", parse_decap, 0 },
	{ "set_tunnel", parse_tunnel, 0 },
	{ "set_tunnel64", parse_tunnel64, 0 },
	{ "set_queue", parse_set_queue, 0 },
	{ "pop_queue", NULL, OFA_POP_QUEUE },
	{ "fin_timeout", parse_fin_timeout, 0 },
	{ "resubmit", parse_resubmit, 0 },
	{ "learn", learn_parse, 0 },
	{ "conjunction", parse_conjunction, 0 },
	{ "multipath", multipath_parse, 0 },
	{ "note", parse_note, 0 },
	{ "exit", NULL, OFA_EXIT },
	{ "sample", parse_sample, 0 },
	{ "clone", parse_clone, 0 },
	{ "ct", parse_ct, 0 },
	{ "ct_clear", NULL, OFA_CT_CLEAR },
	{ "nat", nat_parse, 0 },
	{ "debug_recirc", NULL, OFA_DEBUG_RECIRC },
	{ "debug_slow", NULL, OFA_DEBUG_SLOW },
	{ "meter", parse_meter, 0 },
	{ "clear_actions", parse_clear_actions, 0 },
	{ "write_actions", parse_write_actions, 0 },
	{ "write_metadata", parse_write_metadata, 0 },
	{ "goto_table", parse_goto_table, 0 },
};

/* Instructions in the order in which a switch runs them; apply_actions are all the others. */
static const char *const instruction_names[] = { "meter",	  "apply_actions",  "clear_actions",
						 "write_actions", "write_metadata", "goto_table" };

static unsigned instruction_rank(enum of_action_type type)
{
	switch (type) {
	case OFA_METER:
		return 0;
	case OFA_CLEAR_ACTIONS:
		return 2;
	case OFA_WRITE_ACTIONS:
		return 3;
	case OFA_WRITE_METADATA:
		return 4;
	case OFA_GOTO_TABLE:
		return 5;
	default:
		return 1;
	}
}

static int check_order(const struct of_actions *list, size_t start, struct err *err)
{
	unsigned last = 0;
	bool any = false;
	if (list->size == start)
		return 0;
	OF_ACTION_FOR_EACH(a, list->data + start, list->size - start)
	{
		unsigned rank = instruction_rank(a->type);
		if (any && rank == last && rank != 1)
			return err_set(err, -EINVAL,
				       "duplicate %s instruction not allowed, for OpenFlow 1.1+ "
				       "compatibility",
				       instruction_names[rank]);
		if (any && rank < last)
			return err_set(
				err, -EINVAL,
				"invalid instruction ordering: %s must appear before %s, for "
				"OpenFlow 1.1+ compatibility",
				instruction_names[rank], instruction_names[last]);
		last = rank;
		any = true;
	}
	return 0;
}

static const struct word *word_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcasecmp(words[i].name, name))
			return &words[i];
	}
	return NULL;
}

/* ct(exec(..)) may only write what conntrack keeps. */
static int check_in_ct(struct action_parser *p, const struct of_action *a, const char *name)
{
	const struct field *f = NULL;
	if (a->type == OFA_SET_FIELD)
		f = ((const struct ofa_set_field *)a)->field;
	else if (a->type == OFA_MOVE)
		f = ((const struct ofa_move *)a)->dst.field;
	else
		return err_set(p->err, -EINVAL, "ct action doesn't support nested action %s", name);
	if (f->id != FIELD_CT_MARK && f->id != FIELD_CT_LABEL)
		return err_set(p->err, -EINVAL,
			       "ct action doesn't support nested modification of %s", f->name);
	return 0;
}

static int check_nesting(struct action_parser *p, const struct of_action *a, const char *name)
{
	if (p->outer == OFA_CT)
		return check_in_ct(p, a, name);
	if (a->type == OFA_NAT)
		return err_set(p->err, -EINVAL, "Cannot have NAT action outside of \"ct\" action");
	const struct field *f = a->type == OFA_SET_FIELD ? ((const struct ofa_set_field *)a)->field
				: a->type == OFA_MOVE	 ? ((const struct ofa_move *)a)->dst.field
							 : NULL;
	if (f && (f->id == FIELD_CT_MARK || f->id == FIELD_CT_LABEL))
		return err_set(p->err, -EINVAL, "cannot set CT fields outside of ct action");
	return 0;
}

static int parse_one(struct action_parser *p, struct token *t, bool actions_only)
{
	size_t at = p->out->size;
	uint32_t port;
	int r;
	if (!strcasecmp(t->key, "check_pkt_larger")) {
		r = parse_check_pkt_larger(p, t->value, t->rest);
	} else {
		const struct word *w = word_find(t->key);
		if (w && !w->parse) {
			of_actions_put(p->out, w->type, sizeof(struct of_action));
			r = 0;
		} else if (w) {
			r = w->parse(p, t->value);
		} else if (!strcasecmp(t->key, "apply_actions")) {
			return err_set(p->err, -EINVAL, "apply_actions is the default instruction");
		} else if (!*t->value && ofport_from_str(t->key, p->names, &port)) {
			of_actions_put_output(p->out, port,
					      port == OFPORT_CONTROLLER ? UINT16_MAX : 0);
			r = 0;
		} else {
			return err_set(p->err, -EINVAL, "unknown action %s", t->key);
		}
	}
	if (r)
		return r;
	if (p->out->size > OF_ACTIONS_MAX_BYTES)
		return err_set(p->err, -EINVAL, "actions are too long");
	const struct of_action *a = (const void *)(p->out->data + at);
	if (actions_only && of_action_is_instruction(a) && a->type != OFA_METER)
		return err_set(p->err, -EINVAL, "%s instruction not allowed here", t->key);
	return check_nesting(p, a, t->key);
}

int actions_parse(struct action_parser *p, char *text, bool actions_only)
{
	size_t start = p->out->size;
	bool drop = false, other = false;
	struct token t;
	while (token_next(&text, &t)) {
		if (!strcasecmp(t.key, "drop")) {
			drop = true;
			continue;
		}
		other = true;
		int r = parse_one(p, &t, actions_only);
		if (r)
			return r;
	}
	if (drop && other)
		return err_set(
			p->err, -EINVAL,
			"\"drop\" must not be accompanied by any other action or instruction");
	return check_order(p->out, start, p->err);
}

int of_actions_from_str(const char *text, const struct ofport_names *names, bool actions_only,
			struct of_actions *out, uint32_t *ret_usable, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	size_t start = out->size;
	struct action_parser p = { names, out, OFPROTO_ANY, 0, 0, err };
	int r = actions_parse(&p, copy, actions_only);
	if (r)
		out->size = start;
	else if (ret_usable)
		*ret_usable &= p.usable;
	return r;
}
