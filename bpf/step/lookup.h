/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* lookup: key -> flow. Masks in the order in which the owner sorted them; the first that hits is
 * the only one, as flows never overlap. */
#pragma once
#include "../maps.h"

enum { KEY_WORDS = sizeof(struct weft_key) / 8 };

static __always_inline struct weft_flow *lookup(const struct weft_key *key,
						struct weft_scratch *scratch)
{
	const __u64 *k = (const __u64 *)key;
	__u32 i;
	struct weft_flow *flow = NULL;
	for (i = 0; i < WEFT_MAX_MASKS; i++) {
		__u32 index = i;
		struct weft_mask *mask = bpf_map_lookup_elem(&weft_masks, &index);
		if (!mask || !mask->id)
			break;
		const __u64 *m = (const __u64 *)&mask->key;
		__u64 *to = (__u64 *)&scratch->lookup.key;
		scratch->lookup.mask_id = mask->id;
#pragma unroll
		for (int w = 0; w < KEY_WORDS; w++)
			to[w] = k[w] & m[w];
		flow = bpf_map_lookup_elem(&weft_flows, &scratch->lookup);
		if (flow)
			break;
	}
	count(WEFT_C_MASK_HIT, i + 1);
	return flow;
}
