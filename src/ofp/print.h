/* SPDX-License-Identifier: Apache-2.0 */
/* print: any message as text, to the letter that "ovs-ofctl ofp-print" gives. A message that cannot
 * be decoded is printed with the reason and in hex. */
#pragma once
#include "base/str.h"
#include "ofp/codec.h"

struct print_options {
	const struct ofport_names *names;
	int verbosity; /* number of -m */
	bool no_stats; /* flows without counters and times */
};

void of_print(const void *msg, size_t size, const struct print_options *, struct str *out);
/* Lines of 16 bytes: "00000000  01 02 ..-.. |....|". */
void hex_dump_put(const void *p, size_t size, size_t ofs, bool ascii, struct str *out);
/* One line: the headers of a packet, and its checksum. */
void packet_put_text(const void *packet, size_t size, uint32_t packet_type, struct str *out);

/* For print_*.c: the body behind "NAME (xid=..):". 0, -enum of_error, or 1: not of this file. */
struct printer {
	const struct of_msg *m;
	const struct print_options *o;
	struct str *out;
};
int print_stat(struct printer *);
int print_port_descs(struct printer *, struct cursor);
int print_group(struct printer *);
int print_table(struct printer *);
int print_monitor(struct printer *);
void port_put_text(uint32_t port, const struct ofport_names *, struct str *out);
