/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl: what the files of ovs-ofctl share. Reading order: ofctl.c (commands and options),
 * ofctl_peer.c (the connection), then one file a family of commands. */
#pragma once
#include "ofp/codec.h"
#include "ofp/print.h"
#include "ofp/protocol.h"

struct ofctl_sort {
	const struct field *field; /* NULL: by priority */
	bool descending;
};

struct ofctl_options {
	uint32_t versions;  /* bit (1 << version) */
	uint32_t protocols; /* allowed: OFPROTO_* */
	bool strict, readd, bundle, read_only, timestamp, no_stats;
	int verbosity;
	int names;	      /* -1: by default, 0, 1 */
	int packet_in_format; /* -1: not given */
	const char *unixctl;
	struct ofctl_sort sort[8];
	size_t n_sort;
};
extern struct ofctl_options ofctl;

/* The switch that a command talks to. Trouble ends the program with a line on standard error. */
struct peer;
/* A bridge's name, a socket's file, or "tcp:..". 'socket': "mgmt" or "snoop". */
struct peer *peer_open(const char *name, const char *socket);
struct peer *peer_open_versions(const char *name, uint32_t versions);
void peer_close(struct peer *);
enum of_version peer_version(const struct peer *);
const char *peer_name(const struct peer *);
uint32_t peer_xid(struct peer *); /* the next */
void peer_send(struct peer *, const struct bytes *);
/* The next message; echo requests are answered. -EAGAIN after 'timeout_ms' (-1: never); 0 or
 * -errno. */
MUST_CHECK int peer_recv(struct peer *, struct bytes *ret, int timeout_ms);
/* Sends and waits for the message with the same xid. */
void peer_transact(struct peer *, const struct bytes *request, struct bytes *ret_reply);
/* Sends what has no reply, and a barrier. False: it was refused, and the error is printed. */
bool peer_transact_noreply(struct peer *, const struct bytes *requests);
/* Each reply of a multipart request; an error ends the program. */
void peer_dump(struct peer *, const struct bytes *request,
	       void (*cb)(const struct of_msg *, void *arg), void *arg);
/* Makes the connection speak one of 'usable'; ends the program if it cannot. */
uint32_t peer_set_protocol(struct peer *, uint32_t usable);
/* What -O and -F leave. */
uint32_t ofctl_allowed(void);
uint32_t peer_protocol(const struct peer *);
struct loop *peer_loop(struct peer *);

/* Names of the ports of a switch, fetched when the first is asked for. */
const struct ofport_names *ofctl_accept_names(const char *switch_name);
const struct ofport_names *ofctl_show_names(const char *switch_name);
bool ofctl_find_port(struct peer *, const char *name, struct of_port_desc *ret);

void ofctl_print(const void *msg, size_t size, const struct ofport_names *, int verbosity);
/* Sends a request and prints the reply. */
void ofctl_dump_transaction(struct peer *, const struct bytes *request,
			    const struct ofport_names *);
void ofctl_dump_stats(struct peer *, const struct bytes *request, const struct ofport_names *);
/* Lines of a file or of standard input ("-"), without comments and end of line. 'line' counts
 * from 1. */
void ofctl_for_each_line(const char *file,
			 void (*cb)(const char *text, const char *file, int line, void *arg),
			 void *arg);
/* Bytes of a hex string with blanks in it; ends the program if it is none. */
void ofctl_hex(const char *text, struct bytes *ret);

/* Commands, by file. */
/* Lets what has arrived be read, so that neither side waits for the other. True: something came. */
bool peer_recv_pending(struct peer *);
/* All of them at once or none, OpenFlow 1.4 (1.3 by extension). */
bool ofctl_send_bundle(struct peer *, const struct flow_mod *, size_t n, uint32_t usable);
/* "watch:SPEC" of monitor. */
void ofctl_watch(struct peer *, const char *switch_name, const char *spec);

#define OFCTL_COMMAND(NAME) int NAME(int argc, char **argv)
OFCTL_COMMAND(ofctl_show);
OFCTL_COMMAND(ofctl_dump_desc);
OFCTL_COMMAND(ofctl_dump_ports);
OFCTL_COMMAND(ofctl_dump_ports_desc);
OFCTL_COMMAND(ofctl_mod_port);
OFCTL_COMMAND(ofctl_get_frags);
OFCTL_COMMAND(ofctl_set_frags);
OFCTL_COMMAND(ofctl_queue_stats);
OFCTL_COMMAND(ofctl_queue_get_config);
OFCTL_COMMAND(ofctl_probe);
OFCTL_COMMAND(ofctl_ping);
OFCTL_COMMAND(ofctl_benchmark);
OFCTL_COMMAND(ofctl_dump_flows);
OFCTL_COMMAND(ofctl_dump_aggregate);
OFCTL_COMMAND(ofctl_add_flow);
OFCTL_COMMAND(ofctl_add_flows);
OFCTL_COMMAND(ofctl_mod_flows);
OFCTL_COMMAND(ofctl_del_flows);
OFCTL_COMMAND(ofctl_replace_flows);
OFCTL_COMMAND(ofctl_diff_flows);
OFCTL_COMMAND(ofctl_add_group);
OFCTL_COMMAND(ofctl_add_groups);
OFCTL_COMMAND(ofctl_mod_group);
OFCTL_COMMAND(ofctl_del_groups);
OFCTL_COMMAND(ofctl_insert_buckets);
OFCTL_COMMAND(ofctl_remove_buckets);
OFCTL_COMMAND(ofctl_dump_groups);
OFCTL_COMMAND(ofctl_dump_group_stats);
OFCTL_COMMAND(ofctl_dump_group_features);
OFCTL_COMMAND(ofctl_add_meter);
OFCTL_COMMAND(ofctl_mod_meter);
OFCTL_COMMAND(ofctl_del_meters);
OFCTL_COMMAND(ofctl_dump_meters);
OFCTL_COMMAND(ofctl_meter_stats);
OFCTL_COMMAND(ofctl_meter_features);
OFCTL_COMMAND(ofctl_add_tlv_map);
OFCTL_COMMAND(ofctl_del_tlv_map);
OFCTL_COMMAND(ofctl_dump_tlv_map);
OFCTL_COMMAND(ofctl_dump_tables);
OFCTL_COMMAND(ofctl_dump_table_features);
OFCTL_COMMAND(ofctl_dump_table_desc);
OFCTL_COMMAND(ofctl_mod_table);
OFCTL_COMMAND(ofctl_packet_out);
/* mod-group adds the group if there is none. */
void ofctl_may_create(void);
OFCTL_COMMAND(ofctl_monitor);
OFCTL_COMMAND(ofctl_snoop);
OFCTL_COMMAND(ofctl_ofp_print);
OFCTL_COMMAND(ofctl_ofp_parse);
OFCTL_COMMAND(ofctl_parse_flow);
OFCTL_COMMAND(ofctl_parse_flows);
OFCTL_COMMAND(ofctl_parse_ofp10_match);
OFCTL_COMMAND(ofctl_parse_ofp11_match);
OFCTL_COMMAND(ofctl_encode_hello);
/* Sends flow_mods, waits, prints errors. */
void ofctl_send_flow_mods(const char *target, struct flow_mod *fms, size_t n, uint32_t usable);
