/* SPDX-License-Identifier: Apache-2.0 */
/* groups: requests about groups and meters. */
#include "openflow/ofsession.h"

#include "ofp/error.h"

struct dump {
	struct request *r;
	struct multipart mp;
};

static void put_desc(const struct group_desc *d, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	group_desc_put(&dump->r->reply, d, dump->r->m.version);
	multipart_added(&dump->mp, at);
}

static void put_stats(const struct group_stats *s, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	group_stats_put(&dump->r->reply, s, dump->r->m.version);
	multipart_added(&dump->mp, at);
}

static void put_meter(const struct meter_config *c, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	meter_config_put(&dump->r->reply, c);
	multipart_added(&dump->mp, at);
}

static void put_meter_stats(const struct meter_stats *s, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	meter_stats_put(&dump->r->reply, s);
	multipart_added(&dump->mp, at);
}

static int dump(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	const struct of_switch_ops *ops = srv->ops;
	struct dump d = { .r = r };
	uint32_t id = 0;
	int e = 0;
	multipart_begin(&d.mp, &r->reply, &r->m);
	switch (r->m.id) {
	case OFMSG_STAT_GROUP_DESC_REQUEST:
		e = group_request_parse(&r->m, &id);
		if (!e)
			e = ops->for_each_group_desc(srv->sw, id, put_desc, &d);
		break;
	case OFMSG_STAT_GROUP_REQUEST:
		e = group_request_parse(&r->m, &id);
		if (!e)
			e = ops->for_each_group_stats(srv->sw, id, put_stats, &d);
		break;
	case OFMSG_STAT_METER_CONFIG_REQUEST:
		e = ops->for_each_meter_config(srv->sw, meter_request_parse(&r->m), put_meter, &d);
		break;
	default:
		e = ops->for_each_meter_stats(srv->sw, meter_request_parse(&r->m), put_meter_stats,
					      &d);
	}
	multipart_end(&d.mp);
	return e;
}

static int group_mod(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct group_mod gm;
	int e = group_mod_parse(&r->m, &gm);
	if (e)
		return e;
	const struct of_origin origin = { r->s, r->m.xid, r->m.version };
	e = srv->ops->group_mod(srv->sw, &gm, &origin);
	group_mod_fini(&gm);
	return e;
}

static int meter_mod(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct meter_mod mm;
	int e = meter_mod_parse(&r->m, &mm);
	if (e)
		return e;
	e = srv->ops->meter_mod(srv->sw, &mm);
	meter_config_fini(&mm.config);
	return e;
}

int handle_group(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	switch (r->m.id) {
	case OFMSG_GROUP_MOD:
		return group_mod(r);
	case OFMSG_METER_MOD:
		return meter_mod(r);
	case OFMSG_STAT_GROUP_DESC_REQUEST:
	case OFMSG_STAT_GROUP_REQUEST:
	case OFMSG_STAT_METER_REQUEST:
	case OFMSG_STAT_METER_CONFIG_REQUEST:
		return dump(r);
	case OFMSG_STAT_GROUP_FEATURES_REQUEST: {
		struct group_features f;
		srv->ops->get_group_features(srv->sw, &f);
		group_features_build(&r->reply, &f, &r->m);
		return 0;
	}
	case OFMSG_STAT_METER_FEATURES_REQUEST: {
		struct meter_features f;
		srv->ops->get_meter_features(srv->sw, &f);
		meter_features_build(&r->reply, &f, &r->m);
		return 0;
	}
	default:
		return NOT_MINE;
	}
}
