/*
 * `codetrain queue stats`: how the queue is, in numbers.
 */
#ifndef CODETRAIN_QUEUE_STATS_H
#define CODETRAIN_QUEUE_STATS_H

#include "queue_print.h"
#include "queue_store.h"

#define QUEUE_STATS_TARGETS 64		/* rows; more are added up in the last one */
#define QUEUE_STATS_SAMPLE 10000	/* newest deliveries that latency is told of */
#define QUEUE_STATS_LOCKS 20
#define QUEUE_STATS_LOCK_MS (10 * 60000)

struct queue_stats_target {
	char *name;			/* own memory; "" is "not looked up yet" */
	int64_t states[QUEUE_STATES];
	int64_t attempts;
	int64_t oldest_ms;		/* recorded, of what still waits; 0: nothing does */
	int64_t samples, p50_ms, p95_ms, max_ms;	/* recorded to delivered */
};

struct queue_stats {
	struct queue_stats_target targets[QUEUE_STATS_TARGETS];
	size_t n;
	int64_t events, undecided;	/* undecided: seen by git's hook, not known to have happened */
	int64_t incomplete;		/* pushes whose post-receive may still come */
	int64_t minute, hour, day;	/* delivered in the last */
	int64_t bytes;			/* of the database and its log */
	int64_t spooled;		/* files to be taken in */
	struct strs locks;		/* of refs, that nobody has let go of for ten minutes */
};

int queue_stats_read(struct queue_db *db, const char *gitdir, int64_t now_ms,
		     struct queue_stats *out, struct err *err);
void queue_stats_free(struct queue_stats *s);

/* As a table or as JSON. */
int queue_stats_print(const struct queue_print *p, struct err *err);

#endif
