/*
 * The first answer of a target, for the pusher to read: "build iris:12 started" and its
 * address. A push that is recorded is safe without it; so it is waited for only shortly,
 * and only where it will come: from a target that answered within the last ten minutes
 * (the drainer's note "answered": lines "TARGET MILLISECONDS") and that nothing older waits
 * for. With a service away, a push pays nothing.
 */
#ifndef CODETRAIN_QUEUE_ANSWER_H
#define CODETRAIN_QUEUE_ANSWER_H

#include "queue_record.h"
#include "lib/base/strs.h"

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_ANSWER_MS 1500			/* codetrain.answer, when it is not set */
#define QUEUE_ANSWER_MOST_MS 10000		/* whatever codetrain.answer says */
#define QUEUE_ANSWER_RECENT_MS (10 * 60 * 1000)
#define QUEUE_ANSWER_EVENTS 16			/* a push of more is not waited for */

/* Is there a target whose answer to these events is likely to come at once? */
bool queue_answer_worth(struct queue_db *db, const struct queue_recorded *recorded, int64_t now_ms);

/* Waits until each such target has answered for each of these events, or `most_ms` have
 * passed; says each answer as it comes, line by line, cleaned for a terminal. Running
 * out of time is no failure. */
int queue_answer_wait(struct queue_db *db, const struct queue_recorded *recorded, int64_t most_ms,
		      void (*say)(const char *line), struct err *err);

/* The numbers of a push's events, in order, one more than QUEUE_ANSWER_EVENTS at most. */
int queue_answer_events(struct queue_db *db, const struct queue_recorded *recorded,
			struct strs *numbers, struct err *err);

/* "1500ms", "2s", "0" to milliseconds, within the bound; what is no time is the default. */
int64_t queue_answer_time(const char *value);

#endif
