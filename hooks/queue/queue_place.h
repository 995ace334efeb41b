/*
 * Where the queue's repository is, and what the queue keeps there.
 */
#ifndef CODETRAIN_QUEUE_PLACE_H
#define CODETRAIN_QUEUE_PLACE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

/* The git folder, with every link resolved: `start` when it is one, its .git,
 * or that of a folder above it. `start` NULL: GIT_DIR, or else the working
 * directory. ERR_USAGE when there is none. */
int queue_place_find(const char *start, struct buf *gitdir, struct err *err);

/* "GITDIR/codetrain" or "GITDIR/codetrain/NAME" with a name. */
int queue_place_path(const char *gitdir, const char *name, struct buf *out, struct err *err);

#endif
