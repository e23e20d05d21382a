/* SPDX-License-Identifier: Apache-2.0 */
#include "feature/tunnel/commands.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fastpath/encap.h"
#include "feature/tunnel/config.h"
#include "feature/tunnel/neigh.h"
#include "feature/tunnel/route.h"
#include "feature/tunnel/vport.h"
#include "io/control.h"

/* "ADDR" or "ADDR/LEN"; the length is that of the v4-mapped form. */
static bool parse_prefix(const char *s, struct in6_addr *addr, uint8_t *len)
{
	char text[64];
	uint32_t n = UINT32_MAX;
	str_copy(text, s, sizeof text);
	char *slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		if (!str_to_u32(slash + 1, 10, &n))
			return false;
	}
	memset(addr, 0, sizeof *addr);
	if (inet_pton(AF_INET, text, addr->s6_addr + 12) == 1) {
		addr->s6_addr[10] = addr->s6_addr[11] = 0xff;
		n = slash ? n : 32;
		if (n > 32)
			return false;
		*len = (uint8_t)(n + 96);
		return true;
	}
	if (inet_pton(AF_INET6, text, addr) != 1)
		return false;
	n = slash ? n : 128;
	*len = (uint8_t)n;
	return n <= 128;
}

static bool parse_mark(const char *s, uint32_t *ret)
{
	return str_starts(s, "pkt_mark=") && str_to_u32(s + strlen("pkt_mark="), 0, ret);
}

static void on_route_add(struct control_call *call, int argc, const char *argv[], void *arg UNUSED)
{
	struct in6_addr dst, gateway = { 0 };
	uint8_t len, gateway_len;
	uint32_t mark = 0;
	if (!parse_prefix(argv[1], &dst, &len)) {
		control_reply_error(call, "Invalid parameters");
		return;
	}
	for (int i = 3; i < argc; i++) {
		bool is_address = !strchr(argv[i], '/') &&
				  parse_prefix(argv[i], &gateway, &gateway_len) &&
				  tunnel_addr_is_v4(&gateway) == tunnel_addr_is_v4(&dst);
		if (!is_address && !parse_mark(argv[i], &mark)) {
			control_reply_error(call, "Invalid pkt_mark or gateway");
			return;
		}
	}
	if (route_add(&dst, len, argv[2], &gateway, mark) < 0)
		control_reply_error(call, "Error while inserting route.");
	else
		control_reply(call, "OK");
}

static void on_route_del(struct control_call *call, int argc, const char *argv[], void *arg UNUSED)
{
	struct in6_addr dst;
	uint8_t len;
	uint32_t mark = 0;
	if (!parse_prefix(argv[1], &dst, &len))
		control_reply_error(call, "Invalid parameters");
	else if (argc > 2 && !parse_mark(argv[2], &mark))
		control_reply_error(call, "Invalid pkt_mark");
	else if (route_del(&dst, len, mark) < 0)
		control_reply_error(call, "Not found");
	else
		control_reply(call, "OK");
}

static void on_route_lookup(struct control_call *call, int argc, const char *argv[],
			    void *arg UNUSED)
{
	struct in6_addr dst;
	uint8_t len;
	uint32_t mark = 0;
	struct route route;
	if (strchr(argv[1], '/') || !parse_prefix(argv[1], &dst, &len)) {
		control_reply_error(call, "Invalid parameters");
		return;
	}
	if (argc > 2 && !parse_mark(argv[2], &mark)) {
		control_reply_error(call, "Invalid pkt_mark");
		return;
	}
	if (route_lookup(&dst, NULL, mark, &route) < 0) {
		control_reply_error(call, "Not found");
		return;
	}
	char src[64], gateway[64];
	AUTO_STR s = STR_INIT;
	tunnel_addr_to_str(&route.src, src, sizeof src);
	tunnel_addr_to_str(&route.gateway, gateway, sizeof gateway);
	str_putf(&s, "src %s\ngateway %s\ndev %s\n", src, gateway, route.dev);
	control_reply(call, str_cstr(&s));
}

static void on_route_show(struct control_call *call, int argc UNUSED, const char *argv[] UNUSED,
			  void *arg UNUSED)
{
	AUTO_STR s = STR_INIT;
	str_puts(&s, "Route Table:\n");
	route_show(&s);
	control_reply(call, str_cstr(&s));
}

static bool parse_mac(const char *s, struct eth_addr *ret)
{
	unsigned b[6];
	int n = 0;
	if (sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &n) !=
		    6 ||
	    s[n])
		return false;
	for (int i = 0; i < 6; i++)
		ret->b[i] = (uint8_t)b[i];
	return true;
}

static void on_neigh_set(struct control_call *call, int argc UNUSED, const char *argv[],
			 void *arg UNUSED)
{
	struct in6_addr addr;
	uint8_t len;
	struct eth_addr mac;
	if (strchr(argv[2], '/') || !parse_prefix(argv[2], &addr, &len)) {
		control_reply_error(call, "bad IP address");
	} else if (!parse_mac(argv[3], &mac)) {
		control_reply_error(call, "bad MAC address");
	} else {
		neigh_set(argv[1], &addr, mac, false);
		control_reply(call, "OK");
	}
}

static void on_neigh_show(struct control_call *call, int argc UNUSED, const char *argv[] UNUSED,
			  void *arg UNUSED)
{
	AUTO_STR s = STR_INIT;
	neigh_show(&s);
	control_reply(call, str_cstr(&s));
}

static void on_neigh_flush(struct control_call *call, int argc, const char *argv[],
			   void *arg UNUSED)
{
	neigh_flush(argc > 1 ? argv[1] : NULL);
	control_reply(call, "OK");
}

static void on_neigh_aging(struct control_call *call, int argc, const char *argv[],
			   void *arg UNUSED)
{
	uint32_t s;
	if (argc < 2) {
		AUTO_STR text = STR_INIT;
		str_putf(&text, "%u", neigh_aging_s());
		control_reply(call, str_cstr(&text));
	} else if (!str_to_u32(argv[1], 10, &s) || !s || s > 3600) {
		control_reply_error(call, "bad aging value");
	} else {
		neigh_set_aging_s(s);
		control_reply(call, "OK");
	}
}

static void put_listening(const char *bridge UNUSED, struct eth_addr mac,
			  const struct in6_addr *addr, void *arg)
{
	struct str *s = arg;
	char text[64];
	const uint8_t *m = mac.b;
	bool v4 = tunnel_addr_is_v4(addr);
	tunnel_addr_to_str(addr, text, sizeof text);
	for (int udp = 1; udp >= 0; udp--) {
		for (const struct vport *v = vport_all; v; v = v->next) {
			if (!udp != !v->dst_port)
				continue;
			str_putf(
				s,
				"%s (%u) : eth(dst=%02x:%02x:%02x:%02x:%02x:%02x),eth_type(0x%04x),"
				"%s(dst=%s,proto=%u,frag=no)",
				v->port->name, v->port->dp_port, m[0], m[1], m[2], m[3], m[4], m[5],
				v4 ? 0x0800 : 0x86dd, v4 ? "ipv4" : "ipv6", text,
				udp ? IPPROTO_UDP : IPPROTO_GRE);
			if (udp)
				str_putf(s, ",udp(dst=%u)", v->dst_port);
			str_putc(s, '\n');
		}
	}
}

static void on_ports_show(struct control_call *call, int argc, const char *argv[] UNUSED,
			  void *arg UNUSED)
{
	AUTO_STR s = STR_INIT;
	str_puts(&s, "Listening ports:\n");
	if (argc > 1) {
		route_each_address(put_listening, &s);
	} else {
		for (const struct vport *v = vport_all; v; v = v->next)
			str_putf(&s, "%s (%u) ref_cnt=%u\n", v->port->name, v->port->dp_port,
				 v->users);
	}
	control_reply(call, str_cstr(&s));
}

static void on_egress_range(struct control_call *call, int argc, const char *argv[],
			    void *arg UNUSED)
{
	uint16_t min, max;
	AUTO_STR s = STR_INIT;
	if (argc < 3) {
		str_putf(&s, "Tunnel UDP source port range: %u-%u\n", tunnel_egress_ports.min,
			 tunnel_egress_ports.max);
		control_reply(call, str_cstr(&s));
	} else if (!str_to_u16(argv[1], 10, &min) || !min) {
		control_reply_error(call, "Invalid min.");
	} else if (!str_to_u16(argv[2], 10, &max) || !max) {
		control_reply_error(call, "Invalid max.");
	} else {
		tunnel_egress_ports.min = MIN(min, max);
		tunnel_egress_ports.max = MAX(min, max);
		control_reply(call, "OK");
	}
}

void tunnel_commands_register(void)
{
	control_register("ovs/route/add", "ip_addr/prefix_len out_br_name [gw] [pkt_mark=mark]", 2,
			 4, on_route_add, NULL);
	control_register("ovs/route/show", "", 0, 0, on_route_show, NULL);
	control_register("ovs/route/del", "ip_addr/prefix_len [pkt_mark=mark]", 1, 2, on_route_del,
			 NULL);
	control_register("ovs/route/lookup", "ip_addr [pkt_mark=mark]", 1, 2, on_route_lookup,
			 NULL);
	static const char *const names[][4] = {
		{ "tnl/arp/show", "tnl/arp/set", "tnl/arp/flush", "tnl/arp/aging" },
		{ "tnl/neigh/show", "tnl/neigh/set", "tnl/neigh/flush", "tnl/neigh/aging" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		control_register(names[i][0], "", 0, 0, on_neigh_show, NULL);
		control_register(names[i][1], "BRIDGE IP MAC", 3, 3, on_neigh_set, NULL);
		control_register(names[i][2], "", 0, 1, on_neigh_flush, NULL);
		control_register(names[i][3], "[SECS]", 0, 1, on_neigh_aging, NULL);
	}
	control_register("tnl/ports/show", "-v", 0, 1, on_ports_show, NULL);
	control_register("tnl/egress_port_range", "min max", 0, 2, on_egress_range, NULL);
}
