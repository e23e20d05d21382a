/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON-RPC connection.
 *
 * In: bytes are read into a buffer of the stack and scanned for the end of a text. A text that lies
 * in one read, the usual case, is parsed where it is; only a text cut by the end of a read is
 * collected, in a buffer that doubles. So each byte is copied at most once and scanned once,
 * however it trickles in.
 *
 * Out: messages are serialised when they are sent and queued as counted blobs, so that one update
 * for a thousand monitors exists once. The queue is written at the end of the turn with one
 * sendmsg() for up to 64 blobs: a reply and the update that goes with it leave together.
 *
 * An error is remembered and told to the owner from the loop, never from inside jsonrpc_send(), so
 * that owners need not expect to lose a connection while they walk a list of them. */
#include "io/jsonrpc.h"

#include <errno.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/json.h"

LOG_MODULE(jsonrpc);
COUNTER_DEFINE(jsonrpc_recv);
COUNTER_DEFINE(jsonrpc_sent);

#define READ_BYTES 65536
#define READS_A_TURN 4 /* then others have their turn */
#define IOVS_A_WRITE 64

struct jsonrpc_blob {
	int n_refs;
	size_t size;
	char *bytes;
};

struct out {
	struct list node;
	struct jsonrpc_blob *blob;
};

struct jsonrpc {
	struct stream *stream;
	struct loop *loop;
	const struct jsonrpc_ops *ops;
	void *arg;
	bool paused;
	bool *closed; /* set by jsonrpc_close() during a callback */

	struct json_scan scan;
	struct str text; /* the beginning of a text that is not complete */

	struct list queue;
	size_t head_sent; /* bytes of the first blob that are gone */
	size_t backlog, max_backlog;
	struct deferred flush;

	uint64_t n_received; /* bytes */
	bool ended;	     /* no more input or output */
	int error;
	bool told;

	json_t *call_id; /* jsonrpc_call() waits for this */
	struct jsonrpc_msg *call_answer;
};

static struct log_limit limit = LOG_LIMIT(5, 5);

static void wait_for_more(struct jsonrpc *);

static void end(struct jsonrpc *rpc, int error)
{
	if (rpc->ended)
		return;
	rpc->ended = true;
	rpc->error = error;
	deferred_put(&rpc->flush, rpc->loop);
}

/* Sending. */

struct jsonrpc_blob *jsonrpc_blob_new(struct jsonrpc_msg *msg)
{
	struct jsonrpc_blob *blob = xzalloc(sizeof *blob);
	struct str out = STR_INIT;
	json_t *json = jsonrpc_msg_to_json(msg);
	json_put(json, 0, &out);
	json_decref(json);
	jsonrpc_msg_free(msg);
	blob->n_refs = 1;
	blob->size = out.len;
	blob->bytes = str_steal(&out);
	return blob;
}

struct jsonrpc_blob *jsonrpc_blob_from_text(const char *text, size_t len)
{
	struct jsonrpc_blob *blob = xzalloc(sizeof *blob);

	blob->n_refs = 1;
	blob->size = len;
	blob->bytes = xmemdup(text, len);
	return blob;
}

void jsonrpc_blob_unref(struct jsonrpc_blob *blob)
{
	if (blob && !--blob->n_refs) {
		free(blob->bytes);
		free(blob);
	}
}

void jsonrpc_send_blob(struct jsonrpc *rpc, struct jsonrpc_blob *blob)
{
	if (rpc->ended)
		return;
	if (rpc->max_backlog && rpc->backlog && rpc->backlog + blob->size > rpc->max_backlog) {
		log_warn_limited(&limit,
				 "%s: peer does not read: %zu bytes wait for it, limit is "
				 "%zu: closing",
				 stream_name(rpc->stream), rpc->backlog + blob->size,
				 rpc->max_backlog);
		end(rpc, -ENOBUFS);
		return;
	}
	struct out *out = xmalloc(sizeof *out);
	blob->n_refs++;
	out->blob = blob;
	list_push_back(&rpc->queue, &out->node);
	rpc->backlog += blob->size;
	counter_inc(&jsonrpc_sent);
	deferred_put(&rpc->flush, rpc->loop);
}

void jsonrpc_send(struct jsonrpc *rpc, struct jsonrpc_msg *msg)
{
	struct jsonrpc_blob *blob = jsonrpc_blob_new(msg);
	if (log_is_on(LOG_DBG))
		log_dbg("%s: send %.*s", stream_name(rpc->stream), (int)MIN(blob->size, 4096),
			blob->bytes);
	jsonrpc_send_blob(rpc, blob);
	jsonrpc_blob_unref(blob);
}

static void drop_first(struct jsonrpc *rpc)
{
	struct out *out = LIST_ENTRY(list_pop_front(&rpc->queue), struct out, node);
	jsonrpc_blob_unref(out->blob);
	free(out);
	rpc->head_sent = 0;
}

static void sent(struct jsonrpc *rpc, size_t n)
{
	rpc->backlog -= n;
	rpc->head_sent += n;
	while (!list_is_empty(&rpc->queue)) {
		struct out *out = LIST_ENTRY(rpc->queue.next, struct out, node);
		if (rpc->head_sent < out->blob->size)
			break;
		size_t rest = rpc->head_sent - out->blob->size;
		drop_first(rpc);
		rpc->head_sent = rest;
	}
}

void jsonrpc_flush(struct jsonrpc *rpc)
{
	while (!rpc->ended && !list_is_empty(&rpc->queue)) {
		struct iovec iov[IOVS_A_WRITE];
		int n_iov = 0;
		size_t skip = rpc->head_sent;
		struct out *out;
		LIST_FOR_EACH(out, &rpc->queue, node) {
			if (n_iov == IOVS_A_WRITE)
				break;
			iov[n_iov++] =
				(struct iovec){ out->blob->bytes + skip, out->blob->size - skip };
			skip = 0;
		}
		ssize_t n = stream_sendv(rpc->stream, iov, n_iov);
		if (n == -EAGAIN)
			break;
		if (n < 0) {
			log_warn_limited(&limit, "%s: send error: %s", stream_name(rpc->stream),
					 err_name((int)n));
			end(rpc, (int)n);
			break;
		}
		sent(rpc, (size_t)n);
	}
}

/* Receiving. */

static bool is_echo(const struct jsonrpc_msg *msg)
{
	return msg->type == JSONRPC_REQUEST && !strcmp(msg->method, "echo");
}

static void dispatch(struct jsonrpc *rpc, struct jsonrpc_msg *msg)
{
	counter_inc(&jsonrpc_recv);
	if (!rpc->call_id) {
		rpc->ops->recv(rpc, msg, rpc->arg);
		return;
	}
	if (is_echo(msg)) {
		jsonrpc_send(rpc, jsonrpc_reply(json_incref(msg->params), msg->id));
	} else if (!rpc->call_answer &&
		   (msg->type == JSONRPC_REPLY || msg->type == JSONRPC_ERROR) &&
		   json_equal(msg->id, rpc->call_id)) {
		rpc->call_answer = msg;
		return;
	}
	jsonrpc_msg_free(msg);
}

static void take_text(struct jsonrpc *rpc, const char *text, size_t len)
{
	AUTO_ERR err = ERR_INIT;
	json_t *json;
	struct jsonrpc_msg *msg;
	if (log_is_on(LOG_DBG))
		log_dbg("%s: received %.*s", stream_name(rpc->stream), (int)MIN(len, 4096), text);
	if (json_parse(text, len, &json, &err) < 0) {
		log_warn_limited(&limit, "%s: error parsing stream: %s", stream_name(rpc->stream),
				 err_text(&err));
		end(rpc, -EPROTO);
	} else if (jsonrpc_msg_from_json(json, &msg, &err) < 0) {
		log_warn_limited(&limit, "%s: received bad JSON-RPC message: %s",
				 stream_name(rpc->stream), err_text(&err));
		end(rpc, -EPROTO);
	} else {
		dispatch(rpc, msg);
	}
}

static bool is_within_limits(struct jsonrpc *rpc, size_t size)
{
	if (size > JSONRPC_MAX_MESSAGE_BYTES)
		log_warn_limited(&limit, "%s: message is longer than %u bytes: closing",
				 stream_name(rpc->stream), JSONRPC_MAX_MESSAGE_BYTES);
	else if (rpc->scan.depth > JSONRPC_MAX_DEPTH)
		log_warn_limited(&limit, "%s: message nests deeper than %d: closing",
				 stream_name(rpc->stream), JSONRPC_MAX_DEPTH);
	else
		return true;
	end(rpc, -EPROTO);
	return false;
}

/* Whoever sends no JSON at all (HTTP, TLS) is told at once, not at the end of a "text". */
static bool starts_wrong(const struct jsonrpc *rpc, const char *p, size_t size)
{
	if (rpc->text.len || rpc->scan.started)
		return false;
	while (size && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
		p++;
		size--;
	}
	return size && *p != '{' && *p != '[';
}

/* *closed becomes true if a callback closes the connection. */
static void take_bytes(struct jsonrpc *rpc, const char *p, size_t size, const bool *closed)
{
	while (size && !rpc->ended) {
		bool done;
		if (starts_wrong(rpc, p, size)) {
			take_text(rpc, p, size);
			break;
		}
		size_t n = json_scan_feed(&rpc->scan, p, size, &done);
		if (!is_within_limits(rpc, rpc->text.len + n))
			break;
		if (!done || rpc->text.len)
			str_put(&rpc->text, p, n);
		if (done && rpc->text.len) {
			AUTO_STR text = rpc->text;
			rpc->text = (struct str)STR_INIT;
			take_text(rpc, text.s, text.len);
		} else if (done) {
			take_text(rpc, p, n);
		}
		if (*closed)
			return;
		p += n;
		size -= n;
	}
}

static void read_some(struct jsonrpc *rpc, const bool *closed)
{
	char buf[READ_BYTES];
	for (int i = 0; i < READS_A_TURN && !rpc->ended && !rpc->paused; i++) {
		ssize_t n = stream_recv(rpc->stream, buf, sizeof buf);
		if (n == -EAGAIN)
			break;
		if (n <= 0) {
			if (n < 0)
				log_warn_limited(&limit, "%s: receive error: %s",
						 stream_name(rpc->stream), err_name((int)n));
			end(rpc, (int)n);
			break;
		}
		rpc->n_received += (size_t)n;
		take_bytes(rpc, buf, (size_t)n, closed);
		if (*closed || (size_t)n < sizeof buf)
			break;
	}
}

static void stream_event(struct stream *s UNUSED, unsigned events, void *rpc_)
{
	struct jsonrpc *rpc = rpc_;
	int r = stream_connect_result(rpc->stream);
	if (r == -EAGAIN)
		return;
	if (r < 0) {
		end(rpc, r);
		return;
	}
	if (events & LOOP_WRITE)
		jsonrpc_flush(rpc);
	if (events & LOOP_READ) {
		bool closed = false;
		bool *outer = rpc->closed; /* a callback that runs the loop */
		rpc->closed = &closed;
		read_some(rpc, &closed);
		if (closed) {
			if (outer)
				*outer = true;
			return;
		}
		rpc->closed = outer;
	}
	wait_for_more(rpc);
}

static void wait_for_more(struct jsonrpc *rpc)
{
	unsigned events = 0;
	if (!rpc->ended) {
		events |= rpc->paused ? 0 : LOOP_READ;
		events |= list_is_empty(&rpc->queue) ? 0 : LOOP_WRITE;
	}
	stream_wait(rpc->stream, events, stream_event, rpc);
}

/* The end of a turn in which something was sent or went wrong. */
static void flush_later(struct deferred *d)
{
	struct jsonrpc *rpc = CONTAINER_OF(d, struct jsonrpc, flush);
	jsonrpc_flush(rpc);
	wait_for_more(rpc);
	if (rpc->ended && !rpc->told && !rpc->call_id) {
		rpc->told = true;
		deferred_cancel(d);
		rpc->ops->closed(rpc, rpc->error, rpc->arg);
	}
}

struct jsonrpc *jsonrpc_new(struct stream *stream, struct loop *loop, const struct jsonrpc_ops *ops,
			    void *arg)
{
	struct jsonrpc *rpc = xzalloc(sizeof *rpc);
	rpc->stream = stream;
	rpc->loop = loop;
	rpc->ops = ops;
	rpc->arg = arg;
	list_init(&rpc->queue);
	deferred_init(&rpc->flush, flush_later);
	wait_for_more(rpc);
	return rpc;
}

void jsonrpc_close(struct jsonrpc *rpc)
{
	if (!rpc)
		return;
	jsonrpc_flush(rpc);
	if (rpc->closed)
		*rpc->closed = true;
	deferred_cancel(&rpc->flush);
	while (!list_is_empty(&rpc->queue))
		drop_first(rpc);
	str_fini(&rpc->text);
	jsonrpc_msg_free(rpc->call_answer);
	stream_close(rpc->stream);
	free(rpc);
}

size_t jsonrpc_backlog_bytes(const struct jsonrpc *rpc) { return rpc->backlog; }
uint64_t jsonrpc_bytes_received(const struct jsonrpc *rpc) { return rpc->n_received; }
void jsonrpc_set_max_backlog(struct jsonrpc *rpc, size_t bytes) { rpc->max_backlog = bytes; }
const char *jsonrpc_name(const struct jsonrpc *rpc) { return stream_name(rpc->stream); }
struct stream *jsonrpc_stream(struct jsonrpc *rpc) { return rpc->stream; }

void jsonrpc_pause(struct jsonrpc *rpc, bool paused)
{
	if (rpc->paused == paused)
		return;
	rpc->paused = paused;
	wait_for_more(rpc);
}

/* Calling. */

static int answer_error(struct jsonrpc_msg *answer, struct err *err)
{
	if (json_is_string(answer->error))
		return err_set(err, -EREMOTEIO, "%s", json_string_value(answer->error));
	AUTO_STR text = STR_INIT;
	json_put(answer->error, JSON_PUT_SORT, &text);
	return err_set(err, -EREMOTEIO, "%s", str_cstr(&text));
}

static int ms_left(int64_t deadline_ns)
{
	if (deadline_ns == INT64_MAX)
		return -1;
	int64_t left = deadline_ns - clock_mono_ns();
	return left <= 0 ? 0 : (int)MIN(DIV_ROUND_UP(left, NS_PER_MS), 60000);
}

int jsonrpc_call(struct jsonrpc *rpc, struct loop *loop, const char *method, json_t *params,
		 int64_t deadline_ns, json_t **ret_result, struct err *err)
{
	ASSERT(!rpc->call_id);
	json_t *id;
	struct jsonrpc_msg *request = jsonrpc_request(method, params, &id);
	rpc->call_id = json_incref(id);
	jsonrpc_send(rpc, request);
	int r = 0;
	while (!rpc->call_answer) {
		if (rpc->ended) {
			r = rpc->error ? err_errno(err, rpc->error, "%s", jsonrpc_name(rpc))
				       : err_set(err, -ECONNRESET, "%s: End of file",
						 jsonrpc_name(rpc));
			break;
		}
		if (clock_mono_ns() >= deadline_ns) {
			r = err_set(err, -ETIMEDOUT, "%s: no answer to \"%s\" in time",
				    jsonrpc_name(rpc), method);
			break;
		}
		loop_once(loop, ms_left(deadline_ns));
	}
	json_decref(rpc->call_id);
	rpc->call_id = NULL;
	struct jsonrpc_msg *answer = STEAL(rpc->call_answer);
	if (answer && answer->type == JSONRPC_ERROR)
		r = answer_error(answer, err);
	else if (answer && ret_result)
		*ret_result = STEAL(answer->result);
	jsonrpc_msg_free(answer);
	if (rpc->ended)
		deferred_put(&rpc->flush, rpc->loop);
	return r;
}
