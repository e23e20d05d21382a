/* SPDX-License-Identifier: Apache-2.0 */
/* A sockaddr_un holds 107 characters, and test directories are longer. A longer path is given as
 * /proc/self/fd/N/NAME, N being its directory, or for connecting, N the socket file itself: no
 * chdir(), which other threads would feel, and no symbolic link to leave behind. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/stream_class.h"

typedef int socket_call(int fd, const struct sockaddr *, socklen_t);

static int call_with_path(socket_call *call, int fd, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof un.sun_path)
		return -ENAMETOOLONG;
	strcpy(un.sun_path, path);
	return call(fd, (struct sockaddr *)&un, sizeof un) ? -errno : 0;
}

static bool is_short(const char *path)
{
	return strlen(path) < sizeof((struct sockaddr_un *)NULL)->sun_path;
}

int unix_connect(int fd, const char *path)
{
	if (is_short(path))
		return call_with_path(connect, fd, path);
	int file = open(path, O_PATH | O_CLOEXEC);
	if (file < 0)
		return -errno;
	char via[40];
	snprintf(via, sizeof via, "/proc/self/fd/%d", file);
	int r = call_with_path(connect, fd, via);
	close(file);
	return r;
}

static int bind_path(int fd, const char *path)
{
	if (is_short(path))
		return call_with_path(bind, fd, path);
	AUTO_FREE char *copy = xstrdup(path), *copy2 = xstrdup(path);
	int dir = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	AUTO_FREE char *via = xasprintf("/proc/self/fd/%d/%s", dir, basename(copy2));
	int r = call_with_path(bind, fd, via);
	close(dir);
	return r;
}

/* True if nobody listens on the socket file any more. */
static bool is_stale(const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	int r = unix_connect(fd, path);
	close(fd);
	return r == -ECONNREFUSED;
}

int unix_bind(int fd, const char *path)
{
	/* On Linux the mode given before bind() becomes, less the umask, that of the file: there is
	 * no moment in which others could connect. */
	if (fchmod(fd, 0770) < 0)
		return -errno;
	int r = bind_path(fd, path);
	if (r == -EADDRINUSE && is_stale(path) && unlink(path) == 0)
		r = bind_path(fd, path);
	return r;
}
