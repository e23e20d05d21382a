/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "base/mem.h"

void str_fini(struct str *str)
{
	if (str) {
		free(str->s);
		*str = (struct str)STR_INIT;
	}
}

void str_clear(struct str *str) { str_truncate(str, 0); }

const char *str_cstr(const struct str *str) { return str->s ? str->s : ""; }

char *str_steal(struct str *str)
{
	char *s = str->s ? str->s : xstrdup("");
	*str = (struct str)STR_INIT;
	return s;
}

void str_reserve(struct str *str, size_t len)
{
	str->s = xgrow(str->s, &str->allocated, len + 1, 1);
}

void str_put(struct str *str, const char *s, size_t len)
{
	str_reserve(str, str->len + len);
	memcpy(str->s + str->len, s, len);
	str->len += len;
	str->s[str->len] = '\0';
}

void str_puts(struct str *str, const char *s) { str_put(str, s, strlen(s)); }
void str_putc(struct str *str, char c) { str_put(str, &c, 1); }

void str_putc_n(struct str *str, char c, size_t n)
{
	str_reserve(str, str->len + n);
	memset(str->s + str->len, c, n);
	str->len += n;
	str->s[str->len] = '\0';
}

void str_putvf(struct str *str, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	size_t room = str->s ? str->allocated - str->len : 0;
	int n = vsnprintf(str->s ? str->s + str->len : NULL, room, fmt, args);
	ASSERT(n >= 0);
	if ((size_t)n >= room) {
		str_reserve(str, str->len + (size_t)n);
		vsnprintf(str->s + str->len, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	str->len += (size_t)n;
}

void str_putf(struct str *str, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_putvf(str, fmt, args);
	va_end(args);
}

void str_put_hex(struct str *str, const void *p_, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = p_;
	str_reserve(str, str->len + size * 2);
	for (size_t i = 0; i < size; i++) {
		str->s[str->len++] = digits[p[i] >> 4];
		str->s[str->len++] = digits[p[i] & 15];
	}
	str->s[str->len] = '\0';
}

void str_truncate(struct str *str, size_t len)
{
	if (len < str->len) {
		str->len = len;
		str->s[len] = '\0';
	}
}

void str_chomp(struct str *str, char c)
{
	if (str->len && str->s[str->len - 1] == c)
		str_truncate(str, str->len - 1);
}

bool str_ends_with(const struct str *str, const char *suffix)
{
	size_t n = strlen(suffix);
	return str->len >= n && !memcmp(str->s + str->len - n, suffix, n);
}

bool str_starts(const char *s, const char *prefix) { return !strncmp(s, prefix, strlen(prefix)); }

bool str_to_u64(const char *s, int base, uint64_t *ret)
{
	if (!isxdigit((unsigned char)*s))
		return false;
	char *end;
	errno = 0;
	unsigned long long v = strtoull(s, &end, base);
	if (errno || end == s || *end)
		return false;
	*ret = v;
	return true;
}

bool str_to_i64(const char *s, int base, int64_t *ret)
{
	if (!isxdigit((unsigned char)s[*s == '-' || *s == '+']))
		return false;
	char *end;
	errno = 0;
	long long v = strtoll(s, &end, base);
	if (errno || end == s || *end)
		return false;
	*ret = v;
	return true;
}

bool str_to_u32(const char *s, int base, uint32_t *ret)
{
	uint64_t v;
	if (!str_to_u64(s, base, &v) || v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool str_to_u16(const char *s, int base, uint16_t *ret)
{
	uint64_t v;
	if (!str_to_u64(s, base, &v) || v > UINT16_MAX)
		return false;
	*ret = (uint16_t)v;
	return true;
}

bool str_to_double(const char *s, double *ret)
{
	if (!*s || isspace((unsigned char)*s))
		return false;
	char *end;
	errno = 0;
	double v = strtod(s, &end);
	if (errno || *end)
		return false;
	*ret = v;
	return true;
}

void str_copy(char *dst, const char *src, size_t size)
{
	size_t n = strnlen(src, size - 1);
	memcpy(dst, src, n);
	dst[n] = '\0';
}
