/* SPDX-License-Identifier: Apache-2.0 */
/* action_learn: the text of learn(): ovs-actions(7), "The learn action". */
#include <errno.h>

#include "base/mem.h"
#include "ofp/action.h"
#include "ofp/action_names.h"
#include "ofp/action_parse.h"
#include "ofp/flow.h"

static bool same_bits(const struct subfield *a, const struct subfield *b)
{
	return a->field == b->field && a->ofs == b->ofs;
}

static void put_immediate(const struct of_learn_spec *s, const struct ofport_names *names,
			  struct str *out)
{
	size_t n = DIV_ROUND_UP(s->n_bits, 8);
	if (s->dst_type == OFLD_MATCH && s->dst.ofs == 0 && s->n_bits == s->dst.field->n_bits) {
		union field_value v = { .b = { 0 } };
		memcpy(v.b + s->dst.field->n_bytes - n, s->imm, n);
		field_value_to_str(s->dst.field, &v, NULL, names, out);
		return;
	}
	size_t i = 0;
	while (i + 1 < n && !s->imm[i])
		i++;
	str_putf(out, "0x%x", s->imm[i]);
	for (i++; i < n; i++)
		str_putf(out, "%02x", s->imm[i]);
}

static void put_spec(const struct of_learn_spec *s, const struct ofport_names *names,
		     struct str *out)
{
	switch (s->dst_type) {
	case OFLD_MATCH:
		if (s->src_type == OFLS_IMMEDIATE) {
			if (s->dst.ofs == 0 && s->n_bits == s->dst.field->n_bits)
				str_puts(out, s->dst.field->name);
			else
				subfield_to_str(&s->dst, out);
			str_putc(out, '=');
			put_immediate(s, names, out);
		} else {
			subfield_to_str(&s->dst, out);
			if (!same_bits(&s->src, &s->dst)) {
				str_putc(out, '=');
				subfield_to_str(&s->src, out);
			}
		}
		break;
	case OFLD_LOAD:
		str_puts(out, "load:");
		if (s->src_type == OFLS_IMMEDIATE)
			put_immediate(s, names, out);
		else
			subfield_to_str(&s->src, out);
		str_puts(out, "->");
		subfield_to_str(&s->dst, out);
		break;
	default:
		str_puts(out, "output:");
		subfield_to_str(&s->src, out);
	}
}

void of_learn_put_text(const struct ofa_learn *a, const struct ofport_names *names, struct str *out)
{
	str_putf(out, "learn(table=%u", a->table);
	if (a->idle_timeout)
		str_putf(out, ",idle_timeout=%u", a->idle_timeout);
	if (a->hard_timeout)
		str_putf(out, ",hard_timeout=%u", a->hard_timeout);
	if (a->fin_idle_timeout)
		str_putf(out, ",fin_idle_timeout=%u", a->fin_idle_timeout);
	if (a->fin_hard_timeout)
		str_putf(out, ",fin_hard_timeout=%u", a->fin_hard_timeout);
	if (a->priority != OFP_DEFAULT_PRIORITY)
		str_putf(out, ",priority=%u", a->priority);
	if (a->flags & OFLEARN_SEND_FLOW_REM)
		str_puts(out, ",send_flow_rem");
	if (a->flags & OFLEARN_DELETE_LEARNED)
		str_puts(out, ",delete_learned");
	if (a->cookie)
		str_putf(out, ",cookie=0x%llx", (unsigned long long)be64_to_cpu(a->cookie));
	if (a->limit)
		str_putf(out, ",limit=%u", a->limit);
	if (a->flags & OFLEARN_WRITE_RESULT) {
		str_puts(out, ",result_dst=");
		subfield_to_str(&a->result_dst, out);
	}
	OF_LEARN_SPEC_FOR_EACH(s, a)
	{
		str_putc(out, ',');
		put_spec(s, names, out);
	}
	str_putc(out, ')');
}

/* -- Parsing. */

/* A spec is put into the list as it grows; its offset, not its address, is kept. */
static struct of_learn_spec *spec_put(struct of_actions *out, size_t imm_size)
{
	size_t size = ROUND_UP(sizeof(struct of_learn_spec) + imm_size, 8);
	struct of_learn_spec *s = of_actions_extend(out, size);
	s->size = (uint16_t)size;
	s->imm_size = (uint16_t)imm_size;
	return s;
}

static void spec_put_immediate(struct of_actions *out, enum of_learn_dst type,
			       const struct subfield *dst, const uint8_t *value, size_t n_bytes)
{
	size_t n = DIV_ROUND_UP(dst->n_bits, 8);
	struct of_learn_spec *s = spec_put(out, n);
	s->dst_type = (uint8_t)type;
	s->src_type = OFLS_IMMEDIATE;
	s->n_bits = dst->n_bits;
	s->dst = *dst;
	memcpy(s->imm, value + n_bytes - n, n);
}

static void spec_put_field(struct of_actions *out, enum of_learn_dst type,
			   const struct subfield *src, const struct subfield *dst)
{
	struct of_learn_spec *s = spec_put(out, 0);
	s->dst_type = (uint8_t)type;
	s->src_type = OFLS_FIELD;
	s->n_bits = src->n_bits;
	s->src = *src;
	if (dst)
		s->dst = *dst;
}

/* "FIELD", "FIELD[..]", "FIELD=VALUE", "FIELD[..]=FIELD[..]". */
static int parse_match_spec(struct action_parser *p, const char *name, const char *value,
			    const char *whole)
{
	struct subfield dst, src;
	AUTO_ERR err = ERR_INIT;
	if (subfield_from_str(name, &dst, &err) < 0) {
		/* What is no field at all is no keyword either. */
		if (strchr(name, '['))
			return err_set(p->err, -EINVAL, "%s", err_text(&err));
		return err_set(p->err, -EINVAL, "%s: unknown keyword %s", whole, name);
	}
	if (!*value) {
		spec_put_field(p->out, OFLD_MATCH, &dst, &dst);
		return 0;
	}
	AUTO_ERR not_field = ERR_INIT;
	if (subfield_from_str(value, &src, &not_field) == 0) {
		if (src.n_bits != dst.n_bits)
			return err_set(p->err, -EINVAL,
				       "%s: bit widths of %s (%u) and %s (%u) differ", whole, name,
				       src.n_bits, value, dst.n_bits);
		spec_put_field(p->out, OFLD_MATCH, &src, &dst);
		return 0;
	}
	AUTO_ERR not_value = ERR_INIT;
	union field_value v = { .b = { 0 } }, mask = { .b = { 0 } };
	if (dst.ofs == 0 && dst.n_bits == dst.field->n_bits) {
		int r = field_value_from_str(dst.field, value, p->names, &v, &mask, &not_value);
		if (r == 0 && !field_value_is_ones(dst.field, &mask))
			r = err_set(&not_value, -EINVAL, "%s: wildcards not allowed here", value);
		if (r == 0) {
			spec_put_immediate(p->out, OFLD_MATCH, &dst, v.b, dst.field->n_bytes);
			return 0;
		}
	} else {
		const char *end = value;
		int r = parse_wide(value, v.b, dst.field->n_bytes, dst.n_bits, &end);
		if (r == 0 && !*end) {
			spec_put_immediate(p->out, OFLD_MATCH, &dst, v.b, dst.field->n_bytes);
			return 0;
		}
		if (r == -ERANGE)
			err_set(&not_value, -EINVAL, "%s: value 0x%llx does not fit into %u bits",
				whole, strtoull(value, NULL, 0), dst.n_bits);
		else
			err_set(&not_value, -EINVAL, "%s: cannot parse integer value", whole);
	}
	return err_set(
		p->err, -EINVAL,
		"%s: %s value %s cannot be parsed as a subfield (%s) or an immediate value (%s)",
		whole, name, value, err_text(&not_field), err_text(&not_value));
}

/* "load:VALUE->FIELD", "load:FIELD->FIELD". */
static int parse_load_spec(struct action_parser *p, const char *arg)
{
	struct subfield src, dst;
	const char *s;
	AUTO_ERR ignored = ERR_INIT;
	const char *arrow = strstr(arg, "->");
	if (!arrow)
		return err_set(p->err, -EINVAL, "%s: missing `->'", arg);
	int r = subfield_from_str(arrow + 2, &dst, p->err);
	if (r < 0)
		return r;
	if (subfield_parse(arg, &src, &s, &ignored) == 0) {
		if (s != arrow)
			return err_set(p->err, -EINVAL, "%s: missing `->' following source", arg);
		if (src.n_bits != dst.n_bits)
			return err_set(
				p->err, -EINVAL,
				"%s: source field is %u bits wide but destination is %u bits wide",
				arg, src.n_bits, dst.n_bits);
		spec_put_field(p->out, OFLD_LOAD, &src, &dst);
		return 0;
	}
	uint8_t value[FIELD_MAX_BYTES];
	r = parse_wide(arg, value, dst.field->n_bytes, dst.n_bits, &s);
	if (r == -ERANGE)
		return err_set(p->err, -EINVAL, "%s: value %.*s does not fit into %u bits", arg,
			       (int)(arrow - arg), arg, dst.n_bits);
	if (r)
		return err_set(p->err, -EINVAL, "%s: cannot parse integer value", arg);
	if (s != arrow)
		return err_set(p->err, -EINVAL, "load: garbage before `->' in `%s'", arg);
	spec_put_immediate(p->out, OFLD_LOAD, &dst, value, dst.field->n_bytes);
	return 0;
}

static int parse_output_spec(struct action_parser *p, const char *arg)
{
	struct subfield src;
	int r = subfield_from_str(arg, &src, p->err);
	if (r < 0)
		return r;
	spec_put_field(p->out, OFLD_OUTPUT, &src, NULL);
	return 0;
}

/* One "key=value"; 0 or an error; members go to 'a', specs to the list. */
static int parse_member(struct action_parser *p, struct ofa_learn *a, const char *key,
			const char *value, const char *whole)
{
	if (!strcmp(key, "table")) {
		if (!parse_table_id(value, &a->table))
			return err_set(p->err, -EINVAL, "unknown table \"%s\"", value);
		if (a->table == 255)
			return err_set(p->err, -EINVAL,
				       "%s: table id 255 not valid for `learn' action", whole);
	} else if (!strcmp(key, "priority")) {
		a->priority = (uint16_t)strtoul(value, NULL, 10);
	} else if (!strcmp(key, "idle_timeout")) {
		a->idle_timeout = (uint16_t)strtoul(value, NULL, 10);
	} else if (!strcmp(key, "hard_timeout")) {
		a->hard_timeout = (uint16_t)strtoul(value, NULL, 10);
	} else if (!strcmp(key, "fin_idle_timeout")) {
		a->fin_idle_timeout = (uint16_t)strtoul(value, NULL, 10);
	} else if (!strcmp(key, "fin_hard_timeout")) {
		a->fin_hard_timeout = (uint16_t)strtoul(value, NULL, 10);
	} else if (!strcmp(key, "cookie")) {
		a->cookie = cpu_to_be64(strtoull(value, NULL, 0));
	} else if (!strcmp(key, "send_flow_rem")) {
		a->flags |= OFLEARN_SEND_FLOW_REM;
	} else if (!strcmp(key, "delete_learned")) {
		a->flags |= OFLEARN_DELETE_LEARNED;
	} else if (!strcmp(key, "limit")) {
		a->limit = (uint32_t)strtoul(value, NULL, 10);
	} else if (!strcmp(key, "result_dst")) {
		int r = subfield_from_str(value, &a->result_dst, p->err);
		if (r < 0)
			return r;
		if (a->result_dst.n_bits != 1)
			return err_set(p->err, -EINVAL,
				       "result_dst in 'learn' action must be a single bit");
		a->flags |= OFLEARN_WRITE_RESULT;
	} else if (!strcmp(key, "load")) {
		return parse_load_spec(p, value);
	} else if (!strcmp(key, "output")) {
		return parse_output_spec(p, value);
	} else {
		return parse_match_spec(p, key, value, whole);
	}
	return 0;
}

int learn_parse(struct action_parser *p, char *arg)
{
	size_t start = p->out->size;
	struct ofa_learn learn = { .priority = OFP_DEFAULT_PRIORITY, .table = 1 };
	of_actions_put(p->out, OFA_LEARN, sizeof learn);
	struct token t;
	while (token_next(&arg, &t)) {
		AUTO_FREE char *whole =
			*t.value ? xasprintf("%s=%s", t.key, t.value) : xstrdup(t.key);
		int r = parse_member(p, &learn, t.key, t.value, whole);
		if (r)
			return r;
	}
	struct ofa_learn *a = (void *)(p->out->data + start);
	learn.h = a->h;
	learn.h.size = (uint32_t)(p->out->size - start);
	learn.specs_size = (uint32_t)(p->out->size - start - sizeof learn);
	*a = learn;
	return 0;
}
