/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of ovsdb-server(1), "Runtime Management Commands". Those of replication and of
 * clusters are there to say that they are not supported. */
#include "io/control.h"
#include <errno.h>
#include <malloc.h>
#include "base/log.h"
#include "base/mem.h"
#include "io/memory.h"
#include "ovsdb/server/server.h"

LOG_MODULE(ovsdb_control);

static bool trim_on_compaction = true;

static void compact_one(struct control_call *call, struct server_db *db)
{
	AUTO_ERR err = ERR_INIT;

	if (database_compact(db->database, &err) < 0) {
		control_reply_err(call, &err);
		return;
	}
	control_reply(call, NULL);
}

static void do_compact(struct control_call *call, int argc, const char *argv[], void *s_)
{
	struct server *s = s_;
	struct server_db *db;
	AUTO_STR failures = STR_INIT;

	if (argc > 1) {
		db = server_db_lookup(s, argv[1]);
		if (!db)
			control_reply_error(call, "no database by that name");
		else if (db->database->is_builtin)
			control_reply_error(call, "cannot compact built-in databases");
		else
			compact_one(call, db);
	} else {
		LIST_FOR_EACH(db, &s->dbs, order) {
			AUTO_ERR err = ERR_INIT;
			if (!db->database->is_builtin && database_compact(db->database, &err) < 0)
				str_putf(&failures, "%s\n", err_text(&err));
		}
		if (failures.len)
			control_reply_error(call, failures.s);
		else
			control_reply(call, NULL);
	}
	if (trim_on_compaction)
		malloc_trim(0);
}

static void do_trim(struct control_call *call, int argc, const char *argv[], void *s)
{
	if (!strcmp(argv[1], "on") || !strcmp(argv[1], "off")) {
		trim_on_compaction = !strcmp(argv[1], "on");
		log_info("memory trimming after compaction %s.",
			 trim_on_compaction ? "enabled" : "disabled");
		control_reply(call, NULL);
	} else {
		control_reply_error(call, "invalid argument");
	}
}

static void do_reconnect(struct control_call *call, int argc, const char *argv[], void *s)
{
	client_disconnect_all(s, true);
	control_reply(call, NULL);
}

static void do_add_remote(struct control_call *call, int argc, const char *argv[], void *s)
{
	AUTO_ERR err = ERR_INIT;

	if (remote_add(s, argv[1], &err) < 0)
		control_reply_err(call, &err);
	else
		control_reply(call, NULL);
}

static void do_remove_remote(struct control_call *call, int argc, const char *argv[], void *s)
{
	if (remote_remove(s, argv[1]))
		control_reply(call, NULL);
	else
		control_reply_error(call, "no such remote");
}

/* What databases say of remotes and keys is read again. */
static void do_reload(struct control_call *call, int argc, const char *argv[], void *s)
{
	remote_reconfigure(s);
	control_reply(call, NULL);
}

static void do_list_remotes(struct control_call *call, int argc, const char *argv[], void *s)
{
	AUTO_STR out = STR_INIT;

	remote_list(s, &out);
	control_reply(call, str_cstr(&out));
}

static void do_add_db(struct control_call *call, int argc, const char *argv[], void *s)
{
	AUTO_ERR err = ERR_INIT;

	if (server_add_db(s, argv[1], &err) < 0)
		control_reply_err(call, &err);
	else
		control_reply(call, NULL);
}

static void do_remove_db(struct control_call *call, int argc, const char *argv[], void *s)
{
	struct server_db *db = server_db_lookup(s, argv[1]);

	if (!db) {
		control_reply_error(call, "Failed to find the database.");
	} else if (db->database->is_builtin) {
		control_reply_error(call, "Cannot remove reserved database.");
	} else {
		server_remove_db(s, db);
		control_reply(call, NULL);
	}
}

static int compare_dbs(const void *a, const void *b)
{
	return strcmp((*(struct server_db *const *)a)->database->name,
		      (*(struct server_db *const *)b)->database->name);
}

/* Sorted by name; caller frees. */
static struct server_db **sorted_dbs(const struct server *s, size_t *ret_n)
{
	struct server_db **dbs = xcalloc(list_size(&s->dbs) + 1, sizeof *dbs);
	struct server_db *db;
	size_t n = 0;

	LIST_FOR_EACH(db, &s->dbs, order)
		dbs[n++] = db;
	qsort(dbs, n, sizeof *dbs, compare_dbs);
	*ret_n = n;
	return dbs;
}

static void do_list_dbs(struct control_call *call, int argc, const char *argv[], void *s)
{
	AUTO_STR out = STR_INIT;
	size_t n;
	AUTO_FREE struct server_db **dbs = sorted_dbs(s, &n);

	for (size_t i = 0; i < n; i++)
		str_putf(&out, "%s\n", dbs[i]->database->name);
	control_reply(call, str_cstr(&out));
}

static void do_storage_status(struct control_call *call, int argc, const char *argv[], void *s)
{
	struct server_db *db = server_db_lookup(s, argv[1]);

	if (!db)
		control_reply_error(call, "Failed to find the database.");
	else if (db->database->storage && storage_is_damaged(db->database->storage))
		control_reply(call, "status: the file is damaged and will be replaced at the next "
				    "change\n");
	else
		control_reply(call, "status: ok\n");
}

static void do_tlog_set(struct control_call *call, int argc, const char *argv[], void *s)
{
	AUTO_FREE char *spec = xstrdup(argv[1]);
	char *colon = strchr(spec, ':');
	bool on = !strcasecmp(argv[2], "on");

	if (!colon) {
		control_reply_error(call, "invalid DB:TABLE argument");
		return;
	}
	*colon = '\0';
	struct server_db *db = server_db_lookup(s, spec);
	struct table *t = db ? db_table(db->database->db, colon + 1) : NULL;
	if (!db) {
		control_reply_error(call, "no such database");
	} else if (!t || t->schema->index >= ARRAY_SIZE(db->database->is_logged)) {
		control_reply_error(call, "no such table");
	} else if (!on && strcasecmp(argv[2], "off")) {
		control_reply_error(call, "invalid command argument");
	} else {
		db->database->is_logged[t->schema->index] = on;
		control_reply(call, NULL);
	}
}

static void do_tlog_list(struct control_call *call, int argc, const char *argv[], void *s)
{
	AUTO_STR out = STR_INIT;
	size_t n;
	AUTO_FREE struct server_db **dbs = sorted_dbs(s, &n);

	str_puts(&out, "database        table                       logging\n");
	str_puts(&out, "--------        -----                       -------\n");
	for (size_t i = 0; i < n; i++) {
		const struct database *d = dbs[i]->database;
		str_putf(&out, "%-16s \n", d->name);
		for (size_t j = 0; j < d->db->schema->n_tables; j++)
			str_putf(&out, "                %-27s %s\n", d->db->schema->tables[j]->name,
				 j < ARRAY_SIZE(d->is_logged) && d->is_logged[j] ? "ON" : "OFF");
	}
	control_reply(call, str_cstr(&out));
}

static void do_perf_show(struct control_call *call, int argc, const char *argv[], void *s)
{
	control_reply(call, "performance counter is not supported on this platform\n");
}

static void do_nothing(struct control_call *call, int argc, const char *argv[], void *s)
{
	control_reply(call, NULL);
}

static void do_sync_status(struct control_call *call, int argc, const char *argv[], void *s)
{
	control_reply(call, "state: active\n");
}

static void no_replication(struct control_call *call, int argc, const char *argv[], void *s)
{
	control_reply_error(call, "replication from another server is not supported yet: this "
				  "server is always active");
}

/* As what clusters' commands say on a database that is none. */
static void no_cluster(struct control_call *call, int argc, const char *argv[], void *s)
{
	control_reply_error(call, "clustered databases are not supported");
}

static void do_no_cond(struct control_call *call, int argc, const char *argv[], void *s)
{
	control_reply_error(call, "monitor_cond cannot be disabled");
}

static void report_memory(struct memory_report *report, void *s_)
{
	const struct server *s = s_;
	uint64_t cells = 0, atoms = 0, monitors = 0, weak = 0;
	const struct server_db *db;

	LIST_FOR_EACH(db, &s->dbs, order) {
		const struct db *d = db->database->db;
		monitors += monitor_count(&db->database->monitors);
		weak += hmap_count(&d->weak_refs);
		for (size_t i = 0; i < d->schema->n_tables; i++) {
			const struct table *t = d->tables[i];
			struct row *row;
			cells += hmap_count(&t->rows) * t->schema->n_columns;
			TABLE_FOR_EACH_ROW(row, t)
			for (size_t j = 0; j < t->schema->n_columns; j++) {
				const struct datum *f = row->fields[j];
				atoms += f->n * (f->value_type == ATOM_VOID ? 1 : 2);
			}
		}
	}
	memory_put(report, "atoms", atoms);
	memory_put(report, "cells", cells);
	memory_put(report, "monitors", monitors);
	memory_put(report, "n-weak-refs", weak);
	if (s->n_clients)
		memory_put(report, "sessions", s->n_clients);
}

static const struct {
	const char *name, *usage;
	int n_min, n_max;
	control_cb *cb;
} commands[] = {
	{ "ovsdb-server/compact", "", 0, 1, do_compact },
	{ "ovsdb-server/memory-trim-on-compaction", "on|off", 1, 1, do_trim },
	{ "ovsdb-server/reconnect", "", 0, 0, do_reconnect },
	{ "ovsdb-server/reload", "", 0, 0, do_reload },
	{ "ovsdb-server/add-remote", "REMOTE", 1, 1, do_add_remote },
	{ "ovsdb-server/remove-remote", "REMOTE", 1, 1, do_remove_remote },
	{ "ovsdb-server/list-remotes", "", 0, 0, do_list_remotes },
	{ "ovsdb-server/add-db", "DB", 1, 1, do_add_db },
	{ "ovsdb-server/remove-db", "DB", 1, 1, do_remove_db },
	{ "ovsdb-server/list-dbs", "", 0, 0, do_list_dbs },
	{ "ovsdb-server/get-db-storage-status", "DB", 1, 1, do_storage_status },
	{ "ovsdb-server/tlog-set", "DB:TABLE on|off", 2, 2, do_tlog_set },
	{ "ovsdb-server/tlog-list", "", 0, 0, do_tlog_list },
	{ "ovsdb-server/perf-counters-show", "", 0, 0, do_perf_show },
	{ "ovsdb-server/perf-counters-clear", "", 0, 0, do_nothing },
	{ "ovsdb-server/sync-status", "", 0, 0, do_sync_status },
	{ "ovsdb-server/get-active-ovsdb-server", "", 0, 0, do_nothing },
	{ "ovsdb-server/get-sync-exclude-tables", "", 0, 0, do_nothing },
	{ "ovsdb-server/set-active-ovsdb-server", "", 1, 1, no_replication },
	{ "ovsdb-server/set-active-ovsdb-server-probe-interval", "", 1, 1, no_replication },
	{ "ovsdb-server/connect-active-ovsdb-server", "", 0, 0, no_replication },
	{ "ovsdb-server/disconnect-active-ovsdb-server", "", 0, 0, do_nothing },
	{ "ovsdb-server/set-sync-exclude-tables", "", 0, 1, no_replication },
	{ "ovsdb-server/disable-monitor-cond", "", 0, 0, do_no_cond },
};

static const char *const cluster_commands[] = {
	"cluster/cid",	 "cluster/sid",	 "cluster/status",
	"cluster/leave", "cluster/kick", "cluster/change-election-timer",
};

void server_register_control(struct server *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		control_register(commands[i].name, commands[i].usage, commands[i].n_min,
				 commands[i].n_max, commands[i].cb, s);
	for (size_t i = 0; i < ARRAY_SIZE(cluster_commands); i++)
		control_register(cluster_commands[i], "", 0, -1, no_cluster, s);
	memory_register(report_memory, s);
}
