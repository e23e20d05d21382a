/* SPDX-License-Identifier: Apache-2.0 */
/* rbac: role-based access control, ovsdb-server(7) section 3.2 and 4.1.3: the tables RBAC_Role and
 * those its "permissions" lead to say what a client of a role may do.
 * All return 0, or -EPERM with a "permission error". A client without a role may do all.
 * 'row' NULL: whether it may at all, as is asked before rows are looked for. */
#pragma once
#include "ovsdb/db.h"
#include "ovsdb/execute.h"
#include "ovsdb/mutation.h"

MUST_CHECK int rbac_check_insert(const struct db *, const struct exec_client *,
				 const struct table *, const struct row *, struct dberr *);
MUST_CHECK int rbac_check_delete(const struct db *, const struct exec_client *,
				 const struct table *, const struct row *, struct dberr *);
/* 'values' by column index, NULL where unchanged. */
MUST_CHECK int rbac_check_update(const struct db *, const struct exec_client *,
				 const struct table *, const struct row *,
				 struct datum *const values[], struct dberr *);
MUST_CHECK int rbac_check_mutate(const struct db *, const struct exec_client *,
				 const struct table *, const struct row *,
				 const struct mutation_set *, struct dberr *);
