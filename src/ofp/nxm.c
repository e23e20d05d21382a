/* SPDX-License-Identifier: Apache-2.0 */
/* nxm: see nxm.h. Fields are put in the order below, prerequisites before what needs them, so that
 * a peer that checks as it reads takes them. The order is that of OVS: messages compare equal. */
#include "ofp/nxm.h"

#include "base/log.h"
#include "ofp/error.h"

LOG_MODULE(nx_match);

/* NXM_NX_COOKIE shares its number with NXM_NX_MPLS_TTL; the length tells them apart. */
#define NXM_NX_COOKIE (UINT32_C(1) << 16 | 30u << 9 | 8)
#define NXM_NX_COOKIE_W (UINT32_C(1) << 16 | 30u << 9 | 1u << 8 | 16)

static struct log_limit limit = LOG_LIMIT(60, 5);

/* -- Reading. */

int nxm_pull_header(struct cursor *c, const struct field **ret, bool *ret_masked,
		    size_t *ret_n_bytes)
{
	uint64_t header;
	if (field_header_read(c->p, c->left, &header) < 0)
		return -OFPERR_OFPBMC_BAD_LEN;
	unsigned size = field_header_size(header), body = field_header_body(header);
	const struct field *f = field_from_nxm(header);
	bool masked = field_header_is_masked(header);
	if (masked && body % 2)
		return -OFPERR_OFPBMC_BAD_LEN;
	size_t n = masked ? body / 2 : body;
	cursor_skip(c, size);
	*ret_masked = masked;
	*ret_n_bytes = n;
	*ret = f;
	if (!f)
		return -OFPERR_OFPBMC_BAD_FIELD;
	/* Options may be shorter than the longest. */
	if (field_is_tun_metadata(f) ? n > f->n_bytes : n != f->n_bytes)
		return -OFPERR_OFPBMC_BAD_LEN;
	return 0;
}

static void right_align(union field_value *v, const struct field *f, const void *p, size_t n)
{
	memset(v, 0, sizeof *v);
	memcpy(v->b + f->n_bytes - n, p, n);
}

int nxm_pull_field(struct cursor *c, const struct field **ret, union field_value *value,
		   union field_value *mask)
{
	bool masked;
	size_t n;
	struct cursor at = *c;
	int r = nxm_pull_header(&at, ret, &masked, &n);
	if (r)
		return r;
	const struct field *f = *ret;
	/* A bridge knows only the options that were mapped before. */
	const struct tun_table *t = tun_table_current;
	if (field_is_tun_metadata(f) && t && !t->ad_hoc &&
	    !t->entry[f->id - FIELD_TUN_METADATA0].size)
		return -OFPERR_NXFMFC_INVALID_TLV_FIELD;
	const void *v = cursor_pull(&at, n), *m = masked ? cursor_pull(&at, n) : NULL;
	if (at.short_read)
		return -OFPERR_OFPBMC_BAD_LEN;
	right_align(value, f, v, n);
	if (masked) {
		right_align(mask, f, m, n);
	} else if (field_is_tun_metadata(f)) {
		memset(mask, 0, sizeof *mask);
		memset(mask->b + f->n_bytes - n, 0xff, n);
	} else {
		field_value_ones(f, mask);
		if (f->id == FIELD_VLAN_VID)
			mask->be16 |= BE16_C(VLAN_CFI);
	}
	*c = at;
	return 0;
}

static bool is_cookie(const struct cursor *c, bool *masked)
{
	if (c->left < 4)
		return false;
	uint32_t header = get_be32(c->p);
	*masked = header == NXM_NX_COOKIE_W;
	return *masked || header == NXM_NX_COOKIE;
}

static int take_cookie(struct cursor *c, bool masked, be64 *cookie, be64 *cookie_mask)
{
	cursor_skip(c, 4);
	const void *v = cursor_pull(c, 8), *m = masked ? cursor_pull(c, 8) : NULL;
	if (c->short_read)
		return -OFPERR_OFPBMC_BAD_LEN;
	if (!cookie)
		return -OFPERR_NXBRC_NXM_INVALID;
	if (*cookie_mask)
		return -OFPERR_OFPBMC_DUP_FIELD;
	memcpy(cookie, v, 8);
	if (m)
		memcpy(cookie_mask, m, 8);
	else
		*cookie_mask = UINT64_MAX;
	if (*cookie & ~*cookie_mask)
		return -OFPERR_OFPBMC_BAD_WILDCARDS;
	return 0;
}

/* An unknown field that is to be skipped. */
static int skip_unknown(struct cursor *c)
{
	uint64_t header;
	if (field_header_read(c->p, c->left, &header) < 0)
		return -OFPERR_OFPBMC_BAD_LEN;
	cursor_skip(c, field_header_size(header) + field_header_body(header));
	return c->short_read ? -OFPERR_OFPBMC_BAD_LEN : 0;
}

static int set_vid(struct match *m, const union field_value *value, const union field_value *mask)
{
	be16 bits = mask->be16 & BE16_C(VLAN_CFI | VLAN_VID_MASK);
	if (value->be16 & ~BE16_C(VLAN_CFI | VLAN_VID_MASK))
		return -OFPERR_OFPBMC_BAD_VALUE;
	m->key.vlans[0].tci = (m->key.vlans[0].tci & ~bits) | (value->be16 & bits);
	m->mask.vlans[0].tci |= bits;
	return 0;
}

static int take_field(struct match *m, const struct field *f, const union field_value *value,
		      const union field_value *mask)
{
	for (size_t i = 0; i < f->n_bytes; i++) {
		if (value->b[i] & ~mask->b[i])
			return -OFPERR_OFPBMC_BAD_WILDCARDS;
	}
	bool vid = f->id == FIELD_VLAN_VID;
	if (!vid && !field_value_ok(f, value))
		return -OFPERR_OFPBMC_BAD_VALUE;
	if (!f->maskable && !field_value_is_ones(f, mask) && !field_value_is_zero(f, mask) && !vid)
		return -OFPERR_OFPBMC_BAD_MASK;
	if (f->id == FIELD_IN_PORT_OXM || f->id == FIELD_ACTSET_OUTPUT) {
		uint32_t port;
		if (!ofport_from_11(be32_to_cpu(value->be32), &port))
			return -OFPERR_OFPBMC_BAD_VALUE;
	}
	if (!field_prereqs_ok(f, &m->key, &m->mask))
		return -OFPERR_OFPBMC_BAD_PREREQ;
	if (vid)
		return set_vid(m, value, mask);
	/* vlan_pcp beside vlan_vid: its presence bit is said already. */
	if (f->id != FIELD_VLAN_PCP && !field_is_wild(f, &m->mask))
		return -OFPERR_OFPBMC_DUP_FIELD;
	match_set(m, f, value, mask);
	return 0;
}

int nxm_parse(const void *p, size_t size, bool strict, struct match *m, be64 *cookie,
	      be64 *cookie_mask)
{
	struct cursor c = cursor_of(p, size);
	match_init(m);
	if (cookie)
		*cookie = *cookie_mask = 0;
	while (c.left) {
		const struct field *f = NULL;
		union field_value value, mask;
		bool masked;
		int r;
		size_t at = c.left;
		if (is_cookie(&c, &masked)) {
			r = take_cookie(&c, masked, cookie, cookie_mask);
		} else {
			r = nxm_pull_field(&c, &f, &value, &mask);
			if (r == -OFPERR_OFPBMC_BAD_FIELD && !strict)
				r = skip_unknown(&c);
			else if (!r)
				r = take_field(m, f, &value, &mask);
		}
		if (r) {
			log_dbg_limited(&limit, "error parsing OXM at offset %zu within match (%s)",
					size - at, of_error_name(r));
			return r;
		}
	}
	return 0;
}

/* -- Writing. */

void nxm_put_header(struct bytes *b, const struct field *f, enum of_version v, bool masked)
{
	uint8_t p[8];
	bytes_put(b, p, field_header_write(p, field_nxm_header(f, (uint8_t)v, masked)));
}

/* Bytes of a tun_metadata field that travel: the option's own size where a switch knows it, else
 * those that say something. */
static size_t option_size(const struct field *f, const union field_value *value,
			  const union field_value *mask)
{
	const struct tun_table *t = tun_table_current;
	unsigned i = f->id - FIELD_TUN_METADATA0;
	if (t && !t->ad_hoc && t->entry[i].size)
		return t->entry[i].size;
	bool whole = field_value_is_ones(f, mask);
	size_t lead = 0;
	while (lead + 1 < f->n_bytes && !value->b[lead] && (whole || !mask->b[lead]))
		lead++;
	return f->n_bytes - lead;
}

static void put_option(struct bytes *b, const struct field *f, const union field_value *value,
		       const union field_value *mask, enum of_version v)
{
	size_t n = option_size(f, value, mask);
	bool exact = bits_are(mask->b, f->n_bytes, 0, (unsigned)n * 8, true);
	uint64_t header = field_nxm_header(f, (uint8_t)v, false);
	uint64_t length = exact ? n : 2 * n;
	header = (header & ~(UINT64_C(0xff) << 32)) | length << 32 |
		 (exact ? 0 : FIELD_HEADER_MASKED);
	uint8_t p[8];
	bytes_put(b, p, field_header_write(p, header));
	bytes_put(b, value->b + f->n_bytes - n, n);
	if (!exact)
		bytes_put(b, mask->b + f->n_bytes - n, n);
}

void nxm_put_field(struct bytes *b, const struct field *f, const union field_value *value,
		   const union field_value *mask, enum of_version v)
{
	if (field_is_tun_metadata(f)) {
		put_option(b, f, value, mask, v);
		return;
	}
	bool exact = field_value_is_ones(f, mask);
	nxm_put_header(b, f, v, !exact);
	bytes_put(b, value->b, f->n_bytes);
	if (!exact)
		bytes_put(b, mask->b, f->n_bytes);
}

/* OpenFlow 1.5 has registers of 64 bits: a pair of ours, if either of it is matched. */
static void put_registers(struct bytes *b, const struct match *m, enum of_version v)
{
	for (unsigned i = 0; i < KEY_N_REGS / (v >= OF15 ? 2 : 1); i++) {
		const struct field *f = &field_table[v >= OF15 ? FIELD_XREG0 + i : FIELD_REG0 + i];
		if (field_is_zero(f, &m->mask))
			continue;
		union field_value value, mask;
		field_get(f, &m->key, &value);
		field_mask_get(f, &m->mask, &mask);
		nxm_put_field(b, f, &value, &mask, v);
	}
}

struct builder {
	struct bytes *b;
	const struct match *m;
	enum of_version v;
};

static void put(const struct builder *k, enum field_id id)
{
	const struct field *f = &field_table[id];
	if (field_is_wild(f, &k->m->mask))
		return;
	union field_value value, mask;
	field_get(f, &k->m->key, &value);
	field_mask_get(f, &k->m->mask, &mask);
	if (f->format == FIELD_FMT_TUNFLAGS || f->format == FIELD_FMT_CTSTATE) {
		/* Flags of which there may once be more are never said to be exact. */
		if (f->format == FIELD_FMT_CTSTATE)
			mask.be32 &= BE32_C(0xff);
		nxm_put_header(k->b, f, k->v, true);
		bytes_put(k->b, value.b, f->n_bytes);
		bytes_put(k->b, mask.b, f->n_bytes);
		return;
	}
	nxm_put_field(k->b, f, &value, &mask, k->v);
}

static void put_all(const struct builder *k, const enum field_id *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(k, ids[i]);
}
#define PUT_ALL(k, ...)                                                                            \
	do {                                                                                       \
		static const enum field_id ids_[] = { __VA_ARGS__ };                               \
		put_all(k, ids_, ARRAY_SIZE(ids_));                                                \
	} while (0)

static void put_vlan(const struct builder *k)
{
	be16 tci = k->m->key.vlans[0].tci, mask = k->m->mask.vlans[0].tci;
	if (!mask)
		return;
	if (k->v < OF12) {
		put(k, FIELD_VLAN_TCI);
		return;
	}
	const struct field *vid = &field_table[FIELD_VLAN_VID];
	be16 v = tci & BE16_C(VLAN_CFI | VLAN_VID_MASK),
	     m = mask & BE16_C(VLAN_CFI | VLAN_VID_MASK);
	if (m) {
		bool exact = m == BE16_C(VLAN_CFI | VLAN_VID_MASK);
		nxm_put_header(k->b, vid, k->v, !exact);
		bytes_put(k->b, &v, 2);
		if (!exact)
			bytes_put(k->b, &m, 2);
	}
	if (v && (mask & BE16_C(VLAN_PCP_MASK)) == BE16_C(VLAN_PCP_MASK)) {
		nxm_put_header(k->b, &field_table[FIELD_VLAN_PCP], k->v, false);
		bytes_put_u8(k->b, (uint8_t)(be16_to_cpu(tci) >> VLAN_PCP_SHIFT));
	}
}

static void put_ip(const struct builder *k, bool v6)
{
	if (v6)
		PUT_ALL(k, FIELD_IPV6_SRC, FIELD_IPV6_DST);
	else
		PUT_ALL(k, FIELD_IP_SRC, FIELD_IP_DST);
	put(k, FIELD_IP_FRAG);
	put(k, k->v >= OF12 ? FIELD_IP_DSCP : FIELD_NW_TOS);
	PUT_ALL(k, FIELD_NW_ECN, FIELD_NW_TTL);
	if (v6)
		put(k, FIELD_IPV6_LABEL);
	if (!k->m->mask.nw_proto)
		return;
	put(k, FIELD_NW_PROTO);
	if (k->m->mask.nw_proto != UINT8_MAX)
		return;
	switch (k->m->key.nw_proto) {
	case IPPROTO_TCP:
		PUT_ALL(k, FIELD_TCP_SRC, FIELD_TCP_DST, FIELD_TCP_FLAGS);
		break;
	case IPPROTO_UDP:
		PUT_ALL(k, FIELD_UDP_SRC, FIELD_UDP_DST);
		break;
	case IPPROTO_SCTP:
		PUT_ALL(k, FIELD_SCTP_SRC, FIELD_SCTP_DST);
		break;
	case IPPROTO_ICMP:
		if (!v6)
			PUT_ALL(k, FIELD_ICMP_TYPE, FIELD_ICMP_CODE);
		break;
	case IPPROTO_ICMPV6:
		if (!v6)
			break;
		PUT_ALL(k, FIELD_ICMPV6_TYPE, FIELD_ICMPV6_CODE);
		if (k->m->key.tp_src == BE16_C(135) || k->m->key.tp_src == BE16_C(136)) {
			PUT_ALL(k, FIELD_ND_RESERVED, FIELD_ND_TARGET, FIELD_ND_OPTIONS_TYPE);
			put(k, k->m->key.tp_src == BE16_C(135) ? FIELD_ND_SLL : FIELD_ND_TLL);
		}
		break;
	}
}

static void put_l3(const struct builder *k)
{
	uint16_t type = be16_to_cpu(k->m->key.dl_type);
	if (k->m->mask.packet_type && k->m->key.packet_type >> 16 == 1)
		type = (uint16_t)k->m->key.packet_type;
	if (type == 0x0800 || type == 0x86dd)
		put_ip(k, type == 0x86dd);
	else if (type == 0x0806 || type == 0x8035)
		PUT_ALL(k, FIELD_ARP_OP, FIELD_ARP_SPA, FIELD_ARP_TPA, FIELD_ARP_SHA,
			FIELD_ARP_THA);
}

static void put_tunnel(const struct builder *k)
{
	static const struct tunnel_key none;
	const struct tunnel_key *t = &k->m->mask.tunnel;
	if (!memcmp(t, &none, sizeof none))
		return;
	PUT_ALL(k, FIELD_TUN_ID, FIELD_TUN_FLAGS, FIELD_TUN_SRC, FIELD_TUN_DST, FIELD_TUN_IPV6_SRC,
		FIELD_TUN_IPV6_DST, FIELD_TUN_GBP_ID, FIELD_TUN_GBP_FLAGS, FIELD_TUN_ERSPAN_IDX,
		FIELD_TUN_ERSPAN_VER, FIELD_TUN_ERSPAN_DIR, FIELD_TUN_ERSPAN_HWID,
		FIELD_TUN_GTPU_FLAGS, FIELD_TUN_GTPU_MSGTYPE);
	for (unsigned i = 0; i < FIELD_N_TUN_METADATA; i++) {
		if (t->opts_present >> i & 1)
			put(k, FIELD_TUN_METADATA0 + i);
	}
}

size_t nxm_build(struct bytes *b, const struct match *m, enum of_version v, be64 cookie,
		 be64 cookie_mask)
{
	const struct builder k = { b, m, v };
	size_t start = b->size;
	if (m->mask.packet_type && m->key.packet_type != PT_ETH)
		put(&k, FIELD_PACKET_TYPE);
	PUT_ALL(&k, FIELD_DP_HASH, FIELD_RECIRC_ID, FIELD_CONJ_ID);
	if (m->mask.in_port)
		put(&k, v >= OF12 ? FIELD_IN_PORT_OXM : FIELD_IN_PORT);
	PUT_ALL(&k, FIELD_ACTSET_OUTPUT, FIELD_ETH_SRC, FIELD_ETH_DST);
	if (!m->mask.packet_type || m->key.packet_type == PT_ETH)
		put(&k, FIELD_ETH_TYPE);
	put_vlan(&k);
	if (m->mask.mpls_lse[0])
		PUT_ALL(&k, FIELD_MPLS_TC, FIELD_MPLS_BOS, FIELD_MPLS_TTL, FIELD_MPLS_LABEL);
	put_l3(&k);
	put_tunnel(&k);
	if (!bytes_are_zero(&m->mask.nsh, sizeof m->mask.nsh))
		PUT_ALL(&k, FIELD_NSH_FLAGS, FIELD_NSH_TTL, FIELD_NSH_MDTYPE, FIELD_NSH_NP,
			FIELD_NSH_SPI, FIELD_NSH_SI, FIELD_NSH_C1, FIELD_NSH_C2, FIELD_NSH_C3,
			FIELD_NSH_C4);
	put_registers(b, m, k.v);
	PUT_ALL(&k, FIELD_PKT_MARK, FIELD_CT_STATE, FIELD_CT_ZONE, FIELD_CT_MARK, FIELD_CT_LABEL);
	if (m->mask.ct_nw_proto || m->mask.ct_nw_src || m->mask.ct_nw_dst ||
	    !IN6_IS_ADDR_UNSPECIFIED(&m->mask.ct_ipv6_src) ||
	    !IN6_IS_ADDR_UNSPECIFIED(&m->mask.ct_ipv6_dst))
		PUT_ALL(&k, FIELD_CT_NW_SRC, FIELD_CT_NW_DST, FIELD_CT_IPV6_SRC, FIELD_CT_IPV6_DST,
			FIELD_CT_NW_PROTO, FIELD_CT_TP_SRC, FIELD_CT_TP_DST);
	put(&k, FIELD_METADATA);
	if (cookie_mask) {
		bytes_put_be32(b, cookie_mask == UINT64_MAX ? NXM_NX_COOKIE : NXM_NX_COOKIE_W);
		be64 value = cookie & cookie_mask;
		bytes_put(b, &value, 8);
		if (cookie_mask != UINT64_MAX)
			bytes_put(b, &cookie_mask, 8);
	}
	return b->size - start;
}

size_t nxm_build_padded(struct bytes *b, const struct match *m, be64 cookie, be64 cookie_mask)
{
	size_t start = b->size;
	size_t n = nxm_build(b, m, OF10, cookie, cookie_mask);
	bytes_pad(b, start, 8);
	return n;
}

/* -- The match of 1.1 and later. */

enum { OFPMT_STANDARD = 0, OFPMT_OXM = 1 };

void oxm_build(struct bytes *b, const struct match *m, enum of_version v)
{
	size_t start = b->size;
	bytes_put_be16(b, OFPMT_OXM);
	bytes_put_be16(b, 0);
	size_t n = nxm_build(b, m, v < OF12 ? OF12 : v, 0, 0);
	put_be16(b->data + start + 2, (uint16_t)(n + 4));
	bytes_pad(b, start, 8);
}

void of_match_build(struct bytes *b, const struct match *m, enum of_version v)
{
	if (v == OF11)
		match11_build(b, m);
	else
		oxm_build(b, m, v);
}

int of_match_pull(struct cursor *c, enum of_version v, bool strict, struct match *ret,
		  uint16_t *ret_padded_size)
{
	if (c->left < 4)
		return -OFPERR_OFPBMC_BAD_LEN;
	uint16_t type = get_be16(c->p), size = get_be16(c->p + 2);
	match_init(ret);
	if (type == OFPMT_STANDARD) {
		const uint8_t *p = cursor_pull(c, OF11_MATCH_SIZE);
		if (size != OF11_MATCH_SIZE || !p)
			return -OFPERR_OFPBMC_BAD_LEN;
		if (ret_padded_size)
			*ret_padded_size = OF11_MATCH_SIZE;
		return match11_parse(p, ret);
	}
	if (type != OFPMT_OXM)
		return -OFPERR_OFPBMC_BAD_TYPE;
	if (size < 4)
		return -OFPERR_OFPBMC_BAD_LEN;
	size_t padded = ROUND_UP((size_t)size, 8);
	const uint8_t *p = cursor_pull(c, padded);
	if (!p)
		return -OFPERR_OFPBMC_BAD_LEN;
	if (ret_padded_size)
		*ret_padded_size = (uint16_t)padded;
	return nxm_parse(p + 4, size - 4u, strict, ret, NULL, NULL);
}
