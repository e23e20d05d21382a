/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/dberr.h"
#include <errno.h>
#include "base/mem.h"
#include "wire/json.h"

void dberr_fini(struct dberr *e)
{
	free(e->tag);
	free(e->details);
	free(e->syntax);
	*e = (struct dberr)DBERR_INIT;
}

static void dberr_setv(struct dberr *e, const char *tag, const json_t *json, const char *fmt,
		       va_list args) PRINTF_LIKE(4, 0);
static void dberr_setv(struct dberr *e, const char *tag, const json_t *json, const char *fmt,
		       va_list args)
{
	char *details = xvasprintf(fmt, args);
	struct str syntax = STR_INIT;

	if (json)
		json_put(json, JSON_PUT_SORT, &syntax);
	dberr_fini(e);
	e->tag = xstrdup(tag);
	e->details = details;
	e->syntax = json ? str_steal(&syntax) : NULL;
}

int dberr_set(struct dberr *e, const char *tag, const json_t *json, const char *fmt, ...)
{
	va_list args;

	if (!e)
		return -EINVAL;
	va_start(args, fmt);
	dberr_setv(e, tag, json, fmt, args);
	va_end(args);
	return -EINVAL;
}

int dberr_syntax(struct dberr *e, const json_t *json, const char *fmt, ...)
{
	va_list args;

	if (!e)
		return -EINVAL;
	va_start(args, fmt);
	dberr_setv(e, "syntax error", json, fmt, args);
	va_end(args);
	return -EINVAL;
}

int dberr_wrap(struct dberr *e, const char *fmt, ...)
{
	va_list args;

	if (!e)
		return -EINVAL;
	va_start(args, fmt);
	char *prefix = xvasprintf(fmt, args);
	va_end(args);
	if (e->details) {
		char *details = xasprintf("%s: %s", prefix, e->details);
		free(prefix);
		free(e->details);
		e->details = details;
	} else {
		e->details = prefix;
	}
	return -EINVAL;
}

void dberr_move(struct dberr *to, struct dberr *from)
{
	if (to) {
		dberr_fini(to);
		*to = *from;
		*from = (struct dberr)DBERR_INIT;
	} else {
		dberr_fini(from);
	}
}

json_t *dberr_to_json(const struct dberr *e)
{
	json_t *json = json_object();

	json_object_set_new(json, "error", json_string(e->tag));
	if (e->details)
		json_object_set_new(json, "details", json_string(e->details));
	if (e->syntax)
		json_object_set_new(json, "syntax", json_string(e->syntax));
	return json;
}

void dberr_put(const struct dberr *e, struct str *out)
{
	if (e->syntax)
		str_putf(out, "syntax \"%s\": ", e->syntax);
	str_puts(out, e->tag);
	if (e->details)
		str_putf(out, ": %s", e->details);
}

int dberr_to_err(const struct dberr *from, struct err *to)
{
	AUTO_STR s = STR_INIT;

	dberr_put(from, &s);
	return err_set(to, -EINVAL, "%s", str_cstr(&s));
}
