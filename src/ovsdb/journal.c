/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things on a write: the records go after the last whole record, then fsync if anyone
 * was promised. If the write fails, for a full disk say, the file is cut back to where it was, and
 * the caller undoes what it did in memory. If fsync fails, the kernel may have dropped the pages
 * and called them clean, so that nothing about the file can be known any more; then, and also if
 * the cut fails, the journal wants to be replaced by a new file before it takes another record.
 */
#include "ovsdb/journal.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "ovsdb/lockfile.h"
#include "wire/json.h"

LOG_MODULE(ovsdb_log);

struct journal_io journal_io = {
	.pwrite = pwrite,
	.fsync = fdatasync,
	.ftruncate = ftruncate,
	.rename = rename,
};

#define SHA1_HEX_LEN 40
#define HEADER_MAX 128

struct journal {
	char *path;	 /* as it was named */
	char *real_path; /* symbolic links followed: what a rename must replace */
	int fd;
	int lock_fd; /* -1: not locked */
	bool is_cluster;
	bool is_writable;
	bool needs_rewrite;
	off_t offset;	   /* end of the last whole record read or written */
	off_t prev_offset; /* where the last record read begins */
	off_t size;	   /* of the file when it was opened, or last written */
	char *buffer;	   /* a window of the file */
	size_t buffer_size, buffer_len;
	off_t buffer_offset;
};

const char *journal_path(const struct journal *j) { return j->path; }

bool journal_is_cluster(const struct journal *j) { return j->is_cluster; }

off_t journal_offset(const struct journal *j) { return j->offset; }

off_t journal_tail_bytes(const struct journal *j) { return j->size - j->offset; }

bool journal_needs_rewrite(const struct journal *j) { return j->needs_rewrite; }

/* --- opening
 * ------------------------------------------------------------------------------------*/

static int identify(struct journal *j, struct err *err)
{
	char magic[16] = "";
	ssize_t n = pread(j->fd, magic, sizeof magic, 0);

	if (n < 0)
		return err_set(err, -errno, "I/O error: %s: read failed (%s)", j->path,
			       err_name(errno));
	if (n == 0)
		return err_set(err, -EINVAL, "ovsdb error: %s: cannot identify file type", j->path);
	if (n >= 11 && !memcmp(magic, "OVSDB JSON ", 11))
		return 0;
	if (n >= 14 && !memcmp(magic, "OVSDB CLUSTER ", 14)) {
		j->is_cluster = true;
		return 0;
	}
	return err_set(err, -EINVAL, "ovsdb error: %s: unexpected file format", j->path);
}

/* The file that a rename must replace; as it was named, if that is no link. */
static char *follow_links(const char *path)
{
	struct stat st;
	char *real = !lstat(path, &st) && S_ISLNK(st.st_mode) ? realpath(path, NULL) : NULL;

	return real ? real : xstrdup(path);
}

int journal_open(const char *path, enum journal_mode mode, struct journal **ret, struct err *err)
{
	struct journal *j = xzalloc(sizeof *j);
	struct stat st;
	int r = 0;

	j->path = xstrdup(path);
	j->fd = j->lock_fd = -1;
	j->real_path = follow_links(path);
	j->is_writable = mode != JOURNAL_READ;
	if (mode != JOURNAL_READ) {
		j->lock_fd = lockfile_take(j->real_path);
		if (j->lock_fd < 0)
			r = err_set(err, j->lock_fd, "I/O error: %s: failed to lock lockfile (%s)",
				    path, err_name(j->lock_fd));
	}
	if (!r) {
		int flags = mode == JOURNAL_READ    ? O_RDONLY
			    : mode == JOURNAL_WRITE ? O_RDWR
						    : O_RDWR | O_CREAT | O_EXCL;
		j->fd = open(path, flags | O_CLOEXEC, 0640);
		if (j->fd < 0)
			r = err_set(err, -errno, "I/O error: %s: %s failed (%s)", path,
				    mode == JOURNAL_CREATE ? "create" : "open", err_name(errno));
	}
	if (!r && mode != JOURNAL_CREATE)
		r = identify(j, err);
	if (!r && fstat(j->fd, &st) < 0)
		r = err_set(err, -errno, "I/O error: %s: stat failed (%s)", path, err_name(errno));
	if (r < 0) {
		journal_close(j);
		return r;
	}
	j->size = st.st_size;
	*ret = j;
	return 0;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	free(j->path);
	free(j->real_path);
	free(j->buffer);
	free(j);
}

/* --- reading
 * ------------------------------------------------------------------------------------*/

/* Makes [offset, offset + n) of the file available; *ret_n may be less at its end. */
static int fill(struct journal *j, off_t offset, size_t n, const char **ret, size_t *ret_n,
		struct err *err)
{
	if (offset < j->buffer_offset || offset + n > j->buffer_offset + j->buffer_len) {
		size_t want = MAX(n, 256u << 10);
		if (want + 1 > j->buffer_size) {
			j->buffer_size = want + 1;
			free(j->buffer);
			j->buffer = xmalloc(j->buffer_size);
		}
		j->buffer_offset = offset;
		j->buffer_len = 0;
		while (j->buffer_len < want) {
			ssize_t k = pread(j->fd, j->buffer + j->buffer_len, want - j->buffer_len,
					  offset + j->buffer_len);
			if (k < 0)
				return err_set(err, -errno,
					       "I/O error: %s: error reading %zu bytes starting at "
					       "offset %lld (%s)",
					       j->path, n, (long long)offset, err_name(errno));
			if (k == 0)
				break;
			j->buffer_len += k;
		}
	}
	*ret = j->buffer + (offset - j->buffer_offset);
	*ret_n = MIN(n, j->buffer_offset + j->buffer_len - offset);
	return 0;
}

/* Of 'data' and then 'tail'. */
static void sha1_hex(const char *data, size_t len, const char *tail, char hex[SHA1_HEX_LEN + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	static const EVP_MD *sha1; /* looked up once: that takes longer than a short digest */
	if (!sha1)
		sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ASSERT(sha1 && ctx && EVP_DigestInit_ex(ctx, sha1, NULL) &&
	       EVP_DigestUpdate(ctx, data, len) && EVP_DigestUpdate(ctx, tail, strlen(tail)) &&
	       EVP_DigestFinal_ex(ctx, digest, &n) && n == SHA1_HEX_LEN / 2);
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; i < n; i++) {
		hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	hex[SHA1_HEX_LEN] = '\0';
}

/* "OVSDB JSON 123 <40 hex digits>" */
static bool parse_header(char *line, size_t *ret_len, char sha1[SHA1_HEX_LEN + 1])
{
	static const char magic[] = "OVSDB JSON ";
	uint64_t len;

	if (strncmp(line, magic, strlen(magic)))
		return false;
	char *p = line + strlen(magic);
	char *blank = strchr(p, ' ');
	if (!blank)
		return false;
	*blank = '\0';
	bool ok = *p >= '0' && *p <= '9' && str_to_u64(p, 10, &len) && len <= INT32_MAX;
	*blank = ' ';
	p = blank + 1;
	if (!ok || strlen(p) != SHA1_HEX_LEN || strspn(p, "0123456789abcdef") != SHA1_HEX_LEN)
		return false;
	*ret_len = len;
	memcpy(sha1, p, SHA1_HEX_LEN + 1);
	return true;
}

static int read_header(struct journal *j, size_t *ret_header_len, size_t *ret_len,
		       char sha1[SHA1_HEX_LEN + 1], struct err *err)
{
	const char *p;
	size_t n;

	int r = fill(j, j->offset, HEADER_MAX, &p, &n, err);
	if (r < 0)
		return r;
	if (n == 0)
		return 0;

	const char *newline = memchr(p, '\n', n);
	size_t line_len = newline ? newline - p : n;
	AUTO_FREE char *line = xstrndup(p, line_len);
	if (!newline || !parse_header(line, ret_len, sha1)) {
		/* What is printed is the line's words before the first that made no sense. */
		char *number = !strncmp(line, "OVSDB JSON ", 11) ? line + 10 : NULL;
		if (number)
			*number = '\0';
		return err_set(err, -EINVAL,
			       "syntax error: %s: parse error at offset %lld in header line \"%s\"",
			       j->path, (long long)j->offset, line);
	}
	*ret_header_len = line_len + 1;
	return 1;
}

int journal_read(struct journal *j, char **ret, size_t *ret_len, struct err *err)
{
	char sha1[SHA1_HEX_LEN + 1], actual[SHA1_HEX_LEN + 1];
	size_t header_len = 0, len = 0, n;
	const char *p;

	int r = read_header(j, &header_len, &len, sha1, err);
	if (r <= 0) {
		free(STEAL(j->buffer)); /* as large as the largest record */
		j->buffer_size = j->buffer_len = 0;
		return r;
	}

	off_t start = j->offset + header_len;
	if (start + (off_t)len > j->size)
		return err_set(err, -EIO,
			       "I/O error: %s: error reading %zu bytes starting at offset %lld "
			       "(End of file)",
			       j->path, len, (long long)start);
	r = fill(j, start, len, &p, &n, err);
	if (r < 0)
		return r;
	if (n < len)
		return err_set(err, -EIO,
			       "I/O error: %s: error reading %zu bytes starting at offset %lld "
			       "(End of file)",
			       j->path, len, (long long)start);
	sha1_hex(p, len, "", actual);
	if (strcmp(sha1, actual))
		return err_set(err, -EINVAL,
			       "syntax error: %s: %zu bytes starting at offset %lld have SHA-1 "
			       "hash %s but should have hash %s",
			       j->path, len, (long long)start, actual, sha1);
	j->prev_offset = j->offset;
	j->offset = start + len;
	*ret = (char *)p;
	*ret_len = len;
	return 1;
}

int journal_read_json(struct journal *j, json_t **ret, struct err *err)
{
	AUTO_ERR why = ERR_INIT;
	size_t len;
	char *text;

	int r = journal_read(j, &text, &len, err);
	if (r <= 0)
		return r;
	if (json_parse(text, len, ret, &why) < 0) {
		off_t start = j->offset - len;
		journal_unread(j);
		return err_set(err, -EINVAL,
			       "syntax error: %s: %zu bytes starting at offset %lld are not valid "
			       "JSON (%s)",
			       j->path, len, (long long)start, err_text(&why));
	}
	return 1;
}

void journal_unread(struct journal *j) { j->offset = j->prev_offset; }

/* --- writing
 * ------------------------------------------------------------------------------------*/

void journal_frame(const char *json, size_t len, struct str *out)
{
	char sha1[SHA1_HEX_LEN + 1];

	/* The newline belongs to what is counted and hashed. */
	sha1_hex(json, len, "\n", sha1);
	str_putf(out, "OVSDB JSON %zu %s\n", len + 1, sha1);
	str_put(out, json, len);
	str_putc(out, '\n');
}

static int write_all(int fd, const char *p, size_t n, off_t offset)
{
	while (n) {
		ssize_t k = journal_io.pwrite(fd, p, n, offset);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? -errno : -ENOSPC;
		p += k;
		n -= k;
		offset += k;
	}
	return 0;
}

/* Takes back a write that failed. */
static void cut_back(struct journal *j)
{
	if (journal_io.ftruncate(j->fd, j->offset) < 0) {
		log_err("%s: cannot truncate to length %lld (%s); the file will be replaced before "
			"the next change",
			j->path, (long long)j->offset, err_name(errno));
		j->needs_rewrite = true;
		return;
	}
	j->size = j->offset;
}

int journal_append(struct journal *j, const struct str *frames, bool is_durable, struct err *err)
{
	ASSERT(j->is_writable);
	if (j->needs_rewrite)
		return err_set(err, -EIO, "%s: file is damaged and could not be replaced", j->path);
	if (j->size != j->offset) {
		if (journal_io.ftruncate(j->fd, j->offset) < 0)
			return err_set(err, -errno, "%s: cannot truncate to length %lld (%s)",
				       j->path, (long long)j->offset, err_name(errno));
		j->size = j->offset;
	}

	int r = write_all(j->fd, frames->s, frames->len, j->offset);
	if (r < 0) {
		cut_back(j);
		return err_set(err, r, "%s: write failed (%s)", j->path, err_name(r));
	}
	if (is_durable && journal_io.fsync(j->fd) < 0) {
		r = -errno;
		cut_back(j);
		j->needs_rewrite = true;
		return err_set(err, r, "%s: fsync failed (%s)", j->path, err_name(r));
	}
	j->offset += frames->len;
	j->size = j->offset;
	return 0;
}

/* Makes the new name itself durable. Some file systems do not know fsync on directories. */
static void sync_directory(const char *path)
{
	AUTO_FREE char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (journal_io.fsync(fd) < 0 && errno != EINVAL && errno != ENOTSUP)
		log_warn("%s: fsync of its directory failed (%s)", path, err_name(errno));
	close(fd);
}

int journal_replace(struct journal *j, const struct str *frames, struct err *err)
{
	AUTO_FREE char *tmp = xasprintf("%s.tmp", j->real_path);
	struct stat st;

	ASSERT(j->is_writable);
	if (unlink(tmp) < 0 && errno != ENOENT)
		return err_set(err, -errno, "%s: unlink failed (%s)", tmp, err_name(errno));
	int fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_set(err, -errno, "%s: create failed (%s)", tmp, err_name(errno));

	/* Whoever could read the database can still. */
	if (!fstat(j->fd, &st)) {
		if (fchmod(fd, st.st_mode & 07777) < 0 ||
		    (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0))
			log_warn("%s: cannot give it the owner and mode of %s (%s)", tmp, j->path,
				 err_name(errno));
	}
	int r = write_all(fd, frames->s, frames->len, 0);
	if (r < 0)
		err_set(err, r, "%s: write failed (%s)", tmp, err_name(r));
	if (!r && journal_io.fsync(fd) < 0)
		r = err_set(err, -errno, "%s: fsync failed (%s)", tmp, err_name(errno));
	if (!r && journal_io.rename(tmp, j->real_path) < 0)
		r = err_set(err, -errno, "failed to rename \"%s\" to \"%s\" (%s)", tmp,
			    j->real_path, err_name(errno));
	if (r < 0) {
		close(fd);
		unlink(tmp);
		return r;
	}
	sync_directory(j->real_path);
	close(j->fd);
	j->fd = fd;
	j->offset = j->prev_offset = j->size = frames->len;
	j->buffer_len = 0;
	j->needs_rewrite = false;
	return 0;
}
