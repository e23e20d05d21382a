/* SPDX-License-Identifier: Apache-2.0 */
/* strmap: string -> string, kept sorted by key, for other_config and its like: small, printed in
 * order, compared often. Copies keys and values. Zero-initialise, release with strmap_fini(). */
#pragma once
#include "base/compiler.h"

struct strmap_entry {
	char *key;
	char *value;
};

struct strmap {
	struct strmap_entry *entries;
	size_t n, allocated;
};

#define STRMAP_INIT                                                                                \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

void strmap_fini(struct strmap *);
void strmap_clear(struct strmap *);
/* Adds or replaces. */
void strmap_put(struct strmap *, const char *key, const char *value);
void strmap_putf(struct strmap *, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool strmap_del(struct strmap *, const char *key);
/* NULL if there is none; valid until the next change. */
const char *strmap_get(const struct strmap *, const char *key);
const char *strmap_get_def(const struct strmap *, const char *key, const char *def);
/* "true" (any case) is true, "false" false, all else the default. */
bool strmap_get_bool(const struct strmap *, const char *key, bool def);
/* The default also if the value is not a number. */
int64_t strmap_get_int(const struct strmap *, const char *key, int64_t def);
uint64_t strmap_get_uint(const struct strmap *, const char *key, uint64_t def);
void strmap_copy(struct strmap *dst, const struct strmap *src); /* 'dst' is replaced */
bool strmap_equal(const struct strmap *, const struct strmap *);
uint32_t strmap_hash(const struct strmap *, uint32_t seed);

#define STRMAP_FOR_EACH(var, map)                                                                  \
	for (const struct strmap_entry *var = (map)->entries; var < (map)->entries + (map)->n;     \
	     var++)
