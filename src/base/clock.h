/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the only place that asks what time it is, so that tests can stop and warp it
 * ("time/stop", "time/warp"). Monotonic time never goes back; wall time is for people, logs and
 * the database. While stopped, both stand still but for clock_warp().
 * Threads: any. Units: nanoseconds. */
#pragma once
#include "base/compiler.h"

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_SEC 1000000000LL

int64_t clock_mono_ns(void);
int64_t clock_wall_ns(void);
static inline int64_t clock_mono_ms(void) { return clock_mono_ns() / NS_PER_MS; }
static inline int64_t clock_wall_ms(void) { return clock_wall_ns() / NS_PER_MS; }
void clock_stop(void);
bool clock_is_stopped(void);
void clock_warp(int64_t ns);
