/*
 * Finds what no hook told of: compares the refs with where the last event left
 * each of them.
 *
 * A push goes through three values of push.complete: 0, its post-receive may
 * still come (its events are not yet looked up in the configuration, so that
 * its options are seen); 1, it came; 2, it will not: its git process is dead, or
 * ten minutes have passed.
 */
#ifndef CODETRAIN_QUEUE_RECONCILE_H
#define CODETRAIN_QUEUE_RECONCILE_H

#include "queue_db.h"
#include "queue_push.h"
#include "queue_run.h"

#define QUEUE_RECONCILE_WAIT_MS 600000	/* that a run is waited for which cannot be seen */

struct queue_reconciled {
	long decided;	/* events of which we know now that they took place */
	long voided;	/* and those that did not */
	long found;	/* moves that no hook told of: new events */
	long closed;	/* pushes whose post-receive will not come */
	int undecided;	/* events whose git process is at work */
};

/* Takes the spool in, decides, finds, and closes what will not be completed. The
 * refs are read without a lock, and once more, only those that differ, within
 * the transaction. First use of a repository: remembers the refs, without events. */
int queue_reconcile(struct queue_db *db, const char *gitdir, int64_t now_ms,
		    struct queue_reconciled *out, struct err *err);

/* The same with another way to ask whether a process lives. */
typedef enum queue_run_state queue_reconcile_state(void *arg, const char *run);
int queue_reconcile_with(struct queue_db *db, const char *gitdir, int64_t now_ms,
			 queue_reconcile_state *state, void *arg, struct queue_reconciled *out,
			 struct err *err);

/* Within a transaction, when it was not done before (note "baseline"): remembers
 * where the refs are, and of those of this push (may be NULL) and of the spool
 * where they were before. */
int queue_reconcile_baseline(struct queue_db *db, const char *gitdir,
			     const struct queue_push *push, struct err *err);

/* Runs of pushes that are not complete, to be waited for by pidfd; at most STRS_MAX. */
int queue_reconcile_waiting(struct queue_db *db, struct strs *runs, struct err *err);

#endif
