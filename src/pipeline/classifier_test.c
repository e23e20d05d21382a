/* SPDX-License-Identifier: Apache-2.0 */
/* The classifier against a model that tries every rule: random tables, random packets, random
 * updates; and every answer must hold for all packets that agree in the bits said to have decided.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/random.h"
#include "pipeline/classifier.h"

struct model_rule {
	struct classifier_rule rule;
	struct flow_key key, mask;
	struct conjunction conj[2];
};

static const struct classifier_field prefix_fields[] = {
	{ KEY_OFS(nw_dst), 32, BE16_C(0x0800) },
	{ KEY_OFS(nw_src), 32, 0 },
	{ KEY_OFS(ipv6_dst), 128, 0 },
};

/* Few values, so that rules and packets meet. */
static void random_key(struct flow_key *k)
{
	memset(k, 0, sizeof *k);
	k->in_port = 1 + random_below(3);
	k->metadata = cpu_to_be64(random_below(2));
	k->regs[0] = random_below(3);
	k->dl_src.b[5] = (uint8_t)random_below(3);
	k->dl_dst.b[5] = (uint8_t)random_below(3);
	k->dl_type = random_below(4) ? BE16_C(0x0800) : BE16_C(0x0806);
	k->nw_src = cpu_to_be32(0x0a000000 | random_below(4) << 16 | random_below(4) << 8 |
				random_below(4));
	k->nw_dst = cpu_to_be32(0x0a000000 | random_below(4) << 16 | random_below(4) << 8 |
				random_below(4));
	k->nw_proto = random_below(2) ? 6 : 17;
	k->tp_src = cpu_to_be16((uint16_t)random_below(4));
	k->tp_dst = cpu_to_be16((uint16_t)(random_below(4) | random_below(2) << 15));
	k->tun_opts[3] = (uint8_t)random_below(2);
}

static be32 random_prefix(void)
{
	static const unsigned lengths[] = { 8, 16, 24, 30, 32 };
	return cpu_to_be32(~0u << (32 - lengths[random_below(5)]));
}

static void random_match(struct flow_key *k, struct flow_key *m)
{
	random_key(k);
	memset(m, 0, sizeof *m);
	if (!random_below(3))
		m->in_port = UINT32_MAX;
	if (!random_below(8))
		m->metadata = UINT64_MAX;
	if (!random_below(8))
		m->regs[0] = random_below(2) ? UINT32_MAX : 1;
	if (!random_below(6))
		memset(&m->dl_src, 0xff, 6);
	if (!random_below(6))
		memset(&m->dl_dst, 0xff, 6);
	if (random_below(4)) {
		m->dl_type = 0xffff;
		if (!random_below(2))
			m->nw_src = random_prefix();
		if (!random_below(2))
			m->nw_dst = random_prefix();
		if (!random_below(20))
			m->nw_dst = cpu_to_be32(0x00ff00ff);
		if (!random_below(2)) {
			m->nw_proto = 0xff;
			if (!random_below(2))
				m->tp_src = 0xffff;
			if (!random_below(2))
				m->tp_dst = random_below(3) ? 0xffff : cpu_to_be16(0x8003);
		}
	}
	if (!random_below(10))
		m->tun_opts[3] = 0xff;
	for (size_t w = 0; w < KEY_WORDS; w++)
		key_words_rw(k)[w] &= key_words(m)[w];
}

static bool model_matches(const struct model_rule *r, const struct flow_key *k)
{
	for (size_t w = 0; w < KEY_WORDS; w++)
		if ((key_words(&r->key)[w] ^ key_words(k)[w]) & key_words(&r->mask)[w])
			return false;
	return true;
}

static int model_priority(struct model_rule **rules, size_t n, const struct flow_key *k,
			  uint64_t version)
{
	int best = -1;
	for (size_t i = 0; i < n; i++)
		if (!rules[i]->rule.n_conjunctions &&
		    classifier_rule_is_visible(&rules[i]->rule, version) &&
		    model_matches(rules[i], k) && rules[i]->rule.priority > best)
			best = rules[i]->rule.priority;
	return best;
}

static void scramble_outside(struct flow_key *k, const struct flow_key *wc)
{
	struct flow_key other;
	random_key(&other);
	for (size_t w = 0; w < KEY_WORDS; w++)
		key_words_rw(k)[w] = (key_words(k)[w] & key_words(wc)[w]) |
				     (key_words(&other)[w] & ~key_words(wc)[w]);
}

static void check_lookups(struct classifier *c, struct model_rule **rules, size_t n)
{
	for (int i = 0; i < 60; i++) {
		struct flow_key k, wc;
		random_key(&k);
		memset(&wc, 0, sizeof wc);
		struct classifier_rule *r = classifier_lookup(c, 1, &k, &wc, NULL);
		assert_int_equal(r ? r->priority : -1, model_priority(rules, n, &k, 1));
		assert_ptr_equal(classifier_lookup(c, 1, &k, NULL, NULL), r);
		for (int j = 0; j < 5; j++) {
			struct flow_key k2 = k;
			scramble_outside(&k2, &wc);
			assert_ptr_equal(classifier_lookup(c, 1, &k2, NULL, NULL), r);
		}
	}
}

static void model_and_classifier_agree(void **state)
{
	(void)state;
	for (int round = 0; round < 40; round++) {
		random_seed(1000 + round);
		struct classifier c;
		classifier_init(&c);
		if (round % 2)
			classifier_set_prefix_fields(&c, prefix_fields, 3);
		struct model_rule *rules[120];
		size_t n = 0;
		for (int step = 0; step < 300; step++) {
			if (n < ARRAY_SIZE(rules) && random_below(3)) {
				struct model_rule *r = xzalloc(sizeof *r);
				random_match(&r->key, &r->mask);
				int priority = (int)random_below(round % 3 ? 8 : 1000);
				if (classifier_find(&c, &r->key, &r->mask, priority, 1)) {
					free(r);
					continue;
				}
				bool overlap = false;
				for (size_t i = 0; i < n && !overlap; i++) {
					bool differ = false;
					for (size_t w = 0; w < KEY_WORDS; w++)
						differ |= (key_words(&r->key)[w] ^
							   key_words(&rules[i]->key)[w]) &
							  key_words(&r->mask)[w] &
							  key_words(&rules[i]->mask)[w];
					overlap = !differ && rules[i]->rule.priority == priority;
				}
				assert_int_equal(
					classifier_overlaps(&c, &r->key, &r->mask, priority, 1),
					overlap);
				classifier_insert(&c, &r->rule, &r->key, &r->mask, priority, 1);
				rules[n++] = r;
				struct flow_key k, m;
				classifier_rule_get_match(&r->rule, &k, &m);
				assert_memory_equal(&k, &r->key, sizeof k);
				assert_memory_equal(&m, &r->mask, sizeof m);
			} else if (n) {
				size_t i = random_below((uint32_t)n);
				classifier_remove(&c, &rules[i]->rule);
				free(rules[i]);
				rules[i] = rules[--n];
			}
			if (step % 30 == 0)
				check_lookups(&c, rules, n);
			if (step == 150)
				classifier_set_prefix_fields(&c, prefix_fields,
							     (unsigned)round % 4);
		}
		check_lookups(&c, rules, n);
		while (n) {
			classifier_remove(&c, &rules[--n]->rule);
			free(rules[n]);
		}
		assert_int_equal(c.n_masks, 0);
		classifier_fini(&c);
	}
}

static void count_cb(struct classifier_rule *r, void *n_)
{
	(void)r;
	++*(size_t *)n_;
}

static void rules_within_a_match(void **state)
{
	(void)state;
	random_seed(7);
	struct classifier c;
	classifier_init(&c);
	struct model_rule *rules[200];
	size_t n = 0;
	while (n < ARRAY_SIZE(rules)) {
		struct model_rule *r = rules[n++] = xzalloc(sizeof *r);
		random_match(&r->key, &r->mask);
		classifier_insert(&c, &r->rule, &r->key, &r->mask, (int)n, 1);
	}
	for (int i = 0; i < 200; i++) {
		struct flow_key k, m;
		random_match(&k, &m);
		size_t found = 0, expected = 0;
		classifier_for_each_within(&c, &k, &m, count_cb, &found);
		for (size_t j = 0; j < n; j++) {
			bool within = true;
			for (size_t w = 0; w < KEY_WORDS; w++)
				if ((key_words(&m)[w] & ~key_words(&rules[j]->mask)[w]) ||
				    ((key_words(&k)[w] ^ key_words(&rules[j]->key)[w]) &
				     key_words(&m)[w]))
					within = false;
			expected += within;
			assert_int_equal(classifier_rule_is_within(&rules[j]->rule, &k, &m),
					 within);
		}
		assert_int_equal(found, expected);
	}
	while (n) {
		classifier_remove(&c, &rules[--n]->rule);
		free(rules[n]);
	}
	classifier_fini(&c);
}

static void versions_hide_and_show(void **state)
{
	(void)state;
	struct classifier c;
	classifier_init(&c);
	struct model_rule a = { 0 }, b = { 0 };
	a.mask.in_port = b.mask.in_port = UINT32_MAX;
	a.key.in_port = b.key.in_port = 1;
	classifier_insert(&c, &a.rule, &a.key, &a.mask, 5, 1);
	a.rule.remove_version = 2;
	classifier_insert(&c, &b.rule, &b.key, &b.mask, 5, 2);
	struct flow_key k = { .in_port = 1 };
	assert_ptr_equal(classifier_lookup(&c, 1, &k, NULL, NULL), &a.rule);
	assert_ptr_equal(classifier_lookup(&c, 2, &k, NULL, NULL), &b.rule);
	classifier_remove(&c, &a.rule);
	assert_null(classifier_lookup(&c, 1, &k, NULL, NULL));
	assert_ptr_equal(classifier_lookup(&c, 2, &k, NULL, NULL), &b.rule);
	classifier_remove(&c, &b.rule);
	classifier_fini(&c);
}

/* ovs-fields(7), "Conjunctive Match Fields": any of these sources and any of these ports. */
static void conjunctions_need_every_clause(void **state)
{
	(void)state;
	struct classifier c;
	classifier_init(&c);
	struct model_rule r[6] = { 0 };
	unsigned n = 0;
	for (uint32_t i = 0; i < 2; i++, n++) {
		r[n].mask.nw_src = UINT32_MAX;
		r[n].key.nw_src = cpu_to_be32(10 + i);
		r[n].conj[0] = (struct conjunction){ 7, 0, 2 };
		r[n].rule.conjunctions = r[n].conj;
		r[n].rule.n_conjunctions = 1;
		classifier_insert(&c, &r[n].rule, &r[n].key, &r[n].mask, 100, 1);
	}
	for (uint32_t i = 0; i < 2; i++, n++) {
		r[n].mask.tp_dst = UINT16_MAX;
		r[n].key.tp_dst = cpu_to_be16((uint16_t)(80 + i));
		r[n].conj[0] = (struct conjunction){ 7, 1, 2 };
		r[n].rule.conjunctions = r[n].conj;
		r[n].rule.n_conjunctions = 1;
		classifier_insert(&c, &r[n].rule, &r[n].key, &r[n].mask, 100, 1);
	}
	r[n].mask.conj_id = UINT32_MAX;
	r[n].key.conj_id = 7;
	classifier_insert(&c, &r[n].rule, &r[n].key, &r[n].mask, 50, 1);
	struct classifier_rule *acting = &r[n++].rule;
	classifier_insert(&c, &r[n].rule, &r[n].key, &r[n].mask, 1, 1);
	struct classifier_rule *other = &r[n++].rule;

	uint32_t id = 0;
	struct flow_key k = { .nw_src = cpu_to_be32(11), .tp_dst = cpu_to_be16(80) }, wc = { 0 };
	assert_ptr_equal(classifier_lookup(&c, 1, &k, &wc, &id), acting);
	assert_int_equal(id, 7);
	assert_int_equal(wc.conj_id, 0);
	assert_int_equal(wc.nw_src, UINT32_MAX);
	assert_int_equal(wc.tp_dst, UINT16_MAX);
	k.tp_dst = cpu_to_be16(22);
	assert_ptr_equal(classifier_lookup(&c, 1, &k, NULL, NULL), other);
	k.tp_dst = cpu_to_be16(81);
	k.nw_src = cpu_to_be32(12);
	assert_ptr_equal(classifier_lookup(&c, 1, &k, NULL, NULL), other);
	while (n)
		classifier_remove(&c, &r[--n].rule);
	classifier_fini(&c);
}

static void tries_keep_addresses_wide(void **state)
{
	(void)state;
	struct classifier c;
	classifier_init(&c);
	classifier_set_prefix_fields(&c, prefix_fields, 2);
	struct model_rule r[3] = { 0 };
	r[0].mask.nw_dst = cpu_to_be32(0xffffffff);
	r[0].key.nw_dst = cpu_to_be32(0x0a010203); /* 10.1.2.3 */
	r[1].mask.nw_dst = cpu_to_be32(0xffff0000);
	r[1].key.nw_dst = cpu_to_be32(0x0a020000); /* 10.2/16 */
	for (int i = 0; i < 3; i++)
		classifier_insert(&c, &r[i].rule, &r[i].key, &r[i].mask, 10 - i, 1);
	struct flow_key k = { .nw_dst = cpu_to_be32(0xc0a80001), .dl_type = BE16_C(0x0800) },
			wc = { 0 };
	assert_ptr_equal(classifier_lookup(&c, 1, &k, &wc, NULL), &r[2].rule);
	assert_int_equal(be32_to_cpu(wc.nw_dst), 0x80000000); /* 0... against 192: one bit */
	k.nw_dst = cpu_to_be32(0x0a020304);
	memset(&wc, 0, sizeof wc);
	assert_ptr_equal(classifier_lookup(&c, 1, &k, &wc, NULL), &r[1].rule);
	assert_int_equal(be32_to_cpu(wc.nw_dst), 0xffff0000);
	for (int i = 0; i < 3; i++)
		classifier_remove(&c, &r[i].rule);
	classifier_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model_and_classifier_agree),
		cmocka_unit_test(rules_within_a_match),
		cmocka_unit_test(versions_hide_and_show),
		cmocka_unit_test(conjunctions_need_every_clause),
		cmocka_unit_test(tries_keep_addresses_wide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
