/* SPDX-License-Identifier: Apache-2.0 */
/* Files (sockets, pidfiles) that must not outlive the process. The list is also walked by a signal
 * handler, so it is never freed: nodes are pushed with one atomic store, and forgetting a file
 * blanks its node for the next one to use. A forked child inherits the list but not the files. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/daemon.h"

struct file {
	struct file *next;
	char *path;  /* NULL: free to use */
	char *spent; /* was unlinked: free() is not for signal handlers */
	pid_t owner;
};

static struct file *files;

void daemon_unlink_now(void)
{
	for (struct file *f = __atomic_load_n(&files, __ATOMIC_ACQUIRE); f; f = f->next) {
		char *path = __atomic_exchange_n(&f->path, NULL, __ATOMIC_ACQ_REL);
		if (path && f->owner == getpid())
			unlink(path);
		if (path)
			f->spent = path;
	}
}

void daemon_unlink_at_exit(const char *path)
{
	static bool registered;
	if (!registered) {
		registered = true;
		atexit(daemon_unlink_now);
	}
	struct file *f = files;
	while (f && f->path)
		f = f->next;
	bool fresh = !f;
	if (fresh) {
		f = xzalloc(sizeof *f);
		f->next = files;
	}
	f->owner = getpid();
	__atomic_store_n(&f->path, xstrdup(path), __ATOMIC_RELEASE);
	if (fresh)
		__atomic_store_n(&files, f, __ATOMIC_RELEASE);
}

void daemon_forget_unlink(const char *path)
{
	for (struct file *f = files; f; f = f->next) {
		if (f->path && !strcmp(f->path, path)) {
			free(__atomic_exchange_n(&f->path, NULL, __ATOMIC_ACQ_REL));
			return;
		}
	}
}
