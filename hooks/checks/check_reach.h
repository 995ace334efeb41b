/*
 * From where a commit can be reached: what to type to mend it depends on it.
 */
#ifndef CODETRAIN_CHECK_REACH_H
#define CODETRAIN_CHECK_REACH_H

#include "check.h"

/* A ref, or HEAD, from which a commit can be reached. */
struct check_source {
	git_oid object;		/* the commit, or a tag of it */
	git_oid commit;
	char *ref;		/* "refs/heads/main"; NULL: HEAD, or no ref of this machine */
	bool is_head;
	bool merges;		/* there are merges on the way */
};

/* The first one, HEAD before branches before all else; NULL: none. Made at the first
 * call and kept: all commits are walked once, whatever the number of findings. */
const struct check_source *check_reach(struct check_run *run, const git_oid *commit);

void check_reach_free(struct check_reach *reach);

#endif
