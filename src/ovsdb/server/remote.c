/* SPDX-License-Identifier: Apache-2.0 */
/* Remotes: what was named with --remote or ovsdb-server/add-remote. One names a socket, or a column
 * of a database that names sockets, directly or by rows such as Manager's. Each socket is an
 * endpoint: a listener with the clients that came through it, or a session that we make.
 *
 * Whenever a database changes, the endpoints that the columns ask for are compared with those there
 * are; only what differs is closed or opened. The state goes back into the columns "is_connected"
 * and "status" of the row. */
#include <errno.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/tls.h"
#include "ovsdb/server/server.h"

LOG_MODULE(ovsdb_remote);

#define DEFAULT_PORT 6640
#define DEFAULT_PROBE_MS 5000
#define DEFAULT_BACKOFF_MS 8000

/* What a row or name asks for. */
struct wanted {
	char *target;
	int max_backoff_ms, probe_ms; /* -1: the default */
	bool is_read_only;
	char *role;
	bool has_row;
	struct uuid row;
};

struct endpoint {
	struct list node; /* in remote->endpoints */
	struct remote *remote;
	struct wanted wanted;
	bool is_wanted; /* while comparing */
	struct listener *listener;
	struct session *session;
	struct list clients;
	int64_t accepted_ms; /* passive: the last time someone came */
};

struct remote {
	struct list node; /* in server->remotes */
	struct server *server;
	char *name;
	struct list endpoints;
	bool has_complained; /* of the column's type */
};

static void wanted_fini(struct wanted *w)
{
	free(w->target);
	free(w->role);
}

static bool strings_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* --- endpoints
 * ----------------------------------------------------------------------------------*/

static struct client_options endpoint_client_options(const struct endpoint *e)
{
	bool is_unix =
		str_starts(e->wanted.target, "punix:") || str_starts(e->wanted.target, "unix:");
	int probe = e->wanted.probe_ms;

	return (struct client_options){
		.is_read_only = e->wanted.is_read_only,
		.role = e->wanted.role,
		/* The kernel tells when a local peer goes. */
		.probe_ms = probe >= 0 ? (probe && probe < 1000 ? 1000 : probe)
			    : is_unix  ? 0
				       : DEFAULT_PROBE_MS,
	};
}

static void on_accept(struct listener *listener, struct stream *stream, void *e_)
{
	struct endpoint *e = e_;
	struct client_options options = endpoint_client_options(e);
	struct client *c = client_accept(e->remote->server, stream, &options);

	if (c) {
		list_push_back(&e->clients, &c->in_remote);
		e->accepted_ms = clock_mono_ms();
	}
}

static void on_connected(struct session *session, void *e_)
{
	struct endpoint *e = e_;
	struct client_options options = endpoint_client_options(e);
	struct client *c = client_for_session(e->remote->server, session, &options);

	list_push_back(&e->clients, &c->in_remote);
}

static struct client *session_client(struct endpoint *e)
{
	return list_is_empty(&e->clients) ? NULL
					  : LIST_ENTRY(e->clients.next, struct client, in_remote);
}

static void on_disconnected(struct session *session, int error, void *e_)
{
	client_free(session_client(e_));
}

static void on_recv(struct session *session, struct jsonrpc_msg *msg, void *e_)
{
	struct client *c = session_client(e_);

	if (c)
		client_recv(c, msg);
	else
		jsonrpc_msg_free(msg);
}

static const struct session_ops session_ops = {
	.connected = on_connected,
	.disconnected = on_disconnected,
	.recv = on_recv,
};

static int endpoint_open(struct endpoint *e, struct err *err)
{
	struct loop *loop = e->remote->server->loop;
	const char *target = e->wanted.target;

	if (stream_name_is_passive(target))
		return listener_open(target, DEFAULT_PORT, loop, on_accept, e, &e->listener, err);
	if (!stream_name_is_active(target))
		return err_set(err, -EAFNOSUPPORT, "%s: connection method is not known", target);
	e->session = session_new(target, loop, &session_ops, e);
	session_set_probe(e->session, endpoint_client_options(e).probe_ms);
	session_set_backoff(e->session, 1000,
			    e->wanted.max_backoff_ms >= 0 ? MAX(e->wanted.max_backoff_ms, 1000)
							  : DEFAULT_BACKOFF_MS);
	return 0;
}

static void endpoint_close(struct endpoint *e)
{
	while (!list_is_empty(&e->clients))
		client_free(session_client(e));
	session_free(STEAL(e->session));
	listener_close(STEAL(e->listener));
}

static void endpoint_free(struct endpoint *e)
{
	endpoint_close(e);
	list_remove(&e->node);
	wanted_fini(&e->wanted);
	free(e);
}

/* Takes 'w' over. */
static struct endpoint *endpoint_new(struct remote *r, struct wanted *w)
{
	struct endpoint *e = xzalloc(sizeof *e);

	e->remote = r;
	e->wanted = *w;
	list_init(&e->clients);
	list_push_back(&r->endpoints, &e->node);
	memset(w, 0, sizeof *w);
	return e;
}

/* --- columns that name sockets
 * ------------------------------------------------------------------*/

int remote_parse_db_column(const struct server *s, const char *name, struct server_db **ret_db,
			   const struct table **ret_table, const struct column_schema **ret_column,
			   struct err *err)
{
	AUTO_FREE char *copy = xstrdup(name);
	char *save = NULL;

	strtok_r(copy, ":", &save);
	const char *db_name = strtok_r(NULL, ",", &save);
	const char *table_name = strtok_r(NULL, ",", &save);
	const char *column_name = strtok_r(NULL, ",", &save);
	if (!db_name || !table_name || !column_name)
		return err_set(err, -EINVAL, "\"%s\": invalid syntax", name);

	struct server_db *db = server_db_lookup(s, db_name);
	if (!db)
		return err_set(err, -EINVAL, "\"%s\": no database named %s", name, db_name);
	const struct table *t = db_table(db->database->db, table_name);
	if (!t)
		return err_set(err, -EINVAL, "\"%s\": no table named %s", name, table_name);
	const struct column_schema *c = table_column(t->schema, column_name);
	if (!c)
		return err_set(err, -EINVAL, "\"%s\": table \"%s\" has no column \"%s\"", name,
			       table_name, column_name);
	*ret_db = db;
	*ret_table = t;
	*ret_column = c;
	return 0;
}

/* The value of an optional column of the right type, or NULL. */
static const union atom *cell(const struct table *t, const struct row *row, const char *name,
			      enum atom_type type)
{
	const struct column_schema *c = table_column(t->schema, name);

	if (!c || c->type.key.type != type || c->type.value.type != ATOM_VOID ||
	    !row->fields[c->index]->n)
		return NULL;
	return datum_key(row->fields[c->index], 0);
}

static bool want_row(const struct table *t, const struct row *row, struct wanted *w)
{
	const union atom *target = cell(t, row, "target", ATOM_STRING);

	if (!target || !*atom_str(target))
		return false;
	const union atom *backoff = cell(t, row, "max_backoff", ATOM_INTEGER);
	const union atom *probe = cell(t, row, "inactivity_probe", ATOM_INTEGER);
	const union atom *read_only = cell(t, row, "read_only", ATOM_BOOLEAN);
	const union atom *role = cell(t, row, "role", ATOM_STRING);
	*w = (struct wanted){
		.target = xstrdup(atom_str(target)),
		.max_backoff_ms = backoff ? CLAMP(backoff->integer, 0, INT32_MAX) : -1,
		.probe_ms = probe ? CLAMP(probe->integer, 0, INT32_MAX) : -1,
		.is_read_only = read_only && read_only->boolean,
		.role = role && *atom_str(role) ? xstrdup(atom_str(role)) : NULL,
		.has_row = true,
		.row = row->uuid,
	};
	return true;
}

/* Takes 'w' over: keeps the endpoint that is as wanted, or makes one. */
static void want(struct remote *r, struct wanted *w)
{
	struct endpoint *e;
	AUTO_ERR err = ERR_INIT;

	LIST_FOR_EACH(e, &r->endpoints, node) {
		if (e->is_wanted || strcmp(e->wanted.target, w->target))
			continue;
		if (e->wanted.max_backoff_ms == w->max_backoff_ms &&
		    e->wanted.probe_ms == w->probe_ms &&
		    e->wanted.is_read_only == w->is_read_only &&
		    strings_equal(e->wanted.role, w->role)) {
			e->is_wanted = true;
			e->wanted.has_row = w->has_row;
			e->wanted.row = w->row;
			wanted_fini(w);
			return;
		}
		endpoint_free(e); /* first, as two cannot listen on one socket */
		break;
	}
	e = endpoint_new(r, w);
	e->is_wanted = true;
	if (endpoint_open(e, &err) < 0)
		log_warn("%s: %s", r->name, err_text(&err));
}

static void want_column(struct remote *r, const struct table *t, const struct column_schema *c)
{
	struct row *row;

	TABLE_FOR_EACH_ROW(row, t)
	{
		const struct datum *d = row->fields[c->index];
		for (size_t i = 0; i < d->n; i++) {
			struct wanted w = { .max_backoff_ms = -1, .probe_ms = -1 };
			if (c->type.key.type == ATOM_STRING) {
				w.target = xstrdup(atom_str(datum_key(d, i)));
				want(r, &w);
				continue;
			}
			const struct table *ref = db_ref_table(t->db, &c->type.key);
			const struct row *dst = table_row(ref, &datum_key(d, i)->uuid);
			if (dst && want_row(ref, dst, &w))
				want(r, &w);
		}
	}
}

static void reconfigure_remote(struct remote *r)
{
	static struct log_limit limit = LOG_LIMIT(5, 5);
	struct endpoint *e;
	AUTO_ERR err = ERR_INIT;
	struct server_db *db;
	const struct table *t;
	const struct column_schema *c;

	LIST_FOR_EACH(e, &r->endpoints, node)
		e->is_wanted = false;
	if (remote_parse_db_column(r->server, r->name, &db, &t, &c, &err) < 0)
		log_warn_limited(&limit, "%s", err_text(&err));
	else if (c->type.value.type == ATOM_VOID &&
		 (c->type.key.type == ATOM_STRING ||
		  (c->type.key.type == ATOM_UUID && c->type.key.ref.table)))
		want_column(r, t, c);
	else if (!r->has_complained) {
		r->has_complained = true;
		log_warn("%s: column must hold strings or references to rows that have a target",
			 r->name);
	}
	LIST_FOR_EACH_SAFE(e, &r->endpoints, node)
		if (!e->is_wanted)
			endpoint_free(e);
}

/* --- keys
 * ---------------------------------------------------------------------------------------*/

/* The first string in the column that is not empty, or NULL; caller frees. */
static char *file_from_db(const struct server *s, const char *spec)
{
	static struct log_limit limit = LOG_LIMIT(5, 5);
	AUTO_ERR err = ERR_INIT;
	struct server_db *db;
	const struct table *t;
	const struct column_schema *c;
	struct row *row;

	if (remote_parse_db_column(s, spec, &db, &t, &c, &err) < 0) {
		log_warn_limited(&limit, "%s", err_text(&err));
		return NULL;
	}
	TABLE_FOR_EACH_ROW(row, t)
	{
		const struct datum *d = row->fields[c->index];
		for (size_t i = 0; c->type.key.type == ATOM_STRING && i < d->n; i++)
			if (*atom_str(datum_key(d, i)))
				return xstrdup(atom_str(datum_key(d, i)));
	}
	return NULL;
}

static void reconfigure_keys(struct server *s)
{
	if (s->key_spec) {
		AUTO_FREE char *file = file_from_db(s, s->key_spec);
		tls_config_set_key(file);
	}
	if (s->cert_spec) {
		AUTO_FREE char *file = file_from_db(s, s->cert_spec);
		tls_config_set_cert(file);
	}
	if (s->ca_spec) {
		AUTO_FREE char *file = file_from_db(s, s->ca_spec);
		tls_config_set_ca(file, s->ca_bootstrap);
	}
}

/* --- the list
 * -----------------------------------------------------------------------------------*/

static struct remote *find(const struct server *s, const char *name)
{
	struct remote *r;

	LIST_FOR_EACH(r, &s->remotes, node)
		if (!strcmp(r->name, name))
			return r;
	return NULL;
}

static void remote_free(struct remote *r)
{
	while (!list_is_empty(&r->endpoints))
		endpoint_free(LIST_ENTRY(r->endpoints.next, struct endpoint, node));
	list_remove(&r->node);
	free(r->name);
	free(r);
}

int remote_add(struct server *s, const char *name, struct err *err)
{
	struct remote *after;
	AUTO_ERR why = ERR_INIT;

	if (find(s, name))
		return 0;
	if (str_starts(name, "db:")) {
		struct server_db *db;
		const struct table *t;
		const struct column_schema *c;
		int r = remote_parse_db_column(s, name, &db, &t, &c, err);
		if (r < 0)
			return r;
	}

	struct remote *r = xzalloc(sizeof *r);
	r->server = s;
	r->name = xstrdup(name);
	list_init(&r->endpoints);
	LIST_FOR_EACH(after, &s->remotes, node)
		if (strcmp(after->name, name) > 0)
			break;
	list_insert_before(&after->node, &r->node);
	if (str_starts(name, "db:")) {
		reconfigure_keys(s);
		reconfigure_remote(r);
		return 0;
	}
	struct wanted w = { .target = xstrdup(name), .max_backoff_ms = -1, .probe_ms = -1 };
	if (endpoint_open(endpoint_new(r, &w), &why) < 0)
		log_err("%s", err_text(&why));
	return 0;
}

bool remote_remove(struct server *s, const char *name)
{
	struct remote *r = find(s, name);

	if (!r)
		return false;
	remote_free(r);
	return true;
}

void remote_remove_all(struct server *s)
{
	while (!list_is_empty(&s->remotes))
		remote_free(LIST_ENTRY(s->remotes.next, struct remote, node));
}

void remote_list(const struct server *s, struct str *out)
{
	const struct remote *r;

	LIST_FOR_EACH(r, &s->remotes, node)
		str_putf(out, "%s\n", r->name);
}

void remote_reconfigure(struct server *s)
{
	struct remote *r;

	reconfigure_keys(s);
	LIST_FOR_EACH(r, &s->remotes, node)
		if (str_starts(r->name, "db:"))
			reconfigure_remote(r);
}

/* --- status columns
 * -----------------------------------------------------------------------------*/

static void put_pair(struct datum_build *b, const char *key, int64_t value)
{
	AUTO_FREE char *text = xasprintf("%lld", (long long)value);

	datum_build_add_pair(b, key, text);
}

static void put_seconds(struct datum_build *b, const char *key, int64_t then_ms)
{
	if (then_ms != INT64_MIN)
		put_pair(b, key, (clock_mono_ms() - then_ms) / 1000);
}

/* The locks of one client: names that it holds, and waits for. */
static void put_locks(struct datum_build *b, const struct client *c)
{
	AUTO_STR held = STR_INIT;
	AUTO_STR waiting = STR_INIT;
	const struct lock_waiter *w;

	LIST_FOR_EACH(w, &c->locks, in_client) {
		struct str *s = w->is_owner ? &held : &waiting;
		str_putf(s, "%s%s", s->len ? " " : "", lock_waiter_name(w));
	}
	if (held.len)
		datum_build_add_pair(b, "locks_held", held.s);
	if (waiting.len)
		datum_build_add_pair(b, "locks_waiting", waiting.s);
	if (c->n_locks_lost)
		put_pair(b, "locks_lost", c->n_locks_lost);
}

static struct datum *endpoint_status(const struct endpoint *e, bool *ret_connected)
{
	struct datum_build b = DATUM_BUILD(ATOM_STRING, ATOM_STRING);
	size_t n = list_size(&e->clients);

	*ret_connected = n > 0;
	if (e->session) {
		struct session_stats stats;
		session_get_stats(e->session, &stats);
		datum_build_add_pair(&b, "state", stats.state);
		put_seconds(&b, "sec_since_connect", stats.connected_ms);
		put_seconds(&b, "sec_since_disconnect", stats.disconnected_ms);
		if (stats.last_error)
			datum_build_add_pair(&b, "last_error", err_name(stats.last_error));
		*ret_connected = session_is_connected(e->session);
	} else {
		/* Of several clients only the number is told, as by Open vSwitch's server. */
		bool is_one = n == 1;
		put_pair(&b, "sec_since_connect",
			 is_one ? (clock_mono_ms() - e->accepted_ms) / 1000 : 0);
		put_pair(&b, "sec_since_disconnect", 0);
		if (is_one)
			datum_build_add_pair(&b, "state", "ACTIVE");
		if (n > 1)
			put_pair(&b, "n_connections", n);
		if (e->listener && listener_port(e->listener))
			put_pair(&b, "bound_port", listener_port(e->listener));
	}
	if (n == 1)
		put_locks(&b, LIST_ENTRY(e->clients.next, struct client, in_remote));
	return datum_build_finish(&b);
}

static void set_cell(struct txn *txn, struct table *t, struct row *row, const char *name,
		     enum atom_type key, enum atom_type value, struct datum *d)
{
	const struct column_schema *c = table_column(t->schema, name);

	if (c && c->type.key.type == key && c->type.value.type == value &&
	    !datum_equal(row->fields[c->index], d))
		txn_set(txn, t, row, c, datum_ref(d));
	datum_unref(d);
}

static void update_remote(struct remote *r)
{
	struct server_db *db;
	const struct table *t;
	const struct column_schema *c;
	struct endpoint *e;

	if (list_is_empty(&r->endpoints) ||
	    remote_parse_db_column(r->server, r->name, &db, &t, &c, NULL) < 0 ||
	    c->type.key.type != ATOM_UUID || !c->type.key.ref.table)
		return;
	struct table *ref = db_ref_table(t->db, &c->type.key);
	struct txn *txn = txn_new(t->db);
	LIST_FOR_EACH(e, &r->endpoints, node) {
		struct row *row = e->wanted.has_row ? table_row(ref, &e->wanted.row) : NULL;
		bool connected;
		if (!row)
			continue;
		struct datum *status = endpoint_status(e, &connected);
		set_cell(txn, ref, row, "status", ATOM_STRING, ATOM_STRING, status);
		set_cell(txn, ref, row, "is_connected", ATOM_BOOLEAN, ATOM_VOID,
			 datum_from_boolean(connected));
	}
	if (txn_has_changes(txn))
		database_commit(db->database, txn);
	else
		txn_abort(txn);
}

/* A socket that could not be opened may be free by now. */
static void retry_listeners(struct remote *r)
{
	struct endpoint *e;

	LIST_FOR_EACH(e, &r->endpoints, node)
		if (!e->listener && !e->session && stream_name_is_passive(e->wanted.target) &&
		    endpoint_open(e, NULL) == 0)
			log_info("%s: listening now", e->wanted.target);
}

void remote_update_status(struct server *s)
{
	struct remote *r;

	LIST_FOR_EACH(r, &s->remotes, node) {
		retry_listeners(r);
		if (str_starts(r->name, "db:"))
			update_remote(r);
	}
}
