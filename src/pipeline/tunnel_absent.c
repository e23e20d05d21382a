/* SPDX-License-Identifier: Apache-2.0 */
/* Until feature/tunnel is part of the build: there are no tunnels. Weak, so that its functions win. */
#include "feature/tunnel/tunnel.h"
#include <errno.h>

#define WEAK __attribute__((weak))

WEAK struct tunnel *tunnel_lookup(const struct flow_key *key, struct flow_key *mask) { return NULL; }
WEAK bool tunnel_ecn_decap(struct flow_key *key, struct flow_key *mask) { return true; }
WEAK int tunnel_output(struct tunnel *t, const struct flow_key *key, struct flow_key *mask,
		       struct dp_actions *a, struct tunnel_underlay *ret)
{
	return -EINVAL;
}
WEAK int tunnel_output_set(struct tunnel *t, const struct flow_key *key, struct flow_key *mask,
			   struct dp_actions *a)
{
	return -EINVAL;
}
WEAK bool tunnel_terminate(const char *bridge, const struct flow_key *key, struct flow_key *mask,
			   uint32_t *ret)
{
	return false;
}
WEAK void tunnel_snoop(const char *bridge, const struct flow_key *key, struct flow_key *mask) {}
WEAK struct port_stats *tunnel_stats(struct tunnel *t)
{
	static struct port_stats stats;
	return &stats;
}
