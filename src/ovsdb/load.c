/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/load.h"
#include "ovsdb/record.h"

int load_record(struct storage *s, struct db *db, struct err *err)
{
	AUTO_DBERR why = DBERR_INIT;
	json_t *json;

	int r = storage_read(s, &json, err);
	if (r <= 0)
		return r;
	r = record_replay(db, json, false, false, &why);
	json_decref(json);
	if (r < 0) {
		storage_unread(s);
		dberr_to_err(&why, err);
		return err_wrap(err, r, "%s", storage_path(s));
	}
	return 1;
}
