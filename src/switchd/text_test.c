/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "switchd/text.h"

static void test_eth_addr(void **state)
{
	struct eth_addr a = { { 9, 9, 9, 9, 9, 9 } };
	char buf[18];
	assert_true(eth_addr_from_text("00:1a:2B:3c:4d:fF", &a));
	eth_addr_to_text(a, buf);
	assert_string_equal(buf, "00:1a:2b:3c:4d:ff");
	static const char *const bad[] = { "",
					   "00:11:22:33:44",
					   "00:11:22:33:44:5",
					   "00:11:22:33:44:55 ",
					   "00-11-22-33-44-55",
					   "0x:11:22:33:44:55",
					   " 0:11:22:33:44:55",
					   "+0:11:22:33:44:55",
					   "00:11:22:33:44:55:66" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(eth_addr_from_text(bad[i], &a));
	eth_addr_to_text(a, buf);
	assert_string_equal(buf, "00:1a:2b:3c:4d:ff"); /* untouched */
}

static void test_datapath_id(void **state)
{
	uint64_t id = 7;
	assert_true(datapath_id_from_text("fedcba9876543210", &id));
	assert_int_equal(id, 0xfedcba9876543210ull);
	assert_true(datapath_id_from_text("0x12", &id));
	assert_int_equal(id, 0x12);
	assert_true(datapath_id_from_text("0x00000000000000ff", &id));
	assert_int_equal(id, 0xff);
	static const char *const bad[] = { "",
					   "12",
					   "0x",
					   "0000000000000000",
					   "0x0",
					   "zz",
					   "00000000000000123",
					   "0x00000000000000001",
					   "-000000000000001",
					   "000000000000001g",
					   "0x 12" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(datapath_id_from_text(bad[i], &id));
	assert_int_equal(id, 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eth_addr),
		cmocka_unit_test(test_datapath_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
