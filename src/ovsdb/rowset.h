/* SPDX-License-Identifier: Apache-2.0 */
/* rowset: rows as seen through some of their columns; equal ones count once. */
#pragma once
#include "ovsdb/db.h"

struct rowset {
	struct hmap entries;
	const struct column_set *columns; /* borrowed */
};

void rowset_init(struct rowset *, const struct column_set *);
void rowset_fini(struct rowset *);
/* References what it keeps. False: it was there already. */
bool rowset_add(struct rowset *, struct datum *const fields[]);
bool rowset_equal(const struct rowset *, const struct rowset *);
