/* SPDX-License-Identifier: Apache-2.0 */
/* pidfile: a file with a process's id, which that process keeps locked (fcntl) while it lives, so
 * that a file left by a dead one is told from one in use. Other programs read it the same way. */
#pragma once
#include "base/err.h"

/* -EEXIST: a living process has it. */
MUST_CHECK int pidfile_check_free(const char *path, struct err *err);
/* Appears whole or not at all; unlinked at the end of the process. */
MUST_CHECK int pidfile_create(const char *path, struct err *err);
