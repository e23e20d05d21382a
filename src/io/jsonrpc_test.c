/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/jsonrpc.h"

static struct loop *loop;
static struct listener *listener;
static char *active_name;

/* A server that answers "add", closes at "close", and echoes all else back as a notification. */
static struct jsonrpc *server;
static int server_error = 1;
static int n_server_recv;

static void server_recv(struct jsonrpc *rpc, struct jsonrpc_msg *msg, void *arg)
{
	n_server_recv++;
	if (!strcmp(msg->method, "add")) {
		json_int_t sum = 0;
		for (size_t i = 0; i < json_array_size(msg->params); i++)
			sum += json_integer_value(json_array_get(msg->params, i));
		jsonrpc_send(rpc, jsonrpc_reply(json_integer(sum), msg->id));
	} else if (!strcmp(msg->method, "fail")) {
		jsonrpc_send(rpc, jsonrpc_error(json_string("no"), msg->id));
	} else if (!strcmp(msg->method, "close")) {
		jsonrpc_close(rpc);
		server = NULL;
	}
	jsonrpc_msg_free(msg);
}

static void server_closed(struct jsonrpc *rpc, int error, void *arg)
{
	server_error = error;
	jsonrpc_close(rpc);
	server = NULL;
}

static const struct jsonrpc_ops server_ops = { server_recv, server_closed };

static void take(struct listener *l, struct stream *s, void *arg)
{
	server = jsonrpc_new(s, loop, &server_ops, NULL);
	jsonrpc_set_max_backlog(server, 1 << 20);
}

static int client_error;
static void client_recv(struct jsonrpc *rpc, struct jsonrpc_msg *msg, void *arg)
{
	jsonrpc_msg_free(msg);
}
static void client_closed(struct jsonrpc *rpc, int error, void *arg) { client_error = error; }
static const struct jsonrpc_ops client_ops = { client_recv, client_closed };

static struct jsonrpc *dial(void)
{
	struct stream *s;
	assert_int_equal(stream_open(active_name, 0, loop, &s, NULL), 0);
	client_error = 1;
	server_error = 1;
	return jsonrpc_new(s, loop, &client_ops, NULL);
}

static void turns(int n)
{
	while (n--)
		loop_once(loop, 5);
}

static void calls_are_answered(void **state)
{
	AUTO_ERR err = ERR_INIT;
	struct jsonrpc *rpc = dial();
	json_t *result = NULL;
	int r = jsonrpc_call(rpc, loop, "add", json_pack("[i,i]", 2, 3), INT64_MAX, &result, &err);
	assert_int_equal(r, 0);
	assert_int_equal(json_integer_value(result), 5);
	json_decref(result);
	r = jsonrpc_call(rpc, loop, "fail", json_array(), INT64_MAX, &result, &err);
	assert_int_equal(r, -EREMOTEIO);
	assert_string_equal(err_text(&err), "no");
	r = jsonrpc_call(rpc, loop, "silence", json_array(), clock_mono_ns() + 20 * NS_PER_MS,
			 &result, &err);
	assert_int_equal(r, -ETIMEDOUT);
	r = jsonrpc_call(rpc, loop, "close", json_array(), INT64_MAX, &result, &err);
	assert_int_equal(r, -ECONNRESET);
	turns(2);
	assert_int_equal(client_error, 0);
	jsonrpc_close(rpc);
}

/* Raw bytes, cut in every way, then what the server makes of them. */
static void send_raw(const char *bytes, size_t step)
{
	struct stream *s;
	assert_int_equal(stream_open(active_name, 0, loop, &s, NULL), 0);
	server_error = 1;
	turns(2);
	for (size_t at = 0, size = strlen(bytes); at < size;) {
		size_t n = MIN(step, size - at);
		assert_int_equal(stream_send(s, bytes + at, n), n);
		at += n;
		turns(1);
	}
	turns(2);
	stream_close(s);
	turns(3);
}

static void framing_survives_any_cut(void **state)
{
	for (size_t step = 1; step < 40; step += 7) {
		n_server_recv = 0;
		send_raw("{\"id\":null,\"method\":\"a]\\\"}\",\"params\":[[]]} \n"
			 "{\"id\":null,\"method\":\"b\",\"params\":[]}",
			 step);
		assert_int_equal(n_server_recv, 2);
		assert_int_equal(server_error, 0);
	}
}

static void bad_input_closes(void **state)
{
	static const char *const bad[] = {
		"GET / HTTP/1.0\r\n",
		"{\"id\":1,\"method\":5,\"params\":[]}",
		"{\"id\":1,\"method\":\"x\",\"params\":{}}",
		"{\"id\":1,\"method\":\"x\",\"params\":[],\"more\":1}",
		"{\"id\":1,}",
		"[]",
		"}",
		"{\"id\":null,\"result\":1,\"error\":null}",
		"{\"id\":1,\"result\":1,\"error\":2}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		send_raw(bad[i], 1000);
		assert_int_equal(server_error, -EPROTO);
	}
	AUTO_STR deep = STR_INIT;
	str_putc_n(&deep, '[', JSONRPC_MAX_DEPTH + 1);
	send_raw(deep.s, 100000);
	assert_int_equal(server_error, -EPROTO);
}

static void backlog_is_limited(void **state)
{
	struct stream *s; /* never read from */
	assert_int_equal(stream_open(active_name, 0, loop, &s, NULL), 0);
	turns(2);
	server_error = 1;
	AUTO_STR big = STR_INIT;
	str_putc_n(&big, 'x', 100000);
	for (int i = 0; i < 100 && server; i++) {
		jsonrpc_send(server, jsonrpc_notify("big", json_pack("[s]", big.s)));
		turns(1);
	}
	assert_null(server);
	assert_int_equal(server_error, -ENOBUFS);
	stream_close(s);
}

static int n_connected, n_disconnected;
static void session_up(struct session *s, void *arg) { n_connected++; }
static void session_down(struct session *s, int error, void *arg) { n_disconnected++; }
static void session_recv(struct session *s, struct jsonrpc_msg *msg, void *arg)
{
	jsonrpc_msg_free(msg);
}
static const struct session_ops session_ops = { session_up, session_down, session_recv };

static void session_comes_back(void **state)
{
	struct session *s = session_new(active_name, loop, &session_ops, NULL);
	session_set_backoff(s, 10, 20);
	turns(5);
	assert_true(session_is_connected(s));
	session_send(s, jsonrpc_notify("close", json_array()));
	turns(20);
	assert_int_equal(n_disconnected, 1);
	assert_int_equal(n_connected, 2);
	/* A server that never answers probes is left. */
	session_set_probe(s, 20);
	turns(30);
	assert_true(n_disconnected > 1);
	struct session_stats stats;
	session_get_stats(s, &stats);
	assert_int_equal(stats.n_connections, n_connected);
	session_free(s);
	turns(2);
}

int main(void)
{
	loop = loop_new();
	assert_int_equal(listener_open("ptcp:0:127.0.0.1", 0, loop, take, NULL, &listener, NULL),
			 0);
	active_name = xasprintf("tcp:127.0.0.1:%u", listener_port(listener));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_answered), cmocka_unit_test(framing_survives_any_cut),
		cmocka_unit_test(bad_input_closes),   cmocka_unit_test(backlog_is_limited),
		cmocka_unit_test(session_comes_back),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	listener_close(listener);
	loop_free(loop);
	free(active_name);
	return r;
}
