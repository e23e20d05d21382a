/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "packet/field.h"

static void every_field_reads_what_was_written(void **state)
{
	struct tun_table t = { .ad_hoc = true };
	for (const struct field *f = field_table; f < field_table + N_FIELDS; f++) {
		struct flow_key key = { 0 }, mask = { 0 };
		union field_value v = { 0 }, got = { 0 }, ones = { 0 };
		t = (struct tun_table){ .ad_hoc = true };
		tun_table_current = &t;
		v.b[f->n_bytes - 1] = f->where == FIELD_AT_TOS ? 4 : 1;
		field_value_ones(f, &ones);
		assert_true(field_value_ok(f, &v));
		assert_true(field_value_is_ones(f, &ones));
		assert_true(field_is_wild(f, &mask));
		field_match_set(f, &v, &ones, &key, &mask);
		field_get(f, &key, &got);
		assert_memory_equal(got.b, v.b, f->n_bytes);
		if (!field_is_exact(f, &mask))
			fail_msg("%s is not exact", f->name);
		assert_false(field_is_wild(f, &mask));
		field_mask_set(f, &mask);
		field_match_clear(f, &key, &mask);
		assert_true(field_is_wild(f, &mask));
		assert_true(field_is_zero(f, &key));
		assert_ptr_equal(field_from_name(f->name, strlen(f->name)), f);
		if (f->alias)
			assert_ptr_equal(field_from_name(f->alias, strlen(f->alias)), f);
		for (unsigned i = 0; i < f->n_points; i++) {
			assert_ptr_equal(field_from_nxm(f->points[i].header), f);
			assert_ptr_equal(
				field_from_name(f->points[i].name, strlen(f->points[i].name)), f);
			assert_int_equal(field_header_body(f->points[i].header), f->n_bytes);
		}
	}
	tun_table_current = NULL;
	assert_null(field_from_name("eth_sr", 6));
	assert_null(field_from_name("", 0));
}

static void headers_follow_the_version(void **state)
{
	const struct field *f = &field_table[FIELD_ETH_SRC];
	assert_true(field_nxm_header(f, 1, false) == UINT64_C(0x0000040600000000));
	assert_true(field_nxm_header(f, 4, false) == UINT64_C(0x8000080600000000));
	assert_true(field_nxm_header(f, 4, true) == UINT64_C(0x8000090c00000000));
	f = &field_table[FIELD_TCP_FLAGS];
	assert_true(field_nxm_header(f, 3, false) == UINT64_C(0x0001440200000000));
	assert_true(field_nxm_header(f, 4, false) == UINT64_C(0xffff54064f4e4600));
	assert_true(field_nxm_header(f, 6, false) == UINT64_C(0x8000540200000000));
	f = &field_table[FIELD_NSH_SPI];
	assert_true(field_nxm_header(f, 4, false) == UINT64_C(0xffff0808005ad650));
	f = &field_table[FIELD_ND_OPTIONS_TYPE];
	assert_true(field_nxm_header(f, 4, false) == UINT64_C(0x1000040100000000));
	uint8_t b[8];
	uint64_t h;
	assert_int_equal(
		field_header_write(b, field_nxm_header(&field_table[FIELD_NSH_SPI], 4, true)), 8);
	assert_int_equal(field_header_read(b, 8, &h), 0);
	assert_ptr_equal(field_from_nxm(h), &field_table[FIELD_NSH_SPI]);
	assert_true(field_header_is_masked(h));
	assert_int_equal(field_header_body(h), 8);
	assert_true(field_header_read(b, 7, &h) < 0);
}

static const struct {
	const char *field, *in, *out; /* out NULL: an error, whose text 'in' is followed by */
} texts[] = {
	{ "reg0", "0", "0" },
	{ "reg0", "10", "0xa" },
	{ "reg0", "0x5/0xf", "0x5/0xf" },
	{ "reg0", "*", "ANY" },
	{ "dl_vlan", "5", "5" },
	{ "dl_vlan", "4096", "0" },
	{ "nw_tos", "3", "0" },
	{ "nw_src", "10.1.2.3/255.255.0.0", "10.1.2.3/16" },
	{ "nw_src", "10.1.2.3/255.0.255.0", "10.1.2.3/255.0.255.0" },
	{ "ipv6_src", "2001:db8::1/64", "2001:db8::1/64" },
	{ "eth_src", "aa:bb:cc:dd:ee:ff/ff:ff:00:00:00:00", "aa:bb:cc:dd:ee:ff/ff:ff:00:00:00:00" },
	{ "ct_state", "+trk-new", "-new+trk" },
	{ "ct_state", "new|est", "new|est" },
	{ "tcp_flags", "0x3/0x7", "+fin+syn-rst" },
	{ "tcp_flags", "7", "fin|syn|rst" },
	{ "tun_flags", "oam", "oam" },
	{ "tun_flags", "+oam", "oam" },
	{ "packet_type", "(1,0x800)", "(1,0x800)" },
	{ "nw_frag", "not_later", "not_later" },
	{ "in_port", "local", "LOCAL" },
	{ "in_port_oxm", "65534", "LOCAL" },
	{ "ct_label", "0x12345678123456781/0xffffffffffffffffffff",
	  "0x12345678123456781/0xffffffffffffffffffff" },
	{ "reg0", "foo", NULL },
	{ "reg0", "-1", NULL },
	{ "reg0", "1/2/3", NULL },
	{ "nw_src", "1.2.3", NULL },
	{ "nw_src", "1.2.3.4/33", NULL },
	{ "ct_state", "0x1ff", NULL },
	{ "eth_type", "0x800/0xf", NULL },
	{ "packet_type", "5", NULL },
	{ "in_port", "70000", NULL },
};

static void text_reads_and_prints(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct field *f = field_from_name(texts[i].field, strlen(texts[i].field));
		union field_value v, m;
		AUTO_ERR err = ERR_INIT;
		AUTO_STR out = STR_INIT;
		int r = field_value_from_str(f, texts[i].in, NULL, &v, &m, &err);
		if (!texts[i].out) {
			assert_true(r < 0);
			continue;
		}
		assert_string_equal(err_text(&err), "");
		field_value_to_str(f, &v, &m, NULL, &out);
		assert_string_equal(str_cstr(&out), texts[i].out);
	}
}

static void subfields_parse_and_move(void **state)
{
	struct subfield a, b;
	AUTO_ERR err = ERR_INIT;
	AUTO_STR out = STR_INIT;
	assert_int_equal(subfield_from_str("NXM_OF_IN_PORT[0..3]", &a, NULL), 0);
	subfield_to_str(&a, &out);
	assert_string_equal(str_cstr(&out), "NXM_OF_IN_PORT[0..3]");
	assert_true(subfield_from_str("reg0[5..32]", &a, &err) < 0);
	assert_string_equal(
		err_text(&err),
		"reg0[5..32]: ending bit 32 is not valid because field is only 32 bits wide");
	assert_true(subfield_from_str("foo[]", &a, &err) < 0);
	assert_string_equal(err_text(&err), "foo[]: unknown field `foo'");
	assert_true(subfield_from_str("reg0[5..x", &a, &err) < 0);
	assert_string_equal(err_text(&err), "reg0[5..x: syntax error expecting [] or [<bit>] or "
					    "[<start>..<end>]");
	struct flow_key key = { 0 };
	key.dl_src = (struct eth_addr){ { 1, 2, 3, 4, 5, 6 } };
	assert_int_equal(subfield_from_str("eth_src[4..35]", &a, NULL), 0);
	assert_int_equal(subfield_from_str("reg3", &b, NULL), 0);
	subfield_copy(&a, &b, &key, &key);
	assert_int_equal(key.regs[3], 0x20304050);
	assert_int_equal(subfield_from_str("xxreg0[0..47]", &b, NULL), 0);
	assert_int_equal(subfield_from_str("eth_src[]", &a, NULL), 0);
	subfield_copy(&a, &b, &key, &key);
	assert_int_equal(key.regs[2], 0x0102);
	assert_int_equal(key.regs[3], 0x03040506);
	assert_int_equal(subfield_from_str("vlan_tci[12]", &a, NULL), 0);
	subfield_set(&a, 1, &key);
	assert_int_equal(be16_to_cpu(key.vlans[0].tci), 0x1000);
	assert_int_equal(subfield_from_str("in_port_oxm[0..3]", &a, NULL), 0);
	subfield_set(&a, 5, &key);
	assert_int_equal(key.in_port, 5);
}

static void prerequisites_hold(void **state)
{
	struct flow_key key = { 0 }, mask = { 0 };
	const struct field *tcp = &field_table[FIELD_TCP_SRC];
	assert_false(field_prereqs_ok(tcp, &key, NULL));
	key.dl_type = BE16_C(0x86dd);
	key.nw_proto = 6;
	assert_true(field_prereqs_ok(tcp, &key, NULL));
	assert_false(field_prereqs_ok(tcp, &key, &mask));
	field_mask_prereqs(tcp, &key, &mask);
	assert_true(field_prereqs_ok(tcp, &key, &mask));
	assert_false(field_prereqs_ok(&field_table[FIELD_UDP_SRC], &key, NULL));
	assert_false(field_prereqs_ok(&field_table[FIELD_ICMP_TYPE], &key, NULL));
}

static void tlv_table_places_options(void **state)
{
	struct tun_table t = { 0 };
	assert_int_equal(tun_table_add(&t, 0, 0x102, 3, 8), 0);
	assert_int_equal(tun_table_add(&t, 5, 0x102, 4, 4), 0);
	assert_true(tun_table_add(&t, 6, 0x102, 4, 4) < 0);
	assert_true(tun_table_add(&t, 7, 0x102, 5, 3) < 0);
	uint8_t raw[256] = { 0x01, 0x02, 4, 1, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x02,
			     3,	   2,	 1, 2, 3,    4,	   5,	 6,    7,    8 };
	struct flow_key key = { 0 };
	tun_opts_to_key(&t, raw, 20, &key);
	assert_true(key.tunnel.opts_present == 0x21);
	tun_table_current = &t;
	union field_value v;
	field_get(&field_table[FIELD_TUN_METADATA5], &key, &v);
	assert_int_equal(v.b[123], 0xef);
	uint8_t back[256];
	assert_int_equal(tun_opts_from_key(&t, &key, back), 20);
	assert_memory_equal(back, raw + 8, 12);
	tun_opts_to_key(&t, raw, 7, &key); /* cut short: nothing is read beyond it */
	assert_true(key.tunnel.opts_present == 0);
	tun_table_current = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_reads_what_was_written),
		cmocka_unit_test(headers_follow_the_version),
		cmocka_unit_test(text_reads_and_prints),
		cmocka_unit_test(subfields_parse_and_move),
		cmocka_unit_test(prerequisites_hold),
		cmocka_unit_test(tlv_table_places_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
