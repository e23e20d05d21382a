/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <stdio.h>
#include "base/hash.h"
#include "base/mem.h"
#include "ovsdb/value.h"
#include "wire/json.h"

static const char *const type_names[N_ATOM_TYPES] = {
	[ATOM_VOID] = "void",	    [ATOM_INTEGER] = "integer", [ATOM_REAL] = "real",
	[ATOM_BOOLEAN] = "boolean", [ATOM_STRING] = "string",	[ATOM_UUID] = "uuid",
};

const char *atom_type_name(enum atom_type type) { return type_names[type]; }

bool atom_type_from_name(const char *name, enum atom_type *ret)
{
	for (int i = ATOM_INTEGER; i < N_ATOM_TYPES; i++)
		if (!strcmp(name, type_names[i])) {
			*ret = i;
			return true;
		}
	return false;
}

/* All types' defaults are all zeros: 0, 0.0, false, "", the zero UUID. */
void atom_init_default(union atom *a) { memset(a, 0, sizeof *a); }

bool atom_is_default(const union atom *a, enum atom_type type)
{
	static const union atom zero;

	return atom_equal(a, &zero, type);
}

void atom_init_string(union atom *a, const char *s, size_t len)
{
	memset(a, 0, sizeof *a);
	if (len <= ATOM_INLINE_MAX) {
		memcpy(a->text.s, s, len);
		return;
	}

	struct atom_text *text = xmalloc(sizeof *text + len + 1);
	text->refs = 1;
	text->len = len;
	memcpy(text->s, s, len);
	text->s[len] = '\0';
	a->text_ptr.p = text;
	a->text_ptr.is_long = 1;
}

void atom_copy(union atom *dst, const union atom *src, enum atom_type type)
{
	*dst = *src;
	if (type == ATOM_STRING && src->text.is_long)
		src->text_ptr.p->refs++;
}

void atom_fini(union atom *a, enum atom_type type)
{
	if (type == ATOM_STRING && a->text.is_long && --a->text_ptr.p->refs == 0)
		free(a->text_ptr.p);
}

int atom_cmp(const union atom *a, const union atom *b, enum atom_type type)
{
	switch (type) {
	case ATOM_VOID:
	case N_ATOM_TYPES:
		break;
	case ATOM_INTEGER:
		return a->integer < b->integer ? -1 : a->integer > b->integer;
	case ATOM_REAL:
		return a->real < b->real ? -1 : a->real > b->real;
	case ATOM_BOOLEAN:
		return a->boolean - b->boolean;
	case ATOM_STRING:
		if (!memcmp(a, b, sizeof *a))
			return 0;
		return strcmp(atom_str(a), atom_str(b));
	case ATOM_UUID:
		return uuid_cmp(&a->uuid, &b->uuid);
	}
	return 0;
}

uint32_t atom_hash(const union atom *a, enum atom_type type, uint32_t seed)
{
	switch (type) {
	case ATOM_VOID:
	case N_ATOM_TYPES:
		break;
	case ATOM_INTEGER:
		return hash_u64(a->integer, seed);
	case ATOM_REAL: {
		uint64_t bits;
		double r = a->real == 0 ? 0 : a->real; /* -0.0 equals 0.0 */
		memcpy(&bits, &r, sizeof bits);
		return hash_u64(bits, seed);
	}
	case ATOM_BOOLEAN:
		return hash_u32(a->boolean, seed);
	case ATOM_STRING:
		return hash_bytes(atom_str(a), atom_len(a), seed);
	case ATOM_UUID:
		return hash_bytes(&a->uuid, sizeof a->uuid, seed);
	}
	return seed;
}

/* Peers are told 15 digits, as by Open vSwitch's server, so that they see what it would show. */
static double real_as_told(double r)
{
	char buf[40];

	snprintf(buf, sizeof buf, "%.*g", DBL_DIG, r);
	return strtod(buf, NULL);
}

json_t *atom_to_json(const union atom *a, enum atom_type type)
{
	char uuid[UUID_LEN + 1];

	switch (type) {
	case ATOM_VOID:
	case N_ATOM_TYPES:
		break;
	case ATOM_INTEGER:
		return json_integer(a->integer);
	case ATOM_REAL:
		return json_real(real_as_told(a->real));
	case ATOM_BOOLEAN:
		return json_boolean(a->boolean);
	case ATOM_STRING:
		return json_stringn_nocheck(atom_str(a), atom_len(a));
	case ATOM_UUID:
		return json_pack("[ss]", "uuid", uuid_to_str(&a->uuid, uuid));
	}
	return json_null();
}

static void integer_put(int64_t i, struct str *out)
{
	char buf[24];
	char *p = buf + sizeof buf;
	uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;

	do
		*--p = '0' + u % 10;
	while (u /= 10);
	if (i < 0)
		*--p = '-';
	str_put(out, p, buf + sizeof buf - p);
}

static void real_put(double r, struct str *out)
{
	char buf[40];
	int n = snprintf(buf, sizeof buf, "%.*g", DBL_DIG, r);

	str_put(out, buf, n);
}

void atom_put_json(const union atom *a, enum atom_type type, struct str *out)
{
	char uuid[UUID_LEN + 1];

	switch (type) {
	case ATOM_VOID:
	case N_ATOM_TYPES:
		break;
	case ATOM_INTEGER:
		integer_put(a->integer, out);
		break;
	case ATOM_REAL:
		real_put(a->real, out);
		break;
	case ATOM_BOOLEAN:
		str_puts(out, a->boolean ? "true" : "false");
		break;
	case ATOM_STRING:
		json_put_string(atom_str(a), out);
		break;
	case ATOM_UUID:
		str_puts(out, "[\"uuid\",\"");
		str_put(out, uuid_to_str(&a->uuid, uuid), UUID_LEN);
		str_puts(out, "\"]");
		break;
	}
}

/* A word that reads back as a string, and not as a boolean, number or uuid (ovs-vsctl(8)). */
static bool is_bare_word(const char *s)
{
	struct uuid uuid;

	if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_'))
		return false;
	for (const char *p = s; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		      (*p >= '0' && *p <= '9') || *p == '_' || *p == '-' || *p == '.'))
			return false;
	return strcmp(s, "true") && strcmp(s, "false") && !uuid_from_prefix(s, &uuid);
}

void atom_put_bare(const union atom *a, enum atom_type type, struct str *out)
{
	char uuid[UUID_LEN + 1];

	if (type == ATOM_STRING)
		str_put(out, atom_str(a), atom_len(a));
	else if (type == ATOM_UUID)
		str_put(out, uuid_to_str(&a->uuid, uuid), UUID_LEN);
	else
		atom_put_json(a, type, out);
}

void atom_put(const union atom *a, enum atom_type type, struct str *out)
{
	if (type == ATOM_STRING && !is_bare_word(atom_str(a)))
		json_put_string(atom_str(a), out);
	else
		atom_put_bare(a, type, out);
}

void symbol_table_init(struct symbol_table *t) { hmap_init(&t->symbols); }

void symbol_table_fini(struct symbol_table *t)
{
	struct symbol *s;

	HMAP_FOR_EACH_SAFE(s, &t->symbols, node) {
		hmap_remove(&t->symbols, &s->node);
		free(s->name);
		free(s);
	}
	hmap_fini(&t->symbols);
}

struct symbol *symbol_lookup(const struct symbol_table *t, const char *name)
{
	struct symbol *s;

	HMAP_FOR_EACH_WITH_HASH(s, &t->symbols, hash_str(name, hash_secret()), node)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

struct symbol *symbol_get(struct symbol_table *t, const char *name)
{
	struct symbol *s = symbol_lookup(t, name);

	if (!s) {
		s = xzalloc(sizeof *s);
		s->name = xstrdup(name);
		uuid_random(&s->uuid);
		hmap_insert(&t->symbols, &s->node, hash_str(name, hash_secret()));
	}
	return s;
}
