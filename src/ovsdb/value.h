/* SPDX-License-Identifier: Apache-2.0 */
/* value: what a column holds (RFC 7047 sections 3.2 and 5.1): atoms, types with their constraints,
 * and datums, which are sets or maps of atoms.
 *
 * A datum is one reference-counted block that never changes once others can see it, so that a row,
 * its former version, a monitor's history and a client's copy share what is equal, and copying a
 * row is copying pointers. Elements are sorted and distinct. The values that most columns have
 * most of the time (empty, 0, "", false, true, the zero UUID) are static and cost nothing.
 * Strings of up to 15 bytes live in the atom.
 *
 * Threads: one at a time (reference counts are plain). */
#pragma once
#include <jansson.h>
#include "base/hmap.h"
#include "base/str.h"
#include "base/uuid.h"
#include "ovsdb/dberr.h"

/* Atoms. */
enum atom_type {
	ATOM_VOID, /* only as the value type of a set */
	ATOM_INTEGER,
	ATOM_REAL,
	ATOM_BOOLEAN,
	ATOM_STRING,
	ATOM_UUID,
	N_ATOM_TYPES,
};

#define ATOM_INLINE_MAX 15

/* A long string, shared among atoms. */
struct atom_text {
	uint32_t refs;
	uint32_t len;
	char s[];
};

union atom {
	int64_t integer;
	double real;
	bool boolean;
	struct uuid uuid;
	struct {
		char s[ATOM_INLINE_MAX]; /* padded with zeros */
		uint8_t is_long;	 /* 0: 's' holds it, and this byte ends it */
	} text;
	struct {
		struct atom_text *p;
		uint8_t pad[7];
		uint8_t is_long; /* 1 */
	} text_ptr;
};
_Static_assert(sizeof(union atom) == 16, "two to a 32-byte block");

/* Names of uuids within one transaction (RFC 7047 "named-uuid"). */
struct symbol {
	struct hmap_node node;
	char *name;
	struct uuid uuid;
	bool created;	 /* an "insert" took it */
	bool used;	 /* someone referred to it */
	bool strong_ref; /* in a column that keeps the row alive */
	bool is_kept;	 /* for command lines: the row stays without references */
};
struct symbol_table {
	struct hmap symbols;
};
void symbol_table_init(struct symbol_table *);
void symbol_table_fini(struct symbol_table *);
struct symbol *symbol_lookup(const struct symbol_table *, const char *name);
/* Finds it, or makes one with a random uuid. */
struct symbol *symbol_get(struct symbol_table *, const char *name);

const char *atom_type_name(enum atom_type); /* "integer" */
bool atom_type_from_name(const char *name, enum atom_type *ret);

void atom_init_default(union atom *);
void atom_init_string(union atom *, const char *s, size_t len);
void atom_copy(union atom *dst, const union atom *src, enum atom_type); /* takes a reference */
void atom_fini(union atom *, enum atom_type);
/* A string atom's characters; they live as long as this atom does. */
static inline const char *atom_str(const union atom *a)
{
	return a->text.is_long ? a->text_ptr.p->s : a->text.s;
}
static inline size_t atom_len(const union atom *a)
{
	return a->text.is_long ? a->text_ptr.p->len : strlen(a->text.s);
}
int atom_cmp(const union atom *, const union atom *, enum atom_type);
static inline bool atom_equal(const union atom *a, const union atom *b, enum atom_type type)
{
	return !atom_cmp(a, b, type);
}
uint32_t atom_hash(const union atom *, enum atom_type, uint32_t seed);
bool atom_is_default(const union atom *, enum atom_type);
json_t *atom_to_json(const union atom *, enum atom_type);
/* As JSON text, without a tree. */
void atom_put_json(const union atom *, enum atom_type, struct str *out);
/* In the syntax of ovs-vsctl(8), "Database Values": a bare word where it can be one. */
void atom_put(const union atom *, enum atom_type, struct str *out);
/* Without quotation marks: as "--bare" and find's column prints. */
void atom_put_bare(const union atom *, enum atom_type, struct str *out);

/* Types. */
enum ref_type { REF_STRONG, REF_WEAK };
struct table_schema;

struct base_type {
	enum atom_type type;
	struct datum *allowed; /* "enum"; NULL: any */
	union {
		struct {
			int64_t min, max;
		} integer;
		struct {
			double min, max;
		} real; /* -DBL_MAX, DBL_MAX: no limit */
		struct {
			uint32_t min_len, max_len;
		} string;
		struct {
			char *table_name;	    /* NULL: refers to nothing */
			struct table_schema *table; /* set when the schema is complete */
			enum ref_type ref_type;
		} ref;
	};
};

#define N_UNLIMITED UINT32_MAX

struct column_type {
	struct base_type key;
	struct base_type value; /* ATOM_VOID: a set */
	uint32_t n_min;		/* 0 or 1 */
	uint32_t n_max;		/* >= 1; N_UNLIMITED */
};

void base_type_init(struct base_type *, enum atom_type);
void base_type_fini(struct base_type *);
void base_type_copy(struct base_type *dst, const struct base_type *src);
bool base_type_has_constraints(const struct base_type *);
static inline bool base_type_is_ref(const struct base_type *b, enum ref_type t)
{
	return b->type == ATOM_UUID && b->ref.table_name && b->ref.ref_type == t;
}
MUST_CHECK int base_type_from_json(const json_t *, struct base_type *ret, struct dberr *);
json_t *base_type_to_json(const struct base_type *);
/* 0, or a "constraint violation". */
MUST_CHECK int atom_check(const union atom *, const struct base_type *, struct dberr *);

/* A type without constraints. */
void column_type_init(struct column_type *, enum atom_type key, enum atom_type value,
		      uint32_t n_min, uint32_t n_max);
void column_type_fini(struct column_type *);
void column_type_copy(struct column_type *dst, const struct column_type *src);
MUST_CHECK int column_type_from_json(const json_t *, struct column_type *ret, struct dberr *);
json_t *column_type_to_json(const struct column_type *);
/* "set of up to 3 strings", "map of (string, integer) pairs, containing at least 1 pair", .. */
void column_type_put_english(const struct column_type *, struct str *out);
static inline bool column_type_is_scalar(const struct column_type *t)
{
	return t->value.type == ATOM_VOID && t->n_min == 1 && t->n_max == 1;
}
static inline bool column_type_is_optional_scalar(const struct column_type *t)
{
	return t->value.type == ATOM_VOID && t->n_min == 0 && t->n_max == 1;
}
static inline bool column_type_is_composite(const struct column_type *t) { return t->n_max > 1; }
static inline bool column_type_is_map(const struct column_type *t)
{
	return t->value.type != ATOM_VOID;
}
static inline bool column_type_is_set(const struct column_type *t)
{
	return t->value.type == ATOM_VOID && (t->n_min != 1 || t->n_max != 1);
}

/* Datums. */
struct datum {
	uint32_t refs; /* DATUM_STATIC: never counted */
	uint32_t n : 26;
	uint32_t key_type : 3;
	uint32_t value_type : 3;
	union atom atoms[]; /* n keys, sorted; then, in a map, their n values */
};

#define DATUM_STATIC UINT32_MAX
#define DATUM_MAX_N ((1u << 26) - 1)

static inline const union atom *datum_keys(const struct datum *d) { return d->atoms; }
static inline const union atom *datum_values(const struct datum *d) { return d->atoms + d->n; }
static inline const union atom *datum_key(const struct datum *d, size_t i) { return &d->atoms[i]; }
static inline const union atom *datum_value(const struct datum *d, size_t i)
{
	return &d->atoms[d->n + i];
}
static inline struct datum *datum_ref(const struct datum *d)
{
	struct datum *m = (struct datum *)d;
	if (m->refs != DATUM_STATIC)
		m->refs++;
	return m;
}
void datum_free_(struct datum *);
static inline void datum_unref(struct datum *d)
{
	if (d && d->refs != DATUM_STATIC && --d->refs == 0)
		datum_free_(d);
}
static inline void auto_datum_(struct datum **d) { datum_unref(*d); }
#define AUTO_DATUM CLEANUP(auto_datum_) struct datum

/* All functions below that return a datum return a new reference. */
struct datum *datum_empty(enum atom_type key, enum atom_type value);
/* What a new row has (RFC 7047 section 5.2.1). */
struct datum *datum_default(const struct column_type *);
bool datum_is_default(const struct datum *, const struct column_type *);
struct datum *datum_from_integer(int64_t);
struct datum *datum_from_real(double);
struct datum *datum_from_boolean(bool);
struct datum *datum_from_string(const char *);
struct datum *datum_from_uuid(const struct uuid *);

/* Collects elements in any order. Zero-initialise with DATUM_BUILD(key, value). */
struct datum_build {
	enum atom_type key_type, value_type;
	union atom *keys, *values;
	size_t n, n_allocated;
	size_t n_values_allocated; /* private */
};
#define DATUM_BUILD(K, V)                                                                          \
	{                                                                                          \
		(K), (V), NULL, NULL, 0, 0, 0                                                      \
	}
/* Moves the atoms in; 'value' NULL for sets. */
void datum_build_add(struct datum_build *, union atom key, const union atom *value);
void datum_build_add_string(struct datum_build *, const char *key);
void datum_build_add_pair(struct datum_build *, const char *key, const char *value);
void datum_build_add_uuid(struct datum_build *, const struct uuid *);
void datum_build_add_integer(struct datum_build *, int64_t key);
/* Sorts; of equal keys the first added stays. The build is empty afterwards. */
struct datum *datum_build_finish(struct datum_build *);
/* The same, but keeps its memory for the next; its types may then be changed. */
struct datum *datum_build_take(struct datum_build *);
void datum_build_fini(struct datum_build *);
/* True if the same key is in it twice. Sorts. */
bool datum_build_has_duplicates(struct datum_build *);

/* 'symbols' NULL: named-uuids are refused. Checks number of elements, types and constraints. */
MUST_CHECK int datum_from_json(const struct column_type *, const json_t *, struct symbol_table *,
			       struct datum **ret, struct dberr *);
/* As it comes in an "update2" or the log's diffs: any number of elements. */
MUST_CHECK int datum_from_json_unconstrained(const struct column_type *, const json_t *,
					     struct datum **ret, struct dberr *);
json_t *datum_to_json(const struct datum *);
void datum_put_json(const struct datum *, struct str *out);

/* The syntax of ovs-vsctl(8): "a b", [a, b], {k=v, ..}; named-uuids are @name if 'symbols'.
 * Sets: brackets unless there is one element. */
MUST_CHECK int datum_from_text(const struct column_type *, const char *text, struct symbol_table *,
			       struct datum **ret, struct err *);
void datum_put(const struct datum *, const struct column_type *, struct str *out);
void datum_put_bare(const struct datum *, const struct column_type *, struct str *out);
/* Reads one atom at *pos (a word ends at white space or one of ",=[]{}():" outside quotes) and
 * moves *pos past it. Where 'type' names allowed values or ranges, they are checked. */
MUST_CHECK int atom_from_text(const struct base_type *, const char **pos, struct symbol_table *,
			      union atom *ret, struct err *);

/* All of 'word' is one atom: a string needs no quotation marks whatever is in it. */
MUST_CHECK int atom_from_word(const struct base_type *, const char *word, struct symbol_table *,
			      union atom *ret, struct err *err);

/* Constraints of elements (not their number). */
MUST_CHECK int datum_check(const struct datum *, const struct column_type *, struct dberr *);

int datum_cmp(const struct datum *, const struct datum *);
bool datum_equal(const struct datum *, const struct datum *);
uint32_t datum_hash(const struct datum *, uint32_t seed);
/* Index of the key, or UINT32_MAX. */
uint32_t datum_find_key(const struct datum *, const union atom *key);
uint32_t datum_find_string(const struct datum *, const char *key);
/* "" style lookups for string->string maps; NULL if there is none. */
const char *datum_map_get(const struct datum *, const char *key);
bool datum_find_pair(const struct datum *, const union atom *key, const union atom *value);
bool datum_includes_all(const struct datum *whole, const struct datum *part);
bool datum_excludes_all(const struct datum *, const struct datum *);

/* a with b's elements; where both have a key, a's value stays unless 'replace'. */
struct datum *datum_union(const struct datum *a, const struct datum *b, bool replace);
/* a without the elements of b; in maps, pairs must match in full unless 'b' is a set of keys. */
struct datum *datum_subtract(const struct datum *a, const struct datum *b);
/* What turns a into b, as "update2" gives it: elements in one only; in maps also pairs whose value
 * changed, with b's value. datum_apply_diff(a, datum_diff(a, b)) equals b. For types with n_max 1
 * a diff is the new value itself: callers handle that by column_type_is_composite(). */
struct datum *datum_diff(const struct datum *a, const struct datum *b);
struct datum *datum_apply_diff(const struct datum *a, const struct datum *diff);
/* Elements of 'b' not in 'a', and of 'a' not in 'b' (pairs that differ count in both). */
void datum_added_removed(const struct datum *a, const struct datum *b, struct datum **ret_added,
			 struct datum **ret_removed);
