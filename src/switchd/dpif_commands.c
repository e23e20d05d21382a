/* SPDX-License-Identifier: Apache-2.0 */
/* Commands dpif/ and dpctl/: the datapaths, their ports, and the flows in the fast path, as
 * ovs-vswitchd(8) and ovs-dpctl(8) have them. Flows are printed sorted, so that two dumps can be
 * compared. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/control.h"
#include "ofp/flow.h"
#include "packet/key_text.h"
#include "switchd/switchd.h"
#include "upcall/upcall.h"

/* ---- ports ----------------------------------------------------------------------------------- */

static int by_iface_name(const void *a, const void *b)
{
	return strcmp((*(const struct iface *const *)a)->name,
		      (*(const struct iface *const *)b)->name);
}

/* Of a bridge, sorted by name; the caller frees the array. */
static const struct iface **sorted_ifaces(const struct bridge *b, size_t *ret_n)
{
	const struct iface **a = xcalloc(list_size(&b->ifaces) + 1, sizeof *a);
	const struct iface *i;
	size_t n = 0;
	LIST_FOR_EACH(i, &b->ifaces, node) {
		if (i->attached)
			a[n++] = i;
	}
	qsort(a, n, sizeof *a, by_iface_name);
	*ret_n = n;
	return a;
}

static void put_options(const struct strmap *options, struct str *out)
{
	const char *sep = ": ";
	STRMAP_FOR_EACH(e, options) {
		str_putf(out, "%s%s=%s", sep, e->key, e->value);
		sep = ", ";
	}
}

static void cmd_dpif_show(struct control_call *call, int argc, const char *argv[], void *arg)
{
	const struct switchd *s = arg;
	const struct backer *k;
	AUTO_STR out = STR_INIT;
	LIST_FOR_EACH(k, &s->backers, node) {
		struct fastpath_totals t;
		const struct bridge *b;
		k->fastpath->ops->get_totals(k->fastpath, &t);
		str_putf(&out, "%s@%s: hit:%" PRIu64 " missed:%" PRIu64 "\n", k->type,
			 k->datapath->name, t.n_hit, t.n_missed);
		LIST_FOR_EACH(b, &s->bridges, node) {
			size_t n;
			if (b->backer != k)
				continue;
			AUTO_FREE const struct iface **ifaces = sorted_ifaces(b, &n);
			str_putf(&out, "  %s:\n", b->name);
			for (size_t i = 0; i < n; i++) {
				const struct iface *f = ifaces[i];
				str_putf(&out, "    %s %u/", f->name, f->ofport);
				if (f->port)
					str_putf(&out, "%u", f->port->dp_port);
				else
					str_puts(&out, "none");
				str_putf(&out, ": (%s", fastpath_port_type(k->type, f->type));
				struct strmap options = STRMAP_INIT;
				if (f->tunnel)
					tunnel_get_options(f->tunnel, &options);
				else if (f->peer)
					strmap_copy(&options, &f->options);
				put_options(&options, &out);
				strmap_fini(&options);
				str_puts(&out, ")\n");
			}
		}
	}
	control_reply(call, str_cstr(&out));
}

static void cmd_dpif_dump_dps(struct control_call *call, int argc, const char *argv[], void *arg)
{
	const struct switchd *s = arg;
	const struct bridge *b;
	AUTO_STR out = STR_INIT;
	LIST_FOR_EACH(b, &s->bridges, node)
		str_putf(&out, "%s@%s\n", b->type, b->name);
	control_reply(call, str_cstr(&out));
}

static void cmd_features(struct control_call *call, int argc, const char *argv[], void *arg)
{
	const struct bridge *b = bridge_by_name(arg, argv[1]);
	AUTO_STR out = STR_INIT;
	if (!b) {
		control_reply_error(call, "no such bridge");
		return;
	}
	const struct datapath_features *f = &b->backer->datapath->features;
	const struct {
		const char *name;
		bool has;
	} rows[] = {
		{ "Masked set action", f->masked_set },
		{ "Tunnel push pop", f->tunnel_push },
		{ "Ufid", true },
		{ "Truncate action", true },
		{ "Clone action", f->clone },
	}, more_rows[] = {
		{ "Conntrack eventmask", false },
		{ "Conntrack clear", f->ct },
	}, last_rows[] = {
		{ "Check pkt length action", f->check_pkt_len },
		{ "Conntrack timeout policy", false },
		{ "Explicit Drop action", f->explicit_drop },
		{ "Optimized Balance TCP mode", f->lb_output },
		{ "Conntrack all-zero IP SNAT", false },
		{ "MPLS Label add", false },
	}, ct_rows[] = {
		{ "Recirc", true },
		{ "CT state", f->ct_state },
		{ "CT zone", f->ct_zone },
		{ "CT mark", f->ct_mark },
		{ "CT label", f->ct_label },
		{ "CT state NAT", f->ct_nat },
		{ "CT orig tuple", false },
		{ "CT orig tuple for IPv6", false },
		{ "IPv6 ND Extension", true },
	};
#define PUT_ROWS(ROWS)                                                                             \
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++)                                              \
	str_putf(&out, "%s: %s\n", ROWS[i].name, ROWS[i].has ? "Yes" : "No")
	PUT_ROWS(rows);
	str_putf(&out, "Sample nesting: %d\n", f->sample_nested ? 10 : 0);
	PUT_ROWS(more_rows);
	str_putf(&out, "Max dp_hash algorithm: %u\n", f->max_hash_alg);
	PUT_ROWS(last_rows);
	str_putf(&out, "Max VLAN headers: %u\nMax MPLS depth: %u\n", f->max_vlans, f->max_mpls);
	PUT_ROWS(ct_rows);
#undef PUT_ROWS
	control_reply(call, str_cstr(&out));
}

/* ---- ports of a fast path -------------------------------------------------------------------- */

struct dp_port_row {
	uint32_t number;
	const struct port *port;
	const struct iface *iface; /* one of those that use it */
	const char *type;
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct dp_port_row *)a)->number,
		 y = ((const struct dp_port_row *)b)->number;
	return x < y ? -1 : x > y;
}

/* Ports of a fast path by number, each once though tunnels share them; the caller frees. */
static struct dp_port_row *dp_ports(const struct switchd *s, const struct backer *k, size_t *ret_n)
{
	const struct bridge *b;
	size_t n = 0, max = 1;
	LIST_FOR_EACH(b, &s->bridges, node)
		max += list_size(&b->ifaces);
	struct dp_port_row *rows = xcalloc(max, sizeof *rows);
	LIST_FOR_EACH(b, &s->bridges, node) {
		const struct iface *i;
		if (b->backer != k)
			continue;
		LIST_FOR_EACH(i, &b->ifaces, node) {
			bool twice = false;
			if (!i->attached || !i->port)
				continue;
			for (size_t j = 0; i->tunnel && j < n; j++)
				twice |= rows[j].port == i->port;
			if (!twice)
				rows[n++] = (struct dp_port_row){ i->port->dp_port, i->port, i,
								  fastpath_port_type(k->type,
										     i->type) };
		}
	}
	qsort(rows, n, sizeof *rows, by_number);
	*ret_n = n;
	return rows;
}

static const struct backer *find_backer(const struct switchd *s, const char *name)
{
	const struct backer *k;
	LIST_FOR_EACH(k, &s->backers, node) {
		AUTO_FREE char *full = xasprintf("%s@%s", k->type, k->datapath->name);
		if (!strcmp(name, full) || !strcmp(name, k->datapath->name))
			return k;
	}
	return NULL;
}

static void put_stat(struct str *out, const char *what, uint64_t v)
{
	if (v == PORT_STAT_UNKNOWN)
		str_putf(out, "%s:?", what);
	else
		str_putf(out, "%s:%" PRIu64, what, v);
}

static void put_port_stats(const struct dp_port_row *r, struct str *out)
{
	struct port_stats st;
	if (!r->port->ops->get_stats)
		return;
	r->port->ops->get_stats(r->port, &st);
	put_stat(out, "    RX packets", st.rx_packets);
	put_stat(out, " errors", st.rx_errors);
	put_stat(out, " dropped", st.rx_dropped);
	put_stat(out, " overruns", st.rx_over_errors);
	put_stat(out, " frame", st.rx_frame_errors);
	put_stat(out, "\n    TX packets", st.tx_packets);
	put_stat(out, " errors", st.tx_errors);
	put_stat(out, " dropped", st.tx_dropped);
	str_puts(out, " aborted:? carrier:?\n");
	put_stat(out, "    collisions", st.collisions);
	put_stat(out, "\n    RX bytes", st.rx_bytes);
	put_stat(out, "  TX bytes", st.tx_bytes);
	str_putc(out, '\n');
}

static void show_backer(const struct switchd *s, const struct backer *k, bool with_stats,
			struct str *out)
{
	struct fastpath_totals t;
	size_t n;
	AUTO_FREE struct dp_port_row *rows = dp_ports(s, k, &n);
	k->fastpath->ops->get_totals(k->fastpath, &t);
	str_putf(out, "%s@%s:\n", k->type, k->datapath->name);
	str_putf(out, "  lookups: hit:%" PRIu64 " missed:%" PRIu64 " lost:%" PRIu64 "\n", t.n_hit,
		 t.n_missed, t.n_lost);
	str_putf(out, "  flows: %" PRIu64 "\n", t.n_flows);
	str_putf(out, "  port 0: %s (%s)\n", k->datapath->name,
		 fastpath_port_type(k->type, "internal"));
	for (size_t i = 0; i < n; i++) {
		str_putf(out, "  port %u: %s", rows[i].number, rows[i].port->name);
		if (rows[i].iface->tunnel) {
			const char *udp_port = strrchr(rows[i].port->name, '_');
			str_putf(out, " (%s: ", rows[i].type);
			if (udp_port &&
			    strspn(udp_port + 1, "0123456789") == strlen(udp_port + 1) &&
			    strcmp(udp_port + 1, "4789") && strcmp(udp_port + 1, "6081"))
				str_putf(out, "dst_port=%s, ", udp_port + 1);
			str_puts(out, "packet_type=ptap)");
		} else if (strcmp(rows[i].type, "system")) {
			str_putf(out, " (%s)", rows[i].type);
		}
		str_putc(out, '\n');
		if (with_stats)
			put_port_stats(&rows[i], out);
	}
}

static void cmd_dpctl_show(struct control_call *call, int argc, const char *argv[], void *arg)
{
	const struct switchd *s = arg;
	const struct backer *k;
	AUTO_STR out = STR_INIT;
	bool with_stats = argc > 1 && (!strcmp(argv[1], "-s") || !strcmp(argv[1], "--statistics"));
	int first = with_stats ? 2 : 1;
	for (int i = first; i < argc; i++) {
		k = find_backer(s, argv[i]);
		if (!k) {
			AUTO_FREE char *text =
				xasprintf("ovs-vswitchd: opening datapath %s failed (%s)", argv[i],
					  err_name(-EAFNOSUPPORT));
			control_reply_error(call, text);
			return;
		}
		show_backer(s, k, with_stats, &out);
	}
	if (first >= argc) {
		LIST_FOR_EACH(k, &s->backers, node)
			show_backer(s, k, with_stats, &out);
	}
	control_reply(call, str_cstr(&out));
}

static void cmd_dpctl_dump_dps(struct control_call *call, int argc, const char *argv[], void *arg)
{
	const struct switchd *s = arg;
	const struct backer *k;
	AUTO_STR out = STR_INIT;
	LIST_FOR_EACH(k, &s->backers, node)
		str_putf(&out, "%s@%s\n", k->type, k->datapath->name);
	control_reply(call, str_cstr(&out));
}

/* ---- flows ----------------------------------------------------------------------------------- */

struct names {
	struct dp_port_row *rows;
	size_t n;
};

static const char *name_of(uint32_t number, void *arg)
{
	const struct names *names = arg;
	for (size_t i = 0; i < names->n; i++) {
		if (names->rows[i].number == number)
			return names->rows[i].port->name;
	}
	return NULL;
}

static bool number_of(const char *name, uint32_t *ret, void *arg)
{
	const struct names *names = arg;
	for (size_t i = 0; i < names->n; i++) {
		if (!strcmp(names->rows[i].port->name, name)) {
			*ret = names->rows[i].number;
			return true;
		}
	}
	return false;
}

struct dump {
	const struct switchd *s;
	const struct bridge *only; /* flows of packets that came in on it; NULL: all */
	struct names names;
	bool more, with_names, as_dpctl;
	const struct match *filter; /* NULL: all */
	char **lines;
	size_t n, allocated;
};

static bool is_of_bridge(const struct fastpath_flow *f, const struct bridge *b)
{
	const struct ofport *p;
	if (tunnel_key_is_set(&f->key->tunnel)) {
		struct flow_key mask = { 0 };
		const struct tunnel *t = tunnel_lookup(f->key, &mask);
		const struct iface *i = t ? tunnel_user(t) : NULL;
		return i && i->bridge == b;
	}
	p = datapath_port_lookup(b->backer->datapath, f->key->dp_port);
	return p && p->pipeline == b->pipeline;
}

static void put_tcp_flags(uint16_t flags, struct str *out)
{
	static const char letters[] = "FSRP.UECN";
	for (int i = 0; i < 9; i++) {
		if (flags & 1 << i)
			str_putc(out, letters[i]);
	}
}

static void put_flow(const struct fastpath_flow *f, const struct dump *d, struct str *out)
{
	const struct dp_port_names names = { name_of, number_of, (void *)&d->names, d->with_names };
	if (d->more) {
		const uint64_t *w = f->ufid.w;
		str_putf(out, "ufid:%08x-%04x-%04x-%04x-%04x%08x%s", (uint32_t)(w[0] >> 32),
			 (uint32_t)(w[0] >> 16) & 0xffff, (uint32_t)w[0] & 0xffff,
			 (uint32_t)(w[1] >> 48), (uint32_t)(w[1] >> 32) & 0xffff, (uint32_t)w[1],
			 d->as_dpctl ? ", " : " ");
	}
	key_to_str(f->key, f->mask, &names, d->more, out);
	str_putf(out, ", packets:%" PRIu64 ", bytes:%" PRIu64 ", used:", f->stats.n_packets,
		 f->stats.n_bytes);
	if (f->stats.used_ns)
		str_putf(out, "%.3fs",
			 (double)MAX(clock_mono_ns() - f->stats.used_ns, 0) / (double)NS_PER_SEC);
	else
		str_puts(out, "never");
	if (f->stats.tcp_flags) {
		str_puts(out, ", flags:");
		put_tcp_flags(f->stats.tcp_flags, out);
	}
	if (d->more && d->as_dpctl)
		str_putf(out, "%s, dp:%s", f->offloaded ? ", offloaded:yes" : "",
			 f->offloaded ? "ebpf" : "ovs");
	str_puts(out, ", actions:");
	dp_actions_to_str(f->actions, f->actions_size, d->with_names ? name_of : NULL,
			  (void *)&d->names, out);
}

static bool passes_filter(const struct match *filter, const struct fastpath_flow *f);

static bool dump_one(const struct fastpath_flow *f, void *arg)
{
	struct dump *d = arg;
	AUTO_STR line = STR_INIT;
	if (d->only && !is_of_bridge(f, d->only))
		return true;
	if (d->filter && !passes_filter(d->filter, f))
		return true;
	put_flow(f, d, &line);
	d->lines = xgrow(d->lines, &d->allocated, d->n + 1, sizeof *d->lines);
	d->lines[d->n++] = str_steal(&line);
	return true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_dump(const struct backer *k, struct dump *d, struct str *out)
{
	d->names.rows = dp_ports(d->s, k, &d->names.n);
	k->fastpath->ops->flow_dump(k->fastpath, dump_one, d);
	if (d->n) /* NULL is no array to sort */
		qsort(d->lines, d->n, sizeof *d->lines, by_text);
	if (d->n && d->as_dpctl)
		str_puts(out, "flow-dump from the main thread:\n");
	for (size_t i = 0; i < d->n; i++) {
		str_putf(out, "%s\n", d->lines[i]);
		free(d->lines[i]);
	}
	free(d->lines);
	free(d->names.rows);
}

static void cmd_dpif_dump_flows(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct dump d = { .s = arg };
	AUTO_STR out = STR_INIT;
	int names = -1;
	for (int i = 1; i < argc - 1; i++) {
		if (!strcmp(argv[i], "-m"))
			d.more = true;
		else if (!strcmp(argv[i], "--names"))
			names = 1;
		else if (!strcmp(argv[i], "--no-names"))
			names = 0;
		else {
			AUTO_FREE char *text = xasprintf("%s: unknown option", argv[i]);
			control_reply_error(call, text);
			return;
		}
	}
	d.only = bridge_by_name(d.s, argv[argc - 1]);
	if (!d.only) {
		control_reply_error(call, "no such bridge");
		return;
	}
	d.with_names = names >= 0 ? names : d.more;
	run_dump(d.only->backer, &d, &out);
	control_reply(call, str_cstr(&out));
}

/* The datapath that argument 'i' names, or the only one there is. */
static const struct backer *backer_arg(struct control_call *call, const struct switchd *s, int argc,
				       const char *argv[], int i)
{
	if (i < argc) {
		const struct backer *k = find_backer(s, argv[i]);
		if (!k) {
			AUTO_FREE char *text = xasprintf("ovs-vswitchd: datapath not found (%s)",
							 err_name(-EINVAL));
			control_reply_error(call, text);
		}
		return k;
	}
	if (list_size(&s->backers) != 1) {
		control_reply_error(call,
				    list_is_empty(&s->backers)
					    ? "ovs-vswitchd: no datapaths exist"
					    : "ovs-vswitchd: multiple datapaths, specify one");
		return NULL;
	}
	return LIST_ENTRY(s->backers.next, const struct backer, node);
}

static bool port_number(const char *name, uint32_t *ret, void *arg)
{
	return number_of(name, ret, arg);
}

/* "filter=FLOW": in_port is the datapath's number or name here. */
static bool read_filter(const char *text, struct names *names, struct match *ret, struct err *err)
{
	struct ofport_names ports = { .number = port_number, .arg = names };
	AUTO_ERR why = ERR_INIT;
	uint32_t usable = OFPROTO_ANY;
	int priority;
	if (match_from_str(text, &ports, ret, &priority, &usable, &why) == 0)
		return true;
	err_set(err, -EINVAL, "ovs-vswitchd: Failed to parse filter (%s)", err_text(&why));
	return false;
}

/* Can the flow be for packets that the filter asks for? Where either does not look, it can. */
static bool passes_filter(const struct match *filter, const struct fastpath_flow *f)
{
	struct flow_key both = filter->mask, key = *f->key;
	key.in_port = f->key->dp_port;
	uint32_t in_port = both.in_port;
	key_mask(&both, f->mask);
	both.in_port = in_port;
	return key_equal_masked(&key, &filter->key, &both);
}

static void cmd_dpctl_dump_flows(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct dump d = { .s = arg, .as_dpctl = true };
	const char *filter = NULL;
	AUTO_STR out = STR_INIT;
	int name_at = argc;
	bool want_user = true;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-m") || !strcmp(argv[i], "--more"))
			d.more = d.with_names = true;
		else if (!strcmp(argv[i], "--names"))
			d.with_names = true;
		else if (!strcmp(argv[i], "--no-names"))
			d.with_names = false;
		else if (str_starts(argv[i], "filter="))
			filter = argv[i] + 7;
		else if (str_starts(argv[i], "type="))
			want_user = strstr(argv[i], "ovs") || strstr(argv[i], "all");
		else
			name_at = i;
	}
	const struct backer *k = backer_arg(call, d.s, argc, argv, name_at);
	if (!k)
		return;
	AUTO_FREE struct match *match = filter ? xzalloc(sizeof *match) : NULL;
	if (filter) {
		AUTO_ERR err = ERR_INIT;
		struct names names;
		names.rows = dp_ports(d.s, k, &names.n);
		bool ok = read_filter(filter, &names, match, &err);
		free(names.rows);
		if (!ok) {
			control_reply_err(call, &err);
			return;
		}
		d.filter = match;
	}
	if (want_user)
		run_dump(k, &d, &out);
	control_reply(call, str_cstr(&out));
}

static void cmd_dpctl_flows_of_file(struct control_call *call, int argc, const char *argv[],
				    void *arg);

static void cmd_dpctl_del_flows(struct control_call *call, int argc, const char *argv[], void *arg)
{
	/* One argument may be either; a datapath that exists is one. */
	if (argc == 3 || (argc == 2 && !find_backer(arg, argv[1]) && strchr(argv[1], '/'))) {
		cmd_dpctl_flows_of_file(call, argc, argv, arg);
		return;
	}
	const struct backer *k = backer_arg(call, arg, argc, argv, 1);
	if (!k)
		return;
	upcall_purge_flows(k->upcall);
	k->fastpath->ops->flow_flush(k->fastpath); /* those put by hand */
	control_reply(call, NULL);
}

static void cmd_parse_actions(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct dp_actions a = DP_ACTIONS_INIT;
	AUTO_ERR err = ERR_INIT;
	AUTO_STR out = STR_INIT;
	if (dp_actions_from_str(argv[1], &a, &err) < 0) {
		AUTO_FREE char *text =
			xasprintf("ovs-vswitchd: odp_actions_from_string (%s)", err_name(-EINVAL));
		control_reply_error(call, text);
	} else {
		dp_actions_to_str(a.data, a.size, NULL, NULL, &out);
		str_putc(&out, '\n');
		control_reply(call, str_cstr(&out));
	}
	dp_actions_fini(&a);
}

/* ---- flows put by hand ----------------------------------------------------------------------- */

/* They have no owner in upcall/, which leaves them alone: they stay until somebody deletes them. */

struct find {
	const struct flow_ufid *ufid;
	const struct flow_key *key, *mask; /* or by these, masked */
	struct dump *dump;
	struct str *out;
	bool found;
	struct flow_ufid ret_ufid;
};

static bool find_one(const struct fastpath_flow *f, void *arg)
{
	struct find *find = arg;
	if (find->ufid ? memcmp(&f->ufid, find->ufid, sizeof f->ufid) != 0
		       : !key_equal(f->mask, find->mask) ||
				 !key_equal_masked(f->key, find->key, find->mask))
		return true;
	find->found = true;
	find->ret_ufid = f->ufid;
	if (find->out)
		put_flow(f, find->dump, find->out);
	return false;
}

static bool ufid_from_str(const char *s, struct flow_ufid *ret)
{
	unsigned a, b, c, d, e, f;
	int n = 0;
	if (sscanf(s, "ufid:%8x-%4x-%4x-%4x-%4x%8x%n", &a, &b, &c, &d, &e, &f, &n) != 6 || s[n])
		return false;
	ret->w[0] = (uint64_t)a << 32 | (uint64_t)b << 16 | c;
	ret->w[1] = (uint64_t)d << 48 | (uint64_t)e << 32 | f;
	return true;
}

/* Key and mask of a flow's text, in the form that fast paths have. */
static int read_flow(const char *text, const struct names *n, struct flow_key *key,
		     struct flow_key *mask, struct err *err)
{
	const struct dp_port_names names = { name_of, number_of, (void *)(uintptr_t)n, true };
	AUTO_ERR why = ERR_INIT;
	if (key_from_str(text, &names, key, mask, &why) < 0)
		return err_set(err, -EINVAL, "ovs-vswitchd: parsing flow key (%s) (%s)",
			       err_text(&why), err_name(-EINVAL));
	return 0;
}

enum flow_command { FLOW_ADD, FLOW_MODIFY, FLOW_DELETE };

static int change_flow(const struct switchd *s, const struct backer *k, enum flow_command command,
		       bool may_create, const char *flow, const char *actions, struct err *err)
{
	struct flow_key key, mask;
	struct flow_ufid ufid;
	struct names names;
	struct find find = { .key = &key, .mask = &mask };
	struct dp_actions list = DP_ACTIONS_INIT;
	int r = 0;

	if (command == FLOW_DELETE && ufid_from_str(flow, &ufid)) {
		find.ufid = &ufid;
	} else {
		names.rows = dp_ports(s, k, &names.n);
		r = read_flow(flow, &names, &key, &mask, err);
		free(names.rows);
		if (r < 0)
			return r;
	}
	if (command != FLOW_DELETE && dp_actions_from_str(actions, &list, NULL) < 0)
		return err_set(err, -EINVAL, "ovs-vswitchd: parsing actions (%s)",
			       err_name(-EINVAL));
	k->fastpath->ops->flow_dump(k->fastpath, find_one, &find);
	if (command == FLOW_DELETE) {
		if (!find.found)
			return err_set(
				err, -ENOENT,
				"ovs-vswitchd: deleting flow (%s)\nPerhaps you need to specify a "
				"UFID?",
				err_name(-ENOENT));
		return k->fastpath->ops->flow_del(k->fastpath, &find.ret_ufid, NULL);
	}
	if (command == FLOW_ADD && find.found)
		r = -EEXIST;
	else if (command == FLOW_MODIFY && !find.found && !may_create)
		r = -ENOENT;
	else
		r = k->fastpath->ops->flow_put(k->fastpath, &key, &mask, list.data, list.size, NULL,
					       NULL);
	dp_actions_fini(&list);
	if (r < 0)
		err_set(err, r, "ovs-vswitchd: updating flow table (%s)", err_name(r));
	return r;
}

static void cmd_dpctl_flow(struct control_call *call, int argc, const char *argv[], void *arg)
{
	const struct switchd *s = arg;
	AUTO_ERR err = ERR_INIT;
	enum flow_command command = str_starts(argv[0], "dpctl/add")   ? FLOW_ADD
				    : str_starts(argv[0], "dpctl/mod") ? FLOW_MODIFY
								       : FLOW_DELETE;
	bool may_create = false;
	int i = 1, n_args = command == FLOW_DELETE ? 1 : 2;
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--may-create"))
			may_create = true;
		else if (strcmp(argv[i], "-s") && strcmp(argv[i], "--clear")) {
			AUTO_FREE char *text = xasprintf("%s: unknown option", argv[i]);
			control_reply_error(call, text);
			return;
		}
	}
	int left = argc - i;
	if (left < n_args || left > n_args + 1) {
		AUTO_FREE char *text =
			xasprintf("\"%s\" command requires at least %d arguments", argv[0], n_args);
		control_reply_error(call, text);
		return;
	}
	const struct backer *k = backer_arg(call, s, left > n_args ? argc : i, argv, i);
	if (!k)
		return;
	i += left - n_args;
	if (change_flow(s, k, command, may_create, argv[i], argv[argc - 1], &err) < 0)
		control_reply_err(call, &err);
	else
		control_reply(call, NULL);
}

static void cmd_dpctl_get_flow(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct dump d = { .s = arg, .as_dpctl = true };
	struct flow_ufid ufid;
	AUTO_STR out = STR_INIT;
	int i = 1;
	for (; i < argc - 1 && argv[i][0] == '-'; i++)
		d.more |= !strcmp(argv[i], "-m") || !strcmp(argv[i], "--more");
	if (!ufid_from_str(argv[argc - 1], &ufid)) {
		AUTO_FREE char *text =
			xasprintf("ovs-vswitchd: parsing flow ufid (%s)", err_name(-EINVAL));
		control_reply_error(call, text);
		return;
	}
	const struct backer *k = backer_arg(call, d.s, argc - 1, argv, i);
	if (!k)
		return;
	d.with_names = d.more;
	d.names.rows = dp_ports(d.s, k, &d.names.n);
	struct find find = { .ufid = &ufid, .dump = &d, .out = &out };
	k->fastpath->ops->flow_dump(k->fastpath, find_one, &find);
	free(d.names.rows);
	if (!find.found) {
		AUTO_FREE char *text =
			xasprintf("ovs-vswitchd: getting flow (%s)", err_name(-ENOENT));
		control_reply_error(call, text);
		return;
	}
	str_putc(&out, '\n');
	control_reply(call, str_cstr(&out));
}

/* A file of "[add|modify|delete] FLOW [ACTIONS]", one a line; each is applied before the next is
 * read. */
static void cmd_dpctl_flows_of_file(struct control_call *call, int argc, const char *argv[],
				    void *arg)
{
	const struct switchd *s = arg;
	enum flow_command usual = str_starts(argv[0], "dpctl/add")   ? FLOW_ADD
				  : str_starts(argv[0], "dpctl/mod") ? FLOW_MODIFY
								     : FLOW_DELETE;
	const struct backer *k = backer_arg(call, s, argc - 1, argv, 1);
	if (!k)
		return;
	AUTO_ERR err = ERR_INIT;
	FILE *file = fopen(argv[argc - 1], "r");
	if (!file) {
		AUTO_FREE char *text = xasprintf("ovs-vswitchd: Opening file \"%s\" failed (%s)",
						 argv[argc - 1], err_name(errno));
		control_reply_error(call, text);
		return;
	}
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	int r = 0;
	while (r >= 0 && getline(&line, &room, file) >= 0) {
		char *comment = strchr(line, '#'), *rest = line;
		if (comment)
			*comment = '\0';
		enum flow_command command = usual;
		char *flow = strtok_r(line, " \t\r\n", &rest);
		if (!flow)
			continue;
		if (!strcmp(flow, "add") || !strcmp(flow, "modify") || !strcmp(flow, "delete")) {
			command = *flow == 'a'	 ? FLOW_ADD
				  : *flow == 'm' ? FLOW_MODIFY
						 : FLOW_DELETE;
			flow = strtok_r(NULL, " \t\r\n", &rest);
			if (!flow)
				continue;
		}
		char *actions = strtok_r(NULL, " \t\r\n", &rest);
		r = change_flow(s, k, command, false, flow, actions ? actions : "", &err);
	}
	fclose(file);
	if (r < 0)
		control_reply_err(call, &err);
	else
		control_reply(call, NULL);
}

/* Ports come from the database; nothing else may change them. */
static void cmd_refused(struct control_call *call, int argc, const char *argv[], void *arg)
{
	AUTO_FREE char *text = xasprintf("ovs-vswitchd: %s is not implemented: ports belong to the "
					 "database (ovs-vsctl)",
					 argv[0]);
	control_reply_error(call, text);
}

void dpif_commands_register(struct switchd *s)
{
	static const char *const refused[] = {
		"dpctl/add-dp", "dpctl/del-dp", "dpctl/add-if", "dpctl/del-if", "dpctl/set-if",
	};
	control_register("dpif/show", "", 0, 0, cmd_dpif_show, s);
	control_register("dpif/dump-dps", "", 0, 0, cmd_dpif_dump_dps, s);
	control_register("dpif/dump-flows", "[-m] [--names | --no-names] bridge", 1, -1,
			 cmd_dpif_dump_flows, s);
	control_register("dpif/show-dp-features", "bridge", 1, 1, cmd_features, s);
	control_register("dpctl/show", "[-s] [dp...]", 0, -1, cmd_dpctl_show, s);
	control_register("dpctl/dump-dps", "", 0, 0, cmd_dpctl_dump_dps, s);
	control_register("dpctl/dump-flows", "[-m] [--names] [dp] [filter=..] [type=..] [pmd=..]",
			 0, 6, cmd_dpctl_dump_flows, s);
	control_register("dpctl/add-flow", "[dp] flow actions", 2, 5, cmd_dpctl_flow, s);
	control_register("dpctl/mod-flow", "[dp] flow actions", 2, 6, cmd_dpctl_flow, s);
	control_register("dpctl/del-flow", "[dp] flow", 1, 3, cmd_dpctl_flow, s);
	control_register("dpctl/get-flow", "[dp] ufid", 1, 4, cmd_dpctl_get_flow, s);
	control_register("dpctl/add-flows", "[dp] file", 1, 2, cmd_dpctl_flows_of_file, s);
	control_register("dpctl/mod-flows", "[dp] file", 1, 2, cmd_dpctl_flows_of_file, s);
	control_register("dpctl/del-flows", "[dp] [file]", 0, 2, cmd_dpctl_del_flows, s);
	control_register("dpctl/parse-actions", "actions", 1, 1, cmd_parse_actions, s);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		control_register(refused[i], "", 0, -1, cmd_refused, s);
}
