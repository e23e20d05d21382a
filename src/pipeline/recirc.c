/* SPDX-License-Identifier: Apache-2.0 */
/* Ids count up and are not reused for 10 seconds after their last user went: a packet with the id
 * may still be between the fast path and us, and must find its state or nothing, never another's.
 */
#include "pipeline/recirc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "pipeline/pipeline.h"

#define LINGER_NS (10 * NS_PER_SEC)
enum { MAX_RECIRCS = 1 << 20 };

struct recirc_table *recirc_table_new(void)
{
	struct recirc_table *t = xzalloc(sizeof *t);
	hmap_init(&t->by_id);
	hmap_init(&t->by_state);
	list_init(&t->unused);
	t->next_id = 1;
	return t;
}

static uint32_t state_hash(const struct frozen_state *s)
{
	uint32_t h = hash_bytes(&s->bridge, sizeof s->bridge, s->table_id);
	h = hash_bytes(s->regs, sizeof s->regs, h);
	h = hash_bytes(&s->metadata, sizeof s->metadata, h);
	h = hash_bytes(s->stack, s->stack_size, h);
	h = hash_bytes(s->actions, s->actions_size, h);
	h = hash_bytes(s->action_set, s->action_set_size, h);
	h = hash_bytes(s->userdata, s->userdata_size, h);
	h = hash_bytes(&s->tunnel, sizeof s->tunnel, h);
	return hash_u64((uint64_t)s->in_port << 32 | s->mirrors,
			h ^ s->rule_cookie ^ s->rule_cookie >> 32);
}

static bool blob_equal(const void *a, size_t a_size, const void *b, size_t b_size)
{
	return a_size == b_size && (!a_size || !memcmp(a, b, a_size));
}

static bool state_equal(const struct frozen_state *a, const struct frozen_state *b)
{
	return uuid_equal(&a->bridge, &b->bridge) && a->table_id == b->table_id &&
	       a->conntracked == b->conntracked && a->was_mpls == b->was_mpls &&
	       a->mirrors == b->mirrors && a->in_port == b->in_port &&
	       !memcmp(&a->tunnel, &b->tunnel, sizeof a->tunnel) && a->metadata == b->metadata &&
	       !memcmp(a->regs, b->regs, sizeof a->regs) && a->rule_cookie == b->rule_cookie &&
	       a->actset_output == b->actset_output &&
	       blob_equal(a->stack, a->stack_size, b->stack, b->stack_size) &&
	       blob_equal(a->actions, a->actions_size, b->actions, b->actions_size) &&
	       blob_equal(a->action_set, a->action_set_size, b->action_set, b->action_set_size) &&
	       blob_equal(a->userdata, a->userdata_size, b->userdata, b->userdata_size);
}

static void *dup_blob(const void *p, size_t size) { return size ? xmemdup(p, size) : NULL; }

static void recirc_free(struct recirc_table *t, struct recirc *r)
{
	hmap_remove(&t->by_id, &r->by_id);
	hmap_remove(&t->by_state, &r->by_state);
	list_remove(&r->unused_node);
	free(r->state.stack);
	free(r->state.actions);
	free(r->state.action_set);
	free(r->state.userdata);
	free(r);
}

void recirc_table_free(struct recirc_table *t)
{
	struct recirc *r;
	HMAP_FOR_EACH_SAFE(r, &t->by_id, by_id)
		recirc_free(t, r);
	hmap_fini(&t->by_id);
	hmap_fini(&t->by_state);
	free(t);
}

struct recirc *recirc_lookup(const struct recirc_table *t, uint32_t id)
{
	struct recirc *r;
	HMAP_FOR_EACH_WITH_HASH(r, &t->by_id, hash_u32(id, 0), by_id)
		if (r->id == id)
			return r;
	return NULL;
}

struct recirc *recirc_ref(struct recirc *r)
{
	if (!r->refs++)
		list_remove(&r->unused_node);
	return r;
}

struct recirc *recirc_get(struct recirc_table *t, const struct frozen_state *s)
{
	struct recirc *r;
	uint32_t hash = state_hash(s);
	HMAP_FOR_EACH_WITH_HASH(r, &t->by_state, hash, by_state)
		if (state_equal(&r->state, s))
			return recirc_ref(r);
	if (hmap_count(&t->by_id) >= MAX_RECIRCS)
		return NULL;
	while (!t->next_id || recirc_lookup(t, t->next_id))
		t->next_id++;
	r = xzalloc(sizeof *r);
	r->id = t->next_id++;
	r->refs = 1;
	list_init(&r->unused_node);
	r->state = *s;
	r->state.stack = dup_blob(s->stack, s->stack_size);
	r->state.actions = dup_blob(s->actions, s->actions_size);
	r->state.action_set = dup_blob(s->action_set, s->action_set_size);
	r->state.userdata = dup_blob(s->userdata, s->userdata_size);
	hmap_insert(&t->by_id, &r->by_id, hash_u32(r->id, 0));
	hmap_insert(&t->by_state, &r->by_state, hash);
	return r;
}

void recirc_unref(struct recirc_table *t, struct recirc *r)
{
	if (!r || --r->refs)
		return;
	r->unused_since_ns = clock_mono_ns();
	list_push_back(&t->unused, &r->unused_node);
}

void recirc_table_expire(struct recirc_table *t)
{
	int64_t oldest = clock_mono_ns() - LINGER_NS;
	struct recirc *r;
	LIST_FOR_EACH_SAFE(r, &t->unused, unused_node) {
		if (r->unused_since_ns > oldest)
			break;
		recirc_free(t, r);
	}
}

/* The bridge goes away: packets on their way find no state, and are dropped. States that flows
 * still refer to go when those flows do. */
void recirc_table_forget(struct recirc_table *t, const struct pipeline *p)
{
	struct recirc *r;
	LIST_FOR_EACH_SAFE(r, &t->unused, unused_node)
		if (uuid_equal(&r->state.bridge, &p->uuid))
			recirc_free(t, r);
}
