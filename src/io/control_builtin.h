/* SPDX-License-Identifier: Apache-2.0 */
/* control_builtin: the control commands that every daemon has: version, vlog/..., coverage/...,
 * memory/show, time/stop and time/warp. */
#pragma once
#include "io/control.h"

void control_builtin_register(struct loop *);
