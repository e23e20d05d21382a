/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting what the sender left whole: TCP super-packets and UDP segmentation (UDP_L4), into packets
 * that a wire takes, as a NIC would (virtio 1.2, 5.1.6.2). Headers are copied to every piece;
 * sequence numbers, lengths, IP ids and checksums are made anew. FIN and PSH belong to the last
 * piece, CWR to the first (RFC 3168 section 6.1.2). */
#include <string.h>

#include "base/mem.h"
#include "packet/csum.h"
#include "packet/packet.h"
#include "packet/segment.h"
#include "wire/net.h"

uint32_t segment_header_size(const struct packet *p)
{
	uint32_t l4 = p->csum_partial ? p->csum_start : p->l4_ofs;
	if (p->l3_ofs == PACKET_NO_OFS || l4 == PACKET_NO_OFS || l4 <= p->l3_ofs || !p->gso_size)
		return 0;
	bool tcp = p->gso_type != PACKET_GSO_UDP_L4;
	if (l4 + (tcp ? TCP_HLEN : UDP_HLEN) > p->size)
		return 0;
	uint32_t size = l4 + UDP_HLEN;
	if (tcp) {
		const struct tcp_hdr *h = (const void *)(p->data + l4);
		uint32_t hlen = (be16_to_cpu(h->ofs_flags) >> 12) * 4u;
		if (hlen < TCP_HLEN)
			return 0;
		size = l4 + hlen;
	}
	bool ip4 = p->data[p->l3_ofs] >> 4 == 4;
	if ((p->gso_type == PACKET_GSO_TCP4 && !ip4) || (p->gso_type == PACKET_GSO_TCP6 && ip4) ||
	    l4 - p->l3_ofs < (ip4 ? IP4_HLEN : IP6_HLEN))
		return 0;
	return size < p->size ? size : 0;
}

uint32_t packet_n_segments(const struct packet *p)
{
	if (!p->gso_type)
		return 1;
	uint32_t hdr = segment_header_size(p);
	return hdr ? DIV_ROUND_UP(p->size - hdr, p->gso_size) : 1;
}

void segment_finish(uint8_t *frame, uint32_t size, uint32_t l3, uint32_t l4, uint32_t nth,
		    uint32_t payload_ofs, bool last, bool tcp)
{
	uint8_t *ip = frame + l3;
	uint32_t l4_size = size - l4, sum;
	uint8_t proto = tcp ? IPPROTO_TCP : IPPROTO_UDP;

	if (ip[0] >> 4 == 4) {
		struct ip4_hdr *h = (void *)ip;
		h->tot_len = cpu_to_be16((uint16_t)(size - l3));
		h->id = cpu_to_be16((uint16_t)(be16_to_cpu(h->id) + nth));
		h->csum = 0;
		h->csum = csum(h, (h->ver_ihl & 0xfu) * 4);
		sum = csum_pseudo4(h->src, h->dst, proto, l4_size);
	} else {
		struct ip6_hdr_wire *h = (void *)ip;
		h->plen = cpu_to_be16((uint16_t)(size - l3 - IP6_HLEN));
		sum = csum_pseudo6(h->src, h->dst, proto, l4_size);
	}
	if (tcp) {
		struct tcp_hdr *h = (void *)(frame + l4);
		h->seq = cpu_to_be32(be32_to_cpu(h->seq) + payload_ofs);
		if (!last)
			h->ofs_flags &= ~BE16_C(TCP_FIN | TCP_PSH);
		if (nth)
			h->ofs_flags &= ~BE16_C(TCP_CWR);
		h->csum = 0;
		h->csum = csum_fold(csum_add(sum, h, l4_size));
	} else {
		struct udp_hdr *h = (void *)(frame + l4);
		h->len = cpu_to_be16((uint16_t)l4_size);
		h->csum = 0;
		h->csum = csum_fold(csum_add(sum, h, l4_size));
		if (!h->csum)
			h->csum = 0xffff;
	}
}

void packet_segment(struct packet *p, void (*out)(struct packet *owned, void *arg), void *arg)
{
	uint32_t hdr = p->gso_type ? segment_header_size(p) : 0;
	if (!hdr) {
		p->gso_type = PACKET_GSO_NONE;
		packet_finish_csum(p);
		out(p, arg);
		return;
	}
	bool tcp = p->gso_type != PACKET_GSO_UDP_L4;
	uint32_t l3 = p->l3_ofs, l4 = p->csum_partial ? p->csum_start : p->l4_ofs;
	uint32_t total = p->size - hdr;

	for (uint32_t ofs = 0, nth = 0; ofs < total; ofs += p->gso_size, nth++) {
		uint32_t n = MIN(p->gso_size, total - ofs);
		struct packet *s = packet_new(hdr + n);
		memcpy(s->data, p->data, hdr);
		memcpy(s->data + hdr, p->data + hdr + ofs, n);
		s->size = hdr + n;
		s->l2_5_ofs = p->l2_5_ofs;
		s->l3_ofs = p->l3_ofs;
		s->l4_ofs = (uint16_t)l4;
		s->dp_port = p->dp_port;
		s->recirc_id = p->recirc_id;
		s->dp_hash = p->dp_hash;
		s->skb_priority = p->skb_priority;
		s->pkt_mark = p->pkt_mark;
		s->packet_type = p->packet_type;
		s->ct_state = p->ct_state;
		s->ct_mark = p->ct_mark;
		s->ct_zone = p->ct_zone;
		memcpy(s->ct_label, p->ct_label, sizeof s->ct_label);
		s->tunnel = p->tunnel;
		memcpy(s->tun_opts, p->tun_opts, p->tunnel.opts_size);
		segment_finish(s->data, s->size, l3, l4, nth, ofs, ofs + n == total, tcp);
		s->csum_valid = true;
		out(s, arg);
	}
	packet_free(p);
}
