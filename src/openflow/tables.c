/* SPDX-License-Identifier: Apache-2.0 */
/* tables: requests about flow tables and about the table of Geneve options. */
#include "openflow/ofsession.h"

#include "ofp/error.h"

struct dump {
	struct request *r;
	struct multipart mp;
};

static void put_stats(const struct table_stats *s, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	struct table_features f = { .max_entries = 1000000 };
	table_stats_put(&dump->r->reply, s, &f, dump->r->m.version);
	multipart_added(&dump->mp, at);
}

static void put_desc(const struct table_desc *d, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	table_desc_put(&dump->r->reply, d, dump->r->m.version);
	multipart_added(&dump->mp, at);
}

static void put_features(const struct table_features *f, void *arg)
{
	struct dump *dump = arg;
	size_t at = dump->r->reply.size;
	table_features_put(&dump->r->reply, f, dump->r->m.version);
	multipart_added(&dump->mp, at);
}

static int tlv_table_mod(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct tlv_table_mod t;
	int e = tlv_table_mod_parse(&r->m, &t);
	if (e)
		return e;
	e = srv->ops->tlv_table_mod(srv->sw, &t);
	free(t.mappings);
	return e;
}

int handle_table(struct request *r)
{
	struct openflow_server *srv = r->s->server;
	struct dump d = { .r = r };
	int e;
	switch (r->m.id) {
	case OFMSG_STAT_TABLE_REQUEST:
		multipart_begin(&d.mp, &r->reply, &r->m);
		e = srv->ops->for_each_table_stats(srv->sw, put_stats, &d);
		multipart_end(&d.mp);
		return e;
	case OFMSG_STAT_TABLE_DESC_REQUEST:
		multipart_begin(&d.mp, &r->reply, &r->m);
		e = srv->ops->for_each_table_desc(srv->sw, put_desc, &d);
		multipart_end(&d.mp);
		return e;
	case OFMSG_STAT_TABLE_FEATURES_REQUEST:
		/* Tables cannot be reshaped: a request with a body asks just that. */
		if (r->m.body_size)
			return -OFPERR_OFPTFFC_EPERM;
		multipart_begin(&d.mp, &r->reply, &r->m);
		e = srv->ops->for_each_table_features(srv->sw, put_features, &d);
		multipart_end(&d.mp);
		return e;
	case OFMSG_TABLE_MOD: {
		struct table_mod t;
		e = table_mod_parse(&r->m, &t);
		return e ? e : srv->ops->table_mod(srv->sw, &t);
	}
	case OFMSG_TLV_TABLE_MOD:
		return tlv_table_mod(r);
	case OFMSG_TLV_TABLE_REQUEST: {
		struct tlv_table_reply t;
		srv->ops->get_tlv_table(srv->sw, &t);
		tlv_table_reply_build(&r->reply, &t, &r->m);
		free(t.mappings);
		return 0;
	}
	default:
		return NOT_MINE;
	}
}
