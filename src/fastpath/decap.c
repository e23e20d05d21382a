/* SPDX-License-Identifier: Apache-2.0 */
/* One reader of outer headers for all who get tunnelled packets: sockets of the host and bridges
 * that are underlays. What is short, of another version, or has flags that change the layout and
 * are not known here is refused, since a header misread makes garbage of the packet behind it.
 * Geneve's options are checked for their sizes only; critical or not, what they mean is for flows
 * to say. */
#include "fastpath/decap.h"

#include <errno.h>
#include <string.h>

#include "packet/csum.h"
#include "wire/net.h"

enum {
	VXLAN_F_VNI = 0x08000000,
	VXLAN_F_GBP = 0x80000000,
	VXLAN_GBP_DONT_LEARN = 0x00400000,
	VXLAN_GBP_APPLIED = 0x00080000,
	GENEVE_OAM = 0x80
};

static int parse_vxlan(const uint8_t *p, uint32_t size, struct tunnel_header *h)
{
	if (size < sizeof(struct vxlan_hdr))
		return -EINVAL;
	uint32_t flags = get_be32(p);
	if (!(flags & VXLAN_F_VNI))
		return -EINVAL;
	h->size = sizeof(struct vxlan_hdr);
	h->id = cpu_to_be64(get_be32(p + 4) >> 8);
	h->flags = TUN_F_KEY;
	h->packet_type = PT_ETH;
	if (flags & VXLAN_F_GBP) {
		h->gbp_id = cpu_to_be16((uint16_t)flags);
		h->gbp_flags = (uint8_t)(flags >> 16);
	}
	return 0;
}

/* The inner packet's type by its ethertype, as GRE and Geneve say it. */
static int type_of(uint16_t proto, uint32_t *ret)
{
	switch (proto) {
	case ETH_TYPE_TEB:
		*ret = PT_ETH;
		return 0;
	case ETH_TYPE_IP:
	case ETH_TYPE_IPV6:
	case ETH_TYPE_MPLS:
	case ETH_TYPE_MPLS_MCAST:
	case ETH_TYPE_NSH:
		*ret = PT_OF(1, proto);
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse_gre(const uint8_t *p, uint32_t size, struct tunnel_header *h)
{
	uint32_t at = sizeof(struct gre_hdr);
	if (size < at)
		return -EINVAL;
	uint16_t flags = get_be16(p);
	if (flags & ~(unsigned)(GRE_CSUM | GRE_KEY | GRE_SEQ))
		return -EINVAL; /* routing, another version, PPTP */
	if (flags & GRE_CSUM) {
		if (size < at + 4 || csum(p, size))
			return -EINVAL;
		h->flags |= TUN_F_CSUM;
		at += 4;
	}
	if (flags & GRE_KEY) {
		if (size < at + 4)
			return -EINVAL;
		h->id = cpu_to_be64(get_be32(p + at));
		h->flags |= TUN_F_KEY;
		at += 4;
	}
	if (flags & GRE_SEQ)
		at += 4;
	if (size < at)
		return -EINVAL;
	h->size = at;
	return type_of(get_be16(p + 2), &h->packet_type);
}

static int parse_geneve(const uint8_t *p, uint32_t size, struct tunnel_header *h)
{
	if (size < sizeof(struct geneve_hdr) || p[0] >> 6)
		return -EINVAL;
	uint32_t opts_size = (p[0] & 0x3fu) * 4;
	if (size < sizeof(struct geneve_hdr) + opts_size)
		return -EINVAL;
	h->opts = p + sizeof(struct geneve_hdr);
	for (uint32_t at = 0; at < opts_size;) { /* 8926, 3.5: each fits in what is left */
		if (opts_size - at < 4)
			return -EINVAL;
		uint32_t one = 4 + (h->opts[at + 3] & 0x1fu) * 4;
		if (one > opts_size - at)
			return -EINVAL;
		at += one;
	}
	h->size = sizeof(struct geneve_hdr) + opts_size;
	h->id = cpu_to_be64(get_be32(p + 4) >> 8);
	h->flags = TUN_F_KEY;
	if (p[1] & GENEVE_OAM)
		h->flags |= TUN_F_OAM;
	if (opts_size) {
		h->flags |= TUN_F_OPTIONS;
		h->opts_size = (uint8_t)opts_size; /* at most 252 */
	}
	return type_of(get_be16(p + 2), &h->packet_type);
}

int tunnel_header_parse(enum tunnel_type type, const uint8_t *p, uint32_t size,
			struct tunnel_header *ret)
{
	*ret = (struct tunnel_header){ .size = 0 };
	switch (type) {
	case TUNNEL_VXLAN:
		return parse_vxlan(p, size, ret);
	case TUNNEL_GRE:
	case TUNNEL_IP6GRE:
		return parse_gre(p, size, ret);
	case TUNNEL_GENEVE:
		return parse_geneve(p, size, ret);
	default:
		return -EINVAL;
	}
}

void tunnel_header_to_key(const struct tunnel_header *h, struct packet *p)
{
	p->tunnel.id = h->id;
	p->tunnel.flags |= h->flags;
	p->tunnel.gbp_id = h->gbp_id;
	p->tunnel.gbp_flags = h->gbp_flags;
	p->tunnel.opts_size = h->opts_size;
	if (h->opts_size)
		memcpy(p->tun_opts, h->opts, h->opts_size);
	p->packet_type = h->packet_type;
}

void tunnel_inner_csum(struct packet *p)
{
	enum { WIRE_BYTES = 1518, GUESS_BYTES = 1450 };
	if (p->csum_partial || p->packet_type != PT_ETH || p->size < ETH_HLEN + IP4_HLEN)
		return;
	uint32_t at = 12;
	uint16_t type = get_be16(p->data + at);
	if (type == ETH_TYPE_VLAN && p->size >= ETH_HLEN + VLAN_HLEN + IP4_HLEN)
		type = get_be16(p->data + (at += VLAN_HLEN));
	uint32_t l3 = at + 2, l4, end;
	uint8_t proto;
	uint32_t sum;
	if (type == ETH_TYPE_IP) {
		const struct ip4_hdr *h = (const void *)(p->data + l3);
		if (h->frag_off & BE16_C(IP4_MF | IP4_OFF_MASK))
			return;
		l4 = l3 + (h->ver_ihl & 0xfu) * 4;
		end = l3 + be16_to_cpu(h->tot_len);
		proto = h->proto;
		if (end > p->size || l4 > end)
			return;
		sum = csum_pseudo4(h->src, h->dst, proto, end - l4);
	} else if (type == ETH_TYPE_IPV6 && p->size >= l3 + IP6_HLEN) {
		const struct ip6_hdr_wire *h = (const void *)(p->data + l3);
		l4 = l3 + IP6_HLEN;
		end = l4 + be16_to_cpu(h->plen);
		proto = h->next;
		if (end > p->size)
			return;
		sum = csum_pseudo6(h->src, h->dst, proto, end - l4);
	} else {
		return;
	}
	uint32_t ofs = proto == IPPROTO_TCP   ? offsetof(struct tcp_hdr, csum)
		       : proto == IPPROTO_UDP ? offsetof(struct udp_hdr, csum)
					      : 0;
	be16 field;
	if (!ofs || l4 + (proto == IPPROTO_TCP ? TCP_HLEN : UDP_HLEN) > end)
		return;
	memcpy(&field, p->data + l4 + ofs, 2);
	if (field != csum_fold_raw(sum))
		return;
	p->csum_partial = p->csum_valid = true;
	p->csum_start = (uint16_t)l4;
	p->csum_offset = (uint16_t)ofs;
	if (p->size <= WIRE_BYTES || proto != IPPROTO_TCP)
		return;
	uint32_t payload = l4 + (p->data[l4 + 12] >> 4) * 4u;
	if (payload - l4 < TCP_HLEN || payload >= end)
		return;
	p->gso_type = type == ETH_TYPE_IP ? PACKET_GSO_TCP4 : PACKET_GSO_TCP6;
	p->gso_hdr_size = (uint16_t)payload;
	p->gso_size = (uint16_t)(GUESS_BYTES - (payload - l3));
}

/* The outer packet is what its headers say, whole, and its checksums are right or not in use. */
static int check_outer(const struct packet *p, enum tunnel_type type, uint32_t *ret_payload,
		       struct tunnel_key *t)
{
	bool gre = type == TUNNEL_GRE || type == TUNNEL_IP6GRE;
	uint8_t proto;
	uint32_t l4_size = packet_l4_size(p), pseudo;
	if (p->packet_type != PT_ETH || p->l4_ofs == PACKET_NO_OFS || p->l3_ofs == PACKET_NO_OFS)
		return -EINVAL;
	const uint8_t *ip = packet_l3(p), *l4 = packet_l4(p);
	if (ip[0] >> 4 == 4) {
		const struct ip4_hdr *h = (const void *)ip;
		if ((h->frag_off & BE16_C(IP4_MF | IP4_OFF_MASK)) ||
		    (!p->csum_valid && csum(h, (h->ver_ihl & 0xfu) * 4)))
			return -EINVAL;
		proto = h->proto;
		t->ip_src = h->src;
		t->ip_dst = h->dst;
		t->tos = h->tos;
		t->ttl = h->ttl;
		if (h->frag_off & BE16_C(IP4_DF))
			t->flags |= TUN_F_DF;
		pseudo = csum_pseudo4(h->src, h->dst, proto, l4_size);
	} else {
		const struct ip6_hdr_wire *h = (const void *)ip;
		proto = h->next;
		memcpy(&t->ipv6_src, h->src, 16);
		memcpy(&t->ipv6_dst, h->dst, 16);
		t->tos = (uint8_t)(be32_to_cpu(h->flow) >> 20);
		t->ttl = h->hlim;
		pseudo = csum_pseudo6(h->src, h->dst, proto, l4_size);
	}
	*ret_payload = p->l4_ofs;
	if (gre)
		return proto == IPPROTO_GRE ? 0 : -EINVAL;
	if (proto != IPPROTO_UDP || l4_size < UDP_HLEN)
		return -EINVAL;
	const struct udp_hdr *u = (const void *)l4;
	t->tp_src = u->src;
	t->tp_dst = u->dst;
	if (u->csum) {
		t->flags |= TUN_F_CSUM;
		if (!p->csum_valid && !p->csum_partial && csum_fold(csum_add(pseudo, l4, l4_size)))
			return -EINVAL;
	}
	*ret_payload += UDP_HLEN;
	return 0;
}

int tunnel_decap(struct packet *p, enum tunnel_type type)
{
	struct tunnel_key t;
	struct tunnel_header h;
	uint32_t payload;
	memset(&t, 0, sizeof t);
	int r = check_outer(p, type, &payload, &t);
	if (r < 0)
		return r;
	uint32_t end = p->size - p->l2_pad_size;
	r = tunnel_header_parse(type, p->data + payload, end - payload, &h);
	if (r < 0)
		return r;
	uint32_t inner = payload + h.size;
	if (h.packet_type == PT_ETH && end - inner < ETH_HLEN)
		return -EINVAL;
	/* What was left to do for the outer headers is void; for the inner ones it moves along. */
	if (p->csum_partial && p->csum_start < inner) {
		p->csum_partial = false;
		p->gso_type = PACKET_GSO_NONE;
		p->gso_size = p->gso_hdr_size = 0;
	}
	p->size = end;
	packet_reset_metadata(p);
	p->tunnel = t;
	tunnel_header_to_key(&h, p);
	packet_pull(p, inner);
	p->l2_5_ofs = p->l3_ofs = p->l4_ofs = PACKET_NO_OFS;
	p->l2_pad_size = 0;
	if (!p->csum_partial)
		p->csum_valid = false;
	tunnel_inner_csum(p);
	return 0;
}
