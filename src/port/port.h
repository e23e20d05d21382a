/* SPDX-License-Identifier: Apache-2.0 */
/* port: one attachment point of the switch: a device of the host (system), a tap that the host sees
 * as a device of its own (internal, tap), a simulated one (dummy), or a tunnel, which has no device
 * and sends through the underlay. Patch ports are wired inside the pipeline and never get here.
 *
 * Threads:  open, close, configuration and state on the main thread; rx and tx of a queue on the
 * one datapath thread that polls it. Lifetime: counted; datapath threads read under RCU, so memory
 * outlives port_unref() by a grace period. Units:    bytes exclude the FCS. Times are monotonic
 * nanoseconds. */
#pragma once
#include "base/err.h"
#include "base/strmap.h"
#include "io/loop.h"
#include "packet/packet.h"

struct port;
struct fastpath;

enum port_kind {
	PORT_SYSTEM,   /* an existing network device: AF_PACKET in user space, tc in eBPF */
	PORT_INTERNAL, /* a tap made and removed by us: the bridge's own, "type=internal" */
	PORT_TAP,      /* "type=tap" */
	PORT_SIM,      /* "type=dummy": injected packets, pcap files, sockets; no kernel */
	PORT_TUNNEL,   /* one per tunnel type and UDP port; see feature/tunnel */
	PORT_VHOST,
	PORT_UPCALLS, /* the eBPF path's ring: packets of other ports */
};

/* RFC 2863 names; what ovs-vsctl's statistics column shows. PORT_STAT_UNKNOWN: this kind of port
 * does not count that. */
#define PORT_STAT_UNKNOWN UINT64_MAX
struct port_stats {
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors, rx_dropped,
		tx_dropped;
	uint64_t collisions, rx_over_errors, rx_frame_errors, rx_crc_errors, rx_missed_errors,
		multicast;
};

/* What a kind counts beyond that; shown as OVS shows custom statistics. */
struct port_custom_stat {
	const char *name;
	uint64_t value;
};
enum { PORT_MAX_CUSTOM_STATS = 16 };

struct port_state {
	bool admin_up, link_up;
	bool carrier_known;
	uint32_t ifindex; /* 0: not a device of this host */
	uint32_t mtu;	  /* payload of Ethernet, as in 'ip link' */
	struct eth_addr mac;
	uint64_t link_resets;
	uint64_t speed_bps; /* 0: unknown */
	bool full_duplex;
};

/* One table a kind. Every function may be called only while the port is open. */
struct port_ops {
	const char *type; /* "system", "internal", "dummy" .. as in Interface.type */
	enum port_kind kind;
	MUST_CHECK int (*open)(struct port *, struct err *);
	void (*close)(struct port *);
	/* Interface.options; unknown keys are an error that names them. */
	MUST_CHECK int (*configure)(struct port *, const struct strmap *options, struct err *);
	void (*get_state)(const struct port *, struct port_state *ret);
	void (*get_stats)(const struct port *, struct port_stats *ret);
	/* May be NULL. In the order they are printed in; returns their number. */
	unsigned (*get_custom_stats)(const struct port *,
				     struct port_custom_stat ret[PORT_MAX_CUSTOM_STATS]);
	MUST_CHECK int (*set_mtu)(struct port *, uint32_t mtu, struct err *);
	MUST_CHECK int (*set_mac)(struct port *, struct eth_addr, struct err *);
	MUST_CHECK int (*set_admin_up)(struct port *, bool up, struct err *);
	/* Interface.status: driver_name .. */
	void (*get_status)(const struct port *, struct strmap *ret);
	/* NULL: the port receives from the start. Else nothing is received (and the host's stack is
	 * left alone) until this is called; sets n_rxq. Main thread. */
	MUST_CHECK int (*start_rx)(struct port *, struct err *);
	/* May be NULL. The port is about to be added to a fast path of this type; it may now open
	 * what it receives by, and set n_rxq. On failure it is not added. */
	MUST_CHECK int (*attach)(struct port *, const char *fastpath_type, struct err *);
	/* Datapath threads. rx: at most PACKET_BATCH packets, owned by the caller; 0 if none wait.
	 * tx: takes all of them, whatever happens. */
	int (*rx_fd)(const struct port *, unsigned queue);
	int (*rx)(struct port *, unsigned queue, struct packet *batch[PACKET_BATCH]);
	void (*tx)(struct port *, unsigned queue, struct packet **batch, unsigned n);
};

struct port {
	const struct port_ops *ops;
	char *name;
	const char *type; /* as it was opened: one kind may serve several */
	struct loop *loop;
	uint32_t dp_port; /* number in the fast path; UINT32_MAX: in none */
	unsigned n_rxq;	  /* 0: not polled; packets come by 'deliver' */
	int refs;
	void *priv; /* the kind's own state */
	/* Runs on the main thread when state changed: link, mtu, gone (get_state().ifindex is 0).
	 */
	void (*changed)(struct port *, void *arg);
	void *changed_arg;
	uint64_t change_seq;	   /* grows with every change */
	uint8_t tunnel_type;	   /* PORT_TUNNEL: enum tunnel_type of fastpath/action.h */
	struct fastpath *fastpath; /* that it is in; NULL: none */
	/* Set by the fast path: takes packets that arrive on the main thread (simulated ports). */
	void (*deliver)(struct port *, struct packet **batch, unsigned n, void *arg);
	void *deliver_arg;
	struct list node; /* of all open ports; private to port.c */
};
enum { PORT_NO_DP = UINT32_MAX };

/* 'type' as in Interface.type ("" is system). -ENODEV "No such device", -EINVAL, -EBUSY .. */
MUST_CHECK int port_open(const char *name, const char *type, struct loop *, struct port **ret,
			 struct err *err);
/* For fast paths and tunnels: a port of theirs that no row asked for. The caller sets 'priv'; it is
 * not found by port_lookup(). Release with port_unref(), which calls ops->close. */
struct port *port_new(const struct port_ops *, const char *name);
struct port *port_ref(struct port *);
void port_unref(struct port *); /* the last one closes; NULL is fine */
/* NULL: no such type. */
const struct port_ops *port_ops_lookup(const char *type);
/* Adds a kind; done once at start, in switchd/wiring.c. */
void port_ops_register(const struct port_ops *);

/* --enable-dummy[=system|override]: simulated ports exist; and take the place of system ports; and
 * of all ports that have a device. */
enum port_dummy { PORT_DUMMY_NONE, PORT_DUMMY_ENABLED, PORT_DUMMY_SYSTEM, PORT_DUMMY_OVERRIDE };
/* Registers the kinds of this folder, and begins to follow the host's devices unless 'dummy' is
 * PORT_DUMMY_OVERRIDE. */
MUST_CHECK int port_start(struct loop *, enum port_dummy, struct err *);
void port_stop(void);
/* Runs on the main thread when a device appears on the host: the time to try again for rows that
 * failed with -ENODEV. */
void port_on_new_device(void (*cb)(const char *name, void *arg), void *arg);
/* From now on, closing leaves devices that we made (internal ports) where they are, with their
 * addresses: for exit without --cleanup. */
void port_keep_devices(bool keep);
bool port_keeps_devices(void);
/* Removes internal ports that an earlier run with the same OVS_RUNDIR left behind and nobody has
 * opened in this one. Call once the whole configuration has been applied. */
void port_sweep_devices(void);
/* NULL: no open port of that name. */
struct port *port_lookup(const char *name);
/* In order of opening; NULL begins, and ends. */
struct port *port_next(const struct port *);
/* Every Interface.type that port_open() takes, NULL-terminated, sorted: Open_vSwitch.iface_types.
 */
const char *const *port_types(void);
/* Runs on the main thread whenever any port has changed, and before one is closed. */
void port_observe(void (*cb)(struct port *, bool closing));
/* For kinds: state is different; runs 'changed'. */
void port_note_change(struct port *);
