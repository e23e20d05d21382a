/* SPDX-License-Identifier: Apache-2.0 */
/* vnet: the virtio-net header (virtio 1.2, 5.1.6), with which the kernel hands us packets whose
 * checksum is not computed and that are not cut into segments yet, and takes such packets back.
 * Used on packet sockets (PACKET_VNET_HDR) and taps (IFF_VNET_HDR). It lies in the packet's
 * headroom right before the packet, so that one iovec carries both. */
#pragma once
#include <errno.h>
#include <linux/virtio_net.h>
#include "packet/packet.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum { VNET_BYTES = sizeof(struct virtio_net_hdr) };
_Static_assert(VNET_BYTES == 10, "virtio 1.2, 5.1.6, without mergeable buffers");

/* What the kernel said of a packet that was just received, its size known. The kernel's hdr_len is
 * a hint only, so the headers are measured. -EINVAL: offsets outside of the packet. */
static inline int vnet_take(struct packet *p, const struct virtio_net_hdr *h)
{
	p->csum_partial = h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	p->csum_valid = p->csum_partial || (h->flags & VIRTIO_NET_HDR_F_DATA_VALID);
	p->gso_type = PACKET_GSO_NONE;
	p->gso_size = 0;
	p->gso_hdr_size = 0;
	if (!p->csum_partial)
		return h->gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : -EINVAL;
	p->csum_start = h->csum_start;
	p->csum_offset = h->csum_offset;
	if ((uint32_t)h->csum_start + h->csum_offset + 2 > p->size)
		return -EINVAL;
	uint32_t l4_size;
	switch (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return 0;
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
		if (h->csum_start + 20u > p->size)
			return -EINVAL;
		l4_size = (p->data[h->csum_start + 12] >> 4) * 4u;
		if (l4_size < 20)
			return -EINVAL;
		p->gso_type = (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV4
				      ? PACKET_GSO_TCP4
				      : PACKET_GSO_TCP6;
		break;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		l4_size = 8;
		p->gso_type = PACKET_GSO_UDP_L4;
		break;
	default:
		return -EINVAL;
	}
	if (h->csum_start + l4_size > p->size || !h->gso_size)
		return -EINVAL;
	p->gso_size = h->gso_size;
	p->gso_hdr_size = (uint16_t)(h->csum_start + l4_size);
	return 0;
}

/* Writes the header in front of the packet. */
static inline void vnet_put(struct packet *p)
{
	static const uint8_t gso_types[] = {
		[PACKET_GSO_NONE] = VIRTIO_NET_HDR_GSO_NONE,
		[PACKET_GSO_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
		[PACKET_GSO_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
		[PACKET_GSO_UDP_L4] = VIRTIO_NET_HDR_GSO_UDP_L4,
	};
	struct virtio_net_hdr h = { .gso_type = gso_types[p->gso_type] };
	if (p->csum_partial) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.csum_start = p->csum_start;
		h.csum_offset = p->csum_offset;
		h.hdr_len = p->csum_start;
	}
	if (p->gso_type != PACKET_GSO_NONE) {
		h.hdr_len = p->gso_hdr_size;
		h.gso_size = p->gso_size;
	}
	if (packet_headroom(p) < VNET_BYTES) { /* many headers were pushed */
		packet_push(p, VNET_BYTES);
		packet_pull(p, VNET_BYTES);
	}
	__builtin_memcpy(p->data - VNET_BYTES, &h, sizeof h);
}
