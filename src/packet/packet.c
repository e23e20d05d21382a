/* SPDX-License-Identifier: Apache-2.0 */
/* Packets and where they come from. A packet and its bytes are one allocation of one of two sizes:
 * what fits a wire, and what segmentation offload may hand us. Each thread keeps freed packets in a
 * short stack of its own, so that in the steady state receive and transmit touch no allocator and
 * no other thread's cache lines; what does not fit into the stack goes back to malloc. A packet
 * freed by another thread simply joins that thread's stack.
 *
 * Bytes that outgrow the allocation move to one of their own ('base' no longer points behind the
 * struct): rare, and packet_free() sees it. */
#include "packet/packet.h"

#include <string.h>

#include "base/mem.h"
#include "packet/csum.h"

enum {
	POOL_SMALL,
	POOL_LARGE,
	POOL_NONE, /* larger than any class */
	N_POOLS = POOL_NONE,
	SMALL_BYTES = 2048,
	LARGE_BYTES = ROUND_UP(PACKET_HEADROOM + PACKET_MAX_BYTES + 64, 64),
};
static const uint32_t class_bytes[N_POOLS] = { SMALL_BYTES, LARGE_BYTES };
static const uint32_t class_keep[N_POOLS] = { 1024, 64 };

static __thread struct {
	struct packet *top;
	uint32_t n;
} pools[N_POOLS];

unsigned packet_vlan_limit = 1;

#define STRUCT_BYTES ROUND_UP(sizeof(struct packet), CACHE_LINE)

static uint8_t *own_bytes(const struct packet *p) { return (uint8_t *)p + STRUCT_BYTES; }

void packet_reset_metadata(struct packet *p)
{
	p->dp_port = 0;
	p->recirc_id = p->dp_hash = p->skb_priority = p->pkt_mark = 0;
	p->packet_type = PT_ETH;
	p->ct_state = p->ct_mark = 0;
	p->ct_zone = 0;
	p->ct_label[0] = p->ct_label[1] = 0;
	memset(&p->tunnel, 0, sizeof p->tunnel); /* tun_opts counts only up to tunnel.opts_size */
	p->cutlen = 0;
}

struct packet *packet_new(uint32_t size_hint)
{
	uint32_t want = size_hint + PACKET_HEADROOM;
	unsigned pool = want <= SMALL_BYTES   ? POOL_SMALL
			: want <= LARGE_BYTES ? POOL_LARGE
					      : POOL_NONE;
	struct packet *p = pool == POOL_NONE ? NULL : pools[pool].top;
	if (p) {
		pools[pool].top = p->next;
		pools[pool].n--;
	} else {
		uint32_t bytes = pool == POOL_NONE ? want : class_bytes[pool];
		p = aligned_alloc(CACHE_LINE, ROUND_UP(STRUCT_BYTES + bytes, CACHE_LINE));
		if (!p)
			abort(); /* as xmalloc does */
		p->base = own_bytes(p);
		p->allocated = bytes;
		p->pool = (uint8_t)pool;
	}
	p->data = p->base + PACKET_HEADROOM;
	p->size = 0;
	p->l2_5_ofs = p->l3_ofs = p->l4_ofs = PACKET_NO_OFS;
	p->l2_pad_size = 0;
	p->csum_partial = p->csum_valid = false;
	p->gso_type = PACKET_GSO_NONE;
	p->csum_start = p->csum_offset = p->gso_size = p->gso_hdr_size = 0;
	p->next = NULL;
	packet_reset_metadata(p);
	return p;
}

void packet_free(struct packet *p)
{
	if (!p)
		return;
	if (p->base != own_bytes(p)) {
		free(p->base);
		p->base = own_bytes(p);
		p->allocated = p->pool == POOL_NONE ? 0 : class_bytes[p->pool];
	}
	if (p->pool == POOL_NONE || pools[p->pool].n >= class_keep[p->pool]) {
		free(p);
		return;
	}
	p->next = pools[p->pool].top;
	pools[p->pool].top = p;
	pools[p->pool].n++;
}

void packet_pool_drain(void)
{
	for (unsigned i = 0; i < N_POOLS; i++) {
		struct packet *p;
		while ((p = pools[i].top) != NULL) {
			pools[i].top = p->next;
			free(p);
		}
		pools[i].n = 0;
	}
}

struct packet *packet_from_bytes(const void *bytes, uint32_t size)
{
	struct packet *p = packet_new(size);
	memcpy(p->data, bytes, size);
	p->size = size;
	return p;
}

struct packet *packet_clone(const struct packet *old)
{
	struct packet *p = packet_new(old->size);
	memcpy(p->data, old->data, old->size);
	p->size = old->size;
	p->l2_5_ofs = old->l2_5_ofs;
	p->l3_ofs = old->l3_ofs;
	p->l4_ofs = old->l4_ofs;
	p->l2_pad_size = old->l2_pad_size;
	p->dp_port = old->dp_port;
	p->recirc_id = old->recirc_id;
	p->dp_hash = old->dp_hash;
	p->skb_priority = old->skb_priority;
	p->pkt_mark = old->pkt_mark;
	p->packet_type = old->packet_type;
	p->ct_state = old->ct_state;
	p->ct_mark = old->ct_mark;
	p->ct_zone = old->ct_zone;
	memcpy(p->ct_label, old->ct_label, sizeof p->ct_label);
	p->tunnel = old->tunnel;
	memcpy(p->tun_opts, old->tun_opts, old->tunnel.opts_size);
	p->csum_partial = old->csum_partial;
	p->csum_valid = old->csum_valid;
	p->gso_type = old->gso_type;
	p->csum_start = old->csum_start;
	p->csum_offset = old->csum_offset;
	p->gso_size = old->gso_size;
	p->gso_hdr_size = old->gso_hdr_size;
	p->cutlen = old->cutlen;
	return p;
}

/* Moves the bytes to an allocation with this much room before and after them. */
static void regrow(struct packet *p, uint32_t headroom, uint32_t tailroom)
{
	uint32_t bytes = headroom + p->size + tailroom;
	uint8_t *base = xmalloc(bytes);
	memcpy(base + headroom, p->data, p->size);
	if (p->base != own_bytes(p))
		free(p->base);
	p->base = base;
	p->data = base + headroom;
	p->allocated = bytes;
}

static void move_ofs(uint16_t *ofs, int by)
{
	if (*ofs != PACKET_NO_OFS) {
		int now = *ofs + by;
		*ofs = now < 0 || now >= PACKET_NO_OFS ? PACKET_NO_OFS : (uint16_t)now;
	}
}

static void move_all(struct packet *p, int by)
{
	move_ofs(&p->l2_5_ofs, by);
	move_ofs(&p->l3_ofs, by);
	move_ofs(&p->l4_ofs, by);
	if (p->csum_partial)
		p->csum_start = (uint16_t)(p->csum_start + by);
	if (p->gso_type && p->gso_hdr_size)
		p->gso_hdr_size = (uint16_t)(p->gso_hdr_size + by);
}

void *packet_push(struct packet *p, uint32_t n)
{
	if (packet_headroom(p) < n)
		regrow(p, PACKET_HEADROOM + n, packet_tailroom(p));
	p->data -= n;
	p->size += n;
	move_all(p, (int)n);
	return p->data;
}

void packet_pull(struct packet *p, uint32_t n)
{
	ASSERT(n <= p->size);
	p->data += n;
	p->size -= n;
	move_all(p, -(int)n);
}

void *packet_put(struct packet *p, uint32_t n)
{
	if (packet_tailroom(p) < n)
		regrow(p, packet_headroom(p), n + SMALL_BYTES);
	void *tail = p->data + p->size;
	p->size += n;
	return tail;
}

void packet_finish_csum(struct packet *p)
{
	if (!p->csum_partial)
		return;
	p->csum_partial = false;
	uint32_t at = (uint32_t)p->csum_start + p->csum_offset;
	if (p->csum_start > p->size || at + 2 > p->size)
		return; /* the sender's fault: it goes out as it came */
	uint8_t *field = p->data + at;
	/* The field holds the pseudo header's sum, so that it takes part in the sum. */
	be16 sum = csum(p->data + p->csum_start, p->size - p->csum_start);
	if (!sum)
		sum = 0xffff; /* zero means "none" to UDP, and both are zero to the others */
	memcpy(field, &sum, 2);
	p->csum_valid = true;
}
