/* SPDX-License-Identifier: Apache-2.0 */
/* async: what the bridge tells its sessions: packet-ins, removed flows, ports. Each session has
 * said what it wants, by role; a service session that said nothing gets nothing. What a peer does
 * not take in time is dropped, packet-ins first: they come as fast as strangers send packets. */
#include "openflow/ofsession.h"

#include "base/clock.h"
#include "base/counter.h"
#include "ofp/error.h"

COUNTER_DEFINE(packet_in_dropped);

static bool wants(const struct ofsession *s, enum of_async what, unsigned reason)
{
	if (!connection_version(s->conn) || s->kind == SESSION_SNOOP)
		return false;
	if (s->kind == SESSION_SERVICE && !s->miss_send_len)
		return false;
	const uint32_t *masks = s->role == OFROLE_SECONDARY ? s->async.secondary : s->async.primary;
	return masks[what] >> reason & 1;
}

static bool wants_packet_in_of(const struct ofsession *s, unsigned reason, uint16_t controller_id)
{
	if (s->controller_id != controller_id)
		return false;
	if (reason == OFPR_INVALID_TTL && s->invalid_ttl)
		return s->role != OFROLE_SECONDARY;
	/* Before 1.3 there is one kind of miss, and explicit ones are actions. */
	enum of_version v = connection_version(s->conn);
	if (reason == OFPR_EXPLICIT_MISS)
		return wants(s, OFASYNC_PACKET_IN, v < OF13 ? OFPR_ACTION : OFPR_NO_MATCH);
	if (reason == OFPR_IMPLICIT_MISS)
		return v < OF13 && wants(s, OFASYNC_PACKET_IN, OFPR_NO_MATCH);
	if (v < OF14 && reason >= OFPR_ACTION_SET && reason <= OFPR_PACKET_OUT)
		return wants(s, OFASYNC_PACKET_IN, OFPR_ACTION);
	return wants(s, OFASYNC_PACKET_IN, reason);
}

static bool take_token(struct ofsession *s)
{
	if (!s->rate)
		return true;
	int64_t now = clock_mono_ms();
	s->tokens += (double)(now - s->tokens_ms) * s->rate / 1000;
	s->tokens = MIN(s->tokens, (double)s->burst);
	s->tokens_ms = now;
	if (s->tokens < 1)
		return false;
	s->tokens -= 1;
	return true;
}

static void packet_in(void *listener, const struct packet_in *pin, uint16_t controller_id,
		      uint16_t max_len)
{
	struct openflow_server *srv = listener;
	struct ofsession *s;
	LIST_FOR_EACH(s, &srv->sessions, node) {
		if (!wants_packet_in_of(s, pin->reason, controller_id))
			continue;
		if (connection_backlog(s->conn) > SESSION_ASYNC_BACKLOG_MAX || !take_token(s)) {
			counter_inc(&packet_in_dropped);
			continue;
		}
		/* A miss is cut at what the session set; an action says its own length. A packet
		 * that will come back is whole. */
		uint16_t n = pin->continuation_size ? UINT16_MAX
			     : pin->reason == OFPR_NO_MATCH || pin->reason == OFPR_IMPLICIT_MISS
				     ? s->miss_send_len
				     : max_len;
		AUTO_BYTES b = BYTES_INIT;
		packet_in_build(&b, pin, NULL, s->packet_in_format, connection_version(s->conn), n);
		ofsession_send(s, &b);
	}
}

static void flow_removed(void *listener, const struct flow_removed *fr)
{
	struct openflow_server *srv = listener;
	struct ofsession *s;
	LIST_FOR_EACH(s, &srv->sessions, node) {
		if (!wants(s, OFASYNC_FLOW_REMOVED, fr->reason))
			continue;
		AUTO_BYTES b = BYTES_INIT;
		flow_removed_build(&b, fr, ofsession_protocol(s));
		ofsession_send(s, &b);
	}
}

static void port_status(void *listener, const struct of_port_status *ps)
{
	struct openflow_server *srv = listener;
	struct ofsession *s;
	LIST_FOR_EACH(s, &srv->sessions, node) {
		if (!wants(s, OFASYNC_PORT_STATUS, ps->reason))
			continue;
		AUTO_BYTES b = BYTES_INIT;
		port_status_build(&b, ps, connection_version(s->conn));
		ofsession_send(s, &b);
	}
}

static void table_status(void *listener, const struct table_status *ts)
{
	struct openflow_server *srv = listener;
	struct ofsession *s;
	LIST_FOR_EACH(s, &srv->sessions, node) {
		if (connection_version(s->conn) < OF14 ||
		    !wants(s, OFASYNC_TABLE_STATUS, ts->reason))
			continue;
		AUTO_BYTES b = BYTES_INIT;
		table_status_build(&b, ts, connection_version(s->conn));
		ofsession_send(s, &b);
	}
}

/* 1.4: the others hear of a change of groups or meters. */
static void forward(struct openflow_server *srv, unsigned reason, const struct group_mod *gm,
		    const struct meter_mod *mm, const struct of_origin *origin)
{
	struct ofsession *s;
	LIST_FOR_EACH(s, &srv->sessions, node) {
		enum of_version v = connection_version(s->conn);
		if (v < OF14 || (origin && origin->session == s) ||
		    !wants(s, OFASYNC_REQUESTFORWARD, reason))
			continue;
		AUTO_BYTES b = BYTES_INIT;
		size_t start = of_msg_begin(&b, OFMSG_REQUESTFORWARD, OFK_OFPT, v, 0);
		if (gm && group_mod_build(&b, gm, v, origin ? origin->xid : 0) < 0)
			continue;
		if (mm)
			meter_mod_build(&b, mm, v, origin ? origin->xid : 0);
		if (of_msg_end(&b, start) == 0)
			ofsession_send(s, &b);
	}
}

static void group_changed(void *listener, const struct group_mod *gm,
			  const struct of_origin *origin)
{
	forward(listener, 0, gm, NULL, origin);
}

static void meter_changed(void *listener, const struct meter_mod *mm,
			  const struct of_origin *origin)
{
	forward(listener, 1, NULL, mm, origin);
}

static bool wants_packet_in(void *listener, enum of_packet_in_reason reason, uint16_t controller_id)
{
	struct openflow_server *srv = listener;
	struct ofsession *s;
	LIST_FOR_EACH(s, &srv->sessions, node) {
		if (wants_packet_in_of(s, reason, controller_id))
			return true;
	}
	return false;
}

static bool is_connected(void *listener) { return server_is_connected(listener); }

const struct of_listener_ops openflow_listener_ops = {
	.packet_in = packet_in,
	.flow_removed = flow_removed,
	.port_status = port_status,
	.table_status = table_status,
	.flow_update = ofsession_monitors_update,
	.group_changed = group_changed,
	.meter_changed = meter_changed,
	.wants_packet_in = wants_packet_in,
	.is_connected = is_connected,
};
