/* SPDX-License-Identifier: Apache-2.0 */
/* From a destination to the bytes that go in front of a packet. What depends on the packet
 * (lengths, checksums, the UDP source port) is left open and filled in by the fast path. */
#include "feature/tunnel/output.h"

#include <errno.h>
#include <string.h>

#include "feature/tunnel/neigh.h"
#include "feature/tunnel/route.h"
#include "packet/csum.h"
#include "wire/net.h"

enum {
	VXLAN_VNI_FLAG = 0x08000000,
	VXLAN_GBP_FLAG = 0x80000000,
	GENEVE_F_OAM = 0x80,
	GENEVE_F_CRITICAL = 0x40,
	DEFAULT_TTL = 64
};

static struct in6_addr mapped(be32 a)
{
	struct in6_addr r = { 0 };
	if (a) {
		r.s6_addr[10] = r.s6_addr[11] = 0xff;
		memcpy(r.s6_addr + 12, &a, 4);
	}
	return r;
}

static be32 unmapped(const struct in6_addr *a)
{
	be32 r;
	memcpy(&r, a->s6_addr + 12, 4);
	return r;
}

static struct in6_addr key_dst(const struct tunnel_key *k)
{
	return k->ip_dst ? mapped(k->ip_dst) : k->ipv6_dst;
}

static struct in6_addr key_src(const struct tunnel_key *k)
{
	return k->ip_dst ? mapped(k->ip_src) : k->ipv6_src;
}

/* The ethertype that says what the inner packet is. */
static uint16_t inner_proto(uint32_t packet_type)
{
	return packet_type == PT_ETH ? ETH_TYPE_TEB : (uint16_t)packet_type;
}

static void *put(uint8_t *buf, uint16_t *size, size_t n)
{
	void *p = buf + *size;
	ASSERT(*size + n <= TUNNEL_PUSH_MAX_BYTES);
	memset(p, 0, n);
	*size = (uint16_t)(*size + n);
	return p;
}

static void put_udp(const struct output_request *q, bool v4, uint8_t *buf, uint16_t *size)
{
	struct udp_hdr *u = put(buf, size, UDP_HLEN);
	u->dst = cpu_to_be16(q->dst_port);
	/* 0xffff: to be computed. IPv6 wants one (RFC 8200 8.1). */
	u->csum = (q->key.flags & TUN_F_CSUM) || !v4 ? 0xffff : 0;
}

static void put_vxlan(const struct output_request *q, uint8_t *buf, uint16_t *size)
{
	struct vxlan_hdr *h = put(buf, size, sizeof *h);
	uint32_t flags = VXLAN_VNI_FLAG;
	if (q->key.gbp_id || q->key.gbp_flags)
		flags |= VXLAN_GBP_FLAG | (uint32_t)q->key.gbp_flags << 16 |
			 be16_to_cpu(q->key.gbp_id);
	h->flags = cpu_to_be32(flags);
	h->vni = cpu_to_be32((uint32_t)be64_to_cpu(q->key.id) << 8);
}

static void put_geneve(const struct output_request *q, uint8_t *buf, uint16_t *size)
{
	struct geneve_hdr *h = put(buf, size, sizeof *h);
	uint8_t opts_size = q->key.flags & TUN_F_OPTIONS ? q->key.opts_size : 0;
	h->ver_len = opts_size / 4;
	h->flags = q->key.flags & TUN_F_OAM ? GENEVE_F_OAM : 0;
	h->proto = cpu_to_be16(inner_proto(q->packet_type));
	h->vni = cpu_to_be32((uint32_t)be64_to_cpu(q->key.id) << 8);
	if (!opts_size)
		return;
	memcpy(put(buf, size, opts_size), q->opts, opts_size);
	for (uint32_t at = 0; at + 4 <= opts_size; at += 4 + (q->opts[at + 3] & 0x1fu) * 4) {
		if (q->opts[at + 2] & 0x80) /* RFC 8926 3.5: a critical option's type says so */
			h->flags |= GENEVE_F_CRITICAL;
	}
}

static void put_gre(const struct output_request *q, uint8_t *buf, uint16_t *size)
{
	struct gre_hdr *h = put(buf, size, sizeof *h);
	uint16_t flags = 0;
	if (q->key.flags & TUN_F_CSUM) {
		flags |= GRE_CSUM;
		put(buf, size, 4);
	}
	if (q->key.flags & TUN_F_KEY) {
		flags |= GRE_KEY;
		put_be32(put(buf, size, 4), (uint32_t)be64_to_cpu(q->key.id));
	}
	h->flags = cpu_to_be16(flags);
	h->proto = cpu_to_be16(inner_proto(q->packet_type));
}

static bool is_gre(enum tunnel_type t) { return t == TUNNEL_GRE || t == TUNNEL_IP6GRE; }

/* All of the header, Ethernet first. */
static uint16_t build(const struct output_request *q, const struct route *route,
		      struct eth_addr dst_mac, struct dpa_tunnel_push *a, uint8_t *buf)
{
	struct in6_addr dst = key_dst(&q->key);
	bool v4 = tunnel_addr_is_v4(&dst);
	uint8_t proto = is_gre(q->type) ? IPPROTO_GRE : IPPROTO_UDP;
	uint8_t ttl = q->key.ttl ? q->key.ttl : DEFAULT_TTL;
	uint16_t size = 0;
	struct eth_hdr *eth = put(buf, &size, ETH_HLEN);
	memcpy(eth->dst, &dst_mac, 6);
	memcpy(eth->src, &route->mac, 6);
	eth->type = cpu_to_be16(v4 ? ETH_TYPE_IP : ETH_TYPE_IPV6);
	a->l3_ofs = size;
	if (v4) {
		struct ip4_hdr *ip = put(buf, &size, IP4_HLEN);
		ip->ver_ihl = 0x45;
		ip->tos = q->key.tos;
		ip->frag_off = q->key.flags & TUN_F_DF ? BE16_C(IP4_DF) : 0;
		ip->ttl = ttl;
		ip->proto = proto;
		ip->src = unmapped(&route->src);
		ip->dst = unmapped(&dst);
	} else {
		struct ip6_hdr_wire *ip = put(buf, &size, IP6_HLEN);
		ip->flow = cpu_to_be32(6u << 28 | (uint32_t)q->key.tos << 20);
		ip->next = proto;
		ip->hlim = ttl;
		memcpy(ip->src, &route->src, 16);
		memcpy(ip->dst, &dst, 16);
	}
	a->l4_ofs = size;
	if (is_gre(q->type)) {
		put_gre(q, buf, &size);
		return size;
	}
	put_udp(q, v4, buf, &size);
	if (q->type == TUNNEL_VXLAN)
		put_vxlan(q, buf, &size);
	else
		put_geneve(q, buf, &size);
	return size;
}

/* What the pipeline of the underlay's bridge sees. */
static void outer_key(const struct output_request *q, const struct route *route,
		      struct eth_addr dst_mac, struct flow_key *k)
{
	struct in6_addr dst = key_dst(&q->key);
	*k = (struct flow_key){ .pkt_mark = q->mark };
	k->dl_dst = dst_mac;
	k->dl_src = route->mac;
	if (tunnel_addr_is_v4(&dst)) {
		k->dl_type = BE16_C(ETH_TYPE_IP);
		k->nw_src = unmapped(&route->src);
		k->nw_dst = unmapped(&dst);
	} else {
		k->dl_type = BE16_C(ETH_TYPE_IPV6);
		k->ipv6_src = route->src;
		k->ipv6_dst = dst;
	}
	k->nw_tos = q->key.tos;
	k->nw_ttl = q->key.ttl ? q->key.ttl : DEFAULT_TTL;
	k->nw_proto = is_gre(q->type) ? IPPROTO_GRE : IPPROTO_UDP;
	if (!is_gre(q->type))
		k->tp_dst = cpu_to_be16(q->dst_port);
}

static struct packet *arp_request(const struct route *route, const struct in6_addr *hop)
{
	struct packet *p = packet_new(ETH_HLEN + ARP_HLEN);
	struct eth_hdr *eth = packet_put(p, ETH_HLEN);
	memset(eth->dst, 0xff, 6);
	memcpy(eth->src, &route->mac, 6);
	eth->type = BE16_C(ETH_TYPE_ARP);
	struct arp_hdr *arp = packet_put(p, ARP_HLEN);
	*arp = (struct arp_hdr){ .hrd = BE16_C(1),
				 .pro = BE16_C(ETH_TYPE_IP),
				 .hln = 6,
				 .pln = 4,
				 .op = BE16_C(1),
				 .spa = unmapped(&route->src),
				 .tpa = unmapped(hop) };
	memcpy(arp->sha, &route->mac, 6);
	return p;
}

/* RFC 4861 4.3, to the solicited-node address. */
static struct packet *nd_request(const struct route *route, const struct in6_addr *hop)
{
	enum { NS_BYTES = ICMP_HLEN + 16 + 8 };
	struct packet *p = packet_new(ETH_HLEN + IP6_HLEN + NS_BYTES);
	struct eth_hdr *eth = packet_put(p, ETH_HLEN);
	eth->dst[0] = eth->dst[1] = 0x33;
	eth->dst[2] = 0xff;
	memcpy(eth->dst + 3, hop->s6_addr + 13, 3);
	memcpy(eth->src, &route->mac, 6);
	eth->type = BE16_C(ETH_TYPE_IPV6);
	struct ip6_hdr_wire *ip = packet_put(p, IP6_HLEN);
	*ip = (struct ip6_hdr_wire){ .flow = BE32_C(6u << 28),
				     .plen = BE16_C(NS_BYTES),
				     .next = IPPROTO_ICMPV6,
				     .hlim = 255,
				     .dst = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff } };
	memcpy(ip->src, &route->src, 16);
	memcpy(ip->dst + 13, hop->s6_addr + 13, 3);
	struct icmp_hdr *icmp = packet_put(p, ICMP_HLEN);
	*icmp = (struct icmp_hdr){ .type = ICMP6_NS };
	memcpy(packet_put(p, 16), hop, 16);
	struct nd_opt_hdr *opt = packet_put(p, sizeof *opt);
	opt->type = ND_OPT_SLL;
	opt->len8 = 1;
	memcpy(opt->addr, &route->mac, 6);
	icmp->csum = csum_fold(
		csum_add(csum_pseudo6(ip->src, ip->dst, IPPROTO_ICMPV6, NS_BYTES), icmp, NS_BYTES));
	return p;
}

int output_build(const struct output_request *q, struct dp_actions *actions,
		 struct tunnel_underlay *ret)
{
	struct in6_addr dst = key_dst(&q->key), src = key_src(&q->key);
	struct route route;
	struct eth_addr mac = { 0 };
	ret->bridge[0] = ret->device[0] = '\0';
	ret->request = NULL;
	if (IN6_IS_ADDR_UNSPECIFIED(&dst))
		return -EINVAL;
	int r = route_lookup(&dst, &src, q->mark, &route);
	if (r < 0 || route.is_local || (q->only_bridges && !route.is_bridge) ||
	    IN6_IS_ADDR_UNSPECIFIED(&route.src))
		return -ENETUNREACH;
	const struct in6_addr *hop =
		IN6_IS_ADDR_UNSPECIFIED(&route.gateway) ? &dst : &route.gateway;
	memcpy(ret->device, route.dev, sizeof ret->device);
	ret->hop = *hop;
	ret->src = route.src;
	if (route.is_bridge)
		r = neigh_lookup_bridge(route.dev, hop, &mac);
	else if (!route.no_arp)
		r = neigh_lookup_host(route.ifindex, hop, &mac);
	if (r < 0 && route.is_bridge) {
		memcpy(ret->bridge, route.dev, sizeof ret->bridge);
		ret->request =
			tunnel_addr_is_v4(hop) ? arp_request(&route, hop) : nd_request(&route, hop);
		return -EAGAIN;
	}
	if (r < 0)
		return -EAGAIN;
	ret->hop_mac = mac;
	ret->src_mac = route.mac;
	uint8_t header[TUNNEL_PUSH_MAX_BYTES];
	struct dpa_tunnel_push a = { .h = { .size = 0 } };
	uint16_t size = build(q, &route, mac, &a, header);
	struct dpa_tunnel_push *push =
		dp_actions_put(actions, DPA_TUNNEL_PUSH, sizeof *push + size);
	push->tunnel_port = q->tunnel_port;
	push->type = (uint16_t)q->type;
	push->header_size = size;
	push->l3_ofs = a.l3_ofs;
	push->l4_ofs = a.l4_ofs;
	push->in_id = q->in_id;
	push->in_flags = q->in_flags;
	memcpy(push->header, header, size);
	if (route.is_bridge) {
		memcpy(ret->bridge, route.dev, sizeof ret->bridge);
		outer_key(q, &route, mac, &ret->outer);
		const struct port *local = port_lookup(route.dev);
		push->out_port = local ? local->dp_port : 0;
		return 0;
	}
	struct dpa_output_dev *out = dp_actions_put(actions, DPA_OUTPUT_DEV, sizeof *out);
	out->ifindex = route.ifindex;
	out->mtu = route.mtu;
	return 0;
}

void output_request_of_packet(const struct vport *v, const struct packet *p,
			      struct output_request *ret)
{
	*ret = (struct output_request){
		.type = v->type,
		.dst_port = p->tunnel.tp_dst ? be16_to_cpu(p->tunnel.tp_dst) : v->dst_port,
		.tunnel_port = v->port->dp_port,
		.key = p->tunnel,
		.opts = p->tun_opts,
		.packet_type = p->packet_type,
		.mark = p->pkt_mark,
		.in_id = p->tunnel.id,
		.in_flags = p->tunnel.flags & TUN_F_KEY,
		.only_bridges = vport_is_simulated(v),
	};
}

int output_egress(const struct in6_addr *dst, const struct in6_addr *src, uint32_t mark,
		  char ret_dev[16])
{
	struct route route;
	int r = route_lookup(dst, src, mark, &route);
	if (r == 0)
		memcpy(ret_dev, route.dev, sizeof route.dev);
	return r;
}
