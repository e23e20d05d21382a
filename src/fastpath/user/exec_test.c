/* SPDX-License-Identifier: Apache-2.0 */
/* The executor by tables: flow of the packet in, actions, flow of the packet out. What comes out
 * must have right checksums, whether the packet came in finished, unfinished, or as a super-packet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fastpath/decap.h"
#include "fastpath/fastpath.h"
#include "fastpath/meter.h"
#include "fastpath/user/register.h"
#include "packet/compose.h"
#include "packet/csum.h"
#include "packet/key_text.h"
#include "wire/net.h"

static struct loop *loop;
static struct fastpath *fp;

/* Ports that keep what is sent on them. */
enum { N_PORTS = 4, MAX_SENT = 256 };
static struct port *ports[N_PORTS];
static struct packet *sent[N_PORTS][MAX_SENT];
static unsigned n_sent[N_PORTS];

static void fake_close(struct port *p) {}
static void fake_tx(struct port *p, unsigned queue, struct packet **batch, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned *at = &n_sent[p->dp_port - 1];
		assert_true(*at < MAX_SENT);
		sent[p->dp_port - 1][(*at)++] = batch[i];
	}
}
static const struct port_ops fake_ops = {
	.type = "fake",
	.kind = PORT_SIM,
	.close = fake_close,
	.tx = fake_tx,
};
static struct port_ops tunnel_ops = {
	.type = "tunnel",
	.kind = PORT_TUNNEL,
	.close = fake_close,
	.tx = fake_tx,
};

static void forget(void)
{
	for (unsigned i = 0; i < N_PORTS; i++) {
		for (unsigned k = 0; k < n_sent[i]; k++)
			packet_free(sent[i][k]);
		n_sent[i] = 0;
	}
}

static unsigned n_upcalls, n_misses;
static struct flow_key miss_key;

static void on_upcall(struct fastpath *f, struct upcall *u, void *arg)
{
	if (u->type == UPCALL_ACTION) {
		n_upcalls++;
		return;
	}
	n_misses++;
	miss_key = *u->key;
	dp_actions_output(u->actions, 2);
	u->mask->recirc_id = u->mask->dp_port = UINT32_MAX;
	u->install = true;
}

static int setup(void **state)
{
	loop = loop_new();
	control_adopt_loop(loop);
	fastpath_user_register(PORT_DUMMY_ENABLED);
	int r = fastpath_ops_lookup("dummy")->open("ovs-dummy", loop, on_upcall, NULL, &fp, NULL);
	assert_int_equal(r, 0);
	for (unsigned i = 0; i < N_PORTS; i++) {
		char name[8];
		snprintf(name, sizeof name, "p%u", i + 1);
		ports[i] = port_new(i == 3 ? &tunnel_ops : &fake_ops, name);
		r = fp->ops->port_add(fp, ports[i], UINT32_MAX, NULL);
		assert_int_equal(r, 0);
		assert_int_equal(ports[i]->dp_port, i + 1);
	}
	return 0;
}

static int teardown(void **state)
{
	forget();
	for (unsigned i = 0; i < N_PORTS; i++) {
		assert_int_equal(fp->ops->port_del(fp, ports[i], NULL), 0);
		port_unref(ports[i]);
	}
	fp->ops->close(fp);
	return 0;
}

static void run(struct packet *p, const char *text)
{
	struct dp_actions a = DP_ACTIONS_INIT;
	AUTO_ERR err = ERR_INIT;
	if (dp_actions_from_str(text, &a, &err) < 0)
		fail_msg("%s: %s", text, err_text(&err));
	fp->ops->execute(fp, p, a.data, a.size);
	dp_actions_fini(&a);
}

static struct packet *packet_of(const char *flow)
{
	struct flow_key key;
	AUTO_ERR err = ERR_INIT;
	if (key_from_str(flow, NULL, &key, NULL, &err) < 0)
		fail_msg("%s: %s", flow, err_text(&err));
	struct packet *p = packet_compose(&key, NULL, COMPOSE_DEFAULT_PAYLOAD);
	p->dp_port = 1;
	if (key.nw_proto == IPPROTO_SCTP) { /* compose leaves it at zero, as OVS does */
		key_extract(p, &key);
		struct sctp_hdr *h = packet_l4(p);
		h->csum = crc32c(h, packet_l4_size(p));
	}
	return p;
}

static void check_csum(const struct packet *p)
{
	const uint8_t *ip = packet_l3(p);
	if (!ip || p->l4_ofs == PACKET_NO_OFS || p->l2_5_ofs != PACKET_NO_OFS)
		return;
	bool v4 = ip[0] >> 4 == 4;
	uint32_t size = packet_l4_size(p), sum;
	uint8_t proto = v4 ? ip[9] : ip[6];
	if (v4) {
		assert_int_equal(csum(ip, (ip[0] & 0xf) * 4), 0);
		sum = csum_pseudo4(((const struct ip4_hdr *)ip)->src,
				   ((const struct ip4_hdr *)ip)->dst, proto, size);
	} else {
		sum = csum_pseudo6(ip + 8, ip + 24, proto, size);
	}
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP || (!v4 && proto == IPPROTO_ICMPV6))
		assert_int_equal(csum_fold(csum_add(sum, packet_l4(p), size)), 0);
	else if (proto == IPPROTO_ICMP)
		assert_int_equal(csum(packet_l4(p), size), 0);
	else if (proto == IPPROTO_SCTP) {
		struct sctp_hdr *h = packet_l4(p);
		be32 was = h->csum;
		h->csum = 0;
		assert_int_equal(crc32c(h, size), was);
		h->csum = was;
	}
}

static void assert_is(struct packet *p, const char *flow)
{
	struct flow_key want, got;
	AUTO_ERR err = ERR_INIT;
	if (key_from_str(flow, NULL, &want, NULL, &err) < 0)
		fail_msg("%s: %s", flow, err_text(&err));
	key_extract(p, &got);
	want.dp_port = got.dp_port;
	if (!key_equal(&want, &got)) {
		AUTO_STR s = STR_INIT;
		key_to_str(&got, NULL, NULL, false, &s);
		fail_msg("got %s\nwanted %s", str_cstr(&s), flow);
	}
	check_csum(p);
}

#define ETH "in_port(1),eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),"
#define ETH2 "in_port(1),eth(src=00:00:00:00:00:0a,dst=00:00:00:00:00:02),"
#define IP4(TAIL) "eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2," TAIL
#define IP6(TAIL) "eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2," TAIL
#define TCP4 IP4("proto=6,tos=0,ttl=64,frag=no),tcp(src=1000,dst=80),tcp_flags(0x010)")
#define UDP4 IP4("proto=17,tos=0,ttl=64,frag=no),udp(src=1000,dst=53)")
#define SCTP4 IP4("proto=132,tos=0,ttl=64,frag=no),sctp(src=1000,dst=53)")
#define TCP6                                                                                       \
	IP6("label=0,proto=6,tclass=0,hlimit=64,frag=no),tcp(src=1000,dst=80),tcp_flags(0x010)")
#define UDP6 IP6("label=0,proto=17,tclass=0,hlimit=64,frag=no),udp(src=1000,dst=53)")

static const struct {
	const char *in, *actions, *out;
} edits[] = {
	{ ETH TCP4, "2", ETH TCP4 },
	{ ETH TCP4, "set(eth(src=00:00:00:00:00:0a)),2", ETH2 TCP4 },
	{ ETH TCP4, "push_vlan(vid=5,pcp=3),2",
	  ETH "eth_type(0x8100),vlan(vid=5,pcp=3),encap(" TCP4 ")" },
	{ ETH "eth_type(0x8100),vlan(vid=5,pcp=3),encap(" UDP4 ")", "pop_vlan,2", ETH UDP4 },
	{ ETH TCP4, "set(ipv4(src=1.2.3.4,tos=0x10,ttl=9)),2",
	  ETH "eth_type(0x0800),ipv4(src=1.2.3.4,dst=10.0.0.2,proto=6,tos=0x10,ttl=9,frag=no),"
	      "tcp(src=1000,dst=80),tcp_flags(0x010)" },
	{ ETH UDP4, "set(ipv4(dst=1.2.3.4)),set(udp(src=7,dst=8)),2",
	  ETH "eth_type(0x0800),ipv4(src=10.0.0.1,dst=1.2.3.4,proto=17,tos=0,ttl=64,frag=no),"
	      "udp(src=7,dst=8)" },
	{ ETH TCP4, "set(tcp(dst=8080)),2",
	  ETH IP4("proto=6,tos=0,ttl=64,frag=no),tcp(src=1000,dst=8080),tcp_flags(0x010)") },
	{ ETH SCTP4, "set(sctp(src=7)),2",
	  ETH IP4("proto=132,tos=0,ttl=64,frag=no),sctp(src=7,dst=53)") },
	{ ETH TCP6, "set(ipv6(src=fd00::9,hlimit=3,tclass=0x20)),2",
	  ETH "eth_type(0x86dd),ipv6(src=fd00::9,dst=fd00::2,label=0,proto=6,tclass=0x20,hlimit=3,"
	      "frag=no),tcp(src=1000,dst=80),tcp_flags(0x010)" },
	{ ETH UDP6, "set(udp(dst=99)),2",
	  ETH IP6("label=0,proto=17,tclass=0,hlimit=64,frag=no),udp(src=1000,dst=99)") },
	{ ETH UDP4, "push_mpls(label=7,tc=1,ttl=9,bos=1,eth_type=0x8847),2",
	  ETH "eth_type(0x8847),mpls(label=7,tc=1,ttl=9,bos=1)" },
	{ ETH UDP4,
	  "push_mpls(label=7,tc=1,ttl=9,bos=1,eth_type=0x8847),pop_mpls(eth_type=0x800),2",
	  ETH UDP4 },
	{ ETH "eth_type(0x0806),arp(sip=1.1.1.1,tip=2.2.2.2,op=1,sha=00:00:00:00:00:01,"
	      "tha=00:00:00:00:00:00)",
	  "set(arp(op=2,sip=3.3.3.3)),2",
	  ETH "eth_type(0x0806),arp(sip=3.3.3.3,tip=2.2.2.2,op=2,sha=00:00:00:00:00:01,"
	      "tha=00:00:00:00:00:00)" },
	{ ETH IP4("proto=1,tos=0,ttl=64,frag=no),icmp(type=8,code=0)"), "set(icmp(type=0)),2",
	  ETH IP4("proto=1,tos=0,ttl=64,frag=no),icmp(type=0,code=0)") },
	{ ETH UDP4, "clone(set(ipv4(ttl=1)),3),2", ETH UDP4 },
	{ ETH UDP4, "sample(sample=100.0%,actions(3)),2", ETH UDP4 },
	{ ETH UDP4, "check_pkt_len(size=60,gt(2),le(3))", ETH UDP4 },
	{ ETH UDP4, "check_pkt_len(size=2000,gt(3),le(2))", ETH UDP4 },
};

static void edits_finished_packets(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		run(packet_of(edits[i].in), edits[i].actions);
		if (n_sent[1] != 1)
			fail_msg("%s: %u packets", edits[i].actions, n_sent[1]);
		assert_is(sent[1][0], edits[i].out);
		forget();
	}
}

/* As a guest sends it: only the pseudo header is in the checksum. */
static bool leave_unfinished(struct packet *p)
{
	struct flow_key key;
	key_extract(p, &key);
	bool tcp = key.nw_proto == IPPROTO_TCP, udp = key.nw_proto == IPPROTO_UDP;
	if ((!tcp && !udp) || p->l4_ofs == PACKET_NO_OFS)
		return false;
	uint32_t size = packet_l4_size(p);
	uint32_t sum = key.dl_type == BE16_C(ETH_TYPE_IP)
			       ? csum_pseudo4(key.nw_src, key.nw_dst, key.nw_proto, size)
			       : csum_pseudo6(&key.ipv6_src, &key.ipv6_dst, key.nw_proto, size);
	be16 field = csum_fold_raw(sum);
	p->csum_partial = true;
	p->csum_start = p->l4_ofs;
	p->csum_offset = tcp ? 16 : 6;
	memcpy(p->data + p->csum_start + p->csum_offset, &field, 2);
	return true;
}

static void edits_unfinished_packets(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		struct packet *p = packet_of(edits[i].in);
		if (!leave_unfinished(p)) {
			packet_free(p);
			continue;
		}
		run(p, edits[i].actions);
		assert_int_equal(n_sent[1], 1);
		packet_finish_csum(sent[1][0]);
		assert_is(sent[1][0], edits[i].out);
		forget();
	}
}

static struct packet *super_packet(const char *flow, uint32_t payload, uint16_t mss)
{
	struct flow_key key;
	assert_int_equal(key_from_str(flow, NULL, &key, NULL, NULL), 0);
	struct packet *p = packet_compose(&key, NULL, payload);
	p->dp_port = 1;
	assert_true(leave_unfinished(p));
	p->gso_type = key.dl_type == BE16_C(ETH_TYPE_IP) ? PACKET_GSO_TCP4 : PACKET_GSO_TCP6;
	p->gso_size = mss;
	p->gso_hdr_size = (uint16_t)(p->l4_ofs + TCP_HLEN);
	return p;
}

static unsigned n_pieces;
static void count_piece(struct packet *p, void *arg)
{
	struct flow_key key;
	key_extract(p, &key);
	check_csum(p);
	n_pieces++;
	packet_free(p);
}

static void edits_super_packets(void **state)
{
	run(super_packet(ETH TCP4, 10000, 1000),
	    "push_vlan(vid=5,pcp=0),set(ipv4(src=1.2.3.4)),set(tcp(src=9)),2");
	assert_int_equal(n_sent[1], 1);
	struct packet *p = sent[1][--n_sent[1]];
	n_pieces = 0;
	packet_segment(p, count_piece, NULL);
	assert_int_equal(n_pieces, 10);
}

static void truncates(void **state)
{
	run(packet_of(ETH UDP4), "trunc(40),2,3");
	assert_int_equal(sent[1][0]->size, 40);
	assert_int_equal(sent[2][0]->size, 106);
	forget();
}

static void sends_up(void **state)
{
	n_upcalls = n_misses = 0;
	run(packet_of(ETH UDP4), "recirc(0x7)");
	assert_int_equal(n_misses, 1);
	assert_int_equal(miss_key.recirc_id, 7);
	assert_int_equal(n_sent[1], 1);
	run(packet_of(ETH UDP4), "hash(l4(0)),recirc(0x7)");
	assert_int_equal(n_misses, 1); /* the flow was put in the cache */
	assert_int_equal(n_sent[1], 2);
	fp->ops->flow_flush(fp);
	forget();
}

static void meters_drop(void **state)
{
	struct dp_meter_config c = { .per_packet = true,
				     .n_bands = 1,
				     .bands = { { DP_METER_BAND_DROP, 3, 3, 0 } } };
	uint32_t id;
	struct dp_meter_stats s;
	assert_int_equal(dp_meter_add(&c, &id), 0);
	for (int i = 0; i < 5; i++) {
		char text[32];
		snprintf(text, sizeof text, "meter(%u),2", id);
		run(packet_of(ETH UDP4), text);
	}
	assert_int_equal(n_sent[1], 3);
	assert_int_equal(dp_meter_get_stats(id, &s), 0);
	assert_int_equal(s.n_packets, 5);
	assert_int_equal(s.bands[0].n_packets, 2);
	dp_meter_del(id);
	forget();
}

static const struct {
	enum tunnel_type type;
	const char *push;
} tunnels[] = {
	{ TUNNEL_VXLAN,
	  "tnl_push(tnl_port(4),header(size=50,type=4,eth(dst=f8:bc:12:44:34:b6,"
	  "src=aa:55:aa:55:00:00,dl_type=0x0800),ipv4(src=1.1.2.88,dst=1.1.2.92,proto=17,"
	  "tos=0,ttl=64,frag=0x4000),udp(src=0,dst=4789,csum=0x0),"
	  "vxlan(flags=0x8000000,vni=0x7b)),out_port(2)),2" },
	{ TUNNEL_VXLAN,
	  "tnl_push(tnl_port(4),header(size=70,type=4,eth(dst=f8:bc:12:44:34:b6,"
	  "src=aa:55:aa:55:00:00,dl_type=0x86dd),ipv6(src=2001:cafe::88,dst=2001:cafe::92,"
	  "label=0,proto=17,tclass=0x0,hlimit=64),udp(src=0,dst=4789,csum=0xffff),"
	  "vxlan(flags=0x8000000,vni=0x7b)),out_port(2)),2" },
	{ TUNNEL_GRE,
	  "tnl_push(tnl_port(4),header(size=46,type=3,eth(dst=f8:bc:12:44:34:b6,"
	  "src=aa:55:aa:55:00:00,dl_type=0x0800),ipv4(src=1.1.2.88,dst=1.1.2.92,proto=47,"
	  "tos=0,ttl=64,frag=0x4000),gre((flags=0xa000,proto=0x6558),csum=0x0,key=0x7b)),"
	  "out_port(2)),2" },
	{ TUNNEL_GENEVE, "tnl_push(tnl_port(4),header(size=50,type=5,eth(dst=f8:bc:12:44:34:b6,"
			 "src=aa:55:aa:55:00:00,dl_type=0x0800),ipv4(src=1.1.2.88,dst=1.1.2.92,"
			 "proto=17,tos=0,ttl=64,frag=0x4000),udp(src=0,dst=6081,csum=0x0),"
			 "geneve(vni=0x7b)),out_port(2)),2" },
};

static void tunnels_out_and_in(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++) {
		run(packet_of(ETH TCP4), tunnels[i].push);
		assert_int_equal(n_sent[1], 1);
		struct packet *p = sent[1][--n_sent[1]];
		struct flow_key key;
		key_extract(p, &key);
		assert_int_equal(csum(packet_l3(p), key.nw_dst ? 20 : 0), key.nw_dst ? 0 : 0xffff);
		if (key.nw_proto == IPPROTO_UDP)
			assert_in_range(be16_to_cpu(key.tp_src), 32768, 61000);
		assert_int_equal(tunnel_decap(p, tunnels[i].type), 0);
		assert_int_equal(be64_to_cpu(p->tunnel.id), 0x7b);
		memset(&p->tunnel, 0, sizeof p->tunnel);
		assert_is(p, ETH TCP4);
		packet_free(p);
		/* And by the action, from a bridge's local port. */
		ports[3]->tunnel_type = (uint8_t)tunnels[i].type;
		n_misses = 0;
		char text[1024];
		snprintf(text, sizeof text, "%.*s,tnl_pop(4)", (int)strlen(tunnels[i].push) - 2,
			 tunnels[i].push);
		run(packet_of(ETH TCP4), text);
		assert_int_equal(n_misses, 1);
		assert_int_equal(miss_key.dp_port, 4);
		assert_int_equal(be64_to_cpu(miss_key.tunnel.id), 0x7b);
		fp->ops->flow_flush(fp);
		forget();
	}
}

/* Every segment of a super-packet goes out by itself, and all come in. */
static void tunnels_super_packets(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(tunnels); i++) {
		run(super_packet(ETH TCP4, 20000, 1000), tunnels[i].push);
		assert_int_equal(n_sent[1], 20);
		forget();
		ports[3]->tunnel_type = (uint8_t)tunnels[i].type;
		char text[1024];
		snprintf(text, sizeof text, "%.*s,tnl_pop(4)", (int)strlen(tunnels[i].push) - 2,
			 tunnels[i].push);
		run(super_packet(ETH TCP4, 20000, 1000), text);
		n_pieces = 0;
		while (n_sent[1])
			packet_segment(sent[1][--n_sent[1]], count_piece, NULL);
		assert_int_equal(n_pieces, 20);
		fp->ops->flow_flush(fp);
		forget();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_finished_packets),
		cmocka_unit_test(edits_unfinished_packets),
		cmocka_unit_test(edits_super_packets),
		cmocka_unit_test(truncates),
		cmocka_unit_test(sends_up),
		cmocka_unit_test(meters_drop),
		cmocka_unit_test(tunnels_out_and_in),
		cmocka_unit_test(tunnels_super_packets),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
