/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The programs of a switch, in the order in which a packet meets them:
 *
 *   weft_port      on each port: tc ingress of system ports, tc egress of internal ports (what the
 * host sends) weft_underlay  on the host's other devices: takes what is for our tunnels, leaves the
 * rest alone
 *
 * Both: parse -> lookup -> act, one header each in step/. What cannot be done here goes up. */
#include "kernel.h"
#include "maps.h"
#include "step/action.h"
#include "step/lookup.h"
#include "step/parse.h"
#include "step/tunnel.h"
#include "step/upcall.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline void credit(struct __sk_buff *skb, const struct cursor *c,
				   const struct weft_key *key, const struct weft_flow *flow)
{
	__u32 slot = flow->stats;
	struct weft_stats *s = bpf_map_lookup_elem(&weft_stats, &slot);
	if (!s)
		return;
	/* A super-packet counts as what it will be on the wire: headers once a segment. */
	__u32 n = skb->gso_segs ? skb->gso_segs : 1;
	__u64 bytes = skb->len - c->l2 + (c->accel_vlan ? 4 : 0);
	s->n_packets += n;
	s->n_bytes += bytes;
	s->used_ns = bpf_ktime_get_ns();
	s->tcp_flags |= bpf_ntohs(key->tcp_flags);
}

/* Zero and the packet's flow; or why user space must look. All that could fail half-way through the
 * actions is asked here, before the first byte is changed. */
static __always_inline enum weft_why decide(struct __sk_buff *skb, struct cursor *c,
					    struct weft_key *key, struct weft_scratch *scratch,
					    struct weft_flow **ret)
{
	if (!parse(skb, c, key))
		return WEFT_WHY_COMPLEX;
	struct weft_flow *flow = lookup(skb, key, scratch);
	if (!flow)
		return WEFT_WHY_MISS;
	*ret = flow;
	if (flow->flags & WEFT_F_ENCAP) {
		__u32 last = (__u32)flow->n_actions - 1;
		/* A packet that came out of a tunnel cannot be put into one by the kernel again. */
		if (last >= WEFT_MAX_ACTIONS || c->l2)
			return WEFT_WHY_ACTION;
		__u32 slot = flow->actions[last].u32;
		struct weft_encap *e = bpf_map_lookup_elem(&weft_encaps, &slot);
		if (!e || !encap_fits(skb, c, key, e) ||
		    (skb->gso_size && (c->accel_vlan || c->inband_vlan)))
			return WEFT_WHY_ACTION;
	}
	/* After the outer headers are taken off here, the kernel still believes in a tunnel, and
	 * UDP super-packets are lost on local delivery. */
	if (c->l2 && skb->gso_size && key->nw_proto != PROTO_TCP)
		return WEFT_WHY_ACTION;
	return 0;
}

static __always_inline int forward(struct __sk_buff *skb, struct cursor *c, struct weft_key *key,
				   struct weft_scratch *scratch)
{
	struct weft_flow *flow = NULL;
	enum weft_why why = decide(skb, c, key, scratch, &flow);
	if (why || !flow)
		return upcall(skb, key, c->l2, why);
	count(WEFT_C_HIT, 1);
	credit(skb, c, key, flow);
	if (c->l2 && !tunnel_pop(skb, c, key)) {
		count(WEFT_C_OUTPUT_FAILED, 1);
		return TC_ACT_SHOT;
	}
	scratch->c = *c;
	return act(skb, key, flow);
}

SEC("tc")
int weft_port(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	struct weft_device *device = bpf_map_lookup_elem(&weft_devices, &ifindex);
	struct weft_scratch *scratch = scratch_get();
	if (!device || !scratch)
		return TC_ACT_OK;
	if (skb->data_end - skb->data < PARSE_MAX_BYTES)
		bpf_skb_pull_data(skb, skb->len < PARSE_MAX_BYTES ? skb->len : PARSE_MAX_BYTES);
	struct weft_key key = { .in_port = device->dp_port };
	struct cursor c = { 0 };
	return forward(skb, &c, &key, scratch);
}

SEC("tc")
int weft_underlay(struct __sk_buff *skb)
{
	if (skb->data_end - skb->data < PARSE_MAX_L2 + PARSE_MAX_BYTES)
		bpf_skb_pull_data(skb, skb->len < PARSE_MAX_L2 + PARSE_MAX_BYTES
					       ? skb->len
					       : PARSE_MAX_L2 + PARSE_MAX_BYTES);
	struct weft_key key = { 0 };
	struct cursor c = { 0 };
	if (!tunnel_parse(skb, &c, &key))
		return TC_ACT_UNSPEC;
	struct weft_scratch *scratch = scratch_get();
	if (!scratch)
		return TC_ACT_UNSPEC;
	return forward(skb, &c, &key, scratch);
}
