/* SPDX-License-Identifier: Apache-2.0 */
/* Asking user space, under the control lock. */
#include "base/clock.h"
#include "fastpath/user/user.h"

void exec_miss(struct exec *ex, struct packet *p, unsigned depth)
{
	struct user_fastpath *fp = ex->fp;
	struct flow_key key, mask;
	key_extract(p, &key);
	/* Another packet of the batch, or another thread, may have brought the flow meanwhile. */
	uint64_t n_tried = 0;
	struct megaflow *f = cache_lookup(&fp->cache, &key, &n_tried);
	if (f) {
		ex->counters.n_hit++;
		megaflow_credit(f, p->gso_type ? packet_n_segments(p) : 1, p->size,
				be16_to_cpu(key.tcp_flags), ex->now_ns);
		exec_actions(ex, &p, 1, f->actions->data, f->actions->size, depth);
		return;
	}
	ex->counters.n_missed++;
	struct dp_actions actions = DP_ACTIONS_INIT;
	memset(&mask, 0, sizeof mask);
	struct upcall up = {
		.type = UPCALL_MISS,
		.packet = p,
		.key = &key,
		.actions = &actions,
		.mask = &mask,
	};
	fp->upcall(&fp->base, &up, fp->upcall_arg);
	if (up.install && fp->base.ops->flow_put(&fp->base, &key, &mask, actions.data, actions.size,
						 up.user, NULL) < 0)
		ex->counters.n_lost++;
	exec_actions(ex, &p, 1, actions.data, actions.size, depth);
	dp_actions_fini(&actions);
}

void exec_upcall(struct exec *ex, struct packet *p, const struct dpa_userspace *a)
{
	struct user_fastpath *fp = ex->fp;
	struct flow_key key;
	key_extract(p, &key);
	struct upcall up = {
		.type = UPCALL_ACTION,
		.packet = p,
		.key = &key,
		.action = a,
	};
	fp->upcall(&fp->base, &up, fp->upcall_arg);
	packet_free(p);
}
