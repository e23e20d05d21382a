/* SPDX-License-Identifier: Apache-2.0 */
/* desired: what the database wants, read once into plain structs, checked and normalised. The rest
 * of switchd compares these with what is, and never reads configuration out of rows itself, so that
 * an apply can take its time without a row changing under it.
 *
 * What is wrong in one row is said in that row's 'error' (or in the log, for tables without such a
 * column) and the rest goes on. Columns and keys that nothing implements yet are told once each.
 * Threads: the loop's.  Lifetime: one tree, released by desired_free(). */
#pragma once
#include "base/list.h"
#include "base/strmap.h"
#include "base/uuid.h"
#include "ovsdb/idl/idl.h"
#include "pipeline/pipeline.h"

struct want_iface {
	struct list node; /* in want_port.ifaces */
	char *name;
	struct uuid uuid;
	char *type; /* normalised: never "", a bridge's own interface is "internal" */
	struct strmap options, other_config;
	uint32_t ofport_request; /* 0: none */
	uint32_t ofport_before;	 /* what the row shows already, so that numbers are kept; 0: none */
	bool is_local;		 /* the bridge's own interface */
	bool has_mac;
	struct eth_addr mac;
	uint32_t mtu_request; /* 0: none */
	char *error;	      /* why it cannot be; NULL: try */
};

struct want_port {
	struct list node; /* in want_bridge.ports */
	char *name;
	struct uuid uuid;
	struct list ifaces;
	enum vlan_mode vlan_mode;
	int vlan;		   /* -1: none */
	uint64_t *trunks, *cvlans; /* bitmaps of 4096; NULL: all */
	uint16_t qinq_ethertype;
	enum priority_tags priority_tags;
	bool is_protected;
	char *bond_mode; /* NULL: none given */
	struct strmap other_config;
};

struct want_mirror {
	struct list node;
	char *name;
	struct uuid uuid;
	char **src, **dst; /* names of ports */
	size_t n_src, n_dst;
	bool select_all;
	uint64_t *vlans; /* NULL: all */
	char *out_port;	 /* NULL: out_vlan */
	int out_vlan;	 /* -1: none */
	uint16_t snaplen;
};

struct want_controller {
	struct list node;
	struct uuid uuid;
	char *target;
	int max_backoff_ms, probe_s; /* -1: default */
	int rate_limit, burst_limit; /* -1: default */
	int queue_size;		     /* -1: default */
	bool in_band;
	bool enable_async;
	bool is_service; /* type=service */
	struct strmap other_config;
};

struct want_bridge {
	struct list node; /* in desired.bridges */
	char *name;
	struct uuid uuid;
	char *type; /* datapath_type, "" is "system" */
	struct list ports, mirrors, controllers;
	bool has_hwaddr;
	struct eth_addr hwaddr;
	uint64_t datapath_id; /* 0: none asked for */
	enum fail_mode fail_mode;
	bool fail_mode_given;
	bool forward_bpdu, loop_guard, disable_in_band, mcast_snooping, stp, rstp;
	unsigned mac_idle_s, mac_max;
	uint64_t *flood_vlans; /* NULL: none */
	unsigned protocols;    /* bit v: OpenFlow wire version v is allowed; 0: the default ones */
	unsigned max_flows;    /* of table 0; UINT_MAX: no limit */
	struct strmap other_config;
	char *error;
};

struct desired {
	bool have_row; /* there is a row in table Open_vSwitch */
	struct uuid uuid;
	int64_t next_cfg;
	struct list bridges;
	struct strmap other_config;
	/* Table SSL; NULL: not set */
	char *ssl_key, *ssl_cert, *ssl_ca;
	bool ssl_bootstrap;
};

struct desired *desired_read(const struct idl *);
/* In the log, once: 'where' asks for 'what', which nothing implements yet. */
void desired_tell_once(const char *what, const char *where);
void desired_free(struct desired *);
struct want_bridge *desired_bridge(const struct desired *, const char *name);
