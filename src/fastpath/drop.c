/* SPDX-License-Identifier: Apache-2.0 */
#include "fastpath/drop.h"

#include "base/counter.h"

#define DROP_COUNTER(ID, NAME, TEXT) { .name = "datapath_drop_" NAME },
static struct counter counters[N_DROP_REASONS] = { DROP_REASONS(DROP_COUNTER) };

#define DROP_NAME(ID, NAME, TEXT) NAME,
static const char *const names[] = { DROP_REASONS(DROP_NAME) };
#define DROP_TEXT(ID, NAME, TEXT) TEXT,
static const char *const texts[] = { DROP_REASONS(DROP_TEXT) };

CONSTRUCTOR static void register_counters(void)
{
	for (unsigned i = 0; i < N_DROP_REASONS; i++)
		counter_register(&counters[i]);
}

const char *drop_name(enum drop_reason r) { return r < N_DROP_REASONS ? names[r] : "unknown"; }
const char *drop_text(enum drop_reason r) { return r < N_DROP_REASONS ? texts[r] : "unknown"; }
void drop_count(enum drop_reason r, uint64_t n) { counter_add(&counters[r], n); }
uint64_t drop_total(enum drop_reason r) { return counter_read(&counters[r]); }
