/* SPDX-License-Identifier: Apache-2.0 */
/* ofsession: requests are answered in order, each before the next is read. What cannot be answered
 * yet (a barrier that waits for the fast path, a peer that does not take its replies) stops the
 * reading, so that a session's memory has a bound that its peer cannot move. */
#include "openflow/ofsession.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "ofp/error.h"

LOG_MODULE(ofconn);

static struct log_limit limit = LOG_LIMIT(60, 5);

void ofsession_send(struct ofsession *s, const struct bytes *b)
{
	if (!b->size)
		return;
	connection_send(s->conn, b->data, b->size);
}

void ofsession_send_error(struct ofsession *s, int error, const void *request, size_t size)
{
	AUTO_BYTES b = BYTES_INIT;
	error_build(&b, of_error_is(error < 0 ? -error : error) ? error : OFPERR_OFPBRC_EPERM,
		    request, size);
	log_info_limited(&limit, "%s<->%s: sending %s error reply to message of type %u",
			 s->server->name, connection_name(s->conn), of_error_name(error),
			 size > 1 ? ((const uint8_t *)request)[1] : 0);
	ofsession_send(s, &b);
}

uint32_t ofsession_protocol(const struct ofsession *s)
{
	enum of_version v = connection_version(s->conn);
	if (v == OF10)
		return s->nxm ? (s->table_id ? OFPROTO_NXM_TID : OFPROTO_NXM)
			      : (s->table_id ? OFPROTO_OF10_TID : OFPROTO_OF10);
	return of_protocol_first(v);
}

static void barrier_done(void *arg)
{
	struct ofsession *s = arg;
	AUTO_BYTES b = BYTES_INIT;
	s->waiting = false;
	empty_build(&b, OFMSG_BARRIER_REPLY, OFK_OFPT, connection_version(s->conn), s->barrier_xid);
	ofsession_send(s, &b);
	connection_resume(s->conn);
}

static int handle_barrier(struct request *r)
{
	struct ofsession *s = r->s;
	s->barrier_xid = r->m.xid;
	if (s->server->ops->barrier(s->server->sw, barrier_done, s)) {
		empty_build(&r->reply, OFMSG_BARRIER_REPLY, OFK_OFPT, r->m.version, r->m.xid);
		return 0;
	}
	s->waiting = true;
	r->hold = true;
	return 0;
}

/* Secondaries may look, not touch. OpenFlow 1.3 6.3.6. */
static bool changes_state(enum of_msg_id id)
{
	switch (id) {
	case OFMSG_FLOW_MOD:
	case OFMSG_GROUP_MOD:
	case OFMSG_METER_MOD:
	case OFMSG_PORT_MOD:
	case OFMSG_TABLE_MOD:
	case OFMSG_PACKET_OUT:
	case OFMSG_BUNDLE_CONTROL:
	case OFMSG_BUNDLE_ADD_MESSAGE:
	case OFMSG_TLV_TABLE_MOD:
	case OFMSG_RESUME:
	case OFMSG_CT_FLUSH:
	case OFMSG_CT_FLUSH_ZONE:
		return true;
	default:
		return false;
	}
}

static int dispatch(struct request *r)
{
	if (changes_state(r->m.id) && r->s->role == OFROLE_SECONDARY)
		return -OFPERR_OFPBRC_IS_SECONDARY;
	switch (r->m.id) {
	case OFMSG_ECHO_REQUEST:
		echo_reply_build(&r->reply, &r->m);
		return 0;
	case OFMSG_ECHO_REPLY:
		return 0;
	case OFMSG_BARRIER_REQUEST:
		return handle_barrier(r);
	case OFMSG_ERROR:
		log_info_limited(&limit, "%s<->%s: peer sent an error", r->s->server->name,
				 connection_name(r->s->conn));
		return 0;
	default:
		break;
	}
	static int (*const families[])(struct request *) = {
		handle_flow,  handle_switch, handle_port,    handle_group,
		handle_table, handle_bundle, handle_monitor,
	};
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		int e = families[i](r);
		if (e != NOT_MINE)
			return e;
	}
	return of_msg_is_stat(&r->m) ? -OFPERR_OFPBRC_BAD_STAT : -OFPERR_OFPBRC_BAD_TYPE;
}

static bool on_message(struct connection *conn, const uint8_t *data, size_t size, void *arg)
{
	struct ofsession *s = arg;
	if (s->kind == SESSION_SNOOP)
		return true;
	struct request r = { .s = s, .reply = BYTES_INIT };
	if (s->server->ops->enter)
		s->server->ops->enter(s->server->sw);
	int e = of_msg_parse(data, size, &r.m);
	s->server->in_request = true;
	if (!e)
		e = dispatch(&r);
	s->server->in_request = false;
	if (e)
		ofsession_send_error(s, e, data, size);
	else
		ofsession_send(s, &r.reply);
	bytes_fini(&r.reply);
	ofsession_monitors_flush(s->server);
	return !r.hold;
}

static void on_ready(struct connection *conn, void *arg)
{
	struct ofsession *s = arg;
	async_config_default(&s->async, connection_version(conn));
	s->packet_in_format = OFPIF_STANDARD;
	if (s->controller)
		controller_session_ready(s->controller);
	log_dbg("%s<->%s: version %s", s->server->name, connection_name(conn),
		of_version_name(connection_version(conn)));
}

static void on_closed(struct connection *conn, int error, void *arg)
{
	struct ofsession *s = arg;
	struct controller *c = s->controller;
	ofsession_free(s);
	if (c)
		controller_session_closed(c, error);
}

static const struct connection_ops connection_ops = { on_ready, on_message, on_closed };

struct ofsession *ofsession_new(struct openflow_server *server, struct stream *stream,
				enum ofsession_kind kind, struct controller *controller)
{
	struct ofsession *s = xzalloc(sizeof *s);
	s->server = server;
	s->controller = controller;
	s->kind = kind;
	s->role = OFROLE_EQUAL;
	s->miss_send_len = kind == SESSION_CONTROLLER ? 128 : 0;
	list_init(&s->bundles);
	list_init(&s->monitors);
	list_push_back(&server->sessions, &s->node);
	s->conn = connection_new(stream, server->loop, server->versions, &connection_ops, s);
	return s;
}

void ofsession_free(struct ofsession *s)
{
	if (!s)
		return;
	list_remove(&s->node);
	ofsession_bundles_free(s);
	ofsession_monitors_free(s);
	connection_free(s->conn);
	free(s);
}
