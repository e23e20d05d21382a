/* SPDX-License-Identifier: Apache-2.0 */
/* A hash by address and VLAN, and two orders by age: one of all entries, for expiry from the front,
 * and one a bundle, so that a full table takes the oldest entry of the bundle that has most: a
 * guest that floods the switch with made-up addresses then only evicts its own. */
#include "pipeline/mac_table.h"
#include <inttypes.h>
#include <stdio.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "pipeline/pipeline.h"

/* After a gratuitous ARP from a station behind us, copies of it may come back through a bond. */
#define ARP_LOCK_NS (5 * NS_PER_SEC)

static uint32_t entry_hash(struct eth_addr mac, uint16_t vlan)
{
	uint64_t x = 0;
	memcpy(&x, mac.b, 6);
	return hash_u64(x << 16 | vlan, hash_secret());
}

struct mac_table *mac_table_new(void)
{
	struct mac_table *t = xzalloc(sizeof *t);
	hmap_init(&t->entries);
	hmap_init(&t->bundles);
	list_init(&t->lru);
	mac_table_configure(t, MAC_TABLE_DEFAULT_MAX, MAC_TABLE_DEFAULT_IDLE_S);
	return t;
}

static void entry_free(struct mac_table *t, struct mac_entry *e)
{
	struct mac_bundle *b = e->owner;
	hmap_remove(&t->entries, &e->node);
	list_remove(&e->lru);
	list_remove(&e->of_bundle);
	t->n_static -= e->is_static;
	free(e);
	if (--b->n == 0) {
		hmap_remove(&t->bundles, &b->node);
		free(b);
	}
}

void mac_table_free(struct mac_table *t)
{
	if (!t)
		return;
	struct mac_entry *e;
	LIST_FOR_EACH_SAFE(e, &t->lru, lru)
		entry_free(t, e);
	hmap_fini(&t->entries);
	hmap_fini(&t->bundles);
	free(t);
}

static struct mac_bundle *bundle_lookup(const struct mac_table *t, const struct bundle *bundle)
{
	struct mac_bundle *b;
	HMAP_FOR_EACH_WITH_HASH(b, &t->bundles, hash_ptr(bundle, 0), node)
		if (b->bundle == bundle)
			return b;
	return NULL;
}

static void entry_set_bundle(struct mac_table *t, struct mac_entry *e, struct bundle *bundle)
{
	struct mac_bundle *old = e->owner, *b = bundle_lookup(t, bundle);
	if (!b) {
		b = xzalloc(sizeof *b);
		b->bundle = bundle;
		list_init(&b->entries);
		hmap_insert(&t->bundles, &b->node, hash_ptr(bundle, 0));
	}
	if (old)
		list_remove(&e->of_bundle);
	list_push_back(&b->entries, &e->of_bundle);
	b->n++;
	e->owner = b;
	if (old && --old->n == 0) {
		hmap_remove(&t->bundles, &old->node);
		free(old);
	}
}

/* Of the bundle with most learnt entries, its oldest. */
static bool evict_one(struct mac_table *t)
{
	struct mac_bundle *b, *most = NULL;
	HMAP_FOR_EACH(b, &t->bundles, node)
		if (!most || b->n > most->n)
			most = b;
	struct mac_entry *e;
	if (most)
		LIST_FOR_EACH(e, &most->entries, of_bundle)
			if (!e->is_static) {
				entry_free(t, e);
				t->n_evicted++;
				return true;
			}
	LIST_FOR_EACH(e, &t->lru, lru)
		if (!e->is_static) {
			entry_free(t, e);
			t->n_evicted++;
			return true;
		}
	return false;
}

void mac_table_configure(struct mac_table *t, size_t max, unsigned idle_s)
{
	t->max = CLAMP(max, 10, 1000000);
	t->idle_ns = (int64_t)CLAMP(idle_s, 15, 3600) * NS_PER_SEC;
	while (hmap_count(&t->entries) > t->max && evict_one(t))
		;
}

struct mac_entry *mac_table_lookup(const struct mac_table *t, struct eth_addr mac, uint16_t vlan)
{
	struct mac_entry *e;
	HMAP_FOR_EACH_WITH_HASH(e, &t->entries, entry_hash(mac, vlan), node)
		if (e->vlan == vlan && !memcmp(&e->mac, &mac, sizeof mac))
			return e;
	return NULL;
}

static struct mac_entry *entry_new(struct mac_table *t, struct bundle *bundle, struct eth_addr mac,
				   uint16_t vlan)
{
	if (hmap_count(&t->entries) >= t->max && !evict_one(t))
		return NULL;
	struct mac_entry *e = xzalloc(sizeof *e);
	e->mac = mac;
	e->vlan = vlan;
	e->refreshed_ns = clock_mono_ns();
	hmap_insert(&t->entries, &e->node, entry_hash(mac, vlan));
	list_push_back(&t->lru, &e->lru);
	entry_set_bundle(t, e, bundle);
	return e;
}

static bool may_move(const struct mac_entry *e, bool may_be_reflected)
{
	return !may_be_reflected || clock_mono_ns() >= e->arp_locked_until_ns;
}

bool mac_table_would_learn(const struct mac_table *t, const struct bundle *bundle,
			   struct eth_addr mac, uint16_t vlan, bool may_be_reflected,
			   bool is_gratuitous_arp)
{
	if (eth_addr_is_multicast(mac))
		return false;
	const struct mac_entry *e = mac_table_lookup(t, mac, vlan);
	if (!e)
		return true;
	if (e->is_static)
		return false;
	return e->owner->bundle == bundle || may_move(e, may_be_reflected) || is_gratuitous_arp;
}

bool mac_table_learn(struct mac_table *t, struct bundle *bundle, struct eth_addr mac, uint16_t vlan,
		     bool may_be_reflected, bool is_gratuitous_arp)
{
	if (eth_addr_is_multicast(mac))
		return false;
	int64_t now = clock_mono_ns();
	struct mac_entry *e = mac_table_lookup(t, mac, vlan);
	bool changed = false;
	if (!e) {
		e = entry_new(t, bundle, mac, vlan);
		if (!e)
			return false;
		t->n_learned++;
		changed = true;
	} else if (e->is_static) {
		return false;
	}
	if (is_gratuitous_arp) {
		if (!may_be_reflected)
			e->arp_locked_until_ns = now + ARP_LOCK_NS;
		else if (now < e->arp_locked_until_ns)
			return changed; /* our own, coming back */
	}
	if (e->owner->bundle != bundle) {
		if (!may_move(e, may_be_reflected))
			return changed;
		entry_set_bundle(t, e, bundle);
		t->n_moved++;
		changed = true;
	}
	e->refreshed_ns = now;
	list_remove(&e->lru);
	list_push_back(&t->lru, &e->lru);
	list_remove(&e->of_bundle);
	list_push_back(&e->owner->entries, &e->of_bundle);
	return changed;
}

bool mac_table_add_static(struct mac_table *t, struct bundle *bundle, struct eth_addr mac,
			  uint16_t vlan)
{
	struct mac_entry *e = mac_table_lookup(t, mac, vlan);
	bool changed = false;
	if (!e) {
		e = entry_new(t, bundle, mac, vlan);
		if (!e)
			return false;
		changed = true;
	}
	if (!e->is_static) {
		e->is_static = true;
		t->n_static++;
		changed = true;
	}
	if (e->owner->bundle != bundle) {
		entry_set_bundle(t, e, bundle);
		changed = true;
	}
	return changed;
}

bool mac_table_del_static(struct mac_table *t, struct eth_addr mac, uint16_t vlan)
{
	struct mac_entry *e = mac_table_lookup(t, mac, vlan);
	if (!e || !e->is_static)
		return false;
	entry_free(t, e);
	return true;
}

bool mac_table_flush(struct mac_table *t)
{
	struct mac_entry *e;
	bool any = false;
	LIST_FOR_EACH_SAFE(e, &t->lru, lru) {
		if (!e->is_static) {
			entry_free(t, e);
			any = true;
		}
	}
	return any;
}

bool mac_table_flush_bundle(struct mac_table *t, const struct bundle *bundle)
{
	struct mac_bundle *b = bundle_lookup(t, bundle);
	if (!b)
		return false;
	/* The last entry takes 'b' along. */
	for (size_t n = b->n; n-- > 0;)
		entry_free(t, LIST_ENTRY(b->entries.next, struct mac_entry, of_bundle));
	return true;
}

bool mac_table_expire(struct mac_table *t)
{
	int64_t oldest = clock_mono_ns() - t->idle_ns;
	struct mac_entry *e;
	bool any = false;
	LIST_FOR_EACH_SAFE(e, &t->lru, lru) {
		if (e->is_static)
			continue;
		if (e->refreshed_ns > oldest)
			break;
		entry_free(t, e);
		t->n_expired++;
		any = true;
	}
	return any;
}

void mac_table_show(const struct mac_table *t, struct str *out)
{
	const struct mac_entry *e;
	int64_t now = clock_mono_ns();
	str_puts(out, " port  VLAN  MAC                Age\n");
	LIST_FOR_EACH(e, &t->lru, lru) {
		const struct bundle *b = e->owner->bundle;
		char port[16] = "?";
		if (!list_is_empty(&b->ports)) {
			const struct ofport *p =
				LIST_ENTRY(b->ports.next, struct ofport, bundle_node);
			if (p->ofport == OFPORT_LOCAL)
				str_copy(port, "LOCAL", sizeof port);
			else
				snprintf(port, sizeof port, "%" PRIu32, p->ofport);
		}
		str_putf(out, "%5s  %4d  %02x:%02x:%02x:%02x:%02x:%02x  ", port, e->vlan,
			 e->mac.b[0], e->mac.b[1], e->mac.b[2], e->mac.b[3], e->mac.b[4],
			 e->mac.b[5]);
		if (e->is_static)
			str_puts(out, "static\n");
		else
			str_putf(out, "%3lld\n", (long long)(now - e->refreshed_ns) / NS_PER_SEC);
	}
}

void mac_table_show_stats(const struct mac_table *t, const char *bridge, struct str *out)
{
	str_putf(out, "Statistics for bridge \"%s\":\n", bridge);
	str_putf(out, "  Current/maximum MAC entries in the table: %zu/%zu\n",
		 hmap_count(&t->entries), t->max);
	str_putf(out, "  Current static MAC entries in the table : %zu\n", t->n_static);
	str_putf(out, "  Total number of learned MAC entries     : %" PRIu64 "\n", t->n_learned);
	str_putf(out, "  Total number of expired MAC entries     : %" PRIu64 "\n", t->n_expired);
	str_putf(out, "  Total number of evicted MAC entries     : %" PRIu64 "\n", t->n_evicted);
	str_putf(out, "  Total number of port moved MAC entries  : %" PRIu64 "\n", t->n_moved);
}

void mac_table_clear_stats(struct mac_table *t)
{
	t->n_learned = t->n_expired = t->n_evicted = t->n_moved = 0;
}
