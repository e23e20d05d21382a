/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_switch: commands about the switch and its ports. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "ctl/ofctl.h"
#include "ofp/error.h"

void ofctl_print(const void *msg, size_t size, const struct ofport_names *names, int verbosity)
{
	AUTO_STR out = STR_INIT;
	const struct print_options o = { .names = names, .verbosity = verbosity };
	of_print(msg, size, &o, &out);
	fputs(str_cstr(&out), stdout);
}

void ofctl_dump_transaction(struct peer *p, const struct bytes *request,
			    const struct ofport_names *names)
{
	AUTO_BYTES reply = BYTES_INIT;
	peer_transact(p, request, &reply);
	ofctl_print(reply.data, reply.size, names, ofctl.verbosity + 1);
}

static void print_reply(const struct of_msg *m, void *arg)
{
	ofctl_print(m->data, m->size, arg, ofctl.verbosity + 1);
}

void ofctl_dump_stats(struct peer *p, const struct bytes *request, const struct ofport_names *names)
{
	peer_dump(p, request, print_reply, (void *)names);
}

static void dump_empty(struct peer *p, enum of_msg_id id, enum of_msg_kind kind, bool stats)
{
	AUTO_BYTES request = BYTES_INIT;
	empty_build(&request, id, kind, peer_version(p), peer_xid(p));
	if (stats)
		ofctl_dump_stats(p, &request, NULL);
	else
		ofctl_dump_transaction(p, &request, NULL);
}

int ofctl_show(int argc, char **argv)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	AUTO_BYTES features = BYTES_INIT, request = BYTES_INIT;
	empty_build(&features, OFMSG_FEATURES_REQUEST, OFK_OFPT, peer_version(p), peer_xid(p));
	AUTO_BYTES reply = BYTES_INIT;
	peer_transact(p, &features, &reply);
	/* The description of ports may be cut in features: ask for all. */
	struct of_msg m;
	bool is_features =
		of_msg_parse(reply.data, reply.size, &m) == 0 && m.id == OFMSG_FEATURES_REPLY;
	if (is_features && !features_have_ports(peer_version(p))) {
		ofctl_print(reply.data, reply.size, NULL, ofctl.verbosity + 1);
		port_desc_request_build(&request, peer_version(p), OFPORT_NONE, peer_xid(p));
		ofctl_dump_stats(p, &request, NULL);
	} else {
		peer_xid(p);
		ofctl_print(reply.data, reply.size, NULL, ofctl.verbosity + 1);
	}
	dump_empty(p, OFMSG_GET_CONFIG_REQUEST, OFK_OFPT, false);
	peer_close(p);
	return 0;
}

int ofctl_dump_desc(int argc, char **argv)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	dump_empty(p, OFMSG_STAT_DESC_REQUEST, OFK_STAT_REQUEST, false);
	peer_close(p);
	return 0;
}

/* A number, a reserved name, or the name of a port of the switch. */
static uint32_t port_or_die(struct peer *p, const char *name)
{
	uint32_t port;
	struct of_port_desc d;
	if (ofport_from_str(name, NULL, &port))
		return port;
	if (ofctl_find_port(p, name, &d))
		return d.port;
	log_fatal("%s: unknown port `%s'", peer_name(p), name);
}

int ofctl_dump_ports(int argc, char **argv)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	uint32_t port = argc > 2 ? port_or_die(p, argv[2]) : OFPORT_NONE;
	AUTO_BYTES request = BYTES_INIT;
	port_stats_request_build(&request, peer_version(p), port, peer_xid(p));
	ofctl_dump_stats(p, &request, ofctl_show_names(argv[1]));
	peer_close(p);
	return 0;
}

int ofctl_dump_ports_desc(int argc, char **argv)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	uint32_t port = argc > 2 ? port_or_die(p, argv[2]) : OFPORT_NONE;
	AUTO_BYTES request = BYTES_INIT;
	port_desc_request_build(&request, peer_version(p), port, peer_xid(p));
	ofctl_dump_stats(p, &request, ofctl_show_names(argv[1]));
	peer_close(p);
	return 0;
}

int ofctl_mod_port(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint32_t bit;
		bool set;
	} words[] = {
		{ "up", OFPPC_PORT_DOWN, false },
		{ "down", OFPPC_PORT_DOWN, true },
		{ "stp", OFPPC_NO_STP, false },
		{ "no-stp", OFPPC_NO_STP, true },
		{ "receive", OFPPC_NO_RECV, false },
		{ "no-receive", OFPPC_NO_RECV, true },
		{ "receive-stp", OFPPC_NO_RECV_STP, false },
		{ "no-receive-stp", OFPPC_NO_RECV_STP, true },
		{ "flood", OFPPC_NO_FLOOD, false },
		{ "no-flood", OFPPC_NO_FLOOD, true },
		{ "forward", OFPPC_NO_FWD, false },
		{ "no-forward", OFPPC_NO_FWD, true },
		{ "packet-in", OFPPC_NO_PACKET_IN, false },
		{ "no-packet-in", OFPPC_NO_PACKET_IN, true },
	};
	struct peer *p = peer_open(argv[1], "mgmt");
	struct of_port_desc d;
	if (!ofctl_find_port(p, argv[2], &d))
		log_fatal("%s: couldn't find port `%s'", argv[1], argv[2]);
	struct of_port_mod pm = { .port = d.port, .hw_addr = d.hw_addr };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcasecmp(argv[3], words[i].name)) {
			pm.mask = words[i].bit;
			pm.config = words[i].set ? words[i].bit : 0;
		}
	}
	if (!pm.mask)
		log_fatal("unknown mod-port command '%s'", argv[3]);
	AUTO_BYTES request = BYTES_INIT;
	port_mod_build(&request, &pm, peer_version(p), peer_xid(p));
	bool ok = peer_transact_noreply(p, &request);
	peer_close(p);
	return ok ? 0 : 1;
}

static const char *const frag_names[] = { "normal", "drop", "reassemble", "nx-match" };

static void get_config(struct peer *p, struct of_config *ret)
{
	AUTO_BYTES request = BYTES_INIT, reply = BYTES_INIT;
	struct of_msg m;
	empty_build(&request, OFMSG_GET_CONFIG_REQUEST, OFK_OFPT, peer_version(p), peer_xid(p));
	peer_transact(p, &request, &reply);
	if (of_msg_parse(reply.data, reply.size, &m) || m.id != OFMSG_GET_CONFIG_REPLY ||
	    config_parse(&m, ret))
		log_fatal("%s: bad reply to config request", peer_name(p));
}

int ofctl_get_frags(int argc, char **argv)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	struct of_config c;
	get_config(p, &c);
	puts(frag_names[c.frag]);
	peer_close(p);
	return 0;
}

int ofctl_set_frags(int argc, char **argv)
{
	size_t mode = 0;
	while (mode < ARRAY_SIZE(frag_names) && strcasecmp(frag_names[mode], argv[2]))
		mode++;
	if (mode == ARRAY_SIZE(frag_names))
		log_fatal("%s: unknown fragment handling mode", argv[2]);
	struct peer *p = peer_open(argv[1], "mgmt");
	struct of_config c;
	get_config(p, &c);
	if (c.frag != (enum of_frag_mode)mode) {
		AUTO_BYTES request = BYTES_INIT;
		c.frag = (enum of_frag_mode)mode;
		config_build(&request, &c, OFMSG_SET_CONFIG, peer_version(p), peer_xid(p));
		if (!peer_transact_noreply(p, &request))
			return 1;
		get_config(p, &c);
		if (c.frag != (enum of_frag_mode)mode)
			log_fatal("%s: setting fragment handling mode failed (this switch probably "
				  "doesn't "
				  "support mode \"%s\")",
				  argv[1], frag_names[mode]);
	}
	peer_close(p);
	return 0;
}

int ofctl_queue_stats(int argc, char **argv)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	uint32_t port = OFPORT_NONE, queue = OFPQ_ALL;
	if (argc > 2 && argv[2][0] && strcasecmp(argv[2], "all"))
		port = port_or_die(p, argv[2]);
	if (argc > 3 && argv[3][0] && strcasecmp(argv[3], "all"))
		queue = (uint32_t)strtoul(argv[3], NULL, 0);
	AUTO_BYTES request = BYTES_INIT;
	queue_stats_request_build(&request, peer_version(p), port, queue, peer_xid(p));
	ofctl_dump_stats(p, &request, ofctl_show_names(argv[1]));
	peer_close(p);
	return 0;
}

int ofctl_queue_get_config(int argc, char **argv)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	enum of_version v = peer_version(p);
	uint32_t port =
		argc > 2 && strcasecmp(argv[2], "any") ? port_or_die(p, argv[2]) : OFPORT_NONE;
	uint32_t queue = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 0) : OFPQ_ALL;
	AUTO_BYTES request = BYTES_INIT;
	if (port == OFPORT_NONE && v < OF14)
		log_fatal("a port must be given with OpenFlow before 1.4");
	queue_config_request_build(&request, v, port, queue, peer_xid(p));
	if (v >= OF14)
		ofctl_dump_stats(p, &request, ofctl_show_names(argv[1]));
	else
		ofctl_dump_transaction(p, &request, ofctl_show_names(argv[1]));
	peer_close(p);
	return 0;
}

/* -- Echo. */

static void echo_build(struct bytes *b, struct peer *p, const void *payload, size_t size)
{
	size_t start = of_msg_begin(b, OFMSG_ECHO_REQUEST, OFK_OFPT, peer_version(p), peer_xid(p));
	bytes_put(b, payload, size);
	ASSERT(of_msg_end(b, start) == 0);
}

int ofctl_probe(int argc, char **argv)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	AUTO_BYTES request = BYTES_INIT, reply = BYTES_INIT;
	echo_build(&request, p, NULL, 0);
	peer_transact(p, &request, &reply);
	if (reply.size != request.size)
		log_fatal("reply does not match request");
	peer_close(p);
	return 0;
}

static size_t payload_size(const char *text)
{
	uint32_t n;
	if (!str_to_u32(text, 10, &n) || n > 65535 - OF_HEADER_SIZE)
		log_fatal("payload must be between 0 and %d bytes", 65535 - OF_HEADER_SIZE);
	return n;
}

int ofctl_ping(int argc, char **argv)
{
	size_t n = argc > 2 ? payload_size(argv[2]) : 64;
	struct peer *p = peer_open(argv[1], "mgmt");
	AUTO_FREE uint8_t *payload = xmalloc(n + 1);
	for (int i = 0; i < 10; i++) {
		AUTO_BYTES request = BYTES_INIT, reply = BYTES_INIT;
		random_bytes(payload, n);
		echo_build(&request, p, payload, n);
		int64_t start = clock_mono_ns();
		peer_transact(p, &request, &reply);
		int64_t end = clock_mono_ns();
		if (reply.size != request.size || memcmp(reply.data + 8, request.data + 8, n))
			puts("Reply does not match request:");
		printf("%zu bytes from %s: xid=%08x time=%.1f ms\n", reply.size - OF_HEADER_SIZE,
		       argv[1], get_be32(reply.data + 4), (double)(end - start) / NS_PER_MS);
	}
	peer_close(p);
	return 0;
}

int ofctl_benchmark(int argc, char **argv)
{
	size_t n = payload_size(argv[2]);
	int count = atoi(argv[3]);
	size_t size = n + OF_HEADER_SIZE;
	printf("Sending %d packets * %zu bytes (with header) = %zu bytes total\n", count, size,
	       (size_t)MAX(count, 0) * size);
	struct peer *p = peer_open(argv[1], "mgmt");
	AUTO_FREE uint8_t *payload = xzalloc(n + 1);
	int64_t start = clock_mono_ns();
	for (int i = 0; i < count; i++) {
		AUTO_BYTES request = BYTES_INIT, reply = BYTES_INIT;
		echo_build(&request, p, payload, n);
		peer_transact(p, &request, &reply);
	}
	double ms = (double)(clock_mono_ns() - start) / NS_PER_MS;
	peer_close(p);
	printf("Finished in %.1f ms (%.0f packets/s) (%.0f bytes/s)\n", ms, count / (ms / 1000),
	       (double)size * count / (ms / 1000));
	return 0;
}
