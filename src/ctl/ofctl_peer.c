/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_peer: a connection used one request at a time. Under it is the same code that the switch's
 * sessions use; here the loop turns until what is waited for is there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "ctl/ofctl.h"
#include "ofp/error.h"
#include "openflow/connection.h"

struct peer {
	char *name; /* as the user said it */
	struct loop *loop;
	struct connection *conn;
	bool ready, gone;
	int error;
	struct bytes in; /* messages not yet taken */
	size_t in_ofs;
	uint32_t next_xid;
	uint32_t protocol;
};

static void on_ready(struct connection *conn, void *arg)
{
	struct peer *p = arg;
	p->ready = true;
}

static bool on_message(struct connection *conn, const uint8_t *data, size_t size, void *arg)
{
	struct peer *p = arg;
	struct of_msg m;
	if (data[1] == 2 && of_msg_parse(data, size, &m) == 0) {
		AUTO_BYTES b = BYTES_INIT;
		echo_reply_build(&b, &m);
		connection_send(conn, b.data, b.size);
		return true;
	}
	bytes_put(&p->in, data, size);
	return true;
}

static void on_closed(struct connection *conn, int error, void *arg)
{
	struct peer *p = arg;
	p->gone = true;
	p->error = error;
}

static const struct connection_ops ops = { on_ready, on_message, on_closed };

static char *target_of(const char *name, const char *socket)
{
	struct stat st;
	char *path = xasprintf("%s/%s.%s", path_rundir(), name, socket);
	if (strchr(name, ':')) {
		free(path);
		return xstrdup(name);
	}
	if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		char *target = xasprintf("unix:%s", path);
		free(path);
		return target;
	}
	free(path);
	/* A file, perhaps under the run directory. */
	char *file = path_in(path_rundir(), name);
	if (stat(file, &st) == 0 && S_ISSOCK(st.st_mode)) {
		char *target = xasprintf("unix:%s", file);
		free(file);
		return target;
	}
	free(file);
	log_fatal("%s is not a bridge or a socket", name);
}

static struct peer *open_target(const char *name, const char *socket, uint32_t versions)
{
	AUTO_FREE char *target = target_of(name, socket);
	struct peer *p = xzalloc(sizeof *p);
	AUTO_ERR err = ERR_INIT;
	struct stream *stream;
	p->name = xstrdup(name);
	p->loop = loop_new();
	p->next_xid = 2;
	int r = stream_open(target, 6653, p->loop, &stream, &err);
	if (r < 0)
		log_fatal("%s: %s", name,
			  r == -EAFNOSUPPORT
				  ? "failed to connect (Address family not supported by protocol)"
				  : err_text(&err));
	p->conn = connection_new(stream, p->loop, versions, &ops, p);
	while (!p->ready && !p->gone)
		loop_once(p->loop, -1);
	if (p->gone) {
		if (*connection_error_text(p->conn))
			log_fatal("%s: %s", name, connection_error_text(p->conn));
		log_fatal("%s: failed to connect to socket (%s)", name,
			  p->error ? err_name(p->error) : "End of file");
	}
	p->protocol = of_protocol_first(connection_version(p->conn));
	return p;
}

struct peer *peer_open(const char *name, const char *socket)
{
	return open_target(name, socket, ofctl.versions);
}

struct peer *peer_open_versions(const char *name, uint32_t versions)
{
	return open_target(name, "mgmt", versions);
}

void peer_close(struct peer *p)
{
	if (!p)
		return;
	connection_free(p->conn);
	loop_free(p->loop);
	bytes_fini(&p->in);
	free(p->name);
	free(p);
}

enum of_version peer_version(const struct peer *p) { return connection_version(p->conn); }
const char *peer_name(const struct peer *p) { return p->name; }
uint32_t peer_xid(struct peer *p) { return p->next_xid++; }
uint32_t peer_protocol(const struct peer *p) { return p->protocol; }
struct loop *peer_loop(struct peer *p) { return p->loop; }

void peer_send(struct peer *p, const struct bytes *b)
{
	if (p->gone)
		log_fatal("%s: send failed (%s)", p->name,
			  p->error ? err_name(p->error) : "End of file");
	connection_send(p->conn, b->data, b->size);
}

static bool take(struct peer *p, struct bytes *ret)
{
	if (p->in.size - p->in_ofs < OF_HEADER_SIZE)
		return false;
	size_t size = of_msg_size(p->in.data + p->in_ofs);
	ret->size = 0;
	bytes_put(ret, p->in.data + p->in_ofs, size);
	p->in_ofs += size;
	if (p->in_ofs == p->in.size)
		p->in_ofs = p->in.size = 0;
	return true;
}

int peer_recv(struct peer *p, struct bytes *ret, int timeout_ms)
{
	int64_t end = clock_mono_ms() + timeout_ms;
	for (;;) {
		if (take(p, ret))
			return 0;
		if (p->gone)
			return p->error ? p->error : -ENOTCONN;
		int64_t left = timeout_ms < 0 ? -1 : MAX(end - clock_mono_ms(), (int64_t)0);
		if (timeout_ms >= 0 && !left) {
			loop_once(p->loop, 0);
			if (take(p, ret))
				return 0;
			return -EAGAIN;
		}
		loop_once(p->loop, (int)left);
	}
}

static void recv_or_die(struct peer *p, struct bytes *ret)
{
	int r = peer_recv(p, ret, -1);
	if (r)
		log_fatal("%s: OpenFlow receive failed (%s)", p->name,
			  r == -ENOTCONN ? "End of file" : err_name(r));
}

bool peer_recv_pending(struct peer *p)
{
	size_t before = p->in.size;
	loop_once(p->loop, 0);
	return p->in.size > before;
}

static uint32_t xid_of(const struct bytes *b) { return get_be32(b->data + 4); }

void peer_transact(struct peer *p, const struct bytes *request, struct bytes *ret)
{
	peer_send(p, request);
	do
		recv_or_die(p, ret);
	while (xid_of(ret) != xid_of(request));
}

bool peer_transact_noreply(struct peer *p, const struct bytes *requests)
{
	AUTO_BYTES barrier = BYTES_INIT, reply = BYTES_INIT;
	bool ok = true;
	uint32_t xid = peer_xid(p);
	empty_build(&barrier, OFMSG_BARRIER_REQUEST, OFK_OFPT, peer_version(p), xid);
	peer_send(p, requests);
	peer_send(p, &barrier);
	for (;;) {
		recv_or_die(p, &reply);
		struct of_msg m;
		if (of_msg_parse(reply.data, reply.size, &m))
			continue;
		if (m.id == OFMSG_BARRIER_REPLY && m.xid == xid)
			return ok;
		if (m.id == OFMSG_ERROR) {
			AUTO_STR out = STR_INIT;
			const struct print_options o = { .verbosity = ofctl.verbosity + 2 };
			of_print(reply.data, reply.size, &o, &out);
			fputs(str_cstr(&out), stderr);
			ok = false;
		}
	}
}

void peer_dump(struct peer *p, const struct bytes *request,
	       void (*cb)(const struct of_msg *, void *), void *arg)
{
	AUTO_BYTES reply = BYTES_INIT;
	peer_send(p, request);
	for (;;) {
		recv_or_die(p, &reply);
		if (xid_of(&reply) != xid_of(request))
			continue;
		struct of_msg m;
		int r = of_msg_parse(reply.data, reply.size, &m);
		if (r || m.id == OFMSG_ERROR) {
			AUTO_STR out = STR_INIT;
			const struct print_options o = { .verbosity = ofctl.verbosity + 1 };
			of_print(reply.data, reply.size, &o, &out);
			if (!r) {
				fputs(str_cstr(&out), stderr);
				exit(1);
			}
			log_fatal("received bad reply: %s", str_cstr(&out));
		}
		cb(&m, arg);
		if (!(m.stat_flags & OFPSF_MORE))
			return;
	}
}

/* -- Protocols. */

static bool try_protocol(struct peer *p, uint32_t want)
{
	if (of_protocol_version(want) != peer_version(p))
		return false;
	bool want_nxm = want & OFPROTO_NXM_ANY, have_nxm = p->protocol & OFPROTO_NXM_ANY;
	if (want_nxm != have_nxm) {
		AUTO_BYTES b = BYTES_INIT;
		size_t start = of_msg_begin(&b, OFMSG_SET_FLOW_FORMAT, OFK_NXT, OF10, peer_xid(p));
		bytes_put_be32(&b, want_nxm ? 2 : 0);
		ASSERT(of_msg_end(&b, start) == 0);
		if (!peer_transact_noreply(p, &b))
			return false;
	}
	bool want_tid = want & OFPROTO_TID, have_tid = p->protocol & OFPROTO_TID;
	if (want_tid != have_tid) {
		AUTO_BYTES b = BYTES_INIT;
		size_t start =
			of_msg_begin(&b, OFMSG_FLOW_MOD_TABLE_ID, OFK_NXT, OF10, peer_xid(p));
		bytes_put_u8(&b, want_tid);
		bytes_put_zeros(&b, 7);
		ASSERT(of_msg_end(&b, start) == 0);
		if (!peer_transact_noreply(p, &b))
			return false;
	}
	p->protocol = want;
	return true;
}

uint32_t ofctl_allowed(void) { return ofctl.protocols & of_protocols_of_versions(ofctl.versions); }

uint32_t peer_set_protocol(struct peer *p, uint32_t usable)
{
	uint32_t may = ofctl_allowed();
	if (!(usable & may)) {
		AUTO_STR want = STR_INIT, allowed = STR_INIT;
		of_protocols_put(usable, &want);
		of_protocols_put(may, &allowed);
		if (!(usable & OFPROTO_ANY))
			log_fatal("no usable protocol");
		log_fatal("none of the usable flow formats (%s) is among the allowed flow formats "
			  "(%s)",
			  str_cstr(&want), str_cstr(&allowed));
	}
	usable &= may;
	if (p->protocol & usable)
		return p->protocol;
	for (uint32_t bit = 1; bit <= OFPROTO_OXM15; bit <<= 1) {
		if (usable & bit && try_protocol(p, bit))
			return p->protocol;
	}
	AUTO_STR want = STR_INIT;
	of_protocols_put(usable, &want);
	log_fatal("switch does not support any of the usable flow formats (%s)", str_cstr(&want));
}

/* -- Names of ports. */

struct port_list {
	const char *switch_name;
	struct of_port_desc *ports;
	size_t n, allocated;
	bool fetched;
};

static void add_ports(const struct of_msg *m, struct port_list *l, struct cursor c)
{
	struct of_port_desc d;
	while (port_desc_pull(&c, m->version, &d) == 0) {
		l->ports = xgrow(l->ports, &l->allocated, l->n + 1, sizeof *l->ports);
		l->ports[l->n++] = d;
	}
}

static void add_ports_of_reply(const struct of_msg *m, void *arg)
{
	add_ports(m, arg, of_msg_cursor(m));
}

static void fetch_ports(struct peer *p, struct port_list *l)
{
	AUTO_BYTES request = BYTES_INIT;
	port_desc_request_build(&request, peer_version(p), OFPORT_NONE, peer_xid(p));
	peer_dump(p, &request, add_ports_of_reply, l);
	l->fetched = true;
}

static void fetch(struct port_list *l)
{
	if (l->fetched)
		return;
	l->fetched = true;
	struct peer *p = peer_open(l->switch_name, "mgmt");
	fetch_ports(p, l);
	peer_close(p);
}

static const char *name_of(uint32_t port, void *arg)
{
	struct port_list *l = arg;
	fetch(l);
	const char *name = NULL;
	for (size_t i = 0; i < l->n; i++) {
		if (l->ports[i].port == port)
			name = l->ports[i].name;
	}
	return name;
}

static bool number_of(const char *name, uint32_t *ret, void *arg)
{
	struct port_list *l = arg;
	fetch(l);
	for (size_t i = 0; i < l->n; i++) {
		if (!strcmp(l->ports[i].name, name)) {
			*ret = l->ports[i].port;
			return true;
		}
	}
	return false;
}

static const struct ofport_names *make_names(const char *switch_name, bool print)
{
	/* For the life of the program; kept in a list so that leak checkers see them. */
	static struct made {
		struct made *next;
		struct port_list list;
		struct ofport_names names;
	} * all;
	struct made *m = xzalloc(sizeof *m);
	m->list.switch_name = switch_name;
	m->names = (struct ofport_names){ name_of, number_of, &m->list, print };
	m->next = all;
	all = m;
	return &m->names;
}

const struct ofport_names *ofctl_accept_names(const char *switch_name)
{
	return ofctl.names == 0 ? NULL : make_names(switch_name, false);
}

const struct ofport_names *ofctl_show_names(const char *switch_name)
{
	bool show = ofctl.names > 0 || (ofctl.names < 0 && isatty(STDOUT_FILENO));
	return show ? make_names(switch_name, true) : NULL;
}

bool ofctl_find_port(struct peer *p, const char *name, struct of_port_desc *ret)
{
	struct port_list l = { .switch_name = peer_name(p) };
	fetch_ports(p, &l);
	uint32_t number;
	bool numeric = ofport_from_str(name, NULL, &number), found = false;
	for (size_t i = 0; i < l.n && !found; i++) {
		if (!strcmp(l.ports[i].name, name) || (numeric && l.ports[i].port == number)) {
			*ret = l.ports[i];
			found = true;
		}
	}
	free(l.ports);
	return found;
}
