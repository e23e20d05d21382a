/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strmap.h"

#include <strings.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

void strmap_fini(struct strmap *m)
{
	if (m) {
		strmap_clear(m);
		free(m->entries);
		*m = (struct strmap)STRMAP_INIT;
	}
}

void strmap_clear(struct strmap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->entries[i].key);
		free(m->entries[i].value);
	}
	m->n = 0;
}

/* Index of 'key', or of the place where it would go. */
static size_t find(const struct strmap *m, const char *key, bool *ret_found)
{
	size_t lo = 0, hi = m->n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int cmp = strcmp(m->entries[mid].key, key);
		if (!cmp) {
			*ret_found = true;
			return mid;
		}
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret_found = false;
	return lo;
}

static void put_owned(struct strmap *m, const char *key, char *value)
{
	bool found;
	size_t i = find(m, key, &found);
	if (found) {
		free(m->entries[i].value);
	} else {
		m->entries = xgrow(m->entries, &m->allocated, m->n + 1, sizeof *m->entries);
		memmove(&m->entries[i + 1], &m->entries[i], (m->n - i) * sizeof *m->entries);
		m->entries[i].key = xstrdup(key);
		m->n++;
	}
	m->entries[i].value = value;
}

void strmap_put(struct strmap *m, const char *key, const char *value)
{
	put_owned(m, key, xstrdup(value));
}

void strmap_putf(struct strmap *m, const char *key, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	put_owned(m, key, xvasprintf(fmt, args));
	va_end(args);
}

bool strmap_del(struct strmap *m, const char *key)
{
	bool found;
	size_t i = find(m, key, &found);
	if (!found)
		return false;
	free(m->entries[i].key);
	free(m->entries[i].value);
	m->n--;
	memmove(&m->entries[i], &m->entries[i + 1], (m->n - i) * sizeof *m->entries);
	return true;
}

const char *strmap_get(const struct strmap *m, const char *key)
{
	bool found;
	size_t i = find(m, key, &found);
	return found ? m->entries[i].value : NULL;
}

const char *strmap_get_def(const struct strmap *m, const char *key, const char *def)
{
	const char *value = strmap_get(m, key);
	return value ? value : def;
}

bool strmap_get_bool(const struct strmap *m, const char *key, bool def)
{
	const char *value = strmap_get_def(m, key, "");
	return def ? strcasecmp(value, "false") != 0 : strcasecmp(value, "true") == 0;
}

int64_t strmap_get_int(const struct strmap *m, const char *key, int64_t def)
{
	const char *value = strmap_get(m, key);
	int64_t n = def;
	return value && str_to_i64(value, 0, &n) ? n : def;
}

uint64_t strmap_get_uint(const struct strmap *m, const char *key, uint64_t def)
{
	const char *value = strmap_get(m, key);
	uint64_t n = def;
	return value && str_to_u64(value, 0, &n) ? n : def;
}

void strmap_copy(struct strmap *dst, const struct strmap *src)
{
	if (dst == src)
		return;
	strmap_clear(dst);
	STRMAP_FOR_EACH(e, src)
		strmap_put(dst, e->key, e->value);
}

bool strmap_equal(const struct strmap *a, const struct strmap *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->entries[i].key, b->entries[i].key) ||
		    strcmp(a->entries[i].value, b->entries[i].value))
			return false;
	}
	return true;
}

uint32_t strmap_hash(const struct strmap *m, uint32_t seed)
{
	uint32_t hash = seed;
	STRMAP_FOR_EACH(e, m)
		hash = hash_str(e->value, hash_str(e->key, hash));
	return hash;
}
