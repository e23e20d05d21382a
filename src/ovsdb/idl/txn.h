/* SPDX-License-Identifier: Apache-2.0 */
/* txn: what a transaction under construction holds, for the files of ovsdb/idl. */
#pragma once
#include "ovsdb/idl/replica.h"

/* Elements added to and taken out of one set or map: becomes a "mutate" operation, so that what
 * others do to the same column at the same time is kept. */
struct txn_mutation {
	unsigned column;
	struct datum *insert; /* of the column's type */
	struct datum *remove; /* of the column's keys alone */
};

/* What the transaction does to one row. */
struct txn_row {
	struct list node; /* in idl_txn.rows, in the order first touched */
	struct idl_row *row;
	bool inserts, deletes;
	bool chosen_uuid;    /* inserts with a UUID that the caller chose */
	struct datum **data; /* by column: what the transaction makes of it; NULL: untouched */
	uint8_t *set;	     /* TXN_COLUMN_*, by column */
	struct txn_mutation *mutations;
	size_t n_mutations;
};

enum {
	TXN_COLUMN_WRITTEN = 1, /* as a whole, with an "update" operation */
	TXN_COLUMN_VERIFY = 2,
};

struct idl_txn {
	struct idl *idl;
	enum idl_status status;
	struct list rows; /* struct txn_row; empty after commit */
	struct str comment;
	bool dry_run, has_inserts;
	struct list node; /* in idl.waiting_txns */
	json_t *id;	  /* of the request */
	char *error;
	void (*on_done)(struct idl_txn *, void *arg);
	void *on_done_arg;

	/* Increment. */
	struct uuid increment_row;
	const struct idl_table *increment_table;
	int increment_column; /* -1: none */
	bool increment_forced;
	int64_t incremented;

	/* Where in the reply to find what. */
	size_t n_operations;
	size_t increment_op; /* of the select; SIZE_MAX: none */
	struct inserted {
		struct uuid temporary, real;
		size_t op;
	} * inserted;
	size_t n_inserted;
};

/* The row's part in the transaction; made if there is none. */
struct txn_row *idl_txn_row(struct idl_txn *, const struct idl_row *);
/* The server deleted a row that the open transaction changes. */
void idl_txn_row_gone(struct idl_row *);
/* Gives the column its value in the transaction; 'taken' is a reference. */
void idl_txn_show(struct idl_txn *, const struct idl_row *, unsigned column, struct datum *taken);
/* The mutation of a column; made if there is none. NULL if the column is sent as a whole. */
struct txn_mutation *idl_txn_mutation(struct idl_txn *, const struct idl_row *, unsigned column);
