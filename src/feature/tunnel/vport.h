/* SPDX-License-Identifier: Apache-2.0 */
/* vport: the fast-path port that all tunnels of one type and UDP port share: its sockets receive
 * what is addressed to this host, and packets that are sent to it with tunnel metadata find their
 * way here. Threads: rx and tx on datapath threads; all else on the main thread, or with the
 * control lock. */
#pragma once
#include "feature/tunnel/config.h"
#include "port/port.h"

struct vport {
	struct port *port;
	enum tunnel_type type;
	uint16_t dst_port;
	bool gbp;
	unsigned users;
	struct vport *next;
	struct vport_io *io;
};

/* Once. 'simulated': no sockets, for switches whose underlays are bridges. */
void vport_start(struct loop *, bool simulated);
void vport_stop(void);
/* A new user of the vport for this configuration, which is made if there is none. -EINVAL: with and
 * without GBP on one UDP port. */
MUST_CHECK int vport_get(const char *tunnel_name, const struct tunnel_config *, struct vport **ret,
			 struct err *err);
void vport_put(struct vport *);		    /* NULL is fine */
struct vport *vport_find(uint32_t dp_port); /* NULL: none has this number */
extern struct vport *vport_all;		    /* in order of making */
/* Packets that wait for a next hop's address may have got it. */
void vport_retry(void);
/* Its fast path is simulated. */
bool vport_is_simulated(const struct vport *);
