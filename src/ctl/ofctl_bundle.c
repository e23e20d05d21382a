/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_bundle: groups, meters, Geneve options, and changes made all at once. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ctl/ofctl.h"
#include "ofp/error.h"

/* -- Bundles: open, add, close, commit; an error of any ends the program with the switch's words.
 */

static void print_error_and_exit(const struct bytes *reply)
{
	AUTO_STR out = STR_INIT;
	const struct print_options o = { .verbosity = ofctl.verbosity + 2 };
	of_print(reply->data, reply->size, &o, &out);
	fputs(str_cstr(&out), stderr);
	exit(1);
}

static void control(struct peer *p, uint32_t id, enum of_bundle_control type)
{
	AUTO_BYTES request = BYTES_INIT, reply = BYTES_INIT;
	const struct bundle_control k = { id, (uint16_t)type, OFBF_ATOMIC | OFBF_ORDERED };
	uint32_t xid = peer_xid(p);
	bundle_control_build(&request, &k, peer_version(p), xid);
	peer_send(p, &request);
	for (;;) {
		struct of_msg m;
		if (peer_recv(p, &reply, -1))
			log_fatal("%s: connection closed by peer", peer_name(p));
		if (of_msg_parse(reply.data, reply.size, &m))
			continue;
		/* An error of a message within, or of this one. */
		if (m.id == OFMSG_ERROR)
			print_error_and_exit(&reply);
		if (m.xid == xid)
			return;
	}
}

bool ofctl_send_bundle(struct peer *p, const struct flow_mod *fms, size_t n, uint32_t usable)
{
	enum of_version v = peer_version(p);
	if (!of_msg_has_form(OFMSG_BUNDLE_CONTROL, OFK_ANY, v))
		log_fatal("%s: bundles need OpenFlow 1.3 or later", peer_name(p));
	uint32_t protocol = peer_set_protocol(p, usable);
	enum { ID = 1 };
	control(p, ID, OFBCT_OPEN_REQUEST);
	AUTO_BYTES out = BYTES_INIT, inner = BYTES_INIT;
	for (size_t i = 0; i < n; i++) {
		uint32_t xid = peer_xid(p);
		inner.size = 0;
		if (flow_mod_build(&inner, &fms[i], protocol, xid) < 0)
			log_fatal("a flow is too long for an OpenFlow message");
		const struct bundle_add k = { ID, OFBF_ATOMIC | OFBF_ORDERED, inner.data,
					      inner.size };
		if (bundle_add_build(&out, &k, v, xid) < 0)
			log_fatal("a flow is too long for an OpenFlow message");
		if (out.size > 256 * 1024) {
			peer_send(p, &out);
			out.size = 0;
			while (peer_recv_pending(p))
				;
		}
	}
	if (out.size)
		peer_send(p, &out);
	control(p, ID, OFBCT_CLOSE_REQUEST);
	control(p, ID, OFBCT_COMMIT_REQUEST);
	return true;
}

/* -- Groups. */

static void send_group(const char *text, int command, const char *target, struct peer *p,
		       const char *where)
{
	struct group_mod gm;
	AUTO_ERR err = ERR_INIT;
	AUTO_BYTES b = BYTES_INIT;
	uint32_t usable = OFPROTO_ANY;
	if (group_mod_from_str(text, command, ofctl_accept_names(target), &gm, &usable, &err) < 0)
		log_fatal("%s%s", where, err_text(&err));
	peer_set_protocol(p, usable);
	if (group_mod_build(&b, &gm, peer_version(p), peer_xid(p)) < 0)
		log_fatal("%sthe group is too long for an OpenFlow message", where);
	if (!peer_transact_noreply(p, &b))
		exit(1);
	group_mod_fini(&gm);
}

struct group_file {
	const char *target;
	struct peer *p;
	int command;
};

static void send_group_line(const char *text, const char *file, int line, void *arg)
{
	struct group_file *g = arg;
	AUTO_FREE char *where = xasprintf("%s:%d: ", file, line);
	send_group(text, g->command, g->target, g->p, where);
}

static int change_group(int argc, char **argv, int command, bool from_file)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	struct group_file g = { argv[1], p, command };
	if (from_file || (argc > 2 && !strcmp(argv[2], "-")))
		ofctl_for_each_line(argv[2], send_group_line, &g);
	else
		send_group(argc > 2 ? argv[2] : "", command, argv[1], p, "");
	peer_close(p);
	return 0;
}

static bool may_create;
int ofctl_add_group(int argc, char **argv) { return change_group(argc, argv, OFPGC_ADD, false); }
int ofctl_add_groups(int argc, char **argv) { return change_group(argc, argv, -1, true); }
int ofctl_mod_group(int argc, char **argv)
{
	return change_group(argc, argv, may_create ? OFPGC_ADD_OR_MOD : OFPGC_MODIFY, false);
}
int ofctl_del_groups(int argc, char **argv)
{
	return change_group(argc, argv, OFPGC_DELETE, false);
}
int ofctl_insert_buckets(int argc, char **argv)
{
	return change_group(argc, argv, OFPGC_INSERT_BUCKET, false);
}
int ofctl_remove_buckets(int argc, char **argv)
{
	return change_group(argc, argv, OFPGC_REMOVE_BUCKET, false);
}
void ofctl_may_create(void) { may_create = true; }

static int dump_group(int argc, char **argv, enum of_msg_id id)
{
	uint32_t group = OFPG_ALL;
	if (argc > 2) {
		const char *text = str_starts(argv[2], "group_id=") ? argv[2] + 9 : argv[2];
		if (strcmp(text, "all") && !str_to_u32(text, 0, &group))
			log_fatal("%s: not a group id", argv[2]);
	}
	struct peer *p = peer_open(argv[1], "mgmt");
	AUTO_BYTES b = BYTES_INIT;
	if (!of_msg_has_form(id, OFK_ANY, peer_version(p)))
		log_fatal("%s: groups need OpenFlow 1.1 or later", argv[1]);
	group_request_build(&b, id, peer_version(p), group, peer_xid(p));
	ofctl_dump_stats(p, &b, ofctl_show_names(argv[1]));
	peer_close(p);
	return 0;
}

int ofctl_dump_groups(int argc, char **argv)
{
	return dump_group(argc, argv, OFMSG_STAT_GROUP_DESC_REQUEST);
}
int ofctl_dump_group_stats(int argc, char **argv)
{
	return dump_group(argc, argv, OFMSG_STAT_GROUP_REQUEST);
}

static int dump_empty(char **argv, enum of_msg_id id)
{
	struct peer *p = peer_open(argv[1], "mgmt");
	AUTO_BYTES b = BYTES_INIT;
	if (!of_msg_has_form(id, OFK_ANY, peer_version(p)))
		log_fatal("%s: OpenFlow 1.%d does not have this", argv[1], peer_version(p) - OF10);
	empty_build(&b, id, OFK_ANY, peer_version(p), peer_xid(p));
	ofctl_dump_transaction(p, &b, NULL);
	peer_close(p);
	return 0;
}

int ofctl_dump_group_features(int argc, char **argv)
{
	return dump_empty(argv, OFMSG_STAT_GROUP_FEATURES_REQUEST);
}
int ofctl_meter_features(int argc, char **argv)
{
	return dump_empty(argv, OFMSG_STAT_METER_FEATURES_REQUEST);
}
int ofctl_dump_tlv_map(int argc, char **argv) { return dump_empty(argv, OFMSG_TLV_TABLE_REQUEST); }

/* -- Meters. */

static struct peer *peer_with_meters(const char *name)
{
	struct peer *p = peer_open(name, "mgmt");
	if (peer_version(p) < OF13)
		log_fatal("%s: meters need OpenFlow 1.3 or later (-O OpenFlow13)", name);
	return p;
}

static int change_meter(int argc, char **argv, int command)
{
	struct meter_mod mm;
	AUTO_ERR err = ERR_INIT;
	AUTO_BYTES b = BYTES_INIT;
	uint32_t usable = OFPROTO_ANY;
	if (meter_mod_from_str(argc > 2 ? argv[2] : "meter=all", command, &mm, &usable, &err) < 0)
		log_fatal("%s", err_text(&err));
	struct peer *p = peer_with_meters(argv[1]);
	meter_mod_build(&b, &mm, peer_version(p), peer_xid(p));
	bool ok = peer_transact_noreply(p, &b);
	meter_config_fini(&mm.config);
	peer_close(p);
	return ok ? 0 : 1;
}

int ofctl_add_meter(int argc, char **argv) { return change_meter(argc, argv, OFPMC_ADD); }
int ofctl_mod_meter(int argc, char **argv) { return change_meter(argc, argv, OFPMC_MODIFY); }
int ofctl_del_meters(int argc, char **argv) { return change_meter(argc, argv, OFPMC_DELETE); }

static int dump_meter(int argc, char **argv, enum of_msg_id id)
{
	struct meter_mod mm;
	AUTO_ERR err = ERR_INIT;
	AUTO_BYTES b = BYTES_INIT;
	uint32_t usable = OFPROTO_ANY;
	if (meter_mod_from_str(argc > 2 ? argv[2] : "meter=all", OFPMC_DELETE, &mm, &usable, &err) <
	    0)
		log_fatal("%s", err_text(&err));
	struct peer *p = peer_with_meters(argv[1]);
	meter_request_build(&b, id, peer_version(p), mm.config.meter_id, peer_xid(p));
	ofctl_dump_stats(p, &b, NULL);
	peer_close(p);
	return 0;
}

int ofctl_dump_meters(int argc, char **argv)
{
	return dump_meter(argc, argv, OFMSG_STAT_METER_CONFIG_REQUEST);
}
int ofctl_meter_stats(int argc, char **argv)
{
	return dump_meter(argc, argv, OFMSG_STAT_METER_REQUEST);
}

/* -- Geneve options: "{class=0xffff,type=0x1,len=4}->tun_metadata1,..". */

static void parse_mapping(const char *s, bool with_field, struct tlv_mapping *ret)
{
	unsigned class, type, len, index = 0;
	int used = 0;
	int n = sscanf(s, "{class=%i,type=%i,len=%i}%n", (int *)&class, (int *)&type, (int *)&len,
		       &used);
	if (n != 3 || !used || class > UINT16_MAX || type > UINT8_MAX || len > TLV_MAX_OPT_BYTES ||
	    len % 4)
		log_fatal("invalid tlv mapping");
	s += used;
	int end = 0;
	if (*s || with_field) {
		if (sscanf(s, "->tun_metadata%u%n", &index, &end) != 1 || s[end] ||
		    index >= TLV_N_FIELDS)
			log_fatal("invalid tlv mapping");
	}
	*ret = (struct tlv_mapping){ (uint16_t) class, (uint8_t)type, (uint8_t)len,
				     (uint16_t)index };
}

static int change_tlv(int argc, char **argv, enum tlv_command command)
{
	struct tlv_table_mod t = { .command = argc > 2 ? command : TLV_CLEAR };
	char *text = argc > 2 ? argv[2] : NULL;
	while (text && *text) {
		/* Mappings are divided by the commas outside of braces. */
		char *end = strchr(text, '}');
		char *comma = end ? strchr(end, ',') : NULL;
		if (comma)
			*comma = '\0';
		t.mappings = xrealloc(t.mappings, (t.n + 1) * sizeof *t.mappings);
		parse_mapping(text, command == TLV_ADD, &t.mappings[t.n++]);
		text = comma ? comma + 1 : NULL;
	}
	struct peer *p = peer_open(argv[1], "mgmt");
	AUTO_BYTES b = BYTES_INIT;
	tlv_table_mod_build(&b, &t, peer_version(p), peer_xid(p));
	bool ok = peer_transact_noreply(p, &b);
	free(t.mappings);
	peer_close(p);
	return ok ? 0 : 1;
}

int ofctl_add_tlv_map(int argc, char **argv) { return change_tlv(argc, argv, TLV_ADD); }
int ofctl_del_tlv_map(int argc, char **argv) { return change_tlv(argc, argv, TLV_DELETE); }
