/* SPDX-License-Identifier: Apache-2.0 */
/* action_text: private to action_text.c and action_parse.c. The fields of a set action are written
 * as those of a key are, so values move between struct dps_* and struct flow_key. */
#pragma once
#include "fastpath/action.h"
#include "packet/key_text.h"

/* -1: this kind of set has no attribute. */
int dps_to_key_attr(uint32_t what);
bool dps_from_key_attr(enum key_attr, uint32_t *ret_what, size_t *ret_size);
void dps_to_key(uint32_t what, const void *dps, struct flow_key *key);
void dps_from_key(uint32_t what, const struct flow_key *key, void *dps);

struct slow_name {
	uint16_t bit;
	const char *name;
};
enum { N_SLOW_NAMES = 9 };
extern const struct slow_name slow_names[N_SLOW_NAMES];

/* enum tunnel_type and the numbers that people see in header(..type=N). */
unsigned tunnel_type_number(unsigned type);
unsigned tunnel_type_from_number(unsigned number); /* TUNNEL_NONE: no such */
