/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path in user space behind the table of functions of fastpath.h, as "netdev", as "dummy"
 * (simulated ports only, numbered after their names), and as "system" where BPF may not be loaded.
 */
#include <ctype.h>
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fastpath/user/register.h"
#include "fastpath/user/user.h"

LOG_MODULE(fastpath_user);

static struct user_fastpath *self(struct fastpath *fp)
{
	return CONTAINER_OF(fp, struct user_fastpath, base);
}

static void on_tick(struct timer *t)
{
	struct user_fastpath *fp = CONTAINER_OF(t, struct user_fastpath, tick);
	cache_sort_masks(&fp->cache);
	timer_arm_in(t, fp->loop, NS_PER_SEC);
}

int user_open(const struct fastpath_ops *ops, const char *name, struct loop *loop, upcall_cb *cb,
	      void *arg, struct fastpath **ret)
{
	struct user_fastpath *fp = xzalloc(sizeof *fp);
	fp->base.ops = ops;
	fp->base.name = xstrdup(name);
	fp->loop = loop;
	fp->upcall = cb;
	fp->upcall_arg = arg;
	fp->ports = xcalloc(MAX_DP_PORTS, sizeof *fp->ports);
	cache_init(&fp->cache);
	fp->execs[MAIN_EXEC] = exec_new(fp, MAIN_EXEC);
	fp->execs[MAIN_EXEC]->locked = true;
	timer_init(&fp->tick, on_tick);
	timer_arm_in(&fp->tick, loop, NS_PER_SEC);
	*ret = &fp->base;
	return 0;
}

/* Ports. */

/* What arrives on the main thread. It may come while the main thread handles another packet. */
static void on_deliver(struct port *port, struct packet **batch, unsigned n, void *arg)
{
	struct user_fastpath *fp = arg;
	struct exec *ex = fp->execs[MAIN_EXEC];
	for (unsigned i = 0; i < n; i++)
		batch[i]->dp_port = port->dp_port;
	for (unsigned i = 0; i < n; i += PACKET_BATCH)
		exec_receive(ex, batch + i, MIN(n - i, PACKET_BATCH));
	exec_finish(ex);
}

static bool is_free(const struct user_fastpath *fp, uint64_t n)
{
	return n > 0 && n < MAX_DP_PORTS && !fp->ports[n];
}

/* Simulated switches number ports after their names ("p3": 3, "br0": 100), so that tests can tell
 * them apart in the text of flows. */
static uint32_t number_in_name(const char *name)
{
	uint32_t n = 0;
	uint32_t base = !strncmp(name, "br", 2) ? 100 : 0;
	while (*name && !isdigit((unsigned char)*name))
		name++;
	if (!*name)
		return 0;
	for (; isdigit((unsigned char)*name) && n < MAX_DP_PORTS; name++)
		n = n * 10 + (uint32_t)(*name - '0');
	return base + n;
}

static uint32_t choose_number(const struct user_fastpath *fp, const char *name)
{
	if (fastpath_is_simulated(fp->base.ops->type)) {
		uint32_t n = number_in_name(name);
		if (is_free(fp, n))
			return n;
	}
	uint32_t n = 1;
	while (n < MAX_DP_PORTS && fp->ports[n])
		n++;
	return n;
}

int user_port_poll(struct user_fastpath *fp, struct user_port *up, struct err *err)
{
	struct port *port = up->port;
	int r = port->ops->start_rx ? port->ops->start_rx(port, err) : 0;
	if (r == 0)
		poll_add_port(fp, up);
	return r;
}

int user_port_add(struct fastpath *base, struct port *port, uint32_t want, struct err *err)
{
	struct user_fastpath *fp = self(base);
	if (port->dp_port != PORT_NO_DP)
		return err_set(err, -EBUSY, "port %s: is in a fast path already", port->name);
	if (want != UINT32_MAX && !is_free(fp, want))
		return err_set(err, -EBUSY, "port %s: number %u is in use or out of range",
			       port->name, want);
	uint32_t n = want != UINT32_MAX ? want : choose_number(fp, port->name);
	if (n >= MAX_DP_PORTS)
		return err_set(err, -ENOSPC, "port %s: all %d port numbers are in use", port->name,
			       MAX_DP_PORTS - 1);
	int r = port->ops->attach ? port->ops->attach(port, base->ops->type, err) : 0;
	if (r < 0)
		return r;
	struct user_port *up = xzalloc_cacheline(sizeof *up);
	up->port = port_ref(port);
	up->dp_port = n;
	port->dp_port = n;
	port->fastpath = base;
	port->deliver = on_deliver;
	port->deliver_arg = fp;
	/* First the threads' numbers, then the port: a thread that sees the port sees them. */
	memset(up->thread_of, 0xff, sizeof up->thread_of);
	rcu_assign_pointer(fp->ports[n], up);
	fp->n_ports++;
	if (fp->takes_port && fp->takes_port(fp, up))
		return 0;
	return user_port_poll(fp, up, err);
}

int user_port_del(struct fastpath *base, struct port *port, struct err *err)
{
	struct user_fastpath *fp = self(base);
	uint32_t n = port->dp_port;
	struct user_port *up = n < MAX_DP_PORTS ? fp->ports[n] : NULL;
	if (!up || up->port != port)
		return err_set(err, -ENOENT, "port %s: is not in this fast path", port->name);
	poll_del_port(fp, up);
	rcu_assign_pointer(fp->ports[n], NULL);
	port->dp_port = PORT_NO_DP;
	port->fastpath = NULL;
	port->deliver = NULL;
	synchronize_rcu(); /* no thread has it, or packets for it, any more */
	struct pending *pd = &up->pending[MAIN_EXEC];
	ASSERT(!pd->n && !pd->is_dirty); /* else: removed from inside the handling of a packet */
	port_unref(port);
	free(up);
	fp->n_ports--;
	return 0;
}

/* Flows. */

int user_flow_put(struct fastpath *base, const struct flow_key *key, const struct flow_key *mask,
		  const void *actions, size_t size, void *user, struct err *err UNUSED)
{
	cache_put(&self(base)->cache, key, mask, actions, size, user);
	return 0;
}

int user_flow_del(struct fastpath *base, const struct flow_ufid *ufid,
		  struct dp_flow_stats *ret_stats)
{
	struct user_fastpath *fp = self(base);
	struct megaflow *f = cache_find(&fp->cache, ufid);
	if (!f)
		return -ENOENT;
	cache_delete(&fp->cache, f);
	if (ret_stats)
		megaflow_stats(f, ret_stats); /* lives for a grace period */
	return 0;
}

int user_flow_stats(struct fastpath *base, const struct flow_ufid *ufid, struct dp_flow_stats *ret)
{
	struct megaflow *f = cache_find(&self(base)->cache, ufid);
	if (!f)
		return -ENOENT;
	megaflow_stats(f, ret);
	return 0;
}

void user_flow_dump(struct fastpath *base, bool (*cb)(const struct fastpath_flow *, void *),
		    void *arg)
{
	struct user_fastpath *fp = self(base);
	struct megaflow *f;
	struct flow_key key, mask;
	HMAP_FOR_EACH_SAFE(f, &fp->cache.flows, node) {
		megaflow_key(f, &key, &mask);
		struct fastpath_flow out = {
			.ufid = f->ufid,
			.key = &key,
			.mask = &mask,
			.actions = f->actions->data,
			.actions_size = f->actions->size,
			.user = f->user,
		};
		megaflow_stats(f, &out.stats);
		if (!cb(&out, arg))
			return;
	}
}

uint64_t user_n_flows(const struct fastpath *base)
{
	return cache_n_flows(&CONTAINER_OF(base, struct user_fastpath, base)->cache);
}

void user_flow_flush(struct fastpath *base)
{
	struct user_fastpath *fp = self(base);
	struct megaflow *f;
	HMAP_FOR_EACH_SAFE(f, &fp->cache.flows, node)
		cache_delete(&fp->cache, f);
}

void user_execute(struct fastpath *base, struct packet *p, const void *actions, size_t size)
{
	/* The caller may be a datapath thread with a miss; it holds the control lock, so the main
	 * thread's executor is free, or is ours. */
	struct exec *ex = self(base)->execs[MAIN_EXEC];
	packet_parse_offsets(p);
	ex->generation = cache_generation(&ex->fp->cache);
	ex->now_ns = clock_mono_ns();
	exec_actions(ex, &p, 1, actions, size, 0);
	exec_finish(ex);
}

void user_get_totals(const struct fastpath *base, struct fastpath_totals *ret)
{
	const struct user_fastpath *fp = CONTAINER_OF(base, struct user_fastpath, base);
	*ret = (struct fastpath_totals){
		.n_masks = cache_n_masks(&fp->cache),
		.n_flows = cache_n_flows(&fp->cache),
	};
	for (unsigned i = 0; i < N_EXECS; i++) {
		if (!fp->execs[i])
			continue;
		const struct exec_counters *c = &fp->execs[i]->counters;
		ret->n_hit += __atomic_load_n(&c->n_hit, __ATOMIC_RELAXED);
		ret->n_missed += __atomic_load_n(&c->n_missed, __ATOMIC_RELAXED);
		ret->n_lost += __atomic_load_n(&c->n_lost, __ATOMIC_RELAXED);
		ret->n_mask_hit += __atomic_load_n(&c->n_mask_hit, __ATOMIC_RELAXED);
		ret->n_cache_hit += __atomic_load_n(&c->n_cache_hit, __ATOMIC_RELAXED);
	}
}

void user_close(struct fastpath *base)
{
	struct user_fastpath *fp = self(base);
	poll_stop(fp);
	timer_disarm(&fp->tick);
	for (uint32_t n = 0; n < MAX_DP_PORTS; n++) {
		struct user_port *up = fp->ports[n];
		if (!up)
			continue;
		up->port->dp_port = PORT_NO_DP;
		up->port->fastpath = NULL;
		up->port->deliver = NULL;
		port_unref(up->port);
		free(up);
	}
	free(fp->ports);
	cache_fini(&fp->cache);
	for (unsigned i = 0; i < N_EXECS; i++)
		exec_free(fp->execs[i]);
	free(fp->base.name);
	free(fp);
}

#define USER_OPS(NAME, TYPE)                                                                       \
	static int open_##NAME(const char *name, struct loop *loop, upcall_cb *cb, void *arg,      \
			       struct fastpath **ret, struct err *err);                            \
	static const struct fastpath_ops NAME##_ops = {                                            \
		.type = TYPE,                                                                      \
		.open = open_##NAME,                                                               \
		.close = user_close,                                                               \
		.port_add = user_port_add,                                                         \
		.port_del = user_port_del,                                                         \
		.flow_put = user_flow_put,                                                         \
		.flow_del = user_flow_del,                                                         \
		.flow_stats = user_flow_stats,                                                     \
		.flow_dump = user_flow_dump,                                                       \
		.n_flows = user_n_flows,                                                           \
		.flow_flush = user_flow_flush,                                                     \
		.execute = user_execute,                                                           \
		.get_totals = user_get_totals,                                                     \
	};                                                                                         \
	static int open_##NAME(const char *name, struct loop *loop, upcall_cb *cb, void *arg,      \
			       struct fastpath **ret, struct err *err UNUSED)                      \
	{                                                                                          \
		return user_open(&NAME##_ops, name, loop, cb, arg, ret);                           \
	}

USER_OPS(netdev, "netdev")
USER_OPS(dummy, "dummy")
USER_OPS(system, "system")

void fastpath_user_register(enum port_dummy dummy)
{
	fastpath_ops_register(&system_ops);
	fastpath_ops_register(&netdev_ops);
	if (dummy == PORT_DUMMY_NONE)
		return;
	fastpath_ops_register(&dummy_ops);
	fastpath_set_simulated("dummy");
	if (dummy >= PORT_DUMMY_SYSTEM)
		fastpath_set_simulated("system");
	if (dummy == PORT_DUMMY_OVERRIDE)
		fastpath_set_simulated("netdev");
}

const struct fastpath_ops *fastpath_user_system_ops(void) { return &system_ops; }
