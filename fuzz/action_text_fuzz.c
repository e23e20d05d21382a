/* SPDX-License-Identifier: Apache-2.0 */
/* Text of datapath actions: what is read is printed; what is printed is read, to the same text. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fastpath/action.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *s = xstrndup((const char *)data, size);
	struct dp_actions a = DP_ACTIONS_INIT, b = DP_ACTIONS_INIT;
	if (dp_actions_from_str(s, &a, NULL) < 0)
		return 0;
	AUTO_STR once = STR_INIT;
	AUTO_STR twice = STR_INIT;
	dp_actions_to_str(a.data, a.size, NULL, NULL, &once);
	if (dp_actions_from_str(str_cstr(&once), &b, NULL) >= 0) {
		dp_actions_to_str(b.data, b.size, NULL, NULL, &twice);
		if (strcmp(str_cstr(&once), str_cstr(&twice)))
			abort();
	}
	dp_actions_fini(&a);
	dp_actions_fini(&b);
	return 0;
}
