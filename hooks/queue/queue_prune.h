/*
 * Old history goes: what was settled well, its attempts, pushes and files of
 * builds. Never what has failed, waits, is under way or is not decided yet,
 * and never the last known value of a ref.
 */
#ifndef CODETRAIN_QUEUE_PRUNE_H
#define CODETRAIN_QUEUE_PRUNE_H

#include "queue_config.h"
#include "queue_db.h"

struct queue_prune {
	int64_t older_ms;	/* settled longer ago than this */
	int64_t events;		/* or not among so many newest events */
	int64_t texts_ms;	/* requests and answers of attempts that ended longer ago */
	int most;		/* events, and texts, at once */
};

/* Of codetrain.keep (a time, 90d) and codetrain.keep-events (100,000): what was settled
 * longer ago, and what is not among so many newest events, is not kept. Texts: 14 days.
 * A value that cannot be read removes nothing. */
struct queue_prune queue_prune_limits(const struct queue_config *config);

/* One transaction, behind the files; *count gets what was removed: when it is `most`, there may be
 * more to do. */
int queue_prune(struct queue_db *db, const char *gitdir, const struct queue_prune *limits,
		int64_t now_ms, int *count, struct err *err);

#endif
