/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target on each file of the folders and files named, on nothing, and on every prefix
 * of the small ones: what a corpus has found once stays found in the ordinary tests. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/mem.h"

#define MAX_BYTES (1 << 20)
#define PREFIXES_OF_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each input in a block of its own size, so that a sanitizer sees a read past its end. */
static void run(const uint8_t *data, size_t size)
{
	AUTO_FREE uint8_t *copy = xmemdup(data, size);
	LLVMFuzzerTestOneInput(copy, size);
}

static unsigned replay(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode)) {
		unsigned n = 0;
		DIR *dir = opendir(path);
		for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
			AUTO_FREE char *name = xasprintf("%s/%s", path, e->d_name);
			n += *e->d_name != '.' ? replay(name) : 0;
		}
		if (dir)
			closedir(dir);
		return n;
	}
	FILE *f = fopen(path, "rb");
	if (!f)
		return 0;
	AUTO_FREE uint8_t *data = xmalloc(MAX_BYTES);
	size_t size = fread(data, 1, MAX_BYTES, f);
	fclose(f);
	run(data, size);
	for (size_t n = 0; size <= PREFIXES_OF_BYTES && n < size; n++)
		run(data, n);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned n = 0;
	run((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	printf("%u inputs\n", n);
	return 0;
}
