/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_tables: commands about flow tables. */
#include <stdio.h>

#include <strings.h>

#include "base/log.h"
#include "ctl/ofctl.h"

static int dump(char **argv, enum of_msg_id id)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	AUTO_BYTES b = BYTES_INIT;
	if (!of_msg_has_form(id, OFK_ANY, peer_version(p)))
		log_fatal("%s: OpenFlow 1.%d does not have this", argv[1], peer_version(p) - OF10);
	empty_build(&b, id, OFK_ANY, peer_version(p), peer_xid(p));
	ofctl_dump_stats(p, &b, NULL);
	peer_close(p);
	return 0;
}

int ofctl_dump_tables(int argc, char **argv) { return dump(argv, OFMSG_STAT_TABLE_REQUEST); }
int ofctl_dump_table_features(int argc, char **argv)
{
	return dump(argv, OFMSG_STAT_TABLE_FEATURES_REQUEST);
}
int ofctl_dump_table_desc(int argc, char **argv)
{
	return dump(argv, OFMSG_STAT_TABLE_DESC_REQUEST);
}

struct wanted {
	uint8_t table_id;
	struct table_desc desc;
	bool found;
};

static void find_desc(const struct of_msg *m, void *arg)
{
	struct wanted *w = arg;
	struct cursor c = of_msg_cursor(m);
	struct table_desc d;
	while (table_desc_pull(&c, m->version, &d) == 0) {
		if (d.table_id == w->table_id || w->table_id == OFPTT_ALL) {
			w->desc = d;
			w->found = true;
		}
	}
}

int ofctl_mod_table(int argc, char **argv)
{
	struct table_mod t = { .eviction_flags = UINT32_MAX };
	uint32_t id = OFPTT_ALL;
	if (strcasecmp(argv[2], "all") && (!str_to_u32(argv[2], 0, &id) || id > 254))
		log_fatal("unknown table \"%s\"", argv[2]);
	t.table_id = (uint8_t)id;
	const char *s = argv[3];
	unsigned down, up;
	uint32_t versions = 1u << OF11 | 1u << OF12 | 1u << OF13;
	if (!strcmp(s, "controller"))
		t.miss = OFTM_CONTROLLER;
	else if (!strcmp(s, "continue"))
		t.miss = OFTM_CONTINUE;
	else if (!strcmp(s, "drop"))
		t.miss = OFTM_DROP;
	else if (!strcmp(s, "evict") || !strcmp(s, "noevict"))
		t.eviction = *s == 'e' ? OFTE_ON : OFTE_OFF;
	else if (!strcmp(s, "novacancy"))
		t.vacancy = OFTV_OFF;
	else if (sscanf(s, "vacancy:%u,%u", &down, &up) == 2) {
		if (down > 100 || up > 100)
			log_fatal("values out of range 0...100");
		if (down > up)
			log_fatal("%u,%u: value error; lower limit exceeds upper limit", down, up);
		t.vacancy = OFTV_ON;
		t.vacancy_down = (uint8_t)down;
		t.vacancy_up = (uint8_t)up;
	} else {
		log_fatal("invalid table_mod setting %s", s);
	}
	if (t.miss == OFTM_DEFAULT)
		versions = 1u << OF14 | 1u << OF15;
	struct peer *p = peer_open_versions(
		argv[1], ofctl.versions & versions ? ofctl.versions & versions : versions);
	if (peer_version(p) >= OF14) {
		/* What is not asked to change stays: a table_mod says it all. */
		struct wanted w = { .table_id = t.table_id };
		AUTO_BYTES b = BYTES_INIT;
		empty_build(&b, OFMSG_STAT_TABLE_DESC_REQUEST, OFK_ANY, peer_version(p),
			    peer_xid(p));
		peer_dump(p, &b, find_desc, &w);
		if (!w.found)
			log_fatal("%s: no such table", argv[2]);
		if (t.eviction == OFTE_DEFAULT)
			t.eviction = w.desc.eviction;
		if (t.vacancy == OFTV_DEFAULT) {
			t.vacancy = w.desc.vacancy;
			t.vacancy_down = w.desc.vacancy_down;
			t.vacancy_up = w.desc.vacancy_up;
		}
	}
	AUTO_BYTES b = BYTES_INIT;
	table_mod_build(&b, &t, peer_version(p), peer_xid(p));
	bool ok = peer_transact_noreply(p, &b);
	peer_close(p);
	return ok ? 0 : 1;
}
