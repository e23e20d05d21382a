/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

/* Warps are kept as an offset, so a warped clock that was not stopped keeps running. */
static int64_t offset_ns;
static int64_t stopped_mono_ns; /* 0: running */
static int64_t stopped_wall_ns;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	int64_t stopped = __atomic_load_n(&stopped_mono_ns, __ATOMIC_ACQUIRE);
	int64_t base = unlikely(stopped) ? stopped : read_clock(CLOCK_MONOTONIC);
	return base + __atomic_load_n(&offset_ns, __ATOMIC_RELAXED);
}

int64_t clock_wall_ns(void)
{
	bool stopped = __atomic_load_n(&stopped_mono_ns, __ATOMIC_ACQUIRE) != 0;
	int64_t base = unlikely(stopped) ? stopped_wall_ns : read_clock(CLOCK_REALTIME);
	return base + __atomic_load_n(&offset_ns, __ATOMIC_RELAXED);
}

void clock_stop(void)
{
	if (clock_is_stopped())
		return;
	stopped_wall_ns = read_clock(CLOCK_REALTIME);
	__atomic_store_n(&stopped_mono_ns, read_clock(CLOCK_MONOTONIC), __ATOMIC_RELEASE);
}

bool clock_is_stopped(void) { return __atomic_load_n(&stopped_mono_ns, __ATOMIC_ACQUIRE) != 0; }

void clock_warp(int64_t ns)
{
	ASSERT(ns >= 0);
	__atomic_fetch_add(&offset_ns, ns, __ATOMIC_RELAXED);
}
