/* SPDX-License-Identifier: Apache-2.0 */
/* Saved as text in a private folder, put back as one bundle a bridge. OpenFlow 1.4 is the oldest
 * version with bundles and the flags that a dump shows. */
#include "ctl/service_flows.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "ctl/service.h"

#define VERSION_OPTION "--protocols=OpenFlow14"

struct saved_flows {
	char *dir;
	char **bridges;
	size_t n, allocated;
};

static char *file_of(const struct saved_flows *f, const char *bridge, const char *what)
{
	return xasprintf("%s/%s.%s", f->dir, bridge, what);
}

static int write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	if (!file)
		return -errno;
	bool ok = fputs(text, file) >= 0;
	return fclose(file) || !ok ? -EIO : 0;
}

/* The lines of a dump without its heading. */
static int save_dump(const struct saved_flows *f, const char *bridge, const char *command,
		     const char *what)
{
	AUTO_STR out = STR_INIT, kept = STR_INIT;
	const char *const argv[] = { "ovs-ofctl", VERSION_OPTION, "--no-names", "--no-stats",
				     command,	  bridge,	  NULL };
	int status = child_capture(argv, true, &out);
	char *save = NULL;
	for (char *s = out.s ? strtok_r(out.s, "\n", &save) : NULL; s;
	     s = strtok_r(NULL, "\n", &save)) {
		if (*s == ' ')
			str_putf(&kept, "%s\n", s + 1);
	}
	AUTO_FREE char *path = file_of(f, bridge, what);
	return status || write_file(path, str_cstr(&kept)) < 0 ? 1 : 0;
}

struct saved_flows *flows_save(void)
{
	struct saved_flows *f = xzalloc(sizeof *f);
	f->dir = xstrdup("/tmp/weft-flows.XXXXXX");
	if (!mkdtemp(f->dir)) {
		fprintf(stderr, "%s: %s: %s; flows are not kept\n", log_program(), f->dir,
			err_name(errno));
		flows_free(f);
		return NULL;
	}
	AUTO_STR list = STR_INIT;
	const char *const argv[] = { "ovs-vsctl", "--timeout=10", "list-br", NULL };
	child_capture(argv, false, &list);
	char *save = NULL;
	for (char *s = list.s ? strtok_r(list.s, "\n", &save) : NULL; s;
	     s = strtok_r(NULL, "\n", &save)) {
		f->bridges = xgrow(f->bridges, &f->allocated, f->n + 1, sizeof *f->bridges);
		f->bridges[f->n++] = xstrdup(s);
		if (save_dump(f, s, "dump-groups", "groups"))
			fprintf(stderr, "%s: bridge %s: groups could not be saved\n", log_program(),
				s);
		if (save_dump(f, s, "dump-flows", "flows"))
			fprintf(stderr, "%s: bridge %s: flows could not be saved\n", log_program(),
				s);
	}
	printf(" * Saving flows\n");
	return f;
}

static int restore_file(const struct saved_flows *f, const char *bridge, const char *command,
			const char *what)
{
	AUTO_FREE char *path = file_of(f, bridge, what);
	FILE *file = fopen(path, "re");
	int first = file ? getc(file) : EOF;
	if (file)
		fclose(file);
	if (first == EOF)
		return 0;
	const char *const bundled[] = { "ovs-ofctl", VERSION_OPTION, "--bundle", command,
					bridge,	     path,	     NULL };
	const char *const plain[] = { "ovs-ofctl", VERSION_OPTION, command, bridge, path, NULL };
	/* All at once, so that no packet meets half of it; one by one rather than not at all. */
	AUTO_STR ignored = STR_INIT;
	return child_capture(bundled, true, &ignored) ? child_run(plain) : 0;
}

int flows_restore(const struct saved_flows *f)
{
	int status = 0;
	for (size_t i = 0; i < f->n; i++) {
		int r = restore_file(f, f->bridges[i], "add-groups", "groups");
		if (!r)
			r = restore_file(f, f->bridges[i], "replace-flows", "flows");
		if (r)
			fprintf(stderr, "%s: bridge %s: flows could not be restored\n",
				log_program(), f->bridges[i]);
		status |= r;
	}
	printf(" * Restoring saved flows%s\n", status ? " ... failed!" : "");
	return status ? 1 : 0;
}

void flows_free(struct saved_flows *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++) {
		AUTO_FREE char *groups = file_of(f, f->bridges[i], "groups");
		AUTO_FREE char *flows = file_of(f, f->bridges[i], "flows");
		unlink(groups);
		unlink(flows);
		free(f->bridges[i]);
	}
	rmdir(f->dir);
	free(f->bridges);
	free(f->dir);
	free(f);
}
