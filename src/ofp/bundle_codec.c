/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_codec: bundles, the TLV table, table statistics and settings. OpenFlow 1.4 7.3.9, ONF's
 * extension 230 to 1.3; Nicira's NXT_TLV_TABLE_*; 1.0 5.3.5, 1.3 7.3.5.4, 1.4 7.3.4.1. */
#include "ofp/codec.h"
#include "ofp/error.h"

void bundle_control_parse(const struct of_msg *m, struct bundle_control *ret)
{
	struct cursor c = of_msg_cursor(m);
	ret->bundle_id = cursor_be32(&c);
	ret->type = cursor_be16(&c);
	ret->flags = cursor_be16(&c);
}

void bundle_control_build(struct bytes *b, const struct bundle_control *k, enum of_version v,
			  uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_BUNDLE_CONTROL, OFK_ANY, v, xid);
	bytes_put_be32(b, k->bundle_id);
	bytes_put_be16(b, k->type);
	bytes_put_be16(b, k->flags);
	ASSERT(of_msg_end(b, start) == 0);
}

int bundle_add_parse(const struct of_msg *m, struct bundle_add *ret)
{
	struct cursor c = of_msg_cursor(m);
	ret->bundle_id = cursor_be32(&c);
	cursor_skip(&c, 2);
	ret->flags = cursor_be16(&c);
	if (c.left < OF_HEADER_SIZE)
		return -OFPERR_OFPBFC_MSG_BAD_LEN;
	size_t size = of_msg_size(c.p);
	if (size < OF_HEADER_SIZE || size > c.left)
		return -OFPERR_OFPBFC_MSG_BAD_LEN;
	if (get_be32(c.p + 4) != m->xid)
		return -OFPERR_OFPBFC_MSG_BAD_XID;
	if (c.p[0] != m->version)
		return -OFPERR_OFPBFC_MSG_UNSUP;
	ret->message = c.p;
	ret->message_size = size;
	return 0;
}

int bundle_add_build(struct bytes *b, const struct bundle_add *k, enum of_version v, uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_BUNDLE_ADD_MESSAGE, OFK_ANY, v, xid);
	bytes_put_be32(b, k->bundle_id);
	bytes_put_be16(b, 0);
	bytes_put_be16(b, k->flags);
	bytes_put(b, k->message, k->message_size);
	return of_msg_end(b, start);
}

/* -- TLV table. */

static void mappings_put(struct bytes *b, const struct tlv_mapping *maps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bytes_put_be16(b, maps[i].class);
		bytes_put_u8(b, maps[i].type);
		bytes_put_u8(b, maps[i].size);
		bytes_put_be16(b, maps[i].index);
		bytes_put_zeros(b, 2);
	}
}

static int mappings_parse(struct cursor c, struct tlv_mapping **ret, size_t *ret_n)
{
	size_t n = c.left / 8;
	struct tlv_mapping *maps = xcalloc(n ? n : 1, sizeof *maps);
	int r = 0;
	for (size_t i = 0; i < n && !r; i++) {
		maps[i].class = cursor_be16(&c);
		maps[i].type = cursor_u8(&c);
		maps[i].size = cursor_u8(&c);
		maps[i].index = cursor_be16(&c);
		cursor_skip(&c, 2);
		if (maps[i].size % 4 || maps[i].size > TLV_MAX_OPT_BYTES)
			r = -OFPERR_NXTTMFC_BAD_OPT_LEN;
		else if (maps[i].index >= TLV_N_FIELDS)
			r = -OFPERR_NXTTMFC_BAD_FIELD_IDX;
	}
	if (r) {
		free(maps);
		return r;
	}
	*ret = maps;
	*ret_n = n;
	return 0;
}

int tlv_table_mod_parse(const struct of_msg *m, struct tlv_table_mod *ret)
{
	struct cursor c = of_msg_cursor(m);
	memset(ret, 0, sizeof *ret);
	uint16_t command = cursor_be16(&c);
	if (command > TLV_CLEAR)
		return -OFPERR_NXTTMFC_BAD_COMMAND;
	ret->command = (enum tlv_command)command;
	cursor_skip(&c, 6);
	return mappings_parse(c, &ret->mappings, &ret->n);
}

void tlv_table_mod_build(struct bytes *b, const struct tlv_table_mod *t, enum of_version v,
			 uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_TLV_TABLE_MOD, OFK_NXT, v, xid);
	bytes_put_be16(b, (uint16_t)t->command);
	bytes_put_zeros(b, 6);
	mappings_put(b, t->mappings, t->n);
	ASSERT(of_msg_end(b, start) == 0);
}

int tlv_table_reply_parse(const struct of_msg *m, struct tlv_table_reply *ret)
{
	struct cursor c = of_msg_cursor(m);
	memset(ret, 0, sizeof *ret);
	ret->max_option_bytes = cursor_be32(&c);
	ret->max_fields = cursor_be16(&c);
	cursor_skip(&c, 10);
	return mappings_parse(c, &ret->mappings, &ret->n);
}

void tlv_table_reply_build(struct bytes *b, const struct tlv_table_reply *t,
			   const struct of_msg *request)
{
	size_t start =
		of_msg_begin(b, OFMSG_TLV_TABLE_REPLY, OFK_NXT, request->version, request->xid);
	bytes_put_be32(b, t->max_option_bytes);
	bytes_put_be16(b, t->max_fields);
	bytes_put_zeros(b, 10);
	mappings_put(b, t->mappings, t->n);
	ASSERT(of_msg_end(b, start) == 0);
}

/* -- Tables. */

/* Statistics of 1.0 to 1.2 also say what a table can do; in full in 1.3's features. */
void table_stats_put(struct bytes *b, const struct table_stats *s, const struct table_features *f,
		     enum of_version v)
{
	enum { WILDCARDS_10 = 0x3fffff };
	bytes_put_u8(b, s->table_id);
	bytes_put_zeros(b, v == OF11 || v == OF12 ? 7 : 3);
	if (v < OF13) {
		char name[32] = { 0 };
		if (f && f->name[0])
			str_copy(name, f->name, sizeof name);
		bytes_put(b, name, 32);
	}
	uint32_t max = f && f->max_entries ? f->max_entries : 1000000;
	switch (v) {
	case OF10:
		bytes_put_be32(b, WILDCARDS_10);
		bytes_put_be32(b, max);
		bytes_put_be32(b, s->active_count);
		break;
	case OF11:
		bytes_put_be32(b, 0x3ff);
		bytes_put_be32(b, 0x3ff);
		bytes_put_be32(b, 0x3f);
		bytes_put_be32(b, 0x1fffff8 | 7);
		bytes_put_be32(b, 0x1ffffff);
		bytes_put_be32(b, 0);
		bytes_put_be32(b, max);
		bytes_put_be32(b, s->active_count);
		break;
	case OF12:
		for (int i = 0; i < 2; i++)
			bytes_put_be64(b, 0xffffffffffull);
		bytes_put_be32(b, 0x3ffffff);
		bytes_put_be32(b, 0x3ffffff);
		for (int i = 0; i < 2; i++)
			bytes_put_be64(b, 0xffffffffffull);
		bytes_put_be64(b, UINT64_MAX);
		bytes_put_be64(b, UINT64_MAX);
		bytes_put_be32(b, 0x3f);
		bytes_put_be32(b, 0);
		bytes_put_be32(b, max);
		bytes_put_be32(b, s->active_count);
		break;
	default:
		bytes_put_be32(b, s->active_count);
	}
	bytes_put_be64(b, s->lookup_count);
	bytes_put_be64(b, s->matched_count);
}

int table_stats_pull(struct cursor *c, enum of_version v, struct table_stats *s,
		     struct table_features *f)
{
	static const size_t sizes[] = {
		[OF10] = 64, [OF11] = 88, [OF12] = 128, [OF13] = 24, [OF14] = 24, [OF15] = 24
	};
	if (!c->left)
		return 1;
	const void *p = cursor_pull(c, sizes[v]);
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, sizes[v]);
	memset(s, 0, sizeof *s);
	memset(f, 0, sizeof *f);
	s->table_id = f->table_id = cursor_u8(&rec);
	cursor_skip(&rec, v == OF11 || v == OF12 ? 7 : 3);
	if (v < OF13) {
		memcpy(f->name, cursor_pull(&rec, 32), 31);
		cursor_skip(&rec, v == OF10 ? 4 : v == OF11 ? 24 : 64);
		f->max_entries = cursor_be32(&rec);
	}
	s->active_count = cursor_be32(&rec);
	s->lookup_count = cursor_be64(&rec);
	s->matched_count = cursor_be64(&rec);
	return 0;
}

enum { CONFIG_MISS_SHIFT = 0, CONFIG_EVICTION = 1 << 2, CONFIG_VACANCY = 1 << 3 };
enum { TABLE_PROP_EVICTION = 2, TABLE_PROP_VACANCY = 3 };

static int table_props_parse(struct cursor c, uint32_t *eviction_flags, uint8_t *down, uint8_t *up,
			     uint8_t *now)
{
	while (c.left) {
		uint16_t type = c.left >= 4 ? get_be16(c.p) : 0,
			 len = c.left >= 4 ? get_be16(c.p + 2) : 0;
		size_t padded = ROUND_UP((size_t)len, 8);
		if (len < 4 || padded > c.left)
			return -OFPERR_OFPBPC_BAD_LEN;
		if (type != TABLE_PROP_EVICTION && type != TABLE_PROP_VACANCY)
			return -OFPERR_OFPBPC_BAD_TYPE;
		if (len != 8)
			return -OFPERR_OFPBPC_BAD_LEN;
		if (type == TABLE_PROP_EVICTION) {
			*eviction_flags = get_be32(c.p + 4);
			if (*eviction_flags & ~7u)
				return -OFPERR_OFPTMFC_BAD_CONFIG;
		} else {
			*down = c.p[4];
			*up = c.p[5];
			*now = c.p[6];
			if (*down > *up)
				return -OFPERR_OFPBPC_BAD_VALUE;
		}
		cursor_skip(&c, padded);
	}
	return 0;
}

int table_mod_parse(const struct of_msg *m, struct table_mod *t)
{
	struct cursor c = of_msg_cursor(m);
	*t = (struct table_mod){ .eviction_flags = UINT32_MAX };
	t->table_id = cursor_u8(&c);
	cursor_skip(&c, 3);
	uint32_t config = cursor_be32(&c);
	if (m->version < OF14) {
		if (config & ~3u)
			return -OFPERR_OFPTMFC_BAD_CONFIG;
		if (m->version < OF13) {
			static const enum of_table_miss miss[] = { OFTM_CONTROLLER, OFTM_CONTINUE,
								   OFTM_DROP };
			if (config == 3)
				return -OFPERR_OFPTMFC_BAD_CONFIG;
			t->miss = miss[config];
		}
		return 0;
	}
	if (config & ~(uint32_t)(CONFIG_EVICTION | CONFIG_VACANCY))
		return -OFPERR_OFPTMFC_BAD_CONFIG;
	t->eviction = config & CONFIG_EVICTION ? OFTE_ON : OFTE_OFF;
	t->vacancy = config & CONFIG_VACANCY ? OFTV_ON : OFTV_OFF;
	uint8_t now = 0;
	return table_props_parse(c, &t->eviction_flags, &t->vacancy_down, &t->vacancy_up, &now);
}

void table_mod_build(struct bytes *b, const struct table_mod *t, enum of_version v, uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_TABLE_MOD, OFK_ANY, v, xid);
	bytes_put_u8(b, t->table_id);
	bytes_put_zeros(b, 3);
	uint32_t config = 0;
	if (v < OF14)
		config = t->miss == OFTM_CONTINUE ? 1 : t->miss == OFTM_DROP ? 2 : 0;
	else
		config = (t->eviction == OFTE_ON ? CONFIG_EVICTION : 0) |
			 (t->vacancy == OFTV_ON ? CONFIG_VACANCY : 0);
	bytes_put_be32(b, config);
	if (v >= OF14 && t->eviction_flags != UINT32_MAX) {
		bytes_put_be16(b, TABLE_PROP_EVICTION);
		bytes_put_be16(b, 8);
		bytes_put_be32(b, t->eviction_flags);
	}
	if (v >= OF14 && t->vacancy == OFTV_ON) {
		bytes_put_be16(b, TABLE_PROP_VACANCY);
		bytes_put_be16(b, 8);
		bytes_put_u8(b, t->vacancy_down);
		bytes_put_u8(b, t->vacancy_up);
		bytes_put_zeros(b, 2);
	}
	ASSERT(of_msg_end(b, start) == 0);
}

void table_desc_put(struct bytes *b, const struct table_desc *d, enum of_version v)
{
	size_t start = b->size;
	bytes_put_be16(b, 0);
	bytes_put_u8(b, d->table_id);
	bytes_put_u8(b, 0);
	bytes_put_be32(b, (d->eviction == OFTE_ON ? CONFIG_EVICTION : 0) |
				  (d->vacancy == OFTV_ON ? CONFIG_VACANCY : 0));
	bytes_put_be16(b, TABLE_PROP_EVICTION);
	bytes_put_be16(b, 8);
	bytes_put_be32(b, d->eviction_flags);
	if (d->vacancy == OFTV_ON) {
		bytes_put_be16(b, TABLE_PROP_VACANCY);
		bytes_put_be16(b, 8);
		bytes_put_u8(b, d->vacancy_down);
		bytes_put_u8(b, d->vacancy_up);
		bytes_put_u8(b, d->vacancy_now);
		bytes_put_u8(b, 0);
	}
	put_be16(b->data + start, (uint16_t)(b->size - start));
}

int table_desc_pull(struct cursor *c, enum of_version v, struct table_desc *d)
{
	if (!c->left)
		return 1;
	size_t len = c->left >= 2 ? get_be16(c->p) : 0;
	const void *p = len >= 8 ? cursor_pull(c, len) : NULL;
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, len);
	memset(d, 0, sizeof *d);
	cursor_skip(&rec, 2);
	d->table_id = cursor_u8(&rec);
	cursor_skip(&rec, 1);
	uint32_t config = cursor_be32(&rec);
	d->eviction = config & CONFIG_EVICTION ? OFTE_ON : OFTE_OFF;
	d->vacancy = config & CONFIG_VACANCY ? OFTV_ON : OFTV_OFF;
	d->eviction_flags = UINT32_MAX;
	return table_props_parse(rec, &d->eviction_flags, &d->vacancy_down, &d->vacancy_up,
				 &d->vacancy_now);
}

int table_status_parse(const struct of_msg *m, struct table_status *ret)
{
	struct cursor c = of_msg_cursor(m);
	ret->reason = cursor_u8(&c);
	cursor_skip(&c, 7);
	if (ret->reason != OFPTR_VACANCY_DOWN && ret->reason != OFPTR_VACANCY_UP)
		return -OFPERR_OFPBPC_BAD_VALUE;
	int r = table_desc_pull(&c, m->version, &ret->desc);
	return r == 1 ? -OFPERR_OFPBRC_BAD_LEN : r;
}

void table_status_build(struct bytes *b, const struct table_status *ts, enum of_version v)
{
	size_t start = of_msg_begin(b, OFMSG_TABLE_STATUS, OFK_ANY, v, 0);
	bytes_put_u8(b, ts->reason);
	bytes_put_zeros(b, 7);
	table_desc_put(b, &ts->desc, v);
	ASSERT(of_msg_end(b, start) == 0);
}
