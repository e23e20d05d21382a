/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline: what one bridge does with packets: OpenFlow tables, groups and meters; ports and VLANs,
 * learnt addresses. Bridges of one fast path form a 'struct datapath', so that a patch port crosses
 * from one to another inside one translation, and a tunnel's packet finds the port that it is for.
 *
 * Who calls what:
 *   switchd    makes datapaths and pipelines, gives them ports, bundles, mirrors and settings;
 *   openflow   changes tables, groups and meters (pipeline/table.h, group.h, meter.h), and is told
 * of packet-ins, removed flows and port changes (struct pipeline_events); upcall     asks
 * translate() (pipeline/translate.h) what to do with a missed packet, and asks again when the
 * datapath's 'generation' moved.
 *
 * Threads:   all under the control lock (fastpath/fastpath.h).
 * Lifetime:  owned tree: datapath > pipeline > ports, bundles, tables. Names given are copied.
 * Words:     a 'bundle' is a row of table Port: one interface, or the members of a bond, with their
 *            VLAN settings. An 'ofport' is a row of table Interface seen as an OpenFlow port. */
#pragma once
#include "base/hmap.h"
#include "base/list.h"
#include "base/uuid.h"
#include "fastpath/fastpath.h"
#include "feature/tunnel/tunnel.h"
#include "ofp/switch.h"

struct bundle;
struct datapath;
struct group_table;
struct mac_table;
struct loopguard;
struct meter_table;
struct mirror_table;
struct multicast_table;
struct ofport;
struct pipeline;
struct table_set;

#define DP_PORT_NONE UINT32_MAX

/* ---- datapath ---------------------------------------------------------------------------- */

enum fail_mode { FAIL_STANDALONE, FAIL_SECURE };

/* What a fast path can do, for translations that have a choice ("dpif/show-dp-features"). */
struct datapath_features {
	bool tunnel_push; /* native tunnels: DPA_TUNNEL_PUSH and _POP; else set(tunnel(..)) */
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
	struct hmap ports;	   /* dp_port -> struct ofport, but for tunnels: they share one */
	struct hmap tunnels;	   /* struct tunnel -> struct ofport */
	/* Grows whenever a translation could come out differently: upcall asks again then. */
	uint64_t generation;
	struct datapath_features features;
	struct loop *loop; /* for timers and packets that wait */
	struct recirc_table *recircs;
	/* Of whoever keeps decisions (upcall): 'generation' moved; credit what the fast path
	 * counted so far to rules, groups and ports, since someone is about to read it. May be
	 * NULL. */
	void (*changed)(struct datapath *, void *arg);
	void (*sync_stats)(struct datapath *, void *arg);
	void (*settle)(struct datapath *,
		       void *arg); /* for barriers: all changes are in force after it */
	void *changed_arg;
	struct list node; /* in datapath_all() */
};

struct datapath *datapath_new(const char *type, const char *name, struct loop *);
void datapath_free(struct datapath *); /* its pipelines must be gone */
struct list *datapath_all(void);
struct datapath *datapath_lookup(const char *name); /* "netdev@ovs-netdev", "ovs-netdev"; NULL */
void datapath_touch(struct datapath *);		    /* generation++, and tells 'changed' */
void datapath_sync_stats(struct datapath *);

/* ---- pipeline ---------------------------------------------------------------------------- */

struct pipeline_settings {
	enum fail_mode fail_mode;
	bool fail_open; /* standalone, and controllers are configured but unreachable */
	bool has_controllers;
	bool forward_bpdu;
	bool loop_guard;	     /* feature/loopguard on this bridge's tunnels */
	unsigned mac_idle_s;	     /* 300 */
	unsigned mac_max;	     /* 8192 */
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
	bool protected_ports;	    /* any bundle has 'protected' */
	bool has_sample_collectors; /* sample() actions have somewhere to send to */
	enum of_frag_mode frag_mode;

	const struct of_listener_ops *listener; /* sessions; NULL: none */
	void *listener_arg;
	struct tun_table *tun_table;	   /* Geneve options known by name */
	struct loopguard *loopguard;	   /* NULL: none (no tunnels yet, or switched off) */
	struct guard_announcer *announcer; /* guard.c */
	struct uuid uuid;		   /* what a continuation calls this bridge */
};

struct pipeline *pipeline_new(struct datapath *, const char *name);
void pipeline_free(struct pipeline *);
struct pipeline *pipeline_lookup(const char *name); /* in any datapath; NULL */
void pipeline_set_datapath_id(struct pipeline *, uint64_t);
void pipeline_set_settings(struct pipeline *, const struct pipeline_settings *);
/* What sessions (src/openflow) ask, with the pipeline as 'sw'; and what they are told. */
extern const struct of_switch_ops pipeline_switch_ops;
void pipeline_set_listener(struct pipeline *, const struct of_listener_ops *, void *arg);
/* Prefix fields of one table (Flow_Table.prefixes), names of table and limits. */
struct pipeline_table_settings {
	const char *name;   /* NULL: "" */
	unsigned max_flows; /* UINT_MAX: no limit */
	bool evict;	    /* overflow_policy=evict; else refuse */
	const char *groups; /* eviction groups, "NXM_OF_IN_PORT[],.."; NULL: none */
	const char *const *prefixes;
	size_t n_prefixes;
};
MUST_CHECK int pipeline_set_table(struct pipeline *, uint8_t table_id,
				  const struct pipeline_table_settings *, struct err *);
/* Puts the flow of an unmanaged bridge in (priority 0, NORMAL) or takes everything out. */
void pipeline_flush_flows(struct pipeline *, bool add_normal);
/* Time-outs of flows and learnt addresses; call once a second, on base/clock's time. */
void pipeline_run_second(struct pipeline *);

/* Names of the bridge's ports, for reading and, with 'print', for writing text. Valid with the
 * bridge. */
void pipeline_port_names(struct pipeline *, bool print, struct ofport_names *ret);
/* skb_priority of an OpenFlow queue: what its class of a Linux queueing discipline is called. */
uint32_t pipeline_queue_priority(const struct pipeline *, uint32_t queue);

/* ---- ports ------------------------------------------------------------------------------- */

/* What spanning tree lets a port do. */
enum ofport_stp {
	OFPORT_STP_NONE,
	OFPORT_STP_DISABLED,
	OFPORT_STP_BLOCKING,
	OFPORT_STP_LISTENING,
	OFPORT_STP_LEARNING,
	OFPORT_STP_FORWARDING
};

struct ofport_config {
	const char *name;
	uint32_t ofport;       /* 1 .. OFPORT_MAX-1, or OFPORT_LOCAL */
	struct port *port;     /* NULL: patch port. The pipeline takes a reference. */
	uint32_t dp_port;      /* of the fast path; DP_PORT_NONE for patch ports */
	const char *peer;      /* patch: name of the other end, in a bridge of the same datapath */
	struct tunnel *tunnel; /* NULL: no tunnel; lent until the port is gone */
	bool internal;
	struct eth_addr mac;
	uint32_t mtu;
};

struct ofport_stats {
	uint64_t rx_packets, rx_bytes, tx_packets,
		tx_bytes; /* of patch ports and tunnels: counted here */
};

struct ofport {
	struct hmap_node by_number, by_name;
	struct hmap_node by_dp_port; /* or by tunnel; patch ports: not used */
	int refs;		     /* the pipeline's own, and cached decisions */
	struct pipeline *pipeline;   /* NULL once deleted */
	char *name;
	uint32_t ofport;
	uint32_t dp_port;
	struct port *port;
	char *peer_name;
	struct tunnel *tunnel;
	bool internal;
	struct eth_addr mac;
	uint32_t mtu;
	uint32_t config, state; /* OFPPC_*, OFPPS_* */
	enum ofport_stp stp;
	struct bundle *bundle; /* NULL: in no bundle; NORMAL ignores it */
	struct list bundle_node;
	bool bond_may_enable; /* as the bond sees it */
	int64_t created_ns;
	struct ofport_stats stats;
	void *protocols; /* state of port protocols, by their own tables */
};

/* A number for a new port: 'want' if it is free and not UINT32_MAX, or the next one never used,
 * then the least recently freed. -ENOSPC. */
MUST_CHECK int pipeline_ofport_alloc(struct pipeline *, const char *name, uint32_t want,
				     uint32_t *ret_ofport);
/* Adds the port or changes it. -EEXIST: the number or name is another port's. */
MUST_CHECK int pipeline_port_put(struct pipeline *, const struct ofport_config *, struct err *);
void pipeline_port_del(struct pipeline *, uint32_t ofport);
struct ofport *pipeline_port_lookup(const struct pipeline *, uint32_t ofport); /* NULL */
struct ofport *pipeline_port_lookup_name(const struct pipeline *, const char *name);
struct ofport *datapath_port_lookup(const struct datapath *, uint32_t dp_port);
struct ofport *datapath_tunnel_lookup(const struct datapath *, const struct tunnel *);
struct ofport *ofport_ref(struct ofport *);
void ofport_unref(struct ofport *); /* NULL is fine */
/* OpenFlow's port_mod; link state as the device reports it. Both tell 'port_changed'. */
void ofport_set_config(struct ofport *, uint32_t config, uint32_t mask);
void ofport_set_state(struct ofport *, uint32_t state, uint32_t mask);
void ofport_set_stp(struct ofport *, enum ofport_stp);
struct ofport *ofport_peer(const struct ofport *); /* patch: the other end; NULL */
static inline bool ofport_is_patch(const struct ofport *p) { return p->peer_name != NULL; }

/* ---- bundles ----------------------------------------------------------------------------- */

enum vlan_mode {
	VLAN_ACCESS,
	VLAN_TRUNK,
	VLAN_NATIVE_UNTAGGED,
	VLAN_NATIVE_TAGGED,
	VLAN_DOT1Q_TUNNEL
};
enum priority_tags { PRIORITY_TAGS_NEVER, PRIORITY_TAGS_IF_NONZERO, PRIORITY_TAGS_ALWAYS };

/* A bond's part of translation; feature/bond fills it. */
struct bond_ops {
	/* The member that sends this packet, NULL: drop. May set bits of 'mask' that it looked at.
	 */
	struct ofport *(*choose_output)(void *bond, const struct flow_key *, struct flow_key *mask,
					uint16_t vlan);
	/* May a packet be received on 'member'? Else it is dropped (inactive member, our own
	 * flood). */
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
	struct uuid uuid;
	const char *const *src,
		*const *dst; /* bundle names; both empty and !select_all: by VLAN only */
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
	const char *name;
	uint16_t slow; /* DP_SLOW_*: as slow_path(..) prints it */
	/* Is the frame for us? Sets the bits of 'mask' that decided, for the answer no as well. */
	bool (*wants)(const struct ofport *, const struct flow_key *, struct flow_key *mask);
	/* The frame itself; lent. Not called when tracing. */
	void (*receive)(struct ofport *, const struct flow_key *, const struct packet *);
};
void port_protocol_register(const struct port_protocol *);

/* ofproto/, fdb/, bridge/dump-flows: control commands of this folder. Once. */
void pipeline_commands_register(void);
