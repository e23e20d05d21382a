/* SPDX-License-Identifier: Apache-2.0 */
/* meter: OpenFlow meters of a bridge and the token buckets behind them. OpenFlow 1.3 5.7.
 * A meter has an id in its bridge and another, the one in DPA_METER, in the datapath. */
#pragma once
#include "base/hmap.h"
#include "ofp/switch.h"

struct pipeline;

struct meter_band_state {
	uint64_t tokens; /* bits or thousandths of a packet */
	uint64_t n_packets, n_bytes;
};
struct meter {
	struct hmap_node node;
	struct meter_config config;
	uint32_t dp_meter;
	int64_t created_ns, last_fill_ns;
	uint64_t n_packets, n_bytes;
	struct meter_band_state *bands;
	uint32_t n_users;
};
struct meter_table {
	struct hmap meters; /* by id */
};
enum { METER_MAX_ID = 65536 };
struct meter_table *meter_table_new(void);
void meter_table_free(struct meter_table *);
struct meter *meter_lookup(const struct pipeline *, uint32_t id);
MUST_CHECK int meter_mod_apply(struct pipeline *, const struct meter_mod *);
/* For fast paths, on any thread: may 'n_packets' of 'n_bytes' in all pass? *ret_dscp_remark: how many
 * levels of drop precedence to add; 0: none. A meter that is gone lets everything pass. */
bool meter_run(uint32_t dp_meter, uint64_t n_packets, uint64_t n_bytes, uint8_t *ret_dscp_remark);
