/* SPDX-License-Identifier: Apache-2.0 */
/* txn: a set of changes to a database, all or nothing.
 *
 * Life: txn_new() -> changes -> txn_prepare() -> (the storage writes the record) -> txn_finish().
 * txn_abort() undoes everything at any time before txn_finish(). Changes are visible in the rows at
 * once. Several transactions may be prepared and wait for the disk; they must be finished in the
 * order of their preparation, or aborted in the reverse of it.
 *
 * Ownership: txn_finish() and txn_abort() release the transaction. */
#pragma once
#include "ovsdb/db.h"

struct txn_row {
	struct list node; /* in txn->rows, in the order of their first change */
	struct row *row;
	struct table *table;
	struct datum **old;   /* fields before the transaction; NULL if only its references changed,
			       * or if it is new */
	bool is_new;	      /* inserted by this transaction */
	bool is_deleted;      /* and no longer in the table */
	bool was_published;   /* its old fields were in the indexes */
	int64_t n_refs_delta; /* change in strong references to it, from rows other than itself */
};

struct txn {
	struct db *db;
	struct list rows;
	struct hmap deleted; /* of struct row, by uuid: deleted, and not finished yet */
	struct str comment;  /* lines of "comment" operations */
	bool is_prepared;
	bool is_durable;  /* asked by a "commit" operation */
	struct list node; /* for who queues it */
};

struct txn *txn_new(struct db *);

/* The new row has its defaults; NULL if the table has, or had in this transaction, such a row. */
struct row *txn_insert(struct txn *, struct table *, const struct uuid *);
/* Takes 'value' over. */
void txn_set(struct txn *, struct table *, struct row *, const struct column_schema *,
	     struct datum *value);
void txn_delete(struct txn *, struct table *, struct row *);
void txn_add_comment(struct txn *, const char *);

/* Checks references, limits and indexes, collects garbage, gives changed rows a new version. On
 * failure the caller aborts. */
MUST_CHECK int txn_prepare(struct txn *, struct dberr *);
/* While replaying a log: the same without checks, for what was checked when it was written. */
void txn_prepare_unchecked(struct txn *);
void txn_finish(struct txn *);
void txn_abort(struct txn *);

/* After txn_prepare(): what changed, once a row. 'old' NULL: inserted; 'new' NULL: deleted.
 * Rows that are as they were are left out. */
typedef void txn_change_cb(const struct table *, const struct row *, struct datum *const *old,
			   struct datum *const *new_, void *arg);
void txn_for_each_change(const struct txn *, txn_change_cb *, void *arg);
/* Whether it changed anything, and whether any of it belongs on disk. */
bool txn_has_changes(const struct txn *);
bool txn_has_persistent_changes(const struct txn *);
