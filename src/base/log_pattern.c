/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_out.h"
#include "base/mem.h"

static __thread char subprogram[16];
static int64_t start_ns;

CONSTRUCTOR static void note_start(void) { start_ns = clock_mono_ns(); }

void log_set_subprogram(const char *name)
{
	str_copy(subprogram, name, sizeof subprogram);
	if (*name)
		pthread_setname_np(pthread_self(), subprogram);
}

/* strftime() with runs of '#' for fractions of a second: milliseconds, then zeros. */
static void put_time(const char *format, size_t len, const struct log_line *line, bool utc,
		     struct str *out)
{
	AUTO_STR filled = STR_INIT;
	int digit = 0;
	char ms[8];
	snprintf(ms, sizeof ms, "%03u", (unsigned)(line->wall_ns / NS_PER_MS % 1000));
	for (size_t i = 0; i < len; i++) {
		if (format[i] == '#') {
			str_putc(&filled, digit < 3 ? ms[digit] : '0');
			digit++;
		} else {
			str_putc(&filled, format[i]);
			digit = 0;
		}
	}
	time_t sec = (time_t)(line->wall_ns / NS_PER_SEC);
	struct tm tm;
	if (utc)
		gmtime_r(&sec, &tm);
	else
		localtime_r(&sec, &tm);
	char buf[256];
	str_put(out, buf, strftime(buf, sizeof buf, str_cstr(&filled), &tm));
}

static void put_host_name(struct str *out)
{
	char name[256];
	if (gethostname(name, sizeof name) < 0)
		str_puts(out, "localhost");
	else
		str_put(out, name, strnlen(name, sizeof name));
}

/* *p is at the escape's letter; leaves it behind the escape. */
static void put_escape(const char **p, const struct log_line *line, struct str *out)
{
	char c = *(*p)++;
	switch (c) {
	case 'A':
		str_puts(out, log_program());
		break;
	case 'B':
		str_putf(out, "%d", log_syslog_pri(line->level));
		break;
	case 'c':
		str_puts(out, line->module->name);
		break;
	case 'd':
	case 'D': {
		const char *format = "%Y-%m-%d %H:%M:%S";
		size_t len = strlen(format);
		const char *close = **p == '{' ? strchr(*p, '}') : NULL;
		if (close) {
			format = *p + 1;
			len = (size_t)(close - format);
			*p = close + 1;
		}
		put_time(format, len, line, c == 'D', out);
		break;
	}
	case 'E':
		put_host_name(out);
		break;
	case 'm':
		str_puts(out, line->text);
		break;
	case 'N':
		str_putf(out, "%u", line->sequence);
		break;
	case 'n':
		str_putc(out, '\n');
		break;
	case 'p':
		str_puts(out, log_level_name(line->level));
		break;
	case 'P':
		str_putf(out, "%d", (int)getpid());
		break;
	case 'r':
		str_putf(out, "%lld", (long long)((clock_mono_ns() - start_ns) / NS_PER_MS));
		break;
	case 't':
		str_puts(out, *subprogram ? subprogram : "main");
		break;
	case 'T':
		if (*subprogram)
			str_putf(out, "(%s)", subprogram);
		break;
	case '\0':
		(*p)--;
		str_putc(out, '%');
		break;
	default:
		str_putc(out, c);
	}
}

void log_pattern_put(const char *p, const struct log_line *line, struct str *out)
{
	while (*p) {
		if (*p != '%') {
			size_t n = strcspn(p, "%");
			str_put(out, p, n);
			p += n;
			continue;
		}
		p++;
		bool left = *p == '-';
		p += left;
		char pad = *p == '0' ? '0' : ' ';
		p += *p == '0';
		size_t width = 0;
		for (; isdigit((unsigned char)*p); p++)
			width = MIN(width * 10 + (size_t)(*p - '0'), 1000);
		AUTO_STR field = STR_INIT;
		put_escape(&p, line, &field);
		size_t n_pad = field.len < width ? width - field.len : 0;
		if (!left)
			str_putc_n(out, pad, n_pad);
		str_put(out, str_cstr(&field), field.len);
		if (left)
			str_putc_n(out, pad, n_pad);
	}
}
