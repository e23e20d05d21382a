/* SPDX-License-Identifier: Apache-2.0 */
/* key_text: flow keys and masks as datapath flows are written in dumps, in ofproto/trace and in
 * what netdev-dummy/receive takes:
 * "recirc_id(0),in_port(1),eth_type(0x0800),ipv4(dst=10.0.0.1,frag=no)". ovs-dpctl(8). What a mask
 * leaves out entirely is left out, unless verbose. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "packet/key.h"

/* Names of the fast path's ports; both functions and the pointer to this may be NULL. */
struct dp_port_names {
	const char *(*name)(uint32_t dp_port, void *arg);	    /* NULL: has none */
	bool (*number)(const char *name, uint32_t *ret, void *arg); /* false: no such port */
	void *arg;
	bool print_names;
};
void dp_port_to_str(uint32_t dp_port, const struct dp_port_names *, struct str *out);
bool dp_port_from_str(const char *s, size_t len, const struct dp_port_names *, uint32_t *ret);

/* 'mask' NULL: all of the key. 'verbose': fields that are not matched too, as
 * "src=1.2.3.4/0.0.0.0". */
void key_to_str(const struct flow_key *key, const struct flow_key *mask,
		const struct dp_port_names *, bool verbose, struct str *out);
/* *ret_key gets the values; *ret_mask (may be NULL, then masks are refused) ones where a value is
 * given, or the mask that is. 'err': "syntax error at ...". in_port is left alone, as it is the
 * pipeline's; in_port(..) sets dp_port. */
MUST_CHECK int key_from_str(const char *s, const struct dp_port_names *, struct flow_key *ret_key,
			    struct flow_key *ret_mask, struct err *err);

/* One attribute, "ipv4(src=..)", for set(..) actions, which have the same form. */
enum key_attr {
	KEY_ATTR_ETH,
	KEY_ATTR_IPV4,
	KEY_ATTR_IPV6,
	KEY_ATTR_TCP,
	KEY_ATTR_UDP,
	KEY_ATTR_SCTP,
	KEY_ATTR_ICMP,
	KEY_ATTR_ICMPV6,
	KEY_ATTR_ARP,
	KEY_ATTR_ND,
	KEY_ATTR_ND_EXT,
	KEY_ATTR_NSH,
	N_KEY_ATTRS,
	KEY_ATTR_MPLS = N_KEY_ATTRS, /* these have forms of their own */
	KEY_ATTR_TUNNEL,
	KEY_ATTR_PRIORITY,
	KEY_ATTR_MARK,
};
void key_attr_to_str(enum key_attr, const struct flow_key *key, const struct flow_key *mask,
		     bool verbose, struct str *out);
/* Parts with forms of their own. 'mask' may be NULL. */
void key_tunnel_to_str(const struct flow_key *key, const struct flow_key *mask, bool verbose,
		       struct str *out);
void key_mpls_to_str(const be32 *lse, const be32 *mask, unsigned n, struct str *out);
/* Parses one attribute at 's' (its name included); *ret_end points behind it. -EINVAL. */
MUST_CHECK int key_attr_from_str(const char *s, enum key_attr *ret, struct flow_key *key,
				 struct flow_key *mask, const char **ret_end);
