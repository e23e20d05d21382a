/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/meter.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "fastpath/meter.h"
#include "pipeline/pipeline.h"
#include "pipeline/table.h"

struct meter_table *meter_table_new(void)
{
	struct meter_table *t = xzalloc(sizeof *t);
	hmap_init(&t->meters);
	return t;
}

static void meter_free(struct meter_table *t, struct meter *m)
{
	dp_meter_del(m->dp_meter);
	hmap_remove(&t->meters, &m->node);
	free(m->config.bands);
	free(m);
}

void meter_table_free(struct meter_table *t)
{
	if (!t)
		return;
	struct meter *m;
	HMAP_FOR_EACH_SAFE(m, &t->meters, node)
		meter_free(t, m);
	hmap_fini(&t->meters);
	free(t);
}

struct meter *meter_lookup(const struct pipeline *p, uint32_t id)
{
	struct meter *m;
	HMAP_FOR_EACH_WITH_HASH(m, &p->meters->meters, hash_u32(id, 0), node)
		if (m->config.meter_id == id)
			return m;
	return NULL;
}

static int check(const struct meter_config *c)
{
	bool is_virtual = c->meter_id == OFPM_CONTROLLER || c->meter_id == OFPM_SLOWPATH;
	if (!c->meter_id || (c->meter_id > OFPM_MAX && !is_virtual))
		return -OFPERR_OFPMMFC_INVALID_METER;
	if ((c->flags & OFPMF_KBPS) && (c->flags & OFPMF_PKTPS))
		return -OFPERR_OFPMMFC_BAD_FLAGS;
	if (c->n_bands > METER_MAX_BANDS)
		return -OFPERR_OFPMMFC_OUT_OF_BANDS;
	for (size_t i = 0; i < c->n_bands; i++)
		if (c->bands[i].type != OFPMBT_DROP)
			return -OFPERR_OFPMMFC_BAD_BAND;
	return 0;
}

static void to_datapath(const struct meter_config *c, struct dp_meter_config *ret)
{
	*ret = (struct dp_meter_config){ .per_packet = c->flags & OFPMF_PKTPS,
					 .n_bands = (unsigned)c->n_bands };
	for (size_t i = 0; i < c->n_bands; i++)
		ret->bands[i] = (struct dp_meter_band){
			.type = DP_METER_BAND_DROP,
			.rate = c->bands[i].rate,
			.burst = c->flags & OFPMF_BURST ? c->bands[i].burst_size : 0,
		};
}

static void set_config(struct meter *m, const struct meter_config *c)
{
	free(m->config.bands);
	m->config = *c;
	m->config.bands = c->n_bands ? xmemdup(c->bands, c->n_bands * sizeof *c->bands) : NULL;
}

static int do_add(struct pipeline *p, const struct meter_config *c)
{
	struct dp_meter_config dp;
	uint32_t id;
	if (meter_lookup(p, c->meter_id))
		return -OFPERR_OFPMMFC_METER_EXISTS;
	to_datapath(c, &dp);
	if (dp_meter_add(&dp, &id))
		return -OFPERR_OFPMMFC_OUT_OF_METERS;
	struct meter *m = xzalloc(sizeof *m);
	set_config(m, c);
	m->dp_meter = id;
	m->created_ns = clock_mono_ns();
	hmap_insert(&p->meters->meters, &m->node, hash_u32(c->meter_id, 0));
	return 0;
}

static int do_modify(struct pipeline *p, const struct meter_config *c)
{
	struct dp_meter_config dp;
	struct meter *m = meter_lookup(p, c->meter_id);
	if (!m)
		return -OFPERR_OFPMMFC_UNKNOWN_METER;
	to_datapath(c, &dp);
	if (dp_meter_modify(m->dp_meter, &dp))
		return -OFPERR_OFPMMFC_UNKNOWN_METER;
	set_config(m, c);
	return 0;
}

static void delete_one(struct pipeline *p, struct meter *m)
{
	table_set_delete_users(p->tables, 0, m->config.meter_id, OFPRR_METER_DELETE);
	meter_free(p->meters, m);
}

int meter_mod_apply(struct pipeline *p, const struct meter_mod *mm)
{
	struct meter *m;
	int r = mm->command == OFPMC_DELETE ? 0 : check(&mm->config);
	if (r)
		return r;
	switch (mm->command) {
	case OFPMC_ADD:
		r = do_add(p, &mm->config);
		break;
	case OFPMC_MODIFY:
		r = do_modify(p, &mm->config);
		break;
	case OFPMC_DELETE:
		/* One that is not there is no error (OpenFlow 1.3 6.5). */
		HMAP_FOR_EACH_SAFE(m, &p->meters->meters, node)
			if (mm->config.meter_id == OFPM_ALL ||
			    mm->config.meter_id == m->config.meter_id)
				delete_one(p, m);
		break;
	default:
		r = -OFPERR_OFPMMFC_BAD_COMMAND;
	}
	if (r)
		return r;
	datapath_touch(p->datapath);
	if (p->listener && p->listener->meter_changed)
		p->listener->meter_changed(p->listener_arg, mm, NULL);
	return 0;
}

void meter_read(const struct meter *m, struct meter_stats *ret)
{
	struct dp_meter_stats dp = { 0 };
	int64_t age = clock_mono_ns() - m->created_ns;
	int r = dp_meter_get_stats(m->dp_meter, &dp);
	(void)r; /* cannot be missing; zeroes if it were */
	*ret = (struct meter_stats){
		.meter_id = m->config.meter_id,
		.packet_in_count = dp.n_packets,
		.byte_in_count = dp.n_bytes,
		.duration_sec = (uint32_t)(age / NS_PER_SEC),
		.duration_nsec = (uint32_t)(age % NS_PER_SEC),
		.n_bands = m->config.n_bands,
		.bands = xcalloc(MAX(m->config.n_bands, 1u), sizeof *ret->bands),
	};
	for (size_t i = 0; i < ret->n_bands && i < dp.n_bands; i++) {
		ret->bands[i].packet_count = dp.bands[i].n_packets;
		ret->bands[i].byte_count = dp.bands[i].n_bytes;
	}
}
