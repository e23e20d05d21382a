/* SPDX-License-Identifier: Apache-2.0 */
#include "switchd/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool eth_addr_from_text(const char *s, struct eth_addr *ret)
{
	struct eth_addr a;
	if (strlen(s) != 17)
		return false;
	for (int i = 0; i < 6; i++) {
		const char *p = s + 3 * i;
		if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]) ||
		    (i < 5 && p[2] != ':'))
			return false;
		char byte[3] = { p[0], p[1], 0 };
		a.b[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	*ret = a;
	return true;
}

void eth_addr_to_text(struct eth_addr a, char buf[18])
{
	snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", a.b[0], a.b[1], a.b[2], a.b[3], a.b[4],
		 a.b[5]);
}

bool datapath_id_from_text(const char *s, uint64_t *ret)
{
	bool prefixed = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	size_t len = strlen(s);
	const char *digits = prefixed ? s + 2 : s;
	uint64_t v;

	if (prefixed ? len <= 2 || len > 18 : len != 16)
		return false;
	if (strspn(digits, "0123456789abcdefABCDEF") != strlen(digits) ||
	    !str_to_u64(digits, 16, &v) || !v)
		return false;
	*ret = v;
	return true;
}
