/* SPDX-License-Identifier: Apache-2.0 */
/* port_codec: ports and queues as bytes. OpenFlow 1.0 5.2.1, 5.3.5, 5.4.3; 1.1 A.2.1,
 * A.5.6; 1.4 7.2.1, 7.3.5.6 (properties). */
#include "ofp/codec.h"
#include "ofp/error.h"

/* -- Feature bits: 1.0 has 10 Gb in bit 6 and media from bit 7 on. */

static uint32_t features_to_10(uint32_t f) { return (f & 0x7f) | (f >> 11 & 0x1f) << 7; }
static uint32_t features_from_10(uint32_t f) { return (f & 0x7f) | (f >> 7 & 0x1f) << 11; }

static uint32_t port_to_wire(enum of_version v, uint32_t port)
{
	return v == OF10 ? port : ofport_to_11(port);
}

static void put_name(struct bytes *b, const char *name)
{
	char *p = bytes_put_zeros(b, 16);
	memcpy(p, name, strnlen(name, 15));
}

static uint32_t config_known(enum of_version v)
{
	return v == OF10 ? 0x7f
			 : OFPPC_PORT_DOWN | OFPPC_NO_RECV | OFPPC_NO_FWD | OFPPC_NO_PACKET_IN;
}
static uint32_t state_known(enum of_version v)
{
	return v == OF10 ? OFPPS_LINK_DOWN | OFPPS_STP_MASK
			 : OFPPS_LINK_DOWN | OFPPS_BLOCKED | OFPPS_LIVE;
}

void port_desc_put(struct bytes *b, const struct of_port_desc *d, enum of_version v)
{
	size_t start = b->size;
	if (v == OF10) {
		bytes_put_be16(b, (uint16_t)d->port);
		bytes_put(b, &d->hw_addr, 6);
		put_name(b, d->name);
		bytes_put_be32(b, d->config & config_known(v));
		bytes_put_be32(b, d->state & state_known(v));
		bytes_put_be32(b, features_to_10(d->curr));
		bytes_put_be32(b, features_to_10(d->advertised));
		bytes_put_be32(b, features_to_10(d->supported));
		bytes_put_be32(b, features_to_10(d->peer));
		return;
	}
	bytes_put_be32(b, ofport_to_11(d->port));
	bytes_put_be16(b, 0);
	bytes_put_zeros(b, 2);
	bytes_put(b, &d->hw_addr, 6);
	bytes_put_zeros(b, 2);
	put_name(b, d->name);
	bytes_put_be32(b, d->config & config_known(v));
	bytes_put_be32(b, d->state & state_known(v));
	if (v >= OF14) {
		put_be16(b->data + start + 4, 72);
		bytes_put_be16(b, 0); /* OFPPDPT_ETHERNET */
		bytes_put_be16(b, 32);
		bytes_put_zeros(b, 4);
	}
	bytes_put_be32(b, d->curr);
	bytes_put_be32(b, d->advertised);
	bytes_put_be32(b, d->supported);
	bytes_put_be32(b, d->peer);
	bytes_put_be32(b, d->curr_speed);
	bytes_put_be32(b, d->max_speed);
}

static void pull_speeds(struct cursor *c, struct of_port_desc *d)
{
	d->curr = cursor_be32(c);
	d->advertised = cursor_be32(c);
	d->supported = cursor_be32(c);
	d->peer = cursor_be32(c);
	d->curr_speed = cursor_be32(c);
	d->max_speed = cursor_be32(c);
}

/* kb/s of the fastest bit. */
static uint32_t speed_of(uint32_t features)
{
	static const uint32_t kbps[] = { 10000,	  10000,    100000,   100000,	 1000000,
					 1000000, 10000000, 40000000, 100000000, 1000000000 };
	for (int i = ARRAY_SIZE(kbps) - 1; i >= 0; i--) {
		if (features & (1u << i))
			return kbps[i];
	}
	return 0;
}

int port_desc_pull(struct cursor *c, enum of_version v, struct of_port_desc *d)
{
	if (!c->left)
		return 1;
	memset(d, 0, sizeof *d);
	struct cursor rec;
	size_t size = v == OF10 ? 48 : 64;
	if (v >= OF14) {
		if (c->left < 40)
			return -OFPERR_OFPBRC_BAD_LEN;
		size = get_be16(c->p + 4);
		if (size < 40)
			return -OFPERR_OFPBRC_BAD_LEN;
	}
	const void *p = cursor_pull(c, size);
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	rec = cursor_of(p, size);
	if (v == OF10) {
		d->port = cursor_be16(&rec);
	} else {
		if (!ofport_from_11(cursor_be32(&rec), &d->port))
			return -OFPERR_OFPBRC_BAD_PORT;
		cursor_skip(&rec, 4);
	}
	memcpy(&d->hw_addr, cursor_pull(&rec, 6), 6);
	if (v != OF10)
		cursor_skip(&rec, 2);
	memcpy(d->name, cursor_pull(&rec, 16), 15);
	d->config = cursor_be32(&rec) & config_known(v);
	d->state = cursor_be32(&rec) & state_known(v);
	if (v == OF10) {
		d->curr = features_from_10(cursor_be32(&rec));
		d->advertised = features_from_10(cursor_be32(&rec));
		d->supported = features_from_10(cursor_be32(&rec));
		d->peer = features_from_10(cursor_be32(&rec));
		d->curr_speed = speed_of(d->curr);
		d->max_speed = speed_of(d->supported);
		return 0;
	}
	if (v < OF14) {
		pull_speeds(&rec, d);
		return 0;
	}
	while (rec.left >= 4) {
		uint16_t type = get_be16(rec.p), len = get_be16(rec.p + 2);
		size_t padded = ROUND_UP((size_t)len, 8);
		if (len < 4 || padded > rec.left)
			return -OFPERR_OFPBPC_BAD_LEN;
		struct cursor prop = cursor_of(rec.p + 4, len - 4u);
		cursor_skip(&rec, padded);
		if (type != 0)
			continue;
		if (len != 32)
			return -OFPERR_OFPBPC_BAD_LEN;
		cursor_skip(&prop, 4);
		pull_speeds(&prop, d);
	}
	return 0;
}

/* A request for one port or all (1.5; others always mean all). */
int port_desc_request_parse(const struct of_msg *m, uint32_t *ret_port)
{
	struct cursor c = of_msg_cursor(m);
	*ret_port = OFPORT_NONE;
	if (m->version < OF15)
		return 0;
	return ofport_from_11(cursor_be32(&c), ret_port) ? 0 : -OFPERR_OFPBRC_BAD_PORT;
}

void port_desc_request_build(struct bytes *b, enum of_version v, uint32_t port, uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_STAT_PORT_DESC_REQUEST, OFK_ANY, v, xid);
	if (v >= OF15) {
		bytes_put_be32(b, ofport_to_11(port));
		bytes_put_zeros(b, 4);
	}
	ASSERT(of_msg_end(b, start) == 0);
}

/* -- Statistics. */

int port_stats_request_parse(const struct of_msg *m, uint32_t *ret_port)
{
	struct cursor c = of_msg_cursor(m);
	if (m->version == OF10) {
		*ret_port = cursor_be16(&c);
		return 0;
	}
	return ofport_from_11(cursor_be32(&c), ret_port) ? 0 : -OFPERR_OFPBRC_BAD_PORT;
}

void port_stats_request_build(struct bytes *b, enum of_version v, uint32_t port, uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_STAT_PORT_REQUEST, OFK_ANY, v, xid);
	if (v == OF10)
		bytes_put_be16(b, (uint16_t)port);
	else
		bytes_put_be32(b, ofport_to_11(port));
	bytes_put_zeros(b, v == OF10 ? 6 : 4);
	ASSERT(of_msg_end(b, start) == 0);
}

static const size_t counters[] = {
	offsetof(struct of_port_stats, rx_packets),   offsetof(struct of_port_stats, tx_packets),
	offsetof(struct of_port_stats, rx_bytes),     offsetof(struct of_port_stats, tx_bytes),
	offsetof(struct of_port_stats, rx_dropped),   offsetof(struct of_port_stats, tx_dropped),
	offsetof(struct of_port_stats, rx_errors),    offsetof(struct of_port_stats, tx_errors),
	offsetof(struct of_port_stats, rx_frame_err), offsetof(struct of_port_stats, rx_over_err),
	offsetof(struct of_port_stats, rx_crc_err),   offsetof(struct of_port_stats, collisions),
};
enum { N_PLAIN = 8 }; /* before those of Ethernet */

static void put_counters(struct bytes *b, const struct of_port_stats *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		uint64_t v;
		memcpy(&v, (const char *)s + counters[i], sizeof v);
		bytes_put_be64(b, v);
	}
}

static void pull_counters(struct cursor *c, struct of_port_stats *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		uint64_t v = cursor_be64(c);
		memcpy((char *)s + counters[i], &v, sizeof v);
	}
}

#define INTEL_VENDOR_ID 0x0000aa01u

static bool any_rmon(const struct of_port_stats *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->rmon); i++) {
		if (s->rmon[i] != UINT64_MAX)
			return true;
	}
	return false;
}

void port_stats_put(struct bytes *b, const struct of_port_stats *s, enum of_version v)
{
	size_t start = b->size;
	if (v < OF14) {
		if (v == OF10) {
			bytes_put_be16(b, (uint16_t)s->port);
			bytes_put_zeros(b, 6);
		} else {
			bytes_put_be32(b, ofport_to_11(s->port));
			bytes_put_zeros(b, 4);
		}
		put_counters(b, s, 0, ARRAY_SIZE(counters));
		if (v == OF13) {
			bytes_put_be32(b, s->duration_sec);
			bytes_put_be32(b, s->duration_nsec == UINT32_MAX
						  ? UINT32_MAX
						  : s->duration_nsec - s->duration_nsec % 1000000);
		}
		return;
	}
	bytes_put_zeros(b, 4);
	bytes_put_be32(b, ofport_to_11(s->port));
	bytes_put_be32(b, s->duration_sec);
	bytes_put_be32(b, s->duration_nsec == UINT32_MAX
				  ? UINT32_MAX
				  : s->duration_nsec - s->duration_nsec % 1000000);
	put_counters(b, s, 0, N_PLAIN);
	bytes_put_be16(b, 0); /* OFPPSPT_ETHERNET */
	bytes_put_be16(b, 40);
	bytes_put_zeros(b, 4);
	put_counters(b, s, N_PLAIN, ARRAY_SIZE(counters));
	/* Intel's experimenter properties: RFC 2819, and counters with names; OVS reads the latter
	 * only behind the former. */
	if (any_rmon(s) || s->n_custom) {
		bytes_put_be16(b, 0xffff);
		bytes_put_be16(b, (uint16_t)(16 + sizeof s->rmon));
		bytes_put_be32(b, INTEL_VENDOR_ID);
		bytes_put_be32(b, 1);
		bytes_put_zeros(b, 4);
		for (size_t i = 0; i < ARRAY_SIZE(s->rmon); i++)
			bytes_put_be64(b, s->rmon[i]);
	}
	if (s->n_custom) {
		size_t prop = b->size;
		bytes_put_be16(b, 0xffff);
		bytes_put_be16(b, 0);
		bytes_put_be32(b, INTEL_VENDOR_ID);
		bytes_put_be32(b, 2);
		bytes_put_zeros(b, 2);
		bytes_put_be16(b, (uint16_t)s->n_custom);
		for (size_t i = 0; i < s->n_custom; i++) {
			size_t len = strlen(s->custom[i].name);
			bytes_put_u8(b, (uint8_t)len);
			bytes_put(b, s->custom[i].name, len);
			bytes_put_be64(b, s->custom[i].value);
		}
		put_be16(b->data + prop + 2, (uint16_t)(b->size - prop));
		bytes_pad(b, prop, 8);
	}
	put_be16(b->data + start, (uint16_t)(b->size - start));
}

static int pull_intel(struct cursor *prop, struct of_port_stats *s)
{
	uint32_t type = cursor_be32(prop);
	if (type == 1) {
		cursor_skip(prop, 4);
		for (size_t i = 0; i < ARRAY_SIZE(s->rmon); i++)
			s->rmon[i] = cursor_be64(prop);
	} else if (type == 2) {
		cursor_skip(prop, 2);
		uint16_t n = cursor_be16(prop);
		if (n > prop->left / 9 || s->custom)
			return -OFPERR_OFPBPC_BAD_LEN;
		s->custom = xcalloc(n ? n : 1, sizeof *s->custom);
		for (; s->n_custom < n; s->n_custom++) {
			uint8_t len = cursor_u8(prop);
			const char *name = cursor_pull(prop, len);
			if (!name || len >= sizeof s->custom[0].name)
				return -OFPERR_OFPBPC_BAD_LEN;
			memcpy(s->custom[s->n_custom].name, name, len);
			s->custom[s->n_custom].value = cursor_be64(prop);
		}
	}
	return prop->short_read ? -OFPERR_OFPBPC_BAD_LEN : 0;
}

int port_stats_pull(struct cursor *c, enum of_version v, struct of_port_stats *s)
{
	if (!c->left)
		return 1;
	memset(s, 0xff, sizeof *s);
	s->custom = NULL;
	s->n_custom = 0;
	if (v < OF14) {
		size_t size = v == OF13 ? 112 : 104;
		const void *p = cursor_pull(c, size);
		if (!p)
			return -OFPERR_OFPBRC_BAD_LEN;
		struct cursor rec = cursor_of(p, size);
		if (v == OF10) {
			s->port = cursor_be16(&rec);
			cursor_skip(&rec, 6);
		} else {
			if (!ofport_from_11(cursor_be32(&rec), &s->port))
				return -OFPERR_OFPBRC_BAD_PORT;
			cursor_skip(&rec, 4);
		}
		pull_counters(&rec, s, 0, ARRAY_SIZE(counters));
		if (v == OF13) {
			s->duration_sec = cursor_be32(&rec);
			s->duration_nsec = cursor_be32(&rec);
		}
		return 0;
	}
	size_t size = c->left >= 2 ? get_be16(c->p) : 0;
	const void *p = size >= 80 ? cursor_pull(c, size) : NULL;
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, size);
	cursor_skip(&rec, 4);
	if (!ofport_from_11(cursor_be32(&rec), &s->port))
		return -OFPERR_OFPBRC_BAD_PORT;
	s->duration_sec = cursor_be32(&rec);
	s->duration_nsec = cursor_be32(&rec);
	pull_counters(&rec, s, 0, N_PLAIN);
	while (rec.left >= 4) {
		uint16_t type = get_be16(rec.p), len = get_be16(rec.p + 2);
		if (len < 4 || ROUND_UP((size_t)len, 8) > rec.left)
			return -OFPERR_OFPBPC_BAD_LEN;
		struct cursor prop = cursor_of(rec.p + 4, len - 4u);
		cursor_skip(&rec, ROUND_UP((size_t)len, 8));
		int r = 0;
		if (type == 0) {
			cursor_skip(&prop, 4);
			pull_counters(&prop, s, N_PLAIN, ARRAY_SIZE(counters));
		} else if (type == 0xffff && cursor_be32(&prop) == INTEL_VENDOR_ID) {
			r = pull_intel(&prop, s);
		}
		if (r)
			return r;
	}
	return 0;
}

/* -- port_mod. */

int port_mod_parse(const struct of_msg *m, bool loose, struct of_port_mod *pm)
{
	struct cursor c = of_msg_cursor(m);
	memset(pm, 0, sizeof *pm);
	if (m->version == OF10) {
		pm->port = cursor_be16(&c);
		memcpy(&pm->hw_addr, cursor_pull(&c, 6), 6);
		pm->config = cursor_be32(&c);
		pm->mask = cursor_be32(&c);
		pm->advertise = features_from_10(cursor_be32(&c));
	} else {
		if (!ofport_from_11(cursor_be32(&c), &pm->port))
			return -OFPERR_OFPBRC_BAD_PORT;
		cursor_skip(&c, 4);
		memcpy(&pm->hw_addr, cursor_pull(&c, 6), 6);
		cursor_skip(&c, 2);
		pm->config = cursor_be32(&c);
		pm->mask = cursor_be32(&c);
		if (m->version < OF14) {
			pm->advertise = cursor_be32(&c);
		}
		while (m->version >= OF14 && c.left) {
			if (c.left < 4)
				return -OFPERR_OFPBPC_BAD_LEN;
			uint16_t type = get_be16(c.p), len = get_be16(c.p + 2);
			if (len < 4 || ROUND_UP((size_t)len, 8) > c.left)
				return -OFPERR_OFPBPC_BAD_LEN;
			if (type == 0 && len == 8)
				pm->advertise = get_be32(c.p + 4);
			else if (type == 0)
				return -OFPERR_OFPBPC_BAD_LEN;
			else if (!loose)
				return -OFPERR_OFPBPC_BAD_TYPE;
			cursor_skip(&c, ROUND_UP((size_t)len, 8));
		}
	}
	pm->config &= pm->mask;
	pm->mask &= config_known(m->version);
	pm->config &= pm->mask;
	return 0;
}

void port_mod_build(struct bytes *b, const struct of_port_mod *pm, enum of_version v, uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_PORT_MOD, OFK_ANY, v, xid);
	uint32_t known = config_known(v);
	if (v == OF10) {
		bytes_put_be16(b, (uint16_t)pm->port);
		bytes_put(b, &pm->hw_addr, 6);
		bytes_put_be32(b, pm->config & known);
		bytes_put_be32(b, pm->mask & known);
		bytes_put_be32(b, features_to_10(pm->advertise));
		bytes_put_zeros(b, 4);
	} else {
		bytes_put_be32(b, port_to_wire(v, pm->port));
		bytes_put_zeros(b, 4);
		bytes_put(b, &pm->hw_addr, 6);
		bytes_put_zeros(b, 2);
		bytes_put_be32(b, pm->config & known);
		bytes_put_be32(b, pm->mask & known);
		if (v < OF14) {
			bytes_put_be32(b, pm->advertise);
			bytes_put_zeros(b, 4);
		} else if (pm->advertise) {
			bytes_put_be16(b, 0);
			bytes_put_be16(b, 8);
			bytes_put_be32(b, pm->advertise);
		}
	}
	ASSERT(of_msg_end(b, start) == 0);
}

int port_status_parse(const struct of_msg *m, struct of_port_status *ret)
{
	struct cursor c = of_msg_cursor(m);
	uint8_t reason = cursor_u8(&c);
	cursor_skip(&c, 7);
	if (reason > OFPPR_MODIFY)
		return -OFPERR_NXBRC_BAD_REASON;
	ret->reason = reason;
	int r = port_desc_pull(&c, m->version, &ret->desc);
	return r == 1 ? -OFPERR_OFPBRC_BAD_LEN : r;
}

void port_status_build(struct bytes *b, const struct of_port_status *ps, enum of_version v)
{
	size_t start = of_msg_begin(b, OFMSG_PORT_STATUS, OFK_ANY, v, 0);
	bytes_put_u8(b, (uint8_t)ps->reason);
	bytes_put_zeros(b, 7);
	port_desc_put(b, &ps->desc, v);
	ASSERT(of_msg_end(b, start) == 0);
}

/* -- Queues. */

int queue_stats_request_parse(const struct of_msg *m, uint32_t *port, uint32_t *queue)
{
	struct cursor c = of_msg_cursor(m);
	if (m->version == OF10) {
		*port = cursor_be16(&c);
		cursor_skip(&c, 2);
		/* OFPP_ALL of 1.0 is ANY here. */
		if (*port == OFPORT_ALL)
			*port = OFPORT_NONE;
	} else if (!ofport_from_11(cursor_be32(&c), port)) {
		return -OFPERR_OFPQOFC_BAD_PORT;
	}
	*queue = cursor_be32(&c);
	return 0;
}

void queue_stats_request_build(struct bytes *b, enum of_version v, uint32_t port, uint32_t queue,
			       uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_STAT_QUEUE_REQUEST, OFK_ANY, v, xid);
	if (v == OF10) {
		bytes_put_be16(b, (uint16_t)(port == OFPORT_NONE ? OFPORT_ALL : port));
		bytes_put_zeros(b, 2);
	} else {
		bytes_put_be32(b, ofport_to_11(port));
	}
	bytes_put_be32(b, queue);
	ASSERT(of_msg_end(b, start) == 0);
}

void queue_stats_put(struct bytes *b, const struct of_queue_stats *s, enum of_version v)
{
	if (v >= OF14) {
		bytes_put_be16(b, 48);
		bytes_put_zeros(b, 6);
	}
	if (v == OF10) {
		bytes_put_be16(b, (uint16_t)s->port);
		bytes_put_zeros(b, 2);
	} else {
		bytes_put_be32(b, ofport_to_11(s->port));
	}
	bytes_put_be32(b, s->queue_id);
	bytes_put_be64(b, s->tx_bytes);
	bytes_put_be64(b, s->tx_packets);
	bytes_put_be64(b, s->tx_errors);
	if (v >= OF13) {
		bytes_put_be32(b, s->duration_sec);
		bytes_put_be32(b, s->duration_nsec == UINT32_MAX
					  ? UINT32_MAX
					  : s->duration_nsec - s->duration_nsec % 1000000);
	}
}

int queue_stats_pull(struct cursor *c, enum of_version v, struct of_queue_stats *s)
{
	if (!c->left)
		return 1;
	size_t size = v >= OF13 ? 40 : 32;
	if (v >= OF14) {
		size = c->left >= 2 ? get_be16(c->p) : 0;
		if (size < 48)
			return -OFPERR_OFPBRC_BAD_LEN;
	}
	const void *p = cursor_pull(c, size);
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, size);
	if (v >= OF14)
		cursor_skip(&rec, 8);
	*s = (struct of_queue_stats){ .duration_sec = UINT32_MAX, .duration_nsec = UINT32_MAX };
	if (v == OF10) {
		s->port = cursor_be16(&rec);
		cursor_skip(&rec, 2);
	} else if (!ofport_from_11(cursor_be32(&rec), &s->port)) {
		return -OFPERR_OFPBRC_BAD_PORT;
	}
	s->queue_id = cursor_be32(&rec);
	s->tx_bytes = cursor_be64(&rec);
	s->tx_packets = cursor_be64(&rec);
	s->tx_errors = cursor_be64(&rec);
	if (v >= OF13) {
		s->duration_sec = cursor_be32(&rec);
		s->duration_nsec = cursor_be32(&rec);
	}
	return 0;
}

int queue_config_request_parse(const struct of_msg *m, uint32_t *port, uint32_t *queue)
{
	struct cursor c = of_msg_cursor(m);
	*queue = OFPQ_ALL;
	if (m->version == OF10) {
		*port = cursor_be16(&c);
	} else {
		if (!ofport_from_11(cursor_be32(&c), port))
			return -OFPERR_OFPQOFC_BAD_PORT;
		if (m->version >= OF14)
			*queue = cursor_be32(&c);
	}
	/* Up to 1.3 one port is asked; 1.4 takes ANY. */
	if (*port >= OFPORT_MAX && *port != OFPORT_LOCAL &&
	    !(m->version >= OF14 && *port == OFPORT_NONE))
		return -OFPERR_OFPQOFC_BAD_PORT;
	return 0;
}

void queue_config_request_build(struct bytes *b, enum of_version v, uint32_t port, uint32_t queue,
				uint32_t xid)
{
	size_t start = of_msg_begin(
		b, v >= OF14 ? OFMSG_STAT_QUEUE_DESC_REQUEST : OFMSG_QUEUE_GET_CONFIG_REQUEST,
		OFK_ANY, v, xid);
	if (v == OF10)
		bytes_put_be16(b, (uint16_t)port);
	else
		bytes_put_be32(b, ofport_to_11(port));
	if (v >= OF14)
		bytes_put_be32(b, queue);
	else
		bytes_put_zeros(b, v == OF10 ? 2 : 4);
	ASSERT(of_msg_end(b, start) == 0);
}

void queue_config_reply_begin(struct bytes *b, const struct of_msg *request, uint32_t port)
{
	if (request->version >= OF14)
		return;
	if (request->version == OF10)
		bytes_put_be16(b, (uint16_t)port);
	else
		bytes_put_be32(b, ofport_to_11(port));
	bytes_put_zeros(b, request->version == OF10 ? 6 : 4);
}

enum { QUEUE_MIN_RATE = 1, QUEUE_MAX_RATE = 2 };

static void put_rate(struct bytes *b, uint16_t type, uint16_t rate, bool compact)
{
	if (rate == UINT16_MAX)
		return;
	bytes_put_be16(b, type);
	bytes_put_be16(b, compact ? 8 : 16);
	if (!compact)
		bytes_put_zeros(b, 4);
	bytes_put_be16(b, rate);
	bytes_put_zeros(b, compact ? 2 : 6);
}

void queue_config_put(struct bytes *b, const struct of_queue_config *q, enum of_version v)
{
	size_t start = b->size, len_at;
	if (v >= OF14) {
		bytes_put_be32(b, ofport_to_11(q->port));
		bytes_put_be32(b, q->queue_id);
		len_at = b->size;
		bytes_put_zeros(b, 8);
	} else {
		bytes_put_be32(b, q->queue_id);
		if (v >= OF12)
			bytes_put_be32(b, ofport_to_11(q->port));
		len_at = b->size;
		bytes_put_zeros(b, v >= OF12 ? 8 : 4);
	}
	put_rate(b, QUEUE_MIN_RATE, q->min_rate, v >= OF14);
	put_rate(b, QUEUE_MAX_RATE, q->max_rate, v >= OF14);
	put_be16(b->data + len_at, (uint16_t)(b->size - start));
}

int queue_config_pull(struct cursor *c, enum of_version v, struct of_queue_config *q)
{
	if (!c->left)
		return 1;
	size_t header = v < OF12 ? 8 : 16;
	if (c->left < header)
		return -OFPERR_OFPBRC_BAD_LEN;
	size_t size = get_be16(c->p + (v < OF12 ? 4 : 8));
	const void *p = size >= header ? cursor_pull(c, size) : NULL;
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, size);
	*q = (struct of_queue_config){ .port = OFPORT_NONE,
				       .min_rate = UINT16_MAX,
				       .max_rate = UINT16_MAX };
	if (v >= OF14) {
		if (!ofport_from_11(cursor_be32(&rec), &q->port))
			return -OFPERR_OFPBRC_BAD_PORT;
		q->queue_id = cursor_be32(&rec);
		cursor_skip(&rec, 8);
	} else {
		q->queue_id = cursor_be32(&rec);
		if (v >= OF12 && !ofport_from_11(cursor_be32(&rec), &q->port))
			return -OFPERR_OFPBRC_BAD_PORT;
		cursor_skip(&rec, v >= OF12 ? 8 : 4);
	}
	while (rec.left >= 4) {
		uint16_t type = get_be16(rec.p), len = get_be16(rec.p + 2);
		if (len < 8 || len > rec.left)
			return -OFPERR_OFPBRC_BAD_LEN;
		if (type == QUEUE_MIN_RATE || type == QUEUE_MAX_RATE) {
			size_t at = v >= OF14 ? 4 : 8;
			if (len < at + 2)
				return -OFPERR_OFPBRC_BAD_LEN;
			*(type == QUEUE_MIN_RATE ? &q->min_rate : &q->max_rate) =
				get_be16(rec.p + at);
		}
		cursor_skip(&rec, MIN(ROUND_UP((size_t)len, 8), rec.left));
	}
	return 0;
}
