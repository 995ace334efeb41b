/*
 * gitleaks' rule files (TOML), old ([allowlist]) and new ([[allowlists]]), as they are.
 */
#ifndef CODETRAIN_GITLEAKS_H
#define CODETRAIN_GITLEAKS_H

#include "rules.h"
#include "scan_regex.h"
#include "lib/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define GITLEAKS_EXTEND_MAX 2	/* files that extend each other, as gitleaks has it */

/* Adds the rules of a file; those whose id says "generic" come last, since an earlier rule
 * reports what two find. 0, or -1 with ERR_USAGE and "NAME:LINE: ...". */
int gitleaks_read(struct rules *rules, const char *name, const char *text, size_t len,
		  struct err *err);

/* Between the parts of this reader. Every table knows its file (gitleaks_extend.c). */
int gitleaks_bad(const cJSON *table, struct err *err, const char *what, const char *which);
int gitleaks_bad_at(const cJSON *table, const cJSON *item, struct err *err, const char *what,
		    const char *which);
char *gitleaks_origin(const cJSON *table);	/* "FILE:LINE"; NULL: no memory */
/* The tree of a file, with what it extends in it. NULL with err. */
cJSON *gitleaks_tree(const struct rules *rules, const char *name, const char *text, size_t len,
		     unsigned depth, struct err *err);
/* A member by its name, in either case of letters; NULL when it is not there. */
const cJSON *gitleaks_member(const cJSON *table, const char *name);
/* A member that is a string; `out` stays when it is not there. -1 when it is something else. */
int gitleaks_string(const cJSON *table, const char *name, const char **out, struct err *err);
/* A copy of a list of strings, NULL when there is none; in lower case when asked for. */
int gitleaks_list(const cJSON *table, const char *name, bool lower, char ***out, struct err *err);

/* The allowances of a table, appended to *v. `target` tells which of them: those with targetRules that
 * name the id, or (NULL) those without. */
int gitleaks_allows(const cJSON *table, const char *target, struct scan_allow **v, size_t *n,
		    struct err *err);

#endif
