/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/rbac.h"
#include <errno.h>
#include "base/mem.h"

static const struct datum *field(const struct table *t, const struct row *row, const char *name,
				 enum atom_type key, enum atom_type value)
{
	const struct column_schema *c = table_column(t->schema, name);

	if (!c || c->type.key.type != key || c->type.value.type != value)
		return NULL;
	return row->fields[c->index];
}

/* The permission row for 'table' of the client's role, or NULL. */
static const struct row *find_permission(const struct db *db, const struct exec_client *client,
					 const char *table, const struct table **ret_table)
{
	const struct table *roles = db_table(db, "RBAC_Role");
	struct row *role;

	TABLE_FOR_EACH_ROW(role, roles)
	{
		const struct datum *name = field(roles, role, "name", ATOM_STRING, ATOM_VOID);
		if (!name || !name->n || strcmp(atom_str(datum_key(name, 0)), client->role))
			continue;
		const struct datum *perms =
			field(roles, role, "permissions", ATOM_STRING, ATOM_UUID);
		uint32_t i = perms ? datum_find_string(perms, table) : UINT32_MAX;
		const struct column_schema *c = table_column(roles->schema, "permissions");
		if (i == UINT32_MAX || !c->type.value.ref.table)
			return NULL;
		*ret_table = db_ref_table(db, &c->type.value);
		return table_row(*ret_table, &datum_value(perms, i)->uuid);
	}
	return NULL;
}

/* One entry of "authorization": a column, or column:key, that must hold the client's id; "" lets
 * everyone pass. */
static bool entry_authorizes(const char *entry, const struct table *t, const struct row *row,
			     const char *id)
{
	if (!*entry)
		return true;
	if (!id)
		return false;

	const char *colon = strchr(entry, ':');
	AUTO_FREE char *name = colon ? xstrndup(entry, colon - entry) : xstrdup(entry);
	if (colon) {
		const struct datum *map = field(t, row, name, ATOM_STRING, ATOM_STRING);
		const char *value = map ? datum_map_get(map, colon + 1) : NULL;
		return value && !strcmp(value, id);
	}
	const struct datum *set = field(t, row, name, ATOM_STRING, ATOM_VOID);
	return set && datum_find_string(set, id) != UINT32_MAX;
}

static bool is_authorized(const struct table *perms, const struct row *perm, const struct table *t,
			  const struct row *row, const char *id)
{
	const struct datum *auth = field(perms, perm, "authorization", ATOM_STRING, ATOM_VOID);

	for (size_t i = 0; auth && i < auth->n; i++)
		if (entry_authorizes(atom_str(datum_key(auth, i)), t, row, id))
			return true;
	return false;
}

static bool is_exempt(const struct db *db, const struct exec_client *client)
{
	return !client->role || !*client->role || !db_table(db, "RBAC_Role");
}

static int denied(const struct exec_client *client, struct dberr *err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
static int denied(const struct exec_client *client, struct dberr *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	AUTO_FREE char *what = xvasprintf(fmt, args);
	va_end(args);
	dberr_set(err, "permission error", NULL,
		  "RBAC rules for client \"%s\" role \"%s\" prohibit %s.",
		  client->id ? client->id : "(null)", client->role, what);
	return -EPERM;
}

/* Whether a client of this role has any business in the table. Who has no certificate is nobody. */
static const struct row *table_permission(const struct db *db, const struct exec_client *client,
					  const struct table *t, const struct table **ret_perms)
{
	return client->id ? find_permission(db, client, t->schema->name, ret_perms) : NULL;
}

static bool may_insert_delete(const struct db *db, const struct exec_client *client,
			      const struct table *t, const struct row *row, bool check_row)
{
	const struct table *perms;
	const struct row *perm = table_permission(db, client, t, &perms);

	if (!perm || (row && check_row && !is_authorized(perms, perm, t, row, client->id)))
		return false;
	const struct datum *allowed = field(perms, perm, "insert_delete", ATOM_BOOLEAN, ATOM_VOID);
	return allowed && allowed->n && datum_key(allowed, 0)->boolean;
}

int rbac_check_insert(const struct db *db, const struct exec_client *client, const struct table *t,
		      const struct row *row, struct dberr *err)
{
	if (is_exempt(db, client) || may_insert_delete(db, client, t, row, false))
		return 0;
	return denied(client, err, "row insertion into table \"%s\"", t->schema->name);
}

int rbac_check_delete(const struct db *db, const struct exec_client *client, const struct table *t,
		      const struct row *row, struct dberr *err)
{
	if (is_exempt(db, client) || may_insert_delete(db, client, t, row, true))
		return 0;
	return denied(client, err, "row deletion from table \"%s\"", t->schema->name);
}

/* "update" lists columns, and column:key of maps. */
static bool may_update_column(const struct datum *update, const char *column)
{
	return update && datum_find_string(update, column) != UINT32_MAX;
}

static bool may_mutate_keys(const struct datum *update, const char *column, const struct datum *arg)
{
	if (!update || arg->key_type != ATOM_STRING)
		return false;
	for (size_t i = 0; i < arg->n; i++) {
		AUTO_FREE char *entry = xasprintf("%s:%s", column, atom_str(datum_key(arg, i)));
		if (datum_find_string(update, entry) == UINT32_MAX)
			return false;
	}
	return arg->n > 0;
}

int rbac_check_update(const struct db *db, const struct exec_client *client, const struct table *t,
		      const struct row *row, struct datum *const values[], struct dberr *err)
{
	const struct table *perms;

	if (is_exempt(db, client))
		return 0;
	const struct row *perm = table_permission(db, client, t, &perms);
	if (!perm || (row && !is_authorized(perms, perm, t, row, client->id)))
		return denied(client, err, "modification of table \"%s\"", t->schema->name);
	const struct datum *update = field(perms, perm, "update", ATOM_STRING, ATOM_VOID);
	for (size_t i = 0; i < t->schema->n_columns; i++)
		if (values[i] && !may_update_column(update, t->schema->columns[i]->name))
			return denied(client, err, "modification of table \"%s\"", t->schema->name);
	return 0;
}

int rbac_check_mutate(const struct db *db, const struct exec_client *client, const struct table *t,
		      const struct row *row, const struct mutation_set *set, struct dberr *err)
{
	const struct table *perms;

	if (is_exempt(db, client))
		return 0;
	const struct row *perm = table_permission(db, client, t, &perms);
	if (!perm || (row && !is_authorized(perms, perm, t, row, client->id)))
		return denied(client, err, "mutate operation on table \"%s\"", t->schema->name);
	const struct datum *update = field(perms, perm, "update", ATOM_STRING, ATOM_VOID);
	for (size_t i = 0; i < set->n; i++) {
		const struct mutation *m = &set->mutations[i];
		if (!may_update_column(update, m->column->name) &&
		    !may_mutate_keys(update, m->column->name, m->arg))
			return denied(client, err, "mutate operation on table \"%s\"",
				      t->schema->name);
	}
	return 0;
}
