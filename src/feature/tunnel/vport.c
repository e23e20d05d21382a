/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels' ends on this host.
 *
 * In:  a UDP socket on the tunnel's port, or raw sockets for GRE, rather than packet sockets: the
 * kernel then reassembles fragments, verifies checksums, applies the firewall, and sends no "port
 *      unreachable". UDP_GRO gives us what one sender sent as one super-packet in one piece. Inner
 * TCP segments are merged again (packet/coalesce.h), so a guest gets what the other guest sent.
 * Out: normally none of this file's business, since flows have their outer header in an action.
 * What comes here has tunnel metadata only: the next hop's address was not known when the flow was
 * made. Such packets go to the main thread, which asks, keeps a few of them, and sends them when
 * the answer comes. */
#include "feature/tunnel/vport.h"

#include <errno.h>
#include <linux/in6.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fastpath/decap.h"
#include "fastpath/drop.h"
#include "fastpath/fastpath.h"
#include "feature/tunnel/output.h"
#include "packet/coalesce.h"
#include "wire/net.h"

LOG_MODULE(vport);

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { SOCKET_BYTES = 16 << 20, MAX_HELD = 256, MAX_QUEUES = 2, RECV_BATCH = 32 };
#define HOLD_NS (3 * NS_PER_SEC)
#define RETRY_NS (200 * NS_PER_MS)

union control_space {
	struct cmsghdr h;
	char space[256];
};

struct queue {
	int fd;
	bool v6_raw; /* no IP header comes along, all is in control messages */
	bool udp;
	/* The queue's thread. */
	struct packet *spare[RECV_BATCH];
	struct sockaddr_in6 from[RECV_BATCH];
	union control_space control[RECV_BATCH];
	struct coalescer done;
	/* What one reception made beyond a batch; the next calls give it out. */
	struct packet *more, **more_end;
};

struct held {
	struct packet *packet;
	int64_t deadline_ns;
};

struct vport_io {
	struct vport *vport;
	struct queue queues[MAX_QUEUES];
	uint64_t rx_packets, rx_bytes, rx_errors, tx_packets, tx_bytes, tx_dropped; /* atomic */
	/* Datapath threads put packets here, the main thread takes them. */
	pthread_mutex_t lock;
	struct packet *first, **last;
	unsigned n_waiting;
	int event_fd;
	struct watch watch;
	/* Main thread. */
	struct held held[MAX_HELD];
	unsigned n_held;
	struct timer timer;
};

struct vport *vport_all;
static struct loop *the_loop;
static bool simulated;

static void count(uint64_t *c, uint64_t n) { __atomic_fetch_add(c, n, __ATOMIC_RELAXED); }
static uint64_t read_count(const uint64_t *c) { return __atomic_load_n(c, __ATOMIC_RELAXED); }

/* Sockets. */

static void set(int fd, int level, int option, int value)
{
	/* Some do not exist on IPv4 sockets, or on old kernels; what is missing then is told later.
	 */
	if (setsockopt(fd, level, option, &value, sizeof value) < 0)
		log_dbg("socket option %d/%d: %s", level, option, err_name(errno));
}

static void set_buffer(int fd)
{
	int bytes = SOCKET_BYTES;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
		set(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}

/* The outer header's fields, as control messages. */
static void set_options(int fd, bool v6)
{
	set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	set(fd, IPPROTO_IP, IP_RECVTOS, 1);
	set(fd, IPPROTO_IP, IP_RECVTTL, 1);
	if (v6) {
		set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
		set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	}
}

/* One socket for both families, if the host has IPv6. */
static int open_udp(uint16_t port)
{
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr;
	memset(&addr, 0, sizeof addr);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool v6 = fd >= 0;
	if (v6) {
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
		addr.v6.sin6_family = AF_INET6;
		addr.v6.sin6_port = cpu_to_be16(port);
	} else {
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			return -errno;
		addr.v4.sin_family = AF_INET;
		addr.v4.sin_port = cpu_to_be16(port);
	}
	set_buffer(fd);
	set_options(fd, v6);
	set(fd, IPPROTO_UDP, UDP_GRO, 1);
	set(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, 1); /* RFC 6935 */
	if (bind(fd, (struct sockaddr *)&addr, v6 ? sizeof addr.v6 : sizeof addr.v4) < 0) {
		int r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int open_raw(bool v6)
{
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_GRE);
	if (fd < 0)
		return -errno;
	set_buffer(fd);
	if (v6) /* a raw IPv4 socket gives the IP header itself */
		set_options(fd, v6);
	return fd;
}

static int open_sockets(struct vport_io *io, unsigned *n)
{
	const struct vport *v = io->vport;
	*n = 0;
	if (v->dst_port) {
		int fd = open_udp(v->dst_port);
		if (fd < 0)
			return fd;
		io->queues[0].fd = fd;
		io->queues[0].udp = true;
		*n = 1;
		return 0;
	}
	if (v->type == TUNNEL_GRE) {
		int fd = open_raw(false);
		if (fd < 0)
			return fd;
		io->queues[(*n)++].fd = fd;
	}
	int fd = open_raw(true);
	if (fd >= 0) {
		io->queues[*n].fd = fd;
		io->queues[(*n)++].v6_raw = true;
	}
	return *n ? 0 : fd;
}

/* Receiving. */

static void put_addr(const struct in6_addr *a, be32 *v4, struct in6_addr *v6)
{
	if (IN6_IS_ADDR_V4MAPPED(a))
		memcpy(v4, a->s6_addr + 12, 4);
	else
		*v6 = *a;
}

/* What the kernel tells beside the datagram. Returns the size of its pieces, 0: it is one. */
static uint32_t take_control(struct msghdr *m, struct tunnel_key *t)
{
	uint32_t gro = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		const void *data = CMSG_DATA(c);
		int value = 0;
		if (c->cmsg_len >= CMSG_LEN(sizeof value))
			memcpy(&value, data, sizeof value);
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			gro = value > 0 ? (uint32_t)value : 0;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, data, sizeof info);
			t->ip_dst = info.ipi_addr.s_addr;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			t->tos = *(const uint8_t *)data; /* one byte only */
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) {
			t->ttl = (uint8_t)value;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			memcpy(&info, data, sizeof info);
			put_addr(&info.ipi6_addr, &t->ip_dst, &t->ipv6_dst);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			t->tos = (uint8_t)value;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
			t->ttl = (uint8_t)value;
		}
	}
	return gro;
}

/* The outer IP header that a raw IPv4 socket gives, off. */
static bool take_ip4(struct packet *p, struct tunnel_key *t)
{
	const struct ip4_hdr *h = (const void *)p->data;
	if (p->size < IP4_HLEN)
		return false;
	uint32_t hlen = (h->ver_ihl & 0xfu) * 4;
	if (hlen < IP4_HLEN || hlen > p->size)
		return false;
	t->ip_src = h->src;
	t->ip_dst = h->dst;
	t->tos = h->tos;
	t->ttl = h->ttl;
	if (h->frag_off & BE16_C(IP4_DF))
		t->flags |= TUN_F_DF;
	packet_pull(p, hlen);
	return true;
}

/* One inner packet that 'h' describes. False: it is not needed any more (merged, or bad), and is
 * still the caller's. */
static bool take_inner(struct vport_io *io, struct queue *q, struct packet *p,
		       const struct tunnel_header *h)
{
	tunnel_header_to_key(h, p);
	if (h->packet_type == PT_ETH && p->size < ETH_HLEN) {
		count(&io->rx_errors, 1);
		return false;
	}
	tunnel_inner_csum(p);
	count(&io->rx_packets, packet_n_segments(p));
	count(&io->rx_bytes, p->size);
	if (h->packet_type == PT_ETH && !p->csum_partial &&
	    coalesce_merge(&q->done, p->data, p->size, &p->tunnel))
		return false;
	if (q->done.n < PACKET_BATCH) {
		coalesce_add(&q->done, p);
		return true;
	}
	*q->more_end = p;
	q->more_end = &p->next;
	return true;
}

/* Cuts a datagram of several pieces: the first stays where it is, the others are merged into it, or
 * copied. */
static void take_pieces(struct vport_io *io, struct queue *q, struct packet *p, uint32_t piece)
{
	uint8_t *data = p->data;
	uint32_t total = p->size;
	const struct tunnel_key outer = p->tunnel;
	bool is_first = true, keep = false;
	for (uint32_t at = 0; at < total; at += piece) {
		uint32_t size = MIN(piece, total - at);
		struct tunnel_header h;
		if (tunnel_header_parse(io->vport->type, data + at, size, &h) < 0) {
			count(&io->rx_errors, 1);
			continue;
		}
		uint8_t *inner = data + at + h.size;
		uint32_t inner_size = size - h.size;
		if (is_first) {
			/* It alone may use the buffer: what it gets merged lies behind it. If it is
			 * itself merged, the buffer must last until all has been read. */
			is_first = false;
			p->data = inner;
			p->size = inner_size;
			keep = take_inner(io, q, p, &h);
			continue;
		}
		struct tunnel_key key = outer;
		key.id = h.id;
		key.flags |= h.flags;
		key.gbp_id = h.gbp_id;
		key.gbp_flags = h.gbp_flags;
		key.opts_size = h.opts_size;
		if (h.packet_type == PT_ETH && inner_size >= ETH_HLEN &&
		    coalesce_merge(&q->done, inner, inner_size, &key)) {
			count(&io->rx_packets, 1);
			count(&io->rx_bytes, inner_size);
			continue;
		}
		struct packet *n = packet_new(inner_size);
		memcpy(packet_put(n, inner_size), inner, inner_size);
		n->tunnel = outer;
		if (!take_inner(io, q, n, &h))
			packet_free(n);
	}
	if (!keep)
		packet_free(p);
}

static void take_datagram(struct vport_io *io, struct queue *q, struct packet *p, struct mmsghdr *m)
{
	const struct sockaddr_in6 *from = m->msg_hdr.msg_name;
	struct tunnel_key *t = &p->tunnel;
	p->size = m->msg_len;
	memset(t, 0, sizeof *t);
	uint32_t piece = take_control(&m->msg_hdr, t);
	bool ok = !(m->msg_hdr.msg_flags & MSG_TRUNC);
	if (!from) {
		ok = ok && take_ip4(p, t);
	} else if (from->sin6_family == AF_INET6) {
		put_addr(&from->sin6_addr, &t->ip_src, &t->ipv6_src);
		t->tp_src = q->udp ? from->sin6_port : 0;
	} else {
		const struct sockaddr_in *from4 = (const void *)from;
		t->ip_src = from4->sin_addr.s_addr;
		t->tp_src = q->udp ? from4->sin_port : 0;
	}
	if (q->udp)
		t->tp_dst = cpu_to_be16(io->vport->dst_port);
	if (t->ip_dst) /* what the socket says of an IPv4 packet as IPv6 */
		t->ipv6_src = t->ipv6_dst = in6addr_any;
	if (!ok || !tunnel_key_is_set(t) || !p->size) {
		count(&io->rx_errors, 1);
		packet_free(p);
		return;
	}
	take_pieces(io, q, p, piece && piece < p->size ? piece : p->size);
}

static void receive(struct vport_io *io, struct queue *q)
{
	struct mmsghdr msgs[RECV_BATCH];
	struct iovec iov[RECV_BATCH];
	bool has_header = !q->udp && !q->v6_raw;
	for (unsigned i = 0; i < RECV_BATCH; i++) {
		if (!q->spare[i])
			q->spare[i] = packet_new(PACKET_MAX_BYTES);
		iov[i] = (struct iovec){ q->spare[i]->data, PACKET_MAX_BYTES };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
		if (has_header)
			continue;
		msgs[i].msg_hdr.msg_name = &q->from[i];
		msgs[i].msg_hdr.msg_namelen = sizeof q->from[i];
		msgs[i].msg_hdr.msg_control = &q->control[i];
		msgs[i].msg_hdr.msg_controllen = sizeof q->control[i];
	}
	int n = recvmmsg(q->fd, msgs, RECV_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take_datagram(io, q, STEAL(q->spare[i]), &msgs[i]);
	coalesce_finish(&q->done);
}

static int vport_rx(struct port *port, unsigned queue, struct packet *batch[PACKET_BATCH])
{
	struct vport_io *io = port->priv;
	struct queue *q = &io->queues[queue];
	int n = 0;
	if (q->more) {
		while (q->more && n < PACKET_BATCH) {
			batch[n] = q->more;
			q->more = batch[n]->next;
			batch[n++]->next = NULL;
		}
		return n;
	}
	q->more_end = &q->more;
	q->done.n = 0;
	receive(io, q);
	memcpy(batch, q->done.packets, q->done.n * sizeof *batch);
	return (int)q->done.n;
}

static int vport_rx_fd(const struct port *port, unsigned queue)
{
	return ((const struct vport_io *)port->priv)->queues[queue].fd;
}

/* Sending what has no outer header yet. */

static void vport_tx(struct port *port, unsigned queue UNUSED, struct packet **batch, unsigned n)
{
	struct vport_io *io = port->priv;
	pthread_mutex_lock(&io->lock);
	for (unsigned i = 0; i < n; i++) {
		if (io->n_waiting >= MAX_HELD) {
			drop_count(DROP_NO_NEIGHBOUR, 1);
			count(&io->tx_dropped, 1);
			packet_free(batch[i]);
			continue;
		}
		batch[i]->next = NULL;
		*io->last = batch[i];
		io->last = &batch[i]->next;
		io->n_waiting++;
	}
	pthread_mutex_unlock(&io->lock);
	uint64_t one = 1;
	ssize_t r = write(io->event_fd, &one, sizeof one);
	(void)r;
}

/* -EAGAIN: the packet must wait, and is still the caller's. */
static int send_now(struct vport_io *io, struct packet *p)
{
	struct port *port = io->vport->port;
	struct output_request q;
	struct tunnel_underlay under;
	struct dp_actions actions = DP_ACTIONS_INIT;
	output_request_of_packet(io->vport, p, &q);
	int r = output_build(&q, &actions, &under);
	packet_free(under.request); /* a bridge underlay's is sent by the pipeline */
	if (r == -EAGAIN && !under.bridge[0]) {
		dp_actions_fini(&actions);
		return r;
	}
	if (r == 0 && !under.bridge[0] && port->fastpath) {
		count(&io->tx_packets, packet_n_segments(p));
		count(&io->tx_bytes, p->size);
		memset(&p->tunnel, 0, sizeof p->tunnel);
		port->fastpath->ops->execute(port->fastpath, p, actions.data, actions.size);
	} else {
		drop_count(DROP_NO_ROUTE, 1);
		count(&io->tx_dropped, 1);
		packet_free(p);
	}
	dp_actions_fini(&actions);
	return 0;
}

static void hold(struct vport_io *io, struct packet *p, int64_t deadline_ns)
{
	if (io->n_held == MAX_HELD) {
		drop_count(DROP_NO_NEIGHBOUR, 1);
		count(&io->tx_dropped, 1);
		packet_free(p);
		return;
	}
	io->held[io->n_held++] = (struct held){ p, deadline_ns };
	if (!timer_is_armed(&io->timer))
		timer_arm_in(&io->timer, the_loop, RETRY_NS);
}

/* In order; a packet whose next hop is still unknown does not keep others waiting. */
static void retry_held(struct vport_io *io)
{
	struct held old[MAX_HELD];
	unsigned n = io->n_held;
	int64_t now = clock_mono_ns();
	memcpy(old, io->held, n * sizeof *old);
	io->n_held = 0;
	for (unsigned i = 0; i < n; i++) {
		if (send_now(io, old[i].packet) == 0)
			continue;
		if (now < old[i].deadline_ns) {
			hold(io, old[i].packet, old[i].deadline_ns);
			continue;
		}
		drop_count(DROP_NO_NEIGHBOUR, 1);
		count(&io->tx_dropped, 1);
		packet_free(old[i].packet);
	}
}

static void on_timer(struct timer *t) { retry_held(CONTAINER_OF(t, struct vport_io, timer)); }

static void on_packets(struct watch *w, unsigned events UNUSED)
{
	struct vport_io *io = CONTAINER_OF(w, struct vport_io, watch);
	uint64_t n;
	ssize_t r = read(io->event_fd, &n, sizeof n);
	(void)r;
	pthread_mutex_lock(&io->lock);
	struct packet *p = io->first;
	io->first = NULL;
	io->last = &io->first;
	io->n_waiting = 0;
	pthread_mutex_unlock(&io->lock);
	while (p) {
		struct packet *next = p->next;
		p->next = NULL;
		if (send_now(io, p) < 0)
			hold(io, p, clock_mono_ns() + HOLD_NS);
		p = next;
	}
}

static struct deferred retry_all;

static void on_retry_all(struct deferred *d UNUSED)
{
	for (struct vport *v = vport_all; v; v = v->next) {
		if (v->io->n_held)
			retry_held(v->io);
	}
}

void vport_retry(void)
{
	if (the_loop)
		deferred_put(&retry_all, the_loop);
}

/* The port. */

static int vport_open(struct port *port UNUSED, struct err *err)
{
	return err_set(err, -EINVAL, "tunnel ports are made by tunnel_add()");
}

/* A simulated switch has no sockets: its underlays are bridges. */
static int vport_attach(struct port *port, const char *fastpath_type, struct err *err)
{
	struct vport_io *io = port->priv;
	if (simulated || fastpath_is_simulated(fastpath_type))
		return 0;
	unsigned n;
	int r = open_sockets(io, &n);
	if (r < 0 && io->vport->dst_port)
		return err_set(err, r, "cannot receive on UDP port %u: %s", io->vport->dst_port,
			       err_name(r));
	if (r < 0)
		return err_set(err, r, "cannot receive GRE: %s", err_name(r));
	port->n_rxq = n;
	return 0;
}

static void vport_close(struct port *port)
{
	struct vport_io *io = port->priv;
	for (unsigned i = 0; i < port->n_rxq; i++) {
		close(io->queues[i].fd);
		for (unsigned k = 0; k < RECV_BATCH; k++)
			packet_free(io->queues[i].spare[k]);
		for (struct packet *p = io->queues[i].more, *next; p; p = next) {
			next = p->next;
			packet_free(p);
		}
	}
	watch_stop(&io->watch);
	timer_disarm(&io->timer);
	close(io->event_fd);
	for (struct packet *p = io->first, *next; p; p = next) {
		next = p->next;
		packet_free(p);
	}
	for (unsigned i = 0; i < io->n_held; i++)
		packet_free(io->held[i].packet);
	pthread_mutex_destroy(&io->lock);
	free(io);
}

static int vport_configure(struct port *port UNUSED, const struct strmap *options UNUSED,
			   struct err *err UNUSED)
{
	return 0; /* options are the tunnels' */
}

static void vport_get_state(const struct port *port UNUSED, struct port_state *ret)
{
	*ret = (struct port_state){ .admin_up = true, .link_up = true, .carrier_known = true };
}

static void vport_get_stats(const struct port *port, struct port_stats *ret)
{
	const struct vport_io *io = port->priv;
	*ret = (struct port_stats){
		.rx_packets = read_count(&io->rx_packets),
		.rx_bytes = read_count(&io->rx_bytes),
		.rx_errors = read_count(&io->rx_errors),
		.tx_packets = read_count(&io->tx_packets),
		.tx_bytes = read_count(&io->tx_bytes),
		.tx_dropped = read_count(&io->tx_dropped),
	};
}

static int vport_set_mtu(struct port *port, uint32_t mtu UNUSED, struct err *err)
{
	return err_set(err, -EOPNOTSUPP, "%s: a tunnel has no MTU of its own", port->name);
}

static int vport_set_mac(struct port *port, struct eth_addr mac UNUSED, struct err *err)
{
	return err_set(err, -EOPNOTSUPP, "%s: a tunnel has no MAC address", port->name);
}

static int vport_set_admin_up(struct port *port, bool up, struct err *err)
{
	return up ? 0 : err_set(err, -EOPNOTSUPP, "%s: a tunnel cannot be set down", port->name);
}

static void vport_get_status(const struct port *port UNUSED, struct strmap *ret UNUSED) {}

static const struct port_ops vport_ops = {
	.type = "tunnel",
	.kind = PORT_TUNNEL,
	.open = vport_open,
	.close = vport_close,
	.configure = vport_configure,
	.get_state = vport_get_state,
	.get_stats = vport_get_stats,
	.set_mtu = vport_set_mtu,
	.set_mac = vport_set_mac,
	.set_admin_up = vport_set_admin_up,
	.get_status = vport_get_status,
	.attach = vport_attach,
	.rx_fd = vport_rx_fd,
	.rx = vport_rx,
	.tx = vport_tx,
};

/* Names and numbers. */

static void name_of(const struct tunnel_config *c, char name[32])
{
	switch (c->type) {
	case TUNNEL_VXLAN:
		snprintf(name, 32, "vxlan_sys_%u", c->dst_port);
		break;
	case TUNNEL_GENEVE:
		snprintf(name, 32, "genev_sys_%u", c->dst_port);
		break;
	case TUNNEL_IP6GRE:
		snprintf(name, 32, "ip6gre_sys");
		break;
	default:
		snprintf(name, 32, "gre_sys");
	}
}

bool vport_is_simulated(const struct vport *v)
{
	const struct fastpath *fp = v->port->fastpath;
	return simulated || (fp && fastpath_is_simulated(fp->ops->type));
}

struct vport *vport_find(uint32_t dp_port)
{
	struct vport *v = vport_all;
	while (v && v->port->dp_port != dp_port)
		v = v->next;
	return v;
}

static struct vport *make(const struct tunnel_config *c)
{
	char name[32];
	struct vport *v = xzalloc(sizeof *v);
	struct vport_io *io = xzalloc(sizeof *io);
	v->type = c->type;
	v->dst_port = c->dst_port;
	v->gbp = c->gbp;
	v->io = io;
	io->vport = v;
	io->last = &io->first;
	pthread_mutex_init(&io->lock, NULL);
	io->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT(io->event_fd >= 0);
	watch_init(&io->watch, io->event_fd, on_packets);
	watch_start(&io->watch, the_loop, LOOP_READ);
	timer_init(&io->timer, on_timer);
	name_of(c, name);
	v->port = port_new(&vport_ops, name);
	v->port->loop = the_loop;
	v->port->type = tunnel_type_to_str(c->type);
	v->port->tunnel_type = (uint8_t)c->type;
	v->port->priv = io;
	struct vport **at = &vport_all;
	while (*at)
		at = &(*at)->next;
	*at = v;
	return v;
}

int vport_get(const char *tunnel_name, const struct tunnel_config *c, struct vport **ret,
	      struct err *err)
{
	for (struct vport *v = vport_all; v; v = v->next) {
		if (v->type != c->type || v->dst_port != c->dst_port)
			continue;
		if (v->gbp != c->gbp)
			return err_set(
				err, -EINVAL,
				"%s: VXLAN-GBP, and non-VXLAN-GBP tunnels can't be configured on "
				"the same dst_port",
				tunnel_name);
		v->users++;
		*ret = v;
		return 0;
	}
	*ret = make(c);
	(*ret)->users = 1;
	return 0;
}

void vport_put(struct vport *v)
{
	if (!v || --v->users)
		return;
	struct vport **at = &vport_all;
	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	struct port *port = v->port;
	if (port->fastpath && port->fastpath->ops->port_del(port->fastpath, port, NULL) < 0)
		log_warn("%s: not removed from the fast path", port->name);
	free(v);
	port_unref(port);
}

void vport_start(struct loop *loop, bool simulate)
{
	the_loop = loop;
	simulated = simulate;
	deferred_init(&retry_all, on_retry_all);
}

void vport_stop(void)
{
	deferred_cancel(&retry_all);
	the_loop = NULL;
}
