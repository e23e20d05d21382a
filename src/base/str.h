/* SPDX-License-Identifier: Apache-2.0 */
/* str: a growing string. 's' is NULL until something is put in, then NUL-terminated; str_cstr()
 * never returns NULL. Zero-initialise, release with str_fini(). */
#pragma once
#include <stdarg.h>
#include "base/compiler.h"

struct str {
	char *s;
	size_t len;
	size_t allocated;
};

#define STR_INIT                                                                                   \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define AUTO_STR CLEANUP(str_fini) struct str

void str_fini(struct str *);
void str_clear(struct str *);
const char *str_cstr(const struct str *);
/* Hands the characters to the caller, who frees them; 'str' is empty afterwards. */
char *str_steal(struct str *);
void str_reserve(struct str *, size_t len);
void str_put(struct str *, const char *s, size_t len);
void str_puts(struct str *, const char *s);
void str_putc(struct str *, char c);
void str_putc_n(struct str *, char c, size_t n);
void str_putf(struct str *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_putvf(struct str *, const char *fmt, va_list) PRINTF_LIKE(2, 0);
/* Lower-case hex digits without separators. */
void str_put_hex(struct str *, const void *p, size_t size);
void str_truncate(struct str *, size_t len);
/* Removes 'c' from the end, if it is there. */
void str_chomp(struct str *, char c);
bool str_ends_with(const struct str *, const char *suffix);

/* Text without a struct. */
bool str_starts(const char *s, const char *prefix);
/* Whole-string conversions: false, and *ret untouched, unless all of 's' is a number in range.
 * Base 0 takes 0x and 0 prefixes. */
bool str_to_u64(const char *s, int base, uint64_t *ret);
bool str_to_i64(const char *s, int base, int64_t *ret);
bool str_to_u32(const char *s, int base, uint32_t *ret);
bool str_to_u16(const char *s, int base, uint16_t *ret);
bool str_to_double(const char *s, double *ret);
/* Copies at most size-1 characters and always terminates. */
void str_copy(char *dst, const char *src, size_t size);
