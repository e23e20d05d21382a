/* SPDX-License-Identifier: Apache-2.0 */
/* condition: <condition> of RFC 7047 section 5.1, extended with true and false by
 * ovsdb-server(7) section 4.1.12. */
#pragma once
#include "ovsdb/schema.h"

enum condition_function {
	COND_FALSE,
	COND_TRUE,
	COND_LT,
	COND_LE,
	COND_EQ,
	COND_NE,
	COND_GE,
	COND_GT,
	COND_INCLUDES,
	COND_EXCLUDES,
	N_COND_FUNCTIONS,
};

struct clause {
	enum condition_function function;
	const struct column_schema *column; /* NULL for true and false */
	struct datum *arg;		    /* NULL for true and false */
};

struct condition {
	struct clause *clauses; /* cheap tests first */
	size_t n;
};

void condition_init(struct condition *);
void condition_fini(struct condition *);
MUST_CHECK int condition_from_json(const struct table_schema *, const json_t *,
				   struct symbol_table *, struct condition *ret, struct dberr *);
json_t *condition_to_json(const struct condition *);
bool condition_equal(const struct condition *, const struct condition *);
bool condition_function_from_name(const char *, enum condition_function *ret);
const char *condition_function_name(enum condition_function);

/* 'fields' are a row's datums by column index. */
bool clause_matches(const struct clause *, struct datum *const fields[]);
/* All clauses hold: the meaning in transactions. True if there are none. */
bool condition_matches_all(const struct condition *, struct datum *const fields[]);
/* Some clause holds: the meaning in monitor_cond. */
bool condition_matches_any(const struct condition *, struct datum *const fields[]);
/* The uuid that a clause asks for with "_uuid ==", or NULL. */
const struct uuid *condition_uuid(const struct condition *);
