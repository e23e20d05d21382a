/* SPDX-License-Identifier: Apache-2.0 */
/* flow_text: a packet's key, whole, in the words of OpenFlow: "tcp,in_port=1,vlan_tci=0x0000,..".
 */
#pragma once
#include "ofp/match.h"

/* All fields that a packet of this kind has; what travels beside it only where it is not zero. */
void flow_put(const struct flow_key *, const struct ofport_names *, struct str *out);
/* What of the key decided. */
void megaflow_put(const struct flow_key *, const struct flow_key *mask, const struct ofport_names *,
		  struct str *out);
