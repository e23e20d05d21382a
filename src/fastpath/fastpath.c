/* SPDX-License-Identifier: Apache-2.0 */
/* What all fast paths share: their table, and the names of flows. */
#include "fastpath/fastpath.h"

#include <string.h>

#include "base/hash.h"

enum { MAX_TYPES = 8 };
static const struct fastpath_ops *types[MAX_TYPES];
static unsigned n_types;

void fastpath_ops_register(const struct fastpath_ops *ops)
{
	for (unsigned i = 0; i < n_types; i++) {
		if (!strcmp(types[i]->type, ops->type)) {
			types[i] = ops; /* the eBPF path takes the place of the user one */
			return;
		}
	}
	ASSERT(n_types < MAX_TYPES);
	types[n_types++] = ops;
}

const struct fastpath_ops *fastpath_ops_lookup(const char *type)
{
	for (unsigned i = 0; i < n_types; i++) {
		if (!strcmp(types[i]->type, type))
			return types[i];
	}
	return NULL;
}

static const char *simulated[MAX_TYPES];
static unsigned n_simulated;

void fastpath_set_simulated(const char *type)
{
	if (fastpath_is_simulated(type))
		return;
	ASSERT(n_simulated < MAX_TYPES);
	simulated[n_simulated++] = type;
}

bool fastpath_is_simulated(const char *type)
{
	unsigned i = 0;
	while (i < n_simulated && strcmp(simulated[i], type))
		i++;
	return i < n_simulated;
}

const char *fastpath_port_type(const char *fastpath_type, const char *type)
{
	if (!strcmp(type, "internal")) {
		if (fastpath_is_simulated(fastpath_type))
			return "dummy-internal";
		if (!strcmp(fastpath_type, "netdev"))
			return "tap";
	}
	return type[0] ? type : "system";
}

/* Two independent 64-bit sums over the words that are matched: what is wildcarded does not count,
 * and the place of every word does. Seeded, so that a stranger cannot make two flows meet. */
static uint64_t mix(uint64_t h, uint64_t x)
{
	h ^= x;
	h *= 0x9fb21c651e98df25ULL;
	h ^= h >> 35;
	return h * 0xd6e8feb86659fd93ULL;
}

void flow_ufid_make(const struct flow_key *key, const struct flow_key *mask, struct flow_ufid *ret)
{
	const uint64_t *k = key_words(key), *m = key_words(mask);
	uint64_t secret = hash_secret();
	uint64_t a = secret * 0x9e3779b97f4a7c15ULL, b = ~a;
	for (size_t i = 0; i < KEY_WORDS; i++) {
		if (!m[i])
			continue;
		a = mix(a, (k[i] & m[i]) + i);
		a = mix(a, m[i]);
		b = mix(b, m[i] ^ (uint64_t)i << 56);
		b = mix(b, k[i] & m[i]);
	}
	ret->w[0] = a ^ a >> 32;
	ret->w[1] = b ^ b >> 32;
}
