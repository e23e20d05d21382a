/* SPDX-License-Identifier: Apache-2.0 */
/* flow_text: flows as people write and read them: ovs-ofctl(8), "Flow Syntax". */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "ofp/action_parse.h"
#include "ofp/error.h"
#include "ofp/flow.h"

LOG_MODULE(ofp_match);

/* Words that stand for an ethertype, and maybe a protocol. */
static const struct {
	const char *name;
	uint16_t dl_type;
	uint8_t nw_proto;
} protocol_words[] = {
	{ "ip", 0x0800, 0 },
	{ "ipv4", 0x0800, 0 },
	{ "ip4", 0x0800, 0 },
	{ "arp", 0x0806, 0 },
	{ "icmp", 0x0800, IPPROTO_ICMP },
	{ "tcp", 0x0800, IPPROTO_TCP },
	{ "udp", 0x0800, IPPROTO_UDP },
	{ "sctp", 0x0800, IPPROTO_SCTP },
	{ "ipv6", 0x86dd, 0 },
	{ "ip6", 0x86dd, 0 },
	{ "icmp6", 0x86dd, IPPROTO_ICMPV6 },
	{ "tcp6", 0x86dd, IPPROTO_TCP },
	{ "udp6", 0x86dd, IPPROTO_UDP },
	{ "sctp6", 0x86dd, IPPROTO_SCTP },
	{ "rarp", 0x8035, 0 },
	{ "mpls", 0x8847, 0 },
	{ "mplsm", 0x8848, 0 },
};

/* -- Which protocols can carry what. */

static bool mask_is_cidr(const struct field *f, const union field_value *mask)
{
	bool ended = false;
	for (unsigned i = f->n_bits; i-- > 0;) {
		bool bit = mask->b[f->n_bytes - 1 - i / 8] >> (i % 8) & 1;
		if (bit && ended)
			return false;
		ended |= !bit;
	}
	return true;
}

uint32_t field_usable_protocols(const struct field *f, const union field_value *mask)
{
	if (field_value_is_zero(f, mask))
		return OFPROTO_ANY;
	bool exact = field_value_is_ones(f, mask);
	bool cidr = exact || mask_is_cidr(f, mask);
	/* dl_vlan and its priority have no code point of their own: vlan_tci or vlan_vid carry
	 * them. */
	bool in_tci = f->where == FIELD_AT_VLAN || f->where == FIELD_AT_VLANPCP;
	uint32_t usable = f->n_points || in_tci ? OFPROTO_NXM_OXM_ANY : 0;
	if (f->of10 == FIELD_OF_ANY || (f->of10 == FIELD_OF_CIDR && cidr) ||
	    (f->of10 == FIELD_OF_EXACT && exact))
		usable |= OFPROTO_OF10_ANY;
	if (f->of11 == FIELD_OF_ANY || (f->of11 == FIELD_OF_CIDR && cidr) ||
	    (f->of11 == FIELD_OF_EXACT && exact))
		usable |= OFPROTO_OF11;
	return usable;
}

uint32_t match_usable_protocols(const struct match *m)
{
	uint32_t usable = OFPROTO_ANY;
	for (unsigned id = 0; id < N_FIELDS; id++) {
		const struct field *f = &field_table[id];
		if (field_is_wild(f, &m->mask) || !field_prereqs_ok(f, &m->key, &m->mask))
			continue;
		union field_value mask;
		field_mask_get(f, &m->mask, &mask);
		/* Several names for the same bits: those that no version knows do not count. */
		if (f->n_points || f->of10 != FIELD_OF_NO || f->of11 != FIELD_OF_NO)
			usable &= field_usable_protocols(f, &mask);
	}
	/* The fixed structs know transport protocols of IPv4 only. */
	if (m->key.dl_type == BE16_C(0x86dd) && m->mask.nw_proto)
		usable &= OFPROTO_NXM_OXM_ANY;
	return usable;
}

/* -- Parsing. */

static bool set_protocol_word(struct match *m, const char *word)
{
	if (!strcmp(word, "eth")) {
		m->key.packet_type = PT_ETH;
		m->mask.packet_type = UINT32_MAX;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(protocol_words); i++) {
		if (strcmp(protocol_words[i].name, word))
			continue;
		match_set_dl_type(m, protocol_words[i].dl_type);
		if (protocol_words[i].nw_proto) {
			m->key.nw_proto = protocol_words[i].nw_proto;
			m->mask.nw_proto = UINT8_MAX;
		}
		return true;
	}
	return false;
}

/* nw_src and its like also mean ARP's and are given before or after the ethertype: they are set as
 * IPv4 fields, which lie at the same place in the key. */
static int set_field(struct match *m, const struct field *f, const char *text,
		     const struct ofport_names *names, uint32_t *usable, struct err *err)
{
	union field_value value, mask;
	memset(&value, 0, sizeof value);
	memset(&mask, 0, sizeof mask);
	/* "tun_metadata0" alone: the option is there, whatever its value. */
	if (!*text && field_is_tun_metadata(f)) {
		match_set(m, f, &value, &mask);
		*usable &= OFPROTO_NXM_OXM_ANY;
		return 0;
	}
	int r = field_value_from_str(f, text, names, &value, &mask, err);
	if (r < 0)
		return r;
	*usable &= field_usable_protocols(f, &mask);
	for (size_t i = 0; i < f->n_bytes; i++)
		value.b[i] &= mask.b[i];
	match_set(m, f, &value, &mask);
	return 0;
}

/* Fields of a match and its protocol words. 1: 'key' is neither. */
static int parse_match_member(struct match *m, const char *key, const char *value,
			      const struct ofport_names *names, uint32_t *usable, struct err *err)
{
	if (!*value && set_protocol_word(m, key)) {
		if (m->key.dl_type == BE16_C(0x86dd) && m->mask.nw_proto)
			*usable &= OFPROTO_NXM_OXM_ANY;
		return 0;
	}
	const struct field *f = field_from_name(key, strlen(key));
	if (!f)
		return 1;
	if (!*value && !field_is_tun_metadata(f))
		return err_set(err, -EINVAL, "field %s missing value", key);
	return set_field(m, f, value, names, usable, err);
}

static const struct {
	const char *name;
	uint16_t flag;
	uint32_t usable;
} flag_words[] = {
	{ "send_flow_rem", OFFF_SEND_FLOW_REM, OFPROTO_ANY },
	{ "check_overlap", OFFF_CHECK_OVERLAP, OFPROTO_ANY },
	{ "reset_counts", OFFF_RESET_COUNTS, OFPROTO_OXM_ANY },
	{ "no_packet_counts", OFFF_NO_PKT_COUNTS, OFPROTO_OF13_UP },
	{ "no_byte_counts", OFFF_NO_BYT_COUNTS, OFPROTO_OF13_UP },
};

static bool parse_flag(const char *key, struct flow_mod *fm, uint32_t *usable)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++) {
		if (!strcmp(flag_words[i].name, key)) {
			fm->flags |= flag_words[i].flag;
			*usable &= flag_words[i].usable;
			return true;
		}
	}
	if (!strcmp(key, "no_readonly_table"))
		fm->flags |= OFFF_NO_READONLY;
	else if (!strcmp(key, "allow_hidden_fields"))
		fm->flags |= OFFF_HIDDEN_FIELDS;
	else
		return false;
	return true;
}

static int parse_cookie(const char *value, struct flow_mod *fm, bool *mask_given, uint32_t *usable,
			struct err *err)
{
	char *slash = strchr(value, '/');
	if (slash) {
		AUTO_FREE char *first = xstrndup(value, (size_t)(slash - value));
		int r = parse_be64(first, &fm->cookie, err);
		if (!r)
			r = parse_be64(slash + 1, &fm->cookie_mask, err);
		if (r)
			return r;
		*mask_given = true;
		if (fm->cookie_mask)
			*usable &= OFPROTO_NXM_OXM_ANY | OFPROTO_OF11;
		return 0;
	}
	if (fm->command == OFPFC_DELETE || fm->command == OFPFC_DELETE_STRICT)
		return err_set(err, -EINVAL,
			       "cannot set cookie (to match on a cookie, specify a mask, "
			       "e.g. cookie=%s/-1)",
			       value);
	int r = parse_be64(value, &fm->new_cookie, err);
	if (!r)
		fm->modify_cookie = true;
	return r;
}

static bool is_delete(const struct flow_mod *fm)
{
	return fm->command == OFPFC_DELETE || fm->command == OFPFC_DELETE_STRICT;
}
static bool is_strict(const struct flow_mod *fm)
{
	return fm->command == OFPFC_MODIFY_STRICT || fm->command == OFPFC_DELETE_STRICT;
}

/* 1: not one of these. */
static int parse_flow_member(struct flow_mod *fm, const char *key, const char *value,
			     const struct ofport_names *names, bool *cookie_mask_given,
			     uint32_t *usable, struct err *err)
{
	if (!strcmp(key, "table")) {
		if (!parse_table_id(value, &fm->table_id))
			return err_set(err, -EINVAL, "unknown table \"%s\"", value);
		if (fm->table_id != OFPTT_ALL)
			*usable &= OFPROTO_TID | OFPROTO_OF11_UP;
		return 0;
	}
	if (!strcmp(key, "cookie"))
		return parse_cookie(value, fm, cookie_mask_given, usable, err);
	if (!strcmp(key, "priority") && (!is_delete(fm) || is_strict(fm))) {
		uint16_t priority;
		int r = parse_u16(value, key, &priority, err);
		if (!r)
			fm->priority = priority;
		return r;
	}
	if (is_delete(fm)) {
		if (!strcmp(key, "out_port")) {
			if (!ofport_from_str(value, names, &fm->out_port))
				return err_set(err, -EINVAL, "%s is not a valid OpenFlow port",
					       value);
			return 0;
		}
		if (!strcmp(key, "out_group")) {
			*usable &= OFPROTO_OF11_UP;
			uint64_t id;
			if (!str_to_u64(value, 0, &id) || id > UINT32_MAX)
				return err_set(err, -EINVAL, "invalid out_group: %s", value);
			fm->out_group = (uint32_t)id;
			return 0;
		}
		return 1;
	}
	if (!strcmp(key, "idle_timeout"))
		return parse_u16(value, key, &fm->idle_timeout, err);
	if (!strcmp(key, "hard_timeout"))
		return parse_u16(value, key, &fm->hard_timeout, err);
	if (!strcmp(key, "importance"))
		return parse_u16(value, key, &fm->importance, err);
	return 1;
}

static void flow_mod_init(struct flow_mod *fm, int command)
{
	memset(fm, 0, sizeof *fm);
	fm->command = (enum of_flow_mod_command)command;
	fm->priority = OFP_DEFAULT_PRIORITY;
	fm->table_id = OFPTT_ALL;
	fm->buffer_id = OF_NO_BUFFER;
	fm->out_port = OFPORT_NONE;
	fm->out_group = OFPG_ANY;
	if (command == OFPFC_ADD)
		fm->modify_cookie = true;
}

/* Members whose values dump-flows prints and that are no part of a flow. */
static bool is_statistic(const char *key)
{
	static const char *const names[] = { "duration", "n_packets", "n_bytes", "idle_age",
					     "hard_age" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], key))
			return true;
	}
	return false;
}

static int parse_members(struct flow_mod *fm, char *text, const struct ofport_names *names,
			 bool *cookie_mask_given, uint32_t *usable, struct err *err)
{
	struct token t;
	while (token_next(&text, &t)) {
		/* "packet_type=(0,0)": the tokenizer keeps the parentheses of values. */
		int r = parse_match_member(&fm->match, t.key, t.value, names, usable, err);
		if (r <= 0) {
			if (r)
				return r;
			continue;
		}
		if (!*t.value && parse_flag(t.key, fm, usable))
			continue;
		r = parse_flow_member(fm, t.key, t.value, names, cookie_mask_given, usable, err);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (!*t.value)
			return err_set(err, -EINVAL, "field %s missing value", t.key);
		if (!is_statistic(t.key))
			return err_set(err, -EINVAL, "unknown keyword %s", t.key);
	}
	return 0;
}

/* Cuts "actions=.." off 'text'; NULL if there is none. */
static char *cut_actions(char *text)
{
	char *at = strstr(text, "action");
	if (!at)
		return NULL;
	char *value = strchr(at, '=');
	if (!value)
		return NULL;
	*at = '\0';
	return value + 1;
}

/* What the others make meaningless is dropped; that is said, since it surprises. */
static void normalize(struct match *m)
{
	struct match before = *m;
	match_normalize(m);
	if (match_equal(&before, m) || !log_is_on(LOG_INFO))
		return;
	static struct log_limit limit = LOG_LIMIT(1, 5);
	AUTO_FREE char *pre = match_to_str(&before, -1, NULL);
	AUTO_FREE char *post = match_to_str(m, -1, NULL);
	log_info_limited(&limit, "normalization changed ofp_match, details:");
	log_info_limited(&limit, " pre: %s", pre);
	log_info_limited(&limit, "post: %s", post);
}

static int take_command(char **text, int command, struct err *err)
{
	static const char *const names[] = {
		[OFPFC_ADD] = "add",
		[OFPFC_MODIFY] = "modify",
		[OFPFC_MODIFY_STRICT] = "modify_strict",
		[OFPFC_DELETE] = "delete",
		[OFPFC_DELETE_STRICT] = "delete_strict",
	};
	*text += strspn(*text, " \t\r\n");
	if (command >= 0)
		return command;
	size_t len = strcspn(*text, ", \t\r\n");
	for (int c = 0; c < (int)ARRAY_SIZE(names); c++) {
		if (strlen(names[c]) == len && !strncmp(names[c], *text, len)) {
			*text += len;
			return c;
		}
	}
	return OFPFC_ADD;
}

int flow_mod_from_str(const char *text, int command, const struct ofport_names *names,
		      struct flow_mod *fm, struct of_actions *acts, uint32_t *usable,
		      struct err *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *s = copy;
	uint32_t can = OFPROTO_ANY;
	command = take_command(&s, command, err);
	flow_mod_init(fm, command);
	char *act_text = is_delete(fm) ? NULL : cut_actions(s);
	if (!is_delete(fm) && !act_text)
		return err_set(err, -EINVAL, "must specify an action");
	bool cookie_mask_given = false;
	int r = parse_members(fm, s, names, &cookie_mask_given, &can, err);
	if (r)
		return r;
	if (cookie_mask_given && command == OFPFC_ADD)
		return err_set(err, -EINVAL, "flow additions cannot use a cookie mask");
	normalize(&fm->match);
	size_t start = acts->size;
	if (act_text) {
		r = of_actions_from_str(act_text, names, false, acts, &can, err);
		if (r)
			return r;
		struct of_action_check check = { .match = &fm->match,
						 .max_ports = OFPORT_MAX,
						 .table_id = fm->table_id,
						 .n_tables = 255 };
		AUTO_ERR why = ERR_INIT;
		r = acts->size > start ? of_actions_check(acts->data + start, acts->size - start,
							  &check, &can, &why)
				       : 0;
		if (!r && !can)
			r = -OFPERR_OFPBAC_MATCH_INCONSISTENT;
		if (r) {
			acts->size = start;
			if (*err_text(&why))
				return err_set(err, -EINVAL, "%s", err_text(&why));
			return err_set(err, -EINVAL,
				       "actions are invalid with specified match (%s)",
				       of_error_name(r));
		}
	}
	fm->actions = acts->data ? acts->data + start : NULL;
	fm->actions_size = acts->size - start;
	*usable &= can;
	return 0;
}

int flow_stats_request_from_str(const char *text, const struct ofport_names *names, bool aggregate,
				struct flow_stats_request *ret, uint32_t *usable, struct err *err)
{
	struct flow_mod fm;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	int r = flow_mod_from_str(text, OFPFC_DELETE, names, &fm, &acts, usable, err);
	if (r)
		return r;
	/* A table is no reason against any protocol: without it the reply is filtered. */
	*ret = (struct flow_stats_request){ .aggregate = aggregate,
					    .match = fm.match,
					    .cookie = fm.cookie,
					    .cookie_mask = fm.cookie_mask,
					    .out_port = fm.out_port,
					    .out_group = fm.out_group,
					    .table_id = fm.table_id };
	return 0;
}

int match_from_str(const char *text, const struct ofport_names *names, struct match *ret,
		   int *ret_priority, uint32_t *usable, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *s = copy;
	uint32_t can = OFPROTO_ANY;
	struct token t;
	match_init(ret);
	*ret_priority = -1;
	while (token_next(&s, &t)) {
		int r = parse_match_member(ret, t.key, t.value, names, &can, err);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (!strcmp(t.key, "priority")) {
			uint16_t priority;
			r = parse_u16(t.value, t.key, &priority, err);
			if (r)
				return r;
			*ret_priority = priority;
			continue;
		}
		return err_set(err, -EINVAL,
			       *t.value ? "unknown keyword %s" : "field %s missing value", t.key);
	}
	if (usable)
		*usable &= can;
	return 0;
}

/* -- Printing. */

void of_duration_put(uint32_t sec, uint32_t nsec, struct str *out)
{
	str_putf(out, "%u", sec);
	/* Groups of three digits, as many as say something. */
	if (nsec && nsec % 1000000 == 0)
		str_putf(out, ".%03u", nsec / 1000000);
	else if (nsec && nsec % 1000 == 0)
		str_putf(out, ".%06u", nsec / 1000);
	else if (nsec)
		str_putf(out, ".%09u", nsec);
	str_putc(out, 's');
}

void flow_flags_put(uint16_t flags, struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++) {
		if (flags & flag_words[i].flag)
			str_putf(out, "%s ", flag_words[i].name);
	}
	if (flags & OFFF_HIDDEN_FIELDS)
		str_puts(out, "allow_hidden_fields ");
	if (flags & OFFF_NO_READONLY)
		str_puts(out, "no_readonly_table ");
}

void flow_stats_put(const struct flow_stats *fs, const struct ofport_names *names, bool with_stats,
		    struct str *out)
{
	unsigned long long cookie = be64_to_cpu(fs->cookie);
	if (with_stats || cookie)
		str_putf(out, "cookie=0x%llx, ", cookie);
	if (with_stats) {
		str_puts(out, "duration=");
		of_duration_put(fs->duration_sec, fs->duration_nsec, out);
		str_puts(out, ", ");
	}
	if (with_stats || fs->table_id)
		str_putf(out, "table=%u, ", fs->table_id);
	if (with_stats) {
		str_putf(out, "n_packets=%llu, ", (unsigned long long)fs->packet_count);
		str_putf(out, "n_bytes=%llu, ", (unsigned long long)fs->byte_count);
	}
	if (fs->idle_timeout)
		str_putf(out, "idle_timeout=%u, ", fs->idle_timeout);
	if (fs->hard_timeout)
		str_putf(out, "hard_timeout=%u, ", fs->hard_timeout);
	flow_flags_put(fs->flags, out);
	if (fs->importance)
		str_putf(out, "importance=%u, ", fs->importance);
	if (with_stats && fs->idle_age >= 0)
		str_putf(out, "idle_age=%d, ", fs->idle_age);
	if (with_stats && fs->hard_age >= 0 && (uint32_t)fs->hard_age != fs->duration_sec)
		str_putf(out, "hard_age=%d, ", fs->hard_age);
	size_t start = out->len;
	match_put(&fs->match, fs->priority, names, out);
	if (out->len > start)
		str_putc(out, ' ');
	str_puts(out, "actions=");
	of_actions_put_text(fs->actions, fs->actions_size, names, out);
}
