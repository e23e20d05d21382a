/* SPDX-License-Identifier: Apache-2.0 */
#include "ofp/match.h"

#include <string.h>

#include "base/hash.h"

void match_init(struct match *m) { memset(m, 0, sizeof *m); }
void match_copy(struct match *dst, const struct match *src) { *dst = *src; }

bool match_equal(const struct match *a, const struct match *b)
{
	return key_equal(&a->key, &b->key) && key_equal(&a->mask, &b->mask);
}

uint32_t match_hash(const struct match *m, uint32_t seed)
{
	return key_hash(&m->mask, key_hash(&m->key, seed));
}

bool match_is_all(const struct match *m)
{
	const uint64_t *w = key_words(&m->mask);
	for (size_t i = 0; i < KEY_WORDS; i++) {
		if (w[i])
			return false;
	}
	return true;
}

bool match_is_subset(const struct match *a, const struct match *b)
{
	const uint64_t *am = key_words(&a->mask), *bm = key_words(&b->mask);
	const uint64_t *ak = key_words(&a->key), *bk = key_words(&b->key);
	for (size_t i = 0; i < KEY_WORDS; i++) {
		if ((bm[i] & ~am[i]) || ((ak[i] ^ bk[i]) & bm[i]))
			return false;
	}
	return true;
}

void match_set(struct match *m, const struct field *f, const union field_value *value,
	       const union field_value *mask)
{
	union field_value ones;
	if (!mask) {
		field_value_ones(f, &ones);
		mask = &ones;
	}
	field_match_set(f, value, mask, &m->key, &m->mask);
}

void match_unset(struct match *m, const struct field *f) { field_match_clear(f, &m->key, &m->mask); }

void match_set_in_port(struct match *m, uint32_t port)
{
	m->key.in_port = port;
	m->mask.in_port = UINT32_MAX;
}

void match_set_dl_type(struct match *m, uint16_t dl_type)
{
	m->key.dl_type = cpu_to_be16(dl_type);
	m->mask.dl_type = UINT16_MAX;
}

void match_set_reg(struct match *m, unsigned i, uint32_t value, uint32_t mask)
{
	m->key.regs[i] = value & mask;
	m->mask.regs[i] = mask;
}

void match_set_metadata(struct match *m, uint64_t value, uint64_t mask)
{
	m->key.metadata = cpu_to_be64(value & mask);
	m->mask.metadata = cpu_to_be64(mask);
}

void match_normalize(struct match *m)
{
	key_mask_normalize(&m->key, &m->mask);
	key_mask(&m->key, &m->mask);
}
