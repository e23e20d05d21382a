/* SPDX-License-Identifier: Apache-2.0 */
/* action_hash: the text of bundle(), bundle_load() and multipath(): actions that pick by a hash. */
#include <errno.h>
#include <strings.h>

#include "base/mem.h"
#include "ofp/action_names.h"
#include "ofp/action_parse.h"

static int hash_fields_from_str(const char *s)
{
	return of_name_index(of_hash_fields_names, ARRAY_SIZE(of_hash_fields_names), s, strlen(s));
}

static char *next_word(char **save) { return strtok_r(NULL, ", ", save); }

int bundle_parse(struct action_parser *p, char *arg, bool load)
{
	AUTO_FREE char *whole = xstrdup(arg);
	char *save = NULL;
	char *fields = strtok_r(arg, ", ", &save), *basis = next_word(&save),
	     *alg = next_word(&save);
	char *type = next_word(&save), *dst = load ? next_word(&save) : NULL;
	char *members = strtok_r(NULL, ": ", &save);
	if (!members)
		return err_set(p->err, -EINVAL, "%s: not enough arguments to %s action", whole,
			       load ? "bundle_load" : "bundle");
	if (strcasecmp(members, "members") && strcasecmp(members, "slaves"))
		return err_set(p->err, -EINVAL,
			       "%s: missing member delimiter, expected `members', got `%s'", whole,
			       members);
	size_t start = p->out->size;
	struct ofa_bundle b = { .basis = (uint32_t)strtoul(basis, NULL, 10) };
	of_actions_put(p->out, OFA_BUNDLE, sizeof b);
	for (char *word; (word = strtok_r(NULL, ", []", &save)) != NULL; b.n_members++) {
		uint32_t port;
		if (!ofport_from_str(word, p->names, &port))
			return err_set(p->err, -EINVAL, "%s: bad port number", word);
		if (b.n_members == 2048)
			return err_set(p->err, -EINVAL, "%s: too many members", whole);
		size_t at = start + offsetof(struct ofa_bundle, members) + 4 * (size_t)b.n_members;
		while (p->out->size < at + sizeof port)
			of_actions_extend(p->out, 8);
		memcpy(p->out->data + at, &port, sizeof port);
	}
	int f = hash_fields_from_str(fields);
	if (f < 0)
		return err_set(p->err, -EINVAL, "%s: unknown fields `%s'", whole, fields);
	b.fields = (uint16_t)f;
	int a = of_name_index(of_bundle_alg_names, 2, alg, strlen(alg));
	if (a < 0)
		return err_set(p->err, -EINVAL, "%s: unknown algorithm `%s'", whole, alg);
	b.alg = (uint16_t)a;
	if (strcasecmp(type, "ofport"))
		return err_set(p->err, -EINVAL, "%s: unknown member_type `%s'", whole, type);
	if (load) {
		int r = subfield_from_str(dst, &b.dst, p->err);
		if (r < 0)
			return r;
	}
	struct ofa_bundle *rec = (void *)(p->out->data + start);
	b.h = rec->h;
	b.h.size = (uint32_t)(p->out->size - start);
	memcpy(rec, &b, offsetof(struct ofa_bundle, members));
	return 0;
}

int multipath_parse(struct action_parser *p, char *arg)
{
	AUTO_FREE char *whole = xstrdup(arg);
	char *save = NULL;
	char *fields = strtok_r(arg, ", ", &save), *basis = next_word(&save),
	     *alg = next_word(&save);
	char *n_links = next_word(&save), *alg_arg = next_word(&save), *dst = next_word(&save);
	if (!dst)
		return err_set(p->err, -EINVAL, "%s: not enough arguments to multipath action",
			       whole);
	struct ofa_multipath m = { .basis = (uint16_t)strtoul(basis, NULL, 10),
				   .arg = (uint32_t)strtoul(alg_arg, NULL, 10) };
	int f = hash_fields_from_str(fields);
	if (f < 0)
		return err_set(p->err, -EINVAL, "%s: unknown fields `%s'", whole, fields);
	m.fields = (uint16_t)f;
	int a = of_name_index(of_multipath_alg_names, 4, alg, strlen(alg));
	if (a < 0)
		return err_set(p->err, -EINVAL, "%s: unknown algorithm `%s'", whole, alg);
	m.alg = (uint16_t)a;
	long n = strtol(n_links, NULL, 10);
	if (n < 1 || n > 65536)
		return err_set(p->err, -EINVAL, "%s: n_links %ld is not in valid range 1 to 65536",
			       whole, n);
	m.max_link = (uint16_t)(n - 1);
	int r = subfield_from_str(dst, &m.dst, p->err);
	if (r < 0)
		return r;
	if (m.dst.n_bits < 16 && n > 1L << m.dst.n_bits)
		return err_set(p->err, -EINVAL,
			       "%s: %d-bit destination field has %u possible values, less than "
			       "specified n_links %ld",
			       whole, m.dst.n_bits, 1u << m.dst.n_bits, n);
	struct ofa_multipath *rec = of_actions_put(p->out, OFA_MULTIPATH, sizeof *rec);
	m.h = rec->h;
	*rec = m;
	return 0;
}
