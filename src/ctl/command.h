/* SPDX-License-Identifier: Apache-2.0 */
/* command: a command line of several commands, as ovs-vsctl(8) has it:
 *
 *	PROGRAM [GLOBAL OPTION..] [--] [OPTION..] COMMAND [ARG..] [-- [OPTION..] COMMAND [ARG..]]..
 *
 * all of which act on one replica of a database within one transaction. A command is a row of a
 * table; it runs in three steps: prepare says which columns it needs, before there is a
 * connection; run reads the replica and changes the transaction; finish prints what is only known
 * after the commit. run is called again, from scratch, when the transaction must be tried again.
 *
 * Threads: one; a process has one command line. */
#pragma once
#include <getopt.h>
#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "base/strmap.h"
#include "ctl/table.h"
#include "ovsdb/idl/idl.h"

struct ctl_command;

/* Ways to name a row of a table other than by its UUID. */
struct ctl_row_id {
	const struct idl_table_def *name_table; /* whose 'name_column' is looked at; NULL: end */
	int name_column;
	int ref_column; /* in 'name_table': refers to the row; -1: 'name_table' has it itself */
};

struct ctl_command_def {
	const char *name;
	int min_args, max_args; /* INT_MAX: any number */
	const char *args;	/* "!BRIDGE ?PARENT": must, ? may, * any, + at least one */
	const char *options;	/* "--if-exists,--columns=": "=" takes an argument */
	bool writes;
	MUST_CHECK int (*prepare)(struct ctl_command *, struct err *);
	/* -EAGAIN: wait until the database changes and run everything again. */
	MUST_CHECK int (*run)(struct ctl_command *, struct err *);
	void (*finish)(struct ctl_command *);
};

/* The whole line. */
struct ctl {
	struct idl *idl;
	struct idl_txn *txn; /* while running */
	const struct idl_db_def *db;
	const struct ctl_row_id *const *row_ids; /* by table */
	struct symbol_table symbols;		 /* "@x"; while running */
	struct table_style style;
	bool oneline;
	struct ctl_command *commands;
	size_t n_commands;
	int exit_now; /* not 0: the process ends with it, nothing is committed or printed */
	void *cache;  /* the program's own view of the replica */
	/* A database command wrote a column (or removed rows: CTL_WHOLE_ROW). NULL: nobody asks. */
	void (*column_changed)(struct ctl *, const struct idl_table_def *, int column);
};

struct ctl_command {
	const struct ctl_command_def *def;
	struct ctl *ctl;
	int argc;
	char **argv; /* argv[0] is the name */
	struct strmap options;
	struct str output;
	struct output_table *table; /* printed after 'output'; NULL: none */
	/* What prepare found out for run; the command's own, freed at the end if not NULL. */
	void *state;
	void (*free_state)(void *);
};

/* Splits 'argv', the part after the global options. 'first_options': those of the first command
 * that came among the global ones. -EINVAL with a sentence. */
MUST_CHECK int ctl_commands_parse(struct ctl *, const struct ctl_command_def *defs, int argc,
				  char **argv, const struct strmap *first_options, struct err *err);
void ctl_commands_free(struct ctl *);
/* Before each attempt. */
void ctl_commands_reset(struct ctl *);
bool ctl_has_option(const struct ctl_command *, const char *option);	/* "--if-exists" */
const char *ctl_option(const struct ctl_command *, const char *option); /* NULL: not given */
void ctl_print_command(struct ctl_command *, struct str *out);
/* For --commands. */
void ctl_list_commands(const struct ctl_command_def *defs, struct str *out);
/* Adds to a getopt_long() table what the commands take; returned values are OPT_LOCAL and the
 * index tells which. */
enum { OPT_LOCAL = 0x3000 };
struct option *ctl_add_local_options(const struct option *global,
				     const struct ctl_command_def *defs);

/* --- naming tables, columns and rows (record.c) ----------------------------------------------- */

/* By a unique abbreviation; case and "-" for "_" do not matter. */
MUST_CHECK int ctl_find_table(const struct ctl *, const char *name,
			      const struct idl_table_def **ret, struct err *err);
#define CTL_COLUMN_UUID (-1)
#define CTL_WHOLE_ROW (-1)
/* CTL_COLUMN_UUID for "_uuid", where 'uuid_too'. */
MUST_CHECK int ctl_find_column(const struct idl_table_def *, const char *name, bool uuid_too,
			       int *ret_column, struct err *err);
/* The columns that ctl_find_row() looks at. */
void ctl_monitor_row_ids(struct ctl *, const struct idl_table_def *);
/* *ret is NULL if there is none and 'must_exist' is false. */
MUST_CHECK int ctl_find_row(struct ctl *, const struct idl_table_def *, const char *name,
			    bool must_exist, const struct idl_row **ret, struct err *err);
/* All rows of a table, sorted by UUID; the caller frees the array. */
const struct idl_row **ctl_sorted_rows(const struct idl *, const struct idl_table_def *,
				       size_t *ret_n);

/* --- "COLUMN[:KEY]OPERATOR VALUE" (assignment.c) -----------------------------------------------
 */

enum ctl_relation {
	REL_EQ,
	REL_NE,
	REL_LT,
	REL_GT,
	REL_LE,
	REL_GE,
	REL_SET_EQ,
	REL_SET_NE,
	REL_SET_LT,
	REL_SET_GT,
	REL_SET_LE,
	REL_SET_GE,
	REL_IN,
	REL_NOT_IN,
	N_RELATIONS,
};

struct ctl_assignment {
	int column; /* CTL_COLUMN_UUID: "_uuid" */
	char *key;  /* NULL: none */
	enum ctl_relation relation;
	char *value; /* NULL: none */
};

enum ctl_assignment_kind { ASSIGN_NONE, ASSIGN_EQUALS, ASSIGN_RELATION };
MUST_CHECK int ctl_assignment_parse(const struct ctl *, const struct idl_table_def *,
				    const char *text, enum ctl_assignment_kind,
				    struct ctl_assignment *ret, struct err *err);
void ctl_assignment_fini(struct ctl_assignment *);
/* True in *ret if the row meets the condition. */
MUST_CHECK int ctl_condition_holds(struct ctl *, const struct idl_row *,
				   const struct ctl_assignment *, bool *ret, struct err *err);

/* --- the database commands (dbcommands.c): rows for a program's table --------------------------
 */
extern const struct ctl_command_def ctl_db_commands[];
extern const size_t ctl_n_db_commands;
/* "set": for commands that take COLUMN[:KEY]=VALUE arguments themselves. */
MUST_CHECK int ctl_prepare_set(struct ctl *, const struct idl_table_def *, const char *text,
			       struct err *err);
MUST_CHECK int ctl_set_column(struct ctl *, const struct idl_row *, const char *text,
			      struct err *err);
