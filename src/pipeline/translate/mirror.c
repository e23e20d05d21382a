/* SPDX-License-Identifier: Apache-2.0 */
/* Copies for mirrors, each output once a packet, whatever number of mirrors chose it. */
#include "base/mem.h"
#include "pipeline/translate/context.h"

void xlate_mirror(struct xlate *x, const struct bundle *bundle, uint32_t mirrors)
{
	struct mirror_table *t = x->bridge->mirrors;
	uint16_t vlan;
	mirrors &= ~x->mirrors;
	if (!mirrors)
		return;
	/* In which VLAN it is: by its tag on trunks, by the port elsewhere. */
	if (!xlate_input_vlan(x, bundle, &vlan))
		return;
	while (mirrors) {
		unsigned i = (unsigned)__builtin_ctz(mirrors);
		struct mirror *m = t->mirrors[i];
		mirrors &= mirrors - 1;
		if (!m)
			continue;
		if (m->vlans) {
			x->wc->vlans[0].tci |= BE16_C(VLAN_CFI | VLAN_VID_MASK);
			if (!(m->vlans[vlan / 64] >> (vlan % 64) & 1))
				continue;
		}
		mirrors &= ~m->dups;
		x->mirrors |= m->dups | 1u << i;
		struct credit *c = xlate_credit(x, CREDIT_MIRROR);
		if (c) {
			c->tables = table_set_ref(x->bridge->tables);
			c->number = 1u << i;
		}
		uint16_t truncate = x->truncate;
		x->truncate = m->snaplen;
		if (m->out_bundle) {
			xlate_output_bundle(x, m->out_bundle, vlan);
		} else if (vlan != m->out_vlan &&
			   !(x->flow.dl_dst.b[0] == 1 && x->flow.dl_dst.b[1] == 0x80 &&
			     x->flow.dl_dst.b[2] == 0xc2)) {
			struct bundle *b;
			LIST_FOR_EACH(b, &x->bridge->bundles_in_order, order_node)
				if (bundle_carries_vlan(b, (uint16_t)m->out_vlan, 0) &&
				    !b->mirror_out)
					xlate_output_bundle(x, b, (uint16_t)m->out_vlan);
		}
		x->truncate = truncate;
	}
}

void xlate_mirror_ingress(struct xlate *x)
{
	const struct bundle *in = x->in_port ? x->in_port->bundle : NULL;
	if (in && in->mirror_src && !in->mirror_out)
		xlate_mirror(x, in, in->mirror_src);
}
