/* SPDX-License-Identifier: Apache-2.0 */
/* group_text: groups and meters as people write and read them: ovs-ofctl(8), "Group Syntax", "Meter
 * Syntax". */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "ofp/action_parse.h"
#include "ofp/flow.h"
#include "ofp/group_text.h"

static const char *const type_names[] = { "all", "select", "indirect", "fast_failover" };

/* -- Printing. */

static void put_bucket(const struct group_bucket *k, uint8_t type, enum of_version v,
		       const struct ofport_names *names, struct str *out)
{
	str_puts(out, ",bucket=");
	if (v >= OF15 || v == OF10)
		str_putf(out, "bucket_id:%u,", k->bucket_id);
	if (type == OFPGT_SELECT && k->weight != 1)
		str_putf(out, "weight:%u,", k->weight);
	if (k->watch_port != OFPORT_NONE) {
		str_puts(out, "watch_port:");
		ofport_to_str(k->watch_port, names, out);
		str_putc(out, ',');
	}
	if (k->watch_group != OFPG_ANY)
		str_putf(out, "watch_group:%u,", k->watch_group);
	str_puts(out, "actions=");
	of_actions_put_text(k->actions, k->actions_size, names, out);
}

static void put_props(const struct group_props *p, struct str *out)
{
	if (!p->selection_method[0])
		return;
	str_putf(out, ",selection_method=%s", p->selection_method);
	if (p->selection_method_param)
		str_putf(out, ",selection_method_param=%llu",
			 (unsigned long long)p->selection_method_param);
	if (!p->n_fields)
		return;
	str_puts(out, p->n_fields == 1 ? ",fields=" : ",fields(");
	for (size_t i = 0; i < p->n_fields; i++) {
		const struct field *f = p->fields[i].field;
		str_putf(out, "%s%s", i ? "," : "", f->name);
		union field_value mask = { .b = { 0 } };
		memcpy(mask.b, p->fields[i].mask, f->n_bytes);
		if (!field_value_is_ones(f, &mask)) {
			str_putc(out, '=');
			field_value_to_str(f, &mask, NULL, NULL, out);
		}
	}
	if (p->n_fields > 1)
		str_putc(out, ')');
}

void group_put_text(uint32_t id, uint8_t type, const struct group_props *props,
		    const struct group_bucket *buckets, size_t n, enum of_version v, bool show_type,
		    const struct ofport_names *names, struct str *out)
{
	if (id == OFPG_ALL)
		str_puts(out, "group_id=ALL");
	else
		str_putf(out, "group_id=%u", id);
	if (show_type)
		str_putf(out, ",type=%s",
			 type < 4 ? (type == OFPGT_FF ? "ff" : type_names[type]) : "unknown");
	put_props(props, out);
	for (size_t i = 0; i < n; i++)
		put_bucket(&buckets[i], type, v, names, out);
}

/* -- Parsing. */

static int parse_u32_key(const char *s, uint32_t *ret, struct err *err)
{
	return parse_u32(s, ret, err);
}

static int parse_bucket(char *text, uint8_t type, const struct ofport_names *names,
			struct group_bucket *k, uint32_t *usable, struct err *err)
{
	*k = (struct group_bucket){ .weight = type == OFPGT_SELECT ? 1 : 0,
				    .watch_port = OFPORT_NONE,
				    .watch_group = OFPG_ANY,
				    .bucket_id = OFPG_BUCKET_ALL };
	AUTO_STR acts_text = STR_INIT;
	struct token t;
	while (token_next(&text, &t)) {
		int r = 0;
		if (!strcasecmp(t.key, "weight")) {
			r = parse_u16(t.value, "weight", &k->weight, err);
		} else if (!strcasecmp(t.key, "watch_port")) {
			if (!ofport_from_str(t.value, names, &k->watch_port) ||
			    (k->watch_port >= OFPORT_MAX && k->watch_port != OFPORT_NONE &&
			     k->watch_port != OFPORT_LOCAL))
				return err_set(err, -EINVAL, "%s: invalid watch_port", t.value);
		} else if (!strcasecmp(t.key, "watch_group")) {
			r = parse_u32_key(t.value, &k->watch_group, err);
			if (!r && k->watch_group > OF_GROUP_MAX)
				return err_set(err, -EINVAL, "invalid watch_group id %u",
					       k->watch_group);
		} else if (!strcasecmp(t.key, "bucket_id")) {
			r = parse_u32_key(t.value, &k->bucket_id, err);
			if (!r && k->bucket_id >= OFPG_BUCKET_MAX)
				return err_set(err, -EINVAL, "invalid bucket_id id %u",
					       k->bucket_id);
			*usable &= OFPROTO_OXM15 | OFPROTO_OF10_ANY | OFPROTO_NXM_ANY;
		} else if (!strcasecmp(t.key, "action") || !strcasecmp(t.key, "actions")) {
			str_putf(&acts_text, "%s,", t.value);
		} else if (*t.rest) {
			str_putf(&acts_text, "%s(%s)%s,", t.key, t.value, t.rest);
		} else if (*t.value) {
			/* Parentheses or a colon: either way the action reads both. */
			str_putf(&acts_text, "%s(%s),", t.key, t.value);
		} else {
			str_putf(&acts_text, "%s,", t.key);
		}
		if (r)
			return r;
	}
	if (!acts_text.len)
		return err_set(err, -EINVAL, "bucket must specify actions");
	AUTO_OF_ACTIONS acts = OF_ACTIONS_INIT;
	int r = of_actions_from_str(str_cstr(&acts_text), names, true, &acts, usable, err);
	if (r)
		return r;
	k->actions = STEAL(acts.data);
	k->actions_size = acts.size;
	return 0;
}

static int parse_fields(char *text, struct group_props *p, struct err *err)
{
	struct token t;
	while (token_next(&text, &t)) {
		const struct field *f = field_from_name(t.key, strlen(t.key));
		if (!f)
			return err_set(err, -EINVAL, "unknown field %s", t.key);
		if (f->n_bytes > sizeof p->fields[0].mask)
			return err_set(err, -EINVAL, "field %s is too wide to be hashed", t.key);
		union field_value v;
		memset(&v, 0, sizeof v);
		if (*t.value) {
			int r = field_value_from_str(f, t.value, NULL, &v, NULL, err);
			if (r < 0)
				return r;
			if (field_value_is_zero(f, &v))
				return err_set(err, -EINVAL,
					       "%s: values are wildcards here and must not be "
					       "all-zeros",
					       t.value);
		} else {
			field_value_ones(f, &v);
		}
		p->fields = xrealloc(p->fields, (p->n_fields + 1) * sizeof *p->fields);
		struct group_hash_field *h = &p->fields[p->n_fields++];
		memset(h, 0, sizeof *h);
		h->field = f;
		memcpy(h->mask, v.b, f->n_bytes);
	}
	return 0;
}

static int take_command(char **text, int command)
{
	static const struct {
		const char *name;
		enum of_group_command command;
	} names[] = { { "add", OFPGC_ADD },
		      { "delete", OFPGC_DELETE },
		      { "add_or_mod", OFPGC_ADD_OR_MOD },
		      { "modify", OFPGC_MODIFY },
		      { "insert_bucket", OFPGC_INSERT_BUCKET },
		      { "remove_bucket", OFPGC_REMOVE_BUCKET } };
	*text += strspn(*text, ", \t\r\n");
	if (command >= 0)
		return command;
	size_t len = strcspn(*text, ", \t\r\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i].name) == len && !strncmp(names[i].name, *text, len)) {
			*text += len;
			return (int)names[i].command;
		}
	}
	return OFPGC_ADD;
}

static int parse_key(struct group_mod *gm, const struct token *t, bool *had_id, bool *had_type,
		     struct err *err)
{
	if (!strcmp(t->key, "command_bucket_id")) {
		if (gm->command != OFPGC_INSERT_BUCKET && gm->command != OFPGC_REMOVE_BUCKET)
			return err_set(err, -EINVAL, "command bucket id is not needed");
		if (!strcmp(t->value, "all"))
			gm->command_bucket_id = OFPG_BUCKET_ALL;
		else if (!strcmp(t->value, "first"))
			gm->command_bucket_id = OFPG_BUCKET_FIRST;
		else if (!strcmp(t->value, "last"))
			gm->command_bucket_id = OFPG_BUCKET_LAST;
		else
			return parse_u32(t->value, &gm->command_bucket_id, err);
		return 0;
	}
	if (!strcmp(t->key, "group_id")) {
		*had_id = true;
		if (!strcmp(t->value, "all")) {
			gm->group_id = OFPG_ALL;
			return 0;
		}
		int r = parse_u32(t->value, &gm->group_id, err);
		if (!r && gm->group_id > OF_GROUP_MAX)
			return err_set(err, -EINVAL, "invalid group id %s", t->value);
		return r;
	}
	if (!strcmp(t->key, "type")) {
		if (gm->command == OFPGC_DELETE)
			return err_set(err, -EINVAL, "type is not needed");
		*had_type = true;
		for (uint8_t i = 0; i < 4; i++) {
			if (!strcmp(type_names[i], t->value) ||
			    (i == OFPGT_FF && !strcmp(t->value, "ff"))) {
				gm->type = i;
				return 0;
			}
		}
		return err_set(err, -EINVAL, "invalid group type %s", t->value);
	}
	if (!strcmp(t->key, "selection_method")) {
		if (strlen(t->value) >= OF_SELECTION_METHOD_SIZE)
			return err_set(err, -EINVAL,
				       "selection method is longer than %u bytes long",
				       OF_SELECTION_METHOD_SIZE - 1);
		memcpy(gm->props.selection_method, t->value, strlen(t->value) + 1);
		return 0;
	}
	if (!strcmp(t->key, "selection_method_param"))
		return parse_u64(t->value, &gm->props.selection_method_param, err);
	if (!strcmp(t->key, "fields"))
		return parse_fields(t->value, &gm->props, err);
	return err_set(err, -EINVAL, "unknown keyword %s", t->key);
}

static int parse_group(char *s, const struct ofport_names *names, struct group_mod *gm,
		       uint32_t *usable, struct err *err)
{
	bool had_id = false, had_type = false;
	char *buckets = strstr(s, "bucket=");
	/* "command_bucket_id=" holds the word as well, but not before "=". */
	if (buckets) {
		buckets[-(buckets > s)] = buckets > s ? '\0' : *buckets;
		if (gm->command == OFPGC_DELETE)
			return err_set(err, -EINVAL, "bucket is not needed");
	}
	if (buckets != s) {
		struct token t;
		while (token_next(&s, &t)) {
			if (!*t.value)
				return err_set(err, -EINVAL, "unknown keyword %s", t.key);
			int r = parse_key(gm, &t, &had_id, &had_type, err);
			if (r)
				return r;
		}
	}
	if (!had_id)
		return err_set(err, -EINVAL, "must specify a group_id");
	if ((gm->command == OFPGC_ADD || gm->command == OFPGC_MODIFY ||
	     gm->command == OFPGC_ADD_OR_MOD) &&
	    !had_type)
		return err_set(err, -EINVAL, "must specify a type");
	if (gm->props.selection_method[0])
		*usable &= OFPROTO_OXM15 | OFPROTO_OF10_ANY | OFPROTO_NXM_ANY;
	while (buckets) {
		char *text = buckets + strlen("bucket=");
		char *next = strstr(text, "bucket=");
		if (next)
			next[-1] = '\0';
		size_t n = gm->n_buckets + 1;
		gm->buckets = xrealloc(gm->buckets, n * sizeof *gm->buckets);
		int r = parse_bucket(text, gm->type, names, &gm->buckets[gm->n_buckets], usable,
				     err);
		if (r)
			return r;
		struct group_bucket *k = &gm->buckets[gm->n_buckets++];
		if (k->bucket_id == (uint32_t)OFPG_BUCKET_ALL)
			k->bucket_id = (uint32_t)(gm->n_buckets - 1);
		if (gm->type == OFPGT_FF && k->watch_port == OFPORT_NONE &&
		    k->watch_group == OFPG_ANY)
			return err_set(
				err, -EINVAL,
				"buckets of a fast_failover group need watch_port or watch_group");
		if (gm->type != OFPGT_SELECT && k->weight)
			return err_set(err, -EINVAL, "Only select groups can have bucket weights.");
		buckets = next;
	}
	if (gm->type == OFPGT_INDIRECT && gm->n_buckets != 1 &&
	    (gm->command == OFPGC_ADD || gm->command == OFPGC_MODIFY))
		return err_set(err, -EINVAL, "an indirect group has exactly one bucket");
	return 0;
}

int group_mod_from_str(const char *text, int command, const struct ofport_names *names,
		       struct group_mod *gm, uint32_t *usable, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *s = copy;
	memset(gm, 0, sizeof *gm);
	gm->command = (enum of_group_command)take_command(&s, command);
	gm->command_bucket_id = OFPG_BUCKET_ALL;
	gm->group_id = OFPG_ANY;
	if (gm->command == OFPGC_DELETE && !*s)
		gm->group_id = OFPG_ALL;
	int r = gm->command == OFPGC_DELETE && !*s ? 0 : parse_group(s, names, gm, usable, err);
	if (r)
		group_mod_fini(gm);
	return r;
}

/* -- Meters. */

static const struct {
	const char *name;
	uint16_t flag;
} meter_flags[] = { { "kbps", OFPMF_KBPS },
		    { "pktps", OFPMF_PKTPS },
		    { "burst", OFPMF_BURST },
		    { "stats", OFPMF_STATS } };

void meter_id_put(uint32_t id, const char *sep, struct str *out)
{
	if (id <= OFPM_MAX)
		str_putf(out, "meter%s%u", sep, id);
	else
		str_putf(out, "meter%s%s", sep,
			 id == OFPM_SLOWPATH	 ? "slowpath"
			 : id == OFPM_CONTROLLER ? "controller"
			 : id == OFPM_ALL	 ? "all"
						 : "unknown");
}

void meter_config_put_text(const struct meter_config *c, struct str *out)
{
	meter_id_put(c->meter_id, "=", out);
	for (size_t i = 0; i < ARRAY_SIZE(meter_flags); i++) {
		if (c->flags & meter_flags[i].flag)
			str_putf(out, " %s", meter_flags[i].name);
	}
	str_puts(out, " bands=");
	for (size_t i = 0; i < c->n_bands; i++) {
		const struct meter_band *k = &c->bands[i];
		str_putf(out, "\ntype=%s rate=%u", k->type == OFPMBT_DROP ? "drop" : "dscp_remark",
			 k->rate);
		if (c->flags & OFPMF_BURST)
			str_putf(out, " burst_size=%u", k->burst_size);
		if (k->type == OFPMBT_DSCP_REMARK)
			str_putf(out, " prec_level=%u", k->prec_level);
	}
	str_putc(out, '\n');
}

static int parse_band_key(struct meter_band *k, const struct token *t, struct err *err)
{
	if (!strcmp(t->key, "rate"))
		return parse_u32(t->value, &k->rate, err);
	if (!strcmp(t->key, "burst_size"))
		return parse_u32(t->value, &k->burst_size, err);
	if (!strcmp(t->key, "prec_level"))
		return parse_u8(t->value, "prec_level", &k->prec_level, err);
	return err_set(err, -EINVAL, "unknown keyword %s", t->key);
}

static int parse_meter(char *s, struct meter_mod *mm, struct err *err)
{
	struct meter_config *c = &mm->config;
	bool had_id = false;
	char *bands = strstr(s, "band");
	if (bands) {
		char *eq = strchr(bands, '=');
		if (mm->command == OFPMC_DELETE)
			return err_set(err, -EINVAL, "bands are not needed");
		if (!eq)
			return err_set(err, -EINVAL, "must specify bands");
		*bands = '\0';
		bands = eq + 1;
	} else if (mm->command != OFPMC_DELETE) {
		return err_set(err, -EINVAL, "must specify bands");
	}
	struct token t;
	while (token_next(&s, &t)) {
		bool flag = false;
		for (size_t i = 0; i < ARRAY_SIZE(meter_flags); i++) {
			if (!strcmp(meter_flags[i].name, t.key)) {
				c->flags |= meter_flags[i].flag;
				flag = true;
			}
		}
		if (flag)
			continue;
		if (strcmp(t.key, "meter"))
			return err_set(err, -EINVAL, "unknown keyword %s", t.key);
		had_id = true;
		if (!strcmp(t.value, "all"))
			c->meter_id = OFPM_ALL;
		else if (!strcmp(t.value, "controller"))
			c->meter_id = OFPM_CONTROLLER;
		else if (!strcmp(t.value, "slowpath"))
			c->meter_id = OFPM_SLOWPATH;
		else {
			int r = parse_u32(t.value, &c->meter_id, err);
			if (r)
				return r;
			if (!c->meter_id || c->meter_id > OFPM_MAX)
				return err_set(err, -EINVAL, "invalid value for meter");
		}
	}
	if (!had_id)
		return err_set(err, -EINVAL, "must specify 'meter'");
	if (mm->command == OFPMC_DELETE)
		return 0;
	if (!(c->flags & (OFPMF_KBPS | OFPMF_PKTPS)))
		return err_set(err, -EINVAL, "meter must specify either kbps or pktps");
	while (token_next(&bands, &t)) {
		if (!strcmp(t.key, "type")) {
			c->bands = xrealloc(c->bands, (c->n_bands + 1) * sizeof *c->bands);
			struct meter_band *k = &c->bands[c->n_bands++];
			memset(k, 0, sizeof *k);
			if (!strcmp(t.value, "drop"))
				k->type = OFPMBT_DROP;
			else if (!strcmp(t.value, "dscp_remark"))
				k->type = OFPMBT_DSCP_REMARK;
			else
				return err_set(err, -EINVAL, "field %s unknown value %s", t.key,
					       t.value);
		} else if (!c->n_bands) {
			return err_set(err, -EINVAL, "band needs 'type'");
		} else {
			int r = parse_band_key(&c->bands[c->n_bands - 1], &t, err);
			if (r)
				return r;
		}
	}
	for (size_t i = 0; i < c->n_bands; i++) {
		if (!c->bands[i].rate)
			return err_set(err, -EINVAL, "band must have 'rate'");
	}
	return 0;
}

int meter_mod_from_str(const char *text, int command, struct meter_mod *mm, uint32_t *usable,
		       struct err *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	memset(mm, 0, sizeof *mm);
	mm->command = (enum of_meter_command)(command < 0 ? OFPMC_ADD : command);
	*usable &= OFPROTO_OF13_UP;
	int r = parse_meter(copy, mm, err);
	if (r)
		meter_config_fini(&mm->config);
	return r;
}
