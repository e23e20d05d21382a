/* SPDX-License-Identifier: Apache-2.0 */
#include "ofp/bytes.h"

void *bytes_put_zeros(struct bytes *b, size_t n)
{
	if (b->size + n > b->allocated) {
		b->allocated = MAX(MAX(64, b->allocated * 2), b->size + n);
		b->data = xrealloc(b->data, b->allocated);
	}
	void *p = b->data + b->size;
	if (n)
		memset(p, 0, n);
	b->size += n;
	return p;
}

void bytes_put(struct bytes *b, const void *p, size_t n)
{
	void *dst = bytes_put_zeros(b, n);
	if (n)
		memcpy(dst, p, n);
}

void bytes_pad(struct bytes *b, size_t from, size_t align)
{
	size_t used = (b->size - from) % align;
	if (used)
		bytes_put_zeros(b, align - used);
}

bool bytes_are_zero(const void *p, size_t n)
{
	const uint8_t *c = p;
	for (size_t i = 0; i < n; i++) {
		if (c[i])
			return false;
	}
	return true;
}
