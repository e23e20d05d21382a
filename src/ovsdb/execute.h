/* SPDX-License-Identifier: Apache-2.0 */
/* execute: runs the operations of a "transact" request (RFC 7047 section 5.2). */
#pragma once
#include "ovsdb/txn.h"

/* Who asks. All of it may be zero. */
struct exec_client {
	bool (*holds_lock)(const char *name, void *arg);
	void *arg;
	bool is_read_only;
	bool is_reserved; /* the database is the server's own */
	const char *role; /* RBAC; NULL: none */
	const char *id;	  /* name in the client's certificate, or NULL */
};

enum exec_outcome {
	EXEC_OK,      /* *ret_txn is to be prepared, written and finished */
	EXEC_FAILED,  /* *ret_results says why; nothing changed */
	EXEC_BLOCKED, /* a "wait" does not hold yet: try again after a change, or at *ret_wait_ms */
};

/* 'params' is the request's: the name of the database, then operations. 'elapsed_ms' is the time
 * since the request arrived. *ret_results is a new reference (not if blocked). *ret_wait_ms is
 * when, counted from the arrival, the wait times out; INT64_MAX: never. */
enum exec_outcome execute(struct db *, const struct exec_client *, const json_t *params,
			  int64_t elapsed_ms, json_t **ret_results, struct txn **ret_txn,
			  int64_t *ret_wait_ms);
