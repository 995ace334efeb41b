/*
 * Deliveries: one event on its way to one target, and its states.
 *
 *	waiting -> delivering -> delivered
 *	   ^          |  |
 *	   |  temporary  +-> failed (the dead letter: it stays until people
 *	   +----------+      say retry or drop)
 *	waiting -> skipped (the configuration wants none), dropped (people said so)
 *
 * Of one ref and target only the earliest open delivery is ready; the next one
 * becomes ready when it is settled, behind the ready ones of other refs. One that
 * is `behind` a mirror is ready only when the mirror's delivery of the same event
 * is delivered.
 */
#ifndef CODETRAIN_QUEUE_STORE_H
#define CODETRAIN_QUEUE_STORE_H

#include "queue_config.h"
#include "queue_db.h"

#include <stdbool.h>

enum queue_state {
	QUEUE_WAITING, QUEUE_DELIVERING, QUEUE_DELIVERED, QUEUE_FAILED, QUEUE_SKIPPED,
	QUEUE_DROPPED, QUEUE_STATES
};
extern const char *const queue_state_names[QUEUE_STATES];

struct queue_delivery {
	int64_t event;
	enum queue_state state;
	int64_t recorded_ms;
	int64_t ready_ms;	/* 0: behind another of its ref */
	int64_t changed_ms;
	int64_t uncertain_ms;	/* a request sent since then may have been carried out; 0: none */
	int64_t attempt;	/* row of the attempt that goes on; 0: none */
	int attempts, generation;
	enum err_class class;
	/* all below: own memory, never NULL */
	char *target, *ref, *old, *new, *pusher, *options, *source;
	char *reason, *external, *outcome;
	char *link;		/* where people can see it */
	char *behind;		/* the target that has to have this event before */
};

void queue_delivery_free(struct queue_delivery *d);

/* Row by row, in order of event and target. The callback's -1 ends it. It may keep the
 * row when it leaves an empty one ({ 0 }); otherwise the row is freed behind it. */
struct queue_filter {
	int64_t event;		/* 0: all */
	const char *target;	/* NULL: all */
	int state;		/* -1: all */
	int64_t newest;		/* of what is settled well only that of so many newest
				 * events; 0: all */
};
typedef int queue_each(void *arg, struct queue_delivery *d, struct err *err);
int queue_store_each(struct queue_db *db, const struct queue_filter *filter, queue_each *each,
		     void *arg, struct err *err);

/* No delivery is put off for longer: one that is, was so before a clock was set back. */
#define QUEUE_STORE_WAIT_MOST_MS (15 * 60 * 1000)

/* The ready delivery of a target that waits longest. *found false: none by now;
 * then *soonest is when there is one (untouched: nothing waits). */
int queue_store_next(struct queue_db *db, const char *target, int64_t now_ms,
		     struct queue_delivery *out, bool *found, int64_t *soonest, struct err *err);

/* The same of those that were never tried: *out is only written when there is one. */
int queue_store_untried(struct queue_db *db, const char *target, int64_t now_ms,
			struct queue_delivery *out, bool *found, struct err *err);

/* waiting -> delivering, and a new attempt. In the caller's transaction, which has
 * to be on the disk before anything is sent. ERR_CONFLICT: it no longer waits. */
int queue_store_claim(struct queue_db *db, struct queue_delivery *d, int64_t now_ms,
		      struct err *err);

/* What the target needs to find its work again, and the request for people; on
 * the disk at return. */
int queue_store_external(struct queue_db *db, struct queue_delivery *d, const char *external,
			 const char *request, struct err *err);

struct queue_settlement {
	enum queue_state state;	/* waiting again, delivered or failed */
	int64_t now_ms;
	int64_t ready_ms;	/* for waiting */
	int64_t uncertain_ms;
	enum err_class class;
	int64_t sent_ms, answered_ms;	/* 0: not known */
	/* NULL: "" */
	const char *reason, *external, *outcome, *request, *answer, *link, *status;
};
/* Also makes ready what waited for it. In the caller's transaction. */
int queue_store_settle(struct queue_db *db, const struct queue_delivery *d,
		       const struct queue_settlement *s, struct err *err);

/* All that waits for this target (NULL: any) because of that class may try again now. */
int queue_store_hurry(struct queue_db *db, const char *target, enum err_class class,
		      int64_t now_ms, struct err *err);

/* For the statements of these files, about a row of `delivery`: is it open (in the words of
 * the index, or that is not used); is no mirror in its way; and the time when it is the
 * earliest open one of its ref, or NULL. */
#define QUEUE_STORE_OPEN "state IN ('waiting', 'delivering')"
#define QUEUE_STORE_MIRRORED "(delivery.behind = '' OR EXISTS (SELECT 1 FROM delivery m " \
	"WHERE m.event = delivery.event AND m.target = delivery.behind " \
	"AND m.state = 'delivered'))"
#define QUEUE_STORE_FIRST(now) "iif(EXISTS (SELECT 1 FROM delivery b " \
	"WHERE b.target = delivery.target AND b.ref = delivery.ref " \
	"AND b.event < delivery.event AND b.state IN ('waiting', 'delivering')), NULL, " now ")"

/* Writes down at what waits for this mirror's delivery (NULL: any of the event's)
 * whether it waits in vain, and the command that mends it. */
int queue_store_held_up(struct queue_db *db, int64_t event, const char *target, struct err *err);

/* The configuration cannot be read: says so at what waits for it. */
int queue_store_unroutable(struct queue_db *db, const char *reason, struct err *err);

/* Names of all targets that something is on its way to; not ''. */
int queue_store_targets(struct queue_db *db, struct strs *names, struct err *err);

/* By people. `target` NULL: all of the event. ERR_USAGE when there is none
 * for which it makes sense; the message says why. */
int queue_store_retry(struct queue_db *db, int64_t event, const char *target, int64_t now_ms,
		      struct err *err);
int queue_store_drop(struct queue_db *db, int64_t event, const char *target, int64_t now_ms,
		     struct err *err);

/* Deliveries that are waiting or delivering. */
int queue_store_open_count(struct queue_db *db, int64_t *count, struct err *err);
/* Events that nobody has tried to look up yet, though their push is complete. */
int queue_store_new_count(struct queue_db *db, int64_t *count, struct err *err);

#endif
