/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ofp/action.h"

/* What goes in, and what is printed; NULL: the same. */
static const struct {
	const char *in, *out;
} cases[] = {
	{ "1,LOCAL,normal,flood,all,in_port,table,controller,controller:5",
	  "output:1,LOCAL,NORMAL,FLOOD,ALL,IN_PORT,TABLE,CONTROLLER:65535,CONTROLLER:5" },
	{ "", "drop" },
	{ "output:NXM_NX_REG0[3..5]", NULL },
	{ "output(port=1,max_len=100)", NULL },
	{ "controller(reason=no_match,max_len=128,id=3)", NULL },
	{ "controller(userdata=01.02.03,pause)", NULL },
	{ "controller(meter_id=5)", NULL },
	{ "controller(id=0)", "CONTROLLER:65535" },
	{ "enqueue(1,2)", "enqueue:1:2" },
	{ "bundle(eth_src,0,active_backup,ofport,members:2,3)", NULL },
	{ "bundle_load(eth_src,0,hrw,ofport,NXM_NX_REG0[],slaves:2)",
	  "bundle_load(eth_src,0,hrw,ofport,NXM_NX_REG0[],members:2)" },
	{ "mod_vlan_vid:5,set_vlan_vid:5,mod_vlan_pcp:3,set_vlan_pcp:3", NULL },
	{ "pop_vlan,push_vlan:0x8100", "strip_vlan,push_vlan:0x8100" },
	{ "mod_dl_src:1:2:3:4:5:6,mod_nw_src:1.2.3.4",
	  "mod_dl_src:01:02:03:04:05:06,mod_nw_src:1.2.3.4" },
	{ "mod_nw_tos:4,mod_nw_ecn:1,mod_nw_ttl:3,mod_tp_src:80,mod_tp_dst:81", NULL },
	{ "dec_ttl,dec_ttl(1,2)", NULL },
	{ "push_mpls:0x8847,set_mpls_label(3),set_mpls_tc(2),set_mpls_ttl(4),dec_mpls_ttl,pop_mpls:"
	  "0x0800",
	  NULL },
	{ "set_tunnel:5,set_tunnel64:5,set_tunnel:0x100000000",
	  "set_tunnel:0x5,set_tunnel64:0x5,set_tunnel64:0x100000000" },
	{ "set_queue:3,pop_queue,fin_timeout(idle_timeout=1,hard_timeout=2)", NULL },
	{ "resubmit:1,resubmit(1,2),resubmit(,2),resubmit(,2,ct),resubmit(1),resubmit(LOCAL,3)",
	  "resubmit:1,resubmit(1,2),resubmit(,2),resubmit(,2,ct),resubmit:1,resubmit(LOCAL,3)" },
	{ "conjunction(3,1/2)", NULL },
	{ "multipath(symmetric_l3l4+udp,50,iter_hash,10,3,NXM_NX_REG0[0..10])", NULL },
	{ "note:0102,exit", "note:01.02,exit" },
	{ "sample(probability=5,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=1,"
	  "egress)",
	  NULL },
	{ "clone(output:1,set_field:1.2.3.4->nw_src)",
	  "clone(output:1,set_field:1.2.3.4->ip_src)" },
	{ "clone()", "clone(drop)" },
	{ "check_pkt_larger(100)->NXM_NX_REG0[0]", NULL },
	{ "ct,ct(commit),ct(nat)", "ct(),ct(commit),ct(nat)" },
	{ "ct(commit,force,zone=NXM_NX_REG0[0..15],table=4)",
	  "ct(commit,force,table=4,zone=NXM_NX_REG0[0..15])" },
	{ "ct(commit,nat(dst=1.2.3.4:80,persistent,hash))", NULL },
	{ "ct(commit,nat(src=1.2.3.4-1.2.3.8),exec(load:0x5->NXM_NX_CT_MARK[]),alg=ftp)", NULL },
	{ "ct(commit,nat(src=[::1]-[::2]:5-7))", NULL },
	{ "ct_clear", NULL },
	{ "encap(nsh(md_type=1)),encap(ethernet),decap(),dec_nsh_ttl", NULL },
	{ "encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))", NULL },
	{ "decap(packet_type(ns=0,type=0))", NULL },
	{ "delete_field:tun_metadata0", NULL },
	{ "meter:3,output:1", NULL },
	{ "clear_actions,write_actions(output:1,group:4),write_metadata:0x5/0x7,goto_table:4",
	  NULL },
	{ "push:NXM_NX_REG0[],pop:NXM_NX_REG0[3..5]", NULL },
	{ "set_field:5/7->reg0", "set_field:0x5/0x7->reg0" },
	{ "load:5->reg0[0..3],load:0->reg1[]",
	  "load:0x5->NXM_NX_REG0[0..3],load:0->NXM_NX_REG1[]" },
	{ "move:reg0[]->reg1[]", "move:NXM_NX_REG0[]->NXM_NX_REG1[]" },
	{ "learn(table=1,idle_timeout=1,hard_timeout=2,fin_idle_timeout=3,fin_hard_timeout=4,"
	  "priority=5,"
	  "cookie=6,send_flow_rem,delete_learned,limit=3,result_dst=reg0[0],NXM_OF_VLAN_TCI[0..11],"
	  "eth_type=0x800,reg3[0..3]=5,load:reg1[]->reg2[],output:reg3[])",
	  "learn(table=1,idle_timeout=1,hard_timeout=2,fin_idle_timeout=3,fin_hard_timeout=4,"
	  "priority=5,"
	  "send_flow_rem,delete_learned,cookie=0x6,limit=3,result_dst=NXM_NX_REG0[0],"
	  "NXM_OF_VLAN_TCI[0..11],eth_type=0x800,NXM_NX_REG3[0..3]=0x5,"
	  "load:NXM_NX_REG1[]->NXM_NX_REG2[],output:NXM_NX_REG3[])" },
	{ "learn(eth_src=eth_dst,reg0=5,in_port=3,NXM_OF_ETH_SRC[]=1:2:3:4:5:6)",
	  "learn(table=1,NXM_OF_ETH_SRC[]=NXM_OF_ETH_DST[],reg0=0x5,in_port=3,"
	  "eth_src=01:02:03:04:05:06)" },
	{ "learn(load:0x123456789012345678->xxreg0[])",
	  "learn(table=1,load:0x123456789012345678->NXM_NX_XXREG0[])" },
};

static void test_text(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_OF_ACTIONS list = OF_ACTIONS_INIT, again = OF_ACTIONS_INIT;
		AUTO_ERR err = ERR_INIT;
		AUTO_STR out = STR_INIT;
		int r = of_actions_from_str(cases[i].in, NULL, false, &list, NULL, &err);
		if (r)
			print_message("%s: %s\n", cases[i].in, err_text(&err));
		assert_int_equal(r, 0);
		of_actions_put_text(list.data, list.size, NULL, &out);
		assert_string_equal(str_cstr(&out), cases[i].out ? cases[i].out : cases[i].in);
		/* What is printed is read back as the same list. */
		r = of_actions_from_str(str_cstr(&out), NULL, false, &again, NULL, &err);
		if (r)
			print_message("%s: %s\n", str_cstr(&out), err_text(&err));
		assert_int_equal(r, 0);
		AUTO_STR out2 = STR_INIT;
		of_actions_put_text(again.data, again.size, NULL, &out2);
		assert_string_equal(str_cstr(&out2), str_cstr(&out));
	}
}

static const struct {
	const char *in, *error;
} errors[] = {
	{ "drop,output:1", "\"drop\" must not be accompanied by any other action or instruction" },
	{ "goto_table:300", "unknown table \"300\"" },
	{ "output:1,goto_table:3,output:2", "invalid instruction ordering: apply_actions must "
					    "appear before goto_table, for OpenFlow 1.1+ "
					    "compatibility" },
	{ "resubmit(,300)", "300: resubmit to unknown table" },
	{ "set_field:5", "5: missing `->'" },
	{ "set_field:5->foo", "foo is not a valid OXM field name" },
	{ "set_field:5->ct_state", "ct_state is read-only" },
	{ "load:5->reg0[0..1]", "5->reg0[0..1]: value 0x5 does not fit into 2 bits" },
	{ "output:70000", "70000: output to unknown port" },
	{ "foo", "unknown action foo" },
	{ "mod_vlan_vid:5000", "5000: not a valid VLAN VID" },
	{ "mod_nw_tos:300", "invalid TOS \"300\"" },
	{ "move:reg0[]->reg1[0..5]",
	  "reg0[]->reg1[0..5]: source field is 32 bits wide but destination is 6 bits wide" },
	{ "move:foo[]->reg0[]", "foo[]->reg0[]: unknown field `foo'" },
	{ "ct(foo)", "invalid argument to \"ct\" action: `foo'" },
	{ "ct(nat(foo))", "invalid key \"foo\" in \"nat\" argument" },
	{ "ct(nat(src=foo))", "garbage (oo) after nat range \"foo\" (pos: 1)" },
	{ "ct(exec(output:1))", "ct action doesn't support nested action output" },
	{ "nat", "Cannot have NAT action outside of \"ct\" action" },
	{ "set_field:5->ct_mark", "cannot set CT fields outside of ct action" },
	{ "learn(foo=3)", "foo=3: unknown keyword foo" },
	{ "learn(reg0[]=reg1[0..3])",
	  "reg0[]=reg1[0..3]: bit widths of reg0[] (4) and reg1[0..3] (32) differ" },
	{ "learn(reg0[0..3]=77)",
	  "reg0[0..3]=77: reg0[0..3] value 77 cannot be parsed as a subfield (77: unknown field "
	  "`77') or an "
	  "immediate value (reg0[0..3]=77: value 0x4d does not fit into 4 bits)" },
	{ "conjunction(1,0/2)", "clause index must be positive" },
	{ "output(port=controller,max_len=100)",
	  "output to unsupported truncate port: controller" },
	{ "controller(foo=1)", "unknown key \"foo\" parsing controller action" },
	{ "push_vlan:0x1234", "0x1234: not a valid VLAN ethertype" },
	{ "bundle(eth_src,0,hrw,ofport)",
	  "eth_src,0,hrw,ofport: not enough arguments to bundle action" },
	{ "encap(foo)", "Encap hdr not supported: " },
	{ "group:foo", "invalid numeric format foo" },
};

static void test_errors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		AUTO_OF_ACTIONS list = OF_ACTIONS_INIT;
		AUTO_ERR err = ERR_INIT;
		int r = of_actions_from_str(errors[i].in, NULL, false, &list, NULL, &err);
		assert_true(r < 0);
		assert_string_equal(err_text(&err), errors[i].error);
		assert_int_equal(list.size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
