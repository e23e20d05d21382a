/* SPDX-License-Identifier: Apache-2.0 */
/* test_database: what the tests of this folder share. */
#pragma once
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "base/mem.h"
#include "ovsdb/database.h"
#include "ovsdb/journal.h"
#include "wire/json.h"

static inline json_t *test_json(const char *text)
{
	json_t *json = NULL;
	AUTO_ERR err = ERR_INIT;

	if (json_parse(text, strlen(text), &json, &err) < 0)
		fail_msg("%s: %s", text, err_text(&err));
	return json;
}

static inline void test_write_file(const char *path, const char *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static inline void test_create(const char *path, const char *schema)
{
	AUTO_STR frames = STR_INIT;

	journal_frame(schema, strlen(schema), &frames);
	test_write_file(path, frames.s, frames.len);
}

static inline struct database *test_open(const char *path)
{
	struct database *d = NULL;
	AUTO_ERR err = ERR_INIT;

	if (database_open(path, true, NULL, &d, &err) < 0)
		fail_msg("%s", err_text(&err));
	return d;
}

static inline int test_compare_rows(const void *a, const void *b)
{
	return uuid_cmp(&(*(struct row *const *)a)->uuid, &(*(struct row *const *)b)->uuid);
}

/* All that is in the database but versions, in an order of its own; caller frees. */
static inline char *test_dump(const struct db *db)
{
	struct str out = STR_INIT;
	char uuid[UUID_LEN + 1];

	for (size_t i = 0; i < db->schema->n_tables; i++) {
		const struct table *t = db->tables[i];
		struct row **rows = xcalloc(hmap_count(&t->rows) + 1, sizeof *rows);
		struct row *row;
		size_t n = 0;
		TABLE_FOR_EACH_ROW(row, t)
		rows[n++] = row;
		qsort(rows, n, sizeof *rows, test_compare_rows);
		for (size_t j = 0; j < n; j++) {
			str_putf(&out, "%s %s refs %u", t->schema->name,
				 uuid_to_str(&rows[j]->uuid, uuid), rows[j]->n_refs);
			for (size_t k = N_FIXED_COLUMNS; k < t->schema->n_columns; k++) {
				str_putf(&out, " %s=", t->schema->columns[k]->name);
				datum_put_json(rows[j]->fields[k], &out);
			}
			str_putc(&out, '\n');
		}
		free(rows);
	}
	str_putf(&out, "weak %zu\n", hmap_count(&db->weak_refs));
	return str_steal(&out);
}

struct test_request {
	struct request request;
	json_t *results;
};

static inline void test_replied(struct request *r, json_t *results)
{
	CONTAINER_OF(r, struct test_request, request)->results = results;
}

/* Runs operations, "[op, op]" without the name of the database; the results as text. */
static inline char *test_run(struct database *d, const char *ops)
{
	struct test_request r = { .request.reply = test_replied };
	AUTO_STR text = STR_INIT;
	struct str out = STR_INIT;

	str_putf(&text, "[\"%s\",%s]", d->name, ops);
	json_t *params = test_json(text.s);
	r.request.params = params;
	assert_int_equal(database_request(d, &r.request, NULL), 0);
	assert_non_null(r.results);
	json_put(r.results, JSON_PUT_SORT, &out);
	json_decref(r.results);
	json_decref(params);
	return str_steal(&out);
}

static inline bool test_failed(const char *results) { return strstr(results, "\"error\"") != NULL; }
