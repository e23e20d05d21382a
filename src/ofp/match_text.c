/* SPDX-License-Identifier: Apache-2.0 */
/* match_text: a match as people read it. The order and the short words ("tcp", "arp") are those of
 * ovs-ofctl, which scripts compare to the letter; so members are printed by hand where their text
 * depends on others, and by the table of fields where it does not. */
#include "ofp/match.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct printer {
	const struct match *m;
	const struct ofport_names *names;
	struct str *out;
};

static void put_field(const struct printer *p, enum field_id id, const char *label)
{
	const struct field *f = &field_table[id];
	if (field_is_wild(f, &p->m->mask))
		return;
	union field_value value, mask;
	field_get(f, &p->m->key, &value);
	field_mask_get(f, &p->m->mask, &mask);
	str_putf(p->out, "%s=", label);
	field_value_to_str(f, &value, &mask, p->names, p->out);
	str_putc(p->out, ',');
}

/* "name=5," or "name=0x5/0x7,": decimal if exact. */
static void put_u16(const struct printer *p, const char *label, be16 value, be16 mask)
{
	if (mask == UINT16_MAX)
		str_putf(p->out, "%s=%u,", label, be16_to_cpu(value));
	else if (mask)
		str_putf(p->out, "%s=0x%x/0x%x,", label, be16_to_cpu(value), be16_to_cpu(mask));
}

static void put_dec8(const struct printer *p, const char *label, uint8_t value, uint8_t mask)
{
	if (mask == UINT8_MAX)
		str_putf(p->out, "%s=%u,", label, value);
	else if (mask)
		str_putf(p->out, "%s=0x%x/0x%x,", label, value, mask);
}

static void put_hex32(const struct printer *p, const char *label, uint32_t value, uint32_t mask)
{
	if (mask == UINT32_MAX)
		str_putf(p->out, "%s=%#x,", label, value);
	else if (mask)
		str_putf(p->out, "%s=%#x/%#x,", label, value, mask);
}

static void put_hex64(const struct printer *p, const char *label, be64 value, be64 mask)
{
	if (mask == UINT64_MAX)
		str_putf(p->out, "%s=%#llx,", label, (unsigned long long)be64_to_cpu(value));
	else if (mask)
		str_putf(p->out, "%s=%#llx/%#llx,", label, (unsigned long long)be64_to_cpu(value),
			 (unsigned long long)be64_to_cpu(mask));
}

static void put_ip4(const struct printer *p, const char *label, be32 addr, be32 mask)
{
	if (!mask)
		return;
	str_putf(p->out, "%s=", label);
	field_put_ip4_masked(addr, mask, p->out);
	str_putc(p->out, ',');
}

static void put_ip6(const struct printer *p, const char *label, const struct in6_addr *addr,
		    const struct in6_addr *mask)
{
	if (IN6_IS_ADDR_UNSPECIFIED(mask))
		return;
	str_putf(p->out, "%s=", label);
	field_put_ip6_masked(addr, mask, p->out);
	str_putc(p->out, ',');
}

static void put_eth(const struct printer *p, const char *label, const struct eth_addr *addr,
		    const struct eth_addr *mask)
{
	static const struct eth_addr zero;
	if (!memcmp(mask, &zero, sizeof zero))
		return;
	str_putf(p->out, "%s=", label);
	field_put_eth_masked(addr, mask, p->out);
	str_putc(p->out, ',');
}

static void put_metadata(const struct printer *p)
{
	put_field(p, FIELD_PKT_MARK, "pkt_mark");
	if (p->m->mask.recirc_id)
		put_hex32(p, "recirc_id", p->m->key.recirc_id, p->m->mask.recirc_id);
	put_field(p, FIELD_DP_HASH, "dp_hash");
	put_field(p, FIELD_CONJ_ID, "conj_id");
	put_field(p, FIELD_SKB_PRIORITY, "skb_priority");
	put_field(p, FIELD_ACTSET_OUTPUT, "actset_output");
	put_field(p, FIELD_CT_STATE, "ct_state");
	if (p->m->mask.ct_zone == UINT16_MAX)
		str_putf(p->out, "ct_zone=%u,", p->m->key.ct_zone);
	else if (p->m->mask.ct_zone)
		str_putf(p->out, "ct_zone=0x%x/0x%x,", p->m->key.ct_zone, p->m->mask.ct_zone);
	put_field(p, FIELD_CT_MARK, "ct_mark");
	put_field(p, FIELD_CT_LABEL, "ct_label");
	put_ip4(p, "ct_nw_src", p->m->key.ct_nw_src, p->m->mask.ct_nw_src);
	put_ip6(p, "ct_ipv6_src", &p->m->key.ct_ipv6_src, &p->m->mask.ct_ipv6_src);
	put_ip4(p, "ct_nw_dst", p->m->key.ct_nw_dst, p->m->mask.ct_nw_dst);
	put_ip6(p, "ct_ipv6_dst", &p->m->key.ct_ipv6_dst, &p->m->mask.ct_ipv6_dst);
	if (p->m->mask.ct_nw_proto) {
		put_dec8(p, "ct_nw_proto", p->m->key.ct_nw_proto, p->m->mask.ct_nw_proto);
		put_u16(p, "ct_tp_src", p->m->key.ct_tp_src, p->m->mask.ct_tp_src);
		put_u16(p, "ct_tp_dst", p->m->key.ct_tp_dst, p->m->mask.ct_tp_dst);
	}
}

static const char *word_for_proto(uint8_t proto, bool v6)
{
	switch (proto) {
	case IPPROTO_ICMP:
		return v6 ? NULL : "icmp";
	case IPPROTO_ICMPV6:
		return v6 ? "icmp6" : NULL;
	case IPPROTO_TCP:
		return v6 ? "tcp6" : "tcp";
	case IPPROTO_UDP:
		return v6 ? "udp6" : "udp";
	case IPPROTO_SCTP:
		return v6 ? "sctp6" : "sctp";
	default:
		return NULL;
	}
}

struct shown {
	bool dl_type, nw_proto; /* said by a word: not to be repeated */
};

static struct shown put_protocol_word(const struct printer *p, bool eth_implied)
{
	const struct flow_key *k = &p->m->key, *mask = &p->m->mask;
	struct shown shown = { false, false };
	if (!eth_implied || mask->dl_type != UINT16_MAX)
		return shown;
	shown.dl_type = true;
	switch (be16_to_cpu(k->dl_type)) {
	case 0x0800:
	case 0x86dd: {
		bool v6 = be16_to_cpu(k->dl_type) == 0x86dd;
		const char *word =
			mask->nw_proto == UINT8_MAX ? word_for_proto(k->nw_proto, v6) : NULL;
		shown.nw_proto = word != NULL;
		str_putf(p->out, "%s,", word ? word : v6 ? "ipv6" : "ip");
		break;
	}
	case 0x0806:
		str_puts(p->out, "arp,");
		break;
	case 0x8035:
		str_puts(p->out, "rarp,");
		break;
	case 0x8847:
		str_puts(p->out, "mpls,");
		break;
	case 0x8848:
		str_puts(p->out, "mplsm,");
		break;
	default:
		shown.dl_type = false;
	}
	return shown;
}

static void put_tunnel(const struct printer *p)
{
	const struct tunnel_key *k = &p->m->key.tunnel, *m = &p->m->mask.tunnel;
	put_hex64(p, "tun_id", k->id, m->id);
	put_ip4(p, "tun_src", k->ip_src, m->ip_src);
	put_ip4(p, "tun_dst", k->ip_dst, m->ip_dst);
	put_ip6(p, "tun_ipv6_src", &k->ipv6_src, &m->ipv6_src);
	put_ip6(p, "tun_ipv6_dst", &k->ipv6_dst, &m->ipv6_dst);
	put_u16(p, "tun_gbp_id", k->gbp_id, m->gbp_id);
	if (m->gbp_flags)
		str_putf(p->out, "tun_gbp_flags=0x%x,", k->gbp_flags);
	if (m->tos)
		str_putf(p->out, "tun_tos=%#x,", k->tos);
	if (m->ttl)
		str_putf(p->out, "tun_ttl=%u,", k->ttl);
	if (m->erspan_ver)
		str_putf(p->out, "tun_erspan_ver=%u,", k->erspan_ver);
	if (m->erspan_idx)
		str_putf(p->out, "tun_erspan_idx=0x%x,", k->erspan_idx);
	if (m->erspan_dir && k->erspan_ver == 2)
		str_putf(p->out, "tun_erspan_dir=%u,", k->erspan_dir);
	if (m->erspan_hwid && k->erspan_ver == 2)
		str_putf(p->out, "tun_erspan_hwid=0x%x,", k->erspan_hwid);
	if (m->gtpu_flags)
		str_putf(p->out, "gtpu_flags=0x%x,", k->gtpu_flags);
	if (m->gtpu_msgtype)
		str_putf(p->out, "gtpu_msgtype=%u,", k->gtpu_msgtype);
	if (m->flags & TUN_F_MATCHABLE) {
		str_puts(p->out, "tun_flags=");
		/* Always as "+oam" or "-oam": a 'max' that no mask equals. */
		field_put_flags_masked(k->flags / TUN_F_OAM & 1, 1, UINT32_MAX, tun_flag_name,
				       p->out);
		str_putc(p->out, ',');
	}
	for (unsigned i = 0; i < FIELD_N_TUN_METADATA; i++) {
		if (!(m->opts_present >> i & 1))
			continue;
		const struct field *f = &field_table[FIELD_TUN_METADATA0 + i];
		union field_value value, mask;
		field_get(f, &p->m->key, &value);
		field_mask_get(f, &p->m->mask, &mask);
		if (field_value_is_zero(f, &mask)) {
			str_putf(p->out, "%s,", f->name);
			continue;
		}
		str_putf(p->out, "%s=", f->name);
		field_value_to_str(f, &value, &mask, NULL, p->out);
		str_putc(p->out, ',');
	}
}

static void put_vlan(const struct printer *p, unsigned i)
{
	be16 tci = p->m->key.vlans[i].tci, mask = p->m->mask.vlans[i].tci;
	if (!mask)
		return;
	char digit[2] = { i ? (char)('0' + i) : '\0', '\0' };
	be16 vid_mask = mask & BE16_C(VLAN_VID_MASK), pcp_mask = mask & BE16_C(VLAN_PCP_MASK);
	unsigned vid = be16_to_cpu(tci) & VLAN_VID_MASK, pcp = be16_to_cpu(tci) >> VLAN_PCP_SHIFT;
	bool whole_vid = vid_mask == BE16_C(VLAN_VID_MASK),
	     whole_pcp = pcp_mask == BE16_C(VLAN_PCP_MASK);
	if ((mask & BE16_C(VLAN_CFI)) && (tci & BE16_C(VLAN_CFI)) && (whole_vid || !vid_mask) &&
	    (whole_pcp || !pcp_mask) && (whole_vid || whole_pcp)) {
		if (whole_vid)
			str_putf(p->out, "dl_vlan%s=%u,", digit, vid);
		if (whole_pcp)
			str_putf(p->out, "dl_vlan_pcp%s=%u,", digit, pcp);
	} else if (mask == UINT16_MAX) {
		str_putf(p->out, "vlan_tci%s=0x%04x,", digit, be16_to_cpu(tci));
	} else {
		str_putf(p->out, "vlan_tci%s=0x%04x/0x%04x,", digit, be16_to_cpu(tci),
			 be16_to_cpu(mask));
	}
}

static void put_l2(const struct printer *p, bool dl_type_shown)
{
	const struct flow_key *k = &p->m->key, *m = &p->m->mask;
	for (unsigned i = 0; i < KEY_MAX_VLANS; i++)
		put_vlan(p, i);
	put_eth(p, "dl_src", &k->dl_src, &m->dl_src);
	put_eth(p, "dl_dst", &k->dl_dst, &m->dl_dst);
	if (!dl_type_shown && m->dl_type)
		str_putf(p->out, "dl_type=0x%04x,", be16_to_cpu(k->dl_type));
}

static void put_mpls(const struct printer *p)
{
	uint32_t lse = be32_to_cpu(p->m->key.mpls_lse[0]),
		 mask = be32_to_cpu(p->m->mask.mpls_lse[0]);
	if (mask & 0xfffff000)
		str_putf(p->out, "mpls_label=%u,", lse >> 12);
	if (mask & 0xe00)
		str_putf(p->out, "mpls_tc=%u,", lse >> 9 & 7);
	if (mask & 0xff)
		str_putf(p->out, "mpls_ttl=%u,", lse & 0xff);
	if (mask & 0x100)
		str_putf(p->out, "mpls_bos=%u,", lse >> 8 & 1);
	for (unsigned i = 1; i < KEY_MAX_MPLS; i++) {
		char label[16];
		snprintf(label, sizeof label, "mpls_lse%u", i);
		put_hex32(p, label, be32_to_cpu(p->m->key.mpls_lse[i]),
			  be32_to_cpu(p->m->mask.mpls_lse[i]));
	}
}

static void put_l3(const struct printer *p, uint16_t type, bool nw_proto_shown)
{
	const struct flow_key *k = &p->m->key, *m = &p->m->mask;
	if (type == 0x86dd) {
		put_ip6(p, "ipv6_src", &k->ipv6_src, &m->ipv6_src);
		put_ip6(p, "ipv6_dst", &k->ipv6_dst, &m->ipv6_dst);
		if (m->ipv6_label == BE32_C(0xfffff))
			str_putf(p->out, "ipv6_label=0x%05x,", be32_to_cpu(k->ipv6_label));
		else if (m->ipv6_label)
			str_putf(p->out, "ipv6_label=0x%05x/0x%05x,", be32_to_cpu(k->ipv6_label),
				 be32_to_cpu(m->ipv6_label));
	} else if (type == 0x0806 || type == 0x8035) {
		put_ip4(p, "arp_spa", k->nw_src, m->nw_src);
		put_ip4(p, "arp_tpa", k->nw_dst, m->nw_dst);
		put_dec8(p, "arp_op", k->nw_proto, m->nw_proto);
		put_eth(p, "arp_sha", &k->arp_sha, &m->arp_sha);
		put_eth(p, "arp_tha", &k->arp_tha, &m->arp_tha);
		return;
	} else {
		put_ip4(p, "nw_src", k->nw_src, m->nw_src);
		put_ip4(p, "nw_dst", k->nw_dst, m->nw_dst);
	}
	if (!nw_proto_shown && m->nw_proto)
		put_dec8(p, "nw_proto", k->nw_proto, m->nw_proto);
	if (m->nw_tos & 0xfc)
		str_putf(p->out, "nw_tos=%d,", k->nw_tos & 0xfc);
	if (m->nw_tos & 3)
		str_putf(p->out, "nw_ecn=%d,", k->nw_tos & 3);
	if (m->nw_ttl)
		str_putf(p->out, "nw_ttl=%d,", k->nw_ttl);
	put_mpls(p);
	put_field(p, FIELD_IP_FRAG, "nw_frag");
}

/* These have their 0x when they are zero, too. */
static void put_nsh32(const struct printer *p, const char *label, uint32_t value, uint32_t mask,
		      uint32_t ones)
{
	if (mask == ones)
		str_putf(p->out, "%s=0x%x,", label, value);
	else if (mask)
		str_putf(p->out, "%s=0x%x/0x%x,", label, value, mask);
}

static void put_nsh(const struct printer *p)
{
	const struct nsh_key *k = &p->m->key.nsh, *m = &p->m->mask.nsh;
	put_dec8(p, "nsh_flags", k->flags, m->flags);
	put_dec8(p, "nsh_ttl", k->ttl, m->ttl);
	put_dec8(p, "nsh_mdtype", k->mdtype, m->mdtype);
	put_dec8(p, "nsh_np", k->np, m->np);
	put_nsh32(p, "nsh_spi", be32_to_cpu(k->path_hdr) >> 8, be32_to_cpu(m->path_hdr) >> 8,
		  0xffffff);
	put_field(p, FIELD_NSH_SI, "nsh_si");
	static const char *const labels[] = { "nsh_c1", "nsh_c2", "nsh_c3", "nsh_c4" };
	for (unsigned i = 0; i < 4; i++)
		put_nsh32(p, labels[i], be32_to_cpu(k->context[i]), be32_to_cpu(m->context[i]),
			  UINT32_MAX);
}

/* Types and codes have 8 of the 16 bits of a port. */
static void put_icmp(const struct printer *p, const char *label, be16 value, be16 mask)
{
	put_u16(p, label, value, mask == BE16_C(0xff) ? UINT16_MAX : mask);
}

static void put_l4(const struct printer *p, uint16_t type)
{
	const struct flow_key *k = &p->m->key, *m = &p->m->mask;
	if (type == 0x0800 && k->nw_proto == IPPROTO_ICMP) {
		put_icmp(p, "icmp_type", k->tp_src, m->tp_src);
		put_icmp(p, "icmp_code", k->tp_dst, m->tp_dst);
	} else if (type == 0x86dd && k->nw_proto == IPPROTO_ICMPV6) {
		put_icmp(p, "icmp_type", k->tp_src, m->tp_src);
		put_icmp(p, "icmp_code", k->tp_dst, m->tp_dst);
		put_ip6(p, "nd_target", &k->nd_target, &m->nd_target);
		put_eth(p, "nd_sll", &k->arp_sha, &m->arp_sha);
		put_eth(p, "nd_tll", &k->arp_tha, &m->arp_tha);
		if (m->igmp_group)
			str_putf(p->out, "nd_reserved=%u,", be32_to_cpu(k->igmp_group));
		if (m->nd_options_type)
			str_putf(p->out, "nd_options_type=%u,", k->nd_options_type);
	} else {
		put_u16(p, "tp_src", k->tp_src, m->tp_src);
		put_u16(p, "tp_dst", k->tp_dst, m->tp_dst);
	}
	put_field(p, FIELD_TCP_FLAGS, "tcp_flags");
}

void match_put(const struct match *m, int priority, const struct ofport_names *names,
	       struct str *out)
{
	const struct printer p = { m, names, out };
	size_t start = out->len;
	if (priority >= 0 && priority != OFP_DEFAULT_PRIORITY)
		str_putf(out, "priority=%d,", priority);
	put_metadata(&p);

	/* A match on packet_type (0,0) is the usual Ethernet packet; others tell the protocol by
	 * it. */
	uint16_t type = m->mask.dl_type == UINT16_MAX ? be16_to_cpu(m->key.dl_type) : 0;
	bool eth = true;
	if (m->mask.packet_type) {
		if (m->key.packet_type == PT_ETH) {
			if (m->mask.dl_type != UINT16_MAX)
				str_puts(out, "eth,");
		} else {
			eth = false;
			str_putf(out, "packet_type=(%u,0x%x),", m->key.packet_type >> 16,
				 m->key.packet_type & 0xffff);
			if (m->key.packet_type >> 16 == 1)
				type = m->key.packet_type & 0xffff;
		}
	}
	struct shown shown = put_protocol_word(&p, eth);
	for (unsigned i = 0; i < KEY_N_REGS; i++) {
		char label[8];
		snprintf(label, sizeof label, "reg%u", i);
		put_hex32(&p, label, m->key.regs[i], m->mask.regs[i]);
	}
	put_tunnel(&p);
	put_hex64(&p, "metadata", m->key.metadata, m->mask.metadata);
	if (m->mask.in_port) {
		str_puts(out, "in_port=");
		ofport_to_str(m->key.in_port, names, out);
		str_putc(out, ',');
	}
	put_l2(&p, shown.dl_type || !eth);
	put_l3(&p, type, shown.nw_proto);
	put_nsh(&p);
	put_l4(&p, type);
	if (out->len > start)
		str_chomp(out, ',');
}

char *match_to_str(const struct match *m, int priority, const struct ofport_names *names)
{
	struct str out = STR_INIT;
	match_put(m, priority, names, &out);
	return out.s ? str_steal(&out) : xstrdup("");
}
