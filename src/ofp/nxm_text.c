/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of NXM and OXM fields as text: "NXM_OF_ETH_TYPE(0800), NXM_OF_IP_SRC_W(0a000000/ff000000)".
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "ofp/nxm.h"

/* Not a field, but a code point that flow messages have. */
#define NXM_NX_COOKIE (UINT64_C(1) << 48 | UINT64_C(30) << 41 | UINT64_C(8) << 32)

static void put_header_name(uint64_t h, struct str *out)
{
	if (!((h ^ NXM_NX_COOKIE) & ~(UINT64_C(0x1ff) << 32))) {
		str_puts(out, field_header_is_masked(h) ? "NXM_NX_COOKIE_W" : "NXM_NX_COOKIE");
		return;
	}
	const struct field *f = field_from_nxm(h);
	const struct field_point *point = NULL;
	for (unsigned i = 0; f && i < f->n_points; i++)
		if (!((f->points[i].header ^ h) & ~(UINT64_C(0x1ff) << 32)))
			point = &f->points[i];
	if (point)
		str_puts(out, point->name);
	else
		str_putf(out, "%u:%u", field_header_class(h), (unsigned)(h >> 41) & 0x7f);
	if (field_header_is_masked(h))
		str_puts(out, "_W");
}

void nxm_put_text(const void *p_, size_t size, struct str *out)
{
	const uint8_t *p = p_;
	bool first = true;
	if (!size)
		str_puts(out, "<any>");
	while (size) {
		uint64_t h;
		if (!first)
			str_puts(out, ", ");
		first = false;
		if (field_header_read(p, size, &h) < 0) {
			str_puts(out, "...");
			return;
		}
		unsigned head = field_header_size(h), body = field_header_body(h);
		if (head + body > size) {
			str_puts(out, "...");
			return;
		}
		put_header_name(h, out);
		str_putc(out, '(');
		unsigned value = field_header_is_masked(h) ? body / 2 : body;
		str_put_hex(out, p + head, value);
		if (field_header_is_masked(h)) {
			str_putc(out, '/');
			str_put_hex(out, p + head + value, body - value);
		}
		str_putc(out, ')');
		p += head + body;
		size -= head + body;
	}
}

/* Hex digits, blanks between them allowed, up to 'stop'. */
static bool hex_until(const char **s, const char *stop, struct bytes *out)
{
	for (;;) {
		*s += strspn(*s, " ");
		if (!**s || strchr(stop, **s))
			return true;
		unsigned byte = 0;
		for (int i = 0; i < 2; i++) {
			unsigned char c = (unsigned char)(*s)[i];
			if (!isxdigit(c))
				return false;
			byte = byte * 16 + (isdigit(c) ? c - '0' : (c | 0x20u) - 'a' + 10);
		}
		bytes_put_u8(out, (uint8_t)byte);
		*s += 2;
	}
}

/* "NAME", "NAME_W", or a header in eight or sixteen hex digits. */
static bool header_from_name(const char *s, size_t len, uint64_t *ret)
{
	const struct field *f = field_from_name(s, len);
	bool masked = false;
	if (!f && len > 2 && !strncmp(s + len - 2, "_W", 2)) {
		len -= 2;
		masked = true;
		f = field_from_name(s, len);
	}
	if (f) {
		for (unsigned i = 0; i < f->n_points; i++) {
			const struct field_point *p = &f->points[i];
			if (strlen(p->name) == len && !strncmp(p->name, s, len)) {
				*ret = p->header;
				if (masked)
					*ret = (*ret | FIELD_HEADER_MASKED) +
					       ((uint64_t)f->n_bytes << 32);
				return true;
			}
		}
		return false;
	}
	static const char cookie[] = "NXM_NX_COOKIE";
	if (len == strlen(cookie) && !strncmp(s, cookie, len)) {
		*ret = masked ? (NXM_NX_COOKIE | FIELD_HEADER_MASKED) + (UINT64_C(8) << 32)
			      : NXM_NX_COOKIE;
		return true;
	}
	char hex[17] = "";
	uint64_t x;
	if (masked || (len != 8 && len != 16))
		return false;
	memcpy(hex, s, len);
	if (!str_to_u64(hex, 16, &x))
		return false;
	*ret = len == 8 ? x << 32 : x;
	return true;
}

int nxm_from_text(const char *s, enum of_version version, struct bytes *out, struct err *err)
{
	const char *whole = s;
	size_t start = out->size;
	(void)version; /* a name says which of a field's headers is meant */
	if (!strcmp(s, "<any>"))
		return 0;
	for (s += strspn(s, ", "); *s; s += strspn(s, ", ")) {
		size_t len = strcspn(s, "(");
		uint64_t h;
		if (s[len] != '(') {
			err_set(err, -EINVAL, "%s: missing ( at end of nx_match", whole);
			goto fail;
		}
		if (!header_from_name(s, len, &h)) {
			err_set(err, -EINVAL, "%s: unknown field `%.*s'", whole, (int)len, s);
			goto fail;
		}
		s += len + 1;
		uint8_t head[8];
		bytes_put(out, head, field_header_write(head, h));
		size_t body = out->size;
		if (!hex_until(&s, "/)", out)) {
			err_set(err, -EINVAL, "%.2s: hex digits expected", s);
			goto fail;
		}
		size_t n = out->size - body, want = field_header_body(h);
		if (field_header_is_masked(h))
			want /= 2;
		if (n != want) {
			err_set(err, -EINVAL, "expected to read %zu bytes but got %zu", want, n);
			goto fail;
		}
		if (field_header_is_masked(h)) {
			if (*s != '/') {
				err_set(err, -EINVAL, "%s: missing / in masked field %.*s", whole,
					(int)(len), whole);
				goto fail;
			}
			s++;
			if (!hex_until(&s, ")", out) || out->size - body != 2 * n) {
				err_set(err, -EINVAL, "%.2s: hex digits expected", s);
				goto fail;
			}
		}
		if (*s != ')') {
			err_set(err, -EINVAL, "%s: missing ) following field %.*s", whole, (int)len,
				whole);
			goto fail;
		}
		s++;
	}
	return 0;
fail:
	out->size = start;
	return -EINVAL;
}
