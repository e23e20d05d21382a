/* SPDX-License-Identifier: Apache-2.0 */
/* dbcommands: list, find, get, set, add, remove, clear, create, destroy, wait-until and comment of
 * ovs-vsctl(8), "Database Commands", for any database that a replica is of. */
#include <errno.h>
#include <limits.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctl/command.h"

LOG_MODULE(db_ctl_base);

/* The table that argument 1 names, looked up once by prepare. */
static int table_arg(struct ctl_command *command, const struct idl_table_def **ret, struct err *err)
{
	return ctl_find_table(command->ctl, command->argv[1], ret, err);
}

static int prepare_table(struct ctl_command *command, const struct idl_table_def **ret,
			 struct err *err)
{
	int r = table_arg(command, ret, err);
	if (r == 0)
		ctl_monitor_row_ids(command->ctl, *ret);
	return r;
}

/* The row that argument 2 names. *ret NULL: there is none, and --if-exists says that is right. */
static int row_arg(struct ctl_command *command, const struct idl_table_def **ret_table,
		   const struct idl_row **ret, struct err *err)
{
	bool must_exist = !ctl_has_option(command, "--if-exists");
	int r = table_arg(command, ret_table, err);
	return r < 0 ? r
		     : ctl_find_row(command->ctl, *ret_table, command->argv[2], must_exist, ret,
				    err);
}

static int check_mutable(struct ctl *ctl, const struct idl_row *row, int column, struct err *err)
{
	const struct idl_table_def *table = idl_row_table(row);
	if (idl_column_is_mutable(ctl->idl, table, column))
		return 0;
	return err_set(err, -EPERM, "cannot modify read-only column %s in table %s",
		       table->columns[column], table->name);
}

static void touched(struct ctl *ctl, const struct idl_table_def *table, int column)
{
	if (ctl->column_changed)
		ctl->column_changed(ctl, table, column);
}

/* --- list, find ------------------------------------------------------------------------------ */

/* Which columns to print: --columns, or all of them. The caller frees *ret. */
static int columns_option(struct ctl_command *command, const struct idl_table_def *table, int **ret,
			  size_t *ret_n, struct err *err)
{
	const char *names = ctl_option(command, "--columns");
	size_t n = 0, allocated = 0;
	AUTO_FREE int *columns = NULL;
	if (names) {
		AUTO_FREE char *copy = xstrdup(names);
		char *save = NULL;
		for (char *name = strtok_r(copy, ",", &save); name;
		     name = strtok_r(NULL, ",", &save)) {
			columns = xgrow(columns, &allocated, n + 1, sizeof *columns);
			int r = ctl_find_column(table, name, true, &columns[n++], err);
			if (r < 0)
				return r;
		}
		if (!n)
			return err_set(err, -EINVAL, "must specify at least one column name");
	} else {
		columns = xcalloc(table->n_columns + 1, sizeof *columns);
		columns[n++] = CTL_COLUMN_UUID;
		for (unsigned i = 0; i < table->n_columns; i++)
			columns[n++] = i;
	}
	*ret = STEAL(columns);
	*ret_n = n;
	return 0;
}

static int prepare_list(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	AUTO_FREE int *columns = NULL;
	size_t n;
	int r = prepare_table(command, &table, err);
	if (r < 0)
		return r;
	r = columns_option(command, table, &columns, &n, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (columns[i] != CTL_COLUMN_UUID)
			idl_monitor_column(command->ctl->idl, table, columns[i]);
	}
	return r;
}

static void start_table(struct ctl_command *command, const struct idl_table_def *table,
			const int *columns, size_t n)
{
	command->table = xzalloc(sizeof *command->table);
	for (size_t i = 0; i < n; i++)
		table_add_heading(command->table, columns[i] == CTL_COLUMN_UUID
							  ? "_uuid"
							  : table->columns[columns[i]]);
}

static const struct column_type *uuid_type(void)
{
	static struct column_type type;
	if (!type.n_max)
		column_type_init(&type, ATOM_UUID, ATOM_VOID, 1, 1);
	return &type;
}

static void list_row(struct ctl_command *command, const struct idl_row *row, const int *columns,
		     size_t n)
{
	const struct idl_table_def *table = idl_row_table(row);
	for (size_t i = 0; i < n; i++) {
		if (columns[i] == CTL_COLUMN_UUID) {
			AUTO_DATUM *uuid = datum_from_uuid(idl_row_uuid(row));
			table_add_datum(command->table, uuid, uuid_type());
		} else {
			table_add_datum(command->table, idl_datum(row, columns[i]),
					idl_column_type(command->ctl->idl, table, columns[i]));
		}
	}
}

static int run_list(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const struct idl_table_def *table;
	AUTO_FREE int *columns = NULL;
	size_t n, n_rows;
	int r = table_arg(command, &table, err);
	if (r < 0)
		return r;
	r = columns_option(command, table, &columns, &n, err);
	if (r < 0)
		return r;
	start_table(command, table, columns, n);
	if (command->argc > 2) {
		bool must_exist = !ctl_has_option(command, "--if-exists");
		for (int i = 2; i < command->argc; i++) {
			const struct idl_row *row;
			r = ctl_find_row(ctl, table, command->argv[i], must_exist, &row, err);
			if (r < 0)
				return r;
			if (row)
				list_row(command, row, columns, n);
		}
		return 0;
	}
	AUTO_FREE const struct idl_row **rows = ctl_sorted_rows(ctl->idl, table, &n_rows);
	for (size_t i = 0; i < n_rows; i++)
		list_row(command, rows[i], columns, n);
	return 0;
}

static int prepare_conditions(struct ctl_command *command, const struct idl_table_def *table,
			      int first, struct err *err)
{
	for (int i = first; i < command->argc; i++) {
		struct ctl_assignment a;
		int r = ctl_assignment_parse(command->ctl, table, command->argv[i], ASSIGN_RELATION,
					     &a, err);
		if (r < 0)
			return r;
		idl_monitor_column(command->ctl->idl, table, a.column);
		ctl_assignment_fini(&a);
	}
	return 0;
}

static int prepare_find(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	int r = prepare_list(command, err);
	if (r < 0)
		return r;
	r = table_arg(command, &table, err);
	return r < 0 ? r : prepare_conditions(command, table, 2, err);
}

/* True in *ret if all of argv[first..] hold. */
static int conditions_hold(struct ctl_command *command, const struct idl_row *row, int first,
			   bool *ret, struct err *err)
{
	*ret = true;
	for (int i = first; i < command->argc && *ret; i++) {
		struct ctl_assignment a;
		int r = ctl_assignment_parse(command->ctl, idl_row_table(row), command->argv[i],
					     ASSIGN_RELATION, &a, err);
		if (r < 0)
			return r;
		r = ctl_condition_holds(command->ctl, row, &a, ret, err);
		ctl_assignment_fini(&a);
		if (r < 0)
			return r;
	}
	return 0;
}

static int run_find(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	AUTO_FREE int *columns = NULL;
	size_t n, n_rows;
	int r = table_arg(command, &table, err);
	if (r < 0)
		return r;
	r = columns_option(command, table, &columns, &n, err);
	if (r < 0)
		return r;
	start_table(command, table, columns, n);
	AUTO_FREE const struct idl_row **rows = ctl_sorted_rows(command->ctl->idl, table, &n_rows);
	for (size_t i = 0; i < n_rows; i++) {
		bool all;
		r = conditions_hold(command, rows[i], 2, &all, err);
		if (r < 0)
			return r;
		if (all)
			list_row(command, rows[i], columns, n);
	}
	return 0;
}

/* --- get ------------------------------------------------------------------------------------- */

static int prepare_get(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	int r = prepare_table(command, &table, err);
	for (int i = 3; r == 0 && i < command->argc; i++) {
		struct ctl_assignment a;
		r = ctl_assignment_parse(command->ctl, table, command->argv[i], ASSIGN_NONE, &a,
					 err);
		if (r < 0)
			return r;
		if (a.column != CTL_COLUMN_UUID)
			idl_monitor_column(command->ctl->idl, table, a.column);
		ctl_assignment_fini(&a);
	}
	return r;
}

static int name_row(struct ctl *ctl, const char *id, const struct idl_row *row, struct err *err)
{
	if (*id != '@')
		return err_set(err, -EINVAL, "row id \"%s\" does not begin with \"@\"", id);
	struct symbol *symbol = symbol_get(&ctl->symbols, id);
	if (symbol->created)
		return err_set(err, -EEXIST,
			       "row id \"%s\" may only be specified on one --id option", id);
	if (symbol->used)
		return err_set(err, -EINVAL,
			       "row id \"%s\" specified on \"get\" command was used before it was "
			       "defined",
			       id);
	symbol->created = true;
	symbol->is_kept = true;
	symbol->uuid = *idl_row_uuid(row);
	return 0;
}

static int print_key(struct ctl_command *command, const struct idl_row *row,
		     const struct ctl_assignment *a, struct err *err)
{
	const struct idl_table_def *table = idl_row_table(row);
	const struct column_type *type = idl_column_type(command->ctl->idl, table, a->column);
	const struct datum *datum = idl_datum(row, a->column);
	const char *column = table->columns[a->column];
	if (!column_type_is_map(type))
		return err_set(err, -EINVAL, "cannot specify key to get for non-map column %s",
			       column);
	union atom key;
	int r = atom_from_word(&type->key, a->key, &command->ctl->symbols, &key, err);
	if (r < 0)
		return r;
	uint32_t i = datum_find_key(datum, &key);
	atom_fini(&key, type->key.type);
	if (i != UINT32_MAX)
		atom_put(datum_value(datum, i), type->value.type, &command->output);
	else if (!ctl_has_option(command, "--if-exists"))
		return err_set(err, -ENOENT, "no key \"%s\" in %s record \"%s\" column %s", a->key,
			       table->name, command->argv[2], column);
	return 0;
}

static int run_get(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const char *id = ctl_option(command, "--id");
	const struct idl_table_def *table;
	const struct idl_row *row;
	if (id && ctl_has_option(command, "--if-exists"))
		return err_set(err, -EINVAL, "--if-exists and --id may not be specified together");
	int r = row_arg(command, &table, &row, err);
	if (r < 0 || !row)
		return r;
	if (id) {
		r = name_row(ctl, id, row, err);
		if (r < 0)
			return r;
	}
	for (int i = 3; i < command->argc; i++) {
		struct ctl_assignment a;
		r = ctl_assignment_parse(ctl, table, command->argv[i], ASSIGN_NONE, &a, err);
		if (r < 0)
			return r;
		if (a.column == CTL_COLUMN_UUID) {
			char text[UUID_LEN + 1];
			str_puts(&command->output, uuid_to_str(idl_row_uuid(row), text));
		} else if (a.key) {
			idl_verify(ctl->txn, row, a.column);
			r = print_key(command, row, &a, err);
		} else {
			idl_verify(ctl->txn, row, a.column);
			datum_put(idl_datum(row, a.column),
				  idl_column_type(ctl->idl, table, a.column), &command->output);
		}
		ctl_assignment_fini(&a);
		if (r < 0)
			return r;
		str_putc(&command->output, '\n');
	}
	return 0;
}

/* --- set, add, remove, clear ----------------------------------------------------------------- */

int ctl_prepare_set(struct ctl *ctl, const struct idl_table_def *table, const char *text,
		    struct err *err)
{
	struct ctl_assignment a;
	int r = ctl_assignment_parse(ctl, table, text, ASSIGN_EQUALS, &a, err);
	if (r < 0)
		return r;
	idl_monitor_column(ctl->idl, table, a.column);
	ctl_assignment_fini(&a);
	return 0;
}

static int set_key(struct ctl *ctl, const struct idl_row *row, const struct ctl_assignment *a,
		   struct err *err)
{
	const struct idl_table_def *table = idl_row_table(row);
	const struct column_type *type = idl_column_type(ctl->idl, table, a->column);
	if (!column_type_is_map(type))
		return err_set(err, -EINVAL, "cannot specify key to set for non-map column %s",
			       table->columns[a->column]);
	union atom key, value;
	int r = atom_from_word(&type->key, a->key, &ctl->symbols, &key, err);
	if (r < 0)
		return r;
	r = atom_from_word(&type->value, a->value, &ctl->symbols, &value, err);
	if (r < 0) {
		atom_fini(&key, type->key.type);
		return r;
	}
	struct datum_build b = DATUM_BUILD(type->key.type, type->value.type);
	datum_build_add(&b, key, &value);
	AUTO_DATUM *pair = datum_build_finish(&b);
	idl_put_datum(ctl->txn, row, a->column, pair);
	return 0;
}

/* *ret_column is the one that was written. */
static int set_column(struct ctl *ctl, const struct idl_row *row, const char *text, bool inserting,
		      int *ret_column, struct err *err)
{
	const struct idl_table_def *table = idl_row_table(row);
	struct ctl_assignment a;
	int r = ctl_assignment_parse(ctl, table, text, ASSIGN_EQUALS, &a, err);
	if (r < 0)
		return r;
	if (!inserting)
		r = check_mutable(ctl, row, a.column, err);
	if (r == 0 && a.key) {
		r = set_key(ctl, row, &a, err);
	} else if (r == 0) {
		struct datum *datum;
		r = datum_from_text(idl_column_type(ctl->idl, table, a.column), a.value,
				    &ctl->symbols, &datum, err);
		if (r == 0)
			idl_set_datum(ctl->txn, row, a.column, datum);
	}
	*ret_column = a.column;
	ctl_assignment_fini(&a);
	return r;
}

int ctl_set_column(struct ctl *ctl, const struct idl_row *row, const char *text, struct err *err)
{
	int column;
	return set_column(ctl, row, text, false, &column, err);
}

static int prepare_set(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	int r = prepare_table(command, &table, err);
	for (int i = 3; r == 0 && i < command->argc; i++)
		r = ctl_prepare_set(command->ctl, table, command->argv[i], err);
	return r;
}

static int run_set(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	const struct idl_row *row;
	int r = row_arg(command, &table, &row, err);
	if (r < 0 || !row)
		return r;
	for (int i = 3; r == 0 && i < command->argc; i++) {
		int column;
		r = set_column(command->ctl, row, command->argv[i], false, &column, err);
		if (r == 0)
			touched(command->ctl, table, column);
	}
	return r;
}

/* The column that argument 3 names. */
static int column_arg(struct ctl_command *command, const struct idl_table_def *table, int *ret,
		      struct err *err)
{
	return ctl_find_column(table, command->argv[3], false, ret, err);
}

static int prepare_mutate(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	int column;
	int r = prepare_table(command, &table, err);
	if (r < 0)
		return r;
	r = column_arg(command, table, &column, err);
	if (r == 0)
		idl_monitor_column(command->ctl->idl, table, column);
	return r;
}

static int run_add(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const struct idl_table_def *table;
	const struct idl_row *row;
	int column;
	int r = row_arg(command, &table, &row, err);
	if (r < 0 || !row)
		return r;
	r = column_arg(command, table, &column, err);
	if (r < 0)
		return r;
	r = check_mutable(ctl, row, column, err);
	/* An argument may be any number of elements, one at least. */
	struct column_type type = *idl_column_type(ctl->idl, table, column);
	type.n_min = 1;
	type.n_max = N_UNLIMITED;
	for (int i = 4; r == 0 && i < command->argc; i++) {
		AUTO_DATUM *elements = NULL;
		r = datum_from_text(&type, command->argv[i], &ctl->symbols, &elements, err);
		if (r == 0)
			idl_put_datum(ctl->txn, row, column, elements);
	}
	touched(ctl, table, column);
	return r;
}

/* Elements of 'text' taken out of 'datum': whole ones, or, in a map, all that have the keys. */
static int subtract(struct ctl *ctl, const struct column_type *type, const char *text,
		    struct datum **datum, struct err *err)
{
	struct column_type elements = *type, keys = { .key = type->key, .n_min = 1 };
	elements.n_min = 1;
	elements.n_max = keys.n_max = N_UNLIMITED;
	AUTO_DATUM *out = NULL;
	int r = datum_from_text(&elements, text, &ctl->symbols, &out, err);
	if (r < 0 && column_type_is_map(type))
		r = datum_from_text(&keys, text, &ctl->symbols, &out, err);
	if (r < 0)
		return r;
	struct datum *rest = datum_subtract(*datum, out);
	datum_unref(*datum);
	*datum = rest;
	return 0;
}

static int run_remove(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const struct idl_table_def *table;
	const struct idl_row *row;
	int column;
	int r = row_arg(command, &table, &row, err);
	if (r < 0 || !row)
		return r;
	r = column_arg(command, table, &column, err);
	if (r < 0)
		return r;
	r = check_mutable(ctl, row, column, err);
	if (r < 0)
		return r;
	const struct column_type *type = idl_column_type(ctl->idl, table, column);
	struct datum *datum = datum_ref(idl_datum(row, column));
	for (int i = 4; r == 0 && i < command->argc; i++)
		r = subtract(ctl, type, command->argv[i], &datum, err);
	if (r == 0 && datum->n < type->n_min)
		r = err_set(err, -EINVAL,
			    "\"remove\" operation would put %u %s in column %s of table %s but the "
			    "minimum number is %u",
			    datum->n, column_type_is_map(type) ? "pairs" : "values",
			    table->columns[column], table->name, type->n_min);
	if (r < 0) {
		datum_unref(datum);
		return r;
	}
	idl_verify(ctl->txn, row, column);
	idl_set_datum(ctl->txn, row, column, datum);
	touched(ctl, table, column);
	return 0;
}

static int prepare_clear(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	int r = prepare_table(command, &table, err);
	for (int i = 3; r == 0 && i < command->argc; i++) {
		int column;
		r = ctl_find_column(table, command->argv[i], false, &column, err);
		if (r == 0)
			idl_monitor_column(command->ctl->idl, table, column);
	}
	return r;
}

static int run_clear(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const struct idl_table_def *table;
	const struct idl_row *row;
	int r = row_arg(command, &table, &row, err);
	if (r < 0 || !row)
		return r;
	for (int i = 3; i < command->argc; i++) {
		int column;
		r = ctl_find_column(table, command->argv[i], false, &column, err);
		if (r < 0)
			return r;
		r = check_mutable(ctl, row, column, err);
		if (r < 0)
			return r;
		if (idl_column_type(ctl->idl, table, column)->n_min > 0)
			return err_set(err, -EINVAL,
				       "\"clear\" operation cannot be applied to column %s of "
				       "table %s, which is not allowed to be empty",
				       table->columns[column], table->name);
		idl_clear(ctl->txn, row, column);
		touched(ctl, table, column);
	}
	return 0;
}

/* --- create, destroy ------------------------------------------------------------------------- */

static int prepare_create(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	int r = table_arg(command, &table, err);
	if (r < 0)
		return r;
	idl_monitor_row_ids(command->ctl->idl, table);
	if (!ctl_has_option(command, "--id") && !idl_table_is_root(command->ctl->idl, table))
		log_warn("applying \"create\" command to table %s without --id option will have "
			 "no effect",
			 table->name);
	return 0;
}

/* Rows of a root table stay without being referred to. */
static int insert_row(struct ctl *ctl, const struct idl_table_def *table, const char *id,
		      const struct idl_row **ret, struct err *err)
{
	struct uuid uuid;
	if (!id) {
		*ret = idl_insert(ctl->txn, table);
		return 0;
	}
	if (uuid_from_str(id, &uuid)) {
		*ret = idl_insert_with_uuid(ctl->txn, table, &uuid);
		return 0;
	}
	if (*id != '@')
		return err_set(err, -EINVAL, "row id \"%s\" does not begin with \"@\"", id);
	struct symbol *symbol = symbol_get(&ctl->symbols, id);
	if (symbol->created)
		return err_set(err, -EEXIST,
			       "row id \"%s\" may only be specified on one --id option", id);
	symbol->created = true;
	symbol->is_kept = idl_table_is_root(ctl->idl, table);
	*ret = idl_insert_temporary(ctl->txn, table, &symbol->uuid);
	return 0;
}

static int run_create(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const struct idl_table_def *table;
	const struct idl_row *row = NULL;
	char text[UUID_LEN + 1];
	int column;
	int r = table_arg(command, &table, err);
	if (r < 0)
		return r;
	r = insert_row(ctl, table, ctl_option(command, "--id"), &row, err);
	for (int i = 2; r == 0 && i < command->argc; i++)
		r = set_column(ctl, row, command->argv[i], true, &column, err);
	/* The temporary one; finish_create() puts the real one in its place. */
	if (row && r == 0)
		str_puts(&command->output, uuid_to_str(idl_row_uuid(row), text));
	return r;
}

static void finish_create(struct ctl_command *command)
{
	struct uuid uuid;
	char text[UUID_LEN + 1];
	if (uuid_from_str(str_cstr(&command->output), &uuid) &&
	    idl_txn_inserted_uuid(command->ctl->txn, &uuid, &uuid)) {
		str_clear(&command->output);
		str_puts(&command->output, uuid_to_str(&uuid, text));
	}
	str_putc(&command->output, '\n');
}

static int prepare_destroy(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	bool all = ctl_has_option(command, "--all");
	int r = prepare_table(command, &table, err);
	if (r < 0)
		return r;
	if (all && command->argc > 2)
		return err_set(err, -EINVAL,
			       "--all and records argument should not be specified together");
	if (all && ctl_has_option(command, "--if-exists"))
		return err_set(err, -EINVAL,
			       "--all and --if-exists should not be specified together");
	return 0;
}

static int run_destroy(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const struct idl_table_def *table;
	bool must_exist = !ctl_has_option(command, "--if-exists");
	bool all = ctl_has_option(command, "--all");
	size_t n;
	int r = table_arg(command, &table, err);
	if (r < 0)
		return r;
	if (command->argc <= 2 && !all)
		log_warn("either --all or records argument should be specified");
	if (all) {
		AUTO_FREE const struct idl_row **rows = ctl_sorted_rows(ctl->idl, table, &n);
		for (size_t i = 0; i < n; i++)
			idl_delete(ctl->txn, rows[i]);
	}
	for (int i = 2; i < command->argc; i++) {
		const struct idl_row *row;
		r = ctl_find_row(ctl, table, command->argv[i], must_exist, &row, err);
		if (r < 0)
			return r;
		if (row)
			idl_delete(ctl->txn, row);
	}
	touched(ctl, table, CTL_WHOLE_ROW);
	return 0;
}

/* --- wait-until, comment --------------------------------------------------------------------- */

static int prepare_wait_until(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	int r = prepare_table(command, &table, err);
	return r < 0 ? r : prepare_conditions(command, table, 3, err);
}

static int run_wait_until(struct ctl_command *command, struct err *err)
{
	const struct idl_table_def *table;
	const struct idl_row *row;
	bool all;
	int r = table_arg(command, &table, err);
	if (r < 0)
		return r;
	r = ctl_find_row(command->ctl, table, command->argv[2], false, &row, err);
	if (r < 0)
		return r;
	if (!row)
		return -EAGAIN;
	r = conditions_hold(command, row, 3, &all, err);
	return r < 0 ? r : all ? 0 : -EAGAIN;
}

static int prepare_nothing(struct ctl_command *command, struct err *err) { return 0; }
static int run_nothing(struct ctl_command *command, struct err *err) { return 0; }

const struct ctl_command_def ctl_db_commands[] = {
	{ "comment", 0, INT_MAX, "*ARG", "", false, prepare_nothing, run_nothing, NULL },
	{ "get", 2, INT_MAX, "!TABLE !RECORD *COLUMN?:KEY", "--if-exists,--id=", false, prepare_get,
	  run_get, NULL },
	{ "list", 1, INT_MAX, "!TABLE *RECORD", "--if-exists,--columns=", false, prepare_list,
	  run_list, NULL },
	{ "find", 1, INT_MAX, "!TABLE *COLUMN?:KEY=VALUE", "--columns=", false, prepare_find,
	  run_find, NULL },
	{ "set", 3, INT_MAX, "!TABLE !RECORD +COLUMN?:KEY=VALUE", "--if-exists", true, prepare_set,
	  run_set, NULL },
	{ "add", 4, INT_MAX, "!TABLE !RECORD !COLUMN +?KEY=VALUE", "--if-exists", true,
	  prepare_mutate, run_add, NULL },
	{ "remove", 4, INT_MAX, "!TABLE !RECORD !COLUMN +KEY|VALUE|KEY=VALUE", "--if-exists", true,
	  prepare_mutate, run_remove, NULL },
	{ "clear", 3, INT_MAX, "!TABLE !RECORD +COLUMN", "--if-exists", true, prepare_clear,
	  run_clear, NULL },
	{ "create", 2, INT_MAX, "!TABLE +COLUMN?:KEY=VALUE", "--id=", true, prepare_create,
	  run_create, finish_create },
	{ "destroy", 1, INT_MAX, "!TABLE *RECORD", "--if-exists,--all", true, prepare_destroy,
	  run_destroy, NULL },
	{ "wait-until", 2, INT_MAX, "!TABLE !RECORD *COLUMN?:KEY=VALUE", "", false,
	  prepare_wait_until, run_wait_until, NULL },
};
const size_t ctl_n_db_commands = ARRAY_SIZE(ctl_db_commands);
