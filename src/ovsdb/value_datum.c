/* SPDX-License-Identifier: Apache-2.0 */
/* Datums as immutable shared blocks.
 *
 * Most columns of most rows hold their default, and most changes touch one column of a row. So a
 * row is an array of pointers to blocks, unchanged columns are shared between the versions of a
 * row by counting, and equality is usually the equality of two pointers. All defaults of scalar
 * types and all empty sets and maps are one static block each; small integers too.
 *
 * Elements lie sorted, keys first, then values, so that set operations are merges. The types are
 * in the header of the block, which makes releasing one independent of the schema. */
#include <errno.h>
#include "base/hash.h"
#include "base/mem.h"
#include "ovsdb/parser.h"
#include "ovsdb/value.h"
#include "wire/json.h"

/* A static block has room for one atom. */
struct static_datum {
	uint32_t refs;
	uint32_t n : 26;
	uint32_t key_type : 3;
	uint32_t value_type : 3;
	union atom atom;
};
_Static_assert(offsetof(struct static_datum, atom) == offsetof(struct datum, atoms), "same shape");

#define N_SMALL 64
static struct static_datum empties[N_ATOM_TYPES][N_ATOM_TYPES];
static struct static_datum scalars[N_ATOM_TYPES];
static struct static_datum true_datum;
static struct static_datum small_ints[N_SMALL];

static void static_init(struct static_datum *s, enum atom_type k, enum atom_type v, unsigned n)
{
	s->refs = DATUM_STATIC;
	s->n = n;
	s->key_type = k;
	s->value_type = v;
}

CONSTRUCTOR static void init_statics(void)
{
	for (int k = 0; k < N_ATOM_TYPES; k++) {
		for (int v = 0; v < N_ATOM_TYPES; v++)
			static_init(&empties[k][v], k, v, 0);
		static_init(&scalars[k], k, ATOM_VOID, 1);
	}
	static_init(&true_datum, ATOM_BOOLEAN, ATOM_VOID, 1);
	true_datum.atom.boolean = true;
	for (int i = 0; i < N_SMALL; i++) {
		static_init(&small_ints[i], ATOM_INTEGER, ATOM_VOID, 1);
		small_ints[i].atom.integer = i;
	}
}

static struct datum *from_static(struct static_datum *s) { return (struct datum *)s; }

struct datum *datum_empty(enum atom_type key, enum atom_type value)
{
	return from_static(&empties[key][value]);
}

static struct datum *datum_alloc(enum atom_type k, enum atom_type v, size_t n)
{
	size_t n_atoms = v == ATOM_VOID ? n : 2 * n;
	struct datum *d = xmalloc(sizeof *d + n_atoms * sizeof d->atoms[0]);

	ASSERT(n <= DATUM_MAX_N);
	d->refs = 1;
	d->n = n;
	d->key_type = k;
	d->value_type = v;
	return d;
}

/* The static block that equals this scalar, or NULL. */
static struct datum *shared_scalar(const union atom *a, enum atom_type type)
{
	switch (type) {
	case ATOM_BOOLEAN:
		return from_static(a->boolean ? &true_datum : &scalars[ATOM_BOOLEAN]);
	case ATOM_INTEGER:
		if (a->integer >= 0 && a->integer < N_SMALL)
			return from_static(&small_ints[a->integer]);
		return NULL;
	case ATOM_STRING:
		return !a->text.is_long && !a->text.s[0] ? from_static(&scalars[type]) : NULL;
	case ATOM_UUID:
		return uuid_is_zero(&a->uuid) ? from_static(&scalars[type]) : NULL;
	case ATOM_REAL:
	case ATOM_VOID:
	case N_ATOM_TYPES:
		break;
	}
	return NULL;
}

/* Takes the atom over. */
static struct datum *datum_from_atom(union atom *a, enum atom_type type)
{
	struct datum *d = shared_scalar(a, type);

	if (!d) {
		d = datum_alloc(type, ATOM_VOID, 1);
		d->atoms[0] = *a;
	}
	return d;
}

void datum_free_(struct datum *d)
{
	if (d->key_type == ATOM_STRING)
		for (size_t i = 0; i < d->n; i++)
			atom_fini(&d->atoms[i], ATOM_STRING);
	if (d->value_type == ATOM_STRING)
		for (size_t i = d->n; i < 2u * d->n; i++)
			atom_fini(&d->atoms[i], ATOM_STRING);
	free(d);
}

struct datum *datum_default(const struct column_type *t)
{
	enum atom_type k = t->key.type, v = t->value.type;

	if (t->n_min == 0)
		return datum_empty(k, v);
	if (v == ATOM_VOID)
		return from_static(k == ATOM_INTEGER ? &small_ints[0] : &scalars[k]);

	struct datum *d = datum_alloc(k, v, 1);
	atom_init_default(&d->atoms[0]);
	atom_init_default(&d->atoms[1]);
	return d;
}

bool datum_is_default(const struct datum *d, const struct column_type *t)
{
	return d->n == t->n_min &&
	       (d->n == 0 || (atom_is_default(datum_key(d, 0), t->key.type) &&
			      (t->value.type == ATOM_VOID ||
			       atom_is_default(datum_value(d, 0), t->value.type))));
}

struct datum *datum_from_integer(int64_t v)
{
	union atom a;

	atom_init_default(&a);
	a.integer = v;
	return datum_from_atom(&a, ATOM_INTEGER);
}

struct datum *datum_from_real(double v)
{
	union atom a;

	atom_init_default(&a);
	a.real = v;
	return datum_from_atom(&a, ATOM_REAL);
}

struct datum *datum_from_boolean(bool v)
{
	return from_static(v ? &true_datum : &scalars[ATOM_BOOLEAN]);
}

struct datum *datum_from_string(const char *s)
{
	union atom a;

	atom_init_string(&a, s, strlen(s));
	return datum_from_atom(&a, ATOM_STRING);
}

struct datum *datum_from_uuid(const struct uuid *u)
{
	union atom a;

	a.uuid = *u;
	return datum_from_atom(&a, ATOM_UUID);
}

/* Building. */
void datum_build_add(struct datum_build *b, union atom key, const union atom *value)
{
	b->keys = xgrow(b->keys, &b->n_allocated, b->n + 1, sizeof *b->keys);
	b->keys[b->n] = key;
	if (b->value_type != ATOM_VOID) {
		b->values = xgrow(b->values, &b->n_values_allocated, b->n + 1, sizeof *b->values);
		b->values[b->n] = *value;
	}
	b->n++;
}

void datum_build_add_string(struct datum_build *b, const char *key)
{
	union atom k;

	atom_init_string(&k, key, strlen(key));
	datum_build_add(b, k, NULL);
}

void datum_build_add_pair(struct datum_build *b, const char *key, const char *value)
{
	union atom k, v;

	atom_init_string(&k, key, strlen(key));
	atom_init_string(&v, value, strlen(value));
	datum_build_add(b, k, &v);
}

void datum_build_add_uuid(struct datum_build *b, const struct uuid *u)
{
	union atom k;

	k.uuid = *u;
	datum_build_add(b, k, NULL);
}

void datum_build_add_integer(struct datum_build *b, int64_t key)
{
	union atom k;

	atom_init_default(&k);
	k.integer = key;
	datum_build_add(b, k, NULL);
}

struct build_elem {
	union atom key, value;
	size_t index;
};

static int compare_elems(const void *a_, const void *b_, void *type)
{
	const struct build_elem *a = a_, *b = b_;
	int c = atom_cmp(&a->key, &b->key, *(const enum atom_type *)type);

	return c ? c : a->index < b->index ? -1 : 1;
}

static void build_sort(struct datum_build *b)
{
	size_t i;

	for (i = 1; i < b->n; i++)
		if (atom_cmp(&b->keys[i - 1], &b->keys[i], b->key_type) > 0)
			break;
	if (i >= b->n)
		return;

	struct build_elem *elems = xcalloc(b->n, sizeof *elems);
	for (i = 0; i < b->n; i++) {
		elems[i].key = b->keys[i];
		if (b->values)
			elems[i].value = b->values[i];
		elems[i].index = i;
	}
	qsort_r(elems, b->n, sizeof *elems, compare_elems, &b->key_type);
	for (i = 0; i < b->n; i++) {
		b->keys[i] = elems[i].key;
		if (b->values)
			b->values[i] = elems[i].value;
	}
	free(elems);
}

bool datum_build_has_duplicates(struct datum_build *b)
{
	build_sort(b);
	for (size_t i = 1; i < b->n; i++)
		if (atom_equal(&b->keys[i - 1], &b->keys[i], b->key_type))
			return true;
	return false;
}

struct datum *datum_build_take(struct datum_build *b)
{
	size_t n = 0;

	build_sort(b);
	for (size_t i = 0; i < b->n; i++) {
		if (n && atom_equal(&b->keys[n - 1], &b->keys[i], b->key_type)) {
			atom_fini(&b->keys[i], b->key_type);
			if (b->values)
				atom_fini(&b->values[i], b->value_type);
			continue;
		}
		b->keys[n] = b->keys[i];
		if (b->values)
			b->values[n] = b->values[i];
		n++;
	}
	b->n = 0;

	struct datum *d;
	if (n == 0) {
		d = datum_empty(b->key_type, b->value_type);
	} else if (n == 1 && b->value_type == ATOM_VOID) {
		d = datum_from_atom(&b->keys[0], b->key_type);
	} else {
		d = datum_alloc(b->key_type, b->value_type, n);
		memcpy(d->atoms, b->keys, n * sizeof *b->keys);
		if (b->value_type != ATOM_VOID)
			memcpy(d->atoms + n, b->values, n * sizeof *b->values);
	}
	return d;
}

struct datum *datum_build_finish(struct datum_build *b)
{
	struct datum *d = datum_build_take(b);

	datum_build_fini(b);
	return d;
}

void datum_build_fini(struct datum_build *b)
{
	for (size_t i = 0; i < b->n; i++) {
		atom_fini(&b->keys[i], b->key_type);
		if (b->values)
			atom_fini(&b->values[i], b->value_type);
	}
	free(b->keys);
	free(b->values);
	b->keys = b->values = NULL;
	b->n = b->n_allocated = b->n_values_allocated = 0;
}

/* Comparison and search. */
int datum_cmp(const struct datum *a, const struct datum *b)
{
	if (a == b)
		return 0;
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (size_t i = 0; i < a->n; i++) {
		int c = atom_cmp(datum_key(a, i), datum_key(b, i), a->key_type);
		if (c)
			return c;
	}
	if (a->value_type != ATOM_VOID)
		for (size_t i = 0; i < a->n; i++) {
			int c = atom_cmp(datum_value(a, i), datum_value(b, i), a->value_type);
			if (c)
				return c;
		}
	return 0;
}

bool datum_equal(const struct datum *a, const struct datum *b) { return !datum_cmp(a, b); }

uint32_t datum_hash(const struct datum *d, uint32_t seed)
{
	for (size_t i = 0; i < d->n; i++)
		seed = atom_hash(datum_key(d, i), d->key_type, seed);
	if (d->value_type != ATOM_VOID)
		for (size_t i = 0; i < d->n; i++)
			seed = atom_hash(datum_value(d, i), d->value_type, seed);
	return hash_u32(d->n, seed);
}

uint32_t datum_find_key(const struct datum *d, const union atom *key)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = atom_cmp(key, datum_key(d, mid), d->key_type);
		if (!c)
			return mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return UINT32_MAX;
}

uint32_t datum_find_string(const struct datum *d, const char *key)
{
	union atom k;

	atom_init_string(&k, key, strlen(key));
	uint32_t i = datum_find_key(d, &k);
	atom_fini(&k, ATOM_STRING);
	return i;
}

const char *datum_map_get(const struct datum *d, const char *key)
{
	uint32_t i = datum_find_string(d, key);

	return i == UINT32_MAX ? NULL : atom_str(datum_value(d, i));
}

bool datum_find_pair(const struct datum *d, const union atom *key, const union atom *value)
{
	uint32_t i = datum_find_key(d, key);

	return i != UINT32_MAX &&
	       (d->value_type == ATOM_VOID || atom_equal(datum_value(d, i), value, d->value_type));
}

/* 'value' of element i, or NULL in a set. */
static const union atom *value_or_null(const struct datum *d, size_t i)
{
	return d->value_type == ATOM_VOID ? NULL : datum_value(d, i);
}

bool datum_includes_all(const struct datum *whole, const struct datum *part)
{
	if (part->n > whole->n)
		return false;
	for (size_t i = 0; i < part->n; i++)
		if (!datum_find_pair(whole, datum_key(part, i), value_or_null(part, i)))
			return false;
	return true;
}

bool datum_excludes_all(const struct datum *a, const struct datum *b)
{
	if (b->n > a->n) {
		const struct datum *t = a;
		a = b;
		b = t;
	}
	for (size_t i = 0; i < b->n; i++)
		if (datum_find_pair(a, datum_key(b, i), value_or_null(b, i)))
			return false;
	return true;
}

static void merge_put(struct datum_build *b, const struct datum *from, size_t i)
{
	union atom k, v;

	atom_copy(&k, datum_key(from, i), from->key_type);
	if (b->value_type == ATOM_VOID) {
		datum_build_add(b, k, NULL);
	} else {
		atom_copy(&v, datum_value(from, i), from->value_type);
		datum_build_add(b, k, &v);
	}
}

/* Merges a and b: which elements stay is decided by the callback-free flags below. */
enum { ONLY_A = 1, ONLY_B = 2, BOTH_A = 4, BOTH_B = 8, DIFFER_A = 16, DIFFER_B = 32 };

static struct datum *merge(const struct datum *a, const struct datum *b, unsigned keep)
{
	struct datum_build out = DATUM_BUILD(a->key_type, a->value_type);
	bool is_map = a->value_type != ATOM_VOID && b->value_type != ATOM_VOID;
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		int c = i >= a->n   ? 1
			: j >= b->n ? -1
				    : atom_cmp(datum_key(a, i), datum_key(b, j), a->key_type);
		if (c < 0) {
			if (keep & ONLY_A)
				merge_put(&out, a, i);
			i++;
			continue;
		}
		if (c > 0) {
			if (keep & ONLY_B)
				merge_put(&out, b, j);
			j++;
			continue;
		}
		bool same =
			!is_map || atom_equal(datum_value(a, i), datum_value(b, j), a->value_type);
		if (keep & (same ? BOTH_A : DIFFER_A))
			merge_put(&out, a, i);
		else if (keep & (same ? BOTH_B : DIFFER_B))
			merge_put(&out, b, j);
		i++;
		j++;
	}
	return datum_build_finish(&out);
}

struct datum *datum_union(const struct datum *a, const struct datum *b, bool replace)
{
	if (!b->n)
		return datum_ref(a);
	if (!a->n)
		return datum_ref(b);
	return merge(a, b, ONLY_A | ONLY_B | BOTH_A | (replace ? DIFFER_B : DIFFER_A));
}

struct datum *datum_subtract(const struct datum *a, const struct datum *b)
{
	if (!a->n || !b->n)
		return datum_ref(a);
	return merge(a, b, ONLY_A | DIFFER_A);
}

struct datum *datum_diff(const struct datum *a, const struct datum *b)
{
	return merge(a, b, ONLY_A | ONLY_B | DIFFER_B);
}

struct datum *datum_apply_diff(const struct datum *a, const struct datum *diff)
{
	/* In both with the same value: it goes away; with another: it changes. */
	return merge(a, diff, ONLY_A | ONLY_B | DIFFER_B);
}

void datum_added_removed(const struct datum *a, const struct datum *b, struct datum **ret_added,
			 struct datum **ret_removed)
{
	*ret_added = merge(a, b, ONLY_B | DIFFER_B);
	*ret_removed = merge(a, b, ONLY_A | DIFFER_A);
}

int datum_check(const struct datum *d, const struct column_type *t, struct dberr *err)
{
	if (base_type_has_constraints(&t->key))
		for (size_t i = 0; i < d->n; i++)
			if (atom_check(datum_key(d, i), &t->key, err) < 0)
				return -EINVAL;
	if (column_type_is_map(t) && base_type_has_constraints(&t->value))
		for (size_t i = 0; i < d->n; i++)
			if (atom_check(datum_value(d, i), &t->value, err) < 0)
				return -EINVAL;
	return 0;
}
