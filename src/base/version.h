/* SPDX-License-Identifier: Apache-2.0 */
/* version: what we are, and which Open vSwitch we stand in for: scripts and programs parse
 * "NAME (Open vSwitch) X.Y.Z" and decide by it. WEFT_VERSION comes from the build. */
#pragma once

#define OVS_COMPAT_VERSION "3.1.0"
#define VERSION_LINE(program) program " (Open vSwitch) " OVS_COMPAT_VERSION
