/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hmap.h"

#include "base/mem.h"

void hmap_init(struct hmap *m)
{
	m->one = NULL;
	m->buckets = &m->one;
	m->mask = 0;
	m->n = 0;
}

void hmap_fini(struct hmap *m)
{
	if (m && m->buckets != &m->one)
		free(m->buckets);
}

void hmap_clear(struct hmap *m)
{
	for (size_t i = 0; i <= m->mask; i++)
		m->buckets[i] = NULL;
	m->n = 0;
}

static void resize(struct hmap *m, size_t mask)
{
	struct hmap_node **buckets = xcalloc(mask + 1, sizeof *buckets);
	for (size_t i = 0; i <= m->mask; i++) {
		struct hmap_node *node = m->buckets[i];
		while (node) {
			struct hmap_node *next = node->next;
			node->next = buckets[node->hash & mask];
			buckets[node->hash & mask] = node;
			node = next;
		}
	}
	hmap_fini(m);
	m->buckets = buckets;
	m->mask = mask;
}

void hmap_reserve(struct hmap *m, size_t n)
{
	size_t mask = m->mask;
	while (mask + 1 < n)
		mask = mask * 2 + 1;
	if (mask != m->mask)
		resize(m, mask);
}

void hmap_insert(struct hmap *m, struct hmap_node *node, uint32_t hash)
{
	if (m->n > m->mask)
		resize(m, m->mask * 2 + 1);
	node->hash = hash;
	node->next = m->buckets[hash & m->mask];
	m->buckets[hash & m->mask] = node;
	m->n++;
}

void hmap_remove(struct hmap *m, struct hmap_node *node)
{
	struct hmap_node **p = &m->buckets[node->hash & m->mask];
	while (*p != node) {
		ASSERT(*p);
		p = &(*p)->next;
	}
	*p = node->next;
	m->n--;
}

void hmap_swap(struct hmap *a, struct hmap *b)
{
	struct hmap tmp = *a;
	*a = *b;
	*b = tmp;
	if (a->buckets == &b->one)
		a->buckets = &a->one;
	if (b->buckets == &a->one)
		b->buckets = &b->one;
}

static struct hmap_node *first_from(const struct hmap *m, size_t i)
{
	for (; i <= m->mask; i++) {
		if (m->buckets[i])
			return m->buckets[i];
	}
	return NULL;
}

struct hmap_node *hmap_first(const struct hmap *m) { return first_from(m, 0); }

struct hmap_node *hmap_next(const struct hmap *m, const struct hmap_node *node)
{
	return node->next ? node->next : first_from(m, (node->hash & m->mask) + 1);
}
