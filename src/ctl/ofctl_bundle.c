/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_bundle: bundles and flow monitors. */
#include "base/log.h"
#include "ctl/ofctl.h"

bool ofctl_send_bundle(struct peer *p, const struct flow_mod *fms, size_t n, uint32_t usable)
{
	log_fatal("--bundle is not supported yet");
}

void ofctl_watch(struct peer *p, const char *switch_name, const char *spec)
{
	log_fatal("watch: is not supported yet");
}
