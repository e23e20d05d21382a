/* SPDX-License-Identifier: Apache-2.0 */
/* ovs-vswitchd: from the command line to the event loop and back.
 *
 * Start: options, the fork of --detach, tables of functions (wiring.c), the database. The process
 * is ready, and --detach returns, when the configuration that was in the database is applied once;
 * without a database to be reached it is ready at once, and keeps trying.
 * The lock "ovs_vswitchd" keeps a second daemon on the same database from doing anything.
 * A read of the database that finds nothing changes nothing: a switch that lost its database
 * goes on with what it was told last. */
#include "switchd/main.h"

#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "fastpath/fastpath.h"
#include "io/daemon.h"
#include "io/stream.h"
#include "ovsdb/idl/vswitch.h"
#include "switchd/switchd.h"
#include "switchd/system_stats.h"

LOG_MODULE(vswitchd);

enum {
	OPT_MLOCKALL = OPT_DAEMON_LAST + 1,
	OPT_ENABLE_DUMMY,
	OPT_DISABLE_SYSTEM,
	OPT_DISABLE_SYSTEM_ROUTE,
	OPT_DPDK,
	OPT_HW_RAWIO,
};

static struct switchd the_switchd;
static struct daemon_options daemon_options;
static bool exit_cleanup;
static struct control_call *exit_call;

struct options {
	enum port_dummy dummy;
	bool disable_system, disable_system_route, mlockall;
	char *remote;
};

static void usage(void)
{
	AUTO_FREE char *db = path_in_rundir("db.sock");
	AUTO_FREE char *pid = path_in_rundir("ovs-vswitchd.pid");
	AUTO_FREE char *log = path_in(path_logdir(), "ovs-vswitchd.log");
	printf("ovs-vswitchd: Open vSwitch daemon (weft)\n"
	       "usage: ovs-vswitchd [OPTIONS] [DATABASE]\n"
	       "where DATABASE is a socket on which ovsdb-server is listening\n"
	       "      (default: \"unix:%s\").\n\n"
	       "Active DATABASE connection methods:\n"
	       "  tcp:HOST:PORT           PORT at remote HOST\n"
	       "  ssl:HOST:PORT           SSL PORT at remote HOST\n"
	       "  unix:FILE               Unix domain socket named FILE\n"
	       "PKI configuration (required to use SSL):\n"
	       "  -p, --private-key=FILE  file with private key\n"
	       "  -c, --certificate=FILE  file with certificate for private key\n"
	       "  -C, --ca-cert=FILE      file with peer CA certificate\n"
	       "  --bootstrap-ca-cert=FILE  file with peer CA certificate to read or create\n"
	       "SSL options:\n"
	       "  --ssl-protocols=PROTOS  list of SSL protocols to enable\n"
	       "  --ssl-ciphers=CIPHERS   list of SSL ciphers to enable\n\n"
	       "Daemon options:\n"
	       "  --detach                run in background as daemon\n"
	       "  --monitor               creates a process to monitor this daemon\n"
	       "  --user=username[:group] changes the effective daemon user:group\n"
	       "  --no-chdir              do not chdir to '/'\n"
	       "  --pidfile[=FILE]        create pidfile (default: %s)\n"
	       "  --overwrite-pidfile     with --pidfile, start even if already running\n\n"
	       "Logging options:\n"
	       "  -vSPEC, --verbose=SPEC   set logging levels\n"
	       "  -v, --verbose            set maximum verbosity level\n"
	       "  --log-file[=FILE]        enable logging to specified FILE\n"
	       "                           (default: %s)\n"
	       "  --syslog-method=(libc|unix:file|udp:ip:port)\n"
	       "                           specify how to send messages to syslog daemon\n"
	       "  --syslog-target=HOST:PORT  also send syslog msgs to HOST:PORT via UDP\n\n"
	       "Testing options:\n"
	       "  --enable-dummy[=system|override]  simulated ports and bridges\n"
	       "  --disable-system         no bridges with datapath_type \"system\"\n"
	       "  --disable-system-route   do not follow the host's routes\n\n"
	       "Other options:\n"
	       "  --mlockall               keep all of the daemon's memory in RAM\n"
	       "  --unixctl=SOCKET          override default control socket name\n"
	       "  -h, --help                display this help message\n"
	       "  -V, --version             display version information\n",
	       db, pid, log);
}

static void parse_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "mlockall", no_argument, NULL, OPT_MLOCKALL },
		{ "enable-dummy", optional_argument, NULL, OPT_ENABLE_DUMMY },
		{ "disable-system", no_argument, NULL, OPT_DISABLE_SYSTEM },
		{ "disable-system-route", no_argument, NULL, OPT_DISABLE_SYSTEM_ROUTE },
		{ "dpdk", optional_argument, NULL, OPT_DPDK },
		{ "hw-rawio-access", no_argument, NULL, OPT_HW_RAWIO },
		DAEMON_LONG_OPTIONS,
		LOG_LONG_OPTIONS,
		TLS_LONG_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	int c;
	while ((c = getopt_long(argc, argv, "hVv::p:c:C:", table, NULL)) != -1) {
		switch (c) {
		case 'h':
			usage();
			exit(0);
		case 'V':
			printf("ovs-vswitchd (Open vSwitch) %s\nweft %s\n", OVS_COMPATIBLE_VERSION,
			       WEFT_VERSION);
			exit(0);
		case OPT_MLOCKALL:
			o->mlockall = true;
			break;
		case OPT_ENABLE_DUMMY:
			if (!optarg)
				o->dummy = PORT_DUMMY_ENABLED;
			else if (!strcmp(optarg, "system"))
				o->dummy = PORT_DUMMY_SYSTEM;
			else if (!strcmp(optarg, "override"))
				o->dummy = PORT_DUMMY_OVERRIDE;
			else
				log_fatal("--enable-dummy=%s: the argument is \"system\" or "
					  "\"override\"",
					  optarg);
			break;
		case OPT_DISABLE_SYSTEM:
			o->disable_system = true;
			break;
		case OPT_DISABLE_SYSTEM_ROUTE:
			o->disable_system_route = true;
			break;
		case OPT_DPDK:
			log_fatal("Using --dpdk to configure DPDK is not supported.");
		case OPT_HW_RAWIO:
			log_fatal("--hw-rawio-access is for DPDK, which is not supported");
		case '?':
			exit(1);
		default:
			if (!daemon_option(&daemon_options, c, optarg))
				log_fatal("option %d has no handler", c);
		}
	}
	if (argc - optind > 1)
		log_fatal("at most one non-option argument accepted; use --help for usage");
	if (optind < argc) {
		o->remote = xstrdup(argv[optind]);
	} else {
		AUTO_FREE char *sock = path_in_rundir("db.sock");
		o->remote = xasprintf("unix:%s", sock);
	}
	if (!stream_name_is_active(o->remote))
		log_fatal("%s: not a database to connect to: unix:FILE, tcp:HOST:PORT or "
			  "ssl:HOST:PORT",
			  o->remote);
}

/* Columns that we write ourselves must not wake us. */
static void monitor_columns(struct idl *idl)
{
	static const struct {
		const struct idl_table_def *table;
		unsigned columns[16];
		unsigned n;
	} ours[] = {
		{ &vsw_open_vswitch_table,
		  { VSW_OPEN_VSWITCH_CUR_CFG, VSW_OPEN_VSWITCH_STATISTICS,
		    VSW_OPEN_VSWITCH_DATAPATH_TYPES, VSW_OPEN_VSWITCH_IFACE_TYPES,
		    VSW_OPEN_VSWITCH_OVS_VERSION, VSW_OPEN_VSWITCH_DB_VERSION,
		    VSW_OPEN_VSWITCH_SYSTEM_TYPE, VSW_OPEN_VSWITCH_SYSTEM_VERSION,
		    VSW_OPEN_VSWITCH_DPDK_INITIALIZED, VSW_OPEN_VSWITCH_DPDK_VERSION,
		    VSW_OPEN_VSWITCH_EXTERNAL_IDS },
		  11 },
		{ &vsw_bridge_table,
		  { VSW_BRIDGE_DATAPATH_ID, VSW_BRIDGE_DATAPATH_VERSION, VSW_BRIDGE_STATUS,
		    VSW_BRIDGE_RSTP_STATUS, VSW_BRIDGE_EXTERNAL_IDS },
		  5 },
		{ &vsw_port_table,
		  { VSW_PORT_STATUS, VSW_PORT_STATISTICS, VSW_PORT_RSTP_STATUS,
		    VSW_PORT_RSTP_STATISTICS, VSW_PORT_BOND_ACTIVE_SLAVE, VSW_PORT_EXTERNAL_IDS },
		  6 },
		{ &vsw_interface_table,
		  { VSW_INTERFACE_ADMIN_STATE, VSW_INTERFACE_DUPLEX, VSW_INTERFACE_LINK_SPEED,
		    VSW_INTERFACE_LINK_STATE, VSW_INTERFACE_LINK_RESETS, VSW_INTERFACE_MAC_IN_USE,
		    VSW_INTERFACE_IFINDEX, VSW_INTERFACE_MTU, VSW_INTERFACE_OFPORT,
		    VSW_INTERFACE_STATISTICS, VSW_INTERFACE_STATUS, VSW_INTERFACE_ERROR,
		    VSW_INTERFACE_LACP_CURRENT, VSW_INTERFACE_EXTERNAL_IDS },
		  14 },
		{ &vsw_controller_table,
		  { VSW_CONTROLLER_IS_CONNECTED, VSW_CONTROLLER_ROLE, VSW_CONTROLLER_STATUS,
		    VSW_CONTROLLER_EXTERNAL_IDS },
		  4 },
		{ &vsw_mirror_table, { VSW_MIRROR_STATISTICS, VSW_MIRROR_EXTERNAL_IDS }, 2 },
		{ &vsw_manager_table, { VSW_MANAGER_IS_CONNECTED, VSW_MANAGER_STATUS }, 2 },
	};
	idl_monitor_all(idl);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		for (unsigned j = 0; j < ours[i].n; j++)
			idl_ignore_changes(idl, ours[i].table, ours[i].columns[j]);
	}
}

static void on_idl_change(struct idl *idl, void *arg)
{
	struct switchd *s = arg;
	if (!idl_is_ready(idl))
		return;
	if (idl_is_lock_contended(idl)) {
		if (!s->lock_contended_told)
			log_err("another ovs-vswitchd process is running, disabling this process "
				"until "
				"it goes away");
		if (!s->lock_contended_told && !s->ready)
			daemon_ready(&daemon_options);
		s->lock_contended_told = true;
		return;
	}
	if (!idl_has_lock(idl))
		return;
	s->lock_contended_told = false;
	if (!s->ready || idl_seqno(idl) != s->applied_seqno)
		switchd_apply_soon(s);
	else
		status_changed(s);
}

static void on_apply_soon(struct deferred *d)
{
	struct switchd *s = CONTAINER_OF(d, struct switchd, apply_soon);
	if (idl_is_ready(s->idl) && idl_has_lock(s->idl))
		switchd_apply(s);
}

static void on_second(struct timer *t)
{
	struct switchd *s = CONTAINER_OF(t, struct switchd, second);
	static unsigned n;
	struct bridge *b;
	LIST_FOR_EACH(b, &s->bridges, node) {
		pipeline_run_second(b->pipeline);
		if (b->pipeline->loopguard) /* Port.status follows it; what is equal is not sent */
			status_changed(s);
	}
	if (++n % 5 == 0)
		counter_sample();
	timer_arm_in(t, s->loop, NS_PER_SEC);
}

static void on_ready(struct switchd *s)
{
	daemon_ready(&daemon_options);
	log_info("ovs-vswitchd (weft %s, compatible with Open vSwitch %s) is ready", WEFT_VERSION,
		 OVS_COMPATIBLE_VERSION);
}

static void on_signal(int signum, void *arg)
{
	struct switchd *s = arg;
	log_info("%s: ending", strsignal(signum));
	loop_stop(s->loop);
}

void switchd_main_exit(bool cleanup, struct control_call *call)
{
	exit_cleanup = cleanup;
	if (exit_call)
		control_reply(exit_call, NULL);
	exit_call = call;
	loop_stop(the_switchd.loop);
}

/* A database that is not there must not keep --detach, and whoever waits for it, for ever. */
static void on_patience_over(struct timer *t)
{
	struct switchd *s = &the_switchd;
	if (!s->ready && !idl_is_ready(s->idl)) {
		log_warn("%s: no database yet; going on to try", idl_remote(s->idl));
		daemon_ready(&daemon_options);
	}
}

static void run(const struct options *o)
{
	struct switchd *s = &the_switchd;
	AUTO_ERR err = ERR_INIT;

	s->loop = loop_new();
	s->dummy = o->dummy;
	s->disable_system = o->disable_system;
	s->on_ready = on_ready;
	list_init(&s->backers);
	list_init(&s->bridges);
	hmap_init(&s->ifaces_by_uuid);
	deferred_init(&s->apply_soon, on_apply_soon);
	status_init(s);
	timer_init(&s->second, on_second);
	daemon_on_signal(s->loop, on_signal, s);
	control_adopt_loop(s->loop);

	if (o->disable_system_route)
		tunnel_disable_system_routes();
	if (wiring_start(s, &err) < 0)
		log_fatal("%s", err_text(&err));
	control_commands_register(s);
	dpif_commands_register(s);
	struct control_server *control;
	if (control_server_open(daemon_options.unixctl, s->loop, &control, &err) < 0)
		log_fatal("%s", err_text(&err));

	s->idl = idl_new(&vsw_db, o->remote, s->loop);
	monitor_columns(s->idl);
	idl_set_lock(s->idl, "ovs_vswitchd");
	idl_on_change(s->idl, on_idl_change, s);
	idl_start(s->idl);

	struct timer patience;
	timer_init(&patience, on_patience_over);
	timer_arm_in(&patience, s->loop, 3 * NS_PER_SEC);
	timer_arm_in(&s->second, s->loop, NS_PER_SEC);
	loop_run(s->loop);

	log_info("exiting%s", exit_cleanup ? ", cleaning up" : "");
	timer_disarm(&patience);
	timer_disarm(&s->second);
	status_stop(s);
	port_keep_devices(!exit_cleanup);
	switchd_teardown(s);
	wiring_stop(s);
	idl_free(s->idl);
	if (exit_call)
		control_reply(exit_call, NULL);
	loop_once(s->loop, 0); /* the answer leaves */
	control_server_close(control);
	hmap_fini(&s->ifaces_by_uuid);
	loop_free(s->loop);
}

/* With --user: devices, packet sockets, BPF, locked memory. */
static const unsigned keep_caps[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BROADCAST,
				      CAP_BPF,	     CAP_PERFMON, CAP_IPC_LOCK };

int switchd_main(int argc, char **argv)
{
	struct options o = { .dummy = PORT_DUMMY_NONE };
	log_set_program("ovs-vswitchd");
	signal(SIGPIPE, SIG_IGN);
	parse_options(argc, argv, &o);
	daemon_options.keep_caps = keep_caps;
	daemon_options.n_keep_caps = ARRAY_SIZE(keep_caps);
	daemon_start(&daemon_options);
	/* In the process that serves: a lock does not outlive fork(). */
	if (o.mlockall && mlockall(MCL_CURRENT | MCL_FUTURE))
		log_warn("--mlockall: could not lock memory: %s", strerror(errno));
	run(&o);
	free(o.remote);
	return 0;
}
