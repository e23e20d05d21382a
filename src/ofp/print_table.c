/* SPDX-License-Identifier: Apache-2.0 */
/* print_table: tables: statistics, settings, features. */
#include <stdio.h>

#include "ofp/error.h"
#include "ofp/print.h"

static void put_table(uint8_t id, const char *name, struct str *out)
{
	str_putf(out, "  table %u", id);
	if (name[0])
		str_putf(out, " (\"%s\")", name);
	str_puts(out, ":\n");
}

/* Tables that say the same as the one before are named together. */
static void put_dittos(unsigned first, unsigned last, struct str *out)
{
	if (first == last)
		str_putf(out, "  table %u: ditto\n\n", first);
	else
		str_putf(out, "  tables %u...%u: ditto\n\n", first, last);
}

static int print_table_stats(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	struct table_stats prev = { 0 };
	bool any = false;
	unsigned ditto_first = 0, n_dittos = 0;
	str_putc(p->out, '\n');
	for (;;) {
		struct table_stats s;
		struct table_features f;
		int r = table_stats_pull(&c, p->m->version, &s, &f);
		if (r < 0)
			return r;
		bool same = !r && any && s.active_count == prev.active_count &&
			    s.lookup_count == prev.lookup_count &&
			    s.matched_count == prev.matched_count && !f.name[0];
		if (same) {
			if (!n_dittos++)
				ditto_first = s.table_id;
			prev = s;
			continue;
		}
		if (n_dittos)
			put_dittos(ditto_first, ditto_first + n_dittos - 1, p->out);
		n_dittos = 0;
		if (r) {
			/* One blank line too many at the end. */
			if (str_ends_with(p->out, "\n\n"))
				str_truncate(p->out, p->out->len - 1);
			return 0;
		}
		put_table(s.table_id, f.name, p->out);
		str_putf(p->out, "    active=%u, lookup=%llu, matched=%llu\n", s.active_count,
			 (unsigned long long)s.lookup_count, (unsigned long long)s.matched_count);
		if (p->m->version < OF13)
			str_putf(p->out, "    max_entries=%u\n", f.max_entries);
		if (p->m->version == OF10)
			str_puts(p->out,
				 "    matching:\n      exact match or wildcard: in_port "
				 "eth_{src,dst,type} vlan_{vid,pcp} ip_{src,dst} nw_{proto,tos} "
				 "tcp_{src,dst}\n");
		str_putc(p->out, '\n');
		prev = s;
		any = true;
	}
}

static void put_eviction(uint32_t flags, struct str *out)
{
	static const char *const names[] = { "OTHER", "IMPORTANCE", "LIFETIME" };
	if (!flags) {
		str_putc(out, '0');
		return;
	}
	const char *sep = "";
	for (int i = 0; i < 3; i++) {
		if (flags >> i & 1) {
			str_putf(out, "%s%s", sep, names[i]);
			sep = " ";
		}
	}
}

static void put_table_desc(const struct table_desc *d, struct str *out)
{
	str_putf(out, "\n  table %u:\n   eviction=%s eviction_flags=", d->table_id,
		 d->eviction == OFTE_ON ? "on" : "off");
	put_eviction(d->eviction_flags, out);
	str_putf(out, "\n   vacancy=%s", d->vacancy == OFTV_ON ? "on" : "off");
	if (d->vacancy == OFTV_ON)
		str_putf(out, " vacancy_down=%u%% vacancy_up=%u%% vacancy=%u%%", d->vacancy_down,
			 d->vacancy_up, d->vacancy_now);
	str_putc(out, '\n');
}

static int print_table_descs(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	for (;;) {
		struct table_desc d;
		int r = table_desc_pull(&c, p->m->version, &d);
		if (r)
			return r == 1 ? 0 : r;
		put_table_desc(&d, p->out);
	}
}

static int print_table_mod(struct printer *p)
{
	struct table_mod t;
	int r = table_mod_parse(p->m, &t);
	if (r)
		return r;
	if (t.table_id == OFPTT_ALL)
		str_puts(p->out, " table_id: ALL_TABLES");
	else
		str_putf(p->out, " table_id=%d", t.table_id);
	static const char *const miss[] = { NULL, "controller", "continue", "drop" };
	if (t.miss != OFTM_DEFAULT)
		str_putf(p->out, ", flow_miss_config=%s", miss[t.miss]);
	if (t.eviction != OFTE_DEFAULT)
		str_putf(p->out, ", eviction=%s", t.eviction == OFTE_ON ? "on" : "off");
	if (t.eviction_flags != UINT32_MAX) {
		str_puts(p->out, "eviction_flags=");
		put_eviction(t.eviction_flags, p->out);
	}
	if (t.vacancy != OFTV_DEFAULT) {
		str_putf(p->out, ", vacancy=%s", t.vacancy == OFTV_ON ? "on" : "off");
		if (t.vacancy == OFTV_ON)
			str_putf(p->out, " vacancy_down=%u%% vacancy_up=%u%%", t.vacancy_down,
				 t.vacancy_up);
	}
	str_putc(p->out, '\n');
	return 0;
}

static int print_table_status(struct printer *p)
{
	struct table_status ts;
	int r = table_status_parse(p->m, &ts);
	if (r)
		return r;
	str_putf(p->out, " reason=%s\ntable_desc:-",
		 ts.reason == OFPTR_VACANCY_DOWN ? "VACANCY_DOWN" : "VACANCY_UP");
	put_table_desc(&ts.desc, p->out);
	return 0;
}

static void put_field_names(const struct field_set *set, struct str *out)
{
	const char *sep = "";
	for (unsigned i = 0; i < N_FIELDS; i++) {
		if (set->bits[i / 64] >> (i % 64) & 1) {
			str_putf(out, "%s%s", sep, field_table[i].name);
			sep = " ";
		}
	}
}

/* In words of our own: who reads this by program asks in OpenFlow. */
static int print_table_features(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	str_putc(p->out, '\n');
	for (;;) {
		struct table_features f;
		int r = table_features_pull(&c, p->m->version, &f);
		if (r)
			return r == 1 ? 0 : r;
		put_table(f.table_id, f.name, p->out);
		str_putf(p->out, "    metadata: match=%#llx write=%#llx\n    max_entries=%u\n",
			 (unsigned long long)be64_to_cpu(f.metadata_match),
			 (unsigned long long)be64_to_cpu(f.metadata_write), f.max_entries);
		str_puts(p->out, "    matching: ");
		put_field_names(&f.match, p->out);
		str_puts(p->out, "\n    set_field: ");
		put_field_names(&f.nonmiss.apply.set_fields, p->out);
		str_puts(p->out, "\n\n");
	}
}

int print_table(struct printer *p)
{
	switch (p->m->id) {
	case OFMSG_STAT_TABLE_REPLY:
		return print_table_stats(p);
	case OFMSG_STAT_TABLE_DESC_REPLY:
		return print_table_descs(p);
	case OFMSG_STAT_TABLE_FEATURES_REPLY:
		return print_table_features(p);
	case OFMSG_TABLE_MOD:
		return print_table_mod(p);
	case OFMSG_TABLE_STATUS:
		return print_table_status(p);
	default:
		return 1;
	}
}
