/*
 * Letting a push through on a stated reason, and keeping a record of it.
 */
#ifndef CODETRAIN_BYPASS_H
#define CODETRAIN_BYPASS_H

#include "report.h"
#include "lib/base/err.h"

#include <git2.h>

#define BYPASS_VARIABLE "CODETRAIN_SKIP_CHECKS"
#define BYPASS_REASON_MAX 500	/* bytes */

/* Appends a line of JSON to codetrain/bypass.log (0600) in the repository's
 * common directory and tells on stderr what was let through. 0 when the push
 * may go on; -1 with err set when the reason is empty or the record cannot be
 * kept. `fault`: why the checks could not end; NULL when they did. */
int bypass(git_repository *repo, const char *url, const char *reason, const struct report *report,
	   const struct err *fault, struct err *err);

#endif
