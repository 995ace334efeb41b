/*
 * The options of a program as a table, from which --help is printed too.
 */
#ifndef CODETRAIN_OPT_H
#define CODETRAIN_OPT_H

#include "err.h"
#include "strs.h"

#include <stdbool.h>

enum opt_kind {
	OPT_FLAG,	/* value: bool */
	OPT_STRING,	/* value: const char *, borrowed from argv; the last one counts */
	OPT_LIST,	/* value: struct strs, each use adds */
	OPT_NUMBER,	/* value: long, 0 or more, decimal */
	OPT_SECONDS,	/* value: long, in seconds: 90, 90s, 15m, 2h, 3d; see opt_seconds */
};

struct opt {
	const char *name;	/* "profile" for --profile; "-j" style letters in `letter` */
	char letter;		/* 0: none */
	enum opt_kind kind;
	void *value;
	const char *argument;	/* how help names the value: "PROFILE"; NULL for flags */
	const char *help;	/* one line, or several with '\n' */
};

#define OPT_END { .name = NULL }

struct opt_program {
	const char *name;	/* as people type it: "codetrain submit" */
	const char *synopsis;	/* "[OPTION…] [training-job.json]"; lines by '\n' */
	const char *purpose;	/* a sentence or two; wrapped by hand at 78 columns */
	const char *notes;	/* after the options: exit codes, examples; may be NULL */
	const struct opt *options;
	int min_args, max_args;	/* operands; max -1: any number */
	bool stop_at_operand;	/* what follows the first operand is not looked at */
};

enum opt_outcome {
	OPT_ERROR = -1,	/* err is set, class ERR_USAGE */
	OPT_GO = 0,
	OPT_DONE = 1,	/* --help or --version was printed on stdout */
};

/* Reads argv (argv[0] is skipped). Options and operands may be mixed, "--" ends
 * options, "--name=value" and "--name value" are the same. Operands are copied
 * to `args`, which the caller frees. */
enum opt_outcome opt_parse(const struct opt_program *program, char *const *argv,
			   struct strs *args, struct err *err);

/* What --help prints, to stdout. */
void opt_help(const struct opt_program *program);

#define OPT_SECONDS_MAX (100 * 366 * 86400L)	/* a century, so that sums of times are safe */

/* "90", "90s", "15m", "2h", "3d" to seconds, at most OPT_SECONDS_MAX. 0 or -1. */
int opt_seconds(const char *s, long *out);

/* Decimal digits only, at most LONG_MAX. 0 or -1. */
int opt_number(const char *s, long *out);

extern const char opt_version[];	/* "0.1.0" */

#endif
