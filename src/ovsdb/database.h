/* SPDX-License-Identifier: Apache-2.0 */
/* database: contents, storage, monitors and the requests that wait, put together.
 *
 * A request runs at once if it can. One whose "wait" does not hold is tried again after each change
 * and when it times out. The answer comes when the disk has the record, after the monitors have
 * been told. Threads: the loop's. */
#pragma once
#include "ovsdb/execute.h"
#include "ovsdb/monitor.h"
#include "ovsdb/storage.h"

#define DATABASE_MAX_WAITING 10000 /* requests that wait in one database */

struct database {
	char *name;
	struct db *db;
	struct storage *storage; /* NULL: nothing is kept on disk */
	struct monitor_set monitors;
	struct loop *loop;
	bool is_builtin;     /* clients may not change it */
	bool is_logged[64];  /* tlog-set, by table index */
	struct list waiting; /* of struct request */
	size_t n_waiting;
	struct list flying; /* of struct request: prepared, the disk has not answered */
	struct deferred retry;
	struct timer timer;
	void (*changed)(struct database *, const struct txn *, void *arg); /* may be NULL */
	void *changed_arg;
	void (*free_cookie)(void *); /* for monitors' shared messages */
};

/* One transaction on its way; the requester embeds it and keeps it until reply() is called or it is
 * cancelled. */
struct request {
	struct list node;
	struct database *database; /* NULL: not on its way */
	struct storage_write write;
	struct exec_client client;
	const json_t *params; /* borrowed */
	struct txn *txn;
	json_t *results;
	int64_t arrived_ns;
	int64_t deadline_ns; /* of a wait */
	/* Takes 'results'. */
	void (*reply)(struct request *, json_t *results);
};

/* Opens the file and loads it; the end of a log that is not whole is left out with a line in the
 * log. 'loop' NULL: for tools; then database_run() replaces the loop. */
MUST_CHECK int database_open(const char *path, bool is_writable, struct loop *,
			     struct database **ret, struct err *err);
/* In memory alone. */
struct database *database_new_builtin(struct schema *, struct loop *);
void database_close(struct database *); /* no requests or monitors may be left */

/* Starts; reply() may be called from within. -EBUSY: too many wait. */
MUST_CHECK int database_request(struct database *, struct request *, struct err *err);
/* False if it can no longer be stopped: reply() will come. */
bool database_cancel(struct request *);
/* Commits a transaction of the server's own: takes it. */
void database_commit(struct database *, struct txn *);
/* Waits for the disk. */
void database_flush(struct database *);
MUST_CHECK int database_compact(struct database *, struct err *err);
/* Compacts if the file has outgrown its contents. */
void database_compact_if_due(struct database *);
/* The contents under another schema, kept on disk; monitors must be gone. "convert". */
MUST_CHECK int database_convert(struct database *, struct schema *, struct dberr *);
/* A new database of that schema with the contents of 'db', or the reason why not. */
MUST_CHECK int db_convert(const struct db *, struct schema *, struct db **ret, struct dberr *);
