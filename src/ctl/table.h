/* SPDX-License-Identifier: Apache-2.0 */
/* table: the tables that ovs-vsctl, ovsdb-client and their like print, in the formats and with the
 * options of ovs-vsctl(8), "Table Formatting Options".
 *
 * Cells are put in row by row, left to right. A cell is text, JSON, or a value of the database,
 * which is printed as the style says. The table owns what is put in. */
#pragma once
#include <getopt.h>
#include <jansson.h>
#include "base/err.h"
#include "base/str.h"
#include "ovsdb/value.h"

enum table_format { TABLE_TABLE, TABLE_LIST, TABLE_HTML, TABLE_CSV, TABLE_JSON };
enum cell_format { CELL_STRING, CELL_BARE, CELL_JSON };

struct table_style {
	enum table_format format;
	enum cell_format cells;
	bool headings;
	bool pretty;
	unsigned max_column_width; /* 0: no limit */
	bool printed_one; /* a blank line goes in front of the next; set by table_print() */
};
#define TABLE_STYLE_INIT(FORMAT)                                                                   \
	{                                                                                          \
		.format = (FORMAT), .cells = CELL_STRING, .headings = true                         \
	}

/* For getopt_long() tables: hand what it returns to table_option(), which is true if it was one of
 * these. A bad value ends the program with an error. Short options: TABLE_SHORT_OPTIONS. */
enum {
	OPT_TABLE_FIRST = 0x2000,
	OPT_NO_HEADINGS = OPT_TABLE_FIRST,
	OPT_PRETTY,
	OPT_BARE,
	OPT_MAX_COLUMN_WIDTH,
	OPT_TABLE_LAST,
};
#define TABLE_SHORT_OPTIONS "f:d:"
#define TABLE_LONG_OPTIONS                                                                         \
	{ "format", required_argument, NULL, 'f' }, { "data", required_argument, NULL, 'd' },      \
		{ "no-headings", no_argument, NULL, OPT_NO_HEADINGS },                             \
		{ "pretty", no_argument, NULL, OPT_PRETTY },                                       \
		{ "bare", no_argument, NULL, OPT_BARE },                                           \
	{                                                                                          \
		"max-column-width", required_argument, NULL, OPT_MAX_COLUMN_WIDTH                  \
	}
bool table_option(struct table_style *, int c, const char *arg);

struct cell {
	char *text;
	json_t *json;
	struct datum *datum;
	const struct column_type *type; /* of 'datum'; must outlive the table */
};

/* "output", since the database has a struct table. */
struct output_table {
	char **headings;
	size_t n_columns;
	struct cell *cells; /* n_rows * n_columns, the last row perhaps not complete */
	size_t n_cells, n_allocated;
	char *caption;
	int64_t time_ms; /* wall clock, printed above it; 0: none */
};

#define TABLE_INIT                                                                                 \
	{                                                                                          \
		0                                                                                  \
	}
void table_fini(struct output_table *);
void table_set_caption(struct output_table *, char *taken);
void table_add_heading(struct output_table *, const char *heading); /* before any cell */
void table_add_text(struct output_table *, char *taken);
void table_add_nothing(struct output_table *); /* null in JSON */
void table_add_json(struct output_table *, json_t *taken);
void table_add_datum(struct output_table *, const struct datum *, const struct column_type *);
void table_print(const struct output_table *, struct table_style *, struct str *out);
