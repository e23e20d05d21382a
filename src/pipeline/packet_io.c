/* SPDX-License-Identifier: Apache-2.0 */
/* Packets between controllers and the bridge: out, in, and on again after a pause. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "pipeline/recirc.h"
#include "pipeline/table.h"
#include "pipeline/translate.h"

LOG_MODULE(packet_io);

/* Translates and carries out; 'packet' is consumed. */
static void run(struct datapath *d, struct translate_request *rq, struct packet *packet)
{
	struct translation t = TRANSLATION_INIT;
	struct credits credits = { .recircs = d->recircs };
	rq->datapath = d;
	rq->packet = packet;
	rq->effects = true;
	rq->credits = &credits;
	translate(rq, &t);
	credits_push(&credits, packet_n_segments(packet), packet->size, clock_mono_ns(),
		     be16_to_cpu(rq->key->tcp_flags), rq->key);
	if (d->fastpath)
		d->fastpath->ops->execute(d->fastpath, packet, t.actions.data, t.actions.size);
	else
		packet_free(packet);
	translation_fini(&t);
	credits_fini(&credits);
}

void pipeline_send(struct ofport *o, struct packet *packet)
{
	struct of_actions acts = OF_ACTIONS_INIT;
	struct flow_key key;
	key_extract(packet, &key);
	key.in_port = OFPORT_NONE;
	of_actions_put_output(&acts, o->ofport, 0);
	struct translate_request rq = { .key = &key,
					.pipeline = o->pipeline,
					.with_actions = true,
					.actions = acts.data,
					.actions_size = acts.size };
	run(o->pipeline->datapath, &rq, packet);
	of_actions_fini(&acts);
}

void pipeline_inject(struct ofport *in, struct packet *packet)
{
	struct flow_key key;
	packet->dp_port = in->dp_port;
	key_extract(packet, &key);
	key.in_port = in->ofport;
	struct translate_request rq = { .key = &key, .pipeline = in->pipeline };
	run(in->pipeline->datapath, &rq, packet);
}

int pipeline_packet_out(struct pipeline *p, const struct packet_out *po)
{
	uint32_t in_port = po->metadata.key.in_port;
	if (in_port >= OFPORT_MAX && in_port != OFPORT_LOCAL && in_port != OFPORT_NONE &&
	    in_port != OFPORT_CONTROLLER)
		return -OFPERR_OFPBRC_BAD_PORT;
	if (po->buffer_id != OF_NO_BUFFER)
		return -OFPERR_OFPBRC_BUFFER_UNKNOWN; /* packet-ins carry the whole packet */
	if (po->packet_size > PACKET_MAX_BYTES)
		return -OFPERR_OFPBRC_BAD_LEN;
	int r = flow_actions_check(p, po->actions, po->actions_size);
	if (r)
		return r;
	struct packet *packet = packet_from_bytes(po->packet, (uint32_t)po->packet_size);
	const struct ofport *in = pipeline_port_lookup(p, in_port);
	packet->dp_port = in && !in->tunnel ? in->dp_port : DP_PORT_NONE;
	packet->packet_type = po->metadata.key.packet_type;
	packet->pkt_mark = po->metadata.key.pkt_mark;
	struct flow_key key;
	key_extract(packet, &key);
	key.in_port = in_port;
	key.metadata = po->metadata.key.metadata;
	memcpy(key.regs, po->metadata.key.regs, sizeof key.regs);
	key.tunnel = po->metadata.key.tunnel;
	memcpy(key.tun_opts, po->metadata.key.tun_opts, sizeof key.tun_opts);
	struct translate_request rq = { .key = &key,
					.pipeline = p,
					.with_actions = true,
					.actions = po->actions,
					.actions_size = po->actions_size };
	run(p->datapath, &rq, packet);
	return 0;
}

/* ---- in ---------------------------------------------------------------------------------- */

/* What a paused packet's controller gives back to us: where its state is kept. */
struct continuation_bytes {
	struct uuid bridge;
	be32 recirc_id;
	uint8_t pad[4];
};

void pipeline_packet_in(struct datapath *d, const struct packet *packet, const struct flow_key *key,
			const struct userspace_cookie *c)
{
	struct recirc *r = recirc_lookup(d->recircs, c->recirc_id);
	struct pipeline *p, *bridge = NULL;
	LIST_FOR_EACH(p, &d->pipelines, node)
		if (r && uuid_equal(&p->uuid, &r->state.bridge))
			bridge = p;
	if (!bridge || !bridge->listener || !bridge->listener->packet_in)
		return;
	struct packet_in pin;
	memset(&pin, 0, sizeof pin);
	pin.packet = packet->data;
	pin.packet_size = pin.total_size = packet->size;
	pin.buffer_id = OF_NO_BUFFER;
	pin.reason = c->reason;
	pin.table_id = r->state.table_id;
	pin.cookie = c->rule_cookie;
	match_init(&pin.metadata);
	struct flow_key *k = &pin.metadata.key, *m = &pin.metadata.mask;
	match_set_in_port(&pin.metadata, r->state.in_port);
	if (tunnel_key_is_set(&r->state.tunnel)) {
		k->tunnel = r->state.tunnel;
		k->tunnel.flags &= TUN_F_MATCHABLE;
		k->tunnel.opts_size = 0;
		memset(&m->tunnel, 0, sizeof m->tunnel);
		m->tunnel.id = UINT64_MAX;
		if (k->tunnel.ip_dst) {
			m->tunnel.ip_src = m->tunnel.ip_dst = UINT32_MAX;
		} else {
			memset(&m->tunnel.ipv6_src, 0xff, 16);
			memset(&m->tunnel.ipv6_dst, 0xff, 16);
		}
		k->tunnel.tos = k->tunnel.ttl = 0;
		k->tunnel.tp_src = k->tunnel.tp_dst = 0;
		k->tunnel.opts_present = 0;
	}
	if (r->state.metadata)
		match_set_metadata(&pin.metadata, be64_to_cpu(r->state.metadata), UINT64_MAX);
	for (unsigned i = 0; i < KEY_N_REGS; i++)
		if (r->state.regs[i])
			match_set_reg(&pin.metadata, i, r->state.regs[i], UINT32_MAX);
	if (key && key->pkt_mark) {
		k->pkt_mark = key->pkt_mark;
		m->pkt_mark = UINT32_MAX;
	}
	if (packet->packet_type != PT_ETH) {
		k->packet_type = packet->packet_type;
		m->packet_type = UINT32_MAX;
	}
	pin.userdata = r->state.userdata;
	pin.userdata_size = r->state.userdata_size;
	struct continuation_bytes cont = { .bridge = bridge->uuid,
					   .recirc_id = cpu_to_be32(r->id) };
	if (c->continuation) {
		pin.continuation = (const uint8_t *)&cont;
		pin.continuation_size = sizeof cont;
		/* Keep the state for as long as a lost packet would: see recirc.c. */
		recirc_unref(d->recircs, recirc_ref(r));
	}
	bridge->listener->packet_in(bridge->listener_arg, &pin, c->controller_id, c->max_len);
}

int pipeline_resume(struct pipeline *p, const struct packet_in *pin)
{
	struct continuation_bytes cont;
	if (pin->continuation_size < sizeof cont)
		return -OFPERR_OFPBPC_BAD_LEN;
	memcpy(&cont, pin->continuation, sizeof cont);
	struct recirc *r = recirc_lookup(p->datapath->recircs, be32_to_cpu(cont.recirc_id));
	if (!r || !uuid_equal(&cont.bridge, &p->uuid) || !uuid_equal(&r->state.bridge, &p->uuid))
		return -OFPERR_NXR_STALE;
	recirc_ref(r);
	struct packet *packet = packet_from_bytes(pin->packet, (uint32_t)pin->packet_size);
	const struct ofport *in = pipeline_port_lookup(p, r->state.in_port);
	packet->dp_port = in && !in->tunnel ? in->dp_port : DP_PORT_NONE;
	struct flow_key key;
	key_extract(packet, &key);
	/* The controller may have changed what travels beside the packet. */
	struct frozen_state state = r->state;
	if (pin->metadata.mask.metadata)
		state.metadata = pin->metadata.key.metadata;
	for (unsigned i = 0; i < KEY_N_REGS; i++)
		if (pin->metadata.mask.regs[i])
			state.regs[i] = pin->metadata.key.regs[i];
	struct translate_request rq = { .key = &key, .resume = &state };
	run(p->datapath, &rq, packet);
	recirc_unref(p->datapath->recircs, r);
	return 0;
}
