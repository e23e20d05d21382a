/* SPDX-License-Identifier: Apache-2.0 */
/* action_decode: bytes to records. All input is foreign: every length is looked at before what it
 * covers, and values that the specification forbids get its error. */
#include "base/log.h"
#include "ofp/action_wire.h"
#include "ofp/error.h"
#include "ofp/msg.h"
#include "ofp/nxm.h"

LOG_MODULE(ofp_actions);

enum { MAX_DEPTH = 16, MAX_RECORDS_BYTES = 256 * 1024 };

struct ctx {
	struct of_actions *out;
	enum of_version v;
	unsigned depth;
};

static int put_u32(const struct ctx *k, enum of_action_type type, uint32_t value)
{
	struct ofa_u32 *a = of_actions_put(k->out, type, sizeof *a);
	a->value = value;
	return 0;
}

static int put_bare(const struct ctx *k, enum of_action_type type)
{
	of_actions_put(k->out, type, sizeof(struct of_action));
	return 0;
}

static int set_ofs_nbits(struct subfield *s, const struct field *f, uint16_t ofs_nbits)
{
	s->field = f;
	s->ofs = ofs_nbits >> 6;
	s->n_bits = (uint16_t)((ofs_nbits & 0x3f) + 1);
	return s->ofs + s->n_bits > f->n_bits ? -OFPERR_OFPBAC_BAD_ARGUMENT : 0;
}

static int pull_field(struct cursor *c, const struct field **ret)
{
	bool masked;
	size_t n;
	int r = nxm_pull_header(c, ret, &masked, &n);
	if (r == -OFPERR_OFPBMC_BAD_FIELD)
		return -OFPERR_OFPBAC_BAD_SET_TYPE;
	if (r)
		return -OFPERR_OFPBAC_BAD_SET_LEN;
	return masked ? -OFPERR_OFPBAC_BAD_SET_TYPE : 0;
}

static int put_output(const struct ctx *k, uint32_t port, uint16_t max_len)
{
	of_actions_put_output(k->out, port, max_len);
	return 0;
}

static int output10(const struct ctx *k, struct cursor *c)
{
	uint16_t port = cursor_be16(c), max_len = cursor_be16(c);
	return put_output(k, port, max_len);
}

static int output11(const struct ctx *k, struct cursor *c)
{
	uint32_t port, wire = cursor_be32(c);
	uint16_t max_len = cursor_be16(c);
	if (!ofport_from_11(wire, &port))
		return -OFPERR_OFPBAC_BAD_OUT_PORT;
	return put_output(k, port, max_len);
}

static int set_vlan(const struct ctx *k, enum of_action_type type, uint16_t value)
{
	if (type == OFA_SET_VLAN_VID ? value & ~VLAN_VID_MASK : value > 7)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct ofa_set_vlan *a = of_actions_put(k->out, type, sizeof *a);
	a->value = value;
	a->push_if_none = k->v == OF10;
	return 0;
}

static int set_eth(const struct ctx *k, enum of_action_type type, struct cursor *c)
{
	struct ofa_set_eth *a = of_actions_put(k->out, type, sizeof *a);
	memcpy(&a->addr, c->p, 6);
	return 0;
}

static int set_nw(const struct ctx *k, enum of_action_type type, struct cursor *c)
{
	struct ofa_set_nw *a = of_actions_put(k->out, type, sizeof *a);
	memcpy(&a->addr, c->p, 4);
	return 0;
}

static int set_small(const struct ctx *k, enum of_action_type type, uint8_t value,
		     uint8_t forbidden)
{
	return value & forbidden ? -OFPERR_OFPBAC_BAD_ARGUMENT : put_u32(k, type, value);
}

static int push_mpls(const struct ctx *k, uint16_t type)
{
	return type == 0x8847 || type == 0x8848 ? put_u32(k, OFA_PUSH_MPLS, type)
						: -OFPERR_OFPBAC_BAD_ARGUMENT;
}

static int dec_ttl(const struct ctx *k)
{
	struct ofa_dec_ttl *a = of_actions_put(k->out, OFA_DEC_TTL, sizeof *a + sizeof a->ids[0]);
	a->n_ids = 1;
	return 0;
}

/* -- Fields. */

static int put_set(const struct ctx *k, const struct field *f, const union field_value *value,
		   const union field_value *mask, enum of_action_raw raw)
{
	for (size_t i = 0; i < f->n_bytes; i++) {
		if (value->b[i] & ~mask->b[i])
			return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
	}
	of_actions_put_set_field(k->out, f, value, mask)->h.raw = (uint16_t)raw;
	return 0;
}

static int set_field(const struct ctx *k, struct cursor *c)
{
	const struct field *f;
	union field_value value, mask;
	int r = nxm_pull_field(c, &f, &value, &mask);
	if (r == -OFPERR_OFPBMC_BAD_FIELD || r == -OFPERR_OFPBMC_BAD_MASK)
		return -OFPERR_OFPBAC_BAD_SET_TYPE;
	if (r)
		return -OFPERR_OFPBAC_BAD_SET_LEN;
	if (!bytes_are_zero(c->p, c->left))
		return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
	if (!f->writable) {
		log_warn("destination field %s is not writable", f->name);
		return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
	}
	if (f->id == FIELD_VLAN_VID) {
		/* The presence bit must be said; it is no part of the value here. */
		if ((value.be16 & mask.be16 & BE16_C(VLAN_CFI)) == 0 ||
		    (value.be16 & ~BE16_C(VLAN_CFI | VLAN_VID_MASK)))
			return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
	} else if (!field_value_ok(f, &value)) {
		return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
	}
	return put_set(k, f, &value, &mask, OFRAW_DEFAULT);
}

static int reg_load(const struct ctx *k, struct cursor *c)
{
	uint16_t ofs_nbits = cursor_be16(c);
	const struct field *f;
	int r = pull_field(c, &f);
	if (r)
		return r;
	struct subfield dst;
	r = set_ofs_nbits(&dst, f, ofs_nbits);
	if (r)
		return r;
	/* A long header moves the value; it is the next 8 bytes. */
	const uint8_t *p = cursor_pull(c, 8);
	if (!p)
		return -OFPERR_OFPBAC_BAD_LEN;
	uint64_t v = get_be64(p);
	if (dst.n_bits < 64 && v >> dst.n_bits)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	if (!f->writable) {
		log_warn("destination field %s is not writable", f->name);
		return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
	}
	union field_value value = { .b = { 0 } }, mask = { .b = { 0 } };
	bits_copy(p, 8, 0, value.b, f->n_bytes, dst.ofs, dst.n_bits);
	bits_fill(mask.b, f->n_bytes, dst.ofs, dst.n_bits, true);
	return put_set(k, f, &value, &mask, OFRAW_REG_LOAD);
}

static int put_move(const struct ctx *k, const struct subfield *src, const struct subfield *dst)
{
	if (!src->n_bits || src->ofs + src->n_bits > src->field->n_bits ||
	    dst->ofs + dst->n_bits > dst->field->n_bits)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	if (!dst->field->writable) {
		log_warn("destination field %s is not writable", dst->field->name);
		return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
	}
	struct ofa_move *a = of_actions_put(k->out, OFA_MOVE, sizeof *a);
	a->src = *src;
	a->dst = *dst;
	return 0;
}

static int move(const struct ctx *k, struct cursor *c, bool copy_field)
{
	struct subfield src = { 0 }, dst = { 0 };
	src.n_bits = dst.n_bits = cursor_be16(c);
	src.ofs = cursor_be16(c);
	dst.ofs = cursor_be16(c);
	if (copy_field)
		cursor_skip(c, 2);
	int r = pull_field(c, &src.field);
	if (!r)
		r = pull_field(c, &dst.field);
	if (!r && !bytes_are_zero(c->p, c->left))
		r = -OFPERR_NXBRC_MUST_BE_ZERO;
	return r ? r : put_move(k, &src, &dst);
}

static int stack(const struct ctx *k, enum of_action_type type, struct cursor *c)
{
	struct subfield s = { 0 };
	s.ofs = cursor_be16(c);
	int r = pull_field(c, &s.field);
	if (r)
		return r;
	s.n_bits = cursor_be16(c);
	if (c->short_read)
		return -OFPERR_OFPBAC_BAD_LEN;
	if (!bytes_are_zero(c->p, c->left))
		return -OFPERR_NXBRC_MUST_BE_ZERO;
	if (!s.n_bits || s.ofs + s.n_bits > s.field->n_bits)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct ofa_subfield *a = of_actions_put(k->out, type, sizeof *a);
	a->subfield = s;
	return 0;
}

/* -- Nicira's. */

static int controller(const struct ctx *k, struct cursor *c)
{
	uint16_t max_len = cursor_be16(c), id = cursor_be16(c);
	uint8_t reason = cursor_u8(c);
	struct ofa_controller *a = of_actions_put(k->out, OFA_CONTROLLER, sizeof *a);
	a->max_len = max_len;
	a->controller_id = id;
	a->reason = reason;
	return reason < OFPR_N_REASONS ? 0 : -OFPERR_OFPBAC_BAD_ARGUMENT;
}

static int controller2(const struct ctx *k, struct cursor *c)
{
	struct ofa_controller a = { .max_len = UINT16_MAX, .reason = OFPR_ACTION };
	struct cursor userdata = cursor_of(NULL, 0);
	cursor_skip(c, 6);
	while (c->left) {
		if (c->left < 4)
			return -OFPERR_OFPBPC_BAD_LEN;
		uint16_t type = get_be16(c->p), size = get_be16(c->p + 2);
		size_t padded = ROUND_UP((size_t)size, 8);
		if (size < 4 || padded > c->left)
			return -OFPERR_OFPBPC_BAD_LEN;
		struct cursor prop = cursor_of(c->p + 4, size - 4u);
		cursor_skip(c, padded);
		size_t want = 0;
		switch (type) {
		case 0:
			a.max_len = cursor_be16(&prop);
			break;
		case 1:
			a.controller_id = cursor_be16(&prop);
			break;
		case 2:
			a.reason = cursor_u8(&prop);
			if (a.reason >= OFPR_N_REASONS)
				return -OFPERR_OFPBAC_BAD_ARGUMENT;
			break;
		case 3:
			userdata = prop;
			a.userdata_size = (uint16_t)prop.left;
			want = prop.left;
			break;
		case 4:
			a.pause = true;
			break;
		case 5:
			a.meter_id = cursor_be32(&prop);
			break;
		default:
			return -OFPERR_OFPBPC_BAD_TYPE;
		}
		if (prop.short_read || prop.left != want)
			return -OFPERR_OFPBPC_BAD_LEN;
	}
	struct ofa_controller *rec =
		of_actions_put(k->out, OFA_CONTROLLER, sizeof a + a.userdata_size);
	a.h = rec->h;
	a.h.raw = OFRAW_CONTROLLER2;
	*rec = a;
	if (a.userdata_size)
		memcpy(rec->userdata, userdata.p, a.userdata_size);
	return 0;
}

static int bundle(const struct ctx *k, struct cursor *c, bool load)
{
	struct ofa_bundle a = { 0 };
	const uint8_t *begin = c->p;
	a.alg = cursor_be16(c);
	a.fields = cursor_be16(c);
	a.basis = cursor_be16(c);
	uint32_t member_type = cursor_be32(c);
	a.n_members = cursor_be16(c);
	uint16_t ofs_nbits = cursor_be16(c);
	if (a.n_members > 2048 || a.fields > OFHF_SYMMETRIC_L3 || a.alg > OFB_HRW ||
	    member_type != 2)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	if (load) {
		int r = pull_field(c, &a.dst.field);
		if (!r)
			r = set_ofs_nbits(&a.dst, a.dst.field, ofs_nbits);
		if (r)
			return r;
		if (a.dst.n_bits < 16)
			return -OFPERR_OFPBAC_BAD_ARGUMENT;
	} else if (ofs_nbits) {
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	}
	/* Members begin 32 bytes from the action's start: 22 from its body's. */
	size_t used = (size_t)(c->p - begin);
	if (used < 22) {
		if (c->left < 22 - used)
			return -OFPERR_OFPBAC_BAD_LEN;
		if (!bytes_are_zero(c->p, 22 - used))
			return -OFPERR_OFPBAC_BAD_ARGUMENT;
		cursor_skip(c, 22 - used);
	}
	if (c->left < a.n_members * 2u)
		return -OFPERR_OFPBAC_BAD_LEN;
	size_t size = offsetof(struct ofa_bundle, members) + a.n_members * sizeof(uint32_t);
	struct ofa_bundle *rec = of_actions_put(k->out, OFA_BUNDLE, MAX(size, sizeof *rec));
	a.h = rec->h;
	memcpy(rec, &a, offsetof(struct ofa_bundle, members));
	for (uint32_t i = 0; i < a.n_members; i++)
		rec->members[i] = cursor_be16(c);
	return 0;
}

static int multipath(const struct ctx *k, struct cursor *c)
{
	struct ofa_multipath a = { 0 };
	a.fields = cursor_be16(c);
	a.basis = cursor_be16(c);
	cursor_skip(c, 2);
	a.alg = cursor_be16(c);
	a.max_link = cursor_be16(c);
	a.arg = cursor_be32(c);
	cursor_skip(c, 2);
	uint16_t ofs_nbits = cursor_be16(c);
	int r = pull_field(c, &a.dst.field);
	if (!r)
		r = set_ofs_nbits(&a.dst, a.dst.field, ofs_nbits);
	if (r)
		return r;
	if (a.fields > OFHF_SYMMETRIC_L3 || a.alg > OFMP_ITER_HASH)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	if (a.dst.n_bits < 16 && a.max_link + 1u > 1u << a.dst.n_bits)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct ofa_multipath *rec = of_actions_put(k->out, OFA_MULTIPATH, sizeof *rec);
	a.h = rec->h;
	*rec = a;
	return 0;
}

static int output_reg(const struct ctx *k, struct cursor *c, bool wide)
{
	struct subfield src;
	uint16_t ofs_nbits = cursor_be16(c), max_len = wide ? cursor_be16(c) : 0;
	const struct field *f;
	int r = pull_field(c, &f);
	if (!r)
		r = set_ofs_nbits(&src, f, ofs_nbits);
	if (r)
		return r;
	if (!wide)
		max_len = cursor_be16(c);
	if (!bytes_are_zero(c->p, c->left))
		return wide ? -OFPERR_NXBRC_MUST_BE_ZERO : -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct ofa_output_reg *a = of_actions_put(k->out, OFA_OUTPUT_REG, sizeof *a);
	a->src = src;
	a->max_len = max_len;
	return 0;
}

static int dec_ttl_ids(const struct ctx *k, struct cursor *c)
{
	uint16_t n = cursor_be16(c);
	const void *zeros = cursor_pull(c, 4);
	if (!zeros || !bytes_are_zero(zeros, 4))
		return -OFPERR_NXBRC_MUST_BE_ZERO;
	if (c->left < n * 2u)
		return -OFPERR_OFPBAC_BAD_LEN;
	struct ofa_dec_ttl *a =
		of_actions_put(k->out, OFA_DEC_TTL, sizeof *a + n * sizeof a->ids[0]);
	a->h.raw = OFRAW_DEC_TTL_IDS;
	a->n_ids = n;
	for (uint16_t i = 0; i < n; i++)
		a->ids[i] = cursor_be16(c);
	return 0;
}

static int resubmit(const struct ctx *k, struct cursor *c, bool table, bool with_ct)
{
	uint32_t port = cursor_be16(c);
	uint8_t id = cursor_u8(c);
	if (table && !bytes_are_zero(c->p, c->left))
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct ofa_resubmit *a = of_actions_put(k->out, OFA_RESUBMIT, sizeof *a);
	a->port = port;
	a->table = table ? id : 0xff;
	a->with_ct = with_ct;
	a->h.raw = with_ct	      ? OFRAW_RESUBMIT_CT
		   : a->table != 0xff ? OFRAW_RESUBMIT_TABLE
				      : OFRAW_DEFAULT;
	return 0;
}

static int sample(const struct ctx *k, struct cursor *c, int form)
{
	struct ofa_sample a = { .sampling_port = OFPORT_NONE };
	a.probability = cursor_be16(c);
	a.collector_set_id = cursor_be32(c);
	a.obs_domain_id = cursor_be32(c);
	a.obs_point_id = cursor_be32(c);
	if (form >= 2)
		a.sampling_port = cursor_be16(c);
	if (form == 3)
		a.direction = cursor_u8(c);
	if (c->short_read)
		return -OFPERR_OFPBAC_BAD_LEN;
	if (!bytes_are_zero(c->p, c->left))
		return -OFPERR_NXBRC_MUST_BE_ZERO;
	if (!a.probability || a.direction > OFSD_EGRESS)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct ofa_sample *rec = of_actions_put(k->out, OFA_SAMPLE, sizeof *rec);
	a.h = rec->h;
	a.h.raw = form == 3 ? OFRAW_SAMPLE3 : form == 2 ? OFRAW_SAMPLE2 : OFRAW_DEFAULT;
	*rec = a;
	return 0;
}

static int parse_list(struct ctx *k, struct cursor *c);

/* The rest of the body is a list; the record at 'start' grows over it. */
static int nested(struct ctx *k, size_t start, struct cursor *c)
{
	if (k->depth >= MAX_DEPTH)
		return -OFPERR_OFPBAC_TOO_MANY;
	struct ctx inner = { k->out, k->v, k->depth + 1 };
	int r = parse_list(&inner, c);
	((struct of_action *)(void *)(k->out->data + start))->size =
		(uint32_t)(k->out->size - start);
	return r;
}

static int clone(struct ctx *k, struct cursor *c)
{
	size_t start = k->out->size;
	cursor_skip(c, 6);
	of_actions_put(k->out, OFA_CLONE, sizeof(struct ofa_nested));
	return nested(k, start, c);
}

static int check_ct_exec(const void *list, size_t size)
{
	bool first = true;
	OF_ACTION_FOR_EACH(a, list, size)
	{
		const struct field *f =
			a->type == OFA_SET_FIELD ? ((const struct ofa_set_field *)a)->field
			: a->type == OFA_MOVE	 ? ((const struct ofa_move *)a)->dst.field
						 : NULL;
		if (a->type == OFA_NAT) {
			if (!first)
				return 0; /* printed within exec(): as it came */
		} else if (!f) {
			return -OFPERR_OFPBAC_BAD_ARGUMENT;
		} else if (f->id != FIELD_CT_MARK && f->id != FIELD_CT_LABEL) {
			return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
		}
		first = false;
	}
	return 0;
}

static int ct(struct ctx *k, struct cursor *c)
{
	size_t start = k->out->size;
	struct ofa_ct a = { 0 };
	a.flags = cursor_be16(c);
	uint32_t zone_src = get_be32(c->p);
	struct cursor at = *c;
	if (zone_src) {
		int r = pull_field(c, &a.zone_src.field);
		if (r)
			return r;
		r = set_ofs_nbits(&a.zone_src, a.zone_src.field, cursor_be16(c));
		if (r)
			return r;
		if (a.zone_src.n_bits != 16)
			return -OFPERR_OFPBAC_BAD_SET_LEN;
		if (c->p - at.p != 6)
			return -OFPERR_OFPBAC_BAD_SET_TYPE;
	} else {
		cursor_skip(c, 4);
		a.zone_imm = cursor_be16(c);
	}
	a.recirc_table = cursor_u8(c);
	const void *pad = cursor_pull(c, 3);
	a.alg = cursor_be16(c);
	if (!pad || c->short_read)
		return -OFPERR_OFPBAC_BAD_LEN;
	if (!bytes_are_zero(pad, 3))
		return -OFPERR_NXBRC_MUST_BE_ZERO;
	if ((a.flags & OFCT_FORCE) && !(a.flags & OFCT_COMMIT))
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	of_actions_put(k->out, OFA_CT, sizeof a);
	int r = nested(k, start, c);
	struct ofa_ct *rec = (void *)(k->out->data + start);
	a.h = rec->h;
	*rec = a;
	size_t size;
	const struct of_action *exec = of_action_nested(&rec->h, &size);
	return r ? r : check_ct_exec(exec, size);
}

static int nat(const struct ctx *k, struct cursor *c)
{
	struct ofa_nat a = { 0 };
	if (cursor_be16(c))
		return -OFPERR_NXBRC_MUST_BE_ZERO;
	a.flags = cursor_be16(c);
	uint16_t present = cursor_be16(c);
	bool src = a.flags & OFNAT_SRC, dst = a.flags & OFNAT_DST;
	if ((src && dst) || (!src && !dst && (a.flags || present)) || (a.flags & ~31) ||
	    ((a.flags & OFNAT_HASH) && (a.flags & OFNAT_RANDOM)) || (present & ~0x3f))
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	bool v4 = present & 1, v6 = present & 4;
	if ((v4 && v6) || ((present & 2) && !v4) || ((present & 8) && !v6) ||
	    ((present & 0x20) && !(present & 0x10)) || ((present & 0x30) && !v4 && !v6))
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	a.family = v4 ? 4 : v6 ? 6 : 0;
	size_t n = v4 ? 4 : 16;
	const void *min = a.family ? cursor_pull(c, n) : NULL;
	const void *max = present & 10 ? cursor_pull(c, n) : NULL;
	if (c->short_read)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	if (min)
		memcpy(&a.addr_min, min, n);
	if (max)
		memcpy(&a.addr_max, max, n);
	if (present & 0x10)
		a.port_min = cursor_be16(c);
	if (present & 0x20)
		a.port_max = cursor_be16(c);
	if (c->short_read || ((present & 0x10) && !a.port_min) ||
	    ((present & 0x20) && a.port_max < a.port_min) || (max && memcmp(max, min, n) < 0) ||
	    (min && bytes_are_zero(min, n)))
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct ofa_nat *rec = of_actions_put(k->out, OFA_NAT, sizeof *rec);
	a.h = rec->h;
	*rec = a;
	return 0;
}

static int encap(const struct ctx *k, struct cursor *c)
{
	size_t start = k->out->size;
	struct ofa_encap a = { 0 };
	a.hdr_size = cursor_be16(c);
	a.packet_type = cursor_be32(c);
	if (a.packet_type != PT_ETH && a.packet_type != PT_OF(1, 0x894f) &&
	    a.packet_type != PT_OF(1, 0x8847) && a.packet_type != PT_OF(1, 0x8848))
		return -OFPERR_NXBAC_BAD_HEADER_TYPE;
	of_actions_put(k->out, OFA_ENCAP, sizeof a);
	while (c->left >= 4) {
		uint16_t class = get_be16(c->p);
		uint8_t type = c->p[2], size = c->p[3];
		size_t padded = ROUND_UP((size_t)size, 8);
		if (size < 4 || padded > c->left)
			return -OFPERR_NXBAC_BAD_ED_PROP;
		struct cursor prop = cursor_of(c->p + 4, size - 4u);
		cursor_skip(c, padded);
		if (class != 4 || (type != OFEP_NSH_MDTYPE && type != OFEP_NSH_TLV))
			return -OFPERR_NXBAC_UNKNOWN_ED_PROP;
		struct of_encap_prop rec = { .class = class, .type = type, .size = sizeof rec };
		if (type == OFEP_NSH_MDTYPE) {
			rec.size = 5;
			rec.mdtype = cursor_u8(&prop);
			if (prop.short_read || rec.mdtype < 1 || rec.mdtype > 2)
				return -OFPERR_NXBAC_BAD_ED_PROP;
			memcpy(of_actions_extend(k->out, sizeof rec), &rec, sizeof rec);
		} else {
			rec.tlv_class = cpu_to_be16(cursor_be16(&prop));
			rec.tlv_type = cursor_u8(&prop);
			rec.tlv_size = cursor_u8(&prop);
			const void *data = cursor_pull(&prop, rec.tlv_size);
			if (!data || rec.tlv_size > 124)
				return -OFPERR_NXBAC_BAD_ED_PROP;
			rec.size = (uint8_t)(sizeof rec + rec.tlv_size);
			uint8_t *p = of_actions_extend(k->out, ROUND_UP((size_t)rec.size, 8));
			memcpy(p, &rec, sizeof rec);
			memcpy(p + sizeof rec, data, rec.tlv_size);
		}
		a.n_props++;
	}
	struct ofa_encap *rec = (void *)(k->out->data + start);
	a.h = rec->h;
	a.h.size = (uint32_t)(k->out->size - start);
	a.props_size = (uint32_t)(k->out->size - start - sizeof a);
	*rec = a;
	return 0;
}

static int check_pkt_larger(const struct ctx *k, struct cursor *c)
{
	uint16_t len = cursor_be16(c);
	struct subfield dst = { .n_bits = 1 };
	dst.ofs = cursor_be16(c);
	int r = pull_field(c, &dst.field);
	if (r)
		return r;
	if (dst.ofs >= dst.field->n_bits)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	if (!bytes_are_zero(c->p, c->left))
		return -OFPERR_NXBRC_MUST_BE_ZERO;
	struct ofa_check_pkt_larger *a = of_actions_put(k->out, OFA_CHECK_PKT_LARGER, sizeof *a);
	a->pkt_len = len;
	a->dst = dst;
	return 0;
}

static int delete_field(const struct ctx *k, struct cursor *c)
{
	const struct field *f;
	int r = pull_field(c, &f);
	if (r)
		return r;
	if (!bytes_are_zero(c->p, c->left))
		return -OFPERR_NXBRC_MUST_BE_ZERO;
	struct ofa_field *a = of_actions_put(k->out, OFA_DELETE_FIELD, sizeof *a);
	a->field = f;
	return 0;
}

static int write_metadata(const struct ctx *k, struct cursor *c, size_t pad)
{
	const void *zeros = cursor_pull(c, pad);
	uint64_t value = cursor_be64(c), mask = cursor_be64(c);
	if (c->short_read)
		return -OFPERR_OFPBAC_BAD_LEN;
	if (!bytes_are_zero(zeros, pad))
		return -OFPERR_NXBRC_MUST_BE_ZERO;
	struct ofa_metadata *a = of_actions_put(k->out, OFA_WRITE_METADATA, sizeof *a);
	a->value = value & mask;
	a->mask = mask;
	return 0;
}

static int set_tunnel(const struct ctx *k, uint64_t id, enum of_action_raw raw)
{
	struct ofa_u64 *a = of_actions_put(k->out, OFA_SET_TUNNEL, sizeof *a);
	a->value = id;
	a->h.raw = (uint16_t)raw;
	return 0;
}

static int note(const struct ctx *k, struct cursor *c)
{
	struct ofa_note *a = of_actions_put(k->out, OFA_NOTE, sizeof *a + c->left);
	a->n_bytes = (uint32_t)c->left;
	memcpy(a->data, c->p, c->left);
	return 0;
}

static int output_trunc(const struct ctx *k, struct cursor *c)
{
	uint32_t port = cursor_be16(c), max_len = cursor_be32(c);
	if (max_len < 14)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct ofa_output_trunc *a = of_actions_put(k->out, OFA_OUTPUT_TRUNC, sizeof *a);
	a->port = port;
	a->max_len = max_len;
	return 0;
}

static int conjunction(const struct ctx *k, struct cursor *c)
{
	uint8_t clause = cursor_u8(c), n = cursor_u8(c);
	uint32_t id = cursor_be32(c);
	if (n < 2 || n > 64 || clause >= n)
		return -OFPERR_NXBAC_BAD_CONJUNCTION;
	struct ofa_conjunction *a = of_actions_put(k->out, OFA_CONJUNCTION, sizeof *a);
	a->clause = clause;
	a->n_clauses = n;
	a->id = id;
	return 0;
}

/* Sizes of Nicira's actions with their 10 bytes of header; 0 end: may be longer, in steps of 8. */
static int check_nx_size(uint16_t subtype, size_t size)
{
	static const struct {
		uint8_t min;
		bool longer;
	} sizes[] = {
		[NXAST_RESUBMIT] = { 16, false },
		[NXAST_SET_TUNNEL] = { 16, false },
		[NXAST_SET_QUEUE] = { 16, false },
		[NXAST_POP_QUEUE] = { 16, false },
		[NXAST_REG_MOVE] = { 24, true },
		[NXAST_REG_LOAD] = { 24, false },
		[NXAST_NOTE] = { 16, true },
		[NXAST_SET_TUNNEL64] = { 24, false },
		[NXAST_MULTIPATH] = { 32, false },
		[NXAST_BUNDLE] = { 32, true },
		[NXAST_BUNDLE_LOAD] = { 32, true },
		[NXAST_RESUBMIT_TABLE] = { 16, false },
		[NXAST_OUTPUT_REG] = { 24, false },
		[NXAST_LEARN] = { 32, true },
		[NXAST_EXIT] = { 16, false },
		[NXAST_DEC_TTL] = { 16, false },
		[NXAST_FIN_TIMEOUT] = { 16, false },
		[NXAST_CONTROLLER] = { 16, false },
		[NXAST_DEC_TTL_IDS] = { 16, true },
		[NXAST_WRITE_METADATA] = { 32, false },
		[NXAST_PUSH_MPLS] = { 16, false },
		[NXAST_POP_MPLS] = { 16, false },
		[NXAST_SET_MPLS_TTL] = { 16, false },
		[NXAST_DEC_MPLS_TTL] = { 16, false },
		[NXAST_STACK_PUSH] = { 24, false },
		[NXAST_STACK_POP] = { 24, false },
		[NXAST_SAMPLE] = { 24, false },
		[NXAST_SET_MPLS_LABEL] = { 16, false },
		[NXAST_SET_MPLS_TC] = { 16, false },
		[NXAST_OUTPUT_REG2] = { 24, false },
		[NXAST_REG_LOAD2] = { 16, true },
		[NXAST_CONJUNCTION] = { 16, false },
		[NXAST_CT] = { 24, true },
		[NXAST_NAT] = { 16, true },
		[NXAST_CONTROLLER2] = { 16, true },
		[NXAST_SAMPLE2] = { 32, false },
		[NXAST_OUTPUT_TRUNC] = { 16, false },
		[NXAST_GROUP] = { 16, false },
		[NXAST_SAMPLE3] = { 32, false },
		[NXAST_CLONE] = { 16, true },
		[NXAST_CT_CLEAR] = { 16, false },
		[NXAST_RESUBMIT_TABLE_CT] = { 16, false },
		[NXAST_LEARN2] = { 40, true },
		[NXAST_ENCAP] = { 16, true },
		[NXAST_DECAP] = { 16, false },
		[NXAST_DEC_NSH_TTL] = { 16, false },
		[NXAST_CHECK_PKT_LARGER] = { 24, false },
		[NXAST_DELETE_FIELD] = { 24, false },
	};
	if (subtype == NXAST_DEBUG_RECIRC || subtype == NXAST_DEBUG_SLOW)
		return size == 16 ? 0 : -OFPERR_OFPBAC_BAD_LEN;
	if (subtype >= ARRAY_SIZE(sizes) || !sizes[subtype].min)
		return -OFPERR_OFPBAC_BAD_VENDOR_TYPE;
	return size == sizes[subtype].min || (sizes[subtype].longer && size > sizes[subtype].min)
		       ? 0
		       : -OFPERR_OFPBAC_BAD_LEN;
}

static bool known_to(uint16_t subtype, enum of_version v)
{
	switch (subtype) {
	case NXAST_ENCAP:
	case NXAST_DECAP:
	case NXAST_DEC_NSH_TTL:
		return v >= OF13;
	case NXAST_GROUP:
		return v == OF10;
	case NXAST_DEBUG_RECIRC:
	case NXAST_DEBUG_SLOW:
		return false;
	default:
		return true;
	}
}

/* 'c' is behind the subtype: 6 bytes at least. */
static int parse_nx(struct ctx *k, uint16_t subtype, struct cursor *c)
{
	switch (subtype) {
	case NXAST_RESUBMIT:
		return resubmit(k, c, false, false);
	case NXAST_RESUBMIT_TABLE:
		return resubmit(k, c, true, false);
	case NXAST_RESUBMIT_TABLE_CT:
		return resubmit(k, c, true, true);
	case NXAST_SET_TUNNEL:
		cursor_skip(c, 2);
		return set_tunnel(k, cursor_be32(c), OFRAW_DEFAULT);
	case NXAST_SET_TUNNEL64:
		cursor_skip(c, 6);
		return set_tunnel(k, cursor_be64(c), OFRAW_SET_TUNNEL64);
	case NXAST_SET_QUEUE:
		cursor_skip(c, 2);
		return put_u32(k, OFA_SET_QUEUE, cursor_be32(c));
	case NXAST_POP_QUEUE:
		return put_bare(k, OFA_POP_QUEUE);
	case NXAST_REG_MOVE:
		return move(k, c, false);
	case NXAST_REG_LOAD:
		return reg_load(k, c);
	case NXAST_REG_LOAD2:
		return set_field(k, c);
	case NXAST_NOTE:
		return note(k, c);
	case NXAST_MULTIPATH:
		return multipath(k, c);
	case NXAST_BUNDLE:
		return bundle(k, c, false);
	case NXAST_BUNDLE_LOAD:
		return bundle(k, c, true);
	case NXAST_OUTPUT_REG:
		return output_reg(k, c, false);
	case NXAST_OUTPUT_REG2:
		return output_reg(k, c, true);
	case NXAST_LEARN:
		return of_learn_parse(c, false, k->out);
	case NXAST_LEARN2:
		return of_learn_parse(c, true, k->out);
	case NXAST_EXIT:
		return put_bare(k, OFA_EXIT);
	case NXAST_DEC_TTL:
		return dec_ttl(k);
	case NXAST_DEC_TTL_IDS:
		return dec_ttl_ids(k, c);
	case NXAST_FIN_TIMEOUT: {
		struct ofa_fin_timeout *a = of_actions_put(k->out, OFA_FIN_TIMEOUT, sizeof *a);
		a->idle = cursor_be16(c);
		a->hard = cursor_be16(c);
		return 0;
	}
	case NXAST_CONTROLLER:
		return controller(k, c);
	case NXAST_CONTROLLER2:
		return controller2(k, c);
	case NXAST_WRITE_METADATA:
		return write_metadata(k, c, 6);
	case NXAST_PUSH_MPLS:
		return push_mpls(k, cursor_be16(c));
	case NXAST_POP_MPLS:
		return put_u32(k, OFA_POP_MPLS, cursor_be16(c));
	case NXAST_SET_MPLS_LABEL:
		cursor_skip(c, 2);
		return put_u32(k, OFA_SET_MPLS_LABEL, cursor_be32(c) & 0xfffff);
	case NXAST_SET_MPLS_TC:
		return put_u32(k, OFA_SET_MPLS_TC, cursor_u8(c) & 7);
	case NXAST_SET_MPLS_TTL:
		return put_u32(k, OFA_SET_MPLS_TTL, cursor_u8(c));
	case NXAST_DEC_MPLS_TTL:
		return put_bare(k, OFA_DEC_MPLS_TTL);
	case NXAST_STACK_PUSH:
		return stack(k, OFA_STACK_PUSH, c);
	case NXAST_STACK_POP:
		return stack(k, OFA_STACK_POP, c);
	case NXAST_SAMPLE:
		return sample(k, c, 1);
	case NXAST_SAMPLE2:
		return sample(k, c, 2);
	case NXAST_SAMPLE3:
		return sample(k, c, 3);
	case NXAST_CONJUNCTION:
		return conjunction(k, c);
	case NXAST_CT:
		return ct(k, c);
	case NXAST_NAT:
		return nat(k, c);
	case NXAST_CT_CLEAR:
		return put_bare(k, OFA_CT_CLEAR);
	case NXAST_OUTPUT_TRUNC:
		return output_trunc(k, c);
	case NXAST_GROUP:
		cursor_skip(c, 2);
		return put_u32(k, OFA_GROUP, cursor_be32(c));
	case NXAST_CLONE:
		return clone(k, c);
	case NXAST_ENCAP:
		return encap(k, c);
	case NXAST_DECAP: {
		cursor_skip(c, 2);
		struct ofa_decap *a = of_actions_put(k->out, OFA_DECAP, sizeof *a);
		a->new_packet_type = cursor_be32(c);
		return 0;
	}
	case NXAST_DEC_NSH_TTL:
		return put_bare(k, OFA_DEC_NSH_TTL);
	case NXAST_CHECK_PKT_LARGER:
		return check_pkt_larger(k, c);
	case NXAST_DELETE_FIELD:
		return delete_field(k, c);
	default:
		return -OFPERR_OFPBAC_BAD_VENDOR_TYPE;
	}
}

static int parse_vendor(struct ctx *k, struct cursor *c, size_t size)
{
	if (size < 10)
		return -OFPERR_OFPBAC_BAD_LEN;
	uint32_t vendor = cursor_be32(c);
	if (vendor != NX_VENDOR_ID) {
		/* ONF's copy_field of 1.3 and 1.4. */
		if (vendor == ONF_VENDOR_ID && size >= 16 && get_be16(c->p) == 3200) {
			cursor_skip(c, 4);
			return move(k, c, true);
		}
		return -OFPERR_OFPBAC_BAD_VENDOR;
	}
	uint16_t subtype = cursor_be16(c);
	if (!known_to(subtype, k->v)) {
		log_warn("unknown OpenFlow1%d action for vendor %#x and type %u", k->v - OF10,
			 vendor, subtype);
		return -OFPERR_OFPBAC_BAD_VENDOR_TYPE;
	}
	int r = check_nx_size(subtype, size);
	return r ? r : parse_nx(k, subtype, c);
}

static int check_size(size_t size, size_t want)
{
	return size == want ? 0 : -OFPERR_OFPBAC_BAD_LEN;
}

static int parse_10(struct ctx *k, uint16_t type, struct cursor *c, size_t size)
{
	if (type > 11)
		return -OFPERR_OFPBAC_BAD_TYPE;
	int r = check_size(size, type == 4 || type == 5 || type == 11 ? 16 : 8);
	if (r)
		return r;
	switch (type) {
	case 0:
		return output10(k, c);
	case 1:
		return set_vlan(k, OFA_SET_VLAN_VID, cursor_be16(c));
	case 2:
		return set_vlan(k, OFA_SET_VLAN_PCP, cursor_u8(c));
	case 3:
		return put_bare(k, OFA_STRIP_VLAN);
	case 4:
		return set_eth(k, OFA_SET_ETH_SRC, c);
	case 5:
		return set_eth(k, OFA_SET_ETH_DST, c);
	case 6:
		return set_nw(k, OFA_SET_NW_SRC, c);
	case 7:
		return set_nw(k, OFA_SET_NW_DST, c);
	case 8:
		return set_small(k, OFA_SET_NW_TOS, cursor_u8(c), 3);
	case 9:
		return put_u32(k, OFA_SET_TP_SRC, cursor_be16(c));
	case 10:
		return put_u32(k, OFA_SET_TP_DST, cursor_be16(c));
	default: {
		struct ofa_enqueue *a = of_actions_put(k->out, OFA_ENQUEUE, sizeof *a);
		a->port = cursor_be16(c);
		cursor_skip(c, 6);
		a->queue = cursor_be32(c);
		return a->port < OFPORT_MAX || a->port == OFPORT_IN_PORT || a->port == OFPORT_LOCAL
			       ? 0
			       : -OFPERR_OFPBAC_BAD_OUT_PORT;
	}
	}
}

/* What 1.1 has and 1.2 replaced by set_field. */
static int parse_11(struct ctx *k, uint16_t type, struct cursor *c, size_t size)
{
	int r = check_size(size, type == 3 || type == 4 ? 16 : 8);
	if (r)
		return r;
	switch (type) {
	case 1:
		return set_vlan(k, OFA_SET_VLAN_VID, cursor_be16(c));
	case 2:
		return set_vlan(k, OFA_SET_VLAN_PCP, cursor_u8(c));
	case 3:
		return set_eth(k, OFA_SET_ETH_SRC, c);
	case 4:
		return set_eth(k, OFA_SET_ETH_DST, c);
	case 5:
		return set_nw(k, OFA_SET_NW_SRC, c);
	case 6:
		return set_nw(k, OFA_SET_NW_DST, c);
	case 7:
		return set_small(k, OFA_SET_NW_TOS, cursor_u8(c), 3);
	case 8:
		return set_small(k, OFA_SET_NW_ECN, cursor_u8(c), 0xfc);
	case 9:
		return put_u32(k, OFA_SET_TP_SRC, cursor_be16(c));
	case 10:
		return put_u32(k, OFA_SET_TP_DST, cursor_be16(c));
	case 13:
		return put_u32(k, OFA_SET_MPLS_LABEL, cursor_be32(c) & 0xfffff);
	case 14:
		return put_u32(k, OFA_SET_MPLS_TC, cursor_u8(c) & 7);
	default:
		return -OFPERR_OFPBAC_BAD_TYPE;
	}
}

static int parse_later(struct ctx *k, uint16_t type, struct cursor *c, size_t size)
{
	if (k->v == OF11 && ((type >= 1 && type <= 10) || type == 13 || type == 14))
		return parse_11(k, type, c, size);
	if (type == 25 && k->v >= OF12)
		return set_field(k, c);
	if (type == 28 && k->v >= OF15)
		return size < 16 ? -OFPERR_OFPBAC_BAD_LEN : move(k, c, true);
	static const uint32_t known = 1u << 0 | 1u << 15 | 1u << 16 | 1u << 17 | 1u << 18 |
				      1u << 19 | 1u << 20 | 1u << 21 | 1u << 22 | 1u << 23 |
				      1u << 24;
	bool meter = type == 29 && k->v >= OF15;
	if (!meter && (type > 24 || !(known >> type & 1)))
		return -OFPERR_OFPBAC_BAD_TYPE;
	int r = check_size(size, type == 0 ? 16 : 8);
	if (r)
		return r;
	switch (type) {
	case 0:
		return output11(k, c);
	case 15:
		return put_u32(k, OFA_SET_MPLS_TTL, cursor_u8(c));
	case 16:
		return put_bare(k, OFA_DEC_MPLS_TTL);
	case 17: {
		uint16_t ethertype = cursor_be16(c);
		return ethertype == 0x8100 || ethertype == 0x88a8
			       ? put_u32(k, OFA_PUSH_VLAN, ethertype)
			       : -OFPERR_OFPBAC_BAD_ARGUMENT;
	}
	case 18: {
		struct of_action *a = of_actions_put(k->out, OFA_STRIP_VLAN, sizeof *a);
		a->raw = OFRAW_POP_VLAN;
		return 0;
	}
	case 19:
		return push_mpls(k, cursor_be16(c));
	case 20:
		return put_u32(k, OFA_POP_MPLS, cursor_be16(c));
	case 21:
		return put_u32(k, OFA_SET_QUEUE, cursor_be32(c));
	case 22:
		return put_u32(k, OFA_GROUP, cursor_be32(c));
	case 23:
		return put_u32(k, OFA_SET_NW_TTL, cursor_u8(c));
	case 24:
		return dec_ttl(k);
	default:
		return put_u32(k, OFA_METER, cursor_be32(c));
	}
}

static int parse_list(struct ctx *k, struct cursor *c)
{
	size_t total = c->left;
	while (c->left) {
		size_t at = total - c->left;
		int r;
		uint16_t type = 0, size = 0;
		if (c->left < 4) {
			r = -OFPERR_OFPBAC_BAD_LEN;
		} else {
			type = get_be16(c->p);
			size = get_be16(c->p + 2);
			if (size < 8 || size % 8 || size > c->left) {
				log_warn("OpenFlow action %u length %u is bad or exceeds action "
					 "list "
					 "length %zu",
					 type, size, c->left);
				r = -OFPERR_OFPBAC_BAD_LEN;
			} else {
				struct cursor body = cursor_of(c->p + 4, size - 4u);
				r = type == OFPAT_VENDOR ? parse_vendor(k, &body, size)
				    : k->v == OF10	 ? parse_10(k, type, &body, size)
							 : parse_later(k, type, &body, size);
				if (!r && body.short_read)
					r = -OFPERR_OFPBAC_BAD_LEN;
				if (!r && k->out->size > MAX_RECORDS_BYTES)
					r = -OFPERR_OFPBAC_TOO_MANY;
			}
		}
		if (r) {
			log_warn("bad action at offset %zu (%s)", at, of_error_name(r));
			return r;
		}
		cursor_skip(c, size);
	}
	return 0;
}

/* nat() and writes to connections stand in ct() only; instructions of 1.0 in their order. */
static int check_place(const void *list, size_t size, enum of_action_type outer)
{
	bool metadata = false, goto_table = false;
	OF_ACTION_FOR_EACH(a, list, size)
	{
		if (outer != OFA_CT) {
			if (a->type == OFA_NAT) {
				log_warn("NAT action may only be used in ct action");
				return -OFPERR_OFPBAC_BAD_ARGUMENT;
			}
			const struct field *f =
				a->type == OFA_SET_FIELD ? ((const struct ofa_set_field *)a)->field
				: a->type == OFA_MOVE	 ? ((const struct ofa_move *)a)->dst.field
							 : NULL;
			if (f && (f->id == FIELD_CT_MARK || f->id == FIELD_CT_LABEL)) {
				log_warn("cannot set CT fields outside of ct action");
				return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
			}
		}
		if (metadata || goto_table)
			return -OFPERR_OFPBAC_UNSUPPORTED_ORDER;
		metadata = a->type == OFA_WRITE_METADATA;
		goto_table = a->type == OFA_GOTO_TABLE;
		size_t n;
		const struct of_action *nested_list = of_action_nested(a, &n);
		int r = n ? check_place(nested_list, n, a->type) : 0;
		if (r)
			return r;
	}
	return 0;
}

int of_actions_parse(const void *p, size_t size, enum of_version v, struct of_actions *out)
{
	size_t start = out->size;
	struct ctx k = { out, v, 0 };
	struct cursor c = cursor_of(p, size);
	int r = size % 8 ? -OFPERR_OFPBAC_BAD_LEN : parse_list(&k, &c);
	if (!r && out->size > start)
		r = check_place(out->data + start, out->size - start, 0);
	if (r)
		out->size = start;
	return r;
}

/* -- Instructions. */

enum {
	I_GOTO_TABLE = 1,
	I_WRITE_METADATA,
	I_WRITE_ACTIONS,
	I_APPLY_ACTIONS,
	I_CLEAR_ACTIONS,
	I_METER,
	I_MAX
};

static int split_instructions(struct cursor c, enum of_version v, struct cursor bodies[I_MAX],
			      bool there[I_MAX])
{
	while (c.left) {
		if (c.left < 8)
			return -OFPERR_OFPBIC_BAD_LEN;
		uint16_t type = get_be16(c.p), size = get_be16(c.p + 2);
		if (size < 8 || size % 8 || size > c.left)
			return -OFPERR_OFPBIC_BAD_LEN;
		if (type == 0xffff)
			return -OFPERR_OFPBIC_BAD_EXPERIMENTER;
		if (type < I_GOTO_TABLE || type >= I_MAX ||
		    (type == I_METER && (v < OF13 || v >= OF15)))
			return -OFPERR_OFPBIC_UNKNOWN_INST;
		if (there[type])
			return -OFPERR_OFPBIC_DUP_INST;
		size_t want = type == I_WRITE_METADATA ? 24 : 8;
		if ((type == I_WRITE_ACTIONS || type == I_APPLY_ACTIONS) ? false : size != want)
			return -OFPERR_OFPBIC_BAD_LEN;
		there[type] = true;
		bodies[type] = cursor_of(c.p + 4, size - 4u);
		cursor_skip(&c, size);
	}
	return 0;
}

int of_instructions_parse(const void *p, size_t size, enum of_version v, struct of_actions *out)
{
	if (v == OF10)
		return of_actions_parse(p, size, v, out);
	size_t start = out->size;
	struct cursor body[I_MAX];
	bool there[I_MAX] = { false };
	struct ctx k = { out, v, 0 };
	if (size % 8)
		return -OFPERR_OFPBIC_BAD_LEN;
	int r = split_instructions(cursor_of(p, size), v, body, there);
	if (!r && there[I_METER])
		put_u32(&k, OFA_METER, cursor_be32(&body[I_METER]));
	if (!r && there[I_APPLY_ACTIONS])
		r = of_actions_parse(body[I_APPLY_ACTIONS].p + 4, body[I_APPLY_ACTIONS].left - 4, v,
				     out);
	if (!r && there[I_CLEAR_ACTIONS])
		put_bare(&k, OFA_CLEAR_ACTIONS);
	if (!r && there[I_WRITE_ACTIONS]) {
		size_t at = out->size;
		of_actions_put(out, OFA_WRITE_ACTIONS, sizeof(struct ofa_nested));
		r = of_actions_parse(body[I_WRITE_ACTIONS].p + 4, body[I_WRITE_ACTIONS].left - 4, v,
				     out);
		((struct of_action *)(void *)(out->data + at))->size = (uint32_t)(out->size - at);
	}
	if (!r && there[I_WRITE_METADATA])
		r = write_metadata(&k, &body[I_WRITE_METADATA], 4);
	if (!r && there[I_GOTO_TABLE])
		put_u32(&k, OFA_GOTO_TABLE, cursor_u8(&body[I_GOTO_TABLE]));
	if (r)
		out->size = start;
	return r;
}
