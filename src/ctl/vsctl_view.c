/* SPDX-License-Identifier: Apache-2.0 */
/* vsctl_view: see vsctl.h. A command line may hold hundreds of add-port commands, so the view is
 * made once, kept in step by the commands that know what they do, and thrown away when one that
 * does not (set, add, ..) writes a column that it shows. */
#include <errno.h>
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "ctl/vsctl.h"

LOG_MODULE(vsctl_view);

/* All that the view is made of. */
static const struct {
	const struct idl_table_def *table;
	unsigned column;
} view_columns[] = {
	{ &vsw_open_vswitch_table, VSW_OPEN_VSWITCH_BRIDGES },
	{ &vsw_bridge_table, VSW_BRIDGE_NAME },
	{ &vsw_bridge_table, VSW_BRIDGE_PORTS },
	{ &vsw_port_table, VSW_PORT_NAME },
	{ &vsw_port_table, VSW_PORT_FAKE_BRIDGE },
	{ &vsw_port_table, VSW_PORT_TAG },
	{ &vsw_port_table, VSW_PORT_INTERFACES },
	{ &vsw_interface_table, VSW_INTERFACE_NAME },
};

void view_prepare(struct ctl *ctl)
{
	for (size_t i = 0; i < ARRAY_SIZE(view_columns); i++)
		idl_monitor_column(ctl->idl, view_columns[i].table, view_columns[i].column);
}

void view_column_changed(struct ctl *ctl, const struct idl_table_def *table, int column)
{
	for (size_t i = 0; i < ARRAY_SIZE(view_columns); i++) {
		if (table == view_columns[i].table &&
		    (column == CTL_WHOLE_ROW || column == view_columns[i].column))
			view_forget(ctl);
	}
}

int vsctl_prepare_view(struct ctl_command *command, struct err *err)
{
	view_prepare(command->ctl);
	return 0;
}

int vsctl_prepare_nothing(struct ctl_command *command, struct err *err) { return 0; }

const struct vsw_open_vswitch *vsctl_root(struct ctl *ctl)
{
	return vsw_open_vswitch_first(ctl->idl);
}

/* --- look-up --------------------------------------------------------------------------------- */

#define LOOKUP(map, name, type)                                                                    \
	({                                                                                         \
		type *found_ = NULL, *it;                                                          \
		HMAP_FOR_EACH_WITH_HASH(it, map, hash_str(name, 0), node) {                        \
			if (!strcmp(it->name, name)) {                                             \
				found_ = it;                                                       \
				break;                                                             \
			}                                                                          \
		}                                                                                  \
		found_;                                                                            \
	})

struct view_bridge *view_bridge(const struct view *view, const char *name)
{
	return LOOKUP(&view->bridges, name, struct view_bridge);
}

struct view_port *view_port(const struct view *view, const char *name)
{
	return LOOKUP(&view->ports, name, struct view_port);
}

struct view_iface *view_iface(const struct view *view, const char *name)
{
	return LOOKUP(&view->ifaces, name, struct view_iface);
}

int view_need_bridge(const struct view *view, const char *name, struct view_bridge **ret,
		     struct err *err)
{
	*ret = view_bridge(view, name);
	return *ret ? 0 : err_set(err, -ENOENT, "no bridge named %s", name);
}

int view_need_real_bridge(const struct view *view, const char *name, struct view_bridge **ret,
			  struct err *err)
{
	int r = view_need_bridge(view, name, ret, err);
	if (r == 0 && (*ret)->parent)
		return err_set(err, -EINVAL, "%s is a fake bridge", name);
	return r;
}

int view_need_port(const struct view *view, const char *name, struct view_port **ret,
		   struct err *err)
{
	*ret = view_port(view, name);
	if (*ret && !(*ret)->is_local)
		return 0;
	return err_set(err, -ENOENT, "no port named %s", name);
}

int view_need_iface(const struct view *view, const char *name, struct view_iface **ret,
		    struct err *err)
{
	*ret = view_iface(view, name);
	if (*ret && !(*ret)->port->is_local)
		return 0;
	return err_set(err, -ENOENT, "no interface named %s", name);
}

int view_check_no_conflict(const struct view *view, const char *what, const char *name,
			   struct err *err)
{
	if (view_bridge(view, name))
		return err_set(err, -EEXIST,
			       "cannot create %s %s because a bridge named %s already exists", what,
			       name, name);
	const struct view_port *port = view_port(view, name);
	if (port)
		return err_set(err, -EEXIST,
			       "cannot create %s %s because a port named %s already "
			       "exists on bridge %s",
			       what, name, name, port->bridge->name);
	const struct view_iface *iface = view_iface(view, name);
	if (iface)
		return err_set(err, -EEXIST,
			       "cannot create %s %s because an interface named %s "
			       "already exists on bridge %s",
			       what, name, name, iface->port->bridge->name);
	return 0;
}

/* --- building -------------------------------------------------------------------------------- */

struct view_bridge *view_add_bridge(struct view *view, const char *name,
				    const struct vsw_bridge *row, const struct vsw_port *local,
				    struct view_bridge *parent, int vlan)
{
	struct view_bridge *bridge = xzalloc(sizeof *bridge);
	bridge->name = name;
	bridge->row = row;
	bridge->local = local;
	bridge->parent = parent;
	bridge->vlan = vlan;
	list_init(&bridge->children);
	list_init(&bridge->ports);
	list_init(&bridge->child_node);
	if (parent)
		list_push_back(&parent->children, &bridge->child_node);
	hmap_insert(&view->bridges, &bridge->node, hash_str(name, 0));
	return bridge;
}

/* A fake bridge of 'bridge' for the port's tag, or 'bridge'. */
static struct view_bridge *owner(struct view_bridge *bridge, const struct vsw_port *row)
{
	int64_t tag;
	struct view_bridge *child;
	if (!vsw_port_tag(row, &tag))
		return bridge;
	LIST_FOR_EACH(child, &bridge->children, child_node) {
		if (child->vlan == tag)
			return child;
	}
	return bridge;
}

struct view_port *view_add_port(struct view *view, struct view_bridge *bridge,
				const struct vsw_port *row)
{
	struct view_bridge *real = bridge->parent ? bridge->parent : bridge;
	struct view_port *port = xzalloc(sizeof *port);
	port->name = vsw_port_name(row);
	port->row = row;
	port->is_local = vsw_port_fake_bridge(row) || !strcmp(port->name, real->name);
	port->bridge = port->is_local && view_bridge(view, port->name)
			       ? view_bridge(view, port->name)
			       : owner(real, row);
	list_init(&port->ifaces);
	list_init(&port->node_in_bridge);
	if (!port->is_local)
		list_push_back(&port->bridge->ports, &port->node_in_bridge);
	hmap_insert(&view->ports, &port->node, hash_str(port->name, 0));
	for (size_t i = 0; i < vsw_port_n_interfaces(row); i++) {
		const struct vsw_interface *iface = vsw_port_interfaces(row, i);
		if (iface && !view_iface(view, vsw_interface_name(iface)))
			view_add_iface(view, port, iface);
	}
	return port;
}

struct view_iface *view_add_iface(struct view *view, struct view_port *port,
				  const struct vsw_interface *row)
{
	struct view_iface *iface = xzalloc(sizeof *iface);
	iface->name = vsw_interface_name(row);
	iface->row = row;
	iface->port = port;
	list_push_back(&port->ifaces, &iface->node_in_port);
	port->n_ifaces++;
	hmap_insert(&view->ifaces, &iface->node, hash_str(iface->name, 0));
	return iface;
}

void view_del_iface(struct view *view, struct view_iface *iface)
{
	iface->port->n_ifaces--;
	list_remove(&iface->node_in_port);
	hmap_remove(&view->ifaces, &iface->node);
	free(iface);
}

void view_del_port(struct view *view, struct view_port *port)
{
	while (!list_is_empty(&port->ifaces))
		view_del_iface(view,
			       LIST_ENTRY(port->ifaces.next, struct view_iface, node_in_port));
	list_remove(&port->node_in_bridge);
	hmap_remove(&view->ports, &port->node);
	free(port);
}

void view_del_bridge(struct view *view, struct view_bridge *bridge)
{
	ASSERT(list_is_empty(&bridge->ports) && list_is_empty(&bridge->children));
	list_remove(&bridge->child_node);
	hmap_remove(&view->bridges, &bridge->node);
	free(bridge);
}

/* First all bridges, then the ports, since a port's owner may be a fake bridge further on. */
static void build_bridge(struct ctl *ctl, struct view *view, const struct vsw_bridge *row)
{
	const char *name = vsw_bridge_name(row);
	if (view_bridge(view, name)) {
		log_warn("%s: database contains duplicate bridge name", name);
		return;
	}
	struct view_bridge *bridge = view_add_bridge(view, name, row, NULL, NULL, 0);
	idl_verify(ctl->txn, idl_row(row), VSW_BRIDGE_PORTS);
	for (size_t i = 0; i < vsw_bridge_n_ports(row); i++) {
		const struct vsw_port *port = vsw_bridge_ports(row, i);
		int64_t tag;
		if (!port)
			continue;
		const char *port_name = vsw_port_name(port);
		if (!strcmp(port_name, name))
			bridge->local = port;
		else if (vsw_port_fake_bridge(port) && vsw_port_tag(port, &tag) &&
			 !view_bridge(view, port_name))
			view_add_bridge(view, port_name, row, port, bridge, tag);
	}
}

static void build_ports(struct ctl *ctl, struct view *view, const struct vsw_bridge *row)
{
	struct view_bridge *bridge = view_bridge(view, vsw_bridge_name(row));
	for (size_t i = 0; bridge && bridge->row == row && i < vsw_bridge_n_ports(row); i++) {
		const struct vsw_port *port = vsw_bridge_ports(row, i);
		if (!port)
			continue;
		if (view_port(view, vsw_port_name(port))) {
			log_warn("%s: database contains duplicate port name", vsw_port_name(port));
			continue;
		}
		idl_verify(ctl->txn, idl_row(port), VSW_PORT_INTERFACES);
		view_add_port(view, bridge, port);
	}
}

struct view *view_get(struct ctl *ctl)
{
	if (ctl->cache)
		return ctl->cache;
	struct view *view = xzalloc(sizeof *view);
	hmap_init(&view->bridges);
	hmap_init(&view->ports);
	hmap_init(&view->ifaces);
	view->root = vsctl_root(ctl);
	ctl->cache = view;
	idl_verify(ctl->txn, idl_row(view->root), VSW_OPEN_VSWITCH_BRIDGES);
	size_t n = vsw_open_vswitch_n_bridges(view->root);
	for (size_t i = 0; i < n; i++) {
		const struct vsw_bridge *row = vsw_open_vswitch_bridges(view->root, i);
		if (row)
			build_bridge(ctl, view, row);
	}
	for (size_t i = 0; i < n; i++) {
		const struct vsw_bridge *row = vsw_open_vswitch_bridges(view->root, i);
		if (row)
			build_ports(ctl, view, row);
	}
	return view;
}

void view_forget(struct ctl *ctl)
{
	struct view *view = ctl->cache;
	struct view_bridge *bridge;
	struct view_port *port;
	if (!view)
		return;
	HMAP_FOR_EACH_SAFE(port, &view->ports, node)
		view_del_port(view, port);
	HMAP_FOR_EACH_SAFE(bridge, &view->bridges, node) {
		hmap_remove(&view->bridges, &bridge->node);
		free(bridge);
	}
	hmap_fini(&view->bridges);
	hmap_fini(&view->ports);
	hmap_fini(&view->ifaces);
	free(view);
	ctl->cache = NULL;
}

/* --- printing -------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void vsctl_print_sorted(struct ctl_command *command, const char **names, size_t n)
{
	if (n)
		qsort(names, n, sizeof *names, compare_names);
	for (size_t i = 0; i < n; i++)
		str_putf(&command->output, "%s\n", names[i]);
	free(names);
}

void vsctl_put_args(const struct ctl_command *command, struct str *out)
{
	for (int i = 0; i < command->argc; i++)
		str_putf(out, "%s%s", i ? " " : "", command->argv[i]);
}
