/* SPDX-License-Identifier: Apache-2.0 */
/* idl: a client's replica of an OVSDB database (RFC 7047): rows in memory, kept current by the
 * server, and transactions built by setting columns of rows. ovsdb/idl/vswitch.h has the typed
 * rows of the Open_vSwitch database on top of this.
 *
 * Reading:   a row pointer stays valid until the loop runs again (updates arrive there), or until
 *            the transaction that inserted or deleted it is committed, aborted or freed. Strings
 *            read out of a row live until the row or that column changes. Never keep a row over a
 *            turn of the loop: keep its UUID, or look it up again.
 * Writing:   at most one transaction is open at a time. While it is, reading shows the replica as
 *            the transaction would leave it. After idl_txn_commit() the replica is again what the
 *            server last said; the server sends the outcome as an update before it answers, so once
 *            the status is IDL_SUCCESS the replica holds the change (where its columns are
 *            monitored).
 * Columns:   only monitored columns hold data; others read as their type's default. A column that
 *            the server's schema does not have reads as default, and writing it is dropped with
 *            one line in the log.
 * Broken connection: it is made again; the contents stay readable and are then brought up to date.
 * Threads:   the loop's.  Limits: those of io/jsonrpc.h. */
#pragma once
#include "base/compiler.h"
#include "base/err.h"
#include "base/strmap.h"
#include "base/uuid.h"
#include "io/loop.h"

struct column_type; /* ovsdb/value.h */
struct datum;
struct idl;
struct idl_row;
struct idl_txn;

/* Constant tables that gen/schema.py makes. */
struct idl_table_def {
	const char *name;
	unsigned index; /* in idl_db_def.tables */
	const char *const *columns;
	unsigned n_columns;
};
struct idl_db_def {
	const char *name;
	const char *schema_json;
	const struct idl_table_def *const *tables;
	unsigned n_tables;
};

/* --- the replica ------------------------------------------------------------------------------ */

/* 'remotes': "unix:FILE", "tcp:HOST:PORT", "ssl:..", or several of them with commas, which are
 * tried in turn; "punix:FILE", "ptcp:PORT", "pssl:..": waits for the server to connect. Nothing is
 * monitored yet, and nothing is connected before idl_start(). */
struct idl *idl_new(const struct idl_db_def *, const char *remotes, struct loop *);
void idl_free(struct idl *);

/* What to replicate; before idl_start(). */
void idl_monitor_all(struct idl *);
void idl_monitor_table(struct idl *, const struct idl_table_def *);   /* with all its columns */
void idl_monitor_row_ids(struct idl *, const struct idl_table_def *); /* which rows there are */
void idl_monitor_column(struct idl *, const struct idl_table_def *, unsigned column);
/* A change in this column alone does not change idl_seqno(): for what the owner itself writes. */
void idl_ignore_changes(struct idl *, const struct idl_table_def *, unsigned column);
void idl_ignore_table_changes(struct idl *, const struct idl_table_def *);
/* Asks the server for a lock (RFC 7047 4.1.8), and again after each reconnection. */
void idl_set_lock(struct idl *, const char *name);
void idl_set_probe(struct idl *, int probe_ms); /* 0: none */
void idl_start(struct idl *);

/* Called on the loop when idl_seqno() has changed, or a connection or the lock came or went. */
void idl_on_change(struct idl *, void (*cb)(struct idl *, void *arg), void *arg);
uint64_t idl_seqno(const struct idl *);
/* The contents have arrived once; false for ever if nothing could be reached. */
bool idl_is_ready(const struct idl *);
bool idl_is_connected(const struct idl *);
bool idl_has_lock(const struct idl *);
bool idl_is_lock_contended(const struct idl *); /* another client has it */
const char *idl_remote(const struct idl *);	/* the one in use */

/* Blocking, for tools: runs the loop until the contents are there. Without 'retry' the first
 * failure to connect of each remote ends it, with -errno of the last. -ETIMEDOUT after the
 * deadline (INT64_MAX: never). */
MUST_CHECK int idl_wait_ready(struct idl *, bool retry, int64_t deadline_ns, struct err *err);
/* Runs the loop until idl_seqno() differs from 'seqno'. */
MUST_CHECK int idl_wait_change(struct idl *, uint64_t seqno, int64_t deadline_ns, struct err *err);

/* --- rows --------------------------------------------------------------------------------------
 * 'column' is one of the table's constants, VSW_BRIDGE_NAME. */

const struct idl_row *idl_first_row(const struct idl *, const struct idl_table_def *);
const struct idl_row *idl_next_row(const struct idl_row *);
/* NULL if there is none. Rows that the open transaction inserted are found too. */
const struct idl_row *idl_row_by_uuid(const struct idl *, const struct idl_table_def *,
				      const struct uuid *);
const struct uuid *idl_row_uuid(const struct idl_row *);
const struct idl_table_def *idl_row_table(const struct idl_row *);
#define idl_row(typed_row) ((const struct idl_row *)(typed_row))

/* Changes since idl_changes_clear(). Deleted rows are seen here only, with the values they last
 * had, until cleared. Tracking starts with the first call of idl_changes_clear(). */
const struct idl_row *idl_first_changed(const struct idl *, const struct idl_table_def *);
const struct idl_row *idl_next_changed(const struct idl_row *);
bool idl_row_is_new(const struct idl_row *);
bool idl_row_is_deleted(const struct idl_row *);
bool idl_row_column_changed(const struct idl_row *, unsigned column);
void idl_changes_clear(struct idl *);

/* Scalars, and optional ones: NULL if empty. A required string is never NULL. */
const char *idl_str(const struct idl_row *, unsigned column);
int64_t idl_int(const struct idl_row *, unsigned column);
bool idl_bool(const struct idl_row *, unsigned column);
/* NULL too if the row referred to is not in the replica. */
const struct idl_row *idl_ref(const struct idl_row *, unsigned column);
bool idl_opt_int(const struct idl_row *, unsigned column, int64_t *ret);
bool idl_opt_bool(const struct idl_row *, unsigned column, bool *ret);

/* Sets and maps, sorted; i < idl_n(). */
size_t idl_n(const struct idl_row *, unsigned column);
const char *idl_str_at(const struct idl_row *, unsigned column, size_t i);
int64_t idl_int_at(const struct idl_row *, unsigned column, size_t i);
const struct idl_row *idl_ref_at(const struct idl_row *, unsigned column, size_t i);
const char *idl_str_value_at(const struct idl_row *, unsigned column, size_t i);
int64_t idl_int_value_at(const struct idl_row *, unsigned column, size_t i);
const struct idl_row *idl_ref_value_at(const struct idl_row *, unsigned column, size_t i);
/* Named KEY_VALUE: NULL, or false, if there is no such key. */
const char *idl_str_str(const struct idl_row *, unsigned column, const char *key);
bool idl_str_int(const struct idl_row *, unsigned column, const char *key, int64_t *ret);
bool idl_int_int(const struct idl_row *, unsigned column, int64_t key, int64_t *ret);
const struct idl_row *idl_str_ref(const struct idl_row *, unsigned column, const char *key);
const struct idl_row *idl_int_ref(const struct idl_row *, unsigned column, int64_t key);
void idl_strmap(const struct idl_row *, unsigned column, struct strmap *ret_map); /* replaced */

/* Any column, as it is; borrowed. */
const struct datum *idl_datum(const struct idl_row *, unsigned column);
const struct column_type *idl_column_type(const struct idl *, const struct idl_table_def *,
					  unsigned column);
bool idl_column_is_mutable(const struct idl *, const struct idl_table_def *, unsigned column);
/* Rows of a root table stay when nothing refers to them. */
bool idl_table_is_root(const struct idl *, const struct idl_table_def *);

/* --- transactions ------------------------------------------------------------------------------
 */

enum idl_status {
	IDL_OPEN,	/* not committed yet */
	IDL_UNCHANGED,	/* there was nothing to change; nothing was sent */
	IDL_INCOMPLETE, /* sent, no answer yet */
	IDL_ABORTED,	/* by idl_txn_abort() */
	IDL_SUCCESS,
	IDL_TRY_AGAIN,	/* what was verified is no longer so, or the connection broke: wait for
			 * idl_seqno() to change, build the transaction anew from the replica */
	IDL_NOT_LOCKED, /* the lock of idl_set_lock() is not ours */
	IDL_ERROR,	/* the server refused it: idl_txn_error() */
};

struct idl_txn *idl_txn_new(struct idl *);
/* An open one is aborted; one that waits for its answer is forgotten (the server may still do
 * it).*/
void idl_txn_free(struct idl_txn *);
/* Goes into the database's log; several are joined by newlines. */
void idl_txn_comment(struct idl_txn *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The server checks everything and then changes nothing; success is IDL_SUCCESS. */
void idl_txn_set_dry_run(struct idl_txn *);
/* Adds 1 to an integer column if the transaction changes anything else, or in any case if 'force'.
 * After IDL_SUCCESS idl_txn_incremented() is the value it got. */
void idl_txn_increment(struct idl_txn *, const struct idl_row *, unsigned column, bool force);
int64_t idl_txn_incremented(const struct idl_txn *);
enum idl_status idl_txn_commit(struct idl_txn *);
enum idl_status idl_txn_commit_wait(struct idl_txn *, int64_t deadline_ns); /* for tools */
void idl_txn_abort(struct idl_txn *);
enum idl_status idl_txn_status(const struct idl_txn *);
const char *idl_status_name(enum idl_status);
/* Called when the status stops being IDL_INCOMPLETE. The callee may free the transaction. */
void idl_txn_on_done(struct idl_txn *, void (*cb)(struct idl_txn *, void *arg), void *arg);
/* Never NULL. */
const char *idl_txn_error(const struct idl_txn *);
/* The UUID that the server gave to a row inserted, by the one it had within the transaction. */
bool idl_txn_inserted_uuid(const struct idl_txn *, const struct uuid *temporary,
			   struct uuid *ret_uuid);

const struct idl_row *idl_insert(struct idl_txn *, const struct idl_table_def *);
/* With a UUID of the caller's choice, which the server keeps (OVS 2.18 and later). */
const struct idl_row *idl_insert_with_uuid(struct idl_txn *, const struct idl_table_def *,
					   const struct uuid *);
/* With a temporary UUID of the caller's choice, to which it may have made references already. */
const struct idl_row *idl_insert_temporary(struct idl_txn *, const struct idl_table_def *,
					   const struct uuid *);
/* In a table that is no root only the transaction's view: the server removes such a row when the
 * last reference to it goes, and keeps it as long as there is one. */
void idl_delete(struct idl_txn *, const struct idl_row *);
/* The transaction succeeds only if the column still is what the replica says. */
void idl_verify(struct idl_txn *, const struct idl_row *, unsigned column);

/* Writing what is there already sends nothing. NULL and n of 0 empty a column. Values that the
 * column's constraints refuse are sent, and refused by the server. */
void idl_set_str(struct idl_txn *, const struct idl_row *, unsigned column, const char *v);
void idl_set_int(struct idl_txn *, const struct idl_row *, unsigned column, int64_t v);
void idl_set_bool(struct idl_txn *, const struct idl_row *, unsigned column, bool v);
void idl_set_ref(struct idl_txn *, const struct idl_row *, unsigned column, const struct idl_row *);
void idl_clear(struct idl_txn *, const struct idl_row *, unsigned column);
void idl_set_strs(struct idl_txn *, const struct idl_row *, unsigned column, const char *const *v,
		  size_t n);
void idl_set_ints(struct idl_txn *, const struct idl_row *, unsigned column, const int64_t *v,
		  size_t n);
void idl_set_refs(struct idl_txn *, const struct idl_row *, unsigned column,
		  const struct idl_row *const *v, size_t n);
void idl_set_strmap(struct idl_txn *, const struct idl_row *, unsigned column,
		    const struct strmap *);
void idl_set_str_ints(struct idl_txn *, const struct idl_row *, unsigned column,
		      const char *const *keys, const int64_t *values, size_t n);
void idl_set_datum(struct idl_txn *, const struct idl_row *, unsigned column, struct datum *taken);

/* Single elements: sent as mutations, so that others' changes to the same set are kept. Where a map
 * has the key already, add keeps its value and put replaces it. */
void idl_add_datum(struct idl_txn *, const struct idl_row *, unsigned column,
		   const struct datum *elements);
void idl_put_datum(struct idl_txn *, const struct idl_row *, unsigned column,
		   const struct datum *elements);
void idl_add_str(struct idl_txn *, const struct idl_row *, unsigned column, const char *);
void idl_add_int(struct idl_txn *, const struct idl_row *, unsigned column, int64_t);
void idl_add_ref(struct idl_txn *, const struct idl_row *, unsigned column, const struct idl_row *);
void idl_del_str(struct idl_txn *, const struct idl_row *, unsigned column, const char *key);
void idl_del_int(struct idl_txn *, const struct idl_row *, unsigned column, int64_t key);
void idl_del_ref(struct idl_txn *, const struct idl_row *, unsigned column, const struct idl_row *);
void idl_put_str_str(struct idl_txn *, const struct idl_row *, unsigned column, const char *key,
		     const char *value);
void idl_put_str_int(struct idl_txn *, const struct idl_row *, unsigned column, const char *key,
		     int64_t value);
void idl_put_int_int(struct idl_txn *, const struct idl_row *, unsigned column, int64_t key,
		     int64_t value);
void idl_put_str_ref(struct idl_txn *, const struct idl_row *, unsigned column, const char *key,
		     const struct idl_row *value);
void idl_put_int_ref(struct idl_txn *, const struct idl_row *, unsigned column, int64_t key,
		     const struct idl_row *value);
