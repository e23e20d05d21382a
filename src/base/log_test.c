/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_out.h"
#include "base/mem.h"

LOG_MODULE(log_test);

static char dir[] = "/tmp/log_test.XXXXXX";

static void patterns_expand(void **state)
{
	static const struct {
		const char *pattern, *out;
	} rows[] = {
		{ "%D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m",
		  "2026-11-29T12:14:59.123Z|00007|log_test|WARN|hello" },
		{ "%D", "2026-11-29 12:14:59" },
		{ "%D{%S.#####}", "59.12300" },
		{ "%-6p|%6p|%06N|%t|%%|%n|%A", "WARN  |  WARN|000007|main|%|\n|testprog" },
		{ "<%B>", "<28>" }, /* daemon.warning */
		{ "%", "%" },
		{ "%5", "    %" },
		{ "%D{unfinished", "2026-11-29 12:14:59{unfinished" },
		{ "%3m", "hello" },
		{ "", "" },
	};
	const struct log_line line = {
		.module = &this_log_module,
		.level = LOG_WARN,
		.sequence = 7,
		.wall_ns = 1795954499123456789LL,
		.text = "hello",
	};
	log_set_program("testprog");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_STR out = STR_INIT;
		log_pattern_put(rows[i].pattern, &line, &out);
		assert_string_equal(str_cstr(&out), rows[i].out);
	}
}

static void levels_are_set(void **state)
{
	assert_int_equal(log_set_from_str("off", NULL), 0);
	assert_false(log_is_on(LOG_EMER));
	assert_int_equal(log_set_from_str("LOG_TEST:File:dbg", NULL), 0);
	assert_true(log_is_on(LOG_DBG));
	assert_int_equal(this_log_module.level[LOG_CONSOLE], LOG_OFF);
	assert_int_equal(log_set_from_str("vconn:file:dbg", NULL), 0); /* a name of OVS */
	assert_int_equal(log_set_from_str("any any warn", NULL), 0);
	assert_int_equal(this_log_module.level[LOG_CONSOLE], LOG_WARN);
	static const struct {
		const char *spec, *error;
	} bad[] = {
		{ "nosuch", "no destination, level, or module \"nosuch\"" },
		{ "info:warn", "cannot specify multiple levels" },
		{ "file:console", "cannot specify multiple destinations" },
		{ "FACILITY:x", "invalid facility" },
		{ "PATTERN:x:y", "unknown destination \"x\"" },
		{ "PATTERN:file", "missing ':' in PATTERN for destination \"file\"" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO_ERR err = ERR_INIT;
		assert_int_equal(log_set_from_str(bad[i].spec, &err), -EINVAL);
		assert_string_equal(err_text(&err), bad[i].error);
	}
	assert_int_equal(log_set_from_str("off", NULL), 0);
}

/* The text of all lines of the log file, one after the other. */
static char *file_text(const char *path)
{
	static char buf[4096];
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	buf[fread(buf, 1, sizeof buf - 1, f)] = '\0';
	fclose(f);
	return buf;
}

static void file_limits_and_reopen(void **state)
{
	AUTO_FREE char *path = xasprintf("%s/log", dir), *moved = xasprintf("%s/log.1", dir);
	clock_stop();
	assert_int_equal(log_set_from_str("PATTERN:file:%p|%m", NULL), 0);
	assert_int_equal(log_open_file(path, NULL), 0);
	assert_int_equal(log_set_from_str("log_test:file:info", NULL), 0);
	static struct log_limit limit = LOG_LIMIT(6, 2);
	for (int i = 0; i < 10; i++)
		log_warn_limited(&limit, "storm %d", i);
	assert_string_equal(file_text(path), "WARN|storm 0\nWARN|storm 1\n");
	clock_warp(10 * NS_PER_SEC); /* one more token */
	log_warn_limited(&limit, "late");
	assert_string_equal(file_text(path),
			    "WARN|storm 0\nWARN|storm 1\n"
			    "WARN|Dropped 8 log messages in last 10 seconds (most recently, 10 "
			    "seconds ago) due to excessive rate\nWARN|late\n");
	log_dbg("not seen");
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(log_reopen_file(NULL), 0);
	log_info("two\nlines\n");
	assert_string_equal(file_text(path), "INFO|two\nINFO|lines\n");
	assert_int_equal(log_set_limits("log_test", false), 0);
	assert_int_equal(log_set_limits("nosuch", false), -ENOENT);
	for (int i = 0; i < 3; i++)
		log_warn_limited(&limit, "x");
	assert_string_equal(file_text(path), "INFO|two\nINFO|lines\nWARN|x\nWARN|x\nWARN|x\n");
	log_close_file();
	log_info("nowhere");
	unlink(path);
	unlink(moved);
}

static void syslog_over_a_socket(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	snprintf(un.sun_path, sizeof un.sun_path, "%s/dev-log", dir);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	AUTO_FREE char *method = xasprintf("unix:%s", un.sun_path);
	AUTO_ERR err = ERR_INIT;
	assert_int_equal(log_set_syslog(method, NULL, &err), 0);
	assert_int_equal(log_set_from_str("FACILITY:local3", NULL), 0);
	assert_int_equal(log_set_from_str("log_test:syslog:info", NULL), 0);
	log_err("disk is full");
	char buf[256];
	ssize_t n = recv(fd, buf, sizeof buf - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	buf[n] = '\0';
	assert_int_equal(strncmp(buf, "<155>", 5), 0); /* 19 * 8 + 3 */
	assert_non_null(strstr(buf, " testprog: ovs|"));
	assert_non_null(strstr(buf, "|log_test|ERR|disk is full"));
	assert_int_equal(log_set_syslog("carrier-pigeon", NULL, &err), -EINVAL);
	assert_int_equal(log_set_syslog("udp:localhost:1", NULL, &err), -EINVAL);
	assert_int_equal(log_set_syslog("null", "127.0.0.1:5514", NULL), 0);
	close(fd);
	unlink(un.sun_path);
}

int main(void)
{
	assert_non_null(mkdtemp(dir));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_expand),
		cmocka_unit_test(levels_are_set),
		cmocka_unit_test(file_limits_and_reopen),
		cmocka_unit_test(syslog_over_a_socket),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return r;
}
