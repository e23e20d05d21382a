/* SPDX-License-Identifier: Apache-2.0 */
/* A server with 200,000 rows must start in a second and a bit, in little more memory than the rows
 * need. So the text of a record is read straight into datums, without a JSON tree in between, and
 * the first record of rows, which after a compaction is the whole database, without a transaction
 * either: nothing can be there before it.
 *
 * The reader here knows only what a journal has in it and says no to everything else, such as a
 * number that is no integer where one should be, a value that breaks a constraint, or a \u escape.
 * The record then goes the long way, through record_replay(), which knows all and finds the right
 * words for what is wrong. Until then nothing has been changed. */
#include "ovsdb/load.h"
#include <errno.h>
#include <stdlib.h>
#include "base/mem.h"
#include "ovsdb/record.h"
#include "ovsdb/txn_row.h"
#include "wire/json.h"

struct reader {
	const char *p, *end;
	struct str scratch; /* a string with escapes, without them */
	struct datum_build build;
};

/* --- words
 * --------------------------------------------------------------------------------------*/

static bool take(struct reader *r, char c)
{
	if (r->p < r->end && *r->p == c) {
		r->p++;
		return true;
	}
	return false;
}

static bool take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n))
		return false;
	r->p += n;
	return true;
}

/* Length of the UTF-8 sequence at p, 0 if it is none (RFC 3629). */
static size_t utf8_sequence(const unsigned char *p, const unsigned char *end)
{
	size_t n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;

	if (!n || (*p >= 0x80 && *p < 0xc2) || (size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

static bool unescape(char c, char *ret)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found = c ? strchr(from, c) : NULL;

	if (!found)
		return false;
	*ret = to[found - from];
	return true;
}

/* A string; it lives until the next one is read. */
static bool take_string(struct reader *r, const char **ret, size_t *ret_len)
{
	const char *start;
	bool is_copied = false;

	if (!take(r, '"'))
		return false;
	start = r->p;
	while (r->p < r->end && *r->p != '"') {
		unsigned char c = *r->p;
		if (c == '\\') {
			char plain;
			if (!is_copied)
				str_clear(&r->scratch);
			is_copied = true;
			str_put(&r->scratch, start, r->p - start);
			if (r->end - r->p < 2 || !unescape(r->p[1], &plain))
				return false;
			str_putc(&r->scratch, plain);
			r->p += 2;
			start = r->p;
		} else if (c < 0x20) {
			return false;
		} else if (c < 0x80) {
			r->p++;
		} else {
			size_t n = utf8_sequence((const unsigned char *)r->p,
						 (const unsigned char *)r->end);
			if (!n)
				return false;
			r->p += n;
		}
	}
	if (r->p >= r->end)
		return false;
	if (is_copied) {
		str_put(&r->scratch, start, r->p - start);
		*ret = str_cstr(&r->scratch);
		*ret_len = r->scratch.len;
	} else {
		*ret = start;
		*ret_len = r->p - start;
	}
	r->p++;
	return true;
}

static bool take_integer(struct reader *r, int64_t *ret)
{
	bool is_negative = take(r, '-');
	int64_t v = 0;
	int n = 0;

	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++, n++) {
		if (n >= 18 || (n == 1 && v == 0))
			return false;
		v = v * 10 + (*r->p - '0');
	}
	if (!n || (r->p < r->end && (*r->p == '.' || *r->p == 'e' || *r->p == 'E')))
		return false;
	*ret = is_negative ? -v : v;
	return true;
}

static bool take_real(struct reader *r, double *ret)
{
	char text[40];
	size_t n = 0;

	while (r->p + n < r->end && n < sizeof text - 1 && strchr("+-.0123456789eE", r->p[n]))
		n++;
	memcpy(text, r->p, n);
	text[n] = '\0';
	/* JSON has no "+1", ".5" or "01". */
	if (!n || !(text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) || n == sizeof text - 1 ||
	    (text[0] == '0' && text[1] >= '0' && text[1] <= '9'))
		return false;
	char *end;
	errno = 0;
	*ret = strtod(text, &end);
	if (*end || errno)
		return false;
	r->p += n;
	return true;
}

static bool take_uuid(struct reader *r, struct uuid *ret)
{
	/* Quotation mark and 36 characters. */
	if (r->end - r->p < UUID_LEN + 2 || *r->p != '"' ||
	    uuid_from_prefix(r->p + 1, ret) != UUID_LEN)
		return false;
	r->p += 1 + UUID_LEN;
	return take(r, '"');
}

/* --- values
 * -------------------------------------------------------------------------------------*/

static bool take_atom(struct reader *r, const struct base_type *b, bool check, union atom *ret)
{
	const char *s;
	size_t len;

	atom_init_default(ret);
	switch (b->type) {
	case ATOM_INTEGER:
		if (!take_integer(r, &ret->integer))
			return false;
		break;
	case ATOM_REAL:
		if (!take_real(r, &ret->real))
			return false;
		break;
	case ATOM_BOOLEAN:
		ret->boolean = take_word(r, "true");
		if (!ret->boolean && !take_word(r, "false"))
			return false;
		break;
	case ATOM_STRING:
		if (!take_string(r, &s, &len))
			return false;
		atom_init_string(ret, s, len);
		break;
	case ATOM_UUID:
		if (!take_word(r, "[\"uuid\",") || !take_uuid(r, &ret->uuid) || !take(r, ']'))
			return false;
		break;
	case ATOM_VOID:
	case N_ATOM_TYPES:
		return false;
	}
	if (check && atom_check(ret, b, NULL) < 0) {
		atom_fini(ret, b->type);
		return false;
	}
	return true;
}

static bool take_element(struct reader *r, const struct column_type *t, bool check)
{
	union atom k, v;

	if (!column_type_is_map(t)) {
		if (!take_atom(r, &t->key, check, &k))
			return false;
		datum_build_add(&r->build, k, NULL);
		return true;
	}
	if (!take(r, '[') || !take_atom(r, &t->key, check, &k))
		return false;
	if (!take(r, ',') || !take_atom(r, &t->value, check, &v)) {
		atom_fini(&k, t->key.type);
		return false;
	}
	datum_build_add(&r->build, k, &v);
	return take(r, ']');
}

static bool take_elements(struct reader *r, const struct column_type *t, bool check)
{
	if (!take_word(r, column_type_is_map(t) ? "[\"map\",[" : "[\"set\",["))
		return !column_type_is_map(t) && take_element(r, t, check);
	if (!take(r, ']')) {
		do {
			if (!take_element(r, t, check))
				return false;
		} while (take(r, ','));
		if (!take(r, ']'))
			return false;
	}
	size_t n = r->build.n;
	if (check && (n < t->n_min || n > t->n_max))
		return false;
	return take(r, ']') && (n < 2 || !datum_build_has_duplicates(&r->build));
}

static bool take_datum(struct reader *r, const struct column_type *t, bool check,
		       struct datum **ret)
{
	r->build.key_type = t->key.type;
	r->build.value_type = t->value.type;
	if (!take_elements(r, t, check)) {
		datum_build_fini(&r->build);
		return false;
	}
	*ret = datum_build_take(&r->build);
	return true;
}

/* --- records ------------------------------------------------------------------------------------
 *
 * A record is read twice over the same functions: into new rows when the database is empty, else
 * into a transaction. */

struct loading {
	struct reader reader;
	struct db *db;
	struct txn *txn; /* NULL: rows are new, and outside of any transaction */
	bool is_diff;
};

static bool load_column(struct loading *l, struct table *t, struct row *row, bool is_new)
{
	const char *name;
	size_t len;
	char text[128];
	struct datum *d;

	if (!take_string(&l->reader, &name, &len) || len >= sizeof text || !take(&l->reader, ':'))
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	const struct column_schema *c = table_column(t->schema, text);
	if (!c || c->index < N_FIXED_COLUMNS)
		return false;
	bool is_diff = !is_new && l->is_diff && column_type_is_composite(&c->type);
	if (!take_datum(&l->reader, &c->type, !is_diff, &d))
		return false;
	if (is_diff) {
		AUTO_DATUM *diff = d;
		d = datum_apply_diff(row->fields[c->index], diff);
	}
	if (l->txn) {
		txn_set(l->txn, t, row, c, d);
	} else {
		datum_unref(row->fields[c->index]);
		row->fields[c->index] = d;
	}
	return true;
}

static struct row *load_new_row(struct loading *l, struct table *t, const struct uuid *uuid)
{
	if (l->txn)
		return txn_insert(l->txn, t, uuid);
	struct row *row = row_new(t, uuid);
	hmap_insert(&t->rows, &row->node, uuid_hash(uuid));
	return row;
}

static bool load_row(struct loading *l, struct table *t)
{
	struct uuid uuid;

	if (!take_uuid(&l->reader, &uuid) || !take(&l->reader, ':'))
		return false;
	struct row *row = table_row(t, &uuid);
	if (take_word(&l->reader, "null")) {
		if (!row || !l->txn)
			return false;
		txn_delete(l->txn, t, row);
		return true;
	}
	bool is_new = !row;
	if (!is_new && !l->txn)
		return false; /* twice in one record */
	if (!take(&l->reader, '{'))
		return false;
	if (is_new)
		row = load_new_row(l, t, &uuid);
	if (!row)
		return false;
	if (take(&l->reader, '}'))
		return true;
	do {
		if (!load_column(l, t, row, is_new))
			return false;
	} while (take(&l->reader, ','));
	return take(&l->reader, '}');
}

static bool load_table(struct loading *l, const char *name)
{
	struct table *t = db_table(l->db, name);

	if (!t || !take(&l->reader, '{'))
		return false;
	if (take(&l->reader, '}'))
		return true;
	do {
		if (!load_row(l, t))
			return false;
	} while (take(&l->reader, ','));
	return take(&l->reader, '}');
}

/* "_date", "_comment" and "_is_diff" say nothing about rows. */
static bool skip_note(struct reader *r)
{
	const char *s;
	size_t len;
	int64_t i;

	if (r->p < r->end && *r->p == '"')
		return take_string(r, &s, &len);
	return take_word(r, "true") || take_word(r, "false") || take_integer(r, &i);
}

static bool load_members(struct loading *l)
{
	if (!take(&l->reader, '{'))
		return false;
	if (take(&l->reader, '}'))
		return true;
	do {
		const char *s;
		size_t len;
		char name[128];
		if (!take_string(&l->reader, &s, &len) || len >= sizeof name ||
		    !take(&l->reader, ':'))
			return false;
		memcpy(name, s, len);
		name[len] = '\0';
		if (*name == '_' ? !skip_note(&l->reader) : !load_table(l, name))
			return false;
	} while (take(&l->reader, ','));
	return take(&l->reader, '}') &&
	       (l->reader.p == l->reader.end ||
		(*l->reader.p == '\n' && l->reader.p + 1 == l->reader.end));
}

struct counting {
	struct db *db;
	const struct row *src;
	const struct table *table;
};

static void count_ref(const struct uuid *dst, const struct base_type *b, void *c_)
{
	const struct counting *c = c_;
	struct table *t = db_ref_table(c->db, b);

	if (t == c->table && uuid_equal(dst, &c->src->uuid))
		return; /* a row does not keep itself alive */
	struct row *row = table_row(t, dst);
	if (row)
		row->n_refs++;
}

/* New rows get their versions, count each other and go into the indexes. */
static void finish_rows(struct db *db)
{
	for (size_t i = 0; i < db->schema->n_tables; i++) {
		struct table *t = db->tables[i];
		struct row *row;
		TABLE_FOR_EACH_ROW(row, t)
		{
			struct counting c = { db, row, t };
			for (size_t j = N_FIXED_COLUMNS; j < t->schema->n_columns; j++) {
				const struct column_schema *col = t->schema->columns[j];
				if (col->is_ref && row->fields[j]->n)
					column_for_each_ref(col, row->fields[j], REF_STRONG,
							    count_ref, &c);
			}
			datum_unref(row->fields[COL_VERSION]);
			row->fields[COL_VERSION] = version_new();
			row_publish(row, t);
		}
	}
}

static void drop_rows(struct db *db)
{
	struct row *row;

	for (size_t i = 0; i < db->schema->n_tables; i++) {
		struct table *t = db->tables[i];
		HMAP_FOR_EACH_SAFE(row, &t->rows, node) {
			hmap_remove(&t->rows, &row->node);
			row_free(row, t);
		}
	}
}

/* A record from a server says so near its end; anywhere else the words would be within a string,
 * with their quotation marks escaped. */
static bool says_is_diff(const char *text, size_t len)
{
	static const char word[] = "\"_is_diff\":true";

	return memmem(text, len, word, sizeof word - 1) != NULL;
}

static bool load_fast(struct db *db, const char *text, size_t len)
{
	bool is_first = db_n_rows(db) == 0;
	struct loading l = {
		.reader = { .p = text, .end = text + len, .build = DATUM_BUILD(0, 0) },
		.db = db,
		.txn = is_first ? NULL : txn_new(db),
		.is_diff = says_is_diff(text, len),
	};
	bool ok = load_members(&l);

	datum_build_fini(&l.reader.build);
	str_fini(&l.reader.scratch);
	if (is_first) {
		if (ok)
			finish_rows(db);
		else
			drop_rows(db);
	} else if (ok) {
		txn_prepare_unchecked(l.txn);
		txn_finish(l.txn);
	} else {
		txn_abort(l.txn);
	}
	return ok;
}

int load_record(struct storage *s, struct db *db, struct err *err)
{
	AUTO_DBERR why = DBERR_INIT;
	AUTO_ERR bad = ERR_INIT;
	json_t *json;
	char *text;
	size_t len;

	int r = storage_read_text(s, &text, &len, err);
	if (r <= 0)
		return r;
	if (load_fast(db, text, len))
		return 1;
	r = json_parse(text, len, &json, &bad);
	if (r < 0) {
		uint64_t start = storage_offset(s) - len;
		storage_unread(s);
		return err_set(err, r,
			       "syntax error: %s: %zu bytes starting at offset %llu are not valid "
			       "JSON (%s)",
			       storage_path(s), len, (unsigned long long)start, err_text(&bad));
	}
	r = record_replay(db, json, false, false, &why);
	json_decref(json);
	if (r < 0) {
		storage_unread(s);
		dberr_to_err(&why, err);
		return err_wrap(err, r, "%s", storage_path(s));
	}
	return 1;
}
