/* SPDX-License-Identifier: Apache-2.0 */
/* handler: the state of one datapath's upcall handling; private to this folder. */
#pragma once
#include "pipeline/credit.h"
#include "upcall/upcall.h"

/* What is kept beside a flow of the fast path. */
struct upcall_flow {
	struct credits credits;
	uint64_t n_packets, n_bytes; /* credited so far */
	int64_t created_ns;
	uint64_t generation, tunnel_seq; /* of the decision */
};

struct upcall_handler {
	struct datapath *datapath;
	struct loop *loop;
	struct fastpath *fastpath; /* NULL: none yet, or no more */
	struct list node;	   /* in upcall_handlers() */
	struct timer revalidate;   /* soon, since something changed */
	struct timer tick;	   /* statistics, idle flows, changes of tunnels */
	bool revalidating;
	int64_t last_end_ns, last_duration_ns;
	unsigned limit; /* flows allowed now */
	uint64_t max_flows, sum_flows, n_sums;
	uint64_t n_upcalls, n_not_installed;
};

struct list *upcall_handlers(void);
const struct upcall_settings *upcall_settings(void);
/* Credits what all flows counted since the last time. */
void upcall_sync_stats(struct upcall_handler *);
