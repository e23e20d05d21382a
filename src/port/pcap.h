/* SPDX-License-Identifier: Apache-2.0 */
/* pcap: writes packets to a file in tcpdump's format (pcap-savefile(5)), Ethernet, microseconds.
 * Threads: one at a time. */
#pragma once
#include "base/compiler.h"

struct pcap;
/* Begins the file anew. */
MUST_CHECK int pcap_create(const char *path, struct pcap **ret);
/* On disk, for readers, when it returns. A full disk loses packets, not the switch. */
void pcap_write(struct pcap *, const void *data, uint32_t size);
void pcap_close(struct pcap *); /* NULL is fine */
