/* SPDX-License-Identifier: Apache-2.0 */
/* Picking one out of several by a hash of the packet: bundle(), bundle_load(), multipath().
 * Highest random weight (Thaler, Ravishankar 1998): each choice gets a pseudo-random number out of
 * the hash and its own number, the largest wins; a choice that goes away moves only its own flows.
 */
#include "base/hash.h"
#include "pipeline/translate/context.h"

static bool is_ip4(const struct flow_key *k) { return k->dl_type == BE16_C(0x0800); }
static bool is_ip6(const struct flow_key *k) { return k->dl_type == BE16_C(0x86dd); }

static bool has_ports(const struct flow_key *k, bool udp)
{
	return (is_ip4(k) || is_ip6(k)) && !(k->nw_frag & FRAG_LATER) &&
	       (k->nw_proto == IPPROTO_TCP || k->nw_proto == IPPROTO_SCTP ||
		(udp && k->nw_proto == IPPROTO_UDP));
}

/* The same in both directions: pairs are combined by exclusive or. */
static uint32_t hash_symmetric(const struct flow_key *k, uint32_t basis, bool l2, bool ports,
			       bool udp)
{
	bool with_proto = ports;
	uint32_t h = basis;
	if (l2) {
		uint64_t a = 0, b = 0;
		memcpy(&a, &k->dl_src, 6);
		memcpy(&b, &k->dl_dst, 6);
		h = hash_add64(h, a ^ b);
		h = hash_add(h, k->dl_type);
		for (int i = 0; i < KEY_MAX_VLANS; i++)
			h = hash_add(h, k->vlans[i].tci & BE16_C(VLAN_VID_MASK));
	}
	if (is_ip4(k)) {
		h = hash_add(h, k->nw_src ^ k->nw_dst);
	} else if (is_ip6(k)) {
		const uint32_t *s = k->ipv6_src.s6_addr32, *d = k->ipv6_dst.s6_addr32;
		for (int i = 0; i < 4; i++)
			h = hash_add(h, s[i] ^ d[i]);
	} else {
		return hash_finish(h, 0);
	}
	if (with_proto)
		h = hash_add(h, k->nw_proto);
	if (ports && has_ports(k, udp))
		h = hash_add(h, (uint32_t)(k->tp_src ^ k->tp_dst));
	return hash_finish(h, 0);
}

uint32_t hash_fields(const struct flow_key *k, enum of_hash_fields fields, uint32_t basis)
{
	switch (fields) {
	case OFHF_ETH_SRC:
		return hash_bytes(&k->dl_src, sizeof k->dl_src, basis);
	case OFHF_SYMMETRIC_L4:
		return hash_symmetric(k, basis, true, true, true);
	case OFHF_SYMMETRIC_L3L4:
		return hash_symmetric(k, basis, false, true, false);
	case OFHF_SYMMETRIC_L3L4_UDP:
		return hash_symmetric(k, basis, false, true, true);
	case OFHF_NW_SRC:
		return is_ip4(k)   ? hash_u32(k->nw_src, basis)
		       : is_ip6(k) ? hash_bytes(&k->ipv6_src, sizeof k->ipv6_src, basis)
				   : basis;
	case OFHF_NW_DST:
		return is_ip4(k)   ? hash_u32(k->nw_dst, basis)
		       : is_ip6(k) ? hash_bytes(&k->ipv6_dst, sizeof k->ipv6_dst, basis)
				   : basis;
	case OFHF_SYMMETRIC_L3:
		return hash_symmetric(k, basis, false, false, false);
	}
	return basis;
}

static void mask_ip(const struct flow_key *k, struct flow_key *wc, bool src, bool dst)
{
	if (is_ip4(k)) {
		wc->nw_src |= src ? UINT32_MAX : 0;
		wc->nw_dst |= dst ? UINT32_MAX : 0;
	} else if (is_ip6(k)) {
		if (src)
			memset(&wc->ipv6_src, 0xff, sizeof wc->ipv6_src);
		if (dst)
			memset(&wc->ipv6_dst, 0xff, sizeof wc->ipv6_dst);
	}
}

void mask_hash_fields(const struct flow_key *k, enum of_hash_fields fields, struct flow_key *wc)
{
	bool ip = is_ip4(k) || is_ip6(k);
	switch (fields) {
	case OFHF_ETH_SRC:
		memset(&wc->dl_src, 0xff, sizeof wc->dl_src);
		return;
	case OFHF_NW_SRC:
		mask_ip(k, wc, true, false);
		return;
	case OFHF_NW_DST:
		mask_ip(k, wc, false, true);
		return;
	case OFHF_SYMMETRIC_L4:
		memset(&wc->dl_src, 0xff, sizeof wc->dl_src);
		memset(&wc->dl_dst, 0xff, sizeof wc->dl_dst);
		for (int i = 0; i < KEY_MAX_VLANS; i++)
			wc->vlans[i].tci |= BE16_C(VLAN_VID_MASK | VLAN_CFI);
		break;
	default:
		break;
	}
	mask_ip(k, wc, true, true);
	if (ip && fields != OFHF_SYMMETRIC_L3)
		wc->nw_proto = UINT8_MAX;
	bool ports = fields == OFHF_SYMMETRIC_L3     ? false
		     : fields == OFHF_SYMMETRIC_L3L4 ? has_ports(k, false)
						     : has_ports(k, true);
	if (ports)
		wc->tp_src = wc->tp_dst = UINT16_MAX;
}

static unsigned choose_hrw(uint32_t hash, unsigned n)
{
	unsigned best = 0;
	uint32_t best_weight = 0;
	for (unsigned i = 0; i < n; i++) {
		uint32_t weight = hash_u32(i, hash);
		if (!i || weight > best_weight) {
			best = i;
			best_weight = weight;
		}
	}
	return best;
}

void xlate_multipath(struct xlate *x, const struct ofa_multipath *a)
{
	mask_hash_fields(&x->flow, a->fields, x->wc);
	uint32_t hash = hash_fields(&x->flow, a->fields, a->basis);
	unsigned n = a->max_link + 1u, link = 0;
	switch (a->alg) {
	case OFMP_MODULO_N:
		link = hash % n;
		break;
	case OFMP_HASH_THRESHOLD:
		link = n == 1 ? 0 : (unsigned)((uint64_t)hash * n >> 32);
		break;
	case OFMP_HRW:
		link = n <= 64 ? choose_hrw(hash, n) : choose_hrw(hash, 64) * n / 64;
		if (n > 64) /* the exact method, at the price of n hashes */
			link = choose_hrw(hash, n);
		break;
	case OFMP_ITER_HASH: {
		/* Hash again until a number below n comes out (RFC 2991 calls it so by no name). */
		unsigned bits = 1;
		while (bits < n)
			bits *= 2;
		uint32_t basis = hash;
		do {
			basis = hash_u32(basis, a->arg);
			link = basis % bits;
		} while (link >= n);
		break;
	}
	}
	x->wc->conj_id = 0;
	subfield_set(&a->dst, link, &x->flow);
	xlate_report_subfield(x, &a->dst);
}

static bool is_enabled(const struct xlate *x, uint32_t port)
{
	if (port == x->flow.in_port && port == OFPORT_NONE)
		return false;
	const struct ofport *o = pipeline_port_lookup(x->bridge, port);
	return o && o->bond_may_enable && !(o->config & OFPPC_PORT_DOWN) &&
	       !(o->state & OFPPS_LINK_DOWN);
}

static uint32_t choose_member(const struct xlate *x, const struct ofa_bundle *a)
{
	if (a->alg == OFB_ACTIVE_BACKUP) {
		for (uint32_t i = 0; i < a->n_members; i++)
			if (is_enabled(x, a->members[i]))
				return a->members[i];
		return OFPORT_NONE;
	}
	uint32_t hash = hash_fields(&x->flow, a->fields, a->basis);
	uint32_t best = OFPORT_NONE, best_weight = 0;
	for (uint32_t i = 0; i < a->n_members; i++) {
		uint32_t weight = hash_u32(i, hash);
		if (is_enabled(x, a->members[i]) && (best == OFPORT_NONE || weight > best_weight)) {
			best = a->members[i];
			best_weight = weight;
		}
	}
	return best;
}

void xlate_bundle_action(struct xlate *x, const struct ofa_bundle *a)
{
	if (a->alg != OFB_ACTIVE_BACKUP)
		mask_hash_fields(&x->flow, a->fields, x->wc);
	uint32_t port = choose_member(x, a);
	if (a->dst.field) {
		subfield_set(&a->dst, port, &x->flow);
		xlate_report_subfield(x, &a->dst);
	} else {
		xlate_output(x, port, UINT16_MAX, false, false, false);
	}
}
