/* SPDX-License-Identifier: Apache-2.0 */
/* Control commands of bridges: fdb/, ofproto/list, bridge/dump-flows. ovs-vswitchd(8). */
#include <stdio.h>
#include "base/mem.h"
#include "io/control.h"
#include "packet/field.h"
#include "pipeline/mac_table.h"
#include "pipeline/pipeline.h"
#include "pipeline/table.h"
#include "pipeline/trace_command.h"

static struct pipeline *find(struct control_call *call, const char *name)
{
	struct pipeline *p = pipeline_lookup(name);
	if (!p)
		control_reply_error(call, "no such bridge");
	return p;
}

static void for_each_bridge(void (*cb)(struct pipeline *))
{
	struct datapath *d;
	struct pipeline *p;
	LIST_FOR_EACH(d, datapath_all(), node)
		LIST_FOR_EACH(p, &d->pipelines, node)
			cb(p);
}

static void cmd_fdb_show(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct pipeline *p = find(call, argv[1]);
	if (!p)
		return;
	AUTO_STR s = STR_INIT;
	datapath_sync_stats(p->datapath); /* ages count what the fast path saw */
	mac_table_show(p->macs, &s);
	control_reply(call, str_cstr(&s));
}

static void cmd_fdb_stats_show(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct pipeline *p = find(call, argv[1]);
	if (!p)
		return;
	AUTO_STR s = STR_INIT;
	mac_table_show_stats(p->macs, p->name, &s);
	control_reply(call, str_cstr(&s));
}

static void flush(struct pipeline *p)
{
	if (mac_table_flush(p->macs))
		datapath_touch(p->datapath);
}

static void cmd_fdb_flush(struct control_call *call, int argc, const char *argv[], void *arg)
{
	if (argc > 1) {
		struct pipeline *p = find(call, argv[1]);
		if (!p)
			return;
		flush(p);
	} else {
		for_each_bridge(flush);
	}
	control_reply(call, "table successfully flushed");
}

static void clear_stats(struct pipeline *p) { mac_table_clear_stats(p->macs); }

static void cmd_fdb_stats_clear(struct control_call *call, int argc, const char *argv[], void *arg)
{
	if (argc > 1) {
		struct pipeline *p = find(call, argv[1]);
		if (!p)
			return;
		clear_stats(p);
	} else {
		for_each_bridge(clear_stats);
	}
	control_reply(call, "statistics successfully cleared");
}

static bool parse_mac(const char *s, struct eth_addr *ret)
{
	unsigned b[6];
	int end = 0;
	if (sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &end) != 6 ||
	    s[end])
		return false;
	for (int i = 0; i < 6; i++)
		ret->b[i] = (uint8_t)b[i];
	return true;
}

static void cmd_fdb_add(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct pipeline *p = find(call, argv[1]);
	struct eth_addr mac;
	uint16_t vlan;
	if (!p)
		return;
	const struct ofport *o = pipeline_port_lookup_name(p, argv[2]);
	if (!o || !o->bundle) {
		control_reply_error(call, "software error, odp port is present but no ofp port");
		return;
	}
	if (!str_to_u16(argv[3], 10, &vlan) || vlan > 4095) {
		control_reply_error(call, "bad VLAN");
		return;
	}
	if (!parse_mac(argv[4], &mac)) {
		control_reply_error(call, "bad MAC address");
		return;
	}
	if (mac_table_add_static(p->macs, o->bundle, mac, vlan))
		datapath_touch(p->datapath);
	control_reply(call, NULL);
}

static void cmd_fdb_del(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct pipeline *p = find(call, argv[1]);
	struct eth_addr mac;
	uint16_t vlan = 0;
	if (!p)
		return;
	(void)str_to_u16(argv[2], 10, &vlan);
	if (!parse_mac(argv[3], &mac)) {
		control_reply_error(call, "bad MAC address");
		return;
	}
	if (!mac_table_del_static(p->macs, mac, vlan)) {
		control_reply_error(call, "could not find static mac entry");
		return;
	}
	datapath_touch(p->datapath);
	control_reply(call, NULL);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void cmd_list(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct datapath *d;
	struct pipeline *p;
	size_t n = 0, allocated = 0;
	const char **names = NULL;
	LIST_FOR_EACH(d, datapath_all(), node)
		LIST_FOR_EACH(p, &d->pipelines, node) {
			names = xgrow(names, &allocated, n + 1, sizeof *names);
			names[n++] = p->name;
		}
	if (n)
		qsort(names, n, sizeof *names, compare_names);
	AUTO_STR s = STR_INIT;
	for (size_t i = 0; i < n; i++)
		str_putf(&s, "%s\n", names[i]);
	free(names);
	control_reply(call, str_cstr(&s));
}

struct dump {
	struct pipeline *p;
	struct str out;
};

static void dump_rule(struct rule *r, void *d_)
{
	struct dump *d = d_;
	struct flow_stats s;
	struct ofport_names names;
	rule_get_stats(r, &s);
	pipeline_port_names(d->p, false, &names);
	if (r->table_id)
		str_putf(&d->out, "table_id=%u, ", r->table_id);
	str_putf(&d->out, "duration=%us, n_packets=%llu, n_bytes=%llu, ", s.duration_sec,
		 (unsigned long long)s.packet_count, (unsigned long long)s.byte_count);
	match_put(&s.match, r->cr.priority, &names, &d->out);
	str_puts(&d->out, ",actions="); /* OVS has the comma behind an empty match, too */
	of_actions_put_text(s.actions, s.actions_size, &names, &d->out);
	str_putc(&d->out, '\n');
}

static void cmd_dump_flows(struct control_call *call, int argc, const char *argv[], void *arg)
{
	const char *name = NULL;
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			name = argv[i];
	struct pipeline *p = name ? pipeline_lookup(name) : NULL;
	if (!p) {
		control_reply_error(call, "Unknown bridge");
		return;
	}
	datapath_sync_stats(p->datapath);
	tun_table_current = p->tun_table;
	struct flow_stats_request rq = { .table_id = OFPTT_ALL,
					 .out_port = OFPORT_NONE,
					 .out_group = OFPG_ANY };
	match_init(&rq.match);
	struct dump d = { .p = p, .out = STR_INIT };
	int r = table_set_for_each(p->tables, &rq, true, dump_rule, &d);
	(void)r; /* all tables are there */
	control_reply(call, str_cstr(&d.out));
	str_fini(&d.out);
}

void pipeline_commands_register(void)
{
	control_register("fdb/show", "bridge", 1, 1, cmd_fdb_show, NULL);
	control_register("fdb/stats-show", "bridge", 1, 1, cmd_fdb_stats_show, NULL);
	control_register("fdb/flush", "[bridge]", 0, 1, cmd_fdb_flush, NULL);
	control_register("fdb/stats-clear", "[bridge]", 0, 1, cmd_fdb_stats_clear, NULL);
	control_register("fdb/add", "bridge port vlan mac", 4, 4, cmd_fdb_add, NULL);
	control_register("fdb/del", "bridge vlan mac", 3, 3, cmd_fdb_del, NULL);
	control_register("ofproto/list", "", 0, 0, cmd_list, NULL);
	control_register("bridge/dump-flows", "[--offload-stats] bridge", 1, 2, cmd_dump_flows,
			 NULL);
	trace_commands_register();
}
