/* SPDX-License-Identifier: Apache-2.0 */
/* bundles: changes that are collected and made all at once. OpenFlow 1.4 7.3.9. A message is parsed
 * when it is added, so that the commit can only fail by what the tables say. A bundle that nobody
 * touched for a while is dropped when another is opened. */
#include "openflow/ofsession.h"

#include "base/clock.h"
#include "ofp/error.h"

enum { BUNDLE_TIMEOUT_MS = 10000 };

struct bundle {
	struct list node;
	uint32_t id;
	uint16_t flags;
	bool closed;
	int64_t used_ms;
	struct of_change *changes;
	struct bundle_message {
		uint8_t *data;
		size_t size;
	} * messages; /* for errors at commit */
	size_t n, allocated, messages_allocated;
};

static void change_fini(struct of_change *c)
{
	switch (c->type) {
	case OF_CHANGE_FLOW:
		free((void *)c->flow->actions);
		free(c->flow);
		break;
	case OF_CHANGE_GROUP:
		group_mod_fini(c->group);
		free(c->group);
		break;
	case OF_CHANGE_PORT:
		free(c->port);
		break;
	case OF_CHANGE_PACKET_OUT:
		free((void *)c->packet_out->actions);
		free(c->packet_out);
		break;
	}
}

static void bundle_free(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++) {
		change_fini(&b->changes[i]);
		free(b->messages[i].data);
	}
	list_remove(&b->node);
	free(b->changes);
	free(b->messages);
	free(b);
}

void ofsession_bundles_free(struct ofsession *s)
{
	struct bundle *b;
	LIST_FOR_EACH_SAFE(b, &s->bundles, node)
		bundle_free(b);
}

static struct bundle *find(struct ofsession *s, uint32_t id)
{
	struct bundle *b;
	LIST_FOR_EACH(b, &s->bundles, node) {
		if (b->id == id)
			return b;
	}
	return NULL;
}

static struct bundle *bundle_new(struct ofsession *s, uint32_t id, uint16_t flags)
{
	struct bundle *b = xzalloc(sizeof *b);
	b->id = id;
	b->flags = flags;
	b->used_ms = clock_mono_ms();
	list_push_back(&s->bundles, &b->node);
	return b;
}

static int open_bundle(struct ofsession *s, const struct bundle_control *k)
{
	struct bundle *b = find(s, k->bundle_id);
	if (b) {
		bundle_free(b);
		return -OFPERR_OFPBFC_BAD_ID;
	}
	LIST_FOR_EACH_SAFE(b, &s->bundles, node) {
		if (clock_mono_ms() - b->used_ms > BUNDLE_TIMEOUT_MS)
			bundle_free(b);
	}
	if (list_size(&s->bundles) >= SESSION_BUNDLES_MAX)
		return -OFPERR_OFPBFC_OUT_OF_BUNDLES;
	bundle_new(s, k->bundle_id, k->flags);
	return 0;
}

static int commit(struct request *r, struct bundle *b)
{
	struct openflow_server *srv = r->s->server;
	const struct of_origin origin = { r->s, r->m.xid, r->m.version };
	size_t failed = 0;
	int e = b->n ? srv->ops->commit(srv->sw, b->changes, b->n, b->flags & OFBF_ATOMIC, &origin,
					&failed)
		     : 0;
	if (e && failed < b->n) {
		/* The message that was refused is told first, then the commit. */
		ofsession_send_error(r->s, e, b->messages[failed].data, b->messages[failed].size);
		e = -OFPERR_OFPBFC_MSG_FAILED;
	}
	bundle_free(b);
	return e;
}

static int control(struct request *r)
{
	struct bundle_control k;
	struct ofsession *s = r->s;
	bundle_control_parse(&r->m, &k);
	struct bundle *b = find(s, k.bundle_id);
	int e = 0;
	if (k.flags & ~(OFBF_ATOMIC | OFBF_ORDERED))
		return -OFPERR_OFPBFC_BAD_FLAGS;
	if (b && k.type != OFBCT_OPEN_REQUEST && k.flags != b->flags) {
		bundle_free(b);
		return -OFPERR_OFPBFC_BAD_FLAGS;
	}
	switch (k.type) {
	case OFBCT_OPEN_REQUEST:
		e = open_bundle(s, &k);
		break;
	case OFBCT_CLOSE_REQUEST:
		if (!b)
			return -OFPERR_OFPBFC_BAD_ID;
		if (b->closed) {
			bundle_free(b);
			return -OFPERR_OFPBFC_BUNDLE_CLOSED;
		}
		b->closed = true;
		break;
	case OFBCT_COMMIT_REQUEST:
		if (!b)
			return -OFPERR_OFPBFC_BAD_ID;
		e = commit(r, b);
		break;
	case OFBCT_DISCARD_REQUEST:
		if (!b)
			return -OFPERR_OFPBFC_BAD_ID;
		bundle_free(b);
		break;
	default:
		return -OFPERR_OFPBFC_BAD_TYPE;
	}
	if (e)
		return e;
	k.type++;
	k.flags = 0;
	bundle_control_build(&r->reply, &k, r->m.version, r->m.xid);
	return 0;
}

/* The change that a message asks for. */
static int change_parse(struct ofsession *s, const struct of_msg *m, struct of_change *c)
{
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	int e;
	c->xid = m->xid;
	switch (m->id) {
	case OFMSG_FLOW_MOD:
		c->type = OF_CHANGE_FLOW;
		c->flow = xzalloc(sizeof *c->flow);
		e = flow_mod_parse(m, s->table_id, c->flow, &acts);
		if (e)
			free(c->flow);
		else
			c->flow->actions = STEAL(acts.data);
		return e;
	case OFMSG_GROUP_MOD:
		c->type = OF_CHANGE_GROUP;
		c->group = xzalloc(sizeof *c->group);
		e = group_mod_parse(m, c->group);
		if (e)
			free(c->group);
		return e;
	case OFMSG_PORT_MOD:
		c->type = OF_CHANGE_PORT;
		c->port = xzalloc(sizeof *c->port);
		e = port_mod_parse(m, false, c->port);
		if (e)
			free(c->port);
		return e;
	case OFMSG_PACKET_OUT:
		/* The packet's bytes are those of the message, which the bundle keeps. */
		c->type = OF_CHANGE_PACKET_OUT;
		c->packet_out = xzalloc(sizeof *c->packet_out);
		e = packet_out_parse(m, c->packet_out, &acts);
		if (e)
			free(c->packet_out);
		else
			c->packet_out->actions = STEAL(acts.data);
		return e;
	default:
		return -OFPERR_OFPBFC_MSG_UNSUP;
	}
}

static int add(struct request *r)
{
	struct ofsession *s = r->s;
	struct bundle_add k;
	int e = bundle_add_parse(&r->m, &k);
	if (e)
		return e;
	struct bundle *b = find(s, k.bundle_id);
	if (!b) {
		if (list_size(&s->bundles) >= SESSION_BUNDLES_MAX)
			return -OFPERR_OFPBFC_OUT_OF_BUNDLES;
		b = bundle_new(s, k.bundle_id, k.flags);
	} else if (b->closed) {
		bundle_free(b);
		return -OFPERR_OFPBFC_BUNDLE_CLOSED;
	} else if (k.flags != b->flags) {
		bundle_free(b);
		return -OFPERR_OFPBFC_BAD_FLAGS;
	}
	if (b->n >= BUNDLE_CHANGES_MAX)
		return -OFPERR_OFPBFC_MSG_TOO_MANY;
	b->used_ms = clock_mono_ms();
	uint8_t *copy = xmemdup(k.message, k.message_size);
	struct of_msg m;
	struct of_change c = { 0 };
	e = of_msg_parse(copy, k.message_size, &m);
	if (!e)
		e = change_parse(s, &m, &c);
	if (e) {
		free(copy);
		return e;
	}
	b->changes = xgrow(b->changes, &b->allocated, b->n + 1, sizeof *b->changes);
	b->messages = xgrow(b->messages, &b->messages_allocated, b->n + 1, sizeof *b->messages);
	b->messages[b->n] = (struct bundle_message){ copy, k.message_size };
	b->changes[b->n++] = c;
	return 0;
}

int handle_bundle(struct request *r)
{
	switch (r->m.id) {
	case OFMSG_BUNDLE_CONTROL:
		return control(r);
	case OFMSG_BUNDLE_ADD_MESSAGE:
		return add(r);
	default:
		return NOT_MINE;
	}
}
