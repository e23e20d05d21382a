/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles: the Port rows of a bridge. */
#include <errno.h>
#include "base/hash.h"
#include "base/mem.h"
#include "pipeline/guard.h"
#include "pipeline/mac_table.h"
#include "pipeline/mirror.h"
#include "pipeline/pipeline.h"

struct bundle *pipeline_bundle_lookup(const struct pipeline *p, const char *name)
{
	struct bundle *b;
	HMAP_FOR_EACH_WITH_HASH(b, &p->bundles, hash_str(name, 0), node)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}

static bool bitmap_set(uint64_t **dst, const uint64_t *src)
{
	size_t size = 64 * sizeof **dst;
	if (!src ? !*dst : *dst && !memcmp(*dst, src, size))
		return false;
	free(*dst);
	*dst = src ? xmemdup(src, size) : NULL;
	return true;
}

static void update_protected(struct pipeline *p)
{
	struct bundle *b;
	p->protected_ports = false;
	HMAP_FOR_EACH(b, &p->bundles, node)
		p->protected_ports |= b->is_protected;
}

static bool members_equal(const struct bundle *b, const struct bundle_config *c)
{
	size_t i = 0;
	struct ofport *o;
	LIST_FOR_EACH(o, &b->ports, bundle_node)
		if (i >= c->n_ofports || c->ofports[i++] != o->ofport)
			return false;
	return i == c->n_ofports;
}

static void remove_members(struct bundle *b)
{
	struct ofport *o;
	LIST_FOR_EACH_SAFE(o, &b->ports, bundle_node) {
		list_remove(&o->bundle_node);
		o->bundle = NULL;
	}
}

int pipeline_bundle_put(struct pipeline *p, const struct bundle_config *c, struct err *err)
{
	for (size_t i = 0; i < c->n_ofports; i++)
		if (!pipeline_port_lookup(p, c->ofports[i]))
			return err_set(err, -ENODEV, "bundle %s: bridge %s has no port %u", c->name,
				       p->name, c->ofports[i]);
	if (c->vlan < -1 || c->vlan > 4095)
		return err_set(err, -EINVAL, "bundle %s: %d is no VLAN", c->name, c->vlan);

	struct bundle *b = pipeline_bundle_lookup(p, c->name);
	bool changed = !b;
	if (!b) {
		b = xzalloc(sizeof *b);
		b->pipeline = p;
		b->name = xstrdup(c->name);
		list_init(&b->ports);
		hmap_insert(&p->bundles, &b->node, hash_str(b->name, 0));
		list_push_back(&p->bundles_in_order, &b->order_node);
	}
	bool vlans = bitmap_set(&b->trunks, c->trunks);
	vlans |= bitmap_set(&b->cvlans, c->cvlans);
	uint16_t ethertype = c->qinq_ethertype ? c->qinq_ethertype : 0x88a8;
	vlans |= b->vlan_mode != c->vlan_mode || b->vlan != c->vlan;
	changed |= vlans || b->qinq_ethertype != ethertype ||
		   b->priority_tags != c->priority_tags || b->is_protected != c->is_protected ||
		   b->bond != c->bond || b->bond_arg != c->bond_arg;
	b->vlan_mode = c->vlan_mode;
	b->vlan = c->vlan;
	b->qinq_ethertype = ethertype;
	b->priority_tags = c->priority_tags;
	b->is_protected = c->is_protected;
	b->bond = c->bond;
	b->bond_arg = c->bond_arg;
	if (!members_equal(b, c)) {
		changed = true;
		remove_members(b);
		for (size_t i = 0; i < c->n_ofports; i++) {
			struct ofport *o = pipeline_port_lookup(p, c->ofports[i]);
			list_remove(&o->bundle_node);
			list_push_back(&b->ports, &o->bundle_node);
			o->bundle = b;
		}
	}
	update_protected(p);
	struct ofport *o;
	LIST_FOR_EACH(o, &b->ports, bundle_node)
		guard_update_port(o);
	if (vlans)
		mac_table_flush_bundle(p->macs, b);
	if (changed)
		datapath_touch(p->datapath);
	return 0;
}

void pipeline_bundle_del(struct pipeline *p, const char *name)
{
	struct bundle *b = pipeline_bundle_lookup(p, name);
	if (!b)
		return;
	mac_table_flush_bundle(p->macs, b);
	mirror_forget_bundle(p, b);
	remove_members(b);
	hmap_remove(&p->bundles, &b->node);
	list_remove(&b->order_node);
	update_protected(p);
	free(b->trunks);
	free(b->cvlans);
	free(b->name);
	free(b);
	datapath_touch(p->datapath);
}
