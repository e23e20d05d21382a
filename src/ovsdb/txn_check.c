/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold when a transaction is committed (RFC 7047 sections 3.2 and 4.1.3): strong
 * references have targets, rows that nothing refers to go away, weak references to rows that are
 * gone go away, tables keep their maxRows and indexes.
 *
 * A row's references to itself do not keep it alive, so they are not counted at all. */
#include <errno.h>
#include "base/hash.h"
#include "base/mem.h"
#include "ovsdb/txn_row.h"

static int violation(struct dberr *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int violation(struct dberr *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	return dberr_set(err, "constraint violation", NULL, "%s", text);
}

/* --- strong references --------------------------------------------------------------------------
 *
 * Each row of the transaction gives up the references it had and takes those it has now. A target
 * that comes to be counted joins the transaction, with its count and nothing else. */

struct ref_walk {
	struct txn *txn;
	struct row *src;
	const struct column_schema *column;
	struct table *table;
	int sign;
	bool is_checked;
	struct dberr *err;
	int result;
};

static void count_ref(const struct uuid *dst, const struct base_type *b, void *arg)
{
	struct ref_walk *w = arg;
	struct table *table = db_ref_table(w->txn->db, b);
	char src_name[UUID_LEN + 1], dst_name[UUID_LEN + 1];

	if (w->result < 0 || (table == w->table && uuid_equal(dst, &w->src->uuid)))
		return;
	struct row *row = table_row(table, dst);
	if (row) {
		txn_row_get(w->txn, table, row)->n_refs_delta += w->sign;
	} else if (w->sign > 0 && w->is_checked) {
		w->result = dberr_set(w->err, "referential integrity violation", NULL,
				      "Table %s column %s row %s references nonexistent row %s in "
				      "table %s.",
				      w->table->schema->name, w->column->name,
				      uuid_to_str(&w->src->uuid, src_name),
				      uuid_to_str(dst, dst_name), table->schema->name);
	}
}

/* A deleted target is no longer in its table, but its count tells whether deleting it was right. */
static void uncount_deleted(const struct uuid *dst, const struct base_type *b, void *arg)
{
	struct ref_walk *w = arg;
	struct table *table = db_ref_table(w->txn->db, b);

	if (table == w->table && uuid_equal(dst, &w->src->uuid))
		return;
	struct txn_row *tr = txn_row_deleted(w->txn, table, dst);
	if (tr)
		tr->n_refs_delta--;
}

static void walk_strong(struct ref_walk *w, struct txn_row *tr, struct datum **fields, int sign)
{
	const struct table_schema *s = tr->table->schema;

	w->src = tr->row;
	w->table = tr->table;
	w->sign = sign;
	for (size_t i = N_FIXED_COLUMNS; i < s->n_columns; i++) {
		const struct column_schema *c = s->columns[i];
		if (!c->is_ref || !fields[i]->n)
			continue;
		if (tr->old && !tr->is_deleted && tr->old[i] == tr->row->fields[i])
			continue;
		w->column = c;
		column_for_each_ref(c, fields[i], REF_STRONG, count_ref, w);
		if (sign < 0 && !hmap_is_empty(&w->txn->deleted))
			column_for_each_ref(c, fields[i], REF_STRONG, uncount_deleted, w);
	}
}

/* Rows that join the list while it is walked have no change of their own to count. */
static int count_refs(struct txn *txn, bool is_checked, struct dberr *err)
{
	struct ref_walk w = { .txn = txn, .is_checked = is_checked, .err = err };
	struct txn_row *tr;

	LIST_FOR_EACH(tr, &txn->rows, node)
		if (tr->old && !(tr->is_new))
			walk_strong(&w, tr, tr->old, -1);
	LIST_FOR_EACH(tr, &txn->rows, node)
		if (!tr->is_deleted && (tr->old || tr->is_new))
			walk_strong(&w, tr, tr->row->fields, +1);
	return w.result;
}

void txn_count_refs(struct txn *txn) { (void)count_refs(txn, false, NULL); }

static int64_t n_refs(const struct txn_row *tr)
{
	return (int64_t)tr->row->n_refs + tr->n_refs_delta;
}

static int check_deleted(struct txn *txn, struct dberr *err)
{
	const struct txn_row *tr;
	char name[UUID_LEN + 1];

	LIST_FOR_EACH(tr, &txn->rows, node)
		if (tr->is_deleted && n_refs(tr) > 0)
			return dberr_set(err, "referential integrity violation", NULL,
					 "cannot delete %s row %s because of %lld remaining "
					 "reference(s)",
					 tr->table->schema->name, uuid_to_str(&tr->row->uuid, name),
					 (long long)n_refs(tr));
	return 0;
}

/* Rows of tables that are no roots go when nothing refers to them; and so on with what they
 * referred to. */
static void collect_garbage(struct txn *txn)
{
	struct ref_walk w = { .txn = txn };
	bool again;

	do {
		struct txn_row *tr;
		again = false;
		LIST_FOR_EACH(tr, &txn->rows, node) {
			if (tr->is_deleted || tr->table->schema->is_root || n_refs(tr) > 0)
				continue;
			txn_delete(txn, tr->table, tr->row);
			walk_strong(&w, tr, tr->row->fields, -1);
			again = true;
		}
	} while (again);
}

int txn_check_refs(struct txn *txn, struct dberr *err)
{
	int r = count_refs(txn, true, err);

	if (!r)
		r = check_deleted(txn, err);
	if (!r)
		collect_garbage(txn);
	return r;
}

/* --- weak references
 * ----------------------------------------------------------------------------*/

/* The element without what refers weakly to rows that do not exist. */
static bool is_dangling(const struct db *db, const struct base_type *b, const union atom *a)
{
	return base_type_is_ref(b, REF_WEAK) && !table_row(db_ref_table(db, b), &a->uuid);
}

static int prune_column(struct txn *txn, struct txn_row *tr, const struct column_schema *c,
			struct dberr *err)
{
	const struct datum *d = tr->row->fields[c->index];
	struct datum_build b = DATUM_BUILD(d->key_type, d->value_type);
	size_t n_zero = 0, n_gone = 0;

	for (size_t i = 0; i < d->n; i++) {
		const union atom *k = datum_key(d, i);
		const union atom *v = d->value_type == ATOM_VOID ? NULL : datum_value(d, i);
		if (is_dangling(txn->db, &c->type.key, k)) {
			n_zero += uuid_is_zero(&k->uuid);
			n_gone++;
		} else if (v && is_dangling(txn->db, &c->type.value, v)) {
			n_zero += uuid_is_zero(&v->uuid);
			n_gone++;
		} else {
			union atom k2, v2;
			atom_copy(&k2, k, d->key_type);
			if (v)
				atom_copy(&v2, v, d->value_type);
			datum_build_add(&b, k2, v ? &v2 : NULL);
		}
	}
	if (!n_gone) {
		datum_build_fini(&b);
		return 0;
	}
	if (b.n < c->type.n_min) {
		char name[UUID_LEN + 1];
		const char *origin = tr->is_new ? " (inserted within this transaction)" : "";
		datum_build_fini(&b);
		uuid_to_str(&tr->row->uuid, name);
		if (n_zero)
			return violation(
				err,
				"Weak reference column \"%s\" in \"%s\" row %s%s contained "
				"all-zeros UUID (probably as the default value for this "
				"column) but deleting this value caused a constraint "
				"volation because this column is not allowed to be empty.",
				c->name, tr->table->schema->name, name, origin);
		return violation(err,
				 "Deletion of %zu weak reference(s) to deleted (or never-existing) "
				 "rows from column \"%s\" in \"%s\" row %s%s caused this column to "
				 "become empty, but constraints on this column disallow an empty "
				 "column.",
				 n_gone, c->name, tr->table->schema->name, name, origin);
	}
	txn_set(txn, tr->table, tr->row, c, datum_build_finish(&b));
	return 0;
}

static int prune_row(struct txn *txn, struct txn_row *tr, bool all_columns, struct dberr *err)
{
	const struct table_schema *s = tr->table->schema;

	for (size_t i = N_FIXED_COLUMNS; i < s->n_columns; i++) {
		const struct column_schema *c = s->columns[i];
		if (!c->is_ref || !tr->row->fields[i]->n)
			continue;
		if (!base_type_is_ref(&c->type.key, REF_WEAK) &&
		    !base_type_is_ref(&c->type.value, REF_WEAK))
			continue;
		if (!all_columns && tr->old && tr->old[i] == tr->row->fields[i])
			continue;
		int r = prune_column(txn, tr, c, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The rows that referred to a row which this transaction deletes. */
static int prune_referrers(struct txn *txn, const struct txn_row *gone, struct dberr *err)
{
	struct hmap *refs = &txn->db->weak_refs;
	struct weak_ref *ref;

	HMAP_FOR_EACH_WITH_HASH(ref, refs, uuid_hash(&gone->row->uuid), node) {
		if (!uuid_equal(&ref->dst, &gone->row->uuid))
			continue;
		struct txn_row *src = txn_row_get(txn, ref->src_table, ref->src);
		if (src->is_deleted)
			continue;
		int r = prune_row(txn, src, true, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int txn_check_weak_refs(struct txn *txn, struct dberr *err)
{
	struct txn_row *tr;
	int r = 0;

	LIST_FOR_EACH(tr, &txn->rows, node) {
		if (tr->is_deleted)
			r = tr->is_new ? 0 : prune_referrers(txn, tr, err);
		else if (tr->is_new || tr->old)
			r = prune_row(txn, tr, false, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- limits and indexes
 * -------------------------------------------------------------------------*/

int txn_check_max_rows(struct txn *txn, struct dberr *err)
{
	struct txn_row *tr;

	LIST_FOR_EACH(tr, &txn->rows, node) {
		const struct table_schema *s = tr->table->schema;
		size_t n = hmap_count(&tr->table->rows);
		if (tr->is_new && n > s->max_rows)
			return violation(err,
					 "transaction causes \"%s\" table to contain %zu rows, "
					 "greater than the schema-defined limit of %u row(s)",
					 s->name, n, s->max_rows);
	}
	return 0;
}

/* "1", "1 and x", "1, x, and y" */
static void put_enumeration(struct str *out, size_t i, size_t n)
{
	if (i && n > 2)
		str_putc(out, ',');
	if (i)
		str_puts(out, i + 1 == n ? " and " : " ");
}

static void put_values(struct str *out, struct datum *const fields[],
		       const struct column_set *index)
{
	for (size_t i = 0; i < index->n; i++) {
		const struct column_schema *c = index->columns[i];
		put_enumeration(out, i, index->n);
		datum_put(fields[c->index], &c->type, out);
	}
}

static void put_history(struct str *out, const struct row *row, const struct column_set *index)
{
	const struct txn_row *tr = row->txn_row;

	if (!tr || (!tr->old && !tr->is_new)) {
		str_puts(out, "existed in the database before this transaction and was not "
			      "modified by the transaction.");
	} else if (tr->is_new) {
		str_puts(out, "was inserted by this transaction.");
	} else if (index_equal(tr->old, row->fields, index)) {
		str_puts(out, "existed in the database before this transaction, which modified "
			      "some of the row's columns but not any columns in this index.");
	} else {
		str_puts(out, "had the following index values before the transaction: ");
		put_values(out, tr->old, index);
		str_putc(out, '.');
	}
}

static int duplicate(const struct table *t, const struct column_set *index, const struct row *a,
		     const struct row *b, struct dberr *err)
{
	AUTO_STR s = STR_INIT;
	char name[UUID_LEN + 1];

	str_putf(&s, "Transaction causes multiple rows in \"%s\" table to have identical values (",
		 t->schema->name);
	put_values(&s, a->fields, index);
	str_putf(&s, ") for index on column%s ", index->n > 1 ? "s" : "");
	for (size_t i = 0; i < index->n; i++) {
		put_enumeration(&s, i, index->n);
		str_putf(&s, "\"%s\"", index->columns[i]->name);
	}
	str_putf(&s, ".  First row, with UUID %s, ", uuid_to_str(&a->uuid, name));
	put_history(&s, a, index);
	str_putf(&s, "  Second row, with UUID %s, ", uuid_to_str(&b->uuid, name));
	put_history(&s, b, index);
	return violation(err, "%s", str_cstr(&s));
}

/* The rows of the transaction are gathered by their new values; then each is looked up among the
 * others and among the rows that the transaction left alone. */
struct candidate {
	struct hmap_node node;
	const struct row *row;
};

static int check_index(struct txn *txn, struct table *t, size_t i, struct candidate *room,
		       struct dberr *err)
{
	const struct column_set *index = &t->schema->indexes[i];
	struct txn_row *tr;
	struct hmap seen;
	size_t n = 0;
	int r = 0;

	hmap_init(&seen);
	LIST_FOR_EACH(tr, &txn->rows, node) {
		if (tr->table != t || tr->is_deleted || !(tr->is_new || tr->old))
			continue;
		uint32_t hash = index_hash(tr->row->fields, index);
		struct candidate *c;
		HMAP_FOR_EACH_WITH_HASH(c, &seen, hash, node)
			if (index_equal(c->row->fields, tr->row->fields, index)) {
				r = duplicate(t, index, c->row, tr->row, err);
				goto out;
			}
		struct hmap_node *node = hmap_first_with_hash(&t->indexes[i], hash);
		for (; node; node = hmap_next_with_hash(node)) {
			struct row *row = row_from_index(node, i);
			/* A row of this transaction is entered under what it was before. */
			if (row != tr->row && (!row->txn_row || !row->txn_row->old) &&
			    index_equal(row->fields, tr->row->fields, index)) {
				r = duplicate(t, index, tr->row, row, err);
				goto out;
			}
		}
		c = &room[n++];
		c->row = tr->row;
		hmap_insert(&seen, &c->node, hash);
	}
out:
	hmap_fini(&seen);
	return r;
}

static bool txn_touches(const struct txn *txn, const struct table *t)
{
	const struct txn_row *tr;

	LIST_FOR_EACH(tr, &txn->rows, node)
		if (tr->table == t)
			return true;
	return false;
}

int txn_check_indexes(struct txn *txn, struct dberr *err)
{
	struct candidate *room = NULL;
	int r = 0;

	for (size_t i = 0; !r && i < txn->db->schema->n_tables; i++) {
		struct table *t = txn->db->tables[i];
		if (!t->schema->n_indexes || !txn_touches(txn, t))
			continue;
		if (!room)
			room = xcalloc(list_size(&txn->rows) + 1, sizeof *room);
		for (size_t j = 0; !r && j < t->schema->n_indexes; j++)
			r = check_index(txn, t, j, room, err);
	}
	free(room);
	return r;
}
