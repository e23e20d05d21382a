/* SPDX-License-Identifier: Apache-2.0 */
/* action_put: actions as text, to the letter that ovs-ofctl prints: one function an action that is
 * more than a word and a number. */
#include "ofp/action.h"
#include "ofp/action_names.h"
#include "packet/field.h"

const char *const of_hash_fields_names[7] = {
	"eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp",
	"nw_src",  "nw_dst",	   "symmetric_l3",
};
const char *const of_multipath_alg_names[4] = { "modulo_n", "hash_threshold", "hrw", "iter_hash" };
const char *const of_bundle_alg_names[2] = { "active_backup", "hrw" };

int of_name_index(const char *const *names, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(names[i]) == len && !memcmp(names[i], name, len))
			return (int)i;
	}
	return -1;
}

const char *of_packet_in_reason_name(enum of_packet_in_reason r)
{
	static const char *const names[] = {
		[OFPR_NO_MATCH] = "no_match",
		[OFPR_ACTION] = "action",
		[OFPR_INVALID_TTL] = "invalid_ttl",
		[OFPR_ACTION_SET] = "action_set",
		[OFPR_GROUP] = "group",
		[OFPR_PACKET_OUT] = "packet_out",
		[OFPR_EXPLICIT_MISS] = "explicit_miss",
		[OFPR_IMPLICIT_MISS] = "implicit_miss",
	};
	return (size_t)r < ARRAY_SIZE(names) ? names[r] : NULL;
}

static void put_port_list(const uint32_t *ports, size_t n, const struct ofport_names *names,
			  struct str *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			str_putc(out, ',');
		ofport_to_str(ports[i], names, out);
	}
}

static void put_output(const struct ofa_output *a, const struct ofport_names *names,
		       struct str *out)
{
	if (a->port < OFPORT_MAX) {
		str_puts(out, "output:");
		ofport_to_str(a->port, names, out);
		return;
	}
	ofport_to_str(a->port, names, out);
	if (a->port == OFPORT_CONTROLLER)
		str_putf(out, ":%u", a->max_len);
}

static void put_controller(const struct ofa_controller *a, struct str *out)
{
	if (a->reason == OFPR_ACTION && !a->controller_id && !a->userdata_size && !a->pause &&
	    a->meter_id == OF_NO_METER) {
		str_putf(out, "CONTROLLER:%u", a->max_len);
		return;
	}
	str_puts(out, "controller(");
	if (a->reason != OFPR_ACTION)
		str_putf(out, "reason=%s,", of_packet_in_reason_name(a->reason));
	if (a->max_len != UINT16_MAX)
		str_putf(out, "max_len=%u,", a->max_len);
	if (a->controller_id)
		str_putf(out, "id=%u,", a->controller_id);
	if (a->userdata_size) {
		str_puts(out, "userdata=");
		for (size_t i = 0; i < a->userdata_size; i++)
			str_putf(out, "%s%02x", i ? "." : "", a->userdata[i]);
		str_putc(out, ',');
	}
	if (a->pause)
		str_puts(out, "pause,");
	if (a->meter_id != OF_NO_METER)
		str_putf(out, "meter_id=%u,", a->meter_id);
	str_chomp(out, ',');
	str_putc(out, ')');
}

static void put_bundle(const struct ofa_bundle *a, const struct ofport_names *names,
		       struct str *out)
{
	str_putf(out, "%s(%s,%u,%s,ofport,", a->dst.field ? "bundle_load" : "bundle",
		 of_hash_fields_names[a->fields], a->basis, of_bundle_alg_names[a->alg]);
	if (a->dst.field) {
		subfield_to_str(&a->dst, out);
		str_putc(out, ',');
	}
	str_puts(out, "members:");
	put_port_list(a->members, a->n_members, names, out);
	str_putc(out, ')');
}

/* load: the set bits of the mask are one run: FIELD[first..last]. */
static void put_load(const struct ofa_set_field *a, struct str *out)
{
	const uint8_t *mask = ofa_set_field_mask(a);
	unsigned n = a->n_bytes * 8, ofs = 0;
	while (ofs < n && !(mask[a->n_bytes - 1 - ofs / 8] >> (ofs % 8) & 1))
		ofs++;
	unsigned n_bits = 0;
	while (ofs + n_bits < n &&
	       (mask[a->n_bytes - 1 - (ofs + n_bits) / 8] >> ((ofs + n_bits) % 8) & 1))
		n_bits++;
	union field_value v = { .b = { 0 } };
	uint8_t shifted[FIELD_MAX_BYTES] = { 0 };
	memcpy(v.b, a->data, a->n_bytes);
	bits_copy(v.b, a->n_bytes, ofs, shifted, a->n_bytes, 0, n_bits);
	unsigned i = 0;
	while (i + 1 < a->n_bytes && !shifted[i])
		i++;
	str_putf(out, shifted[i] ? "load:0x%x" : "load:%x", shifted[i]);
	for (i++; i < a->n_bytes; i++)
		str_putf(out, "%02x", shifted[i]);
	str_puts(out, "->");
	struct subfield dst = { a->field, (uint16_t)ofs, (uint16_t)n_bits };
	subfield_to_str(&dst, out);
}

static void put_set_field(const struct ofa_set_field *a, const struct ofport_names *names,
			  struct str *out)
{
	if (a->h.raw == OFRAW_REG_LOAD) {
		put_load(a, out);
		return;
	}
	union field_value value = { .b = { 0 } }, mask = { .b = { 0 } };
	memcpy(value.b, a->data, a->n_bytes);
	memcpy(mask.b, ofa_set_field_mask(a), a->n_bytes);
	str_puts(out, "set_field:");
	field_value_to_str(a->field, &value, &mask, names, out);
	str_putf(out, "->%s", a->field->name);
}

static void put_pair(const char *word, const struct subfield *src, const struct subfield *dst,
		     struct str *out)
{
	str_puts(out, word);
	subfield_to_str(src, out);
	if (dst) {
		str_puts(out, "->");
		subfield_to_str(dst, out);
	}
}

static void put_dec_ttl(const struct ofa_dec_ttl *a, struct str *out)
{
	str_puts(out, "dec_ttl");
	if (a->h.raw != OFRAW_DEC_TTL_IDS)
		return;
	str_putc(out, '(');
	for (size_t i = 0; i < a->n_ids; i++)
		str_putf(out, "%s%u", i ? "," : "", a->ids[i]);
	str_putc(out, ')');
}

static void put_resubmit(const struct ofa_resubmit *a, const struct ofport_names *names,
			 struct str *out)
{
	if (a->port != OFPORT_IN_PORT && a->table == 0xff) {
		str_puts(out, "resubmit:");
		ofport_to_str(a->port, names, out);
		return;
	}
	str_puts(out, "resubmit(");
	if (a->port != OFPORT_IN_PORT)
		ofport_to_str(a->port, names, out);
	str_putc(out, ',');
	if (a->table != 0xff)
		str_putf(out, "%u", a->table);
	if (a->with_ct)
		str_puts(out, ",ct");
	str_putc(out, ')');
}

static void put_multipath(const struct ofa_multipath *a, struct str *out)
{
	str_putf(out, "multipath(%s,%u,%s,%d,%u,", of_hash_fields_names[a->fields], a->basis,
		 of_multipath_alg_names[a->alg], a->max_link + 1, a->arg);
	subfield_to_str(&a->dst, out);
	str_putc(out, ')');
}

static void put_note(const struct ofa_note *a, struct str *out)
{
	str_puts(out, "note:");
	for (size_t i = 0; i < a->n_bytes; i++)
		str_putf(out, "%s%02x", i ? "." : "", a->data[i]);
}

static void put_sample(const struct ofa_sample *a, const struct ofport_names *names,
		       struct str *out)
{
	str_putf(out, "sample(probability=%u,collector_set_id=%u,obs_domain_id=%u,obs_point_id=%u",
		 a->probability, a->collector_set_id, a->obs_domain_id, a->obs_point_id);
	if (a->sampling_port != OFPORT_NONE) {
		str_puts(out, ",sampling_port=");
		ofport_to_str(a->sampling_port, names, out);
	}
	if (a->direction)
		str_puts(out, a->direction == OFSD_INGRESS ? ",ingress" : ",egress");
	str_putc(out, ')');
}

static void put_list(const void *list, size_t size, const struct ofport_names *names,
		     struct str *out);

static void put_nat_addr(const struct ofa_nat *a, const struct in6_addr *addr, struct str *out)
{
	if (a->family == 4) {
		be32 ip;
		memcpy(&ip, addr, sizeof ip);
		field_put_ip4_masked(ip, UINT32_MAX, out);
	} else {
		bool bracket = a->port_min != 0;
		if (bracket)
			str_putc(out, '[');
		field_put_ip6(addr, out);
		if (bracket)
			str_putc(out, ']');
	}
}

void of_nat_put_text(const struct ofa_nat *a, struct str *out)
{
	static const struct in6_addr zero;
	str_puts(out, "nat");
	if (!(a->flags & (OFNAT_SRC | OFNAT_DST)))
		return;
	str_putf(out, "(%s", a->flags & OFNAT_SRC ? "src" : "dst");
	if (a->family) {
		str_putc(out, '=');
		put_nat_addr(a, &a->addr_min, out);
		if (memcmp(&a->addr_max, &zero, sizeof zero) &&
		    memcmp(&a->addr_max, &a->addr_min, sizeof zero)) {
			str_putc(out, '-');
			put_nat_addr(a, &a->addr_max, out);
		}
		if (a->port_min)
			str_putf(out, ":%u", a->port_min);
		if (a->port_max && a->port_max != a->port_min)
			str_putf(out, "-%u", a->port_max);
		if (a->flags & OFNAT_PERSISTENT)
			str_puts(out, ",persistent");
		if (a->flags & OFNAT_HASH)
			str_puts(out, ",hash");
		if (a->flags & OFNAT_RANDOM)
			str_puts(out, ",random");
	}
	str_putc(out, ')');
}

static void put_ct(const struct ofa_ct *a, const struct ofport_names *names, struct str *out)
{
	str_puts(out, "ct(");
	if (a->flags & OFCT_COMMIT)
		str_puts(out, "commit,");
	if (a->flags & OFCT_FORCE)
		str_puts(out, "force,");
	if (a->recirc_table != OFCT_NO_RECIRC)
		str_putf(out, "table=%u,", a->recirc_table);
	if (a->zone_src.field) {
		str_puts(out, "zone=");
		subfield_to_str(&a->zone_src, out);
		str_putc(out, ',');
	} else if (a->zone_imm) {
		str_putf(out, "zone=%u,", a->zone_imm);
	}
	/* nat stands outside exec() if it is the first. */
	size_t size;
	const struct of_action *exec = of_action_nested(&a->h, &size);
	if (size && exec->type == OFA_NAT) {
		of_nat_put_text((const void *)exec, out);
		str_putc(out, ',');
		size -= exec->size;
		exec = of_action_next(exec);
	}
	if (size) {
		str_puts(out, "exec(");
		put_list(exec, size, names, out);
		str_puts(out, "),");
	}
	if (a->alg == 21)
		str_puts(out, "alg=ftp,");
	else if (a->alg == 69)
		str_puts(out, "alg=tftp,");
	else if (a->alg)
		str_putf(out, "alg=%u,", a->alg);
	str_chomp(out, ',');
	str_putc(out, ')');
}

void of_encap_put_text(const struct ofa_encap *a, struct str *out)
{
	switch (a->packet_type) {
	case PT_ETH:
		str_puts(out, "encap(ethernet");
		break;
	case PT_OF(1, 0x894f):
		str_puts(out, "encap(nsh");
		break;
	case PT_OF(1, 0x8847):
		str_puts(out, "encap(mpls");
		break;
	case PT_OF(1, 0x8848):
		str_puts(out, "encap(mpls_mc");
		break;
	default:
		str_putf(out, "encap(packet_type(%u,0x%x)", a->packet_type >> 16,
			 a->packet_type & 0xffff);
	}
	const uint8_t *p = a->props;
	for (unsigned i = 0; i < a->n_props; i++) {
		const struct of_encap_prop *prop = (const void *)p;
		str_putc(out, i ? ',' : '(');
		if (prop->type == OFEP_NSH_MDTYPE) {
			str_putf(out, "md_type=%u", prop->mdtype);
		} else {
			str_putf(out, "tlv(0x%04x,%u,0x", be16_to_cpu(prop->tlv_class),
				 prop->tlv_type);
			str_put_hex(out, prop->tlv, prop->tlv_size);
			str_putc(out, ')');
		}
		p += ROUND_UP(prop->size, 8);
	}
	str_puts(out, a->n_props ? "))" : ")");
}

static void put_decap(const struct ofa_decap *a, struct str *out)
{
	str_puts(out, "decap(");
	if (a->new_packet_type != OF_DECAP_NEXT)
		str_putf(out, "packet_type(ns=%u,type=%#x)", a->new_packet_type >> 16,
			 a->new_packet_type & 0xffff);
	str_putc(out, ')');
}

static void put_set_vlan(const struct ofa_set_vlan *a, struct str *out)
{
	str_putf(out, "%s_vlan_%s:%u", a->push_if_none ? "mod" : "set",
		 a->h.type == OFA_SET_VLAN_VID ? "vid" : "pcp", a->value);
}

static void put_fin_timeout(const struct ofa_fin_timeout *a, struct str *out)
{
	str_puts(out, "fin_timeout(");
	if (a->idle)
		str_putf(out, "idle_timeout=%u,", a->idle);
	if (a->hard)
		str_putf(out, "hard_timeout=%u,", a->hard);
	str_chomp(out, ',');
	str_putc(out, ')');
}

static void put_write_metadata(const struct ofa_metadata *a, struct str *out)
{
	str_putf(out, "write_metadata:0x%llx", (unsigned long long)a->value);
	if (a->mask != UINT64_MAX)
		str_putf(out, "/0x%llx", (unsigned long long)a->mask);
}

static void put_enqueue(const struct ofa_enqueue *a, const struct ofport_names *names,
			struct str *out)
{
	str_puts(out, "enqueue:");
	ofport_to_str(a->port, names, out);
	str_putf(out, ":%u", a->queue);
}

static void put_nested(const char *word, const struct of_action *a,
		       const struct ofport_names *names, struct str *out)
{
	size_t size;
	const void *list = of_action_nested(a, &size);
	str_putf(out, "%s(", word);
	put_list(list, size, names, out);
	str_putc(out, ')');
}

/* Actions that are a word, or a word and a number. */
static const struct simple {
	const char *format; /* of str_putf with the value */
} simple[OFA_N_TYPES] = {
	[OFA_GROUP] = { "group:%u" },
	[OFA_STRIP_VLAN] = { "strip_vlan" },
	[OFA_PUSH_VLAN] = { "push_vlan:0x%04x" },
	[OFA_SET_NW_TOS] = { "mod_nw_tos:%u" },
	[OFA_SET_NW_ECN] = { "mod_nw_ecn:%u" },
	[OFA_SET_NW_TTL] = { "mod_nw_ttl:%u" },
	[OFA_SET_TP_SRC] = { "mod_tp_src:%u" },
	[OFA_SET_TP_DST] = { "mod_tp_dst:%u" },
	[OFA_SET_MPLS_LABEL] = { "set_mpls_label(%u)" },
	[OFA_SET_MPLS_TC] = { "set_mpls_tc(%u)" },
	[OFA_SET_MPLS_TTL] = { "set_mpls_ttl(%u)" },
	[OFA_DEC_MPLS_TTL] = { "dec_mpls_ttl" },
	[OFA_PUSH_MPLS] = { "push_mpls:0x%04x" },
	[OFA_POP_MPLS] = { "pop_mpls:0x%04x" },
	[OFA_DEC_NSH_TTL] = { "dec_nsh_ttl" },
	[OFA_SET_QUEUE] = { "set_queue:%u" },
	[OFA_POP_QUEUE] = { "pop_queue" },
	[OFA_EXIT] = { "exit" },
	[OFA_CT_CLEAR] = { "ct_clear" },
	[OFA_DEBUG_RECIRC] = { "debug_recirc" },
	[OFA_DEBUG_SLOW] = { "debug_slow" },
	[OFA_METER] = { "meter:%u" },
	[OFA_CLEAR_ACTIONS] = { "clear_actions" },
	[OFA_GOTO_TABLE] = { "goto_table:%u" },
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
static bool put_simple(const struct of_action *a, struct str *out)
{
	const char *format = a->type < OFA_N_TYPES ? simple[a->type].format : NULL;
	if (!format)
		return false;
	if (a->raw == OFRAW_POP_VLAN)
		format = "pop_vlan";
	uint32_t value = a->size >= sizeof(struct ofa_u32) ? ((const struct ofa_u32 *)a)->value : 0;
	str_putf(out, format, value);
	return true;
}
#pragma GCC diagnostic pop

static void put_action(const struct of_action *a, const struct ofport_names *names, struct str *out)
{
	const void *p = a;
	if (put_simple(a, out))
		return;
	switch ((enum of_action_type)a->type) {
	case OFA_OUTPUT:
		put_output(p, names, out);
		break;
	case OFA_OUTPUT_REG:
		put_pair("output:", &((const struct ofa_output_reg *)p)->src, NULL, out);
		break;
	case OFA_OUTPUT_TRUNC:
		str_puts(out, "output(port=");
		ofport_to_str(((const struct ofa_output_trunc *)p)->port, names, out);
		str_putf(out, ",max_len=%u)", ((const struct ofa_output_trunc *)p)->max_len);
		break;
	case OFA_CONTROLLER:
		put_controller(p, out);
		break;
	case OFA_ENQUEUE:
		put_enqueue(p, names, out);
		break;
	case OFA_BUNDLE:
		put_bundle(p, names, out);
		break;
	case OFA_SET_FIELD:
		put_set_field(p, names, out);
		break;
	case OFA_MOVE:
		put_pair("move:", &((const struct ofa_move *)p)->src,
			 &((const struct ofa_move *)p)->dst, out);
		break;
	case OFA_STACK_PUSH:
		put_pair("push:", &((const struct ofa_subfield *)p)->subfield, NULL, out);
		break;
	case OFA_STACK_POP:
		put_pair("pop:", &((const struct ofa_subfield *)p)->subfield, NULL, out);
		break;
	case OFA_SET_VLAN_VID:
	case OFA_SET_VLAN_PCP:
		put_set_vlan(p, out);
		break;
	case OFA_SET_ETH_SRC:
	case OFA_SET_ETH_DST:
		str_puts(out, a->type == OFA_SET_ETH_SRC ? "mod_dl_src:" : "mod_dl_dst:");
		field_put_eth(&((const struct ofa_set_eth *)p)->addr, out);
		break;
	case OFA_SET_NW_SRC:
	case OFA_SET_NW_DST:
		str_puts(out, a->type == OFA_SET_NW_SRC ? "mod_nw_src:" : "mod_nw_dst:");
		field_put_ip4_masked(((const struct ofa_set_nw *)p)->addr, UINT32_MAX, out);
		break;
	case OFA_DEC_TTL:
		put_dec_ttl(p, out);
		break;
	case OFA_DELETE_FIELD:
		str_putf(out, "delete_field:%s", ((const struct ofa_field *)p)->field->name);
		break;
	case OFA_ENCAP:
		of_encap_put_text(p, out);
		break;
	case OFA_DECAP:
		put_decap(p, out);
		break;
	case OFA_SET_TUNNEL:
		str_putf(out, "set_tunnel%s:0x%llx",
			 a->raw == OFRAW_SET_TUNNEL64 ||
					 ((const struct ofa_u64 *)p)->value > UINT32_MAX
				 ? "64"
				 : "",
			 (unsigned long long)((const struct ofa_u64 *)p)->value);
		break;
	case OFA_FIN_TIMEOUT:
		put_fin_timeout(p, out);
		break;
	case OFA_RESUBMIT:
		put_resubmit(p, names, out);
		break;
	case OFA_LEARN:
		of_learn_put_text(p, names, out);
		break;
	case OFA_CONJUNCTION:
		str_putf(out, "conjunction(%u,%d/%u)", ((const struct ofa_conjunction *)p)->id,
			 ((const struct ofa_conjunction *)p)->clause + 1,
			 ((const struct ofa_conjunction *)p)->n_clauses);
		break;
	case OFA_MULTIPATH:
		put_multipath(p, out);
		break;
	case OFA_NOTE:
		put_note(p, out);
		break;
	case OFA_SAMPLE:
		put_sample(p, names, out);
		break;
	case OFA_CLONE:
		put_nested("clone", a, names, out);
		break;
	case OFA_CHECK_PKT_LARGER:
		str_putf(out, "check_pkt_larger(%u)->",
			 ((const struct ofa_check_pkt_larger *)p)->pkt_len);
		subfield_to_str(&((const struct ofa_check_pkt_larger *)p)->dst, out);
		break;
	case OFA_CT:
		put_ct(p, names, out);
		break;
	case OFA_NAT:
		of_nat_put_text(p, out);
		break;
	case OFA_UNROLL:
		str_putf(out, "unroll(table=%u, cookie=0x%llx)",
			 ((const struct ofa_unroll *)p)->rule_table,
			 (unsigned long long)be64_to_cpu(
				 ((const struct ofa_unroll *)p)->rule_cookie));
		break;
	case OFA_WRITE_ACTIONS:
		put_nested("write_actions", a, names, out);
		break;
	case OFA_WRITE_METADATA:
		put_write_metadata(p, out);
		break;
	default: /* put_simple() has the rest */
		break;
	}
}

static void put_list(const void *list, size_t size, const struct ofport_names *names,
		     struct str *out)
{
	const char *sep = "";
	if (!size)
		str_puts(out, "drop");
	OF_ACTION_FOR_EACH(a, list, size)
	{
		str_puts(out, sep);
		put_action(a, names, out);
		sep = ",";
	}
}

void of_actions_put_text(const void *list, size_t size, const struct ofport_names *names,
			 struct str *out)
{
	put_list(list, size, names, out);
}
