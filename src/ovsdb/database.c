/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/database.h"
#include <errno.h>
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/mem.h"
#include "ovsdb/load.h"
#include "ovsdb/record.h"
#include "wire/json.h"

LOG_MODULE(ovsdb);

COUNTER_DEFINE(ovsdb_transact);
COUNTER_DEFINE(ovsdb_transact_wait);

static void run(struct request *);

/* --- opening
 * ------------------------------------------------------------------------------------*/

static void snapshot_cb(struct str *ret_schema, struct str *ret_data, const char *comment, void *d_)
{
	const struct database *d = d_;
	json_t *json = schema_to_json(d->db->schema);

	json_put(json, 0, ret_schema);
	json_decref(json);
	record_put_snapshot(d->db, comment, d->loop != NULL, ret_data);
}

static void retry_waiting(struct deferred *deferred)
{
	struct database *d = CONTAINER_OF(deferred, struct database, retry);
	struct list again = LIST_INIT(again);

	list_splice(&again, &d->waiting);
	while (!list_is_empty(&again)) {
		struct request *r = LIST_ENTRY(list_pop_front(&again), struct request, node);
		d->n_waiting--;
		run(r);
	}
}

static void timer_cb(struct timer *t)
{
	retry_waiting(&CONTAINER_OF(t, struct database, timer)->retry);
}

static struct database *database_new(struct db *db, struct storage *storage, struct loop *loop)
{
	struct database *d = xzalloc(sizeof *d);

	d->name = xstrdup(db->name);
	d->db = db;
	d->storage = storage;
	d->loop = loop;
	monitor_set_init(&d->monitors, db);
	list_init(&d->waiting);
	list_init(&d->flying);
	deferred_init(&d->retry, retry_waiting);
	timer_init(&d->timer, timer_cb);
	if (storage)
		storage_on_snapshot(storage, snapshot_cb, d);
	return d;
}

struct database *database_new_builtin(struct schema *schema, struct loop *loop)
{
	struct database *d = database_new(db_new(schema), NULL, loop);

	d->is_builtin = true;
	return d;
}

static int read_schema(struct storage *s, const char *path, struct schema **ret, struct err *err)
{
	AUTO_DBERR why = DBERR_INIT;
	json_t *json;

	int r = storage_read(s, &json, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, -EINVAL, "%s: database file contains no schema", path);
	r = schema_from_json(json, ret, &why);
	json_decref(json);
	if (r < 0) {
		dberr_wrap(&why, "failed to parse \"%s\" as ovsdb schema", path);
		return dberr_to_err(&why, err);
	}
	return 0;
}

/* What is whole is loaded; from the first record on that is not, or that makes no sense, all is
 * left out, and said to be. */
static void load(struct storage *s, struct db *db)
{
	AUTO_ERR err = ERR_INIT;
	int r;

	while ((r = load_record(s, db, &err)) > 0)
		;
	if (r < 0)
		log_err("%s", err_text(&err));
	if (storage_tail_bytes(s))
		log_warn("%s: the last %llu bytes of the file are no whole record and are dropped",
			 storage_path(s), (unsigned long long)storage_tail_bytes(s));
}

int database_open(const char *path, bool is_writable, struct loop *loop, struct database **ret,
		  struct err *err)
{
	struct storage *s;
	struct schema *schema;

	int r = storage_open(path, is_writable, loop, &s, err);
	if (r < 0)
		return r;
	r = read_schema(s, path, &schema, err);
	if (r < 0) {
		storage_close(s);
		return r;
	}
	struct db *db = db_new(schema);
	schema_unref(schema);
	load(s, db);
	*ret = database_new(db, s, loop);
	return 0;
}

void database_close(struct database *d)
{
	if (!d)
		return;
	database_flush(d);
	ASSERT(list_is_empty(&d->waiting) && list_is_empty(&d->flying));
	timer_disarm(&d->timer);
	deferred_cancel(&d->retry);
	monitor_set_fini(&d->monitors);
	storage_close(d->storage);
	db_free(d->db);
	free(d->name);
	free(d);
}

/* --- requests
 * -----------------------------------------------------------------------------------*/

static void arm_timer(struct database *d)
{
	int64_t earliest = INT64_MAX;
	struct request *r;

	LIST_FOR_EACH(r, &d->waiting, node)
		earliest = MIN(earliest, r->deadline_ns);
	if (!d->loop)
		return;
	if (earliest == INT64_MAX)
		timer_disarm(&d->timer);
	else
		timer_arm_at(&d->timer, d->loop, earliest);
}

static void answer(struct request *r)
{
	list_remove(&r->node);
	r->database = NULL;
	r->reply(r, STEAL(r->results));
}

static void append_error(struct request *r, const struct dberr *err)
{
	json_array_append_new(r->results, dberr_to_json(err));
}

/* The transaction's rows are final: everybody is told, then those who wait get another chance. */
static void finish(struct database *d, struct txn *txn)
{
	bool changed = txn_has_changes(txn);

	if (changed) {
		monitor_txn(&d->monitors, txn, d->free_cookie);
		if (d->changed)
			d->changed(d, txn, d->changed_arg);
	}
	txn_finish(txn);
	if (changed && !list_is_empty(&d->waiting) && d->loop)
		deferred_put(&d->retry, d->loop);
}

static void written(struct storage_write *w, const struct err *err)
{
	struct request *r = CONTAINER_OF(w, struct request, write);
	struct database *d = r->database;

	str_fini(&w->text);
	if (!err) {
		finish(d, STEAL(r->txn));
	} else {
		AUTO_DBERR e = DBERR_INIT;
		txn_abort(STEAL(r->txn));
		dberr_set(&e, "I/O error", NULL, "%s", err_text(err));
		append_error(r, &e);
	}
	answer(r);
}

/* Columns of persistent tables go to the disk; the rest waits only for its turn. */
static void commit(struct database *d, struct request *r)
{
	AUTO_DBERR err = DBERR_INIT;

	if (txn_prepare(r->txn, &err) < 0) {
		txn_abort(STEAL(r->txn));
		append_error(r, &err);
		answer(r);
		return;
	}
	bool is_kept = d->storage && txn_has_persistent_changes(r->txn);
	if (!d->storage || (!is_kept && storage_is_idle(d->storage))) {
		finish(d, STEAL(r->txn));
		answer(r);
		return;
	}
	if (is_kept)
		record_put(r->txn, &r->write.text);
	r->write.is_durable = r->txn->is_durable;
	r->write.done = written;
	list_push_back(&d->flying, &r->node);
	storage_submit(d->storage, &r->write);
	if (!d->loop)
		storage_flush(d->storage);
}

static void log_table_changes(const struct table *t, const struct row *row,
			      struct datum *const *old, struct datum *const *new_, void *d_)
{
	const struct database *d = d_;
	char text[UUID_LEN + 1];

	if (t->schema->index < ARRAY_SIZE(d->is_logged) && d->is_logged[t->schema->index])
		log_info("%s: table %s: row %s %s", d->name, t->schema->name,
			 uuid_to_str(&row->uuid, text),
			 !old	 ? "inserted"
			 : !new_ ? "deleted"
				 : "modified");
}

static void run(struct request *r)
{
	struct database *d = r->database;
	int64_t elapsed_ms = (clock_mono_ns() - r->arrived_ns) / NS_PER_MS;
	int64_t wait_ms;

	switch (execute(d->db, &r->client, r->params, elapsed_ms, &r->results, &r->txn, &wait_ms)) {
	case EXEC_OK:
		txn_for_each_change(r->txn, log_table_changes, d);
		commit(d, r);
		break;
	case EXEC_FAILED:
		answer(r);
		break;
	case EXEC_BLOCKED:
		counter_inc(&ovsdb_transact_wait);
		r->deadline_ns =
			wait_ms == INT64_MAX ? INT64_MAX : r->arrived_ns + wait_ms * NS_PER_MS;
		list_push_back(&d->waiting, &r->node);
		d->n_waiting++;
		arm_timer(d);
		break;
	}
}

int database_request(struct database *d, struct request *r, struct err *err)
{
	if (d->n_waiting >= DATABASE_MAX_WAITING)
		return err_set(err, -EBUSY, "%s: %u requests wait already", d->name,
			       DATABASE_MAX_WAITING);
	counter_inc(&ovsdb_transact);
	r->database = d;
	r->arrived_ns = clock_mono_ns();
	list_init(&r->node);
	run(r);
	return 0;
}

bool database_cancel(struct request *r)
{
	struct database *d = r->database;

	if (!d || r->txn)
		return false;
	list_remove(&r->node);
	d->n_waiting--;
	r->database = NULL;
	arm_timer(d);
	return true;
}

struct own_commit {
	struct storage_write write;
	struct database *d;
	struct txn *txn;
};

static void own_written(struct storage_write *w, const struct err *err)
{
	struct own_commit *c = CONTAINER_OF(w, struct own_commit, write);

	if (err)
		txn_abort(c->txn);
	else
		finish(c->d, c->txn);
	str_fini(&w->text);
	free(c);
}

void database_commit(struct database *d, struct txn *txn)
{
	AUTO_DBERR err = DBERR_INIT;

	if (txn_prepare(txn, &err) < 0) {
		AUTO_STR text = STR_INIT;
		dberr_put(&err, &text);
		log_err("%s: a change by the server itself failed: %s", d->name, str_cstr(&text));
		txn_abort(txn);
		return;
	}
	bool is_kept = d->storage && txn_has_persistent_changes(txn);
	if (!d->storage || (!is_kept && storage_is_idle(d->storage))) {
		finish(d, txn);
		return;
	}
	struct own_commit *c = xzalloc(sizeof *c);
	c->d = d;
	c->txn = txn;
	c->write.done = own_written;
	if (is_kept)
		record_put(txn, &c->write.text);
	storage_submit(d->storage, &c->write);
}

void database_flush(struct database *d)
{
	if (d->storage)
		storage_flush(d->storage);
}

/* --- compaction and conversion
 * ------------------------------------------------------------------*/

int database_compact(struct database *d, struct err *err)
{
	int64_t start = clock_mono_ns();

	int r = storage_compact(d->storage, "compacting database online", err);
	if (!r)
		log_info("%s: compacted in %lld ms", d->name,
			 (long long)((clock_mono_ns() - start) / NS_PER_MS));
	return r;
}

void database_compact_if_due(struct database *d)
{
	AUTO_ERR err = ERR_INIT;

	if (!d->storage || !storage_wants_compaction(d->storage))
		return;
	if (database_compact(d, &err) < 0)
		log_err("%s: could not compact: %s", d->name, err_text(&err));
}

int db_convert(const struct db *from, struct schema *schema, struct db **ret, struct dberr *err)
{
	struct db *db = db_new(schema);
	struct txn *txn = txn_new(db);
	int r = 0;

	for (size_t i = 0; !r && i < from->schema->n_tables; i++) {
		const struct table *src = from->tables[i];
		struct table *dst = db_table(db, src->schema->name);
		struct row *row;
		if (!dst)
			continue;
		TABLE_FOR_EACH_ROW(row, src)
		{
			struct row *new_ = txn_insert(txn, dst, &row->uuid);
			for (size_t j = N_FIXED_COLUMNS; !r && j < src->schema->n_columns; j++) {
				const struct column_schema *c =
					table_column(dst->schema, src->schema->columns[j]->name);
				if (!c)
					continue;
				/* Through JSON, which checks the value against the new type. */
				json_t *json = datum_to_json(row->fields[j]);
				struct datum *d;
				r = datum_from_json(&c->type, json, NULL, &d, err);
				json_decref(json);
				if (!r)
					txn_set(txn, dst, new_, c, d);
			}
			if (r)
				break;
		}
	}
	if (!r)
		r = txn_prepare(txn, err);
	if (r < 0) {
		txn_abort(txn);
		db_free(db);
		return r;
	}
	txn_finish(txn);
	*ret = db;
	return 0;
}

int database_convert(struct database *d, struct schema *schema, struct dberr *err)
{
	AUTO_ERR why = ERR_INIT;
	struct db *new_;

	database_flush(d);
	int r = db_convert(d->db, schema, &new_, err);
	if (r < 0)
		return r;

	struct db *old = d->db;
	d->db = new_;
	if (d->storage) {
		r = storage_compact(d->storage, "converted by ovsdb-server", &why);
		if (r < 0) {
			d->db = old;
			db_free(new_);
			return dberr_set(err, "I/O error", NULL, "%s", err_text(&why));
		}
	}
	monitor_set_fini(&d->monitors);
	monitor_set_init(&d->monitors, new_);
	memset(d->is_logged, 0, sizeof d->is_logged);
	db_free(old);
	return 0;
}
