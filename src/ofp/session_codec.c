/* SPDX-License-Identifier: Apache-2.0 */
/* session_codec: messages that keep a session: hello, error, echo, configuration, roles, what is
 * sent unasked; and what the switch says of itself. */
#include "ofp/codec.h"
#include "ofp/error.h"

void empty_build(struct bytes *b, enum of_msg_id id, enum of_msg_kind kind, enum of_version v,
		 uint32_t xid)
{
	size_t start = of_msg_begin(b, id, kind, v, xid);
	ASSERT(of_msg_end(b, start) == 0);
}

/* -- Hello. OpenFlow 1.3 7.5.1. */

void hello_build(struct bytes *b, uint32_t versions, uint32_t xid)
{
	enum of_version highest = OF10;
	for (enum of_version v = OF10; v <= OF15; v++) {
		if (versions & (1u << v))
			highest = v;
	}
	size_t start = of_msg_begin(b, OFMSG_HELLO, OFK_OFPT, highest, xid);
	/* A single version, 1.0, needs no bitmap; old peers choke on it. */
	if (versions != 1u << OF10) {
		bytes_put_be16(b, 1); /* OFPHET_VERSIONBITMAP */
		bytes_put_be16(b, 8);
		bytes_put_be32(b, versions);
	}
	ASSERT(of_msg_end(b, start) == 0);
}

uint32_t hello_versions(const struct of_msg *m)
{
	struct cursor c = cursor_of(m->data + OF_HEADER_SIZE, m->size - OF_HEADER_SIZE);
	while (c.left >= 4) {
		uint16_t type = get_be16(c.p), size = get_be16(c.p + 2);
		if (size < 4 || size > c.left)
			break;
		if (type == 1 && size >= 8)
			return get_be32(c.p + 4) & OF_VERSIONS_ALL;
		cursor_skip(&c, MIN(ROUND_UP((size_t)size, 8), c.left));
	}
	/* Without a bitmap all up to the one in the header. */
	return ((2u << m->data[0]) - 1) & OF_VERSIONS_ALL;
}

/* -- Errors. */

enum { OFPET_EXPERIMENTER = 0xffff, NXET_VENDOR = 0xb0c2, ERROR_PAYLOAD_MAX = OF_MSG_MAX - 32 };

void error_build(struct bytes *b, int error, const void *request, size_t request_size)
{
	const uint8_t *req = request;
	error = error < 0 ? -error : error;
	enum of_version v = request_size && req[0] >= OF10 && req[0] <= OF15 ? req[0] : OF10;
	uint32_t xid = request_size >= OF_HEADER_SIZE ? get_be32(req + 4) : 0;
	struct of_error_code code;
	if (!of_error_code_get(error, v, &code) &&
	    !of_error_code_get(OFPERR_NXBRC_UNENCODABLE_ERROR, v, &code))
		return;
	size_t start = of_msg_begin(b, OFMSG_ERROR, OFK_OFPT, v, xid);
	if (!code.vendor) {
		bytes_put_be16(b, (uint16_t)code.type);
		bytes_put_be16(b, (uint16_t)code.code);
	} else if (v < OF12) {
		bytes_put_be16(b, NXET_VENDOR);
		bytes_put_be16(b, 0);
		bytes_put_be32(b, code.vendor);
		bytes_put_be16(b, (uint16_t)code.type);
		bytes_put_be16(b, (uint16_t)code.code);
	} else {
		bytes_put_be16(b, OFPET_EXPERIMENTER);
		bytes_put_be16(b, (uint16_t)code.type);
		bytes_put_be32(b, code.vendor);
	}
	bytes_put(b, request, MIN(request_size, ERROR_PAYLOAD_MAX));
	ASSERT(of_msg_end(b, start) == 0);
}

int error_parse(const struct of_msg *m, struct of_error_msg *ret)
{
	struct cursor c = of_msg_cursor(m);
	memset(ret, 0, sizeof *ret);
	uint16_t type = cursor_be16(&c), code = cursor_be16(&c);
	ret->code = (struct of_error_code){ 0, type, code };
	if (type == NXET_VENDOR && code == 0) {
		ret->code.vendor = cursor_be32(&c);
		ret->code.type = cursor_be16(&c);
		ret->code.code = cursor_be16(&c);
	} else if (type == OFPET_EXPERIMENTER && m->version >= OF12) {
		ret->code = (struct of_error_code){ cursor_be32(&c), code, 0 };
	}
	if (c.short_read)
		return -OFPERR_OFPBRC_BAD_LEN;
	ret->error = of_error_from_code(m->version, &ret->code);
	ret->payload = c.p;
	ret->payload_size = c.left;
	return 0;
}

void echo_reply_build(struct bytes *b, const struct of_msg *request)
{
	size_t start = of_msg_begin(b, OFMSG_ECHO_REPLY, OFK_OFPT, request->version, request->xid);
	bytes_put(b, request->body, request->body_size);
	ASSERT(of_msg_end(b, start) == 0);
}

/* -- Switch configuration. */

enum { CONFIG_FRAG_MASK = 3, CONFIG_INVALID_TTL = 4 };

void config_build(struct bytes *b, const struct of_config *c, enum of_msg_id id, enum of_version v,
		  uint32_t xid)
{
	size_t start = of_msg_begin(b, id, OFK_OFPT, v, xid);
	uint16_t flags = (uint16_t)c->frag;
	if (c->invalid_ttl > 0 && v < OF13)
		flags |= CONFIG_INVALID_TTL;
	bytes_put_be16(b, flags);
	bytes_put_be16(b, c->miss_send_len);
	ASSERT(of_msg_end(b, start) == 0);
}

int config_parse(const struct of_msg *m, struct of_config *ret)
{
	struct cursor c = of_msg_cursor(m);
	uint16_t flags = cursor_be16(&c);
	ret->miss_send_len = cursor_be16(&c);
	uint16_t known = CONFIG_FRAG_MASK | (m->version < OF13 ? CONFIG_INVALID_TTL : 0);
	if (flags & ~known)
		return -OFPERR_OFPSCFC_BAD_FLAGS;
	ret->frag = (enum of_frag_mode)(flags & CONFIG_FRAG_MASK);
	ret->invalid_ttl = m->version < OF13 ? (flags & CONFIG_INVALID_TTL) != 0 : -1;
	return 0;
}

/* -- Roles. */

int role_parse(const struct of_msg *m, struct of_role_msg *ret)
{
	struct cursor c = of_msg_cursor(m);
	uint32_t role = cursor_be32(&c);
	memset(ret, 0, sizeof *ret);
	if (m->form->kind == OFK_NXT) {
		/* Nicira: other, primary, secondary. */
		if (role > 2)
			return -OFPERR_OFPRRFC_BAD_ROLE;
		ret->role = (enum of_role)(role + OFROLE_EQUAL);
		return 0;
	}
	if (role > OFROLE_SECONDARY)
		return -OFPERR_OFPRRFC_BAD_ROLE;
	cursor_skip(&c, 4);
	ret->role = (enum of_role)role;
	ret->generation_id = cursor_be64(&c);
	ret->have_generation = role == OFROLE_PRIMARY || role == OFROLE_SECONDARY;
	/* A reply has one if it is not all ones. */
	if (m->id == OFMSG_ROLE_REPLY)
		ret->have_generation = ret->generation_id != UINT64_MAX;
	return 0;
}

void role_build(struct bytes *b, const struct of_role_msg *r, enum of_msg_id id, enum of_version v,
		uint32_t xid)
{
	bool nx = v < OF12;
	size_t start = of_msg_begin(b, id, nx ? OFK_NXT : OFK_OFPT, v, xid);
	if (nx) {
		bytes_put_be32(b,
			       (uint32_t)(r->role == OFROLE_NOCHANGE ? 0 : r->role - OFROLE_EQUAL));
	} else {
		bytes_put_be32(b, r->role);
		bytes_put_zeros(b, 4);
		bytes_put_be64(b, r->have_generation ? r->generation_id : UINT64_MAX);
	}
	ASSERT(of_msg_end(b, start) == 0);
}

int role_status_parse(const struct of_msg *m, struct of_role_status *ret)
{
	struct cursor c = of_msg_cursor(m);
	uint32_t role = cursor_be32(&c);
	ret->reason = cursor_u8(&c);
	cursor_skip(&c, 3);
	ret->generation_id = cursor_be64(&c);
	if (role < OFROLE_EQUAL || role > OFROLE_SECONDARY || ret->reason > 2)
		return -OFPERR_OFPRRFC_BAD_ROLE;
	ret->role = (enum of_role)role;
	return 0;
}

bool role_status_build(struct bytes *b, const struct of_role_status *r, enum of_version v)
{
	if (!of_msg_has_form(OFMSG_ROLE_STATUS, OFK_ANY, v))
		return false;
	size_t start = of_msg_begin(b, OFMSG_ROLE_STATUS, OFK_ANY, v, 0);
	bytes_put_be32(b, r->role);
	bytes_put_u8(b, r->reason);
	bytes_put_zeros(b, 3);
	bytes_put_be64(b, r->generation_id);
	ASSERT(of_msg_end(b, start) == 0);
	return true;
}

/* -- Asynchronous messages. OpenFlow 1.3 7.3.10, 1.4 7.3.10. */

void async_config_default(struct of_async_config *a, enum of_version v)
{
	memset(a, 0, sizeof *a);
	a->primary[OFASYNC_PACKET_IN] = v >= OF14 ? 0x3b : 3;
	a->primary[OFASYNC_FLOW_REMOVED] = v >= OF14 ? 0x3f : 0xf;
	a->primary[OFASYNC_PORT_STATUS] = a->secondary[OFASYNC_PORT_STATUS] = 7;
	/* Not configurable before 1.4: all that the version has. */
	a->primary[OFASYNC_PACKET_IN] |= 1u << OFPR_EXPLICIT_MISS | 1u << OFPR_IMPLICIT_MISS;
}

static uint32_t async_known(enum of_async type, enum of_version v)
{
	switch (type) {
	case OFASYNC_PACKET_IN:
		return v >= OF14 ? 0x3f : 7;
	case OFASYNC_PORT_STATUS:
		return 7;
	case OFASYNC_FLOW_REMOVED:
		return v >= OF14 ? 0x3f : 0xf;
	case OFASYNC_ROLE_STATUS:
		return 7;
	case OFASYNC_TABLE_STATUS:
		return 0x18;
	default:
		return 3;
	}
}

int async_parse(const struct of_msg *m, struct of_async_config *ret)
{
	struct cursor c = of_msg_cursor(m);
	bool props = (m->form->kind == OFK_OFPT && m->version >= OF14) ||
		     (m->form->kind == OFK_NXT && m->form->number == 27);
	if (!props) {
		for (unsigned i = OFASYNC_PACKET_IN; i <= OFASYNC_FLOW_REMOVED; i++) {
			ret->primary[i] = cursor_be32(&c);
			ret->secondary[i] = cursor_be32(&c);
		}
		return 0;
	}
	while (c.left) {
		if (c.left < 4)
			return -OFPERR_OFPBPC_BAD_LEN;
		uint16_t type = get_be16(c.p), size = get_be16(c.p + 2);
		if (size < 4 || ROUND_UP((size_t)size, 8) > c.left)
			return -OFPERR_OFPBPC_BAD_LEN;
		if (type >= 2 * OFASYNC_N)
			return -OFPERR_OFPBPC_BAD_TYPE;
		if (size != 8)
			return -OFPERR_OFPBPC_BAD_LEN;
		uint32_t value = get_be32(c.p + 4);
		enum of_async which = type / 2;
		if (value & ~async_known(which, OF15) && m->id == OFMSG_SET_ASYNC)
			return -OFPERR_OFPACFC_INVALID;
		(type & 1 ? ret->primary : ret->secondary)[which] = value;
		cursor_skip(&c, 8);
	}
	return 0;
}

void async_build(struct bytes *b, const struct of_async_config *a, enum of_msg_id id,
		 enum of_version v, uint32_t xid)
{
	size_t start = of_msg_begin(b, id, v < OF13 ? OFK_NXT : OFK_OFPT, v, xid);
	if (v < OF14) {
		for (unsigned i = OFASYNC_PACKET_IN; i <= OFASYNC_FLOW_REMOVED; i++) {
			bytes_put_be32(b, a->primary[i] & async_known(i, v));
			bytes_put_be32(b, a->secondary[i] & async_known(i, v));
		}
	} else {
		for (unsigned i = 0; i < OFASYNC_N; i++) {
			for (unsigned primary = 0; primary < 2; primary++) {
				bytes_put_be16(b, (uint16_t)(2 * i + primary));
				bytes_put_be16(b, 8);
				bytes_put_be32(b, (primary ? a->primary : a->secondary)[i] &
							  async_known(i, v));
			}
		}
	}
	ASSERT(of_msg_end(b, start) == 0);
}

/* -- Features and description. */

static uint32_t capabilities_known(enum of_version v)
{
	uint32_t known = OFPC_FLOW_STATS | OFPC_TABLE_STATS | OFPC_PORT_STATS | OFPC_IP_REASM |
			 OFPC_QUEUE_STATS;
	if (v < OF12)
		known |= OFPC_ARP_MATCH_IP;
	if (v > OF10)
		known |= OFPC_GROUP_STATS;
	if (v >= OF12)
		known |= OFPC_PORT_BLOCKED;
	if (v >= OF14)
		known |= OFPC_BUNDLES | OFPC_FLOW_MONITORING;
	return known;
}
enum { OFPC10_STP = 1 << 3 };

bool features_have_ports(enum of_version v) { return v < OF13; }

size_t features_begin(struct bytes *b, const struct of_switch_features *f,
		      const struct of_msg *request)
{
	enum of_version v = request->version;
	size_t start = of_msg_begin(b, OFMSG_FEATURES_REPLY, OFK_OFPT, v, request->xid);
	uint32_t capabilities = f->capabilities & capabilities_known(v);
	if (v == OF10 && (f->capabilities & OFPC_STP))
		capabilities |= OFPC10_STP;
	bytes_put_be64(b, f->datapath_id);
	bytes_put_be32(b, f->n_buffers);
	bytes_put_u8(b, f->n_tables);
	bytes_put_u8(b, v >= OF13 ? f->auxiliary_id : 0);
	bytes_put_zeros(b, 2);
	bytes_put_be32(b, capabilities);
	bytes_put_be32(b, v == OF10 ? (uint32_t)f->actions : 0);
	return start;
}

int features_parse(const struct of_msg *m, struct of_switch_features *f, struct cursor *ret_ports)
{
	struct cursor c = of_msg_cursor(m);
	memset(f, 0, sizeof *f);
	f->datapath_id = cursor_be64(&c);
	f->n_buffers = cursor_be32(&c);
	f->n_tables = cursor_u8(&c);
	uint8_t aux = cursor_u8(&c);
	f->auxiliary_id = m->version >= OF13 ? aux : 0;
	cursor_skip(&c, 2);
	uint32_t capabilities = cursor_be32(&c);
	f->capabilities = capabilities & capabilities_known(m->version);
	if (m->version == OF10 && (capabilities & OFPC10_STP))
		f->capabilities |= OFPC_STP;
	uint32_t actions = cursor_be32(&c);
	f->actions = m->version == OF10 ? actions & 0xfff : 0;
	*ret_ports = c;
	return 0;
}

static void put_text(struct bytes *b, const char *s, size_t size)
{
	char *p = bytes_put_zeros(b, size);
	memcpy(p, s, strnlen(s, size - 1));
}

static void pull_text(struct cursor *c, char *ret, size_t size)
{
	const char *p = cursor_pull(c, size);
	size_t len = p ? strnlen(p, size - 1) : 0;
	if (p)
		memcpy(ret, p, len);
	ret[len] = '\0';
}

void desc_build(struct bytes *b, const struct of_switch_desc *d, const struct of_msg *request)
{
	size_t start = of_msg_begin_reply(b, request);
	put_text(b, d->mfr_desc, sizeof d->mfr_desc);
	put_text(b, d->hw_desc, sizeof d->hw_desc);
	put_text(b, d->sw_desc, sizeof d->sw_desc);
	put_text(b, d->serial_num, sizeof d->serial_num);
	put_text(b, d->dp_desc, sizeof d->dp_desc);
	ASSERT(of_msg_end(b, start) == 0);
}

void desc_parse(const struct of_msg *m, struct of_switch_desc *d)
{
	struct cursor c = of_msg_cursor(m);
	pull_text(&c, d->mfr_desc, sizeof d->mfr_desc);
	pull_text(&c, d->hw_desc, sizeof d->hw_desc);
	pull_text(&c, d->sw_desc, sizeof d->sw_desc);
	pull_text(&c, d->serial_num, sizeof d->serial_num);
	pull_text(&c, d->dp_desc, sizeof d->dp_desc);
}
