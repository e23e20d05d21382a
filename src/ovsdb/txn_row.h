/* SPDX-License-Identifier: Apache-2.0 */
/* txn_row: for the files of the transaction engine alone. */
#pragma once
#include "ovsdb/txn.h"

/* The transaction's record of the row; made if it is not there. */
struct txn_row *txn_row_get(struct txn *, struct table *, struct row *);
/* The same, with 'old' kept, so that fields may change. */
struct txn_row *txn_row_modify(struct txn *, struct table *, struct row *);
/* The row of that uuid that this transaction deleted, or NULL. */
struct txn_row *txn_row_deleted(const struct txn *, const struct table *, const struct uuid *);
/* Same length as the schema's columns: whether the column differs from before. */
static inline bool txn_row_column_changed(const struct txn_row *tr, size_t i)
{
	return tr->old && tr->old[i] != tr->row->fields[i] &&
	       !datum_equal(tr->old[i], tr->row->fields[i]);
}
bool txn_row_changed(const struct txn_row *); /* _version aside */

/* txn_check.c */
MUST_CHECK int txn_check_refs(struct txn *, struct dberr *);
MUST_CHECK int txn_check_weak_refs(struct txn *, struct dberr *);
MUST_CHECK int txn_check_max_rows(struct txn *, struct dberr *);
MUST_CHECK int txn_check_indexes(struct txn *, struct dberr *);
void txn_count_refs(struct txn *);
