/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel: Interface rows of type gre, vxlan, geneve (and ip6gre): their options, the table that
 * finds the tunnel a packet came in by, and the outer headers of packets that leave.
 *
 * A tunnel has no device. Tunnels of one type and UDP port share one fast-path port with one set of
 * sockets ("vxlan_sys_4789", "genev_sys_6081", "gre_sys"), as in OVS; the packets that it receives
 * carry struct tunnel_key, and tunnel_lookup() finds whose they are.
 *
 * Threads:  all functions need the control lock (fastpath/fastpath.h).
 * Lifetime: a tunnel lives from tunnel_add() to tunnel_del(); 'user' is never looked at.
 *
 * How the parts call it:
 *   switchd    tunnel_add() for the row; adds tunnel_dp_port() to the fast path, once (it is
 * shared: port->dp_port is UINT32_MAX until then); tunnel_configure() when options change;
 *              tunnel_del(), and removes the port from the fast path when tunnel_dp_port_users()
 * is 1. pipeline   tunnel_lookup() when the key's dp_port is a tunnel port; tunnel_output() for an
 * output to a tunnel; tunnel_terminate() when a packet goes to a bridge's local port. upcall
 * revalidates all flows when tunnel_change_seq() has moved. */
#pragma once
#include "base/err.h"
#include "base/strmap.h"
#include "fastpath/action.h"
#include "packet/key.h"
#include "port/port.h"

struct tunnel;

/* Once, before the first tunnel. 'dummy': underlays are bridges of ours ("ovs/route/add",
 * "tnl/neigh/set"), the host's routes are not followed. Registers control commands:
 * ovs/route/ add del show lookup, tnl/neigh/ show set flush, tnl/arp/ .., tnl/ports/show. */
MUST_CHECK int tunnel_start(struct loop *, bool dummy, struct err *);
/* The same, for --disable-system-route: user routes only. Call before tunnel_start(). */
void tunnel_disable_system_routes(void);
void tunnel_stop(void);

/* True for "gre", "vxlan", "geneve", "ip6gre" ..: types that tunnel_add() takes. */
bool tunnel_is_type(const char *type);

/* Checks options alone: -EINVAL, with the sentence that Interface.error shows. */
MUST_CHECK int tunnel_check(const char *name, const char *type, const struct strmap *options,
			    struct err *);
/* -EINVAL: an option is wrong. -EEXIST: another tunnel has the same key and addresses. Nothing is
 * changed then. That the UDP port is taken by someone else (-EADDRINUSE) shows when its port is
 * added to the fast path. */
MUST_CHECK int tunnel_add(const char *name, const char *type, const struct strmap *options,
			  void *user, struct tunnel **ret, struct err *);
/* New options; on failure the old ones stay in force. tunnel_dp_port() may be another one after. */
MUST_CHECK int tunnel_configure(struct tunnel *, const struct strmap *options, struct err *);
void tunnel_del(struct tunnel *); /* NULL is fine */

const char *tunnel_name(const struct tunnel *);
void *tunnel_user(const struct tunnel *);
/* Lent; take a reference to keep it longer than the tunnel. */
struct port *tunnel_dp_port(const struct tunnel *);
unsigned tunnel_dp_port_users(const struct tunnel *);
/* Counted by whoever credits flow statistics to ports; the state column's own part is in status. */
struct port_stats *tunnel_stats(struct tunnel *);
/* Interface.status: tunnel_egress_iface, tunnel_egress_iface_carrier. */
void tunnel_get_status(const struct tunnel *, struct strmap *ret);
/* The options that matter in normal form: what dpif/show prints behind the type. */
void tunnel_get_options(const struct tunnel *, struct strmap *ret);
/* True if packets of any packet_type may leave and enter (packet_type=legacy_l3, ptap). */
bool tunnel_takes_l3(const struct tunnel *);
/* remote_ip is a fixed address: where probes of liveness go. False: flow. */
bool tunnel_remote(const struct tunnel *, struct in6_addr *ret);

/* Whose is a packet with this tunnel key? NULL: nobody's, drop it. Only the bits that decided are
 * set in mask->tunnel. Of several that match, the most specific one, in OVS's order: exact local
 * and key first, then key, then local, then flow-based ones. */
struct tunnel *tunnel_lookup(const struct flow_key *, struct flow_key *mask);
/* RFC 6040 on the way in: moves the outer congestion mark to the inner header in 'key'. False:
 * the packet must be dropped (outer CE, inner not ECN-capable). */
bool tunnel_ecn_decap(struct flow_key *key, struct flow_key *mask);

/* Appends what sends the packet of 'key' out of the tunnel:
 *   underlay is a host device:   TUNNEL_PUSH, OUTPUT_DEV; or SET(tunnel), OUTPUT(tunnel port) while
 *                                the next hop's address is not known yet: the port then asks, holds
 *                                a few packets, and tunnel_change_seq() moves when the answer comes
 *   underlay is a bridge:        TUNNEL_PUSH; *ret_underlay says which bridge port the outer packet
 *                                enters, and *ret_outer gets its key, so that the caller translates
 *                                it there and appends the result. OUTPUT_DEV is not used.
 * key->tunnel holds what actions set (tun_id, tun_dst ..); options that are "flow" read it, and
 * "inherit" reads nw_tos and nw_ttl; what is read is set in 'mask'.
 * 0; or a drop: -EINVAL (flow-based, but no destination), -ENETUNREACH (no route), -EAGAIN (a
 * bridge underlay without a known neighbour: an ARP or ND request must be sent, which is in
 * *ret_request, owned by the caller, to be output like the outer packet). */
struct tunnel_underlay {
	char bridge[16];	/* "": a host device */
	struct flow_key outer;	/* if a bridge: what the outer packet looks like */
	struct packet *request; /* -EAGAIN only */
	/* For traces, once there is a route ('device' is set): where to, and by whom. */
	char device[16];
	struct in6_addr hop, src;	  /* IPv4 as v4-mapped */
	struct eth_addr hop_mac, src_mac; /* of 0 only */
};
/* "1.2.3.4" or "fe80::1", of such an address. */
void tunnel_addr_to_str(const struct in6_addr *, char *ret, size_t size);
MUST_CHECK int tunnel_output(struct tunnel *, const struct flow_key *key, struct flow_key *mask,
			     struct dp_actions *, struct tunnel_underlay *ret);
/* The form "set(tunnel(..)),PORT" whatever the route is: "ofproto/tnl-push-pop off". */
MUST_CHECK int tunnel_output_set(struct tunnel *, const struct flow_key *key, struct flow_key *mask,
				 struct dp_actions *);

/* A packet of 'key' goes to the local port of 'bridge': is it for a tunnel of ours? Then
 * *ret_dp_port is the port for DPA_TUNNEL_POP. What decided is set in 'mask'. */
bool tunnel_terminate(const char *bridge, const struct flow_key *key, struct flow_key *mask,
		      uint32_t *ret_dp_port);
/* A bridge underlay learns neighbours from what it forwards to its local port: ARP and ND of 'key'.
 * Each such packet is one decision, so 'mask' is set whether or not this is the translation that
 * tells
 * ('learn'). */
void tunnel_snoop(const char *bridge, const struct flow_key *key, struct flow_key *mask,
		  bool learn);
/* Addresses of a bridge's local port changed, or the bridge came or went; 'n' 0 removes it. */
void tunnel_bridge_addresses(const char *bridge, struct eth_addr mac, const struct in6_addr *addr,
			     const uint8_t *prefix_len, unsigned n);

/* Grows whenever an answer of tunnel_lookup or tunnel_output may have changed: tunnels, routes,
 * neighbours. */
uint64_t tunnel_change_seq(void);
