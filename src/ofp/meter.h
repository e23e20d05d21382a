/* SPDX-License-Identifier: Apache-2.0 */
/* meter: OpenFlow 1.3 5.7, 7.3.4.4. */
#pragma once
#include "base/err.h"
#include "ofp/protocol.h"

enum {
	OFPM_MAX = 0xffff0000,
	OFPM_SLOWPATH = 0xfffffffd,
	OFPM_CONTROLLER = 0xfffffffe,
	OFPM_ALL = 0xffffffff,
};
enum { OFPMF_KBPS = 1, OFPMF_PKTPS = 2, OFPMF_BURST = 4, OFPMF_STATS = 8 };
enum { OFPMBT_DROP = 1, OFPMBT_DSCP_REMARK = 2 };
enum of_meter_command { OFPMC_ADD, OFPMC_MODIFY, OFPMC_DELETE };

struct meter_band {
	uint16_t type; /* OFPMBT_* */
	uint8_t prec_level;
	uint32_t rate, burst_size; /* kb/s or packets/s; kb or packets */
};
struct meter_config {
	uint32_t meter_id;
	uint16_t flags; /* OFPMF_* */
	size_t n_bands;
	struct meter_band *bands; /* owned */
};
struct meter_mod {
	enum of_meter_command command;
	struct meter_config config;
};
void meter_config_fini(struct meter_config *);
struct meter_stats {
	uint32_t meter_id, flow_count;
	uint64_t packet_in_count, byte_in_count;
	uint32_t duration_sec, duration_nsec;
	size_t n_bands;
	struct meter_band_stats {
		uint64_t packet_count, byte_count;
	} * bands; /* owned */
};
struct meter_features {
	uint32_t max_meters;
	uint32_t band_types;   /* bit (1 << OFPMBT_*) */
	uint32_t capabilities; /* OFPMF_* */
	uint8_t max_bands, max_color;
};
/* "meter=1 kbps burst bands=type=drop rate=1000 burst_size=200". command -1: in the text. */
MUST_CHECK int meter_mod_from_str(const char *text, int command, struct meter_mod *ret,
				  uint32_t *usable, struct err *err);
