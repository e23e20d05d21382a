/* SPDX-License-Identifier: Apache-2.0 */
/* Geneve options as fields. On the wire an option is (class, type, length, value), RFC 8926 section
 * 3.5; a flow key has no room for any set of them, so a bridge maps each option it wants to see to
 * one of tun_metadata0..63 and a place in tun_opts. Options that are not mapped are not matched. */
#include <errno.h>
#include <string.h>

#include "packet/field.h"

__thread struct tun_table *tun_table_current;

int tun_table_add(struct tun_table *t, unsigned i, uint16_t option_class, uint8_t option_type,
		  uint8_t size)
{
	if (i >= FIELD_N_TUN_METADATA || !size || size % 4 || size > FIELD_MAX_BYTES)
		return -EINVAL;
	if (t->entry[i].size)
		return -EEXIST;
	if (!t->ad_hoc)
		for (unsigned k = 0; k < FIELD_N_TUN_METADATA; k++)
			if (t->entry[k].size && t->entry[k].option_class == option_class &&
			    t->entry[k].option_type == option_type)
				return -EEXIST;
	/* First fit: places of deleted entries are used again, places of others never move. */
	unsigned ofs = 0;
	for (bool again = true; again;) {
		again = false;
		for (unsigned k = 0; k < FIELD_N_TUN_METADATA; k++) {
			const struct tun_entry *e = &t->entry[k];
			if (e->size && ofs < e->ofs + e->size && e->ofs < ofs + size) {
				ofs = e->ofs + e->size;
				again = true;
			}
		}
	}
	if (ofs + size > KEY_TUN_OPTS_BYTES)
		return -ENOSPC;
	t->entry[i] = (struct tun_entry){ option_class, option_type, size, (uint16_t)ofs };
	t->used = (uint16_t)(t->used + size);
	return 0;
}

void tun_table_del(struct tun_table *t, unsigned i)
{
	t->used = (uint16_t)(t->used - t->entry[i].size);
	t->entry[i] = (struct tun_entry){ 0 };
}

void tun_opts_to_key(const struct tun_table *t, const uint8_t *raw, size_t size,
		     struct flow_key *key)
{
	uint8_t opts[KEY_TUN_OPTS_BYTES] = { 0 };
	uint64_t present = 0;
	while (t && size >= 4) {
		unsigned len = (raw[3] & 0x1fu) * 4;
		if (len + 4 > size)
			break;
		for (unsigned i = 0; i < FIELD_N_TUN_METADATA; i++) {
			const struct tun_entry *e = &t->entry[i];
			if (e->size && e->option_class == get_be16(raw) &&
			    e->option_type == raw[2] && e->size == len) {
				memcpy(opts + e->ofs, raw + 4, len);
				present |= UINT64_C(1) << i;
			}
		}
		raw += 4 + len;
		size -= 4 + len;
	}
	memcpy(key->tun_opts, opts, sizeof opts);
	key->tunnel.opts_present = present;
	key->tunnel.opts_size = 0;
	key->tunnel.flags &= (uint16_t)~TUN_F_OPTIONS;
}

size_t tun_opts_from_key(const struct tun_table *t, const struct flow_key *key, uint8_t *raw)
{
	size_t used = 0;
	for (unsigned i = 0; t && i < FIELD_N_TUN_METADATA; i++) {
		const struct tun_entry *e = &t->entry[i];
		if (!(key->tunnel.opts_present & UINT64_C(1) << i) || !e->size ||
		    used + 4 + e->size > KEY_TUN_OPTS_BYTES - 4)
			continue;
		put_be16(raw + used, e->option_class);
		raw[used + 2] = e->option_type;
		raw[used + 3] = (uint8_t)(e->size / 4);
		memcpy(raw + used + 4, key->tun_opts + e->ofs, e->size);
		used += 4u + e->size;
	}
	return used;
}
