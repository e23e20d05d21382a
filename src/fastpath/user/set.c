/* SPDX-License-Identifier: Apache-2.0 */
/* Masked writes of header fields.
 *
 * Checksums are updated, not computed anew (RFC 1624), so that an error in a packet that passes
 * stays an error. Where a checksum is unfinished (csum_partial), its field holds the sum of the
 * pseudo header alone, not complemented: addresses still count in it, ports do not. */
#include <string.h>

#include "fastpath/user/user.h"
#include "packet/csum.h"
#include "wire/net.h"

static void merge(void *dst, const void *value, const void *mask, size_t size)
{
	uint8_t *d = dst;
	const uint8_t *v = value, *m = mask;
	for (size_t i = 0; i < size; i++)
		d[i] = (uint8_t)((d[i] & ~m[i]) | (v[i] & m[i]));
}

static uint8_t merge8(uint8_t old, uint8_t value, uint8_t mask)
{
	return (uint8_t)((old & ~mask) | (value & mask));
}

static bool has(const struct packet *p, uint16_t ofs, uint32_t size)
{
	return ofs != PACKET_NO_OFS && (uint32_t)ofs + size <= p->size;
}

static bool is_partial(const struct packet *p)
{
	return p->csum_partial && p->csum_start == p->l4_ofs;
}

/* The transport's checksum field, or NULL: none, or not in use. */
static uint8_t *l4_csum(const struct packet *p, uint8_t proto, bool ip6)
{
	uint32_t at;
	switch (proto) {
	case IPPROTO_TCP:
		at = offsetof(struct tcp_hdr, csum);
		break;
	case IPPROTO_UDP:
		at = offsetof(struct udp_hdr, csum);
		break;
	case IPPROTO_ICMPV6:
		if (!ip6)
			return NULL;
		at = offsetof(struct icmp_hdr, csum);
		break;
	default:
		return NULL;
	}
	if (!has(p, p->l4_ofs, at + 2))
		return NULL;
	uint8_t *field = p->data + p->l4_ofs + at;
	if (proto == IPPROTO_UDP && !is_partial(p) && !get_be16(field))
		return NULL;
	return field;
}

/* 'size' is even. */
static void csum_follow(const struct packet *p, uint8_t *field, uint8_t proto, const void *old,
			const void *new_, size_t size)
{
	be16 c;
	/* Zero has two forms, 0 and 0xffff: what does not change must not change form. */
	if (!memcmp(old, new_, size))
		return;
	memcpy(&c, field, 2);
	if (is_partial(p)) {
		c = (be16)~csum_replace((be16)~c, old, new_, size);
	} else {
		c = csum_replace(c, old, new_, size);
		if (!c && proto == IPPROTO_UDP)
			c = 0xffff;
	}
	memcpy(field, &c, 2);
}

static bool set_eth(struct packet *p, const struct dps_eth *v, const struct dps_eth *m)
{
	if (p->packet_type != PT_ETH || p->size < ETH_HLEN)
		return false;
	merge(p->data, &v->dst, &m->dst, 6);
	merge(p->data + 6, &v->src, &m->src, 6);
	return true;
}

static bool set_ipv4(struct packet *p, const struct dps_ipv4 *v, const struct dps_ipv4 *m)
{
	if (!has(p, p->l3_ofs, IP4_HLEN) || p->data[p->l3_ofs] >> 4 != 4)
		return false;
	struct ip4_hdr *h = packet_l3(p);
	struct ip4_hdr old = *h;
	merge(&h->src, &v->src, &m->src, 4);
	merge(&h->dst, &v->dst, &m->dst, 4);
	h->tos = merge8(h->tos, v->tos, m->tos);
	h->ttl = merge8(h->ttl, v->ttl, m->ttl);
	struct ip4_hdr now = *h;
	now.csum = old.csum;
	h->csum = csum_replace(old.csum, &old, &now, sizeof old);
	uint8_t *field = l4_csum(p, h->proto, false);
	if (field)
		csum_follow(p, field, h->proto, &old.src, &now.src, 8);
	return true;
}

static bool set_ipv6(struct packet *p, const struct dps_ipv6 *v, const struct dps_ipv6 *m,
		     uint8_t proto)
{
	if (!has(p, p->l3_ofs, IP6_HLEN) || p->data[p->l3_ofs] >> 4 != 6)
		return false;
	struct ip6_hdr_wire *h = packet_l3(p);
	struct ip6_hdr_wire old = *h;
	merge(h->src, &v->src, &m->src, 16);
	merge(h->dst, &v->dst, &m->dst, 16);
	h->hlim = merge8(h->hlim, v->hlimit, m->hlimit);
	uint32_t flow = be32_to_cpu(h->flow);
	uint8_t tclass = merge8((uint8_t)(flow >> 20), v->tclass, m->tclass);
	be32 label = (h->flow & ~m->label) | (v->label & m->label);
	flow = (flow & 0xf0000000) | (uint32_t)tclass << 20 | (be32_to_cpu(label) & 0xfffff);
	h->flow = cpu_to_be32(flow);
	uint8_t *field = l4_csum(p, proto, true);
	/* RFC 8200 8.1: with a routing header the final destination counts, which is not in 'dst'.
	 */
	if (field && h->next == proto)
		csum_follow(p, field, proto, old.src, h->src, 32);
	else if (field)
		csum_follow(p, field, proto, old.src, h->src, 16);
	return true;
}

static bool set_ports(struct packet *p, const struct dps_ports *v, const struct dps_ports *m,
		      uint8_t proto)
{
	if (!has(p, p->l4_ofs, 4))
		return false;
	uint8_t old[4], *l4 = p->data + p->l4_ofs;
	memcpy(old, l4, 4);
	merge(l4, &v->src, &m->src, 4);
	uint8_t *field = l4_csum(p, proto, false);
	if (field && !is_partial(p))
		csum_follow(p, field, proto, old, l4, 4);
	return true;
}

/* A wrong CRC stays wrong: the difference of the two right ones is added. */
static bool set_sctp(struct packet *p, const struct dps_ports *v, const struct dps_ports *m)
{
	if (!has(p, p->l4_ofs, SCTP_HLEN))
		return false;
	struct sctp_hdr *h = packet_l4(p);
	uint32_t size = packet_l4_size(p);
	if (is_partial(p)) {
		merge(&h->src, &v->src, &m->src, 4);
		return true;
	}
	be32 was = h->csum;
	h->csum = 0;
	be32 old = crc32c(h, size);
	merge(&h->src, &v->src, &m->src, 4);
	h->csum = was ^ old ^ crc32c(h, size);
	return true;
}

static bool set_icmp(struct packet *p, const struct dps_ports *v, const struct dps_ports *m)
{
	if (!has(p, p->l4_ofs, 4))
		return false;
	struct icmp_hdr *h = packet_l4(p);
	uint8_t old[2] = { h->type, h->code };
	h->type = merge8(h->type, (uint8_t)be16_to_cpu(v->src), (uint8_t)be16_to_cpu(m->src));
	h->code = merge8(h->code, (uint8_t)be16_to_cpu(v->dst), (uint8_t)be16_to_cpu(m->dst));
	if (!is_partial(p))
		h->csum = csum_replace(h->csum, old, h, 2);
	return true;
}

static bool set_arp(struct packet *p, const struct dps_arp *v, const struct dps_arp *m)
{
	if (!has(p, p->l3_ofs, ARP_HLEN))
		return false;
	struct arp_hdr *h = packet_l3(p);
	merge(&h->op, &v->op, &m->op, 2);
	merge(&h->spa, &v->sip, &m->sip, 4);
	merge(&h->tpa, &v->tip, &m->tip, 4);
	merge(h->sha, &v->sha, &m->sha, 6);
	merge(h->tha, &v->tha, &m->tha, 6);
	return true;
}

/* An option's bytes, changed; 'at' from the start of the ICMPv6 header. */
static void nd_write(struct packet *p, uint32_t at, const void *v, const void *m, size_t size)
{
	uint8_t old[16], *d = p->data + p->l4_ofs + at;
	memcpy(old, d, size);
	merge(d, v, m, size);
	if (!is_partial(p))
		csum_follow(p, p->data + p->l4_ofs + 2, IPPROTO_ICMPV6, old, d, size);
}

static bool set_nd(struct packet *p, const struct dps_nd *v, const struct dps_nd *m)
{
	uint32_t size = packet_l4_size(p);
	if (size < 24)
		return false;
	nd_write(p, 8, &v->target, &m->target, 16);
	for (uint32_t at = 24; at + 8 <= size;) {
		const uint8_t *opt = p->data + p->l4_ofs + at;
		uint32_t opt_size = opt[1] * 8u;
		if (!opt_size || at + opt_size > size)
			break;
		if (opt[0] == ND_OPT_SLL && opt_size == 8)
			nd_write(p, at + 2, &v->sll, &m->sll, 6);
		else if (opt[0] == ND_OPT_TLL && opt_size == 8)
			nd_write(p, at + 2, &v->tll, &m->tll, 6);
		at += opt_size;
	}
	return true;
}

static bool set_nd_ext(struct packet *p, const struct dps_nd_ext *v, const struct dps_nd_ext *m)
{
	uint32_t size = packet_l4_size(p);
	if (size < 24)
		return false;
	nd_write(p, 4, &v->reserved, &m->reserved, 4);
	if (m->options_type && size >= 32) {
		const uint8_t *opt = p->data + p->l4_ofs + 24;
		uint8_t value[2] = { v->options_type, 0 }, mask[2] = { m->options_type, 0 };
		if (opt[1])
			nd_write(p, 24, value, mask, 2);
	}
	return true;
}

static bool set_mpls(struct packet *p, const struct dps_mpls *v, const struct dps_mpls *m)
{
	if (!has(p, p->l2_5_ofs, MPLS_HLEN))
		return false;
	merge(p->data + p->l2_5_ofs, &v->lse, &m->lse, 4);
	return true;
}

static bool set_nsh(struct packet *p, const struct nsh_key *v, const struct nsh_key *m)
{
	if (!has(p, p->l3_ofs, NSH_BASE_HLEN))
		return false;
	struct nsh_hdr *h = packet_l3(p);
	uint16_t bits = be16_to_cpu(h->ver_flags_ttl_len);
	uint8_t flags = merge8((uint8_t)(bits >> 12 & 3), v->flags, m->flags);
	uint8_t ttl = merge8((uint8_t)(bits >> 6 & 0x3f), v->ttl, m->ttl);
	bits = (uint16_t)((bits & 0xc03f) | (flags & 3) << 12 | (ttl & 0x3f) << 6);
	h->ver_flags_ttl_len = cpu_to_be16(bits);
	merge(&h->path, &v->path_hdr, &m->path_hdr, 4);
	if (h->mdtype == 1 && has(p, p->l3_ofs, NSH_MD1_HLEN))
		merge(h->context, v->context, m->context, 16);
	return true;
}

/* The protocol behind IPv6 extension headers, as key_extract() found the transport header. */
static uint8_t ip6_proto(const struct packet *p)
{
	if (!has(p, p->l3_ofs, IP6_HLEN) || p->l4_ofs == PACKET_NO_OFS)
		return 0;
	const struct ip6_hdr_wire *h = packet_l3(p);
	uint8_t next = h->next;
	uint32_t at = p->l3_ofs + (uint32_t)IP6_HLEN;
	while (at < p->l4_ofs && at + 8 <= p->size) {
		const uint8_t *ext = p->data + at;
		at += next == IP6_EXT_FRAGMENT ? 8
		      : next == IP6_EXT_AH     ? (ext[1] + 2u) * 4
					       : (ext[1] + 1u) * 8;
		next = ext[0];
	}
	return at == p->l4_ofs ? next : 0;
}

bool edit_set(struct packet *p, const struct dpa_set *a)
{
	const void *v = a->data, *m = a->data + a->data_size;
	switch ((enum dp_set_what)a->what) {
	case DPS_ETH:
		return set_eth(p, v, m);
	case DPS_IPV4:
		return set_ipv4(p, v, m);
	case DPS_IPV6:
		return set_ipv6(p, v, m, ip6_proto(p));
	case DPS_TCP:
		return set_ports(p, v, m, IPPROTO_TCP);
	case DPS_UDP:
		return set_ports(p, v, m, IPPROTO_UDP);
	case DPS_SCTP:
		return set_sctp(p, v, m);
	case DPS_ICMP:
	case DPS_ICMPV6:
		return set_icmp(p, v, m);
	case DPS_ARP:
		return set_arp(p, v, m);
	case DPS_ND:
		return set_nd(p, v, m);
	case DPS_ND_EXT:
		return set_nd_ext(p, v, m);
	case DPS_MPLS:
		return set_mpls(p, v, m);
	case DPS_NSH:
		return set_nsh(p, v, m);
	case DPS_TUNNEL: {
		const struct dps_tunnel *tv = v, *tm = m;
		merge(&p->tunnel, &tv->tunnel, &tm->tunnel, sizeof p->tunnel);
		if (tv->tunnel.opts_size)
			merge(p->tun_opts, tv->opts, tm->opts, tv->tunnel.opts_size);
		return true;
	}
	case DPS_PRIORITY:
		merge(&p->skb_priority, v, m, 4);
		return true;
	case DPS_MARK:
		merge(&p->pkt_mark, v, m, 4);
		return true;
	}
	return false;
}
