/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that fails: power is cut at every byte of the file, and every call that writes fails once,
 * in each way that it can. What was acknowledged must be there afterwards, what was refused must
 * not, and what is there must be as it was after some transaction, never in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <errno.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/random.h"
#include "ovsdb/test_database.h"

static const char schema[] =
	"{\"name\":\"d\",\"tables\":{"
	"\"t\":{\"isRoot\":true,\"indexes\":[[\"name\"]],\"columns\":{\"name\":{\"type\":"
	"\"string\"},"
	"\"n\":{\"type\":\"integer\"},\"r\":{\"type\":\"real\"},"
	"\"s\":{\"type\":{\"key\":\"string\",\"min\":0,\"max\":\"unlimited\"}},"
	"\"m\":{\"type\":{\"key\":\"string\",\"value\":\"string\",\"min\":0,\"max\":\"unlimited\"}}"
	","
	"\"c\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"c\"},\"min\":0,\"max\":"
	"\"unlimited\"}},"
	"\"w\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"c\",\"refType\":\"weak\"},"
	"\"min\":0,\"max\":\"unlimited\"}}}},"
	"\"c\":{\"columns\":{\"x\":{\"type\":\"integer\"}}}}}";

static char dir[] = "/dev/shm/weft-XXXXXX";
static char path[64], copy[64];

/* --- transactions at random
 * ---------------------------------------------------------------------*/

static void put_random_set(struct str *s)
{
	size_t n = random_below(4);

	str_puts(s, "[\"set\",[");
	for (size_t i = 0; i < n; i++)
		str_putf(s, "%s\"%c%zu\"", i ? "," : "", 'a' + random_below(3), i);
	str_puts(s, "]]");
}

static char *random_ops(unsigned i)
{
	struct str s = STR_INIT;

	switch (random_below(6)) {
	case 0:
	case 1:
		str_putf(&s,
			 "{\"op\":\"insert\",\"table\":\"c\",\"uuid-name\":\"k\",\"row\":{\"x\":%u}"
			 "},"
			 "{\"op\":\"insert\",\"table\":\"t\",\"row\":{\"name\":\"row %u\\n\\\"\","
			 "\"r\":%u.5,\"c\":[\"named-uuid\",\"k\"],\"w\":[\"named-uuid\",\"k\"],"
			 "\"s\":",
			 i, i, i);
		put_random_set(&s);
		str_puts(&s, "}},{\"op\":\"comment\",\"comment\":\"one more\"}");
		break;
	case 2:
		str_puts(&s, "{\"op\":\"update\",\"table\":\"t\",\"where\":[],\"row\":{\"s\":");
		put_random_set(&s);
		str_puts(&s, "}}");
		break;
	case 3:
		str_putf(&s,
			 "{\"op\":\"mutate\",\"table\":\"t\",\"where\":[[\"n\",\"<\",5]],"
			 "\"mutations\":[[\"m\",\"insert\",[\"map\",[[\"k%u\",\"v\"]]]],"
			 "[\"n\",\"+=\",1],[\"s\",\"delete\",\"a0\"]]}",
			 random_below(3));
		break;
	case 4:
		str_putf(&s, "{\"op\":\"delete\",\"table\":\"t\",\"where\":[[\"n\",\"==\",%u]]}",
			 random_below(4));
		break;
	default:
		str_putf(&s,
			 "{\"op\":\"update\",\"table\":\"t\",\"where\":[[\"n\",\"==\",%u]],"
			 "\"row\":{\"c\":[\"set\",[]]}}",
			 random_below(3));
		break;
	}
	if (random_below(2))
		str_puts(&s, ",{\"op\":\"commit\",\"durable\":true}");
	return str_steal(&s);
}

static char *read_file(const char *name, size_t *ret_size)
{
	int fd = open(name, O_RDONLY);
	assert_true(fd >= 0);
	off_t size = lseek(fd, 0, SEEK_END);
	char *data = xmalloc(size + 1);
	assert_int_equal(pread(fd, data, size, 0), size);
	close(fd);
	*ret_size = size;
	return data;
}

static void assert_state(const char *file, const char *expected)
{
	struct database *d = test_open(file);
	AUTO_FREE char *dump = test_dump(d->db);

	assert_string_equal(dump, expected);
	database_close(d);
}

/* --- power cuts
 * ---------------------------------------------------------------------------------*/

#define N_TXNS 40

static void test_cut_everywhere(void **state)
{
	char *states[N_TXNS + 1];
	size_t ends[N_TXNS + 1], size;

	random_seed(7);
	test_create(path, schema);
	struct database *d = test_open(path);
	for (unsigned i = 0; i <= N_TXNS; i++) {
		if (i) {
			AUTO_FREE char *ops = random_ops(i);
			free(test_run(d, ops));
		}
		free(read_file(path, &ends[i]));
		states[i] = test_dump(d->db);
	}
	database_close(d);

	AUTO_FREE char *data = read_file(path, &size);
	for (size_t cut = ends[0], i = 0; cut <= size; cut++) {
		while (i < N_TXNS && ends[i + 1] <= cut)
			i++;
		test_write_file(copy, data, cut);
		assert_state(copy, states[i]);
		/* A byte that is wrong has the effect of one that is missing. */
		if (cut < size && cut % 7 == 0) {
			data[cut] ^= 0x20;
			test_write_file(copy, data, size);
			assert_state(copy, states[i]);
			data[cut] ^= 0x20;
		}
	}

	/* After a cut, the server goes on: the torn tail makes way for the next record. */
	test_write_file(copy, data, size - 3);
	d = test_open(copy);
	free(test_run(d, "{\"op\":\"insert\",\"table\":\"t\",\"row\":{\"name\":\"after\"}}"));
	AUTO_FREE char *after = test_dump(d->db);
	database_close(d);
	assert_state(copy, after);
	for (unsigned i = 0; i <= N_TXNS; i++)
		free(states[i]);
}

/* --- calls that fail
 * ----------------------------------------------------------------------------*/

static struct {
	unsigned countdown; /* calls until one fails; 0: none will */
	unsigned n_failing; /* how many in a row fail then */
	int error;
	size_t partial; /* bytes that a failing write gets out */
	unsigned n_calls;
} fault;

static bool fails(void)
{
	fault.n_calls++;
	if (!fault.countdown || --fault.countdown)
		return false;
	if (--fault.n_failing)
		fault.countdown = 1;
	errno = fault.error;
	return true;
}

static ssize_t faulty_pwrite(int fd, const void *p, size_t n, off_t offset)
{
	if (!fails())
		return pwrite(fd, p, n, offset);
	size_t k = MIN(fault.partial, n);
	int error = errno;
	if (k) {
		assert_int_equal(pwrite(fd, p, k, offset), k);
		fault.countdown = 1; /* the rest of it fails */
		fault.n_failing = 1;
		fault.partial = 0;
		return k;
	}
	errno = error;
	return -1;
}

static int faulty_fsync(int fd)
{
	return fails() ? -1 : 0; /* without the wait: power cuts have their own test */
}

static int faulty_ftruncate(int fd, off_t size) { return fails() ? -1 : ftruncate(fd, size); }

static int faulty_rename(const char *from, const char *to)
{
	return fails() ? -1 : rename(from, to);
}

static const struct journal_io faulty_io = {
	faulty_pwrite,
	faulty_fsync,
	faulty_ftruncate,
	faulty_rename,
};

/* One run of transactions with a fault in the middle; returns the number of calls it took. */
static unsigned run_with_fault(unsigned countdown, unsigned n_failing, int error, size_t partial)
{
	struct journal_io real = journal_io;

	random_seed(3);
	test_create(path, schema);
	struct database *d = test_open(path);
	journal_io = faulty_io;
	memset(&fault, 0, sizeof fault);
	fault.countdown = countdown;
	fault.n_failing = n_failing;
	fault.error = error;
	fault.partial = partial;
	for (unsigned i = 0; i < 24; i++) {
		AUTO_FREE char *before = test_dump(d->db);
		AUTO_FREE char *ops = random_ops(i);
		AUTO_FREE char *results = test_run(d, ops);
		AUTO_FREE char *after = test_dump(d->db);
		if (test_failed(results))
			assert_string_equal(before, after);
		if (i % 5 == 4 && database_compact(d, NULL) < 0) {
			AUTO_FREE char *same = test_dump(d->db);
			assert_string_equal(after, same);
		}
	}
	/* The fault is over by now, or one more change gets past it. */
	fault.countdown = 0;
	AUTO_FREE char *last =
		test_run(d, "{\"op\":\"insert\",\"table\":\"t\",\"row\":{\"name\":\"last\"}}");
	assert_false(test_failed(last));
	AUTO_FREE char *expected = test_dump(d->db);
	unsigned n_calls = fault.n_calls;
	database_close(d);
	journal_io = real;
	assert_state(path, expected);
	return n_calls;
}

static void test_fail_everywhere(void **state)
{
	static const int errors[] = { ENOSPC, EIO };
	unsigned n_calls = run_with_fault(0, 0, 0, 0);
	unsigned n_cases = 0;

	assert_true(n_calls > 20);
	for (unsigned i = 1; i <= n_calls; i++)
		for (unsigned n_failing = 1; n_failing <= 3; n_failing++)
			for (size_t e = 0; e < ARRAY_SIZE(errors); e++)
				for (size_t partial = 0; partial < 200; partial += 67) {
					run_with_fault(i, n_failing, errors[e], partial);
					n_cases++;
				}
	assert_true(n_cases > 500);
}

/* Power is cut right after each call, while a compaction replaces the file. */
static void test_compaction_is_atomic(void **state)
{
	for (unsigned i = 1; i < 4; i++) {
		struct journal_io real = journal_io;
		random_seed(5);
		test_create(path, schema);
		struct database *d = test_open(path);
		for (unsigned j = 0; j < 10; j++) {
			AUTO_FREE char *ops = random_ops(j);
			free(test_run(d, ops));
		}
		AUTO_FREE char *expected = test_dump(d->db);
		journal_io = faulty_io;
		memset(&fault, 0, sizeof fault);
		fault.countdown = i;
		fault.n_failing = 100;
		fault.error = EIO;
		assert_true(database_compact(d, NULL) < 0);
		fault.countdown = 0;
		journal_io = real;
		database_close(d);
		assert_state(path, expected);
	}
}

static void test_lock(void **state)
{
	struct journal *a, *b;
	AUTO_ERR err = ERR_INIT;

	test_create(path, schema);
	assert_int_equal(journal_open(path, JOURNAL_WRITE, &a, NULL), 0);
	/* fcntl() locks are a process's own: another process must ask. */
	pid_t pid = fork();
	if (!pid)
		_exit(journal_open(path, JOURNAL_WRITE, &b, &err) == -EAGAIN ? 0 : 1);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(journal_open(path, JOURNAL_READ, &b, NULL), 0);
	journal_close(b);
	journal_close(a);
}

static void test_bad_files(void **state)
{
	struct journal *j;
	AUTO_ERR err = ERR_INIT;
	static const struct {
		const char *data, *error;
	} rows[] = {
		{ "", "ovsdb error: %s: cannot identify file type" },
		{ "{\"a\":1}\n", "ovsdb error: %s: unexpected file format" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_write_file(path, rows[i].data, strlen(rows[i].data));
		assert_true(journal_open(path, JOURNAL_READ, &j, &err) < 0);
		AUTO_STR expected = STR_INIT;
		const char *percent = strchr(rows[i].error, '%');
		str_put(&expected, rows[i].error, percent - rows[i].error);
		str_puts(&expected, path);
		str_puts(&expected, percent + 2);
		assert_string_equal(err_text(&err), expected.s);
	}
	assert_true(journal_open("/nonexistent/x.db", JOURNAL_READ, &j, &err) < 0);
	assert_string_equal(err_text(&err), "I/O error: /nonexistent/x.db: open failed "
					    "(No such file or directory)");
}

static int setup(void **state)
{
	if (access("/dev/shm", W_OK))
		memcpy(dir, "/tmp/weft-jnl-XXXXXX", sizeof dir); /* as long */
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/d.db", dir);
	snprintf(copy, sizeof copy, "%s/copy.db", dir);
	/* Thousands of torn files would say so. */
	return log_set_from_str("off", NULL);
}

static int teardown(void **state)
{
	AUTO_FREE char *command = xasprintf("rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_fail_everywhere),
		cmocka_unit_test(test_compaction_is_atomic),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_bad_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
