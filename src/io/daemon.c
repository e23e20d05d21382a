/* SPDX-License-Identifier: Apache-2.0 */
/* Starting as a daemon. With --detach and --monitor there are up to three processes:
 *
 *	parent    waits on a pipe until the worker serves, then exits 0; if the worker dies first,
 *	          exits with its status, so that a start script sees the failure
 *	monitor   (--monitor) starts the worker again when a signal such as SIGSEGV killed it
 *	worker    serves
 *
 * Everything after daemon_start() runs in the worker alone. It must therefore be called before
 * loops, threads and sockets are made. */
#include "io/daemon.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/pidfile.h"
#include "io/tls.h"

LOG_MODULE(daemon_unix);

#define RESTART_PAUSE_S 10

static int ready_fd = -1; /* the worker's end of the pipe to its parent */
static bool log_file_wanted;
static const char *log_file; /* NULL: default */

static bool tls_option(int c, const char *arg)
{
	switch (c) {
	case 'p':
	case OPT_SSL_KEY:
		tls_config_set_key(arg);
		return true;
	case 'c':
	case OPT_SSL_CERT:
		tls_config_set_cert(arg);
		return true;
	case 'C':
	case OPT_SSL_CA:
		tls_config_set_ca(arg, false);
		return true;
	case OPT_SSL_BOOTSTRAP_CA:
		tls_config_set_ca(arg, true);
		return true;
	case OPT_SSL_PEER_CA:
		tls_config_set_peer_ca(arg);
		return true;
	case OPT_SSL_PROTOCOLS:
		tls_config_set_protocols(arg);
		return true;
	case OPT_SSL_CIPHERS:
		tls_config_set_ciphers(arg);
		return true;
	}
	return false;
}

static void log_option_or_die(const char *spec)
{
	AUTO_ERR err = ERR_INIT;
	if (log_set_from_str(spec, &err) < 0)
		log_fatal("processing \"%s\": %s", spec, err_text(&err));
}

static bool log_option(int c, const char *arg)
{
	AUTO_ERR err = ERR_INIT;
	switch (c) {
	case 'v':
		log_option_or_die(arg ? arg : "dbg");
		return true;
	case OPT_LOG_FILE:
		log_file_wanted = true;
		log_file = arg;
		return true;
	case OPT_SYSLOG_TARGET:
	case OPT_SYSLOG_METHOD:
		if (log_set_syslog(c == OPT_SYSLOG_METHOD ? arg : NULL,
				   c == OPT_SYSLOG_TARGET ? arg : NULL, &err) < 0)
			log_fatal("%s", err_text(&err));
		return true;
	}
	return false;
}

bool daemon_option(struct daemon_options *o, int c, const char *arg)
{
	switch (c) {
	case OPT_DETACH:
		o->detach = true;
		return true;
	case OPT_NO_CHDIR:
		o->no_chdir = true;
		return true;
	case OPT_PIDFILE:
		o->pidfile_wanted = true;
		free(o->pidfile);
		o->pidfile = arg ? path_in_rundir(arg) : NULL;
		return true;
	case OPT_OVERWRITE_PIDFILE:
		o->overwrite_pidfile = true;
		return true;
	case OPT_MONITOR:
		o->monitor = true;
		return true;
	case OPT_USER:
		free(o->user);
		o->user = xstrdup(arg);
		return true;
	case OPT_NO_SELF_CONFINEMENT:
		return true; /* we do not confine ourselves; units and MAC policies do */
	case OPT_UNIXCTL:
		free(o->unixctl);
		o->unixctl = xstrdup(arg);
		return true;
	}
	return log_option(c, arg) || tls_option(c, arg);
}

void daemon_open_log(void)
{
	AUTO_ERR err = ERR_INIT;
	if (log_file_wanted && log_open_file(log_file, &err) < 0)
		log_warn("%s", err_text(&err));
}

/* --user. */

static gid_t group_or_die(const char *user, const char *name)
{
	const struct group *gr = getgrnam(name);
	if (!gr)
		log_fatal("group %s of --user %s not found, aborting", name, user);
	return gr->gr_gid;
}

static void become_user(const struct daemon_options *o)
{
	AUTO_FREE char *user = xstrdup(o->user);
	char *group = strchr(user, ':');
	if (group)
		*group++ = '\0';
	if (geteuid() != 0)
		log_fatal("--user needs root to start with, aborting");
	const struct passwd *pw = *user ? getpwnam(user) : getpwuid(getuid());
	if (!pw)
		log_fatal("user %s not found, aborting", user);
	gid_t gid = group && *group ? group_or_die(o->user, group) : pw->pw_gid;
	if (initgroups(pw->pw_name, gid) < 0 || setresgid(gid, gid, gid) < 0)
		log_fatal("--user %s: group: %s, aborting", o->user, err_name(errno));
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < o->n_keep_caps; i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, o->keep_caps[i]);
	/* libcap-ng keeps the capabilities over the change of user and clears the rest. */
	int r = o->n_keep_caps ? capng_change_id((int)pw->pw_uid, (int)gid, CAPNG_INIT_SUPP_GRP)
			       : setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid);
	if (r)
		log_fatal("--user %s: could not become that user (%d), aborting", o->user, r);
}

/* Forking. */

/* -1 if a signal ended it, whose name goes to 'how'. */
static int wait_for(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			log_fatal("waitpid: %s", err_name(errno));
	}
	return WIFEXITED(*ret_status) ? WEXITSTATUS(*ret_status) : -1;
}

/* Forks a child that tells when it is ready. The parent returns the child's pid once that has
 * happened, or ends the program as the child ended; the child returns 0. */
static pid_t fork_and_wait_until_ready(void)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		log_fatal("pipe: %s", err_name(errno));
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		log_fatal("could not fork: %s", err_name(errno));
	if (!pid) {
		close(fds[0]);
		if (ready_fd >= 0)
			close(ready_fd);
		ready_fd = fds[1];
		return 0;
	}
	close(fds[1]);
	char byte;
	ssize_t n;
	do {
		n = read(fds[0], &byte, 1);
	} while (n < 0 && errno == EINTR);
	close(fds[0]);
	if (n == 1)
		return pid;
	int status, code = wait_for(pid, &status);
	if (code < 0)
		log_fatal("fork child died before signaling startup (killed by signal %d, %s)",
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	_exit(code ? code : 1);
}

static void tell_parent(void)
{
	if (ready_fd < 0)
		return;
	ssize_t n = write(ready_fd, "", 1);
	(void)n;
	close(ready_fd);
	ready_fd = -1;
}

static void close_standard_streams(bool keep_stdout)
{
	int fd = open("/dev/null", O_RDWR);
	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++) {
		if (i != STDOUT_FILENO || !keep_stdout)
			dup2(fd, i);
	}
	if (fd > 2)
		close(fd);
	log_mute_console();
}

/* A signal that says the program is broken, rather than that somebody wants it gone. */
static bool is_crash(int status)
{
	static const int crashes[] = { SIGABRT, SIGALRM, SIGBUS,  SIGFPE, SIGILL,
				       SIGPIPE, SIGSEGV, SIGXCPU, SIGXFSZ };
	for (size_t i = 0; WIFSIGNALED(status) && i < ARRAY_SIZE(crashes); i++) {
		if (WTERMSIG(status) == crashes[i])
			return true;
	}
	return false;
}

static int64_t now_s(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts); /* not base/clock: the monitor is never warped */
	return ts.tv_sec;
}

/* Returns in the worker only. A program that crashes again within RESTART_PAUSE_S of its last
 * restart is given that pause. */
static void monitor(bool detached)
{
	int64_t last_restart = INT64_MIN / 2;
	log_set_subprogram("monitor");
	for (int n_crashes = 0;; n_crashes++) {
		pid_t pid = fork_and_wait_until_ready();
		if (!pid) {
			log_set_subprogram("");
			return;
		}
		if (!n_crashes) {
			tell_parent();
			if (detached)
				close_standard_streams(false);
		}
		int status, code = wait_for(pid, &status);
		if (!is_crash(status)) {
			if (code < 0)
				log_info("pid %d died, killed (%s), exiting", (int)pid,
					 strsignal(WTERMSIG(status)));
			_exit(MAX(code, 0));
		}
		log_err("%d crashes: pid %d died, killed (%s)%s, restarting", n_crashes + 1,
			(int)pid, strsignal(WTERMSIG(status)),
			WCOREDUMP(status) ? ", core dumped" : "");
		int64_t pause = last_restart + RESTART_PAUSE_S - now_s();
		if (pause > 0)
			sleep((unsigned)pause);
		last_restart = now_s();
	}
}

void daemon_start(struct daemon_options *o)
{
	signal(SIGPIPE, SIG_IGN);
	if (o->pidfile_wanted && !o->pidfile) {
		AUTO_FREE char *name = xasprintf("%s.pid", log_program());
		o->pidfile = path_in_rundir(name);
	}
	AUTO_ERR err = ERR_INIT;
	if (o->pidfile && !o->overwrite_pidfile && pidfile_check_free(o->pidfile, &err) < 0)
		log_fatal("%s", err_text(&err));
	if (o->user)
		become_user(o);
	if (o->detach) {
		if (fork_and_wait_until_ready())
			_exit(0);
		setsid();
	}
	daemon_open_log();
	if (o->monitor)
		monitor(o->detach);
	daemon_catch_signals();
	if (o->pidfile && pidfile_create(o->pidfile, &err) < 0)
		log_fatal("%s", err_text(&err));
	if (o->detach && !o->no_chdir && chdir("/") < 0)
		log_warn("could not change to the root directory: %s", err_name(errno));
}

void daemon_ready(struct daemon_options *o)
{
	tell_parent();
	if (o->detach)
		close_standard_streams(o->keep_stdout);
}
