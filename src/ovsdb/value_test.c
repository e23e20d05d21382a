/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/random.h"
#include "ovsdb/condition.h"
#include "ovsdb/mutation.h"
#include "ovsdb/value.h"
#include "wire/json.h"

static json_t *parse(const char *text)
{
	json_t *json = NULL;
	AUTO_ERR err = ERR_INIT;
	AUTO_STR wrapped = STR_INIT; /* the parser wants an object or array on top */

	str_putf(&wrapped, "[%s]", text);
	if (json_parse(wrapped.s, wrapped.len, &json, &err) < 0)
		fail_msg("%s: %s", text, err_text(&err));
	json_t *value = json_incref(json_array_get(json, 0));
	json_decref(json);
	return value;
}

static void type_of(const char *text, struct column_type *ret)
{
	json_t *json = parse(text);

	assert_int_equal(column_type_from_json(json, ret, NULL), 0);
	json_decref(json);
}

/* What a value of a type becomes as JSON, or the error. */
static char *json_round(const struct column_type *t, const char *text)
{
	AUTO_DBERR err = DBERR_INIT;
	AUTO_STR out = STR_INIT;
	AUTO_STR again = STR_INIT;
	AUTO_DATUM *d = NULL;
	json_t *json = parse(text);
	struct symbol_table symbols;

	symbol_table_init(&symbols);
	if (datum_from_json(t, json, &symbols, &d, &err) < 0) {
		dberr_put(&err, &out);
	} else {
		datum_put_json(d, &out);
		json_t *tree = datum_to_json(d);
		json_put(tree, 0, &again);
		json_decref(tree);
		assert_string_equal(str_cstr(&out), str_cstr(&again));
	}
	symbol_table_fini(&symbols);
	json_decref(json);
	return str_steal(&out);
}

struct row {
	const char *type, *in, *out;
};

static void test_json(void **state)
{
	static const struct row rows[] = {
		{ "\"integer\"", "5", "5" },
		{ "\"integer\"", "5.0", "5" },
		{ "\"integer\"", "\"x\"", "syntax \"\"x\"\": syntax error: expected integer" },
		{ "\"integer\"", "1e30", "syntax \"1e+30\": syntax error: expected integer" },
		{ "\"real\"", "1", "1" },
		{ "\"boolean\"", "true", "true" },
		{ "\"uuid\"", "[\"uuid\",\"ABCDEF00-0000-0000-0000-000000000001\"]",
		  "[\"uuid\",\"abcdef00-0000-0000-0000-000000000001\"]" },
		{ "\"uuid\"", "[\"uuid\",\"x\"]",
		  "syntax \"[\"uuid\",\"x\"]\": syntax error: \"x\" is not a valid UUID" },
		{ "\"uuid\"", "[\"named-uuid\",\"9\"]",
		  "syntax \"[\"named-uuid\",\"9\"]\": syntax error: named-uuid string is not a "
		  "valid <id>" },
		{ "\"string\"", "\"a string of more than fifteen bytes\"",
		  "\"a string of more than fifteen bytes\"" },
		{ "\"string\"", "\"fifteen bytes..\"", "\"fifteen bytes..\"" },
		{ "{\"key\":\"string\",\"min\":0,\"max\":3}",
		  "[\"set\",[\"b\",\"a\",\"a long string, really\"]]",
		  "[\"set\",[\"a\",\"a long string, really\",\"b\"]]" },
		{ "{\"key\":\"string\",\"min\":0,\"max\":3}", "[\"set\",[\"b\"]]", "\"b\"" },
		{ "{\"key\":\"string\",\"min\":0,\"max\":3}", "[\"set\",[\"b\",\"b\"]]",
		  "ovsdb error: set contains duplicate" },
		{ "{\"key\":\"string\",\"min\":0,\"max\":3}", "[\"set\",[1,2,3,4]]",
		  "syntax \"[\"set\",[1,2,3,4]]\": syntax error: set must have 0 to 3 members "
		  "but 4 are present" },
		{ "{\"key\":\"string\",\"value\":\"integer\",\"min\":0,\"max\":2}",
		  "[\"map\",[[\"b\",1],[\"a\",2]]]", "[\"map\",[[\"a\",2],[\"b\",1]]]" },
		{ "{\"key\":\"string\",\"value\":\"integer\",\"min\":0,\"max\":2}", "\"a\"",
		  "syntax \"\"a\"\": syntax error: expected [\"map\", <array>]" },
		{ "{\"key\":{\"type\":\"string\",\"enum\":[\"set\",[\"a\",\"b b\"]]}}", "\"c\"",
		  "constraint violation: c is not one of the allowed values ([a, \"b b\"])" },
		{ "{\"key\":{\"type\":\"integer\",\"minInteger\":0,\"maxInteger\":100}}", "101",
		  "constraint violation: 101 is not in the valid range 0 to 100 (inclusive)" },
		{ "{\"key\":{\"type\":\"real\",\"minReal\":0.5}}", "0",
		  "constraint violation: 0 is less than minimum allowed value 0.5" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct column_type t;
		type_of(rows[i].type, &t);
		AUTO_FREE char *out = json_round(&t, rows[i].in);
		assert_string_equal(out, rows[i].out);
		column_type_fini(&t);
	}
}

static void test_text(void **state)
{
	static const char ints[] =
		"{\"key\":{\"type\":\"integer\",\"minInteger\":0,\"maxInteger\":4095},"
		"\"min\":0,\"max\":4096}";
	static const char map[] =
		"{\"key\":\"string\",\"value\":\"string\",\"min\":0,\"max\":\"unlimited\"}";
	static const struct row rows[] = {
		{ ints, "[1, 3 2]", "[1, 2, 3]" },
		{ ints, "1-3,7", "[1, 2, 3, 7]" },
		{ ints, "5-1", "\"5-1\" is not a valid range. Range end cannot be before start." },
		{ ints, "1-", "\"1-\" is not a valid integer or range" },
		{ ints, "5000",
		  "constraint violation: 5000 is not in the valid range 0 to 4095 (inclusive)" },
		{ ints, "[1,2 3", "[1,2 3: missing \"]\" at end of data" },
		{ ints, "[1,1]", "[1,1]: set contains duplicate value" },
		{ ints, "[1] 2", "[1] 2: trailing garbage after \"]\"" },
		{ ints, "{1,2}", "{1,2}: unexpected \"{\" parsing set of up to 4096 integers" },
		{ ints, "   [1]   ", "[1]" },
		{ ints, "", "use \"[]\" to specify the empty set" },
		{ map, "a=b c=\"d e\"", "{a=b, c=\"d e\"}" },
		{ map, "{a=true, b=\"\"}", "{a=\"true\", b=\"\"}" },
		{ map, "{a}", "a}: syntax error at \"}\" expecting \"=\"" },
		{ map, "x", "x: syntax error at \"" },
		{ map, "{a=}",
		  "An empty string is not valid as input; use \"\" to represent the "
		  "empty string" },
		{ map, "{a=b}x", "{a=b}x: trailing garbage after \"}\"" },
		{ map, "{a=b,a=c}", "{a=b,a=c}: map contains duplicate key" },
		{ map, "{a=\"x", "{a=\"x: quoted string extends past end of argument" },
		{ "\"boolean\"", "yes", "true" },
		{ "\"boolean\"", "maybe",
		  "\"maybe\" is not a valid boolean (use \"true\" or \"false\")" },
		{ "\"boolean\"", "[]", "[]: 0 value(s) specified but the minimum number is 1" },
		{ "\"string\"", "\"a\\u0041\\n\\\"\"", "\"aA\\n\\\"\"" },
		{ "\"string\"", "\"\\x\"", "\"\\x\": bad escape \\x" },
		{ "\"string\"", "\"\\ud834\\udd1e\"", "\"\xf0\x9d\x84\x9e\"" },
		{ "\"string\"", "\"\\ud834\"", "\"\\ud834\": malformed escaped surrogate pair" },
		{ "\"string\"", "\"\\u0000\"",
		  "\"\\u0000\": null bytes not supported in quoted strings" },
		{ "\"string\"", "a.b-c", "a.b-c" },
		{ "\"string\"", "\"11111111-1111-1111-1111-111111111111\"",
		  "\"11111111-1111-1111-1111-111111111111\"" },
		{ "\"uuid\"", "foo", "\"foo\" is not a valid UUID" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct column_type t;
		AUTO_STR out = STR_INIT;
		AUTO_ERR err = ERR_INIT;
		AUTO_DATUM *d = NULL;
		type_of(rows[i].type, &t);
		if (datum_from_text(&t, rows[i].in, NULL, &d, &err) < 0)
			str_puts(&out, err_text(&err));
		else
			datum_put(d, &t, &out);
		assert_string_equal(str_cstr(&out), rows[i].out);
		column_type_fini(&t);
	}
}

static struct datum *random_map(void)
{
	struct datum_build b = DATUM_BUILD(ATOM_STRING, ATOM_INTEGER);
	size_t n = random_below(8);

	for (size_t i = 0; i < n; i++) {
		union atom k, v;
		char name[40];
		snprintf(name, sizeof name, random_below(2) ? "%u" : "a long name, number %u",
			 random_below(10));
		atom_init_string(&k, name, strlen(name));
		atom_init_default(&v);
		v.integer = random_below(3);
		datum_build_add(&b, k, &v);
	}
	return datum_build_finish(&b);
}

static void test_algebra(void **state)
{
	random_seed(1);
	for (int i = 0; i < 20000; i++) {
		AUTO_DATUM *a = random_map();
		AUTO_DATUM *b = random_map();
		AUTO_DATUM *diff = datum_diff(a, b);
		AUTO_DATUM *again = datum_apply_diff(a, diff);
		AUTO_DATUM *all = datum_union(a, b, true);
		AUTO_DATUM *rest = datum_subtract(all, b);
		AUTO_DATUM *added = NULL;
		AUTO_DATUM *removed = NULL;

		assert_true(datum_equal(again, b));
		assert_int_equal(datum_hash(again, 0), datum_hash(b, 0));
		assert_true(datum_includes_all(all, b));
		assert_true(datum_excludes_all(rest, b));
		assert_int_equal(datum_equal(a, b), diff->n == 0);
		datum_added_removed(a, b, &added, &removed);
		assert_true(datum_includes_all(b, added) && datum_includes_all(a, removed));
		assert_true(datum_excludes_all(a, added) && datum_excludes_all(b, removed));
	}
}

static const char schema_text[] =
	"{\"name\":\"d\",\"version\":\"1.0.0\",\"tables\":{\"t\":{\"isRoot\":true,\"columns\":{"
	"\"i\":{\"type\":{\"key\":{\"type\":\"integer\",\"minInteger\":0,\"maxInteger\":100}}},"
	"\"is\":{\"type\":{\"key\":\"integer\",\"min\":0,\"max\":\"unlimited\"}},"
	"\"oi\":{\"type\":{\"key\":\"integer\",\"min\":0}},"
	"\"m\":{\"type\":{\"key\":\"string\",\"value\":\"string\",\"min\":0,\"max\":3}},"
	"\"im\":{\"type\":\"string\",\"mutable\":false}},\"indexes\":[[\"i\"]]}}}";

static struct schema *test_schema(void)
{
	struct schema *s = NULL;
	json_t *json = parse(schema_text);

	assert_int_equal(schema_from_json(json, &s, NULL), 0);
	json_t *again = schema_to_json(s);
	assert_true(json_equal(json, again));
	json_decref(again);
	json_decref(json);
	return s;
}

static void set_field(struct datum **fields, const struct table_schema *t, const char *column,
		      const char *text)
{
	const struct column_schema *c = table_column(t, column);

	datum_unref(fields[c->index]);
	assert_int_equal(datum_from_text(&c->type, text, NULL, &fields[c->index], NULL), 0);
}

static void test_condition(void **state)
{
	static const struct {
		const char *condition;
		int expected; /* -1: error */
	} rows[] = {
		{ "[]", 1 },
		{ "[true]", 1 },
		{ "[false]", 0 },
		{ "[[\"i\",\"==\",5]]", 1 },
		{ "[[\"i\",\"<\",5]]", 0 },
		{ "[[\"i\",\"<=\",5],[\"i\",\">=\",5]]", 1 },
		{ "[[\"i\",\">\",500]]", -1 },
		{ "[[\"is\",\"<\",5]]", -1 },
		{ "[[\"oi\",\"<\",5]]", 0 },
		{ "[[\"oi\",\">=\",5]]", 0 },
		{ "[[\"oi\",\"!=\",5]]", 1 },
		{ "[[\"oi\",\"==\",[\"set\",[]]]]", 1 },
		{ "[[\"is\",\"includes\",[\"set\",[1,2]]]]", 1 },
		{ "[[\"is\",\"includes\",[\"set\",[1,9]]]]", 0 },
		{ "[[\"is\",\"excludes\",[\"set\",[8,9]]]]", 1 },
		{ "[[\"m\",\"includes\",[\"map\",[[\"a\",\"b\"]]]]]", 1 },
		{ "[[\"m\",\"includes\",[\"map\",[[\"a\",\"c\"]]]]]", 0 },
		{ "[[\"m\",\"excludes\",[\"map\",[[\"a\",\"c\"]]]]]", 1 },
		{ "[[\"i\",\"foo\",5]]", -1 },
		{ "[[\"zz\",\"==\",5]]", -1 },
		{ "[1]", -1 },
	};
	AUTO_SCHEMA *s = test_schema();
	struct table_schema *t = schema_table(s, "t");
	struct datum *fields[8] = { NULL };

	assert_non_null(t);
	for (size_t i = 0; i < t->n_columns; i++)
		fields[i] = datum_default(&t->columns[i]->type);
	set_field(fields, t, "i", "5");
	set_field(fields, t, "is", "1,2,3");
	set_field(fields, t, "m", "a=b");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct condition c;
		json_t *json = parse(rows[i].condition);
		int r = condition_from_json(t, json, NULL, &c, NULL);
		json_decref(json);
		if (rows[i].expected < 0) {
			assert_true(r < 0);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(condition_matches_all(&c, fields), rows[i].expected);
		condition_fini(&c);
	}
	for (size_t i = 0; i < t->n_columns; i++)
		datum_unref(fields[i]);
}

static void test_mutation(void **state)
{
	static const struct {
		const char *column, *before, *mutation, *after;
	} rows[] = {
		{ "i", "10", "[\"i\",\"+=\",1]", "11" },
		{ "i", "10", "[\"i\",\"/=\",0]", "domain error: Division by zero." },
		{ "i", "10", "[\"i\",\"+=\",1000]",
		  "constraint violation: 1010 is not in the valid range 0 to 100 (inclusive)" },
		{ "is", "1,2,3", "[\"is\",\"*=\",0]",
		  "constraint violation: Result of \"*=\" operation contains duplicates." },
		{ "is", "1,2,3", "[\"is\",\"insert\",[\"set\",[5,1]]]", "[1, 2, 3, 5]" },
		{ "is", "1,2,3", "[\"is\",\"delete\",[\"set\",[9,1]]]", "[2, 3]" },
		{ "is", "9223372036854775807", "[\"is\",\"+=\",1]",
		  "range error: Result of \"+=\" operation is out of range." },
		{ "m", "a=b,c=d", "[\"m\",\"insert\",[\"map\",[[\"a\",\"z\"],[\"q\",\"r\"]]]]",
		  "{a=b, c=d, q=r}" },
		{ "m", "a=b,c=d", "[\"m\",\"insert\",[\"map\",[[\"e\",\"z\"],[\"q\",\"r\"]]]]",
		  "constraint violation: Attempted to store 4 elements in map of up to 3 "
		  "(string, string) pairs." },
		{ "m", "a=b,c=d", "[\"m\",\"delete\",[\"set\",[\"a\"]]]", "{c=d}" },
		{ "m", "a=b,c=d", "[\"m\",\"delete\",[\"map\",[[\"a\",\"z\"],[\"c\",\"d\"]]]]",
		  "{a=b}" },
		{ "im", "x", "[\"im\",\"insert\",\"y\"]",
		  "syntax \"[\"im\",\"insert\",\"y\"]\": constraint violation: Cannot mutate "
		  "immutable column im in table t." },
	};
	AUTO_SCHEMA *s = test_schema();
	const struct table_schema *t = schema_table(s, "t");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_STR wrapped = STR_INIT;
		AUTO_STR out = STR_INIT;
		AUTO_DBERR err = DBERR_INIT;
		AUTO_DATUM *before = NULL;
		AUTO_DATUM *after = NULL;
		const struct column_schema *c = table_column(t, rows[i].column);
		struct mutation_set set;

		mutation_set_init(&set);
		assert_int_equal(datum_from_text(&c->type, rows[i].before, NULL, &before, NULL), 0);
		str_putf(&wrapped, "[%s]", rows[i].mutation);
		json_t *json = parse(str_cstr(&wrapped));
		if (mutation_set_from_json(t, json, NULL, &set, &err) < 0 ||
		    mutation_apply(&set.mutations[0], before, &after, &err) < 0)
			dberr_put(&err, &out);
		else
			datum_put(after, &c->type, &out);
		assert_string_equal(str_cstr(&out), rows[i].after);
		mutation_set_fini(&set);
		json_decref(json);
	}
}

static void test_schema_errors(void **state)
{
	static const struct {
		const char *schema, *error;
	} rows[] = {
		{ "{}", "syntax \"{}\": syntax error: Parsing database schema failed: Required "
			"'name' member is missing." },
		{ "{\"name\":\"d\",\"tables\":{},\"version\":\"1\"}",
		  "syntax \"{\"name\":\"d\",\"tables\":{},\"version\":\"1\"}\": syntax error: "
		  "schema version \"1\" not in format x.y.z" },
		{ "{\"name\":\"d\",\"tables\":{\"t\":{\"columns\":{}}}}",
		  "syntax \"{\"columns\":{}}\": syntax error: table must have at least one "
		  "column" },
		{ "{\"name\":\"d\",\"tables\":{\"t\":{\"columns\":{\"c\":{\"type\":{\"key\":{"
		  "\"type\":\"uuid\",\"refTable\":\"x\"}}}}}}}",
		  "syntax error: column c key refers to undefined table x" },
		{ "{\"name\":\"d\",\"tables\":{\"t\":{\"columns\":{\"c\":{\"type\":{\"key\":{"
		  "\"type\":\"string\",\"minInteger\":1}}}}}}}",
		  "syntax \"{\"minInteger\":1,\"type\":\"string\"}\": syntax error: Parsing ovsdb "
		  "type failed: Member 'minInteger' is present but not allowed here." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_DBERR err = DBERR_INIT;
		AUTO_STR out = STR_INIT;
		struct schema *s;
		json_t *json = parse(rows[i].schema);

		assert_true(schema_from_json(json, &s, &err) < 0);
		dberr_put(&err, &out);
		assert_string_equal(str_cstr(&out), rows[i].error);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),	 cmocka_unit_test(test_text),
		cmocka_unit_test(test_algebra),	 cmocka_unit_test(test_condition),
		cmocka_unit_test(test_mutation), cmocka_unit_test(test_schema_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
