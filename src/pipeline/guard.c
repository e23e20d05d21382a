/* SPDX-License-Identifier: Apache-2.0 */
/* The loop guard's hands: it decides, by VLAN and port number; here are its ports, its probes' way out
 * and in, and the flush when the topology changed. The guard exists while the bridge has tunnels. */
#include "pipeline/guard.h"
#include "base/clock.h"
#include "base/mem.h"
#include "feature/loopguard/loopguard.h"
#include "pipeline/mac_table.h"
#include "pipeline/translate.h"

static void send_probe(uint32_t ofport, uint16_t vlan, const void *frame, size_t size, void *p_)
{
	struct pipeline *p = p_;
	struct ofport *o = pipeline_port_lookup(p, ofport);
	if (!o || !p->datapath->fastpath)
		return;
	struct packet *packet = packet_from_bytes(frame, (uint32_t)size);
	if (vlan && o->bundle && !(o->bundle->vlan_mode == VLAN_ACCESS) &&
	    !(o->bundle->vlan_mode == VLAN_NATIVE_UNTAGGED && o->bundle->vlan == vlan)) {
		uint8_t tag[4];
		put_be16(tag, 0x8100);
		put_be16(tag + 2, vlan);
		uint8_t *eth = packet_push(packet, 4);
		memmove(eth, eth + 4, 12);
		memcpy(eth + 12, tag, 4);
	}
	pipeline_send(o, packet);
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
	HMAP_FOR_EACH(o, &p->ports, by_number)
		if (o->tunnel && o->ofport != except && o->bundle)
			mac_table_flush_bundle(p->macs, o->bundle);
	datapath_touch(p->datapath);
}

static const struct loopguard_ops guard_ops = { send_probe, guard_changed, topology_changed };

void guard_update_port(struct ofport *o)
{
	struct pipeline *p = o->pipeline;
	if (!o->tunnel || !p->datapath->loop) {
		guard_forget_port(o);
		return;
	}
	if (!p->loopguard) {
		const struct ofport *local = pipeline_port_lookup(p, OFPORT_LOCAL);
		p->loopguard = loopguard_new(p->name, local ? local->mac : o->mac, p->datapath->loop,
					     &guard_ops, p);
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

static void guard_receive(struct ofport *in, const struct flow_key *key, const struct packet *packet)
{
	uint16_t vlan = be16_to_cpu(key->vlans[0].tci) & VLAN_VID_MASK;
	const struct bundle *b = in->bundle;
	if (b && b->vlan_mode == VLAN_ACCESS && b->vlan > 0)
		vlan = (uint16_t)b->vlan;
	else if (!vlan && b && b->vlan > 0)
		vlan = (uint16_t)b->vlan;
	(void)loopguard_receive(in->pipeline->loopguard, in->ofport, vlan, packet->data, packet->size);
}

static const struct port_protocol guard_protocol = { "loopguard", DP_SLOW_PROBE, guard_wants,
						      guard_receive };

CONSTRUCTOR static void guard_register(void) { port_protocol_register(&guard_protocol); }
