/* SPDX-License-Identifier: Apache-2.0 */
/* load: what test/perf/bench loads a path with; UDP, batches of system calls so that it costs
 *little beside what is measured.
 *
 *	load serve                   port 9000 answers each packet; 9001 counts, and tells the count
 *	load rr ADDRESS SECONDS      round trips a second, one at a time
 *	load flood ADDRESS SECONDS   packets of 18 bytes a second that arrive */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, ECHO_PORT = 9000, COUNT_PORT = 9001 };

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int udp(int port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 4 << 20;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	if (fd < 0 || (port && bind(fd, (struct sockaddr *)&a, sizeof a))) {
		perror("load: socket");
		exit(1);
	}
	return fd;
}

static int udp_to(const char *address, int port)
{
	int fd = udp(0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval tv = { .tv_usec = 200000 };
	if (inet_pton(AF_INET, address, &a.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&a, sizeof a)) {
		perror(address);
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	return fd;
}

static void serve(void)
{
	struct pollfd fds[2] = { { .fd = udp(ECHO_PORT), .events = POLLIN },
				 { .fd = udp(COUNT_PORT), .events = POLLIN } };
	static char buf[BATCH][64];
	struct sockaddr_in peers[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr msgs[BATCH];
	uint64_t n = 0;

	while (poll(fds, 2, -1) > 0) {
		for (int f = 0; f < 2; f++) {
			if (!(fds[f].revents & POLLIN))
				continue;
			memset(msgs, 0, sizeof msgs);
			for (int i = 0; i < BATCH; i++) {
				iov[i] = (struct iovec){ buf[i], sizeof buf[i] };
				msgs[i].msg_hdr = (struct msghdr){ .msg_name = &peers[i],
								   .msg_namelen = sizeof peers[i],
								   .msg_iov = &iov[i],
								   .msg_iovlen = 1 };
			}
			int got = recvmmsg(fds[f].fd, msgs, BATCH, MSG_DONTWAIT, NULL);
			for (int i = 0; i < got; i++) {
				struct sockaddr *p = (struct sockaddr *)&peers[i];
				if (f == 0)
					sendto(fds[0].fd, buf[i], msgs[i].msg_len, 0, p,
					       sizeof peers[i]);
				else if (msgs[i].msg_len == 1)
					sendto(fds[1].fd, &n, sizeof n, 0, p, sizeof peers[i]);
				else
					n++;
			}
		}
	}
}

static uint64_t count(const char *address)
{
	int fd = udp_to(address, COUNT_PORT);
	uint64_t n;
	for (int i = 0; i < 50; i++) {
		if (send(fd, "?", 1, 0) == 1 && recv(fd, &n, sizeof n, 0) == sizeof n) {
			close(fd);
			return n;
		}
	}
	fprintf(stderr, "load: %s does not answer\n", address);
	exit(1);
}

static void flood(const char *address, double seconds)
{
	uint64_t before = count(address);
	int fd = udp_to(address, COUNT_PORT);
	static char payload[18];
	struct iovec iov = { payload, sizeof payload };
	struct mmsghdr msgs[BATCH];
	double start = now();

	memset(msgs, 0, sizeof msgs);
	for (int i = 0; i < BATCH; i++)
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1 };
	while (now() - start < seconds)
		sendmmsg(fd, msgs, BATCH, 0);
	double elapsed = now() - start;
	printf("%.0f\n", (double)(count(address) - before) / elapsed);
}

static void rr(const char *address, double seconds)
{
	int fd = udp_to(address, ECHO_PORT);
	double start = now();
	unsigned long n = 0;
	char buf[64];
	while (now() - start < seconds) {
		if (send(fd, "ping", 4, 0) == 4 && recv(fd, buf, sizeof buf, 0) == 4)
			n++;
	}
	printf("%.0f\n", (double)n / (now() - start));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "serve"))
		serve();
	else if (argc == 4 && !strcmp(argv[1], "flood"))
		flood(argv[2], atof(argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "rr"))
		rr(argv[2], atof(argv[3]));
	else
		return 2;
	return 0;
}
