/* SPDX-License-Identifier: Apache-2.0 */
/* Misses: from a packet to a flow.
 *
 * The packet is translated with all effects (addresses are learnt, controllers told). What came out
 * runs on the packet, and is put into the fast path under the mask of what decided. A decision that
 * only user space can carry out becomes a flow whose action is "to user space", and each of its
 * packets is translated again when it comes up.
 *
 * The packet that caused the miss is not counted by the fast path, so it is credited here; all
 * others are credited by revalidate.c when it reads the flow's counters. */
#include "upcall/upcall.h"

#include <string.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/mem.h"
#include "pipeline/translate.h"
#include "upcall/flow.h"
#include "upcall/handler.h"

LOG_MODULE(upcall);
COUNTER_DEFINE(upcall_miss);
COUNTER_DEFINE(upcall_slow_path);
COUNTER_DEFINE(upcall_flow_limit_reached);

/* The wire's view of a packet that may be a super-packet. */
static uint64_t n_packets_of(const struct packet *p)
{
	return p->gso_type != PACKET_GSO_NONE ? packet_n_segments(p) : 1;
}

void upcall_flow_free(struct upcall_flow *f)
{
	if (!f)
		return;
	credits_fini(&f->credits);
	free(f);
}

void upcall_flow_actions(const struct translation *t, struct dp_actions *ret)
{
	dp_actions_clear(ret);
	if (!t->slow) {
		dp_actions_append(ret, t->actions.data, t->actions.size);
		return;
	}
	struct userspace_cookie cookie = {
		.kind = DPU_SLOW_PATH,
		.slow = (uint16_t)t->slow,
		.ofport = t->in_port ? t->in_port->ofport : OFPORT_NONE,
	};
	struct dpa_userspace *a = dp_actions_put(ret, DPA_USERSPACE, sizeof *a + sizeof cookie);
	a->reason = DPU_SLOW_PATH;
	a->cookie_size = sizeof cookie;
	memcpy(a->cookie, &cookie, sizeof cookie);
}

static void execute_copy(struct fastpath *fp, const struct packet *p, const struct dp_actions *a)
{
	if (a->size)
		fp->ops->execute(fp, packet_clone(p), a->data, a->size);
}

/* ---- misses ---------------------------------------------------------------------------------- */

static void handle_miss(struct upcall_handler *h, struct fastpath *fp, struct upcall *up)
{
	struct translation t = TRANSLATION_INIT;
	struct upcall_flow *flow = xzalloc(sizeof *flow);
	uint16_t tcp_flags = be16_to_cpu(up->key->tcp_flags);
	struct translate_request rq = {
		.datapath = h->datapath,
		.key = up->key,
		.packet = up->packet,
		.effects = true,
		.credits = &flow->credits,
		.tcp_flags = tcp_flags,
	};

	counter_inc(&upcall_miss);
	h->n_upcalls++;
	flow->created_ns = clock_mono_ns();
	flow->credits.recircs = h->datapath->recircs;
	/* Before translating: what changes while we translate (an address is learnt) is asked
	 * again. */
	flow->generation = h->datapath->generation;
	flow->tunnel_seq = tunnel_change_seq();
	translate(&rq, &t);
	credits_push(&flow->credits, n_packets_of(up->packet), up->packet->size, 0, tcp_flags,
		     up->key);
	translation_get_dp_mask(&t, up->key, up->mask);

	/* A thread may bring a last miss while the fast path is being closed: nobody would free its
	 * flow. */
	bool room = h->fastpath && fp->ops->n_flows(fp) < h->limit;
	if (!room) {
		h->n_not_installed++;
		counter_inc(&upcall_flow_limit_reached);
	}
	if (!t.slow) {
		struct dp_actions swap = *up->actions;
		*up->actions = t.actions;
		t.actions = swap;
		up->install = room;
		up->user = room ? flow : NULL;
	} else {
		/* This packet now; the others as they come up. */
		execute_copy(fp, up->packet, &t.actions);
		struct dp_actions slow = DP_ACTIONS_INIT;
		upcall_flow_actions(&t, &slow);
		if (room &&
		    fp->ops->flow_put(fp, up->key, up->mask, slow.data, slow.size, flow, NULL) < 0)
			room = false;
		dp_actions_fini(&slow);
	}
	if (!room)
		upcall_flow_free(flow);
	translation_fini(&t);
}

/* ---- packets that a flow's action sends up ----------------------------------------------------
 */

static void handle_slow_path(struct upcall_handler *h, struct fastpath *fp, struct upcall *up)
{
	struct translation t = TRANSLATION_INIT;
	struct translate_request rq = {
		.datapath = h->datapath,
		.key = up->key,
		.packet = up->packet,
		.effects = true,
		.tcp_flags = be16_to_cpu(up->key->tcp_flags),
	};
	counter_inc(&upcall_slow_path);
	translate(&rq, &t);
	execute_copy(fp, up->packet, &t.actions);
	translation_fini(&t);
}

static void handle_action(struct upcall_handler *h, struct fastpath *fp, struct upcall *up)
{
	struct userspace_cookie cookie;
	static struct log_limit limit = LOG_LIMIT(5, 5);

	if (up->action->cookie_size != sizeof cookie) {
		log_warn_limited(&limit,
				 "a packet came up with a cookie of %u bytes, which is not ours",
				 up->action->cookie_size);
		return;
	}
	memcpy(&cookie, up->action->cookie, sizeof cookie);
	switch (cookie.kind) {
	case DPU_SLOW_PATH:
		handle_slow_path(h, fp, up);
		break;
	case DPU_CONTROLLER:
		pipeline_packet_in(h->datapath, up->packet, up->key, &cookie);
		break;
	default:
		log_warn_limited(&limit, "a packet came up for reason %u, which nothing handles",
				 cookie.kind);
	}
}

void upcall_receive(struct fastpath *fp, struct upcall *up, void *arg)
{
	struct upcall_handler *h = arg;
	if (up->type == UPCALL_MISS)
		handle_miss(h, fp, up);
	else
		handle_action(h, fp, up);
}
