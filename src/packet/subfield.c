/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of fields: what load, move, output:REG[..], learn, multipath .. read and write. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "packet/field.h"

/* Bit strings are short (at most 992 bits) and mostly byte-aligned; the loop per bit is the
 * exception. */
void bits_copy(const void *src_, unsigned src_size, unsigned src_ofs, void *dst_, unsigned dst_size,
	       unsigned dst_ofs, unsigned n_bits)
{
	const uint8_t *src = src_;
	uint8_t *dst = dst_;
	ASSERT(src_ofs + n_bits <= src_size * 8 && dst_ofs + n_bits <= dst_size * 8);
	if (src_ofs % 8 == 0 && dst_ofs % 8 == 0) {
		unsigned n = n_bits / 8;
		memmove(dst + dst_size - dst_ofs / 8 - n, src + src_size - src_ofs / 8 - n, n);
		src_ofs += n * 8;
		dst_ofs += n * 8;
		n_bits -= n * 8;
	}
	for (unsigned i = 0; i < n_bits; i++) {
		unsigned s = src_ofs + i, d = dst_ofs + i;
		unsigned bit = src[src_size - 1 - s / 8] >> (s % 8) & 1;
		uint8_t *p = &dst[dst_size - 1 - d / 8];
		*p = (uint8_t)((*p & ~(1u << d % 8)) | bit << d % 8);
	}
}

void bits_fill(void *dst_, unsigned dst_size, unsigned dst_ofs, unsigned n_bits, bool one)
{
	uint8_t *dst = dst_;
	ASSERT(dst_ofs + n_bits <= dst_size * 8);
	for (unsigned d = dst_ofs; d < dst_ofs + n_bits; d++) {
		uint8_t *p = &dst[dst_size - 1 - d / 8];
		if (d % 8 == 0 && dst_ofs + n_bits - d >= 8) {
			*p = one ? 0xff : 0;
			d += 7;
		} else {
			*p = (uint8_t)((*p & ~(1u << d % 8)) | (unsigned)one << d % 8);
		}
	}
}

bool bits_are(const void *p_, unsigned size, unsigned ofs, unsigned n_bits, bool one)
{
	const uint8_t *p = p_;
	ASSERT(ofs + n_bits <= size * 8);
	for (unsigned d = ofs; d < ofs + n_bits; d++) {
		uint8_t b = p[size - 1 - d / 8];
		if (d % 8 == 0 && ofs + n_bits - d >= 8) {
			if (b != (one ? 0xff : 0))
				return false;
			d += 7;
		} else if ((b >> d % 8 & 1) != one) {
			return false;
		}
	}
	return true;
}

int subfield_parse(const char *s, struct subfield *ret, const char **ret_end, struct err *err)
{
	size_t len = 0;
	while (isalnum((unsigned char)s[len]) || s[len] == '_')
		len++;
	const char *p = s + len, *close = *p == '[' ? strchr(p, ']') : NULL;
	int whole = (int)(close ? close + 1 - s : (ptrdiff_t)(*p == '[' ? strlen(s) : len));
	const struct field *f = field_from_name(s, len);
	if (!f)
		return err_set(err, -EINVAL, "%.*s: unknown field `%.*s'", whole, s, (int)len, s);

	struct subfield sub = { f, 0, f->n_bits };
	if (*p == '[') {
		if (!close)
			goto syntax;
		char buf[32];
		size_t n = (size_t)(close - p - 1);
		if (n >= sizeof buf)
			goto syntax;
		memcpy(buf, p + 1, n);
		buf[n] = '\0';
		if (n) {
			char *dots = strstr(buf, "..");
			uint16_t first, last;
			if (dots)
				*dots = '\0';
			if (!str_to_u16(buf, 10, &first) ||
			    (dots && !str_to_u16(dots + 2, 10, &last)))
				goto syntax;
			if (!dots)
				last = first;
			if (first > last)
				return err_set(err, -EINVAL,
					       "%.*s: starting bit %u is after ending bit %u",
					       whole, s, first, last);
			if (first >= f->n_bits)
				return err_set(
					err, -EINVAL,
					"%.*s: starting bit %u is not valid because field is only "
					"%u bits wide",
					whole, s, first, f->n_bits);
			if (last >= f->n_bits)
				return err_set(
					err, -EINVAL,
					"%.*s: ending bit %u is not valid because field is only "
					"%u bits wide",
					whole, s, last, f->n_bits);
			sub.ofs = first;
			sub.n_bits = (uint16_t)(last - first + 1);
		}
		p = close + 1;
	}
	*ret = sub;
	*ret_end = p;
	return 0;
syntax:
	return err_set(err, -EINVAL,
		       "%.*s: syntax error expecting [] or [<bit>] or [<start>..<end>]", whole, s);
}

int subfield_from_str(const char *s, struct subfield *ret, struct err *err)
{
	const char *end;
	struct subfield sub;
	int r = subfield_parse(s, &sub, &end, err);
	if (r < 0)
		return r;
	if (*end)
		return err_set(err, -EINVAL, "%s: trailing garbage following subfield", s);
	*ret = sub;
	return 0;
}

void subfield_to_str(const struct subfield *sub, struct str *out)
{
	if (!sub->field) {
		str_puts(out, "<unknown>");
		return;
	}
	str_puts(out, field_nxm_name(sub->field));
	if (sub->ofs == 0 && sub->n_bits == sub->field->n_bits)
		str_puts(out, "[]");
	else if (sub->n_bits == 1)
		str_putf(out, "[%u]", sub->ofs);
	else
		str_putf(out, "[%u..%u]", sub->ofs, sub->ofs + sub->n_bits - 1u);
}

int subfield_check_read(const struct subfield *sub, const struct flow_key *match,
			const struct flow_key *mask, struct err *err)
{
	const struct field *f = sub->field;
	if (!f)
		return err_set(err, -EINVAL, "unknown source field");
	if (!sub->n_bits)
		return err_set(err, -EINVAL, "zero bit source field %s", f->name);
	if (sub->ofs + sub->n_bits > f->n_bits)
		return err_set(err, -EINVAL,
			       "bit offset %u and width %u exceeds %u-bit width of field %s",
			       sub->ofs, sub->n_bits, f->n_bits, f->name);
	if (match && !field_prereqs_ok(f, match, mask))
		return err_set(err, -EINVAL, "source field %s lacks correct prerequisites",
			       f->name);
	return 0;
}

int subfield_check_write(const struct subfield *sub, const struct flow_key *match,
			 const struct flow_key *mask, struct err *err)
{
	const struct field *f = sub->field;
	if (!f)
		return err_set(err, -EINVAL, "unknown destination field");
	if (!sub->n_bits)
		return err_set(err, -EINVAL, "zero bit destination field %s", f->name);
	if (sub->ofs + sub->n_bits > f->n_bits)
		return err_set(err, -EINVAL,
			       "bit offset %u and width %u exceeds %u-bit width of field %s",
			       sub->ofs, sub->n_bits, f->n_bits, f->name);
	if (match && !field_prereqs_ok(f, match, mask))
		return err_set(err, -EINVAL, "destination field %s lacks correct prerequisites",
			       f->name);
	if (!f->writable)
		return err_set(err, -EINVAL, "destination field %s is not writable", f->name);
	return 0;
}

void subfield_read(const struct subfield *sub, const struct flow_key *key, void *ret, size_t size)
{
	union field_value v;
	field_get(sub->field, key, &v);
	memset(ret, 0, size);
	bits_copy(v.b, sub->field->n_bytes, sub->ofs, ret, (unsigned)size, 0,
		  MIN(sub->n_bits, (unsigned)size * 8));
}

uint64_t subfield_get(const struct subfield *sub, const struct flow_key *key)
{
	uint8_t b[8];
	subfield_read(sub, key, b, sizeof b);
	return get_be64(b);
}

void subfield_write(const struct subfield *sub, const void *value, size_t size,
		    struct flow_key *key)
{
	union field_value v = { 0 }, m = { 0 };
	unsigned n = sub->field->n_bytes;
	bits_copy(value, (unsigned)size, 0, v.b, n, sub->ofs, MIN(sub->n_bits, (unsigned)size * 8));
	bits_fill(m.b, n, sub->ofs, sub->n_bits, true);
	if (sub->field->where == FIELD_AT_PORT10 || sub->field->where == FIELD_AT_PORT11 ||
	    sub->field->where == FIELD_AT_VLAN) {
		/* No bit-wise way into these: merge with what is there. */
		union field_value old;
		field_get(sub->field, key, &old);
		for (unsigned i = 0; i < n; i++)
			v.b[i] = (uint8_t)((old.b[i] & ~m.b[i]) | (v.b[i] & m.b[i]));
		field_set(sub->field, &v, key);
		return;
	}
	field_set_masked(sub->field, &v, &m, key);
}

void subfield_set(const struct subfield *sub, uint64_t value, struct flow_key *key)
{
	uint8_t b[8];
	put_be64(b, value);
	subfield_write(sub, b, sizeof b, key);
}

void subfield_copy(const struct subfield *src, const struct subfield *dst,
		   const struct flow_key *from, struct flow_key *to)
{
	uint8_t b[FIELD_MAX_BYTES];
	unsigned size = DIV_ROUND_UP(MAX(src->n_bits, 8), 8);
	subfield_read(src, from, b, size);
	subfield_write(dst, b, size, to);
}

void subfield_mask_set(const struct subfield *sub, struct flow_key *mask)
{
	union field_value m = { 0 };
	if (sub->field->where == FIELD_AT_PORT10 || sub->field->where == FIELD_AT_PORT11 ||
	    sub->field->where == FIELD_AT_VLAN) {
		field_mask_set(sub->field, mask);
		return;
	}
	bits_fill(m.b, sub->field->n_bytes, sub->ofs, sub->n_bits, true);
	field_set_masked(sub->field, &m, &m, mask);
}
