/* SPDX-License-Identifier: Apache-2.0 */
/* mirror: copies of what bundles receive and send, for another bundle or a VLAN.
 * translate/mirror.c carries them out. At most 32 a bridge. */
#pragma once
#include "pipeline/pipeline.h"

enum { MAX_MIRRORS = 32 };

struct mirror {
	char *name;
	struct uuid uuid;
	unsigned index;		   /* bit number in bundle.mirror_* */
	uint64_t *vlans;	   /* NULL: all */
	struct bundle *out_bundle; /* NULL: out_vlan */
	int out_vlan;
	uint16_t snaplen;
	uint32_t dups; /* mirrors with the same output: a packet goes to one of them */
	uint64_t n_packets, n_bytes;
};

struct mirror_table {
	struct mirror *mirrors[MAX_MIRRORS];
	uint32_t any;		/* bits that are in use */
	uint64_t out_vlans[64]; /* VLANs that carry mirrored packets: no learning there */
	bool has_out_vlan;
};

struct mirror_table *mirror_table_new(void);
void mirror_table_free(struct mirror_table *);
void mirror_forget_bundle(struct pipeline *, const struct bundle *);
