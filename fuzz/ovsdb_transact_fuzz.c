/* SPDX-License-Identifier: Apache-2.0 */
/* Operations from a stranger: a failed transaction changes nothing, what an aborted one did is
 * undone, and what a good one did is what its record says. */
#include <string.h>

#include "base/mem.h"
#include "ovsdb/execute.h"
#include "ovsdb/record.h"
#include "wire/json.h"

static const char schema_text[] =
	"{\"name\":\"d\",\"tables\":{"
	"\"t\":{\"isRoot\":true,\"maxRows\":5,\"indexes\":[[\"i\",\"s\"]],\"columns\":{"
	"\"i\":{\"type\":{\"key\":{\"type\":\"integer\",\"minInteger\":-5,\"maxInteger\":100}}},"
	"\"s\":{\"type\":{\"key\":{\"type\":\"string\",\"maxLength\":20}}},"
	"\"r\":{\"type\":{\"key\":\"real\",\"min\":0,\"max\":3}},"
	"\"b\":{\"type\":{\"key\":\"boolean\",\"min\":0}},"
	"\"e\":{\"type\":{\"key\":{\"type\":\"string\",\"enum\":[\"set\",[\"\",\"x\",\"y\"]]}}},"
	"\"m\":{\"type\":{\"key\":\"string\",\"value\":\"integer\",\"min\":0,\"max\":\"unlimited\"}"
	"},"
	"\"c\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"c\"},\"min\":0,\"max\":"
	"\"unlimited\"}},"
	"\"w\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"t\",\"refType\":\"weak\"},"
	"\"min\":0,\"max\":\"unlimited\"}}}},"
	"\"c\":{\"columns\":{\"x\":{\"type\":\"integer\"},\"up\":{\"type\":{\"key\":{\"type\":"
	"\"uuid\","
	"\"refTable\":\"c\"},\"min\":0}}}}}}";

static struct db *new_db(void)
{
	struct schema *schema;
	json_t *json;

	ASSERT(json_parse(schema_text, strlen(schema_text), &json, NULL) == 0);
	ASSERT(schema_from_json(json, &schema, NULL) == 0);
	struct db *db = db_new(schema);
	schema_unref(schema);
	json_decref(json);
	return db;
}

/* Rows in no order: enough to see that something changed. */
static json_t *contents(const struct db *db)
{
	json_t *json = json_object();
	char id[UUID_LEN + 1];

	for (size_t i = 0; i < db->schema->n_tables; i++) {
		const struct table *t = db->tables[i];
		struct row *row;
		TABLE_FOR_EACH_ROW(row, t)
		{
			json_t *columns = json_object();
			for (size_t j = N_FIXED_COLUMNS; j < t->schema->n_columns; j++)
				json_object_set_new(columns, t->schema->columns[j]->name,
						    datum_to_json(row->fields[j]));
			json_object_set_new(columns, "_refs", json_integer(row->n_refs));
			json_object_set_new(json, uuid_to_str(&row->uuid, id), columns);
		}
	}
	json_object_set_new(json, "_weak", json_integer(hmap_count(&db->weak_refs)));
	return json;
}

static void assert_contents(const struct db *db, json_t *expected)
{
	json_t *now = contents(db);

	ASSERT(json_equal(now, expected));
	json_decref(now);
	json_decref(expected);
}

/* Runs it twice, once to be undone. The copy is kept by records alone. */
static void run(struct db *db, struct db *copy, const json_t *params, bool abort_first)
{
	static const struct exec_client client = { .is_read_only = false };
	json_t *results = NULL, *before = contents(db);
	AUTO_DBERR err = DBERR_INIT;
	struct txn *txn;
	int64_t wait_ms;

	enum exec_outcome outcome = execute(db, &client, params, 0, &results, &txn, &wait_ms);
	if (outcome != EXEC_OK) {
		json_decref(results);
		assert_contents(db, before);
		return;
	}
	json_decref(results);
	if (txn_prepare(txn, &err) < 0 || abort_first) {
		txn_abort(txn);
		assert_contents(db, before);
		if (!dberr_is_set(&err))
			run(db, copy, params, false);
		return;
	}
	json_decref(before);
	AUTO_STR text = STR_INIT;
	json_t *json;
	record_put(txn, &text);
	txn_finish(txn);
	ASSERT(json_parse(text.s, text.len, &json, NULL) == 0);
	ASSERT(record_replay(copy, json, false, false, NULL) == 0);
	json_decref(json);
	assert_contents(copy, contents(db));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct db *db = new_db(), *copy = new_db();
	const char *p = (const char *)data;
	json_t *params;

	/* One transaction a line. */
	while (size) {
		const char *newline = memchr(p, '\n', size);
		size_t len = newline ? (size_t)(newline - p) : size;
		if (json_parse(p, len, &params, NULL) == 0) {
			if (json_is_array(params) && json_array_size(params))
				run(db, copy, params, true);
			json_decref(params);
		}
		len += newline != NULL;
		p += len;
		size -= len;
	}
	db_free(db);
	db_free(copy);
	return 0;
}
