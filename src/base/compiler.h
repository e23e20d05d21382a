/* SPDX-License-Identifier: Apache-2.0 */
/* compiler: attributes and macros that every other header may use. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define SCANF_LIKE(fmt, args) __attribute__((format(scanf, fmt, args)))
#define UNUSED __attribute__((unused))
#define NORETURN __attribute__((noreturn))
#define PACKED __attribute__((packed))
#define CONSTRUCTOR __attribute__((constructor))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define CACHE_LINE 64
#define CACHE_ALIGNED __attribute__((aligned(CACHE_LINE)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CLAMP(x, lo, hi) ((x) < (lo) ? (lo) : (x) > (hi) ? (hi) : (x))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define ROUND_UP(n, align) (DIV_ROUND_UP(n, align) * (align))
#define IS_POW2(n) ((n) != 0 && ((n) & ((n)-1)) == 0)

/* Takes a pointer out of a variable that a cleanup attribute guards. */
#define STEAL(ptr)                                                                                 \
	({                                                                                         \
		__typeof__(ptr) steal_ = (ptr);                                                    \
		(ptr) = NULL;                                                                      \
		steal_;                                                                            \
	})

/* A broken invariant of ours ends the process, in release builds too; input never does. */
#define ASSERT(cond) ((cond) ? (void)0 : assert_fail(#cond, __FILE__, __LINE__, __func__))
void assert_fail(const char *cond, const char *file, int line, const char *func) NORETURN;
