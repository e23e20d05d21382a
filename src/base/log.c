/* SPDX-License-Identifier: Apache-2.0 */
/* The log. A message is formatted once, then laid out for each destination whose level lets it
 * through by that destination's pattern (log_pattern.c).
 *
 * Levels are read without a lock, by one relaxed load, since that is all a disabled message may
 * cost; everything else (file, syslog socket, patterns, limits) is under one lock, which is held
 * while a line is written so that lines of several threads never mix. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_out.h"
#include "base/mem.h"
#include "base/path.h"

LOG_MODULE(vlog);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list modules = LIST_INIT(modules);
static const char *program = "weft";
static unsigned sequence;
static bool console_muted;

static char *file_path; /* NULL: never opened */
static int file_fd = -1;

static const char *const dest_names[] = { "syslog", "console", "file" };
static const char *const level_names[] = { "OFF", "EMER", "ERR", "WARN", "INFO", "DBG" };

static char *patterns[N_LOG_DESTS]; /* NULL: default */
static const char *const default_patterns[] = {
	"ovs|%05N|%c%T|%p|%m",
	"%D{%Y-%m-%dT%H:%M:%SZ}|%05N|%c%T|%p|%m",
	"%D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m",
};

void log_module_register(struct log_module *m)
{
	struct log_module *at;
	LIST_FOR_EACH(at, &modules, node) {
		if (strcmp(m->name, at->name) < 0)
			break;
	}
	list_insert_before(&at->node, &m->node);
}

void log_set_program(const char *name) { program = name; }
const char *log_program(void) { return program; }
const char *log_level_name(enum log_level level) { return level_names[level]; }
void log_mute_console(void) { console_muted = true; }

static const char *pattern_of(enum log_dest dest)
{
	return patterns[dest] ? patterns[dest] : default_patterns[dest];
}

/* Writing. */

static bool is_wanted(const struct log_module *m, enum log_dest dest, enum log_level level)
{
	return __atomic_load_n(&m->level[dest], __ATOMIC_RELAXED) >= level;
}

static void write_all(int fd, const char *p, size_t size)
{
	while (size) {
		ssize_t n = write(fd, p, size);
		if (n < 0 && errno != EINTR)
			return; /* a full disk must not stop a switch */
		if (n > 0) {
			p += n;
			size -= (size_t)n;
		}
	}
}

static void write_line(const struct log_line *line)
{
	AUTO_STR out = STR_INIT;
	if (is_wanted(line->module, LOG_CONSOLE, line->level) && !console_muted) {
		log_pattern_put(pattern_of(LOG_CONSOLE), line, &out);
		str_putc(&out, '\n');
		write_all(STDERR_FILENO, out.s, out.len);
	}
	if (is_wanted(line->module, LOG_FILE, line->level) && file_fd >= 0) {
		str_clear(&out);
		log_pattern_put(pattern_of(LOG_FILE), line, &out);
		str_putc(&out, '\n');
		write_all(file_fd, out.s, out.len);
	}
	if (is_wanted(line->module, LOG_SYSLOG, line->level))
		log_syslog_write(pattern_of(LOG_SYSLOG), line);
}

/* A message of several lines is as many lines of the log, so that each can be told apart. */
static void write_text(struct log_module *m, enum log_level level, char *text)
{
	int saved = errno;
	struct log_line line = {
		.module = m,
		.level = level,
		.sequence = __atomic_add_fetch(&sequence, 1, __ATOMIC_RELAXED),
		.wall_ns = clock_wall_ns(),
	};
	size_t len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	pthread_mutex_lock(&lock);
	for (char *p = text; p;) {
		char *end = strchr(p, '\n');
		if (end)
			*end++ = '\0';
		line.text = p;
		write_line(&line);
		p = end;
	}
	pthread_mutex_unlock(&lock);
	errno = saved;
}

void log_write(struct log_module *m, enum log_level level, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	write_text(m, level, text);
}

/* Tokens are 1/60000 of a message, so that each millisecond brings 'per_minute' of them. */
#define TOKENS_A_MESSAGE 60000u

static bool take_token(struct log_limit *l, int64_t now_ms)
{
	uint64_t full = (uint64_t)l->burst * TOKENS_A_MESSAGE;
	if (l->last_fill_ms == INT64_MIN) {
		l->tokens = (unsigned)MIN(full, UINT32_MAX);
	} else if (now_ms > l->last_fill_ms) {
		uint64_t more = (uint64_t)(now_ms - l->last_fill_ms) * l->per_minute;
		l->tokens = (unsigned)MIN(l->tokens + more, MIN(full, UINT32_MAX));
	}
	l->last_fill_ms = now_ms;
	if (l->tokens < TOKENS_A_MESSAGE)
		return false;
	l->tokens -= TOKENS_A_MESSAGE;
	return true;
}

void log_write_limited(struct log_module *m, enum log_level level, struct log_limit *limit,
		       const char *fmt, ...)
{
	unsigned n_dropped = 0;
	int64_t first = 0, last = 0, now = clock_mono_ms();
	if (__atomic_load_n(&m->honour_limits, __ATOMIC_RELAXED)) {
		pthread_mutex_lock(&lock);
		bool pass = take_token(limit, now);
		if (pass) {
			n_dropped = limit->n_dropped;
			first = limit->first_dropped_ms;
			last = limit->last_dropped_ms;
			limit->n_dropped = 0;
		} else {
			if (!limit->n_dropped++)
				limit->first_dropped_ms = now;
			limit->last_dropped_ms = now;
		}
		pthread_mutex_unlock(&lock);
		if (!pass)
			return;
	}
	if (n_dropped)
		log_write(m, level,
			  "Dropped %u log messages in last %lld seconds (most recently, %lld "
			  "seconds ago) due to excessive rate",
			  n_dropped, (long long)(now - first) / 1000,
			  (long long)(now - last) / 1000);
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	write_text(m, level, text);
}

void log_fatal(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	/* The console has the line below; file and syslog want one too. */
	bool muted = console_muted;
	console_muted = true;
	log_emer("%s", text);
	if (!muted)
		fprintf(stderr, "%s: %s\n", program, text);
	exit(1);
}

/* Levels. */

static void update_min(struct log_module *m)
{
	enum log_level most = LOG_OFF;
	for (int d = 0; d < N_LOG_DESTS; d++)
		most = MAX(most, m->level[d]);
	__atomic_store_n(&m->min_level, most, __ATOMIC_RELAXED);
}

/* Several files may share a module's name. */
static struct log_module *module_find(const char *name)
{
	struct log_module *m;
	LIST_FOR_EACH(m, &modules, node) {
		if (!strcasecmp(m->name, name))
			return m;
	}
	return NULL;
}

static int find_name(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcasecmp(names[i], name))
			return (int)i;
	}
	return -1;
}

static void set_levels(struct log_module *only, int only_dest, enum log_level level)
{
	struct log_module *m;
	LIST_FOR_EACH(m, &modules, node) {
		if (only && strcmp(m->name, only->name))
			continue;
		for (int d = 0; d < N_LOG_DESTS; d++) {
			if (only_dest < 0 || only_dest == d)
				__atomic_store_n(&m->level[d], level, __ATOMIC_RELAXED);
		}
		update_min(m);
	}
}

static int set_pattern(const char *spec, struct err *err)
{
	const char *colon = strchr(spec, ':');
	AUTO_FREE char *name = colon ? xstrndup(spec, (size_t)(colon - spec)) : xstrdup(spec);
	int dest = find_name(dest_names, ARRAY_SIZE(dest_names), name);
	bool any = !strcasecmp(name, "any");
	if (dest < 0 && !any)
		return err_set(err, -EINVAL, "unknown destination \"%s\"", name);
	if (!colon)
		return err_set(err, -EINVAL, "missing ':' in PATTERN for destination \"%s\"", name);
	pthread_mutex_lock(&lock);
	for (int d = 0; d < N_LOG_DESTS; d++) {
		if (any || d == dest) {
			free(patterns[d]);
			patterns[d] = xstrdup(colon + 1);
		}
	}
	pthread_mutex_unlock(&lock);
	return 0;
}

int log_set_from_str(const char *spec, struct err *err)
{
	if (!strncasecmp(spec, "PATTERN:", 8))
		return set_pattern(spec + 8, err);
	if (!strncasecmp(spec, "FACILITY:", 9))
		return log_syslog_set_facility(spec + 9)
			       ? 0
			       : err_set(err, -EINVAL, "invalid facility");
	struct log_module *module = NULL;
	int dest = -1, level = -1;
	AUTO_FREE char *copy = xstrdup(spec);
	char *save = NULL;
	for (char *word = strtok_r(copy, " ,:", &save); word; word = strtok_r(NULL, " ,:", &save)) {
		struct log_module *m;
		int i;
		if (!strcasecmp(word, "any"))
			continue;
		if ((i = find_name(dest_names, ARRAY_SIZE(dest_names), word)) >= 0) {
			if (dest >= 0)
				return err_set(err, -EINVAL,
					       "cannot specify multiple destinations");
			dest = i;
		} else if ((i = find_name(level_names, ARRAY_SIZE(level_names), word)) >= 0) {
			if (level >= 0)
				return err_set(err, -EINVAL, "cannot specify multiple levels");
			level = i;
		} else if ((m = module_find(word)) != NULL) {
			if (module)
				return err_set(err, -EINVAL, "cannot specify multiple modules");
			module = m;
		} else {
			return err_set(err, -EINVAL, "no destination, level, or module \"%s\"",
				       word);
		}
	}
	set_levels(module, dest, level < 0 ? LOG_DBG : (enum log_level)level);
	return 0;
}

int log_set_limits(const char *name, bool on)
{
	bool found = false;
	struct log_module *m;
	LIST_FOR_EACH(m, &modules, node) {
		if (!name || !strcasecmp(name, m->name)) {
			__atomic_store_n(&m->honour_limits, on, __ATOMIC_RELAXED);
			found = true;
		}
	}
	return found ? 0 : -ENOENT;
}

void log_list(struct str *out)
{
	str_puts(out, "                 console    syslog    file\n"
		      "                 -------    ------    ------\n");
	struct log_module *m;
	const char *last = "";
	LIST_FOR_EACH(m, &modules, node) {
		if (!strcmp(m->name, last))
			continue;
		last = m->name;
		str_putf(out, "%-16s  %4s       %4s       %4s%s\n", m->name,
			 level_names[m->level[LOG_CONSOLE]], level_names[m->level[LOG_SYSLOG]],
			 level_names[m->level[LOG_FILE]],
			 m->honour_limits ? "" : "    (rate limiting disabled)");
	}
}

void log_list_patterns(struct str *out)
{
	str_puts(out, "         prefix                            format\n"
		      "         ------                            ------\n");
	pthread_mutex_lock(&lock);
	str_putf(out, "%-7s  %-32s  %s\n", "SYSLOG", LOG_SYSLOG_PREFIX, pattern_of(LOG_SYSLOG));
	str_putf(out, "%-7s  %-32s  %s\n", "CONSOLE", "none", pattern_of(LOG_CONSOLE));
	str_putf(out, "%-7s  %-32s  %s\n", "FILE", "none", pattern_of(LOG_FILE));
	pthread_mutex_unlock(&lock);
}

/* The file. */

static int open_file(struct err *err)
{
	int fd = open(file_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_set(err, -errno, "failed to open %s for logging: %s", file_path,
			       err_name(errno));
	pthread_mutex_lock(&lock);
	int old = file_fd;
	file_fd = fd;
	pthread_mutex_unlock(&lock);
	if (old >= 0)
		close(old);
	log_info("opened log file %s", file_path);
	return 0;
}

int log_open_file(const char *path, struct err *err)
{
	AUTO_FREE char *name = path ? NULL : xasprintf("%s.log", program);
	free(file_path);
	file_path = path ? xstrdup(path) : path_in(path_logdir(), name);
	return open_file(err);
}

int log_reopen_file(struct err *err)
{
	if (!file_path)
		return 0;
	if (file_fd >= 0)
		log_info("closing log file");
	return open_file(err);
}

void log_close_file(void)
{
	if (file_fd >= 0)
		log_info("closing log file");
	pthread_mutex_lock(&lock);
	if (file_fd >= 0)
		close(file_fd);
	file_fd = -1;
	pthread_mutex_unlock(&lock);
}
