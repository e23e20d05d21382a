/* SPDX-License-Identifier: Apache-2.0 */
/* read: the readers of idl.h. Each looks at the open transaction's value of a column first. That a
 * column is of the kind asked for was settled when vswitch.h was made; here it is asserted. */
#include "ovsdb/idl/txn.h"

const struct datum *idl_datum(const struct idl_row *row, unsigned column)
{
	ASSERT(column < row->table->def->n_columns);
	if (row->txn && row->txn->data[column])
		return row->txn->data[column];
	return row->data[column];
}

static const struct datum *keyed(const struct idl_row *row, unsigned column, enum atom_type type)
{
	const struct datum *d = idl_datum(row, column);
	ASSERT(row->table->types[column].key.type == type);
	return d;
}

static const struct datum *mapped(const struct idl_row *row, unsigned column, enum atom_type key,
				  enum atom_type value)
{
	const struct datum *d = keyed(row, column, key);
	ASSERT(row->table->types[column].value.type == value);
	return d;
}

/* The row of the table that 'base' refers to. */
static const struct idl_row *row_of(const struct idl_row *from, const struct base_type *base,
				    const union atom *atom)
{
	const struct idl *idl = from->table->idl;
	for (unsigned i = 0; base->ref.table_name && i < idl->def->n_tables; i++) {
		if (!strcmp(idl->tables[i].def->name, base->ref.table_name))
			return idl_row_by_uuid(idl, idl->tables[i].def, &atom->uuid);
	}
	return NULL;
}

static const struct base_type *key_of(const struct idl_row *row, unsigned column)
{
	return &row->table->types[column].key;
}

static const struct base_type *value_of(const struct idl_row *row, unsigned column)
{
	return &row->table->types[column].value;
}

const char *idl_str(const struct idl_row *row, unsigned column)
{
	const struct datum *d = keyed(row, column, ATOM_STRING);
	return d->n ? atom_str(datum_key(d, 0)) : NULL;
}

int64_t idl_int(const struct idl_row *row, unsigned column)
{
	const struct datum *d = keyed(row, column, ATOM_INTEGER);
	return d->n ? datum_key(d, 0)->integer : 0;
}

bool idl_bool(const struct idl_row *row, unsigned column)
{
	const struct datum *d = keyed(row, column, ATOM_BOOLEAN);
	return d->n && datum_key(d, 0)->boolean;
}

const struct idl_row *idl_ref(const struct idl_row *row, unsigned column)
{
	const struct datum *d = keyed(row, column, ATOM_UUID);
	return d->n ? row_of(row, key_of(row, column), datum_key(d, 0)) : NULL;
}

bool idl_opt_int(const struct idl_row *row, unsigned column, int64_t *ret)
{
	const struct datum *d = keyed(row, column, ATOM_INTEGER);
	if (!d->n)
		return false;
	*ret = datum_key(d, 0)->integer;
	return true;
}

bool idl_opt_bool(const struct idl_row *row, unsigned column, bool *ret)
{
	const struct datum *d = keyed(row, column, ATOM_BOOLEAN);
	if (!d->n)
		return false;
	*ret = datum_key(d, 0)->boolean;
	return true;
}

size_t idl_n(const struct idl_row *row, unsigned column) { return idl_datum(row, column)->n; }

static const union atom *key_at(const struct datum *d, size_t i)
{
	ASSERT(i < d->n);
	return datum_key(d, i);
}

static const union atom *value_at(const struct datum *d, size_t i)
{
	ASSERT(i < d->n);
	return datum_value(d, i);
}

const char *idl_str_at(const struct idl_row *row, unsigned column, size_t i)
{
	return atom_str(key_at(keyed(row, column, ATOM_STRING), i));
}

int64_t idl_int_at(const struct idl_row *row, unsigned column, size_t i)
{
	return key_at(keyed(row, column, ATOM_INTEGER), i)->integer;
}

const struct idl_row *idl_ref_at(const struct idl_row *row, unsigned column, size_t i)
{
	return row_of(row, key_of(row, column), key_at(keyed(row, column, ATOM_UUID), i));
}

const char *idl_str_value_at(const struct idl_row *row, unsigned column, size_t i)
{
	ASSERT(value_of(row, column)->type == ATOM_STRING);
	return atom_str(value_at(idl_datum(row, column), i));
}

int64_t idl_int_value_at(const struct idl_row *row, unsigned column, size_t i)
{
	ASSERT(value_of(row, column)->type == ATOM_INTEGER);
	return value_at(idl_datum(row, column), i)->integer;
}

const struct idl_row *idl_ref_value_at(const struct idl_row *row, unsigned column, size_t i)
{
	ASSERT(value_of(row, column)->type == ATOM_UUID);
	return row_of(row, value_of(row, column), value_at(idl_datum(row, column), i));
}

static const union atom *by_str(const struct datum *d, const char *key)
{
	uint32_t i = datum_find_string(d, key);
	return i == UINT32_MAX ? NULL : datum_value(d, i);
}

static const union atom *by_int(const struct datum *d, int64_t key)
{
	union atom atom = { 0 };
	atom.integer = key;
	uint32_t i = datum_find_key(d, &atom);
	return i == UINT32_MAX ? NULL : datum_value(d, i);
}

const char *idl_str_str(const struct idl_row *row, unsigned column, const char *key)
{
	const union atom *v = by_str(mapped(row, column, ATOM_STRING, ATOM_STRING), key);
	return v ? atom_str(v) : NULL;
}

bool idl_str_int(const struct idl_row *row, unsigned column, const char *key, int64_t *ret)
{
	const union atom *v = by_str(mapped(row, column, ATOM_STRING, ATOM_INTEGER), key);
	if (v)
		*ret = v->integer;
	return v != NULL;
}

bool idl_int_int(const struct idl_row *row, unsigned column, int64_t key, int64_t *ret)
{
	const union atom *v = by_int(mapped(row, column, ATOM_INTEGER, ATOM_INTEGER), key);
	if (v)
		*ret = v->integer;
	return v != NULL;
}

const struct idl_row *idl_str_ref(const struct idl_row *row, unsigned column, const char *key)
{
	const union atom *v = by_str(mapped(row, column, ATOM_STRING, ATOM_UUID), key);
	return v ? row_of(row, value_of(row, column), v) : NULL;
}

const struct idl_row *idl_int_ref(const struct idl_row *row, unsigned column, int64_t key)
{
	const union atom *v = by_int(mapped(row, column, ATOM_INTEGER, ATOM_UUID), key);
	return v ? row_of(row, value_of(row, column), v) : NULL;
}

void idl_strmap(const struct idl_row *row, unsigned column, struct strmap *ret_map)
{
	const struct datum *d = mapped(row, column, ATOM_STRING, ATOM_STRING);
	strmap_clear(ret_map);
	for (size_t i = 0; i < d->n; i++)
		strmap_put(ret_map, atom_str(datum_key(d, i)), atom_str(datum_value(d, i)));
}
