/* SPDX-License-Identifier: Apache-2.0 */
/* tlv_table: which Geneve option is which tun_metadata field. Nicira's NXT_TLV_TABLE_MOD, _REQUEST
 * and _REPLY; ovs-fields(7), "Geneve Fields". */
#pragma once
#include "base/compiler.h"

enum { TLV_N_FIELDS = 64, TLV_MAX_OPT_BYTES = 124, TLV_SPACE_BYTES = 256 };

struct tlv_mapping {
	uint16_t class;
	uint8_t type, size; /* bytes: multiple of 4, 4..124 */
	uint16_t index;	    /* tun_metadata<index> */
};
enum tlv_command { TLV_ADD, TLV_DELETE, TLV_CLEAR };
struct tlv_table_mod {
	enum tlv_command command;
	size_t n;
	struct tlv_mapping *mappings; /* owned */
};
struct tlv_table_reply {
	uint32_t max_option_bytes;
	uint16_t max_fields;
	size_t n;
	struct tlv_mapping *mappings; /* owned */
};
