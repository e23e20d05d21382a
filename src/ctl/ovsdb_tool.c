/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-tool: makes, changes and shows database files; see ovsdb-tool(1). */
#include "ctl/ovsdb_tool.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/version.h"
#include "ctl/applets.h"
#include "ctl/program.h"
#include "ovsdb/database.h"
#include "ovsdb/journal.h"
#include "ovsdb/record.h"
#include "ovsdb/vswitch_schema.h"
#include "wire/json.h"

static unsigned verbosity;
static const char *rbac_role;

enum { MORE, ROLE, ELECTION_TIMER, CID };
static const struct program_option options[] = {
	[MORE] = { "more", 'm', NULL, "increase show-log verbosity" },
	[ROLE] = { "rbac-role", 0, "ROLE", "RBAC role for transact and query commands" },
	[ELECTION_TIMER] = { "election-timer", 0, "MS", "for clusters, which are not supported" },
	[CID] = { "cid", 0, "UUID", "for clusters, which are not supported" },
	{ 0 },
};

static void take_option(size_t i, const char *arg)
{
	if (i == MORE)
		verbosity++;
	else if (i == ROLE)
		rbac_role = arg;
}

char *ovsdb_tool_db_path(const char *arg)
{
	return arg ? xstrdup(arg) : path_in(path_dbdir(), "conf.db");
}

/* --- schemas
 * ------------------------------------------------------------------------------------*/

/* The schema of the switch is built in; a directory that was named takes its place. */
static struct schema *default_schema(void)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_DBERR why = DBERR_INIT;
	struct schema *schema;
	json_t *json;

	if (getenv("OVS_PKGDATADIR")) {
		AUTO_FREE char *path = path_in(path_pkgdatadir(), "vswitch.ovsschema");
		if (!access(path, F_OK)) {
			if (schema_from_file(path, &schema, &err) < 0)
				log_fatal("failed to read schema: %s", err_text(&err));
			return schema;
		}
	}
	if (json_parse(vswitch_schema_json, strlen(vswitch_schema_json), &json, &err) < 0)
		log_fatal("built-in schema: %s", err_text(&err));
	if (schema_from_json(json, &schema, &why) < 0)
		log_fatal("built-in schema: %s", why.details);
	json_decref(json);
	return schema;
}

static struct schema *read_schema(const char *path)
{
	AUTO_ERR err = ERR_INIT;
	struct schema *schema;

	if (!path)
		return default_schema();
	int r = schema_from_file(path, &schema, &err);
	if (r < 0)
		log_fatal("%s%s",
			  strstr(err_text(&err), "could not be read") ? "failed to read schema: "
								      : "",
			  err_text(&err));
	return schema;
}

/* The schema in a database file. */
static struct schema *read_db_schema(const char *arg)
{
	AUTO_FREE char *path = ovsdb_tool_db_path(arg);
	AUTO_ERR err = ERR_INIT;
	AUTO_DBERR why = DBERR_INIT;
	struct schema *schema;
	struct journal *journal;
	json_t *json;

	if (journal_open(path, JOURNAL_READ, &journal, &err) < 0)
		log_fatal("%s", err_text(&err));
	if (journal_is_cluster(journal))
		log_fatal("%s: clustered databases are not supported", path);
	int r = journal_read_json(journal, &json, &err);
	if (r < 0)
		log_fatal("%s", err_text(&err));
	if (r == 0)
		log_fatal("%s: database file contains no schema", path);
	r = schema_from_json(json, &schema, &why);
	if (r < 0) {
		dberr_wrap(&why, "failed to parse \"%s\" as ovsdb schema", path);
		dberr_to_err(&why, &err);
		log_fatal("%s", err_text(&err));
	}
	json_decref(json);
	journal_close(journal);
	return schema;
}

static int db_name(int argc, char **argv)
{
	AUTO_SCHEMA *s = read_db_schema(argc > 1 ? argv[1] : NULL);
	puts(s->name);
	return 0;
}

static int db_version(int argc, char **argv)
{
	AUTO_SCHEMA *s = read_db_schema(argc > 1 ? argv[1] : NULL);
	puts(s->version);
	return 0;
}

static int db_cksum(int argc, char **argv)
{
	AUTO_SCHEMA *s = read_db_schema(argc > 1 ? argv[1] : NULL);
	puts(s->cksum);
	return 0;
}

static int schema_name(int argc, char **argv)
{
	AUTO_SCHEMA *s = read_schema(argc > 1 ? argv[1] : NULL);
	puts(s->name);
	return 0;
}

static int schema_version(int argc, char **argv)
{
	AUTO_SCHEMA *s = read_schema(argc > 1 ? argv[1] : NULL);
	puts(s->version);
	return 0;
}

static int schema_cksum(int argc, char **argv)
{
	AUTO_SCHEMA *s = read_schema(argc > 1 ? argv[1] : NULL);
	puts(s->cksum);
	return 0;
}

static int needs_conversion(int argc, char **argv)
{
	AUTO_SCHEMA *old = read_db_schema(argc > 1 ? argv[1] : NULL);
	AUTO_SCHEMA *new_ = read_schema(argc > 2 ? argv[2] : NULL);
	puts(schema_equal(old, new_) ? "no" : "yes");
	return 0;
}

struct version {
	unsigned part[3];
};

static struct version parse_version(const char *s)
{
	struct version v;

	if (!schema_version_is_valid(s))
		log_fatal("%s: not an OVSDB version number in format x.y.z", s);
	if (sscanf(s, "%u.%u.%u", &v.part[0], &v.part[1], &v.part[2]) != 3)
		log_fatal("%s: not an OVSDB version number in format x.y.z", s);
	return v;
}

static int compare_versions(int argc, char **argv)
{
	struct version a = parse_version(argv[1]), b = parse_version(argv[3]);
	const char *op = argv[2];
	int c = 0;
	bool holds;

	for (int i = 0; !c && i < 3; i++)
		c = a.part[i] < b.part[i] ? -1 : a.part[i] > b.part[i];
	if (!strcmp(op, "<"))
		holds = c < 0;
	else if (!strcmp(op, "<="))
		holds = c <= 0;
	else if (!strcmp(op, "=="))
		holds = c == 0;
	else if (!strcmp(op, ">="))
		holds = c >= 0;
	else if (!strcmp(op, ">"))
		holds = c > 0;
	else if (!strcmp(op, "!="))
		holds = c != 0;
	else
		log_fatal("%s: not a relational operator", op);
	return holds ? 0 : 2;
}

/* --- files
 * --------------------------------------------------------------------------------------*/

/* Makes a new file, which holds both records or does not come to be. */
static void write_new(const char *path, const struct str *frames)
{
	AUTO_ERR err = ERR_INIT;
	struct journal *journal;

	if (journal_open(path, JOURNAL_CREATE, &journal, &err) < 0)
		log_fatal("%s", err_text(&err));
	if (journal_append(journal, frames, true, &err) < 0) {
		unlink(path);
		log_fatal("%s", err_text(&err));
	}
	journal_close(journal);
}

static void frame_schema(const struct schema *schema, struct str *frames)
{
	AUTO_STR text = STR_INIT;
	json_t *json = schema_to_json(schema);

	json_put(json, 0, &text);
	json_decref(json);
	journal_frame(text.s, text.len, frames);
}

static int create(int argc, char **argv)
{
	AUTO_FREE char *path = ovsdb_tool_db_path(argc > 1 ? argv[1] : NULL);
	AUTO_SCHEMA *schema = read_schema(argc > 2 ? argv[2] : NULL);
	AUTO_STR frames = STR_INIT;

	frame_schema(schema, &frames);
	write_new(path, &frames);
	return 0;
}

/* The contents of a whole file; unlike the server, a tool takes no part for the whole. */
static struct db *load_db(struct journal *journal)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_DBERR why = DBERR_INIT;
	struct schema *schema = NULL;
	struct db *db = NULL;
	json_t *json;
	int r;

	while ((r = journal_read_json(journal, &json, &err)) > 0) {
		if (!db) {
			r = schema_from_json(json, &schema, &why);
			if (!r) {
				db = db_new(schema);
				schema_unref(schema);
			}
		} else {
			r = record_replay(db, json, false, false, &why);
		}
		json_decref(json);
		if (r < 0) {
			dberr_to_err(&why, &err);
			break;
		}
	}
	if (r < 0)
		log_fatal("%s", err_text(&err));
	if (!db)
		log_fatal("%s: database file contains no schema", journal_path(journal));
	return db;
}

static struct journal *open_journal(const char *path, enum journal_mode mode)
{
	AUTO_ERR err = ERR_INIT;
	struct journal *journal;

	if (journal_open(path, mode, &journal, &err) < 0)
		log_fatal("%s", err_text(&err));
	if (journal_is_cluster(journal))
		log_fatal("%s: clustered databases are not supported", path);
	return journal;
}

static void frame_db(const struct db *db, const char *what, struct str *frames)
{
	AUTO_FREE char *comment = xasprintf("%s by ovsdb-tool " OVS_COMPAT_VERSION, what);
	AUTO_STR data = STR_INIT;

	frame_schema(db->schema, frames);
	record_put_snapshot(db, comment, false, &data);
	journal_frame(data.s, data.len, frames);
}

/* Rewrites 'path', or into 'target', under another schema if there is one. */
static void rewrite(const char *path, const char *target, struct schema *schema, const char *what)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_DBERR why = DBERR_INIT;
	AUTO_STR frames = STR_INIT;
	struct journal *journal = open_journal(path, target ? JOURNAL_READ : JOURNAL_WRITE);
	struct db *db = load_db(journal);

	if (schema) {
		struct db *converted;
		if (db_convert(db, schema, &converted, &why) < 0) {
			dberr_to_err(&why, &err);
			log_fatal("%s", err_text(&err));
		}
		db_free(db);
		db = converted;
	}
	frame_db(db, what, &frames);
	if (target)
		write_new(target, &frames);
	else if (journal_replace(journal, &frames, &err) < 0)
		log_fatal("%s", err_text(&err));
	db_free(db);
	journal_close(journal);
}

static int compact(int argc, char **argv)
{
	AUTO_FREE char *path = ovsdb_tool_db_path(argc > 1 ? argv[1] : NULL);

	rewrite(path, argc > 2 ? argv[2] : NULL, NULL, "compacted");
	return 0;
}

static int convert(int argc, char **argv)
{
	AUTO_FREE char *path = ovsdb_tool_db_path(argc > 1 ? argv[1] : NULL);
	AUTO_SCHEMA *schema = read_schema(argc > 2 ? argv[2] : NULL);

	rewrite(path, argc > 3 ? argv[3] : NULL, schema, "converted");
	return 0;
}

/* --- transactions
 * -------------------------------------------------------------------------------*/

static void print_json(json_t *json)
{
	AUTO_STR text = STR_INIT;

	json_put(json, JSON_PUT_SORT, &text);
	puts(str_cstr(&text));
	json_decref(json);
}

static json_t *parse_transaction(const char *text)
{
	AUTO_ERR err = ERR_INIT;
	json_t *json;

	if (json_parse(text, strlen(text), &json, &err) < 0)
		log_fatal("\"%s\": %s", text, err_text(&err));
	return json;
}

static void append_error(json_t *results, const struct dberr *err)
{
	json_array_append_new(results, dberr_to_json(err));
}

/* Writes what the transaction changed; the error, if any, joins the results. */
static void keep(struct journal *journal, const struct txn *txn, json_t *results)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_DBERR why = DBERR_INIT;
	AUTO_STR record = STR_INIT;
	AUTO_STR frames = STR_INIT;

	if (!txn_has_persistent_changes(txn))
		return;
	record_put(txn, &record);
	journal_frame(record.s, record.len, &frames);
	if (journal_append(journal, &frames, true, &err) < 0) {
		dberr_set(&why, "I/O error", NULL, "%s", err_text(&err));
		append_error(results, &why);
	}
}

static int run_transaction(const char *path, const char *text, bool is_kept)
{
	json_t *params = parse_transaction(text);
	struct journal *journal = open_journal(path, is_kept ? JOURNAL_WRITE : JOURNAL_READ);
	struct db *db = load_db(journal);
	struct exec_client client = { .role = rbac_role };
	AUTO_DBERR why = DBERR_INIT;
	json_t *results = NULL;
	struct txn *txn;
	int64_t wait_ms;

	const char *name = json_string_value(json_array_get(params, 0));
	if (!json_is_array(params)) {
		dberr_syntax(&why, params, "array expected");
		print_json(dberr_to_json(&why));
		goto out;
	}
	if (!name || strcmp(name, db->name)) {
		dberr_syntax(&why, params, "database name expected as first parameter");
		print_json(dberr_to_json(&why));
		goto out;
	}
	switch (execute(db, &client, params, INT64_MAX, &results, &txn, &wait_ms)) {
	case EXEC_OK:
		if (txn_prepare(txn, &why) < 0) {
			append_error(results, &why);
		} else if (is_kept) {
			keep(journal, txn, results);
		}
		txn_abort(txn);
		print_json(results);
		break;
	case EXEC_FAILED:
		print_json(results);
		break;
	case EXEC_BLOCKED:
		log_fatal("the transaction waits for a change that nobody can make");
	}
out:
	db_free(db);
	journal_close(journal);
	json_decref(params);
	return 0;
}

static int query(int argc, char **argv)
{
	AUTO_FREE char *path = ovsdb_tool_db_path(argc > 2 ? argv[1] : NULL);
	return run_transaction(path, argv[argc - 1], false);
}

static int transact(int argc, char **argv)
{
	AUTO_FREE char *path = ovsdb_tool_db_path(argc > 2 ? argv[1] : NULL);
	return run_transaction(path, argv[argc - 1], true);
}

static int show_log(int argc, char **argv)
{
	AUTO_FREE char *path = ovsdb_tool_db_path(argc > 1 ? argv[1] : NULL);
	return ovsdb_tool_show_log(path, verbosity);
}

/* --- clusters
 * -----------------------------------------------------------------------------------*/

static bool is_cluster(const char *path)
{
	AUTO_ERR err = ERR_INIT;
	struct journal *journal;

	if (journal_open(path, JOURNAL_READ, &journal, &err) < 0)
		log_fatal("%s", err_text(&err));
	bool is = journal_is_cluster(journal);
	journal_close(journal);
	return is;
}

static int db_is_clustered(int argc, char **argv) { return is_cluster(argv[1]) ? 0 : 2; }

static int db_is_standalone(int argc, char **argv) { return is_cluster(argv[1]) ? 2 : 0; }

/* Questions about the cluster of a database. */
static int not_clustered(int argc, char **argv)
{
	if (is_cluster(argv[1]))
		log_fatal("%s: clustered databases are not supported", argv[1]);
	log_fatal("%s: not a clustered database", argv[1]);
}

static int no_clusters(int argc, char **argv)
{
	log_fatal("%s: clustered databases are not supported yet; \"ovsdb-tool create\" makes a "
		  "standalone one",
		  argv[0]);
}

static const struct program_command commands[] = {
	{ "create", "[DB [SCHEMA]]", 0, 2, create, "create DB with the given SCHEMA", NULL },
	{ "create-cluster", "DB CONTENTS LOCAL", 3, 3, no_clusters,
	  "refused: clusters are not supported", NULL },
	{ "join-cluster", "DB NAME LOCAL REMOTE...", 4, INT_MAX, no_clusters,
	  "refused: clusters are not supported", NULL },
	{ "compact", "[DB [DST]]", 0, 2, compact, "compact DB in-place (or to DST)", NULL },
	{ "convert", "[DB [SCHEMA [DST]]]", 0, 3, convert, "convert DB to SCHEMA (to DST)", NULL },
	{ "needs-conversion", "[DB [SCHEMA]]", 0, 2, needs_conversion,
	  "say whether DB has another schema than SCHEMA", NULL },
	{ "db-name", "[DB]", 0, 1, db_name, "report name of schema used by DB", NULL },
	{ "db-version", "[DB]", 0, 1, db_version, "report version of schema used by DB", NULL },
	{ "db-cksum", "[DB]", 0, 1, db_cksum, "report checksum of schema used by DB", NULL },
	{ "db-cid", "DB", 1, 1, not_clustered, "report cluster ID of clustered DB", NULL },
	{ "db-sid", "DB", 1, 1, not_clustered, "report server ID of clustered DB", NULL },
	{ "db-local-address", "DB", 1, 1, not_clustered, "report local address of clustered DB",
	  NULL },
	{ "db-is-clustered", "DB", 1, 1, db_is_clustered, "test whether DB is clustered", NULL },
	{ "db-is-standalone", "DB", 1, 1, db_is_standalone, "test whether DB is standalone", NULL },
	{ "schema-name", "[SCHEMA]", 0, 1, schema_name, "report SCHEMA's name", NULL },
	{ "schema-version", "[SCHEMA]", 0, 1, schema_version, "report SCHEMA's schema version",
	  NULL },
	{ "schema-cksum", "[SCHEMA]", 0, 1, schema_cksum, "report SCHEMA's checksum", NULL },
	{ "compare-versions", "A OP B", 3, 3, compare_versions,
	  "compare OVSDB schema version numbers", NULL },
	{ "query", "[DB] TRNS", 1, 2, query, "execute read-only transaction on DB", NULL },
	{ "transact", "[DB] TRNS", 1, 2, transact, "execute read/write transaction on DB", NULL },
	{ "cluster-to-standalone", "DB CLUSTERDB", 2, 2, no_clusters,
	  "refused: clusters are not supported", NULL },
	{ "show-log", "[DB]", 0, 1, show_log, "print DB's log entries", NULL },
	{ "check-cluster", "DB...", 1, INT_MAX, not_clustered,
	  "refused: clusters are not supported", NULL },
	{ 0 },
};

static const struct program ovsdb_tool_program = {
	.name = "ovsdb-tool",
	.title = "Open vSwitch database management utility",
	.flags = PROGRAM_PERMUTE,
	.options = options,
	.option = take_option,
	.commands = commands,
};

int ovsdb_tool_main(int argc, char **argv) { return program_run(&ovsdb_tool_program, argc, argv); }
