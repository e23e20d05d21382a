/* SPDX-License-Identifier: Apache-2.0 */
/* group_text: groups and meters as text; parsing is in group.h and meter.h. */
#pragma once
#include "base/str.h"
#include "ofp/group.h"
#include "ofp/meter.h"
#include "ofp/version.h"

/* "group_id=1,type=all,bucket=actions=output:1": bucket ids are those of 1.5 and Nicira's 1.0. */
void group_put_text(uint32_t id, uint8_t type, const struct group_props *,
		    const struct group_bucket *, size_t n_buckets, enum of_version, bool show_type,
		    const struct ofport_names *, struct str *out);
void meter_config_put_text(const struct meter_config *, struct str *out);
void meter_id_put(uint32_t id, const char *sep, struct str *out); /* "meter=1", "meter:1" */
