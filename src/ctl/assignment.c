/* SPDX-License-Identifier: Apache-2.0 */
/* assignment: the arguments COLUMN[:KEY], COLUMN[:KEY]=VALUE and COLUMN[:KEY]RELATION VALUE of the
 * database commands, and what the relations mean; ovs-vsctl(8), "find". */
#include <errno.h>
#include "base/mem.h"
#include "ctl/command.h"

static const struct {
	const char *sign;
	enum ctl_relation relation;
} relations[] = {
	{ "=", REL_EQ },       { "!=", REL_NE },	   { "<", REL_LT },
	{ ">", REL_GT },       { "<=", REL_LE },	   { ">=", REL_GE },
	{ "{=}", REL_SET_EQ }, { "{!=}", REL_SET_NE },	   { "{<}", REL_SET_LT },
	{ "{>}", REL_SET_GT }, { "{<=}", REL_SET_LE },	   { "{>=}", REL_SET_GE },
	{ "{in}", REL_IN },    { "{not-in}", REL_NOT_IN },
};

static bool ends_word(char c) { return !c || strchr(":=, []{}!<>", c); }

/* A word, or a string in quotation marks, which are kept. */
static int scan_word(const char **pos, char **ret, struct err *err)
{
	const char *p = *pos;
	bool quoted = false;
	for (; *p && (quoted || !ends_word(*p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '\\' && quoted && p[1])
			p++;
	}
	if (quoted)
		return err_set(err, -EINVAL, "%s: quoted string extends past end of argument",
			       *pos);
	*ret = xstrndup(*pos, p - *pos);
	*pos = p;
	return 0;
}

/* The longest sign at 'p'; its length, 0 if there is none. */
static size_t scan_relation(const char *p, bool only_equals, enum ctl_relation *ret)
{
	size_t best = 0;
	for (size_t i = 0; i < (only_equals ? 1 : ARRAY_SIZE(relations)); i++) {
		size_t len = strlen(relations[i].sign);
		if (len > best && !strncmp(p, relations[i].sign, len)) {
			best = len;
			*ret = relations[i].relation;
		}
	}
	return best;
}

static int no_value(const char *text, bool only_equals, struct err *err)
{
	AUTO_STR signs = STR_INIT;
	size_t n = ARRAY_SIZE(relations);
	for (size_t i = 0; i < n && !only_equals; i++)
		str_putf(&signs, "%s\"%s\"",
			 !i	      ? ""
			 : i + 1 == n ? ", or "
				      : ", ",
			 relations[i].sign);
	return err_set(err, -EINVAL, "%s: argument does not end in %s followed by a value.", text,
		       only_equals ? "\"=\"" : str_cstr(&signs));
}

int ctl_assignment_parse(const struct ctl *ctl, const struct idl_table_def *table, const char *text,
			 enum ctl_assignment_kind kind, struct ctl_assignment *ret, struct err *err)
{
	AUTO_FREE char *column = NULL, *key = NULL, *value = NULL;
	const char *p = text;
	int column_index, r;
	enum ctl_relation relation = REL_EQ;

	r = scan_word(&p, &column, err);
	if (r < 0)
		return r;
	if (!*column)
		return err_set(err, -EINVAL, "%s: missing column name", text);
	/* "_uuid" alone can be asked for, not set or compared. */
	r = ctl_find_column(table, column, kind == ASSIGN_NONE && *p != ':', &column_index, err);
	if (r < 0)
		return r;
	if (*p == ':') {
		p++;
		r = scan_word(&p, &key, err);
		if (r < 0)
			return r;
	}
	if (kind == ASSIGN_NONE) {
		if (*p)
			return err_set(err, -EINVAL, "%s: trailing garbage \"%s\" in argument",
				       text, p);
	} else {
		size_t len = scan_relation(p, kind == ASSIGN_EQUALS, &relation);
		if (!len || !p[len])
			return no_value(text, kind == ASSIGN_EQUALS, err);
		value = xstrdup(p + len);
	}
	*ret = (struct ctl_assignment){
		.column = column_index,
		.key = STEAL(key),
		.relation = relation,
		.value = STEAL(value),
	};
	return 0;
}

void ctl_assignment_fini(struct ctl_assignment *a)
{
	free(a->key);
	free(a->value);
}

/* --- conditions ------------------------------------------------------------------------------ */

static bool is_set_relation(enum ctl_relation r) { return r >= REL_SET_EQ; }

/* Sets that differ in size compare by it. */
static int compare(const struct datum *a, const struct datum *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return datum_cmp(a, b);
}

static bool holds(enum ctl_relation relation, const struct datum *a, const struct datum *b)
{
	switch (relation) {
	case REL_EQ:
		return compare(a, b) == 0;
	case REL_NE:
		return compare(a, b) != 0;
	case REL_LT:
		return compare(a, b) < 0;
	case REL_GT:
		return compare(a, b) > 0;
	case REL_LE:
		return compare(a, b) <= 0;
	case REL_GE:
		return compare(a, b) >= 0;
	case REL_SET_EQ:
		return datum_equal(a, b);
	case REL_SET_NE:
		return !datum_equal(a, b);
	case REL_SET_LT:
		return a->n < b->n && datum_includes_all(b, a);
	case REL_SET_GT:
		return a->n > b->n && datum_includes_all(a, b);
	case REL_SET_LE:
	case REL_IN:
		return datum_includes_all(b, a);
	case REL_SET_GE:
		return datum_includes_all(a, b);
	case REL_NOT_IN:
		return datum_excludes_all(a, b);
	case N_RELATIONS:
		break;
	}
	return false;
}

/* COLUMN:KEY: the value of the key is compared as a set, empty if there is no such key. */
static int key_condition_holds(struct ctl *ctl, const struct column_type *type,
			       const struct datum *datum, const struct ctl_assignment *a,
			       const char *column, bool *ret, struct err *err)
{
	if (!column_type_is_map(type))
		return err_set(err, -EINVAL, "cannot specify key to check for non-map column %s",
			       column);
	union atom key;
	int r = atom_from_word(&type->key, a->key, &ctl->symbols, &key, err);
	if (r < 0)
		return r;
	uint32_t i = datum_find_key(datum, &key);
	atom_fini(&key, type->key.type);

	struct column_type set_type = { .key = type->value, .n_min = 0, .n_max = N_UNLIMITED };
	AUTO_DATUM *wanted = NULL;
	r = datum_from_text(&set_type, a->value, &ctl->symbols, &wanted, err);
	if (r < 0)
		return r;
	if (i == UINT32_MAX && !is_set_relation(a->relation)) {
		*ret = false;
		return 0;
	}
	struct datum_build b = DATUM_BUILD(type->value.type, ATOM_VOID);
	if (i != UINT32_MAX) {
		union atom value;
		atom_copy(&value, datum_value(datum, i), type->value.type);
		datum_build_add(&b, value, NULL);
	}
	AUTO_DATUM *actual = datum_build_finish(&b);
	*ret = holds(a->relation, actual, wanted);
	return 0;
}

int ctl_condition_holds(struct ctl *ctl, const struct idl_row *row, const struct ctl_assignment *a,
			bool *ret, struct err *err)
{
	const struct idl_table_def *table = idl_row_table(row);
	const struct column_type *type = idl_column_type(ctl->idl, table, a->column);
	const struct datum *datum = idl_datum(row, a->column);
	if (a->key)
		return key_condition_holds(ctl, type, datum, a, table->columns[a->column], ret,
					   err);
	AUTO_DATUM *wanted = NULL;
	int r = datum_from_text(type, a->value, &ctl->symbols, &wanted, err);
	if (r < 0)
		return r;
	*ret = holds(a->relation, datum, wanted);
	return 0;
}
