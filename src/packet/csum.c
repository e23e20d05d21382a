/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/csum.h"

#include <string.h>

uint32_t csum_add(uint32_t sum, const void *p_, size_t size)
{
	/* 32-bit words into 64-bit sums: no carry is lost, and two chains keep the adders busy. */
	const uint8_t *p = p_;
	uint64_t a = sum, b = 0;
	while (size >= 16) {
		uint32_t w[4];
		memcpy(w, p, 16);
		a += w[0];
		b += w[1];
		a += w[2];
		b += w[3];
		p += 16;
		size -= 16;
	}
	a += b;
	while (size >= 4) {
		uint32_t w;
		memcpy(&w, p, 4);
		a += w;
		p += 4;
		size -= 4;
	}
	if (size >= 2) {
		uint16_t w;
		memcpy(&w, p, 2);
		a += w;
		p += 2;
		size -= 2;
	}
	if (size)
		a += *p; /* little-endian: the first byte of a be16 whose second is zero */
	a = (a & 0xffffffff) + (a >> 32);
	a = (a & 0xffffffff) + (a >> 32);
	return (uint32_t)a;
}

uint32_t csum_pseudo4(be32 src, be32 dst, uint8_t proto, uint32_t len)
{
	uint32_t sum = csum_add32(csum_add32(0, src), dst);
	return csum_add32(csum_add32(sum, cpu_to_be16(proto)), cpu_to_be32(len));
}

uint32_t csum_pseudo6(const void *src, const void *dst, uint8_t proto, uint32_t len)
{
	uint32_t sum = csum_add(csum_add(0, src, 16), dst, 16);
	return csum_add32(csum_add32(sum, cpu_to_be32(proto)), cpu_to_be32(len));
}

be16 csum_replace(be16 old_csum, const void *old, const void *new_, size_t size)
{
	uint32_t sum = (be16)~old_csum;
	const uint8_t *o = old, *n = new_;
	for (size_t i = 0; i < size; i += 2) {
		be16 x, y;
		memcpy(&x, o + i, 2);
		memcpy(&y, n + i, 2);
		sum = csum_add16(csum_add16(sum, (be16)~x), y);
	}
	return csum_fold(sum);
}

/* Reflected polynomial 0x82f63b78, a byte at a time: only packets whose SCTP header an action
 * changed come here. */
static uint32_t crc_table[256];

static void CONSTRUCTOR fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
		crc_table[i] = c;
	}
}

uint32_t crc32c_add(uint32_t crc, const void *p_, size_t size)
{
	const uint8_t *p = p_;
	while (size--)
		crc = crc_table[(crc ^ *p++) & 0xff] ^ crc >> 8;
	return crc;
}

/* The CRC goes on the wire least significant byte first, which on this host is how it lies. */
be32 crc32c_finish(uint32_t crc) { return ~crc; }

be32 crc32c(const void *p, size_t size) { return crc32c_finish(crc32c_add(UINT32_MAX, p, size)); }
