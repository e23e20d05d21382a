/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON-RPC connection that is made again when it breaks.
 *
 *	BACKOFF --timer--> CONNECTING --> ACTIVE --silence--> IDLE (a probe is out) --silence--> ..
 *	   ^                    |            |  <---bytes-----  |
 *	   '------failed--------'---ended----'------------------'
 *
 * The wait doubles from min to max while attempts fail, and starts anew after a connection that
 * lasted longer than the wait before it: a peer that accepts and hangs up at once is not hammered.
 * Any byte counts as a sign of life, since a large reply may take longer than a probe. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/jsonrpc.h"

LOG_MODULE(reconnect);

#define MIN_BACKOFF_MS 1000
#define MAX_BACKOFF_MS 8000
#define PROBE_MS 5000
#define CONNECT_TIMEOUT_MS 10000
#define DEFAULT_PORT 6640

enum state { BACKOFF, CONNECTING, ACTIVE, IDLE };

struct session {
	char *name;
	struct loop *loop;
	const struct session_ops *ops;
	void *arg;

	enum state state;
	struct stream *dialling;
	struct jsonrpc *rpc;
	struct timer timer; /* what it means depends on the state */

	int min_backoff_ms, max_backoff_ms, backoff_ms;
	int probe_ms;
	uint64_t bytes_seen; /* received, when the timer was armed */
	struct session_stats stats;
	bool *freed; /* set by session_free() during a callback */
};

static bool is_quiet(const struct session *s)
{
	return s->backoff_ms >= s->max_backoff_ms && s->max_backoff_ms > s->min_backoff_ms;
}

static void log_attempt(const struct session *s, const char *what)
{
	if (is_quiet(s))
		log_dbg("%s: %s", s->name, what);
	else
		log_info("%s: %s", s->name, what);
}

static void arm(struct session *s, int ms) { timer_arm_in(&s->timer, s->loop, ms * NS_PER_MS); }

static void enter_backoff(struct session *s)
{
	bool was_quiet = is_quiet(s);
	s->state = BACKOFF;
	s->backoff_ms =
		s->backoff_ms ? MIN(s->backoff_ms * 2, s->max_backoff_ms) : s->min_backoff_ms;
	if (is_quiet(s)) {
		if (!was_quiet)
			log_info("%s: continuing to reconnect in the background but suppressing "
				 "further logging",
				 s->name);
	} else if (s->backoff_ms > s->min_backoff_ms) {
		log_info("%s: waiting %g seconds before reconnect", s->name, s->backoff_ms / 1e3);
	}
	arm(s, s->backoff_ms);
}

static void attempt_failed(struct session *s, int error)
{
	AUTO_FREE char *what = xasprintf("connection attempt failed (%s)", err_name(error));
	log_attempt(s, what);
	s->stats.last_error = -error;
	stream_close(STEAL(s->dialling));
	enter_backoff(s);
	if (s->ops->failed)
		s->ops->failed(s, error, s->arg);
}

static void arm_probe(struct session *s)
{
	s->bytes_seen = jsonrpc_bytes_received(s->rpc);
	if (s->probe_ms)
		arm(s, s->probe_ms);
	else
		timer_disarm(&s->timer);
}

/* False if the owner freed the session. */
static bool hang_up(struct session *s, int error)
{
	int64_t now = clock_mono_ms();
	jsonrpc_close(STEAL(s->rpc));
	s->stats.disconnected_ms = now;
	s->stats.last_error = -error;
	if (now - s->stats.connected_ms >= s->backoff_ms)
		s->backoff_ms = 0;
	enter_backoff(s);
	bool freed = false, *outer = s->freed;
	s->freed = &freed;
	s->ops->disconnected(s, error, s->arg);
	if (freed) {
		if (outer)
			*outer = true;
		return false;
	}
	s->freed = outer;
	return true;
}

static void on_recv(struct jsonrpc *rpc, struct jsonrpc_msg *msg, void *s_)
{
	struct session *s = s_;
	if (msg->type == JSONRPC_REQUEST && !strcmp(msg->method, "echo")) {
		jsonrpc_send(rpc, jsonrpc_reply(json_incref(msg->params), msg->id));
		jsonrpc_msg_free(msg);
	} else if (msg->type == JSONRPC_REPLY && json_is_string(msg->id) &&
		   !strcmp(json_string_value(msg->id), "echo")) {
		jsonrpc_msg_free(msg);
	} else {
		s->ops->recv(s, msg, s->arg);
	}
}

static void on_closed(struct jsonrpc *rpc UNUSED, int error, void *s_)
{
	struct session *s = s_;
	if (error)
		log_warn("%s: connection dropped (%s)", s->name, err_name(error));
	else
		log_info("%s: connection closed by peer", s->name);
	hang_up(s, error);
}

static const struct jsonrpc_ops rpc_ops = { .recv = on_recv, .closed = on_closed };

static void dial_event(struct stream *stream, unsigned events UNUSED, void *s_)
{
	struct session *s = s_;
	int r = stream_connect_result(stream);
	if (r == -EAGAIN)
		return;
	if (r < 0) {
		attempt_failed(s, r);
		return;
	}
	log_info("%s: connected", s->name);
	s->rpc = jsonrpc_new(STEAL(s->dialling), s->loop, &rpc_ops, s);
	s->state = ACTIVE;
	s->stats.connected_ms = clock_mono_ms();
	s->stats.n_connections++;
	s->stats.last_error = 0;
	arm_probe(s);
	s->ops->connected(s, s->arg);
}

static void dial(struct session *s)
{
	AUTO_ERR err = ERR_INIT;
	log_attempt(s, "connecting...");
	s->stats.n_attempts++;
	int r = stream_open(s->name, DEFAULT_PORT, s->loop, &s->dialling, &err);
	if (r < 0) {
		if (r == -ENOPROTOOPT || r == -EAFNOSUPPORT)
			log_attempt(s, err_text(&err));
		attempt_failed(s, r);
		return;
	}
	s->state = CONNECTING;
	arm(s, CONNECT_TIMEOUT_MS);
	stream_wait(s->dialling, LOOP_WRITE, dial_event, s);
}

static void probe(struct session *s)
{
	struct jsonrpc_msg *msg = jsonrpc_request("echo", json_array(), NULL);
	json_decref(msg->id);
	msg->id = json_string("echo");
	jsonrpc_send(s->rpc, msg);
}

static void on_timer(struct timer *t)
{
	struct session *s = CONTAINER_OF(t, struct session, timer);
	switch (s->state) {
	case BACKOFF:
		dial(s);
		break;
	case CONNECTING:
		attempt_failed(s, -ETIMEDOUT);
		break;
	case ACTIVE:
		if (s->bytes_seen == jsonrpc_bytes_received(s->rpc)) {
			s->state = IDLE;
			log_dbg("%s: idle %d ms, sending inactivity probe", s->name, s->probe_ms);
			probe(s);
		}
		arm_probe(s);
		break;
	case IDLE:
		if (s->bytes_seen == jsonrpc_bytes_received(s->rpc)) {
			log_err("%s: no response to inactivity probe after %g seconds, "
				"disconnecting",
				s->name, s->probe_ms / 1e3);
			hang_up(s, -ETIMEDOUT);
		} else {
			s->state = ACTIVE;
			arm_probe(s);
		}
		break;
	}
}

struct session *session_new(const char *name, struct loop *loop, const struct session_ops *ops,
			    void *arg)
{
	struct session *s = xzalloc(sizeof *s);
	s->name = xstrdup(name);
	s->loop = loop;
	s->ops = ops;
	s->arg = arg;
	s->min_backoff_ms = MIN_BACKOFF_MS;
	s->max_backoff_ms = MAX_BACKOFF_MS;
	s->probe_ms = PROBE_MS;
	s->stats.connected_ms = s->stats.disconnected_ms = INT64_MIN;
	s->state = BACKOFF;
	timer_init(&s->timer, on_timer);
	arm(s, 0);
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	if (s->freed)
		*s->freed = true;
	timer_disarm(&s->timer);
	stream_close(s->dialling);
	jsonrpc_close(s->rpc);
	free(s->name);
	free(s);
}

void session_set_backoff(struct session *s, int min_ms, int max_ms)
{
	s->min_backoff_ms = MAX(min_ms, 1);
	s->max_backoff_ms = MAX(max_ms, s->min_backoff_ms);
	if (s->backoff_ms > s->max_backoff_ms) {
		s->backoff_ms = s->max_backoff_ms;
		if (s->state == BACKOFF)
			arm(s, s->backoff_ms);
	}
}

void session_set_probe(struct session *s, int probe_ms)
{
	s->probe_ms = probe_ms;
	if (s->rpc) {
		s->state = ACTIVE;
		arm_probe(s);
	}
}

void session_reconnect(struct session *s)
{
	s->backoff_ms = 0;
	if (s->rpc) {
		log_info("%s: disconnecting, to connect anew", s->name);
		if (!hang_up(s, 0))
			return;
	}
	stream_close(STEAL(s->dialling));
	s->state = BACKOFF;
	arm(s, 0);
}

bool session_is_connected(const struct session *s) { return s->rpc != NULL; }

bool session_send(struct session *s, struct jsonrpc_msg *msg)
{
	if (!s->rpc) {
		jsonrpc_msg_free(msg);
		return false;
	}
	jsonrpc_send(s->rpc, msg);
	return true;
}

void session_get_stats(const struct session *s, struct session_stats *ret)
{
	static const char *const names[] = { "BACKOFF", "CONNECTING", "ACTIVE", "IDLE" };
	*ret = s->stats;
	ret->state = names[s->state];
}

size_t session_backlog_bytes(const struct session *s)
{
	return s->rpc ? jsonrpc_backlog_bytes(s->rpc) : 0;
}

const char *session_name(const struct session *s) { return s->name; }
struct jsonrpc *session_rpc(struct session *s) { return s->rpc; }

struct stream *session_stream(struct session *s) { return s->rpc ? jsonrpc_stream(s->rpc) : NULL; }
