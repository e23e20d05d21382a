/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: the scan cuts a stream into the same texts however it arrives; what parses prints to a text
 * that parses to an equal value. */
#include <string.h>

#include "base/mem.h"
#include "wire/json.h"

static void check_round_trip(const json_t *json)
{
	AUTO_STR text = STR_INIT;
	json_t *again;
	json_put(json, 0, &text);
	int r = json_parse(text.s, text.len, &again, NULL);
	ASSERT(r == 0 && json_equal(json, again));
	ASSERT(json_hash(json, 1) == json_hash(again, 1));
	json_decref(again);
	str_clear(&text);
	json_put(json, JSON_PUT_SORT | JSON_PUT_PRETTY, &text);
	r = json_parse(text.s, text.len, &again, NULL);
	ASSERT(r == 0 && json_equal(json, again));
	json_decref(again);
}

/* The sizes of the texts in the stream, one byte at a time or all at once. */
static size_t cut(const char *p, size_t size, bool bytewise, size_t *ends, size_t n_max)
{
	struct json_scan scan = { 0 };
	size_t n = 0;
	for (size_t at = 0; at < size && n < n_max;) {
		bool done;
		size_t used = json_scan_feed(&scan, p + at, bytewise ? 1 : size - at, &done);
		ASSERT(used || done);
		at += used;
		if (done)
			ends[n++] = at;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	size_t a[32], b[32];
	size_t n_a = cut(p, size, true, a, 32), n_b = cut(p, size, false, b, 32);
	ASSERT(n_a == n_b && !memcmp(a, b, n_a * sizeof *a));
	AUTO_ERR err = ERR_INIT;
	json_t *json;
	if (json_parse(p, size, &json, &err) == 0) {
		ASSERT(!err.text);
		check_round_trip(json);
		json_decref(json);
	} else {
		ASSERT(*err_text(&err));
	}
	return 0;
}
