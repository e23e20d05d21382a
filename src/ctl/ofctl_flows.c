/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_flows: commands that show and change flows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ctl/ofctl.h"
#include "ofp/error.h"

/* -- Files. */

void ofctl_for_each_line(const char *file, void (*cb)(const char *, const char *, int, void *),
			 void *arg)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "r") : stdin;
	if (!f)
		log_fatal("%s: open failed (%s)", file, err_name(errno));
	AUTO_FREE char *line = NULL;
	size_t allocated = 0;
	ssize_t len;
	for (int n = 1; (len = getline(&line, &allocated, f)) >= 0; n++) {
		char *hash = strchr(line, '#');
		if (hash)
			*hash = '\0';
		len = (ssize_t)strlen(line);
		while (len && strchr(" \t\r\n", line[len - 1]))
			line[--len] = '\0';
		const char *s = line + strspn(line, " \t");
		if (*s)
			cb(s, file, n, arg);
	}
	if (f != stdin)
		fclose(f);
}

/* -- Dumps. */

struct flow_rec {
	struct flow_stats fs;
	struct of_actions acts;
};
struct flow_list {
	struct flow_rec *recs;
	size_t n, allocated;
};

static void collect(const struct of_msg *m, void *arg)
{
	struct flow_list *l = arg;
	struct cursor c = of_msg_cursor(m);
	for (;;) {
		struct flow_rec rec = { .acts = OF_ACTIONS_INIT };
		int r = flow_stats_pull(m, &c, &rec.fs, &rec.acts);
		if (r) {
			of_actions_fini(&rec.acts);
			if (r < 0)
				log_fatal("received bad reply: %s", of_error_name(r));
			return;
		}
		l->recs = xgrow(l->recs, &l->allocated, l->n + 1, sizeof *l->recs);
		l->recs[l->n++] = rec;
	}
}

static int compare_field(const struct flow_rec *a, const struct flow_rec *b, const struct field *f)
{
	bool a_has = !field_is_wild(f, &a->fs.match.mask),
	     b_has = !field_is_wild(f, &b->fs.match.mask);
	if (a_has != b_has)
		return a_has ? -1 : 1; /* those without it come last, also in descending order */
	if (!a_has)
		return 0;
	union field_value av, bv;
	field_get(f, &a->fs.match.key, &av);
	field_get(f, &b->fs.match.key, &bv);
	return memcmp(av.b, bv.b, f->n_bytes);
}

static int compare(const void *a_, const void *b_)
{
	const struct flow_rec *a = a_, *b = b_;
	for (size_t i = 0; i < ofctl.n_sort; i++) {
		const struct ofctl_sort *s = &ofctl.sort[i];
		int r;
		if (!s->field) {
			r = a->fs.priority < b->fs.priority ? -1 : a->fs.priority > b->fs.priority;
		} else {
			bool a_has = !field_is_wild(s->field, &a->fs.match.mask);
			bool b_has = !field_is_wild(s->field, &b->fs.match.mask);
			r = compare_field(a, b, s->field);
			if (a_has != b_has)
				return r;
		}
		if (r)
			return s->descending ? -r : r;
	}
	if (a->fs.priority != b->fs.priority)
		return a->fs.priority < b->fs.priority ? 1 : -1;
	return a->fs.table_id - b->fs.table_id;
}

static void flow_list_free(struct flow_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		of_actions_fini(&l->recs[i].acts);
	free(l->recs);
}

static struct flow_stats_request parse_request(int argc, char **argv, bool aggregate,
					       uint32_t *usable)
{
	struct flow_stats_request req;
	AUTO_ERR err = ERR_INIT;
	if (flow_stats_request_from_str(argc > 2 ? argv[2] : "", ofctl_accept_names(argv[1]),
					aggregate, &req, usable, &err) < 0)
		log_fatal("%s", err_text(&err));
	return req;
}

/* Dumps go in the richest form of the version: NXM in 1.0. The table is a member of the request and
 * no reason against any form. */
static uint32_t dump_protocol(struct peer *p, uint32_t usable)
{
	usable |= usable & OFPROTO_OF10_TID ? OFPROTO_OF10 : 0;
	usable |= usable & OFPROTO_NXM_TID ? OFPROTO_NXM : 0;
	uint32_t nxm = usable & OFPROTO_NXM & ofctl_allowed();
	return peer_set_protocol(p, peer_version(p) == OF10 && nxm ? nxm : usable);
}

int ofctl_dump_flows(int argc, char **argv)
{
	uint32_t usable = OFPROTO_ANY;
	struct flow_stats_request req = parse_request(argc, argv, false, &usable);
	struct peer *p = peer_open(argv[1], "mgmt");
	uint32_t protocol = dump_protocol(p, usable);
	const struct ofport_names *names = ofctl_show_names(argv[1]);
	AUTO_BYTES request = BYTES_INIT;
	flow_stats_request_build(&request, &req, protocol, peer_xid(p));
	if (!ofctl.n_sort && !names && !ofctl.no_stats) {
		ofctl_dump_stats(p, &request, NULL);
		peer_close(p);
		return 0;
	}
	struct flow_list l = { NULL, 0, 0 };
	AUTO_STR out = STR_INIT;
	peer_dump(p, &request, collect, &l);
	if (ofctl.n_sort)
		qsort(l.recs, l.n, sizeof *l.recs, compare);
	for (size_t i = 0; i < l.n; i++) {
		struct flow_stats *fs = &l.recs[i].fs;
		fs->actions = l.recs[i].acts.data;
		fs->idle_age = fs->hard_age = -1;
		str_clear(&out);
		flow_stats_put(fs, names, !ofctl.no_stats, &out);
		printf(" %s\n", str_cstr(&out));
	}
	flow_list_free(&l);
	peer_close(p);
	return 0;
}

int ofctl_dump_aggregate(int argc, char **argv)
{
	uint32_t usable = OFPROTO_ANY;
	struct flow_stats_request req = parse_request(argc, argv, true, &usable);
	struct peer *p = peer_open(argv[1], "mgmt");
	uint32_t protocol = dump_protocol(p, usable);
	AUTO_BYTES request = BYTES_INIT;
	flow_stats_request_build(&request, &req, protocol, peer_xid(p));
	ofctl_dump_transaction(p, &request, NULL);
	peer_close(p);
	return 0;
}

/* -- Changes. */

struct mods {
	struct flow_mod *fms;
	size_t n, allocated;
	int command;
	const struct ofport_names *names;
	uint32_t usable;
};

static void mods_add(struct mods *m, const char *text, const char *where)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	m->fms = xgrow(m->fms, &m->allocated, m->n + 1, sizeof *m->fms);
	struct flow_mod *fm = &m->fms[m->n];
	if (flow_mod_from_str(text, m->command, m->names, fm, &acts, &m->usable, &err) < 0)
		log_fatal("%s%s", where, err_text(&err));
	fm->actions = fm->actions_size ? xmemdup(fm->actions, fm->actions_size) : NULL;
	m->n++;
}

static void mods_add_line(const char *text, const char *file, int line, void *arg)
{
	AUTO_FREE char *where = xasprintf("%s:%d: ", file, line);
	mods_add(arg, text, where);
}

static void mods_free(struct mods *m)
{
	for (size_t i = 0; i < m->n; i++)
		free((void *)m->fms[i].actions);
	free(m->fms);
}

static void send_all(struct peer *p, const struct flow_mod *fms, size_t n, uint32_t usable,
		     bool *ok)
{
	uint32_t protocol = peer_set_protocol(p, usable);
	AUTO_BYTES b = BYTES_INIT;
	for (size_t i = 0; i < n; i++) {
		if (flow_mod_build(&b, &fms[i], protocol, peer_xid(p)) < 0)
			log_fatal("a flow is too long for an OpenFlow message");
		/* Bounded memory here, and the switch begins early. */
		if (b.size > 256 * 1024) {
			peer_send(p, &b);
			b.size = 0;
			while (peer_recv_pending(p))
				;
		}
	}
	*ok = peer_transact_noreply(p, &b);
}

void ofctl_send_flow_mods(const char *target, struct flow_mod *fms, size_t n, uint32_t usable)
{
	struct peer *p = peer_open(target, "mgmt");
	bool ok;
	if (ofctl.bundle)
		ok = ofctl_send_bundle(p, fms, n, usable);
	else
		send_all(p, fms, n, usable, &ok);
	peer_close(p);
	if (!ok)
		exit(1);
}

static int change(int argc, char **argv, int command, bool from_file)
{
	struct mods m = { .command = command,
			  .names = ofctl_accept_names(argv[1]),
			  .usable = OFPROTO_ANY };
	if (from_file || (argc > 2 && !strcmp(argv[2], "-")))
		ofctl_for_each_line(argv[2], mods_add_line, &m);
	else
		mods_add(&m, argc > 2 ? argv[2] : "", "");
	/* In 1.0 and 1.1 an add always resets the counters: the flag says nothing new there. */
	ofctl_send_flow_mods(argv[1], m.fms, m.n, m.usable);
	mods_free(&m);
	return 0;
}

int ofctl_add_flow(int argc, char **argv) { return change(argc, argv, OFPFC_ADD, false); }

int ofctl_add_flows(int argc, char **argv) { return change(argc, argv, -1, true); }

int ofctl_mod_flows(int argc, char **argv)
{
	return change(argc, argv, ofctl.strict ? OFPFC_MODIFY_STRICT : OFPFC_MODIFY, false);
}

int ofctl_del_flows(int argc, char **argv)
{
	return change(argc, argv, ofctl.strict ? OFPFC_DELETE_STRICT : OFPFC_DELETE, false);
}

/* -- replace-flows and diff-flows. */

struct version {
	bool there;
	be64 cookie;
	uint16_t idle_timeout, hard_timeout, importance, flags;
	void *actions;
	size_t actions_size;
};
struct entry {
	struct match match;
	uint16_t priority;
	uint8_t table_id;
	struct version v[2];
};
struct entries {
	struct entry *e;
	size_t n, allocated;
	size_t *buckets, n_buckets; /* open addressing, index + 1 */
};

static uint32_t entry_hash(const struct match *m, uint16_t priority, uint8_t table)
{
	return match_hash(m, (uint32_t)priority << 8 | table);
}

static void rehash(struct entries *s)
{
	s->n_buckets = MAX((size_t)1024, s->n_buckets * 2);
	free(s->buckets);
	s->buckets = xcalloc(s->n_buckets, sizeof *s->buckets);
	for (size_t i = 0; i < s->n; i++) {
		size_t at = entry_hash(&s->e[i].match, s->e[i].priority, s->e[i].table_id) %
			    s->n_buckets;
		while (s->buckets[at])
			at = (at + 1) % s->n_buckets;
		s->buckets[at] = i + 1;
	}
}

static struct entry *entry_get(struct entries *s, const struct match *m, uint16_t priority,
			       uint8_t table)
{
	if ((s->n + 1) * 2 > s->n_buckets)
		rehash(s);
	size_t at = entry_hash(m, priority, table) % s->n_buckets;
	for (; s->buckets[at]; at = (at + 1) % s->n_buckets) {
		struct entry *e = &s->e[s->buckets[at] - 1];
		if (e->priority == priority && e->table_id == table && match_equal(&e->match, m))
			return e;
	}
	s->e = xgrow(s->e, &s->allocated, s->n + 1, sizeof *s->e);
	s->e[s->n] = (struct entry){ .match = *m, .priority = priority, .table_id = table };
	s->buckets[at] = ++s->n;
	return &s->e[s->n - 1];
}

static void entries_free(struct entries *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->e[i].v[0].actions);
		free(s->e[i].v[1].actions);
	}
	free(s->e);
	free(s->buckets);
}

struct source {
	struct entries *s;
	int index;
	const struct ofport_names *names;
	uint32_t usable;
};

static void entry_set(struct source *src, const struct match *m, uint16_t priority, uint8_t table,
		      const struct version *v)
{
	struct entry *e = entry_get(src->s, m, priority, table);
	free(e->v[src->index].actions);
	e->v[src->index] = *v;
	e->v[src->index].there = true;
}

static void read_line(const char *text, const char *file, int line, void *arg)
{
	struct source *src = arg;
	struct flow_mod fm;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	AUTO_ERR err = ERR_INIT;
	if (flow_mod_from_str(text, OFPFC_ADD, src->names, &fm, &acts, &src->usable, &err) < 0)
		log_fatal("%s:%d: %s", file, line, err_text(&err));
	const struct version v = {
		.cookie = fm.new_cookie,
		.idle_timeout = fm.idle_timeout,
		.hard_timeout = fm.hard_timeout,
		.importance = fm.importance,
		.flags = fm.flags & (OFFF_SEND_FLOW_REM | OFFF_EMERG),
		.actions = fm.actions_size ? xmemdup(fm.actions, fm.actions_size) : NULL,
		.actions_size = fm.actions_size,
	};
	entry_set(src, &fm.match, (uint16_t)fm.priority, fm.table_id == OFPTT_ALL ? 0 : fm.table_id,
		  &v);
}

static void read_switch(struct peer *p, struct source *src)
{
	const struct flow_stats_request req = { .out_port = OFPORT_NONE,
						.out_group = OFPG_ANY,
						.table_id = OFPTT_ALL };
	uint32_t protocol = dump_protocol(p, OFPROTO_ANY);
	AUTO_BYTES request = BYTES_INIT;
	struct flow_list l = { NULL, 0, 0 };
	flow_stats_request_build(&request, &req, protocol, peer_xid(p));
	peer_dump(p, &request, collect, &l);
	for (size_t i = 0; i < l.n; i++) {
		const struct flow_stats *fs = &l.recs[i].fs;
		const struct version v = {
			.cookie = fs->cookie,
			.idle_timeout = fs->idle_timeout,
			.hard_timeout = fs->hard_timeout,
			.importance = fs->importance,
			.flags = 0,
			.actions = fs->actions_size ? xmemdup(l.recs[i].acts.data, fs->actions_size)
						    : NULL,
			.actions_size = fs->actions_size,
		};
		entry_set(src, &fs->match, fs->priority, fs->table_id, &v);
	}
	flow_list_free(&l);
}

/* Compared as text: the same action may come in several forms. */
static bool version_equal(const struct version *a, const struct version *b)
{
	if (a->cookie != b->cookie || a->idle_timeout != b->idle_timeout ||
	    a->hard_timeout != b->hard_timeout || a->importance != b->importance)
		return false;
	if (a->actions_size == b->actions_size &&
	    (!a->actions_size || !memcmp(a->actions, b->actions, a->actions_size)))
		return true;
	AUTO_STR at = STR_INIT, bt = STR_INIT;
	of_actions_put_text(a->actions, a->actions_size, NULL, &at);
	of_actions_put_text(b->actions, b->actions_size, NULL, &bt);
	return !strcmp(str_cstr(&at), str_cstr(&bt));
}

static struct flow_mod mod_of(const struct entry *e, const struct version *v,
			      enum of_flow_mod_command c)
{
	bool add = c == OFPFC_ADD;
	return (struct flow_mod){
		.match = e->match,
		.priority = e->priority,
		.table_id = e->table_id,
		.command = c,
		.new_cookie = v->cookie,
		.modify_cookie = add,
		.idle_timeout = v->idle_timeout,
		.hard_timeout = v->hard_timeout,
		.importance = v->importance,
		.flags = v->flags,
		.buffer_id = OF_NO_BUFFER,
		.out_port = OFPORT_NONE,
		.out_group = OFPG_ANY,
		.actions = add ? v->actions : NULL,
		.actions_size = add ? v->actions_size : 0,
	};
}

enum { FROM_FILE, FROM_SWITCH };

int ofctl_replace_flows(int argc, char **argv)
{
	struct entries s = { 0 };
	struct source file = { &s, FROM_FILE, ofctl_accept_names(argv[1]), OFPROTO_ANY };
	struct source sw = { &s, FROM_SWITCH, NULL, OFPROTO_ANY };
	ofctl_for_each_line(argv[2], read_line, &file);
	struct peer *p = peer_open(argv[1], "mgmt");
	read_switch(p, &sw);

	struct flow_mod *fms = NULL;
	size_t n = 0, allocated = 0;
	bool tables = false;
	for (int adds = 0; adds < 2; adds++) { /* deletions first */
		for (size_t i = 0; i < s.n; i++) {
			const struct entry *e = &s.e[i];
			bool in_file = e->v[FROM_FILE].there, in_switch = e->v[FROM_SWITCH].there;
			bool want = adds ? in_file && (!in_switch || ofctl.readd ||
						       !version_equal(&e->v[0], &e->v[1]))
					 : in_switch && !in_file;
			if (!want)
				continue;
			fms = xgrow(fms, &allocated, n + 1, sizeof *fms);
			fms[n++] = adds ? mod_of(e, &e->v[FROM_FILE], OFPFC_ADD)
					: mod_of(e, &e->v[FROM_SWITCH], OFPFC_DELETE_STRICT);
			tables |= e->table_id != 0;
		}
	}
	uint32_t usable = file.usable;
	if (tables || peer_version(p) == OF10)
		usable &= tables ? OFPROTO_TID | OFPROTO_OF11_UP : OFPROTO_ANY;
	/* Deletions must be able to say what the switch's flows match. */
	for (size_t i = 0; i < n; i++) {
		if (fms[i].command == OFPFC_DELETE_STRICT)
			usable &= match_usable_protocols(&fms[i].match);
	}
	bool ok = true;
	if (n && ofctl.bundle)
		ok = ofctl_send_bundle(p, fms, n, usable);
	else if (n)
		send_all(p, fms, n, usable, &ok);
	free(fms);
	entries_free(&s);
	peer_close(p);
	return ok ? 0 : 1;
}

static void put_entry(const struct entry *e, const struct version *v, char sign,
		      const struct ofport_names *names, struct str *out)
{
	str_putc(out, sign);
	if (e->table_id)
		str_putf(out, "table=%u ", e->table_id);
	size_t start = out->len;
	match_put(&e->match, e->priority, names, out);
	if (out->len > start)
		str_putc(out, ' ');
	if (v->cookie)
		str_putf(out, "cookie=0x%llx ", (unsigned long long)be64_to_cpu(v->cookie));
	if (v->idle_timeout)
		str_putf(out, "idle_timeout=%u ", v->idle_timeout);
	if (v->hard_timeout)
		str_putf(out, "hard_timeout=%u ", v->hard_timeout);
	if (v->importance)
		str_putf(out, "importance=%u ", v->importance);
	str_puts(out, "actions=");
	of_actions_put_text(v->actions, v->actions_size, names, out);
	str_putc(out, '\n');
}

/* A file has a dot or slash or is there as a file; a switch is a bridge or a connection's name. */
static bool is_file(const char *name)
{
	return strchr(name, '/') || strchr(name, '.') || !strcmp(name, "-");
}

static int compare_entries(const void *a_, const void *b_)
{
	const struct entry *a = a_, *b = b_;
	if (a->table_id != b->table_id)
		return a->table_id - b->table_id;
	return b->priority - a->priority;
}

int ofctl_diff_flows(int argc, char **argv)
{
	struct entries s = { 0 };
	const struct ofport_names *names = NULL;
	for (int i = 0; i < 2; i++) {
		const char *name = argv[1 + i];
		struct source src = { &s, i, NULL, OFPROTO_ANY };
		if (is_file(name) && !strchr(name, ':')) {
			ofctl_for_each_line(name, read_line, &src);
		} else {
			struct peer *p = peer_open(name, "mgmt");
			read_switch(p, &src);
			peer_close(p);
			names = names ? names : ofctl_show_names(name);
		}
	}
	qsort(s.e, s.n, sizeof *s.e, compare_entries);
	AUTO_STR a = STR_INIT;
	bool differ = false;
	for (size_t i = 0; i < s.n; i++) {
		const struct entry *e = &s.e[i];
		if (e->v[0].there && e->v[1].there && version_equal(&e->v[0], &e->v[1]))
			continue;
		differ = true;
		if (e->v[0].there)
			put_entry(e, &e->v[0], '-', names, &a);
		if (e->v[1].there)
			put_entry(e, &e->v[1], '+', names, &a);
	}
	fputs(str_cstr(&a), stdout);
	entries_free(&s);
	return differ ? 2 : 0;
}
