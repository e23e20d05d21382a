/* SPDX-License-Identifier: Apache-2.0 */
/* key: everything a flow can match on, in one fixed layout. The same struct is a key (values), a
 * mask (1 bits are matched) and, in actions, a set of new values. packet/field.h names its members.
 *
 * Layout rules: multiples of 8 bytes without hidden padding, so that hashes, comparisons and the
 * classifier's stages run over 64-bit words; members that are looked at together lie together, in
 * the order pipeline metadata, packet metadata, L2, L3, L4, tunnel options. Padding is zero,
 * always. Multi-byte packet fields are in wire order, metadata in host order. */
#pragma once
#include <netinet/in.h>
#include "base/byteorder.h"
#include "base/compiler.h"

struct eth_addr {
	uint8_t b[6];
};

enum { KEY_MAX_VLANS = 2, KEY_MAX_MPLS = 3, KEY_N_REGS = 16, KEY_TUN_OPTS_BYTES = 256 };

/* tunnel.flags */
enum {
	TUN_F_DF = 1 << 0,     /* outer don't-fragment */
	TUN_F_CSUM = 1 << 1,   /* outer checksum present */
	TUN_F_KEY = 1 << 2,    /* tun_id present on the wire */
	TUN_F_OAM = 1 << 3,    /* Geneve O bit */
	TUN_F_OPTIONS = 1 << 4 /* private: raw Geneve options lie in tun_opts[0..tun_opts_size) */
};
#define TUN_F_MATCHABLE (TUN_F_OAM) /* what OpenFlow calls tun_flags */

struct tunnel_key {
	be32 ip_src, ip_dst; /* both zero: not IPv4 */
	struct in6_addr ipv6_src, ipv6_dst;
	be64 id; /* VNI or GRE key, right-aligned */
	uint16_t flags;
	uint8_t tos, ttl;
	be16 tp_src, tp_dst;
	be16 gbp_id;
	uint8_t gbp_flags;
	uint8_t erspan_ver;
	uint32_t erspan_idx;
	uint8_t erspan_dir, erspan_hwid;
	uint8_t gtpu_flags, gtpu_msgtype;
	uint8_t opts_size; /* bytes of raw Geneve options, with TUN_F_OPTIONS */
	uint8_t pad[3];
	uint64_t opts_present; /* bit i: tun_metadata<i> is there (values by the TLV table) */
};
static inline bool tunnel_key_is_set(const struct tunnel_key *t)
{
	return t->ip_dst || !IN6_IS_ADDR_UNSPECIFIED(&t->ipv6_dst);
}

struct vlan_key {
	be16 tpid;
	be16 tci; /* with VLAN_CFI set when the tag is there */
};
#define VLAN_CFI 0x1000
#define VLAN_VID_MASK 0x0fff
#define VLAN_PCP_MASK 0xe000
#define VLAN_PCP_SHIFT 13

/* nw_frag */
enum { FRAG_ANY = 1, FRAG_LATER = 2 };

/* packet_type: (namespace << 16) | type */
#define PT_ETH 0u
#define PT_OF(ns, type) ((uint32_t)(ns) << 16 | (type))

struct nsh_key {
	uint8_t flags, ttl, mdtype, np;
	be32 path_hdr; /* SPI 24 bits, SI 8 bits */
	be32 context[4];
};

struct flow_key {
	/* Known to the pipeline only; zero in what a fast path sees. */
	be64 metadata;
	uint32_t regs[KEY_N_REGS];
	uint32_t conj_id;
	uint32_t actset_output; /* OpenFlow port */
	uint32_t in_port;	/* OpenFlow port number */
	uint32_t pad0;

	/* Travels beside the packet. */
	struct tunnel_key tunnel;
	uint32_t dp_port; /* the fast path's number of the input port; tunnels share one */
	uint32_t recirc_id;
	uint32_t dp_hash;
	uint32_t skb_priority;
	uint32_t pkt_mark;
	uint32_t packet_type; /* PT_OF() */
	uint32_t ct_state;
	uint32_t ct_mark;
	uint16_t ct_zone;
	uint8_t ct_nw_proto;
	uint8_t pad1;
	be16 ct_tp_src, ct_tp_dst;
	be64 ct_label[2]; /* [0] is the more significant half */
	be32 ct_nw_src, ct_nw_dst;
	struct in6_addr ct_ipv6_src, ct_ipv6_dst;

	/* L2 */
	struct eth_addr dl_dst, dl_src;
	be16 dl_type; /* ethertype after the VLAN tags; DL_TYPE_NONE for 802.2 without SNAP */
	uint8_t pad2[2];
	struct vlan_key vlans[KEY_MAX_VLANS]; /* [0] is the outermost */
	be32 mpls_lse[KEY_MAX_MPLS];	      /* [0] is the outermost */
	uint32_t pad3;

	/* L3 */
	be32 nw_src, nw_dst; /* ARP: spa, tpa */
	struct in6_addr ipv6_src, ipv6_dst;
	be32 ipv6_label;
	uint8_t nw_frag;
	uint8_t nw_tos; /* DSCP and ECN */
	uint8_t nw_ttl;
	uint8_t nw_proto; /* ARP: opcode, if below 256 */
	struct in6_addr nd_target;
	struct eth_addr arp_sha, arp_tha; /* ND: sll, tll */
	be16 tcp_flags;
	uint8_t pad4[2];
	struct nsh_key nsh;

	/* L4 */
	be16 tp_src, tp_dst; /* ICMP: type, code */
	be32 igmp_group;     /* ND: reserved field; with pad5: ND option type */
	uint8_t nd_options_type;
	uint8_t pad5[7];

	/* Geneve: values of tun_metadata<i> at the places that the TLV table gives, or raw options.
	 */
	uint8_t tun_opts[KEY_TUN_OPTS_BYTES];
};

#define DL_TYPE_NONE BE16_C(0x05ff)

#define KEY_WORDS (sizeof(struct flow_key) / 8)
#define KEY_OFS(member) offsetof(struct flow_key, member)
_Static_assert(sizeof(struct flow_key) % 8 == 0, "keys are compared by 64-bit words");
_Static_assert(sizeof(struct tunnel_key) % 8 == 0, "");
_Static_assert(KEY_OFS(tunnel) % 8 == 0 && KEY_OFS(dl_dst) % 8 == 0 && KEY_OFS(nw_src) % 8 == 0 &&
		       KEY_OFS(tp_src) % 8 == 0 && KEY_OFS(tun_opts) % 8 == 0,
	       "stages begin on a word");

static inline const uint64_t *key_words(const struct flow_key *k) { return (const uint64_t *)k; }
static inline uint64_t *key_words_rw(struct flow_key *k) { return (uint64_t *)k; }

bool key_equal(const struct flow_key *, const struct flow_key *);
bool key_equal_masked(const struct flow_key *, const struct flow_key *,
		      const struct flow_key *mask);
void key_mask(struct flow_key *, const struct flow_key *mask); /* key &= mask */
uint32_t key_hash(const struct flow_key *, uint32_t seed);
/* Of the addresses, protocol and ports: the same in both directions if 'symmetric'. */
uint32_t key_hash_l4(const struct flow_key *, uint32_t seed, bool symmetric);

/* Takes the bits of 'mask' that 'key's own protocol makes meaningless out of it: prerequisites of
 * fields (no tp_src without TCP, UDP, SCTP, ICMP ..). */
void key_mask_normalize(const struct flow_key *key, struct flow_key *mask);
