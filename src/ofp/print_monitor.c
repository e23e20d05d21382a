/* SPDX-License-Identifier: Apache-2.0 */
/* print_monitor: flow monitors. */
#include "ofp/error.h"
#include "ofp/print.h"

static int print_requests(struct printer *p)
{
	static const char *const flags[] = { "initial", "add", "delete",  "modify",
					     "actions", "own", "only_own" };
	static const char *const commands[] = { "add", "modify", "delete" };
	struct cursor c = of_msg_cursor(p->m);
	for (;;) {
		struct flow_monitor_request r;
		int e = flow_monitor_request_pull(p->m, &c, &r);
		if (e)
			return e == 1 ? 0 : e;
		str_putf(p->out, "\n id=%u", r.id);
		if (p->m->version >= OF13)
			str_putf(p->out, " command=%s", commands[r.command]);
		str_puts(p->out, " flags=");
		const char *sep = "";
		for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
			if (r.flags >> i & 1) {
				str_putf(p->out, "%s%s", sep, flags[i]);
				sep = ",";
			}
		}
		if (r.out_port != OFPORT_NONE) {
			str_puts(p->out, " out_port=");
			ofport_to_str(r.out_port, p->o->names, p->out);
		}
		if (r.out_group != OFPG_ANY && r.out_group)
			str_putf(p->out, " out_group=%u", r.out_group);
		if (r.table_id != 0xff)
			str_putf(p->out, " table=%u", r.table_id);
		str_putc(p->out, ' ');
		match_put(&r.match, -1, p->o->names, p->out);
		str_chomp(p->out, ' ');
	}
}

static int print_updates(struct printer *p)
{
	static const char *const events[] = { "ADDED",	 "DELETED", "MODIFIED", "ABBREV",
					      "INITIAL", "PAUSED",  "RESUMED" };
	static const char *const reasons[] = { "idle",	       "hard",	       "delete",
					       "group_delete", "meter_delete", "eviction" };
	struct cursor c = of_msg_cursor(p->m);
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	for (;;) {
		struct flow_update u;
		int r = flow_update_pull(p->m, &c, &u, &acts);
		if (r)
			return r == 1 ? 0 : r;
		str_putf(p->out, "\n event=%s", events[u.event]);
		if (u.event == OFFUE_ABBREV) {
			str_putf(p->out, " xid=0x%x", u.xid);
			continue;
		}
		if (u.event == OFFUE_PAUSED || u.event == OFFUE_RESUMED)
			continue;
		if (u.event == OFFUE_DELETED)
			str_putf(p->out, " reason=%s",
				 (size_t)u.reason < ARRAY_SIZE(reasons) ? reasons[u.reason]
									: "unknown");
		str_putf(p->out, " table=%u", u.table_id);
		if (u.idle_timeout)
			str_putf(p->out, " idle_timeout=%u", u.idle_timeout);
		if (u.hard_timeout)
			str_putf(p->out, " hard_timeout=%u", u.hard_timeout);
		if (u.cookie)
			str_putf(p->out, " cookie=%#llx ",
				 (unsigned long long)be64_to_cpu(u.cookie));
		else
			str_puts(p->out, " cookie=0 ");
		size_t start = p->out->len;
		match_put(&u.match, -1, p->o->names, p->out);
		if (u.actions_size) {
			if (p->out->len > start)
				str_putc(p->out, ' ');
			str_puts(p->out, "actions=");
			of_actions_put_text(u.actions, u.actions_size, p->o->names, p->out);
		}
	}
}

int print_monitor(struct printer *p)
{
	switch (p->m->id) {
	case OFMSG_STAT_FLOW_MONITOR_REQUEST:
		return print_requests(p);
	case OFMSG_STAT_FLOW_MONITOR_REPLY:
		return print_updates(p);
	default:
		return 1;
	}
}
