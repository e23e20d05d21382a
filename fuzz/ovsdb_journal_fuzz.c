/* SPDX-License-Identifier: Apache-2.0 */
/* A file of anything: it is a database from its beginning to where it stops making sense, or none.
 * Records are also given with right checksums, as bytes that pass them are what gets further. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "ovsdb/database.h"
#include "ovsdb/journal.h"

static void open_as_file(const char *data, size_t size)
{
	char path[64];
	struct database *d;

	int fd = memfd_create("journal", MFD_CLOEXEC);
	ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (database_open(path, false, NULL, &d, NULL) == 0)
		database_close(d);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char schema[] =
		"{\"name\":\"d\",\"tables\":{\"t\":{\"columns\":{\"i\":{\"type\":\"integer\"},"
		"\"r\":{\"type\":\"real\"},\"b\":{\"type\":\"boolean\"},\"u\":{\"type\":{\"key\":"
		"{\"type\":\"uuid\",\"refTable\":\"t\"},\"min\":0,\"max\":\"unlimited\"}},\"s\":{"
		"\"type\":"
		"{\"key\":\"string\",\"min\":0,\"max\":3}},\"m\":{\"type\":{\"key\":\"string\","
		"\"value\":"
		"\"string\",\"min\":0,\"max\":\"unlimited\"}}}}}}";
	const char *p = (const char *)data, *end = p + size;
	AUTO_STR frames = STR_INIT;

	if (log_set_from_str("off", NULL) < 0)
		return 0;
	if (size)
		open_as_file(p, size);
	journal_frame(schema, strlen(schema), &frames);
	while (p < end) {
		const char *newline = memchr(p, '\n', end - p);
		size_t len = newline ? newline - p : end - p;
		journal_frame(p, len, &frames);
		p += len + (newline != NULL);
	}
	open_as_file(frames.s, frames.len);
	return 0;
}
