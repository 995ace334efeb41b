/*
 * Whether a move that git prepared took place. All within the caller's
 * transaction; asked twice, the answer is the same.
 *
 * Of each ref at most one event is undecided, the newest: while git prepares the
 * next one it holds the ref's lock, and what the ref is then says what became of
 * the one before. So events of a ref are decided in their order, and none
 * overtakes another.
 */
#ifndef CODETRAIN_QUEUE_DECIDE_H
#define CODETRAIN_QUEUE_DECIDE_H

#include "queue_db.h"
#include "queue_push.h"

#include <stdbool.h>

struct queue_decided {
	long committed, voided, found;
};

/* The ref is `oid` ("" or zeros: there is none), and no move of it is under way but
 * those of which we know: the undecided event took place or never happened,
 * accordingly, and when the ref is still not where the last event left it,
 * someone moved it without telling: an event from there, source "reconcile". */
int queue_decide(struct queue_db *db, const char *gitdir, const char *ref, const char *oid,
		 int64_t now_ms, struct queue_decided *out, struct err *err);

/* An event that can be delivered from now on. */
int queue_decide_commit(struct queue_db *db, int64_t event, struct err *err);

/* An event that never was one. */
int queue_decide_void(struct queue_db *db, int64_t event, struct err *err);

/* What was last known of a ref; *known false: nothing. */
int queue_decide_tip(struct queue_db *db, const char *ref, struct buf *oid, bool *known,
		     struct err *err);
int queue_decide_set_tip(struct queue_db *db, const char *ref, const char *oid, int64_t event,
			 struct err *err);

#endif
