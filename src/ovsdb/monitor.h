/* SPDX-License-Identifier: Apache-2.0 */
/* monitor: who wants to hear of changes to a database (RFC 7047 sections 4.1.5 to 4.1.7;
 * ovsdb-server(7) sections 4.1.12 to 4.1.16).
 *
 * Monitors that ask for the same are one: what a transaction means to them is put into words once,
 * however many clients listen. */
#pragma once
#include "ovsdb/condition.h"
#include "ovsdb/txn.h"

enum monitor_version {
	MONITOR_V1 = 1, /* monitor: "update" */
	MONITOR_V2,	/* monitor_cond: "update2" */
	MONITOR_V3,	/* monitor_cond_since: "update3" */
};

struct monitor;

/* All monitors of a database. */
struct monitor_set {
	struct db *db;
	struct hmap monitors; /* by what they ask for */
};

/* One client's share in a monitor; the client embeds it. */
struct monitor_sub {
	struct list node; /* in monitor->subs */
	struct monitor *monitor;
	json_t *id; /* the client's <json-value>; owned */
	struct str id_text;
	/* Sends a notification; 'message' is a whole JSON-RPC text. Who gets the same bytes as the
	 * one before gets the same *cookie, to hang shared buffers on. */
	void (*send)(struct monitor_sub *, const struct str *message, void **cookie);
};

void monitor_set_init(struct monitor_set *, struct db *);
void monitor_set_fini(struct monitor_set *); /* no subs may be left */

/* 'requests' is the <monitor-requests> object, 'id' is borrowed. On 0, *ret_initial is the text of
 * <table-updates> with what is there now. */
MUST_CHECK int monitor_add(struct monitor_set *, enum monitor_version, const json_t *requests,
			   const json_t *id, struct monitor_sub *, struct str *ret_initial,
			   struct dberr *);
void monitor_remove(struct monitor_set *, struct monitor_sub *);
enum monitor_version monitor_sub_version(const struct monitor_sub *);
/* New conditions and a new id for this client alone. What comes and goes by it is sent before this
 * returns. */
MUST_CHECK int monitor_change(struct monitor_set *, struct monitor_sub *, const json_t *new_id,
			      const json_t *requests, void (*free_cookie)(void *), struct dberr *);
/* Tells everyone concerned of a prepared transaction. 'free_cookie' ends what send() made. */
void monitor_txn(struct monitor_set *, const struct txn *, void (*free_cookie)(void *));
size_t monitor_count(const struct monitor_set *); /* subs */
