/* SPDX-License-Identifier: Apache-2.0 */
/* flow_codec: messages about flows as bytes. In OpenFlow 1.0 each comes in two forms: the one of
 * the specification with a fixed match, and Nicira's with NXM. */
#include "base/log.h"
#include "ofp/codec.h"
#include "ofp/error.h"
#include "ofp/nxm.h"

LOG_MODULE(ofp_flow);

static bool is_nx(const struct of_msg *m)
{
	return m->form->kind != OFK_OFPT && m->form->kind != OFK_STAT_REQUEST &&
	       m->form->kind != OFK_STAT_REPLY;
}

/* Durations are counted in milliseconds, as peers expect to see them printed. */
static uint32_t whole_ms(uint32_t nsec) { return nsec - nsec % 1000000; }

/* -- Flags: the bits that a version has. */

static uint16_t known_flags(enum of_version v)
{
	uint16_t flags = OFFF_SEND_FLOW_REM | OFFF_CHECK_OVERLAP;
	if (v >= OF12)
		flags |= OFFF_RESET_COUNTS;
	if (v >= OF13)
		flags |= OFFF_NO_PKT_COUNTS | OFFF_NO_BYT_COUNTS;
	return flags;
}

static int flags_parse(uint16_t wire, enum of_version v, uint16_t *ret)
{
	if (v == OF10 && (wire & 4)) {
		*ret = OFFF_EMERG;
		return -OFPERR_OFPFMFC_BAD_FLAGS;
	}
	if (wire & ~known_flags(v))
		return -OFPERR_OFPFMFC_BAD_FLAGS;
	*ret = wire;
	/* Before 1.2 an add always resets. */
	if (v < OF12)
		*ret |= OFFF_RESET_COUNTS;
	return 0;
}

/* -- flow_mod. */

static int match_nxm_pull(struct cursor *c, size_t match_len, struct match *m, be64 *cookie,
			  be64 *cookie_mask)
{
	const uint8_t *p = cursor_pull(c, ROUND_UP(match_len, 8));
	if (!p)
		return -OFPERR_OFPBMC_BAD_LEN;
	return nxm_parse(p, match_len, true, m, cookie, cookie_mask);
}

static int command_parse(struct flow_mod *fm, uint16_t wire, bool with_table)
{
	uint16_t command = with_table ? wire & 0xff : wire;
	fm->table_id = with_table ? (uint8_t)(wire >> 8) : OFPTT_ALL;
	if (command > OFPFC_DELETE_STRICT)
		return -OFPERR_OFPFMFC_BAD_COMMAND;
	fm->command = (enum of_flow_mod_command)command;
	return 0;
}

/* In 1.0 the cookie of a modify or delete says nothing about which flows. */
static void cookies_of_10(struct flow_mod *fm, be64 cookie)
{
	fm->new_cookie = cookie;
	fm->modify_cookie = fm->command == OFPFC_ADD ||
			    ((fm->command == OFPFC_MODIFY || fm->command == OFPFC_MODIFY_STRICT) &&
			     cookie != UINT64_MAX);
}

static int parse_10(struct cursor *c, bool table_id, struct flow_mod *fm, uint16_t *raw_flags)
{
	const uint8_t *p = cursor_pull(c, OF10_MATCH_SIZE);
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	int r = match10_parse(p, &fm->match);
	if (r)
		return r;
	be64 cookie = cpu_to_be64(cursor_be64(c));
	r = command_parse(fm, cursor_be16(c), table_id);
	if (r)
		return r;
	cookies_of_10(fm, cookie);
	fm->idle_timeout = cursor_be16(c);
	fm->hard_timeout = cursor_be16(c);
	fm->priority = cursor_be16(c);
	/* "A flow without wildcards has the highest priority" (1.0, 3.4). */
	if (get_be32(p) == 0 && fm->command != OFPFC_DELETE && fm->command != OFPFC_MODIFY)
		fm->priority = UINT16_MAX;
	fm->buffer_id = cursor_be32(c);
	fm->out_port = cursor_be16(c);
	*raw_flags = cursor_be16(c);
	return 0;
}

static int parse_nx(struct cursor *c, bool table_id, struct flow_mod *fm, uint16_t *raw_flags)
{
	be64 cookie = cpu_to_be64(cursor_be64(c));
	int r = command_parse(fm, cursor_be16(c), table_id);
	if (r)
		return r;
	cookies_of_10(fm, cookie);
	fm->idle_timeout = cursor_be16(c);
	fm->hard_timeout = cursor_be16(c);
	fm->priority = cursor_be16(c);
	fm->buffer_id = cursor_be32(c);
	fm->out_port = cursor_be16(c);
	*raw_flags = cursor_be16(c);
	uint16_t match_len = cursor_be16(c);
	cursor_skip(c, 6);
	r = match_nxm_pull(c, match_len, &fm->match, &fm->cookie, &fm->cookie_mask);
	if (r)
		return r;
	if (fm->command == OFPFC_ADD && fm->cookie_mask)
		return -OFPERR_NXBRC_NXM_INVALID;
	return 0;
}

static int parse_11(const struct of_msg *m, struct cursor *c, struct flow_mod *fm,
		    uint16_t *raw_flags)
{
	be64 cookie = cpu_to_be64(cursor_be64(c)), mask = cpu_to_be64(cursor_be64(c));
	fm->table_id = cursor_u8(c);
	uint8_t command = cursor_u8(c);
	if (command > OFPFC_DELETE_STRICT)
		return -OFPERR_OFPFMFC_BAD_COMMAND;
	fm->command = (enum of_flow_mod_command)command;
	fm->idle_timeout = cursor_be16(c);
	fm->hard_timeout = cursor_be16(c);
	fm->priority = cursor_be16(c);
	fm->buffer_id = cursor_be32(c);
	uint32_t out_port = cursor_be32(c);
	fm->out_group = cursor_be32(c);
	*raw_flags = cursor_be16(c);
	fm->importance = cursor_be16(c);
	if (m->version < OF14)
		fm->importance = 0;
	bool is_delete = fm->command == OFPFC_DELETE || fm->command == OFPFC_DELETE_STRICT;
	if (!is_delete)
		fm->out_port = OFPORT_NONE;
	else if (!ofport_from_11(out_port, &fm->out_port))
		return -OFPERR_OFPBAC_BAD_OUT_PORT;
	if (fm->command == OFPFC_ADD) {
		fm->new_cookie = cookie;
		fm->modify_cookie = true;
	} else {
		fm->cookie = cookie & mask;
		fm->cookie_mask = mask;
		/* 1.1: a modify without a mask may add the flow, with this cookie. */
		fm->new_cookie = mask ? UINT64_MAX : cookie;
		fm->modify_cookie = false;
	}
	return of_match_pull(c, m->version, true, &fm->match, NULL);
}

/* Possible for what the flow matches, by the rules of the version that it came in? */
static int check_actions(const struct of_msg *m, const struct flow_mod *fm, void *list, size_t size)
{
	const struct of_action_check check = { .match = &fm->match,
					       .max_ports = OFPORT_MAX,
					       .table_id = fm->table_id,
					       .n_tables = 255 };
	uint32_t usable = OFPROTO_ANY;
	int r = of_actions_check(list, size, &check, &usable, NULL);
	if (!r && !(usable & of_protocols_of_versions(1u << m->version)))
		r = -OFPERR_OFPBAC_MATCH_INCONSISTENT;
	return r;
}

int flow_mod_parse(const struct of_msg *m, bool table_id, struct flow_mod *fm,
		   struct of_actions *acts)
{
	struct cursor c = of_msg_cursor(m);
	uint16_t raw_flags = 0;
	memset(fm, 0, sizeof *fm);
	fm->out_port = OFPORT_NONE;
	fm->out_group = OFPG_ANY;
	int r = m->version != OF10 ? parse_11(m, &c, fm, &raw_flags)
		: is_nx(m)	   ? parse_nx(&c, table_id, fm, &raw_flags)
				   : parse_10(&c, table_id, fm, &raw_flags);
	if (r)
		return r;
	size_t start = acts->size;
	r = of_instructions_parse(c.p, c.left, m->version, acts);
	if (r)
		return r;
	r = flags_parse(raw_flags, m->version, &fm->flags);
	if (!r && acts->size > start && fm->command < OFPFC_DELETE)
		r = check_actions(m, fm, acts->data + start, acts->size - start);
	if (r) {
		acts->size = start;
		return r;
	}
	if (fm->out_group > OF_GROUP_MAX && fm->out_group != OFPG_ANY &&
	    (fm->command == OFPFC_DELETE || fm->command == OFPFC_DELETE_STRICT))
		return -OFPERR_OFPFMFC_UNKNOWN;
	fm->actions = acts->data ? acts->data + start : NULL;
	fm->actions_size = acts->size - start;
	return 0;
}

static uint16_t wire_command(const struct flow_mod *fm, uint32_t protocol)
{
	return protocol & OFPROTO_TID ? (uint16_t)(fm->command | fm->table_id << 8)
				      : (uint16_t)fm->command;
}

int flow_mod_build(struct bytes *b, const struct flow_mod *fm, uint32_t protocol, uint32_t xid)
{
	enum of_version v = of_protocol_version(protocol);
	uint16_t flags = fm->flags & known_flags(v);
	bool nx = protocol & OFPROTO_NXM_ANY;
	size_t start = of_msg_begin(b, OFMSG_FLOW_MOD, nx ? OFK_NXT : OFK_OFPT, v, xid);
	if (v != OF10) {
		bool add = fm->command == OFPFC_ADD;
		be64 cookie = add || !fm->cookie_mask ? fm->new_cookie : fm->cookie;
		bytes_put(b, &cookie, 8);
		be64 mask = add ? 0 : fm->cookie_mask;
		bytes_put(b, &mask, 8);
		bytes_put_u8(b, fm->table_id == OFPTT_ALL && add ? 0 : fm->table_id);
		bytes_put_u8(b, (uint8_t)fm->command);
		bytes_put_be16(b, fm->idle_timeout);
		bytes_put_be16(b, fm->hard_timeout);
		bytes_put_be16(b, (uint16_t)fm->priority);
		bytes_put_be32(b, fm->buffer_id);
		bytes_put_be32(b, ofport_to_11(fm->out_port));
		bytes_put_be32(b, fm->out_group);
		bytes_put_be16(b, flags);
		bytes_put_be16(b, v >= OF14 ? fm->importance : 0);
		of_match_build(b, &fm->match, v);
	} else if (nx) {
		bytes_put(b, &fm->new_cookie, 8);
		bytes_put_be16(b, wire_command(fm, protocol));
		bytes_put_be16(b, fm->idle_timeout);
		bytes_put_be16(b, fm->hard_timeout);
		bytes_put_be16(b, (uint16_t)fm->priority);
		bytes_put_be32(b, fm->buffer_id);
		bytes_put_be16(b, (uint16_t)fm->out_port);
		bytes_put_be16(b, flags);
		size_t len_at = b->size;
		bytes_put_zeros(b, 8);
		size_t n = nxm_build_padded(b, &fm->match, fm->cookie, fm->cookie_mask);
		put_be16(b->data + len_at, (uint16_t)n);
	} else {
		match10_build(b, &fm->match);
		bytes_put(b, &fm->new_cookie, 8);
		bytes_put_be16(b, wire_command(fm, protocol));
		bytes_put_be16(b, fm->idle_timeout);
		bytes_put_be16(b, fm->hard_timeout);
		bytes_put_be16(b, (uint16_t)fm->priority);
		bytes_put_be32(b, fm->buffer_id);
		bytes_put_be16(b, (uint16_t)fm->out_port);
		bytes_put_be16(b, flags);
	}
	of_instructions_build(b, fm->actions, fm->actions_size, v);
	return of_msg_end(b, start);
}

/* -- Requests for statistics. */

int flow_stats_request_parse(const struct of_msg *m, struct flow_stats_request *r)
{
	struct cursor c = of_msg_cursor(m);
	*r = (struct flow_stats_request){ .aggregate = m->id == OFMSG_STAT_AGGREGATE_REQUEST,
					  .out_port = OFPORT_NONE,
					  .out_group = OFPG_ANY };
	if (m->version != OF10) {
		r->table_id = cursor_u8(&c);
		cursor_skip(&c, 3);
		if (!ofport_from_11(cursor_be32(&c), &r->out_port))
			return -OFPERR_OFPBAC_BAD_OUT_PORT;
		r->out_group = cursor_be32(&c);
		cursor_skip(&c, 4);
		r->cookie = cpu_to_be64(cursor_be64(&c));
		r->cookie_mask = cpu_to_be64(cursor_be64(&c));
		int e = of_match_pull(&c, m->version, true, &r->match, NULL);
		if (!e && c.left)
			e = -OFPERR_OFPBRC_BAD_LEN;
		return e;
	}
	if (is_nx(m)) {
		r->out_port = cursor_be16(&c);
		uint16_t match_len = cursor_be16(&c);
		r->table_id = cursor_u8(&c);
		cursor_skip(&c, 3);
		int e = match_nxm_pull(&c, match_len, &r->match, &r->cookie, &r->cookie_mask);
		if (!e && c.left)
			e = -OFPERR_OFPBRC_BAD_LEN;
		return e;
	}
	const uint8_t *p = cursor_pull(&c, OF10_MATCH_SIZE);
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	r->table_id = cursor_u8(&c);
	cursor_skip(&c, 1);
	r->out_port = cursor_be16(&c);
	return match10_parse(p, &r->match);
}

void flow_stats_request_build(struct bytes *b, const struct flow_stats_request *r,
			      uint32_t protocol, uint32_t xid)
{
	enum of_version v = of_protocol_version(protocol);
	enum of_msg_id id = r->aggregate ? OFMSG_STAT_AGGREGATE_REQUEST : OFMSG_STAT_FLOW_REQUEST;
	bool nx = protocol & OFPROTO_NXM_ANY;
	size_t start = of_msg_begin(b, id, nx ? OFK_NXST_REQUEST : OFK_STAT_REQUEST, v, xid);
	if (v != OF10) {
		bytes_put_u8(b, r->table_id);
		bytes_put_zeros(b, 3);
		bytes_put_be32(b, ofport_to_11(r->out_port));
		bytes_put_be32(b, r->out_group);
		bytes_put_zeros(b, 4);
		bytes_put(b, &r->cookie, 8);
		bytes_put(b, &r->cookie_mask, 8);
		of_match_build(b, &r->match, v);
	} else if (nx) {
		bytes_put_be16(b, (uint16_t)r->out_port);
		size_t len_at = b->size;
		bytes_put_be16(b, 0);
		bytes_put_u8(b, r->table_id);
		bytes_put_zeros(b, 3);
		size_t n = nxm_build_padded(b, &r->match, r->cookie, r->cookie_mask);
		put_be16(b->data + len_at, (uint16_t)n);
	} else {
		match10_build(b, &r->match);
		bytes_put_u8(b, r->table_id);
		bytes_put_u8(b, 0);
		bytes_put_be16(b, (uint16_t)r->out_port);
	}
	ASSERT(of_msg_end(b, start) == 0);
}

/* -- OXS: statistics as a list of type, length and value. OpenFlow 1.5 7.2.4. */

enum {
	OXS_DURATION = 0,
	OXS_IDLE_TIME = 1,
	OXS_FLOW_COUNT = 3,
	OXS_PACKET_COUNT = 4,
	OXS_BYTE_COUNT = 5
};

static void oxs_put_header(struct bytes *b, unsigned field, unsigned size)
{
	bytes_put_be32(b, 0x80020000u | field << 9 | size);
}

static size_t oxs_begin(struct bytes *b)
{
	size_t start = b->size;
	bytes_put_zeros(b, 4);
	return start;
}

static void oxs_end(struct bytes *b, size_t start)
{
	put_be16(b->data + start + 2, (uint16_t)(b->size - start));
	bytes_pad(b, start, 8);
}

static void oxs_put64(struct bytes *b, unsigned field, uint64_t value)
{
	oxs_put_header(b, field, 8);
	bytes_put_be64(b, value);
}

struct oxs {
	uint32_t sec, nsec, idle_sec, flow_count;
	bool has_idle;
	uint64_t packets, bytes;
};

static int oxs_pull(struct cursor *c, struct oxs *ret)
{
	*ret = (struct oxs){ .packets = UINT64_MAX, .bytes = UINT64_MAX };
	if (c->left < 4)
		return -OFPERR_OFPBMC_BAD_LEN;
	uint16_t size = get_be16(c->p + 2);
	const uint8_t *p = size < 4 ? NULL : cursor_pull(c, ROUND_UP((size_t)size, 8));
	if (!p)
		return -OFPERR_OFPBMC_BAD_LEN;
	struct cursor s = cursor_of(p + 4, size - 4u);
	while (s.left) {
		uint32_t header = cursor_be32(&s);
		struct cursor v = cursor_of(s.p, header & 0xff);
		if (!cursor_pull(&s, header & 0xff))
			return -OFPERR_OFPBMC_BAD_LEN;
		if (header >> 16 != 0x8002)
			continue;
		switch (header >> 9 & 0x7f) {
		case OXS_DURATION:
			ret->sec = cursor_be32(&v);
			ret->nsec = cursor_be32(&v);
			break;
		case OXS_IDLE_TIME:
			ret->idle_sec = cursor_be32(&v);
			ret->has_idle = true;
			break;
		case OXS_FLOW_COUNT:
			ret->flow_count = cursor_be32(&v);
			break;
		case OXS_PACKET_COUNT:
			ret->packets = cursor_be64(&v);
			break;
		case OXS_BYTE_COUNT:
			ret->bytes = cursor_be64(&v);
			break;
		}
	}
	return 0;
}

/* -- Flow statistics. */

/* Ages of 65534 seconds and more are the same; 0 says "unknown". */
static uint16_t age_to_wire(int age)
{
	return age < 0 ? 0 : age < UINT16_MAX ? (uint16_t)(age + 1) : UINT16_MAX;
}

/* In 1.0 what is not counted is -1 as well. */
void flow_stats_wire_put(struct bytes *b, const struct flow_stats *fs, const struct of_msg *request)
{
	enum of_version v = request->version;
	size_t start = b->size;
	uint16_t flags = fs->flags & known_flags(v);
	if (v >= OF15) {
		bytes_put_zeros(b, 4);
		bytes_put_u8(b, fs->table_id);
		bytes_put_u8(b, 0);
		bytes_put_be16(b, fs->priority);
		bytes_put_be16(b, fs->idle_timeout);
		bytes_put_be16(b, fs->hard_timeout);
		bytes_put_be16(b, flags);
		bytes_put_be16(b, fs->importance);
		bytes_put(b, &fs->cookie, 8);
		of_match_build(b, &fs->match, v);
		size_t stats = oxs_begin(b);
		oxs_put_header(b, OXS_DURATION, 8);
		bytes_put_be32(b, fs->duration_sec);
		bytes_put_be32(b, whole_ms(fs->duration_nsec));
		if (fs->idle_age >= 0) {
			oxs_put_header(b, OXS_IDLE_TIME, 8);
			bytes_put_be32(b, (uint32_t)fs->idle_age);
			bytes_put_be32(b, 0);
		}
		oxs_put64(b, OXS_PACKET_COUNT, fs->packet_count);
		oxs_put64(b, OXS_BYTE_COUNT, fs->byte_count);
		oxs_end(b, stats);
	} else if (v != OF10) {
		bytes_put_be16(b, 0);
		bytes_put_u8(b, fs->table_id);
		bytes_put_u8(b, 0);
		bytes_put_be32(b, fs->duration_sec);
		bytes_put_be32(b, whole_ms(fs->duration_nsec));
		bytes_put_be16(b, fs->priority);
		bytes_put_be16(b, fs->idle_timeout);
		bytes_put_be16(b, fs->hard_timeout);
		bytes_put_be16(b, v >= OF13 ? flags : 0);
		bytes_put_be16(b, v >= OF14 ? fs->importance : 0);
		bytes_put_zeros(b, 2);
		bytes_put(b, &fs->cookie, 8);
		bytes_put_be64(b, fs->packet_count);
		bytes_put_be64(b, fs->byte_count);
		of_match_build(b, &fs->match, v);
	} else if (is_nx(request)) {
		bytes_put_be16(b, 0);
		bytes_put_u8(b, fs->table_id);
		bytes_put_u8(b, 0);
		bytes_put_be32(b, fs->duration_sec);
		bytes_put_be32(b, whole_ms(fs->duration_nsec));
		bytes_put_be16(b, fs->priority);
		bytes_put_be16(b, fs->idle_timeout);
		bytes_put_be16(b, fs->hard_timeout);
		size_t len_at = b->size;
		bytes_put_be16(b, 0);
		bytes_put_be16(b, age_to_wire(fs->idle_age));
		bytes_put_be16(b, age_to_wire(fs->hard_age));
		bytes_put(b, &fs->cookie, 8);
		bytes_put_be64(b, fs->packet_count);
		bytes_put_be64(b, fs->byte_count);
		size_t n = nxm_build_padded(b, &fs->match, 0, 0);
		put_be16(b->data + len_at, (uint16_t)n);
	} else {
		bytes_put_be16(b, 0);
		bytes_put_u8(b, fs->table_id);
		bytes_put_u8(b, 0);
		match10_build(b, &fs->match);
		bytes_put_be32(b, fs->duration_sec);
		bytes_put_be32(b, whole_ms(fs->duration_nsec));
		bytes_put_be16(b, fs->priority);
		bytes_put_be16(b, fs->idle_timeout);
		bytes_put_be16(b, fs->hard_timeout);
		bytes_put_zeros(b, 6);
		bytes_put(b, &fs->cookie, 8);
		bytes_put_be64(b, fs->packet_count);
		bytes_put_be64(b, fs->byte_count);
	}
	of_instructions_build(b, fs->actions, fs->actions_size, v);
	size_t size = b->size - start;
	if (size > UINT16_MAX)
		b->size = start; /* no message could hold it */
	else
		put_be16(b->data + start, (uint16_t)size);
}

static int pull_15(const struct of_msg *m, struct cursor *c, struct flow_stats *fs)
{
	cursor_skip(c, 2);
	fs->table_id = cursor_u8(c);
	cursor_skip(c, 1);
	fs->priority = cursor_be16(c);
	fs->idle_timeout = cursor_be16(c);
	fs->hard_timeout = cursor_be16(c);
	fs->flags = cursor_be16(c) & known_flags(m->version);
	fs->importance = cursor_be16(c);
	fs->cookie = cpu_to_be64(cursor_be64(c));
	int r = of_match_pull(c, m->version, true, &fs->match, NULL);
	struct oxs s;
	if (!r)
		r = oxs_pull(c, &s);
	if (r)
		return r;
	fs->duration_sec = s.sec;
	fs->duration_nsec = s.nsec;
	fs->idle_age = s.has_idle ? (int)s.idle_sec : -1;
	fs->packet_count = s.packets;
	fs->byte_count = s.bytes;
	return 0;
}

static int pull_11(const struct of_msg *m, struct cursor *c, struct flow_stats *fs)
{
	fs->table_id = cursor_u8(c);
	cursor_skip(c, 1);
	fs->duration_sec = cursor_be32(c);
	fs->duration_nsec = cursor_be32(c);
	fs->priority = cursor_be16(c);
	fs->idle_timeout = cursor_be16(c);
	fs->hard_timeout = cursor_be16(c);
	uint16_t flags = cursor_be16(c), importance = cursor_be16(c);
	cursor_skip(c, 2);
	fs->flags = m->version >= OF13 ? flags & known_flags(m->version) : 0;
	fs->importance = m->version >= OF14 ? importance : 0;
	fs->cookie = cpu_to_be64(cursor_be64(c));
	fs->packet_count = cursor_be64(c);
	fs->byte_count = cursor_be64(c);
	return of_match_pull(c, m->version, true, &fs->match, NULL);
}

static int pull_nx(struct cursor *c, struct flow_stats *fs)
{
	fs->table_id = cursor_u8(c);
	cursor_skip(c, 1);
	fs->duration_sec = cursor_be32(c);
	fs->duration_nsec = cursor_be32(c);
	fs->priority = cursor_be16(c);
	fs->idle_timeout = cursor_be16(c);
	fs->hard_timeout = cursor_be16(c);
	uint16_t match_len = cursor_be16(c);
	fs->idle_age = cursor_be16(c) - 1;
	fs->hard_age = cursor_be16(c) - 1;
	fs->cookie = cpu_to_be64(cursor_be64(c));
	fs->packet_count = cursor_be64(c);
	fs->byte_count = cursor_be64(c);
	return match_nxm_pull(c, match_len, &fs->match, NULL, NULL);
}

static int pull_10(struct cursor *c, struct flow_stats *fs)
{
	fs->table_id = cursor_u8(c);
	cursor_skip(c, 1);
	const uint8_t *p = cursor_pull(c, OF10_MATCH_SIZE);
	fs->duration_sec = cursor_be32(c);
	fs->duration_nsec = cursor_be32(c);
	fs->priority = cursor_be16(c);
	fs->idle_timeout = cursor_be16(c);
	fs->hard_timeout = cursor_be16(c);
	cursor_skip(c, 6);
	fs->cookie = cpu_to_be64(cursor_be64(c));
	fs->packet_count = cursor_be64(c);
	fs->byte_count = cursor_be64(c);
	return p ? match10_parse(p, &fs->match) : -OFPERR_OFPBRC_BAD_LEN;
}

int flow_stats_pull(const struct of_msg *m, struct cursor *c, struct flow_stats *fs,
		    struct of_actions *acts)
{
	if (!c->left)
		return 1;
	if (c->left < 2)
		return -OFPERR_OFPBRC_BAD_LEN;
	size_t size = get_be16(c->p);
	struct cursor rec = cursor_of(c->p, size);
	if (size < 4 || !cursor_pull(c, size))
		return -OFPERR_OFPBRC_BAD_LEN;
	cursor_skip(&rec, 2);
	memset(fs, 0, sizeof *fs);
	fs->idle_age = fs->hard_age = -1;
	int r = m->version >= OF15   ? pull_15(m, &rec, fs)
		: m->version != OF10 ? pull_11(m, &rec, fs)
		: is_nx(m)	     ? pull_nx(&rec, fs)
				     : pull_10(&rec, fs);
	if (!r && rec.short_read)
		r = -OFPERR_OFPBRC_BAD_LEN;
	acts->size = 0;
	if (!r)
		r = of_instructions_parse(rec.p, rec.left, m->version, acts);
	fs->actions = acts->data;
	fs->actions_size = acts->size;
	return r;
}

/* -- Aggregates. */

void aggregate_build(struct bytes *b, const struct aggregate_stats *a, const struct of_msg *request)
{
	size_t start = of_msg_begin_reply(b, request);
	if (request->version >= OF15) {
		size_t stats = oxs_begin(b);
		oxs_put64(b, OXS_PACKET_COUNT, a->packet_count);
		oxs_put64(b, OXS_BYTE_COUNT, a->byte_count);
		oxs_put_header(b, OXS_FLOW_COUNT, 4);
		bytes_put_be32(b, a->flow_count);
		oxs_end(b, stats);
	} else {
		bytes_put_be64(b, a->packet_count);
		bytes_put_be64(b, a->byte_count);
		bytes_put_be32(b, a->flow_count);
		bytes_put_zeros(b, 4);
	}
	ASSERT(of_msg_end(b, start) == 0);
}

int aggregate_parse(const struct of_msg *m, struct aggregate_stats *ret)
{
	struct cursor c = of_msg_cursor(m);
	if (m->version >= OF15) {
		struct oxs s;
		int r = oxs_pull(&c, &s);
		if (r)
			return r;
		*ret = (struct aggregate_stats){ s.packets, s.bytes, s.flow_count };
		return 0;
	}
	ret->packet_count = cursor_be64(&c);
	ret->byte_count = cursor_be64(&c);
	ret->flow_count = cursor_be32(&c);
	return 0;
}

/* -- flow_removed. */

int flow_removed_parse(const struct of_msg *m, struct flow_removed *fr)
{
	struct cursor c = of_msg_cursor(m);
	memset(fr, 0, sizeof *fr);
	if (m->version >= OF15) {
		fr->table_id = cursor_u8(&c);
		fr->reason = cursor_u8(&c);
		fr->priority = cursor_be16(&c);
		fr->idle_timeout = cursor_be16(&c);
		fr->hard_timeout = cursor_be16(&c);
		fr->cookie = cpu_to_be64(cursor_be64(&c));
		int r = of_match_pull(&c, m->version, false, &fr->match, NULL);
		struct oxs s;
		if (!r)
			r = oxs_pull(&c, &s);
		if (r)
			return r;
		fr->duration_sec = s.sec;
		fr->duration_nsec = s.nsec;
		fr->packet_count = s.packets;
		fr->byte_count = s.bytes;
		return 0;
	}
	const uint8_t *match10 = NULL;
	if (m->version == OF10 && !is_nx(m)) {
		match10 = cursor_pull(&c, OF10_MATCH_SIZE);
		fr->table_id = 255;
	}
	fr->cookie = cpu_to_be64(cursor_be64(&c));
	fr->priority = cursor_be16(&c);
	fr->reason = cursor_u8(&c);
	if (match10) {
		cursor_skip(&c, 1);
		fr->duration_sec = cursor_be32(&c);
		fr->duration_nsec = cursor_be32(&c);
		fr->idle_timeout = cursor_be16(&c);
		cursor_skip(&c, 2);
		fr->packet_count = cursor_be64(&c);
		fr->byte_count = cursor_be64(&c);
		return match10_parse(match10, &fr->match);
	}
	uint8_t table = cursor_u8(&c);
	fr->duration_sec = cursor_be32(&c);
	fr->duration_nsec = cursor_be32(&c);
	fr->idle_timeout = cursor_be16(&c);
	uint16_t match_len = cursor_be16(&c);
	fr->packet_count = cursor_be64(&c);
	fr->byte_count = cursor_be64(&c);
	if (is_nx(m)) {
		fr->table_id = (uint8_t)(table - 1);
		const uint8_t *p = cursor_pull(&c, ROUND_UP((size_t)match_len, 8));
		return p ? nxm_parse(p, match_len, false, &fr->match, NULL, NULL)
			 : -OFPERR_OFPBMC_BAD_LEN;
	}
	fr->table_id = table;
	fr->hard_timeout = match_len;
	return of_match_pull(&c, m->version, false, &fr->match, NULL);
}

void flow_removed_build(struct bytes *b, const struct flow_removed *fr, uint32_t protocol)
{
	enum of_version v = of_protocol_version(protocol);
	bool nx = protocol & OFPROTO_NXM_ANY;
	/* Reasons that a version does not know are deletions to it. */
	uint8_t reason = fr->reason;
	if ((reason == OFPRR_METER_DELETE || reason == OFPRR_EVICTION) && v < OF14)
		reason = OFPRR_DELETE;
	size_t start = of_msg_begin(b, OFMSG_FLOW_REMOVED, nx ? OFK_NXT : OFK_OFPT, v, 0);
	if (v >= OF15) {
		bytes_put_u8(b, fr->table_id);
		bytes_put_u8(b, reason);
		bytes_put_be16(b, fr->priority);
		bytes_put_be16(b, fr->idle_timeout);
		bytes_put_be16(b, fr->hard_timeout);
		bytes_put(b, &fr->cookie, 8);
		of_match_build(b, &fr->match, v);
		size_t stats = oxs_begin(b);
		oxs_put_header(b, OXS_DURATION, 8);
		bytes_put_be32(b, fr->duration_sec);
		bytes_put_be32(b, whole_ms(fr->duration_nsec));
		oxs_put64(b, OXS_PACKET_COUNT, fr->packet_count);
		oxs_put64(b, OXS_BYTE_COUNT, fr->byte_count);
		oxs_end(b, stats);
		ASSERT(of_msg_end(b, start) == 0);
		return;
	}
	if (v == OF10 && !nx)
		match10_build(b, &fr->match);
	bytes_put(b, &fr->cookie, 8);
	bytes_put_be16(b, fr->priority);
	bytes_put_u8(b, reason);
	bytes_put_u8(b, v != OF10 ? fr->table_id : nx ? (uint8_t)(fr->table_id + 1) : 0);
	bytes_put_be32(b, fr->duration_sec);
	bytes_put_be32(b, whole_ms(fr->duration_nsec));
	bytes_put_be16(b, fr->idle_timeout);
	size_t len_at = b->size;
	bytes_put_be16(b, v != OF10 ? fr->hard_timeout : 0);
	bytes_put_be64(b, fr->packet_count);
	bytes_put_be64(b, fr->byte_count);
	if (nx) {
		size_t n = nxm_build_padded(b, &fr->match, 0, 0);
		put_be16(b->data + len_at, (uint16_t)n);
	} else if (v != OF10) {
		of_match_build(b, &fr->match, v);
	}
	ASSERT(of_msg_end(b, start) == 0);
}
