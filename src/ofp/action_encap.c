/* SPDX-License-Identifier: Apache-2.0 */
/* action_encap: the text of encap(): ovs-actions(7), "encap(nsh(md_type=..,tlv(..)))". */
#include <errno.h>

#include "base/mem.h"
#include "ofp/action_parse.h"

static int parse_tlv(struct action_parser *p, char *arg, struct of_actions *out)
{
	char *save = NULL;
	char *class = strtok_r(arg, ", ", &save), *type = strtok_r(NULL, ", ", &save);
	char *value = strtok_r(NULL, ", ", &save);
	uint16_t c;
	uint8_t t;
	if (!value)
		return err_set(p->err, -EINVAL, "invalid TLV string");
	int r = parse_u16(class, "class", &c, p->err);
	if (!r)
		r = parse_u8(type, "type", &t, p->err);
	if (r)
		return r;
	if (value[0] == '0' && (value[1] | 0x20) == 'x')
		value += 2;
	uint8_t bytes[124];
	size_t n = 0;
	for (; value[0] && value[1]; value += 2) {
		char pair[3] = { value[0], value[1], '\0' };
		uint64_t b;
		if (n == sizeof bytes || !str_to_u64(pair, 16, &b))
			return err_set(p->err, -EINVAL, "invalid TLV value");
		bytes[n++] = (uint8_t)b;
	}
	if (*value)
		return err_set(p->err, -EINVAL, "invalid TLV value: odd number of hex digits");
	size_t size = sizeof(struct of_encap_prop) + n;
	struct of_encap_prop *prop = of_actions_extend(out, ROUND_UP(size, 8));
	prop->class = 0x0004;
	prop->type = OFEP_NSH_TLV;
	prop->size = (uint8_t)size;
	prop->tlv_class = cpu_to_be16(c);
	prop->tlv_type = t;
	prop->tlv_size = (uint8_t)n;
	memcpy(prop->tlv, bytes, n);
	return 0;
}

static int parse_props(struct action_parser *p, char *arg, struct ofa_encap *e)
{
	struct token t;
	while (token_next(&arg, &t)) {
		if (!strcmp(t.key, "md_type")) {
			uint8_t mdtype;
			int r = parse_u8(t.value, "md_type", &mdtype, p->err);
			if (r)
				return r;
			if (mdtype < 1 || mdtype > 2)
				return err_set(p->err, -EINVAL, "invalid md_type");
			size_t size = sizeof(struct of_encap_prop);
			struct of_encap_prop *prop = of_actions_extend(p->out, ROUND_UP(size, 8));
			prop->class = 0x0004;
			prop->type = OFEP_NSH_MDTYPE;
			prop->size = 5;
			prop->mdtype = mdtype;
		} else if (!strcmp(t.key, "tlv")) {
			int r = parse_tlv(p, t.value, p->out);
			if (r)
				return r;
		} else {
			return err_set(p->err, -EINVAL, "Invalid encap argument: %s", t.key);
		}
		e->n_props++;
	}
	return 0;
}

int encap_parse(struct action_parser *p, char *arg)
{
	static const struct {
		const char *name;
		uint32_t packet_type;
	} headers[] = {
		{ "ethernet", PT_ETH },
		{ "nsh", PT_OF(1, 0x894f) },
		{ "mpls", PT_OF(1, 0x8847) },
		{ "mpls_mc", PT_OF(1, 0x8848) },
	};
	size_t start = p->out->size;
	struct ofa_encap e = { 0 };
	p->usable &= OFPROTO_OF13_UP;
	of_actions_put(p->out, OFA_ENCAP, sizeof e);
	struct token t;
	if (!token_next(&arg, &t))
		return err_set(p->err, -EINVAL, "Missing encap hdr: ");
	size_t i = 0;
	while (i < ARRAY_SIZE(headers) && strcmp(headers[i].name, t.key))
		i++;
	if (i == ARRAY_SIZE(headers))
		return err_set(p->err, -EINVAL, "Encap hdr not supported: %s", t.value);
	e.packet_type = headers[i].packet_type;
	int r = parse_props(p, t.value, &e);
	if (r)
		return r;
	struct ofa_encap *rec = (void *)(p->out->data + start);
	e.h = rec->h;
	e.h.size = (uint32_t)(p->out->size - start);
	e.props_size = (uint32_t)(p->out->size - start - sizeof e);
	*rec = e;
	return 0;
}
