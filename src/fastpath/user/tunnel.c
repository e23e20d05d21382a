/* SPDX-License-Identifier: Apache-2.0 */
#include "fastpath/user/user.h"

void exec_tunnel_push(struct exec *ex, struct packet **batch, unsigned n,
		      const struct dpa_tunnel_push *push, const void *rest, size_t rest_size,
		      unsigned depth)
{
	for (unsigned i = 0; i < n; i++)
		exec_drop(ex, batch[i], DROP_UNSUPPORTED);
}

void exec_tunnel_pop(struct exec *ex, struct packet **batch, unsigned n, uint32_t tunnel_port,
		     unsigned depth)
{
	for (unsigned i = 0; i < n; i++)
		exec_drop(ex, batch[i], DROP_UNSUPPORTED);
}
