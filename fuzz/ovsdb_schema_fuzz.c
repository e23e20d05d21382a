/* SPDX-License-Identifier: Apache-2.0 */
/* A schema that is taken gives back JSON that makes an equal one; one that is not gives a reason.
 */
#include <string.h>

#include "base/mem.h"
#include "ovsdb/schema.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_DBERR err = DBERR_INIT;
	struct schema *a, *b;
	json_t *json;

	if (json_parse((const char *)data, size, &json, NULL) < 0)
		return 0;
	if (schema_from_json(json, &a, &err) < 0) {
		ASSERT(err.tag && *err.tag);
		json_decref(json);
		return 0;
	}
	json_decref(json);
	json = schema_to_json(a);
	int r = schema_from_json(json, &b, NULL);
	ASSERT(r == 0 && schema_equal(a, b));
	json_decref(json);
	schema_unref(a);
	schema_unref(b);
	return 0;
}
