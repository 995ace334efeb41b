#include "opt.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#ifndef CODETRAIN_VERSION
#error "the Makefile gives CODETRAIN_VERSION"
#endif
const char opt_version[] = CODETRAIN_VERSION;

enum { HELP_COLUMN = 26 };

int opt_number(const char *s, long *out)
{
	long v = 0;

	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || v > (LONG_MAX - (*s - '0')) / 10)
			return -1;
		v = v * 10 + (*s - '0');
	}
	*out = v;
	return 0;
}

int opt_seconds(const char *s, long *out)
{
	static const struct {
		char letter;
		long seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t len = strlen(s);
	char digits[20];
	long factor = 1, n;

	for (size_t i = 0; len > 0 && i < sizeof(units) / sizeof(*units); i++) {
		if (s[len - 1] == units[i].letter) {
			factor = units[i].seconds;
			len--;
			break;
		}
	}
	if (len == 0 || len >= sizeof(digits))
		return -1;
	memcpy(digits, s, len);
	digits[len] = '\0';
	if (opt_number(digits, &n) < 0 || n > OPT_SECONDS_MAX / factor)
		return -1;
	*out = n * factor;
	return 0;
}

static void help_row(const char *left, const char *help)
{
	const char *line = help;
	int column = printf("  %s", left);

	while (line) {
		const char *end = strchr(line, '\n');
		int len = end ? (int)(end - line) : (int)strlen(line);

		if (column > HELP_COLUMN - 2) {
			putchar('\n');
			column = 0;
		}
		printf("%*s%.*s\n", HELP_COLUMN - column, "", len, line);
		column = 0;
		line = end ? end + 1 : NULL;
	}
}

void opt_help(const struct opt_program *program)
{
	const char *line = program->synopsis;
	const char *label = "usage:";
	char left[80];

	while (line) {
		const char *end = strchr(line, '\n');
		int len = end ? (int)(end - line) : (int)strlen(line);

		printf("%s %s %.*s\n", label, program->name, len, line);
		label = "      ";
		line = end ? end + 1 : NULL;
	}
	printf("\n%s\n\noptions:\n", program->purpose);
	for (const struct opt *o = program->options; o && o->name; o++) {
		char letter[] = { '-', o->letter, ',', ' ', '\0' };

		snprintf(left, sizeof(left), "%s--%s%s%s", o->letter ? letter : "", o->name,
			 o->argument ? " " : "", o->argument ? o->argument : "");
		help_row(left, o->help);
	}
	help_row("--help", "this text");
	help_row("--version", "the version");
	if (program->notes)
		printf("\n%s\n", program->notes);
}

static const struct opt *find(const struct opt_program *p, const char *name, size_t len)
{
	for (const struct opt *o = p->options; o && o->name; o++)
		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct opt *find_letter(const struct opt_program *p, char letter)
{
	for (const struct opt *o = p->options; o && o->name; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

static int bad(const struct opt_program *p, struct err *err, const char *what, const char *which)
{
	return err_set(err, ERR_USAGE, "%s%s; see %s --help", what, which, p->name);
}

static int store(const struct opt_program *p, const struct opt *o, const char *value,
		 struct err *err)
{
	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)o->value = true;
		return 0;
	case OPT_STRING:
		*(const char **)o->value = value;
		return 0;
	case OPT_LIST:
		if (strs_add(o->value, value) < 0)
			return bad(p, err, "too many of --", o->name);
		return 0;
	case OPT_NUMBER:
		if (opt_number(value, o->value) < 0)
			return err_set(err, ERR_USAGE, "--%s wants a whole number, not \"%s\"",
				       o->name, value);
		return 0;
	case OPT_SECONDS:
		if (opt_seconds(value, o->value) < 0)
			return err_set(err, ERR_USAGE,
				       "--%s wants a time such as 90s, 15m or 2h, not \"%s\"",
				       o->name, value);
		return 0;
	}
	return err_set(err, ERR_INTERNAL, "--%s has no kind", o->name);
}

/* One option at argv[*i]; takes its value from the next word when needed. */
static int option(const struct opt_program *p, char *const *argv, int *i, struct err *err)
{
	const char *word = argv[*i];
	const char *equals = NULL;
	const struct opt *o;

	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		o = find(p, word + 2, len);
		equals = word[2 + len] == '=' ? word + 3 + len : NULL;
	} else {
		o = find_letter(p, word[1]);
		if (o && word[2])
			equals = word + 2;
	}
	if (!o)
		return bad(p, err, "unknown option ", word);
	if (o->kind == OPT_FLAG && equals)
		return bad(p, err, "this option takes no value: ", word);
	if (o->kind != OPT_FLAG && !equals) {
		if (!argv[*i + 1])
			return bad(p, err, "this option wants a value: ", word);
		equals = argv[++*i];
	}
	return store(p, o, equals, err);
}

static bool is_word(const char *arg, const char *word)
{
	return strcmp(arg, word) == 0;
}

enum opt_outcome opt_parse(const struct opt_program *program, char *const *argv,
			   struct strs *args, struct err *err)
{
	bool options = true;

	for (int i = 1; argv[0] && argv[i]; i++) {
		if (options && is_word(argv[i], "--")) {
			options = false;
		} else if (options && (is_word(argv[i], "--help") || is_word(argv[i], "-h"))) {
			opt_help(program);
			return OPT_DONE;
		} else if (options && is_word(argv[i], "--version")) {
			printf("%s %s\n", program->name, opt_version);
			return OPT_DONE;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			if (option(program, argv, &i, err) < 0)
				return OPT_ERROR;
		} else {
			strs_add(args, argv[i]);
			if (program->stop_at_operand)
				options = false;
		}
	}
	if (args->failed)
		return bad(program, err, "too many operands", "");
	if (args->n < (size_t)program->min_args)
		return bad(program, err, "an operand is missing", "");
	if (program->max_args >= 0 && args->n > (size_t)program->max_args)
		return bad(program, err, "one operand too many: ", args->v[program->max_args]);
	return OPT_GO;
}
