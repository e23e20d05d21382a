/* SPDX-License-Identifier: Apache-2.0 */
/* Bridges without OpenFlow sessions: until the folder's own files land, a bridge runs on the flow of an
 * unmanaged bridge, and says so. Whoever lands them removes this file. */
#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "openflow/openflow.h"

LOG_MODULE(openflow);

struct openflow_server {
	bool told;
};

const struct of_listener_ops openflow_listener_ops;

int openflow_server_new(const char *name, const struct of_switch_ops *ops, void *sw, struct loop *loop,
			struct openflow_server **ret, struct err *err)
{
	*ret = xzalloc(sizeof **ret);
	log_info("bridge %s: OpenFlow sessions are not built in yet", name);
	return 0;
}
void openflow_server_free(struct openflow_server *s) { free(s); }
void openflow_server_set_versions(struct openflow_server *s, uint32_t versions) {}
void openflow_server_set_controllers(struct openflow_server *s,
				     const struct openflow_controller_config *c, size_t n)
{
	if (n && !s->told)
		log_warn("controllers are configured, but OpenFlow sessions are not built in yet");
	s->told = n > 0;
}
void openflow_server_for_each_controller(const struct openflow_server *s,
					 void (*cb)(const struct openflow_controller_status *, void *),
					 void *arg)
{
}
bool openflow_server_has_controllers(const struct openflow_server *s) { return false; }
int64_t openflow_server_failure_seconds(const struct openflow_server *s) { return -1; }
void openflow_server_reconnect(struct openflow_server *s) {}
