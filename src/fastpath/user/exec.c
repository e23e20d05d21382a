/* SPDX-License-Identifier: Apache-2.0 */
/* The executor: what happens to a batch of packets between receiving and sending.
 *
 * Packets of a batch that hit the same flow are grouped and run through its actions together:
 * counters are added once a group, and code and flow stay hot. Sending is put off to the end of the
 * batch, so that one system call moves all that goes out of a port.
 *
 * Nothing on this way takes a lock, except packets for user space. Taking the control lock ends the
 * RCU section that flows and ports were found in, so such packets wait, with a copy of what they
 * need, until all else is done (exec_finish). While the lock is held they are handled on the spot.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include "fastpath/meter.h"
#include "fastpath/user/user.h"

struct exec *exec_new(struct user_fastpath *fp, unsigned index)
{
	struct exec *ex = xzalloc_cacheline(sizeof *ex);
	ex->fp = fp;
	ex->index = index;
	ex->slow = xcalloc(MAX_SLOW, sizeof *ex->slow);
	return ex;
}

void exec_free(struct exec *ex)
{
	if (!ex)
		return;
	device_out_free(ex->device_out);
	free(ex->slow);
	free(ex);
}

void exec_drop(struct exec *ex UNUSED, struct packet *p, enum drop_reason reason)
{
	drop_count(reason, 1);
	packet_free(p);
}

static void drop_all(struct exec *ex, struct packet **batch, unsigned n, enum drop_reason reason)
{
	for (unsigned i = 0; i < n; i++)
		exec_drop(ex, batch[i], reason);
}

/* Sending. */

static void send_pending(struct exec *ex, struct user_port *up)
{
	struct pending *pd = &up->pending[ex->index];
	unsigned n = pd->n;
	pd->n = 0;
	if (n)
		up->port->ops->tx(up->port, ex->index, pd->batch, n);
}

static void flush(struct exec *ex)
{
	while (ex->dirty) {
		struct user_port *up = ex->dirty;
		struct pending *pd = &up->pending[ex->index];
		ex->dirty = pd->next_dirty;
		pd->is_dirty = false;
		send_pending(ex, up);
	}
	device_out_flush(ex);
}

void exec_output(struct exec *ex, uint32_t dp_port, struct packet *p)
{
	struct user_port *up =
		dp_port < MAX_DP_PORTS ? rcu_dereference(ex->fp->ports[dp_port]) : NULL;
	if (unlikely(!up)) {
		exec_drop(ex, p, DROP_NO_PORT);
		return;
	}
	struct pending *pd = &up->pending[ex->index];
	pd->batch[pd->n++] = p;
	if (!pd->is_dirty) {
		pd->is_dirty = true;
		pd->next_dirty = ex->dirty;
		ex->dirty = up;
	}
	if (pd->n == PACKET_BATCH)
		send_pending(ex, up);
}

/* What a DPA_TRUNC before it asked for. The checksum is that of the whole packet, as in a capture.
 */
static void cut(struct packet *p)
{
	uint32_t len = p->cutlen;
	p->cutlen = 0;
	if (len >= p->size)
		return;
	if (p->gso_type != PACKET_GSO_NONE) {
		p->gso_type = PACKET_GSO_NONE;
		p->gso_size = p->gso_hdr_size = 0;
		p->csum_partial = false;
	} else if (p->csum_partial) {
		packet_finish_csum(p);
	}
	p->size = len;
}

static struct packet *take_or_clone(struct packet *p, bool last)
{
	return last ? p : packet_clone(p);
}

static void output_batch(struct exec *ex, struct packet **batch, unsigned n, uint32_t dp_port,
			 bool last)
{
	for (unsigned i = 0; i < n; i++) {
		struct packet *p = take_or_clone(batch[i], last);
		batch[i]->cutlen = last ? batch[i]->cutlen : 0;
		if (p->cutlen)
			cut(p);
		exec_output(ex, dp_port, p);
	}
}

/* To user space. */

static void put_slow(struct exec *ex, struct packet *p, struct dp_action *action, unsigned depth)
{
	if (ex->n_slow == MAX_SLOW) {
		free(action);
		ex->counters.n_lost++;
		exec_drop(ex, p, DROP_SLOW_FULL);
		return;
	}
	ex->slow[ex->n_slow++] = (struct slow_packet){ p, action, depth };
}

void exec_userspace(struct exec *ex, struct packet *p, const struct dpa_userspace *a,
		    unsigned depth)
{
	if (p->cutlen)
		cut(p);
	if (ex->locked)
		exec_upcall(ex, p, a);
	else
		put_slow(ex, p, xmemdup(a, a->h.size), depth);
}

void exec_finish(struct exec *ex)
{
	flush(ex);
	if (!ex->n_slow)
		return;
	control_lock();
	ex->locked = true;
	ex->generation = cache_generation(&ex->fp->cache);
	for (unsigned i = 0; i < ex->n_slow; i++) {
		struct slow_packet *s = &ex->slow[i];
		if (s->action)
			exec_upcall(ex, s->packet, (const struct dpa_userspace *)s->action);
		else
			exec_miss(ex, s->packet, s->depth);
		free(s->action);
	}
	ex->n_slow = 0;
	flush(ex);
	ex->locked = false;
	control_unlock();
}

/* Lookup. */

struct group {
	struct megaflow *flow;
	unsigned n;
	uint16_t tcp_flags;
	uint64_t n_packets, n_bytes;
	struct packet *batch[PACKET_BATCH];
};

static struct megaflow *lookup(struct exec *ex, const struct flow_key *key)
{
	const struct cache *c = &ex->fp->cache;
	if (rcu_dereference(c->masks)->n <= 1)
		return cache_lookup(c, key, &ex->counters.n_mask_hit);
	uint32_t hash = front_hash(key);
	struct megaflow *f = front_lookup(&ex->front, ex->generation, hash, key);
	if (f) {
		ex->counters.n_cache_hit++;
		mask_note_hit(f->table);
		return f;
	}
	f = cache_lookup(c, key, &ex->counters.n_mask_hit);
	if (f)
		front_insert(&ex->front, ex->generation, hash, f);
	return f;
}

static void group_add(struct group *groups, unsigned *n_groups, struct megaflow *f,
		      struct packet *p, const struct flow_key *key)
{
	struct group *g = groups;
	while (g < groups + *n_groups && g->flow != f)
		g++;
	if (g == groups + *n_groups) {
		(*n_groups)++;
		g->flow = f;
		g->n = 0;
		g->tcp_flags = 0;
		g->n_packets = g->n_bytes = 0;
	}
	g->batch[g->n++] = p;
	g->n_packets += p->gso_type ? packet_n_segments(p) : 1;
	g->n_bytes += p->size;
	g->tcp_flags |= be16_to_cpu(key->tcp_flags);
}

void exec_lookup(struct exec *ex, struct packet **batch, unsigned n, unsigned depth)
{
	if (depth > MAX_DEPTH) {
		drop_all(ex, batch, n, DROP_RECURSION);
		return;
	}
	struct group groups[PACKET_BATCH];
	struct packet *missed[PACKET_BATCH];
	unsigned n_groups = 0, n_missed = 0;
	struct flow_key key;
	for (unsigned i = 0; i < n; i++) {
		key_extract(batch[i], &key);
		struct megaflow *f = lookup(ex, &key);
		if (likely(f))
			group_add(groups, &n_groups, f, batch[i], &key);
		else
			missed[n_missed++] = batch[i];
	}
	ex->counters.n_hit += n - n_missed;
	for (unsigned i = 0; i < n_groups; i++) {
		struct group *g = &groups[i];
		megaflow_credit(g->flow, g->n_packets, g->n_bytes, g->tcp_flags, ex->now_ns);
		const struct flow_actions *a = rcu_dereference(g->flow->actions);
		exec_actions(ex, g->batch, g->n, a->data, a->size, depth);
	}
	for (unsigned i = 0; i < n_missed; i++) {
		if (ex->locked)
			exec_miss(ex, missed[i], depth);
		else
			put_slow(ex, missed[i], NULL, depth);
	}
}

void exec_receive(struct exec *ex, struct packet **batch, unsigned n)
{
	ex->generation = cache_generation(&ex->fp->cache);
	ex->now_ns = clock_mono_ns();
	exec_lookup(ex, batch, n, 0);
}

/* Actions. */

static void run_nested(struct exec *ex, struct packet **batch, unsigned n, const void *nested,
		       size_t size, bool last, unsigned depth)
{
	struct packet *copies[PACKET_BATCH];
	for (unsigned i = 0; i < n; i++)
		copies[i] = take_or_clone(batch[i], last);
	if (n)
		exec_actions(ex, copies, n, nested, size, depth + 1);
}

static void sample(struct exec *ex, struct packet **batch, unsigned n, const struct dpa_nested *a,
		   bool last, unsigned depth)
{
	struct packet *chosen[PACKET_BATCH];
	unsigned n_chosen = 0;
	for (unsigned i = 0; i < n; i++) {
		if (a->probability == UINT32_MAX || random_u32() < a->probability)
			chosen[n_chosen++] = batch[i];
		else if (last)
			packet_free(batch[i]);
	}
	run_nested(ex, chosen, n_chosen, a->nested, a->nested_size, last, depth);
}

static void check_pkt_len(struct exec *ex, struct packet **batch, unsigned n,
			  const struct dpa_check_pkt_len *a, bool last, unsigned depth)
{
	struct packet *greater[PACKET_BATCH], *less[PACKET_BATCH];
	unsigned n_greater = 0, n_less = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct packet *p = batch[i];
		/* What counts is the largest packet that will be on a wire. */
		uint32_t len = p->gso_type ? (uint32_t)p->gso_hdr_size + p->gso_size : p->size;
		if (len > a->len)
			greater[n_greater++] = batch[i];
		else
			less[n_less++] = batch[i];
	}
	run_nested(ex, greater, n_greater, a->nested, a->greater_size, last, depth);
	run_nested(ex, less, n_less, a->nested + a->greater_size, a->less_size, last, depth);
}

static void recirculate(struct exec *ex, struct packet **batch, unsigned n, uint32_t id, bool last,
			unsigned depth)
{
	struct packet *copies[PACKET_BATCH];
	for (unsigned i = 0; i < n; i++) {
		copies[i] = take_or_clone(batch[i], last);
		copies[i]->recirc_id = id;
	}
	exec_lookup(ex, copies, n, depth + 1);
}

static void set_hash(struct packet *p, const struct dpa_hash *a)
{
	struct flow_key key;
	key_extract(p, &key);
	p->dp_hash = key_hash_l4(&key, a->basis, a->alg == DP_HASH_SYM_L4);
	if (!p->dp_hash)
		p->dp_hash = 1; /* 0: not computed */
}

/* True: the packet's time is not out, and was made one less. */
static bool dec_ttl(struct packet *p)
{
	if (p->l3_ofs == PACKET_NO_OFS || p->size < p->l3_ofs + 20u)
		return true;
	uint8_t *ip = p->data + p->l3_ofs;
	if (ip[0] >> 4 == 6) {
		if (ip[7] <= 1)
			return false;
		ip[7]--;
	} else if (ip[0] >> 4 == 4) {
		if (ip[8] <= 1)
			return false;
		ip[8]--;
		/* RFC 1624: the high byte of that word went down by one. */
		uint32_t sum = get_be16(ip + 10) + 0x100u;
		put_be16(ip + 10, (uint16_t)(sum + (sum >> 16)));
	}
	return true;
}

/* Splits off the packets whose time is out. */
static unsigned dec_ttl_batch(struct exec *ex, struct packet **batch, unsigned n,
			      const struct dpa_nested *a, unsigned depth)
{
	struct packet *out[PACKET_BATCH];
	unsigned n_out = 0, n_kept = 0;
	for (unsigned i = 0; i < n; i++) {
		if (dec_ttl(batch[i]))
			batch[n_kept++] = batch[i];
		else
			out[n_out++] = batch[i];
	}
	if (!n_out)
		return n_kept;
	drop_count(DROP_TTL, n_out);
	exec_actions(ex, out, n_out, a->nested, a->nested_size, depth + 1);
	return n_kept;
}

static unsigned meter_batch(struct exec *ex, struct packet **batch, unsigned n, uint32_t id)
{
	unsigned n_kept = 0;
	for (unsigned i = 0; i < n; i++) {
		if (dp_meter_run(id, batch[i], ex->now_ns))
			batch[n_kept++] = batch[i];
		else
			exec_drop(ex, batch[i], DROP_METER);
	}
	return n_kept;
}

static unsigned edit_batch(struct exec *ex, struct packet **batch, unsigned n,
			   const struct dp_action *a)
{
	unsigned n_kept = 0;
	for (unsigned i = 0; i < n; i++) {
		if (edit_packet(batch[i], a))
			batch[n_kept++] = batch[i];
		else
			exec_drop(ex, batch[i], DROP_MALFORMED);
	}
	return n_kept;
}

void exec_actions(struct exec *ex, struct packet **batch, unsigned n, const void *actions,
		  size_t size, unsigned depth)
{
	const struct dp_action *end = (const void *)((const uint8_t *)actions + size);
	if (depth > MAX_DEPTH + 8) {
		drop_all(ex, batch, n, DROP_RECURSION);
		return;
	}
	if (!size) {
		drop_all(ex, batch, n, DROP_ACTION);
		return;
	}
	for (const struct dp_action *a = actions, *next; a < end && n; a = next) {
		next = (const void *)((const uint8_t *)a + a->size);
		bool last = next >= end;
		bool handed_on = true; /* if last; else it was done with copies */
		switch ((enum dp_action_type)a->type) {
		case DPA_OUTPUT:
			output_batch(ex, batch, n, ((const struct dpa_output *)a)->dp_port, last);
			break;
		case DPA_OUTPUT_DEV:
			for (unsigned i = 0; i < n; i++)
				device_out_put(ex, ((const struct dpa_output_dev *)a)->ifindex,
					       take_or_clone(batch[i], last));
			break;
		case DPA_USERSPACE:
			for (unsigned i = 0; i < n; i++)
				exec_userspace(ex, take_or_clone(batch[i], last),
					       (const struct dpa_userspace *)a, depth);
			break;
		case DPA_RECIRC:
			recirculate(ex, batch, n, ((const struct dpa_u32 *)a)->value, last, depth);
			break;
		case DPA_SAMPLE:
			sample(ex, batch, n, (const struct dpa_nested *)a, last, depth);
			break;
		case DPA_CLONE: {
			const struct dpa_nested *c = (const void *)a;
			run_nested(ex, batch, n, c->nested, c->nested_size, last, depth);
			break;
		}
		case DPA_CHECK_PKT_LEN:
			check_pkt_len(ex, batch, n, (const void *)a, last, depth);
			break;
		case DPA_TUNNEL_PUSH:
			exec_tunnel_push(ex, batch, n, (const void *)a, next,
					 (size_t)((const uint8_t *)end - (const uint8_t *)next),
					 depth);
			return;
		case DPA_TUNNEL_POP: {
			struct packet *copies[PACKET_BATCH];
			for (unsigned i = 0; i < n; i++)
				copies[i] = take_or_clone(batch[i], last);
			exec_tunnel_pop(ex, copies, n, ((const struct dpa_u32 *)a)->value, depth);
			break;
		}
		case DPA_HASH:
			for (unsigned i = 0; i < n; i++)
				set_hash(batch[i], (const struct dpa_hash *)a);
			handed_on = false;
			break;
		case DPA_TRUNC:
			for (unsigned i = 0; i < n; i++)
				batch[i]->cutlen = ((const struct dpa_u32 *)a)->value;
			handed_on = false;
			break;
		case DPA_METER:
			n = meter_batch(ex, batch, n, ((const struct dpa_u32 *)a)->value);
			handed_on = false;
			break;
		case DPA_DEC_TTL:
			n = dec_ttl_batch(ex, batch, n, (const struct dpa_nested *)a, depth);
			handed_on = false;
			break;
		case DPA_DROP:
			drop_all(ex, batch, n, DROP_ACTION);
			return;
		case DPA_CT:
		case DPA_CT_CLEAR:
		case DPA_LB_OUTPUT:
			drop_all(ex, batch, n, DROP_UNSUPPORTED);
			return;
		default: /* changes packets in place */
			n = edit_batch(ex, batch, n, a);
			handed_on = false;
			break;
		}
		if (last && handed_on)
			return;
	}
	for (unsigned i = 0; i < n; i++)
		packet_free(batch[i]);
}
