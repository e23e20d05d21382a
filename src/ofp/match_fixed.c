/* SPDX-License-Identifier: Apache-2.0 */
/* match_fixed: the fixed match structs of OpenFlow 1.0 (5.2.3) and 1.1 (A.2.3): one place for each
 * field, and bits that say which are wildcarded. */
#include "ofp/error.h"
#include "ofp/nxm.h"

/* OpenFlow 1.0. */
enum {
	W10_IN_PORT = 1 << 0,
	W10_DL_VLAN = 1 << 1,
	W10_DL_SRC = 1 << 2,
	W10_DL_DST = 1 << 3,
	W10_DL_TYPE = 1 << 4,
	W10_NW_PROTO = 1 << 5,
	W10_TP_SRC = 1 << 6,
	W10_TP_DST = 1 << 7,
	W10_NW_SRC_SHIFT = 8,
	W10_NW_DST_SHIFT = 14,
	W10_DL_VLAN_PCP = 1 << 20,
	W10_NW_TOS = 1 << 21,
};
enum { OFP_VLAN_NONE = 0xffff };

static be32 prefix_mask(unsigned wild)
{
	return wild >= 32 ? 0 : cpu_to_be32(~UINT32_C(0) << wild);
}

static unsigned prefix_wild(be32 mask)
{
	uint32_t m = be32_to_cpu(mask);
	return m ? (unsigned)__builtin_ctz(m) : 32;
}

int match10_parse(const uint8_t p[OF10_MATCH_SIZE], struct match *m)
{
	struct cursor c = cursor_of(p, OF10_MATCH_SIZE);
	match_init(m);
	uint32_t w = cursor_be32(&c);
	uint16_t in_port = cursor_be16(&c);
	const void *src = cursor_pull(&c, 6), *dst = cursor_pull(&c, 6);
	uint16_t vlan = cursor_be16(&c);
	uint8_t pcp = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint16_t type = cursor_be16(&c);
	uint8_t tos = cursor_u8(&c), proto = cursor_u8(&c);
	cursor_skip(&c, 2);
	be32 nw_src = cpu_to_be32(cursor_be32(&c)), nw_dst = cpu_to_be32(cursor_be32(&c));
	uint16_t tp_src = cursor_be16(&c), tp_dst = cursor_be16(&c);

	if (!(w & W10_IN_PORT))
		match_set_in_port(m, in_port);
	if (!(w & W10_DL_SRC)) {
		memcpy(&m->key.dl_src, src, 6);
		memset(&m->mask.dl_src, 0xff, 6);
	}
	if (!(w & W10_DL_DST)) {
		memcpy(&m->key.dl_dst, dst, 6);
		memset(&m->mask.dl_dst, 0xff, 6);
	}
	bool any_vid = w & W10_DL_VLAN, any_pcp = w & W10_DL_VLAN_PCP;
	be16 *tci = &m->key.vlans[0].tci, *tci_mask = &m->mask.vlans[0].tci;
	if (!any_vid && vlan == OFP_VLAN_NONE) {
		*tci_mask = UINT16_MAX;
	} else if (!any_vid || !any_pcp) {
		uint16_t mask = VLAN_CFI, value = VLAN_CFI;
		if (!any_vid) {
			mask |= VLAN_VID_MASK;
			value |= vlan & VLAN_VID_MASK;
		}
		if (!any_pcp) {
			mask |= VLAN_PCP_MASK;
			value |= (uint16_t)(pcp << VLAN_PCP_SHIFT) & VLAN_PCP_MASK;
		}
		*tci = cpu_to_be16(value);
		*tci_mask = cpu_to_be16(mask);
	}
	if (!(w & W10_DL_TYPE))
		match_set_dl_type(m, type);
	if (!(w & W10_NW_TOS)) {
		m->key.nw_tos = tos & 0xfc;
		m->mask.nw_tos = 0xfc;
	}
	if (!(w & W10_NW_PROTO)) {
		m->key.nw_proto = proto;
		m->mask.nw_proto = UINT8_MAX;
	}
	m->mask.nw_src = prefix_mask(w >> W10_NW_SRC_SHIFT & 0x3f);
	m->key.nw_src = nw_src & m->mask.nw_src;
	m->mask.nw_dst = prefix_mask(w >> W10_NW_DST_SHIFT & 0x3f);
	m->key.nw_dst = nw_dst & m->mask.nw_dst;
	if (!(w & W10_TP_SRC)) {
		m->key.tp_src = cpu_to_be16(tp_src);
		m->mask.tp_src = UINT16_MAX;
	}
	if (!(w & W10_TP_DST)) {
		m->key.tp_dst = cpu_to_be16(tp_dst);
		m->mask.tp_dst = UINT16_MAX;
	}
	/* "The fields of lower layers are ignored where the type does not have them"
	 * (1.0.1, 5.2.3). */
	match_normalize(m);
	return 0;
}

void match10_build(struct bytes *b, const struct match *m)
{
	uint32_t w = 0;
	uint16_t vlan = 0, type = 0;
	uint8_t pcp = 0;
	const struct flow_key *k = &m->key, *mask = &m->mask;
	uint16_t tci = be16_to_cpu(k->vlans[0].tci), tci_mask = be16_to_cpu(mask->vlans[0].tci);
	if (!mask->in_port)
		w |= W10_IN_PORT;
	if (bytes_are_zero(&mask->dl_src, 6))
		w |= W10_DL_SRC;
	if (bytes_are_zero(&mask->dl_dst, 6))
		w |= W10_DL_DST;
	if (!tci_mask) {
		w |= W10_DL_VLAN | W10_DL_VLAN_PCP;
	} else if ((tci_mask & VLAN_CFI) && !(tci & VLAN_CFI)) {
		vlan = OFP_VLAN_NONE;
	} else {
		if (tci_mask & VLAN_VID_MASK)
			vlan = tci & VLAN_VID_MASK;
		else
			w |= W10_DL_VLAN;
		if (tci_mask & VLAN_PCP_MASK)
			pcp = (uint8_t)(tci >> VLAN_PCP_SHIFT);
		else
			w |= W10_DL_VLAN_PCP;
	}
	if (mask->dl_type)
		type = be16_to_cpu(k->dl_type);
	else
		w |= W10_DL_TYPE;
	if (!(mask->nw_tos & 0xfc))
		w |= W10_NW_TOS;
	if (!mask->nw_proto)
		w |= W10_NW_PROTO;
	w |= prefix_wild(mask->nw_src) << W10_NW_SRC_SHIFT;
	w |= prefix_wild(mask->nw_dst) << W10_NW_DST_SHIFT;
	if (!mask->tp_src)
		w |= W10_TP_SRC;
	if (!mask->tp_dst)
		w |= W10_TP_DST;

	bytes_put_be32(b, w);
	bytes_put_be16(b, (uint16_t)k->in_port);
	bytes_put(b, &k->dl_src, 6);
	bytes_put(b, &k->dl_dst, 6);
	bytes_put_be16(b, vlan);
	bytes_put_u8(b, pcp);
	bytes_put_u8(b, 0);
	bytes_put_be16(b, type);
	bytes_put_u8(b, k->nw_tos & 0xfc);
	bytes_put_u8(b, k->nw_proto);
	bytes_put_zeros(b, 2);
	bytes_put(b, &k->nw_src, 4);
	bytes_put(b, &k->nw_dst, 4);
	bytes_put(b, &k->tp_src, 2);
	bytes_put(b, &k->tp_dst, 2);
}

/* OpenFlow 1.1. */
enum {
	W11_IN_PORT = 1 << 0,
	W11_DL_VLAN = 1 << 1,
	W11_DL_VLAN_PCP = 1 << 2,
	W11_DL_TYPE = 1 << 3,
	W11_NW_TOS = 1 << 4,
	W11_NW_PROTO = 1 << 5,
	W11_TP_SRC = 1 << 6,
	W11_TP_DST = 1 << 7,
	W11_MPLS_LABEL = 1 << 8,
	W11_MPLS_TC = 1 << 9,
	W11_ALL = (1 << 10) - 1,
};
enum { OFP11_VLAN_ANY = 0xfffe };

int match11_parse(const uint8_t p[OF11_MATCH_SIZE], struct match *m)
{
	struct cursor c = cursor_of(p, OF11_MATCH_SIZE);
	match_init(m);
	cursor_skip(&c, 4);
	uint32_t in_port = cursor_be32(&c), w = cursor_be32(&c);
	const uint8_t *src = cursor_pull(&c, 6), *src_wild = cursor_pull(&c, 6);
	const uint8_t *dst = cursor_pull(&c, 6), *dst_wild = cursor_pull(&c, 6);
	uint16_t vlan = cursor_be16(&c);
	uint8_t pcp = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint16_t type = cursor_be16(&c);
	uint8_t tos = cursor_u8(&c), proto = cursor_u8(&c);
	be32 addr[4];
	memcpy(addr, cursor_pull(&c, 16), 16);
	uint16_t tp_src = cursor_be16(&c), tp_dst = cursor_be16(&c);
	uint32_t label = cursor_be32(&c);
	uint8_t tc = cursor_u8(&c);
	cursor_skip(&c, 3);
	uint64_t metadata = cursor_be64(&c), metadata_wild = cursor_be64(&c);

	if (!(w & W11_IN_PORT)) {
		uint32_t port;
		if (!ofport_from_11(in_port, &port))
			return -OFPERR_OFPBMC_BAD_VALUE;
		match_set_in_port(m, port);
	}
	for (unsigned i = 0; i < 6; i++) {
		m->mask.dl_src.b[i] = (uint8_t)~src_wild[i];
		m->key.dl_src.b[i] = src[i] & m->mask.dl_src.b[i];
		m->mask.dl_dst.b[i] = (uint8_t)~dst_wild[i];
		m->key.dl_dst.b[i] = dst[i] & m->mask.dl_dst.b[i];
	}
	if (!(w & W11_DL_VLAN)) {
		uint16_t value = 0, mask = UINT16_MAX;
		if (vlan == OFP_VLAN_NONE) {
			value = 0;
		} else {
			if (vlan == OFP11_VLAN_ANY) {
				value = mask = VLAN_CFI;
			} else {
				if (vlan & ~VLAN_VID_MASK)
					return -OFPERR_OFPBMC_BAD_VALUE;
				value = vlan | VLAN_CFI;
				mask = VLAN_VID_MASK | VLAN_CFI;
			}
			if (!(w & W11_DL_VLAN_PCP)) {
				if (pcp > 7)
					return -OFPERR_OFPBMC_BAD_VALUE;
				value |= (uint16_t)(pcp << VLAN_PCP_SHIFT);
				mask |= VLAN_PCP_MASK;
			}
		}
		m->key.vlans[0].tci = cpu_to_be16(value);
		m->mask.vlans[0].tci = cpu_to_be16(mask);
	}
	if (!(w & W11_DL_TYPE))
		match_set_dl_type(m, type);
	uint16_t t = m->mask.dl_type ? type : 0;
	bool ip = t == 0x0800 || t == 0x86dd, arp = t == 0x0806 || t == 0x8035;
	if (ip && !(w & W11_NW_TOS)) {
		if (tos & ~0x3f)
			return -OFPERR_OFPBMC_BAD_VALUE;
		m->key.nw_tos = (uint8_t)(tos << 2);
		m->mask.nw_tos = 0xfc;
	}
	if ((ip || arp) && !(w & W11_NW_PROTO)) {
		m->key.nw_proto = proto;
		m->mask.nw_proto = UINT8_MAX;
	}
	if (t == 0x0800 || arp) {
		m->mask.nw_src = ~addr[1];
		m->key.nw_src = addr[0] & ~addr[1];
		m->mask.nw_dst = ~addr[3];
		m->key.nw_dst = addr[2] & ~addr[3];
	}
	if (ip && m->mask.nw_proto) {
		bool ports = proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
			     proto == IPPROTO_SCTP || proto == IPPROTO_ICMP;
		if (!(w & W11_TP_SRC)) {
			if (!ports)
				return -OFPERR_OFPBMC_BAD_FIELD;
			m->key.tp_src = cpu_to_be16(tp_src);
			m->mask.tp_src = UINT16_MAX;
		}
		if (!(w & W11_TP_DST)) {
			if (!ports)
				return -OFPERR_OFPBMC_BAD_FIELD;
			m->key.tp_dst = cpu_to_be16(tp_dst);
			m->mask.tp_dst = UINT16_MAX;
		}
	}
	if (t == 0x8847 || t == 0x8848) {
		if (!(w & W11_MPLS_LABEL)) {
			m->key.mpls_lse[0] |= cpu_to_be32(label << 12);
			m->mask.mpls_lse[0] |= BE32_C(0xfffff000);
		}
		if (!(w & W11_MPLS_TC)) {
			m->key.mpls_lse[0] |= cpu_to_be32((uint32_t)(tc & 7) << 9);
			m->mask.mpls_lse[0] |= BE32_C(0xe00);
		}
	}
	match_set_metadata(m, metadata, ~metadata_wild);
	return 0;
}

void match11_build(struct bytes *b, const struct match *m)
{
	const struct flow_key *k = &m->key, *mask = &m->mask;
	uint32_t w = 0, label = 0;
	uint16_t vlan = 0;
	uint8_t pcp = 0, tc = 0;
	uint16_t tci = be16_to_cpu(k->vlans[0].tci), tci_mask = be16_to_cpu(mask->vlans[0].tci);
	uint32_t lse = be32_to_cpu(k->mpls_lse[0]), lse_mask = be32_to_cpu(mask->mpls_lse[0]);
	if (!mask->in_port)
		w |= W11_IN_PORT;
	if (!tci_mask) {
		w |= W11_DL_VLAN | W11_DL_VLAN_PCP;
	} else if ((tci_mask & VLAN_CFI) && !(tci & VLAN_CFI)) {
		vlan = OFP_VLAN_NONE;
		w |= W11_DL_VLAN_PCP;
	} else {
		vlan = tci_mask & VLAN_VID_MASK ? tci & VLAN_VID_MASK : OFP11_VLAN_ANY;
		if (tci_mask & VLAN_PCP_MASK)
			pcp = (uint8_t)(tci >> VLAN_PCP_SHIFT);
		else
			w |= W11_DL_VLAN_PCP;
	}
	if (!mask->dl_type)
		w |= W11_DL_TYPE;
	if (!(mask->nw_tos & 0xfc))
		w |= W11_NW_TOS;
	if (!mask->nw_proto)
		w |= W11_NW_PROTO;
	if (!mask->tp_src)
		w |= W11_TP_SRC;
	if (!mask->tp_dst)
		w |= W11_TP_DST;
	if (lse_mask & 0xfffff000)
		label = lse >> 12;
	else
		w |= W11_MPLS_LABEL;
	if (lse_mask & 0xe00)
		tc = lse >> 9 & 7;
	else
		w |= W11_MPLS_TC;

	bytes_put_be16(b, 0); /* OFPMT_STANDARD */
	bytes_put_be16(b, OF11_MATCH_SIZE);
	bytes_put_be32(b, mask->in_port ? ofport_to_11(k->in_port) : 0);
	bytes_put_be32(b, w);
	bytes_put(b, &k->dl_src, 6);
	for (unsigned i = 0; i < 6; i++)
		bytes_put_u8(b, (uint8_t)~mask->dl_src.b[i]);
	bytes_put(b, &k->dl_dst, 6);
	for (unsigned i = 0; i < 6; i++)
		bytes_put_u8(b, (uint8_t)~mask->dl_dst.b[i]);
	bytes_put_be16(b, vlan);
	bytes_put_u8(b, pcp);
	bytes_put_u8(b, 0);
	bytes_put(b, &k->dl_type, 2);
	bytes_put_u8(b, k->nw_tos >> 2);
	bytes_put_u8(b, k->nw_proto);
	be32 addr[4] = { k->nw_src, ~mask->nw_src, k->nw_dst, ~mask->nw_dst };
	bytes_put(b, addr, sizeof addr);
	bytes_put(b, &k->tp_src, 2);
	bytes_put(b, &k->tp_dst, 2);
	bytes_put_be32(b, label);
	bytes_put_u8(b, tc);
	bytes_put_zeros(b, 3);
	bytes_put(b, &k->metadata, 8);
	be64 metadata_wild = ~mask->metadata;
	bytes_put(b, &metadata_wild, 8);
}
