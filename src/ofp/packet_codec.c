/* SPDX-License-Identifier: Apache-2.0 */
/* packet_codec: packet-in in its nine forms, packet-out, resume.
 * OpenFlow 1.0 5.3.6, 5.4.1; 1.3 7.3.7, 7.4.1; 1.5 7.3.6; Nicira's NXT_PACKET_IN, NXT_PACKET_IN2
 * and NXT_RESUME. */
#include "ofp/codec.h"
#include "ofp/error.h"
#include "ofp/nxm.h"

/* -- packet-out. */

static bool in_port_ok(uint32_t port)
{
	return port < OFPORT_MAX || port == OFPORT_LOCAL || port == OFPORT_NONE ||
	       port == OFPORT_CONTROLLER;
}

int packet_out_parse(const struct of_msg *m, struct packet_out *po, struct of_actions *acts)
{
	struct cursor c = of_msg_cursor(m);
	memset(po, 0, sizeof *po);
	po->buffer_id = cursor_be32(&c);
	uint16_t actions_len;
	uint32_t in_port = OFPORT_NONE;
	if (m->version >= OF15) {
		actions_len = cursor_be16(&c);
		cursor_skip(&c, 2);
		int r = of_match_pull(&c, m->version, true, &po->metadata, NULL);
		if (r)
			return r;
		if (!po->metadata.mask.in_port)
			return -OFPERR_OFPBRC_BAD_PORT;
		in_port = po->metadata.key.in_port;
	} else {
		match_init(&po->metadata);
		if (m->version == OF10)
			in_port = cursor_be16(&c);
		else if (!ofport_from_11(cursor_be32(&c), &in_port))
			return -OFPERR_OFPBRC_BAD_PORT;
		actions_len = cursor_be16(&c);
		if (m->version != OF10)
			cursor_skip(&c, 6);
		match_set_in_port(&po->metadata, in_port);
	}
	if (!in_port_ok(in_port))
		return -OFPERR_OFPBRC_BAD_PORT;
	const void *list = cursor_pull(&c, actions_len);
	if (!list)
		return -OFPERR_OFPBRC_BAD_LEN;
	size_t start = acts->size;
	int r = of_actions_parse(list, actions_len, m->version, acts);
	if (r)
		return r;
	po->actions = acts->data ? acts->data + start : NULL;
	po->actions_size = acts->size - start;
	if (po->buffer_id == OF_NO_BUFFER) {
		po->packet = c.p;
		po->packet_size = c.left;
	}
	return 0;
}

void packet_out_build(struct bytes *b, const struct packet_out *po, enum of_version v, uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_PACKET_OUT, OFK_OFPT, v, xid);
	bytes_put_be32(b, po->buffer_id);
	size_t len_at;
	uint32_t in_port = po->metadata.key.in_port;
	if (v >= OF15) {
		len_at = b->size;
		bytes_put_zeros(b, 4);
		of_match_build(b, &po->metadata, v);
	} else if (v == OF10) {
		bytes_put_be16(b, (uint16_t)in_port);
		len_at = b->size;
		bytes_put_zeros(b, 2);
	} else {
		bytes_put_be32(b, ofport_to_11(in_port));
		len_at = b->size;
		bytes_put_zeros(b, 8);
	}
	size_t list = b->size;
	of_actions_build(b, po->actions, po->actions_size, v);
	put_be16(b->data + len_at, (uint16_t)(b->size - list));
	if (po->buffer_id == OF_NO_BUFFER)
		bytes_put(b, po->packet, po->packet_size);
	if (of_msg_end(b, start) < 0)
		return; /* longer than a message can be: nothing is put */
}

/* -- Properties of NXT_PACKET_IN2. */

enum {
	PIN_PACKET,
	PIN_FULL_LEN,
	PIN_BUFFER_ID,
	PIN_TABLE_ID,
	PIN_COOKIE,
	PIN_REASON,
	PIN_METADATA,
	PIN_USERDATA,
	PIN_CONTINUATION
};
enum {
	CONT_BRIDGE = 0x8000,
	CONT_STACK,
	CONT_MIRRORS,
	CONT_CONNTRACKED,
	CONT_TABLE_ID,
	CONT_COOKIE,
	CONT_ACTIONS,
	CONT_ACTION_SET,
	CONT_ODP_PORT
};

static size_t prop_begin(struct bytes *b, uint16_t type)
{
	size_t start = b->size;
	bytes_put_be16(b, type);
	bytes_put_be16(b, 0);
	return start;
}

static void prop_end(struct bytes *b, size_t start)
{
	put_be16(b->data + start + 2, (uint16_t)(b->size - start));
	bytes_pad(b, start, 8);
}

static void prop_u32(struct bytes *b, uint16_t type, uint32_t value)
{
	size_t start = prop_begin(b, type);
	bytes_put_be32(b, value);
	prop_end(b, start);
}

static void prop_u8(struct bytes *b, uint16_t type, uint8_t value)
{
	size_t start = prop_begin(b, type);
	bytes_put_u8(b, value);
	prop_end(b, start);
}

static void prop_bytes(struct bytes *b, uint16_t type, const void *p, size_t n)
{
	size_t start = prop_begin(b, type);
	bytes_put(b, p, n);
	prop_end(b, start);
}

/* Values of 8 bytes are aligned. */
static void prop_be64(struct bytes *b, uint16_t type, be64 value)
{
	size_t start = prop_begin(b, type);
	bytes_put_zeros(b, 4);
	bytes_put(b, &value, 8);
	prop_end(b, start);
}

/* 1: none left. 'ret' is the value, 'type' its type. */
static int prop_pull(struct cursor *c, uint16_t *type, struct cursor *ret)
{
	if (!c->left)
		return 1;
	if (c->left < 4)
		return -OFPERR_OFPBPC_BAD_LEN;
	*type = get_be16(c->p);
	uint16_t size = get_be16(c->p + 2);
	size_t padded = ROUND_UP((size_t)size, 8);
	if (size < 4 || padded > c->left)
		return -OFPERR_OFPBPC_BAD_LEN;
	*ret = cursor_of(c->p + 4, size - 4u);
	cursor_skip(c, padded);
	return 0;
}

static void put_actions_prop(struct bytes *b, uint16_t type, const void *list, size_t size)
{
	size_t start = prop_begin(b, type);
	bytes_put_zeros(b, 4);
	of_actions_build(b, list, size, OF13);
	prop_end(b, start);
}

static void continuation_put(struct bytes *b, const struct packet_in *pin,
			     const struct continuation *k)
{
	size_t start = prop_begin(b, PIN_CONTINUATION);
	bytes_put_zeros(b, 4);
	prop_bytes(b, CONT_BRIDGE, &k->bridge, sizeof k->bridge);
	if (k->stack_size)
		prop_bytes(b, CONT_STACK, k->stack, k->stack_size);
	if (k->mirror_mask)
		prop_u32(b, CONT_MIRRORS, k->mirror_mask);
	if (k->conntracked)
		prop_bytes(b, CONT_CONNTRACKED, NULL, 0);
	if (k->actions_size) {
		/* Where the rest of the actions stands, for rules that apply to it. */
		if (pin->table_id)
			prop_u8(b, CONT_TABLE_ID, pin->table_id);
		if (pin->cookie)
			prop_be64(b, CONT_COOKIE, pin->cookie);
		put_actions_prop(b, CONT_ACTIONS, k->actions, k->actions_size);
	}
	if (k->action_set_size)
		put_actions_prop(b, CONT_ACTION_SET, k->action_set, k->action_set_size);
	if (k->odp_port)
		prop_bytes(b, CONT_ODP_PORT, &k->odp_port, 4);
	prop_end(b, start);
}

static int list_parse(struct cursor v, struct of_actions *acts, size_t *ret_at, size_t *ret_size)
{
	if (v.left < 4)
		return -OFPERR_OFPBPC_BAD_LEN;
	cursor_skip(&v, 4);
	size_t at = acts->size;
	int r = of_actions_parse(v.p, v.left, OF13, acts);
	*ret_at = at;
	*ret_size = acts->size - at;
	return r;
}

static int continuation_parse(struct cursor c, struct continuation *k, struct of_actions *acts)
{
	memset(k, 0, sizeof *k);
	size_t at[2] = { 0 };
	if (c.left < 4)
		return -OFPERR_OFPBPC_BAD_LEN;
	cursor_skip(&c, 4);
	/* The value was cut at its size; the last property's padding is gone with it. */
	uint16_t type;
	struct cursor v;
	int r;
	while ((r = prop_pull(&c, &type, &v)) == 0) {
		switch (type) {
		case CONT_BRIDGE:
			if (v.left != sizeof k->bridge)
				return -OFPERR_OFPBPC_BAD_LEN;
			memcpy(&k->bridge, v.p, sizeof k->bridge);
			break;
		case CONT_STACK:
			k->stack = (uint8_t *)v.p;
			k->stack_size = v.left;
			break;
		case CONT_MIRRORS:
			k->mirror_mask = cursor_be32(&v);
			break;
		case CONT_CONNTRACKED:
			k->conntracked = true;
			break;
		case CONT_ACTIONS:
			r = list_parse(v, acts, &at[0], &k->actions_size);
			break;
		case CONT_ACTION_SET:
			r = list_parse(v, acts, &at[1], &k->action_set_size);
			break;
		case CONT_ODP_PORT:
			if (v.left != 4)
				return -OFPERR_OFPBPC_BAD_LEN;
			memcpy(&k->odp_port, v.p, 4);
			break;
		case CONT_TABLE_ID:
		case CONT_COOKIE:
			break;
		default:
			return -OFPERR_OFPBPC_BAD_TYPE;
		}
		if (r)
			return r;
	}
	k->actions = acts->data ? acts->data + at[0] : NULL;
	k->action_set = acts->data ? acts->data + at[1] : NULL;
	return r == 1 ? 0 : r;
}

static int packet_in2_parse(const struct of_msg *m, struct packet_in *p, struct continuation *cont,
			    struct of_actions *acts)
{
	struct cursor c = of_msg_cursor(m), v;
	uint16_t type;
	int r;
	bool full = false;
	p->buffer_id = OF_NO_BUFFER;
	p->cookie = OF_COOKIE_UNKNOWN;
	while ((r = prop_pull(&c, &type, &v)) == 0) {
		switch (type) {
		case PIN_PACKET:
			p->packet = v.p;
			p->packet_size = v.left;
			break;
		case PIN_FULL_LEN:
			p->total_size = cursor_be32(&v);
			full = true;
			break;
		case PIN_BUFFER_ID:
			p->buffer_id = cursor_be32(&v);
			break;
		case PIN_TABLE_ID:
			p->table_id = cursor_u8(&v);
			break;
		case PIN_COOKIE:
			cursor_skip(&v, 4);
			p->cookie = cpu_to_be64(cursor_be64(&v));
			break;
		case PIN_REASON:
			p->reason = cursor_u8(&v);
			break;
		case PIN_METADATA:
			cursor_skip(&v, 0);
			r = nxm_parse(v.p, v.left, false, &p->metadata, NULL, NULL);
			if (r)
				return r;
			break;
		case PIN_USERDATA:
			p->userdata = v.p;
			p->userdata_size = v.left;
			break;
		case PIN_CONTINUATION:
			p->continuation = v.p;
			p->continuation_size = v.left;
			if (cont)
				r = continuation_parse(cursor_of(v.p, v.left), cont, acts);
			if (r)
				return r;
			break;
		default:
			if (m->id == OFMSG_RESUME)
				return -OFPERR_OFPBPC_BAD_TYPE;
		}
		if (v.short_read)
			return -OFPERR_OFPBPC_BAD_LEN;
	}
	if (r != 1)
		return r;
	if (!p->packet_size)
		return -OFPERR_OFPBRC_BAD_LEN;
	if (!full)
		p->total_size = p->packet_size;
	else if (p->total_size < p->packet_size)
		return -OFPERR_OFPBRC_BAD_LEN;
	return 0;
}

int packet_in_parse(const struct of_msg *m, struct packet_in *p, struct continuation *cont,
		    struct of_actions *acts)
{
	struct cursor c = of_msg_cursor(m);
	int r = 0;
	memset(p, 0, sizeof *p);
	p->cookie = OF_COOKIE_UNKNOWN;
	if (m->id == OFMSG_RESUME || (m->form->kind == OFK_NXT && m->form->number == 30))
		return packet_in2_parse(m, p, cont, acts);
	p->buffer_id = cursor_be32(&c);
	if (m->form->kind == OFK_NXT) {
		p->total_size = cursor_be16(&c);
		p->reason = cursor_u8(&c);
		p->table_id = cursor_u8(&c);
		p->cookie = cpu_to_be64(cursor_be64(&c));
		uint16_t match_len = cursor_be16(&c);
		cursor_skip(&c, 6);
		const void *match = cursor_pull(&c, ROUND_UP((size_t)match_len, 8));
		if (!match)
			return -OFPERR_OFPBMC_BAD_LEN;
		r = nxm_parse(match, match_len, false, &p->metadata, NULL, NULL);
		if (!r && !cursor_pull(&c, 2))
			r = -OFPERR_OFPBRC_BAD_LEN;
	} else if (m->version == OF10) {
		p->total_size = cursor_be16(&c);
		match_set_in_port(&p->metadata, cursor_be16(&c));
		p->reason = cursor_u8(&c);
		cursor_skip(&c, 1);
	} else if (m->version == OF11) {
		uint32_t port;
		if (!ofport_from_11(cursor_be32(&c), &port))
			return -OFPERR_OFPBRC_BAD_PORT;
		match_set_in_port(&p->metadata, port);
		cursor_skip(&c, 4);
		p->total_size = cursor_be16(&c);
		p->reason = cursor_u8(&c);
		p->table_id = cursor_u8(&c);
	} else {
		p->total_size = cursor_be16(&c);
		p->reason = cursor_u8(&c);
		p->table_id = cursor_u8(&c);
		if (m->version >= OF13)
			p->cookie = cpu_to_be64(cursor_be64(&c));
		r = of_match_pull(&c, m->version, false, &p->metadata, NULL);
		if (!r && !cursor_pull(&c, 2))
			r = -OFPERR_OFPBRC_BAD_LEN;
	}
	if (r)
		return r;
	p->packet = c.p;
	p->packet_size = c.left;
	return 0;
}

/* Reasons as a version has them. */
static uint8_t wire_reason(uint8_t reason, enum of_version v)
{
	switch (reason) {
	case OFPR_EXPLICIT_MISS:
		return v < OF13 ? OFPR_ACTION : OFPR_NO_MATCH;
	case OFPR_IMPLICIT_MISS:
		return OFPR_NO_MATCH;
	case OFPR_ACTION_SET:
	case OFPR_GROUP:
	case OFPR_PACKET_OUT:
		return v < OF14 ? OFPR_ACTION : reason;
	default:
		return reason;
	}
}

static void packet_in2_body(struct bytes *b, const struct packet_in *p,
			    const struct continuation *cont, enum of_version v, size_t n)
{
	prop_bytes(b, PIN_PACKET, p->packet, n);
	if (n < p->total_size)
		prop_u32(b, PIN_FULL_LEN, (uint32_t)p->total_size);
	if (p->buffer_id != OF_NO_BUFFER)
		prop_u32(b, PIN_BUFFER_ID, p->buffer_id);
	prop_u8(b, PIN_TABLE_ID, p->table_id);
	if (p->cookie != OF_COOKIE_UNKNOWN)
		prop_be64(b, PIN_COOKIE, p->cookie);
	prop_u8(b, PIN_REASON, wire_reason(p->reason, v));
	size_t start = prop_begin(b, PIN_METADATA);
	nxm_build(b, &p->metadata, OF10, 0, 0);
	prop_end(b, start);
	if (p->userdata_size)
		prop_bytes(b, PIN_USERDATA, p->userdata, p->userdata_size);
	if (p->continuation_size)
		prop_bytes(b, PIN_CONTINUATION, p->continuation, p->continuation_size);
	else if (cont)
		continuation_put(b, p, cont);
}

void packet_in_build(struct bytes *b, const struct packet_in *p, const struct continuation *cont,
		     enum of_packet_in_format format, enum of_version v, uint16_t max_len)
{
	size_t n = MIN(p->packet_size, cont ? SIZE_MAX : (size_t)max_len);
	uint8_t reason = wire_reason(p->reason, v);
	size_t start;
	if (format == OFPIF_NXT2) {
		start = b->size;
		/* The form is NXT_PACKET_IN2: the last of this id. */
		of_msg_begin(b, OFMSG_PACKET_IN, OFK_NXT, v, 0);
		put_be32(b->data + start + 12, 30);
		packet_in2_body(b, p, cont, v, n);
	} else if (format == OFPIF_NXT) {
		start = of_msg_begin(b, OFMSG_PACKET_IN, OFK_NXT, v, 0);
		bytes_put_be32(b, p->buffer_id);
		bytes_put_be16(b, (uint16_t)p->total_size);
		bytes_put_u8(b, reason);
		bytes_put_u8(b, p->table_id);
		bytes_put(b, &p->cookie, 8);
		size_t len_at = b->size;
		bytes_put_zeros(b, 8);
		size_t len = nxm_build_padded(b, &p->metadata, 0, 0);
		put_be16(b->data + len_at, (uint16_t)len);
		bytes_put_zeros(b, 2);
		bytes_put(b, p->packet, n);
	} else {
		start = of_msg_begin(b, OFMSG_PACKET_IN, OFK_OFPT, v, 0);
		uint32_t in_port = p->metadata.key.in_port;
		bytes_put_be32(b, p->buffer_id);
		if (v == OF11) {
			bytes_put_be32(b, ofport_to_11(in_port));
			bytes_put_be32(b, ofport_to_11(in_port));
		}
		bytes_put_be16(b, (uint16_t)p->total_size);
		if (v == OF10) {
			bytes_put_be16(b, (uint16_t)in_port);
			bytes_put_u8(b, reason);
			bytes_put_u8(b, 0);
		} else {
			bytes_put_u8(b, reason);
			bytes_put_u8(b, p->table_id);
		}
		if (v >= OF12) {
			if (v >= OF13)
				bytes_put(b, &p->cookie, 8);
			of_match_build(b, &p->metadata, v);
			bytes_put_zeros(b, 2);
		}
		bytes_put(b, p->packet, n);
	}
	if (of_msg_end(b, start) < 0)
		return;
}

void resume_build(struct bytes *b, const struct packet_in *p, enum of_version v, uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_RESUME, OFK_NXT, v, xid);
	packet_in2_body(b, p, NULL, v, p->packet_size);
	if (of_msg_end(b, start) < 0)
		return;
}
