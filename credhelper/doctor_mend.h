/*
 * The git config commands that set a CodeCommit host right.
 */
#ifndef CODETRAIN_DOCTOR_MEND_H
#define CODETRAIN_DOCTOR_MEND_H

#include "doctor.h"

/* All that is wrong with the helpers of a host, at once: what is bound to all
 * hosts goes, ours is bound to this one behind an empty line that takes back
 * the others. Nothing when the lines come from the command line or GIT_CONFIG_*. */
void doctor_mend_helpers(const struct doctor *d, const struct doctor_place *p, struct buf *out);

/* useHttpPath, where `wins` (may be NULL; its pattern) is what git reads now. */
void doctor_mend_path(const struct doctor *d, const struct doctor_place *p,
		      const struct doctor_git_entry *wins, const char *pattern, struct buf *out);

/* "git config --global " for the file that the line is in, with sudo where that
 * is the system's. */
void doctor_mend_command(const struct doctor *d, const struct doctor_git_entry *e, struct buf *out);

#endif
