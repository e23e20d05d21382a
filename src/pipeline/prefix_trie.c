/* SPDX-License-Identifier: Apache-2.0 */
/* A binary trie with compressed paths (PATRICIA, Morrison 1968). Every node holds the bits between
 * its parent and itself; a node without rules has two children, so there are fewer than twice as
 * many nodes as prefixes, and a lookup touches as many nodes as there are distinct decisions.
 *
 * n_bits of a lookup is what makes flows in the cache wide: a packet to 10.1.2.3 where the only
 * prefixes are 192.168/16 and 11/8 is told apart by its first bits, and a cached flow needs to
 * match no more than those. */
#include "pipeline/prefix_trie.h"
#include <string.h>
#include "base/mem.h"

struct prefix_node {
	struct prefix_node *edge[2];
	unsigned n_rules;
	uint8_t start, len; /* bits [start, start+len) of 'bits' belong to this node */
	uint8_t bits[16];   /* the whole prefix from the root, left-aligned */
};

static unsigned bit_at(const uint8_t *p, unsigned i) { return p[i / 8] >> (7 - i % 8) & 1; }

/* Number of equal bits of a and b in [from, to). */
static unsigned equal_bits(const uint8_t *a, const uint8_t *b, unsigned from, unsigned to)
{
	unsigned i = from;
	while (i < to) {
		unsigned ofs = i % 8;
		uint8_t diff = (uint8_t)((a[i / 8] ^ b[i / 8]) << ofs);
		if (diff) {
			unsigned n = (unsigned)__builtin_clz(diff) - 24;
			return MIN(i + n, to) - from;
		}
		i += 8 - ofs;
	}
	return to - from;
}

static struct prefix_node *node_new(const uint8_t *value, unsigned start, unsigned end)
{
	struct prefix_node *n = xzalloc(sizeof *n);
	memcpy(n->bits, value, DIV_ROUND_UP(end, 8));
	n->start = (uint8_t)start;
	n->len = (uint8_t)(end - start);
	return n;
}

static void node_free(struct prefix_node *n)
{
	if (!n)
		return;
	node_free(n->edge[0]); /* at most 128 deep */
	node_free(n->edge[1]);
	free(n);
}

void prefix_trie_fini(struct prefix_trie *t)
{
	node_free(t->root);
	t->root = NULL;
}

void prefix_trie_add(struct prefix_trie *t, const void *value_, unsigned plen)
{
	const uint8_t *value = value_;
	struct prefix_node **link = &t->root;
	unsigned ofs = 0;
	struct prefix_node *n;
	while ((n = *link)) {
		unsigned end = n->start + n->len;
		unsigned same = equal_bits(value, n->bits, ofs, MIN(plen, end));
		if (ofs + same < end) { /* split: a new parent takes the common bits */
			struct prefix_node *parent = node_new(n->bits, n->start, ofs + same);
			n->len = (uint8_t)(end - (ofs + same));
			n->start = (uint8_t)(ofs + same);
			parent->edge[bit_at(n->bits, n->start)] = n;
			*link = parent;
			n = parent;
		}
		ofs += same;
		if (ofs == plen) {
			n->n_rules++;
			return;
		}
		link = &n->edge[bit_at(value, ofs)];
	}
	*link = node_new(value, ofs, plen);
	(*link)->n_rules = 1;
}

/* Removes a node that decides nothing any more. */
static void prune(struct prefix_node **link)
{
	struct prefix_node *n = *link;
	if (n->n_rules || (n->edge[0] && n->edge[1]))
		return;
	struct prefix_node *child = n->edge[0] ? n->edge[0] : n->edge[1];
	if (child) {
		child->len = (uint8_t)(child->len + n->len);
		child->start = n->start;
	}
	*link = child;
	free(n);
}

void prefix_trie_del(struct prefix_trie *t, const void *value_, unsigned plen)
{
	const uint8_t *value = value_;
	struct prefix_node **path[130];
	unsigned depth = 0, ofs = 0;
	for (struct prefix_node **link = &t->root;;) {
		struct prefix_node *n = *link;
		ASSERT(n && equal_bits(value, n->bits, ofs, n->start + n->len) == n->len);
		path[depth++] = link;
		ofs += n->len;
		if (ofs == plen)
			break;
		link = &n->edge[bit_at(value, ofs)];
	}
	struct prefix_node *n = *path[depth - 1];
	ASSERT(n->n_rules > 0);
	n->n_rules--;
	while (depth--)
		prune(path[depth]);
}

void prefix_trie_lookup(const struct prefix_trie *t, const void *value_, unsigned n_value_bits,
			struct prefix_match *ret)
{
	const uint8_t *value = value_;
	unsigned ofs = 0;
	*ret = (struct prefix_match){ 0 };
	const struct prefix_node *n = t->root;
	const struct prefix_node *prev = NULL;
	while (n) {
		unsigned same = equal_bits(value, n->bits, ofs, n->start + n->len);
		ofs += same;
		if (same < n->len) { /* the bit at 'ofs' told them apart */
			ret->n_bits = ofs + 1;
			return;
		}
		if (n->n_rules && ofs)
			ret->lengths[(ofs - 1) / 64] |= 1ULL << ((ofs - 1) % 64);
		if (ofs >= n_value_bits) {
			ret->n_bits = n_value_bits;
			return;
		}
		prev = n;
		n = n->edge[bit_at(value, ofs)];
	}
	/* Where the other edge exists, taking this one was a decision too. */
	ret->n_bits = prev && (prev->edge[0] || prev->edge[1]) ? ofs + 1 : ofs;
}
