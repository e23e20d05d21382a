/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/record.h"
#include <errno.h>
#include "base/clock.h"
#include "base/mem.h"
#include "ovsdb/parser.h"
#include "ovsdb/txn_row.h"
#include "wire/json.h"

static bool use_diffs = true;

void record_use_diffs(bool on) { use_diffs = on; }

static void put_uuid(const struct uuid *u, struct str *out)
{
	char text[UUID_LEN + 1];

	str_putc(out, '"');
	str_put(out, uuid_to_str(u, text), UUID_LEN);
	str_puts(out, "\":");
}

static void put_column(const char *name, const struct datum *d, bool *is_first, struct str *out)
{
	if (!*is_first)
		str_putc(out, ',');
	*is_first = false;
	str_putc(out, '"');
	str_puts(out, name); /* an <id>: nothing in it needs an escape */
	str_puts(out, "\":");
	datum_put_json(d, out);
}

static void put_new_row(const struct table_schema *t, struct datum *const fields[], struct str *out)
{
	bool is_first = true;

	str_putc(out, '{');
	for (size_t i = N_FIXED_COLUMNS; i < t->n_columns; i++) {
		const struct column_schema *c = t->columns[i];
		if (c->is_persistent && fields[i] != c->initial &&
		    !datum_is_default(fields[i], &c->type))
			put_column(c->name, fields[i], &is_first, out);
	}
	str_putc(out, '}');
}

static bool has_persistent_change(const struct txn_row *tr)
{
	if (!txn_row_changed(tr))
		return false;
	if (tr->is_new || tr->is_deleted)
		return true;
	for (size_t i = N_FIXED_COLUMNS; i < tr->table->schema->n_columns; i++)
		if (tr->table->schema->columns[i]->is_persistent && txn_row_column_changed(tr, i))
			return true;
	return false;
}

/* A server that reads a difference as a value of the column refuses one with more elements than the
 * column may have. */
static bool has_large_diff(const struct txn *txn)
{
	const struct txn_row *tr;

	LIST_FOR_EACH(tr, &txn->rows, node) {
		const struct table_schema *t = tr->table->schema;
		if (!tr->old || tr->is_deleted || tr->is_new)
			continue;
		for (size_t i = N_FIXED_COLUMNS; i < t->n_columns; i++) {
			const struct column_type *type = &t->columns[i]->type;
			if (type->n_max == 1 || type->n_max == N_UNLIMITED ||
			    !txn_row_column_changed(tr, i))
				continue;
			AUTO_DATUM *diff = datum_diff(tr->old[i], tr->row->fields[i]);
			if (diff->n > type->n_max)
				return true;
		}
	}
	return false;
}

static void put_changed_row(const struct txn_row *tr, bool as_diff, struct str *out)
{
	const struct table_schema *t = tr->table->schema;
	bool is_first = true;

	str_putc(out, '{');
	for (size_t i = N_FIXED_COLUMNS; i < t->n_columns; i++) {
		const struct column_schema *c = t->columns[i];
		if (!c->is_persistent || !txn_row_column_changed(tr, i))
			continue;
		if (as_diff && column_type_is_composite(&c->type)) {
			AUTO_DATUM *diff = datum_diff(tr->old[i], tr->row->fields[i]);
			put_column(c->name, diff, &is_first, out);
		} else {
			put_column(c->name, tr->row->fields[i], &is_first, out);
		}
	}
	str_putc(out, '}');
}

static void put_table(const struct txn *txn, const struct table *t, bool as_diff, struct str *out)
{
	const struct txn_row *tr;
	size_t n = 0;

	LIST_FOR_EACH(tr, &txn->rows, node) {
		if (tr->table != t || !has_persistent_change(tr))
			continue;
		if (n++)
			str_putc(out, ',');
		else
			str_putf(out, "\"%s\":{", t->schema->name);
		put_uuid(&tr->row->uuid, out);
		if (tr->is_deleted)
			str_puts(out, "null");
		else if (tr->is_new)
			put_new_row(t->schema, tr->row->fields, out);
		else
			put_changed_row(tr, as_diff, out);
	}
	if (n)
		str_puts(out, "},");
}

static void put_trailer(const char *comment, bool is_diff, struct str *out)
{
	str_putf(out, "\"_date\":%lld", (long long)clock_wall_ms());
	if (comment && *comment) {
		str_puts(out, ",\"_comment\":");
		json_put_string(comment, out);
	}
	if (is_diff)
		str_puts(out, ",\"_is_diff\":true");
	str_putc(out, '}');
}

void record_put(const struct txn *txn, struct str *out)
{
	bool as_diff = use_diffs && !has_large_diff(txn);

	str_putc(out, '{');
	for (size_t i = 0; i < txn->db->schema->n_tables; i++)
		put_table(txn, txn->db->tables[i], as_diff, out);
	put_trailer(str_cstr(&txn->comment), as_diff, out);
}

void record_put_snapshot(const struct db *db, const char *comment, bool is_online, struct str *out)
{
	str_putc(out, '{');
	for (size_t i = 0; i < db->schema->n_tables; i++) {
		const struct table *t = db->tables[i];
		struct row *row;
		size_t n = 0;
		if (hmap_is_empty(&t->rows))
			continue;
		str_putf(out, "\"%s\":{", t->schema->name);
		TABLE_FOR_EACH_ROW(row, t)
		{
			if (n++)
				str_putc(out, ',');
			put_uuid(&row->uuid, out);
			put_new_row(t->schema, row->fields, out);
		}
		str_puts(out, "},");
	}
	put_trailer(comment, is_online && use_diffs, out);
}

void record_put_comment(const char *comment, struct str *out)
{
	str_putc(out, '{');
	put_trailer(comment, false, out);
}

/* --- replay
 * -------------------------------------------------------------------------------------*/

struct replay {
	struct txn *txn;
	bool is_lenient;
	bool is_diff;
};

static int replay_row(const struct replay *r, struct table *t, const char *id, const json_t *json,
		      struct dberr *err)
{
	struct uuid uuid;
	const char *name;
	json_t *value;

	if (!uuid_from_str(id, &uuid))
		return dberr_syntax(err, NULL, "\"%s\" is not a valid UUID", id);
	struct row *row = table_row(t, &uuid);
	if (json_is_null(json)) {
		if (!row)
			return dberr_syntax(err, NULL,
					    "transaction deletes row %s that does not exist", id);
		txn_delete(r->txn, t, row);
		return 0;
	}
	if (!json_is_object(json))
		return dberr_syntax(err, json, "row must be JSON object");
	bool is_new = !row;
	if (is_new)
		row = txn_insert(r->txn, t, &uuid);
	if (!row)
		return dberr_syntax(err, NULL, "transaction inserts row %s again", id);

	json_object_foreach((json_t *)json, name, value) {
		const struct column_schema *c = table_column(t->schema, name);
		struct datum *d;
		if (!c && r->is_lenient)
			continue;
		if (!c)
			return dberr_set(err, "unknown column", json, "No column %s in table %s.",
					 name, t->schema->name);
		if (!is_new && r->is_diff && column_type_is_composite(&c->type)) {
			AUTO_DATUM *diff = NULL;
			if (datum_from_json_unconstrained(&c->type, value, &diff, err) < 0)
				return -EINVAL;
			d = datum_apply_diff(row->fields[c->index], diff);
		} else if (datum_from_json(&c->type, value, NULL, &d, err) < 0) {
			return -EINVAL;
		}
		txn_set(r->txn, t, row, c, d);
	}
	return 0;
}

static int replay_table(const struct replay *r, const char *name, const json_t *json,
			struct dberr *err)
{
	const char *id;
	json_t *row;

	if (*name == '_')
		return 0;
	struct table *t = db_table(r->txn->db, name);
	if (!t && r->is_lenient)
		return 0;
	if (!t)
		return dberr_set(err, "unknown table", json, "No table named %s.", name);
	if (!json_is_object(json))
		return dberr_syntax(err, json, "object expected");
	json_object_foreach((json_t *)json, id, row)
		if (replay_row(r, t, id, row, err) < 0)
			return -EINVAL;
	return 0;
}

int record_replay(struct db *db, const json_t *json, bool is_lenient, bool is_checked,
		  struct dberr *err)
{
	struct replay r = {
		.txn = txn_new(db),
		.is_lenient = is_lenient,
		.is_diff = json_is_true(json_object_get(json, "_is_diff")),
	};
	const char *name;
	json_t *table;
	int result = 0;

	if (!json_is_object(json))
		result = dberr_syntax(err, json, "object expected");
	else
		json_object_foreach((json_t *)json, name, table) {
			result = replay_table(&r, name, table, err);
			if (result < 0)
				break;
		}
	if (!result && is_checked)
		result = txn_prepare(r.txn, err);
	else if (!result)
		txn_prepare_unchecked(r.txn);
	if (result < 0)
		txn_abort(r.txn);
	else
		txn_finish(r.txn);
	return result;
}
