/* SPDX-License-Identifier: Apache-2.0 */
/* ovs-ofctl(8): shows and changes the flows of OpenFlow switches. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ctl/applets.h"
#include "ctl/ofctl.h"
#include "ctl/ofctl_offline.h"
#include "ctl/program.h"

struct ofctl_options ofctl = {
	.versions = 1u << OF10, .protocols = OFPROTO_ANY, .names = -1, .packet_in_format = -1
};

enum {
	PROTOCOLS,
	FLOW_FORMAT,
	PACKET_IN_FORMAT,
	MORE,
	TIMESTAMP,
	STRICT,
	READD,
	BUNDLE,
	SORT,
	RSORT,
	NAMES,
	NO_NAMES,
	STATS,
	NO_STATS,
	COLOR,
	READ_ONLY,
	MAY_CREATE
};
static const struct program_option options[] = {
	[PROTOCOLS] = { "protocols", 'O', "VERSIONS",
			"OpenFlow versions to allow (default: OpenFlow10)" },
	[FLOW_FORMAT] = { "flow-format", 'F', "FORMAT", "force particular flow format" },
	[PACKET_IN_FORMAT] = { "packet-in-format", 'P', "FORMAT",
			       "force particular packet-in format" },
	[MORE] = { "more", 'm', NULL, "be more verbose printing OpenFlow" },
	[TIMESTAMP] = { "timestamp", 0, NULL, "(monitor, snoop) print timestamps" },
	[STRICT] = { "strict", 0, NULL, "use strict match for flow commands" },
	[READD] = { "readd", 0, NULL, "replace flows that haven't changed" },
	[BUNDLE] = { "bundle", 0, NULL, "make changes all at once or not at all" },
	[SORT] = { "sort", 0, "[FIELD]", "sort in ascending order" },
	[RSORT] = { "rsort", 0, "[FIELD]", "sort in descending order" },
	[NAMES] = { "names", 0, NULL, "show port names instead of numbers" },
	[NO_NAMES] = { "no-names", 0, NULL, "show port numbers, but not names" },
	[STATS] = { "stats", 0, NULL, "show counters of flows (default)" },
	[NO_STATS] = { "no-stats", 0, NULL, "show flows without counters" },
	[COLOR] = { "color", 0, "[WHEN]", "never or auto: this program prints no colours" },
	[READ_ONLY] = { "read-only", 0, NULL, "not supported" },
	[MAY_CREATE] = { "may-create", 0, NULL, "(mod-group) create the group if it is not there" },
	{ 0 },
};

static void add_sort(const char *name, bool descending)
{
	if (ofctl.n_sort == ARRAY_SIZE(ofctl.sort))
		log_fatal("more than %zu sort criteria", ARRAY_SIZE(ofctl.sort));
	struct ofctl_sort *s = &ofctl.sort[ofctl.n_sort++];
	s->descending = descending;
	if (!name || !strcasecmp(name, "priority")) {
		/* Without a field, the highest priority first. */
		s->descending = name ? descending : !descending;
		return;
	}
	s->field = field_from_name(name, strlen(name));
	if (!s->field)
		log_fatal("%s: unknown field name", name);
}

static void set_versions(const char *arg)
{
	for (const char *s = arg; *s;) {
		size_t len = strcspn(s, ", ");
		AUTO_FREE char *word = xstrndup(s, len);
		if (len && !of_versions_from_str(word))
			log_fatal("Unknown OpenFlow version: \"%s\"", word);
		s += len + strspn(s + len, ", ");
	}
	ofctl.versions = of_versions_from_str(arg) | (ofctl.bundle ? 1u << OF14 : 0);
	if (ofctl.versions)
		ofctl_offline_version = (enum of_version)(31 - __builtin_clz(ofctl.versions));
}

static void take_option(size_t i, const char *arg)
{
	AUTO_FREE char *bad = NULL;
	switch (i) {
	case PROTOCOLS:
		set_versions(arg);
		break;
	case FLOW_FORMAT:
		ofctl.protocols = of_protocols_from_str(arg, &bad);
		if (!ofctl.protocols)
			log_fatal("%s: unknown flow protocol", bad ? bad : arg);
		break;
	case PACKET_IN_FORMAT:
		if (!strcmp(arg, "standard") || !strcmp(arg, "openflow10"))
			ofctl.packet_in_format = OFPIF_STANDARD;
		else if (!strcmp(arg, "nxt_packet_in") || !strcmp(arg, "nxm"))
			ofctl.packet_in_format = OFPIF_NXT;
		else if (!strcmp(arg, "nxt_packet_in2"))
			ofctl.packet_in_format = OFPIF_NXT2;
		else
			log_fatal("unknown packet-in format `%s'", arg);
		break;
	case MORE:
		ofctl.verbosity++;
		break;
	case TIMESTAMP:
		ofctl.timestamp = true;
		break;
	case STRICT:
		ofctl.strict = ofctl_offline_strict = true;
		break;
	case READD:
		ofctl.readd = true;
		break;
	case BUNDLE:
		/* Bundles are of 1.4: offered beside what was asked for. */
		ofctl.bundle = true;
		ofctl.versions |= 1u << OF14;
		break;
	case SORT:
	case RSORT:
		add_sort(arg, i == RSORT);
		break;
	case NAMES:
	case NO_NAMES:
		ofctl.names = i == NAMES;
		break;
	case STATS:
	case NO_STATS:
		ofctl.no_stats = i == NO_STATS;
		break;
	case COLOR:
		if (arg && strcmp(arg, "never") && strcmp(arg, "auto"))
			log_fatal("--color=%s: colours are not supported", arg);
		break;
	case READ_ONLY:
		log_fatal("--read-only is not supported; commands that only read are the show and "
			  "dump- ones");
	case MAY_CREATE:
		ofctl_may_create();
		break;
	}
}

static int help(int argc, char **argv);

static const struct program_command commands[] = {
	{ "show", "SWITCH", 1, 1, ofctl_show, "show OpenFlow information",
	  "For OpenFlow switches" },
	{ "dump-desc", "SWITCH", 1, 1, ofctl_dump_desc, "print switch description", NULL },
	{ "mod-port", "SWITCH IFACE ACT", 3, 3, ofctl_mod_port, "modify port behavior", NULL },
	{ "dump-ports", "SWITCH [PORT]", 1, 2, ofctl_dump_ports, "print port statistics", NULL },
	{ "dump-ports-desc", "SWITCH [PORT]", 1, 2, ofctl_dump_ports_desc,
	  "print port descriptions", NULL },
	{ "get-frags", "SWITCH", 1, 1, ofctl_get_frags, "print fragment handling behavior", NULL },
	{ "set-frags", "SWITCH FRAG_MODE", 2, 2, ofctl_set_frags, "set fragment handling behavior",
	  NULL },
	{ "dump-flows", "SWITCH [FLOW]", 1, 2, ofctl_dump_flows, "print matching flows", NULL },
	{ "dump-aggregate", "SWITCH [FLOW]", 1, 2, ofctl_dump_aggregate,
	  "print aggregate flow statistics", NULL },
	{ "queue-stats", "SWITCH [PORT [QUEUE]]", 1, 3, ofctl_queue_stats, "dump queue stats",
	  NULL },
	{ "queue-get-config", "SWITCH [PORT]", 1, 3, ofctl_queue_get_config,
	  "print queue config for port", NULL },
	{ "add-flow", "SWITCH FLOW", 2, 2, ofctl_add_flow, "add flow described by FLOW", NULL },
	{ "add-flows", "SWITCH FILE", 2, 2, ofctl_add_flows, "add flows from FILE", NULL },
	{ "mod-flows", "SWITCH FLOW", 2, 2, ofctl_mod_flows, "modify actions of matching FLOWs",
	  NULL },
	{ "del-flows", "SWITCH [FLOW]", 1, 2, ofctl_del_flows, "delete matching FLOWs", NULL },
	{ "replace-flows", "SWITCH FILE", 2, 2, ofctl_replace_flows,
	  "replace flows with those in FILE", NULL },
	{ "diff-flows", "SOURCE1 SOURCE2", 2, 2, ofctl_diff_flows, "compare flows from two sources",
	  NULL },
	{ "dump-tables", "SWITCH", 1, 1, ofctl_dump_tables, "print table stats", NULL },
	{ "dump-table-features", "SWITCH", 1, 1, ofctl_dump_table_features, "print table features",
	  NULL },
	{ "dump-table-desc", "SWITCH", 1, 1, ofctl_dump_table_desc, "print table description",
	  NULL },
	{ "mod-table", "SWITCH TABLE MOD", 3, 3, ofctl_mod_table, "modify flow table behavior",
	  NULL },
	{ "add-group", "SWITCH GROUP", 2, 2, ofctl_add_group, "add group described by GROUP",
	  NULL },
	{ "add-groups", "SWITCH FILE", 2, 2, ofctl_add_groups, "add group from FILE", NULL },
	{ "mod-group", "SWITCH GROUP", 2, 2, ofctl_mod_group, "modify specific group", NULL },
	{ "del-groups", "SWITCH [GROUP]", 1, 2, ofctl_del_groups, "delete matching GROUPs", NULL },
	{ "insert-buckets", "SWITCH GROUP", 2, 2, ofctl_insert_buckets, "add buckets to GROUP",
	  NULL },
	{ "insert-bucket", "SWITCH GROUP", 2, 2, ofctl_insert_buckets, NULL, NULL },
	{ "remove-buckets", "SWITCH GROUP", 2, 2, ofctl_remove_buckets, "remove buckets from GROUP",
	  NULL },
	{ "remove-bucket", "SWITCH GROUP", 2, 2, ofctl_remove_buckets, NULL, NULL },
	{ "dump-groups", "SWITCH [GROUP]", 1, 2, ofctl_dump_groups, "print group description",
	  NULL },
	{ "dump-group-stats", "SWITCH [GROUP]", 1, 2, ofctl_dump_group_stats,
	  "print group statistics", NULL },
	{ "dump-group-features", "SWITCH", 1, 1, ofctl_dump_group_features, "print group features",
	  NULL },
	{ "add-meter", "SWITCH METER", 2, 2, ofctl_add_meter, "add meter described by METER",
	  NULL },
	{ "mod-meter", "SWITCH METER", 2, 2, ofctl_mod_meter, "modify specific METER", NULL },
	{ "del-meters", "SWITCH [METER]", 1, 2, ofctl_del_meters, "delete meters matching METER",
	  NULL },
	{ "del-meter", "SWITCH METER", 1, 2, ofctl_del_meters, NULL, NULL },
	{ "dump-meters", "SWITCH [METER]", 1, 2, ofctl_dump_meters, "print METER configuration",
	  NULL },
	{ "dump-meter", "SWITCH METER", 1, 2, ofctl_dump_meters, NULL, NULL },
	{ "meter-stats", "SWITCH [METER]", 1, 2, ofctl_meter_stats, "print meter statistics",
	  NULL },
	{ "meter-features", "SWITCH", 1, 1, ofctl_meter_features, "print meter features", NULL },
	{ "add-tlv-map", "SWITCH MAP...", 2, 2, ofctl_add_tlv_map, "add TLV option MAPpings",
	  NULL },
	{ "del-tlv-map", "SWITCH [MAP...]", 1, 2, ofctl_del_tlv_map, "delete TLV option MAPpings",
	  NULL },
	{ "dump-tlv-map", "SWITCH", 1, 1, ofctl_dump_tlv_map, "print TLV option mappings", NULL },
	{ "packet-out", "SWITCH IN_PORT ACTIONS PACKET...", 2, INT_MAX, ofctl_packet_out,
	  "execute ACTIONS on PACKET", NULL },
	{ "monitor", "SWITCH [MISSLEN] [invalid_ttl] [watch:[...]]", 1, 4, ofctl_monitor,
	  "print packets received from SWITCH", NULL },
	{ "snoop", "SWITCH", 1, 1, ofctl_snoop, "snoop on SWITCH and its controller", NULL },
	{ "probe", "TARGET", 1, 1, ofctl_probe, "probe whether TARGET is up",
	  "For OpenFlow switches and controllers" },
	{ "ping", "TARGET [N]", 1, 2, ofctl_ping, "latency of N-byte echos", NULL },
	{ "benchmark", "TARGET N COUNT", 3, 3, ofctl_benchmark, "bandwidth of COUNT N-byte echos",
	  NULL },
	{ "ofp-parse", "FILE", 1, 1, ofctl_ofp_parse, "print messages read from FILE",
	  "Other commands" },
	{ "ofp-print", "HEX [VERBOSITY]", 1, 2, ofctl_ofp_print, "print a message given in hex",
	  NULL },
	{ "parse-flow", "FLOW", 1, 1, ofctl_parse_flow, "print FLOW as a message", NULL },
	{ "parse-flows", "FILE", 1, 1, ofctl_parse_flows, "print flows of FILE as messages", NULL },
	{ "parse-actions", "VERSION", 1, 1, ofctl_parse_actions, "print actions given in hex",
	  NULL },
	{ "parse-instructions", "VERSION", 1, 1, ofctl_parse_instructions,
	  "print instructions given in hex", NULL },
	{ "parse-nx-match", "", 0, 0, ofctl_parse_nx_match, "print NXM given as text", NULL },
	{ "parse-nxm", "", 0, 0, ofctl_parse_nx_match, NULL, NULL },
	{ "parse-oxm", "VERSION", 1, 1, ofctl_parse_oxm, "print OXM given as text", NULL },
	{ "parse-pcap", "PCAP...", 1, INT_MAX, ofctl_parse_pcap, "print packets of a capture",
	  NULL },
	{ "parse-packet", "", 0, 0, ofctl_parse_packet, "print a packet from standard input",
	  NULL },
	{ "parse-key-value", "TEXT...", 1, INT_MAX, ofctl_parse_key_value, "split keys and values",
	  NULL },
	{ "compose-packet", "FLOW [PAYLOAD]", 1, 2, ofctl_compose_packet, "make a packet of a flow",
	  NULL },
	{ "check-vlan", "TCI MASK", 2, 2, ofctl_check_vlan, "print a VLAN match in every form",
	  NULL },
	{ "parse-ofp10-match", "", 0, 0, ofctl_parse_ofp10_match,
	  "print OpenFlow 1.0 matches given in hex", NULL },
	{ "parse-ofp11-match", "", 0, 0, ofctl_parse_ofp11_match,
	  "print OpenFlow 1.1 matches given in hex", NULL },
	{ "print-error", "ENUM", 1, 1, ofctl_print_error, "print an error's numbers", NULL },
	{ "encode-error-reply", "ENUM REQUEST", 2, 2, ofctl_encode_error_reply,
	  "print the error reply to a request in hex", NULL },
	{ "encode-hello", "BITMAP", 1, 1, ofctl_encode_hello, "print a hello", NULL },
	{ "help", "", 0, INT_MAX, help, NULL, NULL },
	{ 0 },
};

static const struct program ofctl_program = {
	.name = "ovs-ofctl",
	.title = "OpenFlow switch management utility",
	.usage = "[OPTIONS] COMMAND [ARG...]",
	.version = "OpenFlow versions 0x1:0x6",
	.flags = PROGRAM_TIMEOUT | PROGRAM_TLS | PROGRAM_DAEMON | PROGRAM_PERMUTE,
	.timeout_letter = 't',
	.options = options,
	.option = take_option,
	.commands = commands,
};

static int help(int argc, char **argv)
{
	AUTO_STR out = STR_INIT;
	program_put_help(&ofctl_program, &out);
	fputs(str_cstr(&out), stdout);
	return 0;
}

/* Options are known when the command runs: versions and formats narrow each other. */
int ofctl_main(int argc, char **argv)
{
	/* One process, one table of options that flows and messages may name: it grows as they do.
	 */
	static struct tun_table tun_table = { .ad_hoc = true };
	tun_table_current = &tun_table;
	return program_run(&ofctl_program, argc, argv);
}
