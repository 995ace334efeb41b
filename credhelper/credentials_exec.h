/*
 * Running a command as somebody: the credentials in its environment.
 */
#ifndef CODETRAIN_CREDENTIALS_EXEC_H
#define CODETRAIN_CREDENTIALS_EXEC_H

#include "lib/aws/creds.h"
#include "lib/base/strs.h"

/* This process's environment, with the credentials and the region ("" for
 * none) in it, and without what would make an SDK look elsewhere. The caller
 * wipes it. */
int credentials_exec_environment(const struct creds *c, const char *region, struct strs *out,
				 struct err *err);

/* Becomes the command. Returns only on failure, with -1. */
int credentials_exec(char *const *argv, const struct creds *c, const char *region,
		     struct err *err);

#endif
