/* SPDX-License-Identifier: Apache-2.0 */
/* action_wire: actions and instructions as bytes. OpenFlow 1.0 5.2.4, 1.1 A.2.5, 1.3 7.2.4, 7.2.5,
 * 1.5 7.2.6, and Nicira's extension actions. */
#pragma once
#include "ofp/action.h"
#include "ofp/bytes.h"

/* Actions of a list, without instructions (1.0: instructions as what they come closest to). */
void of_actions_build(struct bytes *, const void *list, size_t size, enum of_version);
/* 1.1 and later: instructions, actions in apply_actions; 1.0: actions. */
void of_instructions_build(struct bytes *, const void *list, size_t size, enum of_version);

/* 0 or -enum of_error; on failure 'out' is as it was. */
MUST_CHECK int of_actions_parse(const void *p, size_t size, enum of_version,
				struct of_actions *out);
MUST_CHECK int of_instructions_parse(const void *p, size_t size, enum of_version,
				     struct of_actions *out);

enum { /* Nicira's subtypes */
       NXAST_RESUBMIT = 1,
       NXAST_SET_TUNNEL = 2,
       NXAST_SET_QUEUE = 4,
       NXAST_POP_QUEUE = 5,
       NXAST_REG_MOVE = 6,
       NXAST_REG_LOAD = 7,
       NXAST_NOTE = 8,
       NXAST_SET_TUNNEL64 = 9,
       NXAST_MULTIPATH = 10,
       NXAST_BUNDLE = 12,
       NXAST_BUNDLE_LOAD = 13,
       NXAST_RESUBMIT_TABLE = 14,
       NXAST_OUTPUT_REG = 15,
       NXAST_LEARN = 16,
       NXAST_EXIT = 17,
       NXAST_DEC_TTL = 18,
       NXAST_FIN_TIMEOUT = 19,
       NXAST_CONTROLLER = 20,
       NXAST_DEC_TTL_IDS = 21,
       NXAST_WRITE_METADATA = 22,
       NXAST_PUSH_MPLS = 23,
       NXAST_POP_MPLS = 24,
       NXAST_SET_MPLS_TTL = 25,
       NXAST_DEC_MPLS_TTL = 26,
       NXAST_STACK_PUSH = 27,
       NXAST_STACK_POP = 28,
       NXAST_SAMPLE = 29,
       NXAST_SET_MPLS_LABEL = 30,
       NXAST_SET_MPLS_TC = 31,
       NXAST_OUTPUT_REG2 = 32,
       NXAST_REG_LOAD2 = 33,
       NXAST_CONJUNCTION = 34,
       NXAST_CT = 35,
       NXAST_NAT = 36,
       NXAST_CONTROLLER2 = 37,
       NXAST_SAMPLE2 = 38,
       NXAST_OUTPUT_TRUNC = 39,
       NXAST_GROUP = 40,
       NXAST_SAMPLE3 = 41,
       NXAST_CLONE = 42,
       NXAST_CT_CLEAR = 43,
       NXAST_RESUBMIT_TABLE_CT = 44,
       NXAST_LEARN2 = 45,
       NXAST_ENCAP = 46,
       NXAST_DECAP = 47,
       NXAST_DEC_NSH_TTL = 48,
       NXAST_CHECK_PKT_LARGER = 49,
       NXAST_DELETE_FIELD = 50,
       NXAST_DEBUG_SLOW = 254,
       NXAST_DEBUG_RECIRC = 255,
};
enum { OFPAT_VENDOR = 0xffff };

/* learn() has a file of its own. */
void of_learn_build(struct bytes *, const struct ofa_learn *);
MUST_CHECK int of_learn_parse(struct cursor *body, bool learn2, struct of_actions *out);
