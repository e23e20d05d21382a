/* SPDX-License-Identifier: Apache-2.0 */
/* action: OpenFlow actions and instructions of all versions as one flat list of records, so that a
 * flow's actions are one allocation and comparing is memcmp(). The text is that of ovs-actions(7);
 * the specification of each action is there.
 *
 * Records are 8-byte aligned; 'size' includes header and padding; padding is zero. Instructions
 * follow the actions in the order of execution (OpenFlow 1.5, 5.5): meter, apply (the actions
 * themselves), clear_actions, write_actions, write_metadata, goto_table.
 * Ports are those of packet/ofport.h; integers are in host order unless they are of a be type. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "ofp/match.h"
#include "ofp/port.h"
#include "ofp/protocol.h"
#include "packet/field.h"

enum of_action_type {
	/* Output. */
	OFA_OUTPUT = 1,	  /* ofa_output */
	OFA_OUTPUT_REG,	  /* ofa_output_reg: port out of a subfield */
	OFA_OUTPUT_TRUNC, /* ofa_output_trunc */
	OFA_CONTROLLER,	  /* ofa_controller */
	OFA_ENQUEUE,	  /* ofa_enqueue */
	OFA_BUNDLE,	  /* ofa_bundle: one of several ports by hash */
	OFA_GROUP,	  /* ofa_u32: group id */
	/* Header and metadata fields. */
	OFA_SET_FIELD,	    /* ofa_set_field: set_field and load */
	OFA_MOVE,	    /* ofa_move */
	OFA_STACK_PUSH,	    /* ofa_subfield */
	OFA_STACK_POP,	    /* ofa_subfield */
	OFA_SET_VLAN_VID,   /* ofa_set_vlan: 1.0 semantics, may push a tag */
	OFA_SET_VLAN_PCP,   /* ofa_set_vlan */
	OFA_STRIP_VLAN,	    /* header only; does nothing without a tag */
	OFA_PUSH_VLAN,	    /* ofa_u32: ethertype */
	OFA_SET_ETH_SRC,    /* ofa_set_eth */
	OFA_SET_ETH_DST,    /* ofa_set_eth */
	OFA_SET_NW_SRC,	    /* ofa_set_nw: IPv4 only */
	OFA_SET_NW_DST,	    /* ofa_set_nw */
	OFA_SET_NW_TOS,	    /* ofa_u32: DSCP in the upper 6 bits of a byte */
	OFA_SET_NW_ECN,	    /* ofa_u32: 0..3 */
	OFA_SET_NW_TTL,	    /* ofa_u32 */
	OFA_SET_TP_SRC,	    /* ofa_u32: TCP, UDP or SCTP port */
	OFA_SET_TP_DST,	    /* ofa_u32 */
	OFA_DEC_TTL,	    /* ofa_dec_ttl: IPv4, IPv6 */
	OFA_SET_MPLS_LABEL, /* ofa_u32 */
	OFA_SET_MPLS_TC,    /* ofa_u32 */
	OFA_SET_MPLS_TTL,   /* ofa_u32 */
	OFA_DEC_MPLS_TTL,   /* header only */
	OFA_PUSH_MPLS,	    /* ofa_u32: ethertype */
	OFA_POP_MPLS,	    /* ofa_u32: ethertype afterwards */
	OFA_DEC_NSH_TTL,    /* header only */
	OFA_DELETE_FIELD,   /* ofa_field: a tun_metadata field */
	OFA_ENCAP,	    /* ofa_encap */
	OFA_DECAP,	    /* ofa_decap */
	/* What else travels beside the packet. */
	OFA_SET_TUNNEL,	 /* ofa_u64: tun_id */
	OFA_SET_QUEUE,	 /* ofa_u32 */
	OFA_POP_QUEUE,	 /* header only */
	OFA_FIN_TIMEOUT, /* ofa_fin_timeout */
	/* Control. */
	OFA_RESUBMIT,	      /* ofa_resubmit */
	OFA_LEARN,	      /* ofa_learn */
	OFA_CONJUNCTION,      /* ofa_conjunction */
	OFA_MULTIPATH,	      /* ofa_multipath */
	OFA_NOTE,	      /* ofa_note */
	OFA_EXIT,	      /* header only */
	OFA_SAMPLE,	      /* ofa_sample */
	OFA_CLONE,	      /* ofa_nested */
	OFA_CHECK_PKT_LARGER, /* ofa_check_pkt_larger */
	OFA_CT,		      /* ofa_ct: nested exec() list */
	OFA_CT_CLEAR,	      /* header only */
	OFA_NAT,	      /* ofa_nat: within ct only */
	OFA_DEBUG_RECIRC,     /* header only */
	OFA_DEBUG_SLOW,	      /* header only */
	/* Not of the wire: put into a frozen continuation by translation. */
	OFA_UNROLL, /* ofa_unroll */
	/* Instructions, in order of execution. */
	OFA_METER,	    /* ofa_u32: meter id; an action as well in 1.5 */
	OFA_CLEAR_ACTIONS,  /* header only */
	OFA_WRITE_ACTIONS,  /* ofa_nested: the action set */
	OFA_WRITE_METADATA, /* ofa_metadata */
	OFA_GOTO_TABLE,	    /* ofa_u32: table id */
	OFA_N_TYPES
};

struct of_action {
	uint16_t type; /* enum of_action_type */
	uint16_t raw;  /* form it had on the wire, enum of_action_raw; 0: none or the usual one */
	uint32_t size;
};

/* Forms that differ in text or on the wire for the same action. */
enum of_action_raw {
	OFRAW_DEFAULT,
	OFRAW_REG_LOAD,		 /* OFA_SET_FIELD: Nicira's load of up to 64 bits */
	OFRAW_SET_VLAN_OF11,	 /* OFA_SET_VLAN_*: never pushes a tag */
	OFRAW_DEC_TTL_IDS,	 /* OFA_DEC_TTL: with a list of controller ids */
	OFRAW_RESUBMIT_TABLE,	 /* OFA_RESUBMIT: resubmit(port,table) */
	OFRAW_RESUBMIT_CT,	 /* OFA_RESUBMIT: resubmit(port,table,ct) */
	OFRAW_CONTROLLER_OUTPUT, /* OFA_CONTROLLER: output to OFPORT_CONTROLLER */
	OFRAW_CONTROLLER2,	 /* OFA_CONTROLLER: with properties (userdata, pause, meter) */
	OFRAW_SAMPLE2,		 /* OFA_SAMPLE: with a sampling port */
	OFRAW_SAMPLE3,		 /* with direction */
	OFRAW_OUTPUT_REG2,	 /* OFA_OUTPUT_REG: field as an OXM header */
	OFRAW_SET_TUNNEL64,	 /* OFA_SET_TUNNEL */
	OFRAW_POP_VLAN,		 /* OFA_STRIP_VLAN: by its name since OpenFlow 1.1 */
};

struct ofa_u32 {
	struct of_action h;
	uint32_t value;
	uint32_t pad;
};
struct ofa_u64 {
	struct of_action h;
	uint64_t value;
};
struct ofa_output {
	struct of_action h;
	uint32_t port;
	uint16_t max_len; /* for the controller */
	uint16_t pad;
};
struct ofa_output_reg {
	struct of_action h;
	struct subfield src;
	uint16_t max_len;
	uint16_t pad[3];
};
struct ofa_output_trunc {
	struct of_action h;
	uint32_t port;
	uint32_t max_len; /* bytes, at least 14 */
};
enum of_packet_in_reason {
	OFPR_NO_MATCH,
	OFPR_ACTION,
	OFPR_INVALID_TTL,
	OFPR_ACTION_SET, /* 1.4+ */
	OFPR_GROUP,
	OFPR_PACKET_OUT,
	OFPR_EXPLICIT_MISS, /* OFPR_NO_MATCH of 1.3: by a table-miss flow */
	OFPR_IMPLICIT_MISS, /* no flow at all */
	OFPR_N_REASONS
};
#define OF_NO_METER 0u
struct ofa_controller {
	struct of_action h;
	uint16_t max_len;
	uint16_t controller_id;
	uint8_t reason; /* enum of_packet_in_reason */
	bool pause;
	uint16_t userdata_size;
	uint32_t meter_id;	    /* OF_NO_METER: none */
	uint32_t provider_meter_id; /* of the datapath; filled by the pipeline */
	uint8_t userdata[];
};
struct ofa_enqueue {
	struct of_action h;
	uint32_t port;
	uint32_t queue;
};
enum of_hash_fields { /* what bundle and multipath hash */
		      OFHF_ETH_SRC,
		      OFHF_SYMMETRIC_L4,
		      OFHF_SYMMETRIC_L3L4,
		      OFHF_SYMMETRIC_L3L4_UDP,
		      OFHF_NW_SRC,
		      OFHF_NW_DST,
		      OFHF_SYMMETRIC_L3,
};
enum of_bundle_alg { OFB_ACTIVE_BACKUP, OFB_HRW };
struct ofa_bundle {
	struct of_action h;
	uint32_t basis;
	uint16_t fields;     /* enum of_hash_fields */
	uint16_t alg;	     /* enum of_bundle_alg */
	struct subfield dst; /* dst.field NULL: output; else the port is loaded there */
	uint32_t n_members;
	uint32_t members[];
};
struct ofa_set_field {
	struct of_action h;
	const struct field *field;
	bool flow_has_vlan; /* vlan_vid without a push before it: prerequisites */
	uint8_t pad[3];
	uint32_t n_bytes; /* field->n_bytes, or the length given for a tun_metadata field */
	uint8_t data[];	  /* value, then mask, in wire order, n_bytes each */
};
static inline const uint8_t *ofa_set_field_mask(const struct ofa_set_field *a)
{
	return a->data + a->n_bytes;
}
struct ofa_move {
	struct of_action h;
	struct subfield src, dst;
};
struct ofa_subfield {
	struct of_action h;
	struct subfield subfield;
};
struct ofa_field {
	struct of_action h;
	const struct field *field;
};
struct ofa_set_vlan {
	struct of_action h;
	uint16_t value; /* VID, or PCP 0..7 */
	bool push_if_none;
	bool flow_has_vlan;
	uint32_t pad;
};
struct ofa_set_eth {
	struct of_action h;
	struct eth_addr addr;
	uint16_t pad;
};
struct ofa_set_nw {
	struct of_action h;
	be32 addr;
	uint32_t pad;
};
struct ofa_dec_ttl {
	struct of_action h;
	uint32_t n_ids;
	uint16_t ids[]; /* controllers that get a packet whose TTL is out */
};
struct ofa_encap {
	struct of_action h;
	uint32_t packet_type; /* PT_OF(), the header to add */
	uint16_t hdr_size;
	uint16_t n_props;
	uint32_t props_size;
	uint32_t pad;
	uint8_t props[]; /* of_encap_prop records, each 8-byte aligned */
};
enum { OFEP_NSH_MDTYPE = 1, OFEP_NSH_TLV = 2 };
struct of_encap_prop {
	uint16_t class; /* 0x0004: NSH */
	uint8_t type;	/* OFEP_* */
	uint8_t size;	/* of this record with header, without padding */
	union {
		uint8_t mdtype;
		struct {
			be16 tlv_class;
			uint8_t tlv_type, tlv_size;
		};
	};
	uint8_t tlv[];
};
struct ofa_decap {
	struct of_action h;
	uint32_t new_packet_type; /* PT_OF(); OF_DECAP_NEXT: as the header says */
	uint32_t pad;
};
#define OF_DECAP_NEXT 0xfffeu /* namespace 0, type 0xfffe: OFPHTN_USE_NEXT_PROTO */
struct ofa_fin_timeout {
	struct of_action h;
	uint16_t idle, hard;
	uint32_t pad;
};
struct ofa_resubmit {
	struct of_action h;
	uint32_t port; /* OFPORT_IN_PORT: unchanged */
	uint8_t table; /* 0xff: the current one */
	bool with_ct;  /* look up with the conntrack tuple */
	uint16_t pad;
};

/* learn(): header, then specs. NX_LEARN_*. */
enum { OFLEARN_SEND_FLOW_REM = 1, OFLEARN_DELETE_LEARNED = 2, OFLEARN_WRITE_RESULT = 4 };
struct ofa_learn {
	struct of_action h;
	uint16_t idle_timeout, hard_timeout, priority;
	uint16_t flags; /* OFLEARN_* */
	uint8_t table;
	uint8_t pad[3];
	uint16_t fin_idle_timeout, fin_hard_timeout;
	be64 cookie;
	uint32_t limit; /* 0: none */
	uint32_t specs_size;
	struct subfield result_dst; /* one bit, with OFLEARN_WRITE_RESULT */
	uint8_t specs[];	    /* of_learn_spec records */
};
enum of_learn_dst { OFLD_MATCH, OFLD_LOAD, OFLD_OUTPUT };
enum of_learn_src { OFLS_FIELD, OFLS_IMMEDIATE };
struct of_learn_spec {
	uint8_t dst_type, src_type;
	uint16_t n_bits;
	uint16_t size; /* of this record, with padding */
	uint16_t imm_size;
	struct subfield src; /* OFLS_FIELD */
	struct subfield dst; /* OFLD_MATCH, OFLD_LOAD */
	uint8_t imm[];	     /* OFLS_IMMEDIATE: right-aligned in ROUND_UP(n_bits, 8) bits */
};

struct ofa_conjunction {
	struct of_action h;
	uint8_t clause, n_clauses; /* clause counts from 0 here, from 1 in text */
	uint16_t pad;
	uint32_t id;
};
enum of_multipath_alg { OFMP_MODULO_N, OFMP_HASH_THRESHOLD, OFMP_HRW, OFMP_ITER_HASH };
struct ofa_multipath {
	struct of_action h;
	uint16_t fields; /* enum of_hash_fields */
	uint16_t basis;
	uint16_t alg; /* enum of_multipath_alg */
	uint16_t max_link;
	uint32_t arg;
	uint32_t pad;
	struct subfield dst;
};
struct ofa_note {
	struct of_action h;
	uint32_t n_bytes;
	uint8_t data[];
};
enum of_sample_direction { OFSD_DEFAULT, OFSD_INGRESS, OFSD_EGRESS };
struct ofa_sample {
	struct of_action h;
	uint16_t probability; /* of 65535 */
	uint16_t direction;   /* enum of_sample_direction */
	uint32_t collector_set_id, obs_domain_id, obs_point_id;
	uint32_t sampling_port; /* OFPORT_NONE */
	uint32_t pad;
};
struct ofa_nested {
	struct of_action h;
	uint8_t nested[]; /* h.size - sizeof header bytes */
};
struct ofa_check_pkt_larger {
	struct of_action h;
	uint16_t pkt_len;
	uint16_t pad[3];
	struct subfield dst; /* one bit */
};
enum { OFCT_COMMIT = 1, OFCT_FORCE = 2 };
#define OFCT_NO_RECIRC 0xff
struct ofa_ct {
	struct of_action h;
	uint16_t flags;	      /* OFCT_* */
	uint16_t zone_imm;    /* if zone_src.field is NULL */
	uint16_t alg;	      /* well-known port: 21 ftp, 69 tftp; 0: none */
	uint8_t recirc_table; /* OFCT_NO_RECIRC: none */
	uint8_t pad;
	struct subfield zone_src;
	uint8_t exec[]; /* nested: OFA_NAT, OFA_SET_FIELD, OFA_MOVE on ct_mark and ct_label */
};
enum { OFNAT_SRC = 1, OFNAT_DST = 2, OFNAT_PERSISTENT = 4, OFNAT_HASH = 8, OFNAT_RANDOM = 16 };
struct ofa_nat {
	struct of_action h;
	uint16_t flags; /* OFNAT_* */
	uint8_t family; /* 0 no address, 4, 6 */
	uint8_t pad;
	uint16_t port_min, port_max;	    /* 0: none */
	struct in6_addr addr_min, addr_max; /* IPv4: in the first 4 bytes; max zero: a single one */
};
struct ofa_metadata {
	struct of_action h;
	uint64_t value, mask;
};
struct ofa_unroll {
	struct of_action h;
	be64 rule_cookie;
	uint8_t rule_table;
	uint8_t pad[7];
};

/* Iteration over 'size' bytes of records at 'list'. */
static inline struct of_action *of_action_next(const struct of_action *a)
{
	return (struct of_action *)((char *)a + a->size);
}
#define OF_ACTION_FOR_EACH(a, list, list_size)                                                     \
	for (struct of_action *a = (struct of_action *)(list);                                     \
	     (uintptr_t)a < (uintptr_t)(list) + (list_size); a = of_action_next(a))
/* Nested list of clone, write_actions and ct. */
const struct of_action *of_action_nested(const struct of_action *, size_t *ret_size);
#define OF_LEARN_SPEC_FOR_EACH(s, learn)                                                           \
	for (struct of_learn_spec *s = (struct of_learn_spec *)(learn)->specs;                     \
	     (char *)s < (char *)(learn)->specs + (learn)->specs_size;                             \
	     s = (struct of_learn_spec *)((char *)s + s->size))

/* A list being built; zero-initialise, release with of_actions_fini(). */
struct of_actions {
	uint8_t *data;
	size_t size, allocated;
};
#define OF_ACTIONS_INIT                                                                            \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define AUTO_OF_ACTIONS CLEANUP(of_actions_fini) struct of_actions
void of_actions_fini(struct of_actions *);
/* A zeroed record of 'size' bytes, header filled in; valid until the next one is put. */
void *of_actions_put(struct of_actions *, enum of_action_type, size_t size);
/* Zeroed bytes at the end, part of the last record: its owner sets h.size when it is whole. */
void *of_actions_extend(struct of_actions *, size_t n);
void of_actions_copy(struct of_actions *, const void *list, size_t size); /* appended */
struct ofa_set_field *of_actions_put_set_field(struct of_actions *, const struct field *,
					       const union field_value *value,
					       const union field_value *mask);
void of_actions_put_output(struct of_actions *, uint32_t port, uint16_t max_len);

bool of_action_is_instruction(const struct of_action *);
/* Does any output, enqueue or set of the list send to this port, or to this group (filters of
 * flow dumps and deletes)? */
bool of_actions_output_to(const void *list, size_t size, uint32_t port);
bool of_actions_output_to_group(const void *list, size_t size, uint32_t group);
uint32_t of_actions_goto_table(const void *list, size_t size); /* UINT32_MAX: none */
uint32_t of_actions_meter(const void *list, size_t size);      /* 0: none */

/* Is the list possible for packets of 'match'? 0 or -enum of_error. *usable (OFPROTO_*, may be
 * NULL) loses the protocols that forbid what 1.0 lets pass, such as dec_ttl without a match on IP:
 * who got the list by one of those refuses it with OFPBAC_MATCH_INCONSISTENT. Notes in the records
 * what encoding needs to know of the match (flow_has_vlan, transport protocol). */
struct of_action_check {
	const struct match *match; /* NULL: all packets */
	uint32_t max_ports;	   /* first number that is no port: OFPORT_MAX */
	uint8_t table_id;	   /* of the flow; 255: unknown */
	uint8_t n_tables;	   /* 255: unknown */
};
MUST_CHECK int of_actions_check(void *list, size_t size, const struct of_action_check *,
				uint32_t *usable, struct err *err);

/* As ovs-ofctl prints them: "output:1", "drop" for an empty list. */
void of_actions_put_text(const void *list, size_t size, const struct ofport_names *,
			 struct str *out);
/* Appends what the text says; "drop" is nothing. 'names' may be NULL. Instructions are taken unless
 * 'actions_only'. *ret_usable (OFPROTO_*, may be NULL) loses the protocols that cannot carry it. */
MUST_CHECK int of_actions_from_str(const char *text, const struct ofport_names *, bool actions_only,
				   struct of_actions *, uint32_t *ret_usable, struct err *err);
