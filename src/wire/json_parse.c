/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON parser. It builds jansson's values but is not jansson's parser, because ours has to
 * (RFC 7047 and what peers of OVS rely on): keep integers of 64 bits exact and yet take numbers
 * beyond them as reals; count 1.0 and 1e3 as integers; say in which line and column a text is
 * wrong, in the words that users of OVS know; and parse a database of hundreds of megabytes, where
 * reading through a function call a byte is what costs.
 *
 * One pass of recursive descent over a buffer that is whole (json_scan saw to that). Recursion is
 * bounded by JSON_MAX_DEPTH. Strings without escapes, which is nearly all, are copied once. */
#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

struct parser {
	const char *begin, *p, *end;
	unsigned depth;
	struct str buf; /* for strings with escapes */
	struct err *err;
};

static int fail(struct parser *ps, const char *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
static int fail(struct parser *ps, const char *at, const char *fmt, ...)
{
	if (!ps->err)
		return -EINVAL;
	unsigned line = 0;
	const char *line_start = ps->begin;
	for (const char *p = ps->begin; p < at; p++) {
		if (*p == '\n') {
			line++;
			line_start = p + 1;
		}
	}
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *what = xvasprintf(fmt, args);
	va_end(args);
	return err_set(ps->err, -EINVAL, "line %u, column %zu, byte %zu: %s", line,
		       (size_t)(at - line_start), (size_t)(at - ps->begin), what);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

static void skip_blanks(struct parser *ps)
{
	while (ps->p < ps->end &&
	       (*ps->p == ' ' || *ps->p == '\n' || *ps->p == '\t' || *ps->p == '\r'))
		ps->p++;
}

/* Strings. */

/* Bytes of the well-formed UTF-8 sequence at p (RFC 3629 section 4), 0 if it is none. */
static size_t utf8_sequence(const char *s, const char *end)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t room = (size_t)(end - s);
	unsigned char low = 0x80, high = 0xbf;
	size_t n;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		if (p[0] == 0xe0)
			low = 0xa0;
		else if (p[0] == 0xed)
			high = 0x9f;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		if (p[0] == 0xf0)
			low = 0x90;
		else if (p[0] == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}
	if (room < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static void put_utf8(uint32_t c, struct str *out)
{
	char b[4];
	size_t n = 0;
	if (c < 0x80) {
		b[n++] = (char)c;
	} else if (c < 0x800) {
		b[n++] = (char)(0xc0 | c >> 6);
		b[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		b[n++] = (char)(0xe0 | c >> 12);
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | c >> 18);
		b[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (c & 0x3f));
	}
	str_put(out, b, n);
}

static int hex4(const char *p, const char *end, uint32_t *ret, struct err *err)
{
	if (end - p < 4)
		return err_set(err, -EINVAL, "quoted string ends within \\u escape");
	uint32_t v = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		if (is_digit(c))
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return err_set(err, -EINVAL, "malformed \\u escape");
	}
	*ret = v;
	return 0;
}

/* *p is behind "\u". */
static int unescape_unicode(const char **p, const char *end, struct str *out, struct err *err)
{
	uint32_t c, low;
	int r = hex4(*p, end, &c, err);
	if (r < 0)
		return r;
	*p += 4;
	if (!c)
		return err_set(err, -EINVAL, "null bytes not supported in quoted strings");
	if (c >= 0xdc00 && c <= 0xdfff)
		return err_set(err, -EINVAL, "malformed escaped surrogate pair");
	if (c >= 0xd800 && c <= 0xdbff) {
		if (end - *p < 2 || (*p)[0] != '\\' || (*p)[1] != 'u')
			return err_set(err, -EINVAL, "malformed escaped surrogate pair");
		r = hex4(*p + 2, end, &low, err);
		if (r < 0)
			return r;
		if (low < 0xdc00 || low > 0xdfff)
			return err_set(err, -EINVAL,
				       "second half of escaped surrogate pair is not "
				       "trailing surrogate");
		*p += 6;
		c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
	}
	put_utf8(c, out);
	return 0;
}

int json_unescape(const char *p, size_t len, struct str *out, struct err *err)
{
	const char *end = p + len;
	while (p < end) {
		if (*p != '\\') {
			const char *run = p;
			while (p < end && *p != '\\')
				p++;
			str_put(out, run, (size_t)(p - run));
			continue;
		}
		if (++p == end)
			return err_set(err, -EINVAL, "quoted string may not end with backslash");
		char c = *p++;
		switch (c) {
		case '"':
		case '\\':
		case '/':
			str_putc(out, c);
			break;
		case 'b':
			str_putc(out, '\b');
			break;
		case 'f':
			str_putc(out, '\f');
			break;
		case 'n':
			str_putc(out, '\n');
			break;
		case 'r':
			str_putc(out, '\r');
			break;
		case 't':
			str_putc(out, '\t');
			break;
		case 'u': {
			int r = unescape_unicode(&p, end, out, err);
			if (r < 0)
				return r;
			break;
		}
		default:
			return err_set(err, -EINVAL, "bad escape \\%c", c);
		}
	}
	return 0;
}

/* ps->p is behind the opening quotation mark. The result is in the input or in ps->buf, valid
 * until the next string. */
static int parse_string(struct parser *ps, const char **ret, size_t *ret_len)
{
	const char *start = ps->p, *p = start;
	bool escapes = false;
	for (;;) {
		if (p == ps->end)
			return fail(ps, p, "unexpected end of input in quoted string");
		unsigned char c = (unsigned char)*p;
		if (c == '"')
			break;
		if (c < 0x20)
			return fail(ps, p, "U+%04X must be escaped in quoted string", c);
		if (c == '\\') {
			escapes = true;
			p += p + 1 < ps->end ? 2 : 1;
		} else if (c >= 0x80) {
			size_t n = utf8_sequence(p, ps->end);
			if (!n)
				return fail(ps, p, "invalid UTF-8 in quoted string");
			p += n;
		} else {
			p++;
		}
	}
	ps->p = p + 1;
	*ret = start;
	*ret_len = (size_t)(p - start);
	if (!escapes)
		return 0;
	str_clear(&ps->buf);
	AUTO_ERR why = ERR_INIT;
	if (json_unescape(start, *ret_len, &ps->buf, &why) < 0)
		return fail(ps, p, "%s", err_text(&why));
	*ret = str_cstr(&ps->buf);
	*ret_len = ps->buf.len;
	return 0;
}

/* Numbers. */

/* The integer mantissa * 10^exponent, if it is one of 64 bits. */
static bool exact_int(uint64_t mantissa, int exponent, bool negative, int64_t *ret)
{
	if (!mantissa) {
		*ret = 0;
		return true;
	}
	for (; exponent < 0 && mantissa % 10 == 0; exponent++)
		mantissa /= 10;
	if (exponent < 0)
		return false;
	for (; exponent > 0; exponent--) {
		if (__builtin_mul_overflow(mantissa, 10, &mantissa))
			return false;
	}
	if (mantissa > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? (int64_t)(0 - mantissa) : (int64_t)mantissa;
	return true;
}

static json_t *real_or_int(double d)
{
	if (d >= -0x1p63 && d < 0x1p63 && d == trunc(d))
		return json_integer((int64_t)d);
	return json_real(d);
}

static json_t *parse_real(const char *start, const char *end)
{
	char small[64], *text = small;
	size_t len = (size_t)(end - start);
	AUTO_FREE char *large = NULL;
	if (len >= sizeof small)
		text = large = xmalloc(len + 1);
	memcpy(text, start, len);
	text[len] = '\0';
	errno = 0;
	double d = strtod(text, NULL);
	return errno == ERANGE || !isfinite(d) ? NULL : real_or_int(d);
}

static int parse_number(struct parser *ps, json_t **ret)
{
	const char *start = ps->p, *p = start, *end = start;
	while (end < ps->end && (is_digit(*end) || strchr("+-.eE", *end)) && *end)
		end++;
	ps->p = end;

	bool negative = *p == '-';
	if (negative && (++p == end || !is_digit(*p)))
		return fail(ps, end, "'-' must be followed by digit");
	if (*p == '0' && p + 1 < end && is_digit(p[1]))
		return fail(ps, end, "leading zeros not allowed");
	uint64_t mantissa = 0;
	bool exact = true;
	int exponent = 0;
	bool fraction = false;
	for (; p < end; p++) {
		if (*p == '.' && !fraction) {
			fraction = true;
			if (p + 1 == end || !is_digit(p[1]))
				return fail(ps, end, "decimal point must be followed by digit");
			continue;
		}
		if (!is_digit(*p))
			break;
		if (__builtin_mul_overflow(mantissa, 10, &mantissa) ||
		    __builtin_add_overflow(mantissa, (unsigned)(*p - '0'), &mantissa))
			exact = false;
		exponent -= fraction;
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		bool negative_exponent = p < end && *p == '-';
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		if (p == end || !is_digit(*p))
			return fail(ps, end, "exponent must contain at least one digit");
		int e = 0;
		for (; p < end && is_digit(*p); p++) {
			if (e < 100000)
				e = e * 10 + (*p - '0');
		}
		exponent += negative_exponent ? -e : e;
	}
	if (p != end)
		return fail(ps, end, "syntax error in number");
	int64_t v;
	*ret = exact && exact_int(mantissa, exponent, negative, &v) ? json_integer(v)
								    : parse_real(start, end);
	return *ret ? 0 : fail(ps, end, "number outside valid range");
}

/* Values. */

static int parse_value(struct parser *ps, json_t **ret);

static int parse_keyword(struct parser *ps, json_t **ret)
{
	const char *start = ps->p;
	while (ps->p < ps->end && is_letter(*ps->p))
		ps->p++;
	size_t len = (size_t)(ps->p - start);
	if (len == 4 && !memcmp(start, "true", 4))
		*ret = json_true();
	else if (len == 5 && !memcmp(start, "false", 5))
		*ret = json_false();
	else if (len == 4 && !memcmp(start, "null", 4))
		*ret = json_null();
	else
		return fail(ps, ps->p, "invalid keyword '%.*s'", (int)MIN(len, 40), start);
	return 0;
}

/* Where an unexpected token is said to be: behind a number, a word or the last character of a
 * string, else at it. */
static int fail_token(struct parser *ps, const char *what)
{
	skip_blanks(ps);
	if (ps->p == ps->end)
		return fail(ps, ps->p, "unexpected end of input");
	json_t *ignored;
	const char *s;
	size_t len;
	char c = *ps->p;
	if (strchr("{}[],:", c))
		return fail(ps, ps->p, "%s", what);
	if (c == '"') {
		ps->p++;
		int r = parse_string(ps, &s, &len);
		return r < 0 ? r : fail(ps, ps->p - 1, "%s", what);
	}
	int r = parse_value(ps, &ignored);
	if (r < 0)
		return r;
	json_decref(ignored);
	return fail(ps, ps->p, "%s", what);
}

static int enter(struct parser *ps)
{
	if (++ps->depth > JSON_MAX_DEPTH)
		return fail(ps, ps->p, "input exceeds maximum nesting depth %d", JSON_MAX_DEPTH);
	ps->p++;
	return 0;
}

/* Takes 'c' if it is next. */
static bool take(struct parser *ps, char c)
{
	skip_blanks(ps);
	if (ps->p == ps->end || *ps->p != c)
		return false;
	ps->p++;
	return true;
}

static int parse_member(struct parser *ps, json_t *object)
{
	const char *s;
	size_t len;
	if (!take(ps, '"'))
		return fail_token(ps, "syntax error parsing object expecting string");
	int r = parse_string(ps, &s, &len);
	if (r < 0)
		return r;
	const char *key_end = ps->p - 1;
	char small[64];
	AUTO_FREE char *large = NULL;
	char *key = len < sizeof small ? small : (large = xmalloc(len + 1));
	memcpy(key, s, len);
	key[len] = '\0';
	if (!take(ps, ':'))
		return fail_token(ps, "syntax error parsing object expecting ':'");
	json_t *value;
	r = parse_value(ps, &value);
	if (r < 0)
		return r;
	size_t n = json_object_size(object);
	json_object_set_new_nocheck(object, key, value);
	return json_object_size(object) > n ? 0 : fail(ps, key_end, "duplicate member \"%s\"", key);
}

static int parse_object(struct parser *ps, json_t *object)
{
	if (take(ps, '}'))
		return 0;
	for (;;) {
		int r = parse_member(ps, object);
		if (r < 0)
			return r;
		if (take(ps, '}'))
			return 0;
		if (!take(ps, ','))
			return fail_token(ps, "syntax error expecting '}' or ','");
	}
}

static int parse_array(struct parser *ps, json_t *array)
{
	if (take(ps, ']'))
		return 0;
	for (;;) {
		json_t *value;
		int r = parse_value(ps, &value);
		if (r < 0)
			return r;
		json_array_append_new(array, value);
		if (take(ps, ']'))
			return 0;
		if (!take(ps, ','))
			return fail_token(ps, "syntax error expecting ']' or ','");
	}
}

static int parse_container(struct parser *ps, json_t *container,
			   int (*parse)(struct parser *, json_t *), json_t **ret)
{
	int r = enter(ps);
	if (r == 0)
		r = parse(ps, container);
	if (r < 0) {
		json_decref(container);
		return r;
	}
	ps->depth--;
	*ret = container;
	return 0;
}

static int parse_value(struct parser *ps, json_t **ret)
{
	skip_blanks(ps);
	if (ps->p == ps->end)
		return fail(ps, ps->p, "unexpected end of input");
	char c = *ps->p;
	if (c == '{')
		return parse_container(ps, json_object(), parse_object, ret);
	if (c == '[')
		return parse_container(ps, json_array(), parse_array, ret);
	if (c == '"') {
		const char *s;
		size_t len;
		ps->p++;
		int r = parse_string(ps, &s, &len);
		if (r == 0)
			*ret = json_stringn_nocheck(s, len);
		return r;
	}
	if (is_digit(c) || c == '-')
		return parse_number(ps, ret);
	if (is_letter(c))
		return parse_keyword(ps, ret);
	if (c && strchr("]},:", c))
		return fail(ps, ps->p, "syntax error expecting value");
	if (c >= 0x20 && c < 0x7f)
		return fail(ps, ps->p, "invalid character '%c'", c);
	return fail(ps, ps->p, "invalid character U+%04x", (unsigned char)c);
}

static int parse_text(const char *text, size_t len, bool any, json_t **ret, struct err *err)
{
	struct parser ps = { .begin = text, .p = text, .end = text + len, .err = err };
	json_t *json = NULL;
	int r;
	skip_blanks(&ps);
	if (ps.p == ps.end)
		r = fail(&ps, ps.p, "empty input stream");
	else if (!any && *ps.p != '{' && *ps.p != '[')
		r = fail_token(&ps, "syntax error at beginning of input");
	else
		r = parse_value(&ps, &json);
	if (r == 0) {
		skip_blanks(&ps);
		if (ps.p < ps.end)
			r = fail_token(&ps, "trailing garbage at end of input");
	}
	str_fini(&ps.buf);
	if (r < 0) {
		json_decref(json);
		return r;
	}
	*ret = json;
	return 0;
}

int json_parse(const char *text, size_t len, json_t **ret, struct err *err)
{
	return parse_text(text, len, false, ret, err);
}

int json_parse_value(const char *text, size_t len, json_t **ret, struct err *err)
{
	return parse_text(text, len, true, ret, err);
}

int json_parse_file(const char *path, json_t **ret, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, -errno, "error opening \"%s\"", path);
	AUTO_STR text = STR_INIT;
	for (;;) {
		str_reserve(&text, text.len + 65536);
		ssize_t n = read(fd, text.s + text.len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int r = err_errno(err, -errno, "error reading \"%s\"", path);
			close(fd);
			return r;
		}
		if (!n)
			break;
		text.len += (size_t)n;
	}
	close(fd);
	int r = json_parse(text.s, text.len, ret, err);
	return r < 0 ? err_wrap(err, r, "error parsing \"%s\"", path) : 0;
}
