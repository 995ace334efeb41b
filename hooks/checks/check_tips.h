/*
 * The commits that are pushed: the files at them, and the policy that they bring.
 */
#ifndef CODETRAIN_CHECK_TIPS_H
#define CODETRAIN_CHECK_TIPS_H

#include "check.h"

/* Adds a tip. `object` is the commit, or a tag of it; `ref` the local ref, NULL
 * for something else (both are copied). A tip that is there is not added again. */
int check_add_tip(struct check_run *run, const git_oid *object, const char *ref,
		  struct err *err);

/* Sets run->tips from range.refs (a push). */
int check_tips_of_push(struct check_run *run, struct err *err);

/* "main" of a tip that is refs/heads/main; NULL of another. */
const char *check_tips_branch(const struct check_tip *tip);

/* The file of a path in a commit's tree; *out stays NULL when there is none (or a
 * promised one is not here). The caller frees it. */
int check_tips_read(struct check_run *run, const git_oid *commit, const char *path,
		    git_oid *blob, git_odb_object **out, struct err *err);

/* Reads the .codetrain of every tip, and the rule files that it names at the same
 * commit; then this machine's configuration, which goes over it; opens the rules. */
int check_tips_policy(struct check_run *run, struct err *err);

void check_tips_free(struct check_run *run);

#endif
