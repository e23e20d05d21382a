/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/err.h"
#include "base/str.h"

/* The command itself; argv[0] is its name. */
MUST_CHECK int trace_command_run(int argc, const char *argv[], bool packet_out, struct str *out,
				 struct err *err);
/* ofproto/trace, ofproto/trace-packet-out. Once; pipeline_commands_register() calls it. */
void trace_commands_register(void);
