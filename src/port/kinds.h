/* SPDX-License-Identifier: Apache-2.0 */
/* kinds: the tables of functions in this folder; for port.c. */
#pragma once
#include "port/port.h"

extern const struct port_ops port_system_ops, port_internal_ops, port_tap_ops, port_sim_ops,
	port_sim_internal_ops;

/* tap.c: see port_keep_devices() and port_sweep_devices(). */
void tap_keep_devices(bool keep);
bool tap_keeps_devices(void);
void tap_sweep_devices(void);
/* sim_control.c: netdev-dummy/ commands. */
void sim_register_commands(void);
