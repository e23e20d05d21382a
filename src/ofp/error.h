/* SPDX-License-Identifier: Apache-2.0 */
/* error: the errors of OpenFlow: one name for what the versions number differently, Nicira's and
 * ONF's extensions included. Functions return them negated, beside -errno: no value is both, since
 * these begin at OFPERR_BASE. The list is ofp/error.inc. */
#pragma once
#include "base/compiler.h"
#include "ofp/version.h"

enum { OFPERR_BASE = 0x4000 };

enum of_error {
	OFPERR_BEFORE_FIRST_ = OFPERR_BASE - 1,
#define OFPERR(NAME, ...) OFPERR_##NAME,
#include "ofp/error.inc"
#undef OFPERR
	OFPERR_END_,
};

static inline bool of_error_is(int e) { return e >= OFPERR_BASE && e < OFPERR_END_; }
/* "OFPBRC_BAD_TYPE"; of an errno its text. The sign does not matter. */
const char *of_error_name(int error);
/* 0: no such name. */
enum of_error of_error_from_name(const char *name);

struct of_error_code {
	uint32_t vendor; /* 0: the specification's own */
	int type, code;
};
/* False: this version has no code for it. */
bool of_error_code_get(enum of_error, enum of_version, struct of_error_code *ret);
/* 0: unknown. */
enum of_error of_error_from_code(enum of_version, const struct of_error_code *);
