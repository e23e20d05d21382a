/* SPDX-License-Identifier: Apache-2.0 */
/* bytes: a growing buffer that messages are built in, and a cursor that foreign bytes are read
 * with. A cursor never reads beyond its end: a read that would sets 'short_read' and gives zero, so
 * that a decoder may read a whole header and look once. Zero-initialise; release with bytes_fini().
 */
#pragma once
#include "base/byteorder.h"
#include "base/mem.h"

struct bytes {
	uint8_t *data;
	size_t size, allocated;
};
#define BYTES_INIT                                                                                 \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define AUTO_BYTES CLEANUP(bytes_fini) struct bytes

static inline void bytes_fini(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes)BYTES_INIT;
}
/* Room for n more bytes, zeroed and part of the buffer; valid until the next put. */
void *bytes_put_zeros(struct bytes *, size_t n);
void bytes_put(struct bytes *, const void *p, size_t n);
/* Zeros up to the next multiple of 'align', counted from offset 'from'. */
void bytes_pad(struct bytes *, size_t from, size_t align);
static inline void bytes_put_u8(struct bytes *b, uint8_t v) { bytes_put(b, &v, 1); }
static inline void bytes_put_be16(struct bytes *b, uint16_t v)
{
	put_be16(bytes_put_zeros(b, 2), v);
}
static inline void bytes_put_be32(struct bytes *b, uint32_t v)
{
	put_be32(bytes_put_zeros(b, 4), v);
}
static inline void bytes_put_be64(struct bytes *b, uint64_t v)
{
	put_be64(bytes_put_zeros(b, 8), v);
}

struct cursor {
	const uint8_t *p;
	size_t left;
	bool short_read;
};
static inline struct cursor cursor_of(const void *p, size_t size)
{
	return (struct cursor){ p, size, false };
}
/* NULL, and nothing taken, if fewer than n are left. */
static inline const void *cursor_pull(struct cursor *c, size_t n)
{
	if (c->left < n) {
		c->short_read = true;
		c->left = 0;
		return NULL;
	}
	const void *p = c->p;
	c->p += n;
	c->left -= n;
	return p;
}
static inline void cursor_skip(struct cursor *c, size_t n) { (void)cursor_pull(c, n); }
static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_pull(c, 1);
	return p ? *p : 0;
}
static inline uint16_t cursor_be16(struct cursor *c)
{
	const void *p = cursor_pull(c, 2);
	return p ? get_be16(p) : 0;
}
static inline uint32_t cursor_be32(struct cursor *c)
{
	const void *p = cursor_pull(c, 4);
	return p ? get_be32(p) : 0;
}
static inline uint64_t cursor_be64(struct cursor *c)
{
	const void *p = cursor_pull(c, 8);
	return p ? get_be64(p) : 0;
}
bool bytes_are_zero(const void *p, size_t n);
