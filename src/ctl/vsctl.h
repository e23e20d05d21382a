/* SPDX-License-Identifier: Apache-2.0 */
/* vsctl: what the files of ovs-vsctl share.
 *
 *	vsctl.c           options, the transaction and what comes after it
 *	vsctl_view.c      bridges, ports and interfaces as the commands see them
 *	vsctl_bridge.c    commands on bridges
 *	vsctl_port.c      commands on ports, bonds and interfaces
 *	vsctl_settings.c  controllers, managers, SSL, fail mode, auto-attach, emer-reset
 *	vsctl_zone.c      conntrack zones and datapath capabilities
 *	vsctl_show.c      show
 *
 * A "fake bridge" is a port of a real bridge, its parent, with fake_bridge set and a tag; the
 * parent's ports with that tag count as the fake bridge's. */
#pragma once
#include "base/hmap.h"
#include "base/list.h"
#include "ctl/command.h"
#include "ovsdb/idl/vswitch.h"

struct view_bridge {
	struct hmap_node node; /* in view.bridges, by name */
	const char *name;
	const struct vsw_bridge *row; /* the parent's, if it is a fake one */
	const struct vsw_port *local; /* the port of its own name; NULL: there is none */
	struct view_bridge *parent;   /* NULL: a real bridge */
	int vlan;		      /* 0: a real bridge, or a fake one for untagged */
	struct list children;	      /* fake bridges, view_bridge.child_node */
	struct list child_node;
	struct list ports; /* view_port.node_in_bridge; without local ones */
};

struct view_port {
	struct hmap_node node; /* in view.ports, by name */
	const char *name;
	const struct vsw_port *row;
	struct view_bridge *bridge;
	bool is_local; /* a bridge's port of its own name */
	struct list node_in_bridge;
	struct list ifaces; /* view_iface.node_in_port */
	size_t n_ifaces;
};

struct view_iface {
	struct hmap_node node; /* in view.ifaces, by name */
	const char *name;
	const struct vsw_interface *row;
	struct view_port *port;
	struct list node_in_port;
};

struct view {
	struct hmap bridges, ports, ifaces;
	const struct vsw_open_vswitch *root;
};

/* The columns that the view is made of; for prepare. */
void view_prepare(struct ctl *);
/* The view as the transaction has it; made anew when a database command changed something. The
 * replica is verified: another client's change of what it shows makes the transaction fail. */
struct view *view_get(struct ctl *);
void view_forget(struct ctl *);
/* For ctl.column_changed: forgets it if it shows that column. */
void view_column_changed(struct ctl *, const struct idl_table_def *, int column);
const struct vsw_open_vswitch *vsctl_root(struct ctl *);

/* NULL if there is none. */
struct view_bridge *view_bridge(const struct view *, const char *name);
struct view_port *view_port(const struct view *, const char *name);
struct view_iface *view_iface(const struct view *, const char *name);
MUST_CHECK int view_need_bridge(const struct view *, const char *name, struct view_bridge **ret,
				struct err *err);
MUST_CHECK int view_need_real_bridge(const struct view *, const char *name,
				     struct view_bridge **ret, struct err *err);
/* Local ports of bridges do not count as ports or interfaces. */
MUST_CHECK int view_need_port(const struct view *, const char *name, struct view_port **ret,
			      struct err *err);
MUST_CHECK int view_need_iface(const struct view *, const char *name, struct view_iface **ret,
			       struct err *err);
/* 'what' is "a bridge named", "a port named", "an interface named". */
MUST_CHECK int view_check_no_conflict(const struct view *, const char *what, const char *name,
				      struct err *err);
/* Keep the view in step with what a command did. */
struct view_bridge *view_add_bridge(struct view *, const char *name, const struct vsw_bridge *,
				    const struct vsw_port *local, struct view_bridge *parent,
				    int vlan);
struct view_port *view_add_port(struct view *, struct view_bridge *, const struct vsw_port *);
struct view_iface *view_add_iface(struct view *, struct view_port *, const struct vsw_interface *);
void view_del_port(struct view *, struct view_port *);
void view_del_iface(struct view *, struct view_iface *);
void view_del_bridge(struct view *, struct view_bridge *);

/* Prints 'names' sorted, one a line; takes the array, not the strings. */
void vsctl_print_sorted(struct ctl_command *, const char **names_taken, size_t n);
/* The command's words after its options, with 'prefix' in front: for messages. */
void vsctl_put_args(const struct ctl_command *, struct str *out);

/* Once the switch has applied the change, its verdict on this interface is reported. */
void vsctl_note_new_iface(const char *name);

int vsctl_prepare_view(struct ctl_command *, struct err *);
int vsctl_prepare_nothing(struct ctl_command *, struct err *);

extern const struct ctl_command_def vsctl_bridge_commands[], vsctl_port_commands[],
	vsctl_settings_commands[], vsctl_zone_commands[], vsctl_show_commands[];
