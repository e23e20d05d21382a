/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/ofport.h"

#include <string.h>
#include <strings.h>

static const struct {
	uint32_t port;
	const char *name;
} reserved[] = {
	{ OFPORT_IN_PORT, "IN_PORT" }, { OFPORT_TABLE, "TABLE" },
	{ OFPORT_NORMAL, "NORMAL" },   { OFPORT_FLOOD, "FLOOD" },
	{ OFPORT_ALL, "ALL" },	       { OFPORT_CONTROLLER, "CONTROLLER" },
	{ OFPORT_LOCAL, "LOCAL" },     { OFPORT_NONE, "ANY" },
	{ OFPORT_UNSET, "UNSET" },     { OFPORT_NONE, "NONE" }, /* accepted, not printed */
};

uint32_t ofport_to_11(uint32_t port) { return port < OFPORT_MAX ? port : port | 0xffff0000; }

bool ofport_from_11(uint32_t wire, uint32_t *ret)
{
	if (wire < OFPORT_MAX)
		*ret = wire;
	else if (wire >= 0xffff0000 + OFPORT_MAX)
		*ret = wire & 0xffff;
	else
		return false;
	return true;
}

const char *ofport_reserved_name(uint32_t port)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (reserved[i].port == port)
			return reserved[i].name;
	return NULL;
}

void ofport_to_str(uint32_t port, const struct ofport_names *names, struct str *out)
{
	const char *name = ofport_reserved_name(port);
	if (!name && names && names->print_names && names->name)
		name = names->name(port, names->arg);
	if (!name) {
		str_putf(out, "%u", port);
		return;
	}
	/* A name that the parser would not take as one word goes in quotation marks. */
	bool plain = *name && !(*name >= '0' && *name <= '9');
	for (const char *p = name; *p; p++)
		if (!(*p == '_' || *p == '-' || *p == '.' || (*p >= '0' && *p <= '9') ||
		      (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')))
			plain = false;
	str_putf(out, plain ? "%s" : "\"%s\"", name);
}

bool ofport_from_str(const char *s, const struct ofport_names *names, uint32_t *ret)
{
	uint32_t n;
	if (str_to_u32(s, 10, &n) || (str_starts(s, "0x") && str_to_u32(s, 0, &n)))
		return n <= 0xffff ? (*ret = n, true) : ofport_from_11(n, ret);
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (!strcasecmp(s, reserved[i].name)) {
			*ret = reserved[i].port;
			return true;
		}
	if (!names || !names->number)
		return false;
	size_t len = strlen(s);
	if (len >= 2 && s[0] == '"' && s[len - 1] == '"') {
		char bare[64];
		if (len - 2 >= sizeof bare)
			return false;
		memcpy(bare, s + 1, len - 2);
		bare[len - 2] = '\0';
		return names->number(bare, ret, names->arg);
	}
	return names->number(s, ret, names->arg);
}
