/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/condition.h"
#include <errno.h>
#include "base/mem.h"
#include "ovsdb/parser.h"

static const char *const names[N_COND_FUNCTIONS] = {
	[COND_FALSE] = "false",
	[COND_TRUE] = "true",
	[COND_LT] = "<",
	[COND_LE] = "<=",
	[COND_EQ] = "==",
	[COND_NE] = "!=",
	[COND_GE] = ">=",
	[COND_GT] = ">",
	[COND_INCLUDES] = "includes",
	[COND_EXCLUDES] = "excludes",
};

bool condition_function_from_name(const char *name, enum condition_function *ret)
{
	for (int i = COND_LT; i < N_COND_FUNCTIONS; i++)
		if (!strcmp(name, names[i])) {
			*ret = i;
			return true;
		}
	return false;
}

const char *condition_function_name(enum condition_function f) { return names[f]; }

void condition_init(struct condition *c) { memset(c, 0, sizeof *c); }

void condition_fini(struct condition *c)
{
	for (size_t i = 0; i < c->n; i++)
		datum_unref(c->clauses[i].arg);
	free(c->clauses);
	memset(c, 0, sizeof *c);
}

/* The argument's type is the column's with the number of elements relaxed as the function wants. */
static int function_type(const struct column_schema *column, enum condition_function f,
			 const json_t *json, struct column_type *type, struct dberr *err)
{
	bool is_number = type->key.type == ATOM_INTEGER || type->key.type == ATOM_REAL;

	switch (f) {
	case COND_LT:
	case COND_LE:
	case COND_GE:
	case COND_GT:
		if (type->value.type != ATOM_VOID || !is_number || type->n_max != 1) {
			AUTO_STR english = STR_INIT;
			column_type_put_english(type, &english);
			return dberr_syntax(err, json,
					    "Type mismatch: \"%s\" operator may not be "
					    "applied to column %s of type %s.",
					    names[f], column->name, str_cstr(&english));
		}
		type->n_min = 1;
		break;
	case COND_INCLUDES:
		if (!column_type_is_scalar(type))
			type->n_min = 0;
		break;
	case COND_EXCLUDES:
		if (!column_type_is_scalar(type)) {
			type->n_min = 0;
			type->n_max = N_UNLIMITED;
		}
		break;
	case COND_FALSE:
	case COND_TRUE:
	case COND_EQ:
	case COND_NE:
	case N_COND_FUNCTIONS:
		break;
	}
	return 0;
}

static int clause_from_json(const struct table_schema *t, const json_t *json,
			    struct symbol_table *symbols, struct clause *ret, struct dberr *err)
{
	if (json_is_boolean(json)) {
		ret->function = json_is_true(json) ? COND_TRUE : COND_FALSE;
		ret->column = NULL;
		ret->arg = NULL;
		return 0;
	}

	const char *name = json_string_value(json_array_get(json, 0));
	const char *function = json_string_value(json_array_get(json, 1));
	if (json_array_size(json) != 3 || !name || !function)
		return dberr_syntax(err, json, "Parse error in condition.");
	ret->column = table_column(t, name);
	if (!ret->column)
		return dberr_set(err, "unknown column", json, "No column %s in table %s.", name,
				 t->name);
	if (!condition_function_from_name(function, &ret->function))
		return dberr_set(err, "unknown function", NULL, "No function named %s.", function);

	/* Borrows what the column's type points to. */
	struct column_type type = ret->column->type;
	if (function_type(ret->column, ret->function, json, &type, err) < 0)
		return -EINVAL;
	return datum_from_json(&type, json_array_get(json, 2), symbols, &ret->arg, err);
}

static unsigned cost(const struct clause *c)
{
	return !c->column		      ? 0
	       : c->column->index == COL_UUID ? 1
	       : c->column->type.n_max == 1   ? 2
					      : 3;
}

int condition_from_json(const struct table_schema *t, const json_t *json,
			struct symbol_table *symbols, struct condition *ret, struct dberr *err)
{
	size_t n = json_array_size(json);
	struct condition c = { n ? xcalloc(n, sizeof *c.clauses) : NULL, 0 };

	for (size_t i = 0; i < n; i++) {
		struct clause clause = { COND_FALSE, NULL, NULL };
		if (clause_from_json(t, json_array_get(json, i), symbols, &clause, err) < 0) {
			condition_fini(&c);
			return -EINVAL;
		}
		size_t j = c.n++;
		for (; j > 0 && cost(&c.clauses[j - 1]) > cost(&clause); j--)
			c.clauses[j] = c.clauses[j - 1];
		c.clauses[j] = clause;
	}
	*ret = c;
	return 0;
}

json_t *condition_to_json(const struct condition *c)
{
	json_t *json = json_array();

	for (size_t i = 0; i < c->n; i++) {
		const struct clause *clause = &c->clauses[i];
		if (!clause->column)
			json_array_append_new(json, json_boolean(clause->function == COND_TRUE));
		else
			json_array_append_new(json, json_pack("[sso]", clause->column->name,
							      names[clause->function],
							      datum_to_json(clause->arg)));
	}
	return json;
}

bool condition_equal(const struct condition *a, const struct condition *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct clause *x = &a->clauses[i], *y = &b->clauses[i];
		if (x->function != y->function || x->column != y->column ||
		    (x->column && !datum_equal(x->arg, y->arg)))
			return false;
	}
	return true;
}

bool clause_matches(const struct clause *c, struct datum *const fields[])
{
	if (!c->column)
		return c->function == COND_TRUE;

	const struct datum *field = fields[c->column->index];
	const struct datum *arg = c->arg;
	if (column_type_is_optional_scalar(&c->column->type) && !field->n &&
	    c->function >= COND_LT && c->function <= COND_GT && c->function != COND_EQ &&
	    c->function != COND_NE)
		return false; /* an absent number is neither less nor more */

	switch (c->function) {
	case COND_LT:
		return datum_cmp(field, arg) < 0;
	case COND_LE:
		return datum_cmp(field, arg) <= 0;
	case COND_EQ:
		return datum_equal(field, arg);
	case COND_NE:
		return !datum_equal(field, arg);
	case COND_GE:
		return datum_cmp(field, arg) >= 0;
	case COND_GT:
		return datum_cmp(field, arg) > 0;
	case COND_INCLUDES:
		return datum_includes_all(field, arg);
	case COND_EXCLUDES:
		return datum_excludes_all(field, arg);
	case COND_FALSE:
	case COND_TRUE:
	case N_COND_FUNCTIONS:
		break;
	}
	return false;
}

bool condition_matches_all(const struct condition *c, struct datum *const fields[])
{
	for (size_t i = 0; i < c->n; i++)
		if (!clause_matches(&c->clauses[i], fields))
			return false;
	return true;
}

bool condition_matches_any(const struct condition *c, struct datum *const fields[])
{
	for (size_t i = 0; i < c->n; i++)
		if (clause_matches(&c->clauses[i], fields))
			return true;
	return false;
}

const struct uuid *condition_uuid(const struct condition *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct clause *clause = &c->clauses[i];
		if (clause->column && clause->column->index == COL_UUID &&
		    (clause->function == COND_EQ || clause->function == COND_INCLUDES))
			return &datum_key(clause->arg, 0)->uuid;
	}
	return NULL;
}
