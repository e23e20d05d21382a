/* SPDX-License-Identifier: Apache-2.0 */
/* The eBPF fast path behind the table of functions of fastpath.h.
 *
 * It is the user-space fast path with programs in front of it. A packet that hits a flow in the
 * kernel's maps never leaves the kernel. All others come up by the ring and go through the same
 * cache, executor and upcall as if a socket had brought them, so that whatever the programs cannot
 * do works, and works the same. A flow is put into both: the cache in user space has all of them,
 * the maps those that compile.c can express.
 *
 * Rejected: a fast path of its own with a cache of its own (two executors that must agree in every
 * bit), and libbpf's links or pins as the truth of what is attached (see attach.c). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fastpath/ebpf/ebpf.h"
#include "fastpath/ebpf/register.h"
#include "fastpath/user/register.h"
#include "switch.skel.h"

LOG_MODULE(fastpath_bpf);

static const struct fastpath_ops ebpf_ops;
enum { BACKLOG_BYTES = WEFT_MAX_DP_PORTS * sizeof(struct weft_backlog) };

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	AUTO_FREE char *text = xvasprintf(fmt, args);
	size_t len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	/* Its warnings include what we ask for on purpose ("File exists"). */
	log_dbg("%s%s", level == LIBBPF_WARN ? "warning: " : "", text);
	return 0;
}

static int try_load(struct ebpf *e, bool kern_ctx)
{
	e->skel = switch_bpf__open();
	if (!e->skel)
		return -errno;
	e->skel->rodata->weft_has_kern_ctx = e->has_kern_ctx = kern_ctx;
	int r = switch_bpf__load(e->skel);
	if (r < 0) {
		switch_bpf__destroy(e->skel);
		e->skel = NULL;
	}
	return r;
}

static int load(struct ebpf *e, struct err *err)
{
	/* Kernels before 5.11 charge maps to this limit. */
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	int r = try_load(e, true);
	if (r < 0 && r != -EPERM)
		r = try_load(e, false);
	if (r < 0)
		return err_errno(err, r, "the kernel does not take the eBPF programs");
	e->backlog = mmap(NULL, BACKLOG_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			  bpf_map__fd(e->skel->maps.weft_backlog), 0);
	if (e->backlog == MAP_FAILED) {
		r = -errno;
		switch_bpf__destroy(e->skel);
		e->skel = NULL;
		return err_errno(err, r, "map of the upcalls' backlog");
	}
	return 0;
}

static void on_tick(struct timer *t)
{
	struct ebpf *e = CONTAINER_OF(t, struct ebpf, tick);
	flows_sort_masks(e);
	if (e->wants_resync)
		flows_resync(e);
	timer_arm_in(t, e->loop, NS_PER_SEC);
}

static void on_resync(struct deferred *d) { flows_resync(CONTAINER_OF(d, struct ebpf, resync)); }

/* Called by user_port_add(): true if the port need not be polled. */
static bool takes_port(struct user_fastpath *user, struct user_port *up)
{
	struct ebpf *e = user->kernel;
	switch (up->port->ops->kind) {
	case PORT_SYSTEM:
		attach_port(e, up);
		return true;
	case PORT_INTERNAL:
		attach_port(e, up);
		return false; /* what slips by before the program is there comes by the tap */
	case PORT_TUNNEL:
		tunnel_port_put(e, up->port, true);
		return false; /* sockets get what the programs leave */
	default:
		return false;
	}
}

static int ebpf_open(const char *name, struct loop *loop, upcall_cb *cb, void *arg,
		     struct fastpath **ret, struct err *err)
{
	AUTO_ERR why = ERR_INIT;
	struct fastpath *base;
	libbpf_set_print(print_libbpf);
	struct ebpf *e = xzalloc(sizeof *e);
	if (load(e, &why) < 0) {
		log_warn("%s: %s; all switching is done in user space, which is slower", name,
			 err_text(&why));
		free(e);
		return fastpath_user_system_ops()->open(name, loop, cb, arg, ret, err);
	}
	int r = user_open(&ebpf_ops, name, loop, cb, arg, &base);
	if (r < 0) {
		switch_bpf__destroy(e->skel);
		free(e);
		return r;
	}
	struct user_fastpath *user = CONTAINER_OF(base, struct user_fastpath, base);
	e->user = user;
	e->loop = loop;
	user->kernel = e;
	user->takes_port = takes_port;
	deferred_init(&e->resync, on_resync);
	timer_init(&e->tick, on_tick);
	timer_arm_in(&e->tick, loop, NS_PER_SEC);
	flows_init(e);
	attach_init(e);
	r = ring_open(e, &e->ring, err);
	if (r == 0)
		r = user_port_add(base, e->ring, MAX_DP_PORTS - 1, err);
	if (r < 0) {
		base->ops->close(base);
		return r;
	}
	AUTO_STR features = STR_INIT;
	fastpath_ebpf_features(base, &features);
	log_info("%s: %s", name, str_cstr(&features));
	*ret = base;
	return 0;
}

static void ebpf_close(struct fastpath *fp)
{
	struct ebpf *e = ebpf_of(fp);
	timer_disarm(&e->tick);
	deferred_cancel(&e->resync);
	attach_fini(e);
	e->user->takes_port = NULL;
	poll_stop(e->user); /* nobody reads the ring any more */
	port_unref(e->ring);
	user_close(fp);
	flows_fini(e);
	munmap(e->backlog, BACKLOG_BYTES);
	switch_bpf__destroy(e->skel);
	free(e);
}

static int ebpf_port_del(struct fastpath *fp, struct port *port, struct err *err)
{
	struct ebpf *e = ebpf_of(fp);
	if (port->ops->kind == PORT_TUNNEL)
		tunnel_port_put(e, port, false);
	else
		detach_port(e, port);
	return user_port_del(fp, port, err);
}

static int ebpf_flow_put(struct fastpath *fp, const struct flow_key *key,
			 const struct flow_key *mask, const void *actions, size_t size, void *user,
			 struct err *err)
{
	int r = user_flow_put(fp, key, mask, actions, size, user, err);
	if (r == 0)
		flows_put(ebpf_of(fp), key, mask, actions, size);
	return r;
}

static int ebpf_flow_del(struct fastpath *fp, const struct flow_ufid *ufid,
			 struct dp_flow_stats *ret_stats)
{
	struct dp_flow_stats kernel = { 0 };
	flows_del(ebpf_of(fp), ufid, &kernel);
	struct dp_flow_stats stats;
	int r = user_flow_del(fp, ufid, &stats);
	if (r == 0 && ret_stats) {
		*ret_stats = stats;
		ret_stats->n_packets += kernel.n_packets;
		ret_stats->n_bytes += kernel.n_bytes;
		ret_stats->used_ns = MAX(stats.used_ns, kernel.used_ns);
		ret_stats->tcp_flags |= kernel.tcp_flags;
	}
	return r;
}

static int ebpf_flow_stats(struct fastpath *fp, const struct flow_ufid *ufid,
			   struct dp_flow_stats *ret)
{
	int r = user_flow_stats(fp, ufid, ret);
	if (r == 0)
		flows_add_stats(ebpf_of(fp), ufid, ret);
	return r;
}

struct dump {
	struct ebpf *e;
	bool (*cb)(const struct fastpath_flow *, void *);
	void *arg;
};

static bool dump_one(const struct fastpath_flow *flow, void *arg)
{
	struct dump *d = arg;
	struct fastpath_flow with = *flow;
	with.offloaded = flows_add_stats(d->e, &flow->ufid, &with.stats);
	return d->cb(&with, d->arg);
}

static void ebpf_flow_dump(struct fastpath *fp, bool (*cb)(const struct fastpath_flow *, void *),
			   void *arg)
{
	struct dump d = { ebpf_of(fp), cb, arg };
	user_flow_dump(fp, dump_one, &d);
}

static void ebpf_flow_flush(struct fastpath *fp)
{
	flows_flush(ebpf_of(fp));
	user_flow_flush(fp);
}

static void ebpf_get_totals(const struct fastpath *fp, struct fastpath_totals *ret)
{
	struct ebpf *e = ebpf_of(fp);
	user_get_totals(fp, ret);
	ret->n_hit += flows_counter(e, WEFT_C_HIT);
	ret->n_lost += flows_counter(e, WEFT_C_LOST);
	ret->n_mask_hit += flows_counter(e, WEFT_C_MASK_HIT);
}

static const struct fastpath_ops ebpf_ops = {
	.type = "system",
	.open = ebpf_open,
	.close = ebpf_close,
	.port_add = user_port_add,
	.port_del = ebpf_port_del,
	.flow_put = ebpf_flow_put,
	.flow_del = ebpf_flow_del,
	.flow_stats = ebpf_flow_stats,
	.flow_dump = ebpf_flow_dump,
	.n_flows = user_n_flows,
	.flow_flush = ebpf_flow_flush,
	.execute = user_execute,
	.get_totals = ebpf_get_totals,
};

void fastpath_ebpf_register(void) { fastpath_ops_register(&ebpf_ops); }

void fastpath_ebpf_features(const struct fastpath *fp, struct str *out)
{
	if (fp->ops != &ebpf_ops)
		return;
	const struct ebpf *e = ebpf_of(fp);
	str_putf(out, "eBPF at tc (clsact)%s",
		 e->has_kern_ctx ? "" : "; unfinished checksums are guessed (kernel before 6.2)");
}
