/* SPDX-License-Identifier: Apache-2.0 */
/* action_parse: what the parsers of single actions share. Texts are parsed in place. */
#pragma once
#include "ofp/action.h"
#include "ofp/protocol.h"

enum { OF_ACTIONS_MAX_DEPTH = 16, OF_ACTIONS_MAX_BYTES = 64 * 1024 };

struct action_parser {
	const struct ofport_names *names;
	struct of_actions *out;
	uint32_t usable; /* OFPROTO_*, narrowed by what is parsed */
	enum of_action_type
		outer; /* the action whose list this is in: OFA_CT, OFA_WRITE_ACTIONS .. */
	unsigned depth;
	struct err *err;
};

/* Takes the next "key", "key=value", "key:value" or "key(value)" off *s; values keep their
 * parentheses balanced. 'delim' gets the character behind the key, ')' text after "->" follows in
 * 'value' for "key(value)->rest" as the separate *ret_rest. False at the end. */
struct token {
	char *key, *value; /* value is "" if there is none */
	char *rest;	   /* text behind a closing parenthesis: "->reg0[0]"; "" if none */
};
bool token_next(char **s, struct token *ret);

/* "invalid WHAT "TEXT"". */
MUST_CHECK int parse_u8(const char *s, const char *what, uint8_t *ret, struct err *);
MUST_CHECK int parse_u16(const char *s, const char *what, uint16_t *ret, struct err *);
/* "invalid numeric format TEXT". */
MUST_CHECK int parse_u32(const char *s, uint32_t *ret, struct err *);
MUST_CHECK int parse_u64(const char *s, uint64_t *ret, struct err *);
MUST_CHECK int parse_be64(const char *s, be64 *ret, struct err *);
bool parse_table_id(const char *s, uint8_t *ret);
/* An integer of any width into n_bits right-aligned bits of 'n_bytes' bytes. -ERANGE: does not fit;
 * -EINVAL: none. *ret_end behind it. */
int parse_wide(const char *s, uint8_t *ret, size_t n_bytes, unsigned n_bits, const char **ret_end);

MUST_CHECK int learn_parse(struct action_parser *, char *arg);
MUST_CHECK int encap_parse(struct action_parser *, char *arg);
MUST_CHECK int nat_parse(struct action_parser *, char *arg);
MUST_CHECK int bundle_parse(struct action_parser *, char *arg, bool load);
MUST_CHECK int multipath_parse(struct action_parser *, char *arg);
/* The list "text" into p->out; instructions unless 'actions_only'. */
MUST_CHECK int actions_parse(struct action_parser *, char *text, bool actions_only);
