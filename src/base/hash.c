/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "base/random.h"

uint32_t hash_bytes(const void *p_, size_t size, uint32_t seed)
{
	const uint8_t *p = p_;
	uint32_t hash = seed, word;
	size_t left = size;
	for (; left >= 4; left -= 4, p += 4) {
		memcpy(&word, p, 4);
		hash = hash_add(hash, word);
	}
	if (left) {
		word = 0;
		memcpy(&word, p, left);
		hash = hash_add(hash, word);
	}
	return hash_finish(hash, (uint32_t)size);
}

uint32_t hash_secret(void)
{
	static uint32_t secret;
	uint32_t s = __atomic_load_n(&secret, __ATOMIC_RELAXED);
	if (!s) {
		s = random_u32() | 1;
		__atomic_store_n(&secret, s, __ATOMIC_RELAXED);
	}
	return s;
}
