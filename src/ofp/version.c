/* SPDX-License-Identifier: Apache-2.0 */
#include "ofp/version.h"

#include <ctype.h>
#include <string.h>

static const char *const names[] = {
	[OF10] = "OpenFlow10", [OF11] = "OpenFlow11", [OF12] = "OpenFlow12",
	[OF13] = "OpenFlow13", [OF14] = "OpenFlow14", [OF15] = "OpenFlow15"
};

const char *of_version_name(enum of_version v)
{
	return v >= OF10 && v <= OF15 ? names[v] : "unknown";
}

static enum of_version version_from_word(const char *s, size_t len)
{
	static const char prefix[] = "openflow";
	if (len != 10 && len != 11)
		return 0;
	for (size_t i = 0; i < 8; i++) {
		if (tolower((unsigned char)s[i]) != prefix[i])
			return 0;
	}
	s += 8;
	if (len == 11 && s[1] != '.')
		return 0;
	char minor = s[len - 9];
	return s[0] == '1' && minor >= '0' && minor <= '5' ? (enum of_version)(OF10 + minor - '0')
							   : 0;
}

uint32_t of_versions_from_str(const char *s)
{
	uint32_t set = 0;
	while (*s) {
		s += strspn(s, ", ");
		size_t len = strcspn(s, ", ");
		if (!len)
			break;
		enum of_version v = version_from_word(s, len);
		if (!v)
			return 0;
		set |= 1u << v;
		s += len;
	}
	return set;
}

void of_versions_put(uint32_t versions, struct str *out)
{
	const char *sep = "";
	for (enum of_version v = OF10; v <= OF15; v++) {
		if (versions & (1u << v)) {
			str_putf(out, "%s%s", sep, names[v]);
			sep = ",";
		}
	}
}
