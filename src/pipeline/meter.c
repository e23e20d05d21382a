/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets: a band refills at its rate up to its burst, and is exceeded when there is not enough
 * left for a packet. Of the bands that are exceeded, the one of the highest rate acts (OpenFlow 1.3
 * 5.7.1).
 *
 * Packets are metered on datapath threads without the control lock; one mutex guards the index of
 * datapath meters and what is in the buckets. It is taken once a batch of packets of one flow. */
#include "pipeline/meter.h"
#include <pthread.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "pipeline/pipeline.h"
#include "pipeline/table.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct meter *by_dp_meter[METER_MAX_ID]; /* of all bridges */
static uint32_t next_dp_meter;

struct meter_table *meter_table_new(void)
{
	struct meter_table *t = xzalloc(sizeof *t);
	hmap_init(&t->meters);
	return t;
}

static void meter_free(struct meter_table *t, struct meter *m)
{
	pthread_mutex_lock(&lock);
	by_dp_meter[m->dp_meter] = NULL;
	pthread_mutex_unlock(&lock);
	hmap_remove(&t->meters, &m->node);
	free(m->config.bands);
	free(m->bands);
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

static uint64_t band_burst(const struct meter_config *c, const struct meter_band *b)
{
	uint64_t burst = (c->flags & OFPMF_BURST) && b->burst_size ? b->burst_size : b->rate;
	return burst * 1000;
}

/* With the lock held. */
static void set_config(struct meter *m, const struct meter_config *c)
{
	free(m->config.bands);
	free(m->bands);
	m->config = *c;
	m->config.bands = c->n_bands ? xmemdup(c->bands, c->n_bands * sizeof *c->bands) : NULL;
	m->bands = xcalloc(MAX(c->n_bands, 1u), sizeof *m->bands);
	for (size_t i = 0; i < c->n_bands; i++)
		m->bands[i].tokens = band_burst(c, &c->bands[i]);
	m->last_fill_ns = clock_mono_ns();
}

static int check(const struct meter_config *c)
{
	if (!c->meter_id || c->meter_id > OFPM_MAX)
		if (c->meter_id != OFPM_CONTROLLER && c->meter_id != OFPM_SLOWPATH)
			return -OFPERR_OFPMMFC_INVALID_METER;
	if ((c->flags & OFPMF_KBPS) && (c->flags & OFPMF_PKTPS))
		return -OFPERR_OFPMMFC_BAD_FLAGS;
	if (c->n_bands > 8)
		return -OFPERR_OFPMMFC_OUT_OF_BANDS;
	for (size_t i = 0; i < c->n_bands; i++)
		if (c->bands[i].type != OFPMBT_DROP)
			return -OFPERR_OFPMMFC_BAD_BAND;
	return 0;
}

static int do_add(struct pipeline *p, const struct meter_config *c)
{
	if (meter_lookup(p, c->meter_id))
		return -OFPERR_OFPMMFC_METER_EXISTS;
	pthread_mutex_lock(&lock);
	uint32_t id = next_dp_meter;
	for (uint32_t i = 0; i < METER_MAX_ID && by_dp_meter[id]; i++)
		id = (id + 1) % METER_MAX_ID;
	if (by_dp_meter[id]) {
		pthread_mutex_unlock(&lock);
		return -OFPERR_OFPMMFC_OUT_OF_METERS;
	}
	struct meter *m = xzalloc(sizeof *m);
	set_config(m, c);
	m->dp_meter = id;
	m->created_ns = clock_mono_ns();
	by_dp_meter[id] = m;
	next_dp_meter = (id + 1) % METER_MAX_ID;
	pthread_mutex_unlock(&lock);
	hmap_insert(&p->meters->meters, &m->node, hash_u32(c->meter_id, 0));
	return 0;
}

int meter_mod_apply(struct pipeline *p, const struct meter_mod *mm)
{
	struct meter *m;
	int r = 0;
	if (mm->command != OFPMC_DELETE) {
		r = check(&mm->config);
		if (r)
			return r;
	}
	switch (mm->command) {
	case OFPMC_ADD:
		r = do_add(p, &mm->config);
		break;
	case OFPMC_MODIFY:
		m = meter_lookup(p, mm->config.meter_id);
		if (!m)
			return -OFPERR_OFPMMFC_UNKNOWN_METER;
		pthread_mutex_lock(&lock);
		set_config(m, &mm->config);
		pthread_mutex_unlock(&lock);
		break;
	case OFPMC_DELETE:
		if (mm->config.meter_id == OFPM_ALL) {
			HMAP_FOR_EACH_SAFE(m, &p->meters->meters, node) {
				table_set_delete_users(p->tables, 0, m->config.meter_id,
						       OFPRR_METER_DELETE);
				meter_free(p->meters, m);
			}
			break;
		}
		m = meter_lookup(p, mm->config.meter_id);
		if (!m)
			break; /* OpenFlow 1.3 6.5: no error */
		table_set_delete_users(p->tables, 0, m->config.meter_id, OFPRR_METER_DELETE);
		meter_free(p->meters, m);
		break;
	default:
		return -OFPERR_OFPMMFC_BAD_COMMAND;
	}
	if (!r) {
		datapath_touch(p->datapath);
		if (p->listener && p->listener->meter_changed)
			p->listener->meter_changed(p->listener_arg, mm, NULL);
	}
	return r;
}

bool meter_run(uint32_t dp_meter, uint64_t n_packets, uint64_t n_bytes, uint8_t *ret_dscp_remark)
{
	bool pass = true;
	*ret_dscp_remark = 0;
	if (dp_meter >= METER_MAX_ID)
		return true;
	pthread_mutex_lock(&lock);
	struct meter *m = by_dp_meter[dp_meter];
	if (m) {
		int64_t now = clock_mono_ns();
		uint64_t ms = (uint64_t)MAX(now - m->last_fill_ns, 0) / NS_PER_MS;
		m->last_fill_ns += (int64_t)ms * NS_PER_MS;
		m->n_packets += n_packets;
		m->n_bytes += n_bytes;
		/* kb/s * ms = bits; packets/s * ms = thousandths of a packet */
		uint64_t cost = m->config.flags & OFPMF_PKTPS ? n_packets * 1000 : n_bytes * 8;
		const struct meter_band *acting = NULL;
		size_t acting_index = 0;
		for (size_t i = 0; i < m->config.n_bands; i++) {
			const struct meter_band *b = &m->config.bands[i];
			uint64_t burst = band_burst(&m->config, b);
			m->bands[i].tokens = MIN(m->bands[i].tokens + MIN(ms, 3600000u) * b->rate, burst);
			if (m->bands[i].tokens >= cost) {
				m->bands[i].tokens -= cost;
			} else if (!acting || b->rate > acting->rate) {
				acting = b;
				acting_index = i;
			}
		}
		if (acting) {
			m->bands[acting_index].n_packets += n_packets;
			m->bands[acting_index].n_bytes += n_bytes;
			if (acting->type == OFPMBT_DSCP_REMARK)
				*ret_dscp_remark = acting->prec_level;
			else
				pass = false;
		}
	}
	pthread_mutex_unlock(&lock);
	return pass;
}
