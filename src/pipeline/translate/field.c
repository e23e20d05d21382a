/* SPDX-License-Identifier: Apache-2.0 */
/* Actions that change the packet's or the pipeline's fields. An action that does not fit the
 * packet, such as an IPv4 address for ARP, does nothing (ovs-actions(7), "Inconsistencies"). */
#include "base/mem.h"
#include "pipeline/translate/context.h"

static bool is_ip4(const struct xlate *x) { return x->flow.dl_type == BE16_C(0x0800); }
static bool is_ip6(const struct xlate *x) { return x->flow.dl_type == BE16_C(0x86dd); }
static bool is_ip(const struct xlate *x) { return is_ip4(x) || is_ip6(x); }
static bool is_mpls(const struct xlate *x)
{
	return x->flow.dl_type == BE16_C(0x8847) || x->flow.dl_type == BE16_C(0x8848);
}
static bool has_ports(const struct xlate *x)
{
	uint8_t proto = x->flow.nw_proto;
	return is_ip(x) && !(x->flow.nw_frag & FRAG_LATER) &&
	       (proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP);
}

void xlate_report_subfield(struct xlate *x, const struct subfield *s)
{
	if (!x->trace)
		return;
	AUTO_STR out = STR_INIT;
	subfield_to_str(s, &out);
	str_puts(&out, " is now ");
	if (s->ofs == 0 && s->n_bits == s->field->n_bits) {
		union field_value v;
		field_get(s->field, &x->flow, &v);
		field_value_to_str(s->field, &v, NULL, NULL, &out);
	} else if (s->n_bits <= 64) {
		str_putf(&out, "%#llx", (unsigned long long)subfield_get(s, &x->flow));
	} else {
		uint8_t bytes[FIELD_MAX_BYTES];
		unsigned size = DIV_ROUND_UP(s->n_bits, 8);
		subfield_read(s, &x->flow, bytes, size);
		str_puts(&out, "0x");
		str_put_hex(&out, bytes, size);
	}
	trace_put(x->trace, TRACE_DETAIL, "%s", str_cstr(&out));
}

/* The fields of a VLAN tag can only be set where there is one. */
static bool needs_tag(const struct field *f)
{
	return f->where == FIELD_AT_VLAN || f->where == FIELD_AT_VID ||
	       f->where == FIELD_AT_VLANPCP;
}

static bool can_set(struct xlate *x, const struct field *f)
{
	if (needs_tag(f) && !(x->flow.vlans[0].tci & BE16_C(VLAN_CFI)))
		return false;
	return field_prereqs_ok(f, &x->flow, NULL);
}

static void mask_prereqs(struct xlate *x, const struct field *f)
{
	field_mask_prereqs(f, &x->flow, x->wc);
	bool dscp = f->ofs == KEY_OFS(nw_tos) && f->n_bits != 2;
	if ((f->prereq == FIELD_PRE_IP4 || f->prereq == FIELD_PRE_IP6 ||
	     f->prereq == FIELD_PRE_IP || f->prereq == FIELD_PRE_ARP) &&
	    !dscp)
		x->wc->nw_proto = UINT8_MAX;
}

static void set_field(struct xlate *x, const struct ofa_set_field *a)
{
	const struct field *f = a->field;
	union field_value value, mask;
	if (!can_set(x, f))
		return;
	memset(&value, 0, sizeof value);
	memset(&mask, 0, sizeof mask);
	memcpy(value.b + f->n_bytes - a->n_bytes, a->data, a->n_bytes);
	memcpy(mask.b + f->n_bytes - a->n_bytes, ofa_set_field_mask(a), a->n_bytes);
	mask_prereqs(x, f);
	if (field_value_is_ones(f, &mask)) {
		field_mask_set(f, x->wc);
	} else {
		struct flow_key bits;
		memset(&bits, 0, sizeof bits);
		field_set(f, &mask, &bits);
		for (size_t w = 0; w < KEY_WORDS; w++)
			key_words_rw(x->wc)[w] |= key_words(&bits)[w];
	}
	if (needs_tag(f))
		x->wc->vlans[0].tci = UINT16_MAX;
	field_set_masked(f, &value, &mask, &x->flow);
}

static void move(struct xlate *x, const struct ofa_move *a)
{
	if (!field_prereqs_ok(a->src.field, &x->flow, NULL) || !can_set(x, a->dst.field))
		return;
	field_mask_prereqs(a->src.field, &x->flow, x->wc);
	field_mask_prereqs(a->dst.field, &x->flow, x->wc);
	subfield_mask_set(&a->src, x->wc);
	subfield_mask_set(&a->dst, x->wc);
	subfield_copy(&a->src, &a->dst, &x->flow, &x->flow);
	xlate_report_subfield(x, &a->dst);
}

static void stack_push(struct xlate *x, const struct subfield *s)
{
	uint8_t n = (uint8_t)DIV_ROUND_UP(s->n_bits, 8);
	if (x->stack.size + n + 1u > MAX_STACK_BYTES + 256) {
		xlate_error(x, XLATE_STACK_TOO_DEEP, "stack is too deep");
		return;
	}
	x->stack.bytes = xgrow(x->stack.bytes, &x->stack.allocated, x->stack.size + n + 1u, 1);
	subfield_read(s, &x->flow, x->stack.bytes + x->stack.size, n);
	subfield_mask_set(s, x->wc);
	x->stack.size += n;
	x->stack.bytes[x->stack.size++] = n;
}

static void stack_pop(struct xlate *x, const struct subfield *s)
{
	if (!x->stack.size) {
		trace_put(x->trace, TRACE_ERROR, "stack underflow");
		return;
	}
	uint8_t n = x->stack.bytes[x->stack.size - 1];
	const uint8_t *top = x->stack.bytes + x->stack.size - 1 - n;
	x->stack.size -= n + 1u;
	if (!can_set(x, s->field))
		return;
	/* The value is as wide as what was pushed: cut or fill to the left. */
	uint8_t value[FIELD_MAX_BYTES] = { 0 };
	unsigned size = DIV_ROUND_UP(s->n_bits, 8);
	unsigned k = MIN(size, n);
	memcpy(value + size - k, top + n - k, k);
	bits_fill(value, size, s->n_bits, size * 8 - s->n_bits, false);
	subfield_mask_set(s, x->wc);
	subfield_write(s, value, size, &x->flow);
	xlate_report_subfield(x, s);
}

/* ---- VLAN -------------------------------------------------------------------------------- */

static void push_vlan(struct xlate *x, uint16_t ethertype)
{
	x->wc->vlans[0].tci = UINT16_MAX;
	memmove(&x->flow.vlans[1], &x->flow.vlans[0],
		sizeof x->flow.vlans[0] * (KEY_MAX_VLANS - 1));
	x->flow.vlans[0].tpid = cpu_to_be16(ethertype);
	x->flow.vlans[0].tci = BE16_C(VLAN_CFI);
}

static void pop_vlan(struct xlate *x)
{
	/* That a tag is there is always matched; what is in it counts when the packet leaves
	 * without. */
	if (!(x->flow.vlans[0].tci & BE16_C(VLAN_CFI)))
		return;
	memmove(&x->flow.vlans[0], &x->flow.vlans[1],
		sizeof x->flow.vlans[0] * (KEY_MAX_VLANS - 1));
	memset(&x->flow.vlans[KEY_MAX_VLANS - 1], 0, sizeof x->flow.vlans[0]);
}

static void set_vlan(struct xlate *x, const struct ofa_set_vlan *a, bool pcp)
{
	struct vlan_key *v = &x->flow.vlans[0];
	x->wc->vlans[0].tci |=
		pcp ? BE16_C(VLAN_PCP_MASK | VLAN_CFI) : BE16_C(VLAN_VID_MASK | VLAN_CFI);
	if (!(v->tci & BE16_C(VLAN_CFI))) {
		if (!a->push_if_none)
			return;
		v->tpid = BE16_C(0x8100);
		v->tci = 0;
	}
	uint16_t mask = pcp ? VLAN_PCP_MASK : VLAN_VID_MASK;
	uint16_t value = pcp ? (uint16_t)(a->value << VLAN_PCP_SHIFT) : a->value;
	v->tci = (v->tci & ~cpu_to_be16(mask)) | cpu_to_be16((value & mask) | VLAN_CFI);
}

/* ---- MPLS -------------------------------------------------------------------------------- */

#define LSE(label, tc, bos, ttl)                                                                   \
	cpu_to_be32((uint32_t)(label) << 12 | (uint32_t)(tc) << 9 | (uint32_t)(bos) << 8 | (ttl))
#define LSE_BOS BE32_C(0x100)

static unsigned n_labels(const struct flow_key *k)
{
	unsigned n = 0;
	while (n < KEY_MAX_MPLS) {
		be32 lse = k->mpls_lse[n++];
		if (lse & LSE_BOS)
			break;
		if (!lse) {
			n--;
			break;
		}
	}
	return n;
}

void xlate_push_mpls(struct xlate *x, uint16_t ethertype)
{
	struct flow_key *f = &x->flow;
	unsigned n = is_mpls(x) ? n_labels(f) : 0;
	if (n >= KEY_MAX_MPLS) {
		xlate_error(x, XLATE_TOO_MANY_MPLS_LABELS,
			    "dropping packet on which an MPLS push action can't be performed as it "
			    "would "
			    "have more MPLS LSEs than the %d supported.",
			    KEY_MAX_MPLS);
		return;
	}
	if (!n)
		xlate_commit(x); /* of the headers that go out of sight */
	if (is_mpls(x)) {
		memset(x->wc->mpls_lse, 0xff, sizeof x->wc->mpls_lse[0] * n);
		memmove(&f->mpls_lse[1], &f->mpls_lse[0],
			sizeof f->mpls_lse[0] * (KEY_MAX_MPLS - 1));
		f->mpls_lse[0] = f->mpls_lse[1] & ~LSE_BOS;
	} else {
		uint8_t ttl = 64, tc = 0;
		if (is_ip(x)) {
			x->wc->nw_ttl = UINT8_MAX;
			x->wc->nw_tos |= 0xfc;
			ttl = f->nw_ttl ? f->nw_ttl : 64;
			tc = (f->nw_tos & 0xfc) >> 2 & 7;
		}
		memset(f->mpls_lse, 0, sizeof f->mpls_lse);
		f->mpls_lse[0] = LSE(f->dl_type == BE16_C(0x86dd) ? 2 : 0, tc, 1, ttl);
		/* L3 and L4 are payload now. */
		memset((char *)f + KEY_OFS(nw_src), 0, KEY_OFS(tun_opts) - KEY_OFS(nw_src));
	}
	f->dl_type = cpu_to_be16(ethertype);
}

void xlate_pop_mpls(struct xlate *x, uint16_t ethertype)
{
	struct flow_key *f = &x->flow;
	if (!is_mpls(x))
		return;
	unsigned n = n_labels(f);
	x->wc->mpls_lse[0] |= LSE_BOS;
	if (n == KEY_MAX_MPLS && !(f->mpls_lse[n - 1] & LSE_BOS)) {
		xlate_error(
			x, XLATE_TOO_MANY_MPLS_LABELS,
			"dropping packet on which an MPLS pop action can't be performed as it has "
			"more MPLS LSEs than the %d supported.",
			KEY_MAX_MPLS);
		return;
	}
	bool bottom = f->mpls_lse[0] & LSE_BOS;
	memmove(&f->mpls_lse[0], &f->mpls_lse[1], sizeof f->mpls_lse[0] * (KEY_MAX_MPLS - 1));
	f->mpls_lse[KEY_MAX_MPLS - 1] = 0;
	f->dl_type = cpu_to_be16(ethertype);
	if (bottom && ethertype != 0x8847 && ethertype != 0x8848)
		x->was_mpls = true;
}

static void set_mpls(struct xlate *x, be32 mask, be32 value)
{
	if (!is_mpls(x))
		return;
	x->wc->mpls_lse[0] |= mask;
	x->flow.mpls_lse[0] = (x->flow.mpls_lse[0] & ~mask) | value;
}

static void dec_mpls_ttl(struct xlate *x)
{
	if (!is_mpls(x))
		return;
	x->wc->mpls_lse[0] |= BE32_C(0xff);
	uint8_t ttl = be32_to_cpu(x->flow.mpls_lse[0]) & 0xff;
	if (ttl > 1) {
		x->flow.mpls_lse[0] = (x->flow.mpls_lse[0] & ~BE32_C(0xff)) | cpu_to_be32(ttl - 1u);
		return;
	}
	trace_put(x->trace, TRACE_WARN, "MPLS decrement TTL exception");
	xlate_controller(x, UINT16_MAX, OFPR_INVALID_TTL, 0, 0, NULL, 0);
	x->exit = true;
}

/* ---- IP ---------------------------------------------------------------------------------- */

bool xlate_dec_ttl(struct xlate *x, const struct ofa_dec_ttl *a)
{
	if (!is_ip(x))
		return false;
	x->wc->nw_ttl = UINT8_MAX;
	x->wc->nw_proto = UINT8_MAX;
	if (x->flow.nw_ttl > 1) {
		x->flow.nw_ttl--;
		return false;
	}
	trace_put(x->trace, TRACE_WARN, "IPv%d decrement TTL exception", is_ip4(x) ? 4 : 6);
	if (!a->n_ids)
		xlate_controller(x, UINT16_MAX, OFPR_INVALID_TTL, 0, 0, NULL, 0);
	for (uint32_t i = 0; i < a->n_ids; i++)
		xlate_controller(x, UINT16_MAX, OFPR_INVALID_TTL, a->ids[i], 0, NULL, 0);
	return true;
}

static void set_port(struct xlate *x, bool dst, uint16_t port)
{
	if (!has_ports(x))
		return;
	x->wc->nw_proto = UINT8_MAX;
	if (dst) {
		x->wc->tp_dst = UINT16_MAX;
		x->flow.tp_dst = cpu_to_be16(port);
	} else {
		x->wc->tp_src = UINT16_MAX;
		x->flow.tp_src = cpu_to_be16(port);
	}
}

bool xlate_field_action(struct xlate *x, const struct of_action *a)
{
	const struct ofa_u32 *u = (const struct ofa_u32 *)a;
	switch (a->type) {
	case OFA_SET_FIELD:
		set_field(x, (const struct ofa_set_field *)a);
		break;
	case OFA_MOVE:
		move(x, (const struct ofa_move *)a);
		break;
	case OFA_STACK_PUSH:
		stack_push(x, &((const struct ofa_subfield *)a)->subfield);
		break;
	case OFA_STACK_POP:
		stack_pop(x, &((const struct ofa_subfield *)a)->subfield);
		break;
	case OFA_SET_VLAN_VID:
		set_vlan(x, (const struct ofa_set_vlan *)a, false);
		break;
	case OFA_SET_VLAN_PCP:
		set_vlan(x, (const struct ofa_set_vlan *)a, true);
		break;
	case OFA_STRIP_VLAN:
		pop_vlan(x);
		break;
	case OFA_PUSH_VLAN:
		push_vlan(x, (uint16_t)u->value);
		break;
	case OFA_SET_ETH_SRC:
		memset(&x->wc->dl_src, 0xff, sizeof x->wc->dl_src);
		x->flow.dl_src = ((const struct ofa_set_eth *)a)->addr;
		break;
	case OFA_SET_ETH_DST:
		memset(&x->wc->dl_dst, 0xff, sizeof x->wc->dl_dst);
		x->flow.dl_dst = ((const struct ofa_set_eth *)a)->addr;
		break;
	case OFA_SET_NW_SRC:
		if (is_ip4(x)) {
			x->wc->nw_src = UINT32_MAX;
			x->wc->nw_proto = UINT8_MAX;
			x->flow.nw_src = ((const struct ofa_set_nw *)a)->addr;
		}
		break;
	case OFA_SET_NW_DST:
		if (is_ip4(x)) {
			x->wc->nw_dst = UINT32_MAX;
			x->wc->nw_proto = UINT8_MAX;
			x->flow.nw_dst = ((const struct ofa_set_nw *)a)->addr;
		}
		break;
	case OFA_SET_NW_TOS:
		if (is_ip(x)) {
			x->wc->nw_tos |= 0xfc;
			x->flow.nw_tos = (uint8_t)((x->flow.nw_tos & 3) | (u->value & 0xfc));
		}
		break;
	case OFA_SET_NW_ECN:
		if (is_ip(x)) {
			x->wc->nw_tos |= 3;
			x->flow.nw_tos = (uint8_t)((x->flow.nw_tos & 0xfc) | (u->value & 3));
		}
		break;
	case OFA_SET_NW_TTL:
		if (is_ip(x)) {
			x->wc->nw_ttl = UINT8_MAX;
			x->flow.nw_ttl = (uint8_t)u->value;
		}
		break;
	case OFA_SET_TP_SRC:
		set_port(x, false, (uint16_t)u->value);
		break;
	case OFA_SET_TP_DST:
		set_port(x, true, (uint16_t)u->value);
		break;
	case OFA_SET_MPLS_LABEL:
		set_mpls(x, BE32_C(0xfffff000), cpu_to_be32((u->value & 0xfffff) << 12));
		break;
	case OFA_SET_MPLS_TC:
		set_mpls(x, BE32_C(0xe00), cpu_to_be32((u->value & 7) << 9));
		break;
	case OFA_SET_MPLS_TTL:
		set_mpls(x, BE32_C(0xff), cpu_to_be32(u->value & 0xff));
		break;
	case OFA_DEC_MPLS_TTL:
		dec_mpls_ttl(x);
		break;
	case OFA_PUSH_MPLS:
		xlate_push_mpls(x, (uint16_t)u->value);
		break;
	case OFA_POP_MPLS:
		xlate_pop_mpls(x, (uint16_t)u->value);
		break;
	case OFA_SET_TUNNEL:
		x->flow.tunnel.id = cpu_to_be64(((const struct ofa_u64 *)a)->value);
		break;
	case OFA_DEC_NSH_TTL:
		if (x->flow.dl_type == BE16_C(0x894f)) {
			x->wc->nsh.ttl = UINT8_MAX;
			if (x->flow.nsh.ttl > 1) {
				x->flow.nsh.ttl--;
			} else {
				trace_put(x->trace, TRACE_WARN, "NSH decrement TTL exception");
				xlate_controller(x, UINT16_MAX, OFPR_INVALID_TTL, 0, 0, NULL, 0);
				x->exit = true;
			}
		}
		break;
	case OFA_DELETE_FIELD: {
		const struct field *f = ((const struct ofa_field *)a)->field;
		if (field_is_tun_metadata(f)) {
			union field_value zero;
			memset(&zero, 0, sizeof zero);
			field_set(f, &zero, &x->flow);
			x->flow.tunnel.opts_present &=
				~(UINT64_C(1) << (f->id - FIELD_TUN_METADATA0));
		}
		break;
	}
	default:
		return false;
	}
	return true;
}
