/*
 * Puts into the queue what a hook was told of, all of it in one transaction.
 *
 * QUEUE_PREPARED writes one event a move that nobody sees yet: it outlives every
 * kill, and waits for the disk only where an earlier one of its ref does too.
 * QUEUE_COMMITTED lets those be seen whose refs are where they were to go,
 * QUEUE_ABORTED takes them away. QUEUE_PUSHED says who pushed, with which
 * options; it is on the disk when the call returns, with all that came before.
 * A move that no earlier step told of becomes an event there.
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

/* While git still holds the locks (QUEUE_PREPARED), and before queue_record or
 * queue_spool_write: leaves out what is no move, puts in what a ref is where git
 * says zeros for "whatever it is", and the ref itself for one that stands for
 * another. Of other steps only the last. push->updates can be empty afterwards:
 * then there is nothing to record. A ref that cannot be read stays as it is. */
int queue_record_resolve(const char *gitdir, struct queue_push *push, struct err *err);

/* Spooled pushes go first, so that the order of a ref's events stays. On
 * failure nothing of the push is recorded, unless the commit itself failed
 * half-way; the uid makes recording it again safe. */
int queue_record(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		 struct queue_recorded *out, struct err *err);

/* Only what is in the spool; *count gets the pushes taken in. */
int queue_record_spool(struct queue_db *db, const char *gitdir, int *count, struct err *err);

/* The same within the caller's transaction: at most `most` files, whose names are
 * added to `names`; to be removed with queue_spool_remove once it is committed. */
int queue_record_take_in(struct queue_db *db, const char *gitdir, size_t most,
			 struct strs *names, struct err *err);

#endif
