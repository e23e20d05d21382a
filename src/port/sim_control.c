/* SPDX-License-Identifier: Apache-2.0 */
/* netdev-dummy/ commands: ovs-appctl's side of simulated ports. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "io/control.h"
#include "packet/compose.h"
#include "packet/key_text.h"
#include "port/kinds.h"
#include "port/sim.h"

static struct port *find(const char *name)
{
	struct port *p = port_lookup(name);
	return p && port_is_sim(p) ? p : NULL;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'	    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					    : -1;
}

/* Pairs of hex digits, white space between pairs allowed. NULL: not that. */
static struct packet *packet_from_hex(const char *s)
{
	struct packet *p = packet_new((uint32_t)strlen(s) / 2);
	while (*s) {
		if (isspace((unsigned char)*s)) {
			s++;
			continue;
		}
		int hi = hex_digit(s[0]), lo = hi < 0 ? -1 : hex_digit(s[1]);
		if (lo < 0 || p->size >= PACKET_MAX_BYTES) {
			packet_free(p);
			return NULL;
		}
		*(uint8_t *)packet_put(p, 1) = (uint8_t)(hi << 4 | lo);
		s += 2;
	}
	if (p->size < 14) {
		packet_free(p);
		return NULL;
	}
	return p;
}

/* A flow, as datapath flows are printed. */
static struct packet *packet_from_flow(const char *s, uint32_t size)
{
	struct flow_key key;
	if (key_from_str(s, NULL, &key, NULL, NULL) < 0)
		return NULL;
	struct packet *p = packet_compose(&key, NULL, COMPOSE_DEFAULT_PAYLOAD);
	if (size)
		packet_compose_resize(p, &key, size);
	return p;
}

static struct packet *packet_from_arg(const char *s, uint32_t size)
{
	struct packet *p = packet_from_hex(s);
	return p ? p : packet_from_flow(s, size);
}

enum { MIN_LEN = 60 };

static void on_receive(struct control_call *call, int argc, const char *argv[], void *arg UNUSED)
{
	struct port *port = find(argv[1]);
	if (!port) {
		control_reply_error(call, "no such dummy netdev");
		return;
	}
	int at = 2;
	uint32_t n;
	if (argc > 3 && !strcmp(argv[2], "--qid")) {
		if (!str_to_u32(argv[3], 10, &n) || n) { /* there is one queue */
			control_reply_error(call, "bad rx queue id.");
			return;
		}
		at = 4;
	}
	for (; at < argc; at++) {
		uint32_t size = 0;
		if (at + 2 < argc && !strcmp(argv[at + 1], "--len")) {
			if (!str_to_u32(argv[at + 2], 10, &size) || size > 65535) {
				control_reply_error(call, "invalid packet len");
				return;
			}
			if (size < MIN_LEN) {
				control_reply_error(call, "too small packet len");
				return;
			}
		}
		struct packet *p = packet_from_arg(argv[at], size);
		if (!p) {
			AUTO_STR s = STR_INIT;
			str_putf(&s, "syntax error at %s", argv[at]);
			control_reply_error(call, str_cstr(&s));
			return;
		}
		sim_receive(port, p);
		if (size)
			at += 2;
	}
	control_reply(call, NULL);
}

static void on_admin_state(struct control_call *call, int argc, const char *argv[],
			   void *arg UNUSED)
{
	bool up = !strcasecmp(argv[argc - 1], "up");
	if (!up && strcasecmp(argv[argc - 1], "down")) {
		control_reply_error(call, "Invalid Admin State");
		return;
	}
	if (argc > 2) {
		struct port *p = find(argv[1]);
		if (!p) {
			control_reply_error(call, "Unknown Dummy Interface");
			return;
		}
		(void)!p->ops->set_admin_up(p, up, NULL);
	} else {
		for (struct port *p = port_next(NULL); p; p = port_next(p)) {
			if (port_is_sim(p))
				(void)!p->ops->set_admin_up(p, up, NULL);
		}
	}
	control_reply(call, "OK");
}

static void on_conn_state(struct control_call *call, int argc, const char *argv[], void *arg UNUSED)
{
	AUTO_STR s = STR_INIT;
	if (argc > 1) {
		const struct port *p = find(argv[1]);
		str_putf(&s, "%s: %s\n", argv[1], p ? sim_conn_state(p) : "unknown");
		control_reply(call, str_cstr(&s));
		return;
	}
	for (struct port *p = port_next(NULL); p; p = port_next(p)) {
		if (port_is_sim(p) && strcmp(sim_conn_state(p), "unknown"))
			str_putf(&s, "%s: %s\n", p->name, sim_conn_state(p));
	}
	control_reply(call, str_cstr(&s));
}

static void on_address(struct control_call *call, int argc UNUSED, const char *argv[], void *arg)
{
	bool ip6 = arg != NULL;
	struct port *p = find(argv[1]);
	if (!p) {
		control_reply_error(call, "Unknown Dummy Interface");
		return;
	}
	char text[64];
	str_copy(text, argv[2], sizeof text);
	char *slash = strchr(text, '/');
	uint32_t len = ip6 ? 128 : 32, max = len;
	if (slash)
		*slash = '\0';
	struct in6_addr addr = { 0 };
	bool ok = (!slash || (str_to_u32(slash + 1, 10, &len) && len <= max)) &&
		  inet_pton(ip6 ? AF_INET6 : AF_INET, text,
			    ip6 ? addr.s6_addr : addr.s6_addr + 12) == 1;
	if (!ok) {
		AUTO_STR s = STR_INIT;
		str_putf(&s, "%s: invalid %s address", argv[2], ip6 ? "IPv6" : "IP");
		control_reply_error(call, str_cstr(&s));
		return;
	}
	if (!ip6)
		addr.s6_addr[10] = addr.s6_addr[11] = 0xff;
	sim_add_address(p, &addr, (uint8_t)(ip6 ? len : len + 96));
	control_reply(call, "OK");
}

void sim_register_commands(void)
{
	control_register("netdev-dummy/receive",
			 "name [--qid queue_id] packet|flow [--len packet_len]", 2, -1, on_receive,
			 NULL);
	control_register("netdev-dummy/set-admin-state", "[netdev] up|down", 1, 2, on_admin_state,
			 NULL);
	control_register("netdev-dummy/conn-state", "[netdev]", 0, 1, on_conn_state, NULL);
	control_register("netdev-dummy/ip4addr", "[netdev] ipaddr/mask-prefix-len", 2, 2,
			 on_address, NULL);
	control_register("netdev-dummy/ip6addr", "[netdev] ip6addr", 2, 2, on_address, (void *)1);
}
