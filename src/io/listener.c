/* SPDX-License-Identifier: Apache-2.0 */
/* Passive streams. When the process runs out of descriptors a level-triggered listener would spin:
 * accept() fails and the socket stays readable. So each listener keeps one descriptor in reserve:
 * it is given up to accept the connection and close it, which tells the peer, and taken back. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/daemon.h"
#include "io/stream_class.h"

LOG_MODULE(stream);

#define ACCEPTS_A_TURN 16
#define BACKLOG 64

struct listener {
	char *name;
	struct loop *loop;
	struct watch watch;
	int reserve_fd;
	char *unix_path; /* NULL: inet */
	bool tls;
	listener_cb *cb;
	void *arg;
	bool *closed; /* set if the callback closed us */
};

static int open_reserve(void) { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

/* True if there may be another connection. */
static bool handle_accept_error(struct listener *l, int error)
{
	static struct log_limit limit = LOG_LIMIT(5, 5);
	if (error == EAGAIN)
		return false;
	if (error == EMFILE || error == ENFILE) {
		log_warn_limited(&limit,
				 "%s: connection refused: %s (raise the limit of open "
				 "files, or find who opens so many)",
				 l->name, err_name(error));
		close(l->reserve_fd);
		int fd = accept4(l->watch.fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			close(fd);
		l->reserve_fd = open_reserve();
		return fd >= 0;
	}
	if (error != ECONNABORTED && error != EINTR)
		log_warn_limited(&limit, "%s: accept: %s", l->name, err_name(error));
	return error == ECONNABORTED || error == EINTR;
}

static char *name_of_peer(const struct listener *l, const union inet_addr *peer)
{
	static unsigned n_unix;
	if (l->unix_path)
		return xasprintf("unix#%u", n_unix++);
	AUTO_STR name = STR_INIT;
	str_puts(&name, l->tls ? "ssl:" : "tcp:");
	inet_addr_put_port(peer, &name);
	return str_steal(&name);
}

static void take_connection(struct listener *l, int fd, const union inet_addr *peer)
{
	const struct stream_ops *ops = NULL;
	void *priv = NULL;
	int on = 1;
	if (!l->unix_path)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (l->tls) {
		static struct log_limit limit = LOG_LIMIT(5, 5);
		AUTO_ERR err = ERR_INIT;
		ops = &tls_stream_ops;
		if (tls_session_new(true, NULL, &priv, &err) < 0) {
			log_warn_limited(&limit, "%s: %s", l->name, err_text(&err));
			close(fd);
			return;
		}
	}
	l->cb(l, stream_from_fd(fd, name_of_peer(l, peer), ops, priv, l->loop), l->arg);
}

static void accept_some(struct watch *w, unsigned events UNUSED)
{
	struct listener *l = CONTAINER_OF(w, struct listener, watch);
	bool closed = false;
	l->closed = &closed;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		union {
			struct sockaddr_storage storage;
			union inet_addr addr;
		} peer = { 0 };
		socklen_t size = sizeof peer.storage;
		int fd = accept4(w->fd, &peer.addr.sa, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			take_connection(l, fd, &peer.addr);
		else if (!handle_accept_error(l, errno))
			break;
		if (closed)
			return;
	}
	l->closed = NULL;
}

static int listen_unix(struct listener *l, const char *path, struct err *err)
{
	l->unix_path = path_in_rundir(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, -errno, "%s", l->name);
	int r = unix_bind(fd, l->unix_path);
	if (r == 0 && listen(fd, BACKLOG) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		if (r == -EADDRINUSE)
			return err_set(err, r, "%s: another program listens there", l->unix_path);
		return err_errno(err, r, "%s: could not listen", l->unix_path);
	}
	daemon_unlink_at_exit(l->unix_path);
	return fd;
}

static int listen_inet(struct listener *l, const char *rest, uint16_t default_port, struct err *err)
{
	union inet_addr addr;
	int r = inet_parse_passive(rest, default_port, &addr, err);
	if (r < 0)
		return -EAFNOSUPPORT;
	int fd = socket(addr.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, -errno, "%s", l->name);
	int on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, &addr.sa, inet_addr_size(&addr)) < 0 || listen(fd, BACKLOG) < 0) {
		r = err_errno(err, -errno, "%s: could not listen", l->name);
		close(fd);
		return r;
	}
	return fd;
}

static const struct {
	const char *scheme;
	bool is_unix, tls;
} schemes[] = {
	{ "punix:", true, false },
	{ "ptcp:", false, false },
	{ "pssl:", false, true },
};

bool stream_name_is_passive(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (str_starts(name, schemes[i].scheme))
			return true;
	}
	return false;
}

int listener_open(const char *name, uint16_t default_port, struct loop *loop, listener_cb *cb,
		  void *arg, struct listener **ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (!str_starts(name, schemes[i].scheme))
			continue;
		const char *rest = name + strlen(schemes[i].scheme);
		struct listener *l = xzalloc(sizeof *l);
		l->name = xstrdup(name);
		l->loop = loop;
		l->tls = schemes[i].tls;
		l->cb = cb;
		l->arg = arg;
		int fd = schemes[i].is_unix ? listen_unix(l, rest, err)
					    : listen_inet(l, rest, default_port, err);
		if (fd < 0) {
			free(l->unix_path);
			free(l->name);
			free(l);
			return fd;
		}
		l->reserve_fd = open_reserve();
		watch_init(&l->watch, fd, accept_some);
		watch_start(&l->watch, loop, LOOP_READ);
		*ret = l;
		return 0;
	}
	return err_set(err, -EAFNOSUPPORT,
		       "%s: unknown kind of passive remote (punix:FILE, ptcp:[PORT][:HOST] or "
		       "pssl:[PORT][:HOST])",
		       name);
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	if (l->closed)
		*l->closed = true;
	watch_stop(&l->watch);
	close(l->watch.fd);
	close(l->reserve_fd);
	if (l->unix_path) {
		unlink(l->unix_path);
		daemon_forget_unlink(l->unix_path);
	}
	free(l->unix_path);
	free(l->name);
	free(l);
}

const char *listener_name(const struct listener *l) { return l->name; }

uint16_t listener_port(const struct listener *l)
{
	union {
		struct sockaddr_storage storage;
		union inet_addr addr;
	} u = { 0 };
	socklen_t size = sizeof u.storage;
	if (l->unix_path || getsockname(l->watch.fd, &u.addr.sa, &size) < 0)
		return 0;
	return inet_addr_port(&u.addr);
}
