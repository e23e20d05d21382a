/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: dialling, names, and the plain (untransformed) class that unix and tcp share. */
#include "io/stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/stream_class.h"

/* A unix socket whose backlog is full says EAGAIN and then never tells when to try again. */
#define UNIX_RETRY_NS (5 * NS_PER_MS)

static ssize_t plain_recv(struct stream *s, void *buf, size_t size)
{
	ssize_t n = recv(s->fd, buf, size, 0);
	return n < 0 ? -errno : n;
}

static ssize_t plain_send(struct stream *s, const void *buf, size_t size)
{
	ssize_t n = send(s->fd, buf, size, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static ssize_t plain_sendv(struct stream *s, const struct iovec *iov, int n_iov)
{
	const struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)n_iov };
	ssize_t n = sendmsg(s->fd, &msg, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static const struct stream_ops plain_ops = {
	.recv = plain_recv,
	.send = plain_send,
	.sendv = plain_sendv,
};

static void tell(struct stream *s, unsigned events)
{
	events &= s->wanted;
	if (events && s->cb)
		s->cb(s, events, s->arg);
}

static int socket_result(int fd)
{
	int error = 0;
	socklen_t size = sizeof error;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

static int dial_next(struct stream *);

/* Takes the stream as far as it goes without waiting. */
static void advance(struct stream *s)
{
	if (s->state != -EAGAIN || s->fd < 0)
		return;
	if (!s->socket_connected) {
		union {
			struct sockaddr sa;
			char room[sizeof(struct sockaddr_storage)];
		} peer;
		socklen_t size = sizeof peer;
		int r = socket_result(s->fd);
		if (r < 0) {
			s->state = dial_next(s) == 0 ? -EAGAIN : r;
			return;
		}
		if (getpeername(s->fd, &peer.sa, &size) < 0)
			return; /* ENOTCONN: on its way */
		s->socket_connected = true;
	}
	s->state = s->ops->handshake ? s->ops->handshake(s) : 0;
}

static void update_watch(struct stream *s)
{
	unsigned events = s->wanted;
	if (s->fd < 0)
		return;
	if (events && !s->socket_connected)
		events = LOOP_WRITE;
	else if (events && s->ops->poll_events)
		events = s->ops->poll_events(s, events);
	if (!events || timer_is_armed(&s->retry))
		watch_stop(&s->watch);
	else
		watch_start(&s->watch, s->loop, events);
}

static void watch_event(struct watch *w, unsigned events)
{
	struct stream *s = CONTAINER_OF(w, struct stream, watch);
	if (s->state == -EAGAIN) {
		advance(s);
		if (s->state == -EAGAIN) {
			update_watch(s);
			return;
		}
		tell(s, LOOP_READ | LOOP_WRITE);
		return;
	}
	/* A TLS record may need a write to be read, and the other way round: let the owner try. */
	if (s->ops->poll_events || events & LOOP_HANGUP)
		events = LOOP_READ | LOOP_WRITE;
	tell(s, events);
}

static void ready_event(struct deferred *d)
{
	struct stream *s = CONTAINER_OF(d, struct stream, ready);
	if (s->state != 0)
		tell(s, LOOP_READ | LOOP_WRITE);
	else if (s->wanted & LOOP_READ && s->ops->has_pending && s->ops->has_pending(s))
		tell(s, LOOP_READ);
}

void stream_wait(struct stream *s, unsigned events, stream_cb *cb, void *arg)
{
	s->wanted = events;
	s->cb = cb;
	s->arg = arg;
	update_watch(s);
	if ((events && s->state != 0 && s->state != -EAGAIN) ||
	    (events & LOOP_READ && s->ops->has_pending && s->ops->has_pending(s)))
		deferred_put(&s->ready, s->loop);
}

static void attach_fd(struct stream *s, int fd)
{
	s->fd = fd;
	watch_init(&s->watch, fd, watch_event);
}

static void dial_failed(struct stream *s, int error)
{
	s->state = error;
	deferred_put(&s->ready, s->loop);
}

static int dial_inet(struct stream *s, const union inet_addr *peer)
{
	int fd = socket(peer->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, &peer->sa, inet_addr_size(peer)) < 0 && errno != EINPROGRESS) {
		int r = -errno;
		close(fd);
		return r;
	}
	attach_fd(s, fd);
	return 0;
}

/* Dials the next of the addresses that a host name stands for; why the last failed if none is left.
 */
static int dial_next(struct stream *s)
{
	int r = -ENOENT;
	if (s->fd >= 0) {
		watch_stop(&s->watch);
		close(s->fd);
		s->fd = -1;
	}
	while (s->next_peer < s->n_peers) {
		r = dial_inet(s, &s->peers[s->next_peer++]);
		if (r == 0) {
			update_watch(s);
			return 0;
		}
	}
	return r;
}

static void lookup_done(int error, const union inet_addr *addrs, size_t n, void *s_)
{
	struct stream *s = s_;
	s->lookup = NULL;
	if (error == 0) {
		in_port_t port = s->peers[0].in.sin_port;
		for (size_t i = 0; i < n; i++) {
			s->peers[i] = addrs[i];
			s->peers[i].in.sin_port = port;
		}
		s->n_peers = n;
		error = dial_next(s);
	}
	if (error)
		dial_failed(s, error);
}

static void retry_unix(struct timer *t)
{
	struct stream *s = CONTAINER_OF(t, struct stream, retry);
	int r = unix_connect(s->fd, s->unix_path);
	if (r == -EAGAIN) {
		timer_arm_in(&s->retry, s->loop, UNIX_RETRY_NS);
	} else if (r < 0) {
		dial_failed(s, r);
	} else {
		advance(s);
		update_watch(s);
	}
}

static int open_unix(struct stream *s, const char *path, uint16_t port UNUSED, struct err *err)
{
	s->ops = &plain_ops;
	s->unix_path = path_in_rundir(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, -errno, "%s", s->name);
	attach_fd(s, fd);
	int r = unix_connect(fd, s->unix_path);
	if (r == -EAGAIN) {
		timer_arm_in(&s->retry, s->loop, UNIX_RETRY_NS);
		r = 0;
	}
	return r < 0 ? err_errno(err, r, "%s", s->name) : 0;
}

static int open_inet(struct stream *s, const char *rest, uint16_t default_port, char **ret_host,
		     struct err *err)
{
	int r = inet_parse_active(rest, default_port, &s->peers[0], ret_host, err);
	if (r < 0)
		return -EAFNOSUPPORT;
	if (*ret_host) {
		s->lookup = inet_lookup_start(*ret_host, s->loop, lookup_done, s);
		return 0;
	}
	s->n_peers = 1;
	r = dial_next(s);
	return r < 0 ? err_errno(err, r, "%s", s->name) : 0;
}

static int open_tcp(struct stream *s, const char *rest, uint16_t default_port, struct err *err)
{
	AUTO_FREE char *host = NULL;
	s->ops = &plain_ops;
	return open_inet(s, rest, default_port, &host, err);
}

static int open_tls(struct stream *s, const char *rest, uint16_t default_port, struct err *err)
{
	AUTO_FREE char *host = NULL;
	s->ops = &plain_ops; /* until there is a session to close */
	void *session;
	int r = tls_session_new(false, rest, &session, err);
	if (r < 0)
		return r;
	s->ops = &tls_stream_ops;
	s->priv = session;
	return open_inet(s, rest, default_port, &host, err);
}

static const struct {
	const char *scheme; /* with its colon */
	int (*open)(struct stream *, const char *rest, uint16_t default_port, struct err *err);
} schemes[] = {
	{ "unix:", open_unix },
	{ "tcp:", open_tcp },
	{ "ssl:", open_tls },
};

static struct stream *stream_new(char *name_owned, struct loop *loop)
{
	struct stream *s = xzalloc(sizeof *s);
	s->name = name_owned;
	s->loop = loop;
	s->fd = -1;
	s->state = -EAGAIN;
	watch_init(&s->watch, -1, watch_event);
	deferred_init(&s->ready, ready_event);
	timer_init(&s->retry, retry_unix);
	return s;
}

int stream_open(const char *name, uint16_t default_port, struct loop *loop, struct stream **ret,
		struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (!str_starts(name, schemes[i].scheme))
			continue;
		struct stream *s = stream_new(xstrdup(name), loop);
		int r = schemes[i].open(s, name + strlen(schemes[i].scheme), default_port, err);
		if (r < 0) {
			stream_close(s);
			return r;
		}
		advance(s);
		*ret = s;
		return 0;
	}
	return err_set(err, -EAFNOSUPPORT,
		       "%s: unknown kind of remote (unix:FILE, tcp:HOST:PORT or ssl:HOST:PORT)",
		       name);
}

struct stream *stream_from_fd(int fd, char *name_owned, const struct stream_ops *ops, void *priv,
			      struct loop *loop)
{
	struct stream *s = stream_new(name_owned, loop);
	s->ops = ops ? ops : &plain_ops;
	s->priv = priv;
	s->socket_connected = true;
	attach_fd(s, fd);
	advance(s);
	return s;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	watch_stop(&s->watch);
	deferred_cancel(&s->ready);
	timer_disarm(&s->retry);
	inet_lookup_cancel(s->lookup);
	if (s->ops && s->ops->close)
		s->ops->close(s);
	if (s->fd >= 0)
		close(s->fd);
	free(s->unix_path);
	free(s->name);
	free(s);
}

int stream_connect_result(struct stream *s)
{
	advance(s);
	return s->state;
}

const char *stream_name(const struct stream *s) { return s->name; }

ssize_t stream_recv(struct stream *s, void *buf, size_t size)
{
	advance(s);
	if (s->state)
		return s->state;
	ssize_t n;
	do {
		n = s->ops->recv(s, buf, size);
	} while (n == -EINTR);
	return n;
}

ssize_t stream_send(struct stream *s, const void *buf, size_t size)
{
	advance(s);
	if (s->state)
		return s->state;
	ssize_t n;
	do {
		n = s->ops->send(s, buf, size);
	} while (n == -EINTR);
	return n;
}

ssize_t stream_sendv(struct stream *s, const struct iovec *iov, int n_iov)
{
	if (!s->ops->sendv)
		return stream_send(s, iov->iov_base, iov->iov_len);
	advance(s);
	if (s->state)
		return s->state;
	ssize_t n;
	do {
		n = s->ops->sendv(s, iov, n_iov);
	} while (n == -EINTR);
	return n;
}

typedef int name_call(int fd, struct sockaddr *, socklen_t *);

static void put_socket_name(const struct stream *s, name_call *call, struct str *out)
{
	union {
		struct sockaddr_storage storage;
		union inet_addr addr;
	} u = { 0 };
	socklen_t size = sizeof u.storage;
	if (s->fd < 0 || call(s->fd, &u.addr.sa, &size) < 0)
		return;
	if (u.addr.sa.sa_family == AF_INET || u.addr.sa.sa_family == AF_INET6)
		inet_addr_put_port(&u.addr, out);
}

void stream_local_name(const struct stream *s, struct str *out)
{
	put_socket_name(s, getsockname, out);
}

void stream_peer_name(const struct stream *s, struct str *out)
{
	put_socket_name(s, getpeername, out);
}

bool stream_name_is_active(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (str_starts(name, schemes[i].scheme))
			return true;
	}
	return false;
}
