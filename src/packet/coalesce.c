/* SPDX-License-Identifier: Apache-2.0 */
/* Receive offload in software. What the kernel's GRO does at a device it cannot do inside of our
 * tunnels, and a guest that gets 1,400-byte segments one by one is many times slower than one that
 * gets 64 KB at once.
 *
 * The rules are those of a NIC's LRO as the Linux stack accepts it: only plain data segments (ACK,
 * perhaps PSH), same Ethernet, IP and TCP headers but for lengths, IP id, sequence and checksum;
 * all of the same size but the last; the merged packet gets cut at the same places if it must be
 * sent on. A checksum is verified before a segment is merged, since the merged packet counts as
 * good. */
#include "packet/coalesce.h"

#include <string.h>

#include "packet/csum.h"
#include "wire/net.h"

enum { MAX_MERGED = 65535 - 64 };

struct segment {
	const struct tcp_hdr *tcp;
	uint32_t l3, l4, payload_ofs, size; /* from the frame's start; size without padding */
	bool ip6;
};

/* False: not a segment that may be merged, or merged to. */
static bool parse(const uint8_t *f, uint32_t size, struct segment *s)
{
	uint32_t at = 12;
	if (size < ETH_HLEN + IP4_HLEN + TCP_HLEN)
		return false;
	uint16_t type = get_be16(f + at);
	if (type == ETH_TYPE_VLAN && size >= ETH_HLEN + VLAN_HLEN + IP4_HLEN + TCP_HLEN) {
		at += VLAN_HLEN;
		type = get_be16(f + at);
	}
	s->l3 = at + 2;
	s->ip6 = type == ETH_TYPE_IPV6;
	if (type == ETH_TYPE_IP) {
		const struct ip4_hdr *h = (const void *)(f + s->l3);
		if (h->ver_ihl != 0x45 || h->proto != IPPROTO_TCP ||
		    (h->frag_off & BE16_C(IP4_MF | IP4_OFF_MASK)))
			return false;
		s->l4 = s->l3 + IP4_HLEN;
		s->size = s->l3 + be16_to_cpu(h->tot_len);
	} else if (s->ip6) {
		const struct ip6_hdr_wire *h = (const void *)(f + s->l3);
		if (size < s->l3 + IP6_HLEN + TCP_HLEN || h->next != IPPROTO_TCP)
			return false;
		s->l4 = s->l3 + IP6_HLEN;
		s->size = s->l4 + be16_to_cpu(h->plen);
	} else {
		return false;
	}
	if (s->size > size || s->size < s->l4 + TCP_HLEN)
		return false;
	s->tcp = (const void *)(f + s->l4);
	uint16_t bits = be16_to_cpu(s->tcp->ofs_flags);
	s->payload_ofs = s->l4 + (bits >> 12) * 4u;
	if ((bits >> 12) < 5 || s->payload_ofs >= s->size)
		return false; /* no payload: an ACK, which must not wait */
	return (bits & 0xfff & ~(unsigned)TCP_PSH) == TCP_ACK;
}

static bool csum_is_good(const uint8_t *f, const struct segment *s)
{
	uint32_t len = s->size - s->l4, sum;
	if (s->ip6) {
		const struct ip6_hdr_wire *h = (const void *)(f + s->l3);
		sum = csum_pseudo6(h->src, h->dst, IPPROTO_TCP, len);
	} else {
		const struct ip4_hdr *h = (const void *)(f + s->l3);
		if (csum(h, IP4_HLEN))
			return false;
		sum = csum_pseudo4(h->src, h->dst, IPPROTO_TCP, len);
	}
	return !csum_fold(csum_add(sum, f + s->l4, len));
}

/* Everything before TCP, but lengths, ids and checksums. */
static bool same_flow(const uint8_t *a, const struct segment *x, const uint8_t *b,
		      const struct segment *y)
{
	if (x->l3 != y->l3 || x->ip6 != y->ip6 || memcmp(a, b, x->l3) ||
	    memcmp(a + x->l4, b + y->l4, 4))
		return false;
	const uint8_t *p = a + x->l3, *q = b + y->l3;
	return x->ip6 ? !memcmp(p + 8, q + 8, 32) : !memcmp(p + 12, q + 12, 8);
}

static bool same_headers(const uint8_t *a, const struct segment *x, const uint8_t *b,
			 const struct segment *y)
{
	const uint8_t *p = a + x->l3, *q = b + y->l3;
	if (x->payload_ofs != y->payload_ofs)
		return false;
	if (x->ip6 ? memcmp(p, q, 4) || memcmp(p + 6, q + 6, 2)
		   : p[1] != q[1] || memcmp(p + 6, q + 6, 2) || p[8] != q[8])
		return false;
	return x->tcp->ack == y->tcp->ack && x->tcp->win == y->tcp->win &&
	       !memcmp(x->tcp + 1, y->tcp + 1, x->payload_ofs - x->l4 - TCP_HLEN);
}

bool coalesce_merge(struct coalescer *c, const uint8_t *frame, uint32_t size,
		    const struct tunnel_key *tunnel)
{
	struct segment s, old;
	if (!c->n || tunnel->opts_size || !parse(frame, size, &s))
		return false;
	for (unsigned i = c->n; i-- > 0;) {
		struct packet *p = c->packets[i];
		if (!c->tail[i].open || memcmp(&p->tunnel, tunnel, sizeof *tunnel))
			continue;
		/* Its lengths are not updated before the end: look at the headers only. */
		old = s;
		old.tcp = (const void *)(p->data + old.l4);
		if (c->tail[i].payload_ofs <= s.l4 || !same_flow(p->data, &old, frame, &s))
			continue;
		old.payload_ofs = c->tail[i].payload_ofs;
		uint32_t payload = s.size - s.payload_ofs;
		if (!same_headers(p->data, &old, frame, &s) ||
		    be32_to_cpu(s.tcp->seq) != c->tail[i].next_seq || payload > c->tail[i].mss ||
		    p->size + payload > MAX_MERGED || packet_tailroom(p) < payload ||
		    !csum_is_good(frame, &s)) {
			c->tail[i].open = false; /* later ones must not overtake this one */
			return false;
		}
		/* Read what is needed of the headers before the move: they may be overwritten. */
		bool push = s.tcp->ofs_flags & BE16_C(TCP_PSH);
		memmove(p->data + p->size, frame + s.payload_ofs, payload);
		p->size += payload;
		c->tail[i].next_seq += payload;
		if (push)
			((struct tcp_hdr *)(p->data + s.l4))->ofs_flags |= BE16_C(TCP_PSH);
		if (push || payload < c->tail[i].mss)
			c->tail[i].open = false;
		p->gso_size = c->tail[i].mss;
		return true;
	}
	return false;
}

void coalesce_add(struct coalescer *c, struct packet *p)
{
	struct segment s;
	unsigned i = c->n++;
	ASSERT(i < PACKET_BATCH);
	c->packets[i] = p;
	c->tail[i].open = false;
	if (p->gso_type || p->csum_partial || !parse(p->data, p->size, &s) ||
	    (s.tcp->ofs_flags & BE16_C(TCP_PSH)) || !csum_is_good(p->data, &s))
		return;
	p->size = s.size; /* Ethernet padding off */
	c->tail[i].open = true;
	c->tail[i].payload_ofs = (uint16_t)s.payload_ofs;
	c->tail[i].mss = (uint16_t)MIN(s.size - s.payload_ofs, UINT16_MAX);
	c->tail[i].next_seq = be32_to_cpu(s.tcp->seq) + s.size - s.payload_ofs;
}

static void finish(struct packet *p)
{
	uint32_t l3 = get_be16(p->data + 12) == ETH_TYPE_VLAN ? ETH_HLEN + VLAN_HLEN : ETH_HLEN;
	uint32_t l4;
	be16 sum;
	if (p->data[l3] >> 4 == 4) {
		struct ip4_hdr *h = (void *)(p->data + l3);
		l4 = l3 + IP4_HLEN;
		h->tot_len = cpu_to_be16((uint16_t)(p->size - l3));
		h->csum = 0;
		h->csum = csum(h, IP4_HLEN);
		sum = csum_fold_raw(csum_pseudo4(h->src, h->dst, IPPROTO_TCP, p->size - l4));
		p->gso_type = PACKET_GSO_TCP4;
	} else {
		struct ip6_hdr_wire *h = (void *)(p->data + l3);
		l4 = l3 + IP6_HLEN;
		h->plen = cpu_to_be16((uint16_t)(p->size - l4));
		sum = csum_fold_raw(csum_pseudo6(h->src, h->dst, IPPROTO_TCP, p->size - l4));
		p->gso_type = PACKET_GSO_TCP6;
	}
	struct tcp_hdr *t = (void *)(p->data + l4);
	memcpy(&t->csum, &sum, 2);
	p->csum_partial = p->csum_valid = true;
	p->csum_start = (uint16_t)l4;
	p->csum_offset = offsetof(struct tcp_hdr, csum);
	p->gso_hdr_size = (uint16_t)(l4 + (be16_to_cpu(t->ofs_flags) >> 12) * 4);
}

void coalesce_finish(struct coalescer *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->packets[i]->gso_size && !c->packets[i]->gso_type)
			finish(c->packets[i]);
	}
}
