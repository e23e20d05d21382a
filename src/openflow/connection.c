/* SPDX-License-Identifier: Apache-2.0 */
#include "openflow/connection.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "ofp/codec.h"
#include "ofp/error.h"

LOG_MODULE(vconn);

enum { RECV_CHUNK = 64 * 1024, MESSAGES_PER_TURN = 2000 };

struct connection {
	struct stream *stream;
	struct loop *loop;
	uint32_t versions;
	enum of_version version; /* 0: hello not yet heard */
	const struct connection_ops *ops;
	void *arg;
	bool connected, paused, hello_sent;
	struct bytes in; /* unparsed input */
	size_t in_ofs;
	struct bytes out; /* not yet sent */
	size_t out_ofs;
	struct deferred flush, more;
	int64_t last_heard_ms;
	char *error;
	bool *freed; /* set when freed within a callback */
};

static void on_stream(struct stream *, unsigned events, void *arg);

static void update_wait(struct connection *c)
{
	unsigned want = c->connected && !c->paused ? LOOP_READ : 0;
	if (!c->connected || c->out_ofs < c->out.size)
		want |= LOOP_WRITE;
	/* A paused connection still notices that the peer goes when it sends. */
	stream_wait(c->stream, want, on_stream, c);
}

static void closed(struct connection *c, int error)
{
	stream_wait(c->stream, 0, NULL, NULL);
	deferred_cancel(&c->flush);
	deferred_cancel(&c->more);
	c->ops->closed(c, error, c->arg);
}

/* 0 or -errno. */
static int flush_out(struct connection *c)
{
	while (c->out_ofs < c->out.size) {
		ssize_t n =
			stream_send(c->stream, c->out.data + c->out_ofs, c->out.size - c->out_ofs);
		if (n == -EAGAIN)
			break;
		if (n < 0)
			return (int)n;
		c->out_ofs += (size_t)n;
	}
	if (c->out_ofs == c->out.size) {
		c->out_ofs = c->out.size = 0;
		/* After a large reply the memory goes back. */
		if (c->out.allocated > 1024 * 1024)
			bytes_fini(&c->out);
	}
	return 0;
}

static void on_flush(struct deferred *d)
{
	struct connection *c = CONTAINER_OF(d, struct connection, flush);
	if (!c->connected)
		return;
	int r = flush_out(c);
	if (r < 0)
		closed(c, r);
	else
		update_wait(c);
}

static void send_hello(struct connection *c)
{
	AUTO_BYTES b = BYTES_INIT;
	hello_build(&b, c->versions, 1);
	connection_send(c, b.data, b.size);
	c->hello_sent = true;
}

/* The highest that both have. False: none, and the peer is told. */
static bool take_hello(struct connection *c, const uint8_t *data, size_t size)
{
	struct of_msg m = { .data = data, .size = size };
	uint32_t peer = hello_versions(&m), common = peer & c->versions;
	if (common) {
		c->version = 31 - __builtin_clz(common);
		return true;
	}
	AUTO_STR ours = STR_INIT, theirs = STR_INIT;
	for (enum of_version v = OF10; v <= OF15; v++) {
		if (c->versions & (1u << v))
			str_putf(&ours, "%s0x%02x", ours.len ? ", " : "", v);
	}
	bool bitmap = size > OF_HEADER_SIZE;
	if (bitmap) {
		for (enum of_version v = OF10; v <= OF15; v++) {
			if (peer & (1u << v))
				str_putf(&theirs, "%s0x%02x", theirs.len ? ", " : "", v);
		}
	}
	free(c->error);
	c->error = xasprintf(
		"version negotiation failed (we support version%s %s, peer supports %s%s)",
		strchr(str_cstr(&ours), ',') ? "s" : "", str_cstr(&ours),
		bitmap ? (strchr(str_cstr(&theirs), ',') ? "versions " : "version ") : "version ",
		bitmap ? str_cstr(&theirs) : "");
	log_warn("%s: %s", stream_name(c->stream), c->error);
	AUTO_BYTES b = BYTES_INIT;
	uint8_t header[OF_HEADER_SIZE] = { OF10, 0, 0, OF_HEADER_SIZE };
	for (enum of_version v = OF15; v >= OF10; v--) {
		if (c->versions & (1u << v)) {
			header[0] = (uint8_t)v;
			break;
		}
	}
	error_build(&b, OFPERR_OFPHFC_INCOMPATIBLE, header, sizeof header);
	connection_send(c, b.data, b.size);
	(void)flush_out(c);
	return false;
}

/* Hands on what is whole. False: the connection is gone or closed. */
static bool process_in(struct connection *c)
{
	bool freed = false;
	bool *outer = c->freed;
	c->freed = &freed;
	unsigned n = 0;
	int error = 0;
	while (!c->paused && c->in.size - c->in_ofs >= OF_HEADER_SIZE) {
		const uint8_t *p = c->in.data + c->in_ofs;
		size_t size = of_msg_size(p);
		if (size < OF_HEADER_SIZE) {
			log_err("%s: received too-short ofp_header (%zu bytes)",
				stream_name(c->stream), size);
			error = -EPROTO;
			break;
		}
		if (c->in.size - c->in_ofs < size)
			break;
		if (++n > MESSAGES_PER_TURN) {
			deferred_put(&c->more, c->loop);
			break;
		}
		c->in_ofs += size;
		if (!c->version) {
			if (p[1] == 0) {
				if (!take_hello(c, p, size)) {
					error = -EPROTO;
					break;
				}
				c->ops->ready(c, c->arg);
				if (freed)
					return false;
				continue;
			}
			log_warn("%s: received OpenFlow message of type %u before hello",
				 stream_name(c->stream), p[1]);
			error = -EPROTO;
			break;
		}
		if (p[1] == 0 /* a second hello says nothing */)
			continue;
		if (p[0] != c->version && p[1] != 1 && p[1] != 2 && p[1] != 3) {
			log_err("%s: received OpenFlow version 0x%02x != expected %02x",
				stream_name(c->stream), p[0], c->version);
			AUTO_BYTES b = BYTES_INIT;
			uint8_t header[OF_HEADER_SIZE];
			memcpy(header, p, sizeof header);
			header[0] = (uint8_t)c->version;
			error_build(&b, OFPERR_OFPBRC_BAD_VERSION, header, sizeof header);
			connection_send(c, b.data, b.size);
			(void)flush_out(c);
			error = -EPROTO;
			break;
		}
		if (!c->ops->message(c, p, size, c->arg)) {
			if (freed)
				return false;
			c->paused = true;
		} else if (freed) {
			return false;
		}
	}
	c->freed = outer;
	if (error) {
		closed(c, error);
		return false;
	}
	/* What is left moves to the front. */
	if (c->in_ofs) {
		memmove(c->in.data, c->in.data + c->in_ofs, c->in.size - c->in_ofs);
		c->in.size -= c->in_ofs;
		c->in_ofs = 0;
	}
	return true;
}

static void on_more(struct deferred *d)
{
	struct connection *c = CONTAINER_OF(d, struct connection, more);
	if (process_in(c))
		update_wait(c);
}

static void read_in(struct connection *c)
{
	size_t room = RECV_CHUNK, at = c->in.size;
	bytes_put_zeros(&c->in, room);
	ssize_t n = stream_recv(c->stream, c->in.data + at, room);
	c->in.size = at + (n > 0 ? (size_t)n : 0);
	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		closed(c, (int)n);
		return;
	}
	c->last_heard_ms = clock_mono_ms();
	if (process_in(c))
		update_wait(c);
}

static void on_stream(struct stream *s, unsigned events, void *arg)
{
	struct connection *c = arg;
	if (!c->connected) {
		int r = stream_connect_result(s);
		if (r == -EAGAIN)
			return;
		if (r < 0) {
			closed(c, r);
			return;
		}
		c->connected = true;
		c->last_heard_ms = clock_mono_ms();
		send_hello(c);
	}
	if (events & LOOP_WRITE) {
		int r = flush_out(c);
		if (r < 0) {
			closed(c, r);
			return;
		}
	}
	if (events & LOOP_READ && !c->paused)
		read_in(c);
	else
		update_wait(c);
}

struct connection *connection_new(struct stream *stream, struct loop *loop, uint32_t versions,
				  const struct connection_ops *ops, void *arg)
{
	struct connection *c = xzalloc(sizeof *c);
	c->stream = stream;
	c->loop = loop;
	c->versions = versions;
	c->ops = ops;
	c->arg = arg;
	c->last_heard_ms = clock_mono_ms();
	deferred_init(&c->flush, on_flush);
	deferred_init(&c->more, on_more);
	update_wait(c);
	return c;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	if (c->freed)
		*c->freed = true;
	deferred_cancel(&c->flush);
	deferred_cancel(&c->more);
	stream_close(c->stream);
	bytes_fini(&c->in);
	bytes_fini(&c->out);
	free(c->error);
	free(c);
}

enum of_version connection_version(const struct connection *c) { return c->version; }
const char *connection_name(const struct connection *c) { return stream_name(c->stream); }
struct stream *connection_stream(struct connection *c) { return c->stream; }
int64_t connection_last_heard_ms(const struct connection *c) { return c->last_heard_ms; }
const char *connection_error_text(const struct connection *c) { return c->error ? c->error : ""; }
size_t connection_backlog(const struct connection *c) { return c->out.size - c->out_ofs; }

void connection_send(struct connection *c, const void *data, size_t size)
{
	/* What was sent is dropped from the front when it is the larger part. */
	if (c->out_ofs > 64 * 1024 && c->out_ofs > c->out.size / 2) {
		memmove(c->out.data, c->out.data + c->out_ofs, c->out.size - c->out_ofs);
		c->out.size -= c->out_ofs;
		c->out_ofs = 0;
	}
	bytes_put(&c->out, data, size);
	if (c->connected)
		deferred_put(&c->flush, c->loop);
}

void connection_resume(struct connection *c)
{
	if (!c->paused)
		return;
	c->paused = false;
	deferred_put(&c->more, c->loop);
}
