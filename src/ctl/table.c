/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/table.h"
#include <time.h>
#include "base/log.h"
#include "base/mem.h"
#include "wire/json.h"

void table_fini(struct output_table *t)
{
	for (size_t i = 0; i < t->n_columns; i++)
		free(t->headings[i]);
	for (size_t i = 0; i < t->n_cells; i++) {
		free(t->cells[i].text);
		json_decref(t->cells[i].json);
		datum_unref(t->cells[i].datum);
	}
	free(t->headings);
	free(t->cells);
	free(t->caption);
	*t = (struct output_table)TABLE_INIT;
}

void table_set_caption(struct output_table *t, char *taken)
{
	free(t->caption);
	t->caption = taken;
}

void table_add_heading(struct output_table *t, const char *heading)
{
	ASSERT(!t->n_cells);
	t->headings = xrealloc(t->headings, (t->n_columns + 1) * sizeof *t->headings);
	t->headings[t->n_columns++] = xstrdup(heading);
}

static struct cell *add_cell(struct output_table *t)
{
	t->cells = xgrow(t->cells, &t->n_allocated, t->n_cells + 1, sizeof *t->cells);
	struct cell *cell = &t->cells[t->n_cells++];
	*cell = (struct cell){ 0 };
	return cell;
}

void table_add_text(struct output_table *t, char *taken) { add_cell(t)->text = taken; }
void table_add_json(struct output_table *t, json_t *taken) { add_cell(t)->json = taken; }
void table_add_nothing(struct output_table *t) { add_cell(t); }

void table_add_datum(struct output_table *t, const struct datum *datum,
		     const struct column_type *type)
{
	struct cell *cell = add_cell(t);
	cell->datum = datum_ref(datum);
	cell->type = type;
}

/* --- cells ----------------------------------------------------------------------------------- */

static json_t *cell_to_json(const struct cell *cell)
{
	if (cell->json)
		return json_incref(cell->json);
	if (cell->datum)
		return datum_to_json(cell->datum);
	return cell->text ? json_string(cell->text) : json_null();
}

static void put_cell(const struct cell *cell, const struct table_style *style, struct str *out)
{
	if (!cell->text && !cell->json && !cell->datum)
		return;
	if (style->cells == CELL_JSON || cell->json) {
		json_t *json = cell_to_json(cell);
		json_put(json, JSON_PUT_SORT, out);
		json_decref(json);
	} else if (!cell->datum) {
		str_puts(out, cell->text ? cell->text : "");
	} else if (style->cells == CELL_BARE) {
		datum_put_bare(cell->datum, cell->type, out);
	} else {
		datum_put(cell->datum, cell->type, out);
	}
}

static size_t n_rows(const struct output_table *t)
{
	return t->n_columns ? t->n_cells / t->n_columns : 0;
}

static const struct cell *cell_at(const struct output_table *t, size_t row, size_t column)
{
	return &t->cells[row * t->n_columns + column];
}

/* --- formats --------------------------------------------------------------------------------- */

static void put_time(const struct output_table *t, struct str *out)
{
	time_t seconds = t->time_ms / 1000;
	struct tm tm;
	char text[64];
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	str_putf(out, "%s.%03d", text, (int)(t->time_ms % 1000));
}

/* What goes above a table in the formats for people. */
static void put_top(const struct output_table *t, struct table_style *style, struct str *out)
{
	if (style->printed_one)
		str_putc(out, '\n');
	style->printed_one = true;
	if (t->time_ms) {
		put_time(t, out);
		str_putc(out, '\n');
	}
	if (t->caption)
		str_putf(out, "%s\n", t->caption);
}

/* One line of aligned columns, without blanks at its end. */
static void put_line(const char *const *texts, const size_t *widths, size_t n, struct str *out)
{
	size_t n_blanks = 0;
	for (size_t i = 0; i < n; i++) {
		size_t len = MIN(strlen(texts[i]), widths[i]);
		if (len) {
			str_putc_n(out, ' ', n_blanks);
			str_put(out, texts[i], len);
			n_blanks = 0;
		}
		n_blanks += widths[i] - len + 1;
	}
	str_putc(out, '\n');
}

static void print_table(const struct output_table *t, struct table_style *style, struct str *out)
{
	size_t n = t->n_columns, rows = n_rows(t);
	char **texts = xcalloc(rows * n + 1, sizeof *texts);
	size_t *widths = xcalloc(n + 1, sizeof *widths);
	for (size_t i = 0; i < rows * n; i++) {
		AUTO_STR s = STR_INIT;
		put_cell(&t->cells[i], style, &s);
		widths[i % n] = MAX(widths[i % n], s.len);
		texts[i] = s.s ? str_steal(&s) : xstrdup("");
	}
	put_top(t, style, out);
	for (size_t c = 0; c < n; c++) {
		if (style->max_column_width)
			widths[c] = MIN(widths[c], style->max_column_width);
		if (style->headings)
			widths[c] = MAX(widths[c], strlen(t->headings[c]));
	}
	if (style->headings) {
		put_line((const char *const *)t->headings, widths, n, out);
		for (size_t c = 0; c < n; c++) {
			if (c)
				str_putc(out, ' ');
			str_putc_n(out, '-', widths[c]);
		}
		str_putc(out, '\n');
	}
	for (size_t r = 0; r < rows; r++)
		put_line((const char *const *)&texts[r * n], widths, n, out);
	for (size_t i = 0; i < rows * n; i++)
		free(texts[i]);
	free(texts);
	free(widths);
}

static void print_list(const struct output_table *t, struct table_style *style, struct str *out)
{
	put_top(t, style, out);
	for (size_t r = 0; r < n_rows(t); r++) {
		if (r)
			str_putc(out, '\n');
		for (size_t c = 0; c < t->n_columns; c++) {
			if (style->headings)
				str_putf(out, "%-20s: ", t->headings[c]);
			put_cell(cell_at(t, r, c), style, out);
			str_putc(out, '\n');
		}
	}
}

static void put_html_char(char c, struct str *out)
{
	switch (c) {
	case '&':
		str_puts(out, "&amp;");
		break;
	case '<':
		str_puts(out, "&lt;");
		break;
	case '>':
		str_puts(out, "&gt;");
		break;
	case '"':
		str_puts(out, "&quot;");
		break;
	default:
		str_putc(out, c);
		break;
	}
}

static void put_html_text(const char *s, struct str *out)
{
	for (; *s; s++)
		put_html_char(*s, out);
}

/* UUIDs become links to the row; the row's own is what they lead to. */
static void put_html_cell(const char *heading, const char *text, struct str *out)
{
	struct uuid uuid;
	str_puts(out, "    <td>");
	if (!strcmp(heading, "_uuid") && uuid_from_str(text, &uuid)) {
		str_putf(out, "<a name=\"%s\">%.8s</a>", text, text);
	} else {
		for (const char *p = text; *p;) {
			size_t len = uuid_from_prefix(p, &uuid);
			if (len) {
				str_putf(out, "<a href=\"#%.*s\">%.8s</a>", (int)len, p, p);
				p += len;
			} else {
				put_html_char(*p++, out);
			}
		}
	}
	str_puts(out, "</td>\n");
}

static void print_html(const struct output_table *t, struct table_style *style, struct str *out)
{
	if (t->time_ms) {
		put_time(t, out);
		str_putc(out, '\n');
	}
	str_puts(out, "<table border=1>\n");
	if (t->caption) {
		str_puts(out, "    <caption>");
		put_html_text(t->caption, out);
		str_puts(out, "</caption>\n");
	}
	if (style->headings) {
		str_puts(out, "  <tr>\n");
		for (size_t c = 0; c < t->n_columns; c++) {
			str_puts(out, "    <th>");
			put_html_text(t->headings[c], out);
			str_puts(out, "</th>\n");
		}
		str_puts(out, "  </tr>\n");
	}
	for (size_t r = 0; r < n_rows(t); r++) {
		str_puts(out, "  <tr>\n");
		for (size_t c = 0; c < t->n_columns; c++) {
			AUTO_STR s = STR_INIT;
			put_cell(cell_at(t, r, c), style, &s);
			put_html_cell(t->headings[c], str_cstr(&s), out);
		}
		str_puts(out, "  </tr>\n");
	}
	str_puts(out, "</table>\n");
}

/* RFC 4180. */
static void put_csv(const char *text, struct str *out)
{
	if (!text[strcspn(text, "\n\f\v\r\",")]) {
		str_puts(out, text);
		return;
	}
	str_putc(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			str_putc(out, '"');
		str_putc(out, *text);
	}
	str_putc(out, '"');
}

static void print_csv(const struct output_table *t, struct table_style *style, struct str *out)
{
	put_top(t, style, out);
	if (style->headings) {
		for (size_t c = 0; c < t->n_columns; c++) {
			if (c)
				str_putc(out, ',');
			put_csv(t->headings[c], out);
		}
		str_putc(out, '\n');
	}
	for (size_t r = 0; r < n_rows(t); r++) {
		for (size_t c = 0; c < t->n_columns; c++) {
			AUTO_STR s = STR_INIT;
			put_cell(cell_at(t, r, c), style, &s);
			if (c)
				str_putc(out, ',');
			put_csv(str_cstr(&s), out);
		}
		str_putc(out, '\n');
	}
}

static void print_json(const struct output_table *t, struct table_style *style, struct str *out)
{
	json_t *json = json_object(), *headings = json_array(), *data = json_array();
	if (t->caption)
		json_object_set_new(json, "caption", json_string(t->caption));
	if (t->time_ms) {
		AUTO_STR s = STR_INIT;
		put_time(t, &s);
		json_object_set_new(json, "time", json_string(str_cstr(&s)));
	}
	for (size_t c = 0; c < t->n_columns; c++)
		json_array_append_new(headings, json_string(t->headings[c]));
	for (size_t r = 0; r < n_rows(t); r++) {
		json_t *row = json_array();
		for (size_t c = 0; c < t->n_columns; c++)
			json_array_append_new(row, cell_to_json(cell_at(t, r, c)));
		json_array_append_new(data, row);
	}
	json_object_set_new(json, "headings", headings);
	json_object_set_new(json, "data", data);
	json_put(json, JSON_PUT_SORT | (style->pretty ? JSON_PUT_PRETTY : 0), out);
	str_putc(out, '\n');
	json_decref(json);
}

void table_print(const struct output_table *t, struct table_style *style, struct str *out)
{
	static void (*const print[])(const struct output_table *, struct table_style *,
				     struct str *) = {
		[TABLE_TABLE] = print_table, [TABLE_LIST] = print_list, [TABLE_HTML] = print_html,
		[TABLE_CSV] = print_csv,     [TABLE_JSON] = print_json,
	};
	print[style->format](t, style, out);
}

/* --- options --------------------------------------------------------------------------------- */

static enum table_format format_from_str(const char *s)
{
	static const char *const names[] = {
		[TABLE_TABLE] = "table", [TABLE_LIST] = "list", [TABLE_HTML] = "html",
		[TABLE_CSV] = "csv",	 [TABLE_JSON] = "json",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(s, names[i]))
			return i;
	}
	log_fatal("unknown output format \"%s\"", s);
}

static enum cell_format cells_from_str(const char *s)
{
	static const char *const names[] = {
		[CELL_STRING] = "string",
		[CELL_BARE] = "bare",
		[CELL_JSON] = "json",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(s, names[i]))
			return i;
	}
	log_fatal("unknown data format \"%s\"", s);
}

bool table_option(struct table_style *style, int c, const char *arg)
{
	uint32_t width;
	switch (c) {
	case 'f':
		style->format = format_from_str(arg);
		return true;
	case 'd':
		style->cells = cells_from_str(arg);
		return true;
	case OPT_NO_HEADINGS:
		style->headings = false;
		return true;
	case OPT_PRETTY:
		style->pretty = true;
		return true;
	case OPT_BARE:
		style->format = TABLE_LIST;
		style->cells = CELL_BARE;
		style->headings = false;
		return true;
	case OPT_MAX_COLUMN_WIDTH:
		if (!str_to_u32(arg, 10, &width))
			log_fatal("value %s on --max-column-width is invalid", arg);
		style->max_column_width = width;
		return true;
	default:
		return false;
	}
}
