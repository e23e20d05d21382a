/* SPDX-License-Identifier: Apache-2.0 */
/* register: makes the user-space fast path known as "netdev" and "system", and as "dummy" if asked
 * for (--enable-dummy). An eBPF "system" registers after this and takes its place, unless "system"
 * is simulated. */
#pragma once
#include "fastpath/fastpath.h"

void fastpath_user_register(enum port_dummy);
/* What "system" is where BPF may not be loaded. */
const struct fastpath_ops *fastpath_user_system_ops(void);
