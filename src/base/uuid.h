/* SPDX-License-Identifier: Apache-2.0 */
/* uuid: RFC 4122 identifiers, as OVSDB prints them (lower case, 36 characters). */
#pragma once
#include <string.h>
#include "base/compiler.h"

struct uuid {
	uint8_t b[16]; /* in the order printed, so that memcmp() sorts as the text does */
};

#define UUID_LEN 36

void uuid_random(struct uuid *ret); /* version 4 */
/* Takes exactly 36 characters and then the end of the string. */
bool uuid_from_str(const char *s, struct uuid *ret);
/* As above, but text may follow; returns the characters used, 0 if it is none. */
size_t uuid_from_prefix(const char *s, struct uuid *ret);
const char *uuid_to_str(const struct uuid *, char buf[UUID_LEN + 1]);
bool uuid_is_zero(const struct uuid *);
static inline bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return !memcmp(a, b, sizeof *a);
}
static inline int uuid_cmp(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a, b, sizeof *a);
}
static inline uint32_t uuid_hash(const struct uuid *u)
{
	uint32_t h;
	memcpy(&h, u->b, sizeof h);
	return h;
}
