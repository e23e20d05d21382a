/* SPDX-License-Identifier: Apache-2.0 */
/* vswitch_schema: the schema of the Open_vSwitch database as JSON text, made from
 * gen/vswitch.schema; the same text is installed as vswitch.ovsschema. */
#pragma once

extern const char vswitch_schema_json[];
