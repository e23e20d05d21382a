/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a flow, a group and a meter; a flow that is taken is built in every form it has. */
#include "ofp/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tun_table table = { .ad_hoc = true };
	tun_table_current = &table;
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	uint32_t usable = OFPROTO_ANY, other = OFPROTO_ANY;
	struct flow_mod fm;
	if (flow_mod_from_str(text, -1, NULL, &fm, &acts, &usable, NULL) == 0) {
		for (uint32_t p = 1; p <= OFPROTO_OXM15; p <<= 1) {
			AUTO_BYTES b = BYTES_INIT;
			if (usable & p)
				(void)!flow_mod_build(&b, &fm, p, 1);
		}
	}
	struct group_mod gm;
	if (group_mod_from_str(text, -1, NULL, &gm, &other, NULL) == 0)
		group_mod_fini(&gm);
	struct meter_mod mm;
	if (meter_mod_from_str(text, OFPMC_ADD, &mm, &other, NULL) == 0)
		meter_config_fini(&mm.config);
	return 0;
}
