/* SPDX-License-Identifier: Apache-2.0 */
/* key_attr: private to key_text.c and key_parse.c: which members of a key are written under which
 * name. One table serves printing and parsing. */
#pragma once
#include "packet/key_text.h"

enum key_item_kind {
	ITEM_U8, /* decimal; so are all whose kind does not say hex */
	ITEM_U8_HEX,
	ITEM_BE16,
	ITEM_BE16_LOW, /* an octet in a be16: ICMP type and code */
	ITEM_BE32,
	ITEM_BE32_HEX,
	ITEM_BE32_HEX8, /* the mask has eight digits: NSH context */
	ITEM_ETH,
	ITEM_IP4,
	ITEM_IP6,
	ITEM_FRAG,
	ITEM_NSH_SPI,
	ITEM_NSH_SI,
};

struct key_item {
	const char *name;
	enum key_item_kind kind;
	uint16_t ofs;
};

enum { KEY_ATTR_MAX_ITEMS = 10 };
struct key_attr_def {
	const char *name;
	struct key_item items[KEY_ATTR_MAX_ITEMS + 1];
};
extern const struct key_attr_def key_attrs[N_KEY_ATTRS];

struct key_tun_flag {
	const char *name;
	uint16_t bit;
};
extern const struct key_tun_flag key_tun_flags[4];
#define KEY_TUN_FLAGS_ALL (TUN_F_DF | TUN_F_CSUM | TUN_F_KEY | TUN_F_OAM)
