/* SPDX-License-Identifier: Apache-2.0 */
/* stream: byte streams behind one table of functions: unix, tcp and TLS, active and passive, named
 * as OVS names them: "tcp:HOST[:PORT]" "unix:FILE" "ssl:HOST[:PORT]", passive "ptcp:[PORT][:HOST]"
 * "punix:FILE" "pssl:[PORT][:HOST]"; IPv6 hosts in brackets. Nothing here blocks.
 *
 * Threads: the loop's. A relative unix path is under $OVS_RUNDIR (base/path.h). */
#pragma once
#include <sys/types.h>
#include <sys/uio.h>
#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"

struct stream;
struct listener;

/* Called when what the owner waits for is possible; events are LOOP_READ, LOOP_WRITE. */
typedef void stream_cb(struct stream *, unsigned events, void *arg);

/* Starts to connect. On 0, *ret is a new stream (release with stream_close()), perhaps not yet
 * connected: wait for LOOP_WRITE, then ask stream_connect_result(). 'default_port' 0: a port must
 * be in the name. -EAFNOSUPPORT: unknown scheme or malformed name (OVS gives no other reason).
 * -ENOPROTOOPT: TLS without keys. A host name is looked up meanwhile, by a thread. */
MUST_CHECK int stream_open(const char *name, uint16_t default_port, struct loop *,
			   struct stream **ret, struct err *err);
void stream_close(struct stream *);
/* 0 connected; -EAGAIN still on its way; else why it failed. */
int stream_connect_result(struct stream *);
const char *stream_name(const struct stream *);
/* Bytes moved; 0 from recv: the peer closed; -EAGAIN: wait; else -errno. */
ssize_t stream_recv(struct stream *, void *buf, size_t size);
ssize_t stream_send(struct stream *, const void *buf, size_t size);
/* Several buffers at once; at least one byte of the first is tried. */
ssize_t stream_sendv(struct stream *, const struct iovec *, int n);
/* Which events to wait for; 0 stops. One waiter a stream. */
void stream_wait(struct stream *, unsigned events, stream_cb *cb, void *arg);
/* Common name of the TLS peer's certificate, or NULL. */
const char *stream_peer_cert_name(const struct stream *);

/* The new stream belongs to the callee. */
typedef void listener_cb(struct listener *, struct stream *, void *arg);
MUST_CHECK int listener_open(const char *name, uint16_t default_port, struct loop *,
			     listener_cb *cb, void *arg, struct listener **ret, struct err *err);
/* A unix socket's file is removed. */
void listener_close(struct listener *);
const char *listener_name(const struct listener *);
/* Bound TCP port, 0 for unix. */
uint16_t listener_port(const struct listener *);

/* Local and remote address of a TCP or TLS stream, for people: "127.0.0.1:6640"; else "". */
void stream_local_name(const struct stream *, struct str *out);
void stream_peer_name(const struct stream *, struct str *out);

/* True if 'name' has a scheme of the given kind. */
bool stream_name_is_active(const char *name);
bool stream_name_is_passive(const char *name);
