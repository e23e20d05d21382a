/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of datapath actions: building them. Their text lies in action_text.c. */
#include "fastpath/action.h"

#include "base/mem.h"

void dp_actions_fini(struct dp_actions *a)
{
	free(a->data);
	*a = (struct dp_actions)DP_ACTIONS_INIT;
}

void dp_actions_clear(struct dp_actions *a) { a->size = 0; }

void *dp_actions_put(struct dp_actions *a, enum dp_action_type type, size_t size)
{
	size = ROUND_UP(size, 8);
	ASSERT(size >= sizeof(struct dp_action) && size <= UINT16_MAX);
	a->data = xgrow(a->data, &a->allocated, a->size + size, 1);
	struct dp_action *h = (struct dp_action *)(a->data + a->size);
	memset(h, 0, size);
	h->type = (uint16_t)type;
	h->size = (uint16_t)size;
	a->size += size;
	return h;
}

void dp_actions_append(struct dp_actions *a, const void *records, size_t size)
{
	if (!size)
		return;
	a->data = xgrow(a->data, &a->allocated, a->size + size, 1);
	memcpy(a->data + a->size, records, size);
	a->size += size;
}

void dp_actions_put_u32(struct dp_actions *a, enum dp_action_type type, uint32_t value)
{
	struct dpa_u32 *r = dp_actions_put(a, type, sizeof *r);
	r->value = value;
}

void dp_actions_output(struct dp_actions *a, uint32_t dp_port)
{
	struct dpa_output *r = dp_actions_put(a, DPA_OUTPUT, sizeof *r);
	r->dp_port = dp_port;
}

void dp_actions_set(struct dp_actions *a, enum dp_set_what what, const void *value,
		    const void *mask, size_t size)
{
	const uint8_t *m = mask;
	size_t i = 0;
	while (i < size && !m[i])
		i++;
	if (i == size)
		return;
	struct dpa_set *r = dp_actions_put(a, DPA_SET, sizeof *r + 2 * size);
	r->what = what;
	r->data_size = (uint32_t)size;
	memcpy(r->data, value, size);
	memcpy(r->data + size, mask, size);
}

size_t dp_actions_begin_nested(struct dp_actions *a, enum dp_action_type type, uint32_t probability)
{
	size_t ofs = a->size;
	struct dpa_nested *r = dp_actions_put(a, type, sizeof *r);
	r->probability = probability;
	return ofs;
}

void dp_actions_end_nested(struct dp_actions *a, size_t ofs)
{
	struct dpa_nested *r = (struct dpa_nested *)(a->data + ofs);
	size_t size = a->size - ofs;
	ASSERT(size <= UINT16_MAX);
	r->h.size = (uint16_t)size;
	r->nested_size = (uint32_t)(size - sizeof *r);
}
