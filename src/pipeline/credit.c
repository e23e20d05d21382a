/* SPDX-License-Identifier: Apache-2.0 */
/* Whom packets count for is found once, while the decision is made, and kept as a flat list:
 * crediting a flow's counters later is a walk without look-ups, whatever changed since. What was
 * removed meanwhile is still referenced, so its counters grow unseen and harm nobody.
 *
 * The alternative, translating again to find who is concerned, costs a translation for each flow
 * and round, and would credit the tables of now with the packets of before. */
#include "pipeline/credit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/group.h"
#include "pipeline/mac_table.h"
#include "pipeline/mirror.h"
#include "pipeline/recirc.h"
#include "pipeline/table.h"

enum { TCP_FIN = 0x001, TCP_RST = 0x004 };

struct credit *credits_put(struct credits *c, enum credit_kind kind)
{
	c->items = xgrow(c->items, &c->allocated, c->n + 1, sizeof *c->items);
	struct credit *item = &c->items[c->n++];
	*item = (struct credit){ .kind = (uint8_t)kind };
	return item;
}

static void release(struct credits *c, struct credit *item)
{
	switch ((enum credit_kind)item->kind) {
	case CREDIT_RULE:
	case CREDIT_FIN:
		rule_unref(item->rule);
		break;
	case CREDIT_TABLE_MATCH:
	case CREDIT_TABLE_MISS:
	case CREDIT_MIRROR:
		table_set_unref(item->tables);
		break;
	case CREDIT_RX:
	case CREDIT_TX:
	case CREDIT_MAC:
	case CREDIT_BOND:
		ofport_unref(item->ofport);
		break;
	case CREDIT_BUCKET:
		group_unref(item->group);
		break;
	case CREDIT_LEARN:
		rule_actions_unref(item->learn->actions);
		free(item->learn);
		table_set_unref(item->tables2);
		break;
	case CREDIT_RECIRC:
		recirc_unref(c->recircs, item->recirc);
		break;
	}
}

void credits_clear(struct credits *c)
{
	for (size_t i = 0; i < c->n; i++)
		release(c, &c->items[i]);
	c->n = 0;
}

void credits_fini(struct credits *c)
{
	credits_clear(c);
	free(c->items);
	c->items = NULL;
	c->allocated = 0;
}

static void credit_port(struct ofport *o, bool rx, uint64_t n_packets, uint64_t n_bytes)
{
	struct port_stats *t = o->tunnel && o->pipeline ? tunnel_stats(o->tunnel) : NULL;
	if (rx) {
		o->stats.rx_packets += n_packets;
		o->stats.rx_bytes += n_bytes;
		if (t) {
			t->rx_packets += n_packets;
			t->rx_bytes += n_bytes;
		}
	} else {
		o->stats.tx_packets += n_packets;
		o->stats.tx_bytes += n_bytes;
		if (t) {
			t->tx_packets += n_packets;
			t->tx_bytes += n_bytes;
		}
	}
}

static void credit_mirrors(struct table_set *s, uint32_t mirrors, uint64_t n_packets,
			   uint64_t n_bytes)
{
	for (; s->pipeline && mirrors; mirrors &= mirrors - 1) {
		struct mirror *m = s->pipeline->mirrors->mirrors[__builtin_ctz(mirrors)];
		if (m) {
			m->n_packets += n_packets;
			m->n_bytes += n_bytes;
		}
	}
}

static void credit_bucket(const struct credit *c, uint64_t n_packets, uint64_t n_bytes)
{
	c->group->n_packets += n_packets;
	c->group->n_bytes += n_bytes;
	if (c->number < c->group->n_buckets) {
		c->group->buckets[c->number].packet_count += n_packets;
		c->group->buckets[c->number].byte_count += n_bytes;
	}
}

void credits_push(const struct credits *cs, uint64_t n_packets, uint64_t n_bytes, int64_t used_ns,
		  uint16_t tcp_flags, const struct flow_key *key)
{
	if (!n_packets)
		return;
	if (!used_ns)
		used_ns = clock_mono_ns();
	for (size_t i = 0; i < cs->n; i++) {
		struct credit *c = &cs->items[i];
		switch ((enum credit_kind)c->kind) {
		case CREDIT_RULE:
			rule_credit(c->rule, n_packets, n_bytes, used_ns);
			break;
		case CREDIT_TABLE_MATCH:
			c->tables->tables[c->number].n_matched += n_packets;
			break;
		case CREDIT_TABLE_MISS:
			c->tables->tables[c->number].n_missed += n_packets;
			break;
		case CREDIT_RX:
		case CREDIT_TX:
			credit_port(c->ofport, c->kind == CREDIT_RX, n_packets, n_bytes);
			break;
		case CREDIT_MIRROR:
			credit_mirrors(c->tables, c->number, n_packets, n_bytes);
			break;
		case CREDIT_BUCKET:
			credit_bucket(c, n_packets, n_bytes);
			break;
		case CREDIT_MAC: {
			struct pipeline *p = c->ofport->pipeline;
			if (p && c->ofport->bundle &&
			    mac_table_learn(p->macs, c->ofport->bundle, c->mac, c->vlan,
					    c->reflected, c->gratuitous))
				datapath_touch(p->datapath);
			break;
		}
		case CREDIT_LEARN:
			if (c->tables2->pipeline)
				(void)learn_apply(c->tables2, c->learn);
			break;
		case CREDIT_FIN:
			if (tcp_flags & (TCP_FIN | TCP_RST))
				rule_reduce_timeouts(c->rule, c->fin.idle, c->fin.hard);
			break;
		case CREDIT_BOND: {
			const struct bundle *b = c->ofport->pipeline ? c->ofport->bundle : NULL;
			if (b && b->bond && b->bond->account && key)
				b->bond->account(b->bond_arg, key, c->vlan, n_bytes);
			break;
		}
		case CREDIT_RECIRC:
			break;
		}
	}
}

bool learn_apply(struct table_set *s, const struct credit_learn *l)
{
	const struct flow_mod *fm = &l->fm;
	if (fm->table_id >= N_TABLES || !s->pipeline)
		return false;
	struct table *t = &s->tables[fm->table_id];
	struct rule *r = rule_of(classifier_find(&t->classifier, &fm->match.key, &fm->match.mask,
						 fm->priority, s->version));
	int64_t now = clock_mono_ns();
	if (r && r->actions->size == fm->actions_size &&
	    (!fm->actions_size || !memcmp(r->actions->data, fm->actions, fm->actions_size)) &&
	    r->cookie == fm->new_cookie) {
		r->modified_ns = r->used_ns = now;
		return true;
	}
	if (!r && l->limit) {
		uint32_t n = 0;
		const struct rule *other;
		LIST_FOR_EACH(other, &t->rules, node)
			n += other->cookie == fm->new_cookie &&
			     classifier_rule_is_visible(&other->cr, s->version);
		if (n >= l->limit)
			return false;
	}
	return table_set_flow_mod(s, fm, NULL) == 0;
}
