/* SPDX-License-Identifier: Apache-2.0 */
/* system_stats: Open_vSwitch.statistics, for other_config:enable-statistics: load, memory, file
 * systems and the two daemons, as ovs-vswitchd.conf.db(5) lists them. Reads /proc. */
#pragma once
#include "base/strmap.h"

/* The version of Open vSwitch whose programs, schema and messages are the reference. */
#define OVS_COMPATIBLE_VERSION "3.1.0"

void system_stats_read(struct strmap *ret);
