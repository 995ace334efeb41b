/*
 * GITDIR/codetrain/moves: where reference-transaction writes what git is about to do, and
 * post-receive what it cannot record, in queue_spool.h's form, without a database and
 * without a lock.
 *
 * Each writer adds its block by one write at the end of the file. Who takes them in renames
 * the file first; a writer that finds it renamed after its write writes again into the next
 * one, as the same block (by its uid), which is taken in once.
 */
#ifndef CODETRAIN_QUEUE_MOVES_H
#define CODETRAIN_QUEUE_MOVES_H

#include "queue_push.h"

/* What it wrote outlives every kill. QUEUE_PUSHED waits for the disk; QUEUE_PREPARED only where
 * an earlier move of the same ref may not be there yet, or two in a row would be one after a
 * power cut. */
int queue_moves_add(const char *gitdir, const struct queue_push *push, struct err *err);

#endif
