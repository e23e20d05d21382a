/* SPDX-License-Identifier: Apache-2.0 */
/* table_test: each format of a table with an empty cell, quotation marks and a UUID. What Debian's
 * programs print of the same is compared by test/same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/mem.h"
#include "ctl/table.h"

#define UUID "11111111-1111-4111-8111-111111111111"

static void check(enum table_format format, enum cell_format cells, bool headings,
		  const char *expected)
{
	struct table_style style = TABLE_STYLE_INIT(format);
	struct output_table t = TABLE_INIT;
	struct column_type type;
	struct uuid uuid;
	AUTO_STR out = STR_INIT;
	column_type_init(&type, ATOM_STRING, ATOM_VOID, 0, N_UNLIMITED);
	assert_true(uuid_from_str(UUID, &uuid));
	struct datum_build b = DATUM_BUILD(ATOM_STRING, ATOM_VOID);
	datum_build_add_string(&b, "x y");
	datum_build_add_string(&b, "a");
	AUTO_DATUM *words = datum_build_finish(&b);
	AUTO_DATUM *none = datum_empty(ATOM_STRING, ATOM_VOID);

	style.cells = cells;
	style.headings = headings;
	table_set_caption(&t, xstrdup("T"));
	table_add_heading(&t, "_uuid");
	table_add_heading(&t, "words");
	table_add_heading(&t, "text");
	table_add_text(&t, xstrdup(UUID));
	table_add_datum(&t, words, &type);
	table_add_text(&t, xstrdup("<&\","));
	table_add_text(&t, xstrdup(""));
	table_add_datum(&t, none, &type);
	table_add_nothing(&t);
	table_print(&t, &style, &out);
	assert_string_equal(str_cstr(&out), expected);
	table_fini(&t);
	column_type_fini(&type);
}

static void test_table(void **state)
{
	check(TABLE_TABLE, CELL_STRING, true,
	      "T\n_uuid                                words      text\n"
	      "------------------------------------ ---------- ----\n" UUID
	      " [a, \"x y\"] <&\",\n                                     []\n");
	check(TABLE_TABLE, CELL_BARE, false, "T\n" UUID " a x y <&\",\n\n");
}

static void test_list(void **state)
{
	check(TABLE_LIST, CELL_BARE, true,
	      "T\n_uuid               : " UUID "\nwords               : a x y\n"
	      "text                : <&\",\n\n"
	      "_uuid               : \nwords               : \ntext                : \n");
	check(TABLE_LIST, CELL_JSON, false,
	      "T\n\"" UUID "\"\n[\"set\",[\"a\",\"x y\"]]\n\"<&\\\",\"\n\n"
	      "\"\"\n[\"set\",[]]\n\n");
}

static void test_csv(void **state)
{
	check(TABLE_CSV, CELL_STRING, true,
	      "T\n_uuid,words,text\n" UUID ",\"[a, \"\"x y\"\"]\",\"<&\"\",\"\n,[],\n");
}

static void test_html(void **state)
{
	check(TABLE_HTML, CELL_BARE, false,
	      "<table border=1>\n    <caption>T</caption>\n"
	      "  <tr>\n    <td><a name=\"" UUID "\">11111111</a></td>\n    <td>a x y</td>\n"
	      "    <td>&lt;&amp;&quot;,</td>\n  </tr>\n"
	      "  <tr>\n    <td></td>\n    <td></td>\n    <td></td>\n  </tr>\n</table>\n");
}

static void test_json(void **state)
{
	check(TABLE_JSON, CELL_STRING, true,
	      "{\"caption\":\"T\",\"data\":[[\"" UUID
	      "\",[\"set\",[\"a\",\"x y\"]],\"<&\\\",\"],[\"\",[\"set\",[]],null]],"
	      "\"headings\":[\"_uuid\",\"words\",\"text\"]}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_list),
		cmocka_unit_test(test_csv),   cmocka_unit_test(test_html),
		cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
