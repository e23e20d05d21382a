/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* upcall: the whole packet to user space, with what its sender left unfinished. */
#pragma once
#include "../maps.h"
#include "parse.h"

/* Set at load: the kernel gives programs a look at struct sk_buff (6.2). */
const volatile bool weft_has_kern_ctx = false;

static __always_inline void upcall_offloads(struct __sk_buff *skb, struct weft_upcall *u, __u32 l2)
{
	u->gso_size = (__u16)skb->gso_size;
	if (!weft_has_kern_ctx)
		return;
	struct sk_buff___weft *k = bpf_cast_to_kern_ctx(skb);
	unsigned char *head, *data;
	__u16 start, offset;
	__u32 end;
	bpf_core_read(&head, sizeof head, &k->head);
	bpf_core_read(&data, sizeof data, &k->data);
	bpf_core_read(&start, sizeof start, &k->csum_start);
	bpf_core_read(&offset, sizeof offset, &k->csum_offset);
	bpf_core_read(&end, sizeof end, &k->end);
	unsigned summed = BPF_CORE_READ_BITFIELD_PROBED(k, ip_summed);
	__s32 at = (__s32)start - (__s32)(data - head) - (__s32)l2;
	if (summed == KERNEL_CHECKSUM_PARTIAL && at > 0) {
		u->csum_start = (__u16)at;
		u->csum_offset = offset;
	}
	u->csum_valid = summed == KERNEL_CHECKSUM_PARTIAL || summed == KERNEL_CHECKSUM_UNNECESSARY;
	if (u->gso_size) {
		struct skb_shared_info___weft *shared = (void *)(head + end);
		__u32 type = 0;
		bpf_core_read(&type, sizeof type, &shared->gso_type);
		u->gso_type = type;
	}
}

/* A function of its own, so that the verifier walks the copy once and not once for each way to it.
 */
__noinline int upcall(struct __sk_buff *skb, struct weft_key *key, __u32 l2, __u32 why)
{
	struct weft_scratch *scratch = scratch_get();
	if (!key || !scratch)
		return TC_ACT_SHOT;
	l2 &= 511;
	struct weft_upcall u = {
		.dp_port = key->in_port,
		.size = skb->len - l2,
		.why = why,
		.hash = skb->hash,
		.mark = skb->mark,
		.priority = skb->priority,
		.key_flags = key->flags,
		.tun_id = key->tun_id,
		.tun_tos = key->tun_tos,
		.tun_ttl = key->tun_ttl,
	};
	__builtin_memcpy(u.tun_src, key->tun_src, 16);
	__builtin_memcpy(u.tun_dst, key->tun_dst, 16);
	if (l2 == 0 && skb->vlan_present) {
		u.vlan_tpid = (__u16)skb->vlan_proto;
		u.vlan_tci = (__u16)skb->vlan_tci;
	}
	upcall_offloads(skb, &u, l2);

	struct bpf_dynptr out;
	if (u.size > WEFT_MAX_PACKET)
		return TC_ACT_SHOT;
	__u32 port = key->in_port;
	struct weft_backlog *backlog = bpf_map_lookup_elem(&weft_backlog, &port);
	if (!backlog || backlog->put - backlog->taken > WEFT_PORT_RING_BYTES) {
		count(WEFT_C_LOST, 1);
		return TC_ACT_SHOT;
	}
	if (bpf_ringbuf_reserve_dynptr(&weft_ring, sizeof u + u.size, 0, &out)) {
		bpf_ringbuf_discard_dynptr(&out, 0);
		count(WEFT_C_LOST, 1);
		return TC_ACT_SHOT;
	}
	bpf_dynptr_write(&out, 0, &u, sizeof u, 0);
	__u32 done = 0;
	for (int i = 0; i < WEFT_MAX_PACKET / WEFT_UPCALL_CHUNK + 1; i++) {
		__u32 left = u.size - done, n = WEFT_UPCALL_CHUNK;
		/* Two calls, as the verifier wants the size constant or masked. */
		if (left >= WEFT_UPCALL_CHUNK) {
			if (bpf_skb_load_bytes(skb, l2 + done, scratch->chunk, WEFT_UPCALL_CHUNK))
				break;
		} else {
			n = left & (WEFT_UPCALL_CHUNK - 1);
			barrier_var(n);
			n &= WEFT_UPCALL_CHUNK - 1;
			if (n == 0 || bpf_skb_load_bytes(skb, l2 + done, scratch->chunk, n))
				break;
		}
		bpf_dynptr_write(&out, sizeof u + done, scratch->chunk, n, 0);
		done += n;
	}
	__sync_fetch_and_add(&backlog->put, sizeof u + u.size);
	bpf_ringbuf_submit_dynptr(&out, 0);
	count(why == WEFT_WHY_MISS	? WEFT_C_MISS
	      : why == WEFT_WHY_COMPLEX ? WEFT_C_COMPLEX
					: WEFT_C_ACTION,
	      1);
	/* Not SHOT: whoever sends from this host would be told that the packet was dropped. */
	return TC_ACT_STOLEN;
}
