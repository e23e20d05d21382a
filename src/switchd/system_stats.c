/* SPDX-License-Identifier: Apache-2.0 */
#include "switchd/system_stats.h"

#include <dirent.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

static void put_load(struct strmap *ret)
{
	double load[3];
	strmap_putf(ret, "cpu", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	if (getloadavg(load, 3) == 3)
		strmap_putf(ret, "load_average", "%.2f,%.2f,%.2f", load[0], load[1], load[2]);
}

/* Total, used, caches, swap total, swap used; KiB. */
static void put_memory(struct strmap *ret)
{
	unsigned long total = 0, free_kb = 0, buffers = 0, cached = 0, swap = 0, swap_free = 0, v;
	char line[256], name[64];
	FILE *f = fopen("/proc/meminfo", "re");
	if (!f)
		return;
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%63[^:]: %lu", name, &v) != 2)
			continue;
		if (!strcmp(name, "MemTotal"))
			total = v;
		else if (!strcmp(name, "MemFree"))
			free_kb = v;
		else if (!strcmp(name, "Buffers"))
			buffers = v;
		else if (!strcmp(name, "Cached"))
			cached = v;
		else if (!strcmp(name, "SwapTotal"))
			swap = v;
		else if (!strcmp(name, "SwapFree"))
			swap_free = v;
	}
	fclose(f);
	unsigned long cache = buffers + cached;
	strmap_putf(ret, "memory", "%lu,%lu,%lu,%lu,%lu", total, total - free_kb - cache, cache,
		    swap, swap - swap_free);
}

static void put_file_systems(struct strmap *ret)
{
	AUTO_STR s = STR_INIT;
	FILE *f = setmntent("/proc/mounts", "re");
	struct mntent *m;
	if (!f)
		return;
	while ((m = getmntent(f)) != NULL) {
		struct statvfs vfs;
		if (strncmp(m->mnt_fsname, "/dev/", 5) && strncmp(m->mnt_fsname, "/", 1))
			continue; /* made of memory, or of the network, which may hang */
		if (statvfs(m->mnt_dir, &vfs) || !vfs.f_blocks)
			continue;
		str_putf(&s, "%s%s,%llu,%llu", s.len ? " " : "", m->mnt_dir,
			 (unsigned long long)vfs.f_blocks * vfs.f_frsize / 1024,
			 (unsigned long long)(vfs.f_blocks - vfs.f_bfree) * vfs.f_frsize / 1024);
	}
	endmntent(f);
	if (s.len)
		strmap_put(ret, "file_systems", str_cstr(&s));
}

/* Virtual and resident KiB, CPU ms, starts (1: nothing restarts us), ms since the start, twice. */
static void put_process(struct strmap *ret, const char *program, int pid)
{
	AUTO_FREE char *key = xasprintf("process_%s", program);
	char proc[64], line[1024];
	snprintf(proc, sizeof proc, "/proc/%d/stat", pid);
	FILE *f = pid > 0 ? fopen(proc, "re") : NULL;
	if (!f)
		return;
	if (!fgets(line, sizeof line, f))
		line[0] = 0;
	fclose(f);
	const char *rest = strrchr(line, ')'); /* the name before it may hold anything */
	unsigned long utime, stime, vsize;
	unsigned long long start;
	long rss;
	if (!rest ||
	    sscanf(rest + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d "
		   "%*d %llu %lu %ld",
		   &utime, &stime, &start, &vsize, &rss) != 5)
		return;
	long hz = sysconf(_SC_CLK_TCK);
	double up = 0;
	f = fopen("/proc/uptime", "re");
	if (f) {
		if (fscanf(f, "%lf", &up) != 1)
			up = 0;
		fclose(f);
	}
	long long age_ms = (long long)(up * 1000) - (long long)(start * 1000 / hz);
	strmap_putf(ret, key, "%lu,%lu,%lu,0,%lld,%lld,1", vsize / 1024,
		    (unsigned long)rss * (sysconf(_SC_PAGESIZE) / 1024),
		    (utime + stime) * 1000 / hz, MAX(age_ms, 0), MAX(age_ms, 0));
}

/* Of another daemon. Never for our own: to close a file gives up the lock on it (fcntl(2)), and the
 * lock is what says that we run. */
static int pid_of(const char *program)
{
	AUTO_FREE char *name = xasprintf("%s.pid", program);
	AUTO_FREE char *path = path_in(path_rundir(), name);
	int pid = 0;
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%d", &pid) != 1)
		pid = 0;
	fclose(f);
	return pid;
}

void system_stats_read(struct strmap *ret)
{
	put_load(ret);
	put_memory(ret);
	put_file_systems(ret);
	put_process(ret, "ovs-vswitchd", getpid());
	put_process(ret, "ovsdb-server", pid_of("ovsdb-server"));
}
