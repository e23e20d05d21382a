/* SPDX-License-Identifier: Apache-2.0 */
/* monitor_codec: flow monitors. Nicira's NXST_FLOW_MONITOR beside 1.0 to 1.2, ONF's extension
 * to 1.3, OpenFlow 1.4 7.3.5.17. */
#include "ofp/codec.h"
#include "ofp/error.h"
#include "ofp/nxm.h"

enum { OFFMF_KNOWN = 0x3f };

int flow_monitor_request_pull(const struct of_msg *m, struct cursor *c,
			      struct flow_monitor_request *r)
{
	if (!c->left)
		return 1;
	memset(r, 0, sizeof *r);
	r->out_port = OFPORT_NONE;
	r->out_group = OFPG_ANY;
	r->id = cursor_be32(c);
	if (m->version < OF13) {
		r->flags = cursor_be16(c);
		r->out_port = cursor_be16(c);
		uint16_t match_len = cursor_be16(c);
		r->table_id = cursor_u8(c);
		const void *zeros = cursor_pull(c, 5);
		if (!zeros)
			return -OFPERR_OFPBRC_BAD_LEN;
		if (!bytes_are_zero(zeros, 5))
			return -OFPERR_NXBRC_MUST_BE_ZERO;
		if (!(r->flags & (OFFMF_INITIAL | OFFMF_ADD | OFFMF_DELETE | OFFMF_MODIFY)) ||
		    r->flags & ~OFFMF_KNOWN)
			return -OFPERR_OFPMOFC_BAD_FLAGS;
		const void *match = cursor_pull(c, ROUND_UP((size_t)match_len, 8));
		return match ? nxm_parse(match, match_len, true, &r->match, NULL, NULL)
			     : -OFPERR_OFPBMC_BAD_LEN;
	}
	if (!ofport_from_11(cursor_be32(c), &r->out_port))
		return -OFPERR_OFPBRC_BAD_PORT;
	r->out_group = cursor_be32(c);
	r->flags = cursor_be16(c);
	r->table_id = cursor_u8(c);
	uint8_t command = cursor_u8(c);
	if (c->short_read)
		return -OFPERR_OFPBRC_BAD_LEN;
	if (command > OFFMC_DELETE)
		return -OFPERR_OFPMOFC_BAD_COMMAND;
	r->command = (enum of_flow_monitor_command)command;
	if (r->command != OFFMC_DELETE &&
	    (!(r->flags & (OFFMF_INITIAL | OFFMF_ADD | OFFMF_DELETE | OFFMF_MODIFY)) ||
	     r->flags & ~0x7f))
		return -OFPERR_OFPMOFC_BAD_FLAGS;
	return of_match_pull(c, m->version, true, &r->match, NULL);
}

void flow_monitor_request_put(struct bytes *b, const struct flow_monitor_request *r,
			      enum of_version v)
{
	bytes_put_be32(b, r->id);
	if (v < OF13) {
		bytes_put_be16(b, r->flags);
		bytes_put_be16(b, (uint16_t)r->out_port);
		size_t len_at = b->size;
		bytes_put_be16(b, 0);
		bytes_put_u8(b, r->table_id);
		bytes_put_zeros(b, 5);
		size_t n = nxm_build_padded(b, &r->match, 0, 0);
		put_be16(b->data + len_at, (uint16_t)n);
		return;
	}
	bytes_put_be32(b, ofport_to_11(r->out_port));
	bytes_put_be32(b, r->out_group);
	bytes_put_be16(b, r->flags);
	bytes_put_u8(b, r->table_id);
	bytes_put_u8(b, (uint8_t)r->command);
	of_match_build(b, &r->match, v);
}

/* Events by number: Nicira's, then those of 1.3 and later. */
static const uint8_t nx_events[] = { OFFUE_ADDED, OFFUE_DELETED, OFFUE_MODIFIED, OFFUE_ABBREV };
static const uint8_t of_events[] = { OFFUE_INITIAL, OFFUE_ADDED,  OFFUE_DELETED, OFFUE_MODIFIED,
				     OFFUE_ABBREV,  OFFUE_PAUSED, OFFUE_RESUMED };

void flow_update_put(struct bytes *b, const struct flow_update *u, enum of_version v)
{
	const uint8_t *events = v < OF13 ? nx_events : of_events;
	size_t n = v < OF13 ? ARRAY_SIZE(nx_events) : ARRAY_SIZE(of_events);
	uint8_t event = v < OF13 && u->event == OFFUE_INITIAL ? OFFUE_ADDED : (uint8_t)u->event;
	uint16_t wire = 0;
	while (wire < n && events[wire] != event)
		wire++;
	if (wire == n)
		return;
	size_t start = b->size;
	bytes_put_be16(b, 0);
	bytes_put_be16(b, wire);
	if (u->event == OFFUE_ABBREV) {
		bytes_put_be32(b, u->xid);
	} else if (u->event == OFFUE_PAUSED || u->event == OFFUE_RESUMED) {
		bytes_put_zeros(b, 4);
	} else if (v < OF13) {
		bytes_put_be16(b, u->event == OFFUE_DELETED ? (uint16_t)u->reason : 0);
		bytes_put_be16(b, u->priority);
		bytes_put_be16(b, u->idle_timeout);
		bytes_put_be16(b, u->hard_timeout);
		size_t len_at = b->size;
		bytes_put_be16(b, 0);
		bytes_put_u8(b, u->table_id);
		bytes_put_u8(b, 0);
		bytes_put(b, &u->cookie, 8);
		size_t len = nxm_build_padded(b, &u->match, 0, 0);
		put_be16(b->data + len_at, (uint16_t)len);
		of_actions_build(b, u->actions, u->actions_size, v);
	} else {
		bytes_put_u8(b, u->table_id);
		bytes_put_u8(b, u->event == OFFUE_DELETED ? (uint8_t)u->reason : 0);
		bytes_put_be16(b, u->idle_timeout);
		bytes_put_be16(b, u->hard_timeout);
		bytes_put_be16(b, u->priority);
		bytes_put_zeros(b, 4);
		bytes_put(b, &u->cookie, 8);
		of_match_build(b, &u->match, v);
		of_instructions_build(b, u->actions, u->actions_size, v);
	}
	if (b->size - start > UINT16_MAX)
		b->size = start;
	else
		put_be16(b->data + start, (uint16_t)(b->size - start));
}

int flow_update_pull(const struct of_msg *m, struct cursor *c, struct flow_update *u,
		     struct of_actions *acts)
{
	if (!c->left)
		return 1;
	size_t len = c->left >= 4 ? get_be16(c->p) : 0;
	const void *p = len >= 8 && len % 8 == 0 ? cursor_pull(c, len) : NULL;
	if (!p)
		return -OFPERR_OFPBRC_BAD_LEN;
	struct cursor rec = cursor_of(p, len);
	memset(u, 0, sizeof *u);
	cursor_skip(&rec, 2);
	uint16_t wire = cursor_be16(&rec);
	bool nx = m->version < OF13;
	if (wire >= (nx ? ARRAY_SIZE(nx_events) : ARRAY_SIZE(of_events)))
		return -OFPERR_NXBRC_FM_BAD_EVENT;
	u->event = (enum of_flow_update_event)(nx ? nx_events : of_events)[wire];
	acts->size = 0;
	if (u->event == OFFUE_ABBREV) {
		u->xid = cursor_be32(&rec);
		return 0;
	}
	if (u->event == OFFUE_PAUSED || u->event == OFFUE_RESUMED)
		return 0;
	int r;
	if (nx) {
		u->reason = cursor_be16(&rec);
		u->priority = cursor_be16(&rec);
		u->idle_timeout = cursor_be16(&rec);
		u->hard_timeout = cursor_be16(&rec);
		uint16_t match_len = cursor_be16(&rec);
		u->table_id = cursor_u8(&rec);
		cursor_skip(&rec, 1);
		u->cookie = cpu_to_be64(cursor_be64(&rec));
		const void *match = cursor_pull(&rec, ROUND_UP((size_t)match_len, 8));
		r = match ? nxm_parse(match, match_len, false, &u->match, NULL, NULL)
			  : -OFPERR_OFPBMC_BAD_LEN;
	} else {
		u->table_id = cursor_u8(&rec);
		u->reason = cursor_u8(&rec);
		u->idle_timeout = cursor_be16(&rec);
		u->hard_timeout = cursor_be16(&rec);
		u->priority = cursor_be16(&rec);
		cursor_skip(&rec, 4);
		u->cookie = cpu_to_be64(cursor_be64(&rec));
		r = of_match_pull(&rec, m->version, false, &u->match, NULL);
	}
	if (!r)
		r = of_instructions_parse(rec.p, rec.left, m->version, acts);
	u->actions = acts->data;
	u->actions_size = acts->size;
	return r;
}
