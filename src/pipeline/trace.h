/* SPDX-License-Identifier: Apache-2.0 */
/* trace: what a translation did, as a tree that ofproto/trace prints. Nodes are put where the
 * current list is; a translation moves the list down and up again as it enters tables, buckets and
 * bridges. */
#pragma once
#include "base/list.h"
#include "base/str.h"

enum trace_kind {
	TRACE_BRIDGE, /* bridge("br0") */
	TRACE_TABLE,  /* " 0. in_port=1, priority 5" */
	TRACE_THAW,
	TRACE_GROUP,
	TRACE_BUCKET, /* children always one step in */
	TRACE_ACTION,
	TRACE_DETAIL, /* " -> .." */
	TRACE_WARN,   /* " >> .." */
	TRACE_ERROR,  /* " >>>> .. <<<<" */
};

struct trace_node {
	struct list node;
	struct list children;
	enum trace_kind kind;
	char *text;
};

struct trace {
	bool names; /* ports by name */
	struct list roots;
	struct list *current; /* where nodes go */
};

void trace_init(struct trace *);
void trace_fini(struct trace *);
/* 't' NULL: nothing happens, and NULL is returned. */
struct trace_node *trace_put(struct trace *t, enum trace_kind, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Makes 'node's children the current list; returns the list to go back to with trace_leave(). */
struct list *trace_enter(struct trace *, struct trace_node *);
void trace_leave(struct trace *, struct list *);
void trace_print(const struct trace *, struct str *out);
