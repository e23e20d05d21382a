/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include "base/mem.h"
#include "ctl/vsctl.h"

/* --- add-br ---------------------------------------------------------------------------------- */

/* "--may-exist add-br .." names a bridge that is there: is it the one that is meant? */
static int check_same(const struct ctl_command *command, const struct view_bridge *bridge,
		      const char *parent_name, int vlan, struct err *err)
{
	const char *name = bridge->name;
	AUTO_STR args = STR_INIT;
	vsctl_put_args(command, &args);
	if (!parent_name) {
		if (!bridge->parent)
			return 0;
		return err_set(err, -EEXIST,
			       "\"--may-exist add-br %s\" but %s is a VLAN bridge for VLAN %d",
			       name, name, bridge->vlan);
	}
	if (!bridge->parent)
		return err_set(err, -EEXIST, "\"--may-exist %s\" but %s is not a VLAN bridge",
			       str_cstr(&args), name);
	if (strcmp(bridge->parent->name, parent_name))
		return err_set(err, -EEXIST, "\"--may-exist %s\" but %s has the wrong parent %s",
			       str_cstr(&args), name, bridge->parent->name);
	if (bridge->vlan != vlan)
		return err_set(err, -EEXIST,
			       "\"--may-exist %s\" but %s is a VLAN bridge for the wrong VLAN %d",
			       str_cstr(&args), name, bridge->vlan);
	return 0;
}

/* A port with one internal interface, both named 'name'. */
static const struct vsw_port *insert_local_port(struct ctl *ctl, const char *name)
{
	const struct vsw_interface *iface = vsw_interface_insert(ctl->txn);
	vsw_interface_set_name(ctl->txn, iface, name);
	vsw_interface_set_type(ctl->txn, iface, "internal");
	vsctl_note_new_iface(name);
	const struct vsw_port *port = vsw_port_insert(ctl->txn);
	vsw_port_set_name(ctl->txn, port, name);
	vsw_port_set_interfaces(ctl->txn, port, &iface, 1);
	return port;
}

static void add_real_bridge(struct ctl *ctl, struct view *view, const char *name)
{
	const struct vsw_port *port = insert_local_port(ctl, name);
	const struct vsw_bridge *row = vsw_bridge_insert(ctl->txn);
	vsw_bridge_set_name(ctl->txn, row, name);
	vsw_bridge_set_ports(ctl->txn, row, &port, 1);
	vsw_open_vswitch_add_bridges(ctl->txn, view->root, row);
	struct view_bridge *bridge =
		view_add_bridge(view, vsw_bridge_name(row), row, port, NULL, 0);
	view_add_port(view, bridge, port);
}

static int add_fake_bridge(struct ctl *ctl, struct view *view, const char *name,
			   const char *parent_name, int vlan, struct err *err)
{
	struct view_bridge *parent = view_bridge(view, parent_name), *child;
	if (parent && parent->parent)
		return err_set(err, -EINVAL, "cannot create bridge with fake bridge as parent");
	if (!parent)
		return err_set(err, -ENOENT, "parent bridge %s does not exist", parent_name);
	LIST_FOR_EACH(child, &parent->children, child_node) {
		if (child->vlan == vlan)
			return err_set(err, -EEXIST,
				       "bridge %s already has a child VLAN bridge %s on VLAN %d",
				       parent_name, child->name, vlan);
	}
	const struct vsw_port *port = insert_local_port(ctl, name);
	vsw_port_set_fake_bridge(ctl->txn, port, true);
	vsw_port_set_tag(ctl->txn, port, vlan);
	vsw_bridge_add_ports(ctl->txn, parent->row, port);
	struct view_bridge *bridge =
		view_add_bridge(view, vsw_port_name(port), parent->row, port, parent, vlan);
	view_add_port(view, parent, port);
	/* Ports that have this tag already are now its own. */
	struct view_port *p;
	LIST_FOR_EACH_SAFE(p, &parent->ports, node_in_bridge) {
		int64_t tag;
		if (vsw_port_tag(p->row, &tag) && tag == vlan) {
			list_remove(&p->node_in_bridge);
			list_push_back(&bridge->ports, &p->node_in_bridge);
			p->bridge = bridge;
		}
	}
	return 0;
}

static int run_add_br(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const char *name = command->argv[1], *parent = NULL;
	int vlan = 0;
	if (!*name)
		return err_set(err, -EINVAL, "bridge name must not be empty string");
	if (command->argc == 3)
		return err_set(err, -EINVAL, "'%s' command takes exactly 1 or 3 arguments",
			       command->argv[0]);
	if (command->argc == 4) {
		parent = command->argv[2];
		vlan = atoi(command->argv[3]);
		if (vlan < 0 || vlan > 4095)
			return err_set(err, -EINVAL, "%s: vlan must be between 0 and 4095",
				       command->argv[0]);
	}
	struct view *view = view_get(ctl);
	const struct view_bridge *bridge = view_bridge(view, name);
	if (bridge && ctl_has_option(command, "--may-exist"))
		return check_same(command, bridge, parent, vlan, err);
	int r = view_check_no_conflict(view, "a bridge named", name, err);
	if (r < 0)
		return r;
	if (parent)
		return add_fake_bridge(ctl, view, name, parent, vlan, err);
	add_real_bridge(ctl, view, name);
	return 0;
}

/* --- del-br ---------------------------------------------------------------------------------- */

/* Rows that nothing refers to are removed by the server; deleting them here too keeps the view of
 * the commands that follow right. */
static void delete_port(struct ctl *ctl, struct view *view, struct view_port *port)
{
	struct view_iface *iface;
	vsw_bridge_del_ports(ctl->txn, port->bridge->row, port->row);
	LIST_FOR_EACH(iface, &port->ifaces, node_in_port)
		vsw_interface_delete(ctl->txn, iface->row);
	vsw_port_delete(ctl->txn, port->row);
	view_del_port(view, port);
}

static void delete_bridge(struct ctl *ctl, struct view *view, struct view_bridge *bridge)
{
	while (!list_is_empty(&bridge->children))
		delete_bridge(ctl, view,
			      LIST_ENTRY(bridge->children.next, struct view_bridge, child_node));
	while (!list_is_empty(&bridge->ports))
		delete_port(ctl, view,
			    LIST_ENTRY(bridge->ports.next, struct view_port, node_in_bridge));
	struct view_port *local = view_port(view, bridge->name);
	if (local && local->is_local)
		delete_port(ctl, view, local);
	if (!bridge->parent) {
		vsw_open_vswitch_del_bridges(ctl->txn, view->root, bridge->row);
		vsw_bridge_delete(ctl->txn, bridge->row);
	}
	view_del_bridge(view, bridge);
}

static int run_del_br(struct ctl_command *command, struct err *err)
{
	struct view *view = view_get(command->ctl);
	struct view_bridge *bridge = view_bridge(view, command->argv[1]);
	if (!bridge && ctl_has_option(command, "--if-exists"))
		return 0;
	int r = view_need_bridge(view, command->argv[1], &bridge, err);
	if (r == 0)
		delete_bridge(command->ctl, view, bridge);
	return r;
}

/* --- questions ------------------------------------------------------------------------------- */

static int run_list_br(struct ctl_command *command, struct err *err)
{
	const struct view *view = view_get(command->ctl);
	bool real = ctl_has_option(command, "--real"), fake = ctl_has_option(command, "--fake");
	const char **names = xcalloc(hmap_count(&view->bridges) + 1, sizeof *names);
	size_t n = 0;
	const struct view_bridge *bridge;
	if (!real && !fake)
		real = fake = true;
	HMAP_FOR_EACH(bridge, &view->bridges, node) {
		if (bridge->parent ? fake : real)
			names[n++] = bridge->name;
	}
	vsctl_print_sorted(command, names, n);
	return 0;
}

static int run_br_exists(struct ctl_command *command, struct err *err)
{
	/* Its answer is the program's exit code, and the commands after it are not looked at. */
	if (!view_bridge(view_get(command->ctl), command->argv[1]))
		command->ctl->exit_now = 2;
	return 0;
}

static int run_br_to_vlan(struct ctl_command *command, struct err *err)
{
	struct view_bridge *bridge;
	int r = view_need_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r == 0)
		str_putf(&command->output, "%d\n", bridge->vlan);
	return r;
}

static int run_br_to_parent(struct ctl_command *command, struct err *err)
{
	struct view_bridge *bridge;
	int r = view_need_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r == 0)
		str_putf(&command->output, "%s\n",
			 bridge->parent ? bridge->parent->name : bridge->name);
	return r;
}

/* --- external IDs: a fake bridge has its in its port, as "fake-bridge-KEY" ---------------------
 */

#define FAKE_PREFIX "fake-bridge-"

static int prepare_external_ids(struct ctl_command *command, struct err *err)
{
	view_prepare(command->ctl);
	idl_monitor_column(command->ctl->idl, &vsw_bridge_table, VSW_BRIDGE_EXTERNAL_IDS);
	idl_monitor_column(command->ctl->idl, &vsw_port_table, VSW_PORT_EXTERNAL_IDS);
	return 0;
}

static int run_set_external_id(struct ctl_command *command, struct err *err)
{
	struct idl_txn *txn = command->ctl->txn;
	const char *key = command->argv[2];
	const char *value = command->argc > 3 ? command->argv[3] : NULL;
	struct view_bridge *bridge;
	int r = view_need_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r < 0)
		return r;
	if (bridge->parent) {
		AUTO_FREE char *fake_key = xasprintf(FAKE_PREFIX "%s", key);
		if (value)
			vsw_port_put_external_ids(txn, bridge->local, fake_key, value);
		else
			vsw_port_del_external_ids(txn, bridge->local, fake_key);
	} else if (value) {
		vsw_bridge_put_external_ids(txn, bridge->row, key, value);
	} else {
		vsw_bridge_del_external_ids(txn, bridge->row, key);
	}
	return 0;
}

static int run_get_external_id(struct ctl_command *command, struct err *err)
{
	struct view_bridge *bridge;
	struct strmap ids = STRMAP_INIT;
	int r = view_need_bridge(view_get(command->ctl), command->argv[1], &bridge, err);
	if (r < 0)
		return r;
	if (bridge->parent) {
		struct strmap all = STRMAP_INIT;
		vsw_port_external_ids_map(bridge->local, &all);
		STRMAP_FOR_EACH(e, &all) {
			if (str_starts(e->key, FAKE_PREFIX))
				strmap_put(&ids, e->key + strlen(FAKE_PREFIX), e->value);
		}
		strmap_fini(&all);
	} else {
		vsw_bridge_external_ids_map(bridge->row, &ids);
	}
	if (command->argc > 2) {
		const char *value = strmap_get(&ids, command->argv[2]);
		if (value)
			str_putf(&command->output, "%s\n", value);
	} else {
		STRMAP_FOR_EACH(e, &ids)
			str_putf(&command->output, "%s=%s\n", e->key, e->value);
	}
	strmap_fini(&ids);
	return 0;
}

const struct ctl_command_def vsctl_bridge_commands[] = {
	{ "add-br", 1, 3, "!NEW-BRIDGE ?PARENT ?NEW-VLAN", "--may-exist", true, vsctl_prepare_view,
	  run_add_br, NULL },
	{ "del-br", 1, 1, "!BRIDGE", "--if-exists", true, vsctl_prepare_view, run_del_br, NULL },
	{ "list-br", 0, 0, "", "--real,--fake", false, vsctl_prepare_view, run_list_br, NULL },
	{ "br-exists", 1, 1, "!BRIDGE", "", false, vsctl_prepare_view, run_br_exists, NULL },
	{ "br-to-vlan", 1, 1, "!BRIDGE", "", false, vsctl_prepare_view, run_br_to_vlan, NULL },
	{ "br-to-parent", 1, 1, "!BRIDGE", "", false, vsctl_prepare_view, run_br_to_parent, NULL },
	{ "br-set-external-id", 2, 3, "!BRIDGE !KEY ?VALUE", "", true, prepare_external_ids,
	  run_set_external_id, NULL },
	{ "br-get-external-id", 1, 2, "!BRIDGE ?KEY", "", false, prepare_external_ids,
	  run_get_external_id, NULL },
	{ NULL },
};
