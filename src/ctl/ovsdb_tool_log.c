/* SPDX-License-Identifier: Apache-2.0 */
/* "ovsdb-tool show-log": the records of a journal for people. To give rows their names, the names
 * that were set so far are remembered; values are printed as they stand in the record, differences
 * as differences. */
#include <stdio.h>
#include <time.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctl/ovsdb_tool.h"
#include "ovsdb/journal.h"
#include "wire/json.h"

struct name {
	struct hmap_node node; /* by uuid */
	struct uuid uuid;
	char *name; /* NULL: the row has none */
};

static struct hmap names; /* of rows that are there */

static struct name *name_lookup(const struct uuid *uuid)
{
	struct name *n;

	HMAP_FOR_EACH_WITH_HASH(n, &names, uuid_hash(uuid), node)
		if (uuid_equal(&n->uuid, uuid))
			return n;
	return NULL;
}

static void name_forget(struct name *n)
{
	hmap_remove(&names, &n->node);
	free(n->name);
	free(n);
}

static void name_set(const struct uuid *uuid, const json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "name"));
	struct name *n = name_lookup(uuid);

	if (!n) {
		n = xzalloc(sizeof *n);
		n->uuid = *uuid;
		hmap_insert(&names, &n->node, uuid_hash(uuid));
	}
	if (text) {
		free(n->name);
		n->name = *text ? xstrdup(text) : NULL;
	}
}

static void print_columns(const struct table_schema *t, const json_t *row)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)row, key, value) {
		const struct column_schema *c = t ? table_column(t, key) : NULL;
		AUTO_STR text = STR_INIT;
		struct datum *d;
		if (c && !datum_from_json_unconstrained(&c->type, value, &d, NULL)) {
			datum_put(d, &c->type, &text);
			datum_unref(d);
		} else {
			json_put(value, JSON_PUT_SORT, &text);
		}
		printf("    %s=%s\n", key, str_cstr(&text));
	}
}

static void print_row(const struct table_schema *t, const char *table, const char *id,
		      const json_t *row, bool is_diff, unsigned verbosity)
{
	struct uuid uuid;

	if (!uuid_from_str(id, &uuid)) {
		printf("  table %s: bad uuid \"%s\"\n", table, id);
		return;
	}
	struct name *old = name_lookup(&uuid);
	const char *name = old			 ? old->name
			   : json_is_object(row) ? json_string_value(json_object_get(row, "name"))
						 : NULL;
	printf("  table %s %s", table, old ? "row " : "insert row ");
	if (name && *name)
		printf("\"%s\" (%.8s)", name, id);
	else if (old)
		printf("%.8s (%.8s)", id, id);
	else
		printf("%.8s", id);
	puts(old && is_diff ? " diff:" : ":");
	if (json_is_null(row)) {
		puts("    delete row");
		if (old)
			name_forget(old);
		return;
	}
	if (verbosity > 1)
		print_columns(t, row);
	name_set(&uuid, row);
}

static void print_tables(const struct schema *schema, const json_t *record, unsigned verbosity)
{
	bool is_diff = json_is_true(json_object_get(record, "_is_diff"));
	const char *table, *id;
	json_t *rows, *row;

	json_object_foreach((json_t *)record, table, rows) {
		if (*table == '_' || !json_is_object(rows))
			continue;
		const struct table_schema *t = schema_table(schema, table);
		json_object_foreach(rows, id, row)
			print_row(t, table, id, row, is_diff, verbosity);
	}
}

static void print_date(const json_t *date)
{
	int64_t ms;

	if (!json_as_int(date, &ms))
		return;
	if (ms < INT32_MAX)
		ms *= 1000; /* servers of long ago gave seconds */
	time_t seconds = ms / 1000;
	char text[64];
	struct tm tm;
	if (localtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm))
		printf(" %s.%03d", text, (int)(ms % 1000));
}

static void print_record(const struct schema *schema, size_t i, const json_t *record,
			 unsigned verbosity)
{
	printf("record %zu:", i);
	const json_t *date = json_object_get(record, "_date");
	const char *comment = json_string_value(json_object_get(record, "_comment"));
	if (date)
		print_date(date);
	if (comment)
		printf(" \"%s\"", comment);
	putchar('\n');
	if (verbosity) {
		print_tables(schema, record, verbosity);
		putchar('\n');
	}
}

static void forget_all(void)
{
	struct name *n;

	HMAP_FOR_EACH_SAFE(n, &names, node)
		name_forget(n);
	hmap_fini(&names);
}

int ovsdb_tool_show_log(const char *path, unsigned verbosity)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_DBERR why = DBERR_INIT;
	AUTO_SCHEMA *schema = NULL;
	struct journal *journal;
	json_t *json;
	int r;

	if (journal_open(path, JOURNAL_READ, &journal, &err) < 0)
		log_fatal("%s", err_text(&err));
	if (journal_is_cluster(journal))
		log_fatal("%s: clustered databases are not supported", path);
	hmap_init(&names);
	for (size_t i = 0; (r = journal_read_json(journal, &json, &err)) > 0; i++) {
		if (i == 0) {
			if (schema_from_json(json, &schema, &why) < 0) {
				dberr_to_err(&why, &err);
				log_fatal("%s", err_text(&err));
			}
			printf("record 0: \"%s\" schema, version=\"%s\", cksum=\"%s\"\n\n",
			       schema->name, schema->version, schema->cksum);
		} else {
			print_record(schema, i, json, verbosity);
		}
		json_decref(json);
	}
	journal_close(journal);
	forget_all();
	if (r < 0) {
		fflush(stdout);
		log_fatal("%s", err_text(&err));
	}
	return 0;
}
