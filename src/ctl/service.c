/* SPDX-License-Identifier: Apache-2.0 */
/* The order matters: the server must have a database of the right schema before it starts, first
 * values must be in it before the switch reads it, and on the way down the switch goes first, so
 * that its last status is written. Every step is left out if its result is there already, so
 * starting twice does nothing the second time. */
#include "ctl/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/uuid.h"
#include "base/version.h"
#include "ctl/service_flows.h"
#include "io/control.h"
#include "io/daemon.h"

/* A command line that grows. */
struct words {
	char **word;
	size_t n, allocated;
};

static void put(struct words *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void put(struct words *w, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	w->word = xgrow(w->word, &w->allocated, w->n + 2, sizeof *w->word);
	w->word[w->n++] = xvasprintf(fmt, args);
	w->word[w->n] = NULL;
	va_end(args);
}

static void put_split(struct words *w, const char *text)
{
	AUTO_FREE char *copy = xstrdup(text ? text : "");
	char *save = NULL;
	for (char *s = strtok_r(copy, " \t", &save); s; s = strtok_r(NULL, " \t", &save))
		put(w, "%s", s);
}

static void words_fini(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->word[i]);
	free(w->word);
}

/* Says "what ... done" or "... FAILED" in one line, whatever the child prints. */
static int step(const char *what, const char *const argv[])
{
	int status = child_run(argv);
	printf(" * %s%s\n", what, status ? " ... failed!" : "");
	fflush(stdout);
	return status;
}

static int step_words(const char *what, struct words *w)
{
	int status = step(what, (const char *const *)w->word);
	words_fini(w);
	return status;
}

int service_pid(const char *daemon)
{
	AUTO_FREE char *name = xasprintf("%s.pid", daemon);
	AUTO_FREE char *path = path_in_rundir(name);
	int pid = daemon_read_pidfile(path, NULL);
	return pid < 0 ? 0 : pid;
}

static int make_dir(const char *path)
{
	AUTO_FREE char *copy = xstrdup(path);
	for (char *slash = strchr(copy + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST) {
			fprintf(stderr, "%s: %s: could not make directory: %s\n", log_program(),
				copy, err_name(errno));
			return 1;
		}
		if (!slash)
			return 0;
		*slash = '/';
	}
}

static char *db_file(const struct service_options *o)
{
	return o->db_file ? xstrdup(o->db_file) : path_in(path_dbdir(), "conf.db");
}

static char *db_sock(const struct service_options *o)
{
	return o->db_sock ? xstrdup(o->db_sock) : path_in_rundir("db.sock");
}

/* The database. */

static int backup_db(const char *db)
{
	AUTO_STR version = STR_INIT, cksum = STR_INIT;
	const char *const ask_version[] = { "ovsdb-tool", "db-version", db, NULL };
	const char *const ask_cksum[] = { "ovsdb-tool", "db-cksum", db, NULL };
	if (child_capture(ask_version, false, &version) || child_capture(ask_cksum, true, &cksum))
		return 1;
	str_chomp(&version, '\n');
	str_chomp(&cksum, '\n');
	for (char *p = cksum.s; p && *p; p++) {
		if (*p == ' ')
			*p = '-';
	}
	AUTO_FREE char *backup =
		xasprintf("%s.backup%s-%s", db, str_cstr(&version), str_cstr(&cksum));
	AUTO_FREE char *what = xasprintf("Backing up database to %s", backup);
	const char *const copy[] = { "cp", db, backup, NULL };
	return step(what, copy);
}

static int prepare_db(const struct service_options *o, const char *db)
{
	if (access(db, F_OK) < 0) {
		AUTO_FREE char *what = xasprintf("%s does not exist; creating it", db);
		const char *const argv[] = { "ovsdb-tool", "create", db, o->db_schema, NULL };
		return step(what, argv);
	}
	AUTO_STR answer = STR_INIT;
	const char *const ask[] = { "ovsdb-tool", "needs-conversion", db, o->db_schema, NULL };
	int status = child_capture(ask, false, &answer);
	str_chomp(&answer, '\n');
	if (status || !strcmp(str_cstr(&answer), "no"))
		return status;
	status = backup_db(db);
	if (status)
		return status;
	const char *const compact[] = { "ovsdb-tool", "compact", db, NULL };
	const char *const convert[] = { "ovsdb-tool", "convert", db, o->db_schema, NULL };
	status = step("Compacting database", compact);
	return status ? status : step("Converting database schema", convert);
}

/* Commands of ovs-vsctl that go to our server, whatever OVS_RUNDIR says of others. */
static void put_vsctl(struct words *w, const struct service_options *o)
{
	AUTO_FREE char *sock = db_sock(o);
	put(w, "ovs-vsctl");
	put(w, "--db=unix:%s", sock);
	put(w, "--no-wait");
}

static char *read_line(const char *path)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return NULL;
	char line[256];
	bool ok = fgets(line, sizeof line, f) != NULL;
	fclose(f);
	line[ok ? strcspn(line, "\n") : 0] = '\0';
	return *line ? xstrdup(line) : NULL;
}

/* A random system id lasts in a file beside the database. NULL, with a line, if it cannot. */
static char *random_system_id(void)
{
	AUTO_FREE char *path = xasprintf("%s/openvswitch/system-id.conf", path_sysconfdir());
	char *id = read_line(path);
	if (id)
		return id;
	char text[UUID_LEN + 1];
	struct uuid uuid;
	uuid_random(&uuid);
	uuid_to_str(&uuid, text);
	AUTO_FREE char *dir = xasprintf("%s/openvswitch", path_sysconfdir());
	FILE *f = make_dir(dir) ? NULL : fopen(path, "we");
	if (!f || fprintf(f, "%s\n", text) < 0 || fclose(f)) {
		fprintf(stderr, "%s: %s: could not keep the system id: %s\n", log_program(), path,
			err_name(errno));
		return NULL;
	}
	return xstrdup(text);
}

/* Value of KEY in /etc/os-release, without its quotation marks. */
static char *os_release(const char *key)
{
	FILE *f = fopen("/etc/os-release", "re");
	char line[512], *value = NULL;
	size_t len = strlen(key);
	while (f && !value && fgets(line, sizeof line, f)) {
		if (strncmp(line, key, len) || line[len] != '=')
			continue;
		char *s = line + len + 1;
		s[strcspn(s, "\n")] = '\0';
		if (*s == '"' || *s == '\'')
			s++;
		s[strcspn(s, "\"'")] = '\0';
		value = xstrdup(s);
	}
	if (f)
		fclose(f);
	return value;
}

static char *system_fact(const char *option, const char *file, const char *key)
{
	if (option)
		return xstrdup(option);
	AUTO_FREE char *path = xasprintf("%s/openvswitch/%s", path_sysconfdir(), file);
	char *s = read_line(path);
	if (!s)
		s = os_release(key);
	return s ? s : xstrdup("unknown");
}

static int set_system_ids(const struct service_options *o)
{
	AUTO_FREE char *random_id = NULL;
	const char *id = o->system_id;
	if (id && !strcmp(id, "random"))
		id = random_id = random_system_id();
	else if (!id)
		fprintf(stderr,
			"%s: no system ID (--system-id) was given; external-ids:system-id "
			"stays as it is\n",
			log_program());
	AUTO_FREE char *type = system_fact(o->system_type, "system-type.conf", "ID");
	AUTO_FREE char *version =
		system_fact(o->system_version, "system-version.conf", "VERSION_ID");
	struct words w = { 0 };
	put_vsctl(&w, o);
	put_split(&w, "-- set Open_vSwitch .");
	put(&w, "ovs-version=%s", OVS_COMPAT_VERSION);
	AUTO_STR schema_version = STR_INIT;
	const char *const ask[] = { "ovsdb-tool", "schema-version", o->db_schema, NULL };
	if (!child_capture(ask, false, &schema_version)) {
		str_chomp(&schema_version, '\n');
		put(&w, "db-version=%s", str_cstr(&schema_version));
	}
	if (id)
		put(&w, "external-ids:system-id=\"%s\"", id);
	put(&w, "external-ids:rundir=\"%s\"", path_rundir());
	put(&w, "system-type=\"%s\"", type);
	put(&w, "system-version=\"%s\"", version);
	STRMAP_FOR_EACH(e, &o->external_ids)
		put(&w, "external-ids:%s=\"%s\"", e->key, e->value);
	char host[256];
	if (!o->no_record_hostname && gethostname(host, sizeof host) == 0)
		put(&w, "external-ids:hostname=\"%.255s\"", host);
	return step_words("Configuring Open vSwitch system IDs", &w);
}

/* Lines of a command's output, one word each. */
static int lines_of(struct words *command, struct words *ret)
{
	AUTO_STR out = STR_INIT;
	int status = child_capture((const char *const *)command->word, false, &out);
	words_fini(command);
	char *save = NULL;
	for (char *s = out.s ? strtok_r(out.s, "\n", &save) : NULL; s;
	     s = strtok_r(NULL, "\n", &save))
		put(ret, "%s", s);
	return status;
}

static int delete_bridges(const struct service_options *o)
{
	struct words list = { 0 }, bridges = { 0 }, w = { 0 };
	put_vsctl(&list, o);
	put(&list, "list-br");
	int status = lines_of(&list, &bridges);
	put_vsctl(&w, o);
	for (size_t i = 0; i < bridges.n; i++) {
		put_split(&w, "-- --if-exists del-br");
		put(&w, "%s", bridges.word[i]);
	}
	if (!status && bridges.n)
		status = step_words("Deleting bridges", &w);
	else
		words_fini(&w);
	words_fini(&bridges);
	return status;
}

static int delete_transient_ports(const struct service_options *o)
{
	struct words list = { 0 }, ports = { 0 }, w = { 0 };
	put_vsctl(&list, o);
	put_split(&list, "--bare -- --columns=name find port other_config:transient=true");
	int status = lines_of(&list, &ports);
	put_vsctl(&w, o);
	for (size_t i = 0; i < ports.n; i++) {
		put_split(&w, "-- --if-exists del-port");
		put(&w, "%s", ports.word[i]);
	}
	if (!status && ports.n)
		status = step_words("Deleting transient ports", &w);
	else
		words_fini(&w);
	words_fini(&ports);
	return status;
}

int service_delete_transient_ports(void)
{
	const struct service_options o = { 0 };
	return delete_transient_ports(&o);
}

/* Daemons. */

static int put_wrapper(struct words *w, const char *wrapper, const char *daemon)
{
	if (!wrapper)
		return 0;
	if (!strcmp(wrapper, "valgrind")) {
		put_split(w, "valgrind -q --leak-check=full --time-stamp=yes");
		put(w, "--log-file=%s/%s.valgrind.log.%%p", path_logdir(), daemon);
	} else if (!strcmp(wrapper, "strace")) {
		put_split(w, "strace -tt -T -s 256 -ff -o");
		put(w, "%s/%s.strace.log", path_logdir(), daemon);
	} else if (!strcmp(wrapper, "glibc")) {
		setenv("MALLOC_CHECK_", "2", 1);
		setenv("MALLOC_PERTURB_", "165", 1);
		return 0;
	} else {
		fprintf(stderr, "%s: unknown wrapper '%s' (valgrind, strace or glibc)\n",
			log_program(), wrapper);
		return 1;
	}
	/* What is wrapped is found by its path, and knows itself by the link's name. */
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	put(w, "%.*s", (int)MAX(n, 0), self);
	return 0;
}

static void put_daemon_options(struct words *w, const struct service_options *o, const char *daemon)
{
	put_split(w, "-vconsole:emer -vsyslog:err -vfile:info --no-chdir --detach --pidfile");
	put(w, "--log-file=%s/%s.log", path_logdir(), daemon);
	if (!o->no_monitor)
		put(w, "--monitor");
	if (o->no_self_confinement)
		put(w, "--no-self-confinement");
	if (o->user && *o->user)
		put(w, "--user=%s", o->user);
}

/* What the daemons inherit from us. */
static int set_surroundings(const struct service_options *o)
{
	const char *cwd = o->daemon_cwd ? o->daemon_cwd : "/";
	if (chdir(cwd) < 0) {
		fprintf(stderr, "%s: %s: %s\n", log_program(), cwd, err_name(errno));
		return 1;
	}
	umask(0022);
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	if (!o->no_core_files)
		setrlimit(RLIMIT_CORE, &unlimited);
	return 0;
}

static void set_priority(const char *text)
{
	int64_t nice = 0;
	if (text && str_to_i64(text, 10, &nice) && setpriority(PRIO_PROCESS, 0, (int)nice) < 0)
		fprintf(stderr, "%s: could not set priority %s: %s\n", log_program(), text,
			err_name(errno));
}

static int start_server(const struct service_options *o)
{
	int pid = service_pid("ovsdb-server");
	if (pid) {
		printf(" * ovsdb-server is already running with pid %d\n", pid);
		return 0;
	}
	AUTO_FREE char *db = db_file(o), *sock = db_sock(o), *dir = xstrdup(db);
	*strrchr(dir, '/') = '\0';
	if ((*dir && make_dir(dir)) || make_dir(path_rundir()) || make_dir(path_logdir()))
		return 1;
	int status = prepare_db(o, db);
	if (status)
		return status;
	struct words w = { 0 };
	if (put_wrapper(&w, o->server_wrapper, "ovsdb-server"))
		return 1;
	put(&w, "ovsdb-server");
	put(&w, "%s", db);
	AUTO_FREE char *extra = xstrdup(o->extra_dbs ? o->extra_dbs : "");
	char *save = NULL;
	for (char *s = strtok_r(extra, " ", &save); s; s = strtok_r(NULL, " ", &save)) {
		AUTO_FREE char *path = path_in(path_dbdir(), s);
		put(&w, "%s", path);
	}
	put(&w, "--remote=punix:%s", sock);
	put_split(&w, "--remote=db:Open_vSwitch,Open_vSwitch,manager_options "
		      "--private-key=db:Open_vSwitch,SSL,private_key "
		      "--certificate=db:Open_vSwitch,SSL,certificate "
		      "--bootstrap-ca-cert=db:Open_vSwitch,SSL,ca_cert");
	put_daemon_options(&w, o, "ovsdb-server");
	put_split(&w, o->server_options);
	set_priority(o->server_priority);
	status = step_words("Starting ovsdb-server", &w);
	if (status)
		return status;
	struct words init = { 0 };
	put_vsctl(&init, o);
	put(&init, "init");
	status = child_run((const char *const *)init.word);
	words_fini(&init);
	if (!status)
		status = set_system_ids(o);
	if (!status && o->delete_bridges)
		status = delete_bridges(o);
	if (!status && o->delete_transient_ports)
		status = delete_transient_ports(o);
	return status;
}

static int start_switch(const struct service_options *o)
{
	int pid = service_pid("ovs-vswitchd");
	if (pid) {
		printf(" * ovs-vswitchd is already running with pid %d\n", pid);
		return 0;
	}
	AUTO_FREE char *sock = db_sock(o);
	struct words w = { 0 };
	if (put_wrapper(&w, o->vswitchd_wrapper, "ovs-vswitchd"))
		return 1;
	put(&w, "ovs-vswitchd");
	put(&w, "unix:%s", sock);
	if (!o->no_mlockall)
		put(&w, "--mlockall");
	put_daemon_options(&w, o, "ovs-vswitchd");
	put_split(&w, o->vswitchd_options);
	set_priority(o->vswitchd_priority);
	return step_words("Starting ovs-vswitchd", &w);
}

int service_start(const struct service_options *o)
{
	int status = set_surroundings(o);
	if (!status && !o->no_ovsdb_server)
		status = start_server(o);
	if (!status && !o->no_ovs_vswitchd)
		status = start_switch(o);
	return status;
}

/* Waits until the process is gone; false if it is still there. */
static bool wait_gone(int pid, int ms)
{
	for (; ms > 0; ms -= 50) {
		if (kill(pid, 0) < 0 && errno == ESRCH)
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
	}
	return false;
}

static int stop_daemon(const char *daemon)
{
	static const struct {
		int signum; /* 0: ask over the control socket */
		int wait_ms;
	} ways[] = { { 0, 5000 }, { SIGTERM, 5000 }, { SIGKILL, 10000 } };
	int pid = service_pid(daemon);
	if (!pid) {
		printf(" * %s is not running\n", daemon);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const char *const argv[] = { "exit" };
		AUTO_FREE char *reply = NULL;
		AUTO_ERR err = ERR_INIT;
		if (ways[i].signum)
			kill(pid, ways[i].signum);
		else if (control_ask(daemon, 1, argv, 5, &reply, &err) < 0)
			continue;
		if (wait_gone(pid, ways[i].wait_ms)) {
			printf(" * %s %s (%d)\n", ways[i].signum == SIGKILL ? "Killed" : "Exiting",
			       daemon, pid);
			return 0;
		}
	}
	printf(" * %s (%d) does not go away\n", daemon, pid);
	return 1;
}

int service_stop(const struct service_options *o)
{
	int status = o->no_ovs_vswitchd ? 0 : stop_daemon("ovs-vswitchd");
	if (!o->no_ovsdb_server)
		status |= stop_daemon("ovsdb-server");
	return status;
}

int service_restart(const struct service_options *o)
{
	bool keep_flows = !o->no_ovs_vswitchd && !o->delete_bridges &&
			  service_pid("ovs-vswitchd") && service_pid("ovsdb-server");
	struct saved_flows *flows = keep_flows ? flows_save() : NULL;
	int status = service_stop(o);
	if (!status)
		status = service_start(o);
	if (!status && flows)
		status = flows_restore(flows);
	flows_free(flows);
	return status;
}

int service_status(const struct service_options *o)
{
	static const char *const daemons[] = { "ovsdb-server", "ovs-vswitchd" };
	const bool left_out[] = { o->no_ovsdb_server, o->no_ovs_vswitchd };
	int status = 0;
	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++) {
		if (left_out[i])
			continue;
		int pid = service_pid(daemons[i]);
		if (pid)
			printf("%s is running with pid %d\n", daemons[i], pid);
		else
			printf("%s is not running\n", daemons[i]);
		status |= !pid;
	}
	return status;
}
