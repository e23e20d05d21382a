/* SPDX-License-Identifier: Apache-2.0 */
/* Lifetime of groups' parts. */
#include "ofp/group.h"
#include "base/mem.h"

void group_buckets_free(struct group_bucket *buckets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(buckets[i].actions);
	free(buckets);
}

struct group_bucket *group_buckets_copy(const struct group_bucket *buckets, size_t n)
{
	if (!n)
		return NULL;
	struct group_bucket *copy = xmemdup(buckets, n * sizeof *buckets);
	for (size_t i = 0; i < n; i++)
		copy[i].actions = copy[i].actions_size
					  ? xmemdup(buckets[i].actions, buckets[i].actions_size)
					  : NULL;
	return copy;
}

void group_props_fini(struct group_props *p)
{
	free(p->fields);
	p->fields = NULL;
	p->n_fields = 0;
}

void group_props_copy(struct group_props *dst, const struct group_props *src)
{
	*dst = *src;
	dst->fields =
		src->n_fields ? xmemdup(src->fields, src->n_fields * sizeof *src->fields) : NULL;
}
