/* SPDX-License-Identifier: Apache-2.0 */
/* json: texts to and from jansson's values, with the strictness that OVSDB needs (RFC 7159; RFC
 * 7047 section 3.1): a stream is cut into texts by a scan that knows strings and nesting; duplicate
 * keys, NUL characters, bad UTF-8 and deep nesting are refused; a real number without a fraction
 * (1.0, 1e3) is the integer it equals.
 * Threads: any; a scanner belongs to one. */
#pragma once
#include <jansson.h>
#include "base/err.h"
#include "base/str.h"

#define JSON_MAX_DEPTH 1000

/* Cuts a byte stream into JSON texts without parsing them. Zero-initialise; it resets itself when
 * a text is complete. */
struct json_scan {
	unsigned depth;
	bool in_string, escaped, started;
};
/* Looks at p[0..size): bytes that belong to the current text (blanks before it included);
 * *ret_done if it is complete. A text that is neither object nor array ends with its string, or
 * at the blank or bracket that follows. */
size_t json_scan_feed(struct json_scan *, const char *p, size_t size, bool *ret_done);

/* Parses one object or array. On 0 *ret is a new reference. -EINVAL with a sentence that says
 * where: "line 0, column 5, byte 5: syntax error expecting value". */
MUST_CHECK int json_parse(const char *text, size_t len, json_t **ret, struct err *err);
/* The same for any value: also strings, numbers, true, false, null. */
MUST_CHECK int json_parse_value(const char *text, size_t len, json_t **ret, struct err *err);
MUST_CHECK int json_parse_file(const char *path, json_t **ret, struct err *err);
/* Appends what text[0..len), the inside of a quoted string, stands for. -EINVAL: bad escape. */
MUST_CHECK int json_unescape(const char *text, size_t len, struct str *out, struct err *err);
/* Any value: true for integers and for reals that equal one. */
bool json_as_int(const json_t *, int64_t *ret);
/* PRETTY: two blanks a level, laid out as the tools of OVS do. */
enum { JSON_PUT_SORT = 1, JSON_PUT_PRETTY = 2 };
/* Compact "{"a":1}" as OVS prints it (no blanks; shortest reals that read back the same). */
void json_put(const json_t *, unsigned flags, struct str *out);
/* Prints the contents of a JSON string with escapes and quotation marks. */
void json_put_string(const char *s, struct str *out);
/* Equal values have equal hashes, whatever the order of their members. */
uint32_t json_hash(const json_t *, uint32_t seed);
