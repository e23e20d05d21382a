/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-server: options, start and end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/version.h"
#include "io/control.h"
#include "io/daemon.h"
#include "io/tls.h"
#include "ovsdb/applets.h"
#include "ovsdb/record.h"
#include "ovsdb/server/server.h"

LOG_MODULE(ovsdb_server);

struct options {
	struct daemon_options daemon;
	char **remotes;
	size_t n_remotes, n_remotes_allocated;
	const char *run_command;
	char *key, *cert, *ca; /* as given, perhaps "db:.." */
	bool ca_bootstrap;
	bool no_dbs;
};

enum {
	OPT_REMOTE = 0x2000,
	OPT_RUN,
	OPT_NO_DBS,
	OPT_NO_COLUMN_DIFF,
	OPT_NO_CONFINEMENT,
	OPT_SYNC_FROM,
	OPT_SYNC_EXCLUDE,
	OPT_ACTIVE,
	OPT_RECORD,
	OPT_REPLAY,
};

static void usage(void)
{
	printf("ovsdb-server: database server of the switch, as Open vSwitch's\n"
	       "usage: ovsdb-server [OPTIONS] [DATABASE...]\n"
	       "where each DATABASE is a database file in ovsdb format.\n"
	       "The default DATABASE, if none is given, is\n%s/conf.db.\n\n"
	       "JSON-RPC options (may be specified any number of times):\n"
	       "  --remote=REMOTE         connect or listen to REMOTE\n\n"
	       "REMOTE is one of\n"
	       "  tcp:HOST:PORT           PORT at remote HOST\n"
	       "  ssl:HOST:PORT           SSL PORT at remote HOST\n"
	       "  unix:FILE               Unix domain socket named FILE\n"
	       "  ptcp:PORT[:IP]          listen to TCP PORT on IP\n"
	       "  pssl:PORT[:IP]          listen for SSL on PORT on IP\n"
	       "  punix:FILE              listen on Unix domain socket FILE\n"
	       "  db:DB,TABLE,COLUMN      whatever COLUMN in TABLE of database DB names\n"
	       "PKI configuration (required to use SSL; FILE may be db:DB,TABLE,COLUMN):\n"
	       "  -p, --private-key=FILE  file with private key\n"
	       "  -c, --certificate=FILE  file with certificate for private key\n"
	       "  -C, --ca-cert=FILE      file with peer CA certificate\n"
	       "  --bootstrap-ca-cert=FILE  file with peer CA certificate to read or create\n"
	       "  --peer-ca-cert=FILE     file with CA certificates to send to peers\n"
	       "SSL options:\n"
	       "  --ssl-protocols=PROTOS  list of SSL protocols to enable\n"
	       "  --ssl-ciphers=CIPHERS   list of SSL ciphers to enable\n\n"
	       "Daemon options:\n"
	       "  --detach                run in background as daemon\n"
	       "  --monitor               creates a process to monitor this daemon\n"
	       "  --user=username[:group] changes the effective daemon user:group\n"
	       "  --no-chdir              do not chdir to '/'\n"
	       "  --pidfile[=FILE]        create pidfile (default: %s/ovsdb-server.pid)\n"
	       "  --overwrite-pidfile     with --pidfile, start even if already running\n\n"
	       "Logging options:\n"
	       "  -vSPEC, --verbose=SPEC   set logging levels\n"
	       "  -v, --verbose            set maximum verbosity level\n"
	       "  --log-file[=FILE]        enable logging to specified FILE\n"
	       "                           (default: %s/ovsdb-server.log)\n"
	       "  --syslog-method=(libc|unix:file|udp:ip:port)\n"
	       "                           specify how to send messages to syslog daemon\n"
	       "  --syslog-target=HOST:PORT  also send syslog msgs to HOST:PORT via UDP\n\n"
	       "Other options:\n"
	       "  --run COMMAND           run COMMAND as subprocess then exit\n"
	       "  --unixctl=SOCKET        override default control socket name\n"
	       "  --no-dbs                start without databases; see ovsdb-server/add-db\n"
	       "  --disable-file-column-diff\n"
	       "                          don't use column diff in database file\n"
	       "  -h, --help              display this help message\n"
	       "  -V, --version           display version information\n",
	       path_dbdir(), path_rundir(), path_logdir());
}

static void refuse(const char *option, const char *what)
{
	log_fatal("--%s: %s not supported yet", option, what);
}

static void set_file(char **file, const char *arg)
{
	free(*file);
	*file = xstrdup(arg);
}

static void parse_option(struct options *o, int c, const char *arg)
{
	switch (c) {
	case OPT_REMOTE:
		o->remotes = xgrow(o->remotes, &o->n_remotes_allocated, o->n_remotes + 1,
				   sizeof *o->remotes);
		o->remotes[o->n_remotes++] = xstrdup(arg);
		return;
	case OPT_RUN:
		o->run_command = arg;
		return;
	case OPT_NO_DBS:
		o->no_dbs = true;
		return;
	case OPT_NO_COLUMN_DIFF:
		record_use_diffs(false);
		return;
	case OPT_NO_CONFINEMENT:
		return; /* there is nothing that would confine */
	case OPT_SYNC_FROM:
		refuse("sync-from", "replication from another server is");
		return;
	case OPT_SYNC_EXCLUDE:
		refuse("sync-exclude-tables", "replication from another server is");
		return;
	case OPT_ACTIVE:
		refuse("active", "replication from another server is");
		return;
	case OPT_RECORD:
		refuse("record", "recording what the server is sent is");
		return;
	case OPT_REPLAY:
		refuse("replay", "replaying what a server was sent is");
		return;
	case OPT_SSL_KEY:
	case 'p':
		set_file(&o->key, arg);
		return;
	case OPT_SSL_CERT:
	case 'c':
		set_file(&o->cert, arg);
		return;
	case OPT_SSL_CA:
	case 'C':
		set_file(&o->ca, arg);
		o->ca_bootstrap = false;
		return;
	case OPT_SSL_BOOTSTRAP_CA:
		set_file(&o->ca, arg);
		o->ca_bootstrap = true;
		return;
	case 'h':
		usage();
		exit(0);
	case 'V':
		puts(VERSION_LINE("ovsdb-server"));
		exit(0);
	default:
		if (!daemon_option(&o->daemon, c, arg))
			exit(1); /* getopt_long() has said what is wrong */
	}
}

static void parse_options(struct options *o, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "remote", required_argument, NULL, OPT_REMOTE },
		{ "run", required_argument, NULL, OPT_RUN },
		{ "no-dbs", no_argument, NULL, OPT_NO_DBS },
		{ "disable-file-column-diff", no_argument, NULL, OPT_NO_COLUMN_DIFF },
		{ "no-self-confinement", no_argument, NULL, OPT_NO_CONFINEMENT },
		{ "sync-from", required_argument, NULL, OPT_SYNC_FROM },
		{ "sync-exclude-tables", required_argument, NULL, OPT_SYNC_EXCLUDE },
		{ "active", no_argument, NULL, OPT_ACTIVE },
		{ "record", optional_argument, NULL, OPT_RECORD },
		{ "replay", optional_argument, NULL, OPT_REPLAY },
		{ "unixctl", required_argument, NULL, OPT_UNIXCTL },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		DAEMON_LONG_OPTIONS,
		LOG_LONG_OPTIONS,
		TLS_LONG_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "hVv::p:c:C:", long_options, NULL)) >= 0)
		parse_option(o, c, optarg);
}

static bool is_db_spec(const char *file) { return file && str_starts(file, "db:"); }

/* Files are named at once; what is in a database is read when the databases are open. */
static void configure_keys(struct server *s, struct options *o)
{
	if (is_db_spec(o->key))
		s->key_spec = STEAL(o->key);
	else if (o->key)
		tls_config_set_key(o->key);
	if (is_db_spec(o->cert))
		s->cert_spec = STEAL(o->cert);
	else if (o->cert)
		tls_config_set_cert(o->cert);
	s->ca_bootstrap = o->ca_bootstrap;
	if (is_db_spec(o->ca))
		s->ca_spec = STEAL(o->ca);
	else if (o->ca)
		tls_config_set_ca(o->ca, o->ca_bootstrap);
}

static void check_key_spec(const struct server *s, const char *spec)
{
	AUTO_ERR err = ERR_INIT;
	struct server_db *db;
	const struct table *t;
	const struct column_schema *c;

	if (spec && remote_parse_db_column(s, spec, &db, &t, &c, &err) < 0)
		log_fatal("%s", err_text(&err));
}

static void open_databases(struct server *s, const struct options *o, int n, char **paths)
{
	AUTO_ERR err = ERR_INIT;

	if (!n && !o->no_dbs) {
		AUTO_FREE char *path = path_in(path_dbdir(), "conf.db");
		if (server_add_db(s, path, &err) < 0)
			log_fatal("%s", err_text(&err));
	}
	for (int i = 0; i < n; i++)
		if (server_add_db(s, paths[i], &err) < 0)
			log_fatal("%s", err_text(&err));
}

/* --- the end
 * ------------------------------------------------------------------------------------*/

struct running {
	struct server server;
	struct loop *loop;
	struct control_call *exiting; /* who asked for the end */
	const char *command;	      /* of --run; NULL: none */
	pid_t child;
	struct timer child_timer;
	int status;
};

static void on_exit_command(struct control_call *call, int argc, const char *argv[], void *r_)
{
	struct running *r = r_;

	if (r->exiting) {
		control_reply(call, NULL);
		return;
	}
	r->exiting = call;
	loop_stop(r->loop);
}

static void start_child(struct running *r, const char *command)
{
	r->command = command;
	r->child = fork();
	if (r->child < 0)
		log_fatal("%s: cannot run it: %s", command, err_name(errno));
	if (!r->child) {
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
}

static void tell_child_status(struct running *r, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	r->status = 1;
	if (WIFEXITED(status))
		fprintf(stderr, "ovsdb-server: %s: child exited, exit status %d\n", r->command,
			WEXITSTATUS(status));
	else
		fprintf(stderr, "ovsdb-server: %s: child exited, killed by signal %d\n", r->command,
			WTERMSIG(status));
}

/* The child's end is looked for, rather than signalled: a handler of SIGCHLD would not be worth its
 * trouble for a command that tests run. */
static void look_for_child(struct timer *t)
{
	struct running *r = CONTAINER_OF(t, struct running, child_timer);
	int status;

	if (waitpid(r->child, &status, WNOHANG) == r->child) {
		tell_child_status(r, status);
		loop_stop(r->loop);
		return;
	}
	timer_arm_in(t, r->loop, 5 * NS_PER_MS);
}

/* A thousand clients need more descriptors than a shell gives by default. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = MIN(limit.rlim_max, SERVER_MAX_CLIENTS + 100u);
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int ovsdb_server_main(int argc, char **argv)
{
	static struct options o = { .ca_bootstrap = false }; /* atexit() may look at its paths */
	struct running r = { .status = 0 };
	struct control_server *control;
	AUTO_ERR err = ERR_INIT;

	log_set_program("ovsdb-server");
	parse_options(&o, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	raise_file_limit();
	daemon_start(&o.daemon);
	r.loop = loop_new();

	server_init(&r.server, r.loop);
	configure_keys(&r.server, &o);
	open_databases(&r.server, &o, argc - optind, argv + optind);
	check_key_spec(&r.server, r.server.key_spec);
	check_key_spec(&r.server, r.server.cert_spec);
	check_key_spec(&r.server, r.server.ca_spec);
	server_register_control(&r.server);
	control_register("exit", "", 0, 0, on_exit_command, &r);
	if (control_server_open(o.daemon.unixctl, r.loop, &control, &err) < 0)
		log_fatal("%s", err_text(&err));
	for (size_t i = 0; i < o.n_remotes; i++)
		if (remote_add(&r.server, o.remotes[i], &err) < 0)
			log_fatal("%s", err_text(&err));
	remote_reconfigure(&r.server);
	daemon_on_signal(r.loop, NULL, NULL);
	daemon_ready(&o.daemon);
	timer_init(&r.child_timer, look_for_child);
	if (o.run_command) {
		start_child(&r, o.run_command);
		timer_arm_in(&r.child_timer, r.loop, 0);
	} else {
		log_info("%s", VERSION_LINE("ovsdb-server"));
	}

	loop_run(r.loop);

	timer_disarm(&r.child_timer);
	server_fini(&r.server);
	if (r.exiting)
		control_reply(r.exiting, NULL);
	loop_once(r.loop, 0); /* the reply goes out */
	control_server_close(control);
	loop_free(r.loop);
	for (size_t i = 0; i < o.n_remotes; i++)
		free(o.remotes[i]);
	free(o.remotes);
	free(o.key);
	free(o.cert);
	free(o.ca);
	return r.status;
}
