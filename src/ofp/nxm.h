/* SPDX-License-Identifier: Apache-2.0 */
/* nxm: matches as lists of type, length and value: Nicira's NXM in messages of OpenFlow 1.0, OXM in
 * those of 1.2 and later. Nicira extension header, "Flow match"; OpenFlow 1.3 7.2.3. */
#pragma once
#include "ofp/bytes.h"
#include "ofp/match.h"
#include "ofp/version.h"

/* 'strict': an unknown field is an error, else it is skipped (OpenFlow messages to a controller).
 * *ret_cookie and mask, if not NULL, take NXM_NX_COOKIE. 0 or -enum of_error. */
MUST_CHECK int nxm_parse(const void *p, size_t size, bool strict, struct match *ret,
			 be64 *ret_cookie, be64 *ret_cookie_mask);
/* Fields only. Returns the bytes put, before any padding. */
size_t nxm_build(struct bytes *, const struct match *, enum of_version, be64 cookie,
		 be64 cookie_mask);
/* Padded to 8 bytes, as NXM travels. */
size_t nxm_build_padded(struct bytes *, const struct match *, be64 cookie, be64 cookie_mask);
/* With ofp11_match_header, padded. */
void oxm_build(struct bytes *, const struct match *, enum of_version);
/* ofp11_match with header: the standard struct of 1.1 or OXM; takes the padding. */
MUST_CHECK int of_match_pull(struct cursor *, enum of_version, bool strict, struct match *ret,
			     uint16_t *ret_padded_size);
/* The match of flow messages of 1.1 and later. */
void of_match_build(struct bytes *, const struct match *, enum of_version);

/* One header with its body: used by actions. */
void nxm_put_header(struct bytes *, const struct field *, enum of_version, bool masked);
/* The header that 'f' has in text and bytes of actions: NXM's if there is one. 4 or 8 bytes. */
void nxm_put_field(struct bytes *, const struct field *, const union field_value *value,
		   const union field_value *mask, enum of_version);
/* Reads a header. -OFPBMC_BAD_FIELD for one unknown. *ret_n_bytes: of the value that follows. */
MUST_CHECK int nxm_pull_header(struct cursor *, const struct field **ret, bool *ret_masked,
			       size_t *ret_n_bytes);
/* Header and value, and mask if the header says so (else all ones). */
MUST_CHECK int nxm_pull_field(struct cursor *, const struct field **ret, union field_value *value,
			      union field_value *mask);

/* The fixed structs. */
enum { OF10_MATCH_SIZE = 40, OF11_MATCH_SIZE = 88 };
MUST_CHECK int match10_parse(const uint8_t p[OF10_MATCH_SIZE], struct match *ret);
void match10_build(struct bytes *, const struct match *);
MUST_CHECK int match11_parse(const uint8_t p[OF11_MATCH_SIZE], struct match *ret);
void match11_build(struct bytes *, const struct match *);
/* Text of a list of fields: "NXM_OF_IN_PORT(0001), NXM_OF_ETH_TYPE(0806)" and back; ovs-ofctl's
 * parse-nxm, parse-oxm. */
void nxm_put_text(const void *p, size_t size, struct str *out);
MUST_CHECK int nxm_from_text(const char *, enum of_version, struct bytes *, struct err *);
