/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of guards and of ignorant switches, simulated: the clock is stopped and warped, frames
 * travel through a queue, and a broadcast from every host must reach every host exactly once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "feature/loopguard/loopguard.h"
#include "feature/loopguard/probe.h"

enum { MAX_NODES = 40, MAX_LINKS = 200, MAX_QUEUE = 20000 };

struct node {
	struct loopguard *guard; /* NULL: a switch that knows nothing of us */
	int n_links;
	int links[MAX_LINKS];
	int n_delivered; /* broadcasts seen by the host behind it */
	int n_flushes;
};
struct link {
	int end[2];
	bool up;
	bool lost[2];  /* frames from end i do not arrive */
	uint16_t vlan; /* access VLAN at both ends; 0: trunk */
};
struct frame {
	int link, from;
	uint16_t vlan;
	size_t size; /* 0: a broadcast of some host */
	uint8_t bytes[LOOPGUARD_MAX_FRAME_BYTES];
};

static struct {
	struct loop *loop;
	struct node nodes[MAX_NODES];
	int n_nodes;
	struct link links[MAX_LINKS];
	int n_links;
	struct frame queue[MAX_QUEUE];
	int head, tail;
	bool overflow;
} net;

static void transmit(int from, int link, uint16_t vlan, const void *bytes, size_t size)
{
	if (!net.links[link].up || net.links[link].lost[net.links[link].end[1] == from])
		return;
	if (net.tail == MAX_QUEUE) {
		net.overflow = true;
		return;
	}
	struct frame *f = &net.queue[net.tail++];
	f->link = link;
	f->from = from;
	f->vlan = vlan;
	f->size = size;
	if (size)
		memcpy(f->bytes, bytes, size);
}

static void on_send(uint32_t ofport, uint16_t vlan, const void *frame, size_t size, void *arg)
{
	transmit((int)((struct node *)arg - net.nodes), (int)ofport - 1, vlan, frame, size);
}
static void on_changed(void *arg) {}
static void on_topology(uint32_t except, void *arg) { ((struct node *)arg)->n_flushes++; }
static const struct loopguard_ops ops = { on_send, on_changed, on_topology };

static void flood(int at, int in_link, uint16_t vlan, const struct frame *f)
{
	struct node *n = &net.nodes[at];
	for (int i = 0; i < n->n_links; i++) {
		int out = n->links[i];
		struct link *l = &net.links[out];
		if (out == in_link || (l->vlan && l->vlan != vlan))
			continue;
		if (n->guard &&
		    !loopguard_may_pass(n->guard, in_link < 0 ? 9999 : (uint32_t)in_link + 1,
					(uint32_t)out + 1, vlan))
			continue;
		transmit(at, out, vlan, f ? f->bytes : NULL, f ? f->size : 0);
	}
}

static void deliver(struct frame *f)
{
	struct link *l = &net.links[f->link];
	int at = l->end[0] == f->from ? l->end[1] : l->end[0];
	struct node *n = &net.nodes[at];
	uint16_t vlan = l->vlan ? l->vlan : f->vlan;
	if (f->size && n->guard) {
		assert_true(loopguard_receive(n->guard, (uint32_t)f->link + 1, vlan, f->bytes,
					      f->size));
		return;
	}
	if (n->guard && loopguard_state(n->guard, (uint32_t)f->link + 1, vlan) == LOOPGUARD_CUT)
		return;
	if (!f->size)
		n->n_delivered++;
	flood(at, f->link, vlan, f->size ? f : NULL);
}

static void drain(void)
{
	while (net.head < net.tail) {
		struct frame f = net.queue[net.head++];
		deliver(&f);
	}
	net.head = net.tail = 0;
}

static void pass_ms(int ms)
{
	for (int i = 0; i < ms / 10; i++) {
		clock_warp(10 * NS_PER_MS);
		loop_once(net.loop, 0);
		drain();
	}
}

static int add_node(bool aware)
{
	int i = net.n_nodes++;
	struct node *n = &net.nodes[i];
	memset(n, 0, sizeof *n);
	if (aware) {
		char name[16];
		snprintf(name, sizeof name, "br%d", i);
		struct eth_addr mac = { { 2, 0, 0, 0, 0, (uint8_t)(i * 37 % 101) } };
		n->guard = loopguard_new(name, mac, net.loop, &ops, n);
	}
	return i;
}

static int add_link_vlan(int a, int b, uint16_t vlan)
{
	int i = net.n_links++;
	net.links[i] = (struct link){ { a, b }, true, { false, false }, vlan };
	for (int k = 0; k < 2; k++) {
		struct node *n = &net.nodes[k ? b : a];
		n->links[n->n_links++] = i;
		if (n->guard) {
			char name[16];
			snprintf(name, sizeof name, "gre%d", i);
			loopguard_port_put(n->guard, (uint32_t)i + 1, name, vlan, NULL);
		}
	}
	return i;
}
static int add_link(int a, int b) { return add_link_vlan(a, b, 0); }

/* A broadcast from every host reaches every other exactly once. */
static void assert_tree(uint16_t vlan)
{
	for (int from = 0; from < net.n_nodes; from++) {
		for (int i = 0; i < net.n_nodes; i++)
			net.nodes[i].n_delivered = 0;
		flood(from, -1, vlan, NULL);
		drain();
		assert_false(net.overflow);
		for (int i = 0; i < net.n_nodes; i++)
			assert_int_equal(net.nodes[i].n_delivered, i != from);
	}
}

/* Not a tree yet perhaps, but nobody drowns. */
static void assert_no_storm(void)
{
	for (int from = 0; from < net.n_nodes; from++) {
		flood(from, -1, 0, NULL);
		drain();
		assert_false(net.overflow);
	}
}

static int set_up(void **state)
{
	clock_stop();
	memset(&net, 0, sizeof net);
	net.loop = loop_new();
	return 0;
}

static int tear_down(void **state)
{
	for (int i = 0; i < net.n_nodes; i++)
		loopguard_free(net.nodes[i].guard);
	loop_free(net.loop);
	return 0;
}

static int n_cut(void)
{
	int n = 0;
	for (int i = 0; i < net.n_nodes; i++) {
		for (int k = 0; net.nodes[i].guard && k < net.nodes[i].n_links; k++)
			n += loopguard_state(net.nodes[i].guard,
					     (uint32_t)net.nodes[i].links[k] + 1,
					     0) == LOOPGUARD_CUT;
	}
	return n;
}

static void make(int n, bool ring, bool mesh)
{
	for (int i = 0; i < n; i++)
		add_node(true);
	for (int i = 0; i < n; i++) {
		for (int k = i + 1; k < n; k++) {
			if (mesh || k == i + 1 || (ring && i == 0 && k == n - 1)) {
				add_link(i, k);
				assert_no_storm();
				pass_ms(700);
			}
		}
	}
}

static void two_hosts_talk_at_once(void **state)
{
	add_node(true);
	add_node(true);
	add_link(0, 1);
	assert_tree(0);
}

static void triangle(void **state)
{
	make(3, true, true);
	pass_ms(4000);
	assert_tree(0);
	assert_int_equal(n_cut(), 1);
}

static void triangle_with_an_ignorant_switch(void **state)
{
	add_node(true);
	add_node(false);
	add_node(true);
	add_link(0, 1);
	pass_ms(1000);
	add_link(1, 2);
	pass_ms(1000);
	add_link(0, 2);
	assert_no_storm();
	pass_ms(4000);
	assert_tree(0);
	assert_int_equal(n_cut(), 1);
}

static void two_ignorant_switches_and_a_guard(void **state)
{
	add_node(true);
	add_node(false);
	add_node(false);
	add_link(1, 2);
	add_link(0, 1);
	pass_ms(3000);
	add_link(0, 2);
	assert_no_storm();
	pass_ms(100);
	assert_tree(0);
	assert_int_equal(n_cut(), 1);
}

static void chain_and_ring_of_five(void **state)
{
	make(5, false, false);
	pass_ms(4000);
	assert_tree(0);
	assert_int_equal(n_cut(), 0);
	add_link(0, 4);
	assert_no_storm();
	pass_ms(4000);
	assert_tree(0);
	assert_int_equal(n_cut(), 1);
}

static void full_mesh_of_twelve(void **state)
{
	make(12, true, true);
	pass_ms(4000);
	assert_tree(0);
	assert_int_equal(n_cut(), 66 - 11);
}

static void a_lost_link_is_replaced(void **state)
{
	make(5, true, false);
	pass_ms(4000);
	for (int l = 0; l < net.n_links; l++) {
		net.links[l].up = false;
		for (int i = 0; i < 80; i++) {
			assert_no_storm();
			pass_ms(100);
		}
		assert_tree(0);
		net.links[l].up = true;
		for (int i = 0; i < 80; i++) {
			assert_no_storm();
			pass_ms(100);
		}
		assert_tree(0);
	}
}

static void parallel_tunnels_of_different_vlans_are_no_loop(void **state)
{
	add_node(true);
	add_node(true);
	add_link_vlan(0, 1, 10);
	add_link_vlan(0, 1, 20);
	pass_ms(4000);
	assert_tree(10);
	assert_tree(20);
	add_link_vlan(0, 1, 20);
	pass_ms(4000);
	assert_tree(10);
	assert_tree(20);
}

static void one_way_link_is_cut(void **state)
{
	make(3, true, true);
	pass_ms(4000);
	/* Of the tunnel between the two that are not root, one direction is lost. */
	for (int l = 0; l < net.n_links; l++) {
		for (int dir = 0; dir < 2; dir++) {
			net.links[l].lost[dir] = true;
			for (int i = 0; i < 200; i++) {
				pass_ms(100);
				assert_no_storm();
			}
			net.links[l].lost[dir] = false;
			pass_ms(9000);
			assert_tree(0);
		}
	}
}

static void random_networks(void **state)
{
	for (unsigned seed = 1; seed <= 60; seed++) {
		set_up(NULL);
		random_seed(seed);
		int n = 3 + (int)random_below(12);
		for (int i = 0; i < n; i++)
			add_node(random_below(5) != 0);
		for (int i = 1; i < n; i++)
			add_link(i, (int)random_below((uint32_t)i));
		/* Extra links end at a guard: loops of ignorant switches alone are beyond help. */
		for (unsigned k = random_below(12); k; k--) {
			int a = (int)random_below((uint32_t)n), b = (int)random_below((uint32_t)n);
			if (a == b || !net.nodes[a].guard)
				continue;
			add_link(a, b);
			assert_no_storm();
			pass_ms((int)random_below(3000));
		}
		pass_ms(5000);
		assert_tree(0);
		tear_down(NULL);
	}
	set_up(NULL);
}

static void malformed_probes(void **state)
{
	struct probe p = { { 1, 1, 2, 7 }, PROBE_F_DESIGNATED, 1 }, q;
	uint8_t buf[PROBE_BYTES];
	size_t size = probe_build(&p, buf);
	assert_int_equal(probe_parse(buf, size, &q), 0);
	assert_memory_equal(&p.v.root, &q.v.root, 8);
	assert_int_equal(q.v.port, 7);
	for (size_t i = 0; i < 46; i++)
		assert_int_equal(probe_parse(buf, i, &q), -71 /* EPROTO */);
	buf[18] = 9;
	assert_int_equal(probe_parse(buf, size, &q), -22);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(two_hosts_talk_at_once),
		T(triangle),
		T(triangle_with_an_ignorant_switch),
		T(two_ignorant_switches_and_a_guard),
		T(chain_and_ring_of_five),
		T(full_mesh_of_twelve),
		T(a_lost_link_is_replaced),
		T(parallel_tunnels_of_different_vlans_are_no_loop),
		T(one_way_link_is_cut),
		T(random_networks),
		T(malformed_probes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
