/* SPDX-License-Identifier: Apache-2.0 */
/* client_data: dump, backup and restore. All three take the contents in one transaction, so what
 * they show was so at one moment. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctl/client.h"
#include "ovsdb/db.h"
#include "ovsdb/journal.h"
#include "ovsdb/record.h"
#include "wire/json.h"

/* Columns of one table. */
struct selection {
	const struct table_schema *table;
	const struct column_schema **columns;
	size_t n;
};

static int compare_columns(const void *a, const void *b)
{
	return strcmp((*(const struct column_schema *const *)a)->name,
		      (*(const struct column_schema *const *)b)->name);
}

/* All columns but _version; 'only_kept': those that a file holds, with _uuid. */
static struct selection select_all(const struct table_schema *table, bool only_kept)
{
	struct selection s = { .table = table };
	s.columns = xcalloc(table->n_columns + 1, sizeof *s.columns);
	for (size_t i = 0; i < table->n_columns; i++) {
		if (i != COL_VERSION &&
		    (!only_kept || i == COL_UUID || table->columns[i]->is_persistent))
			s.columns[s.n++] = table->columns[i];
	}
	return s;
}

static struct selection select_named(const struct table_schema *table, int n, char **names)
{
	struct selection s = { .table = table };
	s.columns = xcalloc(n + 1, sizeof *s.columns);
	for (int i = 0; i < n; i++) {
		const struct column_schema *column = table_column(table, names[i]);
		if (!column)
			log_fatal("Table \"%s\" has no column %s.", table->name, names[i]);
		s.columns[s.n++] = column;
	}
	qsort(s.columns, s.n, sizeof *s.columns, compare_columns);
	return s;
}

/* Results of one transaction that selects all of it. */
static json_t *select_rows(struct client *c, const struct selection *selections, size_t n)
{
	json_t *request = json_pack("[s]", c->database);
	for (size_t i = 0; i < n; i++) {
		json_t *columns = json_array();
		for (size_t j = 0; j < selections[i].n; j++)
			json_array_append_new(columns, json_string(selections[i].columns[j]->name));
		json_array_append_new(request, json_pack("{s:s,s:s,s:[],s:o}", "op", "select",
							 "table", selections[i].table->name,
							 "where", "columns", columns));
	}
	json_t *results = client_call(c, "transact", request), *result;
	size_t i;
	json_array_foreach(results, i, result) {
		if (json_object_get(result, "error")) {
			AUTO_STR text = STR_INIT;
			json_put(result, JSON_PUT_SORT, &text);
			log_fatal("transaction returned error: %s", str_cstr(&text));
		}
	}
	if (json_array_size(results) < n)
		log_fatal("%s: too few results", c->server);
	return results;
}

/* --- dump ------------------------------------------------------------------------------------ */

struct dumped_row {
	struct datum **data;
	size_t n;
};

static int compare_rows(const void *a_, const void *b_)
{
	const struct dumped_row *a = a_, *b = b_;
	for (size_t i = 0; i < a->n; i++) {
		int r = datum_cmp(a->data[i], b->data[i]);
		if (r)
			return r;
	}
	return 0;
}

static void parse_row(const struct client *c, const struct selection *s, const json_t *json,
		      struct dumped_row *row)
{
	row->n = s->n;
	row->data = xcalloc(s->n + 1, sizeof *row->data);
	for (size_t i = 0; i < s->n; i++) {
		AUTO_DBERR dberr = DBERR_INIT;
		const char *name = s->columns[i]->name;
		if (datum_from_json_unconstrained(&s->columns[i]->type, json_object_get(json, name),
						  &row->data[i], &dberr) < 0)
			log_fatal("%s: malformed column %s of table %s: %s", c->server, name,
				  s->table->name, dberr.details);
	}
}

static void dump_table(struct client *c, const struct selection *s, const json_t *json_rows)
{
	struct output_table t = TABLE_INIT;
	size_t n = json_array_size(json_rows);
	struct dumped_row *rows = xcalloc(n + 1, sizeof *rows);
	for (size_t i = 0; i < n; i++)
		parse_row(c, s, json_array_get(json_rows, i), &rows[i]);
	qsort(rows, n, sizeof *rows, compare_rows);
	table_set_caption(&t, xasprintf("%s table", s->table->name));
	for (size_t i = 0; i < s->n; i++)
		table_add_heading(&t, s->columns[i]->name);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < s->n; j++) {
			table_add_datum(&t, rows[i].data[j], &s->columns[j]->type);
			datum_unref(rows[i].data[j]);
		}
		free(rows[i].data);
	}
	client_print_table(c, &t);
	table_fini(&t);
	free(rows);
}

int client_dump(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *schema = client_schema(c);
	size_t n = argc ? 1 : schema->n_tables;
	struct selection *selections = xcalloc(n + 1, sizeof *selections);
	if (argc) {
		const struct table_schema *table = schema_table(schema, argv[0]);
		if (!table)
			log_fatal("No table \"%s\" found.", argv[0]);
		selections[0] = argc > 1 ? select_named(table, argc - 1, argv + 1)
					 : select_all(table, false);
	} else {
		for (size_t i = 0; i < n; i++)
			selections[i] = select_all(schema->tables[i], false);
	}
	json_t *results = select_rows(c, selections, n);
	for (size_t i = 0; i < n; i++) {
		dump_table(c, &selections[i], json_object_get(json_array_get(results, i), "rows"));
		free(selections[i].columns);
	}
	free(selections);
	json_decref(results);
	return 0;
}

/* --- backup ---------------------------------------------------------------------------------- */

static void write_record(const json_t *json)
{
	AUTO_STR text = STR_INIT, frame = STR_INIT;
	json_put(json, JSON_PUT_SORT, &text);
	journal_frame(str_cstr(&text), text.len, &frame);
	if (fwrite(frame.s, 1, frame.len, stdout) != frame.len)
		log_fatal("writing the snapshot failed");
}

int client_backup(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *schema = client_schema(c);
	struct selection *selections = xcalloc(schema->n_tables + 1, sizeof *selections);
	for (size_t i = 0; i < schema->n_tables; i++)
		selections[i] = select_all(schema->tables[i], true);
	json_t *results = select_rows(c, selections, schema->n_tables);
	json_t *record = json_object();
	for (size_t i = 0; i < schema->n_tables; i++) {
		json_t *rows = json_object_get(json_array_get(results, i), "rows"), *row;
		json_t *table = json_object();
		size_t j;
		json_array_foreach(rows, j, row) {
			const char *uuid =
				json_string_value(json_array_get(json_object_get(row, "_uuid"), 1));
			if (!uuid)
				log_fatal("%s: a row without _uuid", c->server);
			AUTO_FREE char *key = xstrdup(uuid);
			json_object_del(row, "_uuid");
			json_object_set(table, key, row);
		}
		if (json_object_size(table))
			json_object_set_new(record, selections[i].table->name, table);
		else
			json_decref(table);
		free(selections[i].columns);
	}
	free(selections);
	json_object_set_new(record, "_date", json_integer(clock_wall_ms()));
	json_object_set_new(record, "_comment", json_string("produced by \"ovsdb-client backup\""));
	json_t *schema_json = schema_to_json(schema);
	write_record(schema_json);
	write_record(record);
	if (fflush(stdout))
		log_fatal("writing the snapshot failed");
	json_decref(schema_json);
	json_decref(record);
	json_decref(results);
	return 0;
}

/* --- restore --------------------------------------------------------------------------------- */

static void snapshot_failed(const struct err *err) NORETURN;
static void snapshot_failed(const struct err *err) { log_fatal("%s", err_text(err)); }

/* A snapshot is read from a file, since it is read twice over; what comes out of a pipe becomes
 * one that has no name. */
static void make_stdin_a_file(void)
{
	char buf[65536];
	ssize_t n;
	if (lseek(STDIN_FILENO, 0, SEEK_CUR) >= 0)
		return;
	int fd = memfd_create("snapshot", MFD_CLOEXEC);
	if (fd < 0)
		log_fatal("a file for the snapshot cannot be made (%s)", err_name(errno));
	while ((n = read(STDIN_FILENO, buf, sizeof buf)) > 0) {
		if (write(fd, buf, n) != n)
			log_fatal("copying the snapshot failed (%s)", err_name(errno));
	}
	if (n < 0)
		log_fatal("reading the snapshot failed (%s)", err_name(errno));
	if (dup2(fd, STDIN_FILENO) < 0 || lseek(STDIN_FILENO, 0, SEEK_SET) < 0)
		log_fatal("the snapshot cannot be read (%s)", err_name(errno));
	close(fd);
}

/* The database in the file on standard input. */
static struct db *read_snapshot(struct schema **ret_schema)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_DBERR dberr = DBERR_INIT;
	struct journal *journal;
	json_t *json;
	make_stdin_a_file();
	if (journal_open("/dev/stdin", JOURNAL_READ, &journal, &err) < 0)
		snapshot_failed(&err);
	int r = journal_read_json(journal, &json, &err);
	if (r < 0)
		snapshot_failed(&err);
	if (r == 0)
		log_fatal("ovsdb error: /dev/stdin: cannot identify file type");
	if (schema_from_json(json, ret_schema, &dberr) < 0) {
		dberr_to_err(&dberr, &err);
		snapshot_failed(&err);
	}
	json_decref(json);
	struct db *db = db_new(*ret_schema);
	while ((r = journal_read_json(journal, &json, &err)) > 0) {
		if (record_replay(db, json, false, false, &dberr) < 0) {
			dberr_to_err(&dberr, &err);
			snapshot_failed(&err);
		}
		json_decref(json);
	}
	if (r < 0)
		snapshot_failed(&err);
	journal_close(journal);
	return db;
}

static void put_name(const char *uuid, char name[UUID_LEN + 5])
{
	snprintf(name, UUID_LEN + 5, "row_%s", uuid);
	for (char *p = name; *p; p++) {
		if (*p == '-')
			*p = '_';
	}
}

/* References to rows of the snapshot become references to what is inserted for them. */
static void name_rows(const struct db *db, json_t *json)
{
	size_t i;
	json_t *element;
	const char *word = json_string_value(json_array_get(json, 0));
	const char *text = json_string_value(json_array_get(json, 1));
	struct uuid uuid;
	if (word && !strcmp(word, "uuid") && text && uuid_from_str(text, &uuid)) {
		for (size_t t = 0; t < db->schema->n_tables; t++) {
			if (!table_row(db->tables[t], &uuid))
				continue;
			char name[UUID_LEN + 5];
			put_name(text, name);
			json_array_set_new(json, 0, json_string("named-uuid"));
			json_array_set_new(json, 1, json_string(name));
			return;
		}
		return;
	}
	json_array_foreach(json, i, element)
		name_rows(db, element);
}

static json_t *insert_operation(const struct db *db, const struct table_schema *table,
				const struct row *row)
{
	char uuid[UUID_LEN + 1], name[UUID_LEN + 5];
	json_t *values = json_object();
	for (size_t i = N_FIXED_COLUMNS; i < table->n_columns; i++) {
		const struct column_schema *column = table->columns[i];
		if (!column->is_persistent || datum_equal(row->fields[i], column->initial))
			continue;
		json_t *value = datum_to_json(row->fields[i]);
		name_rows(db, value);
		json_object_set_new(values, column->name, value);
	}
	put_name(uuid_to_str(&row->uuid, uuid), name);
	return json_pack("{s:s,s:s,s:s,s:o}", "op", "insert", "table", table->name, "uuid-name",
			 name, "row", values);
}

int client_restore(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *snapshot_schema = NULL;
	struct db *db = read_snapshot(&snapshot_schema);
	AUTO_SCHEMA *schema = client_schema(c);
	if (!schema_equal(schema, snapshot_schema) && !c->force)
		log_fatal("%s: schema mismatch: the snapshot's schema is not that of the database "
			  "(use \"ovsdb-client convert\" first, or --force to restore anyway)",
			  c->database);
	json_t *request = json_pack("[s]", c->database);
	for (size_t i = 0; i < schema->n_tables; i++)
		json_array_append_new(request, json_pack("{s:s,s:s,s:[]}", "op", "delete", "table",
							 schema->tables[i]->name, "where"));
	for (size_t i = 0; i < snapshot_schema->n_tables; i++) {
		struct row *row;
		TABLE_FOR_EACH_ROW(row, db->tables[i])
		json_array_append_new(request,
				      insert_operation(db, snapshot_schema->tables[i], row));
	}
	json_t *results = client_call(c, "transact", request), *result;
	size_t i;
	json_array_foreach(results, i, result) {
		if (json_object_get(result, "error")) {
			AUTO_STR text = STR_INIT;
			json_put(result, JSON_PUT_SORT, &text);
			log_fatal("transaction error: %s", str_cstr(&text));
		}
	}
	json_decref(results);
	db_free(db);
	return 0;
}
