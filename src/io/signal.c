/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that end a process. Before a loop takes them over the handler itself unlinks files and
 * lets the signal have its way; afterwards it only notes the signal and wakes the loop. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "io/daemon.h"

LOG_MODULE(fatal_signal);

static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };

static struct loop *the_loop;
static void (*callback)(int signum, void *arg);
static void *callback_arg;
static volatile sig_atomic_t caught;
static struct watch wake;
static int wake_pipe[2];

static void die_now(int signum)
{
	daemon_unlink_now();
	signal(signum, SIG_DFL);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signum);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signum);
}

static void handle(int signum)
{
	if (!the_loop || caught) { /* caught: the loop hangs, and somebody insists */
		die_now(signum);
		return;
	}
	int saved = errno;
	caught = signum;
	ssize_t n = write(wake_pipe[1], "", 1);
	(void)n;
	errno = saved;
}

void daemon_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = handle };
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction old;
		/* Who started us with a signal ignored (nohup) wants it ignored. */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &sa, NULL);
	}
}

void daemon_die(int signum)
{
	log_warn("terminating with signal %d (%s)", signum, strsignal(signum));
	die_now(signum);
	_exit(128 + signum);
}

static void on_wake(struct watch *w, unsigned events UNUSED)
{
	char buf[64];
	ssize_t n = read(w->fd, buf, sizeof buf);
	(void)n;
	int signum = caught;
	if (!signum)
		return;
	caught = 0;
	if (callback)
		callback(signum, callback_arg);
	else
		daemon_die(signum);
}

void daemon_on_signal(struct loop *loop, void (*cb)(int signum, void *arg), void *arg)
{
	callback = cb;
	callback_arg = arg;
	if (the_loop)
		return;
	int r = pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK);
	ASSERT(r == 0);
	watch_init(&wake, wake_pipe[0], on_wake);
	watch_start(&wake, loop, LOOP_READ);
	the_loop = loop;
	daemon_catch_signals();
}
