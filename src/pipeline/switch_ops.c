/* SPDX-License-Identifier: Apache-2.0 */
/* The bridge as its OpenFlow sessions see it: struct of_switch_ops. */
#include <errno.h>
#include <stdio.h>
#include "base/clock.h"
#include "base/mem.h"
#include "packet/field.h"
#include "pipeline/group.h"
#include "pipeline/meter.h"
#include "pipeline/pipeline.h"
#include "pipeline/port_desc.h"
#include "pipeline/table.h"
#include "pipeline/translate.h"

static void get_features(void *sw, struct of_switch_features *ret)
{
	const struct pipeline *p = sw;
	*ret = (struct of_switch_features){
		.datapath_id = p->datapath_id,
		.n_buffers = 0,
		.n_tables = TABLE_INTERNAL,
		.capabilities = OFPC_FLOW_STATS | OFPC_TABLE_STATS | OFPC_PORT_STATS |
				OFPC_GROUP_STATS | OFPC_QUEUE_STATS | OFPC_ARP_MATCH_IP |
				OFPC_BUNDLES | OFPC_FLOW_MONITORING,
		.actions = 0xfff, /* output to enqueue: OFPAT 0..11 of 1.0 */
	};
}

static void get_desc(void *sw, struct of_switch_desc *ret)
{
	(void)sw;
	memset(ret, 0, sizeof *ret);
	str_copy(ret->mfr_desc, "Nicira, Inc.", sizeof ret->mfr_desc);
	str_copy(ret->hw_desc, "Open vSwitch", sizeof ret->hw_desc);
	str_copy(ret->sw_desc, WEFT_VERSION, sizeof ret->sw_desc);
	str_copy(ret->serial_num, "None", sizeof ret->serial_num);
	str_copy(ret->dp_desc, "None", sizeof ret->dp_desc);
}

static enum of_frag_mode get_frag_mode(void *sw)
{
	const struct pipeline *p = sw;
	return p->frag_mode;
}

static int set_frag_mode(void *sw, enum of_frag_mode mode)
{
	struct pipeline *p = sw;
	if (mode == OFPC_FRAG_REASM)
		return -OFPERR_OFPSCFC_BAD_FLAGS;
	p->frag_mode = mode;
	datapath_touch(p->datapath);
	return 0;
}

/* ---- ports ------------------------------------------------------------------------------- */

static int compare_ports(const void *a_, const void *b_)
{
	const struct ofport *const *a = a_, *const *b = b_;
	return (*a)->ofport < (*b)->ofport ? -1 : (*a)->ofport > (*b)->ofport;
}

static struct ofport **sorted_ports(const struct pipeline *p, size_t *ret_n)
{
	size_t n = 0;
	struct ofport **all = xcalloc(hmap_count(&p->ports) + 1, sizeof *all), *o;
	HMAP_FOR_EACH(o, &p->ports, by_number)
		all[n++] = o;
	qsort(all, n, sizeof *all, compare_ports);
	*ret_n = n;
	return all;
}

static int for_each_port(void *sw, uint32_t port, void (*cb)(const struct of_port_desc *, void *),
			 void *arg)
{
	struct of_port_desc d;
	size_t n;
	if (port != OFPORT_NONE) {
		const struct ofport *o = pipeline_port_lookup(sw, port);
		if (!o)
			return -OFPERR_OFPBRC_BAD_PORT;
		ofport_describe(o, &d);
		cb(&d, arg);
		return 0;
	}
	AUTO_FREE struct ofport **all = sorted_ports(sw, &n);
	for (size_t i = 0; i < n; i++) {
		ofport_describe(all[i], &d);
		cb(&d, arg);
	}
	return 0;
}

static int for_each_port_stats(void *sw, uint32_t port,
			       void (*cb)(const struct of_port_stats *, void *), void *arg)
{
	struct pipeline *p = sw;
	struct of_port_stats s;
	size_t n;
	datapath_sync_stats(p->datapath);
	if (port != OFPORT_NONE) {
		const struct ofport *o = pipeline_port_lookup(p, port);
		if (!o)
			return -OFPERR_OFPBRC_BAD_PORT;
		ofport_get_stats(o, &s);
		cb(&s, arg);
		free(s.custom);
		return 0;
	}
	AUTO_FREE struct ofport **all = sorted_ports(p, &n);
	for (size_t i = 0; i < n; i++) {
		ofport_get_stats(all[i], &s);
		cb(&s, arg);
		free(s.custom);
	}
	return 0;
}

static int port_mod(void *sw, const struct of_port_mod *m)
{
	struct ofport *o = pipeline_port_lookup(sw, m->port);
	static const struct eth_addr any;
	if (!o)
		return -OFPERR_OFPPMFC_BAD_PORT;
	if (memcmp(&m->hw_addr, &any, sizeof any) && memcmp(&m->hw_addr, &o->mac, sizeof o->mac))
		return -OFPERR_OFPPMFC_BAD_HW_ADDR;
	if ((m->mask & OFPPC_PORT_DOWN) && o->port && o->port->ops->set_admin_up &&
	    (m->config ^ o->config) & OFPPC_PORT_DOWN) {
		int r = o->port->ops->set_admin_up(o->port, !(m->config & OFPPC_PORT_DOWN), NULL);
		(void)r; /* a device that refuses keeps forwarding nothing: the pipeline heeds the
			    bit */
	}
	ofport_set_config(o, m->config, m->mask);
	return 0;
}

/* Queues are the quality-of-service feature's; a port without it has none. */
static int for_each_queue_stats(void *sw, uint32_t port, uint32_t queue,
				void (*cb)(const struct of_queue_stats *, void *), void *arg)
{
	(void)cb;
	(void)arg;
	if (port != OFPORT_NONE && port != OFPORT_ALL && !pipeline_port_lookup(sw, port))
		return -OFPERR_OFPQOFC_BAD_PORT;
	if (queue != OFPQ_ALL)
		return -OFPERR_OFPQOFC_BAD_QUEUE;
	return 0;
}

static int for_each_queue_config(void *sw, uint32_t port,
				 void (*cb)(const struct of_queue_config *, void *), void *arg)
{
	(void)cb;
	(void)arg;
	if (port != OFPORT_NONE && !pipeline_port_lookup(sw, port))
		return -OFPERR_OFPQOFC_BAD_PORT;
	return 0;
}

/* ---- flows ------------------------------------------------------------------------------- */

static int flow_mod(void *sw, const struct flow_mod *fm, const struct of_origin *origin)
{
	struct pipeline *p = sw;
	return table_set_flow_mod(p->tables, fm, origin);
}

struct flow_cb {
	void (*cb)(const struct flow_stats *, void *);
	void *arg;
	struct flow_stats s;
};

static void give_flow(struct rule *r, void *f_)
{
	struct flow_cb *f = f_;
	rule_get_stats(r, &f->s);
	f->cb(&f->s, f->arg);
}

static int for_each_flow(void *sw, const struct flow_stats_request *rq,
			 void (*cb)(const struct flow_stats *, void *), void *arg)
{
	struct pipeline *p = sw;
	struct flow_cb f = { .cb = cb, .arg = arg };
	datapath_sync_stats(p->datapath);
	tun_table_current = p->tun_table;
	return table_set_for_each(p->tables, rq, false, give_flow, &f);
}

static void add_up(struct rule *r, void *a_)
{
	struct aggregate_stats *a = a_;
	a->packet_count += r->n_packets;
	a->byte_count += r->n_bytes;
	a->flow_count++;
}

static int aggregate(void *sw, const struct flow_stats_request *rq, struct aggregate_stats *ret)
{
	struct pipeline *p = sw;
	*ret = (struct aggregate_stats){ 0 };
	datapath_sync_stats(p->datapath);
	return table_set_for_each(p->tables, rq, false, add_up, ret);
}

/* All flow changes of a bundle come into force with one step of the tables' version. Groups and
 * ports change as their turn comes: the control lock keeps packets from seeing the middle; those
 * that were changed before a failure are put back by the inverse change. */
static int commit(void *sw, const struct of_change *changes, size_t n, bool atomic,
		  const struct of_origin *origin, size_t *ret_failed)
{
	struct pipeline *p = sw;
	struct transaction t;
	struct of_origin who = origin ? *origin : (struct of_origin){ 0 };
	int r = 0;
	size_t i;
	(void)atomic; /* both kinds are */
	transaction_begin(&t, p->tables, origin ? &who : NULL);
	struct group_undo *groups = group_undo_begin(p);
	for (i = 0; i < n && !r; i++) {
		who.xid = changes[i].xid;
		switch (changes[i].type) {
		case OF_CHANGE_FLOW:
			r = transaction_flow_mod(&t, changes[i].flow);
			break;
		case OF_CHANGE_GROUP:
			r = group_mod_apply(p, changes[i].group, &who, &t);
			break;
		case OF_CHANGE_PORT:
			r = pipeline_port_lookup(p, changes[i].port->port)
				    ? 0
				    : -OFPERR_OFPPMFC_BAD_PORT;
			break;
		case OF_CHANGE_PACKET_OUT:
			break; /* after the commit: it must see the new flows */
		}
	}
	if (r) {
		*ret_failed = i - 1;
		transaction_undo(&t);
		group_undo_rollback(groups);
		return r;
	}
	transaction_commit(&t);
	group_undo_discard(groups);
	for (i = 0; i < n; i++) {
		int ignored = 0;
		if (changes[i].type == OF_CHANGE_PORT)
			ignored = port_mod(p, changes[i].port);
		else if (changes[i].type == OF_CHANGE_PACKET_OUT)
			ignored = pipeline_packet_out(p, changes[i].packet_out);
		(void)ignored;
	}
	return 0;
}

/* ---- tables ------------------------------------------------------------------------------ */

static int for_each_table_features(void *sw, void (*cb)(const struct table_features *, void *),
				   void *arg)
{
	const struct pipeline *p = sw;
	for (unsigned i = 0; i < TABLE_INTERNAL; i++) {
		const struct table *t = &p->tables->tables[i];
		struct table_features f;
		memset(&f, 0, sizeof f);
		f.table_id = (uint8_t)i;
		if (t->of_name || t->name)
			str_copy(f.name, t->of_name ? t->of_name : t->name, sizeof f.name);
		f.metadata_match = f.metadata_write = UINT64_MAX;
		f.miss = t->miss;
		f.max_entries = (uint32_t)MIN(t->max_flows, 1000000u);
		f.supports_eviction = f.supports_vacancy = true;
		bool more = i + 1 < TABLE_INTERNAL;
		for (unsigned j = i + 1; j < TABLE_INTERNAL; j++)
			f.nonmiss.next[j / 64] |= 1ULL << (j % 64);
		/* goto, write_metadata, write, apply, clear, meter: OFPIT 1..6 */
		f.nonmiss.instructions = more ? 0x7e : 0x7c;
		for (unsigned a = OFA_OUTPUT; a < OFA_METER; a++)
			if (a != OFA_NAT && a != OFA_UNROLL)
				f.nonmiss.apply.actions |= 1ULL << a;
		f.nonmiss.write.actions = f.nonmiss.apply.actions;
		for (unsigned id = 0; id < N_FIELDS; id++) {
			const struct field *field = &field_table[id];
			if (field->writable)
				f.nonmiss.apply.set_fields.bits[id / 64] |= 1ULL << (id % 64);
			f.match.bits[id / 64] |= 1ULL << (id % 64);
			if (field->maskable)
				f.mask.bits[id / 64] |= 1ULL << (id % 64);
			f.wildcard.bits[id / 64] |= 1ULL << (id % 64);
		}
		f.nonmiss.write.set_fields = f.nonmiss.apply.set_fields;
		f.miss_flow = f.nonmiss;
		cb(&f, arg);
	}
	return 0;
}

static int for_each_table_desc(void *sw, void (*cb)(const struct table_desc *, void *), void *arg)
{
	const struct pipeline *p = sw;
	for (unsigned i = 0; i < TABLE_INTERNAL; i++) {
		const struct table *t = &p->tables->tables[i];
		struct table_desc d = {
			.table_id = (uint8_t)i,
			.eviction = t->evict_by_of || t->evict_by_config ? OFTE_ON : OFTE_OFF,
			.eviction_flags = t->eviction_flags,
			.vacancy = t->vacancy ? OFTV_ON : OFTV_OFF,
			.vacancy_down = t->vacancy_down,
			.vacancy_up = t->vacancy_up,
		};
		if (t->vacancy && t->max_flows != SIZE_MAX && t->max_flows)
			d.vacancy_now = t->classifier.n_rules >= t->max_flows
						? 0
						: (uint8_t)((t->max_flows - t->classifier.n_rules) *
							    100 / t->max_flows);
		cb(&d, arg);
	}
	return 0;
}

static int for_each_table_stats(void *sw, void (*cb)(const struct table_stats *, void *), void *arg)
{
	struct pipeline *p = sw;
	datapath_sync_stats(p->datapath);
	for (unsigned i = 0; i < TABLE_INTERNAL; i++) {
		const struct table *t = &p->tables->tables[i];
		struct table_stats s = {
			.table_id = (uint8_t)i,
			.lookup_count = t->n_matched + t->n_missed,
			.matched_count = t->n_matched,
			.active_count = (uint32_t)t->classifier.n_rules,
		};
		cb(&s, arg);
	}
	return 0;
}

static void table_mod_one(struct table_set *s, uint8_t id, const struct table_mod *m)
{
	struct table *t = &s->tables[id];
	if (m->miss != OFTM_DEFAULT)
		t->miss = m->miss;
	if (m->eviction != OFTE_DEFAULT) {
		t->evict_by_of = m->eviction == OFTE_ON;
		if (m->eviction_flags != UINT32_MAX)
			t->eviction_flags = (uint8_t)m->eviction_flags;
	}
	if (m->vacancy != OFTV_DEFAULT) {
		t->vacancy = m->vacancy == OFTV_ON;
		t->vacancy_down = m->vacancy_down;
		t->vacancy_up = m->vacancy_up;
		t->vacancy_is_down = false;
	}
}

static int table_mod(void *sw, const struct table_mod *m)
{
	struct pipeline *p = sw;
	if (m->table_id != OFPTT_ALL && m->table_id >= TABLE_INTERNAL)
		return -OFPERR_OFPTMFC_BAD_TABLE;
	for (unsigned i = 0; i < TABLE_INTERNAL; i++)
		if (m->table_id == OFPTT_ALL || m->table_id == i)
			table_mod_one(p->tables, (uint8_t)i, m);
	datapath_touch(p->datapath);
	return 0;
}

/* ---- groups and meters ------------------------------------------------------------------- */

static int group_mod(void *sw, const struct group_mod *gm, const struct of_origin *origin)
{
	return group_mod_apply(sw, gm, origin, NULL);
}

static int compare_groups(const void *a_, const void *b_)
{
	const struct group *const *a = a_, *const *b = b_;
	return (*a)->id < (*b)->id ? -1 : (*a)->id > (*b)->id;
}

static struct group **sorted_groups(const struct pipeline *p, uint32_t id, size_t *ret_n)
{
	size_t n = 0;
	struct group **all = xcalloc(hmap_count(&p->groups->groups) + 1, sizeof *all), *g;
	HMAP_FOR_EACH(g, &p->groups->groups, node)
		if (id == OFPG_ALL || id == g->id)
			all[n++] = g;
	qsort(all, n, sizeof *all, compare_groups);
	*ret_n = n;
	return all;
}

static int for_each_group_desc(void *sw, uint32_t id, void (*cb)(const struct group_desc *, void *),
			       void *arg)
{
	size_t n;
	AUTO_FREE struct group **all = sorted_groups(sw, id, &n);
	for (size_t i = 0; i < n; i++) {
		struct group_desc d = { all[i]->id, all[i]->type, all[i]->buckets,
					all[i]->n_buckets, all[i]->props };
		cb(&d, arg);
	}
	return 0;
}

static uint32_t n_references(struct pipeline *p, uint32_t group)
{
	uint32_t n = 0;
	for (unsigned i = 0; i < N_TABLES; i++) {
		const struct rule *r;
		LIST_FOR_EACH(r, &p->tables->tables[i].rules, node)
			if (r->actions->size &&
			    of_actions_output_to_group(r->actions->data, r->actions->size, group))
				n++;
	}
	return n;
}

static int for_each_group_stats(void *sw, uint32_t id,
				void (*cb)(const struct group_stats *, void *), void *arg)
{
	struct pipeline *p = sw;
	size_t n;
	datapath_sync_stats(p->datapath);
	AUTO_FREE struct group **all = sorted_groups(p, id, &n);
	for (size_t i = 0; i < n; i++) {
		const struct group *g = all[i];
		int64_t age = clock_mono_ns() - g->created_ns;
		struct group_stats s = {
			.group_id = g->id,
			.ref_count = n_references(p, g->id),
			.packet_count = g->n_packets,
			.byte_count = g->n_bytes,
			.duration_sec = (uint32_t)(age / NS_PER_SEC),
			.duration_nsec = (uint32_t)(age % NS_PER_SEC),
			.n_buckets = g->n_buckets,
			.buckets = xcalloc(MAX(g->n_buckets, 1u), sizeof *s.buckets),
		};
		for (size_t j = 0; j < g->n_buckets; j++) {
			s.buckets[j].packet_count = g->buckets[j].packet_count;
			s.buckets[j].byte_count = g->buckets[j].byte_count;
		}
		cb(&s, arg);
		free(s.buckets);
	}
	return 0;
}

static void get_group_features(void *sw, struct group_features *ret)
{
	(void)sw;
	memset(ret, 0, sizeof *ret);
	ret->types = 1u << OFPGT_ALL | 1u << OFPGT_SELECT | 1u << OFPGT_INDIRECT | 1u << OFPGT_FF;
	ret->capabilities = OFPGFC_CHAINING | OFPGFC_SELECT_LIVENESS | OFPGFC_SELECT_WEIGHT;
	for (unsigned i = 0; i < 4; i++) {
		ret->max_groups[i] = OF_GROUP_MAX;
		/* Numbers of OFPAT in 1.3: output, copy_ttl no, mpls, vlan, queue, group, ttl,
		 * set_field */
		ret->actions[i] = 1u << 0 | 1u << 15 | 1u << 16 | 1u << 17 | 1u << 18 | 1u << 19 |
				  1u << 20 | 1u << 21 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25;
	}
}

static int meter_mod(void *sw, const struct meter_mod *mm) { return meter_mod_apply(sw, mm); }

static int compare_meters(const void *a_, const void *b_)
{
	const struct meter *const *a = a_, *const *b = b_;
	return (*a)->config.meter_id < (*b)->config.meter_id
		       ? -1
		       : (*a)->config.meter_id > (*b)->config.meter_id;
}

static int sorted_meters(const struct pipeline *p, uint32_t id, struct meter ***ret, size_t *ret_n)
{
	size_t n = 0;
	if (id != OFPM_ALL && !meter_lookup(p, id))
		return -OFPERR_OFPMMFC_UNKNOWN_METER;
	struct meter **all = xcalloc(hmap_count(&p->meters->meters) + 1, sizeof *all), *m;
	HMAP_FOR_EACH(m, &p->meters->meters, node)
		if (id == OFPM_ALL || id == m->config.meter_id)
			all[n++] = m;
	qsort(all, n, sizeof *all, compare_meters);
	*ret = all;
	*ret_n = n;
	return 0;
}

static int for_each_meter_config(void *sw, uint32_t id,
				 void (*cb)(const struct meter_config *, void *), void *arg)
{
	AUTO_FREE struct meter **all = NULL;
	size_t n = 0;
	int r = sorted_meters(sw, id, &all, &n);
	for (size_t i = 0; i < n; i++)
		cb(&all[i]->config, arg);
	return r;
}

static uint32_t n_metered(struct pipeline *p, uint32_t meter)
{
	uint32_t n = 0;
	for (unsigned i = 0; i < N_TABLES; i++) {
		const struct rule *r;
		LIST_FOR_EACH(r, &p->tables->tables[i].rules, node)
			n += r->actions->has_meter &&
			     of_actions_meter(r->actions->data, r->actions->size) == meter;
	}
	return n;
}

static int for_each_meter_stats(void *sw, uint32_t id,
				void (*cb)(const struct meter_stats *, void *), void *arg)
{
	AUTO_FREE struct meter **all = NULL;
	size_t n = 0;
	int r = sorted_meters(sw, id, &all, &n);
	for (size_t i = 0; i < n; i++) {
		struct meter_stats s;
		meter_read(all[i], &s);
		s.flow_count = n_metered(sw, all[i]->config.meter_id);
		cb(&s, arg);
		free(s.bands);
	}
	return r;
}

static void get_meter_features(void *sw, struct meter_features *ret)
{
	(void)sw;
	*ret = (struct meter_features){
		.max_meters = METER_MAX_ID,
		.band_types = 1u << OFPMBT_DROP,
		.capabilities = OFPMF_KBPS | OFPMF_PKTPS | OFPMF_BURST | OFPMF_STATS,
		.max_bands = METER_MAX_BANDS,
	};
}

/* ---- packets and options ----------------------------------------------------------------- */

static int packet_out(void *sw, const struct packet_out *po) { return pipeline_packet_out(sw, po); }
static int resume(void *sw, const struct packet_in *pin) { return pipeline_resume(sw, pin); }

static int tlv_table_mod(void *sw, const struct tlv_table_mod *m)
{
	struct pipeline *p = sw;
	struct tun_table new = *p->tun_table;
	if (m->command == TLV_CLEAR)
		memset(&new, 0, sizeof new);
	for (size_t i = 0; i < m->n; i++) {
		const struct tlv_mapping *t = &m->mappings[i];
		if (t->index >= FIELD_N_TUN_METADATA)
			return -OFPERR_NXTTMFC_BAD_FIELD_IDX;
		if (m->command == TLV_DELETE) {
			tun_table_del(&new, t->index);
			continue;
		}
		for (unsigned j = 0; j < FIELD_N_TUN_METADATA; j++)
			if (new.entry[j].size &&new.entry[j].option_class ==
			    t->class &&new.entry[j].option_type == t->type)
				return -OFPERR_NXTTMFC_DUP_ENTRY;
		switch (tun_table_add(&new, t->index, t->class, t->type, t->size)) {
		case 0:
			break;
		case -EEXIST:
			return -OFPERR_NXTTMFC_ALREADY_MAPPED;
		case -ENOSPC:
			return -OFPERR_NXTTMFC_TABLE_FULL;
		default:
			return -OFPERR_NXTTMFC_BAD_OPT_LEN;
		}
	}
	/* The layout of options in rules that are there would change under them. */
	*p->tun_table = new;
	datapath_touch(p->datapath);
	return 0;
}

static void get_tlv_table(void *sw, struct tlv_table_reply *ret)
{
	const struct pipeline *p = sw;
	*ret = (struct tlv_table_reply){ .max_option_bytes = TLV_SPACE_BYTES,
					 .max_fields = TLV_N_FIELDS,
					 .mappings = xcalloc(TLV_N_FIELDS, sizeof *ret->mappings) };
	for (unsigned i = 0; i < FIELD_N_TUN_METADATA; i++) {
		const struct tun_entry *e = &p->tun_table->entry[i];
		if (e->size)
			ret->mappings[ret->n++] =
				(struct tlv_mapping){ e->option_class, e->option_type, e->size,
						      (uint16_t)i };
	}
}

/* Changes are in force when the call that made them returns: the upcall module changes flows of the
 * fast path in place before the lock is given up, or flushes those it cannot reach in time. */
static bool barrier(void *sw, void (*done)(void *), void *arg)
{
	struct pipeline *p = sw;
	(void)done;
	(void)arg;
	if (p->datapath->settle)
		p->datapath->settle(p->datapath, p->datapath->changed_arg);
	return true;
}

static void enter(void *sw)
{
	const struct pipeline *p = sw;
	tun_table_current = p->tun_table;
}

const struct of_switch_ops pipeline_switch_ops = {
	.enter = enter,
	.get_features = get_features,
	.get_desc = get_desc,
	.get_frag_mode = get_frag_mode,
	.set_frag_mode = set_frag_mode,
	.for_each_port = for_each_port,
	.for_each_port_stats = for_each_port_stats,
	.port_mod = port_mod,
	.for_each_queue_stats = for_each_queue_stats,
	.for_each_queue_config = for_each_queue_config,
	.flow_mod = flow_mod,
	.for_each_flow = for_each_flow,
	.aggregate = aggregate,
	.commit = commit,
	.for_each_table_features = for_each_table_features,
	.for_each_table_desc = for_each_table_desc,
	.for_each_table_stats = for_each_table_stats,
	.table_mod = table_mod,
	.group_mod = group_mod,
	.for_each_group_desc = for_each_group_desc,
	.for_each_group_stats = for_each_group_stats,
	.get_group_features = get_group_features,
	.meter_mod = meter_mod,
	.for_each_meter_config = for_each_meter_config,
	.for_each_meter_stats = for_each_meter_stats,
	.get_meter_features = get_meter_features,
	.packet_out = packet_out,
	.resume = resume,
	.tlv_table_mod = tlv_table_mod,
	.get_tlv_table = get_tlv_table,
	.barrier = barrier,
};
