/* SPDX-License-Identifier: Apache-2.0 */
/* controller: connections that the bridge makes and keeps: one object a target. An active target is
 * tried again after a pause that doubles up to max_backoff; a peer that is silent for the probe
 * interval is asked by an echo request, and given up after as long again. A passive target
 * ("ptcp:") is a socket of ours, whose sessions are service ones. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "openflow/ofsession.h"

LOG_MODULE(rconn);

enum { MIN_BACKOFF_MS = 1000, DEFAULT_PORT = 6653 };

enum state { VOID, BACKOFF, CONNECTING, ACTIVE, IDLE };
static const char *const state_names[] = { "VOID", "BACKOFF", "CONNECTING", "ACTIVE", "IDLE" };

struct controller {
	struct openflow_server *server;
	struct list node;
	char *target;
	struct openflow_controller_config config;
	struct ofsession *session;
	struct listener *listener; /* passive */
	struct timer timer;
	enum state state;
	int backoff_ms;
	int64_t connected_ms, disconnected_ms; /* 0: never */
	int last_error;
	bool wanted; /* scratch of controllers_set() */
};

static void connect_now(struct controller *c);

static bool is_passive(const struct controller *c) { return stream_name_is_passive(c->target); }

static void apply_config(struct controller *c)
{
	if (!c->session)
		return;
	c->session->rate = c->config.rate_limit;
	c->session->burst =
		c->config.burst_limit ? c->config.burst_limit : c->config.rate_limit / 4 + 1;
}

static void back_off(struct controller *c)
{
	int max =
		c->config.max_backoff_ms > 0 ? MAX(c->config.max_backoff_ms, MIN_BACKOFF_MS) : 8000;
	c->backoff_ms = c->backoff_ms ? MIN(c->backoff_ms * 2, max) : MIN_BACKOFF_MS;
	c->state = BACKOFF;
	log_info("%s<->%s: waiting %d seconds before reconnect", c->server->name, c->target,
		 c->backoff_ms / 1000);
	timer_arm_in(&c->timer, c->server->loop, c->backoff_ms * NS_PER_MS);
}

static void arm_probe(struct controller *c)
{
	if (c->config.probe_interval_ms > 0)
		timer_arm_in(&c->timer, c->server->loop, c->config.probe_interval_ms * NS_PER_MS);
}

static void fail(struct controller *c, int error)
{
	struct ofsession *s = c->session;
	c->session = NULL;
	if (s) {
		s->controller = NULL;
		ofsession_free(s);
	}
	controller_session_closed(c, error);
}

static void on_timer(struct timer *t)
{
	struct controller *c = CONTAINER_OF(t, struct controller, timer);
	if (c->state == BACKOFF) {
		connect_now(c);
		return;
	}
	struct ofsession *s = c->session;
	if (!s)
		return;
	if (!connection_version(s->conn)) {
		/* Connecting or shaking hands for too long. */
		fail(c, -ETIMEDOUT);
		return;
	}
	int64_t silent = clock_mono_ms() - connection_last_heard_ms(s->conn);
	if (c->state != IDLE && c->state != ACTIVE)
		c->state = ACTIVE;
	if (silent < c->config.probe_interval_ms) {
		c->state = ACTIVE;
		timer_arm_in(&c->timer, c->server->loop,
			     (c->config.probe_interval_ms - silent) * NS_PER_MS);
	} else if (c->state == IDLE) {
		log_err("%s<->%s: no response to inactivity probe after %lld seconds, "
			"disconnecting",
			c->server->name, c->target, (long long)(silent / 1000));
		fail(c, -ETIMEDOUT);
	} else {
		AUTO_BYTES b = BYTES_INIT;
		c->state = IDLE;
		empty_build(&b, OFMSG_ECHO_REQUEST, OFK_OFPT, connection_version(s->conn), 0);
		ofsession_send(s, &b);
		arm_probe(c);
	}
}

static void connect_now(struct controller *c)
{
	struct stream *stream;
	AUTO_ERR err = ERR_INIT;
	log_info("%s<->%s: connecting...", c->server->name, c->target);
	int r = stream_open(c->target, DEFAULT_PORT, c->server->loop, &stream, &err);
	if (r < 0) {
		log_warn("%s<->%s: connection failed (%s)", c->server->name, c->target,
			 err_text(&err));
		c->last_error = r;
		back_off(c);
		return;
	}
	c->state = CONNECTING;
	c->session = ofsession_new(c->server, stream, SESSION_CONTROLLER, c);
	apply_config(c);
	int wait_ms = MAX(c->backoff_ms, MIN_BACKOFF_MS);
	timer_arm_in(&c->timer, c->server->loop,
		     (int64_t)MAX(wait_ms, c->config.probe_interval_ms) * NS_PER_MS);
}

void controller_session_ready(struct controller *c)
{
	log_info("%s<->%s: connected", c->server->name, c->target);
	c->state = ACTIVE;
	c->backoff_ms = 0;
	c->connected_ms = clock_mono_ms();
	c->last_error = 0;
	c->server->failing_since_ms = 0;
	timer_disarm(&c->timer);
	arm_probe(c);
}

void controller_session_closed(struct controller *c, int error)
{
	bool was_up = c->state == ACTIVE || c->state == IDLE;
	c->session = NULL;
	timer_disarm(&c->timer);
	if (was_up) {
		c->disconnected_ms = clock_mono_ms();
		if (error)
			log_warn("%s<->%s: connection dropped (%s)", c->server->name, c->target,
				 err_name(error));
		else
			log_info("%s<->%s: connection closed by peer", c->server->name, c->target);
	} else {
		log_warn("%s<->%s: connection failed (%s)", c->server->name, c->target,
			 error ? err_name(error) : "closed by peer");
	}
	c->last_error = error ? error : -ECONNRESET;
	if (!server_is_connected(c->server) && !c->server->failing_since_ms)
		c->server->failing_since_ms = clock_mono_ms();
	back_off(c);
}

static void on_accept(struct listener *l, struct stream *stream, void *arg)
{
	struct controller *c = arg;
	struct ofsession *s = ofsession_new(c->server, stream, SESSION_SERVICE, NULL);
	s->rate = c->config.rate_limit;
	s->burst = c->config.burst_limit ? c->config.burst_limit : c->config.rate_limit / 4 + 1;
}

static void controller_add(struct openflow_server *srv,
			   const struct openflow_controller_config *config)
{
	struct controller *c = xzalloc(sizeof *c);
	c->server = srv;
	c->target = xstrdup(config->target);
	c->config = *config;
	c->wanted = true;
	timer_init(&c->timer, on_timer);
	list_push_back(&srv->controllers, &c->node);
	if (!srv->failing_since_ms)
		srv->failing_since_ms = clock_mono_ms();
	if (!is_passive(c)) {
		connect_now(c);
		return;
	}
	AUTO_ERR err = ERR_INIT;
	if (listener_open(c->target, DEFAULT_PORT, srv->loop, on_accept, c, &c->listener, &err) <
	    0) {
		log_err("%s: cannot listen on %s: %s", srv->name, c->target, err_text(&err));
		c->last_error = -EADDRINUSE;
	}
}

static void controller_free(struct controller *c)
{
	timer_disarm(&c->timer);
	list_remove(&c->node);
	if (c->session) {
		c->session->controller = NULL;
		ofsession_free(c->session);
	}
	listener_close(c->listener);
	free(c->target);
	free(c);
}

void controllers_set(struct openflow_server *srv, const struct openflow_controller_config *config,
		     size_t n)
{
	struct controller *c;
	LIST_FOR_EACH(c, &srv->controllers, node)
		c->wanted = false;
	for (size_t i = 0; i < n; i++) {
		struct controller *found = NULL;
		LIST_FOR_EACH(c, &srv->controllers, node) {
			if (!strcmp(c->target, config[i].target))
				found = c;
		}
		if (!found) {
			controller_add(srv, &config[i]);
			continue;
		}
		found->wanted = true;
		found->config = config[i];
		apply_config(found);
		if ((found->state == ACTIVE || found->state == IDLE) &&
		    !timer_is_armed(&found->timer))
			arm_probe(found);
	}
	LIST_FOR_EACH_SAFE(c, &srv->controllers, node) {
		if (!c->wanted)
			controller_free(c);
	}
	if (list_is_empty(&srv->controllers))
		srv->failing_since_ms = 0;
}

void controllers_free(struct openflow_server *srv)
{
	struct controller *c;
	LIST_FOR_EACH_SAFE(c, &srv->controllers, node)
		controller_free(c);
}

bool server_is_connected(const struct openflow_server *srv)
{
	const struct controller *c;
	LIST_FOR_EACH(c, &srv->controllers, node) {
		if (c->session && connection_version(c->session->conn) &&
		    c->session->role != OFROLE_SECONDARY)
			return true;
	}
	/* A service that made itself primary counts as well. */
	const struct ofsession *s;
	LIST_FOR_EACH(s, &srv->sessions, node) {
		if (s->role == OFROLE_PRIMARY)
			return true;
	}
	return false;
}

void openflow_server_reconnect(struct openflow_server *srv)
{
	struct controller *c;
	LIST_FOR_EACH(c, &srv->controllers, node) {
		if (is_passive(c))
			continue;
		timer_disarm(&c->timer);
		if (c->session) {
			c->session->controller = NULL;
			ofsession_free(c->session);
			c->session = NULL;
			c->disconnected_ms = clock_mono_ms();
		}
		c->backoff_ms = 0;
		connect_now(c);
	}
}

static const char *role_name(enum of_role role)
{
	return role == OFROLE_PRIMARY	  ? "primary"
	       : role == OFROLE_SECONDARY ? "secondary"
					  : "other";
}

void openflow_server_for_each_controller(const struct openflow_server *srv,
					 void (*cb)(const struct openflow_controller_status *,
						    void *),
					 void *arg)
{
	const struct controller *c;
	int64_t now = clock_mono_ms();
	LIST_FOR_EACH(c, &srv->controllers, node) {
		bool up = c->session && connection_version(c->session->conn);
		cb(
			&(struct openflow_controller_status){
				.target = c->target,
				.is_connected = up,
				.role = role_name(c->session ? c->session->role : OFROLE_EQUAL),
				.last_error = c->last_error ? err_name(c->last_error) : NULL,
				.state = is_passive(c) ? "VOID" : state_names[c->state],
				.sec_since_connect =
					c->connected_ms ? (now - c->connected_ms) / 1000 : -1,
				.sec_since_disconnect =
					c->disconnected_ms ? (now - c->disconnected_ms) / 1000 : -1,
			},
			arg);
	}
}
