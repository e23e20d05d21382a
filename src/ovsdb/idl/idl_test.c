/* SPDX-License-Identifier: Apache-2.0 */
/* idl_test: a replica against a server of a few lines in the same loop, which answers as each test
 * says and keeps what it was asked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/jsonrpc.h"
#include "io/stream.h"
#include "ovsdb/idl/vswitch.h"
#include "ovsdb/value.h"
#include "wire/json.h"

#define BR "11111111-1111-4111-8111-111111111111"
#define PORT "22222222-2222-4222-8222-222222222222"
#define PORT2 "33333333-3333-4333-8333-333333333333"
#define ROOT "44444444-4444-4444-8444-444444444444"

struct server {
	char path[64], remote[80];
	struct loop *loop;
	struct listener *listener;
	struct jsonrpc *rpc;
	/* Methods that it does not know; ends with NULL. */
	const char *const *unknown;
	const char *contents; /* JSON of the initial updates */
	const char *missing;  /* a column that its schema does not have */
	const char *answer;   /* to transact */
	char *asked;	      /* the last transact's parameters */
	char *monitored;      /* the last monitor's parameters */
	unsigned n_monitors;
};

static json_t *parse(const char *text)
{
	json_t *json;
	AUTO_ERR err = ERR_INIT;
	int r = json_parse_value(text, strlen(text), &json, &err);
	if (r < 0)
		fail_msg("%s: %s", text, err_text(&err));
	return json;
}

static char *text_of(const json_t *json)
{
	struct str s = STR_INIT;
	json_put(json, JSON_PUT_SORT, &s);
	return str_steal(&s);
}

static json_t *answer_monitor(struct server *s, struct jsonrpc_msg *msg)
{
	free(s->monitored);
	s->monitored = text_of(msg->params);
	s->n_monitors++;
	if (strcmp(msg->method, "monitor_cond_since"))
		return parse(s->contents);
	return json_pack("[bso]", 0, "55555555-5555-4555-8555-555555555555", parse(s->contents));
}

static void on_request(struct jsonrpc *rpc, struct jsonrpc_msg *msg, void *arg)
{
	struct server *s = arg;
	json_t *result = NULL, *error = NULL;
	for (const char *const *u = s->unknown; u && *u; u++) {
		if (!strcmp(*u, msg->method))
			error = json_string("unknown method");
	}
	if (error) {
	} else if (str_starts(msg->method, "monitor")) {
		AUTO_FREE char *params = text_of(msg->params);
		if (s->missing && strstr(params, s->missing))
			error = json_pack("{s:s}", "error", "syntax error");
		else
			result = answer_monitor(s, msg);
	} else if (!strcmp(msg->method, "get_schema")) {
		result = parse(vsw_db.schema_json);
		json_t *tables = json_object_get(result, "tables");
		json_t *bridge = json_object_get(tables, "Bridge");
		if (s->missing)
			json_object_del(json_object_get(bridge, "columns"), s->missing);
	} else if (!strcmp(msg->method, "transact")) {
		free(s->asked);
		s->asked = text_of(msg->params);
		result = parse(s->answer);
	} else if (!strcmp(msg->method, "lock")) {
		result = json_pack("{s:b}", "locked", 0);
	}
	if (error)
		jsonrpc_send(rpc, jsonrpc_error(error, msg->id));
	else if (result)
		jsonrpc_send(rpc, jsonrpc_reply(result, msg->id));
	jsonrpc_msg_free(msg);
}

static void on_closed(struct jsonrpc *rpc, int error, void *arg)
{
	struct server *s = arg;
	jsonrpc_close(rpc);
	s->rpc = NULL;
}

static const struct jsonrpc_ops server_ops = { .recv = on_request, .closed = on_closed };

static void on_accept(struct listener *listener, struct stream *stream, void *arg)
{
	struct server *s = arg;
	s->rpc = jsonrpc_new(stream, s->loop, &server_ops, s);
}

static void server_start(struct server *s)
{
	AUTO_ERR err = ERR_INIT;
	AUTO_FREE char *passive = NULL;
	s->loop = loop_new();
	snprintf(s->path, sizeof s->path, "/tmp/idl_test.%d.sock", getpid());
	snprintf(s->remote, sizeof s->remote, "unix:%s", s->path);
	passive = xasprintf("p%s", s->remote);
	unlink(s->path);
	int r = listener_open(passive, 0, s->loop, on_accept, s, &s->listener, &err);
	assert_int_equal(r, 0);
}

static void server_stop(struct server *s)
{
	jsonrpc_close(s->rpc);
	listener_close(s->listener);
	loop_free(s->loop);
	free(s->asked);
	free(s->monitored);
}

static struct idl *replica(struct server *s)
{
	AUTO_ERR err = ERR_INIT;
	struct idl *idl = idl_new(&vsw_db, s->remote, s->loop);
	idl_monitor_table(idl, &vsw_bridge_table);
	idl_monitor_column(idl, &vsw_port_table, VSW_PORT_NAME);
	idl_monitor_column(idl, &vsw_port_table, VSW_PORT_TAG);
	idl_monitor_column(idl, &vsw_open_vswitch_table, VSW_OPEN_VSWITCH_BRIDGES);
	idl_start(idl);
	int r = idl_wait_ready(idl, false, clock_mono_ns() + 10 * NS_PER_SEC, &err);
	if (r < 0)
		fail_msg("%s", err_text(&err));
	return idl;
}

static void notify(struct server *s, const char *method, const char *params)
{
	jsonrpc_send(s->rpc, jsonrpc_notify(method, parse(params)));
}

/* Until the replica has taken in what was sent. */
static void settle(struct idl *idl, struct server *s, uint64_t seqno)
{
	AUTO_ERR err = ERR_INIT;
	int r = idl_wait_change(idl, seqno, clock_mono_ns() + 10 * NS_PER_SEC, &err);
	assert_int_equal(r, 0);
}

static const char contents[] =
	"{\"Bridge\":{\"" BR "\":{\"initial\":{\"name\":\"br0\",\"ports\":[\"uuid\",\"" PORT "\"],"
	"\"other_config\":[\"map\",[[\"a\",\"b\"],[\"c\",\"d\"]]],\"stp_enable\":true,"
	"\"flood_vlans\":[\"set\",[5,7]]}}},"
	"\"Port\":{\"" PORT "\":{\"initial\":{\"name\":\"p1\",\"tag\":9}}},"
	"\"Open_vSwitch\":{\"" ROOT "\":{\"initial\":{\"bridges\":[\"uuid\",\"" BR "\"]}}}}";

static void check_contents(struct idl *idl)
{
	const struct vsw_open_vswitch *root = vsw_open_vswitch_first(idl);
	assert_non_null(root);
	assert_int_equal(vsw_open_vswitch_n_bridges(root), 1);
	const struct vsw_bridge *br = vsw_open_vswitch_bridges(root, 0);
	assert_string_equal(vsw_bridge_name(br), "br0");
	assert_true(vsw_bridge_stp_enable(br));
	assert_false(vsw_bridge_rstp_enable(br));
	assert_null(vsw_bridge_fail_mode(br));
	assert_string_equal(vsw_bridge_other_config(br, "c"), "d");
	assert_null(vsw_bridge_other_config(br, "x"));
	assert_int_equal(vsw_bridge_n_flood_vlans(br), 2);
	assert_int_equal(vsw_bridge_flood_vlans(br, 1), 7);
	const struct vsw_port *port = vsw_bridge_ports(br, 0);
	int64_t tag = 0;
	assert_true(vsw_port_tag(port, &tag));
	assert_int_equal(tag, 9);
	assert_null(vsw_bridge_netflow(br));
}

static void test_initial(void **state)
{
	struct server s = { .contents = contents };
	server_start(&s);
	struct idl *idl = replica(&s);
	check_contents(idl);
	assert_int_equal(s.n_monitors, 1);
	idl_free(idl);
	server_stop(&s);
}

/* RFC 7047's own monitor has "new" and "old" and repeats whole columns. */
static void test_old_server(void **state)
{
	static const char *const unknown[] = { "monitor_cond_since", "monitor_cond", NULL };
	AUTO_FREE char *old = xstrdup(contents);
	for (char *p; (p = strstr(old, "\"initial\"")) != NULL;)
		memcpy(p, "\"new\"    ", 9);
	struct server s = { .contents = old, .unknown = unknown };
	server_start(&s);
	struct idl *idl = replica(&s);
	check_contents(idl);
	uint64_t seqno = idl_seqno(idl);
	notify(&s, "update",
	       "[[\"monid\",\"Open_vSwitch\"],{\"Port\":{\"" PORT
	       "\":{\"old\":{\"tag\":9},\"new\":{\"name\":\"p1\",\"tag\":[\"set\",[]]}}}}]");
	settle(idl, &s, seqno);
	int64_t tag;
	assert_false(vsw_port_tag(vsw_port_first(idl), &tag));
	seqno = idl_seqno(idl);
	notify(&s, "update",
	       "[[\"monid\",\"Open_vSwitch\"],{\"Port\":{\"" PORT
	       "\":{\"old\":{\"name\":\"p1\"}}}}]");
	settle(idl, &s, seqno);
	assert_null(vsw_port_first(idl));
	idl_free(idl);
	server_stop(&s);
}

static void test_missing_column(void **state)
{
	struct server s = { .contents = contents, .missing = "mcast_snooping_enable" };
	server_start(&s);
	assert_int_equal(log_set_from_str("ovsdb_idl:off", NULL), 0);
	struct idl *idl = replica(&s);
	check_contents(idl);
	assert_null(strstr(s.monitored, "mcast_snooping_enable"));
	assert_non_null(strstr(s.monitored, "rstp_enable"));
	struct idl_txn *txn = idl_txn_new(idl);
	vsw_bridge_set_mcast_snooping_enable(txn, vsw_bridge_first(idl), true);
	assert_int_equal(idl_txn_commit(txn), IDL_UNCHANGED);
	idl_txn_free(txn);
	idl_free(idl);
	server_stop(&s);
}

static void test_differences(void **state)
{
	struct server s = { .contents = contents };
	server_start(&s);
	struct idl *idl = replica(&s);
	idl_changes_clear(idl);
	uint64_t seqno = idl_seqno(idl);
	notify(&s, "update3",
	       "[[\"monid\",\"Open_vSwitch\"],\"66666666-6666-4666-8666-666666666666\","
	       "{\"Bridge\":{\"" BR "\":{\"modify\":{\"flood_vlans\":[\"set\",[7,8]],"
	       "\"other_config\":[\"map\",[[\"a\",\"b\"],[\"c\",\"e\"],[\"f\",\"g\"]]],"
	       "\"stp_enable\":false}}},\"Port\":{\"" PORT "\":{\"delete\":null},\"" PORT2
	       "\":{\"insert\":{\"name\":\"p2\"}}}}]");
	settle(idl, &s, seqno);
	const struct vsw_bridge *br = vsw_bridge_first(idl);
	assert_int_equal(vsw_bridge_n_flood_vlans(br), 2);
	assert_int_equal(vsw_bridge_flood_vlans(br, 0), 5);
	assert_int_equal(vsw_bridge_flood_vlans(br, 1), 8);
	assert_null(vsw_bridge_other_config(br, "a"));
	assert_string_equal(vsw_bridge_other_config(br, "c"), "e");
	assert_string_equal(vsw_bridge_other_config(br, "f"), "g");
	assert_false(vsw_bridge_stp_enable(br));
	/* The reference to the deleted port dangles until the server says otherwise. */
	assert_null(vsw_bridge_ports(br, 0));

	assert_true(vsw_bridge_changed(br, VSW_BRIDGE_STP_ENABLE));
	assert_false(vsw_bridge_changed(br, VSW_BRIDGE_NAME));
	assert_false(idl_row_is_new(idl_row(br)));
	unsigned n_new = 0, n_deleted = 0;
	for (const struct idl_row *row = idl_first_changed(idl, &vsw_port_table); row;
	     row = idl_next_changed(row)) {
		n_new += idl_row_is_new(row);
		if (idl_row_is_deleted(row)) {
			n_deleted++;
			assert_string_equal(idl_str(row, VSW_PORT_NAME), "p1");
		}
	}
	assert_int_equal(n_new, 1);
	assert_int_equal(n_deleted, 1);
	idl_changes_clear(idl);
	assert_null(idl_first_changed(idl, &vsw_port_table));
	assert_null(idl_first_changed(idl, &vsw_bridge_table));
	idl_free(idl);
	server_stop(&s);
}

/* Malformed updates end the connection, not the program. */
static void test_bad_update(void **state)
{
	static const char *const bad[] = {
		"[[\"monid\",\"Open_vSwitch\"],\"" BR "\",5]",
		"[[\"monid\",\"Open_vSwitch\"],\"" BR "\",{\"Port\":{\"x\":{}}}]",
		"[[\"monid\",\"Open_vSwitch\"],\"" BR "\",{\"Port\":{\"" PORT "\":5}}]",
		"[[\"monid\",\"Open_vSwitch\"],\"" BR "\",{\"Port\":{\"" PORT "\":{}}}]",
		"[[\"monid\",\"Open_vSwitch\"],\"" BR "\",{\"Port\":{\"" PORT
		"\":{\"insert\":{\"tag\":\"x\"}}}}]",
		"[[\"monid\",\"Open_vSwitch\"],\"" BR "\",{\"Port\":{\"" PORT2
		"\":{\"modify\":{\"tag\":1}}}}]",
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct server s = { .contents = contents };
		server_start(&s);
		struct idl *idl = replica(&s);
		uint64_t seqno = idl_seqno(idl);
		notify(&s, "update3", bad[i]);
		settle(idl, &s, seqno);
		assert_false(idl_is_connected(idl));
		check_contents(idl);
		idl_free(idl);
		server_stop(&s);
	}
}

static void test_transaction(void **state)
{
	struct server s = { .contents = contents };
	server_start(&s);
	struct idl *idl = replica(&s);
	const struct vsw_bridge *br = vsw_bridge_first(idl);
	struct idl_txn *txn = idl_txn_new(idl);
	idl_txn_comment(txn, "test");
	idl_verify(txn, idl_row(br), VSW_BRIDGE_STP_ENABLE);
	const struct vsw_port *port = vsw_port_insert(txn);
	vsw_port_set_name(txn, port, "new");
	vsw_bridge_add_ports(txn, br, port);
	vsw_bridge_put_other_config(txn, br, "a", "z");
	vsw_bridge_del_other_config(txn, br, "c");
	vsw_bridge_set_stp_enable(txn, br, true); /* is so already */
	idl_txn_increment(txn, idl_row(vsw_open_vswitch_first(idl)), VSW_OPEN_VSWITCH_NEXT_CFG,
			  false);
	/* The owner sees what it has built. */
	assert_int_equal(vsw_bridge_n_ports(br), 2);
	assert_string_equal(vsw_bridge_other_config(br, "a"), "z");
	assert_null(vsw_bridge_other_config(br, "c"));
	struct uuid temporary = *vsw_port_uuid(port), real;

	s.answer = "[{},{\"count\":1},{\"uuid\":[\"uuid\",\"" PORT2 "\"]},{\"count\":1},"
		   "{\"rows\":[{\"next_cfg\":42}]},{}]";
	assert_int_equal(idl_txn_commit_wait(txn, clock_mono_ns() + 10 * NS_PER_SEC), IDL_SUCCESS);
	assert_int_equal(idl_txn_incremented(txn), 42);
	assert_true(idl_txn_inserted_uuid(txn, &temporary, &real));
	char text[UUID_LEN + 1];
	assert_string_equal(uuid_to_str(&real, text), PORT2);
	/* Afterwards the replica is what the server said. */
	assert_string_equal(vsw_bridge_other_config(br, "a"), "b");
	assert_int_equal(vsw_bridge_n_ports(br), 1);

	/* Keys are sorted; the name of the new row is its temporary UUID. */
	char name[UUID_LEN + 5];
	snprintf(name, sizeof name, "row%s", uuid_to_str(&temporary, text));
	for (char *p = name; *p; p++) {
		if (*p == '-')
			*p = '_';
	}
	AUTO_FREE char *expected = xasprintf(
		"[\"Open_vSwitch\","
		"{\"columns\":[\"stp_enable\"],\"op\":\"wait\",\"rows\":[{\"stp_enable\":true}],"
		"\"table\":\"Bridge\",\"timeout\":0,\"until\":\"==\","
		"\"where\":[[\"_uuid\",\"==\",[\"uuid\",\"" BR "\"]]]},"
		"{\"mutations\":[[\"ports\",\"insert\",[\"named-uuid\",\"%s\"]],"
		"[\"other_config\",\"delete\",[\"set\",[\"a\",\"c\"]]],"
		"[\"other_config\",\"insert\",[\"map\",[[\"a\",\"z\"]]]]],\"op\":\"mutate\","
		"\"table\":\"Bridge\",\"where\":[[\"_uuid\",\"==\",[\"uuid\",\"" BR "\"]]]},"
		"{\"op\":\"insert\",\"row\":{\"name\":\"new\"},\"table\":\"Port\","
		"\"uuid-name\":\"%s\"},"
		"{\"mutations\":[[\"next_cfg\",\"+=\",1]],\"op\":\"mutate\","
		"\"table\":\"Open_vSwitch\",\"where\":[[\"_uuid\",\"==\",[\"uuid\",\"" ROOT
		"\"]]]},"
		"{\"columns\":[\"next_cfg\"],\"op\":\"select\",\"table\":\"Open_vSwitch\","
		"\"where\":[[\"_uuid\",\"==\",[\"uuid\",\"" ROOT "\"]]]},"
		"{\"comment\":\"test\",\"op\":\"comment\"}]",
		name, name);
	assert_string_equal(s.asked, expected);
	idl_txn_free(txn);
	idl_free(idl);
	server_stop(&s);
}

static enum idl_status outcome(struct idl *idl, struct server *s, const char *answer)
{
	struct idl_txn *txn = idl_txn_new(idl);
	vsw_bridge_set_fail_mode(txn, vsw_bridge_first(idl), "secure");
	s->answer = answer;
	enum idl_status status = idl_txn_commit_wait(txn, clock_mono_ns() + 10 * NS_PER_SEC);
	idl_txn_free(txn);
	return status;
}

static void test_outcomes(void **state)
{
	struct server s = { .contents = contents };
	server_start(&s);
	assert_int_equal(log_set_from_str("ovsdb_idl:off", NULL), 0);
	struct idl *idl = replica(&s);
	assert_int_equal(outcome(idl, &s, "[{\"count\":1}]"), IDL_SUCCESS);
	assert_int_equal(outcome(idl, &s, "[{\"error\":\"timed out\"}]"), IDL_TRY_AGAIN);
	assert_int_equal(outcome(idl, &s, "[{\"error\":\"not owner\"}]"), IDL_NOT_LOCKED);
	assert_int_equal(outcome(idl, &s, "[{\"error\":\"constraint violation\"}]"), IDL_ERROR);
	assert_int_equal(outcome(idl, &s, "[]"), IDL_ERROR);
	assert_int_equal(outcome(idl, &s, "{}"), IDL_ERROR);

	struct idl_txn *txn = idl_txn_new(idl);
	assert_int_equal(idl_txn_commit(txn), IDL_UNCHANGED);
	idl_txn_free(txn);

	/* Deleting what a set holds by reference is the server's garbage collection. */
	txn = idl_txn_new(idl);
	vsw_port_delete(txn, vsw_port_first(idl));
	assert_null(vsw_port_first(idl));
	assert_int_equal(idl_txn_commit(txn), IDL_UNCHANGED);
	idl_txn_free(txn);
	assert_non_null(vsw_port_first(idl));

	/* A row that was inserted and deleted again leaves no trace. */
	txn = idl_txn_new(idl);
	vsw_port_delete(txn, vsw_port_insert(txn));
	assert_int_equal(idl_txn_commit(txn), IDL_UNCHANGED);
	idl_txn_free(txn);

	/* The connection ends before the answer comes. */
	txn = idl_txn_new(idl);
	vsw_bridge_set_fail_mode(txn, vsw_bridge_first(idl), "secure");
	assert_int_equal(idl_txn_commit(txn), IDL_INCOMPLETE);
	jsonrpc_close(s.rpc);
	s.rpc = NULL;
	for (int i = 0; i < 100 && idl_txn_status(txn) == IDL_INCOMPLETE; i++)
		loop_once(s.loop, 100);
	assert_int_equal(idl_txn_status(txn), IDL_TRY_AGAIN);
	idl_txn_free(txn);
	idl_free(idl);
	server_stop(&s);
}

static void test_lock(void **state)
{
	struct server s = { .contents = contents };
	server_start(&s);
	struct idl *idl = replica(&s);
	idl_set_lock(idl, "l");
	uint64_t seqno = idl_seqno(idl);
	settle(idl, &s, seqno);
	assert_true(idl_is_lock_contended(idl));
	assert_int_equal(outcome(idl, &s, "[]"), IDL_NOT_LOCKED);
	seqno = idl_seqno(idl);
	notify(&s, "locked", "[\"other\"]");
	notify(&s, "locked", "[\"l\"]");
	settle(idl, &s, seqno);
	assert_true(idl_has_lock(idl));
	assert_int_equal(outcome(idl, &s, "[{},{\"count\":1}]"), IDL_SUCCESS);
	assert_non_null(strstr(s.asked, "{\"lock\":\"l\",\"op\":\"assert\"}"));
	seqno = idl_seqno(idl);
	notify(&s, "stolen", "[\"l\"]");
	settle(idl, &s, seqno);
	assert_false(idl_has_lock(idl));
	idl_free(idl);
	server_stop(&s);
}

/* A database that the server is given after we have connected. */
static void test_late_database(void **state)
{
	static const char *const unknown[] = { "monitor_cond_since", "monitor_cond", "monitor",
					       "get_schema", NULL };
	struct server s = { .contents = contents, .unknown = unknown };
	server_start(&s);
	assert_int_equal(log_set_from_str("ovsdb_idl:off", NULL), 0);
	struct idl *idl = idl_new(&vsw_db, s.remote, s.loop);
	idl_monitor_all(idl);
	idl_start(idl);
	int r = idl_wait_ready(idl, false, clock_mono_ns() + 300 * NS_PER_MS, NULL);
	assert_int_equal(r, -ETIMEDOUT);
	s.unknown = NULL;
	r = idl_wait_ready(idl, false, clock_mono_ns() + 20 * NS_PER_SEC, NULL);
	assert_int_equal(r, 0);
	check_contents(idl);
	idl_free(idl);
	server_stop(&s);
}

static void test_no_server(void **state)
{
	struct loop *loop = loop_new();
	AUTO_ERR err = ERR_INIT;
	struct idl *idl = idl_new(&vsw_db, "unix:/nonexistent/a,unix:/nonexistent/b", loop);
	idl_monitor_all(idl);
	idl_start(idl);
	assert_int_equal(idl_wait_ready(idl, false, INT64_MAX, &err), -ENOENT);
	int r = idl_wait_ready(idl, true, clock_mono_ns() + NS_PER_MS, NULL);
	assert_int_equal(r, -ETIMEDOUT);
	idl_free(idl);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initial),	       cmocka_unit_test(test_old_server),
		cmocka_unit_test(test_missing_column), cmocka_unit_test(test_differences),
		cmocka_unit_test(test_bad_update),     cmocka_unit_test(test_transaction),
		cmocka_unit_test(test_outcomes),       cmocka_unit_test(test_lock),
		cmocka_unit_test(test_no_server),      cmocka_unit_test(test_late_database),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
