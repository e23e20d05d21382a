/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/hmap.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strmap.h"
#include "base/uuid.h"

struct item {
	struct hmap_node node;
	struct list link;
	int value;
};

static void list_keeps_order(void **state)
{
	struct list head = LIST_INIT(head);
	struct item items[5];
	for (int i = 0; i < 5; i++) {
		items[i].value = i;
		list_push_back(&head, &items[i].link);
	}
	struct item *it;
	int expect = 0;
	LIST_FOR_EACH(it, &head, link)
		assert_int_equal(it->value, expect++);
	LIST_FOR_EACH_SAFE(it, &head, link)
		if (it->value % 2)
			list_remove(&it->link);
	assert_int_equal(list_size(&head), 3);
}

static void hmap_finds_what_was_put(void **state)
{
	enum { N = 1000 };
	struct hmap map;
	hmap_init(&map);
	struct item *items = xcalloc(N, sizeof *items);
	for (int i = 0; i < N; i++) {
		items[i].value = i;
		hmap_insert(&map, &items[i].node, hash_u32((uint32_t)i % 100, 0));
	}
	int seen = 0;
	struct item *it;
	HMAP_FOR_EACH_WITH_HASH(it, &map, hash_u32(7, 0), node)
		seen += it->value % 100 == 7;
	assert_int_equal(seen, 10);
	HMAP_FOR_EACH_SAFE(it, &map, node)
		if (it->value % 2)
			hmap_remove(&map, &it->node);
	assert_int_equal(hmap_count(&map), N / 2);
	hmap_fini(&map);
	free(items);
}

static void str_grows(void **state)
{
	AUTO_STR s = STR_INIT;
	assert_string_equal(str_cstr(&s), "");
	for (int i = 0; i < 1000; i++)
		str_putf(&s, "%d,", i);
	assert_int_equal(s.len, 10 * 2 + 90 * 3 + 900 * 4);
	assert_true(str_ends_with(&s, "998,999,"));
	str_chomp(&s, ',');
	assert_true(str_ends_with(&s, "999"));
}

static void numbers_are_whole_strings(void **state)
{
	uint64_t u = 5;
	assert_true(str_to_u64("0x10", 0, &u) && u == 16);
	assert_false(str_to_u64("12x", 0, &u));
	assert_false(str_to_u64("-1", 0, &u));
	assert_false(str_to_u64("", 0, &u));
	assert_false(str_to_u64("99999999999999999999", 0, &u));
	assert_int_equal(u, 16);
}

static void strmap_is_sorted(void **state)
{
	struct strmap m = STRMAP_INIT;
	strmap_put(&m, "b", "2");
	strmap_put(&m, "a", "true");
	strmap_put(&m, "b", "3");
	assert_int_equal(m.n, 2);
	assert_string_equal(m.entries[0].key, "a");
	assert_int_equal(strmap_get_int(&m, "b", 0), 3);
	assert_true(strmap_get_bool(&m, "a", false));
	assert_true(strmap_del(&m, "a"));
	assert_null(strmap_get(&m, "a"));
	strmap_fini(&m);
}

static void uuid_round_trip(void **state)
{
	struct uuid u, v;
	char buf[UUID_LEN + 1];
	for (int i = 0; i < 100; i++) {
		uuid_random(&u);
		assert_true(uuid_from_str(uuid_to_str(&u, buf), &v));
		assert_true(uuid_equal(&u, &v));
		assert_int_equal(buf[14], '4');
	}
	assert_false(uuid_from_str("00000000-0000-0000-0000-00000000000g", &v));
	assert_false(uuid_from_str("00000000-0000-0000-0000-0000000000000", &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_keeps_order), cmocka_unit_test(hmap_finds_what_was_put),
		cmocka_unit_test(str_grows),	    cmocka_unit_test(numbers_are_whole_strings),
		cmocka_unit_test(strmap_is_sorted), cmocka_unit_test(uuid_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
