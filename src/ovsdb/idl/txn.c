/* SPDX-License-Identifier: Apache-2.0 */
/* txn: transactions of a replica's owner.
 *
 * An open transaction hangs a txn_row on each row that it touches, with copies of the columns that
 * it changed; readers look there first (read.c), so the owner sees what it has built. A row that
 * it inserts is in the table under a random temporary UUID; in the request this is the row's
 * "uuid-name" (RFC 7047 5.2.1), so references among new rows need no care by the owner.
 *
 * Commit turns this into operations and takes it off the rows again: until the server's update
 * arrives the replica shows the server's truth, not our hope. The order of operations is: the lock
 * asserted, what was verified, rows changed in the order first touched, the increment, the
 * comment. A transaction that would change nothing is not sent at all. */
#include "ovsdb/idl/txn.h"
#include <errno.h>
#include <inttypes.h>
#include "base/str.h"
#include "wire/json.h"

struct idl_txn *idl_txn_new(struct idl *idl)
{
	ASSERT(!idl->open_txn);
	struct idl_txn *txn = xzalloc(sizeof *txn);
	txn->idl = idl;
	txn->status = IDL_OPEN;
	txn->increment_column = -1;
	txn->increment_op = SIZE_MAX;
	list_init(&txn->rows);
	list_init(&txn->node);
	idl->open_txn = txn;
	return txn;
}

struct idl *idl_txn_idl(const struct idl_txn *txn) { return txn->idl; }

static const struct column_type *type_of(const struct idl_row *row, unsigned column)
{
	ASSERT(column < row->table->def->n_columns);
	return &row->table->types[column];
}

static void txn_row_free(struct txn_row *tr)
{
	struct idl_row *row = tr->row;
	list_remove(&tr->node);
	for (unsigned c = 0; c < row->table->def->n_columns; c++)
		datum_unref(tr->data[c]);
	for (size_t i = 0; i < tr->n_mutations; i++) {
		datum_unref(tr->mutations[i].insert);
		datum_unref(tr->mutations[i].remove);
	}
	free(tr->mutations);
	free(tr->data);
	free(tr->set);
	row->txn = NULL;
	if (tr->inserts)
		idl_row_free(row);
	free(tr);
}

/* Takes the transaction off the rows. */
static void detach(struct idl_txn *txn)
{
	while (!list_is_empty(&txn->rows))
		txn_row_free(LIST_ENTRY(txn->rows.next, struct txn_row, node));
	if (txn->idl->open_txn == txn)
		txn->idl->open_txn = NULL;
}

void idl_txn_free(struct idl_txn *txn)
{
	if (!txn)
		return;
	detach(txn);
	list_remove(&txn->node);
	str_fini(&txn->comment);
	json_decref(txn->id);
	free(txn->error);
	free(txn->inserted);
	free(txn);
}

void idl_txn_comment(struct idl_txn *txn, const char *fmt, ...)
{
	va_list args;
	if (txn->comment.len)
		str_putc(&txn->comment, '\n');
	va_start(args, fmt);
	str_putvf(&txn->comment, fmt, args);
	va_end(args);
}

void idl_txn_set_dry_run(struct idl_txn *txn) { txn->dry_run = true; }

void idl_txn_increment(struct idl_txn *txn, const struct idl_row *row, unsigned column, bool force)
{
	ASSERT(txn->status == IDL_OPEN && column < row->table->def->n_columns);
	txn->increment_row = row->uuid;
	txn->increment_table = row->table;
	txn->increment_column = column;
	txn->increment_forced = force;
}

int64_t idl_txn_incremented(const struct idl_txn *txn) { return txn->incremented; }
enum idl_status idl_txn_status(const struct idl_txn *txn) { return txn->status; }

const char *idl_status_name(enum idl_status status)
{
	static const char *const names[] = {
		[IDL_OPEN] = "open",
		[IDL_UNCHANGED] = "unchanged",
		[IDL_INCOMPLETE] = "incomplete",
		[IDL_ABORTED] = "aborted",
		[IDL_SUCCESS] = "success",
		[IDL_TRY_AGAIN] = "try again",
		[IDL_NOT_LOCKED] = "not locked",
		[IDL_ERROR] = "error",
	};
	return names[status];
}

void idl_txn_on_done(struct idl_txn *txn, void (*cb)(struct idl_txn *, void *arg), void *arg)
{
	txn->on_done = cb;
	txn->on_done_arg = arg;
}

const char *idl_txn_error(const struct idl_txn *txn) { return txn->error ? txn->error : ""; }

bool idl_txn_inserted_uuid(const struct idl_txn *txn, const struct uuid *temporary,
			   struct uuid *ret_uuid)
{
	for (size_t i = 0; i < txn->n_inserted; i++) {
		if (uuid_equal(&txn->inserted[i].temporary, temporary)) {
			*ret_uuid = txn->inserted[i].real;
			return true;
		}
	}
	return false;
}

/* --- building -------------------------------------------------------------------------------- */

struct txn_row *idl_txn_row(struct idl_txn *txn, const struct idl_row *const_row)
{
	struct idl_row *row = (struct idl_row *)const_row;
	ASSERT(txn->status == IDL_OPEN && row->table->idl == txn->idl && !row->is_deleted);
	if (!row->txn) {
		struct txn_row *tr = xzalloc(sizeof *tr);
		tr->row = row;
		tr->data = xcalloc(row->table->def->n_columns, sizeof *tr->data);
		tr->set = xcalloc(row->table->def->n_columns, 1);
		list_push_back(&txn->rows, &tr->node);
		row->txn = tr;
	}
	return row->txn;
}

void idl_txn_row_gone(struct idl_row *row)
{
	/* The loop ran while a transaction was open; what it wanted of this row has no object. */
	if (row->txn)
		txn_row_free(row->txn);
}

void idl_txn_show(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		  struct datum *taken)
{
	struct txn_row *tr = idl_txn_row(txn, row);
	ASSERT(column < row->table->def->n_columns);
	datum_unref(tr->data[column]);
	tr->data[column] = taken;
}

struct txn_mutation *idl_txn_mutation(struct idl_txn *txn, const struct idl_row *row,
				      unsigned column)
{
	struct txn_row *tr = idl_txn_row(txn, row);
	if (tr->inserts || tr->set[column] & TXN_COLUMN_WRITTEN)
		return NULL;
	for (size_t i = 0; i < tr->n_mutations; i++) {
		if (tr->mutations[i].column == column)
			return &tr->mutations[i];
	}
	tr->mutations = xrealloc(tr->mutations, (tr->n_mutations + 1) * sizeof *tr->mutations);
	struct txn_mutation *m = &tr->mutations[tr->n_mutations++];
	m->column = column;
	m->insert = datum_empty(type_of(row, column)->key.type, type_of(row, column)->value.type);
	m->remove = datum_empty(type_of(row, column)->key.type, ATOM_VOID);
	return m;
}

static const struct idl_row *insert(struct idl_txn *txn, const struct idl_table_def *def,
				    const struct uuid *uuid, bool chosen)
{
	ASSERT(txn->status == IDL_OPEN);
	struct idl_row *row = idl_row_new(&txn->idl->tables[def->index], uuid);
	struct txn_row *tr = idl_txn_row(txn, row);
	tr->inserts = true;
	txn->has_inserts = true;
	tr->chosen_uuid = chosen;
	return row;
}

const struct idl_row *idl_insert(struct idl_txn *txn, const struct idl_table_def *def)
{
	struct uuid uuid;
	uuid_random(&uuid);
	return insert(txn, def, &uuid, false);
}

const struct idl_row *idl_insert_temporary(struct idl_txn *txn, const struct idl_table_def *def,
					   const struct uuid *uuid)
{
	return insert(txn, def, uuid, false);
}

const struct idl_row *idl_insert_with_uuid(struct idl_txn *txn, const struct idl_table_def *def,
					   const struct uuid *uuid)
{
	return insert(txn, def, uuid, true);
}

void idl_delete(struct idl_txn *txn, const struct idl_row *row)
{
	struct txn_row *tr = idl_txn_row(txn, row);
	if (tr->inserts)
		txn_row_free(tr);
	else
		tr->deletes = true;
}

void idl_verify(struct idl_txn *txn, const struct idl_row *row, unsigned column)
{
	struct txn_row *tr = idl_txn_row(txn, row);
	ASSERT(column < row->table->def->n_columns);
	/* Our own change of the column is no reason to check it later, nor is a row of ours. */
	if (!tr->inserts && row->table->use[column] & COLUMN_MONITORED)
		tr->set[column] |= TXN_COLUMN_VERIFY;
}

/* --- the request ------------------------------------------------------------------------------ */

/* The "uuid-name" of a row that is inserted: an <id>, so no hyphens and no digit in front. */
static void put_uuid_name(const struct uuid *uuid, char name[40])
{
	char text[UUID_LEN + 1];
	uuid_to_str(uuid, text);
	snprintf(name, 40, "row%s", text);
	for (char *p = name; *p; p++) {
		if (*p == '-')
			*p = '_';
	}
}

static bool is_inserted(const struct idl_txn *txn, const char *table_name, const struct uuid *uuid,
			bool *ret_chosen)
{
	const struct idl *idl = txn->idl;
	for (unsigned i = 0; i < idl->def->n_tables; i++) {
		if (table_name && strcmp(idl->tables[i].def->name, table_name))
			continue;
		const struct idl_row *row = idl_row_find(&idl->tables[i], uuid);
		if (row && row->txn && row->txn->inserts) {
			*ret_chosen = row->txn->chosen_uuid;
			return true;
		}
	}
	return false;
}

/* Puts names in place of the temporary UUIDs of rows that this request inserts. */
static void name_uuids(struct idl_txn *txn, json_t *json)
{
	size_t i;
	json_t *element;
	struct uuid uuid;
	if (!json_is_array(json))
		return;
	const char *word = json_string_value(json_array_get(json, 0));
	const char *text = json_string_value(json_array_get(json, 1));
	if (word && !strcmp(word, "uuid") && text && uuid_from_str(text, &uuid)) {
		bool chosen = false;
		char name[40];
		if (!is_inserted(txn, NULL, &uuid, &chosen) || chosen)
			return;
		put_uuid_name(&uuid, name);
		json_array_set_new(json, 0, json_string("named-uuid"));
		json_array_set_new(json, 1, json_string(name));
		return;
	}
	json_array_foreach(json, i, element)
		name_uuids(txn, element);
}

static json_t *datum_json(struct idl_txn *txn, const struct datum *datum)
{
	json_t *json = datum_to_json(datum);
	if (txn->has_inserts && (datum->key_type == ATOM_UUID || datum->value_type == ATOM_UUID))
		name_uuids(txn, json);
	return json;
}

static json_t *where_row(const struct uuid *uuid)
{
	char text[UUID_LEN + 1];
	return json_pack("[[ss[ss]]]", "_uuid", "==", "uuid", uuid_to_str(uuid, text));
}

static json_t *operation(const char *op, const struct idl_row *row)
{
	return json_pack("{s:s,s:s,s:o}", "op", op, "table", row->table->def->name, "where",
			 where_row(&row->uuid));
}

static const char *column_name(const struct idl_row *row, unsigned column)
{
	return row->table->def->columns[column];
}

static void put_verify(struct idl_txn *txn, const struct txn_row *tr, json_t *ops)
{
	const struct idl_row *row = tr->row;
	json_t *columns = json_array(), *values = json_object();
	for (unsigned c = 0; c < row->table->def->n_columns; c++) {
		if (!(tr->set[c] & TXN_COLUMN_VERIFY) || row->table->use[c] & COLUMN_ABSENT)
			continue;
		json_array_append_new(columns, json_string(column_name(row, c)));
		json_object_set_new(values, column_name(row, c), datum_to_json(row->data[c]));
	}
	if (!json_array_size(columns)) {
		json_decref(columns);
		json_decref(values);
		return;
	}
	json_t *op = operation("wait", row);
	json_object_set_new(op, "timeout", json_integer(0));
	json_object_set_new(op, "columns", columns);
	json_object_set_new(op, "until", json_string("=="));
	json_object_set_new(op, "rows", json_pack("[o]", values));
	json_array_append_new(ops, op);
}

static bool is_writable(const struct idl_row *row, unsigned column)
{
	if (!(row->table->use[column] & COLUMN_ABSENT))
		return true;
	idl_warn_absent(column_name(row, column), row->table->def->name);
	return false;
}

/* The columns that are sent as a whole; for a new row those that are not default. */
static json_t *written_columns(struct idl_txn *txn, const struct txn_row *tr)
{
	const struct idl_row *row = tr->row;
	json_t *values = json_object();
	for (unsigned c = 0; c < row->table->def->n_columns; c++) {
		if (!(tr->set[c] & TXN_COLUMN_WRITTEN) || !is_writable(row, c))
			continue;
		/* A column that is not monitored has no value here to compare with. */
		bool known = tr->inserts || row->table->use[c] & COLUMN_MONITORED;
		if (known && datum_equal(tr->data[c], row->data[c]))
			continue;
		json_object_set_new(values, column_name(row, c), datum_json(txn, tr->data[c]));
	}
	return values;
}

static void put_insert(struct idl_txn *txn, const struct txn_row *tr, json_t *ops)
{
	const struct idl_row *row = tr->row;
	json_t *op = json_pack("{s:s,s:s,s:o}", "op", "insert", "table", row->table->def->name,
			       "row", written_columns(txn, tr));
	char name[40];
	if (tr->chosen_uuid) {
		json_object_set_new(op, "uuid", json_string(uuid_to_str(&row->uuid, name)));
	} else {
		put_uuid_name(&row->uuid, name);
		json_object_set_new(op, "uuid-name", json_string(name));
	}
	txn->inserted = xrealloc(txn->inserted, (txn->n_inserted + 1) * sizeof *txn->inserted);
	txn->inserted[txn->n_inserted++] = (struct inserted){
		.temporary = row->uuid,
		.real = row->uuid,
		.op = json_array_size(ops),
	};
	json_array_append_new(ops, op);
}

static void put_mutations(struct idl_txn *txn, const struct txn_row *tr, json_t *ops)
{
	const struct idl_row *row = tr->row;
	json_t *mutations = json_array();
	for (size_t i = 0; i < tr->n_mutations; i++) {
		const struct txn_mutation *m = &tr->mutations[i];
		/* A later write of the whole column takes its place. */
		if (tr->set[m->column] & TXN_COLUMN_WRITTEN || !is_writable(row, m->column))
			continue;
		const char *name = column_name(row, m->column);
		if (m->remove->n)
			json_array_append_new(mutations, json_pack("[sso]", name, "delete",
								   datum_json(txn, m->remove)));
		if (m->insert->n)
			json_array_append_new(mutations, json_pack("[sso]", name, "insert",
								   datum_json(txn, m->insert)));
	}
	if (!json_array_size(mutations)) {
		json_decref(mutations);
		return;
	}
	json_t *op = operation("mutate", row);
	json_object_set_new(op, "mutations", mutations);
	json_array_append_new(ops, op);
}

static void put_row(struct idl_txn *txn, const struct txn_row *tr, json_t *ops)
{
	if (tr->deletes) {
		/* Rows of other tables go when nothing refers to them, and only then. */
		if (tr->row->table->is_root)
			json_array_append_new(ops, operation("delete", tr->row));
		return;
	}
	if (tr->inserts) {
		put_insert(txn, tr, ops);
		return;
	}
	json_t *values = written_columns(txn, tr);
	if (json_object_size(values)) {
		json_t *op = operation("update", tr->row);
		json_object_set_new(op, "row", values);
		json_array_append_new(ops, op);
	} else {
		json_decref(values);
	}
	put_mutations(txn, tr, ops);
}

static void put_increment(struct idl_txn *txn, json_t *ops)
{
	const char *table = txn->increment_table->def->name;
	const char *column = txn->increment_table->def->columns[txn->increment_column];
	bool chosen = false;
	json_t *where;
	if (is_inserted(txn, table, &txn->increment_row, &chosen) && !chosen) {
		char name[40];
		put_uuid_name(&txn->increment_row, name);
		where = json_pack("[[ss[ss]]]", "_uuid", "==", "named-uuid", name);
	} else {
		where = where_row(&txn->increment_row);
	}
	json_array_append_new(ops, json_pack("{s:s,s:s,s:O,s:[[ssi]]}", "op", "mutate", "table",
					     table, "where", where, "mutations", column, "+=", 1));
	txn->increment_op = json_array_size(ops);
	json_array_append_new(ops, json_pack("{s:s,s:s,s:o,s:[s]}", "op", "select", "table", table,
					     "where", where, "columns", column));
}

/* NULL if there is nothing to change. */
static json_t *build_request(struct idl_txn *txn)
{
	json_t *ops = json_pack("[s]", txn->idl->def->name);
	const struct txn_row *tr;
	if (txn->idl->lock_name)
		json_array_append_new(
			ops, json_pack("{s:s,s:s}", "op", "assert", "lock", txn->idl->lock_name));
	LIST_FOR_EACH(tr, &txn->rows, node)
		put_verify(txn, tr, ops);
	size_t n_before = json_array_size(ops);
	LIST_FOR_EACH(tr, &txn->rows, node)
		put_row(txn, tr, ops);
	bool changes = json_array_size(ops) > n_before;
	if (txn->increment_column >= 0 && (changes || txn->increment_forced)) {
		put_increment(txn, ops);
		changes = true;
	}
	if (!changes) {
		json_decref(ops);
		return NULL;
	}
	if (txn->comment.len)
		json_array_append_new(ops, json_pack("{s:s,s:s}", "op", "comment", "comment",
						     str_cstr(&txn->comment)));
	if (txn->dry_run)
		json_array_append_new(ops, json_pack("{s:s}", "op", "abort"));
	txn->n_operations = json_array_size(ops) - 1;
	return ops;
}

enum idl_status idl_txn_commit(struct idl_txn *txn)
{
	struct idl *idl = txn->idl;
	if (txn->status != IDL_OPEN)
		return txn->status;
	if (idl->lock_name && !idl->has_lock) {
		txn->status = IDL_NOT_LOCKED;
	} else {
		json_t *request = build_request(txn);
		if (!request) {
			txn->status = IDL_UNCHANGED;
		} else {
			json_t *id;
			struct jsonrpc_msg *msg = jsonrpc_request("transact", request, &id);
			txn->id = json_incref(id);
			bool sent = idl->phase == LINK_LIVE && idl_link_send(idl, msg);
			if (idl->phase != LINK_LIVE)
				jsonrpc_msg_free(msg);
			txn->status = sent ? IDL_INCOMPLETE : IDL_TRY_AGAIN;
			if (sent)
				list_push_back(&idl->waiting_txns, &txn->node);
		}
	}
	detach(txn);
	return txn->status;
}

void idl_txn_abort(struct idl_txn *txn)
{
	if (txn->status != IDL_OPEN)
		return;
	txn->status = IDL_ABORTED;
	detach(txn);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void done(struct idl_txn *txn, enum idl_status status)
{
	list_remove(&txn->node);
	txn->status = status;
	if (txn->on_done)
		txn->on_done(txn, txn->on_done_arg);
}

static void set_error(struct idl_txn *txn, const json_t *error)
{
	AUTO_STR text = STR_INIT;
	json_put(error, JSON_PUT_SORT, &text);
	free(txn->error);
	txn->error = str_steal(&text);
	idl_warn_error(txn->error);
}

/* One result that says it failed. RFC 7047 5.2 names the errors. */
static enum idl_status status_of_error(struct idl_txn *txn, const json_t *result)
{
	const char *error = json_string_value(json_object_get(result, "error"));
	if (error && !strcmp(error, "timed out"))
		return IDL_TRY_AGAIN;
	if (error && !strcmp(error, "not owner"))
		return IDL_NOT_LOCKED;
	if (error && !strcmp(error, "aborted") && txn->dry_run)
		return IDL_SUCCESS;
	set_error(txn, result);
	return IDL_ERROR;
}

static void take_increment(struct idl_txn *txn, const json_t *result)
{
	const char *column = txn->increment_table->def->columns[txn->increment_column];
	const json_t *row = json_array_get(json_object_get(result, "rows"), 0);
	int64_t value;
	if (json_as_int(json_object_get(row, column), &value))
		txn->incremented = value;
}

static void take_inserted(struct idl_txn *txn, const json_t *results)
{
	for (size_t i = 0; i < txn->n_inserted; i++) {
		/* Operations are numbered with the database's name in front of them. */
		const json_t *result = json_array_get(results, txn->inserted[i].op - 1);
		const char *uuid =
			json_string_value(json_array_get(json_object_get(result, "uuid"), 1));
		struct uuid real;
		if (uuid && uuid_from_str(uuid, &real))
			txn->inserted[i].real = real;
	}
}

void idl_txn_reply(struct idl_txn *txn, struct jsonrpc_msg *msg)
{
	if (msg->type == JSONRPC_ERROR) {
		set_error(txn, msg->error);
		done(txn, IDL_ERROR);
		return;
	}
	enum idl_status worst = IDL_SUCCESS;
	size_t i;
	json_t *result;
	json_array_foreach(msg->result, i, result) {
		if (!json_is_object(result) || !json_object_get(result, "error"))
			continue;
		enum idl_status status = status_of_error(txn, result);
		/* One that can be repaired by trying again may have caused the others. */
		if (status != IDL_SUCCESS && worst != IDL_ERROR)
			worst = status;
	}
	if (worst == IDL_SUCCESS && json_array_size(msg->result) < txn->n_operations) {
		json_t *error = json_string("reply has fewer results than there were operations");
		set_error(txn, error);
		json_decref(error);
		worst = IDL_ERROR;
	}
	if (worst == IDL_SUCCESS) {
		if (txn->increment_op != SIZE_MAX)
			take_increment(txn, json_array_get(msg->result, txn->increment_op - 1));
		take_inserted(txn, msg->result);
	}
	done(txn, worst);
}

struct idl_txn *idl_txn_by_id(struct idl *idl, const json_t *id)
{
	struct idl_txn *txn;
	LIST_FOR_EACH(txn, &idl->waiting_txns, node) {
		if (json_equal(txn->id, id))
			return txn;
	}
	return NULL;
}

void idl_txns_disconnected(struct idl *idl)
{
	while (!list_is_empty(&idl->waiting_txns))
		done(LIST_ENTRY(idl->waiting_txns.next, struct idl_txn, node), IDL_TRY_AGAIN);
}
