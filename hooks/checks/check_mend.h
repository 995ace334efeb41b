/*
 * The commands that mend a finding.
 */
#ifndef CODETRAIN_CHECK_MEND_H
#define CODETRAIN_CHECK_MEND_H

#include "check.h"
#include "lib/base/buf.h"

/* Appends commands and remarks ("# ..."), one a line; nothing when none is known.
 * `line` is the finding's. What they quote is not redacted. */
void check_mend(struct check_run *run, const struct check_item *item, int line, struct buf *out);

#endif
