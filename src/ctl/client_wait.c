/* SPDX-License-Identifier: Apache-2.0 */
/* client_wait: wait, and the locks of RFC 7047 4.1.8. */
#include <stdio.h>
#include "base/log.h"
#include "base/mem.h"
#include "ctl/client.h"
#include "ctl/program.h"
#include "io/control.h"
#include "io/daemon.h"
#include "wire/json.h"

/* --- wait ------------------------------------------------------------------------------------ */

enum wanted { ADDED, CONNECTED, REMOVED };

struct wait {
	const char *database;
	enum wanted wanted;
	/* Of the _Server database's row for it. */
	char *row; /* UUID; NULL: there is none */
	bool connected;
	json_t *id;
};

static void take_row(struct wait *w, const char *uuid, const json_t *update)
{
	const json_t *new = json_object_get(update, "new");
	if (new) {
		const char *name = json_string_value(json_object_get(new, "name"));
		if (!name || strcmp(name, w->database))
			return;
		free(w->row);
		w->row = xstrdup(uuid);
		w->connected = json_is_true(json_object_get(new, "connected"));
	} else if (w->row && !strcmp(w->row, uuid)) {
		free(w->row);
		w->row = NULL;
	}
}

/* Ends the program once the database is as wanted. */
static void take_updates(struct wait *w, const json_t *updates)
{
	const char *uuid;
	json_t *update;
	json_object_foreach(json_object_get(updates, "Database"), uuid, update)
		take_row(w, uuid, update);
	if (w->wanted == REMOVED ? !w->row : w->row && (w->wanted == ADDED || w->connected))
		exit(0);
}

static void on_server_update(struct client *c, struct jsonrpc_msg *msg)
{
	struct wait *w = c->arg;
	if (msg->type == JSONRPC_ERROR && json_equal(msg->id, w->id))
		log_fatal("%s: the server does not tell which databases it has; it is too old for "
			  "\"wait\"",
			  c->server);
	if (msg->type == JSONRPC_REPLY && json_equal(msg->id, w->id))
		take_updates(w, msg->result);
	else if (msg->type == JSONRPC_NOTIFY && !strcmp(msg->method, "update"))
		take_updates(w, json_array_get(msg->params, 1));
	jsonrpc_msg_free(msg);
}

int client_wait(struct client *c, int argc, char **argv)
{
	static const char *const states[] = {
		[ADDED] = "added",
		[CONNECTED] = "connected",
		[REMOVED] = "removed",
	};
	struct wait w = { .database = argv[0] };
	size_t i;
	for (i = 0; i < ARRAY_SIZE(states) && strcmp(argv[1], states[i]); i++)
		;
	if (i == ARRAY_SIZE(states))
		log_fatal("%s: unknown state", argv[1]);
	w.wanted = i;
	c->recv = on_server_update;
	c->arg = &w;
	/* So that a database's going away is told, and does not end our connection. */
	json_t *id;
	jsonrpc_send(c->rpc, jsonrpc_request("set_db_change_aware", json_pack("[b]", true), &id));
	struct jsonrpc_msg *msg =
		jsonrpc_request("monitor",
				json_pack("[sn{s:[{s:[ss]}]}]", "_Server", "Database", "columns",
					  "name", "connected"),
				&id);
	w.id = json_incref(id);
	jsonrpc_send(c->rpc, msg);
	client_serve(c);
}

/* --- locks ----------------------------------------------------------------------------------- */

struct locker {
	json_t *first_id; /* of the request of the command line; NULL: answered */
};

static json_t *send_lock(struct client *c, const char *method, const char *lock)
{
	json_t *id;
	struct jsonrpc_msg *msg = jsonrpc_request(method, json_pack("[s]", lock), &id);
	json_incref(id);
	jsonrpc_send(c->rpc, msg);
	return id;
}

static void on_lock_message(struct client *c, struct jsonrpc_msg *msg)
{
	struct locker *l = c->arg;
	bool is_answer = msg->type == JSONRPC_REPLY || msg->type == JSONRPC_ERROR;
	if (is_answer) {
		client_print_json(c, msg->type == JSONRPC_REPLY ? msg->result : msg->error);
		fflush(stdout);
		if (l->first_id && json_equal(msg->id, l->first_id)) {
			json_decref(l->first_id);
			l->first_id = NULL;
			client_go_on(c);
		}
	} else if (msg->type == JSONRPC_NOTIFY) {
		puts(msg->method);
		client_print_json(c, msg->params);
		fflush(stdout);
	}
	jsonrpc_msg_free(msg);
}

/* The answer is printed when it comes, as that of the command line is. */
static void control_lock(struct control_call *call, int argc, const char *argv[], void *arg)
{
	json_decref(send_lock(arg, argv[0], argv[1]));
	control_reply(call, NULL);
}

static int hold(struct client *c, const char *method, const char *lock)
{
	static const char *const methods[] = { "lock", "steal", "unlock" };
	struct locker l = { NULL };
	struct control_server *control = client_open_control(c);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		control_register(methods[i], "LOCK", 1, 1, control_lock, c);
	c->recv = on_lock_message;
	c->arg = &l;
	l.first_id = send_lock(c, method, lock);
	loop_run(c->loop);
	control_server_close(control);
	return 0;
}

int client_lock(struct client *c, int argc, char **argv) { return hold(c, "lock", argv[0]); }
int client_steal(struct client *c, int argc, char **argv) { return hold(c, "steal", argv[0]); }
int client_unlock(struct client *c, int argc, char **argv) { return hold(c, "unlock", argv[0]); }
