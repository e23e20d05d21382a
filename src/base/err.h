/* SPDX-License-Identifier: Apache-2.0 */
/* err: one sentence for the person or peer who will read it, passed beside a negative errno.
 *
 * A function that takes 'struct err *err' sets it on failure and only then; 'err' may be NULL when
 * the caller does not want the text. Zero-initialise, release with err_fini() or use AUTO_ERR.
 *
 *	AUTO_ERR err = ERR_INIT;
 *	int r = port_open(name, type, &port, &err);
 *	if (r < 0)
 *		return err_wrap(&err, r, "bridge %s", bridge->name);   prefixes "bridge br0: " */
#pragma once
#include "base/compiler.h"

struct err {
	char *text; /* NULL: nothing went wrong */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		NULL                                                                               \
	}
#define AUTO_ERR CLEANUP(err_fini) struct err

void err_fini(struct err *);
/* Never NULL: "" if nothing is set. */
const char *err_text(const struct err *);
/* Sets the text and returns 'code', so that failing is one line: return err_set(err, -EINVAL, ..).
 * A text that is there already is replaced. */
int err_set(struct err *, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "prefix: " in front of the text. Returns 'code'. */
int err_wrap(struct err *, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Sets "<what>: <strerror(-code)>". Returns 'code'. */
int err_errno(struct err *, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Moves the text of 'from' to 'to' (which may be NULL). */
void err_move(struct err *to, struct err *from);
/* strerror() for a negative or positive errno; thread-safe, static storage. */
const char *err_name(int code);
