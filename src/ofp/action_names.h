/* SPDX-License-Identifier: Apache-2.0 */
/* action_names: words of the action language that printing and parsing share. */
#pragma once
#include "ofp/action.h"

extern const char *const of_hash_fields_names[7];
extern const char *const of_multipath_alg_names[4];
extern const char *const of_bundle_alg_names[2];
/* -1: no such name. */
int of_name_index(const char *const *names, size_t n, const char *name, size_t len);
const char *of_packet_in_reason_name(enum of_packet_in_reason);

/* Text of learn(), encap() in files of their own. */
void of_learn_put_text(const struct ofa_learn *, const struct ofport_names *, struct str *out);
void of_encap_put_text(const struct ofa_encap *, struct str *out);
void of_nat_put_text(const struct ofa_nat *, struct str *out);
