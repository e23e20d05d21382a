/* SPDX-License-Identifier: Apache-2.0 */
/* Values of fields as people read and write them; ovs-fields(7) "Format". */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "packet/field.h"

void field_put_eth(const struct eth_addr *a, struct str *out)
{
	str_putf(out, "%02x:%02x:%02x:%02x:%02x:%02x", a->b[0], a->b[1], a->b[2], a->b[3], a->b[4],
		 a->b[5]);
}

void field_put_ip6(const struct in6_addr *a, struct str *out)
{
	char buf[INET6_ADDRSTRLEN];
	inet_ntop(AF_INET6, a, buf, sizeof buf);
	str_puts(out, buf);
}

static void put_ip4(be32 a, struct str *out)
{
	const uint8_t *b = (const uint8_t *)&a;
	str_putf(out, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

/* Number of leading one bits if nothing but zeros follows; -1 otherwise. */
static int prefix_len(const void *mask, unsigned size)
{
	const uint8_t *p = mask;
	int n = 0;
	unsigned i = 0;
	while (i < size && p[i] == 0xff)
		i++, n += 8;
	if (i < size) {
		uint8_t rest = p[i++];
		for (; rest & 0x80; rest = (uint8_t)(rest << 1))
			n++;
		if (rest)
			return -1;
	}
	for (; i < size; i++)
		if (p[i])
			return -1;
	return n;
}

void field_put_ip4_masked(be32 addr, be32 mask, struct str *out)
{
	put_ip4(addr, out);
	if (mask == UINT32_MAX)
		return;
	int n = prefix_len(&mask, 4);
	str_putc(out, '/');
	if (n > 0)
		str_putf(out, "%d", n);
	else
		put_ip4(mask, out);
}

void field_put_ip6_masked(const struct in6_addr *a, const struct in6_addr *mask, struct str *out)
{
	int n = mask ? prefix_len(mask, 16) : 128;
	field_put_ip6(a, out);
	if (n == 128)
		return;
	str_putc(out, '/');
	if (n >= 0)
		str_putf(out, "%d", n);
	else
		field_put_ip6(mask, out);
}

void field_put_eth_masked(const struct eth_addr *a, const struct eth_addr *mask, struct str *out)
{
	field_put_eth(a, out);
	if (mask && !bits_are(mask, 6, 0, 48, true)) {
		str_putc(out, '/');
		field_put_eth(mask, out);
	}
}

const char *ct_state_name(uint32_t bit)
{
	switch (bit) {
	case 0x01:
		return "new";
	case 0x02:
		return "est";
	case 0x04:
		return "rel";
	case 0x08:
		return "rpl";
	case 0x10:
		return "inv";
	case 0x20:
		return "trk";
	case 0x40:
		return "snat";
	case 0x80:
		return "dnat";
	default:
		return NULL;
	}
}

const char *tcp_flag_name(uint32_t bit)
{
	static const char *const names[] = { "fin", "syn", "rst", "psh",   "ack",   "urg",
					     "ece", "cwr", "ns",  "[200]", "[400]", "[800]" };
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (bit == 1u << i)
			return names[i];
	return NULL;
}

const char *tun_flag_name(uint32_t bit) { return bit == 1 ? "oam" : NULL; }

static void put_flags(uint32_t flags, const char *(*name)(uint32_t), char sep, struct str *out)
{
	if (!flags) {
		str_putc(out, '0');
		return;
	}
	bool first = true;
	for (uint32_t bit = 1; bit && flags; bit <<= 1) {
		if (!(flags & bit))
			continue;
		const char *s = name(bit);
		if (!s)
			continue;
		if (!first)
			str_putc(out, sep);
		first = false;
		str_puts(out, s);
		flags &= ~bit;
	}
	if (flags) {
		if (!first)
			str_putc(out, sep);
		str_putf(out, "0x%x", flags);
	}
}

void field_put_flags_masked(uint32_t flags, uint32_t mask, uint32_t max,
			    const char *(*name)(uint32_t), struct str *out)
{
	if (mask == max) {
		put_flags(flags, name, '|', out);
		return;
	}
	if (!mask) {
		str_puts(out, "0/0");
		return;
	}
	for (uint32_t bit = 1; bit && mask; bit <<= 1) {
		if (!(mask & bit))
			continue;
		const char *s = name(bit);
		str_putc(out, flags & bit ? '+' : '-');
		if (s)
			str_puts(out, s);
		else
			str_putf(out, "[0x%x]", bit);
		mask &= ~bit;
	}
}

static uint64_t low64(const union field_value *v, unsigned n)
{
	uint64_t x = 0;
	for (unsigned i = n > 8 ? n - 8 : 0; i < n; i++)
		x = x << 8 | v->b[i];
	return x;
}

static void put_hex(const union field_value *v, unsigned n, struct str *out)
{
	unsigned i = 0;
	while (i < n && !v->b[i])
		i++;
	if (i == n) {
		str_putc(out, '0');
		return;
	}
	str_putf(out, "0x%x", v->b[i]);
	while (++i < n)
		str_putf(out, "%02x", v->b[i]);
}

static uint32_t flag_bits(const struct field *f)
{
	return f->format == FIELD_FMT_CTSTATE ? 0xff : (uint32_t)((UINT64_C(1) << f->n_bits) - 1);
}

static const char *(*flag_names(const struct field *f))(uint32_t)
{
	return f->format == FIELD_FMT_CTSTATE	 ? ct_state_name
	       : f->format == FIELD_FMT_TCPFLAGS ? tcp_flag_name
						 : tun_flag_name;
}

static void put_frag(unsigned frag, unsigned mask, struct str *out)
{
	static const struct {
		uint8_t value, mask;
		const char *name;
	} names[] = { { 0, 3, "no" },
		      { 1, 1, "yes" },
		      { 1, 3, "first" },
		      { 3, 3, "later" },
		      { 0, 2, "not_later" } };
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].mask == mask && names[i].value == frag) {
			str_puts(out, names[i].name);
			return;
		}
	str_puts(out, "<error>");
}

/* An option has fewer bytes than the field has room for: is this the mask of all of them? Without a
 * table its size is what the mask covers, in whole words. */
static bool is_whole_option(const struct field *f, const union field_value *mask)
{
	if (!field_is_tun_metadata(f))
		return false;
	const struct tun_table *t = tun_table_current;
	unsigned size = t ? t->entry[f->id - FIELD_TUN_METADATA0].size : 0;
	if (!size) {
		size = 4;
		while (size < f->n_bytes && bits_are(mask->b, f->n_bytes, size * 8, 32, true))
			size += 4;
	}
	return bits_are(mask->b, f->n_bytes, 0, size * 8, true) &&
	       (size == f->n_bytes ||
		bits_are(mask->b, f->n_bytes, size * 8, (f->n_bytes - size) * 8u, false));
}

void field_value_to_str(const struct field *f, const union field_value *v,
			const union field_value *mask, const struct ofport_names *ports,
			struct str *out)
{
	bool exact = !mask || field_value_is_ones(f, mask) || is_whole_option(f, mask);
	uint64_t x = low64(v, f->n_bytes), m = mask ? low64(mask, f->n_bytes) : UINT64_MAX;
	uint32_t port;

	if (mask && field_value_is_zero(f, mask)) {
		str_puts(out, "ANY");
		return;
	}
	switch (f->format) {
	case FIELD_FMT_DEC:
		str_putf(out, "%llu", (unsigned long long)x);
		if (!exact) {
			str_putc(out, '/');
			put_hex(mask, f->n_bytes, out);
		}
		return;
	case FIELD_FMT_HEX:
		put_hex(v, f->n_bytes, out);
		if (!exact) {
			str_putc(out, '/');
			put_hex(mask, f->n_bytes, out);
		}
		return;
	case FIELD_FMT_ETH:
		field_put_eth_masked(&v->eth, exact ? NULL : &mask->eth, out);
		return;
	case FIELD_FMT_IP4:
		field_put_ip4_masked(v->be32, exact ? UINT32_MAX : mask->be32, out);
		return;
	case FIELD_FMT_IP6:
		field_put_ip6_masked(&v->ip6, exact ? NULL : &mask->ip6, out);
		return;
	case FIELD_FMT_PORT10:
		ofport_to_str((uint32_t)x, ports, out);
		return;
	case FIELD_FMT_PORT11:
		if (ofport_from_11((uint32_t)x, &port))
			ofport_to_str(port, ports, out);
		else
			str_putf(out, "%u", (uint32_t)x);
		return;
	case FIELD_FMT_FRAG:
		put_frag((unsigned)x & 3, (unsigned)m & 3, out);
		return;
	case FIELD_FMT_TUNFLAGS:
	case FIELD_FMT_TCPFLAGS:
	case FIELD_FMT_CTSTATE:
		field_put_flags_masked((uint32_t)x, (uint32_t)m & flag_bits(f), flag_bits(f),
				       flag_names(f), out);
		return;
	case FIELD_FMT_PKTTYPE:
		str_putf(out, "(%u,", (unsigned)(x >> 16));
		if (x & 0xffff)
			str_putf(out, "0x%x)", (unsigned)x & 0xffff);
		else
			str_puts(out, "0)");
		return;
	}
}

/* An integer of up to 124 bytes out of s[0..len): decimal up to 64 bits, hex of any width.
 * 1: bad syntax, 2: too large. */
static int parse_int(const char *s, size_t len, unsigned n_bytes, union field_value *ret)
{
	memset(ret->b, 0, n_bytes);
	char buf[32];
	if (len > 2 && s[0] == '0' && (s[1] | 0x20) == 'x') {
		unsigned nibble = 0;
		for (size_t i = len; i-- > 2; nibble++) {
			if (!isxdigit((unsigned char)s[i]))
				return 1;
			unsigned d = isdigit((unsigned char)s[i])
					     ? (unsigned)(s[i] - '0')
					     : (unsigned)((s[i] | 0x20) - 'a' + 10);
			if (nibble / 2 < n_bytes)
				ret->b[n_bytes - 1 - nibble / 2] |=
					(uint8_t)(d << (nibble % 2 * 4));
			else if (d)
				return 2;
		}
		return 0;
	}
	bool negative = len && s[0] == '-';
	uint64_t x;
	if (!len || len - negative >= sizeof buf)
		return 1;
	memcpy(buf, s + negative, len - negative);
	buf[len - negative] = '\0';
	if (!isdigit((unsigned char)buf[0]))
		return 1;
	if (!str_to_u64(buf, 0, &x)) {
		for (const char *p = buf; *p; p++)
			if (!isdigit((unsigned char)*p))
				return 1;
		return 2;
	}
	if (negative && x)
		return 2;
	for (unsigned i = n_bytes; i-- > 0; x >>= 8)
		ret->b[i] = (uint8_t)x;
	return x ? 2 : 0;
}

static int parse_number(const struct field *f, const char *s, union field_value *ret,
			union field_value *ret_mask, struct err *err)
{
	const char *slash = strchr(s, '/');
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	for (int part = 0; part < (slash ? 2 : 1); part++) {
		const char *p = part ? slash + 1 : s;
		int r = parse_int(p, part ? strlen(p) : len, f->n_bytes, part ? ret_mask : ret);
		if (r == 1)
			return err_set(err, -EINVAL, "%s: bad syntax for %s %s", s, f->name,
				       part ? "mask" : "value");
		if (r == 2)
			return err_set(err, -EINVAL, "%s: value too large for %u-byte field %s", s,
				       f->n_bytes, f->name);
	}
	return 0;
}

static bool parse_eth(const char *s, size_t len, struct eth_addr *ret)
{
	struct eth_addr a;
	for (unsigned i = 0; i < 6; i++) {
		unsigned digits = 0, x = 0;
		while (len && digits < 2 && isxdigit((unsigned char)*s)) {
			x = x * 16 + (isdigit((unsigned char)*s)
					      ? (unsigned)(*s - '0')
					      : (unsigned)((*s | 0x20) - 'a' + 10));
			s++, len--, digits++;
		}
		if (!digits)
			return false;
		a.b[i] = (uint8_t)x;
		if (i < 5) {
			if (!len || *s != ':')
				return false;
			s++, len--;
		}
	}
	if (len)
		return false;
	*ret = a;
	return true;
}

static int parse_eth_masked(const char *s, union field_value *v, union field_value *m,
			    struct err *err)
{
	const char *slash = strchr(s, '/');
	if (!parse_eth(s, slash ? (size_t)(slash - s) : strlen(s), &v->eth) ||
	    (slash && !parse_eth(slash + 1, strlen(slash + 1), &m->eth)))
		return err_set(err, -EINVAL, "%s: invalid Ethernet address", s);
	return 0;
}

/* Addresses with "/LENGTH" or "/MASK". */
static int parse_ip(const char *s, int family, union field_value *v, union field_value *m,
		    struct err *err)
{
	const char *what = family == AF_INET ? "IP" : "IPv6";
	unsigned size = family == AF_INET ? 4 : 16;
	const char *slash = strchr(s, '/');
	char buf[64];
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	if (len >= sizeof buf)
		return err_set(err, -EINVAL, "%s: invalid %s address", s, what);
	memcpy(buf, s, len);
	buf[len] = '\0';
	if (inet_pton(family, buf, v->b) != 1)
		return err_set(err, -EINVAL, "%s: invalid %s address", s, what);
	if (!slash)
		return 0;
	uint32_t n;
	if (str_to_u32(slash + 1, 10, &n)) {
		if (n > size * 8)
			return err_set(err, -EINVAL,
				       "%s: %s network prefix bits not between 0 and %u, inclusive",
				       s, family == AF_INET ? "IPv4" : "IPv6", size * 8);
		memset(m->b, 0, size);
		bits_fill(m->b, size, size * 8 - n, n, true);
	} else if (inet_pton(family, slash + 1, m->b) != 1) {
		return err_set(err, -EINVAL, "%s: invalid %s address", s, what);
	}
	return 0;
}

static int parse_frag(const char *s, union field_value *v, union field_value *m, struct err *err)
{
	static const struct {
		const char *name;
		uint8_t value, mask;
	} names[] = { { "no", 0, 3 },
		      { "yes", 1, 1 },
		      { "first", 1, 3 },
		      { "later", 3, 3 },
		      { "not_later", 0, 2 } };
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcasecmp(s, names[i].name)) {
			v->u8 = names[i].value;
			m->u8 = names[i].mask;
			return 0;
		}
	return err_set(err, -EINVAL,
		       "%s: unknown fragment type (valid types are "
		       "\"no\", \"yes\", \"first\", \"later\", \"not_later\"",
		       s);
}

static int parse_flags(const struct field *f, const char *s, uint32_t *flags, uint32_t *mask,
		       struct err *err)
{
	const char *kind = f->format == FIELD_FMT_CTSTATE    ? "ct_state"
			   : f->format == FIELD_FMT_TCPFLAGS ? "TCP"
							     : "tunnel";
	const char *(*name)(uint32_t) = flag_names(f);
	uint32_t allowed = flag_bits(f);
	uint64_t x, y;
	*flags = 0;
	*mask = allowed;
	if (isdigit((unsigned char)*s)) {
		char buf[32];
		const char *slash = strchr(s, '/');
		size_t len = slash ? (size_t)(slash - s) : strlen(s);
		str_copy(buf, s, MIN(len + 1, sizeof buf));
		if (!str_to_u64(buf, 0, &x) || (slash && !str_to_u64(slash + 1, 0, &y)))
			return err_set(err, -EINVAL, "%s: unknown %s flag(s)", s, kind);
		if (x & ~(uint64_t)allowed)
			return err_set(err, -EINVAL, "%s: unknown %s flag(s)", buf, kind);
		if (slash && y & ~(uint64_t)allowed)
			return err_set(err, -EINVAL, "%s: unknown %s flag(s)", slash + 1, kind);
		*flags = (uint32_t)x;
		if (slash)
			*mask = (uint32_t)y;
		return 0;
	}
	bool masked = *s == '+' || *s == '-';
	if (masked || !*s)
		*mask = 0;
	while (*s) {
		char sign = '+';
		if (*s == '+' || *s == '-')
			sign = *s++;
		else if (masked)
			return err_set(
				err, -EINVAL,
				"%s: %s flag must be preceded by '+' (for SET) or '-' (NOT SET)", s,
				kind);
		size_t len = strcspn(s, masked ? "+-" : "|");
		uint32_t bit = 1;
		while (bit & allowed) {
			const char *n = name(bit);
			if (n && strlen(n) == len && !strncmp(n, s, len))
				break;
			bit <<= 1;
		}
		if (!(bit & allowed))
			return err_set(err, -EINVAL, "%.*s: unknown %s flag(s)", (int)len, s, kind);
		if (masked && *mask & bit)
			return err_set(err, -EINVAL,
				       "%.*s: Each %s flag can be specified only once", (int)len, s,
				       kind);
		if (sign == '+')
			*flags |= bit;
		if (masked)
			*mask |= bit;
		s += len;
		if (!masked && *s == '|')
			s++;
	}
	return 0;
}

static int parse_packet_type(const char *s, uint32_t *ret, struct err *err)
{
	if (*s != '(')
		return err_set(err, -EINVAL, "%s: bad syntax for packet type missing '('", s);
	const char *comma = strchr(s, ','), *end = strchr(s, ')');
	char ns[16] = "", type[16] = "";
	uint16_t a, b;
	if (!comma)
		return err_set(err, -EINVAL, "%s: bad syntax for packet type missing ','", s);
	str_copy(ns, s + 1, MIN((size_t)(comma - s), sizeof ns));
	if (!str_to_u16(ns, 0, &a))
		return err_set(err, -EINVAL, "%s: bad syntax for packet type namespace", ns);
	if (!end)
		return err_set(err, -EINVAL, "%s: bad syntax for packet type missing ')'",
			       comma + 1);
	str_copy(type, comma + 1, MIN((size_t)(end - comma), sizeof type));
	if (!str_to_u16(type, 0, &b) || end[1])
		return err_set(err, -EINVAL, "%s: bad syntax for packet type", s);
	*ret = PT_OF(a, b);
	return 0;
}

int field_value_from_str(const struct field *f, const char *s, const struct ofport_names *ports,
			 union field_value *ret, union field_value *ret_mask, struct err *err)
{
	union field_value v = { 0 }, m = { 0 };
	uint32_t port, flags, mask;
	int r = 0;

	field_value_ones(f, &m);
	if (!strcmp(s, "*")) {
		memset(&m, 0, sizeof m);
		goto done;
	}
	switch (f->format) {
	case FIELD_FMT_DEC:
	case FIELD_FMT_HEX:
		r = parse_number(f, s, &v, &m, err);
		if (!r) {
			/* Bits that the field does not have are dropped. */
			union field_value own;
			field_value_ones(f, &own);
			if (f->where == FIELD_AT_VLAN && v.be16 != BE16_C(0xffff))
				own.be16 = BE16_C(VLAN_VID_MASK);
			for (unsigned i = 0; i < f->n_bytes; i++) {
				v.b[i] &= own.b[i];
				if (f->where != FIELD_AT_VLAN)
					m.b[i] &= own.b[i];
			}
		}
		break;
	case FIELD_FMT_ETH:
		r = parse_eth_masked(s, &v, &m, err);
		break;
	case FIELD_FMT_IP4:
		r = parse_ip(s, AF_INET, &v, &m, err);
		break;
	case FIELD_FMT_IP6:
		r = parse_ip(s, AF_INET6, &v, &m, err);
		break;
	case FIELD_FMT_PORT10:
	case FIELD_FMT_PORT11:
		if (!ofport_from_str(s, ports, &port))
			r = err_set(err, -EINVAL, "%s: invalid or unknown port for %s", s, f->name);
		else if (f->format == FIELD_FMT_PORT10)
			v.be16 = cpu_to_be16((uint16_t)port);
		else
			v.be32 = cpu_to_be32(ofport_to_11(port));
		break;
	case FIELD_FMT_FRAG:
		r = parse_frag(s, &v, &m, err);
		break;
	case FIELD_FMT_TUNFLAGS:
	case FIELD_FMT_TCPFLAGS:
	case FIELD_FMT_CTSTATE:
		r = parse_flags(f, s, &flags, &mask, err);
		if (!r && f->n_bytes == 2) {
			v.be16 = cpu_to_be16((uint16_t)flags);
			m.be16 = cpu_to_be16((uint16_t)mask);
		} else if (!r) {
			v.be32 = cpu_to_be32(flags);
			m.be32 = mask == flag_bits(f) ? UINT32_MAX : cpu_to_be32(mask);
		}
		break;
	case FIELD_FMT_PKTTYPE:
		r = parse_packet_type(s, &port, err);
		if (!r)
			v.be32 = cpu_to_be32(port);
		break;
	}
	if (r < 0)
		return r;
done:
	if (!field_value_is_ones(f, &m) &&
	    (!ret_mask || (!f->maskable && !field_value_is_zero(f, &m))))
		return err_set(err, -EINVAL, "%s: invalid mask for field %s", s, f->name);
	memcpy(ret, &v, f->n_bytes);
	if (ret_mask)
		memcpy(ret_mask, &m, f->n_bytes);
	return 0;
}
