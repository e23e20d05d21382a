/* SPDX-License-Identifier: Apache-2.0 */
/* Packets for devices that are no ports of ours: how tunnels leave. One packet socket a thread,
 * bound to no protocol, so that it receives nothing; the device is named with each packet. Packets
 * wait for the end of the batch, in order, and go out with as few system calls as there are
 * batches. */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "fastpath/user/user.h"
#include "port/vnet.h"

LOG_MODULE(device_out);

enum { DEVICE_BATCH = 64 };

struct device_out {
	int fd;
	unsigned n;
	struct packet *packets[DEVICE_BATCH];
	struct sockaddr_ll to[DEVICE_BATCH];
	struct mmsghdr msgs[DEVICE_BATCH];
	struct iovec iov[DEVICE_BATCH];
};

static struct device_out *device_out_new(void)
{
	struct device_out *d = xzalloc(sizeof *d);
	int on = 1, bytes = 8 << 20;
	d->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0 || setsockopt(d->fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0)
		log_err("cannot send to devices: packet socket: %s", err_name(errno));
	else if (setsockopt(d->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
		setsockopt(d->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	for (unsigned i = 0; i < DEVICE_BATCH; i++) {
		d->to[i].sll_family = AF_PACKET;
		d->msgs[i].msg_hdr.msg_name = &d->to[i];
		d->msgs[i].msg_hdr.msg_namelen = sizeof d->to[i];
		d->msgs[i].msg_hdr.msg_iov = &d->iov[i];
		d->msgs[i].msg_hdr.msg_iovlen = 1;
	}
	return d;
}

void device_out_free(struct device_out *d)
{
	if (!d)
		return;
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}

void device_out_flush(struct exec *ex)
{
	struct device_out *d = ex->device_out;
	if (!d || !d->n)
		return;
	for (unsigned i = 0; i < d->n;) {
		int sent = sendmmsg(d->fd, d->msgs + i, d->n - i, MSG_DONTWAIT);
		if (sent > 0) {
			i += (unsigned)sent;
		} else if (errno != EINTR) {
			drop_count(errno == EMSGSIZE ? DROP_TOO_BIG : DROP_TX, 1);
			i++;
		}
	}
	for (unsigned i = 0; i < d->n; i++)
		packet_free(d->packets[i]);
	d->n = 0;
}

void device_out_put(struct exec *ex, uint32_t ifindex, struct packet *p)
{
	struct device_out *d = ex->device_out;
	if (unlikely(!d))
		d = ex->device_out = device_out_new();
	if (unlikely(p->size < ETH_HLEN)) {
		exec_drop(ex, p, DROP_MALFORMED);
		return;
	}
	vnet_put(p);
	unsigned i = d->n++;
	d->packets[i] = p;
	d->iov[i] = (struct iovec){ p->data - VNET_BYTES, p->size + VNET_BYTES };
	d->to[i].sll_ifindex = (int)ifindex;
	memcpy(&d->to[i].sll_protocol, p->data + 12, 2);
	if (d->n == DEVICE_BATCH)
		device_out_flush(ex);
}
