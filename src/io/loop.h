/* SPDX-License-Identifier: Apache-2.0 */
/* loop: one thread's event loop: descriptors (epoll), timers, and work put off to the end of the
 * turn. Ours because tests must own the clock: timers run on base/clock, so time/warp fires them.
 *
 * Threads:  a loop and all on it belong to one thread; loop_wake() alone may be called by others.
 * Lifetime: the owner embeds the structs below and must remove them before they go away. Removing
 *           anything from inside any callback is allowed. */
#pragma once
#include "base/compiler.h"
#include "base/list.h"

struct loop;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 /* reported always */ };

struct watch {
	int fd;
	unsigned events;
	void (*cb)(struct watch *, unsigned events);
	struct loop *loop; /* NULL: not on a loop */
	struct list node;  /* private to loop.c */
};

struct timer {
	int64_t deadline_ns; /* base/clock's monotonic time */
	void (*cb)(struct timer *);
	struct loop *loop; /* NULL: not armed */
	size_t heap_index; /* these are private to loop.c */
	uint64_t seq;
	struct list due_node;
};

/* Runs once, at the end of the turn in which it was put off. */
struct deferred {
	void (*cb)(struct deferred *);
	struct list node;
	bool queued;
};

struct loop *loop_new(void);
void loop_free(struct loop *);
/* Runs until loop_stop(). Signals that the process handles wake it. */
void loop_run(struct loop *);
/* One turn, waiting at most 'timeout_ms' (-1: until something happens; 0: not at all). */
void loop_once(struct loop *, int timeout_ms);
void loop_stop(struct loop *);
bool loop_is_stopping(const struct loop *);
/* Ends the wait of another thread's loop; async-signal-safe. */
void loop_wake(struct loop *);
/* The same for every loop of the process: the clock was warped, so timers may be due. Takes a
 * lock: not for signal handlers. */
void loop_wake_all(void);
/* Called around every wait for events, on the loop's own thread: what others may do meanwhile (the
 * control lock is let go, see fastpath/fastpath.h). NULL: nothing. */
void loop_set_wait_hooks(struct loop *, void (*before)(void), void (*after)(void));
/* Turns taken so far. */
uint64_t loop_turns(const struct loop *);

void watch_init(struct watch *, int fd, void (*cb)(struct watch *, unsigned events));
void watch_start(struct watch *, struct loop *, unsigned events);
void watch_set(struct watch *, unsigned events); /* while started */
void watch_stop(struct watch *);		 /* harmless if not started; does not close fd */

void timer_init(struct timer *, void (*cb)(struct timer *));
/* (Re)arms; a deadline in the past fires in the next turn. One shot. */
void timer_arm_at(struct timer *, struct loop *, int64_t deadline_ns);
void timer_arm_in(struct timer *, struct loop *, int64_t delay_ns);
void timer_disarm(struct timer *); /* harmless if not armed */
static inline bool timer_is_armed(const struct timer *t) { return t->loop != NULL; }

void deferred_init(struct deferred *, void (*cb)(struct deferred *));
void deferred_put(struct deferred *, struct loop *); /* harmless if queued already */
void deferred_cancel(struct deferred *);
