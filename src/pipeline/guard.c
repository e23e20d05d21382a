/* SPDX-License-Identifier: Apache-2.0 */
/* The loop guard's hands: it decides, by VLAN and port number; here are its ports, its probes' way
 * out and in, and what a change of topology asks for. The guard exists while the bridge has
 * tunnels.
 *
 * Its ports are the tunnels with one far end and one key: those that are "flow" are what a
 * controller steers packets by, and no bridge floods into them.
 *
 * When paths have moved, addresses learnt on tunnels are forgotten. A switch without a guard cannot
 * be asked to do that: it goes on sending to a port that we have cut, until it hears from the
 * address on another one. So every local address is announced again, in a RARP request as
 * hypervisors send it when a guest moved (RFC 903), which every switch learns from and no host
 * answers. */
#include "pipeline/guard.h"
#include "base/clock.h"
#include "base/mem.h"
#include "feature/loopguard/loopguard.h"
#include "feature/tunnel/tunnel.h"
#include "pipeline/mac_table.h"
#include "pipeline/translate.h"
#include "pipeline/translate/context.h"

enum { MAX_ANNOUNCED = 512 };			       /* addresses, each time */
static const int64_t ANNOUNCE_DELAY = 30 * NS_PER_MS;  /* several changes at once are one */
static const int64_t ANNOUNCE_AGAIN = 700 * NS_PER_MS; /* the other ends may not have settled yet */

struct guard_announcer {
	struct pipeline *pipeline;
	struct timer timer;
	unsigned n_left;
};

static void put_tag(struct packet *packet, uint16_t vlan)
{
	uint8_t *eth = packet_push(packet, 4);
	memmove(eth, eth + 4, 12);
	put_be16(eth + 12, 0x8100);
	put_be16(eth + 14, vlan);
}

/* A whole frame out of a port, with the tag that the port's VLAN mode wants. */
static void send_frame(struct ofport *o, uint16_t vlan, const void *frame, size_t size)
{
	const struct bundle *b = o->bundle;
	struct packet *packet = packet_from_bytes(frame, (uint32_t)size);
	if (vlan && b && b->vlan_mode != VLAN_ACCESS &&
	    !(b->vlan_mode == VLAN_NATIVE_UNTAGGED && b->vlan == vlan))
		put_tag(packet, vlan);
	pipeline_send(o, packet);
}

static void send_probe(uint32_t ofport, uint16_t vlan, const void *frame, size_t size, void *p_)
{
	struct pipeline *p = p_;
	struct ofport *o = pipeline_port_lookup(p, ofport);
	if (o && p->datapath->fastpath)
		send_frame(o, vlan, frame, size);
}

/* RFC 903: "who am I?", from the address that is to be learnt. */
static void announce(struct pipeline *p, const struct ofport *at, struct eth_addr mac,
		     uint16_t vlan)
{
	uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t rarp[] = { 0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3 };
	memcpy(frame + 6, mac.b, 6);
	memcpy(frame + 12, rarp, sizeof rarp);
	memcpy(frame + 22, mac.b, 6);
	memcpy(frame + 32, mac.b, 6);
	struct ofport *o;
	HMAP_FOR_EACH(o, &p->ports, by_number) {
		if (o->tunnel && o->bundle && bundle_carries_vlan(o->bundle, vlan, 0) &&
		    guard_may_pass(at, o, vlan))
			send_frame(o, vlan, frame, sizeof frame);
	}
}

static void announce_all(struct timer *t)
{
	struct guard_announcer *a = CONTAINER_OF(t, struct guard_announcer, timer);
	struct pipeline *p = a->pipeline;
	const struct ofport *local = pipeline_port_lookup(p, OFPORT_LOCAL);
	unsigned n = 0;
	if (!p->datapath->fastpath)
		return;
	if (local && local->bundle)
		announce(p, local, local->mac,
			 local->bundle->vlan > 0 ? (uint16_t)local->bundle->vlan : 0);
	const struct mac_entry *e;
	LIST_FOR_EACH(e, &p->macs->lru, lru) {
		const struct bundle *b = mac_entry_bundle(e);
		const struct ofport *o =
			list_is_empty(&b->ports)
				? NULL
				: LIST_ENTRY(b->ports.next, struct ofport, bundle_node);
		if (o && !o->tunnel && n++ < MAX_ANNOUNCED)
			announce(p, o, e->mac, e->vlan);
	}
	if (--a->n_left)
		timer_arm_in(&a->timer, p->datapath->loop, ANNOUNCE_AGAIN);
}

static void guard_changed(void *p_)
{
	struct pipeline *p = p_;
	datapath_touch(p->datapath);
}

static void topology_changed(uint32_t except, void *p_)
{
	struct pipeline *p = p_;
	struct ofport *o;
	HMAP_FOR_EACH(o, &p->ports, by_number) {
		if (o->tunnel && o->ofport != except && o->bundle)
			mac_table_flush_bundle(p->macs, o->bundle);
	}
	datapath_touch(p->datapath);
	p->announcer->n_left = 2;
	timer_arm_in(&p->announcer->timer, p->datapath->loop, ANNOUNCE_DELAY);
}

static const struct loopguard_ops guard_ops = { send_probe, guard_changed, topology_changed };

static bool is_guarded(const struct ofport *o)
{
	const struct pipeline *p = o->pipeline;
	struct in6_addr remote;
	return o->tunnel && p->datapath->loop && p->settings.loop_guard &&
	       tunnel_remote(o->tunnel, &remote);
}

void guard_free(struct pipeline *p)
{
	loopguard_free(p->loopguard);
	p->loopguard = NULL;
	if (p->announcer) {
		timer_disarm(&p->announcer->timer);
		free(p->announcer);
		p->announcer = NULL;
	}
}

void guard_update(struct pipeline *p)
{
	struct ofport *o;
	if (!p->settings.loop_guard) {
		guard_free(p);
		return;
	}
	HMAP_FOR_EACH(o, &p->ports, by_number)
		guard_update_port(o);
}

void guard_update_port(struct ofport *o)
{
	struct pipeline *p = o->pipeline;
	if (!is_guarded(o)) {
		guard_forget_port(o);
		return;
	}
	if (!p->loopguard) {
		const struct ofport *local = pipeline_port_lookup(p, OFPORT_LOCAL);
		p->announcer = xzalloc(sizeof *p->announcer);
		p->announcer->pipeline = p;
		timer_init(&p->announcer->timer, announce_all);
		p->loopguard = loopguard_new(p->name, local ? local->mac : o->mac,
					     p->datapath->loop, &guard_ops, p);
	}
	const struct bundle *b = o->bundle;
	bool access = b && b->vlan_mode == VLAN_ACCESS && b->vlan > 0;
	loopguard_port_put(p->loopguard, o->ofport, o->name, access ? (uint16_t)b->vlan : 0,
			   b ? b->trunks : NULL);
}

void guard_forget_port(struct ofport *o)
{
	if (o->pipeline->loopguard)
		loopguard_port_del(o->pipeline->loopguard, o->ofport);
}

bool guard_may_pass(const struct ofport *in, const struct ofport *out, uint16_t vlan)
{
	const struct loopguard *g = out->pipeline->loopguard;
	return !g || loopguard_may_pass(g, in ? in->ofport : OFPORT_NONE, out->ofport, vlan);
}

/* Probes are seen before the tables. */
static bool guard_wants(const struct ofport *in, const struct flow_key *key, struct flow_key *mask)
{
	mask->dl_type = UINT16_MAX;
	return in->tunnel && in->pipeline->loopguard && key->dl_type == LOOPGUARD_ETHERTYPE;
}

static void guard_receive(struct ofport *in, const struct flow_key *key,
			  const struct packet *packet)
{
	uint16_t vlan = be16_to_cpu(key->vlans[0].tci) & VLAN_VID_MASK;
	const struct bundle *b = in->bundle;
	if (b && b->vlan_mode == VLAN_ACCESS && b->vlan > 0)
		vlan = (uint16_t)b->vlan;
	else if (!vlan && b && b->vlan > 0)
		vlan = (uint16_t)b->vlan;
	(void)loopguard_receive(in->pipeline->loopguard, in->ofport, vlan, packet->data,
				packet->size);
}

static const struct port_protocol guard_protocol = { "loopguard", DP_SLOW_PROBE, guard_wants,
						     guard_receive };

CONSTRUCTOR static void guard_register(void) { port_protocol_register(&guard_protocol); }
