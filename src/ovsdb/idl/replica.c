/* SPDX-License-Identifier: Apache-2.0 */
/* replica: the tables and rows of a replica: updates applied, changes tracked, columns read.
 *
 * A row has a datum for every column of its table, also for those that are not monitored, which
 * keep the default of their type: so readers need not know what is monitored. References are kept
 * as UUIDs and looked up when followed; there are no pointers between rows that an update could
 * leave dangling, and a lookup is one hash probe.
 *
 * Rows are sorted by nothing: walks are in the order of the hash. Tools that print sort.
 *
 * With change tracking, a deleted row leaves the table at once but stays on the list of changed
 * rows until idl_changes_clear(). */
#include "ovsdb/idl/replica.h"
#include <errno.h>
#include "ovsdb/idl/txn.h"
#include "wire/json.h"

static const struct column_type *type_of(const struct idl_table *table, unsigned column)
{
	ASSERT(column < table->def->n_columns);
	return &table->types[column];
}

/* The schema is ours and compiled in: what is wrong with it is a mistake of the build. */
static void table_init(struct idl *idl, struct idl_table *table, const struct idl_table_def *def,
		       const json_t *schema)
{
	const json_t *columns = json_object_get(schema, "columns");
	unsigned n = def->n_columns;
	table->idl = idl;
	table->def = def;
	table->types = xcalloc(n, sizeof *table->types);
	table->defaults = xcalloc(n, sizeof *table->defaults);
	table->immutable = xcalloc(n, sizeof *table->immutable);
	table->use = xcalloc(n, sizeof *table->use);
	for (unsigned i = 0; i < n; i++) {
		const json_t *column = json_object_get(columns, def->columns[i]);
		int r = column_type_from_json(json_object_get(column, "type"), &table->types[i],
					      NULL);
		ASSERT(r == 0);
		table->defaults[i] = datum_default(&table->types[i]);
		table->immutable[i] = json_is_false(json_object_get(column, "mutable"));
	}
	table->is_root = json_is_true(json_object_get(schema, "isRoot"));
	hmap_init(&table->rows);
	list_init(&table->changed);
}

void idl_replica_init(struct idl *idl)
{
	AUTO_ERR err = ERR_INIT;
	json_t *schema = NULL;
	int r = json_parse(idl->def->schema_json, strlen(idl->def->schema_json), &schema, &err);
	ASSERT(r == 0);
	const json_t *tables = json_object_get(schema, "tables");
	idl->tables = xcalloc(idl->def->n_tables, sizeof *idl->tables);
	for (unsigned i = 0; i < idl->def->n_tables; i++)
		table_init(idl, &idl->tables[i], idl->def->tables[i],
			   json_object_get(tables, idl->def->tables[i]->name));
	json_decref(schema);
}

void idl_replica_fini(struct idl *idl)
{
	idl->tracking = false;
	idl_replica_clear(idl);
	for (unsigned i = 0; i < idl->def->n_tables; i++) {
		struct idl_table *table = &idl->tables[i];
		while (!list_is_empty(&table->changed))
			idl_row_free(LIST_ENTRY(table->changed.next, struct idl_row, changed_node));
		hmap_fini(&table->rows);
		for (unsigned c = 0; c < table->def->n_columns; c++) {
			column_type_fini(&table->types[c]);
			datum_unref(table->defaults[c]);
		}
		free(table->types);
		free(table->defaults);
		free(table->immutable);
		free(table->use);
	}
	free(idl->tables);
}

/* --- what is monitored --------------------------------------------------------------------- */

static struct idl_table *table_of(const struct idl *idl, const struct idl_table_def *def)
{
	ASSERT(def->index < idl->def->n_tables && idl->def->tables[def->index] == def);
	return &idl->tables[def->index];
}

void idl_monitor_row_ids(struct idl *idl, const struct idl_table_def *def)
{
	ASSERT(!idl->session);
	table_of(idl, def)->monitored = true;
}

void idl_monitor_column(struct idl *idl, const struct idl_table_def *def, unsigned column)
{
	struct idl_table *table = table_of(idl, def);
	ASSERT(!idl->session && column < def->n_columns);
	table->monitored = true;
	table->use[column] |= COLUMN_MONITORED;
	/* To follow a reference one must know which rows there are. */
	const struct column_type *type = type_of(table, column);
	const struct base_type *bases[] = { &type->key, &type->value };
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		if (bases[i]->type != ATOM_UUID || !bases[i]->ref.table_name)
			continue;
		for (unsigned t = 0; t < idl->def->n_tables; t++) {
			if (!strcmp(idl->tables[t].def->name, bases[i]->ref.table_name))
				idl->tables[t].monitored = true;
		}
	}
}

void idl_monitor_table(struct idl *idl, const struct idl_table_def *def)
{
	idl_monitor_row_ids(idl, def);
	for (unsigned i = 0; i < def->n_columns; i++)
		idl_monitor_column(idl, def, i);
}

void idl_monitor_all(struct idl *idl)
{
	for (unsigned i = 0; i < idl->def->n_tables; i++)
		idl_monitor_table(idl, idl->def->tables[i]);
}

void idl_ignore_changes(struct idl *idl, const struct idl_table_def *def, unsigned column)
{
	ASSERT(column < def->n_columns);
	table_of(idl, def)->use[column] |= COLUMN_QUIET;
}

void idl_ignore_table_changes(struct idl *idl, const struct idl_table_def *def)
{
	for (unsigned i = 0; i < def->n_columns; i++)
		idl_ignore_changes(idl, def, i);
}

const struct column_type *idl_column_type(const struct idl *idl, const struct idl_table_def *def,
					  unsigned column)
{
	return type_of(table_of(idl, def), column);
}

bool idl_column_is_mutable(const struct idl *idl, const struct idl_table_def *def, unsigned column)
{
	ASSERT(column < def->n_columns);
	return !table_of(idl, def)->immutable[column];
}

bool idl_table_is_root(const struct idl *idl, const struct idl_table_def *def)
{
	return table_of(idl, def)->is_root;
}

/* --- rows ------------------------------------------------------------------------------------ */

struct idl_row *idl_row_find(const struct idl_table *table, const struct uuid *uuid)
{
	struct idl_row *row;
	HMAP_FOR_EACH_WITH_HASH(row, &table->rows, uuid_hash(uuid), node) {
		if (uuid_equal(&row->uuid, uuid))
			return row;
	}
	return NULL;
}

struct idl_row *idl_row_new(struct idl_table *table, const struct uuid *uuid)
{
	struct idl_row *row = xzalloc(sizeof *row);
	row->uuid = *uuid;
	row->table = table;
	row->data = xcalloc(table->def->n_columns, sizeof *row->data);
	for (unsigned i = 0; i < table->def->n_columns; i++)
		row->data[i] = datum_ref(table->defaults[i]);
	list_init(&row->changed_node);
	hmap_insert(&table->rows, &row->node, uuid_hash(uuid));
	return row;
}

/* The row must be out of the table's map already if it is marked as deleted. */
void idl_row_free(struct idl_row *row)
{
	struct idl_table *table = row->table;
	if (!row->is_deleted)
		hmap_remove(&table->rows, &row->node);
	list_remove(&row->changed_node);
	for (unsigned i = 0; i < table->def->n_columns; i++)
		datum_unref(row->data[i]);
	free(row->data);
	free(row->changed);
	free(row);
}

static void track(struct idl_row *row)
{
	if (!row->table->idl->tracking)
		return;
	if (list_is_empty(&row->changed_node))
		list_push_back(&row->table->changed, &row->changed_node);
}

static void track_column(struct idl_row *row, unsigned column)
{
	if (!row->table->idl->tracking)
		return;
	track(row);
	if (!row->changed)
		row->changed = xcalloc(row->table->def->n_columns, 1);
	row->changed[column] = 1;
}

static void remove_row(struct idl_row *row)
{
	struct idl *idl = row->table->idl;
	if (row->txn)
		idl_txn_row_gone(row);
	/* A row that came and went between two looks was never seen. */
	if (!idl->tracking || row->is_new) {
		idl_row_free(row);
		return;
	}
	hmap_remove(&row->table->rows, &row->node);
	row->is_deleted = true;
	track(row);
}

void idl_replica_clear(struct idl *idl)
{
	for (unsigned i = 0; i < idl->def->n_tables; i++) {
		struct idl_row *row;
		HMAP_FOR_EACH_SAFE(row, &idl->tables[i].rows, node)
			remove_row(row);
	}
}

/* --- updates --------------------------------------------------------------------------------- */

static int column_by_name(const struct idl_table *table, const char *name)
{
	for (unsigned i = 0; i < table->def->n_columns; i++) {
		if (!strcmp(table->def->columns[i], name))
			return i;
	}
	return -1;
}

/* Takes over the columns in 'json'; with 'is_difference' sets and maps are changed by it. */
static int update_columns(struct idl_row *row, const json_t *json, bool is_difference,
			  bool *ret_alert, struct err *err)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)json, name, value) {
		struct idl_table *table = row->table;
		int c = column_by_name(table, name);
		if (c < 0)
			continue;
		struct datum *new;
		AUTO_DBERR dberr = DBERR_INIT;
		if (datum_from_json_unconstrained(type_of(table, c), value, &new, &dberr) < 0)
			return err_set(err, -EINVAL, "update of table %s, column %s: %s",
				       table->def->name, name, dberr.details);
		if (is_difference && column_type_is_composite(type_of(table, c))) {
			struct datum *difference = new;
			new = datum_apply_diff(row->data[c], difference);
			datum_unref(difference);
		}
		if (datum_equal(new, row->data[c])) {
			datum_unref(new);
			continue;
		}
		datum_unref(row->data[c]);
		row->data[c] = new;
		track_column(row, c);
		if (!(table->use[c] & COLUMN_QUIET))
			*ret_alert = true;
	}
	return 0;
}

static void note_insert(struct idl_row *row, bool *ret_alert)
{
	row->is_new = row->table->idl->tracking;
	track(row);
	*ret_alert = true;
}

static int put_row(struct idl_table *table, const struct uuid *uuid, const json_t *columns,
		   bool *ret_alert, struct err *err)
{
	struct idl_row *row = idl_row_find(table, uuid);
	if (!row) {
		row = idl_row_new(table, uuid);
		note_insert(row, ret_alert);
	}
	return update_columns(row, columns, false, ret_alert, err);
}

static void delete_row(struct idl_table *table, const struct uuid *uuid, bool *ret_alert)
{
	struct idl_row *row = idl_row_find(table, uuid);
	if (row) {
		remove_row(row);
		*ret_alert = true;
	}
}

/* <row-update> of RFC 7047 4.1.6: "old" and "new". */
static int update_row(struct idl_table *table, const struct uuid *uuid, const json_t *json,
		      bool *ret_alert, struct err *err)
{
	const json_t *new = json_object_get(json, "new");
	if (new)
		return put_row(table, uuid, new, ret_alert, err);
	if (!json_object_get(json, "old"))
		return err_set(err, -EINVAL, "update of table %s has neither \"old\" nor \"new\"",
			       table->def->name);
	delete_row(table, uuid, ret_alert);
	return 0;
}

/* <row-update2> of ovsdb-server(7): "initial", "insert", "modify" or "delete". */
static int update2_row(struct idl_table *table, const struct uuid *uuid, const json_t *json,
		       bool *ret_alert, struct err *err)
{
	const json_t *columns;
	if ((columns = json_object_get(json, "initial")) ||
	    (columns = json_object_get(json, "insert")))
		return put_row(table, uuid, columns, ret_alert, err);
	if ((columns = json_object_get(json, "modify"))) {
		struct idl_row *row = idl_row_find(table, uuid);
		if (!row)
			return err_set(err, -EINVAL,
				       "update of a row of table %s that is not "
				       "there",
				       table->def->name);
		return update_columns(row, columns, true, ret_alert, err);
	}
	if (!json_object_get(json, "delete"))
		return err_set(err, -EINVAL, "update of table %s is of no known kind",
			       table->def->name);
	delete_row(table, uuid, ret_alert);
	return 0;
}

static struct idl_table *table_by_name(struct idl *idl, const char *name)
{
	for (unsigned i = 0; i < idl->def->n_tables; i++) {
		if (!strcmp(idl->tables[i].def->name, name))
			return &idl->tables[i];
	}
	return NULL;
}

int idl_replica_update(struct idl *idl, const json_t *updates, bool with_differences,
		       bool *ret_alert, struct err *err)
{
	if (!json_is_object(updates))
		return err_set(err, -EINVAL, "table updates are not an object");
	const char *table_name, *uuid_text;
	json_t *rows, *row;
	json_object_foreach((json_t *)updates, table_name, rows) {
		struct idl_table *table = table_by_name(idl, table_name);
		if (!table)
			continue;
		json_object_foreach(rows, uuid_text, row) {
			struct uuid uuid;
			if (!uuid_from_str(uuid_text, &uuid) || !json_is_object(row))
				return err_set(err, -EINVAL, "malformed update of table %s",
					       table_name);
			int r = with_differences ? update2_row(table, &uuid, row, ret_alert, err)
						 : update_row(table, &uuid, row, ret_alert, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* --- walking --------------------------------------------------------------------------------- */

/* Rows that the open transaction deletes are not there for its owner. */
static const struct idl_row *visible_from(const struct hmap *rows, struct hmap_node *node)
{
	for (; node; node = hmap_next(rows, node)) {
		const struct idl_row *row = CONTAINER_OF(node, struct idl_row, node);
		if (!row->txn || !row->txn->deletes)
			return row;
	}
	return NULL;
}

const struct idl_row *idl_first_row(const struct idl *idl, const struct idl_table_def *def)
{
	const struct hmap *rows = &table_of(idl, def)->rows;
	return visible_from(rows, hmap_first(rows));
}

const struct idl_row *idl_next_row(const struct idl_row *row)
{
	const struct hmap *rows = &row->table->rows;
	return visible_from(rows, hmap_next(rows, &row->node));
}

const struct idl_row *idl_row_by_uuid(const struct idl *idl, const struct idl_table_def *def,
				      const struct uuid *uuid)
{
	const struct idl_row *row = idl_row_find(table_of(idl, def), uuid);
	return row && row->txn && row->txn->deletes ? NULL : row;
}

const struct uuid *idl_row_uuid(const struct idl_row *row) { return &row->uuid; }
const struct idl_table_def *idl_row_table(const struct idl_row *row) { return row->table->def; }

const struct idl_row *idl_first_changed(const struct idl *idl, const struct idl_table_def *def)
{
	const struct list *changed = &table_of(idl, def)->changed;
	return list_is_empty(changed) ? NULL
				      : LIST_ENTRY(changed->next, struct idl_row, changed_node);
}

const struct idl_row *idl_next_changed(const struct idl_row *row)
{
	struct list *next = row->changed_node.next;
	return next == &row->table->changed ? NULL : LIST_ENTRY(next, struct idl_row, changed_node);
}

bool idl_row_is_new(const struct idl_row *row) { return row->is_new; }
bool idl_row_is_deleted(const struct idl_row *row) { return row->is_deleted; }

bool idl_row_column_changed(const struct idl_row *row, unsigned column)
{
	return row->is_new || (row->changed && row->changed[column]);
}

void idl_changes_clear(struct idl *idl)
{
	idl->tracking = true;
	for (unsigned i = 0; i < idl->def->n_tables; i++) {
		struct list *changed = &idl->tables[i].changed;
		for (struct list *n; (n = list_pop_front(changed)) != NULL;) {
			struct idl_row *row = LIST_ENTRY(n, struct idl_row, changed_node);
			if (row->is_deleted) {
				idl_row_free(row);
				continue;
			}
			row->is_new = false;
			free(row->changed);
			row->changed = NULL;
		}
	}
}
