/* SPDX-License-Identifier: Apache-2.0 */
/* replica: what the files of ovsdb/idl share; others include idl.h.
 *
 *	link.c     remotes, connection, which request is out, calls from the session
 *	replica.c  tables and rows, updates applied, change tracking
 *	read.c     the readers of idl.h
 *	txn.c      transactions: building, sending, answers (txn.h: what they hold)
 *	write.c    the writers of idl.h */
#pragma once
#include <jansson.h>
#include "base/hmap.h"
#include "base/list.h"
#include "base/mem.h"
#include "io/jsonrpc.h"
#include "io/loop.h"
#include "ovsdb/idl/idl.h"
#include "ovsdb/value.h"

/* Which form of monitoring the server knows; the best is tried first. */
enum monitor_kind { MONITOR_COND_SINCE, MONITOR_COND, MONITOR_PLAIN };

enum link_phase {
	LINK_DOWN,    /* no connection */
	LINK_SCHEMA,  /* waits for get_schema: the server did not know a column */
	LINK_MONITOR, /* waits for the initial contents */
	LINK_LIVE,
};

/* What a column is used for. */
enum {
	COLUMN_MONITORED = 1,
	COLUMN_QUIET = 2,  /* a change does not wake the owner */
	COLUMN_ABSENT = 4, /* the server's schema does not have it */
};

struct idl_table {
	struct idl *idl;
	const struct idl_table_def *def;
	struct column_type *types; /* by the constants of 'def', like all below */
	struct datum **defaults;
	bool *immutable;
	uint8_t *use; /* COLUMN_* */
	bool monitored, absent, is_root;
	struct hmap rows;    /* struct idl_row, by uuid */
	struct list changed; /* struct idl_row.changed_node */
};

struct idl_row {
	struct hmap_node node;
	struct uuid uuid;
	struct idl_table *table;
	struct datum **data; /* by column; as the server last said */

	/* Changes since idl_changes_clear(). */
	struct list changed_node;
	bool is_new, is_deleted;
	uint8_t *changed; /* by column; NULL: none */

	struct txn_row *txn; /* what the open transaction does to it, or NULL */
};

struct idl {
	const struct idl_db_def *def;
	struct idl_table *tables;
	struct loop *loop;
	bool tracking;
	uint64_t seqno;
	bool ready;
	void (*on_change)(struct idl *, void *arg);
	void *on_change_arg;

	/* link.c */
	char **remotes;
	size_t n_remotes, remote;
	struct session *session;
	/* A passive remote in place of the session: the server connects to us. */
	struct listener *listener;
	struct jsonrpc *accepted;
	struct timer retry_timer;
	struct deferred next_remote;
	bool pause_first; /* before the next remote is tried */
	int probe_ms;
	enum link_phase phase;
	enum monitor_kind monitor_kind;
	bool schema_asked;
	json_t *monitor_id, *schema_id, *lock_id;
	char last_txn_id[UUID_LEN + 1]; /* of monitor_cond_since */
	int last_error;			/* of the last attempt to connect */
	size_t n_failures;		/* attempts in a row */
	char *lock_name;
	bool has_lock, lock_contended;

	struct idl_txn *open_txn;
	struct list waiting_txns; /* struct idl_txn.node: sent, no answer yet */
};

/* link.c */
bool idl_link_send(struct idl *, struct jsonrpc_msg *owned);
void idl_changed(struct idl *); /* seqno goes on, the owner is called */
/* All lines of the log are one module's, "ovsdb_idl". */
void idl_warn_error(const char *error);
void idl_warn_absent(const char *column, const char *table);

/* replica.c */
void idl_replica_init(struct idl *);
void idl_replica_fini(struct idl *);
void idl_replica_clear(struct idl *);
/* Table updates of RFC 7047 4.1.6, and of ovsdb-server(7) 4.1.12 (the forms with differences).
 * *ret_alert: the owner should hear of it. A malformed update is an error of the server. */
MUST_CHECK int idl_replica_update(struct idl *, const json_t *updates, bool with_differences,
				  bool *ret_alert, struct err *err);
struct idl_row *idl_row_find(const struct idl_table *, const struct uuid *);
struct idl_row *idl_row_new(struct idl_table *, const struct uuid *);
void idl_row_free(struct idl_row *);
const struct datum *idl_row_datum(const struct idl_row *, unsigned column);

/* txn.c */
void idl_txn_reply(struct idl_txn *, struct jsonrpc_msg *);
struct idl_txn *idl_txn_by_id(struct idl *, const json_t *id);
void idl_txns_disconnected(struct idl *);
struct idl *idl_txn_idl(const struct idl_txn *);
