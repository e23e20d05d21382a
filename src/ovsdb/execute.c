/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/execute.h"
#include <errno.h>
#include "base/mem.h"
#include "ovsdb/condition.h"
#include "ovsdb/mutation.h"
#include "ovsdb/parser.h"
#include "ovsdb/rbac.h"
#include "ovsdb/rowset.h"

struct exec {
	struct db *db;
	struct txn *txn;
	const struct exec_client *client;
	struct symbol_table symbols;
	int64_t elapsed_ms;
	int64_t wait_ms;
	struct parser parser; /* of the operation at hand */
};

/* An operation takes its members from x->parser and calls op_begin() when it has them all. */
typedef int op_fn(struct exec *, const json_t *op, json_t *result, struct dberr *);

static int op_begin(struct exec *x, struct dberr *err) { return parser_finish(&x->parser, err); }

static struct table *op_table(struct exec *x)
{
	const json_t *name = parser_member(&x->parser, "table", PARSE_STRING);

	if (!name)
		return NULL;
	struct table *t = db_table(x->db, json_string_value(name));
	if (!t)
		parser_fail(&x->parser, "No table named %s.", json_string_value(name));
	return t;
}

/* --- which rows
 * ---------------------------------------------------------------------------------*/

struct rows {
	struct row **rows;
	size_t n, n_allocated;
};

static void rows_add(struct rows *rows, struct row *row)
{
	rows->rows = xgrow(rows->rows, &rows->n_allocated, rows->n + 1, sizeof *rows->rows);
	rows->rows[rows->n++] = row;
}

static void rows_fini(struct rows *rows) { free(rows->rows); }

#define AUTO_ROWS CLEANUP(rows_fini) struct rows

/* The values that the condition asks of an index's columns with "==", by column index; NULL unless
 * it asks for all of them. Caller frees the array. */
static struct datum **index_values(const struct table *t, const struct column_set *index,
				   const struct condition *c)
{
	struct datum **values = xcalloc(t->schema->n_columns, sizeof *values);
	size_t n_found = 0;

	for (size_t i = 0; i < index->n; i++)
		for (size_t j = 0; j < c->n; j++)
			if (c->clauses[j].column == index->columns[i] &&
			    c->clauses[j].function == COND_EQ) {
				values[index->columns[i]->index] = c->clauses[j].arg;
				n_found++;
				break;
			}
	if (n_found == index->n)
		return values;
	free(values);
	return NULL;
}

/* Rows by an index, if the condition allows. The index knows rows as they were before this
 * transaction, so those it changed are looked at one by one. */
static bool find_by_index(const struct exec *x, const struct table *t, const struct condition *c,
			  struct rows *ret)
{
	for (size_t i = 0; i < t->schema->n_indexes; i++) {
		const struct column_set *index = &t->schema->indexes[i];
		AUTO_FREE struct datum **values = c->n ? index_values(t, index, c) : NULL;
		if (!values)
			continue;
		struct hmap_node *node =
			hmap_first_with_hash(&t->indexes[i], index_hash(values, index));
		for (; node; node = hmap_next_with_hash(node)) {
			struct row *row = row_from_index(node, i);
			if (!row->txn_row && condition_matches_all(c, row->fields))
				rows_add(ret, row);
		}
		const struct txn_row *tr;
		LIST_FOR_EACH(tr, &x->txn->rows, node)
			if (tr->table == t && !tr->is_deleted &&
			    condition_matches_all(c, tr->row->fields))
				rows_add(ret, tr->row);
		return true;
	}
	return false;
}

/* All rows that match; an array, as the caller may delete them. */
static void find_rows(const struct exec *x, const struct table *t, const struct condition *c,
		      struct rows *ret)
{
	const struct uuid *uuid = condition_uuid(c);
	struct row *row;

	if (uuid) {
		row = table_row(t, uuid);
		if (row && condition_matches_all(c, row->fields))
			rows_add(ret, row);
		return;
	}
	if (find_by_index(x, t, c, ret))
		return;
	TABLE_FOR_EACH_ROW(row, t)
	if (condition_matches_all(c, row->fields))
		rows_add(ret, row);
}

static int parse_and_find(struct exec *x, const struct table *t, const json_t *where,
			  struct rows *ret, struct dberr *err)
{
	struct condition c;

	if (condition_from_json(t->schema, where, &x->symbols, &c, err) < 0)
		return -EINVAL;
	find_rows(x, t, &c, ret);
	condition_fini(&c);
	return 0;
}

/* --- <row>
 * --------------------------------------------------------------------------------------*/

/* Values by column index; NULL where the row does not say. */
struct row_values {
	struct datum **values;
	size_t n;
};

static void row_values_fini(struct row_values *v)
{
	for (size_t i = 0; v->values && i < v->n; i++)
		datum_unref(v->values[i]);
	free(v->values);
}

#define AUTO_ROW_VALUES CLEANUP(row_values_fini) struct row_values

static int parse_row(struct exec *x, const struct table_schema *t, const json_t *json,
		     struct row_values *ret, struct dberr *err)
{
	const char *name;
	json_t *value;

	ret->values = xcalloc(t->n_columns, sizeof *ret->values);
	ret->n = t->n_columns;
	if (!json_is_object(json))
		return dberr_syntax(err, json, "row must be JSON object");
	json_object_foreach((json_t *)json, name, value) {
		const struct column_schema *c = table_column(t, name);
		if (!c)
			return dberr_set(err, "unknown column", json, "No column %s in table %s.",
					 name, t->name);
		if (datum_from_json(&c->type, value, &x->symbols, &ret->values[c->index], err) < 0)
			return -EINVAL;
	}
	return 0;
}

/* --- operations
 * ---------------------------------------------------------------------------------*/

static int insert_uuid(struct exec *x, const json_t *name, const json_t *fixed, struct uuid *ret,
		       struct dberr *err)
{
	if (fixed && !uuid_from_str(json_string_value(fixed), ret))
		return dberr_syntax(err, fixed, "bad uuid");
	if (name) {
		struct symbol *symbol = symbol_get(&x->symbols, json_string_value(name));
		if (symbol->created)
			return dberr_set(err, "duplicate uuid-name", name,
					 "This \"uuid-name\" appeared on an earlier "
					 "\"insert\" operation.");
		if (!fixed)
			*ret = symbol->uuid;
		symbol->created = true;
	} else if (!fixed) {
		uuid_random(ret);
	}
	return 0;
}

static json_t *uuid_to_json(const struct uuid *u)
{
	char text[UUID_LEN + 1];

	return json_pack("[ss]", "uuid", uuid_to_str(u, text));
}

static int op_insert(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	AUTO_ROW_VALUES v = { NULL, 0 };
	struct uuid uuid;

	struct table *t = op_table(x);
	const json_t *name = parser_member(&x->parser, "uuid-name", PARSE_ID | PARSE_OPTIONAL);
	const json_t *fixed = parser_member(&x->parser, "uuid", PARSE_STRING | PARSE_OPTIONAL);
	const json_t *row_json = parser_member(&x->parser, "row", PARSE_OBJECT);
	if (op_begin(x, err) < 0 || insert_uuid(x, name, fixed, &uuid, err) < 0 ||
	    parse_row(x, t->schema, row_json, &v, err) < 0)
		return -EINVAL;

	struct row *row = txn_insert(x->txn, t, &uuid);
	if (!row)
		return dberr_set(err, "duplicate uuid", fixed,
				 "This UUID would duplicate a UUID already present within the "
				 "table or deleted within the same transaction.");
	for (size_t i = N_FIXED_COLUMNS; i < v.n; i++) {
		const struct column_schema *c = t->schema->columns[i];
		if (v.values[i])
			txn_set(x->txn, t, row, c, STEAL(v.values[i]));
		else if (datum_check(c->initial, &c->type, err) < 0)
			return -EINVAL;
	}
	if (rbac_check_insert(x->db, x->client, t, row, err) < 0)
		return -EPERM;
	json_object_set_new(result, "uuid", uuid_to_json(&uuid));
	return 0;
}

static int op_select(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	AUTO_ROWS rows = { NULL, 0, 0 };
	struct column_set columns;
	struct rowset seen;

	struct table *t = op_table(x);
	const json_t *where = parser_member(&x->parser, "where", PARSE_ARRAY);
	const json_t *names = parser_member(&x->parser, "columns", PARSE_ARRAY | PARSE_OPTIONAL);
	parser_member(&x->parser, "sort", PARSE_ARRAY | PARSE_OPTIONAL);
	if (op_begin(x, err) < 0 || parse_and_find(x, t, where, &rows, err) < 0 ||
	    column_set_from_json(names, t->schema, &columns, err) < 0)
		return -EINVAL;

	bool is_distinct = column_set_contains(&columns, t->schema->columns[COL_UUID]);
	json_t *array = json_array();
	rowset_init(&seen, &columns);
	for (size_t i = 0; i < rows.n; i++) {
		struct datum **fields = rows.rows[i]->fields;
		if (!is_distinct && !rowset_add(&seen, fields))
			continue;
		json_t *row = json_object();
		for (size_t j = 0; j < columns.n; j++)
			json_object_set_new_nocheck(
				row, columns.columns[j]->name,
				datum_to_json(fields[columns.columns[j]->index]));
		json_array_append_new(array, row);
	}
	rowset_fini(&seen);
	column_set_fini(&columns);
	json_object_set_new(result, "rows", array);
	return 0;
}

static int op_update(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	AUTO_ROWS rows = { NULL, 0, 0 };
	AUTO_ROW_VALUES v = { NULL, 0 };

	struct table *t = op_table(x);
	const json_t *where = parser_member(&x->parser, "where", PARSE_ARRAY);
	const json_t *row_json = parser_member(&x->parser, "row", PARSE_OBJECT);
	if (op_begin(x, err) < 0 || parse_row(x, t->schema, row_json, &v, err) < 0)
		return -EINVAL;
	for (size_t i = 0; i < v.n; i++)
		if (v.values[i] && !t->schema->columns[i]->is_mutable)
			return dberr_set(err, "constraint violation", op,
					 "Cannot update immutable column %s in table %s.",
					 t->schema->columns[i]->name, t->schema->name);
	if (parse_and_find(x, t, where, &rows, err) < 0)
		return -EINVAL;
	if (rbac_check_update(x->db, x->client, t, NULL, v.values, err) < 0)
		return -EPERM;

	for (size_t i = 0; i < rows.n; i++) {
		struct row *row = rows.rows[i];
		if (rbac_check_update(x->db, x->client, t, row, v.values, err) < 0)
			return -EPERM;
		for (size_t j = 0; j < v.n; j++)
			if (v.values[j] && !datum_equal(v.values[j], row->fields[j]))
				txn_set(x->txn, t, row, t->schema->columns[j],
					datum_ref(v.values[j]));
	}
	json_object_set_new(result, "count", json_integer(rows.n));
	return 0;
}

static int mutate_row(struct exec *x, struct table *t, struct row *row,
		      const struct mutation_set *set, struct dberr *err)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct mutation *m = &set->mutations[i];
		const struct datum *old = row->fields[m->column->index];
		struct datum *new_;
		if (mutation_apply(m, old, &new_, err) < 0)
			return -EINVAL;
		if (datum_equal(old, new_))
			datum_unref(new_);
		else
			txn_set(x->txn, t, row, m->column, new_);
	}
	return 0;
}

static int op_mutate(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	AUTO_ROWS rows = { NULL, 0, 0 };
	struct mutation_set set;
	int r = 0;

	struct table *t = op_table(x);
	const json_t *where = parser_member(&x->parser, "where", PARSE_ARRAY);
	const json_t *mutations = parser_member(&x->parser, "mutations", PARSE_ARRAY);
	if (op_begin(x, err) < 0 ||
	    mutation_set_from_json(t->schema, mutations, &x->symbols, &set, err) < 0)
		return -EINVAL;
	r = parse_and_find(x, t, where, &rows, err);
	if (!r)
		r = rbac_check_mutate(x->db, x->client, t, NULL, &set, err);
	for (size_t i = 0; !r && i < rows.n; i++) {
		r = rbac_check_mutate(x->db, x->client, t, rows.rows[i], &set, err);
		if (!r)
			r = mutate_row(x, t, rows.rows[i], &set, err);
	}
	mutation_set_fini(&set);
	if (!r)
		json_object_set_new(result, "count", json_integer(rows.n));
	return r;
}

static int op_delete(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	AUTO_ROWS rows = { NULL, 0, 0 };

	struct table *t = op_table(x);
	const json_t *where = parser_member(&x->parser, "where", PARSE_ARRAY);
	if (op_begin(x, err) < 0 || parse_and_find(x, t, where, &rows, err) < 0)
		return -EINVAL;
	if (rbac_check_delete(x->db, x->client, t, NULL, err) < 0)
		return -EPERM;
	for (size_t i = 0; i < rows.n; i++) {
		if (rbac_check_delete(x->db, x->client, t, rows.rows[i], err) < 0)
			return -EPERM;
		txn_delete(x->txn, t, rows.rows[i]);
	}
	json_object_set_new(result, "count", json_integer(rows.n));
	return 0;
}

/* -EAGAIN: the condition does not hold, but there is time. */
static int wait_result(struct exec *x, bool holds, int64_t timeout_ms, struct dberr *err)
{
	if (holds)
		return 0;
	if (timeout_ms == 0)
		return dberr_set(err, "timed out", NULL, "\"where\" clause test failed");
	if (x->elapsed_ms >= timeout_ms)
		return dberr_set(err, "timed out", NULL, "\"wait\" timed out after %lld ms",
				 (long long)x->elapsed_ms);
	x->wait_ms = timeout_ms;
	return -EAGAIN;
}

/* Missing columns of the rows given are at their defaults. */
static int parse_expected(struct exec *x, const struct table *t, const json_t *rows,
			  struct rowset *expected, struct dberr *err)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		AUTO_ROW_VALUES v = { NULL, 0 };
		if (parse_row(x, t->schema, json_array_get(rows, i), &v, err) < 0)
			return -EINVAL;
		for (size_t j = 0; j < v.n; j++)
			if (!v.values[j])
				v.values[j] = datum_ref(t->schema->columns[j]->initial);
		rowset_add(expected, v.values);
	}
	return 0;
}

static int op_wait(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	AUTO_ROWS rows = { NULL, 0, 0 };
	struct rowset expected, found;
	struct column_set columns;
	int64_t timeout_ms = INT64_MAX;
	bool want_equal;

	const json_t *timeout = parser_member(&x->parser, "timeout", PARSE_NUMBER | PARSE_OPTIONAL);
	struct table *t = op_table(x);
	const json_t *where = parser_member(&x->parser, "where", PARSE_ARRAY);
	const json_t *names = parser_member(&x->parser, "columns", PARSE_ARRAY | PARSE_OPTIONAL);
	const json_t *until = parser_member(&x->parser, "until", PARSE_STRING);
	const json_t *rows_json = parser_member(&x->parser, "rows", PARSE_ARRAY);
	if (op_begin(x, err) < 0)
		return -EINVAL;
	if (timeout) {
		double t_ms = json_number_value(timeout);
		if (t_ms < 0)
			return dberr_syntax(err, timeout, "timeout must be nonnegative");
		timeout_ms = t_ms < 1e15 ? (int64_t)t_ms : INT64_MAX;
	}
	if (!strcmp(json_string_value(until), "=="))
		want_equal = true;
	else if (!strcmp(json_string_value(until), "!="))
		want_equal = false;
	else
		return dberr_syntax(err, until, "\"until\" must be \"==\" or \"!=\"");
	if (parse_and_find(x, t, where, &rows, err) < 0 ||
	    column_set_from_json(names, t->schema, &columns, err) < 0)
		return -EINVAL;

	rowset_init(&expected, &columns);
	rowset_init(&found, &columns);
	int r = parse_expected(x, t, rows_json, &expected, err);
	if (!r) {
		for (size_t i = 0; i < rows.n; i++)
			rowset_add(&found, rows.rows[i]->fields);
		r = wait_result(x, rowset_equal(&expected, &found) == want_equal, timeout_ms, err);
	}
	rowset_fini(&expected);
	rowset_fini(&found);
	column_set_fini(&columns);
	return r;
}

static int op_commit(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	const json_t *durable = parser_member(&x->parser, "durable", PARSE_BOOLEAN);

	if (op_begin(x, err) < 0)
		return -EINVAL;
	x->txn->is_durable |= json_is_true(durable);
	return 0;
}

static int op_abort(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	if (op_begin(x, err) < 0)
		return -EINVAL;
	return dberr_set(err, "aborted", NULL, "aborted by request");
}

static int op_comment(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	const json_t *comment = parser_member(&x->parser, "comment", PARSE_STRING);

	if (op_begin(x, err) < 0)
		return -EINVAL;
	txn_add_comment(x->txn, json_string_value(comment));
	return 0;
}

static int op_assert(struct exec *x, const json_t *op, json_t *result, struct dberr *err)
{
	const json_t *lock = parser_member(&x->parser, "lock", PARSE_ID);

	if (op_begin(x, err) < 0)
		return -EINVAL;
	const char *name = json_string_value(lock);
	if (!x->client->holds_lock || !x->client->holds_lock(name, x->client->arg))
		return dberr_set(err, "not owner", NULL, "Asserted lock %s not held.", name);
	return 0;
}

static const struct op {
	const char *name;
	op_fn *fn;
	bool changes_data;
} ops[] = {
	{ "insert", op_insert, true },	  { "select", op_select, false },
	{ "update", op_update, true },	  { "mutate", op_mutate, true },
	{ "delete", op_delete, true },	  { "wait", op_wait, false },
	{ "commit", op_commit, false },	  { "abort", op_abort, false },
	{ "comment", op_comment, false }, { "assert", op_assert, false },
};

static const struct op *find_op(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	return NULL;
}

static int run_op(struct exec *x, const json_t *json, size_t i, size_t n, json_t *result,
		  struct dberr *err)
{
	parser_init(&x->parser, json, "ovsdb operation %zu of %zu", i, n);
	const json_t *name = parser_member(&x->parser, "op", PARSE_ID);
	if (!name)
		return parser_finish(&x->parser, err);
	const struct op *op = find_op(json_string_value(name));
	if (!op) {
		parser_fail(&x->parser, "No operation \"%s\"", json_string_value(name));
		return parser_finish(&x->parser, err);
	}
	if (op->changes_data && x->client->is_read_only) {
		parser_fini(&x->parser);
		return dberr_set(err, "not allowed", NULL,
				 "%s operation not allowed when database server is in read only "
				 "mode",
				 op->name);
	}
	if (op->changes_data && x->client->is_reserved) {
		parser_fini(&x->parser);
		return dberr_set(err, "not allowed", NULL,
				 "%s operation not allowed on table in reserved database %s",
				 op->name, x->db->name);
	}
	return op->fn(x, json, result, err);
}

/* A name may be used before the insert that gives it a UUID of the client's choice. */
static void note_fixed_uuids(struct exec *x, const json_t *params)
{
	for (size_t i = 1; i < json_array_size(params); i++) {
		const json_t *op = json_array_get(params, i);
		const char *name = json_string_value(json_object_get(op, "uuid-name"));
		const char *fixed = json_string_value(json_object_get(op, "uuid"));
		struct uuid uuid;
		if (name && fixed && uuid_from_str(fixed, &uuid))
			symbol_get(&x->symbols, name)->uuid = uuid;
	}
}

enum exec_outcome execute(struct db *db, const struct exec_client *client, const json_t *params,
			  int64_t elapsed_ms, json_t **ret_results, struct txn **ret_txn,
			  int64_t *ret_wait_ms)
{
	struct exec x = {
		.db = db,
		.txn = txn_new(db),
		.client = client,
		.elapsed_ms = elapsed_ms,
		.wait_ms = INT64_MAX,
	};
	size_t n = json_array_size(params) - 1;
	json_t *results = json_array();
	int r = 0;

	symbol_table_init(&x.symbols);
	note_fixed_uuids(&x, params);
	for (size_t i = 1; !r && i <= n; i++) {
		AUTO_DBERR err = DBERR_INIT;
		json_t *result = json_object();
		r = run_op(&x, json_array_get(params, i), i, n, result, &err);
		if (r == -EAGAIN) {
			json_decref(result);
			break;
		}
		if (r < 0) {
			json_decref(result);
			result = dberr_to_json(&err);
		}
		json_array_append_new(results, result);
	}
	symbol_table_fini(&x.symbols);
	if (r == -EAGAIN) {
		json_decref(results);
		txn_abort(x.txn);
		*ret_wait_ms = x.wait_ms;
		return EXEC_BLOCKED;
	}
	*ret_results = results;
	if (r < 0) {
		while (json_array_size(results) < n)
			json_array_append_new(results, json_null());
		txn_abort(x.txn);
		return EXEC_FAILED;
	}
	*ret_txn = x.txn;
	return EXEC_OK;
}
