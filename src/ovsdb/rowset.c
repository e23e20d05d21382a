/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/rowset.h"
#include "base/hash.h"
#include "base/mem.h"

struct rowset_entry {
	struct hmap_node node;
	struct datum *values[]; /* one a column of the set */
};

void rowset_init(struct rowset *s, const struct column_set *columns)
{
	hmap_init(&s->entries);
	s->columns = columns;
}

void rowset_fini(struct rowset *s)
{
	struct rowset_entry *e;

	HMAP_FOR_EACH_SAFE(e, &s->entries, node) {
		hmap_remove(&s->entries, &e->node);
		for (size_t i = 0; i < s->columns->n; i++)
			datum_unref(e->values[i]);
		free(e);
	}
	hmap_fini(&s->entries);
}

static bool contains(const struct rowset *s, uint32_t hash, struct datum *const values[])
{
	const struct rowset_entry *e;

	HMAP_FOR_EACH_WITH_HASH(e, &s->entries, hash, node) {
		size_t i = 0;
		while (i < s->columns->n && datum_equal(e->values[i], values[i]))
			i++;
		if (i == s->columns->n)
			return true;
	}
	return false;
}

bool rowset_add(struct rowset *s, struct datum *const fields[])
{
	size_t n = s->columns->n;
	struct rowset_entry *e = xmalloc(sizeof *e + n * sizeof e->values[0]);
	uint32_t hash = hash_secret();

	for (size_t i = 0; i < n; i++) {
		e->values[i] = fields[s->columns->columns[i]->index];
		hash = datum_hash(e->values[i], hash);
	}
	if (contains(s, hash, e->values)) {
		free(e);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		datum_ref(e->values[i]);
	hmap_insert(&s->entries, &e->node, hash);
	return true;
}

bool rowset_equal(const struct rowset *a, const struct rowset *b)
{
	const struct rowset_entry *e;

	if (hmap_count(&a->entries) != hmap_count(&b->entries))
		return false;
	HMAP_FOR_EACH(e, &a->entries, node)
		if (!contains(b, e->node.hash, e->values))
			return false;
	return true;
}
