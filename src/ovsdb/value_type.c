/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <float.h>
#include "base/mem.h"
#include "ovsdb/parser.h"
#include "ovsdb/value.h"
#include "wire/json.h"

void base_type_init(struct base_type *b, enum atom_type type)
{
	memset(b, 0, sizeof *b);
	b->type = type;
	switch (type) {
	case ATOM_INTEGER:
		b->integer.min = INT64_MIN;
		b->integer.max = INT64_MAX;
		break;
	case ATOM_REAL:
		b->real.min = -DBL_MAX;
		b->real.max = DBL_MAX;
		break;
	case ATOM_STRING:
		b->string.max_len = UINT32_MAX;
		break;
	case ATOM_VOID:
	case ATOM_BOOLEAN:
	case ATOM_UUID:
	case N_ATOM_TYPES:
		break;
	}
}

void base_type_fini(struct base_type *b)
{
	datum_unref(b->allowed);
	if (b->type == ATOM_UUID)
		free(b->ref.table_name);
	memset(b, 0, sizeof *b);
}

void base_type_copy(struct base_type *dst, const struct base_type *src)
{
	*dst = *src;
	if (src->allowed)
		dst->allowed = datum_ref(src->allowed);
	if (src->type == ATOM_UUID && src->ref.table_name)
		dst->ref.table_name = xstrdup(src->ref.table_name);
}

bool base_type_has_constraints(const struct base_type *b)
{
	if (b->allowed)
		return true;
	switch (b->type) {
	case ATOM_INTEGER:
		return b->integer.min != INT64_MIN || b->integer.max != INT64_MAX;
	case ATOM_REAL:
		return b->real.min != -DBL_MAX || b->real.max != DBL_MAX;
	case ATOM_STRING:
		return b->string.min_len != 0 || b->string.max_len != UINT32_MAX;
	case ATOM_UUID:
		return b->ref.table_name != NULL;
	case ATOM_VOID:
	case ATOM_BOOLEAN:
	case N_ATOM_TYPES:
		break;
	}
	return false;
}

static int parse_length(const json_t *json, const char *name, uint32_t *ret, struct dberr *err)
{
	if (!json)
		return 0;
	int64_t v = json_integer_value(json);
	if (v < 0 || v > UINT32_MAX)
		return dberr_syntax(err, json, "%s out of valid range 0 to %u", name, UINT32_MAX);
	*ret = v;
	return 0;
}

static int parse_ref(const json_t *json, struct parser *p, struct base_type *b, struct dberr *err)
{
	const json_t *table = parser_member(p, "refTable", PARSE_ID | PARSE_OPTIONAL);
	if (!table)
		return 0;
	b->ref.table_name = xstrdup(json_string_value(table));

	const json_t *type = parser_member(p, "refType", PARSE_ID | PARSE_OPTIONAL);
	const char *name = type ? json_string_value(type) : "strong";
	if (!strcmp(name, "weak"))
		b->ref.ref_type = REF_WEAK;
	else if (!strcmp(name, "strong"))
		b->ref.ref_type = REF_STRONG;
	else
		return dberr_syntax(err, json,
				    "refType must be \"strong\" or \"weak\" (not \"%s\")", name);
	return 0;
}

static int parse_constraints(const json_t *json, struct parser *p, struct base_type *b,
			     struct dberr *err)
{
	const json_t *lo, *hi;

	switch (b->type) {
	case ATOM_INTEGER:
		lo = parser_member(p, "minInteger", PARSE_INTEGER | PARSE_OPTIONAL);
		hi = parser_member(p, "maxInteger", PARSE_INTEGER | PARSE_OPTIONAL);
		b->integer.min = lo ? json_integer_value(lo) : INT64_MIN;
		b->integer.max = hi ? json_integer_value(hi) : INT64_MAX;
		if (b->integer.min > b->integer.max)
			return dberr_syntax(err, json, "minInteger exceeds maxInteger");
		break;
	case ATOM_REAL:
		lo = parser_member(p, "minReal", PARSE_NUMBER | PARSE_OPTIONAL);
		hi = parser_member(p, "maxReal", PARSE_NUMBER | PARSE_OPTIONAL);
		b->real.min = lo ? json_number_value(lo) : -DBL_MAX;
		b->real.max = hi ? json_number_value(hi) : DBL_MAX;
		if (b->real.min > b->real.max)
			return dberr_syntax(err, json, "minReal exceeds maxReal");
		break;
	case ATOM_STRING:
		lo = parser_member(p, "minLength", PARSE_INTEGER | PARSE_OPTIONAL);
		hi = parser_member(p, "maxLength", PARSE_INTEGER | PARSE_OPTIONAL);
		if (parse_length(lo, "minLength", &b->string.min_len, err) < 0 ||
		    parse_length(hi, "maxLength", &b->string.max_len, err) < 0)
			return -EINVAL;
		if (b->string.min_len > b->string.max_len)
			return dberr_syntax(err, json, "minLength exceeds maxLength");
		break;
	case ATOM_UUID:
		return parse_ref(json, p, b, err);
	case ATOM_VOID:
	case ATOM_BOOLEAN:
	case N_ATOM_TYPES:
		break;
	}
	return 0;
}

static int parse_atom_type(const json_t *json, enum atom_type *ret, struct dberr *err)
{
	if (!atom_type_from_name(json_string_value(json), ret))
		return dberr_syntax(err, json, "\"%s\" is not an atomic-type",
				    json_string_value(json));
	return 0;
}

int base_type_from_json(const json_t *json, struct base_type *ret, struct dberr *err)
{
	enum atom_type type;
	struct base_type b;
	struct parser p;

	if (json_is_string(json)) {
		if (parse_atom_type(json, &type, err) < 0)
			return -EINVAL;
		base_type_init(ret, type);
		return 0;
	}

	base_type_init(&b, ATOM_VOID);
	parser_init(&p, json, "ovsdb type");
	const json_t *name = parser_member(&p, "type", PARSE_STRING);
	if (parser_has_error(&p))
		return parser_finish(&p, err);

	int r = parse_atom_type(name, &type, err);
	if (!r) {
		base_type_init(&b, type);
		const json_t *allowed = parser_member(&p, "enum", PARSE_ANY | PARSE_OPTIONAL);
		if (allowed) {
			struct column_type set;
			column_type_init(&set, type, ATOM_VOID, 1, N_UNLIMITED);
			r = datum_from_json(&set, allowed, NULL, &b.allowed, err);
			column_type_fini(&set);
		} else {
			r = parse_constraints(json, &p, &b, err);
		}
	}

	int finished = parser_finish(&p, r ? NULL : err);
	if (r < 0 || finished < 0) {
		base_type_fini(&b);
		return -EINVAL;
	}
	*ret = b;
	return 0;
}

json_t *base_type_to_json(const struct base_type *b)
{
	if (!base_type_has_constraints(b))
		return json_string(atom_type_name(b->type));

	json_t *json = json_object();
	json_object_set_new(json, "type", json_string(atom_type_name(b->type)));
	if (b->allowed)
		json_object_set_new(json, "enum", datum_to_json(b->allowed));
	switch (b->type) {
	case ATOM_INTEGER:
		if (b->integer.min != INT64_MIN)
			json_object_set_new(json, "minInteger", json_integer(b->integer.min));
		if (b->integer.max != INT64_MAX)
			json_object_set_new(json, "maxInteger", json_integer(b->integer.max));
		break;
	case ATOM_REAL:
		if (b->real.min != -DBL_MAX)
			json_object_set_new(json, "minReal", json_real(b->real.min));
		if (b->real.max != DBL_MAX)
			json_object_set_new(json, "maxReal", json_real(b->real.max));
		break;
	case ATOM_STRING:
		if (b->string.min_len != 0)
			json_object_set_new(json, "minLength", json_integer(b->string.min_len));
		if (b->string.max_len != UINT32_MAX)
			json_object_set_new(json, "maxLength", json_integer(b->string.max_len));
		break;
	case ATOM_UUID:
		if (b->ref.table_name) {
			json_object_set_new(json, "refTable", json_string(b->ref.table_name));
			if (b->ref.ref_type == REF_WEAK)
				json_object_set_new(json, "refType", json_string("weak"));
		}
		break;
	case ATOM_VOID:
	case ATOM_BOOLEAN:
	case N_ATOM_TYPES:
		break;
	}
	return json;
}

static int violation(const union atom *a, const struct base_type *b, struct dberr *err,
		     const char *has_min, const char *has_max, const char *lo, const char *hi)
{
	AUTO_STR text = STR_INIT;

	if (!err)
		return -EINVAL;
	atom_put(a, b->type, &text);
	if (has_min && has_max)
		return dberr_set(err, "constraint violation", NULL,
				 "%s is not in the valid range %s to %s (inclusive)",
				 str_cstr(&text), lo, hi);
	if (has_min)
		return dberr_set(err, "constraint violation", NULL,
				 "%s is less than minimum allowed value %s", str_cstr(&text), lo);
	return dberr_set(err, "constraint violation", NULL,
			 "%s is greater than maximum allowed value %s", str_cstr(&text), hi);
}

static int check_range(const union atom *a, const struct base_type *b, bool has_min, bool has_max,
		       const union atom *min, const union atom *max, struct dberr *err)
{
	AUTO_STR lo = STR_INIT;
	AUTO_STR hi = STR_INIT;

	atom_put(min, b->type, &lo);
	atom_put(max, b->type, &hi);
	return violation(a, b, err, has_min ? "" : NULL, has_max ? "" : NULL, str_cstr(&lo),
			 str_cstr(&hi));
}

/* Characters, not bytes, of valid UTF-8. */
static size_t utf8_length(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static int check_string(const char *s, const struct base_type *b, struct dberr *err)
{
	if (b->string.min_len == 0 && b->string.max_len == UINT32_MAX)
		return 0;

	size_t len = utf8_length(s);
	if (len < b->string.min_len)
		return dberr_set(err, "constraint violation", NULL,
				 "\"%s\" length %zu is less than minimum allowed length %u", s, len,
				 b->string.min_len);
	if (len > b->string.max_len)
		return dberr_set(err, "constraint violation", NULL,
				 "\"%s\" length %zu is greater than maximum allowed length %u", s,
				 len, b->string.max_len);
	return 0;
}

static int not_allowed(const union atom *a, const struct base_type *b, struct dberr *err)
{
	AUTO_STR text = STR_INIT;
	AUTO_STR allowed = STR_INIT;

	atom_put(a, b->type, &text);
	for (size_t i = 0; i < b->allowed->n; i++) {
		str_puts(&allowed, i ? ", " : "");
		atom_put(datum_key(b->allowed, i), b->type, &allowed);
	}
	return dberr_set(err, "constraint violation", NULL,
			 "%s is not one of the allowed values ([%s])", str_cstr(&text),
			 str_cstr(&allowed));
}

int atom_check(const union atom *a, const struct base_type *b, struct dberr *err)
{
	union atom min, max;

	if (b->allowed)
		return datum_find_key(b->allowed, a) == UINT32_MAX ? not_allowed(a, b, err) : 0;
	switch (b->type) {
	case ATOM_INTEGER:
		if (a->integer >= b->integer.min && a->integer <= b->integer.max)
			return 0;
		min.integer = b->integer.min;
		max.integer = b->integer.max;
		return check_range(a, b, b->integer.min != INT64_MIN, b->integer.max != INT64_MAX,
				   &min, &max, err);
	case ATOM_REAL:
		if (a->real >= b->real.min && a->real <= b->real.max)
			return 0;
		min.real = b->real.min;
		max.real = b->real.max;
		return check_range(a, b, b->real.min != -DBL_MAX, b->real.max != DBL_MAX, &min,
				   &max, err);
	case ATOM_STRING:
		return check_string(atom_str(a), b, err);
	case ATOM_VOID:
	case ATOM_BOOLEAN:
	case ATOM_UUID:
	case N_ATOM_TYPES:
		break;
	}
	return 0;
}

void column_type_init(struct column_type *t, enum atom_type key, enum atom_type value,
		      uint32_t n_min, uint32_t n_max)
{
	base_type_init(&t->key, key);
	base_type_init(&t->value, value);
	t->n_min = n_min;
	t->n_max = n_max;
}

void column_type_fini(struct column_type *t)
{
	base_type_fini(&t->key);
	base_type_fini(&t->value);
}

void column_type_copy(struct column_type *dst, const struct column_type *src)
{
	base_type_copy(&dst->key, &src->key);
	base_type_copy(&dst->value, &src->value);
	dst->n_min = src->n_min;
	dst->n_max = src->n_max;
}

static int parse_count(const json_t *json, uint32_t *ret, struct dberr *err)
{
	if (!json)
		return 0;
	if (json_is_integer(json)) {
		int64_t n = json_integer_value(json);
		if (n >= 0 && n <= UINT32_MAX) {
			*ret = n;
			return 0;
		}
	} else if (json_is_string(json) && !strcmp(json_string_value(json), "unlimited")) {
		*ret = N_UNLIMITED;
		return 0;
	}
	return dberr_syntax(err, json, "bad min or max value");
}

int column_type_from_json(const json_t *json, struct column_type *ret, struct dberr *err)
{
	struct column_type t;
	struct parser p;

	column_type_init(&t, ATOM_VOID, ATOM_VOID, 1, 1);
	if (json_is_string(json)) {
		if (base_type_from_json(json, &t.key, err) < 0)
			return -EINVAL;
		*ret = t;
		return 0;
	}
	if (!json_is_object(json))
		return dberr_syntax(err, NULL, "Parsing ovsdb type failed: Object expected.");

	parser_init(&p, json, "ovsdb type");
	const json_t *key = parser_member(&p, "key", PARSE_STRING | PARSE_OBJECT);
	const json_t *value =
		parser_member(&p, "value", PARSE_STRING | PARSE_OBJECT | PARSE_OPTIONAL);
	const json_t *min = parser_member(&p, "min", PARSE_INTEGER | PARSE_OPTIONAL);
	const json_t *max = parser_member(&p, "max", PARSE_INTEGER | PARSE_STRING | PARSE_OPTIONAL);
	if (parser_finish(&p, err) < 0)
		return -EINVAL;
	if (base_type_from_json(key, &t.key, err) < 0 ||
	    (value && base_type_from_json(value, &t.value, err) < 0) ||
	    parse_count(min, &t.n_min, err) < 0 || parse_count(max, &t.n_max, err) < 0) {
		column_type_fini(&t);
		return -EINVAL;
	}
	if (t.n_min > 1 || t.n_max < 1 || t.n_min > t.n_max) {
		column_type_fini(&t);
		return dberr_syntax(err, json, "ovsdb type fails constraint checks");
	}
	*ret = t;
	return 0;
}

json_t *column_type_to_json(const struct column_type *t)
{
	if (column_type_is_scalar(t) && !base_type_has_constraints(&t->key))
		return json_string(atom_type_name(t->key.type));

	json_t *json = json_object();
	json_object_set_new(json, "key", base_type_to_json(&t->key));
	if (column_type_is_map(t))
		json_object_set_new(json, "value", base_type_to_json(&t->value));
	if (t->n_min != 1)
		json_object_set_new(json, "min", json_integer(t->n_min));
	if (t->n_max == N_UNLIMITED)
		json_object_set_new(json, "max", json_string("unlimited"));
	else if (t->n_max != 1)
		json_object_set_new(json, "max", json_integer(t->n_max));
	return json;
}

void column_type_put_english(const struct column_type *t, struct str *out)
{
	const char *key = atom_type_name(t->key.type);

	if (column_type_is_scalar(t)) {
		str_puts(out, key);
		return;
	}
	str_putf(out, "%s of ", column_type_is_map(t) ? "map" : "set");
	if (t->n_max == N_UNLIMITED) {
		if (t->n_min)
			str_putf(out, "%u or more ", t->n_min);
	} else if (t->n_min) {
		str_putf(out, "%u to %u ", t->n_min, t->n_max);
	} else {
		str_putf(out, "up to %u ", t->n_max);
	}
	if (column_type_is_map(t))
		str_putf(out, "(%s, %s) pairs", key, atom_type_name(t->value.type));
	else
		str_putf(out, "%ss", key);
}
