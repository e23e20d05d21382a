/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/server.h"
#include <errno.h>
#include "base/clock.h"
#include "base/counter.h"
#include "base/hash.h"
#include "base/mem.h"
#include "wire/json.h"

/* ovsdb-server(5): what a client can learn about the server's databases. */
static const char builtin_schema[] =
	"{\"name\":\"_Server\",\"version\":\"1.2.0\",\"cksum\":\"3009684573 744\",\"tables\":{"
	"\"Database\":{\"columns\":{"
	"\"name\":{\"type\":\"string\"},"
	"\"model\":{\"type\":{\"key\":{\"type\":\"string\",\"enum\":[\"set\",[\"clustered\","
	"\"relay\",\"standalone\"]]}}},"
	"\"connected\":{\"type\":\"boolean\"},"
	"\"leader\":{\"type\":\"boolean\"},"
	"\"schema\":{\"type\":{\"key\":\"string\",\"min\":0}},"
	"\"cid\":{\"type\":{\"key\":\"uuid\",\"min\":0}},"
	"\"sid\":{\"type\":{\"key\":\"uuid\",\"min\":0}},"
	"\"index\":{\"type\":{\"key\":\"integer\",\"min\":0}}}}}}";

static void set(struct txn *txn, struct table *t, struct row *row, const char *column,
		struct datum *value)
{
	txn_set(txn, t, row, table_column(t->schema, column), value);
}

/* The row that describes 'db' is made or brought up to date. */
static void describe(struct server *s, struct server_db *db)
{
	struct database *d = s->builtin->database;
	struct table *t = db_table(d->db, "Database");
	AUTO_STR schema = STR_INIT;

	json_t *json = schema_to_json(db->database->db->schema);
	json_put(json, JSON_PUT_SORT, &schema);
	json_decref(json);

	struct txn *txn = txn_new(d->db);
	struct row *row = table_row(t, &db->row);
	if (!row)
		row = txn_insert(txn, t, &db->row);
	set(txn, t, row, "name", datum_from_string(db->database->name));
	set(txn, t, row, "model", datum_from_string("standalone"));
	set(txn, t, row, "connected", datum_from_boolean(true));
	set(txn, t, row, "leader", datum_from_boolean(true));
	set(txn, t, row, "schema", datum_from_string(str_cstr(&schema)));
	database_commit(d, txn);
}

static void forget(struct server *s, const struct server_db *db)
{
	struct database *d = s->builtin->database;
	struct table *t = db_table(d->db, "Database");
	struct row *row = table_row(t, &db->row);

	if (row) {
		struct txn *txn = txn_new(d->db);
		txn_delete(txn, t, row);
		database_commit(d, txn);
	}
}

struct server_db *server_db_lookup(const struct server *s, const char *name)
{
	struct server_db *db;

	LIST_FOR_EACH(db, &s->dbs, order)
		if (!strcmp(db->database->name, name))
			return db;
	return NULL;
}

/* Remotes, keys and names of files may be in any database. */
static void db_changed(struct database *d, const struct txn *txn, void *db_)
{
	struct server_db *db = db_;

	deferred_put(&db->server->reconfigure, db->server->loop);
}

static void free_blob(void *blob) { jsonrpc_blob_unref(blob); }

static struct server_db *add(struct server *s, struct database *d, const char *path)
{
	struct server_db *db = xzalloc(sizeof *db);

	db->database = d;
	db->server = s;
	db->path = path ? xstrdup(path) : NULL;
	uuid_random(&db->row);
	d->changed = db_changed;
	d->changed_arg = db;
	d->free_cookie = free_blob;
	if (s->builtin)
		list_insert_before(&s->builtin->order, &db->order); /* _Server stays last */
	else
		list_push_back(&s->dbs, &db->order);
	return db;
}

int server_add_db(struct server *s, const char *path, struct err *err)
{
	struct database *d;

	if (str_starts(path, "relay:"))
		return err_set(err, -EOPNOTSUPP,
			       "%s: relay databases are not supported yet; name a database file",
			       path);
	struct server_db *other;
	LIST_FOR_EACH(other, &s->dbs, order)
		if (other->path && !strcmp(other->path, path))
			return err_set(err, -EEXIST, "ovsdb error: %s: already open", path);
	int r = database_open(path, true, s->loop, &d, err);
	if (r < 0)
		return r;
	if (server_db_lookup(s, d->name)) {
		r = err_set(err, -EEXIST, "ovsdb error: %s: duplicate database name", d->name);
		database_close(d);
		return r;
	}
	struct server_db *db = add(s, d, path);
	describe(s, db);
	deferred_put(&s->reconfigure, s->loop);
	return 0;
}

void server_db_changed(struct server *s, struct server_db *db)
{
	describe(s, db);
	deferred_put(&s->reconfigure, s->loop);
}

static void db_free_server(struct server_db *db)
{
	database_close(db->database);
	list_remove(&db->order);
	free(db->path);
	free(db);
}

void server_remove_db(struct server *s, struct server_db *db)
{
	struct client *c;

	LIST_FOR_EACH(c, &s->clients, node)
		client_forget_db(c, db->database);
	forget(s, db);
	db_free_server(db);
	client_disconnect_all(s, false);
	deferred_put(&s->reconfigure, s->loop);
}

static void reconfigure_cb(struct deferred *d)
{
	remote_reconfigure(CONTAINER_OF(d, struct server, reconfigure));
}

static void reap_cb(struct deferred *d)
{
	struct server *s = CONTAINER_OF(d, struct server, reap);
	struct client *c;

	LIST_FOR_EACH_SAFE(c, &s->clients, node) {
		if (!c->is_doomed)
			continue;
		if (c->session)
			session_reconnect(c->session); /* which frees the client */
		else
			client_free(c);
	}
}

static void tick_cb(struct timer *t)
{
	struct server *s = CONTAINER_OF(t, struct server, tick);
	struct server_db *db;

	remote_update_status(s);
	LIST_FOR_EACH(db, &s->dbs, order)
		database_compact_if_due(db->database);
	counter_sample();
	timer_arm_in(&s->tick, s->loop, 5 * NS_PER_SEC);
}

void server_init(struct server *s, struct loop *loop)
{
	AUTO_SCHEMA *schema = NULL;
	json_t *json;

	memset(s, 0, sizeof *s);
	s->loop = loop;
	uuid_random(&s->id);
	list_init(&s->dbs);
	list_init(&s->clients);
	list_init(&s->remotes);
	hmap_init(&s->locks);
	deferred_init(&s->reconfigure, reconfigure_cb);
	deferred_init(&s->reap, reap_cb);
	timer_init(&s->tick, tick_cb);
	timer_arm_in(&s->tick, loop, 5 * NS_PER_SEC);

	ASSERT(!json_parse(builtin_schema, strlen(builtin_schema), &json, NULL));
	ASSERT(!schema_from_json(json, &schema, NULL));
	json_decref(json);
	s->builtin = add(s, database_new_builtin(schema, loop), NULL);
	describe(s, s->builtin);
}

void server_fini(struct server *s)
{
	struct client *c;
	struct server_db *db;

	LIST_FOR_EACH(db, &s->dbs, order)
		database_flush(db->database);
	remote_remove_all(s);
	LIST_FOR_EACH_SAFE(c, &s->clients, node)
		client_free(c);
	LIST_FOR_EACH_SAFE(db, &s->dbs, order)
		db_free_server(db);
	timer_disarm(&s->tick);
	deferred_cancel(&s->reconfigure);
	deferred_cancel(&s->reap);
	hmap_fini(&s->locks);
	free(s->key_spec);
	free(s->cert_spec);
	free(s->ca_spec);
}
