/*
 * The rules of a run: the embedded ones, and what a team adds, changes or leaves out.
 */
#ifndef CODETRAIN_CHECK_RULES_H
#define CODETRAIN_CHECK_RULES_H

#include "check.h"
#include "lib/base/buf.h"

#define CHECK_RULES_BYTES_MAX (8 << 20)	/* of a rule file */

/* A path inside the repository: not absolute, no "..". 0, or -1 with ERR_USAGE. */
int check_rules_path(const char *path, struct err *err);

/* Loads the rule files that the policy file `name` has just named, by `read`. */
int check_rules_named(struct check_run *run, const char *name, rules_read_fn *read, void *arg,
		      struct err *err);

/* Loads a rule file of --rules. */
int check_rules_file(struct check_run *run, const char *path, struct err *err);

/* Opens run->rules and run->scanner, once the policy is read. */
int check_rules_open(struct check_run *run, struct err *err);

void check_rules_close(struct check_run *run);

#endif
