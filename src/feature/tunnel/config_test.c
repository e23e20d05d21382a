/* SPDX-License-Identifier: Apache-2.0 */
/* Options by a table; the texts are those of OVS 3.1 where it has one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "feature/tunnel/config.h"

static const struct {
	const char *type, *options;
	const char *normal; /* NULL: refused */
	const char *error;
} rows[] = {
	{ "gre", "", NULL, "t: gre type requires valid 'remote_ip' argument" },
	{ "gre", "remote_ip=nonsense", NULL,
	  "t: bad gre 'remote_ip'\nt: gre type requires valid 'remote_ip' argument" },
	{ "gre", "remote_ip=1.1.1.1", "remote_ip=1.1.1.1", NULL },
	{ "gre", "remote_ip=1.1.1.1 key=5", "key=5 remote_ip=1.1.1.1", NULL },
	{ "gre", "remote_ip=1.1.1.1 key=0x10", "key=16 remote_ip=1.1.1.1", NULL },
	{ "gre", "remote_ip=1.1.1.1 in_key=5 out_key=6", "in_key=5 out_key=6 remote_ip=1.1.1.1",
	  NULL },
	{ "gre", "remote_ip=1.1.1.1 key=abc", NULL,
	  "t: bad gre 'key' \"abc\": not a number, nor \"flow\"\n"
	  "t: bad gre 'key' \"abc\": not a number, nor \"flow\"" },
	{ "vxlan", "remote_ip=224.0.0.1", NULL,
	  "t: multicast remote_ip=224.0.0.1 not allowed\n"
	  "t: vxlan type requires valid 'remote_ip' argument" },
	{ "vxlan", "remote_ip=flow key=flow local_ip=flow", "key=flow local_ip=flow remote_ip=flow",
	  NULL },
	{ "vxlan", "remote_ip=1.1.1.9 local_ip=flow", NULL,
	  "t: vxlan type requires 'remote_ip=flow' with 'local_ip=flow'" },
	{ "vxlan", "remote_ip=1.1.1.9 local_ip=2001::1", NULL,
	  "t: 'remote_ip' and 'local_ip' has to be of the same address family" },
	{ "vxlan", "remote_ip=1.1.1.9 tos=inherit ttl=inherit df_default=false csum=true",
	  "csum=true df_default=false remote_ip=1.1.1.9 tos=inherit ttl=inherit", NULL },
	{ "vxlan", "remote_ip=1.1.1.9 tos=9", NULL, "t: invalid TOS 9" },
	{ "vxlan", "remote_ip=1.1.1.9 dst_port=4790", "dst_port=4790 remote_ip=1.1.1.9", NULL },
	{ "vxlan", "remote_ip=1.1.1.9 dst_port=70000", NULL,
	  "t: bad vxlan 'dst_port' \"70000\": not a UDP port" },
	{ "vxlan", "remote_ip=1.1.1.9 packet_type=xx", NULL, "t: unknown packet_type 'xx'" },
	{ "geneve", "remote_ip=2001::2", "remote_ip=2001::2", NULL },
	{ "geneve", "remote_ip=2001::2 packet_type=ptap", "packet_type=ptap remote_ip=2001::2",
	  NULL },
	{ "geneve", "remote_ip=1.1.1.1 key=16777216", NULL,
	  "t: bad geneve 'key' 16777216: does not fit in 24 bits\n"
	  "t: bad geneve 'key' 16777216: does not fit in 24 bits" },
};

static void options_parse(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct strmap m = STRMAP_INIT, out = STRMAP_INIT;
		char text[256], *save = NULL;
		str_copy(text, rows[i].options, sizeof text);
		for (char *s = strtok_r(text, " ", &save); s; s = strtok_r(NULL, " ", &save)) {
			char *eq = strchr(s, '=');
			*eq = '\0';
			strmap_put(&m, s, eq + 1);
		}
		struct tunnel_config c;
		AUTO_ERR err = ERR_INIT;
		int r = tunnel_config_parse("t", rows[i].type, &m, &c, &err);
		assert_int_equal(r == 0, rows[i].normal != NULL);
		if (r < 0) {
			assert_string_equal(err_text(&err), rows[i].error);
		} else {
			AUTO_STR s = STR_INIT;
			tunnel_config_to_map(&c, &out);
			STRMAP_FOR_EACH(e, &out)
				str_putf(&s, "%s%s=%s", s.len ? " " : "", e->key, e->value);
			assert_string_equal(str_cstr(&s), rows[i].normal);
		}
		strmap_fini(&m);
		strmap_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(options_parse) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
