/* SPDX-License-Identifier: Apache-2.0 */
/* Where folders that do not know each other are tied together. A folder includes only from folders
 * before it; what it has to call above itself it calls through a table of functions, and the tables
 * are filled here:
 *
 *	fast path --miss--> upcall --> pipeline
 *	pipeline --packet-in, flow removed, port status--> openflow
 *	port --a device appeared--> apply
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "fastpath/ebpf/register.h"
#include "fastpath/user/register.h"
#include "switchd/switchd.h"
#include "upcall/upcall.h"

LOG_MODULE(wiring);

/* ---- fast paths ------------------------------------------------------------------------------ */

static bool type_is_known(const struct switchd *s, const char *type)
{
	/* --disable-system is about the host's ports; simulated ones in their place may stay. */
	bool is_disabled =
		s->disable_system && s->dummy < PORT_DUMMY_SYSTEM && !strcmp(type, "system");
	return fastpath_ops_lookup(type) && !is_disabled;
}

size_t wiring_datapath_types(const struct switchd *s, const char *ret[], size_t max)
{
	static const char *const all[] = { "dummy", "netdev", "system" };
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(all) && n < max; i++) {
		if (type_is_known(s, all[i]))
			ret[n++] = all[i];
	}
	return n;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t wiring_iface_types(const struct switchd *s, const char *ret[], size_t max)
{
	static const char *const others[] = { "gre", "vxlan", "geneve", "ip6gre", "patch" };
	size_t n = 0;
	for (const char *const *t = port_types(); *t && n < max; t++) {
		if (!strcmp(*t, "dummy-internal"))
			continue; /* a name of ours for "internal" on a dummy bridge */
		ret[n++] = *t;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others) && n < max; i++) {
		if (!strcmp(others[i], "patch") || tunnel_is_type(others[i]))
			ret[n++] = others[i];
	}
	qsort(ret, n, sizeof *ret, by_text);
	return n;
}

int backer_get(struct switchd *s, const char *type, struct backer **ret, struct err *err)
{
	struct backer *k;
	LIST_FOR_EACH(k, &s->backers, node) {
		if (!strcmp(k->type, type)) {
			*ret = k;
			return 0;
		}
	}
	if (!type_is_known(s, type))
		return err_set(err, -EAFNOSUPPORT, "unknown datapath type %s", type);

	AUTO_FREE char *name = xasprintf("ovs-%s", type);
	k = xzalloc(sizeof *k);
	k->type = xstrdup(type);
	list_init(&k->tunnel_ports);
	k->datapath = datapath_new(type, name, s->loop);
	k->upcall = upcall_new(k->datapath, s->loop);
	const struct fastpath_ops *ops = fastpath_ops_lookup(type);
	if (!strcmp(type, "system") && !s->ebpf)
		ops = fastpath_user_system_ops();
	int r = ops->open(name, s->loop, upcall_receive, k->upcall, &k->fastpath, err);
	if (r < 0) {
		upcall_free(k->upcall);
		datapath_free(k->datapath);
		free(k->type);
		free(k);
		return r;
	}
	upcall_set_fastpath(k->upcall, k->fastpath);
	if (!strcmp(type, "system")) {
		AUTO_STR note = STR_INIT;
		fastpath_ebpf_features(k->fastpath, &note);
		if (!note.len)
			str_putf(&note, "user space (%s)",
				 s->ebpf ? "the kernel refused the eBPF programs, see the log"
					 : "other_config:ebpf is false");
		k->note = str_steal(&note);
		log_info("datapath_type \"system\": %s", k->note);
	}
	list_push_back(&s->backers, &k->node);
	*ret = k;
	return 0;
}

void backer_free(struct backer *k)
{
	struct fastpath *fp = k->fastpath;
	list_remove(&k->node);
	upcall_set_fastpath(k->upcall, NULL);
	fp->ops->flow_flush(fp);
	fp->ops->close(fp);
	upcall_free(k->upcall);
	datapath_free(k->datapath);
	free(k->note);
	free(k->type);
	free(k);
}

/* ---- OpenFlow -------------------------------------------------------------------------------- */

int wiring_bridge_add(struct bridge *b, struct err *err)
{
	int r = openflow_server_new(b->name, &pipeline_switch_ops, b->pipeline, b->switchd->loop,
				    &b->openflow, err);
	if (r < 0)
		return r;
	pipeline_set_listener(b->pipeline, &openflow_listener_ops, b->openflow);
	return 0;
}

void wiring_bridge_del(struct bridge *b)
{
	pipeline_set_listener(b->pipeline, NULL, NULL);
	openflow_server_free(b->openflow);
	b->openflow = NULL;
}

void wiring_bridge_configure(struct bridge *b, const struct want_bridge *w)
{
	size_t n = list_size(&w->controllers), i = 0;
	AUTO_FREE struct openflow_controller_config *c = xcalloc(n ? n : 1, sizeof *c);
	struct want_controller *wc;
	LIST_FOR_EACH(wc, &w->controllers, node) {
		c[i++] = (struct openflow_controller_config){
			.target = wc->target,
			.max_backoff_ms = wc->max_backoff_ms >= 0 ? wc->max_backoff_ms : 8000,
			.probe_interval_ms = wc->probe_s >= 0 ? wc->probe_s * 1000 : 5000,
			.in_band = wc->in_band && !w->disable_in_band,
			.service = wc->is_service,
			.rate_limit = wc->rate_limit >= 0 ? wc->rate_limit : 0,
			.burst_limit = wc->burst_limit >= 0 ? wc->burst_limit : 0,
			.max_queued = wc->queue_size >= 0 ? wc->queue_size : 100,
			.enable_async = wc->enable_async,
		};
	}
	openflow_server_set_versions(b->openflow, w->protocols);
	openflow_server_set_controllers(b->openflow, c, n);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void on_new_device(const char *name, void *arg)
{
	struct switchd *s = arg;
	struct bridge *b;
	LIST_FOR_EACH(b, &s->bridges, node) {
		const struct iface *i = bridge_iface(b, name);
		if (i && !i->attached) {
			switchd_apply_soon(s);
			return;
		}
	}
}

int wiring_start(struct switchd *s, struct err *err)
{
	int r = port_start(s->loop, s->dummy, err);
	if (r < 0)
		return r;
	fastpath_user_register(s->dummy);
	if (!fastpath_is_simulated("system"))
		fastpath_ebpf_register();
	upcall_commands_register();
	pipeline_commands_register();
	port_on_new_device(on_new_device, s);
	r = tunnel_start(s->loop, s->dummy == PORT_DUMMY_OVERRIDE, err);
	if (r < 0)
		return r;
	return 0;
}

void wiring_stop(struct switchd *s)
{
	tunnel_stop();
	port_on_new_device(NULL, NULL);
	port_stop();
}
