/*
 * The refs that a hook's lines are about.
 */
#ifndef CODETRAIN_QUEUE_RESOLVE_H
#define CODETRAIN_QUEUE_RESOLVE_H

#include "queue_push.h"

/* While git still holds the locks (QUEUE_PREPARED), and before anything is recorded: leaves
 * out what is no move, puts in what a ref is where git says zeros for "whatever it is", and
 * the ref itself for one that stands for another. Of other steps only the last.
 * push->updates can be empty afterwards: then there is nothing to record. A ref that cannot
 * be read stays as it is. */
int queue_resolve(const char *gitdir, struct queue_push *push, struct err *err);

#endif
