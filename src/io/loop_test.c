/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "io/loop.h"

struct tick {
	struct timer timer;
	int id;
};

static int fired[2000];
static int n_fired;

static void note(struct timer *t) { fired[n_fired++] = CONTAINER_OF(t, struct tick, timer)->id; }

static void timers_fire_in_order(void **state)
{
	clock_stop();
	struct loop *loop = loop_new();
	static struct tick ticks[1000];
	int64_t now = clock_mono_ns();
	for (int i = 0; i < 1000; i++) {
		ticks[i].id = (int)random_below(50);
		timer_init(&ticks[i].timer, note);
		timer_arm_at(&ticks[i].timer, loop, now + ticks[i].id * NS_PER_MS);
	}
	for (int i = 0; i < 1000; i += 3)
		timer_disarm(&ticks[i].timer);
	for (int i = 0; i < 60; i++) {
		loop_once(loop, 0);
		clock_warp(NS_PER_MS);
	}
	assert_int_equal(n_fired, 1000 - 334);
	for (int i = 1; i < n_fired; i++)
		assert_true(fired[i - 1] <= fired[i]);
	loop_free(loop);
}

static struct loop *the_loop;
static int n_again;
static struct tick victim;

static void again(struct timer *t)
{
	n_again++;
	timer_disarm(&victim.timer);
	timer_arm_in(t, the_loop, -1);
}

static void rearming_waits_for_the_next_turn(void **state)
{
	the_loop = loop_new();
	struct timer t;
	timer_init(&t, again);
	timer_init(&victim.timer, note);
	n_fired = 0;
	timer_arm_in(&t, the_loop, 0);
	timer_arm_in(&victim.timer, the_loop, 0);
	loop_once(the_loop, 0);
	assert_int_equal(n_again, 1);
	loop_once(the_loop, -1);
	assert_int_equal(n_again, 2);
	assert_int_equal(n_fired, 0);
	loop_free(the_loop);
}

static struct watch pair[2];
static int n_read;

static void stop_the_other(struct watch *w, unsigned events)
{
	assert_true(events & LOOP_READ);
	n_read++;
	watch_stop(&pair[0]);
	watch_stop(&pair[1]);
}

static void a_stopped_watch_gets_no_event(void **state)
{
	struct loop *loop = loop_new();
	int fds[2][2];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
		watch_init(&pair[i], fds[i][0], stop_the_other);
		watch_start(&pair[i], loop, LOOP_READ);
	}
	loop_once(loop, -1);
	assert_int_equal(n_read, 1);
	loop_once(loop, 0);
	assert_int_equal(n_read, 1);
	for (int i = 0; i < 2; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	loop_free(loop);
}

static void regular_files_are_ready(void **state)
{
	struct loop *loop = loop_new();
	n_read = 0;
	watch_init(&pair[0], open("/proc/self/exe", O_RDONLY), stop_the_other);
	watch_init(&pair[1], -1, stop_the_other);
	watch_start(&pair[0], loop, LOOP_READ);
	loop_once(loop, -1);
	assert_int_equal(n_read, 1);
	close(pair[0].fd);
	loop_free(loop);
}

static int n_deferred;

static void later(struct deferred *d)
{
	if (++n_deferred < 3)
		deferred_put(d, the_loop);
}

static void deferred_runs_once_a_turn(void **state)
{
	the_loop = loop_new();
	struct deferred d;
	deferred_init(&d, later);
	deferred_put(&d, the_loop);
	deferred_put(&d, the_loop);
	loop_once(the_loop, -1);
	assert_int_equal(n_deferred, 1);
	loop_once(the_loop, -1);
	loop_once(the_loop, -1);
	assert_int_equal(n_deferred, 3);
	deferred_put(&d, the_loop);
	deferred_cancel(&d);
	loop_once(the_loop, 0);
	assert_int_equal(n_deferred, 3);
	loop_free(the_loop);
}

static void *waker(void *loop)
{
	loop_wake(loop);
	return NULL;
}

static void another_thread_wakes_it(void **state)
{
	struct loop *loop = loop_new();
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, waker, loop), 0);
	loop_once(loop, -1);
	pthread_join(thread, NULL);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order),
		cmocka_unit_test(rearming_waits_for_the_next_turn),
		cmocka_unit_test(a_stopped_watch_gets_no_event),
		cmocka_unit_test(regular_files_are_ready),
		cmocka_unit_test(deferred_runs_once_a_turn),
		cmocka_unit_test(another_thread_wakes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
