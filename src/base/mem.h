/* SPDX-License-Identifier: Apache-2.0 */
/* mem: allocation for control code. It aborts when memory is gone: a control plane that half
 * applied a change is worse than one that is started again. Datapath threads do not allocate. */
#pragma once
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/compiler.h"

void *xmalloc(size_t size) __attribute__((malloc)) MUST_CHECK;
void *xzalloc(size_t size) __attribute__((malloc)) MUST_CHECK;
void *xcalloc(size_t n, size_t size) __attribute__((malloc)) MUST_CHECK;
void *xrealloc(void *p, size_t size) MUST_CHECK;
/* Grows an array to hold at least n_wanted elements; *n_allocated is updated. */
void *xgrow(void *p, size_t *n_allocated, size_t n_wanted, size_t elem_size) MUST_CHECK;
/* Aligned to a cache line; release with free(). */
void *xzalloc_cacheline(size_t size) MUST_CHECK;
char *xstrdup(const char *s) __attribute__((malloc)) MUST_CHECK;
char *xstrndup(const char *s, size_t len) __attribute__((malloc)) MUST_CHECK;
void *xmemdup(const void *p, size_t size) MUST_CHECK;
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2) MUST_CHECK;
char *xvasprintf(const char *fmt, va_list args) PRINTF_LIKE(1, 0) MUST_CHECK;

static inline void auto_free_(void *p) { free(*(void **)p); }
/* AUTO_FREE char *s = xstrdup(..);   freed when the scope ends. */
#define AUTO_FREE CLEANUP(auto_free_)
