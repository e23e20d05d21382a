/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor is found by its version and the sorted text of its request, so clients with equal
 * requests share one. A client that changes its conditions leaves the shared one for one of its
 * own, whose key is nobody else's. For each transaction every monitor builds the text of its
 * updates once; then it is wrapped with the id that each client gave. Clients of one program mostly
 * give the same id, so that even the bytes sent are shared. */
#include "ovsdb/monitor.h"
#include <errno.h>
#include "base/hash.h"
#include "base/mem.h"
#include "ovsdb/parser.h"
#include "wire/json.h"

enum { SEL_INITIAL = 1, SEL_INSERT = 2, SEL_DELETE = 4, SEL_MODIFY = 8, SEL_ALL = 15 };

struct monitored_column {
	const struct column_schema *column;
	unsigned select;
};

struct monitored_table {
	const struct table *table;
	struct monitored_column *columns;
	size_t n_columns;
	unsigned select;	    /* of any column */
	struct condition condition; /* n 0: all rows */
};

struct monitor {
	struct hmap_node node; /* in set->monitors; its hash is that of 'key' */
	char *key;	       /* NULL: private to one client */
	enum monitor_version version;
	struct monitored_table *tables;
	size_t n_tables;
	struct monitored_table **by_schema; /* by table_schema.index; NULL: not monitored */
	struct list subs;
};

static const char *const methods[] = {
	[MONITOR_V1] = "update",
	[MONITOR_V2] = "update2",
	[MONITOR_V3] = "update3",
};

/* --- requests
 * -----------------------------------------------------------------------------------*/

static unsigned parse_select_flag(struct parser *p, const char *name, unsigned flag)
{
	const json_t *json = parser_member(p, name, PARSE_BOOLEAN | PARSE_OPTIONAL);

	return json_is_false(json) ? 0 : flag;
}

static int parse_select(const json_t *json, const char *table, unsigned *ret, struct dberr *err)
{
	struct parser p;

	*ret = SEL_ALL;
	if (!json)
		return 0;
	parser_init(&p, json, "table %s select", table);
	*ret = parse_select_flag(&p, "initial", SEL_INITIAL) |
	       parse_select_flag(&p, "insert", SEL_INSERT) |
	       parse_select_flag(&p, "delete", SEL_DELETE) |
	       parse_select_flag(&p, "modify", SEL_MODIFY);
	return parser_finish(&p, err);
}

static bool add_column(struct monitored_table *mt, const struct column_schema *c, unsigned select)
{
	for (size_t i = 0; i < mt->n_columns; i++)
		if (mt->columns[i].column == c)
			return false;
	mt->columns = xrealloc(mt->columns, (mt->n_columns + 1) * sizeof *mt->columns);
	mt->columns[mt->n_columns++] = (struct monitored_column){ c, select };
	return true;
}

static int parse_columns(struct monitored_table *mt, const json_t *names, unsigned select,
			 struct dberr *err)
{
	const struct table_schema *t = mt->table->schema;

	mt->select |= select;
	if (!names) {
		for (size_t i = COL_VERSION; i < t->n_columns; i++)
			if (!add_column(mt, t->columns[i], select))
				return dberr_syntax(err, NULL, "column %s mentioned more than once",
						    t->columns[i]->name);
		return 0;
	}
	for (size_t i = 0; i < json_array_size(names); i++) {
		const json_t *name = json_array_get(names, i);
		if (!json_is_string(name))
			return dberr_syntax(err, names, "array of column names expected");
		const struct column_schema *c = table_column(t, json_string_value(name));
		if (!c)
			return dberr_syntax(err, names, "%s is not a valid column name",
					    json_string_value(name));
		if (!add_column(mt, c, select))
			return dberr_syntax(err, names, "column %s mentioned more than once",
					    c->name);
	}
	return 0;
}

/* Appends the clauses of 'where'; no where, or an empty one, is true. */
static int add_where(struct condition *c, const struct table_schema *t, const json_t *where,
		     struct dberr *err)
{
	struct condition more;

	if (condition_from_json(t, where, NULL, &more, err) < 0)
		return -EINVAL;
	c->clauses = xrealloc(c->clauses, (c->n + more.n + 1) * sizeof *c->clauses);
	if (more.n)
		memcpy(c->clauses + c->n, more.clauses, more.n * sizeof *more.clauses);
	c->n += more.n;
	free(more.clauses);
	return 0;
}

static int parse_request(struct monitored_table *mt, enum monitor_version version,
			 const json_t *json, struct dberr *err)
{
	const char *name = mt->table->schema->name;
	const json_t *where = NULL;
	struct parser p;
	unsigned select;

	parser_init(&p, json, "table %s", name);
	if (version != MONITOR_V1)
		where = parser_member(&p, "where", PARSE_ARRAY | PARSE_OPTIONAL);
	const json_t *columns = parser_member(&p, "columns", PARSE_ARRAY | PARSE_OPTIONAL);
	const json_t *select_json = parser_member(&p, "select", PARSE_OBJECT | PARSE_OPTIONAL);
	if (parser_finish(&p, err) < 0 || parse_select(select_json, name, &select, err) < 0 ||
	    parse_columns(mt, columns, select, err) < 0)
		return -EINVAL;
	return add_where(&mt->condition, mt->table->schema, where, err);
}

static int parse_table(struct monitor *m, const struct db *db, const char *name, const json_t *json,
		       struct dberr *err)
{
	const struct table *t = db_table(db, name);

	if (!t)
		return dberr_syntax(err, NULL, "no table named %s", name);
	struct monitored_table *mt = &m->tables[m->n_tables++];
	memset(mt, 0, sizeof *mt);
	mt->table = t;
	if (!json_is_array(json))
		return parse_request(mt, m->version, json, err);
	for (size_t i = 0; i < json_array_size(json); i++)
		if (parse_request(mt, m->version, json_array_get(json, i), err) < 0)
			return -EINVAL;
	return 0;
}

static void monitor_free(struct monitor *m)
{
	for (size_t i = 0; i < m->n_tables; i++) {
		condition_fini(&m->tables[i].condition);
		free(m->tables[i].columns);
	}
	free(m->tables);
	free(m->by_schema);
	free(m->key);
	free(m);
}

static void map_tables(struct monitor *m, const struct db *db)
{
	m->by_schema = xcalloc(db->schema->n_tables + 1, sizeof *m->by_schema);
	for (size_t i = 0; i < m->n_tables; i++)
		m->by_schema[m->tables[i].table->schema->index] = &m->tables[i];
}

static int monitor_parse(const struct db *db, enum monitor_version version, const json_t *requests,
			 struct monitor **ret, struct dberr *err)
{
	struct monitor *m = xzalloc(sizeof *m);
	const char *name;
	json_t *request;

	list_init(&m->subs);
	m->version = version;
	m->tables = xcalloc(json_object_size(requests) + 1, sizeof *m->tables);
	json_object_foreach((json_t *)requests, name, request)
		if (parse_table(m, db, name, request, err) < 0) {
			monitor_free(m);
			return -EINVAL;
		}
	map_tables(m, db);
	*ret = m;
	return 0;
}

/* --- words for changes
 * --------------------------------------------------------------------------*/

static void put_pair(struct str *out, bool *is_first, const char *name, const struct datum *d)
{
	if (!*is_first)
		str_putc(out, ',');
	*is_first = false;
	str_putc(out, '"');
	str_puts(out, name);
	str_puts(out, "\":");
	datum_put_json(d, out);
}

static bool differs(struct datum *const *old, struct datum *const *new_, unsigned i)
{
	return old[i] != new_[i] && !datum_equal(old[i], new_[i]);
}

/* Whether a monitored column changed. It counts even if changes of this column were not asked for
 * ("modify": false): Open vSwitch's server then says that there was a change, and leaves it out. */
static bool is_concerned(const struct monitored_table *mt, struct datum *const *old,
			 struct datum *const *new_)
{
	for (size_t i = 0; i < mt->n_columns; i++)
		if (differs(old, new_, mt->columns[i].column->index))
			return true;
	return false;
}

/* "old" and "new" of <row-update>. False if there is nothing to say. */
static bool put_row_v1(const struct monitored_table *mt, unsigned type, struct datum *const *old,
		       struct datum *const *new_, struct str *out)
{
	bool is_first;

	if (type == SEL_MODIFY && !is_concerned(mt, old, new_))
		return false;

	str_putc(out, '{');
	if (type & (SEL_DELETE | SEL_MODIFY)) {
		str_puts(out, "\"old\":{");
		is_first = true;
		for (size_t i = 0; i < mt->n_columns; i++) {
			const struct column_schema *c = mt->columns[i].column;
			if ((mt->columns[i].select & type) &&
			    (type == SEL_DELETE || differs(old, new_, c->index)))
				put_pair(out, &is_first, c->name, old[c->index]);
		}
		str_putc(out, '}');
	}
	if (type & (SEL_INITIAL | SEL_INSERT | SEL_MODIFY)) {
		str_puts(out, type == SEL_MODIFY ? ",\"new\":{" : "\"new\":{");
		is_first = true;
		for (size_t i = 0; i < mt->n_columns; i++)
			if (mt->columns[i].select & type)
				put_pair(out, &is_first, mt->columns[i].column->name,
					 new_[mt->columns[i].column->index]);
		str_putc(out, '}');
	}
	str_putc(out, '}');
	return true;
}

static bool put_modify_v2(const struct monitored_table *mt, struct datum *const *old,
			  struct datum *const *new_, struct str *out)
{
	bool is_first = true;

	if (!is_concerned(mt, old, new_))
		return false;
	str_puts(out, "{\"modify\":{");
	for (size_t i = 0; i < mt->n_columns; i++) {
		const struct column_schema *c = mt->columns[i].column;
		if (!(mt->columns[i].select & SEL_MODIFY) || !differs(old, new_, c->index))
			continue;
		if (column_type_is_composite(&c->type)) {
			AUTO_DATUM *diff = datum_diff(old[c->index], new_[c->index]);
			put_pair(out, &is_first, c->name, diff);
		} else {
			put_pair(out, &is_first, c->name, new_[c->index]);
		}
	}
	str_puts(out, "}}");
	return true;
}

/* <row-update2> */
static bool put_row_v2(const struct monitored_table *mt, unsigned type, struct datum *const *old,
		       struct datum *const *new_, struct str *out)
{
	bool is_first = true;

	if (type == SEL_MODIFY)
		return put_modify_v2(mt, old, new_, out);
	if (type == SEL_DELETE) {
		str_puts(out, "{\"delete\":null}");
		return true;
	}
	str_puts(out, type == SEL_INITIAL ? "{\"initial\":{" : "{\"insert\":{");
	for (size_t i = 0; i < mt->n_columns; i++) {
		const struct column_schema *c = mt->columns[i].column;
		if ((mt->columns[i].select & type) && new_[c->index] != c->initial &&
		    !datum_is_default(new_[c->index], &c->type))
			put_pair(out, &is_first, c->name, new_[c->index]);
	}
	str_puts(out, "}}");
	return true;
}

static bool row_matches(const struct monitored_table *mt, struct datum *const *fields)
{
	return !mt->condition.n || condition_matches_any(&mt->condition, fields);
}

/* What the change is to this monitor; 0: nothing. */
static unsigned change_type(const struct monitored_table *mt, struct datum *const *old,
			    struct datum *const *new_)
{
	bool was = old && row_matches(mt, old);
	bool is = new_ && row_matches(mt, new_);
	unsigned type = was && is ? SEL_MODIFY : was ? SEL_DELETE : is ? SEL_INSERT : 0;

	return type & mt->select;
}

/* Collects rows into {TABLE: {UUID: ROW, ..}, ..}. Rows of one table must come in a row. */
struct updates {
	const struct monitor *m;
	struct str *out;
	const struct monitored_table *table; /* whose braces are open */
};

static void updates_row(struct updates *u, const struct monitored_table *mt,
			const struct uuid *uuid, unsigned type, struct datum *const *old,
			struct datum *const *new_)
{
	char text[UUID_LEN + 1];
	size_t len = u->out->len;

	if (!len)
		str_putc(u->out, '{');
	if (u->table != mt) {
		if (u->table)
			str_puts(u->out, "},");
		str_putc(u->out, '"');
		str_puts(u->out, mt->table->schema->name);
		str_puts(u->out, "\":{");
	} else {
		str_putc(u->out, ',');
	}
	str_putc(u->out, '"');
	str_put(u->out, uuid_to_str(uuid, text), UUID_LEN);
	str_puts(u->out, "\":");
	bool any = u->m->version == MONITOR_V1 ? put_row_v1(mt, type, old, new_, u->out)
					       : put_row_v2(mt, type, old, new_, u->out);
	if (any)
		u->table = mt;
	else
		str_truncate(u->out, len);
}

static void updates_end(struct updates *u)
{
	if (u->table)
		str_puts(u->out, "}}");
}

static void put_initial(const struct monitor *m, struct str *out)
{
	struct updates u = { .m = m, .out = out };

	for (size_t i = 0; i < m->n_tables; i++) {
		const struct monitored_table *mt = &m->tables[i];
		struct row *row;
		if (!(mt->select & SEL_INITIAL))
			continue;
		TABLE_FOR_EACH_ROW(row, mt->table)
		if (row_matches(mt, row->fields))
			updates_row(&u, mt, &row->uuid, SEL_INITIAL, NULL, row->fields);
	}
	updates_end(&u);
	if (!out->len)
		str_puts(out, "{}");
}

/* --- sending
 * ------------------------------------------------------------------------------------*/

static void put_message(const struct monitor *m, const struct str *id, const struct str *updates,
			struct str *out)
{
	str_putf(out, "{\"id\":null,\"method\":\"%s\",\"params\":[", methods[m->version]);
	str_put(out, id->s, id->len);
	if (m->version == MONITOR_V3)
		str_puts(out, ",\"00000000-0000-0000-0000-000000000000\"");
	str_putc(out, ',');
	str_put(out, updates->s, updates->len);
	str_puts(out, "]}");
}

static void send_all(struct monitor *m, const struct str *updates, void (*free_cookie)(void *))
{
	AUTO_STR message = STR_INIT;
	const struct str *id = NULL;
	struct monitor_sub *sub;
	void *cookie = NULL;

	LIST_FOR_EACH(sub, &m->subs, node) {
		if (!id || strcmp(id->s, sub->id_text.s)) {
			if (cookie)
				free_cookie(cookie);
			cookie = NULL;
			id = &sub->id_text;
			str_clear(&message);
			put_message(m, id, updates, &message);
		}
		sub->send(sub, &message, &cookie);
	}
	if (cookie)
		free_cookie(cookie);
}

/* A transaction's changes, sorted by table, as every monitor wants them. */
struct change {
	const struct table *table;
	const struct row *row;
	struct datum *const *old;
	struct datum *const *new_;
	size_t order;
};

struct changes {
	struct change *changes;
	size_t n, n_allocated;
};

static void collect_change(const struct table *t, const struct row *row, struct datum *const *old,
			   struct datum *const *new_, void *arg)
{
	struct changes *c = arg;

	c->changes = xgrow(c->changes, &c->n_allocated, c->n + 1, sizeof *c->changes);
	c->changes[c->n] = (struct change){ t, row, old, new_, c->n };
	c->n++;
}

static int compare_changes(const void *a_, const void *b_)
{
	const struct change *a = a_, *b = b_;

	if (a->table != b->table)
		return a->table->schema->index < b->table->schema->index ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

void monitor_txn(struct monitor_set *set, const struct txn *txn, void (*free_cookie)(void *))
{
	struct changes c = { NULL, 0, 0 };
	struct monitor *m;

	if (hmap_is_empty(&set->monitors))
		return;
	txn_for_each_change(txn, collect_change, &c);
	if (c.n > 1)
		qsort(c.changes, c.n, sizeof *c.changes, compare_changes);
	HMAP_FOR_EACH(m, &set->monitors, node) {
		AUTO_STR text = STR_INIT;
		struct updates u = { .m = m, .out = &text };
		for (size_t i = 0; i < c.n; i++) {
			const struct change *ch = &c.changes[i];
			const struct monitored_table *mt = m->by_schema[ch->table->schema->index];
			unsigned type = mt ? change_type(mt, ch->old, ch->new_) : 0;
			if (type)
				updates_row(&u, mt, &ch->row->uuid, type, ch->old, ch->new_);
		}
		updates_end(&u);
		if (text.len)
			send_all(m, &text, free_cookie);
	}
	free(c.changes);
}

/* --- the set
 * ------------------------------------------------------------------------------------*/

void monitor_set_init(struct monitor_set *set, struct db *db)
{
	set->db = db;
	hmap_init(&set->monitors);
}

void monitor_set_fini(struct monitor_set *set)
{
	ASSERT(hmap_is_empty(&set->monitors));
	hmap_fini(&set->monitors);
}

size_t monitor_count(const struct monitor_set *set)
{
	struct monitor *m;
	size_t n = 0;

	HMAP_FOR_EACH(m, &set->monitors, node)
		n += list_size(&m->subs);
	return n;
}

static struct monitor *find(const struct monitor_set *set, const char *key)
{
	struct monitor *m;

	HMAP_FOR_EACH_WITH_HASH(m, &set->monitors, hash_str(key, hash_secret()), node)
		if (m->key && !strcmp(m->key, key))
			return m;
	return NULL;
}

static void sub_set_id(struct monitor_sub *sub, const json_t *id)
{
	json_t *copy = json_deep_copy(id);

	json_decref(sub->id);
	sub->id = copy;
	str_clear(&sub->id_text);
	json_put(copy, 0, &sub->id_text);
}

int monitor_add(struct monitor_set *set, enum monitor_version version, const json_t *requests,
		const json_t *id, struct monitor_sub *sub, struct str *ret_initial,
		struct dberr *err)
{
	AUTO_STR key = STR_INIT;

	str_putf(&key, "%d ", version);
	json_put(requests, JSON_PUT_SORT, &key);
	struct monitor *m = find(set, str_cstr(&key));
	if (!m) {
		if (monitor_parse(set->db, version, requests, &m, err) < 0)
			return -EINVAL;
		m->key = str_steal(&key);
		hmap_insert(&set->monitors, &m->node, hash_str(m->key, hash_secret()));
	}
	sub->monitor = m;
	sub_set_id(sub, id);
	list_push_back(&m->subs, &sub->node);
	put_initial(m, ret_initial);
	return 0;
}

/* Leaves the monitor; the last one takes it along. */
static void sub_leave(struct monitor_set *set, struct monitor_sub *sub)
{
	struct monitor *m = sub->monitor;

	list_remove(&sub->node);
	sub->monitor = NULL;
	if (list_is_empty(&m->subs)) {
		hmap_remove(&set->monitors, &m->node);
		monitor_free(m);
	}
}

void monitor_remove(struct monitor_set *set, struct monitor_sub *sub)
{
	sub_leave(set, sub);
	json_decref(sub->id);
	sub->id = NULL;
	str_fini(&sub->id_text);
}

enum monitor_version monitor_sub_version(const struct monitor_sub *sub)
{
	return sub->monitor->version;
}

static void condition_copy(struct condition *dst, const struct condition *src)
{
	dst->n = src->n;
	dst->clauses = xcalloc(src->n + 1, sizeof *dst->clauses);
	for (size_t i = 0; i < src->n; i++) {
		dst->clauses[i] = src->clauses[i];
		if (dst->clauses[i].arg)
			datum_ref(dst->clauses[i].arg);
	}
}

static struct monitor *monitor_clone(const struct monitor *src, const struct db *db)
{
	struct monitor *m = xzalloc(sizeof *m);

	list_init(&m->subs);
	m->version = src->version;
	m->n_tables = src->n_tables;
	m->tables = xcalloc(src->n_tables + 1, sizeof *m->tables);
	for (size_t i = 0; i < src->n_tables; i++) {
		m->tables[i] = src->tables[i];
		if (src->tables[i].n_columns)
			m->tables[i].columns =
				xmemdup(src->tables[i].columns,
					src->tables[i].n_columns * sizeof *m->tables[i].columns);
		condition_copy(&m->tables[i].condition, &src->tables[i].condition);
	}
	map_tables(m, db);
	return m;
}

static int parse_change(struct monitor *m, const struct db *db, const char *name,
			const json_t *json, struct dberr *err)
{
	const struct table *t = db_table(db, name);
	struct monitored_table *mt = t ? m->by_schema[t->schema->index] : NULL;
	struct condition c = { NULL, 0 };

	if (!t)
		return dberr_syntax(err, NULL, "no table named %s", name);
	if (!mt)
		return dberr_syntax(err, NULL, "no table named %s in monitor session", name);
	if (!json_is_array(json))
		return dberr_syntax(err, NULL, "table %s no monitor-cond-change JSON array", name);
	for (size_t i = 0; i < json_array_size(json); i++) {
		const json_t *request = json_array_get(json, i);
		struct parser p;
		parser_init(&p, request, "table %s", name);
		const json_t *columns = parser_member(&p, "columns", PARSE_ARRAY | PARSE_OPTIONAL);
		const json_t *where = parser_member(&p, "where", PARSE_ARRAY | PARSE_OPTIONAL);
		int r = parser_finish(&p, err);
		if (!r && columns)
			r = dberr_syntax(err, request, "changing columns is unsupported");
		if (!r)
			r = add_where(&c, t->schema, where, err);
		if (r < 0) {
			condition_fini(&c);
			return r;
		}
	}
	condition_fini(&mt->condition);
	mt->condition = c;
	return 0;
}

/* Rows that the new conditions bring in and put out. */
static void put_difference(const struct monitor *before, const struct monitor *after,
			   struct str *out)
{
	struct updates u = { .m = after, .out = out };

	for (size_t i = 0; i < after->n_tables; i++) {
		const struct monitored_table *was_mt = &before->tables[i];
		const struct monitored_table *mt = &after->tables[i];
		struct row *row;
		if (condition_equal(&was_mt->condition, &mt->condition))
			continue;
		TABLE_FOR_EACH_ROW(row, mt->table)
		{
			bool was = row_matches(was_mt, row->fields);
			bool is = row_matches(mt, row->fields);
			unsigned type = was == is ? 0 : is ? SEL_INSERT : SEL_DELETE;
			if (type & mt->select)
				updates_row(&u, mt, &row->uuid, type, was ? row->fields : NULL,
					    is ? row->fields : NULL);
		}
	}
	updates_end(&u);
}

int monitor_change(struct monitor_set *set, struct monitor_sub *sub, const json_t *new_id,
		   const json_t *requests, void (*free_cookie)(void *), struct dberr *err)
{
	struct monitor *m = monitor_clone(sub->monitor, set->db);
	AUTO_STR updates = STR_INIT;
	const char *name;
	json_t *request;

	json_object_foreach((json_t *)requests, name, request)
		if (parse_change(m, set->db, name, request, err) < 0) {
			monitor_free(m);
			return -EINVAL;
		}
	put_difference(sub->monitor, m, &updates);
	sub_leave(set, sub);
	hmap_insert(&set->monitors, &m->node, hash_ptr(m, hash_secret()));
	sub->monitor = m;
	list_push_back(&m->subs, &sub->node);
	sub_set_id(sub, new_id);
	if (updates.len)
		send_all(m, &updates, free_cookie);
	return 0;
}
