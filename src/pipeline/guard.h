/* SPDX-License-Identifier: Apache-2.0 */
/* guard: a bridge's loop guard (feature/loopguard), wired to the bridge's tunnel ports: which VLANs
 * they carry, how probes leave, what happens when the guard decides. */
#pragma once
#include "pipeline/pipeline.h"

/* The bridge's setting changed: all its ports join, or the guard ends. */
void guard_update(struct pipeline *);
void guard_free(struct pipeline *);
/* The port, or its bundle, changed. */
void guard_update_port(struct ofport *);
void guard_forget_port(struct ofport *);
/* May a frame of 'vlan' that came in on 'in' go out of 'out'? 'in' may be NULL. */
bool guard_may_pass(const struct ofport *in, const struct ofport *out, uint16_t vlan);
