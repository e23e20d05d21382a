/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels in user space: the outer header of an action goes in front of each packet, and what
 * depends on the packet is filled in.
 *
 * Speed is decided by what one system call carries. A guest's 64 KB TSO packet cannot stay whole
 * inside of a tunnel (no virtio-net header can say "TCP inside of VXLAN" to a packet socket), but
 * UDP can be segmented by the kernel or the NIC: the inner segments are laid out one behind the
 * other, each with its VXLAN or Geneve header, and leave as one UDP packet with GSO_UDP_L4, whose
 * far end with UDP_GRO gets it in one piece. That needs an outer checksum, which RFC 7348 allows:
 * it is sent on such packets even if options:csum is not set. GRE has no such way: its segments go
 * out one by one.
 *
 * Packets too large for the underlay: too_big.c. TCP super-packets are cut to what fits, and the
 * sender is told as well, so that its other packets fit, too. */
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "fastpath/decap.h"
#include "fastpath/encap.h"
#include "fastpath/too_big.h"
#include "fastpath/user/user.h"
#include "packet/coalesce.h"
#include "packet/csum.h"
#include "packet/segment.h"
#include "wire/net.h"

LOG_MODULE(tunnel_user);

struct egress_ports tunnel_egress_ports = { 32768, 61000 };

struct push {
	struct exec *ex;
	const struct dpa_tunnel_push *a;
	const void *rest;
	size_t rest_size;
	unsigned depth;
	uint32_t ifindex;   /* not 0: an output to this device follows */
	uint32_t max_inner; /* bytes of the inner packet that fit */
	uint16_t udp_src;   /* of the packet at hand */
	unsigned n;
	struct packet *batch[PACKET_BATCH];
};

static bool is_udp(const struct dpa_tunnel_push *a)
{
	return a->type == TUNNEL_VXLAN || a->type == TUNNEL_GENEVE;
}

static void run_rest(struct push *s)
{
	unsigned n = s->n;
	s->n = 0;
	if (n)
		exec_actions(s->ex, s->batch, n, s->rest, s->rest_size, s->depth + 1);
}

static void emit(struct push *s, struct packet *p)
{
	if (s->ifindex) {
		device_out_put(s->ex, s->ifindex, p);
		return;
	}
	s->batch[s->n++] = p;
	if (s->n == PACKET_BATCH)
		run_rest(s);
}

/* The same for all packets of a connection. */
static uint32_t inner_hash(const struct packet *p)
{
	uint32_t h = 0;
	if (p->l3_ofs != PACKET_NO_OFS && p->size >= p->l3_ofs + 20u) {
		const uint8_t *ip = p->data + p->l3_ofs;
		if (ip[0] >> 4 == 4) {
			h = hash_add(h, get_be32(ip + 12));
			h = hash_add(h, get_be32(ip + 16));
			h = hash_add(h, ip[9]);
		} else if (ip[0] >> 4 == 6 && p->size >= p->l3_ofs + 40u) {
			h = hash_bytes(ip + 8, 32, h);
			h = hash_add(h, ip[6]);
		}
		if (p->l4_ofs != PACKET_NO_OFS && p->size >= p->l4_ofs + 4u)
			h = hash_add(h, get_be32(p->data + p->l4_ofs));
	}
	if (!h && p->size >= 12)
		h = hash_bytes(p->data, 12, h);
	return hash_finish(h, 12);
}

static uint16_t choose_port(const struct packet *p)
{
	const struct egress_ports *r = &tunnel_egress_ports;
	uint32_t n = (uint32_t)(r->max - r->min) + 1;
	return (uint16_t)(r->min + (((uint64_t)inner_hash(p) * n) >> 32));
}

/* Lengths, ids, ports and checksums of the outer headers of a packet that is whole. 'gso': the UDP
 * checksum is left to who segments it. */
static void finish_outer(struct push *s, struct packet *p, bool gso)
{
	const struct dpa_tunnel_push *a = s->a;
	uint8_t *ip = p->data + a->l3_ofs, *l4 = p->data + a->l4_ofs;
	uint32_t l4_size = p->size - a->l4_ofs, pseudo;
	uint8_t proto = is_udp(a) ? IPPROTO_UDP : IPPROTO_GRE;
	if (ip[0] >> 4 == 4) {
		struct ip4_hdr *h = (void *)ip;
		h->tot_len = cpu_to_be16((uint16_t)(p->size - a->l3_ofs));
		if (!(h->frag_off & BE16_C(IP4_DF)))
			h->id = cpu_to_be16(s->ex->ip_id++);
		h->csum = 0;
		h->csum = csum(h, IP4_HLEN);
		pseudo = csum_pseudo4(h->src, h->dst, proto, l4_size);
	} else {
		struct ip6_hdr_wire *h = (void *)ip;
		h->plen = cpu_to_be16((uint16_t)(p->size - a->l3_ofs - IP6_HLEN));
		pseudo = csum_pseudo6(h->src, h->dst, proto, l4_size);
	}
	if (proto == IPPROTO_UDP) {
		struct udp_hdr *u = (void *)l4;
		u->src = cpu_to_be16(s->udp_src);
		u->len = cpu_to_be16((uint16_t)l4_size);
		if (gso) {
			be16 sum = csum_fold_raw(pseudo);
			memcpy(&u->csum, &sum, 2);
		} else if (u->csum) { /* the action's header has 0xffff: wanted */
			u->csum = 0;
			u->csum = csum_fold(csum_add(pseudo, l4, l4_size));
			if (!u->csum)
				u->csum = 0xffff;
		}
	} else if (get_be16(l4) & GRE_CSUM) {
		be16 sum = csum(l4, l4_size);
		memcpy(l4 + 4, &sum, 2);
	}
}

/* One finished inner packet that fits. */
static void push_one(struct push *s, struct packet *p)
{
	const struct dpa_tunnel_push *a = s->a;
	memcpy(packet_push(p, a->header_size), a->header, a->header_size);
	finish_outer(s, p, false);
	packet_reset_metadata(p);
	p->l2_5_ofs = PACKET_NO_OFS;
	p->l3_ofs = a->l3_ofs;
	p->l4_ofs = a->l4_ofs;
	p->l2_pad_size = 0;
	emit(s, p);
}

/* A TCP or UDP super-packet, as one or more UDP super-packets. False: it has to be cut. */
static bool push_super(struct push *s, struct packet *p)
{
	const struct dpa_tunnel_push *a = s->a;
	uint32_t head = segment_header_size(p);
	if (!head || !is_udp(a) || !s->ifindex)
		return false;
	bool tcp = p->gso_type != PACKET_GSO_UDP_L4;
	uint32_t l4 = p->csum_partial ? p->csum_start : p->l4_ofs, l3 = p->l3_ofs;
	uint32_t mss = p->gso_size, total = p->size - head;
	uint32_t tun_ofs = a->l4_ofs + (uint32_t)UDP_HLEN, tun_size = a->header_size - tun_ofs;
	uint32_t piece = tun_size + head + mss;
	uint32_t n_max = MIN((65535 - (tun_ofs - a->l3_ofs)) / piece, 64);
	if (n_max < 2)
		return false;
	/* As even as they go: the last one should not be tiny. */
	uint32_t n_pieces = DIV_ROUND_UP(total, mss);
	uint32_t n_supers = DIV_ROUND_UP(n_pieces, n_max);
	uint32_t per_super = DIV_ROUND_UP(n_pieces, n_supers);
	uint32_t nth = 0;
	for (uint32_t ofs = 0; ofs < total;) {
		struct packet *o = packet_new(tun_ofs + per_super * piece);
		memcpy(packet_put(o, tun_ofs), a->header, tun_ofs);
		uint32_t n = 0;
		for (; n < per_super && ofs < total; n++, nth++) {
			uint32_t size = MIN(mss, total - ofs);
			memcpy(packet_put(o, tun_size), a->header + tun_ofs, tun_size);
			uint8_t *frame = packet_put(o, head + size);
			memcpy(frame, p->data, head);
			memcpy(frame + head, p->data + head + ofs, size);
			segment_finish(frame, head + size, l3, l4, nth, ofs, ofs + size == total,
				       tcp);
			ofs += size;
		}
		finish_outer(s, o, n > 1);
		if (n > 1) {
			o->csum_partial = true;
			o->csum_start = a->l4_ofs;
			o->csum_offset = offsetof(struct udp_hdr, csum);
			o->gso_type = PACKET_GSO_UDP_L4;
			o->gso_size = (uint16_t)piece;
			o->gso_hdr_size = (uint16_t)tun_ofs;
		}
		emit(s, o);
	}
	packet_free(p);
	return true;
}

/* At most so many answers a second and thread: an answer costs more than what it answers. */
static bool may_answer(struct exec *ex)
{
	enum { PER_SECOND = 500 };
	if (ex->now_ns - ex->answers_since_ns >= 1000000000LL ||
	    ex->now_ns < ex->answers_since_ns) {
		ex->answers_since_ns = ex->now_ns;
		ex->n_answers = 0;
	}
	return ex->n_answers++ < PER_SECOND;
}

/* The answer arrives as if the far end had sent it: the pipeline takes it where it belongs. */
static void tell_sender(struct push *s, const struct packet *p)
{
	const struct dpa_tunnel_push *a = s->a;
	if (p->l3_ofs == PACKET_NO_OFS || s->max_inner <= p->l3_ofs || !may_answer(s->ex))
		return;
	struct packet *answer = too_big_answer(p, s->max_inner - p->l3_ofs);
	if (!answer)
		return;
	const uint8_t *ip = a->header + a->l3_ofs;
	if (ip[0] >> 4 == 4) {
		memcpy(&answer->tunnel.ip_src, ip + 16, 4);
		memcpy(&answer->tunnel.ip_dst, ip + 12, 4);
	} else {
		memcpy(&answer->tunnel.ipv6_src, ip + 24, 16);
		memcpy(&answer->tunnel.ipv6_dst, ip + 8, 16);
	}
	answer->tunnel.id = a->in_id;
	answer->tunnel.flags = a->in_flags;
	answer->tunnel.ttl = 64;
	answer->dp_port = a->tunnel_port;
	drop_count(DROP_TOO_BIG, 1);
	exec_lookup(s->ex, &answer, 1, s->depth + 1);
}

static void too_big(struct push *s, struct packet *p)
{
	if (s->max_inner > p->l3_ofs && p->l3_ofs != PACKET_NO_OFS) {
		struct packet *f = too_big_fragment(p, s->max_inner - p->l3_ofs);
		if (f) {
			while (f) {
				struct packet *next = f->next;
				f->next = NULL;
				push_one(s, f);
				f = next;
			}
			return;
		}
	}
	tell_sender(s, p);
	exec_drop(s->ex, p, DROP_TOO_BIG);
}

static void push_piece(struct packet *p, void *arg)
{
	struct push *s = arg;
	if (p->size > s->max_inner)
		too_big(s, p);
	else
		push_one(s, p);
}

static void push_packet(struct push *s, struct packet *p)
{
	if (is_udp(s->a))
		s->udp_src = choose_port(p);
	if (!p->gso_type) {
		packet_finish_csum(p);
		push_piece(p, s);
		return;
	}
	uint32_t head = segment_header_size(p);
	if (head && head + p->gso_size > s->max_inner && p->gso_type != PACKET_GSO_UDP_L4) {
		tell_sender(s, p);
		if (s->max_inner < head + 88u) { /* no sensible segment is left */
			exec_drop(s->ex, p, DROP_TOO_BIG);
			return;
		}
		p->gso_size = (uint16_t)(s->max_inner - head);
	}
	if (head + p->gso_size > s->max_inner || !push_super(s, p))
		packet_segment(p, push_piece, s);
}

void exec_tunnel_push(struct exec *ex, struct packet **batch, unsigned n,
		      const struct dpa_tunnel_push *a, const void *rest, size_t rest_size,
		      unsigned depth)
{
	struct push s = {
		.ex = ex,
		.a = a,
		.rest = rest,
		.rest_size = rest_size,
		.depth = depth,
		.max_inner = UINT32_MAX,
	};
	const struct dpa_output_dev *dev = rest;
	bool to_device = rest_size >= sizeof *dev && dev->h.type == DPA_OUTPUT_DEV;
	if (to_device) {
		uint32_t outer = (uint32_t)(a->header_size - a->l3_ofs);
		if (dev->mtu)
			s.max_inner = dev->mtu > outer ? dev->mtu - outer : 0;
		s.ifindex = dev->ifindex;
	}
	/* Header and device are one step: what follows them goes on with the inner packet. */
	bool more = to_device && rest_size > dev->h.size;
	for (unsigned i = 0; i < n; i++)
		push_packet(&s, more ? packet_clone(batch[i]) : batch[i]);
	run_rest(&s);
	if (more)
		exec_actions(ex, batch, n, (const uint8_t *)rest + dev->h.size,
			     rest_size - dev->h.size, depth);
}

struct pop {
	struct exec *ex;
	enum tunnel_type type;
	uint32_t tunnel_port;
	unsigned depth;
	struct coalescer c;
};

static void run_popped(struct pop *s)
{
	coalesce_finish(&s->c);
	unsigned n = s->c.n;
	s->c.n = 0;
	if (n)
		exec_lookup(s->ex, s->c.packets, n, s->depth + 1);
}

static void pop_one(struct packet *p, void *arg)
{
	struct pop *s = arg;
	packet_parse_offsets(p);
	if (tunnel_decap(p, s->type) < 0) {
		static struct log_limit limit = LOG_LIMIT(5, 5);
		log_dbg_limited(&limit, "packet for tunnel port %u is none", s->tunnel_port);
		exec_drop(s->ex, p, DROP_TUNNEL_HEADER);
		return;
	}
	p->dp_port = s->tunnel_port;
	if (p->packet_type == PT_ETH && !p->gso_type && !p->csum_partial &&
	    coalesce_merge(&s->c, p->data, p->size, &p->tunnel)) {
		packet_free(p);
		return;
	}
	if (s->c.n == PACKET_BATCH)
		run_popped(s);
	coalesce_add(&s->c, p);
}

void exec_tunnel_pop(struct exec *ex, struct packet **batch, unsigned n, uint32_t tunnel_port,
		     unsigned depth)
{
	const struct user_port *up =
		tunnel_port < MAX_DP_PORTS ? rcu_dereference(ex->fp->ports[tunnel_port]) : NULL;
	struct pop s = { .ex = ex, .tunnel_port = tunnel_port, .depth = depth };
	s.type = up ? up->port->tunnel_type : TUNNEL_NONE;
	for (unsigned i = 0; i < n; i++) {
		/* A UDP super-packet holds several inner packets; a TCP one is itself inside. */
		if (s.type == TUNNEL_NONE)
			exec_drop(ex, batch[i], DROP_NO_PORT);
		else if (batch[i]->gso_type == PACKET_GSO_UDP_L4)
			packet_segment(batch[i], pop_one, &s);
		else
			pop_one(batch[i], &s);
	}
	run_popped(&s);
}
