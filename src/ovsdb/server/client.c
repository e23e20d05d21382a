/* SPDX-License-Identifier: Apache-2.0 */
/* A client: one connection, and the methods of RFC 7047 section 4.1 and ovsdb-server(7). */
#include <errno.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ovsdb/parser.h"
#include "ovsdb/server/server.h"
#include "wire/json.h"

LOG_MODULE(ovsdb_jsonrpc_server);

struct client_monitor {
	struct list node;
	struct monitor_sub sub;
	struct client *client;
	struct database *database;
};

struct client_request {
	struct list node;
	struct request request;
	struct client *client; /* NULL: it is gone, the answer has nowhere to go */
	json_t *id;
	json_t *params;
};

/* --- sending
 * ------------------------------------------------------------------------------------*/

void client_notify(struct client *c, const char *method, json_t *params)
{
	jsonrpc_send(c->rpc, jsonrpc_notify(method, params));
}

static void reply(struct client *c, const json_t *id, json_t *result)
{
	jsonrpc_send(c->rpc, jsonrpc_reply(result, id));
}

static void reply_error(struct client *c, const json_t *id, const struct dberr *err)
{
	jsonrpc_send(c->rpc, jsonrpc_error(dberr_to_json(err), id));
}

/* A reply whose result is JSON text already. */
static void reply_text(struct client *c, const json_t *id, const struct str *result)
{
	AUTO_STR s = STR_INIT;

	str_puts(&s, "{\"id\":");
	json_put(id, 0, &s);
	str_puts(&s, ",\"result\":");
	str_put(&s, result->s, result->len);
	str_puts(&s, ",\"error\":null}");
	struct jsonrpc_blob *blob = jsonrpc_blob_from_text(s.s, s.len);
	jsonrpc_send_blob(c->rpc, blob);
	jsonrpc_blob_unref(blob);
}

/* --- transactions
 * -------------------------------------------------------------------------------*/

static bool holds_lock(const char *name, void *c)
{
	const struct lock_waiter *w = lock_waiter_lookup(c, name);

	return w && w->is_owner;
}

static void request_free(struct client_request *r)
{
	list_remove(&r->node);
	if (r->client)
		r->client->n_requests--;
	json_decref(r->id);
	json_decref(r->params);
	free(r);
}

static void request_replied(struct request *request, json_t *results)
{
	struct client_request *r = CONTAINER_OF(request, struct client_request, request);

	if (r->client) {
		reply(r->client, r->id, results);
		/* The loop's turn ends with the disk: do not wait for the next one. */
		jsonrpc_flush(r->client->rpc);
	} else {
		json_decref(results);
	}
	request_free(r);
}

static struct client_request *find_request(const struct client *c, const json_t *id)
{
	struct client_request *r;

	LIST_FOR_EACH(r, &c->requests, node)
		if (json_equal(r->id, id))
			return r;
	return NULL;
}

/* The database that the first parameter names. */
static int find_db(const struct client *c, const struct jsonrpc_msg *msg, struct server_db **ret,
		   struct dberr *err)
{
	const json_t *name = json_array_get(msg->params, 0);

	if (!json_is_string(name))
		return dberr_syntax(err, msg->params, "%s request params must begin with <db-name>",
				    msg->method);
	struct server_db *db = server_db_lookup(c->server, json_string_value(name));
	if (!db)
		return dberr_set(err, "unknown database", msg->params,
				 "%s request specifies unknown database %s", msg->method,
				 json_string_value(name));
	*ret = db;
	return 0;
}

static int do_transact(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	AUTO_ERR why = ERR_INIT;
	struct server_db *db;

	if (find_request(c, msg->id))
		return dberr_syntax(err, msg->id, "duplicate request ID");
	if (find_db(c, msg, &db, err) < 0)
		return -EINVAL;
	if (c->n_requests >= CLIENT_MAX_REQUESTS)
		return dberr_set(err, "resources exhausted", NULL,
				 "this client has %u transactions on their way already",
				 CLIENT_MAX_REQUESTS);

	struct client_request *r = xzalloc(sizeof *r);
	r->client = c;
	r->id = json_incref(msg->id);
	r->params = json_incref(msg->params);
	r->request.params = r->params;
	r->request.reply = request_replied;
	r->request.client = (struct exec_client){
		.holds_lock = holds_lock,
		.arg = c,
		.is_read_only = c->is_read_only,
		.is_reserved = db->database->is_builtin,
		.role = c->role,
		.id = stream_peer_cert_name(jsonrpc_stream(c->rpc)),
	};
	list_push_back(&c->requests, &r->node);
	c->n_requests++;
	if (database_request(db->database, &r->request, &why) < 0) {
		request_free(r);
		return dberr_set(err, "resources exhausted", NULL, "%s", err_text(&why));
	}
	return 0;
}

/* RFC 7047 section 4.1.4: the transaction's own reply says that it was cancelled. */
static void do_cancel(struct client *c, const json_t *params)
{
	struct client_request *r = find_request(c, json_array_get(params, 0));

	if (!r || !database_cancel(&r->request))
		return;
	jsonrpc_send(c->rpc, jsonrpc_error(json_string("canceled"), r->id));
	request_free(r);
}

/* --- monitors
 * -----------------------------------------------------------------------------------*/

static void free_blob(void *blob) { jsonrpc_blob_unref(blob); }

static void monitor_send(struct monitor_sub *sub, const struct str *message, void **cookie)
{
	const struct client_monitor *m = CONTAINER_OF(sub, struct client_monitor, sub);

	if (!*cookie)
		*cookie = jsonrpc_blob_from_text(message->s, message->len);
	jsonrpc_send_blob(m->client->rpc, *cookie);
}

static struct client_monitor *find_monitor(const struct client *c, const json_t *id)
{
	struct client_monitor *m;

	LIST_FOR_EACH(m, &c->monitors, node)
		if (json_equal(m->sub.id, id))
			return m;
	return NULL;
}

static void monitor_free(struct client_monitor *m)
{
	monitor_remove(&m->database->monitors, &m->sub);
	list_remove(&m->node);
	m->client->n_monitors--;
	free(m);
}

/* monitor_cond_since also gives the id of the last transaction it knows; our storage has no such
 * ids, as ovsdb-server(7) allows, so the client is always given all. */
static int check_last_id(const json_t *last_id, struct dberr *err)
{
	struct uuid uuid;

	if (!json_is_string(last_id))
		return dberr_syntax(err, last_id, "last-txn-id must be string");
	if (!uuid_from_str(json_string_value(last_id), &uuid))
		return dberr_syntax(err, last_id, "last-txn-id must be UUID format.");
	return 0;
}

static int do_monitor(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	AUTO_STR initial = STR_INIT;
	AUTO_STR result = STR_INIT;
	struct server_db *db;
	enum monitor_version version = !strcmp(msg->method, "monitor")	      ? MONITOR_V1
				       : !strcmp(msg->method, "monitor_cond") ? MONITOR_V2
									      : MONITOR_V3;

	if (find_db(c, msg, &db, err) < 0)
		return -EINVAL;
	if (json_array_size(msg->params) != (version == MONITOR_V3 ? 4 : 3))
		return dberr_syntax(err, msg->params, "invalid parameters");
	const json_t *id = json_array_get(msg->params, 1);
	const json_t *requests = json_array_get(msg->params, 2);
	if (!json_is_object(requests))
		return dberr_syntax(err, requests, "monitor-requests must be object");
	if (find_monitor(c, id))
		return dberr_syntax(err, id, "duplicate monitor ID");
	if (version == MONITOR_V3 && check_last_id(json_array_get(msg->params, 3), err) < 0)
		return -EINVAL;
	if (c->n_monitors >= CLIENT_MAX_MONITORS)
		return dberr_set(err, "resources exhausted", NULL,
				 "this client has %u monitors already", CLIENT_MAX_MONITORS);

	/* What others are being told at the end of this turn is already in the rows. */
	database_flush(db->database);
	struct client_monitor *m = xzalloc(sizeof *m);
	m->client = c;
	m->database = db->database;
	m->sub.send = monitor_send;
	if (monitor_add(&db->database->monitors, version, requests, id, &m->sub, &initial, err) <
	    0) {
		free(m);
		return -EINVAL;
	}
	list_push_back(&c->monitors, &m->node);
	c->n_monitors++;
	if (version == MONITOR_V3)
		str_puts(&result, "[false,\"00000000-0000-0000-0000-000000000000\",");
	str_put(&result, initial.s, initial.len);
	if (version == MONITOR_V3)
		str_putc(&result, ']');
	/* The contents of a large database take a while to read, and are no fault of the reader's.
	 */
	if (result.len > c->backlog_allowance) {
		c->backlog_allowance = result.len;
		jsonrpc_set_max_backlog(c->rpc, CLIENT_MAX_BACKLOG_BYTES + c->backlog_allowance);
	}
	reply_text(c, msg->id, &result);
	return 0;
}

static int do_monitor_change(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	const json_t *id = json_array_get(msg->params, 0);
	const json_t *new_id = json_array_get(msg->params, 1);
	const json_t *requests = json_array_get(msg->params, 2);

	if (json_array_size(msg->params) != 3)
		return dberr_syntax(err, msg->params, "invalid parameters");
	if (!json_is_object(requests))
		return dberr_syntax(err, NULL, "monitor-cond-change-requests must be object");
	struct client_monitor *m = find_monitor(c, id);
	if (!m || monitor_sub_version(&m->sub) == MONITOR_V1)
		return dberr_syntax(err, id, "unknown monitor session");
	struct client_monitor *other = find_monitor(c, new_id);
	if (other && other != m)
		return dberr_syntax(err, new_id, "duplicate monitor ID");
	database_flush(m->database);
	if (monitor_change(&m->database->monitors, &m->sub, new_id, requests, free_blob, err) < 0)
		return -EINVAL;
	reply(c, msg->id, json_object());
	return 0;
}

static int do_monitor_cancel(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	struct client_monitor *m;

	if (json_array_size(msg->params) != 1) {
		jsonrpc_send(c->rpc, jsonrpc_error(json_string("invalid parameters"), msg->id));
		return 0;
	}
	m = find_monitor(c, json_array_get(msg->params, 0));
	if (!m) {
		jsonrpc_send(c->rpc, jsonrpc_error(json_string("unknown monitor"), msg->id));
		return 0;
	}
	monitor_free(m);
	reply(c, msg->id, json_object());
	return 0;
}

/* --- locks
 * --------------------------------------------------------------------------------------*/

static int lock_name(const struct jsonrpc_msg *msg, const char **ret, struct dberr *err)
{
	const json_t *name = json_array_get(msg->params, 0);

	if (json_array_size(msg->params) != 1 || !json_is_string(name) ||
	    !is_id(json_string_value(name)))
		return dberr_syntax(err, msg->params, "%s request params must be <id>",
				    msg->method);
	*ret = json_string_value(name);
	return 0;
}

static int do_lock(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	const char *name;

	if (lock_name(msg, &name, err) < 0)
		return -EINVAL;
	if (c->is_read_only) {
		jsonrpc_send(c->rpc, jsonrpc_error(json_string("lock and unlock methods not "
							       "allowed, DB server is read only."),
						   msg->id));
		return 0;
	}
	if (lock_waiter_lookup(c, name))
		return dberr_syntax(err, msg->params, "must issue \"unlock\" before new \"%s\"",
				    msg->method);
	if (c->n_locks >= CLIENT_MAX_LOCKS)
		return dberr_set(err, "resources exhausted", NULL,
				 "this client has asked for %u locks already", CLIENT_MAX_LOCKS);
	bool locked = lock_acquire(c->server, c, name,
				   strcmp(msg->method, "steal") ? LOCK_WAIT : LOCK_STEAL);
	reply(c, msg->id, json_pack("{s:b}", "locked", locked));
	return 0;
}

static int do_unlock(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	const char *name;

	if (lock_name(msg, &name, err) < 0)
		return -EINVAL;
	struct lock_waiter *w = lock_waiter_lookup(c, name);
	if (!w)
		return dberr_syntax(err, msg->params,
				    "unlock: \"unlock\" without \"lock\" or \"steal\"");
	lock_release(w);
	reply(c, msg->id, json_object());
	return 0;
}

/* --- the rest
 * -----------------------------------------------------------------------------------*/

static int do_echo(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	reply(c, msg->id, json_incref(msg->params));
	return 0;
}

static int do_list_dbs(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	json_t *names = json_array();
	struct server_db *db;

	LIST_FOR_EACH(db, &c->server->dbs, order)
		json_array_append_new(names, json_string(db->database->name));
	reply(c, msg->id, names);
	return 0;
}

static int do_get_schema(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	struct server_db *db;

	if (find_db(c, msg, &db, err) < 0)
		return -EINVAL;
	reply(c, msg->id, schema_to_json(db->database->db->schema));
	return 0;
}

static int do_get_server_id(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	char id[UUID_LEN + 1];

	reply(c, msg->id, json_string(uuid_to_str(&c->server->id, id)));
	return 0;
}

static int do_set_db_change_aware(struct client *c, const struct jsonrpc_msg *msg,
				  struct dberr *err)
{
	const json_t *aware = json_array_get(msg->params, 0);

	if (json_array_size(msg->params) != 1 || !json_is_boolean(aware))
		return dberr_syntax(err, msg->params,
				    "set_db_change_aware: true or false parameter expected");
	c->is_db_change_aware = json_is_true(aware);
	reply(c, msg->id, json_object());
	return 0;
}

static int do_convert(struct client *c, const struct jsonrpc_msg *msg, struct dberr *err)
{
	struct server_db *db;
	struct client *other;
	AUTO_SCHEMA *schema = NULL;

	if (find_db(c, msg, &db, err) < 0)
		return -EINVAL;
	if (json_array_size(msg->params) != 2)
		return dberr_syntax(err, msg->params, "array expected");
	if (schema_from_json(json_array_get(msg->params, 1), &schema, err) < 0)
		return -EINVAL;
	if (strcmp(schema->name, db->database->name))
		return dberr_set(err, "invalid database name", msg->params,
				 "cannot convert database %s to schema of %s", db->database->name,
				 schema->name);
	if (db->database->is_builtin || c->is_read_only)
		return dberr_set(err, "not allowed", NULL, "convert operation not allowed on %s",
				 db->database->name);

	/* Nobody may hold on to the old rows while they are replaced. If the conversion fails
	 * nothing may have happened to the others, so it is tried first. */
	struct db *trial;
	database_flush(db->database);
	if (db_convert(db->database->db, schema, &trial, err) < 0)
		return -EINVAL;
	db_free(trial);
	LIST_FOR_EACH(other, &c->server->clients, node)
		client_forget_db(other, db->database);
	if (database_convert(db->database, schema, err) < 0)
		return -EINVAL;
	reply(c, msg->id, json_object());
	server_db_changed(c->server, db);
	client_disconnect_all(c->server, false);
	return 0;
}

static const struct method {
	const char *name;
	int (*fn)(struct client *, const struct jsonrpc_msg *, struct dberr *);
} methods[] = {
	{ "transact", do_transact },
	{ "monitor", do_monitor },
	{ "monitor_cond", do_monitor },
	{ "monitor_cond_since", do_monitor },
	{ "monitor_cond_change", do_monitor_change },
	{ "monitor_cancel", do_monitor_cancel },
	{ "lock", do_lock },
	{ "steal", do_lock },
	{ "unlock", do_unlock },
	{ "echo", do_echo },
	{ "list_dbs", do_list_dbs },
	{ "get_schema", do_get_schema },
	{ "get_server_id", do_get_server_id },
	{ "set_db_change_aware", do_set_db_change_aware },
	{ "convert", do_convert },
};

static void handle_request(struct client *c, const struct jsonrpc_msg *msg)
{
	AUTO_DBERR err = DBERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (!strcmp(methods[i].name, msg->method)) {
			if (methods[i].fn(c, msg, &err) < 0)
				reply_error(c, msg->id, &err);
			return;
		}
	jsonrpc_send(c->rpc, jsonrpc_error(json_string("unknown method"), msg->id));
}

void client_recv(struct client *c, struct jsonrpc_msg *msg)
{
	if (c->is_doomed) {
		jsonrpc_msg_free(msg);
		return;
	}
	switch (msg->type) {
	case JSONRPC_REQUEST:
		handle_request(c, msg);
		break;
	case JSONRPC_NOTIFY:
		if (!strcmp(msg->method, "cancel"))
			do_cancel(c, msg->params);
		break;
	case JSONRPC_REPLY:
		if (json_is_string(msg->id) && !strcmp(json_string_value(msg->id), "echo"))
			break;
		/* fall through */
	case JSONRPC_ERROR:
		log_dbg("%s: unexpected reply", jsonrpc_name(c->rpc));
		break;
	}
	jsonrpc_msg_free(msg);
}

/* --- life
 * ---------------------------------------------------------------------------------------*/

static void on_recv(struct jsonrpc *rpc, struct jsonrpc_msg *msg, void *c) { client_recv(c, msg); }

static void on_closed(struct jsonrpc *rpc, int error, void *c) { client_free(c); }

static const struct jsonrpc_ops rpc_ops = { .recv = on_recv, .closed = on_closed };

/* An idle peer is asked for a sign of life, and cut off if it gives none. */
static void probe_cb(struct timer *t)
{
	struct client *c = CONTAINER_OF(t, struct client, probe);
	uint64_t bytes = jsonrpc_bytes_received(c->rpc);

	if (bytes != c->bytes_seen) {
		c->bytes_seen = bytes;
		c->is_probed = false;
	} else if (!c->is_probed) {
		json_t *id = json_string("echo");
		struct jsonrpc_msg *msg = jsonrpc_request("echo", json_array(), NULL);
		json_decref(msg->id);
		msg->id = id;
		jsonrpc_send(c->rpc, msg);
		c->is_probed = true;
	} else {
		log_warn("%s: no response to inactivity probe after %d seconds, disconnecting",
			 jsonrpc_name(c->rpc), c->probe_ms / 1000);
		client_disconnect(c);
		return;
	}
	timer_arm_in(&c->probe, c->server->loop, c->probe_ms * NS_PER_MS);
}

static struct client *client_new(struct server *s, struct jsonrpc *rpc,
				 const struct client_options *options)
{
	struct client *c = xzalloc(sizeof *c);

	c->server = s;
	c->rpc = rpc;
	c->is_read_only = options->is_read_only;
	c->role = options->role && *options->role ? xstrdup(options->role) : NULL;
	c->probe_ms = options->probe_ms;
	list_init(&c->monitors);
	list_init(&c->requests);
	list_init(&c->locks);
	list_init(&c->in_remote);
	timer_init(&c->probe, probe_cb);
	list_push_back(&s->clients, &c->node);
	s->n_clients++;
	return c;
}

struct client *client_accept(struct server *s, struct stream *stream,
			     const struct client_options *options)
{
	static struct log_limit limit = LOG_LIMIT(5, 5);

	if (s->n_clients >= SERVER_MAX_CLIENTS) {
		log_warn_limited(&limit, "%s: connection refused: there are %u clients already",
				 stream_name(stream), SERVER_MAX_CLIENTS);
		stream_close(stream);
		return NULL;
	}
	struct client *c = client_new(s, NULL, options);
	c->rpc = jsonrpc_new(stream, s->loop, &rpc_ops, c);
	jsonrpc_set_max_backlog(c->rpc, CLIENT_MAX_BACKLOG_BYTES);
	if (c->probe_ms)
		timer_arm_in(&c->probe, s->loop, c->probe_ms * NS_PER_MS);
	return c;
}

struct client *client_for_session(struct server *s, struct session *session,
				  const struct client_options *options)
{
	struct client *c = client_new(s, session_rpc(session), options);

	c->session = session; /* which probes by itself */
	jsonrpc_set_max_backlog(c->rpc, CLIENT_MAX_BACKLOG_BYTES);
	return c;
}

void client_free(struct client *c)
{
	struct client_monitor *m;
	struct client_request *r;

	if (!c)
		return;
	timer_disarm(&c->probe);
	LIST_FOR_EACH_SAFE(m, &c->monitors, node)
		monitor_free(m);
	LIST_FOR_EACH_SAFE(r, &c->requests, node) {
		if (database_cancel(&r->request)) {
			request_free(r);
		} else {
			list_remove(&r->node);
			r->client = NULL; /* the disk has it; request_replied() will free it */
		}
	}
	while (!list_is_empty(&c->locks))
		lock_release(LIST_ENTRY(c->locks.next, struct lock_waiter, in_client));
	list_remove(&c->node);
	list_remove(&c->in_remote);
	c->server->n_clients--;
	if (!c->session)
		jsonrpc_close(c->rpc);
	free(c->role);
	free(c);
}

void client_disconnect(struct client *c)
{
	c->is_doomed = true;
	deferred_put(&c->server->reap, c->server->loop);
}

void client_disconnect_all(struct server *s, bool even_aware)
{
	struct client *c;

	LIST_FOR_EACH(c, &s->clients, node)
		if (even_aware || !c->is_db_change_aware)
			client_disconnect(c);
}

void client_forget_db(struct client *c, struct database *d)
{
	struct client_monitor *m;
	struct client_request *r;

	LIST_FOR_EACH_SAFE(m, &c->monitors, node) {
		if (m->database != d)
			continue;
		if (c->is_db_change_aware)
			client_notify(c, "monitor_canceled", json_pack("[O]", m->sub.id));
		monitor_free(m);
	}
	LIST_FOR_EACH_SAFE(r, &c->requests, node)
		if (r->request.database == d && database_cancel(&r->request)) {
			jsonrpc_send(c->rpc, jsonrpc_error(json_string("canceled"), r->id));
			request_free(r);
		}
}
