/* SPDX-License-Identifier: Apache-2.0 */
/* protocol: the forms in which flows travel: fixed match structs (OpenFlow 1.0 and 1.1), Nicira's
 * NXM beside 1.0, OXM from 1.2 on. What a flow says decides which can carry it. "table_id" is
 * Nicira's way to name a table in 1.0. ovs-ofctl(8), "-F". */
#pragma once
#include "ofp/version.h"

enum {
	OFPROTO_OF10 = 1 << 0,
	OFPROTO_OF10_TID = 1 << 1,
	OFPROTO_NXM = 1 << 2,
	OFPROTO_NXM_TID = 1 << 3,
	OFPROTO_OF11 = 1 << 4,
	OFPROTO_OXM12 = 1 << 5,
	OFPROTO_OXM13 = 1 << 6,
	OFPROTO_OXM14 = 1 << 7,
	OFPROTO_OXM15 = 1 << 8,

	OFPROTO_OF10_ANY = OFPROTO_OF10 | OFPROTO_OF10_TID,
	OFPROTO_NXM_ANY = OFPROTO_NXM | OFPROTO_NXM_TID,
	OFPROTO_TID = OFPROTO_OF10_TID | OFPROTO_NXM_TID,
	OFPROTO_OXM_ANY = OFPROTO_OXM12 | OFPROTO_OXM13 | OFPROTO_OXM14 | OFPROTO_OXM15,
	OFPROTO_OF13_UP = OFPROTO_OXM13 | OFPROTO_OXM14 | OFPROTO_OXM15,
	OFPROTO_OF14_UP = OFPROTO_OXM14 | OFPROTO_OXM15,
	OFPROTO_OF11_UP = OFPROTO_OF11 | OFPROTO_OXM_ANY,
	OFPROTO_NXM_OXM_ANY = OFPROTO_NXM_ANY | OFPROTO_OXM_ANY,
	OFPROTO_ANY = (1 << 9) - 1,
};

enum of_version of_protocol_version(uint32_t protocol);
/* "NXM-table_id"; of a single protocol. */
const char *of_protocol_name(uint32_t protocol);
/* Of a set, shortened: "NXM,OXM,OpenFlow11", "any". */
void of_protocols_put(uint32_t protocols, struct str *out);
/* A comma-separated list of those names; 0: an unknown word, copied to *ret_bad (free it). */
uint32_t of_protocols_from_str(const char *, char **ret_bad);
uint32_t of_protocols_of_versions(uint32_t versions);
uint32_t of_versions_of_protocols(uint32_t protocols);
/* The protocol to begin a connection with: of 1.0, without Nicira's parts. */
uint32_t of_protocol_first(enum of_version);
