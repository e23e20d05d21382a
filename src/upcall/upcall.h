/* SPDX-License-Identifier: Apache-2.0 */
/* upcall: what happens when the fast path does not know what to do with a packet: it is translated
 * (pipeline/translate.h), and the decision is put into the fast path as a flow. From then on this
 * module looks after the flow: it credits what the flow counted to rules, ports and learnt
 * addresses, asks again whether the decision is still right when the pipeline's generation moved,
 * and removes it when it is idle or there are too many.
 *
 * Threads:   upcall_receive() on the thread that got the packet; all under the control lock.
 * Limits:    flows: other_config:flow-limit (200,000), less while revalidation is slow. Idle flows
 * go after other_config:max-idle (10 s). Ownership: one upcall per datapath; it belongs to whoever
 * made it. */
#pragma once
#include "io/loop.h"
#include "pipeline/pipeline.h"

struct upcall_handler;

/* The datapath's 'changed' and 'sync_stats' are this module's from now on. */
struct upcall_handler *upcall_new(struct datapath *, struct loop *);
/* The fast path must be closed, or never set. NULL is fine. */
void upcall_free(struct upcall_handler *);
/* What fastpath_ops.open() takes, with the handler as 'arg'. */
upcall_cb upcall_receive;
/* Sets the datapath's fast path; NULL before it is closed: its flows are credited and flushed. */
void upcall_set_fastpath(struct upcall_handler *, struct fastpath *);

struct upcall_settings {
	unsigned flow_limit;
	unsigned max_idle_ms;
};
void upcall_configure(const struct upcall_settings *); /* of all handlers */

/* Asks again for all flows now. */
void upcall_revalidate_now(struct upcall_handler *);
/* Credits and removes all of its flows; packets then ask again. */
void upcall_purge_flows(struct upcall_handler *);
/* Commands upcall/ and revalidator/. Once. */
void upcall_commands_register(void);
