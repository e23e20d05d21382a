/* SPDX-License-Identifier: Apache-2.0 */
/* Commands upcall/ and revalidator/, with the replies of ovs-vswitchd(8). */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/control.h"
#include "io/memory.h"
#include "upcall/handler.h"

static void cmd_show(struct control_call *call, int argc, const char *argv[], void *arg)
{
	AUTO_STR out = STR_INIT;
	struct upcall_handler *h;
	LIST_FOR_EACH(h, upcall_handlers(), node) {
		uint64_t n = h->fastpath ? h->fastpath->ops->n_flows(h->fastpath) : 0;
		str_putf(&out, "%s@%s:\n", h->datapath->type, h->datapath->name);
		str_putf(&out,
			 "  flows         : (current %" PRIu64 ") (avg %" PRIu64 ") (max %" PRIu64
			 ") (limit %u)\n",
			 n, h->n_sums ? h->sum_flows / h->n_sums : n, MAX(h->max_flows, n),
			 h->limit);
		str_putf(&out, "  dump duration : %lldms\n",
			 (long long)(h->last_duration_ns / NS_PER_MS));
		str_puts(&out, "  ufid enabled : true\n\n");
		str_putf(&out, "  1: (keys %" PRIu64 ")\n", n);
	}
	control_reply(call, str_cstr(&out));
}

static void cmd_flow_limit(struct control_call *call, int argc, const char *argv[], void *arg)
{
	uint32_t limit;
	struct upcall_handler *h;
	AUTO_STR out = STR_INIT;
	if (!str_to_u32(argv[1], 10, &limit)) {
		control_reply_error(call, "the limit must be a number");
		return;
	}
	struct upcall_settings s = *upcall_settings();
	s.flow_limit = limit;
	upcall_configure(&s);
	LIST_FOR_EACH(h, upcall_handlers(), node)
		h->limit = limit;
	str_putf(&out, "set flow_limit to %u\n", limit);
	control_reply(call, str_cstr(&out));
}

static void cmd_wait(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct upcall_handler *h;
	LIST_FOR_EACH(h, upcall_handlers(), node)
		upcall_revalidate_now(h);
	control_reply(call, NULL);
}

static void cmd_purge(struct control_call *call, int argc, const char *argv[], void *arg)
{
	struct upcall_handler *h;
	LIST_FOR_EACH(h, upcall_handlers(), node)
		upcall_purge_flows(h);
	control_reply(call, NULL);
}

static void report_memory(struct memory_report *r, void *arg)
{
	struct upcall_handler *h;
	uint64_t n = 0;
	LIST_FOR_EACH(h, upcall_handlers(), node)
		n += h->fastpath ? h->fastpath->ops->n_flows(h->fastpath) : 0;
	memory_put(r, "udpif keys", n);
}

void upcall_commands_register(void)
{
	control_register("upcall/show", "", 0, 0, cmd_show, NULL);
	control_register("upcall/set-flow-limit", "flow-limit-number", 1, 1, cmd_flow_limit, NULL);
	control_register("revalidator/wait", "", 0, 0, cmd_wait, NULL);
	control_register("revalidator/purge", "", 0, 0, cmd_purge, NULL);
	memory_register(report_memory, NULL);
}
