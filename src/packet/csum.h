/* SPDX-License-Identifier: Apache-2.0 */
/* csum: the Internet checksum (RFC 1071) and its incremental update (RFC 1624).
 *
 * A running sum is kept in host order of the words as they lie in memory ("be16 as integer"), in 32
 * or 64 bits; csum_fold() ends it. All functions work on unaligned data. */
#pragma once
#include <netinet/in.h>
#include "base/byteorder.h"
#include "base/compiler.h"

/* Adds data of any size. Only the last piece of a sum may have an odd size. */
uint32_t csum_add(uint32_t sum, const void *p, size_t size);
static inline uint32_t csum_add16(uint32_t sum, be16 x)
{
	sum += x;
	return sum + (sum < x);
}
static inline uint32_t csum_add32(uint32_t sum, be32 x)
{
	sum += x;
	return sum + (sum < x);
}
static inline be16 csum_fold_raw(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (be16)sum;
}
static inline be16 csum_fold(uint32_t sum) { return (be16)~csum_fold_raw(sum); }
static inline be16 csum(const void *p, size_t size) { return csum_fold(csum_add(0, p, size)); }

/* Pseudo headers; 'len' is that of the transport header and its payload. */
uint32_t csum_pseudo4(be32 src, be32 dst, uint8_t proto, uint32_t len);
uint32_t csum_pseudo6(const void *src, const void *dst, uint8_t proto, uint32_t len);

/* RFC 1624, equation 3: the checksum after a change of covered data. */
static inline be16 csum_replace16(be16 old_csum, be16 old, be16 new_)
{
	return csum_fold(csum_add16(csum_add16((be16)~old_csum, (be16)~old), new_));
}
static inline be16 csum_replace32(be16 old_csum, be32 old, be32 new_)
{
	return csum_fold(csum_add32(csum_add32((be16)~old_csum, ~old), new_));
}
/* 'size' is even. */
be16 csum_replace(be16 old_csum, const void *old, const void *new_, size_t size);

/* CRC32c as SCTP wants it (RFC 9260 appendix A), over 'size' bytes. */
be32 crc32c(const void *p, size_t size);
/* In pieces: start with UINT32_MAX, end with crc32c_finish(). */
uint32_t crc32c_add(uint32_t crc, const void *p, size_t size);
be32 crc32c_finish(uint32_t crc);
