/* SPDX-License-Identifier: Apache-2.0 */
/* action_check: is a list of actions possible for the packets that a match lets in?
 *
 * The list is run over what is known of those packets: the match, changed by what actions push, pop
 * and set. Two kinds of trouble come out. What no version allows, such as writing a field that such
 * a packet does not have, is an error. What OpenFlow 1.0 lets pass silently and 1.1 forbids, such
 * as dec_ttl without a match on IP, only takes the later protocols out of 'usable'; a switch that
 * got the flow by one of those refuses it with OFPBAC_MATCH_INCONSISTENT. */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "ofp/action.h"
#include "ofp/action_names.h"
#include "ofp/error.h"
#include "ofp/group.h"
#include "ofp/meter.h"

LOG_MODULE(ofp_actions);

struct checker {
	const struct of_action_check *c;
	struct match state; /* of the packets that get here */
	uint32_t usable;
	struct err *err;
	unsigned depth;
};

static void lax(struct checker *k) { k->usable &= OFPROTO_OF10_ANY | OFPROTO_NXM_ANY; }

static uint16_t dl_type(const struct checker *k) { return be16_to_cpu(k->state.key.dl_type); }
static bool is_ip(const struct checker *k) { return dl_type(k) == 0x0800 || dl_type(k) == 0x86dd; }
static bool is_mpls(const struct checker *k)
{
	return dl_type(k) == 0x8847 || dl_type(k) == 0x8848;
}
static bool has_vlan(const struct checker *k)
{
	return k->state.key.vlans[0].tci & BE16_C(VLAN_CFI);
}

static void set_dl_type(struct checker *k, uint16_t type)
{
	k->state.key.dl_type = cpu_to_be16(type);
	k->state.mask.dl_type = UINT16_MAX;
}

/* Layers above a new header are unknown. */
static void forget_l3(struct checker *k)
{
	k->state.key.nw_proto = 0;
	k->state.key.nw_frag = 0;
}

static int check_port(const struct checker *k, uint32_t port)
{
	switch (port) {
	case OFPORT_IN_PORT:
	case OFPORT_TABLE:
	case OFPORT_NORMAL:
	case OFPORT_FLOOD:
	case OFPORT_ALL:
	case OFPORT_CONTROLLER:
	case OFPORT_LOCAL:
		return 0;
	default:
		return port < k->c->max_ports ? 0 : -OFPERR_OFPBAC_BAD_OUT_PORT;
	}
}

static int check_prereqs(struct checker *k, const struct field *f, const char *what)
{
	if (field_prereqs_ok(f, &k->state.key, &k->state.mask))
		return 0;
	log_warn("%s %s lacks correct prerequisites", what, f->name);
	return -OFPERR_OFPBAC_MATCH_INCONSISTENT;
}

static int check_src(struct checker *k, const struct subfield *s)
{
	if (!s->field)
		return -OFPERR_OFPBAC_BAD_SET_TYPE;
	if (!s->n_bits || s->ofs + s->n_bits > s->field->n_bits)
		return -OFPERR_OFPBAC_BAD_SET_LEN;
	return check_prereqs(k, s->field, "source field");
}

static int check_dst(struct checker *k, const struct subfield *s)
{
	if (!s->field)
		return -OFPERR_OFPBAC_BAD_SET_TYPE;
	if (!s->n_bits || s->ofs + s->n_bits > s->field->n_bits)
		return -OFPERR_OFPBAC_BAD_SET_LEN;
	if (!s->field->writable) {
		log_warn("destination field %s is not writable", s->field->name);
		return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
	}
	return check_prereqs(k, s->field, "destination field");
}

static int check_set_field(struct checker *k, struct ofa_set_field *a)
{
	const struct field *f = a->field;
	int r;
	if (f->id == FIELD_VLAN_VID || f->id == FIELD_VLAN_PCP || f->id == FIELD_DL_VLAN ||
	    f->id == FIELD_DL_VLAN_PCP) {
		if (!has_vlan(k) && (f->id == FIELD_VLAN_VID || f->id == FIELD_VLAN_PCP)) {
			log_warn("set_field %s lacks correct prerequisites", f->name);
			return -OFPERR_OFPBAC_MATCH_INCONSISTENT;
		}
		a->flow_has_vlan = has_vlan(k);
	} else {
		r = check_prereqs(k, f, "set_field");
		if (r)
			return r;
	}
	if (!f->writable)
		return -OFPERR_OFPBAC_BAD_SET_ARGUMENT;
	/* Later prerequisites look at what was set, where it is set whole. */
	if (f->id == FIELD_VLAN_TCI) {
		union field_value v = { .b = { 0 } };
		memcpy(v.b, a->data, a->n_bytes);
		k->state.key.vlans[0].tci = v.be16;
	}
	return 0;
}

static int check_learn(struct checker *k, const struct ofa_learn *a)
{
	struct checker learned = { .c = k->c };
	match_init(&learned.state);
	OF_LEARN_SPEC_FOR_EACH(s, a)
	{
		if (s->src_type == OFLS_FIELD) {
			int r = check_src(k, &s->src);
			if (r)
				return r;
		}
		if (s->dst_type == OFLD_MATCH) {
			int r = check_src(&learned, &s->dst);
			if (r)
				return r;
			if (s->src_type == OFLS_IMMEDIATE) {
				union field_value v = { .b = { 0 } }, mask = { .b = { 0 } };
				const struct field *f = s->dst.field;
				size_t n = DIV_ROUND_UP(s->n_bits, 8);
				bits_copy(s->imm, (unsigned)n, 0, v.b, f->n_bytes, s->dst.ofs,
					  s->n_bits);
				bits_fill(mask.b, f->n_bytes, s->dst.ofs, s->n_bits, true);
				match_set(&learned.state, f, &v, &mask);
			}
		} else if (s->dst_type == OFLD_LOAD) {
			int r = check_dst(&learned, &s->dst);
			if (r)
				return r;
		}
	}
	return 0;
}

static int check_list(struct checker *k, struct of_action *list, size_t size);

static int check_nested(struct checker *k, const struct of_action *a)
{
	size_t size;
	const struct of_action *list = of_action_nested(a, &size);
	if (!size)
		return 0;
	if (k->depth >= 16)
		return -OFPERR_OFPBAC_TOO_MANY;
	/* What a copy of the packet goes through changes nothing for what follows. */
	struct match saved = k->state;
	k->depth++;
	int r = check_list(k, (struct of_action *)list, size);
	k->depth--;
	k->state = saved;
	return r;
}

static int check_ct(struct checker *k, const struct ofa_ct *a)
{
	if (!is_ip(k))
		return -OFPERR_OFPBAC_MATCH_INCONSISTENT;
	if (a->alg == 21 && k->state.key.nw_proto != IPPROTO_TCP)
		return -OFPERR_OFPBAC_MATCH_INCONSISTENT;
	if (a->alg == 69 && k->state.key.nw_proto != IPPROTO_UDP)
		return -OFPERR_OFPBAC_MATCH_INCONSISTENT;
	if (a->zone_src.field) {
		int r = check_src(k, &a->zone_src);
		if (r)
			return r;
	}
	return check_nested(k, &a->h);
}

static int check_nat(struct checker *k, const struct ofa_nat *a)
{
	if (!is_ip(k) || (a->family == 4 && dl_type(k) != 0x0800) ||
	    (a->family == 6 && dl_type(k) != 0x86dd))
		return -OFPERR_OFPBAC_MATCH_INCONSISTENT;
	return 0;
}

static int check_bundle(struct checker *k, const struct ofa_bundle *a)
{
	if (a->dst.field) {
		int r = check_dst(k, &a->dst);
		if (r)
			return r;
	}
	for (uint32_t i = 0; i < a->n_members; i++) {
		uint32_t port = a->members[i];
		if (port != OFPORT_NONE && port >= k->c->max_ports && port != OFPORT_LOCAL)
			return -OFPERR_OFPBAC_BAD_OUT_PORT;
	}
	return 0;
}

static void check_encap(struct checker *k, const struct ofa_encap *a)
{
	k->state.key.packet_type = a->packet_type;
	k->state.mask.packet_type = UINT32_MAX;
	if (a->packet_type != PT_ETH)
		set_dl_type(k, (uint16_t)a->packet_type);
	k->state.key.vlans[0].tci = 0;
}

static void check_decap(struct checker *k)
{
	if (k->state.key.packet_type == PT_ETH) {
		if (has_vlan(k)) {
			k->usable = 0;
			return;
		}
		k->state.key.packet_type = PT_OF(1, dl_type(k));
		k->state.mask.packet_type = UINT32_MAX;
	} else if (k->state.key.packet_type == PT_OF(1, 0x894f)) {
		k->state.key.packet_type = PT_ETH;
		k->state.key.dl_type = 0;
	} else {
		k->state.key.packet_type = PT_OF(1, 0);
	}
}

static int check_goto(const struct checker *k, uint32_t table)
{
	if ((k->c->table_id != 255 && table <= k->c->table_id) ||
	    (k->c->n_tables != 255 && table >= k->c->n_tables))
		return -OFPERR_OFPBIC_BAD_TABLE_ID;
	return 0;
}

static int check_one(struct checker *k, struct of_action *a)
{
	const void *p = a;
	int r = 0;
	switch ((enum of_action_type)a->type) {
	case OFA_OUTPUT:
		return check_port(k, ((const struct ofa_output *)p)->port);
	case OFA_OUTPUT_TRUNC:
		return check_port(k, ((const struct ofa_output_trunc *)p)->port);
	case OFA_OUTPUT_REG:
		return check_src(k, &((const struct ofa_output_reg *)p)->src);
	case OFA_ENQUEUE: {
		uint32_t port = ((const struct ofa_enqueue *)p)->port;
		return port < k->c->max_ports || port == OFPORT_IN_PORT || port == OFPORT_LOCAL
			       ? 0
			       : -OFPERR_OFPBAC_BAD_OUT_PORT;
	}
	case OFA_BUNDLE:
		return check_bundle(k, p);
	case OFA_SET_VLAN_VID:
	case OFA_SET_VLAN_PCP: {
		struct ofa_set_vlan *v = (struct ofa_set_vlan *)a;
		v->flow_has_vlan = has_vlan(k);
		if (!v->flow_has_vlan && !v->push_if_none)
			lax(k);
		k->state.key.vlans[0].tci |= BE16_C(VLAN_CFI);
		return 0;
	}
	case OFA_STRIP_VLAN:
		if (!has_vlan(k))
			lax(k);
		k->state.key.vlans[0] = k->state.key.vlans[1];
		memset(&k->state.key.vlans[1], 0, sizeof k->state.key.vlans[1]);
		return 0;
	case OFA_PUSH_VLAN:
		if (k->state.key.vlans[KEY_MAX_VLANS - 1].tci & BE16_C(VLAN_CFI))
			return -OFPERR_OFPBAC_BAD_TAG;
		k->state.key.vlans[1] = k->state.key.vlans[0];
		k->state.key.vlans[0].tci = BE16_C(VLAN_CFI);
		return 0;
	case OFA_SET_NW_SRC:
	case OFA_SET_NW_DST:
		if (dl_type(k) != 0x0800)
			lax(k);
		return 0;
	case OFA_SET_NW_TOS:
	case OFA_SET_NW_ECN:
	case OFA_SET_NW_TTL:
	case OFA_DEC_TTL:
		if (!is_ip(k))
			lax(k);
		return 0;
	case OFA_SET_TP_SRC:
	case OFA_SET_TP_DST:
	case OFA_FIN_TIMEOUT: {
		uint8_t proto = k->state.key.nw_proto;
		bool known =
			proto == IPPROTO_TCP || (a->type != OFA_FIN_TIMEOUT &&
						 (proto == IPPROTO_UDP || proto == IPPROTO_SCTP));
		if (!is_ip(k) || (k->state.key.nw_frag & FRAG_LATER) || !known)
			lax(k);
		a->raw = a->type == OFA_FIN_TIMEOUT ? 0 : proto;
		return 0;
	}
	case OFA_SET_MPLS_LABEL:
	case OFA_SET_MPLS_TC:
	case OFA_SET_MPLS_TTL:
	case OFA_DEC_MPLS_TTL:
		if (!is_mpls(k))
			lax(k);
		return 0;
	case OFA_PUSH_MPLS:
		if (k->state.key.packet_type != PT_ETH)
			lax(k);
		set_dl_type(k, (uint16_t)((const struct ofa_u32 *)p)->value);
		forget_l3(k);
		return 0;
	case OFA_POP_MPLS:
		if (!is_mpls(k))
			lax(k);
		set_dl_type(k, (uint16_t)((const struct ofa_u32 *)p)->value);
		return 0;
	case OFA_DEC_NSH_TTL:
		if (k->state.key.packet_type != PT_OF(1, 0x894f) && dl_type(k) != 0x894f)
			lax(k);
		return 0;
	case OFA_SET_FIELD:
		return check_set_field(k, (struct ofa_set_field *)a);
	case OFA_MOVE:
		r = check_src(k, &((const struct ofa_move *)p)->src);
		return r ? r : check_dst(k, &((const struct ofa_move *)p)->dst);
	case OFA_STACK_PUSH:
		return check_src(k, &((const struct ofa_subfield *)p)->subfield);
	case OFA_STACK_POP:
		return check_dst(k, &((const struct ofa_subfield *)p)->subfield);
	case OFA_DELETE_FIELD:
		return field_is_tun_metadata(((const struct ofa_field *)p)->field)
			       ? 0
			       : -OFPERR_OFPBAC_BAD_ARGUMENT;
	case OFA_ENCAP:
		check_encap(k, p);
		return 0;
	case OFA_DECAP:
		check_decap(k);
		return 0;
	case OFA_RESUBMIT:
		if (((const struct ofa_resubmit *)p)->with_ct &&
		    (!is_ip(k) || !(k->state.mask.ct_state & 0x20) || !k->state.mask.ct_nw_proto))
			return -OFPERR_OFPBAC_MATCH_INCONSISTENT;
		return 0;
	case OFA_LEARN:
		return check_learn(k, p);
	case OFA_MULTIPATH:
		return check_dst(k, &((const struct ofa_multipath *)p)->dst);
	case OFA_CLONE:
	case OFA_WRITE_ACTIONS: {
		uint32_t usable = k->usable;
		r = check_nested(k, a);
		if (a->type == OFA_WRITE_ACTIONS)
			k->usable = usable;
		return r;
	}
	case OFA_CT:
		return check_ct(k, p);
	case OFA_NAT:
		return check_nat(k, p);
	case OFA_METER: {
		uint32_t id = ((const struct ofa_u32 *)p)->value;
		return id == 0 || id > OFPM_MAX ? -OFPERR_OFPMMFC_INVALID_METER : 0;
	}
	case OFA_GOTO_TABLE:
		return check_goto(k, ((const struct ofa_u32 *)p)->value);
	default:
		return 0;
	}
}

/* conjunction() may stand beside nothing but notes. */
static int check_conjunction(struct checker *k, const struct of_action *list, size_t size)
{
	const struct of_action *other = NULL;
	bool conjunction = false;
	OF_ACTION_FOR_EACH(a, list, size)
	{
		if (a->type == OFA_CONJUNCTION)
			conjunction = true;
		else if (a->type != OFA_NOTE && !other)
			other = a;
	}
	if (!conjunction || !other)
		return 0;
	AUTO_STR text = STR_INIT;
	of_actions_put_text(other, other->size, NULL, &text);
	text.s[strcspn(text.s, ":(")] = '\0';
	err_set(k->err, 0,
		"\"conjunction\" actions may be used along with \"note\" but not any other kind of "
		"action (such as the \"%s\" action used here)",
		text.s);
	return -OFPERR_NXBAC_BAD_CONJUNCTION;
}

static int check_list(struct checker *k, struct of_action *list, size_t size)
{
	int r = check_conjunction(k, list, size);
	OF_ACTION_FOR_EACH(a, list, size)
	{
		if (r)
			return r;
		r = check_one(k, a);
	}
	return r;
}

int of_actions_check(void *list, size_t size, const struct of_action_check *c, uint32_t *usable,
		     struct err *err)
{
	struct checker k = { .c = c, .usable = OFPROTO_ANY, .err = err };
	if (c->match)
		k.state = *c->match;
	else
		match_init(&k.state);
	int r = check_list(&k, list, size);
	if (usable)
		*usable &= k.usable;
	return r;
}
