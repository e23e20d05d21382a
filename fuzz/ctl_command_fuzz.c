/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of ovs-vsctl, an argument a line: split into commands, and the database commands
 * prepared and run on a replica that is empty but for one row. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "ctl/command.h"
#include "ovsdb/idl/vswitch.h"

#define MAX_ARGS 64

static void run(struct ctl *ctl)
{
	for (size_t i = 0; i < ctl->n_commands; i++) {
		struct ctl_command *command = &ctl->commands[i];
		AUTO_ERR err = ERR_INIT;
		int r = command->def->run(command, &err);
		if (r == -EAGAIN)
			return;
		if (r < 0 && !*err_text(&err))
			abort();
		if (r < 0)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ctl_row_id bridge_ids[] = {
		{ &vsw_bridge_table, VSW_BRIDGE_NAME, -1 },
		{ NULL },
	};
	static const struct ctl_row_id *row_ids[64];
	static struct ctl_command_def defs[32];
	static struct loop *loop;
	if (!loop) {
		loop = loop_new();
		row_ids[vsw_bridge_table.index] = bridge_ids;
		memcpy(defs, ctl_db_commands, ctl_n_db_commands * sizeof *defs);
		if (log_set_from_str("console:off", NULL) < 0)
			abort();
	}
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	char *argv[MAX_ARGS], *save = NULL;
	int argc = 0;
	for (char *arg = strtok_r(text, "\n", &save); arg && argc < MAX_ARGS;
	     arg = strtok_r(NULL, "\n", &save))
		argv[argc++] = arg;

	struct strmap first = STRMAP_INIT;
	struct ctl ctl = { .db = &vsw_db,
			   .row_ids = row_ids,
			   .style = TABLE_STYLE_INIT(TABLE_LIST) };
	ctl.idl = idl_new(&vsw_db, "unix:none", loop);
	symbol_table_init(&ctl.symbols);
	AUTO_ERR err = ERR_INIT;
	int r = ctl_commands_parse(&ctl, defs, argc, argv, &first, &err);
	for (size_t i = 0; r == 0 && i < ctl.n_commands; i++) {
		err_fini(&err);
		r = ctl.commands[i].def->prepare(&ctl.commands[i], &err);
	}
	if (r < 0 && !*err_text(&err))
		abort();
	if (r == 0) {
		ctl.txn = idl_txn_new(ctl.idl);
		const struct vsw_bridge *br = vsw_bridge_insert(ctl.txn);
		vsw_bridge_set_name(ctl.txn, br, "br0");
		run(&ctl);
		AUTO_STR out = STR_INIT;
		for (size_t i = 0; i < ctl.n_commands; i++)
			ctl_print_command(&ctl.commands[i], &out);
		idl_txn_free(ctl.txn);
	}
	ctl_commands_free(&ctl);
	symbol_table_fini(&ctl.symbols);
	idl_free(ctl.idl);
	return 0;
}
