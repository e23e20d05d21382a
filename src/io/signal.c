/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that end a process. Before a loop takes them over the handler itself unlinks files and
 * lets the signal have its way; afterwards it only notes the signal and wakes the loop. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
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

/* The log is not for signal handlers: the one line that a program which ran out of time has to say
 * is put together by hand. */
static bool timeout_set;

static char *put_number(char *p, unsigned v, int n_digits)
{
	for (int i = n_digits - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n_digits;
}

static void say_timeout(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	unsigned sec = (unsigned)(ts.tv_sec % 86400);
	/* Days since 1970 to a date of the Gregorian calendar, with years that begin in March. */
	unsigned days = (unsigned)(ts.tv_sec / 86400) + 719468;
	unsigned era = days / 146097, doe = days % 146097;
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned month_from_march = (5 * doy + 2) / 153;
	unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	char line[128], *p = line;
	p = put_number(p, yoe + era * 400 + (month <= 2), 4);
	*p++ = '-';
	p = put_number(p, month, 2);
	*p++ = '-';
	p = put_number(p, doy - (153 * month_from_march + 2) / 5 + 1, 2);
	*p++ = 'T';
	p = put_number(p, sec / 3600, 2);
	*p++ = ':';
	p = put_number(p, sec / 60 % 60, 2);
	*p++ = ':';
	p = put_number(p, sec % 60, 2);
	p = stpcpy(p, "Z|00001|fatal_signal|WARN|terminating with signal 14 (Alarm clock)\n");
	ssize_t n = write(STDERR_FILENO, line, (size_t)(p - line));
	(void)n;
}

static void die_now(int signum)
{
	if (signum == SIGALRM && timeout_set)
		say_timeout();
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

void daemon_set_timeout(unsigned secs)
{
	timeout_set = true;
	daemon_catch_signals();
	alarm(secs);
}

void daemon_die(int signum)
{
	if (signum != SIGALRM || !timeout_set)
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
