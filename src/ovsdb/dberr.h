/* SPDX-License-Identifier: Apache-2.0 */
/* dberr: an error as RFC 7047 section 3.1 gives it to a client: a tag out of a fixed list, details
 * for a person, and the JSON that was at fault.
 *
 * Used like 'struct err': functions return 0 or -errno and fill 'err' on failure and only then;
 * 'err' may be NULL. Zero-initialise, release with dberr_fini() or use AUTO_DBERR. */
#pragma once
#include <jansson.h>
#include "base/err.h"
#include "base/str.h"

struct dberr {
	char *tag;     /* "constraint violation"; NULL: nothing went wrong */
	char *details; /* NULL: none */
	char *syntax;  /* the offending JSON as text; NULL: none */
};

#define DBERR_INIT                                                                                 \
	{                                                                                          \
		NULL, NULL, NULL                                                                   \
	}
#define AUTO_DBERR CLEANUP(dberr_fini) struct dberr

void dberr_fini(struct dberr *);
static inline bool dberr_is_set(const struct dberr *e) { return e->tag != NULL; }
/* Sets all three ('json' NULL: no syntax) and returns -EINVAL. */
int dberr_set(struct dberr *, const char *tag, const json_t *json, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* dberr_set() with the tag "syntax error". */
int dberr_syntax(struct dberr *, const json_t *json, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "prefix: " in front of the details. Returns -EINVAL. */
int dberr_wrap(struct dberr *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void dberr_move(struct dberr *to, struct dberr *from);
/* {"error":..,"details":..,"syntax":..} */
json_t *dberr_to_json(const struct dberr *);
/* "syntax "JSON": tag: details", as the tools print it. */
void dberr_put(const struct dberr *, struct str *out);
/* dberr_put() into 'to'; returns -EINVAL. */
int dberr_to_err(const struct dberr *from, struct err *to);
