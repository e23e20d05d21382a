/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/schema.h"
#include <errno.h>
#include <stdio.h>
#include "base/mem.h"
#include "ovsdb/parser.h"
#include "wire/json.h"

void column_set_init(struct column_set *s) { memset(s, 0, sizeof *s); }

void column_set_fini(struct column_set *s)
{
	free(s->columns);
	memset(s, 0, sizeof *s);
}

void column_set_add(struct column_set *s, const struct column_schema *c)
{
	s->columns = xgrow(s->columns, &s->n_allocated, s->n + 1, sizeof *s->columns);
	s->columns[s->n++] = c;
}

void column_set_add_all(struct column_set *s, const struct table_schema *t)
{
	for (size_t i = 0; i < t->n_columns; i++)
		column_set_add(s, t->columns[i]);
}

bool column_set_contains(const struct column_set *s, const struct column_schema *c)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->columns[i] == c)
			return true;
	return false;
}

int column_set_from_json(const json_t *json, const struct table_schema *t, struct column_set *ret,
			 struct dberr *err)
{
	struct column_set s;

	column_set_init(&s);
	if (!json) {
		column_set_add_all(&s, t);
		*ret = s;
		return 0;
	}
	if (!json_is_array(json))
		goto not_distinct;
	for (size_t i = 0; i < json_array_size(json); i++) {
		const json_t *name = json_array_get(json, i);
		if (!json_is_string(name))
			goto not_distinct;
		const struct column_schema *c = table_column(t, json_string_value(name));
		if (!c) {
			column_set_fini(&s);
			return dberr_syntax(err, json, "%s is not a valid column name",
					    json_string_value(name));
		}
		if (column_set_contains(&s, c))
			goto not_distinct;
		column_set_add(&s, c);
	}
	*ret = s;
	return 0;

not_distinct:
	column_set_fini(&s);
	return dberr_syntax(err, json, "array of distinct column names expected");
}

json_t *column_set_to_json(const struct column_set *s)
{
	json_t *json = json_array();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(json, json_string(s->columns[i]->name));
	return json;
}

static void column_free(struct column_schema *c)
{
	if (!c)
		return;
	free(c->name);
	column_type_fini(&c->type);
	datum_unref(c->initial);
	free(c);
}

static struct column_schema *column_new(const char *name, bool is_mutable, bool is_persistent,
					const struct column_type *type)
{
	struct column_schema *c = xzalloc(sizeof *c);

	c->name = xstrdup(name);
	/* What the server removes by itself must be free to change. */
	c->is_mutable = is_mutable || base_type_is_ref(&type->key, REF_WEAK) ||
			base_type_is_ref(&type->value, REF_WEAK);
	c->is_persistent = is_persistent;
	c->type = *type;
	c->is_ref = (type->key.type == ATOM_UUID && type->key.ref.table_name) ||
		    (type->value.type == ATOM_UUID && type->value.ref.table_name);
	c->initial = datum_default(type);
	return c;
}

static int column_from_json(const json_t *json, const char *name, struct column_schema **ret,
			    struct dberr *err)
{
	struct column_type type;
	struct parser p;

	parser_init(&p, json, "schema for column %s", name);
	const json_t *mut = parser_member(&p, "mutable", PARSE_BOOLEAN | PARSE_OPTIONAL);
	const json_t *ephemeral = parser_member(&p, "ephemeral", PARSE_BOOLEAN | PARSE_OPTIONAL);
	const json_t *type_json = parser_member(&p, "type", PARSE_STRING | PARSE_OBJECT);
	if (parser_finish(&p, err) < 0)
		return -EINVAL;
	if (column_type_from_json(type_json, &type, err) < 0)
		return -EINVAL;
	*ret = column_new(name, !json_is_false(mut), !json_is_true(ephemeral), &type);
	return 0;
}

static json_t *column_to_json(const struct column_schema *c)
{
	json_t *json = json_object();

	if (!c->is_mutable)
		json_object_set_new(json, "mutable", json_false());
	if (!c->is_persistent)
		json_object_set_new(json, "ephemeral", json_true());
	json_object_set_new(json, "type", column_type_to_json(&c->type));
	return json;
}

static void table_free(struct table_schema *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_columns; i++)
		column_free(t->columns[i]);
	free(t->columns);
	for (size_t i = 0; i < t->n_indexes; i++)
		column_set_fini(&t->indexes[i]);
	free(t->indexes);
	free(t->name);
	free(t);
}

const struct column_schema *table_column(const struct table_schema *t, const char *name)
{
	if (*name == '_') {
		for (size_t i = 0; i < N_FIXED_COLUMNS; i++)
			if (!strcmp(t->columns[i]->name, name))
				return t->columns[i];
		return NULL;
	}
	size_t lo = N_FIXED_COLUMNS, hi = t->n_columns;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, t->columns[mid]->name);
		if (!c)
			return t->columns[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of an object, sorted; borrowed; the caller frees the array. */
static const char **sorted_keys(const json_t *object, size_t *ret_n)
{
	const char **keys = xcalloc(json_object_size(object) + 1, sizeof *keys);
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)object, key, value)
		keys[n++] = key;
	qsort(keys, n, sizeof *keys, compare_strings);
	*ret_n = n;
	return keys;
}

static int check_name(const char *name, const json_t *json, struct dberr *err)
{
	if (*name == '_')
		return dberr_syntax(err, json, "names beginning with \"_\" are reserved");
	if (!is_id(name))
		return dberr_syntax(err, json, "name must be a valid id");
	return 0;
}

static int table_add_columns(struct table_schema *t, const json_t *json, const json_t *columns,
			     struct dberr *err)
{
	struct column_type uuid;
	size_t n;
	AUTO_FREE const char **names = sorted_keys(columns, &n);

	if (!n)
		return dberr_syntax(err, json, "table must have at least one column");
	t->columns = xcalloc(n + N_FIXED_COLUMNS, sizeof *t->columns);
	column_type_init(&uuid, ATOM_UUID, ATOM_VOID, 1, 1);
	t->columns[t->n_columns++] = column_new("_uuid", false, true, &uuid);
	t->columns[t->n_columns++] = column_new("_version", false, false, &uuid);
	for (size_t i = 0; i < n; i++) {
		if (check_name(names[i], json, err) < 0 ||
		    column_from_json(json_object_get(columns, names[i]), names[i],
				     &t->columns[t->n_columns], err) < 0)
			return -EINVAL;
		t->n_columns++;
	}
	for (size_t i = 0; i < t->n_columns; i++)
		t->columns[i]->index = i;
	return 0;
}

static int table_add_indexes(struct table_schema *t, const json_t *json, const json_t *indexes,
			     struct dberr *err)
{
	size_t n = json_array_size(indexes);

	if (!n)
		return 0;
	t->indexes = xcalloc(n, sizeof *t->indexes);
	for (size_t i = 0; i < n; i++) {
		struct column_set *index = &t->indexes[t->n_indexes];
		if (column_set_from_json(json_array_get(indexes, i), t, index, err) < 0)
			return -EINVAL;
		t->n_indexes++;
		if (!index->n)
			return dberr_syntax(err, json, "index must have at least one column");
		for (size_t j = 0; j < index->n; j++)
			if (!index->columns[j]->is_persistent)
				return dberr_syntax(
					err, json,
					"ephemeral columns (such as %s) may not be indexed",
					index->columns[j]->name);
	}
	return 0;
}

static int table_from_json(const json_t *json, const char *name, struct table_schema **ret,
			   struct dberr *err)
{
	struct parser p;
	int64_t n_max = UINT32_MAX;

	parser_init(&p, json, "table schema for table %s", name);
	const json_t *columns = parser_member(&p, "columns", PARSE_OBJECT);
	const json_t *mut = parser_member(&p, "mutable", PARSE_BOOLEAN | PARSE_OPTIONAL);
	const json_t *max_rows = parser_member(&p, "maxRows", PARSE_INTEGER | PARSE_OPTIONAL);
	const json_t *is_root = parser_member(&p, "isRoot", PARSE_BOOLEAN | PARSE_OPTIONAL);
	const json_t *indexes = parser_member(&p, "indexes", PARSE_ARRAY | PARSE_OPTIONAL);
	if (parser_finish(&p, err) < 0)
		return -EINVAL;

	if (max_rows) {
		if (json_integer_value(max_rows) <= 0)
			return dberr_syntax(err, json, "maxRows must be at least 1");
		n_max = MIN(json_integer_value(max_rows), UINT32_MAX);
	}

	struct table_schema *t = xzalloc(sizeof *t);
	t->name = xstrdup(name);
	t->is_mutable = !json_is_false(mut);
	t->is_root = t->says_root = json_is_true(is_root);
	t->max_rows = n_max;
	if (table_add_columns(t, json, columns, err) < 0 ||
	    table_add_indexes(t, json, indexes, err) < 0) {
		table_free(t);
		return -EINVAL;
	}
	*ret = t;
	return 0;
}

static json_t *table_to_json(const struct table_schema *t, bool says_root)
{
	json_t *json = json_object();
	json_t *columns = json_object();

	if (!t->is_mutable)
		json_object_set_new(json, "mutable", json_false());
	if (says_root)
		json_object_set_new(json, "isRoot", json_true());
	for (size_t i = N_FIXED_COLUMNS; i < t->n_columns; i++)
		json_object_set_new(columns, t->columns[i]->name, column_to_json(t->columns[i]));
	json_object_set_new(json, "columns", columns);
	if (t->max_rows != UINT32_MAX)
		json_object_set_new(json, "maxRows", json_integer(t->max_rows));
	if (t->n_indexes) {
		json_t *indexes = json_array();
		for (size_t i = 0; i < t->n_indexes; i++)
			json_array_append_new(indexes, column_set_to_json(&t->indexes[i]));
		json_object_set_new(json, "indexes", indexes);
	}
	return json;
}

bool schema_version_is_valid(const char *s)
{
	unsigned a, b, c;
	int n = -1;

	return sscanf(s, "%u.%u.%u%n", &a, &b, &c, &n) == 3 && n >= 0 && !s[n];
}

struct table_schema *schema_table(const struct schema *s, const char *name)
{
	size_t lo = 0, hi = s->n_tables;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, s->tables[mid]->name);
		if (!c)
			return s->tables[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static int resolve_ref(struct schema *s, const struct column_schema *c, struct base_type *b,
		       const char *what, struct dberr *err)
{
	if (b->type != ATOM_UUID || !b->ref.table_name)
		return 0;
	b->ref.table = schema_table(s, b->ref.table_name);
	if (!b->ref.table)
		return dberr_syntax(err, NULL, "column %s %s refers to undefined table %s", c->name,
				    what, b->ref.table_name);
	return 0;
}

/* References find their tables; where no table says it is a root, all are (RFC 7047 3.2). */
static int schema_complete(struct schema *s, struct dberr *err)
{
	bool any_root = false;

	for (size_t i = 0; i < s->n_tables; i++) {
		s->tables[i]->index = i;
		any_root |= s->tables[i]->says_root;
	}
	for (size_t i = 0; i < s->n_tables; i++) {
		struct table_schema *t = s->tables[i];
		t->is_root = t->says_root || !any_root;
		for (size_t j = 0; j < t->n_columns; j++) {
			struct column_schema *c = t->columns[j];
			if (resolve_ref(s, c, &c->type.key, "key", err) < 0 ||
			    resolve_ref(s, c, &c->type.value, "value", err) < 0)
				return -EINVAL;
		}
	}
	return 0;
}

int schema_from_json(const json_t *json, struct schema **ret, struct dberr *err)
{
	struct parser p;

	parser_init(&p, json, "database schema");
	const json_t *name = parser_member(&p, "name", PARSE_ID);
	const json_t *version = parser_member(&p, "version", PARSE_STRING | PARSE_OPTIONAL);
	const json_t *cksum = parser_member(&p, "cksum", PARSE_STRING | PARSE_OPTIONAL);
	const json_t *tables = parser_member(&p, "tables", PARSE_OBJECT);
	if (parser_finish(&p, err) < 0)
		return -EINVAL;
	if (version && !schema_version_is_valid(json_string_value(version)))
		return dberr_syntax(err, json, "schema version \"%s\" not in format x.y.z",
				    json_string_value(version));

	struct schema *s = xzalloc(sizeof *s);
	s->refs = 1;
	s->name = xstrdup(json_string_value(name));
	s->version = xstrdup(version ? json_string_value(version) : "");
	s->cksum = xstrdup(cksum ? json_string_value(cksum) : "");

	size_t n;
	AUTO_FREE const char **names = sorted_keys(tables, &n);
	s->tables = xcalloc(n + 1, sizeof *s->tables);
	for (size_t i = 0; i < n; i++) {
		if (check_name(names[i], json, err) < 0 ||
		    table_from_json(json_object_get(tables, names[i]), names[i],
				    &s->tables[s->n_tables], err) < 0)
			goto fail;
		s->n_tables++;
	}
	if (schema_complete(s, err) < 0)
		goto fail;
	*ret = s;
	return 0;

fail:
	schema_unref(s);
	return -EINVAL;
}

int schema_from_file(const char *path, struct schema **ret, struct err *err)
{
	AUTO_DBERR e = DBERR_INIT;
	json_t *json;

	AUTO_ERR why = ERR_INIT;
	int r = json_parse_file(path, &json, &why);
	if (r < 0)
		return err_set(err, r, "\"%s\" could not be read as JSON (%s)", path,
			       err_text(&why));
	r = schema_from_json(json, ret, &e);
	json_decref(json);
	if (r < 0) {
		dberr_wrap(&e, "failed to parse \"%s\" as ovsdb schema", path);
		return dberr_to_err(&e, err);
	}
	return 0;
}

struct schema *schema_ref(struct schema *s)
{
	s->refs++;
	return s;
}

void schema_unref(struct schema *s)
{
	if (!s || --s->refs)
		return;
	for (size_t i = 0; i < s->n_tables; i++)
		table_free(s->tables[i]);
	free(s->tables);
	free(s->name);
	free(s->version);
	free(s->cksum);
	free(s);
}

void schema_auto_(struct schema **s) { schema_unref(*s); }

json_t *schema_to_json(const struct schema *s)
{
	json_t *json = json_object();
	json_t *tables = json_object();

	json_object_set_new(json, "name", json_string(s->name));
	if (*s->version)
		json_object_set_new(json, "version", json_string(s->version));
	if (*s->cksum)
		json_object_set_new(json, "cksum", json_string(s->cksum));
	for (size_t i = 0; i < s->n_tables; i++)
		json_object_set_new(tables, s->tables[i]->name,
				    table_to_json(s->tables[i], s->tables[i]->says_root));
	json_object_set_new(json, "tables", tables);
	return json;
}

bool schema_equal(const struct schema *a, const struct schema *b)
{
	if (a == b)
		return true;

	json_t *ja = schema_to_json(a), *jb = schema_to_json(b);
	bool equal = json_equal(ja, jb);
	json_decref(ja);
	json_decref(jb);
	return equal;
}
