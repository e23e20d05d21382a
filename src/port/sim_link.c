/* SPDX-License-Identifier: Apache-2.0 */
#include "port/sim_link.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/stream.h"

LOG_MODULE(sim_link);

enum { MAX_FRAME = 65535, MAX_QUEUED = 1 << 20, MAX_PEERS = 64 };
#define RETRY_NS (NS_PER_SEC)

struct peer {
	struct sim_link *link;
	struct stream *stream;
	struct list node;
	bool connected;
	uint8_t in[2 + MAX_FRAME];
	size_t n_in;
	uint8_t *out; /* not yet sent */
	size_t out_at, out_size, out_allocated;
};

struct sim_link {
	pthread_mutex_t lock; /* of what is to be sent */
	char *port_name, *active;
	struct loop *loop;
	sim_link_cb *cb;
	void *arg;
	struct listener *listener;
	struct list peers;
	struct timer retry;
	struct deferred send;
};

static void on_event(struct stream *, unsigned events, void *arg);

static void peer_wait(struct peer *p)
{
	bool writing = !p->connected || p->out_at < p->out_size;
	stream_wait(p->stream, LOOP_READ | (writing ? LOOP_WRITE : 0), on_event, p);
}

static void peer_add(struct sim_link *l, struct stream *s, bool connected)
{
	struct peer *p = xzalloc(sizeof *p);
	p->link = l;
	p->stream = s;
	p->connected = connected;
	pthread_mutex_lock(&l->lock);
	list_push_back(&l->peers, &p->node);
	pthread_mutex_unlock(&l->lock);
	peer_wait(p);
}

static void peer_free(struct peer *p)
{
	pthread_mutex_lock(&p->link->lock);
	list_remove(&p->node);
	pthread_mutex_unlock(&p->link->lock);
	stream_close(p->stream);
	free(p->out);
	free(p);
}

static void connect_active(struct sim_link *l)
{
	struct stream *s;
	AUTO_ERR err = ERR_INIT;
	int r = stream_open(l->active, 0, l->loop, &s, &err);
	if (r == 0) {
		peer_add(l, s, false);
		return;
	}
	log_dbg("%s: %s: %s", l->port_name, l->active, err_text(&err));
	timer_arm_in(&l->retry, l->loop, RETRY_NS);
}

static void on_retry(struct timer *t) { connect_active(CONTAINER_OF(t, struct sim_link, retry)); }

static void peer_lost(struct peer *p)
{
	struct sim_link *l = p->link;
	peer_free(p);
	if (l->active)
		timer_arm_in(&l->retry, l->loop, RETRY_NS);
}

/* False: the peer is gone. */
static bool peer_send(struct peer *p)
{
	struct sim_link *l = p->link;
	bool ok = true;
	pthread_mutex_lock(&l->lock);
	while (ok && p->out_at < p->out_size) {
		ssize_t n = stream_send(p->stream, p->out + p->out_at, p->out_size - p->out_at);
		if (n == -EAGAIN)
			break;
		ok = n > 0;
		p->out_at += ok ? (size_t)n : 0;
	}
	if (p->out_at == p->out_size)
		p->out_at = p->out_size = 0;
	pthread_mutex_unlock(&l->lock);
	return ok;
}

static bool peer_recv(struct peer *p)
{
	for (int i = 0; i < 64; i++) {
		ssize_t n = stream_recv(p->stream, p->in + p->n_in, sizeof p->in - p->n_in);
		if (n == -EAGAIN)
			return true;
		if (n <= 0)
			return false;
		p->n_in += (size_t)n;
		size_t at = 0;
		while (p->n_in - at >= 2) {
			size_t size = get_be16(p->in + at);
			if (p->n_in - at < 2 + size)
				break;
			if (size)
				p->link->cb(packet_from_bytes(p->in + at + 2, (uint32_t)size),
					    p->link->arg);
			at += 2 + size;
		}
		p->n_in -= at;
		memmove(p->in, p->in + at, p->n_in);
	}
	return true;
}

static void on_event(struct stream *s UNUSED, unsigned events, void *arg)
{
	struct peer *p = arg;
	if (!p->connected) {
		int r = stream_connect_result(p->stream);
		if (r == -EAGAIN)
			return;
		if (r < 0) {
			peer_lost(p);
			return;
		}
		p->connected = true;
	}
	if (!peer_send(p) || ((events & LOOP_READ) && !peer_recv(p))) {
		peer_lost(p);
		return;
	}
	peer_wait(p);
}

static void on_accept(struct listener *ls UNUSED, struct stream *s, void *arg)
{
	struct sim_link *l = arg;
	if (list_size(&l->peers) >= MAX_PEERS) {
		log_warn("%s: more than %d peers: refused", l->port_name, MAX_PEERS);
		stream_close(s);
		return;
	}
	peer_add(l, s, true);
}

static void on_send(struct deferred *d)
{
	struct sim_link *l = CONTAINER_OF(d, struct sim_link, send);
	struct peer *p;
	LIST_FOR_EACH_SAFE(p, &l->peers, node) {
		if (!p->connected)
			continue;
		if (peer_send(p))
			peer_wait(p);
		else
			peer_lost(p);
	}
}

void sim_link_send(struct sim_link *l, const void *data, uint32_t size)
{
	if (size > MAX_FRAME)
		return;
	struct peer *p;
	pthread_mutex_lock(&l->lock);
	LIST_FOR_EACH(p, &l->peers, node) {
		if (!p->connected || p->out_size + 2 + size > MAX_QUEUED)
			continue;
		p->out = xgrow(p->out, &p->out_allocated, p->out_size + 2 + size, 1);
		put_be16(p->out + p->out_size, (uint16_t)size);
		memcpy(p->out + p->out_size + 2, data, size);
		p->out_size += 2 + size;
	}
	pthread_mutex_unlock(&l->lock);
	deferred_put(&l->send, l->loop);
}

const char *sim_link_state(const struct sim_link *l)
{
	if (!l->active)
		return "unknown";
	const struct peer *p;
	LIST_FOR_EACH(p, &l->peers, node) {
		if (p->connected)
			return "connected";
	}
	return "disconnected";
}

int sim_link_open(const char *port_name, const char *active, const char *passive, struct loop *loop,
		  sim_link_cb *cb, void *arg, struct sim_link **ret, struct err *err)
{
	struct sim_link *l = xzalloc(sizeof *l);
	pthread_mutex_init(&l->lock, NULL);
	l->port_name = xstrdup(port_name);
	l->loop = loop;
	l->cb = cb;
	l->arg = arg;
	list_init(&l->peers);
	timer_init(&l->retry, on_retry);
	deferred_init(&l->send, on_send);
	if (passive) {
		int r = listener_open(passive, 0, loop, on_accept, l, &l->listener, err);
		if (r < 0) {
			sim_link_close(l);
			return err_wrap(err, r, "%s: pstream", port_name);
		}
	} else {
		l->active = xstrdup(active);
		connect_active(l);
	}
	*ret = l;
	return 0;
}

void sim_link_close(struct sim_link *l)
{
	if (!l)
		return;
	struct peer *p;
	LIST_FOR_EACH_SAFE(p, &l->peers, node)
		peer_free(p);
	if (l->listener)
		listener_close(l->listener);
	timer_disarm(&l->retry);
	deferred_cancel(&l->send);
	pthread_mutex_destroy(&l->lock);
	free(l->port_name);
	free(l->active);
	free(l);
}
