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

#endif
