/* SPDX-License-Identifier: Apache-2.0 */
#include "ofp/action.h"

#include "base/mem.h"
#include "ofp/flow.h"

void of_actions_fini(struct of_actions *a)
{
	free(a->data);
	*a = (struct of_actions)OF_ACTIONS_INIT;
}

void *of_actions_extend(struct of_actions *a, size_t n)
{
	if (a->size + n > a->allocated) {
		a->allocated = MAX(MAX(128, a->allocated * 2), a->size + n);
		a->data = xrealloc(a->data, a->allocated);
	}
	void *p = a->data + a->size;
	if (n)
		memset(p, 0, n);
	a->size += n;
	return p;
}

void *of_actions_put(struct of_actions *a, enum of_action_type type, size_t size)
{
	size_t padded = ROUND_UP(size, 8);
	struct of_action *h = of_actions_extend(a, padded);
	h->type = type;
	h->size = padded;
	return h;
}

void of_actions_copy(struct of_actions *a, const void *list, size_t size)
{
	if (size)
		memcpy(of_actions_extend(a, size), list, size);
}

struct ofa_set_field *of_actions_put_set_field(struct of_actions *a, const struct field *f,
					       const union field_value *value,
					       const union field_value *mask)
{
	struct ofa_set_field *sf =
		of_actions_put(a, OFA_SET_FIELD, sizeof *sf + 2 * (size_t)f->n_bytes);
	sf->field = f;
	sf->n_bytes = f->n_bytes;
	union field_value ones;
	if (!mask) {
		field_value_ones(f, &ones);
		mask = &ones;
	}
	for (size_t i = 0; i < f->n_bytes; i++)
		sf->data[i] = value->b[i] & mask->b[i];
	memcpy(sf->data + f->n_bytes, mask->b, f->n_bytes);
	return sf;
}

void of_actions_put_output(struct of_actions *a, uint32_t port, uint16_t max_len)
{
	struct ofa_output *out = of_actions_put(a, OFA_OUTPUT, sizeof *out);
	out->port = port;
	out->max_len = max_len;
}

const struct of_action *of_action_nested(const struct of_action *a, size_t *ret_size)
{
	switch (a->type) {
	case OFA_CLONE:
	case OFA_WRITE_ACTIONS:
		*ret_size = a->size - sizeof(struct ofa_nested);
		return (const void *)((const struct ofa_nested *)a)->nested;
	case OFA_CT:
		*ret_size = a->size - sizeof(struct ofa_ct);
		return (const void *)((const struct ofa_ct *)a)->exec;
	default:
		*ret_size = 0;
		return NULL;
	}
}

bool of_action_is_instruction(const struct of_action *a)
{
	return a->type == OFA_METER || a->type == OFA_CLEAR_ACTIONS ||
	       a->type == OFA_WRITE_ACTIONS || a->type == OFA_WRITE_METADATA ||
	       a->type == OFA_GOTO_TABLE;
}

static bool action_outputs_to(const struct of_action *a, uint32_t port)
{
	switch (a->type) {
	case OFA_OUTPUT:
		return ((const struct ofa_output *)a)->port == port;
	case OFA_OUTPUT_TRUNC:
		return ((const struct ofa_output_trunc *)a)->port == port;
	case OFA_ENQUEUE:
		return ((const struct ofa_enqueue *)a)->port == port;
	case OFA_CONTROLLER:
		return port == OFPORT_CONTROLLER;
	default:
		return false;
	}
}

bool of_actions_output_to(const void *list, size_t size, uint32_t port)
{
	OF_ACTION_FOR_EACH(a, list, size)
	{
		if (action_outputs_to(a, port))
			return true;
		size_t n;
		const struct of_action *nested = of_action_nested(a, &n);
		if (n && of_actions_output_to(nested, n, port))
			return true;
	}
	return false;
}

bool of_actions_output_to_group(const void *list, size_t size, uint32_t group)
{
	OF_ACTION_FOR_EACH(a, list, size)
	{
		if (a->type == OFA_GROUP && ((const struct ofa_u32 *)a)->value == group)
			return true;
		size_t n;
		const struct of_action *nested = of_action_nested(a, &n);
		if (n && of_actions_output_to_group(nested, n, group))
			return true;
	}
	return false;
}

uint32_t of_actions_goto_table(const void *list, size_t size)
{
	OF_ACTION_FOR_EACH(a, list, size)
	{
		if (a->type == OFA_GOTO_TABLE)
			return ((const struct ofa_u32 *)a)->value;
	}
	return UINT32_MAX;
}

uint32_t of_actions_meter(const void *list, size_t size)
{
	OF_ACTION_FOR_EACH(a, list, size)
	{
		if (a->type == OFA_METER)
			return ((const struct ofa_u32 *)a)->value;
	}
	return 0;
}
