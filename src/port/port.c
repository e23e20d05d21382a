/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds, open ports, and news of devices that no port has yet. */
#include "port/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rcu.h"
#include "port/kinds.h"
#include "port/link.h"

LOG_MODULE(port);

enum { MAX_KINDS = 32 };
static const struct port_ops *kinds[MAX_KINDS];
static const char *types[MAX_KINDS + 1];
static unsigned n_kinds;
static enum port_dummy dummy_mode;
static struct list ports = LIST_INIT(ports);
static void (*new_device_cb)(const char *name, void *arg);
static void *new_device_arg;
static struct link_watcher watcher;
static void (*observer)(struct port *, bool closing);

static int compare_types(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void port_ops_register(const struct port_ops *ops)
{
	ASSERT(n_kinds < MAX_KINDS);
	kinds[n_kinds] = ops;
	types[n_kinds++] = ops->type;
	qsort(types, n_kinds, sizeof *types, compare_types);
}

const char *const *port_types(void) { return types; }

const struct port_ops *port_ops_lookup(const char *type)
{
	if (!type[0])
		type = "system";
	if ((dummy_mode >= PORT_DUMMY_SYSTEM && !strcmp(type, "system")) ||
	    (dummy_mode == PORT_DUMMY_OVERRIDE && !strcmp(type, "tap")))
		return &port_sim_ops;
	if (dummy_mode == PORT_DUMMY_OVERRIDE && !strcmp(type, "internal"))
		return &port_sim_internal_ops;
	for (unsigned i = 0; i < n_kinds; i++) {
		if (!strcmp(kinds[i]->type, type))
			return kinds[i];
	}
	return NULL;
}

struct port *port_new(const struct port_ops *ops, const char *name)
{
	struct port *p = xzalloc(sizeof *p);
	p->ops = ops;
	p->name = xstrdup(name);
	p->type = ops->type;
	p->dp_port = PORT_NO_DP;
	p->refs = 1;
	list_init(&p->node);
	return p;
}

int port_open(const char *name, const char *type, struct loop *loop, struct port **ret,
	      struct err *err)
{
	const struct port_ops *ops = port_ops_lookup(type);
	if (!ops)
		return err_set(err, -EAFNOSUPPORT, "could not create netdev %s of unknown type %s",
			       name, type);
	if (port_lookup(name))
		return err_set(err, -EBUSY, "%s: another port has this device", name);
	struct port *p = port_new(ops, name);
	p->loop = loop;
	int r = ops->open(p, err);
	if (r < 0) {
		free(p->name);
		free(p);
		return r;
	}
	list_push_back(&ports, &p->node);
	*ret = p;
	return 0;
}

struct port *port_ref(struct port *p)
{
	ASSERT(p->refs > 0);
	p->refs++;
	return p;
}

/* After the last reader has gone; 'close' ran then, too, on what readers may use. */
void port_unref(struct port *p)
{
	if (!p)
		return;
	ASSERT(p->refs > 0);
	if (--p->refs)
		return;
	if (observer)
		observer(p, true);
	list_remove(&p->node);
	/* Datapath threads may be in rx or tx of it. Ports are removed seldom: waiting is simpler
	 * than a close in two steps. */
	synchronize_rcu();
	p->ops->close(p);
	free(p->name);
	free(p);
}

struct port *port_lookup(const char *name)
{
	struct port *p;
	LIST_FOR_EACH(p, &ports, node) {
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

struct port *port_next(const struct port *p)
{
	struct list *node = p ? p->node.next : ports.next;
	return node == &ports ? NULL : LIST_ENTRY(node, struct port, node);
}

void port_observe(void (*cb)(struct port *, bool closing)) { observer = cb; }

void port_note_change(struct port *p)
{
	p->change_seq++;
	if (observer)
		observer(p, false);
	if (p->changed)
		p->changed(p, p->changed_arg);
}

void port_on_new_device(void (*cb)(const char *name, void *arg), void *arg)
{
	new_device_cb = cb;
	new_device_arg = arg;
}

/* Devices that a port has tell their port. */
static void on_link(struct link_watcher *w UNUSED, const struct link *l, bool gone)
{
	if (!gone && new_device_cb && !port_lookup(l->name))
		new_device_cb(l->name, new_device_arg);
}

void port_keep_devices(bool keep) { tap_keep_devices(keep); }
bool port_keeps_devices(void) { return tap_keeps_devices(); }
void port_sweep_devices(void) { tap_sweep_devices(); }

int port_start(struct loop *loop, enum port_dummy dummy, struct err *err)
{
	dummy_mode = dummy;
	port_ops_register(&port_system_ops);
	port_ops_register(&port_internal_ops);
	port_ops_register(&port_tap_ops);
	if (dummy != PORT_DUMMY_NONE) {
		port_ops_register(&port_sim_ops);
		port_ops_register(&port_sim_internal_ops);
		sim_register_commands();
	}
	if (dummy == PORT_DUMMY_OVERRIDE)
		return 0;
	int r = link_watch_start(loop, err);
	if (r < 0)
		return r;
	watcher.cb = on_link;
	link_watcher_add(&watcher);
	return 0;
}

void port_stop(void)
{
	if (dummy_mode != PORT_DUMMY_OVERRIDE) {
		link_watcher_remove(&watcher);
		link_watch_stop();
	}
}
