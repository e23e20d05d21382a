/* SPDX-License-Identifier: Apache-2.0 */
/* Key extraction of any bytes: no read beyond them, offsets inside, padding zero, and the same key
 * for the same bytes. The first byte chooses what the packet begins with and how many tags are
 * looked at. */
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t types[] = { PT_ETH,	    PT_ETH,	      PT_OF(1, 0x800),
					  PT_OF(1, 0x86dd), PT_OF(1, 0x894f), PT_OF(7, 7) };
	if (!size || size > PACKET_MAX_BYTES)
		return 0;
	uint32_t type = types[data[0] % 6];
	packet_vlan_limit = data[0] / 6 % 3;
	data++, size--;

	struct packet *p = packet_from_bytes(data, (uint32_t)size);
	p->packet_type = type;
	struct flow_key a, b;
	key_extract(p, &a);
	if ((p->l3_ofs != PACKET_NO_OFS && p->l3_ofs > size) ||
	    (p->l4_ofs != PACKET_NO_OFS && p->l4_ofs > size) || p->l2_pad_size > size)
		abort();
	if (a.pad0 || a.pad1 || a.pad2[0] || a.pad2[1] || a.pad3 || a.pad4[0] || a.pad4[1])
		abort();
	memset(&b, 0xff, sizeof b);
	key_extract(p, &b);
	if (!key_equal(&a, &b))
		abort();
	packet_free(p);
	packet_vlan_limit = 1;
	return 0;
}
