/* SPDX-License-Identifier: Apache-2.0 */
/* connection: OpenFlow messages over a stream: hello and the choice of a version, framing, a queue
 * of what is to be sent. Used by the switch's sessions and by ovs-ofctl. OpenFlow 1.3 6.3.
 *
 * Threads: the loop's. A callback may free the connection. */
#pragma once
#include "io/stream.h"
#include "ofp/bytes.h"
#include "ofp/version.h"

struct connection;

struct connection_ops {
	/* The version is agreed on. */
	void (*ready)(struct connection *, void *arg);
	/* One whole message, header checked; hello is not handed on. False: stop, do not read
	 * further until connection_resume(). */
	bool (*message)(struct connection *, const uint8_t *data, size_t size, void *arg);
	/* Gone: 0 the peer closed it, else -errno; -EPROTO: no common version, or broken framing.
	 */
	void (*closed)(struct connection *, int error, void *arg);
};

/* Takes the stream, perhaps not yet connected. */
struct connection *connection_new(struct stream *, struct loop *, uint32_t versions,
				  const struct connection_ops *, void *arg);
void connection_free(struct connection *);
/* 0 before 'ready'. */
enum of_version connection_version(const struct connection *);
const char *connection_name(const struct connection *);
/* Queues a copy and sends what can be sent at the end of the turn. */
void connection_send(struct connection *, const void *data, size_t size);
/* Bytes not yet taken by the stream. */
size_t connection_backlog(const struct connection *);
/* After 'message' returned false. */
void connection_resume(struct connection *);
struct stream *connection_stream(struct connection *);
/* Time of the last bytes from the peer, clock_mono_ms(). */
int64_t connection_last_heard_ms(const struct connection *);
/* Why versions did not meet, in the words of ovs-ofctl; "" otherwise. */
const char *connection_error_text(const struct connection *);
