/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/service.h"

/* All programs that are called ovs-something are this binary. */
static bool is_ours(const char *name) { return str_starts(name, "ovs"); }

static void exec_child(const char *const argv[], int out, bool quiet) NORETURN;
static void exec_child(const char *const argv[], int out, bool quiet)
{
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	int null = quiet ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	if (is_ours(argv[0]))
		execv("/proc/self/exe", (char *const *)argv);
	else
		execvp(argv[0], (char *const *)argv);
	dprintf(STDERR_FILENO, "%s: %s: %s\n", log_program(), argv[0], err_name(errno));
	_exit(127);
}

static int wait_status(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 127;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static pid_t start(const char *const argv[], int out, bool quiet)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		log_fatal("could not fork: %s", err_name(errno));
	if (!pid)
		exec_child(argv, out, quiet);
	return pid;
}

int child_run(const char *const argv[]) { return wait_status(start(argv, -1, false)); }

int child_capture(const char *const argv[], bool quiet, struct str *ret)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		log_fatal("pipe: %s", err_name(errno));
	pid_t pid = start(argv, fds[1], quiet);
	close(fds[1]);
	char buf[4096];
	ssize_t n;
	while ((n = read(fds[0], buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0)
			str_put(ret, buf, (size_t)n);
	}
	close(fds[0]);
	return wait_status(pid);
}
