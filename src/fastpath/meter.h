/* SPDX-License-Identifier: Apache-2.0 */
/* meter: token buckets that datapath actions name by number (DPA_METER). Numbers belong to whoever
 * asks for them; they are not OpenFlow's.
 * Threads: dp_meter_run() anywhere; the rest under the control lock. */
#pragma once
#include "base/err.h"
#include "packet/packet.h"

enum { DP_METER_MAX = 65536, DP_METER_MAX_BANDS = 8 };
enum dp_meter_band_type { DP_METER_BAND_DROP, DP_METER_BAND_DSCP_REMARK };
struct dp_meter_band {
	enum dp_meter_band_type type;
	uint32_t rate;	    /* kilobits or packets a second */
	uint32_t burst;	    /* kilobits or packets; 0: one second's worth */
	uint8_t prec_level; /* DSCP_REMARK: by how much the drop precedence grows */
};
struct dp_meter_config {
	bool per_packet; /* else per kilobit */
	unsigned n_bands;
	struct dp_meter_band bands[DP_METER_MAX_BANDS];
};
struct dp_meter_stats {
	uint64_t n_packets, n_bytes;
	int64_t created_ns;
	unsigned n_bands;
	struct {
		uint64_t n_packets, n_bytes;
	} bands[DP_METER_MAX_BANDS];
};

/* Adds a meter and gives it a number. -ENOSPC: all numbers are in use. */
MUST_CHECK int dp_meter_add(const struct dp_meter_config *, uint32_t *ret_id);
/* Keeps the counters. -ENOENT. */
MUST_CHECK int dp_meter_modify(uint32_t id, const struct dp_meter_config *);
/* Packets that still name it pass. Harmless if there is none. */
void dp_meter_del(uint32_t id);
MUST_CHECK int dp_meter_get_stats(uint32_t id, struct dp_meter_stats *ret);
/* Counts the packet; false: over the rate of a drop band. May remark it. */
bool dp_meter_run(uint32_t id, struct packet *, int64_t now_ns);
