/* SPDX-License-Identifier: Apache-2.0 */
/* Names are looked up with getaddrinfo(), because only the C library knows all of nsswitch.conf;
 * it blocks, so a detached thread calls it. Thread and loop share one counted job; the thread
 * tells its result through an eventfd. A cancelled job is left to the thread, which frees it. */
#include "io/inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

socklen_t inet_addr_size(const union inet_addr *a)
{
	return a->sa.sa_family == AF_INET6 ? sizeof a->in6 : sizeof a->in;
}

/* The port is at the same place in both. */
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
	       "ports overlay");
uint16_t inet_addr_port(const union inet_addr *a) { return ntohs(a->in.sin_port); }

void inet_addr_put(const union inet_addr *a, struct str *out)
{
	char buf[INET6_ADDRSTRLEN];
	if (a->sa.sa_family == AF_INET) {
		str_puts(out, inet_ntop(AF_INET, &a->in.sin_addr, buf, sizeof buf));
	} else if (a->sa.sa_family == AF_INET6) {
		char name[IF_NAMESIZE];
		str_putf(out, "[%s", inet_ntop(AF_INET6, &a->in6.sin6_addr, buf, sizeof buf));
		if (a->in6.sin6_scope_id && if_indextoname(a->in6.sin6_scope_id, name))
			str_putf(out, "%%%s", name);
		str_putc(out, ']');
	}
}

void inet_addr_put_port(const union inet_addr *a, struct str *out)
{
	inet_addr_put(a, out);
	str_putf(out, ":%u", inet_addr_port(a));
}

bool inet_addr_from_str(const char *s, union inet_addr *ret)
{
	union inet_addr a = { 0 };
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
	if (strlen(s) >= sizeof host)
		return false;
	if (inet_pton(AF_INET, s, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		*ret = a;
		return true;
	}
	strcpy(host, s);
	char *scope = strchr(host, '%');
	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, host, &a.in6.sin6_addr) != 1)
		return false;
	if (scope) {
		uint32_t index = if_nametoindex(scope);
		if (!index && !str_to_u32(scope, 10, &index))
			return false;
		a.in6.sin6_scope_id = index;
	}
	a.in6.sin6_family = AF_INET6;
	*ret = a;
	return true;
}

/* Cuts "[a]:b" or "a:b" in 's', in place, into its parts; a part that is missing is NULL. */
static int cut(char *s, char **ret_first, char **ret_second, struct err *err)
{
	*ret_first = s;
	*ret_second = NULL;
	if (*s == '[') {
		char *close = strchr(s, ']');
		if (!close)
			return err_set(err, -EINVAL, "%s: '[' without ']'", s);
		if (close[1] && close[1] != ':')
			return err_set(err, -EINVAL, "%s: garbage after ']'", s);
		*close = '\0';
		*ret_first = s + 1;
		if (close[1])
			*ret_second = close + 2;
		return 0;
	}
	char *colon = strchr(s, ':');
	if (colon) {
		*colon = '\0';
		*ret_second = colon + 1;
	}
	return 0;
}

static int parse_port(const char *whole, const char *s, uint16_t *ret, struct err *err)
{
	if (str_to_u16(s, 10, ret))
		return 0;
	return err_set(err, -EINVAL, "%s: bad port number \"%s\"", whole, s);
}

int inet_parse_active(const char *s, uint16_t default_port, union inet_addr *ret, char **ret_host,
		      struct err *err)
{
	AUTO_FREE char *copy = xstrdup(s);
	char *host, *port_text;
	uint16_t port = default_port;
	const char *first_colon = strchr(s, ':');
	if (*s != '[' && first_colon && strchr(first_colon + 1, ':'))
		return err_set(err, -EINVAL, "%s: an IPv6 address needs brackets", s);
	int r = cut(copy, &host, &port_text, err);
	if (r < 0)
		return r;
	if (!*host)
		return err_set(err, -EINVAL, "%s: host must be specified", s);
	if (port_text && *port_text)
		r = parse_port(s, port_text, &port, err);
	else if (!default_port)
		r = err_set(err, -EINVAL, "%s: port must be specified", s);
	if (r < 0)
		return r;
	union inet_addr a = { 0 };
	char *name = NULL;
	if (!inet_addr_from_str(host, &a)) {
		if (*s == '[')
			return err_set(err, -EINVAL, "%s: bad IPv6 address \"%s\"", s, host);
		name = xstrdup(host);
	}
	a.in.sin_port = htons(port);
	*ret = a;
	*ret_host = name;
	return 0;
}

int inet_parse_passive(const char *s, uint16_t default_port, union inet_addr *ret, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(s);
	uint16_t port = default_port;
	char *colon = strchr(copy, ':');
	union inet_addr a = { .in = { .sin_family = AF_INET } };
	if (colon) {
		char *host, *rest;
		*colon = '\0';
		int r = cut(colon + 1, &host, &rest, err);
		if (r < 0)
			return r;
		if (rest || (*host && !inet_addr_from_str(host, &a)))
			return err_set(err, -EINVAL, "%s: bad IP address \"%s\"", s,
				       strchr(s, ':') + 1);
	}
	if (*copy) {
		int r = parse_port(s, copy, &port, err);
		if (r < 0)
			return r;
	}
	a.in.sin_port = htons(port);
	*ret = a;
	return 0;
}

struct inet_lookup {
	int n_refs; /* loop and thread */
	char *host;
	int event_fd;
	int error;
	union inet_addr addrs[INET_LOOKUP_MAX];
	size_t n;
	bool done; /* what stands above may be read */

	struct watch watch; /* the loop's side */
	inet_lookup_cb *cb;
	void *arg;
};

static void lookup_unref(struct inet_lookup *l)
{
	if (__atomic_sub_fetch(&l->n_refs, 1, __ATOMIC_ACQ_REL))
		return;
	close(l->event_fd);
	free(l->host);
	free(l);
}

static int errno_of_gai(int r)
{
	return r == EAI_SYSTEM ? -errno : r == EAI_AGAIN ? -EAGAIN : -ENOENT;
}

static void *lookup_thread(void *l_)
{
	struct inet_lookup *l = l_;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG }, *list;
	int r = getaddrinfo(l->host, NULL, &hints, &list);
	l->error = r ? errno_of_gai(r) : 0;
	if (!r) {
		for (struct addrinfo *a = list; a && l->n < INET_LOOKUP_MAX; a = a->ai_next) {
			if (a->ai_addrlen <= sizeof l->addrs[0])
				memcpy(&l->addrs[l->n++], a->ai_addr, a->ai_addrlen);
		}
		freeaddrinfo(list);
	}
	__atomic_store_n(&l->done, true, __ATOMIC_RELEASE);
	uint64_t one = 1;
	ssize_t n = write(l->event_fd, &one, sizeof one);
	(void)n;
	lookup_unref(l);
	return NULL;
}

static void lookup_done(struct watch *w, unsigned events UNUSED)
{
	struct inet_lookup *l = CONTAINER_OF(w, struct inet_lookup, watch);
	if (!__atomic_load_n(&l->done, __ATOMIC_ACQUIRE))
		return;
	watch_stop(w);
	union inet_addr addrs[INET_LOOKUP_MAX];
	inet_lookup_cb *cb = l->cb;
	void *arg = l->arg;
	size_t n = l->n;
	int error = l->error || n ? l->error : -ENOENT;
	memcpy(addrs, l->addrs, n * sizeof *addrs);
	lookup_unref(l);
	cb(error, addrs, n, arg);
}

struct inet_lookup *inet_lookup_start(const char *host, struct loop *loop, inet_lookup_cb *cb,
				      void *arg)
{
	struct inet_lookup *l = xzalloc(sizeof *l);
	l->n_refs = 2;
	l->host = xstrdup(host);
	l->event_fd = eventfd(0, EFD_CLOEXEC);
	ASSERT(l->event_fd >= 0);
	l->cb = cb;
	l->arg = arg;
	watch_init(&l->watch, l->event_fd, lookup_done);
	watch_start(&l->watch, loop, LOOP_READ);
	pthread_t thread;
	if (pthread_create(&thread, NULL, lookup_thread, l) == 0)
		pthread_detach(thread);
	else
		lookup_thread(l); /* rather late than never */
	return l;
}

void inet_lookup_cancel(struct inet_lookup *l)
{
	if (!l)
		return;
	watch_stop(&l->watch);
	lookup_unref(l);
}
