/* SPDX-License-Identifier: Apache-2.0 */
/* Groups at rest. A select group by dp_hash gets a table from hash values to buckets when it is
 * made: 2^n entries, filled by weight with Webster's method (each entry goes to the bucket with the
 * largest weight per odd divisor so far), which keeps shares within one entry of what the weights
 * say. */
#include "pipeline/group.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "pipeline/pipeline.h"
#include "pipeline/table.h"

enum { MAX_DP_HASH = 256 };

struct group_table *group_table_new(void)
{
	struct group_table *t = xzalloc(sizeof *t);
	hmap_init(&t->groups);
	return t;
}

struct group *group_ref(struct group *g)
{
	g->refs++;
	return g;
}

void group_unref(struct group *g)
{
	if (!g || --g->refs)
		return;
	group_buckets_free(g->buckets, g->n_buckets);
	group_props_fini(&g->props);
	free(g->hash_map);
	free(g);
}

void group_table_free(struct group_table *t)
{
	if (!t)
		return;
	struct group *g;
	HMAP_FOR_EACH_SAFE(g, &t->groups, node) {
		hmap_remove(&t->groups, &g->node);
		g->removed = true;
		group_unref(g);
	}
	hmap_fini(&t->groups);
	free(t);
}

struct group *group_lookup(const struct pipeline *p, uint32_t id)
{
	struct group *g;
	HMAP_FOR_EACH_WITH_HASH(g, &p->groups->groups, hash_u32(id, 0), node)
		if (g->id == id)
			return g;
	return NULL;
}

bool bucket_is_alive(const struct pipeline *p, const struct group_bucket *b, unsigned depth)
{
	bool any = false;
	if (b->watch_port != OFPORT_NONE) {
		const struct ofport *o = pipeline_port_lookup(p, b->watch_port);
		if (o && o->bond_may_enable && (o->state & OFPPS_LIVE) &&
		    !(o->state & OFPPS_LINK_DOWN) && !(o->config & OFPPC_PORT_DOWN))
			return true;
		any = true;
	}
	if (b->watch_group != OFPG_ANY) {
		const struct group *g = group_lookup(p, b->watch_group);
		if (g && depth < 16)
			for (size_t i = 0; i < g->n_buckets; i++)
				if (bucket_is_alive(p, &g->buckets[i], depth + 1))
					return true;
		any = true;
	}
	return !any;
}

/* ---- select by dp_hash ------------------------------------------------------------------- */

static bool wants_dp_hash(const struct group *g)
{
	return g->type == OFPGT_SELECT &&
	       (!g->props.selection_method[0] || !strcmp(g->props.selection_method, "dp_hash"));
}

static bool make_hash_map(struct group *g)
{
	uint32_t total = 0, min = UINT32_MAX;
	for (size_t i = 0; i < g->n_buckets; i++) {
		if (!g->buckets[i].weight)
			continue;
		total += g->buckets[i].weight;
		min = MIN(min, g->buckets[i].weight);
	}
	if (!total)
		return false;
	/* Enough entries that the lightest bucket gets one. */
	uint64_t n = MAX(16u, (uint64_t)DIV_ROUND_UP(total, min));
	uint32_t size = 1;
	while (size < n)
		size *= 2;
	if (size > MAX_DP_HASH)
		return false;
	uint32_t *divisor = xcalloc(g->n_buckets, sizeof *divisor);
	for (size_t i = 0; i < g->n_buckets; i++)
		divisor[i] = 1;
	g->hash_map = xcalloc(size, sizeof *g->hash_map);
	g->hash_mask = size - 1;
	for (uint32_t e = 0; e < size; e++) {
		size_t best = SIZE_MAX;
		for (size_t i = 0; i < g->n_buckets; i++) {
			if (!g->buckets[i].weight)
				continue;
			if (best == SIZE_MAX ||
			    (uint64_t)g->buckets[i].weight * divisor[best] >
				    (uint64_t)g->buckets[best].weight * divisor[i])
				best = i;
		}
		g->hash_map[e] = (uint16_t)best;
		divisor[best] += 2;
	}
	free(divisor);
	return true;
}

static void setup_selection(struct group *g)
{
	free(g->hash_map);
	g->hash_map = NULL;
	if (!wants_dp_hash(g))
		return;
	/* selection_method_param: algorithm in the upper half, basis in the lower. */
	g->hash_alg = DP_HASH_SYM_L4;
	g->hash_basis = 0;
	if (g->props.selection_method[0]) {
		g->hash_alg = (uint32_t)(g->props.selection_method_param >> 32);
		g->hash_basis = (uint32_t)g->props.selection_method_param;
	}
	(void)make_hash_map(g);
}

/* ---- changes ----------------------------------------------------------------------------- */

static int check(const struct pipeline *p, const struct group_mod *gm)
{
	if (gm->group_id > OF_GROUP_MAX)
		return -OFPERR_OFPGMFC_INVALID_GROUP;
	if (gm->type > OFPGT_FF)
		return -OFPERR_OFPGMFC_BAD_TYPE;
	if (gm->type == OFPGT_INDIRECT && gm->n_buckets != 1)
		return -OFPERR_OFPGMFC_INVALID_GROUP;
	if (gm->n_buckets > UINT16_MAX)
		return -OFPERR_OFPGMFC_OUT_OF_BUCKETS;
	for (size_t i = 0; i < gm->n_buckets; i++) {
		const struct group_bucket *b = &gm->buckets[i];
		if (gm->type != OFPGT_SELECT && b->weight > 1)
			return -OFPERR_OFPGMFC_WEIGHT_UNSUPPORTED;
		if (gm->type == OFPGT_FF && b->watch_port == OFPORT_NONE &&
		    b->watch_group == OFPG_ANY)
			return -OFPERR_OFPGMFC_BAD_WATCH;
		OF_ACTION_FOR_EACH(a, b->actions, b->actions_size)
		if (a->type == OFA_CT && !p->datapath->features.ct)
			return -OFPERR_NXBAC_CT_DATAPATH_SUPPORT;
	}
	return 0;
}

/* Is 'target' reached from the buckets? A group must not lead to itself. */
static bool leads_to(const struct pipeline *p, const struct group_bucket *buckets, size_t n,
		     uint32_t target, unsigned depth)
{
	if (depth > 32)
		return true;
	for (size_t i = 0; i < n; i++) {
		OF_ACTION_FOR_EACH(a, buckets[i].actions, buckets[i].actions_size)
		{
			if (a->type != OFA_GROUP)
				continue;
			uint32_t id = ((const struct ofa_u32 *)a)->value;
			const struct group *g = group_lookup(p, id);
			if (id == target ||
			    (g && leads_to(p, g->buckets, g->n_buckets, target, depth + 1)))
				return true;
		}
	}
	return false;
}

static void insert(struct pipeline *p, struct group *g)
{
	hmap_insert(&p->groups->groups, &g->node, hash_u32(g->id, 0));
}

static void retire(struct pipeline *p, struct group *g)
{
	hmap_remove(&p->groups->groups, &g->node);
	g->removed = true;
	group_unref(g);
}

static struct group *group_from_mod(const struct group_mod *gm)
{
	struct group *g = xzalloc(sizeof *g);
	g->refs = 1;
	g->id = gm->group_id;
	g->type = gm->type;
	g->buckets = group_buckets_copy(gm->buckets, gm->n_buckets);
	g->n_buckets = gm->n_buckets;
	for (size_t i = 0; i < g->n_buckets; i++)
		g->buckets[i].packet_count = g->buckets[i].byte_count = 0;
	group_props_copy(&g->props, &gm->props);
	g->created_ns = clock_mono_ns();
	setup_selection(g);
	return g;
}

static int do_add(struct pipeline *p, const struct group_mod *gm)
{
	if (group_lookup(p, gm->group_id))
		return -OFPERR_OFPGMFC_GROUP_EXISTS;
	insert(p, group_from_mod(gm));
	return 0;
}

static int do_modify(struct pipeline *p, const struct group_mod *gm, bool may_add)
{
	struct group *old = group_lookup(p, gm->group_id);
	if (!old)
		return may_add ? do_add(p, gm) : -OFPERR_OFPGMFC_UNKNOWN_GROUP;
	struct group *g = group_from_mod(gm);
	g->created_ns = old->created_ns;
	retire(p, old);
	insert(p, g);
	return 0;
}

static size_t bucket_find(const struct group *g, uint32_t id)
{
	for (size_t i = 0; i < g->n_buckets; i++)
		if (g->buckets[i].bucket_id == id)
			return i;
	return SIZE_MAX;
}

/* Actions stay the owner's. */
static void buckets_lend(struct group_bucket *dst, const struct group_bucket *src, size_t n)
{
	if (n)
		memcpy(dst, src, n * sizeof *dst);
}

static int do_insert_bucket(struct pipeline *p, const struct group_mod *gm)
{
	struct group *old = group_lookup(p, gm->group_id);
	if (!old)
		return -OFPERR_OFPGMFC_UNKNOWN_GROUP;
	size_t at;
	if (gm->command_bucket_id == OFPG_BUCKET_FIRST) {
		at = 0;
	} else if (gm->command_bucket_id == OFPG_BUCKET_LAST) {
		at = old->n_buckets;
	} else {
		at = bucket_find(old, gm->command_bucket_id);
		if (at == SIZE_MAX)
			return -OFPERR_OFPGMFC_UNKNOWN_BUCKET;
		at++;
	}
	for (size_t i = 0; i < gm->n_buckets; i++)
		if (bucket_find(old, gm->buckets[i].bucket_id) != SIZE_MAX)
			return -OFPERR_OFPGMFC_BUCKET_EXISTS;
	if (old->n_buckets + gm->n_buckets > UINT16_MAX)
		return -OFPERR_OFPGMFC_OUT_OF_BUCKETS;
	size_t n = old->n_buckets + gm->n_buckets;
	struct group_bucket *all = xcalloc(MAX(n, 1u), sizeof *all);
	buckets_lend(all, old->buckets, at);
	buckets_lend(all + at, gm->buckets, gm->n_buckets);
	if (at < old->n_buckets)
		buckets_lend(all + at + gm->n_buckets, old->buckets + at, old->n_buckets - at);
	struct group_mod whole = *gm;
	whole.type = old->type;
	whole.buckets = all; /* contents are lent: copied by group_from_mod() */
	whole.n_buckets = n;
	whole.props = old->props;
	int r = check(p, &whole);
	if (!r) {
		struct group *g = group_from_mod(&whole);
		g->created_ns = old->created_ns;
		retire(p, old);
		insert(p, g);
	}
	free(all);
	return r;
}

static int do_remove_bucket(struct pipeline *p, const struct group_mod *gm)
{
	struct group *old = group_lookup(p, gm->group_id);
	if (!old)
		return -OFPERR_OFPGMFC_UNKNOWN_GROUP;
	size_t n = old->n_buckets, at = 0, n_del = n;
	switch (gm->command_bucket_id) {
	case OFPG_BUCKET_ALL:
		break;
	case OFPG_BUCKET_FIRST:
		n_del = n ? 1 : 0;
		break;
	case OFPG_BUCKET_LAST:
		n_del = n ? 1 : 0;
		at = n - n_del;
		break;
	default:
		at = bucket_find(old, gm->command_bucket_id);
		if (at == SIZE_MAX)
			return -OFPERR_OFPGMFC_UNKNOWN_BUCKET;
		n_del = 1;
	}
	struct group_bucket *rest = xcalloc(MAX(n, 1u), sizeof *rest);
	buckets_lend(rest, old->buckets, at);
	if (at + n_del < n)
		buckets_lend(rest + at, old->buckets + at + n_del, n - at - n_del);
	struct group_mod whole = *gm;
	whole.type = old->type;
	whole.buckets = rest;
	whole.n_buckets = n - n_del;
	whole.props = old->props;
	struct group *g = group_from_mod(&whole);
	g->created_ns = old->created_ns;
	retire(p, old);
	insert(p, g);
	free(rest);
	return 0;
}

static void delete_users(struct pipeline *p, uint32_t id, struct transaction *t)
{
	if (t)
		transaction_delete_users(t, id, 0, OFPRR_GROUP_DELETE);
	else
		table_set_delete_users(p->tables, id, 0, OFPRR_GROUP_DELETE);
}

static int do_delete(struct pipeline *p, uint32_t id, struct transaction *t)
{
	struct group *g;
	if (id == OFPG_ALL) {
		delete_users(p, OFPG_ALL, t);
		HMAP_FOR_EACH_SAFE(g, &p->groups->groups, node)
			retire(p, g);
		return 0;
	}
	g = group_lookup(p, id);
	if (!g)
		return 0; /* OpenFlow 1.3 6.4: no error */
	delete_users(p, id, t);
	retire(p, g);
	return 0;
}

int group_mod_apply(struct pipeline *p, const struct group_mod *gm, const struct of_origin *origin,
		    struct transaction *t)
{
	int r = 0;
	if (gm->command == OFPGC_ADD || gm->command == OFPGC_MODIFY ||
	    gm->command == OFPGC_ADD_OR_MOD) {
		r = check(p, gm);
		if (!r && leads_to(p, gm->buckets, gm->n_buckets, gm->group_id, 0))
			r = -OFPERR_OFPGMFC_LOOP;
	}
	if (r)
		return r;
	datapath_sync_stats(p->datapath); /* buckets of a group that goes away keep their counts */
	switch (gm->command) {
	case OFPGC_ADD:
		r = do_add(p, gm);
		break;
	case OFPGC_MODIFY:
		r = do_modify(p, gm, false);
		break;
	case OFPGC_ADD_OR_MOD:
		r = do_modify(p, gm, true);
		break;
	case OFPGC_DELETE:
		r = do_delete(p, gm->group_id, t);
		break;
	case OFPGC_INSERT_BUCKET:
		r = do_insert_bucket(p, gm);
		break;
	case OFPGC_REMOVE_BUCKET:
		r = do_remove_bucket(p, gm);
		break;
	default:
		r = -OFPERR_OFPGMFC_BAD_COMMAND;
	}
	if (!r) {
		datapath_touch(p->datapath);
		if (p->listener && p->listener->group_changed)
			p->listener->group_changed(p->listener_arg, gm, origin);
	}
	return r;
}

/* ---- bundles ----------------------------------------------------------------------------- */

struct group_undo {
	struct pipeline *p;
	struct group **groups;
	size_t n;
};

struct group_undo *group_undo_begin(struct pipeline *p)
{
	struct group_undo *u = xzalloc(sizeof *u);
	struct group *g;
	u->p = p;
	u->groups = xcalloc(hmap_count(&p->groups->groups) + 1, sizeof *u->groups);
	HMAP_FOR_EACH(g, &p->groups->groups, node)
		u->groups[u->n++] = group_ref(g);
	return u;
}

void group_undo_discard(struct group_undo *u)
{
	while (u->n)
		group_unref(u->groups[--u->n]);
	free(u->groups);
	free(u);
}

void group_undo_rollback(struct group_undo *u)
{
	struct group *g;
	HMAP_FOR_EACH_SAFE(g, &u->p->groups->groups, node)
		retire(u->p, g);
	for (size_t i = 0; i < u->n; i++) {
		u->groups[i]->removed = false;
		insert(u->p, group_ref(u->groups[i]));
	}
	datapath_touch(u->p->datapath);
	group_undo_discard(u);
}
