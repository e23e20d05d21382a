/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline: what one bridge does with packets: OpenFlow tables, groups and meters; ports and VLANs,
 * learnt addresses. Bridges of one fast path form a 'struct datapath', so that a patch port crosses
 * from one to another inside one translation, and a tunnel's packet finds the port that it is for.
 *
 * Who calls what:
 *   switchd    makes datapaths and pipelines, gives them ports, bundles, mirrors and settings;
 *   openflow   changes tables, groups and meters (pipeline/table.h, group.h, meter.h), and is told of
 *              packet-ins, removed flows and port changes (struct pipeline_events);
 *   upcall     asks translate() (pipeline/translate.h) what to do with a missed packet, and asks again
 *              when the datapath's 'generation' moved.
 *
 * Threads:   all under the control lock (fastpath/fastpath.h).
 * Lifetime:  owned tree: datapath > pipeline > ports, bundles, tables. Names given are copied.
 * Words:     a 'bundle' is a row of table Port: one interface, or the members of a bond, with their
 *            VLAN settings. An 'ofport' is a row of table Interface seen as an OpenFlow port. */
#pragma once
#include "base/hmap.h"
#include "base/list.h"
#include "fastpath/fastpath.h"

struct bundle;
struct datapath;
struct group_table;
struct mac_table;
struct match;
struct meter_table;
struct mirror_table;
struct multicast_table;
struct ofport;
struct pipeline;
struct table_set;
struct tunnel_config; /* feature/tunnel's: one tunnel port's parsed options */

/* OpenFlow port numbers, 32-bit as in OpenFlow 1.1+; 1.0's 16-bit ones are mapped by ofp/. */
enum {
	OFPORT_MAX = 0xff00,	  /* first number that is no port: reserved ones lie above */
	OFPORT_UNSET = 0xfff7,
	OFPORT_IN_PORT = 0xfff8,
	OFPORT_TABLE = 0xfff9,
	OFPORT_NORMAL = 0xfffa,
	OFPORT_FLOOD = 0xfffb,
	OFPORT_ALL = 0xfffc,
	OFPORT_CONTROLLER = 0xfffd,
	OFPORT_LOCAL = 0xfffe,
	OFPORT_NONE = 0xffff,
};
#define DP_PORT_NONE UINT32_MAX

/* ---- datapath ---------------------------------------------------------------------------- */

enum fail_mode { FAIL_STANDALONE, FAIL_SECURE };

/* What a fast path can do, for translations that have a choice ("dpif/show-dp-features"). */
struct datapath_features {
	bool tunnel_push;   /* native tunnels: DPA_TUNNEL_PUSH and _POP; else set(tunnel(..)) */
	bool masked_set;
	bool sample_nested; /* sample inside sample and clone */
	bool clone;
	bool check_pkt_len;
	bool explicit_drop; /* DPA_DROP instead of an empty list */
	bool ct;	    /* a connection tracker: without it flows with ct() are refused */
	bool ct_state, ct_zone, ct_mark, ct_label, ct_nat;
	bool dec_ttl;
	bool lb_output;
	uint8_t max_vlans, max_mpls;
	uint32_t max_hash_alg;
};

struct datapath {
	char *type;		   /* "system", "netdev" */
	char *name;		   /* "ovs-system", "ovs-netdev" */
	struct fastpath *fastpath; /* NULL until set: translation works without */
	struct list pipelines;	   /* of struct pipeline, in order of creation */
	struct hmap ports;	   /* dp_port -> struct ofport; tunnels are found by their key */
	/* Grows whenever a translation could come out differently: upcall asks again then. */
	uint64_t generation;
	struct datapath_features features;
	const struct tunnel_ops *tunnel_ops;
	void *tunnel_arg;
	struct recirc_table *recircs;
	void (*changed)(struct datapath *, void *arg); /* 'generation' moved; may be NULL */
	void *changed_arg;
	struct list node; /* in datapath_all() */
};

struct datapath *datapath_new(const char *type, const char *name);
void datapath_free(struct datapath *); /* its pipelines must be gone */
struct list *datapath_all(void);
struct datapath *datapath_lookup(const char *name); /* "netdev@ovs-netdev", "ovs-netdev"; NULL */
void datapath_touch(struct datapath *); /* generation++, and tells 'changed' */

/* ---- pipeline ---------------------------------------------------------------------------- */

/* A packet for controllers. All pointers are lent. */
struct packet_in {
	const struct packet *packet;
	const struct flow_key *key; /* metadata and registers as at the action */
	uint32_t in_port;
	uint8_t table_id;
	uint8_t reason; /* OFPR_* */
	uint16_t max_len;
	uint16_t controller_id;
	be64 cookie; /* all ones: no rule */
	uint32_t provider_meter; /* 0: none */
	const void *userdata;
	size_t userdata_size;
	bool miss;		      /* table miss without a rule: goes only to who wants it */
	struct continuation *continuation; /* pause: taken over by the receiver; else NULL */
};

struct rule;

/* Told to the openflow module. Any function may be NULL. */
struct pipeline_events {
	void (*packet_in)(struct pipeline *, const struct packet_in *, void *arg);
	/* reason: OFPRR_*. The rule is no longer in its table but still whole. */
	void (*flow_removed)(struct pipeline *, const struct rule *, uint8_t reason, void *arg);
	void (*flow_changed)(struct pipeline *, const struct rule *, int event, void *arg);
	void (*port_changed)(struct pipeline *, const struct ofport *, int reason, void *arg);
	void (*table_vacancy)(struct pipeline *, uint8_t table_id, bool up, void *arg);
};

struct pipeline_settings {
	enum fail_mode fail_mode;
	bool fail_open;		/* standalone, and controllers are configured but unreachable */
	bool has_controllers;
	bool forward_bpdu;
	unsigned mac_idle_s;	/* 300 */
	unsigned mac_max;	/* 8192 */
	const uint64_t *flood_vlans; /* bitmap of 4096; copied; NULL: none */
	unsigned max_flows_table0;
	bool multicast_snooping;
	bool frag_drop, frag_reassemble;
};

struct pipeline {
	char *name;
	struct datapath *datapath;
	uint64_t datapath_id;
	struct list node; /* in datapath->pipelines */

	struct hmap ports; /* struct ofport by number */
	struct hmap ports_by_name;
	struct hmap bundles; /* struct bundle by name */
	struct list bundles_in_order;
	uint32_t last_ofport;

	struct table_set *tables;
	struct group_table *groups;
	struct meter_table *meters;
	struct mac_table *macs;
	struct mirror_table *mirrors;
	struct multicast_table *multicast; /* NULL: no snooping */
	uint64_t flood_vlans[64];
	struct pipeline_settings settings;
	bool protected_ports; /* any bundle has 'protected' */

	const struct pipeline_events *events;
	void *events_arg;
	uint64_t uuid[2]; /* stable name for recirculation and continuations */
};

struct pipeline *pipeline_new(struct datapath *, const char *name);
void pipeline_free(struct pipeline *);
struct pipeline *pipeline_lookup(const char *name); /* in any datapath; NULL */
void pipeline_set_datapath_id(struct pipeline *, uint64_t);
void pipeline_set_settings(struct pipeline *, const struct pipeline_settings *);
void pipeline_set_events(struct pipeline *, const struct pipeline_events *, void *arg);
/* Puts the flow of an unmanaged bridge in (priority 0, NORMAL) or takes everything out. */
void pipeline_flush_flows(struct pipeline *, bool add_normal);
/* Time-outs of flows and learnt addresses; call once a second, on base/clock's time. */
void pipeline_run_second(struct pipeline *);

/* ---- ports ------------------------------------------------------------------------------- */

/* OFPPC_*, OFPPS_* of OpenFlow 1.0 / 1.4, the ones that the pipeline looks at. */
enum {
	OFPORT_CFG_DOWN = 1 << 0,
	OFPORT_CFG_NO_STP = 1 << 1,
	OFPORT_CFG_NO_RECV = 1 << 2,
	OFPORT_CFG_NO_RECV_STP = 1 << 3,
	OFPORT_CFG_NO_FLOOD = 1 << 4,
	OFPORT_CFG_NO_FWD = 1 << 5,
	OFPORT_CFG_NO_PACKET_IN = 1 << 6,
};
enum { OFPORT_STATE_LINK_DOWN = 1 << 0, OFPORT_STATE_BLOCKED = 1 << 1, OFPORT_STATE_LIVE = 1 << 2 };

/* What spanning tree (or the loop guard) lets a port do. */
enum ofport_stp { OFPORT_STP_NONE, OFPORT_STP_DISABLED, OFPORT_STP_BLOCKING, OFPORT_STP_LISTENING,
		  OFPORT_STP_LEARNING, OFPORT_STP_FORWARDING };

struct ofport_config {
	const char *name;
	uint32_t ofport;     /* 1 .. OFPORT_MAX-1, or OFPORT_LOCAL */
	struct port *port;   /* NULL: patch port. The pipeline takes a reference. */
	uint32_t dp_port;    /* of the fast path; DP_PORT_NONE for patch ports */
	const char *peer;    /* patch: name of the other end, in a bridge of the same datapath */
	const struct tunnel_config *tunnel; /* NULL: no tunnel; lent until the port is gone */
	bool internal;
	struct eth_addr mac;
	uint32_t mtu;
};

struct ofport_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes; /* of patch ports and tunnels: counted here */
};

struct ofport {
	struct hmap_node by_number, by_name, by_dp_port;
	struct pipeline *pipeline;
	char *name;
	uint32_t ofport;
	uint32_t dp_port;
	struct port *port;
	char *peer_name;
	const struct tunnel_config *tunnel;
	bool internal;
	struct eth_addr mac;
	uint32_t mtu;
	uint32_t config, state;
	enum ofport_stp stp;
	/* The loop guard: frames between two ports of the same non-zero group are not forwarded
	 * (split horizon) while either is 'isolated'. Set by ofport_set_isolated(). */
	uint32_t isolation_group;
	bool isolated;
	struct bundle *bundle;	   /* NULL: in no bundle; NORMAL ignores it */
	struct list bundle_node;
	bool bond_may_enable;	   /* as the bond sees it */
	int64_t created_ns;
	struct ofport_stats stats;
	void *protocols;	   /* state of port protocols, by their own tables */
};

/* A number for a new port: 'want' if it is free and not UINT32_MAX, or the next one never used, then
 * the least recently freed. -ENOSPC. */
MUST_CHECK int pipeline_ofport_alloc(struct pipeline *, const char *name, uint32_t want,
				     uint32_t *ret_ofport);
/* Adds the port or changes it. -EEXIST: the number or name is another port's. */
MUST_CHECK int pipeline_port_put(struct pipeline *, const struct ofport_config *, struct err *);
void pipeline_port_del(struct pipeline *, uint32_t ofport);
struct ofport *pipeline_port_lookup(const struct pipeline *, uint32_t ofport); /* NULL */
struct ofport *pipeline_port_lookup_name(const struct pipeline *, const char *name);
struct ofport *datapath_port_lookup(const struct datapath *, uint32_t dp_port);
/* OpenFlow's port_mod; link state as the device reports it. Both tell 'port_changed'. */
void ofport_set_config(struct ofport *, uint32_t config, uint32_t mask);
void ofport_set_state(struct ofport *, uint32_t state, uint32_t mask);
void ofport_set_stp(struct ofport *, enum ofport_stp);
void ofport_set_isolated(struct ofport *, uint32_t group, bool isolated);
struct ofport *ofport_peer(const struct ofport *); /* patch: the other end; NULL */
static inline bool ofport_is_patch(const struct ofport *p) { return p->peer_name != NULL; }

/* ---- bundles ----------------------------------------------------------------------------- */

enum vlan_mode { VLAN_ACCESS, VLAN_TRUNK, VLAN_NATIVE_UNTAGGED, VLAN_NATIVE_TAGGED, VLAN_DOT1Q_TUNNEL };
enum priority_tags { PRIORITY_TAGS_NEVER, PRIORITY_TAGS_IF_NONZERO, PRIORITY_TAGS_ALWAYS };

/* A bond's part of translation; feature/bond fills it. */
struct bond_ops {
	/* The member that sends this packet, NULL: drop. May set bits of 'mask' that it looked at. */
	struct ofport *(*choose_output)(void *bond, const struct flow_key *, struct flow_key *mask,
					uint16_t vlan);
	/* May a packet be received on 'member'? Else it is dropped (inactive member, our own flood). */
	bool (*admit)(void *bond, const struct ofport *member, struct eth_addr dst);
	bool (*is_tcp_balanced)(void *bond);
	/* Balances by dp_hash and recirculation: its id and hash basis, or false. */
	bool (*recirc)(void *bond, uint32_t *ret_recirc_id, uint32_t *ret_basis);
	void (*account)(void *bond, const struct flow_key *, uint16_t vlan, uint64_t n_bytes);
};

struct bundle_config {
	const char *name;
	const uint32_t *ofports; /* numbers of its members */
	size_t n_ofports;
	enum vlan_mode vlan_mode;
	int vlan;		 /* access and native: 0..4095; -1: none */
	const uint64_t *trunks;	 /* bitmap of 4096, copied; NULL: all VLANs */
	const uint64_t *cvlans;	 /* dot1q-tunnel: customer VLANs; NULL: all */
	uint16_t qinq_ethertype; /* host order; 0: 0x88a8 */
	enum priority_tags priority_tags;
	bool is_protected;
	const struct bond_ops *bond; /* NULL: one member */
	void *bond_arg;
};

struct bundle {
	struct hmap_node node;
	struct list order_node;
	struct pipeline *pipeline;
	char *name;
	struct list ports; /* struct ofport.bundle_node */
	enum vlan_mode vlan_mode;
	int vlan;
	uint64_t *trunks, *cvlans; /* NULL: all */
	uint16_t qinq_ethertype;
	enum priority_tags priority_tags;
	bool is_protected;
	const struct bond_ops *bond;
	void *bond_arg;
	uint32_t mirror_src, mirror_dst, mirror_out; /* bits of mirrors */
};

MUST_CHECK int pipeline_bundle_put(struct pipeline *, const struct bundle_config *, struct err *);
void pipeline_bundle_del(struct pipeline *, const char *name);
struct bundle *pipeline_bundle_lookup(const struct pipeline *, const char *name);

/* ---- mirrors ----------------------------------------------------------------------------- */

struct mirror_config {
	const char *name;
	uint64_t uuid[2];
	const char *const *src, *const *dst; /* bundle names; both empty and !select_all: by VLAN only */
	size_t n_src, n_dst;
	bool select_all;
	const uint64_t *vlans;	/* bitmap of 4096; NULL: all */
	const char *out_bundle; /* NULL: out_vlan */
	int out_vlan;		/* -1: none */
	uint16_t snaplen;	/* 0: whole */
};
MUST_CHECK int pipeline_mirror_put(struct pipeline *, const struct mirror_config *, struct err *);
void pipeline_mirror_del(struct pipeline *, const char *name);
MUST_CHECK int pipeline_mirror_stats(const struct pipeline *, const char *name,
				     uint64_t *ret_packets, uint64_t *ret_bytes);

/* ---- what is called from here and lies elsewhere ------------------------------------------ */

/* Protocols that own frames on a port and see them before the tables: BPDUs, LACP, CFM, BFD, LLDP,
 * loop probes. Registered once at start. */
struct port_protocol {
	const char *name; /* as slow_path(name) prints */
	/* Is the frame for us? Sets the bits of 'mask' that decided, for the answer no as well. */
	bool (*wants)(const struct ofport *, const struct flow_key *, struct flow_key *mask);
	/* The frame itself; lent. Not called when tracing. */
	void (*receive)(struct ofport *, const struct flow_key *, const struct packet *);
};
void port_protocol_register(const struct port_protocol *);

/* Tunnels, from feature/tunnel. */
struct tunnel_ops {
	/* The port that a packet with key->tunnel, received on fast path port key->dp_port, is for; NULL:
	 * none. Sets the bits of mask->tunnel that decided. */
	struct ofport *(*input)(const struct flow_key *, struct flow_key *mask, void *arg);
	/* Fills key->tunnel for sending by 'out' (options, and what the flow set for "flow" ones) and
	 * appends the actions that send: set(tunnel) and output, or header push and device output. 'mask'
	 * gets the bits that decided. -EAGAIN: the next hop is being resolved and the packet should go by
	 * the slow path once more; other errors: 'ret_reason' is a static text for trace. */
	MUST_CHECK int (*output)(const struct ofport *out, struct flow_key *, struct flow_key *mask,
				 struct dp_actions *, const char **ret_reason, void *arg);
	/* "encap through"-style lines of trace, dpif/show's options text: "(gre: remote_ip=1.2.3.4)". */
	void (*describe)(const struct ofport *, struct str *out, void *arg);
};
void datapath_set_tunnel_ops(struct datapath *, const struct tunnel_ops *, void *arg);
