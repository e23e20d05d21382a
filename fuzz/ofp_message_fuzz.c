/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as OpenFlow messages of any version: decoded, and printed. */
#include "ofp/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tun_table table = { .ad_hoc = true };
	AUTO_STR out = STR_INIT;
	const struct print_options o = { .verbosity = 2 };
	tun_table_current = &table;
	if (size > OF_MSG_MAX)
		return 0;
	of_print(data, size, &o, &out);
	return 0;
}
