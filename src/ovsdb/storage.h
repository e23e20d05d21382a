/* SPDX-License-Identifier: Apache-2.0 */
/* storage: where a database's transactions go to last. It takes records as text and says later
 * whether they are kept; it knows nothing of rows. Today that is a journal file; a log that is
 * agreed on among servers would stand behind the same functions.
 *
 * Writes of one turn of the loop go to the disk together, with one fsync if any of them is durable:
 * transactions that come together share its cost.
 * Threads: the loop's. */
#pragma once
#include <jansson.h>
#include "base/list.h"
#include "base/str.h"
#include "io/loop.h"
#include "ovsdb/dberr.h"

struct storage;

/* One record on its way. The owner embeds it and fills text, is_durable and done. */
struct storage_write {
	struct list node;
	struct str text; /* a JSON text; empty: nothing to keep, but to be told in its turn */
	bool is_durable;
	/* 'err' is NULL if it is kept. If one of a batch cannot be kept none is, and they are told
	 * so in the reverse of the order in which they came. */
	void (*done)(struct storage_write *, const struct err *err);
};

/* Gives the text of records that make the present contents out of nothing: schema, then data. */
typedef void storage_snapshot_cb(struct str *ret_schema, struct str *ret_data, const char *comment,
				 void *arg);

/* 'loop' NULL: the owner calls storage_flush(). */
MUST_CHECK int storage_open(const char *path, bool is_writable, struct loop *, struct storage **ret,
			    struct err *err);
void storage_close(struct storage *);
const char *storage_path(const struct storage *);
void storage_on_snapshot(struct storage *, storage_snapshot_cb *, void *arg);

/* 1 and the next record (a new reference), 0 at the end; -errno and a sentence where the file stops
 * making sense: what was read before is whole. */
MUST_CHECK int storage_read(struct storage *, json_t **ret, struct err *err);
MUST_CHECK int storage_read_text(struct storage *, char **ret, size_t *ret_len, struct err *err);
/* The last one read did not make sense: drop it. */
void storage_unread(struct storage *);
/* Where the next record begins. */
uint64_t storage_offset(const struct storage *);
/* Bytes at the end of the file that are in no whole record. */
uint64_t storage_tail_bytes(const struct storage *);

void storage_submit(struct storage *, struct storage_write *);
/* Writes what is queued; done() runs from here. */
void storage_flush(struct storage *);
bool storage_is_idle(const struct storage *);
/* The disk failed in a way that leaves the file unknown; it will be replaced. */
bool storage_is_damaged(const struct storage *);
/* The file has outgrown its contents: time to compact. */
bool storage_wants_compaction(const struct storage *);
/* Rewrites the file; waits for what is queued. */
MUST_CHECK int storage_compact(struct storage *, const char *comment, struct err *err);
