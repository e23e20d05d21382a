/* SPDX-License-Identifier: Apache-2.0 */
/* How a loop of tunnels is found and cut.
 *
 * The problem. Three servers linked all to all by tunnels are a loop: one broadcast circles for
 * ever and multiplies. Its owner followed a tutorial, has no STP, and one of the servers may run a
 * switch that knows nothing of us. Plain split horizon (never from tunnel to tunnel) would be safe
 * but would cut a chain or ring of hosts into pieces.
 *
 * The design. Every guard sends a probe out of every tunnel once a second. Probes carry the
 * priority vectors of rapid spanning tree (IEEE 802.1D-2004, clause 17): root, hops to it, sender.
 * A guard consumes probes; a switch that is none floods them like any multicast frame and so joins
 * the tunnels it connects into one shared segment, which spanning tree handles as it handles a hub.
 * So it is spanning tree, over tunnels only, that works through ignorant switches; of two ways to
 * the root the one with the worse vector is cut at one end, and which end follows from the bridges'
 * addresses alone.
 *
 * What differs from 802.1D, and why:
 *  - A new port does not wait mute. It passes frames to and from local ports at once, as these
 * cannot loop, but not between tunnels, until FORWARD_DELAY passed without a better offer. Two
 * hosts with one tunnel talk from the first packet.
 *  - All ports say hello, not the designated alone. So a port knows whether a guard is at the far
 * end. If one was and fell silent, the port goes back to probing and stays there: should the
 * underlay heal, both ends are harmless before the first frame crosses.
 *  - One tree a VLAN that a port is confined to (access tag, or a short list of trunks), one for
 * the rest: parallel tunnels, one per VLAN, are no loop.
 *  - A designated port that keeps hearing worse offers is not heard by its peer: the link is
 * one-way, and is cut ("dispute", 17.21.10).
 *  - An ignorant switch cannot be told to forget addresses. After each change local addresses are
 *    announced again (ops->topology_changed), which teaches it.
 *
 * Rejected: a link-state protocol (every switch must take part), cutting on sight of an own frame
 * only (finds loops after they storm), and 802.1D's own address 01:80:c2:00:00:00 (ignorant
 * switches drop it, so the loop through them stays unseen). Running the bridge's STP or RSTP, where
 * configured, replaces the guard. */
#include "feature/loopguard/loopguard.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "feature/loopguard/probe.h"

LOG_MODULE(loopguard);

static const int64_t HELLO = 1000 * NS_PER_MS;
static const int64_t HELLO_PROBING = 250 * NS_PER_MS;
static const int64_t SEND_GAP = 50 * NS_PER_MS; /* between probes of one port */
static const int64_t EXPIRY = 3200 * NS_PER_MS;
static const int64_t FORWARD_DELAY = 2000 * NS_PER_MS;
static const int64_t DISPUTE_AFTER = 4000 * NS_PER_MS;
static const int64_t CHANGE_TIME = 2500 * NS_PER_MS; /* how long topology changes are told */
enum { MAX_HOPS = 40, MAX_TREES = 128, MAX_TRUNKS_APART = 32 };

enum role { DESIGNATED, ROOT, ALTERNATE, BACKUP };
static const char *const role_names[] = { "designated", "root", "alternate", "backup" };

/* A tunnel. */
struct guard_port {
	struct list node; /* loopguard.ports, by ofport */
	uint32_t ofport;
	char *name;
	uint16_t tag;
	bool all_vlans;
	uint64_t trunks[64];
};

/* A tunnel in a tree. */
struct branch {
	struct list node; /* tree.branches, by ofport */
	struct guard_port *port;
	enum role role;
	enum loopguard_state state;
	bool disputed;

	struct probe offer; /* the best heard, while now < offer_until */
	int64_t offer_until;
	uint64_t peer; /* last bridge heard; 0: never one */
	int64_t peer_until;
	bool silent; /* a guard was there and is no longer heard */

	int64_t forward_at; /* while probing and not silent */
	int64_t worse_since, worse_last;
	int64_t change_until, change_hold_until;
	int64_t sent_at, send_at;
	uint64_t n_sent, n_heard;
};

struct tree {
	struct list node; /* loopguard.trees */
	uint16_t vlan;	  /* 0: all VLANs that have no tree of their own */
	struct list branches;
	struct probe_vector best; /* of this bridge: root, cost; bridge and port of the way there */
	uint8_t hops;
	struct branch *root_branch;
};

struct loopguard {
	char *bridge;
	uint64_t id;
	struct loop *loop;
	struct loopguard_ops ops;
	void *arg;
	struct list ports, trees;
	struct timer timer;
	bool too_many_trees;
};

static void on_timer(struct timer *);
static void run(struct loopguard *);

struct loopguard *loopguard_new(const char *bridge, struct eth_addr mac, struct loop *loop,
				const struct loopguard_ops *ops, void *arg)
{
	struct loopguard *g = xzalloc(sizeof *g);
	g->bridge = xstrdup(bridge);
	g->id = probe_bridge_id(mac);
	g->loop = loop;
	g->ops = *ops;
	g->arg = arg;
	list_init(&g->ports);
	list_init(&g->trees);
	timer_init(&g->timer, on_timer);
	return g;
}

static void tree_free(struct tree *t)
{
	struct branch *b;
	LIST_FOR_EACH_SAFE(b, &t->branches, node)
		free(b);
	list_remove(&t->node);
	free(t);
}

static void port_free(struct guard_port *p)
{
	list_remove(&p->node);
	free(p->name);
	free(p);
}

void loopguard_free(struct loopguard *g)
{
	if (!g)
		return;
	struct tree *t;
	LIST_FOR_EACH_SAFE(t, &g->trees, node)
		tree_free(t);
	struct guard_port *p;
	LIST_FOR_EACH_SAFE(p, &g->ports, node)
		port_free(p);
	timer_disarm(&g->timer);
	free(g->bridge);
	free(g);
}

static struct guard_port *find_port(const struct loopguard *g, uint32_t ofport)
{
	struct guard_port *p;
	LIST_FOR_EACH(p, &g->ports, node) {
		if (p->ofport == ofport)
			return p;
	}
	return NULL;
}

static struct tree *find_tree(const struct loopguard *g, uint16_t vlan)
{
	struct tree *t;
	LIST_FOR_EACH(t, &g->trees, node) {
		if (t->vlan == vlan)
			return t;
	}
	return NULL;
}

static struct branch *find_branch(const struct tree *t, uint32_t ofport)
{
	struct branch *b;
	LIST_FOR_EACH(b, &t->branches, node) {
		if (b->port->ofport == ofport)
			return b;
	}
	return NULL;
}

static struct branch *branch_of(const struct loopguard *g, uint32_t ofport, uint16_t vlan)
{
	struct tree *t = find_tree(g, vlan);
	struct branch *b = t ? find_branch(t, ofport) : NULL;
	if (!b && vlan) {
		t = find_tree(g, 0);
		b = t ? find_branch(t, ofport) : NULL;
	}
	return b;
}

/* Which VLANs get a tree, and which port is in which. */

static bool carries(const struct guard_port *p, uint16_t vlan)
{
	return p->tag ? p->tag == vlan : p->all_vlans || (p->trunks[vlan / 64] >> (vlan % 64) & 1);
}

static unsigned n_trunks(const struct guard_port *p)
{
	unsigned n = 0;
	for (int i = 0; i < 64; i++)
		n += (unsigned)__builtin_popcountll(p->trunks[i]);
	return n;
}

/* Its VLANs get a tree each. */
static bool is_confined(const struct guard_port *p)
{
	return p->tag || (!p->all_vlans && n_trunks(p) <= MAX_TRUNKS_APART);
}

static bool belongs(const struct guard_port *p, const struct tree *t)
{
	return t->vlan ? carries(p, t->vlan) : !is_confined(p) || (!p->tag && carries(p, 0));
}

static void tree_put(struct loopguard *g, uint16_t vlan)
{
	if (find_tree(g, vlan))
		return;
	if (list_size(&g->trees) >= MAX_TREES) {
		if (!g->too_many_trees)
			log_warn("bridge %s: tunnels in more than %d VLANs: loops in VLAN %u and "
				 "later ones "
				 "are not guarded",
				 g->bridge, MAX_TREES, vlan);
		g->too_many_trees = true;
		return;
	}
	struct tree *t = xzalloc(sizeof *t);
	t->vlan = vlan;
	list_init(&t->branches);
	list_push_back(&g->trees, &t->node);
}

static bool tree_is_wanted(const struct loopguard *g, uint16_t vlan)
{
	struct guard_port *p;
	LIST_FOR_EACH(p, &g->ports, node) {
		if (vlan ? is_confined(p) && carries(p, vlan)
			 : !is_confined(p) || (!p->tag && carries(p, 0)))
			return true;
	}
	return false;
}

static void branch_put(struct tree *t, struct guard_port *p, int64_t now)
{
	if (find_branch(t, p->ofport))
		return;
	struct branch *b = xzalloc(sizeof *b);
	b->port = p;
	b->state = LOOPGUARD_PROBING;
	b->forward_at = now + FORWARD_DELAY;
	b->send_at = now;
	b->sent_at = INT64_MIN / 2;
	struct branch *after;
	LIST_FOR_EACH(after, &t->branches, node) {
		if (after->port->ofport > p->ofport)
			break;
	}
	list_insert_before(&after->node, &b->node);
}

static void branch_del(struct tree *t, struct branch *b)
{
	if (t->root_branch == b)
		t->root_branch = NULL;
	list_remove(&b->node);
	free(b);
}

/* Makes trees and branches what the ports' VLANs ask for; what stays keeps its state. */
static void arrange(struct loopguard *g)
{
	int64_t now = clock_mono_ns();
	struct guard_port *p;
	g->too_many_trees = false;
	LIST_FOR_EACH(p, &g->ports, node) {
		if (!is_confined(p)) {
			tree_put(g, 0);
			continue;
		}
		for (unsigned vlan = p->tag; vlan < 4096; vlan = p->tag ? 4096 : vlan + 1) {
			if (carries(p, (uint16_t)vlan))
				tree_put(g, (uint16_t)vlan);
		}
	}
	struct tree *t;
	LIST_FOR_EACH_SAFE(t, &g->trees, node) {
		if (!tree_is_wanted(g, t->vlan)) {
			tree_free(t);
			continue;
		}
		LIST_FOR_EACH(p, &g->ports, node) {
			struct branch *b = find_branch(t, p->ofport);
			if (belongs(p, t))
				branch_put(t, p, now);
			else if (b)
				branch_del(t, b);
		}
	}
	run(g);
	g->ops.changed(g->arg);
}

void loopguard_port_put(struct loopguard *g, uint32_t ofport, const char *name, uint16_t tag,
			const uint64_t trunks[64])
{
	struct guard_port *p = find_port(g, ofport);
	bool all_vlans = !tag && !trunks;
	if (p && p->tag == tag && p->all_vlans == all_vlans && !strcmp(p->name, name) &&
	    (!trunks || !memcmp(p->trunks, trunks, sizeof p->trunks)))
		return;
	if (!p) {
		p = xzalloc(sizeof *p);
		p->ofport = ofport;
		list_push_back(&g->ports, &p->node);
	}
	free(p->name);
	p->name = xstrdup(name);
	p->tag = tag;
	p->all_vlans = all_vlans;
	if (trunks && !tag)
		memcpy(p->trunks, trunks, sizeof p->trunks);
	else
		memset(p->trunks, 0, sizeof p->trunks);
	arrange(g);
}

void loopguard_port_del(struct loopguard *g, uint32_t ofport)
{
	struct guard_port *p = find_port(g, ofport);
	if (!p)
		return;
	struct tree *t;
	LIST_FOR_EACH(t, &g->trees, node) {
		struct branch *b = find_branch(t, ofport);
		if (b)
			branch_del(t, b);
	}
	port_free(p);
	arrange(g);
}

size_t loopguard_n_ports(const struct loopguard *g) { return list_size(&g->ports); }

void loopguard_set_mac(struct loopguard *g, struct eth_addr mac)
{
	uint64_t id = probe_bridge_id(mac);
	if (id == g->id)
		return;
	g->id = id;
	run(g);
}

/* Sending. */

static void send_probe(struct loopguard *g, struct tree *t, struct branch *b, int64_t now)
{
	bool designated = b->role == DESIGNATED;
	struct probe p = {
		.v = { t->best.root, t->best.cost, g->id, b->port->ofport },
		.flags = (uint8_t)((designated ? PROBE_F_DESIGNATED : 0) |
				   (now < b->change_until ? PROBE_F_TOPOLOGY_CHANGE : 0)),
		.hops = t->hops,
	};
	uint8_t frame[PROBE_BYTES];
	size_t size = probe_build(&p, frame);
	b->sent_at = now;
	b->send_at = now + (b->state == LOOPGUARD_PROBING && !b->silent ? HELLO_PROBING : HELLO);
	b->n_sent++;
	g->ops.send(b->port->ofport, t->vlan, frame, size, g->arg);
}

static void send_soon(struct branch *b)
{
	int64_t at = b->sent_at + SEND_GAP;
	if (at < b->send_at)
		b->send_at = at;
}

/* Roles: who is root, and which branch leads there. */

static bool elect(struct loopguard *g, struct tree *t, int64_t now)
{
	struct probe_vector best = { g->id, 0, g->id, 0 };
	uint8_t hops = 0;
	struct branch *root_branch = NULL, *b;
	LIST_FOR_EACH(b, &t->branches, node) {
		if (now >= b->offer_until || b->offer.v.bridge == g->id ||
		    b->offer.v.root == g->id || b->offer.hops >= MAX_HOPS || b->disputed)
			continue;
		struct probe_vector v = b->offer.v;
		v.cost++;
		if (probe_vector_cmp(&v, &best) < 0) {
			best = v;
			hops = (uint8_t)(b->offer.hops + 1);
			root_branch = b;
		}
	}
	bool changed = best.root != t->best.root || best.cost != t->best.cost || hops != t->hops;
	t->best = best;
	t->hops = hops;
	t->root_branch = root_branch;

	LIST_FOR_EACH(b, &t->branches, node) {
		struct probe_vector mine = { best.root, best.cost, g->id, b->port->ofport };
		enum role role = DESIGNATED;
		if (b == root_branch)
			role = ROOT;
		else if (now < b->offer_until && probe_vector_cmp(&b->offer.v, &mine) < 0)
			role = b->offer.v.bridge == g->id ? BACKUP : ALTERNATE;
		if (role != b->role || changed)
			send_soon(b);
		b->role = role;
	}
	return changed;
}

/* States: what follows for frames. */

static void announce_change(struct tree *t, struct branch *except, int64_t now)
{
	struct branch *b;
	LIST_FOR_EACH(b, &t->branches, node) {
		if (b != except && b->state == LOOPGUARD_FORWARDING) {
			b->change_until = now + CHANGE_TIME;
			send_soon(b);
		}
	}
}

static void explain_cut(const struct loopguard *g, const struct tree *t, const struct branch *b,
			struct str *out)
{
	if (b->disputed)
		str_putf(out, "one-way: bridge %012llx does not hear us there",
			 (unsigned long long)b->peer);
	else if (b->role == BACKUP)
		str_putf(out, "loop with our own port %u", b->offer.v.port);
	else if (t->root_branch)
		str_putf(out, "loop with %s: both lead to bridge %012llx",
			 t->root_branch->port->name, (unsigned long long)t->best.root);
	else
		str_putf(out, "loop by bridge %012llx", (unsigned long long)b->offer.v.bridge);
}

/* True if what the port may do has changed. */
static bool settle(struct loopguard *g, struct tree *t, struct branch *b, int64_t now)
{
	enum loopguard_state old = b->state;
	bool blocked = b->role == ALTERNATE || b->role == BACKUP || b->disputed;
	if (blocked) {
		b->state = LOOPGUARD_CUT;
	} else if (old == LOOPGUARD_CUT || (b->silent && old == LOOPGUARD_FORWARDING)) {
		b->state = LOOPGUARD_PROBING;
		b->forward_at = now + FORWARD_DELAY;
	} else if (old == LOOPGUARD_PROBING && !b->silent && now >= b->forward_at) {
		b->state = LOOPGUARD_FORWARDING;
	}
	if (b->state == old)
		return false;

	AUTO_STR where = STR_INIT;
	str_putf(&where, "bridge %s: port %s", g->bridge, b->port->name);
	if (t->vlan)
		str_putf(&where, " (VLAN %u)", t->vlan);
	if (b->state == LOOPGUARD_CUT) {
		AUTO_STR why = STR_INIT;
		explain_cut(g, t, b, &why);
		log_info("%s: cut, it closes a loop (%s)", str_cstr(&where), str_cstr(&why));
	} else if (b->silent) {
		log_info("%s: bridge %012llx is no longer heard; nothing is passed from other "
			 "tunnels until it is",
			 str_cstr(&where), (unsigned long long)b->peer);
	} else {
		log_dbg("%s: %s", str_cstr(&where), loopguard_state_to_str(b->state));
	}
	return true;
}

static void expire(struct loopguard *g, struct branch *b, int64_t now)
{
	if (b->peer && now >= b->peer_until && !b->silent) {
		b->silent = true;
		b->offer_until = 0;
	}
	if (b->disputed && now >= b->worse_last + EXPIRY)
		b->disputed = false;
}

static void run_tree(struct loopguard *g, struct tree *t, int64_t now, bool *ret_changed)
{
	struct branch *b;
	LIST_FOR_EACH(b, &t->branches, node)
		expire(g, b, now);
	elect(g, t, now);
	bool alone = list_size(&t->branches) < 2;
	LIST_FOR_EACH(b, &t->branches, node) {
		enum loopguard_state old = b->state;
		if (!settle(g, t, b, now))
			continue;
		*ret_changed = true;
		/* Paths moved if frames between tunnels go where they did not, or no longer go. */
		if (!alone && (b->state == LOOPGUARD_FORWARDING || old != LOOPGUARD_PROBING)) {
			announce_change(t, b, now);
			g->ops.topology_changed(0, g->arg);
		} else if (b->state == LOOPGUARD_CUT) {
			g->ops.topology_changed(0, g->arg);
		}
	}
	LIST_FOR_EACH(b, &t->branches, node) {
		if (now >= b->send_at)
			send_probe(g, t, b, now);
	}
}

static int64_t next_deadline(const struct tree *t, int64_t now)
{
	int64_t at = INT64_MAX;
	struct branch *b;
	LIST_FOR_EACH(b, &t->branches, node) {
		at = MIN(at, b->send_at);
		if (b->state == LOOPGUARD_PROBING && !b->silent)
			at = MIN(at, b->forward_at);
		if (b->peer && !b->silent)
			at = MIN(at, b->peer_until);
	}
	return MAX(at, now);
}

static void run(struct loopguard *g)
{
	int64_t now = clock_mono_ns(), at = INT64_MAX;
	bool changed = false;
	struct tree *t;
	LIST_FOR_EACH(t, &g->trees, node) {
		run_tree(g, t, now, &changed);
		at = MIN(at, next_deadline(t, now));
	}
	if (at != INT64_MAX)
		timer_arm_at(&g->timer, g->loop, at);
	else
		timer_disarm(&g->timer);
	if (changed)
		g->ops.changed(g->arg);
}

static void on_timer(struct timer *timer) { run(CONTAINER_OF(timer, struct loopguard, timer)); }

/* Hearing. */

static void hear_offer(struct loopguard *g, struct tree *t, struct branch *b, const struct probe *p,
		       int64_t now)
{
	bool have = now < b->offer_until;
	bool same = have && b->offer.v.bridge == p->v.bridge && b->offer.v.port == p->v.port;
	struct probe_vector mine = { t->best.root, t->best.cost, g->id, b->port->ofport };
	const struct probe_vector *current = have && b->role != DESIGNATED ? &b->offer.v : &mine;
	if (same || probe_vector_cmp(&p->v, current) < 0) {
		b->offer = *p;
		b->offer_until = now + EXPIRY;
	}
	if (probe_vector_cmp(&p->v, &mine) < 0) {
		b->worse_since = 0;
		return;
	}
	/* A worse offer: correct it, and see whether the correction arrives. */
	send_soon(b);
	if (!b->worse_since || now - b->worse_last > EXPIRY)
		b->worse_since = now;
	b->worse_last = now;
	if (now - b->worse_since >= DISPUTE_AFTER)
		b->disputed = true;
}

bool loopguard_receive(struct loopguard *g, uint32_t ofport, uint16_t vlan, const void *frame,
		       size_t size)
{
	static struct log_limit limit = LOG_LIMIT(2, 4);
	struct probe p;
	int r = probe_parse(frame, size, &p);
	if (r == -EPROTO)
		return false;
	struct guard_port *port = find_port(g, ofport);
	if (r < 0) {
		log_warn_limited(&limit,
				 "bridge %s: port %s: malformed loop probe, or one of a later "
				 "version",
				 g->bridge, port ? port->name : "?");
		return true;
	}
	struct tree *t = find_tree(g, vlan);
	struct branch *b = t ? find_branch(t, ofport) : NULL;
	if (!b) {
		t = find_tree(g, 0);
		b = t ? find_branch(t, ofport) : NULL;
	}
	if (!b)
		return true; /* a local port: a guard is behind it, but no tunnel of ours */
	b->n_heard++;
	int64_t now = clock_mono_ns();
	if (p.v.bridge == g->id && p.v.port == ofport) {
		log_warn_limited(&limit,
				 "bridge %s: port %s: our own probe came back: there is a loop "
				 "beyond it, among switches without a loop guard",
				 g->bridge, b->port->name);
		return true;
	}
	if (p.v.bridge != g->id) {
		if (b->silent) {
			b->silent = false;
			b->forward_at = now + FORWARD_DELAY;
			send_soon(b);
		}
		b->peer = p.v.bridge;
		b->peer_until = now + EXPIRY;
	}
	if (p.flags & PROBE_F_DESIGNATED)
		hear_offer(g, t, b, &p, now);
	if ((p.flags & PROBE_F_TOPOLOGY_CHANGE) && now >= b->change_hold_until &&
	    b->state != LOOPGUARD_CUT) {
		b->change_hold_until = now + CHANGE_TIME + HELLO;
		announce_change(t, b, now);
		g->ops.topology_changed(ofport, g->arg);
	}
	run(g);
	return true;
}

/* Asking. */

enum loopguard_state loopguard_state(const struct loopguard *g, uint32_t ofport, uint16_t vlan)
{
	struct branch *b = branch_of(g, ofport, vlan);
	return b ? b->state : LOOPGUARD_FORWARDING;
}

bool loopguard_may_pass(const struct loopguard *g, uint32_t in_ofport, uint32_t out_ofport,
			uint16_t vlan)
{
	struct branch *in = branch_of(g, in_ofport, vlan), *out = branch_of(g, out_ofport, vlan);
	if ((in && in->state == LOOPGUARD_CUT) || (out && out->state == LOOPGUARD_CUT))
		return false;
	return !in || !out ||
	       (in->state == LOOPGUARD_FORWARDING && out->state == LOOPGUARD_FORWARDING);
}

const char *loopguard_state_to_str(enum loopguard_state state)
{
	static const char *const names[] = { "probing", "forwarding", "cut" };
	return names[state];
}

bool loopguard_port_status(const struct loopguard *g, uint32_t ofport, struct str *state,
			   struct str *reason)
{
	if (!find_port(g, ofport))
		return false;
	struct tree *t;
	LIST_FOR_EACH(t, &g->trees, node) {
		struct branch *b = find_branch(t, ofport);
		if (!b)
			continue;
		str_puts(state, state->len ? "," : "");
		if (t->vlan)
			str_putf(state, "%u=", t->vlan);
		str_puts(state, loopguard_state_to_str(b->state));
		if (b->state == LOOPGUARD_CUT && !reason->len)
			explain_cut(g, t, b, reason);
	}
	return true;
}

void loopguard_show(const struct loopguard *g, struct str *out)
{
	int64_t now = clock_mono_ns();
	str_putf(out, "bridge %s: id %012llx\n", g->bridge, (unsigned long long)g->id);
	struct tree *t;
	LIST_FOR_EACH(t, &g->trees, node) {
		if (t->vlan)
			str_putf(out, "  VLAN %u:", t->vlan);
		else
			str_puts(out, "  VLANs without a tree of their own:");
		str_putf(out, " root %012llx, %u hops\n", (unsigned long long)t->best.root,
			 t->best.cost);
		str_puts(out, "    Port             State       Role        Peer          Heard\n");
		struct branch *b;
		LIST_FOR_EACH(b, &t->branches, node) {
			str_putf(out, "    %-16s %-11s %-11s ", b->port->name,
				 loopguard_state_to_str(b->state), role_names[b->role]);
			if (b->peer)
				str_putf(out, "%012llx  %.1f s ago", (unsigned long long)b->peer,
					 (double)(now - (b->peer_until - EXPIRY)) / 1e9);
			else
				str_puts(out, "no guard");
			if (b->state == LOOPGUARD_CUT) {
				str_puts(out, "  ");
				explain_cut(g, t, b, out);
			}
			str_putc(out, '\n');
		}
	}
}
