/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdio.h>

#include "base/log.h"

LOG_MODULE(assert);

void assert_fail(const char *cond, const char *file, int line, const char *func)
{
	static int depth;
	if (__atomic_fetch_add(&depth, 1, __ATOMIC_RELAXED) == 0)
		log_emer("%s:%d: %s: broken invariant: %s", file, line, func, cond);
	else /* in the log itself */
		fprintf(stderr, "%s:%d: %s: broken invariant: %s\n", file, line, func, cond);
	abort();
}

static void *check(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *xmalloc(size_t size) { return check(malloc(size ? size : 1)); }
void *xzalloc(size_t size) { return xcalloc(1, size); }
void *xcalloc(size_t n, size_t size) { return check(calloc(n && size ? n : 1, size ? size : 1)); }
void *xrealloc(void *p, size_t size) { return check(realloc(p, size ? size : 1)); }

void *xgrow(void *p, size_t *n_allocated, size_t n_wanted, size_t elem_size)
{
	if (n_wanted <= *n_allocated)
		return p;
	size_t n = MAX(MAX(n_wanted, *n_allocated * 2), 4);
	ASSERT(n <= SIZE_MAX / elem_size);
	*n_allocated = n;
	return xrealloc(p, n * elem_size);
}

void *xzalloc_cacheline(size_t size)
{
	size = ROUND_UP(MAX(size, 1), CACHE_LINE);
	void *p = check(aligned_alloc(CACHE_LINE, size));
	return memset(p, 0, size);
}

char *xstrdup(const char *s) { return check(strdup(s)); }
char *xstrndup(const char *s, size_t len) { return check(strndup(s, len)); }

void *xmemdup(const void *p, size_t size)
{
	void *copy = xmalloc(size);
	return size ? memcpy(copy, p, size) : copy;
}

char *xvasprintf(const char *fmt, va_list args)
{
	char *s;
	return vasprintf(&s, fmt, args) < 0 ? check(NULL) : s;
}

char *xasprintf(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *s = xvasprintf(fmt, args);
	va_end(args);
	return s;
}
