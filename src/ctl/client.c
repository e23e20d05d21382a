/* SPDX-License-Identifier: Apache-2.0 */
/* client: ovsdb-client(1), a command line for any OVSDB server.
 *
 * Arguments are [SERVER] [DATABASE] and what the command takes itself. A first argument that is a
 * connection method is the server. Whether the next one is a database only the server knows, so its
 * list is fetched before the rest is looked at. */
#include "ctl/client.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "ctl/applets.h"
#include "ctl/program.h"
#include "io/control.h"
#include "io/daemon.h"
#include "io/stream.h"
#include "wire/json.h"

LOG_MODULE(ovsdb_client);

#define DEFAULT_PORT 6640
#define DEFAULT_DATABASE "Open_vSwitch"

static struct table_style style = TABLE_STYLE_INIT(TABLE_TABLE);
static bool timestamp, force;

void client_fail(const struct err *err) { log_fatal("%s", err_text(err)); }

/* --- connection ------------------------------------------------------------------------------ */

static void on_recv(struct jsonrpc *rpc, struct jsonrpc_msg *msg, void *arg)
{
	struct client *c = arg;
	if (msg->type == JSONRPC_REQUEST && !strcmp(msg->method, "echo")) {
		jsonrpc_send(rpc, jsonrpc_reply(json_incref(msg->params), msg->id));
		jsonrpc_msg_free(msg);
	} else if (c->recv) {
		c->recv(c, msg);
	} else {
		jsonrpc_msg_free(msg);
	}
}

static void on_closed(struct jsonrpc *rpc, int error, void *arg)
{
	struct client *c = arg;
	log_fatal("%s: receive failed (%s)", c->server, error ? err_name(error) : "End of file");
}

static const struct jsonrpc_ops ops = { .recv = on_recv, .closed = on_closed };

static void connect_failed(const char *server, int error) NORETURN;
static void connect_failed(const char *server, int error)
{
	log_fatal("failed to connect to \"%s\" (%s)", server, err_name(error));
}

static void on_writable(struct stream *stream, unsigned events, void *arg) {}

static void on_accept(struct listener *listener, struct stream *stream, void *arg)
{
	struct stream **ret = arg;
	if (*ret)
		stream_close(stream);
	else
		*ret = stream;
}

/* Waits for the server to connect to us. */
static struct stream *accept_one(struct loop *loop, const char *name)
{
	struct listener *listener;
	struct stream *stream = NULL;
	AUTO_ERR err = ERR_INIT;
	int r = listener_open(name, DEFAULT_PORT, loop, on_accept, &stream, &listener, &err);
	if (r < 0)
		connect_failed(name, r);
	while (!stream)
		loop_once(loop, -1);
	listener_close(listener);
	return stream;
}

/* NULL and *ret_error if it cannot be reached. */
static struct stream *dial(struct loop *loop, const char *name, int *ret_error)
{
	struct stream *stream;
	int r = stream_open(name, DEFAULT_PORT, loop, &stream, NULL);
	if (r < 0) {
		*ret_error = r;
		return NULL;
	}
	while ((r = stream_connect_result(stream)) == -EAGAIN) {
		stream_wait(stream, LOOP_WRITE, on_writable, NULL);
		loop_once(loop, -1);
	}
	if (r < 0) {
		stream_close(stream);
		*ret_error = r;
		return NULL;
	}
	return stream;
}

/* 'c->server' may be several, with commas: the first that answers. */
static void connect_server(struct client *c)
{
	AUTO_FREE char *copy = xstrdup(c->server);
	struct stream *stream = NULL;
	char *save = NULL;
	int error = -EAFNOSUPPORT;
	if (stream_name_is_passive(c->server)) {
		stream = accept_one(c->loop, c->server);
	} else {
		for (char *name = strtok_r(copy, ", ", &save); name && !stream;
		     name = strtok_r(NULL, ", ", &save))
			stream = dial(c->loop, name, &error);
	}
	if (!stream)
		connect_failed(c->server, error);
	c->rpc = jsonrpc_new(stream, c->loop, &ops, c);
}

json_t *client_call(struct client *c, const char *method, json_t *params)
{
	AUTO_ERR err = ERR_INIT;
	json_t *result;
	int r = jsonrpc_call(c->rpc, c->loop, method, params, INT64_MAX, &result, &err);
	if (r == -EREMOTEIO)
		log_fatal("%s returned error: %s",
			  !strcmp(method, "transact") ? "transaction" : method, err_text(&err));
	if (r < 0)
		log_fatal("%s: transaction failed (%s)", c->server, err_text(&err));
	return result;
}

static void control_exit(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct client *c = arg;
	control_reply(call, NULL);
	loop_stop(c->loop);
}

struct control_server *client_open_control(struct client *c)
{
	struct control_server *control = NULL;
	AUTO_ERR err = ERR_INIT;
	if (control_server_open(program_daemon_options()->unixctl, c->loop, &control, &err) < 0)
		client_fail(&err);
	control_register("exit", "", 0, 0, control_exit, c);
	return control;
}

void client_serve(struct client *c)
{
	struct control_server *control = NULL;
	if (program_daemon_options()->detach)
		control = client_open_control(c);
	loop_run(c->loop);
	jsonrpc_flush(c->rpc);
	control_server_close(control);
	exit(0);
}

void client_go_on(struct client *c)
{
	struct daemon_options *d = program_daemon_options();
	fflush(stdout);
	daemon_ready(d);
}

/* --- small things that several commands need -------------------------------------------------- */

struct schema *client_schema(struct client *c)
{
	AUTO_DBERR dberr = DBERR_INIT;
	struct schema *schema;
	json_t *json = client_call(c, "get_schema", json_pack("[s]", c->database));
	if (schema_from_json(json, &schema, &dberr) < 0) {
		AUTO_STR text = STR_INIT;
		dberr_put(&dberr, &text);
		log_fatal("%s: malformed schema: %s", c->server, str_cstr(&text));
	}
	json_decref(json);
	return schema;
}

void client_print_json(const struct client *c, const json_t *json)
{
	AUTO_STR text = STR_INIT;
	json_put(json, JSON_PUT_SORT | (c->style->pretty ? JSON_PUT_PRETTY : 0), &text);
	puts(str_cstr(&text));
}

void client_print_table(struct client *c, const struct output_table *table)
{
	AUTO_STR text = STR_INIT;
	table_print(table, c->style, &text);
	fputs(str_cstr(&text), stdout);
}

json_t *client_parse_json(const char *text)
{
	AUTO_ERR err = ERR_INIT;
	json_t *json;
	if (json_parse(text, strlen(text), &json, &err) < 0)
		log_fatal("\"%s\": %s", text, err_text(&err));
	return json;
}

/* --- commands -------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of databases, sorted; they live in *ret_json. */
static const char **database_names(struct client *c, json_t **ret_json, size_t *ret_n)
{
	json_t *list = client_call(c, "list_dbs", json_array()), *name;
	size_t n = json_array_size(list), i;
	const char **names = xcalloc(n + 1, sizeof *names);
	*ret_n = 0;
	json_array_foreach(list, i, name) {
		if (!json_is_string(name))
			log_fatal("list_dbs response is not array of strings");
		names[(*ret_n)++] = json_string_value(name);
	}
	qsort(names, *ret_n, sizeof *names, compare_names);
	*ret_json = list;
	return names;
}

static int list_dbs(struct client *c, int argc, char **argv)
{
	json_t *list;
	size_t n;
	AUTO_FREE const char **names = database_names(c, &list, &n);
	for (size_t i = 0; i < n; i++)
		puts(names[i]);
	json_decref(list);
	return 0;
}

static int get_schema(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *schema = client_schema(c);
	json_t *json = schema_to_json(schema);
	client_print_json(c, json);
	json_decref(json);
	return 0;
}

static int get_schema_version(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *schema = client_schema(c);
	puts(schema->version);
	return 0;
}

static int get_schema_cksum(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *schema = client_schema(c);
	puts(schema->cksum);
	return 0;
}

static int list_tables(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *schema = client_schema(c);
	struct output_table t = TABLE_INIT;
	table_add_heading(&t, "Table");
	for (size_t i = 0; i < schema->n_tables; i++)
		table_add_text(&t, xstrdup(schema->tables[i]->name));
	client_print_table(c, &t);
	table_fini(&t);
	return 0;
}

static int list_columns(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *schema = client_schema(c);
	const char *wanted = argc ? argv[0] : NULL;
	struct output_table t = TABLE_INIT;
	if (!wanted)
		table_add_heading(&t, "Table");
	table_add_heading(&t, "Column");
	table_add_heading(&t, "Type");
	for (size_t i = 0; i < schema->n_tables; i++) {
		const struct table_schema *ts = schema->tables[i];
		if (wanted && strcmp(ts->name, wanted))
			continue;
		for (size_t j = 0; j < ts->n_columns; j++) {
			if (!wanted)
				table_add_text(&t, xstrdup(ts->name));
			table_add_text(&t, xstrdup(ts->columns[j]->name));
			table_add_json(&t, column_type_to_json(&ts->columns[j]->type));
		}
	}
	client_print_table(c, &t);
	table_fini(&t);
	return 0;
}

/* The parameters of a transact request: an array with the database's name in front. */
static json_t *transaction_arg(const char *text)
{
	json_t *json = client_parse_json(text);
	if (!json_is_array(json) || !json_is_string(json_array_get(json, 0)))
		log_fatal("not a valid OVSDB query");
	return json;
}

static int transact(struct client *c, int argc, char **argv)
{
	json_t *result = client_call(c, "transact", transaction_arg(argv[0]));
	client_print_json(c, result);
	json_decref(result);
	return 0;
}

static int query(struct client *c, int argc, char **argv)
{
	json_t *request = transaction_arg(argv[0]);
	json_array_append_new(request, json_pack("{s:s}", "op", "abort"));
	json_t *result = client_call(c, "transact", request);
	/* The answer to the "abort" that was put at the end is not part of what was asked. */
	size_t n = json_array_size(result);
	const json_t *last = n ? json_array_get(result, n - 1) : NULL;
	const char *error = json_string_value(json_object_get(last, "error"));
	if (error && !strcmp(error, "aborted"))
		json_array_remove(result, n - 1);
	client_print_json(c, result);
	json_decref(result);
	return 0;
}

static struct schema *schema_arg(const char *path)
{
	AUTO_ERR err = ERR_INIT;
	struct schema *schema;
	if (schema_from_file(path, &schema, &err) < 0)
		log_fatal("failed to read schema: %s", err_text(&err));
	return schema;
}

static int convert(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *schema = schema_arg(argv[0]);
	json_decref(
		client_call(c, "convert", json_pack("[so]", schema->name, schema_to_json(schema))));
	return 0;
}

static int needs_conversion(struct client *c, int argc, char **argv)
{
	AUTO_SCHEMA *wanted = schema_arg(argv[0]);
	c->database = wanted->name;
	AUTO_SCHEMA *there = client_schema(c);
	puts(schema_equal(wanted, there) ? "no" : "yes");
	return 0;
}

/* --- which server, which database ------------------------------------------------------------- */

static bool is_server(const char *arg)
{
	return stream_name_is_active(arg) || stream_name_is_passive(arg);
}

static bool has_name(const char **names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

/* Takes the database off the arguments, if the first is one and enough are left: a table may have
 * the name of a database. */
static void choose_database(struct client *c, const char *command, int min_args, int *argc,
			    char ***argv)
{
	json_t *list;
	size_t n;
	AUTO_FREE const char **names = database_names(c, &list, &n);
	if (*argc > min_args && has_name(names, n, (*argv)[0])) {
		c->database = (*argv)[0];
		(*argc)--;
		(*argv)++;
	} else if (has_name(names, n, DEFAULT_DATABASE)) {
		c->database = DEFAULT_DATABASE;
	} else {
		log_fatal("no default database for '%s' command, please specify a database name",
			  command);
	}
	json_decref(list);
}

enum { WITHOUT_DATABASE, WITH_DATABASE };

static int run(int argc, char **argv, int need, int min_args, int max_args,
	       int (*command)(struct client *, int, char **))
{
	AUTO_FREE char *default_server = NULL;
	const char *name = argv[0];
	struct daemon_options *d = program_daemon_options();
	d->keep_stdout = true;
	struct client c = { .style = &style, .timestamp = timestamp, .force = force };
	argc--;
	argv++;
	if (argc && is_server(argv[0])) {
		c.server = argv[0];
		argc--;
		argv++;
	} else {
		c.server = default_server = xasprintf("unix:%s/db.sock", path_rundir());
	}
	if (need == WITHOUT_DATABASE && (argc < min_args || argc > max_args))
		log_fatal("invalid syntax for '%s' (use --help for help)", name);
	daemon_start(d);
	c.loop = loop_new();
	daemon_on_signal(c.loop, NULL, NULL);
	connect_server(&c);
	if (need == WITH_DATABASE) {
		choose_database(&c, name, min_args, &argc, &argv);
		if (argc < min_args || argc > max_args)
			log_fatal("invalid syntax for '%s' (use --help for help)", name);
	}
	int status = command(&c, argc, argv);
	jsonrpc_close(c.rpc);
	loop_free(c.loop);
	return status;
}

#define COMMAND(FUNCTION, NEED, MIN, MAX)                                                          \
	static int run_##FUNCTION(int argc, char **argv)                                           \
	{                                                                                          \
		return run(argc, argv, NEED, MIN, MAX, FUNCTION);                                  \
	}
COMMAND(list_dbs, WITHOUT_DATABASE, 0, 0)
COMMAND(get_schema, WITH_DATABASE, 0, 0)
COMMAND(get_schema_version, WITH_DATABASE, 0, 0)
COMMAND(get_schema_cksum, WITH_DATABASE, 0, 0)
COMMAND(list_tables, WITH_DATABASE, 0, 0)
COMMAND(list_columns, WITH_DATABASE, 0, 1)
COMMAND(transact, WITHOUT_DATABASE, 1, 1)
COMMAND(query, WITHOUT_DATABASE, 1, 1)
COMMAND(convert, WITHOUT_DATABASE, 1, 1)
COMMAND(needs_conversion, WITHOUT_DATABASE, 1, 1)
COMMAND(client_dump, WITH_DATABASE, 0, INT_MAX)
COMMAND(client_backup, WITH_DATABASE, 0, 0)
COMMAND(client_restore, WITH_DATABASE, 0, 0)
COMMAND(client_monitor, WITH_DATABASE, 1, INT_MAX)
COMMAND(client_monitor_cond, WITH_DATABASE, 2, 3)
COMMAND(client_monitor_cond_since, WITH_DATABASE, 2, 4)
COMMAND(client_wait, WITHOUT_DATABASE, 2, 2)
COMMAND(client_lock, WITHOUT_DATABASE, 1, 1)
COMMAND(client_steal, WITHOUT_DATABASE, 1, 1)
COMMAND(client_unlock, WITHOUT_DATABASE, 1, 1)

static const struct program_command commands[] = {
	{ "list-dbs", "[SERVER]", 0, INT_MAX, run_list_dbs, "names of the databases", "Server" },
	{ "get-schema", "[SERVER] [DATABASE]", 0, INT_MAX, run_get_schema, "the schema as JSON",
	  "Schemas" },
	{ "get-schema-version", "[SERVER] [DATABASE]", 0, INT_MAX, run_get_schema_version,
	  "the schema's version number" },
	{ "get-schema-cksum", "[SERVER] [DATABASE]", 0, INT_MAX, run_get_schema_cksum,
	  "the schema's checksum" },
	{ "list-tables", "[SERVER] [DATABASE]", 0, INT_MAX, run_list_tables,
	  "names of the tables" },
	{ "list-columns", "[SERVER] [DATABASE] [TABLE]", 0, INT_MAX, run_list_columns,
	  "columns of one table or all, with their types" },
	{ "convert", "[SERVER] SCHEMA", 0, INT_MAX, run_convert,
	  "make the database named in the file SCHEMA one of that schema" },
	{ "needs-conversion", "[SERVER] SCHEMA", 0, INT_MAX, run_needs_conversion,
	  "does its schema differ from that in the file SCHEMA?" },
	{ "transact", "[SERVER] TRANSACTION", 0, INT_MAX, run_transact,
	  "run TRANSACTION, the JSON parameters of a \"transact\" request", "Data" },
	{ "query", "[SERVER] TRANSACTION", 0, INT_MAX, run_query, "the same, changing nothing" },
	{ "dump", "[SERVER] [DATABASE] [TABLE [COLUMN]...]", 0, INT_MAX, run_client_dump,
	  "print the contents" },
	{ "backup", "[SERVER] [DATABASE] > SNAPSHOT", 0, INT_MAX, run_client_backup,
	  "write the contents as a database file" },
	{ "restore", "[SERVER] [DATABASE] < SNAPSHOT", 0, INT_MAX, run_client_restore,
	  "replace the contents by those of a database file" },
	{ "monitor", "[SERVER] [DATABASE] TABLE|ALL [COLUMN,...]...", 0, INT_MAX,
	  run_client_monitor,
	  "print contents and changes; !initial, !insert, !delete, !modify leave some out" },
	{ "monitor-cond", "[SERVER] [DATABASE] CONDITION TABLE [COLUMN,...]", 0, INT_MAX,
	  run_client_monitor_cond, "the same for rows that meet CONDITION" },
	{ "monitor-cond-since", "[SERVER] [DATABASE] [LASTID] CONDITION TABLE [COLUMN,...]", 0,
	  INT_MAX, run_client_monitor_cond_since, "the same, from transaction LASTID on" },
	{ "wait", "[SERVER] DATABASE STATE", 0, INT_MAX, run_client_wait,
	  "until DATABASE is added, connected or removed" },
	{ "lock", "[SERVER] LOCK", 0, INT_MAX, run_client_lock, "ask for LOCK and hold it",
	  "Testing" },
	{ "steal", "[SERVER] LOCK", 0, INT_MAX, run_client_steal, "take LOCK from its owner" },
	{ "unlock", "[SERVER] LOCK", 0, INT_MAX, run_client_unlock, "give LOCK up" },
	{ 0 },
};

enum {
	TIMESTAMP,
	FORCE,
	LEADER_ONLY,
	NO_LEADER_ONLY,
	FORMAT,
	DATA,
	NO_HEADINGS,
	PRETTY,
	BARE,
	MAX_COLUMN_WIDTH,
};
static const struct program_option client_options[] = {
	[TIMESTAMP] = { "timestamp", 0, NULL, "print the time above each table of a monitor" },
	[FORCE] = { "force", 0, NULL, "restore: also where the schemas differ" },
	[LEADER_ONLY] = { "leader-only", 0, NULL, "accepted; a standalone server leads itself" },
	[NO_LEADER_ONLY] = { "no-leader-only", 0, NULL, "accepted" },
	[FORMAT] = { "format", 'f', "FORMAT", "of tables: table, list, html, csv or json" },
	[DATA] = { "data", 'd', "FORMAT", "of their cells: string, bare or json" },
	[NO_HEADINGS] = { "no-headings", 0, NULL, "leave out the row of headings" },
	[PRETTY] = { "pretty", 0, NULL, "lay JSON out over several lines" },
	[BARE] = { "bare", 0, NULL, "same as --format=list --data=bare --no-headings" },
	[MAX_COLUMN_WIDTH] = { "max-column-width", 0, "N", "cut cells of text tables" },
	{ 0 },
};

static void take_option(size_t i, const char *arg)
{
	static const int codes[] = {
		[FORMAT] = 'f',	       [DATA] = 'd',	  [NO_HEADINGS] = OPT_NO_HEADINGS,
		[PRETTY] = OPT_PRETTY, [BARE] = OPT_BARE, [MAX_COLUMN_WIDTH] = OPT_MAX_COLUMN_WIDTH,
	};
	if (i == TIMESTAMP)
		timestamp = true;
	else if (i == FORCE)
		force = true;
	else if (i >= FORMAT)
		table_option(&style, codes[i], arg);
}

static const struct program client_program = {
	.name = "ovsdb-client",
	.title = "asks and changes databases over OVSDB",
	.flags = PROGRAM_TLS | PROGRAM_DAEMON | PROGRAM_TIMEOUT,
	.timeout_letter = 't',
	.options = client_options,
	.option = take_option,
	.commands = commands,
};

int ovsdb_client_main(int argc, char **argv) { return program_run(&client_program, argc, argv); }
