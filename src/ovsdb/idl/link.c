/* SPDX-License-Identifier: Apache-2.0 */
/* link: how a replica reaches its server and which requests are out.
 *
 * A tool that runs for milliseconds should not first ask for a schema that it has compiled in. So
 * the monitor request goes out at once, with the columns that the owner asked for; only if the
 * server refuses it, its schema is fetched, what it lacks is left out, and it is asked again. One
 * round trip in the usual case, where get_schema, _Server and monitor would be three.
 *
 * Servers differ in how they monitor: monitor_cond_since goes on after a broken connection with
 * what was missed, monitor_cond sends everything again but differences later, monitor is the one
 * of RFC 7047. The best is tried first, "unknown method" leads to the next.
 *
 * With several remotes the next one is tried when one cannot be reached or breaks; between two
 * rounds over all of them there is a pause. */
#include <errno.h>
#include <inttypes.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "io/stream.h"
#include "ovsdb/idl/replica.h"
#include "wire/json.h"

LOG_MODULE(ovsdb_idl);

#define ROUND_PAUSE_MS 1000
#define DEFAULT_PORT 6640
static const char zero_txn_id[] = "00000000-0000-0000-0000-000000000000";

static void ask_monitor(struct idl *);

void idl_changed(struct idl *idl)
{
	idl->seqno++;
	if (idl->on_change)
		idl->on_change(idl, idl->on_change_arg);
}

void idl_warn_error(const char *error) { log_warn("transaction error: %s", error); }

void idl_warn_absent(const char *column, const char *table)
{
	static struct log_limit limit = LOG_LIMIT(5, 5);
	log_warn_limited(&limit,
			 "column %s of table %s is not written: the server's schema does "
			 "not have it",
			 column, table);
}

bool idl_link_send(struct idl *idl, struct jsonrpc_msg *owned)
{
	if (!idl->accepted)
		return session_send(idl->session, owned);
	jsonrpc_send(idl->accepted, owned);
	return true;
}

/* Sends a request and remembers its id in *ret_id. */
static void ask(struct idl *idl, const char *method, json_t *params, json_t **ret_id)
{
	json_t *id;
	struct jsonrpc_msg *msg = jsonrpc_request(method, params, &id);
	json_decref(*ret_id);
	*ret_id = json_incref(id);
	idl_link_send(idl, msg);
}

static bool take_if_answer(json_t **id, const struct jsonrpc_msg *msg)
{
	if (!*id || !json_equal(*id, msg->id))
		return false;
	json_decref(*id);
	*id = NULL;
	return true;
}

static void forget_requests(struct idl *idl)
{
	json_t **ids[] = { &idl->monitor_id, &idl->schema_id, &idl->lock_id };
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		json_decref(*ids[i]);
		*ids[i] = NULL;
	}
}

/* --- what the server is asked -------------------------------------------------------------- */

static json_t *monitored_columns(const struct idl_table *table)
{
	json_t *columns = json_array();
	for (unsigned i = 0; i < table->def->n_columns; i++) {
		if ((table->use[i] & (COLUMN_MONITORED | COLUMN_ABSENT)) == COLUMN_MONITORED)
			json_array_append_new(columns, json_string(table->def->columns[i]));
	}
	return columns;
}

static json_t *monitor_requests(const struct idl *idl)
{
	json_t *requests = json_object();
	for (unsigned i = 0; i < idl->def->n_tables; i++) {
		const struct idl_table *table = &idl->tables[i];
		if (!table->monitored || table->absent)
			continue;
		json_t *request = json_pack("{s:o}", "columns", monitored_columns(table));
		json_object_set_new(requests, table->def->name, json_pack("[o]", request));
	}
	return requests;
}

static void ask_monitor(struct idl *idl)
{
	static const char *const methods[] = {
		[MONITOR_COND_SINCE] = "monitor_cond_since",
		[MONITOR_COND] = "monitor_cond",
		[MONITOR_PLAIN] = "monitor",
	};
	json_t *params = json_pack("[s,[ss],o]", idl->def->name, "monid", idl->def->name,
				   monitor_requests(idl));
	if (idl->monitor_kind == MONITOR_COND_SINCE)
		json_array_append_new(params, json_string(idl->last_txn_id));
	idl->phase = LINK_MONITOR;
	ask(idl, methods[idl->monitor_kind], params, &idl->monitor_id);
}

static void ask_lock(struct idl *idl)
{
	if (idl->lock_name)
		ask(idl, "lock", json_pack("[s]", idl->lock_name), &idl->lock_id);
}

static void ask_schema(struct idl *idl)
{
	idl->phase = LINK_SCHEMA;
	idl->schema_asked = true;
	ask(idl, "get_schema", json_pack("[s]", idl->def->name), &idl->schema_id);
}

/* Notes what the server's schema lacks, so that it is neither monitored nor written. */
static void compare_schemas(struct idl *idl, const json_t *schema)
{
	const json_t *tables = json_object_get(schema, "tables");
	for (unsigned i = 0; i < idl->def->n_tables; i++) {
		struct idl_table *table = &idl->tables[i];
		const json_t *theirs = json_object_get(tables, table->def->name);
		table->absent = !theirs;
		if (!theirs && table->monitored)
			log_warn("%s: the server's %s database has no table %s (is it older than "
				 "this program?)",
				 idl_remote(idl), idl->def->name, table->def->name);
		const json_t *columns = json_object_get(theirs, "columns");
		for (unsigned c = 0; c < table->def->n_columns; c++) {
			table->use[c] &= ~COLUMN_ABSENT;
			if (json_object_get(columns, table->def->columns[c]))
				continue;
			if (theirs && table->use[c] & COLUMN_MONITORED)
				log_warn("%s: the server's %s database has no column %s in table "
					 "%s (is it older than this program?)",
					 idl_remote(idl), idl->def->name, table->def->columns[c],
					 table->def->name);
			table->use[c] |= COLUMN_ABSENT;
		}
	}
}

/* --- what it answers ------------------------------------------------------------------------ */

/* No connection any more: what was asked will not be answered. */
static void link_down(struct idl *idl)
{
	bool was_up = idl->phase != LINK_DOWN;
	idl->phase = LINK_DOWN;
	forget_requests(idl);
	idl_txns_disconnected(idl);
	bool had_lock = idl->has_lock || idl->lock_contended;
	idl->has_lock = idl->lock_contended = false;
	if (was_up || had_lock)
		idl_changed(idl);
}

/* A server that speaks nonsense is left alone for a while, lest it be asked without end. */
static void start_over(struct idl *idl)
{
	str_copy(idl->last_txn_id, zero_txn_id, sizeof idl->last_txn_id);
	idl->pause_first = true;
	deferred_put(&idl->next_remote, idl->loop);
	link_down(idl);
}

static void protocol_error(struct idl *idl, const char *what)
{
	log_warn("%s: %s; connecting again", idl_remote(idl), what);
	start_over(idl);
}

/* The database may come later ("ovsdb-server/add-db"), or another remote may have it. */
static void no_database(struct idl *idl, const char *why)
{
	static struct log_limit limit = LOG_LIMIT(1, 1);
	log_warn_limited(&limit, "%s: the server does not serve the %s database (%s); trying again",
			 idl_remote(idl), idl->def->name, why);
	start_over(idl);
}

static void apply_updates(struct idl *idl, const json_t *updates, bool with_differences)
{
	AUTO_ERR err = ERR_INIT;
	bool alert = false;
	int r = idl_replica_update(idl, updates, with_differences, &alert, &err);
	if (r < 0) {
		protocol_error(idl, err_text(&err));
		return;
	}
	if (alert)
		idl_changed(idl);
}

static void monitor_answered(struct idl *idl, const struct jsonrpc_msg *msg)
{
	const json_t *updates = msg->result;
	if (idl->monitor_kind == MONITOR_COND_SINCE) {
		if (json_array_size(msg->result) != 3 ||
		    !json_is_string(json_array_get(msg->result, 1))) {
			protocol_error(idl, "malformed reply to monitor_cond_since");
			return;
		}
		/* The updates are only what was missed if the server remembers our last one. */
		if (!json_is_true(json_array_get(msg->result, 0)))
			idl_replica_clear(idl);
		str_copy(idl->last_txn_id, json_string_value(json_array_get(msg->result, 1)),
			 sizeof idl->last_txn_id);
		updates = json_array_get(msg->result, 2);
	} else {
		idl_replica_clear(idl);
	}
	AUTO_ERR err = ERR_INIT;
	bool alert = false;
	if (idl_replica_update(idl, updates, idl->monitor_kind != MONITOR_PLAIN, &alert, &err) <
	    0) {
		protocol_error(idl, err_text(&err));
		return;
	}
	idl->phase = LINK_LIVE;
	idl->ready = true;
	idl_changed(idl);
}

/* The text of an error: the "error" member of an object, or a string. */
static const char *error_name(const json_t *error)
{
	const json_t *name = json_is_object(error) ? json_object_get(error, "error") : error;
	return json_is_string(name) ? json_string_value(name) : "unknown error";
}

static void monitor_refused(struct idl *idl, const struct jsonrpc_msg *msg)
{
	if (!strcmp(error_name(msg->error), "unknown method") &&
	    idl->monitor_kind < MONITOR_PLAIN) {
		idl->monitor_kind++;
		ask_monitor(idl);
	} else if (!idl->schema_asked) {
		ask_schema(idl);
	} else {
		AUTO_STR text = STR_INIT;
		json_put(msg->error, JSON_PUT_SORT, &text);
		no_database(idl, str_cstr(&text));
	}
}

static void schema_answered(struct idl *idl, const struct jsonrpc_msg *msg)
{
	if (msg->type == JSONRPC_ERROR) {
		no_database(idl, error_name(msg->error));
		return;
	}
	compare_schemas(idl, msg->result);
	ask_monitor(idl);
}

static void set_lock(struct idl *idl, bool has, bool contended)
{
	if (idl->has_lock == has && idl->lock_contended == contended)
		return;
	idl->has_lock = has;
	idl->lock_contended = contended;
	idl_changed(idl);
}

static void lock_answered(struct idl *idl, const struct jsonrpc_msg *msg)
{
	bool locked =
		msg->type == JSONRPC_REPLY && json_is_true(json_object_get(msg->result, "locked"));
	set_lock(idl, locked, msg->type == JSONRPC_REPLY && !locked);
}

static void recv_answer(struct idl *idl, struct jsonrpc_msg *msg)
{
	if (take_if_answer(&idl->monitor_id, msg)) {
		if (msg->type == JSONRPC_REPLY)
			monitor_answered(idl, msg);
		else
			monitor_refused(idl, msg);
	} else if (take_if_answer(&idl->schema_id, msg)) {
		schema_answered(idl, msg);
	} else if (take_if_answer(&idl->lock_id, msg)) {
		lock_answered(idl, msg);
	} else {
		struct idl_txn *txn = idl_txn_by_id(idl, msg->id);
		if (txn)
			idl_txn_reply(txn, msg);
	}
}

static bool is_our_monitor(const struct idl *idl, const json_t *id)
{
	const char *name = json_string_value(json_array_get(id, 1));
	return name && !strcmp(name, idl->def->name);
}

static void recv_notification(struct idl *idl, const struct jsonrpc_msg *msg)
{
	const json_t *params = msg->params;
	const char *lock = json_string_value(json_array_get(params, 0));
	bool ours = idl->lock_name && lock && !strcmp(lock, idl->lock_name);
	if (!strcmp(msg->method, "update3")) {
		const char *id = json_string_value(json_array_get(params, 1));
		if (!id || !is_our_monitor(idl, json_array_get(params, 0)))
			return;
		str_copy(idl->last_txn_id, id, sizeof idl->last_txn_id);
		apply_updates(idl, json_array_get(params, 2), true);
	} else if (!strcmp(msg->method, "update2")) {
		if (is_our_monitor(idl, json_array_get(params, 0)))
			apply_updates(idl, json_array_get(params, 1), true);
	} else if (!strcmp(msg->method, "update")) {
		if (is_our_monitor(idl, json_array_get(params, 0)))
			apply_updates(idl, json_array_get(params, 1), false);
	} else if (!strcmp(msg->method, "locked")) {
		if (ours)
			set_lock(idl, true, false);
	} else if (!strcmp(msg->method, "stolen")) {
		if (ours)
			set_lock(idl, false, true);
	} else if (!strcmp(msg->method, "monitor_canceled")) {
		/* The database was taken away or converted: look at it afresh. */
		idl->schema_asked = false;
		protocol_error(idl, "the server canceled our monitor");
	}
}

/* --- connection ------------------------------------------------------------------------------ */

static void on_recv(struct session *session, struct jsonrpc_msg *msg, void *arg)
{
	struct idl *idl = arg;
	if (idl->phase == LINK_DOWN)
		; /* after an error: the session is about to go */
	else if (msg->type == JSONRPC_REQUEST && !strcmp(msg->method, "echo"))
		idl_link_send(idl, jsonrpc_reply(json_incref(msg->params), msg->id));
	else if (msg->type == JSONRPC_NOTIFY)
		recv_notification(idl, msg);
	else if (msg->type == JSONRPC_REPLY || msg->type == JSONRPC_ERROR)
		recv_answer(idl, msg);
	jsonrpc_msg_free(msg);
}

static void on_connected(struct session *session, void *arg)
{
	struct idl *idl = arg;
	idl->n_failures = 0;
	idl->monitor_kind = MONITOR_COND_SINCE;
	idl->schema_asked = false;
	ask_lock(idl);
	ask_monitor(idl);
}

/* Not connected, or no more: 'error' is why. */
static void count_failure(struct idl *idl, int error)
{
	idl->last_error = error;
	idl->n_failures++;
	if (idl->n_remotes > 1)
		deferred_put(&idl->next_remote, idl->loop);
}

static void on_failed(struct session *session, int error, void *arg) { count_failure(arg, error); }

static void on_disconnected(struct session *session, int error, void *arg)
{
	struct idl *idl = arg;
	count_failure(idl, error);
	link_down(idl);
}

static const struct session_ops session_ops = {
	.connected = on_connected,
	.disconnected = on_disconnected,
	.recv = on_recv,
	.failed = on_failed,
};

static void on_accepted_recv(struct jsonrpc *rpc, struct jsonrpc_msg *msg, void *arg)
{
	on_recv(NULL, msg, arg);
}

static void on_accepted_closed(struct jsonrpc *rpc, int error, void *arg)
{
	struct idl *idl = arg;
	jsonrpc_close(STEAL(idl->accepted));
	on_disconnected(NULL, error, idl);
}

static const struct jsonrpc_ops accepted_ops = {
	.recv = on_accepted_recv,
	.closed = on_accepted_closed,
};

static void on_accept(struct listener *listener, struct stream *stream, void *arg)
{
	struct idl *idl = arg;
	if (idl->accepted) {
		stream_close(stream);
		return;
	}
	idl->accepted = jsonrpc_new(stream, idl->loop, &accepted_ops, idl);
	on_connected(NULL, idl);
}

static void open_session(struct idl *idl)
{
	const char *name = idl_remote(idl);
	if (stream_name_is_passive(name)) {
		int r = listener_open(name, DEFAULT_PORT, idl->loop, on_accept, idl, &idl->listener,
				      NULL);
		if (r < 0) {
			idl->pause_first = true;
			count_failure(idl, r);
			deferred_put(&idl->next_remote, idl->loop);
		}
		return;
	}
	idl->session = session_new(name, idl->loop, &session_ops, idl);
	session_set_probe(idl->session, idl->probe_ms);
}

static void close_session(struct idl *idl)
{
	session_free(STEAL(idl->session));
	jsonrpc_close(STEAL(idl->accepted));
	if (idl->listener)
		listener_close(STEAL(idl->listener));
}

static void on_retry_timer(struct timer *timer)
{
	open_session(CONTAINER_OF(timer, struct idl, retry_timer));
}

static void on_next_remote(struct deferred *deferred)
{
	struct idl *idl = CONTAINER_OF(deferred, struct idl, next_remote);
	close_session(idl);
	idl->remote = (idl->remote + 1) % idl->n_remotes;
	/* Another server numbers its transactions as it likes, but they are the same data. */
	if (idl->pause_first || (idl->n_failures && idl->n_failures % idl->n_remotes == 0))
		timer_arm_in(&idl->retry_timer, idl->loop, ROUND_PAUSE_MS * NS_PER_MS);
	else
		open_session(idl);
	idl->pause_first = false;
}

/* Commas part remotes only where another scheme follows, "tcp:a,unix:b". */
static void split_remotes(struct idl *idl, const char *remotes)
{
	AUTO_FREE char *copy = xstrdup(remotes);
	char *save = NULL;
	for (char *r = strtok_r(copy, ", ", &save); r; r = strtok_r(NULL, ", ", &save)) {
		idl->remotes = xrealloc(idl->remotes, (idl->n_remotes + 1) * sizeof *idl->remotes);
		idl->remotes[idl->n_remotes++] = xstrdup(r);
	}
	if (!idl->n_remotes) {
		idl->remotes = xmalloc(sizeof *idl->remotes);
		idl->remotes[idl->n_remotes++] = xstrdup("");
	}
}

struct idl *idl_new(const struct idl_db_def *def, const char *remotes, struct loop *loop)
{
	struct idl *idl = xzalloc(sizeof *idl);
	idl->def = def;
	idl->loop = loop;
	idl->probe_ms = 5000;
	list_init(&idl->waiting_txns);
	timer_init(&idl->retry_timer, on_retry_timer);
	deferred_init(&idl->next_remote, on_next_remote);
	str_copy(idl->last_txn_id, zero_txn_id, sizeof idl->last_txn_id);
	split_remotes(idl, remotes);
	idl_replica_init(idl);
	return idl;
}

void idl_free(struct idl *idl)
{
	if (!idl)
		return;
	ASSERT(!idl->open_txn);
	idl->on_change = NULL;
	idl_txns_disconnected(idl);
	deferred_cancel(&idl->next_remote);
	timer_disarm(&idl->retry_timer);
	close_session(idl);
	forget_requests(idl);
	idl_replica_fini(idl);
	for (size_t i = 0; i < idl->n_remotes; i++)
		free(idl->remotes[i]);
	free(idl->remotes);
	free(idl->lock_name);
	free(idl);
}

void idl_start(struct idl *idl)
{
	ASSERT(!idl->session && !idl->listener);
	open_session(idl);
}

void idl_set_lock(struct idl *idl, const char *name)
{
	free(idl->lock_name);
	idl->lock_name = name ? xstrdup(name) : NULL;
	set_lock(idl, false, false);
	if (idl->phase != LINK_DOWN)
		ask_lock(idl);
}

void idl_set_probe(struct idl *idl, int probe_ms)
{
	idl->probe_ms = probe_ms;
	if (idl->session)
		session_set_probe(idl->session, probe_ms);
}

void idl_on_change(struct idl *idl, void (*cb)(struct idl *, void *arg), void *arg)
{
	idl->on_change = cb;
	idl->on_change_arg = arg;
}

uint64_t idl_seqno(const struct idl *idl) { return idl->seqno; }
bool idl_is_ready(const struct idl *idl) { return idl->ready; }
bool idl_is_connected(const struct idl *idl) { return idl->phase == LINK_LIVE; }
bool idl_has_lock(const struct idl *idl) { return idl->has_lock; }
bool idl_is_lock_contended(const struct idl *idl) { return idl->lock_contended; }
const char *idl_remote(const struct idl *idl) { return idl->remotes[idl->remote]; }

/* --- blocking -------------------------------------------------------------------------------- */

/* One turn of the loop that ends at the deadline; false once it has passed. */
static bool turn(struct loop *loop, int64_t deadline_ns)
{
	if (deadline_ns == INT64_MAX) {
		loop_once(loop, -1);
		return true;
	}
	int64_t left_ns = deadline_ns - clock_mono_ns();
	if (left_ns <= 0)
		return false;
	loop_once(loop, MIN(left_ns / NS_PER_MS + 1, INT32_MAX));
	return true;
}

int idl_wait_ready(struct idl *idl, bool retry, int64_t deadline_ns, struct err *err)
{
	while (!idl->ready) {
		if (!retry && idl->n_failures >= idl->n_remotes) {
			int error = idl->last_error ? idl->last_error : -ECONNRESET;
			return err_set(err, error < 0 ? error : -error, "%s", err_name(error));
		}
		if (!turn(idl->loop, deadline_ns))
			return err_set(err, -ETIMEDOUT, "%s", err_name(ETIMEDOUT));
	}
	return 0;
}

int idl_wait_change(struct idl *idl, uint64_t seqno, int64_t deadline_ns, struct err *err)
{
	while (idl->seqno == seqno) {
		if (!turn(idl->loop, deadline_ns))
			return err_set(err, -ETIMEDOUT, "%s", err_name(ETIMEDOUT));
	}
	return 0;
}

enum idl_status idl_txn_commit_wait(struct idl_txn *txn, int64_t deadline_ns)
{
	struct idl *idl = idl_txn_idl(txn);
	idl_txn_commit(txn);
	while (idl_txn_status(txn) == IDL_INCOMPLETE) {
		if (!turn(idl->loop, deadline_ns))
			break;
	}
	return idl_txn_status(txn);
}
