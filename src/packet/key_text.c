/* SPDX-License-Identifier: Apache-2.0 */
/* Printing keys. The order and the conventions are those that people know from OVS: decimal or hex
 * by field, masks in hex whatever the value is in, addresses' masks written out, "0" without 0x. */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "packet/field.h"
#include "packet/key_attr.h"
#include "wire/net.h"

#define K(member) KEY_OFS(member)
const struct key_attr_def key_attrs[N_KEY_ATTRS] = {
	[KEY_ATTR_ETH] = { "eth",
			   { { "src", ITEM_ETH, K(dl_src) }, { "dst", ITEM_ETH, K(dl_dst) } } },
	[KEY_ATTR_IPV4] = { "ipv4",
			    { { "src", ITEM_IP4, K(nw_src) },
			      { "dst", ITEM_IP4, K(nw_dst) },
			      { "proto", ITEM_U8, K(nw_proto) },
			      { "tos", ITEM_U8_HEX, K(nw_tos) },
			      { "ttl", ITEM_U8, K(nw_ttl) },
			      { "frag", ITEM_FRAG, K(nw_frag) } } },
	[KEY_ATTR_IPV6] = { "ipv6",
			    { { "src", ITEM_IP6, K(ipv6_src) },
			      { "dst", ITEM_IP6, K(ipv6_dst) },
			      { "label", ITEM_BE32_HEX, K(ipv6_label) },
			      { "proto", ITEM_U8, K(nw_proto) },
			      { "tclass", ITEM_U8_HEX, K(nw_tos) },
			      { "hlimit", ITEM_U8, K(nw_ttl) },
			      { "frag", ITEM_FRAG, K(nw_frag) } } },
	[KEY_ATTR_TCP] = { "tcp",
			   { { "src", ITEM_BE16, K(tp_src) }, { "dst", ITEM_BE16, K(tp_dst) } } },
	[KEY_ATTR_UDP] = { "udp",
			   { { "src", ITEM_BE16, K(tp_src) }, { "dst", ITEM_BE16, K(tp_dst) } } },
	[KEY_ATTR_SCTP] = { "sctp",
			    { { "src", ITEM_BE16, K(tp_src) }, { "dst", ITEM_BE16, K(tp_dst) } } },
	[KEY_ATTR_ICMP] = { "icmp",
			    { { "type", ITEM_BE16_LOW, K(tp_src) },
			      { "code", ITEM_BE16_LOW, K(tp_dst) } } },
	[KEY_ATTR_ICMPV6] = { "icmpv6",
			      { { "type", ITEM_BE16_LOW, K(tp_src) },
				{ "code", ITEM_BE16_LOW, K(tp_dst) } } },
	[KEY_ATTR_ARP] = { "arp",
			   { { "sip", ITEM_IP4, K(nw_src) },
			     { "tip", ITEM_IP4, K(nw_dst) },
			     { "op", ITEM_U8, K(nw_proto) },
			     { "sha", ITEM_ETH, K(arp_sha) },
			     { "tha", ITEM_ETH, K(arp_tha) } } },
	[KEY_ATTR_ND] = { "nd",
			  { { "target", ITEM_IP6, K(nd_target) },
			    { "sll", ITEM_ETH, K(arp_sha) },
			    { "tll", ITEM_ETH, K(arp_tha) } } },
	[KEY_ATTR_ND_EXT] = { "nd_ext",
			      { { "nd_reserved", ITEM_BE32_HEX, K(igmp_group) },
				{ "nd_options_type", ITEM_U8, K(nd_options_type) } } },
	[KEY_ATTR_NSH] = { "nsh",
			   { { "flags", ITEM_U8, K(nsh.flags) },
			     { "ttl", ITEM_U8, K(nsh.ttl) },
			     { "mdtype", ITEM_U8, K(nsh.mdtype) },
			     { "np", ITEM_U8, K(nsh.np) },
			     { "spi", ITEM_NSH_SPI, K(nsh.path_hdr) },
			     { "si", ITEM_NSH_SI, K(nsh.path_hdr) },
			     { "c1", ITEM_BE32_HEX8, K(nsh.context[0]) },
			     { "c2", ITEM_BE32_HEX8, K(nsh.context[1]) },
			     { "c3", ITEM_BE32_HEX8, K(nsh.context[2]) },
			     { "c4", ITEM_BE32_HEX8, K(nsh.context[3]) } } },
};
#undef K

const struct key_tun_flag key_tun_flags[4] = {
	{ "df", TUN_F_DF },
	{ "csum", TUN_F_CSUM },
	{ "oam", TUN_F_OAM },
	{ "key", TUN_F_KEY },
};

void dp_port_to_str(uint32_t dp_port, const struct dp_port_names *names, struct str *out)
{
	const char *s = names && names->print_names && names->name
				? names->name(dp_port, names->arg)
				: NULL;
	if (s)
		str_puts(out, s);
	else
		str_putf(out, "%u", dp_port);
}

bool dp_port_from_str(const char *s, size_t len, const struct dp_port_names *names, uint32_t *ret)
{
	char buf[64];
	if (!len || len >= sizeof buf)
		return false;
	memcpy(buf, s, len);
	buf[len] = '\0';
	if (isdigit((unsigned char)*buf) && str_to_u32(buf, 0, ret))
		return true;
	return names && names->number && names->number(buf, ret, names->arg);
}

/* An integer item as a number; 'wide' is the number of its bytes. */
static uint32_t item_int(const struct key_item *it, const struct flow_key *key)
{
	const uint8_t *p = (const uint8_t *)key + it->ofs;
	switch (it->kind) {
	case ITEM_U8:
	case ITEM_U8_HEX:
	case ITEM_FRAG:
		return *p;
	case ITEM_BE16:
		return get_be16(p);
	case ITEM_BE16_LOW:
		return get_be16(p) & 0xff;
	case ITEM_NSH_SPI:
		return get_be32(p) >> 8;
	case ITEM_NSH_SI:
		return get_be32(p) & 0xff;
	default:
		return get_be32(p);
	}
}

static uint32_t item_ones(const struct key_item *it)
{
	switch (it->kind) {
	case ITEM_U8:
	case ITEM_U8_HEX:
	case ITEM_BE16_LOW:
	case ITEM_NSH_SI:
		return 0xff;
	case ITEM_FRAG:
		return FRAG_ANY | FRAG_LATER;
	case ITEM_BE16:
		return 0xffff;
	case ITEM_NSH_SPI:
		return 0xffffff;
	case ITEM_BE32_HEX:
		return it->ofs == KEY_OFS(ipv6_label) ? 0xfffff : UINT32_MAX;
	default:
		return UINT32_MAX;
	}
}

static unsigned item_bytes(const struct key_item *it)
{
	return it->kind == ITEM_ETH ? 6 : it->kind == ITEM_IP6 ? 16 : it->kind == ITEM_IP4 ? 4 : 0;
}

static bool item_is(const struct key_item *it, const struct flow_key *mask, bool ones)
{
	unsigned n = item_bytes(it);
	if (n)
		return bits_are((const uint8_t *)mask + it->ofs, n, 0, n * 8, ones);
	uint32_t x = item_int(it, mask) & item_ones(it);
	return x == (ones ? item_ones(it) : 0);
}

static void put_ip4(const void *p, struct str *out)
{
	const uint8_t *b = p;
	str_putf(out, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

static void put_hex(uint32_t x, struct str *out) { str_putf(out, x ? "0x%x" : "%x", x); }

static void put_item_value(const struct key_item *it, const struct flow_key *key, bool is_mask,
			   struct str *out)
{
	const uint8_t *p = (const uint8_t *)key + it->ofs;
	uint32_t x = item_int(it, key);
	switch (it->kind) {
	case ITEM_ETH:
		field_put_eth((const struct eth_addr *)p, out);
		break;
	case ITEM_IP4:
		put_ip4(p, out);
		break;
	case ITEM_IP6:
		field_put_ip6((const struct in6_addr *)p, out);
		break;
	case ITEM_FRAG:
		str_puts(out, x & FRAG_LATER ? "later" : x & FRAG_ANY ? "first" : "no");
		break;
	case ITEM_BE32_HEX8:
	case ITEM_NSH_SPI:
		str_putf(out,
			 !is_mask		      ? "0x%x"
			 : it->kind == ITEM_BE32_HEX8 ? "0x%08x"
						      : "0x%06x",
			 x);
		break;
	case ITEM_U8:
	case ITEM_BE16:
	case ITEM_BE16_LOW:
	case ITEM_BE32:
	case ITEM_NSH_SI:
		if (!is_mask) {
			str_putf(out, "%u", x);
			break;
		}
		/* fall through */
	default:
		put_hex(x, out);
	}
}

static void put_items(enum key_attr attr, const struct flow_key *key, const struct flow_key *mask,
		      bool verbose, bool is_flow, struct str *out)
{
	ASSERT(attr < N_KEY_ATTRS);
	const struct key_attr_def *def = &key_attrs[attr];
	bool first = true;
	str_putf(out, "%s(", def->name);
	for (const struct key_item *it = def->items; it->name; it++) {
		bool none = mask && item_is(it, mask, false);
		/* Without context (MD type 2) the words are matched as zero, as people are used to
		 * see. */
		if (none && it->kind == ITEM_BE32_HEX8 && is_flow && key->nsh.mdtype == 2) {
			str_putf(out, "%s%s=0x0", first ? "" : ",", it->name);
			first = false;
			continue;
		}
		if (none && (!verbose || attr == KEY_ATTR_NSH || it->kind == ITEM_FRAG))
			continue;
		if (!first)
			str_putc(out, ',');
		first = false;
		str_putf(out, "%s=", it->name);
		put_item_value(it, key, false, out);
		if (mask && !item_is(it, mask, true) && it->kind != ITEM_FRAG) {
			str_putc(out, '/');
			put_item_value(it, mask, true, out);
		}
	}
	str_putc(out, ')');
}

void key_attr_to_str(enum key_attr attr, const struct flow_key *key, const struct flow_key *mask,
		     bool verbose, struct str *out)
{
	put_items(attr, key, mask, verbose, false, out);
}

static bool attr_is_wild(enum key_attr attr, const struct flow_key *mask)
{
	for (const struct key_item *it = key_attrs[attr].items; it->name; it++)
		if (!item_is(it, mask, false))
			return false;
	return true;
}

/* The state of one printing: what goes before the next attribute. */
struct printer {
	const struct flow_key *key, *mask;
	bool verbose;
	struct str *out;
	bool any;
};

static void sep(struct printer *p)
{
	if (p->any)
		str_putc(p->out, ',');
	p->any = true;
}

static void put_attr(struct printer *p, enum key_attr attr)
{
	if (p->mask && !p->verbose && attr != KEY_ATTR_NSH && attr_is_wild(attr, p->mask))
		return;
	sep(p);
	put_items(attr, p->key, p->mask, p->verbose, true, p->out);
}

static void put_u32(struct printer *p, const char *name, uint32_t x, uint32_t mask, uint32_t ones)
{
	if (!mask && !p->verbose)
		return;
	sep(p);
	str_putf(p->out, "%s(", name);
	put_hex(x, p->out);
	if ((mask & ones) != ones) {
		str_putc(p->out, '/');
		put_hex(mask, p->out);
	}
	str_putc(p->out, ')');
}

static void put_ct_state(struct printer *p, uint32_t x, uint32_t mask)
{
	if (p->verbose) {
		put_u32(p, "ct_state", x, mask & 0xff, 0xff);
	} else if (mask) {
		sep(p);
		str_puts(p->out, "ct_state(");
		field_put_flags_masked(x, mask == UINT32_MAX && p->mask ? 0xff : mask, UINT32_MAX,
				       ct_state_name, p->out);
		str_putc(p->out, ')');
	}
}

static void put_label(struct printer *p, const be64 *x, const be64 *mask)
{
	const struct field *f = &field_table[FIELD_CT_LABEL];
	union field_value v = { 0 }, m = { 0 };
	memcpy(v.b, x, 16);
	if (mask)
		memcpy(m.b, mask, 16);
	else
		memset(m.b, 0xff, 16);
	bool none = bits_are(m.b, 16, 0, 128, false);
	if (none && !p->verbose)
		return;
	sep(p);
	str_puts(p->out, "ct_label(");
	if (none) {
		field_value_to_str(f, &v, NULL, NULL, p->out);
		str_puts(p->out, "/0");
	} else {
		field_value_to_str(f, &v, &m, NULL, p->out);
	}
	str_putc(p->out, ')');
}

/* One part of tunnel(..): nothing if the mask has no bit of it. */
static bool tun_part(const char *name, bool *first, struct str *out)
{
	if (!*first)
		str_putc(out, ',');
	*first = false;
	str_puts(out, name);
	return true;
}

static void put_u64_masked(uint64_t x, uint64_t mask, struct str *out)
{
	str_putf(out, x ? "0x%llx" : "%llx", (unsigned long long)x);
	if (mask != UINT64_MAX)
		str_putf(out, mask ? "/0x%llx" : "/%llx", (unsigned long long)mask);
}

static void put_dec_masked(uint32_t x, uint32_t mask, uint32_t ones, struct str *out)
{
	str_putf(out, "%u", x);
	if (mask != ones) {
		str_putc(out, '/');
		put_hex(mask, out);
	}
}

static void put_hex_masked(uint32_t x, uint32_t mask, uint32_t ones, struct str *out)
{
	put_hex(x, out);
	if (mask != ones) {
		str_putc(out, '/');
		put_hex(mask, out);
	}
}

/* Hex digits without leading zeros, "0" for nothing but zeros. */
static void put_bytes(const uint8_t *p, unsigned n, struct str *out)
{
	while (n > 1 && !*p)
		p++, n--;
	if (n)
		str_putf(out, "0x%x", *p++), n--;
	while (n--)
		str_putf(out, "%02x", *p++);
}

static void put_geneve(const struct flow_key *key, const struct flow_key *mask, struct str *out)
{
	const uint8_t *opt = key->tun_opts, *m = mask ? mask->tun_opts : NULL;
	size_t size = key->tunnel.opts_size;
	str_puts(out, "geneve(");
	while (size >= 4) {
		unsigned len = (opt[3] & 0x1fu) * 4;
		if (len + 4 > size)
			break;
		if (m && bits_are(m, 4 + len, 0, (4 + len) * 8, false))
			goto next; /* nothing of it is matched */
		str_putf(out, "{class=0x%x,type=0x%x,len=%u", get_be16(opt), opt[2], len);
		if (len) {
			str_putc(out, ',');
			put_bytes(opt + 4, len, out);
			if (m && !bits_are(m + 4, len, 0, len * 8, true)) {
				str_putc(out, '/');
				put_bytes(m + 4, len, out);
			}
		}
		str_putc(out, '}');
	next:
		opt += 4 + len;
		if (m)
			m += 4 + len;
		size -= 4 + len;
	}
	str_putc(out, ')');
}

static void put_tun_flags(uint16_t flags, uint16_t mask, struct str *out)
{
	mask &= KEY_TUN_FLAGS_ALL;
	str_puts(out, "flags(");
	if (mask == KEY_TUN_FLAGS_ALL) {
		bool any = false;
		for (unsigned i = 0; i < ARRAY_SIZE(key_tun_flags); i++)
			if (flags & key_tun_flags[i].bit) {
				str_putf(out, "%s%s", any ? "|" : "", key_tun_flags[i].name);
				any = true;
			}
		if (!any)
			str_putc(out, '0');
	} else {
		for (unsigned i = 0; i < ARRAY_SIZE(key_tun_flags); i++)
			if (mask & key_tun_flags[i].bit)
				str_putf(out, "%c%s", flags & key_tun_flags[i].bit ? '+' : '-',
					 key_tun_flags[i].name);
	}
	str_putc(out, ')');
}

/* Values that are zero are no part of a tunnel key, whatever the mask says. */
static void put_tunnel(const struct flow_key *key, const struct flow_key *mask, bool verbose,
		       struct str *out)
{
	static const struct tunnel_key all_ones = {
		.ip_src = UINT32_MAX,
		.ip_dst = UINT32_MAX,
		.ipv6_src = { { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
				  255, 255, 255 } } },
		.ipv6_dst = { { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
				  255, 255, 255 } } },
		.id = UINT64_MAX,
		.flags = UINT16_MAX,
		.tos = 255,
		.ttl = 255,
		.tp_src = 0xffff,
		.tp_dst = 0xffff,
		.gbp_id = 0xffff,
		.gbp_flags = 255,
		.erspan_ver = 255,
		.erspan_idx = UINT32_MAX,
		.erspan_dir = 255,
		.erspan_hwid = 255,
		.gtpu_flags = 255,
		.gtpu_msgtype = 255,
	};
	const struct tunnel_key *t = &key->tunnel, *m = mask ? &mask->tunnel : &all_ones;
	bool first = true;
#define SHOW(name, value, bits) ((value) && ((bits) || verbose) && tun_part(name, &first, out))
	str_puts(out, "tunnel(");
	if (t->flags & TUN_F_KEY || t->id) {
		if (m->id || verbose) {
			tun_part("tun_id=", &first, out);
			put_u64_masked(be64_to_cpu(t->id), be64_to_cpu(m->id), out);
		}
	}
	for (int dst = 0; dst < 2; dst++) {
		be32 a = dst ? t->ip_dst : t->ip_src, b = dst ? m->ip_dst : m->ip_src;
		if (SHOW(dst ? "dst=" : "src=", a, b)) {
			put_ip4(&a, out);
			if (b != UINT32_MAX) {
				str_putc(out, '/');
				put_ip4(&b, out);
			}
		}
	}
	for (int dst = 0; dst < 2; dst++) {
		const struct in6_addr *a = dst ? &t->ipv6_dst : &t->ipv6_src,
				      *b = dst ? &m->ipv6_dst : &m->ipv6_src;
		if (SHOW(dst ? "ipv6_dst=" : "ipv6_src=", !IN6_IS_ADDR_UNSPECIFIED(a),
			 !IN6_IS_ADDR_UNSPECIFIED(b))) {
			field_put_ip6(a, out);
			if (!bits_are(b, 16, 0, 128, true)) {
				str_putc(out, '/');
				field_put_ip6(b, out);
			}
		}
	}
	if (SHOW("tos=", t->tos, m->tos))
		put_hex_masked(t->tos, m->tos, 0xff, out);
	if (SHOW("ttl=", t->ttl, m->ttl))
		put_dec_masked(t->ttl, m->ttl, 0xff, out);
	if (SHOW("tp_src=", t->tp_src, m->tp_src))
		put_dec_masked(be16_to_cpu(t->tp_src), be16_to_cpu(m->tp_src), 0xffff, out);
	if (SHOW("tp_dst=", t->tp_dst, m->tp_dst))
		put_dec_masked(be16_to_cpu(t->tp_dst), be16_to_cpu(m->tp_dst), 0xffff, out);
	if (SHOW("vxlan(gbp(", t->gbp_id || t->gbp_flags, m->gbp_id || m->gbp_flags)) {
		bool one = true;
		if (m->gbp_id || verbose) {
			tun_part("id=", &one, out);
			put_dec_masked(be16_to_cpu(t->gbp_id), be16_to_cpu(m->gbp_id), 0xffff, out);
		}
		if (m->gbp_flags || verbose) {
			tun_part("flags=", &one, out);
			put_hex_masked(t->gbp_flags, m->gbp_flags, 0xff, out);
		}
		str_puts(out, "))");
	}
	if (SHOW("erspan(", t->erspan_ver, m->erspan_ver)) {
		str_puts(out, "ver=");
		put_dec_masked(t->erspan_ver, m->erspan_ver, 0xff, out);
		if (t->erspan_ver == 1 && (m->erspan_idx || verbose)) {
			str_puts(out, ",idx=");
			put_hex_masked(t->erspan_idx, m->erspan_idx, UINT32_MAX, out);
		} else if (t->erspan_ver == 2) {
			str_puts(out, ",dir=");
			put_dec_masked(t->erspan_dir, m->erspan_dir, 0xff, out);
			str_puts(out, ",hwid=");
			put_hex_masked(t->erspan_hwid, m->erspan_hwid, 0xff, out);
		}
		str_putc(out, ')');
	}
	if (SHOW("gtpu(flags=", t->gtpu_flags || t->gtpu_msgtype,
		 m->gtpu_flags || m->gtpu_msgtype)) {
		put_hex_masked(t->gtpu_flags, m->gtpu_flags, 0xff, out);
		str_puts(out, ",msgtype=");
		put_dec_masked(t->gtpu_msgtype, m->gtpu_msgtype, 0xff, out);
		str_putc(out, ')');
	}
	bool opts = t->opts_size && (!mask || verbose || mask->tunnel.opts_size ||
				     !bits_are(mask->tun_opts, KEY_TUN_OPTS_BYTES, 0,
					       KEY_TUN_OPTS_BYTES * 8, false));
	if (opts) {
		tun_part("", &first, out);
		put_geneve(key, mask, out);
	}
	if (m->flags & KEY_TUN_FLAGS_ALL) {
		tun_part("", &first, out);
		put_tun_flags(t->flags, m->flags, out);
	}
	str_putc(out, ')');
#undef SHOW
}

void key_tunnel_to_str(const struct flow_key *key, const struct flow_key *mask, bool verbose,
		       struct str *out)
{
	put_tunnel(key, mask, verbose, out);
}

static bool tunnel_is_wild(const struct flow_key *mask)
{
	return bits_are(&mask->tunnel, sizeof mask->tunnel, 0, sizeof mask->tunnel * 8, false) &&
	       bits_are(mask->tun_opts, sizeof mask->tun_opts, 0, sizeof mask->tun_opts * 8, false);
}

static void put_vlan(const struct vlan_key *v, const struct vlan_key *m, bool verbose,
		     struct str *out)
{
	uint16_t tci = be16_to_cpu(v->tci), mask = m ? be16_to_cpu(m->tci) : 0xffff;
	uint16_t vid = tci & VLAN_VID_MASK, pcp = tci >> VLAN_PCP_SHIFT;
	uint16_t vid_m = mask & VLAN_VID_MASK, pcp_m = mask >> VLAN_PCP_SHIFT;
	bool any = false;
	str_puts(out, "vlan(");
	if (mask == 0xffff || verbose || vid || vid_m) {
		str_putf(out, "vid=%u", vid);
		if (vid_m != VLAN_VID_MASK)
			str_putf(out, "/0x%x", vid_m);
		any = true;
	}
	if (mask == 0xffff || verbose || pcp || pcp_m) {
		str_putf(out, "%spcp=%u", any ? "," : "", pcp);
		if (pcp_m != 7)
			str_putf(out, "/0x%x", pcp_m);
		any = true;
	}
	if (!(tci & VLAN_CFI)) {
		str_putf(out, "%scfi=0", any ? "," : "");
		if (!(mask & VLAN_CFI))
			str_puts(out, "/0");
	}
	str_putc(out, ')');
}

void key_mpls_to_str(const be32 *lse, const be32 *mask, unsigned n, struct str *out)
{
	str_puts(out, "mpls(");
	for (unsigned i = 0; i < n; i++) {
		uint32_t x = be32_to_cpu(lse[i]), m = mask ? be32_to_cpu(mask[i]) : UINT32_MAX;
		if (i)
			str_putc(out, ',');
		if (m == UINT32_MAX)
			str_putf(out, "label=%u,tc=%u,ttl=%u,bos=%u", x >> 12, x >> 9 & 7, x & 0xff,
				 x >> 8 & 1);
		else
			str_putf(out, "label=%u/0x%x,tc=%u/%x,ttl=%u/0x%x,bos=%u/%x", x >> 12,
				 m >> 12, x >> 9 & 7, m >> 9 & 7, x & 0xff, m & 0xff, x >> 8 & 1,
				 m >> 8 & 1);
	}
	str_putc(out, ')');
}

static void put_mpls(struct printer *p)
{
	unsigned n = 1;
	while (n < KEY_MAX_MPLS && !(p->key->mpls_lse[n - 1] & BE32_C(MPLS_BOS)) &&
	       p->key->mpls_lse[n])
		n++;
	if (p->mask && !p->verbose &&
	    bits_are(p->mask->mpls_lse, sizeof p->mask->mpls_lse, 0, sizeof p->mask->mpls_lse * 8,
		     false))
		return;
	sep(p);
	key_mpls_to_str(p->key->mpls_lse, p->mask ? p->mask->mpls_lse : NULL, n, p->out);
}

static void put_eth_type(struct printer *p, be16 type, be16 mask)
{
	if (type == DL_TYPE_NONE) {
		sep(p);
		str_puts(p->out, "eth_type(0/0xffff)");
		return;
	}
	if (!mask && !p->verbose)
		return;
	sep(p);
	str_putf(p->out, "eth_type(0x%04x", be16_to_cpu(type));
	if (mask != BE16_C(0xffff))
		str_putf(p->out, "/0x%04x", be16_to_cpu(mask));
	str_putc(p->out, ')');
}

static void put_l3(struct printer *p)
{
	const struct flow_key *k = p->key;
	bool ip4 = k->dl_type == BE16_C(ETH_TYPE_IP), ip6 = k->dl_type == BE16_C(ETH_TYPE_IPV6);
	if (k->dl_type == BE16_C(ETH_TYPE_ARP) || k->dl_type == BE16_C(ETH_TYPE_RARP))
		put_attr(p, KEY_ATTR_ARP);
	else if (k->dl_type == BE16_C(ETH_TYPE_MPLS) || k->dl_type == BE16_C(ETH_TYPE_MPLS_MCAST))
		put_mpls(p);
	else if (k->dl_type == BE16_C(ETH_TYPE_NSH))
		put_attr(p, KEY_ATTR_NSH);
	if (!ip4 && !ip6)
		return;
	put_attr(p, ip4 ? KEY_ATTR_IPV4 : KEY_ATTR_IPV6);
	if (k->nw_frag & FRAG_LATER)
		return;
	switch (k->nw_proto) {
	case IPPROTO_TCP: {
		put_attr(p, KEY_ATTR_TCP);
		uint16_t m = p->mask ? be16_to_cpu(p->mask->tcp_flags) & 0xfff : 0xfff;
		if (m || p->verbose) {
			sep(p);
			str_puts(p->out, "tcp_flags(");
			field_put_flags_masked(be16_to_cpu(k->tcp_flags), m, 0xfff, tcp_flag_name,
					       p->out);
			str_putc(p->out, ')');
		}
		break;
	}
	case IPPROTO_UDP:
		put_attr(p, KEY_ATTR_UDP);
		break;
	case IPPROTO_SCTP:
		put_attr(p, KEY_ATTR_SCTP);
		break;
	case IPPROTO_ICMP:
		if (ip4)
			put_attr(p, KEY_ATTR_ICMP);
		break;
	case IPPROTO_ICMPV6:
		if (!ip6)
			break;
		put_attr(p, KEY_ATTR_ICMPV6);
		if ((k->tp_src == BE16_C(ICMP6_NS) || k->tp_src == BE16_C(ICMP6_NA)) &&
		    !k->tp_dst) {
			put_attr(p, KEY_ATTR_ND);
		}
		break;
	default:
		break;
	}
}

static void put_ct_tuple(struct printer *p)
{
	const struct flow_key *k = p->key, *m = p->mask;
	if (!k->ct_nw_proto)
		return;
	bool ip4 = k->ct_nw_src || k->ct_nw_dst;
	bool wild = m && !m->ct_nw_src && !m->ct_nw_dst && !m->ct_nw_proto && !m->ct_tp_src &&
		    !m->ct_tp_dst && IN6_IS_ADDR_UNSPECIFIED(&m->ct_ipv6_src) &&
		    IN6_IS_ADDR_UNSPECIFIED(&m->ct_ipv6_dst);
	if (wild && !p->verbose)
		return;
	/* The same items as ipv4() and ports have, at other places: print them from there. */
	static const struct key_item items4[] = { { "src", ITEM_IP4, KEY_OFS(ct_nw_src) },
						  { "dst", ITEM_IP4, KEY_OFS(ct_nw_dst) },
						  { "proto", ITEM_U8, KEY_OFS(ct_nw_proto) },
						  { "tp_src", ITEM_BE16, KEY_OFS(ct_tp_src) },
						  { "tp_dst", ITEM_BE16, KEY_OFS(ct_tp_dst) } };
	static const struct key_item items6[] = { { "src", ITEM_IP6, KEY_OFS(ct_ipv6_src) },
						  { "dst", ITEM_IP6, KEY_OFS(ct_ipv6_dst) },
						  { "proto", ITEM_U8, KEY_OFS(ct_nw_proto) },
						  { "tp_src", ITEM_BE16, KEY_OFS(ct_tp_src) },
						  { "tp_dst", ITEM_BE16, KEY_OFS(ct_tp_dst) } };
	const struct key_item *items = ip4 ? items4 : items6;
	bool first = true;
	sep(p);
	str_puts(p->out, ip4 ? "ct_tuple4(" : "ct_tuple6(");
	for (unsigned i = 0; i < ARRAY_SIZE(items4); i++) {
		const struct key_item *it = &items[i];
		if (m && item_is(it, m, false) && !p->verbose)
			continue;
		str_putf(p->out, "%s%s=", first ? "" : ",", it->name);
		first = false;
		put_item_value(it, k, false, p->out);
		if (m && !item_is(it, m, true)) {
			str_putc(p->out, '/');
			put_item_value(it, m, true, p->out);
		}
	}
	str_putc(p->out, ')');
}

void key_to_str(const struct flow_key *k, const struct flow_key *mask,
		const struct dp_port_names *names, bool verbose, struct str *out)
{
	struct printer p = { k, mask, verbose && mask, out, false };
#define M(member) (mask ? mask->member : (__typeof__(mask->member))-1)
	put_u32(&p, "skb_priority", k->skb_priority, M(skb_priority), UINT32_MAX);
	if (tunnel_key_is_set(&k->tunnel) && (!mask || verbose || !tunnel_is_wild(mask))) {
		sep(&p);
		put_tunnel(k, mask, p.verbose, out);
	}
	put_u32(&p, "skb_mark", k->pkt_mark, M(pkt_mark), UINT32_MAX);
	put_ct_state(&p, k->ct_state, M(ct_state));
	put_u32(&p, "ct_zone", k->ct_zone, M(ct_zone), 0xffff);
	put_u32(&p, "ct_mark", k->ct_mark, M(ct_mark), UINT32_MAX);
	put_label(&p, k->ct_label, mask ? mask->ct_label : NULL);
	put_ct_tuple(&p);
	sep(&p);
	str_puts(out, "recirc_id(");
	put_hex(k->recirc_id, out);
	str_putc(out, ')');
	put_u32(&p, "dp_hash", k->dp_hash, M(dp_hash), UINT32_MAX);
	sep(&p);
	str_puts(out, "in_port(");
	dp_port_to_str(k->dp_port, names, out);
	str_putc(out, ')');

	uint32_t pt = M(packet_type);
	if (pt || verbose) {
		sep(&p);
		str_putf(out, "packet_type(ns=%u", k->packet_type >> 16);
		if (pt != UINT32_MAX)
			str_putf(out, pt >> 16 ? "/0x%x" : "/%x", pt >> 16);
		str_puts(out, ",id=");
		put_hex(k->packet_type & 0xffff, out);
		if (pt != UINT32_MAX)
			str_putf(out, pt & 0xffff ? "/0x%x" : "/%x", pt & 0xffff);
		str_putc(out, ')');
	}
	if (k->packet_type == PT_ETH)
		put_attr(&p, KEY_ATTR_ETH);
	unsigned n_encap = 0;
	for (unsigned i = 0; i < KEY_MAX_VLANS && k->vlans[i].tci & BE16_C(VLAN_CFI);
	     i++, n_encap++) {
		put_eth_type(&p, k->vlans[i].tpid ? k->vlans[i].tpid : BE16_C(ETH_TYPE_VLAN),
			     BE16_C(0xffff));
		if (!mask || verbose || mask->vlans[i].tci) {
			sep(&p);
			put_vlan(&k->vlans[i], mask ? &mask->vlans[i] : NULL, p.verbose, out);
		}
		sep(&p);
		str_puts(out, "encap(");
		p.any = false;
	}
	put_eth_type(&p, k->dl_type, M(dl_type));
	put_l3(&p);
	str_putc_n(out, ')', n_encap);
#undef M
}
