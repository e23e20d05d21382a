/* SPDX-License-Identifier: Apache-2.0 */
/* config: a tunnel's options, ovs-vswitchd.conf.db(5), "Tunnel Options". */
#pragma once
#include "base/err.h"
#include "base/strmap.h"
#include "fastpath/action.h"
#include "feature/tunnel/tunnel.h"

/* What packet types enter and leave (options:packet_type). */
enum tunnel_l3 { TUNNEL_LEGACY_L2, TUNNEL_LEGACY_L3, TUNNEL_PTAP };

struct tunnel_config {
	enum tunnel_type type;
	uint16_t dst_port; /* 0: the type has none */
	bool remote_flow, local_flow;
	struct in6_addr remote, local; /* IPv4 as v4-mapped; local "::": any */
	bool in_key_present, in_key_flow, out_key_present, out_key_flow;
	be64 in_key, out_key;
	bool tos_inherit, ttl_inherit;
	uint8_t tos, ttl;    /* ttl 0: the default, 64 */
	bool df;	     /* outer don't-fragment */
	bool csum, csum_set; /* csum_set: the option is there */
	bool set_mark;
	uint32_t mark;
	bool gbp;
	enum tunnel_l3 l3;
};

/* TUNNEL_NONE: not a type of ours. */
enum tunnel_type tunnel_type_from_str(const char *type);
const char *tunnel_type_to_str(enum tunnel_type);
/* -EINVAL: 'err' has a line for each thing that is wrong, "NAME: what". Options that we do not know
 * are named in the log, and accepted, as OVS does. */
MUST_CHECK int tunnel_config_parse(const char *name, const char *type, const struct strmap *options,
				   struct tunnel_config *ret, struct err *err);
/* The options that matter, in normal form, as dpif/show prints them. */
void tunnel_config_to_map(const struct tunnel_config *, struct strmap *ret);
static inline bool tunnel_addr_is_v4(const struct in6_addr *a) { return IN6_IS_ADDR_V4MAPPED(a); }
