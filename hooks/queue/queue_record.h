/*
 * Puts pushes into the queue: all updates of a push in one transaction, on the
 * disk when the call returns.
 */
#ifndef CODETRAIN_QUEUE_RECORD_H
#define CODETRAIN_QUEUE_RECORD_H

#include "queue_db.h"
#include "queue_push.h"

/* The sequence numbers that a push got; 0 when it had no updates or was
 * recorded before. */
struct queue_recorded {
	int64_t first, last;
};

/* Spooled pushes go first, so that the order of a ref's events stays. On
 * failure nothing of the push is recorded, unless the commit itself failed
 * half-way; the uid makes recording it again safe. */
int queue_record(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		 struct queue_recorded *out, struct err *err);

/* Only what is in the spool; *count gets the pushes taken in. */
int queue_record_spool(struct queue_db *db, const char *gitdir, int *count, struct err *err);

#endif
