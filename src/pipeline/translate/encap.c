/* SPDX-License-Identifier: Apache-2.0 */
/* encap() and decap(): adding and removing Ethernet, NSH and MPLS headers of packet-type aware
 * pipelines. NSH: RFC 8300. */
#include "base/mem.h"
#include "pipeline/translate/context.h"

#define PT_NSH PT_OF(1, 0x894f)
#define PT_MPLS PT_OF(1, 0x8847)

static bool is_pt_l3(uint32_t pt) { return pt >> 16 == 1; }

static void encap_eth(struct xlate *x)
{
	if (!is_pt_l3(x->flow.packet_type)) {
		trace_put(x->trace, TRACE_ERROR, "encap(ethernet) unsupported for ethernet packet");
		x->error = XLATE_UNSUPPORTED_PACKET_TYPE;
		return;
	}
	xlate_commit(x);
	struct dpa_push_eth *a = dp_actions_put(x->acts, DPA_PUSH_ETH, sizeof *a);
	(void)a; /* addresses are zero until set */
	x->flow.dl_type = cpu_to_be16((uint16_t)x->flow.packet_type);
	x->flow.packet_type = PT_ETH;
	memset(&x->flow.dl_src, 0, sizeof x->flow.dl_src);
	memset(&x->flow.dl_dst, 0, sizeof x->flow.dl_dst);
	x->base = x->flow;
}

static void encap_nsh(struct xlate *x, const struct ofa_encap *e)
{
	uint8_t np;
	if (x->flow.packet_type == PT_ETH)
		np = 3;
	else if (x->flow.packet_type == PT_OF(1, 0x0800))
		np = 1;
	else if (x->flow.packet_type == PT_OF(1, 0x86dd))
		np = 2;
	else if (x->flow.packet_type == PT_NSH)
		np = 4;
	else {
		trace_put(x->trace, TRACE_ERROR, "encap(nsh) unsupported for this packet type");
		x->error = XLATE_UNSUPPORTED_PACKET_TYPE;
		return;
	}
	xlate_commit(x);
	struct dpa_push_nsh *a = dp_actions_put(x->acts, DPA_PUSH_NSH, sizeof *a);
	uint8_t mdtype = 1;
	const uint8_t *p = e->props, *end = e->props + e->props_size;
	while (p + sizeof(struct of_encap_prop) <= end) {
		const struct of_encap_prop *prop = (const struct of_encap_prop *)p;
		if (prop->class == 4 && prop->type == OFEP_NSH_MDTYPE) {
			mdtype = prop->mdtype;
		} else if (prop->class == 4 && prop->type == OFEP_NSH_TLV &&
			   a->md2_size + 4u + ROUND_UP(prop->tlv_size, 4) <= sizeof a->md2) {
			uint8_t *t = a->md2 + a->md2_size;
			memcpy(t, &prop->tlv_class, 2);
			t[2] = prop->tlv_type;
			t[3] = prop->tlv_size;
			memcpy(t + 4, prop->tlv, prop->tlv_size);
			a->md2_size = (uint8_t)(a->md2_size + 4 + ROUND_UP(prop->tlv_size, 4));
		}
		p += MAX(ROUND_UP(prop->size, 8), 8);
	}
	if (mdtype != 2)
		a->md2_size = 0;
	struct nsh_key *n = &x->flow.nsh;
	memset(n, 0, sizeof *n);
	n->ttl = 63;
	n->mdtype = mdtype;
	n->np = np;
	n->path_hdr = BE32_C(0xff); /* service index 255 */
	a->nsh = *n;
	x->flow.packet_type = PT_NSH;
	x->flow.dl_type = BE16_C(0x894f);
	memset(&x->flow.dl_src, 0, sizeof x->flow.dl_src);
	memset(&x->flow.dl_dst, 0, sizeof x->flow.dl_dst);
	memset(x->flow.vlans, 0, sizeof x->flow.vlans);
	memset(x->flow.mpls_lse, 0, sizeof x->flow.mpls_lse);
	x->base = x->flow;
}

void xlate_encap(struct xlate *x, const struct ofa_encap *e)
{
	switch (e->packet_type) {
	case PT_ETH:
		encap_eth(x);
		break;
	case PT_NSH:
		encap_nsh(x, e);
		break;
	case PT_MPLS:
	case PT_OF(1, 0x8848):
		if (x->flow.packet_type == PT_ETH && x->flow.dl_type != BE16_C(0x8847)) {
			/* The whole frame becomes payload: not among what the fast path can push.
			 */
			trace_put(x->trace, TRACE_ERROR,
				  "encap(mpls) of an Ethernet frame unsupported");
			x->error = XLATE_UNSUPPORTED_PACKET_TYPE;
			break;
		}
		xlate_push_mpls(x, (uint16_t)e->packet_type);
		break;
	default:
		x->error = XLATE_UNSUPPORTED_PACKET_TYPE;
		break;
	}
	x->wc->packet_type = UINT32_MAX;
}

bool xlate_decap(struct xlate *x, const struct ofa_decap *d)
{
	(void)d;
	if (x->flow.packet_type == PT_ETH) {
		if (x->flow.vlans[0].tci & BE16_C(VLAN_CFI)) {
			trace_put(x->trace, TRACE_WARN,
				  "decap_eth_header() not possible for VLAN packet");
			x->error = XLATE_UNSUPPORTED_PACKET_TYPE;
			return false;
		}
		xlate_commit(x);
		dp_actions_put(x->acts, DPA_POP_ETH, sizeof(struct dp_action));
		x->flow.packet_type = PT_OF(1, be16_to_cpu(x->flow.dl_type));
		memset(&x->flow.dl_src, 0, sizeof x->flow.dl_src);
		memset(&x->flow.dl_dst, 0, sizeof x->flow.dl_dst);
		x->base = x->flow;
		return false;
	}
	if (x->flow.packet_type == PT_NSH) {
		x->wc->nsh.np = UINT8_MAX;
		xlate_commit(x);
		dp_actions_put(x->acts, DPA_POP_NSH, sizeof(struct dp_action));
		switch (x->flow.nsh.np) {
		case 1:
			x->flow.packet_type = PT_OF(1, 0x0800);
			break;
		case 2:
			x->flow.packet_type = PT_OF(1, 0x86dd);
			break;
		case 3:
			x->flow.packet_type = PT_ETH;
			break;
		case 4:
			x->flow.packet_type = PT_NSH;
			break;
		default:
			trace_put(x->trace, TRACE_WARN, "decap(nsh): unknown next protocol");
			x->error = XLATE_UNSUPPORTED_PACKET_TYPE;
			return false;
		}
		x->base = x->flow;
		return true; /* the inner packet has yet to be parsed */
	}
	trace_put(x->trace, TRACE_WARN, "decap() is not supported for this packet type");
	x->error = XLATE_UNSUPPORTED_PACKET_TYPE;
	return false;
}
