/* SPDX-License-Identifier: Apache-2.0 */
/* settings: what the switch is, and how a session wants to be treated: features, configuration,
 * roles, asynchronous messages, Nicira's formats. */
#include "openflow/ofsession.h"

#include "ofp/error.h"

static void put_feature_port(const struct of_port_desc *d, void *arg)
{
	struct request *r = arg;
	/* What does not fit is left out: port_desc tells all. */
	if (r->reply.size < OF_MSG_MAX - 64)
		port_desc_put(&r->reply, d, r->m.version);
}

static int features(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct of_switch_features f;
	srv->ops->get_features(srv->sw, &f);
	size_t start = features_begin(&r->reply, &f, &r->m);
	if (features_have_ports(r->m.version)) {
		int e = srv->ops->for_each_port(srv->sw, OFPORT_NONE, put_feature_port, r);
		if (e)
			return e;
	}
	return of_msg_end(&r->reply, start) < 0 ? -OFPERR_OFPBRC_BAD_LEN : 0;
}

static int get_config(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	const struct of_config c = { .frag = srv->ops->get_frag_mode(srv->sw),
				     .invalid_ttl = r->s->invalid_ttl,
				     .miss_send_len = r->s->miss_send_len };
	config_build(&r->reply, &c, OFMSG_GET_CONFIG_REPLY, r->m.version, r->m.xid);
	return 0;
}

static int set_config(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct of_config c;
	int e = config_parse(&r->m, &c);
	if (e)
		return e;
	if (r->s->role != OFROLE_SECONDARY && c.frag != srv->ops->get_frag_mode(srv->sw)) {
		e = srv->ops->set_frag_mode(srv->sw, c.frag);
		if (e)
			return e;
	}
	if (c.invalid_ttl >= 0)
		r->s->invalid_ttl = c.invalid_ttl;
	r->s->miss_send_len = c.miss_send_len;
	return 0;
}

static int desc(struct request *r)
{
	struct of_switch_desc d;
	r->s->server->ops->get_desc(r->s->server->sw, &d);
	desc_build(&r->reply, &d, &r->m);
	return 0;
}

/* A new primary makes the old one secondary. OpenFlow 1.3 6.3.6. */
static int role(struct request *r)
{
	struct ofsession *s = r->s;
	struct openflow_server *srv = s->server;
	struct of_role_msg req;
	int e = role_parse(&r->m, &req);
	if (e)
		return e;
	if (req.role != OFROLE_NOCHANGE) {
		if (req.have_generation) {
			if (srv->have_generation &&
			    (int64_t)(req.generation_id - srv->generation_id) < 0)
				return -OFPERR_OFPRRFC_STALE;
			srv->have_generation = true;
			srv->generation_id = req.generation_id;
		}
		ofsession_set_role(s, req.role);
	}
	const struct of_role_msg reply = { s->role, srv->have_generation, srv->generation_id };
	role_build(&r->reply, &reply, OFMSG_ROLE_REPLY, r->m.version, r->m.xid);
	return 0;
}

void ofsession_set_role(struct ofsession *s, enum of_role role)
{
	struct openflow_server *srv = s->server;
	if (role == OFROLE_PRIMARY && s->role != OFROLE_PRIMARY) {
		struct ofsession *other;
		LIST_FOR_EACH(other, &srv->sessions, node) {
			if (other == s || other->role != OFROLE_PRIMARY)
				continue;
			other->role = OFROLE_SECONDARY;
			const struct of_role_status st = { OFROLE_SECONDARY, 0,
							   srv->generation_id };
			AUTO_BYTES b = BYTES_INIT;
			/* Told if it wants to be: OFPT_ROLE_STATUS is on by default for 1.4 only.
			 */
			if (role_status_build(&b, &st, connection_version(other->conn)))
				ofsession_send(other, &b);
		}
	}
	s->role = role;
}

static int set_async(struct request *r)
{
	struct of_async_config a = r->s->async;
	int e = async_parse(&r->m, &a);
	if (e)
		return e;
	/* Whoever says so wants them. */
	r->s->async = a;
	if (r->s->kind == SESSION_SERVICE && !r->s->miss_send_len)
		r->s->miss_send_len = 128;
	return 0;
}

static int set_packet_in_format(struct request *r)
{
	struct cursor c = of_msg_cursor(&r->m);
	uint32_t format = cursor_be32(&c);
	if (format > OFPIF_NXT2)
		return -OFPERR_OFPBRC_EPERM;
	r->s->packet_in_format = (enum of_packet_in_format)format;
	return 0;
}

static int set_flow_format(struct request *r)
{
	struct cursor c = of_msg_cursor(&r->m);
	uint32_t format = cursor_be32(&c);
	if (format != 0 && format != 2)
		return -OFPERR_OFPBRC_EPERM;
	r->s->nxm = format == 2;
	return 0;
}

static int set_table_id(struct request *r)
{
	struct cursor c = of_msg_cursor(&r->m);
	uint8_t on = cursor_u8(&c);
	if (on > 1)
		return -OFPERR_OFPBRC_EPERM;
	r->s->table_id = on;
	return 0;
}

static int set_controller_id(struct request *r)
{
	struct cursor c = of_msg_cursor(&r->m);
	const void *zeros = cursor_pull(&c, 6);
	if (!bytes_are_zero(zeros, 6))
		return -OFPERR_NXBRC_MUST_BE_ZERO;
	r->s->controller_id = cursor_be16(&c);
	return 0;
}

int handle_switch(struct request *r)
{
	switch (r->m.id) {
	case OFMSG_FEATURES_REQUEST:
		return features(r);
	case OFMSG_GET_CONFIG_REQUEST:
		return get_config(r);
	case OFMSG_SET_CONFIG:
		return set_config(r);
	case OFMSG_STAT_DESC_REQUEST:
		return desc(r);
	case OFMSG_ROLE_REQUEST:
		return role(r);
	case OFMSG_GET_ASYNC_REQUEST:
		async_build(&r->reply, &r->s->async, OFMSG_GET_ASYNC_REPLY, r->m.version, r->m.xid);
		return 0;
	case OFMSG_SET_ASYNC:
		return set_async(r);
	case OFMSG_SET_PACKET_IN_FORMAT:
		return set_packet_in_format(r);
	case OFMSG_SET_FLOW_FORMAT:
		return set_flow_format(r);
	case OFMSG_FLOW_MOD_TABLE_ID:
		return set_table_id(r);
	case OFMSG_SET_CONTROLLER_ID:
		return set_controller_id(r);
	case OFMSG_FLOW_AGE:
		return 0;
	default:
		return NOT_MINE;
	}
}
