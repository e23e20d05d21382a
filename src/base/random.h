/* SPDX-License-Identifier: Apache-2.0 */
/* random: random_bytes() is the kernel's generator, for names, keys and UUIDs; random_u32() is a
 * fast per-thread one for sampling and jitter. random_seed() makes the calling thread's
 * random_u32() repeat: for tests and simulation only. */
#pragma once
#include "base/compiler.h"

void random_bytes(void *p, size_t size);
uint32_t random_u32(void);
uint64_t random_u64(void);
/* Uniform in [0, bound); bound > 0. */
uint32_t random_below(uint32_t bound);
void random_seed(uint64_t seed);
