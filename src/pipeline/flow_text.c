/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/flow_text.h"
#include "base/mem.h"

#define ONES(m) memset(&(m), 0xff, sizeof(m))

/* Mask of what a packet of this kind has. */
static void mask_of_packet(const struct flow_key *k, struct flow_key *m)
{
	memset(m, 0, sizeof *m);
	m->in_port = UINT32_MAX;
	m->metadata = k->metadata ? UINT64_MAX : 0;
	for (int i = 0; i < KEY_N_REGS; i++)
		m->regs[i] = k->regs[i] ? UINT32_MAX : 0;
	m->skb_priority = k->skb_priority ? UINT32_MAX : 0;
	m->pkt_mark = k->pkt_mark ? UINT32_MAX : 0;
	m->recirc_id = k->recirc_id ? UINT32_MAX : 0;
	m->dp_hash = k->dp_hash ? UINT32_MAX : 0;
	m->ct_state = k->ct_state ? UINT32_MAX : 0;
	m->ct_zone = k->ct_zone ? UINT16_MAX : 0;
	m->ct_mark = k->ct_mark ? UINT32_MAX : 0;
	if (k->ct_label[0] || k->ct_label[1])
		ONES(m->ct_label);
	m->packet_type = k->packet_type ? UINT32_MAX : 0;

	const struct tunnel_key *t = &k->tunnel;
	if (t->id)
		m->tunnel.id = UINT64_MAX;
	if (tunnel_key_is_set(t)) {
		m->tunnel.id = UINT64_MAX;
		if (t->ip_dst) {
			m->tunnel.ip_src = m->tunnel.ip_dst = UINT32_MAX;
		} else {
			ONES(m->tunnel.ipv6_src);
			ONES(m->tunnel.ipv6_dst);
		}
		m->tunnel.tos = m->tunnel.ttl = UINT8_MAX;
		m->tunnel.flags = TUN_F_MATCHABLE;
		m->tunnel.gbp_id = t->gbp_id ? UINT16_MAX : 0;
		m->tunnel.gbp_flags = t->gbp_flags ? UINT8_MAX : 0;
	}

	m->dl_type = UINT16_MAX;
	if (k->packet_type == PT_ETH) {
		ONES(m->dl_src);
		ONES(m->dl_dst);
		for (int i = 0; i < KEY_MAX_VLANS; i++) {
			m->vlans[i].tci = UINT16_MAX;
			if (!(k->vlans[i].tci & BE16_C(VLAN_CFI)))
				break;
		}
	}
	switch (k->dl_type) {
	case BE16_C(0x0800):
		m->nw_src = m->nw_dst = UINT32_MAX;
		break;
	case BE16_C(0x86dd):
		ONES(m->ipv6_src);
		ONES(m->ipv6_dst);
		m->ipv6_label = BE32_C(0xfffff);
		break;
	case BE16_C(0x0806):
	case BE16_C(0x8035):
		m->nw_src = m->nw_dst = UINT32_MAX;
		m->nw_proto = UINT8_MAX;
		ONES(m->arp_sha);
		ONES(m->arp_tha);
		return;
	case BE16_C(0x8847):
	case BE16_C(0x8848):
		for (int i = 0; i < KEY_MAX_MPLS; i++) {
			m->mpls_lse[i] = UINT32_MAX;
			if (k->mpls_lse[i] & BE32_C(0x100))
				break;
		}
		return;
	case BE16_C(0x894f):
		ONES(m->nsh);
		return;
	default:
		return;
	}
	m->nw_frag = FRAG_ANY | FRAG_LATER;
	m->nw_tos = m->nw_ttl = m->nw_proto = UINT8_MAX;
	if (k->nw_frag & FRAG_LATER)
		return;
	bool ip6 = k->dl_type == BE16_C(0x86dd);
	switch (k->nw_proto) {
	case IPPROTO_TCP:
		m->tcp_flags = UINT16_MAX;
		/* fall through */
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		m->tp_src = m->tp_dst = UINT16_MAX;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_IGMP:
		if (!ip6)
			m->tp_src = m->tp_dst = UINT16_MAX;
		break;
	case IPPROTO_ICMPV6:
		if (!ip6)
			break;
		m->tp_src = m->tp_dst = UINT16_MAX;
		if (k->tp_src == BE16_C(135) || k->tp_src == BE16_C(136)) {
			ONES(m->nd_target);
			ONES(m->arp_sha);
			ONES(m->arp_tha);
		}
		break;
	default:
		break;
	}
}

static void put(const struct flow_key *key, const struct flow_key *mask,
		const struct ofport_names *names, struct str *out)
{
	struct match m;
	match_init(&m);
	m.key = *key;
	m.mask = *mask;
	key_mask(&m.key, &m.mask);
	match_put(&m, -1, names, out);
}

void flow_put(const struct flow_key *key, const struct ofport_names *names, struct str *out)
{
	struct flow_key mask;
	mask_of_packet(key, &mask);
	put(key, &mask, names, out);
}

/* ICMP types and codes are told with the mask of the 8 bits that they have. */
static void put_icmp_masks(struct str *out, size_t start)
{
	static const char *const labels[] = { "icmp_type=", "icmp_code=" };
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		const char *at = out->s ? strstr(out->s + start, labels[i]) : NULL;
		if (!at)
			continue;
		char *end;
		unsigned long value = strtoul(at + strlen(labels[i]), &end, 0);
		if (*end == '/')
			continue;
		AUTO_FREE char *rest = xstrdup(end);
		str_truncate(out, (size_t)(at - out->s));
		str_putf(out, "%s0x%lx/0xff%s", labels[i], value, rest);
	}
}

void megaflow_put(const struct flow_key *key, const struct flow_key *mask_,
		  const struct ofport_names *names, struct str *out)
{
	struct flow_key beside = { 0 }, mask = *mask_;
	bool tunnel = tunnel_key_is_set(&key->tunnel);
	mask.dp_port = 0;
	if (!tunnel)
		memset(&mask.tunnel, 0, sizeof mask.tunnel);
		/* What travels beside the packet comes first, then that it is an Ethernet packet.
		 */
#define TAKE(member)                                                                               \
	do {                                                                                       \
		memcpy(&beside.member, &mask.member, sizeof beside.member);                        \
		memset(&mask.member, 0, sizeof mask.member);                                       \
	} while (0)
	TAKE(recirc_id);
	TAKE(dp_hash);
	TAKE(skb_priority);
	TAKE(pkt_mark);
	TAKE(ct_state);
	TAKE(ct_mark);
	TAKE(ct_zone);
	TAKE(ct_label);
#undef TAKE
	put(key, &beside, names, out);
	if (out->len)
		str_putc(out, ',');
	if (key->packet_type == PT_ETH) {
		str_puts(out, "eth,");
		mask.packet_type = 0;
	}
	size_t start = out->len;
	put(key, &mask, names, out);
	put_icmp_masks(out, start);
}
