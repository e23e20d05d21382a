/* SPDX-License-Identifier: Apache-2.0 */
/* packet: one packet in user space: bytes with room before and after them, where its headers are,
 * what travels beside it, and the offloads its sender left unfinished.
 *
 * Ownership: whoever holds the pointer; packet_free() gives it back to the pool it is from.
 * Threads:   one at a time. Pools are per thread; packets may be freed by another thread. */
#pragma once
#include "packet/key.h"

enum { PACKET_HEADROOM = 192, PACKET_BATCH = 32, PACKET_MAX_BYTES = 65536 + 18 };
#define PACKET_NO_OFS UINT16_MAX

/* What is unfinished, as in a virtio-net header (virtio 1.2, 5.1.6). */
enum packet_gso { PACKET_GSO_NONE, PACKET_GSO_TCP4, PACKET_GSO_TCP6, PACKET_GSO_UDP_L4 };

struct packet {
	uint8_t *base; /* start of the allocation */
	uint8_t *data; /* first byte of the packet: Ethernet, unless packet_type says otherwise */
	uint32_t size;
	uint32_t allocated;

	/* Offsets from 'data', PACKET_NO_OFS if there is none; set by key_extract(). */
	uint16_t l2_5_ofs; /* first MPLS label */
	uint16_t l3_ofs;
	uint16_t l4_ofs;
	uint16_t l2_pad_size; /* Ethernet padding behind the L3 length */

	/* Beside the packet. */
	uint32_t dp_port;
	uint32_t recirc_id;
	uint32_t dp_hash;
	uint32_t skb_priority;
	uint32_t pkt_mark;
	uint32_t packet_type;
	uint32_t ct_state, ct_mark;
	uint16_t ct_zone;
	be64 ct_label[2];
	struct tunnel_key tunnel;
	uint8_t tun_opts[KEY_TUN_OPTS_BYTES]; /* raw Geneve options, tunnel.opts_size bytes */

	/* Offloads left to do: a checksum over [csum_start..), stored csum_offset behind it, and
	 * cutting into pieces of gso_size payload bytes. */
	bool csum_partial;
	bool csum_valid;  /* receiver checked it, or it never left this host */
	uint8_t gso_type; /* enum packet_gso */
	uint16_t csum_start, csum_offset;
	uint16_t gso_size;
	uint16_t gso_hdr_size;

	uint32_t cutlen;     /* output at most this many bytes once; 0: all */
	uint8_t pool;	     /* private to packet.c: size class of the allocation */
	struct packet *next; /* free lists, queues */
};

struct packet *packet_new(uint32_t size_hint);
struct packet *packet_from_bytes(const void *p, uint32_t size);
struct packet *packet_clone(const struct packet *);
void packet_free(struct packet *); /* NULL is fine */
/* Gives the free packets of the calling thread back: the last thing that a thread does. */
void packet_pool_drain(void);
/* Forgets what is beside the packet and its offloads, as after a tunnel was popped. */
void packet_reset_metadata(struct packet *);
/* Room for 'n' bytes in front; they become part of the packet and are not initialised. */
void *packet_push(struct packet *, uint32_t n);
/* Takes 'n' bytes off the front. Offsets move along. */
void packet_pull(struct packet *, uint32_t n);
void *packet_put(struct packet *, uint32_t n); /* at the end */
static inline uint32_t packet_tailroom(const struct packet *p)
{
	return p->allocated - (uint32_t)(p->data - p->base) - p->size;
}
static inline uint32_t packet_headroom(const struct packet *p)
{
	return (uint32_t)(p->data - p->base);
}

/* How many VLAN tags keys have, 0..KEY_MAX_VLANS; further tags are payload behind ethertype 0x8100.
 * Open_vSwitch.other_config:vlan-limit; OVS's default is 1. Set by the main thread. */
extern unsigned packet_vlan_limit;

/* Fills 'key' from the packet and what is beside it (in_port excepted), and sets the offsets.
 * Malformed headers end the parse: what follows stays zero. RFC 791, 8200, 826, 9293 .. */
void key_extract(struct packet *, struct flow_key *ret);

/* Sets the offsets only: after actions moved headers. The packet must have been extracted before or
 * be well-formed; others get PACKET_NO_OFS. */
void packet_parse_offsets(struct packet *);
static inline void *packet_l3(const struct packet *p)
{
	return p->l3_ofs == PACKET_NO_OFS ? NULL : p->data + p->l3_ofs;
}
static inline void *packet_l4(const struct packet *p)
{
	return p->l4_ofs == PACKET_NO_OFS ? NULL : p->data + p->l4_ofs;
}
/* Bytes from the transport header to the end of the packet, without Ethernet padding. */
static inline uint32_t packet_l4_size(const struct packet *p)
{
	return p->l4_ofs == PACKET_NO_OFS ? 0 : p->size - p->l4_ofs - p->l2_pad_size;
}

/* Number of packets this is on a wire: 1, or the segments of a GSO packet. */
uint32_t packet_n_segments(const struct packet *);
/* Finishes a partial checksum in place (not for GSO packets). */
void packet_finish_csum(struct packet *);
/* Cuts a GSO packet into finished ones, handed to 'out' one by one; 'p' is consumed. A packet that
 * is none, or whose headers contradict its GSO fields, comes out as it is (its checksum finished).
 */
void packet_segment(struct packet *p, void (*out)(struct packet *owned, void *arg), void *arg);
