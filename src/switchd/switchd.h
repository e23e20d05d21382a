/* SPDX-License-Identifier: Apache-2.0 */
/* switchd: what is. The daemon's own tree of bridges, ports and interfaces as they run now, against
 * which desired.h is compared:
 *
 *	desired.c   rows of the database -> struct desired
 *	apply.c     bridges: what is not wanted goes, what is missing comes, the rest is changed in
 *place iface.c     one interface: device, fast path, tunnel, OpenFlow port status.c    what is ->
 *status columns of the database, cur_cfg wiring.c    tables of functions that let folders below
 *call what lies above them control.c   commands of the control socket that concern bridges main.c
 *options, start, end
 *
 * An interface is tried again at every change of the database and whenever a device of its name
 * appears. Names, numbers and reasons are the ones that Open vSwitch uses, since programs read
 *them. Threads: the loop's, control lock held.  Ownership: switchd > bridges > ports, ifaces. */
#pragma once
#include "base/list.h"
#include "base/strmap.h"
#include "base/uuid.h"
#include "fastpath/fastpath.h"
#include "feature/loopguard/loopguard.h"
#include "feature/tunnel/tunnel.h"
#include "io/loop.h"
#include "openflow/openflow.h"
#include "ovsdb/idl/idl.h"
#include "pipeline/pipeline.h"
#include "switchd/desired.h"

struct upcall_handler;

/* One for each datapath_type in use; made with its first bridge, kept until the end. */
struct backer {
	struct list node; /* in switchd.backers */
	char *type;	  /* "system", "netdev", "dummy" */
	struct datapath *datapath;
	struct fastpath *fastpath;
	struct upcall_handler *upcall;
	unsigned n_bridges;
	struct list tunnel_ports; /* struct tunnel_port: shared ports that are in this fast path */
	char *note; /* for Bridge.status, e.g. why "system" runs in user space; NULL: none */
};

struct bridge;

struct iface {
	struct list node;	  /* in bridge.ifaces */
	struct hmap_node by_name; /* in bridge.ifaces_by_name */
	struct hmap_node by_uuid; /* in switchd.ifaces_by_uuid, if uuid is not zero */
	struct bridge *bridge;
	char *name;
	char *type;
	struct uuid uuid; /* of the row; zero: none */
	bool is_local;
	struct strmap options;
	uint32_t ofport_request;
	uint32_t ofport;   /* 0: none yet; kept while the device is away */
	bool attached;	   /* works: has a device (or needs none) and is an OpenFlow port */
	struct port *port; /* NULL: patch, or not open */
	struct tunnel *tunnel;
	char *peer; /* patch */
	bool has_mac;
	struct eth_addr mac;
	uint32_t mtu_request;
	char *error;		/* what Interface.error shows; NULL: nothing */
	bool is_ofport_refused; /* Interface.ofport shows -1 */
	uint64_t change_seq;	/* of the port, when its state was last written to the database */
	bool stats_written;	/* statistics are in the row */
	bool device_lost; /* its device went away; the iface is taken apart at the next turn */
};

/* A row of table Port: "bundle" to the pipeline. */
struct bridge_port {
	struct list node; /* in bridge.ports */
	char *name;
	struct uuid uuid;
	bool in_pipeline;
	struct iface *active; /* of several interfaces the one in use; NULL: none, or just one */
};

struct bridge {
	struct list node; /* in switchd.bridges, sorted by name */
	struct switchd *switchd;
	char *name;
	char *type;
	struct uuid uuid;
	struct backer *backer;
	struct pipeline *pipeline;
	struct openflow_server *openflow;
	struct list ports;
	struct list ifaces;
	struct hmap ifaces_by_name;
	struct strmap mirrors;	 /* names that the pipeline has */
	struct eth_addr own_mac; /* used when no port lends the bridge its address */
	struct eth_addr mac;
	uint64_t datapath_id;
	bool configured; /* all of it was applied once */
	bool managed;	 /* by controllers */
	enum fail_mode fail_mode;
};

struct switchd {
	struct loop *loop;
	struct idl *idl;
	enum port_dummy dummy; /* --enable-dummy */
	bool ebpf;	       /* other_config:ebpf, when the first bridge was made */
	bool disable_system;
	struct list backers;
	struct list bridges;
	struct hmap ifaces_by_uuid; /* made anew by each apply */
	struct desired *desired;    /* what was applied last; NULL: nothing yet */
	struct deferred apply_soon, status_soon;
	struct timer second;	/* time-outs of flows and addresses, once a second */
	struct timer stats;	/* statistics columns */
	uint64_t applied_seqno; /* idl_seqno() of the last apply */
	int64_t applied_cfg;	/* next_cfg of the last apply, to be written to cur_cfg */
	bool ready;		/* applied once */
	struct idl_txn *status_txn;
	bool status_dirty, stats_due;
	void (*on_ready)(struct switchd *);
	bool lock_contended_told;
	bool row_missing_told;
};

/* apply.c */
void switchd_apply(struct switchd *);
/* Puts an apply off to the end of the loop's turn. */
void switchd_apply_soon(struct switchd *);
struct bridge *bridge_by_name(const struct switchd *, const char *name); /* NULL */
struct iface *bridge_iface(const struct bridge *, const char *name);	 /* NULL */
struct iface *bridge_iface_by_ofport(const struct bridge *, uint32_t ofport);
/* Takes everything down; devices that the switch made stay if port_keep_devices() was called. */
void switchd_teardown(struct switchd *);

/* iface.c */
struct iface *iface_new(struct bridge *, const struct want_iface *);
/* Makes the interface work, or sets its 'error'. Harmless if it does already. */
void iface_attach(struct iface *, const struct want_iface *);
void iface_detach(struct iface *);
void iface_free(struct iface *);
/* Must it be made anew to become what is wanted? */
bool iface_must_be_replaced(const struct iface *, const struct want_iface *);
/* Options as wanted; false: it has to be made anew for them. */
bool iface_reconfigure(struct iface *, const struct want_iface *);
/* MTU and address as wanted, where the row asks for them. */
void iface_set_device(struct iface *, const struct want_iface *);
/* Of the device; a tunnel or patch port is always up and has an address of its own. */
void iface_get_state(const struct iface *, struct port_state *ret);
/* OpenFlow sees the state that the device has now. */
void iface_update_pipeline(struct iface *);

/* status.c */
void status_init(struct switchd *);
void status_changed(struct switchd *); /* at the end of the turn */
void status_run(struct switchd *);
void status_rearm_stats(struct switchd *);
void status_stop(struct switchd *);

/* wiring.c */
MUST_CHECK int wiring_start(struct switchd *, struct err *);
void wiring_stop(struct switchd *);
/* The fast path, pipeline and upcall handling for a datapath_type, made if it is not there.
 * -EAFNOSUPPORT: no such type. */
MUST_CHECK int backer_get(struct switchd *, const char *type, struct backer **ret, struct err *);
void backer_free(struct backer *);
/* A bridge's sessions. */
MUST_CHECK int wiring_bridge_add(struct bridge *, struct err *);
void wiring_bridge_del(struct bridge *);
void wiring_bridge_configure(struct bridge *, const struct want_bridge *);
/* Types for Open_vSwitch.datapath_types and .iface_types, sorted. */
size_t wiring_datapath_types(const struct switchd *, const char *ret[], size_t max);
size_t wiring_iface_types(const struct switchd *, const char *ret[], size_t max);

/* control.c, dpif_commands.c */
void control_commands_register(struct switchd *);
void dpif_commands_register(struct switchd *);
