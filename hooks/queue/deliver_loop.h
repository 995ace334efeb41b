/*
 * A drainer's life: the lock, turn after turn, and sleep between them.
 */
#ifndef CODETRAIN_DELIVER_LOOP_H
#define CODETRAIN_DELIVER_LOOP_H

#include "deliver.h"

struct deliver_loop {
	const char *gitdir;
	const struct target *const *targets;
	bool once;		/* no second try, only what is ready now */
	bool background;	/* faults are written down and waited out, not returned */
	long life_s;		/* ends after so long; in the background a new one takes over */
	void (*report)(void *arg, const struct queue_delivery *d, enum queue_state state,
		       const char *text);
	/* A fault that is waited out, again each time; may be NULL. */
	void (*fault)(void *arg, const char *text);
	/* So many moves were found that no hook told of; may be NULL. */
	void (*found)(void *arg, long count);
	void *arg;
};

struct deliver_tally {
	bool elsewhere;		/* another drainer is at work, and was woken */
	long settled, failed;
	int64_t open;		/* that still wait or are under way */
};

/* SIGTERM, SIGINT and SIGHUP end it; what runs goes on and is taken over later. */
int deliver_loop(const struct deliver_loop *loop, struct deliver_tally *out, struct err *err);

/* What the last background drainer could not do; empty when all is well. */
int deliver_loop_fault(const char *gitdir, struct buf *out, struct err *err);

#endif
