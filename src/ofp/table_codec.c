/* SPDX-License-Identifier: Apache-2.0 */
/* table_codec: what tables can do. OpenFlow 1.3 7.3.5.5: a list of properties, each twice: for
 * flows, and for the table-miss flow. */
#include "ofp/codec.h"
#include "ofp/error.h"
#include "ofp/nxm.h"

enum {
	PROP_INSTRUCTIONS = 0,
	PROP_NEXT_TABLES = 2,
	PROP_WRITE_ACTIONS = 4,
	PROP_APPLY_ACTIONS = 6,
	PROP_MATCH = 8,
	PROP_WILDCARDS = 10,
	PROP_WRITE_SETFIELD = 12,
	PROP_APPLY_SETFIELD = 14
};

/* Action types of 1.3 by ours; 0xff: it has none of its own. */
static const struct {
	uint8_t ours, wire;
} action_types[] = {
	{ OFA_OUTPUT, 0 },	{ OFA_SET_MPLS_TTL, 15 }, { OFA_DEC_MPLS_TTL, 16 },
	{ OFA_PUSH_VLAN, 17 },	{ OFA_STRIP_VLAN, 18 },	  { OFA_PUSH_MPLS, 19 },
	{ OFA_POP_MPLS, 20 },	{ OFA_SET_QUEUE, 21 },	  { OFA_GROUP, 22 },
	{ OFA_SET_NW_TTL, 23 }, { OFA_DEC_TTL, 24 },	  { OFA_SET_FIELD, 25 },
};

static size_t prop_begin(struct bytes *b, unsigned type)
{
	size_t start = b->size;
	bytes_put_be16(b, (uint16_t)type);
	bytes_put_be16(b, 0);
	return start;
}

static void prop_end(struct bytes *b, size_t start)
{
	put_be16(b->data + start + 2, (uint16_t)(b->size - start));
	bytes_pad(b, start, 8);
}

static bool has_bit(const uint64_t *bits, unsigned i) { return bits[i / 64] >> (i % 64) & 1; }

static void put_fields(struct bytes *b, unsigned type, const struct field_set *set,
		       const struct field_set *mask, enum of_version v)
{
	size_t start = prop_begin(b, type);
	for (unsigned i = 0; i < N_FIELDS; i++) {
		const struct field *f = &field_table[i];
		if (!has_bit(set->bits, i) || !f->n_points)
			continue;
		nxm_put_header(b, f, v, mask && has_bit(mask->bits, i));
	}
	prop_end(b, start);
}

static void put_side(struct bytes *b, const struct table_instruction_features *s, unsigned miss,
		     enum of_version v)
{
	size_t start = prop_begin(b, PROP_INSTRUCTIONS + miss);
	for (unsigned i = 1; i < 32; i++) {
		if (s->instructions >> i & 1) {
			bytes_put_be16(b, (uint16_t)i);
			bytes_put_be16(b, 4);
		}
	}
	prop_end(b, start);
	start = prop_begin(b, PROP_NEXT_TABLES + miss);
	for (unsigned i = 0; i < 255; i++) {
		if (has_bit(s->next, i))
			bytes_put_u8(b, (uint8_t)i);
	}
	prop_end(b, start);
	const struct table_action_features *const lists[] = { &s->write, &s->apply };
	for (unsigned k = 0; k < 2; k++) {
		start = prop_begin(b, (k ? PROP_APPLY_ACTIONS : PROP_WRITE_ACTIONS) + miss);
		for (size_t i = 0; i < ARRAY_SIZE(action_types); i++) {
			if (lists[k]->actions >> action_types[i].ours & 1) {
				bytes_put_be16(b, action_types[i].wire);
				bytes_put_be16(b, 4);
			}
		}
		prop_end(b, start);
	}
	put_fields(b, PROP_WRITE_SETFIELD + miss, &s->write.set_fields, NULL, v);
	put_fields(b, PROP_APPLY_SETFIELD + miss, &s->apply.set_fields, NULL, v);
}

void table_features_put(struct bytes *b, const struct table_features *f, enum of_version v)
{
	size_t start = b->size;
	char name[32] = { 0 };
	str_copy(name, f->name, sizeof name);
	bytes_put_be16(b, 0);
	bytes_put_u8(b, f->table_id);
	bytes_put_zeros(b, 5);
	bytes_put(b, name, sizeof name);
	bytes_put(b, &f->metadata_match, 8);
	bytes_put(b, &f->metadata_write, 8);
	bytes_put_be32(b, v >= OF14
				  ? (f->supports_eviction ? 4u : 0) | (f->supports_vacancy ? 8u : 0)
				  : 0);
	bytes_put_be32(b, f->max_entries);
	put_side(b, &f->nonmiss, 0, v);
	put_side(b, &f->miss_flow, 1, v);
	put_fields(b, PROP_MATCH, &f->match, &f->mask, v);
	put_fields(b, PROP_WILDCARDS, &f->wildcard, NULL, v);
	if (b->size - start > UINT16_MAX)
		b->size = start;
	else
		put_be16(b->data + start, (uint16_t)(b->size - start));
}

static void pull_bits(struct cursor c, size_t step, uint64_t *bits)
{
	while (c.left >= step) {
		unsigned i = step == 1 ? *c.p : get_be16(c.p);
		if (i < 256)
			bits[i / 64] |= UINT64_C(1) << (i % 64);
		cursor_skip(&c, step);
	}
}

static void pull_fields(struct cursor c, struct field_set *set, struct field_set *mask)
{
	while (c.left) {
		const struct field *f;
		bool masked;
		size_t n;
		int r = nxm_pull_header(&c, &f, &masked, &n);
		if (r && r != -OFPERR_OFPBMC_BAD_FIELD && r != -OFPERR_OFPBMC_BAD_LEN)
			return;
		if (r == -OFPERR_OFPBMC_BAD_LEN && !f)
			return;
		if (!f)
			continue;
		set->bits[f->id / 64] |= UINT64_C(1) << (f->id % 64);
		if (masked && mask)
			mask->bits[f->id / 64] |= UINT64_C(1) << (f->id % 64);
	}
}

static void pull_actions(struct cursor c, uint64_t *ret)
{
	while (c.left >= 4) {
		uint16_t type = get_be16(c.p);
		for (size_t i = 0; i < ARRAY_SIZE(action_types); i++) {
			if (action_types[i].wire == type)
				*ret |= UINT64_C(1) << action_types[i].ours;
		}
		cursor_skip(&c, 4);
	}
}

static void pull_prop(struct table_features *f, unsigned type, struct cursor c)
{
	struct table_instruction_features *s = type & 1 ? &f->miss_flow : &f->nonmiss;
	uint64_t bits[4] = { 0 };
	switch (type & ~1u) {
	case PROP_INSTRUCTIONS:
		while (c.left >= 4) {
			uint16_t i = get_be16(c.p);
			if (i < 32)
				s->instructions |= 1u << i;
			cursor_skip(&c, 4);
		}
		break;
	case PROP_NEXT_TABLES:
		pull_bits(c, 1, bits);
		memcpy(s->next, bits, sizeof bits);
		break;
	case PROP_WRITE_ACTIONS:
		pull_actions(c, &s->write.actions);
		break;
	case PROP_APPLY_ACTIONS:
		pull_actions(c, &s->apply.actions);
		break;
	case PROP_MATCH:
		pull_fields(c, &f->match, &f->mask);
		break;
	case PROP_WILDCARDS:
		pull_fields(c, &f->wildcard, NULL);
		break;
	case PROP_WRITE_SETFIELD:
		pull_fields(c, &s->write.set_fields, NULL);
		break;
	case PROP_APPLY_SETFIELD:
		pull_fields(c, &s->apply.set_fields, NULL);
		break;
	}
}

int table_features_pull(struct cursor *c, enum of_version v, struct table_features *f)
{
	if (!c->left)
		return 1;
	size_t len = c->left >= 2 ? get_be16(c->p) : 0;
	const void *p = len >= 64 ? cursor_pull(c, len) : NULL;
	if (!p)
		return -OFPERR_OFPBPC_BAD_LEN;
	struct cursor rec = cursor_of(p, len);
	memset(f, 0, sizeof *f);
	cursor_skip(&rec, 2);
	f->table_id = cursor_u8(&rec);
	cursor_skip(&rec, 5);
	memcpy(f->name, cursor_pull(&rec, 32), 31);
	f->metadata_match = cpu_to_be64(cursor_be64(&rec));
	f->metadata_write = cpu_to_be64(cursor_be64(&rec));
	uint32_t caps = cursor_be32(&rec);
	f->supports_eviction = v >= OF14 && caps & 4;
	f->supports_vacancy = v >= OF14 && caps & 8;
	f->max_entries = cursor_be32(&rec);
	while (rec.left >= 4) {
		uint16_t type = get_be16(rec.p), size = get_be16(rec.p + 2);
		size_t padded = ROUND_UP((size_t)size, 8);
		if (size < 4 || padded > rec.left)
			return -OFPERR_OFPBPC_BAD_LEN;
		pull_prop(f, type, cursor_of(rec.p + 4, size - 4u));
		cursor_skip(&rec, padded);
	}
	return 0;
}
