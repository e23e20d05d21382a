/* SPDX-License-Identifier: Apache-2.0 */
/* ports: descriptions, statistics and settings of ports and queues. */
#include "openflow/ofsession.h"

#include "ofp/error.h"

struct dump {
	struct request *r;
	struct multipart mp;
};

static void put_desc(const struct of_port_desc *d, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	port_desc_put(&dump->r->reply, d, dump->r->m.version);
	multipart_added(&dump->mp, at);
}

static int port_desc(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	uint32_t port;
	int e = port_desc_request_parse(&r->m, &port);
	if (e)
		return e;
	struct dump d = { .r = r };
	multipart_begin(&d.mp, &r->reply, &r->m);
	e = srv->ops->for_each_port(srv->sw, port, put_desc, &d);
	multipart_end(&d.mp);
	/* As for one that has just gone: an empty reply. */
	return e == -OFPERR_OFPBRC_BAD_PORT ? 0 : e;
}

static void put_stats(const struct of_port_stats *s, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	port_stats_put(&dump->r->reply, s, dump->r->m.version);
	multipart_added(&dump->mp, at);
}

static int port_stats(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	uint32_t port;
	int e = port_stats_request_parse(&r->m, &port);
	if (e)
		return e;
	struct dump d = { .r = r };
	multipart_begin(&d.mp, &r->reply, &r->m);
	e = srv->ops->for_each_port_stats(srv->sw, port, put_stats, &d);
	multipart_end(&d.mp);
	return e;
}

static int port_mod(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct of_port_mod pm;
	int e = port_mod_parse(&r->m, false, &pm);
	return e ? e : srv->ops->port_mod(srv->sw, &pm);
}

static void put_queue_stats(const struct of_queue_stats *s, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	queue_stats_put(&dump->r->reply, s, dump->r->m.version);
	multipart_added(&dump->mp, at);
}

static int queue_stats(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	uint32_t port, queue;
	int e = queue_stats_request_parse(&r->m, &port, &queue);
	if (e)
		return e;
	struct dump d = { .r = r };
	multipart_begin(&d.mp, &r->reply, &r->m);
	e = srv->ops->for_each_queue_stats(srv->sw, port, queue, put_queue_stats, &d);
	multipart_end(&d.mp);
	return e;
}

struct queue_dump {
	struct request *r;
	uint32_t queue;
};

static void put_queue_config(const struct of_queue_config *q, void *arg)
{
	struct queue_dump *d = arg;
	if (d->queue == OFPQ_ALL || d->queue == q->queue_id)
		queue_config_put(&d->r->reply, q, d->r->m.version);
}

static int queue_config(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	uint32_t port, queue;
	int e = queue_config_request_parse(&r->m, &port, &queue);
	if (e)
		return e;
	struct queue_dump d = { r, queue };
	size_t start = of_msg_begin_reply(&r->reply, &r->m);
	queue_config_reply_begin(&r->reply, &r->m, port);
	e = srv->ops->for_each_queue_config(srv->sw, port, put_queue_config, &d);
	if (!e && of_msg_end(&r->reply, start) < 0)
		e = -OFPERR_OFPBRC_BAD_LEN;
	return e;
}

int handle_port(struct request *r)
{
	switch (r->m.id) {
	case OFMSG_STAT_PORT_DESC_REQUEST:
		return port_desc(r);
	case OFMSG_STAT_PORT_REQUEST:
		return port_stats(r);
	case OFMSG_PORT_MOD:
		return port_mod(r);
	case OFMSG_STAT_QUEUE_REQUEST:
		return queue_stats(r);
	case OFMSG_QUEUE_GET_CONFIG_REQUEST:
	case OFMSG_STAT_QUEUE_DESC_REQUEST:
		return queue_config(r);
	default:
		return NOT_MINE;
	}
}
