/*
 * Letting a push through on a stated reason, and keeping a record of it.
 */
#ifndef CODETRAIN_BYPASS_H
#define CODETRAIN_BYPASS_H

#include "check.h"
#include "lib/base/err.h"

#define BYPASS_VARIABLE "CODETRAIN_SKIP_CHECKS"
#define BYPASS_REASON_MAX 500	/* bytes */

/* Appends a line of JSON to codetrain/bypass.log (0600) in the repository's common
 * directory and to git config codetrain.bypass-log, and tells on stderr what was let
 * through. 0 when the push may go on; -1 with err set when there is no reason or a
 * record cannot be kept: then none is. `fault`: why the checks could not end; NULL when
 * they did. The run may be one that could not be opened. */
int bypass(struct check_run *run, const char *url, const char *reason, const struct err *fault,
	   struct err *err);

#endif
