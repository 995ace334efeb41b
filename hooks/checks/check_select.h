/*
 * What `codetrain check` looks at in a repository: each sets the range and the
 * tips of a run. ERR_USAGE when there is no such revision.
 */
#ifndef CODETRAIN_CHECK_SELECT_H
#define CODETRAIN_CHECK_SELECT_H

#include "check.h"

/* "A..B" or "B" (all of its history). An empty side is HEAD. */
int check_select_range(struct check_run *run, const char *range, struct err *err);

/* All refs, from the beginning. */
int check_select_all(struct check_run *run, struct err *err);

/* HEAD without what some remote has. */
int check_select_unpushed(struct check_run *run, struct err *err);

/* The remote that a push of HEAD's branch goes to, and its URL, for the checks
 * that look at remotes. Sets run->remote and run->url, which live as long as
 * the buffers; neither when there is no such remote. */
int check_select_remote(struct check_run *run, struct buf *name, struct buf *url,
			struct err *err);

#endif
