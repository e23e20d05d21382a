/* SPDX-License-Identifier: Apache-2.0 */
/* action_nat: the text of nat() in ct(). ovs-actions(7):
 * "nat(src|dst=ADDR[-ADDR][:PORT[-PORT]],..)". */
#include <arpa/inet.h>
#include <errno.h>

#include "base/mem.h"
#include "ofp/action_parse.h"

/* The address at *s; moves *s behind it. */
static int take_addr(const char **s, uint8_t *family, struct in6_addr *ret)
{
	char buf[64];
	const char *p = *s;
	memset(ret, 0, sizeof *ret);
	bool bracket = *p == '[';
	if (bracket)
		p++;
	size_t n = strspn(p, "0123456789.");
	if (!bracket && n && p[n] != ':' && n < sizeof buf) {
		memcpy(buf, p, n);
		buf[n] = '\0';
		if (inet_pton(AF_INET, buf, ret) == 1) {
			*family = 4;
			*s = p + n;
			return 0;
		}
	}
	/* "1.2.3.4:80": digits and dots up to the colon. */
	if (!bracket && n && p[n] == ':' && memchr(p, '.', n) && n < sizeof buf) {
		memcpy(buf, p, n);
		buf[n] = '\0';
		if (inet_pton(AF_INET, buf, ret) == 1) {
			*family = 4;
			*s = p + n;
			return 0;
		}
	}
	n = strspn(p, "0123456789abcdefABCDEF:.");
	if (!n || n >= sizeof buf)
		return -EINVAL;
	memcpy(buf, p, n);
	buf[n] = '\0';
	if (inet_pton(AF_INET6, buf, ret) != 1)
		return -EINVAL;
	p += n;
	if (bracket && *p++ != ']')
		return -EINVAL;
	*family = 6;
	*s = p;
	return 0;
}

static bool take_port(const char **s, uint16_t *ret)
{
	char *end;
	unsigned long v = strtoul(*s, &end, 10);
	if (end == *s || v > UINT16_MAX)
		return false;
	*ret = (uint16_t)v;
	*s = end;
	return true;
}

static int parse_range(struct ofa_nat *a, const char *s, struct err *err)
{
	const char *whole = s;
	uint8_t family2 = 0;
	if (take_addr(&s, &a->family, &a->addr_min)) {
		size_t n = strspn(s, "0123456789abcdefABCDEF:.[]");
		if (n && s[n])
			return err_set(err, -EINVAL,
				       "garbage (%s) after nat range \"%s\" (pos: %zu)", s + n,
				       whole, n);
		return err_set(err, -EINVAL, "invalid nat range \"%s\"", whole);
	}
	if (*s == '-') {
		s++;
		if (take_addr(&s, &family2, &a->addr_max) || family2 != a->family ||
		    memcmp(&a->addr_max, &a->addr_min, sizeof a->addr_min) < 0)
			return err_set(err, -EINVAL, "invalid nat range \"%s\"", whole);
	}
	if (*s == ':') {
		s++;
		if (!take_port(&s, &a->port_min))
			return err_set(err, -EINVAL, "invalid nat range \"%s\"", whole);
		if (*s == '-') {
			s++;
			if (!take_port(&s, &a->port_max) || a->port_max < a->port_min)
				return err_set(err, -EINVAL, "invalid nat range \"%s\"", whole);
		}
	}
	if (*s)
		return err_set(err, -EINVAL, "garbage (%s) after nat range \"%s\" (pos: %td)", s,
			       whole, s - whole);
	return 0;
}

int nat_parse(struct action_parser *p, char *arg)
{
	struct ofa_nat nat = { 0 };
	struct token t;
	while (token_next(&arg, &t)) {
		if (!strcmp(t.key, "src") || !strcmp(t.key, "dst")) {
			if (nat.flags & (OFNAT_SRC | OFNAT_DST))
				return err_set(p->err, -EINVAL,
					       "May only specify one of \"src\" or \"dst\".");
			nat.flags |= *t.key == 's' ? OFNAT_SRC : OFNAT_DST;
			int r = *t.value ? parse_range(&nat, t.value, p->err) : 0;
			if (r)
				return r;
		} else if (!strcmp(t.key, "persistent")) {
			nat.flags |= OFNAT_PERSISTENT;
		} else if (!strcmp(t.key, "hash")) {
			nat.flags |= OFNAT_HASH;
		} else if (!strcmp(t.key, "random")) {
			nat.flags |= OFNAT_RANDOM;
		} else {
			return err_set(p->err, -EINVAL, "invalid key \"%s\" in \"nat\" argument",
				       t.key);
		}
	}
	if ((nat.flags & (OFNAT_PERSISTENT | OFNAT_HASH | OFNAT_RANDOM)) &&
	    !(nat.flags & (OFNAT_SRC | OFNAT_DST)))
		return err_set(p->err, -EINVAL, "Flags allowed only with \"src\" or \"dst\".");
	if ((nat.flags & OFNAT_HASH) && (nat.flags & OFNAT_RANDOM))
		return err_set(p->err, -EINVAL, "Both \"hash\" and \"random\" are not allowed.");
	struct ofa_nat *a = of_actions_put(p->out, OFA_NAT, sizeof *a);
	nat.h = a->h;
	*a = nat;
	return 0;
}
