/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of datapaths and bridges, and their settings. */
#include "pipeline/pipeline.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "packet/field.h"
#include "pipeline/group.h"
#include "pipeline/guard.h"
#include "pipeline/mac_table.h"
#include "pipeline/meter.h"
#include "pipeline/mirror.h"
#include "pipeline/recirc.h"
#include "pipeline/table.h"

static struct list datapaths = LIST_INIT(datapaths);

struct list *datapath_all(void) { return &datapaths; }

struct datapath *datapath_new(const char *type, const char *name, struct loop *loop)
{
	struct datapath *d = xzalloc(sizeof *d);
	d->type = xstrdup(type);
	d->name = xstrdup(name);
	d->loop = loop;
	d->generation = 1;
	list_init(&d->pipelines);
	hmap_init(&d->ports);
	hmap_init(&d->tunnels);
	d->recircs = recirc_table_new();
	d->features = (struct datapath_features){
		.tunnel_push = true,
		.masked_set = true,
		.sample_nested = true,
		.clone = true,
		.check_pkt_len = true,
		.max_vlans = KEY_MAX_VLANS,
		.max_mpls = KEY_MAX_MPLS,
		.max_hash_alg = 1,
	};
	list_push_back(&datapaths, &d->node);
	return d;
}

void datapath_free(struct datapath *d)
{
	if (!d)
		return;
	ASSERT(list_is_empty(&d->pipelines));
	list_remove(&d->node);
	recirc_table_free(d->recircs);
	hmap_fini(&d->ports);
	hmap_fini(&d->tunnels);
	free(d->type);
	free(d->name);
	free(d);
}

struct datapath *datapath_lookup(const char *name)
{
	const char *at = strchr(name, '@');
	struct datapath *d;
	LIST_FOR_EACH(d, &datapaths, node) {
		if (at && (strlen(d->type) != (size_t)(at - name) ||
			   strncmp(d->type, name, (size_t)(at - name))))
			continue;
		if (!strcmp(d->name, at ? at + 1 : name))
			return d;
	}
	return NULL;
}

void datapath_touch(struct datapath *d)
{
	d->generation++;
	if (d->changed)
		d->changed(d, d->changed_arg);
}

void datapath_sync_stats(struct datapath *d)
{
	if (d->sync_stats)
		d->sync_stats(d, d->changed_arg);
}

/* ---- pipelines --------------------------------------------------------------------------- */

struct pipeline *pipeline_new(struct datapath *d, const char *name)
{
	struct pipeline *p = xzalloc(sizeof *p);
	p->name = xstrdup(name);
	p->datapath = d;
	hmap_init(&p->ports);
	hmap_init(&p->ports_by_name);
	hmap_init(&p->bundles);
	list_init(&p->bundles_in_order);
	p->tables = table_set_new(p);
	p->groups = group_table_new();
	p->meters = meter_table_new();
	p->macs = mac_table_new();
	p->mirrors = mirror_table_new();
	p->tun_table = xzalloc(sizeof *p->tun_table);
	p->settings.mac_idle_s = MAC_TABLE_DEFAULT_IDLE_S;
	p->settings.mac_max = MAC_TABLE_DEFAULT_MAX;
	random_bytes(&p->uuid, sizeof p->uuid);
	list_push_back(&d->pipelines, &p->node);
	datapath_touch(d);
	return p;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	p->listener = NULL;
	list_remove(&p->node);
	table_set_free(p->tables);
	struct bundle *b;
	LIST_FOR_EACH_SAFE(b, &p->bundles_in_order, order_node)
		pipeline_bundle_del(p, b->name);
	struct ofport *o;
	HMAP_FOR_EACH_SAFE(o, &p->ports, by_number)
		pipeline_port_del(p, o->ofport);
	guard_free(p);
	mirror_table_free(p->mirrors);
	mac_table_free(p->macs);
	meter_table_free(p->meters);
	group_table_free(p->groups);
	hmap_fini(&p->ports);
	hmap_fini(&p->ports_by_name);
	hmap_fini(&p->bundles);
	free(p->tun_table);
	recirc_table_forget(p->datapath->recircs, p);
	datapath_touch(p->datapath);
	free(p->name);
	free(p);
}

struct pipeline *pipeline_lookup(const char *name)
{
	struct datapath *d;
	struct pipeline *p;
	LIST_FOR_EACH(d, &datapaths, node)
		LIST_FOR_EACH(p, &d->pipelines, node)
			if (!strcmp(p->name, name))
				return p;
	return NULL;
}

void pipeline_set_datapath_id(struct pipeline *p, uint64_t id) { p->datapath_id = id; }

void pipeline_set_listener(struct pipeline *p, const struct of_listener_ops *ops, void *arg)
{
	p->listener = ops;
	p->listener_arg = arg;
}

void pipeline_set_settings(struct pipeline *p, const struct pipeline_settings *s)
{
	bool flush = p->settings.has_controllers != s->has_controllers;
	bool guard_changed = p->settings.loop_guard != s->loop_guard;
	p->settings = *s;
	p->settings.flood_vlans = NULL;
	memset(p->flood_vlans, 0, sizeof p->flood_vlans);
	if (s->flood_vlans)
		memcpy(p->flood_vlans, s->flood_vlans, sizeof p->flood_vlans);
	mac_table_configure(p->macs, s->mac_max, s->mac_idle_s);
	if (flush)
		mac_table_flush(p->macs);
	if (guard_changed)
		guard_update(p);
	datapath_touch(p->datapath);
}

void pipeline_run_second(struct pipeline *p)
{
	if (mac_table_expire(p->macs))
		datapath_touch(p->datapath);
	table_set_expire(p->tables);
	recirc_table_expire(p->datapath->recircs);
}

void pipeline_flush_flows(struct pipeline *p, bool add_normal)
{
	table_set_flush(p->tables, false);
	if (!add_normal)
		return;
	struct of_actions acts = { 0 };
	of_actions_put_output(&acts, OFPORT_NORMAL, 0);
	struct flow_mod *fm = xzalloc(sizeof *fm);
	fm->command = OFPFC_ADD;
	fm->table_id = 0;
	fm->buffer_id = OF_NO_BUFFER;
	fm->out_port = OFPORT_NONE;
	fm->out_group = OFPG_ANY;
	fm->actions = acts.data;
	fm->actions_size = acts.size;
	int r = table_set_flow_mod(p->tables, fm, NULL);
	ASSERT(r == 0); /* a table without limit takes a flow of ours */
	free(fm);
	of_actions_fini(&acts);
}

uint32_t pipeline_queue_priority(const struct pipeline *p, uint32_t queue)
{
	/* Classes of HTB and HFSC are 1:(queue + 1) where the host's kernel queues; simulated and
	 * user-space ports keep the number. */
	if (!strcmp(p->datapath->type, "system"))
		return 1u << 16 | (queue + 1);
	return queue;
}
