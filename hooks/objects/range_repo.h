/*
 * Opening a repository, with a clear word where libgit2 has a short one.
 */
#ifndef CODETRAIN_RANGE_REPO_H
#define CODETRAIN_RANGE_REPO_H

#include "lib/base/err.h"

#include <git2.h>
#include <stdbool.h>

/* The repository of the environment (GIT_DIR) or around the working directory.
 * `trusted`: git itself has decided to work here (a hook); its owner is not
 * asked for again. ERR_USAGE: there is none, or it is one that cannot be read;
 * the message has the command that mends it. */
int range_repo_open(bool trusted, git_repository **out, struct err *err);

/* Sets ERR_INTERNAL, the text, ": " and libgit2's last message. */
int range_repo_error(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Calls `fn` for every variable of git's configuration, until it returns not 0. */
typedef int range_repo_config_fn(void *arg, const char *name, const char *value, struct err *err);
int range_repo_each_config(git_repository *repo, range_repo_config_fn *fn, void *arg,
			   struct err *err);

/* Whether some remote has promised objects that are not here. */
int range_repo_is_partial(git_repository *repo, bool *partial, struct err *err);

#endif
