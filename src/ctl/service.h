/* SPDX-License-Identifier: Apache-2.0 */
/* service: starts and stops the two daemons, with all that goes before and after: directories, the
 * database made or brought up to date, first values in it, flows kept over a restart. For 'weft
 * start' and ovs-ctl(8), which say what they do on standard output.
 * Threads: one; programs are run one after the other. */
#pragma once
#include "base/compiler.h"
#include "base/str.h"
#include "base/strmap.h"

struct service_options {
	bool no_ovsdb_server, no_ovs_vswitchd;
	bool no_monitor, no_mlockall, no_core_files, no_self_confinement, no_record_hostname;
	bool delete_bridges, delete_transient_ports;
	const char *system_id; /* "random", a literal, NULL: warn if there is none */
	const char *system_type, *system_version;
	struct strmap external_ids;
	const char *db_file, *db_sock, *db_schema; /* NULL: the usual places; built in */
	const char *extra_dbs;			   /* separated by blanks */
	const char *user;
	const char *daemon_cwd;
	const char *server_options, *vswitchd_options; /* more words for their command lines */
	const char *server_wrapper, *vswitchd_wrapper; /* "valgrind" "strace" "glibc" */
	const char *server_priority, *vswitchd_priority;
};

/* Each returns an exit status, and has said what failed. What runs already is left alone. */
int service_start(const struct service_options *);
int service_stop(const struct service_options *);
int service_restart(const struct service_options *);
/* 0 if all of it runs. */
int service_status(const struct service_options *);
int service_delete_transient_ports(void);

/* Pid of the daemon, 0 if it does not run. */
int service_pid(const char *daemon);

/* Programs (child.c). argv ends with NULL; a program of ours is this binary under that name. The
 * exit status, or 128 + signal, or 127 with a line on standard error if it could not be run. */
int child_run(const char *const argv[]);
/* The same with the standard output in *ret, and standard error shown unless 'quiet'. */
int child_capture(const char *const argv[], bool quiet, struct str *ret);
