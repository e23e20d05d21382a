/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/command.h"
#include <errno.h>
#include <limits.h>
#include "base/mem.h"

/* The options of a command are a text, "--may-exist,--columns="; finds one of them.
 * *ret_takes_arg: it ends in "=". */
static bool find_option(const char *options, const char *name, size_t len, bool *ret_takes_arg)
{
	for (const char *p = options; p && *p;) {
		size_t n = strcspn(p, ",");
		bool takes_arg = n && p[n - 1] == '=';
		if (n - takes_arg == len && !strncmp(p, name, len)) {
			*ret_takes_arg = takes_arg;
			return true;
		}
		p += n + (p[n] == ',');
	}
	return false;
}

static const struct ctl_command_def *find_command(const struct ctl_command_def *defs,
						  const char *name)
{
	for (; defs->name; defs++) {
		if (!strcmp(defs->name, name))
			return defs;
	}
	return NULL;
}

static int check_options(const struct ctl_command *command, struct err *err)
{
	STRMAP_FOR_EACH(e, &command->options) {
		const char *name = command->def->name;
		bool takes_arg = false;
		bool has_arg = e->value[0] == '=';
		if (!find_option(command->def->options, e->key, strlen(e->key), &takes_arg))
			return err_set(err, -EINVAL, "'%s' command has no '%s' option", name,
				       e->key);
		if (takes_arg && !has_arg)
			return err_set(err, -EINVAL,
				       "missing argument to '%s' option on '%s' command", e->key,
				       name);
		if (!takes_arg && has_arg)
			return err_set(err, -EINVAL,
				       "'%s' option on '%s' does not accept an argument", e->key,
				       name);
	}
	return 0;
}

static int check_n_args(const struct ctl_command *command, struct err *err)
{
	const struct ctl_command_def *def = command->def;
	int n = command->argc - 1;
	if (n < def->min_args)
		return err_set(err, -EINVAL, "'%s' command requires at least %d arguments",
			       def->name, def->min_args);
	if (n <= def->max_args)
		return 0;
	/* An argument too many may be the next command, "--" forgotten. */
	return err_set(err, -EINVAL, "'%s' command takes at most %d arguments", def->name,
		       def->max_args);
}

/* One command out of argv[0..argc). */
static int parse_command(struct ctl_command *command, const struct ctl_command_def *defs, int argc,
			 char **argv, struct err *err)
{
	int i;
	for (i = 0; i < argc && argv[i][0] == '-'; i++) {
		const char *option = argv[i];
		size_t len = strcspn(option, "=");
		AUTO_FREE char *key = xstrndup(option, len);
		if (strmap_get(&command->options, key))
			return err_set(err, -EINVAL, "'%s' option specified multiple times",
				       option);
		/* "=VALUE", or "" without one. */
		strmap_put(&command->options, key, option + len);
	}
	if (i == argc)
		return err_set(err, -EINVAL, "missing command name (use --help for help)");
	command->def = find_command(defs, argv[i]);
	if (!command->def)
		return err_set(err, -EINVAL, "unknown command '%s'; use --help for help", argv[i]);
	command->argc = argc - i;
	command->argv = argv + i;
	int r = check_options(command, err);
	return r < 0 ? r : check_n_args(command, err);
}

int ctl_commands_parse(struct ctl *ctl, const struct ctl_command_def *defs, int argc, char **argv,
		       const struct strmap *first_options, struct err *err)
{
	for (int start = 0, i = 0; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], "--"))
			continue;
		if (i > start) {
			ctl->commands = xrealloc(ctl->commands,
						 (ctl->n_commands + 1) * sizeof *ctl->commands);
			struct ctl_command *command = &ctl->commands[ctl->n_commands++];
			*command = (struct ctl_command){ .ctl = ctl };
			if (ctl->n_commands == 1)
				strmap_copy(&command->options, first_options);
			int r = parse_command(command, defs, i - start, argv + start, err);
			if (r < 0)
				return r;
		}
		start = i + 1;
	}
	if (!ctl->n_commands)
		return err_set(err, -EINVAL, "missing command name (use --help for help)");
	return 0;
}

static void forget_output(struct ctl_command *command)
{
	str_clear(&command->output);
	if (command->table) {
		table_fini(command->table);
		free(command->table);
		command->table = NULL;
	}
}

void ctl_commands_reset(struct ctl *ctl)
{
	for (size_t i = 0; i < ctl->n_commands; i++)
		forget_output(&ctl->commands[i]);
}

void ctl_commands_free(struct ctl *ctl)
{
	for (size_t i = 0; i < ctl->n_commands; i++) {
		struct ctl_command *command = &ctl->commands[i];
		forget_output(command);
		str_fini(&command->output);
		strmap_fini(&command->options);
		if (command->free_state)
			command->free_state(command->state);
	}
	free(ctl->commands);
	ctl->commands = NULL;
	ctl->n_commands = 0;
}

bool ctl_has_option(const struct ctl_command *command, const char *option)
{
	return strmap_get(&command->options, option) != NULL;
}

const char *ctl_option(const struct ctl_command *command, const char *option)
{
	const char *value = strmap_get(&command->options, option);
	return value && *value == '=' ? value + 1 : value;
}

/* Newlines inside one command's output become "\n", so that a script can read line by line. */
static void put_oneline(const char *s, struct str *out)
{
	size_t len = strlen(s);
	if (len && s[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n')
			str_puts(out, "\\n");
		else if (s[i] == '\\')
			str_puts(out, "\\\\");
		else
			str_putc(out, s[i]);
	}
	str_putc(out, '\n');
}

void ctl_print_command(struct ctl_command *command, struct str *out)
{
	if (command->table)
		table_print(command->table, &command->ctl->style, out);
	else if (command->ctl->oneline)
		put_oneline(str_cstr(&command->output), out);
	else
		str_puts(out, str_cstr(&command->output));
}

void ctl_list_commands(const struct ctl_command_def *defs, struct str *out)
{
	for (; defs->name; defs++) {
		for (const char *p = defs->options; p && *p;) {
			size_t n = strcspn(p, ",");
			str_putf(out, "[%.*s] ", (int)n, p);
			p += n + (p[n] == ',');
		}
		str_putf(out, ",%s,%s\n", defs->name, defs->args ? defs->args : "");
	}
}

static bool has_long_option(const struct option *options, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(options[i].name) == len && !strncmp(options[i].name, name, len))
			return true;
	}
	return false;
}

struct option *ctl_add_local_options(const struct option *global,
				     const struct ctl_command_def *defs)
{
	struct option *all = NULL;
	size_t n = 0, allocated = 0;
	for (; global[n].name; n++) {
		all = xgrow(all, &allocated, n + 1, sizeof *all);
		all[n] = global[n];
	}
	for (; defs->name; defs++) {
		for (const char *p = defs->options; p && *p;) {
			size_t len = strcspn(p, ",");
			bool takes_arg = p[len - 1] == '=';
			const char *name = p + 2;
			size_t name_len = len - 2 - takes_arg;
			if (!has_long_option(all, n, name, name_len)) {
				all = xgrow(all, &allocated, n + 1, sizeof *all);
				all[n++] = (struct option){
					.name = xstrndup(name, name_len),
					.has_arg = takes_arg ? required_argument : no_argument,
					.val = OPT_LOCAL,
				};
			}
			p += len + (p[len] == ',');
		}
	}
	all = xgrow(all, &allocated, n + 1, sizeof *all);
	all[n] = (struct option){ 0 };
	return all;
}
