/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: what every daemon does at start and end: options shared by all (--detach --no-chdir
 * --pidfile --overwrite-pidfile --monitor --user -v --log-file --unixctl ..), pidfile with a lock,
 * detaching so that the parent returns when the daemon serves, signals, and the places of files.
 * See ovs-vswitchd(8), "Daemon Options". */
#pragma once
#include <getopt.h>
#include "base/err.h"
#include "base/path.h"
#include "io/loop.h"

struct daemon_options {
	bool detach, no_chdir, monitor, overwrite_pidfile;
	bool pidfile_wanted;
	char *pidfile; /* NULL: default */
	char *user;
	char *unixctl; /* NULL: default */
	/* Capabilities (CAP_*) to keep when --user gives up root; the rest are dropped. */
	const unsigned *keep_caps;
	size_t n_keep_caps;
	bool keep_stdout; /* --detach leaves standard output open: its text is what we are for */
};

/* For getopt_long tables: put DAEMON_LONG_OPTIONS in the table, and hand what getopt returns to
 * daemon_option(), which is true if it was one of them. VLOG_ and SSL_ likewise. */
enum {
	OPT_DAEMON_FIRST = 0x1000,
	OPT_DETACH = OPT_DAEMON_FIRST,
	OPT_NO_CHDIR,
	OPT_PIDFILE,
	OPT_OVERWRITE_PIDFILE,
	OPT_MONITOR,
	OPT_USER,
	OPT_UNIXCTL,
	OPT_NO_SELF_CONFINEMENT,
	OPT_LOG_FILE,
	OPT_SYSLOG_TARGET,
	OPT_SYSLOG_METHOD,
	OPT_SSL_KEY,
	OPT_SSL_CERT,
	OPT_SSL_CA,
	OPT_SSL_BOOTSTRAP_CA,
	OPT_SSL_PEER_CA,
	OPT_SSL_PROTOCOLS,
	OPT_SSL_CIPHERS,
	OPT_DAEMON_LAST,
};
/* clang-format off */
#define DAEMON_LONG_OPTIONS									\
	{ "detach", no_argument, NULL, OPT_DETACH },						\
	{ "no-chdir", no_argument, NULL, OPT_NO_CHDIR },					\
	{ "pidfile", optional_argument, NULL, OPT_PIDFILE },					\
	{ "overwrite-pidfile", no_argument, NULL, OPT_OVERWRITE_PIDFILE },			\
	{ "monitor", no_argument, NULL, OPT_MONITOR },						\
	{ "user", required_argument, NULL, OPT_USER },						\
	{ "unixctl", required_argument, NULL, OPT_UNIXCTL },					\
	{ "no-self-confinement", no_argument, NULL, OPT_NO_SELF_CONFINEMENT }
#define LOG_LONG_OPTIONS									\
	{ "verbose", optional_argument, NULL, 'v' },						\
	{ "log-file", optional_argument, NULL, OPT_LOG_FILE },					\
	{ "syslog-target", required_argument, NULL, OPT_SYSLOG_TARGET },			\
	{ "syslog-method", required_argument, NULL, OPT_SYSLOG_METHOD }
#define TLS_LONG_OPTIONS									\
	{ "private-key", required_argument, NULL, OPT_SSL_KEY },				\
	{ "certificate", required_argument, NULL, OPT_SSL_CERT },				\
	{ "ca-cert", required_argument, NULL, OPT_SSL_CA },					\
	{ "bootstrap-ca-cert", required_argument, NULL, OPT_SSL_BOOTSTRAP_CA },			\
	{ "peer-ca-cert", required_argument, NULL, OPT_SSL_PEER_CA },				\
	{ "ssl-protocols", required_argument, NULL, OPT_SSL_PROTOCOLS },			\
	{ "ssl-ciphers", required_argument, NULL, OPT_SSL_CIPHERS }
/* clang-format on */

/* Handles one of the options above, and the letters -v, -p, -c and -C that go with them; false if
 * 'c' is none of them (a program that gives these letters another meaning looks first). A bad value
 * ends the program with an error. */
bool daemon_option(struct daemon_options *, int c, const char *optarg);

/* Opens the file that --log-file asked for: for programs that are no daemons. */
void daemon_open_log(void);
/* Forks if asked to; the parent waits for daemon_ready(). Opens the log file. */
void daemon_start(struct daemon_options *);
/* Pidfile is written, standard streams are closed, the parent may go. Call when serving. */
void daemon_ready(struct daemon_options *);
/* Ends the process by the signal, as if it had never been caught, after unlinking files. */
void daemon_die(int signum) NORETURN;
/* Ends the process after about 'secs' by SIGALRM, with a line on standard error: --timeout. */
void daemon_set_timeout(unsigned secs);
/* Calls cb on the loop at SIGTERM, SIGINT, SIGHUP, SIGALRM; cb NULL: a line in the log and
 * daemon_die(). Files registered are unlinked at the end of the process, also if it ends by a
 * signal. Without daemon_on_signal() these signals end the process at once, but tidily, once
 * daemon_catch_signals() was called. */
void daemon_catch_signals(void);
void daemon_on_signal(struct loop *, void (*cb)(int signum, void *arg), void *arg);
void daemon_unlink_at_exit(const char *path);
void daemon_forget_unlink(const char *path);
void daemon_unlink_now(void); /* async-signal-safe */
/* Pid in the file, or -errno. */
MUST_CHECK int daemon_read_pidfile(const char *path, struct err *err);
