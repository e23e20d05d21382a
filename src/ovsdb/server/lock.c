/* SPDX-License-Identifier: Apache-2.0 */
/* Locks (RFC 7047 sections 4.1.8 to 4.1.10): names that clients queue for. Who steals goes to the
 * head of the queue, and who was robbed stays behind him: when he lets go, it is theirs again. But
 * a thief who is robbed himself is out of the queue. Whenever someone leaves the queue, who is
 * first then is told that he has the lock, also if he had it already: as Open vSwitch's server
 * does. */
#include "base/hash.h"
#include "base/mem.h"
#include "ovsdb/server/server.h"

struct lock {
	struct hmap_node node;
	char *name;
	struct server *server;
	struct list waiters;
	size_t n_waiters; /* with those who are out of the queue */
};

static struct lock *lock_get(struct server *s, const char *name)
{
	uint32_t hash = hash_str(name, hash_secret());
	struct lock *l;

	HMAP_FOR_EACH_WITH_HASH(l, &s->locks, hash, node)
		if (!strcmp(l->name, name))
			return l;
	l = xzalloc(sizeof *l);
	l->name = xstrdup(name);
	l->server = s;
	list_init(&l->waiters);
	hmap_insert(&s->locks, &l->node, hash);
	return l;
}

static struct lock_waiter *owner(const struct lock *l)
{
	return list_is_empty(&l->waiters)
		       ? NULL
		       : LIST_ENTRY(l->waiters.next, struct lock_waiter, in_lock);
}

bool lock_acquire(struct server *s, struct client *client, const char *name, enum lock_mode mode)
{
	struct lock *l = lock_get(s, name);
	struct lock_waiter *victim = owner(l);
	struct lock_waiter *w = xzalloc(sizeof *w);

	w->lock = l;
	w->client = client;
	w->mode = mode;
	l->n_waiters++;
	list_push_back(&client->locks, &w->in_client);
	client->n_locks++;
	if (mode == LOCK_WAIT && victim) {
		list_push_back(&l->waiters, &w->in_lock);
		return false;
	}
	list_push_front(&l->waiters, &w->in_lock);
	w->is_owner = true;
	if (victim) {
		victim->is_owner = false;
		victim->client->n_locks_lost++;
		if (victim->mode == LOCK_STEAL)
			list_remove(&victim->in_lock);
		client_notify(victim->client, "stolen", json_pack("[s]", name));
	}
	return true;
}

struct lock_waiter *lock_waiter_lookup(const struct client *client, const char *name)
{
	struct lock_waiter *w;

	LIST_FOR_EACH(w, &client->locks, in_client)
		if (!strcmp(w->lock->name, name))
			return w;
	return NULL;
}

const char *lock_waiter_name(const struct lock_waiter *w) { return w->lock->name; }

void lock_release(struct lock_waiter *w)
{
	struct lock *l = w->lock;
	bool was_queued = !list_is_empty(&w->in_lock);

	list_remove(&w->in_lock);
	list_remove(&w->in_client);
	w->client->n_locks--;
	free(w);
	l->n_waiters--;

	struct lock_waiter *next = owner(l);
	if (next && was_queued) {
		next->is_owner = true;
		client_notify(next->client, "locked", json_pack("[s]", l->name));
	}
	if (!l->n_waiters) {
		hmap_remove(&l->server->locks, &l->node);
		free(l->name);
		free(l);
	}
}
