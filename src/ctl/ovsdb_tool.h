/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb_tool: between the files of ovsdb-tool alone. */
#pragma once
#include "ovsdb/schema.h"

/* The database named, or the default one; caller frees. */
char *ovsdb_tool_db_path(const char *arg);
/* Prints what a journal holds: "show-log". 'verbosity' is how often -m was given. */
int ovsdb_tool_show_log(const char *path, unsigned verbosity);
