/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include "base/random.h"

void uuid_random(struct uuid *u)
{
	random_bytes(u->b, sizeof u->b);
	u->b[6] = (uint8_t)((u->b[6] & 0x0f) | 0x40);
	u->b[8] = (uint8_t)((u->b[8] & 0x3f) | 0x80);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool dash_before_byte(int i) { return i == 4 || i == 6 || i == 8 || i == 10; }

size_t uuid_from_prefix(const char *s, struct uuid *ret)
{
	struct uuid u;
	const char *p = s;
	for (int i = 0; i < 16; i++) {
		if (dash_before_byte(i) && *p++ != '-')
			return 0;
		int hi = hex_digit(p[0]);
		int lo = hi < 0 ? -1 : hex_digit(p[1]);
		if (lo < 0)
			return 0;
		u.b[i] = (uint8_t)(hi << 4 | lo);
		p += 2;
	}
	*ret = u;
	return UUID_LEN;
}

bool uuid_from_str(const char *s, struct uuid *ret)
{
	return strlen(s) == UUID_LEN && uuid_from_prefix(s, ret);
}

const char *uuid_to_str(const struct uuid *u, char buf[UUID_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	char *p = buf;
	for (int i = 0; i < 16; i++) {
		if (dash_before_byte(i))
			*p++ = '-';
		*p++ = digits[u->b[i] >> 4];
		*p++ = digits[u->b[i] & 15];
	}
	*p = '\0';
	return buf;
}

bool uuid_is_zero(const struct uuid *u)
{
	static const struct uuid zero;
	return uuid_equal(u, &zero);
}
