/* SPDX-License-Identifier: Apache-2.0 */
/* flows: flow_mod, flow and aggregate statistics, packet-out. */
#include "openflow/ofsession.h"

#include "ofp/error.h"

static int flow_mod(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct flow_mod fm;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	int e = flow_mod_parse(&r->m, r->s->table_id, &fm, &acts);
	if (e)
		return e;
	const struct of_origin origin = { r->s, r->m.xid, r->m.version };
	return srv->ops->flow_mod(srv->sw, &fm, &origin);
}

struct dump {
	struct request *r;
	struct multipart mp;
};

static void put_flow(const struct flow_stats *fs, void *arg)
{
	struct dump *d = arg;
	size_t at = d->r->reply.size;
	flow_stats_wire_put(&d->r->reply, fs, &d->r->m);
	multipart_added(&d->mp, at);
}

static int flow_stats(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct flow_stats_request req;
	int e = flow_stats_request_parse(&r->m, &req);
	if (e)
		return e;
	struct dump d = { .r = r };
	multipart_begin(&d.mp, &r->reply, &r->m);
	e = srv->ops->for_each_flow(srv->sw, &req, put_flow, &d);
	multipart_end(&d.mp);
	return e;
}

static int aggregate(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct flow_stats_request req;
	struct aggregate_stats stats;
	int e = flow_stats_request_parse(&r->m, &req);
	if (!e)
		e = srv->ops->aggregate(srv->sw, &req, &stats);
	if (!e)
		aggregate_build(&r->reply, &stats, &r->m);
	return e;
}

static int packet_out(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct packet_out po;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	int e = packet_out_parse(&r->m, &po, &acts);
	if (e)
		return e;
	/* We announce no buffers. */
	if (po.buffer_id != OF_NO_BUFFER)
		return -OFPERR_OFPBRC_BUFFER_UNKNOWN;
	return srv->ops->packet_out(srv->sw, &po);
}

static int resume(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct packet_in pin;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	int e = packet_in_parse(&r->m, &pin, NULL, &acts);
	return e ? e : srv->ops->resume(srv->sw, &pin);
}

int handle_flow(struct request *r)
{
	switch (r->m.id) {
	case OFMSG_FLOW_MOD:
		return flow_mod(r);
	case OFMSG_STAT_FLOW_REQUEST:
		return flow_stats(r);
	case OFMSG_STAT_AGGREGATE_REQUEST:
		return aggregate(r);
	case OFMSG_PACKET_OUT:
		return packet_out(r);
	case OFMSG_RESUME:
		return resume(r);
	default:
		return NOT_MINE;
	}
}
