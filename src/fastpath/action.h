/* SPDX-License-Identifier: Apache-2.0 */
/* action: what a fast path does to the packets of a flow. A list is one flat buffer of records,
 * so that revalidation compares with memcmp and a flow's actions are one allocation.
 * User space executes all of them; the eBPF path those it knows, and sends the rest up. Printed as
 * OVS prints datapath actions (ovs-dpctl(8)), e.g. "push_vlan(vid=5,pcp=0),2".
 *
 * Records are 8-byte aligned; 'size' includes the header and padding, and padding is zero. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "packet/key.h"

enum dp_action_type {
	DPA_OUTPUT = 1, /* dpa_output: to a port of the same fast path */
	DPA_USERSPACE,	/* dpa_userspace: a copy to user space, for the controller, sampling .. */
	DPA_SET,	/* dpa_set: masked write of one header's fields */
	DPA_PUSH_VLAN,	/* dpa_push_vlan */
	DPA_POP_VLAN,	/* header only */
	DPA_PUSH_MPLS,	/* dpa_mpls */
	DPA_POP_MPLS,	/* dpa_mpls: ethertype afterwards */
	DPA_PUSH_ETH,	/* dpa_push_eth */
	DPA_POP_ETH,	/* header only */
	DPA_PUSH_NSH,	/* dpa_push_nsh */
	DPA_POP_NSH,	/* header only */
	DPA_RECIRC,	/* dpa_u32: recirculation id */
	DPA_HASH,	/* dpa_hash: into dp_hash */
	DPA_SAMPLE,	/* dpa_nested: probability; nested list */
	DPA_CLONE,	/* dpa_nested: the list runs on a copy */
	DPA_CHECK_PKT_LEN, /* dpa_check_pkt_len: two nested lists */
	DPA_TRUNC,	   /* dpa_u32: next output sends at most this many bytes */
	DPA_METER,	   /* dpa_u32: meter id; may drop */
	DPA_CT,		   /* dpa_ct */
	DPA_CT_CLEAR,	   /* header only */
	DPA_TUNNEL_PUSH,   /* dpa_tunnel_push: outer headers, whole */
	DPA_TUNNEL_POP,	   /* dpa_u32: tunnel port; decapsulates and looks up again */
	DPA_OUTPUT_DEV, /* dpa_output_dev: a packet with its Ethernet header, to a host device that
			 * is no port of ours: where tunnels leave */
	DPA_LB_OUTPUT,	/* dpa_u32: bond id; member by dp_hash */
	DPA_DEC_TTL,	/* dpa_nested: what to do with a packet whose TTL is out */
	DPA_DROP,	/* dpa_u32: enum drop_reason, explicit so that it is counted */
};

struct dp_action {
	uint16_t type;
	uint16_t size;
	uint32_t pad;
};

struct dpa_u32 {
	struct dp_action h;
	uint32_t value;
	uint32_t pad;
};
struct dpa_output {
	struct dp_action h;
	uint32_t dp_port;
	uint32_t pad;
};
struct dpa_output_dev {
	struct dp_action h;
	uint32_t ifindex;
	uint32_t mtu; /* of the path: larger packets are answered with ICMP too-big, or dropped */
};

/* Why a packet goes to user space by an action, and what user space needs to go on with it. */
enum dp_userspace_reason {
	DPU_CONTROLLER = 1,
	DPU_SFLOW,
	DPU_IPFIX,
	DPU_SLOW_PATH,
	DPU_MIRROR_ERSPAN
};
struct dpa_userspace {
	struct dp_action h;
	uint32_t reason; /* 0: a cookie of unknown meaning */
	uint32_t cookie_size;
	uint32_t pid;		  /* 0; kept for text only */
	uint32_t tunnel_out_port; /* sFlow, IPFIX: the tunnel it leaves by; 0: none */
	uint8_t with_actions;	  /* the flow's actions go along */
	uint8_t pad[7];
	uint8_t cookie[]; /* struct userspace_cookie; after it what the receiver likes */
};

/* DPU_SLOW_PATH: what user space must do for the packet. Bits. */
enum dp_slow {
	DP_SLOW_CFM = 1 << 0,
	DP_SLOW_BFD = 1 << 1,
	DP_SLOW_LACP = 1 << 2,
	DP_SLOW_STP = 1 << 3,
	DP_SLOW_LLDP = 1 << 4,
	DP_SLOW_ACTION = 1 << 5,    /* an action that fast paths do not have */
	DP_SLOW_MATCH = 1 << 6,	    /* a match that they cannot make */
	DP_SLOW_PROBE = 1 << 7,	    /* a loop guard's probe */
	DP_SLOW_NEIGHBOUR = 1 << 8, /* a tunnel's next hop is being resolved */
};

/* What a DPA_USERSPACE carries; members that its reason does not need are zero. */
struct userspace_cookie {
	uint8_t kind;	/* enum dp_userspace_reason */
	uint8_t reason; /* DPU_CONTROLLER: OFPR_* */
	uint8_t table_id;
	bool dont_send;
	uint16_t slow; /* DPU_SLOW_PATH: DP_SLOW_* */
	uint16_t controller_id;
	uint16_t max_len;
	uint16_t vlan_tci;  /* DPU_SFLOW: host order */
	uint32_t recirc_id; /* controller: metadata and bridge */
	uint32_t ofport;    /* slow path: input port */
	uint32_t meter;
	be64 rule_cookie;
	bool continuation;
	bool sends_userdata;
	uint8_t direction; /* DPU_IPFIX per flow: 0 unknown, 1 ingress, 2 egress */
	bool per_flow;	   /* DPU_IPFIX: of a sample action, not of a bridge */
	uint32_t collector_set_id, obs_domain_id, obs_point_id;
	uint32_t output; /* DPU_SFLOW: as sFlow encodes it; DPU_IPFIX: dp port */
	uint16_t probability;
	uint8_t pad[2];
};

enum dp_set_what {
	DPS_ETH = 1, /* dl_src, dl_dst */
	DPS_IPV4,    /* nw_src nw_dst nw_tos nw_ttl; checksums follow, pseudo-header included */
	DPS_IPV6,    /* ipv6_src ipv6_dst ipv6_label nw_tos nw_ttl */
	DPS_TCP,     /* tp_src tp_dst */
	DPS_UDP,
	DPS_SCTP,
	DPS_ICMP, /* tp_src tp_dst: type and code */
	DPS_ICMPV6,
	DPS_ARP,    /* nw_src nw_dst nw_proto arp_sha arp_tha */
	DPS_ND,	    /* nd_target arp_sha arp_tha */
	DPS_ND_EXT, /* reserved, option type */
	DPS_MPLS,   /* mpls_lse[0] */
	DPS_NSH,
	DPS_TUNNEL,   /* tunnel, tun_opts */
	DPS_PRIORITY, /* skb_priority */
	DPS_MARK,     /* pkt_mark */
};
/* Values and masks lie in the same struct as keys do, so that there is one list of fields; only the
 * members that 'what' names are looked at. Compact on purpose: DPS_TUNNEL alone carries options. */
struct dpa_set {
	struct dp_action h;
	uint32_t what;
	uint32_t data_size; /* of the value, and again of the mask */
	uint8_t data[];	    /* struct dps_<what>, value then mask */
};
struct dps_eth {
	struct eth_addr src, dst;
	uint8_t pad[4];
};
struct dps_ipv4 {
	be32 src, dst;
	uint8_t proto, tos, ttl, frag; /* proto and frag: for printing, never written */
	uint8_t pad[4];
};
struct dps_ipv6 {
	struct in6_addr src, dst;
	be32 label;
	uint8_t proto, tclass, hlimit, frag;
};
struct dps_ports { /* TCP, UDP, SCTP; ICMP: type and code */
	be16 src, dst;
	uint8_t pad[4];
};
struct dps_arp {
	be32 sip, tip;
	be16 op;
	struct eth_addr sha, tha;
	uint8_t pad[2];
};
struct dps_nd {
	struct in6_addr target;
	struct eth_addr sll, tll;
	uint8_t pad[4];
};
struct dps_nd_ext {
	be32 reserved;
	uint8_t options_type;
	uint8_t pad[3];
};
struct dps_mpls {
	be32 lse;
	uint8_t pad[4];
};
struct dps_u32 {
	uint32_t value;
	uint32_t pad;
};
struct dps_tunnel {
	struct tunnel_key tunnel;
	uint8_t opts[KEY_TUN_OPTS_BYTES]; /* raw Geneve options, tunnel.opts_size bytes; rest zero
					   */
};

struct dpa_push_vlan {
	struct dp_action h;
	be16 tpid;
	be16 tci; /* with VLAN_CFI */
	uint32_t pad;
};
struct dpa_mpls {
	struct dp_action h;
	be32 lse;
	be16 ethertype;
	uint16_t pad;
};
struct dpa_push_eth {
	struct dp_action h;
	struct eth_addr src, dst;
	uint32_t pad;
};
struct dpa_push_nsh {
	struct dp_action h;
	struct nsh_key nsh;
	uint8_t md2[248];
	uint8_t md2_size;
	uint8_t pad[7];
};
enum dp_hash_alg { DP_HASH_L4, DP_HASH_SYM_L4 };
struct dpa_hash {
	struct dp_action h;
	uint32_t alg;
	uint32_t basis;
};
struct dpa_nested {
	struct dp_action h;
	uint32_t probability; /* DPA_SAMPLE: of 2^32-1 */
	uint32_t nested_size;
	uint8_t nested[];
};
struct dpa_check_pkt_len {
	struct dp_action h;
	uint16_t len;
	uint16_t pad;
	uint32_t greater_size; /* bytes of the list for packets longer than 'len' */
	uint32_t less_size;
	uint32_t pad1;
	uint8_t nested[]; /* greater, then less-or-equal */
};

enum {
	DPCT_COMMIT = 1,
	DPCT_FORCE = 2,
	DPCT_NAT = 4,
	DPCT_NAT_SRC = 8,
	DPCT_NAT_DST = 16,
	DPCT_NAT_PERSISTENT = 32,
	DPCT_NAT_HASH = 64,
	DPCT_NAT_RANDOM = 128
};
struct dpa_ct {
	struct dp_action h;
	uint32_t flags;
	uint16_t zone;
	uint16_t pad;
	uint32_t mark, mark_mask;
	be64 label[2], label_mask[2];
	char helper[16];
	char timeout[32];
	struct in6_addr nat_min, nat_max; /* IPv4 as v4-mapped */
	uint16_t nat_min_port, nat_max_port;
	uint32_t pad1;
};

enum tunnel_type {
	TUNNEL_NONE,
	TUNNEL_VXLAN,
	TUNNEL_GRE,
	TUNNEL_GENEVE,
	TUNNEL_IP6GRE,
	TUNNEL_ERSPAN,
	TUNNEL_IP6ERSPAN,
	TUNNEL_GTPU,
	TUNNEL_BAREUDP,
	TUNNEL_SRV6,
	TUNNEL_LISP,
	TUNNEL_STT
};
enum { TUNNEL_PUSH_MAX_BYTES = 512 };
struct dpa_tunnel_push {
	struct dp_action h;
	uint32_t tunnel_port; /* dp port of the tunnel, for its counters */
	uint16_t type;	      /* enum tunnel_type */
	uint16_t header_size; /* Ethernet, IP, UDP or GRE with key.. and options, ready but for
			       * lengths, IPv4 id and header checksum, UDP source port, outer
			       * checksum */
	uint16_t l3_ofs, l4_ofs;
	uint32_t out_port; /* dp port, when the underlay is a bridge of ours; else a DPA_OUTPUT_DEV
			      follows */
	/* What the far end's packets carry: answers to packets that are too big come as if from it.
	 */
	be64 in_id;
	uint16_t in_flags; /* TUN_F_KEY */
	uint16_t pad[3];
	uint8_t header[];
};

/* A list that grows. Zero-initialise, release with dp_actions_fini(). */
struct dp_actions {
	uint8_t *data;
	size_t size, allocated;
};
#define DP_ACTIONS_INIT                                                                            \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
void dp_actions_fini(struct dp_actions *);
void dp_actions_clear(struct dp_actions *);
/* Appends a zeroed record of 'size' bytes, rounded up to 8; valid until the next append. */
void *dp_actions_put(struct dp_actions *, enum dp_action_type, size_t size);
/* Appends whole records made before. */
void dp_actions_append(struct dp_actions *, const void *records, size_t size);
void dp_actions_put_u32(struct dp_actions *, enum dp_action_type, uint32_t value);
void dp_actions_output(struct dp_actions *, uint32_t dp_port);
/* 'value' and 'mask' are struct dps_<what>. Nothing is appended if the mask is zero. */
void dp_actions_set(struct dp_actions *, enum dp_set_what, const void *value, const void *mask,
		    size_t size);
/* Nested lists: begin returns an offset that end takes. */
size_t dp_actions_begin_nested(struct dp_actions *, enum dp_action_type, uint32_t probability);
void dp_actions_end_nested(struct dp_actions *, size_t ofs);

#define DP_ACTION_FOR_EACH(a, data, size_)                                                         \
	for (const struct dp_action *                                                              \
		     a = (const struct dp_action *)(data),                                         \
		    *end_##a = (const struct dp_action *)((const uint8_t *)(data) + (size_));      \
	     a < end_##a; a = (const struct dp_action *)((const uint8_t *)a + a->size))

/* Text as ovs-dpctl(8); port names instead of numbers where 'port_name' (may be NULL) gives one. */
void dp_actions_to_str(const void *data, size_t size,
		       const char *(*port_name)(uint32_t dp_port, void *arg), void *arg,
		       struct str *out);
/* Appends to 'ret', which is unchanged on failure. */
MUST_CHECK int dp_actions_from_str(const char *s, struct dp_actions *ret, struct err *err);
