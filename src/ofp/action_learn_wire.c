/* SPDX-License-Identifier: Apache-2.0 */
/* action_learn_wire: learn() as bytes: Nicira's NXAST_LEARN and NXAST_LEARN2 (with a limit). A spec
 * is a 16-bit header (number of bits, where from, where to), the source, the destination. */
#include "ofp/action_wire.h"
#include "ofp/error.h"
#include "ofp/msg.h"
#include "ofp/nxm.h"

enum {
	SPEC_N_BITS = 0x3ff,
	SPEC_IMMEDIATE = 1 << 13,
	SPEC_DST_SHIFT = 11,
	SPEC_DST_MASK = 3 << SPEC_DST_SHIFT,
};

void of_learn_build(struct bytes *b, const struct ofa_learn *a)
{
	bool learn2 = a->limit || (a->flags & OFLEARN_WRITE_RESULT);
	size_t start = b->size;
	bytes_put_be16(b, OFPAT_VENDOR);
	bytes_put_be16(b, 0);
	bytes_put_be32(b, NX_VENDOR_ID);
	bytes_put_be16(b, learn2 ? NXAST_LEARN2 : NXAST_LEARN);
	bytes_put_be16(b, a->idle_timeout);
	bytes_put_be16(b, a->hard_timeout);
	bytes_put_be16(b, a->priority);
	bytes_put(b, &a->cookie, 8);
	bytes_put_be16(b, a->flags);
	bytes_put_u8(b, a->table);
	bytes_put_u8(b, 0);
	bytes_put_be16(b, a->fin_idle_timeout);
	bytes_put_be16(b, a->fin_hard_timeout);
	if (learn2) {
		bytes_put_be32(b, a->limit);
		bytes_put_be16(b, a->flags & OFLEARN_WRITE_RESULT ? a->result_dst.ofs : 0);
		bytes_put_be16(b, 0);
		if (a->flags & OFLEARN_WRITE_RESULT)
			nxm_put_header(b, a->result_dst.field, OF10, false);
	}
	OF_LEARN_SPEC_FOR_EACH(s, a)
	{
		uint16_t header = s->n_bits | (uint16_t)(s->dst_type << SPEC_DST_SHIFT) |
				  (s->src_type == OFLS_IMMEDIATE ? SPEC_IMMEDIATE : 0);
		bytes_put_be16(b, header);
		if (s->src_type == OFLS_IMMEDIATE) {
			/* Whole 16-bit words, right-aligned. */
			size_t n = DIV_ROUND_UP(s->n_bits, 8);
			bytes_put_zeros(b, n % 2);
			bytes_put(b, s->imm, n);
		} else {
			nxm_put_header(b, s->src.field, OF10, false);
			bytes_put_be16(b, s->src.ofs);
		}
		if (s->dst_type != OFLD_OUTPUT) {
			nxm_put_header(b, s->dst.field, OF10, false);
			bytes_put_be16(b, s->dst.ofs);
		}
	}
	bytes_pad(b, start, 8);
	put_be16(b->data + start + 2, (uint16_t)(b->size - start));
}

static int pull_subfield(struct cursor *c, unsigned n_bits, struct subfield *ret)
{
	bool masked;
	size_t n;
	int r = nxm_pull_header(c, &ret->field, &masked, &n);
	if (r == -OFPERR_OFPBMC_BAD_FIELD)
		return -OFPERR_OFPBAC_BAD_SET_TYPE;
	if (r || masked)
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	ret->ofs = cursor_be16(c);
	ret->n_bits = (uint16_t)n_bits;
	if (c->short_read)
		return -OFPERR_OFPBAC_BAD_LEN;
	return ret->ofs + n_bits > ret->field->n_bits ? -OFPERR_OFPBAC_BAD_ARGUMENT : 0;
}

static int pull_spec(struct cursor *c, uint16_t header, struct of_actions *out)
{
	unsigned n_bits = header & SPEC_N_BITS;
	unsigned dst = (header & SPEC_DST_MASK) >> SPEC_DST_SHIFT;
	bool immediate = header & SPEC_IMMEDIATE;
	if (!n_bits || dst > OFLD_OUTPUT || (header & 0xc400) || (immediate && dst == OFLD_OUTPUT))
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct of_learn_spec s = { .dst_type = (uint8_t)dst,
				   .n_bits = (uint16_t)n_bits,
				   .src_type = immediate ? OFLS_IMMEDIATE : OFLS_FIELD };
	size_t n = DIV_ROUND_UP(n_bits, 8);
	const uint8_t *imm = NULL;
	if (immediate) {
		const uint8_t *words = cursor_pull(c, ROUND_UP(n, 2));
		if (!words)
			return -OFPERR_OFPBAC_BAD_LEN;
		imm = words + n % 2;
		if ((n % 2 && words[0]) || (n_bits % 8 && imm[0] >> (n_bits % 8)))
			return -OFPERR_OFPBAC_BAD_ARGUMENT;
		s.imm_size = (uint16_t)n;
	} else {
		int r = pull_subfield(c, n_bits, &s.src);
		if (r)
			return r;
	}
	if (dst != OFLD_OUTPUT) {
		int r = pull_subfield(c, n_bits, &s.dst);
		if (r)
			return r;
	}
	s.size = (uint16_t)ROUND_UP(sizeof s + s.imm_size, 8);
	uint8_t *p = of_actions_extend(out, s.size);
	memcpy(p, &s, sizeof s);
	if (imm)
		memcpy(p + sizeof s, imm, n);
	return 0;
}

int of_learn_parse(struct cursor *c, bool learn2, struct of_actions *out)
{
	size_t start = out->size;
	struct ofa_learn a = { 0 };
	a.idle_timeout = cursor_be16(c);
	a.hard_timeout = cursor_be16(c);
	a.priority = cursor_be16(c);
	a.cookie = cpu_to_be64(cursor_be64(c));
	a.flags = cursor_be16(c);
	a.table = cursor_u8(c);
	uint8_t pad = cursor_u8(c);
	a.fin_idle_timeout = cursor_be16(c);
	a.fin_hard_timeout = cursor_be16(c);
	if (pad || a.table == 255 ||
	    (a.flags & ~(OFLEARN_SEND_FLOW_REM | OFLEARN_DELETE_LEARNED |
			 (learn2 ? OFLEARN_WRITE_RESULT : 0))))
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	if (learn2) {
		a.limit = cursor_be32(c);
		uint16_t ofs = cursor_be16(c);
		if (cursor_be16(c))
			return -OFPERR_OFPBAC_BAD_ARGUMENT;
		if (a.flags & OFLEARN_WRITE_RESULT) {
			bool masked;
			size_t n;
			int r = nxm_pull_header(c, &a.result_dst.field, &masked, &n);
			if (r)
				return -OFPERR_OFPBAC_BAD_SET_TYPE;
			if (ofs >= a.result_dst.field->n_bits)
				return -OFPERR_OFPBAC_BAD_ARGUMENT;
			a.result_dst.ofs = ofs;
			a.result_dst.n_bits = 1;
		} else if (ofs) {
			return -OFPERR_OFPBAC_BAD_ARGUMENT;
		}
	}
	of_actions_put(out, OFA_LEARN, sizeof a);
	while (c->left >= 2) {
		uint16_t header = cursor_be16(c);
		if (!header)
			break;
		int r = pull_spec(c, header, out);
		if (r)
			return r;
	}
	if (!bytes_are_zero(c->p, c->left))
		return -OFPERR_OFPBAC_BAD_ARGUMENT;
	struct ofa_learn *rec = (void *)(out->data + start);
	a.h = rec->h;
	a.h.size = (uint32_t)(out->size - start);
	a.specs_size = (uint32_t)(out->size - start - sizeof a);
	*rec = a;
	return 0;
}
