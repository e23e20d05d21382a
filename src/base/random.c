/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

static __thread uint64_t state;

void random_bytes(void *p_, size_t size)
{
	uint8_t *p = p_;
	while (size) {
		ssize_t n = getrandom(p, size, 0);
		if (n < 0) {
			ASSERT(errno == EINTR);
			continue;
		}
		p += n;
		size -= (size_t)n;
	}
}

void random_seed(uint64_t seed) { state = seed ? seed : 1; }

/* splitmix64: one addition and three multiply-shifts, passes BigCrush. */
uint64_t random_u64(void)
{
	if (unlikely(!state)) {
		random_bytes(&state, sizeof state);
		state |= 1;
	}
	uint64_t z = state += 0x9e3779b97f4a7c15;
	if (unlikely(!state))
		state = 1;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint32_t random_u32(void) { return (uint32_t)(random_u64() >> 32); }

uint32_t random_below(uint32_t bound) { return (uint32_t)(((uint64_t)random_u32() * bound) >> 32); }
