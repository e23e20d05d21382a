/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_monitor: commands that listen: monitor and snoop, with a control socket through which a
 * test or a person tells them what to do (ovs-ofctl(8), "RUNTIME MANAGEMENT COMMANDS"); and
 * packet-out. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/ofctl.h"
#include "ctl/program.h"
#include "io/control.h"
#include "io/daemon.h"
#include "ofp/action_parse.h"
#include "ofp/error.h"

struct monitor {
	struct peer *peer;
	bool exiting, blocked;
	struct control_call *exit_call, *barrier_call;
	uint32_t barrier_xid;
	bool resume_paused;
};

static void do_exit(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct monitor *m = arg;
	m->exiting = true;
	m->exit_call = call;
}

static void do_send(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct monitor *m = arg;
	AUTO_STR out = STR_INIT;
	bool ok = true;
	for (int i = 1; i < argc; i++) {
		AUTO_BYTES b = BYTES_INIT;
		bool bad = false;
		for (const char *s = argv[i]; *s && !bad;) {
			char pair[3] = { 0 };
			uint64_t v;
			s += strspn(s, " \t\n");
			if (!*s)
				break;
			pair[0] = s[0];
			pair[1] = s[1];
			bad = !s[1] || !str_to_u64(pair, 16, &v);
			if (!bad)
				bytes_put_u8(&b, (uint8_t)v);
			s += 2;
		}
		if (bad) {
			str_puts(&out, "trailing garbage in hex\n");
			ok = false;
			break;
		}
		if (b.size < OF_HEADER_SIZE || of_msg_size(b.data) != b.size) {
			str_putf(&out, "%s: message too short or of another length than it says\n",
				 argv[i]);
			ok = false;
			break;
		}
		fprintf(stderr, "send: ");
		AUTO_STR text = STR_INIT;
		const struct print_options o = { .verbosity = ofctl.verbosity };
		of_print(b.data, b.size, &o, &text);
		fputs(str_cstr(&text), stderr);
		peer_send(m->peer, &b);
	}
	if (ok)
		control_reply(call, str_cstr(&out));
	else
		control_reply_error(call, str_cstr(&out));
}

static void do_barrier(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct monitor *m = arg;
	if (m->barrier_call) {
		control_reply_error(call, "already waiting for barrier reply");
		return;
	}
	AUTO_BYTES b = BYTES_INIT;
	m->barrier_xid = peer_xid(m->peer);
	empty_build(&b, OFMSG_BARRIER_REQUEST, OFK_OFPT, peer_version(m->peer), m->barrier_xid);
	peer_send(m->peer, &b);
	m->barrier_call = call;
}

static void do_set_output_file(struct control_call *call, int argc, const char *argv[], void *arg)
{
	int fd = open(argv[1], O_CREAT | O_TRUNC | O_WRONLY, 0666);
	if (fd < 0) {
		control_reply_error(call, err_name(errno));
		return;
	}
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	close(fd);
	control_reply(call, NULL);
}

static void do_block(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct monitor *m = arg;
	m->blocked = !strcmp(argv[0], "ofctl/block");
	control_reply(call, NULL);
}

/* "in_port=.. packet=HEX actions=..". 0, or -EINVAL with the reason. */
static int packet_out_from_str(const char *text, const struct ofport_names *names,
			       struct packet_out *po, struct bytes *packet, struct of_actions *acts,
			       uint32_t *usable, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *s = copy;
	memset(po, 0, sizeof *po);
	po->buffer_id = OF_NO_BUFFER;
	match_init(&po->metadata);
	match_set_in_port(&po->metadata, OFPORT_CONTROLLER);
	char *actions = strstr(s, "action");
	if (actions) {
		char *eq = strchr(actions, '=');
		if (!eq)
			return err_set(err, -EINVAL, "must specify an action");
		*actions = '\0';
		actions = eq + 1;
	}
	struct token t;
	while (token_next(&s, &t)) {
		if (!*t.value)
			return err_set(err, -EINVAL, "field %s missing value", t.key);
		if (!strcmp(t.key, "in_port")) {
			uint32_t port;
			if (!ofport_from_str(t.value, names, &port))
				return err_set(err, -EINVAL, "%s is not a valid OpenFlow port",
					       t.value);
			if (port > OFPORT_MAX && port != OFPORT_LOCAL && port != OFPORT_NONE &&
			    port != OFPORT_CONTROLLER)
				return err_set(err, -EINVAL,
					       "%s is not a valid OpenFlow port for PACKET_OUT",
					       t.value);
			match_set_in_port(&po->metadata, port);
		} else if (!strcmp(t.key, "packet")) {
			packet->size = 0;
			for (const char *h = t.value; *h; h += 2) {
				char pair[3] = { h[0], h[1], '\0' };
				uint64_t v;
				if (!h[1] || !str_to_u64(pair, 16, &v))
					return err_set(err, -EINVAL,
						       "packet: Not a valid hex string");
				bytes_put_u8(packet, (uint8_t)v);
			}
			if (packet->size < 14)
				return err_set(err, -EINVAL,
					       "packet: Packet data too short for Ethernet");
		} else {
			const struct field *f = field_from_name(t.key, strlen(t.key));
			union field_value v, m;
			memset(&v, 0, sizeof v);
			memset(&m, 0, sizeof m);
			if (!f)
				return err_set(err, -EINVAL, "unknown keyword %s", t.key);
			bool pipeline = field_is_register(f) || f->id == FIELD_METADATA ||
					(f->id >= FIELD_TUN_ID && f->id <= FIELD_TUN_METADATA63) ||
					f->id == FIELD_PACKET_TYPE;
			if (!pipeline)
				return err_set(err, -EINVAL,
					       "%s is not a valid pipeline field for PACKET_OUT",
					       t.key);
			int r = field_value_from_str(f, t.value, names, &v, &m, err);
			if (r < 0)
				return r;
			match_set(&po->metadata, f, &v, &m);
			*usable &= OFPROTO_OXM15;
		}
	}
	if (!packet->size)
		return err_set(err, -EINVAL, "must specify packet");
	if (actions) {
		int r = of_actions_from_str(actions, names, true, acts, usable, err);
		if (r)
			return r;
	}
	po->packet = packet->data;
	po->packet_size = packet->size;
	po->actions = acts->data;
	po->actions_size = acts->size;
	return 0;
}

static void do_packet_out(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct monitor *m = arg;
	struct packet_out po;
	AUTO_BYTES packet = BYTES_INIT, b = BYTES_INIT;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	AUTO_ERR err = ERR_INIT;
	uint32_t usable = OFPROTO_ANY;
	if (packet_out_from_str(argv[1], NULL, &po, &packet, &acts, &usable, &err) < 0) {
		control_reply_err(call, &err);
		return;
	}
	packet_out_build(&b, &po, peer_version(m->peer), peer_xid(m->peer));
	AUTO_STR text = STR_INIT;
	const struct print_options o = { .verbosity = ofctl.verbosity };
	of_print(b.data, b.size, &o, &text);
	fputs(str_cstr(&text), stderr);
	peer_send(m->peer, &b);
	control_reply(call, NULL);
}

static void print_time(void)
{
	if (!ofctl.timestamp)
		return;
	int64_t ms = clock_wall_ms();
	time_t sec = (time_t)(ms / 1000);
	struct tm tm;
	char text[64];
	gmtime_r(&sec, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(stderr, "%s.%03d: ", text, (int)(ms % 1000));
}

static void got(struct monitor *m, const struct bytes *msg)
{
	struct of_msg parsed;
	print_time();
	AUTO_STR text = STR_INIT;
	const struct print_options o = { .verbosity = ofctl.verbosity + 2 };
	of_print(msg->data, msg->size, &o, &text);
	fputs(str_cstr(&text), stderr);
	fflush(stderr);
	if (of_msg_parse(msg->data, msg->size, &parsed))
		return;
	if (parsed.id == OFMSG_BARRIER_REPLY && m->barrier_call && parsed.xid == m->barrier_xid) {
		control_reply(m->barrier_call, NULL);
		m->barrier_call = NULL;
	} else if (parsed.id == OFMSG_PACKET_IN && m->resume_paused) {
		struct packet_in pin;
		AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
		if (packet_in_parse(&parsed, &pin, NULL, &acts) || !pin.continuation_size)
			return;
		AUTO_BYTES b = BYTES_INIT;
		resume_build(&b, &pin, parsed.version, peer_xid(m->peer));
		AUTO_STR sent = STR_INIT;
		of_print(b.data, b.size, &o, &sent);
		fprintf(stderr, "send: %s", str_cstr(&sent));
		peer_send(m->peer, &b);
	}
}

static void monitor_run(struct monitor *m)
{
	struct daemon_options *d = program_daemon_options();
	struct control_server *server = NULL;
	AUTO_ERR err = ERR_INIT;
	control_register("exit", "", 0, 0, do_exit, m);
	control_register("ofctl/send", "OFMSG...", 1, -1, do_send, m);
	control_register("ofctl/barrier", "", 0, 0, do_barrier, m);
	control_register("ofctl/set-output-file", "FILE", 1, 1, do_set_output_file, m);
	control_register("ofctl/block", "", 0, 0, do_block, m);
	control_register("ofctl/unblock", "", 0, 0, do_block, m);
	control_register("ofctl/packet-out", "\"in_port=<port> packet=<hex data> actions=...\"", 1,
			 1, do_packet_out, m);
	daemon_start(d);
	if (control_server_open(d->unixctl, peer_loop(m->peer), &server, &err) < 0)
		log_fatal("%s", err_text(&err));
	daemon_ready(d);
	AUTO_BYTES msg = BYTES_INIT;
	while (!m->exiting) {
		int r = m->blocked ? -EAGAIN : peer_recv(m->peer, &msg, 0);
		if (r == 0) {
			got(m, &msg);
			continue;
		}
		if (r != -EAGAIN)
			log_fatal("%s: connection closed by peer", peer_name(m->peer));
		loop_once(peer_loop(m->peer), -1);
	}
	if (m->exit_call)
		control_reply(m->exit_call, NULL);
	loop_once(peer_loop(m->peer), 0);
	control_server_close(server);
}

/* Asks for packet-ins in a form, Nicira's if none was asked for and the switch has it. */
static void set_packet_in_format(struct peer *p)
{
	int format = ofctl.packet_in_format;
	bool must = format >= 0;
	if (!must)
		format = OFPIF_NXT2;
	if (format == OFPIF_STANDARD)
		return;
	AUTO_BYTES b = BYTES_INIT;
	size_t start =
		of_msg_begin(&b, OFMSG_SET_PACKET_IN_FORMAT, OFK_NXT, peer_version(p), peer_xid(p));
	bytes_put_be32(&b, (uint32_t)format);
	ASSERT(of_msg_end(&b, start) == 0);
	if (!peer_transact_noreply(p, &b) && must)
		log_fatal("%s: failed to set packet in format to %s, switch replied with an error",
			  peer_name(p), format == OFPIF_NXT ? "nxt_packet_in" : "nxt_packet_in2");
}

static void set_miss_len(struct peer *p, const char *text, bool invalid_ttl)
{
	AUTO_BYTES request = BYTES_INIT, reply = BYTES_INIT, set = BYTES_INIT;
	struct of_msg m;
	struct of_config c;
	empty_build(&request, OFMSG_GET_CONFIG_REQUEST, OFK_OFPT, peer_version(p), peer_xid(p));
	peer_transact(p, &request, &reply);
	if (of_msg_parse(reply.data, reply.size, &m) || config_parse(&m, &c))
		log_fatal("%s: bad reply to config request", peer_name(p));
	if (text)
		c.miss_send_len = (uint16_t)atoi(text);
	if (invalid_ttl)
		c.invalid_ttl = 1;
	config_build(&set, &c, OFMSG_SET_CONFIG, peer_version(p), peer_xid(p));
	if (!peer_transact_noreply(p, &set))
		exit(1);
}

int ofctl_monitor(int argc, char **argv)
{
	struct monitor m = { .peer = peer_open(argv[1], "mgmt") };
	const char *miss_len = NULL;
	bool invalid_ttl = false;
	for (int i = 2; i < argc; i++) {
		if (strspn(argv[i], "0123456789") == strlen(argv[i]))
			miss_len = argv[i];
		else if (!strcmp(argv[i], "invalid_ttl"))
			invalid_ttl = true;
		else if (!strncmp(argv[i], "watch:", 6))
			ofctl_watch(m.peer, argv[1], argv[i] + 6);
		else if (!strcmp(argv[i], "resume"))
			m.resume_paused = true;
		else
			log_fatal("%s: unsupported \"monitor\" argument", argv[i]);
	}
	if (miss_len || invalid_ttl)
		set_miss_len(m.peer, miss_len, invalid_ttl);
	set_packet_in_format(m.peer);
	monitor_run(&m);
	peer_close(m.peer);
	return 0;
}

int ofctl_snoop(int argc, char **argv)
{
	struct monitor m = { .peer = peer_open(argv[1], "snoop") };
	monitor_run(&m);
	peer_close(m.peer);
	return 0;
}

int ofctl_packet_out(int argc, char **argv)
{
	AUTO_BYTES packet = BYTES_INIT;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	AUTO_ERR err = ERR_INIT;
	uint32_t usable = OFPROTO_ANY;
	struct packet_out po;
	const struct ofport_names *names = ofctl_accept_names(argv[1]);
	bool ok = true;
	if (argc == 3) {
		if (packet_out_from_str(argv[2], names, &po, &packet, &acts, &usable, &err) < 0)
			log_fatal("%s", err_text(&err));
		struct peer *p = peer_open(argv[1], "mgmt");
		peer_set_protocol(p, usable);
		AUTO_BYTES b = BYTES_INIT;
		packet_out_build(&b, &po, peer_version(p), peer_xid(p));
		ok = peer_transact_noreply(p, &b);
		peer_close(p);
		return ok ? 0 : 1;
	}
	/* The old form: IN_PORT ACTIONS PACKET... */
	if (argc < 5)
		log_fatal("Too few arguments");
	if (of_actions_from_str(argv[3], names, true, &acts, &usable, &err) < 0)
		log_fatal("%s", err_text(&err));
	struct peer *p = peer_open(argv[1], "mgmt");
	uint32_t port;
	struct of_port_desc d;
	if (ofport_from_str(argv[2], NULL, &port))
		;
	else if (ofctl_find_port(p, argv[2], &d))
		port = d.port;
	else
		log_fatal("%s: couldn't find port `%s'", argv[1], argv[2]);
	peer_set_protocol(p, usable);
	for (int i = 4; i < argc; i++) {
		AUTO_BYTES data = BYTES_INIT, b = BYTES_INIT;
		ofctl_hex(argv[i], &data);
		if (data.size < 14)
			log_fatal("Packet data too short for Ethernet");
		po = (struct packet_out){ .buffer_id = OF_NO_BUFFER,
					  .packet = data.data,
					  .packet_size = data.size,
					  .actions = acts.data,
					  .actions_size = acts.size };
		match_init(&po.metadata);
		match_set_in_port(&po.metadata, port);
		packet_out_build(&b, &po, peer_version(p), peer_xid(p));
		ok &= peer_transact_noreply(p, &b);
	}
	peer_close(p);
	return ok ? 0 : 1;
}
