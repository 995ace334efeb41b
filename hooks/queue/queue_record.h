/*
 * Puts into the queue what the hooks were told of, all of it in one transaction, which is
 * on the disk when the call returns.
 *
 * QUEUE_PREPARED writes one event a move that nobody sees yet, QUEUE_ABORTED takes those
 * away. QUEUE_PUSHED says who pushed, with which options, and that they took place. A move
 * that no earlier step told of becomes an event there.
 */
#ifndef CODETRAIN_QUEUE_RECORD_H
#define CODETRAIN_QUEUE_RECORD_H

#include "queue_db.h"
#include "queue_push.h"

/* Events of this push, new or found: the lowest and the highest sequence number,
 * 0 when there are none or the same push (by uid) was recorded before. */
struct queue_recorded {
	int64_t first, last;
	long matched;		/* lines that an earlier step or reconciliation told of */
	long decided;		/* events that can be delivered since this call */
};

/* What is spooled goes first, so that the order of a ref's events stays. On
 * failure nothing of the push is recorded, unless the commit itself failed
 * half-way; the uid makes recording it again safe. */
int queue_record(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		 struct queue_recorded *out, struct err *err);

/* Only what is in the spool; *count gets what hooks told there. */
int queue_record_spool(struct queue_db *db, const char *gitdir, int *count, struct err *err);

/* The same within the caller's transaction: at most `most` files, whose names are
 * added to `names`; to be removed with queue_spool_remove once it is committed. */
int queue_record_take_in(struct queue_db *db, const char *gitdir, size_t most,
			 struct strs *names, struct err *err);

#endif
