/* SPDX-License-Identifier: Apache-2.0 */
/* switch: what OpenFlow sessions ask of a bridge, as a table of functions that src/pipeline fills,
 * and what the bridge tells its sessions, as a table that src/openflow fills. It lies here since
 * both folders include it and neither the other.
 *
 * Threads: control lock held. Functions that change something return 0 or -enum of_error and change
 * nothing on failure. Structs handed to callbacks are borrowed for the call. */
#pragma once
#include "base/list.h"
#include "ofp/error.h"
#include "ofp/flow.h"
#include "ofp/group.h"
#include "ofp/meter.h"
#include "ofp/packet_io.h"
#include "ofp/port.h"
#include "ofp/table.h"
#include "ofp/tlv_table.h"

struct of_switch_features {
	uint64_t datapath_id;
	uint32_t n_buffers;
	uint8_t n_tables, auxiliary_id;
	uint32_t capabilities; /* OFPC_*: numbering of 1.1 and, for ARP_MATCH_IP and STP, of 1.0 */
	uint64_t actions;      /* bit of OFPAT of 1.0 */
};
enum {
	OFPC_FLOW_STATS = 1 << 0,
	OFPC_TABLE_STATS = 1 << 1,
	OFPC_PORT_STATS = 1 << 2,
	OFPC_GROUP_STATS = 1 << 3,
	OFPC_IP_REASM = 1 << 5,
	OFPC_QUEUE_STATS = 1 << 6,
	OFPC_ARP_MATCH_IP = 1 << 7, /* 1.0, 1.1 */
	OFPC_PORT_BLOCKED = 1 << 8, /* 1.2+ */
	OFPC_BUNDLES = 1 << 9,	    /* 1.4+ */
	OFPC_FLOW_MONITORING = 1 << 10,
	OFPC_STP = 1 << 30, /* 1.0 only */
};
struct of_switch_desc {
	char mfr_desc[256], hw_desc[256], sw_desc[256], serial_num[32], dp_desc[256];
};
enum of_frag_mode { OFPC_FRAG_NORMAL, OFPC_FRAG_DROP, OFPC_FRAG_REASM, OFPC_FRAG_NX_MATCH };

/* One change of a bundle; the union's structs are owned by the bundle. */
enum of_change_type { OF_CHANGE_FLOW, OF_CHANGE_GROUP, OF_CHANGE_PORT, OF_CHANGE_PACKET_OUT };
struct of_change {
	enum of_change_type type;
	uint32_t xid;
	union {
		struct flow_mod *flow;
		struct group_mod *group;
		struct of_port_mod *port;
		struct packet_out *packet_out;
	};
};

struct of_origin { /* who changes; NULL in calls: the switch itself */
	void *session;
	uint32_t xid;
	enum of_version version;
};

struct of_switch_ops {
	/* Called before a message is read: sets what a thread has of its own (tun_table_current).
	 */
	void (*enter)(void *sw);

	/* What the switch is. */
	void (*get_features)(void *sw, struct of_switch_features *ret);
	void (*get_desc)(void *sw, struct of_switch_desc *ret);
	enum of_frag_mode (*get_frag_mode)(void *sw);
	int (*set_frag_mode)(void *sw, enum of_frag_mode);

	/* Ports. 'port' OFPORT_NONE: all, in ascending order. -OFPBRC_BAD_PORT for one that is not.
	 */
	int (*for_each_port)(void *sw, uint32_t port,
			     void (*cb)(const struct of_port_desc *, void *arg), void *arg);
	int (*for_each_port_stats)(void *sw, uint32_t port,
				   void (*cb)(const struct of_port_stats *, void *arg), void *arg);
	int (*port_mod)(void *sw, const struct of_port_mod *);
	int (*for_each_queue_stats)(void *sw, uint32_t port, uint32_t queue,
				    void (*cb)(const struct of_queue_stats *, void *arg),
				    void *arg);
	int (*for_each_queue_config)(void *sw, uint32_t port,
				     void (*cb)(const struct of_queue_config *, void *arg),
				     void *arg);

	/* Flows. The callback's struct holds actions of the flow, borrowed. Order: by table, else
	 * free. */
	int (*flow_mod)(void *sw, const struct flow_mod *, const struct of_origin *);
	int (*for_each_flow)(void *sw, const struct flow_stats_request *,
			     void (*cb)(const struct flow_stats *, void *arg), void *arg);
	int (*aggregate)(void *sw, const struct flow_stats_request *, struct aggregate_stats *ret);
	/* All of them at one moment, or none; *ret_failed is the index of the one refused. */
	int (*commit)(void *sw, const struct of_change *, size_t n, bool atomic,
		      const struct of_origin *, size_t *ret_failed);

	/* Tables. */
	int (*for_each_table_features)(void *sw,
				       void (*cb)(const struct table_features *, void *arg),
				       void *arg);
	int (*for_each_table_desc)(void *sw, void (*cb)(const struct table_desc *, void *arg),
				   void *arg);
	int (*for_each_table_stats)(void *sw, void (*cb)(const struct table_stats *, void *arg),
				    void *arg);
	int (*table_mod)(void *sw, const struct table_mod *);

	/* Groups: OFPG_ALL: all, ascending. Meters: OFPM_ALL. */
	int (*group_mod)(void *sw, const struct group_mod *, const struct of_origin *);
	int (*for_each_group_desc)(void *sw, uint32_t group,
				   void (*cb)(const struct group_desc *, void *arg), void *arg);
	int (*for_each_group_stats)(void *sw, uint32_t group,
				    void (*cb)(const struct group_stats *, void *arg), void *arg);
	void (*get_group_features)(void *sw, struct group_features *ret);
	int (*meter_mod)(void *sw, const struct meter_mod *);
	int (*for_each_meter_config)(void *sw, uint32_t meter,
				     void (*cb)(const struct meter_config *, void *arg), void *arg);
	int (*for_each_meter_stats)(void *sw, uint32_t meter,
				    void (*cb)(const struct meter_stats *, void *arg), void *arg);
	void (*get_meter_features)(void *sw, struct meter_features *ret);

	/* Packets. */
	int (*packet_out)(void *sw, const struct packet_out *);
	int (*resume)(void *sw, const struct packet_in *);

	/* Geneve options. */
	int (*tlv_table_mod)(void *sw, const struct tlv_table_mod *);
	void (*get_tlv_table)(void *sw, struct tlv_table_reply *ret); /* caller frees mappings */

	/* Ends when all earlier changes are in force for packets: the fast path's revalidation.
	 * True: at once; else 'done' is called later. */
	bool (*barrier)(void *sw, void (*done)(void *arg), void *arg);
};

/* What the bridge tells its sessions; a bridge without sessions has NULL there. */
struct of_listener_ops {
	/* 'controller_id' and 'max_len' as the action says; pin->packet is whole. */
	void (*packet_in)(void *listener, const struct packet_in *, uint16_t controller_id,
			  uint16_t max_len);
	void (*flow_removed)(void *listener, const struct flow_removed *);
	void (*port_status)(void *listener, const struct of_port_status *);
	void (*table_status)(void *listener, const struct table_status *);
	/* For flow monitors: after each change; 'origin' NULL: by the switch. 'update' has no xid.
	 */
	void (*flow_update)(void *listener, const struct flow_update *, const struct of_origin *);
	/* 1.4 requestforward. */
	void (*group_changed)(void *listener, const struct group_mod *, const struct of_origin *);
	void (*meter_changed)(void *listener, const struct meter_mod *, const struct of_origin *);
	/* Is anybody there who wants packet-ins of this reason? Lets translation drop early. */
	bool (*wants_packet_in)(void *listener, enum of_packet_in_reason, uint16_t controller_id);
	/* Is at least one primary or equal controller connected (fail modes)? */
	bool (*is_connected)(void *listener);
};
