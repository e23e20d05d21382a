/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* abi: what the programs in the kernel and their owner in user space (src/fastpath/ebpf) agree on:
 * the layout of maps and upcalls. Included by both; no other header of either side is needed.
 *
 * The programs are a cache. A packet that they do not understand to the last bit, or a flow whose
 * key or actions do not fit these structs, is left to user space: so nothing here need be complete,
 * but all of it must be exact. Raise WEFT_ABI when a layout changes: a daemon that finds programs
 * of another number replaces them instead of adopting them. */
#pragma once
#ifdef __bpf__
typedef __u8 weft_u8;
typedef __u16 weft_u16;
typedef __u32 weft_u32;
typedef __u64 weft_u64;
#else
#include <stddef.h>
#include <stdint.h>
typedef uint8_t weft_u8;
typedef uint16_t weft_u16;
typedef uint32_t weft_u32;
typedef uint64_t weft_u64;
#endif

#define WEFT_ABI 1

enum {
	WEFT_MAX_MASKS = 16,
	WEFT_MAX_ACTIONS = 8,
	WEFT_MAX_FLOWS = 131072,
	WEFT_MAX_ENCAPS = 4096,
	WEFT_MAX_PORTS = 4096,
	WEFT_ENCAP_BYTES = 128,
	WEFT_RING_BYTES = 16 << 20,
	WEFT_PORT_RING_BYTES = 2 << 20, /* of the ring, for packets of one port that wait */
	WEFT_MAX_DP_PORTS = 65536,
	WEFT_HINTS = 4096,
	WEFT_UPCALL_CHUNK = 4096,
	WEFT_MAX_PACKET = 65536 + 64,
};

/* weft_key.flags: matched like any field. */
enum {
	WEFT_K_TUNNEL = 1,  /* came out of a tunnel: tun_* are set */
	WEFT_K_TUN_V6 = 2,  /* the outer header was IPv6 */
	WEFT_K_TUN_KEY = 4, /* tun_id was on the wire */
	WEFT_K_TUN_CSUM = 8,
	WEFT_K_TUN_DF = 16,
	WEFT_K_TUN_OAM = 32,
};

/* Key and mask. Packet fields in wire order. IPv4 addresses are in the last word of their four.
 * Padding is zero: maps hash all bytes. */
struct weft_key {
	weft_u32 in_port; /* dp port */
	weft_u32 flags;
	weft_u32 tun_src[4], tun_dst[4];
	weft_u32 tun_id; /* VNI or GRE key */
	weft_u8 tun_tos, tun_ttl;
	weft_u16 dl_type; /* after the tags; 0x05ff in host order: 802.2 */
	weft_u8 dl_dst[6], dl_src[6];
	weft_u16 vlan_tpid, vlan_tci; /* outermost tag, with the CFI bit set; 0: none */
	weft_u16 vlan2_tpid, vlan2_tci;
	weft_u32 nw_src[4], nw_dst[4];
	weft_u8 nw_proto, nw_tos, nw_ttl, nw_frag;
	weft_u16 tp_src, tp_dst;
	weft_u16 tcp_flags;
	weft_u16 pad;
};

struct weft_mask {
	struct weft_key key;
	weft_u32 id; /* first word of the flow's key in the map; 0: the end of the list */
	weft_u32 pad;
};

struct weft_flow_key {
	weft_u32 mask_id;
	weft_u32 pad;
	struct weft_key key; /* masked */
};

enum weft_action_type {
	WEFT_A_END,
	WEFT_A_OUTPUT,	  /* u32: ifindex; u16: 1 if into the host's stack (internal port) */
	WEFT_A_ENCAP,	  /* u32: slot in 'encaps'; then out of its device; last */
	WEFT_A_PUSH_VLAN, /* u16: tci, host order, without CFI; u32: tpid in wire order */
	WEFT_A_POP_VLAN,
	WEFT_A_SET_ETH,	   /* mac: source then destination; u8: 1 source, 2 destination, 3 both */
	WEFT_A_SET_IP_SRC, /* u32: wire order */
	WEFT_A_SET_IP_DST,
	WEFT_A_SET_TOS,	   /* u8: value; u16: mask. IPv4 and IPv6 */
	WEFT_A_SET_TTL,	   /* u8: value. IPv4 and IPv6 */
	WEFT_A_SET_TP_SRC, /* u16: wire order */
	WEFT_A_SET_TP_DST,
	WEFT_A_DROP, /* u32: drop reason */
};
enum weft_output {
	WEFT_OUT_DEVICE, /* to be sent */
	WEFT_OUT_HOST,	 /* into the host's stack: internal port */
};
struct weft_action {
	weft_u8 type;
	weft_u8 u8;
	weft_u16 u16;
	union {
		weft_u32 u32;
		weft_u8 mac[12];
	};
};

enum {
	WEFT_F_ENCAP = 1, /* ends with WEFT_A_ENCAP: its size is checked before all else */
};
struct weft_flow {
	weft_u32 stats; /* slot in 'stats' */
	weft_u16 n_actions;
	weft_u16 flags;
	struct weft_action actions[WEFT_MAX_ACTIONS];
};

/* Per CPU. */
struct weft_stats {
	weft_u64 n_packets, n_bytes;
	weft_u64 used_ns; /* bpf_ktime_get_ns(): CLOCK_MONOTONIC */
	weft_u64 tcp_flags;
};

/* A whole outer header, Ethernet included, but for what differs a packet. */
struct weft_encap {
	weft_u32 ifindex;
	weft_u32 mtu; /* of the outer IP packet */
	weft_u16 size;
	weft_u16 l3_size; /* 20 or 40 */
	weft_u16 l4_size; /* UDP or GRE, with the tunnel header and options behind it */
	weft_u8 proto;	  /* 17 or 47 */
	weft_u8 pad;
	weft_u8 header[WEFT_ENCAP_BYTES];
};

enum { WEFT_TUNNEL_VXLAN = 1, WEFT_TUNNEL_GENEVE, WEFT_TUNNEL_GRE };
/* 'tunnels': what is taken off the underlay. */
struct weft_tunnel_id {
	weft_u16 proto; /* 17, 47 */
	weft_u16 port;	/* wire order; 0 for GRE */
};
struct weft_tunnel {
	weft_u32 dp_port;
	weft_u32 type;
};

/* 'devices', by ifindex. */
struct weft_device {
	weft_u32 dp_port;
	weft_u32 pad;
};

/* Addresses of this host: packets to others are not for our tunnels. IPv4 in the last word. */
struct weft_address {
	weft_u32 a[4];
};

/* 'backlog', by dp port, mapped into user space: bytes put into the ring and taken out of it, so
 * that one port's flood cannot fill the ring. */
struct weft_backlog {
	weft_u64 put;	/* programs */
	weft_u64 taken; /* user space */
};

/* In front of each packet in the ring. */
struct weft_upcall {
	weft_u32 dp_port;
	weft_u32 size; /* of the packet that follows */
	weft_u32 why;  /* enum weft_why */
	weft_u32 hash;
	weft_u32 mark;
	weft_u32 priority;
	weft_u16 csum_start, csum_offset; /* from the packet's start; 0, 0: nothing to finish */
	weft_u16 gso_size;
	weft_u16 pad0;
	weft_u16 vlan_tpid, vlan_tci; /* a tag that is not in the bytes: wire order; host order */
	weft_u32 gso_type;	      /* SKB_GSO_* bits */
	weft_u32 key_flags;	      /* WEFT_K_*: the tunnel that the packet came out of */
	weft_u32 tun_src[4], tun_dst[4];
	weft_u32 tun_id;
	weft_u8 tun_tos, tun_ttl;
	weft_u8 csum_valid;
	weft_u8 pad;
};

enum weft_why {
	WEFT_WHY_MISS = 1,
	WEFT_WHY_COMPLEX, /* headers that the programs do not parse */
	WEFT_WHY_ACTION,  /* the flow is known, but not all it takes on this packet: too big,
			     retunnelled .. */
};

/* 'counters', per CPU, by index. */
enum weft_counter {
	WEFT_C_HIT,
	WEFT_C_MISS,
	WEFT_C_LOST,	 /* no room in the ring */
	WEFT_C_MASK_HIT, /* masks tried */
	WEFT_C_COMPLEX,
	WEFT_C_ACTION,
	WEFT_C_DROP,
	WEFT_C_OUTPUT_FAILED,
	WEFT_N_COUNTERS,
};

_Static_assert(sizeof(struct weft_key) == 112, "no hidden padding");
_Static_assert(sizeof(struct weft_flow_key) == 120, "");
_Static_assert(sizeof(struct weft_action) == 16, "");
_Static_assert(sizeof(struct weft_encap) == 16 + WEFT_ENCAP_BYTES, "");
_Static_assert(sizeof(struct weft_upcall) % 4 == 0, "");
