/* SPDX-License-Identifier: Apache-2.0 */
/* Of the bands that a packet is over, the one with the highest rate acts (OpenFlow 1.3, 5.7.1).
 *
 * A meter is shared by all threads, and its buckets must not leak tokens, so each has a spin lock:
 * it is held for a few nanoseconds, and only flows with a meter pay. A bucket counts in billionths
 * of its unit, filled by the time that passed; integer arithmetic loses nothing. */
#include "fastpath/meter.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rcu.h"
#include "fastpath/action.h"
#include "packet/csum.h"
#include "wire/net.h"

struct bucket {
	uint64_t tokens, full; /* bits or packets */
	uint64_t rest;	       /* time not yet worth a token, in rate*ns */
};

struct meter {
	struct rcu_head rcu;
	pthread_spinlock_t lock;
	struct dp_meter_config config;
	struct bucket buckets[DP_METER_MAX_BANDS];
	int64_t filled_ns;
	struct dp_meter_stats stats;
};

static struct meter *meters[DP_METER_MAX];

static uint64_t band_rate(const struct dp_meter_config *c, const struct dp_meter_band *b)
{
	return c->per_packet ? b->rate : b->rate * 1000ULL;
}

static void configure(struct meter *m, const struct dp_meter_config *c)
{
	m->config = *c;
	m->stats.n_bands = c->n_bands;
	m->filled_ns = clock_mono_ns();
	for (unsigned i = 0; i < c->n_bands; i++) {
		const struct dp_meter_band *b = &c->bands[i];
		struct bucket *k = &m->buckets[i];
		uint64_t burst = c->per_packet ? b->burst : b->burst * 1000ULL;
		k->full = burst ? burst : band_rate(c, b);
		k->tokens = k->full;
		k->rest = 0;
	}
}

int dp_meter_add(const struct dp_meter_config *c, uint32_t *ret_id)
{
	ASSERT(c->n_bands <= DP_METER_MAX_BANDS);
	uint32_t id = 0;
	while (id < DP_METER_MAX && meters[id])
		id++;
	if (id == DP_METER_MAX)
		return -ENOSPC;
	struct meter *m = xzalloc(sizeof *m);
	pthread_spin_init(&m->lock, PTHREAD_PROCESS_PRIVATE);
	configure(m, c);
	m->stats.created_ns = m->filled_ns;
	rcu_assign_pointer(meters[id], m);
	*ret_id = id;
	return 0;
}

static struct meter *find(uint32_t id)
{
	return id < DP_METER_MAX ? rcu_dereference(meters[id]) : NULL;
}

int dp_meter_modify(uint32_t id, const struct dp_meter_config *c)
{
	struct meter *m = find(id);
	ASSERT(c->n_bands <= DP_METER_MAX_BANDS);
	if (!m)
		return -ENOENT;
	pthread_spin_lock(&m->lock);
	configure(m, c);
	pthread_spin_unlock(&m->lock);
	return 0;
}

static void free_meter(struct rcu_head *h)
{
	struct meter *m = CONTAINER_OF(h, struct meter, rcu);
	pthread_spin_destroy(&m->lock);
	free(m);
}

void dp_meter_del(uint32_t id)
{
	struct meter *m = find(id);
	if (!m)
		return;
	rcu_assign_pointer(meters[id], NULL);
	call_rcu(&m->rcu, free_meter);
}

int dp_meter_get_stats(uint32_t id, struct dp_meter_stats *ret)
{
	struct meter *m = find(id);
	if (!m)
		return -ENOENT;
	pthread_spin_lock(&m->lock);
	*ret = m->stats;
	pthread_spin_unlock(&m->lock);
	return 0;
}

static void fill(struct meter *m, int64_t now_ns)
{
	if (now_ns <= m->filled_ns)
		return;
	/* A second fills any bucket whose burst is its rate; more time is kept from overflowing. */
	uint64_t ns = (uint64_t)MIN(now_ns - m->filled_ns, 3600 * NS_PER_SEC);
	m->filled_ns = now_ns;
	for (unsigned i = 0; i < m->config.n_bands; i++) {
		struct bucket *k = &m->buckets[i];
		unsigned __int128 sum =
			(unsigned __int128)ns * band_rate(&m->config, &m->config.bands[i]) +
			k->rest;
		uint64_t n = (uint64_t)(sum / (uint64_t)NS_PER_SEC);
		k->rest = (uint64_t)(sum % (uint64_t)NS_PER_SEC);
		k->tokens = n > k->full - k->tokens ? k->full : k->tokens + n;
	}
}

/* Index of the band that acts, or -1. Bands that the packet is within are charged. */
static int charge(struct meter *m, uint64_t cost)
{
	int acts = -1;
	for (unsigned i = 0; i < m->config.n_bands; i++) {
		struct bucket *k = &m->buckets[i];
		if (k->tokens >= cost)
			k->tokens -= cost;
		else if (acts < 0 || m->config.bands[i].rate > m->config.bands[acts].rate)
			acts = (int)i;
	}
	return acts;
}

/* RFC 2597: the drop precedence is bits 1 and 2 of an assured-forwarding DSCP. */
static void remark(struct packet *p, uint8_t levels)
{
	uint8_t *ip = packet_l3(p);
	if (!ip || p->size < p->l3_ofs + 20u)
		return;
	bool ip4 = ip[0] >> 4 == 4;
	if (!ip4 && ip[0] >> 4 != 6)
		return;
	uint8_t tos = ip4 ? ip[1] : (uint8_t)(get_be16(ip) >> 4);
	uint8_t class = tos >> 5, prec = tos >> 3 & 3;
	if (class < 1 || class > 4 || prec < 1)
		return;
	prec = (uint8_t)MIN(prec + levels, 3);
	uint8_t now = (uint8_t)((tos & ~0x18) | prec << 3);
	uint16_t old_word = get_be16(ip);
	if (!ip4) {
		put_be16(ip, (uint16_t)((old_word & 0xf00f) | now << 4));
		return;
	}
	ip[1] = now;
	struct ip4_hdr *h = (void *)ip;
	h->csum = csum_replace16(h->csum, cpu_to_be16(old_word), cpu_to_be16(get_be16(ip)));
}

bool dp_meter_run(uint32_t id, struct packet *p, int64_t now_ns)
{
	struct meter *m = find(id);
	if (!m)
		return true;
	uint64_t n_packets = packet_n_segments(p);
	pthread_spin_lock(&m->lock);
	fill(m, now_ns);
	m->stats.n_packets += n_packets;
	m->stats.n_bytes += p->size;
	int acts = charge(m, m->config.per_packet ? n_packets : p->size * 8ULL);
	struct dp_meter_band band = { 0 };
	if (acts >= 0) {
		band = m->config.bands[acts];
		m->stats.bands[acts].n_packets += n_packets;
		m->stats.bands[acts].n_bytes += p->size;
	}
	pthread_spin_unlock(&m->lock);
	if (acts < 0)
		return true;
	if (band.type == DP_METER_BAND_DROP)
		return false;
	remark(p, band.prec_level);
	return true;
}
