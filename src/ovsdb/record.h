/* SPDX-License-Identifier: Apache-2.0 */
/* record: a transaction as a journal holds it, ovsdb(5): {TABLE: {UUID: {COLUMN: VALUE}}}, null for
 * a deleted row, plus "_date", "_comment" and "_is_diff" (sets and maps of rows that were there
 * before are given as differences). */
#pragma once
#include "ovsdb/txn.h"

/* Whether changed sets and maps are written as differences (the default), or whole, as servers
 * before Open vSwitch 2.15 must have them. */
void record_use_diffs(bool);
/* JSON text. */
void record_put(const struct txn *, struct str *out);
/* All that the database holds, as one record that makes it out of nothing. 'is_online': by a
 * server, which marks its records as differences. */
void record_put_snapshot(const struct db *, const char *comment, bool is_online, struct str *out);
/* "{"_date":..,"_comment":..}" */
void record_put_comment(const char *comment, struct str *out);

/* Applies a record. With 'is_lenient', tables and columns that the schema does not have are left
 * out: for conversion. The database is unchanged on failure. 'is_checked': as if a client had asked
 * for it, with references, garbage and indexes; else it is taken as it was once written. */
MUST_CHECK int record_replay(struct db *, const json_t *, bool is_lenient, bool is_checked,
			     struct dberr *);
