/* SPDX-License-Identifier: Apache-2.0 */
/* jsonrpc: JSON-RPC 1.0 over a stream (RFC 7047 section 4): framing, queues, and a session that
 * reconnects with backoff and probes an idle peer with "echo".
 *
 * Limits: an incoming message is at most JSONRPC_MAX_MESSAGE_BYTES and nests at most
 * JSONRPC_MAX_DEPTH; a peer that sends more is closed with a line in the log. A peer that does not
 * read is closed when its backlog passes the limit the owner set.
 * Threads: the loop's. Ownership: messages handed in are taken; messages handed out are the
 * receiver's. json_t is jansson's. */
#pragma once
#include <jansson.h>
#include "base/err.h"
#include "io/loop.h"
#include "io/stream.h"

#define JSONRPC_MAX_MESSAGE_BYTES (64u << 20)
#define JSONRPC_MAX_DEPTH 1000

enum jsonrpc_type { JSONRPC_REQUEST, JSONRPC_NOTIFY, JSONRPC_REPLY, JSONRPC_ERROR };

struct jsonrpc_msg {
	enum jsonrpc_type type;
	char *method;	/* request, notify */
	json_t *params; /* request, notify: an array */
	json_t *result; /* reply */
	json_t *error;	/* error */
	json_t *id;	/* request, reply, error */
};

struct jsonrpc_msg *jsonrpc_request(const char *method, json_t *params, json_t **ret_id_borrowed);
struct jsonrpc_msg *jsonrpc_notify(const char *method, json_t *params);
struct jsonrpc_msg *jsonrpc_reply(json_t *result, const json_t *id);
struct jsonrpc_msg *jsonrpc_error(json_t *error, const json_t *id);
void jsonrpc_msg_free(struct jsonrpc_msg *);
/* -EINVAL with a sentence: not a JSON-RPC message. 'json' is consumed either way. */
MUST_CHECK int jsonrpc_msg_from_json(json_t *json, struct jsonrpc_msg **ret, struct err *err);
json_t *jsonrpc_msg_to_json(const struct jsonrpc_msg *);

/* One connection, made already. */
struct jsonrpc;
struct jsonrpc_ops {
	/* Takes 'msg'. May close the connection with jsonrpc_close(). */
	void (*recv)(struct jsonrpc *, struct jsonrpc_msg *msg, void *arg);
	/* The connection ended ('error' 0: peer closed). The owner then calls jsonrpc_close(). */
	void (*closed)(struct jsonrpc *, int error, void *arg);
};
/* 'owned' may still be connecting: what is sent waits. */
struct jsonrpc *jsonrpc_new(struct stream *owned, struct loop *, const struct jsonrpc_ops *,
			    void *arg);
void jsonrpc_close(struct jsonrpc *);
void jsonrpc_send(struct jsonrpc *, struct jsonrpc_msg *owned);
/* A message serialised already, shared by many receivers; counted, not copied. */
struct jsonrpc_blob *jsonrpc_blob_new(struct jsonrpc_msg *owned);
/* A whole message as text that is JSON already; copied. */
struct jsonrpc_blob *jsonrpc_blob_from_text(const char *text, size_t len);
void jsonrpc_blob_unref(struct jsonrpc_blob *);
void jsonrpc_send_blob(struct jsonrpc *, struct jsonrpc_blob *);
size_t jsonrpc_backlog_bytes(const struct jsonrpc *);
uint64_t jsonrpc_bytes_received(const struct jsonrpc *);
void jsonrpc_set_max_backlog(struct jsonrpc *, size_t bytes); /* 0: no limit */
/* Stops and resumes reading, for back-pressure. A few messages that were read already still come.
 */
void jsonrpc_pause(struct jsonrpc *, bool paused);
const char *jsonrpc_name(const struct jsonrpc *);
struct stream *jsonrpc_stream(struct jsonrpc *);

/* Sends what can be sent without waiting; jsonrpc_close() does too. */
void jsonrpc_flush(struct jsonrpc *);

/* Sends and waits for the answer; for command-line tools. 'deadline_ns' INT64_MAX: for ever.
 * Notifications and requests that arrive meanwhile are dropped, except echo, which is answered. */
/* -EREMOTEIO: the peer answered with an error; a string as it is, else its JSON. */
MUST_CHECK int jsonrpc_call(struct jsonrpc *, struct loop *, const char *method, json_t *params,
			    int64_t deadline_ns, json_t **ret_result, struct err *err);

/* A connection that is made again when it breaks. */
struct session;
struct session_ops {
	void (*connected)(struct session *, void *arg);
	void (*disconnected)(struct session *, int error, void *arg);
	void (*recv)(struct session *, struct jsonrpc_msg *msg, void *arg); /* takes msg */
	/* An attempt to connect failed; the next one comes by itself. May be NULL. */
	void (*failed)(struct session *, int error, void *arg);
};
/* 'name' is an active remote. 'probe_ms' 0: no probes; default in OVS is 5000. */
struct session *session_new(const char *name, struct loop *, const struct session_ops *, void *arg);
void session_free(struct session *);
void session_set_backoff(struct session *, int min_ms, int max_ms);
void session_set_probe(struct session *, int probe_ms);
void session_reconnect(struct session *);
bool session_is_connected(const struct session *);
/* What Manager and Controller rows show. */
struct session_stats {
	const char *state;    /* "BACKOFF" "CONNECTING" "ACTIVE" "IDLE" */
	int last_error;	      /* errno, 0: none */
	int64_t connected_ms; /* when, monotonic; INT64_MIN: never */
	int64_t disconnected_ms;
	unsigned n_attempts, n_connections;
};
void session_get_stats(const struct session *, struct session_stats *ret);
bool session_send(struct session *, struct jsonrpc_msg *owned); /* false: not connected, freed */
size_t session_backlog_bytes(const struct session *);
const char *session_name(const struct session *);
/* NULL while not connected. */
struct stream *session_stream(struct session *);
struct jsonrpc *session_rpc(struct session *);
