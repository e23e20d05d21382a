/* SPDX-License-Identifier: Apache-2.0 */
/* sim_link: frames over a stream socket, each behind its size in two bytes, network order: what
 * options:stream and options:pstream of simulated ports mean.
 * Threads: main; sim_link_send() anywhere. */
#pragma once
#include "base/err.h"
#include "io/loop.h"
#include "packet/packet.h"

struct sim_link;
typedef void sim_link_cb(struct packet *owned, void *arg);

/* 'active' is connected to, and again whenever it breaks; 'passive' listens, for any number of
 * peers. One of them is NULL. */
MUST_CHECK int sim_link_open(const char *port_name, const char *active, const char *passive,
			     struct loop *, sim_link_cb *, void *arg, struct sim_link **ret,
			     struct err *err);
void sim_link_close(struct sim_link *); /* NULL is fine */
/* To every peer; dropped for those that are slow. */
void sim_link_send(struct sim_link *, const void *data, uint32_t size);
/* "connected" or "disconnected"; "unknown" for a passive one. */
const char *sim_link_state(const struct sim_link *);
