/* SPDX-License-Identifier: Apache-2.0 */
/* client: what the files of ovsdb-client share.
 *
 *	client.c          options, which server and database, the small commands
 *	client_data.c     dump, backup, restore
 *	client_monitor.c  monitor, monitor-cond, monitor-cond-since
 *	client_wait.c     wait, lock, steal, unlock
 *
 * A command that fails ends the program with a line on standard error. */
#pragma once
#include <jansson.h>
#include "base/err.h"
#include "ctl/table.h"
#include "io/jsonrpc.h"
#include "io/loop.h"
#include "ovsdb/schema.h"

struct client {
	struct loop *loop;
	const char *server;
	struct jsonrpc *rpc; /* connected */
	/* What arrives outside of a call; takes 'msg'. */
	void (*recv)(struct client *, struct jsonrpc_msg *msg);
	void *arg;
	const char *database; /* NULL: the command has none */
	struct table_style *style;
	bool timestamp, force;
};

/* The result of a request; ends the program if it cannot be had. */
json_t *client_call(struct client *, const char *method, json_t *params);
struct schema *client_schema(struct client *);
/* Prints JSON and a newline. */
void client_print_json(const struct client *, const json_t *);
void client_print_table(struct client *, const struct output_table *);
json_t *client_parse_json(const char *text);
void client_fail(const struct err *) NORETURN;
/* Turns the loop until the connection ends, which is an error, or the program. With --detach it can
 * be ended through a control socket. */
void client_serve(struct client *) NORETURN;
/* A control socket with "exit", which stops the loop. */
struct control_server *client_open_control(struct client *);
/* Goes to the background if --detach was given: what there was to print first is printed. */
void client_go_on(struct client *);

int client_dump(struct client *, int argc, char **argv);
int client_backup(struct client *, int argc, char **argv);
int client_restore(struct client *, int argc, char **argv);
int client_monitor(struct client *, int argc, char **argv);
int client_monitor_cond(struct client *, int argc, char **argv);
int client_monitor_cond_since(struct client *, int argc, char **argv);
int client_wait(struct client *, int argc, char **argv);
int client_lock(struct client *, int argc, char **argv);
int client_steal(struct client *, int argc, char **argv);
int client_unlock(struct client *, int argc, char **argv);
