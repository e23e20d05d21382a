/* SPDX-License-Identifier: Apache-2.0 */
/* match: what a flow matches: values and masks, by field (packet/field.h), as text and as bytes.
 * ovs-fields(7); OpenFlow 1.0 5.2.3, 1.3 7.2.3.
 *
 * Invariant: value bits outside the mask are zero.
 * A match is large; what keeps many of them (the pipeline's tables) compresses it. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "ofp/port.h"
#include "packet/field.h"
#include "packet/key.h"

/* tun_metadata: values lie where the TLV table says that tun_table_current (packet/field.h) was
 * when they were set; a bridge's own in ovs-vswitchd, one made ad hoc in ovs-ofctl. */
struct match {
	struct flow_key key, mask;
};

void match_init(struct match *); /* matches every packet */
void match_copy(struct match *dst, const struct match *src);
bool match_equal(const struct match *, const struct match *);
uint32_t match_hash(const struct match *, uint32_t seed);
bool match_is_all(const struct match *);
/* Does every packet of 'a' belong to 'b' too (loose delete and modify)? */
bool match_is_subset(const struct match *a, const struct match *b);

/* 'mask' NULL: all bits of the field. Prerequisites are checked by match_check(), not added. */
void match_set(struct match *, const struct field *, const union field_value *value,
	       const union field_value *mask);
void match_unset(struct match *, const struct field *);
void match_set_in_port(struct match *, uint32_t port);
void match_set_dl_type(struct match *, uint16_t dl_type);
void match_set_reg(struct match *, unsigned i, uint32_t value, uint32_t mask);
void match_set_metadata(struct match *, uint64_t value, uint64_t mask);
/* Takes out the bits that have no meaning beside the others; what OpenFlow 1.0 calls normalising.
 */
void match_normalize(struct match *);

/* Makes the mask be all that a packet of m->key has: for printing packets. */
void match_of_key(struct match *m);

/* As ovs-ofctl prints it: "tcp,in_port=1,nw_src=10.0.0.0/8"; priority first unless it is
 * OFP_DEFAULT_PRIORITY or negative. Nothing for a match of all packets. */
#define OFP_DEFAULT_PRIORITY 32768
void match_put(const struct match *, int priority, const struct ofport_names *, struct str *out);
char *match_to_str(const struct match *, int priority, const struct ofport_names *);
