/* SPDX-License-Identifier: Apache-2.0 */
/* action_build: records to bytes. A record says what is meant; which bytes say it differs by
 * version: mod_nw_src is an action of its own up to 1.1 and a set_field after; enqueue is one
 * action in 1.0 and three later. What only later versions know goes as one of Nicira's actions. */
#include "ofp/action_wire.h"
#include "ofp/error.h"
#include "ofp/msg.h"
#include "ofp/nxm.h"

struct ctx {
	struct bytes *b;
	enum of_version v;
};

/* An action of the specification: type, length, body of n bytes. */
static uint8_t *put_std(const struct ctx *k, uint16_t type, size_t body)
{
	size_t size = ROUND_UP(4 + body, 8);
	uint8_t *p = bytes_put_zeros(k->b, size);
	put_be16(p, type);
	put_be16(p + 2, (uint16_t)size);
	return p + 4;
}

static size_t nx_begin(const struct ctx *k, uint16_t subtype)
{
	size_t start = k->b->size;
	bytes_put_be16(k->b, OFPAT_VENDOR);
	bytes_put_be16(k->b, 0);
	bytes_put_be32(k->b, NX_VENDOR_ID);
	bytes_put_be16(k->b, subtype);
	return start;
}

static void nx_end(const struct ctx *k, size_t start)
{
	bytes_pad(k->b, start, 8);
	put_be16(k->b->data + start + 2, (uint16_t)(k->b->size - start));
}

/* Nicira's with nothing, or one number, in its six bytes. */
static void put_nx(const struct ctx *k, uint16_t subtype) { nx_end(k, nx_begin(k, subtype)); }
static void put_nx16(const struct ctx *k, uint16_t subtype, uint16_t value)
{
	size_t start = nx_begin(k, subtype);
	bytes_put_be16(k->b, value);
	nx_end(k, start);
}
static void put_nx8(const struct ctx *k, uint16_t subtype, uint8_t value)
{
	size_t start = nx_begin(k, subtype);
	bytes_put_u8(k->b, value);
	nx_end(k, start);
}
static void put_nx32(const struct ctx *k, uint16_t subtype, uint32_t value)
{
	size_t start = nx_begin(k, subtype);
	bytes_put_be16(k->b, 0);
	bytes_put_be32(k->b, value);
	nx_end(k, start);
}

static void put_output(const struct ctx *k, uint32_t port, uint16_t max_len)
{
	if (k->v == OF10) {
		uint8_t *p = put_std(k, 0, 4);
		put_be16(p, (uint16_t)port);
		put_be16(p + 2, max_len);
	} else {
		uint8_t *p = put_std(k, 0, 12);
		put_be32(p, ofport_to_11(port));
		put_be16(p + 4, max_len);
	}
}

static uint16_t ofs_nbits(const struct subfield *s)
{
	return (uint16_t)(s->ofs << 6 | (s->n_bits - 1));
}

static void put_nxm(const struct ctx *k, const struct field *f)
{
	nxm_put_header(k->b, f, OF10, false);
}

/* -- Writing fields. */

static void put_oxm_set(const struct ctx *k, const struct field *f, const union field_value *value,
			const union field_value *mask)
{
	size_t start = k->b->size;
	bytes_put_be16(k->b, 25);
	bytes_put_be16(k->b, 0);
	union field_value ones;
	if (!mask) {
		field_value_ones(f, &ones);
		mask = &ones;
	}
	if (f->id == FIELD_VLAN_VID) {
		nxm_put_header(k->b, f, k->v, false);
		bytes_put_be16(k->b, be16_to_cpu(value->be16) | VLAN_CFI);
	} else {
		nxm_put_field(k->b, f, value, mask, k->v);
	}
	bytes_pad(k->b, start, 8);
	put_be16(k->b->data + start + 2, (uint16_t)(k->b->size - start));
}

static void put_oxm_u32(const struct ctx *k, enum field_id id, uint32_t value)
{
	const struct field *f = &field_table[id];
	union field_value v = { .b = { 0 } };
	for (unsigned i = f->n_bytes; i-- > 0; value >>= 8)
		v.b[i] = (uint8_t)value;
	put_oxm_set(k, f, &v, NULL);
}

static void put_reg_load(const struct ctx *k, const struct field *f, unsigned ofs, unsigned n_bits,
			 const uint8_t *value)
{
	uint8_t chunk[8] = { 0 };
	bits_copy(value, f->n_bytes, ofs, chunk, sizeof chunk, 0, n_bits);
	size_t start = nx_begin(k, NXAST_REG_LOAD);
	bytes_put_be16(k->b, (uint16_t)(ofs << 6 | (n_bits - 1)));
	put_nxm(k, f);
	bytes_put(k->b, chunk, sizeof chunk);
	nx_end(k, start);
}

/* One load for each run of mask bits, of at most 64 bits. */
static void put_loads(const struct ctx *k, const struct ofa_set_field *a)
{
	const uint8_t *mask = ofa_set_field_mask(a);
	unsigned n = a->n_bytes * 8u, ofs = 0;
	while (ofs < n) {
		if (!bits_are(mask, a->n_bytes, ofs, 1, true)) {
			ofs++;
			continue;
		}
		unsigned len = 1;
		while (len < 64 && ofs + len < n && bits_are(mask, a->n_bytes, ofs + len, 1, true))
			len++;
		put_reg_load(k, a->field, ofs, len, a->data);
		ofs += len;
	}
}

static void put_reg_load2(const struct ctx *k, const struct ofa_set_field *a,
			  const union field_value *value, const union field_value *mask)
{
	size_t start = nx_begin(k, NXAST_REG_LOAD2);
	nxm_put_field(k->b, a->field, value, mask, OF10);
	nx_end(k, start);
}

static uint16_t be_u16(const uint8_t *p) { return get_be16(p); }

/* The actions of 1.0 and 1.1 that write one header field. False: there is none. */
static bool put_old_set(const struct ctx *k, const struct ofa_set_field *a)
{
	bool v10 = k->v == OF10;
	switch (a->field->id) {
	case FIELD_ETH_SRC:
		memcpy(put_std(k, v10 ? 4 : 3, 12), a->data, 6);
		return true;
	case FIELD_ETH_DST:
		memcpy(put_std(k, v10 ? 5 : 4, 12), a->data, 6);
		return true;
	case FIELD_IP_SRC:
		memcpy(put_std(k, v10 ? 6 : 5, 4), a->data, 4);
		return true;
	case FIELD_IP_DST:
		memcpy(put_std(k, v10 ? 7 : 6, 4), a->data, 4);
		return true;
	case FIELD_NW_TOS:
		*put_std(k, v10 ? 8 : 7, 4) = a->data[0];
		return true;
	case FIELD_IP_DSCP:
		*put_std(k, v10 ? 8 : 7, 4) = (uint8_t)(a->data[0] << 2);
		return true;
	case FIELD_NW_ECN:
		if (v10)
			return false;
		*put_std(k, 8, 4) = a->data[0];
		return true;
	case FIELD_TCP_SRC:
	case FIELD_UDP_SRC:
		put_be16(put_std(k, 9, 4), be_u16(a->data));
		return true;
	case FIELD_TCP_DST:
	case FIELD_UDP_DST:
		put_be16(put_std(k, 10, 4), be_u16(a->data));
		return true;
	case FIELD_DL_VLAN:
	case FIELD_VLAN_VID:
		put_be16(put_std(k, 1, 4), be_u16(a->data) & VLAN_VID_MASK);
		return true;
	case FIELD_DL_VLAN_PCP:
	case FIELD_VLAN_PCP:
		*put_std(k, 2, 4) = a->data[0];
		return true;
	case FIELD_MPLS_LABEL:
		if (v10)
			return false;
		put_be32(put_std(k, 13, 4), get_be32(a->data));
		return true;
	case FIELD_MPLS_TC:
		if (v10)
			return false;
		*put_std(k, 14, 4) = a->data[0];
		return true;
	default:
		return false;
	}
}

static void put_set_field(const struct ctx *k, const struct ofa_set_field *a)
{
	union field_value value = { .b = { 0 } }, mask = { .b = { 0 } };
	memcpy(value.b, a->data, a->n_bytes);
	memcpy(mask.b, ofa_set_field_mask(a), a->n_bytes);
	bool whole = field_value_is_ones(a->field, &mask);
	const struct field *f = a->field;
	if (k->v >= OF15) {
		if (f->n_points)
			put_oxm_set(k, f, &value, &mask);
		return;
	}
	if (field_is_tun_metadata(f) && (!whole || k->v < OF12) && a->h.raw != OFRAW_REG_LOAD) {
		/* Whole options go as set_field from 1.2 on. */
		size_t lead = 0;
		while (lead < f->n_bytes && !mask.b[lead])
			lead++;
		bool option_whole =
			bits_are(mask.b, f->n_bytes, 0, (unsigned)(f->n_bytes - lead) * 8, true);
		if (k->v >= OF12 && option_whole)
			put_oxm_set(k, f, &value, &mask);
		else
			put_reg_load2(k, a, &value, &mask);
		return;
	}
	if (a->h.raw == OFRAW_REG_LOAD || (k->v >= OF12 && !whole)) {
		put_loads(k, a);
	} else if (k->v >= OF12) {
		/* Names of 1.0 for what OXM has by others. */
		if (f->id == FIELD_NW_TOS)
			put_oxm_u32(k, FIELD_IP_DSCP, a->data[0] >> 2);
		else if (f->id == FIELD_DL_VLAN)
			put_oxm_u32(k, FIELD_VLAN_VID, be_u16(a->data));
		else if (f->id == FIELD_DL_VLAN_PCP)
			put_oxm_u32(k, FIELD_VLAN_PCP, a->data[0]);
		else
			put_oxm_set(k, f, &value, &mask);
	} else if (!whole || !put_old_set(k, a)) {
		put_loads(k, a);
	}
}

static void put_move(const struct ctx *k, const struct ofa_move *a)
{
	if (k->v >= OF15) {
		size_t start = k->b->size;
		bytes_put_be16(k->b, 28);
		bytes_put_be16(k->b, 0);
		bytes_put_be16(k->b, a->src.n_bits);
		bytes_put_be16(k->b, a->src.ofs);
		bytes_put_be16(k->b, a->dst.ofs);
		bytes_put_be16(k->b, 0);
		nxm_put_header(k->b, a->src.field, k->v, false);
		nxm_put_header(k->b, a->dst.field, k->v, false);
		nx_end(k, start);
		return;
	}
	size_t start = nx_begin(k, NXAST_REG_MOVE);
	bytes_put_be16(k->b, a->src.n_bits);
	bytes_put_be16(k->b, a->src.ofs);
	bytes_put_be16(k->b, a->dst.ofs);
	put_nxm(k, a->src.field);
	put_nxm(k, a->dst.field);
	nx_end(k, start);
}

static void put_stack(const struct ctx *k, uint16_t subtype, const struct ofa_subfield *a)
{
	size_t start = nx_begin(k, subtype);
	bytes_put_be16(k->b, a->subfield.ofs);
	put_nxm(k, a->subfield.field);
	bytes_put_be16(k->b, a->subfield.n_bits);
	/* The struct has room for a long header. */
	while (k->b->size - start < 24)
		bytes_put_u8(k->b, 0);
	nx_end(k, start);
}

static void put_set_vlan(const struct ctx *k, const struct ofa_set_vlan *a)
{
	bool vid = a->h.type == OFA_SET_VLAN_VID;
	if (k->v >= OF11 && !a->flow_has_vlan && a->push_if_none)
		put_be16(put_std(k, 17, 4), 0x8100);
	if (k->v >= OF12)
		put_oxm_u32(k, vid ? FIELD_VLAN_VID : FIELD_VLAN_PCP, a->value);
	else if (vid)
		put_be16(put_std(k, 1, 4), a->value);
	else
		*put_std(k, 2, 4) = (uint8_t)a->value;
}

static void put_tp(const struct ctx *k, const struct of_action *a, bool src)
{
	uint32_t port = ((const struct ofa_u32 *)a)->value;
	if (k->v < OF12) {
		put_be16(put_std(k, src ? 9 : 10, 4), (uint16_t)port);
		return;
	}
	/* of_actions_check() left the protocol of the match in 'raw'. */
	if (a->raw == IPPROTO_UDP)
		put_oxm_u32(k, src ? FIELD_UDP_SRC : FIELD_UDP_DST, port);
	else if (a->raw == IPPROTO_SCTP)
		put_oxm_u32(k, src ? FIELD_SCTP_SRC : FIELD_SCTP_DST, port);
	else
		put_oxm_u32(k, src ? FIELD_TCP_SRC : FIELD_TCP_DST, port);
}

static void put_load_u8(const struct ctx *k, enum field_id id, uint8_t value)
{
	const struct field *f = &field_table[id];
	put_reg_load(k, f, 0, f->n_bits, &value);
}

/* -- The rest of Nicira's. */

static void put_controller(const struct ctx *k, const struct ofa_controller *a)
{
	if (!a->userdata_size && !a->pause && a->meter_id == OF_NO_METER) {
		size_t start = nx_begin(k, NXAST_CONTROLLER);
		bytes_put_be16(k->b, a->max_len);
		bytes_put_be16(k->b, a->controller_id);
		bytes_put_u8(k->b, a->reason);
		nx_end(k, start);
		return;
	}
	size_t start = nx_begin(k, NXAST_CONTROLLER2);
	bytes_put_zeros(k->b, 6);
	struct {
		bool there;
		uint16_t type, size;
	} props[] = {
		{ a->max_len != UINT16_MAX, 0, 6 },
		{ a->controller_id != 0, 1, 6 },
		{ a->reason != OFPR_ACTION, 2, 5 },
		{ a->userdata_size != 0, 3, (uint16_t)(4 + a->userdata_size) },
		{ a->pause, 4, 4 },
		{ a->meter_id != OF_NO_METER, 5, 8 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(props); i++) {
		if (!props[i].there)
			continue;
		size_t at = k->b->size;
		bytes_put_be16(k->b, props[i].type);
		bytes_put_be16(k->b, props[i].size);
		if (i == 0)
			bytes_put_be16(k->b, a->max_len);
		else if (i == 1)
			bytes_put_be16(k->b, a->controller_id);
		else if (i == 2)
			bytes_put_u8(k->b, a->reason);
		else if (i == 3)
			bytes_put(k->b, a->userdata, a->userdata_size);
		else if (i == 5)
			bytes_put_be32(k->b, a->meter_id);
		bytes_pad(k->b, at, 8);
	}
	nx_end(k, start);
}

static void put_bundle(const struct ctx *k, const struct ofa_bundle *a)
{
	size_t start = nx_begin(k, a->dst.field ? NXAST_BUNDLE_LOAD : NXAST_BUNDLE);
	bytes_put_be16(k->b, a->alg);
	bytes_put_be16(k->b, a->fields);
	bytes_put_be16(k->b, (uint16_t)a->basis);
	bytes_put_be32(k->b, 2); /* NXM_OF_IN_PORT: members are ports */
	bytes_put_be16(k->b, (uint16_t)a->n_members);
	bytes_put_be16(k->b, a->dst.field ? ofs_nbits(&a->dst) : 0);
	if (a->dst.field)
		put_nxm(k, a->dst.field);
	else
		bytes_put_zeros(k->b, 4);
	while (k->b->size - start < 32)
		bytes_put_u8(k->b, 0);
	for (uint32_t i = 0; i < a->n_members; i++)
		bytes_put_be16(k->b, (uint16_t)a->members[i]);
	nx_end(k, start);
}

static void put_output_reg(const struct ctx *k, const struct ofa_output_reg *a)
{
	bool wide = field_nxm_header(a->src.field, OF10, false) >> 48 == 0xffff;
	size_t start = nx_begin(k, wide ? NXAST_OUTPUT_REG2 : NXAST_OUTPUT_REG);
	bytes_put_be16(k->b, ofs_nbits(&a->src));
	if (wide)
		bytes_put_be16(k->b, a->max_len);
	put_nxm(k, a->src.field);
	if (!wide)
		bytes_put_be16(k->b, a->max_len);
	while (k->b->size - start < 24)
		bytes_put_u8(k->b, 0);
	nx_end(k, start);
}

static void put_dec_ttl(const struct ctx *k, const struct ofa_dec_ttl *a)
{
	if (a->h.raw != OFRAW_DEC_TTL_IDS) {
		if (k->v >= OF11)
			put_std(k, 24, 4);
		else
			put_nx(k, NXAST_DEC_TTL);
		return;
	}
	size_t start = nx_begin(k, NXAST_DEC_TTL_IDS);
	bytes_put_be16(k->b, (uint16_t)a->n_ids);
	bytes_put_zeros(k->b, 4);
	for (uint32_t i = 0; i < a->n_ids; i++)
		bytes_put_be16(k->b, a->ids[i]);
	nx_end(k, start);
}

static void put_resubmit(const struct ctx *k, uint32_t port, uint8_t table, bool with_ct)
{
	size_t start = nx_begin(k, with_ct ? NXAST_RESUBMIT_TABLE_CT : NXAST_RESUBMIT_TABLE);
	bytes_put_be16(k->b, (uint16_t)port);
	bytes_put_u8(k->b, table);
	nx_end(k, start);
}

static void put_multipath(const struct ctx *k, const struct ofa_multipath *a)
{
	size_t start = nx_begin(k, NXAST_MULTIPATH);
	bytes_put_be16(k->b, a->fields);
	bytes_put_be16(k->b, a->basis);
	bytes_put_be16(k->b, 0);
	bytes_put_be16(k->b, a->alg);
	bytes_put_be16(k->b, a->max_link);
	bytes_put_be32(k->b, a->arg);
	bytes_put_be16(k->b, 0);
	bytes_put_be16(k->b, ofs_nbits(&a->dst));
	put_nxm(k, a->dst.field);
	nx_end(k, start);
}

static void put_sample(const struct ctx *k, const struct ofa_sample *a)
{
	bool port = a->sampling_port != OFPORT_NONE, direction = a->direction != OFSD_DEFAULT;
	size_t start = nx_begin(k, direction ? NXAST_SAMPLE3 : port ? NXAST_SAMPLE2 : NXAST_SAMPLE);
	bytes_put_be16(k->b, a->probability);
	bytes_put_be32(k->b, a->collector_set_id);
	bytes_put_be32(k->b, a->obs_domain_id);
	bytes_put_be32(k->b, a->obs_point_id);
	if (port || direction) {
		bytes_put_be16(k->b, (uint16_t)a->sampling_port);
		bytes_put_u8(k->b, (uint8_t)a->direction);
		bytes_put_zeros(k->b, 5);
	}
	nx_end(k, start);
}

static void put_nat(const struct ctx *k, const struct ofa_nat *a)
{
	static const struct in6_addr zero;
	bool max = memcmp(&a->addr_max, &zero, sizeof zero) != 0;
	uint16_t present = 0;
	if (a->family == 4)
		present |= (uint16_t)(1 | (max ? 2 : 0));
	else if (a->family == 6)
		present |= (uint16_t)(4 | (max ? 8 : 0));
	if (a->port_min)
		present |= (uint16_t)(0x10 | (a->port_max ? 0x20 : 0));
	size_t start = nx_begin(k, NXAST_NAT);
	bytes_put_be16(k->b, 0);
	bytes_put_be16(k->b, a->flags);
	bytes_put_be16(k->b, present);
	size_t n = a->family == 4 ? 4 : 16;
	if (a->family) {
		bytes_put(k->b, &a->addr_min, n);
		if (max)
			bytes_put(k->b, &a->addr_max, n);
	}
	if (present & 0x10)
		bytes_put_be16(k->b, a->port_min);
	if (present & 0x20)
		bytes_put_be16(k->b, a->port_max);
	nx_end(k, start);
}

static void put_ct(const struct ctx *k, const struct ofa_ct *a)
{
	size_t start = nx_begin(k, NXAST_CT), size;
	bytes_put_be16(k->b, a->flags);
	if (a->zone_src.field) {
		put_nxm(k, a->zone_src.field);
		bytes_put_be16(k->b, ofs_nbits(&a->zone_src));
	} else {
		bytes_put_be32(k->b, 0);
		bytes_put_be16(k->b, a->zone_imm);
	}
	bytes_put_u8(k->b, a->recirc_table);
	bytes_put_zeros(k->b, 3);
	bytes_put_be16(k->b, a->alg);
	const struct of_action *exec = of_action_nested(&a->h, &size);
	of_actions_build(k->b, exec, size, k->v);
	nx_end(k, start);
}

static void put_encap(const struct ctx *k, const struct ofa_encap *a)
{
	size_t start = nx_begin(k, NXAST_ENCAP);
	bytes_put_be16(k->b, a->hdr_size);
	bytes_put_be32(k->b, a->packet_type);
	const uint8_t *p = a->props;
	for (unsigned i = 0; i < a->n_props; i++) {
		const struct of_encap_prop *prop = (const void *)p;
		bytes_put_be16(k->b, prop->class);
		bytes_put_u8(k->b, prop->type);
		if (prop->type == OFEP_NSH_MDTYPE) {
			bytes_put_u8(k->b, 5);
			bytes_put_u8(k->b, prop->mdtype);
			bytes_put_zeros(k->b, 3);
		} else {
			size_t data = ROUND_UP((size_t)prop->tlv_size, 8);
			bytes_put_u8(k->b, (uint8_t)(8 + data));
			bytes_put(k->b, &prop->tlv_class, 2);
			bytes_put_u8(k->b, prop->tlv_type);
			bytes_put_u8(k->b, prop->tlv_size);
			bytes_put(k->b, prop->tlv, prop->tlv_size);
			bytes_put_zeros(k->b, data - prop->tlv_size);
		}
		p += ROUND_UP(prop->size, 8);
	}
	nx_end(k, start);
}

static void put_nested_nx(const struct ctx *k, uint16_t subtype, const struct of_action *a)
{
	size_t start = nx_begin(k, subtype), size;
	bytes_put_zeros(k->b, 6);
	const struct of_action *nested = of_action_nested(a, &size);
	of_actions_build(k->b, nested, size, k->v);
	nx_end(k, start);
}

/* An instruction in 1.0's list of actions. */
static void put_instruction_10(const struct ctx *k, const struct of_action *a)
{
	if (a->type == OFA_GOTO_TABLE) {
		put_resubmit(k, OFPORT_IN_PORT, (uint8_t)((const struct ofa_u32 *)a)->value, false);
	} else if (a->type == OFA_WRITE_METADATA) {
		size_t start = nx_begin(k, NXAST_WRITE_METADATA);
		bytes_put_zeros(k->b, 6);
		bytes_put_be64(k->b, ((const struct ofa_metadata *)a)->value);
		bytes_put_be64(k->b, ((const struct ofa_metadata *)a)->mask);
		nx_end(k, start);
	}
}

static void put_action(const struct ctx *k, const struct of_action *a)
{
	const void *p = a;
	bool v10 = k->v == OF10, oxm = k->v >= OF12;
	uint32_t value = a->size >= sizeof(struct ofa_u32) ? ((const struct ofa_u32 *)a)->value : 0;
	size_t start;
	switch ((enum of_action_type)a->type) {
	case OFA_OUTPUT:
		put_output(k, ((const struct ofa_output *)p)->port,
			   ((const struct ofa_output *)p)->max_len);
		break;
	case OFA_OUTPUT_REG:
		put_output_reg(k, p);
		break;
	case OFA_OUTPUT_TRUNC:
		start = nx_begin(k, NXAST_OUTPUT_TRUNC);
		bytes_put_be16(k->b, (uint16_t)((const struct ofa_output_trunc *)p)->port);
		bytes_put_be32(k->b, ((const struct ofa_output_trunc *)p)->max_len);
		nx_end(k, start);
		break;
	case OFA_CONTROLLER:
		put_controller(k, p);
		break;
	case OFA_ENQUEUE: {
		const struct ofa_enqueue *e = p;
		if (v10) {
			uint8_t *q = put_std(k, 11, 12);
			put_be16(q, (uint16_t)e->port);
			put_be32(q + 8, e->queue);
		} else {
			put_be32(put_std(k, 21, 4), e->queue);
			put_output(k, e->port, UINT16_MAX);
			put_nx(k, NXAST_POP_QUEUE);
		}
		break;
	}
	case OFA_BUNDLE:
		put_bundle(k, p);
		break;
	case OFA_GROUP:
		if (v10)
			put_nx32(k, NXAST_GROUP, value);
		else
			put_be32(put_std(k, 22, 4), value);
		break;
	case OFA_SET_FIELD:
		put_set_field(k, p);
		break;
	case OFA_MOVE:
		put_move(k, p);
		break;
	case OFA_STACK_PUSH:
		put_stack(k, NXAST_STACK_PUSH, p);
		break;
	case OFA_STACK_POP:
		put_stack(k, NXAST_STACK_POP, p);
		break;
	case OFA_SET_VLAN_VID:
	case OFA_SET_VLAN_PCP:
		put_set_vlan(k, p);
		break;
	case OFA_STRIP_VLAN:
		put_std(k, v10 ? 3 : 18, 4);
		break;
	case OFA_PUSH_VLAN:
		if (!v10)
			put_be16(put_std(k, 17, 4), (uint16_t)value);
		break;
	case OFA_SET_ETH_SRC:
	case OFA_SET_ETH_DST: {
		bool src = a->type == OFA_SET_ETH_SRC;
		union field_value v = { .b = { 0 } };
		v.eth = ((const struct ofa_set_eth *)p)->addr;
		if (oxm)
			put_oxm_set(k, &field_table[src ? FIELD_ETH_SRC : FIELD_ETH_DST], &v, NULL);
		else
			memcpy(put_std(k, (uint16_t)((src ? 3 : 4) + v10), 12), v.b, 6);
		break;
	}
	case OFA_SET_NW_SRC:
	case OFA_SET_NW_DST: {
		bool src = a->type == OFA_SET_NW_SRC;
		union field_value v = { .b = { 0 } };
		v.be32 = ((const struct ofa_set_nw *)p)->addr;
		if (oxm)
			put_oxm_set(k, &field_table[src ? FIELD_IP_SRC : FIELD_IP_DST], &v, NULL);
		else
			memcpy(put_std(k, (uint16_t)((src ? 5 : 6) + v10), 4), v.b, 4);
		break;
	}
	case OFA_SET_NW_TOS:
		if (oxm)
			put_oxm_u32(k, FIELD_IP_DSCP, value >> 2);
		else
			*put_std(k, v10 ? 8 : 7, 4) = (uint8_t)value;
		break;
	case OFA_SET_NW_ECN:
		if (oxm)
			put_oxm_u32(k, FIELD_NW_ECN, value);
		else if (v10)
			put_load_u8(k, FIELD_NW_ECN, (uint8_t)value);
		else
			*put_std(k, 8, 4) = (uint8_t)value;
		break;
	case OFA_SET_NW_TTL:
		if (v10)
			put_load_u8(k, FIELD_NW_TTL, (uint8_t)value);
		else
			*put_std(k, 23, 4) = (uint8_t)value;
		break;
	case OFA_SET_TP_SRC:
	case OFA_SET_TP_DST:
		put_tp(k, a, a->type == OFA_SET_TP_SRC);
		break;
	case OFA_DEC_TTL:
		put_dec_ttl(k, p);
		break;
	case OFA_SET_MPLS_LABEL:
		if (oxm)
			put_oxm_u32(k, FIELD_MPLS_LABEL, value);
		else if (v10)
			put_nx32(k, NXAST_SET_MPLS_LABEL, value);
		else
			put_be32(put_std(k, 13, 4), value);
		break;
	case OFA_SET_MPLS_TC:
		if (oxm)
			put_oxm_u32(k, FIELD_MPLS_TC, value);
		else if (v10)
			put_nx8(k, NXAST_SET_MPLS_TC, (uint8_t)value);
		else
			*put_std(k, 14, 4) = (uint8_t)value;
		break;
	case OFA_SET_MPLS_TTL:
		if (v10)
			put_nx8(k, NXAST_SET_MPLS_TTL, (uint8_t)value);
		else
			*put_std(k, 15, 4) = (uint8_t)value;
		break;
	case OFA_DEC_MPLS_TTL:
		if (v10)
			put_nx(k, NXAST_DEC_MPLS_TTL);
		else
			put_std(k, 16, 4);
		break;
	case OFA_PUSH_MPLS:
		if (v10)
			put_nx16(k, NXAST_PUSH_MPLS, (uint16_t)value);
		else
			put_be16(put_std(k, 19, 4), (uint16_t)value);
		break;
	case OFA_POP_MPLS:
		if (v10)
			put_nx16(k, NXAST_POP_MPLS, (uint16_t)value);
		else
			put_be16(put_std(k, 20, 4), (uint16_t)value);
		break;
	case OFA_DEC_NSH_TTL:
		put_nx(k, NXAST_DEC_NSH_TTL);
		break;
	case OFA_DELETE_FIELD:
		start = nx_begin(k, NXAST_DELETE_FIELD);
		put_nxm(k, ((const struct ofa_field *)p)->field);
		while (k->b->size - start < 24)
			bytes_put_u8(k->b, 0);
		nx_end(k, start);
		break;
	case OFA_ENCAP:
		put_encap(k, p);
		break;
	case OFA_DECAP:
		put_nx32(k, NXAST_DECAP, ((const struct ofa_decap *)p)->new_packet_type);
		break;
	case OFA_SET_TUNNEL: {
		uint64_t id = ((const struct ofa_u64 *)p)->value;
		union field_value v = { .b = { 0 } };
		v.be64 = cpu_to_be64(id);
		if (oxm) {
			put_oxm_set(k, &field_table[FIELD_TUN_ID], &v, NULL);
		} else if (id <= UINT32_MAX && a->raw != OFRAW_SET_TUNNEL64) {
			put_nx32(k, NXAST_SET_TUNNEL, (uint32_t)id);
		} else {
			start = nx_begin(k, NXAST_SET_TUNNEL64);
			bytes_put_zeros(k->b, 6);
			bytes_put_be64(k->b, id);
			nx_end(k, start);
		}
		break;
	}
	case OFA_SET_QUEUE:
		if (v10)
			put_nx32(k, NXAST_SET_QUEUE, value);
		else
			put_be32(put_std(k, 21, 4), value);
		break;
	case OFA_POP_QUEUE:
		put_nx(k, NXAST_POP_QUEUE);
		break;
	case OFA_FIN_TIMEOUT:
		start = nx_begin(k, NXAST_FIN_TIMEOUT);
		bytes_put_be16(k->b, ((const struct ofa_fin_timeout *)p)->idle);
		bytes_put_be16(k->b, ((const struct ofa_fin_timeout *)p)->hard);
		nx_end(k, start);
		break;
	case OFA_RESUBMIT: {
		const struct ofa_resubmit *r = p;
		put_resubmit(k, r->port, r->table, r->with_ct);
		break;
	}
	case OFA_LEARN:
		of_learn_build(k->b, p);
		break;
	case OFA_CONJUNCTION:
		start = nx_begin(k, NXAST_CONJUNCTION);
		bytes_put_u8(k->b, ((const struct ofa_conjunction *)p)->clause);
		bytes_put_u8(k->b, ((const struct ofa_conjunction *)p)->n_clauses);
		bytes_put_be32(k->b, ((const struct ofa_conjunction *)p)->id);
		nx_end(k, start);
		break;
	case OFA_MULTIPATH:
		put_multipath(k, p);
		break;
	case OFA_NOTE:
		start = nx_begin(k, NXAST_NOTE);
		bytes_put(k->b, ((const struct ofa_note *)p)->data,
			  ((const struct ofa_note *)p)->n_bytes);
		nx_end(k, start);
		break;
	case OFA_EXIT:
		put_nx(k, NXAST_EXIT);
		break;
	case OFA_SAMPLE:
		put_sample(k, p);
		break;
	case OFA_CLONE:
		put_nested_nx(k, NXAST_CLONE, a);
		break;
	case OFA_CHECK_PKT_LARGER: {
		const struct ofa_check_pkt_larger *c = p;
		start = nx_begin(k, NXAST_CHECK_PKT_LARGER);
		bytes_put_be16(k->b, c->pkt_len);
		bytes_put_be16(k->b, c->dst.ofs);
		put_nxm(k, c->dst.field);
		while (k->b->size - start < 24)
			bytes_put_u8(k->b, 0);
		nx_end(k, start);
		break;
	}
	case OFA_CT:
		put_ct(k, p);
		break;
	case OFA_CT_CLEAR:
		put_nx(k, NXAST_CT_CLEAR);
		break;
	case OFA_NAT:
		put_nat(k, p);
		break;
	case OFA_DEBUG_RECIRC:
		put_nx(k, NXAST_DEBUG_RECIRC);
		break;
	case OFA_DEBUG_SLOW:
		put_nx(k, NXAST_DEBUG_SLOW);
		break;
	case OFA_METER:
		if (k->v >= OF15)
			put_be32(put_std(k, 29, 4), value);
		break;
	case OFA_WRITE_METADATA:
	case OFA_GOTO_TABLE:
		if (v10)
			put_instruction_10(k, a);
		break;
	case OFA_CLEAR_ACTIONS:
	case OFA_WRITE_ACTIONS:
	case OFA_UNROLL:
	case OFA_N_TYPES:
		break;
	}
}

void of_actions_build(struct bytes *b, const void *list, size_t size, enum of_version v)
{
	const struct ctx k = { b, v };
	OF_ACTION_FOR_EACH(a, list, size)
	put_action(&k, a);
}

/* -- Instructions. */

enum {
	OFPIT_GOTO_TABLE = 1,
	OFPIT_WRITE_METADATA,
	OFPIT_WRITE_ACTIONS,
	OFPIT_APPLY_ACTIONS,
	OFPIT_CLEAR_ACTIONS,
	OFPIT_METER
};

static void put_action_list(const struct ctx *k, uint16_t type, const void *list, size_t size)
{
	size_t start = k->b->size;
	bytes_put_be16(k->b, type);
	bytes_put_be16(k->b, 0);
	bytes_put_zeros(k->b, 4);
	of_actions_build(k->b, list, size, k->v);
	put_be16(k->b->data + start + 2, (uint16_t)(k->b->size - start));
}

void of_instructions_build(struct bytes *b, const void *list, size_t size, enum of_version v)
{
	const struct ctx k = { b, v };
	if (v == OF10) {
		of_actions_build(b, list, size, v);
		return;
	}
	const struct of_action *end = (const void *)((const char *)list + size);
	for (const struct of_action *a = list; a < end;) {
		const struct of_action *next = of_action_next(a);
		if (a->type == OFA_METER && v < OF15) {
			put_be32(put_std(&k, OFPIT_METER, 4), ((const struct ofa_u32 *)a)->value);
		} else if (!of_action_is_instruction(a) || a->type == OFA_METER) {
			while (next < end && (!of_action_is_instruction(next) ||
					      (next->type == OFA_METER && v >= OF15)))
				next = of_action_next(next);
			put_action_list(&k, OFPIT_APPLY_ACTIONS, a,
					(size_t)((const char *)next - (const char *)a));
		} else if (a->type == OFA_CLEAR_ACTIONS) {
			put_std(&k, OFPIT_CLEAR_ACTIONS, 4);
		} else if (a->type == OFA_WRITE_ACTIONS) {
			size_t n;
			const void *nested = of_action_nested(a, &n);
			put_action_list(&k, OFPIT_WRITE_ACTIONS, nested, n);
		} else if (a->type == OFA_WRITE_METADATA) {
			uint8_t *p = put_std(&k, OFPIT_WRITE_METADATA, 20);
			put_be64(p + 4, ((const struct ofa_metadata *)a)->value);
			put_be64(p + 12, ((const struct ofa_metadata *)a)->mask);
		} else if (a->type == OFA_GOTO_TABLE) {
			*put_std(&k, OFPIT_GOTO_TABLE, 4) =
				(uint8_t)((const struct ofa_u32 *)a)->value;
		}
		a = next;
	}
}
