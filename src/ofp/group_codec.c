/* SPDX-License-Identifier: Apache-2.0 */
/* group_codec: groups and meters as bytes. OpenFlow 1.1 A.3.4.2, 1.3 7.3.4.2, 7.3.4.3, 7.3.5; 1.5
 * 7.3.4.3 (buckets with properties; so also Nicira's extension to 1.0); Netronome's selection
 * method. */
#include <errno.h>

#include "ofp/codec.h"
#include "ofp/error.h"
#include "ofp/nxm.h"

enum { NTR_VENDOR = 0x154d, MAX_BUCKETS = 8192 };

/* Buckets in the layout of 1.5? */
static bool layout_15(enum of_version v) { return v >= OF15 || v == OF10; }

void group_mod_fini(struct group_mod *gm)
{
	group_buckets_free(gm->buckets, gm->n_buckets);
	group_props_fini(&gm->props);
	gm->buckets = NULL;
	gm->n_buckets = 0;
}

void group_desc_fini(struct group_desc *d)
{
	group_buckets_free(d->buckets, d->n_buckets);
	group_props_fini(&d->props);
	d->buckets = NULL;
	d->n_buckets = 0;
}

void meter_config_fini(struct meter_config *c)
{
	free(c->bands);
	c->bands = NULL;
	c->n_bands = 0;
}

/* -- Buckets. */

static void put_prop32(struct bytes *b, uint16_t type, uint32_t value)
{
	bytes_put_be16(b, type);
	bytes_put_be16(b, 8);
	bytes_put_be32(b, value);
}

static void bucket_put(struct bytes *b, const struct group_bucket *k, uint8_t type,
		       enum of_version v)
{
	size_t start = b->size;
	uint32_t port = k->watch_port == OFPORT_NONE ? UINT32_MAX : ofport_to_11(k->watch_port);
	if (layout_15(v)) {
		bytes_put_zeros(b, 4);
		bytes_put_be32(b, k->bucket_id);
		size_t acts = b->size;
		of_actions_build(b, k->actions, k->actions_size, v);
		put_be16(b->data + start + 2, (uint16_t)(b->size - acts));
		if (type == OFPGT_SELECT || k->weight) {
			bytes_put_be16(b, 0);
			bytes_put_be16(b, 8);
			bytes_put_be16(b, k->weight);
			bytes_put_be16(b, 0);
		}
		if (k->watch_port != OFPORT_NONE)
			put_prop32(b, 1, port);
		if (k->watch_group != OFPG_ANY)
			put_prop32(b, 2, k->watch_group);
	} else {
		bytes_put_be16(b, 0);
		bytes_put_be16(b, k->weight);
		bytes_put_be32(b, port);
		bytes_put_be32(b, k->watch_group);
		bytes_put_zeros(b, 4);
		of_actions_build(b, k->actions, k->actions_size, v);
	}
	put_be16(b->data + start, (uint16_t)(b->size - start));
}

static int bucket_actions(struct group_bucket *k, const void *p, size_t size, enum of_version v)
{
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	int r = of_actions_parse(p, size, v, &acts);
	if (r)
		return r;
	k->actions = STEAL(acts.data);
	k->actions_size = acts.size;
	return 0;
}

static int bucket_pull_15(struct cursor rec, uint8_t type, enum of_version v,
			  struct group_bucket *k)
{
	cursor_skip(&rec, 2);
	uint16_t acts_len = cursor_be16(&rec);
	k->bucket_id = cursor_be32(&rec);
	const void *acts = cursor_pull(&rec, acts_len);
	if (!acts)
		return -OFPERR_OFPGMFC_BAD_BUCKET;
	int r = bucket_actions(k, acts, acts_len, v);
	if (r)
		return r;
	k->weight = type == OFPGT_SELECT ? 1 : 0;
	while (rec.left) {
		if (rec.left < 4)
			return -OFPERR_OFPBPC_BAD_LEN;
		uint16_t prop = get_be16(rec.p), len = get_be16(rec.p + 2);
		size_t padded = ROUND_UP((size_t)len, 8);
		if (len < 4 || padded > rec.left)
			return -OFPERR_OFPBPC_BAD_LEN;
		if (prop <= 2 && len != 8)
			return -OFPERR_OFPBPC_BAD_LEN;
		if (prop == 0)
			k->weight = get_be16(rec.p + 4);
		else if (prop == 1 && !ofport_from_11(get_be32(rec.p + 4), &k->watch_port))
			return -OFPERR_OFPGMFC_BAD_WATCH;
		else if (prop == 2)
			k->watch_group = get_be32(rec.p + 4);
		else if (prop > 2)
			return -OFPERR_OFPBPC_BAD_TYPE;
		cursor_skip(&rec, padded);
	}
	return 0;
}

static int bucket_pull_11(struct cursor rec, enum of_version v, struct group_bucket *k)
{
	cursor_skip(&rec, 2);
	k->weight = cursor_be16(&rec);
	if (!ofport_from_11(cursor_be32(&rec), &k->watch_port))
		return -OFPERR_OFPGMFC_BAD_WATCH;
	k->watch_group = cursor_be32(&rec);
	cursor_skip(&rec, 4);
	return bucket_actions(k, rec.p, rec.left, v);
}

static int buckets_parse(struct cursor c, uint8_t type, enum of_version v,
			 struct group_bucket **ret, size_t *ret_n)
{
	struct group_bucket *all = NULL;
	size_t n = 0, allocated = 0;
	int r = 0;
	while (c.left && !r) {
		uint16_t len = c.left >= 2 ? get_be16(c.p) : 0;
		size_t min = layout_15(v) ? 8 : 16;
		const void *p = len >= min && len % 8 == 0 ? cursor_pull(&c, len) : NULL;
		if (!p || n >= MAX_BUCKETS) {
			r = -OFPERR_OFPGMFC_BAD_BUCKET;
			break;
		}
		all = xgrow(all, &allocated, n + 1, sizeof *all);
		struct group_bucket *k = &all[n++];
		*k = (struct group_bucket){ .watch_port = OFPORT_NONE,
					    .watch_group = OFPG_ANY,
					    .bucket_id = (uint32_t)(n - 1) };
		r = layout_15(v) ? bucket_pull_15(cursor_of(p, len), type, v, k)
				 : bucket_pull_11(cursor_of(p, len), v, k);
		/* Ids must differ. */
		for (size_t i = 0; !r && layout_15(v) && i + 1 < n; i++) {
			if (all[i].bucket_id == k->bucket_id)
				r = -OFPERR_OFPGMFC_BUCKET_EXISTS;
		}
	}
	if (r) {
		group_buckets_free(all, n);
		return r;
	}
	*ret = all;
	*ret_n = n;
	return 0;
}

/* -- Properties of a group. */

static void props_put(struct bytes *b, const struct group_props *p)
{
	if (!p->selection_method[0])
		return;
	size_t start = b->size;
	bytes_put_be16(b, 0xffff);
	bytes_put_be16(b, 0);
	bytes_put_be32(b, NTR_VENDOR);
	bytes_put_be32(b, 1);
	bytes_put_zeros(b, 4);
	bytes_put(b, p->selection_method, OF_SELECTION_METHOD_SIZE);
	bytes_put_be64(b, p->selection_method_param);
	for (size_t i = 0; i < p->n_fields; i++) {
		union field_value mask = { .b = { 0 } };
		memcpy(mask.b, p->fields[i].mask, p->fields[i].field->n_bytes);
		nxm_put_field(b, p->fields[i].field, &mask, &mask, OF15);
	}
	put_be16(b->data + start + 2, (uint16_t)(b->size - start));
	bytes_pad(b, start, 8);
}

static int ntr_parse(struct cursor c, struct group_props *p)
{
	cursor_skip(&c, 4);
	const char *method = cursor_pull(&c, OF_SELECTION_METHOD_SIZE);
	uint64_t param = cursor_be64(&c);
	if (c.short_read || !memchr(method, 0, OF_SELECTION_METHOD_SIZE) ||
	    (strcmp(method, "hash") && strcmp(method, "dp_hash")))
		return -OFPERR_OFPBPC_BAD_VALUE;
	str_copy(p->selection_method, method, sizeof p->selection_method);
	p->selection_method_param = param;
	while (c.left) {
		const struct field *f;
		union field_value value, mask;
		int r = nxm_pull_field(&c, &f, &value, &mask);
		if (r)
			return r;
		if (f->n_bytes > sizeof p->fields[0].mask || p->n_fields >= 256)
			return -OFPERR_OFPBPC_BAD_VALUE;
		p->fields = xrealloc(p->fields, (p->n_fields + 1) * sizeof *p->fields);
		struct group_hash_field *h = &p->fields[p->n_fields++];
		memset(h, 0, sizeof *h);
		h->field = f;
		memcpy(h->mask, value.b, f->n_bytes);
	}
	return 0;
}

static int props_parse(struct cursor c, struct group_props *p)
{
	while (c.left) {
		uint16_t type = c.left >= 4 ? get_be16(c.p) : 0,
			 len = c.left >= 4 ? get_be16(c.p + 2) : 0;
		size_t padded = ROUND_UP((size_t)len, 8);
		if (len < 4 || padded > c.left)
			return -OFPERR_OFPBPC_BAD_LEN;
		struct cursor prop = cursor_of(c.p + 4, len - 4u);
		cursor_skip(&c, padded);
		if (type != 0xffff)
			return -OFPERR_OFPBPC_BAD_TYPE;
		if (cursor_be32(&prop) != NTR_VENDOR)
			return -OFPERR_OFPBPC_BAD_EXPERIMENTER;
		if (cursor_be32(&prop) != 1)
			return -OFPERR_OFPBPC_BAD_EXP_TYPE;
		int r = ntr_parse(prop, p);
		if (r)
			return r;
	}
	return 0;
}

/* -- group_mod. */

int group_mod_parse(const struct of_msg *m, struct group_mod *gm)
{
	struct cursor c = of_msg_cursor(m);
	memset(gm, 0, sizeof *gm);
	uint16_t command = cursor_be16(&c);
	gm->type = cursor_u8(&c);
	cursor_skip(&c, 1);
	gm->group_id = cursor_be32(&c);
	switch (command) {
	case 0:
	case 1:
	case 2:
		gm->command = (enum of_group_command)command;
		break;
	case 3:
		gm->command = OFPGC_INSERT_BUCKET;
		break;
	case 5:
		gm->command = OFPGC_REMOVE_BUCKET;
		break;
	case 0x8000:
		gm->command = OFPGC_ADD_OR_MOD;
		break;
	default:
		return -OFPERR_OFPGMFC_BAD_COMMAND;
	}
	bool bucket_command = command == 3 || command == 5;
	if (bucket_command && !layout_15(m->version))
		return -OFPERR_OFPGMFC_BAD_COMMAND;
	gm->command_bucket_id = OFPG_BUCKET_ALL;
	int r;
	if (layout_15(m->version)) {
		uint16_t len = cursor_be16(&c);
		cursor_skip(&c, 2);
		gm->command_bucket_id = cursor_be32(&c);
		const void *list = cursor_pull(&c, len);
		if (!list || len % 8)
			return -OFPERR_OFPGMFC_BAD_BUCKET;
		r = buckets_parse(cursor_of(list, len), gm->type, m->version, &gm->buckets,
				  &gm->n_buckets);
		if (!r)
			r = props_parse(c, &gm->props);
	} else {
		r = buckets_parse(c, gm->type, m->version, &gm->buckets, &gm->n_buckets);
	}
	if (!r && gm->type > OFPGT_FF && command != 2 && !bucket_command)
		r = -OFPERR_OFPGMFC_BAD_TYPE;
	if (!r && (command < 2 || command == 0x8000)) {
		if (gm->type == OFPGT_INDIRECT && gm->n_buckets != 1)
			r = -OFPERR_OFPGMFC_INVALID_GROUP;
		for (size_t i = 0; i < gm->n_buckets && !r; i++) {
			const struct group_bucket *k = &gm->buckets[i];
			if (gm->type == OFPGT_FF && k->watch_port == OFPORT_NONE &&
			    k->watch_group == OFPG_ANY)
				r = -OFPERR_OFPGMFC_INVALID_GROUP;
			else if (gm->type != OFPGT_SELECT && k->weight > 1)
				r = -OFPERR_OFPGMFC_INVALID_GROUP;
		}
	}
	if (r)
		group_mod_fini(gm);
	return r;
}

int group_mod_build(struct bytes *b, const struct group_mod *gm, enum of_version v, uint32_t xid)
{
	static const uint16_t commands[] = { 0, 1, 2, 3, 5, 0x8000 };
	size_t start = of_msg_begin(b, OFMSG_GROUP_MOD, OFK_ANY, v, xid);
	bytes_put_be16(b, commands[gm->command]);
	bytes_put_u8(b, gm->type);
	bytes_put_u8(b, 0);
	bytes_put_be32(b, gm->group_id);
	size_t len_at = b->size;
	if (layout_15(v)) {
		bytes_put_zeros(b, 4);
		bytes_put_be32(b, gm->command_bucket_id);
	}
	size_t list = b->size;
	for (size_t i = 0; i < gm->n_buckets; i++)
		bucket_put(b, &gm->buckets[i], gm->type, v);
	if (layout_15(v)) {
		if (b->size - list > UINT16_MAX) {
			b->size = start;
			return -EMSGSIZE;
		}
		put_be16(b->data + len_at, (uint16_t)(b->size - list));
		props_put(b, &gm->props);
	}
	return of_msg_end(b, start);
}

/* -- Statistics and descriptions. */

int group_request_parse(const struct of_msg *m, uint32_t *ret)
{
	struct cursor c = of_msg_cursor(m);
	*ret = c.left >= 4 ? cursor_be32(&c) : (uint32_t)OFPG_ALL;
	return 0;
}

void group_request_build(struct bytes *b, enum of_msg_id id, enum of_version v, uint32_t group,
			 uint32_t xid)
{
	size_t start = of_msg_begin(b, id, OFK_ANY, v, xid);
	if (id == OFMSG_STAT_GROUP_REQUEST || layout_15(v)) {
		bytes_put_be32(b, group);
		bytes_put_zeros(b, 4);
	}
	ASSERT(of_msg_end(b, start) == 0);
}

void group_stats_put(struct bytes *b, const struct group_stats *s, enum of_version v)
{
	size_t start = b->size;
	bytes_put_zeros(b, 4);
	bytes_put_be32(b, s->group_id);
	bytes_put_be32(b, s->ref_count);
	bytes_put_zeros(b, 4);
	bytes_put_be64(b, s->packet_count);
	bytes_put_be64(b, s->byte_count);
	if (v >= OF13 || v == OF10) {
		bytes_put_be32(b, s->duration_sec);
		bytes_put_be32(b, s->duration_nsec - s->duration_nsec % 1000000);
	}
	for (size_t i = 0; i < s->n_buckets; i++) {
		bytes_put_be64(b, s->buckets[i].packet_count);
		bytes_put_be64(b, s->buckets[i].byte_count);
	}
	put_be16(b->data + start, (uint16_t)(b->size - start));
}

int group_stats_pull(struct cursor *c, enum of_version v, struct group_stats *s)
{
	if (!c->left)
		return 1;
	bool duration = v >= OF13 || v == OF10;
	size_t min = duration ? 40 : 32, len = c->left >= 2 ? get_be16(c->p) : 0;
	const void *p = len >= min ? cursor_pull(c, len) : NULL;
	if (!p || (len - min) % 16)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, len);
	*s = (struct group_stats){ .duration_sec = UINT32_MAX };
	cursor_skip(&rec, 4);
	s->group_id = cursor_be32(&rec);
	s->ref_count = cursor_be32(&rec);
	cursor_skip(&rec, 4);
	s->packet_count = cursor_be64(&rec);
	s->byte_count = cursor_be64(&rec);
	if (duration) {
		s->duration_sec = cursor_be32(&rec);
		s->duration_nsec = cursor_be32(&rec);
	}
	s->n_buckets = rec.left / 16;
	s->buckets = xcalloc(s->n_buckets ? s->n_buckets : 1, sizeof *s->buckets);
	for (size_t i = 0; i < s->n_buckets; i++) {
		s->buckets[i].packet_count = cursor_be64(&rec);
		s->buckets[i].byte_count = cursor_be64(&rec);
	}
	return 0;
}

void group_desc_put(struct bytes *b, const struct group_desc *d, enum of_version v)
{
	size_t start = b->size;
	bytes_put_be16(b, 0);
	bytes_put_u8(b, d->type);
	bytes_put_u8(b, 0);
	bytes_put_be32(b, d->group_id);
	if (layout_15(v))
		bytes_put_zeros(b, 8);
	size_t list = b->size;
	for (size_t i = 0; i < d->n_buckets; i++)
		bucket_put(b, &d->buckets[i], d->type, v);
	if (layout_15(v)) {
		put_be16(b->data + start + 8, (uint16_t)(b->size - list));
		props_put(b, &d->props);
	}
	if (b->size - start > UINT16_MAX)
		b->size = start;
	else
		put_be16(b->data + start, (uint16_t)(b->size - start));
}

int group_desc_pull(struct cursor *c, enum of_version v, struct group_desc *d)
{
	if (!c->left)
		return 1;
	size_t min = layout_15(v) ? 16 : 8, len = c->left >= 2 ? get_be16(c->p) : 0;
	const void *p = len >= min ? cursor_pull(c, len) : NULL;
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, len);
	memset(d, 0, sizeof *d);
	cursor_skip(&rec, 2);
	d->type = cursor_u8(&rec);
	cursor_skip(&rec, 1);
	d->group_id = cursor_be32(&rec);
	int r;
	if (layout_15(v)) {
		uint16_t list_len = cursor_be16(&rec);
		cursor_skip(&rec, 6);
		const void *list = cursor_pull(&rec, list_len);
		if (!list)
			return -OFPERR_OFPBRC_BAD_LEN;
		r = buckets_parse(cursor_of(list, list_len), d->type, v, &d->buckets,
				  &d->n_buckets);
		if (!r)
			r = props_parse(rec, &d->props);
	} else {
		r = buckets_parse(rec, d->type, v, &d->buckets, &d->n_buckets);
	}
	if (r)
		group_desc_fini(d);
	return r;
}

void group_features_build(struct bytes *b, const struct group_features *f,
			  const struct of_msg *request)
{
	size_t start = of_msg_begin_reply(b, request);
	bytes_put_be32(b, f->types);
	bytes_put_be32(b, f->capabilities);
	for (int i = 0; i < 4; i++)
		bytes_put_be32(b, f->max_groups[i]);
	for (int i = 0; i < 4; i++)
		bytes_put_be32(b, (uint32_t)f->actions[i]);
	ASSERT(of_msg_end(b, start) == 0);
}

void group_features_parse(const struct of_msg *m, struct group_features *f)
{
	struct cursor c = of_msg_cursor(m);
	f->types = cursor_be32(&c);
	f->capabilities = cursor_be32(&c);
	for (int i = 0; i < 4; i++)
		f->max_groups[i] = cursor_be32(&c);
	for (int i = 0; i < 4; i++)
		f->actions[i] = cursor_be32(&c);
}

/* -- Meters. */

static void bands_put(struct bytes *b, const struct meter_config *c)
{
	for (size_t i = 0; i < c->n_bands; i++) {
		const struct meter_band *k = &c->bands[i];
		bytes_put_be16(b, k->type);
		bytes_put_be16(b, 16);
		bytes_put_be32(b, k->rate);
		bytes_put_be32(b, k->burst_size);
		bytes_put_u8(b, k->type == OFPMBT_DSCP_REMARK ? k->prec_level : 0);
		bytes_put_zeros(b, 3);
	}
}

static int bands_parse(struct cursor c, struct meter_config *ret)
{
	if (c.left % 16)
		return -OFPERR_OFPBRC_BAD_LEN;
	ret->n_bands = c.left / 16;
	ret->bands = xcalloc(ret->n_bands ? ret->n_bands : 1, sizeof *ret->bands);
	for (size_t i = 0; i < ret->n_bands; i++) {
		struct meter_band *k = &ret->bands[i];
		k->type = cursor_be16(&c);
		uint16_t len = cursor_be16(&c);
		k->rate = cursor_be32(&c);
		k->burst_size = cursor_be32(&c);
		k->prec_level = cursor_u8(&c);
		cursor_skip(&c, 3);
		if (len != 16 || (k->type != OFPMBT_DROP && k->type != OFPMBT_DSCP_REMARK)) {
			meter_config_fini(ret);
			return len != 16 ? -OFPERR_OFPBRC_BAD_LEN : -OFPERR_OFPMMFC_BAD_BAND;
		}
	}
	return 0;
}

int meter_mod_parse(const struct of_msg *m, struct meter_mod *mm)
{
	struct cursor c = of_msg_cursor(m);
	memset(mm, 0, sizeof *mm);
	uint16_t command = cursor_be16(&c);
	mm->config.flags = cursor_be16(&c);
	mm->config.meter_id = cursor_be32(&c);
	if (command > OFPMC_DELETE)
		return -OFPERR_OFPMMFC_BAD_COMMAND;
	mm->command = (enum of_meter_command)command;
	uint32_t id = mm->config.meter_id;
	bool is_delete = command == OFPMC_DELETE;
	if (is_delete ? id != OFPM_ALL && (id > OFPM_MAX || !id) && id != OFPM_CONTROLLER &&
				id != OFPM_SLOWPATH
		      : (!id || (id > OFPM_MAX && id != OFPM_CONTROLLER && id != OFPM_SLOWPATH)))
		return -OFPERR_OFPMMFC_INVALID_METER;
	if (is_delete)
		return 0;
	uint16_t flags = mm->config.flags;
	bool kbps = flags & OFPMF_KBPS, pktps = flags & OFPMF_PKTPS;
	if ((flags & ~0xf) || kbps == pktps)
		return -OFPERR_OFPMMFC_BAD_FLAGS;
	return bands_parse(c, &mm->config);
}

void meter_mod_build(struct bytes *b, const struct meter_mod *mm, enum of_version v, uint32_t xid)
{
	size_t start = of_msg_begin(b, OFMSG_METER_MOD, OFK_ANY, v, xid);
	bytes_put_be16(b, (uint16_t)mm->command);
	bytes_put_be16(b, mm->config.flags);
	bytes_put_be32(b, mm->config.meter_id);
	bands_put(b, &mm->config);
	ASSERT(of_msg_end(b, start) == 0);
}

uint32_t meter_request_parse(const struct of_msg *m)
{
	struct cursor c = of_msg_cursor(m);
	return cursor_be32(&c);
}

void meter_request_build(struct bytes *b, enum of_msg_id id, enum of_version v, uint32_t meter,
			 uint32_t xid)
{
	size_t start = of_msg_begin(b, id, OFK_ANY, v, xid);
	bytes_put_be32(b, meter);
	bytes_put_zeros(b, 4);
	ASSERT(of_msg_end(b, start) == 0);
}

void meter_config_put(struct bytes *b, const struct meter_config *c)
{
	bytes_put_be16(b, (uint16_t)(8 + 16 * c->n_bands));
	bytes_put_be16(b, c->flags);
	bytes_put_be32(b, c->meter_id);
	bands_put(b, c);
}

int meter_config_pull(struct cursor *c, struct meter_config *ret)
{
	if (!c->left)
		return 1;
	size_t len = c->left >= 2 ? get_be16(c->p) : 0;
	const void *p = len >= 8 ? cursor_pull(c, len) : NULL;
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, len);
	memset(ret, 0, sizeof *ret);
	cursor_skip(&rec, 2);
	ret->flags = cursor_be16(&rec);
	ret->meter_id = cursor_be32(&rec);
	return bands_parse(rec, ret);
}

void meter_stats_put(struct bytes *b, const struct meter_stats *s)
{
	bytes_put_be32(b, s->meter_id);
	bytes_put_be16(b, (uint16_t)(40 + 16 * s->n_bands));
	bytes_put_zeros(b, 6);
	bytes_put_be32(b, s->flow_count);
	bytes_put_be64(b, s->packet_in_count);
	bytes_put_be64(b, s->byte_in_count);
	bytes_put_be32(b, s->duration_sec);
	bytes_put_be32(b, s->duration_nsec - s->duration_nsec % 1000000);
	for (size_t i = 0; i < s->n_bands; i++) {
		bytes_put_be64(b, s->bands[i].packet_count);
		bytes_put_be64(b, s->bands[i].byte_count);
	}
}

int meter_stats_pull(struct cursor *c, struct meter_stats *s)
{
	if (!c->left)
		return 1;
	size_t len = c->left >= 6 ? get_be16(c->p + 4) : 0;
	const void *p = len >= 40 && len % 16 == 8 ? cursor_pull(c, len) : NULL;
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, len);
	memset(s, 0, sizeof *s);
	s->meter_id = cursor_be32(&rec);
	cursor_skip(&rec, 8);
	s->flow_count = cursor_be32(&rec);
	s->packet_in_count = cursor_be64(&rec);
	s->byte_in_count = cursor_be64(&rec);
	s->duration_sec = cursor_be32(&rec);
	s->duration_nsec = cursor_be32(&rec);
	s->n_bands = rec.left / 16;
	s->bands = xcalloc(s->n_bands ? s->n_bands : 1, sizeof *s->bands);
	for (size_t i = 0; i < s->n_bands; i++) {
		s->bands[i].packet_count = cursor_be64(&rec);
		s->bands[i].byte_count = cursor_be64(&rec);
	}
	return 0;
}

void meter_features_build(struct bytes *b, const struct meter_features *f,
			  const struct of_msg *request)
{
	size_t start = of_msg_begin_reply(b, request);
	bytes_put_be32(b, f->max_meters);
	bytes_put_be32(b, f->band_types);
	bytes_put_be32(b, f->capabilities);
	bytes_put_u8(b, f->max_bands);
	bytes_put_u8(b, f->max_color);
	bytes_put_zeros(b, 2);
	ASSERT(of_msg_end(b, start) == 0);
}

void meter_features_parse(const struct of_msg *m, struct meter_features *f)
{
	struct cursor c = of_msg_cursor(m);
	f->max_meters = cursor_be32(&c);
	f->band_types = cursor_be32(&c);
	f->capabilities = cursor_be32(&c);
	f->max_bands = cursor_u8(&c);
	f->max_color = cursor_u8(&c);
}
