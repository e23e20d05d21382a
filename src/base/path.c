/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include "base/mem.h"
#include "base/path_config.h" /* made by meson */

struct place {
	const char *variable, *built_in;
};

static const char *place(const struct place *p)
{
	const char *s = getenv(p->variable);
	return s && *s ? s : p->built_in;
}

const char *path_rundir(void)
{
	static const struct place p = { "OVS_RUNDIR", "/var/run/openvswitch" };
	return place(&p);
}

const char *path_logdir(void)
{
	static const struct place p = { "OVS_LOGDIR", "/var/log/openvswitch" };
	return place(&p);
}

const char *path_sysconfdir(void)
{
	static const struct place p = { "OVS_SYSCONFDIR", SYSCONFDIR };
	return place(&p);
}

const char *path_pkgdatadir(void)
{
	static const struct place p = { "OVS_PKGDATADIR", PKGDATADIR };
	return place(&p);
}

const char *path_dbdir(void)
{
	static char *dir;
	const char *s = getenv("OVS_DBDIR");
	if (s && *s)
		return s;
	if (!dir)
		dir = xasprintf("%s/openvswitch", path_sysconfdir());
	return dir;
}

char *path_in(const char *dir, const char *name)
{
	return *name == '/' ? xstrdup(name) : xasprintf("%s/%s", dir, name);
}

char *path_in_rundir(const char *name) { return path_in(path_rundir(), name); }
