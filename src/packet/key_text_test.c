/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "packet/key_text.h"
#include "packet/packet.h"
#include "wire/net.h"

/* What goes in comes out; 'out' NULL: the same. Taken from dumps of Debian's OVS 3.1. */
static const struct {
	const char *in, *out, *verbose;
} flows[] = {
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth(src=00:00:00:00:00:01,dst=00:00:00:"
	  "00:00:02),"
	  "eth_type(0x0800),ipv4(dst=10.1.0.2/255.255.0.0,frag=no)",
	  NULL, NULL },
	{ "in_port(1),eth_type(0x0800),ipv4(src=1.2.3.4,frag=no)",
	  "recirc_id(0),in_port(1),eth_type(0x0800),ipv4(src=1.2.3.4,frag=no)", NULL },
	{ "recirc_id(0x5),dp_hash(0x5/0xf),skb_priority(3),skb_mark(0x4/"
	  "0xff),ct_state(+trk+est-new),"
	  "ct_zone(0x5),ct_mark(0x5/0xff),ct_label(0x1234/0xffff),in_port(1),eth_type(0x0806),"
	  "arp(sip=1.2.3.4,op=1,sha=00:00:00:00:00:01)",
	  "skb_priority(0x3),skb_mark(0x4/0xff),ct_state(-new+est+trk),ct_zone(0x5),ct_mark(0x5/"
	  "0xff),"
	  "ct_label(0x1234/0xffff),recirc_id(0x5),dp_hash(0x5/0xf),in_port(1),eth_type(0x0806),"
	  "arp(sip=1.2.3.4,op=1,sha=00:00:00:00:00:01)",
	  NULL },
	{ "recirc_id(0),in_port(1),eth_type(0x0800),ipv4(proto=6,frag=no),tcp(src=1),"
	  "tcp_flags(0x12/0xff)",
	  "recirc_id(0),in_port(1),eth_type(0x0800),ipv4(proto=6,frag=no),tcp(src=1),"
	  "tcp_flags(-fin+syn-rst-psh+ack-urg-ece-cwr)",
	  NULL },
	{ "recirc_id(0),in_port(1),eth_type(0x0800),ipv4(proto=6,frag=no),tcp(src=1/0x1),"
	  "tcp_flags(syn|ack)",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x8100),vlan(vid=5,pcp=3/0x0),"
	  "encap(eth_type(0x0800),ipv4(frag=no))",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x88a8),vlan(vid=100),"
	  "encap(eth_type(0x8100),vlan(vid=200,pcp=1),encap(eth_type(0x0800),ipv4(frag=no)))",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x8847),"
	  "mpls(label=100/0xfffff,tc=1/7,ttl=64/0x0,bos=1/0)",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x8847),"
	  "mpls(label=100/0xfffff,tc=0/0,ttl=64/0xff,bos=0/0,label=200/0x0,tc=0/0,ttl=64/0x0,bos=1/"
	  "0)",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x8847),mpls(label=5,tc=1,ttl="
	  "64,bos=1)",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x86dd),"
	  "ipv6(src=::1/ffff:ffff:ffff:ffff::,dst=::2/::ff,label=0x5/0xff,proto=17,frag=no)",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x86dd),ipv6(label=0x5,proto=58,"
	  "frag=no),"
	  "icmpv6(type=135,code=0),nd(target=fe80::1,sll=00:00:00:00:00:09)",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x894f),"
	  "nsh(ttl=63,spi=0x1234,c1=0x1/0x000000ff)",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x894f),nsh()", NULL, NULL },
	{ "tunnel(tun_id=0x7b,src=1.1.2.92,dst=1.1.2.88,geneve({class=0xffff,type=0x1,len=4,0x1}{"
	  "class=0x102,"
	  "type=0x3,len=8,0x2/"
	  "0x2}),flags(oam|key)),recirc_id(0),in_port(6081),packet_type(ns=0,id=0),"
	  "eth_type(0x1234)",
	  NULL, NULL },
	{ "tunnel(tun_id=0x5,src=1.2.3.4,dst=2.3.4.5,tos=0x0,ttl=64,flags(-df+csum+key)),recirc_id("
	  "0),"
	  "in_port(1),eth_type(0x0800),ipv4(frag=no)",
	  "tunnel(tun_id=0x5,src=1.2.3.4,dst=2.3.4.5,ttl=64,flags(-df+csum+key)),recirc_id(0),in_"
	  "port(1),"
	  "eth_type(0x0800),ipv4(frag=no)",
	  NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth(src=00:00:00:00:00:01),eth_type(0/"
	  "0xffff)",
	  NULL, NULL },
	{ "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x0800),ipv4(frag=later)", NULL,
	  NULL },
	{ "skb_mark(0),ct_state(-trk),recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type("
	  "0x0800),"
	  "ipv4(src=1.2.3.4/0.0.0.0,dst=5.6.7.8/0.0.0.0,proto=6,tos=0x2/0,ttl=64/0,frag=no),"
	  "tcp(src=1/0,dst=2/0)",
	  "skb_mark(0),ct_state(-trk),recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type("
	  "0x0800),"
	  "ipv4(proto=6,frag=no)",
	  "skb_priority(0/0),skb_mark(0),ct_state(0/0x20),ct_zone(0/0),ct_mark(0/0),ct_label(0/0),"
	  "recirc_id(0),dp_hash(0/0),in_port(1),packet_type(ns=0,id=0),"
	  "eth(src=00:00:00:00:00:00/00:00:00:00:00:00,dst=00:00:00:00:00:00/00:00:00:00:00:00),"
	  "eth_type(0x0800),ipv4(src=1.2.3.4/0.0.0.0,dst=5.6.7.8/0.0.0.0,proto=6,tos=0x2/0,ttl=64/"
	  "0,"
	  "frag=no),tcp(src=1/0,dst=2/0),tcp_flags(0/0)" },
	{ "recirc_id(0),in_port(1),packet_type(ns=1,id=0x800),ipv4(src=1.2.3.4,frag=no)",
	  "recirc_id(0),in_port(1),packet_type(ns=1,id=0x800),eth_type(0x0800),ipv4(src=1.2.3.4,"
	  "frag=no)",
	  NULL },
};

static void flows_read_and_print(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct flow_key key, mask;
		AUTO_ERR err = ERR_INIT;
		AUTO_STR out = STR_INIT;
		if (key_from_str(flows[i].in, NULL, &key, &mask, &err) < 0)
			fail_msg("%s: %s", flows[i].in, err_text(&err));
		key_to_str(&key, &mask, NULL, false, &out);
		assert_string_equal(str_cstr(&out), flows[i].out ? flows[i].out : flows[i].in);
		if (flows[i].verbose) {
			str_clear(&out);
			key_to_str(&key, &mask, NULL, true, &out);
			assert_string_equal(str_cstr(&out), flows[i].verbose);
		}
	}
}

static void bad_text_is_refused(void **state)
{
	static const char *const bad[] = {
		"foo",
		"in_port(1),eth(src=00:00:00:00:00:01",
		"eth_type(0x12345)",
		"ipv4(src=1.2.3)",
		"ipv4(ttl=256)",
		"vlan(vid=4096)",
		"mpls(label=1)",
		"mpls()",
		"tunnel(geneve({class=1,type=1,len=3,0x1}))",
		"tcp_flags(foo)",
		"encap(encap(encap(eth_type(1))))",
		"in_port(nosuch)",
		"ct_label(zz)",
		"encap(",
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct flow_key key, mask;
		AUTO_ERR err = ERR_INIT;
		assert_true(key_from_str(bad[i], NULL, &key, &mask, &err) < 0);
		assert_non_null(strstr(err_text(&err), "syntax error at "));
	}
	struct flow_key key;
	assert_true(key_from_str("eth_type(0x0800),ipv4(src=1.2.3.4/255.0.0.0)", NULL, &key, NULL,
				 NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_read_and_print),
		cmocka_unit_test(bad_text_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
