/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people type them on a command line, ovs-vsctl(8) "Database Values". */
#include <errno.h>
#include "base/mem.h"
#include "ovsdb/parser.h"
#include "ovsdb/value.h"
#include "wire/json.h"

#define MAX_RANGE 4096 /* integers in "FIRST-LAST" */

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		p++;
	return p;
}

/* Blanks, a comma, or both part the elements. */
static const char *skip_separator(const char *p)
{
	p = skip_blanks(p);
	return *p == ',' ? skip_blanks(p + 1) : p;
}

static bool ends_word(char c)
{
	return !c || c == ' ' || (c >= '\t' && c <= '\r') || strchr(":=, []{}!<>", c);
}

/* A word, or a quoted string with its quotation marks; what follows a closing quotation mark
 * without a break belongs to the same token, and unquote() refuses it. */
static int scan_token(const char **pos, const char *whole, struct str *ret, struct err *err)
{
	const char *p = *pos;
	bool quoted = false;

	for (; *p && (quoted || !ends_word(*p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p[1])
			p++;
	}
	if (quoted)
		return err_set(err, -EINVAL, "%s: quoted string extends past end of argument",
			       whole);
	str_put(ret, *pos, p - *pos);
	*pos = p;
	return 0;
}

static size_t put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = 0xc0 | c >> 6;
		out[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		out[0] = 0xe0 | c >> 12;
		out[1] = 0x80 | (c >> 6 & 0x3f);
		out[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	out[0] = 0xf0 | c >> 18;
	out[1] = 0x80 | (c >> 12 & 0x3f);
	out[2] = 0x80 | (c >> 6 & 0x3f);
	out[3] = 0x80 | (c & 0x3f);
	return 4;
}

static bool scan_hex4(const char *p, unsigned *ret)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0)
			return false;
		v = v << 4 | digit;
	}
	*ret = v;
	return true;
}

/* \uXXXX, perhaps two of them; NULL with a reason. 'p' is after the "\u"; the end is safe. */
static const char *unescape_unicode(const char *p, const char *end, char *out, size_t *n,
				    const char **reason)
{
	unsigned hi, lo;

	if (end - p < 4) {
		*reason = "quoted string ends within \\u escape";
		return NULL;
	}
	if (!scan_hex4(p, &hi)) {
		*reason = "malformed \\u escape";
		return NULL;
	}
	p += 4;
	if (!hi) {
		*reason = "null bytes not supported in quoted strings";
		return NULL;
	}
	if (hi >= 0xd800 && hi < 0xe000) {
		if (hi >= 0xdc00 || end - p < 6 || p[0] != '\\' || p[1] != 'u' ||
		    !scan_hex4(p + 2, &lo) || lo < 0xdc00 || lo >= 0xe000) {
			*reason = "malformed escaped surrogate pair";
			return NULL;
		}
		p += 6;
		hi = 0x10000 + ((hi & 0x3ff) << 10) + (lo & 0x3ff);
	}
	*n = put_utf8(out, hi);
	return p;
}

/* 'token' has its quotation marks. */
static int unquote(const struct str *token, struct str *ret, struct err *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p = token->s + 1, *end = token->s + token->len - 1;

	if (token->len < 2 || *end != '"')
		return err_set(err, -EINVAL, "%s: missing quote at end of quoted string", token->s);
	while (p < end) {
		if (*p == '"')
			return err_set(err, -EINVAL,
				       "%s: quoted string may not include unescaped \"", token->s);
		if (*p != '\\') {
			str_putc(ret, *p++);
			continue;
		}
		if (++p >= end)
			return err_set(err, -EINVAL, "%s: quoted string may not end with backslash",
				       token->s);
		const char *found = strchr(from, *p);
		if (found) {
			str_putc(ret, to[found - from]);
			p++;
			continue;
		}
		if (*p != 'u')
			return err_set(err, -EINVAL, "%s: bad escape \\%c", token->s, *p);

		char utf8[4];
		size_t n;
		const char *reason = NULL;
		p = unescape_unicode(p + 1, end, utf8, &n, &reason);
		if (!p)
			return err_set(err, -EINVAL, "%s: %s", token->s, reason);
		str_put(ret, utf8, n);
	}
	return 0;
}

static int boolean_from_text(const char *s, bool *ret, struct err *err)
{
	if (!strcmp(s, "true") || !strcmp(s, "yes") || !strcmp(s, "on") || !strcmp(s, "1"))
		*ret = true;
	else if (!strcmp(s, "false") || !strcmp(s, "no") || !strcmp(s, "off") || !strcmp(s, "0"))
		*ret = false;
	else
		return err_set(err, -EINVAL,
			       "\"%s\" is not a valid boolean (use \"true\" or \"false\")", s);
	return 0;
}

static int uuid_from_text(const struct base_type *b, const char *s, struct symbol_table *symbols,
			  struct uuid *ret, struct err *err)
{
	if (*s == '@' && symbols) {
		struct symbol *symbol = symbol_get(symbols, s);
		symbol->used = true;
		symbol->strong_ref |= base_type_is_ref(b, REF_STRONG);
		*ret = symbol->uuid;
		return 0;
	}
	if (!uuid_from_str(s, ret))
		return err_set(err, -EINVAL, "\"%s\" is not a valid UUID", s);
	return 0;
}

/* Two integers around a '-'. */
static bool range_from_text(const char *s, int64_t *ret_lo, int64_t *ret_hi)
{
	const char *dash = *s ? strchr(s + 1, '-') : NULL;
	if (!dash)
		return false;

	AUTO_FREE char *lo = xstrndup(s, dash - s);
	return str_to_i64(lo, 10, ret_lo) && str_to_i64(dash + 1, 10, ret_hi);
}

static int token_to_atom(const struct base_type *b, const struct str *token,
			 struct symbol_table *symbols, union atom *ret, union atom *ret_range_end,
			 struct err *err)
{
	const char *s = str_cstr(token);
	union atom a, end;
	bool is_range = false;

	atom_init_default(&a);
	if (!*s)
		return err_set(err, -EINVAL,
			       "An empty string is not valid as input; "
			       "use \"\" to represent the empty string");
	switch (b->type) {
	case ATOM_INTEGER:
		if (str_to_i64(s, 10, &a.integer))
			break;
		if (!ret_range_end || !range_from_text(s, &a.integer, &end.integer))
			return err_set(err, -EINVAL, "\"%s\" is not a valid integer or range", s);
		if (end.integer < a.integer)
			return err_set(
				err, -EINVAL,
				"\"%s\" is not a valid range. Range end cannot be before start.",
				s);
		is_range = true;
		break;
	case ATOM_REAL:
		if (!str_to_double(s, &a.real))
			return err_set(err, -EINVAL, "\"%s\" is not a valid real number", s);
		break;
	case ATOM_BOOLEAN:
		if (boolean_from_text(s, &a.boolean, err) < 0)
			return -EINVAL;
		break;
	case ATOM_STRING:
		if (*s == '"') {
			AUTO_STR raw = STR_INIT;
			if (unquote(token, &raw, err) < 0)
				return -EINVAL;
			atom_init_string(&a, str_cstr(&raw), raw.len);
		} else {
			atom_init_string(&a, s, token->len);
		}
		break;
	case ATOM_UUID:
		if (uuid_from_text(b, s, symbols, &a.uuid, err) < 0)
			return -EINVAL;
		break;
	case ATOM_VOID:
	case N_ATOM_TYPES:
		return err_set(err, -EINVAL, "no value is possible here");
	}

	AUTO_DBERR violation = DBERR_INIT;
	if (atom_check(&a, b, &violation) < 0 ||
	    (is_range && atom_check(&end, b, &violation) < 0)) {
		atom_fini(&a, b->type);
		return dberr_to_err(&violation, err);
	}
	if (is_range && (uint64_t)end.integer - (uint64_t)a.integer >= MAX_RANGE)
		return err_set(err, -EINVAL,
			       "constraint violation: Range \"%s\" is too big. "
			       "Maximum allowed size is %d.",
			       s, MAX_RANGE);
	if (ret_range_end)
		*ret_range_end = is_range ? end : a;
	*ret = a;
	return 0;
}

int atom_from_text(const struct base_type *b, const char **pos, struct symbol_table *symbols,
		   union atom *ret, struct err *err)
{
	AUTO_STR token = STR_INIT;

	if (scan_token(pos, *pos, &token, err) < 0)
		return -EINVAL;
	return token_to_atom(b, &token, symbols, ret, NULL, err);
}

int atom_from_word(const struct base_type *b, const char *word, struct symbol_table *symbols,
		   union atom *ret, struct err *err)
{
	AUTO_STR token = STR_INIT;

	str_puts(&token, word);
	return token_to_atom(b, &token, symbols, ret, NULL, err);
}

/* One element of a set, KEY=VALUE of a map, or a range of integers. */
static int scan_element(const struct column_type *t, const char **pos, const char *whole,
			struct symbol_table *symbols, struct datum_build *b, struct err *err)
{
	AUTO_STR token = STR_INIT;
	const char *start = *pos;
	union atom k, k_end, v;

	if (scan_token(pos, whole, &token, err) < 0 ||
	    token_to_atom(&t->key, &token, symbols, &k, &k_end, err) < 0)
		return -EINVAL;
	if (!column_type_is_map(t)) {
		if (t->key.type == ATOM_INTEGER && k_end.integer > k.integer)
			for (int64_t i = k.integer; i < k_end.integer; i++)
				datum_build_add_integer(b, i);
		datum_build_add(b, t->key.type == ATOM_INTEGER ? k_end : k, NULL);
		return 0;
	}

	*pos = skip_blanks(*pos);
	if (**pos != '=') {
		atom_fini(&k, t->key.type);
		if (!**pos)
			return err_set(err, -EINVAL, "%s: syntax error at \"", start);
		return err_set(err, -EINVAL, "%s: syntax error at \"%c\" expecting \"=\"", start,
			       **pos);
	}
	*pos = skip_blanks(*pos + 1);

	AUTO_STR value = STR_INIT;
	if (scan_token(pos, whole, &value, err) < 0 ||
	    token_to_atom(&t->value, &value, symbols, &v, NULL, err) < 0) {
		atom_fini(&k, t->key.type);
		return -EINVAL;
	}
	if (t->key.type == ATOM_INTEGER && k_end.integer > k.integer) {
		for (int64_t i = k.integer; i < k_end.integer; i++) {
			union atom key, copy;
			atom_init_default(&key);
			key.integer = i;
			atom_copy(&copy, &v, t->value.type);
			datum_build_add(b, key, &copy);
		}
		k = k_end;
	}
	datum_build_add(b, k, &v);
	return 0;
}

static int scan_elements(const struct column_type *t, const char *text,
			 struct symbol_table *symbols, struct datum_build *b, struct err *err)
{
	bool is_map = column_type_is_map(t);
	char open = is_map ? '{' : '[', close = 0;
	const char *p = skip_blanks(text);

	if (*p == open) {
		close = is_map ? '}' : ']';
		p = skip_blanks(p + 1);
	} else if (*p == '{' || *p == '[') {
		AUTO_STR english = STR_INIT;
		column_type_put_english(t, &english);
		return err_set(err, -EINVAL, "%s: unexpected \"%c\" parsing %s", text, *p,
			       str_cstr(&english));
	}
	while (*p && *p != close) {
		if (ends_word(*p)) {
			AUTO_STR english = STR_INIT;
			column_type_put_english(t, &english);
			return err_set(err, -EINVAL, "%s: unexpected \"%c\" parsing %s", text, *p,
				       str_cstr(&english));
		}
		if (scan_element(t, &p, text, symbols, b, err) < 0)
			return -EINVAL;
		p = skip_separator(p);
	}
	if (!close) {
		if (!b->n)
			return err_set(err, -EINVAL, "use \"%s\" to specify the empty %s",
				       is_map ? "{}" : "[]", is_map ? "map" : "set");
		return 0;
	}
	if (!*p)
		return err_set(err, -EINVAL, "%s: missing \"%c\" at end of data", text, close);
	p = skip_blanks(p + 1);
	if (*p)
		return err_set(err, -EINVAL, "%s: trailing garbage after \"%c\"", text, close);
	return 0;
}

int datum_from_text(const struct column_type *t, const char *text, struct symbol_table *symbols,
		    struct datum **ret, struct err *err)
{
	struct datum_build b = DATUM_BUILD(t->key.type, t->value.type);
	const char *noun = column_type_is_map(t) ? "pair(s)" : "value(s)";
	int r = scan_elements(t, text, symbols, &b, err);

	if (!r && b.n < t->n_min)
		r = err_set(err, -EINVAL, "%s: %zu %s specified but the minimum number is %u", text,
			    b.n, noun, t->n_min);
	if (!r && b.n > t->n_max)
		r = err_set(err, -EINVAL, "%s: %zu %s specified but the maximum number is %u", text,
			    b.n, noun, t->n_max);
	if (!r && datum_build_has_duplicates(&b))
		r = err_set(err, -EINVAL, "%s: %s", text,
			    column_type_is_map(t) ? "map contains duplicate key"
						  : "set contains duplicate value");
	if (r < 0) {
		datum_build_fini(&b);
		return r;
	}
	*ret = datum_build_finish(&b);
	return 0;
}

void datum_put(const struct datum *d, const struct column_type *t, struct str *out)
{
	bool is_map = column_type_is_map(t);

	if (t->n_max > 1 || d->n == 0)
		str_putc(out, is_map ? '{' : '[');
	for (size_t i = 0; i < d->n; i++) {
		if (i)
			str_puts(out, ", ");
		atom_put(datum_key(d, i), d->key_type, out);
		if (is_map) {
			str_putc(out, '=');
			atom_put(datum_value(d, i), d->value_type, out);
		}
	}
	if (t->n_max > 1 || d->n == 0)
		str_putc(out, is_map ? '}' : ']');
}

void datum_put_bare(const struct datum *d, const struct column_type *t, struct str *out)
{
	for (size_t i = 0; i < d->n; i++) {
		if (i)
			str_putc(out, ' ');
		atom_put_bare(datum_key(d, i), d->key_type, out);
		if (column_type_is_map(t)) {
			str_putc(out, '=');
			atom_put_bare(datum_value(d, i), d->value_type, out);
		}
	}
}
