/* SPDX-License-Identifier: Apache-2.0 */
/* codec: messages as structs and back. A parser takes a message that of_msg_parse() accepted,
 * returns 0 or -enum of_error and fills *ret; lists of actions go into an 'acts' that the caller
 * owns. A builder appends one whole message, headers included; of_msg_end() cannot fail there
 * unless said. */
#pragma once
#include "ofp/action_wire.h"
#include "ofp/flow.h"
#include "ofp/group.h"
#include "ofp/meter.h"
#include "ofp/msg.h"
#include "ofp/packet_io.h"
#include "ofp/port.h"
#include "ofp/switch.h"
#include "ofp/table.h"
#include "ofp/tlv_table.h"

/* -- Session. */
void hello_build(struct bytes *, uint32_t versions, uint32_t xid); /* of the highest version */
uint32_t hello_versions(const struct of_msg *);			   /* what the peer speaks */
void error_build(struct bytes *, int error, const void *request, size_t request_size);
struct of_error_msg {
	enum of_error error; /* 0: unknown */
	struct of_error_code code;
	const uint8_t *payload;
	size_t payload_size;
};
MUST_CHECK int error_parse(const struct of_msg *, struct of_error_msg *ret);
void echo_reply_build(struct bytes *, const struct of_msg *request);
void empty_build(struct bytes *, enum of_msg_id, enum of_msg_kind, enum of_version, uint32_t xid);

struct of_config {
	enum of_frag_mode frag;
	int invalid_ttl; /* 1.1, 1.2 and by extension 1.0: to the controller; -1: not said */
	uint16_t miss_send_len;
};
void config_build(struct bytes *, const struct of_config *, enum of_msg_id, enum of_version,
		  uint32_t xid);
MUST_CHECK int config_parse(const struct of_msg *, struct of_config *ret);

enum of_role { OFROLE_NOCHANGE, OFROLE_EQUAL, OFROLE_PRIMARY, OFROLE_SECONDARY };
struct of_role_msg {
	enum of_role role;
	bool have_generation;
	uint64_t generation_id;
};
MUST_CHECK int role_parse(const struct of_msg *, struct of_role_msg *ret);
void role_build(struct bytes *, const struct of_role_msg *, enum of_msg_id, enum of_version,
		uint32_t xid);
struct of_role_status {
	enum of_role role;
	uint8_t reason; /* 0 primary request, 1 config, 2 experimenter */
	uint64_t generation_id;
};
MUST_CHECK int role_status_parse(const struct of_msg *, struct of_role_status *ret);
bool role_status_build(struct bytes *, const struct of_role_status *,
		       enum of_version); /* false: not known */

/* Which asynchronous messages a session gets: bit of reason, by message and by role. */
enum of_async {
	OFASYNC_PACKET_IN,
	OFASYNC_PORT_STATUS,
	OFASYNC_FLOW_REMOVED,
	OFASYNC_ROLE_STATUS,
	OFASYNC_TABLE_STATUS,
	OFASYNC_REQUESTFORWARD,
	OFASYNC_N
};
struct of_async_config {
	uint32_t primary[OFASYNC_N], secondary[OFASYNC_N];
};
/* What is not said stays as it is in *ret. */
MUST_CHECK int async_parse(const struct of_msg *, struct of_async_config *ret);
void async_build(struct bytes *, const struct of_async_config *, enum of_msg_id, enum of_version,
		 uint32_t xid);
void async_config_default(struct of_async_config *, enum of_version);

/* -- Switch. */
/* Port descriptions follow in 1.0 to 1.2: *ret_ports is at them. */
MUST_CHECK int features_parse(const struct of_msg *, struct of_switch_features *ret,
			      struct cursor *ret_ports);
size_t features_begin(struct bytes *, const struct of_switch_features *,
		      const struct of_msg *request);
bool features_have_ports(enum of_version);
void desc_build(struct bytes *, const struct of_switch_desc *, const struct of_msg *request);
void desc_parse(const struct of_msg *, struct of_switch_desc *ret);

/* -- Ports. */
void port_desc_put(struct bytes *, const struct of_port_desc *, enum of_version);
/* 1: there is none left. */
MUST_CHECK int port_desc_pull(struct cursor *, enum of_version, struct of_port_desc *ret);
MUST_CHECK int port_desc_request_parse(const struct of_msg *, uint32_t *ret_port);
void port_desc_request_build(struct bytes *, enum of_version, uint32_t port, uint32_t xid);
MUST_CHECK int port_stats_request_parse(const struct of_msg *, uint32_t *ret_port);
void port_stats_request_build(struct bytes *, enum of_version, uint32_t port, uint32_t xid);
void port_stats_put(struct bytes *, const struct of_port_stats *, enum of_version);
/* ret->custom is owned by the caller. */
MUST_CHECK int port_stats_pull(struct cursor *, enum of_version, struct of_port_stats *ret);
MUST_CHECK int port_mod_parse(const struct of_msg *, bool loose, struct of_port_mod *ret);
void port_mod_build(struct bytes *, const struct of_port_mod *, enum of_version, uint32_t xid);
MUST_CHECK int port_status_parse(const struct of_msg *, struct of_port_status *ret);
void port_status_build(struct bytes *, const struct of_port_status *, enum of_version);
MUST_CHECK int queue_stats_request_parse(const struct of_msg *, uint32_t *ret_port,
					 uint32_t *ret_queue);
void queue_stats_request_build(struct bytes *, enum of_version, uint32_t port, uint32_t queue,
			       uint32_t xid);
void queue_stats_put(struct bytes *, const struct of_queue_stats *, enum of_version);
MUST_CHECK int queue_stats_pull(struct cursor *, enum of_version, struct of_queue_stats *ret);
MUST_CHECK int queue_config_request_parse(const struct of_msg *, uint32_t *ret_port,
					  uint32_t *ret_queue);
void queue_config_request_build(struct bytes *, enum of_version, uint32_t port, uint32_t queue,
				uint32_t xid);
/* Headers of a reply up to 1.3, which name the port. */
void queue_config_reply_begin(struct bytes *, const struct of_msg *request, uint32_t port);
void queue_config_put(struct bytes *, const struct of_queue_config *, enum of_version);
MUST_CHECK int queue_config_pull(struct cursor *, enum of_version, struct of_queue_config *ret);

/* -- Flows. */
/* 'table_id': the peer names tables in its commands of 1.0 (NXT_FLOW_MOD_TABLE_ID). */
MUST_CHECK int flow_mod_parse(const struct of_msg *, bool table_id, struct flow_mod *ret,
			      struct of_actions *acts);
/* 'protocol': one bit of OFPROTO_*. -EMSGSIZE: too long for a message. */
MUST_CHECK int flow_mod_build(struct bytes *, const struct flow_mod *, uint32_t protocol,
			      uint32_t xid);
MUST_CHECK int flow_stats_request_parse(const struct of_msg *, struct flow_stats_request *ret);
void flow_stats_request_build(struct bytes *, const struct flow_stats_request *, uint32_t protocol,
			      uint32_t xid);
void flow_stats_wire_put(struct bytes *, const struct flow_stats *, const struct of_msg *request);
/* 1: none left. 'm' is the reply; ret->actions point into 'acts', which is cleared. */
MUST_CHECK int flow_stats_pull(const struct of_msg *m, struct cursor *, struct flow_stats *ret,
			       struct of_actions *acts);
void aggregate_build(struct bytes *, const struct aggregate_stats *, const struct of_msg *request);
MUST_CHECK int aggregate_parse(const struct of_msg *, struct aggregate_stats *ret);
MUST_CHECK int flow_removed_parse(const struct of_msg *, struct flow_removed *ret);
void flow_removed_build(struct bytes *, const struct flow_removed *, uint32_t protocol);
/* Monitors. 1: none left. */
MUST_CHECK int flow_monitor_request_pull(const struct of_msg *, struct cursor *,
					 struct flow_monitor_request *ret);
void flow_monitor_request_put(struct bytes *, const struct flow_monitor_request *, enum of_version);
MUST_CHECK int flow_update_pull(const struct of_msg *, struct cursor *, struct flow_update *ret,
				struct of_actions *acts);
void flow_update_put(struct bytes *, const struct flow_update *, enum of_version);

/* -- Packets. */
MUST_CHECK int packet_out_parse(const struct of_msg *, struct packet_out *ret,
				struct of_actions *acts);
void packet_out_build(struct bytes *, const struct packet_out *, enum of_version, uint32_t xid);
struct packet_in_extra { /* what a continuation holds, for printing */
	bool has_continuation;
	struct of_actions actions, action_set;
};
/* 'cont' (may be NULL) gets what is parsed of a continuation; its lists point into 'acts'. */
MUST_CHECK int packet_in_parse(const struct of_msg *, struct packet_in *ret,
			       struct continuation *cont, struct of_actions *acts);
/* 'max_len': bytes of the packet to send. 'cont' NULL: none. */
void packet_in_build(struct bytes *, const struct packet_in *, const struct continuation *cont,
		     enum of_packet_in_format, enum of_version, uint16_t max_len);
/* NXT_RESUME of a packet-in that came with a continuation. */
void resume_build(struct bytes *, const struct packet_in *, enum of_version, uint32_t xid);

/* -- Groups and meters. */
MUST_CHECK int group_mod_parse(const struct of_msg *, struct group_mod *ret);
MUST_CHECK int group_mod_build(struct bytes *, const struct group_mod *, enum of_version,
			       uint32_t xid);
MUST_CHECK int group_request_parse(const struct of_msg *, uint32_t *ret_group);
void group_request_build(struct bytes *, enum of_msg_id, enum of_version, uint32_t group,
			 uint32_t xid);
void group_stats_put(struct bytes *, const struct group_stats *, enum of_version);
MUST_CHECK int group_stats_pull(struct cursor *, enum of_version, struct group_stats *ret);
void group_desc_put(struct bytes *, const struct group_desc *, enum of_version);
MUST_CHECK int group_desc_pull(struct cursor *, enum of_version, struct group_desc *ret);
void group_features_build(struct bytes *, const struct group_features *,
			  const struct of_msg *request);
void group_features_parse(const struct of_msg *, struct group_features *ret);
MUST_CHECK int meter_mod_parse(const struct of_msg *, struct meter_mod *ret);
void meter_mod_build(struct bytes *, const struct meter_mod *, enum of_version, uint32_t xid);
uint32_t meter_request_parse(const struct of_msg *);
void meter_request_build(struct bytes *, enum of_msg_id, enum of_version, uint32_t meter,
			 uint32_t xid);
void meter_config_put(struct bytes *, const struct meter_config *);
MUST_CHECK int meter_config_pull(struct cursor *, struct meter_config *ret);
void meter_stats_put(struct bytes *, const struct meter_stats *);
MUST_CHECK int meter_stats_pull(struct cursor *, struct meter_stats *ret);
void meter_features_build(struct bytes *, const struct meter_features *,
			  const struct of_msg *request);
void meter_features_parse(const struct of_msg *, struct meter_features *ret);

/* -- Tables. */
MUST_CHECK int table_mod_parse(const struct of_msg *, struct table_mod *ret);
void table_mod_build(struct bytes *, const struct table_mod *, enum of_version, uint32_t xid);
void table_stats_put(struct bytes *, const struct table_stats *, const struct table_features *,
		     enum of_version);
MUST_CHECK int table_stats_pull(struct cursor *, enum of_version, struct table_stats *ret,
				struct table_features *ret_features);
void table_desc_put(struct bytes *, const struct table_desc *, enum of_version);
MUST_CHECK int table_desc_pull(struct cursor *, enum of_version, struct table_desc *ret);
void table_features_put(struct bytes *, const struct table_features *, enum of_version);
MUST_CHECK int table_features_pull(struct cursor *, enum of_version, struct table_features *ret);
MUST_CHECK int table_status_parse(const struct of_msg *, struct table_status *ret);
void table_status_build(struct bytes *, const struct table_status *, enum of_version);

/* -- TLV table. */
MUST_CHECK int tlv_table_mod_parse(const struct of_msg *, struct tlv_table_mod *ret);
void tlv_table_mod_build(struct bytes *, const struct tlv_table_mod *, enum of_version,
			 uint32_t xid);
MUST_CHECK int tlv_table_reply_parse(const struct of_msg *, struct tlv_table_reply *ret);
void tlv_table_reply_build(struct bytes *, const struct tlv_table_reply *,
			   const struct of_msg *request);

/* -- Bundles. */
enum of_bundle_control {
	OFBCT_OPEN_REQUEST,
	OFBCT_OPEN_REPLY,
	OFBCT_CLOSE_REQUEST,
	OFBCT_CLOSE_REPLY,
	OFBCT_COMMIT_REQUEST,
	OFBCT_COMMIT_REPLY,
	OFBCT_DISCARD_REQUEST,
	OFBCT_DISCARD_REPLY
};
enum { OFBF_ATOMIC = 1, OFBF_ORDERED = 2 };
struct bundle_control {
	uint32_t bundle_id;
	uint16_t type, flags;
};
struct bundle_add {
	uint32_t bundle_id;
	uint16_t flags;
	const uint8_t *message; /* the one within */
	size_t message_size;
};
void bundle_control_parse(const struct of_msg *, struct bundle_control *ret);
void bundle_control_build(struct bytes *, const struct bundle_control *, enum of_version,
			  uint32_t xid);
MUST_CHECK int bundle_add_parse(const struct of_msg *, struct bundle_add *ret);
MUST_CHECK int bundle_add_build(struct bytes *, const struct bundle_add *, enum of_version,
				uint32_t xid);
