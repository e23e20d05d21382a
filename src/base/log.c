/* SPDX-License-Identifier: Apache-2.0 */
/* Only what a first slice needs: console output. Patterns, files, syslog and limits grow here. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

static struct list modules = LIST_INIT(modules);
static const char *program = "weft";
static unsigned sequence;

void log_module_register(struct log_module *m) { list_push_back(&modules, &m->node); }
void log_set_program(const char *name) { program = name; }
const char *log_program(void) { return program; }

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = { "OFF", "EMER", "ERR", "WARN", "INFO", "DBG" };
	return names[level];
}

static void write_line(struct log_module *m, enum log_level level, const char *fmt, va_list args)
{
	if (m->level[LOG_CONSOLE] < level)
		return;
	int64_t now_ms = clock_wall_ms();
	time_t sec = (time_t)(now_ms / 1000);
	struct tm tm;
	gmtime_r(&sec, &tm);
	char when[32];
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	fprintf(stderr, "%s.%03dZ|%05u|%s|%s|%s\n", when, (int)(now_ms % 1000),
		__atomic_add_fetch(&sequence, 1, __ATOMIC_RELAXED), m->name, log_level_name(level),
		text);
}

void log_write(struct log_module *m, enum log_level level, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	write_line(m, level, fmt, args);
	va_end(args);
}

void log_write_limited(struct log_module *m, enum log_level level, struct log_limit *limit UNUSED,
		       const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	write_line(m, level, fmt, args);
	va_end(args);
}

void log_fatal(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fprintf(stderr, "%s: ", program);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}
