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

/* True in a partial clone. */
bool range_repo_is_partial(git_repository *repo);

#endif
