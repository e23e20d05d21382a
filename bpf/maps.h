/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* maps: shared by the programs of one switch. Sizes are set again at load. */
#pragma once
#include "kernel.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEFT_MAX_MASKS);
	__type(key, __u32);
	__type(value, struct weft_mask);
} weft_masks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEFT_MAX_FLOWS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct weft_flow_key);
	__type(value, struct weft_flow);
} weft_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEFT_MAX_FLOWS);
	__type(key, __u32);
	__type(value, struct weft_stats);
} weft_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEFT_MAX_ENCAPS);
	__type(key, __u32);
	__type(value, struct weft_encap);
} weft_encaps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEFT_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct weft_device);
} weft_devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct weft_tunnel_id);
	__type(value, struct weft_tunnel);
} weft_tunnels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct weft_address);
	__type(value, __u32);
} weft_addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WEFT_RING_BYTES);
} weft_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEFT_N_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} weft_counters SEC(".maps");

/* Hits a mask, by its place in 'masks': the owner sorts by them. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEFT_MAX_MASKS);
	__type(key, __u32);
	__type(value, __u64);
} weft_mask_hits SEC(".maps");

/* Which mask had the flow of a packet with this hash last time. A hint: wrong ones cost a look-up.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEFT_HINTS);
	__type(key, __u32);
	__type(value, __u32);
} weft_hints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEFT_MAX_DP_PORTS);
	__type(key, __u32);
	__type(value, struct weft_backlog);
} weft_backlog SEC(".maps");

/* Where a packet's headers are, from the start of the skb; moves along with what the actions do. */
struct cursor {
	__u32 l2;     /* first byte of the Ethernet header: > 0 inside a tunnel not yet taken off */
	__u32 l3, l4; /* 0: none */
	__u32 accel_vlan; /* the tag is beside the bytes */
	__u32 inband_vlan;
};

/* Per-CPU room: a chunk of a packet on its way to the ring, the key to look up, and the cursor of
 * the actions: read from memory its values are unknown to the verifier, so that it walks the loop
 * over the actions once and not once for each history of the packet. */
struct weft_scratch {
	struct weft_flow_key lookup;
	struct cursor c;
	__u32 pad;
	__u8 chunk[WEFT_UPCALL_CHUNK];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weft_scratch);
} weft_scratch SEC(".maps");

static __always_inline struct weft_scratch *scratch_get(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&weft_scratch, &zero);
}

static __always_inline void count(enum weft_counter which, __u64 n)
{
	__u32 i = which;
	__u64 *c = bpf_map_lookup_elem(&weft_counters, &i);
	if (c)
		*c += n;
}
