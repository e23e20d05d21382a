/* SPDX-License-Identifier: Apache-2.0 */
/* mac_table: where stations are: (address, VLAN) -> bundle, learnt from what they send, aged,
 * bounded. IEEE 802.1Q-2018, 8.7 and 8.8.
 *
 * Threads: control lock. Entries are borrowed until the next change. */
#pragma once
#include "base/hmap.h"
#include "base/list.h"
#include "base/str.h"
#include "packet/key.h"

struct bundle;

enum { MAC_TABLE_DEFAULT_IDLE_S = 300, MAC_TABLE_DEFAULT_MAX = 8192 };

struct mac_entry {
	struct hmap_node node;
	struct list lru;       /* in mac_table.lru: least recently refreshed first */
	struct list of_bundle; /* in mac_bundle.entries, the same order */
	struct mac_bundle *owner;
	struct eth_addr mac;
	uint16_t vlan;
	bool is_static;
	int64_t refreshed_ns;
	int64_t arp_locked_until_ns; /* no move by packets that may be reflections until then */
};

struct mac_bundle { /* a bundle that has entries */
	struct hmap_node node;
	struct bundle *bundle;
	struct list entries;
	size_t n;
};

struct mac_table {
	struct hmap entries;
	struct hmap bundles;
	struct list lru;
	size_t max;
	size_t n_static;
	int64_t idle_ns;
	uint64_t n_learned, n_expired, n_evicted, n_moved;
};

struct mac_table *mac_table_new(void);
void mac_table_free(struct mac_table *);
void mac_table_configure(struct mac_table *, size_t max, unsigned idle_s);

static inline bool eth_addr_is_multicast(struct eth_addr a) { return a.b[0] & 1; }

/* NULL: unknown. */
struct mac_entry *mac_table_lookup(const struct mac_table *, struct eth_addr, uint16_t vlan);
static inline struct bundle *mac_entry_bundle(const struct mac_entry *e)
{
	return e->owner->bundle;
}
/* 'mac' sent a packet in 'vlan' on 'bundle'. True if something that decisions depend on changed.
 * 'may_be_reflected': a bond, where our own flood can come back on another member;
 * 'is_gratuitous_arp': a station announces that it moved. */
bool mac_table_learn(struct mac_table *, struct bundle *, struct eth_addr, uint16_t vlan,
		     bool may_be_reflected, bool is_gratuitous_arp);
/* Would mac_table_learn() do anything? Cheaper, changes nothing. */
bool mac_table_would_learn(const struct mac_table *, const struct bundle *, struct eth_addr,
			   uint16_t vlan, bool may_be_reflected, bool is_gratuitous_arp);
/* A static entry. True if it was new or changed. */
bool mac_table_add_static(struct mac_table *, struct bundle *, struct eth_addr, uint16_t vlan);
/* False: there is no static one. */
bool mac_table_del_static(struct mac_table *, struct eth_addr, uint16_t vlan);
/* Each returns true if anything went. Static entries stay in a flush, and go with their bundle. */
bool mac_table_flush(struct mac_table *);
bool mac_table_flush_bundle(struct mac_table *, const struct bundle *);
bool mac_table_expire(struct mac_table *); /* by age */

/* The tables of fdb/show and fdb/stats-show. */
void mac_table_show(const struct mac_table *, struct str *out);
void mac_table_show_stats(const struct mac_table *, const char *bridge, struct str *out);
void mac_table_clear_stats(struct mac_table *);
