/* SPDX-License-Identifier: Apache-2.0 */
#include "feature/tunnel/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/str.h"

LOG_MODULE(tunnel_config);

static const struct type_row {
	const char *name;
	enum tunnel_type type;
	uint16_t dst_port;
	uint8_t key_bits;
} types[] = {
	{ "geneve", TUNNEL_GENEVE, 6081, 24 },
	{ "gre", TUNNEL_GRE, 0, 32 },
	{ "ip6gre", TUNNEL_IP6GRE, 0, 32 },
	{ "vxlan", TUNNEL_VXLAN, 4789, 24 },
};

static const struct type_row *find_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcmp(types[i].name, name))
			return &types[i];
	}
	return NULL;
}

enum tunnel_type tunnel_type_from_str(const char *name)
{
	const struct type_row *t = find_type(name);
	return t ? t->type : TUNNEL_NONE;
}

const char *tunnel_type_to_str(enum tunnel_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].type == type)
			return types[i].name;
	}
	return "unknown";
}

void tunnel_addr_to_str(const struct in6_addr *a, char *ret, size_t size)
{
	if (tunnel_addr_is_v4(a))
		inet_ntop(AF_INET, a->s6_addr + 12, ret, (socklen_t)size);
	else
		inet_ntop(AF_INET6, a, ret, (socklen_t)size);
}

static bool addr_from_str(const char *s, struct in6_addr *ret)
{
	struct in6_addr a = { 0 };
	if (inet_pton(AF_INET, s, a.s6_addr + 12) == 1)
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
	else if (inet_pton(AF_INET6, s, &a) != 1)
		return false;
	*ret = a;
	return true;
}

static bool is_multicast(const struct in6_addr *a)
{
	return tunnel_addr_is_v4(a) ? (a->s6_addr[12] & 0xf0) == 0xe0 : a->s6_addr[0] == 0xff;
}

static bool is_set(const struct in6_addr *a)
{
	return !IN6_IS_ADDR_UNSPECIFIED(a) && !(tunnel_addr_is_v4(a) && !get_be32(a->s6_addr + 12));
}

struct parse {
	const char *name;
	const struct type_row *type;
	struct tunnel_config *c;
	struct str errors;
};

static void complain(struct parse *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void complain(struct parse *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	if (p->errors.len)
		str_putc(&p->errors, '\n');
	str_putf(&p->errors, "%s: ", p->name);
	str_putvf(&p->errors, fmt, args);
	va_end(args);
}

static void parse_remote(struct parse *p, const char *v)
{
	struct in6_addr a;
	if (!strcmp(v, "flow")) {
		p->c->remote_flow = true;
	} else if (!addr_from_str(v, &a)) {
		complain(p, "bad %s 'remote_ip'", p->type->name);
	} else if (is_multicast(&a)) {
		complain(p, "multicast remote_ip=%s not allowed", v);
	} else {
		p->c->remote = a;
	}
}

static void parse_local(struct parse *p, const char *v)
{
	if (!strcmp(v, "flow"))
		p->c->local_flow = true;
	else if (!addr_from_str(v, &p->c->local))
		complain(p, "bad %s 'local_ip'", p->type->name);
}

/* options:key holds for both directions that have no option of their own. */
static void parse_key(struct parse *p, const struct strmap *options, const char *option,
		      bool *ret_present, bool *ret_flow, be64 *ret_key)
{
	const char *v = strmap_get(options, option);
	const char *shown = v ? option : "key";
	uint64_t key;
	if (!v)
		v = strmap_get(options, "key");
	*ret_present = v != NULL;
	if (!v)
		return;
	if (!strcmp(v, "flow")) {
		*ret_flow = true;
	} else if (!str_to_u64(v, 0, &key)) {
		complain(p, "bad %s '%s' \"%s\": not a number, nor \"flow\"", p->type->name, shown,
			 v);
	} else if (key >> p->type->key_bits) {
		complain(p, "bad %s '%s' %s: does not fit in %u bits", p->type->name, shown, v,
			 p->type->key_bits);
	} else {
		*ret_key = cpu_to_be64(key);
	}
}

static void parse_tos(struct parse *p, const char *v)
{
	uint32_t tos;
	if (!strcmp(v, "inherit"))
		p->c->tos_inherit = true;
	else if (str_to_u32(v, 0, &tos) && tos <= 0xff && !(tos & 3))
		p->c->tos = (uint8_t)tos;
	else
		complain(p, "invalid TOS %s", v); /* the two low bits are the congestion mark */
}

static void parse_ttl(struct parse *p, const char *v)
{
	uint32_t ttl;
	if (!strcmp(v, "inherit"))
		p->c->ttl_inherit = true;
	else if (str_to_u32(v, 10, &ttl) && ttl <= 0xff)
		p->c->ttl = (uint8_t)ttl;
	else
		complain(p, "invalid TTL %s", v);
}

static void parse_packet_type(struct parse *p, const char *v)
{
	if (!strcmp(v, "legacy_l2"))
		p->c->l3 = TUNNEL_LEGACY_L2;
	else if (!strcmp(v, "legacy_l3"))
		p->c->l3 = TUNNEL_LEGACY_L3;
	else if (!strcmp(v, "ptap"))
		p->c->l3 = TUNNEL_PTAP;
	else
		complain(p, "unknown packet_type '%s'", v);
	if (p->c->l3 != TUNNEL_LEGACY_L2 && p->c->type == TUNNEL_VXLAN)
		complain(p, "packet_type=%s needs VXLAN-GPE, which is not supported yet", v);
}

static void parse_exts(struct parse *p, const char *v)
{
	char text[128], *save = NULL;
	str_copy(text, v, sizeof text);
	for (char *ext = strtok_r(text, ",", &save); ext; ext = strtok_r(NULL, ",", &save)) {
		if (!strcmp(ext, "gbp") && p->c->type == TUNNEL_VXLAN)
			p->c->gbp = true;
		else if (!strcmp(ext, "gpe") && p->c->type == TUNNEL_VXLAN)
			complain(p, "extension 'gpe' is not supported yet");
		else
			log_warn("%s: unknown extension '%s'", p->name, ext);
	}
}

static void parse_one(struct parse *p, const char *key, const char *v)
{
	struct tunnel_config *c = p->c;
	uint16_t port;
	if (!strcmp(key, "remote_ip")) {
		parse_remote(p, v);
	} else if (!strcmp(key, "local_ip")) {
		parse_local(p, v);
	} else if (!strcmp(key, "tos")) {
		parse_tos(p, v);
	} else if (!strcmp(key, "ttl")) {
		parse_ttl(p, v);
	} else if (!strcmp(key, "dst_port") && p->type->dst_port) {
		if (str_to_u16(v, 10, &port) && port)
			c->dst_port = port;
		else
			complain(p, "bad %s 'dst_port' \"%s\": not a UDP port", p->type->name, v);
	} else if (!strcmp(key, "df_default")) {
		c->df = strcasecmp(v, "false") != 0;
	} else if (!strcmp(key, "csum")) {
		c->csum_set = true;
		c->csum = !strcasecmp(v, "true");
	} else if (!strcmp(key, "egress_pkt_mark")) {
		c->set_mark = true;
		if (!str_to_u32(v, 0, &c->mark))
			complain(p, "bad %s 'egress_pkt_mark' \"%s\": not a number", p->type->name,
				 v);
	} else if (!strcmp(key, "packet_type")) {
		parse_packet_type(p, v);
	} else if (!strcmp(key, "exts")) {
		parse_exts(p, v);
	} else if (strcmp(key, "key") && strcmp(key, "in_key") && strcmp(key, "out_key")) {
		log_warn("%s: unknown %s argument '%s'", p->name, p->type->name, key);
	}
}

int tunnel_config_parse(const char *name, const char *type, const struct strmap *options,
			struct tunnel_config *ret, struct err *err)
{
	struct tunnel_config c = { .df = true };
	struct parse p = { .name = name, .type = find_type(type), .c = &c, .errors = STR_INIT };
	if (!p.type)
		return err_set(err, -EAFNOSUPPORT, "%s: unknown tunnel type %s", name, type);
	c.type = p.type->type;
	c.dst_port = p.type->dst_port;
	STRMAP_FOR_EACH(e, options)
		parse_one(&p, e->key, e->value);
	parse_key(&p, options, "in_key", &c.in_key_present, &c.in_key_flow, &c.in_key);
	parse_key(&p, options, "out_key", &c.out_key_present, &c.out_key_flow, &c.out_key);
	if (!is_set(&c.remote) && !c.remote_flow)
		complain(&p, "%s type requires valid 'remote_ip' argument", type);
	else if (c.local_flow && !c.remote_flow)
		complain(&p, "%s type requires 'remote_ip=flow' with 'local_ip=flow'", type);
	else if (is_set(&c.remote) && is_set(&c.local) &&
		 tunnel_addr_is_v4(&c.remote) != tunnel_addr_is_v4(&c.local))
		complain(&p, "'remote_ip' and 'local_ip' has to be of the same address family");
	int r = 0;
	if (p.errors.len)
		r = err_set(err, -EINVAL, "%s", str_cstr(&p.errors));
	else
		*ret = c;
	str_fini(&p.errors);
	return r;
}

static void put_key(struct strmap *m, const char *name, bool present, bool flow, be64 key)
{
	if (!present)
		return;
	if (flow)
		strmap_put(m, name, "flow");
	else
		strmap_putf(m, name, "%llu", (unsigned long long)be64_to_cpu(key));
}

void tunnel_config_to_map(const struct tunnel_config *c, struct strmap *m)
{
	static const char *const l3_names[] = { "legacy_l2", "legacy_l3", "ptap" };
	char text[INET6_ADDRSTRLEN];
	if (c->remote_flow)
		strmap_put(m, "remote_ip", "flow");
	else if (is_set(&c->remote))
		tunnel_addr_to_str(&c->remote, text, sizeof text), strmap_put(m, "remote_ip", text);
	if (c->local_flow)
		strmap_put(m, "local_ip", "flow");
	else if (is_set(&c->local))
		tunnel_addr_to_str(&c->local, text, sizeof text), strmap_put(m, "local_ip", text);
	if (c->in_key_present && c->out_key_present && c->in_key_flow == c->out_key_flow &&
	    c->in_key == c->out_key) {
		put_key(m, "key", true, c->in_key_flow, c->in_key);
	} else {
		put_key(m, "in_key", c->in_key_present, c->in_key_flow, c->in_key);
		put_key(m, "out_key", c->out_key_present, c->out_key_flow, c->out_key);
	}
	if (c->ttl_inherit)
		strmap_put(m, "ttl", "inherit");
	else if (c->ttl)
		strmap_putf(m, "ttl", "%u", c->ttl);
	if (c->tos_inherit)
		strmap_put(m, "tos", "inherit");
	else if (c->tos)
		strmap_putf(m, "tos", "0x%x", c->tos);
	const struct type_row *t = find_type(tunnel_type_to_str(c->type));
	if (t && c->dst_port != t->dst_port)
		strmap_putf(m, "dst_port", "%u", c->dst_port);
	if (c->csum)
		strmap_put(m, "csum", "true");
	if (!c->df)
		strmap_put(m, "df_default", "false");
	if (c->l3 != TUNNEL_LEGACY_L2)
		strmap_put(m, "packet_type", l3_names[c->l3]);
	if (c->set_mark)
		strmap_putf(m, "egress_pkt_mark", "%u", c->mark);
}
