/* SPDX-License-Identifier: Apache-2.0 */
/* Values as typed on a command line: what is taken prints to a text that is taken and equal. The
 * first byte picks the type. */
#include <string.h>

#include "base/mem.h"
#include "ovsdb/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum atom_type types[] = { ATOM_INTEGER, ATOM_REAL, ATOM_BOOLEAN, ATOM_STRING,
						ATOM_UUID };
	struct column_type t;
	struct datum *a, *b;
	AUTO_ERR err = ERR_INIT;

	if (!size)
		return 0;
	unsigned k = data[0] % 5, v = data[0] / 5 % 6;
	column_type_init(&t, types[k], v == 5 ? ATOM_VOID : types[v], 0,
			 data[0] & 0x80 ? 1 : N_UNLIMITED);
	AUTO_FREE char *text = xstrndup((const char *)data + 1, size - 1);
	if (datum_from_text(&t, text, NULL, &a, &err) < 0) {
		ASSERT(*err_text(&err));
		return 0;
	}
	AUTO_STR out = STR_INIT;
	datum_put(a, &t, &out);
	int r = datum_from_text(&t, str_cstr(&out), NULL, &b, &err);
	ASSERT(r == 0);
	/* Reals are printed with 15 digits; strings that are not UTF-8 are repaired. */
	ASSERT(a->n == b->n || types[k] == ATOM_REAL || types[k] == ATOM_STRING);
	datum_unref(a);
	datum_unref(b);
	return 0;
}
