/* SPDX-License-Identifier: Apache-2.0 */
/* lockfile: keeps two writers from one file: a lock on ".NAME.~lock~" beside it, which is what Open
 * vSwitch's programs do, so that they keep out of our way and we of theirs.
 * Threads: any; the lock is the process's. */
#pragma once
#include "base/compiler.h"

/* A descriptor that holds the lock until it is closed; -EAGAIN if someone else has it, or -errno.
 * The reason is in the log. */
MUST_CHECK int lockfile_take(const char *path);
