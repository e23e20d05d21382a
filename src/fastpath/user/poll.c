/* SPDX-License-Identifier: Apache-2.0 */
/* Datapath threads: each waits for the queues given to it (epoll), and sleeps when there is nothing
 * to do: guests need the processors, too.
 *
 * An event names its queue by number, not by address: between the kernel's answer and our use of it
 * the port may be taken away, which waits for threads that are online only. The number is looked up
 * under RCU, and a queue that is another thread's by now is left alone. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "fastpath/user/user.h"

LOG_MODULE(dp_threads);

enum { EVENTS = 64, ROUNDS = 8 };

struct poll_thread {
	pthread_t pthread;
	struct user_fastpath *fp;
	unsigned index;
	int epoll_fd, wake_fd;
	unsigned n_queues;
	bool stop; /* atomic */
};

static uint64_t event_of(uint32_t dp_port, unsigned queue)
{
	return (uint64_t)dp_port << 8 | queue;
}
#define WAKE_EVENT UINT64_MAX

/* One batch; false: nothing more waits, or the queue is not ours any more. */
static bool serve(struct poll_thread *t, uint64_t event)
{
	uint64_t dp_port = event >> 8;
	unsigned queue = event & 0xff;
	struct user_port *up = rcu_dereference(t->fp->ports[dp_port]);
	if (!up || up->thread_of[queue] != t->index)
		return false;
	struct exec *ex = t->fp->execs[t->index];
	struct packet *batch[PACKET_BATCH];
	int n = up->port->ops->rx(up->port, queue, batch);
	if (n <= 0)
		return false;
	/* The kernel's upcalls come from many ports by one queue, and say which. */
	if (up->port->ops->kind != PORT_UPCALLS) {
		for (int i = 0; i < n; i++)
			batch[i]->dp_port = up->dp_port;
	}
	exec_receive(ex, batch, (unsigned)n);
	exec_finish(ex);
	rcu_quiescent_state();
	return n == PACKET_BATCH;
}

static bool is_among(uint64_t event, const uint64_t *busy, unsigned n)
{
	unsigned i = 0;
	while (i < n && busy[i] != event)
		i++;
	return i < n;
}

/* A busy queue gets a few batches before its neighbours' turn. True: it has more. */
static bool serve_rounds(struct poll_thread *t, uint64_t event)
{
	for (int round = 0; round < ROUNDS; round++) {
		if (!serve(t, event))
			return false;
	}
	return true;
}

static void *run(void *arg)
{
	struct poll_thread *t = arg;
	struct epoll_event events[EVENTS];
	/* Queues that still had more: their descriptors need not say so, since a port may have made
	 * many packets of one that it received. */
	uint64_t busy[EVENTS];
	unsigned n_busy = 0;
	control_register_thread();
	while (!__atomic_load_n(&t->stop, __ATOMIC_RELAXED)) {
		rcu_thread_offline();
		int n = epoll_wait(t->epoll_fd, events, EVENTS, n_busy ? 0 : -1);
		rcu_thread_online();
		unsigned n_old = n_busy;
		n_busy = 0;
		for (unsigned i = 0; i < n_old; i++) {
			if (serve_rounds(t, busy[i]))
				busy[n_busy++] = busy[i];
		}
		for (int i = 0; i < n; i++) {
			uint64_t event = events[i].data.u64;
			if (event != WAKE_EVENT && serve_rounds(t, event) && n_busy < EVENTS &&
			    !is_among(event, busy, n_busy))
				busy[n_busy++] = event;
		}
	}
	control_unregister_thread();
	packet_pool_drain();
	return NULL;
}

static unsigned n_cpus(void)
{
	cpu_set_t set;
	return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static struct poll_thread *thread_start(struct user_fastpath *fp, unsigned index)
{
	struct poll_thread *t = xzalloc(sizeof *t);
	t->fp = fp;
	t->index = index;
	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT(t->epoll_fd >= 0 && t->wake_fd >= 0);
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = WAKE_EVENT };
	int r = epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->wake_fd, &ev);
	ASSERT(r == 0);
	fp->execs[index] = exec_new(fp, index);
	/* Signals are the main thread's. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&t->pthread, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	ASSERT(r == 0);
	char name[16];
	snprintf(name, sizeof name, "datapath%u", index);
	pthread_setname_np(t->pthread, name);
	return t;
}

static void start(struct user_fastpath *fp)
{
	unsigned n = CLAMP(n_cpus(), 1, MAX_THREADS);
	for (unsigned i = 0; i < n; i++)
		fp->threads[i] = thread_start(fp, i);
	fp->n_threads = n;
	log_info("%s: %u datapath threads", fp->base.name, n);
}

void poll_stop(struct user_fastpath *fp)
{
	for (unsigned i = 0; i < fp->n_threads; i++) {
		struct poll_thread *t = fp->threads[i];
		uint64_t one = 1;
		__atomic_store_n(&t->stop, true, __ATOMIC_RELAXED);
		ssize_t r = write(t->wake_fd, &one, sizeof one);
		(void)r;
	}
	/* Threads may wait for the control lock, which the caller holds. */
	if (fp->n_threads)
		control_unlock();
	for (unsigned i = 0; i < fp->n_threads; i++)
		pthread_join(fp->threads[i]->pthread, NULL);
	if (fp->n_threads)
		control_lock();
	for (unsigned i = 0; i < fp->n_threads; i++) {
		struct poll_thread *t = fp->threads[i];
		close(t->epoll_fd);
		close(t->wake_fd);
		free(t);
	}
	fp->n_threads = 0;
}

void poll_add_port(struct user_fastpath *fp, struct user_port *up)
{
	if (up->port->n_rxq && !fp->n_threads)
		start(fp);
	for (unsigned q = 0; q < MIN(up->port->n_rxq, PORT_MAX_QUEUES); q++) {
		unsigned best = 0;
		for (unsigned i = 1; i < fp->n_threads; i++) {
			if (fp->threads[i]->n_queues < fp->threads[best]->n_queues)
				best = i;
		}
		struct poll_thread *t = fp->threads[best];
		t->n_queues++;
		up->thread_of[q] = best;
		struct epoll_event ev = { .events = EPOLLIN, .data.u64 = event_of(up->dp_port, q) };
		if (epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, up->port->ops->rx_fd(up->port, q), &ev) <
		    0)
			log_err("%s: cannot wait for packets: %s", up->port->name, err_name(errno));
	}
}

void poll_del_port(struct user_fastpath *fp, struct user_port *up)
{
	for (unsigned q = 0; q < MIN(up->port->n_rxq, PORT_MAX_QUEUES); q++) {
		if (up->thread_of[q] >= fp->n_threads)
			continue; /* never polled */
		struct poll_thread *t = fp->threads[up->thread_of[q]];
		epoll_ctl(t->epoll_fd, EPOLL_CTL_DEL, up->port->ops->rx_fd(up->port, q), NULL);
		t->n_queues--;
	}
}
