/* SPDX-License-Identifier: Apache-2.0 */
#include "io/memory.h"

#include "base/mem.h"
#include "base/strmap.h"

struct memory_report {
	struct strmap counts;
};

static struct {
	memory_cb *cb;
	void *arg;
} * reporters;
static size_t n_reporters, n_allocated;

void memory_register(memory_cb *cb, void *arg)
{
	reporters = xgrow(reporters, &n_allocated, n_reporters + 1, sizeof *reporters);
	reporters[n_reporters].cb = cb;
	reporters[n_reporters++].arg = arg;
}

void memory_put(struct memory_report *report, const char *name, uint64_t count)
{
	count += strmap_get_uint(&report->counts, name, 0);
	strmap_putf(&report->counts, name, "%llu", (unsigned long long)count);
}

void memory_show(struct str *out)
{
	struct memory_report report = { STRMAP_INIT };
	for (size_t i = 0; i < n_reporters; i++)
		reporters[i].cb(&report, reporters[i].arg);
	STRMAP_FOR_EACH(e, &report.counts)
		str_putf(out, "%s%s:%s", e == report.counts.entries ? "" : " ", e->key, e->value);
	if (report.counts.n)
		str_putc(out, '\n');
	strmap_fini(&report.counts);
}
