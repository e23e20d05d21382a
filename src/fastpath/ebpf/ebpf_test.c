/* SPDX-License-Identifier: Apache-2.0 */
/* The whole eBPF fast path between devices, in a network namespace of the process's own: the first
 * packet of a flow goes by user space, the next ones stay in the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fastpath/ebpf/register.h"
#include "fastpath/user/register.h"
#include "port/port.h"

static struct loop *loop;
static struct fastpath *fp;
static struct port *p1, *p2, *br;
static unsigned n_upcalls;

static void sh(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

/* What comes in at one goes out at the other. */
static void on_upcall(struct fastpath *f, struct upcall *u, void *arg)
{
	n_upcalls++;
	if (u->type != UPCALL_MISS)
		return;
	u->mask->dp_port = UINT32_MAX;
	u->mask->recirc_id = UINT32_MAX;
	u->mask->packet_type = UINT32_MAX;
	u->mask->dl_type = UINT16_MAX;
	memset(&u->mask->dl_dst, 0xff, 6);
	u->mask->nw_frag = 0xff;
	dp_actions_output(u->actions, u->key->dp_port == p1->dp_port ? p2->dp_port : p1->dp_port);
	u->install = true;
}

static struct port *add(const char *name, const char *type)
{
	struct port *p;
	AUTO_ERR err = ERR_INIT;
	if (port_open(name, type, loop, &p, &err) < 0 ||
	    fp->ops->port_add(fp, p, UINT32_MAX, &err) < 0)
		fail_msg("%s", err_text(&err));
	return p;
}

static void switch_on(void)
{
	AUTO_ERR err = ERR_INIT;
	if (fastpath_ops_lookup("system")->open("ovs-system", loop, on_upcall, NULL, &fp, &err) < 0)
		fail_msg("%s", err_text(&err));
	p1 = add("p1", "system");
	p2 = add("p2", "system");
	br = add("br0", "internal");
	sh("ip link set br0 up");
	loop_once(loop, 0);
	loop_once(loop, 0);
}

static void switch_off(void)
{
	fp->ops->close(fp);
	port_unref(p1);
	port_unref(p2);
	port_unref(br);
}

static int set_up(void **state)
{
	AUTO_ERR err = ERR_INIT;
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	sh("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
	sh("ip link set lo up && ip link add p1 type veth peer name h1 && "
	   "ip link add p2 type veth peer name h2 && "
	   "for i in p1 p2 h1 h2; do ip link set $i up || exit 1; done");
	control_lock();
	loop = loop_new();
	if (port_start(loop, PORT_DUMMY_NONE, &err) < 0)
		fail_msg("%s", err_text(&err));
	fastpath_user_register(PORT_DUMMY_NONE);
	fastpath_ebpf_register();
	switch_on();
	return 0;
}

static int tear_down(void **state)
{
	switch_off();
	port_stop();
	loop_free(loop);
	control_unlock();
	return 0;
}

static int open_socket(const char *device)
{
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL),
				   .sll_ifindex = (int)if_nametoindex(device) };
	int one = 1;
	assert_int_equal(bind(fd, (struct sockaddr *)&sll, sizeof sll), 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one), 0);
	return fd;
}

/* Sends on one host's device, waits for it on the other's. The control lock is free meanwhile, as
 * it is while the main thread waits. */
static void send_and_expect(int from, int to, const void *frame, size_t size)
{
	uint8_t buf[4096];
	assert_int_equal(send(from, frame, size, 0), size);
	control_unlock();
	struct pollfd p = { .fd = to, .events = POLLIN };
	int n = poll(&p, 1, 5000);
	control_lock();
	assert_int_equal(n, 1);
	assert_int_equal(recv(to, buf, sizeof buf, 0), size);
	assert_memory_equal(buf, frame, size);
}

static struct dp_flow_stats total;
static unsigned n_offloaded;
static bool add_flow(const struct fastpath_flow *f, void *arg)
{
	total.n_packets += f->stats.n_packets;
	total.n_bytes += f->stats.n_bytes;
	n_offloaded += f->offloaded;
	return true;
}
static void read_flows(void)
{
	memset(&total, 0, sizeof total);
	n_offloaded = 0;
	fp->ops->flow_dump(fp, add_flow, NULL);
}

static const uint8_t udp[] = {
	0x02, 0, 0,  0, 0,    2,    0x02, 0,	0,  0,	  0,	1,  0x08, 0x00, 0x45,
	0,    0, 46, 0, 1,    0,    0,	  64,	17, 0x66, 0xbc, 10, 0,	  0,	1,
	10,   0, 0,  2, 0x03, 0xe8, 0x07, 0xd0, 0,  26,	  0,	0,  'w',  'e',	'f',
	't',  1, 2,  3, 4,    5,    6,	  7,	8,  9,	  10,	11, 12,	  13,	14,
};

static void second_packet_stays_in_the_kernel(void **state)
{
	int h1 = open_socket("h1"), h2 = open_socket("h2");
	n_upcalls = 0;
	for (int i = 0; i < 10; i++)
		send_and_expect(h1, h2, udp, sizeof udp);
	assert_int_equal(n_upcalls, 1);
	read_flows();
	assert_int_equal(n_offloaded, 1);
	/* The packet that made the flow is credited by who answered the upcall. */
	assert_int_equal(total.n_packets, 9);
	assert_int_equal(total.n_bytes, 9 * sizeof udp);
	struct fastpath_totals t;
	fp->ops->get_totals(fp, &t);
	assert_int_equal(t.n_hit, 9);
	close(h1);
	close(h2);
}

static void what_the_programs_do_not_parse_works_as_well(void **state)
{
	int h1 = open_socket("h1"), h2 = open_socket("h2");
	uint8_t fragment[sizeof udp];
	memcpy(fragment, udp, sizeof udp);
	fragment[20] = 0x20; /* more fragments */
	fragment[24] = 0x46;
	for (int i = 0; i < 5; i++)
		send_and_expect(h2, h1, fragment, sizeof fragment);
	uint8_t other[64] = { 0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0, 50, 0xaa };
	for (int i = 0; i < 5; i++)
		send_and_expect(h2, h1, other, sizeof other);
	close(h1);
	close(h2);
}

static void a_port_that_goes_takes_its_flows_out_of_the_kernel(void **state)
{
	AUTO_ERR err = ERR_INIT;
	int h1 = open_socket("h1"), h2 = open_socket("h2");
	send_and_expect(h1, h2, udp, sizeof udp);
	read_flows();
	unsigned before = n_offloaded;
	uint64_t packets = total.n_packets;
	assert_int_equal(fp->ops->port_del(fp, p2, &err), 0);
	read_flows();
	assert_true(n_offloaded < before);
	assert_int_equal(total.n_packets, packets);
	assert_int_equal(fp->ops->port_add(fp, p2, UINT32_MAX, &err), 0);
	loop_once(loop, 0);
	loop_once(loop, 0);
	for (int i = 0; i < 3; i++)
		send_and_expect(h1, h2, udp, sizeof udp);
	close(h1);
	close(h2);
}

static void nothing_is_left_on_the_devices(void **state)
{
	switch_off();
	sh("test -z \"$(tc filter show dev p1 ingress)\"");
	sh("test -z \"$(tc qdisc show dev p1 clsact)\"");
	switch_on();
}

int main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # skipped: programs and namespaces need root\n");
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_packet_stays_in_the_kernel),
		cmocka_unit_test(what_the_programs_do_not_parse_works_as_well),
		cmocka_unit_test(a_port_that_goes_takes_its_flows_out_of_the_kernel),
		cmocka_unit_test(nothing_is_left_on_the_devices),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
