/* SPDX-License-Identifier: Apache-2.0 */
#include "ofp/error.h"

#include <string.h>

#include "base/err.h"

#define NX_VENDOR 0x2320u
#define ONF_VENDOR 0x4f4e4600u

/* 'type' -1: none in this version. */
#define NONE                                                                                       \
	{                                                                                          \
		0, -1, 0                                                                           \
	}
#define OF(TYPE, CODE)                                                                             \
	{                                                                                          \
		0, TYPE, CODE                                                                      \
	}
#define NX(TYPE, CODE)                                                                             \
	{                                                                                          \
		NX_VENDOR, TYPE, CODE                                                              \
	}
#define NX2(CODE)                                                                                  \
	{                                                                                          \
		NX_VENDOR, CODE, 0                                                                 \
	}
#define ONF(CODE)                                                                                  \
	{                                                                                          \
		ONF_VENDOR, CODE, 0                                                                \
	}

static const struct row {
	const char *name;
	struct of_error_code code[6]; /* of OpenFlow 1.0 to 1.5 */
} rows[] = {
#define OFPERR(NAME, ...) { #NAME, { __VA_ARGS__ } },
#include "ofp/error.inc"
#undef OFPERR
};

const char *of_error_name(int error)
{
	error = error < 0 ? -error : error;
	return of_error_is(error) ? rows[error - OFPERR_BASE].name : err_name(error);
}

enum of_error of_error_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].name, name))
			return OFPERR_BASE + i;
	}
	return 0;
}

bool of_error_code_get(enum of_error e, enum of_version version, struct of_error_code *ret)
{
	if (!of_error_is(e) || version < OF10 || version > OF15)
		return false;
	*ret = rows[e - OFPERR_BASE].code[version - OF10];
	return ret->type >= 0;
}

enum of_error of_error_from_code(enum of_version version, const struct of_error_code *code)
{
	if (version < OF10 || version > OF15)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct of_error_code *c = &rows[i].code[version - OF10];
		if (c->type >= 0 && c->vendor == code->vendor && c->type == code->type &&
		    c->code == code->code)
			return OFPERR_BASE + i;
	}
	return 0;
}
