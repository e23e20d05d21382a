/* SPDX-License-Identifier: Apache-2.0 */
/* Reading datapath actions: the inverse of action_text.c, for dpctl/add-flow, parse-actions and
 * tests. Lists nest (clone, sample, check_pkt_len) up to a fixed depth, so that no text can use up
 * the stack. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fastpath/action_text.h"
#include "packet/field.h"
#include "packet/text_scan.h"
#include "wire/net.h"

enum { MAX_DEPTH = 16, MAX_BYTES = 64 * 1024 };

struct reader {
	const char *s;
	struct dp_actions *out;
	unsigned depth;
};

static bool lit(struct reader *r, const char *text) { return scan_lit(&r->s, text); }

/* A whole word: no letter or digit follows. */
static bool word(struct reader *r, const char *text)
{
	size_t n = strlen(text);
	if (strncmp(r->s, text, n) || isalnum((unsigned char)r->s[n]) || r->s[n] == '_')
		return false;
	r->s += n;
	return true;
}

static void skip_seps(struct reader *r) { scan_seps(&r->s); }

static bool num(struct reader *r, uint64_t max, uint64_t *ret) { return scan_num(&r->s, max, ret); }

static bool key_num(struct reader *r, const char *key, uint64_t max, uint64_t *ret)
{
	return lit(r, key) && num(r, max, ret);
}

static bool eth(struct reader *r, struct eth_addr *ret)
{
	unsigned b[6];
	int n = 0;
	if (sscanf(r->s, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &n) != 6 ||
	    !n)
		return false;
	for (int i = 0; i < 6; i++)
		ret->b[i] = (uint8_t)b[i];
	r->s += n;
	return true;
}

static bool ip(struct reader *r, int family, void *ret)
{
	char buf[INET6_ADDRSTRLEN + 1];
	size_t n = strspn(r->s, family == AF_INET ? "0123456789." : "0123456789abcdefABCDEF:.");
	if (!n || n >= sizeof buf)
		return false;
	memcpy(buf, r->s, n);
	buf[n] = '\0';
	if (inet_pton(family, buf, ret) != 1)
		return false;
	r->s += n;
	return true;
}

/* Hex digits without 0x, two a byte. Returns bytes, or -1. */
static int hex(struct reader *r, uint8_t *ret, size_t size, bool pad)
{
	size_t digits = 0;
	while (isxdigit((unsigned char)r->s[digits]))
		digits++;
	if (digits % 2 || digits / 2 > size)
		return -1;
	for (size_t i = 0; i < digits / 2; i++) {
		char two[3] = { r->s[2 * i], r->s[2 * i + 1], 0 };
		ret[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	r->s += digits;
	size_t n = digits / 2;
	while (pad && n % 4 && n < size)
		ret[n++] = 0;
	return (int)n;
}

static bool read_list(struct reader *r, bool nested);

/* "...)": a nested list that ends with a parenthesis, into 'put'. */
static bool nested_list(struct reader *r)
{
	if (++r->depth > MAX_DEPTH)
		return false;
	bool ok = read_list(r, true);
	r->depth--;
	return ok;
}

static bool read_u32(struct reader *r, enum dp_action_type type)
{
	uint64_t x;
	if (!num(r, UINT32_MAX, &x) || !lit(r, ")"))
		return false;
	dp_actions_put_u32(r->out, type, (uint32_t)x);
	return true;
}

static bool read_push_vlan(struct reader *r)
{
	uint64_t tpid = ETH_TYPE_VLAN, vid, pcp, cfi = 1;
	if (lit(r, "tpid=") && (!num(r, 0xffff, &tpid) || !lit(r, ",")))
		return false;
	if (!key_num(r, "vid=", VLAN_VID_MASK, &vid) || !key_num(r, ",pcp=", 7, &pcp))
		return false;
	if (lit(r, ",cfi=") && !num(r, 1, &cfi))
		return false;
	if (!lit(r, ")"))
		return false;
	struct dpa_push_vlan *a = dp_actions_put(r->out, DPA_PUSH_VLAN, sizeof *a);
	a->tpid = cpu_to_be16((uint16_t)tpid);
	a->tci = cpu_to_be16((uint16_t)(vid | pcp << VLAN_PCP_SHIFT | cfi << 12));
	return true;
}

static bool read_push_mpls(struct reader *r)
{
	uint64_t label, tc, ttl, bos, type;
	if (!key_num(r, "label=", 0xfffff, &label) || !key_num(r, ",tc=", 7, &tc) ||
	    !key_num(r, ",ttl=", 255, &ttl) || !key_num(r, ",bos=", 1, &bos) ||
	    !key_num(r, ",eth_type=", 0xffff, &type) || !lit(r, ")"))
		return false;
	struct dpa_mpls *a = dp_actions_put(r->out, DPA_PUSH_MPLS, sizeof *a);
	a->lse = cpu_to_be32((uint32_t)(label << 12 | tc << 9 | bos << 8 | ttl));
	a->ethertype = cpu_to_be16((uint16_t)type);
	return true;
}

static bool read_pop_mpls(struct reader *r)
{
	uint64_t type;
	if (!key_num(r, "eth_type=", 0xffff, &type) || !lit(r, ")"))
		return false;
	struct dpa_mpls *a = dp_actions_put(r->out, DPA_POP_MPLS, sizeof *a);
	a->ethertype = cpu_to_be16((uint16_t)type);
	return true;
}

static bool read_push_eth(struct reader *r)
{
	struct eth_addr src, dst;
	if (!lit(r, "src=") || !eth(r, &src) || !lit(r, ",dst=") || !eth(r, &dst) || !lit(r, ")"))
		return false;
	struct dpa_push_eth *a = dp_actions_put(r->out, DPA_PUSH_ETH, sizeof *a);
	a->src = src;
	a->dst = dst;
	return true;
}

static bool read_push_nsh(struct reader *r)
{
	struct dpa_push_nsh a = { .nsh = { .ttl = 63, .mdtype = 1 } };
	uint64_t x, spi = 0, si = 255;
	while (!lit(r, ")")) {
		if (key_num(r, "flags=", 3, &x))
			a.nsh.flags = (uint8_t)x;
		else if (key_num(r, "ttl=", 63, &x))
			a.nsh.ttl = (uint8_t)x;
		else if (key_num(r, "mdtype=", 2, &x))
			a.nsh.mdtype = (uint8_t)x;
		else if (key_num(r, "np=", 255, &x))
			a.nsh.np = (uint8_t)x;
		else if (key_num(r, "spi=", 0xffffff, &x))
			spi = x;
		else if (key_num(r, "si=", 255, &x))
			si = x;
		else if (key_num(r, "c1=", UINT32_MAX, &x))
			a.nsh.context[0] = cpu_to_be32((uint32_t)x);
		else if (key_num(r, "c2=", UINT32_MAX, &x))
			a.nsh.context[1] = cpu_to_be32((uint32_t)x);
		else if (key_num(r, "c3=", UINT32_MAX, &x))
			a.nsh.context[2] = cpu_to_be32((uint32_t)x);
		else if (key_num(r, "c4=", UINT32_MAX, &x))
			a.nsh.context[3] = cpu_to_be32((uint32_t)x);
		else if (lit(r, "md2=0x")) {
			int n = hex(r, a.md2, sizeof a.md2, true);
			if (n < 0)
				return false;
			a.md2_size = (uint8_t)n;
		} else {
			return false;
		}
		skip_seps(r);
	}
	a.nsh.path_hdr = cpu_to_be32((uint32_t)(spi << 8 | si));
	struct dpa_push_nsh *to = dp_actions_put(r->out, DPA_PUSH_NSH, sizeof *to);
	struct dp_action h = to->h;
	*to = a;
	to->h = h;
	return true;
}

static bool read_hash(struct reader *r)
{
	uint64_t basis;
	enum dp_hash_alg alg = DP_HASH_L4;
	if (lit(r, "sym_l4("))
		alg = DP_HASH_SYM_L4;
	else if (!lit(r, "l4(") && !lit(r, "hash_l4("))
		return false;
	if (!num(r, UINT32_MAX, &basis) || !lit(r, "))"))
		return false;
	struct dpa_hash *a = dp_actions_put(r->out, DPA_HASH, sizeof *a);
	a->alg = alg;
	a->basis = (uint32_t)basis;
	return true;
}

static bool read_set(struct reader *r)
{
	struct flow_key key = { 0 }, mask = { 0 };
	enum key_attr attr;
	uint32_t what;
	size_t size;
	const char *end;
	if (key_attr_from_str(r->s, &attr, &key, &mask, &end) < 0 ||
	    !dps_from_key_attr(attr, &what, &size) || *end != ')')
		return false;
	if (attr == KEY_ATTR_MPLS && (mask.mpls_lse[1] || mask.mpls_lse[2]))
		return false;
	r->s = end + 1;
	if (attr == KEY_ATTR_TUNNEL)
		memset(&mask.tunnel, 0xff, sizeof mask.tunnel); /* set whole */
	union {
		struct dps_tunnel largest;
		uint64_t align;
	} v = { 0 }, m = { 0 };
	dps_from_key(what, &key, &v);
	dps_from_key(what, &mask, &m);
	dp_actions_set(r->out, (enum dp_set_what)what, &v, &m, size);
	return true;
}

/* sample(sample=50.0%,actions(..)) */
static bool read_sample(struct reader *r)
{
	char *end;
	if (!lit(r, "sample="))
		return false;
	double percent = strtod(r->s, &end);
	if (end == r->s || !(percent >= 0 && percent <= 100))
		return false;
	r->s = end;
	if (!lit(r, "%,actions("))
		return false;
	double p = percent / 100 * UINT32_MAX;
	size_t ofs = dp_actions_begin_nested(r->out, DPA_SAMPLE, (uint32_t)p);
	if (!nested_list(r) || !lit(r, ")"))
		return false;
	dp_actions_end_nested(r->out, ofs);
	return true;
}

static bool read_nested(struct reader *r, enum dp_action_type type, const char *tail)
{
	size_t ofs = dp_actions_begin_nested(r->out, type, 0);
	if (!nested_list(r) || !lit(r, tail))
		return false;
	dp_actions_end_nested(r->out, ofs);
	return true;
}

static bool read_check_pkt_len(struct reader *r)
{
	uint64_t len;
	if (!key_num(r, "size=", UINT16_MAX, &len) || !lit(r, ",gt("))
		return false;
	size_t ofs = r->out->size;
	struct dpa_check_pkt_len *a = dp_actions_put(r->out, DPA_CHECK_PKT_LEN, sizeof *a);
	a->len = (uint16_t)len;
	size_t begin = r->out->size;
	if (!nested_list(r) || !lit(r, ",le("))
		return false;
	size_t middle = r->out->size;
	if (!nested_list(r) || !lit(r, ")"))
		return false;
	if (r->out->size - ofs > UINT16_MAX)
		return false;
	a = (struct dpa_check_pkt_len *)(r->out->data + ofs);
	a->h.size = (uint16_t)(r->out->size - ofs);
	a->greater_size = (uint32_t)(middle - begin);
	a->less_size = (uint32_t)(r->out->size - middle);
	return true;
}

static bool read_ports(struct reader *r, struct dpa_ct *a)
{
	uint64_t x;
	if (!num(r, 0xffff, &x))
		return false;
	a->nat_min_port = a->nat_max_port = (uint16_t)x;
	if (lit(r, "-")) {
		if (!num(r, 0xffff, &x) || x < a->nat_min_port)
			return false;
		a->nat_max_port = (uint16_t)x;
	}
	return true;
}

static void map_v4(be32 addr, struct in6_addr *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->s6_addr[10] = ret->s6_addr[11] = 0xff;
	ret->s6_addr32[3] = addr;
}

static bool read_nat_range(struct reader *r, struct dpa_ct *a)
{
	struct reader at = *r;
	be32 v4;
	if (ip(&at, AF_INET, &v4)) {
		*r = at;
		map_v4(v4, &a->nat_min);
		a->nat_max = a->nat_min;
		if (lit(r, "-")) {
			if (!ip(r, AF_INET, &v4))
				return false;
			map_v4(v4, &a->nat_max);
		}
	} else {
		bool bracket = lit(r, "[");
		if (!ip(r, AF_INET6, &a->nat_min))
			return false;
		a->nat_max = a->nat_min;
		if (lit(r, "-") && !ip(r, AF_INET6, &a->nat_max))
			return false;
		if (bracket && !lit(r, "]"))
			return false;
	}
	if (memcmp(&a->nat_min, &a->nat_max, sizeof a->nat_min) > 0)
		return false;
	return !lit(r, ":") || read_ports(r, a);
}

static bool read_nat(struct reader *r, struct dpa_ct *a)
{
	a->flags |= DPCT_NAT;
	if (!lit(r, "("))
		return true;
	while (!lit(r, ")")) {
		if (word(r, "src"))
			a->flags |= DPCT_NAT_SRC;
		else if (word(r, "dst"))
			a->flags |= DPCT_NAT_DST;
		else if (word(r, "persistent"))
			a->flags |= DPCT_NAT_PERSISTENT;
		else if (word(r, "hash"))
			a->flags |= DPCT_NAT_HASH;
		else if (word(r, "random"))
			a->flags |= DPCT_NAT_RANDOM;
		else
			return false;
		if (lit(r, "=") && !read_nat_range(r, a))
			return false;
		skip_seps(r);
	}
	return (a->flags & (DPCT_NAT_SRC | DPCT_NAT_DST)) != (DPCT_NAT_SRC | DPCT_NAT_DST);
}

static bool read_word(struct reader *r, char *ret, size_t size)
{
	size_t n = strcspn(r->s, ",) ");
	if (!n || n >= size)
		return false;
	memcpy(ret, r->s, n);
	r->s += n;
	return true;
}

static bool read_ct(struct reader *r)
{
	struct dpa_ct a = { 0 };
	uint64_t x, y;
	if (lit(r, "(")) {
		while (!lit(r, ")")) {
			if (word(r, "commit")) {
				a.flags |= DPCT_COMMIT;
			} else if (word(r, "force_commit")) {
				a.flags |= DPCT_COMMIT | DPCT_FORCE;
			} else if (lit(r, "zone=")) {
				if (!num(r, UINT16_MAX, &x))
					return false;
				a.zone = (uint16_t)x;
			} else if (lit(r, "mark=")) {
				if (!num(r, UINT32_MAX, &x))
					return false;
				y = UINT32_MAX;
				if (lit(r, "/") && !num(r, UINT32_MAX, &y))
					return false;
				a.mark = (uint32_t)x;
				a.mark_mask = (uint32_t)y;
			} else if (lit(r, "label=")) {
				char text[80] = "";
				union field_value v, m;
				if (!read_word(r, text, sizeof text) ||
				    field_value_from_str(&field_table[FIELD_CT_LABEL], text, NULL,
							 &v, &m, NULL) < 0)
					return false;
				memcpy(a.label, v.b, 16);
				memcpy(a.label_mask, m.b, 16);
			} else if (lit(r, "helper=")) {
				if (!read_word(r, a.helper, sizeof a.helper))
					return false;
			} else if (lit(r, "timeout=")) {
				if (!read_word(r, a.timeout, sizeof a.timeout))
					return false;
			} else if (word(r, "nat")) {
				if (!read_nat(r, &a))
					return false;
			} else {
				return false;
			}
			skip_seps(r);
		}
	}
	if (a.flags & DPCT_COMMIT && a.flags & DPCT_FORCE)
		a.flags |= DPCT_COMMIT;
	struct dpa_ct *to = dp_actions_put(r->out, DPA_CT, sizeof *to);
	struct dp_action h = to->h;
	*to = a;
	to->h = h;
	return true;
}

static bool read_slow_path(struct reader *r, struct userspace_cookie *c)
{
	uint64_t x;
	while (!lit(r, ")")) {
		unsigned i = 0;
		for (; i < N_SLOW_NAMES; i++)
			if (word(r, slow_names[i].name))
				break;
		if (i < N_SLOW_NAMES)
			c->slow |= slow_names[i].bit;
		else if (!num(r, 0, &x))
			return false;
		if (*r->s == '|' || *r->s == ',')
			r->s++;
	}
	return true;
}

static bool read_controller(struct reader *r, struct userspace_cookie *c)
{
	uint64_t reason, dont_send, continuation, recirc, cookie, id, max_len;
	if (!key_num(r, "reason=", 255, &reason) || !key_num(r, ",dont_send=", 1, &dont_send) ||
	    !key_num(r, ",continuation=", 1, &continuation) ||
	    !key_num(r, ",recirc_id=", UINT32_MAX, &recirc) ||
	    !key_num(r, ",rule_cookie=", UINT64_MAX, &cookie) ||
	    !key_num(r, ",controller_id=", UINT16_MAX, &id) ||
	    !key_num(r, ",max_len=", UINT16_MAX, &max_len) || !lit(r, ")"))
		return false;
	c->reason = (uint8_t)reason;
	c->dont_send = dont_send;
	c->continuation = continuation;
	c->recirc_id = (uint32_t)recirc;
	c->rule_cookie = cpu_to_be64(cookie);
	c->controller_id = (uint16_t)id;
	c->max_len = (uint16_t)max_len;
	return true;
}

static bool read_flow_sample(struct reader *r, struct userspace_cookie *c)
{
	uint64_t p, set, dom, point, port;
	if (!key_num(r, "probability=", UINT16_MAX, &p) ||
	    !key_num(r, ",collector_set_id=", UINT32_MAX, &set) ||
	    !key_num(r, ",obs_domain_id=", UINT32_MAX, &dom) ||
	    !key_num(r, ",obs_point_id=", UINT32_MAX, &point) ||
	    !key_num(r, ",output_port=", UINT32_MAX, &port))
		return false;
	c->per_flow = true;
	c->probability = (uint16_t)p;
	c->collector_set_id = (uint32_t)set;
	c->obs_domain_id = (uint32_t)dom;
	c->obs_point_id = (uint32_t)point;
	c->output = (uint32_t)port;
	if (lit(r, ",ingress"))
		c->direction = 1;
	else if (lit(r, ",egress"))
		c->direction = 2;
	return lit(r, ")");
}

static bool read_userspace(struct reader *r)
{
	struct userspace_cookie c = { 0 };
	/* Without one, OVS carries an empty cookie of this size. */
	enum { EMPTY_COOKIE = 48 };
	uint8_t raw[255] = { 0 };
	int raw_size = EMPTY_COOKIE;
	uint32_t reason = 0;
	uint64_t pid, x, tunnel = 0;
	bool actions = false;
	if (!key_num(r, "pid=", UINT32_MAX, &pid))
		return false;
	if (lit(r, ",sFlow(")) {
		uint64_t vid, pcp;
		if (!key_num(r, "vid=", VLAN_VID_MASK, &vid) || !key_num(r, ",pcp=", 7, &pcp) ||
		    !key_num(r, ",output=", UINT32_MAX, &x) || !lit(r, ")"))
			return false;
		reason = DPU_SFLOW;
		c.vlan_tci = (uint16_t)(vid | pcp << VLAN_PCP_SHIFT | VLAN_CFI);
		if (!vid && !pcp)
			c.vlan_tci = 0;
		c.output = (uint32_t)x;
	} else if (lit(r, ",slow_path(")) {
		reason = DPU_SLOW_PATH;
		if (!read_slow_path(r, &c))
			return false;
	} else if (lit(r, ",flow_sample(")) {
		reason = DPU_IPFIX;
		if (!read_flow_sample(r, &c))
			return false;
	} else if (lit(r, ",ipfix(")) {
		reason = DPU_IPFIX;
		if (!key_num(r, "output_port=", UINT32_MAX, &x) || !lit(r, ")"))
			return false;
		c.output = (uint32_t)x;
	} else if (lit(r, ",controller(")) {
		reason = DPU_CONTROLLER;
		if (!read_controller(r, &c))
			return false;
	} else if (lit(r, ",userdata(")) {
		raw_size = hex(r, raw, sizeof raw, false);
		if (raw_size < 0 || !lit(r, ")"))
			return false;
	}
	while (!lit(r, ")")) {
		if (lit(r, ",actions"))
			actions = true;
		else if (!key_num(r, ",tunnel_out_port=", UINT32_MAX, &tunnel))
			return false;
	}
	c.kind = (uint8_t)reason;
	size_t size = reason ? sizeof c : (size_t)raw_size;
	struct dpa_userspace *a = dp_actions_put(r->out, DPA_USERSPACE, sizeof *a + size);
	a->reason = reason;
	a->cookie_size = (uint32_t)size;
	a->pid = (uint32_t)pid;
	a->tunnel_out_port = (uint32_t)tunnel;
	a->with_actions = actions;
	memcpy(a->cookie, reason ? (const void *)&c : raw, size);
	return true;
}

/* tnl_push(..): the outer headers are put together from their text. */
struct header {
	uint8_t b[TUNNEL_PUSH_MAX_BYTES];
	size_t size;
};

static void *header_put(struct header *h, size_t n)
{
	if (h->size + n > sizeof h->b)
		return NULL;
	void *p = memset(h->b + h->size, 0, n);
	h->size += n;
	return p;
}

static bool header_ip4(struct reader *r, struct header *h, uint8_t *proto)
{
	struct ip4_hdr *p = header_put(h, sizeof *p);
	be32 src, dst;
	uint64_t x, tos, ttl, frag;
	if (!p || !lit(r, "ipv4(src=") || !ip(r, AF_INET, &src) || !lit(r, ",dst=") ||
	    !ip(r, AF_INET, &dst) || !key_num(r, ",proto=", 255, &x) ||
	    !key_num(r, ",tos=", 255, &tos) || !key_num(r, ",ttl=", 255, &ttl) ||
	    !key_num(r, ",frag=", 0xffff, &frag) || !lit(r, "),"))
		return false;
	*p = (struct ip4_hdr){ .ver_ihl = 0x45,
			       .tos = (uint8_t)tos,
			       .ttl = (uint8_t)ttl,
			       .proto = (uint8_t)x,
			       .src = src,
			       .dst = dst,
			       .frag_off = cpu_to_be16((uint16_t)frag) };
	*proto = (uint8_t)x;
	return true;
}

static bool header_ip6(struct reader *r, struct header *h, uint8_t *proto)
{
	struct ip6_hdr_wire *p = header_put(h, sizeof *p);
	uint64_t label, x, tclass, hlimit;
	if (!p || !lit(r, "ipv6(src=") || !ip(r, AF_INET6, p->src) || !lit(r, ",dst=") ||
	    !ip(r, AF_INET6, p->dst) || !key_num(r, ",label=", 0xfffff, &label) ||
	    !key_num(r, ",proto=", 255, &x) || !key_num(r, ",tclass=", 255, &tclass) ||
	    !key_num(r, ",hlimit=", 255, &hlimit) || !lit(r, "),"))
		return false;
	p->flow = cpu_to_be32((uint32_t)(6u << 28 | tclass << 20 | label));
	p->next = *proto = (uint8_t)x;
	p->hlim = (uint8_t)hlimit;
	return true;
}

static bool header_geneve(struct reader *r, struct header *h)
{
	uint8_t flags = 0;
	uint64_t vni;
	struct geneve_hdr *g = header_put(h, sizeof *g);
	if (!g)
		return false;
	if (lit(r, "oam,"))
		flags |= 0x80;
	if (lit(r, "crit,"))
		flags |= 0x40;
	if (!key_num(r, "vni=", 0xffffff, &vni))
		return false;
	size_t begin = h->size;
	if (lit(r, ",options(")) {
		/* The same text as in a tunnel key. */
		struct flow_key key = { 0 }, mask = { 0 };
		const char *close = strstr(r->s, "})");
		enum key_attr attr;
		const char *end;
		if (!close)
			return false;
		AUTO_FREE char *text =
			xasprintf("tunnel(geneve(%.*s))", (int)(close + 1 - r->s), r->s);
		if (key_attr_from_str(text, &attr, &key, &mask, &end) < 0)
			return false;
		r->s = close + 2;
		void *to = header_put(h, key.tunnel.opts_size);
		if (!to)
			return false;
		memcpy(to, key.tun_opts, key.tunnel.opts_size);
	}
	*g = (struct geneve_hdr){ .ver_len = (uint8_t)((h->size - begin) / 4),
				  .flags = flags,
				  .proto = BE16_C(ETH_TYPE_TEB),
				  .vni = cpu_to_be32((uint32_t)vni << 8) };
	return lit(r, ")");
}

static bool header_gre(struct reader *r, struct header *h)
{
	uint64_t flags, proto, x;
	struct gre_hdr *g = header_put(h, sizeof *g);
	if (!g || !key_num(r, "gre((flags=", 0xffff, &flags) ||
	    !key_num(r, ",proto=", 0xffff, &proto) || !lit(r, ")"))
		return false;
	g->flags = cpu_to_be16((uint16_t)flags);
	g->proto = cpu_to_be16((uint16_t)proto);
	static const struct {
		uint16_t flag;
		const char *name;
	} parts[] = { { GRE_CSUM, ",csum=" }, { GRE_KEY, ",key=" }, { GRE_SEQ, ",seq=" } };
	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!(flags & parts[i].flag))
			continue;
		uint8_t *p = header_put(h, 4);
		if (!p ||
		    !key_num(r, parts[i].name, parts[i].flag == GRE_CSUM ? 0xffff : UINT32_MAX, &x))
			return false;
		if (parts[i].flag == GRE_CSUM)
			put_be16(p, (uint16_t)x);
		else
			put_be32(p, (uint32_t)x);
	}
	return lit(r, ")");
}

static bool header_l4(struct reader *r, struct header *h, uint8_t proto)
{
	uint64_t src, dst, sum, x, vni;
	if (proto == IPPROTO_GRE)
		return header_gre(r, h);
	struct udp_hdr *u = header_put(h, sizeof *u);
	if (!u || !key_num(r, "udp(src=", 0xffff, &src) || !key_num(r, ",dst=", 0xffff, &dst) ||
	    !key_num(r, ",csum=", 0xffff, &sum) || !lit(r, "),"))
		return false;
	*u = (struct udp_hdr){ cpu_to_be16((uint16_t)src), cpu_to_be16((uint16_t)dst), 0,
			       cpu_to_be16((uint16_t)sum) };
	if (lit(r, "geneve("))
		return header_geneve(r, h);
	if (lit(r, "gtpu(")) {
		uint8_t *g = header_put(h, 8);
		uint64_t flags, type, teid;
		if (!g || !key_num(r, "flags=", 255, &flags) ||
		    !key_num(r, ",msgtype=", 255, &type) ||
		    !key_num(r, ",teid=", UINT32_MAX, &teid) || !lit(r, ")"))
			return false;
		g[0] = (uint8_t)flags;
		g[1] = (uint8_t)type;
		put_be32(g + 4, (uint32_t)teid);
		return true;
	}
	struct vxlan_hdr *v = header_put(h, sizeof *v);
	if (!v || !key_num(r, "vxlan(flags=", UINT32_MAX, &x) ||
	    !key_num(r, ",vni=", 0xffffff, &vni) || !lit(r, ")"))
		return false;
	v->flags = cpu_to_be32((uint32_t)x);
	v->vni = cpu_to_be32((uint32_t)vni << 8);
	return true;
}

static bool read_tunnel_push(struct reader *r)
{
	struct header h = { .size = 0 };
	uint64_t port, size, type, dl_type, out_port;
	struct eth_addr src, dst;
	uint8_t proto;
	if (!key_num(r, "tnl_port(", UINT32_MAX, &port) ||
	    !key_num(r, "),header(size=", 512, &size) || !key_num(r, ",type=", 255, &type) ||
	    !lit(r, ",eth(dst=") || !eth(r, &dst) || !lit(r, ",src=") || !eth(r, &src) ||
	    !key_num(r, ",dl_type=", 0xffff, &dl_type) || !lit(r, "),"))
		return false;
	struct eth_hdr *e = header_put(&h, sizeof *e);
	memcpy(e->dst, &dst, 6);
	memcpy(e->src, &src, 6);
	e->type = cpu_to_be16((uint16_t)dl_type);
	uint16_t l3_ofs = (uint16_t)h.size;
	if (dl_type == ETH_TYPE_IP ? !header_ip4(r, &h, &proto)
				   : dl_type != ETH_TYPE_IPV6 || !header_ip6(r, &h, &proto))
		return false;
	uint16_t l4_ofs = (uint16_t)h.size;
	if (!header_l4(r, &h, proto) || h.size != size ||
	    !key_num(r, "),out_port(", UINT32_MAX, &out_port) || !lit(r, "))"))
		return false;
	unsigned t = tunnel_type_from_number((unsigned)type);
	if (t == TUNNEL_NONE)
		return false;
	struct dpa_tunnel_push *a = dp_actions_put(r->out, DPA_TUNNEL_PUSH, sizeof *a + h.size);
	a->tunnel_port = (uint32_t)port;
	a->type = (uint16_t)t;
	a->header_size = (uint16_t)h.size;
	a->l3_ofs = l3_ofs;
	a->l4_ofs = l4_ofs;
	a->out_port = (uint32_t)out_port;
	memcpy(a->header, h.b, h.size);
	return true;
}

static bool read_device(struct reader *r)
{
	uint64_t ifindex = 0, mtu = 0;
	char name[IF_NAMESIZE] = "";
	if (!num(r, INT32_MAX, &ifindex)) {
		if (!read_word(r, name, sizeof name))
			return false;
		ifindex = if_nametoindex(name);
		if (!ifindex)
			return false;
	}
	if (!key_num(r, ",mtu=", UINT32_MAX, &mtu) || !lit(r, ")"))
		return false;
	struct dpa_output_dev *a = dp_actions_put(r->out, DPA_OUTPUT_DEV, sizeof *a);
	a->ifindex = (uint32_t)ifindex;
	a->mtu = (uint32_t)mtu;
	return true;
}

static void put_bare(struct reader *r, enum dp_action_type type)
{
	dp_actions_put(r->out, type, sizeof(struct dp_action));
}

static bool read_action(struct reader *r)
{
	uint64_t port;
	if (isdigit((unsigned char)*r->s)) {
		if (!num(r, UINT32_MAX, &port))
			return false;
		dp_actions_output(r->out, (uint32_t)port);
		return true;
	}
	if (lit(r, "set("))
		return read_set(r);
	if (lit(r, "userspace("))
		return read_userspace(r);
	if (lit(r, "push_vlan("))
		return read_push_vlan(r);
	if (lit(r, "push_mpls("))
		return read_push_mpls(r);
	if (lit(r, "pop_mpls("))
		return read_pop_mpls(r);
	if (lit(r, "push_eth("))
		return read_push_eth(r);
	if (lit(r, "push_nsh("))
		return read_push_nsh(r);
	if (lit(r, "pop_nsh()")) {
		put_bare(r, DPA_POP_NSH);
		return true;
	}
	if (word(r, "pop_vlan")) {
		put_bare(r, DPA_POP_VLAN);
		return true;
	}
	if (word(r, "pop_eth")) {
		put_bare(r, DPA_POP_ETH);
		return true;
	}
	if (word(r, "ct_clear")) {
		put_bare(r, DPA_CT_CLEAR);
		return true;
	}
	if (lit(r, "recirc("))
		return read_u32(r, DPA_RECIRC);
	if (lit(r, "trunc("))
		return read_u32(r, DPA_TRUNC);
	if (lit(r, "meter("))
		return read_u32(r, DPA_METER);
	if (lit(r, "tnl_pop("))
		return read_u32(r, DPA_TUNNEL_POP);
	if (lit(r, "lb_output("))
		return read_u32(r, DPA_LB_OUTPUT);
	if (lit(r, "hash("))
		return read_hash(r);
	if (lit(r, "sample("))
		return read_sample(r);
	if (lit(r, "clone("))
		return read_nested(r, DPA_CLONE, "");
	if (lit(r, "dec_ttl(le_1("))
		return read_nested(r, DPA_DEC_TTL, ")");
	if (lit(r, "check_pkt_len("))
		return read_check_pkt_len(r);
	if (lit(r, "tnl_push("))
		return read_tunnel_push(r);
	if (lit(r, "device("))
		return read_device(r);
	if (word(r, "ct"))
		return read_ct(r);
	return false;
}

/* Actions up to the end, or to ')' that is consumed. "drop" stands for none. */
static bool read_list(struct reader *r, bool nested)
{
	for (;;) {
		skip_seps(r);
		if (nested ? *r->s == ')' : !*r->s) {
			r->s += nested;
			return true;
		}
		if (word(r, "drop"))
			continue;
		if (r->out->size > MAX_BYTES || !read_action(r))
			return false;
	}
}

int dp_actions_from_str(const char *s, struct dp_actions *ret, struct err *err)
{
	struct dp_actions list = DP_ACTIONS_INIT;
	struct reader r = { .s = s, .out = &list };
	if (!read_list(&r, false)) {
		dp_actions_fini(&list);
		return err_set(err, -EINVAL, "bad datapath action at \"%.60s\"", r.s);
	}
	if (list.size) {
		ret->data = xgrow(ret->data, &ret->allocated, ret->size + list.size, 1);
		memcpy(ret->data + ret->size, list.data, list.size);
		ret->size += list.size;
	}
	dp_actions_fini(&list);
	return 0;
}
