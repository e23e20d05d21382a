/* SPDX-License-Identifier: Apache-2.0 */
/* A flow may live in the kernel if all that its mask looks at is in the programs' key, and all its
 * actions are among theirs. Some fields are not in that key because they are the same for every
 * packet that the programs handle: no recirculation, no connection tracking, no fragment, at most
 * one tag. A mask may look at those if the flow wants just that value. All else stays in user
 * space, where the flow works as well, only slower. */
#include "fastpath/ebpf/compile.h"

#include "base/byteorder.h"

static void put_v4(weft_u32 to[4], be32 a) { to[3] = a; }

static weft_u32 tunnel_flags(uint16_t flags)
{
	return (flags & TUN_F_KEY ? WEFT_K_TUN_KEY : 0) |
	       (flags & TUN_F_CSUM ? WEFT_K_TUN_CSUM : 0) | (flags & TUN_F_DF ? WEFT_K_TUN_DF : 0) |
	       (flags & TUN_F_OAM ? WEFT_K_TUN_OAM : 0);
}

/* Copies what both have; used for the key and for the mask. 'v6', 'tun_v6': which addresses count.
 */
static void copy_match(const struct flow_key *k, bool v6, bool tun_v6, struct weft_key *w)
{
	memset(w, 0, sizeof *w);
	w->in_port = k->dp_port;
	w->flags = tunnel_flags(k->tunnel.flags);
	if (tun_v6) {
		memcpy(w->tun_src, &k->tunnel.ipv6_src, 16);
		memcpy(w->tun_dst, &k->tunnel.ipv6_dst, 16);
	} else {
		put_v4(w->tun_src, k->tunnel.ip_src);
		put_v4(w->tun_dst, k->tunnel.ip_dst);
	}
	w->tun_id = (weft_u32)be64_to_cpu(k->tunnel.id);
	w->tun_tos = k->tunnel.tos;
	w->tun_ttl = k->tunnel.ttl;
	w->dl_type = k->dl_type;
	memcpy(w->dl_dst, k->dl_dst.b, 6);
	memcpy(w->dl_src, k->dl_src.b, 6);
	w->vlan_tpid = k->vlans[0].tpid;
	w->vlan_tci = k->vlans[0].tci;
	if (v6) {
		memcpy(w->nw_src, &k->ipv6_src, 16);
		memcpy(w->nw_dst, &k->ipv6_dst, 16);
	} else {
		put_v4(w->nw_src, k->nw_src);
		put_v4(w->nw_dst, k->nw_dst);
	}
	w->nw_proto = k->nw_proto;
	w->nw_tos = k->nw_tos;
	w->nw_ttl = k->nw_ttl;
	w->tp_src = k->tp_src;
	w->tp_dst = k->tp_dst;
	w->tcp_flags = k->tcp_flags;
}

/* Clears in 'mask' what copy_match() took over, and what the programs guarantee. */
static void clear_known(const struct flow_key *key, bool v6, bool tun_v6, struct flow_key *m)
{
	struct tunnel_key *t = &m->tunnel;
	m->dp_port = 0;
	t->flags &= (uint16_t) ~(TUN_F_KEY | TUN_F_CSUM | TUN_F_DF | TUN_F_OAM);
	if (tun_v6)
		memset(&t->ipv6_src, 0, 32);
	if (!tun_v6 || !key->tunnel.ip_dst)
		t->ip_src = t->ip_dst = 0;
	if (!tun_v6)
		memset(&t->ipv6_src, 0, 32);
	t->id = 0;
	t->tos = t->ttl = 0;
	m->dl_type = 0;
	memset(&m->dl_dst, 0, sizeof m->dl_dst);
	memset(&m->dl_src, 0, sizeof m->dl_src);
	memset(&m->vlans[0], 0, sizeof m->vlans[0]);
	if (v6)
		memset(&m->ipv6_src, 0, 32);
	else
		m->nw_src = m->nw_dst = 0;
	m->nw_proto = m->nw_tos = m->nw_ttl = 0;
	m->tp_src = m->tp_dst = 0;
	m->tcp_flags = 0;

	/* The same for all packets here; compile_match() checked that the flow wants it so. */
	m->packet_type = 0;
	m->recirc_id = m->dp_hash = m->skb_priority = m->pkt_mark = 0;
	m->ct_state = m->ct_mark = 0;
	m->ct_zone = 0;
	m->ct_nw_proto = 0;
	memset(m->ct_label, 0, sizeof m->ct_label);
	m->nw_frag = 0;
	memset(&m->vlans[1], 0, sizeof m->vlans[1]);
}

static bool wants_ordinary(const struct flow_key *k, const struct flow_key *m)
{
	return !((k->recirc_id & m->recirc_id) | (k->dp_hash & m->dp_hash) |
		 (k->skb_priority & m->skb_priority) | (k->pkt_mark & m->pkt_mark) |
		 (k->ct_state & m->ct_state) | (k->ct_mark & m->ct_mark) |
		 (uint32_t)(k->ct_zone & m->ct_zone) | (uint32_t)(k->ct_nw_proto & m->ct_nw_proto) |
		 (uint32_t)(k->nw_frag & m->nw_frag)) &&
	       !((k->ct_label[0] & m->ct_label[0]) | (k->ct_label[1] & m->ct_label[1])) &&
	       !((k->vlans[1].tci & m->vlans[1].tci) | (k->vlans[1].tpid & m->vlans[1].tpid)) &&
	       !(k->packet_type & m->packet_type);
}

static bool words_are_zero(const struct flow_key *m)
{
	uint64_t any = 0;
	for (size_t i = 0; i < KEY_WORDS; i++)
		any |= key_words(m)[i];
	return !any;
}

bool compile_match(const struct flow_key *key, const struct flow_key *mask,
		   struct weft_key *ret_key, struct weft_key *ret_mask)
{
	bool v6 = key->dl_type == BE16_C(0x86dd);
	bool tun_v6 = !IN6_IS_ADDR_UNSPECIFIED(&key->tunnel.ipv6_dst);
	if (!wants_ordinary(key, mask) || mask->dp_port != UINT32_MAX)
		return false;
	struct flow_key left = *mask;
	clear_known(key, v6, tun_v6, &left);
	if (!words_are_zero(&left))
		return false;

	copy_match(mask, v6, tun_v6, ret_mask);
	copy_match(key, v6, tun_v6, ret_key);
	if (tunnel_key_is_set(&key->tunnel))
		ret_key->flags |= WEFT_K_TUNNEL | (tun_v6 ? WEFT_K_TUN_V6 : 0);
	ret_mask->flags |= WEFT_K_TUNNEL | WEFT_K_TUN_V6;
	weft_u8 *k = (weft_u8 *)ret_key;
	const weft_u8 *m = (const weft_u8 *)ret_mask;
	for (size_t i = 0; i < sizeof *ret_key; i++)
		k[i] &= m[i];
	return true;
}

/* Actions. */

struct compiler {
	struct weft_flow *flow;
	const struct flow_key *key, *mask;
	const struct compile_ops *ops;
	void *arg;
};

static struct weft_action *put(struct compiler *c, enum weft_action_type type)
{
	if (c->flow->n_actions == WEFT_MAX_ACTIONS)
		return NULL;
	struct weft_action *a = &c->flow->actions[c->flow->n_actions++];
	memset(a, 0, sizeof *a);
	a->type = (weft_u8)type;
	return a;
}

static bool is_zero(const void *p, size_t size)
{
	const uint8_t *b = p;
	for (size_t i = 0; i < size; i++) {
		if (b[i])
			return false;
	}
	return true;
}

static bool is_ones(const void *p, size_t size)
{
	const uint8_t *b = p;
	for (size_t i = 0; i < size; i++) {
		if (b[i] != 0xff)
			return false;
	}
	return true;
}

static bool all_or_nothing(const void *p, size_t size)
{
	return is_zero(p, size) || is_ones(p, size);
}

static bool set_eth(struct compiler *c, const struct dps_eth *v, const struct dps_eth *m)
{
	if (!all_or_nothing(&m->src, 6) || !all_or_nothing(&m->dst, 6))
		return false;
	struct weft_action *a = put(c, WEFT_A_SET_ETH);
	if (!a)
		return false;
	a->u8 = (weft_u8)((m->src.b[0] ? 1 : 0) | (m->dst.b[0] ? 2 : 0));
	memcpy(a->mac, v->src.b, 6);
	memcpy(a->mac + 6, v->dst.b, 6);
	return true;
}

static bool set_tos_ttl(struct compiler *c, uint8_t tos, uint8_t tos_mask, uint8_t ttl,
			uint8_t ttl_mask)
{
	struct weft_action *a;
	if (tos_mask) {
		if (!(a = put(c, WEFT_A_SET_TOS)))
			return false;
		a->u8 = tos;
		a->u16 = tos_mask;
	}
	if (ttl_mask) {
		if (ttl_mask != 0xff || !(a = put(c, WEFT_A_SET_TTL)))
			return false;
		a->u8 = ttl;
	}
	return true;
}

static bool set_ipv4(struct compiler *c, const struct dps_ipv4 *v, const struct dps_ipv4 *m)
{
	struct weft_action *a;
	if (m->src) {
		if (m->src != UINT32_MAX || !(a = put(c, WEFT_A_SET_IP_SRC)))
			return false;
		a->u32 = v->src;
	}
	if (m->dst) {
		if (m->dst != UINT32_MAX || !(a = put(c, WEFT_A_SET_IP_DST)))
			return false;
		a->u32 = v->dst;
	}
	return set_tos_ttl(c, v->tos, m->tos, v->ttl, m->ttl);
}

static bool set_ipv6(struct compiler *c, const struct dps_ipv6 *v, const struct dps_ipv6 *m)
{
	return is_zero(&m->src, 16) && is_zero(&m->dst, 16) && !m->label &&
	       set_tos_ttl(c, v->tclass, m->tclass, v->hlimit, m->hlimit);
}

static bool set_ports(struct compiler *c, const struct dps_ports *v, const struct dps_ports *m)
{
	struct weft_action *a;
	if (m->src) {
		if (m->src != UINT16_MAX || !(a = put(c, WEFT_A_SET_TP_SRC)))
			return false;
		a->u16 = v->src;
	}
	if (m->dst) {
		if (m->dst != UINT16_MAX || !(a = put(c, WEFT_A_SET_TP_DST)))
			return false;
		a->u16 = v->dst;
	}
	return true;
}

static bool set(struct compiler *c, const struct dpa_set *s)
{
	const void *v = s->data, *m = s->data + s->data_size;
	switch (s->what) {
	case DPS_ETH:
		return set_eth(c, v, m);
	case DPS_IPV4:
		return set_ipv4(c, v, m);
	case DPS_IPV6:
		return set_ipv6(c, v, m);
	case DPS_TCP:
	case DPS_UDP:
		return set_ports(c, v, m);
	default:
		return false;
	}
}

static bool output(struct compiler *c, uint32_t dp_port)
{
	uint32_t ifindex;
	enum weft_output kind;
	if (!c->ops->port(dp_port, &ifindex, &kind, c->arg))
		return false;
	struct weft_action *a = put(c, WEFT_A_OUTPUT);
	if (!a)
		return false;
	a->u32 = ifindex;
	a->u8 = (weft_u8)kind;
	return true;
}

static bool push_tunnel(struct compiler *c, const struct dpa_tunnel_push *push,
			const struct dpa_output_dev *dev)
{
	/* A packet out of a tunnel must be rewritten, not wrapped: user space does it. */
	if (tunnel_key_is_set(&c->key->tunnel) || push->header_size > WEFT_ENCAP_BYTES ||
	    push->l3_ofs != 14 || push->l4_ofs > push->header_size ||
	    (push->type != TUNNEL_VXLAN && push->type != TUNNEL_GRE && push->type != TUNNEL_GENEVE))
		return false;
	struct weft_encap e = {
		.ifindex = dev->ifindex,
		.mtu = dev->mtu,
		.size = push->header_size,
		.l3_size = (weft_u16)(push->l4_ofs - push->l3_ofs),
		.l4_size = (weft_u16)(push->header_size - push->l4_ofs),
	};
	memcpy(e.header, push->header, push->header_size);
	if (e.l3_size == 20)
		e.proto = push->header[push->l3_ofs + 9];
	else if (e.l3_size == 40)
		e.proto = push->header[push->l3_ofs + 6];
	else
		return false;
	/* Outer checksums are user space's. */
	const uint8_t *l4 = push->header + push->l4_ofs;
	if (e.proto == 17 ? e.l4_size < 8 || get_be16(l4 + 6)
			  : e.proto != 47 || e.l4_size < 4 || (l4[0] & 0x80))
		return false;
	struct weft_action *a = put(c, WEFT_A_ENCAP);
	if (!a || !c->ops->encap(&e, &a->u32, c->arg))
		return false;
	c->flow->flags |= WEFT_F_ENCAP;
	return true;
}

bool compile_actions(const struct flow_key *key, const struct flow_key *mask, const void *actions,
		     size_t size, const struct compile_ops *ops, void *arg, struct weft_flow *ret)
{
	struct compiler c = { .flow = ret, .key = key, .mask = mask, .ops = ops, .arg = arg };
	memset(ret, 0, sizeof *ret);
	const uint8_t *end = (const uint8_t *)actions + size;
	struct weft_action *drop;
	DP_ACTION_FOR_EACH(a, actions, size)
	{
		const struct dpa_push_vlan *vlan = (const void *)a;
		const struct dp_action *next = (const void *)((const uint8_t *)a + a->size);
		struct weft_action *w;
		switch (a->type) {
		case DPA_OUTPUT:
			if (!output(&c, ((const struct dpa_output *)a)->dp_port))
				return false;
			break;
		case DPA_SET:
			if (!set(&c, (const struct dpa_set *)a))
				return false;
			break;
		case DPA_PUSH_VLAN:
			if (!(w = put(&c, WEFT_A_PUSH_VLAN)))
				return false;
			w->u16 = be16_to_cpu(vlan->tci) & (uint16_t)~VLAN_CFI;
			w->u32 = vlan->tpid;
			break;
		case DPA_POP_VLAN:
			if (!put(&c, WEFT_A_POP_VLAN))
				return false;
			break;
		case DPA_TUNNEL_PUSH:
			/* The last thing that happens, or user space does it. */
			if ((const uint8_t *)next >= end || next->type != DPA_OUTPUT_DEV ||
			    (const uint8_t *)next + next->size != end)
				return false;
			return push_tunnel(&c, (const void *)a, (const void *)next);
		case DPA_DROP:
			if (!(drop = put(&c, WEFT_A_DROP)))
				return false;
			drop->u32 = ((const struct dpa_u32 *)a)->value;
			break;
		default:
			return false;
		}
	}
	return true;
}

void compile_upcall_tunnel(const struct weft_upcall *u, struct tunnel_key *t)
{
	memset(t, 0, sizeof *t);
	if (!(u->key_flags & WEFT_K_TUNNEL))
		return;
	if (u->key_flags & WEFT_K_TUN_V6) {
		memcpy(&t->ipv6_src, u->tun_src, 16);
		memcpy(&t->ipv6_dst, u->tun_dst, 16);
	} else {
		t->ip_src = u->tun_src[3];
		t->ip_dst = u->tun_dst[3];
	}
	t->id = cpu_to_be64(u->tun_id);
	t->tos = u->tun_tos;
	t->ttl = u->tun_ttl;
	t->flags = (uint16_t)((u->key_flags & WEFT_K_TUN_KEY ? TUN_F_KEY : 0) |
			      (u->key_flags & WEFT_K_TUN_CSUM ? TUN_F_CSUM : 0) |
			      (u->key_flags & WEFT_K_TUN_DF ? TUN_F_DF : 0) |
			      (u->key_flags & WEFT_K_TUN_OAM ? TUN_F_OAM : 0));
}
