/* SPDX-License-Identifier: Apache-2.0 */
/* record: how a command line names tables, columns and rows; ovs-vsctl(8), "Identifying Tables,
 * Records, and Columns". */
#include <ctype.h>
#include <errno.h>
#include "base/mem.h"
#include "ctl/command.h"

static char fold(char c) { return c == '-' ? '_' : tolower((unsigned char)c); }

enum match { MATCH_NONE, MATCH_PREFIX, MATCH_EXACT };

static enum match match_name(const char *name, const char *given)
{
	size_t i;
	for (i = 0; given[i]; i++) {
		if (fold(name[i]) != fold(given[i]))
			return MATCH_NONE;
	}
	return name[i] ? MATCH_PREFIX : MATCH_EXACT;
}

/* The best match among 'names': its index, -ENOENT, or -EEXIST and the candidates in 'ret_all'. */
static int best_match(const char *const *names, size_t n, const char *given, struct str *ret_all)
{
	int found = -ENOENT;
	for (size_t i = 0; i < n; i++) {
		enum match m = match_name(names[i], given);
		if (m == MATCH_EXACT)
			return i;
		if (m == MATCH_NONE)
			continue;
		found = found == -ENOENT ? (int)i : -EEXIST;
		str_putf(ret_all, "%s%s", ret_all->len ? ", " : "", names[i]);
	}
	return found;
}

int ctl_find_table(const struct ctl *ctl, const char *name, const struct idl_table_def **ret,
		   struct err *err)
{
	const char *names[64];
	AUTO_STR candidates = STR_INIT;
	ASSERT(ctl->db->n_tables <= ARRAY_SIZE(names));
	for (unsigned i = 0; i < ctl->db->n_tables; i++)
		names[i] = ctl->db->tables[i]->name;
	int i = best_match(names, ctl->db->n_tables, name, &candidates);
	if (i == -ENOENT)
		return err_set(err, -ENOENT, "unknown table \"%s\"", name);
	if (i < 0)
		return err_set(err, -ENOENT, "\"%s\" matches multiple table names: %s", name,
			       str_cstr(&candidates));
	*ret = ctl->db->tables[i];
	return 0;
}

int ctl_find_column(const struct idl_table_def *table, const char *name, bool uuid_too,
		    int *ret_column, struct err *err)
{
	AUTO_STR candidates = STR_INIT;
	if (uuid_too && match_name("_uuid", name) == MATCH_EXACT) {
		*ret_column = CTL_COLUMN_UUID;
		return 0;
	}
	int i = best_match(table->columns, table->n_columns, name, &candidates);
	if (i == -ENOENT)
		return err_set(err, -ENOENT,
			       "%s does not contain a column whose name matches \"%s\"",
			       table->name, name);
	if (i < 0)
		return err_set(err, -ENOENT,
			       "%s contains more than one column whose name matches \"%s\": %s",
			       table->name, name, str_cstr(&candidates));
	*ret_column = i;
	return 0;
}

void ctl_monitor_row_ids(struct ctl *ctl, const struct idl_table_def *table)
{
	idl_monitor_row_ids(ctl->idl, table);
	for (const struct ctl_row_id *id = ctl->row_ids[table->index]; id && id->name_table; id++) {
		idl_monitor_column(ctl->idl, id->name_table, id->name_column);
		if (id->ref_column >= 0)
			idl_monitor_column(ctl->idl, id->name_table, id->ref_column);
	}
}

/* The row whose name, perhaps in another table, is 'name'. */
static int find_by_id(struct ctl *ctl, const struct idl_table_def *table,
		      const struct ctl_row_id *id, const char *name, const struct idl_row **ret,
		      struct err *err)
{
	const struct idl_row *row, *found = NULL;
	const struct column_type *type = idl_column_type(ctl->idl, id->name_table, id->name_column);
	union atom atom;
	if (atom_from_word(&type->key, name, NULL, &atom, NULL) < 0)
		return 0;
	for (row = idl_first_row(ctl->idl, id->name_table); row; row = idl_next_row(row)) {
		const struct datum *names = idl_datum(row, id->name_column);
		if (names->n != 1 || !atom_equal(datum_key(names, 0), &atom, type->key.type))
			continue;
		if (found) {
			atom_fini(&atom, type->key.type);
			return err_set(err, -EEXIST, "multiple rows in %s match \"%s\"",
				       id->name_table->name, name);
		}
		found = row;
	}
	atom_fini(&atom, type->key.type);
	if (found && id->ref_column >= 0) {
		const struct datum *refs = idl_datum(found, id->ref_column);
		found = refs->n == 1 ? idl_row_by_uuid(ctl->idl, table, &datum_key(refs, 0)->uuid)
				     : NULL;
	}
	*ret = found;
	return 0;
}

/* At least four hex digits (and hyphens) that begin one row's UUID. */
static int find_by_prefix(struct ctl *ctl, const struct idl_table_def *table, const char *name,
			  const struct idl_row **ret, struct err *err)
{
	size_t len = strlen(name);
	if (len < 4 || len > UUID_LEN || strspn(name, "0123456789abcdefABCDEF-") != len)
		return 0;
	const struct idl_row *row;
	for (row = idl_first_row(ctl->idl, table); row; row = idl_next_row(row)) {
		char text[UUID_LEN + 1];
		if (strncasecmp(uuid_to_str(idl_row_uuid(row), text), name, len))
			continue;
		if (*ret)
			return err_set(err, -EEXIST, "multiple rows in %s match \"%s\"",
				       table->name, name);
		*ret = row;
	}
	return 0;
}

static int find_row(struct ctl *ctl, const struct idl_table_def *table, const char *name,
		    const struct idl_row **ret, struct err *err)
{
	struct uuid uuid;
	if (uuid_from_str(name, &uuid) && (*ret = idl_row_by_uuid(ctl->idl, table, &uuid)) != NULL)
		return 0;
	if (!strcmp(name, ".")) {
		const struct idl_row *row = idl_first_row(ctl->idl, table);
		if (row && !idl_next_row(row)) {
			*ret = row;
			return 0;
		}
	}
	for (const struct ctl_row_id *id = ctl->row_ids[table->index]; id && id->name_table; id++) {
		int r = find_by_id(ctl, table, id, name, ret, err);
		if (r < 0 || *ret)
			return r;
	}
	return find_by_prefix(ctl, table, name, ret, err);
}

int ctl_find_row(struct ctl *ctl, const struct idl_table_def *table, const char *name,
		 bool must_exist, const struct idl_row **ret, struct err *err)
{
	const struct idl_row *row = NULL;
	int r = find_row(ctl, table, name, &row, err);
	if (r < 0)
		return r;
	if (!row && must_exist)
		return err_set(err, -ENOENT, "no row \"%s\" in table %s", name, table->name);
	*ret = row;
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	return uuid_cmp(idl_row_uuid(*(const struct idl_row *const *)a),
			idl_row_uuid(*(const struct idl_row *const *)b));
}

const struct idl_row **ctl_sorted_rows(const struct idl *idl, const struct idl_table_def *table,
				       size_t *ret_n)
{
	const struct idl_row **rows = NULL;
	size_t n = 0, allocated = 0;
	for (const struct idl_row *row = idl_first_row(idl, table); row; row = idl_next_row(row)) {
		rows = xgrow(rows, &allocated, n + 1, sizeof *rows);
		rows[n++] = row;
	}
	if (n)
		qsort(rows, n, sizeof *rows, compare_rows);
	*ret_n = n;
	return rows;
}
