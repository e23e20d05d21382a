/* SPDX-License-Identifier: Apache-2.0 */
#include "ofp/protocol.h"

#include <string.h>

#include "base/mem.h"

static const struct {
	uint32_t bit;
	enum of_version version;
	const char *name;
} protocols[] = {
	{ OFPROTO_OF10, OF10, "OpenFlow10-table_id" },
	{ OFPROTO_OF10_TID, OF10, "OpenFlow10+table_id" },
	{ OFPROTO_NXM, OF10, "NXM-table_id" },
	{ OFPROTO_NXM_TID, OF10, "NXM+table_id" },
	{ OFPROTO_OF11, OF11, "OpenFlow11" },
	{ OFPROTO_OXM12, OF12, "OXM-OpenFlow12" },
	{ OFPROTO_OXM13, OF13, "OXM-OpenFlow13" },
	{ OFPROTO_OXM14, OF14, "OXM-OpenFlow14" },
	{ OFPROTO_OXM15, OF15, "OXM-OpenFlow15" },
};

/* Short names of sets, widest first where one contains another. */
static const struct {
	uint32_t bits;
	const char *name;
} sets[] = {
	{ OFPROTO_NXM_ANY, "NXM" },
	{ OFPROTO_OF10_ANY, "OpenFlow10" },
	{ OFPROTO_OXM_ANY, "OXM" },
};

enum of_version of_protocol_version(uint32_t protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].bit == protocol)
			return protocols[i].version;
	}
	return OF10;
}

const char *of_protocol_name(uint32_t protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].bit == protocol)
			return protocols[i].name;
	}
	return "unknown";
}

void of_protocols_put(uint32_t set, struct str *out)
{
	if ((set & OFPROTO_ANY) == OFPROTO_ANY) {
		str_puts(out, "any");
		return;
	}
	if (!(set & OFPROTO_ANY)) {
		str_puts(out, "none");
		return;
	}
	const char *sep = "";
	/* The order of the sets that ovs-ofctl prints: those of 1.0, of NXM, of OXM, then 1.1. */
	static const uint32_t order[] = { OFPROTO_OF10_ANY, OFPROTO_NXM_ANY, OFPROTO_OXM_ANY };
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if ((set & order[i]) != order[i])
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(sets); j++) {
			if (sets[j].bits == order[i])
				str_putf(out, "%s%s", sep, sets[j].name);
		}
		sep = ",";
		set &= ~order[i];
	}
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (set & protocols[i].bit) {
			str_putf(out, "%s%s", sep, protocols[i].name);
			sep = ",";
		}
	}
}

static uint32_t from_word(const char *s, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strlen(protocols[i].name) == len && !strncasecmp(protocols[i].name, s, len))
			return protocols[i].bit;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (strlen(sets[i].name) == len && !strncasecmp(sets[i].name, s, len))
			return sets[i].bits;
	}
	if (len == 3 && !strncasecmp(s, "any", 3))
		return OFPROTO_ANY;
	char word[16];
	if (len >= sizeof word)
		return 0;
	memcpy(word, s, len);
	word[len] = '\0';
	return of_protocols_of_versions(of_versions_from_str(word));
}

uint32_t of_protocols_from_str(const char *s, char **ret_bad)
{
	uint32_t set = 0;
	while (*s) {
		size_t len = strcspn(s, ",");
		uint32_t bits = from_word(s, len);
		if (!bits) {
			*ret_bad = xstrndup(s, len);
			return 0;
		}
		set |= bits;
		s += len + (s[len] == ',');
	}
	return set;
}

uint32_t of_protocols_of_versions(uint32_t versions)
{
	uint32_t set = 0;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (versions & (1u << protocols[i].version))
			set |= protocols[i].bit;
	}
	return set;
}

uint32_t of_versions_of_protocols(uint32_t set)
{
	uint32_t versions = 0;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (set & protocols[i].bit)
			versions |= 1u << protocols[i].version;
	}
	return versions;
}

uint32_t of_protocol_first(enum of_version v)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].version == v)
			return protocols[i].bit;
	}
	return OFPROTO_OF10;
}
