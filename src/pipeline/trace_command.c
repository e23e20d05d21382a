/* SPDX-License-Identifier: Apache-2.0 */
/* ofproto/trace, ofproto/trace-packet-out: what would happen to a packet, told step by step.
 * ovs-vswitchd(8), "OFPROTO COMMANDS". */
#include "pipeline/trace_command.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include "base/mem.h"
#include "io/control.h"
#include "packet/compose.h"
#include "packet/key_text.h"
#include "pipeline/flow_text.h"
#include "pipeline/pipeline.h"
#include "pipeline/recirc.h"
#include "pipeline/translate.h"

struct trace_args {
	struct pipeline *pipeline;
	struct datapath *datapath;
	struct flow_key key;
	struct packet *packet;
	bool names, generate, consistent;
	const void *actions;
	size_t actions_size;
	bool with_actions;
};

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static struct packet *packet_from_hex(const char *s)
{
	size_t n = 0;
	AUTO_FREE uint8_t *bytes = xmalloc(strlen(s) / 2 + 1);
	while (*s) {
		while (isspace((unsigned char)*s))
			s++;
		if (!*s)
			break;
		int hi = hex_digit(s[0]), lo = hi < 0 ? -1 : hex_digit(s[1]);
		if (lo < 0)
			return NULL;
		bytes[n++] = (uint8_t)(hi << 4 | lo);
		s += 2;
	}
	return n && n <= PACKET_MAX_BYTES ? packet_from_bytes(bytes, (uint32_t)n) : NULL;
}

static const char *dp_port_name(uint32_t dp_port, void *d_)
{
	const struct ofport *o = datapath_port_lookup(d_, dp_port);
	return o ? o->name : NULL;
}

static bool dp_port_number(const char *name, uint32_t *ret, void *d_)
{
	struct datapath *d = d_;
	struct pipeline *p;
	LIST_FOR_EACH(p, &d->pipelines, node) {
		const struct ofport *o = pipeline_port_lookup_name(p, name);
		if (o && o->dp_port != DP_PORT_NONE) {
			*ret = o->dp_port;
			return true;
		}
	}
	return false;
}

/* ---- arguments --------------------------------------------------------------------------- */

static bool is_dp_flow(const char *s) { return strchr(s, '(') != NULL; }

static int parse_dp_flow(struct trace_args *a, const char *dp, const char *flow, struct err *err)
{
	if (dp) {
		a->datapath = datapath_lookup(dp);
		if (!a->datapath)
			return err_set(err, -ENODEV, "Cannot find the datapath");
	} else {
		unsigned n = 0;
		struct datapath *d;
		LIST_FOR_EACH(d, datapath_all(), node) {
			n += !list_is_empty(&d->pipelines);
			if (!list_is_empty(&d->pipelines))
				a->datapath = d;
		}
		if (n != 1)
			return err_set(err, -EINVAL, "Cannot determine the datapath; name it");
	}
	struct dp_port_names names = { dp_port_name, dp_port_number, a->datapath, false };
	struct flow_key mask;
	int r = key_from_str(flow, &names, &a->key, &mask, err);
	if (r)
		return r;
	if (!a->key.recirc_id && !tunnel_key_is_set(&a->key.tunnel)) {
		const struct ofport *o = datapath_port_lookup(a->datapath, a->key.dp_port);
		if (!o)
			return err_set(err, -ENODEV, "no OpenFlow port for datapath port %u",
				       a->key.dp_port);
		a->key.in_port = o->ofport;
	}
	return 0;
}

static int parse_br_flow(struct trace_args *a, const char *bridge, const char *flow,
			 struct err *err)
{
	a->pipeline = pipeline_lookup(bridge);
	if (!a->pipeline)
		return err_set(err, -ENODEV, "%s: unknown bridge", bridge);
	a->datapath = a->pipeline->datapath;
	struct ofport_names names;
	struct match m;
	int priority;
	pipeline_port_names(a->pipeline, false, &names);
	tun_table_current = a->pipeline->tun_table;
	int r = match_from_str(flow, &names, &m, &priority, NULL, err);
	if (r)
		return err_wrap(err, r, "Bad openflow flow syntax: %s", flow);
	a->key = m.key;
	for (int i = 0; i < KEY_MAX_VLANS; i++)
		if ((a->key.vlans[i].tci & BE16_C(VLAN_CFI)) && !a->key.vlans[i].tpid)
			a->key.vlans[i].tpid = i + 1 < KEY_MAX_VLANS && a->key.vlans[i + 1].tci
						       ? BE16_C(0x88a8)
						       : BE16_C(0x8100);
	const struct ofport *o = pipeline_port_lookup(a->pipeline, a->key.in_port);
	if (o && !o->tunnel)
		a->key.dp_port = o->dp_port;
	return 0;
}

/* [dp] odp_flow | bridge br_flow, and after the options a packet. */
static int parse(struct trace_args *a, int argc, const char *argv[], bool packet_out,
		 struct of_actions *actions, struct err *err)
{
	const char *args[8];
	int n = 0;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-generate") || !strcmp(argv[i], "--generate"))
			a->generate = true;
		else if (!strcmp(argv[i], "-consistent") || !strcmp(argv[i], "--consistent"))
			a->consistent = true;
		else if (!strcmp(argv[i], "--names"))
			a->names = true;
		else if (!strcmp(argv[i], "--no-names"))
			a->names = false;
		else if (!strcmp(argv[i], "--ct-next"))
			i++; /* there is no tracker whose state it could give */
		else if (argv[i][0] == '-')
			return err_set(err, -EINVAL, "%s: invalid option", argv[i]);
		else if (n < (int)ARRAY_SIZE(args))
			args[n++] = argv[i];
		else
			return err_set(err, -EINVAL, "too many arguments");
	}
	if (packet_out) {
		if (!n)
			return err_set(err, -EINVAL, "actions are missing");
		n--;
	}
	int n_flow = n >= 1 && is_dp_flow(args[0]) ? 1 : 2;
	if (n < n_flow)
		return err_set(err, -EINVAL, "syntax error at %s (or the bridge name was omitted)",
			       n ? args[0] : "end");
	if (n > n_flow + 1)
		return err_set(err, -EINVAL, "too many arguments");
	int r = n_flow == 1	      ? parse_dp_flow(a, NULL, args[0], err)
		: is_dp_flow(args[1]) ? parse_dp_flow(a, args[0], args[1], err)
				      : parse_br_flow(a, args[0], args[1], err);
	if (r)
		return r;
	if (n == n_flow + 1) {
		if (a->generate)
			return err_set(err, -EINVAL,
				       "-generate and a packet: only one of them can be given");
		a->packet = packet_from_hex(args[n_flow]);
		if (!a->packet)
			return err_set(err, -EINVAL, "Trailing garbage in packet data");
	}
	if (packet_out) {
		if (!a->pipeline) {
			const struct ofport *o = datapath_port_lookup(a->datapath, a->key.dp_port);
			a->pipeline = o ? o->pipeline : NULL;
			if (!a->pipeline)
				return err_set(err, -ENODEV, "unknown bridge");
		}
		struct ofport_names names;
		pipeline_port_names(a->pipeline, false, &names);
		r = of_actions_from_str(args[n], &names, true, actions, NULL, err);
		if (r)
			return err_wrap(err, r, "Bad actions");
		a->with_actions = true;
		a->actions = actions->data;
		a->actions_size = actions->size;
	}
	return 0;
}

/* ---- output ------------------------------------------------------------------------------ */

static void put_slow_reasons(unsigned slow, struct str *out)
{
	static const struct {
		unsigned bit;
		const char *text;
	} reasons[] = {
		{ DP_SLOW_CFM, "Consists of CFM packets." },
		{ DP_SLOW_BFD, "Consists of BFD packets." },
		{ DP_SLOW_LACP, "Consists of LACP packets." },
		{ DP_SLOW_STP, "Consists of STP packets." },
		{ DP_SLOW_LLDP, "Consists of LLDP packets." },
		{ DP_SLOW_ACTION, "Uses action(s) not supported by datapath." },
		{ DP_SLOW_MATCH, "Needs more specific match than datapath supports." },
		{ DP_SLOW_PROBE, "Consists of the loop guard's probes." },
		{ DP_SLOW_NEIGHBOUR, "Waits for the next hop of a tunnel to be resolved." },
	};
	if (!slow)
		return;
	str_puts(out, "\nThis flow is handled by the userspace slow path because it:");
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (slow & reasons[i].bit)
			str_putf(out, "\n  - %s", reasons[i].text);
}

static void run(struct trace_args *a, struct str *out)
{
	struct trace trace;
	struct translation t = TRANSLATION_INIT;
	struct credits credits = { .recircs = a->datapath->recircs };
	trace_init(&trace);
	trace.names = a->names;
	if (a->generate)
		a->packet = packet_compose(&a->key, NULL, COMPOSE_DEFAULT_PAYLOAD);
	if (a->packet) {
		/* The packet says what is in it, the flow what is beside it. */
		struct flow_key given = a->key;
		a->packet->dp_port = given.dp_port;
		a->packet->recirc_id = given.recirc_id;
		a->packet->dp_hash = given.dp_hash;
		a->packet->skb_priority = given.skb_priority;
		a->packet->pkt_mark = given.pkt_mark;
		a->packet->packet_type = given.packet_type;
		a->packet->tunnel = given.tunnel;
		key_extract(a->packet, &a->key);
		a->key.in_port = given.in_port;
		a->key.metadata = given.metadata;
		memcpy(a->key.regs, given.regs, sizeof a->key.regs);
	}
	struct ofport_names names = { 0 };
	if (a->pipeline)
		pipeline_port_names(a->pipeline, a->names, &names);
	str_puts(out, "Flow: ");
	flow_put(&a->key, &names, out);
	str_puts(out, "\n\n");
	struct translate_request rq = {
		.datapath = a->datapath,
		.key = &a->key,
		.packet = a->packet,
		.pipeline = a->pipeline,
		.with_actions = a->with_actions,
		.actions = a->actions,
		.actions_size = a->actions_size,
		.effects = a->packet != NULL,
		.credits = &credits,
		.trace = &trace,
	};
	translate(&rq, &t);
	if (!a->pipeline && t.pipeline)
		pipeline_port_names(t.pipeline, a->names, &names);
	AUTO_STR tree = STR_INIT;
	trace_print(&trace, &tree);
	str_puts(out, str_cstr(&tree));
	str_puts(out, "\nFinal flow: ");
	struct flow_key initial = a->key;
	initial.in_port = t.in_port ? t.in_port->ofport : a->key.in_port;
	initial.actset_output = OFPORT_UNSET;
	if (key_equal(&initial, &t.final))
		str_puts(out, "unchanged");
	else
		flow_put(&t.final, &names, out);
	str_puts(out, "\nMegaflow: ");
	megaflow_put(&initial, &t.mask, &names, out);
	str_puts(out, "\nDatapath actions: ");
	dp_actions_to_str(t.actions.data, t.actions.size, a->names ? dp_port_name : NULL,
			  a->datapath, out);
	if (t.error && t.error != XLATE_CONGESTION_DROP)
		str_putf(out, "\nTranslation failed (%s), packet is dropped.",
			 xlate_error_to_str(t.error));
	else
		put_slow_reasons(t.slow, out);
	trace_fini(&trace);
	translation_fini(&t);
	credits_fini(&credits);
}

int trace_command_run(int argc, const char *argv[], bool packet_out, struct str *out,
		      struct err *err)
{
	struct trace_args a = { 0 };
	struct of_actions actions = OF_ACTIONS_INIT;
	int r = parse(&a, argc, argv, packet_out, &actions, err);
	if (!r)
		run(&a, out);
	packet_free(a.packet);
	of_actions_fini(&actions);
	return r;
}

static void cmd_trace(struct control_call *call, int argc, const char *argv[], void *packet_out)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_STR out = STR_INIT;
	if (trace_command_run(argc, argv, packet_out != NULL, &out, &err))
		control_reply_error(call, err_text(&err));
	else
		control_reply(call, str_cstr(&out));
}

void trace_commands_register(void)
{
	static int packet_out;
	control_register("ofproto/trace",
			 "{[dp_name] odp_flow | bridge br_flow} [OPTIONS...] [-generate|packet]", 1,
			 -1, cmd_trace, NULL);
	control_register("ofproto/trace-packet-out",
			 "[-consistent] {[dp_name] odp_flow | bridge br_flow} [OPTIONS...] "
			 "[-generate|packet] actions",
			 2, -1, cmd_trace, &packet_out);
}
