/*
 * The first answer of a target, for the pusher to read: "build iris:12 started" and its
 * address. A push that is recorded is safe without it; so it is waited for only shortly,
 * and only where it will come: see queue_answer_worth.
 */
#ifndef CODETRAIN_QUEUE_ANSWER_H
#define CODETRAIN_QUEUE_ANSWER_H

#include "queue_record.h"

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_ANSWER_MS 1500			/* codetrain.answer, when it is not set */
#define QUEUE_ANSWER_MOST_MS 10000		/* whatever codetrain.answer says */
#define QUEUE_ANSWER_RECENT_MS (10 * 60 * 1000)

/* Some target answered within the last ten minutes (the drainer's note "answered") and no
 * older delivery waits: the answer is likely to come at once. With a service away, a push pays
 * nothing. */
bool queue_answer_worth(struct queue_db *db, const struct queue_recorded *recorded, int64_t now_ms);

/* Waits until every delivery of these events has an outcome, or is failed, or `most_ms` have
 * passed; says each as it comes, one line at a time, cleaned for a terminal. Running out of
 * time is no failure. */
int queue_answer_wait(struct queue_db *db, const struct queue_recorded *recorded, int64_t most_ms,
		      void (*say)(const char *line), struct err *err);

#endif
