/* SPDX-License-Identifier: Apache-2.0 */
/* journal: the file a standalone database lives in, ovsdb(5): records, each
 *
 *	OVSDB JSON <bytes> <SHA-1 of the bytes>\n<JSON text>\n        (<bytes> counts the last
 *newline)
 *
 * of which the first is the schema and the others are transactions. It is the format of Open
 * vSwitch, both ways.
 *
 * Guarantees: a record is there whole, or not at all. A write that fails leaves the file as long as
 * it was; where not even that can be had, the journal says so (journal_needs_rewrite) and refuses
 *to go on until it was replaced. Reading stops at the first record that is not whole; the next
 *write cuts off what follows. Threads: the loop's; calls block for the disk. */
#pragma once
#include <jansson.h>
#include <sys/types.h>
#include "base/err.h"
#include "base/str.h"
#include "ovsdb/dberr.h"

struct journal;

enum journal_mode {
	JOURNAL_READ,	/* no lock */
	JOURNAL_WRITE,	/* locked against other writers */
	JOURNAL_CREATE, /* must not exist */
};

/* What the journal asks of the system; tests put a failing disk in its place. */
struct journal_io {
	ssize_t (*pwrite)(int fd, const void *, size_t, off_t);
	int (*fsync)(int fd);
	int (*ftruncate)(int fd, off_t);
	int (*rename)(const char *from, const char *to);
};
extern struct journal_io journal_io;

/* Error texts are complete: "I/O error: PATH: open failed (No such file or directory)". */
MUST_CHECK int journal_open(const char *path, enum journal_mode, struct journal **ret,
			    struct err *err);
void journal_close(struct journal *);
/* The file of a cluster: nothing but its name can be told. */
bool journal_is_cluster(const struct journal *);
const char *journal_path(const struct journal *);

/* 1 and the next record's text, which lives until the next call (*ret is NUL-terminated); 0 at the
 * end; -errno if what follows is not a whole record, with a sentence. */
MUST_CHECK int journal_read(struct journal *, char **ret, size_t *ret_len, struct err *err);
/* The same, parsed; *ret is a new reference. */
MUST_CHECK int journal_read_json(struct journal *, json_t **ret, struct err *err);
/* The last record read did not make sense after all: it and what follows will be cut off. */
void journal_unread(struct journal *);
/* Bytes of whole records, and those after them. */
off_t journal_offset(const struct journal *);
off_t journal_tail_bytes(const struct journal *);

/* A record's bytes, appended to 'out'. */
void journal_frame(const char *json, size_t len, struct str *out);
/* Writes framed records at the end, all or none; 'is_durable': and waits for the disk. */
MUST_CHECK int journal_append(struct journal *, const struct str *frames, bool is_durable,
			      struct err *err);
bool journal_needs_rewrite(const struct journal *);
/* Puts a new file with these records in the place of the old one, atomically. */
MUST_CHECK int journal_replace(struct journal *, const struct str *frames, struct err *err);
