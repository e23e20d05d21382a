/* SPDX-License-Identifier: Apache-2.0 */
/* monitors: sessions that are told of changes of flows. What a session changed itself comes
 * shortened (its transaction's id), unless it asked for all. Changes of one request go in one
 * message, behind the request's own reply; those of the switch itself (time-outs) at once. */
#include "openflow/ofsession.h"

#include "ofp/error.h"

struct monitor {
	struct list node;
	struct flow_monitor_request r;
};

static struct monitor *find(struct ofsession *s, uint32_t id)
{
	struct monitor *m;
	LIST_FOR_EACH(m, &s->monitors, node) {
		if (m->r.id == id)
			return m;
	}
	return NULL;
}

static void monitor_free(struct monitor *m)
{
	list_remove(&m->node);
	free(m);
}

void ofsession_monitors_free(struct ofsession *s)
{
	struct monitor *m;
	LIST_FOR_EACH_SAFE(m, &s->monitors, node)
		monitor_free(m);
	bytes_fini(&s->updates);
}

struct initial {
	struct request *r;
	struct multipart mp;
	const struct flow_monitor_request *want;
};

static void put_initial(const struct flow_stats *fs, void *arg)
{
	struct initial *in = arg;
	bool actions = in->want->flags & OFFMF_ACTIONS;
	const struct flow_update u = {
		.event = OFFUE_INITIAL,
		.idle_timeout = fs->idle_timeout,
		.hard_timeout = fs->hard_timeout,
		.table_id = fs->table_id,
		.priority = fs->priority,
		.cookie = fs->cookie,
		.match = fs->match,
		.actions = actions ? fs->actions : NULL,
		.actions_size = actions ? fs->actions_size : 0,
	};
	size_t at = in->r->reply.size;
	flow_update_put(&in->r->reply, &u, in->r->m.version);
	multipart_added(&in->mp, at);
}

static int add(struct request *r, struct initial *in, const struct flow_monitor_request *want)
{
	struct ofsession *s = r->s;
	struct openflow_server *srv = s->server;
	if (find(s, want->id))
		return -OFPERR_OFPMOFC_MONITOR_EXISTS;
	if (list_size(&s->monitors) >= SESSION_MONITORS_MAX)
		return -OFPERR_OFPMOFC_UNKNOWN;
	struct monitor *m = xzalloc(sizeof *m);
	m->r = *want;
	list_push_back(&s->monitors, &m->node);
	if (!(want->flags & OFFMF_INITIAL))
		return 0;
	in->want = want;
	const struct flow_stats_request req = { .match = want->match,
						.table_id = want->table_id,
						.out_port = want->out_port,
						.out_group = want->out_group };
	return srv->ops->for_each_flow(srv->sw, &req, put_initial, in);
}

static int request(struct request *r)
{
	struct cursor c = of_msg_cursor(&r->m);
	struct initial in = { .r = r };
	int e = 0;
	multipart_begin(&in.mp, &r->reply, &r->m);
	while (!e) {
		struct flow_monitor_request want;
		e = flow_monitor_request_pull(&r->m, &c, &want);
		if (e)
			break;
		struct monitor *old = find(r->s, want.id);
		if (want.command != OFFMC_ADD) {
			if (!old)
				e = -OFPERR_OFPMOFC_UNKNOWN_MONITOR;
			else
				monitor_free(old);
		}
		if (!e && want.command != OFFMC_DELETE)
			e = add(r, &in, &want);
	}
	multipart_end(&in.mp);
	return e == 1 ? 0 : e;
}

static int cancel(struct request *r)
{
	struct cursor c = of_msg_cursor(&r->m);
	struct monitor *m = find(r->s, cursor_be32(&c));
	if (!m)
		return -OFPERR_OFPMOFC_UNKNOWN_MONITOR;
	monitor_free(m);
	return 0;
}

int handle_monitor(struct request *r)
{
	switch (r->m.id) {
	case OFMSG_STAT_FLOW_MONITOR_REQUEST:
		return request(r);
	case OFMSG_FLOW_MONITOR_CANCEL:
		return cancel(r);
	default:
		return NOT_MINE;
	}
}

/* -- Telling. */

static bool interested(const struct flow_monitor_request *r, const struct flow_update *u)
{
	static const uint16_t flag_of[] = { [OFFUE_ADDED] = OFFMF_ADD,
					    [OFFUE_DELETED] = OFFMF_DELETE,
					    [OFFUE_MODIFIED] = OFFMF_MODIFY };
	if (u->event > OFFUE_MODIFIED || !(r->flags & flag_of[u->event]))
		return false;
	if (r->table_id != OFPTT_ALL && r->table_id != u->table_id)
		return false;
	if (r->out_port != OFPORT_NONE &&
	    !of_actions_output_to(u->actions, u->actions_size, r->out_port))
		return false;
	if (r->out_group != OFPG_ANY && r->out_group &&
	    !of_actions_output_to_group(u->actions, u->actions_size, r->out_group))
		return false;
	return match_is_subset(&u->match, &r->match);
}

static void flush(struct ofsession *s)
{
	if (!s->updates.size)
		return;
	enum of_version v = connection_version(s->conn);
	AUTO_BYTES b = BYTES_INIT;
	struct cursor c = cursor_of(s->updates.data, s->updates.size);
	size_t start = 0;
	bool open = false;
	while (c.left) {
		size_t n = get_be16(c.p);
		if (open && b.size - start + n > OF_MSG_MAX) {
			ASSERT(of_msg_end(&b, start) == 0);
			open = false;
		}
		if (!open) {
			start = of_msg_begin(&b, OFMSG_STAT_FLOW_MONITOR_REPLY, OFK_ANY, v, 0);
			open = true;
		}
		bytes_put(&b, c.p, n);
		cursor_skip(&c, n);
	}
	ASSERT(of_msg_end(&b, start) == 0);
	s->updates.size = 0;
	ofsession_send(s, &b);
}

void ofsession_monitors_flush(struct openflow_server *srv)
{
	struct ofsession *s;
	LIST_FOR_EACH(s, &srv->sessions, node)
		flush(s);
}

void ofsession_monitors_update(void *listener, const struct flow_update *u,
			       const struct of_origin *origin)
{
	struct openflow_server *srv = listener;
	struct ofsession *s;
	LIST_FOR_EACH(s, &srv->sessions, node) {
		uint16_t flags = 0;
		struct monitor *m;
		LIST_FOR_EACH(m, &s->monitors, node) {
			if (interested(&m->r, u))
				flags |= m->r.flags;
		}
		if (!flags)
			continue;
		enum of_version v = connection_version(s->conn);
		if (origin && origin->session == s && !(flags & OFFMF_OWN)) {
			const struct flow_update abbrev = { .event = OFFUE_ABBREV,
							    .xid = origin->xid };
			/* Once for a request, however many flows it changed. */
			if (s->abbreviated_xid != origin->xid || !s->updates.size)
				flow_update_put(&s->updates, &abbrev, v);
			s->abbreviated_xid = origin->xid;
			continue;
		}
		struct flow_update copy = *u;
		if (!(flags & OFFMF_ACTIONS))
			copy.actions_size = 0;
		flow_update_put(&s->updates, &copy, v);
		if (!srv->in_request)
			flush(s);
	}
}
