/* SPDX-License-Identifier: Apache-2.0 */
/* vsctl: ovs-vsctl(8). All commands of one command line are one transaction:
 *
 *	prepare      each command says which columns it needs; only these are monitored
 *	attempt      a transaction is opened, the commands run on the replica, it is committed.
 *	             If what they read has changed meanwhile, everything runs again.
 *	print        what the commands have to say
 *	wait         until the switch has applied it (cur_cfg reaches next_cfg), unless --no-wait
 *	report       what the switch says of the interfaces that were added
 *
 * Speed matters, scripts call this hundreds of times: there is one round trip for the replica, one
 * for the transaction, and no other. */
#include "ctl/vsctl.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "ctl/applets.h"
#include "io/daemon.h"
#include "io/stream.h"

LOG_MODULE(vsctl);

struct options {
	char *db;
	bool no_wait, dry_run, retry;
	unsigned timeout_s;
};

static struct options options;
/* Interfaces that the commands added: names, in order. */
static char **new_ifaces;
static size_t n_new_ifaces;

void vsctl_note_new_iface(const char *name)
{
	new_ifaces = xrealloc(new_ifaces, (n_new_ifaces + 1) * sizeof *new_ifaces);
	new_ifaces[n_new_ifaces++] = xstrdup(name);
}

static void forget_new_ifaces(void)
{
	for (size_t i = 0; i < n_new_ifaces; i++)
		free(new_ifaces[i]);
	free(new_ifaces);
	new_ifaces = NULL;
	n_new_ifaces = 0;
}

/* --- how tables' rows are named ------------------------------------------------------------------
 */

static const struct ctl_row_id *row_ids[32];

static void set_row_ids(void)
{
	static const struct {
		const struct idl_table_def *table, *name_table;
		int name_column, ref_column;
	} ids[] = {
		{ &vsw_bridge_table, NULL, VSW_BRIDGE_NAME, -1 },
		{ &vsw_port_table, NULL, VSW_PORT_NAME, -1 },
		{ &vsw_interface_table, NULL, VSW_INTERFACE_NAME, -1 },
		{ &vsw_mirror_table, NULL, VSW_MIRROR_NAME, -1 },
		{ &vsw_manager_table, NULL, VSW_MANAGER_TARGET, -1 },
		{ &vsw_flow_table_table, NULL, VSW_FLOW_TABLE_NAME, -1 },
		{ &vsw_flow_sample_collector_set_table, NULL, VSW_FLOW_SAMPLE_COLLECTOR_SET_ID,
		  -1 },
		{ &vsw_controller_table, &vsw_bridge_table, VSW_BRIDGE_NAME,
		  VSW_BRIDGE_CONTROLLER },
		{ &vsw_netflow_table, &vsw_bridge_table, VSW_BRIDGE_NAME, VSW_BRIDGE_NETFLOW },
		{ &vsw_sflow_table, &vsw_bridge_table, VSW_BRIDGE_NAME, VSW_BRIDGE_SFLOW },
		{ &vsw_ipfix_table, &vsw_bridge_table, VSW_BRIDGE_NAME, VSW_BRIDGE_IPFIX },
		{ &vsw_autoattach_table, &vsw_bridge_table, VSW_BRIDGE_NAME,
		  VSW_BRIDGE_AUTO_ATTACH },
		{ &vsw_qos_table, &vsw_port_table, VSW_PORT_NAME, VSW_PORT_QOS },
	};
	static struct ctl_row_id storage[ARRAY_SIZE(ids)][2];
	ASSERT(vsw_db.n_tables <= ARRAY_SIZE(row_ids));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		storage[i][0] = (struct ctl_row_id){
			.name_table = ids[i].name_table ? ids[i].name_table : ids[i].table,
			.name_column = ids[i].name_column,
			.ref_column = ids[i].ref_column,
		};
		row_ids[ids[i].table->index] = storage[i];
	}
}

/* --- commands ------------------------------------------------------------------------------------
 */

/* All tables of commands as one; ends with a row whose name is NULL. */
static const struct ctl_command_def *all_commands(void)
{
	static struct ctl_command_def all[96];
	static const struct ctl_command_def *const parts[] = {
		vsctl_show_commands, vsctl_settings_commands, vsctl_bridge_commands,
		vsctl_port_commands, vsctl_zone_commands,
	};
	size_t n = 0;
	if (all[0].name)
		return all;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		for (const struct ctl_command_def *d = parts[i]; d->name; d++)
			all[n++] = *d;
	}
	for (size_t i = 0; i < ctl_n_db_commands; i++)
		all[n++] = ctl_db_commands[i];
	ASSERT(n < ARRAY_SIZE(all));
	return all;
}

/* --- options -------------------------------------------------------------------------------------
 */

enum {
	OPT_DB = 0x4000,
	OPT_ONELINE,
	OPT_NO_SYSLOG,
	OPT_NO_WAIT,
	OPT_DRY_RUN,
	OPT_RETRY,
	OPT_COMMANDS,
	OPT_OPTIONS,
	OPT_LEADER_ONLY,
	OPT_NO_LEADER_ONLY,
	OPT_SHUFFLE_REMOTES,
	OPT_NO_SHUFFLE_REMOTES,
};

static const struct option global_options[] = {
	{ "db", required_argument, NULL, OPT_DB },
	{ "no-syslog", no_argument, NULL, OPT_NO_SYSLOG },
	{ "no-wait", no_argument, NULL, OPT_NO_WAIT },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "oneline", no_argument, NULL, OPT_ONELINE },
	{ "timeout", required_argument, NULL, 't' },
	{ "retry", no_argument, NULL, OPT_RETRY },
	{ "help", no_argument, NULL, 'h' },
	{ "commands", no_argument, NULL, OPT_COMMANDS },
	{ "options", no_argument, NULL, OPT_OPTIONS },
	{ "leader-only", no_argument, NULL, OPT_LEADER_ONLY },
	{ "no-leader-only", no_argument, NULL, OPT_NO_LEADER_ONLY },
	{ "shuffle-remotes", no_argument, NULL, OPT_SHUFFLE_REMOTES },
	{ "no-shuffle-remotes", no_argument, NULL, OPT_NO_SHUFFLE_REMOTES },
	{ "version", no_argument, NULL, 'V' },
	LOG_LONG_OPTIONS,
	TABLE_LONG_OPTIONS,
	TLS_LONG_OPTIONS,
	{ NULL, 0, NULL, 0 },
};
#define SHORT_OPTIONS "+v::hVt:p:c:C:" TABLE_SHORT_OPTIONS

static void print_help(void)
{
	printf("ovs-vsctl: shows and changes the configuration of ovs-vswitchd\n"
	       "usage: ovs-vsctl [OPTION..] COMMAND [ARG..] [-- COMMAND [ARG..]]..\n\n"
	       "Commands, with the options that go in front of them:\n");
	for (const struct ctl_command_def *d = all_commands(); d->name; d++) {
		AUTO_STR line = STR_INIT;
		for (const char *p = d->options; *p;) {
			size_t n = strcspn(p, ",");
			str_putf(&line, "[%.*s] ", (int)n, p);
			p += n + (p[n] == ',');
		}
		str_putf(&line, "%s", d->name);
		for (const char *p = d->args; *p;) {
			size_t n = strcspn(p, " ");
			const char *word = p + 1;
			if (*p == '?')
				str_putf(&line, " [%.*s]", (int)n - 1, word);
			else if (*p == '*')
				str_putf(&line, " [%.*s]...", (int)n - 1, word);
			else
				str_putf(&line, " %.*s%s", (int)n - 1, word,
					 *p == '+' ? "..." : "");
			p += n + (p[n] == ' ');
		}
		printf("  %s\n", str_cstr(&line));
	}
	printf("\nTables (a row is named by its UUID, by '.' where there is but one,"
	       " or as said here):\n");
	for (unsigned i = 0; i < vsw_db.n_tables; i++) {
		const struct idl_table_def *table = vsw_db.tables[i];
		const struct ctl_row_id *id = row_ids[i];
		printf("  %s", table->name);
		if (id && id->ref_column >= 0)
			printf(": by \"%s\" of the %s whose %s it is",
			       id->name_table->columns[id->name_column], id->name_table->name,
			       id->name_table->columns[id->ref_column]);
		else if (id)
			printf(": by \"%s\"", table->columns[id->name_column]);
		printf("\n");
	}
	printf("\nOptions:\n"
	       "  --db=SERVER                 the database server (default: unix:%s/db.sock)\n"
	       "  --no-wait                   do not wait for ovs-vswitchd to apply the change\n"
	       "  --retry                     keep trying to connect to the server\n"
	       "  -t, --timeout=SECS          give up after SECS seconds (0: never)\n"
	       "  --dry-run                   check everything, change nothing\n"
	       "  --oneline                   print one line of output per command\n"
	       "  --no-syslog                 do not log the command line\n"
	       "  -f, --format=FORMAT         of list and find: table, list, html, csv or json\n"
	       "  -d, --data=FORMAT           of their cells: string, bare or json\n"
	       "  --no-headings, --pretty, --bare, --max-column-width=N\n"
	       "  -p, -c, -C, --private-key, --certificate, --ca-cert, --bootstrap-ca-cert,\n"
	       "  --peer-ca-cert, --ssl-protocols, --ssl-ciphers   for ssl: servers\n"
	       "  -vSPEC, --verbose=SPEC, --log-file[=FILE], --syslog-method, --syslog-target\n"
	       "  -h, --help; -V, --version\n",
	       path_rundir());
}

/* For shell completion: an option a line. */
static void print_options(void)
{
	for (const struct option *o = global_options; o->name; o++) {
		printf("--%s%s\n", o->name, o->has_arg ? "=ARG" : "");
		if (o->val > ' ' && o->val < 0x80)
			printf("-%c%s\n", o->val, o->has_arg ? " ARG" : "");
	}
}

static unsigned parse_timeout(const char *text, const char *where)
{
	uint32_t s;
	if (!str_to_u32(text, 10, &s))
		log_fatal("value %s on %s is invalid", text, where);
	return s;
}

/* Reads the global options; what stands before the first command and belongs to it goes into
 * *local. Returns the index of the first argument after them. */
static int parse_options(int argc, char **argv, struct ctl *ctl, struct strmap *local)
{
	struct option *all = ctl_add_local_options(global_options, all_commands());
	struct daemon_options daemon = { 0 };
	for (;;) {
		int index, c = getopt_long(argc, argv, SHORT_OPTIONS, all, &index);
		if (c == -1)
			break;
		c = c == 'p' ? OPT_SSL_KEY : c == 'c' ? OPT_SSL_CERT : c == 'C' ? OPT_SSL_CA : c;
		if (daemon_option(&daemon, c, optarg) || table_option(&ctl->style, c, optarg))
			continue;
		switch (c) {
		case OPT_DB:
			free(options.db);
			options.db = xstrdup(optarg);
			break;
		case OPT_ONELINE:
			ctl->oneline = true;
			break;
		case OPT_NO_SYSLOG: {
			AUTO_ERR err = ERR_INIT;
			if (log_set_from_str("vsctl:syslog:warn", &err) < 0)
				log_fatal("%s", err_text(&err));
			break;
		}
		case OPT_NO_WAIT:
			options.no_wait = true;
			break;
		case OPT_DRY_RUN:
			options.dry_run = true;
			break;
		case OPT_RETRY:
			options.retry = true;
			break;
		case 't':
			options.timeout_s = parse_timeout(optarg, "-t or --timeout");
			break;
		case 'h':
			print_help();
			exit(0);
		case 'V':
			printf(VERSION_LINE("ovs-vsctl") "\nDB Schema " VSW_SCHEMA_VERSION "\n");
			exit(0);
		case OPT_COMMANDS: {
			AUTO_STR out = STR_INIT;
			ctl_list_commands(all_commands(), &out);
			fputs(str_cstr(&out), stdout);
			exit(0);
		}
		case OPT_OPTIONS:
			print_options();
			exit(0);
		case OPT_LEADER_ONLY: /* a standalone database leads itself */
		case OPT_NO_LEADER_ONLY:
		case OPT_SHUFFLE_REMOTES: /* remotes are tried in the order given */
		case OPT_NO_SHUFFLE_REMOTES:
			break;
		case OPT_LOCAL: {
			AUTO_FREE char *name = xasprintf("--%s", all[index].name);
			AUTO_FREE char *value = optarg ? xasprintf("=%s", optarg) : xstrdup("");
			strmap_put(local, name, value);
			break;
		}
		default: /* getopt_long() said what is wrong */
			exit(1);
		}
	}
	for (size_t i = ARRAY_SIZE(global_options) - 1; all[i].name; i++)
		free((char *)all[i].name);
	free(all);
	return optind;
}

/* --- comment and log -----------------------------------------------------------------------------
 */

static void put_command_line(int argc, char **argv, struct str *out)
{
	for (int i = 0; i < argc; i++)
		str_putf(out, "%s%s", i ? " " : "", argv[i]);
}

/* Who called us, for the database's log: "timeout" out of /proc/PPID/comm. */
static char *parent_name(void)
{
	AUTO_FREE char *path = xasprintf("/proc/%d/comm", getppid());
	char name[64] = "";
	FILE *f = fopen(path, "r");
	if (!f)
		return NULL;
	if (!fgets(name, sizeof name, f))
		name[0] = '\0';
	fclose(f);
	name[strcspn(name, "\n")] = '\0';
	return *name ? xstrdup(name) : NULL;
}

static char *transaction_comment(int argc, char **argv)
{
	AUTO_STR line = STR_INIT;
	AUTO_FREE char *parent = parent_name();
	put_command_line(argc, argv, &line);
	if (parent)
		return xasprintf("ovs-vsctl (invoked by %s): %s", parent, str_cstr(&line));
	return xasprintf("ovs-vsctl: %s", str_cstr(&line));
}

/* --- one attempt ---------------------------------------------------------------------------------
 */

/* Ends the program as the commands' errors do. */
static void fail(const struct err *err) NORETURN;
static void fail(const struct err *err) { log_fatal("%s", err_text(err)); }

static int compare_symbols(const void *a, const void *b)
{
	return strcmp((*(const struct symbol *const *)a)->name,
		      (*(const struct symbol *const *)b)->name);
}

/* After the last command: every "@x" must have been made. Warns of rows that will not stay. */
static int check_symbols(struct ctl *ctl, struct err *err)
{
	size_t n = hmap_count(&ctl->symbols.symbols), i = 0;
	AUTO_FREE const struct symbol **symbols = xcalloc(n + 1, sizeof *symbols);
	const struct symbol *symbol;
	HMAP_FOR_EACH(symbol, &ctl->symbols.symbols, node)
		symbols[i++] = symbol;
	qsort(symbols, n, sizeof *symbols, compare_symbols);
	for (i = 0; i < n; i++) {
		symbol = symbols[i];
		if (!symbol->created)
			return err_set(err, -EINVAL,
				       "row id \"%s\" is referenced but never created (e.g. with "
				       "\"-- --id=%s create ...\")",
				       symbol->name, symbol->name);
		if (!symbol->is_kept && !symbol->strong_ref)
			log_warn("row id \"%s\" was created but %s reference to it was inserted, "
				 "so it will not actually appear in the database",
				 symbol->name, symbol->used ? "only a weak" : "no");
	}
	return 0;
}

/* Runs all commands; -EAGAIN if they are to be run again when the database has changed. */
static int run_commands(struct ctl *ctl)
{
	for (size_t i = 0; i < ctl->n_commands; i++) {
		AUTO_ERR err = ERR_INIT;
		struct ctl_command *command = &ctl->commands[i];
		int r = command->def->run(command, &err);
		if (r == -EAGAIN)
			return r;
		if (r < 0)
			fail(&err);
		if (ctl->exit_now)
			exit(ctl->exit_now);
	}
	AUTO_ERR err = ERR_INIT;
	if (check_symbols(ctl, &err) < 0)
		fail(&err);
	return 0;
}

static void print_output(struct ctl *ctl)
{
	AUTO_STR out = STR_INIT;
	for (size_t i = 0; i < ctl->n_commands; i++) {
		struct ctl_command *command = &ctl->commands[i];
		if (command->def->finish)
			command->def->finish(command);
		ctl_print_command(command, &out);
	}
	fputs(str_cstr(&out), stdout);
}

/* The switch's verdict on the interfaces that were added. */
static void report_ifaces(struct ctl *ctl)
{
	bool any = false;
	for (size_t i = 0; i < n_new_ifaces; i++) {
		const struct vsw_interface *iface;
		VSW_INTERFACE_FOR_EACH(iface, ctl->idl)
		{
			int64_t ofport;
			if (strcmp(vsw_interface_name(iface), new_ifaces[i]) ||
			    (vsw_interface_ofport(iface, &ofport) && ofport != -1))
				continue;
			const char *error = vsw_interface_error(iface);
			fprintf(stderr,
				"ovs-vsctl: Error detected while setting up '%s'%s%s.  "
				"See ovs-vswitchd log for details.\n",
				new_ifaces[i], error ? ": " : "", error ? error : "");
			any = true;
		}
	}
	if (any)
		fprintf(stderr, "ovs-vsctl: The default log directory is \"%s\".\n", path_logdir());
}

static void wait_for_switch(struct ctl *ctl, int64_t next_cfg)
{
	for (;;) {
		const struct vsw_open_vswitch *root = vsctl_root(ctl);
		if (root && vsw_open_vswitch_cur_cfg(root) >= next_cfg)
			break;
		AUTO_ERR err = ERR_INIT;
		if (idl_wait_change(ctl->idl, idl_seqno(ctl->idl), INT64_MAX, &err) < 0)
			fail(&err);
	}
	report_ifaces(ctl);
}

static void end_attempt(struct ctl *ctl)
{
	view_forget(ctl);
	idl_txn_free(ctl->txn);
	ctl->txn = NULL;
	symbol_table_fini(&ctl->symbols);
}

/* True if it is done, false if it is to be tried again. */
static bool attempt(struct ctl *ctl, const char *comment)
{
	bool wait = !options.no_wait && !options.dry_run;
	symbol_table_init(&ctl->symbols);
	ctl_commands_reset(ctl);
	forget_new_ifaces();
	ctl->txn = idl_txn_new(ctl->idl);
	idl_txn_comment(ctl->txn, "%s", comment);
	if (options.dry_run)
		idl_txn_set_dry_run(ctl->txn);
	if (!vsctl_root(ctl))
		vsw_open_vswitch_insert(ctl->txn);
	if (wait)
		idl_txn_increment(ctl->txn, idl_row(vsctl_root(ctl)), VSW_OPEN_VSWITCH_NEXT_CFG,
				  false);
	if (run_commands(ctl) == -EAGAIN) {
		idl_txn_abort(ctl->txn);
		end_attempt(ctl);
		return false;
	}
	view_forget(ctl);
	enum idl_status status = idl_txn_commit_wait(ctl->txn, INT64_MAX);
	switch (status) {
	case IDL_UNCHANGED:
	case IDL_SUCCESS:
		break;
	case IDL_TRY_AGAIN:
		end_attempt(ctl);
		return false;
	case IDL_ERROR:
		log_fatal("transaction error: %s", idl_txn_error(ctl->txn));
	default:
		log_fatal("transaction ended as \"%s\"", idl_status_name(status));
	}
	print_output(ctl);
	if (wait && status == IDL_SUCCESS) {
		fflush(stdout);
		wait_for_switch(ctl, idl_txn_incremented(ctl->txn));
	}
	end_attempt(ctl);
	return true;
}

/* --- main ----------------------------------------------------------------------------------------
 */

static void prepare_commands(struct ctl *ctl)
{
	struct idl *idl = ctl->idl;
	idl_monitor_row_ids(idl, &vsw_open_vswitch_table);
	for (size_t i = 0; i < ctl->n_commands; i++) {
		AUTO_ERR err = ERR_INIT;
		struct ctl_command *command = &ctl->commands[i];
		if (command->def->prepare(command, &err) < 0)
			fail(&err);
	}
	if (!options.no_wait) {
		idl_monitor_column(idl, &vsw_open_vswitch_table, VSW_OPEN_VSWITCH_CUR_CFG);
		idl_monitor_column(idl, &vsw_interface_table, VSW_INTERFACE_NAME);
		idl_monitor_column(idl, &vsw_interface_table, VSW_INTERFACE_OFPORT);
		idl_monitor_column(idl, &vsw_interface_table, VSW_INTERFACE_ERROR);
	}
}

static void connect_database(struct ctl *ctl)
{
	AUTO_ERR err = ERR_INIT;
	idl_start(ctl->idl);
	if (idl_wait_ready(ctl->idl, options.retry, INT64_MAX, &err) < 0)
		log_fatal("%s: database connection failed (%s)", options.db, err_text(&err));
}

static void set_default_levels(void)
{
	AUTO_ERR err = ERR_INIT;
	/* What goes wrong is said by log_fatal(); the rest is for -v. */
	if (log_set_from_str("console:warn", &err) < 0 ||
	    log_set_from_str("syslog:warn", &err) < 0 ||
	    log_set_from_str("vsctl:syslog:info", &err) < 0)
		log_fatal("%s", err_text(&err));
}

int vsctl_main(int argc, char **argv)
{
	struct ctl ctl = {
		.db = &vsw_db,
		.row_ids = row_ids,
		.style = TABLE_STYLE_INIT(TABLE_LIST),
		.column_changed = view_column_changed,
	};
	struct strmap local = STRMAP_INIT;
	AUTO_ERR err = ERR_INIT;
	const char *env_timeout = getenv("OVS_CTL_TIMEOUT");

	log_set_program("ovs-vsctl");
	signal(SIGPIPE, SIG_IGN);
	set_default_levels();
	set_row_ids();
	if (env_timeout && *env_timeout)
		options.timeout_s = parse_timeout(env_timeout, "OVS_CTL_TIMEOUT");
	int first = parse_options(argc, argv, &ctl, &local);
	if (!options.db)
		options.db = xasprintf("unix:%s/db.sock", path_rundir());
	daemon_open_log();

	AUTO_STR line = STR_INIT;
	put_command_line(argc, argv, &line);
	log_info("Called as %s", str_cstr(&line));

	if (ctl_commands_parse(&ctl, all_commands(), argc - first, argv + first, &local, &err) < 0)
		fail(&err);
	struct loop *loop = loop_new();
	daemon_on_signal(loop, NULL, NULL);
	if (options.timeout_s)
		alarm(options.timeout_s);
	ctl.idl = idl_new(&vsw_db, options.db, loop);
	idl_set_probe(ctl.idl, 0);
	prepare_commands(&ctl);
	connect_database(&ctl);

	AUTO_FREE char *comment = transaction_comment(argc, argv);
	for (;;) {
		uint64_t seqno = idl_seqno(ctl.idl);
		if (attempt(&ctl, comment))
			break;
		if (idl_wait_change(ctl.idl, seqno, INT64_MAX, &err) < 0)
			fail(&err);
	}

#ifndef __SANITIZE_ADDRESS__
	/* Freeing a large replica row by row takes a tenth of the run; the kernel does it at once.
	 */
	if (fflush(stdout) == 0 && !stream_name_is_passive(options.db))
		_exit(0);
#endif
	ctl_commands_free(&ctl);
	forget_new_ifaces();
	idl_free(ctl.idl);
	loop_free(loop);
	strmap_fini(&local);
	free(options.db);
	return 0;
}
