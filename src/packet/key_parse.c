/* SPDX-License-Identifier: Apache-2.0 */
/* Reading keys: the inverse of key_text.c. A hand of tiny readers over a moving pointer; each
 * returns false without having moved it when the text is something else. The order of attributes is
 * free, but for vlan(..) and encap(..), which take the ethertype before them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "packet/field.h"
#include "packet/key_attr.h"
#include "packet/text_scan.h"
#include "wire/net.h"

/* 'masked' ends false if a mask is refused. */
struct reader {
	const char *s;
	const struct dp_port_names *names;
	struct flow_key *key, *mask; /* mask is never NULL here */
	unsigned n_vlans;
	bool seen_eth, seen_packet_type, seen_dl_type;
	bool saw_mask;
	unsigned depth;
};

static bool lit(struct reader *r, const char *text) { return scan_lit(&r->s, text); }

static void skip_seps(struct reader *r) { scan_seps(&r->s); }

static bool num(struct reader *r, uint64_t max, uint64_t *ret) { return scan_num(&r->s, max, ret); }

/* VALUE or VALUE/MASK. */
static bool num_masked(struct reader *r, uint64_t max, uint64_t *ret, uint64_t *mask)
{
	const char *save = r->s;
	if (!num(r, max, ret))
		return false;
	*mask = max;
	if (*r->s == '/') {
		r->s++;
		r->saw_mask = true;
		if (!num(r, max, mask)) {
			r->s = save;
			return false;
		}
	}
	return true;
}

static bool read_eth(struct reader *r, uint8_t *ret)
{
	unsigned b[6];
	int n = 0;
	if (sscanf(r->s, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &n) != 6 ||
	    !n)
		return false;
	for (int i = 0; i < 6; i++)
		ret[i] = (uint8_t)b[i];
	r->s += n;
	return true;
}

static bool read_ip(struct reader *r, int family, void *ret)
{
	char buf[INET6_ADDRSTRLEN + 1];
	size_t n = strspn(r->s, family == AF_INET ? "0123456789." : "0123456789abcdefABCDEF:.");
	if (!n || n >= sizeof buf)
		return false;
	memcpy(buf, r->s, n);
	buf[n] = '\0';
	if (inet_pton(family, buf, ret) != 1)
		return false;
	r->s += n;
	return true;
}

static bool read_ip_masked(struct reader *r, int family, uint8_t *ret, uint8_t *mask)
{
	unsigned size = family == AF_INET ? 4 : 16;
	if (!read_ip(r, family, ret))
		return false;
	memset(mask, 0xff, size);
	if (*r->s != '/')
		return true;
	r->s++;
	r->saw_mask = true;
	return read_ip(r, family, mask);
}

static bool read_frag(struct reader *r, uint8_t *ret)
{
	static const struct {
		const char *name;
		uint8_t value;
	} frags[] = { { "no", 0 }, { "first", FRAG_ANY }, { "later", FRAG_ANY | FRAG_LATER } };
	for (unsigned i = 0; i < ARRAY_SIZE(frags); i++)
		if (lit(r, frags[i].name)) {
			*ret = frags[i].value;
			return true;
		}
	return false;
}

static bool read_item(struct reader *r, const struct key_item *it)
{
	uint8_t *v = (uint8_t *)r->key + it->ofs, *m = (uint8_t *)r->mask + it->ofs;
	uint64_t x, y, max;
	switch (it->kind) {
	case ITEM_ETH:
		if (!read_eth(r, v))
			return false;
		memset(m, 0xff, 6);
		if (*r->s == '/') {
			r->s++;
			r->saw_mask = true;
			return read_eth(r, m);
		}
		return true;
	case ITEM_IP4:
		return read_ip_masked(r, AF_INET, v, m);
	case ITEM_IP6:
		return read_ip_masked(r, AF_INET6, v, m);
	case ITEM_FRAG:
		*m = FRAG_ANY | FRAG_LATER;
		return read_frag(r, v);
	case ITEM_U8:
	case ITEM_U8_HEX:
		if (!num_masked(r, 0xff, &x, &y))
			return false;
		*v = (uint8_t)x;
		*m = (uint8_t)y;
		return true;
	case ITEM_BE16:
	case ITEM_BE16_LOW:
		max = it->kind == ITEM_BE16 ? 0xffff : 0xff;
		if (!num_masked(r, max, &x, &y))
			return false;
		if (y == max)
			y = 0xffff; /* an octet's upper half is matched with it */
		put_be16(v, (uint16_t)x);
		put_be16(m, (uint16_t)y);
		return true;
	case ITEM_NSH_SPI:
		if (!num_masked(r, 0xffffff, &x, &y))
			return false;
		put_be32(v, (get_be32(v) & 0xff) | (uint32_t)x << 8);
		put_be32(m, (get_be32(m) & 0xff) | (uint32_t)y << 8);
		return true;
	case ITEM_NSH_SI:
		if (!num_masked(r, 0xff, &x, &y))
			return false;
		put_be32(v, (get_be32(v) & ~0xffu) | (uint32_t)x);
		put_be32(m, (get_be32(m) & ~0xffu) | (uint32_t)y);
		return true;
	default:
		max = it->ofs == KEY_OFS(ipv6_label) ? 0xfffff : UINT32_MAX;
		if (!num_masked(r, max, &x, &y))
			return false;
		put_be32(v, (uint32_t)x);
		put_be32(m, (uint32_t)(y == max ? max : y));
		return true;
	}
}

/* "name=value,name=value)": behind the opening parenthesis. */
static bool read_items(struct reader *r, const struct key_item *items, unsigned n)
{
	while (*r->s != ')') {
		const char *at = r->s;
		for (unsigned i = 0; i < n && items[i].name; i++) {
			size_t len = strlen(items[i].name);
			if (strncmp(r->s, items[i].name, len) || r->s[len] != '=')
				continue;
			r->s += len + 1;
			if (!read_item(r, &items[i]))
				return false;
			break;
		}
		if (r->s == at)
			return false;
		skip_seps(r);
	}
	r->s++;
	return true;
}

static bool read_u32(struct reader *r, uint32_t *value, uint32_t *mask, uint64_t max)
{
	uint64_t x, y;
	if (!num_masked(r, max, &x, &y) || !lit(r, ")"))
		return false;
	*value = (uint32_t)x;
	*mask = (uint32_t)y;
	return true;
}

/* "+a-b", "a|b", or a number with or without a mask. */
static bool read_flags(struct reader *r, const char *(*name)(uint32_t), uint32_t all, uint32_t *ret,
		       uint32_t *mask)
{
	uint64_t x, y;
	*ret = 0;
	*mask = all;
	if (isdigit((unsigned char)*r->s)) {
		if (!num_masked(r, UINT32_MAX, &x, &y))
			return false;
		*ret = (uint32_t)x;
		*mask = y == UINT32_MAX ? all : (uint32_t)y;
		return true;
	}
	bool masked = *r->s == '+' || *r->s == '-';
	if (masked) {
		*mask = 0;
		r->saw_mask = true;
	}
	while (*r->s && *r->s != ')') {
		bool on = true;
		if (masked) {
			if (*r->s != '+' && *r->s != '-')
				return false;
			on = *r->s++ == '+';
		}
		size_t len = strcspn(r->s, "+-|,)");
		uint32_t bit = 1;
		for (; bit; bit <<= 1) {
			const char *n = name(bit);
			if (n && strlen(n) == len && !strncmp(n, r->s, len))
				break;
		}
		if (!bit)
			return false;
		if (on)
			*ret |= bit;
		if (masked)
			*mask |= bit;
		r->s += len;
		if (!masked && (*r->s == '|' || *r->s == ','))
			r->s++;
	}
	return true;
}

static const char *tun_flag_text(uint32_t bit)
{
	for (unsigned i = 0; i < ARRAY_SIZE(key_tun_flags); i++)
		if (key_tun_flags[i].bit == bit)
			return key_tun_flags[i].name;
	return NULL;
}

static bool hex_bytes(struct reader *r, uint8_t *ret, unsigned size)
{
	if (!lit(r, "0x") && !lit(r, "0X")) {
		uint64_t x; /* a plain number is fine, too */
		if (!num(r, UINT64_MAX, &x))
			return false;
		for (unsigned i = size; i-- > 0; x >>= 8)
			ret[i] = (uint8_t)x;
		return x == 0;
	}
	size_t n = 0;
	while (isxdigit((unsigned char)r->s[n]))
		n++;
	if (!n || n > size * 2u)
		return false;
	memset(ret, 0, size);
	for (size_t i = 0; i < n; i++) {
		char c = r->s[n - 1 - i];
		unsigned d = isdigit((unsigned char)c) ? (unsigned)(c - '0')
						       : (unsigned)((c | 0x20) - 'a' + 10);
		ret[size - 1 - i / 2] |= (uint8_t)(d << (i % 2 * 4));
	}
	r->s += n;
	return true;
}

/* "{class=0x1,type=0x2,len=4,0x5/0xff}" .. into raw options. */
static bool read_geneve(struct reader *r)
{
	struct flow_key *k = r->key, *m = r->mask;
	size_t used = 0;
	while (lit(r, "{")) {
		uint64_t class, class_m, type, type_m, len;
		if (!lit(r, "class=") || !num_masked(r, 0xffff, &class, &class_m) ||
		    !lit(r, ",type=") || !num_masked(r, 0xff, &type, &type_m) || !lit(r, ",len=") ||
		    !num(r, 124, &len) || len % 4 || used + 4 + len > 252)
			return false;
		uint8_t *o = k->tun_opts + used, *om = m->tun_opts + used;
		put_be16(o, (uint16_t) class);
		put_be16(om, (uint16_t)class_m);
		o[2] = (uint8_t)type;
		om[2] = (uint8_t)type_m;
		o[3] = (uint8_t)(len / 4);
		om[3] = 0x1f;
		if (len) {
			if (!lit(r, ",") || !hex_bytes(r, o + 4, (unsigned)len))
				return false;
			memset(om + 4, 0xff, len);
			if (lit(r, "/")) {
				r->saw_mask = true;
				if (!hex_bytes(r, om + 4, (unsigned)len))
					return false;
			}
		}
		if (!lit(r, "}"))
			return false;
		used += 4 + len;
	}
	k->tunnel.opts_size = (uint8_t)used;
	m->tunnel.opts_size = used ? 0xff : 0;
	k->tunnel.flags |= TUN_F_OPTIONS;
	return lit(r, ")");
}

static bool read_tun_parts(struct reader *r)
{
	struct tunnel_key *t = &r->key->tunnel, *m = &r->mask->tunnel;
	uint64_t x, y;
	while (!lit(r, ")")) {
		if (lit(r, "tun_id=")) {
			if (!num_masked(r, UINT64_MAX, &x, &y))
				return false;
			t->id = cpu_to_be64(x);
			m->id = cpu_to_be64(y);
			t->flags |= TUN_F_KEY;
		} else if (lit(r, "src=")) {
			if (!read_ip_masked(r, AF_INET, (uint8_t *)&t->ip_src,
					    (uint8_t *)&m->ip_src))
				return false;
		} else if (lit(r, "dst=")) {
			if (!read_ip_masked(r, AF_INET, (uint8_t *)&t->ip_dst,
					    (uint8_t *)&m->ip_dst))
				return false;
		} else if (lit(r, "ipv6_src=")) {
			if (!read_ip_masked(r, AF_INET6, t->ipv6_src.s6_addr, m->ipv6_src.s6_addr))
				return false;
		} else if (lit(r, "ipv6_dst=")) {
			if (!read_ip_masked(r, AF_INET6, t->ipv6_dst.s6_addr, m->ipv6_dst.s6_addr))
				return false;
		} else if (lit(r, "tos=")) {
			if (!num_masked(r, 0xff, &x, &y))
				return false;
			t->tos = (uint8_t)x, m->tos = (uint8_t)y;
		} else if (lit(r, "ttl=")) {
			if (!num_masked(r, 0xff, &x, &y))
				return false;
			t->ttl = (uint8_t)x, m->ttl = (uint8_t)y;
		} else if (lit(r, "tp_src=")) {
			if (!num_masked(r, 0xffff, &x, &y))
				return false;
			t->tp_src = cpu_to_be16((uint16_t)x), m->tp_src = cpu_to_be16((uint16_t)y);
		} else if (lit(r, "tp_dst=")) {
			if (!num_masked(r, 0xffff, &x, &y))
				return false;
			t->tp_dst = cpu_to_be16((uint16_t)x), m->tp_dst = cpu_to_be16((uint16_t)y);
		} else if (lit(r, "vxlan(gbp(")) {
			while (!lit(r, "))")) {
				if (lit(r, "id=") && num_masked(r, 0xffff, &x, &y))
					t->gbp_id = cpu_to_be16((uint16_t)x),
					m->gbp_id = cpu_to_be16((uint16_t)y);
				else if (lit(r, "flags=") && num_masked(r, 0xff, &x, &y))
					t->gbp_flags = (uint8_t)x, m->gbp_flags = (uint8_t)y;
				else
					return false;
				skip_seps(r);
			}
		} else if (lit(r, "erspan(")) {
			while (!lit(r, ")")) {
				if (lit(r, "ver=") && num_masked(r, 0xf, &x, &y))
					t->erspan_ver = (uint8_t)x, m->erspan_ver = 0xff;
				else if (lit(r, "idx=") && num_masked(r, UINT32_MAX, &x, &y))
					t->erspan_idx = (uint32_t)x, m->erspan_idx = (uint32_t)y;
				else if (lit(r, "dir=") && num_masked(r, 0xff, &x, &y))
					t->erspan_dir = (uint8_t)x, m->erspan_dir = (uint8_t)y;
				else if (lit(r, "hwid=") && num_masked(r, 0xff, &x, &y))
					t->erspan_hwid = (uint8_t)x, m->erspan_hwid = (uint8_t)y;
				else
					return false;
				skip_seps(r);
			}
		} else if (lit(r, "gtpu(")) {
			while (!lit(r, ")")) {
				if (lit(r, "flags=") && num_masked(r, 0xff, &x, &y))
					t->gtpu_flags = (uint8_t)x, m->gtpu_flags = (uint8_t)y;
				else if (lit(r, "msgtype=") && num_masked(r, 0xff, &x, &y))
					t->gtpu_msgtype = (uint8_t)x, m->gtpu_msgtype = (uint8_t)y;
				else
					return false;
				skip_seps(r);
			}
		} else if (lit(r, "geneve(")) {
			if (!read_geneve(r))
				return false;
		} else if (lit(r, "flags(")) {
			uint32_t f, fm;
			if (!read_flags(r, tun_flag_text, KEY_TUN_FLAGS_ALL, &f, &fm) ||
			    !lit(r, ")"))
				return false;
			t->flags |= (uint16_t)f;
			m->flags = (uint16_t)fm;
		} else {
			return false;
		}
		skip_seps(r);
	}
	return true;
}

static bool read_vlan(struct reader *r)
{
	if (r->n_vlans >= KEY_MAX_VLANS)
		return false;
	uint16_t tci = VLAN_CFI, mask = VLAN_CFI;
	uint64_t x, y;
	while (!lit(r, ")")) {
		if (lit(r, "vid=") && num_masked(r, VLAN_VID_MASK, &x, &y)) {
			tci |= (uint16_t)x;
			mask |= (uint16_t)y;
		} else if (lit(r, "pcp=") && num_masked(r, 7, &x, &y)) {
			tci |= (uint16_t)(x << VLAN_PCP_SHIFT);
			mask |= (uint16_t)(y << VLAN_PCP_SHIFT);
		} else if (lit(r, "cfi=") && num_masked(r, 1, &x, &y)) {
			if (!x)
				tci &= (uint16_t)~VLAN_CFI;
			if (!y)
				mask &= (uint16_t)~VLAN_CFI;
		} else {
			return false;
		}
		skip_seps(r);
	}
	struct vlan_key *v = &r->key->vlans[r->n_vlans], *m = &r->mask->vlans[r->n_vlans];
	v->tci = cpu_to_be16(tci);
	m->tci = cpu_to_be16(mask);
	v->tpid = r->key->dl_type;
	m->tpid = r->mask->dl_type;
	r->key->dl_type = r->mask->dl_type = 0;
	r->seen_dl_type = false;
	r->n_vlans++;
	return true;
}

static bool read_mpls(struct reader *r)
{
	unsigned i = 0;
	while (!lit(r, ")")) {
		if (i == KEY_MAX_MPLS)
			return false;
		uint64_t label, label_m, tc, tc_m, ttl, ttl_m, bos, bos_m;
		if (!lit(r, "label=") || !num_masked(r, 0xfffff, &label, &label_m) ||
		    !lit(r, ",tc=") || !num_masked(r, 7, &tc, &tc_m) || !lit(r, ",ttl=") ||
		    !num_masked(r, 0xff, &ttl, &ttl_m) || !lit(r, ",bos=") ||
		    !num_masked(r, 1, &bos, &bos_m))
			return false;
		r->key->mpls_lse[i] =
			cpu_to_be32((uint32_t)(label << 12 | tc << 9 | bos << 8 | ttl));
		r->mask->mpls_lse[i++] =
			cpu_to_be32((uint32_t)(label_m << 12 | tc_m << 9 | bos_m << 8 | ttl_m));
		skip_seps(r);
	}
	return i > 0;
}

static bool read_tcp_flags(struct reader *r)
{
	uint32_t f, m;
	if (!read_flags(r, tcp_flag_name, 0xfff, &f, &m) || !lit(r, ")"))
		return false;
	r->key->tcp_flags = cpu_to_be16((uint16_t)(f & 0xfff));
	r->mask->tcp_flags = cpu_to_be16((uint16_t)(m & 0xfff));
	return true;
}

static bool read_ct_label(struct reader *r)
{
	AUTO_ERR ignored = ERR_INIT;
	const struct field *f = &field_table[FIELD_CT_LABEL];
	const char *end = strchr(r->s, ')');
	if (!end)
		return false;
	AUTO_FREE char *text = xstrndup(r->s, (size_t)(end - r->s));
	union field_value v, m;
	if (field_value_from_str(f, text, NULL, &v, &m, &ignored) < 0)
		return false;
	if (strchr(text, '/'))
		r->saw_mask = true;
	field_set(f, &v, r->key);
	field_set(f, &m, r->mask);
	r->s = end + 1;
	return true;
}

static bool read_ct_tuple(struct reader *r, bool ip4)
{
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
	return read_items(r, ip4 ? items4 : items6, ARRAY_SIZE(items4));
}

static bool read_in_port(struct reader *r)
{
	size_t len = strcspn(r->s, ")");
	if (r->s[len] != ')' || !dp_port_from_str(r->s, len, r->names, &r->key->dp_port))
		return false;
	r->mask->dp_port = UINT32_MAX;
	r->s += len + 1;
	return true;
}

static bool read_packet_type(struct reader *r)
{
	uint64_t ns, ns_m, id, id_m;
	if (!lit(r, "ns=") || !num_masked(r, 0xffff, &ns, &ns_m) || !lit(r, ",id=") ||
	    !num_masked(r, 0xffff, &id, &id_m) || !lit(r, ")"))
		return false;
	r->key->packet_type = PT_OF(ns, id);
	r->mask->packet_type = PT_OF(ns_m, id_m);
	r->seen_packet_type = true;
	if (ns == 1 && !r->seen_dl_type) {
		r->key->dl_type = cpu_to_be16((uint16_t)id);
		r->mask->dl_type = BE16_C(0xffff);
		r->seen_dl_type = true;
	}
	return true;
}

static bool read_eth_type(struct reader *r)
{
	uint64_t x, y;
	if (!num_masked(r, 0xffff, &x, &y) || !lit(r, ")"))
		return false;
	/* "0/0xffff": matched, and there is none */
	r->key->dl_type = x || y != 0xffff ? cpu_to_be16((uint16_t)x) : DL_TYPE_NONE;
	r->mask->dl_type = cpu_to_be16((uint16_t)y);
	r->seen_dl_type = true;
	return true;
}

static bool read_list(struct reader *r, bool nested);

static bool read_attr(struct reader *r)
{
	uint32_t x, m;
	if (lit(r, "recirc_id(")) {
		if (!read_u32(r, &r->key->recirc_id, &r->mask->recirc_id, UINT32_MAX))
			return false;
		r->mask->recirc_id = UINT32_MAX;
		return true;
	}
	if (lit(r, "dp_hash("))
		return read_u32(r, &r->key->dp_hash, &r->mask->dp_hash, UINT32_MAX);
	if (lit(r, "skb_priority("))
		return read_u32(r, &r->key->skb_priority, &r->mask->skb_priority, UINT32_MAX);
	if (lit(r, "skb_mark("))
		return read_u32(r, &r->key->pkt_mark, &r->mask->pkt_mark, UINT32_MAX);
	if (lit(r, "ct_state("))
		return read_flags(r, ct_state_name, UINT32_MAX, &r->key->ct_state,
				  &r->mask->ct_state) &&
		       lit(r, ")");
	if (lit(r, "ct_zone(")) {
		if (!read_u32(r, &x, &m, 0xffff))
			return false;
		r->key->ct_zone = (uint16_t)x;
		r->mask->ct_zone = (uint16_t)m;
		return true;
	}
	if (lit(r, "ct_mark("))
		return read_u32(r, &r->key->ct_mark, &r->mask->ct_mark, UINT32_MAX);
	if (lit(r, "ct_label("))
		return read_ct_label(r);
	if (lit(r, "ct_tuple4("))
		return read_ct_tuple(r, true);
	if (lit(r, "ct_tuple6("))
		return read_ct_tuple(r, false);
	if (lit(r, "tunnel("))
		return read_tun_parts(r);
	if (lit(r, "in_port("))
		return read_in_port(r);
	if (lit(r, "packet_type("))
		return read_packet_type(r);
	if (lit(r, "eth_type("))
		return read_eth_type(r);
	if (lit(r, "vlan("))
		return read_vlan(r);
	if (lit(r, "mpls("))
		return read_mpls(r);
	if (lit(r, "tcp_flags("))
		return read_tcp_flags(r);
	if (r->depth < KEY_MAX_VLANS && lit(r, "encap(")) {
		r->depth++;
		return read_list(r, true);
	}
	for (unsigned i = 0; i < N_KEY_ATTRS; i++) {
		size_t len = strlen(key_attrs[i].name);
		if (strncmp(r->s, key_attrs[i].name, len) || r->s[len] != '(')
			continue;
		r->s += len + 1;
		if (i == KEY_ATTR_ETH)
			r->seen_eth = true;
		return read_items(r, key_attrs[i].items, KEY_ATTR_MAX_ITEMS);
	}
	return false;
}

/* Attributes up to the end, or to the closing parenthesis. On failure r->s is where it began. */
static bool read_list(struct reader *r, bool nested)
{
	for (;;) {
		skip_seps(r);
		if (nested && *r->s == ')') {
			r->s++;
			return true;
		}
		if (!*r->s)
			return !nested;
		const char *at = r->s;
		if (!read_attr(r)) {
			if (r->s >= at)
				r->s = at;
			return false;
		}
	}
}

int key_from_str(const char *s, const struct dp_port_names *names, struct flow_key *ret_key,
		 struct flow_key *ret_mask, struct err *err)
{
	struct flow_key key = { 0 }, mask = { 0 };
	struct reader r = { .s = s, .names = names, .key = &key, .mask = &mask };
	if (lit(&r, "ufid:"))
		r.s += strspn(r.s, "0123456789abcdefABCDEF-");
	if (!read_list(&r, false))
		return err_set(err, -EINVAL, "syntax error at %s", r.s);
	if (!ret_mask && r.saw_mask)
		return err_set(err, -EINVAL, "syntax error at %s", s);
	if (!r.seen_packet_type && !r.seen_eth && r.seen_dl_type && !r.n_vlans)
		key.packet_type = PT_OF(1, be16_to_cpu(key.dl_type)); /* begins at layer 3 */
	else if (!r.seen_dl_type && key.packet_type == PT_ETH)
		key.dl_type = DL_TYPE_NONE;
	mask.recirc_id = UINT32_MAX;
	*ret_key = key;
	if (ret_mask)
		*ret_mask = mask;
	return 0;
}

int key_attr_from_str(const char *s, enum key_attr *ret, struct flow_key *key,
		      struct flow_key *mask, const char **ret_end)
{
	static const struct {
		const char *name;
		enum key_attr attr;
	} others[] = { { "mpls(", KEY_ATTR_MPLS },
		       { "tunnel(", KEY_ATTR_TUNNEL },
		       { "skb_priority(", KEY_ATTR_PRIORITY },
		       { "skb_mark(", KEY_ATTR_MARK } };
	struct reader r = { .s = s, .key = key, .mask = mask };
	int attr = -1;
	for (int i = 0; i < N_KEY_ATTRS; i++) {
		size_t len = strlen(key_attrs[i].name);
		if (!strncmp(s, key_attrs[i].name, len) && s[len] == '(')
			attr = i;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
		if (str_starts(s, others[i].name))
			attr = others[i].attr;
	if (attr < 0 || !read_attr(&r))
		return -EINVAL;
	*ret = (enum key_attr)attr;
	*ret_end = r.s;
	return 0;
}
