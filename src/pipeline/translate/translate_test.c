/* SPDX-License-Identifier: Apache-2.0 */
/* Flows and a packet in, megaflow and datapath actions out. The expected lines are what Debian's
 * Open vSwitch 3.1 prints in ofproto/trace for the same ports, flows and packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pipeline/group.h"
#include "pipeline/mac_table.h"
#include "pipeline/pipeline.h"
#include "pipeline/table.h"
#include "pipeline/trace_command.h"
#include "pipeline/translate.h"

static struct datapath *datapath;
static struct pipeline *br0, *br1;

static void add_port(struct pipeline *p, const char *name, uint32_t ofport, uint32_t dp_port,
		     const char *peer)
{
	struct ofport_config c = {
		.name = name, .ofport = ofport, .dp_port = dp_port, .peer = peer
	};
	assert_int_equal(pipeline_port_put(p, &c, NULL), 0);
	struct bundle_config b = { .name = name,
				   .ofports = &ofport,
				   .n_ofports = 1,
				   .vlan_mode = VLAN_TRUNK,
				   .vlan = -1 };
	assert_int_equal(pipeline_bundle_put(p, &b, NULL), 0);
}

static int flow_mod(struct pipeline *p, const char *text, int command)
{
	struct flow_mod *fm = xzalloc(sizeof *fm);
	struct of_actions acts = OF_ACTIONS_INIT;
	struct ofport_names names;
	uint32_t usable = UINT32_MAX;
	AUTO_ERR err = ERR_INIT;
	pipeline_port_names(p, false, &names);
	if (flow_mod_from_str(text, command, &names, fm, &acts, &usable, &err))
		fail_msg("%s: %s", text, err_text(&err));
	int r = table_set_flow_mod(p->tables, fm, NULL);
	of_actions_fini(&acts);
	free(fm);
	return r;
}

static void add_flows(struct pipeline *p, const char *flows)
{
	AUTO_FREE char *copy = xstrdup(flows);
	char *save = NULL;
	for (char *f = strtok_r(copy, ";", &save); f; f = strtok_r(NULL, ";", &save))
		assert_int_equal(flow_mod(p, f, OFPFC_ADD), 0);
}

/* As at Debian's: six simulated ports, LOCAL at datapath port 100, a patch to another bridge. */
static int set_up(void **state)
{
	(void)state;
	datapath = datapath_new("dummy", "ovs-dummy", NULL);
	br0 = pipeline_new(datapath, "br0");
	br1 = pipeline_new(datapath, "br1");
	add_port(br0, "br0", OFPORT_LOCAL, 100, NULL);
	for (uint32_t i = 1; i <= 6; i++) {
		char name[8];
		snprintf(name, sizeof name, "p%u", i);
		add_port(br0, name, i, i, NULL);
	}
	add_port(br0, "pa", 10, DP_PORT_NONE, "pb");
	add_port(br1, "br1", OFPORT_LOCAL, 101, NULL);
	add_port(br1, "pb", 11, DP_PORT_NONE, "pa");
	add_port(br1, "q1", 1, 7, NULL);
	add_flows(br1, "actions=1");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pipeline_free(br0);
	pipeline_free(br1);
	datapath_free(datapath);
	return 0;
}

static void trace(const char *packet, struct str *out)
{
	const char *argv[] = { "ofproto/trace", "br0", packet };
	AUTO_ERR err = ERR_INIT;
	if (trace_command_run(3, argv, false, out, &err))
		fail_msg("%s: %s", packet, err_text(&err));
}

static void expect_line(const struct str *out, const char *label, const char *expected,
			const char *what)
{
	const char *at = strstr(str_cstr(out), label);
	assert_non_null(at);
	at += strlen(label);
	size_t len = strcspn(at, "\n");
	if (len != strlen(expected) || strncmp(at, expected, len))
		fail_msg("%s:\n  %s%.*s\n  instead of %s", what, label, (int)len, at, expected);
}

static const struct {
	const char *flows, *packet, *megaflow, *actions;
} cases[] = {
	{ "actions=44", "in_port=1", "recirc_id=0,eth,in_port=1,dl_type=0x0000", "drop" },
	{ "actions=1", "in_port=1", "recirc_id=0,eth,in_port=1,dl_type=0x0000", "drop" },
	{ "actions=10", "in_port=1,ip", "recirc_id=0,eth,ip,in_port=1,nw_frag=no", "7" },
	{ "actions=2,3", "in_port=1", "recirc_id=0,eth,in_port=1,dl_type=0x0000", "2,3" },
	{ "actions=in_port", "in_port=1", "recirc_id=0,eth,in_port=1,dl_type=0x0000", "1" },
	{ "actions=local", "in_port=1", "recirc_id=0,eth,in_port=1,dl_type=0x0000", "100" },
	{ "actions=controller(userdata=01.02,pause),3", "in_port=1",
	  "recirc_id=0,eth,in_port=1,dl_type=0x0000", "drop" },
	{ "actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],2", "in_port=1,dl_src=00:01:02:03:04:05",
	  "recirc_id=0,eth,in_port=1,dl_src=00:01:02:03:04:05,dl_dst=00:00:00:00:00:00,dl_type="
	  "0x0000",
	  "set(eth(dst=00:01:02:03:04:05)),2" },
	{ "actions=push:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[],pop:reg0,2",
	  "in_port=1,dl_src=00:01:02:03:04:05",
	  "recirc_id=0,eth,in_port=1,dl_src=00:01:02:03:04:05,dl_dst=00:00:00:00:00:00,dl_type="
	  "0x0000",
	  "set(eth(dst=00:01:02:03:04:05)),2" },
	{ "ip,actions=dec_ttl,2", "in_port=1,ip,nw_ttl=9,nw_proto=6",
	  "recirc_id=0,eth,tcp,in_port=1,nw_ttl=9,nw_frag=no", "set(ipv4(ttl=8)),2" },
	{ "actions=push_vlan:0x8100,set_field:4097->vlan_vid,2", "in_port=1,ip,nw_proto=6",
	  "recirc_id=0,eth,ip,in_port=1,nw_frag=no", "push_vlan(vid=1,pcp=0),2" },
	{ "actions=strip_vlan,2", "in_port=1,dl_vlan=5,ip",
	  "recirc_id=0,eth,ip,in_port=1,dl_vlan=5,dl_vlan_pcp=0,nw_frag=no", "pop_vlan,2" },
	{ "actions=output(port=2,max_len=100)", "in_port=1",
	  "recirc_id=0,eth,in_port=1,dl_type=0x0000", "trunc(100),2" },
	{ "actions=set_queue:5,2,pop_queue,3", "in_port=1",
	  "recirc_id=0,skb_priority=0,eth,in_port=1,dl_type=0x0000",
	  "set(skb_priority(0x5)),2,set(skb_priority(0)),3" },
	{ "actions=bundle(eth_src,0,hrw,ofport,members:2,3)", "in_port=1",
	  "recirc_id=0,eth,in_port=1,dl_src=00:00:00:00:00:00,dl_type=0x0000", "3" },
	{ "actions=bundle_load(symmetric_l4,0,active_backup,ofport,reg0,members:2,3)",
	  "in_port=1,tcp", "recirc_id=0,eth,ip,in_port=1,nw_frag=no", "drop" },
	{ "actions=check_pkt_larger(1000)->reg0[0],resubmit(,1);table=1,reg0=1,actions=2;table=1,"
	  "actions=3",
	  "in_port=1", "recirc_id=0,eth,in_port=1,dl_type=0x0000",
	  "check_pkt_len(size=1000,gt(2),le(3))" },
	{ "actions=sample(probability=100,collector_set_id=1),2", "in_port=1",
	  "recirc_id=0,eth,in_port=1,dl_type=0x0000", "2" },
	{ "actions=learn(table=1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),2",
	  "in_port=1,dl_src=00:01:02:03:04:05",
	  "recirc_id=0,eth,in_port=1,dl_src=00:01:02:03:04:05,dl_type=0x0000", "2" },
	{ "ip,actions=push_mpls:0x8847,set_field:10->mpls_label,2",
	  "in_port=1,ip,nw_ttl=64,nw_proto=6",
	  "recirc_id=0,eth,ip,in_port=1,nw_tos=0,nw_ttl=64,nw_frag=no",
	  "push_mpls(label=10,tc=0,ttl=64,bos=1,eth_type=0x8847),2" },
	{ "actions=output:reg0,2", "in_port=1", "recirc_id=0,eth,in_port=1,dl_type=0x0000", "2" },
	{ "tcp,actions=fin_timeout(idle_timeout=5),2", "in_port=1,tcp,tcp_flags=fin",
	  "recirc_id=0,eth,tcp,in_port=1,nw_frag=no", "2" },
	{ "actions=2", "in_port=1,dl_dst=01:80:c2:00:00:02,dl_type=0x8809",
	  "recirc_id=0,eth,in_port=1,dl_type=0x8809", "2" },
	{ "actions=NORMAL", "in_port=1,dl_dst=01:80:c2:00:00:02,dl_type=0x8809",
	  "recirc_id=0,eth,in_port=1,dl_src=00:00:00:00:00:00,dl_dst=01:80:c2:00:00:02,dl_type="
	  "0x8809",
	  "drop" },
	{ "actions=NORMAL",
	  "in_port=1,dl_dst=ff:ff:ff:ff:ff:ff,dl_src=00:00:00:00:00:01,arp,arp_op=1",
	  "recirc_id=0,eth,arp,in_port=1,dl_src=00:00:00:00:00:01,dl_dst=ff:ff:ff:ff:ff:ff,arp_spa="
	  "0.0.0.0,arp_tpa=0.0.0.0,arp_op=1",
	  "100,2,3,4,5,6,7" },
	{ "actions=NORMAL",
	  "in_port=1,dl_dst=00:00:5e:00:00:01,dl_src=00:00:00:00:00:01,arp,arp_op=1",
	  "recirc_id=0,eth,arp,in_port=1,dl_src=00:00:00:00:00:01,dl_dst=00:00:5e:00:00:01",
	  "100,2,3,4,5,6,7" },
	{ "ip,actions=set_field:1.2.3.4->ip_dst,2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,tcp,in_port=1,nw_dst=2.2.2.2,nw_frag=no", "set(ipv4(dst=1.2.3.4)),2" },
	{ "ip,actions=load:5->NXM_OF_IP_DST[0..7],2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,tcp,in_port=1,nw_dst=0.0.0.2/0.0.0.255,nw_frag=no",
	  "set(ipv4(dst=0.0.0.5/0.0.0.255)),2" },
	{ "tcp,actions=set_field:80->tcp_dst,2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,tcp,in_port=1,nw_frag=no,tp_dst=2", "set(tcp(dst=80)),2" },
	{ "actions=mod_tp_dst:80,mod_nw_src:5.5.5.5,2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,tcp,in_port=1,nw_src=1.1.1.1,nw_frag=no,tp_dst=2",
	  "set(ipv4(src=5.5.5.5)),set(tcp(dst=80)),2" },
	{ "ip,actions=set_field:2->ip_ecn,2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,tcp,in_port=1,nw_ecn=0,nw_frag=no", "set(ipv4(tos=0x2/0x3)),2" },
	{ "ip,actions=move:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[],2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,ip,in_port=1,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_frag=no",
	  "set(ipv4(dst=1.1.1.1)),2" },
	{ "ip,actions=move:NXM_OF_IP_SRC[]->NXM_NX_REG0[],2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,ip,in_port=1,nw_src=1.1.1.1,nw_frag=no", "2" },
	{ "ip,actions=push:NXM_OF_IP_SRC[],2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,ip,in_port=1,nw_src=1.1.1.1,nw_frag=no", "2" },
	{ "ip6,actions=set_field:::9->ipv6_dst,2",
	  "in_port=1,tcp6,ipv6_src=::1,ipv6_dst=::2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,tcp6,in_port=1,ipv6_dst=::2,nw_frag=no", "set(ipv6(dst=::9)),2" },
	{ "ip6,actions=dec_ttl,2",
	  "in_port=1,tcp6,ipv6_src=::1,ipv6_dst=::2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,tcp6,in_port=1,nw_ttl=64,nw_frag=no", "set(ipv6(hlimit=63)),2" },
	{ "arp,actions=set_field:2->arp_op,set_field:1.2.3.4->arp_spa,set_field:00:00:00:00:00:07->"
	  "arp_sha,2",
	  "in_port=1,arp,arp_op=1",
	  "recirc_id=0,eth,arp,in_port=1,arp_spa=0.0.0.0,arp_op=1,arp_sha=00:00:00:00:00:00",
	  "set(arp(sip=1.2.3.4,op=2,sha=00:00:00:00:00:07)),2" },
	{ "icmp,actions=set_field:3->icmp_type,2", "in_port=1,icmp,icmp_type=8,nw_ttl=4",
	  "recirc_id=0,eth,icmp,in_port=1,nw_frag=no,icmp_type=0x8/0xff,icmp_code=0x0/0xff",
	  "set(icmp(type=3,code=0)),2" },
	{ "actions=set_field:5->tun_id,set_field:7->pkt_mark,2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "pkt_mark=0,recirc_id=0,eth,ip,in_port=1,nw_frag=no", "set(skb_mark(0x7)),2" },
	{ "actions=strip_vlan,2", "in_port=1,dl_vlan=5,dl_vlan_pcp=2,tcp",
	  "recirc_id=0,eth,ip,in_port=1,dl_vlan=5,dl_vlan_pcp=2,nw_frag=no", "pop_vlan,2" },
	{ "dl_vlan=5,actions=push_vlan:0x88a8,set_field:4100->vlan_vid,2",
	  "in_port=1,dl_vlan=5,dl_vlan_pcp=2,tcp",
	  "recirc_id=0,eth,ip,in_port=1,dl_vlan=5,dl_vlan_pcp=2,nw_frag=no",
	  "push_vlan(tpid=0x88a8,vid=4,pcp=0),2" },
	{ "dl_vlan=5,actions=2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,ip,in_port=1,nw_frag=no", "drop" },
	{ "dl_vlan=5,actions=2", "in_port=1,dl_vlan=5,dl_vlan_pcp=2,tcp",
	  "recirc_id=0,eth,ip,in_port=1,dl_vlan=5,nw_frag=no", "2" },
	{ "vlan_tci=0x1000/0x1000,actions=2", "in_port=1,dl_vlan=5,dl_vlan_pcp=2,tcp",
	  "recirc_id=0,eth,ip,in_port=1,vlan_tci=0x1000/0x1000,nw_frag=no", "2" },
	{ "vlan_tci=0x1000/0x1000,actions=2",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,ip,in_port=1,nw_frag=no", "drop" },
	{ "tcp,tp_dst=80,actions=2;priority=1,actions=3",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,tcp,in_port=1,nw_frag=no,tp_dst=0x0/0xffc0", "3" },
	{ "tcp,tp_dst=80,nw_dst=9.9.9.9,actions=2;priority=1,actions=3",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,ip,in_port=1,nw_dst=0.0.0.0/5,nw_frag=no", "3" },
	{ "nw_dst=2.2.0.0/"
	  "16,ip,actions=2;priority=1,actions=3;ip,priority=100,nw_dst=2.2.2.3,actions=4",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,ip,in_port=1,nw_dst=2.2.0.0/16,nw_frag=no", "2" },
	{ "mpls,actions=pop_mpls:0x0800,2", "in_port=1,mpls,mpls_label=5,mpls_ttl=7,mpls_bos=1",
	  "recirc_id=0,eth,mpls,in_port=1,mpls_bos=1", "pop_mpls(eth_type=0x800),2" },
	{ "actions=clone(set_field:00:00:00:00:00:09->eth_dst,2),clone(push_vlan:0x8100,set_field:"
	  "4097->vlan_vid,3),4",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,ip,in_port=1,dl_dst=00:00:00:00:00:00,nw_frag=no",
	  "set(eth(dst=00:00:00:00:00:09)),2,set(eth(dst=00:00:00:00:00:00)),push_vlan(vid=1,pcp=0)"
	  ",3,pop_vlan,4" },
	{ "actions=output:2,output(port=3,max_len=64),4",
	  "in_port=1,tcp,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=64,tp_src=1,tp_dst=2",
	  "recirc_id=0,eth,ip,in_port=1,nw_frag=no", "2,trunc(64),3,4" },
};

static void as_debian_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_STR out = STR_INIT;
		table_set_flush(br0->tables, false);
		add_flows(br0, cases[i].flows);
		trace(cases[i].packet, &out);
		expect_line(&out, "Megaflow: ", cases[i].megaflow, cases[i].flows);
		expect_line(&out, "Datapath actions: ", cases[i].actions, cases[i].flows);
	}
}

static void tree_of_tables_and_bridges(void **state)
{
	(void)state;
	add_flows(br0, "in_port=1,actions=resubmit(,1),2;"
		       "table=1,actions=clone(mod_dl_src:00:00:00:00:00:09,output:4),NORMAL");
	AUTO_STR out = STR_INIT;
	trace("in_port=1,ip", &out);
	static const char tree[] = "\nbridge(\"br0\")\n"
				   "-------------\n"
				   " 0. in_port=1, priority 32768\n"
				   "    resubmit(,1)\n"
				   "     1. priority 32768\n"
				   "            clone(mod_dl_src:00:00:00:00:00:09,output:4)\n"
				   "            mod_dl_src:00:00:00:00:00:09\n"
				   "            output:4\n"
				   "            NORMAL\n"
				   "             -> no learned MAC for destination, flooding\n"
				   "\n"
				   "        bridge(\"br1\")\n"
				   "        -------------\n"
				   "         0. priority 32768\n"
				   "            output:1\n"
				   "    output:2\n";
	assert_non_null(strstr(str_cstr(&out), tree));
}

/* One packet through the pipeline as a miss would; credits are pushed. */
static void run_packet(uint32_t dp_port, const char *src, const char *dst)
{
	struct flow_key key = { .dp_port = dp_port, .dl_type = BE16_C(0x0800), .nw_proto = 6 };
	memcpy(&key.dl_src, src, 6);
	memcpy(&key.dl_dst, dst, 6);
	struct translation t = TRANSLATION_INIT;
	struct credits credits = { .recircs = datapath->recircs };
	struct translate_request rq = {
		.datapath = datapath, .key = &key, .effects = true, .credits = &credits
	};
	translate(&rq, &t);
	credits_push(&credits, 3, 300, 0, 0, &key);
	credits_fini(&credits);
	translation_fini(&t);
}

static void packets_are_credited_and_sources_learnt(void **state)
{
	(void)state;
	static const char a[] = "\0\0\0\0\0\x0a", b[] = "\0\0\0\0\0\x0b";
	add_flows(br0, "in_port=1,actions=resubmit(,2);table=2,actions=NORMAL");
	run_packet(1, a, b);
	struct eth_addr mac;
	memcpy(&mac, a, 6);
	const struct mac_entry *e = mac_table_lookup(br0->macs, mac, 0);
	assert_non_null(e);
	assert_string_equal(mac_entry_bundle(e)->name, "p1");
	uint64_t total = 0;
	for (int i = 0; i < 3; i += 2) {
		const struct rule *r;
		LIST_FOR_EACH(r, &br0->tables->tables[i].rules, node) {
			assert_int_equal(r->n_packets, 3);
			total += r->n_bytes;
		}
	}
	assert_int_equal(total, 600);
	AUTO_STR out = STR_INIT;
	add_flows(br0, "in_port=2,actions=NORMAL");
	trace("in_port=2,dl_src=00:00:00:00:00:0b,dl_dst=00:00:00:00:00:0a", &out);
	expect_line(&out, "Datapath actions: ", "1", "to a learnt address");
}

static size_t n_rules(void) { return br0->tables->n_rules; }

static void flow_mods_modify_and_delete(void **state)
{
	(void)state;
	add_flows(br0, "priority=5,ip,nw_dst=10.0.0.0/8,actions=1;priority=6,ip,nw_dst=10.1.0.0/16,"
		       "actions=2;priority=7,arp,actions=3");
	assert_int_equal(n_rules(), 3);
	assert_int_equal(flow_mod(br0, "ip,nw_dst=10.1.0.0/16,actions=4", OFPFC_MODIFY), 0);
	AUTO_STR out = STR_INIT;
	trace("in_port=1,ip,nw_dst=10.1.2.3", &out);
	expect_line(&out, "Datapath actions: ", "4", "modified");
	/* Strictly: another priority is another flow. */
	assert_int_equal(flow_mod(br0, "priority=9,arp", OFPFC_DELETE_STRICT), 0);
	assert_int_equal(n_rules(), 3);
	assert_int_equal(flow_mod(br0, "ip", OFPFC_DELETE), 0);
	assert_int_equal(n_rules(), 1);
	assert_int_equal(flow_mod(br0, "priority=7,arp,actions=5", OFPFC_ADD), 0);
	assert_int_equal(n_rules(), 1);
	assert_int_equal(
		flow_mod(br0, "check_overlap,priority=7,arp,in_port=1,actions=5", OFPFC_ADD),
		-OFPERR_OFPFMFC_OVERLAP);
	assert_int_equal(flow_mod(br0, "in_port=1,actions=group:77", OFPFC_ADD),
			 -OFPERR_OFPBAC_BAD_OUT_GROUP);
	assert_int_equal(n_rules(), 1);
}

static void undone_transactions_leave_nothing(void **state)
{
	(void)state;
	add_flows(br0, "priority=5,in_port=1,actions=2;priority=5,in_port=3,actions=4");
	struct of_actions acts = OF_ACTIONS_INIT;
	uint32_t usable = UINT32_MAX;
	static const struct {
		const char *text;
		int command;
	} mods[] = { { "priority=5,in_port=1,actions=6", OFPFC_ADD },
		     { "in_port=3", OFPFC_DELETE },
		     { "priority=5,in_port=3,actions=5", OFPFC_ADD },
		     { "priority=9,in_port=4,actions=5", OFPFC_ADD } };
	struct transaction t;
	struct flow_mod *fm = xzalloc(sizeof *fm);
	transaction_begin(&t, br0->tables, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(mods); i++) {
		assert_int_equal(flow_mod_from_str(mods[i].text, mods[i].command, NULL, fm, &acts,
						   &usable, NULL),
				 0);
		assert_int_equal(transaction_flow_mod(&t, fm), 0);
	}
	transaction_undo(&t);
	free(fm);
	of_actions_fini(&acts);
	assert_int_equal(n_rules(), 2);
	AUTO_STR one = STR_INIT;
	AUTO_STR three = STR_INIT;
	trace("in_port=1", &one);
	expect_line(&one, "Datapath actions: ", "2", "restored");
	trace("in_port=3", &three);
	expect_line(&three, "Datapath actions: ", "4", "restored");
}

static void select_groups_hash_in_the_datapath(void **state)
{
	(void)state;
	struct of_actions one = OF_ACTIONS_INIT, two = OF_ACTIONS_INIT;
	of_actions_put_output(&one, 1, 0);
	of_actions_put_output(&two, 2, 0);
	struct group_bucket buckets[] = {
		{ .weight = 1,
		  .watch_port = OFPORT_NONE,
		  .watch_group = OFPG_ANY,
		  .bucket_id = 0,
		  .actions = one.data,
		  .actions_size = one.size },
		{ .weight = 3,
		  .watch_port = OFPORT_NONE,
		  .watch_group = OFPG_ANY,
		  .bucket_id = 1,
		  .actions = two.data,
		  .actions_size = two.size },
	};
	struct group_mod gm = { .command = OFPGC_ADD,
				.type = OFPGT_SELECT,
				.group_id = 7,
				.buckets = buckets,
				.n_buckets = 2 };
	assert_int_equal(group_mod_apply(br0, &gm, NULL, NULL), 0);
	assert_int_equal(group_mod_apply(br0, &gm, NULL, NULL), -OFPERR_OFPGMFC_GROUP_EXISTS);
	const struct group *g = group_lookup(br0, 7);
	unsigned to_second = 0;
	assert_non_null(g->hash_map);
	for (uint32_t i = 0; i <= g->hash_mask; i++)
		to_second += g->hash_map[i] == 1;
	assert_int_equal(to_second * 4, (g->hash_mask + 1) * 3);
	add_flows(br0, "in_port=3,actions=group:7");
	AUTO_STR out = STR_INIT;
	trace("in_port=3,tcp", &out);
	assert_non_null(strstr(str_cstr(&out), "Datapath actions: hash("));
	/* With the hash, few bits of it choose. */
	struct flow_key key = { .dp_port = 3, .dl_type = BE16_C(0x0800), .dp_hash = 0x12345678 };
	struct translation t = TRANSLATION_INIT;
	struct credits credits = { .recircs = datapath->recircs };
	struct translate_request rq = { .datapath = datapath, .key = &key, .credits = &credits };
	translate(&rq, &t);
	assert_int_equal(t.mask.dp_hash, g->hash_mask);
	translation_fini(&t);
	credits_fini(&credits);
	gm.command = OFPGC_DELETE;
	assert_int_equal(group_mod_apply(br0, &gm, NULL, NULL), 0);
	assert_int_equal(n_rules(), 0); /* flows that use it go with it */
	of_actions_fini(&one);
	of_actions_fini(&two);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(as_debian_does),
		TEST(tree_of_tables_and_bridges),
		TEST(packets_are_credited_and_sources_learnt),
		TEST(flow_mods_modify_and_delete),
		TEST(undone_transactions_leave_nothing),
		TEST(select_groups_hash_in_the_datapath),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
