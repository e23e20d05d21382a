/* SPDX-License-Identifier: Apache-2.0 */
#include "port/pcap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

struct pcap {
	FILE *file;
};

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snap_len, link_type;
};
struct record_header {
	uint32_t sec, usec, size, original_size;
};

int pcap_create(const char *path, struct pcap **ret)
{
	FILE *f = fopen(path, "we");
	if (!f)
		return -errno;
	const struct file_header h = { 0xa1b2c3d4, 2, 4, 0, 0, 1518, 1 };
	if (fwrite(&h, sizeof h, 1, f) != 1 || fflush(f) != 0) {
		int saved = errno;
		fclose(f);
		return -saved;
	}
	struct pcap *p = xmalloc(sizeof *p);
	p->file = f;
	*ret = p;
	return 0;
}

void pcap_write(struct pcap *p, const void *data, uint32_t size)
{
	int64_t now_us = clock_wall_ns() / NS_PER_US;
	const struct record_header h = { (uint32_t)(now_us / 1000000), (uint32_t)(now_us % 1000000),
					 size, size };
	if (fwrite(&h, sizeof h, 1, p->file) == 1)
		(void)!fwrite(data, size, 1, p->file);
	fflush(p->file);
}

void pcap_close(struct pcap *p)
{
	if (!p)
		return;
	fclose(p->file);
	free(p);
}
