/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/parser.h"
#include <errno.h>
#include "base/mem.h"

bool is_id(const char *s)
{
	if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_'))
		return false;
	for (s++; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_' ||
		      (*s >= '0' && *s <= '9')))
			return false;
	return true;
}

static void fail(struct parser *p, const json_t *syntax, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void fail(struct parser *p, const json_t *syntax, const char *fmt, ...)
{
	va_list args;

	if (p->err.tag)
		return;
	va_start(args, fmt);
	char *text = xvasprintf(fmt, args);
	va_end(args);
	dberr_syntax(&p->err, syntax, "Parsing %s failed: %s", p->name, text);
	free(text);
}

void parser_init(struct parser *p, const json_t *json, const char *name_fmt, ...)
{
	va_list args;

	memset(p, 0, sizeof *p);
	va_start(args, name_fmt);
	p->name = xvasprintf(name_fmt, args);
	va_end(args);
	if (json_is_object(json))
		p->json = json;
	else
		fail(p, NULL, "Object expected.");
}

static bool type_matches(const json_t *j, unsigned types)
{
	static const unsigned bit[] = {
		[JSON_OBJECT] = PARSE_OBJECT, [JSON_ARRAY] = PARSE_ARRAY,
		[JSON_STRING] = PARSE_STRING, [JSON_INTEGER] = PARSE_INTEGER,
		[JSON_REAL] = PARSE_REAL,     [JSON_TRUE] = PARSE_TRUE,
		[JSON_FALSE] = PARSE_FALSE,   [JSON_NULL] = PARSE_NULL,
	};

	return (bit[json_typeof(j)] & types) ||
	       ((types & PARSE_ID) && json_is_string(j) && is_id(json_string_value(j)));
}

json_t *parser_member(struct parser *p, const char *name, unsigned types)
{
	if (!p->json)
		return NULL;

	json_t *value = json_object_get(p->json, name);
	if (!value) {
		if (!(types & PARSE_OPTIONAL))
			fail(p, p->json, "Required '%s' member is missing.", name);
		return NULL;
	}
	ASSERT(p->n_used < ARRAY_SIZE(p->used));
	p->used[p->n_used++] = name;
	if (!type_matches(value, types)) {
		fail(p, p->json, "Type mismatch for member '%s'.", name);
		return NULL;
	}
	return value;
}

bool parser_has_error(const struct parser *p) { return p->err.tag != NULL; }

void parser_fail(struct parser *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	fail(p, p->json, "%s", text);
}

void parser_fini(struct parser *p)
{
	free(p->name);
	dberr_fini(&p->err);
}

int parser_finish(struct parser *p, struct dberr *err)
{
	if (!p->err.tag && json_object_size(p->json) > p->n_used) {
		const char *stranger = NULL, *key;
		size_t n_strangers = 0;
		json_t *value;

		/* The least of the names, so that the message does not depend on hashing. */
		json_object_foreach((json_t *)p->json, key, value) {
			bool known = false;
			for (size_t i = 0; i < p->n_used && !known; i++)
				known = !strcmp(p->used[i], key);
			if (known)
				continue;
			n_strangers++;
			if (!stranger || strcmp(key, stranger) < 0)
				stranger = key;
		}
		if (n_strangers > 1)
			fail(p, p->json,
			     "Member '%s' and %zu other member%s are present but not allowed here.",
			     stranger, n_strangers - 1, n_strangers > 2 ? "s" : "");
		else if (n_strangers)
			fail(p, p->json, "Member '%s' is present but not allowed here.", stranger);
	}
	free(p->name);
	if (!p->err.tag)
		return 0;
	dberr_move(err, &p->err);
	return -EINVAL;
}
