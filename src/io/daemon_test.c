/* SPDX-License-Identifier: Apache-2.0 */
/* Starts itself as a daemon ("serve" as the first argument) and looks at it from outside. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/control.h"
#include "io/daemon.h"

static char dir[] = "/tmp/daemon_test.XXXXXX";

/* The daemon. */

static struct loop *loop;
static struct control_call *waiting;
static struct timer tick;

static void quit(struct control_call *call, int argc, const char **argv, void *arg)
{
	control_reply(call, NULL);
	loop_stop(loop);
}

static void crash(struct control_call *call, int argc, const char **argv, void *arg) { abort(); }

static void echo(struct control_call *call, int argc, const char **argv, void *arg)
{
	AUTO_STR out = STR_INIT;
	for (int i = 1; i < argc; i++)
		str_putf(&out, "%s\n", argv[i]);
	control_reply(call, out.s);
}

static void on_tick(struct timer *t)
{
	control_reply(waiting, "ticked");
	waiting = NULL;
}

static void wait_hour(struct control_call *call, int argc, const char **argv, void *arg)
{
	waiting = call;
	timer_arm_in(&tick, loop, 3600 * NS_PER_SEC);
}

static int serve(int argc, char **argv)
{
	static const struct option longs[] = { DAEMON_LONG_OPTIONS, LOG_LONG_OPTIONS, { 0 } };
	struct daemon_options opts = { 0 };
	log_set_program("testd");
	int c;
	while ((c = getopt_long(argc, argv, "v::", longs, NULL)) != -1) {
		if (!daemon_option(&opts, c, optarg))
			return 2;
	}
	daemon_start(&opts);
	if (optind < argc && !strcmp(argv[optind], "fail"))
		log_fatal("will not serve");
	loop = loop_new();
	timer_init(&tick, on_tick);
	struct control_server *control;
	AUTO_ERR err = ERR_INIT;
	if (control_server_open(opts.unixctl, loop, &control, &err) < 0)
		log_fatal("%s", err_text(&err));
	control_register("exit", "", 0, 0, quit, NULL);
	control_register("crash", "", 0, 0, crash, NULL);
	control_register("echo", "ARG...", 1, -1, echo, NULL);
	control_register("wait-hour", "", 0, 0, wait_hour, NULL);
	daemon_on_signal(loop, NULL, NULL);
	daemon_ready(&opts);
	loop_run(loop);
	control_server_close(control);
	loop_free(loop);
	return 0;
}

/* The test. */

/* Exit status of the daemon's command line; what it printed on standard error in 'err'. */
static int start(struct str *err, const char *a, const char *b)
{
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		const char *const argv[] = { "testd",	   "serve",	   "--detach", "--pidfile",
					     "--log-file", "-vsyslog:off", a,	       b,
					     NULL };
		execv("/proc/self/exe", (char *const *)argv);
		_exit(127);
	}
	close(fds[1]);
	char buf[1000];
	ssize_t n;
	while ((n = read(fds[0], buf, sizeof buf)) > 0)
		str_put(err, buf, (size_t)n);
	close(fds[0]);
	int status;
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void ask(const char *command, const char *arg, int expect, const char *answer)
{
	const char *const argv[] = { command, arg };
	AUTO_FREE char *reply = NULL;
	AUTO_ERR err = ERR_INIT;
	int r = control_ask("testd", arg ? 2 : 1, argv, 10, &reply, &err);
	if (r != expect)
		fail_msg("%s: %d, %s", command, r, err_text(&err));
	if (answer)
		assert_string_equal(r ? err_text(&err) : reply, answer);
}

static bool exists(const char *name)
{
	AUTO_FREE char *path = path_in(dir, name);
	return access(path, F_OK) == 0;
}

static int pid_of_daemon(void)
{
	AUTO_FREE char *path = path_in(dir, "testd.pid");
	return daemon_read_pidfile(path, NULL);
}

static void wait_until_gone(void)
{
	for (int i = 0; i < 500 && exists("testd.pid"); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	assert_false(exists("testd.pid"));
}

static void detached_daemon_serves(void **state)
{
	AUTO_STR err = STR_INIT;
	assert_int_equal(start(&err, NULL, NULL), 0);
	/* The line about the log file goes to the console as well, being before detaching. */
	assert_null(strstr(str_cstr(&err), "|WARN|"));
	assert_true(pid_of_daemon() > 0);
	ask("version", NULL, 0, "testd (Open vSwitch) 3.1.0\n");
	ask("echo", "hi \"there\" €", 0, "hi \"there\" €\n");
	ask("nosuch", NULL, -EREMOTEIO,
	    "\"nosuch\" is not a valid command (use \"list-commands\" to see a list of valid "
	    "commands)\n");
	ask("echo", NULL, -EREMOTEIO, "\"echo\" command requires at least 1 arguments\n");
	ask("version", "x", -EREMOTEIO, "\"version\" command takes at most 0 arguments\n");
	ask("vlog/set", "PATTERN:nowhere:%m", -EREMOTEIO, "unknown destination \"nowhere\"\n");
	ask("vlog/set", "daemon_unix:file:warn", 0, "");
	ask("vlog/reopen", NULL, 0, "");
	ask("coverage/read-counter", "unixctl_replied", 0, NULL);
	ask("memory/show", NULL, 0, "");

	/* A second one says that the first is there. */
	str_clear(&err);
	assert_int_equal(start(&err, NULL, NULL), 1);
	assert_non_null(strstr(str_cstr(&err), "already running as pid"));
	ask("exit", NULL, 0, "");
	wait_until_gone();
	assert_true(exists("testd.log"));
}

static void failing_start_is_seen(void **state)
{
	AUTO_STR err = STR_INIT;
	assert_int_equal(start(&err, "fail", NULL), 1);
	assert_non_null(strstr(str_cstr(&err), "testd: will not serve\n"));
	assert_false(exists("testd.pid"));
}

static void warp_fires_timers(void **state)
{
	AUTO_STR err = STR_INIT;
	assert_int_equal(start(&err, NULL, NULL), 0);
	ask("time/stop", NULL, 0, "");
	ask("time/warp", "x", -EREMOTEIO, "invalid MSECS\n");
	pid_t pid = fork();
	if (!pid) {
		const char *const argv[] = { "wait-hour" };
		AUTO_FREE char *reply = NULL;
		_exit(control_ask("testd", 1, argv, 10, &reply, NULL) == 0 &&
				      !strcmp(reply, "ticked\n")
			      ? 0
			      : 1);
	}
	/* The call must be there before time goes on. */
	nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	ask("time/warp", "3600001", 0, "warped\n");
	int status;
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	ask("exit", NULL, 0, "");
	wait_until_gone();
}

static void a_signal_leaves_nothing_behind(void **state)
{
	AUTO_STR err = STR_INIT;
	assert_int_equal(start(&err, NULL, NULL), 0);
	int pid = pid_of_daemon();
	AUTO_FREE char *ctl = xasprintf("testd.%d.ctl", pid);
	assert_true(exists(ctl));
	kill(pid, SIGTERM);
	wait_until_gone();
	assert_false(exists(ctl));
}

static void monitor_restarts_what_crashed(void **state)
{
	AUTO_STR err = STR_INIT;
	assert_int_equal(start(&err, "--monitor", NULL), 0);
	int first = pid_of_daemon();
	assert_true(first > 0);
	kill(first, SIGABRT);
	int second = -1;
	for (int i = 0; i < 1500 && (second <= 0 || second == first); i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		second = pid_of_daemon();
	}
	assert_true(second > 0 && second != first);
	nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	ask("exit", NULL, 0, "");
	wait_until_gone();
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "serve"))
		return serve(argc - 1, argv + 1);
	assert_non_null(mkdtemp(dir));
	setenv("OVS_RUNDIR", dir, 1);
	setenv("OVS_LOGDIR", dir, 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detached_daemon_serves),
		cmocka_unit_test(failing_start_is_seen),
		cmocka_unit_test(warp_fires_timers),
		cmocka_unit_test(a_signal_leaves_nothing_behind),
		cmocka_unit_test(monitor_restarts_what_crashed),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	AUTO_FREE char *clean = xasprintf("rm -rf %s", dir);
	return system(clean) ? 1 : r;
}
