/* SPDX-License-Identifier: Apache-2.0 */
#include "fastpath/decap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum tunnel_type types[] = { TUNNEL_VXLAN, TUNNEL_GRE, TUNNEL_GENEVE };
	if (size < 1 || size > PACKET_MAX_BYTES)
		return 0;
	struct flow_key key;
	struct packet *p = packet_from_bytes(data + 1, (uint32_t)size - 1);
	key_extract(p, &key);
	p->csum_valid = data[0] & 0x80; /* let the fuzzer past the checksums */
	if (tunnel_decap(p, types[data[0] % 3]) == 0)
		key_extract(p, &key);
	packet_free(p);
	return 0;
}
