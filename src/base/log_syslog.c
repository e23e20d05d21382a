/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to syslog: by libc, or as datagrams of our own to a unix or UDP socket (whose text is
 * then ours to the last character), and in addition to a --syslog-target. A collector that is down
 * or slow costs a message, never a wait. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

/* syslog.h has names of its own for levels. */
#undef LOG_EMERG
#undef LOG_ALERT
#undef LOG_CRIT
#undef LOG_WARNING
#undef LOG_NOTICE
#undef LOG_DEBUG
enum { SYSLOG_ALERT = 1, SYSLOG_ERR = 3, SYSLOG_WARNING = 4, SYSLOG_INFO = 6, SYSLOG_DEBUG = 7 };
#undef LOG_ERR
#undef LOG_INFO
#undef LOG_SYSLOG
enum { FACILITY_DAEMON = 3, FACILITY_LOCAL0 = 16 };

#include "base/log_out.h"
#include "base/mem.h"

static const char *const facilities[] = {
	"kern",	  "user",   "mail",   "daemon", "auth",	  "syslog", "lpr",    "news",
	"uucp",	  "clock",  "ftp",    "ntp",	"audit",  "alert",  "clock2", "local0",
	"local1", "local2", "local3", "local4", "local5", "local6", "local7",
};
/* Places above are the codes of RFC 5424 table 1, in which 10 (authpriv) has no name here. */
#define UNNAMED 10

enum method { UNSET, LIBC, SOCKET, DISCARD };
static enum method method;
static int facility = -1; /* -1: daemon here, local0 for the target */
static int socket_fd = -1, target_fd = -1;

bool log_syslog_set_facility(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(facilities); i++) {
		if (!strcasecmp(name, facilities[i])) {
			facility = (int)i + (i >= UNNAMED);
			return true;
		}
	}
	return false;
}

static int severity(enum log_level level)
{
	static const int map[] = { SYSLOG_DEBUG,   SYSLOG_ALERT, SYSLOG_ERR,
				   SYSLOG_WARNING, SYSLOG_INFO,	 SYSLOG_DEBUG };
	return map[level];
}

int log_syslog_pri(enum log_level level)
{
	return (facility < 0 ? FACILITY_DAEMON : facility) * 8 + severity(level);
}

static int open_udp(const char *spec, struct err *err)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} u = { 0 };
	AUTO_FREE char *copy = xstrdup(spec);
	char *host = copy, *port = strrchr(copy, ':');
	uint16_t number = 514;
	if (port && (*copy != '[' || port > strchr(copy, ']'))) {
		*port++ = '\0';
		if (!str_to_u16(port, 10, &number))
			return err_set(err, -EINVAL, "%s: bad port number \"%s\"", spec, port);
	}
	if (*host == '[') {
		host++;
		char *close = strchr(host, ']');
		if (close)
			*close = '\0';
	}
	if (inet_pton(AF_INET, host, &u.in.sin_addr) == 1)
		u.in.sin_family = AF_INET;
	else if (inet_pton(AF_INET6, host, &u.in6.sin6_addr) == 1)
		u.in6.sin6_family = AF_INET6;
	else
		return err_set(err, -EINVAL, "%s: bad IP address \"%s\"", spec, host);
	u.in.sin_port = htons(number);
	int fd = socket(u.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, -errno, "socket");
	if (connect(fd, &u.sa, u.sa.sa_family == AF_INET ? sizeof u.in : sizeof u.in6) < 0) {
		int r = err_errno(err, -errno, "%s", spec);
		close(fd);
		return r;
	}
	return fd;
}

static int open_unix(const char *path, struct err *err)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof un.sun_path)
		return err_errno(err, -ENAMETOOLONG, "%s", path);
	strcpy(un.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, -errno, "socket");
	/* Not there yet: the message is lost, the program is not. */
	if (connect(fd, (struct sockaddr *)&un, sizeof un) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int set_method(const char *name, struct err *err)
{
	int fd = -1;
	enum method m = SOCKET;
	if (!strcmp(name, "libc") || !strcmp(name, "auto")) {
		m = LIBC;
	} else if (!strcmp(name, "null")) {
		m = DISCARD;
	} else if (str_starts(name, "unix:")) {
		fd = open_unix(name + 5, err);
	} else if (str_starts(name, "udp:")) {
		fd = open_udp(name + 4, err);
		if (fd < 0)
			return fd;
	} else {
		return err_set(err, -EINVAL,
			       "unsupported syslog method \"%s\" (libc, unix:FILE, udp:IP:PORT or "
			       "null)",
			       name);
	}
	if (socket_fd >= 0)
		close(socket_fd);
	socket_fd = fd;
	method = m;
	return 0;
}

int log_set_syslog(const char *name, const char *target, struct err *err)
{
	int r = name ? set_method(name, err) : 0;
	if (r < 0 || !target)
		return r;
	int fd = open_udp(target, err);
	if (fd < 0)
		return fd;
	if (target_fd >= 0)
		close(target_fd);
	target_fd = fd;
	return 0;
}

static void send_line(int fd, const char *pattern, const struct log_line *line)
{
	AUTO_STR out = STR_INIT;
	log_pattern_put(LOG_SYSLOG_PREFIX, line, &out);
	log_pattern_put(pattern, line, &out);
	ssize_t n = send(fd, out.s, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)n;
}

void log_syslog_write(const char *pattern, const struct log_line *line)
{
	if (method == UNSET) {
		const char *name = getenv("OVS_SYSLOG_METHOD");
		if (!name || set_method(name, NULL) < 0)
			method = LIBC;
	}
	if (method == LIBC) {
		static bool opened;
		if (!opened) {
			openlog(log_program(), LOG_NDELAY, FACILITY_DAEMON << 3);
			opened = true;
		}
		AUTO_STR out = STR_INIT;
		log_pattern_put(pattern, line, &out);
		syslog(log_syslog_pri(line->level), "%s", str_cstr(&out));
	} else if (method == SOCKET && socket_fd >= 0) {
		send_line(socket_fd, pattern, line);
	}
	if (target_fd >= 0) {
		int saved = facility;
		if (facility < 0)
			facility = FACILITY_LOCAL0;
		send_line(target_fd, pattern, line);
		facility = saved;
	}
}
