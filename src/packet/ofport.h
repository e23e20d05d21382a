/* SPDX-License-Identifier: Apache-2.0 */
/* ofport: OpenFlow port numbers. Everywhere in weft a port number is a uint32_t with the 16-bit
 * numbering of OpenFlow 1.0 (LOCAL is 0xfffe); the 32-bit reserved numbers of OpenFlow 1.1 and
 * later exist on the wire only. OpenFlow 1.0.2 section 5.2.1, 1.5.1 section 7.2.1. */
#pragma once
#include "base/str.h"

enum {
	OFPORT_MAX = 0xff00, /* ports of a switch are below */
	OFPORT_UNSET = 0xfff7,
	OFPORT_IN_PORT = 0xfff8,
	OFPORT_TABLE = 0xfff9,
	OFPORT_NORMAL = 0xfffa,
	OFPORT_FLOOD = 0xfffb,
	OFPORT_ALL = 0xfffc,
	OFPORT_CONTROLLER = 0xfffd,
	OFPORT_LOCAL = 0xfffe,
	OFPORT_NONE = 0xffff, /* ANY */
};

/* What a bridge's or a peer's ports are called. Both functions may be NULL, as may a pointer to
 * this. */
struct ofport_names {
	const char *(*name)(uint32_t port, void *arg);		    /* NULL: has none */
	bool (*number)(const char *name, uint32_t *ret, void *arg); /* false: no such port */
	void *arg;
	bool print_names; /* else names are only understood */
};

/* 32-bit wire numbers. from: false if it is between the ranges. */
uint32_t ofport_to_11(uint32_t port);
bool ofport_from_11(uint32_t wire, uint32_t *ret);
/* "IN_PORT", "LOCAL" ..; NULL for others. */
const char *ofport_reserved_name(uint32_t port);
void ofport_to_str(uint32_t port, const struct ofport_names *, struct str *out);
/* A number, a reserved name in any case, or a name out of 'names'. */
bool ofport_from_str(const char *s, const struct ofport_names *, uint32_t *ret);
