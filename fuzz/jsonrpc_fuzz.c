/* SPDX-License-Identifier: Apache-2.0 */
/* A peer that sends anything to a JSON-RPC connection, cut into reads by the input's first byte. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/jsonrpc.h"
#include "io/stream_class.h"

static struct jsonrpc *rpc;

static void on_recv(struct jsonrpc *r, struct jsonrpc_msg *msg, void *arg UNUSED)
{
	if (msg->type == JSONRPC_REQUEST)
		jsonrpc_send(r, jsonrpc_reply(json_incref(msg->params), msg->id));
	bool close_now = msg->method && !strcmp(msg->method, "close");
	jsonrpc_msg_free(msg);
	if (close_now) {
		jsonrpc_close(r);
		rpc = NULL;
	}
}

static void on_closed(struct jsonrpc *r, int error UNUSED, void *arg UNUSED)
{
	jsonrpc_close(r);
	rpc = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct jsonrpc_ops ops = { on_recv, on_closed };
	static struct loop *loop;
	if (!loop) {
		loop = loop_new();
		int r = log_set_from_str("off", NULL);
		ASSERT(r == 0);
	}
	int fds[2];
	if (!size || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return 0;
	size_t step = *data++ % 64 + 1;
	size--;
	rpc = jsonrpc_new(stream_from_fd(fds[0], xstrdup("fuzz"), NULL, NULL, loop), loop, &ops,
			  NULL);
	while (size && rpc) {
		size_t n = MIN(step, size);
		if (write(fds[1], data, n) != (ssize_t)n)
			break;
		data += n;
		size -= n;
		loop_once(loop, 0);
	}
	close(fds[1]);
	for (int i = 0; i < 4 && rpc; i++)
		loop_once(loop, 0);
	jsonrpc_close(rpc);
	rpc = NULL;
	return 0;
}
