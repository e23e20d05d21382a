/* SPDX-License-Identifier: Apache-2.0 */
/* version: versions of OpenFlow as they stand in the header of a message, and sets of them. */
#pragma once
#include "base/compiler.h"
#include "base/str.h"

enum of_version {
	OF10 = 1,
	OF11 = 2,
	OF12 = 3,
	OF13 = 4,
	OF14 = 5,
	OF15 = 6,
};
/* A set: bit (1 << version). */
#define OF_VERSIONS_ALL 0x7eu
#define OF_VERSIONS_DEFAULT 0x7eu /* what a bridge or ovs-ofctl without -O of OVS 3.1 offers */

const char *of_version_name(enum of_version); /* "OpenFlow13" */
/* "OpenFlow10,OpenFlow13", "OpenFlow1.3", "openflow13": 0 if there is an unknown word. */
uint32_t of_versions_from_str(const char *);
/* "OpenFlow10,OpenFlow13" */
void of_versions_put(uint32_t versions, struct str *out);
