/* SPDX-License-Identifier: Apache-2.0 */
/* mutation: <mutation> of RFC 7047 section 5.1. */
#pragma once
#include "ovsdb/schema.h"

enum mutator {
	MUTATE_ADD,
	MUTATE_SUB,
	MUTATE_MUL,
	MUTATE_DIV,
	MUTATE_MOD,
	MUTATE_INSERT,
	MUTATE_DELETE,
	N_MUTATORS,
};

struct mutation {
	enum mutator mutator;
	const struct column_schema *column;
	struct datum *arg;
};

struct mutation_set {
	struct mutation *mutations;
	size_t n;
};

void mutation_set_init(struct mutation_set *);
void mutation_set_fini(struct mutation_set *);
MUST_CHECK int mutation_set_from_json(const struct table_schema *, const json_t *,
				      struct symbol_table *, struct mutation_set *ret,
				      struct dberr *);
/* What 'old' becomes: *ret is a new reference. A domain, range or constraint error else. */
MUST_CHECK int mutation_apply(const struct mutation *, const struct datum *old, struct datum **ret,
			      struct dberr *);
