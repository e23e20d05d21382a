/* SPDX-License-Identifier: Apache-2.0 */
/* commands: ovs/route/, tnl/ports/, tnl/neigh/, tnl/arp/ and tnl/egress_port_range. */
#pragma once

void tunnel_commands_register(void);
