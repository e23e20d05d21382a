/* SPDX-License-Identifier: Apache-2.0 */
/* list: intrusive doubly linked list with a head node. A node is on at most one list. */
#pragma once
#include "base/compiler.h"

struct list {
	struct list *prev, *next;
};

#define LIST_INIT(head)                                                                            \
	{                                                                                          \
		&(head), &(head)                                                                   \
	}

static inline void list_init(struct list *l) { l->prev = l->next = l; }
static inline bool list_is_empty(const struct list *l) { return l->next == l; }

static inline void list_insert_before(struct list *pos, struct list *node)
{
	node->prev = pos->prev;
	node->next = pos;
	pos->prev->next = node;
	pos->prev = node;
}
static inline void list_push_back(struct list *head, struct list *node)
{
	list_insert_before(head, node);
}
static inline void list_push_front(struct list *head, struct list *node)
{
	list_insert_before(head->next, node);
}
/* Leaves 'node' linked to itself, so removing twice is harmless. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}
/* NULL if the list is empty. */
static inline struct list *list_pop_front(struct list *head)
{
	struct list *node = head->next;
	if (node == head)
		return NULL;
	list_remove(node);
	return node;
}
/* Moves all of 'from' to the end of 'to'. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}
static inline size_t list_size(const struct list *head)
{
	size_t n = 0;
	for (const struct list *p = head->next; p != head; p = p->next)
		n++;
	return n;
}

#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)
#define LIST_FOR_EACH(var, head, member)                                                           \
	for (var = LIST_ENTRY((head)->next, __typeof__(*var), member); &var->member != (head);     \
	     var = LIST_ENTRY(var->member.next, __typeof__(*var), member))
/* Allows removal and release of 'var' in the body. */
#define LIST_FOR_EACH_SAFE(var, head, member)                                                      \
	for (struct list *next_##var =                                                             \
		     (var = LIST_ENTRY((head)->next, __typeof__(*var), member), var->member.next); \
	     &var->member != (head); var = LIST_ENTRY(next_##var, __typeof__(*var), member),       \
			 next_##var = next_##var->next)
