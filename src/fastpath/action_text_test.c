/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fastpath/action.h"

/* What goes in comes out; 'out' NULL: the same. As Debian's OVS 3.1 prints them
 * (dpctl/parse-actions, ofproto/trace). */
static const struct {
	const char *in, *out;
} texts[] = {
	{ "1", NULL },
	{ "drop", NULL },
	{ "", "drop" },
	{ "1,,2", "1,2" },
	{ "1 2", "1,2" },
	{ "push_vlan(vid=5,pcp=0)", NULL },
	{ "push_vlan(vid=5,pcp=3,cfi=0)", NULL },
	{ "push_vlan(tpid=0x88a8,vid=5,pcp=0)", NULL },
	{ "pop_vlan", NULL },
	{ "push_mpls(label=5,tc=0,ttl=64,bos=1,eth_type=0x8847)", NULL },
	{ "pop_mpls(eth_type=0x800)", NULL },
	{ "push_eth(src=00:00:00:00:00:00,dst=00:00:00:00:00:01)", NULL },
	{ "pop_eth,pop_nsh(),recirc(0x4)", NULL },
	{ "recirc(5)", "recirc(0x5)" },
	{ "hash(l4(0)),recirc(0x1)", NULL },
	{ "trunc(100),2", NULL },
	{ "meter(3)", NULL },
	{ "lb_output(3)", NULL },
	{ "sample(sample=50.0%,actions(1,2))", NULL },
	{ "sample(sample=100%,actions(userspace(pid=0)))",
	  "sample(sample=100.0%,actions(userspace(pid=0,userdata("
	  "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "00000000"
	  "))))" },
	{ "clone(push_vlan(vid=5,pcp=0),1),2", NULL },
	{ "clone()", "clone(drop)" },
	{ "check_pkt_len(size=200,gt(4,trunc(5),3),le(clone(5)))", NULL },
	{ "check_pkt_len(size=200,gt(drop),le(drop))", NULL },
	{ "ct", NULL },
	{ "ct(commit)", NULL },
	{ "ct(commit,zone=5,mark=0x1/0xff,label=0x12/"
	  "0xff,helper=ftp,nat(src=10.0.0.1-10.0.0.5:100-200,"
	  "random))",
	  NULL },
	{ "ct(force_commit,zone=1)", NULL },
	{ "ct(nat)", NULL },
	{ "ct(commit,nat(dst=[fe80::1]:80))", NULL },
	{ "ct(commit,nat(src=fe80::1-fe80::5))", NULL },
	{ "ct(commit,nat(src))", NULL },
	{ "ct(commit,nat(src=1.2.3.4,persistent,hash))", NULL },
	{ "ct(commit,nat(src),timeout=abc,helper=tftp,label=0x1,mark=0x1,zone=1)",
	  "ct(commit,zone=1,mark=0x1/0xffffffff,label=0x1,helper=tftp,timeout=abc,nat(src))" },
	{ "ct_clear", NULL },
	{ "userspace(pid=0,slow_path(cfm))", NULL },
	{ "userspace(pid=9765,slow_path())", "userspace(pid=9765,slow_path(0))" },
	{ "userspace(pid=0,slow_path(cfm|bfd))", "userspace(pid=0,slow_path(cfm,bfd))" },
	{ "userspace(pid=0,slow_path(action))", NULL },
	{ "userspace(pid=0,controller(reason=1,dont_send=1,continuation=0,recirc_id=5,rule_cookie="
	  "0,"
	  "controller_id=0,max_len=100)),2",
	  NULL },
	{ "userspace(pid=0,controller(reason=1,dont_send=0,continuation=0,recirc_id=4,rule_cookie="
	  "0x5,"
	  "controller_id=0,max_len=65535),actions)",
	  NULL },
	{ "userspace(pid=0,sFlow(vid=9,pcp=7,output=10))", NULL },
	{ "userspace(pid=0,flow_sample(probability=123,collector_set_id=1234,obs_domain_id=2345,"
	  "obs_point_id=3456,output_port=10,egress))",
	  NULL },
	{ "userspace(pid=0,ipfix(output_port=4294967295))", NULL },
	{ "userspace(pid=0,userdata(0102030405060708090a0b0c0d0e0f))", NULL },
	{ "userspace(pid=9765,userdata(01),tunnel_out_port=10)", NULL },
	{ "set(eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02))", NULL },
	{ "set(eth(src=00:00:00:00:00:01/ff:ff:ff:00:00:00))", NULL },
	{ "set(ipv4(src=1.2.3.4,dst=2.3.4.5,proto=6,tos=0,ttl=64,frag=no))", NULL },
	{ "set(ipv4(src=1.2.3.4/255.255.0.0,tos=0x10/0xfc))", NULL },
	{ "set(ipv4(src=9.9.9.9,tos=0x9,ttl=63))", NULL },
	{ "set(ipv4(frag=first))", NULL },
	{ "set(ipv6(src=::1/::ffff,label=0x5,tclass=0x10/0xfc,hlimit=5))", NULL },
	{ "set(ipv6(label=0x5/0xff))", NULL },
	{ "set(tcp(src=0))", NULL },
	{ "set(tcp(src=80,dst=90))", NULL },
	{ "set(udp(dst=0x50/0xff))", "set(udp(dst=80/0xff))" },
	{ "set(sctp(src=5,dst=6))", NULL },
	{ "set(icmp(type=1,code=2))", NULL },
	{ "set(arp(sip=1.2.3.4,tip=2.3.4.5,op=1,sha=00:00:00:00:00:01,tha=00:00:00:00:00:02))",
	  NULL },
	{ "set(nd(target=::1,sll=00:00:00:00:00:01,tll=00:00:00:00:00:02))", NULL },
	{ "set(nd_ext(nd_reserved=0x5,nd_options_type=2))", NULL },
	{ "set(mpls(label=100,tc=4,ttl=64,bos=1))", NULL },
	{ "set(skb_priority(5))", "set(skb_priority(0x5))" },
	{ "set(skb_mark(0x5/0xf))", NULL },
	{ "set(nsh(ttl=9,spi=0x1234,c1=0x1/0x000000ff))", NULL },
	{ "set(tunnel(tun_id=0x5,src=1.2.3.4,dst=2.3.4.5,tos=0x1,ttl=64,flags(df|csum|key)))",
	  NULL },
	{ "set(tunnel(tun_id=0x5,dst=2.3.4.5,ttl=64,tp_src=1,tp_dst=4789,flags(df|key)))", NULL },
	{ "set(tunnel(tun_id=0x5,dst=2.3.4.5,ttl=64,geneve({class=0x102,type=0x3,len=4,0x12345678}{"
	  "class="
	  "0x102,type=0x4,len=0}),flags(df|key)))",
	  NULL },
	{ "set(tunnel(tun_id=0x5,dst=2.3.4.5,ttl=64,vxlan(gbp(id=5,flags=0x8)),flags(df|key)))",
	  NULL },
	{ "set(tunnel(tun_id=0x5,dst=2.3.4.5,ttl=64,erspan(ver=1,idx=0x5),flags(df|key)))", NULL },
	{ "set(tunnel(tun_id=0x5,dst=2.3.4.5,ttl=64,erspan(ver=2,dir=1,hwid=0x4),flags(df|key)))",
	  NULL },
	{ "set(tunnel(tun_id=0x5,ipv6_src=::1,ipv6_dst=::2,ttl=64,flags(df|key)))", NULL },
	{ "tnl_pop(4)", NULL },
	{ "tnl_push(tnl_port(4),header(size=50,type=4,eth(dst=f8:bc:12:44:34:b6,src=f8:bc:12:46:58:"
	  "e0,"
	  "dl_type=0x0800),ipv4(src=1.1.2.88,dst=1.1.2.92,proto=17,tos=0,ttl=64,frag=0x4000),udp("
	  "src=0,"
	  "dst=4789,csum=0x0),vxlan(flags=0x8000000,vni=0x1c7)),out_port(1))",
	  NULL },
	{ "tnl_push(tnl_port(4),header(size=46,type=3,eth(dst=f8:bc:12:44:34:b6,src=f8:bc:12:46:58:"
	  "e0,"
	  "dl_type=0x0800),ipv4(src=1.1.2.88,dst=1.1.2.92,proto=47,tos=0,ttl=64,frag=0x4000),gre(("
	  "flags="
	  "0xa000,proto=0x6558),csum=0x0,key=0x1e241)),out_port(1))",
	  NULL },
	{ "tnl_push(tnl_port(4),header(size=58,type=5,eth(dst=f8:bc:12:44:34:b6,src=f8:bc:12:46:58:"
	  "e0,"
	  "dl_type=0x0800),ipv4(src=1.1.2.88,dst=1.1.2.92,proto=17,tos=0,ttl=64,frag=0x4000),udp("
	  "src=0,"
	  "dst=6081,csum=0x0),geneve(crit,vni=0x1c7,options({class=0xffff,type=0x80,len=4,0xa}))),"
	  "out_port(1))",
	  NULL },
	{ "tnl_push(tnl_port(4),header(size=70,type=4,eth(dst=f8:bc:12:44:34:b6,src=f8:bc:12:46:58:"
	  "e0,"
	  "dl_type=0x86dd),ipv6(src=2001:cafe::88,dst=2001:cafe::92,label=0,proto=17,tclass=0x0,"
	  "hlimit=64)"
	  ",udp(src=0,dst=4789,csum=0x0),vxlan(flags=0x8000000,vni=0x1c7)),out_port(1))",
	  NULL },
	{ "push_nsh(flags=0,ttl=63,mdtype=2,np=3,spi=0x1234,si=255,md2=0x10000a0412345678)", NULL },
	{ "push_nsh(flags=0,ttl=63,mdtype=2,np=3,spi=0x5,si=255,md2=0x112233)",
	  "push_nsh(flags=0,ttl=63,mdtype=2,np=3,spi=0x5,si=255,md2=0x11223300)" },
	{ "push_nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x1234,si=255,c1=0x11223344,c2=0x0,c3=0x0,c4="
	  "0x0)",
	  NULL },
};

static void actions_read_and_print(void **state)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct dp_actions a = DP_ACTIONS_INIT;
		AUTO_ERR err = ERR_INIT;
		AUTO_STR out = STR_INIT;
		if (dp_actions_from_str(texts[i].in, &a, &err) < 0)
			fail_msg("%s: %s", texts[i].in, err_text(&err));
		dp_actions_to_str(a.data, a.size, NULL, NULL, &out);
		assert_string_equal(str_cstr(&out), texts[i].out ? texts[i].out : texts[i].in);
		dp_actions_fini(&a);
	}
}

static void bad_actions_are_refused(void **state)
{
	static const char *const bad[] = {
		"foo",
		"p1",
		"set(foo)",
		"set(eth())x",
		"push_vlan(vid=4096,pcp=0)",
		"clone(",
		"clone(1",
		"sample(sample=101%,actions(1))",
		"check_pkt_len(size=1)",
		"ct(foo)",
		"ct(zone=65536)",
		"userspace",
		"userspace(pid=0,slow_path(nosuch))",
		"recirc()",
		"tnl_push(tnl_port(4),header(size=51,type=4,eth(dst=f8:bc:12:44:34:b6,src=f8:bc:12:"
		"46:58:e0,"
		"dl_type=0x0800),ipv4(src=1.1.2.88,dst=1.1.2.92,proto=17,tos=0,ttl=64,frag=0x4000),"
		"udp(src=0,"
		"dst=4789,csum=0x0),vxlan(flags=0x8000000,vni=0x1c7)),out_port(1))",
		"set(mpls(label=5,tc=1,ttl=64,bos=1),mpls(label=5,tc=1,ttl=64,bos=1))",
		"clone(clone(clone(clone(clone(clone(clone(clone(clone(clone(clone(clone(clone("
		"clone(clone("
		"clone(clone(clone(1))))))))))))))))))",
		"4294967296",
		"push_nsh(md2=0x123)",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct dp_actions a = DP_ACTIONS_INIT;
		if (dp_actions_from_str(bad[i], &a, NULL) >= 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(a.size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_read_and_print),
		cmocka_unit_test(bad_actions_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
