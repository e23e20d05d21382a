/* SPDX-License-Identifier: Apache-2.0 */
/* stream_class: how a kind of stream is put behind stream.h; for stream*.c and tls.c only.
 *
 * A stream has one descriptor. stream.c names it, watches it, and dials; a class says what
 * connected means and how bytes move. */
#pragma once
#include "io/inet.h"
#include "io/stream.h"

struct stream_ops {
	/* The socket is connected: what is left to do (TLS: the handshake)? 0: nothing; -EAGAIN:
	 * wait for poll_events(); else why not. */
	int (*handshake)(struct stream *);
	ssize_t (*recv)(struct stream *, void *, size_t);
	ssize_t (*send)(struct stream *, const void *, size_t);
	ssize_t (*sendv)(struct stream *, const struct iovec *, int n); /* NULL: one by one */
	/* What to wait for on the descriptor when the owner waits for 'wanted'. NULL: the same. */
	unsigned (*poll_events)(const struct stream *, unsigned wanted);
	/* Bytes were read from the descriptor that the owner has not had. NULL: never. */
	bool (*has_pending)(const struct stream *);
	/* Frees 'priv'. NULL: nothing to do. */
	void (*close)(struct stream *);
};

struct stream {
	const struct stream_ops *ops;
	void *priv;
	char *name;
	struct loop *loop;
	int fd;	   /* -1 while the host's name is looked up */
	int state; /* 0: connected; -EAGAIN: on its way; else why it failed */
	bool socket_connected;
	struct watch watch;
	struct deferred ready; /* an event that no descriptor will tell */
	unsigned wanted;
	stream_cb *cb;
	void *arg;
	/* dialling */
	struct inet_lookup *lookup;
	union inet_addr peers[INET_LOOKUP_MAX]; /* to be tried in turn */
	size_t n_peers, next_peer;
	char *unix_path;
	struct timer retry;
};

/* A stream on a connected socket (an accepted one); takes 'fd'. */
struct stream *stream_from_fd(int fd, char *name_owned, const struct stream_ops *, void *priv,
			      struct loop *);

/* tls.c. */
extern const struct stream_ops tls_stream_ops;
/* The 'priv' of a stream: a TLS session, client or server. -ENOPROTOOPT: no keys configured. */
MUST_CHECK int tls_session_new(bool server, const char *host, void **ret, struct err *err);

/* unix_socket.c: paths of any length. 0 or -errno. */
MUST_CHECK int unix_connect(int fd, const char *path);
MUST_CHECK int unix_bind(int fd, const char *path);
