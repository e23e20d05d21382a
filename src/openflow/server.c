/* SPDX-License-Identifier: Apache-2.0 */
/* server: the sockets of a bridge, and who is connected. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "openflow/ofsession.h"

LOG_MODULE(connmgr);

enum { SESSIONS_MAX = 1000 };

static void on_accept(struct listener *l, struct stream *stream, void *arg)
{
	struct openflow_server *s = arg;
	if (list_size(&s->sessions) >= SESSIONS_MAX) {
		log_warn("%s: too many OpenFlow connections, closing a new one", s->name);
		stream_close(stream);
		return;
	}
	ofsession_new(s, stream, l == s->snoop ? SESSION_SNOOP : SESSION_SERVICE, NULL);
}

static int listen_on(struct openflow_server *s, const char *suffix, struct listener **ret,
		     struct err *err)
{
	AUTO_FREE char *target = xasprintf("punix:%s/%s.%s", path_rundir(), s->name, suffix);
	return listener_open(target, 0, s->loop, on_accept, s, ret, err);
}

int openflow_server_new(const char *name, const struct of_switch_ops *ops, void *sw,
			struct loop *loop, struct openflow_server **ret, struct err *err)
{
	struct openflow_server *s = xzalloc(sizeof *s);
	s->name = xstrdup(name);
	s->ops = ops;
	s->sw = sw;
	s->loop = loop;
	s->versions = OF_VERSIONS_DEFAULT;
	list_init(&s->sessions);
	list_init(&s->controllers);
	int r = listen_on(s, "mgmt", &s->mgmt, err);
	if (!r)
		r = listen_on(s, "snoop", &s->snoop, err);
	if (r) {
		openflow_server_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void openflow_server_free(struct openflow_server *s)
{
	if (!s)
		return;
	controllers_free(s);
	struct ofsession *session;
	LIST_FOR_EACH_SAFE(session, &s->sessions, node)
		ofsession_free(session);
	listener_close(s->mgmt);
	listener_close(s->snoop);
	free(s->name);
	free(s);
}

void openflow_server_set_versions(struct openflow_server *s, uint32_t versions)
{
	versions = versions ? versions : OF_VERSIONS_DEFAULT;
	if (s->versions == versions)
		return;
	s->versions = versions;
	/* Sessions in a version that is no longer offered end. */
	struct ofsession *session;
	LIST_FOR_EACH_SAFE(session, &s->sessions, node) {
		enum of_version v = connection_version(session->conn);
		if (!v || versions & (1u << v))
			continue;
		struct controller *c = session->controller;
		ofsession_free(session);
		if (c)
			controller_session_closed(c, -EPROTO);
	}
}

void openflow_server_set_controllers(struct openflow_server *s,
				     const struct openflow_controller_config *c, size_t n)
{
	controllers_set(s, c, n);
}

bool openflow_server_has_controllers(const struct openflow_server *s)
{
	return !list_is_empty(&s->controllers);
}

int64_t openflow_server_failure_seconds(const struct openflow_server *s)
{
	if (list_is_empty(&s->controllers) || server_is_connected(s) || !s->failing_since_ms)
		return -1;
	return (clock_mono_ms() - s->failing_since_ms) / 1000;
}
