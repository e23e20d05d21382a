/* SPDX-License-Identifier: Apache-2.0 */
/* db: the contents of a database in memory: tables of rows, their indexes, and who refers to whom.
 * Reading is free; all changes go through ovsdb/txn.h.
 *
 * Lifetime: a row lives from the transaction that inserts it until the transaction that deletes it
 * is finished; its datums are counted and may outlive it.
 * Threads: the loop's. */
#pragma once
#include "base/hmap.h"
#include "base/list.h"
#include "ovsdb/schema.h"

struct txn_row;

struct row {
	struct hmap_node node;	 /* in table->rows, by uuid */
	struct txn_row *txn_row; /* change that is not finished yet, or NULL */
	struct uuid uuid;
	uint32_t n_refs;       /* strong references to this row, committed */
	bool is_indexed;       /* its index nodes are in the table's indexes */
	struct datum **fields; /* by column index; current, with changes of open transactions */
	struct hmap_node index_nodes[]; /* one an index of the table */
};

struct table {
	struct table_schema *schema;
	struct db *db;
	struct hmap rows;
	struct hmap *indexes; /* schema->n_indexes; nodes are row->index_nodes[i] */
};

/* 'src' has 'dst' in a column that refers weakly. */
struct weak_ref {
	struct hmap_node node; /* by dst */
	struct uuid dst;
	struct row *src;
	struct table *src_table;
};

struct db {
	char *name;
	struct schema *schema; /* NULL: has no contents yet */
	struct table **tables; /* by table_schema.index */
	struct hmap weak_refs;
	uint64_t n_txns;  /* committed since start */
	uint64_t n_atoms; /* memory/show */
};

/* Takes a reference to the schema. */
struct db *db_new(struct schema *);
void db_free(struct db *);
/* NULL: none of that name. */
struct table *db_table(const struct db *, const char *name);
struct row *table_row(const struct table *, const struct uuid *);
/* The table that a reference of this type leads to. */
struct table *db_ref_table(const struct db *, const struct base_type *);
size_t db_n_rows(const struct db *);

#define TABLE_FOR_EACH_ROW(row, table) HMAP_FOR_EACH(row, &(table)->rows, node)

/* --- for txn only ----------------------------------------------------------------------------- */

/* A row with every column at its default, in no table yet. */
struct row *row_new(struct table *, const struct uuid *);
void row_free(struct row *, const struct table *);
/* A value for "_version": no secret, but never the same twice, and made without asking the kernel.
 */
struct datum *version_new(void);
/* Puts the row into the table's indexes, and its weak references among the database's, or takes
 * them out again; by the fields it has now. */
void row_publish(struct row *, struct table *);
void row_unpublish(struct row *, struct table *);
/* The row whose node in index 'i' this is. */
static inline struct row *row_from_index(struct hmap_node *node, size_t i)
{
	return (struct row *)((char *)node - offsetof(struct row, index_nodes) - i * sizeof *node);
}
uint32_t index_hash(struct datum *const fields[], const struct column_set *index);
bool index_equal(struct datum *const a[], struct datum *const b[], const struct column_set *index);
/* Calls 'cb' for each uuid in a column whose key or value refers to a table. */
void column_for_each_ref(const struct column_schema *, const struct datum *, enum ref_type,
			 void (*cb)(const struct uuid *, const struct base_type *, void *arg),
			 void *arg);
