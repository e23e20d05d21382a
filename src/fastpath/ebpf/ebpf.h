/* SPDX-License-Identifier: Apache-2.0 */
/* ebpf: the fast path in the kernel, shared by this folder's files. It stands on the user-space
 * fast path: every flow is in its cache, and those that fit are in the kernel's maps, too.
 *
 * Threads: under the control lock, but for ring.c's receiving. */
#pragma once
#include "base/hmap.h"
#include "fastpath/user/user.h"
#include "io/loop.h"

#include "../bpf/abi.h"

struct switch_bpf;

struct kernel_mask {
	struct weft_mask w;
	uint32_t n_flows; /* 0: free */
	uint64_t n_hits;  /* in the last second */
};

/* A flow that is in the kernel. */
struct kernel_flow {
	struct hmap_node node; /* ebpf.flows, by ufid */
	struct flow_ufid ufid;
	struct weft_flow_key key;
	struct weft_flow value;
	unsigned mask; /* index in ebpf.masks */
};

/* An outer header, shared by the flows that push it. */
struct encap {
	struct hmap_node node; /* ebpf.encaps, by content */
	struct weft_encap w;
	uint32_t slot;
	uint32_t refs;
};

/* A device that has one of our programs. */
struct attachment {
	struct list node;
	uint32_t ifindex;
	bool egress;   /* internal port: what the host sends */
	bool underlay; /* not a port */
	bool made_qdisc;
};

struct ebpf {
	struct user_fastpath *user;
	struct switch_bpf *skel;
	struct loop *loop;
	int flows_fd, stats_fd, masks_fd, encaps_fd;
	struct weft_backlog *backlog; /* mapped */
	unsigned n_cpus;
	struct weft_stats *cpu_stats; /* n_cpus, to read into */
	uint64_t *cpu_hits;

	struct hmap flows;
	struct kernel_mask masks[WEFT_MAX_MASKS];
	unsigned n_masks;
	uint32_t last_mask_id;
	uint32_t *free_slots; /* of stats */
	uint32_t n_free_slots;
	struct hmap encaps;
	uint32_t *free_encaps;
	uint32_t n_free_encaps;

	struct {
		uint32_t ifindex; /* 0: no program there (yet) */
		enum weft_output kind;
	} * devices; /* by dp port */
	struct list attachments;
	struct deferred attach;	    /* ports of this turn of the loop */
	struct deferred underlay;   /* devices, addresses changed */
	struct watch address_watch; /* netlink */
	struct deferred resync;	    /* flows that may fit now */
	struct timer tick;
	bool wants_resync;
	bool has_kern_ctx, has_tunnels;
	bool attached; /* the first configuration's ports have their programs */
	bool swept;    /* what an earlier daemon left behind is gone */

	struct port *ring; /* see ring.c */
};

static inline struct ebpf *ebpf_of(const struct fastpath *fp)
{
	return CONTAINER_OF(fp, struct user_fastpath, base)->kernel;
}

/* flows.c */
void flows_init(struct ebpf *);
void flows_fini(struct ebpf *);
/* Puts the flow into the kernel, replaces it there, or takes it out if it does not fit (any more).
 */
void flows_put(struct ebpf *, const struct flow_key *, const struct flow_key *mask,
	       const void *actions, size_t size);
/* Adds the kernel's part of the statistics. True if the flow is there. */
bool flows_add_stats(struct ebpf *, const struct flow_ufid *, struct dp_flow_stats *);
/* Takes it out of the kernel, and adds what it had counted. */
void flows_del(struct ebpf *, const struct flow_ufid *, struct dp_flow_stats *);
void flows_flush(struct ebpf *);
/* Flows that send to this device leave the kernel. */
void flows_forget_device(struct ebpf *, uint32_t ifindex);
void flows_resync(struct ebpf *);
/* Masks hit most since the last call go first. Once a second. */
void flows_sort_masks(struct ebpf *);
uint64_t flows_counter(const struct ebpf *, enum weft_counter);

/* attach.c */
void attach_init(struct ebpf *);
void attach_fini(struct ebpf *);
void attach_port(struct ebpf *, struct user_port *);
void detach_port(struct ebpf *, struct port *);
/* Tunnel ports: what the underlay's program looks for. */
void tunnel_port_put(struct ebpf *, const struct port *, bool present);

/* ring.c: a port whose queue is the ring of upcalls. */
MUST_CHECK int ring_open(struct ebpf *, struct port **ret, struct err *);
