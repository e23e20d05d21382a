/* SPDX-License-Identifier: Apache-2.0 */
/* openflow: the OpenFlow sessions of one bridge: the sockets BRIDGE.mgmt and BRIDGE.snoop,
 * controllers it connects to, and those that connect to it. What they ask is done through the
 * bridge's table of functions (ofp/switch.h).
 *
 * Threads: the loop's, control lock held. Ownership: the server belongs to who made it. */
#pragma once
#include "io/loop.h"
#include "ofp/switch.h"
#include "ofp/version.h"

struct openflow_server;

/* Opens $OVS_RUNDIR/NAME.mgmt and NAME.snoop. 'sw' is what the functions of 'ops' get; both outlive
 * the server. */
MUST_CHECK int openflow_server_new(const char *bridge_name, const struct of_switch_ops *ops,
				   void *sw, struct loop *loop, struct openflow_server **ret,
				   struct err *err);
void openflow_server_free(struct openflow_server *);

/* What the bridge calls to tell the sessions: hand these and the server to the bridge. */
extern const struct of_listener_ops openflow_listener_ops; /* listener: struct openflow_server */

/* Versions offered (Bridge.protocols); sessions that speak another are closed. */
void openflow_server_set_versions(struct openflow_server *, uint32_t versions);
/* Text of "ovs-ofctl" descriptions is the switch's; the datapath id comes by get_features. */

/* A row of table Controller, or Bridge.fail_mode's default. */
struct openflow_controller_config {
	const char *target;
	int max_backoff_ms, probe_interval_ms; /* 0: no probes */
	bool in_band;			       /* connection_mode */
	bool service;			       /* type=service: packet-in only on request */
	uint32_t rate_limit, burst_limit;      /* packet-ins a second; 0: none */
	uint32_t max_queued;		       /* packet-ins waiting for the rate limit */
	bool enable_async;
	uint8_t dscp;
	const char *local_ip; /* NULL; more for in-band */
};
/* Makes the set of controllers be this; those whose target is the same keep their connection. */
void openflow_server_set_controllers(struct openflow_server *,
				     const struct openflow_controller_config *, size_t n);

/* For Controller.is_connected, .role, .status. */
struct openflow_controller_status {
	const char *target;
	bool is_connected;
	const char *role;	/* "primary" "other" "secondary", ovs-vswitchd.conf.db(5) */
	const char *last_error; /* NULL: none */
	const char *state;	/* "ACTIVE", "BACKOFF" .. */
	long sec_since_connect, sec_since_disconnect; /* -1: never */
};
void openflow_server_for_each_controller(const struct openflow_server *,
					 void (*cb)(const struct openflow_controller_status *,
						    void *arg),
					 void *arg);
/* Closes the connections to controllers and makes them again ("bridge/reconnect"). */
void openflow_server_reconnect(struct openflow_server *);
bool openflow_server_has_controllers(const struct openflow_server *);
/* How long the bridge has had no primary or equal controller; -1: it has one, or none is set. */
int64_t openflow_server_failure_seconds(const struct openflow_server *);
