/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as actions and instructions of the version that the first byte says; what is read is
 * built, and read again to the same text. */
#include "ofp/action_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tun_table table = { .ad_hoc = true };
	tun_table_current = &table;
	if (!size)
		return 0;
	enum of_version v = OF10 + data[0] % 6;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT, again = OF_ACTIONS_INIT;
	if (of_instructions_parse(data + 1, size - 1, v, &acts))
		return 0;
	AUTO_STR text = STR_INIT;
	AUTO_BYTES built = BYTES_INIT;
	of_actions_put_text(acts.data, acts.size, NULL, &text);
	of_instructions_build(&built, acts.data, acts.size, v);
	(void)!of_instructions_parse(built.data, built.size, v, &again);
	return 0;
}
