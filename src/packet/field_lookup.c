/* SPDX-License-Identifier: Apache-2.0 */
/* Finding fields by name and by code point: two hash tables, filled when the program starts. */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "packet/field.h"

/* Open addressing over constant data; sized to be at most half full. */
enum { N_SLOTS = 1024 };
static struct {
	const char *name;
	const struct field *field;
} by_name[N_SLOTS];
static struct {
	uint64_t header;
	const struct field *field;
} by_point[N_SLOTS];

#define IDENTITY(h) ((h) & ~(UINT64_C(0x1ff) << 32)) /* without mask bit and length */

static void put_name(const char *name, const struct field *f)
{
	uint32_t i = hash_bytes(name, strlen(name), 0);
	while (by_name[i % N_SLOTS].field)
		i++;
	by_name[i % N_SLOTS].name = name;
	by_name[i % N_SLOTS].field = f;
}

static void CONSTRUCTOR fill(void)
{
	for (const struct field *f = field_table; f < field_table + N_FIELDS; f++) {
		put_name(f->name, f);
		if (f->alias)
			put_name(f->alias, f);
		for (unsigned k = 0; k < f->n_points; k++) {
			put_name(f->points[k].name, f);
			uint64_t id = IDENTITY(f->points[k].header);
			uint32_t i = hash_u64(id, 0);
			while (by_point[i % N_SLOTS].field)
				i++;
			by_point[i % N_SLOTS].header = id;
			by_point[i % N_SLOTS].field = f;
		}
	}
}

const struct field *field_from_name(const char *name, size_t len)
{
	for (uint32_t i = hash_bytes(name, len, 0); by_name[i % N_SLOTS].field; i++) {
		const char *s = by_name[i % N_SLOTS].name;
		if (!strncmp(s, name, len) && !s[len])
			return by_name[i % N_SLOTS].field;
	}
	return NULL;
}

const struct field *field_from_nxm(uint64_t header)
{
	uint64_t id = IDENTITY(header);
	for (uint32_t i = hash_u64(id, 0); by_point[i % N_SLOTS].field; i++)
		if (by_point[i % N_SLOTS].header == id)
			return by_point[i % N_SLOTS].field;
	return NULL;
}

uint64_t field_nxm_header(const struct field *f, uint8_t of_version, bool masked)
{
	/* The newest point that the peer's version has, else the oldest there is. */
	const struct field_point *best = NULL;
	for (unsigned i = 0; i < f->n_points; i++)
		if (f->points[i].of_version <= of_version &&
		    (!best || f->points[i].of_version > best->of_version))
			best = &f->points[i];
	if (!best && f->n_points)
		best = &f->points[0];
	if (!best)
		return 0;
	uint64_t h = best->header;
	if (masked)
		h = (h | FIELD_HEADER_MASKED) + ((uint64_t)f->n_bytes << 32);
	return h;
}

const char *field_nxm_name(const struct field *f)
{
	return f->n_points ? f->points[0].name : f->name;
}

int field_header_read(const void *p, size_t size, uint64_t *ret)
{
	if (size < 4)
		return -EINVAL;
	uint64_t h = (uint64_t)get_be32(p) << 32;
	if (field_header_class(h) == 0xffff) {
		if (size < 8 || field_header_length(h) < 4)
			return -EINVAL;
		h |= get_be32((const uint8_t *)p + 4);
	}
	*ret = h;
	return 0;
}

unsigned field_header_write(void *p, uint64_t h)
{
	put_be32(p, (uint32_t)(h >> 32));
	if (field_header_class(h) != 0xffff)
		return 4;
	put_be32((uint8_t *)p + 4, (uint32_t)h);
	return 8;
}
