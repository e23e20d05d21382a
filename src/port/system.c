/* SPDX-License-Identifier: Apache-2.0 */
/* System ports in user space: one packet socket (packet(7)) a device, for both directions.
 *
 * - Packets pass as the stack has them: a virtio-net header beside each says what is unfinished, so
 * a guest's 64 KB TSO packet stays one packet through the switch, which is what decides TCP speed.
 * - VLAN tags that the kernel keeps beside the packet come as auxiliary data, and are put back.
 * - What the socket itself, or the host, sends on the device is not received
 * (PACKET_IGNORE_OUTGOING).
 * - The host's stack must not act on what arrives: ingress_drop.c.
 *
 * Rejected: AF_XDP and XDP on veth, which turn the peer's segmentation off; rings (PACKET_RX_RING),
 * which copy 64 KB packets once more; PACKET_QDISC_BYPASS, which drops what the device cannot
 * segment and goes past the QoS that is configured on it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "port/ingress_drop.h"
#include "port/kinds.h"
#include "port/link.h"
#include "port/vnet.h"

LOG_MODULE(port_system);

enum { SOCKET_BYTES = 4 << 20 };

union auxdata_space {
	struct cmsghdr h;
	char space[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
};

struct sysdev {
	int fd;
	int drop_fd; /* -1: the host's stack sees what arrives, too */
	struct link link;
	bool gone;
	uint64_t link_resets;
	uint64_t tx_dropped, tx_errors, rx_bad; /* atomic */
	uint64_t rx_overflows; /* main thread: the socket's counter resets when read */
	struct link_watcher watcher;
	struct port *port;
	/* The queue's thread: packets that wait to be filled. */
	struct packet *spare[PACKET_BATCH];
	union auxdata_space aux[PACKET_BATCH];
};

static void count(uint64_t *c, uint64_t n) { __atomic_fetch_add(c, n, __ATOMIC_RELAXED); }
static uint64_t read_count(const uint64_t *c) { return __atomic_load_n(c, __ATOMIC_RELAXED); }

static void on_link(struct link_watcher *w, const struct link *l, bool gone)
{
	struct sysdev *d = CONTAINER_OF(w, struct sysdev, watcher);
	if (d->gone || l->ifindex != d->link.ifindex)
		return;
	/* A device that is renamed, or moved to another namespace, is gone for us. */
	if (gone || strcmp(l->name, d->link.name)) {
		d->gone = true;
		d->link.carrier = d->link.admin_up = false;
		log_info("%s: device is gone", d->link.name);
	} else {
		if (d->link.carrier != l->carrier)
			d->link_resets++;
		if (!memcmp(&d->link, l, sizeof *l))
			return;
		d->link = *l;
	}
	port_note_change(d->port);
}

static int set_option(int fd, int option, int value)
{
	return setsockopt(fd, SOL_PACKET, option, &value, sizeof value) < 0 ? -errno : 0;
}

static void set_buffers(int fd)
{
	int bytes = SOCKET_BYTES;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* 0, or -errno. Bound last, so that no packet comes by before all is set. 'protocol' 0: to send
 * only. */
static int socket_open(uint32_t ifindex, uint16_t protocol, int *ret_fd)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	set_buffers(fd);
	struct packet_mreq promisc = { .mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC };
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_ifindex = (int)ifindex,
				   .sll_protocol = htons(protocol) };
	int r = set_option(fd, PACKET_VNET_HDR, 1);
	r = r < 0 ? r : set_option(fd, PACKET_AUXDATA, 1);
	r = r < 0 ? r : set_option(fd, PACKET_IGNORE_OUTGOING, 1);
	if (r == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof promisc) < 0)
		r = -errno;
	if (r == 0 && bind(fd, (struct sockaddr *)&sll, sizeof sll) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int system_open(struct port *port, struct err *err)
{
	struct sysdev *d = xzalloc(sizeof *d);
	d->port = port;
	int r = link_get(port->name, &d->link);
	if (r == 0)
		r = socket_open(d->link.ifindex, 0, &d->fd);
	if (r < 0) {
		free(d);
		return err_set(err, r, "could not open network device %s (%s)", port->name,
			       err_name(r));
	}
	d->drop_fd = -1;
	d->watcher.cb = on_link;
	link_watcher_add(&d->watcher);
	port->priv = d;
	return 0;
}

static int system_start_rx(struct port *port, struct err *err)
{
	struct sysdev *d = port->priv;
	int fd, r = socket_open(d->link.ifindex, ETH_P_ALL, &fd);
	if (r < 0)
		return err_set(err, r, "could not receive from network device %s (%s)", port->name,
			       err_name(r));
	/* The same number, as another thread may be sending. */
	dup3(fd, d->fd, O_CLOEXEC);
	close(fd);
	d->drop_fd = ingress_drop_attach(d->link.ifindex);
	if (d->drop_fd < 0)
		log_warn("%s: the host's own stack also sees what arrives here: BPF is not to be "
			 "had "
			 "(%s)",
			 port->name, err_name(d->drop_fd));
	port->n_rxq = 1;
	return 0;
}

static void system_close(struct port *port)
{
	struct sysdev *d = port->priv;
	link_watcher_remove(&d->watcher);
	if (d->drop_fd >= 0)
		close(d->drop_fd);
	close(d->fd);
	for (unsigned i = 0; i < PACKET_BATCH; i++) {
		if (d->spare[i])
			packet_free(d->spare[i]);
	}
	free(d);
}

static int system_configure(struct port *port, const struct strmap *options, struct err *err UNUSED)
{
	if (options->n)
		log_warn("%s: arguments provided to device that is not configurable", port->name);
	return 0;
}

static void system_get_state(const struct port *port, struct port_state *ret)
{
	const struct sysdev *d = port->priv;
	*ret = (struct port_state){
		.admin_up = d->link.admin_up,
		.link_up = d->link.carrier,
		.carrier_known = true,
		.ifindex = d->gone ? 0 : d->link.ifindex,
		.mtu = d->link.mtu,
		.mac = d->link.mac,
		.link_resets = d->link_resets,
	};
	if (!d->gone)
		link_get_speed(d->link.name, &ret->speed_bps, &ret->full_duplex);
}

static void system_get_stats(const struct port *port, struct port_stats *ret)
{
	struct sysdev *d = port->priv;
	struct tpacket_stats s;
	socklen_t size = sizeof s;
	*ret = (struct port_stats){ 0 };
	if (!d->gone && link_get_stats(d->link.ifindex, ret) < 0)
		log_dbg("%s: no statistics", port->name);
	/* What the device delivered, but we were too slow to read. */
	if (getsockopt(d->fd, SOL_PACKET, PACKET_STATISTICS, &s, &size) == 0)
		d->rx_overflows += s.tp_drops;
	ret->rx_dropped += d->rx_overflows;
	ret->rx_errors += read_count(&d->rx_bad);
	ret->tx_dropped += read_count(&d->tx_dropped);
	ret->tx_errors += read_count(&d->tx_errors);
}

static int changed(struct sysdev *d, int r, struct err *err, const char *what)
{
	if (r < 0)
		return err_set(err, r, "%s: cannot set %s (%s)", d->link.name, what, err_name(r));
	struct link l;
	if (link_get(d->link.name, &l) == 0 && l.ifindex == d->link.ifindex)
		d->link = l;
	return 0;
}

static int system_set_mtu(struct port *port, uint32_t mtu, struct err *err)
{
	return changed(port->priv, link_set_mtu(port->name, mtu), err, "the MTU");
}

static int system_set_mac(struct port *port, struct eth_addr mac, struct err *err)
{
	return changed(port->priv, link_set_mac(port->name, mac), err, "the MAC address");
}

static int system_set_admin_up(struct port *port, bool up, struct err *err)
{
	return changed(port->priv, link_set_up(port->name, up), err, up ? "it up" : "it down");
}

static void system_get_status(const struct port *port, struct strmap *ret)
{
	char driver[32], version[32], firmware[32];
	link_get_driver(port->name, driver, version, firmware);
	if (!driver[0])
		return;
	strmap_put(ret, "driver_name", driver);
	strmap_put(ret, "driver_version", version);
	strmap_put(ret, "firmware_version", firmware);
}

static int system_rx_fd(const struct port *port, unsigned queue UNUSED)
{
	return ((const struct sysdev *)port->priv)->fd;
}

static void put_back_vlan(struct packet *p, const struct tpacket_auxdata *aux)
{
	uint16_t tpid =
		aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid : ETH_P_8021Q;
	uint8_t *data = packet_push(p, 4);
	memmove(data, data + 4, 12);
	put_be16(data + 12, tpid);
	put_be16(data + 14, aux->tp_vlan_tci);
}

/* False: not a packet we can use. */
static bool receive(struct packet *p, struct mmsghdr *m)
{
	struct virtio_net_hdr h;
	if (m->msg_len < VNET_BYTES + ETH_HLEN || (m->msg_hdr.msg_flags & MSG_TRUNC))
		return false;
	memcpy(&h, p->data - VNET_BYTES, sizeof h);
	p->size = m->msg_len - VNET_BYTES;
	if (vnet_take(p, &h) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m->msg_hdr); c; c = CMSG_NXTHDR(&m->msg_hdr, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    c->cmsg_len < CMSG_LEN(sizeof(struct tpacket_auxdata)))
			continue;
		struct tpacket_auxdata aux;
		memcpy(&aux, CMSG_DATA(c), sizeof aux);
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			put_back_vlan(p, &aux);
		if (aux.tp_status & TP_STATUS_CSUM_VALID)
			p->csum_valid = true;
	}
	return true;
}

static int system_rx(struct port *port, unsigned queue UNUSED, struct packet *batch[PACKET_BATCH])
{
	struct sysdev *d = port->priv;
	struct mmsghdr msgs[PACKET_BATCH];
	struct iovec iov[PACKET_BATCH];
	for (unsigned i = 0; i < PACKET_BATCH; i++) {
		struct packet *p = d->spare[i];
		if (!p)
			p = d->spare[i] = packet_new(PACKET_MAX_BYTES);
		iov[i] = (struct iovec){ p->data - VNET_BYTES, PACKET_MAX_BYTES + VNET_BYTES };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
						   .msg_iovlen = 1,
						   .msg_control = &d->aux[i],
						   .msg_controllen = sizeof d->aux[i] };
	}
	int n = recvmmsg(d->fd, msgs, PACKET_BATCH, MSG_DONTWAIT, NULL);
	int n_good = 0;
	for (int i = 0; i < n; i++) {
		struct packet *p = d->spare[i];
		if (!receive(p, &msgs[i])) {
			count(&d->rx_bad, 1);
			p->size = 0;
			continue;
		}
		d->spare[i] = NULL;
		batch[n_good++] = p;
	}
	return n_good; /* an error (device down, gone) was taken off the socket by the call */
}

static void system_tx(struct port *port, unsigned queue UNUSED, struct packet **batch, unsigned n)
{
	struct sysdev *d = port->priv;
	struct mmsghdr msgs[PACKET_BATCH];
	struct iovec iov[PACKET_BATCH];
	for (unsigned from = 0; from < n; from += PACKET_BATCH) {
		unsigned n_now = MIN(n - from, PACKET_BATCH);
		for (unsigned i = 0; i < n_now; i++) {
			struct packet *p = batch[from + i];
			vnet_put(p);
			iov[i] = (struct iovec){ p->data - VNET_BYTES, p->size + VNET_BYTES };
			msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
		}
		for (unsigned i = 0; i < n_now;) {
			int sent = sendmmsg(d->fd, msgs + i, n_now - i, MSG_DONTWAIT);
			if (sent > 0) {
				i += (unsigned)sent;
			} else if (errno != EINTR) {
				/* Only the first one is known to have failed. */
				bool full = errno == EAGAIN || errno == ENOBUFS;
				count(full ? &d->tx_dropped : &d->tx_errors, 1);
				i++;
			}
		}
		for (unsigned i = 0; i < n_now; i++)
			packet_free(batch[from + i]);
	}
}

const struct port_ops port_system_ops = {
	.type = "system",
	.kind = PORT_SYSTEM,
	.open = system_open,
	.close = system_close,
	.configure = system_configure,
	.get_state = system_get_state,
	.get_stats = system_get_stats,
	.set_mtu = system_set_mtu,
	.set_mac = system_set_mac,
	.set_admin_up = system_set_admin_up,
	.get_status = system_get_status,
	.start_rx = system_start_rx,
	.rx_fd = system_rx_fd,
	.rx = system_rx,
	.tx = system_tx,
};
