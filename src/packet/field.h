/* SPDX-License-Identifier: Apache-2.0 */
/* field: the one table of what a flow can match on: names, code points, widths, prerequisites and
 * where in struct flow_key each field lies. OpenFlow matches and actions, the pipeline and the text
 * forms all go by it. The table is gen/fields; ovs-fields(7) describes the fields.
 *
 * Values: a field_value holds 'n_bytes' bytes in wire order, as in the body of an OXM: integers are
 *         right-aligned in them. tun_metadata has 124 bytes, shorter options are right-aligned.
 * Threads: any; the table is constant. tun_table_current is a thread's own. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "gen/field_ids.h"
#include "packet/key.h"
#include "packet/ofport.h"

enum { FIELD_MAX_BYTES = 124, FIELD_MAX_POINTS = 3, FIELD_N_TUN_METADATA = 64 };

union field_value {
	uint8_t b[FIELD_MAX_BYTES + 4];
	uint8_t u8;
	be16 be16;
	be32 be32;
	be64 be64;
	struct eth_addr eth;
	struct in6_addr ip6;
};

enum field_prereq {
	FIELD_PRE_NONE,
	FIELD_PRE_ETH,	/* packet_type (0,0) */
	FIELD_PRE_VLAN, /* a VLAN tag is there */
	FIELD_PRE_ARP,	/* ARP, RARP */
	FIELD_PRE_IP4,
	FIELD_PRE_IP6,
	FIELD_PRE_IP,
	FIELD_PRE_MPLS,
	FIELD_PRE_TCP, /* over IPv4 or IPv6, and no later fragment; so are the following */
	FIELD_PRE_UDP,
	FIELD_PRE_SCTP,
	FIELD_PRE_ICMP4,
	FIELD_PRE_ICMP6,
	FIELD_PRE_ND,
	FIELD_PRE_ND_SOL,
	FIELD_PRE_ND_ADV,
	FIELD_PRE_NSH,
	FIELD_PRE_CT, /* IPv4 or IPv6 by the field's own family; checked loosely: any packet */
};

enum field_format {
	FIELD_FMT_DEC,
	FIELD_FMT_HEX,
	FIELD_FMT_ETH,
	FIELD_FMT_IP4,
	FIELD_FMT_IP6,
	FIELD_FMT_PORT10, /* 16-bit OpenFlow 1.0 port */
	FIELD_FMT_PORT11, /* 32-bit OpenFlow 1.1+ port */
	FIELD_FMT_FRAG,
	FIELD_FMT_TUNFLAGS,
	FIELD_FMT_TCPFLAGS,
	FIELD_FMT_CTSTATE,
	FIELD_FMT_PKTTYPE,
};

/* What the fixed match structs of OpenFlow 1.0 and 1.1 can say of a field. */
enum field_of { FIELD_OF_NO, FIELD_OF_EXACT, FIELD_OF_CIDR, FIELD_OF_ANY };

/* How the value lies in struct flow_key. */
enum field_where {
	FIELD_AT_BE,	/* n_bits of an integer in wire order, shifted left by 'shift' */
	FIELD_AT_HOST,	/* the same in host order */
	FIELD_AT_BYTES, /* as it is on the wire */
	FIELD_AT_REGS,	/* 32-bit words in host order, most significant first */
	FIELD_AT_PORT10,
	FIELD_AT_PORT11,
	FIELD_AT_TOS,	  /* the DSCP, where it is in the byte */
	FIELD_AT_ICMP,	  /* 8 bits of the 16 of a port, which are matched together */
	FIELD_AT_ARPOP,	  /* 16 bits of which the key has 8 */
	FIELD_AT_VLAN,	  /* OpenFlow 1.0: 12-bit id, 0xffff: no tag */
	FIELD_AT_VID,	  /* OpenFlow 1.2: 12-bit id and 0x1000: a tag is there */
	FIELD_AT_VLANPCP, /* 3 bits; implies that a tag is there */
	FIELD_AT_TUNMETA, /* by the TLV table */
};

/* A code point: NXM and OXM headers in one form, without the mask bit: class << 48 | number << 41 |
 * length << 32 | experimenter, where length is that of the exact value plus 4 for an experimenter.
 */
struct field_point {
	uint64_t header;
	const char *name;   /* "NXM_OF_IN_PORT" */
	uint8_t of_version; /* wire number of the OpenFlow version that brought it; NXM: 1 */
};

struct field {
	enum field_id id;
	const char *name;  /* "eth_src" */
	const char *alias; /* "dl_src" or NULL */
	uint8_t n_bytes;
	uint16_t n_bits; /* low bits of the value that may be set */
	bool maskable;	 /* arbitrary masks; else exact or any */
	bool writable;	 /* set_field, move .. may write it */
	enum field_prereq prereq;
	enum field_format format;
	enum field_of of10, of11;
	enum field_where where;
	uint8_t shift;
	uint16_t ofs, size; /* in struct flow_key */
	uint8_t n_points;
	struct field_point points[FIELD_MAX_POINTS];
};
extern const struct field field_table[N_FIELDS];

static inline const struct field *field_get_table(enum field_id id) { return &field_table[id]; }
static inline bool field_is_tun_metadata(const struct field *f)
{
	return f->where == FIELD_AT_TUNMETA;
}
static inline bool field_is_register(const struct field *f)
{
	return f->id >= FIELD_REG0 && f->id <= FIELD_XXREG3;
}

/* Name or alias ("eth_src", "dl_src"), or the name of a code point ("NXM_OF_ETH_SRC"). NULL: none.
 */
const struct field *field_from_name(const char *name, size_t len);
/* By class, number and experimenter; the mask bit and the length are not looked at. NULL: none.
 * Build 'header' with field_header_read(). */
const struct field *field_from_nxm(uint64_t header);
/* The header that a peer of this OpenFlow version knows best; 0: none at all. With 'masked' the
 * mask bit is set and the length covers value and mask. */
uint64_t field_nxm_header(const struct field *, uint8_t of_version, bool masked);
/* "NXM_OF_ETH_SRC": the name people see in load, move .. */
const char *field_nxm_name(const struct field *);

#define FIELD_HEADER_MASKED (UINT64_C(1) << 40)
static inline unsigned field_header_class(uint64_t h) { return (unsigned)(h >> 48); }
static inline bool field_header_is_masked(uint64_t h) { return h & FIELD_HEADER_MASKED; }
static inline unsigned field_header_length(uint64_t h) { return (unsigned)(h >> 32) & 0xff; }
/* Bytes of the header itself: 4, or 8 with an experimenter; and of the body after it. */
static inline unsigned field_header_size(uint64_t h)
{
	return field_header_class(h) == 0xffff ? 8 : 4;
}
static inline unsigned field_header_body(uint64_t h)
{
	unsigned len = field_header_length(h), over = field_header_size(h) - 4;
	return len >= over ? len - over : 0;
}
/* Reads 4 or 8 bytes. -EINVAL: too short. Does not look the field up. */
MUST_CHECK int field_header_read(const void *p, size_t size, uint64_t *ret);
/* Writes 4 or 8 bytes, returns how many. */
unsigned field_header_write(void *p, uint64_t header);

/* Is the field there in a packet of this key? With 'mask', does the match (key, mask) say so? */
bool field_prereqs_ok(const struct field *, const struct flow_key *, const struct flow_key *mask);
/* Sets mask bits of what the prerequisites look at: a decision by this field depends on them. */
void field_mask_prereqs(const struct field *, const struct flow_key *key, struct flow_key *mask);

void field_get(const struct field *, const struct flow_key *key, union field_value *ret);
void field_mask_get(const struct field *, const struct flow_key *mask, union field_value *ret);
void field_set(const struct field *, const union field_value *, struct flow_key *);
/* Only the bits of 'mask'; the rest stays. */
void field_set_masked(const struct field *, const union field_value *,
		      const union field_value *mask, struct flow_key *);
/* Of a match: 'key' and 'mask' both change. dl_vlan and vlan_pcp also match the presence of the
 * tag. */
void field_match_set(const struct field *, const union field_value *, const union field_value *mask,
		     struct flow_key *key, struct flow_key *keymask);
void field_match_clear(const struct field *, struct flow_key *key, struct flow_key *keymask);
/* Sets all bits of the field in a mask: "this field decided". */
void field_mask_set(const struct field *, struct flow_key *mask);
bool field_is_exact(const struct field *, const struct flow_key *mask);
bool field_is_wild(const struct field *, const struct flow_key *mask);
bool field_is_zero(const struct field *, const struct flow_key *);
/* Are the bits outside n_bits zero? -- else the value may not be sent or accepted. */
bool field_value_ok(const struct field *, const union field_value *);
/* All ones in n_bits. */
void field_value_ones(const struct field *, union field_value *ret);
bool field_value_is_zero(const struct field *, const union field_value *);
bool field_value_is_ones(const struct field *, const union field_value *);

/* Text. 'mask' NULL or all ones: exact. Numbers as ovs-ofctl prints them; no field name. */
void field_value_to_str(const struct field *, const union field_value *,
			const union field_value *mask, const struct ofport_names *,
			struct str *out);
/* "VALUE" or "VALUE/MASK"; "*" gives a zero mask. 'ret_mask' NULL: a mask is refused.
 * 'err' has a sentence as ovs-ofctl prints it. */
MUST_CHECK int field_value_from_str(const struct field *, const char *s,
				    const struct ofport_names *, union field_value *ret,
				    union field_value *ret_mask, struct err *err);
/* Without port names; for callers that keep them apart. */
void field_put_eth(const struct eth_addr *, struct str *out);
void field_put_ip6(const struct in6_addr *, struct str *out);
/* "a.b.c.d/M": a length if the mask is contiguous, else dotted; nothing for an exact mask. */
void field_put_ip4_masked(be32 addr, be32 mask, struct str *out);
void field_put_ip6_masked(const struct in6_addr *, const struct in6_addr *mask, struct str *out);
void field_put_eth_masked(const struct eth_addr *, const struct eth_addr *mask, struct str *out);
/* Flags: "+a-b" of those in the mask if there are both kinds, "a|b" if the mask is exact. */
void field_put_flags_masked(uint32_t flags, uint32_t mask, uint32_t max,
			    const char *(*name)(uint32_t), struct str *out);
const char *ct_state_name(uint32_t bit);
const char *tcp_flag_name(uint32_t bit);
const char *tun_flag_name(uint32_t bit);

/* Some bits of a field: n_bits from bit 'ofs' (0 is the least significant). */
struct subfield {
	const struct field *field;
	uint16_t ofs;
	uint16_t n_bits;
};
/* "NXM_OF_IN_PORT[0..3]", "reg0[]", "eth_src" (all), "vlan_tci[12]". Consumes the longest prefix of
 * 's' that is one; *ret_end points behind it. */
MUST_CHECK int subfield_parse(const char *s, struct subfield *ret, const char **ret_end,
			      struct err *err);
/* The whole string. */
MUST_CHECK int subfield_from_str(const char *s, struct subfield *ret, struct err *err);
void subfield_to_str(const struct subfield *, struct str *out);
/* -EINVAL with a sentence: not there by the prerequisites, beyond the width, not writable .. */
MUST_CHECK int subfield_check_read(const struct subfield *, const struct flow_key *match,
				   const struct flow_key *mask, struct err *err);
MUST_CHECK int subfield_check_write(const struct subfield *, const struct flow_key *match,
				    const struct flow_key *mask, struct err *err);
/* The low 64 bits of it. */
uint64_t subfield_get(const struct subfield *, const struct flow_key *);
/* Right-aligned in 'size' bytes. */
void subfield_read(const struct subfield *, const struct flow_key *, void *ret, size_t size);
void subfield_write(const struct subfield *, const void *value, size_t size, struct flow_key *);
void subfield_set(const struct subfield *, uint64_t value, struct flow_key *);
/* Both have the same n_bits; they may overlap. */
void subfield_copy(const struct subfield *src, const struct subfield *dst,
		   const struct flow_key *from, struct flow_key *to);
void subfield_mask_set(const struct subfield *, struct flow_key *mask);

/* Bit strings in wire order, of any size: bit 0 is the lowest bit of the last byte. */
void bits_copy(const void *src, unsigned src_size, unsigned src_ofs, void *dst, unsigned dst_size,
	       unsigned dst_ofs, unsigned n_bits);
void bits_fill(void *dst, unsigned dst_size, unsigned dst_ofs, unsigned n_bits, bool one);
bool bits_are(const void *p, unsigned size, unsigned ofs, unsigned n_bits, bool one);

/* Which Geneve option tun_metadata<i> is, and where its value lies in flow_key.tun_opts: one table
 * a bridge (ovs-ofctl add-tlv-map). */
struct tun_table {
	struct tun_entry {
		uint16_t option_class;
		uint8_t option_type;
		uint8_t size; /* bytes, a multiple of 4; 0: this field is not mapped */
		uint16_t ofs; /* in tun_opts */
	} entry[FIELD_N_TUN_METADATA];
	uint16_t used; /* bytes of tun_opts given away */
	bool ad_hoc;   /* ovs-ofctl, which knows no table: a field gets room when it is first set */
};
/* What field_* above use for tun_metadata on this thread; NULL: these fields read as zero and are
 * not written. The bridge whose flows are being looked at sets it. */
extern __thread struct tun_table *tun_table_current;
/* Maps field 'i'. -ENOSPC, -EEXIST, -EINVAL (size). */
MUST_CHECK int tun_table_add(struct tun_table *, unsigned i, uint16_t option_class,
			     uint8_t option_type, uint8_t size);
void tun_table_del(struct tun_table *, unsigned i);
/* Raw options (a packet's) to values at their places, with key->tunnel.opts_present; and back. */
void tun_opts_to_key(const struct tun_table *, const uint8_t *raw, size_t size,
		     struct flow_key *key);
/* Appends the options that are present; returns the bytes used of 'raw', which has room for 256. */
size_t tun_opts_from_key(const struct tun_table *, const struct flow_key *key, uint8_t *raw);
