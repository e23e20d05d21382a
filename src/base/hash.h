/* SPDX-License-Identifier: Apache-2.0 */
/* hash: 32-bit non-cryptographic hashes (murmur3's finaliser over multiply-rotate steps).
 * hash_secret() is drawn at start: use it as the seed wherever a stranger chooses the keys. */
#pragma once
#include <string.h>
#include "base/compiler.h"

static inline uint32_t hash_rot(uint32_t x, int k) { return (x << k) | (x >> (32 - k)); }

/* One step: mixes 'data' into 'hash'. End a series with hash_finish(). */
static inline uint32_t hash_add(uint32_t hash, uint32_t data)
{
	data *= 0xcc9e2d51;
	data = hash_rot(data, 15);
	data *= 0x1b873593;
	hash ^= data;
	hash = hash_rot(hash, 13);
	return hash * 5 + 0xe6546b64;
}
static inline uint32_t hash_add64(uint32_t hash, uint64_t data)
{
	return hash_add(hash_add(hash, (uint32_t)data), (uint32_t)(data >> 32));
}
static inline uint32_t hash_finish(uint32_t hash, uint32_t size)
{
	hash ^= size;
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35;
	return hash ^ (hash >> 16);
}
static inline uint32_t hash_u32(uint32_t x, uint32_t seed)
{
	return hash_finish(hash_add(seed, x), 4);
}
static inline uint32_t hash_u64(uint64_t x, uint32_t seed)
{
	return hash_finish(hash_add64(seed, x), 8);
}
static inline uint32_t hash_ptr(const void *p, uint32_t seed)
{
	return hash_u64((uintptr_t)p, seed);
}
uint32_t hash_bytes(const void *p, size_t size, uint32_t seed);
static inline uint32_t hash_str(const char *s, uint32_t seed)
{
	return hash_bytes(s, strlen(s), seed);
}
uint32_t hash_secret(void);
