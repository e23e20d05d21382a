/* SPDX-License-Identifier: Apache-2.0 */
/* The control lock, and how it goes with RCU.
 *
 * QSBR readers must not block while online: a thread that waits for the lock would hold up a grace
 * period that the lock's holder waits for. So control_lock() takes the thread offline while it
 * waits. What a datapath thread had looked up before is therefore gone after it: misses are handled
 * last in a batch, and look again.
 *
 * Plain mutexes are not fair, and a flood of misses from several threads could keep the main thread
 * out for long. Waiters are therefore served in order of arrival (a ticket lock that sleeps): the
 * main thread waits for at most one miss a datapath thread. */
#include <pthread.h>

#include "base/rcu.h"
#include "fastpath/fastpath.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static uint64_t next_ticket, serving;
static __thread bool is_rcu_thread;

static void lock(void)
{
	pthread_mutex_lock(&mutex);
	uint64_t ticket = next_ticket++;
	while (ticket != serving)
		pthread_cond_wait(&turn, &mutex);
	pthread_mutex_unlock(&mutex);
}

static void unlock(void)
{
	pthread_mutex_lock(&mutex);
	serving++;
	bool wanted = next_ticket != serving;
	pthread_mutex_unlock(&mutex);
	if (wanted)
		pthread_cond_broadcast(&turn);
}

void control_lock(void)
{
	if (!is_rcu_thread) {
		lock();
		return;
	}
	rcu_thread_offline();
	lock();
	rcu_thread_online();
}

void control_unlock(void) { unlock(); }

void control_register_thread(void)
{
	rcu_register_thread();
	is_rcu_thread = true;
}

void control_unregister_thread(void)
{
	rcu_unregister_thread();
	is_rcu_thread = false;
}

static void before_wait(void)
{
	unlock();
	rcu_thread_offline();
}

static void after_wait(void)
{
	lock();
	rcu_thread_online();
}

void control_adopt_loop(struct loop *loop)
{
	lock();
	control_register_thread();
	loop_set_wait_hooks(loop, before_wait, after_wait);
}
