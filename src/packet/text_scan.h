/* SPDX-License-Identifier: Apache-2.0 */
/* text_scan: the pieces that texts of datapath flows and of their actions are read with. Each moves
 * '*s' behind what it took, and leaves it where it is if it returns false.
 * Threads: any. */
#pragma once
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

static inline bool scan_lit(const char **s, const char *text)
{
	size_t n = strlen(text);
	if (strncmp(*s, text, n))
		return false;
	*s += n;
	return true;
}

static inline void scan_seps(const char **s)
{
	while (**s == ',' || isspace((unsigned char)**s))
		(*s)++;
}

/* Decimal, 0x or 0, at most 'max'. */
static inline bool scan_num(const char **s, uint64_t max, uint64_t *ret)
{
	if (!isdigit((unsigned char)**s))
		return false;
	char *end;
	errno = 0;
	uint64_t x = strtoull(*s, &end, 0);
	if (errno || x > max)
		return false;
	*s = end;
	*ret = x;
	return true;
}
