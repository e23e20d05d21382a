/* SPDX-License-Identifier: Apache-2.0 */
/* service_flows: OpenFlow flows and groups of all bridges, kept while the switch is restarted. */
#pragma once

struct saved_flows;
/* What could not be saved is told on standard error and left out. */
struct saved_flows *flows_save(void);
/* Exit status. */
int flows_restore(const struct saved_flows *);
void flows_free(struct saved_flows *);
