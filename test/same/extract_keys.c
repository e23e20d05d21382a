/* SPDX-License-Identifier: Apache-2.0 */
/* extract-keys: reads packets as lines of hex digits, prints each one's flow key as text. For
 * extract.py, which says what the keys must be. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/key_text.h"
#include "packet/packet.h"

int main(void)
{
	static char line[2 * PACKET_MAX_BYTES + 2];
	static uint8_t bytes[PACKET_MAX_BYTES];
	while (fgets(line, sizeof line, stdin)) {
		uint32_t n = 0;
		for (const char *p = line;
		     isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]); p += 2) {
			char two[3] = { p[0], p[1], 0 };
			bytes[n++] = (uint8_t)strtoul(two, NULL, 16);
		}
		struct packet *p = packet_from_bytes(bytes, n);
		struct flow_key key;
		AUTO_STR out = STR_INIT;
		key_extract(p, &key);
		key_to_str(&key, NULL, NULL, true, &out);
		puts(str_cstr(&out));
		packet_free(p);
	}
	return 0;
}
