/* SPDX-License-Identifier: Apache-2.0 */
/* print_stat: requests and replies of statistics about flows, ports and the switch. */
#include "ofp/print.h"

#include "ofp/error.h"

static int print_flow_request(struct printer *p)
{
	struct flow_stats_request r;
	int e = flow_stats_request_parse(p->m, &r);
	if (e)
		return e;
	if (r.table_id != OFPTT_ALL)
		str_putf(p->out, " table=%u", r.table_id);
	if (r.out_port != OFPORT_NONE) {
		str_puts(p->out, " out_port=");
		ofport_to_str(r.out_port, p->o->names, p->out);
	}
	str_putc(p->out, ' ');
	match_put(&r.match, -1, p->o->names, p->out);
	str_putc(p->out, '\n');
	return 0;
}

static int print_flows(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m);
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	for (;;) {
		struct flow_stats fs;
		int r = flow_stats_pull(p->m, &c, &fs, &acts);
		if (r)
			return r == 1 ? 0 : r;
		str_puts(p->out, "\n ");
		flow_stats_put(&fs, p->o->names, !p->o->no_stats, p->out);
	}
}

static int print_aggregate(struct printer *p)
{
	struct aggregate_stats a;
	int r = aggregate_parse(p->m, &a);
	if (r)
		return r;
	str_putf(p->out, " packet_count=%llu byte_count=%llu flow_count=%u\n",
		 (unsigned long long)a.packet_count, (unsigned long long)a.byte_count,
		 a.flow_count);
	return 0;
}

static int print_desc(struct printer *p)
{
	struct of_switch_desc d;
	desc_parse(p->m, &d);
	str_putf(p->out,
		 "\nManufacturer: %s\nHardware: %s\nSoftware: %s\nSerial Num: %s\n"
		 "DP Description: %s\n",
		 d.mfr_desc, d.hw_desc, d.sw_desc, d.serial_num, d.dp_desc);
	return 0;
}

static int print_port_request(struct printer *p)
{
	uint32_t port;
	bool desc = p->m->id == OFMSG_STAT_PORT_DESC_REQUEST;
	int r = desc ? port_desc_request_parse(p->m, &port) : port_stats_request_parse(p->m, &port);
	if (r)
		return r;
	str_puts(p->out, desc ? " port=" : " port_no=");
	ofport_to_str(port, p->o->names, p->out);
	str_putc(p->out, '\n');
	return 0;
}

static void put_count(const char *label, uint64_t value, const char *end, struct str *out)
{
	str_puts(out, label);
	if (value == UINT64_MAX)
		str_putc(out, '?');
	else
		str_putf(out, "%llu", (unsigned long long)value);
	str_puts(out, end);
}

static void put_port_name(struct printer *p, uint32_t port)
{
	AUTO_STR name = STR_INIT;
	ofport_to_str(port, p->o->names, &name);
	str_putf(p->out, "  port %2s: ", str_cstr(&name));
}

static void put_rmon(const struct of_port_stats *s, struct str *out)
{
	static const char *const names[] = {
		"rx_1_to_64",		"rx_65_to_127",		"rx_128_to_255",
		"rx_256_to_511",	"rx_512_to_1023",	"rx_1024_to_1522",
		"rx_1523_to_max",	"tx_1_to_64",		"tx_65_to_127",
		"tx_128_to_255",	"tx_256_to_511",	"tx_512_to_1023",
		"tx_1024_to_1522",	"tx_1523_to_max",	"tx_multicast_packets",
		"rx_broadcast_packets", "tx_broadcast_packets", "rx_undersized_errors",
		"rx_oversize_errors",	"rx_fragmented_errors", "rx_jabber_errors",
	};
	_Static_assert(ARRAY_SIZE(names) == ARRAY_SIZE(s->rmon), "one name a counter");
	bool any = false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		any |= s->rmon[i] != UINT64_MAX;
	if (!any)
		return;
	str_puts(out, "           rfc2819\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (s->rmon[i] != UINT64_MAX)
			str_putf(out, "           %s=%llu\n", names[i],
				 (unsigned long long)s->rmon[i]);
	}
}

static void put_custom(const struct of_port_stats *s, struct str *out)
{
	if (!s->n_custom)
		return;
	str_puts(out, "           CUSTOM Statistics");
	for (size_t i = 0; i < s->n_custom; i++) {
		if (i % 3 == 0) {
			str_chomp(out, ' ');
			str_puts(out, "\n                      ");
		}
		str_putf(out, "%s=%llu, ", s->custom[i].name,
			 (unsigned long long)s->custom[i].value);
	}
	str_chomp(out, ' ');
	str_putc(out, '\n');
}

static void put_port_stats(struct printer *p, const struct of_port_stats *s)
{
	put_port_name(p, s->port);
	put_count("rx pkts=", s->rx_packets, ", ", p->out);
	put_count("bytes=", s->rx_bytes, ", ", p->out);
	put_count("drop=", s->rx_dropped, ", ", p->out);
	put_count("errs=", s->rx_errors, ", ", p->out);
	put_count("frame=", s->rx_frame_err, ", ", p->out);
	put_count("over=", s->rx_over_err, ", ", p->out);
	put_count("crc=", s->rx_crc_err, "\n", p->out);
	put_count("           tx pkts=", s->tx_packets, ", ", p->out);
	put_count("bytes=", s->tx_bytes, ", ", p->out);
	put_count("drop=", s->tx_dropped, ", ", p->out);
	put_count("errs=", s->tx_errors, ", ", p->out);
	put_count("coll=", s->collisions, "\n", p->out);
	if (s->duration_sec != UINT32_MAX) {
		str_puts(p->out, "           duration=");
		of_duration_put(s->duration_sec, s->duration_nsec, p->out);
		str_putc(p->out, '\n');
	}
	put_rmon(s, p->out);
	put_custom(s, p->out);
}

static int print_port_stats(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m), count = c;
	struct of_port_stats s;
	size_t n = 0;
	int r;
	while ((r = port_stats_pull(&count, p->m->version, &s)) == 0) {
		free(s.custom);
		n++;
	}
	if (r < 0) {
		free(s.custom);
		return r;
	}
	str_putf(p->out, " %zu ports\n", n);
	while (port_stats_pull(&c, p->m->version, &s) == 0) {
		put_port_stats(p, &s);
		free(s.custom);
	}
	return 0;
}

static int print_queue_request(struct printer *p)
{
	uint32_t port, queue;
	int r = queue_stats_request_parse(p->m, &port, &queue);
	if (r)
		return r;
	str_puts(p->out, " port=");
	ofport_to_str(port, p->o->names, p->out);
	str_puts(p->out, " queue=");
	if (queue == OFPQ_ALL)
		str_puts(p->out, "ALL");
	else
		str_putf(p->out, "%u", queue);
	str_putc(p->out, '\n');
	return 0;
}

static int print_queue_stats(struct printer *p)
{
	struct cursor c = of_msg_cursor(p->m), count = c;
	struct of_queue_stats s;
	size_t n = 0;
	int r;
	while ((r = queue_stats_pull(&count, p->m->version, &s)) == 0)
		n++;
	if (r < 0)
		return r;
	str_putf(p->out, " %zu queues\n", n);
	while (queue_stats_pull(&c, p->m->version, &s) == 0) {
		str_puts(p->out, "  port ");
		ofport_to_str(s.port, p->o->names, p->out);
		str_puts(p->out, " queue ");
		if (s.queue_id == OFPQ_ALL)
			str_puts(p->out, "ALL");
		else
			str_putf(p->out, "%u", s.queue_id);
		put_count(": bytes=", s.tx_bytes, ", ", p->out);
		put_count("pkts=", s.tx_packets, ", ", p->out);
		put_count("errors=", s.tx_errors, ", ", p->out);
		str_puts(p->out, "duration=");
		if (s.duration_sec != UINT32_MAX)
			of_duration_put(s.duration_sec, s.duration_nsec, p->out);
		else
			str_putc(p->out, '?');
		str_putc(p->out, '\n');
	}
	return 0;
}

int print_stat(struct printer *p)
{
	if (!of_msg_is_stat(p->m))
		return 1;
	if (p->m->stat_flags & OFPSF_MORE && of_msg_is_reply(p->m))
		str_puts(p->out, " flags=[more]");
	switch (p->m->id) {
	case OFMSG_STAT_FLOW_REQUEST:
	case OFMSG_STAT_AGGREGATE_REQUEST:
		return print_flow_request(p);
	case OFMSG_STAT_FLOW_REPLY:
		return print_flows(p);
	case OFMSG_STAT_AGGREGATE_REPLY:
		return print_aggregate(p);
	case OFMSG_STAT_DESC_REPLY:
		return print_desc(p);
	case OFMSG_STAT_PORT_REQUEST:
	case OFMSG_STAT_PORT_DESC_REQUEST:
		return print_port_request(p);
	case OFMSG_STAT_PORT_REPLY:
		return print_port_stats(p);
	case OFMSG_STAT_PORT_DESC_REPLY:
		str_putc(p->out, '\n');
		return print_port_descs(p, of_msg_cursor(p->m));
	case OFMSG_STAT_QUEUE_REQUEST:
		return print_queue_request(p);
	case OFMSG_STAT_QUEUE_REPLY:
		return print_queue_stats(p);
	default:
		return 1;
	}
}
