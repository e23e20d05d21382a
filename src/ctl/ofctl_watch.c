/* SPDX-License-Identifier: Apache-2.0 */
/* ofctl_watch: "watch:SPEC" of monitor: asks for the changes of flows. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ctl/ofctl.h"
#include "ofp/action_parse.h"

static bool take_flag(const char *key, uint16_t *flags)
{
	static const struct {
		const char *name;
		uint16_t flag;
	} names[] = { { "!initial", OFFMF_INITIAL }, { "!add", OFFMF_ADD },
		      { "!delete", OFFMF_DELETE },   { "!modify", OFFMF_MODIFY },
		      { "!actions", OFFMF_ACTIONS }, { "!own", OFFMF_OWN } };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i].name, key)) {
			*flags &= (uint16_t)~names[i].flag;
			return true;
		}
	}
	return false;
}

void ofctl_watch(struct peer *p, const char *switch_name, const char *spec)
{
	struct flow_monitor_request r = {
		.id = 1,
		.command = OFFMC_ADD,
		.table_id = OFPTT_ALL,
		.out_port = OFPORT_NONE,
		.out_group = OFPG_ANY,
		.flags = OFFMF_INITIAL | OFFMF_ADD | OFFMF_DELETE | OFFMF_MODIFY | OFFMF_OWN |
			 OFFMF_ACTIONS,
	};
	const struct ofport_names *names = ofctl_accept_names(switch_name);
	AUTO_FREE char *copy = xstrdup(spec);
	AUTO_STR match_text = STR_INIT;
	AUTO_ERR err = ERR_INIT;
	char *s = copy;
	struct token t;
	while (token_next(&s, &t)) {
		if (take_flag(t.key, &r.flags))
			continue;
		if (!strcmp(t.key, "table")) {
			if (!parse_table_id(t.value, &r.table_id))
				log_fatal("unknown table \"%s\"", t.value);
		} else if (!strcmp(t.key, "out_port")) {
			if (!ofport_from_str(t.value, names, &r.out_port))
				log_fatal("%s is not a valid OpenFlow port", t.value);
		} else if (!strcmp(t.key, "out_group")) {
			r.out_group = (uint32_t)strtoul(t.value, NULL, 0);
		} else if (t.key[0] == '!') {
			log_fatal("unknown keyword %s", t.key);
		} else {
			str_putf(&match_text, *t.value ? "%s=%s," : "%s,", t.key, t.value);
		}
	}
	int priority;
	if (match_from_str(str_cstr(&match_text), names, &r.match, &priority, NULL, &err) < 0)
		log_fatal("%s", err_text(&err));
	AUTO_BYTES b = BYTES_INIT;
	size_t start = of_msg_begin(&b, OFMSG_STAT_FLOW_MONITOR_REQUEST, OFK_ANY, peer_version(p),
				    peer_xid(p));
	flow_monitor_request_put(&b, &r, peer_version(p));
	if (of_msg_end(&b, start) < 0)
		log_fatal("the request is too long");
	ofctl_dump_stats(p, &b, NULL);
}
