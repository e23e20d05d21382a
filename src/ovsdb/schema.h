/* SPDX-License-Identifier: Apache-2.0 */
/* schema: the shape of a database (RFC 7047 section 3.2): tables, their columns, indexes.
 *
 * Every table has "_uuid" as column 0 and "_version" as column 1; the others follow sorted by
 * name. A column's place in a row is its index.
 * Lifetime: immutable after schema_from_json(), counted, shared. */
#pragma once
#include "ovsdb/value.h"

enum { COL_UUID, COL_VERSION, N_FIXED_COLUMNS };

struct column_schema {
	char *name;
	unsigned index;
	struct column_type type;
	bool is_mutable;
	bool is_persistent;    /* not "ephemeral" */
	bool is_ref;	       /* key or value refers to a table, strongly or weakly */
	struct datum *initial; /* what a new row has */
};

/* Columns in the order the schema or client named them. */
struct column_set {
	const struct column_schema **columns;
	size_t n, n_allocated;
};

struct table_schema {
	char *name;
	unsigned index;
	struct column_schema **columns;
	size_t n_columns;
	struct column_set *indexes;
	size_t n_indexes;
	bool is_mutable;
	bool is_root;	   /* as in the JSON, or if no table of the schema says so: true */
	bool says_root;	   /* as in the JSON */
	uint32_t max_rows; /* UINT32_MAX: no limit */
};

struct schema {
	unsigned refs;
	char *name;
	char *version;		      /* "" if there is none */
	char *cksum;		      /* "" if there is none */
	struct table_schema **tables; /* sorted by name */
	size_t n_tables;
};

/* On 0, *ret is a new reference. */
MUST_CHECK int schema_from_json(const json_t *, struct schema **ret, struct dberr *);
MUST_CHECK int schema_from_file(const char *path, struct schema **ret, struct err *);
struct schema *schema_ref(struct schema *);
void schema_unref(struct schema *);
json_t *schema_to_json(const struct schema *);
bool schema_equal(const struct schema *, const struct schema *);
/* "1.2.3" */
bool schema_version_is_valid(const char *);

struct table_schema *schema_table(const struct schema *, const char *name); /* NULL: none */
const struct column_schema *table_column(const struct table_schema *, const char *name);

void column_set_init(struct column_set *);
void column_set_fini(struct column_set *);
void column_set_add(struct column_set *, const struct column_schema *);
void column_set_add_all(struct column_set *, const struct table_schema *); /* with the fixed two */
bool column_set_contains(const struct column_set *, const struct column_schema *);
/* An array of names; NULL: all columns. */
MUST_CHECK int column_set_from_json(const json_t *, const struct table_schema *,
				    struct column_set *ret, struct dberr *);
json_t *column_set_to_json(const struct column_set *);

void schema_auto_(struct schema **);
#define AUTO_SCHEMA CLEANUP(schema_auto_) struct schema
