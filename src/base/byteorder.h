/* SPDX-License-Identifier: Apache-2.0 */
/* byteorder: integers in wire (big-endian) order have types of their own, so that a reader sees
 * which order a variable is in. The unaligned accessors serve parsers of foreign bytes. */
#pragma once
#include <endian.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t be16;
typedef uint32_t be32;
typedef uint64_t be64;

static inline be16 cpu_to_be16(uint16_t x) { return htobe16(x); }
static inline be32 cpu_to_be32(uint32_t x) { return htobe32(x); }
static inline be64 cpu_to_be64(uint64_t x) { return htobe64(x); }
static inline uint16_t be16_to_cpu(be16 x) { return be16toh(x); }
static inline uint32_t be32_to_cpu(be32 x) { return be32toh(x); }
static inline uint64_t be64_to_cpu(be64 x) { return be64toh(x); }

/* Constant expressions, for static tables and case labels. */
#define BE16_C(x) ((be16)__builtin_bswap16(x))
#define BE32_C(x) ((be32)__builtin_bswap32(x))
#define BE64_C(x) ((be64)__builtin_bswap64(x))

/* Reads and writes of big-endian integers at any alignment, to and from host order. */
static inline uint16_t get_be16(const void *p)
{
	be16 x;
	memcpy(&x, p, sizeof x);
	return be16_to_cpu(x);
}
static inline uint32_t get_be32(const void *p)
{
	be32 x;
	memcpy(&x, p, sizeof x);
	return be32_to_cpu(x);
}
static inline uint64_t get_be64(const void *p)
{
	be64 x;
	memcpy(&x, p, sizeof x);
	return be64_to_cpu(x);
}
static inline void put_be16(void *p, uint16_t v)
{
	be16 x = cpu_to_be16(v);
	memcpy(p, &x, sizeof x);
}
static inline void put_be32(void *p, uint32_t v)
{
	be32 x = cpu_to_be32(v);
	memcpy(p, &x, sizeof x);
}
static inline void put_be64(void *p, uint64_t v)
{
	be64 x = cpu_to_be64(v);
	memcpy(p, &x, sizeof x);
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "BE*_C() assume a little-endian host");
