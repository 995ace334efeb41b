/*
 * The command that git-remote-codecommit becomes: git's own HTTPS transport,
 * with our credential helper for this host and no other.
 */
#ifndef CODETRAIN_REMOTE_COMMAND_H
#define CODETRAIN_REMOTE_COMMAND_H

#include "lib/base/strs.h"
#include "remote_target.h"

#define REMOTE_COMMAND_MAX 16384	/* bytes of one argument */

/* `program` is the path of git-credential-codecommit, `remote` git's name of
 * the remote. The caller frees `out`. */
int remote_command(const struct remote_target *t, const char *program, const char *remote,
		   const char *repository, struct strs *out, struct err *err);

/* Is there a git, and does it speak HTTPS? ERR_INTERNAL with what to install. */
int remote_command_check(const char *(*getenv)(const char *name), struct err *err);

#endif
