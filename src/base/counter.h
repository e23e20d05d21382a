/* SPDX-License-Identifier: Apache-2.0 */
/* counter: named event counters that "coverage/show" prints.
 *
 *	COUNTER_DEFINE(upcall_miss);      in a .c file
 *	counter_inc(&upcall_miss);
 *
 * Threads: any; one relaxed atomic add. Where that costs too much, count locally and add once a
 * batch. */
#pragma once
#include "base/compiler.h"
#include "base/list.h"

#define COUNTER_SAMPLE_S 5

struct counter {
	const char *name;
	struct list node;
	uint64_t total;
	uint64_t last_total;	  /* of the last rate sample */
	unsigned per_sample[720]; /* ring of 5-second samples: one hour */
};

void counter_register(struct counter *);
#define COUNTER_DEFINE(NAME)                                                                       \
	static struct counter NAME = { .name = #NAME };                                            \
	CONSTRUCTOR static void counter_register_##NAME(void) { counter_register(&NAME); }         \
	_Static_assert(true, "")

static inline void counter_add(struct counter *c, uint64_t n)
{
	__atomic_fetch_add(&c->total, n, __ATOMIC_RELAXED);
}
static inline void counter_inc(struct counter *c) { counter_add(c, 1); }
static inline uint64_t counter_read(const struct counter *c)
{
	return __atomic_load_n(&c->total, __ATOMIC_RELAXED);
}
/* NULL if there is none of that name. */
struct counter *counter_find(const char *name);
/* All counters, in the order of registration. */
struct list *counter_all(void);
/* Takes a rate sample; the daemons call it every 5 seconds. */
void counter_sample(void);
/* Events a second, over the last 'n' samples (at most 720). */
double counter_rate(const struct counter *, unsigned n);
