/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/inet.h"
#include "io/stream.h"

static struct loop *loop;
static struct stream *accepted;

static void take(struct listener *l, struct stream *s, void *arg) { accepted = s; }

static int n_events;
static void count(struct stream *s, unsigned events, void *arg) { n_events++; }

static void turn(void)
{
	for (int i = 0; i < 5; i++)
		loop_once(loop, 20);
}

static void talk(const char *passive, const char *active)
{
	AUTO_ERR err = ERR_INIT;
	struct listener *l;
	struct stream *s;
	assert_int_equal(listener_open(passive, 0, loop, take, NULL, &l, &err), 0);
	AUTO_FREE char *name =
		listener_port(l) ? xasprintf("%s:%u", active, listener_port(l)) : xstrdup(active);
	int r = stream_open(name, 0, loop, &s, &err);
	assert_string_equal(err_text(&err), "");
	assert_int_equal(r, 0);
	stream_wait(s, LOOP_WRITE, count, NULL);
	accepted = NULL;
	n_events = 0;
	turn();
	assert_true(n_events > 0);
	assert_int_equal(stream_connect_result(s), 0);
	assert_non_null(accepted);
	assert_int_equal(stream_send(s, "hello", 5), 5);
	stream_wait(s, 0, NULL, NULL);
	char buf[10];
	n_events = 0;
	stream_wait(accepted, LOOP_READ, count, NULL);
	turn();
	assert_true(n_events > 0);
	assert_int_equal(stream_recv(accepted, buf, sizeof buf), 5);
	assert_int_equal(stream_recv(accepted, buf, sizeof buf), -EAGAIN);
	stream_close(s);
	turn();
	assert_int_equal(stream_recv(accepted, buf, sizeof buf), 0);
	stream_close(accepted);
	listener_close(l);
}

static void bytes_pass(void **state)
{
	talk("ptcp:0:127.0.0.1", "tcp:127.0.0.1");
	talk("ptcp:0:[::1]", "tcp:[::1]");
	talk("ptcp:0:127.0.0.1", "tcp:localhost");
}

static void long_unix_paths_work(void **state)
{
	char dir[] = "/tmp/stream_test.XXXXXX";
	assert_non_null(mkdtemp(dir));
	AUTO_STR path = STR_INIT;
	str_puts(&path, dir);
	for (int i = 0; i < 4; i++) {
		str_putc(&path, '/');
		str_putc_n(&path, 'a', 50);
		assert_int_equal(mkdir(path.s, 0700), 0);
	}
	setenv("OVS_RUNDIR", path.s, 1);
	talk("punix:x.sock", "unix:x.sock");
	AUTO_FREE char *name = xasprintf("%s/x.sock", path.s);
	assert_int_equal(access(name, F_OK), -1);
	while (strcmp(path.s, "/tmp")) {
		rmdir(path.s);
		str_truncate(&path, (size_t)(strrchr(path.s, '/') - path.s));
	}
}

static void a_live_socket_is_not_taken_over(void **state)
{
	AUTO_ERR err = ERR_INIT;
	char dir[] = "/tmp/stream_test.XXXXXX";
	assert_non_null(mkdtemp(dir));
	AUTO_FREE char *name = xasprintf("punix:%s/s", dir);
	struct listener *a, *b;
	assert_int_equal(listener_open(name, 0, loop, take, NULL, &a, &err), 0);
	assert_int_equal(listener_open(name, 0, loop, take, NULL, &b, &err), -EADDRINUSE);
	listener_close(a);
	assert_int_equal(rmdir(dir), 0);
}

static void failures_are_told(void **state)
{
	AUTO_ERR err = ERR_INIT;
	struct stream *s;
	assert_int_equal(stream_open("foo:1", 0, loop, &s, &err), -EAFNOSUPPORT);
	assert_int_equal(stream_open("tcp:1.2.3.4", 0, loop, &s, &err), -EAFNOSUPPORT);
	assert_string_equal(err_text(&err), "1.2.3.4: port must be specified");
	assert_int_equal(stream_open("unix:/nonexistent/s", 0, loop, &s, &err), -ENOENT);
	int r = stream_open("tcp:127.0.0.1:1", 0, loop, &s, &err);
	if (r == 0) {
		n_events = 0;
		stream_wait(s, LOOP_READ, count, NULL);
		turn();
		assert_true(n_events > 0);
		r = stream_connect_result(s);
		stream_close(s);
	}
	assert_int_equal(r, -ECONNREFUSED);
}

static void names_are_parsed(void **state)
{
	static const struct {
		const char *in, *out;
	} active[] = {
		{ "1.2.3.4:5", "1.2.3.4:5" },
		{ "1.2.3.4", "1.2.3.4:6640" },
		{ "[::1]", "[::1]:6640" },
		{ "[fe80::1%lo]:7", "[fe80::1%lo]:7" },
		{ "", "!: host must be specified" },
		{ "[::1", "![::1: '[' without ']'" },
		{ "[::1]x", "![::1]x: garbage after ']'" },
		{ "::1:3", "!::1:3: an IPv6 address needs brackets" },
		{ "1.2.3.4:70000", "!1.2.3.4:70000: bad port number \"70000\"" },
		{ "[zz]:1", "![zz]:1: bad IPv6 address \"zz\"" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(active); i++) {
		AUTO_ERR err = ERR_INIT;
		AUTO_STR out = STR_INIT;
		union inet_addr a;
		AUTO_FREE char *host = NULL;
		if (inet_parse_active(active[i].in, 6640, &a, &host, &err) < 0)
			str_putf(&out, "!%s", err_text(&err));
		else
			inet_addr_put_port(&a, &out);
		assert_string_equal(str_cstr(&out), active[i].out);
	}
	static const struct {
		const char *in, *out;
	} passive[] = {
		{ "", "0.0.0.0:6640" },
		{ "7", "0.0.0.0:7" },
		{ "7:[::]", "[::]:7" },
		{ ":1.2.3.4", "1.2.3.4:6640" },
		{ "x", "!x: bad port number \"x\"" },
		{ "1:300.1.1.1", "!1:300.1.1.1: bad IP address \"300.1.1.1\"" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(passive); i++) {
		AUTO_ERR err = ERR_INIT;
		AUTO_STR out = STR_INIT;
		union inet_addr a;
		if (inet_parse_passive(passive[i].in, 6640, &a, &err) < 0)
			str_putf(&out, "!%s", err_text(&err));
		else
			inet_addr_put_port(&a, &out);
		assert_string_equal(str_cstr(&out), passive[i].out);
	}
}

int main(void)
{
	loop = loop_new();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_pass),
		cmocka_unit_test(long_unix_paths_work),
		cmocka_unit_test(a_live_socket_is_not_taken_over),
		cmocka_unit_test(failures_are_told),
		cmocka_unit_test(names_are_parsed),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	loop_free(loop);
	return r;
}
