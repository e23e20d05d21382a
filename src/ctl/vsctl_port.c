/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include "base/mem.h"
#include "ctl/vsctl.h"

/* --- add-port, add-bond ---------------------------------------------------------------------- */

struct new_port {
	const char *bridge, *name;
	char **ifaces;
	size_t n_ifaces;
	char **settings; /* COLUMN[:KEY]=VALUE */
	size_t n_settings;
	bool fake_iface;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **port_iface_names(const struct view_port *port)
{
	const char **names = xcalloc(port->n_ifaces + 1, sizeof *names);
	size_t n = 0;
	const struct view_iface *iface;
	LIST_FOR_EACH(iface, &port->ifaces, node_in_port)
		names[n++] = iface->name;
	if (n)
		qsort(names, n, sizeof *names, compare_names);
	return names;
}

/* "--may-exist add-port .." names a port that is there: is it the one that is meant? */
static int check_same(const struct ctl_command *command, const struct new_port *new,
		      const struct view_port *port, const struct view_bridge *bridge,
		      struct err *err)
{
	AUTO_STR args = STR_INIT;
	vsctl_put_args(command, &args);
	if (port->bridge != bridge)
		return err_set(err, -EEXIST,
			       "\"--may-exist %s\" but %s is actually attached to "
			       "bridge %s",
			       str_cstr(&args), new->name, port->bridge->name);
	AUTO_FREE const char **wanted = xcalloc(new->n_ifaces + 1, sizeof *wanted);
	AUTO_FREE const char **there = port_iface_names(port);
	bool same = new->n_ifaces == port->n_ifaces;
	for (size_t i = 0; i < new->n_ifaces; i++)
		wanted[i] = new->ifaces[i];
	qsort(wanted, new->n_ifaces, sizeof *wanted, compare_names);
	for (size_t i = 0; same && i < new->n_ifaces; i++)
		same = !strcmp(wanted[i], there[i]);
	if (same)
		return 0;
	AUTO_STR names = STR_INIT;
	for (size_t i = 0; i < port->n_ifaces; i++)
		str_putf(&names, "%s%s", i ? ", " : "", there[i]);
	return err_set(err, -EEXIST, "\"--may-exist %s\" but %s actually has interface(s) %s",
		       str_cstr(&args), new->name, str_cstr(&names));
}

static int add_port(struct ctl_command *command, const struct new_port *new, struct err *err)
{
	struct ctl *ctl = command->ctl;
	struct view *view = view_get(ctl);
	struct view_bridge *bridge;
	int r = view_need_bridge(view, new->bridge, &bridge, err);
	if (r < 0)
		return r;
	const struct view_port *same = view_port(view, new->name);
	if (same && !same->is_local && ctl_has_option(command, "--may-exist"))
		return check_same(command, new, same, bridge, err);
	r = view_check_no_conflict(view, "a port named", new->name, err);
	for (size_t i = 0; r == 0 && i < new->n_ifaces; i++)
		r = view_check_no_conflict(view, "an interface named", new->ifaces[i], err);
	if (r < 0)
		return r;

	AUTO_FREE const struct vsw_interface **ifaces = xcalloc(new->n_ifaces, sizeof *ifaces);
	for (size_t i = 0; i < new->n_ifaces; i++) {
		ifaces[i] = vsw_interface_insert(ctl->txn);
		vsw_interface_set_name(ctl->txn, ifaces[i], new->ifaces[i]);
		vsctl_note_new_iface(new->ifaces[i]);
	}
	const struct vsw_port *port = vsw_port_insert(ctl->txn);
	vsw_port_set_name(ctl->txn, port, new->name);
	vsw_port_set_interfaces(ctl->txn, port, ifaces, new->n_ifaces);
	if (new->fake_iface)
		vsw_port_set_bond_fake_iface(ctl->txn, port, true);
	if (bridge->parent)
		vsw_port_set_tag(ctl->txn, port, bridge->vlan);
	for (size_t i = 0; i < new->n_settings; i++) {
		r = ctl_set_column(ctl, idl_row(port), new->settings[i], err);
		if (r < 0)
			return r;
	}
	vsw_bridge_add_ports(ctl->txn, bridge->row, port);
	view_add_port(view, bridge, port);
	return 0;
}

static int prepare_settings(struct ctl_command *command, int first, struct err *err)
{
	view_prepare(command->ctl);
	for (int i = first; i < command->argc; i++) {
		int r = ctl_prepare_set(command->ctl, &vsw_port_table, command->argv[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int prepare_add_port(struct ctl_command *command, struct err *err)
{
	return prepare_settings(command, 3, err);
}

static int run_add_port(struct ctl_command *command, struct err *err)
{
	struct new_port new = {
		.bridge = command->argv[1],
		.name = command->argv[2],
		.ifaces = &command->argv[2],
		.n_ifaces = 1,
		.settings = &command->argv[3],
		.n_settings = command->argc - 3,
	};
	return add_port(command, &new, err);
}

/* Interfaces go on up to the first argument with a "=". */
static int first_setting(const struct ctl_command *command)
{
	int i = 3;
	while (i < command->argc && !strchr(command->argv[i], '='))
		i++;
	return i;
}

static int prepare_add_bond(struct ctl_command *command, struct err *err)
{
	return prepare_settings(command, first_setting(command), err);
}

static int run_add_bond(struct ctl_command *command, struct err *err)
{
	int settings = first_setting(command);
	struct new_port new = {
		.bridge = command->argv[1],
		.name = command->argv[2],
		.ifaces = &command->argv[3],
		.n_ifaces = settings - 3,
		.settings = &command->argv[settings],
		.n_settings = command->argc - settings,
		.fake_iface = ctl_has_option(command, "--fake-iface"),
	};
	if (new.n_ifaces < 2)
		return err_set(err, -EINVAL,
			       "add-bond requires at least 2 interfaces, but only %zu were "
			       "specified",
			       new.n_ifaces);
	return add_port(command, &new, err);
}

/* --- del-port -------------------------------------------------------------------------------- */

static void delete_port(struct ctl *ctl, struct view *view, struct view_port *port)
{
	struct view_iface *iface;
	vsw_bridge_del_ports(ctl->txn, port->bridge->row, port->row);
	LIST_FOR_EACH(iface, &port->ifaces, node_in_port)
		vsw_interface_delete(ctl->txn, iface->row);
	vsw_port_delete(ctl->txn, port->row);
	view_del_port(view, port);
}

/* The port of that name, or with --with-iface one that has an interface of that name. */
static struct view_port *target_port(const struct ctl_command *command, const struct view *view,
				     const char *name)
{
	struct view_port *port = view_port(view, name);
	if (port || !ctl_has_option(command, "--with-iface"))
		return port;
	const struct view_iface *iface = view_iface(view, name);
	return iface ? iface->port : NULL;
}

static int check_on_bridge(const struct view *view, const struct view_port *port,
			   const char *bridge_name, const char *target, struct err *err)
{
	struct view_bridge *bridge;
	int r = view_need_bridge(view, bridge_name, &bridge, err);
	if (r < 0 || port->bridge == bridge)
		return r;
	if (port->bridge->parent == bridge)
		return err_set(err, -EINVAL,
			       "bridge %s does not have a port %s (although its "
			       "child bridge %s does)",
			       bridge_name, target, port->bridge->name);
	return err_set(err, -ENOENT, "bridge %s does not have a port %s", bridge_name, target);
}

static int run_del_port(struct ctl_command *command, struct err *err)
{
	bool must_exist = !ctl_has_option(command, "--if-exists");
	bool with_iface = ctl_has_option(command, "--with-iface");
	const char *target = command->argv[command->argc - 1];
	struct view *view = view_get(command->ctl);
	struct view_port *port = target_port(command, view, target);
	if (!port || port->is_local) {
		if (!must_exist)
			return 0;
		if (port)
			return err_set(err, -EINVAL,
				       "cannot delete port %s because it is the "
				       "local port for bridge %s (deleting this port "
				       "requires deleting the entire bridge)",
				       target, port->bridge->name);
		return err_set(err, -ENOENT,
			       with_iface ? "no port or interface named %s" : "no port named %s",
			       target);
	}
	if (command->argc > 2) {
		int r = check_on_bridge(view, port, command->argv[1], target, err);
		if (r < 0)
			return r;
	}
	delete_port(command->ctl, view, port);
	return 0;
}

/* --- bonds ----------------------------------------------------------------------------------- */

static int run_add_bond_iface(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const char *name = command->argv[2];
	struct view *view = view_get(ctl);
	struct view_port *port;
	int r = view_need_port(view, command->argv[1], &port, err);
	if (r < 0)
		return r;
	const struct view_iface *same = view_iface(view, name);
	if (same && ctl_has_option(command, "--may-exist")) {
		AUTO_STR args = STR_INIT;
		vsctl_put_args(command, &args);
		if (same->port == port)
			return 0;
		return err_set(err, -EEXIST,
			       "\"--may-exist %s\" but %s is actually attached to "
			       "port %s",
			       str_cstr(&args), name, same->port->name);
	}
	r = view_check_no_conflict(view, "an interface named", name, err);
	if (r < 0)
		return r;
	const struct vsw_interface *row = vsw_interface_insert(ctl->txn);
	vsw_interface_set_name(ctl->txn, row, name);
	vsctl_note_new_iface(name);
	vsw_port_add_interfaces(ctl->txn, port->row, row);
	view_add_iface(view, port, row);
	return 0;
}

static int run_del_bond_iface(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const char *name = command->argv[command->argc - 1];
	struct view *view = view_get(ctl);
	struct view_iface *iface = view_iface(view, name);
	struct view_port *port;
	int r;
	if (command->argc > 2) {
		r = view_need_port(view, command->argv[1], &port, err);
		if (r < 0)
			return r;
	}
	if (!iface && ctl_has_option(command, "--if-exists"))
		return 0;
	r = view_need_iface(view, name, &iface, err);
	if (r < 0)
		return r;
	if (command->argc > 2 && iface->port != port)
		return err_set(err, -ENOENT, "port %s does not have an interface %s", port->name,
			       name);
	if (iface->port->n_ifaces == 1)
		return err_set(err, -EINVAL, "cannot delete last interface from port %s",
			       iface->port->name);
	vsw_port_del_interfaces(ctl->txn, iface->port->row, iface->row);
	vsw_interface_delete(ctl->txn, iface->row);
	view_del_iface(view, iface);
	return 0;
}

/* --- questions ------------------------------------------------------------------------------- */

static int run_list_ports(struct ctl_command *command, struct err *err)
{
	const struct view *view = view_get(command->ctl);
	struct view_bridge *bridge;
	int r = view_need_bridge(view, command->argv[1], &bridge, err);
	if (r < 0)
		return r;
	const char **names = xcalloc(list_size(&bridge->ports) + 1, sizeof *names);
	size_t n = 0;
	const struct view_port *port;
	LIST_FOR_EACH(port, &bridge->ports, node_in_bridge)
		names[n++] = port->name;
	vsctl_print_sorted(command, names, n);
	return 0;
}

static int run_list_ifaces(struct ctl_command *command, struct err *err)
{
	const struct view *view = view_get(command->ctl);
	struct view_bridge *bridge;
	int r = view_need_bridge(view, command->argv[1], &bridge, err);
	if (r < 0)
		return r;
	const char **names = xcalloc(hmap_count(&view->ifaces) + 1, sizeof *names);
	size_t n = 0;
	const struct view_port *port;
	const struct view_iface *iface;
	LIST_FOR_EACH(port, &bridge->ports, node_in_bridge) {
		LIST_FOR_EACH(iface, &port->ifaces, node_in_port)
			names[n++] = iface->name;
	}
	vsctl_print_sorted(command, names, n);
	return 0;
}

static int run_port_to_br(struct ctl_command *command, struct err *err)
{
	struct view_port *port;
	int r = view_need_port(view_get(command->ctl), command->argv[1], &port, err);
	if (r == 0)
		str_putf(&command->output, "%s\n", port->bridge->name);
	return r;
}

static int run_iface_to_br(struct ctl_command *command, struct err *err)
{
	struct view_iface *iface;
	int r = view_need_iface(view_get(command->ctl), command->argv[1], &iface, err);
	if (r == 0)
		str_putf(&command->output, "%s\n", iface->port->bridge->name);
	return r;
}

const struct ctl_command_def vsctl_port_commands[] = {
	{ "list-ports", 1, 1, "!BRIDGE", "", false, vsctl_prepare_view, run_list_ports, NULL },
	{ "add-port", 2, INT_MAX, "!BRIDGE !NEW-PORT *COLUMN?:KEY=VALUE", "--may-exist", true,
	  prepare_add_port, run_add_port, NULL },
	{ "add-bond", 4, INT_MAX, "!BRIDGE !BOND +IFACE *COLUMN?:KEY=VALUE",
	  "--may-exist,--fake-iface", true, prepare_add_bond, run_add_bond, NULL },
	{ "add-bond-iface", 2, 2, "!BOND !IFACE", "--may-exist", true, vsctl_prepare_view,
	  run_add_bond_iface, NULL },
	{ "del-bond-iface", 1, 2, "?BOND !IFACE", "--if-exists", true, vsctl_prepare_view,
	  run_del_bond_iface, NULL },
	{ "del-port", 1, 2, "?BRIDGE !PORT|IFACE", "--if-exists,--with-iface", true,
	  vsctl_prepare_view, run_del_port, NULL },
	{ "port-to-br", 1, 1, "!PORT", "", false, vsctl_prepare_view, run_port_to_br, NULL },
	{ "list-ifaces", 1, 1, "!BRIDGE", "", false, vsctl_prepare_view, run_list_ifaces, NULL },
	{ "iface-to-br", 1, 1, "!IFACE", "", false, vsctl_prepare_view, run_iface_to_br, NULL },
	{ NULL },
};
