/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of JSON-RPC 1.0 as values; the connection is in jsonrpc.c. */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "io/jsonrpc.h"
#include "wire/json.h"

static struct jsonrpc_msg *msg_new(enum jsonrpc_type type)
{
	struct jsonrpc_msg *msg = xzalloc(sizeof *msg);
	msg->type = type;
	return msg;
}

struct jsonrpc_msg *jsonrpc_request(const char *method, json_t *params, json_t **ret_id_borrowed)
{
	static unsigned next_id;
	struct jsonrpc_msg *msg = msg_new(JSONRPC_REQUEST);
	msg->method = xstrdup(method);
	msg->params = params;
	msg->id = json_integer(__atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED));
	if (ret_id_borrowed)
		*ret_id_borrowed = msg->id;
	return msg;
}

struct jsonrpc_msg *jsonrpc_notify(const char *method, json_t *params)
{
	struct jsonrpc_msg *msg = msg_new(JSONRPC_NOTIFY);
	msg->method = xstrdup(method);
	msg->params = params;
	return msg;
}

struct jsonrpc_msg *jsonrpc_reply(json_t *result, const json_t *id)
{
	struct jsonrpc_msg *msg = msg_new(JSONRPC_REPLY);
	msg->result = result;
	msg->id = json_incref((json_t *)id);
	return msg;
}

struct jsonrpc_msg *jsonrpc_error(json_t *error, const json_t *id)
{
	struct jsonrpc_msg *msg = msg_new(JSONRPC_ERROR);
	msg->error = error;
	msg->id = json_incref((json_t *)id);
	return msg;
}

void jsonrpc_msg_free(struct jsonrpc_msg *msg)
{
	if (!msg)
		return;
	free(msg->method);
	json_decref(msg->params);
	json_decref(msg->result);
	json_decref(msg->error);
	json_decref(msg->id);
	free(msg);
}

static json_t *get_non_null(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	return json_is_null(value) ? NULL : value;
}

/* Which of the four the members make; why not, in 'err'. */
static int fill(json_t *json, struct jsonrpc_msg *msg, struct err *err)
{
	if (!json_is_object(json))
		return err_set(err, -EINVAL, "message is not a JSON object");
	const char *key;
	json_t *value;
	json_object_foreach(json, key, value) {
		if (strcmp(key, "method") && strcmp(key, "params") && strcmp(key, "result") &&
		    strcmp(key, "error") && strcmp(key, "id"))
			return err_set(err, -EINVAL, "message has unexpected member \"%s\"", key);
	}
	json_t *method = get_non_null(json, "method"), *params = get_non_null(json, "params");
	json_t *result = json_object_get(json, "result"), *error = get_non_null(json, "error");
	json_t *id = get_non_null(json, "id");
	if (method) {
		if (!json_is_string(method))
			return err_set(err, -EINVAL, "method is not a JSON string");
		if (!json_is_array(params))
			return err_set(err, -EINVAL, "\"params\" must be a JSON array");
		if (error || (result && !json_is_null(result)))
			return err_set(err, -EINVAL,
				       "request must not have \"result\" or "
				       "\"error\"");
		msg->type = id ? JSONRPC_REQUEST : JSONRPC_NOTIFY;
		msg->method = xstrdup(json_string_value(method));
		msg->params = json_incref(params);
	} else {
		if (params)
			return err_set(err, -EINVAL, "reply must not have \"params\"");
		if (!id)
			return err_set(err, -EINVAL, "message has neither \"method\" nor \"id\"");
		if (error && result && !json_is_null(result))
			return err_set(err, -EINVAL, "reply has both \"result\" and \"error\"");
		if (!error && !result)
			return err_set(err, -EINVAL, "reply has neither \"result\" nor \"error\"");
		msg->type = error ? JSONRPC_ERROR : JSONRPC_REPLY;
		if (error)
			msg->error = json_incref(error);
		else
			msg->result = json_incref(result);
	}
	if (id)
		msg->id = json_incref(id);
	return 0;
}

int jsonrpc_msg_from_json(json_t *json, struct jsonrpc_msg **ret, struct err *err)
{
	struct jsonrpc_msg *msg = xzalloc(sizeof *msg);
	int r = fill(json, msg, err);
	json_decref(json);
	if (r < 0)
		jsonrpc_msg_free(msg);
	else
		*ret = msg;
	return r;
}

static json_t *ref_or_null(json_t *json) { return json ? json_incref(json) : json_null(); }

json_t *jsonrpc_msg_to_json(const struct jsonrpc_msg *msg)
{
	json_t *json = json_object();
	json_object_set_new(json, "id", ref_or_null(msg->id));
	if (msg->type == JSONRPC_REQUEST || msg->type == JSONRPC_NOTIFY) {
		json_object_set_new(json, "method", json_string_nocheck(msg->method));
		json_object_set_new(json, "params", ref_or_null(msg->params));
	} else {
		json_object_set_new(json, "result", ref_or_null(msg->result));
		json_object_set_new(json, "error", ref_or_null(msg->error));
	}
	return json;
}
