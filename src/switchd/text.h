/* SPDX-License-Identifier: Apache-2.0 */
/* text: the few values that configuration gives as text and that belong to nobody else. */
#pragma once
#include "base/compiler.h"
#include "packet/key.h"

/* "xx:xx:xx:xx:xx:xx" and nothing else. */
bool eth_addr_from_text(const char *s, struct eth_addr *ret);
void eth_addr_to_text(struct eth_addr, char buf[18]);
static inline bool eth_addr_is_multicast_(struct eth_addr a) { return a.b[0] & 1; }

/* other_config:datapath-id: exactly 16 hex digits, or 0x and up to 16; never 0. */
bool datapath_id_from_text(const char *s, uint64_t *ret);
