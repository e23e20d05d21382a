/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of upcalls as a port: a datapath thread polls it like any queue, and gets the packets of
 * all ports that the kernel did not know what to do with, each with its own port's number. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "fastpath/ebpf/compile.h"
#include "fastpath/ebpf/ebpf.h"
#include "port/vnet.h"
#include "switch.skel.h"

/* Kernel: include/linux/skbuff.h, SKB_GSO_*. */
enum { KERNEL_GSO_TCPV4 = 1 << 0, KERNEL_GSO_TCPV6 = 1 << 4, KERNEL_GSO_UDP_L4 = 1 << 17 };

struct ring {
	struct ring_buffer *rb;
	bool has_kern_ctx;
	struct weft_backlog *backlog;
	struct packet **batch; /* being filled */
	int n;
	uint64_t n_bad;
};

static void put_vlan(struct packet *p, uint16_t tpid_be, uint16_t tci)
{
	uint8_t *data = packet_push(p, 4);
	memmove(data, data + 4, 12);
	memcpy(data + 12, &tpid_be, 2);
	put_be16(data + 14, tci);
	if (p->csum_partial)
		p->csum_start += 4;
	if (p->gso_type != PACKET_GSO_NONE)
		p->gso_hdr_size += 4;
}

/* On kernels that do not show us what is unfinished: super-packets always are; of others the
 * checksum field tells, which then holds the sum of the pseudo-header alone. */
static bool guess_offloads(const struct packet *p, const struct weft_upcall *u,
			   struct virtio_net_hdr *h)
{
	if (!u->gso_size)
		return true;
	struct packet probe = *p;
	packet_parse_offsets(&probe);
	if (probe.l4_ofs == PACKET_NO_OFS || probe.l3_ofs == PACKET_NO_OFS)
		return false;
	h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	h->csum_start = probe.l4_ofs;
	h->csum_offset = 16;
	h->gso_size = u->gso_size;
	h->gso_type = p->data[probe.l3_ofs] >> 4 == 4 ? VIRTIO_NET_HDR_GSO_TCPV4
						      : VIRTIO_NET_HDR_GSO_TCPV6;
	return true;
}

static int on_record(void *arg, void *data, size_t size)
{
	struct ring *r = arg;
	const struct weft_upcall *u = data;
	if (size < sizeof *u || u->size > size - sizeof *u || u->size < 14) {
		r->n_bad++;
		return 0;
	}
	if (u->dp_port < WEFT_MAX_DP_PORTS)
		__atomic_fetch_add(&r->backlog[u->dp_port].taken, size, __ATOMIC_RELAXED);
	struct packet *p = packet_new(u->size + 4);
	memcpy(packet_put(p, u->size), u + 1, u->size);
	struct virtio_net_hdr h = { 0 };
	bool ok = true;
	if (u->csum_start) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.csum_start = u->csum_start;
		h.csum_offset = u->csum_offset;
	} else if (u->csum_valid) {
		h.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	}
	if (r->has_kern_ctx) {
		if (u->gso_size) {
			h.gso_size = u->gso_size;
			h.gso_type = u->gso_type & KERNEL_GSO_TCPV4   ? VIRTIO_NET_HDR_GSO_TCPV4
				     : u->gso_type & KERNEL_GSO_TCPV6 ? VIRTIO_NET_HDR_GSO_TCPV6
								      : VIRTIO_NET_HDR_GSO_UDP_L4;
		}
	} else {
		ok = guess_offloads(p, u, &h);
	}
	if (!ok || vnet_take(p, &h) < 0) {
		r->n_bad++;
		packet_free(p);
		return 0;
	}
	if (u->vlan_tci || u->vlan_tpid)
		put_vlan(p, u->vlan_tpid, u->vlan_tci);
	p->dp_port = u->dp_port;
	compile_upcall_tunnel(u, &p->tunnel);
	r->batch[r->n++] = p;
	return r->n == PACKET_BATCH ? -ENOBUFS : 0; /* the record counts as taken */
}

static int ring_rx(struct port *port, unsigned queue UNUSED, struct packet *batch[PACKET_BATCH])
{
	struct ring *r = port->priv;
	r->batch = batch;
	r->n = 0;
	ring_buffer__consume(r->rb);
	return r->n;
}

static int ring_rx_fd(const struct port *port, unsigned queue UNUSED)
{
	return ring_buffer__epoll_fd(((struct ring *)port->priv)->rb);
}

static int ring_start(struct port *port UNUSED, struct err *err UNUSED) { return 0; }

static void ring_close(struct port *port)
{
	struct ring *r = port->priv;
	ring_buffer__free(r->rb);
	free(r);
}

static void ring_tx(struct port *port UNUSED, unsigned queue UNUSED, struct packet **batch,
		    unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		packet_free(batch[i]); /* nothing is ever sent here: it has no number in any flow */
}

static void ring_get_state(const struct port *port UNUSED, struct port_state *ret)
{
	memset(ret, 0, sizeof *ret);
}

static const struct port_ops ring_ops = {
	.type = "upcalls",
	.kind = PORT_UPCALLS,
	.close = ring_close,
	.get_state = ring_get_state,
	.start_rx = ring_start,
	.rx_fd = ring_rx_fd,
	.rx = ring_rx,
	.tx = ring_tx,
};

int ring_open(struct ebpf *e, struct port **ret, struct err *err)
{
	struct ring *r = xzalloc(sizeof *r);
	r->has_kern_ctx = e->has_kern_ctx;
	r->backlog = e->backlog;
	r->rb = ring_buffer__new(bpf_map__fd(e->skel->maps.weft_ring), on_record, r, NULL);
	if (!r->rb) {
		int code = -errno;
		free(r);
		return err_errno(err, code, "ring of upcalls");
	}
	struct port *port = port_new(&ring_ops, "upcalls");
	port->n_rxq = 1;
	port->priv = r;
	*ret = port;
	return 0;
}
