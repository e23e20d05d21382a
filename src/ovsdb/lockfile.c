/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/lockfile.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"

LOG_MODULE(lockfile);

static char *lock_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xasprintf(".%s.~lock~", path);
	return xasprintf("%.*s.%s.~lock~", (int)(slash + 1 - path), path, slash + 1);
}

int lockfile_take(const char *path)
{
	AUTO_FREE char *name = lock_path(path);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		int r = -errno;
		log_warn("%s: failed to open lock file: %s", name, err_name(r));
		log_warn("%s: failed to lock file: %s", name, err_name(r));
		return r;
	}
	if (fcntl(fd, F_SETLK, &lock) < 0) {
		int r = -errno;
		if (!fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK)
			log_warn("%s: cannot lock file because it is already locked by pid %ld",
				 name, (long)lock.l_pid);
		close(fd);
		return r == -EACCES ? -EAGAIN : r;
	}
	return fd;
}
