/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions, from operations to results and to what monitors are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/log.h"
#include "ovsdb/test_database.h"

static const char schema_text[] =
	"{\"name\":\"d\",\"tables\":{"
	"\"t\":{\"isRoot\":true,\"indexes\":[[\"i\",\"s\"]],\"columns\":{\"i\":{\"type\":"
	"\"integer\"},"
	"\"s\":{\"type\":\"string\"},\"eph\":{\"type\":\"string\",\"ephemeral\":true},"
	"\"ss\":{\"type\":{\"key\":\"string\",\"min\":0,\"max\":\"unlimited\"}},"
	"\"c\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"c\"},\"min\":0,\"max\":"
	"\"unlimited\"}},"
	"\"w\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"c\",\"refType\":\"weak\"},"
	"\"min\":0,\"max\":\"unlimited\"}}}},"
	"\"c\":{\"columns\":{\"n\":{\"type\":\"integer\"},\"up\":{\"type\":{\"key\":{\"type\":"
	"\"uuid\","
	"\"refTable\":\"c\"},\"min\":0}}}},"
	"\"lim\":{\"isRoot\":true,\"maxRows\":2,\"columns\":{\"x\":{\"type\":\"integer\"}}}}}";

#define U1 "00000000-0000-0000-0000-000000000001"
#define U2 "00000000-0000-0000-0000-000000000002"

static struct database *d;

static int setup(void **state)
{
	AUTO_SCHEMA *schema = NULL;
	json_t *json = test_json(schema_text);

	assert_int_equal(schema_from_json(json, &schema, NULL), 0);
	json_decref(json);
	d = database_new_builtin(schema, NULL);
	return 0;
}

static int teardown(void **state)
{
	database_close(d);
	return 0;
}

static void expect(const char *ops, const char *results)
{
	AUTO_FREE char *got = test_run(d, ops);

	assert_string_equal(got, results);
}

/* The rows are as they were, also their counts and the indexes' sizes. */
static void expect_error(const char *ops, const char *word)
{
	AUTO_FREE char *before = test_dump(d->db);
	AUTO_FREE char *got = test_run(d, ops);
	AUTO_FREE char *after = test_dump(d->db);

	assert_non_null(strstr(got, word));
	assert_string_equal(before, after);
	for (size_t i = 0; i < d->db->schema->n_tables; i++) {
		const struct table *t = d->db->tables[i];
		for (size_t j = 0; j < t->schema->n_indexes; j++)
			assert_int_equal(hmap_count(&t->indexes[j]), hmap_count(&t->rows));
	}
}

static void test_operations(void **state)
{
	expect("{\"op\":\"insert\",\"table\":\"t\",\"row\":{\"i\":1,\"s\":\"a\"},\"uuid\":\"" U1
	       "\"}",
	       "[{\"uuid\":[\"uuid\",\"" U1 "\"]}]");
	expect("{\"op\":\"select\",\"table\":\"t\",\"where\":[],\"columns\":[\"i\",\"s\"]}",
	       "[{\"rows\":[{\"i\":1,\"s\":\"a\"}]}]");
	expect("{\"op\":\"mutate\",\"table\":\"t\",\"where\":[[\"i\",\"==\",1]],\"mutations\":"
	       "[[\"i\",\"+=\",4],[\"ss\",\"insert\",\"x\"]]},"
	       "{\"op\":\"wait\",\"table\":\"t\",\"where\":[],\"columns\":[\"i\",\"ss\"],\"until\":"
	       "\"==\","
	       "\"rows\":[{\"i\":5,\"ss\":\"x\"}],\"timeout\":0}",
	       "[{\"count\":1},{}]");
	expect("{\"op\":\"foo\"},{\"op\":\"abort\"}",
	       "[{\"details\":\"Parsing ovsdb operation 1 of 2 failed: No operation \\\"foo\\\"\","
	       "\"error\":\"syntax error\",\"syntax\":\"{\\\"op\\\":\\\"foo\\\"}\"},null]");
	expect_error("{\"op\":\"update\",\"table\":\"t\",\"where\":[],\"row\":{\"i\":9}},"
		     "{\"op\":\"abort\"}",
		     "aborted by request");
	expect_error("{\"op\":\"delete\",\"table\":\"t\",\"where\":[]},"
		     "{\"op\":\"insert\",\"table\":\"t\",\"row\":{},\"uuid\":\"" U1 "\"}",
		     "duplicate uuid");
	expect_error("{\"op\":\"insert\",\"table\":\"t\",\"row\":{},\"uuid-name\":\"a\"},"
		     "{\"op\":\"insert\",\"table\":\"t\",\"row\":{},\"uuid-name\":\"a\"}",
		     "duplicate uuid-name");
	expect_error("{\"op\":\"assert\",\"lock\":\"l\"}", "Asserted lock l not held.");
	expect_error("{\"op\":\"wait\",\"table\":\"t\",\"where\":[],\"columns\":[\"i\"],\"until\":"
		     "\"!=\","
		     "\"rows\":[{\"i\":5}],\"timeout\":0}",
		     "\\\"where\\\" clause test failed");
}

static void test_references(void **state)
{
	/* The name is used before the insert that defines it. */
	expect("{\"op\":\"insert\",\"table\":\"t\",\"uuid\":\"" U1
	       "\",\"row\":{\"c\":[\"named-uuid\","
	       "\"k\"],\"w\":[\"named-uuid\",\"k\"]}},{\"op\":\"insert\",\"table\":\"c\","
	       "\"uuid-name\":\"k\",\"uuid\":\"" U2 "\",\"row\":{\"n\":7}}",
	       "[{\"uuid\":[\"uuid\",\"" U1 "\"]},{\"uuid\":[\"uuid\",\"" U2 "\"]}]");
	expect_error("{\"op\":\"insert\",\"table\":\"t\",\"row\":{\"i\":3,\"c\":[\"uuid\",\"" U1
		     "\"]}}",
		     "references nonexistent row " U1 " in table c.");
}

static void test_named_uuid(void **state)
{
	expect("{\"op\":\"insert\",\"table\":\"c\",\"uuid-name\":\"k\",\"uuid\":\"" U2
	       "\",\"row\":{\"n\":7}},{\"op\":\"insert\",\"table\":\"t\",\"uuid\":\"" U1
	       "\",\"row\":{\"c\":[\"named-uuid\",\"k\"],\"w\":[\"named-uuid\",\"k\"]}}",
	       "[{\"uuid\":[\"uuid\",\"" U2 "\"]},{\"uuid\":[\"uuid\",\"" U1 "\"]}]");
	expect_error("{\"op\":\"delete\",\"table\":\"c\",\"where\":[]}",
		     "cannot delete c row " U2 " because of 1 remaining reference(s)");
	/* Without its reference the row goes, and the weak one with it. */
	expect("{\"op\":\"update\",\"table\":\"t\",\"where\":[],\"row\":{\"c\":[\"set\",[]]}}",
	       "[{\"count\":1}]");
	expect("{\"op\":\"select\",\"table\":\"c\",\"where\":[]},"
	       "{\"op\":\"select\",\"table\":\"t\",\"where\":[],\"columns\":[\"w\"]}",
	       "[{\"rows\":[]},{\"rows\":[{\"w\":[\"set\",[]]}]}]");
	assert_int_equal(hmap_count(&d->db->weak_refs), 0);
	/* A row does not keep itself. */
	expect("{\"op\":\"insert\",\"table\":\"c\",\"uuid-name\":\"k\",\"uuid\":\"" U2
	       "\",\"row\":{\"up\":[\"named-uuid\",\"k\"]}}",
	       "[{\"uuid\":[\"uuid\",\"" U2 "\"]}]");
	expect("{\"op\":\"select\",\"table\":\"c\",\"where\":[]}", "[{\"rows\":[]}]");
}

static void test_limits(void **state)
{
	expect_error(
		"{\"op\":\"insert\",\"table\":\"lim\",\"row\":{}},{\"op\":\"insert\",\"table\":"
		"\"lim\",\"row\":{}},{\"op\":\"insert\",\"table\":\"lim\",\"row\":{}}",
		"transaction causes \\\"lim\\\" table to contain 3 rows, greater than the "
		"schema-defined limit of 2 row(s)");
	expect_error("{\"op\":\"insert\",\"table\":\"t\",\"row\":{\"i\":1}},"
		     "{\"op\":\"insert\",\"table\":\"t\",\"row\":{\"i\":1}}",
		     "have identical values (1 and \\\"\\\") for index on columns \\\"i\\\" and "
		     "\\\"s\\\".");
	/* Two rows may exchange their values. */
	expect("{\"op\":\"insert\",\"table\":\"t\",\"uuid\":\"" U1 "\",\"row\":{\"i\":1}},"
	       "{\"op\":\"insert\",\"table\":\"t\",\"uuid\":\"" U2 "\",\"row\":{\"i\":2}}",
	       "[{\"uuid\":[\"uuid\",\"" U1 "\"]},{\"uuid\":[\"uuid\",\"" U2 "\"]}]");
	expect("{\"op\":\"update\",\"table\":\"t\",\"where\":[[\"_uuid\",\"==\",[\"uuid\",\"" U1
	       "\"]]],\"row\":{\"i\":2}},{\"op\":\"update\",\"table\":\"t\",\"where\":[[\"_uuid\","
	       "\"==\","
	       "[\"uuid\",\"" U2 "\"]]],\"row\":{\"i\":1}}",
	       "[{\"count\":1},{\"count\":1}]");
	expect_error("{\"op\":\"insert\",\"table\":\"t\",\"row\":{\"i\":2}}", "identical values");
}

/* --- monitors
 * -----------------------------------------------------------------------------------*/

static struct str heard;

static void hear(struct monitor_sub *sub, const struct str *message, void **cookie)
{
	str_puts(&heard, message->s);
	str_putc(&heard, '\n');
}

static void subscribe(struct monitor_sub *sub, enum monitor_version version, const char *requests,
		      const char *id, const char *initial)
{
	AUTO_STR got = STR_INIT;
	AUTO_DBERR err = DBERR_INIT;
	json_t *json = test_json(requests), *id_json = json_string(id);

	memset(sub, 0, sizeof *sub);
	sub->send = hear;
	if (monitor_add(&d->monitors, version, json, id_json, sub, &got, &err) < 0)
		fail_msg("%s", err.details);
	assert_string_equal(got.s, initial);
	json_decref(json);
	json_decref(id_json);
}

static void expect_heard(const char *ops, const char *messages)
{
	str_clear(&heard);
	AUTO_FREE char *results = test_run(d, ops);
	assert_false(test_failed(results));
	assert_string_equal(str_cstr(&heard), messages);
}

static void test_monitors(void **state)
{
	struct monitor_sub v1, v2, twin;
	static const char where[] =
		"{\"t\":[{\"columns\":[\"i\",\"ss\"],\"where\":[[\"i\",\"==\",1],"
		"[\"i\",\"==\",2]]}]}";

	expect("{\"op\":\"insert\",\"table\":\"t\",\"uuid\":\"" U1 "\",\"row\":{\"i\":1}}",
	       "[{\"uuid\":[\"uuid\",\"" U1 "\"]}]");
	subscribe(&v2, MONITOR_V2, where, "x", "{\"t\":{\"" U1 "\":{\"initial\":{\"i\":1}}}}");
	subscribe(&twin, MONITOR_V2, where, "y", "{\"t\":{\"" U1 "\":{\"initial\":{\"i\":1}}}}");
	assert_ptr_equal(v2.monitor, twin.monitor);
	assert_int_equal(monitor_count(&d->monitors), 2);
	monitor_remove(&d->monitors, &twin);

	expect_heard("{\"op\":\"update\",\"table\":\"t\",\"where\":[],\"row\":{\"i\":2}}",
		     "{\"id\":null,\"method\":\"update2\",\"params\":[\"x\",{\"t\":{\"" U1
		     "\":{\"modify\":{\"i\":2}}}}]}\n");
	expect_heard(
		"{\"op\":\"mutate\",\"table\":\"t\",\"where\":[],\"mutations\":[[\"ss\",\"insert\","
		"[\"set\",[\"a\",\"b\"]]]]}",
		"{\"id\":null,\"method\":\"update2\",\"params\":[\"x\",{\"t\":{\"" U1
		"\":{\"modify\":{\"ss\":[\"set\",[\"a\",\"b\"]]}}}}]}\n");
	expect_heard("{\"op\":\"update\",\"table\":\"t\",\"where\":[],\"row\":{\"s\":\"unseen\"}}",
		     "");
	expect_heard("{\"op\":\"update\",\"table\":\"t\",\"where\":[],\"row\":{\"i\":9}}",
		     "{\"id\":null,\"method\":\"update2\",\"params\":[\"x\",{\"t\":{\"" U1
		     "\":{\"delete\":null}}}]}\n");
	expect_heard("{\"op\":\"update\",\"table\":\"t\",\"where\":[],\"row\":{\"i\":1}}",
		     "{\"id\":null,\"method\":\"update2\",\"params\":[\"x\",{\"t\":{\"" U1
		     "\":{\"insert\":{\"i\":1,\"ss\":[\"set\",[\"a\",\"b\"]]}}}}]}\n");
	monitor_remove(&d->monitors, &v2);

	subscribe(&v1, MONITOR_V1, "{\"t\":{\"columns\":[\"i\",\"eph\"]}}", "z",
		  "{\"t\":{\"" U1 "\":{\"new\":{\"i\":1,\"eph\":\"\"}}}}");
	expect_heard("{\"op\":\"update\",\"table\":\"t\",\"where\":[],\"row\":{\"eph\":\"e\"}}",
		     "{\"id\":null,\"method\":\"update\",\"params\":[\"z\",{\"t\":{\"" U1
		     "\":{\"old\":{\"eph\":\"\"},\"new\":{\"i\":1,\"eph\":\"e\"}}}}]}\n");
	expect_heard("{\"op\":\"delete\",\"table\":\"t\",\"where\":[]}",
		     "{\"id\":null,\"method\":\"update\",\"params\":[\"z\",{\"t\":{\"" U1
		     "\":{\"old\":{\"i\":1,\"eph\":\"e\"}}}}]}\n");
	monitor_remove(&d->monitors, &v1);
	str_fini(&heard);
}

static void test_change_conditions(void **state)
{
	struct monitor_sub sub;
	json_t *id = json_string("new");
	json_t *requests = test_json("{\"t\":[{\"where\":[[\"i\",\"==\",2]]}]}");

	free(test_run(d,
		      "{\"op\":\"insert\",\"table\":\"t\",\"uuid\":\"" U1 "\",\"row\":{\"i\":1}},"
		      "{\"op\":\"insert\",\"table\":\"t\",\"uuid\":\"" U2 "\",\"row\":{\"i\":2}}"));
	subscribe(&sub, MONITOR_V2, "{\"t\":[{\"columns\":[\"i\"],\"where\":[[\"i\",\"==\",1]]}]}",
		  "x", "{\"t\":{\"" U1 "\":{\"initial\":{\"i\":1}}}}");
	assert_int_equal(monitor_change(&d->monitors, &sub, id, requests, free, NULL), 0);
	assert_non_null(strstr(heard.s, "\"new\""));
	assert_non_null(strstr(heard.s, "\"" U1 "\":{\"delete\":null}"));
	assert_non_null(strstr(heard.s, "\"" U2 "\":{\"insert\":{\"i\":2}}"));
	json_decref(id);
	json_decref(requests);
	monitor_remove(&d->monitors, &sub);
	str_fini(&heard);
}

static json_t *answered;

static void answer(struct request *r, json_t *results) { answered = results; }

static void test_cancel(void **state)
{
	json_t *params =
		test_json("[\"d\",{\"op\":\"wait\",\"table\":\"t\",\"where\":[],\"columns\":"
			  "[\"i\"],\"until\":\"==\",\"rows\":[{\"i\":5}]}]");
	struct request r = { .params = params, .reply = answer };

	assert_int_equal(database_request(d, &r, NULL), 0);
	assert_null(answered);
	assert_int_equal(d->n_waiting, 1);
	assert_true(database_cancel(&r));
	assert_int_equal(d->n_waiting, 0);
	assert_false(database_cancel(&r));
	json_decref(params);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_operations), TEST(test_references), TEST(test_named_uuid),
		TEST(test_limits),     TEST(test_monitors),   TEST(test_change_conditions),
		TEST(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
