/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/db.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"

struct db *db_new(struct schema *schema)
{
	struct db *db = xzalloc(sizeof *db);

	db->name = xstrdup(schema->name);
	db->schema = schema_ref(schema);
	hmap_init(&db->weak_refs);
	db->tables = xcalloc(schema->n_tables + 1, sizeof *db->tables);
	for (size_t i = 0; i < schema->n_tables; i++) {
		struct table *t = xzalloc(sizeof *t);
		t->schema = schema->tables[i];
		t->db = db;
		hmap_init(&t->rows);
		t->indexes = xcalloc(t->schema->n_indexes + 1, sizeof *t->indexes);
		for (size_t j = 0; j < t->schema->n_indexes; j++)
			hmap_init(&t->indexes[j]);
		db->tables[i] = t;
	}
	return db;
}

static void table_free(struct table *t)
{
	struct row *row;

	HMAP_FOR_EACH_SAFE(row, &t->rows, node) {
		hmap_remove(&t->rows, &row->node);
		row_free(row, t);
	}
	for (size_t i = 0; i < t->schema->n_indexes; i++)
		hmap_fini(&t->indexes[i]);
	free(t->indexes);
	hmap_fini(&t->rows);
	free(t);
}

void db_free(struct db *db)
{
	struct weak_ref *ref;

	if (!db)
		return;
	for (size_t i = 0; i < db->schema->n_tables; i++)
		table_free(db->tables[i]);
	HMAP_FOR_EACH_SAFE(ref, &db->weak_refs, node) {
		hmap_remove(&db->weak_refs, &ref->node);
		free(ref);
	}
	hmap_fini(&db->weak_refs);
	free(db->tables);
	schema_unref(db->schema);
	free(db->name);
	free(db);
}

struct table *db_table(const struct db *db, const char *name)
{
	const struct table_schema *t = schema_table(db->schema, name);

	return t ? db->tables[t->index] : NULL;
}

struct table *db_ref_table(const struct db *db, const struct base_type *b)
{
	return db->tables[b->ref.table->index];
}

struct row *table_row(const struct table *t, const struct uuid *uuid)
{
	struct row *row;

	HMAP_FOR_EACH_WITH_HASH(row, &t->rows, uuid_hash(uuid), node)
		if (uuid_equal(&row->uuid, uuid))
			return row;
	return NULL;
}

size_t db_n_rows(const struct db *db)
{
	size_t n = 0;

	for (size_t i = 0; i < db->schema->n_tables; i++)
		n += hmap_count(&db->tables[i]->rows);
	return n;
}

struct row *row_new(struct table *t, const struct uuid *uuid)
{
	const struct table_schema *s = t->schema;
	struct row *row = xzalloc(sizeof *row + s->n_indexes * sizeof row->index_nodes[0]);

	row->uuid = *uuid;
	row->fields = xmalloc(s->n_columns * sizeof *row->fields);
	row->fields[COL_UUID] = datum_from_uuid(uuid);
	for (size_t i = COL_VERSION; i < s->n_columns; i++)
		row->fields[i] = datum_ref(s->columns[i]->initial);
	return row;
}

struct datum *version_new(void)
{
	struct uuid u;
	uint64_t half[2] = { random_u64(), random_u64() };

	memcpy(&u, half, sizeof u);
	u.b[6] = (u.b[6] & 0x0f) | 0x40;
	u.b[8] = (u.b[8] & 0x3f) | 0x80;
	return datum_from_uuid(&u);
}

void row_free(struct row *row, const struct table *t)
{
	if (row->fields)
		for (size_t i = 0; i < t->schema->n_columns; i++)
			datum_unref(row->fields[i]);
	free(row->fields);
	free(row);
}

uint32_t index_hash(struct datum *const fields[], const struct column_set *index)
{
	uint32_t hash = hash_secret();

	for (size_t i = 0; i < index->n; i++)
		hash = datum_hash(fields[index->columns[i]->index], hash);
	return hash;
}

bool index_equal(struct datum *const a[], struct datum *const b[], const struct column_set *index)
{
	for (size_t i = 0; i < index->n; i++) {
		unsigned c = index->columns[i]->index;
		if (!datum_equal(a[c], b[c]))
			return false;
	}
	return true;
}

void column_for_each_ref(const struct column_schema *c, const struct datum *d, enum ref_type type,
			 void (*cb)(const struct uuid *, const struct base_type *, void *arg),
			 void *arg)
{
	if (base_type_is_ref(&c->type.key, type))
		for (size_t i = 0; i < d->n; i++)
			cb(&datum_key(d, i)->uuid, &c->type.key, arg);
	if (base_type_is_ref(&c->type.value, type))
		for (size_t i = 0; i < d->n; i++)
			cb(&datum_value(d, i)->uuid, &c->type.value, arg);
}

struct weak_walk {
	struct row *src;
	struct table *table;
};

static void add_weak(const struct uuid *dst, const struct base_type *b, void *arg)
{
	struct weak_walk *w = arg;
	struct weak_ref *ref = xmalloc(sizeof *ref);

	ref->dst = *dst;
	ref->src = w->src;
	ref->src_table = w->table;
	hmap_insert(&w->table->db->weak_refs, &ref->node, uuid_hash(dst));
}

static void del_weak(const struct uuid *dst, const struct base_type *b, void *arg)
{
	struct weak_walk *w = arg;
	struct hmap *refs = &w->table->db->weak_refs;
	struct weak_ref *ref;

	HMAP_FOR_EACH_WITH_HASH(ref, refs, uuid_hash(dst), node)
		if (ref->src == w->src && uuid_equal(&ref->dst, dst)) {
			hmap_remove(refs, &ref->node);
			free(ref);
			return;
		}
	ASSERT(!"weak reference that nobody knows");
}

static void walk_weak(struct row *row, struct table *t,
		      void (*cb)(const struct uuid *, const struct base_type *, void *arg))
{
	struct weak_walk w = { row, t };

	for (size_t i = N_FIXED_COLUMNS; i < t->schema->n_columns; i++) {
		const struct column_schema *c = t->schema->columns[i];
		if (c->is_ref && row->fields[i]->n)
			column_for_each_ref(c, row->fields[i], REF_WEAK, cb, &w);
	}
}

void row_publish(struct row *row, struct table *t)
{
	ASSERT(!row->is_indexed);
	for (size_t i = 0; i < t->schema->n_indexes; i++)
		hmap_insert(&t->indexes[i], &row->index_nodes[i],
			    index_hash(row->fields, &t->schema->indexes[i]));
	walk_weak(row, t, add_weak);
	row->is_indexed = true;
}

void row_unpublish(struct row *row, struct table *t)
{
	if (!row->is_indexed)
		return;
	for (size_t i = 0; i < t->schema->n_indexes; i++)
		hmap_remove(&t->indexes[i], &row->index_nodes[i]);
	walk_weak(row, t, del_weak);
	row->is_indexed = false;
}
