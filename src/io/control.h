/* SPDX-License-Identifier: Apache-2.0 */
/* control: the control socket of a daemon, which ovs-appctl talks to: JSON-RPC with string
 * arguments; "list-commands" and "version" come with it. Replies may come later than the call.
 * Threads: the loop's. */
#pragma once
#include "base/err.h"
#include "io/loop.h"

struct control_call; /* one request that waits for its reply; answer exactly once */

typedef void control_cb(struct control_call *, int argc, const char *argv[], void *arg);

/* argv[0] is the command; n_max of -1: any number. Registering needs no server yet. */
void control_register(const char *name, const char *usage, int n_min, int n_max, control_cb *,
		      void *arg);
/* A newline is added where the last line has none. */
void control_reply(struct control_call *, const char *text); /* NULL: "" */
void control_reply_error(struct control_call *, const char *text);
void control_reply_err(struct control_call *, const struct err *);

struct control_server;
/* 'path' NULL: $OVS_RUNDIR/PROGRAM.PID.ctl; "none": no socket. */
MUST_CHECK int control_server_open(const char *path, struct loop *, struct control_server **ret,
				   struct err *err);
void control_server_close(struct control_server *);
const char *control_server_path(const struct control_server *);

/* Where a target (see below) listens; caller frees. The error text says which file is missing. */
MUST_CHECK int control_target_path(const char *target, char **ret_path, struct err *err);

/* Client: *ret_reply is the text; returns 0, or -EREMOTEIO with the daemon's error text in 'err',
 * or another -errno when it could not be asked. 'target': a pidfile's program name or a path. */
MUST_CHECK int control_ask(const char *target, int argc, const char *const argv[], int timeout_s,
			   char **ret_reply, struct err *err);
