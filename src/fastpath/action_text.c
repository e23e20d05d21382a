/* SPDX-License-Identifier: Apache-2.0 */
/* Datapath actions as text, to the letter of what ovs-dpctl(8) prints: scripts and tests compare
 * it. */
#include "fastpath/action_text.h"

#include <net/if.h>
#include <string.h>

#include "packet/field.h"
#include "wire/net.h"

const struct slow_name slow_names[N_SLOW_NAMES] = {
	{ DP_SLOW_CFM, "cfm" },	    { DP_SLOW_BFD, "bfd" },	{ DP_SLOW_LACP, "lacp" },
	{ DP_SLOW_STP, "stp" },	    { DP_SLOW_LLDP, "lldp" },	{ DP_SLOW_ACTION, "action" },
	{ DP_SLOW_MATCH, "match" }, { DP_SLOW_PROBE, "probe" }, { DP_SLOW_NEIGHBOUR, "neighbour" },
};

static const struct {
	uint8_t type, number;
} tunnel_numbers[] = {
	{ TUNNEL_GRE, 3 },	   { TUNNEL_VXLAN, 4 },	   { TUNNEL_GENEVE, 5 },
	{ TUNNEL_LISP, 105 },	   { TUNNEL_STT, 106 },	   { TUNNEL_ERSPAN, 107 },
	{ TUNNEL_IP6ERSPAN, 108 }, { TUNNEL_IP6GRE, 109 }, { TUNNEL_GTPU, 110 },
	{ TUNNEL_BAREUDP, 111 },   { TUNNEL_SRV6, 112 },
};

unsigned tunnel_type_number(unsigned type)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tunnel_numbers); i++)
		if (tunnel_numbers[i].type == type)
			return tunnel_numbers[i].number;
	return 0;
}

unsigned tunnel_type_from_number(unsigned number)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tunnel_numbers); i++)
		if (tunnel_numbers[i].number == number)
			return tunnel_numbers[i].type;
	return TUNNEL_NONE;
}

static const struct {
	uint8_t what, attr;
	uint16_t size;
} set_kinds[] = {
	{ DPS_ETH, KEY_ATTR_ETH, sizeof(struct dps_eth) },
	{ DPS_IPV4, KEY_ATTR_IPV4, sizeof(struct dps_ipv4) },
	{ DPS_IPV6, KEY_ATTR_IPV6, sizeof(struct dps_ipv6) },
	{ DPS_TCP, KEY_ATTR_TCP, sizeof(struct dps_ports) },
	{ DPS_UDP, KEY_ATTR_UDP, sizeof(struct dps_ports) },
	{ DPS_SCTP, KEY_ATTR_SCTP, sizeof(struct dps_ports) },
	{ DPS_ICMP, KEY_ATTR_ICMP, sizeof(struct dps_ports) },
	{ DPS_ICMPV6, KEY_ATTR_ICMPV6, sizeof(struct dps_ports) },
	{ DPS_ARP, KEY_ATTR_ARP, sizeof(struct dps_arp) },
	{ DPS_ND, KEY_ATTR_ND, sizeof(struct dps_nd) },
	{ DPS_ND_EXT, KEY_ATTR_ND_EXT, sizeof(struct dps_nd_ext) },
	{ DPS_NSH, KEY_ATTR_NSH, sizeof(struct nsh_key) },
	{ DPS_MPLS, KEY_ATTR_MPLS, sizeof(struct dps_mpls) },
	{ DPS_TUNNEL, KEY_ATTR_TUNNEL, sizeof(struct dps_tunnel) },
	{ DPS_PRIORITY, KEY_ATTR_PRIORITY, sizeof(struct dps_u32) },
	{ DPS_MARK, KEY_ATTR_MARK, sizeof(struct dps_u32) },
};

int dps_to_key_attr(uint32_t what)
{
	for (unsigned i = 0; i < ARRAY_SIZE(set_kinds); i++)
		if (set_kinds[i].what == what)
			return set_kinds[i].attr;
	return -1;
}

bool dps_from_key_attr(enum key_attr attr, uint32_t *ret_what, size_t *ret_size)
{
	for (unsigned i = 0; i < ARRAY_SIZE(set_kinds); i++)
		if (set_kinds[i].attr == attr) {
			*ret_what = set_kinds[i].what;
			*ret_size = set_kinds[i].size;
			return true;
		}
	return false;
}

/* One list of which member is which, for both directions. */
#define MOVE(a, b) (to_key ? memcpy(&(b), &(a), sizeof(b)) : memcpy(&(a), &(b), sizeof(a)))

static void move(uint32_t what, void *dps, struct flow_key *k, bool to_key)
{
	switch (what) {
	case DPS_ETH: {
		struct dps_eth *d = dps;
		MOVE(d->src, k->dl_src);
		MOVE(d->dst, k->dl_dst);
		break;
	}
	case DPS_IPV4: {
		struct dps_ipv4 *d = dps;
		MOVE(d->src, k->nw_src);
		MOVE(d->dst, k->nw_dst);
		MOVE(d->proto, k->nw_proto);
		MOVE(d->tos, k->nw_tos);
		MOVE(d->ttl, k->nw_ttl);
		MOVE(d->frag, k->nw_frag);
		break;
	}
	case DPS_IPV6: {
		struct dps_ipv6 *d = dps;
		MOVE(d->src, k->ipv6_src);
		MOVE(d->dst, k->ipv6_dst);
		MOVE(d->label, k->ipv6_label);
		MOVE(d->proto, k->nw_proto);
		MOVE(d->tclass, k->nw_tos);
		MOVE(d->hlimit, k->nw_ttl);
		MOVE(d->frag, k->nw_frag);
		break;
	}
	case DPS_TCP:
	case DPS_UDP:
	case DPS_SCTP:
	case DPS_ICMP:
	case DPS_ICMPV6: {
		struct dps_ports *d = dps;
		MOVE(d->src, k->tp_src);
		MOVE(d->dst, k->tp_dst);
		break;
	}
	case DPS_ARP: {
		struct dps_arp *d = dps;
		MOVE(d->sip, k->nw_src);
		MOVE(d->tip, k->nw_dst);
		MOVE(d->sha, k->arp_sha);
		MOVE(d->tha, k->arp_tha);
		if (to_key)
			k->nw_proto = (uint8_t)be16_to_cpu(d->op);
		else
			d->op = k->nw_proto == 0xff ? BE16_C(0xffff) : cpu_to_be16(k->nw_proto);
		break;
	}
	case DPS_ND: {
		struct dps_nd *d = dps;
		MOVE(d->target, k->nd_target);
		MOVE(d->sll, k->arp_sha);
		MOVE(d->tll, k->arp_tha);
		break;
	}
	case DPS_ND_EXT: {
		struct dps_nd_ext *d = dps;
		MOVE(d->reserved, k->igmp_group);
		MOVE(d->options_type, k->nd_options_type);
		break;
	}
	case DPS_NSH: {
		struct nsh_key *d = dps;
		MOVE(*d, k->nsh);
		break;
	}
	case DPS_MPLS: {
		struct dps_mpls *d = dps;
		MOVE(d->lse, k->mpls_lse[0]);
		break;
	}
	case DPS_TUNNEL: {
		struct dps_tunnel *d = dps;
		MOVE(d->tunnel, k->tunnel);
		MOVE(d->opts, k->tun_opts);
		break;
	}
	case DPS_PRIORITY: {
		struct dps_u32 *d = dps;
		MOVE(d->value, k->skb_priority);
		break;
	}
	case DPS_MARK: {
		struct dps_u32 *d = dps;
		MOVE(d->value, k->pkt_mark);
		break;
	}
	default:
		break;
	}
}
#undef MOVE

void dps_to_key(uint32_t what, const void *dps, struct flow_key *key)
{
	move(what, (void *)(uintptr_t)dps, key, true); /* only read in this direction */
}

void dps_from_key(uint32_t what, const struct flow_key *key, void *dps)
{
	struct flow_key copy = *key;
	move(what, dps, &copy, false);
}

/* Printing. */

struct names {
	const char *(*name)(uint32_t, void *);
	void *arg;
};

static void put_list(const void *data, size_t size, const struct names *, unsigned depth,
		     struct str *out);

static void put_port(uint32_t port, const struct names *n, struct str *out)
{
	const char *s = n->name ? n->name(port, n->arg) : NULL;
	if (s)
		str_puts(out, s);
	else
		str_putf(out, "%u", port);
}

static void put_hex(uint32_t x, struct str *out) { str_putf(out, x ? "0x%x" : "%x", x); }

static void put_set(const struct dpa_set *a, struct str *out)
{
	struct flow_key key = { 0 }, mask = { 0 };
	size_t size = a->data_size;
	if (sizeof *a + 2 * size > a->h.size) {
		str_puts(out, "set(?)");
		return;
	}
	dps_to_key(a->what, a->data, &key);
	dps_to_key(a->what, a->data + size, &mask);
	int attr = dps_to_key_attr(a->what);
	str_puts(out, "set(");
	switch (attr) {
	case -1:
		str_putf(out, "?%u", a->what);
		break;
	case KEY_ATTR_TUNNEL:
		key_tunnel_to_str(&key, NULL, false, out);
		break;
	case KEY_ATTR_MPLS:
		key_mpls_to_str(key.mpls_lse, mask.mpls_lse, 1, out);
		break;
	case KEY_ATTR_PRIORITY:
		str_puts(out, "skb_priority(");
		put_hex(key.skb_priority, out);
		str_putc(out, ')');
		break;
	case KEY_ATTR_MARK:
		str_puts(out, "skb_mark(");
		put_hex(key.pkt_mark, out);
		if (mask.pkt_mark != UINT32_MAX) {
			str_putc(out, '/');
			put_hex(mask.pkt_mark, out);
		}
		str_putc(out, ')');
		break;
	default:
		/* A fragment kind is set whole or not at all. */
		key_attr_to_str((enum key_attr)attr, &key, &mask, false, out);
	}
	str_putc(out, ')');
}

static void put_cookie(const struct dpa_userspace *a, struct str *out)
{
	struct userspace_cookie c;
	bool known = a->reason && a->cookie_size >= sizeof c && sizeof *a + sizeof c <= a->h.size;
	if (known)
		memcpy(&c, a->cookie, sizeof c);
	if (known && a->reason == DPU_SFLOW) {
		str_putf(out, ",sFlow(vid=%u,pcp=%u,output=%u)", c.vlan_tci & VLAN_VID_MASK,
			 c.vlan_tci >> VLAN_PCP_SHIFT, c.output);
	} else if (known && a->reason == DPU_SLOW_PATH) {
		str_puts(out, ",slow_path(");
		bool any = false;
		for (unsigned i = 0; i < N_SLOW_NAMES; i++)
			if (c.slow & slow_names[i].bit) {
				str_putf(out, "%s%s", any ? "," : "", slow_names[i].name);
				any = true;
			}
		str_puts(out, any ? ")" : "0)");
	} else if (known && a->reason == DPU_IPFIX && c.per_flow) {
		str_putf(out,
			 ",flow_sample(probability=%u,collector_set_id=%u,obs_domain_id=%u,"
			 "obs_point_id=%u,output_port=",
			 c.probability, c.collector_set_id, c.obs_domain_id, c.obs_point_id);
		str_putf(out, "%u", c.output);
		str_puts(out, c.direction == 1 ? ",ingress)" : c.direction == 2 ? ",egress)" : ")");
	} else if (known && a->reason == DPU_IPFIX) {
		str_putf(out, ",ipfix(output_port=%u)", c.output);
	} else if (known && a->reason == DPU_CONTROLLER) {
		str_putf(out,
			 ",controller(reason=%u,dont_send=%d,continuation=%d,recirc_id=%u,"
			 "rule_cookie=",
			 c.reason, c.dont_send, c.continuation, c.recirc_id);
		uint64_t cookie = be64_to_cpu(c.rule_cookie);
		str_putf(out, cookie ? "0x%llx" : "%llx", (unsigned long long)cookie);
		str_putf(out, ",controller_id=%u,max_len=%u)", c.controller_id, c.max_len);
	} else if (a->cookie_size && sizeof *a + a->cookie_size <= a->h.size) {
		str_puts(out, ",userdata(");
		str_put_hex(out, a->cookie, a->cookie_size);
		str_putc(out, ')');
	}
}

static void put_nat(const struct dpa_ct *a, struct str *out)
{
	str_puts(out, "nat");
	if (!(a->flags & (DPCT_NAT_SRC | DPCT_NAT_DST)))
		return;
	str_puts(out, a->flags & DPCT_NAT_SRC ? "(src" : "(dst");
	bool ip4 = IN6_IS_ADDR_V4MAPPED(&a->nat_min), any = !IN6_IS_ADDR_UNSPECIFIED(&a->nat_min);
	bool range = !IN6_IS_ADDR_UNSPECIFIED(&a->nat_max) &&
		     memcmp(&a->nat_min, &a->nat_max, sizeof a->nat_min);
	if (any || a->nat_min_port)
		str_putc(out, '=');
	if (any && ip4) {
		field_put_ip4_masked(a->nat_min.s6_addr32[3], UINT32_MAX, out);
		if (range) {
			str_putc(out, '-');
			field_put_ip4_masked(a->nat_max.s6_addr32[3], UINT32_MAX, out);
		}
	} else if (any) {
		if (a->nat_min_port)
			str_putc(out, '[');
		field_put_ip6(&a->nat_min, out);
		if (range) {
			str_putc(out, '-');
			field_put_ip6(&a->nat_max, out);
		}
		if (a->nat_min_port)
			str_putc(out, ']');
	}
	if (a->nat_min_port) {
		str_putf(out, ":%u", a->nat_min_port);
		if (a->nat_max_port && a->nat_max_port != a->nat_min_port)
			str_putf(out, "-%u", a->nat_max_port);
	}
	if (a->flags & DPCT_NAT_PERSISTENT)
		str_puts(out, ",persistent");
	if (a->flags & DPCT_NAT_HASH)
		str_puts(out, ",hash");
	if (a->flags & DPCT_NAT_RANDOM)
		str_puts(out, ",random");
	str_putc(out, ')');
}

static void put_ct(const struct dpa_ct *a, struct str *out)
{
	size_t begin = out->len;
	str_puts(out, "ct(");
	if (a->flags & DPCT_COMMIT)
		str_puts(out, a->flags & DPCT_FORCE ? "force_commit," : "commit,");
	if (a->zone)
		str_putf(out, "zone=%u,", a->zone);
	if (a->mark_mask) {
		str_puts(out, "mark=");
		put_hex(a->mark, out);
		str_putf(out, "/0x%x,", a->mark_mask);
	}
	if (a->label_mask[0] || a->label_mask[1]) {
		union field_value v, m;
		memcpy(v.b, a->label, 16);
		memcpy(m.b, a->label_mask, 16);
		str_puts(out, "label=");
		field_value_to_str(&field_table[FIELD_CT_LABEL], &v, &m, NULL, out);
		str_putc(out, ',');
	}
	if (a->helper[0])
		str_putf(out, "helper=%.*s,", (int)sizeof a->helper, a->helper);
	if (a->timeout[0])
		str_putf(out, "timeout=%.*s,", (int)sizeof a->timeout, a->timeout);
	if (a->flags & DPCT_NAT) {
		put_nat(a, out);
		str_putc(out, ',');
	}
	str_chomp(out, ',');
	if (out->len == begin + 3)
		str_truncate(out, begin + 2); /* "ct" */
	else
		str_putc(out, ')');
}

static void put_geneve_options(const uint8_t *opt, size_t size, struct str *out)
{
	while (size >= 4) {
		size_t len = (opt[3] & 0x1fu) * 4;
		if (4 + len > size)
			break;
		str_puts(out, "{class=");
		put_hex(get_be16(opt), out);
		str_puts(out, ",type=");
		put_hex(opt[2], out);
		str_putf(out, ",len=%zu", len);
		if (len) {
			size_t i = 0;
			while (i + 1 < len && !opt[4 + i])
				i++;
			str_putf(out, ",0x%x", opt[4 + i]);
			while (++i < len)
				str_putf(out, "%02x", opt[4 + i]);
		}
		str_putc(out, '}');
		opt += 4 + len;
		size -= 4 + len;
	}
}

/* What lies behind the outer IP header. */
static void put_tunnel_l4(const uint8_t *p, size_t size, uint8_t proto, unsigned type,
			  struct str *out)
{
	if (proto == IPPROTO_UDP && size >= UDP_HLEN) {
		const struct udp_hdr *u = (const void *)p;
		str_putf(out, "udp(src=%u,dst=%u,csum=0x%x)", be16_to_cpu(u->src),
			 be16_to_cpu(u->dst), be16_to_cpu(u->csum));
		p += UDP_HLEN;
		size -= UDP_HLEN;
		if (type == TUNNEL_VXLAN && size >= sizeof(struct vxlan_hdr)) {
			const struct vxlan_hdr *v = (const void *)p;
			str_putf(out, ",vxlan(flags=0x%x,vni=0x%x)", be32_to_cpu(v->flags),
				 be32_to_cpu(v->vni) >> 8);
		} else if (type == TUNNEL_GENEVE && size >= sizeof(struct geneve_hdr)) {
			const struct geneve_hdr *g = (const void *)p;
			str_putf(out, ",geneve(%s%svni=0x%x", g->flags & 0x80 ? "oam," : "",
				 g->flags & 0x40 ? "crit," : "", be32_to_cpu(g->vni) >> 8);
			size_t opts = MIN((g->ver_len & 0x3fu) * 4, size - sizeof *g);
			if (opts) {
				str_puts(out, ",options(");
				put_geneve_options(p + sizeof *g, opts, out);
				str_putc(out, ')');
			}
			str_putc(out, ')');
		} else if (type == TUNNEL_GTPU && size >= 8) {
			str_putf(out, ",gtpu(flags=0x%x,msgtype=%u,teid=0x%x)", p[0], p[1],
				 get_be32(p + 4));
		}
	} else if (proto == IPPROTO_GRE && size >= sizeof(struct gre_hdr)) {
		const struct gre_hdr *g = (const void *)p;
		uint16_t flags = be16_to_cpu(g->flags);
		p += sizeof *g;
		size -= sizeof *g;
		str_putf(out, "gre((flags=0x%x,proto=0x%x)", flags, be16_to_cpu(g->proto));
		if (flags & GRE_CSUM && size >= 4) {
			str_putf(out, ",csum=0x%x", get_be16(p));
			p += 4;
			size -= 4;
		}
		if (flags & GRE_KEY && size >= 4) {
			str_putf(out, ",key=0x%x", get_be32(p));
			p += 4;
			size -= 4;
		}
		if (flags & GRE_SEQ && size >= 4)
			str_putf(out, ",seq=0x%x", get_be32(p));
		str_putc(out, ')');
	}
}

static void put_tunnel_push(const struct dpa_tunnel_push *a, const struct names *n, struct str *out)
{
	size_t size = MIN(a->header_size, a->h.size - sizeof *a);
	const uint8_t *p = a->header;
	str_puts(out, "tnl_push(tnl_port(");
	put_port(a->tunnel_port, n, out);
	str_putf(out, "),header(size=%u,type=%u", a->header_size, tunnel_type_number(a->type));
	if (size >= ETH_HLEN) {
		const struct eth_hdr *e = (const void *)p;
		str_puts(out, ",eth(dst=");
		field_put_eth((const struct eth_addr *)e->dst, out);
		str_puts(out, ",src=");
		field_put_eth((const struct eth_addr *)e->src, out);
		str_putf(out, ",dl_type=0x%04x),", be16_to_cpu(e->type));
		const uint8_t *l3 = p + MIN(a->l3_ofs ? a->l3_ofs : ETH_HLEN, size);
		size_t left = size - (size_t)(l3 - p);
		if (left >= IP4_HLEN && l3[0] >> 4 == 4) {
			const struct ip4_hdr *h = (const void *)l3;
			str_puts(out, "ipv4(src=");
			field_put_ip4_masked(h->src, UINT32_MAX, out);
			str_puts(out, ",dst=");
			field_put_ip4_masked(h->dst, UINT32_MAX, out);
			str_putf(out, ",proto=%u,tos=", h->proto);
			put_hex(h->tos, out);
			str_putf(out, ",ttl=%u,frag=0x%x),", h->ttl, be16_to_cpu(h->frag_off));
			size_t hlen = MIN((h->ver_ihl & 0xfu) * 4, left);
			put_tunnel_l4(l3 + hlen, left - hlen, h->proto, a->type, out);
		} else if (left >= IP6_HLEN) {
			const struct ip6_hdr_wire *h = (const void *)l3;
			struct in6_addr addr;
			memcpy(&addr, h->src, 16);
			str_puts(out, "ipv6(src=");
			field_put_ip6(&addr, out);
			memcpy(&addr, h->dst, 16);
			str_puts(out, ",dst=");
			field_put_ip6(&addr, out);
			uint32_t flow = be32_to_cpu(h->flow);
			str_putf(out, ",label=%u,proto=%u,tclass=0x%x,hlimit=%u),", flow & 0xfffff,
				 h->next, flow >> 20 & 0xff, h->hlim);
			put_tunnel_l4(l3 + IP6_HLEN, left - IP6_HLEN, h->next, a->type, out);
		}
	}
	str_puts(out, "),out_port(");
	put_port(a->out_port, n, out);
	str_puts(out, "))");
}

static void put_nsh_push(const struct dpa_push_nsh *a, struct str *out)
{
	uint32_t path = be32_to_cpu(a->nsh.path_hdr);
	str_putf(out, "push_nsh(flags=%u,ttl=%u,mdtype=%u,np=%u,spi=0x%x,si=%u", a->nsh.flags,
		 a->nsh.ttl, a->nsh.mdtype, a->nsh.np, path >> 8, path & 0xff);
	if (a->nsh.mdtype == 1) {
		for (int i = 0; i < 4; i++)
			str_putf(out, ",c%d=0x%x", i + 1, be32_to_cpu(a->nsh.context[i]));
	} else if (a->nsh.mdtype == 2 && a->md2_size) {
		str_puts(out, ",md2=0x");
		str_put_hex(out, a->md2, MIN(a->md2_size, sizeof a->md2));
	}
	str_putc(out, ')');
}

static void put_push_mpls(const struct dpa_mpls *a, struct str *out)
{
	uint32_t lse = be32_to_cpu(a->lse);
	str_putf(out, "push_mpls(label=%u,tc=%u,ttl=%u,bos=%u,eth_type=0x%x)", lse >> 12,
		 lse >> 9 & 7, lse & 0xff, lse >> 8 & 1, be16_to_cpu(a->ethertype));
}

static void put_push_vlan(const struct dpa_push_vlan *a, struct str *out)
{
	uint16_t tci = be16_to_cpu(a->tci);
	str_puts(out, "push_vlan(");
	if (a->tpid != BE16_C(ETH_TYPE_VLAN))
		str_putf(out, "tpid=0x%04x,", be16_to_cpu(a->tpid));
	str_putf(out, "vid=%u,pcp=%u", tci & VLAN_VID_MASK, tci >> VLAN_PCP_SHIFT);
	str_puts(out, tci & VLAN_CFI ? ")" : ",cfi=0)");
}

static uint32_t u32_of(const struct dp_action *h) { return ((const struct dpa_u32 *)h)->value; }

static const uint8_t *nested_of(const struct dp_action *h, size_t *ret_size)
{
	const struct dpa_nested *a = (const void *)h;
	*ret_size = MIN(a->nested_size, h->size - sizeof *a);
	return a->nested;
}

static void put_action(const struct dp_action *h, const struct names *n, unsigned depth,
		       struct str *out)
{
	const uint8_t *nested;
	size_t size;
	switch ((enum dp_action_type)h->type) {
	case DPA_OUTPUT:
		put_port(((const struct dpa_output *)h)->dp_port, n, out);
		break;
	case DPA_USERSPACE: {
		const struct dpa_userspace *a = (const void *)h;
		str_putf(out, "userspace(pid=%u", a->pid);
		put_cookie(a, out);
		if (a->with_actions)
			str_puts(out, ",actions");
		if (a->tunnel_out_port) {
			str_puts(out, ",tunnel_out_port=");
			put_port(a->tunnel_out_port, n, out);
		}
		str_putc(out, ')');
		break;
	}
	case DPA_SET:
		put_set((const struct dpa_set *)h, out);
		break;
	case DPA_PUSH_VLAN:
		put_push_vlan((const struct dpa_push_vlan *)h, out);
		break;
	case DPA_POP_VLAN:
		str_puts(out, "pop_vlan");
		break;
	case DPA_PUSH_MPLS:
		put_push_mpls((const struct dpa_mpls *)h, out);
		break;
	case DPA_POP_MPLS:
		str_putf(out, "pop_mpls(eth_type=0x%x)",
			 be16_to_cpu(((const struct dpa_mpls *)h)->ethertype));
		break;
	case DPA_PUSH_ETH: {
		const struct dpa_push_eth *a = (const void *)h;
		str_puts(out, "push_eth(src=");
		field_put_eth(&a->src, out);
		str_puts(out, ",dst=");
		field_put_eth(&a->dst, out);
		str_putc(out, ')');
		break;
	}
	case DPA_POP_ETH:
		str_puts(out, "pop_eth");
		break;
	case DPA_PUSH_NSH:
		put_nsh_push((const struct dpa_push_nsh *)h, out);
		break;
	case DPA_POP_NSH:
		str_puts(out, "pop_nsh()");
		break;
	case DPA_RECIRC:
		str_puts(out, "recirc(");
		put_hex(u32_of(h), out);
		str_putc(out, ')');
		break;
	case DPA_HASH: {
		const struct dpa_hash *a = (const void *)h;
		str_putf(out, a->alg == DP_HASH_SYM_L4 ? "hash(sym_l4(%u))" : "hash(l4(%u))",
			 a->basis);
		break;
	}
	case DPA_SAMPLE:
		nested = nested_of(h, &size);
		str_putf(out, "sample(sample=%.1f%%,actions(",
			 100.0 * ((const struct dpa_nested *)h)->probability / UINT32_MAX);
		put_list(nested, size, n, depth + 1, out);
		str_puts(out, "))");
		break;
	case DPA_CLONE:
	case DPA_DEC_TTL:
		nested = nested_of(h, &size);
		str_puts(out, h->type == DPA_CLONE ? "clone(" : "dec_ttl(le_1(");
		put_list(nested, size, n, depth + 1, out);
		str_puts(out, h->type == DPA_CLONE ? ")" : "))");
		break;
	case DPA_CHECK_PKT_LEN: {
		const struct dpa_check_pkt_len *a = (const void *)h;
		size_t room = h->size - sizeof *a, greater = MIN(a->greater_size, room);
		str_putf(out, "check_pkt_len(size=%u,gt(", a->len);
		put_list(a->nested, greater, n, depth + 1, out);
		str_puts(out, "),le(");
		put_list(a->nested + greater, MIN(a->less_size, room - greater), n, depth + 1, out);
		str_puts(out, "))");
		break;
	}
	case DPA_TRUNC:
		str_putf(out, "trunc(%u)", u32_of(h));
		break;
	case DPA_METER:
		str_putf(out, "meter(%u)", u32_of(h));
		break;
	case DPA_CT:
		put_ct((const struct dpa_ct *)h, out);
		break;
	case DPA_CT_CLEAR:
		str_puts(out, "ct_clear");
		break;
	case DPA_TUNNEL_PUSH:
		put_tunnel_push((const struct dpa_tunnel_push *)h, n, out);
		break;
	case DPA_TUNNEL_POP:
		str_puts(out, "tnl_pop(");
		put_port(u32_of(h), n, out);
		str_putc(out, ')');
		break;
	case DPA_OUTPUT_DEV: {
		/* OVS has no such action: the host's device, by its name while it has one. */
		const struct dpa_output_dev *a = (const void *)h;
		char name[IF_NAMESIZE];
		if (if_indextoname(a->ifindex, name))
			str_putf(out, "device(%s,mtu=%u)", name, a->mtu);
		else
			str_putf(out, "device(%u,mtu=%u)", a->ifindex, a->mtu);
		break;
	}
	case DPA_LB_OUTPUT:
		str_putf(out, "lb_output(%u)", u32_of(h));
		break;
	case DPA_DROP:
		str_puts(out, "drop");
		break;
	default:
		str_putf(out, "action%u", h->type);
	}
}

enum { MAX_DEPTH = 16 };

static void put_list(const void *data, size_t size, const struct names *n, unsigned depth,
		     struct str *out)
{
	if (!size || depth > MAX_DEPTH) {
		str_puts(out, "drop");
		return;
	}
	bool first = true;
	DP_ACTION_FOR_EACH(a, data, size)
	{
		if (!first)
			str_putc(out, ',');
		first = false;
		put_action(a, n, depth, out);
	}
}

void dp_actions_to_str(const void *data, size_t size, const char *(*port_name)(uint32_t, void *),
		       void *arg, struct str *out)
{
	struct names n = { port_name, arg };
	put_list(data, size, &n, 0, out);
}
