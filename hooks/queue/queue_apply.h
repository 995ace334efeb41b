/*
 * One hook's tale in the database, within the caller's transaction: what
 * queue_record.c does for the push at hand, and for each that was spooled.
 */
#ifndef CODETRAIN_QUEUE_APPLY_H
#define CODETRAIN_QUEUE_APPLY_H

#include "queue_record.h"

/* `spooled`: it was read from a file, and may be read again: its uid is kept. */
int queue_apply(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		bool spooled, struct queue_recorded *out, struct err *err);

#endif
