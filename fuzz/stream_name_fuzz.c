/* SPDX-License-Identifier: Apache-2.0 */
/* Names of remotes. */
#include "base/mem.h"
#include "io/inet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *s = xstrndup((const char *)data, size);
	AUTO_FREE char *host = NULL;
	AUTO_ERR err = ERR_INIT;
	union inet_addr a, again;
	if (inet_parse_active(s, 6640, &a, &host, &err) == 0 && !host) {
		AUTO_STR text = STR_INIT;
		AUTO_FREE char *host2 = NULL;
		inet_addr_put_port(&a, &text);
		int r = inet_parse_active(text.s, 0, &again, &host2, NULL);
		ASSERT(r == 0 && !host2 && inet_addr_port(&a) == inet_addr_port(&again));
	}
	if (inet_parse_passive(s, 0, &a, &err) < 0)
		ASSERT(*err_text(&err));
	return 0;
}
