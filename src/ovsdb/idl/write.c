/* SPDX-License-Identifier: Apache-2.0 */
/* write: the writers of idl.h. A whole column becomes an "update"; single elements are kept as a
 * mutation beside the value that the transaction shows, so that two clients that each add a port
 * do not undo each other. In a map "insert" leaves a key that is there alone, so putting a pair
 * first deletes its key. */
#include "ovsdb/idl/txn.h"

/* --- whole columns --------------------------------------------------------------------------- */

void idl_set_datum(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		   struct datum *taken)
{
	struct txn_row *tr = idl_txn_row(txn, row);
	ASSERT(column < row->table->def->n_columns);
	ASSERT(taken->key_type == row->table->types[column].key.type);
	tr->set[column] |= TXN_COLUMN_WRITTEN;
	idl_txn_show(txn, row, column, taken);
}

void idl_clear(struct idl_txn *txn, const struct idl_row *row, unsigned column)
{
	const struct column_type *type = &row->table->types[column];
	idl_set_datum(txn, row, column, datum_empty(type->key.type, type->value.type));
}

void idl_set_str(struct idl_txn *txn, const struct idl_row *row, unsigned column, const char *v)
{
	if (v)
		idl_set_datum(txn, row, column, datum_from_string(v));
	else
		idl_clear(txn, row, column);
}

void idl_set_int(struct idl_txn *txn, const struct idl_row *row, unsigned column, int64_t v)
{
	idl_set_datum(txn, row, column, datum_from_integer(v));
}

void idl_set_bool(struct idl_txn *txn, const struct idl_row *row, unsigned column, bool v)
{
	idl_set_datum(txn, row, column, datum_from_boolean(v));
}

void idl_set_ref(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		 const struct idl_row *v)
{
	if (v)
		idl_set_datum(txn, row, column, datum_from_uuid(&v->uuid));
	else
		idl_clear(txn, row, column);
}

void idl_set_strs(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		  const char *const *v, size_t n)
{
	struct datum_build b = DATUM_BUILD(ATOM_STRING, ATOM_VOID);
	for (size_t i = 0; i < n; i++)
		datum_build_add_string(&b, v[i]);
	idl_set_datum(txn, row, column, datum_build_finish(&b));
}

void idl_set_ints(struct idl_txn *txn, const struct idl_row *row, unsigned column, const int64_t *v,
		  size_t n)
{
	struct datum_build b = DATUM_BUILD(ATOM_INTEGER, ATOM_VOID);
	for (size_t i = 0; i < n; i++)
		datum_build_add_integer(&b, v[i]);
	idl_set_datum(txn, row, column, datum_build_finish(&b));
}

void idl_set_refs(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		  const struct idl_row *const *v, size_t n)
{
	struct datum_build b = DATUM_BUILD(ATOM_UUID, ATOM_VOID);
	for (size_t i = 0; i < n; i++)
		datum_build_add_uuid(&b, &v[i]->uuid);
	idl_set_datum(txn, row, column, datum_build_finish(&b));
}

void idl_set_strmap(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		    const struct strmap *map)
{
	struct datum_build b = DATUM_BUILD(ATOM_STRING, ATOM_STRING);
	STRMAP_FOR_EACH(e, map)
		datum_build_add_pair(&b, e->key, e->value);
	idl_set_datum(txn, row, column, datum_build_finish(&b));
}

static union atom str_atom(const char *s)
{
	union atom a;
	atom_init_string(&a, s, strlen(s));
	return a;
}

static union atom int_atom(int64_t v)
{
	union atom a = { 0 };
	a.integer = v;
	return a;
}

static union atom ref_atom(const struct idl_row *row)
{
	union atom a = { 0 };
	a.uuid = row->uuid;
	return a;
}

void idl_set_str_ints(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		      const char *const *keys, const int64_t *values, size_t n)
{
	struct datum_build b = DATUM_BUILD(ATOM_STRING, ATOM_INTEGER);
	for (size_t i = 0; i < n; i++) {
		union atom value = int_atom(values[i]);
		datum_build_add(&b, str_atom(keys[i]), &value);
	}
	idl_set_datum(txn, row, column, datum_build_finish(&b));
}

/* --- single elements ------------------------------------------------------------------------- */

/* *d becomes 'taken'. */
static void replace(struct datum **d, struct datum *taken)
{
	datum_unref(*d);
	*d = taken;
}

/* The keys of 'elements' as a set. */
static struct datum *keys_of(const struct datum *elements)
{
	struct datum_build b = DATUM_BUILD(elements->key_type, ATOM_VOID);
	for (size_t i = 0; i < elements->n; i++) {
		union atom key;
		atom_copy(&key, datum_key(elements, i), elements->key_type);
		datum_build_add(&b, key, NULL);
	}
	return datum_build_finish(&b);
}

/* The part of 'elements' that adding changes something by. */
static struct datum *news(const struct datum *now, const struct datum *elements, bool replaces)
{
	bool is_map = elements->value_type != ATOM_VOID;
	struct datum_build b = DATUM_BUILD(elements->key_type, elements->value_type);
	for (size_t i = 0; i < elements->n; i++) {
		uint32_t at = datum_find_key(now, datum_key(elements, i));
		union atom key, value;
		if (at != UINT32_MAX && (!is_map || !replaces ||
					 atom_equal(datum_value(now, at), datum_value(elements, i),
						    elements->value_type)))
			continue;
		atom_copy(&key, datum_key(elements, i), elements->key_type);
		if (is_map)
			atom_copy(&value, datum_value(elements, i), elements->value_type);
		datum_build_add(&b, key, is_map ? &value : NULL);
	}
	return datum_build_finish(&b);
}

/* Adds elements to a set or map. */
static void add(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		const struct datum *elements, bool replaces)
{
	bool is_map = elements->value_type != ATOM_VOID;
	AUTO_DATUM *new = news(idl_datum(row, column), elements, replaces);
	if (!new->n)
		return;
	AUTO_DATUM *keys = keys_of(new);
	idl_txn_show(txn, row, column, datum_union(idl_datum(row, column), new, replaces));
	struct txn_mutation *m = idl_txn_mutation(txn, row, column);
	if (!m) {
		row->txn->set[column] |= TXN_COLUMN_WRITTEN;
		return;
	}
	replace(&m->insert, datum_union(m->insert, new, true));
	if (is_map && replaces)
		replace(&m->remove, datum_union(m->remove, keys, false));
	else if (!is_map)
		replace(&m->remove, datum_subtract(m->remove, keys));
}

/* Takes out the elements that have the keys. */
static void del(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		const struct datum *keys)
{
	const struct datum *now = idl_datum(row, column);
	AUTO_DATUM *rest = datum_subtract(now, keys);
	if (rest->n == now->n && row->table->use[column] & COLUMN_MONITORED)
		return;
	idl_txn_show(txn, row, column, datum_ref(rest));
	struct txn_mutation *m = idl_txn_mutation(txn, row, column);
	if (!m) {
		row->txn->set[column] |= TXN_COLUMN_WRITTEN;
		return;
	}
	replace(&m->insert, datum_subtract(m->insert, keys));
	replace(&m->remove, datum_union(m->remove, keys, false));
}

/* A datum of one element; takes the atoms. */
static struct datum *one(enum atom_type key_type, union atom key, enum atom_type value_type,
			 union atom value)
{
	struct datum_build b = DATUM_BUILD(key_type, value_type);
	datum_build_add(&b, key, value_type == ATOM_VOID ? NULL : &value);
	return datum_build_finish(&b);
}

static void add_one(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		    enum atom_type key_type, union atom key, enum atom_type value_type,
		    union atom value)
{
	AUTO_DATUM *element = one(key_type, key, value_type, value);
	ASSERT(row->table->types[column].key.type == key_type &&
	       row->table->types[column].value.type == value_type);
	add(txn, row, column, element, true);
}

static void del_one(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		    enum atom_type key_type, union atom key)
{
	AUTO_DATUM *element = one(key_type, key, ATOM_VOID, int_atom(0));
	ASSERT(row->table->types[column].key.type == key_type);
	del(txn, row, column, element);
}

void idl_add_datum(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		   const struct datum *elements)
{
	add(txn, row, column, elements, false);
}

void idl_put_datum(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		   const struct datum *elements)
{
	add(txn, row, column, elements, true);
}

void idl_add_str(struct idl_txn *txn, const struct idl_row *row, unsigned column, const char *v)
{
	add_one(txn, row, column, ATOM_STRING, str_atom(v), ATOM_VOID, int_atom(0));
}

void idl_add_int(struct idl_txn *txn, const struct idl_row *row, unsigned column, int64_t v)
{
	add_one(txn, row, column, ATOM_INTEGER, int_atom(v), ATOM_VOID, int_atom(0));
}

void idl_add_ref(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		 const struct idl_row *v)
{
	add_one(txn, row, column, ATOM_UUID, ref_atom(v), ATOM_VOID, int_atom(0));
}

void idl_del_str(struct idl_txn *txn, const struct idl_row *row, unsigned column, const char *key)
{
	del_one(txn, row, column, ATOM_STRING, str_atom(key));
}

void idl_del_int(struct idl_txn *txn, const struct idl_row *row, unsigned column, int64_t key)
{
	del_one(txn, row, column, ATOM_INTEGER, int_atom(key));
}

void idl_del_ref(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		 const struct idl_row *v)
{
	del_one(txn, row, column, ATOM_UUID, ref_atom(v));
}

void idl_put_str_str(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		     const char *key, const char *value)
{
	add_one(txn, row, column, ATOM_STRING, str_atom(key), ATOM_STRING, str_atom(value));
}

void idl_put_str_int(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		     const char *key, int64_t value)
{
	add_one(txn, row, column, ATOM_STRING, str_atom(key), ATOM_INTEGER, int_atom(value));
}

void idl_put_int_int(struct idl_txn *txn, const struct idl_row *row, unsigned column, int64_t key,
		     int64_t value)
{
	add_one(txn, row, column, ATOM_INTEGER, int_atom(key), ATOM_INTEGER, int_atom(value));
}

void idl_put_str_ref(struct idl_txn *txn, const struct idl_row *row, unsigned column,
		     const char *key, const struct idl_row *value)
{
	add_one(txn, row, column, ATOM_STRING, str_atom(key), ATOM_UUID, ref_atom(value));
}

void idl_put_int_ref(struct idl_txn *txn, const struct idl_row *row, unsigned column, int64_t key,
		     const struct idl_row *value)
{
	add_one(txn, row, column, ATOM_INTEGER, int_atom(key), ATOM_UUID, ref_atom(value));
}
