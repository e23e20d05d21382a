/* SPDX-License-Identifier: Apache-2.0 */
/* port_desc: ports as OpenFlow describes and counts them. */
#pragma once
#include "pipeline/pipeline.h"

void ofport_describe(const struct ofport *, struct of_port_desc *ret);
/* Tunnels and patch ports: what the pipeline counted; others: what the device says. */
void ofport_get_stats(const struct ofport *, struct of_port_stats *ret);
/* Names for printing; free with port_names_free(). */
struct port_names;
