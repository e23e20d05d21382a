/* SPDX-License-Identifier: Apache-2.0 */
/* print_group: groups, meters, bundles, the TLV table. */
#include <stdio.h>

#include "ofp/error.h"
#include "ofp/group_text.h"
#include "ofp/print.h"

static int print_group_mod(struct printer *p)
{
	static const char *const commands[] = { "ADD",		 "MOD",		  "DEL",
						"INSERT_BUCKET", "REMOVE_BUCKET", "ADD_OR_MOD" };
	struct group_mod gm;
	int r = group_mod_parse(p->m, &gm);
	if (r)
		return r;
	str_putf(p->out, "\n %s ", commands[gm.command]);
	bool bucket = gm.command == OFPGC_INSERT_BUCKET || gm.command == OFPGC_REMOVE_BUCKET;
	if (bucket) {
		uint32_t id = gm.command_bucket_id;
		str_puts(p->out, "command_bucket_id:");
		if (id == (uint32_t)OFPG_BUCKET_FIRST)
			str_puts(p->out, "first");
		else if (id == (uint32_t)OFPG_BUCKET_LAST)
			str_puts(p->out, "last");
		else if (id == (uint32_t)OFPG_BUCKET_ALL)
			str_puts(p->out, "all");
		else
			str_putf(p->out, "%u", id);
		str_putc(p->out, ',');
	}
	group_put_text(gm.group_id, gm.type, &gm.props, gm.buckets, gm.n_buckets, p->m->version,
		       !bucket && gm.command != OFPGC_DELETE, p->o->names, p->out);
	str_putc(p->out, '\n');
	group_mod_fini(&gm);
	return 0;
}

static int print_group_desc(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	for (;;) {
		struct group_desc d;
		int r = group_desc_pull(&c, p->m->version, &d);
		if (r) {
			str_putc(p->out, '\n');
			return r == 1 ? 0 : r;
		}
		str_puts(p->out, "\n ");
		group_put_text(d.group_id, d.type, &d.props, d.buckets, d.n_buckets, p->m->version,
			       true, p->o->names, p->out);
		group_desc_fini(&d);
	}
}

static int print_group_stats(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	for (;;) {
		struct group_stats s;
		int r = group_stats_pull(&c, p->m->version, &s);
		if (r) {
			str_putc(p->out, '\n');
			return r == 1 ? 0 : r;
		}
		str_putf(p->out, "\n group_id=%u,", s.group_id);
		if (s.duration_sec != UINT32_MAX) {
			str_puts(p->out, "duration=");
			of_duration_put(s.duration_sec, s.duration_nsec, p->out);
			str_putc(p->out, ',');
		}
		str_putf(p->out, "ref_count=%u,packet_count=%llu,byte_count=%llu", s.ref_count,
			 (unsigned long long)s.packet_count, (unsigned long long)s.byte_count);
		for (size_t i = 0; i < s.n_buckets; i++) {
			if (s.buckets[i].packet_count != UINT64_MAX)
				str_putf(p->out, ",bucket%zu:packet_count=%llu,byte_count=%llu", i,
					 (unsigned long long)s.buckets[i].packet_count,
					 (unsigned long long)s.buckets[i].byte_count);
		}
		free(s.buckets);
	}
}

static int print_group_features(struct printer *p)
{
	static const char *const types[] = { "all", "select", "indirect", "fast failover" };
	static const struct {
		uint8_t bit;
		const char *name;
	} actions[] = {
		{ 0, "output" },      { 22, "group" },	      { 25, "set_field" },
		{ 18, "strip_vlan" }, { 17, "push_vlan" },    { 23, "mod_nw_ttl" },
		{ 24, "dec_ttl" },    { 15, "set_mpls_ttl" }, { 16, "dec_mpls_ttl" },
		{ 19, "push_mpls" },  { 20, "pop_mpls" },     { 21, "set_queue" },
	};
	struct group_features f;
	group_features_parse(p->m, &f);
	str_putf(p->out, "\n Group table:\n    Types:  0x%x\n    Capabilities:  0x%x\n", f.types,
		 f.capabilities);
	for (int i = 0; i < 4; i++) {
		if (!(f.types >> i & 1))
			continue;
		str_putf(p->out, "    %s group:\n       max_groups=%#x\n       actions: ", types[i],
			 f.max_groups[i]);
		const char *sep = "";
		for (size_t k = 0; k < ARRAY_SIZE(actions); k++) {
			if (f.actions[i] >> actions[k].bit & 1) {
				str_putf(p->out, "%s%s", sep, actions[k].name);
				sep = " ";
			}
		}
		str_puts(p->out, *sep ? "\n" : "(none)\n");
	}
	return 0;
}

static int print_group_request(struct printer *p)
{
	uint32_t id;
	int r = group_request_parse(p->m, &id);
	if (r)
		return r;
	str_puts(p->out, " group_id=");
	if (id == (uint32_t)OFPG_ALL)
		str_puts(p->out, "ALL\n");
	else
		str_putf(p->out, "%u\n", id);
	return 0;
}

/* -- Meters. */

static int print_meter_mod(struct printer *p)
{
	static const char *const commands[] = { "ADD", "MOD", "DEL" };
	struct meter_mod mm;
	int r = meter_mod_parse(p->m, &mm);
	if (r)
		return r;
	str_putf(p->out, " %s ", commands[mm.command]);
	meter_config_put_text(&mm.config, p->out);
	meter_config_fini(&mm.config);
	return 0;
}

static int print_meter_configs(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	str_putc(p->out, '\n');
	for (bool first = true;; first = false) {
		struct meter_config k;
		int r = meter_config_pull(&c, &k);
		if (r)
			return r == 1 ? 0 : r;
		if (!first)
			str_putc(p->out, '\n');
		meter_config_put_text(&k, p->out);
		meter_config_fini(&k);
	}
}

static int print_meter_stats(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	str_putc(p->out, '\n');
	for (bool first = true;; first = false) {
		struct meter_stats s;
		int r = meter_stats_pull(&c, &s);
		if (r)
			return r == 1 ? 0 : r;
		if (!first)
			str_putc(p->out, '\n');
		meter_id_put(s.meter_id, ":", p->out);
		str_putf(p->out, " flow_count:%u packet_in_count:%llu byte_in_count:%llu duration:",
			 s.flow_count, (unsigned long long)s.packet_in_count,
			 (unsigned long long)s.byte_in_count);
		of_duration_put(s.duration_sec, s.duration_nsec, p->out);
		str_puts(p->out, " bands:\n");
		for (size_t i = 0; i < s.n_bands; i++)
			str_putf(p->out, "%zu: packet_count:%llu byte_count:%llu\n", i,
				 (unsigned long long)s.bands[i].packet_count,
				 (unsigned long long)s.bands[i].byte_count);
		free(s.bands);
	}
}

static int print_meter_features(struct printer *p)
{
	struct meter_features f;
	meter_features_parse(p->m, &f);
	str_putf(p->out, "\nmax_meter:%u max_bands:%u max_color:%u\nband_types: ", f.max_meters,
		 f.max_bands, f.max_color);
	if (f.band_types & (1u << OFPMBT_DROP))
		str_puts(p->out, "drop ");
	if (f.band_types & (1u << OFPMBT_DSCP_REMARK))
		str_puts(p->out, "dscp_remark ");
	str_chomp(p->out, ' ');
	str_puts(p->out, "\ncapabilities: ");
	static const char *const names[] = { "kbps", "pktps", "burst", "stats" };
	for (int i = 0; i < 4; i++) {
		if (f.capabilities >> i & 1)
			str_putf(p->out, "%s ", names[i]);
	}
	str_chomp(p->out, ' ');
	str_putc(p->out, '\n');
	return 0;
}

/* -- Bundles and options. */

static int print_bundle_control(struct printer *p)
{
	static const char *const types[] = { "OPEN_REQUEST",	"OPEN_REPLY",	  "CLOSE_REQUEST",
					     "CLOSE_REPLY",	"COMMIT_REQUEST", "COMMIT_REPLY",
					     "DISCARD_REQUEST", "DISCARD_REPLY" };
	struct bundle_control k;
	bundle_control_parse(p->m, &k);
	str_putf(p->out, "\n bundle_id=%#x type=%s flags=", k.bundle_id,
		 k.type < ARRAY_SIZE(types) ? types[k.type] : "unknown");
	if (!k.flags)
		str_putc(p->out, '0');
	if (k.flags & OFBF_ATOMIC)
		str_puts(p->out, k.flags & OFBF_ORDERED ? "atomic ordered" : "atomic");
	else if (k.flags & OFBF_ORDERED)
		str_puts(p->out, "ordered");
	str_putc(p->out, '\n');
	return 0;
}

static int print_bundle_add(struct printer *p)
{
	struct bundle_add k;
	int r = bundle_add_parse(p->m, &k);
	if (r)
		return r;
	str_putf(p->out, "\n bundle_id=%#x flags=", k.bundle_id);
	if (!k.flags)
		str_putc(p->out, '0');
	if (k.flags & OFBF_ATOMIC)
		str_puts(p->out, k.flags & OFBF_ORDERED ? "atomic ordered" : "atomic");
	else if (k.flags & OFBF_ORDERED)
		str_puts(p->out, "ordered");
	str_putc(p->out, '\n');
	of_print(k.message, k.message_size, p->o, p->out);
	return 0;
}

static void put_mappings(const struct tlv_mapping *maps, size_t n, struct str *out)
{
	str_puts(out, " mapping table:\n  class  type  length  match field\n"
		      " ------  ----  ------  --------------\n");
	for (size_t i = 0; i < n; i++)
		str_putf(out, "%s 0x%04x  %#4x  %6d  tun_metadata%u", i ? "\n" : "", maps[i].class,
			 maps[i].type, maps[i].size, maps[i].index);
}

static int print_tlv_reply(struct printer *p)
{
	struct tlv_table_reply t;
	int r = tlv_table_reply_parse(p->m, &t);
	if (r)
		return r;
	unsigned used = 0;
	for (size_t i = 0; i < t.n; i++)
		used += t.mappings[i].size;
	str_putf(p->out, "\n max option space=%u max fields=%u\n allocated option space=%u\n\n",
		 t.max_option_bytes, t.max_fields, used);
	put_mappings(t.mappings, t.n, p->out);
	str_putc(p->out, '\n');
	free(t.mappings);
	return 0;
}

static int print_tlv_mod(struct printer *p)
{
	static const char *const commands[] = { "ADD", "DEL", "CLEAR" };
	struct tlv_table_mod t;
	int r = tlv_table_mod_parse(p->m, &t);
	if (r)
		return r;
	str_putf(p->out, "\n %s", commands[t.command]);
	if (t.command != TLV_CLEAR) {
		str_puts(p->out, "\n");
		put_mappings(t.mappings, t.n, p->out);
	}
	str_putc(p->out, '\n');
	free(t.mappings);
	return 0;
}

int print_group(struct printer *p)
{
	switch (p->m->id) {
	case OFMSG_GROUP_MOD:
		return print_group_mod(p);
	case OFMSG_STAT_GROUP_DESC_REQUEST:
	case OFMSG_STAT_GROUP_REQUEST:
		return print_group_request(p);
	case OFMSG_STAT_GROUP_DESC_REPLY:
		return print_group_desc(p);
	case OFMSG_STAT_GROUP_REPLY:
		return print_group_stats(p);
	case OFMSG_STAT_GROUP_FEATURES_REPLY:
		return print_group_features(p);
	case OFMSG_METER_MOD:
		return print_meter_mod(p);
	case OFMSG_STAT_METER_REQUEST:
	case OFMSG_STAT_METER_CONFIG_REQUEST:
		str_putc(p->out, ' ');
		meter_id_put(meter_request_parse(p->m), "=", p->out);
		str_putc(p->out, '\n');
		return 0;
	case OFMSG_STAT_METER_CONFIG_REPLY:
		return print_meter_configs(p);
	case OFMSG_STAT_METER_REPLY:
		return print_meter_stats(p);
	case OFMSG_STAT_METER_FEATURES_REPLY:
		return print_meter_features(p);
	case OFMSG_BUNDLE_CONTROL:
		return print_bundle_control(p);
	case OFMSG_BUNDLE_ADD_MESSAGE:
		return print_bundle_add(p);
	case OFMSG_TLV_TABLE_REPLY:
		return print_tlv_reply(p);
	case OFMSG_TLV_TABLE_MOD:
		return print_tlv_mod(p);
	default:
		return 1;
	}
}
