/* SPDX-License-Identifier: Apache-2.0 */
#include "ofp/msg.h"

#include <errno.h>

#include "base/log.h"
#include "ofp/error.h"

LOG_MODULE(ofp_msgs);

#define STAT_REQUEST OFK_STAT_REQUEST
#define STAT_REPLY OFK_STAT_REPLY
#define OFPT OFK_OFPT
#define NXT OFK_NXT
#define ONFT OFK_ONFT
#define NXST_REQUEST OFK_NXST_REQUEST
#define NXST_REPLY OFK_NXST_REPLY
#define ONFST_REQUEST OFK_ONFST_REQUEST
#define ONFST_REPLY OFK_ONFST_REPLY

static const struct of_msg_form forms[] = {
#define OFMSG(ID, NAME, KIND, NUMBER, MIN_VERSION, MAX_VERSION, MIN_SIZE, MULTIPLE)                \
	{ OFMSG_##ID, NAME, KIND, NUMBER, MIN_VERSION, MAX_VERSION, MIN_SIZE, MULTIPLE },
#include "ofp/msg_list.inc"
#undef OFMSG
};

#undef OFPT
#undef NXT
#undef ONFT

enum { OFPT_VENDOR = 4, OFPST_VENDOR = 0xffff };

static uint8_t stat_request_type(enum of_version v) { return v == OF10 ? 16 : 18; }
static uint8_t stat_reply_type(enum of_version v) { return v == OF10 ? 17 : 19; }

static const struct of_msg_form *form_find(enum of_msg_kind kind, uint32_t number,
					   enum of_version v)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct of_msg_form *f = &forms[i];
		if (f->kind == kind && f->number == number && v >= f->min_version &&
		    v <= f->max_version)
			return f;
	}
	return NULL;
}

static const struct of_msg_form *form_of(enum of_msg_id id, enum of_msg_kind kind,
					 enum of_version v)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct of_msg_form *f = &forms[i];
		if (f->id == id && (kind == OFK_ANY || f->kind == kind) && v >= f->min_version &&
		    v <= f->max_version)
			return f;
	}
	return NULL;
}

bool of_msg_has_form(enum of_msg_id id, enum of_msg_kind kind, enum of_version v)
{
	return form_of(id, kind, v) != NULL;
}

size_t of_msg_header_size(const struct of_msg_form *f, enum of_version v)
{
	switch (f->kind) {
	case OFK_STAT_REQUEST:
	case OFK_STAT_REPLY:
		return v == OF10 ? 12 : 16;
	case OFK_NXT:
	case OFK_ONFT:
		return 16;
	case OFK_NXST_REQUEST:
	case OFK_NXST_REPLY:
	case OFK_ONFST_REQUEST:
	case OFK_ONFST_REPLY:
		return 24;
	default:
		return OF_HEADER_SIZE;
	}
}

static int parse_vendor(struct of_msg *m, struct cursor *c)
{
	if (c->left < 8) {
		log_warn("message of type vendor is too short (%zu bytes)", m->size);
		return -OFPERR_OFPBRC_BAD_LEN;
	}
	uint32_t vendor = cursor_be32(c), subtype = cursor_be32(c);
	if (vendor != NX_VENDOR_ID && vendor != ONF_VENDOR_ID) {
		log_warn("unknown vendor %#x", vendor);
		return -OFPERR_OFPBRC_BAD_VENDOR;
	}
	m->form = form_find(vendor == NX_VENDOR_ID ? OFK_NXT : OFK_ONFT, subtype, m->version);
	return m->form ? 0 : -OFPERR_OFPBRC_BAD_SUBTYPE;
}

static int parse_stat(struct of_msg *m, struct cursor *c, bool reply)
{
	if (c->left < (m->version == OF10 ? 4u : 8u))
		return -OFPERR_OFPBRC_BAD_LEN;
	uint16_t type = cursor_be16(c);
	m->stat_flags = cursor_be16(c);
	if (m->version != OF10)
		cursor_skip(c, 4);
	if (type != OFPST_VENDOR) {
		m->form = form_find(reply ? OFK_STAT_REPLY : OFK_STAT_REQUEST, type, m->version);
		return m->form ? 0 : -OFPERR_OFPBRC_BAD_STAT;
	}
	if (c->left < 8)
		return -OFPERR_OFPBRC_BAD_LEN;
	uint32_t vendor = cursor_be32(c), subtype = cursor_be32(c);
	enum of_msg_kind kind;
	if (vendor == NX_VENDOR_ID)
		kind = reply ? OFK_NXST_REPLY : OFK_NXST_REQUEST;
	else if (vendor == ONF_VENDOR_ID)
		kind = reply ? OFK_ONFST_REPLY : OFK_ONFST_REQUEST;
	else
		return -OFPERR_OFPBRC_BAD_VENDOR;
	m->form = form_find(kind, subtype, m->version);
	return m->form ? 0 : -OFPERR_OFPBRC_BAD_SUBTYPE;
}

static int check_size(const struct of_msg *m)
{
	const struct of_msg_form *f = m->form;
	size_t size = m->size, min = f->min_size;
	static struct log_limit limit = LOG_LIMIT(5, 60);
	if (size >= min && (f->multiple ? (size - min) % f->multiple == 0 : size == min))
		return 0;
	if (!f->multiple)
		log_warn_limited(&limit,
				 "received %s with incorrect length %zu (expected length %zu)",
				 f->name, size, min);
	else if (f->multiple == 1)
		log_warn_limited(
			&limit,
			"received %s with incorrect length %zu (expected length at least %zu "
			"bytes)",
			f->name, size, min);
	else
		log_warn_limited(
			&limit,
			"received %s with incorrect length %zu (must be exactly %zu bytes or "
			"longer by an integer multiple of %u bytes)",
			f->name, size, min, f->multiple);
	return -OFPERR_OFPBRC_BAD_LEN;
}

int of_msg_parse(const void *data, size_t size, struct of_msg *m)
{
	*m = (struct of_msg){ .data = data, .size = size };
	if (size < OF_HEADER_SIZE || of_msg_size(data) != size)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor c = cursor_of(data, size);
	m->version = cursor_u8(&c);
	m->type = cursor_u8(&c);
	cursor_skip(&c, 2);
	m->xid = cursor_be32(&c);
	m->body = c.p;
	m->body_size = c.left;
	if (m->version < OF10 || m->version > OF15)
		return -OFPERR_OFPBRC_BAD_VERSION;

	int r;
	if (m->type == OFPT_VENDOR)
		r = parse_vendor(m, &c);
	else if (m->type == stat_request_type(m->version) || m->type == stat_reply_type(m->version))
		r = parse_stat(m, &c, m->type == stat_reply_type(m->version));
	else
		r = (m->form = form_find(OFK_OFPT, m->type, m->version)) ? 0
									 : -OFPERR_OFPBRC_BAD_TYPE;
	if (r)
		return r;
	m->id = m->form->id;
	/* Forms that another of the same message continues by size: 1.1's packet-in. */
	r = check_size(m);
	if (r)
		return r;
	size_t header = of_msg_header_size(m->form, m->version);
	m->body = m->data + header;
	m->body_size = size - header;
	return 0;
}

bool of_msg_is_stat(const struct of_msg *m)
{
	return m->form && m->form->kind != OFK_OFPT && m->form->kind != OFK_NXT &&
	       m->form->kind != OFK_ONFT;
}

bool of_msg_is_reply(const struct of_msg *m)
{
	return m->form && (m->form->kind == OFK_STAT_REPLY || m->form->kind == OFK_NXST_REPLY ||
			   m->form->kind == OFK_ONFST_REPLY);
}

static size_t begin_form(struct bytes *b, const struct of_msg_form *f, enum of_version v,
			 uint32_t xid)
{
	size_t start = b->size;
	bytes_put_u8(b, (uint8_t)v);
	bool stat_request = f->kind == OFK_STAT_REQUEST || f->kind == OFK_NXST_REQUEST ||
			    f->kind == OFK_ONFST_REQUEST;
	bool stat_reply = f->kind == OFK_STAT_REPLY || f->kind == OFK_NXST_REPLY ||
			  f->kind == OFK_ONFST_REPLY;
	bytes_put_u8(b, f->kind == OFK_OFPT ? (uint8_t)f->number
			: stat_request	    ? stat_request_type(v)
			: stat_reply	    ? stat_reply_type(v)
					    : OFPT_VENDOR);
	bytes_put_be16(b, 0);
	bytes_put_be32(b, xid);
	uint32_t vendor =
		f->kind == OFK_ONFT || f->kind == OFK_ONFST_REQUEST || f->kind == OFK_ONFST_REPLY
			? ONF_VENDOR_ID
			: NX_VENDOR_ID;
	if (f->kind == OFK_NXT || f->kind == OFK_ONFT) {
		bytes_put_be32(b, vendor);
		bytes_put_be32(b, f->number);
	} else if (stat_request || stat_reply) {
		bool own = f->kind == OFK_STAT_REQUEST || f->kind == OFK_STAT_REPLY;
		bytes_put_be16(b, own ? (uint16_t)f->number : OFPST_VENDOR);
		bytes_put_be16(b, 0);
		if (v != OF10)
			bytes_put_zeros(b, 4);
		if (!own) {
			bytes_put_be32(b, vendor);
			bytes_put_be32(b, f->number);
			if (v == OF10)
				bytes_put_zeros(b, 4);
		}
	}
	return start;
}

size_t of_msg_begin(struct bytes *b, enum of_msg_id id, enum of_msg_kind kind, enum of_version v,
		    uint32_t xid)
{
	const struct of_msg_form *f = form_of(id, kind, v);
	ASSERT(f);
	return begin_form(b, f, v, xid);
}

int of_msg_end(struct bytes *b, size_t start)
{
	size_t size = b->size - start;
	if (size > OF_MSG_MAX) {
		b->size = start;
		return -EMSGSIZE;
	}
	put_be16(b->data + start + 2, (uint16_t)size);
	return 0;
}

static const struct of_msg_form *reply_form(const struct of_msg *request)
{
	enum of_msg_kind kind = request->form->kind;
	uint32_t number = request->form->number;
	switch (kind) {
	case OFK_STAT_REQUEST:
		kind = OFK_STAT_REPLY;
		break;
	case OFK_NXST_REQUEST:
		kind = OFK_NXST_REPLY;
		break;
	case OFK_ONFST_REQUEST:
		kind = OFK_ONFST_REPLY;
		break;
	default:
		/* Replies are numbered after their requests, but for TLV tables. */
		number++;
	}
	return form_find(kind, number, request->version);
}

size_t of_msg_begin_reply(struct bytes *b, const struct of_msg *request)
{
	const struct of_msg_form *f = reply_form(request);
	ASSERT(f);
	return begin_form(b, f, request->version, request->xid);
}

/* -- Multipart. */

void multipart_begin(struct multipart *m, struct bytes *out, const struct of_msg *request)
{
	*m = (struct multipart){ out, request, 0 };
	m->start = of_msg_begin_reply(out, request);
}

void multipart_added(struct multipart *m, size_t record_start)
{
	struct bytes *b = m->out;
	if (b->size - m->start <= OF_MSG_MAX)
		return;
	/* The record goes to a message of its own, and this one says that more comes. */
	AUTO_BYTES record = BYTES_INIT;
	bytes_put(&record, b->data + record_start, b->size - record_start);
	b->size = record_start;
	put_be16(b->data + m->start + 10, OFPSF_MORE);
	put_be16(b->data + m->start + 2, (uint16_t)(b->size - m->start));
	m->start = of_msg_begin_reply(b, m->request);
	/* A record that no message can hold is left out. */
	if (b->size - m->start + record.size <= OF_MSG_MAX)
		bytes_put(b, record.data, record.size);
}

void multipart_end(struct multipart *m)
{
	put_be16(m->out->data + m->start + 2, (uint16_t)(m->out->size - m->start));
}

void of_msg_put_name(const struct of_msg *m, struct str *out)
{
	str_puts(out, m->form ? m->form->name : "unknown");
	if (m->version > OF10)
		str_putf(out, " (OF1.%d)", m->version - OF10);
	str_putf(out, " (xid=0x%x):", m->xid);
}
