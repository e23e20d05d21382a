/* SPDX-License-Identifier: Apache-2.0 */
#include "io/control_builtin.h"

#include <errno.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "io/memory.h"

static void version(struct control_call *call, int argc UNUSED, const char **argv UNUSED,
		    void *arg UNUSED)
{
	AUTO_FREE char *text = xasprintf(VERSION_LINE("%s"), log_program());
	control_reply(call, text);
}

/* vlog/... */

static void vlog_list(struct control_call *call, int argc UNUSED, const char **argv UNUSED,
		      void *arg UNUSED)
{
	AUTO_STR out = STR_INIT;
	log_list(&out);
	control_reply(call, out.s);
}

static void vlog_list_pattern(struct control_call *call, int argc UNUSED, const char **argv UNUSED,
			      void *arg UNUSED)
{
	AUTO_STR out = STR_INIT;
	log_list_patterns(&out);
	control_reply(call, out.s);
}

static void vlog_set(struct control_call *call, int argc, const char **argv, void *arg UNUSED)
{
	AUTO_ERR err = ERR_INIT;
	int r = argc > 1 ? 0 : log_set_from_str("dbg", &err);
	for (int i = 1; i < argc && r == 0; i++)
		r = log_set_from_str(argv[i], &err);
	if (r < 0)
		control_reply_err(call, &err);
	else
		control_reply(call, NULL);
}

static void vlog_reopen(struct control_call *call, int argc UNUSED, const char **argv UNUSED,
			void *arg UNUSED)
{
	AUTO_ERR err = ERR_INIT;
	int r = log_reopen_file(&err);
	if (r < 0)
		control_reply_err(call, &err);
	else
		control_reply(call, NULL);
}

static void vlog_close(struct control_call *call, int argc UNUSED, const char **argv UNUSED,
		       void *arg UNUSED)
{
	log_close_file();
	control_reply(call, NULL);
}

static void set_limits(struct control_call *call, int argc, const char **argv, bool on)
{
	int r = argc > 1 ? 0 : log_set_limits(NULL, on);
	for (int i = 1; i < argc && r == 0; i++)
		r = log_set_limits(strcmp(argv[i], "any") ? argv[i] : NULL, on);
	if (r < 0)
		control_reply_error(call, "unknown module");
	else
		control_reply(call, NULL);
}

static void vlog_disable_limit(struct control_call *call, int argc, const char **argv,
			       void *arg UNUSED)
{
	set_limits(call, argc, argv, false);
}

static void vlog_enable_limit(struct control_call *call, int argc, const char **argv,
			      void *arg UNUSED)
{
	set_limits(call, argc, argv, true);
}

/* coverage/... */

static void coverage_show(struct control_call *call, int argc UNUSED, const char **argv UNUSED,
			  void *arg UNUSED)
{
	AUTO_STR rows = STR_INIT, out = STR_INIT;
	unsigned n_never = 0;
	uint32_t hash = 0;
	struct counter *c;
	LIST_FOR_EACH(c, counter_all(), node) {
		uint64_t total = counter_read(c);
		hash = hash_add64(hash, total);
		if (!total) {
			n_never++;
			continue;
		}
		str_putf(&rows, "%-24s %5.1f/sec %9.3f/sec %13.4f/sec   total: %llu\n", c->name,
			 counter_rate(c, 1), counter_rate(c, 12), counter_rate(c, 720),
			 (unsigned long long)total);
	}
	str_putf(&out,
		 "Event coverage, avg rate over last: 5 seconds, last minute, last hour,  "
		 "hash=%08x:\n%s%u events never hit\n",
		 hash_finish(hash, 0), str_cstr(&rows), n_never);
	control_reply(call, out.s);
}

static void coverage_read(struct control_call *call, int argc UNUSED, const char **argv,
			  void *arg UNUSED)
{
	struct counter *c = counter_find(argv[1]);
	if (!c) {
		control_reply_error(call, "No such counter");
		return;
	}
	AUTO_FREE char *text = xasprintf("%llu\n", (unsigned long long)counter_read(c));
	control_reply(call, text);
}

static void show_memory(struct control_call *call, int argc UNUSED, const char **argv UNUSED,
			void *arg UNUSED)
{
	AUTO_STR out = STR_INIT;
	memory_show(&out);
	control_reply(call, out.s);
}

/* time/... A warp of many steps takes one step a turn, so that all that is due in between happens
 * in its order; the reply comes when the last step's timers have fired. */

struct warp {
	struct deferred turn;
	struct loop *loop;
	struct control_call *call;
	int64_t left_ms, step_ms;
};

static void warp_turn(struct deferred *d)
{
	struct warp *w = CONTAINER_OF(d, struct warp, turn);
	if (!w->left_ms) {
		control_reply(w->call, "warped");
		free(w);
		return;
	}
	int64_t step = MIN(w->left_ms, w->step_ms);
	w->left_ms -= step;
	clock_warp(step * NS_PER_MS);
	loop_wake_all();
	deferred_put(&w->turn, w->loop);
}

static void time_warp(struct control_call *call, int argc, const char **argv, void *loop)
{
	uint32_t total, step;
	if (!str_to_u32(argv[1], 10, &total) || !total ||
	    (argc > 2 && (!str_to_u32(argv[2], 10, &step) || !step))) {
		control_reply_error(call, "invalid MSECS");
		return;
	}
	struct warp *w = xzalloc(sizeof *w);
	w->loop = loop;
	w->call = call;
	w->left_ms = total;
	w->step_ms = argc > 2 ? step : total;
	deferred_init(&w->turn, warp_turn);
	warp_turn(&w->turn);
}

static void time_stop(struct control_call *call, int argc UNUSED, const char **argv UNUSED,
		      void *arg UNUSED)
{
	clock_stop();
	loop_wake_all();
	control_reply(call, NULL);
}

void control_builtin_register(struct loop *loop)
{
	control_register("version", "", 0, 0, version, NULL);
	control_register("vlog/set", "{spec | PATTERN:destination:pattern}", 0, -1, vlog_set, NULL);
	control_register("vlog/list", "", 0, 0, vlog_list, NULL);
	control_register("vlog/list-pattern", "", 0, 0, vlog_list_pattern, NULL);
	control_register("vlog/reopen", "", 0, 0, vlog_reopen, NULL);
	control_register("vlog/close", "", 0, 0, vlog_close, NULL);
	control_register("vlog/disable-rate-limit", "[module]...", 0, -1, vlog_disable_limit, NULL);
	control_register("vlog/enable-rate-limit", "[module]...", 0, -1, vlog_enable_limit, NULL);
	control_register("coverage/show", "", 0, 0, coverage_show, NULL);
	control_register("coverage/read-counter", "COUNTER", 1, 1, coverage_read, NULL);
	control_register("memory/show", "", 0, 0, show_memory, NULL);
	control_register("time/stop", "", 0, 0, time_stop, NULL);
	control_register("time/warp", "LARGE_MSECS [MSECS]", 1, 2, time_warp, loop);
}
