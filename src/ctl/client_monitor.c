/* SPDX-License-Identifier: Apache-2.0 */
/* client_monitor: monitor (RFC 7047 4.1.5), monitor-cond and monitor-cond-since (ovsdb-server(7)
 * 4.1.12 and 4.1.15): a table is printed for each table of the database that an update touches. */
#include <stdio.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctl/client.h"
#include "wire/json.h"

enum kind { MONITOR, MONITOR_COND, MONITOR_COND_SINCE };

struct monitored {
	const struct table_schema *table;
	const struct column_schema **columns; /* in the order asked for */
	size_t n;
	json_t *requests;
};

struct monitor {
	struct client *client;
	enum kind kind;
	struct monitored *tables;
	size_t n_tables;
	json_t *id; /* of the request; NULL: answered */
};

/* --- arguments ------------------------------------------------------------------------------- */

static void add_column(const struct client *c, struct monitored *m,
		       const struct column_schema *column)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->columns[i] == column)
			log_fatal("%s: column \"%s\" mentioned multiple times", c->server,
				  column->name);
	}
	m->columns = xrealloc(m->columns, (m->n + 1) * sizeof *m->columns);
	m->columns[m->n++] = column;
}

/* Adds "columns" of all, which are those of the table and _version. */
static void add_all_columns(const struct client *c, struct monitored *m, json_t *names)
{
	for (size_t i = N_FIXED_COLUMNS; i <= m->table->n_columns; i++) {
		const struct column_schema *column =
			m->table->columns[i < m->table->n_columns ? i : COL_VERSION];
		add_column(c, m, column);
		json_array_append_new(names, json_string(column->name));
	}
}

/* One argument "COLUMN,!initial,COLUMN.." is one <monitor-request>. */
static void add_request(const struct client *c, struct monitored *m, const char *columns,
			const json_t *condition)
{
	static const char *const selects[] = { "initial", "insert", "delete", "modify" };
	AUTO_FREE char *copy = xstrdup(columns);
	json_t *names = json_array(), *select = json_object();
	char *save = NULL;
	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		bool is_select = false;
		for (size_t i = 0; i < ARRAY_SIZE(selects) && *word == '!'; i++) {
			if (!strcmp(word + 1, selects[i])) {
				json_object_set_new(select, selects[i], json_false());
				is_select = true;
			}
		}
		if (is_select)
			continue;
		const struct column_schema *column = table_column(m->table, word);
		if (!column)
			log_fatal("%s: table \"%s\" in %s does not have a column named \"%s\"",
				  c->server, m->table->name, c->database, word);
		add_column(c, m, column);
		json_array_append_new(names, json_string(word));
	}
	if (!json_array_size(names))
		add_all_columns(c, m, names);
	json_t *request = json_pack("{s:o,s:o}", "columns", names, "select", select);
	if (condition)
		json_object_set(request, "where", (json_t *)condition);
	json_array_append_new(m->requests, request);
}

static void add_table(struct monitor *mon, const struct table_schema *table, int argc, char **argv,
		      const json_t *condition)
{
	mon->tables = xrealloc(mon->tables, (mon->n_tables + 1) * sizeof *mon->tables);
	struct monitored *m = &mon->tables[mon->n_tables++];
	*m = (struct monitored){ .table = table, .requests = json_array() };
	if (!argc)
		add_request(mon->client, m, "", condition);
	for (int i = 0; i < argc; i++)
		add_request(mon->client, m, argv[i], condition);
}

static const struct table_schema *table_arg(const struct client *c, const struct schema *schema,
					    const char *name)
{
	const struct table_schema *table = schema_table(schema, name);
	if (!table)
		log_fatal("%s: %s does not have a table named \"%s\"", c->server, c->database,
			  name);
	return table;
}

/* --- printing -------------------------------------------------------------------------------- */

/* A row with what 'columns' has; the others are left empty. */
static void put_row(const struct monitor *mon, const struct monitored *m, struct output_table *t,
		    const char *uuid, const char *action, const json_t *columns)
{
	table_add_text(t, xstrdup(uuid));
	table_add_text(t, xstrdup(action));
	for (size_t i = 0; i < m->n; i++) {
		const struct column_schema *column = m->columns[i];
		const json_t *json = json_object_get(columns, column->name);
		AUTO_DATUM *datum = NULL;
		AUTO_DBERR dberr = DBERR_INIT;
		if (!json) {
			table_add_nothing(t);
			continue;
		}
		if (datum_from_json_unconstrained(&column->type, json, &datum, &dberr) < 0)
			log_fatal("%s: malformed column %s of table %s: %s", mon->client->server,
				  column->name, m->table->name, dberr.details);
		table_add_datum(t, datum, &column->type);
	}
}

static void put_update(const struct monitor *mon, const struct monitored *m, struct output_table *t,
		       const char *uuid, const json_t *update, bool is_first)
{
	const json_t *old = json_object_get(update, "old"), *new = json_object_get(update, "new");
	if (old && new) {
		put_row(mon, m, t, uuid, "old", old);
		put_row(mon, m, t, "", "new", new);
	} else if (old) {
		put_row(mon, m, t, uuid, "delete", old);
	} else {
		put_row(mon, m, t, uuid, is_first ? "initial" : "insert", new);
	}
}

static void put_update2(const struct monitor *mon, const struct monitored *m,
			struct output_table *t, const char *uuid, const json_t *update)
{
	const char *action;
	json_t *columns;
	json_object_foreach((json_t *)update, action, columns)
		put_row(mon, m, t, uuid, action, columns);
}

static void print_updates(struct monitor *mon, const json_t *updates, bool is_first)
{
	struct client *c = mon->client;
	for (size_t i = 0; i < mon->n_tables; i++) {
		const struct monitored *m = &mon->tables[i];
		json_t *rows = json_object_get(updates, m->table->name), *row;
		const char *uuid;
		struct output_table t = TABLE_INIT;
		if (!json_object_size(rows))
			continue;
		if (c->timestamp)
			t.time_ms = clock_wall_ms();
		if (mon->n_tables > 1)
			table_set_caption(&t, xstrdup(m->table->name));
		table_add_heading(&t, "row");
		table_add_heading(&t, "action");
		for (size_t j = 0; j < m->n; j++)
			table_add_heading(&t, m->columns[j]->name);
		json_object_foreach(rows, uuid, row) {
			if (mon->kind == MONITOR)
				put_update(mon, m, &t, uuid, row, is_first);
			else
				put_update2(mon, m, &t, uuid, row);
		}
		client_print_table(c, &t);
		table_fini(&t);
	}
	fflush(stdout);
}

/* What identifies the transaction stands above the tables of its update. */
static void print_last_id(struct monitor *mon, const char *found, const json_t *id)
{
	if (mon->client->style->printed_one)
		putchar('\n');
	mon->client->style->printed_one = false;
	printf("%slast_id: %s\n", found, json_string_value(id) ? json_string_value(id) : "");
}

/* --- messages -------------------------------------------------------------------------------- */

static void first_answer(struct monitor *mon, const struct jsonrpc_msg *msg)
{
	if (msg->type == JSONRPC_ERROR) {
		AUTO_STR text = STR_INIT;
		json_put(msg->error, JSON_PUT_SORT, &text);
		log_fatal("%s: the server refuses to monitor: %s", mon->client->server,
			  str_cstr(&text));
	}
	const json_t *updates = msg->result;
	if (mon->kind == MONITOR_COND_SINCE) {
		bool found = json_is_true(json_array_get(msg->result, 0));
		print_last_id(mon, found ? "found: true, " : "found: false, ",
			      json_array_get(msg->result, 1));
		updates = json_array_get(msg->result, 2);
	}
	print_updates(mon, updates, true);
	client_go_on(mon->client);
}

static void on_message(struct client *c, struct jsonrpc_msg *msg)
{
	static const char *const methods[] = { "update", "update2", "update3" };
	struct monitor *mon = c->arg;
	if (msg->type == JSONRPC_NOTIFY && !strcmp(msg->method, methods[mon->kind])) {
		size_t at = 1;
		if (mon->kind == MONITOR_COND_SINCE)
			print_last_id(mon, "", json_array_get(msg->params, at++));
		print_updates(mon, json_array_get(msg->params, at), false);
	} else if ((msg->type == JSONRPC_REPLY || msg->type == JSONRPC_ERROR) && mon->id &&
		   json_equal(msg->id, mon->id)) {
		json_decref(mon->id);
		mon->id = NULL;
		first_answer(mon, msg);
	}
	jsonrpc_msg_free(msg);
}

static void send_request(struct monitor *mon, const char *last_id) NORETURN;
static void send_request(struct monitor *mon, const char *last_id)
{
	static const char *const methods[] = { "monitor", "monitor_cond", "monitor_cond_since" };
	struct client *c = mon->client;
	json_t *requests = json_object(), *id;
	for (size_t i = 0; i < mon->n_tables; i++)
		json_object_set_new(requests, mon->tables[i].table->name, mon->tables[i].requests);
	json_t *params = json_pack("[sno]", c->database, requests);
	if (mon->kind == MONITOR_COND_SINCE)
		json_array_append_new(params, json_string(last_id));
	c->recv = on_message;
	c->arg = mon;
	struct jsonrpc_msg *msg = jsonrpc_request(methods[mon->kind], params, &id);
	mon->id = json_incref(id);
	jsonrpc_send(c->rpc, msg);
	client_serve(c);
}

int client_monitor(struct client *c, int argc, char **argv)
{
	struct schema *schema = client_schema(c);
	struct monitor mon = { .client = c, .kind = MONITOR };
	if (!strcmp(argv[0], "ALL")) {
		if (argc > 1)
			log_fatal("monitor: no columns may be named with ALL");
		for (size_t i = 0; i < schema->n_tables; i++)
			add_table(&mon, schema->tables[i], 0, NULL, NULL);
	} else {
		add_table(&mon, table_arg(c, schema, argv[0]), argc - 1, argv + 1, NULL);
	}
	send_request(&mon, NULL);
}

static void monitor_conditions(struct client *c, enum kind kind, const char *last_id, int argc,
			       char **argv) NORETURN;
static void monitor_conditions(struct client *c, enum kind kind, const char *last_id, int argc,
			       char **argv)
{
	struct schema *schema = client_schema(c);
	struct monitor mon = { .client = c, .kind = kind };
	json_t *condition = client_parse_json(argv[0]);
	if (!json_is_array(condition))
		log_fatal("\"%s\": a condition is an array, as in [[\"name\",\"==\",\"br0\"]]",
			  argv[0]);
	add_table(&mon, table_arg(c, schema, argv[1]), argc - 2, argv + 2, condition);
	send_request(&mon, last_id);
}

int client_monitor_cond(struct client *c, int argc, char **argv)
{
	monitor_conditions(c, MONITOR_COND, NULL, argc, argv);
}

int client_monitor_cond_since(struct client *c, int argc, char **argv)
{
	const char *last_id = "00000000-0000-0000-0000-000000000000";
	struct uuid uuid;
	if (uuid_from_str(argv[0], &uuid)) {
		last_id = argv[0];
		argc--;
		argv++;
		if (argc < 2)
			log_fatal("invalid syntax for 'monitor-cond-since' (use --help for help)");
	}
	monitor_conditions(c, MONITOR_COND_SINCE, last_id, argc, argv);
}
