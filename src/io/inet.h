/* SPDX-License-Identifier: Apache-2.0 */
/* inet: IP addresses and ports as remotes name them ("192.0.2.1:6640", "[fe80::1%eth0]:6640",
 * "6640:[::]"), host names looked up off the loop, and sockets made of them.
 * Threads: the loop's. */
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>
#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"

union inet_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};
socklen_t inet_addr_size(const union inet_addr *);
uint16_t inet_addr_port(const union inet_addr *);
/* "192.0.2.1" or, with brackets, "[2001:db8::1]". */
void inet_addr_put(const union inet_addr *, struct str *out);
/* With ":PORT". */
void inet_addr_put_port(const union inet_addr *, struct str *out);
/* A numeric address without brackets; the port stays 0. */
bool inet_addr_from_str(const char *s, union inet_addr *ret);

/* "HOST[:PORT]". If HOST is a name, *ret_host is a copy for the caller to free and look up, and
 * ret has only the port; else *ret_host is NULL. 'default_port' 0: PORT is needed.
 * -EINVAL with a sentence. */
MUST_CHECK int inet_parse_active(const char *s, uint16_t default_port, union inet_addr *ret,
				 char **ret_host, struct err *err);
/* "[PORT][:HOST]", HOST numeric; without it 0.0.0.0. */
MUST_CHECK int inet_parse_passive(const char *s, uint16_t default_port, union inet_addr *ret,
				  struct err *err);

#define INET_LOOKUP_MAX 8
/* Looks up 'host' in a thread of its own and calls back on the loop: 0 and at least one address,
 * the one to try first in front, or -errno. */
struct inet_lookup;
typedef void inet_lookup_cb(int error, const union inet_addr *, size_t n, void *arg);
struct inet_lookup *inet_lookup_start(const char *host, struct loop *, inet_lookup_cb *, void *arg);
/* Before the callback: it will not come. After it: not allowed. NULL is accepted. */
void inet_lookup_cancel(struct inet_lookup *);
