/* SPDX-License-Identifier: Apache-2.0 */
/* Printing, hashing and the framing scan; the parser is in json_parse.c.
 *
 * json_scan exists so that a message that trickles in over many reads is looked at once: the
 * parser runs when the text is complete, and nothing is parsed twice. */
#include "wire/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static bool ends_scalar(char c) { return is_blank(c) || strchr("[]{},:\"", c) != NULL; }

static bool finish(struct json_scan *scan, bool *ret_done)
{
	*scan = (struct json_scan){ 0 };
	return *ret_done = true;
}

/* Bytes of a string up to and with its closing quotation mark. */
static size_t scan_string(struct json_scan *scan, const char *p, size_t size)
{
	size_t i = 0;
	if (scan->escaped && size) {
		scan->escaped = false;
		i = 1;
	}
	while (i < size) {
		char c = p[i++];
		if (c == '"') {
			scan->in_string = false;
			break;
		}
		if (c == '\\') {
			if (i == size)
				scan->escaped = true;
			else
				i++;
		}
	}
	return i;
}

size_t json_scan_feed(struct json_scan *scan, const char *p, size_t size, bool *ret_done)
{
	*ret_done = false;
	size_t i = 0;
	while (i < size) {
		if (scan->in_string) {
			i += scan_string(scan, p + i, size - i);
			if (!scan->in_string && !scan->depth && finish(scan, ret_done))
				return i;
			continue;
		}
		char c = p[i];
		if (scan->started && !scan->depth && ends_scalar(c) && finish(scan, ret_done))
			return i;
		i++;
		switch (c) {
		case '"':
			scan->in_string = scan->started = true;
			break;
		case '{':
		case '[':
			scan->started = true;
			scan->depth++;
			break;
		case '}':
		case ']':
			/* One too many is a text of its own, for the parser to complain about. */
			if (scan->depth)
				scan->depth--;
			if (!scan->depth && finish(scan, ret_done))
				return i;
			break;
		default:
			if (!scan->started && !is_blank(c))
				scan->started = true;
		}
	}
	return i;
}

bool json_as_int(const json_t *json, int64_t *ret)
{
	if (json_is_integer(json)) {
		*ret = json_integer_value(json);
		return true;
	}
	if (json_is_real(json)) {
		double d = json_real_value(json);
		if (d >= -0x1p63 && d < 0x1p63 && d == trunc(d)) {
			*ret = (int64_t)d;
			return true;
		}
	}
	return false;
}

/* Printing. */

static void put_string(const char *s, size_t len, struct str *out)
{
	str_putc(out, '"');
	size_t done = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		str_put(out, s + done, i - done);
		done = i + 1;
		switch (c) {
		case '"':
			str_puts(out, "\\\"");
			break;
		case '\\':
			str_puts(out, "\\\\");
			break;
		case '\b':
			str_puts(out, "\\b");
			break;
		case '\f':
			str_puts(out, "\\f");
			break;
		case '\n':
			str_puts(out, "\\n");
			break;
		case '\r':
			str_puts(out, "\\r");
			break;
		case '\t':
			str_puts(out, "\\t");
			break;
		default:
			str_putf(out, "\\u%04x", c);
		}
	}
	str_put(out, s + done, len - done);
	str_putc(out, '"');
}

void json_put_string(const char *s, struct str *out) { put_string(s, strlen(s), out); }

static void put_int(int64_t v, struct str *out)
{
	char buf[24], *p = buf + sizeof buf;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		*--p = '-';
	str_put(out, p, (size_t)(buf + sizeof buf - p));
}

static void put_real(double d, struct str *out)
{
	char buf[40];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(buf, sizeof buf, "%.*g", digits, d);
		if (strtod(buf, NULL) == d)
			break;
	}
	str_puts(out, buf);
}

struct printer {
	unsigned flags;
	struct str *out;
};

static void put_value(const struct printer *, const json_t *, unsigned depth);

static void new_line(const struct printer *pr, unsigned depth)
{
	if (pr->flags & JSON_PUT_PRETTY) {
		str_putc(pr->out, '\n');
		str_putc_n(pr->out, ' ', depth * 2);
	}
}

static void put_member(const struct printer *pr, const char *key, const json_t *value,
		       unsigned depth)
{
	json_put_string(key, pr->out);
	str_puts(pr->out, pr->flags & JSON_PUT_PRETTY ? ": " : ":");
	put_value(pr, value, depth);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_members_sorted(const struct printer *pr, const json_t *json, unsigned depth)
{
	size_t n = 0;
	AUTO_FREE const char **keys = xcalloc(json_object_size(json), sizeof *keys);
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)json, key, value)
		keys[n++] = key;
	qsort(keys, n, sizeof *keys, compare_keys);
	for (size_t i = 0; i < n; i++) {
		if (i) {
			str_putc(pr->out, ',');
			new_line(pr, depth);
		}
		put_member(pr, keys[i], json_object_get(json, keys[i]), depth);
	}
}

static void put_object(const struct printer *pr, const json_t *json, unsigned depth)
{
	str_putc(pr->out, '{');
	new_line(pr, depth + 1);
	if (pr->flags & JSON_PUT_SORT) {
		put_members_sorted(pr, json, depth + 1);
	} else {
		const char *key;
		json_t *value;
		bool first = true;
		json_object_foreach((json_t *)json, key, value) {
			if (!first) {
				str_putc(pr->out, ',');
				new_line(pr, depth + 1);
			}
			first = false;
			put_member(pr, key, value, depth + 1);
		}
	}
	str_putc(pr->out, '}');
}

static void put_array(const struct printer *pr, const json_t *json, unsigned depth)
{
	str_putc(pr->out, '[');
	size_t n = json_array_size(json);
	for (size_t i = 0; i < n; i++) {
		if (i)
			str_putc(pr->out, ',');
		new_line(pr, depth + 1);
		put_value(pr, json_array_get(json, i), depth + 1);
	}
	str_putc(pr->out, ']');
}

static void put_value(const struct printer *pr, const json_t *json, unsigned depth)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		put_object(pr, json, depth);
		break;
	case JSON_ARRAY:
		put_array(pr, json, depth);
		break;
	case JSON_STRING:
		put_string(json_string_value(json), json_string_length(json), pr->out);
		break;
	case JSON_INTEGER:
		put_int(json_integer_value(json), pr->out);
		break;
	case JSON_REAL:
		put_real(json_real_value(json), pr->out);
		break;
	case JSON_TRUE:
		str_puts(pr->out, "true");
		break;
	case JSON_FALSE:
		str_puts(pr->out, "false");
		break;
	case JSON_NULL:
		str_puts(pr->out, "null");
		break;
	}
}

void json_put(const json_t *json, unsigned flags, struct str *out)
{
	const struct printer pr = { flags, out };
	put_value(&pr, json, 0);
}

uint32_t json_hash(const json_t *json, uint32_t seed)
{
	uint32_t hash = hash_add(seed, (uint32_t)json_typeof(json));
	switch (json_typeof(json)) {
	case JSON_OBJECT: {
		uint32_t sum = 0; /* the order of members does not count */
		const char *key;
		json_t *value;
		json_object_foreach((json_t *)json, key, value)
			sum += json_hash(value, hash_str(key, seed));
		return hash_finish(hash_add(hash, sum), (uint32_t)json_object_size(json));
	}
	case JSON_ARRAY: {
		size_t n = json_array_size(json);
		for (size_t i = 0; i < n; i++)
			hash = hash_add(hash, json_hash(json_array_get(json, i), seed));
		return hash_finish(hash, (uint32_t)n);
	}
	case JSON_STRING:
		return hash_bytes(json_string_value(json), json_string_length(json), hash);
	case JSON_INTEGER:
		return hash_u64((uint64_t)json_integer_value(json), hash);
	case JSON_REAL: {
		double d = json_real_value(json);
		uint64_t bits;
		memcpy(&bits, &d, sizeof bits);
		return hash_u64(bits, hash);
	}
	default:
		return hash_finish(hash, 0);
	}
}
