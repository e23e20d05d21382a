/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "base/mem.h"
#include "ovsdb/parser.h"
#include "ovsdb/value.h"
#include "wire/json.h"

/* ["CLASS", X] -> X */
static const json_t *tagged(const json_t *json, const char *tag)
{
	if (!json_is_array(json) || json_array_size(json) != 2)
		return NULL;
	const json_t *first = json_array_get(json, 0);
	if (!json_is_string(first) || strcmp(json_string_value(first), tag))
		return NULL;
	return json_array_get(json, 1);
}

static int parse_uuid(const json_t *json, struct symbol_table *symbols, union atom *ret,
		      struct dberr *err)
{
	const json_t *value = tagged(json, "uuid");

	if (json_is_string(value)) {
		const char *s = json_string_value(value);
		if (!uuid_from_str(s, &ret->uuid))
			return dberr_syntax(err, json, "\"%s\" is not a valid UUID", s);
		return 0;
	}
	value = symbols ? tagged(json, "named-uuid") : NULL;
	if (json_is_string(value)) {
		const char *s = json_string_value(value);
		if (!is_id(s))
			return dberr_syntax(err, json, "named-uuid string is not a valid <id>");
		struct symbol *symbol = symbol_get(symbols, s);
		symbol->used = true;
		ret->uuid = symbol->uuid;
		return 0;
	}
	return dberr_syntax(err, json, "expected [\"uuid\", <string>]");
}

static int parse_atom(const struct base_type *b, const json_t *json, struct symbol_table *symbols,
		      bool check, union atom *ret, struct dberr *err)
{
	union atom a;
	bool ok = false;

	atom_init_default(&a);
	switch (b->type) {
	case ATOM_INTEGER:
		ok = json_as_int(json, &a.integer);
		break;
	case ATOM_REAL:
		ok = json_is_number(json);
		a.real = json_number_value(json);
		break;
	case ATOM_BOOLEAN:
		ok = json_is_boolean(json);
		a.boolean = json_is_true(json);
		break;
	case ATOM_STRING:
		ok = json_is_string(json);
		if (ok)
			atom_init_string(&a, json_string_value(json), json_string_length(json));
		break;
	case ATOM_UUID:
		if (parse_uuid(json, symbols, &a, err) < 0)
			return -EINVAL;
		ok = true;
		break;
	case ATOM_VOID:
	case N_ATOM_TYPES:
		break;
	}
	if (!ok)
		return dberr_syntax(err, json, "expected %s", atom_type_name(b->type));
	if (check && atom_check(&a, b, err) < 0) {
		atom_fini(&a, b->type);
		return -EINVAL;
	}
	*ret = a;
	return 0;
}

static int count_error(const struct column_type *t, const json_t *json, size_t n, struct dberr *err)
{
	const char *class = column_type_is_map(t) ? "map" : "set";

	if (t->n_min == 1 && t->n_max == 1)
		return dberr_syntax(
			err, json, "%s must have exactly one member but %zu are present", class, n);
	return dberr_syntax(err, json, "%s must have %u to %u members but %zu are present", class,
			    t->n_min, t->n_max, n);
}

static int parse_element(const struct column_type *t, const json_t *json,
			 struct symbol_table *symbols, bool check, struct datum_build *b,
			 struct dberr *err)
{
	union atom k, v;

	if (!column_type_is_map(t)) {
		if (parse_atom(&t->key, json, symbols, check, &k, err) < 0)
			return -EINVAL;
		datum_build_add(b, k, NULL);
		return 0;
	}
	if (!json_is_array(json) || json_array_size(json) != 2)
		return dberr_syntax(err, json, "expected 2-element array");
	if (parse_atom(&t->key, json_array_get(json, 0), symbols, check, &k, err) < 0)
		return -EINVAL;
	if (parse_atom(&t->value, json_array_get(json, 1), symbols, check, &v, err) < 0) {
		atom_fini(&k, t->key.type);
		return -EINVAL;
	}
	datum_build_add(b, k, &v);
	return 0;
}

static int parse_datum(const struct column_type *t, const json_t *json,
		       struct symbol_table *symbols, bool check, struct datum **ret,
		       struct dberr *err)
{
	struct datum_build b = DATUM_BUILD(t->key.type, t->value.type);
	const char *class = column_type_is_map(t) ? "map" : "set";
	bool is_map = column_type_is_map(t);

	const json_t *first = json_is_array(json) ? json_array_get(json, 0) : NULL;
	bool has_class = json_is_string(first) && !strcmp(json_string_value(first), class);
	if (!is_map && !has_class) {
		union atom a;
		if (parse_atom(&t->key, json, symbols, check, &a, err) < 0)
			return -EINVAL;
		datum_build_add(&b, a, NULL);
		*ret = datum_build_finish(&b);
		return 0;
	}

	const json_t *elems = tagged(json, class);
	if (!json_is_array(elems))
		return dberr_syntax(err, json, "expected [\"%s\", <array>]", class);
	size_t n = json_array_size(elems);
	if (n > DATUM_MAX_N || (check && (n < t->n_min || n > t->n_max)))
		return count_error(t, json, n, err);
	for (size_t i = 0; i < n; i++)
		if (parse_element(t, json_array_get(elems, i), symbols, check, &b, err) < 0) {
			datum_build_fini(&b);
			return -EINVAL;
		}
	if (n > 1 && datum_build_has_duplicates(&b)) {
		datum_build_fini(&b);
		return dberr_set(err, "ovsdb error", NULL, "%s",
				 is_map ? "map contains duplicate key" : "set contains duplicate");
	}
	*ret = datum_build_finish(&b);
	return 0;
}

int datum_from_json(const struct column_type *t, const json_t *json, struct symbol_table *symbols,
		    struct datum **ret, struct dberr *err)
{
	return parse_datum(t, json, symbols, true, ret, err);
}

int datum_from_json_unconstrained(const struct column_type *t, const json_t *json,
				  struct datum **ret, struct dberr *err)
{
	return parse_datum(t, json, NULL, false, ret, err);
}

json_t *datum_to_json(const struct datum *d)
{
	if (d->value_type != ATOM_VOID) {
		json_t *pairs = json_array();
		for (size_t i = 0; i < d->n; i++) {
			json_t *pair = json_array();
			json_array_append_new(pair, atom_to_json(datum_key(d, i), d->key_type));
			json_array_append_new(pair, atom_to_json(datum_value(d, i), d->value_type));
			json_array_append_new(pairs, pair);
		}
		return json_pack("[so]", "map", pairs);
	}
	if (d->n == 1)
		return atom_to_json(datum_key(d, 0), d->key_type);

	json_t *elems = json_array();
	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(elems, atom_to_json(datum_key(d, i), d->key_type));
	return json_pack("[so]", "set", elems);
}

void datum_put_json(const struct datum *d, struct str *out)
{
	if (d->value_type != ATOM_VOID) {
		str_puts(out, "[\"map\",[");
		for (size_t i = 0; i < d->n; i++) {
			str_puts(out, i ? ",[" : "[");
			atom_put_json(datum_key(d, i), d->key_type, out);
			str_putc(out, ',');
			atom_put_json(datum_value(d, i), d->value_type, out);
			str_putc(out, ']');
		}
		str_puts(out, "]]");
		return;
	}
	if (d->n == 1) {
		atom_put_json(datum_key(d, 0), d->key_type, out);
		return;
	}
	str_puts(out, "[\"set\",[");
	for (size_t i = 0; i < d->n; i++) {
		if (i)
			str_putc(out, ',');
		atom_put_json(datum_key(d, i), d->key_type, out);
	}
	str_puts(out, "]]");
}
