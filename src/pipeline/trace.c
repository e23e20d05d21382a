/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/trace.h"
#include "base/mem.h"

void trace_init(struct trace *t)
{
	t->names = false;
	list_init(&t->roots);
	t->current = &t->roots;
}

static void free_nodes(struct list *list)
{
	struct trace_node *n;
	LIST_FOR_EACH_SAFE(n, list, node) {
		free_nodes(&n->children);
		free(n->text);
		free(n);
	}
	list_init(list);
}

void trace_fini(struct trace *t) { free_nodes(&t->roots); }

struct trace_node *trace_put(struct trace *t, enum trace_kind kind, const char *fmt, ...)
{
	if (!t)
		return NULL;
	struct trace_node *n = xzalloc(sizeof *n);
	va_list args;
	va_start(args, fmt);
	n->text = xvasprintf(fmt, args);
	va_end(args);
	n->kind = kind;
	list_init(&n->children);
	list_push_back(t->current, &n->node);
	return n;
}

struct list *trace_enter(struct trace *t, struct trace_node *n)
{
	if (!t)
		return NULL;
	struct list *old = t->current;
	t->current = &n->children;
	return old;
}

void trace_leave(struct trace *t, struct list *old)
{
	if (t)
		t->current = old;
}

/* A list that ends with the step into another table goes on there at the same depth: long chains of
 * tables stay readable. */
static void print_nodes(const struct list *list, int level, bool tail, struct str *out)
{
	const struct trace_node *n;
	LIST_FOR_EACH(n, list, node) {
		bool last = n->node.next == list;
		if (n->kind == TRACE_BRIDGE) {
			if (n->node.prev != list || level || out->len)
				str_putc(out, '\n');
			str_puts(out, n->text);
			str_putc(out, '\n');
			str_putc_n(out, '-', strlen(n->text));
			str_putc(out, '\n');
			print_nodes(&n->children, 0, true, out);
			continue;
		}
		str_putc_n(out, ' ', (size_t)(n->kind == TRACE_TABLE ? MAX(level * 8 - 4, 0) :
								       level * 8 + 4));
		switch (n->kind) {
		case TRACE_DETAIL:
			str_putf(out, " -> %s\n", n->text);
			break;
		case TRACE_WARN:
			str_putf(out, " >> %s\n", n->text);
			break;
		case TRACE_ERROR:
			str_putf(out, " >>>> %s <<<<\n", n->text);
			break;
		default:
			str_putf(out, "%s\n", n->text);
			break;
		}
		bool below = n->kind == TRACE_BUCKET;
		const struct trace_node *child;
		if (!below && !(tail && last))
			LIST_FOR_EACH(child, &n->children, node)
				below |= child->kind == TRACE_TABLE;
		print_nodes(&n->children, level + below, tail && last, out);
	}
}

void trace_print(const struct trace *t, struct str *out) { print_nodes(&t->roots, 0, true, out); }
