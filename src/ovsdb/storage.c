/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/storage.h"
#include <errno.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ovsdb/journal.h"

LOG_MODULE(storage);

/* As ovsdb-server(1) has it: twice the size after the last compaction, and more than 10 MB, but
 * not more often than every ten minutes. */
#define COMPACT_MIN_BYTES (10 << 20)
#define COMPACT_MIN_INTERVAL_NS (600 * NS_PER_SEC)

struct storage {
	struct journal *journal;
	struct loop *loop;
	struct deferred flush;
	struct list queue; /* of struct storage_write */
	bool is_flushing;
	storage_snapshot_cb *snapshot;
	void *snapshot_arg;
	off_t compact_size; /* size after the last compaction, or at the start */
	int64_t compacted_ns;
};

static void flush_cb(struct deferred *d) { storage_flush(CONTAINER_OF(d, struct storage, flush)); }

int storage_open(const char *path, bool is_writable, struct loop *loop, struct storage **ret,
		 struct err *err)
{
	struct journal *journal;
	int r = journal_open(path, is_writable ? JOURNAL_WRITE : JOURNAL_READ, &journal, err);

	if (r < 0)
		return r;
	if (journal_is_cluster(journal)) {
		journal_close(journal);
		return err_set(err, -EOPNOTSUPP,
			       "%s: this is a file of a clustered database, which weft does not "
			       "support; turn it into a standalone one with "
			       "\"ovsdb-tool cluster-to-standalone\" of Open vSwitch",
			       path);
	}
	struct storage *s = xzalloc(sizeof *s);
	s->journal = journal;
	s->loop = loop;
	list_init(&s->queue);
	deferred_init(&s->flush, flush_cb);
	s->compacted_ns = clock_mono_ns();
	*ret = s;
	return 0;
}

void storage_close(struct storage *s)
{
	if (!s)
		return;
	storage_flush(s);
	deferred_cancel(&s->flush);
	journal_close(s->journal);
	free(s);
}

const char *storage_path(const struct storage *s) { return journal_path(s->journal); }

void storage_on_snapshot(struct storage *s, storage_snapshot_cb *cb, void *arg)
{
	s->snapshot = cb;
	s->snapshot_arg = arg;
}

int storage_read(struct storage *s, json_t **ret, struct err *err)
{
	int r = journal_read_json(s->journal, ret, err);

	s->compact_size = journal_offset(s->journal);
	return r;
}

int storage_read_text(struct storage *s, char **ret, size_t *ret_len, struct err *err)
{
	int r = journal_read(s->journal, ret, ret_len, err);

	s->compact_size = journal_offset(s->journal);
	return r;
}

void storage_unread(struct storage *s) { journal_unread(s->journal); }

uint64_t storage_tail_bytes(const struct storage *s) { return journal_tail_bytes(s->journal); }

uint64_t storage_offset(const struct storage *s) { return journal_offset(s->journal); }

void storage_submit(struct storage *s, struct storage_write *w)
{
	list_push_back(&s->queue, &w->node);
	if (s->loop)
		deferred_put(&s->flush, s->loop);
}

bool storage_is_idle(const struct storage *s) { return list_is_empty(&s->queue); }

bool storage_is_damaged(const struct storage *s) { return journal_needs_rewrite(s->journal); }

static void complete(struct list *batch, const struct err *err)
{
	while (!list_is_empty(batch)) {
		struct list *node = err ? batch->prev : batch->next;
		struct storage_write *w = LIST_ENTRY(node, struct storage_write, node);
		list_remove(node);
		w->done(w, err); /* may free w */
	}
}

/* The contents in memory are ahead of the file by the batch that is about to be written, so a new
 * file holds all of it: no record needs to be appended then. */
static int rewrite(struct storage *s, const char *comment, struct err *err)
{
	AUTO_STR schema = STR_INIT;
	AUTO_STR data = STR_INIT;
	AUTO_STR frames = STR_INIT;

	ASSERT(s->snapshot);
	s->snapshot(&schema, &data, comment, s->snapshot_arg);
	journal_frame(schema.s, schema.len, &frames);
	journal_frame(data.s, data.len, &frames);
	int r = journal_replace(s->journal, &frames, err);
	if (!r) {
		s->compact_size = journal_offset(s->journal);
		s->compacted_ns = clock_mono_ns();
	}
	return r;
}

void storage_flush(struct storage *s)
{
	struct list batch = LIST_INIT(batch);
	struct storage_write *w;
	AUTO_STR frames = STR_INIT;
	AUTO_ERR err = ERR_INIT;
	bool is_durable = false;
	int r = 0;

	if (s->is_flushing || list_is_empty(&s->queue))
		return;
	s->is_flushing = true;
	list_splice(&batch, &s->queue);
	LIST_FOR_EACH(w, &batch, node) {
		if (!w->text.len)
			continue;
		journal_frame(w->text.s, w->text.len, &frames);
		is_durable |= w->is_durable;
	}
	if (frames.len && journal_needs_rewrite(s->journal) && s->snapshot)
		r = rewrite(s, "replacing a damaged file", &err);
	else if (frames.len)
		r = journal_append(s->journal, &frames, is_durable, &err);
	if (r < 0)
		log_err("%s", err_text(&err));
	complete(&batch, r < 0 ? &err : NULL);
	s->is_flushing = false;
	if (!list_is_empty(&s->queue) && s->loop)
		deferred_put(&s->flush, s->loop);
}

bool storage_wants_compaction(const struct storage *s)
{
	off_t size = journal_offset(s->journal);

	return size > COMPACT_MIN_BYTES && size / 2 > s->compact_size &&
	       clock_mono_ns() - s->compacted_ns >= COMPACT_MIN_INTERVAL_NS;
}

int storage_compact(struct storage *s, const char *comment, struct err *err)
{
	storage_flush(s);
	return rewrite(s, comment, err);
}
