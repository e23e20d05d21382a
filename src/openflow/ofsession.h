/* SPDX-License-Identifier: Apache-2.0 */
/* ofsession: one OpenFlow connection of a bridge, and the server that holds them. For this folder
 * only. Reading order: server.c (who connects), ofsession.c (which message goes where), then one
 * file a family of messages; async.c is what the switch sends unasked. */
#pragma once
#include "base/list.h"
#include "io/stream.h"
#include "ofp/codec.h"
#include "openflow/connection.h"
#include "openflow/openflow.h"

enum {
	SESSION_BACKLOG_MAX = 1024 * 1024,	/* above it no further request is read */
	SESSION_ASYNC_BACKLOG_MAX = 512 * 1024, /* above it packet-ins are dropped */
	SESSION_MONITORS_MAX = 1024,
	SESSION_BUNDLES_MAX = 64,
	BUNDLE_CHANGES_MAX = 1000000,
};

enum ofsession_kind {
	SESSION_CONTROLLER, /* of table Controller: gets packet-ins from the start */
	SESSION_SERVICE,    /* BRIDGE.mgmt, passive listeners: only when it asks */
	SESSION_SNOOP,	    /* BRIDGE.snoop: is told what controllers and we say */
};

struct ofsession {
	struct openflow_server *server;
	struct controller *controller; /* NULL: came over a socket of ours */
	struct connection *conn;
	struct list node;
	enum ofsession_kind kind;
	enum of_role role;
	struct of_async_config async;
	uint16_t miss_send_len;
	bool invalid_ttl;
	uint16_t controller_id;
	enum of_packet_in_format packet_in_format;
	bool nxm;      /* 1.0: speaks NXM */
	bool table_id; /* 1.0: commands of flow_mod name tables */
	bool waiting;  /* for the end of a barrier */
	uint32_t barrier_xid;
	struct list bundles;  /* struct bundle */
	struct list monitors; /* struct monitor */
	struct bytes updates; /* of flows, not yet sent: records */
	uint32_t abbreviated_xid;
	/* Token bucket of packet-ins; 0: no limit. */
	uint32_t rate, burst;
	double tokens;
	int64_t tokens_ms;
};

struct openflow_server {
	char *name;
	const struct of_switch_ops *ops;
	void *sw;
	struct loop *loop;
	uint32_t versions;
	struct listener *mgmt, *snoop;
	struct list sessions;
	struct list controllers;
	bool in_request; /* updates of flows wait for its end */
	bool have_generation;
	uint64_t generation_id;
	int64_t failing_since_ms; /* 0: not failing */
};

struct ofsession *ofsession_new(struct openflow_server *, struct stream *, enum ofsession_kind,
				struct controller *);
void ofsession_free(struct ofsession *);
void ofsession_send(struct ofsession *, const struct bytes *);
void ofsession_send_error(struct ofsession *, int error, const void *request, size_t size);
/* What flow messages to this session are in. */
uint32_t ofsession_protocol(const struct ofsession *);
void ofsession_set_role(struct ofsession *, enum of_role);

/* One request. 0: answered; -enum of_error: to be told. */
struct request {
	struct ofsession *s;
	struct of_msg m;
	struct bytes reply;
	bool hold; /* the reply comes later: read no further */
};
int handle_flow(struct request *); /* -1: not of this family, in all of them */
int handle_port(struct request *);
int handle_switch(struct request *);
int handle_group(struct request *);
int handle_table(struct request *);
int handle_bundle(struct request *);
int handle_monitor(struct request *);
enum { NOT_MINE = 1 };

void ofsession_bundles_free(struct ofsession *);
void ofsession_monitors_free(struct ofsession *);
void ofsession_monitors_flush(struct openflow_server *);
void ofsession_monitors_update(void *server, const struct flow_update *, const struct of_origin *);

/* controller.c: connections that the server makes and keeps. */
void controller_session_ready(struct controller *);
void controller_session_closed(struct controller *, int error);
void controllers_set(struct openflow_server *, const struct openflow_controller_config *, size_t n);
void controllers_free(struct openflow_server *);
bool server_is_connected(const struct openflow_server *);
