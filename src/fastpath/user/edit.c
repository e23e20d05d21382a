/* SPDX-License-Identifier: Apache-2.0 */
/* Headers put in and taken out. packet_push() and packet_pull() move the offsets of all that lies
 * behind, so only the bytes in front of the place are moved here. */
#include <string.h>

#include "fastpath/user/user.h"
#include "wire/net.h"

/* Makes a hole of 'n' bytes 'at' bytes from the start. Offsets behind it move. */
static uint8_t *open_hole(struct packet *p, uint32_t at, uint32_t n)
{
	uint8_t *data = packet_push(p, n);
	memmove(data, data + n, at);
	return data + at;
}

static void close_hole(struct packet *p, uint32_t at, uint32_t n)
{
	memmove(p->data + n, p->data, at);
	packet_pull(p, n);
}

static bool push_vlan(struct packet *p, const struct dpa_push_vlan *a)
{
	if (p->packet_type != PT_ETH || p->size < ETH_HLEN)
		return false;
	uint8_t *tag = open_hole(p, 12, VLAN_HLEN);
	be16 tci = a->tci & (be16)~BE16_C(VLAN_CFI);
	memcpy(tag, &a->tpid, 2);
	memcpy(tag + 2, &tci, 2);
	return true;
}

static bool pop_vlan(struct packet *p)
{
	if (p->packet_type != PT_ETH || p->size < ETH_HLEN + VLAN_HLEN)
		return false;
	uint16_t type = get_be16(p->data + 12);
	if (type != ETH_TYPE_VLAN && type != ETH_TYPE_QINQ)
		return true; /* there is none: nothing to do */
	close_hole(p, 12, VLAN_HLEN);
	return true;
}

/* The ethertype of what begins at 'l3': right before it, or with packets that have no Ethernet
 * header, the packet's type. */
static bool set_ethertype(struct packet *p, uint32_t l3, be16 type)
{
	if (p->packet_type != PT_ETH) {
		p->packet_type = PT_OF(1, be16_to_cpu(type));
		return true;
	}
	if (l3 < ETH_HLEN || l3 > p->size)
		return false;
	memcpy(p->data + l3 - 2, &type, 2);
	return true;
}

static bool push_mpls(struct packet *p, const struct dpa_mpls *a)
{
	uint16_t at = p->l2_5_ofs != PACKET_NO_OFS ? p->l2_5_ofs : p->l3_ofs;
	if (at == PACKET_NO_OFS || at > p->size)
		return false;
	memcpy(open_hole(p, at, MPLS_HLEN), &a->lse, MPLS_HLEN);
	p->l2_5_ofs = at;
	return set_ethertype(p, at, a->ethertype);
}

static bool pop_mpls(struct packet *p, const struct dpa_mpls *a)
{
	uint16_t at = p->l2_5_ofs;
	if (at == PACKET_NO_OFS || at + (uint32_t)MPLS_HLEN > p->size)
		return false;
	bool bottom = get_be32(p->data + at) & MPLS_BOS;
	close_hole(p, at, MPLS_HLEN);
	p->l2_5_ofs = bottom ? PACKET_NO_OFS : at;
	return set_ethertype(p, at, a->ethertype);
}

static bool push_eth(struct packet *p, const struct dpa_push_eth *a)
{
	if (p->packet_type == PT_ETH)
		return false;
	struct eth_hdr *h = packet_push(p, ETH_HLEN);
	memcpy(h->dst, &a->dst, 6);
	memcpy(h->src, &a->src, 6);
	h->type = cpu_to_be16((uint16_t)p->packet_type);
	p->packet_type = PT_ETH;
	return true;
}

static bool pop_eth(struct packet *p)
{
	if (p->packet_type != PT_ETH || p->size < ETH_HLEN)
		return false;
	uint16_t type = get_be16(p->data + 12);
	packet_pull(p, ETH_HLEN);
	p->packet_type = PT_OF(1, type);
	return true;
}

static bool push_nsh(struct packet *p, const struct dpa_push_nsh *a)
{
	uint32_t md_size = a->nsh.mdtype == 1 ? 16 : a->md2_size & ~3u;
	if (a->nsh.mdtype != 1 && a->nsh.mdtype != 2)
		return false;
	uint32_t size = NSH_BASE_HLEN + md_size;
	struct nsh_hdr *h = packet_push(p, size);
	h->ver_flags_ttl_len = cpu_to_be16(
		(uint16_t)((a->nsh.flags & 3) << 12 | (a->nsh.ttl & 0x3f) << 6 | size / 4));
	h->mdtype = a->nsh.mdtype;
	h->np = a->nsh.np;
	h->path = a->nsh.path_hdr;
	memcpy(h->context, a->nsh.mdtype == 1 ? (const void *)a->nsh.context : a->md2, md_size);
	p->packet_type = PT_OF(1, ETH_TYPE_NSH);
	packet_parse_offsets(p);
	return true;
}

static bool pop_nsh(struct packet *p)
{
	static const uint32_t types[] = { [1] = PT_OF(1, ETH_TYPE_IP),
					  [2] = PT_OF(1, ETH_TYPE_IPV6),
					  [3] = PT_ETH,
					  [4] = PT_OF(1, ETH_TYPE_NSH),
					  [5] = PT_OF(1, ETH_TYPE_MPLS) };
	uint16_t at = p->l3_ofs;
	if (at == PACKET_NO_OFS || at + (uint32_t)NSH_BASE_HLEN > p->size ||
	    (p->packet_type == PT_ETH && get_be16(p->data + at - 2) != ETH_TYPE_NSH))
		return false;
	const struct nsh_hdr *h = packet_l3(p);
	uint32_t size = (be16_to_cpu(h->ver_flags_ttl_len) & 0x3fu) * 4;
	uint8_t np = h->np;
	if (size < NSH_BASE_HLEN || at + size > p->size || !np || np >= ARRAY_SIZE(types))
		return false;
	packet_pull(p, at + size);
	p->packet_type = types[np];
	packet_parse_offsets(p);
	return true;
}

bool edit_packet(struct packet *p, const struct dp_action *a)
{
	switch ((enum dp_action_type)a->type) {
	case DPA_SET:
		return edit_set(p, (const struct dpa_set *)a);
	case DPA_PUSH_VLAN:
		return push_vlan(p, (const struct dpa_push_vlan *)a);
	case DPA_POP_VLAN:
		return pop_vlan(p);
	case DPA_PUSH_MPLS:
		return push_mpls(p, (const struct dpa_mpls *)a);
	case DPA_POP_MPLS:
		return pop_mpls(p, (const struct dpa_mpls *)a);
	case DPA_PUSH_ETH:
		return push_eth(p, (const struct dpa_push_eth *)a);
	case DPA_POP_ETH:
		return pop_eth(p);
	case DPA_PUSH_NSH:
		return push_nsh(p, (const struct dpa_push_nsh *)a);
	case DPA_POP_NSH:
		return pop_nsh(p);
	default:
		return false;
	}
}
