/* SPDX-License-Identifier: Apache-2.0 */
/* ovs-ctl(8), which start scripts of distributions call, and 'weft start|stop|restart|status',
 * which people do. Both are service.c with other defaults. */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "ctl/applets.h"
#include "ctl/program.h"
#include "ctl/service.h"

static struct service_options opts;
static const char *protocol = "gre", *sport, *dport;

enum {
	SYSTEM_ID,
	SYSTEM_TYPE,
	SYSTEM_VERSION,
	EXTERNAL_ID,
	NO_SERVER,
	NO_SWITCH,
	DELETE_BRIDGES,
	DELETE_TRANSIENT,
	USER,
	NO_MONITOR,
	NO_MLOCKALL,
	NO_CORES,
	NO_CONFINEMENT,
	NO_HOSTNAME,
	CWD,
	SERVER_PRIORITY,
	SWITCH_PRIORITY,
	SERVER_WRAPPER,
	SWITCH_WRAPPER,
	SERVER_OPTIONS,
	SWITCH_OPTIONS,
	DB_FILE,
	DB_SOCK,
	DB_SCHEMA,
	EXTRA_DBS,
	PROTOCOL,
	SPORT,
	DPORT,
};

static const struct program_option options[] = {
	[SYSTEM_ID] = { "system-id", 0, "UUID|random", "external-ids:system-id; random lasts" },
	[SYSTEM_TYPE] = { "system-type", 0, "TYPE", "default: ID of /etc/os-release" },
	[SYSTEM_VERSION] = { "system-version", 0, "VERSION", "default: VERSION_ID, there" },
	[EXTERNAL_ID] = { "external-id", 0, "NAME=VALUE", "sets external-ids:NAME; repeatable" },
	[NO_SERVER] = { "no-ovsdb-server", 0, NULL, "leave ovsdb-server alone" },
	[NO_SWITCH] = { "no-ovs-vswitchd", 0, NULL, "leave ovs-vswitchd alone" },
	[DELETE_BRIDGES] = { "delete-bridges", 0, NULL,
			     "delete all bridges before the switch starts" },
	[DELETE_TRANSIENT] = { "delete-transient-ports", 0, NULL,
			       "delete ports with other_config:transient=true" },
	[USER] = { "ovs-user", 0, "USER[:GROUP]", "run the daemons as USER" },
	[NO_MONITOR] = { "no-monitor", 0, NULL, "no process that restarts a crashed daemon" },
	[NO_MLOCKALL] = { "no-mlockall", 0, NULL, "let the switch's memory be paged out" },
	[NO_CORES] = { "no-force-corefiles", 0, NULL, "leave the limit of core dumps alone" },
	[NO_CONFINEMENT] = { "no-self-confinement", 0, NULL,
			     "sockets of controllers may lie outside the rundir" },
	[NO_HOSTNAME] = { "no-record-hostname", 0, NULL, "do not set external-ids:hostname" },
	[CWD] = { "daemon-cwd", 0, "DIR", "the daemons' working directory; default /" },
	[SERVER_PRIORITY] = { "ovsdb-server-priority", 0, "NICE", "nice level" },
	[SWITCH_PRIORITY] = { "ovs-vswitchd-priority", 0, "NICE", "nice level" },
	[SERVER_WRAPPER] = { "ovsdb-server-wrapper", 0, "WRAPPER", "valgrind, strace or glibc" },
	[SWITCH_WRAPPER] = { "ovs-vswitchd-wrapper", 0, "WRAPPER", "valgrind, strace or glibc" },
	[SERVER_OPTIONS] = { "ovsdb-server-options", 0, "OPTIONS", "more options for it" },
	[SWITCH_OPTIONS] = { "ovs-vswitchd-options", 0, "OPTIONS", "more options for it" },
	[DB_FILE] = { "db-file", 0, "FILE", "the database" },
	[DB_SOCK] = { "db-sock", 0, "SOCKET", "the server's socket" },
	[DB_SCHEMA] = { "db-schema", 0, "FILE", "schema; default: the one built in" },
	[EXTRA_DBS] = { "extra-dbs", 0, "FILES", "more databases to serve" },
	[PROTOCOL] = { "protocol", 0, "PROTOCOL", "for enable-protocol; default gre" },
	[SPORT] = { "sport", 0, "PORT", "for enable-protocol with tcp or udp" },
	[DPORT] = { "dport", 0, "PORT", "for enable-protocol with tcp or udp" },
	{ 0 },
};

/* A path is taken as seen from where we were called, before we change directory. */
static const char *absolute(const char *path)
{
	if (*path == '/')
		return path;
	AUTO_FREE char *cwd = getcwd(NULL, 0);
	return xasprintf("%s/%s", cwd ? cwd : "", path);
}

static void add_external_id(const char *arg)
{
	const char *equals = strchr(arg, '=');
	if (!equals || equals == arg)
		log_fatal("--external-id argument not in the form \"key=value\"");
	AUTO_FREE char *key = xstrndup(arg, (size_t)(equals - arg));
	strmap_put(&opts.external_ids, key, equals + 1);
}

static void take_option(size_t i, const char *arg)
{
	static const struct {
		size_t option;
		bool *flag;
	} flags[] = {
		{ NO_SERVER, &opts.no_ovsdb_server },
		{ NO_SWITCH, &opts.no_ovs_vswitchd },
		{ DELETE_BRIDGES, &opts.delete_bridges },
		{ DELETE_TRANSIENT, &opts.delete_transient_ports },
		{ NO_MONITOR, &opts.no_monitor },
		{ NO_MLOCKALL, &opts.no_mlockall },
		{ NO_CORES, &opts.no_core_files },
		{ NO_CONFINEMENT, &opts.no_self_confinement },
		{ NO_HOSTNAME, &opts.no_record_hostname },
	};
	static const struct {
		size_t option;
		const char **value;
	} values[] = {
		{ SYSTEM_ID, &opts.system_id },
		{ SYSTEM_TYPE, &opts.system_type },
		{ SYSTEM_VERSION, &opts.system_version },
		{ USER, &opts.user },
		{ CWD, &opts.daemon_cwd },
		{ SERVER_PRIORITY, &opts.server_priority },
		{ SWITCH_PRIORITY, &opts.vswitchd_priority },
		{ SERVER_WRAPPER, &opts.server_wrapper },
		{ SWITCH_WRAPPER, &opts.vswitchd_wrapper },
		{ SERVER_OPTIONS, &opts.server_options },
		{ SWITCH_OPTIONS, &opts.vswitchd_options },
		{ DB_FILE, &opts.db_file },
		{ DB_SOCK, &opts.db_sock },
		{ DB_SCHEMA, &opts.db_schema },
		{ EXTRA_DBS, &opts.extra_dbs },
		{ PROTOCOL, &protocol },
		{ SPORT, &sport },
		{ DPORT, &dport },
	};
	for (size_t k = 0; k < ARRAY_SIZE(flags); k++) {
		if (flags[k].option == i)
			*flags[k].flag = true;
	}
	for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
		if (values[k].option == i)
			*values[k].value = i == DB_FILE || i == DB_SOCK || i == DB_SCHEMA
						   ? absolute(arg)
						   : arg;
	}
	if (i == EXTERNAL_ID)
		add_external_id(arg);
}

static int start(int argc UNUSED, char **argv UNUSED) { return service_start(&opts); }
static int stop(int argc UNUSED, char **argv UNUSED) { return service_stop(&opts); }
static int restart(int argc UNUSED, char **argv UNUSED) { return service_restart(&opts); }
static int status(int argc UNUSED, char **argv UNUSED) { return service_status(&opts); }

static int version(int argc UNUSED, char **argv UNUSED)
{
	const char *const server[] = { "ovsdb-server", "--version", NULL };
	const char *const vswitchd[] = { "ovs-vswitchd", "--version", NULL };
	int r = opts.no_ovsdb_server ? 0 : child_run(server);
	return r | (opts.no_ovs_vswitchd ? 0 : child_run(vswitchd));
}

static int load_kmod(int argc UNUSED, char **argv UNUSED)
{
	puts(" * weft needs no kernel module: nothing to load");
	return 0;
}

static int reload_kmod(int argc UNUSED, char **argv UNUSED)
{
	if (opts.no_ovs_vswitchd)
		log_fatal("force-reload-kmod cannot be combined with --no-ovs-vswitchd");
	puts(" * weft needs no kernel module: restarting the daemons");
	return service_restart(&opts);
}

static int delete_transient_ports(int argc UNUSED, char **argv UNUSED)
{
	return service_delete_transient_ports();
}

/* A rule of INPUT that names the protocol, and the ports if any, is an administrator's decision. */
static bool has_rule(const char *rules)
{
	AUTO_FREE char *copy = xstrdup(rules), *want = xasprintf("-p %s ", protocol);
	AUTO_FREE char *want_dport = xasprintf("--dport %s ", dport ? dport : "");
	AUTO_FREE char *want_sport = xasprintf("--sport %s ", sport ? sport : "");
	char *save = NULL;
	for (char *s = strtok_r(copy, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
		if (str_starts(s, "-A INPUT ") && strstr(s, want) &&
		    (!dport || strstr(s, want_dport)) && (!sport || strstr(s, want_sport)))
			return true;
	}
	return false;
}

static int enable_protocol(int argc UNUSED, char **argv UNUSED)
{
	if ((sport || dport) && strcmp(protocol, "tcp") && strcmp(protocol, "udp"))
		log_fatal("--sport and --dport are for --protocol=tcp or udp only");
	AUTO_STR rules = STR_INIT;
	const char *const list[] = { "iptables", "-S", "INPUT", NULL };
	if (child_capture(list, true, &rules)) {
		printf(" * iptables is not there or not enabled: %s passes\n", protocol);
		return 0;
	}
	if (has_rule(str_cstr(&rules))) {
		printf(" * iptables already has a rule for %s, not changing it\n", protocol);
		return 0;
	}
	const char *insert[12] = { "iptables", "-I", "INPUT", "-p", protocol };
	size_t n = 5;
	if (sport) {
		insert[n++] = "--sport";
		insert[n++] = sport;
	}
	if (dport) {
		insert[n++] = "--dport";
		insert[n++] = dport;
	}
	insert[n++] = "-j";
	insert[n++] = "ACCEPT";
	int r = child_run(insert);
	printf(" * Enabling %s with iptables%s\n", protocol, r ? " ... failed!" : "");
	return r;
}

static int help(int argc, char **argv);

static const struct program_command commands[] = {
	{ "start", NULL, 0, 0, start, "start the daemons that do not run" },
	{ "stop", NULL, 0, 0, stop, "stop the daemons" },
	{ "restart", NULL, 0, 0, restart, "stop and start; OpenFlow flows are kept" },
	{ "status", NULL, 0, 0, status, "say which daemons run; status 1 if one does not" },
	{ "version", NULL, 0, 0, version, "print versions of the daemons" },
	{ "load-kmod", NULL, 0, 0, load_kmod, "does nothing: there is no kernel module" },
	{ "force-reload-kmod", NULL, 0, 0, reload_kmod, "as restart" },
	{ "enable-protocol", NULL, 0, 0, enable_protocol, "let a protocol through iptables" },
	{ "delete-transient-ports", NULL, 0, 0, delete_transient_ports,
	  "delete ports with other_config:transient=true" },
	{ "help", NULL, 0, 0, help, "show this text" },
	{ 0 },
};

static const struct program ovsctl_program = {
	.name = "ovs-ctl",
	.title = "starts, stops and checks the daemons",
	.usage = "[OPTIONS] COMMAND",
	.flags = PROGRAM_PERMUTE,
	.options = options,
	.option = take_option,
	.commands = commands,
};

static int help(int argc UNUSED, char **argv UNUSED)
{
	AUTO_STR out = STR_INIT;
	program_put_help(&ovsctl_program, &out);
	fputs(out.s, stdout);
	return 0;
}

int ovsctl_main(int argc, char **argv) { return program_run(&ovsctl_program, argc, argv); }

/* weft start and so on: the same with the defaults that a person wants. */

static int as_weft(int argc, char **argv, int (*action)(const struct service_options *))
{
	log_set_program("weft");
	if (argc > 1)
		log_fatal("'%s' takes no arguments (ovs-ctl has options: ovs-ctl --help)", argv[0]);
	opts.system_id = "random";
	return action(&opts);
}

static int start_and_tell(const struct service_options *o)
{
	int r = service_start(o);
	if (!r)
		printf("weft runs. Log: %s/ovs-vswitchd.log. Next: ovs-vsctl add-br br0, "
		       "ovs-vsctl show\n",
		       path_logdir());
	return r;
}

int weft_start_main(int argc, char **argv) { return as_weft(argc, argv, start_and_tell); }
int weft_stop_main(int argc, char **argv) { return as_weft(argc, argv, service_stop); }
int weft_restart_main(int argc, char **argv) { return as_weft(argc, argv, service_restart); }
int weft_status_main(int argc, char **argv) { return as_weft(argc, argv, service_status); }
