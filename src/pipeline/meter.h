/* SPDX-License-Identifier: Apache-2.0 */
/* meter: OpenFlow meters of a bridge (OpenFlow 1.3 5.7), on top of the datapath's
 * (fastpath/meter.h), whose numbers are in DPA_METER. Threads: control lock. */
#pragma once
#include "base/hmap.h"
#include "ofp/switch.h"

struct pipeline;

struct meter {
	struct hmap_node node;
	struct meter_config config;
	uint32_t dp_meter;
	int64_t created_ns;
};
struct meter_table {
	struct hmap meters; /* by id */
};
enum { METER_MAX_ID = 65536, METER_MAX_BANDS = 8 };
struct meter_table *meter_table_new(void);
void meter_table_free(struct meter_table *);
struct meter *meter_lookup(const struct pipeline *, uint32_t id);
MUST_CHECK int meter_mod_apply(struct pipeline *, const struct meter_mod *);
/* Counters; ret->bands is owned by the caller. */
void meter_read(const struct meter *, struct meter_stats *ret);
