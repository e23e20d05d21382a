/* SPDX-License-Identifier: Apache-2.0 */
/* fastpath: the cache of decisions that moves packets, behind one table of functions. Two kinds:
 * "system" (eBPF) and "netdev" (user space). All bridges of one datapath_type share one fast path,
 * as in OVS ("ovs-system", "ovs-netdev"), so patch ports cost nothing.
 *
 * A flow is key + mask + actions + statistics; keys of flows in one fast path never overlap.
 * Threads: all functions run under the control lock (below), on any thread, but for statistics,
 * which are read without it. The control lock is held by whoever reads or writes control state: the
 * main thread all the time but while it waits for events, and a datapath thread while it handles a
 * miss. */
#pragma once
#include "base/err.h"
#include "fastpath/action.h"
#include "packet/packet.h"
#include "port/port.h"

void control_lock(void);
void control_unlock(void);
/* Makes the calling thread, which runs 'loop', the main one: it holds the lock from now on, but for
 * the loop's waits. The thread takes part in RCU then, quiescent in every wait. */
void control_adopt_loop(struct loop *);
/* For other threads that read under RCU: takes part from now on, online. */
void control_register_thread(void);
void control_unregister_thread(void);

struct fastpath;
struct fastpath_totals;

struct dp_flow_stats {
	uint64_t n_packets, n_bytes;
	int64_t used_ns;    /* monotonic; 0: never */
	uint16_t tcp_flags; /* all seen, host order */
};

/* The 128-bit name of a flow, made of its key and mask: stable while the flow lives. */
struct flow_ufid {
	uint64_t w[2];
};

/* A flow as dumped; pointers are valid until the callback returns. */
struct fastpath_flow {
	struct flow_ufid ufid;
	const struct flow_key *key, *mask;
	const void *actions;
	size_t actions_size;
	struct dp_flow_stats stats;
	bool offloaded; /* in the kernel */
	void *user;	/* what flow_put was given: the upcall module's own record */
};

/* What user space is asked: a miss, or an action DPA_USERSPACE. */
enum upcall_type { UPCALL_MISS, UPCALL_ACTION };
struct upcall {
	enum upcall_type type;
	struct packet *packet;		    /* lent; the callee may change and must not keep it */
	const struct flow_key *key;	    /* extracted; in_port not yet known */
	const struct dpa_userspace *action; /* UPCALL_ACTION */
	/* Answers for a miss. */
	struct dp_actions *actions; /* run on this packet */
	struct flow_key *mask;	    /* what decided */
	bool install;		    /* put (key, mask, actions) in the cache */
	void *user;		    /* goes with the flow */
};
/* Runs on the thread that got the packet, with the control lock held. */
typedef void upcall_cb(struct fastpath *, struct upcall *, void *arg);

struct fastpath_ops {
	const char *type; /* "system", "netdev" */
	MUST_CHECK int (*open)(const char *name, struct loop *, upcall_cb *, void *arg,
			       struct fastpath **ret, struct err *err);
	void (*close)(struct fastpath *);
	/* 'want' UINT32_MAX: any number. The fast path takes a reference of its own. */
	MUST_CHECK int (*port_add)(struct fastpath *, struct port *, uint32_t want, struct err *);
	MUST_CHECK int (*port_del)(struct fastpath *, struct port *, struct err *);
	/* Adds, or replaces the actions of, a flow. */
	MUST_CHECK int (*flow_put)(struct fastpath *, const struct flow_key *key,
				   const struct flow_key *mask, const void *actions, size_t size,
				   void *user, struct err *);
	/* -ENOENT. Last statistics in *ret_stats, which may be NULL. */
	MUST_CHECK int (*flow_del)(struct fastpath *, const struct flow_ufid *,
				   struct dp_flow_stats *ret_stats);
	MUST_CHECK int (*flow_stats)(struct fastpath *, const struct flow_ufid *,
				     struct dp_flow_stats *ret);
	/* Calls 'cb' for each flow until it returns false. cb may delete or replace that flow. */
	void (*flow_dump)(struct fastpath *, bool (*cb)(const struct fastpath_flow *, void *),
			  void *);
	uint64_t (*n_flows)(const struct fastpath *);
	void (*flow_flush)(struct fastpath *);
	/* Runs actions on one packet, which is consumed. */
	void (*execute)(struct fastpath *, struct packet *, const void *actions, size_t size);
	/* Lines for dpif/show and for people: lookups: hit, missed, lost; masks. */
	void (*get_totals)(const struct fastpath *, struct fastpath_totals *ret);
};

struct fastpath_totals {
	uint64_t n_hit, n_missed, n_lost, n_mask_hit, n_cache_hit;
	uint32_t n_masks;
	uint64_t n_flows;
};

struct fastpath {
	const struct fastpath_ops *ops;
	char *name; /* "ovs-system", "ovs-netdev" */
	void *priv;
};

/* NULL: no such type. "system" is what runs when BPF may not be loaded, too: see fastpath/user. */
const struct fastpath_ops *fastpath_ops_lookup(const char *type);
void fastpath_ops_register(const struct fastpath_ops *);
/* A simulated fast path never touches the host: internal ports are simulated, tunnels have no
 * sockets, and ports are numbered after their names. "dummy" is, and what --enable-dummy=.. says.
 */
void fastpath_set_simulated(const char *type);
bool fastpath_is_simulated(const char *type);
/* The kind of port that Interface.type 'type' is on a bridge of this fast path: "internal" is a tap
 * on "system" and "netdev", simulated on "dummy". */
const char *fastpath_port_type(const char *fastpath_type, const char *type);

/* Printed as "ufid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx". */
void flow_ufid_make(const struct flow_key *key, const struct flow_key *mask, struct flow_ufid *ret);
