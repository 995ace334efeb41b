/*
 * One hook's tale in the database, within the caller's transaction: what
 * queue_record.c does for the push at hand, and for each that was spooled.
 */
#ifndef CODETRAIN_QUEUE_APPLY_H
#define CODETRAIN_QUEUE_APPLY_H

#include "queue_record.h"

/* The same push (by its uid) is applied once. */
int queue_apply(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		struct queue_recorded *out, struct err *err);

#endif
