/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* lookup: key -> flow. Masks in the order in which the owner sorted them; the first that hits is
 * the only one, as flows never overlap. Most packets hit the first mask. For the others a small
 * table, indexed by the packet's hash, remembers which mask it was, so that the price of many masks
 * is paid by the first packet of a connection. */
#pragma once
#include "../maps.h"

enum { KEY_WORDS = sizeof(struct weft_key) / 8 };

/* Sets *ret_end if there is no such mask. */
static __always_inline struct weft_flow *lookup_in(__u32 i, const struct weft_key *key,
						   struct weft_scratch *scratch, bool *ret_end)
{
	struct weft_mask *mask = bpf_map_lookup_elem(&weft_masks, &i);
	if (!mask || !mask->id) {
		*ret_end = true;
		return NULL;
	}
	const __u64 *k = (const __u64 *)key, *m = (const __u64 *)&mask->key;
	__u64 *to = (__u64 *)&scratch->lookup.key;
	scratch->lookup.mask_id = mask->id;
#pragma unroll
	for (int w = 0; w < KEY_WORDS; w++)
		to[w] = k[w] & m[w];
	struct weft_flow *flow = bpf_map_lookup_elem(&weft_flows, &scratch->lookup);
	if (flow) {
		__u64 *hits = bpf_map_lookup_elem(&weft_mask_hits, &i);
		if (hits)
			*hits += 1;
	}
	return flow;
}

static __always_inline struct weft_flow *lookup(struct __sk_buff *skb, const struct weft_key *key,
						struct weft_scratch *scratch)
{
	bool end = false;
	struct weft_flow *flow = lookup_in(0, key, scratch, &end);
	if (flow || end) {
		count(WEFT_C_MASK_HIT, 1);
		return flow;
	}
	__u32 slot = bpf_get_hash_recalc(skb) % WEFT_HINTS, tried = 1;
	__u32 *hint = bpf_map_lookup_elem(&weft_hints, &slot);
	__u32 i = hint ? *hint : 0;
	if (i > 0 && i < WEFT_MAX_MASKS) {
		tried++;
		flow = lookup_in(i, key, scratch, &end);
		if (flow) {
			count(WEFT_C_MASK_HIT, tried);
			return flow;
		}
	}
	end = false;
	for (i = 1; i < WEFT_MAX_MASKS; i++) {
		flow = lookup_in(i, key, scratch, &end);
		if (flow || end)
			break;
		tried++;
	}
	if (flow && hint)
		*hint = i;
	count(WEFT_C_MASK_HIT, tried);
	return flow;
}
