/* SPDX-License-Identifier: Apache-2.0 */
/* load: brings a log's records into a database, at start. */
#pragma once
#include "ovsdb/db.h"
#include "ovsdb/storage.h"

/* 1 if a record was read and applied, 0 at the end; -errno with a sentence if what follows is not
 * whole or makes no sense: it is then left out. */
MUST_CHECK int load_record(struct storage *, struct db *, struct err *err);
