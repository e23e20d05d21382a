/* SPDX-License-Identifier: Apache-2.0 */
/* Fields as data. Every field lies in struct flow_key in one of a few ways (enum field_where), so a
 * handful of loads and stores serves all of them, and match, actions, translation and text need no
 * switch over field ids. In between, a value is a string of bytes in wire order: that is what
 * OpenFlow sends, what prints well, and what moves of sub-fields between fields of any width work
 * on.
 *
 * Where a field is not simply some bits (the ports of two OpenFlow versions, VLAN of 1.0) it has a
 * 'where' of its own here rather than an exception at every user. */
#include "packet/field.h"

#include <errno.h>
#include <string.h>

static uint64_t load(const struct field *f, const struct flow_key *key)
{
	const uint8_t *p = (const uint8_t *)key + f->ofs;
	bool host = f->where == FIELD_AT_HOST || f->where == FIELD_AT_PORT10 ||
		    f->where == FIELD_AT_PORT11;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	switch (f->size) {
	case 1:
		return *p;
	case 2:
		memcpy(&u16, p, 2);
		return host ? u16 : be16_to_cpu(u16);
	case 4:
		memcpy(&u32, p, 4);
		return host ? u32 : be32_to_cpu(u32);
	default:
		memcpy(&u64, p, 8);
		return host ? u64 : be64_to_cpu(u64);
	}
}

static void store(const struct field *f, uint64_t v, struct flow_key *key)
{
	uint8_t *p = (uint8_t *)key + f->ofs;
	bool host = f->where == FIELD_AT_HOST || f->where == FIELD_AT_PORT10 ||
		    f->where == FIELD_AT_PORT11;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	switch (f->size) {
	case 1:
		*p = (uint8_t)v;
		break;
	case 2:
		u16 = host ? (uint16_t)v : cpu_to_be16((uint16_t)v);
		memcpy(p, &u16, 2);
		break;
	case 4:
		u32 = host ? (uint32_t)v : cpu_to_be32((uint32_t)v);
		memcpy(p, &u32, 4);
		break;
	default:
		u64 = host ? v : cpu_to_be64(v);
		memcpy(p, &u64, 8);
	}
}

/* The bits of the member that are this field's, for the kinds that are integers. */
static uint64_t own_bits(const struct field *f)
{
	switch (f->where) {
	case FIELD_AT_TOS:
		return 0xfc;
	case FIELD_AT_ARPOP:
		return 0xff;
	case FIELD_AT_ICMP:
		return 0xffff;
	case FIELD_AT_VLAN:
	case FIELD_AT_VID:
		return VLAN_VID_MASK | VLAN_CFI;
	case FIELD_AT_VLANPCP:
		return VLAN_PCP_MASK;
	case FIELD_AT_PORT10:
	case FIELD_AT_PORT11:
		return UINT32_MAX;
	default:
		return (f->n_bits == 64 ? UINT64_MAX : (UINT64_C(1) << f->n_bits) - 1) << f->shift;
	}
}

static uint64_t value_as_int(const struct field *f, const union field_value *v)
{
	uint64_t x = 0;
	for (unsigned i = 0; i < f->n_bytes; i++)
		x = x << 8 | v->b[i];
	return x;
}

static void int_as_value(const struct field *f, uint64_t x, union field_value *ret)
{
	for (unsigned i = f->n_bytes; i-- > 0; x >>= 8)
		ret->b[i] = (uint8_t)x;
}

/* From the bits in the member to the bits of the value, and back. 'mask': these are mask bits. */
static uint64_t member_to_value(const struct field *f, uint64_t m, bool mask)
{
	switch (f->where) {
	case FIELD_AT_VLAN:
		if (mask)
			return m & VLAN_VID_MASK ? 0xffff : 0;
		return m & VLAN_CFI ? m & VLAN_VID_MASK : 0xffff;
	case FIELD_AT_ARPOP:
		return mask && m ? 0xffff : m;
	case FIELD_AT_ICMP:
		return m & 0xff;
	case FIELD_AT_PORT10:
		return m & 0xffff;
	case FIELD_AT_PORT11:
		return mask ? m : ofport_to_11((uint32_t)m);
	default:
		return (m & own_bits(f)) >> f->shift;
	}
}

static uint64_t value_to_member(const struct field *f, uint64_t v, bool mask)
{
	uint32_t port;
	switch (f->where) {
	case FIELD_AT_VLAN:
		if (mask)
			return v ? own_bits(f) : 0;
		return v == 0xffff ? 0 : (v & VLAN_VID_MASK) | VLAN_CFI;
	case FIELD_AT_ARPOP: /* a larger opcode is none that a packet's key can have */
		return mask ? (v ? 0xff : 0) : v > 0xff ? 0 : v;
	case FIELD_AT_ICMP:
		return mask ? (v ? 0xffff : 0) : v & 0xff;
	case FIELD_AT_PORT10:
		return mask ? (v ? UINT32_MAX : 0) : v;
	case FIELD_AT_PORT11:
		if (mask)
			return v ? UINT32_MAX : 0;
		return ofport_from_11((uint32_t)v, &port) ? port : OFPORT_NONE;
	default:
		return v << f->shift & own_bits(f);
	}
}

static void get(const struct field *f, const struct flow_key *key, bool mask,
		union field_value *ret)
{
	const uint8_t *p = (const uint8_t *)key + f->ofs;
	if (f->where == FIELD_AT_BYTES) {
		memcpy(ret->b, p, f->n_bytes);
	} else if (f->where == FIELD_AT_REGS) {
		for (unsigned i = 0; i < f->n_bytes; i += 4) {
			uint32_t reg;
			memcpy(&reg, p + i, 4);
			put_be32(ret->b + i, reg);
		}
	} else if (f->where == FIELD_AT_TUNMETA) {
		memset(ret->b, 0, f->n_bytes);
		const struct tun_table *t = tun_table_current;
		const struct tun_entry *e = t ? &t->entry[f->id - FIELD_TUN_METADATA0] : NULL;
		if (e && e->size)
			memcpy(ret->b + f->n_bytes - e->size, key->tun_opts + e->ofs, e->size);
	} else {
		int_as_value(f, member_to_value(f, load(f, key), mask), ret);
	}
}

void field_get(const struct field *f, const struct flow_key *key, union field_value *ret)
{
	get(f, key, false, ret);
}

void field_mask_get(const struct field *f, const struct flow_key *mask, union field_value *ret)
{
	get(f, mask, true, ret);
}

/* Room for tun_metadata<i> that is first used with a value of this many bytes. */
static const struct tun_entry *tun_entry(const struct field *f, const union field_value *v)
{
	struct tun_table *t = tun_table_current;
	if (!t)
		return NULL;
	unsigned i = f->id - FIELD_TUN_METADATA0;
	if (!t->entry[i].size && t->ad_hoc) {
		unsigned lead = 0;
		while (lead < f->n_bytes && !v->b[lead])
			lead++;
		unsigned size = MAX(ROUND_UP(f->n_bytes - lead, 4), 4);
		if (tun_table_add(t, i, 0, (uint8_t)i, (uint8_t)size) < 0)
			return NULL;
	}
	return t->entry[i].size ? &t->entry[i] : NULL;
}

static void set_bytes(uint8_t *dst, const uint8_t *v, const uint8_t *mask, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		dst[i] = (uint8_t)((dst[i] & ~mask[i]) | (v[i] & mask[i]));
}

/* 'is_mask': 'v' is the mask of a match, stored in the mask's key. */
static void set(const struct field *f, const union field_value *v, const union field_value *mask,
		struct flow_key *key, bool is_mask)
{
	uint8_t *p = (uint8_t *)key + f->ofs;
	if (f->where == FIELD_AT_BYTES) {
		set_bytes(p, v->b, mask->b, f->n_bytes);
	} else if (f->where == FIELD_AT_REGS) {
		for (unsigned i = 0; i < f->n_bytes; i += 4) {
			uint32_t reg, m = get_be32(mask->b + i);
			memcpy(&reg, p + i, 4);
			reg = (reg & ~m) | (get_be32(v->b + i) & m);
			memcpy(p + i, &reg, 4);
		}
	} else if (f->where == FIELD_AT_TUNMETA) {
		const struct tun_entry *e = tun_entry(f, mask);
		if (e) {
			unsigned lead = f->n_bytes - e->size;
			set_bytes(key->tun_opts + e->ofs, v->b + lead, mask->b + lead, e->size);
			key->tunnel.opts_present |= UINT64_C(1) << (f->id - FIELD_TUN_METADATA0);
		}
	} else {
		uint64_t m = value_to_member(f, value_as_int(f, mask), true);
		uint64_t x = load(f, key) & ~m;
		x |= value_to_member(f, value_as_int(f, v), is_mask) & m;
		if (f->where == FIELD_AT_VLANPCP)
			x |= VLAN_CFI;
		store(f, x, key);
	}
}

void field_set_masked(const struct field *f, const union field_value *v,
		      const union field_value *mask, struct flow_key *key)
{
	set(f, v, mask, key, false);
}

void field_set(const struct field *f, const union field_value *v, struct flow_key *key)
{
	union field_value ones;
	field_value_ones(f, &ones);
	if (field_is_tun_metadata(f) && tun_table_current && tun_table_current->ad_hoc)
		tun_entry(f, v); /* as wide as the value, not as the field */
	field_set_masked(f, v, &ones, key);
}

void field_match_set(const struct field *f, const union field_value *v,
		     const union field_value *mask, struct flow_key *key, struct flow_key *keymask)
{
	union field_value masked, zero = { 0 };
	for (unsigned i = 0; i < f->n_bytes; i++)
		masked.b[i] = v->b[i] & mask->b[i];
	if (f->where == FIELD_AT_PORT10 || f->where == FIELD_AT_PORT11 ||
	    f->where == FIELD_AT_VLAN) {
		if (field_value_is_zero(f, mask))
			field_match_clear(f, key, keymask);
		else {
			field_set(f, v, key);
			field_mask_set(f, keymask);
		}
		return;
	}
	if (field_is_tun_metadata(f) && tun_table_current && tun_table_current->ad_hoc)
		tun_entry(f, field_value_is_ones(f, mask) ? v : mask);
	/* Bits that the mask leaves out are zero in the key. */
	union field_value ones;
	field_value_ones(f, &ones);
	field_set_masked(f, &masked, &ones, key);
	set(f, &zero, &ones, keymask, true);
	set(f, mask, &ones, keymask, true);
	if (f->where == FIELD_AT_VLANPCP && field_value_is_zero(f, mask)) {
		key->vlans[0].tci &= ~BE16_C(VLAN_PCP_MASK);
		keymask->vlans[0].tci &= ~BE16_C(VLAN_PCP_MASK);
	}
}

void field_match_clear(const struct field *f, struct flow_key *key, struct flow_key *keymask)
{
	struct flow_key own;
	memset(&own, 0, sizeof own);
	field_mask_set(f, &own);
	for (size_t i = 0; i < KEY_WORDS; i++) {
		key_words_rw(key)[i] &= ~key_words(&own)[i];
		key_words_rw(keymask)[i] &= ~key_words(&own)[i];
	}
}

void field_mask_set(const struct field *f, struct flow_key *mask)
{
	uint8_t *p = (uint8_t *)mask + f->ofs;
	if (f->where == FIELD_AT_BYTES || f->where == FIELD_AT_REGS) {
		memset(p, 0xff, f->n_bytes);
	} else if (f->where == FIELD_AT_TUNMETA) {
		const struct tun_table *t = tun_table_current;
		unsigned i = f->id - FIELD_TUN_METADATA0;
		if (t && t->entry[i].size) {
			memset(mask->tun_opts + t->entry[i].ofs, 0xff, t->entry[i].size);
			mask->tunnel.opts_present |= UINT64_C(1) << i;
		}
	} else {
		uint64_t m = own_bits(f);
		if (f->where == FIELD_AT_VLANPCP)
			m |= VLAN_CFI;
		store(f, load(f, mask) | m, mask);
	}
}

bool field_is_exact(const struct field *f, const struct flow_key *mask)
{
	union field_value v;
	get(f, mask, true, &v);
	if (field_is_tun_metadata(f)) {
		const struct tun_table *t = tun_table_current;
		const struct tun_entry *e = t ? &t->entry[f->id - FIELD_TUN_METADATA0] : NULL;
		return e && e->size && bits_are(v.b, f->n_bytes, 0, e->size * 8u, true);
	}
	return field_value_is_ones(f, &v);
}

bool field_is_wild(const struct field *f, const struct flow_key *mask)
{
	if (field_is_tun_metadata(f) &&
	    mask->tunnel.opts_present & UINT64_C(1) << (f->id - FIELD_TUN_METADATA0))
		return false;
	return field_is_zero(f, mask);
}

bool field_is_zero(const struct field *f, const struct flow_key *key)
{
	const uint8_t *p = (const uint8_t *)key + f->ofs;
	union field_value v;
	switch (f->where) {
	case FIELD_AT_BYTES:
	case FIELD_AT_REGS:
		for (unsigned i = 0; i < f->n_bytes; i++)
			if (p[i])
				return false;
		return true;
	case FIELD_AT_TUNMETA:
		get(f, key, false, &v);
		return field_value_is_zero(f, &v);
	default:
		return !(load(f, key) & own_bits(f));
	}
}

/* The bits that a value may have: for VLANs also the presence bit, for nw_tos the upper ones. */
static uint64_t value_bits(const struct field *f)
{
	switch (f->where) {
	case FIELD_AT_VLAN:
	case FIELD_AT_PORT10:
		return 0xffff;
	case FIELD_AT_PORT11:
		return UINT32_MAX;
	case FIELD_AT_VID:
		return VLAN_VID_MASK | VLAN_CFI;
	case FIELD_AT_TOS:
		return 0xfc;
	default:
		return f->n_bits == 64 ? UINT64_MAX : (UINT64_C(1) << f->n_bits) - 1;
	}
}

static bool is_wide(const struct field *f) { return f->n_bytes > 8; }

bool field_value_ok(const struct field *f, const union field_value *v)
{
	if (is_wide(f) || f->where == FIELD_AT_BYTES)
		return true;
	uint64_t x = value_as_int(f, v);
	uint32_t port;
	if (f->where == FIELD_AT_PORT11)
		return ofport_from_11((uint32_t)x, &port);
	if (f->where == FIELD_AT_VLAN)
		return x == 0xffff || x <= VLAN_VID_MASK;
	return !(x & ~value_bits(f));
}

void field_value_ones(const struct field *f, union field_value *ret)
{
	if (is_wide(f) || f->where == FIELD_AT_BYTES)
		memset(ret->b, 0xff, f->n_bytes);
	else
		int_as_value(f, value_bits(f), ret);
}

bool field_value_is_zero(const struct field *f, const union field_value *v)
{
	return bits_are(v->b, f->n_bytes, 0, f->n_bytes * 8u, false);
}

bool field_value_is_ones(const struct field *f, const union field_value *v)
{
	if (is_wide(f) || f->where == FIELD_AT_BYTES)
		return bits_are(v->b, f->n_bytes, 0, f->n_bytes * 8u, true);
	uint64_t want = value_bits(f);
	if (f->where == FIELD_AT_VID)
		want = VLAN_VID_MASK | VLAN_CFI;
	return (value_as_int(f, v) & want) == want;
}

/* Prerequisites: a field is there if the fields under it have the right values; in a match they
 * must be matched exactly. */
struct view {
	const struct flow_key *key, *mask;
};

static bool dl_type_is(struct view v, uint16_t type)
{
	if (v.key->dl_type == cpu_to_be16(type) && (!v.mask || v.mask->dl_type == BE16_C(0xffff)))
		return true;
	return v.key->packet_type == PT_OF(1, type) &&
	       (!v.mask || v.mask->packet_type == UINT32_MAX);
}

static bool is_ip(struct view v) { return dl_type_is(v, 0x0800) || dl_type_is(v, 0x86dd); }

static bool proto_is(struct view v, uint8_t proto)
{
	return v.key->nw_proto == proto && (!v.mask || v.mask->nw_proto == 0xff) &&
	       !(v.key->nw_frag & FRAG_LATER);
}

static bool icmp_is(struct view v, uint16_t type)
{
	return v.key->tp_src == cpu_to_be16(type) &&
	       (!v.mask || (v.mask->tp_src & BE16_C(0xff)) == BE16_C(0xff)) && v.key->tp_dst == 0;
}

bool field_prereqs_ok(const struct field *f, const struct flow_key *key,
		      const struct flow_key *mask)
{
	struct view v = { key, mask };
	switch (f->prereq) {
	case FIELD_PRE_NONE:
		return true;
	case FIELD_PRE_ETH:
		return key->packet_type == PT_ETH;
	case FIELD_PRE_VLAN:
		return key->packet_type == PT_ETH && key->vlans[0].tci & BE16_C(VLAN_CFI) &&
		       (!mask || mask->vlans[0].tci & BE16_C(VLAN_CFI));
	case FIELD_PRE_ARP:
		return dl_type_is(v, 0x0806) || dl_type_is(v, 0x8035);
	case FIELD_PRE_IP4:
		return dl_type_is(v, 0x0800);
	case FIELD_PRE_IP6:
		return dl_type_is(v, 0x86dd);
	case FIELD_PRE_IP:
	case FIELD_PRE_CT:
		return is_ip(v);
	case FIELD_PRE_MPLS:
		return dl_type_is(v, 0x8847) || dl_type_is(v, 0x8848);
	case FIELD_PRE_TCP:
		return is_ip(v) && proto_is(v, IPPROTO_TCP);
	case FIELD_PRE_UDP:
		return is_ip(v) && proto_is(v, IPPROTO_UDP);
	case FIELD_PRE_SCTP:
		return is_ip(v) && proto_is(v, IPPROTO_SCTP);
	case FIELD_PRE_ICMP4:
		return dl_type_is(v, 0x0800) && proto_is(v, IPPROTO_ICMP);
	case FIELD_PRE_ICMP6:
		return dl_type_is(v, 0x86dd) && proto_is(v, IPPROTO_ICMPV6);
	case FIELD_PRE_ND:
	case FIELD_PRE_ND_SOL:
	case FIELD_PRE_ND_ADV:
		if (!dl_type_is(v, 0x86dd) || !proto_is(v, IPPROTO_ICMPV6))
			return false;
		return (f->prereq != FIELD_PRE_ND_ADV && icmp_is(v, 135)) ||
		       (f->prereq != FIELD_PRE_ND_SOL && icmp_is(v, 136));
	case FIELD_PRE_NSH:
		return dl_type_is(v, 0x894f);
	}
	return false;
}

void field_mask_prereqs(const struct field *f, const struct flow_key *key, struct flow_key *mask)
{
	switch (f->prereq) {
	case FIELD_PRE_NONE:
	case FIELD_PRE_ETH:
		return;
	case FIELD_PRE_VLAN:
		mask->vlans[0].tci |= BE16_C(VLAN_CFI);
		return;
	case FIELD_PRE_ND:
	case FIELD_PRE_ND_SOL:
	case FIELD_PRE_ND_ADV:
		mask->tp_src = mask->tp_dst = BE16_C(0xffff);
		/* fall through */
	case FIELD_PRE_TCP:
	case FIELD_PRE_UDP:
	case FIELD_PRE_SCTP:
	case FIELD_PRE_ICMP4:
	case FIELD_PRE_ICMP6:
		if (key->dl_type == BE16_C(0x0800) || key->dl_type == BE16_C(0x86dd)) {
			mask->nw_proto = 0xff;
			mask->nw_frag |= FRAG_LATER;
		}
		/* fall through */
	default:
		mask->dl_type = BE16_C(0xffff);
	}
}
