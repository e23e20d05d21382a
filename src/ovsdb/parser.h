/* SPDX-License-Identifier: Apache-2.0 */
/* parser: takes the members of a JSON object apart by name and type, and refuses what is missing,
 * of the wrong type, or left over. The first error stays; ask for it at the end.
 *
 *	struct parser p;
 *	parser_init(&p, json, "table schema for table %s", name);
 *	columns = parser_member(&p, "columns", PARSE_OBJECT);
 *	max_rows = parser_member(&p, "maxRows", PARSE_INTEGER | PARSE_OPTIONAL);
 *	if (parser_finish(&p, err) < 0)
 *		return -EINVAL;
 */
#pragma once
#include "ovsdb/dberr.h"

enum {
	PARSE_NULL = 1 << 0,
	PARSE_FALSE = 1 << 1,
	PARSE_TRUE = 1 << 2,
	PARSE_OBJECT = 1 << 3,
	PARSE_ARRAY = 1 << 4,
	PARSE_INTEGER = 1 << 5,
	PARSE_REAL = 1 << 6,
	PARSE_STRING = 1 << 7,
	PARSE_ID = 1 << 8, /* a string that is an <id> of RFC 7047 */
	PARSE_OPTIONAL = 1 << 9,

	PARSE_BOOLEAN = PARSE_FALSE | PARSE_TRUE,
	PARSE_NUMBER = PARSE_INTEGER | PARSE_REAL,
	PARSE_ANY = 0xff,
};

struct parser {
	const json_t *json; /* NULL: not an object */
	char *name;
	const char *used[24];
	size_t n_used;
	struct dberr err;
};

void parser_init(struct parser *, const json_t *, const char *name_fmt, ...) PRINTF_LIKE(3, 4);
/* Borrowed; NULL if it is not there, or wrong. 'name' must outlive the parser. */
json_t *parser_member(struct parser *, const char *name, unsigned types);
bool parser_has_error(const struct parser *);
/* Records an error of the caller's own, unless there is one. */
void parser_fail(struct parser *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Releases the parser, without asking. */
void parser_fini(struct parser *);
/* Releases the parser. */
MUST_CHECK int parser_finish(struct parser *, struct dberr *);

/* [a-zA-Z_][a-zA-Z0-9_]* */
bool is_id(const char *);
