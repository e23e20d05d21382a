/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "wire/json.h"

static const struct {
	const char *in, *out;
} same[] = {
	{ "[1.0,1e3,-0.0,0.1,1e18,1E+2,10e-1]", "[1,1000,0,0.1,1000000000000000000,100,1]" },
	{ "[9223372036854775807,-9223372036854775808]",
	  "[9223372036854775807,-9223372036854775808]" },
	{ "[9223372036854775808,1e21,1e22]", "[9.223372036854776e+18,1e+21,1e+22]" },
	{ "[12345678901234567.0]", "[12345678901234567]" },
	{ " { \"b\" : [ ] , \"a\" : { } } ", "{\"a\":{},\"b\":[]}" },
	{ "[\"\\u0001\\u007f/<\\/&\\t\\n\\r\\b\\f\\\"\\\\\"]",
	  "[\"\\u0001\x7f/</&\\t\\n\\r\\b\\f\\\"\\\\\"]" },
	{ "[\"\\u20ac\\ud83d\\ude00\"]", "[\"€😀\"]" },
	{ "[true,false,null]", "[true,false,null]" },
	{ "[3.141592653589793]", "[3.141592653589793]" },
};

static void prints_what_it_reads(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		json_t *json;
		AUTO_ERR err = ERR_INIT;
		AUTO_STR out = STR_INIT;
		int r = json_parse(same[i].in, strlen(same[i].in), &json, &err);
		assert_string_equal(err_text(&err), "");
		assert_int_equal(r, 0);
		json_put(json, JSON_PUT_SORT, &out);
		assert_string_equal(str_cstr(&out), same[i].out);
		json_decref(json);
	}
}

static const struct {
	const char *in, *error;
} bad[] = {
	{ "[", "line 0, column 1, byte 1: unexpected end of input" },
	{ "", "line 0, column 0, byte 0: empty input stream" },
	{ "123", "line 0, column 3, byte 3: syntax error at beginning of input" },
	{ "\"abc\"", "line 0, column 4, byte 4: syntax error at beginning of input" },
	{ "[\"Open_vSwitch\",{\"op\":\"x\",}]",
	  "line 0, column 26, byte 26: syntax error parsing object expecting string" },
	{ "[01]", "line 0, column 3, byte 3: leading zeros not allowed" },
	{ "[\"abc\nd\"]", "line 0, column 5, byte 5: U+000A must be escaped in quoted string" },
	{ "[1e400]", "line 0, column 6, byte 6: number outside valid range" },
	{ "[nul]", "line 0, column 4, byte 4: invalid keyword 'nul'" },
	{ "[\"\\x\"]", "line 0, column 4, byte 4: bad escape \\x" },
	{ "[\"\\ud800\"]", "line 0, column 8, byte 8: malformed escaped surrogate pair" },
	{ "[\"\\u0000\"]", "line 0, column 8, byte 8: null bytes not supported in quoted strings" },
	{ "[\"\\ud800\\u0041\"]", "line 0, column 14, byte 14: second half of escaped surrogate "
				  "pair is not trailing surrogate" },
	{ "[\"\\u12\"]", "line 0, column 6, byte 6: quoted string ends within \\u escape" },
	{ "[\"abc", "line 0, column 5, byte 5: unexpected end of input in quoted string" },
	{ "[1 5", "line 0, column 4, byte 4: syntax error expecting ']' or ','" },
	{ "[\"x\"  : 3", "line 0, column 6, byte 6: syntax error expecting ']' or ','" },
	{ "[{\"a\" 5", "line 0, column 7, byte 7: syntax error parsing object expecting ':'" },
	{ "[{\"a\":1 5", "line 0, column 9, byte 9: syntax error expecting '}' or ','" },
	{ "[1,]", "line 0, column 3, byte 3: syntax error expecting value" },
	{ "[-]", "line 0, column 2, byte 2: '-' must be followed by digit" },
	{ "[--1]", "line 0, column 4, byte 4: '-' must be followed by digit" },
	{ "[1.]", "line 0, column 3, byte 3: decimal point must be followed by digit" },
	{ "[1e]", "line 0, column 3, byte 3: exponent must contain at least one digit" },
	{ "[1x]", "line 0, column 3, byte 3: invalid keyword 'x'" },
	{ "[@]", "line 0, column 1, byte 1: invalid character '@'" },
	{ "[1]\n[2]", "line 1, column 0, byte 4: trailing garbage at end of input" },
	{ "[1] x", "line 0, column 5, byte 5: invalid keyword 'x'" },
	{ "{\"a\":1,\"a\":2}", "line 0, column 9, byte 9: duplicate member \"a\"" },
	{ "[\"\xff\"]", "line 0, column 2, byte 2: invalid UTF-8 in quoted string" },
	{ "[\"\xed\xa0\x80\"]", "line 0, column 2, byte 2: invalid UTF-8 in quoted string" },
	{ "[1-2]", "line 0, column 4, byte 4: syntax error in number" },
};

static void says_what_is_wrong(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		json_t *json = NULL;
		AUTO_ERR err = ERR_INIT;
		assert_int_equal(json_parse(bad[i].in, strlen(bad[i].in), &json, &err), -EINVAL);
		assert_string_equal(err_text(&err), bad[i].error);
		assert_null(json);
	}
}

static void depth_is_limited(void **state)
{
	for (size_t depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
		AUTO_STR text = STR_INIT;
		str_putc_n(&text, '[', depth);
		str_putc_n(&text, ']', depth);
		json_t *json = NULL;
		int r = json_parse(text.s, text.len, &json, NULL);
		assert_int_equal(r, depth > JSON_MAX_DEPTH ? -EINVAL : 0);
		json_decref(json);
	}
}

/* However a stream is cut into reads, the texts are the same. */
static void scan_finds_texts(void **state)
{
	static const char stream[] = " {\"a\":[1,\"}\\\"\"]}[]\n\"x]\" 12 {}";
	static const char *const texts[] = { " {\"a\":[1,\"}\\\"\"]}", "[]", "\n\"x]\"", " 12",
					     " {}" };
	for (size_t step = 1; step <= sizeof stream; step++) {
		struct json_scan scan = { 0 };
		AUTO_STR text = STR_INIT;
		size_t n_texts = 0;
		for (size_t at = 0; at < sizeof stream - 1;) {
			bool done;
			size_t n = MIN(step, sizeof stream - 1 - at);
			size_t used = json_scan_feed(&scan, stream + at, n, &done);
			str_put(&text, stream + at, used);
			at += used;
			if (done) {
				assert_string_equal(str_cstr(&text), texts[n_texts++]);
				str_clear(&text);
			}
		}
		assert_int_equal(n_texts, ARRAY_SIZE(texts));
	}
}

static void pretty_is_as_in_ovs(void **state)
{
	static const char in[] = "[{\"rows\":[]},{},{\"uuid\":[\"uuid\",\"3\"],\"b\":1}]";
	static const char out[] = "[\n  {\n    \"rows\": []},\n  {\n    },\n  {\n    \"b\": 1,\n"
				  "    \"uuid\": [\n      \"uuid\",\n      \"3\"]}]";
	json_t *json;
	assert_int_equal(json_parse(in, strlen(in), &json, NULL), 0);
	AUTO_STR text = STR_INIT;
	json_put(json, JSON_PUT_SORT | JSON_PUT_PRETTY, &text);
	assert_string_equal(str_cstr(&text), out);
	json_decref(json);
}

static void hash_ignores_member_order(void **state)
{
	json_t *a, *b;
	assert_int_equal(json_parse("{\"a\":1,\"b\":[2]}", 15, &a, NULL), 0);
	assert_int_equal(json_parse("{\"b\":[2],\"a\":1}", 15, &b, NULL), 0);
	assert_int_equal(json_hash(a, 7), json_hash(b, 7));
	json_decref(a);
	json_decref(b);
}

static void whole_reals_are_integers(void **state)
{
	json_t *real = json_real(4.0);
	int64_t v = 0;
	assert_true(json_as_int(real, &v));
	assert_int_equal(v, 4);
	json_decref(real);
	real = json_real(4.5);
	assert_false(json_as_int(real, &v));
	json_decref(real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_what_it_reads),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(scan_finds_texts),
		cmocka_unit_test(pretty_is_as_in_ovs),
		cmocka_unit_test(hash_ignores_member_order),
		cmocka_unit_test(whole_reals_are_integers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
