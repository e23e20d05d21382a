/* SPDX-License-Identifier: Apache-2.0 */
/* log_out: patterns and syslog, for log.c only. */
#pragma once
#include "base/log.h"

struct log_line {
	const struct log_module *module;
	enum log_level level;
	unsigned sequence;
	int64_t wall_ns;
	const char *text;
};

/* Expands the escapes of ovs-appctl(8), "vlog/set PATTERN". */
void log_pattern_put(const char *pattern, const struct log_line *, struct str *out);

/* RFC 3164 header in front of the pattern's text, but for libc, which has its own. */
#define LOG_SYSLOG_PREFIX "<%B> %D{%h %e %T} %E %A: "
/* Caller has the log's lock. */
void log_syslog_write(const char *pattern, const struct log_line *);
bool log_syslog_set_facility(const char *name);
/* RFC 5424 section 6.2.1. */
int log_syslog_pri(enum log_level);
