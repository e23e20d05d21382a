/* SPDX-License-Identifier: Apache-2.0 */
/* ingress_drop: keeps what arrives on a device from the host's own IP stack, while packet sockets
 * still see it. */
#pragma once
#include "base/compiler.h"

/* A descriptor that keeps it in force until closed (also by the end of the process), or -errno. */
MUST_CHECK int ingress_drop_attach(uint32_t ifindex);
