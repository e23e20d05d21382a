/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/mirror.h"
#include <errno.h>
#include "base/mem.h"
#include "pipeline/mac_table.h"

struct mirror_table *mirror_table_new(void) { return xzalloc(sizeof(struct mirror_table)); }

static void mirror_free(struct mirror *m)
{
	free(m->name);
	free(m->vlans);
	free(m);
}

void mirror_table_free(struct mirror_table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < MAX_MIRRORS; i++)
		if (t->mirrors[i])
			mirror_free(t->mirrors[i]);
	free(t);
}

static struct mirror *mirror_lookup(const struct pipeline *p, const char *name)
{
	for (unsigned i = 0; i < MAX_MIRRORS; i++)
		if (p->mirrors->mirrors[i] && !strcmp(p->mirrors->mirrors[i]->name, name))
			return p->mirrors->mirrors[i];
	return NULL;
}

/* What follows from all mirrors together. */
static void update_table(struct pipeline *p)
{
	struct mirror_table *t = p->mirrors;
	t->any = 0;
	t->has_out_vlan = false;
	memset(t->out_vlans, 0, sizeof t->out_vlans);
	for (unsigned i = 0; i < MAX_MIRRORS; i++) {
		struct mirror *m = t->mirrors[i];
		if (!m)
			continue;
		t->any |= 1u << i;
		m->dups = 0;
		for (unsigned j = 0; j < MAX_MIRRORS; j++) {
			const struct mirror *n = t->mirrors[j];
			if (n && n->out_bundle == m->out_bundle && n->out_vlan == m->out_vlan)
				m->dups |= 1u << j;
		}
		if (!m->out_bundle && m->out_vlan >= 0) {
			t->has_out_vlan = true;
			t->out_vlans[m->out_vlan / 64] |= 1ULL << (m->out_vlan % 64);
		}
	}
}

static bool name_in(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void clear_bits(struct pipeline *p, uint32_t bit)
{
	struct bundle *b;
	LIST_FOR_EACH(b, &p->bundles_in_order, order_node) {
		b->mirror_src &= ~bit;
		b->mirror_dst &= ~bit;
		b->mirror_out &= ~bit;
	}
}

int pipeline_mirror_put(struct pipeline *p, const struct mirror_config *c, struct err *err)
{
	struct bundle *out = NULL;
	if (c->out_bundle) {
		out = pipeline_bundle_lookup(p, c->out_bundle);
		if (!out)
			return err_set(err, -ENODEV, "mirror %s: bridge %s has no port %s", c->name,
				       p->name, c->out_bundle);
	} else if (c->out_vlan < 0 || c->out_vlan > 4095) {
		return err_set(err, -EINVAL, "mirror %s does not specify output", c->name);
	}
	struct mirror *m = mirror_lookup(p, c->name);
	if (!m) {
		unsigned i = 0;
		while (i < MAX_MIRRORS && p->mirrors->mirrors[i])
			i++;
		if (i == MAX_MIRRORS)
			return err_set(err, -ENOSPC, "mirror %s: a bridge has at most %d mirrors",
				       c->name, MAX_MIRRORS);
		m = p->mirrors->mirrors[i] = xzalloc(sizeof *m);
		m->name = xstrdup(c->name);
		m->index = i;
	}
	bool vlan_moved = m->out_vlan != c->out_vlan || m->out_bundle != out;
	m->uuid = c->uuid;
	m->out_bundle = out;
	m->out_vlan = out ? -1 : c->out_vlan;
	m->snaplen = c->snaplen;
	free(m->vlans);
	m->vlans = c->vlans ? xmemdup(c->vlans, 64 * sizeof *c->vlans) : NULL;

	uint32_t bit = 1u << m->index;
	clear_bits(p, bit);
	/* Neither named: everything, if asked for or if VLANs alone choose. */
	bool all = c->select_all || (!c->n_src && !c->n_dst && c->vlans);
	struct bundle *b;
	LIST_FOR_EACH(b, &p->bundles_in_order, order_node) {
		if (all || name_in(b->name, c->src, c->n_src))
			b->mirror_src |= bit;
		if (all || name_in(b->name, c->dst, c->n_dst))
			b->mirror_dst |= bit;
	}
	if (out)
		out->mirror_out |= bit;
	update_table(p);
	if (vlan_moved)
		mac_table_flush(p->macs);
	datapath_touch(p->datapath);
	return 0;
}

void pipeline_mirror_del(struct pipeline *p, const char *name)
{
	struct mirror *m = mirror_lookup(p, name);
	if (!m)
		return;
	clear_bits(p, 1u << m->index);
	p->mirrors->mirrors[m->index] = NULL;
	mirror_free(m);
	update_table(p);
	mac_table_flush(p->macs);
	datapath_touch(p->datapath);
}

void mirror_forget_bundle(struct pipeline *p, const struct bundle *b)
{
	for (unsigned i = 0; i < MAX_MIRRORS; i++) {
		struct mirror *m = p->mirrors->mirrors[i];
		if (m && m->out_bundle == b)
			pipeline_mirror_del(p, m->name);
	}
}

int pipeline_mirror_stats(const struct pipeline *p, const char *name, uint64_t *ret_packets,
			  uint64_t *ret_bytes)
{
	const struct mirror *m = mirror_lookup(p, name);
	if (!m)
		return -ENOENT;
	*ret_packets = m->n_packets;
	*ret_bytes = m->n_bytes;
	return 0;
}
