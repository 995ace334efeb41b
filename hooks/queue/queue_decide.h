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

#define QUEUE_DECIDE_OID 65

struct queue_decided {
	long committed, voided, found;
	int64_t push;		/* of what is found; 0: none yet. Kept from call to call of a transaction */
};

/* The ref is `oid` ("" or zeros: there is none), or was when git locked it for
 * what is recorded next. The undecided event took place or never happened,
 * accordingly. When the ref is still not where the last event left it, someone
 * moved it without telling: an event from there, source "reconcile". */
int queue_decide(struct queue_db *db, const char *gitdir, const char *ref, const char *oid,
		 int64_t now_ms, struct queue_decided *out, struct err *err);

/* The undecided event of a ref; seq 0 when there is none. */
struct queue_undecided {
	int64_t seq, recorded_ms;
	char old[QUEUE_DECIDE_OID], new[QUEUE_DECIDE_OID], run[QUEUE_PUSH_RUN];
};
int queue_decide_find(struct queue_db *db, const char *ref, struct queue_undecided *out,
		      struct err *err);

/* An event that can be delivered from now on; and one that never was one. */
int queue_decide_commit(struct queue_db *db, int64_t event, struct queue_decided *out,
			struct err *err);
int queue_decide_void(struct queue_db *db, int64_t event, struct queue_decided *out,
		      struct err *err);

/* Where the last event left a ref; "" when nothing is known of it. */
int queue_decide_tip(struct queue_db *db, const char *ref, char oid[static QUEUE_DECIDE_OID],
		     struct err *err);
int queue_decide_set_tip(struct queue_db *db, const char *ref, const char *oid, int64_t event,
			 struct err *err);

/* The same object, or none ("" or zeros) both? */
bool queue_decide_same(const char *a, const char *b);

#endif
