/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and news have sockets of their own: an answer is never behind a thousand news, and news
 * that overflow (ENOBUFS) lose no answer. What was lost is not known, so the callback is told NULL
 * and reads everything again. A dump that changed under the kernel's hands (NLM_F_DUMP_INTR) is
 * asked for again, a few times; the callback then sees rows twice and must not mind. */
#include "io/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define RECV_BYTES (64 * 1024)
#define MAX_DUMP_TRIES 5
#define MAX_GROUPS 16
#define NEWS_A_TURN 64
#define NEWS_BUFFER_BYTES (4 << 20)

struct netlink {
	struct mnl_socket *socket;
	unsigned seq;
	char buf[RECV_BYTES];
};

static int open_socket(int family, struct mnl_socket **ret, struct err *err)
{
	struct mnl_socket *s = mnl_socket_open2(family, SOCK_CLOEXEC);
	if (!s)
		return err_errno(err, -errno, "netlink socket");
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		int r = err_errno(err, -errno, "netlink bind");
		mnl_socket_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

int netlink_open(int family, struct netlink **ret, struct err *err)
{
	struct mnl_socket *s;
	int r = open_socket(family, &s, err);
	if (r < 0)
		return r;
	int on = 1;
	setsockopt(mnl_socket_get_fd(s), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
	/* Do not send our own request back with each error. */
	setsockopt(mnl_socket_get_fd(s), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	setsockopt(mnl_socket_get_fd(s), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
	struct netlink *nl = xzalloc(sizeof *nl);
	nl->socket = s;
	*ret = nl;
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	mnl_socket_close(nl->socket);
	free(nl);
}

struct nlmsghdr *netlink_header(void *buf, uint16_t type, uint16_t flags)
{
	memset(buf, 0, sizeof(struct nlmsghdr));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	return nlh;
}

static int put_attr(const struct nlattr *attr, void *msg)
{
	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		*(const char **)msg = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* The result that an NLMSG_ERROR carries; 0 is an acknowledgement. */
static int read_error(const struct nlmsghdr *nlh, struct err *err)
{
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nlmsgerr))
		return err_errno(err, -EBADMSG, "netlink");
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	if (!e->error)
		return 0;
	const char *text = NULL;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) {
		size_t skip = sizeof *e;
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			skip += MNL_ALIGN(e->msg.nlmsg_len) - sizeof e->msg;
		if (skip < mnl_nlmsg_get_payload_len(nlh))
			mnl_attr_parse(nlh, (unsigned)skip, put_attr, &text);
	}
	if (text)
		return err_set(err, e->error, "%s (%s)", err_name(e->error), text);
	return err_set(err, e->error, "%s", err_name(e->error));
}

struct answer {
	netlink_message_cb *cb;
	void *arg;
	struct err *err;
	bool done, interrupted;
	int error;
};

/* Looks at one datagram of the answer to request 'seq'. */
static void take_answer(struct netlink *nl, size_t size, unsigned seq, struct answer *a)
{
	int left = (int)size;
	for (const struct nlmsghdr *nlh = (void *)nl->buf; mnl_nlmsg_ok(nlh, left) && !a->done;
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_seq != seq)
			continue; /* of a request we gave up */
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			a->interrupted = true;
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			a->error = read_error(nlh, a->err);
			a->done = true;
		} else if (nlh->nlmsg_type == NLMSG_DONE) {
			if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int))
				a->error = MIN(*(const int *)mnl_nlmsg_get_payload(nlh), 0);
			a->done = true;
		} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && a->cb && !a->error) {
			a->error = a->cb(nlh, a->arg);
		}
	}
}

static int ask_once(struct netlink *nl, struct nlmsghdr *nlh, struct answer *a)
{
	nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->socket, nlh, nlh->nlmsg_len) < 0)
		return err_errno(a->err, -errno, "netlink send");
	while (!a->done) {
		ssize_t n = mnl_socket_recvfrom(nl->socket, nl->buf, sizeof nl->buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(a->err, -errno, "netlink receive");
		take_answer(nl, (size_t)n, nlh->nlmsg_seq, a);
	}
	return a->error;
}

int netlink_request(struct netlink *nl, struct nlmsghdr *nlh, netlink_message_cb *cb, void *arg,
		    struct err *err)
{
	bool dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	if (!dump)
		nlh->nlmsg_flags |= NLM_F_ACK;
	for (int i = 0;; i++) {
		struct answer a = { .cb = cb, .arg = arg, .err = err };
		int r = ask_once(nl, nlh, &a);
		if (r < 0 || !dump || !a.interrupted || i == MAX_DUMP_TRIES)
			return r;
	}
}

/* News. */

struct netlink_monitor {
	struct mnl_socket *socket;
	struct watch watch;
	netlink_news_cb *cb;
	void *arg;
	bool *closed; /* set if the callback closed us */
};

static void read_news(struct watch *w, unsigned events UNUSED)
{
	struct netlink_monitor *m = CONTAINER_OF(w, struct netlink_monitor, watch);
	char buf[RECV_BYTES];
	bool closed = false;
	m->closed = &closed;
	for (int i = 0; i < NEWS_A_TURN; i++) {
		ssize_t n = mnl_socket_recvfrom(m->socket, buf, sizeof buf);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			if (errno != ENOBUFS)
				break;
			m->cb(NULL, m->arg);
			if (closed)
				return;
			continue;
		}
		int left = (int)n;
		for (const struct nlmsghdr *nlh = (void *)buf; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left)) {
			if (nlh->nlmsg_type < NLMSG_MIN_TYPE)
				continue;
			m->cb(nlh, m->arg);
			if (closed)
				return;
		}
	}
	m->closed = NULL;
}

int netlink_monitor_open(int family, const unsigned *groups, struct loop *loop, netlink_news_cb *cb,
			 void *arg, struct netlink_monitor **ret, struct err *err)
{
	struct mnl_socket *s;
	int r = open_socket(family, &s, err);
	if (r < 0)
		return r;
	int fd = mnl_socket_get_fd(s), size = NEWS_BUFFER_BYTES;
	/* A burst (a thousand ports come up) should fit; without the right to it, less. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	for (int i = 0; i < MAX_GROUPS && groups[i]; i++) {
		int group = (int)groups[i];
		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
			r = err_errno(err, -errno, "netlink group %d", group);
			mnl_socket_close(s);
			return r;
		}
	}
	struct netlink_monitor *m = xzalloc(sizeof *m);
	m->socket = s;
	m->cb = cb;
	m->arg = arg;
	int flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	watch_init(&m->watch, fd, read_news);
	watch_start(&m->watch, loop, LOOP_READ);
	*ret = m;
	return 0;
}

void netlink_monitor_close(struct netlink_monitor *m)
{
	if (!m)
		return;
	if (m->closed)
		*m->closed = true;
	watch_stop(&m->watch);
	mnl_socket_close(m->socket);
	free(m);
}
