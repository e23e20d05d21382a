/* SPDX-License-Identifier: Apache-2.0 */
/* Which flows are in the kernel, in which mask, with which slots. The maps have no memory of their
 * own of what is free: that is kept here, so that the programs need nothing but look-ups. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "fastpath/ebpf/compile.h"
#include "fastpath/ebpf/ebpf.h"
#include "switch.skel.h"

LOG_MODULE(fastpath_ebpf);

void flows_init(struct ebpf *e)
{
	hmap_init(&e->flows);
	hmap_init(&e->encaps);
	e->flows_fd = bpf_map__fd(e->skel->maps.weft_flows);
	e->stats_fd = bpf_map__fd(e->skel->maps.weft_stats);
	e->masks_fd = bpf_map__fd(e->skel->maps.weft_masks);
	e->encaps_fd = bpf_map__fd(e->skel->maps.weft_encaps);
	e->n_cpus = (unsigned)libbpf_num_possible_cpus();
	e->cpu_stats = xcalloc(e->n_cpus, sizeof *e->cpu_stats);
	e->cpu_hits = xcalloc(e->n_cpus, sizeof *e->cpu_hits);
	e->devices = xcalloc(MAX_DP_PORTS, sizeof *e->devices);
	e->free_slots = xcalloc(WEFT_MAX_FLOWS, sizeof *e->free_slots);
	for (uint32_t i = 0; i < WEFT_MAX_FLOWS; i++)
		e->free_slots[e->n_free_slots++] = WEFT_MAX_FLOWS - 1 - i;
	e->free_encaps = xcalloc(WEFT_MAX_ENCAPS, sizeof *e->free_encaps);
	for (uint32_t i = 0; i < WEFT_MAX_ENCAPS; i++)
		e->free_encaps[e->n_free_encaps++] = WEFT_MAX_ENCAPS - 1 - i;
}

void flows_fini(struct ebpf *e)
{
	struct kernel_flow *f;
	HMAP_FOR_EACH_SAFE(f, &e->flows, node)
		free(f);
	struct encap *n;
	HMAP_FOR_EACH_SAFE(n, &e->encaps, node)
		free(n);
	hmap_fini(&e->flows);
	hmap_fini(&e->encaps);
	free(e->free_slots);
	free(e->free_encaps);
	free(e->cpu_stats);
	free(e->cpu_hits);
	free(e->devices);
}

static uint32_t ufid_hash(const struct flow_ufid *u) { return (uint32_t)u->w[0]; }

static struct kernel_flow *find(const struct ebpf *e, const struct flow_ufid *ufid)
{
	struct kernel_flow *f;
	HMAP_FOR_EACH_WITH_HASH(f, &e->flows, ufid_hash(ufid), node) {
		if (f->ufid.w[0] == ufid->w[0] && f->ufid.w[1] == ufid->w[1])
			return f;
	}
	return NULL;
}

/* Masks. */

static void mask_write(struct ebpf *e, uint32_t i, const struct weft_mask *w)
{
	if (bpf_map_update_elem(e->masks_fd, &i, w, 0) < 0)
		log_err("mask %u: %s", i, err_name(errno));
}

/* Index of the mask, or -1: all are taken. */
static int mask_get(struct ebpf *e, const struct weft_key *key)
{
	for (unsigned i = 0; i < e->n_masks; i++) {
		if (!memcmp(&e->masks[i].w.key, key, sizeof *key))
			return (int)i;
	}
	if (e->n_masks == WEFT_MAX_MASKS)
		return -1;
	struct kernel_mask *m = &e->masks[e->n_masks];
	memset(m, 0, sizeof *m);
	m->w.key = *key;
	m->w.id = ++e->last_mask_id;
	mask_write(e, e->n_masks, &m->w);
	return (int)e->n_masks++;
}

static void mask_put_back(struct ebpf *e, unsigned i)
{
	static const struct weft_mask none;
	if (--e->masks[i].n_flows)
		return;
	/* The last one takes its place first, so that at no time a mask in use is missing. */
	unsigned last = --e->n_masks;
	if (i != last) {
		mask_write(e, i, &e->masks[last].w);
		e->masks[i] = e->masks[last];
		struct kernel_flow *f;
		HMAP_FOR_EACH(f, &e->flows, node) {
			if (f->mask == last)
				f->mask = i;
		}
	}
	mask_write(e, last, &none);
	e->wants_resync = true; /* a flow of another mask may fit now */
}

static int most_hits_first(const void *a_, const void *b_)
{
	const struct kernel_mask *a = a_, *b = b_;
	return a->n_hits == b->n_hits ? 0 : a->n_hits > b->n_hits ? -1 : 1;
}

/* While masks are being written in their new order, one may be missed: such a packet takes the way
 * through user space, and counts there. It is done only where the order is wrong by half or more.
 */
void flows_sort_masks(struct ebpf *e)
{
	int fd = bpf_map__fd(e->skel->maps.weft_mask_hits);
	bool wrong = false;
	for (uint32_t i = 0; i < e->n_masks; i++) {
		uint64_t total = 0;
		if (bpf_map_lookup_elem(fd, &i, e->cpu_hits) == 0) {
			for (unsigned c = 0; c < e->n_cpus; c++)
				total += e->cpu_hits[c];
		}
		memset(e->cpu_hits, 0, e->n_cpus * sizeof *e->cpu_hits);
		bpf_map_update_elem(fd, &i, e->cpu_hits, 0);
		e->masks[i].n_hits = total;
		wrong |= i && total > e->masks[i - 1].n_hits + e->masks[i - 1].n_hits / 2 + 16;
	}
	if (!wrong)
		return;
	struct kernel_mask before[WEFT_MAX_MASKS];
	unsigned now_at[WEFT_MAX_MASKS];
	memcpy(before, e->masks, sizeof before);
	qsort(e->masks, e->n_masks, sizeof *e->masks, most_hits_first);
	for (uint32_t i = 0; i < e->n_masks; i++) {
		mask_write(e, i, &e->masks[i].w);
		for (unsigned k = 0; k < e->n_masks; k++) {
			if (before[k].w.id == e->masks[i].w.id)
				now_at[k] = i;
		}
	}
	struct kernel_flow *f;
	HMAP_FOR_EACH(f, &e->flows, node)
		f->mask = now_at[f->mask];
}

/* Outer headers. */

static struct encap *encap_find_slot(const struct ebpf *e, uint32_t slot)
{
	struct encap *n;
	HMAP_FOR_EACH(n, &e->encaps, node) {
		if (n->slot == slot)
			return n;
	}
	return NULL;
}

static bool encap_get(const struct weft_encap *w, uint32_t *ret_slot, void *arg)
{
	struct ebpf *e = arg;
	uint32_t hash = hash_bytes(w, sizeof *w, 0);
	struct encap *n;
	HMAP_FOR_EACH_WITH_HASH(n, &e->encaps, hash, node) {
		if (!memcmp(&n->w, w, sizeof *w)) {
			n->refs++;
			*ret_slot = n->slot;
			return true;
		}
	}
	if (!e->n_free_encaps)
		return false;
	uint32_t slot = e->free_encaps[e->n_free_encaps - 1];
	if (bpf_map_update_elem(e->encaps_fd, &slot, w, 0) < 0)
		return false;
	e->n_free_encaps--;
	n = xzalloc(sizeof *n);
	n->w = *w;
	n->slot = slot;
	n->refs = 1;
	hmap_insert(&e->encaps, &n->node, hash);
	*ret_slot = slot;
	return true;
}

static void encap_put_back(struct ebpf *e, const struct weft_flow *flow)
{
	if (!(flow->flags & WEFT_F_ENCAP))
		return;
	struct encap *n = encap_find_slot(e, flow->actions[flow->n_actions - 1].u32);
	if (!n || --n->refs)
		return;
	hmap_remove(&e->encaps, &n->node);
	e->free_encaps[e->n_free_encaps++] = n->slot;
	free(n);
}

/* Flows. */

static bool port_device(uint32_t dp_port, uint32_t *ret_ifindex, enum weft_output *ret_kind,
			void *arg)
{
	const struct ebpf *e = arg;
	if (dp_port >= MAX_DP_PORTS || !e->devices[dp_port].ifindex)
		return false;
	*ret_ifindex = e->devices[dp_port].ifindex;
	*ret_kind = e->devices[dp_port].kind;
	return true;
}

static const struct compile_ops compile_ops = { port_device, encap_get };

static void read_stats(struct ebpf *e, uint32_t slot, struct dp_flow_stats *stats)
{
	if (bpf_map_lookup_elem(e->stats_fd, &slot, e->cpu_stats) < 0)
		return;
	for (unsigned i = 0; i < e->n_cpus; i++) {
		const struct weft_stats *s = &e->cpu_stats[i];
		stats->n_packets += s->n_packets;
		stats->n_bytes += s->n_bytes;
		stats->used_ns = MAX(stats->used_ns, (int64_t)s->used_ns);
		stats->tcp_flags |= (uint16_t)s->tcp_flags;
	}
}

bool flows_add_stats(struct ebpf *e, const struct flow_ufid *ufid, struct dp_flow_stats *stats)
{
	struct kernel_flow *f = find(e, ufid);
	if (f)
		read_stats(e, f->value.stats, stats);
	return f != NULL;
}

static void remove_flow(struct ebpf *e, struct kernel_flow *f, struct dp_flow_stats *stats)
{
	bpf_map_delete_elem(e->flows_fd, &f->key);
	if (stats)
		read_stats(e, f->value.stats, stats);
	memset(e->cpu_stats, 0, e->n_cpus * sizeof *e->cpu_stats);
	bpf_map_update_elem(e->stats_fd, &f->value.stats, e->cpu_stats, 0);
	e->free_slots[e->n_free_slots++] = f->value.stats;
	encap_put_back(e, &f->value);
	hmap_remove(&e->flows, &f->node);
	mask_put_back(e, f->mask);
	free(f);
}

/* What it counted in the kernel goes to the flow's record in user space, where it stays. */
static void evict(struct ebpf *e, struct kernel_flow *f)
{
	struct dp_flow_stats stats = { 0 };
	struct megaflow *m = cache_find(&e->user->cache, &f->ufid);
	remove_flow(e, f, &stats);
	if (m && stats.n_packets)
		megaflow_credit(m, stats.n_packets, stats.n_bytes, stats.tcp_flags, stats.used_ns);
}

void flows_del(struct ebpf *e, const struct flow_ufid *ufid, struct dp_flow_stats *stats)
{
	struct kernel_flow *f = find(e, ufid);
	if (f)
		remove_flow(e, f, stats);
}

void flows_put(struct ebpf *e, const struct flow_key *key, const struct flow_key *mask,
	       const void *actions, size_t size)
{
	struct flow_ufid ufid;
	flow_ufid_make(key, mask, &ufid);
	struct kernel_flow *old = find(e, &ufid);
	struct weft_key w_key, w_mask;
	struct weft_flow value;
	bool fits = compile_match(key, mask, &w_key, &w_mask);
	int m = fits ? mask_get(e, &w_mask) : -1;
	if (m >= 0 && !compile_actions(key, mask, actions, size, &compile_ops, e, &value))
		fits = false;
	if (m < 0 || !fits || (!old && !e->n_free_slots)) {
		if (m >= 0 && !e->masks[m].n_flows) {
			e->masks[m].n_flows = 1;
			mask_put_back(e, (unsigned)m);
		}
		if (old)
			evict(e, old);
		return;
	}
	if (old) {
		value.stats = old->value.stats;
		if (bpf_map_update_elem(e->flows_fd, &old->key, &value, BPF_EXIST) < 0) {
			encap_put_back(e, &value);
			evict(e, old);
			return;
		}
		encap_put_back(e, &old->value);
		old->value = value;
		return;
	}
	struct kernel_flow *f = xzalloc(sizeof *f);
	f->ufid = ufid;
	f->key.mask_id = e->masks[m].w.id;
	f->key.key = w_key;
	f->mask = (unsigned)m;
	f->value = value;
	f->value.stats = e->free_slots[--e->n_free_slots];
	e->masks[m].n_flows++;
	hmap_insert(&e->flows, &f->node, ufid_hash(&ufid));
	if (bpf_map_update_elem(e->flows_fd, &f->key, &f->value, BPF_ANY) < 0)
		remove_flow(e, f, NULL);
}

void flows_flush(struct ebpf *e)
{
	struct kernel_flow *f;
	HMAP_FOR_EACH_SAFE(f, &e->flows, node)
		evict(e, f);
}

static bool sends_to(const struct ebpf *e, const struct weft_flow *w, uint32_t ifindex)
{
	for (unsigned i = 0; i < w->n_actions; i++) {
		const struct weft_action *a = &w->actions[i];
		if (a->type == WEFT_A_OUTPUT && a->u32 == ifindex)
			return true;
		if (a->type == WEFT_A_ENCAP) {
			struct encap *n = encap_find_slot(e, a->u32);
			if (n && n->w.ifindex == ifindex)
				return true;
		}
	}
	return false;
}

void flows_forget_device(struct ebpf *e, uint32_t ifindex)
{
	struct kernel_flow *f;
	HMAP_FOR_EACH_SAFE(f, &e->flows, node) {
		if (sends_to(e, &f->value, ifindex))
			evict(e, f);
	}
}

/* Flows that did not fit when they were made, as a port or a mask was missing. */
void flows_resync(struct ebpf *e)
{
	struct megaflow *m;
	HMAP_FOR_EACH(m, &e->user->cache.flows, node) {
		if (find(e, &m->ufid))
			continue;
		struct flow_key key, mask;
		megaflow_key(m, &key, &mask);
		flows_put(e, &key, &mask, m->actions->data, m->actions->size);
	}
	e->wants_resync = false;
}

uint64_t flows_counter(const struct ebpf *e, enum weft_counter which)
{
	uint64_t per_cpu[1024], sum = 0;
	uint32_t i = which;
	if (e->n_cpus > ARRAY_SIZE(per_cpu) ||
	    bpf_map_lookup_elem(bpf_map__fd(e->skel->maps.weft_counters), &i, per_cpu) < 0)
		return 0;
	for (unsigned c = 0; c < e->n_cpus; c++)
		sum += per_cpu[c];
	return sum;
}
