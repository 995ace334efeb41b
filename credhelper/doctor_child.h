/*
 * git and its helpers, asked for what they are: with a bound, and without the
 * AWS variables, which are no business of theirs.
 */
#ifndef CODETRAIN_DOCTOR_CHILD_H
#define CODETRAIN_DOCTOR_CHILD_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#define DOCTOR_CHILD_SECONDS 10

/* The exit code, its standard output appended to `out`. -1 when it cannot be
 * started (ERR_INTERNAL), does not end in time (ERR_UNAVAILABLE) or writes more
 * than `out` takes (ERR_USAGE). `errors` (may be NULL) gets the first line of what it
 * complained of. */
int doctor_child(const char *const *argv, struct buf *out, struct buf *errors, struct err *err);

#endif
