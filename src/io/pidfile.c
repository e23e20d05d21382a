/* SPDX-License-Identifier: Apache-2.0 */
#include "io/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/daemon.h"

/* The lock is this process's as long as the descriptor stays open: it is never closed. */
int pidfile_create(const char *path, struct err *err)
{
	AUTO_FREE char *tmp = xasprintf("%s.tmp", path);
	unlink(tmp);
	int fd = open(tmp, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(err, -errno, "%s: create failed (%s)", tmp, err_name(errno));
	daemon_unlink_at_exit(tmp);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int r = 0;
	if (fcntl(fd, F_SETLK, &lock) < 0)
		r = err_set(err, -errno, "%s: fcntl(F_SETLK) failed (%s)", tmp, err_name(errno));
	else if (dprintf(fd, "%d\n", (int)getpid()) < 0)
		r = err_set(err, -errno, "%s: write failed (%s)", tmp, err_name(errno));
	else if (rename(tmp, path) < 0)
		r = err_set(err, -errno, "failed to rename \"%s\" to \"%s\" (%s)", tmp, path,
			    err_name(errno));
	if (r < 0) {
		unlink(tmp);
		close(fd);
	} else {
		daemon_unlink_at_exit(path);
	}
	daemon_forget_unlink(tmp);
	return r;
}

int daemon_read_pidfile(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, -errno, "%s: open", path);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int r = 0;
	char text[32];
	ssize_t n = -1;
	if (fcntl(fd, F_GETLK, &lock) < 0)
		r = err_errno(err, -errno, "%s: fcntl", path);
	else if (lock.l_type == F_UNLCK)
		r = err_set(err, -ESRCH, "%s: stale pidfile, its process is gone", path);
	else if ((n = read(fd, text, sizeof text - 1)) < 0)
		r = err_errno(err, -errno, "%s: read", path);
	close(fd);
	if (r < 0)
		return r;
	text[n] = '\0';
	char *newline = strchr(text, '\n');
	if (newline)
		*newline = '\0';
	uint32_t pid;
	if (!str_to_u32(text, 10, &pid) || !pid || pid > INT32_MAX)
		return err_set(err, -EINVAL, "%s: not a process id", path);
	/* Locked by another process than it names: it is being replaced. Within a PID namespace
	 * that cannot see the owner the kernel says 0, and the text counts. */
	if (lock.l_pid > 0 && lock.l_pid != (pid_t)pid)
		return err_set(err, -ESRCH, "%s: stale pidfile for pid %u being replaced by pid %d",
			       path, pid, (int)lock.l_pid);
	return (int)pid;
}

int pidfile_check_free(const char *path, struct err *err)
{
	int pid = daemon_read_pidfile(path, NULL);
	if (pid <= 0)
		return 0;
	return err_set(err, -EEXIST, "%s: already running as pid %d, aborting", path, pid);
}
