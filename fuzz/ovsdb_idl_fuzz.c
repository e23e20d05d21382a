/* SPDX-License-Identifier: Apache-2.0 */
/* What a database server may send to a replica: table updates of both forms, one after another. The
 * first byte says which form each line of JSON is. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ovsdb/idl/replica.h"
#include "ovsdb/idl/vswitch.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct loop *loop;
	if (!size)
		return 0;
	if (!loop)
		loop = loop_new();
	unsigned forms = data[0];
	AUTO_FREE char *text = xstrndup((const char *)data + 1, size - 1);
	struct idl *idl = idl_new(&vsw_db, "unix:none", loop);
	idl_monitor_all(idl);
	idl_changes_clear(idl);
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_t *json;
		bool alert = false;
		if (json_parse(line, strlen(line), &json, NULL) == 0) {
			AUTO_ERR err = ERR_INIT;
			if (idl_replica_update(idl, json, forms & 1, &alert, &err) < 0 &&
			    !*err_text(&err))
				abort();
			json_decref(json);
		}
		forms >>= 1;
	}
	/* Whatever came, the typed readers hold. */
	const struct vsw_bridge *br;
	VSW_BRIDGE_FOR_EACH(br, idl)
	{
		if (!vsw_bridge_name(br) && idl_n(idl_row(br), VSW_BRIDGE_NAME))
			abort();
		for (size_t i = 0; i < vsw_bridge_n_ports(br); i++)
			(void)vsw_bridge_ports(br, i);
	}
	idl_free(idl);
	return 0;
}
