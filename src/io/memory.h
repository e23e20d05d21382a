/* SPDX-License-Identifier: Apache-2.0 */
/* memory: what "memory/show" prints: how many of its large things each part of a daemon holds, as
 * "name:count" sorted by name.
 * Threads: the main thread. */
#pragma once
#include "base/compiler.h"
#include "base/str.h"

struct memory_report;
typedef void memory_cb(struct memory_report *, void *arg);
void memory_register(memory_cb *, void *arg);
/* From within the callback; counts of the same name add up. */
void memory_put(struct memory_report *, const char *name, uint64_t count);
void memory_show(struct str *out);
