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

/* A list that ends with the step into another table, or bridge, goes on there at the same depth:
 * long chains of tables stay readable. */
static void print_nodes(const struct list *list, int level_, bool steps_in, bool of_table,
			bool tail, bool in_bridge, struct str *out)
{
	const struct trace_node *n;
	LIST_FOR_EACH(n, list, node) {
		bool last = n->node.next == list;
		bool steps = n->kind == TRACE_BRIDGE || n->kind == TRACE_TABLE;
		bool step = steps_in || (of_table && !(tail && last));
		int level = steps && step ? level_ + 1 : level_;
		int indent = level * 8 + 4;
		if (n->kind == TRACE_BRIDGE)
			indent = step ? level * 8 - 4 : level * 8;
		else if (n->kind == TRACE_TABLE)
			indent = in_bridge ? level * 8 : MAX(level * 8 - 4, 0);
		if (n->kind == TRACE_BRIDGE && out->len)
			str_putc(out, '\n');
		str_putc_n(out, ' ', (size_t)indent);
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
		if (n->kind == TRACE_BRIDGE) {
			str_putc_n(out, ' ', (size_t)indent);
			str_putc_n(out, '-', strlen(n->text));
			str_putc(out, '\n');
		}
		if (n->kind == TRACE_BUCKET)
			level++;
		print_nodes(&n->children, level, !steps && !(tail && last), n->kind == TRACE_TABLE,
			    steps ? last : true, n->kind == TRACE_BRIDGE, out);
	}
}

void trace_print(const struct trace *t, struct str *out)
{
	print_nodes(&t->roots, 0, false, false, true, false, out);
}
