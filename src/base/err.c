/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <string.h>

#include "base/mem.h"

void err_fini(struct err *err)
{
	if (err) {
		free(err->text);
		err->text = NULL;
	}
}

const char *err_text(const struct err *err) { return err && err->text ? err->text : ""; }

int err_set(struct err *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list args;
		va_start(args, fmt);
		char *text = xvasprintf(fmt, args);
		va_end(args);
		free(err->text);
		err->text = text;
	}
	return code;
}

int err_wrap(struct err *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list args;
		va_start(args, fmt);
		AUTO_FREE char *prefix = xvasprintf(fmt, args);
		va_end(args);
		char *text = xasprintf("%s: %s", prefix, err_text(err));
		free(err->text);
		err->text = text;
	}
	return code;
}

int err_errno(struct err *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list args;
		va_start(args, fmt);
		AUTO_FREE char *what = xvasprintf(fmt, args);
		va_end(args);
		char *text = xasprintf("%s: %s", what, err_name(code));
		free(err->text);
		err->text = text;
	}
	return code;
}

void err_move(struct err *to, struct err *from)
{
	if (to == from)
		return;
	if (to) {
		free(to->text);
		to->text = from->text;
		from->text = NULL;
	} else {
		err_fini(from);
	}
}

const char *err_name(int code)
{
	const char *s = strerrordesc_np(code < 0 ? -code : code);
	return s ? s : "Unknown error";
}
