/* SPDX-License-Identifier: Apache-2.0 */
/* vsctl_show: the overview, a tree that follows the references from the Open_vSwitch row. */
#include "ctl/vsctl.h"

struct show {
	const struct idl_table_def *table;
	int name;	    /* column; -1: the UUID */
	const int *columns; /* ends with -1; those with their default are left out */
};

static const struct show shows[] = {
	{ &vsw_open_vswitch_table, -1,
	  (const int[]){ VSW_OPEN_VSWITCH_MANAGER_OPTIONS, VSW_OPEN_VSWITCH_BRIDGES,
			 VSW_OPEN_VSWITCH_OVS_VERSION, -1 } },
	{ &vsw_bridge_table, VSW_BRIDGE_NAME,
	  (const int[]){ VSW_BRIDGE_CONTROLLER, VSW_BRIDGE_FAIL_MODE, VSW_BRIDGE_DATAPATH_TYPE,
			 VSW_BRIDGE_PORTS, -1 } },
	{ &vsw_port_table, VSW_PORT_NAME,
	  (const int[]){ VSW_PORT_TAG, VSW_PORT_TRUNKS, VSW_PORT_INTERFACES, -1 } },
	{ &vsw_interface_table, VSW_INTERFACE_NAME,
	  (const int[]){ VSW_INTERFACE_TYPE, VSW_INTERFACE_OPTIONS, VSW_INTERFACE_ERROR, -1 } },
	{ &vsw_controller_table, VSW_CONTROLLER_TARGET,
	  (const int[]){ VSW_CONTROLLER_IS_CONNECTED, -1 } },
	{ &vsw_manager_table, VSW_MANAGER_TARGET, (const int[]){ VSW_MANAGER_IS_CONNECTED, -1 } },
};

static const struct show *find_show(const char *table_name)
{
	for (size_t i = 0; table_name && i < ARRAY_SIZE(shows); i++) {
		if (!strcmp(shows[i].table->name, table_name))
			return &shows[i];
	}
	return NULL;
}

static int prepare_show(struct ctl_command *command, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(shows); i++) {
		const struct show *show = &shows[i];
		if (show->name >= 0)
			idl_monitor_column(command->ctl->idl, show->table, show->name);
		for (const int *c = show->columns; *c >= 0; c++)
			idl_monitor_column(command->ctl->idl, show->table, *c);
	}
	return 0;
}

static void show_row(struct ctl *ctl, const struct show *, const struct idl_row *, unsigned level,
		     struct str *out);

static void show_column(struct ctl *ctl, const struct show *show, const struct idl_row *row,
			int column, unsigned level, struct str *out)
{
	const struct column_type *type = idl_column_type(ctl->idl, show->table, column);
	const struct datum *datum = idl_datum(row, column);
	const struct show *child =
		type->key.type == ATOM_UUID ? find_show(type->key.ref.table_name) : NULL;
	if (child) {
		for (size_t i = 0; i < datum->n; i++) {
			const struct idl_row *r =
				idl_row_by_uuid(ctl->idl, child->table, &datum_key(datum, i)->uuid);
			if (r)
				show_row(ctl, child, r, level, out);
		}
		return;
	}
	if (datum_is_default(datum, type))
		return;
	str_putc_n(out, ' ', 4 * level);
	str_putf(out, "%s: ", show->table->columns[column]);
	datum_put(datum, type, out);
	str_putc(out, '\n');
}

static void show_row(struct ctl *ctl, const struct show *show, const struct idl_row *row,
		     unsigned level, struct str *out)
{
	char text[UUID_LEN + 1];
	str_putc_n(out, ' ', 4 * level);
	if (show->name >= 0) {
		str_putf(out, "%s ", show->table->name);
		datum_put(idl_datum(row, show->name),
			  idl_column_type(ctl->idl, show->table, show->name), out);
	} else {
		str_puts(out, uuid_to_str(idl_row_uuid(row), text));
	}
	str_putc(out, '\n');
	for (const int *c = show->columns; *c >= 0; c++)
		show_column(ctl, show, row, *c, level + 1, out);
}

static int run_show(struct ctl_command *command, struct err *err)
{
	struct ctl *ctl = command->ctl;
	const struct idl_row *row;
	for (row = idl_first_row(ctl->idl, shows[0].table); row; row = idl_next_row(row))
		show_row(ctl, &shows[0], row, 0, &command->output);
	return 0;
}

const struct ctl_command_def vsctl_show_commands[] = {
	{ "show", 0, 0, "", "", false, prepare_show, run_show, NULL },
	{ NULL },
};
