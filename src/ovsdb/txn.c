/* SPDX-License-Identifier: Apache-2.0 */
/* Changes are made in place, and what was there before is kept beside: a row has one identity, and
 * readers inside the transaction simply read rows. Aborting puts the old pointers back.
 *
 * Preparing has two halves. The checks work on the rows that the transaction touched and on counts
 * kept in its own records, so that they can fail without leaving traces. Then the rows are
 * published: their counts, index entries and weak references are brought up to date. From then on
 * later transactions may build on them, although the disk has not answered yet; should it fail, the
 * transactions are aborted in reverse order, which undoes the publishing too. This is what lets
 * many transactions share one fsync. */
#include "ovsdb/txn.h"
#include "base/mem.h"
#include "ovsdb/txn_row.h"

struct txn *txn_new(struct db *db)
{
	struct txn *txn = xzalloc(sizeof *txn);

	txn->db = db;
	list_init(&txn->rows);
	list_init(&txn->node);
	hmap_init(&txn->deleted);
	return txn;
}

struct txn_row *txn_row_deleted(const struct txn *txn, const struct table *table,
				const struct uuid *uuid)
{
	struct row *row;

	HMAP_FOR_EACH_WITH_HASH(row, &txn->deleted, uuid_hash(uuid), node)
		if (row->txn_row->table == table && uuid_equal(&row->uuid, uuid))
			return row->txn_row;
	return NULL;
}

struct txn_row *txn_row_get(struct txn *txn, struct table *table, struct row *row)
{
	struct txn_row *tr = row->txn_row;

	if (!tr) {
		tr = xzalloc(sizeof *tr);
		tr->row = row;
		tr->table = table;
		tr->was_published = row->is_indexed;
		list_push_back(&txn->rows, &tr->node);
		row->txn_row = tr;
	}
	return tr;
}

struct txn_row *txn_row_modify(struct txn *txn, struct table *table, struct row *row)
{
	struct txn_row *tr = txn_row_get(txn, table, row);

	if (!tr->old && !tr->is_new) {
		size_t n = table->schema->n_columns;
		tr->old = row->fields;
		row->fields = xmalloc(n * sizeof *row->fields);
		for (size_t i = 0; i < n; i++)
			row->fields[i] = datum_ref(tr->old[i]);
	}
	return tr;
}

struct row *txn_insert(struct txn *txn, struct table *table, const struct uuid *uuid)
{
	if (table_row(table, uuid) || txn_row_deleted(txn, table, uuid))
		return NULL;

	struct row *row = row_new(table, uuid);
	txn_row_get(txn, table, row)->is_new = true;
	hmap_insert(&table->rows, &row->node, uuid_hash(uuid));
	return row;
}

void txn_set(struct txn *txn, struct table *table, struct row *row, const struct column_schema *c,
	     struct datum *value)
{
	if (row->fields[c->index] == value) {
		datum_unref(value);
		return;
	}
	txn_row_modify(txn, table, row);
	datum_unref(row->fields[c->index]);
	row->fields[c->index] = value;
}

void txn_delete(struct txn *txn, struct table *table, struct row *row)
{
	struct txn_row *tr = txn_row_modify(txn, table, row);

	ASSERT(!tr->is_deleted);
	tr->is_deleted = true;
	hmap_remove(&table->rows, &row->node);
	hmap_insert(&txn->deleted, &row->node, uuid_hash(&row->uuid));
}

void txn_add_comment(struct txn *txn, const char *comment)
{
	if (txn->comment.len)
		str_putc(&txn->comment, '\n');
	str_puts(&txn->comment, comment);
}

bool txn_row_changed(const struct txn_row *tr)
{
	if (tr->is_new || tr->is_deleted)
		return tr->is_new != tr->is_deleted;
	if (!tr->old)
		return false;
	for (size_t i = N_FIXED_COLUMNS; i < tr->table->schema->n_columns; i++)
		if (txn_row_column_changed(tr, i))
			return true;
	return false;
}

static void set_versions(struct txn *txn)
{
	struct txn_row *tr;

	LIST_FOR_EACH(tr, &txn->rows, node) {
		if (tr->is_deleted || !txn_row_changed(tr))
			continue;
		datum_unref(tr->row->fields[COL_VERSION]);
		tr->row->fields[COL_VERSION] = version_new();
	}
}

/* row_unpublish() goes by the current fields, so the old ones must be put in their place. */
static void swap_fields(struct txn_row *tr)
{
	struct datum **t = tr->old;

	tr->old = tr->row->fields;
	tr->row->fields = t;
}

static void publish(struct txn *txn)
{
	struct txn_row *tr;

	/* All old entries go before new ones come, as two rows may exchange their index values. */
	LIST_FOR_EACH(tr, &txn->rows, node) {
		if (tr->old && tr->row->is_indexed) {
			swap_fields(tr);
			row_unpublish(tr->row, tr->table);
			swap_fields(tr);
		}
		tr->row->n_refs += tr->n_refs_delta;
	}
	LIST_FOR_EACH(tr, &txn->rows, node) {
		if (!tr->is_deleted && !tr->row->is_indexed)
			row_publish(tr->row, tr->table);
		tr->row->txn_row = NULL; /* the next transaction has a record of its own */
	}
	txn->is_prepared = true;
}

int txn_prepare(struct txn *txn, struct dberr *err)
{
	int r = txn_check_refs(txn, err);

	if (!r)
		r = txn_check_weak_refs(txn, err);
	if (!r)
		r = txn_check_max_rows(txn, err);
	if (!r)
		r = txn_check_indexes(txn, err);
	if (r < 0)
		return r;
	set_versions(txn);
	publish(txn);
	return 0;
}

void txn_prepare_unchecked(struct txn *txn)
{
	txn_count_refs(txn);
	set_versions(txn);
	publish(txn);
}

static void fields_free(struct datum **fields, size_t n)
{
	if (!fields)
		return;
	for (size_t i = 0; i < n; i++)
		datum_unref(fields[i]);
	free(fields);
}

static void txn_free(struct txn *txn)
{
	hmap_fini(&txn->deleted);
	str_fini(&txn->comment);
	list_remove(&txn->node);
	free(txn);
}

void txn_finish(struct txn *txn)
{
	struct txn_row *tr;

	ASSERT(txn->is_prepared);
	txn->db->n_txns++;
	LIST_FOR_EACH_SAFE(tr, &txn->rows, node) {
		fields_free(tr->old, tr->table->schema->n_columns);
		if (tr->is_deleted)
			row_free(tr->row, tr->table);
		free(tr);
	}
	txn_free(txn);
}

/* Takes back what publish() did. */
static void unpublish(struct txn *txn)
{
	struct txn_row *tr;

	LIST_FOR_EACH(tr, &txn->rows, node) {
		row_unpublish(tr->row, tr->table);
		tr->row->n_refs -= tr->n_refs_delta;
	}
}

void txn_abort(struct txn *txn)
{
	struct txn_row *tr;

	if (txn->is_prepared)
		unpublish(txn);
	LIST_FOR_EACH(tr, &txn->rows, node) {
		if (tr->old)
			swap_fields(tr); /* 'old' is now what the transaction made */
		if (tr->is_deleted && !tr->is_new)
			hmap_insert(&tr->table->rows, &tr->row->node, uuid_hash(&tr->row->uuid));
		if (tr->is_new && !tr->is_deleted)
			hmap_remove(&tr->table->rows, &tr->row->node);
	}
	while (!list_is_empty(&txn->rows)) {
		tr = LIST_ENTRY(list_pop_front(&txn->rows), struct txn_row, node);
		tr->row->txn_row = NULL;
		if (!tr->row->is_indexed && tr->was_published)
			row_publish(tr->row, tr->table);
		fields_free(tr->old, tr->table->schema->n_columns);
		if (tr->is_new)
			row_free(tr->row, tr->table);
		free(tr);
	}
	txn_free(txn);
}

void txn_for_each_change(const struct txn *txn, txn_change_cb *cb, void *arg)
{
	const struct txn_row *tr;

	LIST_FOR_EACH(tr, &txn->rows, node)
		if (txn_row_changed(tr))
			cb(tr->table, tr->row, tr->is_new ? NULL : tr->old,
			   tr->is_deleted ? NULL : tr->row->fields, arg);
}

bool txn_has_changes(const struct txn *txn)
{
	const struct txn_row *tr;

	LIST_FOR_EACH(tr, &txn->rows, node)
		if (txn_row_changed(tr))
			return true;
	return false;
}

bool txn_has_persistent_changes(const struct txn *txn)
{
	const struct txn_row *tr;

	LIST_FOR_EACH(tr, &txn->rows, node) {
		if (!txn_row_changed(tr))
			continue;
		if (tr->is_new || tr->is_deleted)
			return true;
		const struct table_schema *s = tr->table->schema;
		for (size_t i = N_FIXED_COLUMNS; i < s->n_columns; i++)
			if (s->columns[i]->is_persistent && txn_row_column_changed(tr, i))
				return true;
	}
	return false;
}
