/* SPDX-License-Identifier: Apache-2.0 */
#include "base/counter.h"

#include <string.h>

static struct list counters = LIST_INIT(counters);
static unsigned sample_index;
static unsigned n_samples;

void counter_register(struct counter *c) { list_push_back(&counters, &c->node); }

struct list *counter_all(void) { return &counters; }

struct counter *counter_find(const char *name)
{
	struct counter *c;
	LIST_FOR_EACH(c, &counters, node) {
		if (!strcmp(c->name, name))
			return c;
	}
	return NULL;
}

void counter_sample(void)
{
	struct counter *c;
	LIST_FOR_EACH(c, &counters, node) {
		uint64_t total = counter_read(c);
		c->per_sample[sample_index] = (unsigned)(total - c->last_total);
		c->last_total = total;
	}
	sample_index = (sample_index + 1) % ARRAY_SIZE(c->per_sample);
	if (n_samples < ARRAY_SIZE(c->per_sample))
		n_samples++;
}

double counter_rate(const struct counter *c, unsigned n)
{
	const unsigned n_ring = ARRAY_SIZE(c->per_sample);
	uint64_t sum = 0;
	for (unsigned i = 1; i <= n && i <= n_samples; i++)
		sum += c->per_sample[(sample_index + n_ring - i) % n_ring];
	return (double)sum / (n * COUNTER_SAMPLE_S);
}
