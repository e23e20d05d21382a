/* SPDX-License-Identifier: Apache-2.0 */
/* credit: who gets the statistics of the packets that a decision handles, and what each of these
 * packets would have refreshed: a list kept beside a fast-path flow and run with what it counted.
 * References are held, so a credit to something just removed is harmless. */
#pragma once
#include "fastpath/fastpath.h"
#include "ofp/flow.h"
#include "pipeline/pipeline.h"

struct group;
struct recirc;
struct rule;
struct rule_actions;

enum credit_kind {
	CREDIT_RULE,
	CREDIT_TABLE_MATCH, /* table_set, table id */
	CREDIT_TABLE_MISS,
	CREDIT_RX, /* ofport, counted here: patch ports and tunnels */
	CREDIT_TX,
	CREDIT_MIRROR, /* bits */
	CREDIT_BUCKET,
	CREDIT_MAC,   /* source address seen on a bundle */
	CREDIT_LEARN, /* a learn action's flow */
	CREDIT_FIN,   /* fin_timeout */
	CREDIT_BOND,
	CREDIT_RECIRC, /* keeps the state alive */
};

struct credit_learn {
	struct flow_mod fm;
	struct rule_actions *actions;
	uint32_t limit; /* flows of this cookie in the table; 0: any number */
};

struct credit {
	uint8_t kind;
	bool reflected, gratuitous; /* CREDIT_MAC */
	uint16_t vlan;
	union {
		struct rule *rule;
		struct table_set *tables;
		struct ofport *ofport;
		struct group *group;
		struct recirc *recirc;
		struct credit_learn *learn;
	};
	union {
		uint32_t number; /* table id, mirror bits, bucket index */
		struct eth_addr mac;
		struct {
			uint16_t idle, hard;
		} fin;
	};
	struct table_set *tables2; /* CREDIT_LEARN: where */
};

struct credits {
	struct credit *items;
	size_t n, allocated;
	struct recirc_table *recircs;
};

void credits_fini(struct credits *);
void credits_clear(struct credits *);
struct credit *credits_put(struct credits *, enum credit_kind); /* zeroed */
/* Credits 'delta'. 'used_ns' is when the last of the packets was; 0: now. */
void credits_push(const struct credits *, uint64_t n_packets, uint64_t n_bytes, int64_t used_ns,
		  uint16_t tcp_flags, const struct flow_key *);
/* Adds the learnt flow, or restarts its time-outs if it is there. False: the table or limit is
 * full. */
bool learn_apply(struct table_set *, const struct credit_learn *);
