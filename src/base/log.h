/* SPDX-License-Identifier: Apache-2.0 */
/* log: one line an event, "TIME|SEQ|MODULE|LEVEL|text", to console, file and syslog, each module
 * and destination with its own level (vlog/set MODULE:DEST:LEVEL).
 *
 *	LOG_MODULE(bridge);                          once, on top of a .c file
 *	log_warn("port %s: %s", name, err_text(&err));
 *	static struct log_limit limit = LOG_LIMIT(5, 20);     5 a minute, bursts of 20
 *	log_warn_limited(&limit, "..");
 *
 * Write for the person who is on call at night: what, where, what to do.
 * Threads: any. Cost when the level is off: one load and a branch. */
#pragma once
#include <stdarg.h>
#include "base/compiler.h"
#include "base/err.h"
#include "base/list.h"
#include "base/str.h"

enum log_level { LOG_OFF, LOG_EMER, LOG_ERR, LOG_WARN, LOG_INFO, LOG_DBG, N_LOG_LEVELS };
enum log_dest { LOG_SYSLOG, LOG_CONSOLE, LOG_FILE, N_LOG_DESTS };

struct log_module {
	const char *name;
	struct list node;
	enum log_level min_level; /* the most talkative of its destinations */
	enum log_level level[N_LOG_DESTS];
	bool honour_limits;
};

void log_module_register(struct log_module *);

#define LOG_MODULE(NAME)                                                                           \
	static struct log_module this_log_module = {                                               \
		.name = #NAME,                                                                     \
		.min_level = LOG_INFO,                                                             \
		.level = { LOG_INFO, LOG_INFO, LOG_INFO },                                         \
		.honour_limits = true,                                                             \
	};                                                                                         \
	CONSTRUCTOR static void log_module_register_(void)                                         \
	{                                                                                          \
		log_module_register(&this_log_module);                                             \
	}                                                                                          \
	_Static_assert(true, "")

/* Token bucket. */
struct log_limit {
	unsigned per_minute;
	unsigned burst;
	unsigned tokens; /* in 1/60000ths of a message */
	int64_t last_fill_ms;
	int64_t first_dropped_ms, last_dropped_ms;
	unsigned n_dropped;
};
#define LOG_LIMIT(PER_MINUTE, BURST)                                                               \
	{                                                                                          \
		(PER_MINUTE), (BURST), 0, INT64_MIN, 0, 0, 0                                       \
	}

void log_write(struct log_module *, enum log_level, const char *fmt, ...) PRINTF_LIKE(3, 4);
void log_write_limited(struct log_module *, enum log_level, struct log_limit *, const char *fmt,
		       ...) PRINTF_LIKE(4, 5);

#define log_at(level, ...)                                                                         \
	do {                                                                                       \
		if (log_is_on(level))                                                              \
			log_write(&this_log_module, level, __VA_ARGS__);                           \
	} while (0)
#define log_at_limited(level, limit, ...)                                                          \
	do {                                                                                       \
		if (log_is_on(level))                                                              \
			log_write_limited(&this_log_module, level, limit, __VA_ARGS__);            \
	} while (0)
#define log_is_on(level) (__atomic_load_n(&this_log_module.min_level, __ATOMIC_RELAXED) >= (level))

#define log_emer(...) log_at(LOG_EMER, __VA_ARGS__)
#define log_err(...) log_at(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_dbg(...) log_at(LOG_DBG, __VA_ARGS__)
#define log_err_limited(limit, ...) log_at_limited(LOG_ERR, limit, __VA_ARGS__)
#define log_warn_limited(limit, ...) log_at_limited(LOG_WARN, limit, __VA_ARGS__)
#define log_info_limited(limit, ...) log_at_limited(LOG_INFO, limit, __VA_ARGS__)
#define log_dbg_limited(limit, ...) log_at_limited(LOG_DBG, limit, __VA_ARGS__)

/* The program's name, set first thing in main; it is what usage messages and errors start with. */
void log_set_program(const char *name);
const char *log_program(void);

/* "[MODULE][:DEST][:LEVEL]", "PATTERN:DEST:PATTERN", "FACILITY:X": the argument of -v and of
 * vlog/set, ovs-appctl(8). */
MUST_CHECK int log_set_from_str(const char *spec, struct err *err);
/* NULL: the default place, $OVS_LOGDIR/PROGRAM.log. */
MUST_CHECK int log_open_file(const char *path, struct err *err);
MUST_CHECK int log_reopen_file(struct err *err);
void log_close_file(void);
/* The table that vlog/list prints. */
void log_list(struct str *out);
/* The table of patterns that vlog/list-pattern prints. */
void log_list_patterns(struct str *out);
/* 'module' NULL: all. -ENOENT: no such module. */
MUST_CHECK int log_set_limits(const char *module, bool on);
const char *log_level_name(enum log_level);
/* --syslog-method ("libc" "unix:FILE" "udp:IP:PORT" "null") and --syslog-target (IP:PORT); NULL
 * leaves it as it is. Before this the environment's OVS_SYSLOG_METHOD counts, else libc. */
MUST_CHECK int log_set_syslog(const char *method, const char *target, struct err *err);
/* The calling thread's name in "%t" and "%T": "monitor", "handler3"; "" for the main one. */
void log_set_subprogram(const char *name);
/* After detaching: standard error is gone. */
void log_mute_console(void);

/* Ends the program with "PROGRAM: text" on standard error; exit code 1 unless said otherwise. */
void log_fatal(const char *fmt, ...) PRINTF_LIKE(1, 2) NORETURN;
