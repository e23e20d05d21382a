/* SPDX-License-Identifier: Apache-2.0 */
/* server: ovsdb-server(1): databases, the remotes it listens on or connects to, and its clients.
 *
 *	main.c     options, start and end
 *	server.c   the set of databases, and the _Server database that tells of it
 *	remote.c   remotes, from the command line and out of the database; status columns
 *	client.c   a client: its requests, monitors and locks
 *	lock.c     locks
 *	control.c  ovsdb-server/... commands
 *
 * Threads: the main thread alone. */
#pragma once
#include "io/jsonrpc.h"
#include "ovsdb/database.h"

#define SERVER_MAX_CLIENTS 5000
#define CLIENT_MAX_BACKLOG_BYTES (64u << 20)
#define CLIENT_MAX_REQUESTS 1000 /* transactions on their way */
#define CLIENT_MAX_MONITORS 1000
#define CLIENT_MAX_LOCKS 1000

struct server_db {
	struct list order;
	struct database *database;
	struct server *server;
	char *path;	 /* NULL: builtin */
	struct uuid row; /* in _Server */
};

struct server {
	struct loop *loop;
	struct uuid id;
	struct list dbs;	   /* of struct server_db, in the order they were added */
	struct server_db *builtin; /* _Server */
	struct list clients;
	size_t n_clients;
	struct hmap locks;
	struct list remotes; /* sorted by name */
	struct deferred reconfigure;
	struct deferred reap; /* disconnects clients that are doomed */
	struct timer tick;    /* status columns, compaction, counters */
	/* --private-key=db:.. and its like: where the file's name is to be found. */
	char *key_spec, *cert_spec, *ca_spec;
	bool ca_bootstrap;
};

/* server.c */
void server_init(struct server *, struct loop *);
void server_fini(struct server *);
MUST_CHECK int server_add_db(struct server *, const char *path, struct err *err);
void server_remove_db(struct server *, struct server_db *);
struct server_db *server_db_lookup(const struct server *, const char *name);
/* After a conversion: _Server is brought up to date. */
void server_db_changed(struct server *, struct server_db *);

/* remote.c */
struct remote;
/* 'name' as --remote takes it. A db: remote that cannot be is an error; a socket that cannot be
 * opened is one line in the log, and tried again. */
MUST_CHECK int remote_add(struct server *, const char *name, struct err *err);
bool remote_remove(struct server *, const char *name);
void remote_remove_all(struct server *);
void remote_list(const struct server *, struct str *out);
/* Reads the db: remotes again, and what else is in a database. */
void remote_reconfigure(struct server *);
void remote_update_status(struct server *);
MUST_CHECK int remote_parse_db_column(const struct server *, const char *name,
				      struct server_db **ret_db, const struct table **ret_table,
				      const struct column_schema **ret_column, struct err *err);

/* client.c */
struct client {
	struct list node;      /* in server->clients */
	struct list in_remote; /* in the remote's or row's list */
	struct server *server;
	struct jsonrpc *rpc;
	struct session *session; /* NULL: it came to us, and 'rpc' is ours */
	bool is_db_change_aware, is_read_only, is_doomed;
	char *role;
	struct list monitors; /* of struct client_monitor */
	struct list requests; /* of struct client_request */
	struct list locks;    /* of struct lock_waiter */
	size_t n_monitors, n_requests, n_locks, n_locks_lost;
	size_t backlog_allowance; /* bytes of the largest first answer to a monitor */
	int probe_ms;
	struct timer probe;
	uint64_t bytes_seen;
	bool is_probed;
};

struct client_options {
	bool is_read_only;
	const char *role;
	int probe_ms; /* 0: never */
};

/* A connection that came in; owned. NULL: there are too many, and it is closed. */
struct client *client_accept(struct server *, struct stream *, const struct client_options *);
/* One that we made, while it is connected; 'session' is borrowed. */
struct client *client_for_session(struct server *, struct session *, const struct client_options *);
void client_recv(struct client *, struct jsonrpc_msg *owned);
void client_free(struct client *);
/* At the end of the turn. */
void client_disconnect(struct client *);
void client_disconnect_all(struct server *, bool even_aware);
/* Ends what concerns the database: waiting requests, and monitors, with a notice to those who know
 * of databases that change. */
void client_forget_db(struct client *, struct database *);
void client_notify(struct client *, const char *method, json_t *params);

/* lock.c */
enum lock_mode { LOCK_WAIT, LOCK_STEAL };
struct lock;
struct lock_waiter {
	struct list in_lock; /* the first one owns it */
	struct list in_client;
	struct lock *lock;
	struct client *client;
	enum lock_mode mode; /* how it was asked for */
	bool is_owner;
};
/* True: the client has it now. */
bool lock_acquire(struct server *, struct client *, const char *name, enum lock_mode);
struct lock_waiter *lock_waiter_lookup(const struct client *, const char *name);
void lock_release(struct lock_waiter *);
const char *lock_waiter_name(const struct lock_waiter *);

/* control.c */
void server_register_control(struct server *);
