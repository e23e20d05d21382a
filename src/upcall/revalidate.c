/* SPDX-License-Identifier: Apache-2.0 */
/* Looking after the flows of the fast path.
 *
 * All flows are gone through about twice a second, and soon after the pipeline's generation moved:
 * counters are read and credited; idle flows go; a decision that was made under an older generation
 * is made again, without effects. If it came out the same, nothing is touched; if only the actions
 * differ they are replaced in place; if it depends on bits that the flow's mask leaves out, the
 * flow goes, and the next packet asks.
 *
 * A change is followed at once while that is cheap, else with pauses of four times what the last
 * round took, so that a stream of changes takes a fifth of the machine at most. The number of flows
 * allowed shrinks while a round takes longer than a second, since nobody would want to wait longer
 * for a change to reach the packets. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/mem.h"
#include "pipeline/recirc.h"
#include "pipeline/translate.h"
#include "upcall/flow.h"
#include "upcall/handler.h"

LOG_MODULE(revalidator);
COUNTER_DEFINE(revalidate_round);
COUNTER_DEFINE(revalidate_flow_changed);
COUNTER_DEFINE(revalidate_flow_deleted);

enum { MIN_LIMIT = 1000, PAUSE_FACTOR = 4 };
#define TICK_NS (500 * NS_PER_MS)
#define CROWDED_IDLE_NS (100 * NS_PER_MS)

static struct list handlers = LIST_INIT(handlers);
static struct upcall_settings settings = { .flow_limit = 200000, .max_idle_ms = 10000 };

struct list *upcall_handlers(void) { return &handlers; }
const struct upcall_settings *upcall_settings(void) { return &settings; }

/* ---- one flow -------------------------------------------------------------------------------- */

static void credit(struct upcall_flow *u, const struct flow_key *key,
		   const struct dp_flow_stats *st)
{
	if (st->n_packets <= u->n_packets && st->n_bytes <= u->n_bytes)
		return;
	uint64_t packets = st->n_packets - MIN(u->n_packets, st->n_packets);
	uint64_t bytes = st->n_bytes - MIN(u->n_bytes, st->n_bytes);
	u->n_packets = st->n_packets;
	u->n_bytes = st->n_bytes;
	credits_push(&u->credits, packets, bytes, st->used_ns, st->tcp_flags, key);
}

static void delete_flow(struct fastpath *fp, const struct fastpath_flow *f)
{
	struct upcall_flow *u = f->user;
	struct dp_flow_stats last;
	if (fp->ops->flow_del(fp, &f->ufid, &last) == 0 && u)
		credit(u, f->key, &last);
	upcall_flow_free(u);
	counter_inc(&revalidate_flow_deleted);
}

/* Are there bits in 'a' that 'b' leaves out? */
static bool mask_is_wider(const struct flow_key *a, const struct flow_key *b)
{
	const uint64_t *wa = key_words(a), *wb = key_words(b);
	for (size_t i = 0; i < KEY_WORDS; i++) {
		if (wa[i] & ~wb[i])
			return true;
	}
	return false;
}

/* Makes the decision again; false: the flow must go. */
static bool still_right(struct upcall_handler *h, const struct fastpath_flow *f)
{
	struct upcall_flow *u = f->user;
	struct credits credits = { .recircs = h->datapath->recircs };
	struct translation t = TRANSLATION_INIT;
	struct dp_actions actions = DP_ACTIONS_INIT;
	struct flow_key mask;
	uint64_t generation = h->datapath->generation, tunnel_seq = tunnel_change_seq();
	struct translate_request rq = {
		.datapath = h->datapath,
		.key = f->key,
		.credits = &credits,
		.tcp_flags = f->stats.tcp_flags,
	};
	bool ok = true;

	translate(&rq, &t);
	memset(&mask, 0, sizeof mask);
	translation_get_dp_mask(&t, f->key, &mask);
	upcall_flow_actions(&t, &actions);
	/* Its port, bridge or the state it went on from is gone, and so will the flow be. */
	bool orphan =
		t.error == XLATE_BRIDGE_NOT_FOUND || t.error == XLATE_NO_RECIRCULATION_CONTEXT;
	if (orphan || mask_is_wider(&mask, f->mask)) {
		ok = false;
	} else if (actions.size != f->actions_size ||
		   (actions.size && memcmp(actions.data, f->actions, actions.size))) {
		counter_inc(&revalidate_flow_changed);
		ok = h->fastpath->ops->flow_put(h->fastpath, f->key, f->mask, actions.data,
						actions.size, u, NULL) == 0;
	}
	if (ok) {
		struct credits old = u->credits;
		u->credits = credits;
		credits = old;
		u->generation = generation;
		u->tunnel_seq = tunnel_seq;
	}
	credits_fini(&credits);
	dp_actions_fini(&actions);
	translation_fini(&t);
	return ok;
}

/* ---- a round --------------------------------------------------------------------------------- */

struct round {
	struct upcall_handler *h;
	int64_t now_ns, idle_ns;
	uint64_t n;
};

static bool look_at(const struct fastpath_flow *f, void *arg)
{
	struct round *r = arg;
	struct upcall_handler *h = r->h;
	struct upcall_flow *u = f->user;
	r->n++;
	if (!u) { /* put in by hand ("dpctl/add-flow"): not ours to judge */
		return true;
	}
	credit(u, f->key, &f->stats);
	int64_t used = MAX(f->stats.used_ns, u->created_ns);
	if (r->now_ns - used > r->idle_ns) {
		delete_flow(h->fastpath, f);
		return true;
	}
	if ((u->generation != h->datapath->generation || u->tunnel_seq != tunnel_change_seq()) &&
	    !still_right(h, f))
		delete_flow(h->fastpath, f);
	return true;
}

static void adapt_limit(struct upcall_handler *h, int64_t duration_ns, uint64_t n)
{
	if (duration_ns > NS_PER_SEC)
		h->limit = MAX(h->limit / 4 * 3, MIN_LIMIT);
	else if (n > h->limit / 2)
		h->limit = MIN(h->limit + MIN_LIMIT, settings.flow_limit);
	h->limit = MIN(h->limit, settings.flow_limit);
}

void upcall_revalidate_now(struct upcall_handler *h)
{
	timer_disarm(&h->revalidate);
	if (!h->fastpath || h->revalidating)
		return;
	int64_t start = clock_mono_ns();
	uint64_t n_flows = h->fastpath->ops->n_flows(h->fastpath);
	struct round r = {
		.h = h,
		.now_ns = start,
		.idle_ns = n_flows > h->limit ? CROWDED_IDLE_NS : settings.max_idle_ms * NS_PER_MS,
	};
	h->revalidating = true;
	counter_inc(&revalidate_round);
	h->fastpath->ops->flow_dump(h->fastpath, look_at, &r);
	recirc_table_expire(h->datapath->recircs);
	h->revalidating = false;
	h->last_end_ns = clock_mono_ns();
	h->last_duration_ns = h->last_end_ns - start;
	h->max_flows = MAX(h->max_flows, r.n);
	h->sum_flows += r.n;
	h->n_sums++;
	adapt_limit(h, h->last_duration_ns, r.n);
}

static bool credit_one(const struct fastpath_flow *f, void *arg)
{
	if (f->user)
		credit(f->user, f->key, &f->stats);
	return true;
}

void upcall_sync_stats(struct upcall_handler *h)
{
	if (h->fastpath && !h->revalidating)
		h->fastpath->ops->flow_dump(h->fastpath, credit_one, h);
}

static bool purge_one(const struct fastpath_flow *f, void *arg)
{
	struct upcall_handler *h = arg;
	delete_flow(h->fastpath, f);
	return true;
}

void upcall_purge_flows(struct upcall_handler *h)
{
	if (h->fastpath)
		h->fastpath->ops->flow_dump(h->fastpath, purge_one, h);
}

/* ---- when ------------------------------------------------------------------------------------ */

static void on_revalidate(struct timer *t)
{
	upcall_revalidate_now(CONTAINER_OF(t, struct upcall_handler, revalidate));
}

/* May run on a datapath thread (an address was learnt), under the control lock: the main thread
 * then sleeps, and has to look at its timers. */
static void on_changed(struct datapath *d, void *arg)
{
	struct upcall_handler *h = arg;
	if (!h->fastpath || timer_is_armed(&h->revalidate))
		return;
	int64_t at = h->last_end_ns + PAUSE_FACTOR * h->last_duration_ns;
	timer_arm_at(&h->revalidate, h->loop, MAX(at, clock_mono_ns()));
	loop_wake(h->loop);
}

static void on_sync_stats(struct datapath *d, void *arg) { upcall_sync_stats(arg); }

/* A barrier waits for changes to reach the packets, where that takes no longer than a hiccup. */
static void on_settle(struct datapath *d, void *arg)
{
	struct upcall_handler *h = arg;
	if (!h->fastpath || !timer_is_armed(&h->revalidate) || h->last_duration_ns > 20 * NS_PER_MS)
		return;
	timer_disarm(&h->revalidate);
	upcall_revalidate_now(h);
}

static void on_tick(struct timer *t)
{
	struct upcall_handler *h = CONTAINER_OF(t, struct upcall_handler, tick);
	upcall_revalidate_now(h);
	timer_arm_in(t, h->loop, MAX(TICK_NS, PAUSE_FACTOR * h->last_duration_ns));
}

struct upcall_handler *upcall_new(struct datapath *d, struct loop *loop)
{
	struct upcall_handler *h = xzalloc(sizeof *h);
	h->datapath = d;
	h->loop = loop;
	h->limit = MIN(settings.flow_limit, 10u * MIN_LIMIT);
	timer_init(&h->revalidate, on_revalidate);
	timer_init(&h->tick, on_tick);
	list_push_back(&handlers, &h->node);
	d->changed = on_changed;
	d->sync_stats = on_sync_stats;
	d->settle = on_settle;
	d->changed_arg = h;
	return h;
}

void upcall_set_fastpath(struct upcall_handler *h, struct fastpath *fp)
{
	if (!fp)
		upcall_purge_flows(h);
	h->fastpath = fp;
	h->datapath->fastpath = fp;
	if (fp) {
		timer_arm_in(&h->tick, h->loop, TICK_NS);
	} else {
		timer_disarm(&h->tick);
		timer_disarm(&h->revalidate);
	}
}

void upcall_free(struct upcall_handler *h)
{
	if (!h)
		return;
	ASSERT(!h->fastpath);
	timer_disarm(&h->tick);
	timer_disarm(&h->revalidate);
	h->datapath->changed = NULL;
	h->datapath->sync_stats = NULL;
	h->datapath->settle = NULL;
	list_remove(&h->node);
	free(h);
}

void upcall_configure(const struct upcall_settings *s)
{
	struct upcall_handler *h;
	settings = *s;
	LIST_FOR_EACH(h, &handlers, node)
		h->limit = MIN(h->limit, settings.flow_limit);
}
