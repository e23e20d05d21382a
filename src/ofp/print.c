/* SPDX-License-Identifier: Apache-2.0 */
#include "ofp/print.h"

#include <ctype.h>
#include <stdio.h>

#include "ofp/action_names.h"
#include "ofp/error.h"
#include "packet/packet.h"

void hex_dump_put(const void *p, size_t size, size_t ofs, bool ascii, struct str *out)
{
	const uint8_t *b = p;
	for (size_t at = 0; at < size; at += 16) {
		size_t n = MIN(size - at, (size_t)16);
		str_putf(out, "%08zx ", ofs + at);
		for (size_t i = 0; i < 16; i++) {
			if (i < n)
				str_putf(out, "%c%02x", i == 8 ? '-' : ' ', b[at + i]);
			else
				str_puts(out, i == 8 && n == 8 ? "-  " : "   ");
		}
		if (ascii) {
			str_puts(out, " |");
			for (size_t i = 0; i < 16; i++) {
				char c = i < n ? (char)b[at + i] : ' ';
				str_putc(out, i < n && !isprint((unsigned char)c) ? '.' : c);
			}
			str_putc(out, '|');
		}
		str_putc(out, '\n');
	}
}

/* -- Packets. */

static void put_csum(const struct packet *p, const struct flow_key *k, struct str *out)
{
	static const struct {
		uint8_t proto, ofs;
		const char *name;
	} csums[] = {
		{ IPPROTO_TCP, 16, "tcp_csum" },     { IPPROTO_UDP, 6, "udp_csum" },
		{ IPPROTO_SCTP, 8, "sctp_csum" },    { IPPROTO_ICMP, 2, "icmp_csum" },
		{ IPPROTO_ICMPV6, 2, "icmp6_csum" },
	};
	if ((k->dl_type != BE16_C(0x0800) && k->dl_type != BE16_C(0x86dd)) ||
	    p->l4_ofs == PACKET_NO_OFS)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(csums); i++) {
		size_t n = csums[i].proto == IPPROTO_SCTP ? 4 : 2;
		if (csums[i].proto != k->nw_proto || p->l4_ofs + csums[i].ofs + n > p->size)
			continue;
		const uint8_t *at = p->data + p->l4_ofs + csums[i].ofs;
		str_putf(out, " %s:%x", csums[i].name, n == 4 ? get_be32(at) : get_be16(at));
	}
}

void packet_put_text(const void *data, size_t size, uint32_t packet_type, struct str *out)
{
	struct packet *p = packet_from_bytes(data, (uint32_t)size);
	struct match m;
	match_init(&m);
	p->packet_type = packet_type;
	key_extract(p, &m.key);
	m.key.in_port = 0;
	match_of_key(&m);
	match_put(&m, -1, NULL, out);
	put_csum(p, &m.key, out);
	str_putc(out, '\n');
	packet_free(p);
}

/* -- Small ones. */

void port_put_text(uint32_t port, const struct ofport_names *names, struct str *out)
{
	ofport_to_str(port, names, out);
}

static int print_hello(struct printer *p)
{
	uint32_t versions = hello_versions(p->m);
	str_puts(p->out, "\n version bitmap: ");
	const char *sep = "";
	for (enum of_version v = OF10; v <= OF15; v++) {
		if (versions & (1u << v)) {
			str_putf(p->out, "%s0x%02x", sep, v);
			sep = ", ";
		}
	}
	return 0;
}

static int print_error(struct printer *p)
{
	struct of_error_msg e;
	int r = error_parse(p->m, &e);
	if (r)
		return r;
	if (!e.error) {
		str_putf(p->out, "***decode error***");
		str_putc(p->out, '\n');
		hex_dump_put(p->m->data + OF_HEADER_SIZE, p->m->size - OF_HEADER_SIZE, 0, true,
			     p->out);
		return 0;
	}
	str_putf(p->out, " %s\n", of_error_name(e.error));
	if (e.error == OFPERR_OFPHFC_INCOMPATIBLE || e.error == OFPERR_OFPHFC_EPERM) {
		str_put(p->out, (const char *)e.payload,
			strnlen((const char *)e.payload, e.payload_size));
		if (!str_ends_with(p->out, "\n"))
			str_putc(p->out, '\n');
	} else {
		of_print(e.payload, e.payload_size, p->o, p->out);
	}
	return 0;
}

static int print_echo(struct printer *p)
{
	str_putf(p->out, " %zu bytes of payload\n", p->m->body_size);
	hex_dump_put(p->m->body, p->m->body_size, 0, true, p->out);
	return 0;
}

static void put_bits(uint32_t bits, const char *const *names, size_t n, const char *none,
		     struct str *out)
{
	const char *sep = "";
	if (!bits)
		str_puts(out, none);
	for (size_t i = 0; i < n; i++) {
		if (bits & (1u << i) && names[i]) {
			str_putf(out, "%s%s", sep, names[i]);
			sep = " ";
			bits &= ~(1u << i);
		}
	}
	if (bits)
		str_putf(out, "%s0x%x", sep, bits);
}

static const char *const config_names[] = { "PORT_DOWN", "NO_STP", "NO_RECV",	  "NO_RECV_STP",
					    "NO_FLOOD",	 "NO_FWD", "NO_PACKET_IN" };
static const char *const feature_names[] = {
	"10MB-HD", "10MB-FD",  "100MB-HD",   "100MB-FD",	"1GB-HD", "1GB-FD",
	"10GB-FD", "40GB-FD",  "100GB-FD",   "1TB-FD",		"OTHER",  "COPPER",
	"FIBER",   "AUTO_NEG", "AUTO_PAUSE", "AUTO_PAUSE_ASYM",
};

static void put_port_state(uint32_t state, struct str *out)
{
	static const char *const plain[] = { "LINK_DOWN", "BLOCKED", "LIVE" };
	static const char *const stp[] = { "STP_LISTEN", "STP_LEARN", "STP_FORWARD", "STP_BLOCK" };
	uint32_t stp_state = state & OFPPS_STP_MASK;
	if (stp_state) {
		str_puts(out, stp[stp_state >> 8]);
		state &= ~(uint32_t)OFPPS_STP_MASK;
		if (state)
			str_putc(out, ' ');
		else
			return;
	}
	put_bits(state, plain, ARRAY_SIZE(plain), "0", out);
}

static void put_features(const char *label, uint32_t features, struct str *out)
{
	if (!features)
		return;
	str_puts(out, label);
	put_bits(features, feature_names, ARRAY_SIZE(feature_names), "0", out);
	str_putc(out, '\n');
}

static void put_port_desc(const struct of_port_desc *d, const struct ofport_names *names,
			  struct str *out)
{
	/* The name stands behind the number, whatever 'names' would print. */
	str_putc(out, ' ');
	ofport_to_str(d->port, NULL, out);
	str_puts(out, "(");
	for (const char *s = d->name; *s; s++)
		str_putc(out, isprint((unsigned char)*s) ? *s : '.');
	str_puts(out, "): addr:");
	field_put_eth(&d->hw_addr, out);
	str_puts(out, "\n     config:     ");
	put_bits(d->config, config_names, ARRAY_SIZE(config_names), "0", out);
	str_puts(out, "\n     state:      ");
	put_port_state(d->state, out);
	str_putc(out, '\n');
	put_features("     current:    ", d->curr, out);
	put_features("     advertised: ", d->advertised, out);
	put_features("     supported:  ", d->supported, out);
	put_features("     peer:       ", d->peer, out);
	str_putf(out, "     speed: %u Mbps now, %u Mbps max\n", d->curr_speed / 1000,
		 d->max_speed / 1000);
}

static int compare_desc(const void *a_, const void *b_)
{
	const struct of_port_desc *a = a_, *b = b_;
	return a->port < b->port ? -1 : a->port > b->port;
}

/* Descriptions come in the switch's order and are printed by number. */
int print_port_descs(struct printer *p, struct cursor c)
{
	struct of_port_desc *all = NULL;
	size_t n = 0, allocated = 0;
	int r;
	for (;;) {
		all = xgrow(all, &allocated, n + 1, sizeof *all);
		r = port_desc_pull(&c, p->m->version, &all[n]);
		if (r)
			break;
		n++;
	}
	qsort(all, n, sizeof *all, compare_desc);
	for (size_t i = 0; i < n; i++)
		put_port_desc(&all[i], p->o->names, p->out);
	free(all);
	return r == 1 ? 0 : r;
}

static int print_features(struct printer *p)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} capabilities[] = {
		{ OFPC_FLOW_STATS, "FLOW_STATS" },	     { OFPC_TABLE_STATS, "TABLE_STATS" },
		{ OFPC_PORT_STATS, "PORT_STATS" },	     { OFPC_STP, "STP" },
		{ OFPC_GROUP_STATS, "GROUP_STATS" },	     { OFPC_IP_REASM, "IP_REASM" },
		{ OFPC_QUEUE_STATS, "QUEUE_STATS" },	     { OFPC_ARP_MATCH_IP, "ARP_MATCH_IP" },
		{ OFPC_PORT_BLOCKED, "PORT_BLOCKED" },	     { OFPC_BUNDLES, "BUNDLES" },
		{ OFPC_FLOW_MONITORING, "FLOW_MONITORING" },
	};
	static const char *const actions[] = {
		"output",     "set_vlan_vid", "set_vlan_pcp", "strip_vlan",
		"mod_dl_src", "mod_dl_dst",   "mod_nw_src",   "mod_nw_dst",
		"mod_nw_tos", "mod_tp_src",   "mod_tp_dst",   "enqueue",
	};
	/* Printed with enqueue after output. */
	static const uint8_t order[] = { 0, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	struct of_switch_features f;
	struct cursor ports;
	int r = features_parse(p->m, &f, &ports);
	if (r)
		return r;
	str_putf(p->out, " dpid:%016llx\n", (unsigned long long)f.datapath_id);
	str_putf(p->out, "n_tables:%d, n_buffers:%u", f.n_tables, f.n_buffers);
	if (f.auxiliary_id)
		str_putf(p->out, ", auxiliary_id:%d", f.auxiliary_id);
	str_puts(p->out, "\ncapabilities:");
	if (!f.capabilities)
		str_puts(p->out, " 0");
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (f.capabilities & capabilities[i].bit)
			str_putf(p->out, " %s", capabilities[i].name);
	}
	str_putc(p->out, '\n');
	if (p->m->version == OF10) {
		str_puts(p->out, "actions:");
		if (!f.actions)
			str_puts(p->out, " 0");
		for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
			if (f.actions >> order[i] & 1)
				str_putf(p->out, " %s", actions[order[i]]);
		}
		str_putc(p->out, '\n');
	}
	return features_have_ports(p->m->version) ? print_port_descs(p, ports) : 0;
}

static const char *const frag_names[] = { "normal", "drop", "reassemble", "nx-match" };

static int print_config(struct printer *p)
{
	struct of_config c;
	int r = config_parse(p->m, &c);
	if (r)
		return r;
	str_putf(p->out, " frags=%s", frag_names[c.frag]);
	if (c.invalid_ttl > 0)
		str_puts(p->out, " invalid_ttl_to_controller");
	str_putf(p->out, " miss_send_len=%u\n", c.miss_send_len);
	return 0;
}

/* -- Packet-in and packet-out. */

static void put_continuation(struct printer *p, const struct packet_in *pin,
			     const struct continuation *k, bool decoded)
{
	if (!pin->continuation)
		return;
	if (!decoded)
		return;
	char uuid[UUID_LEN + 1];
	str_putf(p->out, " continuation.bridge=%s\n", uuid_to_str(&k->bridge, uuid));
	if (k->mirror_mask)
		str_putf(p->out, " continuation.mirrors=0x%x\n", k->mirror_mask);
	if (k->conntracked)
		str_puts(p->out, " continuation.conntracked=true\n");
	if (k->actions_size) {
		str_puts(p->out, " continuation.actions=");
		of_actions_put_text(k->actions, k->actions_size, p->o->names, p->out);
		str_putc(p->out, '\n');
	}
	if (k->action_set_size) {
		str_puts(p->out, " continuation.action_set=");
		of_actions_put_text(k->action_set, k->action_set_size, p->o->names, p->out);
		str_putc(p->out, '\n');
	}
	if (k->odp_port)
		str_putf(p->out, " continuation.odp_port=%u\n", be32_to_cpu(k->odp_port));
}

static int print_packet_in(struct printer *p)
{
	struct packet_in pin;
	struct continuation k;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	/* A continuation of another switch's making is opaque. */
	bool decoded = true;
	int r = packet_in_parse(p->m, &pin, &k, &acts);
	if (r) {
		acts.size = 0;
		decoded = false;
		r = packet_in_parse(p->m, &pin, NULL, &acts);
	}
	if (r)
		return r;
	if (pin.table_id)
		str_putf(p->out, " table_id=%u", pin.table_id);
	if (pin.cookie != OF_COOKIE_UNKNOWN)
		str_putf(p->out, " cookie=0x%llx", (unsigned long long)be64_to_cpu(pin.cookie));
	str_putf(p->out, " total_len=%zu ", pin.total_size);
	uint32_t packet_type =
		pin.metadata.mask.packet_type ? pin.metadata.key.packet_type : PT_ETH;
	match_put(&pin.metadata, -1, p->o->names, p->out);
	const char *reason = of_packet_in_reason_name(pin.reason);
	str_putf(p->out, " (via %s)", reason ? reason : "unknown");
	str_putf(p->out, " data_len=%zu", pin.packet_size);
	if (pin.buffer_id == OF_NO_BUFFER) {
		str_puts(p->out, " (unbuffered)");
		if (pin.total_size != pin.packet_size)
			str_puts(p->out, pin.total_size < pin.packet_size
						 ? " (***total_len < data_len***)"
						 : " (***total_len != data_len***)");
	} else {
		str_putf(p->out, " buffer=0x%08x", pin.buffer_id);
		if (pin.total_size < pin.packet_size)
			str_puts(p->out, " (***total_len < data_len***)");
	}
	str_putc(p->out, '\n');
	if (pin.userdata_size) {
		str_puts(p->out, " userdata=");
		for (size_t i = 0; i < pin.userdata_size; i++)
			str_putf(p->out, "%s%02x", i ? "." : "", pin.userdata[i]);
		str_putc(p->out, '\n');
	}
	put_continuation(p, &pin, &k, decoded);
	if (p->o->verbosity > 0)
		packet_put_text(pin.packet, pin.packet_size, packet_type, p->out);
	if (p->o->verbosity > 2)
		hex_dump_put(pin.packet, pin.packet_size, 0, false, p->out);
	return 0;
}

static int print_packet_out(struct printer *p)
{
	struct packet_out po;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	int r = packet_out_parse(p->m, &po, &acts);
	if (r)
		return r;
	str_putc(p->out, ' ');
	match_put(&po.metadata, -1, p->o->names, p->out);
	str_puts(p->out, " actions=");
	of_actions_put_text(po.actions, po.actions_size, p->o->names, p->out);
	if (po.buffer_id != OF_NO_BUFFER) {
		str_putf(p->out, " buffer=0x%08x", po.buffer_id);
		str_putc(p->out, '\n');
		return 0;
	}
	str_putf(p->out, " data_len=%zu", po.packet_size);
	if (p->o->verbosity > 0 && po.packet_size) {
		str_putc(p->out, '\n');
		packet_put_text(po.packet, po.packet_size,
				po.metadata.mask.packet_type ? po.metadata.key.packet_type : PT_ETH,
				p->out);
	} else {
		str_putc(p->out, '\n');
	}
	if (p->o->verbosity > 2)
		hex_dump_put(po.packet, po.packet_size, 0, false, p->out);
	return 0;
}

/* -- Flows. */

static const char *removed_reason_name(uint8_t reason)
{
	static const char *const names[] = { "idle",	     "hard",	     "delete",
					     "group_delete", "meter_delete", "eviction" };
	return reason < ARRAY_SIZE(names) ? names[reason] : NULL;
}

static int print_flow_removed(struct printer *p)
{
	struct flow_removed fr;
	int r = flow_removed_parse(p->m, &fr);
	if (r)
		return r;
	str_putc(p->out, ' ');
	size_t start = p->out->len;
	match_put(&fr.match, fr.priority, p->o->names, p->out);
	if (p->out->len > start)
		str_putc(p->out, ' ');
	const char *reason = removed_reason_name(fr.reason);
	if (reason)
		str_putf(p->out, "reason=%s", reason);
	else
		str_putf(p->out, "reason=%d", fr.reason);
	if (fr.table_id != 255)
		str_putf(p->out, " table_id=%u", fr.table_id);
	if (fr.cookie)
		str_putf(p->out, " cookie:0x%llx", (unsigned long long)be64_to_cpu(fr.cookie));
	str_puts(p->out, " duration");
	of_duration_put(fr.duration_sec, fr.duration_nsec, p->out);
	str_putf(p->out, " idle%u", fr.idle_timeout);
	if (fr.hard_timeout)
		str_putf(p->out, " hard%u", fr.hard_timeout);
	str_putf(p->out, " pkts%llu bytes%llu\n", (unsigned long long)fr.packet_count,
		 (unsigned long long)fr.byte_count);
	return 0;
}

static int print_flow_mod(struct printer *p)
{
	static const char *const commands[] = { "ADD", "MOD", "MOD_STRICT", "DEL", "DEL_STRICT" };
	struct flow_mod fm;
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	/* A table in the command's upper byte is unlikely to be anything else. */
	const uint8_t *body = p->m->body;
	size_t at = p->m->form->kind == OFK_NXT ? 8 : 48;
	bool table_id = p->m->version == OF10 && body[at] != 0;
	int r = flow_mod_parse(p->m, table_id, &fm, &acts);
	if (r)
		return r;
	str_putf(p->out, " %s ", commands[fm.command]);
	if (fm.table_id && fm.table_id != OFPTT_ALL)
		str_putf(p->out, "table:%d ", fm.table_id);
	else if (fm.table_id == OFPTT_ALL && p->m->version != OF10)
		str_puts(p->out, "table:255 ");
	size_t start = p->out->len;
	match_put(&fm.match, fm.priority, p->o->names, p->out);
	if (p->out->len > start)
		str_putc(p->out, ' ');
	if (fm.new_cookie && fm.new_cookie != UINT64_MAX)
		str_putf(p->out, "cookie:0x%llx ", (unsigned long long)be64_to_cpu(fm.new_cookie));
	if (fm.cookie_mask)
		str_putf(p->out, "cookie:0x%llx/0x%llx ",
			 (unsigned long long)be64_to_cpu(fm.cookie),
			 (unsigned long long)be64_to_cpu(fm.cookie_mask));
	if (fm.idle_timeout)
		str_putf(p->out, "idle:%d ", fm.idle_timeout);
	if (fm.hard_timeout)
		str_putf(p->out, "hard:%d ", fm.hard_timeout);
	if (fm.importance)
		str_putf(p->out, "importance:%d ", fm.importance);
	if (fm.buffer_id != OF_NO_BUFFER)
		str_putf(p->out, "buf:0x%x ", fm.buffer_id);
	if (fm.out_port != OFPORT_NONE) {
		str_puts(p->out, "out_port:");
		ofport_to_str(fm.out_port, p->o->names, p->out);
		str_putc(p->out, ' ');
	}
	if (fm.out_group != OFPG_ANY &&
	    (fm.command == OFPFC_DELETE || fm.command == OFPFC_DELETE_STRICT))
		str_putf(p->out, "out_group:%u ", fm.out_group);
	/* Implied by the version: not worth a word. */
	flow_flags_put(p->m->version < OF12 ? fm.flags & ~OFFF_RESET_COUNTS : fm.flags, p->out);
	str_puts(p->out, "actions=");
	of_actions_put_text(fm.actions, fm.actions_size, p->o->names, p->out);
	str_putc(p->out, '\n');
	return 0;
}

/* -- Ports. */

static int print_port_status(struct printer *p)
{
	static const char *const reasons[] = { "ADD", "DEL", "MOD" };
	struct of_port_status ps;
	int r = port_status_parse(p->m, &ps);
	if (r)
		return r;
	str_putf(p->out, " %s:", reasons[ps.reason]);
	put_port_desc(&ps.desc, p->o->names, p->out);
	return 0;
}

static int print_port_mod(struct printer *p)
{
	struct of_port_mod pm;
	int r = port_mod_parse(p->m, true, &pm);
	if (r)
		return r;
	str_puts(p->out, " port: ");
	ofport_to_str(pm.port, p->o->names, p->out);
	str_puts(p->out, ": addr:");
	field_put_eth(&pm.hw_addr, p->out);
	str_puts(p->out, "\n     config: ");
	put_bits(pm.config, config_names, ARRAY_SIZE(config_names), "0", p->out);
	str_puts(p->out, "\n     mask:   ");
	put_bits(pm.mask, config_names, ARRAY_SIZE(config_names), "0", p->out);
	str_puts(p->out, "\n     advertise: ");
	put_bits(pm.advertise, feature_names, ARRAY_SIZE(feature_names), "UNCHANGED", p->out);
	str_putc(p->out, '\n');
	return 0;
}

static int print_queue_config_request(struct printer *p)
{
	uint32_t port, queue;
	int r = queue_config_request_parse(p->m, &port, &queue);
	if (r)
		return r;
	str_puts(p->out, " port=");
	ofport_to_str(port, p->o->names, p->out);
	if (queue != OFPQ_ALL)
		str_putf(p->out, " queue=%u", queue);
	str_putc(p->out, '\n');
	return 0;
}

static void put_rate(const char *name, uint16_t rate, struct str *out)
{
	if (rate <= 1000)
		str_putf(out, " %s:%u.%u%%", name, rate / 10, rate % 10);
	else if (rate < UINT16_MAX)
		str_putf(out, " %s:(disabled)", name);
}

static int print_queue_config_reply(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	enum of_version v = p->m->version;
	uint32_t port = OFPORT_NONE;
	if (v < OF14) {
		if (v == OF10)
			port = cursor_be16(&c);
		else if (!ofport_from_11(cursor_be32(&c), &port))
			return -OFPERR_OFPBRC_BAD_PORT;
		cursor_skip(&c, v == OF10 ? 6 : 4);
		str_puts(p->out, " port=");
		ofport_to_str(port, p->o->names, p->out);
	}
	str_putc(p->out, '\n');
	uint32_t last = UINT32_MAX;
	for (;;) {
		struct of_queue_config q;
		int r = queue_config_pull(&c, v, &q);
		if (r)
			return r == 1 ? 0 : r;
		if (v >= OF14 && q.port != last) {
			str_puts(p->out, "port=");
			ofport_to_str(q.port, p->o->names, p->out);
			str_putc(p->out, '\n');
			last = q.port;
		}
		str_putf(p->out, "queue %u:", q.queue_id);
		put_rate("min_rate", q.min_rate, p->out);
		put_rate("max_rate", q.max_rate, p->out);
		str_putc(p->out, '\n');
	}
}

/* -- Roles and what is sent unasked. */

static const char *role_name(enum of_role role)
{
	static const char *const names[] = { "nochange", "equal", "primary", "secondary" };
	return names[role];
}

static int print_role(struct printer *p)
{
	struct of_role_msg r;
	int e = role_parse(p->m, &r);
	if (e)
		return e;
	bool nx = p->m->form->kind == OFK_NXT;
	str_putf(p->out, " role=%s", nx && r.role == OFROLE_EQUAL ? "equal" : role_name(r.role));
	if (r.have_generation)
		str_putf(p->out, " generation_id=%llu", (unsigned long long)r.generation_id);
	str_putc(p->out, '\n');
	return 0;
}

static int print_role_status(struct printer *p)
{
	static const char *const reasons[] = { "primary_request", "configuration_changed",
					       "experimenter_data_changed" };
	struct of_role_status r;
	int e = role_status_parse(p->m, &r);
	if (e)
		return e;
	str_putf(p->out, " role=%s", role_name(r.role));
	if (r.generation_id != UINT64_MAX)
		str_putf(p->out, " generation_id=%llu", (unsigned long long)r.generation_id);
	str_putf(p->out, " reason=%s\n", reasons[r.reason]);
	return 0;
}

static const char *async_reason_name(enum of_async what, unsigned bit)
{
	static const char *const port[] = { "add", "delete", "modify" };
	static const char *const role[] = { "primary_request", "configuration_changed",
					    "experimenter_data_changed" };
	static const char *const forward[] = { "group_mod_request", "meter_mod_request" };
	switch (what) {
	case OFASYNC_PACKET_IN:
		return bit <= OFPR_PACKET_OUT ? of_packet_in_reason_name(bit) : NULL;
	case OFASYNC_PORT_STATUS:
		return bit < 3 ? port[bit] : NULL;
	case OFASYNC_FLOW_REMOVED:
		return removed_reason_name((uint8_t)bit);
	case OFASYNC_ROLE_STATUS:
		return bit < 3 ? role[bit] : NULL;
	case OFASYNC_TABLE_STATUS:
		return bit == 3 ? "vacancy_down" : bit == 4 ? "vacancy_up" : NULL;
	default:
		return bit < 2 ? forward[bit] : NULL;
	}
}

static int print_async(struct printer *p)
{
	static const char *const names[] = { "PACKET_IN",   "PORT_STATUS",  "FLOW_REMOVED",
					     "ROLE_STATUS", "TABLE_STATUS", "REQUESTFORWARD" };
	struct of_async_config a = { .primary = { 0 } };
	int r = async_parse(p->m, &a);
	if (r && r != -OFPERR_OFPACFC_INVALID)
		return r;
	for (unsigned role = 0; role < 2; role++) {
		str_puts(p->out, role ? "\n secondary:\n" : "\n primary:\n");
		const uint32_t *masks = role ? a.secondary : a.primary;
		for (unsigned i = 0; i < OFASYNC_N; i++) {
			str_putf(p->out, "%16s:", names[i]);
			if (!masks[i])
				str_puts(p->out, " (off)");
			for (unsigned bit = 0; bit < 32; bit++) {
				if (!(masks[i] >> bit & 1))
					continue;
				const char *name = async_reason_name(i, bit);
				if (name)
					str_putf(p->out, " %s", name);
				else
					str_putf(p->out, " %u", bit);
			}
			str_putc(p->out, '\n');
		}
	}
	return 0;
}

/* -- Nicira's settings. */

static int print_setting(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	static const char *const formats[] = { "standard", "nxt_packet_in", "nxt_packet_in2" };
	uint32_t value;
	switch (p->m->id) {
	case OFMSG_SET_PACKET_IN_FORMAT:
		value = cursor_be32(&c);
		if (value < ARRAY_SIZE(formats))
			str_putf(p->out, " format=%s\n", formats[value]);
		else
			str_putf(p->out, " format=%u\n", value);
		return 0;
	case OFMSG_SET_FLOW_FORMAT:
		value = cursor_be32(&c);
		if (value == 0 || value == 2)
			str_putf(p->out, " format=%s\n", value ? "nxm" : "openflow10");
		else
			str_putf(p->out, " format=%u\n", value);
		return 0;
	case OFMSG_FLOW_MOD_TABLE_ID:
		str_putf(p->out, " %s\n", cursor_u8(&c) ? "enable" : "disable");
		return 0;
	case OFMSG_SET_CONTROLLER_ID:
		cursor_skip(&c, 6);
		str_putf(p->out, " id=%u\n", cursor_be16(&c));
		return 0;
	case OFMSG_CT_FLUSH_ZONE:
		cursor_skip(&c, 6);
		str_putf(p->out, " zone_id=0x%x\n", cursor_be16(&c));
		return 0;
	case OFMSG_FLOW_MONITOR_CANCEL:
		str_putf(p->out, " id=%u\n", cursor_be32(&c));
		return 0;
	default:
		return 1;
	}
}

/* -- All. */

static int print_body(struct printer *p)
{
	switch (p->m->id) {
	case OFMSG_HELLO:
		return print_hello(p);
	case OFMSG_ERROR:
		return print_error(p);
	case OFMSG_ECHO_REQUEST:
	case OFMSG_ECHO_REPLY:
		return print_echo(p);
	case OFMSG_FEATURES_REPLY:
		return print_features(p);
	case OFMSG_GET_CONFIG_REPLY:
	case OFMSG_SET_CONFIG:
		return print_config(p);
	case OFMSG_PACKET_IN:
	case OFMSG_RESUME:
		return print_packet_in(p);
	case OFMSG_PACKET_OUT:
		return print_packet_out(p);
	case OFMSG_FLOW_REMOVED:
		return print_flow_removed(p);
	case OFMSG_FLOW_MOD:
		return print_flow_mod(p);
	case OFMSG_PORT_STATUS:
		return print_port_status(p);
	case OFMSG_PORT_MOD:
		return print_port_mod(p);
	case OFMSG_QUEUE_GET_CONFIG_REQUEST:
	case OFMSG_STAT_QUEUE_DESC_REQUEST:
		return print_queue_config_request(p);
	case OFMSG_QUEUE_GET_CONFIG_REPLY:
	case OFMSG_STAT_QUEUE_DESC_REPLY:
		return print_queue_config_reply(p);
	case OFMSG_ROLE_REQUEST:
	case OFMSG_ROLE_REPLY:
		return print_role(p);
	case OFMSG_ROLE_STATUS:
		return print_role_status(p);
	case OFMSG_GET_ASYNC_REPLY:
	case OFMSG_SET_ASYNC:
		return print_async(p);
	default:
		break;
	}
	int (*const others[])(struct printer *) = { print_setting, print_group, print_table,
						    print_monitor, print_stat };
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		int r = others[i](p);
		if (r != 1)
			return r;
	}
	return 0;
}

void of_print(const void *data, size_t size, const struct print_options *o, struct str *out)
{
	if (size < OF_HEADER_SIZE) {
		if (!size) {
			str_puts(out, "OpenFlow message is empty\n");
			return;
		}
		str_putf(out, "OpenFlow packet too short (only %zu bytes):\n", size);
		hex_dump_put(data, size, 0, true, out);
		return;
	}
	size_t want = of_msg_size(data);
	struct of_msg m;
	int r = of_msg_parse(data, MIN(size, want), &m);
	if (want > size) {
		/* Cut short, as in an error's payload: what it is can be told. */
		uint8_t *whole = xzalloc(want);
		memcpy(whole, data, size);
		r = of_msg_parse(whole, want, &m);
		if (!r || m.form) {
			of_msg_put_name(&m, out);
			str_putc(out, '\n');
		}
		free(whole);
		str_putf(out, "(***truncated to %zu bytes from %zu***)\n", size, want);
		hex_dump_put(data, size, 0, true, out);
		return;
	}
	if (want < size && want >= OF_HEADER_SIZE) {
		str_putf(out, "(***only uses %zu bytes out of %zu***)\n", want, size);
		hex_dump_put(data, want, 0, true, out);
		return;
	}
	if (r) {
		str_putf(out, "***decode error: %s***\n", of_error_name(r));
		hex_dump_put(data, size, 0, true, out);
		return;
	}
	size_t start = out->len;
	of_msg_put_name(&m, out);
	size_t body = out->len;
	struct printer p = { &m, o, out };
	r = print_body(&p);
	if (r < 0) {
		str_truncate(out, body);
		str_putf(out, " ***decode error: %s***\n", of_error_name(r));
		hex_dump_put(data, size, 0, true, out);
		return;
	}
	if (!str_ends_with(out, "\n"))
		str_putc(out, '\n');
	(void)start;
	if (o->verbosity >= 3)
		hex_dump_put(data, size, 0, true, out);
}
