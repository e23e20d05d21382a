/* SPDX-License-Identifier: Apache-2.0 */
/* user: the fast path in user space, shared by this folder's files.
 *
 * Threads: an executor belongs to one thread. That of the main thread, and any while its thread
 * holds the control lock, handles misses at once ('locked'); else they wait in 'slow' for the end
 * of the batch. */
#pragma once
#include <pthread.h>
#include "fastpath/drop.h"
#include "fastpath/fastpath.h"
#include "fastpath/user/cache.h"
#include "io/loop.h"

enum {
	MAX_DP_PORTS = 65536,
	MAX_THREADS = 8,
	MAIN_EXEC = MAX_THREADS, /* index of the main thread's executor */
	N_EXECS = MAX_THREADS + 1,
	MAX_DEPTH = 8,	 /* of recirculation, tunnel decapsulation, nested actions */
	MAX_SLOW = 1024, /* packets of one batch that may wait for user space */
	PORT_MAX_QUEUES = 4,
};

/* Packets that one thread is about to send on one port. */
struct pending {
	unsigned n;
	bool is_dirty; /* on the executor's list */
	struct user_port *next_dirty;
	struct packet *batch[PACKET_BATCH];
};

struct user_port {
	struct port *port;
	uint32_t dp_port;
	unsigned thread_of[PORT_MAX_QUEUES]; /* for poll.c */
	struct pending pending[N_EXECS];
};

/* A packet that user space must see: a miss, or an action. */
struct slow_packet {
	struct packet *packet;
	struct dp_action *action; /* NULL: a miss; else a copy, owned */
	unsigned depth;
};

struct exec_counters {
	uint64_t n_hit, n_missed, n_lost, n_mask_hit, n_cache_hit;
};

struct exec {
	struct user_fastpath *fp;
	unsigned index;
	bool locked;
	uint32_t generation; /* the cache's, at the begin of the batch */
	int64_t now_ns;	     /* of this batch */
	uint16_t ip_id;	     /* of outer headers that may be fragmented */
	unsigned n_answers;  /* "too big" answers of this second */
	int64_t answers_since_ns;
	struct user_port *dirty;
	struct slow_packet *slow;
	unsigned n_slow;
	struct device_out *device_out;
	struct exec_counters counters; /* written by its thread, read relaxed by others */
	struct front front;
};

struct poll_thread;

struct user_fastpath {
	struct fastpath base;
	struct loop *loop;
	upcall_cb *upcall;
	void *upcall_arg;
	struct cache cache;
	struct user_port **ports; /* RCU; MAX_DP_PORTS of them */
	unsigned n_ports;
	struct exec *execs[N_EXECS];
	struct poll_thread *threads[MAX_THREADS];
	unsigned n_threads;
	struct timer tick;
	/* The eBPF path on top: true if it brings the port's packets, so that the port is not
	 * polled. */
	bool (*takes_port)(struct user_fastpath *, struct user_port *);
	void *kernel;
};

/* user.c: the functions of the table, which the eBPF path calls, too. */
int user_open(const struct fastpath_ops *, const char *name, struct loop *, upcall_cb *, void *arg,
	      struct fastpath **ret);
void user_close(struct fastpath *);
MUST_CHECK int user_port_add(struct fastpath *, struct port *, uint32_t want, struct err *);
MUST_CHECK int user_port_del(struct fastpath *, struct port *, struct err *);
/* Begins to poll a port that takes_port() had taken. */
MUST_CHECK int user_port_poll(struct user_fastpath *, struct user_port *, struct err *);
MUST_CHECK int user_flow_put(struct fastpath *, const struct flow_key *,
			     const struct flow_key *mask, const void *actions, size_t size,
			     void *user, struct err *);
MUST_CHECK int user_flow_del(struct fastpath *, const struct flow_ufid *, struct dp_flow_stats *);
MUST_CHECK int user_flow_stats(struct fastpath *, const struct flow_ufid *, struct dp_flow_stats *);
void user_flow_dump(struct fastpath *, bool (*cb)(const struct fastpath_flow *, void *), void *);
uint64_t user_n_flows(const struct fastpath *);
void user_flow_flush(struct fastpath *);
void user_execute(struct fastpath *, struct packet *, const void *actions, size_t size);
void user_get_totals(const struct fastpath *, struct fastpath_totals *ret);

/* exec.c */
struct exec *exec_new(struct user_fastpath *, unsigned index);
void exec_free(struct exec *);
/* What was received on one port; consumes the packets. The caller then calls exec_finish(). */
void exec_receive(struct exec *, struct packet **batch, unsigned n);
/* Handles what must go to user space (takes the control lock if that is not held), then sends. */
void exec_finish(struct exec *);
/* Runs actions on packets, which are consumed. */
void exec_actions(struct exec *, struct packet **batch, unsigned n, const void *actions,
		  size_t size, unsigned depth);
/* Looks up each packet (again) and runs its flow's actions. */
void exec_lookup(struct exec *, struct packet **batch, unsigned n, unsigned depth);
void exec_output(struct exec *, uint32_t dp_port, struct packet *);
void exec_drop(struct exec *, struct packet *, enum drop_reason);
void exec_userspace(struct exec *, struct packet *, const struct dpa_userspace *, unsigned depth);

/* upcall.c: a packet that no flow matches, and one that an action sends up. Locked. */
void exec_miss(struct exec *, struct packet *, unsigned depth);
void exec_upcall(struct exec *, struct packet *, const struct dpa_userspace *);

/* edit.c: false: the packet has not the headers for it. Offsets and unfinished checksums follow. */
MUST_CHECK bool edit_packet(struct packet *, const struct dp_action *);
/* set.c: writes fields, and keeps checksums right, finished or not. */
MUST_CHECK bool edit_set(struct packet *, const struct dpa_set *);

/* tunnel.c: pushes outer headers and runs what follows ('rest'); consumes the packets. */
void exec_tunnel_push(struct exec *, struct packet **batch, unsigned n,
		      const struct dpa_tunnel_push *, const void *rest, size_t rest_size,
		      unsigned depth);
void exec_tunnel_pop(struct exec *, struct packet **batch, unsigned n, uint32_t tunnel_port,
		     unsigned depth);

/* device_out.c: to a device that is no port of ours. */
void device_out_put(struct exec *, uint32_t ifindex, struct packet *);
void device_out_flush(struct exec *);
void device_out_free(struct device_out *);

/* poll.c: datapath threads. */
void poll_add_port(struct user_fastpath *, struct user_port *);
void poll_del_port(struct user_fastpath *, struct user_port *);
void poll_stop(struct user_fastpath *);
