/* SPDX-License-Identifier: Apache-2.0 */
/* msg: the frame of a message: which one it is, of what version, and its body. One message may have
 * several forms on the wire (OpenFlow's own, Nicira's, ONF's), listed in msg_list.inc; decoders get
 * the message's identity and look at the form where the layouts differ.
 * OpenFlow 1.0 5.1; 1.5 7.1, 7.3.5, 7.5.5. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "ofp/bytes.h"
#include "ofp/version.h"

enum { OF_HEADER_SIZE = 8, OF_MSG_MAX = 65535 };
#define NX_VENDOR_ID 0x2320u
#define ONF_VENDOR_ID 0x4f4e4600u

enum of_msg_id {
	OFMSG_NONE,
	OFMSG_HELLO,
	OFMSG_ERROR,
	OFMSG_ECHO_REQUEST,
	OFMSG_ECHO_REPLY,
	OFMSG_FEATURES_REQUEST,
	OFMSG_FEATURES_REPLY,
	OFMSG_GET_CONFIG_REQUEST,
	OFMSG_GET_CONFIG_REPLY,
	OFMSG_SET_CONFIG,
	OFMSG_PACKET_IN,
	OFMSG_FLOW_REMOVED,
	OFMSG_PORT_STATUS,
	OFMSG_PACKET_OUT,
	OFMSG_FLOW_MOD,
	OFMSG_PORT_MOD,
	OFMSG_GROUP_MOD,
	OFMSG_TABLE_MOD,
	OFMSG_BARRIER_REQUEST,
	OFMSG_BARRIER_REPLY,
	OFMSG_QUEUE_GET_CONFIG_REQUEST,
	OFMSG_QUEUE_GET_CONFIG_REPLY,
	OFMSG_ROLE_REQUEST,
	OFMSG_ROLE_REPLY,
	OFMSG_GET_ASYNC_REQUEST,
	OFMSG_GET_ASYNC_REPLY,
	OFMSG_SET_ASYNC,
	OFMSG_METER_MOD,
	OFMSG_ROLE_STATUS,
	OFMSG_TABLE_STATUS,
	OFMSG_REQUESTFORWARD,
	OFMSG_BUNDLE_CONTROL,
	OFMSG_BUNDLE_ADD_MESSAGE,
	OFMSG_STAT_DESC_REQUEST,
	OFMSG_STAT_FLOW_REQUEST,
	OFMSG_STAT_AGGREGATE_REQUEST,
	OFMSG_STAT_TABLE_REQUEST,
	OFMSG_STAT_PORT_REQUEST,
	OFMSG_STAT_QUEUE_REQUEST,
	OFMSG_STAT_GROUP_REQUEST,
	OFMSG_STAT_GROUP_DESC_REQUEST,
	OFMSG_STAT_GROUP_FEATURES_REQUEST,
	OFMSG_STAT_METER_REQUEST,
	OFMSG_STAT_METER_CONFIG_REQUEST,
	OFMSG_STAT_METER_FEATURES_REQUEST,
	OFMSG_STAT_TABLE_FEATURES_REQUEST,
	OFMSG_STAT_PORT_DESC_REQUEST,
	OFMSG_STAT_TABLE_DESC_REQUEST,
	OFMSG_STAT_QUEUE_DESC_REQUEST,
	OFMSG_STAT_FLOW_MONITOR_REQUEST,
	OFMSG_STAT_DESC_REPLY,
	OFMSG_STAT_FLOW_REPLY,
	OFMSG_STAT_AGGREGATE_REPLY,
	OFMSG_STAT_TABLE_REPLY,
	OFMSG_STAT_PORT_REPLY,
	OFMSG_STAT_QUEUE_REPLY,
	OFMSG_STAT_GROUP_REPLY,
	OFMSG_STAT_GROUP_DESC_REPLY,
	OFMSG_STAT_GROUP_FEATURES_REPLY,
	OFMSG_STAT_METER_REPLY,
	OFMSG_STAT_METER_CONFIG_REPLY,
	OFMSG_STAT_METER_FEATURES_REPLY,
	OFMSG_STAT_TABLE_FEATURES_REPLY,
	OFMSG_STAT_PORT_DESC_REPLY,
	OFMSG_STAT_TABLE_DESC_REPLY,
	OFMSG_STAT_QUEUE_DESC_REPLY,
	OFMSG_STAT_FLOW_MONITOR_REPLY,
	OFMSG_SET_FLOW_FORMAT,
	OFMSG_FLOW_MOD_TABLE_ID,
	OFMSG_SET_PACKET_IN_FORMAT,
	OFMSG_FLOW_AGE,
	OFMSG_SET_CONTROLLER_ID,
	OFMSG_FLOW_MONITOR_CANCEL,
	OFMSG_FLOW_MONITOR_PAUSED,
	OFMSG_FLOW_MONITOR_RESUMED,
	OFMSG_TLV_TABLE_MOD,
	OFMSG_TLV_TABLE_REQUEST,
	OFMSG_TLV_TABLE_REPLY,
	OFMSG_SET_ASYNC_CONFIG2,
	OFMSG_RESUME,
	OFMSG_CT_FLUSH_ZONE,
	OFMSG_CT_FLUSH,
	OFMSG_STAT_IPFIX_BRIDGE_REQUEST,
	OFMSG_STAT_IPFIX_FLOW_REQUEST,
	OFMSG_STAT_IPFIX_BRIDGE_REPLY,
	OFMSG_STAT_IPFIX_FLOW_REPLY,
	OFMSG_N_IDS
};

/* How a form is numbered. */
enum of_msg_kind {
	OFK_ANY, /* in calls: the first that the version has */
	OFK_OFPT,
	OFK_STAT_REQUEST,
	OFK_STAT_REPLY,
	OFK_NXT,
	OFK_ONFT,
	OFK_NXST_REQUEST,
	OFK_NXST_REPLY,
	OFK_ONFST_REQUEST,
	OFK_ONFST_REPLY,
};

struct of_msg_form {
	enum of_msg_id id;
	const char *name;
	enum of_msg_kind kind;
	uint32_t number;
	enum of_version min_version, max_version;
	uint16_t min_size, multiple;
};

struct of_msg {
	const struct of_msg_form *form; /* NULL: unknown */
	enum of_msg_id id;
	enum of_version version;
	uint8_t type; /* of the header */
	uint32_t xid;
	uint16_t stat_flags; /* OFPSF_MORE */
	const uint8_t *body; /* behind all headers */
	size_t body_size;
	const uint8_t *data; /* the whole message */
	size_t size;
};
enum { OFPSF_MORE = 1 };

/* Length field of a header; 'p' has OF_HEADER_SIZE bytes. Below OF_HEADER_SIZE: broken stream. */
static inline size_t of_msg_size(const void *p) { return get_be16((const char *)p + 2); }
/* 'data' holds exactly one message. 0, or -enum of_error with as much of *ret filled as is known.
 */
MUST_CHECK int of_msg_parse(const void *data, size_t size, struct of_msg *ret);
static inline struct cursor of_msg_cursor(const struct of_msg *m)
{
	return cursor_of(m->body, m->body_size);
}
bool of_msg_is_stat(const struct of_msg *);
bool of_msg_is_reply(const struct of_msg *);

/* Puts the headers; returns where the message begins in 'b', for of_msg_end(). The version has the
 * message in this kind of form, or the process ends. */
size_t of_msg_begin(struct bytes *b, enum of_msg_id, enum of_msg_kind, enum of_version,
		    uint32_t xid);
/* Fills in the length. -EMSGSIZE: more than 64 KB; the buffer is cut back to 'start'. */
MUST_CHECK int of_msg_end(struct bytes *b, size_t start);
bool of_msg_has_form(enum of_msg_id, enum of_msg_kind, enum of_version);
size_t of_msg_header_size(const struct of_msg_form *, enum of_version);
/* The reply in the form that answers a request; for multipart and role, config ... */
size_t of_msg_begin_reply(struct bytes *b, const struct of_msg *request);

/* A multipart reply of many records: begins further messages where one would be full. */
struct multipart {
	struct bytes *out;
	const struct of_msg *request;
	size_t start; /* of the current message */
};
void multipart_begin(struct multipart *, struct bytes *out, const struct of_msg *request);
/* Call after each record; 'record_start' is where in out->data it began. */
void multipart_added(struct multipart *, size_t record_start);
void multipart_end(struct multipart *);

/* "NXT_FLOW_MOD (xid=0x1):", "OFPT_FLOW_MOD (OF1.3) (xid=0x2):" */
void of_msg_put_name(const struct of_msg *, struct str *out);
