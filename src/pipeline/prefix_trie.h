/* SPDX-License-Identifier: Apache-2.0 */
/* prefix_trie: the prefixes that rules match in one field (an address, or the pair of ports), to
 * answer two questions about a packet's value: which prefix lengths have a rule that it matches,
 * and how many of its leading bits decided that. Values are big-endian bytes, at most 128 bits.
 * Zero-initialise; no threads. */
#pragma once
#include "base/compiler.h"

struct prefix_node;
struct prefix_trie {
	struct prefix_node *root;
};

struct prefix_match {
	unsigned n_bits;     /* leading bits that were looked at */
	uint64_t lengths[2]; /* bit i: some rule has a matching prefix of i+1 bits */
};

void prefix_trie_fini(struct prefix_trie *);
/* 'plen' > 0. Counts: each add is undone by one del. */
void prefix_trie_add(struct prefix_trie *, const void *value, unsigned plen);
void prefix_trie_del(struct prefix_trie *, const void *value, unsigned plen);
void prefix_trie_lookup(const struct prefix_trie *, const void *value, unsigned n_value_bits,
			struct prefix_match *ret);
static inline bool prefix_match_has(const struct prefix_match *m, unsigned plen)
{
	return m->lengths[(plen - 1) / 64] >> ((plen - 1) % 64) & 1;
}
