/* SPDX-License-Identifier: Apache-2.0 */
/* A probe is an ordinary multicast frame, to an address that no standard reserves: a switch that
 * knows nothing of us floods it, which is what makes it a probe of the real topology and turns such
 * a switch into a mere piece of cable between guards.
 *
 *   0  destination 03:77:65:66:74:01 ("weft", group and local bits set)
 *   6  source      0e:77:66 and 24 bits of the bridge: never the address of any host, so that no
 *                  switch learns a host on a port that is cut
 *  12  0x88b5
 *  14  "weft" version(1) flags(1) hops(1) zero(1)
 *  22  root(8) cost(4) bridge(8) port(4)     big-endian
 *  46  zero up to 60
 */
#include "feature/loopguard/probe.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "feature/loopguard/loopguard.h"

static const uint8_t destination[6] = { 0x03, 0x77, 0x65, 0x66, 0x74, 0x01 };
static const uint8_t magic[4] = { 'w', 'e', 'f', 't' };

enum { ETH_SIZE = 14, BODY_SIZE = 32, MAX_TAGS = 2 };

int probe_vector_cmp(const struct probe_vector *a, const struct probe_vector *b)
{
	if (a->root != b->root)
		return a->root < b->root ? -1 : 1;
	if (a->cost != b->cost)
		return a->cost < b->cost ? -1 : 1;
	if (a->bridge != b->bridge)
		return a->bridge < b->bridge ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return 0;
}

uint64_t probe_bridge_id(struct eth_addr mac)
{
	uint64_t id = 0;
	for (int i = 0; i < 6; i++)
		id = id << 8 | mac.b[i];
	return id;
}

size_t probe_build(const struct probe *p, uint8_t buf[PROBE_BYTES])
{
	uint32_t tail = hash_u64(p->v.bridge, 0);
	memset(buf, 0, PROBE_BYTES);
	memcpy(buf, destination, 6);
	memcpy(buf + 6, (uint8_t[]){ 0x0e, 0x77, 0x66 }, 3);
	memcpy(buf + 9, &tail, 3);
	memcpy(buf + 12, &(be16){ LOOPGUARD_ETHERTYPE }, 2);
	uint8_t *b = buf + ETH_SIZE;
	memcpy(b, magic, 4);
	b[4] = PROBE_VERSION;
	b[5] = p->flags;
	b[6] = p->hops;
	put_be64(b + 8, p->v.root);
	put_be32(b + 16, p->v.cost);
	put_be64(b + 20, p->v.bridge);
	put_be32(b + 28, p->v.port);
	return PROBE_BYTES;
}

int probe_parse(const void *frame, size_t size, struct probe *ret)
{
	const uint8_t *b = frame;
	for (int i = 0; i < MAX_TAGS; i++) {
		if (size < ETH_SIZE)
			return -EPROTO;
		uint16_t type = get_be16(b + 12);
		if (type != 0x8100 && type != 0x88a8)
			break;
		b += 4;
		size -= 4;
	}
	if (size < ETH_SIZE + BODY_SIZE || get_be16(b + 12) != be16_to_cpu(LOOPGUARD_ETHERTYPE) ||
	    memcmp(b + ETH_SIZE, magic, 4))
		return -EPROTO;
	b += ETH_SIZE;
	if (b[4] != PROBE_VERSION)
		return -EINVAL;
	struct probe p = {
		.v = { get_be64(b + 8), get_be32(b + 16), get_be64(b + 20), get_be32(b + 28) },
		.flags = b[5],
		.hops = b[6],
	};
	if (p.v.root > p.v.bridge || (p.v.root == p.v.bridge) != (p.v.cost == 0))
		return -EINVAL;
	*ret = p;
	return 0;
}
