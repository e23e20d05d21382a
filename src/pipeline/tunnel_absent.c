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

/* For switchd. */
WEAK int tunnel_add(const char *name, const char *type, const struct strmap *options, void *user,
		    struct tunnel **ret, struct err *err)
{
	return err_set(err, -EOPNOTSUPP, "%s: tunnels are not built in yet", name);
}
WEAK void tunnel_del(struct tunnel *t) {}
WEAK void *tunnel_user(const struct tunnel *t) { return NULL; }
WEAK struct port *tunnel_dp_port(const struct tunnel *t) { return NULL; }
WEAK unsigned tunnel_dp_port_users(const struct tunnel *t) { return 1; }
WEAK void tunnel_get_status(const struct tunnel *t, struct strmap *ret) {}
WEAK bool tunnel_is_type(const char *type) { return false; }
WEAK int tunnel_start(struct loop *loop, bool dummy, struct err *err) { return 0; }
WEAK void tunnel_disable_system_routes(void) {}
WEAK void tunnel_stop(void) {}
WEAK uint64_t tunnel_change_seq(void) { return 0; }
WEAK bool tunnel_remote(const struct tunnel *t, struct in6_addr *ret) { return false; }
