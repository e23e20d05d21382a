/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket. Each request names a command of one table for the process; a call lives until
 * it is answered, which may be turns later, and outlives its connection if the client hangs up. */
#include "io/control.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/control_builtin.h"
#include "io/daemon.h"
#include "io/jsonrpc.h"
#include "io/stream.h"

LOG_MODULE(unixctl);
COUNTER_DEFINE(unixctl_received);
COUNTER_DEFINE(unixctl_replied);

#define MAX_CONNECTIONS 500
#define MAX_PENDING_CALLS 100 /* of one connection; then we stop reading from it */
#define MAX_BACKLOG_BYTES (64u << 20)
#define SAMPLE_NS (5 * NS_PER_SEC)

struct command {
	const char *name, *usage;
	int n_min, n_max;
	control_cb *cb;
	void *arg;
};

static struct command *commands; /* sorted by name */
static size_t n_commands, n_allocated;

struct control_server {
	char *path; /* NULL: "none" */
	struct loop *loop;
	struct listener *listener;
	struct list conns;
	unsigned n_conns;
	struct timer sample;
};

struct conn {
	struct list node;
	struct control_server *server;
	struct jsonrpc *rpc;
	struct list calls;
	unsigned n_calls;
};

struct control_call {
	struct list node;  /* in conn->calls */
	struct conn *conn; /* NULL: the client is gone */
	json_t *id;
};

static size_t find_place(const char *name, bool *ret_found)
{
	size_t low = 0, high = n_commands;
	*ret_found = false;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(name, commands[mid].name);
		if (!c) {
			*ret_found = true;
			return mid;
		}
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

void control_register(const char *name, const char *usage, int n_min, int n_max, control_cb *cb,
		      void *arg)
{
	bool found;
	size_t i = find_place(name, &found);
	if (!found) {
		commands = xgrow(commands, &n_allocated, n_commands + 1, sizeof *commands);
		memmove(commands + i + 1, commands + i, (n_commands - i) * sizeof *commands);
		n_commands++;
	}
	commands[i] = (struct command){ name, usage ? usage : "", n_min, n_max, cb, arg };
}

static void list_commands(struct control_call *call, int argc UNUSED, const char **argv UNUSED,
			  void *arg UNUSED)
{
	AUTO_STR out = STR_INIT;
	str_puts(&out, "The available commands are:\n");
	for (size_t i = 0; i < n_commands; i++)
		str_putf(&out, "  %-23s %s\n", commands[i].name, commands[i].usage);
	control_reply(call, out.s);
}

/* Answering. */

static void finish(struct control_call *call, struct jsonrpc_msg *answer)
{
	struct conn *conn = call->conn;
	if (conn) {
		counter_inc(&unixctl_replied);
		list_remove(&call->node);
		if (conn->n_calls-- == MAX_PENDING_CALLS)
			jsonrpc_pause(conn->rpc, false);
		jsonrpc_send(conn->rpc, answer);
	} else {
		jsonrpc_msg_free(answer);
	}
	json_decref(call->id);
	free(call);
}

/* Whole lines, since clients print what they get. Commands print names that came off a wire; a
 * reply is JSON and must be UTF-8 all the same. */
static json_t *text_to_json(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	bool whole_lines = !len || text[len - 1] == '\n';
	AUTO_FREE char *copy = xasprintf("%s%s", text ? text : "", whole_lines ? "" : "\n");
	json_t *json = json_string(copy);
	if (json)
		return json;
	for (char *p = copy; *p; p++) {
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	}
	return json_string(copy);
}

void control_reply(struct control_call *call, const char *text)
{
	finish(call, jsonrpc_reply(text_to_json(text), call->id));
}

void control_reply_error(struct control_call *call, const char *text)
{
	finish(call, jsonrpc_error(text_to_json(text), call->id));
}

void control_reply_err(struct control_call *call, const struct err *err)
{
	control_reply_error(call, err_text(err));
}

/* Receiving. */

static void run(struct control_call *call, const char *method, json_t *params)
{
	bool found;
	size_t i = find_place(method, &found);
	int n = (int)json_array_size(params);
	AUTO_FREE char *error = NULL;
	if (!found) {
		error = xasprintf("\"%s\" is not a valid command (use \"list-commands\" to see a "
				  "list of valid commands)",
				  method);
	} else if (n < commands[i].n_min) {
		error = xasprintf("\"%s\" command requires at least %d arguments", method,
				  commands[i].n_min);
	} else if (commands[i].n_max >= 0 && n > commands[i].n_max) {
		error = xasprintf("\"%s\" command takes at most %d arguments", method,
				  commands[i].n_max);
	} else {
		AUTO_FREE const char **argv = xcalloc((size_t)n + 2, sizeof *argv);
		argv[0] = method;
		for (int a = 0; a < n && !error; a++) {
			argv[a + 1] = json_string_value(json_array_get(params, (size_t)a));
			if (!argv[a + 1])
				error = xasprintf("\"%s\" command has non-string argument", method);
		}
		if (!error)
			commands[i].cb(call, n + 1, argv, commands[i].arg);
	}
	if (error)
		control_reply_error(call, error);
}

static void conn_close(struct conn *conn)
{
	struct control_call *call;
	LIST_FOR_EACH_SAFE(call, &conn->calls, node) {
		list_remove(&call->node);
		call->conn = NULL;
	}
	list_remove(&conn->node);
	conn->server->n_conns--;
	jsonrpc_close(conn->rpc);
	free(conn);
}

static void conn_recv(struct jsonrpc *rpc, struct jsonrpc_msg *msg, void *conn_)
{
	struct conn *conn = conn_;
	if (msg->type != JSONRPC_REQUEST) {
		static struct log_limit limit = LOG_LIMIT(5, 5);
		log_warn_limited(&limit, "%s: received something else than a request: closing",
				 jsonrpc_name(rpc));
		jsonrpc_msg_free(msg);
		conn_close(conn);
		return;
	}
	counter_inc(&unixctl_received);
	if (log_is_on(LOG_DBG))
		log_dbg("received request %s, id=%lld", msg->method,
			(long long)json_integer_value(msg->id));
	struct control_call *call = xzalloc(sizeof *call);
	call->conn = conn;
	call->id = json_incref(msg->id);
	list_push_back(&conn->calls, &call->node);
	if (++conn->n_calls == MAX_PENDING_CALLS)
		jsonrpc_pause(rpc, true);
	run(call, msg->method, msg->params);
	jsonrpc_msg_free(msg);
}

static void conn_closed(struct jsonrpc *rpc UNUSED, int error UNUSED, void *conn)
{
	conn_close(conn);
}

static const struct jsonrpc_ops conn_ops = { .recv = conn_recv, .closed = conn_closed };

static void take(struct listener *l UNUSED, struct stream *stream, void *server_)
{
	struct control_server *server = server_;
	if (server->n_conns >= MAX_CONNECTIONS) {
		static struct log_limit limit = LOG_LIMIT(5, 5);
		log_warn_limited(&limit, "%s: more than %d connections: refusing", server->path,
				 MAX_CONNECTIONS);
		stream_close(stream);
		return;
	}
	struct conn *conn = xzalloc(sizeof *conn);
	conn->server = server;
	list_init(&conn->calls);
	list_push_back(&server->conns, &conn->node);
	server->n_conns++;
	conn->rpc = jsonrpc_new(stream, server->loop, &conn_ops, conn);
	jsonrpc_set_max_backlog(conn->rpc, MAX_BACKLOG_BYTES);
}

static void take_sample(struct timer *t)
{
	struct control_server *server = CONTAINER_OF(t, struct control_server, sample);
	counter_sample();
	timer_arm_in(t, server->loop, SAMPLE_NS);
}

int control_server_open(const char *path, struct loop *loop, struct control_server **ret,
			struct err *err)
{
	struct control_server *server = xzalloc(sizeof *server);
	server->loop = loop;
	list_init(&server->conns);
	timer_init(&server->sample, take_sample);
	if (!path || strcmp(path, "none")) {
		AUTO_FREE char *name =
			path ? xstrdup(path) : xasprintf("%s.%d.ctl", log_program(), (int)getpid());
		server->path = path_in_rundir(name);
		AUTO_FREE char *remote = xasprintf("punix:%s", server->path);
		int r = listener_open(remote, 0, loop, take, server, &server->listener, NULL);
		if (r < 0) {
			err_set(err, r, "%s: could not initialize control socket (%s)",
				server->path, err_name(r));
			free(server->path);
			free(server);
			return r;
		}
	}
	timer_arm_in(&server->sample, loop, SAMPLE_NS);
	control_register("list-commands", "", 0, 0, list_commands, NULL);
	control_builtin_register(loop);
	*ret = server;
	return 0;
}

void control_server_close(struct control_server *server)
{
	if (!server)
		return;
	struct conn *conn;
	LIST_FOR_EACH_SAFE(conn, &server->conns, node)
		conn_close(conn);
	listener_close(server->listener);
	timer_disarm(&server->sample);
	free(server->path);
	free(server);
}

const char *control_server_path(const struct control_server *server) { return server->path; }

/* Asking. */

static void client_recv(struct jsonrpc *rpc UNUSED, struct jsonrpc_msg *msg, void *arg UNUSED)
{
	jsonrpc_msg_free(msg);
}
static void client_closed(struct jsonrpc *rpc UNUSED, int error UNUSED, void *arg UNUSED) {}
static const struct jsonrpc_ops client_ops = { .recv = client_recv, .closed = client_closed };

int control_target_path(const char *target, char **ret_path, struct err *err)
{
	if (*target == '/') {
		*ret_path = xstrdup(target);
		return 0;
	}
	AUTO_FREE char *pid_name = xasprintf("%s.pid", target);
	AUTO_FREE char *pidfile = path_in_rundir(pid_name);
	int pid = daemon_read_pidfile(pidfile, NULL);
	if (pid < 0)
		return err_set(err, pid, "cannot read pidfile \"%s\" (%s)", pidfile, err_name(pid));
	AUTO_FREE char *name = xasprintf("%s.%d.ctl", target, pid);
	*ret_path = path_in_rundir(name);
	return 0;
}

int control_ask(const char *target, int argc, const char *const argv[], int timeout_s,
		char **ret_reply, struct err *err)
{
	AUTO_FREE char *path = NULL;
	int r = control_target_path(target, &path, err);
	if (r < 0)
		return r;
	AUTO_FREE char *remote = xasprintf("unix:%s", path);
	struct loop *loop = loop_new();
	struct stream *stream;
	r = stream_open(remote, 0, loop, &stream, NULL);
	if (r < 0) {
		loop_free(loop);
		log_warn("failed to connect to %s", path);
		return err_set(err, r, "cannot connect to \"%s\" (%s)", path, err_name(r));
	}
	struct jsonrpc *rpc = jsonrpc_new(stream, loop, &client_ops, NULL);
	json_t *params = json_array(), *result = NULL;
	for (int i = 1; i < argc && r == 0; i++) {
		json_t *arg = json_string(argv[i]);
		if (arg)
			json_array_append_new(params, arg);
		else
			r = err_set(err, -EINVAL, "argument \"%s\" is not UTF-8", argv[i]);
	}
	int64_t deadline = timeout_s > 0 ? clock_mono_ns() + timeout_s * NS_PER_SEC : INT64_MAX;
	AUTO_ERR why = ERR_INIT;
	if (r == 0)
		r = jsonrpc_call(rpc, loop, argv[0], params, deadline, &result, &why);
	else
		json_decref(params);
	if (r == -EREMOTEIO) {
		err_move(err, &why);
	} else if (why.text) {
		const char *what = r == -ECONNRESET ? "End of file" : err_name(r);
		log_warn("error communicating with %s: %s", remote, what);
		err_set(err, r, "%s: transaction error (%s)", target, what);
	}
	jsonrpc_close(rpc);
	loop_free(loop);
	if (r == 0) {
		if (json_is_string(result))
			*ret_reply = xstrdup(json_string_value(result));
		else
			r = err_set(err, -EPROTO, "%s: reply is not a string", target);
	}
	json_decref(result);
	return r;
}
