/* SPDX-License-Identifier: Apache-2.0 */
/* The megaflow cache against a list that is searched from end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/random.h"
#include "fastpath/user/cache.h"

enum { N_FLOWS = 600, N_MASKS = 40 };

static struct flow_key masks[N_MASKS];

static void random_key(struct flow_key *k)
{
	memset(k, 0, sizeof *k);
	k->dp_port = random_below(4) + 1;
	k->dl_dst.b[5] = (uint8_t)random_below(8);
	k->nw_src = random_below(8);
	k->nw_dst = random_below(8);
	k->nw_proto = (uint8_t)random_below(3);
	k->tp_dst = (be16)random_below(16);
}

static void random_mask(struct flow_key *m)
{
	memset(m, 0, sizeof *m);
	m->dp_port = UINT32_MAX; /* so that flows of different ports never meet */
	if (random_below(2))
		m->dl_dst.b[5] = 0xff;
	if (random_below(2))
		m->nw_src = random_below(2) ? UINT32_MAX : 6;
	if (random_below(2))
		m->nw_dst = UINT32_MAX;
	if (random_below(2))
		m->tp_dst = 0xffff;
}

struct ref {
	struct flow_key key, mask;
	struct flow_ufid ufid;
	struct megaflow *flow;
};
static struct ref refs[N_FLOWS];
static size_t n_refs;

static struct megaflow *ref_lookup(const struct flow_key *k, bool *ret_several)
{
	struct megaflow *f = NULL;
	*ret_several = false;
	for (size_t i = 0; i < n_refs; i++) {
		if (!key_equal_masked(k, &refs[i].key, &refs[i].mask))
			continue;
		*ret_several |= f != NULL;
		f = refs[i].flow;
	}
	return f;
}

static void finds_what_a_list_finds(void **state)
{
	struct cache c;
	static struct front front;
	cache_init(&c);
	for (unsigned i = 0; i < N_MASKS; i++)
		random_mask(&masks[i]);
	for (unsigned round = 0; round < 20000; round++) {
		struct flow_key k;
		random_key(&k);
		bool several;
		struct megaflow *want = ref_lookup(&k, &several);
		uint64_t n_tried = 0;
		struct megaflow *got = cache_lookup(&c, &k, &n_tried);
		assert_int_equal(!want, !got);
		if (got && !several)
			assert_ptr_equal(want, got);
		uint32_t hash = front_hash(&k);
		struct megaflow *hint = front_lookup(&front, cache_generation(&c), hash, &k);
		if (hint)
			assert_true(megaflow_matches(hint, &k) && got);
		if (got)
			front_insert(&front, cache_generation(&c), hash, got);
		if (!got && n_refs < N_FLOWS) {
			struct ref *r = &refs[n_refs];
			r->key = k;
			r->mask = masks[random_below(N_MASKS)];
			flow_ufid_make(&r->key, &r->mask, &r->ufid);
			if (cache_find(&c, &r->ufid))
				continue;
			uint64_t action[2] = { round, 0 };
			r->flow = cache_put(&c, &r->key, &r->mask, action, sizeof action, NULL);
			n_refs++;
		} else if (n_refs && !random_below(4)) {
			size_t i = random_below((uint32_t)n_refs);
			cache_delete(&c, refs[i].flow);
			assert_null(cache_find(&c, &refs[i].ufid));
			refs[i] = refs[--n_refs];
		}
		if (!random_below(500))
			cache_sort_masks(&c);
	}
	assert_int_equal(cache_n_flows(&c), n_refs);
	n_refs = 0;
	cache_fini(&c);
}

static void bounds_its_masks(void **state)
{
	struct cache c;
	cache_init(&c);
	for (uint32_t i = 1; i <= 1000; i++) {
		struct flow_key k, m;
		random_key(&k);
		k.dl_type = BE16_C(0x0800);
		k.nw_src = i;
		memset(&m, 0, sizeof m);
		m.nw_src = i << 12 | 0xfff; /* always another one */
		struct megaflow *f = cache_put(&c, &k, &m, NULL, 0, NULL);
		uint64_t n_tried = 0;
		assert_non_null(f);
		assert_non_null(cache_lookup(&c, &k, &n_tried));
	}
	assert_in_range(cache_n_masks(&c), CACHE_MAX_MASKS, CACHE_MAX_MASKS + 4);
	cache_fini(&c);
}

static void replaces_actions(void **state)
{
	struct cache c;
	struct flow_key k, m;
	cache_init(&c);
	random_key(&k);
	random_mask(&m);
	uint64_t one = 1, two = 2;
	struct megaflow *f = cache_put(&c, &k, &m, &one, sizeof one, NULL);
	assert_ptr_equal(cache_put(&c, &k, &m, &two, sizeof two, &c), f);
	assert_int_equal(f->actions->data[0], 2);
	assert_ptr_equal(f->user, &c);
	assert_int_equal(cache_n_flows(&c), 1);
	cache_fini(&c);
}

int main(void)
{
	rcu_register_thread();
	random_seed(7);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_list_finds),
		cmocka_unit_test(bounds_its_masks),
		cmocka_unit_test(replaces_actions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
