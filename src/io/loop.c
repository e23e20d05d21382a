/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: level-triggered epoll, a binary heap of timers, and a list of deferred work.
 *
 * A turn is: wait; hand out descriptor events; fire what is due; run deferred work. Three rules
 * make it safe to add and remove anything from inside any callback:
 *
 * - The batch that epoll returned stays in the loop. watch_stop() blanks what the batch still
 *   holds for that watch, so an event never reaches a struct that its owner has released.
 * - Timers that are due leave the heap for a list before the first one is called. A callback that
 *   arms a timer in the past therefore gets it in the next turn, and cannot keep this one going for
 *   ever; a callback that disarms another due timer just takes it off the list.
 * - Deferred work that defers more work waits for the next turn, which then does not sleep.
 *
 * Timers of equal deadline fire in the order they were armed: simulations with a stopped clock
 * must repeat to the bit.
 *
 * With a stopped clock no timer comes due by waiting, so the loop sleeps until a descriptor or
 * loop_wake() ends it; whoever warps the clock calls loop_wake_all().
 *
 * Level triggering was chosen over edge triggering: it costs an epoll_ctl() when interest changes,
 * but a reader may stop half way (back-pressure, fairness) with nothing to remember. */
#include "io/loop.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define BATCH 64
#define IN_DUE_LIST SIZE_MAX

struct loop {
	int epoll_fd;
	int wake_fd;
	bool stopping;
	uint64_t n_turns;
	void (*before_wait)(void), (*after_wait)(void);

	struct epoll_event batch[BATCH];
	int batch_at, batch_n; /* batch[batch_at..batch_n) is still to be handed out */
	/* epoll refuses regular files (they are always ready): those are polled by us. */
	struct list always_ready;

	struct timer **heap;
	size_t heap_n, heap_allocated;
	uint64_t timer_seq;
	struct list due;

	struct list deferred;
	struct list all_node;
};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list all_loops = LIST_INIT(all_loops);

struct loop *loop_new(void)
{
	struct loop *loop = xzalloc(sizeof *loop);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT(loop->epoll_fd >= 0 && loop->wake_fd >= 0);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = loop };
	int r = epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &ev);
	ASSERT(r == 0);
	list_init(&loop->always_ready);
	list_init(&loop->due);
	list_init(&loop->deferred);
	pthread_mutex_lock(&all_lock);
	list_push_back(&all_loops, &loop->all_node);
	pthread_mutex_unlock(&all_lock);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	pthread_mutex_lock(&all_lock);
	list_remove(&loop->all_node);
	pthread_mutex_unlock(&all_lock);
	close(loop->epoll_fd);
	close(loop->wake_fd);
	free(loop->heap);
	free(loop);
}

void loop_stop(struct loop *loop) { loop->stopping = true; }
bool loop_is_stopping(const struct loop *loop) { return loop->stopping; }
uint64_t loop_turns(const struct loop *loop) { return loop->n_turns; }

void loop_wake(struct loop *loop)
{
	int saved = errno;
	uint64_t one = 1;
	ssize_t r = write(loop->wake_fd, &one, sizeof one);
	(void)r; /* EAGAIN: it is awake already */
	errno = saved;
}

void loop_wake_all(void)
{
	pthread_mutex_lock(&all_lock);
	struct loop *loop;
	LIST_FOR_EACH(loop, &all_loops, all_node)
		loop_wake(loop);
	pthread_mutex_unlock(&all_lock);
}

/* Descriptors. */

static uint32_t to_epoll(unsigned events)
{
	return (events & LOOP_READ ? EPOLLIN | EPOLLRDHUP : 0) |
	       (events & LOOP_WRITE ? EPOLLOUT : 0);
}

static unsigned from_epoll(uint32_t ev, unsigned wanted)
{
	unsigned events = 0;
	if (ev & (EPOLLIN | EPOLLPRI | EPOLLRDHUP))
		events |= LOOP_READ;
	if (ev & EPOLLOUT)
		events |= LOOP_WRITE;
	/* Who waits to read or write learns of the end by trying. */
	if (ev & (EPOLLHUP | EPOLLERR))
		events |= LOOP_HANGUP | LOOP_READ | LOOP_WRITE;
	return events & (wanted | LOOP_HANGUP);
}

void watch_init(struct watch *w, int fd, void (*cb)(struct watch *, unsigned events))
{
	*w = (struct watch){ .fd = fd, .cb = cb };
	list_init(&w->node);
}

void watch_start(struct watch *w, struct loop *loop, unsigned events)
{
	if (w->loop) {
		ASSERT(w->loop == loop);
		watch_set(w, events);
		return;
	}
	w->loop = loop;
	w->events = events;
	struct epoll_event ev = { .events = to_epoll(events), .data.ptr = w };
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, w->fd, &ev) == 0)
		return;
	ASSERT(errno == EPERM); /* anything else: the descriptor is not open, or watched twice */
	list_push_back(&loop->always_ready, &w->node);
}

void watch_set(struct watch *w, unsigned events)
{
	ASSERT(w->loop);
	if (w->events == events)
		return;
	w->events = events;
	if (!list_is_empty(&w->node))
		return;
	struct epoll_event ev = { .events = to_epoll(events), .data.ptr = w };
	int r = epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_MOD, w->fd, &ev);
	ASSERT(r == 0);
}

void watch_stop(struct watch *w)
{
	struct loop *loop = w->loop;
	if (!loop)
		return;
	w->loop = NULL;
	if (!list_is_empty(&w->node)) {
		list_remove(&w->node);
		return;
	}
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = loop->batch_at; i < loop->batch_n; i++) {
		if (loop->batch[i].data.ptr == w)
			loop->batch[i].data.ptr = NULL;
	}
}

static void hand_out(struct loop *loop)
{
	while (loop->batch_at < loop->batch_n) {
		struct epoll_event *ev = &loop->batch[loop->batch_at++];
		if (ev->data.ptr == loop) {
			uint64_t n;
			ssize_t r = read(loop->wake_fd, &n, sizeof n);
			(void)r;
		} else if (ev->data.ptr) {
			struct watch *w = ev->data.ptr;
			unsigned events = from_epoll(ev->events, w->events);
			if (events)
				w->cb(w, events);
		}
	}
	/* Each once; a callback may take any of them off the list. */
	struct list turn = LIST_INIT(turn);
	list_splice(&turn, &loop->always_ready);
	struct list *node;
	while ((node = list_pop_front(&turn)) != NULL) {
		struct watch *w = LIST_ENTRY(node, struct watch, node);
		list_push_back(&loop->always_ready, node);
		if (w->events)
			w->cb(w, w->events);
	}
}

/* Timers. */

static bool fires_before(const struct timer *a, const struct timer *b)
{
	return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a->seq < b->seq;
}

static void heap_place(struct loop *loop, size_t i, struct timer *t)
{
	loop->heap[i] = t;
	t->heap_index = i;
}

static void sift_up(struct loop *loop, size_t i, struct timer *t)
{
	while (i) {
		size_t parent = (i - 1) / 2;
		if (!fires_before(t, loop->heap[parent]))
			break;
		heap_place(loop, i, loop->heap[parent]);
		i = parent;
	}
	heap_place(loop, i, t);
}

static void sift_down(struct loop *loop, size_t i, struct timer *t)
{
	for (;;) {
		size_t child = i * 2 + 1;
		if (child >= loop->heap_n)
			break;
		if (child + 1 < loop->heap_n &&
		    fires_before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!fires_before(loop->heap[child], t))
			break;
		heap_place(loop, i, loop->heap[child]);
		i = child;
	}
	heap_place(loop, i, t);
}

static void heap_remove(struct loop *loop, size_t i)
{
	struct timer *last = loop->heap[--loop->heap_n];
	if (i == loop->heap_n)
		return;
	if (i && fires_before(last, loop->heap[(i - 1) / 2]))
		sift_up(loop, i, last);
	else
		sift_down(loop, i, last);
}

void timer_init(struct timer *t, void (*cb)(struct timer *))
{
	*t = (struct timer){ .cb = cb };
	list_init(&t->due_node);
}

void timer_disarm(struct timer *t)
{
	if (!t->loop)
		return;
	if (t->heap_index == IN_DUE_LIST)
		list_remove(&t->due_node);
	else
		heap_remove(t->loop, t->heap_index);
	t->loop = NULL;
}

void timer_arm_at(struct timer *t, struct loop *loop, int64_t deadline_ns)
{
	timer_disarm(t);
	t->loop = loop;
	t->deadline_ns = deadline_ns;
	t->seq = loop->timer_seq++;
	loop->heap = xgrow(loop->heap, &loop->heap_allocated, loop->heap_n + 1, sizeof *loop->heap);
	sift_up(loop, loop->heap_n++, t);
}

void timer_arm_in(struct timer *t, struct loop *loop, int64_t delay_ns)
{
	int64_t now = clock_mono_ns();
	timer_arm_at(t, loop, delay_ns > INT64_MAX - now ? INT64_MAX : now + delay_ns);
}

static void fire_due(struct loop *loop)
{
	if (!loop->heap_n)
		return;
	int64_t now = clock_mono_ns();
	while (loop->heap_n && loop->heap[0]->deadline_ns <= now) {
		struct timer *t = loop->heap[0];
		heap_remove(loop, 0);
		t->heap_index = IN_DUE_LIST;
		list_push_back(&loop->due, &t->due_node);
	}
	struct list *node;
	while ((node = list_pop_front(&loop->due)) != NULL) {
		struct timer *t = LIST_ENTRY(node, struct timer, due_node);
		t->loop = NULL;
		t->cb(t);
	}
}

/* Deferred work. */

void deferred_init(struct deferred *d, void (*cb)(struct deferred *))
{
	*d = (struct deferred){ .cb = cb };
	list_init(&d->node);
}

void deferred_put(struct deferred *d, struct loop *loop)
{
	if (d->queued)
		return;
	d->queued = true;
	list_push_back(&loop->deferred, &d->node);
}

void deferred_cancel(struct deferred *d)
{
	if (!d->queued)
		return;
	d->queued = false;
	list_remove(&d->node);
}

static void run_deferred(struct loop *loop)
{
	struct list turn = LIST_INIT(turn);
	list_splice(&turn, &loop->deferred);
	struct list *node;
	while ((node = list_pop_front(&turn)) != NULL) {
		struct deferred *d = LIST_ENTRY(node, struct deferred, node);
		d->queued = false;
		d->cb(d);
	}
}

/* Milliseconds to sleep, rounded up so that we do not wake just before a deadline and spin. */
static int sleep_ms(const struct loop *loop, int timeout_ms)
{
	if (!list_is_empty(&loop->deferred) || !list_is_empty(&loop->always_ready))
		return 0;
	if (!loop->heap_n)
		return timeout_ms;
	int64_t left_ns = loop->heap[0]->deadline_ns - clock_mono_ns();
	if (left_ns <= 0)
		return 0;
	if (clock_is_stopped())
		return timeout_ms;
	int64_t left_ms = DIV_ROUND_UP(left_ns, NS_PER_MS);
	if (timeout_ms >= 0 && timeout_ms < left_ms)
		return timeout_ms;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

void loop_set_wait_hooks(struct loop *loop, void (*before)(void), void (*after)(void))
{
	loop->before_wait = before;
	loop->after_wait = after;
}

static int wait_for_events(struct loop *loop, int timeout_ms)
{
	int wait_ms = sleep_ms(loop, timeout_ms);
	if (loop->before_wait)
		loop->before_wait();
	int n = epoll_wait(loop->epoll_fd, loop->batch, BATCH, wait_ms);
	int error = n < 0 ? errno : 0;
	if (loop->after_wait)
		loop->after_wait();
	ASSERT(n >= 0 || error == EINTR);
	return MAX(n, 0);
}

void loop_once(struct loop *loop, int timeout_ms)
{
	int n = wait_for_events(loop, timeout_ms);
	loop->batch_at = 0;
	loop->batch_n = n;
	hand_out(loop);
	fire_due(loop);
	run_deferred(loop);
	loop->n_turns++;
}

void loop_run(struct loop *loop)
{
	while (!loop->stopping)
		loop_once(loop, -1);
}
