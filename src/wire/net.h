/* SPDX-License-Identifier: Apache-2.0 */
/* net: headers as they lie in packets, with no alignment assumed. Only what more than one folder
 * reads or writes; fields are in wire order.
 * IEEE 802.3, 802.1Q; RFC 826 ARP, 791 IPv4, 8200 IPv6, 9293 TCP, 768 UDP, 9260 SCTP, 792 ICMP,
 * 4443 ICMPv6, 4861 ND, 3376 IGMP, 3032 MPLS, 8300 NSH, 2784/2890 GRE, 7348 VXLAN, 8926 Geneve. */
#pragma once
#include <assert.h>
#include "base/byteorder.h"
#include "base/compiler.h"

enum {
	ETH_TYPE_IP = 0x0800,
	ETH_TYPE_ARP = 0x0806,
	ETH_TYPE_TEB = 0x6558, /* Ethernet in GRE, Geneve */
	ETH_TYPE_RARP = 0x8035,
	ETH_TYPE_VLAN = 0x8100,
	ETH_TYPE_IPV6 = 0x86dd,
	ETH_TYPE_SLOW = 0x8809,
	ETH_TYPE_MPLS = 0x8847,
	ETH_TYPE_MPLS_MCAST = 0x8848,
	ETH_TYPE_ERSPAN1 = 0x88be,
	ETH_TYPE_ERSPAN2 = 0x22eb,
	ETH_TYPE_QINQ = 0x88a8,
	ETH_TYPE_NSH = 0x894f,
	ETH_TYPE_MIN = 0x0600, /* smaller: an 802.3 length */
};
enum {
	ETH_HLEN = 14,
	VLAN_HLEN = 4,
	MPLS_HLEN = 4,
	IP4_HLEN = 20,
	IP6_HLEN = 40,
	UDP_HLEN = 8,
	TCP_HLEN = 20,
	SCTP_HLEN = 12,
	ICMP_HLEN = 8,
	ARP_HLEN = 28
};

struct eth_hdr {
	uint8_t dst[6], src[6];
	be16 type;
} PACKED;

struct vlan_hdr {
	be16 tci, next_type;
} PACKED;

struct llc_snap_hdr {
	uint8_t dsap, ssap, cntl, oui[3];
	be16 type;
} PACKED;

struct arp_hdr {
	be16 hrd, pro;
	uint8_t hln, pln;
	be16 op;
	uint8_t sha[6];
	be32 spa;
	uint8_t tha[6];
	be32 tpa;
} PACKED;

struct ip4_hdr {
	uint8_t ver_ihl, tos;
	be16 tot_len, id, frag_off;
	uint8_t ttl, proto;
	be16 csum;
	be32 src, dst;
} PACKED;
enum { IP4_DF = 0x4000, IP4_MF = 0x2000, IP4_OFF_MASK = 0x1fff };

struct ip6_hdr_wire {
	be32 flow; /* version 4, class 8, label 20 bits */
	be16 plen;
	uint8_t next, hlim;
	uint8_t src[16], dst[16];
} PACKED;
enum {
	IP6_EXT_HOP = 0,
	IP6_EXT_ROUTING = 43,
	IP6_EXT_FRAGMENT = 44,
	IP6_EXT_AH = 51,
	IP6_EXT_DST = 60
};

struct ip6_frag_hdr {
	uint8_t next, reserved;
	be16 ofs_more; /* offset in the upper 13 bits, bit 0: more */
	be32 id;
} PACKED;

struct tcp_hdr {
	be16 src, dst;
	be32 seq, ack;
	be16 ofs_flags; /* header words in the upper 4 bits, 12 bits of flags */
	be16 win, csum, urg;
} PACKED;
enum {
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_PSH = 8,
	TCP_ACK = 16,
	TCP_URG = 32,
	TCP_ECE = 64,
	TCP_CWR = 128
};

struct udp_hdr {
	be16 src, dst, len, csum;
} PACKED;

struct sctp_hdr {
	be16 src, dst;
	be32 tag, csum;
} PACKED;

struct icmp_hdr { /* ICMP, ICMPv6, IGMP */
	uint8_t type, code;
	be16 csum;
	be32 rest;
} PACKED;

struct nd_opt_hdr {
	uint8_t type, len8; /* in units of 8 bytes */
	uint8_t addr[6];
} PACKED;
enum { ND_OPT_SLL = 1, ND_OPT_TLL = 2, ICMP6_NS = 135, ICMP6_NA = 136 };

struct gre_hdr { /* checksum, key and sequence follow as the flags say */
	be16 flags, proto;
} PACKED;
enum { GRE_CSUM = 0x8000, GRE_KEY = 0x2000, GRE_SEQ = 0x1000, GRE_VERSION = 0x0007 };

struct vxlan_hdr {
	be32 flags; /* 0x08000000: VNI valid */
	be32 vni;   /* upper 24 bits */
} PACKED;

struct geneve_hdr {
	uint8_t ver_len; /* options in 4-byte words, lower 6 bits */
	uint8_t flags;	 /* 0x80 OAM, 0x40 critical options */
	be16 proto;
	be32 vni; /* upper 24 bits */
} PACKED;

struct nsh_hdr {
	be16 ver_flags_ttl_len; /* 2 version, 1 OAM, 1 reserved, 6 TTL, 6 length in 4-byte words */
	uint8_t mdtype, np;
	be32 path;	 /* SPI 24, SI 8 bits */
	be32 context[4]; /* MD type 1 */
} PACKED;
enum { NSH_BASE_HLEN = 8, NSH_MD1_HLEN = 24 };

/* MPLS label stack entry: label 20, traffic class 3, bottom of stack 1, TTL 8 bits. */
enum { MPLS_BOS = 0x100 };

static_assert(sizeof(struct eth_hdr) == 14 && sizeof(struct arp_hdr) == 28 &&
		      sizeof(struct ip4_hdr) == 20 && sizeof(struct ip6_hdr_wire) == 40 &&
		      sizeof(struct tcp_hdr) == 20 && sizeof(struct nsh_hdr) == 24,
	      "headers have the sizes of their RFCs");
