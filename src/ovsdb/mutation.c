/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/mutation.h"
#include <errno.h>
#include <math.h>
#include "base/mem.h"
#include "ovsdb/parser.h"

static const char *const names[N_MUTATORS] = {
	[MUTATE_ADD] = "+=",	    [MUTATE_SUB] = "-=", [MUTATE_MUL] = "*=",
	[MUTATE_DIV] = "/=",	    [MUTATE_MOD] = "%=", [MUTATE_INSERT] = "insert",
	[MUTATE_DELETE] = "delete",
};

static bool mutator_from_name(const char *name, enum mutator *ret)
{
	for (int i = 0; i < N_MUTATORS; i++)
		if (!strcmp(name, names[i])) {
			*ret = i;
			return true;
		}
	return false;
}

void mutation_set_init(struct mutation_set *s) { memset(s, 0, sizeof *s); }

void mutation_set_fini(struct mutation_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		datum_unref(s->mutations[i].arg);
	free(s->mutations);
	memset(s, 0, sizeof *s);
}

static int type_mismatch(const struct mutation *m, const json_t *json, struct dberr *err)
{
	AUTO_STR english = STR_INIT;

	column_type_put_english(&m->column->type, &english);
	return dberr_syntax(
		err, json,
		"Type mismatch: \"%s\" operator may not be applied to column %s of type %s.",
		names[m->mutator], m->column->name, str_cstr(&english));
}

/* "delete" on a map takes pairs, or a set of keys. */
static int parse_delete_arg(const struct column_type *type, const json_t *arg,
			    struct symbol_table *symbols, struct datum **ret, struct dberr *err)
{
	struct column_type t = *type; /* borrows */

	t.n_min = 0;
	t.n_max = N_UNLIMITED;
	if (!column_type_is_map(&t))
		return datum_from_json(&t, arg, symbols, ret, err);
	const char *class = json_string_value(json_array_get(arg, 0));
	if (class && !strcmp(class, "map"))
		return datum_from_json(&t, arg, symbols, ret, err);
	base_type_init(&t.value, ATOM_VOID);
	return datum_from_json(&t, arg, symbols, ret, err);
}

static int parse_arg(struct mutation *m, const json_t *json, struct symbol_table *symbols,
		     struct dberr *err)
{
	const struct column_type *type = &m->column->type;
	const json_t *arg = json_array_get(json, 2);
	bool is_number = type->key.type == ATOM_INTEGER || type->key.type == ATOM_REAL;
	struct column_type t;

	switch (m->mutator) {
	case MUTATE_ADD:
	case MUTATE_SUB:
	case MUTATE_MUL:
	case MUTATE_DIV:
	case MUTATE_MOD:
		if (column_type_is_map(type) || !is_number ||
		    (m->mutator == MUTATE_MOD && type->key.type == ATOM_REAL))
			return type_mismatch(m, json, err);
		/* A number without the column's limits: what counts is the result. */
		column_type_init(&t, type->key.type, ATOM_VOID, 1, 1);
		return datum_from_json(&t, arg, symbols, &m->arg, err);
	case MUTATE_INSERT:
		if (!column_type_is_set(type) && !column_type_is_map(type))
			return type_mismatch(m, json, err);
		t = *type; /* borrows */
		t.n_min = 0;
		return datum_from_json(&t, arg, symbols, &m->arg, err);
	case MUTATE_DELETE:
		if (!column_type_is_set(type) && !column_type_is_map(type))
			return type_mismatch(m, json, err);
		return parse_delete_arg(type, arg, symbols, &m->arg, err);
	case N_MUTATORS:
		break;
	}
	return -EINVAL;
}

static int mutation_from_json(const struct table_schema *t, const json_t *json,
			      struct symbol_table *symbols, struct mutation *m, struct dberr *err)
{
	const char *column = json_string_value(json_array_get(json, 0));
	const char *name = json_string_value(json_array_get(json, 1));

	if (json_array_size(json) != 3 || !column || !name)
		return dberr_syntax(err, json, "Parse error in mutation.");
	m->column = table_column(t, column);
	if (!m->column)
		return dberr_set(err, "unknown column", json, "No column %s in table %s.", column,
				 t->name);
	if (!m->column->is_mutable)
		return dberr_set(err, "constraint violation", json,
				 "Cannot mutate immutable column %s in table %s.", column, t->name);
	if (!mutator_from_name(name, &m->mutator))
		return dberr_set(err, "unknown mutator", NULL, "No mutator named %s.", name);
	return parse_arg(m, json, symbols, err);
}

int mutation_set_from_json(const struct table_schema *t, const json_t *json,
			   struct symbol_table *symbols, struct mutation_set *ret,
			   struct dberr *err)
{
	size_t n = json_array_size(json);
	struct mutation_set s = { n ? xcalloc(n, sizeof *s.mutations) : NULL, 0 };

	for (size_t i = 0; i < n; i++) {
		if (mutation_from_json(t, json_array_get(json, i), symbols, &s.mutations[i], err) <
		    0) {
			mutation_set_fini(&s);
			return -EINVAL;
		}
		s.n++;
	}
	*ret = s;
	return 0;
}

enum outcome { OK, DIVISION_BY_ZERO, OUT_OF_RANGE };

static enum outcome integer_op(enum mutator op, int64_t *x, int64_t y)
{
	switch (op) {
	case MUTATE_ADD:
		return __builtin_add_overflow(*x, y, x) ? OUT_OF_RANGE : OK;
	case MUTATE_SUB:
		return __builtin_sub_overflow(*x, y, x) ? OUT_OF_RANGE : OK;
	case MUTATE_MUL:
		return __builtin_mul_overflow(*x, y, x) ? OUT_OF_RANGE : OK;
	case MUTATE_DIV:
	case MUTATE_MOD:
		if (!y)
			return DIVISION_BY_ZERO;
		if (*x == INT64_MIN && y == -1)
			return OUT_OF_RANGE;
		*x = op == MUTATE_DIV ? *x / y : *x % y;
		return OK;
	case MUTATE_INSERT:
	case MUTATE_DELETE:
	case N_MUTATORS:
		break;
	}
	return OK;
}

static enum outcome real_op(enum mutator op, double *x, double y)
{
	double r = *x;

	switch (op) {
	case MUTATE_ADD:
		r += y;
		break;
	case MUTATE_SUB:
		r -= y;
		break;
	case MUTATE_MUL:
		r *= y;
		break;
	case MUTATE_DIV:
		if (y == 0)
			return DIVISION_BY_ZERO;
		r /= y;
		break;
	case MUTATE_MOD:
	case MUTATE_INSERT:
	case MUTATE_DELETE:
	case N_MUTATORS:
		break;
	}
	if (!isfinite(r))
		return OUT_OF_RANGE;
	*x = r;
	return OK;
}

static int apply_arithmetic(const struct mutation *m, const struct datum *old, struct datum **ret,
			    struct dberr *err)
{
	struct datum_build b = DATUM_BUILD(old->key_type, ATOM_VOID);

	for (size_t i = 0; i < old->n; i++) {
		union atom a = *datum_key(old, i);
		enum outcome outcome =
			old->key_type == ATOM_INTEGER
				? integer_op(m->mutator, &a.integer, datum_key(m->arg, 0)->integer)
				: real_op(m->mutator, &a.real, datum_key(m->arg, 0)->real);
		int r = 0;
		if (outcome == DIVISION_BY_ZERO)
			r = dberr_set(err, "domain error", NULL, "Division by zero.");
		else if (outcome == OUT_OF_RANGE)
			r = dberr_set(err, "range error", NULL,
				      "Result of \"%s\" operation is out of range.",
				      names[m->mutator]);
		else
			r = atom_check(&a, &m->column->type.key, err);
		if (r < 0) {
			datum_build_fini(&b);
			return r;
		}
		datum_build_add(&b, a, NULL);
	}
	if (datum_build_has_duplicates(&b)) {
		datum_build_fini(&b);
		return dberr_set(err, "constraint violation", NULL,
				 "Result of \"%s\" operation contains duplicates.",
				 names[m->mutator]);
	}
	*ret = datum_build_finish(&b);
	return 0;
}

int mutation_apply(const struct mutation *m, const struct datum *old, struct datum **ret,
		   struct dberr *err)
{
	const struct column_type *type = &m->column->type;
	struct datum *d;

	if (m->mutator == MUTATE_INSERT)
		d = datum_union(old, m->arg, false);
	else if (m->mutator == MUTATE_DELETE)
		d = datum_subtract(old, m->arg);
	else
		return apply_arithmetic(m, old, ret, err);

	if (d->n < type->n_min || d->n > type->n_max) {
		AUTO_STR english = STR_INIT;
		size_t n = d->n;
		datum_unref(d);
		column_type_put_english(type, &english);
		return dberr_set(err, "constraint violation", NULL,
				 "Attempted to store %zu elements in %s.", n, str_cstr(&english));
	}
	*ret = d;
	return 0;
}
